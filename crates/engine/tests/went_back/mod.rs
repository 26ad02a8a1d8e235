//! A mailbox that goes back to an earlier state is told from a drive that does, once for each time.

use offsync_testkit::Rng;

use crate::home::{Homes, path};

/// Two homes, and what the mailbox held before both wrote their last heads.
fn with_an_old_mailbox() -> (Homes, Vec<(String, Vec<u8>)>) {
    let mut homes = Homes::new(2);
    homes.hand(0).write(&path("a.txt"), "a").expect("fits");
    homes.round(2);
    let mail = homes.mail_backup();
    homes.hand(0).write(&path("b.txt"), "b").expect("fits");
    homes.hand(1).write(&path("c.txt"), "c").expect("fits");
    homes.round(3);
    (homes, mail)
}

fn put_back(homes: &Homes, mail: &[(String, Vec<u8>)]) {
    homes.lose_objects("");
    mail.iter().for_each(|(name, bytes)| homes.forge(name, bytes.clone()));
}

/// Whether a home says that the mailbox went back, in one sync after another.
fn told(homes: &mut Homes, n: usize) -> [bool; 3] {
    [(); 3].map(|()| {
        let report = homes.sync(n);
        assert!(!report.took_new_id);
        report.mailbox_went_back
    })
}

#[test]
fn a_mailbox_that_went_back_is_told_once_at_each_home_and_each_time() {
    let (mut homes, mail) = with_an_old_mailbox();
    assert_eq!(told(&mut homes, 0), [false; 3]);
    for _ in 0..2 {
        put_back(&homes, &mail);
        assert_eq!(told(&mut homes, 0), [true, false, false]);
        assert_eq!(told(&mut homes, 1), [true, false, false]);
        homes.round(3);
    }
    homes.assert_all_equal();
    homes.assert_mailbox_holds_only_heads_and_people();
}

#[test]
fn a_mailbox_that_was_emptied_went_back_too() {
    let (mut homes, _) = with_an_old_mailbox();
    homes.mailbox().wipe();
    assert_eq!(told(&mut homes, 0), [true, false, false]);
    assert_eq!(told(&mut homes, 1), [true, false, false]);
}

#[test]
fn a_drive_that_went_back_says_nothing_of_the_mailbox() {
    let (mut homes, _) = with_an_old_mailbox();
    let backup = homes.backup(0);
    homes.hand(0).write(&path("d.txt"), "d").expect("fits");
    homes.round(2);
    homes.restore(0, &backup);
    let report = homes.sync(0);
    assert!(report.took_new_id && !report.mailbox_went_back, "{report:#?}");
    assert_eq!(told(&mut homes, 0), [false; 3]);
    assert_eq!(told(&mut homes, 1), [false; 3]);
}

#[test]
fn who_turns_to_an_empty_or_an_older_mailbox_on_purpose_is_not_told_that_it_went_back() {
    let (mut homes, mail) = with_an_old_mailbox();
    let empty = Homes::another_mailbox();
    homes.with_engine(0, |engine| engine.turned_to_another_mailbox().expect("a sound index"));
    homes.turn_to(0, &empty);
    assert_eq!(told(&mut homes, 0), [false; 3]);
    homes.with_engine(1, |engine| engine.turned_to_another_mailbox().expect("a sound index"));
    put_back(&homes, &mail);
    assert_eq!(told(&mut homes, 1), [false; 3]);
    put_back(&homes, &mail);
    assert!(told(&mut homes, 1)[0], "that was no purpose of its own");
}

#[test]
fn what_a_sync_that_broke_off_found_is_told_by_the_next_one() {
    let mut untold = Vec::new();
    for calls in 1.. {
        let (mut homes, mail) = with_an_old_mailbox();
        put_back(&homes, &mail);
        let (_, ended) = homes.sync_until(0, calls, &mut Rng::new(calls));
        if let Some(report) = ended {
            assert!(report.mailbox_went_back && calls > 3, "some were cut off: {calls}");
            // Who was cut off as the very last note was written had said all but that.
            assert!(untold.iter().all(|at| at + 1 >= calls), "{untold:?} of {calls}");
            return;
        }
        if !homes.sync(0).mailbox_went_back {
            untold.push(calls);
        }
    }
}

#[test]
fn it_is_told_once_where_a_full_mailbox_has_no_room_for_the_head_that_ends_it() {
    let (mut homes, mail) = with_an_old_mailbox();
    put_back(&homes, &mail);
    homes.mailbox().set_capacity_bytes(1);
    assert_eq!(told(&mut homes, 0), [true, false, false]);
    homes.mailbox().set_capacity_bytes(u64::MAX);
    assert_eq!(told(&mut homes, 0), [false; 3], "the same one");
    put_back(&homes, &mail);
    assert_eq!(told(&mut homes, 0), [true, false, false]);
}
