//! `conflicts` and `resolve`: a person decides, the other version lies in the trash, and everybody hears of it.

use serde_json::Value;

use crate::schema::{self, check};
use crate::world::{Home, World, check_alike, settle};

/// Pep and Anna edit the same note, each at home.
fn in_conflict(world: &World) -> ([Home; 2], Value) {
    let [pep, anna] = world.pair(|pep| {
        pep.write("notes.txt", "first");
        pep.write("stays.txt", "stays");
    });
    pep.write("notes.txt", "Pep's");
    anna.write("notes.txt", "Anna's own");
    settle(&[&pep, &anna]);
    let list = pep.json(["conflicts", pep.at()]).expect_code(0).document();
    check(
        &list,
        &schema::conflicts(),
        &[
            "[].path_base64",
            "[].winner.label",
            "[].loser.label",
            "[].winner.kind",
            "[].loser.kind",
        ],
    );
    assert_eq!(list.as_array().map(Vec::len), Some(1), "{list:#}");
    let line = list[0].clone();
    ([pep, anna], line)
}

/// Three people edit the same note: one word puts all versions but one away, and is told once.
#[test]
fn of_three_versions_what_went_is_told_once() {
    let world = World::new();
    let [pep, anna] = world.pair(|pep| pep.write("notes.txt", "first"));
    let grandma = world.give_copy(&pep, "grandma");
    let homes = [&pep, &anna, &grandma];
    settle(&homes);
    for (home, content) in homes.into_iter().zip(["Pep's", "Anna's own", "Grandma's very own"]) {
        home.write("notes.txt", content);
    }
    settle(&homes);
    let told = pep.run(["resolve", pep.at(), "notes.txt", "--keep", "winner"]);
    let once = "One version of notes.txt stays; the other 2 are in the trash.\nThe next sync tells everybody.\n";
    assert_eq!(told.expect_code(0).stdout, once);
}

fn content(home: &Home, path: &Value) -> Vec<u8> {
    home.read(path.as_str().expect("a path"))
}

fn expect_one_version(homes: [&Home; 2], kept: &[u8], dropped: &[u8]) {
    settle(&homes);
    for home in homes {
        assert_eq!(home.read("notes.txt"), kept);
        assert!(!home.tree().holds(dropped), "{:?}", home.tree());
        assert_eq!(home.json(["conflicts", home.at()]).document(), serde_json::json!([]));
    }
    assert!(
        crate::tree::of(&homes[0].private()).holds(dropped),
        "what was not kept lies in the trash"
    );
}

#[test]
fn the_version_that_has_the_name_stays() {
    let world = World::new();
    let ([pep, anna], line) = in_conflict(&world);
    let sizes = [&line["winner"]["size_bytes"], &line["loser"]["size_bytes"]];
    let (winner, loser) = (content(&pep, &line["path"]), content(&pep, &line["copy"]));
    assert_eq!(sizes, [&Value::from(winner.len()), &Value::from(loser.len())]);
    let told = pep.run(["conflicts", pep.at()]);
    assert!(
        told.stdout.contains("by Pep's home") && told.stdout.contains("by anna's home"),
        "{told}"
    );
    let done = pep.run(["resolve", pep.at(), "notes.txt", "--keep", "winner"]);
    assert!(
        done.expect_code(0).stdout.contains("the other is in the trash"),
        "{done}"
    );
    expect_one_version([&pep, &anna], &winner, &loser);
}

#[test]
fn the_version_beside_it_stays() {
    let world = World::new();
    let ([pep, anna], line) = in_conflict(&world);
    let (winner, loser) = (content(&pep, &line["path"]), content(&pep, &line["copy"]));
    let copy = line["copy"].as_str().expect("a path");
    pep.json(["resolve", pep.at(), copy, "--keep", "copy"]).expect_code(0);
    expect_one_version([&pep, &anna], &loser, &winner);
}

#[test]
fn both_stay_under_names_of_their_own() {
    let world = World::new();
    let ([pep, anna], line) = in_conflict(&world);
    let (winner, loser) = (content(&pep, &line["path"]), content(&pep, &line["copy"]));
    let done = pep
        .json(["resolve", pep.at(), "notes.txt", "--keep", "both"])
        .expect_code(0)
        .document();
    assert_eq!(
        done,
        serde_json::json!([{"path": "notes.txt", "copy": "notes (kept).txt"}])
    );
    settle(&[&pep, &anna]);
    for home in [&pep, &anna] {
        assert_eq!(
            (home.read("notes.txt"), home.read("notes (kept).txt")),
            (winner.clone(), loser.clone())
        );
        assert_eq!(home.json(["conflicts", home.at()]).document(), serde_json::json!([]));
    }
}

