//! Who was taken out stays out, under whatever id it comes, and brings nobody in; who was not stays in.

use offsync_core::format::{Membership, Statement};
use offsync_core::ids::{LocationId, PublicKey};
use offsync_core::seal::SigningKey;
use offsync_core::version_vector::VersionVector;

use crate::home::{Homes, path};

const NEW: LocationId = LocationId::new([77; 16]);

fn settled(count: usize) -> Homes {
    let mut homes = Homes::new(count);
    homes.hand(0).write(&path("a.txt"), "a").expect("fits");
    homes.round(3);
    homes
}

fn sync_all(homes: &mut Homes, who: &[usize], times: usize) {
    for _ in 0..times {
        who.iter().for_each(|home| drop(homes.sync(*home)));
    }
}

/// Puts the third home's drive back to before its last sync; gives the id that it had.
fn put_back(homes: &mut Homes) -> LocationId {
    let (old, backup) = (homes.location(2), homes.backup(2));
    homes.hand(2).write(&path("b.txt"), "b").expect("fits");
    homes.sync(2);
    homes.restore(2, &backup);
    old
}

fn another_key() -> SigningKey {
    SigningKey::from_seed([99; 32])
}

fn succeeds(old: LocationId, key: PublicKey) -> Statement {
    Statement::Succeeds {
        old,
        old_counter: 7,
        label: "the same".into(),
        person: "somebody".into(),
        key,
        created_ns: 0,
    }
}

fn joined(key: PublicKey) -> Statement {
    Statement::Joined {
        label: "new here".into(),
        person: "somebody".into(),
        key,
        created_ns: 0,
        holds: VersionVector::default(),
    }
}

/// Lets the software of the home that was taken out be as busy as it can under another id.
fn be_busy_as(homes: &mut Homes, out: usize, location: LocationId, signer: &SigningKey) {
    homes.forge_head(out, location, signer);
    homes.forge_want(location, b"a");
}

/// Nobody counts it, serves it, hands it a key, or lets it open what is sent now.
fn assert_out(homes: &mut Homes, location: LocationId, signer: &SigningKey, who: &[usize]) {
    homes
        .hand(who[0])
        .write(&path("secret.txt"), "not for them")
        .expect("fits");
    sync_all(homes, who, 3);
    for home in who {
        assert!(!homes.counting(*home).contains(&location), "home {home} counts it");
        assert_eq!(homes.read(*home, "secret.txt"), "not for them");
    }
    assert!(!homes.is_handed_a_key(&signer.public()));
    let served = homes
        .mail()
        .into_iter()
        .find(|name| name.starts_with(&format!("for.{location}")));
    assert_eq!(served, None);
    for home in who {
        assert!(!homes.first_key_opens(&format!("head.{}", homes.location(*home))));
    }
}

#[test]
fn who_was_taken_out_does_not_come_back_under_another_id() {
    for signer in [None, Some(another_key())] {
        let mut homes = settled(3);
        let old = homes.location(2);
        homes.remove(0, old);
        sync_all(&mut homes, &[0, 1], 2);
        let before = homes.signer(2);
        let signer = signer.unwrap_or_else(|| before.clone());
        homes.forge_statement(NEW, (old, &before), 1, succeeds(old, signer.public()));
        be_busy_as(&mut homes, 2, NEW, &signer);
        assert_out(&mut homes, NEW, &signer, &[0, 1]);
    }
}

#[test]
fn it_is_the_same_whether_the_removal_or_the_new_id_is_heard_first() {
    let mut homes = settled(4);
    let (old, signer) = (homes.location(3), homes.signer(3));
    homes.forge_statement(NEW, (old, &signer), 1, succeeds(old, signer.public()));
    homes.forge_head(3, NEW, &signer);
    homes.sync(1);
    assert!(homes.counting(1).contains(&NEW), "nobody is out yet");
    homes.remove_offline(0, old);
    sync_all(&mut homes, &[0, 2, 1], 2);
    for home in 0..3 {
        assert_eq!(homes.outs(home), homes.outs(0));
        assert!(homes.outs(home).contains(&(NEW, true)));
    }
    be_busy_as(&mut homes, 3, NEW, &signer);
    assert_out(&mut homes, NEW, &signer, &[0, 1, 2]);
}

