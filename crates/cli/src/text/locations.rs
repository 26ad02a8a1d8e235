//! Locations as people read them, and what was said of one.

use offsync_app::view::{ArchiveStatus, LocationState, LocationView};
use offsync_app::{NoReceipt, Receipt, ago, short_id};

use super::safe;
use crate::units::{count, size};

/// Tells how each location of an archive stands, in one line each.
pub(crate) fn locations(status: &ArchiveStatus) -> Vec<String> {
    let one = |location: &LocationView| match (location.state, status.local_changes.entries) {
        (_, unsent @ 1..) if location.this => with_unsent(location, unsent),
        // Who has never synced may not have heard of those who have been there for long.
        (LocationState::Invited, _) if status.last_sync.is_none() => {
            in_state(location, "not heard of yet: sync here first")
        }
        _ => in_state(location, &state(location)),
    };
    status.locations.iter().map(one).collect()
}

/// Tells of the one here that changes have not been sent.
fn with_unsent(location: &LocationView, unsent: u64) -> String {
    let unsent = format!("{} not sent yet", count(unsent, "change", "changes"));
    let state = match location.state {
        LocationState::UpToDate => unsent,
        _ => format!("{}, {unsent}", state(location)),
    };
    in_state(location, &state)
}

fn state(location: &LocationView) -> String {
    match location.state {
        LocationState::UpToDate => "up to date".to_owned(),
        LocationState::Behind if location.is_unfit() => format!(
            "its drive cannot store {}",
            count(location.cannot_store, "file or link", "files or links")
        ),
        LocationState::Behind if location.behind.changesets == 0 && location.this => "not all is here yet".to_owned(),
        LocationState::Behind if location.behind.changesets == 0 => "not all is there yet".to_owned(),
        LocationState::Behind => {
            format!(
                "{} behind ({})",
                count(location.behind.changesets, "change", "changes"),
                size(location.behind.bytes)
            )
        }
        LocationState::Ahead => "has something new".to_owned(),
        LocationState::Parked => "parked: nothing waits for it until it syncs".to_owned(),
        LocationState::Invited => "invited, not seen yet".to_owned(),
        LocationState::Removed => "removed".to_owned(),
    }
}

fn in_state(location: &LocationView, state: &str) -> String {
    let seen = match (&location.last_seen, location.this) {
        (_, true) => ", this one".to_owned(),
        (Some(time), false) => format!(", last seen {}", ago(time)),
        (None, false) => String::new(),
    };
    format!(
        "{} {}: {state}{seen}",
        safe(&location.label),
        short_id(&location.location_id)
    )
}

/// Tells which homes have one name, and what gives one of them another: everywhere the same one.
pub(crate) fn namesakes(locations: &[LocationView]) -> Vec<String> {
    let told = |called: Vec<&LocationView>| {
        let last = called.iter().max_by_key(|one| &one.location_id)?;
        Some(format!(
            "{} homes are called '{}': `offsync location rename FOLDER {:.8} --label LABEL` gives one of them another name.",
            called.len(),
            safe(&last.label),
            last.location_id
        ))
    };
    offsync_app::namesakes(locations).into_iter().filter_map(told).collect()
}

/// Tells what can be relied on, where others have it, too.
pub(crate) fn receipt(receipt: &Receipt) -> Option<String> {
    let Receipt { drives, verified, .. } = receipt;
    if *drives < 2 {
        return None;
    }
    let homes = receipt
        .homes
        .map(|homes| format!(" in {}", count(homes, "home", "homes")));
    let there = format!(
        "{} on {drives} drives{}",
        count(receipt.files, "file", "files"),
        homes.unwrap_or_default()
    );
    let oldest = match receipt.oldest_check_days {
        None => {
            return Some(format!(
                "{there}; not verified by reading yet: `offsync verify FOLDER` does that, on each of them."
            ));
        }
        Some(0) => "today".to_owned(),
        Some(days) => format!("{} ago", count(days, "day", "days")),
    };
    let verified = match verified == drives {
        true => "each".to_owned(),
        false => format!("{verified} of them"),
    };
    Some(format!(
        "{there}, verified by reading on {verified}; oldest check {oldest}."
    ))
}

