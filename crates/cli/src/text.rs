//! Documents as people read them. Control characters in names are shown, never sent to the terminal.

use offsync_app::view::{ArchiveStatus, Headline, IgnoredView, LogLine, SkippedView, Turn};
use offsync_app::{
    ChangeCounts, ConflictView, CopyReport, DiffLine, EmptiedReport, MailboxReport, RecoveryReport, ResolvedReport,
    RestoredView, SideKind, SideView, SkippedReport, Tone, TrashView, WaitingLocation, as_typed, many_deletions,
};

use crate::units::{count, size};

mod accounts;
mod held;
mod locations;
mod lost;
mod membership;
mod sync;
mod verify;

pub(crate) use accounts::{account, account_added, account_removed, account_told, offering};
pub(crate) use locations::{
    locations, namesakes, never_aside, no_receipt, not_removed, parked, receipt, remove_question, removed, renamed,
    unparked, waited_for,
};
pub(crate) use lost::lost;
pub(crate) use membership::{forget_question, forgotten, invite, join};
pub(crate) use sync::{Mood, sync};
pub(crate) use verify::{kept, verify};

/// Warnings that are told in full.
const WARNINGS_TOLD_MAX: usize = 20;

/// Shows a name or path so that it cannot move the cursor or break a line.
pub(crate) fn safe(text: &str) -> String {
    let show = |c: char| {
        if c.is_control() {
            c.escape_default().to_string()
        } else {
            c.to_string()
        }
    };
    text.chars().map(show).collect()
}

/// Tells each of some lines, or that there is none.
pub(crate) fn or_nothing<T>(all: &[T], nothing: &str, lines: impl Fn(&T) -> Vec<String>) -> Vec<String> {
    match all {
        [] => vec![nothing.to_owned()],
        all => all.iter().flat_map(lines).collect(),
    }
}

/// Names paths that were left alone.
pub(crate) fn skipped(skipped: &[SkippedReport]) -> Vec<String> {
    skipped
        .iter()
        .map(|line| left_alone(&line.path, line.path_base64.as_deref(), &line.reason))
        .collect()
}

/// Says what people may want to know of, such as what does not fit on a drive; of very many, the first.
fn notes(warnings: &[SkippedReport]) -> Vec<String> {
    let line = |line: &SkippedReport| match line.path.as_str() {
        "" => format!("  note: {}", safe(&line.reason)),
        path => {
            let path = as_typed(path, line.path_base64.as_deref());
            format!("  note: {path}: {}", safe(&line.reason))
        }
    };
    let mut lines: Vec<String> = warnings.iter().take(WARNINGS_TOLD_MAX).map(line).collect();
    if warnings.len() > WARNINGS_TOLD_MAX {
        lines.push(format!(
            "  … and {} more; --json names them all",
            warnings.len() - WARNINGS_TOLD_MAX
        ));
    }
    lines
}

/// Tells what tells more of a path that was left alone, to who asks for more.
fn why(detail: Option<&str>, is_verbose: bool) -> Option<String> {
    let detail = detail.filter(|_| is_verbose)?;
    Some(format!("    why: {}", safe(detail)))
}

fn left_alone(path: &str, exact: Option<&str>, reason: &str) -> String {
    match path {
        "" => format!("  not done: {}", safe(reason)),
        path => format!("  left alone: {}: {}", as_typed(path, exact), safe(reason)),
    }
}

/// Tells of a file that is kept in two versions.
pub(crate) fn conflict(line: &ConflictView) -> Vec<String> {
    let side = |path: &str, exact: &Option<String>, side: &SideView| {
        let by = if side.label.is_empty() {
            String::new()
        } else {
            format!(" by {}", safe(&side.label))
        };
        let what = match side.kind {
            SideKind::File => size(side.size_bytes),
            SideKind::Folder => "a folder".into(),
            SideKind::Link => "a link".into(),
        };
        let not_shown = match &side.not_shown {
            Some(reason) => format!(", not shown here ({reason})"),
            None => String::new(),
        };
        format!("{}{by} ({what}){not_shown}", as_typed(path, exact.as_deref()))
    };
    vec![
        side(&line.path, &line.path_base64, &line.winner),
        format!("  beside it: {}", side(&line.copy, &line.copy_base64, &line.loser)),
    ]
}