#[test]
fn who_was_taken_out_brings_nobody_in_not_even_at_a_home_that_was_away() {
    for is_own_word in [true, false] {
        let mut homes = settled(4);
        let (old, before, signer) = (homes.location(3), homes.signer(3), another_key());
        homes.remove(0, old);
        sync_all(&mut homes, &[0, 1], 2);
        let author = if is_own_word { (NEW, &signer) } else { (old, &before) };
        homes.forge_statement(NEW, author, 1, joined(signer.public()));
        be_busy_as(&mut homes, 3, NEW, &signer);
        // It says what it can: that the other one is in, and that it is itself.
        for subject in [old, NEW] {
            let statement = Statement::Stands {
                membership: Membership::Counts,
                revision: 9,
                head_counter: 0,
                created_ns: 0,
            };
            homes.forge_statement(subject, (NEW, &signer), 9, statement);
        }
        assert_out(&mut homes, NEW, &signer, &[0, 1, 2]);
        for home in 0..3 {
            assert!(homes.outs(home).contains(&(old, true)), "home {home}");
            assert!(!homes.living(home).contains(&NEW), "home {home}");
        }
        // Until people say that it is nobody, nothing leaves the mailbox, as for any stranger.
        homes.remove(1, NEW);
        sync_all(&mut homes, &[0, 1, 2], 3);
        homes.lose_objects(&format!("want.{NEW}"));
        homes.assert_mailbox_holds_only_heads_and_people();
    }
}

#[test]
fn no_old_id_of_a_drive_comes_back_when_the_one_that_it_has_is_taken_out() {
    let mut homes = settled(3);
    let old = put_back(&mut homes);
    assert!(homes.sync(2).took_new_id);
    homes.round(2);
    let (now, signer) = (homes.location(2), homes.signer(2));
    homes.remove(0, now);
    sync_all(&mut homes, &[0, 1], 2);
    // Its head denies that it was succeeded.
    be_busy_as(&mut homes, 2, old, &signer);
    sync_all(&mut homes, &[0, 1], 2);
    for home in [0, 1] {
        assert!(!homes.counting(home).contains(&old), "home {home}");
    }
}

#[test]
fn a_drive_that_took_a_new_id_unheard_is_out_until_it_is_taken_back_and_loses_nothing() {
    for by_its_old_id in [true, false] {
        let mut homes = settled(3);
        let old = put_back(&mut homes);
        assert!(homes.sync(2).took_new_id);
        let now = homes.location(2);
        homes.hand(2).write(&path("mine.txt"), "unsent").expect("fits");
        // Who says so means the drive, and has not heard what it is called now.
        homes.remove_offline(0, old);
        sync_all(&mut homes, &[0, 1], 2);
        assert_eq!(homes.sync_refused(2), "home 0");
        assert_eq!(homes.read(2, "mine.txt"), "unsent");
        for home in 0..3 {
            assert!(homes.outs(home).contains(&(now, true)), "home {home}");
        }
        homes.take_back(1, if by_its_old_id { old } else { now });
        sync_all(&mut homes, &[1, 0, 2], 4);
        assert_eq!(homes.read(1, "mine.txt"), "unsent");
        homes.assert_all_equal();
        // And what it is called next is in as well.
        let backup = homes.backup(2);
        homes.hand(2).write(&path("c.txt"), "c").expect("fits");
        homes.sync(2);
        homes.restore(2, &backup);
        assert!(homes.sync(2).took_new_id);
        sync_all(&mut homes, &[0, 1, 2], 4);
        let next = homes.location(2);
        assert!(homes.counting(0).contains(&next) && homes.counting(1).contains(&next));
        homes.assert_all_equal();
        homes.assert_mailbox_holds_only_heads_and_people();
    }
}

#[test]
fn a_drive_that_was_taken_out_before_it_could_say_its_new_id_goes_on_once_it_is_taken_back() {
    let mut homes = settled(3);
    let old = put_back(&mut homes);
    assert!(homes.sync_offline(2).took_new_id);
    homes.hand(2).write(&path("mine.txt"), "unsent").expect("fits");
    homes.remove(0, old);
    sync_all(&mut homes, &[0, 1], 2);
    assert_eq!(homes.sync_refused(2), "home 0");
    homes.take_back(1, old);
    sync_all(&mut homes, &[1, 0, 2], 4);
    assert_eq!(homes.read(1, "mine.txt"), "unsent");
    homes.assert_all_equal();
}

