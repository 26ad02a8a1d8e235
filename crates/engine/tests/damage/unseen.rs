//! Files that rot unseen to what a damaged one is known to read as.

use offsync_engine::SkippedPath;
use offsync_testkit::DiskOptions;

use super::alike::{ZEROS, act, files, healed, shift};
use super::ways_round::bare;
use crate::home::{Homes, path};

/// Two homes with two pictures, of which the first one is known to be damaged, and the second one rotted to the same bytes since.
fn one_known_and_one_unseen(drive: &DiskOptions, has_one_time: bool, is_healed: bool) -> Homes {
    let mut homes = Homes::on(&[drive.clone(), DiskOptions::ext4()]);
    for (name, bytes) in [("p/1", "first 1"), ("p/2", "other 2"), ("another", "another")] {
        homes.hand(0).write(&path(name), bytes).expect("fits");
        if has_one_time {
            homes.hand(0).touch(&path(name), 5_000_000_000).expect("is there");
        }
    }
    homes.round(2);
    homes.hand(0).lose_write(&path("p/1"), ZEROS).expect("is there");
    assert_eq!(homes.verify_repairing(0).damaged.len(), 1);
    if is_healed {
        homes.sync(0);
        homes.sync(1);
        assert_eq!(homes.sync(0).repaired, [path("p/1")]);
    }
    homes.hand(0).lose_write(&path("p/2"), ZEROS).expect("is there");
    homes
}

#[test]
fn what_rotted_unseen_to_the_same_is_not_healed_with_the_content_of_the_one_that_is_known() {
    for drive in [DiskOptions::ext4(), DiskOptions::fat(), bare()] {
        for has_one_time in [false, true] {
            for is_healed in [false, true] {
                for (way, whole) in [
                    ("the folder moves", ["q/1=first 1", "q/2=other 2"]),
                    ("one moves", ["p/1=first 1", "p/x=other 2"]),
                    ("one moves away", ["a/x=other 2", "p/1=first 1"]),
                ] {
                    let told = format!(
                        "{way} on {:?}, one time: {has_one_time}, healed: {is_healed}",
                        drive.inodes
                    );
                    let mut homes = one_known_and_one_unseen(&drive, has_one_time, is_healed);
                    act(&homes.hand(0), way);
                    let report = homes.sync(0);
                    let to = path(
                        whole
                            .iter()
                            .find_map(|file| file.strip_suffix("=other 2"))
                            .expect("one is"),
                    );
                    assert!(
                        homes.damaged(0).contains(&to),
                        "{told}: {:?} {:?}",
                        report.skipped,
                        report.made_of_damage
                    );
                    assert!(
                        report.skipped.iter().any(|skipped| skipped.path == to),
                        "{told}: {:?}",
                        report.skipped
                    );
                    assert_eq!(healed(&mut homes), whole, "{told}");
                }
            }
        }
    }
}

#[test]
fn what_rotted_unseen_and_takes_the_place_of_the_damaged_one_is_itself() {
    for drive in [DiskOptions::ext4(), DiskOptions::fat()] {
        let mut homes = one_known_and_one_unseen(&drive, true, false);
        shift(&homes.hand(0), "p/1", "p/0");
        shift(&homes.hand(0), "p/2", "p/1");
        homes.sync(0);
        assert_eq!(healed(&mut homes), ["p/0=first 1", "p/1=other 2"]);
    }
}

#[test]
fn where_nothing_tells_whether_it_is_the_known_one_or_one_that_rotted_unseen_both_come_back() {
    let mut homes = one_known_and_one_unseen(&bare(), true, false);
    act(&homes.hand(0), "both get other names");
    let report = homes.sync(0);
    let made: Vec<_> = report.made_of_damage.iter().map(|made| made.path.to_string()).collect();
    assert_eq!(made, ["a/x", "b/y"]);
    assert_eq!(
        healed(&mut homes),
        ["a/x=0000000", "b/y=0000000", "p/1=first 1", "p/2=other 2"]
    );
}

#[test]
fn what_rotted_unseen_and_was_touched_is_not_the_damaged_one_that_was_deleted() {
    for drive in [DiskOptions::ext4(), DiskOptions::fat(), bare()] {
        let mut homes = one_known_and_one_unseen(&drive, true, false);
        homes.hand(0).touch(&path("p/2"), 9_000_000_000).expect("is there");
        homes.hand(0).remove(&path("p/1")).expect("is there");
        homes.sync(0);
        let left = files(&homes, 0);
        assert!(!left.contains(&"p/2=first 1".to_owned()), "{left:?}");
        let left = healed(&mut homes);
        assert!(left.contains(&"p/2=0000000".to_owned()), "{left:?}");
    }
}

#[test]
fn rot_that_reads_as_another_file_does_is_said_all_the_same() {
    for drive in [DiskOptions::ext4(), DiskOptions::fat(), bare()] {
        for days in [0, 1] {
            let mut homes = Homes::on(&[drive.clone(), DiskOptions::ext4()]);
            homes.hand(0).write(&path("p/blank"), ZEROS).expect("fits");
            homes.pass_days(days);
            homes.hand(0).write(&path("p/2"), "other 2").expect("fits");
            homes.round(2);
            homes.hand(0).write_keeping_time(&path("p/2"), ZEROS).expect("is there");
            homes.hand(0).rename(&path("p/2"), &path("p/x")).expect("is free");
            let report = homes.sync(0);
            let said = |line: &SkippedPath| {
                line.reason
                    .contains("its content changed while its size and time stayed")
            };
            assert!(report.warnings.iter().any(said), "{days} days: {:#?}", report.warnings);
        }
    }
}

#[test]
fn who_moves_one_file_over_another_of_its_size_and_time_is_told_of_no_damage() {
    for drive in [DiskOptions::ext4(), DiskOptions::fat(), bare()] {
        let mut homes = Homes::on(&[drive.clone(), DiskOptions::ext4()]);
        homes.hand(0).write(&path("p/1"), "first 1").expect("fits");
        homes.hand(0).write(&path("p/2"), "other 2").expect("fits");
        let mtime_ns = homes.hand(0).mtime_ns(&path("p/1")).expect("is there");
        homes.hand(0).touch(&path("p/2"), mtime_ns).expect("is there");
        homes.round(2);
        homes.hand(0).rename(&path("p/1"), &path("p/2")).expect("is there");
        let report = homes.sync(0);
        assert_eq!(report.warnings, [], "{drive:?}");
        homes.round(2);
        assert_eq!(homes.read(1, "p/2"), "first 1");
    }
}

#[test]
fn a_copy_of_a_file_that_looks_as_one_that_goes_is_no_damage_where_inodes_tell() {
    for drive in [DiskOptions::ext4(), bare()] {
        let mut homes = Homes::on(&[drive.clone(), DiskOptions::ext4()]);
        homes.hand(0).write(&path("p/1"), "first 1").expect("fits");
        homes.hand(0).write(&path("p/2"), "other 2").expect("fits");
        let mtime_ns = homes.hand(0).mtime_ns(&path("p/1")).expect("is there");
        homes.hand(0).touch(&path("p/2"), mtime_ns).expect("is there");
        homes.round(2);
        homes.hand(0).remove(&path("p/1")).expect("is there");
        homes.hand(0).write(&path("p/3"), "other 2").expect("fits");
        homes.hand(0).touch(&path("p/3"), mtime_ns).expect("is there");
        let report = homes.sync(0);
        // Without inode numbers, it may be the first one that rotted to what the second one is.
        assert_eq!(
            report.warnings.len(),
            usize::from(drive == bare()),
            "{:#?}",
            report.warnings
        );
    }
}
