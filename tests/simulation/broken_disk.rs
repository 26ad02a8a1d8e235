//! A drive whose engine lacks a guard: it does not flush, or takes an error for emptiness.

use offsync_core::drive_profile::DriveProfile;
use offsync_core::entry::Meta;
use offsync_core::place::Stat;
use offsync_core::ports::{
    Disk, DiskEntry, DiskError, DiskErrorKind, DriveFacts, NewFile, OpenFile, StagedFile, StagedName, TrashName,
};
use offsync_core::rel_path::RelPath;
use offsync_testkit::SimDisk;

use crate::guard::Off;

/// A drive, with one guard off or none.
pub(crate) struct BrokenDisk {
    pub(crate) inner: SimDisk,
    pub(crate) off: Off,
}

impl Disk for BrokenDisk {
    fn list(&self, folder: &RelPath) -> Result<Vec<DiskEntry>, DiskError> {
        match self.inner.list(folder) {
            Err(error) if self.off == Off::ReadErrors && error.kind() == DiskErrorKind::Denied => Ok(Vec::new()),
            listed => listed,
        }
    }

    fn look(&self, path: &RelPath) -> Result<Option<DiskEntry>, DiskError> {
        self.inner.look(path)
    }

    fn open(&self, path: &RelPath) -> Result<Box<dyn OpenFile>, DiskError> {
        self.inner.open(path)
    }

    fn read_link(&self, path: &RelPath) -> Result<Vec<u8>, DiskError> {
        self.inner.read_link(path)
    }

    fn stage(&self, name: &StagedName, keep_bytes: u64) -> Result<Box<dyn NewFile>, DiskError> {
        self.inner.stage(name, keep_bytes)
    }

    fn open_staged(&self, name: &StagedName) -> Result<Box<dyn OpenFile>, DiskError> {
        self.inner.open_staged(name)
    }

    fn staged(&self) -> Result<Vec<StagedFile>, DiskError> {
        self.inner.staged()
    }

    fn drop_staged(&self, name: &StagedName) -> Result<(), DiskError> {
        self.inner.drop_staged(name)
    }

    fn publish(&self, name: &StagedName, to: &RelPath, meta: &Meta) -> Result<Stat, DiskError> {
        self.inner.publish(name, to, meta)
    }

    fn make_folder(&self, path: &RelPath, mode: u32) -> Result<Stat, DiskError> {
        self.inner.make_folder(path, mode)
    }

    fn remove_folder(&self, path: &RelPath) -> Result<(), DiskError> {
        self.inner.remove_folder(path)
    }

    fn make_symlink(&self, path: &RelPath, target: &[u8]) -> Result<Stat, DiskError> {
        self.inner.make_symlink(path, target)
    }

    fn rename(&self, from: &RelPath, to: &RelPath) -> Result<Stat, DiskError> {
        self.inner.rename(from, to)
    }

    fn set_meta(&self, path: &RelPath, meta: &Meta) -> Result<Stat, DiskError> {
        self.inner.set_meta(path, meta)
    }

    fn displace(&self, path: &RelPath, to: &TrashName) -> Result<(), DiskError> {
        self.inner.displace(path, to)
    }

    fn restore(&self, name: &TrashName, to: &RelPath) -> Result<Stat, DiskError> {
        self.inner.restore(name, to)
    }

    fn open_trashed(&self, name: &TrashName) -> Result<Box<dyn OpenFile>, DiskError> {
        self.inner.open_trashed(name)
    }

    fn trashed(&self) -> Result<Vec<StagedFile>, DiskError> {
        self.inner.trashed()
    }

    fn drop_trashed(&self, name: &TrashName) -> Result<(), DiskError> {
        self.inner.drop_trashed(name)
    }

    fn flush(&self) -> Result<(), DiskError> {
        if self.off == Off::Flush {
            return Ok(());
        }
        self.inner.flush()
    }

    fn facts(&self) -> Result<DriveFacts, DiskError> {
        self.inner.facts()
    }

    fn profile(&self) -> Result<DriveProfile, DiskError> {
        self.inner.profile()
    }

    fn read_marker(&self) -> Result<Option<Vec<u8>>, DiskError> {
        self.inner.read_marker()
    }

    fn write_marker(&self, bytes: &[u8]) -> Result<(), DiskError> {
        self.inner.write_marker(bytes)
    }
}
