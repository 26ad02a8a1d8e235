//! `sync --dry-run` tells what a sync would do, and changes nothing anywhere.

use std::fs;

use serde_json::Value;

use crate::story::noise;
use crate::tree;
use crate::world::{Home, World, settle};

/// The figures that a rehearsal shares with the sync after it, to the byte; sizes of sealed objects are random
/// within some bytes, because compression comes after names that are drawn.
fn figures(report: &Value) -> Value {
    let mut figures = report.clone();
    for (part, name) in [
        ("posted", "uploaded_bytes"),
        ("fetched", "downloaded_bytes"),
        ("pruned", "bytes"),
    ] {
        figures[part][name] = Value::Null;
    }
    figures
}

fn near(one: &Value, two: &Value) -> bool {
    let (one, two) = (one.as_u64().unwrap_or_default(), two.as_u64().unwrap_or_default());
    one.abs_diff(two) <= 64 + one / 100
}

/// Rehearses, checks that nothing changed, then syncs and compares.
fn check(world: &World, home: &Home, more: &[&str]) {
    let look = || {
        (
            home.tree(),
            tree::of(&home.private()),
            tree::of(&home.settings()),
            world.mail(),
        )
    };
    let before = look();
    let arguments = |dry: bool| {
        let dry = dry.then_some("--dry-run");
        ["sync", home.at()]
            .into_iter()
            .chain(dry)
            .chain(more.iter().copied())
            .collect::<Vec<_>>()
    };
    let rehearsal = home.json(arguments(true));
    let after = look();
    assert_eq!(before.0, after.0, "the drive");
    assert_eq!(before.1, after.1, "Offsync's own folder with the index");
    assert_eq!(before.2, after.2, "the computer's settings");
    assert_eq!(before.3, after.3, "the mailbox");
    let sync = home.json(arguments(false));
    assert_eq!(rehearsal.code, sync.code, "{rehearsal}{sync}");
    let (told, done) = (rehearsal.only_report(), sync.only_report());
    crate::schema::check(&rehearsal.document(), &crate::schema::sync(), &crate::schema::SYNC_MORE);
    for (part, name) in [
        ("posted", "uploaded_bytes"),
        ("fetched", "downloaded_bytes"),
        ("pruned", "bytes"),
    ] {
        assert!(
            near(&told[part][name], &done[part][name]),
            "{part}.{name}: {told:#} and {done:#}"
        );
    }
    assert_eq!(figures(&told), figures(&done));
}

fn fill(pep: &Home) {
    for number in 0..20 {
        pep.write(&format!("folder {}/{number}.bin", number % 3), noise(number, 9_000));
    }
    pep.write("a.txt", "a");
}

#[test]
fn it_tells_what_posting_and_receiving_would_do() {
    let world = World::new();
    let [pep, anna] = world.pair(fill);
    pep.write("new.bin", noise(77, 200_000));
    pep.write("a.txt", "edited");
    pep.rename("folder 1", "deeper/renamed");
    pep.remove("folder 2/2.bin");
    check(&world, &pep, &[]);
    check(&world, &anna, &[]);
    check(&world, &pep, &[]);
    check(&world, &pep, &["--deep"]);
}

#[test]
fn it_tells_of_conflicts_kinds_and_folders() {
    let world = World::new();
    let [pep, anna] = world.pair(fill);
    pep.write("a.txt", "Pep's");
    pep.remove("folder 0");
    pep.write("folder 0", "a file now");
    fs::create_dir_all(pep.folder.join("empty/deep")).expect("a folder can be made");
    anna.write("a.txt", "Anna's");
    anna.write("folder 1/added.txt", "added");
    check(&world, &pep, &["--yes"]);
    check(&world, &anna, &["--yes"]);
    check(&world, &pep, &[]);
}

#[test]
fn it_tells_of_deletions_that_would_be_held_on_both_sides() {
    let world = World::new();
    let [pep, anna] = world.pair(fill);
    pep.remove("folder 0");
    check(&world, &pep, &[]);
    check(&world, &pep, &["--yes"]);
    check(&world, &anna, &[]);
}

#[test]
fn people_read_what_would_be_done_and_nothing_as_if_it_were() {
    let world = World::new();
    let [pep, anna] = world.pair(fill);
    pep.write("new.bin", noise(77, 2_000));
    pep.write("a.txt", "Pep's");
    anna.write("a.txt", "Anna's");
    let rehearse = |home: &Home, would: &[&str]| {
        let told = home.run(["sync", home.at(), "--dry-run"]);
        told.expect_out("Nothing was changed. A sync now would do this:\n");
        for words in would {
            told.expect_out(words);
        }
        for done in [
            "  sent",
            "  received",
            "  told",
            "  Asked",
            "versions are kept",
            " goes on",
            "  up to date",
        ] {
            assert!(!told.stdout.contains(done), "{done:?} was not done: {told}");
        }
    };
    rehearse(&pep, &["  would send: 1 added, 1 changed (2.0 kB of content)\n"]);
    pep.sync();
    rehearse(
        &anna,
        &[
            "  would receive: 2 added\n",
            "  two versions would be kept: a.txt and a (other",
        ],
    );
    anna.sync();
    anna.run(["resolve", anna.at(), "a.txt", "--keep", "winner"])
        .expect_code(0);
    settle(&[&pep, &anna]);
    rehearse(&pep, &["  nothing: all is up to date\n"]);
    fs::remove_dir_all(pep.private()).expect("it can be lost");
    fs::remove_file(pep.folder.join("new.bin")).expect("it can be lost");
    pep.run(["join", pep.at(), "--as", "Pep's home"]).expect_code(0);
    rehearse(
        &pep,
        &[
            "  You brought this location back, so it would go on under a new id: nobody here can say what it has sent",
            "  Would ask what the archive holds. The sync of 'anna's home' after that would tell it.\n",
        ],
    );
    pep.sync();
    rehearse(
        &anna,
        &["  would tell 'Pep's home' what the archive holds; then 'Pep's home' has to sync\n"],
    );
    anna.sync();
    rehearse(
        &pep,
        &[
            "  Would ask for 1 file not here yet (2.0 kB to come). The sync of 'anna's home' after that would send it.\n",
        ],
    );
    pep.sync();
    rehearse(
        &anna,
        &["  would send 1 file that 'Pep's home' lacks (2.0 kB); then 'Pep's home' has to sync\n"],
    );
}

#[test]
fn it_fails_as_the_sync_would() {
    let world = World::new();
    let [pep, _anna] = world.pair(fill);
    fs::rename(world.mailbox(), world.path("away")).expect("a mailbox can go away");
    pep.json(["sync", pep.at(), "--dry-run"])
        .expect_failure(6, "mailbox_away", &[]);
    let nobody = world.home("nobody");
    nobody
        .json(["sync", "--dry-run"])
        .expect_failure(1, "no_archives", &["offsync init"]);
}
