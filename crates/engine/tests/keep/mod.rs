//! Damaged files of which a person says that what stands there is how they want it.

use offsync_engine::{EngineError, NotKept, WhyNotKept};
use offsync_testkit::{DiskOptions, Rng};

use crate::home::{Homes, path};

const HELD: &str = "what the file held, at all homes";
/// What rot makes of it: a byte turns, and nothing that the drive tells of the file.
const NOW: &str = "what the file held, at all homer";

/// All homes have a file and another; the first one's reads differently there under an unchanged stat.
fn noted_at_the_first(mut homes: Homes) -> Homes {
    homes.hand(0).write(&path("another"), "another").expect("fits");
    homes.hand(0).write(&path("x"), HELD).expect("fits");
    homes.round(3);
    homes.hand(0).rot(&path("x")).expect("is there");
    let report = homes.sync_deep(0);
    assert_eq!((report.posted_entries, homes.damaged(0)), (0, vec![path("x")]));
    homes
}

fn not_kept(name: &str, why: WhyNotKept) -> Result<Vec<offsync_core::rel_path::RelPath>, NotKept> {
    Err(NotKept { path: path(name), why })
}

/// Syncs all until nobody has anything to say; all of them hold what was kept, and nothing waits.
fn all_hold(homes: &mut Homes, name: &str, count: usize) {
    homes.round(4);
    homes.assert_all_equal();
    for n in 0..count {
        assert_eq!(homes.read(n, name), NOW, "home {n}");
    }
    let report = homes.verify_repairing(0);
    assert_eq!((report.damaged, report.checked_files), (Vec::new(), 2));
    assert!(homes.sync(0).up_to_date);
    homes.assert_mailbox_holds_only_heads_and_people();
}

#[test]
fn what_is_kept_travels_as_an_edit_and_the_version_before_is_in_the_trash_of_the_others() {
    for drive in [DiskOptions::ext4(), DiskOptions::fat()] {
        let mut homes = noted_at_the_first(Homes::on(&[drive, DiskOptions::ext4()]));

        assert_eq!(homes.keep(0, &["x", "x"]), Ok(vec![path("x")]));

        assert_eq!(homes.damaged(0), []);
        let report = homes.sync(0);
        assert_eq!((report.posted_entries, report.skipped), (1, Vec::new()));
        all_hold(&mut homes, "x", 2);
        let trash: Vec<_> = homes.trash(1).into_iter().map(|line| line.path).collect();
        assert_eq!((trash, homes.trash(0).len()), (vec![path("x")], 0));
        let line = homes.trash(1).remove(0);
        let back = homes.restore_trashed(1, &line);
        assert_eq!(homes.read(1, &back.to_string()), HELD);
    }
}

#[test]
fn what_was_asked_for_is_asked_for_no_more_wherever_it_was_on_its_way() {
    for steps in 0..3 {
        let mut homes = noted_at_the_first(Homes::new(3));
        homes.verify_repairing(0);
        if steps > 0 {
            homes.sync(0);
        }
        if steps > 1 {
            homes.sync(1);
            assert!(
                homes.mail().iter().any(|name| name.starts_with("for.")),
                "it was served"
            );
        }

        homes.keep(0, &["x"]).expect("it is damaged");

        assert_eq!(homes.sync(0).repaired, []);
        assert_eq!(homes.read(0, "x"), NOW);
        all_hold(&mut homes, "x", 3);
    }
}

#[test]
fn an_edit_of_another_home_stands_beside_what_is_kept() {
    let mut homes = noted_at_the_first(Homes::new(2));
    homes
        .hand(1)
        .write(&path("x"), "what the other made of it")
        .expect("fits");
    homes.sync(1);
    homes.keep(0, &["x"]).expect("it is damaged");

    homes.round(4);

    homes.assert_all_equal();
    let conflicts = homes.sync(0).conflicts;
    assert_eq!(conflicts.len(), 1);
    let mut held = [&conflicts[0].path, &conflicts[0].copy].map(|path| homes.read(0, &path.to_string()));
    held.sort();
    assert_eq!(held, [NOW, "what the other made of it"]);
}

#[test]
fn only_what_is_noted_as_damaged_here_is_kept_and_all_that_was_named_or_none() {
    let mut homes = noted_at_the_first(Homes::new(2));
    for name in ["another", "nothing there"] {
        assert_eq!(homes.keep(0, &["x", name]), not_kept(name, WhyNotKept::NotDamaged));
    }
    assert_eq!(homes.keep(1, &["x"]), not_kept("x", WhyNotKept::NotDamaged));
    assert_eq!(homes.damaged(0), [path("x")]);
    assert_eq!(homes.sync(0).posted_entries, 0);
}

