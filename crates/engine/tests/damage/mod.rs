//! Damaged files that people go on working with.

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