/// Tells what a decision did; of all that went of one file, once.
pub(crate) fn resolved(all: &[ResolvedReport]) -> Vec<String> {
    let is_gone = |line: &&ResolvedReport| line.copy.is_none();
    let mut lines = Vec::new();
    for (at, line) in all.iter().enumerate() {
        let path = as_typed(&line.path, line.path_base64.as_deref());
        let is_same = |other: &&ResolvedReport| (&other.path, &other.path_base64) == (&line.path, &line.path_base64);
        if let Some(copy) = &line.copy {
            let copy = as_typed(copy, line.copy_base64.as_deref());
            lines.push(match line.stays_elsewhere {
                false => format!("{path} stays, and the other version is {copy} now."),
                true => format!(
                    "One version is {copy} now; the other stays {path} in the homes whose drives can store it, which this one cannot."
                ),
            });
        } else if !all[..at].iter().filter(is_gone).any(|other| is_same(&other)) {
            let went: Vec<&ResolvedReport> = all.iter().filter(is_gone).filter(is_same).collect();
            let goes_elsewhere = went.iter().any(|line| line.goes_elsewhere);
            let mut said = match (went.len(), goes_elsewhere) {
                (1, false) => format!("One version of {path} stays; the other is in the trash."),
                (1, true) => format!(
                    "One version of {path} stays; the other, which this drive cannot store, goes to the trash of the homes that have it."
                ),
                (n, false) => format!("One version of {path} stays; the other {n} are in the trash."),
                (n, true) => format!(
                    "One version of {path} stays; the other {n} go to the trash, here or in the homes that have them."
                ),
            };
            if line.stays_elsewhere {
                said.push_str(" This drive cannot store the one that stays; other homes keep it.");
            }
            lines.push(said);
        }
    }
    lines
}

/// Tells of a file in the trash.
pub(crate) fn trashed(line: &TrashView) -> String {
    let by = line.by.as_deref().map(|by| format!(", by {}", safe(by)));
    format!(
        "{}  {} ({}){}; until {}",
        line.displaced,
        as_typed(&line.path, line.path_base64.as_deref()),
        size(line.size_bytes),
        by.unwrap_or_default(),
        line.expires.get(..10).unwrap_or_default()
    )
}

/// Tells of a file that came back, or that did not as one stands at its place.
pub(crate) fn restored(line: &RestoredView) -> String {
    let path = as_typed(&line.path, line.path_base64.as_deref());
    let to = line.to.as_ref().map(|to| as_typed(to, line.to_base64.as_deref()));
    match to {
        Some(to) if path == to => format!("{path} is back."),
        Some(to) => format!("{path} is back as {to}."),
        None => format!("{path} is there and stays as it is; the one in the trash stays there."),
    }
}

/// Tells what emptying the trash did.
pub(crate) fn emptied(report: &EmptiedReport) -> String {
    let gone = format!(
        "{} gone for good ({}).",
        count(report.files, "file is", "files are"),
        size(report.bytes)
    );
    if let Some(held) = &report.held {
        return format!(
            "Nothing was dropped. {} ({}) would be gone for good; if that is meant, say --yes.",
            count(held.files, "file", "files"),
            size(held.bytes)
        );
    }
    match report.kept {
        0 if report.files == 0 => "The trash of this drive is empty already.".into(),
        0 => gone,
        kept => format!(
            "{gone} {} kept: the archive still waits for what they hold.",
            count(kept, "file is", "files are")
        ),
    }
}

/// Tells what a mailbox holds.
/// Says what other homes have to do after a mailbox was moved, and what becomes of the old one.
fn for_the_others(report: &MailboxReport) -> String {
    let old = report.moved_from.as_deref().map(safe).unwrap_or_default();
    let (each, did) = match report.other_homes {
        0 => {
            return format!(
                "No other home takes part, so that is all: nobody uses the old one any more, and it can be deleted: {old}"
            );
        }
        1 => ("the other home", "it did"),
        _ => ("each of the other homes", "all of them did"),
    };
    let mailbox = safe(&report.mailbox);
    let command = match mailbox.starts_with("fs://") {
        true => "`offsync mailbox move FOLDER MAILBOX`, with its path there".to_owned(),
        // What opens it came with nobody's invitation.
        false => format!(
            "`offsync mailbox move FOLDER {0}`, after its computer was signed in, too, which wants what opens the account: `offsync account add NAME {0}`",
            as_typed(&mailbox, None)
        ),
    };
    format!("Say the same in {each}: {command}. Until {did}, leave the old one as it is: {old}")
}

