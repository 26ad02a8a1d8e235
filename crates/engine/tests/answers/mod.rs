//! A yes or a no answers what a person was told, no more and no less.

use offsync_engine::HeldDirection;
use offsync_testkit::{DiskOptions, Rng};

use crate::home::{Homes, path};

fn write(homes: &Homes, n: usize, at: &str) {
    homes
        .hand(n)
        .write(&path(at), format!("content of {at}"))
        .expect("fits");
}

fn remove(homes: &Homes, n: usize, at: &str) {
    homes.hand(n).remove(&path(at)).expect("is there");
}

/// Homes with six files in each of some folders.
fn filled(count: usize, folders: &[&str]) -> Homes {
    let mut homes = Homes::on(&vec![DiskOptions::ext4(); count]);
    for folder in folders {
        (1..=6).for_each(|file| write(&homes, 0, &format!("{folder}/{file}")));
    }
    homes.round(2);
    homes.pass_days(1);
    homes
}

fn held(homes: &mut Homes, n: usize) -> Option<(HeldDirection, u64, u64)> {
    let held = homes.sync(n).held?;
    Some((held.direction, held.deletions, held.of))
}

fn files(homes: &Homes, n: usize) -> usize {
    homes
        .hand(n)
        .tree()
        .values()
        .filter(|seen| matches!(seen, offsync_testkit::Seen::File(_)))
        .count()
}

#[test]
fn a_yes_does_not_answer_what_a_sync_found_that_told_nobody() {
    for calls in 1.. {
        let mut homes = filled(2, &["d", "e", "k"]);
        for file in 1..=6 {
            remove(&homes, 0, &format!("d/{file}"));
            homes.sync(0);
        }
        assert_eq!(held(&mut homes, 1), Some((HeldDirection::Remote, 6, 18)));
        (1..=6).for_each(|file| remove(&homes, 1, &format!("e/{file}")));
        let (_, report) = homes.sync_until(1, calls, &mut Rng::new(calls));
        if report.is_some() {
            assert!(calls > 10, "{calls}");
            return;
        }
        let left = homes
            .sync_confirmed(1)
            .held
            .map(|held| (held.direction, held.deletions));
        assert_eq!(left, Some((HeldDirection::Local, 6)), "at {calls}");
        homes.sync(0);
        assert_eq!(files(&homes, 0), 12, "at {calls}");
    }
}

#[test]
fn what_was_found_by_a_sync_that_told_nobody_is_answered_by_the_first_yes() {
    for calls in [20, 40, 60] {
        let mut homes = filled(2, &["d", "k"]);
        (1..=6).for_each(|file| remove(&homes, 0, &format!("d/{file}")));
        let (_, report) = homes.sync_until(0, calls, &mut Rng::new(calls));
        assert!(report.is_none(), "{calls}");
        assert_eq!(
            homes.sync_confirmed(0).held,
            None,
            "a yes before anything was shown means what is gone here"
        );
        homes.sync(1);
        assert_eq!(files(&homes, 1), 6);
    }
}

#[test]
fn a_yes_travels_though_a_file_was_deleted_since_that_it_does_not_cover() {
    let mut homes = filled(2, &["d", "k", "l"]);
    (1..=6).for_each(|file| remove(&homes, 0, &format!("d/{file}")));
    assert_eq!(held(&mut homes, 0), Some((HeldDirection::Local, 6, 18)));
    remove(&homes, 0, "k/1");

    assert_eq!(homes.sync_confirmed(0).held, None);

    assert_eq!(held(&mut homes, 1), None, "one file was deleted without a yes");
    assert_eq!((files(&homes, 0), files(&homes, 1)), (11, 11));
}

#[test]
fn a_file_that_was_moved_over_another_is_none_that_was_put_back() {
    let mut homes = filled(2, &["d", "s", "k"]);
    for file in 1..=6 {
        let (from, to) = (path(&format!("s/{file}")), path(&format!("d/{file}")));
        homes.hand(0).remove(&to).expect("is there");
        homes.hand(0).rename(&from, &to).expect("is free");
    }
    assert!(held(&mut homes, 0).is_some());
    for edited in 2..=6 {
        homes
            .hand(1)
            .write(&path(&format!("d/{edited}")), "edited")
            .expect("fits");
        homes.sync(1);
        for _ in 0..2 {
            let left = held(&mut homes, 0).map(|held| held.1);
            assert_eq!(left, Some(7 - edited), "nobody answered");
            homes.sync(1);
            assert_eq!(homes.read(1, "d/1"), "content of d/1");
        }
    }
}

