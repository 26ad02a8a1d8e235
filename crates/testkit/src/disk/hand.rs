//! A person at a drive: saves, moves and deletes as programs do, and looks at what is there.
//!
//! A save is durable when it returns, as with an editor that flushes; the ordered
//! journal then makes all earlier names durable too.

use std::collections::BTreeMap;
use std::sync::{Arc, MutexGuard};

use offsync_core::escape::{escape, true_name};
use offsync_core::ports::{DiskError, DiskErrorKind as Kind, EntryKind};
use offsync_core::rel_path::RelPath;

use super::volume::{Body, NodeId, STAGING, Slot, TRASH, TREE};
use super::{SimDisk, State, failed};

/// How long a person's act takes at least, so that a later save has a later time.
const ACT_NS: i64 = 10_000_000;

/// What stands at a path, to the eye.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Seen {
    /// A file and its bytes.
    File(Arc<Vec<u8>>),
    /// A folder.
    Folder,
    /// A symbolic link and its target.
    Symlink(Vec<u8>),
    /// A pipe, socket or device.
    Other,
}

/// A person who has the drive in hand; reaches the archive's files, never Offsync's own.
#[derive(Clone, Debug)]
pub struct Hand {
    disk: SimDisk,
    names: HandNames,
}

/// By which names a hand calls what is on the drive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HandNames {
    /// By those that stand there.
    Spelled,
    /// By those that they stand for: what the drive cannot hold is given and seen through its escape.
    True,
}

impl Hand {
    pub(super) fn new(disk: SimDisk, names: HandNames) -> Self {
        Self { disk, names }
    }

    /// Gives the path as it stands on the drive.
    fn spell(&self, path: &RelPath) -> RelPath {
        if !self.escapes() {
            return path.clone();
        }
        let spelled = path
            .names()
            .map(escape)
            .try_fold(RelPath::root(), |above, name| above.join(&name));
        spelled.expect("people give short names")
    }

    fn escapes(&self) -> bool {
        self.names == HandNames::True && self.disk.shared.options.bans_windows_names
    }

    /// Saves a file as editors do: a new inode takes the name. Makes missing folders.
    pub fn write(&self, path: &RelPath, bytes: impl Into<Vec<u8>>) -> Result<(), DiskError> {
        self.place(path, Body::File(Arc::new(bytes.into())), 0o644)
    }

    /// Saves into the file that stands there: its inode stays, its time moves on.
    pub fn write_in_place(&self, path: &RelPath, bytes: impl Into<Vec<u8>>) -> Result<(), DiskError> {
        self.edit(path, bytes.into(), None)
    }

    /// Saves into the file that stands there and sets its modification time back to what it was.
    pub fn write_keeping_time(&self, path: &RelPath, bytes: impl Into<Vec<u8>>) -> Result<(), DiskError> {
        let mtime_ns = self.mtime_ns(path)?;
        self.edit(path, bytes.into(), Some(mtime_ns))
    }

    /// Lets a file's last byte rot: nothing that the drive tells of it changes. An empty file has nothing to rot.
    pub fn rot(&self, path: &RelPath) -> Result<(), DiskError> {
        let mut rotten = self.read(path)?.as_ref().clone();
        if let Some(last) = rotten.last_mut() {
            *last ^= 1;
        }
        self.lose_write(path, rotten)
    }

    /// Lets a file hold what it held before, as where a drive kept its name and times and lost what was written: nothing
    /// that it tells of the file changes.
    pub fn lose_write(&self, path: &RelPath, before: impl Into<Vec<u8>>) -> Result<(), DiskError> {
        self.act(path, |_, state| {
            let (_, id) = state.volume.find(path)?;
            let Body::File(_) = &state.volume.node(id).body else {
                return Err(Kind::Other);
            };
            state.volume.replace_content(id, before.into());
            Ok(())
        })
    }

    /// Removes a file, a link or a folder with all below.
    pub fn remove(&self, path: &RelPath) -> Result<(), DiskError> {
        let path = &self.spell(path);
        self.act(path, |disk, state| {
            let (slot, _) = state.volume.find(path)?;
            state.volume.unlink(slot, disk.now_ns());
            Ok(())
        })
    }

