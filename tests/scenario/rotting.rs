//! Bit rot on a real drive: a byte of the image turns while the drive is out, and nothing tells of it but the content.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use serde_json::json;

use crate::foreign::set_time;
use crate::foreign_drive::{ForeignDrive, Kind};
use crate::machine::{give_to_nobody, without_rights};
use crate::output::Output;
use crate::world::{Home, World};

/// Pep on Linux, Anna on exFAT or FAT, with a small and a large file that both hold.
pub(crate) fn pair(world: &World) -> Option<(Home, Home, ForeignDrive)> {
    let (_, drive) = ForeignDrive::home(world, "anna")?;
    let pep = world.home("pep");
    pep.write("letter.txt", "Dear Anna, here is what you asked for.");
    pep.write("film.bin", crate::story::noise(5, 6 << 20));
    pep.write("notes.txt", "kept as they are");
    pep.age();
    world.init(&pep);
    let anna = world.give_copy(&pep, "anna");
    rest(&pep, &anna);
    Some((pep, anna, drive))
}

/// Lets the letter and the film rot while the drive is out; gives the film as it was.
fn rot_letter_and_film(pep: &Home, drive: &mut ForeignDrive) -> Vec<u8> {
    let film = pep.read("film.bin");
    drive.unmount();
    drive.rot(b"Dear Anna, here is what you asked for.");
    drive.rot(&film[3_000_000..3_000_100]);
    drive.mount(None);
    film
}

/// Such a pair, of whom Anna knows that both rotted on her drive; with the film as it was.
fn rotten_pair(world: &World) -> Option<(Home, Home, ForeignDrive, Vec<u8>)> {
    let (pep, anna, mut drive) = pair(world)?;
    let film = rot_letter_and_film(&pep, &mut drive);
    anna.json(["verify", anna.at(), "--all"]).expect_code(5);
    Some((pep, anna, drive, film))
}

/// Syncs both until nobody has anything to say; neither has permissions to compare.
pub(crate) fn rest(pep: &Home, anna: &Home) {
    for _ in 0..3 {
        [pep, anna].into_iter().for_each(|home| drop(home.sync()));
    }
    for home in [pep, anna] {
        let report = home.sync();
        assert_eq!(
            (&report["posted"]["changesets"], &report["up_to_date"]),
            (&json!(0), &json!(true)),
            "{report:#}"
        );
    }
}

