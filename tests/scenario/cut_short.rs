//! Ended by force in the midst of tidying or of sending: the next sync ends it, and nothing goes or comes twice.
//!
//! The moments are counted in objects of the mailbox, not in time.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use offsync_core::limits::OBJECT_BYTES_MAX;

use crate::beside::figure;
use crate::interrupted::{kill, start};
use crate::story::noise;
use crate::world::{Home, World, assert_at_rest, settle, text};

/// Kills that must strike.
const KILLS: usize = 4;
/// Changesets that are tidied away.
const CHANGESETS: usize = 40;
/// A film that goes in a good many packs.
const FILM_BYTES: usize = 48 << 20;

/// Gives the objects that carry changes, as far as they are there.
fn carriers(world: &World) -> BTreeMap<PathBuf, u64> {
    let mut all = BTreeMap::new();
    let Ok(folders) = fs::read_dir(world.mailbox()) else {
        return all;
    };
    for folder in folders.flatten() {
        for object in fs::read_dir(folder.path()).into_iter().flatten().flatten() {
            let is_carrier = object.file_name().to_string_lossy().starts_with("out.");
            // What goes while one looks is not there.
            if let (true, Ok(meta)) = (is_carrier, object.metadata()) {
                all.insert(object.path(), meta.len());
            }
        }
    }
    all
}

/// Starts a sync and ends it by force as soon as so much is in the mailbox; tells whether it was still at work.
fn cut_when(world: &World, home: &Home, is_moment: impl Fn(&BTreeMap<PathBuf, u64>) -> bool) -> bool {
    let mut child = start(home, &["sync", home.at()]);
    while !is_moment(&carriers(world)) {
        if child.try_wait().expect("a child can be asked").is_some() {
            return false;
        }
    }
    let was_at_work = child.try_wait().expect("a child can be asked").is_none();
    kill(&mut child);
    was_at_work
}

#[test]
fn who_is_killed_while_only_tidying_leaves_nothing_behind_after_the_next_sync() {
    let world = World::in_memory();
    let homes @ [pep, anna] = &world.pair(|pep| pep.write("a.txt", "a"));
    for number in 0..CHANGESETS {
        pep.write(
            &format!("{number}.bin"),
            noise(u32::try_from(number).unwrap_or(0), 70_000),
        );
        pep.sync();
    }
    let sent = world.mail();
    let objects = carriers(&world).len();
    assert!(objects >= 2 * CHANGESETS, "a manifest and a pack each: {objects}");
    settle(&[anna, pep]);
    let (wanted, mut cut, mut tried) = (pep.tree(), 0, 0);
    while cut < KILLS {
        let left = [objects - 1, objects * 3 / 4, objects / 2, objects / 4][tried % 4];
        tried += 1;
        assert!(tried <= 10 * KILLS, "{cut} of {tried} kills struck while it tidied");
        // As a provider shows objects again that were deleted at another place.
        for (path, bytes) in &sent {
            if text(path).contains("/out.") {
                fs::write(path, bytes).expect("an object can come back");
            }
        }
        cut += usize::from(cut_when(&world, pep, |now| now.len() <= left));
        assert!(carriers(&world).len() <= left);
        let report = pep.sync();
        let did = ["posted", "fetched"].map(|part| figure(&report, part, "changesets"));
        assert_eq!((did, &report["up_to_date"]), ([0, 0], &true.into()), "{report:#}");
        assert_at_rest(&homes.each_ref());
        for home in homes {
            wanted.expect_same(&home.tree(), &format!("killed with {left} of {objects} left"));
        }
    }
    println!("{cut} of {tried} kills struck while it tidied");
    settle(&homes.each_ref());
}