#[test]
fn no_word_of_who_is_out_brings_it_back_or_another_one_that_is_out() {
    let mut homes = settled(4);
    let (third, fourth) = (homes.location(2), homes.location(3));
    homes.remove(0, third);
    homes.remove(1, fourth);
    sync_all(&mut homes, &[0, 1], 2);
    for (place, membership) in [Membership::Counts, Membership::Parked].into_iter().enumerate() {
        let revision = 50 + place as u64;
        homes.forge_word(third, 2, membership, revision);
        homes.forge_word(third, 3, membership, revision);
        homes.forge_word(fourth, 2, membership, revision);
        homes.forge_word(fourth, 3, membership, revision);
    }
    homes.forge_head(2, third, &homes.signer(2));
    sync_all(&mut homes, &[0, 1], 3);
    for home in [0, 1] {
        for out in [third, fourth] {
            assert!(homes.outs(home).contains(&(out, true)), "home {home}");
        }
    }
    // Nor do these words stand in the way of one that counts.
    homes.take_back(0, third);
    sync_all(&mut homes, &[0, 1, 2], 4);
    assert!(homes.counting(1).contains(&third));
    assert!(homes.sync(2).up_to_date);
}

#[test]
fn what_somebody_said_of_an_id_that_it_makes_up_later_is_not_said_again_by_who_takes_it_out() {
    let mut homes = settled(3);
    let signer = another_key();
    homes.forge_word(NEW, 2, Membership::Counts, 1);
    sync_all(&mut homes, &[0, 1], 2);
    homes.remove(0, homes.location(2));
    sync_all(&mut homes, &[0, 1], 2);
    homes.forge_statement(NEW, (NEW, &signer), 1, joined(signer.public()));
    be_busy_as(&mut homes, 2, NEW, &signer);
    assert_out(&mut homes, NEW, &signer, &[0, 1]);
}

#[test]
fn nobody_is_brought_in_under_the_key_of_who_is_known_by_another_ones_word() {
    let mut homes = settled(3);
    let (out, before, anna) = (homes.location(2), homes.signer(2), homes.signer(1));
    homes.remove(0, out);
    sync_all(&mut homes, &[0, 1], 2);
    homes.forge_statement(NEW, (out, &before), 1, joined(anna.public()));
    sync_all(&mut homes, &[0, 1], 3);
    for home in [0, 1] {
        assert!(!homes.living(home).contains(&NEW), "home {home}");
    }
}

#[test]
fn nobody_stays_in_by_its_own_word_however_high() {
    let mut homes = settled(3);
    let out = homes.location(2);
    homes.forge_word(out, 2, Membership::Counts, u64::MAX);
    homes.forge_word(NEW, 2, Membership::Removed, u64::MAX);
    sync_all(&mut homes, &[0, 1], 2);
    homes.remove(0, out);
    sync_all(&mut homes, &[0, 1], 2);
    for home in [0, 1] {
        assert!(homes.outs(home).contains(&(out, true)), "home {home}");
    }
}

#[test]
fn who_parks_others_after_it_was_taken_out_parks_nobody() {
    let mut homes = settled(3);
    homes.remove(0, homes.location(2));
    sync_all(&mut homes, &[0, 1], 2);
    homes.forge_word(homes.location(1), 2, Membership::Parked, 50);
    sync_all(&mut homes, &[0], 1);
    assert!(homes.counting(0).contains(&homes.location(1)));
}

#[test]
fn two_who_take_out_each_other_are_both_out_everywhere_and_a_third_takes_them_back() {
    let mut homes = settled(4);
    let [first, second] = [0, 1].map(|home| homes.location(home));
    homes.remove_offline(0, second);
    homes.remove_offline(1, first);
    homes.hand(0).write(&path("b.txt"), "b").expect("fits");
    // Neither has heard of the other's word when it says its own.
    homes.sync(0);
    assert_eq!(homes.sync_refused(1), "home 0");
    homes.forge_word(first, 1, Membership::Removed, 1);
    assert_eq!(homes.sync_refused(0), "home 1");
    sync_all(&mut homes, &[2, 3], 2);
    for home in 0..4 {
        assert_eq!(homes.outs(home), homes.outs(2), "home {home}");
    }
    assert!(homes.outs(2).contains(&(first, true)) && homes.outs(2).contains(&(second, true)));
    homes.take_back(2, first);
    sync_all(&mut homes, &[2, 3, 0], 4);
    assert_eq!(homes.read(3, "b.txt"), "b");
    assert!(homes.outs(0).contains(&(second, true)));
    homes.take_back(0, second);
    homes.round(5);
    homes.assert_all_equal();
    homes.assert_mailbox_holds_only_heads_and_people();
}