#[test]
fn rot_is_found_named_never_posted_and_healed_from_another_home() {
    let world = World::new();
    let Some((pep, anna, mut drive)) = pair(&world) else {
        return;
    };
    let film = rot_letter_and_film(&pep, &mut drive);
    assert_ne!(anna.read("film.bin"), film, "it did rot");
    let quick = anna.sync();

    assert_eq!(quick["scanned"]["hashed_files"], 0, "nothing tells of it: {quick:#}");

    let found = anna.json(["verify", anna.at(), "--all"]);

    found.expect_code(5);
    let found = found.document();

    assert_eq!(found["damaged"], json!(["film.bin", "letter.txt"]), "{found:#}");
    assert_eq!((&found["repaired"], &found["wanted"]), (&json!([]), &json!([])));
    assert!(found["completed"].is_null(), "a pass that found damage is no proof");
    anna.run(["status", anna.at()]).expect_out(
        "'film.bin' and 1 more are damaged on this drive. `offsync verify FOLDER --repair` has what lacks again from another home. If you edited one of them yourself, `offsync verify FOLDER --keep PATH` lets it stay as it is now, and the next sync sends it.",
    );
    let status = anna.json(["status", anna.at()]).document();
    assert_eq!(
        (&status[0]["receipt"], &status[0]["no_receipt"]),
        (&json!(null), &json!({"reason": "damaged", "files": 2}))
    );
    anna.run(["locations", anna.at()])
        .expect_out("No receipt: 2 files are damaged on this drive; `offsync status FOLDER` tells what to do.\n");
    // The step that is next is said, and all else as ever.
    let ask = "'film.bin' and 1 more are damaged on this drive. `offsync verify FOLDER --repair`";
    anna.write("mine.txt", "written beside the damage");
    // What was written within two seconds of being read is not compared; on a fast machine all of this takes no longer.
    std::thread::sleep(Duration::from_millis(2_100));
    anna.run(["status", anna.at()])
        .expect_out(ask)
        .expect_out("  goes with the next sync: 1 change\n")
        .expect_out("  4 files here;")
        .expect_out("Pep's home [");
    anna.run(["sync", anna.at()])
        .expect_code(5)
        .expect_out("  sent: 1 added (")
        .expect_out(ask);
    pep.sync();
    pep.run(["status", pep.at()])
        .expect_out("Only this home is known to have everything.")
        .expect_out("]: not all is there yet, last seen");
    let quick = anna.sync_damaged();

    assert_eq!(
        quick["damaged"][0],
        json!({"path": "film.bin", "asked_for": false, "lost": false}),
        "{quick:#}"
    );
    assert_eq!(
        (&quick["posted"]["changesets"], &quick["up_to_date"]),
        (&json!(0), &json!(true)),
        "{quick:#}"
    );
    let deep = anna.json(["sync", anna.at(), "--deep"]);

    deep.expect_code(5);
    assert_eq!(deep.only_report()["posted"]["changesets"], 0, "damage is never posted");

    let asked = anna.run(["verify", anna.at(), "--all", "--repair"]);
    asked
        .expect_code(5)
        .expect_out("  damaged: letter.txt\n")
        .expect_out("  asked for: film.bin\n")
        .expect_out("Another home puts the lacking pieces into the mailbox when it syncs; sync here after that.\n");
    assert!(
        anna.has("film.bin"),
        "what is damaged stays until it can be put together"
    );
    let waits = "and what lacks was asked for. The next sync of 'Pep's home' sends it; sync here after that.";
    for (command, code) in [("status", 5), ("sync", 5)] {
        let told = anna.run([command, anna.at()]);
        told.expect_code(code).expect_out(waits);
        assert!(!told.stdout.contains("--repair"), "it was asked for already: {told}");
    }
    let served = pep.sync();
    assert_eq!(
        (&served["served"][0]["label"], &served["served"][0]["state"]),
        (&json!("anna's home"), &json!(false)),
        "{served:#}"
    );
    anna.run(["status", anna.at()])
        .expect_out("what lacks has come. Sync here to heal it.");

    let uploaded = served["posted"]["uploaded_bytes"].as_u64().expect("a number");
    assert!(uploaded < 4 << 20, "only the pieces that lack are served: {uploaded}");
    let healed = anna.json(["verify", anna.at(), "--all", "--repair"]);
    healed.expect_code(0);
    let healed = healed.document();
    assert_eq!(healed["repaired"], json!(["film.bin", "letter.txt"]), "{healed:#}");
    assert_eq!(
        (anna.read("film.bin"), anna.read("letter.txt")),
        (film, pep.read("letter.txt"))
    );
    let trash = anna.json(["trash", "list", anna.at()]).document();
    assert_eq!(
        trash.as_array().map(Vec::len),
        Some(2),
        "what was damaged is kept for a time: {trash:#}"
    );
    rest(&pep, &anna);
    assert!(world.waiting().is_empty(), "{:?}", world.waiting());
    anna.run(["verify", anna.at(), "--all"])
        .expect_code(0)
        .expect_out("Everything reads as it should.\n");
}

#[test]
fn a_damaged_file_that_somebody_saves_is_damaged_no_longer() {
    let world = World::new();
    let Some((pep, anna, mut drive)) = pair(&world) else {
        return;
    };
    drive.unmount();
    drive.rot(b"Dear Anna, here is what you asked for.");
    drive.mount(None);
    anna.json(["verify", anna.at(), "--all", "--repair"]).expect_code(5);
    anna.write("letter.txt", "Dear Pep, thank you.");
    anna.sync();
    rest(&pep, &anna);
    assert_eq!(pep.read("letter.txt"), b"Dear Pep, thank you.");
    anna.json(["verify", anna.at(), "--all"]).expect_code(0);
    assert!(world.waiting().is_empty(), "nothing is asked for any more");
}

/// Gives a file another time, as `touch` does.
fn touch(home: &Home, path: &str) {
    let file = std::fs::File::options().write(true).open(home.folder.join(path));
    set_time(
        &file.expect("it is there"),
        std::time::SystemTime::now() - Duration::from_secs(5_000),
    );
}

