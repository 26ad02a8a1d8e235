//! A home that said no to the loss of files does not lose them unasked, whatever yes another home's deletion brings.

use offsync_engine::{HeldDirection, SyncReport};
use offsync_testkit::{DiskOptions, Rng, Seen};

use crate::home::{Homes, path};

/// The home that says no.
const KEEPER: usize = 0;
/// The home that deletes the same with a yes.
const OTHER: usize = 1;
const THIRD: usize = 2;

fn names(folder: &str) -> Vec<String> {
    (1..=6).map(|file| format!("{folder}/{file}")).collect()
}

fn remove(homes: &Homes, n: usize, all: &[String]) {
    all.iter()
        .for_each(|at| homes.hand(n).remove(&path(at)).expect("is there"));
}

/// Three homes with six files in each of three folders.
fn filled() -> Homes {
    let mut homes = Homes::on(&vec![DiskOptions::ext4(); 3]);
    for at in ["d", "k", "l"].into_iter().flat_map(names) {
        homes
            .hand(0)
            .write(&path(&at), format!("content of {at}"))
            .expect("fits");
    }
    homes.round(2);
    homes.pass_days(1);
    homes
}

/// Homes of which one lost a folder by accident, was asked, said no, and has it again.
fn refused() -> Homes {
    let mut homes = filled();
    remove(&homes, KEEPER, &names("d"));
    homes.sync_with_answer(KEEPER, true);
    homes.round(3);
    assert_eq!(files(&homes, KEEPER), 18);
    homes
}

fn files(homes: &Homes, n: usize) -> usize {
    let tree = homes.hand(n).tree();
    tree.values().filter(|seen| matches!(seen, Seen::File(_))).count()
}

/// Lets the power go at every third call of a sync; `is_whole` plays a story with it, and tells whether the sync came to its end.
fn whenever_the_power_goes(is_whole: impl Fn(u64) -> bool) {
    let end = (1..).step_by(3).find(|calls| is_whole(*calls)).expect("it ends");
    assert!(end > 10, "{end}");
}

/// Gives what a report holds of others' deletions: how many, of how many, and how many of them were kept here with a no.
fn held(report: &SyncReport) -> Option<(u64, u64, u64)> {
    let held = report.held.as_ref()?;
    assert_eq!(held.direction, HeldDirection::Remote);
    Some((held.deletions, held.of, held.kept))
}

/// Answers what is held at the home that said no before, and checks what becomes of six of eighteen files.
fn check_answer(mut homes: Homes, is_no: bool) {
    homes.sync_with_answer(KEEPER, is_no);
    homes.round(4);
    homes.assert_all_equal();
    assert_eq!(files(&homes, KEEPER), if is_no { 18 } else { 12 }, "no: {is_no}");
    assert_eq!(homes.sync(KEEPER).held, None);
    homes.assert_mailbox_holds_only_heads_and_people();
    assert_eq!(homes.notes(KEEPER, "refused/"), 0, "no: {is_no}");
}

#[test]
fn a_later_yes_elsewhere_takes_nothing_from_where_a_no_was_said_before_it_is_asked() {
    for is_no in [true, false] {
        let mut homes = refused();
        remove(&homes, OTHER, &names("d"));
        homes.sync_confirmed(OTHER);
        assert_eq!(homes.sync(THIRD).held, None, "nobody said no there");
        for _ in 0..2 {
            let report = homes.sync(KEEPER);
            assert_eq!(held(&report), Some((6, 18, 6)));
            assert_eq!(report.held.expect("held").by, Some(homes.location(OTHER)));
            let told = homes.survey(KEEPER).held.expect("held");
            assert_eq!((told.deletions, told.kept), (6, 6));
        }
        assert_eq!((files(&homes, KEEPER), files(&homes, THIRD)), (18, 12));
        check_answer(homes, is_no);
    }
}

#[test]
fn a_yes_that_crossed_the_no_is_asked_about_once_the_files_are_back() {
    for is_no in [true, false] {
        let mut homes = filled();
        remove(&homes, KEEPER, &names("d"));
        homes.sync(KEEPER);
        remove(&homes, OTHER, &names("d"));
        homes.sync_confirmed(OTHER);
        // It arrives with the very sync that says no, when nothing is back yet.
        homes.sync_refusing(KEEPER);
        assert_eq!(homes.survey(KEEPER).unshown.files, 6);
        homes.round(3);
        assert_eq!(held(&homes.sync(KEEPER)), Some((6, 18, 6)));
        assert_eq!(files(&homes, KEEPER), 18);
        check_answer(homes, is_no);
    }
}

