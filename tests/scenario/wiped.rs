//! A mailbox that lost objects: what was not delivered reaches everyone with two visits each, whoever comes when.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::story::noise;
use crate::world::{Home, World, settle, text};

/// The orders in which three homes can come.
const ORDERS: [[usize; 3]; 6] = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];

/// A moment of a whole world, which can be gone back to.
struct Moment {
    kept: PathBuf,
    _folder: tempfile::TempDir,
}

impl Moment {
    fn keep(world: &World) -> Self {
        let above = world.base().parent().expect("a world lies somewhere");
        let folder = tempfile::Builder::new().prefix("offsync-scenario-").tempdir_in(above);
        let folder = folder.expect("a temporary folder can be made");
        let kept = folder.path().join("kept");
        copy_all(world.base(), &kept);
        Self { kept, _folder: folder }
    }

    fn go_back(&self, world: &World) {
        for entry in fs::read_dir(world.base()).expect("a world can be listed") {
            let path = entry.expect("a world can be listed").path();
            let is_folder = path.is_dir();
            if is_folder {
                fs::remove_dir_all(&path)
            } else {
                fs::remove_file(&path)
            }
            .expect("it can go");
        }
        copy_all(&self.kept.join("."), world.base());
    }
}

/// Copies a folder with all times and modes.
fn copy_all(from: &Path, to: &Path) {
    let done = Command::new("cp").args(["-a", text(from), text(to)]).status();
    assert!(done.expect("cp can be started").success());
}

/// Lets everybody come twice, in one order and another; all must then have all.
fn visit_twice(homes: &[&Home], orders: [[usize; 3]; 2], wanted: &[(&str, Vec<u8>)]) -> Result<(), String> {
    for order in orders {
        for at in order {
            let output = homes[at].json(["sync", homes[at].at()]);
            assert_eq!(output.code, 0, "{orders:?}: {output}");
            let report = output.only_report();
            assert_eq!(report["applied"]["deleted"], 0, "{orders:?}: {report:#}");
        }
    }
    let lacking = |home: &&Home| {
        let lacks = wanted
            .iter()
            .filter(|(path, bytes)| !home.has(path) || home.read(path) != *bytes);
        lacks
            .map(|(path, _)| format!("{} lacks {path}", home.at()))
            .collect::<Vec<_>>()
    };
    let lacking: Vec<String> = homes.iter().flat_map(lacking).collect();
    if lacking.is_empty() {
        return Ok(());
    }
    Err(format!("{orders:?}: {}", lacking.join(", ")))
}

/// Loses what lies in the mailbox, as far as it is wanted.
fn lose(world: &World, is_lost: impl Fn(&str) -> bool) -> usize {
    let all = world.mail().into_keys();
    let lost: Vec<PathBuf> = all.filter(|path| is_lost(text(path))).collect();
    for path in &lost {
        fs::remove_file(path).expect("an object can be removed");
    }
    lost.len()
}

/// Plays pairs of orders from one moment, each.
fn expect_in_orders(world: &World, homes: &[&Home], pairs: &[[[usize; 3]; 2]], wanted: &[(&str, Vec<u8>)]) {
    let moment = Moment::keep(world);
    let mut failed = Vec::new();
    for pair in pairs {
        moment.go_back(world);
        failed.extend(visit_twice(homes, *pair, wanted).err());
    }
    assert!(
        failed.is_empty(),
        "{} of {} orders: {failed:#?}",
        failed.len(),
        pairs.len()
    );
    settle(homes);
}

/// All pairs of orders of two rounds.
fn all_pairs() -> Vec<[[usize; 3]; 2]> {
    let pairs = ORDERS.into_iter().map(|first| ORDERS.map(|second| [first, second]));
    pairs.flatten().collect()
}

#[test]
fn what_only_its_author_has_when_the_mailbox_is_wiped_reaches_everyone_with_two_visits_each_in_any_order() {
    let world = World::in_memory();
    let [pep, anna, grandma] = world.trio(|pep| pep.write("a.txt", "a"));
    pep.write("large.bin", noise(3, 200_000));
    pep.write("small.txt", "small");
    pep.sync();
    pep.rename("a.txt", "b.txt");
    pep.sync();
    lose(&world, |_| true);
    grandma.write("grandma's.txt", "made meanwhile");
    let wanted = [
        ("large.bin", noise(3, 200_000)),
        ("small.txt", b"small".to_vec()),
        ("b.txt", b"a".to_vec()),
    ];
    expect_in_orders(&world, &[&pep, &anna, &grandma], &all_pairs(), &wanted);
    assert_eq!(pep.read("grandma's.txt"), b"made meanwhile");
}

#[test]
fn what_two_authors_sent_before_the_mailbox_was_wiped_reaches_everyone_with_two_visits_each_in_any_order() {
    let world = World::in_memory();
    let [pep, anna, grandma] = world.trio(|pep| pep.write("a.txt", "a"));
    // Known to two of the three.
    pep.write("pep's first.bin", noise(1, 200_000));
    pep.sync();
    anna.write("anna's.bin", noise(2, 150_000));
    anna.write("anna's note.txt", "small");
    anna.sync();
    // Known to its author alone.
    pep.write("pep's second.bin", noise(3, 200_000));
    pep.rename("a.txt", "b.txt");
    pep.sync();
    lose(&world, |_| true);
    // Made since.
    grandma.write("grandma's.txt", "made meanwhile");
    let wanted = [
        ("pep's first.bin", noise(1, 200_000)),
        ("anna's.bin", noise(2, 150_000)),
        ("anna's note.txt", b"small".to_vec()),
        ("pep's second.bin", noise(3, 200_000)),
        ("b.txt", b"a".to_vec()),
    ];
    expect_in_orders(&world, &[&pep, &anna, &grandma], &all_pairs(), &wanted);
    assert_eq!(pep.read("grandma's.txt"), b"made meanwhile");
}

#[test]
fn a_pack_that_was_lost_reaches_the_others_with_two_visits_each() {
    let world = World::in_memory();
    let [pep, anna, grandma] = world.trio(|pep| pep.write("a.txt", "a"));
    let film = noise(4, 6 << 20);
    pep.write("film.bin", &film);
    pep.write("note.txt", "small");
    pep.sync();
    let packs = world.waiting().iter().filter(|name| name.ends_with(".pack")).count();
    assert!(packs > 1, "{packs} packs");
    // One of several, and its author alone has what was in it.
    let first = world.mail().into_keys().find(|path| text(path).ends_with(".pack"));
    let first = first.expect("a film travels in packs");
    assert_eq!(lose(&world, |path| path == text(&first)), 1);
    let wanted = [("film.bin", film), ("note.txt", b"small".to_vec())];
    let pairs = ORDERS.map(|order| [order, order]);
    expect_in_orders(&world, &[&pep, &anna, &grandma], &pairs, &wanted);
}
