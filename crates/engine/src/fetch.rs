//! Fetching: what others posted is folded at once; content follows as far as it is there.
//!
//! A missing pack never blocks the stream: what lacks is said in the head.

use std::collections::BTreeSet;

use offsync_core::format::{FormatError, Manifest, ObjectName, State, decode_pack};
use offsync_core::ids::{ChunkId, LocationId};
use offsync_core::ports::Mailbox;
use offsync_core::rel_path::RelPath;

use crate::content::Stores;
use crate::engine::Engine;
use crate::error::Result;
use crate::fold::StateEntries;
use crate::memory::Keeps;
use crate::monitor::Phase;
use crate::view::View;

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
                if !error.is_newer() {
                    self.unusable.insert(name);
                }
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
        self.note_no_room(&manifest, stores)?;
        if !manifest.inline.is_empty() {
            let chunks: Vec<(ChunkId, Vec<u8>)> = manifest
                .inline
                .iter()
                .map(|bytes| (self.keys.chunk_id(bytes), bytes.clone()))
                .collect();
            self.keep_chunks(chunks, stores, keeps)?;
        }
        for pack in &manifest.packs {
            let missing = self.missing_of(&pack.chunks, stores)?;
            if view.contains(&pack.name) && missing.iter().any(|chunk| !self.space.refuses(chunk)) {
                self.fetch_pack(mailbox, &pack.name, stores, keeps)?;
            }
        }
        let unkept = match keeps {
            Keeps::UntilEntry => self.note_unkept(&manifest, stores)?,
            Keeps::WhileWanted => Vec::new(),
        };
        let hash = Manifest::hash(&sealed);
        let (vector, mut writes) = self.fold_writes(&manifest, hash, sealed.len() as u64)?;
        writes.extend(unkept);
        self.commit(writes)?;
        self.vector = vector;
        self.report.fetched_changesets += u64::from(author != self.me());
        Ok(true)
    }

    /// Fetches a pack into staging; a damaged or vanished one is passed over.
    pub(crate) fn fetch_pack(
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
                self.note_unreadable(name, &error);
                Ok(())
            }
        }
    }

    /// Reads a listed changeset; `None` if it is gone, damaged, or of somebody whom nobody introduced yet.
    pub(crate) fn read_manifest(
        &mut self,
        mailbox: &dyn Mailbox,
        name: &ObjectName,
        author: &LocationId,
    ) -> Result<Option<Manifest>> {
        let (Some(key), Some(sealed)) = (self.key_of(author)?, self.get(mailbox, name)?) else {
            return Ok(None);
        };
        Ok(Manifest::decode(self.keys, name, &sealed, |_| Some(key)).ok())
    }

    /// Takes the small content out of a listed changeset.
    fn fetch_inline(
        &mut self,
        mailbox: &dyn Mailbox,
        name: &ObjectName,
        author: &LocationId,
        stores: &mut Stores,
    ) -> Result<()> {
        let Some(manifest) = self.read_manifest(mailbox, name, author)? else {
            return Ok(());
        };
        let named = |bytes: Vec<u8>| (self.keys.chunk_id(&bytes), bytes);
        let chunks = manifest.inline.into_iter().map(named).collect();
        self.keep_chunks(chunks, stores, Keeps::WhileWanted)
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
        let all: Vec<ChunkId> = missing
            .iter()
            .copied()
            .filter(|chunk| !self.space.refuses(chunk))
            .collect();
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
}

fn unreadable_reason(error: &FormatError) -> &'static str {
    if error.is_newer() {
        "a change in the mailbox was made by a newer Offsync; install the newest one here, and it arrives"
    } else {
        "a change in the mailbox is damaged; it arrives another way once the others have synced"
    }
}
