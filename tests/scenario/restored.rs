//! Drives put back from a backup, cloned, moved to another computer or renamed: nothing lost, all converge.

use std::path::Path;
use std::process::Command;

use crate::story::noise;
use crate::world::{Home, World, check_alike, settle};

fn fill(pep: &Home) {
    for number in 0..10 {
        pep.write(&format!("folder/{number}.bin"), noise(number, 4_000));
    }
    pep.write("a.txt", "a");
}

/// Copies a drive as a backup program does: everything, Offsync's own folder too.
pub(crate) fn clone_drive(from: &Path, to: &Path) {
    let status = Command::new("cp")
        .arg("-a")
        .arg(from)
        .arg(to)
        .status()
        .expect("cp is there");
    assert!(status.success());
}

const WENT_BACK: &str =
    "  The mailbox went back to an earlier state. Nothing is lost: everything is sent again where it lacks.\n";

fn put_back(world: &World, home: &Home, backup: &Path) {
    std::fs::remove_dir_all(&home.folder).expect("a drive can be erased");
    clone_drive(backup, &home.folder);
    assert!(world.base().is_dir());
}

/// Lets everybody sync some rounds, whatever they say, then expects rest.
fn rest(homes: &[&Home]) {
    for _ in 0..4 {
        for home in homes {
            let output = home.json(["sync", home.at()]);
            assert!(matches!(output.code, 0 | 5), "{output}");
        }
    }
    settle(homes);
}

#[test]
fn a_drive_put_back_from_before_its_last_changes_loses_nothing() {
    let world = World::new();
    let [pep, anna, grandma] = world.trio(fill);
    let backup = world.path("backup");
    clone_drive(&pep.folder, &backup);
    pep.write("after.txt", "made after the backup");
    pep.write("a.txt", "edited after the backup");
    pep.remove("folder/0.bin");
    pep.sync();
    anna.sync();
    put_back(&world, &pep, &backup);
    pep.write("restored.txt", "made on the restored drive");
    let report = pep.json(["sync", pep.at()]).only_report();
    assert_eq!(
        (&report["took_new_id"], &report["mailbox_went_back"]),
        (&true.into(), &false.into()),
        "it notices: {report:#}"
    );
    rest(&[&pep, &anna, &grandma]);
    let tree = grandma.tree();
    for kept in [
        &b"made after the backup"[..],
        b"edited after the backup",
        b"made on the restored drive",
    ] {
        assert!(tree.holds(kept), "{:?} in {tree:?}", String::from_utf8_lossy(kept));
    }
    assert_eq!(pep.read("a.txt"), b"edited after the backup", "an old copy is no edit");
    assert!(!tree.holds(&noise(0, 4_000)), "what was deleted stays deleted");
    assert_eq!(world.waiting(), Vec::<String>::new());
}

#[test]
fn a_drive_put_back_on_a_new_computer_loses_nothing() {
    let world = World::new();
    let [pep, anna] = world.pair(fill);
    let backup = world.path("backup");
    clone_drive(&pep.folder, &backup);
    pep.write("after.txt", "made after the backup");
    pep.sync();
    put_back(&world, &pep, &backup);
    // The new computer has the keys, and none of the old one's memory.
    std::fs::remove_dir_all(pep.settings().join("drives")).expect("there was a memory");
    pep.write("restored.txt", "made on the restored drive");
    let told = pep.run(["sync", pep.at()]);
    assert!(
        !told.stdout.contains(WENT_BACK) && told.stdout.contains("under a new id"),
        "{told}"
    );
    rest(&[&pep, &anna]);
    assert!(anna.has("after.txt") && anna.has("restored.txt") && pep.has("after.txt"));
}

/// Clones a drive on its own computer; something new stands on each of the two.
fn clone_that_lives_on(world: &World, pep: &Home) -> Home {
    let twin = Home {
        computer: pep.computer.clone(),
        folder: world.path("drives/twin"),
    };
    clone_drive(&pep.folder, &twin.folder);
    pep.write("pep.txt", "on the original");
    twin.write("twin.txt", "on the clone");
    twin
}

#[test]
fn a_cloned_drive_becomes_a_location_of_its_own() {
    let world = World::new();
    let [pep, anna] = world.pair(fill);
    let twin = clone_that_lives_on(&world, &pep);
    pep.write("a.txt", "edited on the original");
    twin.write("a.txt", "edited on the clone");
    for home in [&pep, &twin, &pep, &anna, &twin] {
        home.json(["sync", home.at()]);
    }
    rest(&[&pep, &twin, &anna]);
    let tree = anna.tree();
    for kept in [
        "on the original",
        "on the clone",
        "edited on the original",
        "edited on the clone",
    ] {
        assert!(tree.holds(kept.as_bytes()), "{kept} in {tree:?}");
    }
    let id = |home: &Home| home.json(["status", home.at()]).document()[0]["location_id"].clone();
    assert_ne!(id(&pep), id(&twin));
}

#[test]
fn a_drive_that_is_plugged_in_elsewhere_is_the_same_location() {
    let world = World::new();
    let [pep, anna] = world.pair(|pep| {
        fill(pep);
        // Old enough that their times tell of any later change.
        for path in pep.tree().paths(|path| path.contains(&b'.')) {
            let file = std::fs::File::options()
                .write(true)
                .open(pep.folder.join(path))
                .expect("it is there");
            file.set_modified(std::time::SystemTime::UNIX_EPOCH)
                .expect("a time can be set");
        }
    });
    let moved = Home {
        computer: pep.computer.clone(),
        folder: world.path("drives/elsewhere"),
    };
    std::fs::rename(&pep.folder, &moved.folder).expect("a drive can be plugged in elsewhere");
    moved.write("b.txt", "b");
    let report = moved.sync();
    assert_eq!(
        (&report["took_new_id"], &report["scanned"]["hashed_files"]),
        (&false.into(), &1.into()),
        "{report:#}"
    );
    anna.sync();
    check_alike(&[&moved, &anna]);
    let known = moved.json(["status"]).expect_code(0).document();
    assert_eq!(
        known.as_array().map(Vec::len),
        Some(1),
        "one archive is known, at its new place: {known:#}"
    );
}

