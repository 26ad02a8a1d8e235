//! A drive without a free byte is looked at like any other, and what a sync cannot note there is said with what to free.

use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;

use serde_json::json;

use crate::machine::SmallDrive;
use crate::output::Output;
use crate::rotting;
use crate::schema::{self, check};
use crate::story::noise;
use crate::tree;
use crate::world::{Home, World, settle, text};

/// What is left on the drive of these homes before it is filled.
const DRIVE_BYTES: u64 = 8 << 20;

/// Takes every byte that is left on somebody's drive; gives what takes it.
fn fill(home: &Home) -> PathBuf {
    fill_with(home.folder.with_file_name("ballast"))
}

fn fill_with(ballast: PathBuf) -> PathBuf {
    let mut file = File::create(&ballast).expect("there is room for a name");
    for len in [1 << 16, 1 << 12, 1] {
        while file.write_all(&vec![1; len]).is_ok() {}
    }
    let full = rustix::fs::statvfs(&ballast).expect("a drive says how full it is");
    assert_eq!(full.f_bavail, 0);
    ballast
}

/// Pep and Anna with a conflict between them, something in Anna's trash, something on its way each way; and her drive is full.
fn full_pair(world: &World, trashed: &[&str], trashed_bytes: usize) -> Option<([Home; 2], SmallDrive, PathBuf)> {
    let drive = SmallDrive::mount(&world.path("drives/anna"), DRIVE_BYTES)?;
    let [pep, anna] = world.pair(|pep| {
        for name in ["a.txt", "b.txt", "stays-1.txt", "stays-2.txt"] {
            pep.write(name, name);
        }
        for (n, name) in trashed.iter().enumerate() {
            pep.write(name, noise(n as u32, trashed_bytes));
        }
    });
    pep.write("a.txt", "by Pep");
    anna.write("a.txt", "by Anna");
    trashed.iter().for_each(|name| pep.remove(name));
    for home in [&pep, &anna, &pep, &anna] {
        // All that there is but a few: a yes is said where it is asked for.
        home.json(["sync", home.at(), "--yes"]).expect_code(0);
    }
    pep.remove("b.txt");
    pep.sync();
    anna.write("own.txt", "own");
    let ballast = fill(&anna);
    Some(([pep, anna], drive, ballast))
}

fn lines(output: &Output) -> usize {
    output.expect_code(0).document().as_array().map_or(0, Vec::len)
}

#[test]
fn a_drive_without_a_free_byte_is_looked_at_like_any_other() {
    let world = World::new();
    let Some(([pep, anna], _drive, ballast)) = full_pair(&world, &["old.bin"], 100_000) else {
        return;
    };
    let index = || fs::read(anna.private().join("index.sqlite")).expect("there is an index");
    let (before, mail, known) = (anna.tree(), world.mail(), index());
    let status = anna.json(["status", anna.at()]).expect_code(0).document();
    let status = &status[0];
    assert_eq!(
        (
            &status["headline"]["code"],
            &status["local_changes"]["entries"],
            &status["incoming"]["changesets"]
        ),
        (&json!("drive_full"), &json!(1), &json!(1)),
        "{status:#}"
    );
    assert_eq!(
        (&status["conflicts"], &status["drive"]["free_bytes"]),
        (&json!(1), &json!(0))
    );
    anna.run(["status", anna.at()]).expect_code(0).expect_out(
        "The drive is full: a sync cannot note on it what comes and goes, and stops. Nothing is lost. Free at least 1 MB on it, \
         then sync. The trash on it holds 100.0 kB: `offsync trash empty FOLDER` frees that.",
    );
    assert_eq!(
        anna.json(["diff", anna.at()]).expect_code(0).document()[0]["path"],
        "own.txt"
    );
    assert_eq!(lines(&anna.json(["locations", anna.at()])), 2);
    assert_eq!(lines(&anna.json(["conflicts", anna.at()])), 1);
    assert_eq!(lines(&anna.json(["trash", "list", anna.at()])), 1);
    anna.json(["log", anna.at()]).expect_code(0);
    anna.json(["lost", anna.at()]).expect_code(0);
    let mailbox = anna.json(["mailbox", "show", anna.at()]).expect_code(0).document();
    assert_ne!(mailbox["objects"], 0);
    let rehearsed = anna.json(["sync", anna.at(), "--dry-run"]).expect_code(5).only_report();
    assert_eq!(
        (&rehearsed["posted"]["entries"], &rehearsed["applied"]["deleted"]),
        (&json!(1), &json!(1)),
        "{rehearsed:#}"
    );
    let reason = rehearsed["skipped"][0]["reason"].as_str().expect("a reason");
    assert!(
        reason.starts_with("the drive is full: a sync cannot note on it"),
        "{reason}"
    );
    assert_eq!(before, anna.tree());
    anna.json(["sync", anna.at()]).expect_failure(
        1,
        "drive_full",
        &["Free at least 1 MB on it, then sync.", "offsync trash empty"],
    );
    anna.json(["location", "rename", anna.at(), "anna's home", "--label", "Anna"])
        .expect_failure(
            1,
            "drive_full",
            &[
                "cannot note on it what it does",
                "Free at least 1 MB on the drive and try again.",
            ],
        );
    assert!(index() == known && world.mail() == mail, "nothing was changed anywhere");
    assert_eq!(before, anna.tree());
    fs::remove_file(ballast).expect("it is there");
    settle(&[&anna, &pep]);
    assert!(pep.has("own.txt") && !anna.has("b.txt"));
    let status = anna.json(["status", anna.at()]).document();
    assert_ne!(status[0]["headline"]["code"], "drive_full");
}

