//! How a cycle is to go.

use offsync_core::limits::{DAY_NS, PARK_AFTER_DAYS};

use crate::scan::Trust;

/// How a cycle is to go.
#[derive(Clone, Copy, Debug)]
pub struct SyncOptions {
    /// Read every file again, whatever its time says.
    pub deep: bool,
    /// A person says yes to many deletions.
    pub confirm_deletions: bool,
    /// A person says no to the deletions that are held: the files stay, or come back.
    pub refuse_deletions: bool,
    /// What the mailbox may hold in bytes; `None` without a limit.
    pub allowance_bytes: Option<u64>,
    /// Days of silence after which a location no longer counts.
    pub park_after_days: u32,
    /// Whether what is absent on the drive was deleted by a person. Not so where the
    /// archive lies on another drive than it did.
    pub trust_absence: bool,
}

impl Default for SyncOptions {
    fn default() -> Self {
        Self {
            deep: false,
            confirm_deletions: false,
            refuse_deletions: false,
            allowance_bytes: None,
            park_after_days: PARK_AFTER_DAYS,
            trust_absence: true,
        }
    }
}

impl SyncOptions {
    pub(crate) fn trust(&self) -> Trust {
        if self.trust_absence { Trust::Own } else { Trust::Adopted }
    }

    pub(crate) fn park_after_ns(&self) -> i64 {
        i64::from(self.park_after_days).saturating_mul(DAY_NS)
    }
}