    /// Moves a file, link or folder; replaces a file or link that stands at `to`. Makes missing folders.
    pub fn rename(&self, from: &RelPath, to: &RelPath) -> Result<(), DiskError> {
        let (from, to) = (&self.spell(from), &self.spell(to));
        self.act(from, |disk, state| {
            let (source, id) = state.volume.find(from)?;
            let target = self.make_way(state, to)?;
            if state.volume.holds(id, target.folder) {
                return Err(Kind::Other);
            }
            match state.volume.child(&target) {
                Some((_, other)) if other != id => {
                    no_folder(state, other)?;
                    state.volume.unlink(target.clone(), disk.now_ns());
                }
                _ => {}
            }
            state.volume.shift(source, target, disk.now_ns());
            Ok(())
        })
    }

    /// Exchanges two files, links or folders.
    pub fn swap(&self, one: &RelPath, two: &RelPath) -> Result<(), DiskError> {
        let (one, two) = (&self.spell(one), &self.spell(two));
        self.act(one, |disk, state| {
            let ((a, a_id), (b, b_id)) = (state.volume.find(one)?, state.volume.find(two)?);
            if state.volume.holds(a_id, b.folder) || state.volume.holds(b_id, a.folder) || a_id == b_id {
                return Err(Kind::Other);
            }
            let aside = Slot {
                folder: STAGING,
                name: b"a-person-swaps".to_vec(),
            };
            state.volume.shift(a.clone(), aside.clone(), disk.now_ns());
            state.volume.shift(b.clone(), a, disk.now_ns());
            state.volume.shift(aside, b, disk.now_ns());
            Ok(())
        })
    }

    /// Copies a file, with its time, over what stands at `to`.
    pub fn copy(&self, from: &RelPath, to: &RelPath) -> Result<(), DiskError> {
        let (bytes, mtime_ns) = (self.read(from)?, self.mtime_ns(from)?);
        self.write(to, bytes.to_vec())?;
        self.touch(to, mtime_ns)
    }

    /// Copies all to another drive, with times and modes; gives what that drive cannot hold.
    pub fn copy_all_to(&self, other: &Self) -> Vec<RelPath> {
        let copy = |path: &RelPath, seen: Seen| {
            match seen {
                Seen::File(bytes) => other.write(path, bytes.to_vec())?,
                Seen::Folder => other.mkdir(path)?,
                Seen::Symlink(target) => other.symlink(path, &target)?,
                Seen::Other => other.pipe(path)?,
            }
            other.chmod(path, self.mode(path)?)?;
            other.touch(path, self.mtime_ns(path)?)
        };
        let mut lost = Vec::new();
        for (path, seen) in self.tree() {
            if copy(&path, seen).is_err() {
                lost.push(path);
            }
        }
        lost
    }

    /// Makes a folder and those above; one that stands there is fine.
    pub fn mkdir(&self, path: &RelPath) -> Result<(), DiskError> {
        let path = &self.spell(path);
        self.act(path, |_, state| self.make_folders(state, path).map(drop))
    }

    /// Makes a symbolic link over what stands there. Makes missing folders.
    pub fn symlink(&self, path: &RelPath, target: &[u8]) -> Result<(), DiskError> {
        if !self.disk.shared.options.has_symlinks {
            return Err(failed(Kind::Unstorable, path));
        }
        self.place(path, Body::Link(target.to_vec()), 0o777)
    }

    /// Makes a pipe over what stands there, which nobody can keep.
    pub fn pipe(&self, path: &RelPath) -> Result<(), DiskError> {
        self.place(path, Body::Other, 0o644)
    }

    /// Sets a modification time.
    pub fn touch(&self, path: &RelPath, mtime_ns: i64) -> Result<(), DiskError> {
        let path = &self.spell(path);
        let stored = self.disk.stored(mtime_ns);
        self.act(path, |disk, state| {
            let (_, id) = state.volume.find(path)?;
            let mode = state.volume.node(id).mode;
            state.volume.set_meta(id, stored, mode, disk.now_ns());
            Ok(())
        })
    }

