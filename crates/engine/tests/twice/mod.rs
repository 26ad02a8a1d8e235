//! A drive and the mailbox go back to one night's backup, after others had folded what that drive said later: nothing in
//! both tells that. What was said before and what is said after never go by one name.

use offsync_engine::{AlarmKind, SyncReport};
use offsync_testkit::SimWitness;

use crate::home::{Homes, path};

/// Two homes at rest, and what both the second one's drive and the mailbox were then.
fn at_rest() -> (Homes, impl Fn(&mut Homes)) {
    let mut homes = Homes::new(2);
    homes.hand(0).write(&path("first"), "first").expect("fits");
    homes.hand(1).write(&path("own"), "its own word").expect("fits");
    homes.round(3);
    let (drive, mail) = (homes.backup(1), homes.mail_backup());
    (homes, move |homes| homes.put_back_with_mailbox(1, &drive, &mail))
}

fn assert_both_are_everywhere(homes: &mut Homes) {
    homes.round(6);
    for home in 0..2 {
        assert_eq!(homes.read(home, "photo"), "before the fire");
        assert_eq!(homes.read(home, "letter"), "after the fire");
    }
    homes.assert_all_equal();
    homes.assert_mailbox_holds_only_heads_and_people();
    let last: Vec<_> = (0..2).map(|home| homes.sync(home)).collect();
    assert!(last.iter().all(|report| report.up_to_date), "{last:#?}");
}

#[test]
fn a_drive_that_is_put_back_with_the_mailbox_at_a_new_computer_says_nothing_under_an_old_name() {
    let (mut homes, put_back) = at_rest();
    homes.hand(1).write(&path("photo"), "before the fire").expect("fits");
    homes.sync(1);
    homes.sync(0);
    put_back(&mut homes);
    homes.plug_in_at(1, &SimWitness::new());
    homes.hand(1).write(&path("letter"), "after the fire").expect("fits");
    let report = homes.sync(1);
    assert!(report.took_new_id && report.was_new_here, "{report:#?}");
    assert_both_are_everywhere(&mut homes);
}

#[test]
fn a_drive_that_its_computer_remembers_is_put_back_with_the_mailbox_and_the_computer_knows_better() {
    let (mut homes, put_back) = at_rest();
    homes.hand(1).write(&path("photo"), "before the fire").expect("fits");
    homes.sync(1);
    homes.sync(0);
    put_back(&mut homes);
    homes.hand(1).write(&path("letter"), "after the fire").expect("fits");
    let report = homes.sync(1);
    assert!(report.took_new_id && !report.was_new_here, "{report:#?}");
    assert_both_are_everywhere(&mut homes);
}

#[test]
fn a_drive_that_two_computers_know_is_one_location_however_often_it_is_carried() {
    let mut homes = Homes::new(2);
    homes.round(2);
    let (first, second) = (homes.computer(1), SimWitness::new());
    let mut ids = Vec::new();
    for (visit, computer) in [&first, &second, &first, &second, &first].into_iter().enumerate() {
        homes.plug_in_at(1, computer);
        homes
            .hand(1)
            .write(&path("word"), format!("of visit {visit}"))
            .expect("fits");
        homes.sync(1);
        ids.push(homes.location(1));
        homes.sync(0);
    }
    ids.dedup();
    assert_eq!(ids.len(), 2, "one new id, at the second computer");
}

/// Two homes, of which the second went back with the mailbox and its computer: nothing there knows better. The first has folded
/// what it said later, and it has said other things since.
fn with_two_meanings(words_since: usize) -> Homes {
    let mut homes = Homes::that_may_say_twice(2);
    homes.hand(0).write(&path("first"), "first").expect("fits");
    homes.hand(1).write(&path("own"), "its own word").expect("fits");
    homes.round(3);
    let (drive, mail, computer) = (homes.backup(1), homes.mail_backup(), homes.computer(1).copy());
    homes.hand(1).write(&path("photo"), "before the fire").expect("fits");
    homes.hand(1).write(&path("own"), "edited before").expect("fits");
    homes.sync(1);
    homes.sync(0);
    homes.put_back_with_mailbox(1, &drive, &mail);
    homes.plug_in_at(1, &computer);
    for word in 0..words_since {
        homes.hand(1).write(&path("letter"), "after the fire").expect("fits");
        homes
            .hand(1)
            .write(&path("own"), format!("edited {word} after"))
            .expect("fits");
        assert!(!homes.sync(1).took_new_id, "nothing can tell it");
    }
    homes
}

fn kinds(report: &SyncReport) -> Vec<AlarmKind> {
    report.alarms.iter().map(|alarm| alarm.kind).collect()
}

fn contents(homes: &Homes, home: usize) -> Vec<String> {
    let tree = homes.hand(home).tree();
    let names = tree.keys().map(ToString::to_string);
    names.map(|name| homes.read(home, &name)).collect()
}

