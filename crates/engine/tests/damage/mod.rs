//! Damaged files that people go on working with.

use offsync_testkit::Rng;

use crate::home::{Homes, path};

const HELD: &str = "what the file held before it rotted";

/// Three homes have a file and another; it rots at the first, which knows it.
fn rotten_at_the_first() -> Homes {
    let mut homes = Homes::new(3);
    homes.hand(0).write(&path("another"), "another").expect("fits");
    homes.hand(0).write(&path("x"), HELD).expect("fits");
    homes.round(3);
    homes.hand(0).rot(&path("x")).expect("is there");
    assert_eq!(homes.verify_repairing(0).damaged.len(), 1);
    homes
}

#[test]
fn a_damaged_file_that_was_renamed_is_healed_from_a_trash_where_nobody_shows_it_any_more() {
    let mut homes = rotten_at_the_first();
    homes.hand(0).rename(&path("x"), &path("y")).expect("is there");
    homes.hand(1).remove(&path("x")).expect("is there");
    homes.sync(1);
    homes.sync(2);
    assert!(homes.hand(2).read(&path("x")).is_err());
    let report = homes.sync(0);
    let reason = report.skipped.first().map(|skipped| skipped.reason.as_str());
    assert!(
        reason.is_some_and(|reason| reason.contains("asked for it")),
        "{reason:?}"
    );
    assert!(!report.up_to_date);
    homes.round(4);
    homes.assert_all_equal();
    assert_eq!((homes.read(0, "y"), homes.read(1, "y")), (HELD.into(), HELD.into()));
    assert_eq!(homes.verify_repairing(0).damaged, []);
    homes.assert_mailbox_holds_only_heads_and_people();
}

#[test]
fn a_damaged_file_that_nobody_has_whole_is_named_until_a_person_decides() {
    let mut homes = rotten_at_the_first();
    homes.hand(0).rename(&path("x"), &path("y")).expect("is there");
    for n in [1, 2] {
        homes.hand(n).remove(&path("x")).expect("is there");
    }
    homes.sync(1);
    homes.sync(2);
    homes.round(2);
    assert_eq!(
        homes.sync(0).skipped.first().map(|skipped| skipped.path.clone()),
        Some(path("y"))
    );
    assert_eq!(homes.verify_repairing(0).damaged.len(), 1);
    homes.hand(0).remove(&path("y")).expect("is there");
    homes.round(3);
    homes.assert_all_equal();
    homes.assert_mailbox_holds_only_heads_and_people();
}

#[test]
fn what_rotted_unseen_and_went_to_the_trash_stands_for_no_content() {
    let mut homes = Homes::new(3);
    homes.hand(0).write(&path("another"), "another").expect("fits");
    homes.hand(0).write(&path("x"), HELD).expect("fits");
    homes.round(3);
    homes.hand(1).rot(&path("x")).expect("is there");
    homes.hand(2).rename(&path("x"), &path("y")).expect("is there");
    homes.hand(0).remove(&path("x")).expect("is there");
    homes.sync(0);
    homes.sync(1);
    assert!(homes.hand(1).read(&path("x")).is_err());
    homes.round(4);
    assert_eq!(homes.read(1, "y"), HELD);
    homes.assert_all_equal();
    homes.assert_mailbox_holds_only_heads_and_people();
}

#[test]
fn a_whole_file_that_takes_a_damaged_ones_place_is_whole() {
    let mut homes = Homes::new(2);
    for name in ["x", "y"] {
        homes.hand(0).write(&path(name), HELD).expect("fits");
    }
    homes.round(2);
    homes.hand(0).rot(&path("x")).expect("is there");
    assert_eq!(homes.verify_repairing(0).damaged.len(), 1);
    homes.hand(0).swap(&path("x"), &path("y")).expect("are there");
    let report = homes.sync(0);
    assert_eq!(report.repaired, [path("y")], "the other one reads as it should");
    assert_eq!((homes.read(0, "x"), homes.read(0, "y")), (HELD.into(), HELD.into()));
}

