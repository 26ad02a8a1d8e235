//! What `status`, `locations` and `sync` tell people: true in the odd hour, too, and in words that need no expert.

use std::fs;
use std::path::PathBuf;

use crate::story::noise;
use crate::world::{Home, World, invited, settle, text};

const FOREIGN_BYTES: usize = 15 << 20;

/// Two homes whose mailbox another program's file has filled, and a change of Pep's for which there is no room.
fn filled_by_a_stranger(world: &World) -> ([Home; 2], PathBuf) {
    let pep = world.home("pep");
    pep.write("a.txt", "a");
    world.init_allowing(&pep, "16MiB");
    let anna = world.give_copy(&pep, "anna");
    settle(&[&pep, &anna]);
    let (head, _) = world.mail().pop_first().expect("heads lie there");
    let stranger = head.with_file_name("holiday film.mp4");
    fs::write(&stranger, noise(1, FOREIGN_BYTES)).expect("another program writes where it likes");
    pep.write("film.bin", noise(2, 3 << 20));
    ([pep, anna], stranger)
}

#[test]
fn files_of_other_programs_that_fill_the_mailbox_are_named_with_what_makes_room() {
    let world = World::in_memory();
    let ([pep, anna], stranger) = filled_by_a_stranger(&world);
    let named = "15.7 MB in the mailbox are not Offsync's (1 file): take it out, and there is more room.";
    pep.run(["sync", pep.at()]).expect_out(named);
    pep.run(["status", pep.at()]).expect_out(named);
    let foreign = serde_json::json!({"files": 1, "bytes": FOREIGN_BYTES});
    let status = pep.json(["status", pep.at()]).document();
    assert_eq!(status[0]["mailbox"]["foreign"], foreign, "{status:#}");
    let report = pep.json(["sync", pep.at()]).only_report();
    assert_eq!(report["waiting"]["foreign"], foreign, "{report:#}");
    let show = pep.json(["mailbox", "show", pep.at()]).document();
    assert_eq!(show["foreign"], foreign, "{show:#}");
    pep.run(["mailbox", "show", pep.at()])
        .expect_out("; 15.7 MB of it in 1 file that is not Offsync's\n");
    // Whose sync is next makes no room here.
    anna.sync();
    let more = "'Pep's home' has changes to send that wait for room in the mailbox; more of it comes as room is made: sync there and here in turn. You can unplug.";
    anna.run(["status", anna.at()]).expect_out(more).expect_out(named);
    fs::remove_file(&stranger).expect("it is there");
    settle(&[&pep, &anna]);
    let told = pep.run(["mailbox", "show", pep.at()]);
    assert!(!told.stdout.contains("not Offsync's"), "{told}");
}

#[test]
fn a_small_file_of_another_program_is_not_said_to_take_the_room() {
    let world = World::in_memory();
    let ([pep, _], stranger) = filled_by_a_stranger(&world);
    fs::write(&stranger, "a note").expect("it can be written");
    // What a sync that was cut off has left behind is nobody's either.
    fs::write(stranger.with_file_name(".tmp-0"), "half").expect("it can be written");
    pep.write("large.bin", noise(3, 30 << 20));
    let told = pep.run(["sync", pep.at()]);
    told.expect_out("wait");
    assert!(!told.stdout.contains("not Offsync's"), "{told}");
    pep.run(["mailbox", "show", pep.at()])
        .expect_out("; 10 bytes of it in 2 files that are not Offsync's\n");
}

#[test]
fn what_is_unsent_here_is_said_by_locations_as_by_status() {
    let world = World::new();
    let [pep, anna] = world.pair(|pep| pep.write("a.txt", "a"));
    pep.write("b.txt", "b");
    for command in ["status", "locations"] {
        pep.run([command, pep.at()])
            .expect_out("]: 1 change not sent yet, this one\n");
        let told = anna.run([command, anna.at()]);
        told.expect_out("]: up to date, this one\n");
    }
}

#[test]
fn who_lacks_the_key_of_the_others_calls_nothing_safe_and_may_have_been_taken_out() {
    let world = World::new();
    let [pep, anna, grandma] = world.trio(|pep| pep.write("a.txt", "a"));
    pep.run(["location", "remove", pep.at(), "grandma", "--yes"])
        .expect_code(0);
    for home in [&pep, &anna, &pep] {
        home.sync();
    }
    let told = grandma.run(["status", grandma.at()]);
    told.expect_code(5)
        .expect_out("; or this home was taken out: the next sync here tells\n")
        .expect_out("  What the others have is not all here yet.");
    assert!(!told.stdout.contains("safe"), "{told}");
    grandma
        .json(["sync", grandma.at()])
        .expect_failure(1, "removed", &["took this copy out"]);
}

