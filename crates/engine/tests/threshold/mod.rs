//! Before how many deletions homes ask is one word for the whole archive, whoever said it and whatever became of them.

use offsync_core::guard::Threshold;
use offsync_core::limits::HELD_DELETIONS_HIGHEST;
use offsync_engine::EngineError;
use offsync_testkit::Rng;

use crate::home::{Homes, path};

fn from(least: u64, percent: u8, most: u64) -> Threshold {
    Threshold::new(least, percent, most).expect("a threshold")
}

/// Asks before any file goes.
fn each() -> Threshold {
    from(1, 0, 1)
}

fn names(count: u64) -> Vec<String> {
    (0..count).map(|number| format!("{number:02}")).collect()
}

/// So many homes have so many files, and nothing is left to say.
fn homes_with(homes: usize, files: u64) -> Homes {
    let mut homes = Homes::new(homes);
    for name in names(files) {
        let content = format!("content of {name}");
        homes.hand(0).write(&path(&name), content).expect("fits");
    }
    homes.round(2);
    homes
}

fn remove(homes: &Homes, n: usize, files: std::ops::Range<usize>) {
    for name in &names(99)[files] {
        homes.hand(n).remove(&path(name)).expect("is there");
    }
}

fn held(homes: &mut Homes, n: usize) -> Option<u64> {
    homes.sync(n).held.map(|held| held.deletions)
}

#[test]
fn what_one_home_says_holds_in_each_both_for_what_is_deleted_there_and_for_what_arrives() {
    let mut homes = homes_with(3, 20);
    homes.ask_from(0, from(2, 0, 2));
    assert_eq!(homes.threshold(1).0, Threshold::default(), "nobody was told yet");
    homes.round(1);
    for n in 0..3 {
        assert_eq!(homes.threshold(n), (from(2, 0, 2), Some(homes.location(0))), "home {n}");
    }
    remove(&homes, 1, 0..2);
    assert_eq!(held(&mut homes, 1), Some(2), "where they are made");
    homes.sync_refusing(1);
    // One by one they are few where they are made, and many where they arrive at once.
    for file in [10, 11] {
        remove(&homes, 0, file..file + 1);
        assert_eq!(held(&mut homes, 0), None);
    }
    assert_eq!(held(&mut homes, 2), Some(2), "where they arrive");
    assert_eq!(homes.hand(2).tree().len(), 20);
}

#[test]
fn a_higher_threshold_lets_through_what_the_usual_one_holds_in_both_directions() {
    let mut homes = homes_with(2, 20);
    homes.ask_from(1, from(5, 60, 1_000));
    homes.sync(1);
    // Who is told with the same sync judges by it at once.
    remove(&homes, 0, 0..10);
    assert_eq!(held(&mut homes, 0), None);
    assert_eq!(held(&mut homes, 1), None);
    assert_eq!(homes.hand(1).tree().len(), 10);
}

#[test]
fn all_there_is_waits_whatever_the_threshold_is() {
    let mut homes = homes_with(2, 3);
    homes.ask_from(0, from(HELD_DELETIONS_HIGHEST, 100, HELD_DELETIONS_HIGHEST));
    homes.round(1);
    remove(&homes, 1, 0..3);
    for _ in 0..2 {
        assert_eq!(held(&mut homes, 1), Some(3));
    }
}

#[test]
fn the_strictest_threshold_asks_for_a_single_file_and_for_what_is_left_of_several() {
    let mut homes = homes_with(2, 20);
    homes.ask_from(0, each());
    homes.round(1);
    remove(&homes, 0, 0..1);
    for _ in 0..2 {
        assert_eq!(held(&mut homes, 0), Some(1));
    }
    assert_eq!(homes.sync_confirmed(0).held, None);
    assert_eq!(held(&mut homes, 1), None, "who was asked once spoke for all");
    remove(&homes, 1, 1..3);
    assert_eq!(held(&mut homes, 1), Some(2));
    homes.hand(1).write(&path("01"), "content of 01").expect("fits");
    for _ in 0..2 {
        assert_eq!(held(&mut homes, 1), Some(1));
    }
    assert_eq!(homes.hand(0).tree().len(), 19);
}

#[test]
fn what_was_held_is_judged_anew_where_it_was_deleted_if_the_threshold_is_raised_meanwhile() {
    for (raised, goes) in [
        (from(7, 25, 1_000), true),
        (from(5, 30, 1_000), true),
        (from(5, 29, 1_000), false),
        (from(5, 90, 5), false),
        (from(2, 10, 1_000), false),
    ] {
        let mut homes = homes_with(2, 20);
        remove(&homes, 0, 0..6);
        assert_eq!(held(&mut homes, 0), Some(6));
        homes.ask_from(0, raised);
        assert_eq!(held(&mut homes, 0), (!goes).then_some(6), "local, {raised:?}");

        let mut homes = homes_with(2, 20);
        for file in 0..6 {
            remove(&homes, 0, file..file + 1);
            assert_eq!(held(&mut homes, 0), None);
        }
        assert_eq!(held(&mut homes, 1), Some(6));
        // What others deleted was shown, and waits for its answer whoever says what.
        homes.ask_from(0, raised);
        homes.sync(0);
        for _ in 0..2 {
            assert_eq!(held(&mut homes, 1), Some(6), "remote, {raised:?}");
        }
        assert_eq!(homes.hand(1).tree().len(), 20);
        assert_eq!(homes.sync_confirmed(1).held, None);
        assert_eq!(homes.hand(1).tree().len(), 14);
    }
}

