//! What a simulated mailbox promises beyond the port's contract.

use std::panic::{AssertUnwindSafe, catch_unwind};

use offsync_core::ports::{Mailbox, MailboxErrorKind};

use super::{CallKind, FailNth, MailboxFaults, MailboxOptions, RecordingMailbox, SimMailbox, TwoWriters};
use crate::rng::Rng;

fn mailbox() -> SimMailbox {
    SimMailbox::new(MailboxOptions::default(), 7)
}

fn panics(act: impl FnOnce()) -> bool {
    catch_unwind(AssertUnwindSafe(act)).is_err()
}

#[test]
fn an_object_has_one_writer_and_never_changes() {
    let mailbox = mailbox();
    let (a, b) = (mailbox.handle("a"), mailbox.handle("b"));
    a.put("out.a.1.manifest", b"1").expect("put");
    a.put("out.a.1.manifest", b"1").expect("the same bytes again");
    assert!(panics(|| _ = b.put("out.a.1.manifest", b"2")), "another writer");
    assert!(panics(|| _ = a.put("out.a.1.manifest", b"2")), "other bytes");
    a.delete("out.a.1.manifest").expect("deleted");
    assert!(
        panics(|| _ = b.put("out.a.1.manifest", b"2")),
        "also after it was deleted"
    );
    a.put("head.a", b"1").expect("put");
    a.put("head.a", b"2").expect("heads are overwritten");
}

#[test]
fn two_writers_can_be_noted_instead() {
    let options = MailboxOptions {
        two_writers: TwoWriters::Note,
        ..MailboxOptions::default()
    };
    let mailbox = SimMailbox::new(options, 0);
    mailbox.handle("a").put("out.a.1.manifest", b"1").expect("put");
    mailbox.handle("clone of a").put("out.a.1.manifest", b"2").expect("put");
    assert_eq!(mailbox.violations().len(), 1);
    assert!(
        mailbox.violations()[0].contains("clone of a"),
        "{:?}",
        mailbox.violations()
    );
}

#[test]
fn callers_that_break_the_rules_panic() {
    let handle = mailbox().handle("a");
    assert!(panics(|| _ = handle.put("out.a.1.manifest", b"")), "empty");
    assert!(
        panics(|| _ = handle.put("out.a.1.pack", &vec![0; (4 << 20) + 1])),
        "too large"
    );
    for name in ["", "a/b", "\u{e9}", "a b", ".hidden", &"x".repeat(201)] {
        assert!(panics(|| _ = handle.put(name, b"1")), "{name:?}");
        assert!(panics(|| _ = handle.get(name)), "{name:?}");
    }
}

#[test]
fn a_full_mailbox_refuses_and_keeps_what_is_there() {
    let mailbox = SimMailbox::new(
        MailboxOptions {
            capacity_bytes: 10,
            ..MailboxOptions::default()
        },
        0,
    );
    let handle = mailbox.handle("a");
    handle.put("head.a", &[1; 6]).expect("put");
    assert_eq!(
        handle.put("want.a", &[1; 5]).expect_err("full").kind(),
        MailboxErrorKind::NoRoom
    );
    handle.put("head.a", &[2; 10]).expect("what it replaces makes room");
    assert_eq!((mailbox.used_bytes(), mailbox.peak_bytes()), (10, 10));
    handle.delete("head.a").expect("deleted");
    assert_eq!((mailbox.used_bytes(), mailbox.peak_bytes()), (0, 10));
}

#[test]
fn a_stale_listing_shows_the_past_but_the_own_head() {
    let mailbox = mailbox();
    let (a, b) = (mailbox.handle("a"), mailbox.handle("b"));
    (1..5).for_each(|i| a.put(&format!("out.a.{i}.manifest"), b"1").expect("put"));
    a.put("head.a", b"1").expect("put");
    mailbox.set_faults(MailboxFaults {
        stale_list: 100,
        ..MailboxFaults::default()
    });
    let mut short = 0;
    for _ in 0..20 {
        let own = a.list().expect("listed");
        assert!(own.iter().any(|info| info.name == "head.a"));
        short += usize::from(b.list().expect("listed").len() < 5);
    }
    assert_eq!(short, 20, "never the present");
    mailbox.set_faults(MailboxFaults {
        partial_list: 100,
        ..MailboxFaults::default()
    });
    assert!((0..20).any(|_| b.list().expect("listed").len() < 5));
    assert!((0..20).all(|_| a.list().expect("listed").iter().any(|info| info.name == "head.a")));
}

