//! Content that no home has any more: it is named everywhere, and a person puts it back or gives it up.

use std::time::Duration;

use serde_json::{Value, json};

use crate::foreign_drive::ForeignDrive;
use crate::schema;
use crate::story::noise;
use crate::world::{Home, World, settle};

const FILM_BYTES: usize = 300_000;

/// A film lies on no drive and in no mailbox any more: its packs were lost there, and Pep's drive was put together anew
/// from what a friend had. Both have heard of it.
fn with_a_lost_film(world: &World) -> [Home; 2] {
    let [pep, anna] = world.pair(|pep| pep.write("a.txt", "a"));
    pep.write("films/film.bin", noise(3, FILM_BYTES));
    pep.sync();
    lose_the_film(world, &pep);
    sync_in_turns(&[&anna, &pep]);
    [pep, anna]
}

/// The same, but that Grandma's drive, which is in a drawer and not waited for, has it.
fn with_a_film_that_only_a_parked_home_has(world: &World) -> [Home; 3] {
    let [pep, anna] = world.pair(|pep| pep.write("a.txt", "a"));
    pep.write("films/film.bin", noise(3, FILM_BYTES));
    pep.sync();
    let grandma = world.give_copy(&pep, "grandma");
    grandma.sync();
    lose_the_film(world, &pep);
    anna.json(["sync", anna.at()]);
    anna.run(["location", "park", anna.at(), "grandma's home"])
        .expect_code(0);
    sync_in_turns(&[&anna, &pep]);
    assert_eq!(lost(&anna)["may_be_at"], json!(["grandma's home"]));
    [pep, anna, grandma]
}

fn lose_the_film(world: &World, pep: &Home) {
    lose_packs(world);
    pep.remove("films/film.bin");
    std::fs::remove_dir_all(pep.private()).expect("it is there");
    pep.json(["join", pep.at(), "--as", "Pep's home"]).expect_code(0);
}

fn sync_in_turns(homes: &[&Home]) {
    for _ in 0..3 {
        homes.iter().for_each(|home| drop(home.json(["sync", home.at()])));
    }
}

fn lose_packs(world: &World) {
    let mail = world.mail();
    for pack in mail
        .keys()
        .filter(|path| path.extension().is_some_and(|end| end == "pack"))
    {
        std::fs::remove_file(pack).expect("it is there");
    }
}

fn lost(home: &Home) -> Value {
    let listed = home.json(["lost", home.at()]);
    listed.expect_code(0);
    checked(listed.document())
}

fn checked(report: Value) -> Value {
    schema::check(&report, &schema::lost(), &["files[].path_base64"]);
    report
}

#[test]
fn what_no_home_has_is_named_everywhere_and_holds_nobody_up() {
    let world = World::new();
    let [pep, anna] = with_a_lost_film(&world);
    let sentence = "'films/film.bin' is lost: no home that takes part has its content any more. `offsync lost FOLDER` says what can be done.";
    for home in [&pep, &anna] {
        home.run(["sync", home.at()]).expect_code(5).expect_out(sentence);
        home.run(["status", home.at()]).expect_out(sentence);
        let status = home.json(["status", home.at()]).document();
        assert_eq!(
            (&status[0]["lost_files"], &status[0]["headline"]["kind"]),
            (&json!(1), &json!("lost")),
            "{status:#}"
        );
        home.run(["lost", home.at()])
            .expect_code(0)
            .expect_out("films/film.bin (300.0 kB, made at Pep's home")
            .expect_out("No home that takes part has this any more.\n")
            .expect_out("If you have it elsewhere, put it into the archive and sync")
            .expect_out("`offsync lost FOLDER PATH --give-up`");
        let report = lost(home);
        assert_eq!(
            (
                &report["files"][0]["path"],
                &report["files"][0]["size_bytes"],
                &report["files"][0]["damaged_here"]
            ),
            (&json!("films/film.bin"), &json!(FILM_BYTES), &json!(false)),
            "{report:#}"
        );
        assert_eq!((&report["may_be_at"], &report["given_up"]), (&json!([]), &json!(false)));
    }
    anna.write("b.txt", "b");
    assert_eq!(anna.json(["sync", anna.at()]).only_report()["posted"]["changesets"], 1);
    pep.json(["sync", pep.at()]);
    assert_eq!(pep.read("b.txt"), b"b");
}

