//! Ids that were given up, and ids that live on: who is counted, who is waited for, and what is left of the others.

use offsync_core::ids::LocationId;
use offsync_testkit::Rng;

use crate::home::{Homes, path};
use crate::thimble::{ALLOWANCE_BYTES, film};

fn sorted(mut ids: Vec<LocationId>) -> Vec<LocationId> {
    ids.sort();
    ids
}

fn head_of(location: LocationId) -> String {
    format!("head.{location}")
}

/// Every home knows just the ids by which the homes go now, and nothing waits in the mailbox.
fn assert_each_home_has_one_id(homes: &mut Homes, count: usize) {
    let ids = sorted((0..count).map(|home| homes.location(home)).collect());
    for home in 0..count {
        assert_eq!(sorted(homes.living(home)), ids, "home {home}");
    }
    homes.assert_all_equal();
    homes.assert_mailbox_holds_only_heads_and_people();
}

fn settled(count: usize) -> Homes {
    let mut homes = Homes::new(count);
    homes.hand(0).write(&path("a.txt"), "a").expect("fits");
    homes.round(3);
    homes
}

#[test]
fn who_comes_back_while_its_old_head_is_gone_leaves_no_id_behind_that_still_counts() {
    for count in [2, 3] {
        let mut homes = settled(count);
        let old = homes.location(1);
        homes.lose_objects(&head_of(old));
        homes.come_back(1);
        homes.round(4);
        assert_ne!(homes.location(1), old);
        assert_each_home_has_one_id(&mut homes, count);
        homes.hand(0).write(&path("b.txt"), "b").expect("fits");
        homes.round(2);
        assert_each_home_has_one_id(&mut homes, count);
    }
}

#[test]
fn who_comes_back_while_its_old_head_is_damaged_leaves_neither_id_nor_head_behind() {
    let mut homes = settled(3);
    let old = head_of(homes.location(1));
    homes.damage(&old);
    homes.come_back(1);
    homes.round(4);
    assert_each_home_has_one_id(&mut homes, 3);
    assert!(!homes.mail().contains(&old), "{:?}", homes.mail());
    for home in 0..3 {
        assert!(homes.sync(home).skipped.is_empty(), "nothing is left to be said of it");
    }
}

#[test]
fn an_old_head_that_the_mailbox_shows_again_brings_no_id_back() {
    let mut homes = settled(3);
    let old = head_of(homes.location(1));
    let head = homes.object(&old);
    homes.lose_objects(&old);
    homes.come_back(1);
    homes.round(2);
    homes.forge(&old, head);
    homes.round(3);
    assert_each_home_has_one_id(&mut homes, 3);
}

#[test]
fn an_id_that_lives_on_counts_though_somebody_came_back_as_its_successor() {
    let mut homes = settled(2);
    let old = homes.location(1);
    let twin = homes.clone_home(1);
    // Who comes back cannot tell how far the other one has counted.
    homes.lose_objects(&head_of(old));
    homes.come_back(twin);
    homes.sync(twin);
    homes.sync(0);
    assert!(!homes.living(0).contains(&old), "nobody has heard of it since");
    // It heard that it was succeeded, and says that it lives, at once.
    homes.sync(1);
    homes.sync(0);
    assert!(homes.living(0).contains(&old) && homes.location(1) == old);
    homes.hand(0).write(&path("b.txt"), "b").expect("fits");
    homes.sync(0);
    homes.sync(twin);
    homes.sync(0);
    assert!(
        homes.mail().iter().any(|name| name.starts_with("out.")),
        "it is waited for"
    );
    homes.round(3);
    assert_each_home_has_one_id(&mut homes, 3);
}

#[test]
fn an_id_that_lives_on_hears_of_its_successor_though_that_one_is_gone_with_its_words() {
    let mut homes = settled(3);
    let old = homes.location(1);
    let twin = homes.clone_home(1);
    homes.lose_objects(&head_of(old));
    homes.come_back(twin);
    homes.sync(twin);
    let successor = homes.location(twin);
    homes.sync(0);
    homes.lose_objects(&format!("people.{successor}"));
    homes.lose_objects(&head_of(successor));
    for _ in 0..3 {
        (0..3).for_each(|home| drop(homes.sync(home)));
    }
    assert!(homes.living(0).contains(&old) && homes.living(2).contains(&old));
}

