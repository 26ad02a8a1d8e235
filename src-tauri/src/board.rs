//! What the shell last learned of the archives, for whoever looks while the engine works.
//!
//! Nobody waits here for the engine: every lock is held for a moment, and never while something is told.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use offsync_app::view::{Event, Failure, Overview, Phase};

/// Hears every event that the window and the tray hear.
pub(crate) type Tell = Arc<dyn Fn(Event) + Send + Sync>;

/// What runs now: archive ids, each with what the engine is doing once it began.
pub(crate) type Running = BTreeMap<String, Option<Phase>>;

/// The last overview and the syncs under way.
pub(crate) struct Board {
    overview: Mutex<Option<Overview>>,
    running: Mutex<Running>,
    ended: Mutex<Vec<Event>>,
    tell: Tell,
}

impl Board {
    pub(crate) fn new(tell: Tell) -> Self {
        Self {
            overview: Mutex::default(),
            running: Mutex::default(),
            ended: Mutex::default(),
            tell,
        }
    }

    /// Gives the last overview, with the syncs under way in it.
    pub(crate) fn overview(&self) -> Option<Overview> {
        let mut overview = held(&self.overview).clone()?;
        overview.syncing = self.running().into_keys().collect();
        Some(overview)
    }

    pub(crate) fn running(&self) -> Running {
        held(&self.running).clone()
    }

    /// Notes that an archive is to be synced; false if that is under way already.
    pub(crate) fn claim(&self, archive_id: &str) -> bool {
        held(&self.running).insert(archive_id.to_owned(), None).is_none()
    }

    /// Takes an event of the engine.
    ///
    /// The end of a sync is kept back until the overview shows what it changed, so that nobody
    /// who hears of it reads what was true before.
    pub(crate) fn hear(&self, event: Event) {
        match &event {
            Event::SyncFinished { .. } => return held(&self.ended).push(event),
            Event::Progress { archive_id, phase, .. } => {
                if let Some(known) = held(&self.running).get_mut(archive_id) {
                    *known = Some(*phase);
                }
            }
            _ => {}
        }
        self.tell(event);
    }

    /// Keeps a new overview; gives the ids of the archives of which it says something new.
    pub(crate) fn learn(&self, overview: &Overview) -> Vec<String> {
        let before = held(&self.overview).replace(overview.clone());
        let lines = |of: &Overview, id: &str| of.activity.iter().find(|one| one.archive_id == id).cloned();
        let is_new = |id: &str| {
            let Some(before) = &before else { return true };
            let status = |of: &Overview| of.archives.iter().find(|one| one.archive_id == id).cloned();
            status(before) != status(overview) || lines(before, id) != lines(overview, id)
        };
        let ids = overview.archives.iter().map(|archive| archive.archive_id.clone());
        ids.filter(|id| is_new(id)).collect()
    }

    /// Says that a sync ended. One that failed before the engine could say so is said here.
    pub(crate) fn end(&self, archive_id: &str, failure: Option<&Failure>) {
        held(&self.running).remove(archive_id);
        let ended = self.take_ended();
        if ended.is_empty() {
            self.tell(Event::SyncFinished {
                archive_id: archive_id.to_owned(),
                error: failure.map(sentence),
                safe_to_unplug: false,
            });
        }
        for event in ended {
            self.tell(event);
        }
    }

    /// Gives the ends of syncs that were kept back.
    pub(crate) fn take_ended(&self) -> Vec<Event> {
        std::mem::take(&mut *held(&self.ended))
    }

    pub(crate) fn tell(&self, event: Event) {
        (self.tell)(event);
    }

    pub(crate) fn tell_changed(&self, archive_ids: Vec<String>) {
        for archive_id in archive_ids {
            self.tell(Event::StatusChanged { archive_id });
        }
    }
}

/// Puts a failure into one line.
pub(crate) fn sentence(failure: &Failure) -> String {
    format!("{} {}", failure.message, failure.hint)
}

/// Takes a lock; what a thread that panicked left behind is whole, every change here is one assignment.
pub(crate) fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