#[test]
fn who_holds_the_first_meaning_of_a_number_keeps_it_says_so_and_all_heals_once_the_other_syncs() {
    for words_since in [1, 2] {
        let mut homes = with_two_meanings(words_since);
        let spoke_twice = homes.location(1);
        let report = homes.sync(0);
        assert_eq!(kinds(&report), [AlarmKind::SaidTwice], "{words_since}");
        assert_eq!(report.alarms[0].location, spoke_twice);
        assert!(!report.up_to_date);
        assert_eq!(homes.read(0, "photo"), "before the fire");
        assert_eq!(homes.read(0, "own"), "edited before");
        let keeper = homes.location(0);
        let report = homes.sync(1);
        assert!(report.took_new_id && report.awaits_state, "{report:#?}");
        assert_eq!(homes.read(1, "letter"), "after the fire", "its files stay");
        assert_both_are_everywhere(&mut homes);
        assert_eq!(homes.location(0), keeper);
        for home in 0..2 {
            let all = contents(&homes, home);
            for kept in ["edited before", &format!("edited {} after", words_since - 1)] {
                assert!(all.iter().any(|content| content == kept), "{kept} in {all:?}");
            }
        }
    }
}

#[test]
fn a_state_that_gives_a_number_another_meaning_is_not_merged() {
    let mut homes = with_two_meanings(1);
    homes.hand(1).write(&path("more"), "more").expect("fits");
    homes.sync(1);
    // What leads there is gone, so a state is all that can.
    homes.lose_objects("out.");
    for _ in 0..4 {
        homes.sync(0);
        assert_eq!(homes.read(0, "photo"), "before the fire");
        assert_eq!(homes.read(0, "own"), "edited before");
        homes.sync(1);
    }
    assert_both_are_everywhere(&mut homes);
}

#[test]
fn homes_that_came_apart_before_anybody_kept_evidence_come_together_again() {
    let mut homes = with_two_meanings(1);
    homes.forget_what_was_folded(0);
    homes.lose_objects("out.");
    let report = homes.sync(0);
    assert_eq!(kinds(&report), [AlarmKind::Diverged], "{report:#?}");
    homes.round(4);
    assert_both_are_everywhere(&mut homes);
}

#[test]
fn the_one_home_that_holds_something_else_begins_again_and_not_the_two_that_agree() {
    // Whichever root is the higher: it differs with each word.
    for word in ["one", "two", "three", "four", "five", "six"] {
        let mut homes = Homes::that_may_say_twice(3);
        homes.hand(1).write(&path("own"), "its own word").expect("fits");
        homes.round(3);
        let (drive, mail, computer) = (homes.backup(1), homes.mail_backup(), homes.computer(1).copy());
        homes.hand(1).write(&path("photo"), word).expect("fits");
        homes.sync(1);
        homes.sync(0);
        homes.put_back_with_mailbox(1, &drive, &mail);
        homes.plug_in_at(1, &computer);
        homes.hand(1).write(&path("letter"), "after the fire").expect("fits");
        homes.sync(1);
        homes.sync(2);
        homes.forget_what_was_folded(0);
        homes.lose_objects("out.");
        let ids = [0, 1, 2].map(|home| homes.location(home));
        homes.round(8);
        for (home, id) in ids.into_iter().enumerate() {
            assert_eq!(homes.read(home, "photo"), word);
            assert_eq!(homes.read(home, "letter"), "after the fire");
            assert_eq!(homes.location(home) == id, home != 0, "{word}: home {home}");
        }
        homes.assert_all_equal();
    }
}

#[test]
fn two_meanings_that_differ_in_spelling_alone_are_told_apart_and_end_under_one_name() {
    let mut homes = Homes::that_may_say_twice(2);
    homes.hand(1).write(&path("own"), "its own word").expect("fits");
    homes.round(3);
    let (drive, mail, computer) = (homes.backup(1), homes.mail_backup(), homes.computer(1).copy());
    homes.hand(1).rename(&path("own"), &path("OWN")).expect("it is there");
    homes.sync(1);
    homes.sync(0);
    homes.put_back_with_mailbox(1, &drive, &mail);
    homes.plug_in_at(1, &computer);
    homes.hand(1).rename(&path("own"), &path("Own")).expect("it is there");
    assert!(!homes.sync(1).took_new_id, "nothing can tell it");
    homes.forget_what_was_folded(0);
    homes.lose_objects("out.");
    let report = homes.sync(0);
    assert_eq!(kinds(&report), [AlarmKind::Diverged], "{report:#?}");
    homes.round(8);
    homes.assert_all_equal();
    let spelled = |home: usize| homes.hand(home).tree().into_keys().collect::<Vec<_>>();
    assert_eq!(spelled(0).len(), 1);
    assert_eq!(spelled(0), spelled(1));
}

