//! The one true sentence about an archive: worst first, derived from facts alone.

use offsync_engine::size;

use crate::amounts::so_many_of;
use crate::naming::told_apart;
use crate::view::{ArchiveStatus, Headline, HeldDirection, LocationState, LocationView, Turn};

/// How far what lacks here is on its way, as far as the mailbox shows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Awaited {
    /// Whether it was asked for.
    pub(crate) is_asked: bool,
    /// Whether some of it lies in the mailbox, sent for this location.
    pub(crate) has_come: bool,
    /// Whether this drive can hold none of it, whoever syncs.
    pub(crate) is_unfit: bool,
    /// What to call the homes whose next sync brings it.
    pub(crate) waits_for: Vec<String>,
}

impl Awaited {
    fn turn(&self, status: &ArchiveStatus) -> Turn {
        match self {
            Self { is_unfit: true, .. } => Turn::Nobody,
            // Neither asking nor fetching makes room.
            _ if status.lacking.bytes > status.drive.free_bytes => Turn::Unknown,
            Self { has_come: true, .. } => Turn::Here,
            Self { is_asked: true, .. } => Turn::Others,
            _ => Turn::Unknown,
        }
    }
}

/// Chooses what to say about an archive; the first that applies.
pub(crate) fn headline(status: &ArchiveStatus, awaited: &Awaited) -> Headline {
    if !status.drive.present {
        return Headline::DriveAway;
    }
    if let Some(held) = &status.held {
        return Headline::Held {
            deletions: held.deletions,
            of: held.of,
            direction: held.direction,
            by: held.by_label.clone(),
        };
    }
    if !status.mailbox.reachable {
        return Headline::MailboxAway {
            unsent: status.local_changes.entries,
        };
    }
    if status.incoming.changesets > 0 {
        return Headline::Incoming {
            changesets: status.incoming.changesets,
            bytes: status.incoming.bytes,
        };
    }
    // Somebody has more than is here, or nobody has said yet what there is: how many homes are safe is not known.
    let is_incomplete = |location: &LocationView| {
        location.state == LocationState::Ahead || (location.this && location.state == LocationState::Behind)
    };
    let is_whole = status.lacking.files == 0 && !status.locations.iter().any(is_incomplete);
    let turn = awaited.turn(status);
    let incomplete = || Headline::Incomplete {
        files: status.lacking.files,
        bytes: status.lacking.bytes,
        turn,
        waits_for: awaited.waits_for.clone(),
    };
    // What this drive can never hold is no reason to wait: what is to be sent from here comes first.
    if !is_whole && turn != Turn::Nobody {
        return incomplete();
    }
    let takes_part = |location: &&LocationView| location.state != LocationState::Removed;
    if is_whole && status.locations.iter().filter(takes_part).count() < 2 {
        return Headline::Alone;
    }
    // Nothing waits for who is parked, and nobody knows what is there: neither safe nor behind.
    let counts = |location: &&LocationView| takes_part(location) && location.state != LocationState::Parked;
    let homes = status.locations.iter().filter(counts).count() as u64;
    if let Some(waiting) = &status.waiting {
        return Headline::WaitsForRoom {
            entries: waiting.entries,
            newer: status.local_changes.entries.saturating_sub(waiting.entries),
            bytes: waiting.bytes,
            visits: waiting.visits,
            waits_on: waiting.waits_on.clone(),
        };
    }
    if status.local_changes.entries > 0 {
        return Headline::Unsent {
            entries: status.local_changes.entries,
            bytes: status.local_changes.bytes,
        };
    }
    if !is_whole {
        return incomplete();
    }
    let is_late = |location: &&LocationView| counts(location) && location.state != LocationState::UpToDate;
    let behind: Vec<_> = status.locations.iter().filter(is_late).collect();
    if behind.is_empty() {
        return Headline::AllSafe { homes };
    }
    let all = status.locations.iter().filter(takes_part);
    let labels = told_apart(all.map(|location| (location.location_id.as_str(), location.label.as_str())));
    Headline::OthersBehind {
        safe_homes: homes - behind.len() as u64,
        changesets: behind
            .iter()
            .map(|location| location.behind.changesets)
            .max()
            .unwrap_or(0),
        behind: behind
            .iter()
            .filter_map(|location| labels.get(location.location_id.as_str()).cloned())
            .collect(),
    }
}