#[test]
fn a_damaged_file_that_is_only_touched_is_never_sent_and_heals() {
    let world = World::new();
    let Some((pep, anna, _drive, _)) = rotten_pair(&world) else {
        return;
    };
    let letter = pep.read("letter.txt");
    touch(&anna, "letter.txt");
    anna.rename("film.bin", "films/film.bin");
    touch(&anna, "films/film.bin");
    // Why it is not all of the archive that was read.
    anna.run(["verify", anna.at(), "--all"]).expect_code(5).expect_out(
        "2 files have changed during the last sync or since and can be compared after the next: sync, then verify again.\n",
    );
    anna.json(["diff", anna.at()]).expect_code(0);
    anna.run(["status", anna.at()]).expect_out("are damaged on this drive.");

    let asked = anna.json(["verify", anna.at(), "--all", "--repair"]);

    asked.expect_code(5);
    assert_eq!(
        (&asked.document()["made_of_damage"], &asked.document()["damaged"]),
        (&json!([]), &json!(["films/film.bin", "letter.txt"])),
        "{asked}"
    );
    pep.sync();
    assert_eq!(
        (pep.read("letter.txt"), pep.has("film.bin")),
        (letter.clone(), false),
        "no damage travels"
    );
    for _ in 0..2 {
        anna.json(["verify", anna.at(), "--all", "--repair"]);
        pep.sync();
    }
    assert_eq!(
        (anna.read("letter.txt"), anna.read("films/film.bin")),
        (letter, pep.read("films/film.bin"))
    );
    rest(&pep, &anna);
}

#[test]
fn what_is_made_of_a_damaged_file_is_sent_and_said_with_what_brings_the_version_from_before_back() {
    let world = World::new();
    let Some((pep, anna, _drive, film)) = rotten_pair(&world) else {
        return;
    };
    let letter = pep.read("letter.txt");
    let edited = [anna.read("letter.txt"), b" And more.".to_vec()].concat();
    anna.write("letter.txt", &edited);
    anna.write("copy of film.bin", anna.read("film.bin"));
    // Whoever looks in between forgets nothing.
    anna.json(["diff", anna.at()]).expect_code(0);
    anna.json(["status", anna.at()]).expect_code(5);

    let sent = anna.sync_damaged();

    let of_film = "it is a copy of 'film.bin', which was damaged on this drive when it was copied, and goes to the others as it reads. `offsync verify FOLDER --repair` heals 'film.bin'; copy it once more then, and delete this one";
    let of_letter = "it was damaged on this drive and was then changed: what it reads as now goes to the others as an edit. The version from before goes to the trash of 'Pep's home' once it syncs; `offsync trash restore FOLDER 'letter.txt'` there brings it back";
    assert_eq!(
        sent["made_of_damage"],
        json!([
            {"path": "copy of film.bin", "of": "film.bin", "copied": true, "had_by": [], "said": of_film},
            {"path": "letter.txt", "of": "letter.txt", "copied": false, "had_by": ["Pep's home"], "said": of_letter},
        ]),
        "{sent:#}"
    );
    assert_eq!(anna.sync_damaged()["made_of_damage"], json!([]), "it is said once");
    pep.sync();
    assert_eq!(pep.read("letter.txt"), edited);
    pep.json(["trash", "restore", pep.at(), "letter.txt"]).expect_code(0);
    assert_eq!(
        pep.read("letter (restored).txt"),
        letter,
        "it is back as the sentence says"
    );

    // The sync of a repair says it, too.
    anna.write("film.bin", [film, b"more".to_vec()].concat());
    anna.run(["verify", anna.at(), "--all", "--repair"])
        .expect_out("  note: film.bin: it was damaged on this drive and was then changed: ");
}

#[test]
fn a_damaged_file_under_another_name_is_no_edit_and_heals_there() {
    let world = World::new();
    let Some((pep, anna, _drive, film)) = rotten_pair(&world) else {
        return;
    };

    anna.rename("letter.txt", "letters/to Anna.txt");
    anna.rename("film.bin", "films/film.bin");
    anna.json(["diff", anna.at()]).expect_code(0);
    anna.run(["status", anna.at()])
        .expect_out("`offsync verify FOLDER --repair` has what lacks again from another home.");
    anna.sync_damaged();
    pep.sync();

    assert_eq!(
        (
            pep.read("letters/to Anna.txt").as_slice(),
            pep.has("letter.txt"),
            pep.read("films/film.bin") == film
        ),
        (b"Dear Anna, here is what you asked for.".as_slice(), false, true),
        "the rename travels, the damage does not"
    );
    anna.run(["status", anna.at()])
        .expect_out("'films/film.bin' and 1 more are damaged on this drive.");
    anna.json(["verify", anna.at(), "--all", "--repair"]).expect_code(5);
    pep.sync();
    anna.json(["verify", anna.at(), "--all", "--repair"]).expect_code(0);
    assert_eq!(
        (anna.read("letters/to Anna.txt"), anna.read("films/film.bin")),
        (pep.read("letters/to Anna.txt"), film)
    );
    rest(&pep, &anna);
}

