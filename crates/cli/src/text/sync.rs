//! What a sync did or would do, and who has to sync next, as people read it.

use offsync_app::view::SilentView;
use offsync_app::{
    ChangeCounts, MAILBOX_WENT_BACK, MENDED_INDEX, ServedReport, SkippedReport, SyncReport, TooLateReport, as_argument,
    as_typed, short_id,
};

use super::held::held;
use super::{changes, left_alone, notes, safe, why};
use crate::units::{count, size};

/// More homes than these are not named one by one.
const HOMES_NAMED_MAX: usize = 2;

/// Whether something was done, or is only rehearsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    /// It was done.
    Done,
    /// A sync now would do it.
    Would,
}

impl Mood {
    /// Chooses the words.
    fn say<T>(self, done: T, would: T) -> T {
        match self {
            Self::Done => done,
            Self::Would => would,
        }
    }
}

/// Tells what a sync did, or would do, in a few lines.
pub(crate) fn sync(report: &SyncReport, mood: Mood, is_verbose: bool) -> Vec<String> {
    let mut lines = vec![format!("{}:", safe(&report.folder))];
    if let Some(error) = &report.error {
        lines.push(format!("  {} {}", safe(&error.message), safe(&error.hint)));
        return lines;
    }
    if !report.drive_present {
        lines.push("  the drive is not here".into());
        return lines;
    }
    lines.extend(received(&report.applied, mood));
    lines.extend(report.too_late.iter().map(|late| too_late(late, mood)));
    lines.extend(sent(report, mood));
    lines.extend(report.served.iter().flat_map(|one| served(one, mood)));
    lines.extend(report.mended_index.then(|| format!("  {MENDED_INDEX}")));
    lines.extend(new_id(report, mood));
    lines.extend(report.mailbox_went_back.then(|| format!("  {MAILBOX_WENT_BACK}")));
    lines.extend(report.set_aside.iter().map(|home| set_aside(home, mood)));
    lines.extend(conflicts(report, mood));
    lines.extend(skipped(report, mood, is_verbose));
    lines.extend(notes(&report.warnings));
    lines.extend(still_to_come(report, mood));
    let healed = mood.say("healed", "would be healed");
    lines.extend(report.repaired.iter().map(|path| format!("  {healed}: {}", safe(path))));
    lines.extend(
        report
            .damage_sentence()
            .map(|sentence| format!("  {}", safe(&sentence))),
    );
    lines.extend(report.lost_sentence().map(|sentence| format!("  {}", safe(&sentence))));
    lines.extend(report.alarms.iter().map(|alarm| format!("  {}", safe(alarm))));
    lines.extend(report.held.iter().chain(&report.also_held).flat_map(held));
    let is_explained = report.awaits_state
        || report.missing_chunks > 0
        || report.waiting.entries > 0
        || report.held.is_some()
        || !report.skipped.is_empty()
        || !report.damaged.is_empty()
        || !report.lost.is_empty()
        || !report.diverged.is_empty();
    if report.up_to_date && lines.len() == 1 {
        lines.push(mood.say("  up to date", "  nothing: all is up to date").into());
    } else if !report.up_to_date && !is_explained {
        lines.push(format!(
            "  Not all {} here yet. What lacks arrives as the others sync and you sync after them.",
            mood.say("is", "would be")
        ));
    }
    if is_verbose {
        lines.extend(looked_at(report, mood));
    }
    lines
}

/// Tells what is written to the drive.
fn received(applied: &ChangeCounts, mood: Mood) -> Option<String> {
    let parts = changes(applied, "to the trash");
    let what = mood.say("received", "would receive");
    (!parts.is_empty()).then(|| format!("  {what}: {}", parts.join(", ")))
}

/// Tells what goes into the mailbox, and what finds no room there.
fn sent(report: &SyncReport, mood: Mood) -> Vec<String> {
    let mut lines = Vec::new();
    let posted = &report.posted;
    if posted.entries > 0 {
        let what = mood.say("sent", "would send");
        let much = match &posted.summary {
            Some(summary) if summary.all() > 0 => format!("{what}: {}", changes(summary, "deleted").join(", ")),
            _ => format!("{what} {}", count(posted.entries, "change", "changes")),
        };
        let ahead = match posted.part_bytes {
            0 => "",
            _ => ", with what goes ahead",
        };
        lines.push(format!("  {much} ({} of content{ahead})", size(posted.payload_bytes)));
    }
    lines.extend(parts(report, mood));
    if report.waiting.entries > 0 {
        lines.push(format!(
            "  {} ({}) {} for room in the mailbox{}",
            count(report.waiting.entries, "change", "changes"),
            size(report.waiting.bytes),
            match report.waiting.entries {
                1 => mood.say("waits", "would wait"),
                _ => mood.say("wait", "would wait"),
            },
            safe(&report.waiting.visits_to_come())
        ));
        lines.extend(
            report
                .waiting
                .foreign
                .map(|foreign| format!("  {}", foreign.sentence())),
        );
    }
    lines
}