pub(crate) fn mailbox(report: &MailboxReport) -> Vec<String> {
    let allowance = report.allowance_bytes.map(|bytes| format!(" of {}", size(bytes)));
    let foreign = match report.foreign.files {
        0 => String::new(),
        files => format!(
            "; {} of it in {} not Offsync's",
            size(report.foreign.bytes),
            count(files, "file that is", "files that are")
        ),
    };
    let mut lines = vec![
        safe(&report.mailbox),
        format!(
            "  {} in {}{}{foreign}",
            count(report.objects, "object", "objects"),
            size(report.bytes),
            allowance.unwrap_or_default()
        ),
    ];
    let waiting = |waiting: &WaitingLocation| {
        let wait = if waiting.bytes == 1 { "waits" } else { "wait" };
        format!("  {} {wait} for {}", size(waiting.bytes), safe(&waiting.label))
    };
    lines.extend(report.waiting_for.iter().map(waiting));
    lines.extend(report.begun.map(|is_new| match is_new {
        true => "A new mailbox was begun there. Sync here, then let the other homes sync; where it has another path, or lies on another drive than before, say `offsync mailbox use FOLDER MAILBOX` first.".to_owned(),
        false => "The mailbox of this archive is there already and is used as it is; nothing was begun anew.".to_owned(),
    }));
    if let Some(moved) = report.moved {
        let what = count(moved.objects, "object", "objects");
        lines.push(format!(
            "The mailbox is there from now on; {what} ({}) went along. {}",
            size(moved.bytes),
            for_the_others(report)
        ));
        lines.extend((moved.left_behind > 0).then(|| {
            let what = count(
                moved.left_behind,
                "object that is empty or cannot be read stays",
                "objects that are empty or cannot be read stay",
            );
            format!("{what} behind: what is missed of that, the homes ask each other for.")
        }));
    }
    lines
}

/// Tells what is not taken in, by rule; each path only if asked for.
fn ignored(status: &ArchiveStatus, is_verbose: bool) -> Vec<String> {
    let rule = |ignored: &IgnoredView| match ignored.line {
        Some(line) => format!("'{}' in line {line} of .offsyncignore", safe(&ignored.rule)),
        None => format!("'{}', which systems put on drives", safe(&ignored.rule)),
    };
    if is_verbose {
        let line = |ignored: &IgnoredView| {
            let path = as_typed(&ignored.path, ignored.path_base64.as_deref());
            format!("  ignored: {path} ({})", rule(ignored))
        };
        return status.ignored.iter().map(line).collect();
    }
    let mut by_rule: Vec<(String, u64)> = Vec::new();
    for rule in status.ignored.iter().map(rule) {
        match by_rule.iter_mut().find(|(known, _)| *known == rule) {
            Some((_, paths)) => *paths += 1,
            None => by_rule.push((rule, 1)),
        }
    }
    let mut lines: Vec<String> = by_rule
        .iter()
        .map(|(rule, paths)| format!("  ignored: {} by {rule}", count(*paths, "path", "paths")))
        .collect();
    let unlisted = status.ignored_paths - status.ignored.len() as u64;
    if unlisted > 0 {
        lines.push(format!("  ignored: {} more", count(unlisted, "path", "paths")));
    }
    lines
}