/// Pep, and Anna on a drive of Linux's own, which keeps the time of each change to a file, and any name.
fn pair_on_ext4(world: &World, fill: impl FnOnce(&Home)) -> Option<(Home, Home, ForeignDrive)> {
    let (_, drive) = ForeignDrive::home_on(Kind::Ext4, world, "anna")?;
    let pep = world.home("pep");
    fill(&pep);
    pep.age();
    world.init(&pep);
    let anna = world.give_copy(&pep, "anna");
    rest(&pep, &anna);
    Some((pep, anna, drive))
}

#[test]
fn what_reads_otherwise_under_an_unchanged_change_time_and_any_name_can_be_kept() {
    const HELD: &str = "what this file alone holds";
    let world = World::new();
    let name = OsStr::from_bytes(b"it's caf\xe9\n.txt");
    let filled = pair_on_ext4(&world, |pep| {
        std::fs::write(pep.folder.join(name), HELD).expect("Linux holds every name");
        pep.write("other.txt", "other");
    });
    let Some((pep, anna, mut drive)) = filled else { return };
    drive.unmount();
    drive.rot(HELD.as_bytes());
    drive.mount(None);
    let now = std::fs::read(anna.folder.join(name)).expect("it is there");
    assert_ne!(now, HELD.as_bytes());
    let found = anna.run(["verify", anna.at(), "--all"]);
    found
        .expect_code(5)
        .expect_out("  damaged: $'it\\'s caf\\351\\n.txt'\n");
    let quick = anna.sync_damaged();
    assert_eq!(quick["damaged"][0]["path_base64"], "aXQncyBjYWbpCi50eHQ=", "{quick:#}");
    anna.run(["status", anna.at()])
        .expect_out("`offsync verify FOLDER --keep $'it\\'s caf\\351\\n.txt'` lets it stay as it is now, and the next sync sends it.");

    let kept = Output::of(anna.command(["verify", anna.at(), "--keep"]).arg(name));

    kept.expect_code(0)
        .expect_out("$'it\\'s caf\\351\\n.txt' will be sent as your edit with the next sync.\n");
    anna.sync();
    pep.sync();
    assert_eq!(std::fs::read(pep.folder.join(name)).expect("it is there"), now);
    assert!(pep.keeps(HELD.as_bytes()), "the version before is in the trash");
    rest(&pep, &anna);
}

#[test]
fn what_cannot_be_read_or_is_gone_or_whole_again_is_not_kept_and_says_why() {
    const HELD: &str = "what this file alone holds";
    let world = World::new();
    let Some((_, anna, mut drive)) = pair_on_ext4(&world, |pep| pep.write("a.txt", HELD)) else {
        return;
    };
    let rot = |drive: &mut ForeignDrive, bytes: &[u8]| {
        drive.unmount();
        drive.rot(bytes);
        drive.mount(None);
    };
    rot(&mut drive, HELD.as_bytes());
    anna.json(["verify", anna.at(), "--all"]).expect_code(5);
    let rotten = anna.read("a.txt");
    rot(&mut drive, &rotten);
    assert_eq!(anna.read("a.txt"), HELD.as_bytes());
    let keep = ["--json", "verify", anna.at(), "--keep", "a.txt"];
    anna.run(keep)
        .expect_failure(1, "reads_well", &["reads as it should again", "verify FOLDER --all"]);
    rot(&mut drive, HELD.as_bytes());
    give_to_nobody(world.base());
    let at = anna.folder.join("a.txt");
    let mode = |mode| std::fs::set_permissions(&at, std::fs::Permissions::from_mode(mode)).expect("it can be set");
    mode(0o000);
    Output::of(without_rights(&mut anna.command(keep))).expect_failure(
        1,
        "cannot_be_kept",
        &[
            "'a.txt' cannot be read (cannot open: Permission denied), so there is nothing to send",
            "--repair",
        ],
    );
    mode(0o644);
    anna.remove("a.txt");
    Output::of(without_rights(&mut anna.command(keep))).expect_failure(
        1,
        "gone",
        &["'a.txt' is no file any more", "Sync here"],
    );
}