#[test]
fn what_cannot_be_read_is_kept_by_nobody() {
    let mut homes = noted_at_the_first(Homes::new(2));
    homes.disk(0).spoil(&path("x"));
    let refused = homes.keep(0, &["x"]).expect_err("it cannot be read");
    assert!(matches!(refused.why, WhyNotKept::Unreadable(_)), "{refused:?}");
    assert_eq!(homes.damaged(0), [path("x")], "it stays named");
    assert_eq!(homes.sync(0).posted_entries, 0);
}

#[test]
fn what_reads_as_it_should_again_or_is_gone_is_no_edit() {
    let mut homes = noted_at_the_first(Homes::new(2));
    homes.hand(0).rot(&path("x")).expect("the byte turns back");
    assert_eq!(homes.keep(0, &["x"]), not_kept("x", WhyNotKept::Sound));
    homes.hand(0).remove(&path("x")).expect("is there");
    assert_eq!(homes.keep(0, &["x"]), not_kept("x", WhyNotKept::Gone));
    homes.hand(0).mkdir(&path("x")).expect("is free");
    assert_eq!(homes.keep(0, &["x"]), not_kept("x", WhyNotKept::Gone));
}

#[test]
fn a_name_that_another_damaged_file_got_is_not_taken_for_the_one_that_was_found() {
    let mut homes = noted_at_the_first(Homes::new(2));
    homes.hand(0).rot(&path("another")).expect("is there");
    homes.verify_repairing(0);
    homes.hand(0).swap(&path("x"), &path("another")).expect("are there");

    for name in ["x", "another"] {
        assert_eq!(homes.keep(0, &[name]), not_kept(name, WhyNotKept::Changed));
    }

    homes.round(4);
    assert_eq!(
        (homes.read(1, "another"), homes.read(1, "x")),
        (HELD.into(), "another".into())
    );
    homes.assert_all_equal();
    assert_eq!(homes.damaged(0), [], "both are healed under their new names");
}

#[test]
fn what_was_edited_once_more_is_kept_once_it_was_read_again() {
    let mut homes = noted_at_the_first(Homes::new(2));
    let mtime_ns = homes.hand(0).mtime_ns(&path("x")).expect("is there");
    let again = HELD.replace("what", "that");
    homes.hand(0).write_in_place(&path("x"), again.clone()).expect("fits");
    homes.hand(0).touch(&path("x"), mtime_ns).expect("is there");
    assert_eq!(homes.keep(0, &["x"]), not_kept("x", WhyNotKept::Changed));
    homes.round(2);
    assert_eq!(
        (homes.damaged(0), homes.read(1, "x")),
        (vec![], again),
        "here the drive tells of it"
    );
}

/// Edits a file as programs do that give it its size and time back; only its content tells.
fn edit_unseen(homes: &Homes, content: &str) {
    homes.hand(0).write_keeping_time(&path("x"), content).expect("is there");
}

#[test]
fn what_is_edited_unseen_after_it_was_kept_is_named_and_its_edit_taken_back_is_none() {
    let mut homes = noted_at_the_first(Homes::on(&[DiskOptions::fat(), DiskOptions::ext4()]));
    homes.keep(0, &["x"]).expect("it is damaged");
    let again = HELD.replace("what", "that");
    edit_unseen(&homes, &again);

    let report = homes.sync(0);

    assert_eq!((report.posted_entries, homes.damaged(0)), (0, vec![path("x")]));
    let [left] = report.skipped.as_slice() else {
        panic!("{report:#?}");
    };
    let why = "it reads differently from what was to be sent, though its size and time are the same: it waits until somebody says whether that is an edit";
    assert_eq!((&left.path, left.reason.as_str()), (&path("x"), why));
    // Once more the bytes that were kept: the edit that waits is sound again.
    edit_unseen(&homes, NOW);
    assert_eq!(homes.verify_repairing(0).damaged, []);
    edit_unseen(&homes, &again);
    homes.sync(0);
    // The bytes of before: there is no edit any more, and nothing to send.
    edit_unseen(&homes, HELD);
    assert_eq!(homes.verify_repairing(0).damaged, []);
    assert_eq!(homes.sync(0).posted_entries, 0);
    edit_unseen(&homes, &again);
    homes.verify_repairing(0);
    homes.keep(0, &["x"]).expect("it is damaged");
    homes.round(3);
    assert_eq!(homes.read(1, "x"), again);
    homes.assert_all_equal();
}

