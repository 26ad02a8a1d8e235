//! `copy`: verified, offline, interrupted and resumed, refused where something is in the way.

use std::fs;
use std::os::unix::fs::symlink;
use std::time::Duration;

use crate::interrupted::{kill, start};
use crate::output::Output;
use crate::story::noise;
use crate::tree;
use crate::world::{Home, World, check_alike, settle, text};

fn fill(pep: &Home) {
    for number in 0..60 {
        pep.write(&format!("{}/{number}.bin", number % 7), noise(number, 20_000));
    }
    pep.write("big.bin", noise(999, 3 << 20));
    fs::create_dir(pep.folder.join("empty")).expect("a folder can be made");
    symlink("big.bin", pep.folder.join("link")).expect("a link can be made");
}

fn copy(pep: &Home, to: &Home) -> Output {
    pep.json(["copy", pep.at(), to.at(), "--label", "Anna", "--person", "Anna"])
}

fn join(world: &World, home: &Home, copied: &Output) {
    let words = world.path("words of a copy");
    fs::write(&words, copied.document()["phrase"].as_str().expect("words")).expect("words can be written");
    let joined = home.json(["join", home.at(), "--phrase-file", text(&words)]);
    let report = joined.expect_code(0).document();
    assert_eq!(
        (&report["missing_files"], &report["differing_files"]),
        (&[(); 0][..].into(), &[(); 0][..].into())
    );
}

#[test]
fn a_copy_without_the_mailbox_works_and_posts_later() {
    let world = World::new();
    let pep = world.home("pep");
    fill(&pep);
    world.init(&pep);
    let away = world.path("away");
    fs::rename(world.mailbox(), &away).expect("a mailbox can go away");
    let anna = world.home_without_folder("anna");
    let copied = copy(&pep, &anna);
    copied.expect_code(0);
    check_alike(&[&pep, &anna]);
    join(&world, &anna, &copied);
    // Both go on changing things before either reaches the mailbox.
    pep.write("0/0.bin", "changed at home");
    anna.write("new.txt", "new at Anna's");
    anna.json(["sync", anna.at()]).expect_failure(6, "mailbox_away", &[]);
    pep.json(["sync", pep.at()]).expect_failure(6, "mailbox_away", &[]);
    fs::rename(&away, world.mailbox()).expect("a mailbox can come back");
    let first = anna.json(["sync", anna.at()]);
    assert_eq!(first.code, 0, "{first}");
    let sent = pep.sync();
    assert!(
        sent["posted"]["payload_bytes"].as_u64() < Some(10_000),
        "the copy carries the rest: {sent:#}"
    );
    settle(&[&anna, &pep]);
    assert!(pep.has("new.txt") && anna.read("0/0.bin") == b"changed at home");
}

#[test]
fn what_was_not_sent_yet_is_on_the_copy_or_follows() {
    let world = World::new();
    let [pep, anna] = world.pair(fill);
    pep.write("unsent.txt", "unsent");
    let grandma = world.give_copy(&pep, "grandma");
    settle(&[&pep, &anna, &grandma]);
    assert!(grandma.has("unsent.txt") && anna.has("unsent.txt"));
}

#[test]
fn a_copy_goes_nowhere_that_is_not_empty() {
    let world = World::new();
    let [pep, anna] = world.pair(|pep| pep.write("a.txt", "a"));
    let full = world.path("full");
    fs::create_dir(&full).expect("a folder can be made");
    fs::write(full.join(".hidden"), "mine").expect("a file can be written");
    let to = |folder: &str| pep.json(["copy", pep.at(), folder, "--label", "L", "--person", "P"]);
    to(text(&full)).expect_failure(1, "not_empty", &["full", "empty folder"]);
    to(anna.at()).expect_failure(1, "inside_an_archive", &["already"]);
    to("/no/such/parent/folder").expect_failure(1, "no_such_folder", &["/no/such/parent"]);
    assert_eq!(tree::of(&full).len(), 1, "nothing was begun");
    let locations = pep.json(["locations", pep.at()]).document();
    assert_eq!(
        locations.as_array().map(Vec::len),
        Some(2),
        "nobody was invited: {locations:#}"
    );
}

#[test]
fn a_new_drive_with_nothing_but_what_systems_put_there_takes_a_copy() {
    let world = World::new();
    let [pep, _anna] = world.pair(|pep| {
        pep.write("a.txt", "a");
        pep.write(".offsyncignore", "!.DS_Store\n");
        pep.write(".DS_Store", "Pep keeps these");
    });
    let new = world.path("new drive");
    for clutter in ["lost+found", "System Volume Information/deep", ".offsync"] {
        fs::create_dir_all(new.join(clutter)).expect("a folder can be made");
    }
    let copy = || pep.json(["copy", pep.at(), text(&new), "--label", "L", "--person", "P"]);
    // What the archive keeps under such a name is nothing to be written over.
    fs::write(new.join(".DS_Store"), "mine").expect("a file can be written");
    copy().expect_failure(1, "not_empty", &["new drive"]);
    fs::remove_file(new.join(".DS_Store")).expect("it can go");
    copy().expect_code(0);
    assert_eq!(fs::read(new.join("a.txt")).expect("it is there"), b"a");
    assert_eq!(
        fs::read(new.join(".DS_Store")).expect("it is there"),
        b"Pep keeps these"
    );
    assert!(new.join("lost+found").is_dir() && new.join("System Volume Information/deep").is_dir());
}

