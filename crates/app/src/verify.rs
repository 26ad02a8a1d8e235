//! Verifying an archive for both shells: files are read again, and damaged ones healed from another location or, where a
//! person says that it was an edit, kept as they are.

use std::path::{Path, PathBuf};
use std::time::Duration;

use offsync_core::rel_path::RelPath;
use offsync_engine::{
    DamagedFile, Engine, EngineError, LostFile, NotKept, Silent, SyncOptions, VerifyOptions, WhyNotKept,
};
use serde::Serialize;

use crate::app::App;
use crate::events::EventMonitor;
use crate::exact_path::{ListedPath, exact};
use crate::failure::{AppError, Result, without_error_numbers};
use crate::left_open::DamagedReport;
use crate::opened::Opened;
use crate::reports::{MadeOfDamageReport, SkippedReport};
use crate::said_path;
use crate::times::rfc3339;

/// What `verify` asks for.
#[derive(Clone, Debug, Default)]
pub struct VerifyRequest {
    /// The archive.
    pub folder: PathBuf,
    /// How long to read at most; `None` reads all, from the beginning.
    pub budget: Option<Duration>,
    /// Whether damaged files are to be had again from another location.
    pub repair: bool,
}

/// What `verify` found.
#[derive(Clone, Debug, Default, Serialize)]
pub struct VerifyReport {
    /// Files read.
    pub checked_files: u64,
    /// Their bytes.
    pub checked_bytes: u64,
    /// Files that changed too shortly before to be compared: the next sync reads them.
    pub uncompared_files: u64,
    /// How many of them were written a moment ago: a sync in a few seconds reads them.
    pub fresh_files: u64,
    /// Files that are damaged, from earlier visits too.
    pub damaged: Vec<ListedPath>,
    /// Files that could not be looked at, each with why.
    pub skipped: Vec<SkippedReport>,
    /// Damaged files that were put together again.
    pub repaired: Vec<ListedPath>,
    /// Damaged files whose pieces are asked for and have not arrived.
    pub wanted: Vec<ListedPath>,
    /// Damaged files that no home that takes part has whole any more: nothing heals those.
    pub lost: Vec<ListedPath>,
    /// Damaged files that held a change which was never sent: no other home shows what it was.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unsent: Vec<ListedPath>,
    /// What the sync of a repair sent although it was made of damaged files.
    pub made_of_damage: Vec<MadeOfDamageReport>,
    /// Damaged files of which a person said just now that they are to stay as they are: the next sync sends them as edits.
    pub kept: Vec<ListedPath>,
    /// How much of the archive was read in this pass, in a hundred.
    pub coverage_percent: f64,
    /// When the pass began that found everything sound, RFC 3339; absent while it is under way or anything is damaged.
    pub completed: Option<String>,
    /// Whether the drive had no room for a note of what was found: the next visit begins anew.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub not_noted: bool,
    /// Why nothing could be asked for, if the mailbox is the reason.
    pub mailbox_trouble: Option<String>,
    /// The same as a failure, for a window that shows nothing else of this.
    #[serde(skip)]
    pub mailbox_failure: Option<AppError>,
}

/// What the index tells of damage, once some was found.
#[derive(Default)]
struct Known {
    damaged: Vec<DamagedFile>,
    lost: Vec<LostFile>,
}

impl Known {
    fn of_damage(
        engine: &mut Engine<'_>,
        found: &offsync_engine::VerifyReport,
    ) -> std::result::Result<Self, EngineError> {
        if found.damaged.is_empty() {
            return Ok(Self::default());
        }
        Ok(Self {
            damaged: engine.damaged()?,
            lost: engine.lost()?,
        })
    }
}

