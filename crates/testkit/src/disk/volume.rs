//! The nodes of a simulated drive, found by path and never through a link.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use offsync_core::ports::{DiskErrorKind, EntryKind};
use offsync_core::rel_path::RelPath;

use super::options::NameFolding;
use crate::rng::Rng;

/// Names a node for as long as its drive lives.
pub(super) type NodeId = u64;

/// The three trees of a drive: the archive, staging, trash.
pub(super) const TREE: NodeId = 0;
pub(super) const STAGING: NodeId = 1;
pub(super) const TRASH: NodeId = 2;

/// What a node is.
#[derive(Clone, Debug)]
pub(super) enum Body {
    /// A file and its content.
    File(Arc<Vec<u8>>),
    /// A folder: children by folded name, with their spelling.
    Folder(BTreeMap<Vec<u8>, (Vec<u8>, NodeId)>),
    /// A symbolic link.
    Link(Vec<u8>),
    /// A pipe, socket or device.
    Other,
}

/// One node.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) body: Body,
    pub(super) inode: u64,
    pub(super) mtime_ns: i64,
    pub(super) ctime_ns: i64,
    pub(super) born_ns: i64,
    pub(super) mode: u32,
    opens: u32,
}

impl Node {
    pub(super) fn kind(&self) -> EntryKind {
        match &self.body {
            Body::File(_) => EntryKind::File,
            Body::Folder(_) => EntryKind::Folder,
            Body::Link(_) => EntryKind::Symlink,
            Body::Other => EntryKind::Other,
        }
    }

    pub(super) fn size_bytes(&self) -> u64 {
        match &self.body {
            Body::File(bytes) => bytes.len() as u64,
            Body::Link(target) => target.len() as u64,
            Body::Folder(_) | Body::Other => 0,
        }
    }
}

/// A name in a folder.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    pub(super) folder: NodeId,
    pub(super) name: Vec<u8>,
}

/// How to take one step back.
#[derive(Clone, Debug)]
pub(super) enum Undo {
    Linked(Slot),
    Unlinked(Slot, NodeId),
    Moved { from: Slot, to: Slot },
    Meta { node: NodeId, mtime_ns: i64, mode: u32 },
}

/// All nodes of one drive.
#[derive(Clone, Debug)]
pub(super) struct Volume {
    names: NameFolding,
    block_bytes: u64,
    nodes: BTreeMap<NodeId, Node>,
    next: NodeId,
    next_inode: u64,
    /// Names that a power cut may take back.
    pub(super) log: Vec<Undo>,
    /// Contents that a power cut may tear, each behind so many bytes that were flushed before.
    pub(super) unflushed_contents: BTreeMap<NodeId, usize>,
    unlinked: BTreeSet<NodeId>,
    pub(super) used_bytes: u64,
    /// The most that was used at a time since it was last asked for.
    pub(super) peak_bytes: u64,
    pub(super) marker: Option<Vec<u8>>,
}

impl Volume {
    pub(super) fn new(names: NameFolding, block_bytes: u64, now_ns: i64) -> Self {
        let mut volume = Self {
            names,
            block_bytes,
            nodes: BTreeMap::new(),
            next: 0,
            next_inode: 11,
            log: Vec::new(),
            unflushed_contents: BTreeMap::new(),
            unlinked: BTreeSet::new(),
            used_bytes: 0,
            peak_bytes: 0,
            marker: None,
        };
        (0..3).for_each(|_| _ = volume.make(Body::Folder(BTreeMap::new()), 0o755, now_ns));
        volume.unlinked.clear();
        volume
    }

    /// Makes a node that stands nowhere yet.
    pub(super) fn make(&mut self, body: Body, mode: u32, now_ns: i64) -> NodeId {
        let id = self.next;
        self.next += 1;
        self.next_inode += 1;
        let node = Node {
            body,
            inode: self.next_inode,
            mtime_ns: now_ns,
            ctime_ns: now_ns,
            born_ns: now_ns,
            mode,
            opens: 0,
        };
        self.nodes.insert(id, node);
        self.unlinked.insert(id);
        id
    }