#[test]
fn whoever_has_it_in_a_backup_puts_it_back_for_all() {
    let world = World::new();
    let [pep, anna] = with_a_lost_film(&world);
    anna.write("from the backup.bin", noise(3, FILM_BYTES));
    sync_in_turns(&[&anna, &pep]);
    settle(&[&pep, &anna]);
    for home in [&pep, &anna] {
        assert_eq!(home.read("films/film.bin"), noise(3, FILM_BYTES));
        home.run(["lost", home.at()])
            .expect_out("No file is lost, as far as the last sync here could tell.");
    }
}

#[test]
fn what_a_person_gives_up_leaves_the_archive_everywhere() {
    let world = World::new();
    let [pep, anna] = with_a_lost_film(&world);
    let before = anna.tree();
    anna.run(["lost", anna.at(), "films/film.bin"]).expect_code(2);
    anna.json(["lost", anna.at(), "--give-up"]).expect_failure(
        2,
        "usage",
        &["Name the files to give up, or say --all."],
    );
    anna.json(["lost", anna.at(), "--give-up", "a.txt"]).expect_failure(
        1,
        "not_lost",
        &["'a.txt' is not among the files that are lost."],
    );
    let given_up = anna.json(["lost", anna.at(), "--give-up", "films/film.bin"]);
    given_up.expect_code(0);
    assert_eq!(checked(given_up.document())["given_up"], true);
    anna.run(["lost", anna.at()]).expect_out("No file is lost");
    let report = anna.sync();
    assert_eq!(
        (&report["posted"]["changesets"], &report["lost"]),
        (&json!(1), &json!([])),
        "{report:#}"
    );
    pep.sync();
    settle(&[&pep, &anna]);
    assert_eq!(anna.tree(), before);
    assert!(!pep.has("films/film.bin"));
    assert_eq!(lost(&pep)["files"], json!([]));
    pep.run(["lost", pep.at(), "--all", "--give-up"])
        .expect_code(0)
        .expect_out("There is nothing to give up.");
}

#[test]
fn what_is_left_of_a_damaged_file_is_for_a_person_to_save_or_to_delete() {
    let world = World::new();
    let Some((_, mut drive)) = ForeignDrive::home(&world, "anna") else {
        return;
    };
    let pep = world.home("pep");
    pep.write("a.txt", "a");
    world.init(&pep);
    let anna = world.give_copy(&pep, "anna");
    [&pep, &anna, &pep].into_iter().for_each(|home| drop(home.sync()));
    anna.write("film.bin", noise(3, FILM_BYTES));
    // What was written within two seconds of being read is not compared.
    std::thread::sleep(Duration::from_millis(2_100));
    anna.sync();
    lose_packs(&world);
    drive.unmount();
    drive.rot(&noise(3, FILM_BYTES)[1_000..1_100]);
    drive.mount(None);
    anna.json(["verify", anna.at(), "--all", "--repair"]).expect_code(5);
    for _ in 0..2 {
        [&pep, &anna]
            .into_iter()
            .for_each(|home| drop(home.json(["sync", home.at()])));
    }
    let sentence = "'film.bin' is lost: no home that takes part has its content any more.";
    anna.run(["sync", anna.at()]).expect_code(5).expect_out(sentence);
    anna.run(["status", anna.at()]).expect_out(sentence);
    for verify in [
        &["verify", anna.at(), "--all"][..],
        &["verify", anna.at(), "--all", "--repair"],
    ] {
        let told = anna.run(verify.iter().copied());
        told.expect_code(5)
            .expect_out("  lost: film.bin\nWhat is lost no home that takes part has any more: `offsync lost FOLDER` says what can be done.\n");
        assert!(
            !told.stdout.contains("--repair") && !told.stdout.contains("asked for"),
            "{told}"
        );
    }
    anna.run(["lost", anna.at()])
        .expect_out("a damaged file is all that is left here")
        .expect_out("`offsync verify FOLDER --keep PATH` keeps what is left; or delete it.");
    anna.json(["lost", anna.at(), "--give-up", "film.bin"]).expect_failure(
        1,
        "damaged_here",
        &[
            "What is left of 'film.bin' stands on this drive, damaged.",
            "--keep PATH` keeps what is left of it",
        ],
    );
    anna.run(["lost", anna.at(), "--give-up", "--all"])
        .expect_code(0)
        .expect_out("There is nothing to give up.");
    // What a person saves is their word.
    anna.write("film.bin", "what is left");
    for _ in 0..2 {
        [&anna, &pep].into_iter().for_each(|home| drop(home.sync()));
    }
    assert_eq!(pep.read("film.bin"), b"what is left");
    assert_eq!((&lost(&pep)["files"], &lost(&anna)["files"]), (&json!([]), &json!([])));
}