impl App {
    /// Reads files again and names those that are damaged; heals them where that is asked for.
    pub fn verify(&self, request: &VerifyRequest) -> std::result::Result<VerifyReport, AppError> {
        let mut archive = self.open_on_its_drive(&request.folder)?;
        let archive_id = archive.marker.archive_id.to_string();
        let monitor = EventMonitor::new(archive_id, &archive.root, self.sink(), self.cancel());
        let options = VerifyOptions {
            budget_ns: request
                .budget
                .map(|budget| i64::try_from(budget.as_nanos()).unwrap_or(i64::MAX)),
            repair: request.repair,
        };
        let read = |engine: &mut Engine<'_>| {
            let found = engine.verify(&options)?;
            let known = Known::of_damage(engine, &found)?;
            Ok((found, known))
        };
        // A repair has to write, and says so where it cannot.
        let (found, mut known) = match request.repair {
            true => archive.with_engine(&monitor, read)?,
            false => archive.look(&monitor, read)?,
        };
        let mut report = VerifyReport {
            checked_files: found.checked_files,
            checked_bytes: found.checked_bytes,
            uncompared_files: found.uncompared_files,
            fresh_files: found.fresh_files,
            damaged: listed(found.damaged.iter().map(|damaged| &damaged.path)),
            skipped: found.skipped.iter().map(SkippedReport::from).collect(),
            coverage_percent: found.coverage_percent,
            completed: found.completed_ns.map(rfc3339),
            not_noted: archive.is_full,
            ..VerifyReport::default()
        };
        if request.repair && !found.damaged.is_empty() {
            self.repair(&mut archive, &monitor, &mut report)?;
            known = archive.with_engine(&monitor, |engine| Known::of_damage(engine, &found))?;
        }
        let is_here = |file: &&LostFile| file.is_damaged_here;
        report.lost = listed(known.lost.iter().filter(is_here).map(|file| &file.path));
        report.lost.retain(|path| report.damaged.contains(path));
        let is_unsent = |file: &&DamagedFile| file.is_unsent;
        report.unsent = listed(known.damaged.iter().filter(is_unsent).map(|file| &file.path));
        Ok(report)
    }

    /// Opens an archive whose index tells of the drive that it lies on.
    fn open_on_its_drive(&self, folder: &Path) -> Result<Opened> {
        let archive = self.open_archive(folder)?;
        if archive.is_same_drive {
            return Ok(archive);
        }
        Err(AppError::failed(
            "other_drive",
            "This archive lies on another drive than it did, and was not synced since.",
            "Sync first: `offsync sync` looks at all that is there.",
        ))
    }

    /// Lists the files that are known to be damaged on this drive.
    pub fn damaged(&self, folder: &Path) -> std::result::Result<Vec<DamagedReport>, AppError> {
        let mut archive = self.open_archive(folder)?;
        archive.with_engine(&Silent, |engine| {
            let lost = engine.lost()?;
            let report = |file: &DamagedFile| DamagedReport {
                lost: lost.iter().any(|one| one.path == file.path),
                ..DamagedReport::of(file, &[])
            };
            Ok(engine.damaged()?.iter().map(report).collect())
        })
    }

    /// Takes damaged files for edits of this person, as they read now: those that are named. All of them or none.
    pub fn keep_damaged(&self, folder: &Path, paths: &[PathBuf]) -> std::result::Result<VerifyReport, AppError> {
        let mut archive = self.open_on_its_drive(folder)?;
        let all = archive.with_engine(&Silent, |engine| engine.damaged())?;
        let mut chosen = Vec::new();
        for path in paths {
            let meant = said_path::among(&archive.root, path, &all, |file: &DamagedFile| vec![&file.path])?;
            let [file] = meant.as_slice() else {
                return Err(not_damaged(&path.display().to_string()));
            };
            chosen.push(file.path.clone());
        }
        keep(&mut archive, &chosen)
    }

    /// The same for one of those that [`App::damaged`] lists.
    pub fn keep_listed(&self, folder: &Path, one: &DamagedReport) -> std::result::Result<VerifyReport, AppError> {
        let mut archive = self.open_on_its_drive(folder)?;
        let all = archive.with_engine(&Silent, |engine| engine.damaged())?;
        let is_it = |file: &&DamagedFile| file.path.to_string() == one.path && exact(&file.path) == one.path_base64;
        let file = all.iter().find(is_it).ok_or_else(|| not_damaged(&one.path))?;
        keep(&mut archive, std::slice::from_ref(&file.path))
    }

    /// Runs a cycle: it asks for what lacks, and puts together what has come.
    fn repair(&self, archive: &mut Opened, monitor: &EventMonitor<'_>, report: &mut VerifyReport) -> Result<()> {
        let options: SyncOptions = archive.options();
        archive.mend_notes()?;
        let synced = archive.with_engine(monitor, |engine| engine.sync(&options))?;
        let trouble = archive.mailbox_trouble.take();
        report.mailbox_trouble = trouble.as_ref().map(ToString::to_string);
        report.mailbox_failure = trouble.map(AppError::from);
        let left = archive.with_engine(monitor, |engine| engine.damaged())?;
        report.repaired = listed(synced.repaired.iter());
        report.made_of_damage = synced.made_of_damage.iter().map(MadeOfDamageReport::from).collect();
        report.wanted = listed(left.iter().filter(|left| left.is_wanted).map(|left| &left.path));
        // What was edited since it was found, or moved, is not damaged there any more.
        let left = listed(left.iter().map(|left| &left.path));
        report
            .damaged
            .retain(|path| left.contains(path) || report.repaired.contains(path));
        for path in left {
            if !report.damaged.contains(&path) {
                report.damaged.push(path);
            }
        }
        Ok(())
    }
}