/// Tells of content that goes ahead of the changes that it is of, which still wait for room.
fn parts(report: &SyncReport, mood: Mood) -> Vec<String> {
    let line = |what: &str, bytes: u64, of: &str| {
        (bytes > 0).then(|| format!("  {what} {} of content ahead, for changes that {of}", size(bytes)))
    };
    let received = mood.say("received", "would receive");
    let sent = mood.say("sent", "would send");
    line(received, report.fetched.part_bytes, "are still to come")
        .into_iter()
        .chain(line(sent, report.posted.part_bytes, "wait for room"))
        .collect()
}

/// Tells that files went to the trash although a person said that they are to stay.
fn too_late(late: &TooLateReport, mood: Mood) -> String {
    let who = match late.by.as_slice() {
        [] => "another home".to_owned(),
        all => {
            let quoted: Vec<String> = all.iter().map(|label| format!("'{}'", safe(label))).collect();
            quoted.join(" and ")
        }
    };
    let files = count(late.files, "file", "files");
    let (them, they, were) = match late.files {
        1 => ("it", "it", "was"),
        _ => ("them", "they", "were"),
    };
    let why = match late.confirmed {
        true => format!("{who} had deleted {them} and confirmed it already"),
        false => format!("{who} had deleted {them}, and {they} {were} too few to wait for an answer"),
    };
    let lie = match (mood, late.files) {
        (Mood::Would, _) => "would be",
        (Mood::Done, 1) => "is",
        (Mood::Done, _) => "are",
    };
    format!(
        "  --keep-files came too late for {files}: {why}. {} {lie} in the trash here; `offsync trash restore FOLDER {}` and the like bring {them} back, and the next sync does so everywhere.",
        match late.files {
            1 => "It",
            _ => "They",
        },
        as_argument(&late.example, None)
    )
}

/// Tells that this drive is another location: calmly where a person brought it back, which told them what was lost.
fn new_id(report: &SyncReport, mood: Mood) -> Vec<String> {
    if !report.took_new_id {
        return Vec::new();
    }
    let goes_on = match mood {
        Mood::Done => format!("goes on under a new id, {}", short_id(&report.location_id)),
        // Which one is drawn anew by the sync.
        Mood::Would => "would go on under a new id".to_owned(),
    };
    if report.came_back {
        return vec![format!(
            "  You brought this location back, so it {goes_on}: nobody here can say what it has sent under the old one. There is nothing to do about it."
        )];
    }
    if report.mended_index {
        return vec![format!("  This home {goes_on}. There is nothing to do about it.")];
    }
    vec![
        format!("  This drive was restored, or is a copy of another: it {goes_on}."),
        "  If the other one is still in use, give one of the two another name, with `offsync location rename`.".into(),
        "  If it is gone and `offsync locations` still shows it, take it out, with `offsync location remove`.".into(),
    ]
}

/// Tells that a home was set aside for its silence.
fn set_aside(home: &SilentView, mood: Mood) -> String {
    let said = safe(&home.set_aside_sentence());
    let said = match mood {
        Mood::Done => said,
        Mood::Would => said.replacen("nothing waits", "nothing would wait", 1),
    };
    format!("  {said}")
}

/// Tells which files are kept in two versions.
fn conflicts(report: &SyncReport, mood: Mood) -> Vec<String> {
    let kept = mood.say("are kept", "would be kept");
    let kept = report.conflicts.iter().map(|line| {
        let path = as_typed(&line.path, line.path_base64.as_deref());
        let copy = as_typed(&line.copy, line.copy_base64.as_deref());
        format!("  two versions {kept}: {path} and {copy}")
    });
    let mut lines: Vec<String> = kept.collect();
    if !lines.is_empty() && mood == Mood::Done {
        lines.push("  Decide with `offsync resolve`, or delete or rename one: the next sync tells everybody.".into());
    }
    lines
}

