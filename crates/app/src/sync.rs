//! Syncing one archive or all, for both shells.

use std::path::{Path, PathBuf};

use offsync_core::format::ObjectName;
use offsync_engine::{Served, SyncOptions};

use crate::app::App;
use crate::besides::Before;
use crate::events::EventMonitor;
use crate::failure::{AppError, DRIVE_FULL, Result};
use crate::left_open::LeftOpen;
use crate::opened::{Opened, is_away};
use crate::reports::SyncReport;
use crate::unfinished::{Leaves, Leaving};
use crate::view::Event;
use crate::wrong_drive::WRONG_DRIVE;

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
                drive_present: failure.code != WRONG_DRIVE,
                error: Some(failure.to_failure()),
                failure: Some(failure),
                ..SyncReport::default()
            })
        };
        let mut reports: Vec<SyncReport> = folders.iter().map(one).collect();
        // Drives in drawers are how Offsync is used: whoever names none means those that are here.
        if request.folders.is_empty() {
            for (report, folder) in reports.iter_mut().zip(&folders) {
                let failure = report.failure.as_ref();
                if failure.is_some_and(|failure| is_away(failure, folder)) {
                    report.drive_present = false;
                    (report.error, report.failure) = (None, None);
                }
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
        let cycle = |archive: &mut Opened| {
            archive.mend_notes()?;
            archive.with_engine(&monitor, |engine| {
                let before = engine.mending(|engine| Before::look(engine, &how))?;
                Ok((engine.is_brought_back()?, engine.sync(&how)?, before))
            })
        };
        let result = match cycle(&mut archive) {
            Err(error) if error.code == DRIVE_FULL && archive.make_room() => cycle(&mut archive),
            done => done,
        };
        let result = result
            .and_then(
                |(was_brought_back, report, before)| match is_unasked(&archive, &report) {
                    true => archive.with_engine(&monitor, |engine| {
                        Ok((was_brought_back, after(report, engine.sync(&how)?), before))
                    }),
                    false => Ok((was_brought_back, report, before)),
                },
            )
            .and_then(|(was_brought_back, mut report, before)| {
                archive.with_engine(&monitor, |engine| {
                    before.complete(engine, &mut report)?;
                    let left_open = LeftOpen::after(&report, engine, &how, was_brought_back)?;
                    let besides = before.besides(engine, &report)?;
                    Ok((report, left_open, besides))
                })
            })
            .and_then(|report| {
                archive.adopt_drive()?;
                // What could be done here was done; that the mailbox could not be reached is still to be said.
                match archive.mailbox_trouble.take() {
                    Some(trouble) => Err(archive.explained(trouble.into())),
                    None => Ok(report),
                }
            })
            .map(|(report, left_open, besides)| {
                let folder = archive.root.display().to_string();
                let mut told = SyncReport::from_engine(archive_id.clone(), folder, &report, left_open);
                besides.tell(&mut told);
                told
            })
            .map_err(|error| match error.code {
                DRIVE_FULL => archive.stops_for_room(),
                _ => error,
            });
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

/// Tells whether others could say what the archive holds and were not asked: the engine asks after two cycles, since what
/// leads there may be listed late. Whoever has nothing yet would come back for the second one alone.
fn is_unasked(archive: &Opened, report: &offsync_engine::SyncReport) -> bool {
    let (true, Some(mailbox)) = (report.awaits_state, &archive.mailbox) else {
        return false;
    };
    let me = archive.marker.location;
    // The marker still names the id that the drive had, if it took a new one just now: then it has never asked.
    let is_want = |name: &ObjectName| *name == ObjectName::Want(me);
    let is_other = |name: &ObjectName| matches!(name, ObjectName::Head(location) if *location != me);
    let names = mailbox.list().unwrap_or_default();
    let names = || names.iter().filter_map(|object| object.name.parse::<ObjectName>().ok());
    !names().any(|name| is_want(&name)) && names().any(|name| is_other(&name))
}

/// Gives what two cycles did together, the second right after the first.
///
/// What was done is done in either; what is left open is what the second left.
fn after(first: offsync_engine::SyncReport, second: offsync_engine::SyncReport) -> offsync_engine::SyncReport {
    let mut served = first.served;
    for (location, then) in second.served {
        let served: &mut Served = served.entry(location).or_default();
        served.files.extend(then.files);
        served.bytes += then.bytes;
        served.has_state |= then.has_state;
    }
    offsync_engine::SyncReport {
        posted_changesets: first.posted_changesets + second.posted_changesets,
        posted_entries: first.posted_entries + second.posted_entries,
        payload_bytes: first.payload_bytes + second.payload_bytes,
        served,
        applied: first.applied + second.applied,
        repaired: joined(first.repaired, second.repaired),
        warnings: joined(first.warnings, second.warnings),
        made_of_damage: joined(first.made_of_damage, second.made_of_damage),
        set_aside: joined(first.set_aside, second.set_aside),
        threshold_heard: second.threshold_heard.or(first.threshold_heard),
        hashed_files: first.hashed_files + second.hashed_files,
        hashed_bytes: first.hashed_bytes + second.hashed_bytes,
        uploaded_bytes: first.uploaded_bytes + second.uploaded_bytes,
        fetched_changesets: first.fetched_changesets + second.fetched_changesets,
        downloaded_bytes: first.downloaded_bytes + second.downloaded_bytes,
        pruned_objects: first.pruned_objects + second.pruned_objects,
        pruned_bytes: first.pruned_bytes + second.pruned_bytes,
        took_new_id: first.took_new_id || second.took_new_id,
        mended_index: first.mended_index || second.mended_index,
        mailbox_went_back: first.mailbox_went_back || second.mailbox_went_back,
        was_new_here: first.was_new_here || second.was_new_here,
        ..second
    }
}

/// Gives what either list holds, each once.
fn joined<T: PartialEq>(mut first: Vec<T>, second: Vec<T>) -> Vec<T> {
    for one in second {
        if !first.contains(&one) {
            first.push(one);
        }
    }
    first
}

pub(crate) fn no_archives() -> AppError {
    AppError::failed(
        "no_archives",
        "This computer knows no archive yet.",
        "Begin one with `offsync init FOLDER …`, or join one with `offsync join FOLDER`.",
    )
}

#[cfg(test)]
mod tests {
    use offsync_core::ids::LocationId;
    use offsync_core::rel_path::RelPath;
    use offsync_engine::{ChangeCounts, SkippedPath};

    use super::*;

    #[test]
    fn of_two_cycles_all_that_was_done_is_told_and_what_the_second_left_open() {
        let path = |name: &str| RelPath::new(name.as_bytes()).expect("a good path");
        let warning = |name: &str| SkippedPath::new(path(name), String::new());
        let reader = LocationId::new([1; 16]);
        let cycle = |bytes: u64, healed: &str, has_state: bool| {
            let served = Served {
                bytes,
                has_state,
                ..Served::default()
            };
            offsync_engine::SyncReport {
                applied: ChangeCounts {
                    created: bytes,
                    ..ChangeCounts::default()
                },
                posted_entries: bytes,
                payload_bytes: bytes,
                served: [(reader, served)].into(),
                warnings: vec![warning("both"), warning(healed)],
                repaired: vec![path(healed)],
                missing_chunks: bytes,
                ..offsync_engine::SyncReport::default()
            }
        };
        let both = after(cycle(1, "a", true), cycle(2, "b", false));
        assert_eq!(
            (both.applied.created, both.posted_entries, both.payload_bytes),
            (3, 3, 3)
        );
        let served = &both.served[&reader];
        assert_eq!((served.bytes, served.has_state), (3, true));
        assert_eq!(both.warnings, [warning("both"), warning("a"), warning("b")]);
        assert_eq!(both.repaired, [path("a"), path("b")]);
        assert_eq!(both.missing_chunks, 2, "what is open now");
    }
}
