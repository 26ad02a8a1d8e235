//! New keys: who was taken out reads nothing that is sent from then on, and all who stay go on.

use offsync_core::version_vector::VersionVector;

use crate::home::{Homes, noise, path};

fn settled(count: usize) -> Homes {
    let mut homes = Homes::new(count);
    homes.hand(0).write(&path("a.txt"), "a").expect("fits");
    homes.round(3);
    homes
}

/// Takes a home out by another one's word.
fn take_out(homes: &mut Homes, by: usize, whom: usize) {
    let location = homes.location(whom);
    homes.remove(by, location);
}

/// The objects of the mailbox that homes wrote, but statements, which tell of keys.
fn sealed_objects(homes: &Homes) -> Vec<String> {
    let is_sealed = |name: &String| !name.starts_with("people.");
    homes.mail().into_iter().filter(is_sealed).collect()
}

fn sync_all(homes: &mut Homes, who: &[usize], times: usize) {
    for _ in 0..times {
        who.iter().for_each(|home| drop(homes.sync(*home)));
    }
}

#[test]
fn who_was_taken_out_can_open_nothing_that_is_sent_from_then_on() {
    let mut homes = settled(3);
    take_out(&mut homes, 0, 2);
    sync_all(&mut homes, &[0, 1], 1);
    homes
        .hand(0)
        .write(&path("secret.txt"), "not for the third")
        .expect("fits");
    homes.sync(0);
    let changeset = homes.mail().into_iter().find(|name| name.ends_with(".manifest"));
    assert!(!homes.first_key_opens(&changeset.expect("was posted")));
    sync_all(&mut homes, &[1, 0], 2);
    assert_eq!(homes.read(1, "secret.txt"), "not for the third");
    let gone = format!("head.{}", homes.location(2));
    let open: Vec<_> = sealed_objects(&homes)
        .into_iter()
        .filter(|name| homes.first_key_opens(name))
        .collect();
    assert_eq!(open, [gone], "but what it wrote itself");
}

#[test]
fn before_anybody_is_taken_out_everything_is_sealed_as_ever() {
    let homes = settled(3);
    assert!(sealed_objects(&homes).iter().all(|name| homes.first_key_opens(name)));
    assert!(!homes.mail().is_empty());
}

#[test]
fn who_was_away_finds_the_new_key_and_all_that_it_missed() {
    let mut homes = settled(4);
    homes.hand(2).write(&path("mine.txt"), "made while away").expect("fits");
    homes.pass_days(200);
    take_out(&mut homes, 0, 3);
    sync_all(&mut homes, &[0, 1], 2);
    homes.hand(1).write(&path("b.txt"), "b").expect("fits");
    sync_all(&mut homes, &[1, 0, 1, 0], 1);
    sync_all(&mut homes, &[2, 0, 1], 4);
    assert_eq!(homes.read(2, "b.txt") + &homes.read(0, "mine.txt"), "bmade while away");
}

#[test]
fn what_is_sealed_with_a_key_that_went_with_who_made_it_leaves_after_a_month() {
    let mut homes = settled(4);
    let ids = [0, 1, 2, 3].map(|home| homes.location(home));
    take_out(&mut homes, 3, 2);
    homes.sync(3);
    homes.hand(3).write(&path("last.txt"), "its last word").expect("fits");
    homes.hand(3).write(&path("last.mov"), noise(300_000)).expect("fits");
    homes.sync(3);
    // Nobody but itself was handed the key, and its drive dies.
    for id in ids {
        homes.lose_objects(&format!("people.{id}.{}", ids[3]));
    }
    let last = homes.mail().into_iter().find(|name| name.ends_with(".manifest"));
    let last = last.expect("was posted");
    assert!(!homes.first_key_opens(&last));
    assert!(!homes.packs().is_empty());
    take_out(&mut homes, 0, 3);
    take_out(&mut homes, 0, 2);
    sync_all(&mut homes, &[0, 1], 4);
    homes.pass_days(31);
    sync_all(&mut homes, &[0], 2);
    assert!(
        homes.mail().contains(&last),
        "the other has not spoken since, and may have the key"
    );
    sync_all(&mut homes, &[1, 0], 2);
    homes.assert_mailbox_holds_only_heads_and_people();
    for home in [0, 1] {
        let report = homes.sync(home);
        assert!(report.up_to_date && report.skipped.is_empty(), "{report:#?}");
    }
}

