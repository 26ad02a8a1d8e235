//! The one true sentence about an archive: worst first, derived from facts alone.

use offsync_engine::size;

use crate::amounts::so_many_of;
use crate::holding::holds_all;
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
            of_each: waiting.of_each,
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
    let is_unfit = |location: &&LocationView| location.is_unfit();
    let is_late = |location: &&LocationView| counts(location) && !holds_all(status, location) && !is_unfit(location);
    let behind: Vec<_> = status.locations.iter().filter(is_late).collect();
    let unfit: Vec<_> = status.locations.iter().filter(is_unfit).collect();
    let safe_homes = homes - (behind.len() + unfit.len()) as u64;
    let all = status.locations.iter().filter(takes_part);
    let labels = told_apart(all.map(|location| (location.location_id.as_str(), location.label.as_str())));
    let named = |some: &[&LocationView]| {
        let label = |location: &&LocationView| labels.get(location.location_id.as_str()).cloned();
        some.iter().filter_map(label).collect()
    };
    // What they have is in no other home: this is not all that there is.
    let has_more = |location: &&LocationView| counts(location) && location.waits_for_room;
    let from: Vec<_> = status.locations.iter().filter(has_more).collect();
    if !from.is_empty() {
        return Headline::MoreToCome {
            from: named(&from),
            behind: named(&behind),
        };
    }
    if behind.is_empty() && unfit.is_empty() {
        return Headline::AllSafe { homes };
    }
    if behind.is_empty() {
        let is_parked = |location: &LocationView| location.state == LocationState::Parked;
        return Headline::CannotStore {
            safe_homes,
            // Of several homes each may lack something else, and have what the other lacks.
            only_here: homes == 2 && unfit.len() == 1 && !status.locations.iter().any(is_parked),
            files: unfit.iter().map(|location| location.cannot_store).max().unwrap_or(0),
            homes: named(&unfit),
        };
    }
    Headline::OthersBehind {
        safe_homes,
        changesets: behind
            .iter()
            .map(|location| location.behind.changesets)
            .max()
            .unwrap_or(0),
        behind: named(&behind),
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
            of_each,
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
                visits_to_come(*entries, *visits, waits_on.as_deref(), *of_each)
            )
        }
        Headline::Unsent { entries, .. } => format!(
            "{} not sent yet. Sync to send {}.",
            many(*entries, "change is", "changes are"),
            if *entries == 1 { "it" } else { "them" }
        ),
        Headline::MoreToCome { from, behind } => more_to_come(from, behind),
        Headline::OthersBehind {
            safe_homes,
            behind,
            changesets,
        } => {
            // One home alone is not "safe".
            let safe = match safe_homes {
                1 => "Only this home is known to have everything.".to_owned(),
                n => format!("Everything is safe in {n} homes."),
            };
            format!("{safe} {} You can unplug.", late(behind, *changesets))
        }
        Headline::CannotStore {
            safe_homes,
            homes,
            files,
            only_here,
        } => cannot_store(*safe_homes, homes, *files, *only_here),
        Headline::AllSafe { homes: 1 } => {
            "All is here, and all other homes are parked: only this one counts. You can unplug.".into()
        }
        Headline::AllSafe { homes } => format!("Everything is safe in {homes} homes. You can unplug."),
    }
}

/// Says who is behind, and by how much.
fn late(behind: &[String], changesets: u64) -> String {
    let (who, is) = match behind {
        [one] => (one.clone(), "is"),
        [one, two] => (format!("{one} and {two}"), "are"),
        [one, rest @ ..] => (format!("{one} and {} more", rest.len()), "are"),
        [] => ("Nobody".into(), "is"),
    };
    // Each of several has a number of its own, which stands beside its name; this is the largest.
    match (behind.len(), changesets) {
        (_, 0) => format!("{who} {is} still to come."),
        (0 | 1, 1) => format!("{who} {is} 1 change behind."),
        (0 | 1, n) => format!("{who} {is} {n} changes behind."),
        (_, 1) => format!("1 change has still to reach {who}."),
        (_, n) => format!("{who} {is} up to {n} changes behind."),
    }
}

/// Says who has more to send than the mailbox holds, and whose sync lets it come.
fn more_to_come(from: &[String], behind: &[String]) -> String {
    let quoted = |some: &[String]| match some {
        [one] => format!("'{one}'"),
        [one, two] => format!("'{one}' and '{two}'"),
        [one, rest @ ..] => format!("'{one}' and {} more", rest.len()),
        [] => "Nobody".into(),
    };
    let (has, there) = match from.len() {
        1 => ("has", "there"),
        _ => ("have", "at each of them"),
    };
    let until = match behind.len() {
        // Who lacks something and has more to send does both with one sync.
        _ if behind == from => format!(": the next sync {there} makes some"),
        // Whether there is room is not theirs alone to say.
        0 => format!("; more of it comes as room is made: sync {there} and here in turn"),
        1 => format!(" until {} syncs", quoted(behind)),
        _ => format!(" until {} sync", quoted(behind)),
    };
    let who = quoted(from);
    format!("{who} {has} changes to send that wait for room in the mailbox{until}. You can unplug.")
}

/// Says what drives cannot store; and where no other home is known to have all, what makes it safe.
fn cannot_store(safe_homes: u64, homes: &[String], files: u64, only_here: bool) -> String {
    let (what, is, it) = match files {
        1 => ("1 file or link".to_owned(), "is", "it"),
        n => (format!("{n} files or links"), "are", "them"),
    };
    // Each of several has a number of its own, which stands beside its name; this is the largest.
    let of_several = |who: String| format!("The drives of {who} cannot store everything: each lacks {what} at most.");
    let said = match homes {
        [] => String::new(),
        [one] => format!("The drive of {one} cannot store {what}."),
        [one, two] => of_several(format!("{one} and {two}")),
        [one, rest @ ..] => of_several(format!("{one} and {} more", rest.len())),
    };
    let advice = "Make a copy on another kind of drive. You can unplug.";
    match (safe_homes, homes) {
        (2.., _) => format!("Everything is safe in {safe_homes} homes. {said} You can unplug."),
        (_, [one]) if only_here => {
            format!("{what} {is} in this home only: the drive of {one} cannot store {it}. {advice}")
        }
        _ => format!("Not every home has all files. {said} {advice}"),
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
            1 => "The only file that was in this folder is gone. Nothing happens anywhere else until you say yes."
                .to_owned(),
            of => format!(
                "All {of} files that were in this folder are gone. Nothing happens anywhere else until you say yes."
            ),
        },
        (HeldDirection::Local, _) => {
            let are = if deletions == 1 { "is" } else { "are" };
            format!("{deletions} of {of} files {are} about to be deleted. Nothing happens until you say yes.")
        }
    }
}

/// Says how long it takes until all has had room, as far as anybody can tell; to be put behind that it waits.
pub(crate) fn visits_to_come(entries: u64, visits: Option<u64>, waits_on: Option<&str>, of_each: bool) -> String {
    // Room comes when all have fetched, so each of several must come so often.
    let whose = match waits_on {
        Some(home) if of_each => format!("each of the other homes, of '{home}' first"),
        Some(home) => format!("'{home}'"),
        None => "each of the other homes".into(),
    };
    match (visits, waits_on) {
        (Some(1), _) => format!("; about one more visit of {whose}"),
        (Some(n), _) => format!("; about {n} more visits of {whose}"),
        (None, Some(home)) => format!("; the next sync of '{home}' makes some"),
        (None, None) if entries == 1 => "; it goes as soon as there is room for it".into(),
        (None, None) => "; they go as soon as there is room for them".into(),
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
mod tests;