/// Tells how an archive stands.
pub(crate) fn status(status: &ArchiveStatus, is_verbose: bool) -> Vec<String> {
    let mut lines = vec![
        format!("{} ({})", safe(&status.name), safe(&status.folder)),
        format!("  {}", status.headline.sentence()),
    ];
    lines.extend(
        status
            .mailbox
            .foreign
            .map(|foreign| format!("  {}", foreign.sentence())),
    );
    lines.extend(status.held.iter().flat_map(held::answers));
    lines.extend(status.also_held.iter().flat_map(held::held));
    if let Headline::Incomplete {
        turn: Turn::Nobody,
        files,
        ..
    } = &status.headline
    {
        let they = if *files == 1 { "it is" } else { "they are" };
        lines.push(format!("  `offsync sync FOLDER` says which {they} and why."));
    }
    // Where nothing could be looked at, nothing else is known.
    if !status.drive.present || status.locations.is_empty() {
        return lines;
    }
    lines.extend(besides(status));
    lines.push(format!(
        "  {} here; {} free on the drive",
        count(status.files, "file", "files"),
        size(status.drive.free_bytes)
    ));
    let allowance = status
        .mailbox
        .allowance_bytes
        .map(|bytes| format!(" of {}", size(bytes)))
        .unwrap_or_default();
    if status.mailbox.reachable {
        lines.push(format!("  mailbox: {}{allowance}", size(status.mailbox.used_bytes)));
    }
    for line in &status.skipped {
        lines.push(left_alone(&line.path, line.path_base64.as_deref(), &line.reason));
        lines.extend(why(line.detail.as_deref(), is_verbose));
    }
    let note = |line: &SkippedView| {
        let path = as_typed(&line.path, line.path_base64.as_deref());
        format!("  note: {path}: {}", safe(&line.reason))
    };
    lines.extend(status.warnings.iter().take(WARNINGS_TOLD_MAX).map(note));
    lines.extend(ignored(status, is_verbose));
    if let (true, Some(deletions)) = (is_verbose, &status.deletions) {
        let bounds = many_deletions(&deletions.threshold());
        lines.push(format!("  deletions that wait for a yes: {bounds}"));
    }
    if status.conflicts > 0 {
        lines.push(format!(
            "  {}; see `offsync conflicts`",
            count(
                status.conflicts,
                "other version of a file is kept beside it",
                "other versions of files are kept beside them"
            )
        ));
    }
    lines.extend(locations(status).iter().map(|line| format!("  {line}")));
    lines.extend(namesakes(&status.locations).iter().map(|line| format!("  {line}")));
    lines
}

/// Tells, where a trouble is the headline, what would have been it.
fn besides(status: &ArchiveStatus) -> Vec<String> {
    let is_trouble = matches!(
        status.headline,
        Headline::NeedsYou { .. } | Headline::Removed { .. } | Headline::Lost { .. }
    );
    if !is_trouble {
        return Vec::new();
    }
    let changes = |n: u64| (n, count(n, "change", "changes"));
    let files = (status.lacking.files, count(status.lacking.files, "file", "files"));
    let told = if matches!(status.headline, Headline::Removed { .. }) {
        vec![("on this drive alone", changes(status.local_changes.entries))]
    } else {
        vec![
            ("comes with the next sync", changes(status.incoming.changesets)),
            ("goes with the next sync", changes(status.local_changes.entries)),
            ("not on this drive yet", files),
        ]
    };
    let there = told.iter().filter(|(_, (n, _))| *n > 0);
    let mut lines: Vec<String> = there.map(|(what, (_, much))| format!("  {what}: {much}")).collect();
    if !status.mailbox.reachable {
        lines.push("  the mailbox cannot be used now".into());
    }
    lines
}

/// Names what changes are, each kind with its number.
pub(crate) fn changes(counts: &ChangeCounts, deleted: &str) -> Vec<String> {
    let parts = [
        (counts.created, "added"),
        (counts.modified, "changed"),
        (counts.renamed, "moved"),
        (counts.deleted, deleted),
        (counts.metadata, "retouched"),
    ];
    let there = parts.iter().filter(|(n, _)| *n > 0);
    there.map(|(n, what)| format!("{n} {what}")).collect()
}

/// Tells one line of history.
pub(crate) fn log(line: &LogLine) -> String {
    let summary = &line.summary;
    let counts = ChangeCounts {
        created: summary.created,
        modified: summary.modified,
        deleted: summary.deleted,
        renamed: summary.renamed,
        metadata: summary.metadata,
    };
    let what = changes(&counts, "deleted");
    let example = summary
        .example
        .as_deref()
        .map(|path| format!(" ({})", safe(path)))
        .unwrap_or_default();
    let who = match line.applied_by.len() {
        1 => "only in one home".into(),
        _ if line.pruned => "everybody has it".into(),
        n => format!("in {n} homes"),
    };
    let what = match line.entries {
        // It went ahead of the changes that it is of, for which the mailbox had no room yet.
        0 => "content for what comes later".to_owned(),
        _ => what.join(", "),
    };
    format!(
        "{}  {}: {what}{example}, {}; {who}",
        line.created,
        safe(&line.author_label),
        size(line.bytes)
    )
}

