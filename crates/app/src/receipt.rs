//! The receipt: in how many homes all that is here stands just so, and how many of them have read it again.

use offsync_core::ports::Clock;
use offsync_engine::{LocationStanding, LocationState, Survey};
use serde::{Deserialize, Serialize};

use crate::times::rfc3339;

const DAY_NS: i64 = 86_400_000_000_000;

/// What a person may rely on, as far as heads tell: each of these homes wrote that it holds all files, and what they hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Files that stand in each of these homes.
    pub files: u64,
    /// Homes that hold them all, this one among them: their Merkle roots are equal, and nothing lacks there.
    pub homes: u64,
    /// How many of these have read all their files again, and found them to be what they were.
    pub verified: u64,
    /// RFC 3339 time of the oldest of these checks; absent if there was none.
    pub oldest_check: Option<String>,
    /// Days since then, by this computer's clock.
    pub oldest_check_days: Option<u64>,
}

impl Receipt {
    /// Tells what can be relied on; `None` where not all that is here was sent, or not all that was sent is here.
    pub(crate) fn of(survey: &Survey, clock: &dyn Clock) -> Option<Self> {
        let is_level = |one: &&LocationStanding| one.state == LocationState::UpToDate;
        let own = survey.locations.iter().filter(is_level).find(|one| one.is_this)?;
        let root = own.root?;
        let is_settled = survey.unposted_changes == 0 && survey.unshown.files == 0 && survey.damaged.is_empty();
        if !is_settled {
            return None;
        }
        let holds_this = |one: &&LocationStanding| is_level(one) && one.root == Some(root);
        let homes: Vec<_> = survey.locations.iter().filter(holds_this).collect();
        let checks: Vec<i64> = homes.iter().filter_map(|one| one.last_check_ns).collect();
        let oldest_ns = checks.iter().min().copied();
        let days = |since_ns: i64| clock.now_ns().saturating_sub(since_ns).max(0) / DAY_NS;
        Some(Self {
            files: survey.files,
            homes: homes.len() as u64,
            verified: checks.len() as u64,
            oldest_check: oldest_ns.map(rfc3339),
            oldest_check_days: oldest_ns.and_then(|since_ns| u64::try_from(days(since_ns)).ok()),
        })
    }
}