#[test]
fn an_answer_to_the_first_meaning_of_a_number_takes_nothing_of_the_second_away() {
    let mut homes = with_two_meanings(1);
    homes.hand(0).write(&path("own"), "answered").expect("fits");
    homes.hand(0).remove(&path("photo")).expect("is there");
    homes.sync(0);
    homes.round(8);
    homes.assert_all_equal();
    let all = contents(&homes, 1);
    for kept in ["first", "answered", "edited 0 after", "after the fire"] {
        assert!(all.iter().any(|content| content == kept), "{kept}: {all:?}");
    }
}

#[test]
fn a_third_home_that_heard_the_second_meaning_first_comes_together_with_the_others() {
    let mut homes = Homes::that_may_say_twice(3);
    homes.hand(0).write(&path("first"), "first").expect("fits");
    homes.round(3);
    let (drive, mail, computer) = (homes.backup(1), homes.mail_backup(), homes.computer(1).copy());
    homes.hand(1).write(&path("photo"), "before the fire").expect("fits");
    homes.sync(1);
    homes.sync(0);
    homes.put_back_with_mailbox(1, &drive, &mail);
    homes.plug_in_at(1, &computer);
    homes.hand(1).write(&path("letter"), "after the fire").expect("fits");
    homes.sync(1);
    homes.sync(2);
    assert_eq!(homes.read(2, "letter"), "after the fire");
    homes.round(12);
    for home in 0..3 {
        assert_eq!(homes.read(home, "photo"), "before the fire");
        assert_eq!(homes.read(home, "letter"), "after the fire");
        let report = homes.sync(home);
        assert!(report.up_to_date && report.alarms.is_empty(), "{report:#?}");
    }
    homes.assert_all_equal();
}

#[test]
fn who_hears_that_a_home_used_a_number_twice_folds_no_more_of_it_so_that_it_alone_begins_again() {
    let mut homes = Homes::that_may_say_twice(3);
    homes.hand(0).write(&path("first"), "first").expect("fits");
    homes.round(3);
    let (drive, mail, computer) = (homes.backup(1), homes.mail_backup(), homes.computer(1).copy());
    homes.hand(1).write(&path("photo"), "before the fire").expect("fits");
    homes.sync(1);
    homes.sync(0);
    homes.put_back_with_mailbox(1, &drive, &mail);
    homes.plug_in_at(1, &computer);
    homes.hand(1).write(&path("letter"), "after the fire").expect("fits");
    homes.sync(1);
    assert_eq!(kinds(&homes.sync(0)), [AlarmKind::SaidTwice]);
    homes.sync(2);
    assert!(
        homes.hand(2).read(&path("letter")).is_err(),
        "it is said anew under another id"
    );
    let ids = [0, 1, 2].map(|home| homes.location(home));
    homes.round(8);
    for (home, id) in ids.into_iter().enumerate() {
        assert_eq!(homes.read(home, "photo"), "before the fire");
        assert_eq!(homes.read(home, "letter"), "after the fire");
        assert_eq!(homes.location(home) == id, home != 1);
    }
    homes.assert_all_equal();
}

/// Two homes; after the second said two words, which the first has folded, that one is put back with its computer and the
/// mailbox, and says another.
fn put_back_before_two_words() -> Homes {
    let mut homes = Homes::that_may_say_twice(2);
    homes.hand(0).write(&path("first"), "first").expect("fits");
    homes.round(3);
    let (drive, mail, computer) = (homes.backup(1), homes.mail_backup(), homes.computer(1).copy());
    for name in ["photo", "second"] {
        homes.hand(1).write(&path(name), "before the fire").expect("fits");
        homes.sync(1);
    }
    homes.sync(0);
    homes.put_back_with_mailbox(1, &drive, &mail);
    homes.plug_in_at(1, &computer);
    homes.hand(1).write(&path("letter"), "after the fire").expect("fits");
    assert!(!homes.sync(1).took_new_id, "nothing can tell it");
    homes
}

#[test]
fn what_was_said_by_a_number_that_others_folded_long_ago_stays_where_it_was_written() {
    let mut homes = put_back_before_two_words();
    homes.sync(0);
    assert!(
        homes.sync(1).took_new_id,
        "the other home knows more of it than it does"
    );
    assert_eq!(homes.read(1, "letter"), "after the fire");
    assert_both_are_everywhere(&mut homes);
    assert!(homes.trash(1).is_empty());
}

#[test]
fn it_stays_though_the_drive_was_carried_to_another_computer_before_anybody_knew_more() {
    let mut homes = put_back_before_two_words();
    homes.plug_in_at(1, &SimWitness::new());
    assert!(homes.sync(1).was_new_here);
    homes.sync(0);
    assert!(
        homes.sync(1).took_new_id,
        "the other home knows more of the id that it had"
    );
    assert_eq!(homes.read(1, "letter"), "after the fire");
    assert_both_are_everywhere(&mut homes);
    assert!(homes.trash(1).is_empty());
}

