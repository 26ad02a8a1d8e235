//! What is said of an archive, from facts alone.

use super::*;
use crate::view::{Behind, DriveView, HeldView, Lacking, MailboxView, Waiting};

fn home(label: &str, state: LocationState, changesets: u64) -> LocationView {
    LocationView {
        location_id: label.into(),
        label: label.into(),
        person: label.into(),
        this: label == "Pep",
        state,
        behind: Behind { changesets, bytes: 0 },
        cannot_store: 0,
        waits_for_room: false,
        last_seen: None,
        last_check: None,
        root: None,
    }
}

/// A home that has all but what its drive cannot store.
fn unfit(label: &str, cannot_store: u64) -> LocationView {
    LocationView {
        cannot_store,
        ..home(label, LocationState::Behind, 0)
    }
}

fn status(others: &[LocationView]) -> ArchiveStatus {
    let mut locations = vec![home("Pep", LocationState::UpToDate, 0)];
    locations.extend_from_slice(others);
    ArchiveStatus {
        drive: DriveView {
            present: true,
            free_bytes: 1,
            total_bytes: 1,
        },
        mailbox: MailboxView {
            reachable: true,
            ..MailboxView::default()
        },
        safe_to_unplug: true,
        locations,
        ..ArchiveStatus::default()
    }
}

fn check(status: &ArchiveStatus, sentence: &str) {
    check_awaiting(status, &Awaited::default(), sentence);
}

fn check_awaiting(status: &ArchiveStatus, awaited: &Awaited, sentence: &str) {
    assert_eq!(headline(status, awaited).sentence(), sentence);
}

#[test]
fn whoever_asked_is_told_so_and_whose_sync_comes_next() {
    let mut lacking = status(&[home("Anna", LocationState::UpToDate, 0)]);
    lacking.drive.free_bytes = 100;
    lacking.lacking = Lacking { files: 2, bytes: 100 };
    let mut awaited = Awaited {
        is_unfit: false,
        is_asked: true,
        has_come: false,
        waits_for: vec!["Anna".into()],
    };
    let from_anna = "2 files are not on this drive yet; what lacks was asked for. The next sync of 'Anna' sends it; sync here after that.";
    check_awaiting(&lacking, &awaited, from_anna);
    awaited.has_come = true;
    let has_come = "2 files are not on this drive yet. What was asked for has come: sync here to take it in.";
    check_awaiting(&lacking, &awaited, has_come);
    lacking.drive.free_bytes = 99;
    let no_room = "2 files are not on this drive yet. They arrive as the others sync, or once this drive has room.";
    check_awaiting(&lacking, &awaited, no_room);
    let mut unknowing = status(&[]);
    unknowing.locations[0].state = LocationState::Behind;
    awaited = Awaited {
        is_unfit: false,
        is_asked: true,
        has_come: false,
        waits_for: vec!["Anna".into(), "Olot".into()],
    };
    let tells = "What the others have is not all here yet, and was asked for. The next sync of 'Anna' or of another home tells it; sync here after that.";
    check_awaiting(&unknowing, &awaited, tells);
    awaited.waits_for.clear();
    let nobody = "What the others have is not all here yet, and was asked for. The next sync of another home that has it tells it; sync here after that.";
    check_awaiting(&unknowing, &awaited, nobody);
}

#[test]
fn all_safe_says_how_many_homes() {
    let anna = home("Anna", LocationState::UpToDate, 0);
    check(&status(&[anna]), "Everything is safe in 2 homes. You can unplug.");
}

/// It folded the same, so nothing is on its way there; it is no home in which all is safe.
#[test]
fn who_says_that_it_holds_something_else_is_not_counted_as_safe() {
    let anna = home("Anna", LocationState::UpToDate, 0);
    let other = LocationView {
        root: Some("another".into()),
        ..home("Olot", LocationState::UpToDate, 0)
    };
    check(
        &status(&[anna, other]),
        "Everything is safe in 2 homes. Olot is still to come. You can unplug.",
    );
}