    pub(super) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[&id]
    }

    pub(super) fn node_mut(&mut self, id: NodeId) -> &mut Node {
        self.nodes.get_mut(&id).expect("nodes outlive all that name them")
    }

    pub(super) fn children(&self, folder: NodeId) -> impl Iterator<Item = (&Vec<u8>, NodeId)> {
        let Body::Folder(children) = &self.node(folder).body else {
            unreachable!("only folders are listed")
        };
        children.values().map(|(name, id)| (name, *id))
    }

    pub(super) fn child(&self, slot: &Slot) -> Option<(&Vec<u8>, NodeId)> {
        let Body::Folder(children) = &self.node(slot.folder).body else {
            return None;
        };
        children.get(&self.fold(&slot.name)).map(|(name, id)| (name, *id))
    }

    /// Finds a folder below the archive's; links are not followed.
    pub(super) fn folder(&self, path: &RelPath) -> Result<NodeId, DiskErrorKind> {
        path.names().try_fold(TREE, |folder, name| {
            let slot = Slot {
                folder,
                name: name.to_vec(),
            };
            let (_, id) = self.child(&slot).ok_or(DiskErrorKind::NotFound)?;
            match self.node(id).kind() {
                EntryKind::Folder => Ok(id),
                _ => Err(DiskErrorKind::NotAFolder),
            }
        })
    }

    /// Finds where a path is named: its folder must be there.
    pub(super) fn slot(&self, path: &RelPath) -> Result<Slot, DiskErrorKind> {
        let parent = path.parent().ok_or(DiskErrorKind::Other)?;
        Ok(Slot {
            folder: self.folder(&parent)?,
            name: path.name().to_vec(),
        })
    }

    /// Finds what stands at a path.
    pub(super) fn find(&self, path: &RelPath) -> Result<(Slot, NodeId), DiskErrorKind> {
        let slot = self.slot(path)?;
        let (_, id) = self.child(&slot).ok_or(DiskErrorKind::NotFound)?;
        Ok((slot, id))
    }

    /// Tells whether `folder` is `inner` or holds it at any depth.
    pub(super) fn holds(&self, folder: NodeId, inner: NodeId) -> bool {
        folder == inner
            || matches!(self.node(folder).body, Body::Folder(_))
                && self.children(folder).any(|(_, child)| self.holds(child, inner))
    }

    pub(super) fn append(&mut self, id: NodeId, more: &[u8], now_ns: i64) {
        let is_linked = !self.unlinked.contains(&id);
        let node = self.node_mut(id);
        let before = node.size_bytes() as usize;
        (node.mtime_ns, node.ctime_ns) = (now_ns, now_ns);
        if let Body::File(bytes) = &mut node.body {
            Arc::make_mut(bytes).extend_from_slice(more);
        }
        if is_linked {
            self.used_bytes -= self.taken(before as u64);
            self.used_bytes += self.taken((before + more.len()) as u64);
            self.peak_bytes = self.peak_bytes.max(self.used_bytes);
        }
        // As drives do: what follows on flushed bytes does not harm them.
        self.unflushed_contents.entry(id).or_insert(before);
    }

    pub(super) fn truncate(&mut self, id: NodeId, keep_bytes: u64, now_ns: i64) {
        let is_linked = !self.unlinked.contains(&id);
        let node = self.node_mut(id);
        let before = node.size_bytes();
        (node.mtime_ns, node.ctime_ns) = (now_ns, now_ns);
        if let Body::File(bytes) = &mut node.body {
            Arc::make_mut(bytes).truncate(keep_bytes as usize);
        }
        if is_linked {
            self.used_bytes = self.used_bytes - self.taken(before) + self.taken(keep_bytes);
        }
        let durable = self.unflushed_contents.entry(id).or_insert(usize::MAX);
        *durable = (*durable).min(keep_bytes as usize);
    }

    pub(super) fn replace_content(&mut self, id: NodeId, content: Vec<u8>) {
        let is_linked = !self.unlinked.contains(&id);
        let node = self.node_mut(id);
        let (old, new) = (node.size_bytes(), content.len() as u64);
        node.body = Body::File(Arc::new(content));
        if is_linked {
            self.used_bytes = self.used_bytes - self.taken(old) + self.taken(new);
        }
    }

    pub(super) fn begin_content(&mut self, id: NodeId) {
        self.unflushed_contents.insert(id, 0);
    }

    pub(super) fn hold_open(&mut self, id: NodeId) {
        self.node_mut(id).opens += 1;
    }

    pub(super) fn let_go(&mut self, id: NodeId) {
        if let Some(node) = self.nodes.get_mut(&id) {
            node.opens = node.opens.saturating_sub(1);
        }
    }

    /// Makes of it what a copy of the whole drive holds: no file is open there, nothing is undone there.
    pub(super) fn detached(&self) -> Self {
        let mut copy = self.clone();
        copy.close_all();
        copy.flush();
        copy
    }

    pub(super) fn names(&self) -> NameFolding {
        self.names
    }

    /// Deals new inode numbers to all, and a time at which all came to be if one is given.
    pub(super) fn deal_inodes(&mut self, rng: &mut Rng, born_ns: Option<i64>) {
        let first = self.next_inode + 1 + rng.below(1000);
        let mut order: Vec<_> = self.nodes.keys().copied().collect();
        rng.shuffle(&mut order);
        for (id, inode) in order.into_iter().zip(first..) {
            let node = self.node_mut(id);
            node.inode = inode;
            if let Some(born_ns) = born_ns {
                (node.ctime_ns, node.born_ns) = (born_ns, born_ns);
            }
            self.next_inode = inode;
        }
    }

    /// Moves the modification times of all.
    pub(super) fn shift_times(&mut self, by_ns: i64) {
        self.nodes.values_mut().for_each(|node| node.mtime_ns += by_ns);
    }

    pub(super) fn attach(&mut self, slot: &Slot, id: NodeId) {
        let key = self.fold(&slot.name);
        self.used_bytes += self.size_below(id);
        self.peak_bytes = self.peak_bytes.max(self.used_bytes);
        self.unlinked.remove(&id);
        let Body::Folder(children) = &mut self.node_mut(slot.folder).body else {
            unreachable!("slots are in folders")
        };
        let old = children.insert(key, (slot.name.clone(), id));
        assert!(
            old.is_none(),
            "the drive's own bug: {:?} was taken",
            String::from_utf8_lossy(&slot.name)
        );
    }

    pub(super) fn detach(&mut self, slot: &Slot) -> NodeId {
        let key = self.fold(&slot.name);
        let Body::Folder(children) = &mut self.node_mut(slot.folder).body else {
            unreachable!("slots are in folders")
        };
        let (_, id) = children.remove(&key).expect("only what stands there is taken away");
        self.used_bytes -= self.size_below(id);
        self.unlinked.insert(id);
        id
    }

    pub(super) fn spelled(&self, slot: Slot) -> Slot {
        match self.child(&slot) {
            Some((name, _)) => Slot {
                name: name.clone(),
                ..slot
            },
            None => slot,
        }
    }

    pub(super) fn touch_folder(&mut self, folder: NodeId, now_ns: i64) {
        let node = self.node_mut(folder);
        (node.mtime_ns, node.ctime_ns) = (now_ns, now_ns);
    }

    /// Forgets the nodes that stand nowhere and that nobody has open.
    pub(super) fn sweep(&mut self) {
        for id in std::mem::take(&mut self.unlinked) {
            self.drop_below(id);
        }
    }

    /// Ends all open files.
    pub(super) fn close_all(&mut self) {
        self.nodes.values_mut().for_each(|node| node.opens = 0);
    }

    pub(super) fn has(&self, id: NodeId) -> bool {
        self.nodes.contains_key(&id)
    }

    fn size_below(&self, id: NodeId) -> u64 {
        match &self.node(id).body {
            Body::Folder(children) => {
                let own = if self.block_bytes > 1 { self.block_bytes } else { 0 };
                own + children.values().map(|(_, child)| self.size_below(*child)).sum::<u64>()
            }
            _ => self.taken(self.node(id).size_bytes()),
        }
    }

    /// Gives what so many bytes take.
    pub(super) fn taken(&self, size_bytes: u64) -> u64 {
        size_bytes.next_multiple_of(self.block_bytes)
    }

    fn drop_below(&mut self, id: NodeId) {
        if self.nodes.get(&id).is_some_and(|node| node.opens > 0) {
            self.unlinked.insert(id);
            return;
        }
        self.unflushed_contents.remove(&id);
        if let Some(Body::Folder(children)) = self.nodes.remove(&id).map(|node| node.body) {
            children.values().for_each(|(_, child)| self.drop_below(*child));
        }
    }

    fn fold(&self, name: &[u8]) -> Vec<u8> {
        match self.names {
            NameFolding::Exact => name.to_vec(),
            NameFolding::Case => match std::str::from_utf8(name) {
                Ok(text) => text.to_lowercase().into_bytes(),
                Err(_) => name.to_vec(),
            },
            NameFolding::CaseAndForm => match RelPath::new(name) {
                Ok(path) => path.key().as_bytes().to_vec(),
                Err(_) => name.to_vec(),
            },
        }
    }
}
