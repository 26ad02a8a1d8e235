//! A drive and the mailbox go back to one night's backup, after others had folded what that drive said later: nothing in
//! both tells that. What was said before and what is said after never go by one name.

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