#[test]
fn what_somebody_said_of_others_holds_after_it_is_taken_out() {
    let mut homes = settled(5);
    let at = [0, 1, 2, 3, 4].map(|home| homes.location(home));
    homes.remove(0, at[2]);
    homes.sync(0);
    homes.take_back(1, at[2]);
    homes.remove(1, at[4]);
    sync_all(&mut homes, &[1, 0, 2], 2);
    homes.remove(0, at[1]);
    sync_all(&mut homes, &[0, 2, 3], 3);
    for home in [0, 2, 3] {
        let outs: Vec<LocationId> = homes
            .outs(home)
            .into_iter()
            .filter_map(|(one, is_out)| is_out.then_some(one))
            .collect();
        assert_eq!(outs.len(), 2, "home {home}");
        assert!(outs.contains(&at[1]) && outs.contains(&at[4]), "home {home}");
    }
    // That word was all that the third had against the fourth: what that one says now changes nothing.
    homes.forge_word(at[4], 1, Membership::Counts, 50);
    sync_all(&mut homes, &[0, 2, 3], 2);
    assert!(homes.outs(3).contains(&(at[4], true)));
}

#[test]
fn who_was_taken_back_may_take_out_the_one_who_said_so() {
    let mut homes = settled(2);
    let [first, second] = [0, 1].map(|home| homes.location(home));
    homes.remove(0, second);
    homes.sync(0);
    homes.take_back(0, second);
    sync_all(&mut homes, &[0, 1], 3);
    // The first drive dies.
    homes.remove(1, first);
    homes.sync(1);
    assert_eq!(homes.outs(1).into_iter().filter(|(_, is_out)| *is_out).count(), 1);
    homes.sync(1);
    assert_eq!(homes.sync_refused(0), "home 1");
}

#[test]
fn a_copied_drive_that_lives_as_a_home_of_its_own_stays_when_the_other_one_is_taken_out() {
    for removes_the_copy in [true, false] {
        let mut homes = settled(2);
        let twin = homes.clone_home(1);
        homes.round(1);
        homes.round(4);
        let (one, other) = match removes_the_copy {
            true => (twin, 1),
            false => (1, twin),
        };
        let (out, stays) = (homes.location(one), homes.location(other));
        assert!(homes.counting(0).contains(&out) && homes.counting(0).contains(&stays));
        homes.remove(0, out);
        homes.hand(0).write(&path("b.txt"), "b").expect("fits");
        sync_all(&mut homes, &[0, other], 4);
        assert_eq!(homes.read(other, "b.txt"), "b");
        assert!(homes.outs(0).contains(&(out, true)) && homes.outs(0).contains(&(stays, false)));
        assert_eq!(homes.sync_refused(one), "home 0");
    }
}

#[test]
fn who_takes_out_an_id_of_its_own_drive_stays() {
    let mut homes = settled(2);
    let twin = homes.clone_home(1);
    homes.round(1);
    homes.round(4);
    let ghost = homes.location(twin);
    homes.remove(1, ghost);
    homes.hand(1).write(&path("b.txt"), "b").expect("fits");
    sync_all(&mut homes, &[1, 0], 4);
    assert_eq!(homes.read(0, "b.txt"), "b");
    assert!(homes.outs(0).contains(&(ghost, true)) && homes.outs(0).contains(&(homes.location(1), false)));
}

