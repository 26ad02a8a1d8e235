//! The ports of one location, each behind its gate. A refused call does nothing at all.

use std::fmt;
use std::io::{self, Read, Write};
use std::sync::Arc;

use offsync_core::dot::Dot;
use offsync_core::drive_profile::DriveProfile;
use offsync_core::entry::Meta;
use offsync_core::ids::{ArchiveId, ChunkId, LocationId};
use offsync_core::place::{Place, Stat};
use offsync_core::ports::{
    Disk, DiskEntry, DiskError, DiskErrorKind, DriveFacts, DroppedRows, IndexError, IndexErrorKind, IndexStore,
    IndexWrite, Mailbox, MailboxError, MailboxErrorKind, NewFile, ObjectInfo, OpenFile, StagedFile, StagedName,
    TrashName, Witness, WitnessError,
};
use offsync_core::rel_path::{PathKey, RelPath};
use offsync_core::siblings::Siblings;

use super::gate::Gate;

const DEAD: &str = "the call does not get through";

/// A drive behind a gate.
#[derive(Clone)]
pub struct SteppedDisk {
    gate: Arc<Gate>,
    inner: Arc<dyn Disk>,
}

impl SteppedDisk {
    pub(super) fn new(gate: Arc<Gate>, inner: Arc<dyn Disk>) -> Self {
        Self { gate, inner }
    }

    fn pass(&self, call: &str, path: &RelPath, also: &str) -> Result<&dyn Disk, DiskError> {
        pass_disk(&self.gate, call, path, also)?;
        Ok(&*self.inner)
    }

    fn opened(&self, path: &RelPath, inner: Box<dyn OpenFile>) -> Box<dyn OpenFile> {
        Box::new(SteppedOpenFile {
            gate: self.gate.clone(),
            path: path.clone(),
            inner,
        })
    }
}

fn pass_disk(gate: &Gate, call: &str, path: &RelPath, also: &str) -> Result<(), DiskError> {
    let refused = |_| DiskError::new(DiskErrorKind::Gone, path.clone(), DEAD);
    gate.pass(|| format!("disk.{call} {path} {also}")).map_err(refused)
}

impl Disk for SteppedDisk {
    fn list(&self, folder: &RelPath) -> Result<Vec<DiskEntry>, DiskError> {
        self.pass("list", folder, "")?.list(folder)
    }

    fn look(&self, path: &RelPath) -> Result<Option<DiskEntry>, DiskError> {
        self.pass("look", path, "")?.look(path)
    }

    fn open(&self, path: &RelPath) -> Result<Box<dyn OpenFile>, DiskError> {
        Ok(self.opened(path, self.pass("open", path, "")?.open(path)?))
    }

    fn read_link(&self, path: &RelPath) -> Result<Vec<u8>, DiskError> {
        self.pass("read_link", path, "")?.read_link(path)
    }

    fn stage(&self, name: &StagedName, keep_bytes: u64) -> Result<Box<dyn NewFile>, DiskError> {
        let inner = self.pass("stage", &RelPath::root(), &name.0)?.stage(name, keep_bytes)?;
        Ok(Box::new(SteppedNewFile {
            gate: self.gate.clone(),
            name: name.0.clone(),
            inner,
        }))
    }

    fn open_staged(&self, name: &StagedName) -> Result<Box<dyn OpenFile>, DiskError> {
        let root = RelPath::root();
        Ok(self.opened(&root, self.pass("open_staged", &root, &name.0)?.open_staged(name)?))
    }

    fn staged(&self) -> Result<Vec<StagedFile>, DiskError> {
        self.pass("staged", &RelPath::root(), "")?.staged()
    }

    fn drop_staged(&self, name: &StagedName) -> Result<(), DiskError> {
        self.pass("drop_staged", &RelPath::root(), &name.0)?.drop_staged(name)
    }

    fn publish(&self, name: &StagedName, to: &RelPath, meta: &Meta) -> Result<Stat, DiskError> {
        self.pass("publish", to, &name.0)?.publish(name, to, meta)
    }

    fn make_folder(&self, path: &RelPath, mode: u32) -> Result<Stat, DiskError> {
        self.pass("make_folder", path, "")?.make_folder(path, mode)
    }

    fn remove_folder(&self, path: &RelPath) -> Result<(), DiskError> {
        self.pass("remove_folder", path, "")?.remove_folder(path)
    }

    fn make_symlink(&self, path: &RelPath, target: &[u8]) -> Result<Stat, DiskError> {
        self.pass("make_symlink", path, "")?.make_symlink(path, target)
    }

    fn rename(&self, from: &RelPath, to: &RelPath) -> Result<Stat, DiskError> {
        self.pass("rename", from, &to.to_string())?.rename(from, to)
    }

    fn set_meta(&self, path: &RelPath, meta: &Meta) -> Result<Stat, DiskError> {
        self.pass("set_meta", path, "")?.set_meta(path, meta)
    }

