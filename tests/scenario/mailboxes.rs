//! A mailbox that was emptied or lost has a way back, and no archive lies in one or holds one.

use std::fs;
use std::path::{Path, PathBuf};

use crate::machine::SmallDrive;
use crate::output::Output;
use crate::tree;
use crate::world::{Home, World, invited, settle, text};

/// How people are told to begin a new mailbox.
const DOOR: &str = "`offsync mailbox use FOLDER MAILBOX --new`";

fn empty(folder: &Path) {
    for entry in fs::read_dir(folder).expect("a folder can be listed") {
        fs::remove_dir_all(entry.expect("a folder can be listed").path()).expect("it can be emptied");
    }
}

fn use_new(home: &Home, url: &str) -> Output {
    home.run(["mailbox", "use", home.at(), url, "--new"])
}

fn url(folder: &Path) -> String {
    format!("fs://{}", text(folder))
}

#[test]
fn a_mailbox_that_was_emptied_begins_anew_where_it_was() {
    let world = World::new();
    let [pep, anna, grandma] = world.trio(|pep| pep.write("a.txt", "a"));
    pep.write("waits.txt", "sent, and fetched by nobody");
    pep.sync();
    empty(&world.mailbox());
    pep.json(["sync", pep.at()]).expect_failure(
        6,
        "mailbox_missing",
        &[
            "holds no mailbox of this archive",
            "Connect the drive",
            "emptied or is lost for good",
            DOOR,
        ],
    );
    pep.run(["status", pep.at()])
        .expect_code(0)
        .expect_out("holds no mailbox of this archive")
        .expect_out(DOOR);
    assert!(tree::of(&world.mailbox()).is_empty(), "nothing is begun unasked");
    let away = world.path("away");
    fs::rename(world.mailbox(), &away).expect("a drive can be unplugged");
    pep.run(["status", pep.at()]).expect_out(
        "The mailbox cannot be reached, so nobody knows here whether the others sent something. Sync again later.",
    );
    fs::rename(&away, world.mailbox()).expect("a drive can be plugged in");
    let told = use_new(&pep, &world.mailbox_url());
    told.expect_code(0)
        .expect_out("A new mailbox was begun there. Sync here, then let the other homes sync");
    anna.write("anna.txt", "made meanwhile");
    for _ in 0..2 {
        for home in [&pep, &anna, &grandma] {
            home.sync();
        }
    }
    settle(&[&pep, &anna, &grandma]);
    assert_eq!(grandma.read("waits.txt"), b"sent, and fetched by nobody");
    assert!(pep.has("anna.txt") && grandma.has("anna.txt"));
}

#[test]
fn a_new_stick_takes_the_place_of_a_lost_one() {
    let world = World::new();
    let [pep, anna] = world.pair(|pep| pep.write("a.txt", "a"));
    pep.write("b.txt", "b");
    pep.sync();
    fs::remove_dir_all(world.mailbox()).expect("a stick can be lost");
    let stick = world.path("new stick");
    fs::create_dir(&stick).expect("a stick can be bought");
    let there = url(&stick).replace(' ', "%20");
    let mailbox = |home: &Home, more: &[&str]| {
        let arguments = ["mailbox", "use", home.at(), there.as_str()];
        home.json(arguments.into_iter().chain(more.iter().copied()))
    };
    mailbox(&pep, &[]).expect_failure(6, "mailbox_missing", &[DOOR]);
    assert!(
        tree::of(&stick).is_empty(),
        "an empty folder is left alone without --new"
    );
    let begun = mailbox(&pep, &["--new"]).expect_code(0).document();
    assert_eq!(
        (&begun["begun"], &begun["objects"]),
        (&true.into(), &0.into()),
        "{begun:#}"
    );
    assert_eq!(pep.sync()["mailbox_went_back"], false, "it was begun on purpose");
    // Who says it too finds what is there, and nothing begins twice.
    let found = mailbox(&anna, &["--new"]).expect_code(0).document();
    assert_eq!(found["begun"], false, "{found:#}");
    assert_ne!(found["objects"], 0, "{found:#}");
    use_new(&anna, &there)
        .expect_code(0)
        .expect_out("is there already and is used as it is");
    let plain = mailbox(&anna, &[]).expect_code(0).document();
    assert!(plain.get("begun").is_none(), "{plain:#}");
    anna.sync();
    settle(&[&pep, &anna]);
    assert!(anna.has("b.txt"));
    assert_eq!(fs::read_dir(&stick).expect("it is there").count(), 1, "one mailbox");
}