#[test]
fn a_folder_is_not_put_away_for_a_file() {
    let world = World::new();
    let [pep, anna] = world.pair(|pep| pep.write("a.txt", "a"));
    pep.write("notes", "a file");
    anna.write("notes/inside.txt", "inside");
    settle(&[&pep, &anna]);
    let before = pep.tree();
    let refused = pep.json(["resolve", pep.at(), "notes", "--keep", "copy"]);
    refused.expect_failure(
        1,
        "is_a_folder",
        &["'notes' is a folder, which is not put away for a file.", "--keep both"],
    );
    before.expect_same(&pep.tree(), "a refused decision");
    pep.json(["resolve", pep.at(), "notes", "--keep", "both"])
        .expect_code(0);
    settle(&[&pep, &anna]);
    check_alike(&[&pep, &anna]);
}

#[test]
fn what_is_in_no_conflict_is_refused() {
    let world = World::new();
    let ([pep, _], line) = in_conflict(&world);
    let before = pep.tree();
    let refused = pep.json(["resolve", pep.at(), "stays.txt", "--keep", "winner"]);
    refused.expect_failure(1, "no_conflict", &["'stays.txt' is not kept in two versions"]);
    let usage = pep.json(["resolve", pep.at(), "notes.txt", "--keep", "mine"]);
    usage.expect_failure(2, "usage", &["winner"]);
    before.expect_same(&pep.tree(), "nothing was decided");
    assert!(pep.has(line["copy"].as_str().expect("a path")));
}

#[test]
fn what_was_decided_is_no_conflict_any_more_though_nobody_was_told_yet() {
    for keep in ["winner", "copy", "both"] {
        let world = World::in_memory();
        let ([pep, _], _) = in_conflict(&world);
        pep.run(["resolve", pep.at(), "notes.txt", "--keep", keep])
            .expect_code(0)
            .expect_out("The next sync tells everybody.");
        expect_no_conflict(&pep, keep);
        pep.json(["resolve", pep.at(), "notes.txt", "--keep", keep])
            .expect_failure(1, "no_conflict", &["'notes.txt' is not kept in two versions"]);
    }
    // Decided by hand: either version is taken away, or the copy gets another name.
    for side in ["path", "copy"] {
        let world = World::in_memory();
        let ([pep, _], line) = in_conflict(&world);
        pep.remove(line[side].as_str().expect("a path"));
        expect_no_conflict(&pep, side);
    }
    let world = World::in_memory();
    let ([pep, _], line) = in_conflict(&world);
    pep.write("notes.txt", "edited once more");
    assert_eq!(pep.json(["conflicts", pep.at()]).document()[0]["copy"], line["copy"]);
    pep.rename(line["copy"].as_str().expect("a path"), "mine.txt");
    expect_no_conflict(&pep, "another name");
}

#[track_caller]
fn expect_no_conflict(home: &Home, after: &str) {
    assert_eq!(
        home.json(["conflicts", home.at()]).document(),
        serde_json::json!([]),
        "{after}"
    );
    home.run(["conflicts", home.at()])
        .expect_code(0)
        .expect_out("No file is kept in two versions.\n");
    let status = home.json(["status", home.at()]).document();
    assert_eq!(status[0]["conflicts"], 0, "{after}: {status:#}");
}

#[test]
fn a_copy_that_was_edited_is_one_of_two_versions_until_somebody_decides() {
    for (keep, left) in [
        ("winner", &["winner"][..]),
        ("copy", &["edited"]),
        ("both", &["winner", "edited"]),
    ] {
        let world = World::in_memory();
        let ([pep, anna], line) = in_conflict(&world);
        let copy = line["copy"].as_str().expect("a path");
        pep.write("notes.txt", "winner");
        pep.write(copy, "edited");
        // Before it is sent, after that, and where it arrives.
        for home in [&pep, &anna] {
            let list = home.json(["conflicts", home.at()]).document();
            assert_eq!(list.as_array().map(Vec::len), Some(1), "{list:#}");
            assert_eq!((&list[0]["path"], &list[0]["copy"]), (&line["path"], &line["copy"]));
            settle(&[&pep, &anna]);
        }
        let report = anna.sync();
        assert_eq!(report["conflicts"][0]["copy"], line["copy"], "{report:#}");
        anna.run(["resolve", anna.at(), copy, "--keep", keep]).expect_code(0);
        settle(&[&pep, &anna]);
        for home in [&pep, &anna] {
            expect_no_conflict(home, keep);
            for content in ["winner", "edited"] {
                assert_eq!(
                    home.tree().holds(content.as_bytes()),
                    left.contains(&content),
                    "{keep}: {content}"
                );
            }
            assert_eq!(home.read("notes.txt"), left[0].as_bytes());
        }
    }
}

