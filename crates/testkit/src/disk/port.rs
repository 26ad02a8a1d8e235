//! The `Disk` port of a simulated drive.

use std::collections::BTreeMap;
use std::sync::{Arc, MutexGuard};

use offsync_core::drive_profile::DriveProfile;
use offsync_core::entry::Meta;
use offsync_core::limits::NAME_BYTES_MAX;
use offsync_core::place::Stat;
use offsync_core::ports::{
    Disk, DiskEntry, DiskError, DiskErrorKind as Kind, DriveFacts, EntryKind, NewFile, OpenFile, StagedFile,
    StagedName, TrashName,
};
use offsync_core::rel_path::RelPath;

use super::handles::{Handle, SimNewFile, SimOpenFile};
use super::volume::{Body, NodeId, STAGING, Slot, TRASH};
use super::{SimDisk, State, failed};

/// Whether a call only looks, reads, or changes what stands at its path.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    Look,
    Read,
    Change,
}

impl SimDisk {
    fn access(&self, path: &RelPath, access: Access) -> Result<MutexGuard<'_, State>, Kind> {
        let state = self.state();
        let is_under_denied = |denied: &RelPath| {
            let mut above = if access == Access::Look {
                path.parent()
            } else {
                Some(path.clone())
            };
            std::iter::from_fn(|| {
                let at = above.take()?;
                above = at.parent();
                Some(at)
            })
            .any(|at| at == *denied)
        };
        if state.is_gone {
            Err(Kind::Gone)
        } else if state.is_read_only && access == Access::Change {
            Err(Kind::ReadOnly)
        } else if path.is_private() || state.denied.iter().any(is_under_denied) {
            Err(Kind::Denied)
        } else {
            Ok(state)
        }
    }

    /// Checks that a new name can be put there: storable, free, and room for it.
    fn free_slot(&self, state: &State, path: &RelPath) -> Result<Slot, Kind> {
        let slot = state.volume.slot(path)?;
        match state.volume.child(&slot) {
            Some(_) => Err(Kind::Exists),
            None if !self.shared.options.can_hold(&slot.name) => Err(Kind::Unstorable),
            None => Ok(slot),
        }
    }

    fn has_room(&self, state: &State) -> Result<(), Kind> {
        if self.free(state) < self.shared.options.block_bytes {
            Err(Kind::Full)
        } else {
            Ok(())
        }
    }

    fn entry(&self, state: &State, name: &[u8], id: NodeId) -> DiskEntry {
        let node = state.volume.node(id);
        DiskEntry {
            name: name.to_vec(),
            kind: node.kind(),
            stat: self.stat(node),
            born_ns: self.shared.options.has_birth_time.then_some(node.born_ns),
        }
    }

    fn dress(&self, state: &mut State, id: NodeId, meta: &Meta) -> Stat {
        let mtime_ns = self.stored(meta.mtime_ns);
        state.volume.set_meta(id, mtime_ns, meta.mode & 0o777, self.now_ns());
        self.stat(state.volume.node(id))
    }

    fn open_in(&self, folder: NodeId, name: &str) -> Result<Box<dyn OpenFile>, DiskError> {
        let act = || {
            let mut state = self.access(&RelPath::root(), Access::Look)?;
            let (_, id) = state.volume.child(&private_slot(folder, name)?).ok_or(Kind::NotFound)?;
            if state.volume.node(id).kind() != EntryKind::File {
                return Err(Kind::Other);
            }
            let handle = Handle::open(self, &mut state, id, &RelPath::root());
            Ok(Box::new(SimOpenFile { handle, offset: 0 }) as Box<dyn OpenFile>)
        };
        act().map_err(|kind| failed(kind, &RelPath::root()))
    }

    fn list_in(&self, folder: NodeId) -> Result<Vec<StagedFile>, DiskError> {
        let state = self
            .access(&RelPath::root(), Access::Look)
            .map_err(|kind| failed(kind, &RelPath::root()))?;
        let line = |(name, id): (&Vec<u8>, NodeId)| StagedFile {
            name: String::from_utf8_lossy(name).into_owned(),
            size_bytes: state.volume.node(id).size_bytes(),
        };
        Ok(state.volume.children(folder).map(line).collect())
    }

    fn drop_in(&self, folder: NodeId, name: &str) -> Result<(), DiskError> {
        let act = || {
            let mut state = self.access(&RelPath::root(), Access::Change)?;
            let slot = private_slot(folder, name)?;
            if state.volume.child(&slot).is_some() {
                state.volume.unlink(slot, self.now_ns());
            }
            Ok(())
        };
        act().map_err(|kind| failed(kind, &RelPath::root()))
    }

    fn move_out(&self, folder: NodeId, name: &str, to: &RelPath, meta: Option<&Meta>) -> Result<Stat, DiskError> {
        let act = || {
            let mut state = self.access(to, Access::Change)?;
            let from = private_slot(folder, name)?;
            let (_, id) = state.volume.child(&from).ok_or(Kind::NotFound)?;
            let slot = self.free_slot(&state, to)?;
            if let Some(meta) = meta {
                self.dress(&mut state, id, meta);
            }
            state.volume.shift(from, slot, self.now_ns());
            Ok(self.stat(state.volume.node(id)))
        };
        act().map_err(|kind| failed(kind, to))
    }

    fn make_new(&self, path: &RelPath, body: Body, mode: u32) -> Result<Stat, DiskError> {
        let act = || {
            let mut state = self.access(path, Access::Change)?;
            let slot = self.free_slot(&state, path)?;
            self.has_room(&state)?;
            let id = state.volume.make(body, mode & 0o777, self.now_ns());
            state.volume.link(slot, id, self.now_ns());
            Ok(self.stat(state.volume.node(id)))
        };
        act().map_err(|kind| failed(kind, path))
    }
}

