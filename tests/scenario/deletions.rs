//! Many deletions at once are held, here and where they arrive, until somebody says yes or brings the files back.

use serde_json::{Value, json};

use crate::story::expect_applied;
use crate::world::{Home, World, check_alike, invited, settle, text};

fn fill(pep: &Home) {
    for number in 0..20 {
        pep.write(&format!("folder/{number}.txt"), format!("content {number}"));
    }
}

fn held(home: &Home) -> Value {
    let output = home.json(["sync", home.at()]);
    let held = output.expect_code(3).only_report()["held"].clone();
    crate::schema::check(&held, &crate::schema::held(), &crate::schema::HELD_MORE);
    held
}

#[track_caller]
fn expect_held(home: &Home, direction: &str, deletions: u64, of: u64) {
    let held = held(home);
    let told = [&held["direction"], &held["deletions"], &held["of"]];
    assert_eq!(told, [&json!(direction), &json!(deletions), &json!(of)], "{held:#}");
}

#[test]
fn few_deletions_are_never_held() {
    let world = World::new();
    let [pep, anna] = world.pair(fill);
    for number in 0..5 {
        pep.remove(&format!("folder/{number}.txt"));
    }
    pep.sync();
    expect_applied(&anna.sync(), [0, 0, 5, 0, 0]);
}

#[test]
fn many_deletions_are_held_here_while_all_else_goes_on() {
    let world = World::new();
    let [pep, anna] = world.pair(fill);
    pep.remove("folder");
    pep.write("new.txt", "new");
    anna.write("anna.txt", "Anna's");
    anna.sync();
    expect_held(&pep, "local", 20, 20);
    assert_eq!(held(&pep)["deletions"], 20, "it is asked again each time");
    assert!(pep.has("anna.txt"));
    anna.sync();
    assert!(anna.has("folder/19.txt") && anna.has("new.txt"));
    let status = pep.json(["status", pep.at()]).document();
    assert_eq!(
        status[0]["local_changes"]["entries"].as_u64().map(|count| count >= 20),
        Some(true),
        "{status:#}"
    );
}

#[test]
fn what_is_held_is_named_with_what_to_type_and_the_bounds_stand_in_the_help() {
    let world = World::new();
    let [pep, anna] = world.pair(fill);
    delete_by_and_by(&pep);
    let answers = "If they are to go here, too: `offsync sync FOLDER --yes`; if they are to stay, and come back in every home: `offsync sync FOLDER --keep-files`.";
    let named = "\n    folder/0.txt\n    folder/1.txt\n";
    let told = anna.run(["sync", anna.at(), "--dry-run"]);
    told.expect_code(3).expect_out(&format!(
        "  'Pep's home' deleted 16 of 20 files. Nothing was deleted here. {answers}{named}"
    ));
    let told = anna.run(["sync", anna.at()]);
    told.expect_code(3).expect_out(&format!(
        "  'Pep's home' deleted 16 of 20 files. Nothing was deleted here. {answers}{named}"
    ));
    assert_eq!(held(&anna)["by_label"], "Pep's home");
    anna.run(["status", anna.at()]).expect_code(3).expect_out(&format!(
        "  'Pep's home' deleted 16 of 20 files. Nothing happens here until you say yes.\n  {answers}{named}"
    ));
    let bounds = "5 files or more that are more than 25 % of the archive, more than 1000 in any case, or all there are, with nothing new in their place";
    anna.run(["status", anna.at(), "--verbose"])
        .expect_out(&format!("  deletions that wait for a yes: {bounds}\n"));
    let help = anna.run(["sync", "--help"]);
    let words: Vec<&str> = help.expect_code(0).stdout.split_whitespace().collect();
    assert!(
        words.join(" ").contains(&format!(
            "Many deletions are {bounds}. They wait for a yes or a no, and all else goes on. `offsync deletions FOLDER` changes for an archive how many are many."
        )),
        "{help}"
    );
}

