//! The Merkle root: equal on equal copies, in every head ever written.
//!
//! It covers the live siblings of the posted index, all that a drive shows of them: dot, spelling, content, mode,
//! time and history. No tombstones and no unposted changes. Folder by folder, so that two copies can be compared
//! from the top down.

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::Root;
use crate::rel_path::PathKey;
use crate::siblings::Siblings;

const CONTEXT: &str = "offsync v1 merkle folder";

/// Computes a root from entries given in order of key, and the hashes of all folders on the way.
///
/// Memory grows with the depth of the archive, and with the folders that nobody took, not with its entries.
pub struct RootBuilder {
    open: Vec<OpenFolder>,
    closed: Vec<(PathKey, Root)>,
}

/// One child of a folder, as the folder's hash sees it.
pub struct HashedChild<'a> {
    /// Its key.
    pub key: &'a PathKey,
    /// What lives at the child itself; `None` if nothing does.
    pub siblings: Option<&'a Siblings>,
    /// Hash of what lives strictly below it; `None` if nothing does.
    pub below: Option<Root>,
}

/// Computes the hash of a folder from its children, given in order of key.
pub fn folder_hash<'a>(children: impl Iterator<Item = HashedChild<'a>>) -> Root {
    let mut hasher = blake3::Hasher::new_derive_key(CONTEXT);
    for child in children {
        if let Some(siblings) = child.siblings.filter(|siblings| siblings.is_live()) {
            put(&mut hasher, b'e', child.key.name(), &hash_live(siblings));
        }
        if let Some(below) = child.below {
            put(&mut hasher, b'f', child.key.name(), below.as_bytes());
        }
    }
    Root::new(*hasher.finalize().as_bytes())
}

/// What a folder's hash is made of: its children by name, whether each stands for itself (`false`) or for what is below
/// it (`true`), and its hash.
pub type FolderLines = BTreeMap<(PathKey, bool), Root>;

/// Finds where two copies differ, from the top down: keys of entries that are not the same in both.
///
/// `lines` gives what a folder's hash is made of, for either copy; it is asked about folders that differ, and no others.
pub fn differing<E>(mut lines: impl FnMut(Copy, &PathKey) -> Result<FolderLines, E>) -> Result<BTreeSet<PathKey>, E> {
    let mut found = BTreeSet::new();
    let mut todo = vec![PathKey::root()];
    while let Some(folder) = todo.pop() {
        let (one, other) = (lines(Copy::One, &folder)?, lines(Copy::Other, &folder)?);
        let all: BTreeSet<_> = one.keys().chain(other.keys()).collect();
        for line in all.into_iter().filter(|line| one.get(line) != other.get(line)) {
            match line {
                (key, true) => todo.push(key.clone()),
                (key, false) => {
                    found.insert(key.clone());
                }
            }
        }
    }
    Ok(found)
}

/// Which of two copies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Copy {
    /// The first.
    One,
    /// The second.
    Other,
}

