//! Damaged files that people go on working with.

use offsync_engine::{SkippedPath, SyncReport};
use offsync_testkit::{DiskOptions, Rng};

use crate::home::{Homes, path};

mod alike;
mod unseen;
mod ways_round;

const HELD: &str = "what the file held before it rotted";

/// Three homes have a file and another; it rots at the first, which knows it.
fn rotten_at_the_first() -> Homes {
    let mut homes = Homes::new(3);
    homes.hand(0).write(&path("another"), "another").expect("fits");
    homes.hand(0).write(&path("x"), HELD).expect("fits");
    homes.round(3);
    homes.hand(0).rot(&path("x")).expect("is there");
    assert_eq!(homes.verify_repairing(0).damaged.len(), 1);
    homes
}

#[test]
fn a_damaged_file_that_was_renamed_is_healed_from_a_trash_where_nobody_shows_it_any_more() {
    let mut homes = rotten_at_the_first();
    homes.hand(0).rename(&path("x"), &path("y")).expect("is there");
    homes.hand(1).remove(&path("x")).expect("is there");
    homes.sync(1);
    homes.sync(2);
    assert!(homes.hand(2).read(&path("x")).is_err());
    let report = homes.sync(0);
    let reason = report.skipped.first().map(|skipped| skipped.reason.as_str());
    assert!(
        reason.is_some_and(|reason| reason.contains("asked for it")),
        "{reason:?}"
    );
    assert!(!report.up_to_date);
    homes.round(4);
    homes.assert_all_equal();
    assert_eq!((homes.read(0, "y"), homes.read(1, "y")), (HELD.into(), HELD.into()));
    assert_eq!(homes.verify_repairing(0).damaged, []);
    homes.assert_mailbox_holds_only_heads_and_people();
}

#[test]
fn a_damaged_file_that_nobody_has_whole_is_named_until_a_person_decides() {
    let mut homes = rotten_at_the_first();
    homes.hand(0).rename(&path("x"), &path("y")).expect("is there");
    for n in [1, 2] {
        homes.hand(n).remove(&path("x")).expect("is there");
    }
    homes.sync(1);
    homes.sync(2);
    homes.round(2);
    assert_eq!(
        homes.sync(0).skipped.first().map(|skipped| skipped.path.clone()),
        Some(path("y"))
    );
    assert_eq!(homes.verify_repairing(0).damaged.len(), 1);
    homes.hand(0).remove(&path("y")).expect("is there");
    homes.round(3);
    homes.assert_all_equal();
    homes.assert_mailbox_holds_only_heads_and_people();
}

#[test]
fn what_rotted_unseen_and_went_to_the_trash_stands_for_no_content() {
    let mut homes = Homes::new(3);
    homes.hand(0).write(&path("another"), "another").expect("fits");
    homes.hand(0).write(&path("x"), HELD).expect("fits");
    homes.round(3);
    homes.hand(1).rot(&path("x")).expect("is there");
    homes.hand(2).rename(&path("x"), &path("y")).expect("is there");
    homes.hand(0).remove(&path("x")).expect("is there");
    homes.sync(0);
    homes.sync(1);
    assert!(homes.hand(1).read(&path("x")).is_err());
    homes.round(4);
    assert_eq!(homes.read(1, "y"), HELD);
    homes.assert_all_equal();
    homes.assert_mailbox_holds_only_heads_and_people();
}

#[test]
fn a_whole_file_that_takes_a_damaged_ones_place_is_whole() {
    let mut homes = Homes::new(2);
    for name in ["x", "y"] {
        homes.hand(0).write(&path(name), HELD).expect("fits");
    }
    homes.round(2);
    homes.hand(0).rot(&path("x")).expect("is there");
    assert_eq!(homes.verify_repairing(0).damaged.len(), 1);
    homes.hand(0).swap(&path("x"), &path("y")).expect("are there");
    let report = homes.sync(0);
    assert_eq!(report.repaired, [path("y")], "the other one reads as it should");
    assert_eq!((homes.read(0, "x"), homes.read(0, "y")), (HELD.into(), HELD.into()));
}

/// Copies a file with its time, as people do who want it to look the same.
fn copy(homes: &Homes, from: &str, to: &str) {
    let mtime_ns = homes.hand(0).mtime_ns(&path(from)).expect("is there");
    homes.hand(0).copy(&path(from), &path(to)).expect("fits");
    homes.hand(0).touch(&path(to), mtime_ns).expect("is there");
}

