//! `copy` of a drive that rots: what is damaged there goes nowhere through the copy, which has it from the other homes.

use std::fs;

use serde_json::{Value, json};

use crate::foreign_drive::{ForeignDrive, Kind};
use crate::output::Output;
use crate::rotting::rest;
use crate::world::{Home, World, check_alike, text};

const PHOTO: &str = "what the photo of the beach holds";
const SONG: &str = "what the song of the summer holds";

/// Pep, and Anna on a drive of Linux's own, with two files of which one drive is about to lose a byte each.
fn pair(world: &World) -> Option<(Home, Home, ForeignDrive)> {
    let (_, drive) = ForeignDrive::home_on(Kind::Ext4, world, "anna")?;
    let pep = world.home("pep");
    pep.write("photos/beach.jpg", PHOTO);
    pep.write("song.mp3", SONG);
    pep.write("notes.txt", "kept as they are");
    pep.age();
    world.init(&pep);
    let anna = world.give_copy(&pep, "anna");
    rest(&pep, &anna);
    Some((pep, anna, drive))
}

fn rot(drive: &mut ForeignDrive, contents: &[&str]) {
    drive.unmount();
    contents.iter().for_each(|content| drive.rot(content.as_bytes()));
    drive.mount(None);
}

fn copy(world: &World, from: &Home, to: &Home, more: &[&str]) -> Output {
    let words = world.path("words of a copy");
    let to_them = [
        "copy",
        from.at(),
        to.at(),
        "--label",
        "Grandma's",
        "--person",
        "Grandma",
    ];
    let copied = from.run(
        more.iter()
            .copied()
            .chain(to_them)
            .chain(["--phrase-file", text(&words)]),
    );
    to.run(["join", to.at(), "--phrase-file", text(&words)]).expect_code(0);
    copied
}

/// Syncs all homes until what lacks has come; none of them ever has two versions of anything.
fn come_to_rest(pep: &Home, anna: &Home, grandma: &Home) {
    for _ in 0..3 {
        for home in [grandma, pep, anna] {
            home.json(["sync", home.at()]);
            assert_eq!(home.json(["conflicts", home.at()]).document(), json!([]));
        }
    }
}

fn check_all_hold_what_was_meant(pep: &Home, anna: &Home, grandma: &Home) {
    anna.json(["verify", anna.at(), "--all", "--repair"]);
    come_to_rest(pep, anna, grandma);
    anna.json(["verify", anna.at(), "--all", "--repair"]).expect_code(0);
    come_to_rest(pep, anna, grandma);
    check_alike(&[pep, anna, grandma]);
    assert_eq!(
        (pep.read("photos/beach.jpg"), pep.read("song.mp3")),
        (PHOTO.into(), SONG.into())
    );
}

#[test]
fn what_is_known_to_be_damaged_is_not_on_the_copy_and_comes_from_another_home() {
    let world = World::new();
    let Some((pep, anna, mut drive)) = pair(&world) else {
        return;
    };
    rot(&mut drive, &[PHOTO, SONG]);
    anna.json(["verify", anna.at(), "--all"]).expect_code(5);
    let grandma = world.home_without_folder("grandma");

    let copied = copy(&world, &anna, &grandma, &[]);

    copied
        .expect_code(5)
        .expect_out("Copied and verified 1 file (")
        .expect_out("'photos/beach.jpg' and 1 more are damaged on this drive and not on the copy, which asks the other homes for them with its first sync. `offsync verify FOLDER --repair` has them healed here.\n");
    assert!(!grandma.has("photos/beach.jpg") && !grandma.has("song.mp3"));
    let asks = grandma.json(["sync", grandma.at()]).only_report();
    assert_eq!(asks["posted"]["entries"], 0, "it says nothing of them: {asks:#}");
    anna.run(["status", anna.at()])
        .expect_code(5)
        .expect_out("'photos/beach.jpg' and 1 more are damaged on this drive.");
    come_to_rest(&pep, &anna, &grandma);
    assert_eq!(
        (grandma.read("photos/beach.jpg"), grandma.read("song.mp3")),
        (PHOTO.into(), SONG.into())
    );
    anna.run(["status", anna.at()])
        .expect_code(5)
        .expect_out("'photos/beach.jpg' and 1 more are damaged on this drive.");
    check_all_hold_what_was_meant(&pep, &anna, &grandma);
}

#[test]
fn damage_that_nobody_has_seen_is_found_by_the_copy() {
    let world = World::new();
    let Some((pep, anna, mut drive)) = pair(&world) else {
        return;
    };
    rot(&mut drive, &[PHOTO]);
    let grandma = world.home_without_folder("grandma");

    let copied = copy(&world, &anna, &grandma, &["--json"]);

    copied.expect_code(5);
    let document: Value = copied.document();
    assert_eq!(
        (&document["damaged"], &document["skipped"], &document["files"]),
        (
            &json!([{
                "path": "photos/beach.jpg",
                "reason": "it is damaged on this drive and not on the copy, which asks the other homes for it with its first sync; `offsync verify FOLDER --repair` has it healed here",
            }]),
            &json!([]),
            &json!(2),
        ),
        "{document:#}"
    );
    anna.run(["status", anna.at()])
        .expect_out("'photos/beach.jpg' is damaged on this drive.");
    come_to_rest(&pep, &anna, &grandma);
    assert_eq!(grandma.read("photos/beach.jpg"), PHOTO.as_bytes());
    check_all_hold_what_was_meant(&pep, &anna, &grandma);
}

#[test]
fn a_copy_that_goes_on_keeps_what_is_sound_and_sets_aside_what_rotted() {
    let world = World::new();
    let Some((pep, anna, mut drive)) = pair(&world) else {
        return;
    };
    rot(&mut drive, &[PHOTO, SONG]);
    let grandma = world.home_without_folder("grandma");
    // As a copy leaves it that was cut off: one file of before the rot, and one that was taken along rotten.
    let anna_id = fs::read_to_string(anna.private().join("location.toml")).expect("a marker");
    let archive = anna_id
        .lines()
        .find(|line| line.starts_with("archive_id"))
        .expect("its id");
    fs::create_dir_all(grandma.private()).expect("a folder can be made");
    let begun = format!("{archive}\nlocation_id = \"0123456789abcdef0123456789abcdef\"\n");
    fs::write(grandma.private().join("copy-in-progress.toml"), begun).expect("a note can be written");
    grandma.write("photos/beach.jpg", PHOTO);
    grandma.write("song.mp3", anna.read("song.mp3"));

    let copied = copy(&world, &anna, &grandma, &[]);

    copied
        .expect_code(5)
        .expect_out("song.mp3: what stood there differed and lies in .offsync/trash/aside-")
        .expect_out("'song.mp3' is damaged on this drive and not on the copy, which asks the other homes for it with its first sync. `offsync verify FOLDER --repair` has it healed here.\n");
    assert_eq!(
        (grandma.read("photos/beach.jpg"), grandma.has("song.mp3")),
        (PHOTO.into(), false)
    );
    check_all_hold_what_was_meant(&pep, &anna, &grandma);
}