/// Gives the hash of what lives at one entry.
pub fn entry_hash(siblings: &Siblings) -> Root {
    Root::new(hash_live(siblings))
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
            closed: Vec::new(),
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

    /// Takes the hashes of folders that are finished.
    pub fn take_closed(&mut self) -> Vec<(PathKey, Root)> {
        std::mem::take(&mut self.closed)
    }

    /// Gives the root, and the hashes of the last folders, the root's among them.
    pub fn finish(mut self) -> (Root, Vec<(PathKey, Root)>) {
        self.close_down_to(&PathKey::root());
        let top = self.open.pop().expect("the root is open until the end");
        let root = Root::new(*top.hasher.finalize().as_bytes());
        self.closed.push((top.key, root));
        (root, self.closed)
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
            let hash = Root::new(*closed.hasher.finalize().as_bytes());
            put(&mut parent.hasher, b'f', closed.key.name(), hash.as_bytes());
            self.closed.push((closed.key, hash));
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
        let path = version.value.path.as_bytes();
        hasher.update(&(path.len() as u64).to_le_bytes());
        hasher.update(path);
        hasher.update(&version.value.meta.mode.to_le_bytes());
        hasher.update(&version.value.meta.mtime_ns.to_le_bytes());
        hasher.update(&version.history.to_le_bytes());
    }
    *hasher.finalize().as_bytes()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::dot::Dot;
    use crate::entry::{Content, Meta, Value, Version};
    use crate::ids::LocationId;
    use crate::rel_path::RelPath;

    type Tree = BTreeMap<PathKey, Siblings>;

    fn link(path: &RelPath, sequence: u64) -> (PathKey, Siblings) {
        let dot = Dot {
            location: LocationId::new([1; 16]),
            sequence,
            ordinal: 0,
        };
        let value = Value {
            path: path.clone(),
            content: Content::Symlink(b"x".to_vec()),
            meta: Meta::default(),
        };
        (path.key(), [(dot, Version { value, history: 0 })].into_iter().collect())
    }

    fn tree(paths: &BTreeMap<String, u64>) -> Tree {
        let one = |(path, sequence): (&String, &u64)| link(&RelPath::new(path).expect("a good path"), *sequence);
        paths.iter().map(one).collect()
    }

    fn whole(tree: &Tree) -> (Root, BTreeMap<PathKey, Root>) {
        let mut builder = RootBuilder::default();
        tree.iter().for_each(|(key, siblings)| builder.add(key, siblings));
        let (root, closed) = builder.finish();
        (root, closed.into_iter().collect())
    }

    /// Gives the lines of a folder from the hashes of all folders, as a keeper of hashes has them.
    fn lines(tree: &Tree, folders: &BTreeMap<PathKey, Root>, folder: &PathKey) -> FolderLines {
        let is_child = |key: &&PathKey| key.parent().as_ref() == Some(folder) && !key.is_root();
        let entries = tree.iter().filter(|(key, _)| is_child(key));
        let below = folders.iter().filter(|(key, _)| is_child(key));
        entries
            .map(|(key, siblings)| ((key.clone(), false), entry_hash(siblings)))
            .chain(below.map(|(key, hash)| ((key.clone(), true), *hash)))
            .collect()
    }

    #[test]
    fn a_difference_is_found_by_looking_at_the_folders_above_it_alone() {
        let mut paths = BTreeMap::new();
        for (a, b, c) in (0..20).flat_map(|a| (0..20).flat_map(move |b| (0..20).map(move |c| (a, b, c)))) {
            paths.insert(format!("{a}/{b}/{c}"), 1);
        }
        let one = tree(&paths);
        paths.insert("7/11/13".into(), 2);
        let other = tree(&paths);
        let (folders, other_folders) = (whole(&one).1, whole(&other).1);
        let mut looked = 0;
        let found = differing(|copy, folder| {
            looked += 1;
            Ok::<_, std::convert::Infallible>(match copy {
                Copy::One => lines(&one, &folders, folder),
                Copy::Other => lines(&other, &other_folders, folder),
            })
        });
        let key = RelPath::new("7/11/13").expect("a good path").key();
        assert_eq!(found, Ok(BTreeSet::from([key])));
        assert_eq!(looked, 6, "8,000 files, three folders on the way, in two copies");
    }

    #[test]
    fn whatever_changes_what_a_drive_shows_changes_the_hash() {
        let path = |text: &str| RelPath::new(text).expect("a good path");
        let (key, siblings) = link(&path("a/b"), 1);
        let (dot, version) = siblings.iter().next().expect("there is one").clone();
        let with = |change: &dyn Fn(&mut Version)| {
            let mut changed = version.clone();
            change(&mut changed);
            assert_eq!(changed.value.path.key(), key);
            entry_hash(&[(dot, changed)].into_iter().collect())
        };
        let all = [
            with(&|_| {}),
            with(&|version| version.value.path = path("a/B")),
            with(&|version| version.value.path = path("A/b")),
            with(&|version| version.value.content = Content::Symlink(b"y".to_vec())),
            with(&|version| version.value.content = Content::Folder),
            with(&|version| version.value.meta.mode = 0o600),
            with(&|version| version.value.meta.mtime_ns = -1),
            with(&|version| version.history = 1),
        ];
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
    }

    fn trees() -> impl Strategy<Value = BTreeMap<String, u64>> {
        let path = "[ab](/[ab0 -]){0,3}";
        prop::collection::btree_map(path, 1_u64..3, 0..12)
    }

    proptest! {
        #[test]
        fn folder_by_folder_gives_the_same_root(paths in trees()) {
            let tree = tree(&paths);
            let (root, folders) = whole(&tree);
            for (folder, hash) in &folders {
                let mut children: BTreeMap<&PathKey, (Option<&Siblings>, Option<Root>)> = BTreeMap::new();
                let is_child = |key: &&PathKey| key.parent().as_ref() == Some(folder) && !key.is_root();
                for (key, siblings) in tree.iter().filter(|(key, _)| is_child(key)) {
                    children.entry(key).or_default().0 = Some(siblings);
                }
                for (key, below) in folders.iter().filter(|(key, _)| is_child(key)) {
                    children.entry(key).or_default().1 = Some(*below);
                }
                let hashed = children.into_iter().map(|(key, (siblings, below))| HashedChild { key, siblings, below });
                prop_assert_eq!(folder_hash(hashed), *hash);
            }
            prop_assert_eq!(folders[&PathKey::root()], root);
        }

        #[test]
        fn just_what_differs_is_found(one in trees(), other in trees()) {
            let (one, other) = (tree(&one), tree(&other));
            let (folders, other_folders) = (whole(&one).1, whole(&other).1);
            let found = differing(|copy, folder| {
                Ok::<_, std::convert::Infallible>(match copy {
                    Copy::One => lines(&one, &folders, folder),
                    Copy::Other => lines(&other, &other_folders, folder),
                })
            });
            // What lives below a folder that only one copy has is found in that one.
            let all: BTreeSet<PathKey> = one.keys().chain(other.keys()).cloned().collect();
            let differ = all.into_iter().filter(|key| one.get(key) != other.get(key)).collect();
            prop_assert_eq!(found, Ok(differ));
        }
    }
}