#[test]
fn a_copy_that_is_made_of_a_damaged_file_while_a_sync_heals_that_is_damaged_and_no_new_file() {
    let mut made = 0;
    for calls in (0..).step_by(5) {
        let mut homes = rotten_at_the_first();
        homes.sync(0);
        homes.sync(1);
        let copies = |homes: &mut Homes| {
            // For a moment it is neither damaged nor healed there, but in the trash.
            if homes.hand(0).read(&path("x")).is_ok() {
                copy(homes, "x", "y");
                made += 1;
            }
        };
        if homes.sync_while(0, calls, copies).is_none() {
            break;
        }
        homes.round(4);
        homes.assert_all_equal();
        let there = homes.hand(1).read(&path("y")).map(|bytes| **bytes == *HELD.as_bytes());
        assert_ne!(there.ok(), Some(false), "after {calls} calls");
        assert_eq!(homes.damaged(0), [], "after {calls} calls");
    }
    assert!(made > 10, "{made}");
}

#[test]
fn a_damaged_file_that_is_moved_after_a_sync_died_that_was_to_take_it_away_is_damaged_and_no_new_file() {
    let mut moved = 0;
    for calls in (0..).step_by(3) {
        let mut homes = rotten_at_the_first();
        homes.hand(1).remove(&path("x")).expect("is there");
        homes.sync(1);
        let (_, report) = homes.sync_until(0, calls, &mut Rng::new(calls));
        if report.is_some() {
            break;
        }
        moved += u64::from(homes.hand(0).rename(&path("x"), &path("y")).is_ok());
        homes.round(4);
        homes.assert_all_equal();
        let there = homes.hand(1).read(&path("y")).map(|bytes| **bytes == *HELD.as_bytes());
        assert_ne!(there.ok(), Some(false), "after {calls} calls");
    }
    assert!(moved > 10, "{moved}");
}

#[test]
fn what_is_had_back_from_the_trash_after_a_file_was_healed_is_what_somebody_wants() {
    let mut homes = rotten_at_the_first();
    let rotten = homes.read(0, "x");
    homes.sync(0);
    homes.sync(1);
    assert_eq!(homes.sync(0).repaired, [path("x")]);
    let line = homes.trash(0).remove(0);

    let back = homes.restore_trashed(0, &line);
    homes.round(3);

    assert_eq!(homes.damaged(0), []);
    assert_eq!(
        (homes.read(1, "x"), homes.read(1, &back.to_string())),
        (HELD.into(), rotten)
    );
}

#[test]
fn a_copy_of_what_was_healed_is_damaged_though_the_sync_between_saw_not_all_of_the_drive() {
    let mut homes = rotten_at_the_first();
    homes.hand(0).mkdir(&path("locked")).expect("is free");
    homes.round(2);
    homes.hand(0).rot(&path("another")).expect("is there");
    homes.verify_repairing(0);
    homes.sync(0);
    homes.sync(1);
    copy(&homes, "another", "locked/y");
    homes.disk(0).deny(&path("locked"));
    for _ in 0..2 {
        homes.sync(0);
    }
    assert_eq!(homes.read(0, "another"), "another", "it is healed");
    homes.disk(0).allow(&path("locked"));
    assert_eq!(homes.sync(0).repaired, [path("locked/y")]);
    homes.round(3);
    assert_eq!(homes.read(1, "locked/y"), "another");
}