#[test]
fn what_is_left_of_what_was_held_waits_as_long_as_what_was_shown_would_be_held_today() {
    for (now, stays) in [
        (None, true),
        (Some(from(4, 20, 999)), true),
        (Some(from(5, 30, 999)), false),
    ] {
        let mut homes = homes_with(2, 20);
        remove(&homes, 0, 0..6);
        assert_eq!(held(&mut homes, 0), Some(6));
        // Somebody's edit beats one of the six deletions: five of twenty are not many.
        homes.hand(1).write(&path("00"), "edited").expect("fits");
        homes.sync(1);
        assert_eq!(held(&mut homes, 0), Some(5));
        assert_eq!(held(&mut homes, 0), Some(5));
        now.into_iter().for_each(|now| homes.ask_from(0, now));
        for _ in 0..2 {
            assert_eq!(held(&mut homes, 0), stays.then_some(5), "{now:?}");
        }
        // Said again as it was, it holds what it held.
        if now == Some(from(4, 20, 999)) {
            homes.ask_from(0, Threshold::default());
            assert_eq!(held(&mut homes, 0), Some(5));
        }
    }
}

#[test]
fn a_no_is_a_no_and_a_yes_a_yes_though_the_threshold_was_changed_since_it_was_asked() {
    for threshold in [from(50, 90, 1_000), each()] {
        let mut homes = homes_with(2, 20);
        remove(&homes, 0, 0..6);
        assert_eq!(held(&mut homes, 0), Some(6));
        homes.ask_from(0, threshold);
        assert_eq!(homes.sync_refusing(0).held, None);
        homes.round(2);
        homes.assert_all_equal();
        assert_eq!(homes.hand(1).tree().len(), 20);

        let mut homes = homes_with(2, 20);
        remove(&homes, 0, 0..6);
        assert_eq!(held(&mut homes, 0), Some(6));
        homes.ask_from(0, threshold);
        assert_eq!(homes.sync_confirmed(0).held, None);
        homes.round(1);
        assert_eq!(homes.hand(1).tree().len(), 14);
    }
}

#[test]
fn of_two_words_that_were_said_at_once_all_hold_to_the_same_and_a_later_one_outranks_both() {
    let mut homes = homes_with(3, 4);
    homes.ask_from(0, from(2, 10, 20));
    homes.ask_from(1, from(3, 30, 30));
    homes.round(2);
    let holds = homes.threshold(0);
    assert!([from(2, 10, 20), from(3, 30, 30)].contains(&holds.0));
    assert_eq!([homes.threshold(1), homes.threshold(2)], [holds, holds]);
    homes.ask_from(2, from(9, 90, 900));
    homes.round(2);
    for n in 0..3 {
        assert_eq!(homes.threshold(n), (from(9, 90, 900), Some(homes.location(2))));
    }
    // What was said before that, and comes late, says nothing any more.
    let late = homes.location(1);
    homes.say_threshold_of(1, late, 0, from(4, 4, 4));
    homes.round(2);
    for n in 0..3 {
        assert_eq!(homes.threshold(n), (from(9, 90, 900), Some(homes.location(2))));
    }
    // Nor is it put again where the mailbox was lost: who each home is, and the one word that holds.
    homes.lose_objects("");
    homes.round(2);
    let said = |n: usize| {
        let id = homes.location(n);
        let own = format!("people.{id}.{id}.");
        homes.mail().iter().filter(|name| name.starts_with(&own)).count()
    };
    assert_eq!(
        said(0) + said(1) + said(2),
        2,
        "home 0 introduced itself: {:?}",
        homes.mail()
    );
}

#[test]
fn it_outlives_the_removal_of_who_said_it_the_mailbox_and_reaches_whoever_comes_later() {
    let mut homes = homes_with(3, 4);
    homes.ask_from(1, each());
    homes.round(2);
    let author = homes.location(1);
    homes.remove(0, author);
    homes.sync(0);
    homes.sync(2);
    homes.lose_objects("");
    homes.sync(0);
    homes.add_home();
    assert_eq!(
        homes.threshold(3),
        (each(), Some(author)),
        "a copy has it before its first sync"
    );
    // Who comes back from nothing reads it before it judges anything.
    homes.come_back(2);
    assert_eq!(homes.threshold(2).0, Threshold::default());
    homes.sync(2);
    assert_eq!(homes.threshold(2), (each(), Some(author)));
    for n in [0, 3, 2, 0, 3, 2] {
        homes.sync(n);
    }
    remove(&homes, 2, 0..1);
    assert_eq!(held(&mut homes, 2), Some(1));
}