fn keep(archive: &mut Opened, chosen: &[RelPath]) -> Result<VerifyReport> {
    let (kept, left) = archive.with_engine(&Silent, |engine| Ok((engine.keep_damaged(chosen)?, engine.damaged()?)))?;
    let kept = kept.map_err(|refused| not_kept(&refused))?;
    let wanted = left.iter().filter(|file| file.is_wanted);
    Ok(VerifyReport {
        wanted: listed(wanted.map(|file| &file.path)),
        damaged: listed(left.iter().map(|file| &file.path)),
        kept: listed(kept.iter()),
        ..VerifyReport::default()
    })
}

fn not_damaged(path: &str) -> AppError {
    AppError::failed(
        "not_damaged",
        format!("'{path}' is not known to be damaged on this drive, so there is nothing to decide about it."),
        "See which files are with `offsync verify FOLDER`. An edit that shows in a file's size or time goes with the next sync by itself.",
    )
}

/// Says why a file is not kept as it is now.
fn not_kept(NotKept { path, why }: &NotKept) -> AppError {
    match why {
        WhyNotKept::NotDamaged => not_damaged(&path.to_string()),
        WhyNotKept::Gone => AppError::failed(
            "gone",
            format!("'{path}' is no file any more, so there is nothing to keep. Nothing was changed."),
            "Sync here: that finds what became of it.",
        ),
        WhyNotKept::Sound => AppError::failed(
            "reads_well",
            format!("'{path}' reads as it should again, so there is nothing to decide about it. Nothing was changed."),
            "Read it once more with `offsync verify FOLDER --all`. A drive that reads now so and now so is best replaced.",
        ),
        WhyNotKept::Changed => AppError::failed(
            "changed_since",
            format!("'{path}' reads otherwise than when it was found damaged, so it is not kept. Nothing was changed."),
            "Read it once more with `offsync verify FOLDER --all`, and say it again if it is still damaged then.",
        ),
        WhyNotKept::BeingWritten => AppError::failed(
            "being_written",
            format!("'{path}' is being written, so nobody can say what would be kept. Nothing was changed."),
            "Try again once it is saved.",
        ),
        WhyNotKept::Unreadable(reason) => AppError::failed(
            "cannot_be_kept",
            format!(
                "'{path}' cannot be read ({}), so there is nothing to send as an edit. Nothing was changed.",
                without_error_numbers(reason)
            ),
            "`offsync verify FOLDER --repair` has the content of before again from another home.",
        ),
    }
}

fn listed<'a>(paths: impl Iterator<Item = &'a RelPath>) -> Vec<ListedPath> {
    paths.cloned().map(ListedPath).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::on_screen::asks_to_type;

    #[test]
    fn what_is_not_kept_is_named_with_the_next_step_and_a_screen_names_no_command() {
        let check = |why: WhyNotKept, code: &str, said: &str| {
            let path = RelPath::new("2024/beach.jpg").expect("a good path");
            let refused = not_kept(&NotKept { path, why });
            assert_eq!(refused.code, code);
            let told = format!("{} {}", refused.message, refused.hint);
            assert!(told.starts_with("'2024/beach.jpg' ") && told.contains(said), "{told}");
            let shown = refused.on_screen();
            assert!(!asks_to_type(&shown.hint) && !shown.hint.is_empty(), "{shown:?}");
        };
        check(
            WhyNotKept::NotDamaged,
            "not_damaged",
            "is not known to be damaged on this drive",
        );
        check(WhyNotKept::Gone, "gone", "is no file any more");
        check(WhyNotKept::Sound, "reads_well", "reads as it should again");
        check(
            WhyNotKept::Changed,
            "changed_since",
            "reads otherwise than when it was found damaged",
        );
        check(WhyNotKept::BeingWritten, "being_written", "Try again once it is saved.");
        let unreadable = WhyNotKept::Unreadable("Input/output error (os error 5)".into());
        check(unreadable, "cannot_be_kept", "cannot be read (Input/output error), so");
    }
}