#[test]
fn who_has_joined_and_not_synced_yet_has_not_heard_of_the_others() {
    let world = World::new();
    let [pep, _anna] = world.pair(|pep| pep.write("a.txt", "a"));
    let [file, words] = invited(&world, &pep, "Tia");
    let tia = world.home("tia");
    let join = [
        "join",
        tia.at(),
        "--invitation",
        text(&file),
        "--phrase-file",
        text(&words),
    ];
    tia.run(join).expect_code(0);
    let away = world.path("mailbox in a drawer");
    fs::rename(world.mailbox(), &away).expect("a mailbox can go away");
    for command in ["status", "locations"] {
        let told = tia.run([command, tia.at()]);
        told.expect_out("]: not heard of yet: sync here first\n");
        assert!(!told.stdout.contains("not seen yet"), "{told}");
    }
    fs::rename(&away, world.mailbox()).expect("it can come back");
    tia.sync();
    // Who has synced knows whom it has not seen.
    let [_, _] = invited(&world, &pep, "Uncle");
    pep.run(["locations", pep.at()])
        .expect_out("]: invited, not seen yet\n");
}

#[test]
fn a_damaged_object_is_told_in_plain_words_and_why_only_to_who_asks() {
    let world = World::new();
    let [pep, anna] = world.pair(|pep| pep.write("a.txt", "a"));
    pep.write("film.bin", noise(1, 3 << 20));
    pep.sync();
    let is_pack = |path: &PathBuf| path.extension().is_some_and(|end| end == "pack");
    let (pack, mut bytes) = world
        .mail()
        .into_iter()
        .find(|(path, _)| is_pack(path))
        .expect("one lies there");
    bytes[1000] ^= 1;
    fs::write(&pack, bytes).expect("an object can be damaged");
    let name = pack.file_name().expect("a name").to_string_lossy().into_owned();
    let plain = format!(
        "  not done: something in the mailbox is damaged ({name}): what it held is asked for again. If this is still said once all other homes have synced, delete that file in the mailbox\n"
    );
    let technical = "was not sealed with this archive's key";
    let told = anna.run(["sync", anna.at(), "--dry-run"]);
    assert!(!told.stdout.contains(technical), "{told}");
    let told = anna.run(["sync", anna.at()]);
    told.expect_code(5).expect_out(&plain);
    assert!(!told.stdout.contains(technical), "{told}");
    fs::remove_file(&pack).expect("it is there");
    settle(&[&pep, &anna]);
    assert!(anna.has("film.bin"));
}

#[test]
fn why_an_object_is_damaged_is_in_the_document_and_told_at_length() {
    let world = World::new();
    let [pep, anna] = world.pair(|pep| pep.write("a.txt", "a"));
    pep.sync();
    let is_hers = |path: &PathBuf| path.to_string_lossy().contains("/head.") && !is_of(path, &anna);
    let (head, mut bytes) = world
        .mail()
        .into_iter()
        .find(|(path, _)| is_hers(path))
        .expect("one lies there");
    bytes[100] ^= 1;
    fs::write(&head, bytes).expect("an object can be damaged");
    let technical = "the object was not sealed with this archive's key under this name";
    let told = anna.json(["status", anna.at()]).document();
    assert_eq!(told[0]["skipped"][0]["detail"], technical, "{told:#}");
    let told = anna.run(["status", anna.at()]);
    assert!(!told.stdout.contains(technical), "{told}");
    anna.run(["status", anna.at(), "--verbose"]).expect_out(technical);
    let told = anna.json(["sync", anna.at()]).only_report();
    assert_eq!(told["skipped"][0]["detail"], technical, "{told:#}");
    anna.run(["sync", anna.at(), "--verbose"]).expect_out(technical);
}

fn is_of(head: &std::path::Path, home: &Home) -> bool {
    let id = home.json(["locations", home.at()]).document()[0]["location_id"].clone();
    head.extension().is_some_and(|end| *end.to_string_lossy() == id)
}

#[test]
fn times_are_told_as_people_say_them_and_stand_exactly_in_the_document() {
    let world = World::new();
    let [pep, anna] = world.pair(|pep| pep.write("a.txt", "a"));
    for command in ["status", "locations"] {
        let told = pep.run([command, pep.at()]);
        let hers = told.stdout.lines().find(|line| line.contains("anna's home"));
        let seen = hers.and_then(|line| line.split(", last seen ").nth(1));
        assert!(
            seen.is_some_and(|seen| seen == "just now" || seen.ends_with(" ago")),
            "{told}"
        );
    }
    let listed = pep.json(["locations", pep.at()]).document();
    let seen = listed[1]["last_seen"].as_str().expect("a time");
    assert!(seen.ends_with('Z'), "{listed:#}");
    drop(anna);
}
