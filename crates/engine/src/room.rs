//! Room: how much of the allowance may be filled now, so that 95 % of it is never exceeded.
//!
//! Others post at the same time: what they may have begun is left free, and the mailbox
//! is listed once more right before each pack.

use offsync_core::limits::{ALLOWANCE_PERCENT, PACK_PART_OF_ALLOWANCE, RESERVE_PERCENT};
use offsync_core::ports::Mailbox;

use crate::engine::Engine;
use crate::error::Result;
use crate::memory::{self, MINE};
use crate::post::Posting;
use crate::view::View;

/// Room for one head, one want and one small state part.
const COUNTED_RESERVE_BYTES: u64 = 2_048;
/// The margin for other writers is never more than this part of the allowance.
const MARGIN_PART: u64 = 4;

impl Engine<'_> {
    /// Gives how many bytes of content may be posted now.
    pub(crate) fn room(&self, view: &View, posting: &Posting<'_>) -> Result<u64> {
        let Some(allowance) = posting.allowance_bytes else {
            return Ok(u64::MAX / 2);
        };
        // Listings lag: judge by what is known to be out there as well.
        let mine: u64 = memory::read_all::<u64>(self.index, MINE)?.values().sum();
        let at_best = room_at_best(allowance, posting.counted.0.len() as u64);
        Ok(at_best.saturating_sub(view.used_bytes().max(mine)))
    }

    /// Tells whether a pack still fits, by a listing of this moment: others may have posted meanwhile.
    pub(crate) fn fits_now(
        &mut self,
        mailbox: &dyn Mailbox,
        view: &View,
        posting: &Posting<'_>,
        size_bytes: u64,
    ) -> Result<bool> {
        let Some(allowance) = posting.allowance_bytes else {
            return Ok(true);
        };
        let used = view.used_bytes().max(self.list(mailbox)?.used_bytes());
        Ok(used + size_bytes + least_free(posting.counted.0.len() as u64) <= allowance * ALLOWANCE_PERCENT / 100)
    }
}

/// Gives what an empty mailbox takes of one writer's content, where so many locations count.
pub(crate) fn room_at_best(allowance_bytes: u64, counted: u64) -> u64 {
    let reserve = (allowance_bytes * RESERVE_PERCENT / 100).max(least_free(counted));
    let others = counted.saturating_sub(1);
    let margin = (others * allowance_bytes / PACK_PART_OF_ALLOWANCE).min(allowance_bytes / MARGIN_PART);
    (allowance_bytes * ALLOWANCE_PERCENT / 100).saturating_sub(reserve + margin)
}

/// Gives the room that heads, wants and a small state need in any case.
fn least_free(counted: u64) -> u64 {
    counted * COUNTED_RESERVE_BYTES
}