/// Puts a headline into English, for the terminal, the tray and notifications.
pub(crate) fn in_words(headline: &Headline) -> String {
    let many = |n: u64, one: &str, more: &str| {
        if n == 1 {
            format!("1 {one}")
        } else {
            format!("{n} {more}")
        }
    };
    match headline {
        Headline::DriveAway => "The drive is not here. Plug it in to sync.".into(),
        Headline::NeedsYou { message, hint, .. } if hint.is_empty() => message.clone(),
        Headline::NeedsYou { message, hint, .. } => format!("{message} {hint}"),
        Headline::Removed { message, .. } | Headline::Lost { message, .. } => message.clone(),
        Headline::Held {
            deletions,
            of,
            direction,
            by,
        } => held(*deletions, *of, *direction, by.as_deref()),
        Headline::MailboxAway { unsent: 0 } => {
            "The mailbox cannot be reached, so nobody knows here whether the others sent something. Sync again later."
                .into()
        }
        Headline::MailboxAway { unsent } => format!(
            "The mailbox cannot be reached. {} not sent yet: sync again later to send {}.",
            many(*unsent, "change is", "changes are"),
            if *unsent == 1 { "it" } else { "them" }
        ),
        Headline::Alone => "Your files are only in this home. Make a copy for somebody.".into(),
        Headline::Incoming { changesets, .. } => {
            let (is, them) = if *changesets == 1 {
                ("is", "it")
            } else {
                ("are", "them")
            };
            format!(
                "{} {is} waiting for you. Sync to get {them}.",
                many(*changesets, "change", "changes")
            )
        }
        Headline::Incomplete {
            files, turn, waits_for, ..
        } => incomplete(*files, *turn, waits_for),
        Headline::WaitsForRoom {
            entries,
            newer,
            bytes,
            visits,
            waits_on,
        } => {
            let wait = if *entries == 1 { "waits" } else { "wait" };
            // Else who counts what was changed here finds more than is said.
            let besides = match newer {
                0 => String::new(),
                n => format!(", and {} for the next sync", many(*n, "newer one", "newer ones")),
            };
            format!(
                "{} ({}) {wait} for room in the mailbox{besides}{}. You can unplug.",
                many(*entries, "change", "changes"),
                size(*bytes),
                visits_to_come(*visits, waits_on.as_deref())
            )
        }
        Headline::Unsent { entries, .. } => format!(
            "{} not sent yet. Sync to send {}.",
            many(*entries, "change is", "changes are"),
            if *entries == 1 { "it" } else { "them" }
        ),
        Headline::OthersBehind {
            safe_homes,
            behind,
            changesets,
        } => {
            let who = match behind.as_slice() {
                [one] => format!("{one} is"),
                [one, two] => format!("{one} and {two} are"),
                [one, rest @ ..] => format!("{one} and {} more are", rest.len()),
                [] => "Nobody is".into(),
            };
            let homes = many(*safe_homes, "home", "homes");
            match changesets {
                0 => format!("Everything is safe in {homes}. {who} still to come. You can unplug."),
                // Each has a number of its own, which stands beside its name; this is the largest.
                n => format!(
                    "Everything is safe in {homes}. {who} {}{} behind. You can unplug.",
                    if behind.len() > 1 { "up to " } else { "" },
                    many(*n, "change", "changes")
                ),
            }
        }
        Headline::AllSafe { homes: 1 } => {
            "All is here, and all other homes are parked: only this one counts. You can unplug.".into()
        }
        Headline::AllSafe { homes } => format!(
            "Everything is safe in {}. You can unplug.",
            many(*homes, "home", "homes")
        ),
    }
}

/// Says which deletions wait for a yes, and who made them.
fn held(deletions: u64, of: u64, direction: HeldDirection, by: Option<&str>) -> String {
    match (direction, by) {
        (HeldDirection::Remote, by) => {
            let who = by.map_or_else(|| "Other homes".to_owned(), |label| format!("'{label}'"));
            format!(
                "{who} deleted {}. Nothing happens here until you say yes.",
                so_many_of(deletions, of)
            )
        }
        (HeldDirection::Local, _) if deletions == of => match of {
            1 => "The only file is gone from this folder. Nothing happens anywhere else until you say yes.".to_owned(),
            of => format!("All {of} files are gone from this folder. Nothing happens anywhere else until you say yes."),
        },
        (HeldDirection::Local, _) => {
            format!("{deletions} of {of} files are about to be deleted. Nothing happens until you say yes.")
        }
    }
}