#[test]
fn an_id_that_lives_on_counts_once_it_is_taken_back_though_its_successor_is_removed_and_has_no_head() {
    let mut homes = settled(2);
    let old = homes.location(1);
    let twin = homes.clone_home(1);
    homes.come_back(twin);
    homes.sync(twin);
    let successor = homes.location(twin);
    homes.sync(0);
    homes.remove(0, successor);
    homes.sync(0);
    homes.lose_objects(&head_of(successor));
    // As far as anybody knows it is the drive that was taken out.
    assert_eq!(homes.sync_refused(1), "home 0");
    homes.take_back(0, old);
    homes.sync(0);
    homes.sync(1);
    homes.sync(0);
    assert!(homes.living(0).contains(&old) && homes.counting(0) == sorted(vec![old, homes.location(0)]));
    assert_eq!(homes.sync(1).uploaded_bytes, 0, "it said so once");
}

#[test]
fn the_damaged_head_of_an_id_that_was_removed_leaves_the_mailbox_though_nobody_else_is_left() {
    let mut homes = settled(2);
    let gone = homes.location(1);
    homes.remove(0, gone);
    homes.sync(0);
    assert!(homes.mail().contains(&head_of(gone)));
    homes.damage(&head_of(gone));
    assert!(!homes.sync(0).skipped.is_empty(), "it is named once");
    assert!(!homes.mail().contains(&head_of(gone)), "{:?}", homes.mail());
    assert!(homes.sync(0).skipped.is_empty());
}

#[test]
fn the_damaged_head_of_an_id_that_lives_is_left_to_its_owner_who_writes_it_anew() {
    let mut homes = settled(2);
    let head = head_of(homes.location(1));
    homes.damage(&head);
    let damaged = homes.object(&head);
    (0..3).for_each(|_| drop(homes.sync(0)));
    assert_eq!(homes.object(&head), damaged);
    assert!(!homes.sync(1).took_new_id);
    assert_ne!(homes.object(&head), damaged);
    assert!(homes.sync(0).skipped.is_empty() && homes.sync(1).skipped.is_empty());
}

#[test]
fn a_head_that_only_a_newer_offsync_reads_stays_whoever_wrote_it() {
    let mut homes = settled(2);
    let gone = homes.location(1);
    homes.remove(0, gone);
    homes.sync(0);
    let mut head = homes.object(&head_of(gone));
    // The version of its format, which what is sealed is bound to.
    head[4] = 99;
    *head.last_mut().expect("a tag") ^= 1;
    homes.forge(&head_of(gone), head.clone());
    (0..3).for_each(|_| drop(homes.sync(0)));
    assert_eq!(homes.object(&head_of(gone)), head);
}

#[test]
fn the_second_home_of_one_invitation_has_an_id_of_its_own_and_the_first_is_waited_for() {
    for has_spoken in [false, true] {
        let mut homes = Homes::new(2);
        homes.hand(0).write(&path("a.txt"), "a").expect("fits");
        if has_spoken {
            homes.sync(0);
        }
        let twin = homes.clone_home(1);
        let first = homes.location(1);
        assert!(!homes.sync(1).took_new_id);
        assert!(homes.sync(twin).took_new_id);
        let second = homes.location(twin);
        homes.sync(0);
        for home in [0, twin] {
            let living = homes.living(home);
            assert!(living.contains(&first) && living.contains(&second), "{living:?}");
        }
        homes.hand(0).write(&path("b.txt"), "b").expect("fits");
        for _ in 0..3 {
            homes.sync(0);
            homes.sync(twin);
        }
        assert!(
            homes.mail().iter().any(|name| name.starts_with("out.")),
            "the first is waited for"
        );
        assert!(!homes.sync(1).took_new_id);
        homes.round(2);
        assert_each_home_has_one_id(&mut homes, 3);
    }
}

#[test]
fn a_drive_that_is_put_back_to_before_its_first_sync_leaves_no_id_behind() {
    let mut homes = Homes::new(2);
    let prepared = homes.backup(1);
    homes.hand(0).write(&path("a.txt"), "a").expect("fits");
    homes.round(3);
    homes.restore(1, &prepared);
    assert!(homes.sync(1).took_new_id);
    homes.round(4);
    assert_each_home_has_one_id(&mut homes, 2);
}