#[test]
fn who_is_behind_is_named() {
    let late = [
        home("Anna", LocationState::UpToDate, 0),
        home("Grandma's home", LocationState::Behind, 3),
    ];
    check(
        &status(&late),
        "Everything is safe in 2 homes. Grandma's home is 3 changes behind. You can unplug.",
    );
}

#[test]
fn of_several_that_are_behind_the_largest_number_is_said_to_be_that() {
    let late = [
        home("Anna", LocationState::Behind, 1),
        home("Grandma", LocationState::Behind, 3),
    ];
    check(
        &status(&late),
        "Only this home is known to have everything. Anna and Grandma are up to 3 changes behind. You can unplug.",
    );
    let one = [
        home("Anna", LocationState::Behind, 1),
        home("Grandma", LocationState::Invited, 0),
        home("Olot", LocationState::UpToDate, 0),
    ];
    check(
        &status(&one),
        "Everything is safe in 2 homes. 1 change has still to reach Anna and Grandma. You can unplug.",
    );
}

#[test]
fn who_is_parked_is_neither_safe_nor_behind() {
    let parked = home("Olot", LocationState::Parked, 9);
    let anna = home("Anna", LocationState::UpToDate, 0);
    check(
        &status(&[anna, parked.clone()]),
        "Everything is safe in 2 homes. You can unplug.",
    );
    let late = home("Anna", LocationState::Behind, 2);
    check(
        &status(&[late, parked.clone()]),
        "Only this home is known to have everything. Anna is 2 changes behind. You can unplug.",
    );
    check(
        &status(&[parked]),
        "All is here, and all other homes are parked: only this one counts. You can unplug.",
    );
}

#[test]
fn the_worst_is_said_first() {
    let mut all = status(&[home("Anna", LocationState::Behind, 3)]);
    all.local_changes.entries = 2;
    check(&all, "2 changes are not sent yet. Sync to send them.");
    all.incoming.changesets = 1;
    check(&all, "1 change is waiting for you. Sync to get it.");
    all.mailbox.reachable = false;
    check(
        &all,
        "The mailbox cannot be reached. 2 changes are not sent yet: sync again later to send them.",
    );
    all.local_changes.entries = 0;
    check(
        &all,
        "The mailbox cannot be reached, so nobody knows here whether the others sent something. Sync again later.",
    );
    let mut held = HeldView {
        replaced: 0,
        kept: 0,
        reason: String::new(),
        direction: HeldDirection::Local,
        deletions: 9,
        of: 12,
        sample: Vec::new(),
        by: None,
        by_label: None,
        other_homes: 1,
    };
    all.held = Some(held.clone());
    check(
        &all,
        "9 of 12 files are about to be deleted. Nothing happens until you say yes.",
    );
    held.deletions = 1;
    held.of = 18;
    all.held = Some(held.clone());
    check(
        &all,
        "1 of 18 files is about to be deleted. Nothing happens until you say yes.",
    );
    (held.deletions, held.of) = (9, 9);
    all.held = Some(held.clone());
    check(
        &all,
        "All 9 files that were in this folder are gone. Nothing happens anywhere else until you say yes.",
    );
    held.direction = HeldDirection::Remote;
    held.by_label = Some("Anna".into());
    all.held = Some(held);
    check(
        &all,
        "'Anna' deleted all 9 files. Nothing happens here until you say yes.",
    );
    all.drive.present = false;
    check(&all, "The drive is not here. Plug it in to sync.");
}

#[test]
fn nothing_is_called_safe_while_a_file_is_not_on_the_drive() {
    let mut lacking = status(&[home("Anna", LocationState::UpToDate, 0)]);
    lacking.lacking = Lacking { files: 1, bytes: 5 };
    check(
        &lacking,
        "1 file is not on this drive yet. It arrives as the others sync, or once this drive has room.",
    );
    let unfit = Awaited {
        is_unfit: true,
        ..Awaited::default()
    };
    check_awaiting(
        &lacking,
        &unfit,
        "This drive cannot store 1 file or link of this archive. The other homes keep it.",
    );
    lacking.lacking.files = 2;
    check_awaiting(
        &lacking,
        &unfit,
        "This drive cannot store 2 files or links of this archive. The other homes keep them.",
    );
    lacking.local_changes.entries = 2;
    check_awaiting(&lacking, &unfit, "2 changes are not sent yet. Sync to send them.");
    lacking.waiting = Some(Waiting {
        entries: 2,
        bytes: 5,
        visits: None,
        waits_on: None,
        of_each: false,
    });
    check_awaiting(
        &lacking,
        &unfit,
        "2 changes (5 bytes) wait for room in the mailbox; they go as soon as there is room for them. You can unplug.",
    );
}

