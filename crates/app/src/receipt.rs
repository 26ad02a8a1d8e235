//! The receipt: on how many drives, in how many homes, all that is here stands just so, and how many have read it again.

use serde::{Deserialize, Serialize};

/// What a person may rely on, as far as heads tell: each of these drives wrote that it holds all files, and what they hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Files that stand on each of these drives.
    pub files: u64,
    /// Drives that hold them all, this one among them: their Merkle roots are equal, and nothing lacks there.
    pub drives: u64,
    /// Homes that these drives stand in: one each, where each is known to be looked after by a person of its own. `None`
    /// where that is not said, or somebody looks after several: what burns with one home may be one of them or two.
    pub homes: Option<u64>,
    /// How many of these have read all their files again, and found them to be what they were.
    pub verified: u64,
    /// RFC 3339 time of the oldest of these checks; absent if there was none.
    pub oldest_check: Option<String>,
    /// Days since then, by this computer's clock.
    pub oldest_check_days: Option<u64>,
}

/// Why there is no receipt; the first that applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum NoReceipt {
    /// This home was taken out of the archive, or what is known of it contradicts what another says.
    Trouble,
    /// Files on this drive are known to be damaged.
    Damaged {
        /// How many.
        files: u64,
    },
    /// Not all that the archive holds is here.
    Incomplete {
        /// How many files are known and not on this drive; none if it is changes that have not come.
        files: u64,
    },
    /// Not all that is here was sent.
    Unsent {
        /// Changes that were not.
        changes: u64,
    },
}
