//! Room: how much of the allowance may be filled now, so that 95 % of it is never exceeded.
//!
//! Others post at the same time: what they may have begun is left free, and the mailbox
//! is listed once more right before each pack. Who has content that waits for room says so in
//! its head, and the others leave it a share: else whoever syncs first after a reader takes all.

use offsync_core::format::ObjectName;
use offsync_core::limits::{
    ALLOWANCE_PERCENT, CHUNK_BYTES_MAX, DAY_NS, PACK_PART_OF_ALLOWANCE, RESERVE_PERCENT, SHARED_DAYS,
};
use offsync_core::ports::Mailbox;

use crate::engine::Engine;
use crate::error::Result;
use crate::memory::{self, MINE};
use crate::post::Posting;
use crate::view::View;

/// Room for one head, one want and one small state part.
const COUNTED_RESERVE_BYTES: u64 = 2_048;
/// What a pack and its changeset take beyond a chunk.
const SHARE_SPARE_BYTES: u64 = 64 << 10;
/// The margin for other writers is never more than this part of the allowance.
const MARGIN_PART: u64 = 4;

/// How much may be posted now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Room {
    /// Bytes of changes that bring content.
    pub(crate) content_bytes: u64,
    /// Bytes of changes that bring none: deletions and renames may use half of the reserve, and the margin, since packs are put
    /// only where far less is used.
    pub(crate) plain_bytes: u64,
}

impl Engine<'_> {
    /// Gives how much may be posted now.
    pub(crate) fn room(&self, view: &View, posting: &Posting<'_>) -> Result<Room> {
        let Some(allowance) = posting.allowance_bytes else {
            return Ok(Room {
                content_bytes: u64::MAX / 2,
                plain_bytes: u64::MAX / 2,
            });
        };
        // Listings lag: judge by what is known to be out there as well.
        let known: u64 = memory::read_all::<u64>(self.index, MINE)?.values().sum();
        let me = self.me();
        let is_mine = |name: &&ObjectName| matches!(name, ObjectName::Pack { author, .. } if *author == me);
        let mine: u64 = view.names().filter(is_mine).map(|name| view.size_of(name)).sum();
        let counted = posting.counted.0.len() as u64;
        let used = view.used_bytes().max(known);
        let at_best = room_at_best(allowance, counted);
        // A share has room for one chunk at least, or nothing would ever go.
        let share = (at_best / (1 + self.other_authors(posting)?)).max(CHUNK_BYTES_MAX as u64 + SHARE_SPARE_BYTES);
        let share_left = share.saturating_sub(mine.max(known));
        let plain_at_best = allowance * ALLOWANCE_PERCENT / 100 - reserve(allowance, counted) / 2;
        Ok(Room {
            content_bytes: at_best.saturating_sub(used).min(share_left),
            plain_bytes: plain_at_best.saturating_sub(used),
        })
    }

    /// Gives how many others have content that waits for room, and came not long ago: who stays away needs no share.
    fn other_authors(&self, posting: &Posting<'_>) -> Result<u64> {
        let heads = self.heads()?;
        let now_ns = self.clock.now_ns();
        let others = posting.counted.others(self.me());
        let waits = others.filter_map(|(location, _)| heads.get(location)).filter(|cached| {
            cached.head.waits_for_room && now_ns.saturating_sub(cached.changed_ns) <= SHARED_DAYS * DAY_NS
        });
        Ok(waits.count() as u64)
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
    let others = counted.saturating_sub(1);
    let margin = (others * allowance_bytes / PACK_PART_OF_ALLOWANCE).min(allowance_bytes / MARGIN_PART);
    (allowance_bytes * ALLOWANCE_PERCENT / 100).saturating_sub(reserve(allowance_bytes, counted) + margin)
}

/// Gives what is kept for heads, wants, state and served packs, and half of it for changes without content.
fn reserve(allowance_bytes: u64, counted: u64) -> u64 {
    (allowance_bytes * RESERVE_PERCENT / 100).max(least_free(counted))
}

/// Gives the room that heads, wants and a small state need in any case.
fn least_free(counted: u64) -> u64 {
    counted * COUNTED_RESERVE_BYTES
}
