//! The Merkle root: equal on equal copies, in every head ever written.
//!
//! It covers the live siblings of the posted index by key, dot and content: no
//! tombstones, no unposted changes, nothing about presentation. Folder by folder,
//! so that two copies can be compared from the top down.

use crate::ids::Root;
use crate::rel_path::PathKey;
use crate::siblings::Siblings;

const CONTEXT: &str = "offsync v1 merkle folder";

/// Computes a root from entries given in order of key.
///
/// Memory grows with the depth of the archive, not with its entries.
pub struct RootBuilder {
    open: Vec<OpenFolder>,
}

struct OpenFolder {
    key: PathKey,
    hasher: blake3::Hasher,
    is_empty: bool,
}

impl OpenFolder {
    fn new(key: PathKey) -> Self {
        Self {
            key,
            hasher: blake3::Hasher::new_derive_key(CONTEXT),
            is_empty: true,
        }
    }
}

impl Default for RootBuilder {
    fn default() -> Self {
        Self {
            open: vec![OpenFolder::new(PathKey::root())],
        }
    }
}

impl RootBuilder {
    /// Adds the next entry; keys must come in rising order.
    pub fn add(&mut self, key: &PathKey, siblings: &Siblings) {
        if !siblings.is_live() {
            return;
        }
        let folder = key.parent().unwrap_or_else(PathKey::root);
        self.close_down_to(&folder);
        self.open_up_to(&folder);
        let top = self.open.last_mut().expect("the root is open until the end");
        top.is_empty = false;
        put(&mut top.hasher, b'e', key.name(), &hash_live(siblings));
    }

    /// Gives the root.
    pub fn finish(mut self) -> Root {
        self.close_down_to(&PathKey::root());
        let root = self.open.pop().expect("the root is open until the end");
        Root::new(*root.hasher.finalize().as_bytes())
    }

    fn close_down_to(&mut self, folder: &PathKey) {
        while self
            .open
            .last()
            .is_some_and(|top| !top.key.is_root() && top.key != *folder && !folder.is_below(&top.key))
        {
            let closed = self.open.pop().expect("just seen");
            if closed.is_empty {
                continue;
            }
            let parent = self.open.last_mut().expect("the root is never closed");
            parent.is_empty = false;
            put(
                &mut parent.hasher,
                b'f',
                closed.key.name(),
                closed.hasher.finalize().as_bytes(),
            );
        }
    }

    fn open_up_to(&mut self, folder: &PathKey) {
        let from = self.open.last().map_or(0, |top| top.key.depth());
        let mut chain = Vec::new();
        let mut next = folder.clone();
        while next.depth() > from {
            let parent = next.parent().expect("deeper than an open folder");
            chain.push(next);
            next = parent;
        }
        chain
            .into_iter()
            .rev()
            .for_each(|key| self.open.push(OpenFolder::new(key)));
    }
}

fn put(hasher: &mut blake3::Hasher, kind: u8, name: &[u8], hash: &[u8; 32]) {
    hasher.update(&[kind]);
    hasher.update(&(name.len() as u64).to_le_bytes());
    hasher.update(name);
    hasher.update(hash);
}

fn hash_live(siblings: &Siblings) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_derive_key("offsync v1 merkle entry");
    for (dot, version) in siblings.live() {
        hasher.update(dot.location.as_bytes());
        hasher.update(&dot.sequence.to_le_bytes());
        hasher.update(&dot.ordinal.to_le_bytes());
        hasher.update(&version.value.content.tag());
        hasher.update(&version.value.content.size_bytes().to_le_bytes());
    }
    *hasher.finalize().as_bytes()
}