#[test]
fn a_yes_to_conflict_copies_is_none_to_the_files_beside_them() {
    let mut homes = filled(2, &["d", "k"]);
    for file in 1..=6 {
        for n in 0..2 {
            homes
                .hand(n)
                .write(&path(&format!("d/{file}")), format!("by {n}"))
                .expect("fits");
        }
    }
    homes.round(3);
    let tree = homes.hand(0).tree();
    let (copies, mains): (Vec<_>, Vec<_>) = tree
        .into_keys()
        .filter(|at| at.to_string().starts_with("d/"))
        .partition(|at| at.to_string().contains('('));
    assert_eq!((copies.len(), mains.len()), (6, 6));
    copies.iter().for_each(|at| homes.hand(0).remove(at).expect("is there"));
    assert_eq!(held(&mut homes, 0).map(|held| held.1), Some(6));
    mains.iter().for_each(|at| homes.hand(0).remove(at).expect("is there"));
    let left = homes.sync_confirmed(0).held.map(|held| held.deletions);
    assert_eq!(left, Some(6), "of those nobody was told");
    homes.sync(1);
    assert_eq!(files(&homes, 1), 12);
    assert_eq!(homes.sync_confirmed(0).held, None);
    homes.sync(1);
    assert_eq!(files(&homes, 1), 6);
}

#[test]
fn one_new_copy_of_files_that_are_alike_is_one_that_was_moved() {
    for twins in ["all alike", ""] {
        let mut homes = filled(2, &["k"]);
        for file in 0..6 {
            homes
                .hand(0)
                .write(&path(&format!("alike {file}")), twins)
                .expect("fits");
        }
        homes.round(2);
        (0..6).for_each(|file| remove(&homes, 0, &format!("alike {file}")));
        homes.hand(0).write(&path("other"), twins).expect("fits");
        let left = homes.sync(0).held.map(|held| held.deletions);
        assert_eq!(left, Some(5), "{twins:?}");
        homes.sync_confirmed(0);
        homes.round(2);
        homes.assert_all_equal();
        assert_eq!(files(&homes, 1), 7);
    }
}

#[test]
fn one_copy_that_arrives_is_one_that_was_moved() {
    let mut homes = filled(2, &["k"]);
    for file in 0..8 {
        homes
            .hand(0)
            .write(&path(&format!("alike {file}")), "all alike")
            .expect("fits");
    }
    homes.round(2);
    for file in 0..7 {
        remove(&homes, 0, &format!("alike {file}"));
        homes.sync(0);
    }
    homes.hand(0).write(&path("other"), "all alike").expect("fits");
    homes.sync(0);
    assert_eq!(held(&mut homes, 1), Some((HeldDirection::Remote, 6, 14)));
}

#[test]
fn what_is_not_all_there_is_is_not_called_so() {
    let mut homes = filled(2, &["d"]);
    write(&homes, 0, "stays");
    homes.round(2);
    (1..=6).for_each(|file| remove(&homes, 0, &format!("d/{file}")));
    assert_eq!(held(&mut homes, 0), Some((HeldDirection::Local, 6, 7)));
    (0..20).for_each(|file| write(&homes, 1, &format!("n/{file:02}")));
    homes.sync(1);
    assert_eq!(held(&mut homes, 0).map(|held| held.1), Some(6));
    (0..11).for_each(|file| remove(&homes, 0, &format!("n/{file:02}")));
    let (_, deletions, of) = held(&mut homes, 0).expect("seventeen");
    assert_eq!((deletions, of), (17, 18));
}

#[test]
fn who_deleted_is_named_though_something_is_sent_in_the_same_sync() {
    let mut homes = filled(2, &["d", "k"]);
    for file in 1..=6 {
        remove(&homes, 0, &format!("d/{file}"));
        homes.sync(0);
    }
    write(&homes, 1, "new");
    for _ in 0..2 {
        let held = homes.sync(1).held.expect("six");
        assert_eq!(held.by, Some(homes.location(0)));
    }
}

