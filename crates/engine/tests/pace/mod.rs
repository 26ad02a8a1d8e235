//! How long what waits for room will take: said beforehand, and held to.

use crate::home::{Homes, noise, path};

const ALLOWANCE_BYTES: u64 = 1 << 20;
const FILES: usize = 50;
const FILE_BYTES: usize = 100_000;

fn with_much_to_send() -> Homes {
    let mut homes = Homes::new(3);
    homes.round(2);
    for name in 0..FILES {
        let content = noise(FILE_BYTES + name);
        homes
            .hand(0)
            .write(&path(&format!("{name}.jpg")), content)
            .expect("fits");
    }
    homes
}

#[test]
fn as_many_visits_as_were_said_bring_all_that_waits() {
    let mut homes = with_much_to_send();
    let mut said = Vec::new();
    while let Some(outlook) = homes.sync_allowing(0, ALLOWANCE_BYTES).outlook {
        assert!(outlook.bytes > 0 && outlook.entries > 0);
        assert_eq!(homes.outlook(0), Some(outlook));
        said.push(outlook.visits.expect("somebody is waited for"));
        assert!(said.len() < 100, "it never ends");
        (1..3).for_each(|home| drop(homes.sync_allowing(home, ALLOWANCE_BYTES)));
    }
    assert_eq!(homes.outlook(0), None, "nothing waits any more");
    assert!(said.len() > 4, "{said:?}");
    for (at, visits) in said.iter().enumerate() {
        let took = (said.len() - at) as u64;
        assert!(
            visits.abs_diff(took) <= 2,
            "{visits} were said, and it took {took}: {said:?}"
        );
    }
    (1..3).for_each(|home| drop(homes.sync_allowing(home, ALLOWANCE_BYTES)));
    homes.assert_all_equal();
}

#[test]
fn where_several_must_come_no_one_is_named_and_one_visit_alone_puts_nothing_off() {
    let mut homes = with_much_to_send();
    let mut before = None;
    for _ in 0..2 {
        before = homes.sync_allowing(0, ALLOWANCE_BYTES).outlook;
        (1..3).for_each(|home| drop(homes.sync_allowing(home, ALLOWANCE_BYTES)));
    }
    before = homes.sync_allowing(0, ALLOWANCE_BYTES).outlook.or(before);
    let before = before.expect("more waits");
    assert_eq!(before.waits_on, None);
    homes.sync_allowing(1, ALLOWANCE_BYTES);
    let outlook = homes.sync_allowing(0, ALLOWANCE_BYTES).outlook.expect("more waits");
    assert_eq!(
        (outlook.visits, outlook.waits_on),
        (before.visits, None),
        "home 2 has not come"
    );
    let again = homes.sync_allowing(0, ALLOWANCE_BYTES).outlook;
    assert_eq!(again, Some(outlook), "a cycle that sends nothing says nothing else");
}

#[test]
fn small_changes_between_two_visits_are_no_visits() {
    let mut homes = with_much_to_send();
    let mut said = None;
    for _ in 0..3 {
        said = homes.sync_allowing(0, ALLOWANCE_BYTES).outlook;
        (1..3).for_each(|home| drop(homes.sync_allowing(home, ALLOWANCE_BYTES)));
    }
    for edit in 0..9 {
        homes
            .hand(0)
            .write(&path("note.txt"), format!("edit {edit}"))
            .expect("fits");
        said = homes.sync_allowing(0, ALLOWANCE_BYTES).outlook.or(said);
    }
    let visits = said.expect("more waits").visits.expect("somebody is waited for");
    assert!(visits < 10, "{visits} visits");
}
