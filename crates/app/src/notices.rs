//! What a headless engine has to say to people after a cycle: a sentence for each trouble, by what it is about, once.

use std::collections::{BTreeMap, BTreeSet};

use crate::amounts::so_many_of;
use crate::failure::AppError;
use crate::reports::{SkippedReport, SyncReport};
use crate::view::{HeldDirection, HeldView};
use crate::went_back::{MAILBOX_WENT_BACK, MENDED_INDEX};

/// So many files that are still being written are named one by one.
const UNFINISHED_NAMED_MAX: usize = 3;

/// What a person was told of an archive, so that each trouble is said once and not each cycle.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Told {
    troubles: BTreeSet<String>,
    failure: Option<String>,
}

impl Told {
    /// Gives the sentences that are new, of all troubles that there are now, each by what it is about.
    pub(crate) fn news(&mut self, now: BTreeMap<String, String>) -> Vec<String> {
        self.failure = None;
        let before = std::mem::replace(&mut self.troubles, now.keys().cloned().collect());
        let is_new = |(about, _): &(String, String)| !before.contains(about);
        now.into_iter().filter(is_new).map(|(_, sentence)| sentence).collect()
    }

    /// Gives the sentence of a failure, if it is another one than before; of all else, nobody knows whether it has gone.
    pub(crate) fn failed(&mut self, error: &AppError) -> Option<String> {
        let sentence = format!("{} {}", error.message, error.hint);
        let is_new = self.failure.as_ref() != Some(&sentence);
        self.failure = Some(sentence.clone());
        is_new.then_some(sentence)
    }

    /// What had failed does so no longer: it is news when it does again.
    pub(crate) fn mended(&mut self) {
        self.failure = None;
    }
}

/// Gives all that a person should know of a cycle's end: a sentence each, by what it is about.
pub(crate) fn troubles(report: &SyncReport) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    all.extend(report.held.iter().chain(&report.also_held).map(held));
    all.extend(report.skipped.iter().map(|line| same(left_alone(line))));
    all.extend(report.threshold_heard.iter().map(|told| same(format!("{told}."))));
    let made = report.made_of_damage.iter();
    all.extend(made.map(|made| same(format!("'{}': {}.", made.path, made.said))));
    all.extend(report.lost_sentence().map(same));
    let set_aside = report.set_aside.iter();
    all.extend(set_aside.map(|home| same(home.set_aside_sentence())));
    all.extend(report.mailbox_went_back.then(|| same(MAILBOX_WENT_BACK.to_owned())));
    all.extend(report.mended_index.then(|| same(MENDED_INDEX.to_owned())));
    all.extend(unfinished(&report.unfinished));
    all.extend(report.conflicts.iter().map(|conflict| {
        same(format!(
            "Two versions are kept: '{}' and '{}'. Decide with `offsync resolve`.",
            conflict.path, conflict.copy
        ))
    }));
    all.extend(report.alarms.iter().cloned().map(same));
    all
}

/// What is about nothing but what it says.
fn same(sentence: String) -> (String, String) {
    (sentence.clone(), sentence)
}

/// Deletions that are held are the same ones however many files come beside them.
fn held(held: &HeldView) -> (String, String) {
    let (deletions, of) = (held.deletions, held.of);
    let what = match (held.direction, held.by_label.as_deref()) {
        (HeldDirection::Local, _) if deletions == of && of == 1 => {
            "The only file that was in this folder is gone".to_owned()
        }
        (HeldDirection::Local, _) if deletions == of => format!("All {of} files that were in this folder are gone"),
        (HeldDirection::Local, _) if deletions == 1 => format!("1 of {of} files was deleted here"),
        (HeldDirection::Local, _) => format!("{deletions} of {of} files were deleted here"),
        (HeldDirection::Remote, Some(label)) => format!("'{label}' deleted {}", so_many_of(deletions, of)),
        (HeldDirection::Remote, None) => format!("Other homes deleted {}", so_many_of(deletions, of)),
    };
    let no = match (held.direction, held.other_homes) {
        (HeldDirection::Local, 0) => "put the files back: no other home has them",
        _ => "with --keep-files",
    };
    (
        format!("{deletions} {:?}", held.direction),
        format!("{what}; nothing is done about it. If that is meant, run `offsync sync` with --yes; if not, {no}."),
    )
}

fn left_alone(line: &SkippedReport) -> String {
    match line.path.as_str() {
        "" => format!("Not done: {}.", line.reason),
        path => format!("Left alone: {path}: {}.", line.reason),
    }
}

fn unfinished(paths: &[String]) -> Vec<(String, String)> {
    match paths {
        [first, ..] if paths.len() > UNFINISHED_NAMED_MAX => {
            let said = format!(
                "Left for later: {} files are still being written, '{first}' is one of them. They go when they have settled.",
                paths.len()
            );
            vec![("unfinished".to_owned(), said)]
        }
        _ => {
            let said = |path: &String| {
                format!("Left for later: '{path}' is still being written. It goes when it has settled.")
            };
            paths.iter().map(|path| same(said(path))).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        let owned = pairs.iter().map(|(about, said)| (about.to_string(), said.to_string()));
        owned.collect()
    }

    #[test]
    fn each_trouble_is_said_once_until_it_has_gone() {
        let mut told = Told::default();
        assert_eq!(told.news(all(&[("a", "a1"), ("b", "b1")])), ["a1", "b1"]);
        assert_eq!(told.news(all(&[("a", "a2")])), [""; 0]);
        assert_eq!(told.news(all(&[("a", "a3"), ("b", "b2")])), ["b2"]);
        assert_eq!(told.news(all(&[])), [""; 0]);
        assert_eq!(told.news(all(&[("a", "a4")])), ["a4"]);
    }

    #[test]
    fn a_failure_is_said_once_until_it_changes_or_has_gone_and_lets_nothing_else_be_said_again() {
        let mut told = Told::default();
        let (away, full) = (
            AppError::failed("away", "Away.", "Wait."),
            AppError::failed("full", "Full.", "Make room."),
        );
        assert_eq!(told.news(all(&[("a", "a1")])), ["a1"]);
        assert_eq!(told.failed(&away), Some("Away. Wait.".into()));
        assert_eq!(told.failed(&away), None);
        assert_eq!(told.failed(&full), Some("Full. Make room.".into()));
        assert_eq!(told.failed(&away), Some("Away. Wait.".into()), "it changed");
        assert_eq!(told.news(all(&[("a", "a1")])), [""; 0], "it has been said");
        assert_eq!(told.failed(&away), Some("Away. Wait.".into()), "it had gone");
    }

    #[test]
    fn few_unfinished_files_are_named_and_many_are_counted() {
        let said = |unfinished: Vec<String>| {
            let report = SyncReport {
                unfinished,
                ..SyncReport::default()
            };
            troubles(&report).into_values().collect::<Vec<String>>()
        };
        let few = said(vec!["film.mkv".into(), "log".into()]);
        assert_eq!(few.len(), 2);
        assert!(few[0].contains("'film.mkv' is still being written"), "{few:?}");
        let many = said((0..2_000).map(|n| format!("{n}.jpg")).collect());
        assert_eq!(many.len(), 1);
        assert!(
            many[0].contains("2000 files are still being written, '0.jpg'"),
            "{many:?}"
        );
    }
}
