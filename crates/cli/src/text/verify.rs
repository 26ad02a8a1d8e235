//! What reading files again found, and what was decided about damaged ones, as people read it.

use offsync_app::{ListedPath, VerifyReport, as_typed};

use super::safe;
use crate::units::{count, size};

/// The two things that a damaged file may be, and what each of them takes.
const EITHER_WAY: &str = "To have the content of before again from another home: `offsync verify FOLDER --repair`. If you edited a file yourself: `offsync verify FOLDER --keep PATH`.";

/// The same of files that held changes which were never sent.
const UNSENT: &str = "What they held was not sent yet, and no other home shows it. `offsync verify FOLDER --keep PATH` lets a file stay as it is now, and the next sync sends it; the other homes put a version of before into their trash.";

/// Tells what reading files again found.
pub(crate) fn verify(report: &VerifyReport) -> Vec<String> {
    let read = count(report.checked_files, "file", "files");
    let mut lines = vec![format!(
        "{read} read again ({}); {:.0} % of this archive in this pass.",
        size(report.checked_bytes),
        report.coverage_percent.floor()
    )];
    lines.extend(named("damaged", &report.damaged));
    lines.extend(named("healed", &report.repaired));
    let mut wanted = report.wanted.clone();
    wanted.retain(|path| !report.lost.contains(path));
    lines.extend(named("asked for", &wanted));
    lines.extend(named("lost", &report.lost));
    if report.not_noted {
        lines.push(
            "The drive is full, so what was found is not noted on it: free at least 1 MB there, and verify again."
                .into(),
        );
    }
    lines.extend(report.made_of_damage.iter().map(|made| {
        let path = as_typed(&made.path, made.path_base64.as_deref());
        format!("  note: {path}: {}", safe(&made.said))
    }));
    if !report.damaged.is_empty() {
        lines.extend(why_not_all(report));
    }
    if !report.lost.is_empty() {
        lines.push(
            "What is lost no home that takes part has any more: `offsync lost FOLDER` says what can be done.".into(),
        );
        if report.damaged.len() <= report.lost.len() + report.repaired.len() {
            return lines;
        }
    }
    lines.push(match report {
        _ if report.damaged.is_empty() => undamaged(report),
        _ if report.damaged.len() == report.repaired.len() => {
            "All that was damaged is healed. Drives that damage files are best replaced.".into()
        }
        _ if !wanted.is_empty() => {
            "Another home puts the lacking pieces into the mailbox when it syncs; sync here after that.".into()
        }
        _ if report.damaged.iter().all(|path| report.unsent.contains(path)) => UNSENT.into(),
        _ => EITHER_WAY.into(),
    });
    lines
}

/// Tells that files are kept as they are now, and what comes of that.
pub(crate) fn kept(report: &VerifyReport) -> Vec<String> {
    let line = |path: &ListedPath| format!("{} will be sent as your edit with the next sync.", path.as_typed());
    let mut lines: Vec<String> = report.kept.iter().map(line).collect();
    lines.push(match report.kept.as_slice() {
        [_] => "The version before goes to the trash of the other homes when they get it.".into(),
        _ => "The versions before go to the trash of the other homes when they get them.".into(),
    });
    lines.extend(named("still damaged", &report.damaged));
    lines
}

/// Tells why not all was read, if it was not.
fn why_not_all(report: &VerifyReport) -> Option<String> {
    match report.skipped.len() as u64 {
        _ if report.uncompared_files > 0 => uncompared(report),
        0 if report.coverage_percent < 100.0 => {
            Some("Not all was read this time. The next time it goes on from there.".into())
        }
        0 => None,
        n => Some(format!("{} could not be read.", count(n, "file", "files"))),
    }
}

/// Tells which files could not be compared, and when they can.
fn uncompared(report: &VerifyReport) -> Option<String> {
    match report.uncompared_files {
        0 => None,
        n if n == report.fresh_files => Some(format!(
            "{} written a moment ago and can be compared in a few seconds: sync then, and verify again.",
            count(n, "file was", "files were")
        )),
        n => Some(format!(
            "{} changed during the last sync or since and can be compared after the next: sync, then verify again.",
            count(n, "file has", "files have")
        )),
    }
}

