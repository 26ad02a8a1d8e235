//! `mailbox move`: the mailbox goes to another place with all that it holds, and nobody waits for anybody.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::machine::SmallDrive;
use crate::output::Output;
use crate::story::noise;
use crate::tree;
use crate::world::{Home, World, check_alike, settle, text};

fn move_to(home: &Home, place: &Path) -> Output {
    home.json(["mailbox", "move", home.at(), &url(place)])
}

fn url(place: &Path) -> String {
    format!("fs://{}", text(place))
}

fn moved(home: &Home, place: &Path) -> Value {
    let told = move_to(home, place).expect_code(0).document();
    let moved = &told["moved"];
    assert!(moved["objects"].is_u64() && moved["bytes"].is_u64(), "{told:#}");
    told
}

/// Gives the names of the objects in a mailbox.
fn objects(place: &Path) -> Vec<String> {
    let mut names = Vec::new();
    for folder in fs::read_dir(place).expect("a mailbox can be listed") {
        for object in fs::read_dir(folder.expect("it can be listed").path()).expect("it can be listed") {
            let name = object.expect("it can be listed").file_name();
            names.push(name.into_string().expect("names are plain"));
        }
    }
    names.sort();
    names
}

/// Gives the only folder of a mailbox, which holds its objects.
fn objects_folder(place: &Path) -> PathBuf {
    let mut folders = fs::read_dir(place).expect("a mailbox can be listed");
    folders
        .next()
        .expect("one archive uses it")
        .expect("it can be listed")
        .path()
}

fn nas(world: &World) -> PathBuf {
    let nas = world.path("nas");
    fs::create_dir(&nas).expect("a NAS can be bought");
    nas
}

#[test]
fn all_that_waits_goes_along_and_what_still_comes_to_the_old_one_is_not_lost() {
    let world = World::new();
    let [pep, anna, grandma] = world.trio(|pep| pep.write("a.txt", "a"));
    let nas = nas(&world);
    pep.write("waits.txt", "sent, and fetched by nobody");
    pep.sync();
    anna.write("anna.txt", "sent after pep looked");
    anna.sync();
    let before = world.mail();

    let told = moved(&pep, &nas);

    assert_eq!(told["moved"]["objects"], before.len() as u64, "{told:#}");
    assert_eq!(told["mailbox"], Value::from(url(&nas)));
    assert_eq!(before, world.mail(), "the others look there still");
    assert_eq!(objects(&nas).len(), before.len());
    let old_file = world.mailbox();
    // Who was not told goes on with the old one.
    grandma.write("grandma.txt", "sent to the old one");
    grandma.sync();
    assert_eq!(grandma.read("waits.txt"), b"sent, and fetched by nobody");
    pep.sync();
    assert_eq!(pep.read("anna.txt"), b"sent after pep looked");
    assert!(!pep.has("grandma.txt"));
    let late = moved(&grandma, &nas);
    assert_ne!(late["moved"]["objects"], 0, "{late:#}");
    pep.sync();
    assert_eq!(pep.read("grandma.txt"), b"sent to the old one");
    // The old one is gone before the last one hears of it.
    fs::remove_dir_all(&old_file).expect("a folder can be deleted");
    anna.json(["sync", anna.at()])
        .expect_failure(6, "mailbox_away", &["`offsync mailbox use FOLDER MAILBOX`"]);
    move_to(&anna, &nas).expect_failure(
        6,
        "mailbox_away",
        &["has to be reachable", "`offsync mailbox use FOLDER MAILBOX --new`"],
    );
    anna.json(["mailbox", "use", anna.at(), &url(&nas)]).expect_code(0);
    settle(&[&pep, &anna, &grandma]);
    check_alike(&[&pep, &anna, &grandma]);
    let left = objects(&nas);
    let waiting = left
        .iter()
        .filter(|name| !name.starts_with("head.") && !name.starts_with("people."));
    assert_eq!(waiting.count(), 0, "{left:?}");
}

#[test]
fn a_move_that_found_no_room_changes_nothing_and_goes_on_from_there() {
    let world = World::new();
    let [pep, anna] = world.pair(|pep| pep.write("a.txt", "a"));
    let film = noise(1, 3 << 20);
    pep.write("film", &film);
    pep.sync();
    let place = world.path("stick");
    let Some(stick) = SmallDrive::mount(&place, 1 << 20) else {
        return;
    };
    let at = || pep.json(["mailbox", "show", pep.at()]).document()["mailbox"].clone();
    let before = at();
    move_to(&pep, &place).expect_failure(
        6,
        "mailbox_full",
        &["was not moved and is used where it was", "goes on from there"],
    );
    assert_eq!(at(), before);
    pep.sync();
    stick.resize(8 << 20);
    moved(&pep, &place);
    moved(&anna, &place);
    fs::remove_dir_all(world.mailbox()).expect("a folder can be deleted");
    settle(&[&pep, &anna]);
    assert_eq!(anna.read("film"), film);
}