impl Disk for SimDisk {
    fn list(&self, folder: &RelPath) -> Result<Vec<DiskEntry>, DiskError> {
        let act = || {
            let state = self.access(folder, Access::Read)?;
            let id = state.volume.folder(folder)?;
            let mut lines: Vec<_> = state
                .volume
                .children(id)
                .map(|(name, child)| self.entry(&state, name, child))
                .collect();
            lines.sort_by(|a, b| a.name.cmp(&b.name));
            Ok(lines)
        };
        act().map_err(|kind| failed(kind, folder))
    }

    fn look(&self, path: &RelPath) -> Result<Option<DiskEntry>, DiskError> {
        let act = || {
            let state = self.access(path, Access::Look)?;
            if path.is_root() {
                return Ok(Some(self.entry(&state, b"", super::volume::TREE)));
            }
            let slot = state.volume.slot(path)?;
            Ok(state.volume.child(&slot).map(|(name, id)| self.entry(&state, name, id)))
        };
        act().map_err(|kind| failed(kind, path))
    }

    fn open(&self, path: &RelPath) -> Result<Box<dyn OpenFile>, DiskError> {
        let act = || {
            let mut state = self.access(path, Access::Read)?;
            let (_, id) = state.volume.find(path)?;
            if state.volume.node(id).kind() != EntryKind::File {
                return Err(Kind::Other);
            }
            let handle = Handle::open(self, &mut state, id, path);
            Ok(Box::new(SimOpenFile { handle, offset: 0 }) as Box<dyn OpenFile>)
        };
        act().map_err(|kind| failed(kind, path))
    }

    fn read_link(&self, path: &RelPath) -> Result<Vec<u8>, DiskError> {
        let act = || {
            let state = self.access(path, Access::Read)?;
            let (_, id) = state.volume.find(path)?;
            match &state.volume.node(id).body {
                Body::Link(target) => Ok(target.clone()),
                _ => Err(Kind::Other),
            }
        };
        act().map_err(|kind| failed(kind, path))
    }

    fn stage(&self, name: &StagedName, keep_bytes: u64) -> Result<Box<dyn NewFile>, DiskError> {
        let act = || {
            let mut state = self.access(&RelPath::root(), Access::Change)?;
            let slot = private_slot(STAGING, &name.0)?;
            if keep_bytes > 0 {
                let (_, id) = state.volume.child(&slot).ok_or(Kind::NotFound)?;
                let node = state.volume.node(id);
                if node.kind() != EntryKind::File || node.size_bytes() < keep_bytes {
                    return Err(Kind::Other);
                }
                state.volume.truncate(id, keep_bytes, self.now_ns());
                let handle = Handle::open(self, &mut state, id, &RelPath::root());
                return Ok(Box::new(SimNewFile(handle)) as Box<dyn NewFile>);
            }
            self.has_room(&state)?;
            if state.volume.child(&slot).is_some() {
                state.volume.unlink(slot.clone(), self.now_ns());
            }
            let id = state.volume.make(Body::File(Arc::default()), 0o600, self.now_ns());
            state.volume.link(slot, id, self.now_ns());
            state.volume.begin_content(id);
            let handle = Handle::open(self, &mut state, id, &RelPath::root());
            Ok(Box::new(SimNewFile(handle)) as Box<dyn NewFile>)
        };
        act().map_err(|kind| failed(kind, &RelPath::root()))
    }

    fn open_staged(&self, name: &StagedName) -> Result<Box<dyn OpenFile>, DiskError> {
        self.open_in(STAGING, &name.0)
    }

    fn staged(&self) -> Result<Vec<StagedFile>, DiskError> {
        self.list_in(STAGING)
    }

    fn drop_staged(&self, name: &StagedName) -> Result<(), DiskError> {
        self.drop_in(STAGING, &name.0)
    }

    fn publish(&self, name: &StagedName, to: &RelPath, meta: &Meta) -> Result<Stat, DiskError> {
        self.move_out(STAGING, &name.0, to, Some(meta))
    }

    fn make_folder(&self, path: &RelPath, mode: u32) -> Result<Stat, DiskError> {
        self.make_new(path, Body::Folder(BTreeMap::new()), mode)
    }