#[test]
fn damage_on_a_full_drive_is_named_though_it_cannot_be_noted() {
    let world = World::new();
    let Some((_, anna, mut drive)) = rotting::pair(&world) else {
        return;
    };
    drive.unmount();
    drive.rot(b"Dear Anna, here is what you asked for.");
    drive.mount(None);
    let ballast = fill(&anna);
    let verify = || anna.json(["verify", anna.at(), "--all"]).expect_code(5).document();
    let found = verify();
    check(&found, &schema::verify(), &schema::VERIFY_MORE);
    let damaged = json!(["letter.txt"]);
    assert_eq!(
        (&found["damaged"], &found["not_noted"]),
        (&damaged, &json!(true)),
        "{found:#}"
    );
    anna.run(["verify", anna.at(), "--all"]).expect_code(5).expect_out(
        "The drive is full, so what was found is not noted on it: free at least 1 MB there, and verify again.",
    );
    anna.json(["verify", anna.at(), "--all", "--repair"]).expect_failure(
        1,
        "drive_full",
        &["Free at least 1 MB on the drive and try again."],
    );
    fs::remove_file(ballast).expect("it is there");
    let found = verify();
    assert_eq!(
        (&found["damaged"], &found["not_noted"]),
        (&damaged, &json!(null)),
        "{found:#}"
    );
}

#[test]
fn emptying_the_trash_of_a_full_drive_makes_room_however_little_each_file_takes() {
    let world = World::new();
    let Some(([pep, anna], _drive, _ballast)) = full_pair(&world, &["1", "2", "3", "4", "5"], 1) else {
        return;
    };
    let emptied = anna
        .json(["trash", "empty", anna.at(), "--yes"])
        .expect_code(0)
        .document();
    assert_eq!(
        (&emptied["files"], &emptied["bytes"]),
        (&json!(5), &json!(5)),
        "{emptied:#}"
    );
    assert_eq!(lines(&anna.json(["trash", "list", anna.at()])), 0);
    assert!(anna.has("own.txt") && pep.has("stays-1.txt"));
}

#[test]
fn what_would_end_halfway_on_a_full_drive_is_refused_before_anything_is_changed() {
    let world = World::new();
    let Some(([_, anna], _drive, ballast)) = full_pair(&world, &["old.bin"], 100_000) else {
        return;
    };
    let (tree, trash) = (anna.tree(), tree::of(&anna.private().join("trash")));
    let words = ["Nothing was changed.", "Free at least 1 MB on the drive and try again."];
    for command in [
        &["trash", "restore", anna.at(), "old.bin"][..],
        &["resolve", anna.at(), "a.txt", "--keep", "winner"],
    ] {
        anna.json(command.iter().copied())
            .expect_failure(1, "drive_full", &words);
    }
    let nas = world.path("nas");
    fs::create_dir(&nas).expect("a folder can be made");
    let url = format!("fs://{}", text(&nas));
    anna.json(["mailbox", "move", anna.at(), &url]).expect_failure(
        1,
        "drive_full",
        &[
            "The mailbox was not moved and is used where it was. The drive is full",
            "try again",
        ],
    );
    let out = anna.folder.with_file_name("sheet.txt");
    anna.json(["recovery", anna.at(), "--out", text(&out)]).expect_failure(
        1,
        "drive_full",
        &[
            "sheet.txt' could not be written: its drive is full.",
            "Make room there, or choose another place.",
        ],
    );
    assert_eq!((tree, trash), (anna.tree(), tree::of(&anna.private().join("trash"))));
    fs::remove_file(ballast).expect("it is there");
    anna.json(["mailbox", "move", anna.at(), &url]).expect_code(0);
    anna.json(["trash", "restore", anna.at(), "old.bin"]).expect_code(0);
    anna.json(["resolve", anna.at(), "a.txt", "--keep", "winner"])
        .expect_code(0);
}