#[test]
fn a_changeset_whose_author_was_killed_right_after_it_is_not_sent_again() {
    const ROUNDS: u32 = 6;
    const BYTES: usize = 3 << 20;
    let world = World::in_memory();
    let homes @ [pep, anna] = &world.pair(|pep| pep.write("a.txt", "a"));
    let mut seen: BTreeMap<PathBuf, Vec<u8>> = BTreeMap::new();
    let mut remember = || {
        for (path, bytes) in world.mail() {
            if text(&path).contains("/out.") {
                let known = seen.entry(path.clone()).or_insert_with(|| bytes.clone());
                assert!(
                    *known == bytes,
                    "{} was overwritten with something else",
                    path.display()
                );
            }
        }
        seen.values().map(Vec::len).sum::<usize>()
    };
    let mut cut = 0;
    for round in 1..=ROUNDS {
        pep.write(&format!("{round}.bin"), noise(round, BYTES));
        let is_whole = |names: &BTreeMap<PathBuf, u64>| {
            let manifests = names.keys().filter(|path| text(path).ends_with(".manifest"));
            manifests.count() >= round as usize
        };
        cut += u32::from(cut_when(&world, pep, is_whole));
        remember();
        pep.sync();
        let written = remember();
        assert!(
            written * 100 <= round as usize * BYTES * 105,
            "{written} after round {round}"
        );
    }
    println!("{cut} of {ROUNDS} kills struck between a manifest and the end of the sync");
    anna.sync();
    for round in 1..=ROUNDS {
        assert_eq!(anna.read(&format!("{round}.bin")), noise(round, BYTES));
    }
    settle(&homes.each_ref());
}

#[test]
fn what_a_killed_sync_had_sent_is_not_sent_again() {
    let world = World::in_memory();
    let homes @ [pep, anna] = &world.pair(|pep| pep.write("a.txt", "a"));
    let film = noise(9, FILM_BYTES);
    pep.write("film.bin", &film);
    let mut seen: BTreeMap<PathBuf, u64> = BTreeMap::new();
    let mut cut = 0;
    for packs in [1, 3, 6, 9] {
        cut += usize::from(cut_when(&world, pep, |now| now.len() >= packs));
        seen.extend(carriers(&world));
    }
    assert_eq!(cut, KILLS, "a kill came too late");
    let report = pep.sync();
    assert_eq!(report["up_to_date"], true, "{report:#}");
    seen.extend(carriers(&world));
    let written: u64 = seen.values().sum();
    println!("{written} bytes in {} objects, for {FILM_BYTES}", seen.len());
    assert!(
        written * 100 <= FILM_BYTES as u64 * 105,
        "{written} bytes for {FILM_BYTES}"
    );
    anna.sync();
    assert_eq!(anna.read("film.bin"), film);
    settle(&homes.each_ref());
}

#[test]
fn what_a_killed_sync_had_sent_goes_away_where_nobody_needs_it_any_more() {
    let world = World::in_memory();
    let homes @ [pep, anna] = &world.pair(|pep| pep.write("a.txt", "a"));
    pep.write("film.bin", noise(9, FILM_BYTES));
    assert!(cut_when(&world, pep, |now| now.len() >= 5), "the kill came too late");
    pep.remove("film.bin");
    let report = pep.sync();
    assert_eq!(report["up_to_date"], true, "{report:#}");
    assert_eq!(carriers(&world).len(), 0, "{:?}", carriers(&world));
    anna.sync();
    settle(&homes.each_ref());
}

#[test]
fn what_a_killed_sync_had_fetched_is_not_fetched_again() {
    let world = World::in_memory();
    let homes @ [pep, anna] = &world.pair(|pep| pep.write("a.txt", "a"));
    let film = noise(10, FILM_BYTES);
    pep.write("film.bin", &film);
    pep.sync();
    let staging = anna.private().join("staging");
    let mut child = start(anna, &["sync", anna.at()]);
    while staged_bytes(&staging) < (FILM_BYTES / 2) as u64 {
        assert!(
            child.try_wait().expect("a child can be asked").is_none(),
            "it came to an end"
        );
    }
    kill(&mut child);
    let report = anna.sync();
    assert_eq!(anna.read("film.bin"), film);
    let fetched = figure(&report, "fetched", "downloaded_bytes");
    println!("{fetched} fetched again, of {FILM_BYTES}");
    // Of the pack that was being fetched, all; and the manifest, heads and people.
    let most = FILM_BYTES / 2 + OBJECT_BYTES_MAX + 100_000;
    assert!(fetched < most as u64, "{report:#}");
    settle(&homes.each_ref());
}

fn staged_bytes(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| entry.metadata().ok())
        .map(|meta| meta.len())
        .sum()
}