    fn displace(&self, path: &RelPath, to: &TrashName) -> Result<(), DiskError> {
        self.pass("displace", path, &to.0)?.displace(path, to)
    }

    fn restore(&self, name: &TrashName, to: &RelPath) -> Result<Stat, DiskError> {
        self.pass("restore", to, &name.0)?.restore(name, to)
    }

    fn open_trashed(&self, name: &TrashName) -> Result<Box<dyn OpenFile>, DiskError> {
        let root = RelPath::root();
        Ok(self.opened(&root, self.pass("open_trashed", &root, &name.0)?.open_trashed(name)?))
    }

    fn trashed(&self) -> Result<Vec<StagedFile>, DiskError> {
        self.pass("trashed", &RelPath::root(), "")?.trashed()
    }

    fn drop_trashed(&self, name: &TrashName) -> Result<(), DiskError> {
        self.pass("drop_trashed", &RelPath::root(), &name.0)?.drop_trashed(name)
    }

    fn flush(&self) -> Result<(), DiskError> {
        self.pass("flush", &RelPath::root(), "")?.flush()
    }

    fn facts(&self) -> Result<DriveFacts, DiskError> {
        self.pass("facts", &RelPath::root(), "")?.facts()
    }

    fn profile(&self) -> Result<DriveProfile, DiskError> {
        self.pass("profile", &RelPath::root(), "")?.profile()
    }

    fn read_marker(&self) -> Result<Option<Vec<u8>>, DiskError> {
        self.pass("read_marker", &RelPath::root(), "")?.read_marker()
    }

    fn write_marker(&self, bytes: &[u8]) -> Result<(), DiskError> {
        self.pass("write_marker", &RelPath::root(), "")?.write_marker(bytes)
    }
}

struct SteppedOpenFile {
    gate: Arc<Gate>,
    path: RelPath,
    inner: Box<dyn OpenFile>,
}

impl Read for SteppedOpenFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        pass_disk(&self.gate, "read", &self.path, "").map_err(io::Error::other)?;
        self.inner.read(buffer)
    }
}

impl OpenFile for SteppedOpenFile {
    fn stat(&self) -> Result<Stat, DiskError> {
        pass_disk(&self.gate, "stat", &self.path, "")?;
        self.inner.stat()
    }

    fn seek_to(&mut self, offset: u64) -> Result<(), DiskError> {
        pass_disk(&self.gate, "seek_to", &self.path, "")?;
        self.inner.seek_to(offset)
    }
}

struct SteppedNewFile {
    gate: Arc<Gate>,
    name: String,
    inner: Box<dyn NewFile>,
}

impl Write for SteppedNewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        pass_disk(&self.gate, "write", &RelPath::root(), &self.name).map_err(io::Error::other)?;
        self.inner.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        pass_disk(&self.gate, "flush_file", &RelPath::root(), &self.name).map_err(io::Error::other)?;
        self.inner.flush()
    }
}

impl NewFile for SteppedNewFile {
    fn finish(self: Box<Self>) -> Result<(), DiskError> {
        pass_disk(&self.gate, "finish", &RelPath::root(), &self.name)?;
        self.inner.finish()
    }
}

/// A mailbox behind a gate.
#[derive(Clone)]
pub struct SteppedMailbox {
    gate: Arc<Gate>,
    inner: Arc<dyn Mailbox>,
}

impl fmt::Debug for SteppedMailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SteppedMailbox({:?})", self.inner)
    }
}

impl SteppedMailbox {
    pub(super) fn new(gate: Arc<Gate>, inner: Arc<dyn Mailbox>) -> Self {
        Self { gate, inner }
    }

    fn pass(&self, call: &str, name: &str) -> Result<&dyn Mailbox, MailboxError> {
        let refused = |_| MailboxError::new(MailboxErrorKind::Away, DEAD);
        self.gate.pass(|| format!("mailbox.{call} {name}")).map_err(refused)?;
        Ok(&*self.inner)
    }
}

impl Mailbox for SteppedMailbox {
    fn list(&self) -> Result<Vec<ObjectInfo>, MailboxError> {
        self.pass("list", "")?.list()
    }

    fn get(&self, name: &str) -> Result<Option<Vec<u8>>, MailboxError> {
        self.pass("get", name)?.get(name)
    }

    fn put(&self, name: &str, bytes: &[u8]) -> Result<(), MailboxError> {
        self.pass("put", name)?.put(name, bytes)
    }

    fn delete(&self, name: &str) -> Result<(), MailboxError> {
        self.pass("delete", name)?.delete(name)
    }
}

/// A computer's notes behind a gate.
#[derive(Clone)]
pub struct SteppedWitness {
    gate: Arc<Gate>,
    inner: Arc<dyn Witness>,
}

impl SteppedWitness {
    pub(super) fn new(gate: Arc<Gate>, inner: Arc<dyn Witness>) -> Self {
        Self { gate, inner }
    }

