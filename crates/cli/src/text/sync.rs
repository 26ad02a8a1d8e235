//! What a sync did, and who has to sync next, as people read it.

use offsync_app::view::HeldView;
use offsync_app::{ServedReport, SyncReport, short_id};

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
    lines.extend(received(report));
    lines.extend(sent(report));
    lines.extend(report.served.iter().flat_map(served));
    lines.extend(new_id(report));
    lines.extend(conflicts(report));
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
    lines.extend(report.held.iter().chain(&report.also_held).flat_map(held));
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
        lines.extend(looked_at(report));
    }
    lines
}

/// Tells what was written to the drive.
fn received(report: &SyncReport) -> Option<String> {
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
    (!done.is_empty()).then(|| format!("  received: {}", done.join(", ")))
}

/// Tells what went into the mailbox, and what found no room there.
fn sent(report: &SyncReport) -> Vec<String> {
    let mut lines = Vec::new();
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
    lines
}

/// Tells that this drive is another location now.
fn new_id(report: &SyncReport) -> Vec<String> {
    if !report.took_new_id {
        return Vec::new();
    }
    vec![
        format!(
            "  This drive was restored, or is a copy of another: it goes on under a new id, {}.",
            short_id(&report.location_id)
        ),
        "  If the other one is still in use, give one of the two another name, with `offsync location rename`.".into(),
        "  If it is gone and `offsync locations` still shows it, take it out, with `offsync location remove`.".into(),
    ]
}

/// Tells which files are kept in two versions.
fn conflicts(report: &SyncReport) -> Vec<String> {
    let kept = report
        .conflicts
        .iter()
        .map(|line| format!("  two versions are kept: {} and {}", safe(&line.path), safe(&line.copy)));
    let mut lines: Vec<String> = kept.collect();
    if !lines.is_empty() {
        lines.push("  Decide with `offsync resolve`, or delete or rename one: the next sync tells everybody.".into());
    }
    lines
}

/// Tells which deletions wait for a yes.
fn held(held: &HeldView) -> Vec<String> {
    let mut lines = vec![format!(
        "  {} of {} files would be deleted. Nothing was deleted; if that is meant, sync again with --yes; if not, with --keep-files.",
        held.deletions, held.of
    )];
    lines.extend(held.sample.iter().map(|path| format!("    {}", safe(path))));
    if held.deletions > held.sample.len() as u64 {
        lines.push("    …".into());
    }
    lines
}

/// Tells what was looked at, for whoever asks for more.
fn looked_at(report: &SyncReport) -> [String; 2] {
    let looked_at = format!(
        "  looked at {}, read {} ({})",
        count(report.scanned.files, "file", "files"),
        report.scanned.hashed_files,
        size(report.scanned.hashed_bytes)
    );
    [looked_at, format!("  root {}", report.root)]
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
    if report.missing_chunks == 0 {
        return None;
    }
    let who = who.unwrap_or_else(|| "another home that has it".into());
    // Of what has no room here that is what is said; content for damaged files is told with them.
    let files = report.lacking.files.saturating_sub(report.no_room_files);
    let size = match report.no_room_files {
        0 => format!(" ({})", size(report.lacking.bytes)),
        _ => String::new(),
    };
    match files {
        0 if report.damaged.is_empty() && report.no_room_files == 0 => Some(format!(
            "  Some content is not here yet. The next sync of {who} sends it; sync here after that."
        )),
        0 => None,
        1 => Some(format!(
            "  1 file is not here yet{size} and was asked for. The next sync of {who} sends it; sync here after that."
        )),
        files => Some(format!(
            "  {files} files are not here yet{size} and were asked for. The next sync of {who} sends them; sync here after that."
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

#[cfg(test)]
mod tests {
    use super::*;

    fn check(lacking: u64, no_room_files: u64, said: Option<&str>) {
        let mut report = SyncReport {
            missing_chunks: 1,
            no_room_files,
            waits_for: vec!["Pep".into()],
            ..SyncReport::default()
        };
        report.lacking.files = lacking;
        // A damaged object in the mailbox is of no path, too.
        report.skipped = vec![offsync_app::SkippedReport {
            path: String::new(),
            path_base64: None,
            reason: "An object in the mailbox is damaged.".into(),
        }];
        assert_eq!(still_to_come(&report).as_deref(), said);
    }

    #[test]
    fn what_was_asked_for_is_told_and_what_has_no_room_is_not_said_to_be() {
        let two = "  2 files are not here yet (0 bytes) and were asked for. The next sync of 'Pep' sends them; sync here after that.";
        check(2, 0, Some(two));
        let one = "  1 file is not here yet and was asked for. The next sync of 'Pep' sends it; sync here after that.";
        check(3, 2, Some(one));
        check(1, 1, None);
    }
}
