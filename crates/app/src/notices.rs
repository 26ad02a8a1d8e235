//! What a headless engine has to say to people after a cycle: a sentence for each trouble, by what it is about.

use std::collections::BTreeMap;

use crate::failure::AppError;
use crate::reports::{SkippedReport, SyncReport};
use crate::view::{HeldDirection, HeldView};

/// Gives all that a person should know of a cycle's end: a sentence each, by what it is about.
pub(crate) fn troubles(report: &SyncReport) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    all.extend(report.failure.iter().map(failure));
    all.extend(report.held.iter().chain(&report.also_held).map(held));
    all.extend(report.skipped.iter().map(|line| same(left_alone(line))));
    all.extend(report.conflicts.iter().map(|conflict| {
        same(format!(
            "Two versions are kept: '{}' and '{}'. Decide with `offsync resolve`.",
            conflict.path, conflict.copy
        ))
    }));
    all.extend(report.diverged.iter().map(|location| {
        same(format!("ALARM: location {location} says that it has just what is here, and it has not. Nothing was changed; please report this."))
    }));
    all
}

/// What is about nothing but what it says.
fn same(sentence: String) -> (String, String) {
    (sentence.clone(), sentence)
}

/// Puts a failure into one sentence after the other.
pub(crate) fn failure(failure: &AppError) -> (String, String) {
    same(format!("{} {}", failure.message, failure.hint))
}

/// Deletions that are held are the same ones however many files come beside them.
fn held(held: &HeldView) -> (String, String) {
    let whose = match held.direction {
        HeldDirection::Local => "were deleted here",
        HeldDirection::Remote => "would be deleted here",
    };
    (
        format!("{} {whose}", held.deletions),
        format!(
            "{} of {} files {whose}; nothing is done about it. If that is meant, run `offsync sync` with --yes; if not, with --keep-files.",
            held.deletions, held.of
        ),
    )
}

fn left_alone(line: &SkippedReport) -> String {
    match line.path.as_str() {
        "" => format!("Not done: {}.", line.reason),
        path => format!("Left alone: {path}: {}.", line.reason),
    }
}
