//! The simulation: whole worlds of a few homes and one mailbox, replayed from seeds, judged by an oracle.
//!
//! A schedule draws steps by its profile: people edit, cycles interleave call by call and
//! die at any call, drives and mailboxes misbehave. Then faults stop, all sync until
//! nothing changes, and every promise of the design is looked at.
//!
//! `OFFSYNC_SEEDS=n` sets how many seeds each profile runs, `OFFSYNC_FIRST_SEED=n` where
//! they begin. `OFFSYNC_SEED=n OFFSYNC_PROFILE=p` with the test `replay` tells one
//! schedule step by step.

mod fault;
mod guard;
mod home;
mod oracle;
mod people;
mod profile;
mod run;
mod watch;
mod world;
mod wrap;

use run::hold;

#[test]
fn edits() {
    hold("edits");
}

#[test]
fn crash() {
    hold("crash");
}

#[test]
fn power() {
    hold("power");
}

#[test]
fn stale() {
    hold("stale");
}

#[test]
fn full() {
    hold("full");
}

#[test]
fn park() {
    hold("park");
}

#[test]
fn join() {
    hold("join");
}

#[test]
#[ignore = "does not hold yet: a drive that is restored several times from one old backup leaves ids behind that still count"]
fn restore() {
    hold("restore");
}

#[test]
#[ignore = "does not hold yet: as restore"]
fn restore2() {
    hold("restore2");
}

#[test]
fn wipe() {
    hold("wipe");
}

#[test]
fn losecache() {
    hold("losecache");
}

#[test]
#[ignore = "does not hold yet: a tiny allowance and lost caches can leave a change unposted"]
fn fullose() {
    hold("fullose");
}

#[test]
fn deny() {
    hold("deny");
}

#[test]
fn fat() {
    hold("fat");
}

#[test]
#[ignore = "does not hold yet: two drives with one id can make a copy of a conflict copy"]
fn clone() {
    hold("clone");
}

#[test]
fn mix() {
    hold("mix");
}

#[test]
fn replay() {
    run::replay();
}

#[test]
fn forgetting_deletions_is_seen() {
    run::see_missing_guard("gone/", "edits");
}

#[test]
fn forgetting_what_is_unsettled_is_seen() {
    run::see_missing_guard("unsettled/", "edits");
}

#[test]
fn forgetting_the_vector_is_seen() {
    run::see_missing_guard("vector", "edits");
}

#[test]
fn forgetting_heads_is_seen() {
    run::see_missing_guard("head/", "stale");
}

#[test]
fn forgetting_people_is_seen() {
    run::see_missing_guard("person/", "edits");
}

#[test]
fn forgetting_who_one_is_is_seen() {
    run::see_missing_guard("identity", "edits");
}
