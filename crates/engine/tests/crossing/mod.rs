//! What it costs to find out whether own changes cross those of others.

use crate::home::{Homes, path};

/// Counts the calls of a home that hears of so many changes of so many files each, with so many own renames.
///
/// Each changeset takes one of the files away that were renamed here, if there are any.
fn calls(changesets: usize, files: usize, own: usize) -> u64 {
    let mut homes = Homes::new(2);
    for n in 0..30 {
        homes
            .hand(0)
            .write(&path(&format!("own {n}")), format!("own {n}"))
            .expect("fits");
    }
    homes.round(3);
    for n in 0..own {
        let name = format!("own {n}");
        let renamed = path(&format!("renamed {n}"));
        homes.hand(0).rename(&path(&name), &renamed).expect("is there");
    }
    for changeset in 0..changesets {
        if own > 0 {
            homes
                .hand(1)
                .remove(&path(&format!("own {changeset}")))
                .expect("is there");
        }
        for file in 0..files {
            let name = format!("{changeset} {file}");
            homes.hand(1).write(&path(&name), name.as_str()).expect("fits");
        }
        homes.sync(1);
    }
    // What is to be posted is counted apart from what is heard.
    homes.sync_counted(0)
}

#[test]
fn where_nothing_waits_to_be_posted_no_entry_is_looked_up_for_it() {
    let of_files = |own| calls(1, 60, own) - calls(1, 20, own);

    // For each entry a note and a place where something could cross, and its siblings where something does.
    assert_eq!(of_files(1) - of_files(0), 3 * 40);
}

#[test]
fn own_changes_are_gathered_once_for_all_that_is_heard() {
    let of_own = |changesets| calls(changesets, 1, 25) - calls(changesets, 1, 5);

    assert_eq!(of_own(4), of_own(1));
}

#[test]
fn of_what_was_renamed_and_taken_away_since_nobody_is_told_that_both_stay() {
    for is_gone in [false, true] {
        let mut homes = Homes::new(2);
        homes.hand(0).write(&path("d/1"), "one").expect("fits");
        homes.hand(0).write(&path("d/2"), "two").expect("fits");
        homes.round(2);
        homes.hand(0).rename(&path("d"), &path("e")).expect("is free");
        homes.sync(0);
        if is_gone {
            homes.hand(0).remove(&path("e/1")).expect("is there");
            homes.sync(0);
        }
        homes.hand(1).write(&path("d/1"), "one, edited").expect("fits");
        let report = homes.sync(1);
        let told = report.warnings.iter().any(|line| line.reason.contains("Both stay"));
        assert_eq!(told, !is_gone, "{:?}", report.warnings);
        homes.round(2);
        homes.assert_all_equal();
        assert_eq!(homes.read(0, "d/1"), "one, edited");
    }
}