#[test]
fn the_second_home_of_one_invitation_is_put_back_and_leaves_no_id_behind() {
    let mut homes = Homes::new(2);
    let twin = homes.clone_home(1);
    let prepared = homes.backup(twin);
    let first = homes.location(1);
    homes.sync(1);
    homes.hand(twin).write(&path("b.txt"), "b").expect("fits");
    homes.sync(twin);
    homes.sync(0);
    let second = homes.location(twin);
    homes.restore(twin, &prepared);
    // Its computer alone remembers the way.
    homes.lose_objects(&format!("people.{second}"));
    assert!(homes.sync(twin).took_new_id);
    homes.sync(0);
    let living = homes.living(0);
    assert!(living.contains(&first), "the first was never this drive: {living:?}");
    homes.round(4);
    assert_each_home_has_one_id(&mut homes, 3);
}

#[test]
fn both_homes_of_one_invitation_may_be_at_one_computer() {
    for twin_is_carried in [true, false] {
        let mut homes = Homes::new(2);
        let twin = homes.clone_home(1);
        let first = homes.location(1);
        if twin_is_carried {
            homes.carry_to(twin, 1);
        }
        homes.sync(1);
        assert!(homes.sync(twin).took_new_id);
        homes.sync(0);
        assert!(homes.living(0).contains(&first));
        if !twin_is_carried {
            // What that computer notes of the id says nothing of this drive, which is new there.
            homes.carry_to(1, twin);
            assert!(homes.sync(1).was_new_here);
        }
        for _ in 0..3 {
            assert!(!homes.sync(1).took_new_id && !homes.sync(twin).took_new_id);
        }
        homes.round(3);
        assert_each_home_has_one_id(&mut homes, 3);
    }
}

#[test]
fn what_a_removed_home_served_makes_room_once_it_was_read() {
    let mut homes = Homes::new(4);
    homes.round(2);
    homes.hand(0).write(&path("film.mov"), film()).expect("fits");
    (0..3).for_each(|home| drop(homes.sync(home)));
    homes.packs().iter().for_each(|pack| homes.lose_objects(pack));
    // The last home asks for the film, and the second one serves what fits of it before it is removed.
    homes.sync_allowing(3, ALLOWANCE_BYTES);
    homes.sync_allowing(1, ALLOWANCE_BYTES);
    let served = homes.mail_bytes();
    assert!(served > ALLOWANCE_BYTES / 2, "{served}");
    homes.remove(2, homes.location(1));
    for _ in 0..8 {
        (2..4).for_each(|home| drop(homes.sync_allowing(home, ALLOWANCE_BYTES)));
    }
    assert_eq!(homes.read_bytes(3, "film.mov"), film());
}

#[test]
fn homes_that_forget_all_at_once_while_nobody_is_introduced_any_more_find_each_other() {
    // Whose statements the mailbox loses, and in which order who comes back; `-` is a sync, `!` loses them once more.
    let orders = ["ab", "aba", "ba", "abc", "acb", "a-bc", "a!b!c"];
    for (count, of, order) in (2..4).flat_map(|count| (0..3).flat_map(move |of| orders.map(|order| (count, of, order))))
    {
        let mut homes = settled(count);
        (0..count).for_each(|home| {
            let own = path(&format!("{home}.txt"));
            homes.hand(home).write(&own, "own").expect("fits");
        });
        let unsaid = match of {
            0 => "people.".to_owned(),
            1 => format!("people.{}.", homes.location(0)),
            _ => String::new(),
        };
        homes.lose_objects(&unsaid);
        for step in order.chars() {
            match "abc".find(step) {
                Some(home) if home < count => {
                    homes.come_back(home);
                    homes.sync(home);
                }
                Some(_) => {}
                None if step == '-' => drop(homes.sync(0)),
                None => homes.lose_objects(&unsaid),
            }
        }
        homes.round(8);
        assert_each_home_has_one_id(&mut homes, count);
        for home in 0..count {
            assert!(homes.sync(home).up_to_date, "{count} {unsaid:?} {order} {home}");
        }
        assert_eq!(homes.hand(0).tree().len(), 1 + count);
    }
}