#[test]
fn a_copy_that_was_cut_off_while_it_said_that_it_begins_begins_anew() {
    let world = World::new();
    let pep = world.home("pep");
    fill(&pep);
    world.init(&pep);
    let anna = world.home_without_folder("anna");
    fs::create_dir_all(anna.private()).expect("a folder can be made");
    fs::write(anna.private().join("copy-in-progress.toml"), "").expect("a note can be begun");
    copy(&pep, &anna).expect_code(0);
    check_alike(&[&pep, &anna]);
}

#[test]
fn a_copy_that_was_killed_goes_on_where_it_was() {
    let world = World::new();
    let pep = world.home("pep");
    fill(&pep);
    world.init(&pep);
    let anna = world.home_without_folder("anna");
    let mut was_cut = 0;
    for wait in [5, 20, 40, 60, 90, 130, 180, 240] {
        let mut child = start(
            &pep,
            &["copy", pep.at(), anna.at(), "--label", "Anna", "--person", "Anna"],
        );
        std::thread::sleep(Duration::from_millis(wait));
        let is_done = child.try_wait().expect("a child can be asked").is_some();
        kill(&mut child);
        if is_done {
            break;
        }
        was_cut += 1;
        // A half-made copy is nobody's location yet, whatever it looks like.
        let early = anna.json(["sync", anna.at()]);
        assert_eq!(early.code, 1, "{early}");
    }
    assert!(was_cut > 0, "the machine was too fast to be interrupted");
    if !anna.private().join("invitation").exists() {
        let copied = copy(&pep, &anna);
        copied.expect_code(0);
        check_alike(&[&pep, &anna]);
        anna.check_staging_is_empty();
        assert!(!anna.private().join("copy-in-progress.toml").exists());
        join(&world, &anna, &copied);
        settle(&[&pep, &anna]);
        let locations = pep.json(["locations", pep.at()]).document();
        assert_eq!(
            locations.as_array().map(Vec::len),
            Some(2),
            "one location was made: {locations:#}"
        );
    }
}

#[test]
fn a_copy_that_was_cut_off_at_its_very_first_step_begins_anew() {
    let world = World::new();
    let pep = world.home("pep");
    fill(&pep);
    world.init(&pep);
    let anna = world.home("anna");
    fs::create_dir(anna.private()).expect("a folder can be made");
    fs::write(anna.private().join("lock"), "").expect("a file can be written");
    copy(&pep, &anna).expect_code(0);
    check_alike(&[&pep, &anna]);
}