#[test]
fn a_newcomer_has_the_key_from_the_start() {
    let mut homes = settled(3);
    take_out(&mut homes, 0, 2);
    sync_all(&mut homes, &[0, 1], 2);
    homes.add_home();
    homes.hand(3).write(&path("new.txt"), "of the newcomer").expect("fits");
    homes.sync(3);
    assert!(!homes.first_key_opens(&format!("head.{}", homes.location(3))));
    sync_all(&mut homes, &[0, 1, 3], 4);
    assert_eq!(homes.read(1, "new.txt"), "of the newcomer");
}

#[test]
fn who_was_handed_a_key_and_whose_introduction_is_lost_introduces_itself() {
    let mut homes = settled(3);
    take_out(&mut homes, 0, 2);
    sync_all(&mut homes, &[0, 1], 2);
    homes.add_home();
    homes.sync(0);
    let (newcomer, inviter) = (homes.location(3), homes.location(0));
    homes.lose_objects(&format!("people.{newcomer}.{inviter}.1"));
    let about: Vec<String> = homes
        .mail()
        .into_iter()
        .filter(|name| name.contains(&format!("people.{newcomer}")))
        .collect();
    assert!(!about.is_empty(), "it was handed the key");
    // Who invited it never comes again.
    homes.sync(3);
    homes.sync(1);
    assert!(homes.living(1).contains(&newcomer));
}

#[test]
fn if_who_took_it_out_never_syncs_again_another_home_makes_the_key() {
    let mut homes = settled(4);
    take_out(&mut homes, 0, 3);
    homes.sync_recorded(0);
    // The statement that it is out came through, and the keys did not.
    for name in homes.mail() {
        let is_key = name.starts_with("people.") && homes.is_key(&name);
        if is_key {
            homes.lose_objects(&name);
        }
    }
    homes.lose_objects(&format!("head.{}", homes.location(0)));
    sync_all(&mut homes, &[1, 2], 5);
    homes.hand(1).write(&path("b.txt"), "b").expect("fits");
    sync_all(&mut homes, &[1, 2], 2);
    assert_eq!(homes.read(2, "b.txt"), "b");
    assert!(!homes.first_key_opens(&format!("head.{}", homes.location(1))));
    // And when that one comes after all, with a key of its own, all go on with one of the two.
    sync_all(&mut homes, &[0, 1, 2], 4);
    homes.hand(0).write(&path("c.txt"), "c").expect("fits");
    sync_all(&mut homes, &[0, 1, 2], 3);
    assert_eq!(homes.read(2, "c.txt") + &homes.read(1, "c.txt"), "cc");
}

#[test]
fn two_homes_that_take_out_two_others_come_to_one_key_that_neither_of_them_has() {
    let mut homes = settled(4);
    take_out(&mut homes, 0, 2);
    take_out(&mut homes, 1, 3);
    sync_all(&mut homes, &[0, 1], 5);
    homes.hand(0).write(&path("b.txt"), "b").expect("fits");
    sync_all(&mut homes, &[0, 1], 2);
    assert_eq!(homes.read(1, "b.txt"), "b");
    let names = [0, 1].map(|home| homes.key_in_force(home));
    assert_eq!(names[0], names[1]);
    assert!(names[0].is_some());
    for out in [2, 3] {
        assert!(!homes.opens_key_in_force(out, 0), "{out}");
    }
}

#[test]
fn nobody_writes_with_a_key_that_somebody_hands_out_who_was_taken_out() {
    for (revision, to) in [(2, 0..2), (u64::MAX, 0..2), (2, 1..2), (u64::MAX, 0..1), (0, 0..1)] {
        let mut homes = settled(3);
        take_out(&mut homes, 0, 2);
        sync_all(&mut homes, &[0, 1], 2);
        for to in to {
            homes.forge_key(2, to, revision);
        }
        homes.hand(0).write(&path("b.txt"), "b").expect("fits");
        sync_all(&mut homes, &[0, 1], 3);
        assert_eq!(homes.read(1, "b.txt"), "b");
        for home in [0, 1] {
            assert!(!homes.writes_with_forged_key(home), "{revision}");
        }
    }
}

#[test]
fn a_key_that_is_handed_on_to_read_with_is_not_written_with_where_there_is_no_other_yet() {
    let mut homes = settled(3);
    homes.forge_key(2, 0, 7);
    take_out(&mut homes, 1, 2);
    // Who said so never syncs again, and makes no other key.
    let told = homes.with_engine(1, |engine| engine.tell_people().expect("a sound mailbox"));
    assert!(told);
    sync_all(&mut homes, &[0], 6);
    homes.hand(0).write(&path("b.txt"), "b").expect("fits");
    homes.sync(0);
    assert!(!homes.writes_with_forged_key(0));
    assert!(!homes.opens_key_in_force(2, 0));
}