#[test]
fn a_yes_where_they_were_made_travels_along() {
    let world = World::new();
    let [pep, anna, grandma] = world.trio(fill);
    pep.remove("folder");
    held(&pep);
    pep.sync_yes();
    for home in [&anna, &grandma] {
        expect_applied(&home.sync(), [0, 0, 20, 0, 0]);
        assert!(home.keeps(b"content 7"), "the trash keeps them for a time");
    }
    check_alike(&[&pep, &anna, &grandma]);
    settle(&[&pep, &anna, &grandma]);
}

#[test]
fn files_that_come_back_answer_it_too() {
    let world = World::new();
    let [pep, anna] = world.pair(fill);
    let aside = world.path("aside");
    std::fs::rename(pep.folder.join("folder"), &aside).expect("a folder can be taken away");
    held(&pep);
    std::fs::rename(&aside, pep.folder.join("folder")).expect("a folder can be brought back");
    let report = pep.sync();
    assert_eq!(
        (&report["held"], &report["posted"]["entries"]),
        (&Value::Null, &0.into()),
        "{report:#}"
    );
    settle(&[&pep, &anna]);
    assert_eq!(anna.tree().len(), 21);
}

#[test]
fn some_that_come_back_leave_the_others_held_or_few() {
    let world = World::new();
    let [pep, anna] = world.pair(fill);
    pep.remove("folder");
    held(&pep);
    for number in 0..17 {
        pep.write(&format!("folder/{number}.txt"), format!("content {number}"));
    }
    pep.sync();
    let report = anna.sync();
    assert_eq!(report["applied"]["deleted"], 3, "{report:#}");
    settle(&[&pep, &anna]);
}

/// Pep deletes a few at a time, which nobody holds; together they are many for Anna.
fn delete_by_and_by(pep: &Home) {
    for round in 0..4 {
        for number in 0..4 {
            pep.remove(&format!("folder/{}.txt", round * 4 + number));
        }
        let output = pep.json(["sync", pep.at()]);
        output.expect_code(0);
    }
}

#[test]
fn many_deletions_without_a_yes_are_held_where_they_arrive() {
    let world = World::new();
    let [pep, anna] = world.pair(fill);
    delete_by_and_by(&pep);
    pep.write("new.txt", "new");
    pep.sync();
    expect_held(&anna, "remote", 16, 20);
    assert!(anna.has("folder/0.txt") && anna.has("new.txt"), "all else goes on");
    assert_eq!(
        anna.json(["status", anna.at()]).document()[0]["held"]["direction"],
        "remote"
    );
    assert!(held(&anna)["of"].as_u64() >= Some(20), "it is asked again each time");
    let report = anna.sync_yes();
    expect_applied(&report, [0, 0, 16, 0, 0]);
    assert!(anna.keeps(b"content 0"), "the trash keeps them for a time");
    settle(&[&pep, &anna]);
}

#[test]
fn held_deletions_that_arrived_do_not_undo_what_the_other_home_adds_later() {
    let world = World::new();
    let [pep, anna] = world.pair(fill);
    delete_by_and_by(&pep);
    held(&anna);
    anna.write("folder/3.txt", "edited while it is held");
    let output = anna.json(["sync", anna.at()]);
    output.expect_code(3);
    anna.sync_yes();
    settle(&[&pep, &anna]);
    assert_eq!(
        pep.read("folder/3.txt"),
        b"edited while it is held",
        "change beats delete"
    );
    assert!(!anna.has("folder/4.txt"));
}

#[test]
fn files_that_their_author_brings_back_end_the_hold_where_it_arrived() {
    let world = World::new();
    let [pep, anna] = world.pair(fill);
    delete_by_and_by(&pep);
    held(&anna);
    for number in 0..16 {
        pep.write(&format!("folder/{number}.txt"), format!("content {number}"));
    }
    pep.sync();
    let report = anna.sync();
    assert_eq!(
        (&report["held"], &report["applied"]["deleted"]),
        (&Value::Null, &0.into()),
        "{report:#}"
    );
    for number in 0..20 {
        assert_eq!(
            anna.read(&format!("folder/{number}.txt")),
            format!("content {number}").as_bytes()
        );
    }
    settle(&[&pep, &anna]);
}

