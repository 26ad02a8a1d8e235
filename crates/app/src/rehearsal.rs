//! Rehearsals: a whole cycle on a copy of the index, over a drive and a mailbox that keep nothing.
//!
//! What `sync --dry-run` tells is what `sync` would do; nothing changes anywhere.

use std::path::{Path, PathBuf};

use offsync_core::rel_path::RelPath;
use offsync_engine::{Silent, SyncOptions};

use crate::app::App;
use crate::besides::Before;
use crate::failure::{AppError, Result};
use crate::left_open::LeftOpen;
use crate::reports::{SkippedReport, SyncReport};
use crate::sync::{SyncRequest, no_archives};

impl App {
    /// Tells what a sync would do; changes nothing anywhere.
    pub fn rehearse(&self, request: &SyncRequest) -> std::result::Result<Vec<SyncReport>, AppError> {
        let folders = if request.folders.is_empty() {
            self.known_folders()?
        } else {
            request.folders.clone()
        };
        if folders.is_empty() {
            return Err(no_archives());
        }
        let one = |folder: &PathBuf| {
            self.rehearse_one(folder, request).unwrap_or_else(|failure| SyncReport {
                folder: folder.display().to_string(),
                error: Some(failure.to_failure()),
                failure: Some(failure),
                ..SyncReport::default()
            })
        };
        Ok(folders.iter().map(one).collect())
    }

    fn rehearse_one(&self, folder: &Path, request: &SyncRequest) -> Result<SyncReport> {
        let mut archive = self.open_archive(folder)?;
        if let Some(trouble) = archive.mailbox_trouble.take() {
            return Err(archive.explained(trouble.into()));
        }
        let options = SyncOptions {
            deep: request.deep,
            confirm_deletions: request.yes,
            refuse_deletions: request.keep_files,
            ..archive.options()
        };
        let (report, left_open, besides) = archive.rehearse(&Silent, |engine| {
            let was_brought_back = engine.is_brought_back()?;
            let before = engine.mending(|engine| Before::look(engine, &options))?;
            let mut report = engine.sync(&options)?;
            before.complete(engine, &mut report)?;
            let left_open = LeftOpen::after(&report, engine, &options, was_brought_back)?;
            let besides = before.besides(engine, &report)?;
            Ok((report, left_open, besides))
        })?;
        let mut told = SyncReport::from_engine(
            archive.marker.archive_id.to_string(),
            archive.root.display().to_string(),
            &report,
            left_open,
        );
        besides.tell(&mut told);
        if archive.would_stop() {
            let AppError { message, hint, .. } = archive.stops_for_room();
            let reason = format!("{message} {hint}").replacen("The drive", "the drive", 1);
            told.skipped.push(SkippedReport::new(&RelPath::root(), reason));
        }
        Ok(told)
    }
}