/// Names paths that are left alone.
fn skipped(report: &SyncReport, mood: Mood, is_verbose: bool) -> Vec<String> {
    let line = |skipped: &SkippedReport| -> Vec<String> {
        let (path, exact, reason) = (&skipped.path, skipped.path_base64.as_deref(), &skipped.reason);
        let line = match (mood, path.as_str()) {
            (Mood::Done, path) => left_alone(path, exact, reason),
            (Mood::Would, "") => format!("  would not be done: {}", safe(reason)),
            (Mood::Would, path) => format!("  would be left alone: {}: {}", as_typed(path, exact), safe(reason)),
        };
        let why = why(skipped.detail.as_deref(), is_verbose);
        [line].into_iter().chain(why).collect()
    };
    report.skipped.iter().flat_map(line).collect()
}

/// Tells what was looked at, for whoever asks for more.
fn looked_at(report: &SyncReport, mood: Mood) -> [String; 2] {
    let looked_at = format!(
        "  looked at {}, read {} ({})",
        count(report.scanned.files, "file", "files"),
        report.scanned.hashed_files,
        size(report.scanned.hashed_bytes)
    );
    [
        looked_at,
        format!("  {} {}", mood.say("root", "root then"), report.root),
    ]
}

/// Tells a home that helps what it does for whom, and who goes on.
fn served(served: &ServedReport, mood: Mood) -> Vec<String> {
    let label = safe(&served.label);
    let next = mood.say("now", "then");
    let mut lines = Vec::new();
    if served.state {
        lines.push(format!(
            "  {} '{label}' what the archive holds; {next} '{label}' has to sync",
            mood.say("told", "would tell")
        ));
    }
    if served.bytes > 0 {
        lines.push(format!(
            "  {} {} that '{label}' lacks ({}); {next} '{label}' has to sync",
            mood.say("sent", "would send"),
            count(served.files, "file", "files"),
            size(served.bytes)
        ));
    }
    lines
}

/// Tells what lacks here, that it is asked for, and whose sync brings it.
fn still_to_come(report: &SyncReport, mood: Mood) -> Option<String> {
    let who = homes(&report.waits_for);
    if report.awaits_state {
        return Some(match (&who, mood) {
            (Some(who), Mood::Done) => format!("  Asked what the archive holds. The next sync of {who} tells it; sync here after that."),
            (Some(who), Mood::Would) => format!("  Would ask what the archive holds. The sync of {who} after that would tell it."),
            (None, _) => "  No other home has synced yet, so nobody could tell what the archive holds. Let another home sync, then sync here again.".into(),
        });
    }
    if report.missing_chunks == 0 {
        return None;
    }
    let who = who.unwrap_or_else(|| "another home that has it".into());
    // Of what has no room here that is what is said; content for damaged files, and what is lost, is told with them.
    let lost = report.lost.iter().filter(|file| !file.damaged_here).count() as u64;
    let files = report.lacking.files.saturating_sub(report.no_room_files + lost);
    let size = match report.no_room_files + lost {
        0 => format!(" ({} to come)", size(report.lacking.bytes)),
        _ => String::new(),
    };
    if files == 0 && (!report.damaged.is_empty() || !report.lost.is_empty() || report.no_room_files > 0) {
        return None;
    }
    let what = count(files, "file", "files");
    let (are, were, them) = match files {
        1 => ("is", "was", "it"),
        _ => ("are", "were", "them"),
    };
    Some(match (files, mood) {
        (0, Mood::Done) => {
            format!("  Some content is not here yet. The next sync of {who} sends it; sync here after that.")
        }
        (0, Mood::Would) => {
            format!("  Would ask for some content that is not here yet. The sync of {who} after that would send it.")
        }
        (_, Mood::Done) => format!(
            "  {what} {are} not here yet{size} and {were} asked for. The next sync of {who} sends {them}; sync here after that."
        ),
        (_, Mood::Would) => {
            format!("  Would ask for {what} not here yet{size}. The sync of {who} after that would send {them}.")
        }
    })
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
            detail: None,
        }];
        assert_eq!(still_to_come(&report, Mood::Done).as_deref(), said);
    }

    #[test]
    fn the_command_that_brings_a_file_back_can_be_typed() {
        let late = TooLateReport {
            files: 1,
            example: "it's beach day.jpg".into(),
            by: Vec::new(),
            confirmed: false,
        };
        let said = too_late(&late, Mood::Done);
        assert!(said.contains("restore FOLDER \"it's beach day.jpg\"` and"), "{said}");
    }

    #[test]
    fn what_was_asked_for_is_told_and_what_has_no_room_is_not_said_to_be() {
        let two = "  2 files are not here yet (0 bytes to come) and were asked for. The next sync of 'Pep' sends them; sync here after that.";
        check(2, 0, Some(two));
        let one = "  1 file is not here yet and was asked for. The next sync of 'Pep' sends it; sync here after that.";
        check(3, 2, Some(one));
        check(1, 1, None);
    }
}