    /// Sets permission bits.
    pub fn chmod(&self, path: &RelPath, mode: u32) -> Result<(), DiskError> {
        let path = &self.spell(path);
        self.act(path, |disk, state| {
            let (_, id) = state.volume.find(path)?;
            let mtime_ns = state.volume.node(id).mtime_ns;
            state.volume.set_meta(id, mtime_ns, mode, disk.now_ns());
            Ok(())
        })
    }

    /// Reads a file.
    pub fn read(&self, path: &RelPath) -> Result<Arc<Vec<u8>>, DiskError> {
        self.peek(path, |state, id| match &state.volume.node(id).body {
            Body::File(bytes) => Ok(bytes.clone()),
            _ => Err(Kind::Other),
        })
    }

    /// Gives a modification time as stored.
    pub fn mtime_ns(&self, path: &RelPath) -> Result<i64, DiskError> {
        let stored = self.peek(path, |state, id| Ok(state.volume.node(id).mtime_ns))?;
        Ok(self.disk.stored(stored))
    }

    /// Gives permission bits as stored.
    pub fn mode(&self, path: &RelPath) -> Result<u32, DiskError> {
        self.peek(path, |state, id| Ok(self.disk.stat(state.volume.node(id)).mode))
    }

    /// Gives all that stands in the archive, also while the drive is unplugged.
    pub fn tree(&self) -> BTreeMap<RelPath, Seen> {
        let mut all = BTreeMap::new();
        collect(&self.disk.state(), TREE, &RelPath::root(), &mut all);
        if !self.escapes() {
            return all;
        }
        let truly = |path: RelPath| {
            let name = path
                .names()
                .map(true_name)
                .try_fold(RelPath::root(), |above, name| above.join(&name));
            name.expect("what an escape stands for is shorter")
        };
        all.into_iter().map(|(path, seen)| (truly(path), seen)).collect()
    }

    /// Gives what lies in the trash, by its name there.
    pub fn trash(&self) -> BTreeMap<String, Seen> {
        self.private(TRASH)
    }

    /// Gives what lies in staging, by its name there.
    pub fn staging(&self) -> BTreeMap<String, Seen> {
        self.private(STAGING)
    }

    /// Empties the trash and staging, as an eager person or the passing of time does.
    pub fn clear_private(&self) {
        let mut state = self.disk.state();
        for folder in [STAGING, TRASH] {
            let names: Vec<_> = state.volume.children(folder).map(|(name, _)| name.clone()).collect();
            names
                .into_iter()
                .for_each(|name| state.volume.unlink(Slot { folder, name }, 0));
        }
        state.volume.flush();
    }

    fn private(&self, folder: NodeId) -> BTreeMap<String, Seen> {
        let state = self.disk.state();
        let line = |(name, id): (&Vec<u8>, NodeId)| (String::from_utf8_lossy(name).into_owned(), seen(&state, id));
        state.volume.children(folder).map(line).collect()
    }

    fn place(&self, path: &RelPath, body: Body, mode: u32) -> Result<(), DiskError> {
        let path = &self.spell(path);
        self.act(path, |disk, state| {
            let slot = self.make_way(state, path)?;
            disk.check_room(state, if let Body::File(bytes) = &body { bytes.len() } else { 0 })?;
            if let Some((_, old)) = state.volume.child(&slot) {
                no_folder(state, old)?;
                state.volume.unlink(slot.clone(), disk.now_ns());
            }
            let id = state.volume.make(body, mode, disk.now_ns());
            state.volume.link(slot, id, disk.now_ns());
            Ok(())
        })
    }

    fn edit(&self, path: &RelPath, bytes: Vec<u8>, mtime_ns: Option<i64>) -> Result<(), DiskError> {
        let path = &self.spell(path);
        self.act(path, |disk, state| {
            let (_, id) = state.volume.find(path)?;
            if state.volume.node(id).kind() != EntryKind::File {
                return Err(Kind::Other);
            }
            disk.check_room(state, bytes.len())?;
            state.volume.replace_content(id, bytes);
            let mode = state.volume.node(id).mode;
            state
                .volume
                .set_meta(id, mtime_ns.unwrap_or(disk.now_ns()), mode, disk.now_ns());
            Ok(())
        })
    }