#[test]
fn a_formatted_stick_at_the_same_place_begins_anew() {
    let world = World::new();
    let [pep, anna] = world.pair(|pep| pep.write("a.txt", "a"));
    fs::remove_dir_all(world.mailbox()).expect("a stick can be formatted");
    let Some(_stick) = SmallDrive::mount(&world.mailbox(), 4 << 20) else {
        return;
    };
    pep.write("b.txt", "b");
    let said = [
        "another drive",
        "on another drive now",
        "`offsync mailbox use FOLDER MAILBOX`",
        "--new",
    ];
    pep.json(["sync", pep.at()]).expect_failure(6, "mailbox_away", &said);
    pep.run(["status", pep.at()])
        .expect_code(0)
        .expect_out("another drive lies at")
        .expect_out("--new");
    use_new(&pep, &world.mailbox_url()).expect_code(0);
    pep.sync();
    anna.json(["sync", anna.at()]).expect_failure(6, "mailbox_away", &said);
    anna.json(["mailbox", "use", anna.at(), &world.mailbox_url()])
        .expect_code(0);
    settle(&[&pep, &anna]);
    assert!(anna.has("b.txt"));
}

#[test]
fn a_new_mailbox_is_begun_nowhere_that_is_not_there_or_inside_the_archive() {
    let world = World::new();
    let [pep, _anna] = world.pair(|pep| pep.write("2024/a.txt", "a"));
    let before = pep.tree();
    let mail = world.mail();
    let gone = world.path("STICK/offsync");
    let refused = |folder: &Path, exit: i32, code: &str, words: &[&str]| {
        pep.json(["mailbox", "use", pep.at(), &url(folder), "--new"])
            .expect_failure(exit, code, words);
    };
    refused(&gone, 6, "mailbox_away", &["no folder", "mkdir -p"]);
    refused(&pep.folder, 1, "mailbox_inside", &["would lie inside the archive"]);
    refused(&pep.folder.join("2024/mb"), 1, "mailbox_inside", &["beside each other"]);
    assert!(!gone.exists());
    before.expect_same(&pep.tree(), "refused mailboxes");
    assert_eq!(mail, world.mail());
    pep.sync();
}

#[test]
fn an_archive_whose_mailbox_drive_was_away_at_the_beginning_gets_to_it() {
    let world = World::new();
    let pep = world.home("pep");
    pep.write("a.txt", "a");
    let (nas, mailbox) = (world.path("nas"), world.path("nas/offsync"));
    fs::create_dir(&nas).expect("a mount point can be made");
    let there = url(&mailbox);
    let begin = [
        "init",
        pep.at(),
        "--name",
        "Photos",
        "--label",
        "Pep's home",
        "--mailbox",
        &there,
    ];
    pep.run(begin)
        .expect_code(0)
        .expect_out("was not there and was made")
        .expect_out(&format!("connect that and say {DOOR}."));
    let Some(_drive) = SmallDrive::mount(&nas, 4 << 20) else {
        return;
    };
    pep.json(["sync", pep.at()])
        .expect_failure(6, "mailbox_away", &["--new"]);
    use_new(&pep, &there)
        .expect_code(0)
        .expect_out("A new mailbox was begun");
    pep.sync();
    let anna = world.give_copy(&pep, "anna");
    settle(&[&pep, &anna]);
    assert!(mailbox.is_dir());
}

/// What joins with an invitation, its words, and a mailbox.
fn join(home: &Home, folder: &Path, [invitation, words]: &[PathBuf; 2], more: &[&str]) -> Output {
    let arguments = [
        "join",
        text(folder),
        "--invitation",
        text(invitation),
        "--phrase-file",
        text(words),
    ];
    home.json(arguments.into_iter().chain(more.iter().copied()))
}

#[test]
fn nobody_joins_with_a_folder_that_is_the_mailbox_or_lies_in_it_or_holds_it() {
    let world = World::new();
    let [pep, _anna] = world.pair(|pep| pep.write("a.txt", "a"));
    let tia = world.home("tia");
    let invitation = invited(&world, &pep, "Tia");
    let below = world.mailbox().join("sub");
    fs::create_dir(&below).expect("a folder can be made");
    let mail = world.mail();
    for folder in [world.mailbox(), below.clone()] {
        let code = if folder == below {
            "inside_a_mailbox"
        } else {
            "mailbox_inside"
        };
        join(&tia, &folder, &invitation, &[]).expect_failure(1, code, &["mailbox", "beside each other"]);
    }
    // The stick as Tia's computer finds it, in the folder that is to be her copy.
    let inside = tia.folder.join("mb");
    fs::rename(world.mailbox(), &inside).expect("a mailbox can be moved");
    let before = tia.tree();
    join(&tia, &tia.folder, &invitation, &["--mailbox", &url(&inside)]).expect_failure(
        1,
        "mailbox_inside",
        &[
            "would lie inside the archive",
            text(&tia.folder),
            "be sent with its files",
        ],
    );
    before.expect_same(&tia.tree(), "a refused join");
    assert!(
        !tia.private().exists() && tree::of(&tia.settings()).is_empty(),
        "no key is kept"
    );
    fs::rename(&inside, world.mailbox()).expect("a mailbox can be moved");
    assert_eq!(world.mail(), mail);
    join(&tia, &tia.folder, &invitation, &[]).expect_code(0);
    let around = tia.folder.parent().expect("a drive").to_path_buf();
    let another = invited(&world, &pep, "Another");
    join(&tia, &around, &another, &[]).expect_failure(1, "holds_an_archive", &["Photos"]);
}