#[test]
fn a_copy_that_is_resumed_notices_files_that_were_damaged_meanwhile() {
    let world = World::new();
    let pep = world.home("pep");
    fill(&pep);
    world.init(&pep);
    let anna = world.home_without_folder("anna");
    let mut child = start(
        &pep,
        &["copy", pep.at(), anna.at(), "--label", "Anna", "--person", "Anna"],
    );
    let victim = anna.folder.join("0/0.bin");
    for _ in 0..2_000 {
        if victim.exists() || child.try_wait().expect("a child can be asked").is_some() {
            break;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    kill(&mut child);
    if !anna.private().join("copy-in-progress.toml").exists() {
        println!("skipped: the copy was done before it could be interrupted");
        return;
    }
    // The same size, so that it looks as if it were there already.
    fs::write(&victim, noise(4711, 20_000)).expect("a file can be damaged");
    let copied = copy(&pep, &anna);
    assert!(matches!(copied.code, 0 | 5), "{copied}");
    let words = world.path("words");
    fs::write(&words, copied.document()["phrase"].as_str().expect("words")).expect("words can be written");
    anna.json(["join", anna.at(), "--phrase-file", text(&words)])
        .expect_code(0);
    settle(&[&pep, &anna]);
    assert!(
        anna.read("0/0.bin") == noise(0, 20_000),
        "the sound version stands at its place"
    );
    assert!(!pep.tree().holds(&noise(4711, 20_000)), "damage never travels");
}

#[test]
fn a_copy_that_was_interrupted_for_another_archive_is_refused() {
    let world = World::new();
    let [pep, _anna] = world.pair(fill);
    let to = world.path("half");
    fs::create_dir_all(to.join(".offsync")).expect("a folder can be made");
    let progress = format!(
        "archive_id = \"{}\"\nlocation_id = \"{}\"\n",
        "0".repeat(32),
        "1".repeat(32)
    );
    fs::write(to.join(".offsync/copy-in-progress.toml"), progress).expect("a note can be written");
    pep.json(["copy", pep.at(), text(&to), "--label", "L", "--person", "P"])
        .expect_failure(1, "not_empty", &["half"]);
}

#[test]
fn an_invitation_fills_an_empty_folder_and_adopts_a_full_one() {
    let world = World::new();
    let [pep, anna] = world.pair(|pep| {
        pep.write("a.txt", "a");
        pep.write("same.txt", "the same");
        pep.write("differs.txt", "Pep's");
    });
    let invite = |who: &str| {
        let (out, words) = (
            world.path(&format!("{who}.invitation")),
            world.path(&format!("{who}.phrase")),
        );
        let made = pep.json(["invite", pep.at(), "--label", who, "--person", who, "--out", text(&out)]);
        fs::write(&words, made.document()["phrase"].as_str().expect("words")).expect("words can be written");
        [out, words]
    };
    let [file, words] = invite("grandma");
    pep.json([
        "invite",
        pep.at(),
        "--label",
        "x",
        "--person",
        "x",
        "--out",
        text(&file),
    ])
    .expect_failure(1, "exists", &["exists already"]);
    let grandma = world.home("grandma");
    let arguments = [
        "join",
        grandma.at(),
        "--invitation",
        text(&file),
        "--phrase-file",
        text(&words),
    ];
    grandma.json(arguments).expect_code(0);
    for _ in 0..3 {
        for home in [&grandma, &pep, &anna] {
            home.json(["sync", home.at()]);
        }
    }
    settle(&[&pep, &anna, &grandma]);
    assert!(grandma.has("a.txt"));
    // Uncle has an old copy of his own.
    let uncle = world.home("uncle");
    uncle.write("same.txt", "the same");
    uncle.write("differs.txt", "Uncle's");
    uncle.write("extra.txt", "extra");
    let [file, words] = invite("uncle");
    let arguments = [
        "join",
        uncle.at(),
        "--invitation",
        text(&file),
        "--phrase-file",
        text(&words),
    ];
    uncle.json(arguments).expect_code(0);
    let homes = [&uncle, &pep, &anna, &grandma];
    for _ in 0..3 {
        for home in homes {
            home.json(["sync", home.at()]);
        }
    }
    settle(&homes);
    let tree = pep.tree();
    for kept in ["a", "the same", "Pep's", "Uncle's", "extra"] {
        assert!(tree.holds(kept.as_bytes()), "{kept} in {tree:?}");
    }
    assert_eq!(tree.len(), 5, "what is the same is there once: {tree:?}");
}

#[test]
fn what_somebody_saved_on_a_half_made_copy_is_set_aside_and_named() {
    let world = World::new();
    let pep = world.home("pep");
    fill(&pep);
    world.init(&pep);
    let anna = world.home_without_folder("anna");
    let copied = copy(&pep, &anna);
    copied.expect_code(0);
    // As if the cable had been pulled right before the last step, and the drive was used all the same.
    let progress = format!(
        "archive_id = \"{}\"\nlocation_id = \"{}\"\n",
        copied.document()["archive_id"].as_str().expect("an id"),
        copied.document()["location_id"].as_str().expect("an id"),
    );
    fs::write(anna.private().join("copy-in-progress.toml"), progress).expect("a file can be written");
    fs::remove_file(anna.private().join("invitation")).expect("it is there");
    anna.write("0/0.bin", "what Anna saved");
    let again = copy(&pep, &anna);
    let document = again.expect_code(5).document();
    assert_eq!(document["skipped"][0]["path"], "0/0.bin", "{document:#}");
    assert!(anna.read("0/0.bin") == noise(0, 20_000));
    assert!(
        tree::of(&anna.private()).holds(b"what Anna saved"),
        "it lies in the trash"
    );
}

#[test]
fn the_words_of_an_earlier_copy_are_not_lost_to_one_that_is_refused() {
    let world = World::new();
    let pep = world.home("pep");
    fill(&pep);
    world.init(&pep);
    let anna = world.home_without_folder("anna");
    let file = world.path("words");
    let arguments = [
        "copy",
        pep.at(),
        anna.at(),
        "--label",
        "Anna",
        "--person",
        "Anna",
        "--phrase-file",
        text(&file),
    ];
    pep.json(arguments).expect_code(0);
    let words = fs::read(&file).expect("words");
    pep.json(arguments).expect_failure(1, "inside_an_archive", &["already"]);
    assert_eq!(fs::read(&file).expect("words"), words);
    assert!(!file.with_extension("part").exists() && !world.path("words.part").exists());
    let folder = world.path("a folder");
    fs::create_dir(&folder).expect("a folder can be made");
    let grandma = world.home_without_folder("grandma");
    let refused = pep.json([
        "copy",
        pep.at(),
        grandma.at(),
        "--label",
        "G",
        "--person",
        "G",
        "--phrase-file",
        text(&folder),
    ]);
    refused.expect_failure(2, "usage", &["it is a folder"]);
    assert!(!grandma.folder.exists(), "nothing was begun");
}