    /// Does one act of a person: time passes, and what was done is durable.
    fn act<T>(
        &self,
        path: &RelPath,
        act: impl FnOnce(&SimDisk, &mut State) -> Result<T, Kind>,
    ) -> Result<T, DiskError> {
        assert!(!path.is_private() && !path.is_root(), "people leave {path} alone");
        self.disk.shared.clock.time().pass_ns(ACT_NS);
        let mut state = self.disk.state();
        let result = match (state.is_gone, state.is_read_only) {
            (true, _) => Err(Kind::Gone),
            (_, true) => Err(Kind::ReadOnly),
            _ => act(&self.disk, &mut state),
        };
        state.volume.settle();
        result.map_err(|kind| failed(kind, path))
    }

    fn peek<T>(&self, path: &RelPath, look: impl FnOnce(&State, NodeId) -> Result<T, Kind>) -> Result<T, DiskError> {
        let path = &self.spell(path);
        let state: MutexGuard<'_, State> = self.disk.state();
        let found = state.volume.find(path).and_then(|(_, id)| look(&state, id));
        found.map_err(|kind| failed(kind, path))
    }

    /// Finds where a name goes, making the folders above it.
    fn make_way(&self, state: &mut State, path: &RelPath) -> Result<Slot, Kind> {
        let folder = self.make_folders(state, &path.parent().unwrap_or_else(RelPath::root))?;
        let name = path.name().to_vec();
        if !self.disk.shared.options.can_hold(&name) {
            return Err(Kind::Unstorable);
        }
        Ok(Slot { folder, name })
    }

    fn make_folders(&self, state: &mut State, path: &RelPath) -> Result<NodeId, Kind> {
        let mut folder = TREE;
        for name in path.names() {
            let slot = Slot {
                folder,
                name: name.to_vec(),
            };
            folder = match state.volume.child(&slot) {
                Some((_, id)) if state.volume.node(id).kind() == EntryKind::Folder => id,
                Some(_) => return Err(Kind::NotAFolder),
                None if !self.disk.shared.options.can_hold(name) => return Err(Kind::Unstorable),
                None => {
                    let id = state
                        .volume
                        .make(Body::Folder(BTreeMap::new()), 0o755, self.disk.now_ns());
                    state.volume.link(slot, id, self.disk.now_ns());
                    id
                }
            };
        }
        Ok(folder)
    }
}

impl SimDisk {
    fn check_room(&self, state: &State, size_bytes: usize) -> Result<(), Kind> {
        match size_bytes as u64 {
            size_bytes if size_bytes > self.shared.options.file_bytes_max => Err(Kind::Unstorable),
            size_bytes if state.volume.taken(size_bytes) > self.free(state) => Err(Kind::Full),
            _ => Ok(()),
        }
    }
}

fn no_folder(state: &State, id: NodeId) -> Result<(), Kind> {
    if state.volume.node(id).kind() == EntryKind::Folder {
        Err(Kind::Exists)
    } else {
        Ok(())
    }
}

fn seen(state: &State, id: NodeId) -> Seen {
    match &state.volume.node(id).body {
        Body::File(bytes) => Seen::File(bytes.clone()),
        Body::Folder(_) => Seen::Folder,
        Body::Link(target) => Seen::Symlink(target.clone()),
        Body::Other => Seen::Other,
    }
}

fn collect(state: &State, folder: NodeId, path: &RelPath, all: &mut BTreeMap<RelPath, Seen>) {
    for (name, id) in state.volume.children(folder) {
        let child = path.join(name).expect("only good names are made");
        let what = seen(state, id);
        let is_folder = what == Seen::Folder;
        all.insert(child.clone(), what);
        if is_folder {
            collect(state, id, &child, all);
        }
    }
}
