//! Edits that keep a file's size and time, as taggers and photo tools make them, on real drives that keep no more than that.

use std::fs::{File, FileTimes};

use serde_json::json;

use crate::foreign_drive::ForeignDrive;
use crate::rotting::{pair, rest};
use crate::schema;
use crate::world::{Home, World};

const LETTER: &str = "Dear Anna, here is what you asked for.";
const EDITED: &str = "Dear Anna, this is what you asked for!";

/// Writes what is as long, as some programs do: in place, with the time of before.
fn edit_unseen(home: &Home, path: &str, bytes: &[u8]) {
    let at = home.folder.join(path);
    let before = at.metadata().expect("it is there");
    assert_eq!(before.len(), bytes.len() as u64, "as long as before");
    home.write(path, bytes);
    let file = File::options().write(true).open(&at).expect("it can be opened");
    // exFAT through FUSE sets no time alone.
    let then = before.modified().expect("a time");
    file.set_times(FileTimes::new().set_accessed(then).set_modified(then))
        .expect("times can be set");
}

/// Lets Anna edit the letter so that it looks like damage, and find that out of it, and of what else she edited so.
fn found(anna: &Home, drive: &mut ForeignDrive, damaged: &[&str]) {
    edit_unseen(anna, "letter.txt", EDITED.as_bytes());
    drive.replug(None);
    let quick = anna.sync();
    assert_eq!(quick["posted"]["changesets"], 0, "nothing tells of it: {quick:#}");
    let found = anna.json(["verify", anna.at(), "--all"]);
    found.expect_code(5);
    assert_eq!(found.document()["damaged"], json!(damaged), "{found}");
}

#[test]
fn an_edit_that_keeps_size_and_time_is_sent_once_a_person_says_that_it_is_one() {
    let world = World::new();
    let Some((pep, anna, mut drive)) = pair(&world) else {
        return;
    };
    let mut film = pep.read("film.bin");
    film[4_000_000] ^= 7;
    edit_unseen(&anna, "film.bin", &film);
    found(&anna, &mut drive, &["film.bin", "letter.txt"]);
    anna.run(["verify", anna.at(), "--all"]).expect_code(5).expect_out(
        "  damaged: film.bin\n  damaged: letter.txt\nTo have the content of before again from another home: `offsync verify FOLDER --repair`. If you edited a file yourself: `offsync verify FOLDER --keep PATH`.\n",
    );

    let kept = anna.json(["verify", anna.at(), "--keep", "film.bin"]);

    kept.expect_code(0);
    let kept = kept.document();
    schema::check(&kept, &schema::verify(), &schema::VERIFY_MORE);
    assert_eq!(
        (&kept["kept"], &kept["damaged"], &kept["checked_files"]),
        (&json!(["film.bin"]), &json!(["letter.txt"]), &json!(0)),
        "{kept:#}"
    );
    for (command, code) in [("status", 5), ("sync", 5)] {
        anna.run([command, anna.at()]).expect_code(code).expect_out(
            "'letter.txt' is damaged on this drive. `offsync verify FOLDER --repair` has what lacks again from another home. If you edited it yourself, `offsync verify FOLDER --keep 'letter.txt'` lets it stay as it is now, and the next sync sends it.",
        );
    }
    anna.run(["verify", anna.at(), "--keep", "letter.txt"])
        .expect_code(0)
        .expect_out(
            "letter.txt will be sent as your edit with the next sync.\nThe version before goes to the trash of the other homes when they get it.\n",
        );
    anna.json(["verify", anna.at(), "--keep", "letter.txt"])
        .expect_failure(1, "not_damaged", &["letter.txt"]);
    anna.run(["status", anna.at()]).expect_out("1 change");
    anna.sync();
    pep.sync();
    assert_eq!(
        (pep.read("letter.txt"), pep.read("film.bin") == film),
        (EDITED.into(), true)
    );
    assert!(pep.keeps(LETTER.as_bytes()), "the version before is in the trash");
    rest(&pep, &anna);
    anna.run(["verify", anna.at(), "--all"])
        .expect_code(0)
        .expect_out("Everything reads as it should.\n");
    assert!(world.waiting().is_empty(), "{:?}", world.waiting());
}

#[test]
fn what_was_asked_for_already_is_kept_all_the_same() {
    let world = World::new();
    let Some((pep, anna, mut drive)) = pair(&world) else {
        return;
    };
    found(&anna, &mut drive, &["letter.txt"]);
    anna.json(["verify", anna.at(), "--repair"]).expect_code(5);
    let served = pep.sync();
    assert_eq!(
        served["served"][0]["label"], "anna's home",
        "its pieces lie in the mailbox: {served:#}"
    );

    let at = anna.folder.join("letter.txt");
    let kept = anna.json(["verify", anna.at(), "--keep", crate::world::text(&at)]);

    assert_eq!(kept.expect_code(0).document()["kept"], json!(["letter.txt"]), "{kept}");
    let sent = anna.sync();
    assert_eq!(
        (&sent["repaired"], &sent["posted"]["entries"]),
        (&json!([]), &json!(1)),
        "{sent:#}"
    );
    pep.sync();
    assert_eq!(
        (pep.read("letter.txt"), anna.read("letter.txt")),
        (EDITED.into(), EDITED.into())
    );
    rest(&pep, &anna);
    assert!(world.waiting().is_empty(), "{:?}", world.waiting());
}

