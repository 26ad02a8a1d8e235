//! Forgetting: the computer lets go of keys and notes; the drive and its files stay as they are.

use std::fs;

use crate::at_a_terminal::typed;
use crate::schema::{self, check};
use crate::tree;
use crate::world::{Home, World, invited, settle, text};

fn fill(pep: &Home) {
    pep.write("a.txt", "a");
}

/// Counts the secrets that a computer keeps: the number stands behind the first line of their file.
fn keys(home: &Home) -> usize {
    let bytes = fs::read(home.settings().join("keys")).expect("there is a file of secrets");
    let (_, rest) = bytes.split_at(bytes.iter().position(|byte| *byte == b'\n').expect("a first line") + 1);
    usize::from(rest[0])
}

#[test]
fn an_archive_with_a_sheet_is_forgotten_and_comes_back_with_it() {
    let world = World::new();
    let [pep, anna] = world.pair(fill);
    let sheet = world.path("sheet.txt");
    pep.run(["recovery", pep.at(), "--out", text(&sheet)]).expect_code(0);
    // What is known of the sheet outlives syncs.
    pep.sync();
    let before = (pep.tree(), tree::of(&pep.private()), world.mail());
    let forgotten = pep.json(["forget", pep.at()]).expect_code(0).document();
    check(&forgotten, &schema::forget(), &schema::FORGET_MORE);
    assert_eq!(
        (&forgotten["forgotten"], &forgotten["held"]),
        (&true.into(), &serde_json::Value::Null)
    );
    assert_eq!(before, (pep.tree(), tree::of(&pep.private()), world.mail()));
    assert_eq!(keys(&pep), 0, "its keys are gone");
    assert!(tree::of(&pep.settings().join("drives")).is_empty(), "and its notes");
    assert_eq!(pep.json(["status"]).document(), serde_json::json!([]));
    pep.json(["sync", pep.at()]).expect_failure(
        1,
        "no_key",
        &[
            "--recovery",
            "Who began the archive has no six words",
            "`offsync invite`",
        ],
    );
    pep.json(["join", pep.at(), "--recovery", text(&sheet)]).expect_code(0);
    settle(&[&pep, &anna]);
}

#[test]
fn without_a_sheet_it_waits_for_a_yes() {
    let world = World::new();
    let [pep, anna] = world.pair(fill);
    let held = anna.json(["forget", anna.at()]).expect_code(3).document();
    check(&held, &schema::forget(), &schema::FORGET_MORE);
    assert_eq!(
        (&held["forgotten"], &held["held"]["reason"]),
        (&false.into(), &"no_recovery_sheet".into())
    );
    let told = anna.run(["forget", anna.at()]);
    told.expect_code(3);
    assert!(
        told.stdout.contains("was not forgotten") && told.stdout.contains("--yes"),
        "{told}"
    );
    assert_eq!(keys(&anna), 1);
    anna.sync();
    let told = anna.run(["forget", anna.at(), "--yes"]);
    assert!(
        told.expect_code(0)
            .stdout
            .contains("has forgotten 'anna's home' of 'Photos'"),
        "{told}"
    );
    // The six words still open the drive, as the same location.
    let words = world.path("anna.words");
    anna.run(["join", anna.at(), "--phrase-file", text(&words)])
        .expect_code(0);
    settle(&[&pep, &anna]);
}

#[test]
fn a_drive_that_is_away_is_forgotten_by_folder_label_or_id() {
    let world = World::new();
    let name_by = |how: &dyn Fn(&Home, &str) -> String| {
        let pep = world.home("pep");
        let folder = world.path("drives/pep/Photos");
        fs::create_dir_all(&folder).expect("a folder can be made");
        world.init(&pep);
        let id = pep.json(["status", pep.at()]).document()[0]["location_id"].clone();
        fs::remove_dir_all(&folder).expect("a drive can go away");
        let said = how(&pep, id.as_str().expect("an id"));
        pep.json(["forget", &said]).expect_code(3);
        pep.json(["forget", &said, "--yes"]).expect_code(0);
        assert_eq!(pep.json(["status"]).document(), serde_json::json!([]));
        assert_eq!(keys(&pep), 0);
        fs::remove_dir_all(pep.settings()).expect("settings can go");
    };
    name_by(&|pep, _| pep.at().to_owned());
    name_by(&|_, _| "Pep's home".to_owned());
    name_by(&|_, id| id[..6].to_owned());
}

