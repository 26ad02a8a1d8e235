//! What `watch` and `run` tell: one dated line for each thing that happens.

use offsync_adapters::clock::SystemClock;
use offsync_core::ports::Clock;
use offsync_engine::ChangeCounts;
use serde::Serialize;

use crate::reports::{PostedReport, WaitingReport};
use crate::sync::Finished;
use crate::times::rfc3339;
use crate::view::Event;

/// One line that `watch` and `run` tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WatchLine {
    /// When, RFC 3339.
    pub time: String,
    /// What happened.
    #[serde(flatten)]
    pub what: WatchEvent,
}

/// What can happen while archives are watched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum WatchEvent {
    /// A drive came or went.
    Drive(DriveEvent),
    /// A cycle ended.
    Sync(SyncEvent),
    /// Something else that every cycle tells.
    Cycle(Event),
}

/// A drive that came or went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum DriveEvent {
    /// The archive's folder is there.
    DriveAttached {
        /// Hexadecimal archive id.
        archive_id: String,
        /// The archive's folder.
        folder: String,
    },
    /// The archive's folder is gone.
    DriveDetached {
        /// Hexadecimal archive id.
        archive_id: String,
        /// The archive's folder.
        folder: String,
    },
}

/// A cycle that ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum SyncEvent {
    /// It is done, or failed.
    SyncFinished {
        /// Hexadecimal archive id.
        archive_id: String,
        /// The archive's folder.
        folder: String,
        /// The sentence to show if it failed.
        error: Option<String>,
        /// Whether the drive can be unplugged.
        safe_to_unplug: bool,
        /// What was sent, unless it failed.
        posted: Option<PostedReport>,
        /// What waits for room in the mailbox, unless it failed.
        waiting: Option<WaitingReport>,
        /// What was written to the drive, unless it failed.
        applied: Option<ChangeCounts>,
    },
}

impl WatchLine {
    /// Dates what happened.
    pub fn now(what: WatchEvent) -> Self {
        let now_ns = Clock::now_ns(&SystemClock);
        Self {
            time: rfc3339(now_ns),
            what,
        }
    }
}

impl SyncEvent {
    pub(crate) fn finished(finished: &Finished<'_>) -> Self {
        let report = finished.result.as_ref().ok();
        Self::SyncFinished {
            archive_id: finished.archive_id.to_owned(),
            folder: finished.folder.display().to_string(),
            error: finished.error(),
            safe_to_unplug: finished.is_safe_to_unplug(),
            posted: report.map(|report| report.posted.clone()),
            waiting: report.map(|report| report.waiting.clone()),
            applied: report.map(|report| report.applied),
        }
    }
}