#[test]
fn who_waits_to_hear_from_the_others_is_neither_alone_nor_safe() {
    let sentence = "What the others have is not all here yet. Sync here, let another home sync, then sync here again.";
    let mut alone = status(&[]);
    alone.locations[0].state = LocationState::Behind;
    check(&alone, sentence);
    let mut invited = status(&[home("Anna", LocationState::Invited, 0)]);
    invited.locations[0].state = LocationState::Behind;
    check(&invited, sentence);
}

#[test]
fn who_has_more_to_send_than_the_mailbox_holds_is_named() {
    let mut more = status(&[
        home("Anna", LocationState::UpToDate, 0),
        home("Grandma", LocationState::UpToDate, 0),
        home("Olot", LocationState::UpToDate, 0),
    ]);
    let waits = |more: &mut ArchiveStatus, at: usize| more.locations[at].waits_for_room = true;
    waits(&mut more, 1);
    check(
        &more,
        "'Anna' has changes to send that wait for room in the mailbox; more of it comes as room is made: sync there and here in turn. You can unplug.",
    );
    waits(&mut more, 2);
    check(
        &more,
        "'Anna' and 'Grandma' have changes to send that wait for room in the mailbox; more of it comes as room is made: sync at each of them and here in turn. You can unplug.",
    );
    for at in [1, 2] {
        more.locations[at].state = LocationState::Behind;
    }
    check(
        &more,
        "'Anna' and 'Grandma' have changes to send that wait for room in the mailbox: the next sync at each of them makes some. You can unplug.",
    );
    for at in [1, 2] {
        more.locations[at].state = LocationState::UpToDate;
    }
    more.locations[3] = home("Olot", LocationState::Behind, 2);
    check(
        &more,
        "'Anna' and 'Grandma' have changes to send that wait for room in the mailbox until 'Olot' syncs. You can unplug.",
    );
    // Nothing waits for who is parked, and nobody knows what is there.
    for at in [1, 2] {
        more.locations[at].state = LocationState::Parked;
    }
    check(
        &more,
        "Only this home is known to have everything. Olot is 2 changes behind. You can unplug.",
    );
}

#[test]
fn what_waits_for_room_says_how_many_visits_it_takes() {
    let mut waits = status(&[home("Grandma", LocationState::Behind, 3)]);
    waits.local_changes.entries = 2;
    waits.local_changes.bytes = 41_000_000_000;
    let mut check_visits = |entries, visits, waits_on: Option<&str>, sentence: &str| {
        waits.local_changes.entries = entries;
        waits.waiting = Some(Waiting {
            entries,
            bytes: 41_000_000_000,
            visits,
            waits_on: waits_on.map(Into::into),
            of_each: entries == 3,
        });
        check(&waits, sentence);
    };
    let seven = "120 changes (41.0 GB) wait for room in the mailbox; about 7 more visits of 'Grandma'. You can unplug.";
    check_visits(120, Some(7), Some("Grandma"), seven);
    let one = "1 change (41.0 GB) waits for room in the mailbox; about one more visit of 'Grandma'. You can unplug.";
    check_visits(1, Some(1), Some("Grandma"), one);
    let unknown =
        "2 changes (41.0 GB) wait for room in the mailbox; the next sync of 'Grandma' makes some. You can unplug.";
    check_visits(2, None, Some("Grandma"), unknown);
    let nobody =
        "2 changes (41.0 GB) wait for room in the mailbox; they go as soon as there is room for them. You can unplug.";
    check_visits(2, None, None, nobody);
    let each = "2 changes (41.0 GB) wait for room in the mailbox; about 7 more visits of each of the other homes. You can unplug.";
    check_visits(2, Some(7), None, each);
    let first = "3 changes (41.0 GB) wait for room in the mailbox; about 7 more visits of each of the other homes, of 'Grandma' first. You can unplug.";
    check_visits(3, Some(7), Some("Grandma"), first);
}

