//! How a cycle tells what it does, and hears that it should stop, or leave a file for later.

use offsync_core::place::Stat;
use offsync_core::rel_path::RelPath;

/// What the engine is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Looking at the drive.
    Scanning,
    /// Fetching from the mailbox.
    Fetching,
    /// Writing to the drive.
    Applying,
    /// Posting to the mailbox.
    Posting,
    /// Deleting what all have applied.
    Pruning,
    /// Reading files again.
    Verifying,
}

/// How far a phase has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Which phase.
    pub phase: Phase,
    /// Items done.
    pub done: u64,
    /// Items in all, as far as known.
    pub total: Option<u64>,
    /// Bytes done.
    pub done_bytes: u64,
    /// Bytes in all, as far as known.
    pub total_bytes: Option<u64>,
    /// The path in hand.
    pub path: Option<String>,
}

/// Listens to a cycle.
pub trait Monitor: Sync {
    /// Hears how far it has come; called often, must be quick.
    fn progress(&self, progress: &Progress);
    /// Tells whether a person asked to stop.
    fn is_cancelled(&self) -> bool;
    /// Tells whether a file that looks changed is to be left for a later cycle: somebody is still writing it.
    ///
    /// Whoever leaves a file for ever keeps it from the others for ever.
    fn leaves(&self, _path: &RelPath, _stat: &Stat) -> bool {
        false
    }
}

/// A monitor that hears nothing and never stops anything.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Monitor for Silent {
    fn progress(&self, _: &Progress) {}

    fn is_cancelled(&self) -> bool {
        false
    }
}
