//! Homes that nothing in the mailbox leads on: whoever sees that serves them before they ask.

use crate::home::{Homes, noise, path};
use crate::thimble::ALLOWANCE_BYTES;

/// The orders in which three homes can visit.
const ORDERS: [[usize; 3]; 6] = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];

fn settled(count: usize) -> Homes {
    let mut homes = Homes::new(count);
    homes.hand(0).write(&path("a.txt"), "a").expect("fits");
    homes.round(3);
    homes
}

/// The objects that are listed for one home.
fn served(homes: &Homes, reader: usize) -> Vec<String> {
    let begins = format!("for.{}.", homes.location(reader));
    homes
        .mail()
        .into_iter()
        .filter(|name| name.starts_with(&begins))
        .collect()
}

#[test]
fn after_a_wipe_all_reaches_everyone_with_the_second_visit_in_every_order() {
    for first in ORDERS {
        for second in ORDERS {
            let mut homes = settled(3);
            homes.hand(0).write(&path("small.txt"), "b").expect("fits");
            homes.hand(0).write(&path("film.mov"), noise(3_000_000)).expect("fits");
            homes.sync(0);
            homes
                .hand(1)
                .write(&path("theirs.txt"), "of another home")
                .expect("fits");
            homes.mailbox().wipe();
            for home in first.into_iter().chain(second) {
                homes.sync(home);
            }
            for home in 0..3 {
                let order = (first, second, home);
                assert_eq!(homes.read_bytes(home, "film.mov"), noise(3_000_000), "{order:?}");
                assert_eq!(homes.read(home, "small.txt"), "b", "{order:?}");
            }
            homes.round(3);
            homes.assert_all_equal();
            homes.assert_mailbox_holds_only_heads_and_people();
        }
    }
}

#[test]
fn content_that_somebody_lacked_is_served_again_after_a_wipe() {
    for second in [[0, 1], [1, 0]] {
        let mut homes = settled(2);
        homes.hand(0).write(&path("film.mov"), noise(3_000_000)).expect("fits");
        homes.sync(0);
        homes.packs().iter().for_each(|pack| homes.lose_objects(pack));
        homes.sync(1);
        homes.mailbox().wipe();
        for home in [0, 1].into_iter().chain(second) {
            homes.sync(home);
        }
        assert_eq!(homes.read_bytes(1, "film.mov"), noise(3_000_000), "{second:?}");
        homes.round(2);
        homes.assert_mailbox_holds_only_heads_and_people();
    }
}

#[test]
fn who_counted_as_silent_is_served_before_it_asks_by_whoever_comes_first() {
    let mut homes = settled(3);
    homes.pass_days(200);
    homes.sync(1);
    homes.hand(0).write(&path("b.txt"), "b").expect("fits");
    homes.sync(0);
    homes.sync(1);
    homes.sync(0);
    homes.hand(2).write(&path("mine.txt"), "mine").expect("fits");
    homes.sync(2);
    homes.sync(0);
    assert_eq!(served(&homes, 2).len(), 2, "{:?}", homes.mail());
    // Nobody else serves the same.
    homes.sync(1);
    assert_eq!(served(&homes, 2).len(), 2, "{:?}", homes.mail());
    homes.sync(2);
    assert_eq!(homes.read(2, "b.txt"), "b");
    homes.round(3);
    homes.assert_all_equal();
    homes.assert_mailbox_holds_only_heads_and_people();
}

#[test]
fn who_was_waited_for_is_served_unasked_only_where_two_listings_lack_what_leads_it_on() {
    let mut homes = settled(3);
    homes.hand(0).write(&path("b.txt"), "b").expect("fits");
    homes.sync(0);
    homes.sync(1);
    homes.lose_objects("out.");
    homes.sync(0);
    assert_eq!(served(&homes, 2), Vec::<String>::new());
    homes.sync(0);
    assert_eq!(served(&homes, 2).len(), 2, "{:?}", homes.mail());
    homes.sync(2);
    assert_eq!(homes.read(2, "b.txt"), "b");
}

#[test]
fn what_changesets_still_lead_to_is_served_to_nobody() {
    let mut homes = settled(2);
    for n in 0..4 {
        homes
            .hand(0)
            .write(&path(&format!("{n}.txt")), format!("{n}"))
            .expect("fits");
        homes.sync(0);
    }
    assert_eq!(served(&homes, 1), Vec::<String>::new());
    homes.sync(1);
    homes.sync(0);
    homes.assert_mailbox_holds_only_heads_and_people();
}

#[test]
fn who_has_not_come_yet_is_served_nothing_and_who_never_comes_leaves_room() {
    let mut homes = settled(3);
    homes.hand(0).write(&path("film.mov"), noise(2_000_000)).expect("fits");
    homes.hand(0).write(&path("film2.mov"), noise(1_900_000)).expect("fits");
    for home in [0, 1, 0, 1] {
        homes.sync_allowing(home, ALLOWANCE_BYTES);
    }
    homes.mailbox().wipe();
    for home in [0, 1, 0, 1] {
        homes.sync_allowing(home, ALLOWANCE_BYTES);
    }
    let used: u64 = homes.mail_bytes();
    assert!(
        used > ALLOWANCE_BYTES / 4 && used < ALLOWANCE_BYTES * 85 / 100,
        "{used}"
    );
    // What is said next finds room beside it.
    homes.hand(1).write(&path("b.txt"), "b").expect("fits");
    homes.sync_allowing(1, ALLOWANCE_BYTES);
    homes.sync_allowing(0, ALLOWANCE_BYTES);
    assert_eq!(homes.read(0, "b.txt"), "b");
    for home in [2, 0, 1, 2, 0, 1, 2, 0, 1] {
        homes.sync_allowing(home, ALLOWANCE_BYTES);
    }
    homes.assert_all_equal();
    homes.assert_mailbox_holds_only_heads_and_people();
}

#[test]
fn who_filled_a_mailbox_that_shrank_and_waits_for_a_state_makes_room_for_it() {
    let mut homes = settled(4);
    // The film builds on what is lost, and its own home never hears of what is lost after it.
    let of_two = format!("out.{}.", homes.location(2));
    homes
        .hand(2)
        .write(&path("before it.txt"), "still at two")
        .expect("fits");
    for home in [2, 0, 1] {
        homes.sync(home);
    }
    homes.hand(1).write(&path("film.mov"), noise(7_000_000)).expect("fits");
    for home in [1, 0, 2] {
        homes.sync(home);
    }
    homes.lose_objects(&of_two);
    homes
        .hand(2)
        .write(&path("after it.txt"), "still at two")
        .expect("fits");
    for home in [2, 0] {
        homes.sync(home);
    }
    homes.lose_objects(&of_two);
    let other: Vec<u8> = noise(7_000_000).into_iter().rev().collect();
    homes.hand(2).write(&path("at last.mov"), other.clone()).expect("fits");
    for home in [2, 0] {
        homes.sync(home);
    }
    homes.lose_objects("for.");
    assert!(homes.mail_bytes() > ALLOWANCE_BYTES, "the account has shrunk since");
    for _ in 0..20 {
        for home in 0..4 {
            homes.sync_allowing(home, ALLOWANCE_BYTES);
        }
    }
    homes.assert_all_equal();
    assert_eq!(homes.read_bytes(3, "film.mov"), noise(7_000_000));
    assert!(homes.read_bytes(1, "at last.mov") == other);
    homes.assert_mailbox_holds_only_heads_and_people();
}