#[test]
fn what_takes_the_name_of_a_version_that_went_is_a_change_of_that_file_in_diff() {
    let world = World::in_memory();
    let ([pep, _], line) = in_conflict(&world);
    let bytes = line["loser"]["size_bytes"].clone();
    pep.remove("notes.txt");
    let diff = pep.json(["diff", pep.at()]).expect_code(0).document();
    let wanted = serde_json::json!([{"path": "notes.txt", "change": "modified", "from": null, "bytes": bytes}]);
    assert_eq!(diff, wanted);
    pep.remove(line["copy"].as_str().expect("a path"));
    let diff = pep.json(["diff", pep.at()]).expect_code(0).document();
    let lines = diff.as_array().expect("a list").iter();
    assert!(lines.clone().all(|line| line["change"] == "deleted"), "{diff:#}");
    assert_eq!(lines.count(), 2);
}

#[test]
fn the_log_names_the_version_that_was_dropped_and_not_the_one_that_stays() {
    let world = World::new();
    let ([pep, anna], line) = in_conflict(&world);
    let copy = line["copy"].as_str().expect("a path");
    // What both changed at the same time is a change to either, not a new file.
    for home in [&pep, &anna] {
        let log = home.json(["log", home.at()]).document();
        for edit in [0, 1] {
            let summary = &log[edit]["summary"];
            assert_eq!(
                (&summary["modified"], &summary["created"], &summary["example"]),
                (&1.into(), &0.into(), &"notes.txt".into()),
                "{log:#}"
            );
        }
    }
    pep.run(["resolve", pep.at(), "notes.txt", "--keep", "winner"])
        .expect_code(0);
    settle(&[&pep, &anna]);
    for home in [&pep, &anna] {
        home.run(["log", home.at(), "--limit", "1"])
            .expect_code(0)
            .expect_out(&format!("Pep's home: 1 deleted ({copy})"));
    }
    pep.remove("notes.txt");
    settle(&[&pep, &anna]);
    anna.run(["log", anna.at(), "--limit", "1"])
        .expect_out("Pep's home: 1 deleted (notes.txt)");
}

#[test]
fn a_file_is_named_from_the_top_from_here_or_in_full() {
    let world = World::new();
    let folders = ["one", "two", "three", "four"].map(str::to_owned);
    let ([pep, _, _], lines) = in_many_conflicts(&world, &folders);
    let resolve_in = |at: &std::path::Path, archive: &str, path: &str| {
        let mut command = pep.command(["--json", "resolve", archive, path, "--keep", "winner"]);
        crate::output::Output::of(command.current_dir(at))
    };
    let elsewhere = world.base();
    resolve_in(elsewhere, pep.at(), "one/notes.txt").expect_code(0);
    resolve_in(elsewhere, pep.at(), &format!("{}/two/notes.txt", pep.at())).expect_code(0);
    resolve_in(&pep.folder.join("three"), ".", "notes.txt").expect_code(0);
    let copy = lines[3]["copy"].as_str().expect("a path");
    let drive = pep.folder.parent().expect("it lies on a drive");
    resolve_in(drive, "Photos", &format!("./Photos/{copy}")).expect_code(0);
    expect_no_conflict(&pep, "all four");
    for outside in ["/etc/passwd", elsewhere.to_str().expect("a plain path")] {
        resolve_in(elsewhere, pep.at(), outside).expect_failure(
            1,
            "outside_the_archive",
            &["lies outside of the archive", pep.at(), "from its top or in full"],
        );
    }
}

