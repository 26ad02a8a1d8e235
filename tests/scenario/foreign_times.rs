//! Plugging, time zones and coarse times on exFAT and FAT: none of them is a change.

use std::fs::{self, File};
use std::time::{Duration, SystemTime};

use crate::foreign::{age, fill, pair, set_time, truth};
use crate::foreign_drive::{Kind, Zone};
use crate::world::{Home, World};

#[test]
fn plugging_time_zones_and_coarse_times_are_no_changes() {
    let world = World::new();
    let Some(mut pair) = pair(&world, fill) else { return };
    // Times between two steps of the drive, an odd second among them.
    for (at, name) in ["plain.txt", "empty.txt", "Folder/inside.txt"].iter().enumerate() {
        let file = File::options()
            .write(true)
            .open(pair.pep.folder.join(name))
            .expect("it is there");
        let time = SystemTime::UNIX_EPOCH + Duration::new(1_500_000_000 + at as u64, 987_654_321);
        set_time(&file, time);
    }
    pair.settle();
    let meant = |home: &Home, name: &str| fs::metadata(home.folder.join(name)).and_then(|meta| meta.modified());
    let before = meant(&pair.pep, "plain.txt").expect("it has a time");
    let mut last = 0;
    for zone in [
        None,
        Some(Zone("America/New_York", -300)),
        Some(Zone("Canada/Atlantic", -240)),
        Some(Zone("Asia/Kathmandu", 345)),
        None,
    ] {
        pair.drive.replug(zone);
        // FAT counts by a clock on the wall: where that moved, each file is read once, and found to be the same.
        let ahead = zone.map_or(0, |zone| zone.1);
        let has_moved = Kind::here() == Kind::Fat && ahead != last;
        last = ahead;
        for read in [if has_moved { 4 } else { 0 }, 0] {
            let report = pair.anna.sync();
            assert_eq!(report["scanned"]["hashed_files"], read, "{zone:?}: {report:#}");
        }
        pair.check_quiet();
    }
    assert_eq!(meant(&pair.pep, "plain.txt").expect("it has a time"), before);
}

#[test]
fn times_that_a_drive_cannot_hold_stay_what_they_are_everywhere_else() {
    const DAY_SECONDS: u64 = 86_400;
    let world = World::new();
    let Some(mut pair) = pair(&world, fill) else { return };
    let at = |years: u64| Duration::from_secs(years * 365 * DAY_SECONDS);
    let times = [
        ("plain.txt", SystemTime::UNIX_EPOCH),
        ("empty.txt", SystemTime::UNIX_EPOCH + at(5)),
        ("Folder/inside.txt", SystemTime::UNIX_EPOCH + at(230)),
    ];
    for (name, time) in times {
        let file = File::options().write(true).open(pair.pep.folder.join(name));
        set_time(&file.expect("it is there"), time);
    }
    pair.settle();
    for _ in 0..2 {
        pair.drive.replug(None);
        pair.check_quiet();
        for (name, time) in times {
            let meta = fs::metadata(pair.pep.folder.join(name)).expect("it is there");
            assert_eq!(meta.modified().expect("it has a time"), time, "{name}");
        }
    }
    // A change is one.
    pair.anna.write("plain.txt", "PLAIN");
    pair.settle();
    assert_eq!(pair.pep.read("plain.txt"), b"PLAIN");
}

#[test]
fn a_clock_that_was_put_forward_an_hour_for_all_files_is_no_change() {
    let world = World::new();
    let Some(pair) = pair(&world, fill) else { return };
    age(&pair.anna, 100_000);
    pair.settle();
    let meant = |home: &Home| fs::metadata(home.folder.join("plain.txt")).and_then(|meta| meta.modified());
    let before = meant(&pair.pep).expect("it has a time");
    // What a drive with local times shows after summer time began, and in another zone.
    for shift_seconds in [3600_i64, -3600, 5 * 3600 + 2700] {
        for path in truth(&pair.anna).keys() {
            let path = pair.anna.folder.join(path);
            let Ok(file) = File::options().write(true).open(&path) else {
                continue;
            };
            let time = file.metadata().and_then(|meta| meta.modified()).expect("it has a time");
            let shift = Duration::from_secs(shift_seconds.unsigned_abs());
            let shifted = if shift_seconds > 0 { time + shift } else { time - shift };
            set_time(&file, shifted);
        }
        pair.check_quiet();
    }
    assert_eq!(meant(&pair.pep).expect("it has a time"), before);
    // A change at the same moment is one.
    pair.anna.write("plain.txt", "PLAIN");
    pair.settle();
    assert_eq!(pair.pep.read("plain.txt"), b"PLAIN");
}