#[test]
fn whenever_the_power_goes_it_is_damaged_still_or_an_edit() {
    let (mut damaged, mut edits) = (0, 0);
    for calls in 0.. {
        let mut homes = noted_at_the_first(Homes::new(2));
        let is_whole = homes.keep_until(0, "x", calls, &mut Rng::new(calls));
        match homes.damaged(0).is_empty() {
            true => {
                edits += 1;
                all_hold(&mut homes, "x", 2);
            }
            false => {
                damaged += 1;
                assert_eq!(homes.sync(0).posted_entries, 0);
                assert_eq!(homes.verify_repairing(0).damaged.len(), 1, "after {calls} calls");
            }
        }
        if is_whole {
            break;
        }
    }
    assert!(damaged > 3 && edits > 0, "{damaged} {edits}");
}

#[test]
fn what_somebody_writes_while_it_is_read_is_not_kept_and_never_what_nobody_was_told_of() {
    let (mut being_written, mut changed) = (0, 0);
    for (calls, times) in (0..).flat_map(|calls| [(calls, 1), (calls, 40)]) {
        let mut homes = noted_at_the_first(Homes::new(2));
        let (mut written, mut count) = (String::new(), 0);
        let kept = homes.keep_while(0, "x", calls, times, |homes| {
            count += 1;
            written = format!("what is written now {count:03}");
            homes.pass_a_second();
            homes.hand(0).write_in_place(&path("x"), written.clone()).expect("fits");
        });
        let Some(kept) = kept else { break };
        match kept.expect("a drive that is there") {
            Err(refused) => {
                match refused.why {
                    WhyNotKept::BeingWritten => being_written += 1,
                    WhyNotKept::Changed => changed += 1,
                    why => panic!("after {calls} calls: {why:?}"),
                }
                assert_eq!(homes.damaged(0), [path("x")], "after {calls} calls");
            }
            // It was read by then; what was written later is found by the next look, as any edit.
            Ok(kept) => assert_eq!(kept, [path("x")], "after {calls} calls"),
        }
        homes.round(3);
        assert_eq!(homes.read(1, "x"), written, "after {calls} calls");
        assert_eq!(homes.damaged(0), [], "after {calls} calls");
    }
    assert!(being_written > 0 && changed > 0, "{being_written} {changed}");
}

#[test]
fn a_file_that_grows_faster_than_it_is_read_is_left_and_does_not_hold_the_reader_up() {
    let mut homes = noted_at_the_first(Homes::new(2));
    let (mut written, mut count) = (String::from(HELD), 0);
    let kept = homes.keep_while(0, "x", 0, 2_000, |homes| {
        count += 1;
        written.push_str("and on and on ");
        homes.hand(0).write_in_place(&path("x"), written.clone()).expect("fits");
    });
    let refused = kept
        .expect("it was called")
        .expect("a drive that is there")
        .expect_err("it grows");
    assert_eq!(refused.why, WhyNotKept::BeingWritten);
    assert!(count < 200, "it was read {count} times");
}

#[test]
fn a_drive_that_goes_while_it_is_read_keeps_nothing_and_comes_back_with_its_damage() {
    let mut refused = 0;
    for calls in 0.. {
        let mut homes = noted_at_the_first(Homes::new(2));
        let done = homes.keep_while(0, "x", calls, 1, |homes| homes.disk(0).unmount());
        let Some(done) = done else { break };
        homes.disk(0).mount();
        let error = done.expect_err("the drive has gone");
        let is_said = matches!(
            error,
            EngineError::DriveChanged | EngineError::Disk(_) | EngineError::Index(_)
        );
        assert!(is_said, "after {calls} calls: {error:?}");
        assert_eq!(homes.damaged(0), [path("x")], "after {calls} calls");
        assert_eq!(homes.sync(0).posted_entries, 0, "after {calls} calls");
        refused += 1;
    }
    assert!(refused > 3, "{refused}");
}

#[test]
fn what_is_kept_stays_so_though_a_copy_of_the_damage_is_still_named() {
    let mut homes = noted_at_the_first(Homes::new(2));
    let mtime_ns = homes.hand(0).mtime_ns(&path("x")).expect("is there");
    homes.hand(0).copy(&path("x"), &path("y")).expect("fits");
    homes.hand(0).touch(&path("y"), mtime_ns).expect("is there");
    homes.sync(0);
    assert_eq!(homes.damaged(0), [path("x"), path("y")]);

    homes.keep(0, &["x"]).expect("it is damaged");
    homes.hand(0).chmod(&path("x"), 0o600).expect("is there");
    homes.round(3);

    assert_eq!((homes.read(1, "x"), homes.read(1, "y")), (NOW.into(), HELD.into()));
    assert_eq!(homes.damaged(0), [path("y")]);
}

