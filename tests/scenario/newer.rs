//! What a newer Offsync wrote is left alone, whatever it is.

use std::fs::{self, OpenOptions};
use std::io::{Seek, SeekFrom, Write};

use crate::tree;
use crate::world::{Home, World, settle, text};

/// Every command that reads the drive refuses, and nothing on it changes.
fn expect_left_alone(world: &World, pep: &Home) {
    let look = || (pep.tree(), tree::of(&pep.private()), world.mail());
    let before = look();
    for command in ["sync", "status", "diff", "log", "locations"] {
        pep.json([command, pep.at()]).expect_failure(
            1,
            "newer_version_needed",
            &["newer Offsync", "Nothing was changed", "Install"],
        );
    }
    let out = world.path("invitation");
    pep.json(["invite", pep.at(), "--label", "L", "--person", "P", "--out", text(&out)])
        .expect_failure(1, "newer_version_needed", &["Install"]);
    assert!(!out.exists());
    assert_eq!(before.0, look().0);
    assert_eq!(before.1, look().1, "Offsync's own folder");
    assert_eq!(before.2, look().2);
}

#[test]
fn a_marker_of_a_newer_format_is_left_alone() {
    let world = World::new();
    let [pep, _anna] = world.pair(|pep| pep.write("a.txt", "a"));
    let marker = pep.private().join("location.toml");
    let text = fs::read_to_string(&marker).expect("there is a marker");
    let newer = text.replace("format = 1", "format = 2");
    assert_ne!(text, newer, "the marker names its format");
    fs::write(&marker, &newer).expect("a marker can be written");
    expect_left_alone(&world, &pep);
    fs::write(&marker, &text).expect("a marker can be written");
    pep.sync();
}

#[test]
fn an_index_of_a_newer_format_is_left_alone() {
    let world = World::new();
    let [pep, _anna] = world.pair(|pep| pep.write("a.txt", "a"));
    let index = pep.private().join("index.sqlite");
    let set_user_version = |version: u32| {
        let mut file = OpenOptions::new().write(true).open(&index).expect("there is an index");
        file.seek(SeekFrom::Start(60)).expect("a header can be reached");
        file.write_all(&version.to_be_bytes()).expect("a header can be written");
    };
    set_user_version(9);
    expect_left_alone(&world, &pep);
    set_user_version(2);
    pep.sync();
}

#[test]
fn a_damaged_marker_or_index_changes_nothing_and_says_how_it_heals() {
    let world = World::new();
    let [pep, anna] = world.pair(|pep| pep.write("a.txt", "a"));
    for (file, code) in [("location.toml", "marker_damaged"), ("index.sqlite", "index_damaged")] {
        let at = pep.private().join(file);
        let sound = fs::read(&at).expect("it is there");
        fs::write(&at, b"rubbish = [").expect("it can be damaged");
        let (before, mail) = (pep.tree(), world.mail());
        pep.json(["sync", pep.at()])
            .expect_failure(1, code, &["untouched", "offsync join FOLDER --as"]);
        before.expect_same(&pep.tree(), file);
        assert_eq!(mail, world.mail());
        fs::write(&at, sound).expect("it can be mended");
    }
    settle(&[&pep, &anna]);
}

/// Lets every object whose name begins so claim a newer version, or spoils it, and gives how many there were.
fn spoil(world: &World, begins: &str, how: impl Fn(&mut Vec<u8>)) -> usize {
    let mut count = 0;
    for (path, mut bytes) in world.mail() {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with(begins) {
            how(&mut bytes);
            fs::write(path, bytes).expect("an object can be written");
            count += 1;
        }
    }
    count
}

#[test]
fn a_changeset_of_a_newer_format_is_left_in_the_mailbox_and_said() {
    let world = World::new();
    let [pep, anna] = world.pair(|pep| pep.write("a.txt", "a"));
    pep.write("b.txt", "b");
    pep.sync();
    let before = anna.tree();
    // The version of its format, which what is sealed is bound to.
    let turn_to = |version: u8| {
        move |bytes: &mut Vec<u8>| {
            bytes[4] = version;
            *bytes.last_mut().expect("a tag") ^= 1;
        }
    };
    assert_eq!(spoil(&world, "out.", turn_to(99)), 1);
    let output = anna.json(["sync", anna.at()]);
    assert_ne!(
        output.code, 0,
        "a changeset that cannot be read is not silence: {output}"
    );
    assert!(output.stdout.contains("newer Offsync"), "{output}");
    before.expect_same(&anna.tree(), "an unreadable changeset");
    assert_eq!(spoil(&world, "out.", turn_to(1)), 1, "it is left in the mailbox");
    settle(&[&anna, &pep]);
    assert!(anna.has("b.txt"));
}

#[test]
fn a_damaged_changeset_is_said_with_5_and_healed_by_its_author() {
    let world = World::new();
    let [pep, anna] = world.pair(|pep| pep.write("a.txt", "a"));
    pep.write("b.txt", crate::story::noise(3, 200_000));
    pep.sync();
    let middle = |bytes: &mut Vec<u8>| {
        let at = bytes.len() / 2;
        bytes[at] ^= 1;
    };
    assert!(spoil(&world, "out.", middle) >= 2, "a pack and a manifest");
    let before = anna.tree();
    let output = anna.json(["sync", anna.at()]);
    output.expect_code(5);
    before.expect_same(&anna.tree(), "a damaged changeset");
    for _ in 0..6 {
        pep.sync();
        anna.json(["sync", anna.at()]);
    }
    settle(&[&pep, &anna]);
    assert!(anna.has("b.txt"));
}

#[test]
fn damaged_heads_and_people_are_no_reason_to_lose_anything() {
    let world = World::new();
    let [pep, anna] = world.pair(|pep| pep.write("a.txt", "a"));
    pep.write("b.txt", "b");
    anna.write("c.txt", "c");
    pep.sync();
    assert_eq!(spoil(&world, "head.", Vec::clear), 2);
    assert!(spoil(&world, "people.", |bytes| bytes.truncate(10)) >= 2);
    for _ in 0..4 {
        anna.json(["sync", anna.at()]);
        pep.json(["sync", pep.at()]);
    }
    assert!(
        anna.has("b.txt") && pep.has("c.txt"),
        "{:?} {:?}",
        anna.tree(),
        pep.tree()
    );
}

#[test]
fn a_head_of_nobody_that_cannot_be_opened_is_named_once_holds_nobody_up_and_leaves() {
    let world = World::new();
    let [pep, anna] = world.pair(|pep| pep.write("a.txt", "a"));
    let folder = world.mail().into_keys().next().expect("a mailbox holds something");
    let folder = folder.parent().expect("it lies in a folder").to_path_buf();
    let stranger = folder.join(format!("head.{}", "0123456789abcdef".repeat(2)));
    std::fs::write(&stranger, crate::story::noise(1, 300)).expect("a mailbox can be written");
    pep.write("b.txt", "b");
    let output = pep.json(["sync", pep.at()]);
    assert!(output.expect_code(5).stdout.contains("head.0123"), "{output}");
    for home in [&anna, &pep, &anna] {
        home.sync();
    }
    assert!(anna.has("b.txt"));
    assert!(!stranger.exists(), "should it be somebody's, they write it anew");
    assert_eq!(
        world.waiting(),
        Vec::<String>::new(),
        "what all have leaves all the same"
    );
    crate::world::settle(&[&pep, &anna]);
}
