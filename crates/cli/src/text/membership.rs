//! How a computer comes to an archive and leaves it, as people read it.

use offsync_app::{ForgetReport, InviteReport, JoinReport};

use super::safe;
use crate::units::count;

/// Names what is forgotten in full: it may have been named by a folder in it.
fn what(report: &ForgetReport) -> String {
    format!(
        "'{}' of '{}' ('{}')",
        safe(&report.label),
        safe(&report.name),
        safe(&report.folder)
    )
}

/// Asks whether an archive is to be forgotten.
pub(crate) fn forget_question(report: &ForgetReport) -> String {
    let sheet = match report.has_sheet {
        true => "",
        false => " No recovery sheet was written.",
    };
    format!(
        "Forget {} on this computer, with its keys?{sheet} {} The drive and its files are not touched.",
        what(report),
        way_back(report)
    )
}

/// Tells what was forgotten, or what it waits for.
pub(crate) fn forgotten(report: &ForgetReport) -> Vec<String> {
    let what = what(report);
    if !report.forgotten {
        return vec![
            format!(
                "{what} was not forgotten: no recovery sheet was written, and its keys would be gone from this computer."
            ),
            format!(
                "Write one first, with `offsync recovery FOLDER --out FILE`; or say --yes. {}",
                way_back(report)
            ),
        ];
    }
    vec![
        format!("This computer has forgotten {what}. The drive and its files were not touched."),
        way_back(report),
    ]
}

/// Tells how a location that was forgotten comes back.
fn way_back(report: &ForgetReport) -> String {
    let by_words = match report.has_invitation {
        true => "`offsync join FOLDER` with the six words that it joined with",
        // Nothing lies on a drive that is away, either, as far as can be seen.
        false => {
            "`offsync join FOLDER --invitation FILE` with the file of its invitation and the six words that it joined with"
        }
    };
    match (report.has_sheet, report.was_invited) {
        (true, true) => format!("To come back: `offsync join FOLDER --recovery FILE` with its recovery sheet, or {by_words}."),
        (true, false) => "To come back: `offsync join FOLDER --recovery FILE` with its recovery sheet.".into(),
        (false, true) => format!("To come back: {by_words}."),
        (false, false) => "It began the archive and has no six words: it would come back only with a new invitation from another home (`offsync invite` there), after the folder .offsync was moved out of the archive.".into(),
    }
}

/// Tells where an invitation is, and what is done with it.
pub(crate) fn invite(report: &InviteReport, person: &str) -> Vec<String> {
    let person = safe(person);
    let mut lines = vec![
        format!("The invitation is in '{}'.", safe(&report.file)),
        format!("Tell {person} these six words: {}", report.phrase),
        format!("With both, on {person}'s computer: offsync join FOLDER --invitation FILE"),
    ];
    lines.extend(opens_account(report.account.as_deref()));
    if !report.told {
        lines.push(format!(
            "The mailbox cannot be reached now: sync here before {person} does, so that the other homes hear who it is."
        ));
    }
    lines
}

/// Says that what opens an account goes along.
pub(crate) fn opens_account(account: Option<&str>) -> Option<String> {
    let account = safe(account?);
    Some(format!(
        "It opens your account '{account}', too, with what you signed in with: who has it and the six words can do there what that lets you do (`offsync account services` says what), see and delete what waits among it; not read that. With `--account` it opens another one, made for this home."
    ))
}

/// Tells what joining found.
pub(crate) fn join(report: &JoinReport) -> Vec<String> {
    let mut lines = joined(report);
    if report.second_home {
        const TOLD: [&str; 2] = [
            "This invitation was used before. If the home that it made lives on, this is a second one of the same name: both are counted and waited for.",
            "After a sync, give one of the two another name with `offsync location rename`. For the next home, make an invitation of its own with `offsync invite`.",
        ];
        // What is to be done now stays the last line.
        let last = lines.len() - 1;
        lines.splice(last..last, TOLD.map(str::to_owned));
    }
    lines
}

fn joined(report: &JoinReport) -> Vec<String> {
    let is_now = format!(
        "'{}' is now '{}' of '{}'.",
        safe(&report.folder),
        safe(&report.label),
        safe(&report.name)
    );
    if report.awaits_state {
        return joined_unknowing(report, is_now);
    }
    let found = count(report.adopted_files, "file was", "files were");
    let mut lines = vec![format!("{is_now} {found} found in place.")];
    let told = |what: &str, paths: &[String]| -> Vec<String> {
        paths.iter().map(|path| format!("  {what}: {}", safe(path))).collect()
    };
    lines.extend(told("missing, will arrive by sync", &report.missing_files));
    lines.extend(told(
        "new here, or different: both versions will be kept",
        &report.differing_files,
    ));
    lines.push("Now: offsync sync".into());
    lines
}

/// Tells of a folder that nobody can compare with anything before another home has spoken: nothing is new or different yet.
fn joined_unknowing(report: &JoinReport, is_now: String) -> Vec<String> {
    match report.differing_files.len() {
        0 => vec![
            is_now,
            "Now: offsync sync; then let another home sync, and sync here again: that brings the files.".into(),
        ],
        files => vec![
            is_now,
            format!(
                "{}. What the others have alike is not sent again; what differs is kept in both versions.",
                count(files as u64, "file is here and stays as it is", "files are here and stay as they are")
            ),
            "Now: offsync sync; then let another home sync, and sync here again: then they are compared, and what lacks arrives.".into(),
        ],
    }
}
