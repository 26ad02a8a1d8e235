//! Edits that were found and do not read as they did when they are to be sent.

use offsync_engine::SyncReport;
use offsync_testkit::{DiskOptions, Rng};

use crate::home::{Homes, path};

const BEFORE: &str = "what it held before.";
const EDIT: &str = "what they made of it";
const UNSEEN: &str = "it reads differently from what was to be sent, though its size and time are the same: it waits until somebody says whether that is an edit";
const UNREADABLE_BEFORE: &str = "it could not be read a moment ago; the next sync sends it";

/// Two homes, the first of which found an edit that it has not sent yet.
fn found_at_the_first(drive: DiskOptions) -> Homes {
    let mut homes = Homes::on(&[drive, DiskOptions::ext4()]);
    homes.hand(0).write(&path("x"), BEFORE).expect("fits");
    homes.round(3);
    homes.hand(0).write(&path("x"), EDIT).expect("fits");
    homes.sync_offline(0);
    homes.hand(0);
    homes
}

fn both() -> [DiskOptions; 2] {
    [DiskOptions::ext4(), DiskOptions::fat()]
}

/// Gives why files were left alone, by path.
fn left(report: &SyncReport) -> Vec<(String, &str)> {
    let line = |line: &offsync_engine::SkippedPath| line.path.to_string();
    let mut left: Vec<_> = report
        .skipped
        .iter()
        .map(|skipped| (line(skipped), skipped.reason.as_str()))
        .collect();
    left.sort();
    left
}

#[test]
fn an_edit_that_another_program_keeps_from_being_read_waits_and_is_not_called_damaged() {
    for drive in both() {
        let mut homes = found_at_the_first(drive);
        homes.disk(0).deny(&path("x"));

        let report = homes.sync(0);

        let lines = left(&report);
        let [(at, why)] = lines.as_slice() else {
            panic!("{report:#?}");
        };
        assert_eq!(at, "x");
        assert!(why.starts_with("it could not be read ("), "{why}");
        assert_eq!((report.posted_entries, homes.damaged(0)), (0, vec![]));
        homes.disk(0).allow(&path("x"));
        let report = homes.sync(0);
        assert_eq!(
            (report.posted_entries, left(&report)),
            (1, vec![]),
            "it healed by itself"
        );
        homes.round(2);
        assert_eq!(homes.read(1, "x"), EDIT);
    }
}

#[test]
fn an_edit_on_a_bad_place_of_the_drive_is_said_to_be_unreadable_at_each_sync_until_it_is_saved_anew() {
    let mut homes = found_at_the_first(DiskOptions::ext4());
    homes.disk(0).spoil(&path("x"));
    for _ in 0..2 {
        let report = homes.sync(0);
        let lines = left(&report);
        assert!(lines[0].1.starts_with("it could not be read ("), "{lines:?}");
        assert_eq!((lines.len(), report.posted_entries, homes.damaged(0)), (1, 0, vec![]));
    }
    homes.hand(0).write(&path("x"), EDIT).expect("fits");
    homes.round(2);
    assert_eq!(homes.read(1, "x"), EDIT);
}

#[test]
fn an_edit_that_was_unreadable_for_a_moment_is_never_called_damaged_whenever_that_was() {
    let (mut before, mut now) = (0, 0);
    // For one call, and for as long as the file is looked at again.
    for (times, step) in [(1, 1), (40, 13)] {
        for calls in (0..).step_by(step) {
            let mut homes = found_at_the_first(DiskOptions::ext4());
            let Some(report) = homes.sync_while_locked(0, "x", calls, times) else {
                break;
            };
            for (at, why) in left(&report) {
                assert_eq!(at, "x", "after {calls} calls");
                before += u32::from(why == UNREADABLE_BEFORE);
                now += u32::from(why.starts_with("it could not be read ("));
            }
            assert_eq!(homes.damaged(0), [], "{times} after {calls} calls: {report:#?}");
            homes.round(1);
            assert_eq!(homes.read(1, "x"), EDIT, "{times} after {calls} calls");
        }
    }
    assert!(before > 0 && now > 0, "{before} {now}");
}