#[test]
fn of_two_files_with_one_name_the_one_in_the_present_folder_is_meant() {
    let world = World::new();
    let folders = ["2024".to_owned(), "2024/2024".to_owned()];
    let ([pep, _, _], _) = in_many_conflicts(&world, &folders);
    let here = pep.folder.join("2024");
    let left = || -> Vec<String> {
        let list = pep.json(["conflicts", pep.at()]).document();
        let lines = list.as_array().into_iter().flatten();
        lines
            .map(|line| line["path"].as_str().expect("a path").to_owned())
            .collect()
    };
    let run_here = |arguments: &[&str]| {
        let mut command = pep.command(arguments.iter().copied());
        crate::output::Output::of(command.current_dir(&here))
    };
    run_here(&["resolve", ".", "2024/notes.txt", "--keep", "winner"])
        .expect_code(0)
        .expect_out("One version of 2024/2024/notes.txt stays");
    assert_eq!(left(), ["2024/notes.txt"]);
    // What stands here is meant, and nothing of the same name elsewhere in its place.
    let again = run_here(&["--json", "resolve", ".", "2024/notes.txt", "--keep", "winner"]);
    again.expect_failure(1, "no_conflict", &["'2024/notes.txt' is not kept in two versions"]);
    assert_eq!(left(), ["2024/notes.txt"]);
    let trashed = pep.json(["trash", "list", pep.at()]).document();
    assert_eq!(trashed.as_array().map(Vec::len), Some(1), "{trashed:#}");
}

/// Keeps notes in two versions in each of some folders, alike in all homes; gives the lines of the conflicts by folder.
fn in_many_conflicts(world: &World, folders: &[String]) -> ([Home; 3], Vec<Value>) {
    let homes = world.trio(|pep| {
        let write = |folder: &String| pep.write(&format!("{folder}/notes.txt"), format!("first in {folder}"));
        folders.iter().for_each(write);
    });
    for (home, who) in homes.iter().zip(["Pep", "Anna"]) {
        let write = |folder: &String| home.write(&format!("{folder}/notes.txt"), format!("{who}'s in {folder}"));
        folders.iter().for_each(write);
    }
    settle(&homes.each_ref());
    let list = homes[0].json(["conflicts", homes[0].at()]).document();
    let lines = list.as_array().expect("a list").clone();
    let find = |folder: &String| {
        let is_its = |line: &&Value| line["path"].as_str() == Some(&format!("{folder}/notes.txt"));
        lines.iter().find(is_its).expect("each is in conflict").clone()
    };
    let lines = folders.iter().map(find).collect();
    (homes, lines)
}

#[test]
fn whatever_two_homes_decide_at_the_same_time_ends_alike() {
    const WAYS: [&str; 3] = ["winner", "copy", "both"];
    let pairs: Vec<[&str; 2]> = WAYS.iter().flat_map(|a| WAYS.map(|b| [*a, b])).collect();
    let folders: Vec<String> = pairs.iter().map(|[a, b]| format!("{a} and {b}")).collect();
    for is_anna_first in [false, true] {
        let world = World::in_memory();
        let (homes, lines) = in_many_conflicts(&world, &folders);
        let mut wanted = Vec::new();
        for (pair, line) in pairs.iter().zip(&lines) {
            let [winner, loser] = ["path", "copy"].map(|side| content(&homes[0], &line[side]));
            let has_name = if pair.contains(&"copy") { &loser } else { &winner };
            let kept = pair.contains(&"both").then(|| loser.clone());
            wanted.push((has_name.clone(), kept));
            for (home, keep) in homes.iter().zip(pair) {
                let path = line["path"].as_str().expect("a path");
                home.json(["resolve", home.at(), path, "--keep", keep]).expect_code(0);
            }
        }
        let [pep, anna, grandma] = homes.each_ref();
        let order = if is_anna_first {
            [anna, grandma, pep]
        } else {
            [pep, anna, grandma]
        };
        settle(&order);
        for (folder, (has_name, kept)) in folders.iter().zip(&wanted) {
            assert_eq!(grandma.read(&format!("{folder}/notes.txt")), *has_name, "{folder}");
            let beside = format!("{folder}/notes (kept).txt");
            let found = grandma.has(&beside).then(|| grandma.read(&beside));
            assert_eq!(found, *kept, "{folder}");
            let count = grandma.tree().below(folder).len();
            assert_eq!(count, 2 + usize::from(kept.is_some()), "nothing else in {folder}");
        }
        for home in order {
            assert_eq!(home.json(["conflicts", home.at()]).document(), serde_json::json!([]));
        }
    }
}