/// Homes of which one said no to the loss of a folder that another deleted before that, and that no home has any more.
fn gone_everywhere() -> Homes {
    let mut homes = filled();
    remove(&homes, KEEPER, &names("d"));
    homes.sync(KEEPER);
    remove(&homes, OTHER, &names("d"));
    homes.sync_confirmed(OTHER);
    homes.sync(THIRD);
    homes.empty_trash(THIRD);
    homes.sync_refusing(KEEPER);
    homes
}

/// Checks that six files are named that no home has any more, and that nothing waits for them from then on.
fn check_given_up(mut homes: Homes, report: &SyncReport) {
    assert_eq!(report.warnings.len(), 6, "{:?}", report.warnings);
    let told = &report.warnings[0];
    assert_eq!(told.path, path("d/1"));
    assert!(told.reason.contains("and none sent it"), "{}", told.reason);
    homes.round(2);
    let report = homes.sync(KEEPER);
    assert!(report.up_to_date && report.warnings.is_empty(), "{report:#?}");
    homes.assert_all_equal();
    assert_eq!((files(&homes, KEEPER), homes.notes(KEEPER, "refused/")), (12, 0));
    assert_eq!(homes.notes(KEEPER, "asked-back"), 0);
    homes.assert_mailbox_holds_only_heads_and_people();
}

/// Lets all sync day by day until the keeper is told something; gives that, and the day.
fn days_until_told(homes: &mut Homes) -> (u32, SyncReport) {
    for day in 1..20 {
        homes.pass_days(1);
        homes.round(1);
        let report = homes.sync(KEEPER);
        if !report.warnings.is_empty() {
            return (day, report);
        }
        assert_eq!(report.missing_chunks, 6, "on day {day}");
    }
    panic!("nothing is said in twenty days");
}

#[test]
fn what_no_home_has_any_more_is_named_once_all_have_seen_that_it_is_wanted() {
    let mut homes = gone_everywhere();
    let (day, report) = days_until_told(&mut homes);
    assert_eq!(day, 4);
    check_given_up(homes, &report);
}

#[test]
fn one_who_was_not_there_is_waited_for_and_brings_it_back() {
    let mut homes = filled();
    remove(&homes, KEEPER, &names("d"));
    homes.sync(KEEPER);
    remove(&homes, OTHER, &names("d"));
    homes.sync_confirmed(OTHER);
    homes.sync_refusing(KEEPER);
    // In the third home the files still stand; it does not come for a month.
    for _ in 0..30 {
        homes.pass_days(1);
        homes.sync(OTHER);
        let report = homes.sync(KEEPER);
        assert!(report.warnings.is_empty() && report.missing_chunks == 6, "{report:#?}");
    }
    homes.round(2);
    assert_eq!(files(&homes, KEEPER), 18);
    assert_eq!(homes.notes(KEEPER, "asked-back"), 0);
}

#[test]
fn one_who_dies_between_its_head_and_what_it_serves_is_not_taken_for_one_who_has_nothing() {
    whenever_the_power_goes(|calls| {
        let mut homes = filled();
        remove(&homes, KEEPER, &names("d"));
        homes.sync(KEEPER);
        remove(&homes, OTHER, &names("d"));
        homes.sync_confirmed(OTHER);
        homes.sync(THIRD);
        homes.sync_refusing(KEEPER);
        homes.pass_days(1);
        homes.sync(KEEPER);
        homes.sync(OTHER);
        let (_, report) = homes.sync_until(THIRD, calls, &mut Rng::new(calls));
        for _ in 0..2 {
            homes.pass_days(1);
            homes.sync(KEEPER);
            homes.sync(OTHER);
        }
        homes.round(3);
        assert_eq!(files(&homes, KEEPER), 18, "at {calls}");
        report.is_some()
    });
}