#[test]
fn what_is_not_known_or_in_use_is_not_forgotten() {
    let world = World::new();
    let [pep, _anna] = world.pair(fill);
    pep.json(["forget", "somewhere else"]).expect_failure(
        1,
        "unknown_archive",
        &["knows no archive", "offsync status"],
    );
    let second = world.path("second");
    fs::create_dir(&second).expect("a folder can be made");
    pep.run([
        "init",
        text(&second),
        "--name",
        "Films",
        "--label",
        "Pep's home",
        "--mailbox",
        &world.mailbox_url(),
    ])
    .expect_code(0);
    pep.json(["forget", "Pep's home", "--yes"]).expect_failure(
        1,
        "ambiguous_archive",
        &["several archives", "Name the folder"],
    );
    let lock = pep.lock();
    pep.json(["forget", pep.at(), "--yes"])
        .expect_failure(4, "busy", &["nother Offsync"]);
    drop(lock);
    pep.json(["forget", "Films", "--yes"]).expect_code(0);
    assert_eq!(keys(&pep), 1, "the other archive's keys stay");
    pep.sync();
}

#[test]
fn whoever_forgets_at_a_terminal_is_asked_with_the_archive_named_in_full() {
    let world = World::new();
    let pep = world.home("pep");
    pep.write("2024/a.txt", "a");
    world.init(&pep);
    let sheet = world.path("sheet.txt");
    let below = pep.folder.join("2024");
    let asked = format!("Forget 'Pep's home' of 'Photos' ('{}') on this computer", pep.at());
    for (no, has_sheet) in [("n\n", false), ("\n", false), ("what?\n", true)] {
        if has_sheet {
            pep.run(["recovery", pep.at(), "--out", text(&sheet)]).expect_code(0);
        }
        let told = typed(&pep, &below, "forget .", &[(asked.as_str(), no)]);
        told.expect_code(3)
            .expect_out(&asked)
            .expect_out("Nothing was changed.");
        assert_eq!(
            told.stdout.contains("No recovery sheet was written."),
            !has_sheet,
            "{told}"
        );
        assert_eq!(keys(&pep), 1);
    }
    typed(&pep, &below, "forget .", &[(asked.as_str(), "y\n")])
        .expect_code(0)
        .expect_out("This computer has forgotten 'Pep's home' of 'Photos'");
    assert_eq!(keys(&pep), 0);
}

#[test]
fn the_way_back_that_is_named_is_there() {
    let world = World::new();
    let [pep, anna] = world.pair(fill);
    // Anna joined with six words, Pep began the archive and has none.
    let told = anna.run(["forget", anna.at(), "--yes"]);
    told.expect_out("`offsync join FOLDER` with the six words that it joined with.\n");
    let words = world.path("anna.words");
    anna.run(["join", anna.at(), "--phrase-file", text(&words)])
        .expect_code(0);
    let held = pep.run(["forget", pep.at()]);
    held.expect_code(3)
        .expect_out("It began the archive and has no six words");
    let told = pep.run(["forget", pep.at(), "--yes"]);
    told.expect_code(0).expect_out(
        "a new invitation from another home (`offsync invite` there), after the folder .offsync was moved out",
    );
    let [out, words] = invited(&world, &anna, "Pep");
    let join = || {
        let join = [
            "join",
            pep.at(),
            "--invitation",
            text(&out),
            "--phrase-file",
            text(&words),
        ];
        pep.json(join)
    };
    let before = pep.tree();
    let said = ["'Pep's home'", "for 'Pep'", "move the folder .offsync out"];
    join().expect_failure(1, "another_location", &said);
    assert_eq!(keys(&pep), 0, "no key is kept that opens nothing here");
    fs::rename(pep.private(), world.path("moved out")).expect("it can be moved out");
    join().expect_code(0);
    before.expect_same(&pep.tree(), "the files stay");
    for home in [&pep, &anna, &pep, &anna] {
        home.json(["sync", home.at()]);
    }
    anna.json(["location", "remove", anna.at(), "Pep's home", "--yes"])
        .expect_code(0);
    settle(&[&anna, &pep]);
}

#[test]
fn who_joined_with_an_invitation_in_a_file_comes_back_in_the_way_that_is_named() {
    let world = World::new();
    let [pep, anna] = world.pair(fill);
    let [out, words] = invited(&world, &pep, "Tia");
    let tia = world.home("tia");
    let with_words = ["join", tia.at(), "--phrase-file", text(&words)];
    let with_file = ["--invitation", text(&out)];
    tia.run(with_words.into_iter().chain(with_file)).expect_code(0);
    settle(&[&pep, &anna, &tia]);
    // The envelope stays on the drive: the same words open it again.
    let told = tia.run(["forget", tia.at(), "--yes"]);
    told.expect_code(0)
        .expect_out("`offsync join FOLDER` with the six words");
    tia.run(with_words).expect_code(0);
    // Whoever joined before it did needs the file.
    fs::remove_file(tia.private().join("invitation")).expect("it stayed there");
    let way = "`offsync join FOLDER --invitation FILE` with the file of its invitation and the six words";
    tia.run(["forget", tia.at()]).expect_code(3).expect_out(way);
    tia.run(["forget", tia.at(), "--yes"]).expect_code(0).expect_out(way);
    tia.run(with_words.into_iter().chain(with_file)).expect_code(0);
    settle(&[&pep, &anna, &tia]);
}