/// Tells one difference.
pub(crate) fn diff(line: &DiffLine) -> String {
    let from = line
        .from
        .as_deref()
        .map(|from| format!(" (was {})", as_typed(from, line.from_base64.as_deref())))
        .unwrap_or_default();
    let path = as_typed(&line.path, line.path_base64.as_deref());
    let edited = if line.edited { ", and edited" } else { "" };
    format!("{:9} {path}{from}{edited}", line.change)
}

/// Says of differences what the drives of other homes cannot store as it is, as the sync will that sends them.
pub(crate) fn unfit_elsewhere(lines: &[DiffLine]) -> Vec<String> {
    let of_line = |line: &DiffLine| -> Vec<SkippedReport> {
        let note = |reason: &String| SkippedReport {
            path: line.path.clone(),
            path_base64: line.path_base64.clone(),
            reason: reason.clone(),
            detail: None,
        };
        line.warnings.iter().map(note).collect()
    };
    notes(&lines.iter().flat_map(of_line).collect::<Vec<_>>())
}

/// Tells what a copy made.
pub(crate) fn copy(report: &CopyReport) -> Vec<String> {
    let person = &report.person;
    let mut lines = vec![
        format!(
            "Copied and verified {} ({}) to '{}'.",
            count(report.files, "file", "files"),
            size(report.bytes),
            safe(&report.folder)
        ),
        String::new(),
        format!("  Tell {} these six words, by phone or on paper:", safe(person)),
        String::new(),
        format!("      {}", report.phrase),
        String::new(),
        format!(
            "They open the drive on {}'s computer: offsync join FOLDER",
            safe(person)
        ),
    ];
    lines.extend(membership::opens_account(report.account.as_deref()));
    if report.not_sent_yet > 0 {
        lines.push(format!(
            "{} not sent yet: sync here and there, and the copy gets them.",
            count(
                report.not_sent_yet,
                "new or changed file here is",
                "new or changed files here are"
            )
        ));
    }
    if report.held_files > 0 {
        lines.push(format!(
            "{} not on the copy, since {} deletion waits for an answer: `offsync sync FOLDER` asks, and what is to stay comes to the copy by sync.",
            count(report.held_files, "file is", "files are"),
            if report.held_files == 1 { "its" } else { "their" }
        ));
    }
    lines.extend(damaged_at_source(&report.damaged));
    lines.extend(skipped(&report.skipped));
    lines.extend(notes(&report.warnings));
    lines
}

/// Says which files a copy lacks since they are damaged where it was made.
fn damaged_at_source(damaged: &[SkippedReport]) -> Option<String> {
    let (first, more) = damaged.split_first()?;
    let (are, them) = match more.len() {
        0 => ("is".to_owned(), "it"),
        n => (format!("and {n} more are"), "them"),
    };
    Some(format!(
        "'{}' {are} damaged on this drive and not on the copy, which asks the other homes for {them} with its first sync. \
         `offsync verify FOLDER --repair` has {them} healed here.",
        safe(&first.path)
    ))
}

/// Tells what the recovery sheet is, and what to do with it.
pub(crate) fn recovery(report: &RecoveryReport) -> Vec<String> {
    vec![
        format!("The recovery sheet is in '{}'.", safe(&report.file)),
        "Whoever has it can read everything: print it, keep it as you keep a passport, and delete the file.".into(),
        "It brings this location back on any computer: offsync join FOLDER --recovery FILE".into(),
    ]
}

/// Sets a line of the demo off by its tone.
pub(crate) fn story(tone: Tone, line: &str) -> String {
    match tone {
        Tone::Chapter => format!("\n{line}"),
        Tone::Story => format!("  {line}"),
        Tone::Figure => format!("    {line}"),
        Tone::Proof => format!("    ✓ {line}"),
    }
}