#[test]
fn what_no_home_has_any_more_is_given_the_time_of_a_silent_home_while_one_does_not_come() {
    let mut homes = gone_everywhere();
    homes.round(1);
    // A drive that lies in a drawer asks nobody.
    homes.pass_days(400);
    let mut weeks = 0;
    let report = loop {
        homes.pass_days(7);
        let report = homes.sync(KEEPER);
        if !report.warnings.is_empty() {
            break report;
        }
        assert_eq!(report.missing_chunks, 6, "after {weeks} weeks");
        weeks += 1;
    };
    assert!((22..30).contains(&weeks), "{weeks}");
    check_given_up(homes, &report);
}

#[test]
fn what_is_deleted_before_it_is_back_and_has_its_place_taken_is_said() {
    for is_here in [true, false] {
        let mut homes = filled();
        remove(&homes, KEEPER, &names("d"));
        homes.sync_with_answer(KEEPER, true);
        let place = match is_here {
            true => KEEPER,
            false => OTHER,
        };
        remove(&homes, OTHER, &["d/1".into()]);
        homes.sync(OTHER);
        homes.hand(place).mkdir(&path("d/1")).expect("is free");
        homes.sync(OTHER);
        let mut told: Vec<String> = Vec::new();
        for _ in 0..3 {
            let warnings = homes.sync(KEEPER).warnings.into_iter();
            told.extend(warnings.filter(|line| line.path == path("d/1")).map(|line| line.reason));
            homes.round(1);
        }
        assert_eq!(told.len(), 1, "here: {is_here}: {told:?}");
        assert!(told[0].contains("is in the trash of the other homes"), "{told:?}");
        homes.round(2);
        homes.assert_all_equal();
        assert_eq!((files(&homes, KEEPER), homes.notes(KEEPER, "refused/")), (17, 5));
    }
}

#[test]
fn a_deletion_that_waits_for_an_answer_ends_no_former_no() {
    let mut homes = refused();
    remove(&homes, KEEPER, &names("d"));
    assert!(homes.sync(KEEPER).held.is_some(), "the same accident");
    remove(&homes, OTHER, &names("d"));
    homes.sync_confirmed(OTHER);
    homes.sync(KEEPER);
    homes.round(3);
    assert_eq!(held(&homes.sync(KEEPER)), Some((6, 18, 6)));
    check_answer(homes, true);
}

#[test]
fn a_no_before_anything_was_shown_counts_as_well_and_so_does_one_to_few() {
    for count in [2, 6] {
        let mut homes = filled();
        let lost = names("d").split_off(6 - count);
        remove(&homes, KEEPER, &lost);
        homes.sync_refusing(KEEPER);
        homes.round(2);
        remove(&homes, OTHER, &lost);
        homes.sync_confirmed(OTHER);
        let count = count as u64;
        assert_eq!(held(&homes.sync(KEEPER)), Some((count, 18, count)));
        assert_eq!(homes.sync_refusing(KEEPER).held, None);
        homes.round(3);
        homes.assert_all_equal();
        assert_eq!(files(&homes, OTHER), 18);
    }
}

#[test]
fn of_few_deletions_only_those_wait_that_were_refused_here() {
    let mut homes = refused();
    remove(&homes, OTHER, &["d/1".into(), "k/1".into()]);
    homes.sync(OTHER);
    for _ in 0..2 {
        assert_eq!(held(&homes.sync(KEEPER)), Some((1, 17, 1)));
        assert_eq!(files(&homes, KEEPER), 17);
    }
    remove(&homes, OTHER, &["k/2".into()]);
    homes.sync(OTHER);
    assert_eq!(held(&homes.sync(KEEPER)), Some((1, 16, 1)), "few others go on going");
    assert_eq!(files(&homes, KEEPER), 16);
    homes.sync_refusing(KEEPER);
    homes.round(3);
    homes.assert_all_equal();
    assert_eq!(homes.read(OTHER, "d/1"), "content of d/1");
    assert_eq!(files(&homes, OTHER), 16);
    assert_eq!(homes.notes(KEEPER, "refused/"), 5, "the others are refused still");
}