#[test]
fn beginning_on_a_full_drive_leaves_nothing_behind() {
    let world = World::new();
    let Some(_drive) = SmallDrive::mount(&world.path("drives/anna"), DRIVE_BYTES) else {
        return;
    };
    let (pep, anna) = (world.home("pep"), world.home("anna"));
    pep.write("a.txt", "a");
    world.init(&pep);
    let ballast = fill(&anna);
    let other = world.path("other mailbox");
    fs::create_dir(&other).expect("a folder can be made");
    let url = format!("fs://{}", text(&other)).replace(' ', "%20");
    let init = ["init", anna.at(), "--name", "N", "--label", "L", "--mailbox", &url];
    anna.json(init)
        .expect_failure(1, "drive_full", &["Free at least 1 MB on the drive and try again."]);
    assert!(tree::of(&other).is_empty(), "no mailbox is left");
    let to = anna.folder.with_file_name("Copy");
    let copy = ["copy", pep.at(), text(&to), "--label", "A", "--person", "A"];
    pep.json(copy).expect_failure(
        1,
        "drive_full",
        &[
            "could not be written: its drive is full.",
            "Make room there, or choose another place.",
        ],
    );
    assert!(!to.exists() && !anna.private().exists());
    fs::remove_file(ballast).expect("it is there");
    anna.json(init).expect_code(0);
    pep.json(copy).expect_code(0);
    assert_eq!(tree::of(&other).len(), 1, "one mailbox, and nothing in it yet");
}

#[test]
fn a_mailbox_without_a_free_byte_is_said_to_be_full_and_nothing_is_lost() {
    let world = World::new();
    let Some(_nas) = SmallDrive::mount(&world.mailbox(), 1 << 20) else {
        return;
    };
    let [pep, anna] = world.pair(|pep| pep.write("a.txt", "a"));
    pep.write("b.txt", "b");
    pep.sync();
    let ballast = fill_with(world.mailbox().join("ballast"));
    anna.write("c.txt", "c");
    let full = anna.json(["sync", anna.at()]);
    let said = full.expect_code(5).document();
    let reason = said[0]["skipped"][0]["reason"].as_str().expect("a reason");
    assert!(
        reason.starts_with("the mailbox is full: ") && reason.contains("make room there"),
        "{reason}"
    );
    assert!(!full.stdout.contains("head."), "no object is named: {full}");
    fs::remove_file(ballast).expect("it is there");
    settle(&[&anna, &pep]);
    assert!(anna.has("b.txt") && pep.has("c.txt"));
}

#[test]
fn settings_without_a_free_byte_let_no_mailbox_move_halfway_and_no_key_go() {
    let world = World::new();
    let mut room = None;
    let [pep, anna] = world.pair(|pep| {
        room = SmallDrive::mount(&pep.settings(), 1 << 20);
        pep.write("a.txt", "a");
    });
    let Some(_room) = room else { return };
    let other = world.path("other mailbox");
    fs::create_dir(&other).expect("a folder can be made");
    let url = format!("fs://{}", text(&other)).replace(' ', "%20");
    let at = || pep.json(["mailbox", "show", pep.at()]).document()["mailbox"].clone();
    let before = at();
    let ballast = fill_with(pep.settings().join("ballast"));
    for way in ["move", "use"] {
        let (marker, mail) = (fs::read(pep.private().join("location.toml")), world.mail());
        let said: &[&str] = match way {
            "move" => &[
                "was not moved and is used where it was",
                "could not be written",
                "Make room where they lie",
            ],
            _ => &["could not be written", "Make room where they lie"],
        };
        pep.json(["mailbox", way, pep.at(), &url])
            .expect_failure(1, "settings", said);
        let now = fs::read(pep.private().join("location.toml"));
        assert_eq!(now.expect("a marker"), marker.expect("a marker"), "{way}");
        assert_eq!((at(), world.mail()), (before.clone(), mail), "{way}");
    }
    pep.json(["forget", pep.at(), "--yes"]).expect_failure(
        1,
        "keystore",
        &["Make room where Offsync's settings lie, and try again: nothing was changed."],
    );
    fs::remove_file(ballast).expect("it is there");
    pep.write("b.txt", "b");
    pep.sync();
    for home in [&pep, &anna] {
        home.json(["mailbox", "move", home.at(), &url]).expect_code(0);
    }
    settle(&[&pep, &anna]);
    assert!(anna.has("b.txt"));
}
