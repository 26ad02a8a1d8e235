//! A drive of another home or archive, plugged in where this computer keeps one: said as what it is, and left alone.

use std::fs;

use crate::output::Output;
use crate::tree;
use crate::world::{Home, World, settle, text};

fn fill(pep: &Home) {
    pep.write("a.txt", "a");
}

fn swap_in(world: &World, pep: &Home, other: &Home) {
    fs::rename(&pep.folder, world.path("drawer")).expect("a drive can be put away");
    fs::rename(&other.folder, &pep.folder).expect("another drive can be plugged in");
}

/// Every command that needs the drive refuses it as another's, says which one belongs there, and changes nothing.
fn check_refused(pep: &Home, words: &[&str]) {
    let before = (pep.tree(), tree::of(&pep.private()), tree::of(&pep.settings()));
    for command in ["sync", "status", "verify", "log", "conflicts"] {
        pep.json([command, pep.at()]).expect_failure(1, "wrong_drive", words);
    }
    let told = pep.run(["sync", pep.at()]);
    assert!(!told.to_string().contains("join"), "{told}");
    let all = pep.json(["status"]).expect_code(0).document();
    let (headline, drive) = (&all[0]["headline"], &all[0]["drive"]);
    assert_eq!(
        (&headline["kind"], &headline["code"], &drive["present"]),
        (&"needs_you".into(), &"wrong_drive".into(), &false.into()),
        "{all:#}"
    );
    assert_eq!(all[0]["label"], "Pep's home", "what this computer keeps there");
    pep.run(["status"])
        .expect_code(0)
        .expect_out("Plug in the drive of 'Pep's home'");
    let all: Output = pep.json(["sync"]);
    let report = all.expect_code(1).document();
    assert_eq!(report["error"]["code"], "wrong_drive", "{report:#}");
    assert_eq!(
        before,
        (pep.tree(), tree::of(&pep.private()), tree::of(&pep.settings())),
        "nothing was changed"
    );
}

#[test]
fn the_drive_of_another_home_is_named_and_the_right_one_asked_for() {
    let world = World::new();
    let [pep, anna] = world.pair(fill);
    swap_in(&world, &pep, &anna);
    check_refused(&pep, &["drive of 'anna's home'", "Plug in the drive of 'Pep's home'"]);
    // Not even what would bring its index back: that would make it the other one.
    fs::remove_file(pep.private().join("index.sqlite")).expect("an index can be lost");
    pep.json(["sync", pep.at()]).expect_failure(1, "wrong_drive", &[]);
    fs::rename(&pep.folder, world.path("broken")).expect("it can be unplugged");
    fs::rename(world.path("drawer"), &pep.folder).expect("the right one can be plugged in");
    pep.run(["sync", pep.at()]).expect_code(0).expect_out("up to date");
}

#[test]
fn the_drive_of_another_archive_is_named_with_that() {
    let world = World::new();
    let [pep, _anna] = world.pair(fill);
    let olot = world.home("olot");
    olot.write("song.mp3", "la");
    let mailbox = format!("fs://{}", world.path("other mailbox").display());
    let arguments = ["init", olot.at(), "--name", "Music", "--label", "Olot", "--mailbox"];
    olot.run(arguments.into_iter().chain([mailbox.as_str()])).expect_code(0);
    swap_in(&world, &pep, &olot);
    check_refused(
        &pep,
        &["drive of 'Olot' with 'Music'", "drive of 'Pep's home' with 'Photos'"],
    );
}

#[test]
fn who_joins_with_it_on_purpose_may_and_both_drives_take_turns_then() {
    let world = World::new();
    let [pep, anna] = world.pair(fill);
    swap_in(&world, &pep, &anna);
    pep.json(["sync", pep.at()]).expect_failure(1, "wrong_drive", &[]);
    let words = world.path("anna.words");
    pep.run(["join", pep.at(), "--phrase-file", text(&words)])
        .expect_code(0);
    pep.write("b.txt", "b");
    assert_eq!(pep.sync()["posted"]["entries"], 1);
    fs::rename(&pep.folder, &anna.folder).expect("it can be unplugged");
    fs::rename(world.path("drawer"), &pep.folder).expect("the other one can be plugged in");
    // Its key is here, so it is no stranger.
    assert_eq!(pep.sync()["applied"]["created"], 1);
    settle(&[&pep, &anna]);
}