#[test]
fn a_no_given_while_anothers_deletion_is_held_keeps_both_and_speaks_of_what_was_lost_here() {
    let mut homes = filled();
    for at in names("d") {
        remove(&homes, OTHER, &[at]);
        homes.sync(OTHER);
    }
    remove(&homes, KEEPER, &names("k"));
    let report = homes.sync(KEEPER);
    assert!(report.held.is_some() && report.also_held.is_some());
    homes.sync_refusing(KEEPER);
    homes.round(3);
    homes.assert_all_equal();
    assert_eq!(files(&homes, OTHER), 18);
    // What others deleted is this home's own word now, and everybody's to delete.
    assert_eq!(homes.notes(KEEPER, "refused/"), 6);
    remove(&homes, THIRD, &names("k"));
    homes.sync_confirmed(THIRD);
    assert_eq!(held(&homes.sync(KEEPER)), Some((6, 18, 6)));
}

#[test]
fn a_no_where_deletions_arrive_stands_as_it_is_posted_against_a_yes_that_had_not_heard_of_it() {
    let mut homes = filled();
    for at in names("d") {
        remove(&homes, OTHER, &[at]);
        homes.sync(OTHER);
    }
    homes.sync_with_answer(KEEPER, true);
    assert_eq!(homes.notes(KEEPER, "refused/"), 0);
    remove(&homes, THIRD, &names("d"));
    homes.sync_confirmed(THIRD);
    homes.round(3);
    homes.assert_all_equal();
    assert_eq!(files(&homes, KEEPER), 18);
}

#[test]
fn what_was_edited_since_is_another_version_that_nobody_said_no_to() {
    for is_seen in [true, false] {
        let mut homes = refused();
        homes.hand(OTHER).write(&path("d/1"), "edited").expect("fits");
        homes.sync(OTHER);
        if is_seen {
            homes.round(2);
            assert_eq!(homes.notes(KEEPER, "refused/"), 5);
        }
        remove(&homes, OTHER, &names("d"));
        homes.sync_confirmed(OTHER);
        assert_eq!(held(&homes.sync(KEEPER)), Some((5, 17, 5)), "seen: {is_seen}");
        assert_eq!(files(&homes, KEEPER), 17);
        homes.sync_with_answer(KEEPER, true);
        homes.round(3);
        homes.assert_all_equal();
        assert_eq!(homes.notes(KEEPER, "refused/"), 0);
    }
}

#[test]
fn what_was_renamed_since_is_another_version_too() {
    for is_seen in [true, false] {
        let mut homes = refused();
        homes.hand(OTHER).rename(&path("d"), &path("e")).expect("is free");
        homes.sync(OTHER);
        if is_seen {
            homes.round(2);
            assert_eq!(homes.notes(KEEPER, "refused/"), 0);
        }
        remove(&homes, OTHER, &names("e"));
        homes.sync_confirmed(OTHER);
        assert_eq!(homes.sync(KEEPER).held, None, "seen: {is_seen}");
        assert_eq!(homes.notes(KEEPER, "refused/"), 0);
        homes.round(3);
        homes.assert_all_equal();
        assert_eq!(files(&homes, KEEPER), 12);
    }
}

#[test]
fn what_the_one_who_said_no_deletes_later_goes_unasked() {
    let mut homes = refused();
    remove(&homes, KEEPER, &["d/1".into()]);
    assert_eq!(homes.sync(KEEPER).held, None);
    homes.round(2);
    assert_eq!(homes.notes(KEEPER, "refused/"), 5);
    // Both at once: the other home's arrives before the own one is posted.
    remove(&homes, KEEPER, &["d/2".into()]);
    remove(&homes, OTHER, &["d/2".into()]);
    homes.sync(OTHER);
    for _ in 0..3 {
        assert_eq!(homes.sync(KEEPER).held, None);
        homes.round(1);
    }
    homes.assert_all_equal();
    assert_eq!(files(&homes, KEEPER), 16);
    assert_eq!(homes.notes(KEEPER, "refused/"), 4);
    // All that is left, with a yes.
    remove(&homes, KEEPER, &names("d").split_off(2));
    homes.sync_with_answer(KEEPER, false);
    homes.round(3);
    homes.assert_all_equal();
    assert_eq!((files(&homes, OTHER), homes.notes(KEEPER, "refused/")), (12, 0));
}

