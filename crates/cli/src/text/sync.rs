//! What a sync did, and who has to sync next, as people read it.

use offsync_app::{ServedReport, SyncReport};

use super::locations::short;
use super::{safe, skipped, warnings};
use crate::units::{count, size};

/// More homes than these are not named one by one.
const HOMES_NAMED_MAX: usize = 2;

/// Tells what a sync did, in a few lines.
pub(crate) fn sync(report: &SyncReport, is_verbose: bool) -> Vec<String> {
    let mut lines = vec![format!("{}:", safe(&report.folder))];
    if let Some(error) = &report.error {
        lines.push(format!("  {} {}", safe(&error.message), safe(&error.hint)));
        return lines;
    }
    if !report.drive_present {
        lines.push("  the drive is not here".into());
        return lines;
    }
    let applied = &report.applied;
    let parts = [
        (applied.created, "added"),
        (applied.modified, "changed"),
        (applied.renamed, "moved"),
        (applied.deleted, "to the trash"),
        (applied.metadata, "retouched"),
    ];
    let done: Vec<String> = parts
        .iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, what)| format!("{n} {what}"))
        .collect();
    if !done.is_empty() {
        lines.push(format!("  received: {}", done.join(", ")));
    }
    if report.posted.entries > 0 {
        let content = size(report.posted.payload_bytes);
        lines.push(format!(
            "  sent {} ({content} of content)",
            count(report.posted.entries, "entry", "entries")
        ));
    }
    if report.waiting.entries > 0 {
        lines.push(format!(
            "  {} of {} wait for room in the mailbox",
            count(report.waiting.entries, "entry", "entries"),
            size(report.waiting.bytes)
        ));
    }
    lines.extend(report.served.iter().flat_map(served));
    if report.took_new_id {
        lines.push(format!(
            "  This drive was restored, or is a copy of another: it goes on under a new id, {}.",
            short(&report.location_id)
        ));
        lines.push(
            "  If the other one is still in use, give one of the two another name, with `offsync location rename`."
                .into(),
        );
    }
    for line in &report.conflicts {
        lines.push(format!(
            "  two versions are kept: {} and {}",
            safe(&line.path),
            safe(&line.copy)
        ));
    }
    if !report.conflicts.is_empty() {
        lines.push("  Decide with `offsync resolve`, or delete or rename one: the next sync tells everybody.".into());
    }
    lines.extend(skipped(&report.skipped));
    lines.extend(warnings(&report.warnings));
    lines.extend(still_to_come(report));
    lines.extend(report.repaired.iter().map(|path| format!("  healed: {}", safe(path))));
    lines.extend(
        report
            .damage_sentence()
            .map(|sentence| format!("  {}", safe(&sentence))),
    );
    for location in &report.diverged {
        lines.push(format!(
            "  ALARM: location {location} says that it has just what is here, and it has not. Nothing was changed; please report this."
        ));
    }
    for held in report.held.iter().chain(&report.also_held) {
        lines.push(format!(
            "  {} of {} files would be deleted. Nothing was deleted; if that is meant, sync again with --yes; if not, with --keep-files.",
            held.deletions, held.of
        ));
        lines.extend(held.sample.iter().map(|path| format!("    {}", safe(path))));
        if held.deletions > held.sample.len() as u64 {
            lines.push("    …".into());
        }
    }
    let is_explained = report.awaits_state
        || report.missing_chunks > 0
        || report.waiting.entries > 0
        || report.held.is_some()
        || !report.skipped.is_empty()
        || !report.damaged.is_empty()
        || !report.diverged.is_empty();
    if report.up_to_date && lines.len() == 1 {
        lines.push("  up to date".into());
    } else if !report.up_to_date && !is_explained {
        lines.push("  Not all is here yet. What lacks arrives as the others sync and you sync after them.".into());
    }
    if is_verbose {
        lines.push(format!(
            "  looked at {}, read {} ({})",
            count(report.scanned.files, "file", "files"),
            report.scanned.hashed_files,
            size(report.scanned.hashed_bytes)
        ));
        lines.push(format!("  root {}", report.root));
    }
    lines
}

/// Tells a home that helped what it did for whom, and who goes on.
fn served(served: &ServedReport) -> Vec<String> {
    let label = safe(&served.label);
    let mut lines = Vec::new();
    if served.state {
        lines.push(format!(
            "  told '{label}' what the archive holds, as it asked; now '{label}' has to sync"
        ));
    }
    if served.bytes > 0 {
        lines.push(format!(
            "  sent {} that '{label}' asked for ({}); now '{label}' has to sync",
            count(served.files, "file", "files"),
            size(served.bytes)
        ));
    }
    lines
}

/// Tells what lacks here, that it was asked for, and whose sync brings it.
fn still_to_come(report: &SyncReport) -> Option<String> {
    let who = homes(&report.waits_for);
    if report.awaits_state {
        return Some(match &who {
            Some(who) => format!("  Asked what the archive holds. The next sync of {who} tells it; sync here after that."),
            None => "  No other home has synced yet, so nobody could tell what the archive holds. Let another home sync, then sync here again.".into(),
        });
    }
    // Where the drive has no room, that is what is said; content for damaged files is told with them.
    let has_no_room = report.skipped.iter().any(|line| line.path.is_empty());
    if report.missing_chunks == 0 || has_no_room {
        return None;
    }
    let who = who.unwrap_or_else(|| "another home that has it".into());
    match report.lacking.files {
        0 if report.damaged.is_empty() => Some(format!(
            "  Some content is not here yet. The next sync of {who} sends it; sync here after that."
        )),
        0 => None,
        1 => Some(format!(
            "  1 file is not here yet ({}) and was asked for. The next sync of {who} sends it; sync here after that.",
            size(report.lacking.bytes)
        )),
        files => Some(format!(
            "  {files} files are not here yet ({}) and were asked for. The next sync of {who} sends them; sync here after that.",
            size(report.lacking.bytes)
        )),
    }
}

/// Names homes any one of which will do.
fn homes(labels: &[String]) -> Option<String> {
    let quoted = |label: &String| format!("'{}'", safe(label));
    match labels {
        [] => None,
        all if all.len() <= HOMES_NAMED_MAX => Some(all.iter().map(quoted).collect::<Vec<_>>().join(" or ")),
        [first, ..] => Some(format!("{} or any other home", quoted(first))),
    }
}