#[test]
fn heads_of_others_may_be_read_stale_and_objects_never() {
    let mailbox = mailbox();
    let (a, b) = (mailbox.handle("a"), mailbox.handle("b"));
    a.put("head.a", b"old").expect("put");
    a.put("head.a", b"new").expect("put");
    a.put("out.a.1.manifest", b"m").expect("put");
    mailbox.set_faults(MailboxFaults {
        stale_get: 100,
        ..MailboxFaults::default()
    });
    assert_eq!(a.get("head.a").expect("got").as_deref(), Some(&b"new"[..]));
    assert!((0..20).any(|_| b.get("head.a").expect("got").as_deref() == Some(&b"old"[..])));
    assert_eq!(b.get("out.a.1.manifest").expect("got").as_deref(), Some(&b"m"[..]));
}

#[test]
fn a_lie_works_a_failure_does_not_and_a_loss_says_nothing() {
    let mailbox = mailbox();
    let handle = mailbox.handle("a");
    let all = |which: fn(&mut MailboxFaults)| {
        let mut faults = MailboxFaults::default();
        which(&mut faults);
        mailbox.set_faults(faults);
    };
    all(|faults| faults.lies = 100);
    assert!(handle.put("head.a", b"1").is_err());
    assert_eq!(mailbox.names(), ["head.a"]);
    assert!(handle.delete("head.a").is_err());
    assert!(mailbox.names().is_empty());
    all(|faults| faults.fails = 100);
    assert!(handle.put("head.a", b"1").is_err());
    assert!(mailbox.names().is_empty());
    all(|faults| faults.loses = 100);
    handle.put("head.a", b"1").expect("it says so");
    assert!(mailbox.names().is_empty());
}

#[test]
fn disasters_happen_to_all() {
    let mailbox = mailbox();
    let handle = mailbox.handle("a");
    handle.put("out.a.1.manifest", b"1").expect("put");
    handle.put("out.a.2.manifest", b"2").expect("put");
    assert_eq!(mailbox.roll_back(1), 1);
    assert_eq!(mailbox.names(), ["out.a.1.manifest"]);
    assert!(mailbox.damage("out.a.1.manifest", &mut Rng::new(1)));
    assert_ne!(mailbox.object("out.a.1.manifest").expect("there").as_slice(), b"1");
    assert!(mailbox.lose("out.a.1.manifest") && !mailbox.lose("out.a.1.manifest"));
    mailbox.forge("out.x.1.manifest", "evil");
    mailbox.wipe();
    assert!(mailbox.names().is_empty());
    mailbox.set_trouble(Some(MailboxErrorKind::SignIn));
    assert_eq!(handle.list().expect_err("signed out").kind(), MailboxErrorKind::SignIn);
    mailbox.set_trouble(None);
    handle.set_cut_off(true);
    assert_eq!(handle.list().expect_err("no network").kind(), MailboxErrorKind::Away);
    assert!(mailbox.handle("b").list().is_ok());
}

#[test]
fn calls_are_counted_for_each_and_for_all() {
    let mailbox = mailbox();
    let (a, b) = (mailbox.handle("a"), mailbox.handle("b"));
    a.put("head.a", b"12345").expect("put");
    b.get("head.a").expect("got");
    b.get("head.b").expect("asked");
    b.list().expect("listed");
    assert_eq!((a.calls().puts, a.calls().bytes_put, a.calls().all()), (1, 5, 1));
    assert_eq!((b.calls().gets, b.calls().bytes_got, b.calls().lists), (2, 5, 1));
    assert_eq!(mailbox.calls().all(), 4);
}

#[test]
fn faults_replay_from_the_seed() {
    let run = || {
        let mailbox = SimMailbox::new(MailboxOptions::default(), 42);
        mailbox.set_faults(MailboxFaults {
            stale_list: 30,
            partial_list: 30,
            fails: 20,
            lies: 20,
            loses: 5,
            stale_get: 20,
        });
        let handle = mailbox.handle("a");
        (0..100)
            .map(|i| {
                format!(
                    "{:?} {:?}",
                    handle.put(&format!("x.{i}"), b"1").is_ok(),
                    handle.list().ok()
                )
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(run(), run());
}

#[test]
fn wrappers_note_and_fail() {
    let recorded = RecordingMailbox::new(FailNth::new(mailbox().handle("a"), 2, MailboxErrorKind::Away));
    recorded.put("head.a", b"123").expect("put");
    assert!(recorded.list().is_err());
    assert_eq!(recorded.get("head.a").expect("got").map(|bytes| bytes.len()), Some(3));
    let calls = recorded.take();
    let seen: Vec<_> = calls
        .iter()
        .map(|call| (call.kind, call.name.as_str(), call.size, call.is_ok))
        .collect();
    let due = [
        (CallKind::Put, "head.a", 3, true),
        (CallKind::List, "", 0, false),
        (CallKind::Get, "head.a", 3, true),
    ];
    assert_eq!(seen, due);
    assert!(recorded.take().is_empty());
}
