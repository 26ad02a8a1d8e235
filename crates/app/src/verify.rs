//! Verifying an archive for both shells: files are read again, and damaged ones healed from another location.

use std::path::PathBuf;
use std::time::Duration;

use offsync_core::rel_path::RelPath;
use offsync_engine::{LostFile, SyncOptions, VerifyOptions};
use serde::Serialize;

use crate::app::App;
use crate::events::EventMonitor;
use crate::failure::{AppError, Result};
use crate::opened::Opened;
use crate::reports::SkippedReport;
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
    pub damaged: Vec<String>,
    /// Files that could not be looked at, each with why.
    pub skipped: Vec<SkippedReport>,
    /// Damaged files that were put together again.
    pub repaired: Vec<String>,
    /// Damaged files whose pieces are asked for and have not arrived.
    pub wanted: Vec<String>,
    /// Damaged files that no home that takes part has whole any more: nothing heals those.
    pub lost: Vec<String>,
    /// How much of the archive was read in this pass, in a hundred.
    pub coverage_percent: f64,
    /// When the pass began that found everything sound, RFC 3339; absent while it is under way or anything is damaged.
    pub completed: Option<String>,
    /// Why nothing could be asked for, if the mailbox is the reason.
    pub mailbox_trouble: Option<String>,
    /// The same as a failure, for a window that shows nothing else of this.
    #[serde(skip)]
    pub mailbox_failure: Option<AppError>,
}

impl App {
    /// Reads files again and names those that are damaged; heals them where that is asked for.
    pub fn verify(&self, request: &VerifyRequest) -> std::result::Result<VerifyReport, AppError> {
        let mut archive = self.open_archive(&request.folder)?;
        if !archive.is_same_drive {
            return Err(AppError::failed(
                "other_drive",
                "This archive lies on another drive than it did, and was not synced since.",
                "Sync first: `offsync sync` looks at all that is there.",
            ));
        }
        let archive_id = archive.marker.archive_id.to_string();
        let monitor = EventMonitor::new(archive_id, &archive.root, self.sink(), self.cancel());
        let options = VerifyOptions {
            budget_ns: request
                .budget
                .map(|budget| i64::try_from(budget.as_nanos()).unwrap_or(i64::MAX)),
            repair: request.repair,
        };
        let found = archive.with_engine(&monitor, |engine| engine.verify(&options))?;
        let mut report = VerifyReport {
            checked_files: found.checked_files,
            checked_bytes: found.checked_bytes,
            uncompared_files: found.uncompared_files,
            fresh_files: found.fresh_files,
            damaged: texts(found.damaged.iter().map(|damaged| &damaged.path)),
            skipped: found.skipped.iter().map(SkippedReport::from).collect(),
            coverage_percent: found.coverage_percent,
            completed: found.completed_ns.map(rfc3339),
            ..VerifyReport::default()
        };
        if request.repair && !found.damaged.is_empty() {
            self.repair(&mut archive, &monitor, &mut report)?;
        }
        if !found.damaged.is_empty() {
            let lost = archive.with_engine(&monitor, |engine| engine.lost())?;
            let is_here = |file: &&LostFile| file.is_damaged_here;
            report.lost = texts(lost.iter().filter(is_here).map(|file| &file.path));
            report.lost.retain(|path| report.damaged.contains(path));
        }
        Ok(report)
    }

    /// Runs a cycle: it asks for what lacks, and puts together what has come.
    fn repair(&self, archive: &mut Opened, monitor: &EventMonitor<'_>, report: &mut VerifyReport) -> Result<()> {
        let options: SyncOptions = archive.options();
        let synced = archive.with_engine(monitor, |engine| engine.sync(&options))?;
        let trouble = archive.mailbox_trouble.take();
        report.mailbox_trouble = trouble.as_ref().map(ToString::to_string);
        report.mailbox_failure = trouble.map(AppError::from);
        let left = archive.with_engine(monitor, |engine| engine.damaged())?;
        report.repaired = texts(synced.repaired.iter());
        report.wanted = texts(left.iter().filter(|left| left.is_wanted).map(|left| &left.path));
        Ok(())
    }
}

fn texts<'a>(paths: impl Iterator<Item = &'a RelPath>) -> Vec<String> {
    paths.map(ToString::to_string).collect()
}