#[test]
fn a_damaged_file_that_is_only_touched_is_damaged_still_and_its_new_time_travels_alone() {
    for drive in [DiskOptions::ext4(), DiskOptions::fat()] {
        for (name, is_looked_at) in [("x", false), ("x", true), ("y", false), ("y", true)] {
            let mut homes = Homes::on(&[drive.clone(), DiskOptions::ext4(), DiskOptions::ext4()]);
            homes.hand(0).write(&path("another"), "another").expect("fits");
            homes.hand(0).write(&path("x"), HELD).expect("fits");
            homes.round(3);
            homes.hand(0).rot(&path("x")).expect("is there");
            homes.verify(0);
            if name == "y" {
                homes.hand(0).rename(&path("x"), &path("y")).expect("is there");
            }
            let time_ns = homes.hand(0).mtime_ns(&path(name)).expect("is there") + 86_400_000_000_000;
            homes.hand(0).touch(&path(name), time_ns).expect("is there");
            if is_looked_at {
                homes.survey(0);
            }

            homes.sync(0);
            homes.round(2);

            assert_eq!(homes.damaged(0), [path(name)], "it is named");
            assert_eq!(homes.read(1, name), HELD, "the damage does not travel");
            assert_eq!(homes.hand(1).mtime_ns(&path(name)).ok(), Some(time_ns), "the time does");
            homes.verify_repairing(0);
            homes.round(4);
            assert_eq!((homes.read(0, name), homes.damaged(0)), (HELD.into(), Vec::new()));
            assert_eq!(homes.hand(0).mtime_ns(&path(name)).ok(), Some(time_ns));
            homes.assert_all_equal();
            homes.assert_mailbox_holds_only_heads_and_people();
        }
    }
}

#[test]
fn what_is_touched_before_it_is_asked_for_is_asked_for_at_once() {
    let mut homes = Homes::new(2);
    homes.hand(0).write(&path("x"), HELD).expect("fits");
    homes.round(3);
    homes.hand(0).rot(&path("x")).expect("is there");
    homes.verify(0);
    homes.hand(0).touch(&path("x"), 5_000_000_000).expect("is there");

    assert_eq!(homes.verify_repairing(0).uncompared_files, 1);
    homes.sync(0);
    homes.sync(1);

    assert_eq!(homes.sync(0).repaired, [path("x")]);
}

#[test]
fn a_damaged_file_that_was_touched_can_be_kept_and_one_that_was_edited_is_an_edit() {
    let mut homes = rotten_at_the_first();
    let rotten = homes.read(0, "x");
    homes.hand(0).touch(&path("x"), 5_000_000_000).expect("is there");
    homes.keep(0, &["x"]).expect("it is damaged");
    homes.round(3);
    assert_eq!((homes.read(1, "x"), homes.damaged(0)), (rotten, Vec::new()));

    let mut homes = rotten_at_the_first();
    let edited = homes.read(0, "x") + " and more";
    homes.hand(0).write_in_place(&path("x"), edited.clone()).expect("fits");
    homes.round(3);
    assert_eq!((homes.read(1, "x"), homes.damaged(0)), (edited, Vec::new()));
}

/// Path, the damaged file, whether it is a copy, and how many homes had the version from before.
type Made = (String, String, bool, usize);

/// Gives what a report says of what was made of damaged files, and the sentences among its warnings.
fn said(report: &SyncReport) -> (Vec<Made>, Vec<String>) {
    let made = report.made_of_damage.iter();
    let facts = made.map(|made| {
        let is_it = |line: &SkippedPath| line.path == made.path && line.reason == made.said;
        assert!(report.warnings.iter().any(is_it), "{:?} is a note, too", made.said);
        (
            made.path.to_string(),
            made.of.to_string(),
            made.is_copy,
            made.had_by.len(),
        )
    });
    let sentences = report.made_of_damage.iter().map(|made| made.said.clone());
    (facts.collect(), sentences.collect())
}

#[test]
fn an_edit_of_a_damaged_file_is_sent_and_said_with_who_had_the_version_from_before() {
    for (name, is_looked_at) in [("x", false), ("x", true), ("moved", false), ("moved", true)] {
        let mut homes = rotten_at_the_first();
        let edited = homes.read(0, "x") + " and more";
        if name == "moved" {
            homes.hand(0).rename(&path("x"), &path("moved")).expect("is there");
        }
        homes.hand(0).write_in_place(&path(name), edited.clone()).expect("fits");
        if is_looked_at {
            homes.survey(0);
            homes.sync_offline(0);
        }

        let (facts, sentences) = said(&homes.sync(0));

        assert_eq!(facts, [(name.to_owned(), "x".to_owned(), false, 2)]);
        let was = match name {
            "x" => {
                "it was damaged on this drive and was then changed: what it reads as now goes to the others as an edit. The version from before goes to the trash of '"
            }
            _ => {
                "it was 'x', was damaged on this drive, and was then changed: what it reads as now goes to the others as an edit. The version from before goes to the trash of '"
            }
        };
        assert!(
            sentences[0].starts_with(was)
                && sentences[0].ends_with("once they sync; `offsync trash restore FOLDER 'x'` there brings it back"),
            "{sentences:?}"
        );
        assert_eq!(said(&homes.sync(0)), (vec![], vec![]), "said once");
        homes.sync(1);
        assert_eq!(homes.read(1, name), edited);
        let line = homes
            .trash(1)
            .into_iter()
            .find(|line| line.path == path("x"))
            .expect("it is there");
        let back = homes.restore_trashed(1, &line);
        assert_eq!(
            homes.read(1, &back.to_string()),
            HELD,
            "it is back as the sentence says"
        );
    }
}