/// Tells what may be said where no damage is known: nothing of what was not read.
fn undamaged(report: &VerifyReport) -> String {
    let is_any_read = report.checked_files > 0;
    let all_else = match (is_any_read, report.skipped.is_empty()) {
        (true, true) => " All else reads as it should.",
        (true, false) => " What else could be read reads as it should.",
        (false, _) => "",
    };
    if report.completed.is_none()
        && let Some(uncompared) = uncompared(report)
    {
        return uncompared + all_else;
    }
    match report {
        // A pass may come to its end with nothing left to read: earlier visits have read it all.
        _ if report.completed.is_some() && (is_any_read || report.coverage_percent > 0.0) => {
            "Everything reads as it should.".into()
        }
        _ if report.completed.is_some() => "There is no file here yet that could be read.".into(),
        _ if !report.skipped.is_empty() && is_any_read => {
            "What could be read reads as it should; some files could not be read.".into()
        }
        _ if !report.skipped.is_empty() => "No file could be read, so nothing is known of any.".into(),
        _ if is_any_read => "So far everything reads as it should. The next time it goes on from there.".into(),
        _ => "Nothing was read this time. The next time it goes on from here.".into(),
    }
}

fn named(what: &str, paths: &[ListedPath]) -> Vec<String> {
    let line = |path: &ListedPath| format!("  {what}: {}", path.as_typed());
    paths.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use offsync_app::SkippedReport;

    use super::*;

    fn check(found: VerifyReport, said: &str) {
        assert_eq!(verify(&found).last().map(String::as_str), Some(said));
    }

    fn found(checked_files: u64, uncompared_files: u64, fresh_files: u64) -> VerifyReport {
        VerifyReport {
            checked_files,
            uncompared_files,
            fresh_files,
            ..VerifyReport::default()
        }
    }

    fn beside_one_unread(found: VerifyReport) -> VerifyReport {
        let one = SkippedReport {
            path: "closed.txt".into(),
            path_base64: None,
            reason: "it could not be read".into(),
            detail: None,
        };
        VerifyReport {
            skipped: vec![one],
            ..found
        }
    }

    #[test]
    fn only_of_what_was_read_is_it_said_that_it_reads_as_it_should() {
        let fresh =
            "2 files were written a moment ago and can be compared in a few seconds: sync then, and verify again.";
        check(found(0, 2, 2), fresh);
        check(found(1, 2, 2), &format!("{fresh} All else reads as it should."));
        let changed = "1 file has changed during the last sync or since and can be compared after the next: sync, then verify again.";
        check(found(0, 1, 0), changed);
        check(found(1, 1, 0), &format!("{changed} All else reads as it should."));
        check(
            beside_one_unread(found(1, 1, 0)),
            &format!("{changed} What else could be read reads as it should."),
        );
        check(
            beside_one_unread(found(1, 0, 0)),
            "What could be read reads as it should; some files could not be read.",
        );
        check(
            beside_one_unread(found(0, 0, 0)),
            "No file could be read, so nothing is known of any.",
        );
        check(
            found(1, 0, 0),
            "So far everything reads as it should. The next time it goes on from there.",
        );
        check(
            found(0, 0, 0),
            "Nothing was read this time. The next time it goes on from here.",
        );
    }

    #[test]
    fn beside_damage_it_is_said_why_not_all_was_read() {
        let check = |report: VerifyReport, said: &str| {
            let found = VerifyReport {
                coverage_percent: 57.0,
                ..report
            };
            assert_eq!(why_not_all(&found).as_deref(), Some(said));
        };
        check(
            found(4, 3, 0),
            "3 files have changed during the last sync or since and can be compared after the next: sync, then verify again.",
        );
        check(
            found(4, 1, 1),
            "1 file was written a moment ago and can be compared in a few seconds: sync then, and verify again.",
        );
        check(beside_one_unread(found(4, 0, 0)), "1 file could not be read.");
        check(
            found(4, 0, 0),
            "Not all was read this time. The next time it goes on from there.",
        );
        let all = VerifyReport {
            coverage_percent: 100.0,
            ..found(4, 0, 0)
        };
        assert_eq!(why_not_all(&all), None);
    }

    #[test]
    fn a_pass_that_ends_where_nothing_was_left_to_read_says_so_only_of_what_there_is() {
        let ended = |coverage_percent| VerifyReport {
            coverage_percent,
            completed: Some("2026-01-01T00:00:00Z".into()),
            ..VerifyReport::default()
        };
        check(ended(100.0), "Everything reads as it should.");
        check(ended(0.0), "There is no file here yet that could be read.");
    }
}
