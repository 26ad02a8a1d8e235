//! A row of an index that is not as it was written: its home learns anew what it said, and no other home hears of it.

mod notes;

use offsync_core::ports::IndexStore;
use offsync_testkit::Rng;

use crate::home::{Homes, path};

/// Three homes at rest with files in common.
fn at_rest() -> Homes {
    let mut homes = Homes::new(3);
    homes.hand(0).mkdir(&path("2016")).expect("fits");
    for name in ["a", "b", "2016/c"] {
        homes
            .hand(0)
            .write(&path(name), format!("{name} as it was"))
            .expect("fits");
    }
    homes.round(3);
    homes
}

fn spoil_entry(homes: &Homes, n: usize, name: &str) {
    homes.index(n).spoil_entry(&path(name).key());
}

/// Lets all come to rest, and looks whether each file stands everywhere as it was.
fn assert_nothing_came_of_it(homes: &mut Homes, names: &[&str]) {
    homes.round(4);
    homes.assert_all_equal();
    for home in 0..3 {
        for name in ["a", "b", "2016/c"] {
            assert_eq!(homes.read(home, name), format!("{name} as it was"));
        }
        assert_eq!(
            homes.hand(home).tree().len(),
            4 + names.len(),
            "{:?}",
            homes.hand(home).tree()
        );
        let report = homes.sync(home);
        assert!(report.up_to_date && !report.mended_index, "{report:#?}");
        assert!(report.lost.is_empty() && report.conflicts.is_empty() && report.alarms.is_empty());
        assert!(homes.trash(home).is_empty(), "{:?}", homes.trash(home));
    }
    homes.assert_mailbox_holds_only_heads_and_people();
}

#[test]
fn a_home_with_a_damaged_entry_learns_it_anew_and_the_sound_ones_go_on_as_before() {
    for damaged in 0..3 {
        for name in ["a", "2016/c"] {
            let mut homes = at_rest();
            let before: Vec<_> = (0..3).map(|home| homes.location(home)).collect();
            spoil_entry(&homes, damaged, name);
            homes.hand(1).write(&path("new"), "new").expect("fits");
            homes.hand(damaged).write(&path("unsent"), "unsent").expect("fits");
            homes.sync(1);
            let report = homes.sync(damaged);
            assert!(report.lost.is_empty() && report.alarms.is_empty(), "{report:#?}");
            for home in (0..3).cycle().take(12) {
                let report = homes.sync(home);
                assert!(
                    report.lost.is_empty() && report.alarms.is_empty(),
                    "{home}: {report:#?}"
                );
                assert!(home == damaged || !report.took_new_id, "{home}: {report:#?}");
            }
            assert_nothing_came_of_it(&mut homes, &["new", "unsent"]);
            for (home, before) in before.into_iter().enumerate() {
                let is_same = homes.location(home) == before;
                assert_eq!(is_same, home != damaged, "{home} where {damaged} was damaged");
            }
        }
    }
}

#[test]
fn what_was_damaged_is_said_until_the_home_goes_on_from_there_and_no_file_is_read_or_sent_for_it() {
    let mut homes = at_rest();
    spoil_entry(&homes, 1, "a");
    homes.hand(1).write(&path("b"), "b as it was").expect("fits");
    let before = homes.hand(1).tree();
    for _ in 0..2 {
        let report = homes.sync_offline(1);
        assert!(report.mended_index && !report.took_new_id, "{report:#?}");
        assert_eq!(homes.hand(1).tree(), before, "nobody can say what it should be");
    }
    let report = homes.sync(1);
    assert!(report.mended_index && report.took_new_id, "{report:#?}");
    let report = homes.sync(1);
    assert!(!report.mended_index && !report.took_new_id, "{report:#?}");
    assert_eq!(report.hashed_files, 0);
    homes.round(3);
    assert_nothing_came_of_it(&mut homes, &[]);
}

