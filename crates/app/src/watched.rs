//! One archive that is watched: what is here of it, what was noticed there, and what people were told.

use std::any::Any;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, PoisonError};

use offsync_adapters::watching::{Noticed, WatchError};

use crate::failure::{AppError, ExitClass, Result};
use crate::notices::Told;
use crate::reports::SyncReport;
use crate::schedule::{Ended, Found, Schedule};
use crate::unfinished::Unfinished;

/// Hears what a watch notices, on a thread of the watch.
pub(crate) type Ear = Box<dyn Fn(Noticed) + Send>;

/// Begins to watch a folder, for as long as what it gives is kept.
pub(crate) type BeginWatch<'a> = &'a dyn Fn(&Path, Ear) -> std::result::Result<Box<dyn Any>, WatchError>;

/// An archive whose drive may be here.
pub(crate) struct Watched {
    pub(crate) archive_id: String,
    /// What is here of it: none while its drive is away.
    pub(crate) here: Option<Here>,
    pub(crate) told: Told,
    /// Whether this computer was seen to know it: then it can be forgotten.
    pub(crate) is_known: bool,
}

/// An archive whose drive is here.
pub(crate) struct Here {
    pub(crate) schedule: Schedule,
    pub(crate) unfinished: Arc<Mutex<Unfinished>>,
    /// The changes that the last look found, as far as the cycle after it could not send all of them.
    unsent: Option<u64>,
    heard: Arc<Heard>,
    /// Held for as long as the drive is here.
    _watch: Option<Box<dyn Any>>,
}

/// What a watch noticed since it was asked last, however often.
#[derive(Default)]
struct Heard {
    changed: AtomicBool,
    missed: AtomicBool,
}

impl Watched {
    pub(crate) fn new(archive_id: String) -> Self {
        Self {
            archive_id,
            here: None,
            told: Told::default(),
            is_known: false,
        }
    }
}

impl Here {
    /// Begins where a drive has come; gives why its folder cannot be watched, if so: it is looked at now and then.
    pub(crate) fn begin(
        folder: &Path,
        now_ms: u64,
        begin: BeginWatch<'_>,
        ringer: SyncSender<()>,
    ) -> (Self, Option<WatchError>) {
        let mut schedule = Schedule::new(now_ms);
        let heard = Arc::new(Heard::default());
        let ear = heard.clone();
        let begun = begin(
            folder,
            Box::new(move |noticed| {
                let flag = match noticed {
                    Noticed::Changed => &ear.changed,
                    Noticed::Missed => &ear.missed,
                };
                flag.store(true, Ordering::Relaxed);
                // A bell that rings already is enough.
                let _ = ringer.try_send(());
            }),
        );
        let (watch, trouble) = match begun {
            Ok(watch) => (Some(watch), None),
            Err(error) => (None, Some(error)),
        };
        if trouble.is_some() {
            schedule.missed(now_ms);
        }
        let here = Self {
            schedule,
            unfinished: Arc::default(),
            unsent: None,
            heard,
            _watch: watch,
        };
        (here, trouble)
    }

    /// Takes up what the watch noticed.
    pub(crate) fn take_notice(&mut self, now_ms: u64) {
        if self.heard.changed.swap(false, Ordering::Relaxed) {
            self.schedule.changed(now_ms);
        }
        if self.heard.missed.swap(false, Ordering::Relaxed) {
            self.schedule.missed(now_ms);
        }
    }

    /// A look or a cycle begins.
    pub(crate) fn begins(&mut self, now_ms: u64) {
        let is_calm = self.schedule.begins(now_ms);
        self.with_unfinished(|files| files.begin(is_calm));
    }

    /// A look ended; it gave a number that stands for the changes that it found.
    pub(crate) fn looked(&mut self, now_ms: u64, changes: &Result<Option<u64>>) {
        let found = match changes {
            // What could not be sent, or waits for a yes, does not start one cycle after the other.
            Ok(Some(changes)) if self.unsent == Some(*changes) => Found::Nothing,
            Ok(Some(changes)) => {
                self.unsent = Some(*changes);
                Found::Changes
            }
            Ok(None) => Found::Nothing,
            Err(_) => Found::NotNow,
        };
        self.schedule.looked(now_ms, found);
        if changes.is_ok() {
            self.look_again_for_unfinished(now_ms);
        }
    }

    /// A cycle ended.
    pub(crate) fn synced(&mut self, now_ms: u64, outcome: &Result<SyncReport>) -> Ended {
        let ended = ended(outcome);
        self.schedule.synced(now_ms, ended);
        if let Ok(report) = outcome {
            // The same change of the same files, made again, is a new one once it was sent.
            if report.up_to_date || report.posted.entries > 0 {
                self.unsent = None;
            }
            self.look_again_for_unfinished(now_ms);
        }
        ended
    }

    fn look_again_for_unfinished(&mut self, now_ms: u64) {
        let is_left = self.with_unfinished(Unfinished::end);
        self.schedule.left(now_ms, is_left);
    }

    fn with_unfinished<T>(&self, run: impl FnOnce(&mut Unfinished) -> T) -> T {
        run(&mut self.unfinished.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn ended(outcome: &Result<SyncReport>) -> Ended {
    let is_busy = |error: &AppError| error.class == ExitClass::Busy;
    match outcome {
        Err(error) if is_busy(error) => Ended::Busy,
        Err(_) => Ended::Failed,
        Ok(report) => {
            if report.fetched.changesets > 0 || report.applied.all() > 0 {
                Ended::News
            } else {
                Ended::NoNews
            }
        }
    }
}