#[test]
fn who_comes_back_under_a_new_id_has_said_it_and_may_change_it() {
    let mut homes = homes_with(3, 4);
    homes.ask_from(1, each());
    homes.round(2);
    let old = homes.location(1);
    homes.come_back(1);
    homes.round(3);
    let new = homes.location(1);
    assert_ne!(old, new);
    for n in 0..3 {
        assert_eq!(homes.threshold(n), (each(), Some(new)), "home {n}");
    }
    homes.ask_from(1, from(7, 7, 7));
    homes.round(2);
    for n in 0..3 {
        assert_eq!(homes.threshold(n), (from(7, 7, 7), Some(new)), "home {n}");
    }
}

#[test]
fn who_says_it_before_anybody_introduced_it_says_who_it_is_too() {
    let mut homes = Homes::new(2);
    homes.ask_from(1, each());
    homes.sync(1);
    let me = homes.location(1);
    let said = homes
        .mail()
        .into_iter()
        .filter(|name| name.starts_with(&format!("people.{me}.")));
    assert_eq!(said.count(), 2, "the threshold, and its maker's word for who says it");
    homes.sync(1);
    let said = homes
        .mail()
        .into_iter()
        .filter(|name| name.starts_with(&format!("people.{me}.")));
    assert_eq!(said.count(), 2, "once");
}

#[test]
fn what_an_older_offsync_left_alone_is_heard_after_an_update() {
    let mut homes = homes_with(2, 4);
    homes.ask_from(0, each());
    homes.round(2);
    homes.have_read_with_an_older_offsync(1);
    assert_eq!(homes.threshold(1).0, Threshold::default());
    homes.sync(1);
    assert_eq!(homes.threshold(1).0, each());
}

#[test]
fn nobody_says_it_in_the_name_of_another() {
    let mut homes = homes_with(3, 4);
    let other = homes.location(2);
    homes.say_threshold_of(1, other, 1_000, from(50, 50, 50));
    homes.round(2);
    assert_eq!(homes.threshold(0), (Threshold::default(), None));
    let itself = homes.location(1);
    homes.say_threshold_of(1, itself, 1_000, from(50, 50, 50));
    homes.round(2);
    assert_eq!(homes.threshold(0), (from(50, 50, 50), Some(itself)));
}

#[test]
fn wherever_a_cable_is_pulled_who_goes_by_a_threshold_puts_it_again_where_it_lacks() {
    let mut rng = Rng::new(5);
    for calls in 0.. {
        let mut homes = homes_with(2, 4);
        homes.ask_from(0, each());
        homes.sync(0);
        let (_, report) = homes.sync_until(1, calls, &mut rng);
        homes.sync(1);
        let of_author = format!("people.{0}.{0}.", homes.location(0));
        let said = |homes: &Homes| {
            let names = homes.mail().into_iter();
            names.filter(|name| name.starts_with(&of_author)).collect::<Vec<_>>()
        };
        let before = said(&homes);
        homes.lose_objects("people");
        homes.sync(1);
        assert_eq!(said(&homes), before, "cut off at call {calls}");
        if report.is_some() {
            break;
        }
    }
}

#[test]
fn what_cannot_be_outranked_is_refused_where_it_would_count_for_nothing() {
    let mut homes = homes_with(2, 4);
    let (low, high) = match homes.location(0) < homes.location(1) {
        true => (0, 1),
        false => (1, 0),
    };
    let author = homes.location(high);
    homes.say_threshold_of(high, author, u64::MAX, from(50, 50, 50));
    homes.round(2);
    let before = homes.mail();
    let refused = homes.try_to_ask_from(low, each());
    assert!(matches!(refused, Err(EngineError::Outranked)), "{refused:?}");
    assert_eq!(homes.threshold(low), (from(50, 50, 50), Some(author)));
    homes.sync(low);
    let people = |names: Vec<String>| {
        names
            .into_iter()
            .filter(|name| name.starts_with("people."))
            .collect::<Vec<_>>()
    };
    assert_eq!(people(homes.mail()), people(before), "what lost goes nowhere");
}

#[test]
fn who_hears_another_threshold_is_told_once_and_who_is_new_or_said_it_is_not() {
    let mut homes = homes_with(2, 4);
    homes.ask_from(0, each());
    assert_eq!(homes.sync(0).threshold_heard, None, "its own word");
    let by = homes.sync(1).threshold_heard.map(|heard| heard.threshold);
    assert_eq!(by, Some(each()));
    assert_eq!(homes.sync(1).threshold_heard, None, "once");
    homes.add_home();
    assert_eq!(homes.sync(2).threshold_heard, None, "it is new");
    homes.come_back(1);
    for n in [1, 0, 1, 0, 1] {
        assert_eq!(homes.sync(n).threshold_heard, None, "home {n}");
    }
    // Told, though it was heard first in a sync that was cut off.
    homes.ask_from(0, Threshold::default());
    homes.sync(0);
    homes.sync_until(2, 60, &mut Rng::new(5));
    assert!(homes.sync(2).threshold_heard.is_some());
}