#[test]
fn who_is_parked_is_named_since_it_may_still_be_there() {
    let world = World::new();
    let [pep, anna] = with_a_lost_film(&world);
    let grandma = world.give_copy(&pep, "grandma");
    [&grandma, &pep, &anna]
        .into_iter()
        .for_each(|home| drop(home.json(["sync", home.at()])));
    pep.run(["location", "park", pep.at(), "grandma's home"]).expect_code(0);
    [&pep, &anna, &pep]
        .into_iter()
        .for_each(|home| drop(home.json(["sync", home.at()])));
    assert_eq!(lost(&pep)["may_be_at"], json!(["grandma's home"]));
    pep.run(["lost", pep.at()])
        .expect_out("It may still be at 'grandma's home': a sync there brings it back.");
}

#[test]
fn what_a_parked_home_has_is_kept_where_it_syncs_before_the_others_are_told_that_it_was_given_up() {
    let world = World::new();
    let [pep, anna, grandma] = with_a_film_that_only_a_parked_home_has(&world);
    anna.run(["lost", anna.at(), "--give-up", "--all"])
        .expect_code(0)
        .expect_out(
            "It may still be at 'grandma's home': sync there before you sync here, and it is not given up after all.",
        );
    grandma.json(["sync", grandma.at()]);
    sync_in_turns(&[&anna, &grandma, &pep]);
    settle(&[&anna, &grandma, &pep]);
    for home in [&pep, &anna, &grandma] {
        assert_eq!(home.read("films/film.bin"), noise(3, FILM_BYTES));
    }
}

#[test]
fn what_a_parked_home_has_goes_to_its_trash_once_the_others_gave_it_up_and_comes_back_from_there() {
    let world = World::new();
    let [pep, anna, grandma] = with_a_film_that_only_a_parked_home_has(&world);
    let given_up = checked(anna.json(["lost", anna.at(), "--give-up", "films/film.bin"]).document());
    assert_eq!(given_up["may_be_at"], json!(["grandma's home"]), "{given_up:#}");
    sync_in_turns(&[&anna, &pep]);
    sync_in_turns(&[&grandma, &anna, &pep]);
    assert!(!grandma.has("films/film.bin"));
    grandma
        .run(["trash", "restore", grandma.at(), "films/film.bin"])
        .expect_code(0);
    sync_in_turns(&[&grandma, &anna, &pep]);
    settle(&[&anna, &grandma, &pep]);
    for home in [&pep, &anna, &grandma] {
        assert_eq!(home.read("films/film.bin"), noise(3, FILM_BYTES));
    }
}