#[test]
fn a_damaged_place_is_looked_at_anew_and_costs_one_file_read() {
    let mut homes = at_rest();
    let before = homes.location(1);
    homes.index(1).spoil_place(&path("a").key());
    let report = homes.sync(1);
    assert!(report.mended_index && report.up_to_date, "{report:#?}");
    assert_eq!((report.hashed_files, report.posted_entries), (1, 0));
    assert_eq!(homes.location(1), before);
    assert_nothing_came_of_it(&mut homes, &[]);
}

/// What nobody notices any more in what is scanned: the file is gone, and so is the row that said that it was there.
#[test]
fn what_was_deleted_with_its_damaged_place_comes_back() {
    for others_go_on in [false, true] {
        let mut homes = at_rest();
        let before = homes.location(1);
        homes.index(1).spoil_place(&path("2016/c").key());
        homes.hand(1).remove(&path("2016/c")).expect("is there");
        if others_go_on {
            homes.hand(0).write(&path("2016/d"), "d").expect("fits");
            homes.sync(0);
        }
        let report = homes.sync(1);
        assert!(report.mended_index && !report.up_to_date, "{report:#?}");
        homes.round(3);
        assert_eq!(homes.location(1), before);
        let new: &[&str] = if others_go_on { &["2016/d"] } else { &[] };
        assert_nothing_came_of_it(&mut homes, new);
    }
}

/// What lay in the folder is known without it: nobody would look for it below a file.
#[test]
fn a_file_in_the_place_of_a_folder_whose_row_is_damaged_ends_what_lay_in_it() {
    for is_deleted_elsewhere in [true, false] {
        let mut homes = at_rest();
        homes.index(1).spoil_place(&path("2016").key());
        let hand = homes.hand(1);
        hand.remove(&path("2016/c")).expect("there");
        hand.remove(&path("2016")).expect("there");
        hand.write(&path("2016"), "a file by now").expect("fits");
        if is_deleted_elsewhere {
            let hand = homes.hand(0);
            hand.remove(&path("2016/c")).expect("there");
            hand.remove(&path("2016")).expect("there");
            homes.sync(0);
        }
        homes.round(5);
        homes.assert_all_equal();
        for home in 0..3 {
            let report = homes.sync(home);
            assert!(report.up_to_date && report.skipped.is_empty(), "{report:#?}");
            // Where the folder lives on, the file is another version of it: nobody can say that it took the folder's place.
            let names: Vec<String> = homes.hand(home).tree().keys().map(ToString::to_string).collect();
            assert_eq!(names.len(), if is_deleted_elsewhere { 3 } else { 4 }, "{names:?}");
            let file = names.iter().rfind(|name| name.starts_with("2016")).expect("kept");
            assert_eq!(homes.read(home, file), "a file by now");
        }
        assert!(homes.index(1).place(&path("2016/c").key()).expect("sound").is_none());
    }
}

#[test]
fn who_has_told_nobody_yet_goes_on_as_it_was() {
    let mut homes = Homes::new(1);
    homes.hand(0).write(&path("a"), "a").expect("fits");
    homes.hand(0).write(&path("b"), "b").expect("fits");
    for offline in [true, false] {
        homes.round(2);
        let before = homes.location(0);
        spoil_entry(&homes, 0, "a");
        // What is not asked for is not read.
        homes.hand(0).write(&path("b"), format!("b, {offline}")).expect("fits");
        let report = match offline {
            true => homes.sync_offline(0),
            false => homes.sync(0),
        };
        assert!(report.mended_index, "{report:#?}");
        let report = homes.sync(0);
        assert!(report.up_to_date && !report.mended_index, "{report:#?}");
        assert_eq!(homes.location(0), before);
        assert_eq!(homes.index(0).all_entries().len(), 2);
    }
    homes.add_home();
    homes.round(3);
    homes.assert_all_equal();
}