#[test]
fn a_rename_of_everything_is_no_deletion() {
    let world = World::new();
    let [pep, anna] = world.pair(fill);
    pep.rename("folder", "another");
    pep.sync();
    expect_applied(&anna.sync(), [0, 0, 0, 20, 0]);
    check_alike(&[&pep, &anna]);
}

#[test]
fn a_no_where_they_were_made_brings_the_files_back() {
    let world = World::new();
    let [pep, anna] = world.pair(fill);
    pep.remove("folder");
    held(&pep);
    for _ in 0..4 {
        for home in [&pep, &anna] {
            let output = home.json(["sync", home.at(), "--keep-files"]);
            assert!(matches!(output.code, 0 | 5), "{output}");
        }
    }
    settle(&[&pep, &anna]);
    assert_eq!(pep.read("folder/7.txt"), b"content 7");
    pep.json(["sync", pep.at(), "--keep-files", "--yes"])
        .expect_failure(2, "usage", &["--yes"]);
}

#[test]
fn a_no_where_they_arrive_keeps_the_files_everywhere() {
    let world = World::new();
    let [pep, anna] = world.pair(fill);
    delete_by_and_by(&pep);
    held(&anna);
    let report = anna.json(["sync", anna.at(), "--keep-files"]);
    let report = report.expect_code(0).only_report();
    let said =
        "16 files that were deleted elsewhere stay, and come back there: the sync that sends them counts them as added";
    assert_eq!(
        (&report["held"], &report["warnings"]),
        (&Value::Null, &json!([{"path": "", "reason": said}]))
    );
    assert_eq!(anna.sync()["warnings"], json!([]), "said once");
    pep.sync();
    settle(&[&pep, &anna]);
    assert_eq!(pep.read("folder/0.txt"), b"content 0");
}

#[test]
fn what_a_no_keeps_is_said_beside_what_was_sent() {
    for was_asked in [true, false] {
        let world = World::new();
        let [pep, anna] = world.pair(fill);
        delete_by_and_by(&pep);
        if was_asked {
            held(&anna);
        }
        let told = anna.run(["sync", anna.at(), "--keep-files"]);
        told.expect_code(0).expect_out(
            "  note: 16 files that were deleted elsewhere stay, and come back there: the sync that sends them counts them as added\n",
        );
    }
}

#[test]
fn a_no_that_comes_before_anything_was_shown_stands_at_once() {
    let world = World::new();
    let [pep, anna] = world.pair(fill);
    pep.remove("folder");
    let report = pep.json(["sync", pep.at(), "--keep-files"]);
    assert_eq!(report.expect_code(0).only_report()["held"], Value::Null);
    settle(&[&pep, &anna]);
    assert!(pep.has("folder/19.txt") && anna.has("folder/19.txt"));
}

#[test]
fn a_drive_that_was_emptied_is_told_so_first_and_how_the_files_come_back() {
    let world = World::new();
    let [pep, anna] = world.pair(fill);
    pep.remove("folder");
    let answers = "If this is the wrong drive, or it was emptied: `offsync sync FOLDER --keep-files` brings them back from the other homes. If you mean to delete all of them, in every home: `offsync sync FOLDER --yes`.\n    folder/0.txt\n";
    pep.run(["sync", pep.at()]).expect_code(3).expect_out(&format!(
        "  All 20 files that were in this folder are gone. Nothing was deleted anywhere else. {answers}"
    ));
    pep.run(["status", pep.at()]).expect_code(3).expect_out(&format!(
        "  All 20 files that were in this folder are gone. Nothing happens anywhere else until you say yes.\n  {answers}"
    ));
    for home in [&pep, &anna, &pep] {
        home.json(["sync", home.at(), "--keep-files"]);
    }
    settle(&[&pep, &anna]);
    assert_eq!(pep.read("folder/7.txt"), b"content 7");
}

