//! A home that is late: how far behind it is said to be, and that catching up costs what differs in the end, however much went by.

use serde_json::Value;

use crate::beside::{LEAST_ALLOWANCE, Thimble, figure};
use crate::story::noise;
use crate::world::{Home, World, assert_at_rest, check_alike, settle};

const VERSIONS: u32 = 500;
const FILES: u32 = 5;
/// Files that one version changes, in turn.
const CHANGED: u32 = 2;
const FILE_BYTES: usize = 100_000;
/// More than a manifest takes that names two files and a pack.
const MANIFEST_BYTES: u64 = 500;
/// More than heads and statements of people take.
const WORDS_BYTES: u64 = 20_000;

#[test]
fn who_comes_after_five_hundred_changesets_fetches_what_is_left_of_them() {
    let world = World::in_memory();
    let pep = world.home("pep");
    pep.write("a.txt", "a");
    world.init_allowing(&pep, "16MiB");
    let [anna, grandma] = ["anna", "grandma"].map(|who| world.give_copy(&pep, who));
    let homes = [&pep, &anna, &grandma];
    settle(&homes);
    let mut thimble = Thimble::of(&world, LEAST_ALLOWANCE);
    for version in 0..VERSIONS {
        for file in (version * CHANGED..).take(CHANGED as usize).map(|turn| turn % FILES) {
            pep.write(&format!("{file}.bin"), noise(version * FILES + file, FILE_BYTES));
        }
        let report = match version % 20 {
            0 => thimble.sync(&pep),
            _ => thimble.sync_unwatched(&pep),
        };
        assert_eq!(
            figure(&report, "waiting", "entries"),
            0,
            "version {version}: {report:#}"
        );
        if version % 20 == 19 {
            thimble.sync(&anna);
        }
    }
    thimble.sync(&anna);
    thimble.sync(&pep);
    let content = u64::from(FILES) * FILE_BYTES as u64;
    let manifests = u64::from(VERSIONS) * MANIFEST_BYTES;
    let report = thimble.sync(&grandma);
    check_alike(&homes);
    let fetched = figure(&report, "fetched", "downloaded_bytes");
    let went_by = u64::from(VERSIONS * CHANGED) * FILE_BYTES as u64;
    println!(
        "{fetched} fetched, of {content} of content and {went_by} that went by; at most {} in the mailbox",
        thimble.highest_bytes
    );
    assert!(fetched >= content, "{report:#}");
    assert!(fetched <= content * 105 / 100 + manifests + WORDS_BYTES, "{report:#}");
    // Of each file there is what Anna fetched last, what came since, and what is being sent; nothing older.
    assert!(
        thimble.highest_bytes <= 4 * content + manifests,
        "{}",
        thimble.highest_bytes
    );
    settle(&homes);
}

/// Gives one location as a home tells of it.
fn told(home: &Home, of: &Home) -> Value {
    let id = of.noted("location");
    let all = home.json(["locations", home.at()]).expect_code(0).document();
    let mut all = all.as_array().into_iter().flatten();
    all.find(|location| location["location_id"] == *id)
        .expect("it is told of")
        .clone()
}

/// Gives how many bytes of the mailbox an author's changesets are, packs and all.
fn sent_bytes(world: &World, author: &Home) -> u64 {
    let start = format!("out.{}.", author.noted("location"));
    let name = |path: &std::path::Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let all = world
        .mail()
        .into_iter()
        .filter(|(path, _)| name(path).starts_with(&start));
    all.map(|(_, bytes)| bytes.len() as u64).sum()
}

#[test]
fn how_far_behind_a_home_is_is_told_in_changes_and_in_the_bytes_that_wait_for_it() {
    let world = World::new();
    let homes @ [pep, anna, grandma] = &world.trio(|pep| pep.write("a.txt", "a"));
    let behind = |home: &Home, of: &Home| {
        let told = told(home, of);
        let figures = ["changesets", "bytes"].map(|name| figure(&told, "behind", name));
        (told["state"].as_str().unwrap_or_default().to_owned(), figures)
    };
    let level = ("up_to_date".to_owned(), [0, 0]);
    let late = |changesets, bytes| ("behind".to_owned(), [changesets, bytes]);
    for other in [anna, grandma] {
        assert_eq!(behind(pep, other), level);
    }
    pep.write("small.txt", "small");
    pep.sync();
    let first = sent_bytes(&world, pep);
    assert_eq!(behind(pep, grandma), late(1, first));
    pep.write("large.bin", noise(1, 300_000));
    pep.sync();
    let both = sent_bytes(&world, pep);
    assert!(both > first + 300_000, "{both} after {first}");
    assert_eq!(behind(pep, grandma), late(2, both));
    assert_eq!(behind(pep, anna), late(2, both));
    anna.sync();
    assert_eq!(behind(anna, grandma), late(2, both), "she knows as much by now");
    assert_eq!((behind(anna, pep), behind(pep, anna)), (level.clone(), level.clone()));
    anna.write("anna's.bin", noise(2, 100_000));
    anna.sync();
    let all = both + sent_bytes(&world, anna);
    assert_eq!(behind(anna, pep), late(1, all - both));
    assert_eq!(behind(anna, grandma), late(3, all));
    pep.sync();
    assert_eq!((behind(pep, anna), behind(pep, grandma)), (level.clone(), late(3, all)));
    // Where nobody can look, it is told as it was seen last.
    let away = world.path("away");
    std::fs::rename(world.mailbox(), &away).expect("a mailbox can go away");
    assert_eq!((behind(pep, anna), behind(pep, grandma)), (level.clone(), late(3, all)));
    std::fs::rename(&away, world.mailbox()).expect("it can come back");
    grandma.sync();
    assert_eq!(
        (behind(grandma, pep), behind(grandma, anna)),
        (level.clone(), level.clone())
    );
    settle(&homes.each_ref());
    for home in homes {
        for other in homes {
            assert_eq!(behind(home, other), level);
        }
    }
    assert_at_rest(&homes.each_ref());
}

#[test]
fn when_a_home_was_last_seen_is_when_it_last_said_something() {
    let world = World::new();
    let pep = world.home("pep");
    pep.write("a.txt", "a");
    world.init(&pep);
    let anna = world.give_copy(&pep, "anna");
    let grandma = world.give_copy(&pep, "grandma");
    let seen = |home: &Home, of: &Home| told(home, of)["last_seen"].clone();
    pep.sync();
    assert_eq!(told(&pep, &grandma)["state"], "invited");
    assert_eq!(seen(&pep, &grandma), Value::Null, "she has never come");
    settle(&[&pep, &anna, &grandma]);
    let before = seen(&grandma, &grandma);
    assert_eq!(
        (seen(&pep, &grandma), seen(&anna, &grandma)),
        (before.clone(), before.clone())
    );
    // What others do is no word of hers.
    for version in 0..3 {
        pep.write("a.txt", format!("version {version}"));
        pep.sync();
        anna.sync();
    }
    assert_eq!(
        (seen(&pep, &grandma), seen(&anna, &grandma)),
        (before.clone(), before.clone())
    );
    grandma.sync();
    let after = seen(&grandma, &grandma);
    let text = |time: &Value| time.as_str().expect("a time").to_owned();
    assert!(text(&after) >= text(&before), "{after} after {before}");
    assert_eq!((seen(&pep, &grandma), seen(&anna, &grandma)), (after.clone(), after));
}