#[test]
fn those_whom_somebody_invited_stay_when_it_is_taken_out() {
    let mut homes = settled(4);
    // The first home invited all others; its drive dies, and one was away all the time.
    let first = homes.location(0);
    homes.remove(1, first);
    homes.hand(1).write(&path("b.txt"), "b").expect("fits");
    sync_all(&mut homes, &[1, 2], 2);
    sync_all(&mut homes, &[3, 1, 2], 3);
    homes.come_back(2);
    sync_all(&mut homes, &[2, 1, 3], 5);
    for home in 1..4 {
        assert_eq!(homes.read(home, "b.txt"), "b");
        assert_eq!(homes.outs(home), homes.outs(1));
        assert_eq!(homes.counting(home).len(), 3, "home {home}");
    }
    homes.assert_mailbox_holds_only_heads_and_people();
}

#[test]
fn who_was_invited_by_somebody_who_is_in_brings_that_word_along_and_need_not_wait_for_it() {
    let mut homes = settled(3);
    homes.remove(0, homes.location(2));
    sync_all(&mut homes, &[0, 1], 2);
    homes.add_home();
    let new = homes.location(3);
    homes.hand(3).write(&path("b.txt"), "b").expect("fits");
    // Who invited it never syncs again.
    sync_all(&mut homes, &[3, 1], 2);
    assert!(homes.counting(1).contains(&new));
    sync_all(&mut homes, &[3, 1], 2);
    assert_eq!(homes.read(1, "b.txt"), "b");
}

#[test]
fn who_is_let_in_by_a_word_is_known_though_nobody_knows_who_introduced_it_but_not_if_two_claim_its_id() {
    for is_claimed_twice in [false, true] {
        let mut homes = settled(3);
        homes.remove(0, homes.location(2));
        sync_all(&mut homes, &[0, 1], 2);
        let (unknown, inviter, signer) = (
            LocationId::new([78; 16]),
            another_key(),
            SigningKey::from_seed([98; 32]),
        );
        homes.forge_statement(unknown, (unknown, &inviter), 1, joined(inviter.public()));
        homes.forge_statement(NEW, (unknown, &inviter), 1, joined(signer.public()));
        if is_claimed_twice {
            homes.forge_statement(NEW, (NEW, &another_key()), 2, joined(another_key().public()));
        }
        homes.forge_head(2, NEW, &signer);
        sync_all(&mut homes, &[0, 1], 2);
        assert!(!homes.living(0).contains(&NEW));
        homes.take_back(1, NEW);
        sync_all(&mut homes, &[0, 1], 2);
        for home in [0, 1] {
            assert_eq!(homes.living(home).contains(&NEW), !is_claimed_twice, "home {home}");
            assert!(!homes.living(home).contains(&unknown), "home {home}");
        }
    }
}

#[test]
fn a_home_that_nobody_introduces_any_more_is_let_in_by_a_word() {
    let mut homes = settled(3);
    homes.remove(0, homes.location(2));
    sync_all(&mut homes, &[0, 1], 2);
    homes.add_home();
    let new = homes.location(3);
    homes.hand(3).write(&path("b.txt"), "b").expect("fits");
    // Who invited it is out before anybody heard that it did.
    homes.remove(1, homes.location(0));
    sync_all(&mut homes, &[3, 1], 4);
    let warnings = homes.sync(1).warnings;
    let let_in = format!("let it in: offsync location unpark FOLDER {new}");
    assert!(
        warnings.iter().any(|warning| warning.reason.contains(&let_in)),
        "{warnings:?}"
    );
    homes.take_back(1, new);
    sync_all(&mut homes, &[1, 3], 4);
    assert_eq!(homes.read(1, "b.txt"), "b");
    assert!(homes.sync(1).warnings.is_empty());
}

#[test]
fn who_hears_late_goes_by_what_one_said_of_others_who_is_out_by_now() {
    let mut homes = settled(4);
    let [first, _, third, _] = [0, 1, 2, 3].map(|home| homes.location(home));
    homes.remove(0, third);
    sync_all(&mut homes, &[0, 1], 2);
    homes.remove(1, first);
    sync_all(&mut homes, &[1], 2);
    sync_all(&mut homes, &[3, 1], 2);
    for home in [1, 3] {
        assert!(homes.outs(home).contains(&(third, true)) && homes.outs(home).contains(&(first, true)));
    }
    // A newcomer who comes by nothing but the archive's key hears the same.
    homes.come_back(3);
    sync_all(&mut homes, &[3, 1], 4);
    assert!(homes.outs(3).contains(&(third, true)) && homes.outs(3).contains(&(first, true)));
    assert_eq!(homes.outs(3), homes.outs(1));
}
