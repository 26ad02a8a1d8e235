//! Fetching: what others posted is folded at once; content follows as far as it is there.
//!
//! A missing pack never blocks the stream: what lacks is said in the head.

use std::collections::BTreeSet;
use std::io::Write;

use offsync_core::format::{FormatError, Manifest, ObjectName, State, decode_pack};
use offsync_core::ids::{ChunkId, LocationId};
use offsync_core::ports::{DiskErrorKind, Mailbox, StagedName};
use offsync_core::rel_path::RelPath;
use offsync_core::seal::OpenError;

use crate::content::Stores;
use crate::engine::Engine;
use crate::error::Result;
use crate::fold::StateEntries;
use crate::journal::hex;
use crate::memory::{self, Keeps, STAGED, StagedChunks, UNSETTLED};
use crate::monitor::Phase;
use crate::view::View;

/// A part whose entry never came is dropped after this time; the entry, if it comes, asks for it again.
const PART_KEPT_NS: i64 = 180 * 24 * 3_600 * 1_000_000_000;

impl Engine<'_> {
    /// Folds every listed changeset that follows on what is folded already.
    pub(crate) fn fetch_changesets(&mut self, mailbox: &dyn Mailbox, view: &View) -> Result<()> {
        let mut stores = self.stores()?;
        let mut progress = true;
        while progress {
            progress = false;
            let due: Vec<(LocationId, u64)> = view
                .names()
                .filter_map(|name| match name {
                    ObjectName::Manifest { author, sequence } => Some((*author, *sequence)),
                    _ => None,
                })
                .collect();
            for (author, sequence) in due {
                if sequence == self.vector.get(&author) + 1 {
                    progress |= self.fetch_changeset(mailbox, view, author, sequence, &mut stores)?;
                }
            }
        }
        Ok(())
    }

    fn fetch_changeset(
        &mut self,
        mailbox: &dyn Mailbox,
        view: &View,
        author: LocationId,
        sequence: u64,
        stores: &mut Stores,
    ) -> Result<bool> {
        let name = ObjectName::Manifest { author, sequence };
        let Some(key) = self.key_of(&author)? else {
            self.sees_strangers = true;
            return Ok(false);
        };
        let Some(sealed) = self.get(mailbox, &name)? else {
            return Ok(false);
        };
        let manifest = match Manifest::decode(self.keys, &name, &sealed, |_| Some(key)) {
            Ok(manifest) => manifest,
            Err(error) => {
                self.skip(&RelPath::root(), unreadable_reason(&error));
                return Ok(false);
            }
        };
        if !self.vector.covers(&manifest.context) {
            return Ok(false);
        }
        self.tell(Phase::Fetching, self.report.fetched_changesets, None, None)?;
        // A part carries content alone; the entry that it belongs to comes later, and nothing wants it until then.
        let keeps = if manifest.entries.is_empty() {
            Keeps::UntilEntry
        } else {
            Keeps::WhileWanted
        };
        if !manifest.inline.is_empty() {
            let chunks: Vec<(ChunkId, Vec<u8>)> = manifest
                .inline
                .iter()
                .map(|bytes| (self.keys.chunk_id(bytes), bytes.clone()))
                .collect();
            self.keep_chunks(chunks, stores, keeps)?;
        }
        for pack in &manifest.packs {
            if view.contains(&pack.name) && !self.missing_of(&pack.chunks, stores)?.is_empty() {
                self.fetch_pack(mailbox, &pack.name, stores, keeps)?;
            }
        }
        let hash = Manifest::hash(&sealed);
        let (vector, writes) = self.fold_writes(&manifest, hash, sealed.len() as u64)?;
        self.commit(writes)?;
        self.vector = vector;
        self.report.fetched_changesets += u64::from(author != self.me());
        Ok(true)
    }

    /// Fetches a pack into staging; a damaged or vanished one is passed over.
    fn fetch_pack(
        &mut self,
        mailbox: &dyn Mailbox,
        name: &ObjectName,
        stores: &mut Stores,
        keeps: Keeps,
    ) -> Result<()> {
        let Some(sealed) = self.get(mailbox, name)? else {
            return Ok(());
        };
        match decode_pack(self.keys, name, &sealed) {
            Ok(chunks) => self.keep_chunks(chunks, stores, keeps),
            Err(error) => {
                self.note_damaged(name, &error.to_string());
                Ok(())
            }
        }
    }

    /// Takes the small content out of a listed changeset.
    fn fetch_inline(
        &mut self,
        mailbox: &dyn Mailbox,
        name: &ObjectName,
        author: &LocationId,
        stores: &mut Stores,
    ) -> Result<()> {
        let (Some(key), Some(sealed)) = (self.key_of(author)?, self.get(mailbox, name)?) else {
            return Ok(());
        };
        let Ok(manifest) = Manifest::decode(self.keys, name, &sealed, |_| Some(key)) else {
            return Ok(());
        };
        let named = |bytes: Vec<u8>| (self.keys.chunk_id(&bytes), bytes);
        let chunks = manifest.inline.into_iter().map(named).collect();
        self.keep_chunks(chunks, stores, Keeps::WhileWanted)
    }

    /// Keeps chunks in staging that are not on this drive yet.
    fn keep_chunks(&mut self, chunks: Vec<(ChunkId, Vec<u8>)>, stores: &mut Stores, keeps: Keeps) -> Result<()> {
        let mut kept = StagedChunks {
            keeps,
            staged_ns: self.clock.now_ns(),
            ..StagedChunks::default()
        };
        let mut body = Vec::new();
        for (id, bytes) in chunks {
            if self.missing_of(&[id], stores)?.is_empty() || kept.chunks.iter().any(|(known, _, _)| *known == id) {
                continue;
            }
            kept.chunks.push((id, body.len() as u64, bytes.len() as u32));
            body.extend_from_slice(&bytes);
        }
        if kept.chunks.is_empty() {
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
                self.skip(
                    &root,
                    "the drive is too full to take everything in; make room and sync again",
                );
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Merges state that was served to this location, once all its parts are there.
    pub(crate) fn fetch_states(&mut self, mailbox: &dyn Mailbox, view: &mut View) -> Result<()> {
        let me = self.me();
        let names: Vec<ObjectName> = view
            .names()
            .filter(|name| matches!(name, ObjectName::ServedState { reader, .. } if *reader == me))
            .cloned()
            .collect();
        let mut parts: Vec<(ObjectName, State)> = Vec::new();
        for name in names {
            let Some(sealed) = self.get(mailbox, &name)? else {
                continue;
            };
            let Ok(state) = State::decode(self.keys, &name, &sealed) else {
                continue;
            };
            parts.push((name, state));
        }
        let ids: BTreeSet<[u8; 16]> = parts.iter().map(|(_, state)| state.id).collect();
        for id in ids {
            let of_one: Vec<&(ObjectName, State)> = parts.iter().filter(|(_, state)| state.id == id).collect();
            let states: Vec<State> = of_one.iter().map(|(_, state)| state.clone()).collect();
            let Some(whole) = State::join(states) else { continue };
            if !self.vector.covers(&whole.vector) {
                let entries: StateEntries = whole.siblings.into_iter().collect();
                self.merge_state(&whole.vector, entries)?;
            }
            for (name, _) in of_one {
                self.delete_object(mailbox, view, name)?;
            }
        }
        Ok(())
    }

    /// Fetches what others serve to this location, and listed packs, as far as chunks are missing.
    pub(crate) fn fetch_missing(
        &mut self,
        mailbox: &dyn Mailbox,
        view: &View,
        missing: &BTreeSet<ChunkId>,
    ) -> Result<bool> {
        if missing.is_empty() {
            return Ok(false);
        }
        let mut stores = self.stores()?;
        let me = self.me();
        let names: Vec<ObjectName> = view
            .names()
            .filter(|name| match name {
                ObjectName::ServedPack { reader, .. } => *reader == me,
                // Small content travels inside a changeset, which was folded already and may have lost its staging since.
                ObjectName::Pack { author, .. } | ObjectName::Manifest { author, .. } => *author != me,
                _ => false,
            })
            .cloned()
            .collect();
        let all: Vec<ChunkId> = missing.iter().copied().collect();
        for name in names {
            if self.missing_of(&all, &stores)?.is_empty() {
                break;
            }
            match &name {
                ObjectName::Manifest { author, .. } => self.fetch_inline(mailbox, &name, author, &mut stores)?,
                _ => self.fetch_pack(mailbox, &name, &mut stores, Keeps::WhileWanted)?,
            }
        }
        Ok(self.missing_of(&all, &stores)?.len() < all.len())
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
                    is_spent &= !bad.contains(chunk) && !self.index.places_with_chunk(chunk)?.is_empty();
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

fn unreadable_reason(error: &FormatError) -> &'static str {
    match error {
        FormatError::Open(OpenError::Newer { .. }) => {
            "a change in the mailbox was made by a newer Offsync; install the newest one here, and it arrives"
        }
        _ => "a change in the mailbox is damaged; it arrives another way once the others have synced",
    }
}
