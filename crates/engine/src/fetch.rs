//! Fetching: what others posted is folded at once; content follows as far as it is there.
//!
//! A missing pack never blocks the stream: what lacks is said in the head.

use std::collections::{BTreeMap, BTreeSet};

use offsync_core::format::{FormatError, Manifest, ObjectName, State, decode_pack};
use offsync_core::ids::{ChunkId, LocationId};
use offsync_core::ports::Mailbox;
use offsync_core::rel_path::RelPath;

use crate::content::Stores;
use crate::crossed::{Crossed, Ours};
use crate::engine::Engine;
use crate::error::Result;
use crate::fold::StateEntries;
use crate::memory::Keeps;
use crate::monitor::Phase;
use crate::view::View;

impl Engine<'_> {
    /// Folds every listed changeset that follows on what is folded already.
    pub(crate) fn fetch_changesets(&mut self, mailbox: &dyn Mailbox, view: &View) -> Result<()> {
        self.find_other_meanings(mailbox, view)?;
        let doubted = self.said_to_have_said_twice()?;
        let mut stores = self.stores()?;
        let mut ours = Ours::default();
        let mut crossed: BTreeMap<LocationId, Vec<Crossed>> = BTreeMap::new();
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
                if sequence == self.vector.get(&author) + 1 && !doubted.contains(&author) {
                    let found = crossed.entry(author).or_default();
                    progress |= self.fetch_changeset(mailbox, (author, sequence), &mut stores, &mut ours, found)?;
                }
            }
        }
        for (author, found) in crossed {
            self.tell_crossed(author, found)?;
        }
        Ok(())
    }

    fn fetch_changeset(
        &mut self,
        mailbox: &dyn Mailbox,
        (author, sequence): (LocationId, u64),
        stores: &mut Stores,
        ours: &mut Ours,
        crossed: &mut Vec<Crossed>,
    ) -> Result<bool> {
        let name = ObjectName::Manifest { author, sequence };
        let Some(key) = self.key_of(&author)? else {
            self.sees_strangers |= !self.is_removed(&author)?;
            return Ok(false);
        };
        let Some(sealed) = self.get(mailbox, &name)? else {
            return Ok(false);
        };
        let manifest = match Manifest::decode(&self.keys, &name, &sealed, |_| Some(key)) {
            Ok(manifest) => manifest,
            Err(error) => {
                if !error.is_newer() {
                    self.unusable.insert(name.clone());
                }
                match error.lacks_key() {
                    true => self.note_unreadable(&name, &error),
                    false => self.skip(&RelPath::root(), unreadable_reason(&error)),
                }
                return Ok(false);
            }
        };
        if !self.vector.covers(&manifest.context) {
            return Ok(false);
        }
        if !self.follows_on(&manifest)? {
            return Ok(false);
        }
        self.tell(Phase::Fetching, self.report.fetched_changesets, None, None)?;
        for pack in &manifest.packs {
            self.space.packs.insert(pack.name.clone(), pack.chunks.clone());
        }
        let left = self.keep_inline(&name, &manifest, stores)?;
        if left.is_empty() {
            self.space.learned.insert(name);
        }
        // A part carries content alone; the entry that it belongs to comes later, and nothing wants it until then.
        let unkept = match manifest.entries.is_empty() {
            true => self.note_unkept(&manifest, stores)?,
            false => self.parts_of(&manifest)?,
        };
        let found = self.find_crossed(&manifest, ours)?;
        let hash = Manifest::hash(&sealed);
        let (vector, mut writes) = self.fold_writes(&manifest, hash, sealed.len() as u64)?;
        writes.extend(unkept);
        self.commit(writes)?;
        self.vector = vector;
        crossed.extend(found);
        self.report.fetched_changesets += u64::from(author != self.me());
        Ok(true)
    }

    /// Fetches a pack; a damaged or vanished one holds nothing.
    pub(crate) fn fetch_pack(&mut self, mailbox: &dyn Mailbox, name: &ObjectName) -> Result<Vec<(ChunkId, Vec<u8>)>> {
        self.space.fetched.insert(name.clone());
        let Some(sealed) = self.get(mailbox, name)? else {
            return Ok(Vec::new());
        };
        decode_pack(&self.keys, name, &sealed).or_else(|error| {
            self.note_unreadable(name, &error);
            Ok(Vec::new())
        })
    }

    /// Reads a listed changeset; `None` if it is gone, damaged, or of somebody whom nobody introduced yet.
    pub(crate) fn read_manifest(
        &mut self,
        mailbox: &dyn Mailbox,
        name: &ObjectName,
        author: &LocationId,
    ) -> Result<Option<Manifest>> {
        Ok(self
            .open_manifest(mailbox, name, author)?
            .and_then(std::result::Result::ok))
    }

    /// The same, with why it does not open.
    pub(crate) fn open_manifest(
        &mut self,
        mailbox: &dyn Mailbox,
        name: &ObjectName,
        author: &LocationId,
    ) -> Result<Option<std::result::Result<Manifest, FormatError>>> {
        let (Some(key), Some(sealed)) = (self.key_of(author)?, self.get(mailbox, name)?) else {
            return Ok(None);
        };
        Ok(Some(Manifest::decode(&self.keys, name, &sealed, |_| Some(key))))
    }

    /// Keeps the small content that travels inside a changeset; gives the chunks that have no room.
    fn keep_inline(&mut self, name: &ObjectName, manifest: &Manifest, stores: &mut Stores) -> Result<Vec<ChunkId>> {
        let named = |bytes: &Vec<u8>| (self.keys.chunk_id(bytes), bytes.clone());
        let chunks: Vec<(ChunkId, Vec<u8>)> = manifest.inline.iter().map(named).collect();
        let held = chunks.iter().map(|(chunk, _)| *chunk).collect();
        self.space.inline.insert(name.clone(), held);
        let keeps = match manifest.entries.is_empty() {
            true => Keeps::UntilEntry,
            false => Keeps::WhileWanted,
        };
        let left = self.keep_chunks(chunks, stores, keeps)?;
        Ok(left.into_iter().map(|(chunk, _)| chunk).collect())
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
            let Ok(state) = State::decode(&self.keys, &name, &sealed) else {
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
                if !self.agrees_with(&whole)? {
                    continue;
                }
                let entries: StateEntries = whole.siblings.into_iter().collect();
                self.merge_state(&whole.vector, entries)?;
            }
            for (name, _) in of_one {
                self.delete_object(mailbox, view, name)?;
            }
        }
        Ok(())
    }

    /// Fetches content that lacks, until all is there or there is no room for more; tells whether any came.
    ///
    /// No pack is fetched twice in a cycle: what had no room of the last one is carried on to the next slice.
    pub(crate) fn fetch_slice(
        &mut self,
        mailbox: &dyn Mailbox,
        view: &View,
        missing: &BTreeSet<ChunkId>,
        carried: &mut Vec<(ChunkId, Vec<u8>)>,
    ) -> Result<bool> {
        let wanted = missing.iter().filter(|chunk| !self.space.refuses(chunk));
        let mut lacking: BTreeSet<ChunkId> = wanted.copied().collect();
        let first = lacking.len();
        let mut stores = self.stores()?;
        self.keep_some(std::mem::take(carried), &mut stores, &mut lacking, carried)?;
        if carried.is_empty() {
            self.learn_packs(mailbox, view, &mut lacking, &mut stores)?;
            for name in self.packs_in_turn(view) {
                let holds_any = |chunks: &Vec<ChunkId>| chunks.iter().any(|chunk| lacking.contains(chunk));
                if lacking.is_empty() || !self.space.packs.get(&name).is_none_or(holds_any) {
                    continue;
                }
                self.tell(Phase::Fetching, self.report.fetched_changesets, None, None)?;
                let chunks = self.fetch_pack(mailbox, &name)?;
                let held = chunks.iter().map(|(chunk, _)| *chunk).collect();
                self.space.packs.entry(name).or_insert(held);
                self.space.put_away_refused(&chunks);
                self.keep_some(chunks, &mut stores, &mut lacking, carried)?;
                if !carried.is_empty() {
                    break;
                }
            }
        }
        Ok(lacking.len() < first)
    }

    /// Gives content that lies in the mailbox where this location can read it; of what `missing` names, all of it.
    ///
    /// Packs that were served to it do not count: they stay only as long as it goes on asking. Nor does one that was fetched
    /// and did not hold what its changeset says.
    pub(crate) fn lying_there(
        &mut self,
        mailbox: &dyn Mailbox,
        view: &View,
        missing: &BTreeSet<ChunkId>,
    ) -> Result<BTreeSet<ChunkId>> {
        if missing.is_empty() {
            return Ok(BTreeSet::new());
        }
        let mut stores = self.stores()?;
        self.learn_packs(mailbox, view, &mut missing.clone(), &mut stores)?;
        let space = &self.space;
        let is_sound = |name: &ObjectName| view.contains(name) && !self.unusable.contains(name);
        let packs = space
            .packs
            .iter()
            .filter(|(name, _)| matches!(name, ObjectName::Pack { .. }));
        let of_packs = packs.filter(|(name, _)| is_sound(name)).flat_map(|(name, chunks)| {
            let is_open = !space.fetched.contains(name);
            chunks.iter().filter(move |chunk| is_open || space.is_put_away(chunk))
        });
        let of_changesets = space
            .inline
            .iter()
            .filter(|(name, _)| is_sound(name))
            .flat_map(|(_, chunks)| chunks);
        Ok(of_packs.chain(of_changesets).copied().collect())
    }

    /// Keeps what lacks of some chunks, as far as there is room; the rest is left.
    fn keep_some(
        &mut self,
        chunks: Vec<(ChunkId, Vec<u8>)>,
        stores: &mut Stores,
        lacking: &mut BTreeSet<ChunkId>,
        left: &mut Vec<(ChunkId, Vec<u8>)>,
    ) -> Result<()> {
        let chunks: Vec<_> = chunks
            .into_iter()
            .filter(|(chunk, _)| lacking.contains(chunk))
            .collect();
        let all: Vec<ChunkId> = chunks.iter().map(|(chunk, _)| *chunk).collect();
        *left = self.keep_chunks(chunks, stores, Keeps::WhileWanted)?;
        let is_left: BTreeSet<&ChunkId> = left.iter().map(|(left, _)| left).collect();
        for chunk in all.iter().filter(|chunk| !is_left.contains(chunk)) {
            lacking.remove(chunk);
        }
        Ok(())
    }

    /// Gives the packs that were not fetched yet: first those of which it is known what they hold.
    fn packs_in_turn(&self, view: &View) -> Vec<ObjectName> {
        let me = self.me();
        let is_open = |name: &&ObjectName| match name {
            ObjectName::ServedPack { reader, .. } => *reader == me,
            // One's own are of use where one's own drive lacks what they hold.
            ObjectName::Pack { author, .. } => *author != me || self.space.packs.contains_key(*name),
            _ => false,
        };
        let open = view
            .names()
            .filter(is_open)
            .filter(|name| !self.space.fetched.contains(*name));
        let (mut known, unknown): (Vec<_>, Vec<_>) =
            open.cloned().partition(|name| self.space.packs.contains_key(name));
        known.extend(unknown);
        known
    }

    /// Reads changesets that were folded before this cycle, as far as it takes to know which packs hold what lacks.
    ///
    /// Small content travels inside a changeset and may have lost its staging since.
    fn learn_packs(
        &mut self,
        mailbox: &dyn Mailbox,
        view: &View,
        lacking: &mut BTreeSet<ChunkId>,
        stores: &mut Stores,
    ) -> Result<()> {
        let is_open = |name: &ObjectName| view.contains(name) && !self.space.fetched.contains(name);
        let open = self.space.packs.iter().filter(|(name, _)| is_open(name));
        let known: BTreeSet<&ChunkId> = open.flat_map(|(_, chunks)| chunks).collect();
        let mut unknown: BTreeSet<ChunkId> = lacking.iter().filter(|chunk| !known.contains(chunk)).copied().collect();
        let names: Vec<ObjectName> = view.names().cloned().collect();
        for name in names {
            let ObjectName::Manifest { author, .. } = &name else {
                continue;
            };
            if unknown.is_empty() || !self.space.learned.insert(name.clone()) {
                continue;
            }
            self.tell(Phase::Fetching, self.report.fetched_changesets, None, None)?;
            let Some(manifest) = self.read_manifest(mailbox, &name, author)? else {
                continue;
            };
            if !manifest.inline.is_empty() {
                self.keep_inline(&name, &manifest, stores)?;
                lacking.retain(|chunk| !stores.holds(chunk));
                unknown.retain(|chunk| lacking.contains(chunk));
            }
            for pack in manifest.packs.into_iter().filter(|pack| view.contains(&pack.name)) {
                for chunk in &pack.chunks {
                    unknown.remove(chunk);
                }
                self.space.packs.insert(pack.name, pack.chunks);
            }
        }
        Ok(())
    }
}

fn unreadable_reason(error: &FormatError) -> &'static str {
    if error.is_newer() {
        "a change in the mailbox was made by a newer Offsync; install the newest one here, and it arrives"
    } else {
        "a change in the mailbox is damaged; it arrives another way once the others have synced"
    }
}
