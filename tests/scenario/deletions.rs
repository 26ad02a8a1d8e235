//! Many deletions at once are held, here and where they arrive, until somebody says yes or brings the files back.

use serde_json::{Value, json};

use crate::story::expect_applied;
use crate::world::{Home, World, check_alike, settle};

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
    expect_held(&pep, "local", 20, 22);
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
    let answers = "If that is meant: `offsync sync FOLDER --yes`; if not, and the files are to stay: `offsync sync FOLDER --keep-files`.";
    let named = "\n    folder/0.txt\n    folder/1.txt\n";
    let told = anna.run(["sync", anna.at(), "--dry-run"]);
    told.expect_code(3).expect_out(&format!(
        "  16 of 20 files would be deleted. Nothing was deleted. {answers}{named}"
    ));
    let told = anna.run(["sync", anna.at()]);
    told.expect_code(3).expect_out(&format!(
        "  16 of 20 files would be deleted. Nothing was deleted. {answers}{named}"
    ));
    anna.run(["status", anna.at()]).expect_code(0).expect_out(&format!(
        "  16 of 20 files are about to be deleted. Nothing happens until you say yes.\n  {answers}{named}"
    ));
    let bounds = "5 files or more that are more than one in 4 of the archive, or more than 1000 in any case";
    anna.run(["status", anna.at(), "--verbose"])
        .expect_out(&format!("  deletions that wait for a yes: {bounds}\n"));
    let help = anna.run(["sync", "--help"]);
    let words: Vec<&str> = help.expect_code(0).stdout.split_whitespace().collect();
    assert!(
        words.join(" ").contains(&format!("Many deletions are {bounds}.")),
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
    expect_held(&anna, "remote", 16, 21);
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
    assert_eq!(report.expect_code(0).only_report()["held"], Value::Null);
    pep.sync();
    settle(&[&pep, &anna]);
    assert_eq!(pep.read("folder/0.txt"), b"content 0");
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