#[test]
fn a_no_before_anything_was_shown_keeps_the_few_files_that_are_gone_here() {
    let mut homes = filled(2, &["d", "k", "l"]);
    (1..=4).for_each(|file| remove(&homes, 0, &format!("d/{file}")));
    assert_eq!(homes.sync_refusing(0).held, None);
    homes.round(2);
    homes.assert_all_equal();
    assert_eq!(files(&homes, 0), 18);
}

#[test]
fn a_no_keeps_what_came_since_the_question_and_says_what_the_sync_did_besides() {
    let mut homes = filled(2, &["d", "k"]);
    (1..=6).for_each(|file| remove(&homes, 0, &format!("d/{file}")));
    assert!(held(&mut homes, 0).is_some());
    remove(&homes, 0, "k/1");
    write(&homes, 0, "new");
    write(&homes, 1, "theirs");
    homes.sync(1);
    let report = homes.sync_refusing(0);
    assert_eq!(report.held, None);
    assert_eq!(
        (report.posted_changesets, report.fetched_changesets),
        (1, 1),
        "{report:#?}"
    );
    homes.round(2);
    homes.assert_all_equal();
    assert_eq!(files(&homes, 1), 14);
    remove(&homes, 0, "k/1");
    write(&homes, 0, "newer");
    write(&homes, 1, "theirs, too");
    homes.sync(1);
    let report = homes.sync_refusing(0);
    assert_eq!(
        (report.posted_changesets, report.fetched_changesets),
        (1, 1),
        "{report:#?}"
    );
    homes.round(2);
    assert_eq!(files(&homes, 1), 16);
}

#[test]
fn a_file_in_the_place_of_a_folder_gives_way_to_what_another_home_writes_inside() {
    for refused in [false, true] {
        let mut homes = filled(2, &["d", "k"]);
        (1..=6).for_each(|file| remove(&homes, 0, &format!("d/{file}")));
        homes.hand(0).remove(&path("d")).expect("is empty");
        write(&homes, 0, "d");
        assert!(held(&mut homes, 0).is_some());
        homes.hand(1).write(&path("d/3"), "edited").expect("fits");
        homes.sync(1);
        for _ in 0..2 {
            let report = homes.sync(0);
            assert!(report.skipped.is_empty(), "{:?}", report.skipped);
            assert_eq!(report.held.map(|held| held.deletions), Some(5));
            assert_eq!(homes.read(0, "d/3"), "edited");
        }
        homes.sync_with_answer(0, refused);
        homes.round(3);
        homes.assert_all_equal();
        assert_eq!(files(&homes, 1), if refused { 13 } else { 8 });
    }
}

#[test]
fn a_first_no_to_what_others_deleted_keeps_it_in_that_sync_and_says_what_that_did_besides() {
    let mut homes = filled(3, &["d", "k"]);
    for file in 1..=6 {
        remove(&homes, 0, &format!("d/{file}"));
        homes.sync(0);
    }
    write(&homes, 0, "theirs");
    homes.sync(0);
    write(&homes, 1, "new");
    let report = homes.sync_refusing(1);
    assert_eq!(report.held, None);
    assert_eq!(
        (
            report.posted_changesets,
            report.posted_entries,
            report.fetched_changesets
        ),
        (1, 7, 7),
        "{report:#?}"
    );
    assert_eq!(files(&homes, 1), 14);
    assert_eq!(homes.sync(2).held, None);
    homes.round(2);
    homes.assert_all_equal();
    assert_eq!(files(&homes, 0), 14);
}

#[test]
fn a_no_keeps_what_is_found_to_be_deleted_here_only_beside_what_arrived() {
    let mut homes = filled(2, &["k"]);
    (0..6).for_each(|file| {
        homes
            .hand(0)
            .write(&path(&format!("alike {file}")), "all alike")
            .expect("fits")
    });
    homes.round(2);
    // Each went on in one that another home puts there, too.
    (0..6).for_each(|file| remove(&homes, 0, &format!("alike {file}")));
    for n in 0..2 {
        (0..6).for_each(|file| {
            homes
                .hand(n)
                .write(&path(&format!("new {file}")), "all alike")
                .expect("fits")
        });
    }
    homes.sync(1);
    assert_eq!(homes.sync_refusing(0).held, None);
    homes.round(2);
    homes.assert_all_equal();
    assert_eq!(files(&homes, 0), 18);
}