#[test]
fn a_damaged_file_of_which_a_copy_was_sent_stays_damaged_when_it_is_touched_or_renamed() {
    let world = World::new();
    let Some((pep, anna, _drive, film)) = rotten_pair(&world) else {
        return;
    };
    let letter = pep.read("letter.txt");
    anna.write("copy of letter.txt", anna.read("letter.txt"));
    anna.write("copy of film.bin", anna.read("film.bin"));
    let said = anna.sync_damaged();
    assert_eq!(said["made_of_damage"].as_array().map(Vec::len), Some(2), "{said:#}");
    touch(&anna, "letter.txt");
    anna.rename("film.bin", "films/film.bin");
    let touched = "it is damaged on this drive: its name and time are sent, and what it reads as is not. `offsync verify FOLDER` says what can be done";
    let lines = anna.json(["diff", anna.at()]).document();
    let told = lines.as_array().expect("lines").iter();
    let files = told.filter(|line| line["path"] != "films");
    assert_eq!(
        files.map(|line| (&line["path"], &line["warnings"])).collect::<Vec<_>>(),
        [
            (&json!("films/film.bin"), &json!([touched])),
            (&json!("letter.txt"), &json!([touched])),
        ],
        "{lines:#}"
    );
    anna.run(["diff", anna.at()])
        .expect_code(0)
        .expect_out(&format!("  note: letter.txt: {touched}"));

    let sent = anna.sync_damaged();

    assert_eq!(
        (&sent["made_of_damage"], sent["damaged"].as_array().map(Vec::len)),
        (&json!([]), Some(2)),
        "{sent:#}"
    );
    pep.sync();
    assert_eq!(
        (pep.read("letter.txt"), pep.read("films/film.bin") == film),
        (letter.clone(), true),
        "no damage travels"
    );
    for _ in 0..2 {
        anna.json(["verify", anna.at(), "--all", "--repair"]);
        pep.sync();
    }
    assert_eq!(
        (anna.read("letter.txt"), anna.read("films/film.bin") == film),
        (letter, true)
    );
    rest(&pep, &anna);
}

#[test]
fn damage_that_comes_back_from_the_trash_is_sent_and_said() {
    let world = World::new();
    let Some((pep, anna, _drive, _)) = rotten_pair(&world) else {
        return;
    };
    let rotten = anna.read("letter.txt");
    pep.remove("letter.txt");
    pep.sync();
    anna.sync_damaged();
    assert!(!anna.has("letter.txt"));

    anna.json(["trash", "restore", anna.at(), "letter.txt"]).expect_code(0);
    let sent = anna.sync_damaged();

    let why = "it was damaged on this drive when it went to the trash, and goes to the others as it reads. Unless somebody deleted it there by hand, the version from before is in the trash of 'Pep's home' once it syncs; `offsync trash restore FOLDER 'letter.txt'` there brings it back";
    assert_eq!(
        sent["made_of_damage"],
        json!([{"path": "letter.txt", "of": "letter.txt", "copied": true, "had_by": ["Pep's home"], "said": why}]),
        "{sent:#}"
    );
    pep.sync();
    assert_eq!(pep.read("letter.txt"), rotten);
    assert_eq!(anna.sync_damaged()["made_of_damage"], json!([]), "it is said once");
}

#[test]
fn of_two_files_that_changed_places_diff_calls_the_damaged_one_so() {
    let world = World::new();
    let Some((pep, anna, _drive, _)) = rotten_pair(&world) else {
        return;
    };
    let letter = pep.read("letter.txt");
    anna.rename("letter.txt", "aside");
    anna.rename("notes.txt", "letter.txt");
    anna.rename("aside", "notes.txt");
    let damaged = "it is damaged on this drive: its name and time are sent, and what it reads as is not. `offsync verify FOLDER` says what can be done";

    let lines = anna.json(["diff", anna.at()]).document();

    let told = lines.as_array().expect("lines").iter();
    assert_eq!(
        told.map(|line| (&line["path"], &line["from"], &line["warnings"]))
            .collect::<Vec<_>>(),
        [
            (&json!("letter.txt"), &json!("notes.txt"), &json!(null)),
            (&json!("notes.txt"), &json!("letter.txt"), &json!([damaged])),
        ],
        "{lines:#}"
    );
    anna.sync_damaged();
    pep.sync();
    assert_eq!(pep.read("notes.txt"), letter);
}