#[test]
fn where_the_version_that_has_the_name_is_deleted_the_other_takes_it_everywhere() {
    let world = World::in_memory();
    let (homes, lines) = in_many_conflicts(&world, &["one".to_owned(), "two".to_owned()]);
    let [pep, anna, grandma] = homes.each_ref();
    let losers = [0, 1].map(|n| content(pep, &lines[n]["copy"]));
    let winners = [0, 1].map(|n| content(pep, &lines[n]["path"]));
    pep.remove("one/notes.txt");
    anna.remove("two/notes.txt");
    settle(&[anna, grandma, pep]);
    assert_eq!([grandma.read("one/notes.txt"), grandma.read("two/notes.txt")], losers);
    assert_eq!(grandma.tree().len(), 4, "two folders with one file each");
    assert!(
        winners.iter().all(|winner| grandma.keeps(winner)),
        "the trash keeps them"
    );
    assert_eq!(pep.json(["conflicts", pep.at()]).document(), serde_json::json!([]));
}

#[test]
fn a_note_edited_in_three_homes_is_kept_three_times_until_somebody_decides() {
    let world = World::in_memory();
    let homes = world.trio(|pep| pep.write("notes.txt", "first"));
    for (number, home) in homes.iter().enumerate() {
        home.write("notes.txt", format!("edited by {number}"));
    }
    settle(&homes.each_ref());
    let [pep, anna, grandma] = homes.each_ref();
    let mut kept = grandma.tree().contents();
    kept.sort();
    assert_eq!(kept, ["edited by 0", "edited by 1", "edited by 2"]);
    let list = pep.json(["conflicts", pep.at()]).document();
    let copies: Vec<&str> = list
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|line| line["copy"].as_str())
        .collect();
    assert_eq!(copies.len(), 2, "{list:#}");
    let has_name = pep.read("notes.txt");
    let second = pep.read(copies[1]);
    // Each decides about another copy, at the same time.
    pep.remove(copies[0]);
    anna.rename(copies[1], "mine.txt");
    settle(&[grandma, anna, pep]);
    assert_eq!(
        (grandma.read("notes.txt"), grandma.read("mine.txt")),
        (has_name, second)
    );
    assert_eq!(grandma.tree().len(), 2);
    assert_eq!(
        grandma.json(["conflicts", grandma.at()]).document(),
        serde_json::json!([])
    );
}

#[test]
fn a_folder_and_a_link_are_called_so_and_have_no_size() {
    let world = World::new();
    let [pep, anna] = world.pair(|pep| pep.write("note", "a file"));
    pep.write("album", "a file");
    anna.write("album/in it.txt", "in a folder");
    pep.write("note", "edited");
    anna.remove("note");
    std::os::unix::fs::symlink("elsewhere", anna.folder.join("note")).expect("a link can be made");
    settle(&[&pep, &anna]);
    let told = pep.run(["conflicts", pep.at()]);
    let told = told.expect_code(0);
    told.expect_out("album by anna's home (a folder)\n  beside it: album (")
        .expect_out(" by Pep's home (6 bytes)\n")
        .expect_out(" by anna's home (a link)\n");
    assert!(!told.stdout.contains("(0 bytes)"), "{told}");
    let list = pep.json(["conflicts", pep.at()]).document();
    assert_eq!(
        (&list[0]["winner"]["kind"], &list[0]["loser"]["kind"]),
        (&"folder".into(), &"file".into()),
        "{list:#}"
    );
}

#[test]
fn a_path_that_was_typed_with_accents_of_another_form_is_found() {
    let world = World::new();
    let (composed, parted) = ("caf\u{e9}.txt", "cafe\u{301}.txt");
    let [pep, anna] = world.pair(|pep| pep.write(parted, "first"));
    pep.write(parted, "Pep's");
    anna.write(parted, "Anna's own");
    settle(&[&pep, &anna]);
    let said = pep.folder.join(composed);
    let said = crate::world::text(&said);
    pep.run(["resolve", pep.at(), said, "--keep", "winner"]).expect_code(0);
    settle(&[&pep, &anna]);
    assert_eq!(anna.json(["conflicts", anna.at()]).document(), serde_json::json!([]));
    pep.remove(parted);
    pep.sync_yes();
    anna.sync_yes();
    let said = anna.folder.join(composed);
    let said = crate::world::text(&said);
    anna.run(["trash", "restore", anna.at(), said]).expect_code(0);
    assert!(anna.has(parted), "it comes back as it was spelled");
}