#[test]
fn what_was_changed_since_is_told_from_what_waits_for_room() {
    let mut waits = status(&[home("Grandma", LocationState::Behind, 3)]);
    waits.waiting = Some(Waiting {
        entries: 1_180,
        bytes: 41_000_000_000,
        visits: Some(7),
        waits_on: Some("Grandma".into()),
        of_each: false,
    });
    waits.local_changes.entries = 1_204;
    let more = "1180 changes (41.0 GB) wait for room in the mailbox, and 24 newer ones for the next sync; about 7 more visits of 'Grandma'. You can unplug.";
    check(&waits, more);
    waits.local_changes.entries = 1_181;
    let one = "1180 changes (41.0 GB) wait for room in the mailbox, and 1 newer one for the next sync; about 7 more visits of 'Grandma'. You can unplug.";
    check(&waits, one);
}

#[test]
fn an_archive_in_one_home_asks_for_a_copy() {
    check(
        &status(&[]),
        "Your files are only in this home. Make a copy for somebody.",
    );
}

#[test]
fn what_one_drive_cannot_store_is_here_alone_where_no_other_home_may_have_it() {
    let check = |others: &[LocationView], expected: bool| {
        let headline = headline(&status(others), &Awaited::default());
        let Headline::CannotStore { only_here, .. } = headline else {
            panic!("{headline:?}");
        };
        assert_eq!(only_here, expected, "{others:?}");
    };
    check(&[unfit("Anna", 2)], true);
    check(&[unfit("Anna", 2), home("Vic", LocationState::Removed, 0)], true);
    check(&[unfit("Anna", 1), unfit("Olot", 1)], false);
    check(&[unfit("Anna", 1), home("Vic", LocationState::Parked, 9)], false);
    check(&[unfit("Anna", 1), home("Lyon", LocationState::UpToDate, 0)], false);
}

#[test]
fn what_a_drive_cannot_store_is_said_and_waited_for_by_nobody() {
    check(
        &status(&[unfit("Anna", 1)]),
        "1 file or link is in this home only: the drive of Anna cannot store it. Make a copy on another kind of drive. You can unplug.",
    );
    check(
        &status(&[unfit("Anna", 2)]),
        "2 files or links are in this home only: the drive of Anna cannot store them. Make a copy on another kind of drive. You can unplug.",
    );
    check(
        &status(&[unfit("Anna", 1), home("Vic", LocationState::Parked, 9)]),
        "Not every home has all files. The drive of Anna cannot store 1 file or link. Make a copy on another kind of drive. You can unplug.",
    );
    check(
        &status(&[unfit("Anna", 1), unfit("Olot", 1)]),
        "Not every home has all files. The drives of Anna and Olot cannot store everything: each lacks 1 file or link at most. Make a copy on another kind of drive. You can unplug.",
    );
    check(
        &status(&[unfit("Anna", 1), home("Lyon", LocationState::UpToDate, 0)]),
        "Everything is safe in 2 homes. The drive of Anna cannot store 1 file or link. You can unplug.",
    );
    let mut two = status(&[
        unfit("Anna", 1),
        unfit("Olot", 3),
        home("Lyon", LocationState::UpToDate, 0),
    ]);
    let both = "Everything is safe in 2 homes. The drives of Anna and Olot cannot store everything: each lacks 3 files or links at most. You can unplug.";
    check(&two, both);
    two.locations.push(unfit("Vic", 1));
    let more = "Everything is safe in 2 homes. The drives of Anna and 2 more cannot store everything: each lacks 3 files or links at most. You can unplug.";
    check(&two, more);
    // Who can still catch up comes first, and neither is counted as safe.
    let late = status(&[unfit("Anna", 1), home("Olot", LocationState::Behind, 2)]);
    check(
        &late,
        "Only this home is known to have everything. Olot is 2 changes behind. You can unplug.",
    );
}