#[test]
fn of_files_that_travel_together_each_that_reads_otherwise_is_named() {
    for (drive, others) in both().into_iter().flat_map(|drive| [(drive.clone(), 0), (drive, 1)]) {
        let mut homes = found_at_the_first(drive);
        // What 'x' held before moves on to 'y', and the other home lacks that: both are to be sent, as one.
        homes.hand(0).write(&path("y"), BEFORE).expect("fits");
        if others > 0 {
            homes.hand(0).write(&path("z"), "sent").expect("fits");
        }
        homes.sync_offline(0);
        homes.hand(1).rot(&path("x")).expect("is there");
        homes.verify_repairing(1);
        homes.sync(1);
        for name in ["x", "y"] {
            homes.hand(0).rot(&path(name)).expect("is there");
        }

        let report = homes.sync(0);

        let named = [("x".to_owned(), UNSEEN), ("y".to_owned(), UNSEEN)];
        assert_eq!((left(&report), report.posted_entries), (named.to_vec(), others));
        assert_eq!(homes.damaged(0), [path("x"), path("y")]);
    }
}

#[test]
fn whenever_the_power_goes_an_edit_that_reads_otherwise_is_named_and_never_sent() {
    for drive in both() {
        for calls in 0.. {
            let mut homes = found_at_the_first(drive.clone());
            homes.hand(0).rot(&path("x")).expect("is there");
            let (_, done) = homes.sync_until(0, calls, &mut Rng::new(calls));
            let is_whole = done.is_some();

            assert_eq!(homes.sync(0).posted_entries, 0, "after {calls} calls");
            assert_eq!(homes.damaged(0), [path("x")], "after {calls} calls");
            homes.round(1);
            assert_eq!(homes.read(1, "x"), BEFORE, "after {calls} calls");
            if is_whole {
                break;
            }
        }
    }
}

#[test]
fn an_edit_that_the_drive_lost_is_named_once_by_the_next_sync_and_is_none() {
    for drive in both() {
        let mut homes = found_at_the_first(drive);
        homes.hand(0).lose_write(&path("x"), BEFORE).expect("fits");
        let report = homes.verify_repairing(0);
        assert_eq!(report.damaged, []);

        let report = homes.sync(0);

        let said = "an edit of it that waited to be sent was not on this drive any more when it was read again: it read as it did before that edit. If nobody took the edit back, the drive lost it: make it once more";
        let told: Vec<_> = report
            .warnings
            .iter()
            .map(|line| (line.path.clone(), line.reason.as_str()))
            .collect();
        assert_eq!(told, [(path("x"), said)]);
        assert_eq!((report.posted_entries, left(&report)), (1, vec![]), "its time alone");
        assert_eq!(homes.sync(0).warnings, [], "said once");
        homes.round(2);
        assert_eq!(homes.read(1, "x"), BEFORE);
        homes.assert_all_equal();
    }
}

#[test]
fn whenever_the_power_goes_a_lost_edit_is_damage_still_or_is_named() {
    let (mut damaged, mut named) = (0, 0);
    for calls in 0.. {
        let mut homes = found_at_the_first(DiskOptions::fat());
        homes.hand(0).lose_write(&path("x"), BEFORE).expect("fits");
        let is_whole = homes.verify_until(0, calls, &mut Rng::new(calls));

        let report = homes.sync(0);

        match (homes.damaged(0).is_empty(), report.warnings.len()) {
            (false, 0) => damaged += 1,
            (true, 1) => named += 1,
            other => panic!("after {calls} calls: {other:?}"),
        }
        homes.sync(1);
        assert_eq!(homes.read(1, "x"), BEFORE, "after {calls} calls");
        if is_whole {
            break;
        }
    }
    assert!(damaged > 3 && named > 0, "{damaged} {named}");
}