#[test]
fn an_object_without_a_byte_stays_behind_and_the_rest_goes_along() {
    let world = World::new();
    let [pep, anna] = world.pair(|pep| pep.write("a.txt", "a"));
    let film = noise(4, 3 << 20);
    pep.write("film", &film);
    pep.sync();
    let nas = nas(&world);
    let pack = world.mail().into_keys().find(|path| text(path).ends_with(".pack"));
    let pack = pack.expect("a film travels in packs");
    fs::write(&pack, []).expect("a provider can leave half of a write");
    let all = world.mail();
    let told = moved(&pep, &nas);
    assert_eq!(
        (
            &told["moved"]["objects"],
            &told["moved"]["left_behind"],
            &told["other_homes"]
        ),
        (&(all.len() - 1).into(), &1.into(), &1.into()),
        "{told:#}"
    );
    anna.run(["mailbox", "move", anna.at(), &url(&nas)])
        .expect_code(0)
        .expect_out("0 objects (0 bytes) went along. Say the same in the other home: ")
        .expect_out("1 object that is empty or cannot be read stays behind: what is missed of that, the homes ask each other for.");
    // What an empty one in the new place hides goes there all the same.
    let name = all.keys().find(|path| text(path).ends_with(".manifest"));
    let hidden = objects_folder(&nas).join(name.and_then(|path| path.file_name()).expect("it has a name"));
    fs::write(&hidden, []).expect("a provider can leave half of a write");
    let again = moved(&pep, &world.mailbox());
    assert_eq!(
        (&again["moved"]["objects"], &again["moved"]["left_behind"]),
        (&0.into(), &0.into()),
        "{again:#}"
    );
    let back = moved(&pep, &nas);
    assert_eq!(
        (&back["moved"]["objects"], &back["moved"]["left_behind"]),
        (&1.into(), &1.into()),
        "{back:#}"
    );
    settle(&[&pep, &anna]);
    assert_eq!(anna.read("film"), film);
}

#[test]
fn who_has_no_other_home_is_told_of_none() {
    let world = World::new();
    let pep = world.home("pep");
    world.init(&pep);
    pep.run(["mailbox", "move", pep.at(), &url(&nas(&world))])
        .expect_code(0)
        .expect_out("went along. No other home takes part, so that is all: nobody uses the old one any more, and it can be deleted: fs://");
}

#[test]
fn a_mailbox_is_moved_nowhere_that_is_not_there_inside_the_archive_or_where_it_is() {
    let world = World::new();
    let [pep, _anna] = world.pair(|pep| pep.write("2024/a.txt", "a"));
    let (before, mail) = (pep.tree(), world.mail());
    let gone = world.path("STICK/offsync");
    for (place, exit, code, words) in [
        (gone.clone(), 6, "mailbox_away", ["no folder", "mkdir -p"]),
        (
            pep.folder.join("2024/mb"),
            1,
            "mailbox_inside",
            ["would lie inside the archive", "beside"],
        ),
        (world.mailbox(), 1, "same_mailbox", ["already", "another folder"]),
    ] {
        move_to(&pep, &place).expect_failure(exit, code, &words);
    }
    assert!(!gone.exists());
    before.expect_same(&pep.tree(), "refused moves");
    assert_eq!(mail, world.mail());
    let empty = world.path("empty");
    fs::create_dir(&empty).expect("a folder can be made");
    pep.run(["mailbox", "move", pep.at(), &url(&empty)])
        .expect_code(0)
        .expect_out("Say the same in the other home: `offsync mailbox move FOLDER MAILBOX`")
        .expect_out("leave the old one as it is");
    assert_eq!(tree::of(&empty).len(), 1 + mail.len());
    pep.sync();
}

#[test]
fn a_home_that_looks_into_two_mailboxes_in_turn_carries_between_them() {
    let world = World::new();
    let [pep, anna, grandma] = world.trio(|pep| pep.write("a.txt", "a"));
    let stick = world.path("stick");
    fs::create_dir(&stick).expect("a stick can be bought");
    // Grandma has no NAS: pep brings her a stick.
    grandma
        .json(["mailbox", "use", grandma.at(), &url(&stick), "--new"])
        .expect_code(0);
    anna.write("anna.txt", noise(2, 70_000));
    grandma.write("grandma.txt", noise(3, 70_000));
    let turn = |to: &str| {
        pep.json(["mailbox", "use", pep.at(), to]).expect_code(0);
    };
    for _ in 0..2 {
        for (friend, at) in [(&anna, world.mailbox_url()), (&grandma, url(&stick))] {
            turn(&at);
            for home in [&pep, friend, &pep] {
                home.json(["sync", home.at()]).expect_code(0);
            }
        }
    }
    check_alike(&[&pep, &anna, &grandma]);
    assert_eq!(anna.read("grandma.txt"), noise(3, 70_000));
    let is_kept = |name: &String| name.starts_with("head.") || name.starts_with("people.");
    for place in [world.mailbox(), stick.clone()] {
        let left = objects(&place);
        assert!(left.iter().all(is_kept), "{left:?}");
    }
    grandma.write("late.txt", "on the stick that is lost");
    grandma.sync();
    fs::remove_dir_all(&stick).expect("a stick can be lost");
    for home in [&pep, &grandma] {
        home.json(["mailbox", "use", home.at(), &world.mailbox_url()])
            .expect_code(0);
    }
    // Only now does anybody hear of it.
    grandma.sync();
    settle(&[&pep, &anna, &grandma]);
    assert_eq!(anna.read("late.txt"), b"on the stick that is lost");
}