#[test]
fn a_copy_that_was_edited_in_two_homes_is_a_conflict_of_its_own_in_both_beside_that_which_it_is_of() {
    let world = World::new();
    let ([pep, anna], line) = in_conflict(&world);
    let copy = line["copy"].as_str().expect("a path");
    pep.write(copy, "Pep goes on with it");
    anna.write(copy, "Anna does, too");
    settle(&[&pep, &anna]);
    let of = |home: &Home| home.json(["conflicts", home.at()]).document();
    assert_eq!(of(&pep), of(&anna));
    let lines = of(&pep).as_array().expect("a list").clone();
    let sides = |line: &Value| [&line["path"], &line["copy"]].map(|path| path.as_str().expect("a path").to_owned());
    let (own, of_notes): (Vec<_>, Vec<_>) = lines.iter().map(sides).partition(|[path, _]| path == copy);
    assert_eq!(
        (own.len(), of_notes.as_slice()),
        (1, &[["notes.txt".to_owned(), copy.to_owned()]][..])
    );
    anna.remove(&own[0][1]);
    settle(&[&pep, &anna]);
    for home in [&pep, &anna] {
        assert_eq!(of(home)[0]["copy"], copy, "{:#}", of(home));
        assert_eq!(of(home).as_array().map(Vec::len), Some(1));
    }
    anna.rename(copy, "mine.txt");
    settle(&[&pep, &anna]);
    for home in [&pep, &anna] {
        assert_eq!(of(home), serde_json::json!([]));
        assert!(home.has("mine.txt") && home.has("notes.txt"));
    }
    check_alike(&[&pep, &anna]);
}

#[test]
fn a_copy_that_is_one_side_of_two_conflicts_is_not_taken_for_both() {
    let world = World::new();
    let ([pep, anna], line) = in_conflict(&world);
    let copy = line["copy"].as_str().expect("a path");
    pep.write(copy, "Pep goes on with it");
    anna.write(copy, "Anna does, too");
    settle(&[&pep, &anna]);
    let lines = || pep.json(["conflicts", pep.at()]).document();
    let before = (pep.tree(), lines());
    let all = before.1.as_array().expect("a list");
    let own = all.iter().find(|line| line["path"] == copy).expect("its own conflict");
    let beside = own["copy"].as_str().expect("a path");
    let what = format!("'{copy}' is in two conflicts: it stands beside 'notes.txt', and '{beside}' stands beside it.");
    let next = format!(
        "Name '{beside}' to decide between these. Once that is done, '{copy}' means the conflict with 'notes.txt' alone."
    );
    for keep in ["winner", "copy", "both"] {
        let refused = pep.json(["resolve", pep.at(), copy, "--keep", keep]);
        refused.expect_failure(1, "ambiguous_path", &[&what, &next]);
        before.0.expect_same(&pep.tree(), keep);
        assert_eq!(before.1, lines(), "{keep}");
    }
    // What it advises leads on, one decision after the other.
    pep.run(["resolve", pep.at(), beside, "--keep", "winner"])
        .expect_code(0);
    pep.run(["resolve", pep.at(), copy, "--keep", "copy"]).expect_code(0);
    settle(&[&pep, &anna]);
    for home in [&pep, &anna] {
        expect_no_conflict(home, "both are decided");
        assert!(home.tree().holds(&pep.read("notes.txt")) && !home.has(copy) && !home.has(beside));
    }
    check_alike(&[&pep, &anna]);
}

#[test]
fn a_copy_that_is_edited_or_deleted_is_called_by_its_own_name() {
    let world = World::new();
    let ([pep, _anna], line) = in_conflict(&world);
    let copy = line["copy"].as_str().expect("a copy").to_owned();
    let told = |home: &Home| {
        let lines = home.json(["diff", home.at()]).document();
        let lines = lines.as_array().expect("a list").clone();
        let said = |line: &Value| {
            format!(
                "{} {}",
                line["change"].as_str().expect("one"),
                line["path"].as_str().expect("one")
            )
        };
        lines.iter().map(said).collect::<Vec<_>>()
    };
    pep.write(&copy, "edited beside");
    assert_eq!(told(&pep), [format!("modified {copy}")]);
    pep.remove(&copy);
    assert_eq!(told(&pep), [format!("deleted {copy}")]);
}
