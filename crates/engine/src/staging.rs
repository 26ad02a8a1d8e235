//! Staging: content waits there until it is put together. What does not fit is not begun; what fits later comes in slices.
//!
//! Small contents stand twice while they are put together, so as much as is staged of them is kept free. Large chunks
//! stand in files of their own, which go as soon as a file in the making holds them: all together need room for one
//! pack more. A file that could never be put together on this drive takes no room from those that can.

use std::collections::BTreeSet;
use std::io::Write;

use offsync_core::entry::{Content, FileContent};
use offsync_core::format::Manifest;
use offsync_core::ids::ChunkId;
use offsync_core::limits::{CHUNK_BYTES_MIN, STAGED_TWICE_BYTES_MAX};
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
    /// Beside parts of a file whose entry has not come yet twice as much stays free as beside other content: nobody
    /// knows when it comes.
    fn may_stage(&mut self, packed_bytes: u64, single_bytes: u64, keeps: Keeps, stores: &Stores) -> Result<bool> {
        let (mut packed, mut single) = (packed_bytes, single_bytes);
        for (holder, _, len) in stores.staged.values() {
            if stores.singles.contains(holder) {
                single += u64::from(*len);
            } else if !stores.noted.contains(holder) {
                packed += u64::from(*len);
            }
        }
        let twice = packed + single.min(STAGED_TWICE_BYTES_MAX);
        let free = match keeps {
            Keeps::WhileWanted => twice,
            Keeps::UntilEntry => twice * 2,
        };
        let fits = packed_bytes + single_bytes + free <= self.spare_bytes()?;
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
        let needed = file
            .size_bytes
            .saturating_add(lacking_bytes.min(STAGED_TWICE_BYTES_MAX));
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
        let Some((needed, chunks)) = next.filter(|_| self.space.is_tight) else {
            return Ok(false);
        };
        let focus: BTreeSet<ChunkId> = chunks.into_iter().collect();
        let mut kept_bytes = 0;
        let mut parts = Vec::new();
        for (file, staged) in self.staged_chunks()? {
            if staged.chunks.iter().all(|(chunk, _, _)| focus.contains(chunk)) {
                kept_bytes += staged.chunks.iter().map(|(_, _, len)| u64::from(*len)).sum::<u64>();
            } else if staged.keeps == Keeps::UntilEntry {
                parts.push(file);
            } else {
                self.drop_noted(file)?;
            }
        }
        self.space.focus = Some(focus);
        // What nobody can put to use yet gives way to what somebody waits for; its entry asks for it again.
        if self.spare_bytes()?.saturating_add(kept_bytes) < needed {
            parts.into_iter().try_for_each(|file| self.drop_noted(file))?;
        }
        Ok(true)
    }

    /// Drops a staged file and what is noted of it.
    fn drop_noted(&mut self, file: String) -> Result<()> {
        self.commit(memory::forget_staged(&file))?;
        self.disk.drop_staged(&StagedName(file))?;
        Ok(())
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
        let mut known = BTreeSet::new();
        let mut new = Vec::new();
        for (id, bytes) in chunks {
            let is_off_focus =
                keeps == Keeps::WhileWanted && self.space.focus.as_ref().is_some_and(|focus| !focus.contains(&id));
            if is_off_focus || self.space.refuses(&id) || !known.insert(id) {
                continue;
            }
            if !self.missing_of(&[id], stores)?.is_empty() {
                new.push((id, bytes));
            }
        }
        // A large chunk stands alone, so that it goes as soon as a file in the making holds it.
        let (mut single, mut packed): (Vec<_>, Vec<_>) =
            new.into_iter().partition(|(_, bytes)| bytes.len() >= CHUNK_BYTES_MIN);
        if packed.len() == 1 {
            single.append(&mut packed);
        }
        let bytes_of = |chunks: &[(ChunkId, Vec<u8>)]| chunks.iter().map(|(_, bytes)| bytes.len() as u64).sum::<u64>();
        let (packed_bytes, single_bytes) = (bytes_of(&packed), bytes_of(&single));
        if packed_bytes + single_bytes == 0 || !self.may_stage(packed_bytes, single_bytes, keeps, stores)? {
            return Ok(());
        }
        let files = single
            .into_iter()
            .map(|chunk| vec![chunk])
            .chain((!packed.is_empty()).then_some(packed));
        let mut kept = Vec::new();
        for chunks in files {
            let name = format!("p-{}", hex(&self.entropy.sixteen()));
            if !self.stage_chunks(&StagedName(name.clone()), &chunks)? {
                break;
            }
            let mut offset = 0;
            let place = |(id, bytes): (ChunkId, Vec<u8>)| {
                let at = (id, offset, bytes.len() as u32);
                offset += bytes.len() as u64;
                at
            };
            let staged = StagedChunks {
                keeps,
                staged_ns: self.clock.now_ns(),
                chunks: chunks.into_iter().map(place).collect(),
            };
            kept.push((name, staged));
        }
        if kept.is_empty() {
            return Ok(());
        }
        // The note of what is there is about to be kept, and must not say more than a power cut leaves.
        self.disk.flush()?;
        let note = |(name, staged): &(String, StagedChunks)| memory::write(format!("{STAGED}{name}"), staged);
        self.commit(kept.iter().map(note).collect())?;
        kept.iter().for_each(|(name, staged)| stores.add_staged(name, staged));
        Ok(())
    }

    /// Writes a file of chunks into staging; tells whether there was room. What has none is simply not at hand.
    fn stage_chunks(&mut self, name: &StagedName, chunks: &[(ChunkId, Vec<u8>)]) -> Result<bool> {
        let root = RelPath::root();
        let written = self.disk.stage(name, 0).and_then(|mut file| {
            for (_, bytes) in chunks {
                file.write_all(bytes)
                    .map_err(|error| crate::content::read_error(&root, &error))?;
            }
            file.finish()
        });
        match written {
            Ok(()) => Ok(true),
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
        for (file, staged) in self.staged_chunks()? {
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
                self.drop_noted(file)?;
            }
        }
        Ok(())
    }
}

fn staged_bytes(stores: &Stores) -> u64 {
    stores.staged.values().map(|(_, _, len)| u64::from(*len)).sum()
}
