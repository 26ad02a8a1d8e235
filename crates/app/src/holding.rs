//! Which homes hold all that is here, by one rule for all that says so; and the receipt of that, or why there is none.

use offsync_core::limits::DAY_NS;
use offsync_core::ports::Clock;
use offsync_engine::LocationStanding;

use crate::receipt::{NoReceipt, Receipt};
use crate::times::rfc3339;
use crate::view::{ArchiveStatus, LocationState, LocationView};

impl Receipt {
    /// Tells what can be relied on, or why nothing can yet; the standings are those of the status, in its order.
    pub(crate) fn of(
        status: &ArchiveStatus,
        standings: &[LocationStanding],
        damaged_files: u64,
        clock: &dyn Clock,
    ) -> Result<Self, NoReceipt> {
        if damaged_files > 0 {
            return Err(NoReceipt::Damaged { files: damaged_files });
        }
        let files = status.lacking.files;
        let own = status.locations.iter().find(|one| one.this);
        if files > 0 || own.is_none_or(|own| !holds_all(status, own)) {
            return Err(NoReceipt::Incomplete { files });
        }
        if status.local_changes.entries > 0 {
            let changes = status.local_changes.entries;
            return Err(NoReceipt::Unsent { changes });
        }
        let all = status.locations.iter().zip(standings);
        let homes: Vec<_> = all.filter(|(one, _)| holds_all(status, one)).collect();
        let checks: Vec<i64> = homes.iter().filter_map(|(_, one)| one.last_check_ns).collect();
        let oldest_ns = checks.iter().min().copied();
        let days = |since_ns: i64| clock.now_ns().saturating_sub(since_ns).max(0) / DAY_NS;
        Ok(Self {
            files: status.files,
            homes: homes.len() as u64,
            verified: checks.len() as u64,
            oldest_check: oldest_ns.map(rfc3339),
            oldest_check_days: oldest_ns.and_then(|since_ns| u64::try_from(days(since_ns)).ok()),
        })
    }
}

/// Tells whether a home is known to hold all that this one does, and just that: the one rule for "safe in so many homes".
pub(crate) fn holds_all(status: &ArchiveStatus, home: &LocationView) -> bool {
    let own = status.locations.iter().find(|one| one.this);
    home.state == LocationState::UpToDate && own.is_some_and(|own| own.root == home.root)
}