#[test]
fn no_copy_is_made_into_a_mailbox_and_no_archive_or_mailbox_begins_in_another() {
    let world = World::new();
    let [pep, anna] = world.pair(|pep| pep.write("2024/a.txt", "a"));
    let mail = world.mail();
    let trees = [pep.tree(), anna.tree()];
    for to in ["sub", ""].map(|below| world.mailbox().join(below)) {
        let copy = ["copy", pep.at(), text(&to), "--label", "L", "--person", "P"];
        let code = if to.ends_with("sub") {
            "inside_a_mailbox"
        } else {
            "mailbox_inside"
        };
        pep.json(copy)
            .expect_failure(1, code, &["mailbox", "beside each other"]);
    }
    let replaced = world.mailbox().join("replaced");
    pep.json(["location", "replace", pep.at(), "anna", text(&replaced)])
        .expect_failure(1, "inside_a_mailbox", &["would not be sealed"]);
    let strange = anna.folder.join("copy");
    pep.json(["copy", pep.at(), text(&strange), "--label", "L", "--person", "P"])
        .expect_failure(1, "inside_an_archive", &["lies inside the archive", anna.at()]);
    let second = pep.computer.join("second");
    fs::create_dir(&second).expect("a folder can be made");
    let begin = |folder: &Path, mailbox: &Path| {
        let mailbox = url(mailbox);
        pep.json([
            "init",
            text(folder),
            "--name",
            "N",
            "--label",
            "L",
            "--mailbox",
            &mailbox,
        ])
    };
    let apart = world.path("apart");
    begin(&second, &pep.folder.join("2024")).expect_failure(1, "mailbox_inside", &[pep.at()]);
    begin(&second, &pep.folder.join("2024/new")).expect_failure(1, "mailbox_inside", &[pep.at()]);
    begin(&second, &anna.folder).expect_failure(1, "mailbox_inside", &[anna.at()]);
    begin(&second, &pep.computer).expect_failure(1, "inside_a_mailbox", &[text(&second)]);
    let below = world.mailbox().join("below");
    fs::create_dir(&below).expect("a folder can be made");
    begin(&below, &apart).expect_failure(1, "inside_a_mailbox", &["would lie inside the mailbox"]);
    fs::remove_dir(&below).expect("it is empty");
    begin(&world.mailbox(), &apart).expect_failure(1, "mailbox_inside", &[]);
    let folder = url(&pep.folder.join("2024"));
    let other = world.home("other");
    other.write("b.txt", "b");
    fs::create_dir(&apart).expect("a folder can be made");
    let apart = url(&apart);
    let init = ["init", other.at(), "--name", "N", "--label", "L", "--mailbox", &apart];
    other.json(init).expect_code(0);
    other
        .json(["mailbox", "use", other.at(), &folder, "--new"])
        .expect_failure(1, "mailbox_inside", &[pep.at()]);
    assert_eq!(world.mail(), mail, "nothing was put into the mailbox");
    assert!(!replaced.exists() && tree::of(&second).is_empty());
    for (home, tree) in [&pep, &anna].into_iter().zip(trees) {
        tree.expect_same(&home.tree(), "refused commands");
    }
}

#[test]
fn who_names_what_lies_in_the_mailbox_means_the_mailbox() {
    let world = World::new();
    let [pep, anna] = world.pair(|pep| pep.write("a.txt", "a"));
    let id = pep.json(["status", pep.at()]).document()[0]["archive_id"].clone();
    let inner = world
        .mailbox()
        .join(format!("offsync-v1-{}", id.as_str().expect("an id")));
    assert!(inner.is_dir(), "its own folder");
    for more in [&[][..], &["--new"]] {
        let arguments = ["mailbox", "use", anna.at(), text(&inner)];
        let told = anna.json(arguments.into_iter().chain(more.iter().copied()));
        let told = told.expect_code(0).document();
        assert_eq!(told["mailbox"], world.mailbox_url(), "{told:#}");
        assert_ne!(told["begun"], true, "{told:#}");
    }
    assert!(
        fs::read_dir(&inner)
            .expect("it can be listed")
            .flatten()
            .all(|entry| entry.path().is_file())
    );
    let [invitation, words] = invited(&world, &pep, "Olot");
    let olot = world.home("olot");
    let arguments = ["join", olot.at(), "--invitation", text(&invitation), "--phrase-file"];
    let more = [text(&words), "--mailbox", text(&inner)];
    olot.run(arguments.into_iter().chain(more)).expect_code(0);
    settle(&[&pep, &anna, &olot]);
}