    fn pass(&self, call: &str) -> Result<&dyn Witness, WitnessError> {
        let refused = |_| WitnessError {
            reason: DEAD.to_owned(),
        };
        self.gate.pass(|| format!("witness.{call}")).map_err(refused)?;
        Ok(&*self.inner)
    }
}

impl Witness for SteppedWitness {
    fn recall(&self, archive: &ArchiveId, location: &LocationId) -> Result<Option<Vec<u8>>, WitnessError> {
        self.pass("recall")?.recall(archive, location)
    }

    fn remember(&self, archive: &ArchiveId, location: &LocationId, note: &[u8]) -> Result<(), WitnessError> {
        self.pass("remember")?.remember(archive, location, note)
    }

    fn forget(&self, archive: &ArchiveId, location: &LocationId) -> Result<(), WitnessError> {
        self.pass("forget")?.forget(archive, location)
    }
}

/// An index behind a gate.
#[derive(Clone)]
pub struct SteppedIndex<I> {
    gate: Arc<Gate>,
    inner: I,
}

impl<I: IndexStore> SteppedIndex<I> {
    pub(super) fn new(gate: Arc<Gate>, inner: I) -> Self {
        Self { gate, inner }
    }

    fn pass(&self, call: &str) -> Result<&I, IndexError> {
        let refused = |_| IndexError::new(IndexErrorKind::Gone, DEAD);
        self.gate.pass(|| format!("index.{call}")).map_err(refused)?;
        Ok(&self.inner)
    }
}

impl<I: IndexStore> IndexStore for SteppedIndex<I> {
    fn entry(&self, key: &PathKey) -> Result<Siblings, IndexError> {
        self.pass("entry")?.entry(key)
    }

    fn entries_in(&self, folder: &PathKey) -> Result<Vec<(PathKey, Siblings)>, IndexError> {
        self.pass("entries_in")?.entries_in(folder)
    }

    fn entries_after(&self, after: Option<&PathKey>, limit: usize) -> Result<Vec<(PathKey, Siblings)>, IndexError> {
        self.pass("entries_after")?.entries_after(after, limit)
    }

    fn live_folders_in(&self, folder: &PathKey) -> Result<Vec<PathKey>, IndexError> {
        self.pass("live_folders_in")?.live_folders_in(folder)
    }

    fn has_live_below(&self, folder: &PathKey) -> Result<bool, IndexError> {
        self.pass("has_live_below")?.has_live_below(folder)
    }

    fn entries_with_tombstones(&self) -> Result<Vec<(PathKey, Siblings)>, IndexError> {
        self.pass("entries_with_tombstones")?.entries_with_tombstones()
    }

    fn place(&self, key: &PathKey) -> Result<Option<Place>, IndexError> {
        self.pass("place")?.place(key)
    }

    fn places_in(&self, folder: &PathKey) -> Result<Vec<(PathKey, Place)>, IndexError> {
        self.pass("places_in")?.places_in(folder)
    }

    fn places_after(&self, after: Option<&PathKey>, limit: usize) -> Result<Vec<(PathKey, Place)>, IndexError> {
        self.pass("places_after")?.places_after(after, limit)
    }

    fn changed_places(&self) -> Result<Vec<(PathKey, Place)>, IndexError> {
        self.pass("changed_places")?.changed_places()
    }

    fn versions_with_chunk(&self, chunk: &ChunkId) -> Result<Vec<(PathKey, Dot)>, IndexError> {
        self.pass("versions_with_chunk")?.versions_with_chunk(chunk)
    }

    fn places_with_chunk(&self, chunk: &ChunkId) -> Result<Vec<PathKey>, IndexError> {
        self.pass("places_with_chunk")?.places_with_chunk(chunk)
    }

    fn note(&self, name: &str) -> Result<Option<Vec<u8>>, IndexError> {
        self.pass("note")?.note(name)
    }

    fn notes(&self, prefix: &str) -> Result<Vec<(String, Vec<u8>)>, IndexError> {
        self.pass("notes")?.notes(prefix)
    }

    fn count_files(&self) -> Result<u64, IndexError> {
        self.pass("count_files")?.count_files()
    }

    fn commit(&mut self, writes: Vec<IndexWrite>) -> Result<(), IndexError> {
        self.pass("commit")?;
        self.inner.commit(writes)
    }

    fn drop_damaged(&mut self) -> Result<DroppedRows, IndexError> {
        self.pass("drop_damaged")?;
        self.inner.drop_damaged()
    }

    fn check_notes(&self) -> Result<(), IndexError> {
        self.pass("check_notes")?.check_notes()
    }

    fn drop_damaged_notes(&mut self) -> Result<Vec<String>, IndexError> {
        self.pass("drop_damaged_notes")?;
        self.inner.drop_damaged_notes()
    }
}