#[test]
fn what_was_kept_with_a_no_is_asked_about_when_another_home_deletes_it_with_a_yes() {
    let world = World::new();
    let [pep, anna, grandma] = world.trio(fill);
    for number in 0..8 {
        pep.remove(&format!("folder/{number}.txt"));
    }
    expect_held(&pep, "local", 8, 20);
    pep.json(["sync", pep.at(), "--keep-files"]).expect_code(0);
    settle(&[&pep, &anna, &grandma]);
    assert!(pep.has("folder/0.txt"));
    for number in 0..8 {
        anna.remove(&format!("folder/{number}.txt"));
    }
    anna.sync_yes();
    expect_applied(&grandma.sync(), [0, 0, 8, 0, 0]);

    let answers = "If they are to go here, too: `offsync sync FOLDER --yes`; if they are to stay, and come back in every home: `offsync sync FOLDER --keep-files`.";
    let why = "  These files were kept here with a no. Another home deleted what was to stay, so that you are asked again.\n    folder/0.txt\n";
    pep.run(["sync", pep.at()]).expect_code(3).expect_out(&format!(
        "  'anna's home' deleted 8 of 20 files. Nothing was deleted here. {answers}\n{why}"
    ));
    pep.run(["status", pep.at()]).expect_code(3).expect_out(&format!(
        "  'anna's home' deleted 8 of 20 files. Nothing happens here until you say yes.\n  {answers}\n{why}"
    ));
    assert_eq!(held(&pep)["kept"], 8);
    assert!(pep.has("folder/0.txt"));
    pep.json(["sync", pep.at(), "--keep-files"]).expect_code(0);
    settle(&[&pep, &anna, &grandma]);
    assert_eq!(grandma.read("folder/7.txt"), b"content 7");
    // What is edited after a no is another version, and one of few goes as any other does.
    for number in 8..16 {
        pep.remove(&format!("folder/{number}.txt"));
    }
    expect_held(&pep, "local", 8, 20);
    pep.json(["sync", pep.at(), "--keep-files"]).expect_code(0);
    settle(&[&pep, &anna, &grandma]);
    anna.write("folder/8.txt", "edited");
    anna.sync();
    for number in [8, 9, 10, 16] {
        anna.remove(&format!("folder/{number}.txt"));
    }
    anna.sync();
    let told = "  These files were kept here with a no. Another home deleted what was to stay, so that you are asked again.\n    folder/10.txt\n    folder/9.txt\n";
    pep.run(["sync", pep.at()]).expect_code(3).expect_out(told);
    assert!(!pep.has("folder/8.txt") && !pep.has("folder/16.txt"));
    pep.sync_yes();
    settle(&[&pep, &anna, &grandma]);
    assert!(!pep.has("folder/9.txt"));
}

#[test]
fn where_no_other_home_is_nobody_is_said_to_bring_files_back() {
    let world = World::new();
    let pep = world.home("pep");
    world.init(&pep);
    fill(&pep);
    pep.sync();
    pep.remove("folder");
    let answers = "No other home has a copy of them. If this is the wrong drive, plug in the right one; if they are to stay, put them back from elsewhere and sync. If the deletions are meant: `offsync sync FOLDER --yes`.\n";
    for command in ["sync", "status"] {
        let said = pep.run([command, pep.at()]).stdout;
        assert!(
            said.contains(answers) && !said.contains("other homes"),
            "{command}: {said}"
        );
    }
    let held = pep.json(["sync", pep.at()]).expect_code(3).only_report()["held"].clone();
    assert_eq!(held["other_homes"], 0, "{held:#}");
    fill(&pep);
    pep.json(["sync", pep.at()]).expect_code(0);
}