    fn remove_folder(&self, path: &RelPath) -> Result<(), DiskError> {
        let act = || {
            let mut state = self.access(path, Access::Change)?;
            let (slot, id) = state.volume.find(path)?;
            match &state.volume.node(id).body {
                Body::Folder(children) if children.is_empty() => {
                    state.volume.unlink(slot, self.now_ns());
                    Ok(())
                }
                Body::Folder(_) => Err(Kind::NotEmpty),
                _ => Err(Kind::NotAFolder),
            }
        };
        act().map_err(|kind| failed(kind, path))
    }

    fn make_symlink(&self, path: &RelPath, target: &[u8]) -> Result<Stat, DiskError> {
        if !self.shared.options.has_symlinks {
            let checked = self.access(path, Access::Change).map(drop);
            return Err(failed(checked.err().unwrap_or(Kind::Unstorable), path));
        }
        self.make_new(path, Body::Link(target.to_vec()), 0o777)
    }

    fn rename(&self, from: &RelPath, to: &RelPath) -> Result<Stat, DiskError> {
        let act = || {
            drop(self.access(from, Access::Change)?);
            let mut state = self.access(to, Access::Change)?;
            let (source, id) = state.volume.find(from)?;
            let target = state.volume.slot(to)?;
            if state.volume.child(&target).is_some_and(|(_, other)| other != id) {
                return Err(Kind::Exists);
            }
            if !self.shared.options.can_hold(&target.name) {
                return Err(Kind::Unstorable);
            }
            if state.volume.holds(id, target.folder) {
                return Err(Kind::Other);
            }
            state.volume.shift(source, target, self.now_ns());
            Ok(self.stat(state.volume.node(id)))
        };
        act().map_err(|kind| failed(kind, from))
    }

    fn set_meta(&self, path: &RelPath, meta: &Meta) -> Result<Stat, DiskError> {
        let act = || {
            let mut state = self.access(path, Access::Change)?;
            let (_, id) = state.volume.find(path)?;
            Ok(self.dress(&mut state, id, meta))
        };
        act().map_err(|kind| failed(kind, path))
    }

    fn displace(&self, path: &RelPath, to: &TrashName) -> Result<(), DiskError> {
        let act = || {
            let mut state = self.access(path, Access::Change)?;
            let (from, id) = state.volume.find(path)?;
            let slot = private_slot(TRASH, &to.0)?;
            if !matches!(state.volume.node(id).kind(), EntryKind::File | EntryKind::Symlink) {
                return Err(Kind::Other);
            }
            if state.volume.child(&slot).is_some() {
                return Err(Kind::Exists);
            }
            state.volume.shift(from, slot, self.now_ns());
            Ok(())
        };
        act().map_err(|kind| failed(kind, path))
    }

    fn restore(&self, name: &TrashName, to: &RelPath) -> Result<Stat, DiskError> {
        self.move_out(TRASH, &name.0, to, None)
    }

    fn open_trashed(&self, name: &TrashName) -> Result<Box<dyn OpenFile>, DiskError> {
        self.open_in(TRASH, &name.0)
    }

    fn trashed(&self) -> Result<Vec<StagedFile>, DiskError> {
        self.list_in(TRASH)
    }

    fn drop_trashed(&self, name: &TrashName) -> Result<(), DiskError> {
        self.drop_in(TRASH, &name.0)
    }

    fn flush(&self) -> Result<(), DiskError> {
        let mut state = self
            .access(&RelPath::root(), Access::Look)
            .map_err(|kind| failed(kind, &RelPath::root()))?;
        state.volume.flush();
        Ok(())
    }

    fn facts(&self) -> Result<DriveFacts, DiskError> {
        let state = self
            .access(&RelPath::root(), Access::Look)
            .map_err(|kind| failed(kind, &RelPath::root()))?;
        let options = &self.shared.options;
        let identity = if state.mounted.is_some() {
            b"the computer's own".to_vec()
        } else {
            options.identity.clone()
        };
        Ok(DriveFacts {
            identity,
            place: options.identity.clone(),
            free_bytes: self.free(&state),
            total_bytes: options.capacity_bytes,
            block_bytes: options.block_bytes,
        })
    }

    fn profile(&self) -> Result<DriveProfile, DiskError> {
        let looked = self.access(&RelPath::root(), Access::Look);
        looked.map(drop).map_err(|kind| failed(kind, &RelPath::root()))?;
        Ok(self.shared.options.profile())
    }

    fn read_marker(&self) -> Result<Option<Vec<u8>>, DiskError> {
        let state = self
            .access(&RelPath::root(), Access::Look)
            .map_err(|kind| failed(kind, &RelPath::root()))?;
        Ok(state.volume.marker.clone())
    }

    fn write_marker(&self, bytes: &[u8]) -> Result<(), DiskError> {
        let mut state = self
            .access(&RelPath::root(), Access::Change)
            .map_err(|kind| failed(kind, &RelPath::root()))?;
        state.volume.marker = Some(bytes.to_vec());
        Ok(())
    }
}

fn private_slot(folder: NodeId, name: &str) -> Result<Slot, Kind> {
    let is_good = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-');
    if matches!(name, "" | "." | "..") || name.len() > NAME_BYTES_MAX || !name.bytes().all(is_good) {
        return Err(Kind::Unstorable);
    }
    Ok(Slot {
        folder,
        name: name.as_bytes().to_vec(),
    })
}