#[test]
fn an_edit_of_another_home_stands_beside_what_is_kept_here() {
    let world = World::new();
    let Some((pep, anna, mut drive)) = pair(&world) else {
        return;
    };
    found(&anna, &mut drive, &["letter.txt"]);
    pep.write("letter.txt", "Dear Anna, I changed my mind.");
    pep.sync();
    anna.json(["verify", anna.at(), "--keep", "letter.txt"]).expect_code(0);
    anna.sync();
    rest(&pep, &anna);
    let conflicts = anna.json(["conflicts", anna.at()]).document();
    assert_eq!(conflicts.as_array().map(Vec::len), Some(1), "{conflicts:#}");
    let name = |side: &str| conflicts[0][side].as_str().expect("a path").to_owned();
    for home in [&pep, &anna] {
        let mut held = [home.read(&name("path")), home.read(&name("copy"))];
        held.sort();
        assert_eq!(held, [b"Dear Anna, I changed my mind.".to_vec(), EDITED.into()]);
    }
}

#[test]
fn a_link_that_the_drive_cannot_show_is_asked_of_nobody_while_something_is_damaged() {
    let world = World::new();
    let Some((pep, anna, mut drive)) = pair(&world) else {
        return;
    };
    std::os::unix::fs::symlink("notes.txt", pep.folder.join("link")).expect("a link can be made");
    for home in [&pep, &anna, &pep] {
        home.sync();
    }
    found(&anna, &mut drive, &["letter.txt"]);
    anna.json(["verify", anna.at(), "--repair"]).expect_code(5);
    let report = anna.json(["sync", anna.at()]).expect_code(5).only_report();
    assert!(
        report["missing_chunks"].as_u64() > Some(0),
        "the letter is asked for: {report:#}"
    );
    assert_eq!(report["lacking"], json!({"files": 0, "bytes": 0}), "{report:#}");
    let told = anna.run(["sync", anna.at()]);
    assert!(!told.expect_code(5).stdout.contains("not here yet"), "{told}");
    told.expect_out("'letter.txt' is damaged on this drive, and what lacks was asked for.");
}

/// What is said of an edit that was kept and then changed unseen once more leads nowhere but to what helps.
#[test]
fn a_kept_edit_that_is_edited_unseen_once_more_is_said_to_be_in_no_other_home() {
    const AGAIN: &str = "Dear Anna, that is what you asked for?";
    let world = World::new();
    let Some((pep, anna, mut drive)) = pair(&world) else {
        return;
    };
    found(&anna, &mut drive, &["letter.txt"]);
    anna.json(["verify", anna.at(), "--keep", "letter.txt"]).expect_code(0);
    edit_unseen(&anna, "letter.txt", AGAIN.as_bytes());
    drive.replug(None);

    let found = anna.json(["verify", anna.at(), "--all"]);

    let document = found.expect_code(5).document();
    schema::check(&document, &schema::verify(), &schema::VERIFY_MORE);
    assert_eq!(document["unsent"], json!(["letter.txt"]), "{document:#}");
    // Neither of these loses what the other home has, and both name what helps.
    for _ in 0..2 {
        anna.run(["verify", anna.at(), "--all", "--repair"])
            .expect_code(5)
            .expect_out("What they held was not sent yet, and no other home shows it. `offsync verify FOLDER --keep PATH` lets a file stay as it is now");
        for (command, code) in [("status", 5), ("sync", 5)] {
            anna.run([command, anna.at()]).expect_code(code).expect_out(
                "'letter.txt' is damaged on this drive, and what it held was not sent yet. No other home shows it: `offsync verify FOLDER --keep 'letter.txt'` lets it stay as it is now, and the next sync sends it; the other homes put a version of before into their trash.",
            );
        }
        pep.sync();
        assert_eq!(
            (pep.read("letter.txt"), anna.read("letter.txt")),
            (LETTER.into(), AGAIN.into())
        );
    }
    anna.run(["verify", anna.at(), "--keep", "letter.txt"]).expect_code(0);
    anna.sync();
    pep.sync();
    assert_eq!(pep.read("letter.txt"), AGAIN.as_bytes());
    assert!(pep.keeps(LETTER.as_bytes()), "the version before is in the trash");
    rest(&pep, &anna);
    assert!(world.waiting().is_empty(), "{:?}", world.waiting());
}