#[test]
fn of_an_edit_of_a_damaged_file_that_nobody_else_had_that_is_said() {
    let mut homes = Homes::new(2);
    homes.round(2);
    homes.hand(0).write(&path("x"), HELD).expect("fits");
    for _ in 0..5 {
        homes.pass_a_second();
    }
    homes.survey(0);
    homes.hand(0).rot(&path("x")).expect("is there");
    assert_eq!(homes.verify(0).damaged.len(), 1);
    homes.hand(0).write_in_place(&path("x"), "another").expect("fits");

    let (facts, sentences) = said(&homes.sync(0));

    assert_eq!(facts, [("x".to_owned(), "x".to_owned(), false, 0)]);
    assert_eq!(
        sentences,
        [
            "it was damaged on this drive and was then changed: what it reads as now counts as an edit. No other home is known to have had the version from before: put it back from elsewhere if you have it"
        ]
    );
}

#[test]
fn what_puts_a_damaged_file_right_or_is_taken_back_before_it_is_sent_is_not_said() {
    // The bytes of before, and another file that everybody has.
    for bytes in [HELD, "another"] {
        let mut homes = rotten_at_the_first();
        homes.hand(0).write(&path("x"), bytes).expect("fits");
        assert_eq!(said(&homes.sync(0)), (vec![], vec![]));
        assert_eq!(homes.damaged(0), []);
    }
    let mut homes = rotten_at_the_first();
    for bytes in ["edited", HELD] {
        homes.hand(0).write_in_place(&path("x"), bytes).expect("fits");
        homes.survey(0);
    }
    assert_eq!(said(&homes.sync(0)), (vec![], vec![]), "it reads as before");
    homes.hand(0).write_in_place(&path("x"), "a later edit").expect("fits");
    assert_eq!(said(&homes.sync(0)), (vec![], vec![]), "of a sound file");
}

#[test]
fn whenever_a_sync_dies_an_edit_of_a_damaged_file_is_said_before_it_is_forgotten() {
    let mut died = 0;
    for calls in (0..).step_by(5) {
        let mut homes = rotten_at_the_first();
        homes.hand(0).write_in_place(&path("x"), "edited").expect("fits");
        if homes.sync_until(0, calls, &mut Rng::new(calls)).1.is_some() {
            break;
        }
        let facts = said(&homes.sync(0)).0;
        assert_eq!(
            facts,
            [("x".to_owned(), "x".to_owned(), false, 2)],
            "after {calls} calls"
        );
        died += 1;
    }
    assert!(died > 10, "{died}");
}

#[test]
fn what_damage_reads_as_is_anybodys_word_as_a_new_file_beside_it() {
    let mut homes = rotten_at_the_first();
    let rotten = homes.read(0, "x");
    homes.hand(0).write(&path("y"), rotten.clone()).expect("fits");

    let (facts, sentences) = said(&homes.sync(0));

    assert_eq!(facts, [("y".to_owned(), "x".to_owned(), true, 0)]);
    assert_eq!(
        sentences,
        [
            "it is a copy of 'x', which was damaged on this drive when it was copied, and goes to the others as it reads. `offsync verify FOLDER --repair` heals 'x'; copy it once more then, and delete this one"
        ]
    );
    homes.round(4);
    assert_eq!((homes.read(1, "x"), homes.read(1, "y")), (HELD.into(), rotten));
    assert_eq!(homes.damaged(0), []);
}

#[test]
fn what_was_noted_of_damage_under_a_former_name_is_forgotten() {
    let mut homes = rotten_at_the_first();
    homes.note_as_before(0, "damaged-before");
    homes.sync(0);
    assert!(!homes.has_notes(0, "damaged-before"));
    assert_eq!(homes.damaged(0), [path("x")]);
}