#[test]
fn a_home_that_has_nothing_yet_is_not_said_to_bring_files_back() {
    let world = World::new();
    let pep = world.home("pep");
    world.init(&pep);
    fill(&pep);
    let [invitation, words] = invited(&world, &pep, "Olot");
    pep.sync();
    pep.remove("folder");
    let other_homes = || pep.json(["sync", pep.at()]).only_report()["held"]["other_homes"].clone();
    assert_eq!(other_homes(), 0, "who was invited has never come");
    let status = pep.json(["status", pep.at()]).document();
    assert_eq!(status[0]["held"]["other_homes"], 0, "{status:#}");
    pep.run(["sync", pep.at()])
        .expect_code(3)
        .expect_out("No other home has a copy of them.");
    fill(&pep);
    let olot = world.home("olot");
    let arguments = ["join", olot.at(), "--invitation", text(&invitation), "--phrase-file"];
    olot.run(arguments.into_iter().chain([text(&words)])).expect_code(0);
    settle(&[&pep, &olot]);
    pep.remove("folder");
    assert_eq!(other_homes(), 1);
    // So has a copy that was made for somebody and not joined with yet.
    let drive = world.path("drives/grandma");
    fill(&pep);
    pep.sync();
    let arguments = [
        "copy",
        pep.at(),
        text(&drive),
        "--label",
        "Grandma",
        "--person",
        "grandma",
    ];
    pep.json(arguments).expect_code(0);
    pep.remove("folder");
    assert_eq!(other_homes(), 2);
}

#[test]
fn a_no_that_comes_after_the_authors_yes_is_told_so_and_where_the_files_are() {
    let world = World::new();
    let [pep, anna] = world.pair(fill);
    for number in 0..10 {
        pep.remove(&format!("folder/{number}.txt"));
    }
    held(&pep);
    pep.sync_yes();
    let told = anna.run(["sync", anna.at(), "--keep-files"]);
    told.expect_code(0)
        .expect_out("  received: 10 to the trash\n")
        .expect_out("  --keep-files came too late for 10 files: 'Pep's home' had deleted them and confirmed it already. They are in the trash here; `offsync trash restore FOLDER 'folder/")
        .expect_out("and the like bring them back, and the next sync does so everywhere.\n");
    anna.run(["trash", "restore", anna.at(), "folder"]).expect_code(0);
    settle(&[&anna, &pep]);
    assert_eq!(pep.read("folder/7.txt"), b"content 7", "the no stands after all");
}

#[test]
fn a_no_to_few_deletions_says_that_they_did_not_wait() {
    let world = World::new();
    let [pep, anna] = world.pair(fill);
    pep.remove("folder/3.txt");
    pep.sync();
    let report = anna
        .json(["sync", anna.at(), "--keep-files"])
        .expect_code(0)
        .only_report();
    let told = json!({"files": 1, "example": "folder/3.txt", "by": ["Pep's home"], "confirmed": false});
    assert_eq!(report["too_late"], told, "{report:#}");
    pep.remove("folder/4.txt");
    pep.sync();
    anna.run(["sync", anna.at(), "--keep-files"]).expect_out(
        "came too late for 1 file: 'Pep's home' had deleted it, and it was too few to wait for an answer. It is in the trash here; `offsync trash restore FOLDER 'folder/4.txt'`",
    );
    pep.remove("folder/5.txt");
    pep.sync();
    assert_eq!(anna.sync()["too_late"], Value::Null, "nobody said no");
}

