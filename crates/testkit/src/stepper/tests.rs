//! The gate counts, crashes, and hands on the turn; all of it replays.

use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};

use offsync_core::ports::{
    Disk, DiskErrorKind, IndexErrorKind, IndexStore, IndexWrite, Mailbox, MailboxErrorKind, StagedName,
};
use offsync_core::rel_path::RelPath;

use super::{RunState, Running, Stepper};
use crate::{DiskOptions, MailboxOptions, Rng, SimDisk, SimIndex, SimMailbox, SimTime};

fn path(text: &str) -> RelPath {
    RelPath::new(text).expect("a good path")
}

fn disk() -> SimDisk {
    SimDisk::new(DiskOptions::ext4(), SimTime::new().clock(0))
}

/// Makes a cycle that makes so many folders and stops at the first failure.
fn folders(stepper: &Stepper, disk: &SimDisk, count: usize) -> impl FnOnce() -> usize + Send + 'static {
    let disk = stepper.disk(disk.clone());
    move || {
        (0..count)
            .take_while(|i| disk.make_folder(&path(&format!("d{i}")), 0o755).is_ok())
            .count()
    }
}

#[test]
fn after_a_crash_every_call_fails_and_does_nothing() {
    let (stepper, disk, index) = (Stepper::new("a"), disk(), SimIndex::new());
    let mailbox = SimMailbox::new(MailboxOptions::default(), 0);
    let (d, mut i, m) = (
        stepper.disk(disk.clone()),
        stepper.index(index.clone()),
        stepper.mailbox(mailbox.handle("a")),
    );
    let mut file = d.stage(&StagedName("s".to_owned()), 0).expect("staged");
    stepper.crash_after(1);
    d.make_folder(&path("a"), 0o755).expect("the last call");
    assert_eq!(
        d.make_folder(&path("b"), 0o755).expect_err("dead").kind(),
        DiskErrorKind::Gone
    );
    let note = IndexWrite::Note("n".to_owned(), Some(vec![1]));
    assert_eq!(i.commit(vec![note]).expect_err("dead").kind(), IndexErrorKind::Gone);
    assert_eq!(m.put("head.a", b"1").expect_err("dead").kind(), MailboxErrorKind::Away);
    assert!(file.write(b"x").is_err() && file.finish().is_err());
    assert!(stepper.is_crashed());
    assert_eq!(
        (
            disk.hand().tree().len(),
            index.note("n").expect("read"),
            mailbox.names().len()
        ),
        (1, None, 0)
    );
    stepper.reboot();
    assert_eq!(stepper.calls(), 0);
    d.make_folder(&path("b"), 0o755).expect("alive again");
}

#[test]
fn one_call_fails_and_no_other() {
    let (stepper, disk) = (Stepper::new("a"), disk());
    stepper.fail_call(2);
    assert_eq!(folders(&stepper, &disk, 3)(), 1);
    assert_eq!(folders(&stepper, &self::disk(), 3)(), 3);
}

#[test]
fn a_cycle_moves_only_when_told_to() {
    let (stepper, disk) = (Stepper::new("a"), disk());
    let mut run = Running::start(&stepper, folders(&stepper, &disk, 5));
    assert_eq!(disk.hand().tree().len(), 0);
    assert_eq!(run.advance(2), RunState::Paused);
    assert_eq!(disk.hand().tree().len(), 2);
    disk.hand().mkdir(&path("by-hand")).expect("people edit meanwhile");
    assert_eq!(run.advance(0), RunState::Paused);
    assert_eq!(run.advance(3), RunState::Finished(5));
    assert_eq!(disk.hand().tree().len(), 6);
    assert_eq!(stepper.trace().len(), 5);
    assert!(stepper.trace()[0].contains("make_folder d0"), "{:?}", stepper.trace());
    assert_eq!(
        folders(&stepper, &self::disk(), 3)(),
        3,
        "without a cycle the gate is open"
    );
    assert_eq!(stepper.foreign_calls(), 0);
}

#[test]
fn a_cycle_that_calls_nothing_finishes() {
    assert_eq!(
        Running::start(&Stepper::new("a"), || 7).advance(1),
        RunState::Finished(7)
    );
    assert_eq!(Running::start(&Stepper::new("a"), || 7).finish(), 7);
}

#[test]
fn a_crash_ends_a_cycle_where_it_stands() {
    let (stepper, disk) = (Stepper::new("a"), disk());
    let mut run = Running::start(&stepper, folders(&stepper, &disk, 5));
    run.advance(3);
    run.crash();
    assert_eq!(disk.hand().tree().len(), 3);
    assert!(stepper.is_crashed());
    stepper.reboot();
    drop(Running::start(&stepper, folders(&stepper, &disk, 5)));
    assert!(stepper.is_crashed(), "dropping kills");
    assert_eq!(disk.hand().tree().len(), 3);
}

#[test]
fn a_planned_crash_comes_while_the_cycle_is_advanced() {
    let (stepper, disk) = (Stepper::new("a"), disk());
    stepper.crash_after(2);
    let run = Running::start(&stepper, folders(&stepper, &disk, 5));
    assert_eq!(run.finish(), 2);
    assert!(stepper.is_crashed());
}

#[test]
fn a_panic_of_the_cycle_reaches_the_scheduler() {
    let stepper = Stepper::new("a");
    let mut run = Running::start(&stepper, || panic!("a bug"));
    let panic = catch_unwind(AssertUnwindSafe(|| _ = run.advance(1))).expect_err("it goes on");
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"a bug"));
}

#[test]
fn an_engine_that_never_gives_up_is_found_out() {
    let (stepper, disk) = (Stepper::new("a"), disk());
    let gated = stepper.disk(disk);
    stepper.crash();
    let endless = catch_unwind(AssertUnwindSafe(|| while gated.flush().is_err() {}));
    assert!(endless.is_err());
}

#[test]
fn interleavings_replay_from_one_seed() {
    let schedule = |seed: u64| {
        let mut rng = Rng::new(seed);
        let shared = SimMailbox::new(MailboxOptions::default(), seed);
        let mut runs: Vec<_> = ["a", "b", "c"]
            .map(|name| {
                let stepper = Stepper::new(name);
                let mailbox = stepper.mailbox(shared.handle(name));
                Some(Running::start(&stepper, move || {
                    let put = |i: usize| {
                        mailbox
                            .put(&format!("out.{name}.{i}"), b"1")
                            .map(|()| mailbox.list().expect("listed").len())
                    };
                    (0..10).filter_map(|i| put(i).ok()).collect::<Vec<_>>()
                }))
            })
            .into_iter()
            .collect();
        let mut results = vec![Vec::new(); 3];
        while runs.iter().any(Option::is_some) {
            let at = rng.index(3);
            let Some(run) = &mut runs[at] else { continue };
            if let RunState::Finished(result) = run.advance(1 + rng.below(4)) {
                results[at] = result;
                runs[at] = None;
            }
        }
        results
    };
    for seed in 0..20 {
        assert_eq!(schedule(seed), schedule(seed));
    }
    assert!(
        (0..20).any(|seed| schedule(seed) != schedule(seed + 1)),
        "and seeds differ"
    );
}
