//! An exFAT or FAT drive that is nearly full: what fits is kept, the small first, and what has no room is said.

use std::fs::{self, File};
use std::path::PathBuf;

use serde_json::Value;

use crate::foreign::{Pair, fill, pair};
use crate::story::noise;
use crate::world::{Home, World};

/// What is left on a drive that is nearly full, and photos of a megabyte that fit there, but not twice at once.
const ROOM_BYTES: u64 = 12 << 20;
const PHOTOS: u32 = 8;
/// Letters of less than a block each, and blocks that are left for them; the index takes of those, too.
const LETTERS: u32 = 500;
const ROOM_BLOCKS: u64 = 300;

/// Fills a drive but for so much; gives what takes the room.
fn leave_free(home: &Home, free: impl FnOnce(rustix::fs::StatVfs) -> u64) -> PathBuf {
    let ballast = home.folder.with_file_name("ballast");
    let full = rustix::fs::statvfs(&home.folder).expect("a drive says how full it is");
    let there = full.f_bavail * full.f_frsize;
    // Neither file system has holes here: the room is really gone.
    let made = File::create(&ballast).and_then(|file| file.set_len(there - free(full)));
    made.expect("there is room");
    ballast
}

fn skipped(report: &Value) -> Vec<(&str, &str)> {
    let lines = report["skipped"].as_array().expect("a list").iter();
    lines
        .map(|line| {
            (
                line["path"].as_str().expect("a path"),
                line["reason"].as_str().expect("a sentence"),
            )
        })
        .collect()
}

#[test]
fn what_fits_comes_at_once_the_small_first_and_a_film_without_room_is_named() {
    let world = World::new();
    let Some(mut pair) = pair(&world, fill) else { return };
    let Pair { pep, anna, drive } = &mut pair;
    let ballast = leave_free(anna, |_| ROOM_BYTES);
    pep.write("film.bin", noise(1, 14 << 20));
    for n in 0..PHOTOS {
        pep.write(&format!("photos/{n}.jpg"), noise(n + 2, 1_000_000));
    }
    pep.sync();
    let rehearsal = anna.json(["sync", anna.at(), "--dry-run"]);
    let rehearsed = rehearsal.expect_code(5).only_report();
    let report = anna.json(["sync", anna.at()]).expect_code(5).only_report();
    assert_eq!(rehearsed["applied"], report["applied"], "{rehearsal}");
    let named = |report: &Value| {
        skipped(report)
            .iter()
            .map(|(path, _)| (*path).to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(named(&rehearsed), named(&report), "{rehearsal}");
    let [("film.bin", reason)] = skipped(&report)[..] else {
        panic!("the film alone is named: {report:#}");
    };
    assert!(
        reason.starts_with("the drive is too full for it: it needs ") && reason.contains("Nothing is lost"),
        "{reason}"
    );
    assert!((0..PHOTOS).all(|n| anna.has(&format!("photos/{n}.jpg"))), "{report:#}");
    let downloaded = report["fetched"]["downloaded_bytes"].as_u64().expect("a number");
    assert!(
        downloaded < u64::from(PHOTOS) * 1_010_000,
        "nothing is fetched in vain: {downloaded}"
    );
    anna.check_staging_is_empty();
    drive.replug(None);
    fs::remove_file(&ballast).expect("it is there");
    pair.settle();
    pair.drive.replug(None);
    pair.check_quiet();
}

#[test]
fn hundreds_of_small_files_that_take_a_block_each_come_as_far_as_there_are_blocks() {
    let world = World::new();
    let Some(mut pair) = pair(&world, fill) else { return };
    let Pair { pep, anna, drive } = &mut pair;
    // What is left free on any drive is a hundredth of it.
    let ballast = leave_free(anna, |full| full.f_frsize * (full.f_blocks / 100 + ROOM_BLOCKS));
    for n in 0..LETTERS {
        pep.write(&format!("letters/{n}.txt"), noise(n, 300));
    }
    pep.sync();
    let report = anna.json(["sync", anna.at()]).expect_code(5).only_report();
    let came = (0..LETTERS).filter(|n| anna.has(&format!("letters/{n}.txt"))).count();
    let said = skipped(&report);
    let (of_all, of_files) = said.split_last().expect("what has no room is said");
    assert!(
        came > 0 && came + of_files.len() == LETTERS as usize,
        "{came} came: {said:?}"
    );
    assert!(
        of_all
            .1
            .starts_with(&format!("the drive is too full for {} files; free ", of_files.len()))
            && of_all.1.ends_with("and sync again. Nothing is lost"),
        "{of_all:?}"
    );
    drive.replug(None);
    fs::remove_file(&ballast).expect("it is there");
    pair.settle();
    pair.drive.replug(None);
    pair.check_quiet();
}
