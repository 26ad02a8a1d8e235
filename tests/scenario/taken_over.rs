//! What folders, links and moved files take over is asked about as a deletion, here and where it arrives, and nothing is lost by a no.

use std::fs;
use std::os::unix::fs::symlink;

use serde_json::{Value, json};

use crate::world::{Home, World, check_alike, settle};

/// So many files lose their places, of twice as many.
const FILES: usize = 20;

fn fill(pep: &Home) {
    for number in 0..FILES {
        pep.write(&format!("d/{number}.txt"), format!("old {number}"));
        pep.write(&format!("s/{number}.txt"), format!("new {number}"));
    }
}

type Change = fn(&Home, usize);

fn by_a_folder(home: &Home, number: usize) {
    home.remove(&format!("d/{number}.txt"));
    home.write(&format!("d/{number}.txt/inside"), format!("inside {number}"));
}

fn by_a_link(home: &Home, number: usize) {
    home.remove(&format!("d/{number}.txt"));
    symlink("elsewhere", home.folder.join(format!("d/{number}.txt"))).expect("a link can be made");
}

/// As `mv -f s/* d/` does.
fn by_another_file(home: &Home, number: usize) {
    home.rename(&format!("s/{number}.txt"), &format!("d/{number}.txt"));
}

const CHANGES: [Change; 3] = [by_a_folder, by_a_link, by_another_file];

#[track_caller]
fn expect_held(home: &Home, direction: &str, deletions: usize) {
    let report = home.json(["sync", home.at()]).expect_code(3).only_report();
    let held = &report["held"];
    let told = [&held["direction"], &held["deletions"], &held["of"]];
    assert_eq!(
        told,
        [&json!(direction), &json!(deletions), &json!(2 * FILES)],
        "{held:#}"
    );
}

fn answer(home: &Home, answer: &str) {
    let report = home.json(["sync", home.at(), answer]).expect_code(0).only_report();
    assert_eq!(report["held"], Value::Null, "{report:#}");
}

/// Tells how many of the old files stand in a home, under whatever names.
fn old_ones(home: &Home) -> usize {
    let contents = home.tree().contents();
    contents.iter().filter(|content| content.starts_with("old ")).count()
}

fn end(homes: [&Home; 2], old: usize) {
    settle(&homes);
    check_alike(&homes);
    assert_eq!(old_ones(homes[1]), old);
    let tree = homes[1].tree();
    for number in 0..FILES {
        assert!(tree.holds(format!("new {number}").as_bytes()), "{number}");
    }
}

#[test]
fn places_that_are_taken_over_wait_for_a_yes_or_a_no_where_it_was_done() {
    for change in CHANGES {
        for (said, old) in [("--yes", 0), ("--keep-files", FILES)] {
            let world = World::new();
            let [pep, anna] = world.pair(fill);
            let before = anna.tree();
            (0..FILES).for_each(|number| change(&pep, number));
            let lines = pep.json(["diff", pep.at()]).document();
            let deleted = lines
                .as_array()
                .into_iter()
                .flatten()
                .filter(|line| line["change"] == "deleted");
            assert_eq!(deleted.count(), FILES, "{lines:#}");
            for _ in 0..2 {
                expect_held(&pep, "local", FILES);
                anna.sync();
                before.expect_same(&anna.tree(), "neither half gets out");
            }
            let status = pep.json(["status", pep.at()]).document();
            let held = &status[0]["held"];
            assert_eq!([&held["deletions"], &held["replaced"]], [&json!(FILES); 2], "{held:#}");
            let status = pep.run(["status", pep.at()]);
            status.expect_out("Under all of these names something else stands there now and waits, too.");
            answer(&pep, said);
            let applied = anna.sync();
            let deletions = if old == 0 { FILES } else { 0 };
            assert_eq!(applied["applied"]["deleted"], json!(deletions), "{applied:#}");
            end([&pep, &anna], old);
            assert!(old > 0 || anna.keeps(b"old 7"), "the trash keeps them for a time");
        }
    }
}

#[test]
fn places_that_are_taken_over_bit_by_bit_wait_where_it_arrives() {
    for change in CHANGES {
        for (said, old) in [("--yes", 0), ("--keep-files", FILES)] {
            let world = World::new();
            let [pep, anna] = world.pair(fill);
            let before = anna.tree();
            // As few at a time as nobody holds.
            for first in (0..FILES).step_by(4) {
                (first..first + 4).for_each(|number| change(&pep, number));
                pep.sync();
            }
            for _ in 0..2 {
                expect_held(&anna, "remote", FILES);
                let status = anna.run(["status", anna.at()]);
                status.expect_out("Under all of these names something else would stand there.");
                before.expect_same(&anna.tree(), "neither half is shown");
                pep.sync();
            }
            answer(&anna, said);
            end([&pep, &anna], old);
        }
    }
}

