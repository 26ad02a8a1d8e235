//! Packs that may give way: what only readers with a gap wait for, where a state that they need has no room otherwise.

use std::collections::BTreeSet;

use offsync_core::format::{ObjectName, Want};
use offsync_core::ids::{ChunkId, LocationId};
use offsync_core::limits::GAP_CYCLES;

use crate::engine::Engine;
use crate::error::Result;
use crate::memory::{self, GAP_CYCLES as GAP_NOTE, SENT};
use crate::serve::{Serving, allowed, is_overfull, reserve_left};
use crate::view::View;

impl Engine<'_> {
    /// Takes away packs that wait for readers with a gap alone, until a state has room; tells whether it has.
    ///
    /// Such a reader cannot fold what follows its gap before it has the state, and then asks for content by name. Listings
    /// that lag let a mailbox grow beyond its allowance; without this nobody could ever say another word in it.
    pub(crate) fn make_room(
        &mut self,
        view: &mut View,
        size_bytes: u64,
        (wanted, spare): (&[Want], &mut Option<Vec<ObjectName>>),
        serving: &Serving<'_>,
    ) -> Result<bool> {
        let packs = self.found_out(view, (wanted, spare), serving)?;
        // All at once or none: to take some away for a state that has no room after all would be in vain.
        let spare_bytes: u64 = packs.iter().map(|name| view.size_of(name)).sum();
        let left = view.used_bytes().saturating_sub(spare_bytes);
        if left.saturating_add(size_bytes) > allowed(serving.allowance_bytes) {
            return Ok(false);
        }
        packs.sort_by_key(|name| view.size_of(name));
        while size_bytes > reserve_left(view, serving.allowance_bytes) {
            let Some(largest) = packs.pop() else { return Ok(false) };
            self.give_pack_up(view, &largest, serving)?;
        }
        Ok(true)
    }

    /// Takes back own packs that wait for readers with a gap alone, where the mailbox holds more than it may and this location waits
    /// for a state: what it posted may be what leaves no room for that, and nobody else may take it away.
    pub(crate) fn make_room_for_own_state(
        &mut self,
        view: &mut View,
        (wanted, spare): (&[Want], &mut Option<Vec<ObjectName>>),
        serving: &Serving<'_>,
    ) -> Result<()> {
        let waits = memory::read::<u32>(self.index, GAP_NOTE)?.unwrap_or(0) >= GAP_CYCLES;
        if !waits || !is_overfull(view, serving.allowance_bytes) {
            return Ok(());
        }
        let me = self.me();
        let packs = self.found_out(view, (wanted, spare), serving)?;
        let mut own: Vec<ObjectName> = packs.extract_if(.., |name| *name.writer() == me).collect();
        own.sort_by_key(|name| view.size_of(name));
        while is_overfull(view, serving.allowance_bytes) {
            let Some(largest) = own.pop() else { break };
            self.give_pack_up(view, &largest, serving)?;
        }
        packs.extend(own);
        Ok(())
    }

    /// Gives the packs that may give way. To find them out means to read what they hold from this drive: once a cycle will do.
    fn found_out<'s>(
        &mut self,
        view: &View,
        (wanted, spare): (&[Want], &'s mut Option<Vec<ObjectName>>),
        serving: &Serving<'_>,
    ) -> Result<&'s mut Vec<ObjectName>> {
        Ok(match spare {
            Some(packs) => packs,
            None => spare.insert(self.spare_packs(view, wanted, serving)?),
        })
    }

    /// Takes a pack away before all have it. What went ahead in it of a file whose entry is to follow is to be sent again.
    fn give_pack_up(&mut self, view: &mut View, name: &ObjectName, serving: &Serving<'_>) -> Result<()> {
        let chunks = self.chunks_of_pack(serving.mailbox, name)?.unwrap_or_default();
        self.delete_object(serving.mailbox, view, name)?;
        let sent = chunks.iter().map(|chunk| memory::erase(format!("{SENT}{chunk}")));
        self.commit(sent.collect())
    }

    /// Gives the packs that only readers with a gap wait for, and whose content this drive reads as it should be.
    ///
    /// Where nobody else has read one, its author takes back what it alone holds: that is as if it had not been posted. Of an
    /// author that was given up, whoever holds all of it stands in for it.
    fn spare_packs(&mut self, view: &View, wanted: &[Want], serving: &Serving<'_>) -> Result<Vec<ObjectName>> {
        let mailbox = serving.mailbox;
        let with_gap: BTreeSet<LocationId> = wanted
            .iter()
            .filter(|want| want.gap.is_some())
            .map(|want| want.location)
            .collect();
        // As before any pruning: whoever counts is asked again, for posting may have taken long.
        self.learn_heads(mailbox, view)?;
        let mut reading = self.counted(serving.patience, serving.lacking)?;
        reading.0.retain(|location, _| !with_gap.contains(location));
        let me = self.me();
        if self.knows_of_strangers()? || reading.anyone_lacks_more() || !reading.0.contains_key(&me) {
            return Ok(Vec::new());
        }
        let is_held_elsewhere = reading.others(me).next().is_some();
        let departed = self.departed()?;
        let is_old = |name: &&ObjectName| match name {
            ObjectName::Pack { author, sequence, .. } => {
                (*author == me || is_held_elsewhere || departed.contains(author))
                    && !with_gap.contains(author)
                    && reading.all_folded(author, *sequence)
            }
            _ => false,
        };
        let old: Vec<ObjectName> = view.names().filter(is_old).cloned().collect();
        let (lacking, stores) = (reading.lacking(), self.stores()?);
        let unsent = self.local_changes()?;
        let unsent: BTreeSet<ChunkId> = unsent
            .iter()
            .flat_map(|change| change.value.content.chunk_ids())
            .collect();
        let mut spare = Vec::new();
        for name in old {
            // What cannot be read, a newer Offsync may have written.
            let Some(chunks) = self.chunks_of_pack(mailbox, &name)? else {
                continue;
            };
            let mut is_spare = chunks.iter().all(|chunk| !lacking.contains(chunk));
            for chunk in &chunks {
                let is_of_nothing = !unsent.contains(chunk) && self.is_of_nothing(chunk)?;
                is_spare = is_spare && (is_of_nothing || self.read_chunk(chunk, &stores)?.is_some());
            }
            if is_spare {
                spare.push(name);
            }
        }
        Ok(spare)
    }

    /// Tells whether a chunk is of nothing any more: what this drive has replaced is about to be said, once there is room to
    /// say it.
    fn is_of_nothing(&self, chunk: &ChunkId) -> Result<bool> {
        let versions = self.index.versions_with_chunk(chunk)?;
        Ok(versions.iter().all(|(_, dot)| self.replaced_unsaid.contains(dot)))
    }
}
