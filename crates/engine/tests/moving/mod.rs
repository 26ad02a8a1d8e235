//! A mailbox that moves to another place with all that it holds.

use offsync_core::rel_path::RelPath;

use offsync_testkit::SimMailbox;

use crate::home::{Homes, noise, path};

fn write(homes: &Homes, n: usize, at: &str) {
    homes
        .hand(n)
        .write(&path(at), format!("content of {at}"))
        .expect("fits");
}

/// Three homes; the third has neither what the first nor what the second sent last.
fn apart() -> Homes {
    let mut homes = Homes::new(3);
    write(&homes, 0, "first");
    homes.round(3);
    write(&homes, 0, "by 0");
    homes.hand(0).write(&path("film"), noise(200_000)).expect("fits");
    homes.sync(0);
    write(&homes, 1, "by 1");
    homes.sync(1);
    homes
}

/// Lets all sync until they are level, without a word of trouble; who took nothing along is asked for it, which takes some visits.
fn end(homes: &mut Homes, files: &[&str]) {
    for _ in 0..6 {
        for n in 0..3 {
            let report = homes.sync(n);
            assert!(report.alarms.is_empty() && report.lost.is_empty(), "{report:#?}");
            assert!(!report.took_new_id && report.held.is_none(), "{report:#?}");
        }
    }
    homes.assert_all_equal();
    let stands = homes.hand(2).tree();
    for file in files {
        let stands = stands
            .iter()
            .any(|(at, _)| *at == RelPath::new(file).expect("a good path"));
        assert!(stands, "{file}");
    }
    homes.assert_mailbox_holds_only_heads_and_people();
}

#[test]
fn a_move_that_is_cut_off_at_any_call_goes_on_from_there() {
    for calls in 1.. {
        let mut homes = apart();
        let there = Homes::another_mailbox();
        let whole = homes.carry_over(0, &there, calls);
        // It goes on with the old one meanwhile, and so do the others.
        write(&homes, 0, "meanwhile");
        homes.sync(0);
        write(&homes, 1, "by 1, meanwhile");
        homes.sync(1);
        for n in [0, 1] {
            homes.carry_over(n, &there, u64::MAX).expect("nothing fails");
            homes.turn_to(n, &there);
            homes.sync(n);
        }
        homes.turn_to(2, &there);
        homes.leave_old_mailbox(&there);
        end(&mut homes, &["by 0", "by 1", "meanwhile", "by 1, meanwhile"]);
        if whole.is_some() {
            assert!(calls > 8, "{calls}");
            return;
        }
    }
}

#[test]
fn what_waits_goes_along_and_reaches_whoever_looks_there_without_another_visit_of_who_sent_it() {
    let mut homes = apart();
    let there = Homes::another_mailbox();
    let held = homes.mail().len() as u64;
    let (carried, names) = homes.carry_over_recorded(0, &there);
    assert_eq!((carried.objects, carried.bytes), (held, homes.mail_bytes()));
    let at = |what: &str| {
        names
            .iter()
            .position(|name| name.contains(what))
            .expect("it is one of them")
    };
    let last_at = |what: &str| {
        names
            .iter()
            .rposition(|name| name.contains(what))
            .expect("it is one of them")
    };
    assert!(
        last_at(".pack") < at(".manifest") && last_at(".manifest") < at("head."),
        "nothing names what is not there yet: {names:?}"
    );
    let again = homes.carry_over(0, &there, u64::MAX).expect("nothing fails");
    assert_eq!((again.objects, again.bytes), (0, 0), "what is there is put once");
    homes.turn_to(2, &there);
    let report = homes.sync(2);
    assert!(report.up_to_date && report.alarms.is_empty(), "{report:#?}");
    assert_eq!(homes.read(2, "by 0"), "content of by 0");
    assert_eq!(homes.read(2, "by 1"), "content of by 1");
}

#[test]
fn who_goes_on_at_the_old_one_is_heard_once_it_turns_to_the_new_one() {
    for takes_along in [true, false] {
        let mut homes = apart();
        let there = Homes::another_mailbox();
        homes.carry_over(0, &there, u64::MAX).expect("nothing fails");
        homes.turn_to(0, &there);
        for visit in 0..3 {
            write(&homes, 0, &format!("new {visit}"));
            homes.sync(0);
            write(&homes, 2, &format!("old {visit}"));
            homes.sync(2);
            homes.sync(1);
        }
        for n in [1, 2] {
            if takes_along {
                homes.carry_over(n, &there, u64::MAX).expect("nothing fails");
            }
            homes.turn_to(n, &there);
        }
        homes.leave_old_mailbox(&there);
        end(&mut homes, &["new 0", "new 1", "new 2", "old 0", "old 1", "old 2"]);
    }
}

/// Visits after which a home that bridges two mailboxes has told each side all that the other one said: it is heard, seen as
/// a gap, asked for, and then its content is asked for, too.
const BRIDGED_AFTER: usize = 5;

/// Lets the first home sync at one mailbox with the second, and then at the other with the third.
fn bridge(homes: &mut Homes, [one, other]: [&SimMailbox; 2]) {
    for (n, at) in [(1, one), (2, other)] {
        homes.turn_to(0, at);
        for home in [0, n, 0] {
            let report = homes.sync(home);
            assert!(
                report.alarms.is_empty() && report.lost.is_empty(),
                "{home}: {report:#?}"
            );
            assert!(!report.took_new_id && report.held.is_none(), "{home}: {report:#?}");
        }
    }
}

#[test]
fn a_home_that_uses_two_mailboxes_in_turn_bridges_them_and_one_may_die() {
    let mut homes = Homes::new(3);
    write(&homes, 0, "first");
    write(&homes, 0, "edited");
    homes.round(3);
    let (one, other) = (homes.mailbox().clone(), Homes::another_mailbox());
    homes.turn_to(2, &other);
    for round in 0..4 {
        for n in 0..3 {
            write(&homes, n, &format!("{round} by {n}"));
        }
        let edit = format!("edited in round {round}");
        homes.hand(1 + round % 2).write(&path("edited"), edit).expect("fits");
        homes
            .hand(2)
            .rename(&path("first"), &path("between"))
            .expect("is there");
        homes
            .hand(2)
            .rename(&path("between"), &path("first"))
            .expect("is there");
        (0..BRIDGED_AFTER).for_each(|_| bridge(&mut homes, [&one, &other]));
        homes.assert_all_equal();
        assert_eq!(homes.read(1, "edited"), format!("edited in round {round}"));
    }
    homes.hand(1).remove(&path("0 by 2")).expect("is there");
    (0..BRIDGED_AFTER).for_each(|_| bridge(&mut homes, [&one, &other]));
    assert!(homes.hand(2).read(&path("0 by 2")).is_err());
    let is_kept = |name: &&String| name.starts_with("head.") || name.starts_with("people.");
    for mailbox in [&one, &other] {
        let names = mailbox.names();
        assert!(names.iter().all(|name| is_kept(&name)), "{names:?}");
    }
    // What two homes put into one of them dies with it, before anybody looks.
    write(&homes, 1, "died with it");
    homes.sync(1);
    homes.turn_to(0, &one);
    homes.hand(0).write(&path("film"), noise(200_000)).expect("fits");
    homes.sync(0);
    write(&homes, 2, "by 2, after");
    one.wipe();
    for n in 0..3 {
        homes.turn_to(n, &other);
    }
    homes.leave_old_mailbox(&other);
    end(&mut homes, &["died with it", "film", "by 2, after", "3 by 1"]);
}