#[test]
fn a_copy_of_a_home_that_holds_deletions_says_what_is_not_on_it() {
    let world = World::new();
    let [pep, anna] = world.pair(fill);
    for numbers in [0..4, 4..8] {
        numbers.for_each(|number| anna.remove(&format!("folder/{number}.txt")));
        anna.sync();
    }
    (8..16).for_each(|number| pep.remove(&format!("folder/{number}.txt")));
    pep.run(["sync", pep.at()]).expect_code(3);
    let there = pep.tree();
    let grandma = world.home_without_folder("grandma");
    let arguments = ["--label", "Grandma's home", "--person", "Grandma"];
    let copied = pep.run(["copy", pep.at(), grandma.at()].into_iter().chain(arguments));
    copied.expect_code(0).expect_out(
        "16 files are not on the copy, since their deletion waits for an answer: `offsync sync FOLDER` asks, and what is to stay comes to the copy by sync.\n",
    );
    assert!(!copied.stdout.contains("not sent yet"), "{copied}");
    assert_eq!(there, pep.tree());
    assert!((0..16).all(|number| !grandma.has(&format!("folder/{number}.txt"))));
    let words = world.path("words");
    let said = copied
        .stdout
        .lines()
        .find(|line| line.split_whitespace().count() == 6 && line.starts_with("      "));
    std::fs::write(&words, said.expect("six words").trim()).expect("words can be written");
    grandma
        .json(["join", grandma.at(), "--phrase-file", crate::world::text(&words)])
        .expect_code(0);
    // What is to stay comes.
    pep.run(["sync", pep.at(), "--keep-files"]).expect_code(0);
    settle(&[&pep, &anna, &grandma]);
    assert!((0..16).all(|number| grandma.has(&format!("folder/{number}.txt"))));
}

#[test]
fn status_names_the_held_deletions_of_both_directions_since_one_answer_holds_for_both() {
    let world = World::new();
    let [pep, anna] = world.pair(fill);
    for numbers in [0..4, 4..8] {
        numbers.for_each(|number| anna.remove(&format!("folder/{number}.txt")));
        anna.sync();
    }
    (8..16).for_each(|number| pep.remove(&format!("folder/{number}.txt")));
    pep.run(["sync", pep.at()]).expect_code(3);
    let told = pep.run(["status", pep.at()]);
    told.expect_out("deleted 8 of ")
        .expect_out("files would be deleted. Nothing was deleted.");
    let status = pep.json(["status", pep.at()]).document();
    let directions = [&status[0]["held"]["direction"], &status[0]["also_held"]["direction"]];
    assert!(
        directions.contains(&&json!("local")) && directions.contains(&&json!("remote")),
        "{status:#}"
    );
}

/// Moves twenty files to another folder and edits each there, as an editor that saves in place does.
fn move_and_edit(home: &Home) {
    home.rename("folder", "elsewhere");
    for number in 0..20 {
        home.write(&format!("elsewhere/{number}.txt"), format!("content {number}, edited"));
    }
}

#[test]
fn files_that_were_moved_and_edited_are_renames_to_everybody() {
    let world = World::new();
    let [pep, anna] = world.pair(fill);
    move_and_edit(&pep);
    let lines = pep.json(["diff", pep.at()]).document();
    let renamed = lines
        .as_array()
        .into_iter()
        .flatten()
        .filter(|line| line["change"] == "renamed");
    assert_eq!(renamed.count(), 21, "the folder, too: {lines:#}");
    let line =
        json!({"path": "elsewhere/7.txt", "change": "renamed", "from": "folder/7.txt", "edited": true, "bytes": 17});
    assert!(lines.as_array().is_some_and(|lines| lines.contains(&line)), "{lines:#}");

    pep.sync();
    anna.sync();

    settle(&[&pep, &anna]);
    check_alike(&[&pep, &anna]);
    assert_eq!(anna.read("elsewhere/7.txt"), b"content 7, edited");
}

#[test]
fn other_files_of_the_same_names_do_not_hide_many_deletions() {
    let world = World::new();
    let [pep, anna] = world.pair(fill);
    pep.write("elsewhere/new.txt", "new");
    // File systems deal the number of what just went to what comes.
    for number in 0..20 {
        pep.remove(&format!("folder/{number}.txt"));
        pep.write(&format!("elsewhere/{number}.txt"), format!("something else {number}"));
    }
    expect_held(&pep, "local", 20, 20);
    anna.sync();
    assert!(anna.has("folder/7.txt"));
}