/// Copies a file with its time, as people do who want it to look the same.
fn copy(homes: &Homes, from: &str, to: &str) {
    let mtime_ns = homes.hand(0).mtime_ns(&path(from)).expect("is there");
    homes.hand(0).copy(&path(from), &path(to)).expect("fits");
    homes.hand(0).touch(&path(to), mtime_ns).expect("is there");
}

#[test]
fn a_copy_that_is_made_of_a_damaged_file_while_a_sync_heals_that_is_damaged_and_no_new_file() {
    let mut made = 0;
    for calls in (0..).step_by(5) {
        let mut homes = rotten_at_the_first();
        homes.sync(0);
        homes.sync(1);
        let copies = |homes: &mut Homes| {
            // For a moment it is neither damaged nor healed there, but in the trash.
            if homes.hand(0).read(&path("x")).is_ok() {
                copy(homes, "x", "y");
                made += 1;
            }
        };
        if homes.sync_while(0, calls, copies).is_none() {
            break;
        }
        homes.round(4);
        homes.assert_all_equal();
        let there = homes.hand(1).read(&path("y")).map(|bytes| **bytes == *HELD.as_bytes());
        assert_ne!(there.ok(), Some(false), "after {calls} calls");
        assert_eq!(homes.damaged(0), [], "after {calls} calls");
    }
    assert!(made > 10, "{made}");
}

#[test]
fn a_damaged_file_that_is_moved_after_a_sync_died_that_was_to_take_it_away_is_damaged_and_no_new_file() {
    let mut moved = 0;
    for calls in (0..).step_by(3) {
        let mut homes = rotten_at_the_first();
        homes.hand(1).remove(&path("x")).expect("is there");
        homes.sync(1);
        let (_, report) = homes.sync_until(0, calls, &mut Rng::new(calls));
        if report.is_some() {
            break;
        }
        moved += u64::from(homes.hand(0).rename(&path("x"), &path("y")).is_ok());
        homes.round(4);
        homes.assert_all_equal();
        let there = homes.hand(1).read(&path("y")).map(|bytes| **bytes == *HELD.as_bytes());
        assert_ne!(there.ok(), Some(false), "after {calls} calls");
    }
    assert!(moved > 10, "{moved}");
}

#[test]
fn what_is_had_back_from_the_trash_after_a_file_was_healed_is_what_somebody_wants() {
    let mut homes = rotten_at_the_first();
    let rotten = homes.read(0, "x");
    homes.sync(0);
    homes.sync(1);
    assert_eq!(homes.sync(0).repaired, [path("x")]);
    let line = homes.trash(0).remove(0);

    let back = homes.restore_trashed(0, &line);
    homes.round(3);

    assert_eq!(homes.damaged(0), []);
    assert_eq!(
        (homes.read(1, "x"), homes.read(1, &back.to_string())),
        (HELD.into(), rotten)
    );
}

#[test]
fn a_copy_of_what_was_healed_is_damaged_though_the_sync_between_saw_not_all_of_the_drive() {
    let mut homes = rotten_at_the_first();
    homes.hand(0).mkdir(&path("locked")).expect("is free");
    homes.round(2);
    homes.hand(0).rot(&path("another")).expect("is there");
    homes.verify_repairing(0);
    homes.sync(0);
    homes.sync(1);
    copy(&homes, "another", "locked/y");
    homes.disk(0).deny(&path("locked"));
    for _ in 0..2 {
        homes.sync(0);
    }
    assert_eq!(homes.read(0, "another"), "another", "it is healed");
    homes.disk(0).allow(&path("locked"));
    assert_eq!(homes.sync(0).repaired, [path("locked/y")]);
    homes.round(3);
    assert_eq!(homes.read(1, "locked/y"), "another");
}
