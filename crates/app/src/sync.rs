//! Syncing one archive or all, for both shells.

use std::path::{Path, PathBuf};

use offsync_engine::SyncOptions;

use crate::app::App;
use crate::events::EventMonitor;
use crate::failure::{AppError, Result};
use crate::reports::SyncReport;
use crate::view::Event;

/// What `sync` asks for.
#[derive(Clone, Debug, Default)]
pub struct SyncRequest {
    /// Which archives; all that this computer knows if none is named.
    pub folders: Vec<PathBuf>,
    /// A person says yes to many deletions.
    pub yes: bool,
    /// A person says no to the deletions that are held.
    pub keep_files: bool,
    /// Read every file again.
    pub deep: bool,
}

impl App {
    /// Runs one whole cycle for each archive; one archive's failure does not stop the others.
    pub fn sync(&self, request: &SyncRequest) -> std::result::Result<Vec<SyncReport>, AppError> {
        let folders = if request.folders.is_empty() {
            self.known_folders()?
        } else {
            request.folders.clone()
        };
        if folders.is_empty() {
            return Err(no_archives());
        }
        let one = |folder: &PathBuf| {
            self.sync_one(folder, request).unwrap_or_else(|failure| SyncReport {
                folder: folder.display().to_string(),
                error: Some(failure.to_failure()),
                failure: Some(failure),
                ..SyncReport::default()
            })
        };
        let mut reports: Vec<SyncReport> = folders.iter().map(one).collect();
        // Drives in drawers are how Offsync is used: whoever names none means those that are here.
        if request.folders.is_empty() && reports.iter().any(|report| !report.is_away()) {
            for report in reports.iter_mut().filter(|report| report.is_away()) {
                report.drive_present = false;
                (report.error, report.failure) = (None, None);
            }
        }
        Ok(reports)
    }

    fn sync_one(&self, folder: &Path, request: &SyncRequest) -> Result<SyncReport> {
        let mut archive = self.open_archive(folder)?;
        let archive_id = archive.marker.archive_id.to_string();
        (self.sink())(Event::SyncStarted {
            archive_id: archive_id.clone(),
            folder: archive.root.display().to_string(),
        });
        let monitor = EventMonitor::new(archive_id.clone(), &archive.root, self.sink(), self.cancel());
        let options = SyncOptions {
            deep: request.deep,
            confirm_deletions: request.yes,
            refuse_deletions: request.keep_files,
            ..archive.options()
        };
        let result = archive
            .with_engine(&monitor, |engine| engine.sync(&options))
            .and_then(|report| {
                archive.adopt_drive()?;
                // What could be done here was done; that the mailbox could not be reached is still to be said.
                match archive.mailbox_trouble.take() {
                    Some(trouble) => Err(trouble.into()),
                    None => Ok(report),
                }
            });
        (self.sink())(Event::SyncFinished {
            archive_id: archive_id.clone(),
            folder: archive.root.display().to_string(),
            error: result
                .as_ref()
                .err()
                .map(|error: &AppError| format!("{} {}", error.message, error.hint)),
            safe_to_unplug: result.is_ok(),
        });
        let report = result?;
        self.remember_archive(&archive.root, &archive.marker)?;
        Ok(SyncReport::from_engine(
            archive_id,
            archive.root.display().to_string(),
            &report,
        ))
    }
}

pub(crate) fn no_archives() -> AppError {
    AppError::failed(
        "no_archives",
        "This computer knows no archive yet.",
        "Begin one with `offsync init FOLDER …`, or join one with `offsync join FOLDER`.",
    )
}