#[test]
fn what_is_kept_stays_so_under_another_name_though_a_copy_of_the_damage_is_still_named() {
    for (drive, is_synced_before) in [
        (DiskOptions::ext4(), false),
        (DiskOptions::ext4(), true),
        (DiskOptions::fat(), false),
        (DiskOptions::fat(), true),
    ] {
        let mut homes = noted_at_the_first(Homes::on(&[drive, DiskOptions::ext4()]));
        let mtime_ns = homes.hand(0).mtime_ns(&path("x")).expect("is there");
        homes.hand(0).copy(&path("x"), &path("y")).expect("fits");
        homes.hand(0).touch(&path("y"), mtime_ns).expect("is there");
        homes.sync(0);
        homes.keep(0, &["x"]).expect("it is damaged");
        if is_synced_before {
            homes.round(3);
        }

        homes.hand(0).mkdir(&path("moved")).expect("is free");
        homes.hand(0).rename(&path("x"), &path("moved/x")).expect("is there");
        homes.round(3);

        assert_eq!(homes.damaged(0), [path("y")]);
        assert_eq!(
            (homes.read(0, "moved/x"), homes.read(1, "moved/x")),
            (NOW.into(), NOW.into())
        );
        assert_eq!((homes.read(0, "y"), homes.read(1, "y")), (NOW.into(), HELD.into()));
    }
}

#[test]
fn a_damaged_file_that_was_moved_is_no_edit_though_what_it_reads_as_was_kept_of_another() {
    let mut homes = noted_at_the_first(Homes::new(2));
    let mtime_ns = homes.hand(0).mtime_ns(&path("x")).expect("is there");
    homes.hand(0).copy(&path("x"), &path("y")).expect("fits");
    homes.hand(0).touch(&path("y"), mtime_ns).expect("is there");
    homes.sync(0);
    homes.keep(0, &["x"]).expect("it is damaged");

    homes.hand(0).rename(&path("y"), &path("z")).expect("is there");
    homes.round(3);

    assert_eq!(homes.damaged(0), [path("z")]);
    assert_eq!((homes.read(1, "x"), homes.read(1, "z")), (NOW.into(), HELD.into()));
}

#[test]
fn what_no_home_has_whole_any_more_is_everybodys_once_it_is_kept() {
    let mut homes = noted_at_the_first(Homes::new(2));
    homes.hand(0).rename(&path("x"), &path("y")).expect("is there");
    homes.hand(1).remove(&path("x")).expect("is there");
    homes.sync(1);
    homes.empty_trash(1);
    homes.round(2);
    assert_eq!(homes.damaged(0), [path("y")]);

    homes.keep(0, &["y"]).expect("it is damaged");

    all_hold(&mut homes, "y", 2);
}

#[test]
fn what_is_found_damaged_and_healed_in_one_sync_is_not_said_to_be_left_alone() {
    let mut homes = noted_at_the_first(Homes::new(2));
    homes.verify_repairing(0);
    homes.sync(0);
    homes.sync(1);

    let report = homes.sync_deep(0);

    assert_eq!((report.repaired, report.skipped), (vec![path("x")], Vec::new()));
}

#[test]
fn of_what_is_kept_it_is_said_who_had_the_version_before_though_it_was_moved_or_touched_first() {
    for way in ["moved", "touched", "moved and touched"] {
        for is_sent in [false, true] {
            let mut homes = noted_at_the_first(Homes::new(2));
            let mut name = "x";
            if way.starts_with("moved") {
                homes.hand(0).rename(&path("x"), &path("y")).expect("is there");
                name = "y";
            }
            if way.ends_with("touched") {
                homes.hand(0).touch(&path(name), 5_000_000_000).expect("is there");
            }
            match is_sent {
                true => drop(homes.sync(0)),
                false => drop(homes.survey(0)),
            }
            homes.keep(0, &[name]).expect("it is damaged");

            let said: Vec<_> = homes.sync(0).warnings.into_iter().map(|line| line.reason).collect();

            assert!(
                said.iter()
                    .all(|said| said.contains("goes to the trash of 'home 1' once it syncs")),
                "{way}, sent: {is_sent}: {said:?}"
            );
            assert!(!homes.has_notes(0, "kept/"), "{way}: it is noted no more");
            all_hold(&mut homes, name, 2);
        }
    }
}