#[test]
fn files_that_are_numbered_anew_are_as_many_deletions_as_there_are_fewer() {
    let world = World::new();
    let [pep, anna] = world.pair(|pep| {
        for number in 0..2 * FILES {
            pep.write(&format!("{number:02}.jpg"), format!("picture {number}"));
        }
    });
    let before = anna.tree();
    for number in 0..FILES {
        pep.rename(&format!("{:02}.jpg", number + FILES), &format!("{number:02}.jpg"));
    }
    expect_held(&pep, "local", FILES);
    anna.sync();
    before.expect_same(&anna.tree(), "nothing of it gets out");
    answer(&pep, "--keep-files");
    settle(&[&pep, &anna]);
    for number in 0..2 * FILES {
        assert!(anna.tree().holds(format!("picture {number}").as_bytes()), "{number}");
    }
}

#[test]
fn edits_swaps_and_copies_ask_nobody() {
    let changes: [Change; 4] = [
        // As editors save: a new file is put over the old one.
        |pep, number| {
            pep.write(&format!("d/{number}.tmp"), format!("edited {number}"));
            pep.rename(&format!("d/{number}.tmp"), &format!("d/{number}.txt"));
        },
        // As editors save that keep the version before, over the one before that.
        |pep, number| {
            pep.rename(&format!("d/{number}.txt"), &format!("s/{number}.txt"));
            pep.write(&format!("d/{number}.txt"), format!("edited {number}"));
        },
        |pep, number| {
            pep.rename(&format!("d/{number}.txt"), "between");
            pep.rename(&format!("s/{number}.txt"), &format!("d/{number}.txt"));
            pep.rename("between", &format!("s/{number}.txt"));
        },
        |pep, number| {
            let [from, to] = ["s", "d"].map(|folder| pep.folder.join(format!("{folder}/{number}.txt")));
            fs::copy(from, to).expect("files can be copied");
        },
    ];
    for change in changes {
        let world = World::new();
        let [pep, anna] = world.pair(fill);
        (0..FILES).for_each(|number| change(&pep, number));
        pep.sync();
        anna.sync();
        settle(&[&pep, &anna]);
        check_alike(&[&pep, &anna]);
    }
}

#[test]
fn what_is_held_does_not_get_out_as_something_else() {
    let world = World::new();
    let [pep, anna] = world.pair(fill);
    (0..FILES).for_each(|number| pep.remove(&format!("d/{number}.txt")));
    expect_held(&pep, "local", FILES);
    for number in 0..FILES {
        fs::create_dir(pep.folder.join(format!("d/{number}.txt"))).expect("a folder can be made");
    }
    expect_held(&pep, "local", FILES);
    anna.sync();
    assert_eq!(anna.read("d/7.txt"), b"old 7");
    for number in 0..FILES {
        fs::remove_dir(pep.folder.join(format!("d/{number}.txt"))).expect("it is empty");
        by_another_file(&pep, number);
    }
    expect_held(&pep, "local", FILES);
    anna.sync();
    assert_eq!([anna.read("d/7.txt"), anna.read("s/7.txt")], [b"old 7", b"new 7"]);
}

#[test]
fn a_file_in_the_place_of_a_folder_waits_with_it_and_so_does_what_others_leave_of_the_question() {
    for (said, old) in [("--yes", 0), ("--keep-files", FILES)] {
        let world = World::new();
        let [pep, anna] = world.pair(fill);
        let before = anna.tree();
        fs::remove_dir_all(pep.folder.join("d")).expect("a folder can be removed");
        pep.write("d", "now");
        for _ in 0..2 {
            expect_held(&pep, "local", FILES);
            anna.sync();
            before.expect_same(&anna.tree(), "neither half gets out");
        }
        answer(&pep, said);
        end([&pep, &anna], old);
        assert!(anna.tree().holds(b"now"), "{said}");
    }
    let world = World::new();
    let [pep, anna] = world.pair(fill);
    (0..10).for_each(|number| pep.remove(&format!("d/{number}.txt")));
    pep.json(["sync", pep.at()]).expect_code(0);
    anna.sync();
    (10..FILES).for_each(|number| pep.remove(&format!("d/{number}.txt")));
    fs::remove_dir(pep.folder.join("d")).expect("it is empty");
    pep.json(["sync", pep.at()]).expect_code(3);
    for number in 10..FILES - 1 {
        anna.write(&format!("d/{number}.txt"), format!("edited {number}"));
    }
    anna.sync();
    for _ in 0..2 {
        let report = pep.json(["sync", pep.at()]).expect_code(3).only_report();
        assert_eq!(report["held"]["deletions"], json!(1), "{report:#}");
        anna.sync();
        assert_eq!(
            anna.read(&format!("d/{}.txt", FILES - 1)),
            format!("old {}", FILES - 1).as_bytes()
        );
    }
}
