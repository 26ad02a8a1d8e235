//! What happens, as it is told to windows and terminals while it does.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::Phase;

/// Something that happened, for whoever listens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A cycle began.
    SyncStarted {
        /// Which archive.
        archive_id: String,
        /// Which copy of it: the archive's folder on this computer.
        folder: String,
    },
    /// A cycle went on.
    Progress {
        /// Which archive.
        archive_id: String,
        /// Which copy of it: the archive's folder on this computer.
        folder: String,
        /// What it is doing.
        phase: Phase,
        /// Items done.
        done: u64,
        /// Items in all, as far as known.
        total: Option<u64>,
        /// Bytes done.
        #[ts(type = "number")]
        done_bytes: u64,
        /// Bytes in all, as far as known.
        #[ts(type = "number | null")]
        total_bytes: Option<u64>,
        /// The path in hand.
        path: Option<String>,
    },
    /// A cycle ended.
    SyncFinished {
        /// Which archive.
        archive_id: String,
        /// Which copy of it: the archive's folder on this computer.
        folder: String,
        /// The sentence to show if it failed.
        error: Option<String>,
        /// Whether the drive can be unplugged.
        safe_to_unplug: bool,
    },
    /// Something changed that views should read again.
    StatusChanged {
        /// Which archive.
        archive_id: String,
        /// Which copy of it: the archive's folder on this computer.
        folder: String,
    },
    /// Something that a person should know.
    Notice {
        /// Which archive.
        archive_id: Option<String>,
        /// Which copy of it: the archive's folder on this computer.
        folder: Option<String>,
        /// A finished sentence.
        message: String,
    },
    /// Somebody is signing in to a service in the browser.
    SigningIn {
        /// The address that the browser was sent to; absent once it came back, and what it brought is tried out.
        url: Option<String>,
    },
}
