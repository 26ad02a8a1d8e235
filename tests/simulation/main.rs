//! The simulation: whole worlds of a few homes and one mailbox, replayed from seeds, judged by an oracle.
//!
//! A schedule draws steps by its profile: people edit, cycles interleave call by call and
//! die at any call, drives and mailboxes misbehave. Then faults stop, all sync until
//! nothing changes, and every promise of the design is looked at.
//!
//! `OFFSYNC_SEEDS=n` sets how many seeds each profile runs, `OFFSYNC_FIRST_SEED=n` where
//! they begin. `OFFSYNC_SEED=n OFFSYNC_PROFILE=p` with the test `replay` tells one
//! schedule step by step.

mod broken_disk;
mod decay;
mod decide;
mod fault;
mod furnish;
mod guard;
mod home;
mod lost;
mod oracle;
mod people;
mod profile;
mod regression;
mod run;
mod sweep;
mod watch;
mod world;
mod wrap;

use guard::Off;
use run::{hold, turns_red, turns_red_from};

#[test]
fn what_was_once_broken_holds() {
    regression::hold_all();
}

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
fn stick() {
    hold("stick");
}

#[test]
fn park() {
    hold("park");
}

#[test]
fn aside() {
    hold("aside");
}

#[test]
fn asked() {
    hold("asked");
}

#[test]
fn decide() {
    hold("decide");
}

#[test]
fn join() {
    hold("join");
}

#[test]
fn restore() {
    hold("restore");
}

#[test]
fn restore2() {
    hold("restore2");
}

#[test]
fn fire() {
    hold("fire");
}

#[test]
fn fire2() {
    hold("fire2");
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
fn tight() {
    hold("tight");
}

#[test]
fn spoil() {
    hold("spoil");
}

#[test]
fn rot() {
    hold("rot");
}

#[test]
fn kept() {
    hold("kept");
}

#[test]
fn ignore() {
    hold("ignore");
}

#[test]
fn clone() {
    hold("clone");
}

#[test]
fn years() {
    hold("years");
}

#[test]
fn years2() {
    hold("years2");
}

#[test]
fn mix() {
    hold("mix");
}

#[test]
fn a_crash_at_every_call() {
    hold("sweep");
}

#[test]
fn names_that_are_not_flushed_turns_it_red() {
    turns_red(Off::Flush, "power");
}

#[test]
fn intents_that_are_not_written_down_turns_it_red() {
    turns_red_from(20, Off::Journal, "sweep");
}

#[test]
fn a_base_that_nobody_saw_turns_it_red() {
    turns_red(Off::SeenBase, "edits");
}

#[test]
fn a_host_without_memory_turns_it_red() {
    turns_red(Off::Witness, "restore");
}

#[test]
fn a_computer_that_vouches_for_a_drive_it_never_saw_turns_it_red() {
    turns_red(Off::NewHere, "fire");
}

#[test]
fn an_id_that_stays_after_a_restore_turns_it_red() {
    turns_red(Off::NewId, "restore");
}

#[test]
fn an_unreadable_folder_taken_for_empty_turns_it_red() {
    turns_red(Off::ReadErrors, "deny");
}

#[test]
fn a_head_that_boasts_turns_it_red() {
    turns_red(Off::HonestVector, "edits");
}

#[test]
fn wants_that_nobody_utters_turns_it_red() {
    turns_red(Off::Wants, "losecache");
}

#[test]
fn state_that_nobody_serves_turns_it_red() {
    turns_red(Off::State, "wipe");
}

#[test]
fn an_allowance_that_nobody_minds_turns_it_red() {
    turns_red(Off::Allowance, "full");
}

#[test]
fn losses_that_are_not_named_turns_it_red() {
    turns_red(Off::Notes("lost"), "rot");
}

#[test]
fn damage_that_is_forgotten_when_it_moves_turns_it_red() {
    turns_red(Off::DamageThatMoves, "rot");
}

#[test]
fn refusals_that_nobody_minds_turns_it_red() {
    turns_red(Off::Refusals, "asked");
}

#[test]
fn replay() {
    run::replay();
}

#[test]
fn forgetting_deletions_is_seen() {
    turns_red(Off::Notes("gone/"), "edits");
}

#[test]
fn forgetting_what_is_unsettled_is_seen() {
    turns_red(Off::Notes("unsettled/"), "edits");
}

#[test]
fn forgetting_the_vector_is_seen() {
    turns_red(Off::Notes("vector"), "edits");
}

#[test]
fn forgetting_heads_is_seen() {
    turns_red(Off::Notes("head/"), "stale");
}

#[test]
fn forgetting_people_is_seen() {
    turns_red(Off::Notes("person/"), "edits");
}

#[test]
fn forgetting_who_one_is_is_seen() {
    turns_red(Off::Notes("identity"), "edits");
}
