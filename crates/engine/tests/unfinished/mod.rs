//! Files that somebody is still writing: left as they are by those who leave them, and by nobody else.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

use offsync_core::place::Stat;
use offsync_core::rel_path::RelPath;
use offsync_engine::{Monitor, Phase, Progress, SyncReport};
use offsync_testkit::{DiskOptions, Hand, InodeNumbers};

use crate::home::{Homes, path};

/// Leaves one path.
struct Leaving(&'static str);

impl Monitor for Leaving {
    fn progress(&self, _: &Progress) {}

    fn is_cancelled(&self) -> bool {
        false
    }

    fn leaves(&self, path: &RelPath, _: &Stat) -> bool {
        path.to_string() == self.0
    }
}

fn two_homes() -> Homes {
    let mut homes = Homes::new(2);
    for name in ["film", "other", "still"] {
        homes.hand(0).write(&path(name), format!("old {name}")).expect("fits");
    }
    homes.round(2);
    homes
}

#[track_caller]
fn assert_left(report: &SyncReport, name: &str) {
    assert_eq!(report.unfinished, [path(name)]);
    assert!(!report.up_to_date, "something is to be done");
    assert_eq!(report.skipped, [], "it is said once");
}

#[test]
fn an_unfinished_file_is_left_and_everything_else_goes() {
    let mut homes = two_homes();
    homes.hand(0).write(&path("film"), "half").expect("fits");
    homes.hand(0).write(&path("new"), "whole").expect("fits");
    homes.hand(0).remove(&path("other")).expect("is there");
    let report = homes.sync_leaving(0, &Leaving("film"));
    assert_left(&report, "film");
    assert_eq!(
        (report.posted_entries, report.hashed_files),
        (2, 1),
        "it was not even read"
    );
    homes.sync(1);
    assert_eq!(
        (homes.read(1, "film"), homes.read(1, "new")),
        ("old film".into(), "whole".into())
    );
    assert!(homes.hand(1).read(&path("other")).is_err());
    homes.round(3);
    homes.assert_all_equal();
    assert_eq!(homes.read(1, "film"), "half", "whoever leaves nothing takes it");
}

#[test]
fn what_did_not_change_is_left_by_nobody() {
    let mut homes = two_homes();
    let report = homes.sync_leaving(0, &Leaving("film"));
    assert_eq!((report.unfinished, report.up_to_date), (Vec::new(), true));
}

#[test]
fn what_was_written_right_before_it_was_taken_is_read_again_and_left_by_nobody() {
    let mut homes = two_homes();
    homes.sync_right_after_writing(0, "film");
    let report = homes.sync_leaving(0, &Leaving("film"));
    assert_eq!(
        (report.unfinished, report.hashed_files, report.up_to_date),
        (Vec::new(), 1, true)
    );
}

#[test]
fn what_arrives_for_an_unfinished_file_waits_and_both_versions_stay() {
    let mut homes = two_homes();
    homes.hand(1).write(&path("film"), "hers").expect("fits");
    homes.hand(1).write(&path("new"), "her new one").expect("fits");
    homes.sync(1);
    homes.hand(0).write(&path("film"), "half").expect("fits");
    homes.sync_leaving(0, &Leaving("film"));
    assert_eq!(homes.read(0, "film"), "half", "nothing was written over it");
    assert_eq!(homes.read(0, "new"), "her new one");
    homes.hand(0).write(&path("film"), "mine").expect("fits");
    homes.round(3);
    homes.assert_all_equal();
    let mut all: Vec<String> = homes
        .hand(1)
        .tree()
        .keys()
        .map(|at| homes.read(1, &at.to_string()))
        .collect();
    all.sort();
    assert_eq!(all, ["her new one", "hers", "mine", "old other", "old still"]);
}

#[test]
fn a_file_that_was_renamed_and_is_being_written_goes_as_one_change() {
    let mut homes = two_homes();
    homes.hand(0).rename(&path("film"), &path("film 2")).expect("is there");
    homes.hand(0).write_in_place(&path("film 2"), "half").expect("fits");
    homes.hand(0).remove(&path("other")).expect("is there");
    let report = homes.sync_leaving(0, &Leaving("film 2"));
    assert_left(&report, "film 2");
    homes.sync(1);
    assert_eq!(
        homes.read(1, "film"),
        "old film",
        "it is not taken away before it comes under its new name"
    );
    assert!(
        homes.hand(1).read(&path("other")).is_err(),
        "a deletion waits for nobody"
    );
    homes.round(3);
    homes.assert_all_equal();
    assert_eq!(homes.read(1, "film 2"), "half");
    assert!(homes.hand(1).read(&path("film")).is_err());
}

/// Saves a file anew once the scan is over.
struct SavesLate {
    hand: Hand,
    name: &'static str,
    is_saved: AtomicBool,
}

impl Monitor for SavesLate {
    fn progress(&self, progress: &Progress) {
        if progress.phase == Phase::Fetching && !self.is_saved.swap(true, Ordering::Relaxed) {
            self.hand.write(&path(self.name), "saved late").expect("fits");
        }
    }

    fn is_cancelled(&self) -> bool {
        false
    }
}

#[test]
fn a_file_that_is_saved_between_the_look_and_a_folders_coming_does_not_take_the_name_of_what_it_held() {
    let mut homes = Homes::new(3);
    homes.hand(0).write(&path("x"), "base").expect("fits");
    homes.round(2);
    homes.hand(0).remove(&path("x")).expect("is there");
    homes.hand(0).write(&path("x/inside"), "inside").expect("fits");
    for n in [1, 2] {
        homes.hand(n).write(&path("x"), "two had it").expect("fits");
    }
    homes.sync(0);
    let late = SavesLate {
        hand: homes.hand(1),
        name: "x",
        is_saved: AtomicBool::new(false),
    };
    let report = homes.sync_leaving(1, &late);
    assert!(late.is_saved.load(Ordering::Relaxed));
    assert_eq!(homes.read(1, "x"), "saved late", "it is left where it was");
    assert_eq!(report.skipped.first().map(|skipped| &skipped.path), Some(&path("x")));
    homes.round(4);
    homes.assert_all_equal();
    let tree = homes.hand(0).tree();
    let copies: Vec<String> = tree
        .keys()
        .map(ToString::to_string)
        .filter(|name| name.contains(" (other version "))
        .collect();
    let held: BTreeSet<String> = copies.iter().map(|name| homes.read(0, name)).collect();
    assert_eq!(held, ["saved late", "two had it"].map(String::from).into());
    assert!(
        copies.iter().all(|name| name.matches(" (other version ").count() == 1),
        "{copies:?}"
    );
    assert_eq!(homes.read(2, "x/inside"), "inside");
}

#[test]
fn without_inodes_a_file_that_can_never_be_read_keeps_only_what_it_may_be_from_going() {
    let fat = DiskOptions {
        inodes: InodeNumbers::Absent,
        ..DiskOptions::fat()
    };
    let mut homes = Homes::on(&[fat, DiskOptions::ext4()]);
    for name in ["a", "spoilt", "c"] {
        homes
            .hand(0)
            .write(&path(name), format!("this is {name}"))
            .expect("fits");
    }
    homes.round(2);
    homes
        .hand(0)
        .rename(&path("spoilt"), &path("renamed"))
        .expect("is there");
    // Winter time begins: on FAT, every time moves by an hour.
    homes.disk(0).shift_times(3_600 * 1_000_000_000);
    homes.disk(0).deny(&path("renamed"));
    homes.hand(0).remove(&path("a")).expect("is there");
    homes.sync(0);
    homes.sync(1);
    let left: Vec<String> = homes.hand(1).tree().into_keys().map(|path| path.to_string()).collect();
    assert_eq!(left, ["c", "spoilt"], "'a' is gone, and nobody knows of the other");
    homes.disk(0).allow(&path("renamed"));
    homes.round(2);
    homes.assert_all_equal();
    assert_eq!(homes.read(1, "renamed"), "this is spoilt");
}

#[test]
fn a_file_that_cannot_be_read_where_its_folder_went_is_not_forgotten_where_it_was() {
    for (inodes, is_deleted) in [(InodeNumbers::Stable, true), (InodeNumbers::Absent, false)] {
        let drive = DiskOptions {
            inodes,
            ..DiskOptions::ext4()
        };
        let mut homes = Homes::on(&[drive, DiskOptions::ext4()]);
        for name in ["a/b/one", "a/b/two", "a/three"] {
            homes.hand(0).write(&path(name), name).expect("fits");
        }
        homes.round(2);
        homes.hand(1).remove(&path("a/b/two")).expect("is there");
        homes.sync(1);
        homes.hand(0).rename(&path("a"), &path("z")).expect("is there");
        homes.disk(0).deny(&path("z/b/two"));
        homes.sync(0);
        homes.disk(0).allow(&path("z/b/two"));
        if is_deleted {
            homes.hand(0).remove(&path("z/b/two")).expect("is there");
        }
        homes.round(2);
        assert_eq!(homes.sync(0).skipped, [], "{inodes:?}");
        homes.assert_all_equal();
        assert_eq!(homes.notes(0, "unsettled/"), 0, "{inodes:?}");
    }
}

/// Takes a folder away at the moment at which the scan is about to look into it, or moves it where that has been.
struct TakingAway {
    hand: Hand,
    folder: &'static str,
    to: Option<&'static str>,
}

impl Monitor for TakingAway {
    fn progress(&self, progress: &Progress) {
        if progress.phase == Phase::Scanning && progress.path.as_deref() == Some(self.folder) {
            // It is told of more than once.
            let folder = path(self.folder);
            let _ = match self.to {
                Some(to) => self.hand.rename(&folder, &path(to)),
                None => self.hand.remove(&folder),
            };
        }
    }

    fn is_cancelled(&self) -> bool {
        false
    }

    fn leaves(&self, _: &RelPath, _: &Stat) -> bool {
        false
    }
}

#[test]
fn a_new_folder_that_goes_while_its_parent_is_looked_through_is_nothing_to_speak_of() {
    let mut homes = two_homes();
    homes.hand(0).mkdir(&path("above")).expect("fits");
    homes.round(2);
    for gone in ["x", "above/x"] {
        homes.hand(0).mkdir(&path(gone)).expect("fits");
        let hand = homes.hand(0);
        let report = homes.sync_leaving(
            0,
            &TakingAway {
                hand,
                folder: gone,
                to: None,
            },
        );
        assert_eq!(report.skipped, [], "{gone}");
        assert!(report.up_to_date, "{gone}: {report:#?}");
    }
    homes.round(2);
    homes.assert_all_equal();
    let named = |homes: &Homes, name: &str| homes.hand(1).tree().contains_key(&path(name));
    assert!(named(&homes, "above") && !named(&homes, "x") && !named(&homes, "above/x"));
}

#[test]
fn what_was_in_a_known_folder_that_goes_meanwhile_is_no_deletion_yet() {
    let mut homes = Homes::new(2);
    homes.hand(0).write(&path("x/film"), "film").expect("fits");
    homes.round(2);
    let hand = homes.hand(0);
    let report = homes.sync_leaving(
        0,
        &TakingAway {
            hand,
            folder: "x",
            to: Some("elsewhere"),
        },
    );
    assert_eq!(report.skipped.len(), 1, "{report:#?}");
    assert_eq!(report.posted_changesets, 0, "it may have moved where the scan has been");
    homes.sync(0);
    homes.sync(1);
    assert_eq!(homes.read(1, "elsewhere/film"), "film");
    homes.assert_all_equal();
}
