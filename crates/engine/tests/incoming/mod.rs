//! What is said to come with the next sync comes with it: what nothing leads to waits for other homes.

use crate::home::{Homes, path};

/// Three homes, of which the first said three things since the others heard of it; gives the mailbox's changesets in order.
fn three_words() -> (Homes, Vec<String>) {
    let mut homes = Homes::new(3);
    homes.hand(0).write(&path("a"), "a").expect("fits");
    homes.round(3);
    for word in ["first", "second", "third"] {
        homes.hand(0).write(&path(word), word).expect("fits");
        homes.sync(0);
    }
    let changesets = homes.mail().into_iter().filter(|name| name.ends_with(".manifest"));
    let mut changesets: Vec<String> = changesets.collect();
    changesets.sort();
    assert_eq!(changesets.len(), 3);
    (homes, changesets)
}

/// How many changesets the next sync brings, and how many it cannot.
fn incoming(homes: &mut Homes, n: usize) -> (u64, u64) {
    let mailbox = homes.survey(n).mailbox;
    (mailbox.incoming_changesets, mailbox.stuck_changesets)
}

#[test]
fn what_follows_on_a_lost_changeset_does_not_come_with_the_next_sync_and_is_said_to_come_once_it_was_served() {
    let (mut homes, changesets) = three_words();
    assert_eq!(incoming(&mut homes, 1), (3, 0));
    homes.lose_objects(&changesets[1]);
    assert_eq!(incoming(&mut homes, 1), (1, 1));
    homes.sync(1);
    assert_eq!(incoming(&mut homes, 1), (0, 1));
    let here = homes.survey(1).locations.remove(0);
    assert!(
        here.is_this && here.state == offsync_engine::LocationState::Behind,
        "{here:?}"
    );
    homes.sync(1);
    homes.sync(0);
    assert_eq!(incoming(&mut homes, 1), (1, 0), "what was asked for has come");
    homes.sync(1);
    assert_eq!(incoming(&mut homes, 1), (0, 0));
    assert_eq!(homes.read(1, "third"), "third");
}

#[test]
fn an_answer_to_a_lost_changeset_comes_with_no_sync_of_who_has_not_heard_that_one() {
    let (mut homes, changesets) = three_words();
    homes.sync(1);
    homes.hand(1).write(&path("third"), "answered").expect("fits");
    homes.sync(1);
    homes.lose_objects(&changesets[0]);
    assert_eq!(incoming(&mut homes, 2), (0, 3));
}

#[test]
fn what_a_sync_left_behind_since_nobody_can_read_it_is_not_said_to_come_again() {
    let (mut homes, changesets) = three_words();
    homes.damage(&changesets[1]);
    homes.sync(1);
    assert_eq!(incoming(&mut homes, 1), (0, 2));
    homes.round(4);
    assert_eq!(incoming(&mut homes, 1), (0, 0));
    homes.assert_all_equal();
}
