//! Staging: content waits there until it is put together. What does not fit is not begun; what fits later comes in slices.
//!
//! Content stands twice while it is put together. So as much as is staged is kept free, and a file that could never be
//! put together on this drive takes no room from those that can.

use std::collections::BTreeSet;
use std::io::Write;

use offsync_core::entry::{Content, FileContent};
use offsync_core::format::Manifest;
use offsync_core::ids::ChunkId;
use offsync_core::ports::{DiskErrorKind, IndexWrite, Mailbox, StagedName};
use offsync_core::rel_path::RelPath;

use crate::content::Stores;
use crate::engine::Engine;
use crate::error::Result;
use crate::journal::hex;
use crate::memory::{self, Keeps, STAGED, StagedChunks, UNKEPT, UNSETTLED, UnkeptPack};
use crate::view::View;

/// A part whose entry never came is dropped after this time; the entry, if it comes, asks for it again.
const PART_KEPT_NS: i64 = 180 * 24 * 3_600 * 1_000_000_000;
/// Left free on any drive: this part of it, and never more than the bytes below.
const MARGIN_PART: u64 = 100;
const MARGIN_BYTES_MAX: u64 = 64 << 20;

impl Engine<'_> {
    /// Tells whether a body of chunks may be staged now.
    ///
    /// Parts of a file whose entry has not come yet may fill half as much as other content: nobody knows when it comes.
    pub(crate) fn may_stage(&mut self, size_bytes: u64, keeps: Keeps, stores: &Stores) -> Result<bool> {
        let needed = staged_bytes(stores).saturating_add(size_bytes.saturating_mul(2));
        let needed = match keeps {
            Keeps::WhileWanted => needed,
            Keeps::UntilEntry => needed.saturating_mul(2),
        };
        let fits = needed <= self.spare_bytes()?;
        self.space.is_tight |= !fits;
        Ok(fits)
    }

    /// Notes the chunks of those files in a changeset that this drive has no room for.
    pub(crate) fn note_no_room(&mut self, manifest: &Manifest, stores: &Stores) -> Result<()> {
        for entry in &manifest.entries {
            if let Content::File(file) = &entry.value.content {
                self.lacks_room_for(file, stores)?;
            }
        }
        Ok(())
    }

    /// Tells how many bytes a file needs and there are, if it cannot be put together on this drive; its chunks are not
    /// fetched then.
    pub(crate) fn lacks_room_for(&mut self, file: &FileContent, stores: &Stores) -> Result<Option<(u64, u64)>> {
        let lacking: BTreeSet<ChunkId> = self
            .missing_of(&Content::File(file.clone()).chunk_ids(), stores)?
            .into_iter()
            .collect();
        if lacking.is_empty() {
            return Ok(None);
        }
        let lacking_bytes: u64 = file
            .pieces()
            .iter()
            .filter(|(chunk, _, _)| lacking.contains(chunk))
            .map(|(_, _, len)| *len)
            .sum();
        // What is staged goes when it is put together.
        let there = self.spare_bytes()?.saturating_add(staged_bytes(stores));
        let needed = file.size_bytes.saturating_add(lacking_bytes);
        if needed <= there {
            self.space
                .waiting
                .push((needed, Content::File(file.clone()).chunk_ids()));
            self.space.fitting.extend(lacking);
            return Ok(None);
        }
        self.space.too_large.extend(lacking);
        Ok(Some((needed, there)))
    }

    fn spare_bytes(&self) -> Result<u64> {
        let facts = self.disk.facts()?;
        let margin = (facts.total_bytes / MARGIN_PART).min(MARGIN_BYTES_MAX);
        Ok(facts.free_bytes.saturating_sub(margin))
    }

    /// Turns to one file alone where the chunks of many fill staging and complete none; tells whether there is one.
    pub(crate) fn narrow(&mut self) -> Result<bool> {
        let mut waiting = std::mem::take(&mut self.space.waiting);
        waiting.sort();
        let tried = &mut self.space.tried;
        let next = waiting
            .into_iter()
            .find(|(_, chunks)| chunks.first().is_some_and(|first| tried.insert(*first)));
        let Some((_, chunks)) = next.filter(|_| self.space.is_tight) else {
            return Ok(false);
        };
        self.space.focus = Some(chunks.into_iter().collect());
        for (file, staged) in memory::read_all::<StagedChunks>(self.index, STAGED)? {
            if staged.keeps == Keeps::WhileWanted {
                self.commit(vec![memory::erase(format!("{STAGED}{file}"))])?;
                self.disk.drop_staged(&StagedName(file))?;
            }
        }
        Ok(true)
    }

    /// Notes which packs of a part have no room here: they are lacked, as content of an entry is.
    pub(crate) fn note_unkept(&mut self, manifest: &Manifest, stores: &Stores) -> Result<Vec<IndexWrite>> {
        let mut writes = Vec::new();
        // What cannot be used will never be kept: it is asked for when the entry comes that it is a part of.
        let usable = manifest.packs.iter().filter(|pack| !self.unusable.contains(&pack.name));
        for pack in usable {
            let unkept = UnkeptPack {
                name: pack.name.to_string(),
                chunks: self.missing_of(&pack.chunks, stores)?,
            };
            if !unkept.chunks.is_empty() {
                writes.push(memory::write(format!("{UNKEPT}{}", unkept.name), &unkept));
            }
        }
        Ok(writes)
    }

    /// Fetches packs of parts that had no room before; gives the chunks that still lack while they are listed.
    pub(crate) fn keep_parts(&mut self, mailbox: &dyn Mailbox, view: &View) -> Result<BTreeSet<ChunkId>> {
        let mut lacking = BTreeSet::new();
        let parts = memory::read_all::<UnkeptPack>(self.index, UNKEPT)?;
        if parts.is_empty() {
            return Ok(lacking);
        }
        let mut stores = self.stores()?;
        for (note, unkept) in parts {
            let name = unkept.name.parse().ok().filter(|name| view.contains(name));
            if let Some(name) = &name
                && !self.missing_of(&unkept.chunks, &stores)?.is_empty()
            {
                self.fetch_pack(mailbox, name, &mut stores, Keeps::UntilEntry)?;
            }
            let left = self.missing_of(&unkept.chunks, &stores)?;
            let is_usable = name.as_ref().is_some_and(|name| !self.unusable.contains(name));
            if left.is_empty() || !is_usable {
                self.commit(vec![memory::erase(format!("{UNKEPT}{note}"))])?;
            } else {
                lacking.extend(left);
            }
        }
        Ok(lacking)
    }

    /// Keeps chunks in staging that are not on this drive yet.
    pub(crate) fn keep_chunks(
        &mut self,
        chunks: Vec<(ChunkId, Vec<u8>)>,
        stores: &mut Stores,
        keeps: Keeps,
    ) -> Result<()> {
        let mut kept = StagedChunks {
            keeps,
            staged_ns: self.clock.now_ns(),
            ..StagedChunks::default()
        };
        let mut body = Vec::new();
        for (id, bytes) in chunks {
            let is_known = kept.chunks.iter().any(|(known, _, _)| *known == id);
            let is_off_focus =
                keeps == Keeps::WhileWanted && self.space.focus.as_ref().is_some_and(|focus| !focus.contains(&id));
            if is_known || is_off_focus || self.space.refuses(&id) || self.missing_of(&[id], stores)?.is_empty() {
                continue;
            }
            kept.chunks.push((id, body.len() as u64, bytes.len() as u32));
            body.extend_from_slice(&bytes);
        }
        if kept.chunks.is_empty() {
            return Ok(());
        }
        if !self.may_stage(body.len() as u64, keeps, stores)? {
            return Ok(());
        }
        let name = format!("p-{}", hex(&self.entropy.sixteen()));
        if !self.stage_chunks(&StagedName(name.clone()), &body)? {
            return Ok(());
        }
        self.commit(vec![memory::write(format!("{STAGED}{name}"), &kept)])?;
        stores.add_staged(&name, &kept);
        Ok(())
    }

    /// Writes a file of chunks into staging; tells whether there was room. What has none is simply not at hand.
    fn stage_chunks(&mut self, name: &StagedName, body: &[u8]) -> Result<bool> {
        let root = RelPath::root();
        let written = self.disk.stage(name).and_then(|mut file| {
            file.write_all(body)
                .map_err(|error| crate::content::read_error(&root, &error))?;
            file.finish()
        });
        match written {
            Ok(()) => {
                // The note of what it holds is about to be kept, and must not say more than a power cut leaves.
                self.disk.flush()?;
                Ok(true)
            }
            Err(error) if error.kind() == DiskErrorKind::Full => {
                self.disk.drop_staged(name)?;
                self.space.is_tight = true;
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Drops staged files of which nothing is waited for any more.
    pub(crate) fn drop_spent_staging(&mut self) -> Result<()> {
        let is_settled = self.index.notes(UNSETTLED)?.is_empty();
        let damages = self.damages()?;
        let bad: BTreeSet<ChunkId> = damages.values().flat_map(|damage| damage.bad.iter().copied()).collect();
        for (file, staged) in memory::read_all::<StagedChunks>(self.index, STAGED)? {
            let age_ns = self.clock.now_ns().saturating_sub(staged.staged_ns);
            let is_part = staged.keeps == Keeps::UntilEntry && age_ns < PART_KEPT_NS;
            let mut is_spent = is_settled && !is_part;
            if !is_spent {
                is_spent = true;
                for (chunk, _, _) in &staged.chunks {
                    let is_placed = !bad.contains(chunk) && !self.index.places_with_chunk(chunk)?.is_empty();
                    is_spent &= is_placed || self.space.refuses(chunk);
                }
            }
            if is_spent {
                self.commit(vec![memory::erase(format!("{STAGED}{file}"))])?;
                self.disk.drop_staged(&StagedName(file))?;
            }
        }
        Ok(())
    }
}

fn staged_bytes(stores: &Stores) -> u64 {
    stores.staged.values().map(|(_, _, len)| u64::from(*len)).sum()
}