#[test]
fn what_was_edited_and_deleted_since_the_last_sync_is_lost_to_nobody() {
    let mut homes = at_rest();
    homes.hand(1).write(&path("a"), "edited").expect("fits");
    homes.hand(1).remove(&path("b")).expect("there");
    spoil_entry(&homes, 1, "2016/c");
    homes.round(6);
    homes.assert_all_equal();
    for home in 0..3 {
        let tree = homes.hand(home).tree();
        let hand = homes.hand(home);
        let all: Vec<_> = tree.keys().filter_map(|name| hand.read(name).ok()).collect();
        for kept in ["edited", "2016/c as it was"] {
            assert!(
                all.iter().any(|content| **content == *kept.as_bytes()),
                "{kept} in {tree:?}"
            );
        }
        assert_eq!(tree.len(), 3, "{tree:?}");
        assert!(homes.sync(home).up_to_date);
    }
}

#[test]
fn what_others_deleted_moved_and_edited_while_the_drive_was_away_stays_so() {
    for damaged in ["a", "b", "2016/c", "e"] {
        for is_alone_there in [true, false] {
            let mut homes = at_rest();
            homes.hand(0).write(&path("e"), "e as it was").expect("fits");
            homes.round(3);
            let hand = homes.hand(0);
            hand.remove(&path("a")).expect("there");
            hand.write(&path("b"), "edited elsewhere").expect("fits");
            hand.rename(&path("2016/c"), &path("moved")).expect("there");
            // What this home did meanwhile is its own word.
            homes.hand(1).write(&path("e"), "edited here").expect("fits");
            homes.sync(0);
            homes.sync(2);
            if is_alone_there {
                homes.sync_offline(1);
            }
            spoil_entry(&homes, 1, damaged);
            homes.round(5);
            homes.assert_all_equal();
            for home in 0..3 {
                let tree = homes.hand(home).tree();
                let names: Vec<String> = tree.keys().map(ToString::to_string).collect();
                assert_eq!(names, ["2016", "b", "e", "moved"], "{damaged} at {home}");
                assert_eq!(homes.read(home, "b"), "edited elsewhere");
                assert_eq!(homes.read(home, "moved"), "2016/c as it was");
                assert_eq!(homes.read(home, "e"), "edited here");
                let report = homes.sync(home);
                assert!(report.up_to_date && report.conflicts.is_empty(), "{report:#?}");
            }
            assert_eq!(homes.index(1).notes("was-").expect("sound").len(), 0);
            homes.assert_mailbox_holds_only_heads_and_people();
        }
    }
}

#[test]
fn what_is_not_on_the_drive_or_left_out_by_a_rule_while_an_index_is_mended_is_no_deletion() {
    let mut homes = at_rest();
    homes
        .hand(1)
        .write(&path("big.tmp"), "kept though left out")
        .expect("fits");
    homes.round(3);
    homes.hand(1).write(&path(".offsyncignore"), "*.tmp\n").expect("fits");
    homes.round(3);
    spoil_entry(&homes, 1, "a");
    // What is not asked for is not read.
    homes.hand(1).write(&path("a"), "a as it was").expect("fits");
    assert!(homes.sync_offline(1).mended_index);
    homes.hand(1).remove(&path("b")).expect("there");
    homes.sync_offline(1);
    homes.round(6);
    for home in 0..3 {
        for name in ["a", "b", "2016/c"] {
            assert_eq!(homes.read(home, name), format!("{name} as it was"), "at {home}");
        }
        assert_eq!(homes.read(home, "big.tmp"), "kept though left out", "at {home}");
    }
}

#[test]
fn a_cable_that_is_pulled_while_an_index_is_mended_costs_nothing() {
    let mut cut = 0;
    for calls in (0..).step_by(7) {
        let mut homes = at_rest();
        spoil_entry(&homes, 1, "a");
        homes.hand(1).write(&path("unsent"), "unsent").expect("fits");
        let (_, report) = homes.sync_until(1, calls, &mut Rng::new(calls));
        homes.round(4);
        assert_nothing_came_of_it(&mut homes, &["unsent"]);
        if report.is_some() {
            break;
        }
        cut += 1;
    }
    assert!(cut > 10, "{cut}");
}
