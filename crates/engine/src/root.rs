//! The Merkle root of the posted index, kept folder by folder: a change makes the folders above it forget their hashes,
//! and only those are computed again.

use std::collections::BTreeMap;

use offsync_core::ids::Root;
use offsync_core::limits::INDEX_PAGE_ROWS;
use offsync_core::merkle::{FolderLines, HashedChild, RootBuilder, entry_hash, folder_hash};
use offsync_core::ports::IndexWrite;
use offsync_core::rel_path::PathKey;
use offsync_core::siblings::Siblings;

use crate::engine::Engine;
use crate::error::Result;
use crate::memory::{self, FOLDER_HASH, FOLDER_HASHES_KEPT};

/// A child of a folder: what lives at it, and the hash of what lives below it.
type Child = (Option<Siblings>, Option<Root>);

impl Engine<'_> {
    /// Gives the Merkle root of the posted index.
    pub fn root(&mut self) -> Result<Root> {
        if memory::read::<bool>(self.index, FOLDER_HASHES_KEPT)?.is_none() {
            return self.hash_all();
        }
        let mut writes = Vec::new();
        let root = self.hash_of(&PathKey::root(), &mut writes)?;
        self.commit(writes)?;
        Ok(root)
    }

    /// Gives what a folder's hash is made of: to find where two copies differ.
    pub fn folder_lines(&mut self, folder: &PathKey) -> Result<FolderLines> {
        self.root()?;
        let mut lines = FolderLines::new();
        for (key, (siblings, below)) in self.hashed_children(folder, &mut Vec::new())? {
            if let Some(siblings) = siblings {
                lines.insert((key.clone(), false), entry_hash(&siblings));
            }
            if let Some(below) = below {
                lines.insert((key, true), below);
            }
        }
        Ok(lines)
    }

    /// Walks all entries once and keeps the hashes of all folders.
    pub(crate) fn hash_all(&mut self) -> Result<Root> {
        let mut builder = RootBuilder::default();
        let mut after: Option<PathKey> = None;
        loop {
            let page = self.index.entries_after(after.as_ref(), INDEX_PAGE_ROWS)?;
            let Some((last, _)) = page.last() else { break };
            after = Some(last.clone());
            page.iter().for_each(|(key, siblings)| builder.add(key, siblings));
            let writes = builder.take_closed().iter().map(kept).collect();
            self.commit(writes)?;
        }
        let (root, closed) = builder.finish();
        let mut writes: Vec<IndexWrite> = closed.iter().map(kept).collect();
        writes.push(memory::write(FOLDER_HASHES_KEPT, &true));
        self.commit(writes)?;
        Ok(root)
    }

    fn hash_of(&self, folder: &PathKey, writes: &mut Vec<IndexWrite>) -> Result<Root> {
        if let Some(hash) = memory::read(self.index, &memory::of_key(FOLDER_HASH, folder))? {
            return Ok(hash);
        }
        let children = self.hashed_children(folder, writes)?;
        let hash = folder_hash(children.iter().map(|(key, (siblings, below))| HashedChild {
            key,
            siblings: siblings.as_ref(),
            below: *below,
        }));
        writes.push(kept(&(folder.clone(), hash)));
        Ok(hash)
    }

    fn hashed_children(&self, folder: &PathKey, writes: &mut Vec<IndexWrite>) -> Result<BTreeMap<PathKey, Child>> {
        let mut children: BTreeMap<PathKey, Child> = BTreeMap::new();
        for (key, siblings) in self.index.entries_in(folder)? {
            if siblings.is_live() {
                children.insert(key, (Some(siblings), None));
            }
        }
        for key in self.index.live_folders_in(folder)? {
            let below = self.hash_of(&key, writes)?;
            children.entry(key).or_default().1 = Some(below);
        }
        Ok(children)
    }
}

fn kept((folder, hash): &(PathKey, Root)) -> IndexWrite {
    memory::write(memory::of_key(FOLDER_HASH, folder), hash)
}