#[test]
fn a_state_of_somebody_who_was_taken_out_takes_nothing_away() {
    let mut homes = settled(3);
    take_out(&mut homes, 0, 2);
    sync_all(&mut homes, &[0, 1], 2);
    let (of_first, mut boast) = (homes.location(0), VersionVector::default());
    boast.raise(of_first, 1_000);
    homes.forge_state_for(1, 0, boast);
    sync_all(&mut homes, &[1, 0, 1], 2);
    assert!(homes.with_engine(1, |engine| engine.vector().get(&of_first)) < 1_000);
    assert_eq!(homes.read(1, "a.txt"), "a");
    sync_all(&mut homes, &[0, 1], 2);
    homes.assert_mailbox_holds_only_heads_and_people();
}

#[test]
fn who_is_taken_back_gets_the_key() {
    let mut homes = settled(3);
    take_out(&mut homes, 0, 2);
    sync_all(&mut homes, &[0, 1], 2);
    homes.take_back(0, homes.location(2));
    sync_all(&mut homes, &[0, 1, 2], 4);
    homes.hand(0).write(&path("b.txt"), "b").expect("fits");
    sync_all(&mut homes, &[0, 1, 2], 3);
    assert_eq!(homes.read(2, "b.txt"), "b");
    homes.assert_all_equal();
}

#[test]
fn who_lacks_a_key_is_told_so_and_gets_it_with_the_next_sync_of_another_home() {
    let mut homes = settled(4);
    take_out(&mut homes, 0, 3);
    homes.hand(0).write(&path("b.txt"), "b").expect("fits");
    sync_all(&mut homes, &[0, 2], 1);
    let handed = format!("people.{}.", homes.location(1));
    for name in homes.mail().into_iter().filter(|name| name.starts_with(&handed)) {
        if homes.is_key(&name) {
            homes.lose_objects(&name);
        }
    }
    let told = homes.sync(1).skipped;
    let told: Vec<&str> = told.iter().map(|skipped| skipped.reason.as_str()).collect();
    assert_eq!(
        told,
        [
            "what others sent is sealed with a new key, since somebody was taken out of the archive; the key comes with the next sync of a home that has it, and then with the one after that here"
        ]
    );
    homes.sync(2);
    let told = homes.sync(1).skipped;
    assert!(told.is_empty(), "{told:?}");
    assert_eq!(homes.read(1, "b.txt"), "b");
}

#[test]
fn who_lacks_the_newest_key_writes_with_the_one_before_and_not_with_the_first() {
    let mut homes = settled(5);
    take_out(&mut homes, 0, 4);
    sync_all(&mut homes, &[0, 1, 2, 3], 2);
    let before = homes.mail();
    take_out(&mut homes, 0, 3);
    homes.sync(0);
    let handed = format!("people.{}.", homes.location(1));
    let is_new = |name: &String| name.starts_with(&handed) && !before.contains(name);
    for name in homes.mail().into_iter().filter(is_new).collect::<Vec<_>>() {
        homes.lose_objects(&name);
    }
    homes.hand(1).write(&path("b.txt"), "b").expect("fits");
    homes.sync(1);
    assert!(!homes.opens_key_in_force(1, 0));
    assert!(!homes.first_key_opens(&format!("head.{}", homes.location(1))));
}

#[test]
fn what_somebody_sent_who_was_taken_out_since_is_read_by_a_newcomer_too_and_its_key_is_not_written_with() {
    let mut homes = settled(3);
    take_out(&mut homes, 1, 2);
    homes.hand(1).write(&path("b.txt"), "b").expect("fits");
    sync_all(&mut homes, &[1], 2);
    let manifest = homes.mail().into_iter().find(|name| name.ends_with(".manifest"));
    let manifest = manifest.expect("was posted");
    assert!(!homes.first_key_opens(&manifest));
    // The other home hears of the key before the changeset is listed, and takes its author out.
    let sealed = homes.object(&manifest);
    homes.lose_objects(&manifest);
    homes.sync(0);
    take_out(&mut homes, 0, 1);
    homes.sync(0);
    homes.forge(&manifest, sealed);
    homes.add_home();
    let report = homes.sync(3);
    assert!(report.skipped.is_empty(), "{report:#?}");
    assert_eq!(homes.read(3, "b.txt"), "b");
    homes.hand(3).write(&path("c.txt"), "c").expect("fits");
    homes.sync(3);
    assert_eq!(homes.key_in_force(3), homes.key_in_force(0));
    assert!(!homes.opens_key_in_force(1, 3));
    sync_all(&mut homes, &[0, 3], 3);
    assert_eq!(homes.read(0, "c.txt"), "c");
}