/// Tells why nothing can be relied on yet.
pub(crate) fn no_receipt(reason: &NoReceipt) -> String {
    let many_are =
        |n: u64, one: &str, more: &str| format!("{} {}", count(n, one, more), if n == 1 { "is" } else { "are" });
    match reason {
        NoReceipt::Trouble => "No receipt: `offsync status FOLDER` tells what is wrong.".to_owned(),
        NoReceipt::Damaged { files } => format!(
            "No receipt: {} damaged on this drive; `offsync status FOLDER` tells what to do.",
            many_are(*files, "file", "files")
        ),
        NoReceipt::Incomplete { files: 0 } => "No receipt: not all that the other homes have is here yet.".to_owned(),
        NoReceipt::Incomplete { files } => format!(
            "No receipt: {} not on this drive; `offsync status FOLDER` tells what to do.",
            many_are(*files, "file", "files")
        ),
        NoReceipt::Unsent { changes } => format!(
            "No receipt: {} not sent yet; `offsync sync FOLDER` does that.",
            many_are(*changes, "change", "changes")
        ),
    }
}

/// Tells of a location's new name.
pub(crate) fn renamed(said: &str, location: &LocationView) -> Vec<String> {
    vec![format!(
        "'{}' is called '{}' now. The next sync tells everybody.",
        safe(said),
        safe(&location.label)
    )]
}

/// Tells that nothing waits for a location.
pub(crate) fn parked(location: &LocationView) -> Vec<String> {
    vec![format!(
        "'{}' is parked: nothing waits for it any more. It catches up and counts again as soon as it syncs. The next sync tells everybody.",
        safe(&location.label)
    )]
}

/// Tells that a location counts again.
pub(crate) fn unparked(location: &LocationView) -> Vec<String> {
    let label = safe(&location.label);
    vec![match location.state {
        LocationState::Parked => {
            format!(
                "'{label}' has been silent for so long that nothing waits for it. It counts again as soon as it syncs."
            )
        }
        _ => format!("'{label}' counts again: what is sent waits for it. The next sync tells everybody."),
    }]
}

/// Tells that a silent location is waited for.
pub(crate) fn waited_for(location: &LocationView) -> Vec<String> {
    vec![format!(
        "'{}' is waited for: its silence counts from now on. The other homes decide for themselves.",
        safe(&location.label)
    )]
}

/// Tells that a location counts already.
pub(crate) fn never_aside(location: &LocationView) -> Vec<String> {
    vec![format!(
        "'{}' {} is neither parked nor removed, as far as is known here: nothing was changed. `offsync locations` tells how each home stands.",
        safe(&location.label),
        short_id(&location.location_id)
    )]
}

/// What it means for a location to leave.
const LEAVING: &str = "Nothing waits for it any more, and its next sync stops there; its files stay on its drive.";

/// Asks whether a location is to leave.
pub(crate) fn remove_question(location: &LocationView) -> String {
    format!(
        "Take '{}' {} out of the archive? {LEAVING}",
        safe(&location.label),
        short_id(&location.location_id)
    )
}

/// Tells what removing a location waits for.
pub(crate) fn not_removed(location: &LocationView) -> Vec<String> {
    vec![
        format!(
            "'{}' {} was not taken out of the archive; if that is meant, say --yes.",
            safe(&location.label),
            short_id(&location.location_id)
        ),
        format!("It means: {}{}", LEAVING[..1].to_lowercase(), &LEAVING[1..]),
    ]
}

/// Tells what removing a location does, and what it does not.
pub(crate) fn removed(location: &LocationView) -> Vec<String> {
    vec![
        format!(
            "'{}' no longer takes part: nothing waits for it, and its next sync stops there. The next sync here tells everybody.",
            safe(&location.label)
        ),
        "Its files stay on its drive. From then on the others send under a new key, which it does not get. What was sent before, it could read, and what of that is in the mailbox still, it can; and it goes on seeing who takes part.".into(),
        "If it can sign in to the mailbox's account, take that away there, too: whoever can could delete what waits.".into(),
        "`offsync location unpark` brings it back.".into(),
    ]
}