#[test]
fn nobody_waits_for_what_a_home_that_was_put_back_with_the_mailbox_had_said_and_nobody_heard() {
    let mut homes = Homes::that_may_say_twice(2);
    homes.hand(0).write(&path("first"), "first").expect("fits");
    homes.round(3);
    let (drive, mail, computer) = (homes.backup(1), homes.mail_backup(), homes.computer(1).copy());
    for word in ["one", "two", "three"] {
        homes.hand(1).write(&path("own"), word).expect("fits");
        homes.sync(1);
    }
    // Its head alone is heard.
    homes.lose_objects("out.");
    assert!(!homes.sync(0).up_to_date);
    homes.put_back_with_mailbox(1, &drive, &mail);
    homes.plug_in_at(1, &computer);
    homes.hand(0).write(&path("letter"), "after the fire").expect("fits");
    homes.round(3);
    for home in 0..2 {
        let report = homes.sync(home);
        assert!(report.up_to_date && !report.took_new_id, "{report:#?}");
        assert_eq!(homes.read(home, "letter"), "after the fire");
    }
    homes.assert_all_equal();
}

#[test]
fn a_home_that_lies_of_the_heads_that_it_heard_brings_nobodys_numbers_to_their_end() {
    let mut homes = Homes::new(3);
    homes.hand(0).write(&path("a.txt"), "a").expect("fits");
    homes.round(3);
    let (id, before) = (homes.location(0), homes.head(0).counter);
    for word in ["one", "two", "three"] {
        homes.let_claim_to_have_seen(2, id, u64::MAX - 1);
        homes.hand(0).write(&path("a.txt"), word).expect("fits");
        homes.sync(0);
        homes.sync(1);
        assert_eq!(homes.read(1, "a.txt"), word);
    }
    assert_eq!(homes.location(0), id);
    let counter = homes.head(0).counter;
    assert!(
        counter > before && counter - before < 1 << 23,
        "{before}, then {counter}"
    );
    // Who was taken out of the archive is not asked.
    let liar = homes.location(2);
    homes.remove(0, liar);
    homes.sync(0);
    let before = homes.head(0).counter;
    homes.let_claim_to_have_seen(2, id, u64::MAX - 2);
    homes.hand(0).write(&path("a.txt"), "four").expect("fits");
    homes.sync(0);
    assert_eq!(homes.head(0).counter, before + 1);
    homes.sync(1);
    assert_eq!(homes.read(1, "a.txt"), "four");
}

#[test]
fn a_clone_goes_on_under_its_id_though_others_hear_first_what_the_drive_that_it_was_copied_from_says() {
    let mut homes = Homes::that_may_say_twice(2);
    homes.hand(0).write(&path("photo"), "to be deleted").expect("fits");
    homes.hand(0).write(&path("kept"), "kept").expect("fits");
    homes.round(3);
    let clone = homes.clone_home(0);
    homes.round(4);
    homes.hand(0).write(&path("word"), "first").expect("fits");
    homes.sync(0);
    homes.sync(clone);
    homes.hand(0).remove(&path("photo")).expect("it is there");
    homes.sync(0);
    homes.sync(1);
    assert!(!homes.sync(clone).took_new_id);
    homes.round(3);
    homes.assert_all_equal();
    assert!(
        !homes.hand(1).tree().contains_key(&path("photo")),
        "what was deleted comes back"
    );
}

#[test]
fn a_drive_that_was_put_back_alone_takes_in_what_it_lacks_and_brings_nothing_back() {
    for is_offline_first in [false, true] {
        let (mut homes, _) = at_rest();
        homes.hand(1).write(&path("photo"), "to be deleted").expect("fits");
        homes.sync(1);
        let backup = homes.backup(1);
        for word in ["one", "two"] {
            homes.hand(1).write(&path("own"), word).expect("fits");
            homes.sync(1);
        }
        homes.sync(0);
        homes.hand(0).remove(&path("photo")).expect("it is there");
        homes.sync(0);
        homes.restore(1, &backup);
        let first = if is_offline_first {
            homes.sync_offline(1)
        } else {
            homes.sync(1)
        };
        assert!(first.took_new_id, "offline first: {is_offline_first}");
        assert!(!homes.sync(1).took_new_id, "offline first: {is_offline_first}");
        homes.round(4);
        homes.assert_all_equal();
        for home in 0..2 {
            assert!(
                !homes.hand(home).tree().contains_key(&path("photo")),
                "offline first: {is_offline_first}"
            );
        }
        assert_eq!(homes.read(1, "own"), "two");
    }
}