/// Says how long it takes until all has had room, as far as anybody can tell; to be put behind that it waits.
pub(crate) fn visits_to_come(visits: Option<u64>, waits_on: Option<&str>) -> String {
    match (visits, waits_on) {
        (Some(1), Some(home)) => format!("; about one more visit of '{home}'"),
        (Some(n), Some(home)) => format!("; about {n} more visits of '{home}'"),
        (None, Some(home)) => format!("; the next sync of '{home}' makes some"),
        // Room comes when all have fetched, so each of them must come so often.
        (Some(1), None) => "; about one more visit of each of the other homes".into(),
        (Some(n), None) => format!("; about {n} more visits of each of the other homes"),
        (None, None) => "; it goes bit by bit, with each sync".into(),
    }
}

/// Says what is not here, and whose sync comes next.
fn incomplete(files: u64, turn: Turn, waits_for: &[String]) -> String {
    if turn == Turn::Nobody {
        return match files {
            1 => "This drive cannot store 1 file or link of this archive. The other homes keep it.".to_owned(),
            n => format!("This drive cannot store {n} files or links of this archive. The other homes keep them."),
        };
    }
    let what = match files {
        0 => "What the others have is not all here yet".to_owned(),
        1 => "1 file is not on this drive yet".to_owned(),
        n => format!("{n} files are not on this drive yet"),
    };
    let who = match waits_for {
        [] => "another home that has it".to_owned(),
        [one] => format!("'{one}'"),
        [one, ..] => format!("'{one}' or of another home"),
    };
    match (turn, files) {
        (Turn::Here, _) => format!("{what}. What was asked for has come: sync here to take it in."),
        (Turn::Others, 0) => {
            format!("{what}, and was asked for. The next sync of {who} tells it; sync here after that.")
        }
        (Turn::Others, _) => {
            format!("{what}; what lacks was asked for. The next sync of {who} sends it; sync here after that.")
        }
        (Turn::Unknown | Turn::Nobody, 0) => format!("{what}. Sync here, let another home sync, then sync here again."),
        (Turn::Unknown | Turn::Nobody, n) => {
            let they = if n == 1 { "It arrives" } else { "They arrive" };
            format!("{what}. {they} as the others sync, or once this drive has room.")
        }
    }
}

impl Headline {
    /// Gives the sentence in English.
    pub fn sentence(&self) -> String {
        in_words(self)
    }
}

#[cfg(test)]
mod tests {
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
            last_seen: None,
            last_check: None,
            root: None,
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
            "Everything is safe in 1 home. Anna and Grandma are up to 3 changes behind. You can unplug.",
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
            "Everything is safe in 1 home. Anna is 2 changes behind. You can unplug.",
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
        held.of = 9;
        all.held = Some(held.clone());
        check(
            &all,
            "All 9 files are gone from this folder. Nothing happens anywhere else until you say yes.",
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
        });
        check_awaiting(
            &lacking,
            &unfit,
            "2 changes (5 bytes) wait for room in the mailbox; it goes bit by bit, with each sync. You can unplug.",
        );
    }

    #[test]
    fn who_waits_to_hear_from_the_others_is_neither_alone_nor_safe() {
        let sentence =
            "What the others have is not all here yet. Sync here, let another home sync, then sync here again.";
        let mut alone = status(&[]);
        alone.locations[0].state = LocationState::Behind;
        check(&alone, sentence);
        let mut invited = status(&[home("Anna", LocationState::Invited, 0)]);
        invited.locations[0].state = LocationState::Behind;
        check(&invited, sentence);
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
            });
            check(&waits, sentence);
        };
        let seven =
            "120 changes (41.0 GB) wait for room in the mailbox; about 7 more visits of 'Grandma'. You can unplug.";
        check_visits(120, Some(7), Some("Grandma"), seven);
        let one =
            "1 change (41.0 GB) waits for room in the mailbox; about one more visit of 'Grandma'. You can unplug.";
        check_visits(1, Some(1), Some("Grandma"), one);
        let unknown =
            "2 changes (41.0 GB) wait for room in the mailbox; the next sync of 'Grandma' makes some. You can unplug.";
        check_visits(2, None, Some("Grandma"), unknown);
        let nobody =
            "2 changes (41.0 GB) wait for room in the mailbox; it goes bit by bit, with each sync. You can unplug.";
        check_visits(2, None, None, nobody);
        let each = "2 changes (41.0 GB) wait for room in the mailbox; about 7 more visits of each of the other homes. You can unplug.";
        check_visits(2, Some(7), None, each);
    }

    #[test]
    fn what_was_changed_since_is_told_from_what_waits_for_room() {
        let mut waits = status(&[home("Grandma", LocationState::Behind, 3)]);
        waits.waiting = Some(Waiting {
            entries: 1_180,
            bytes: 41_000_000_000,
            visits: Some(7),
            waits_on: Some("Grandma".into()),
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
}