#[test]
fn who_comes_back_twice_by_its_sheet_while_nobody_heard_of_the_first_time_leaves_no_stranger_behind() {
    for (count, damages) in [(2, true), (2, false), (3, true), (3, false)] {
        let mut homes = settled(count);
        homes.hand(0).write(&path("own.txt"), "own").expect("fits");
        homes.hand(1).write(&path("b.txt"), "b").expect("fits");
        let marker = homes.marker(1);
        for _ in 0..2 {
            homes.set_marker(1, &marker);
            homes.come_back(1);
            homes.sync(1);
            homes.hand(1).write(&path("b.txt"), "b, edited").expect("fits");
            homes.sync(1);
            match damages {
                true => homes
                    .mail()
                    .iter()
                    .filter(|name| name.starts_with("people."))
                    .for_each(|name| homes.damage(name)),
                false => homes.lose_objects("people."),
            }
        }
        homes.round(8);
        assert_each_home_has_one_id(&mut homes, count);
        assert!((0..count).all(|home| homes.sync(home).up_to_date), "{count} {damages}");
        assert_eq!(homes.hand(0).tree().len(), 3);
    }
}

#[test]
fn who_comes_back_twice_is_cut_off_at_any_call_and_leaves_no_stranger_behind() {
    for calls in (1..80).step_by(3) {
        let mut homes = settled(2);
        let marker = homes.marker(1);
        for time in 0..2 {
            homes.set_marker(1, &marker);
            homes.come_back(1);
            if time == 1 {
                homes.sync_until(1, calls, &mut Rng::new(calls));
            }
            homes.sync(1);
            homes.lose_objects("people.");
        }
        homes.round(8);
        assert_each_home_has_one_id(&mut homes, 2);
        assert!((0..2).all(|home| homes.sync(home).up_to_date), "{calls}");
    }
}

#[test]
fn what_a_computer_notes_of_another_copy_by_an_id_does_not_vouch_for_a_drive_that_is_put_back() {
    let mut homes = Homes::new(2);
    let twin = homes.clone_home(1);
    let first = homes.location(1);
    homes.sync(1);
    assert!(homes.sync(twin).took_new_id);
    homes.round(2);
    let backup = homes.backup(1);
    homes.hand(1).write(&path("b.txt"), "b").expect("fits");
    homes.sync(1);
    homes.sync(0);
    // The twin's computer knows that id as the one that the twin left.
    homes.carry_to(1, twin);
    homes.restore(1, &backup);
    homes.hand(1).write(&path("c.txt"), "c").expect("fits");
    assert!(!homes.sync_offline(1).took_new_id, "it waits for the mailbox");
    homes.lose_objects("");
    assert!(
        homes.sync(1).took_new_id,
        "nobody can say what it said under its id since"
    );
    assert_ne!(homes.location(1), first);
    homes.round(5);
    for home in [0, 1, twin] {
        assert_eq!(homes.read(home, "b.txt") + &homes.read(home, "c.txt"), "bc");
    }
    assert_each_home_has_one_id(&mut homes, 3);
}

#[test]
fn a_second_home_that_is_put_back_does_not_take_the_first_ones_id_though_the_mailbox_was_wiped() {
    let mut homes = Homes::new(2);
    let twin = homes.clone_home(1);
    let prepared = homes.backup(twin);
    let first = homes.location(1);
    homes.hand(1).write(&path("b.txt"), "b").expect("fits");
    homes.sync(1);
    assert!(homes.sync(twin).took_new_id);
    homes.round(2);
    homes.restore(twin, &prepared);
    homes.hand(twin).write(&path("c.txt"), "c").expect("fits");
    homes.lose_objects("");
    assert!(
        homes.sync(twin).took_new_id,
        "its computer remembers that it left that id"
    );
    homes.round(5);
    assert_eq!(homes.location(1), first);
    for home in [0, 1, twin] {
        assert_eq!(homes.read(home, "b.txt") + &homes.read(home, "c.txt"), "bc");
    }
    assert_each_home_has_one_id(&mut homes, 3);
}