#[test]
fn a_mailbox_that_was_rolled_back_loses_nothing() {
    let world = World::new();
    let [pep, anna] = world.pair(fill);
    pep.write("first.txt", "first");
    pep.sync();
    let backup = world.path("mailbox backup");
    clone_drive(&world.mailbox(), &backup);
    anna.sync();
    pep.write("second.txt", "second");
    pep.sync();
    anna.sync();
    std::fs::remove_dir_all(world.mailbox()).expect("a mailbox can go");
    clone_drive(&backup, &world.mailbox());
    anna.write("third.txt", "third");
    let report = anna.json(["sync", anna.at()]).only_report();
    assert_eq!(
        (&report["took_new_id"], &report["mailbox_went_back"]),
        (&false.into(), &true.into()),
        "{report:#}"
    );
    let again = anna.json(["sync", anna.at()]).only_report();
    assert_eq!(again["mailbox_went_back"], false, "once");
    let told = pep.run(["sync", pep.at()]);
    told.expect_out(WENT_BACK);
    assert!(!told.stdout.contains("This drive was restored"), "{told}");
    rest(&[&anna, &pep]);
    assert!(pep.has("third.txt") && pep.has("second.txt") && anna.has("second.txt"));
    assert_eq!(world.waiting(), Vec::<String>::new());
}

#[test]
fn two_copies_on_one_computer_become_two_locations_once_and_rest() {
    let world = World::new();
    let [pep, anna] = world.pair(fill);
    let other = pep.folder.with_file_name("Photos again");
    clone_drive(&pep.folder, &other);
    let twin = Home {
        computer: pep.computer.clone(),
        folder: other,
    };
    pep.write("pep.txt", "from the first");
    twin.write("twin.txt", "from the second");
    rest(&[&pep, &twin, &anna]);
    assert!(pep.has("twin.txt") && twin.has("pep.txt") && anna.has("twin.txt"));
    for _ in 0..3 {
        for home in [&pep, &twin, &anna] {
            assert_eq!(home.sync()["took_new_id"], false);
        }
    }
    let heads = world
        .mail()
        .into_keys()
        .filter(|path| path.to_string_lossy().contains("head."))
        .count();
    assert_eq!(heads, 3, "each copy has one id");
}

#[test]
fn an_index_that_is_lost_again_and_again_leaves_nobody_stuck() {
    let world = World::new();
    let [pep, anna] = world.pair(fill);
    let lose = |home: &Home, label: &str| {
        std::fs::remove_file(home.private().join("index.sqlite")).expect("it is there");
        home.json(["join", home.at(), "--as", label]).expect_code(0);
    };
    lose(&anna, "anna's home");
    lose(&pep, "Pep's home");
    pep.json(["sync", pep.at()]);
    lose(&pep, "Pep's home");
    rest(&[&pep, &anna]);
    pep.write("important.txt", "important");
    pep.write("a.txt", "edited");
    rest(&[&pep, &anna]);
    assert_eq!(anna.read("important.txt"), b"important");
    assert_eq!(anna.read("a.txt"), b"edited");
    check_alike(&[&pep, &anna]);
}

#[test]
fn two_homes_of_one_label_are_told_apart_wherever_they_are_named() {
    let world = World::new();
    let [pep, anna] = world.pair(fill);
    let twin = clone_that_lives_on(&world, &pep);
    pep.sync();
    let told = twin.run(["sync", twin.at()]);
    let id = |home: &Home| {
        let status = home.json(["status", home.at()]).document();
        let id = status[0]["location_id"].as_str().expect("an id").to_owned();
        format!("[{id:.8}]")
    };
    let [first, second] = [id(&pep), id(&twin)];
    told.expect_code(0)
        .expect_out(&format!("it goes on under a new id, {second}.\n"))
        .expect_out("give one of the two another name, with `offsync location rename`");
    rest(&[&pep, &twin, &anna]);
    anna.write("new.txt", "news");
    anna.sync();
    let both = |told: &crate::output::Output| {
        for id in [&first, &second] {
            told.expect_code(0).expect_out(&format!("Pep's home {id}"));
        }
    };
    both(&anna.run(["log", anna.at()]));
    both(&anna.run(["locations", anna.at()]));
    both(&anna.run(["mailbox", "show", anna.at()]));
    let told = anna.run(["status", anna.at()]);
    let sentence = told.stdout.lines().nth(1).expect("a sentence");
    let is_named = |id: &String| sentence.contains(&format!("Pep's home {id}"));
    assert!(is_named(&first) && is_named(&second), "{told}");
    // What is shown is understood; with a name of its own, each is named by it alone.
    let shown = format!("Pep's home {second}");
    anna.run(["location", "rename", anna.at(), &shown, "--label", "Twin"])
        .expect_code(0);
    let told = anna.run(["mailbox", "show", anna.at()]);
    assert!(
        told.stdout.contains("for Pep's home\n") && told.stdout.contains("for Twin\n"),
        "{told}"
    );
}
