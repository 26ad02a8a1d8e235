//! Syncing one archive or all, for both shells.

use std::path::{Path, PathBuf};

use offsync_engine::SyncOptions;

use crate::app::App;
use crate::events::EventMonitor;
use crate::failure::{AppError, Result};
use crate::reports::SyncReport;
use crate::unfinished::{Leaves, Leaving};
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

/// How one cycle of one archive goes, and who hears of its end.
pub(crate) struct CycleOptions<'a> {
    pub(crate) request: &'a SyncRequest,
    pub(crate) leaves: Leaves<'a>,
    pub(crate) tell: &'a dyn Fn(&Finished<'_>),
}

/// A cycle that began has ended.
pub(crate) struct Finished<'a> {
    pub(crate) archive_id: &'a str,
    pub(crate) folder: &'a Path,
    pub(crate) result: &'a Result<SyncReport>,
}

impl Finished<'_> {
    /// Gives the sentence to show if it failed.
    pub(crate) fn error(&self) -> Option<String> {
        let error = self.result.as_ref().err();
        error.map(|error| format!("{} {}", error.message, error.hint))
    }

    /// Tells whether the drive can be unplugged: nobody is writing to it any more.
    pub(crate) fn is_safe_to_unplug(&self) -> bool {
        self.result.as_ref().is_ok_and(|report| report.unfinished.is_empty())
    }

    fn event(&self) -> Event {
        Event::SyncFinished {
            archive_id: self.archive_id.to_owned(),
            folder: self.folder.display().to_string(),
            error: self.error(),
            safe_to_unplug: self.is_safe_to_unplug(),
        }
    }
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
            let tell = |finished: &Finished<'_>| (self.sink())(finished.event());
            let options = CycleOptions {
                request,
                leaves: &|_, _| false,
                tell: &tell,
            };
            self.sync_one(folder, &options).unwrap_or_else(|failure| SyncReport {
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

    /// Runs one cycle of one archive.
    pub(crate) fn sync_one(&self, folder: &Path, options: &CycleOptions<'_>) -> Result<SyncReport> {
        let request = options.request;
        let mut archive = self.open_archive(folder)?;
        let archive_id = archive.marker.archive_id.to_string();
        (self.sink())(Event::SyncStarted {
            archive_id: archive_id.clone(),
            folder: archive.root.display().to_string(),
        });
        let monitor = EventMonitor::new(archive_id.clone(), &archive.root, self.sink(), self.cancel());
        let monitor = Leaving::new(&monitor, options.leaves);
        let how = SyncOptions {
            deep: request.deep,
            confirm_deletions: request.yes,
            refuse_deletions: request.keep_files,
            ..archive.options()
        };
        let result = archive
            .with_engine(&monitor, |engine| engine.sync(&how))
            .and_then(|report| {
                archive.adopt_drive()?;
                // What could be done here was done; that the mailbox could not be reached is still to be said.
                match archive.mailbox_trouble.take() {
                    Some(trouble) => Err(trouble.into()),
                    None => Ok(report),
                }
            })
            .map(|report| SyncReport::from_engine(archive_id.clone(), archive.root.display().to_string(), &report));
        (options.tell)(&Finished {
            archive_id: &archive_id,
            folder: &archive.root,
            result: &result,
        });
        let report = result?;
        self.remember_archive(&archive.root, &archive.marker)?;
        Ok(report)
    }
}

pub(crate) fn no_archives() -> AppError {
    AppError::failed(
        "no_archives",
        "This computer knows no archive yet.",
        "Begin one with `offsync init FOLDER …`, or join one with `offsync join FOLDER`.",
    )
}
