//! Superseded content: packs that this location posted and of which no version is left any more leave the mailbox before all
//! have folded their changesets. Those changesets stay, and lead a late reader to what replaced them.
//!
//! Never what a version needs that lives here, what anybody lists as missing, or what somebody may count on who has not
//! heard yet that it was replaced.

use std::collections::BTreeSet;

use offsync_core::format::ObjectName;
use offsync_core::ids::{ChunkId, LocationId};
use offsync_core::ports::{IndexStore, IndexWrite};
use offsync_core::version_vector::VersionVector;
use serde::{Deserialize, Serialize};

use crate::counted::Counted;
use crate::engine::Engine;
use crate::error::Result;
use crate::memory::{self, HOLDS, MINE, OUTBOX, SENT};
use crate::view::View;

/// What is noted of a pack that this location put into the mailbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct PostedPack {
    chunks: Vec<ChunkId>,
    /// What was folded here when no version was found to need any of them any more.
    spent_at: Option<VersionVector>,
}

/// A pack that holds nothing any more.
struct SpentPack {
    name: ObjectName,
    sequence: u64,
    spent_at: VersionVector,
    /// Chunks that went ahead of a file which was changed before its entry followed.
    sent_ahead: Vec<ChunkId>,
}

impl Engine<'_> {
    /// Makes the writes that forget own objects which are not in the mailbox.
    pub(crate) fn forget_posted_writes(&self, is_gone: impl Fn(&ObjectName) -> bool) -> Result<Vec<IndexWrite>> {
        let mut writes = Vec::new();
        for prefix in [MINE, HOLDS] {
            for (note, _) in self.index.notes(prefix)? {
                if note[prefix.len()..].parse().is_ok_and(|name| is_gone(&name)) {
                    writes.push(memory::erase(note));
                }
            }
        }
        Ok(writes)
    }

    /// Gives own packs of which nobody needs anything any more, though not all have folded their changesets.
    ///
    /// `earlier` is another listing of this cycle: what leads a reader on has to stand in both.
    pub(crate) fn superseded_packs(
        &mut self,
        view: &View,
        earlier: &View,
        counted: &Counted,
    ) -> Result<Vec<ObjectName>> {
        let me = self.me();
        let waiting = self.waiting_packs(view, counted)?;
        if waiting.is_empty() || !counted.0.contains_key(&me) || !self.index.notes(OUTBOX)?.is_empty() {
            return Ok(Vec::new());
        }
        let mut heads = self.heads()?;
        heads.remove(&me);
        let listed = heads.values().flat_map(|cached| cached.head.missing.iter().copied());
        let lacking = counted.lacking().into_iter().chain(listed).collect();
        let spent = self.spent_packs(waiting, &lacking)?;
        if spent.is_empty() || self.is_anything_unfolded(view) || self.is_anything_unfolded(earlier) {
            return Ok(Vec::new());
        }
        // Whoever was taken out or parked may have said something before, and come back with more.
        let known = heads
            .into_iter()
            .map(|(location, cached)| (location, cached.head.vector));
        let others = counted.others(me);
        let counting = others.map(|(location, standing)| (*location, standing.vector.clone()));
        let known: Vec<(LocationId, VersionVector)> = known.chain(counting).collect();
        let leads_on = |vector: &VersionVector| self.is_led_on(vector, view) && self.is_led_on(vector, earlier);
        let stuck: BTreeSet<LocationId> = counted
            .others(me)
            .filter(|(_, standing)| !leads_on(&standing.vector))
            .map(|(location, _)| *location)
            .collect();
        let may_go = |pack: &SpentPack| {
            known
                .iter()
                .all(|(location, vector)| match vector.get(&me) >= pack.sequence {
                    // It may have copied what was there, and count on everybody having that or getting it from here.
                    true => vector.covers(&pack.spent_at) && self.vector.covers(vector),
                    false => !stuck.contains(location),
                })
        };
        let going: Vec<SpentPack> = spent.into_iter().filter(may_go).collect();
        // From here on what was sent ahead is not there any more: should a file come to need it, it is sent again.
        let sent = going.iter().flat_map(|pack| &pack.sent_ahead);
        let writes = sent.map(|chunk| memory::erase(format!("{SENT}{chunk}"))).collect();
        self.commit(writes)?;
        Ok(going.into_iter().map(|pack| pack.name).collect())
    }

    /// Gives own packs whose changesets not all have folded, with what is noted of them.
    fn waiting_packs(&self, view: &View, counted: &Counted) -> Result<Vec<(ObjectName, PostedPack)>> {
        let me = self.me();
        let posted = memory::read_all::<PostedPack>(self.index, HOLDS)?;
        let is_waiting = |name: &ObjectName| match name {
            ObjectName::Pack { author, sequence, .. } => {
                *author == me && *sequence <= self.vector.get(&me) && !counted.all_folded(author, *sequence)
            }
            _ => false,
        };
        let named = posted
            .into_iter()
            .filter_map(|(name, pack)| Some((name.parse().ok()?, pack)));
        Ok(named
            .filter(|(name, _)| view.contains(name) && is_waiting(name))
            .collect())
    }

    /// Gives those of some packs that hold nothing any more, and notes since when.
    fn spent_packs(
        &mut self,
        waiting: Vec<(ObjectName, PostedPack)>,
        lacking: &BTreeSet<ChunkId>,
    ) -> Result<Vec<SpentPack>> {
        let (mut spent, mut writes) = (Vec::new(), Vec::new());
        let mut unsent = None;
        for (name, mut pack) in waiting {
            let before = pack.spent_at.take();
            let sent_ahead = self.needs_none(&pack.chunks, lacking, &mut unsent)?;
            if sent_ahead.is_some() {
                pack.spent_at = Some(before.clone().unwrap_or_else(|| self.vector.clone()));
            }
            if pack.spent_at != before {
                writes.push(memory::write(format!("{HOLDS}{name}"), &pack));
            }
            if let (ObjectName::Pack { sequence, .. }, Some(spent_at), Some(sent_ahead)) =
                (&name, pack.spent_at, sent_ahead)
            {
                spent.push(SpentPack {
                    sequence: *sequence,
                    spent_at,
                    sent_ahead,
                    name,
                });
            }
        }
        self.commit(writes)?;
        Ok(spent)
    }

    /// Gives those of some chunks that went ahead of a file which was changed since; `None` if any chunk is needed: by a
    /// version that lives here, by a file that is on its way in parts, or by who lists it as missing.
    ///
    /// `unsent` keeps what own changes need that are still to be posted, once that was found out.
    fn needs_none(
        &self,
        chunks: &[ChunkId],
        lacking: &BTreeSet<ChunkId>,
        unsent: &mut Option<BTreeSet<ChunkId>>,
    ) -> Result<Option<Vec<ChunkId>>> {
        let mut sent_ahead = Vec::new();
        for chunk in chunks {
            if lacking.contains(chunk) || !self.index.versions_with_chunk(chunk)?.is_empty() {
                return Ok(None);
            }
            if self.index.note(&format!("{SENT}{chunk}"))?.is_some() {
                sent_ahead.push(*chunk);
            }
        }
        if sent_ahead.is_empty() {
            return Ok(Some(sent_ahead));
        }
        let unsent = match unsent {
            Some(unsent) => unsent,
            None => {
                let changes = self.local_changes()?.into_iter();
                unsent.insert(changes.flat_map(|change| change.value.content.chunk_ids()).collect())
            }
        };
        Ok((!sent_ahead.iter().any(|chunk| unsent.contains(chunk))).then_some(sent_ahead))
    }

    /// Tells whether a listing shows a changeset that is not folded here: it may count on anything.
    fn is_anything_unfolded(&self, view: &View) -> bool {
        let is_unfolded = |name: &ObjectName| match name {
            ObjectName::Manifest { author, sequence } => *sequence > self.vector.get(author),
            _ => false,
        };
        view.names().any(is_unfolded)
    }

    /// Tells whether a listing shows every changeset that leads from a vector to this location's.
    pub(crate) fn is_led_on(&self, from: &VersionVector, view: &View) -> bool {
        let mut between = self.vector.iter().flat_map(|(author, sequence)| {
            let first = from.get(author) + 1;
            (first..=sequence).map(move |sequence| ObjectName::Manifest {
                author: *author,
                sequence,
            })
        });
        between.all(|name| view.contains(&name))
    }
}

/// Makes the writes that go before a pack that is put: others may see it from then on.
pub(crate) fn posted_pack_writes(name: &ObjectName, size_bytes: u64, chunks: Vec<ChunkId>) -> Vec<IndexWrite> {
    let posted = PostedPack { chunks, spent_at: None };
    vec![
        memory::write(format!("{MINE}{name}"), &size_bytes),
        memory::write(format!("{HOLDS}{name}"), &posted),
    ]
}

/// Gives the chunks of a pack that this location put; `None` if it is not in the mailbox any more, as far as is known here.
pub(crate) fn posted_chunks(index: &dyn IndexStore, name: &ObjectName) -> Result<Option<Vec<ChunkId>>> {
    Ok(memory::read::<PostedPack>(index, &format!("{HOLDS}{name}"))?.map(|pack| pack.chunks))
}