#[test]
fn what_takes_the_place_of_a_refused_file_is_asked_about_too() {
    for is_no in [true, false] {
        let mut homes = refused();
        remove(&homes, OTHER, &["d/1".into()]);
        homes.hand(OTHER).mkdir(&path("d/1")).expect("is free");
        homes.sync_confirmed(OTHER);
        assert_eq!(held(&homes.sync(KEEPER)).map(|held| (held.0, held.2)), Some((1, 1)));
        assert_eq!(homes.read(KEEPER, "d/1"), "content of d/1");
        homes.sync_with_answer(KEEPER, is_no);
        homes.round(3);
        homes.assert_all_equal();
        assert_eq!(files(&homes, KEEPER), if is_no { 18 } else { 17 });
    }
}

#[test]
fn a_refused_file_that_is_deleted_elsewhere_gives_way_to_no_other_version_unasked() {
    for is_no in [true, false] {
        let mut homes = Homes::on(&vec![DiskOptions::ext4(); 3]);
        homes.hand(KEEPER).write(&path("f"), "refused").expect("fits");
        homes.hand(KEEPER).write(&path("g"), "beside").expect("fits");
        homes.sync(KEEPER);
        homes.sync(OTHER);
        remove(&homes, KEEPER, &["f".into()]);
        homes.sync_refusing(KEEPER);
        homes.sync(OTHER);
        homes.sync(KEEPER);
        homes.pass_days(1);
        // Of the other version nobody has heard when this one is deleted.
        homes.hand(THIRD).write(&path("f"), "of its own").expect("fits");
        homes.sync(THIRD);
        remove(&homes, OTHER, &["f".into()]);
        homes.sync_confirmed(OTHER);
        for _ in 0..2 {
            assert_eq!(held(&homes.sync(KEEPER)).map(|held| (held.0, held.2)), Some((1, 1)));
            assert_eq!(homes.read(KEEPER, "f"), "refused");
        }
        homes.sync_with_answer(KEEPER, is_no);
        homes.round(3);
        homes.assert_all_equal();
        assert_eq!(files(&homes, KEEPER), if is_no { 3 } else { 2 }, "no: {is_no}");
        assert_eq!(homes.notes(KEEPER, "refused/"), 0, "no: {is_no}");
    }
}

#[test]
fn a_no_outlives_every_power_cut_while_the_deletion_arrives() {
    whenever_the_power_goes(|calls| {
        let mut homes = refused();
        remove(&homes, OTHER, &names("d"));
        homes.sync_confirmed(OTHER);
        let (_, report) = homes.sync_until(KEEPER, calls, &mut Rng::new(calls));
        assert_eq!(held(&homes.sync(KEEPER)), Some((6, 18, 6)), "at {calls}");
        assert_eq!(files(&homes, KEEPER), 18, "at {calls}");
        report.is_some()
    });
}

#[test]
fn what_a_yes_lets_go_does_not_come_back_whenever_the_power_goes() {
    whenever_the_power_goes(|calls| {
        let mut homes = refused();
        remove(&homes, OTHER, &names("d"));
        homes.sync_confirmed(OTHER);
        homes.sync(KEEPER);
        let report = homes.sync_with_answer_until(KEEPER, false, calls);
        if homes.sync(KEEPER).held.is_some() {
            homes.sync_confirmed(KEEPER);
        }
        homes.round(2);
        homes.assert_all_equal();
        assert_eq!(
            (files(&homes, KEEPER), homes.notes(KEEPER, "refused/")),
            (12, 0),
            "at {calls}"
        );
        report.is_some()
    });
}

#[test]
fn a_no_stands_whenever_the_power_goes_while_it_is_said_and_another_homes_yes_arrives() {
    whenever_the_power_goes(|calls| {
        let mut homes = filled();
        remove(&homes, KEEPER, &names("d"));
        homes.sync(KEEPER);
        remove(&homes, OTHER, &names("d"));
        homes.sync_confirmed(OTHER);
        let report = homes.sync_with_answer_until(KEEPER, true, calls);
        // Who was not told that it was heard says it again.
        homes.sync_refusing(KEEPER);
        homes.round(3);
        homes.sync_refusing(KEEPER);
        homes.round(3);
        homes.assert_all_equal();
        assert_eq!(files(&homes, KEEPER), 18, "at {calls}");
        report.is_some()
    });
}
