//! How a cycle is to go.

use offsync_core::limits::{DAY_NS, PARK_AFTER_DAYS};

use crate::scan::Trust;

/// What happens to a home that has been silent for longer than the archive waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Silence {
    /// It counts no longer, until it comes again.
    #[default]
    SetAside,
    /// It goes on counting until a person sets it aside.
    Ask,
}

/// How long homes are waited for that do not come, and what happens then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Patience {
    pub(crate) after_ns: i64,
    pub(crate) then: Silence,
}

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
    /// What happens to it then.
    pub silence: Silence,
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
            silence: Silence::SetAside,
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

    pub(crate) fn patience(&self) -> Patience {
        Patience {
            after_ns: self.park_after_ns(),
            then: self.silence,
        }
    }
}
