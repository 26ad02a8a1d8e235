//! One archive's folder, held open, and what all its operations share.
//!
//! Guarantees that `.offsync` is reached by no archive path, under whatever spelling the
//! file system accepts for it. Never creates anything but Offsync's own folders on its own.

use std::collections::BTreeSet;
use std::ffi::CStr;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use offsync_core::drive_profile::DriveProfile;
use offsync_core::ports::{DiskEntry, DiskError, DiskErrorKind, StagedFile};
use offsync_core::rel_path::RelPath;
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{AtFlags, Mode, OFlags, fsync, mkdirat, openat, unlinkat};
use rustix::io::Errno;

use super::errors::failed;
use super::file_system::FileSystem;
use super::listing::for_each_name;
use super::moves::Aside;
use super::open_file::RealOpenFile;
use super::root_folder::{Purpose, RootFolder};
use super::sight::{Sight, see, see_open};
use crate::disk::EngineLock;
use crate::disk::names::{Drawer, LOCK, PRIVATE, private, refuse_private};

/// Folders remembered for the next flush before they are flushed early.
const TOUCHED_MAX: usize = 4096;

#[cfg(test)]
thread_local! {
    /// The folders that were flushed apart: no file system shows it, short of a power cut.
    pub(super) static FLUSHED: std::cell::RefCell<Vec<RelPath>> = const { std::cell::RefCell::new(Vec::new()) };
}

/// The drive of one location, for real.
///
/// It keeps the archive's folder open, so drop it before the drive is unmounted.
#[derive(Debug)]
pub struct RealDisk {
    pub(super) root: RootFolder,
    pub(super) path: PathBuf,
    pub(super) file_system: FileSystem,
    folds: OnceLock<bool>,
    pub(super) profile: OnceLock<DriveProfile>,
    touched: Mutex<BTreeSet<RelPath>>,
    /// What was set aside since the last flush.
    pub(super) asides: Mutex<Vec<Aside>>,
}

impl RealDisk {
    /// Opens the folder of an archive; nothing else needs to be there.
    pub fn open(root: &Path) -> Result<Self, DiskError> {
        let folder = RootFolder::open(root)?;
        let file_system = FileSystem::under(folder.handle())
            .map_err(|errno| failed("ask for the file system", &RelPath::root(), errno))?;
        Ok(Self {
            root: folder,
            path: std::fs::canonicalize(root).unwrap_or_else(|_| root.to_path_buf()),
            file_system,
            folds: OnceLock::new(),
            profile: OnceLock::new(),
            touched: Mutex::default(),
            asides: Mutex::default(),
        })
    }

    /// Opens the folder of an archive and makes Offsync's own folders in it; the folder itself must exist.
    pub fn create(root: &Path) -> Result<Self, DiskError> {
        let disk = Self::open(root)?;
        disk.make_private()?;
        disk.drawer(Drawer::Staging)?;
        disk.drawer(Drawer::Trash)?;
        Ok(disk)
    }

    /// Keeps every other engine away until the lock is dropped; fails at once if one is at work.
    ///
    /// Names that were set aside when a cable was pulled are put back, and so are modes that were lifted.
    pub fn lock(&self) -> Result<EngineLock, DiskError> {
        let path = private(LOCK);
        let wrong = |errno| failed("open the lock", &path, errno);
        let (folder, name) = self.root.parent(&path).map_err(wrong)?;
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let handle = openat(&folder, name, flags, Mode::from_bits_truncate(0o666)).map_err(wrong)?;
        let lock = EngineLock::on(File::from(handle))?;
        // A name may have been set aside in a folder that was lifted for that.
        let put_back = self.put_back_asides();
        self.put_back_lifted();
        put_back?;
        Ok(lock)
    }

    /// Lets the system forget what it keeps of a flushed file in memory, so that it is really read back from the drive.
    pub fn forget_cached(&self, path: &RelPath) -> Result<(), DiskError> {
        self.open_regular(path).map(|file| file.forget_cached())
    }

    /// Refuses Offsync's own folder, also where the file system knows it by another spelling or a short name.
    pub(super) fn guard(&self, path: &RelPath) -> Result<(), DiskError> {
        refuse_private(path)?;
        let Some(first) = path.names().next() else {
            return Ok(());
        };
        if !self.folds_names() {
            return Ok(());
        }
        let (Ok(seen), Ok(own)) = (see(self.root.handle(), first), see(self.root.handle(), PRIVATE)) else {
            return Ok(());
        };
        if !seen.is_same_as(&own) {
            return Ok(());
        }
        Err(DiskError::new(
            DiskErrorKind::Unstorable,
            path.clone(),
            "this is another name of Offsync's own folder",
        ))
    }

    /// The same for a path that is to be made, also refusing names that the file system would silently cut.
    pub(super) fn guard_new(&self, path: &RelPath) -> Result<(), DiskError> {
        self.guard(path)?;
        if self.file_system.trims_names && path.name().ends_with(b".") {
            let reason = "this drive drops the dot at the end of a name";
            return Err(DiskError::new(DiskErrorKind::Unstorable, path.clone(), reason));
        }
        Ok(())
    }

    /// Tells whether names that differ by case or normal form alone are the same file here.
    pub(super) fn folds_names(&self) -> bool {
        if let Some(known) = self.folds.get() {
            return *known;
        }
        match self.probe_folding() {
            Some(folds) => *self.folds.get_or_init(|| folds),
            None => false,
        }
    }

    fn probe_folding(&self) -> Option<bool> {
        if cfg!(target_os = "macos") {
            // Even where case counts there, the normal form does not.
            return Some(true);
        }
        see(self.root.handle(), PRIVATE).ok()?;
        let shouted = PRIVATE.to_ascii_uppercase();
        if see(self.root.handle(), &shouted).is_err() {
            return Some(false);
        }
        // Found, and not because it is there: inode numbers would not tell, FUSE makes up two for two spellings.
        self.is_listed(&RelPath::new(shouted).ok()?).ok().map(|listed| !listed)
    }

    /// Tells whether a folder's listing has a name in just this spelling.
    pub(super) fn is_listed(&self, path: &RelPath) -> rustix::io::Result<bool> {
        let folder = path.parent().unwrap_or_else(RelPath::root);
        let handle = self.root.folder(&folder, Purpose::List)?;
        let mut found = false;
        for_each_name(&handle, |name| {
            found |= name.to_bytes() == path.name();
            Ok(())
        })?;
        Ok(found)
    }

    /// Makes one line of a listing.
    pub(super) fn entry(&self, name: Vec<u8>, seen: &Sight) -> DiskEntry {
        DiskEntry {
            name,
            kind: self.root.kind_of(seen),
            stat: self.file_system.steady(seen.stat),
            born_ns: seen.born_ns,
        }
    }

    /// Finds how the file system spells a name that it found.
    pub(super) fn spelling(&self, path: &RelPath, seen: &Sight) -> Result<Vec<u8>, DiskError> {
        if !self.folds_names() {
            return Ok(path.name().to_vec());
        }
        let wrong = |errno| failed("list the folder of", path, errno);
        let folder = path.parent().unwrap_or_else(RelPath::root);
        let handle = self.root.folder(&folder, Purpose::List).map_err(wrong)?;
        let (mut exact, mut by_key, mut by_inode) = (false, None, None);
        for_each_name(&handle, |name| {
            let bytes = name.to_bytes();
            exact |= bytes == path.name();
            if folder.join(bytes).is_ok_and(|other| other.key() == path.key()) {
                by_key = Some(bytes.to_vec());
            } else if by_key.is_none() && is_same(&handle, name, seen) {
                by_inode = Some(bytes.to_vec());
            }
            Ok(())
        })
        .map_err(wrong)?;
        let given = || path.name().to_vec();
        Ok(if exact {
            given()
        } else {
            by_key.or(by_inode).unwrap_or_else(given)
        })
    }

    /// Opens the folder of a drawer, making it if Offsync's own folder is there.
    pub(super) fn drawer(&self, drawer: Drawer) -> Result<OwnedFd, DiskError> {
        let path = drawer.folder();
        let wrong = |errno| failed("open", &path, errno);
        match self.root.folder(&path, Purpose::Pass) {
            Err(Errno::NOENT) => (),
            opened => return opened.map_err(wrong),
        }
        let (own, name) = self.root.parent(&path).map_err(wrong)?;
        make_folder_if_absent(&own, name).map_err(|errno| failed("make", &path, errno))?;
        self.touch(&path.parent().unwrap_or_else(RelPath::root));
        self.root.folder(&path, Purpose::Pass).map_err(wrong)
    }

    /// Makes Offsync's own folder.
    pub(super) fn make_private(&self) -> Result<(), DiskError> {
        let own = RelPath::new(PRIVATE).expect("our own name is valid");
        make_folder_if_absent(self.root.handle(), PRIVATE.as_bytes()).map_err(|errno| failed("make", &own, errno))?;
        self.root
            .folder(&own, Purpose::Pass)
            .map_err(|errno| failed("open", &own, errno))?;
        self.touch(&RelPath::root());
        Ok(())
    }

    /// Opens a regular file.
    pub(super) fn open_regular(&self, path: &RelPath) -> Result<RealOpenFile, DiskError> {
        let handle = self.root.file(path).map_err(|errno| failed("open", path, errno))?;
        RealOpenFile::new(handle, path, self.file_system)
    }

    /// Lists a drawer; one that is not there is empty.
    pub(super) fn list_drawer(&self, drawer: Drawer) -> Result<Vec<StagedFile>, DiskError> {
        let path = drawer.folder();
        let wrong = |errno| failed("list", &path, errno);
        let handle = match self.root.folder(&path, Purpose::List) {
            Err(Errno::NOENT) => return Ok(Vec::new()),
            opened => opened.map_err(wrong)?,
        };
        let mut files = Vec::new();
        for_each_name(&handle, |name| {
            let seen = match see(&handle, name) {
                Err(Errno::NOENT) => return Ok(()),
                seen => seen?,
            };
            if let Ok(name) = name.to_str() {
                files.push(StagedFile {
                    name: name.to_owned(),
                    size_bytes: seen.stat.size_bytes,
                });
            }
            Ok(())
        })
        .map_err(wrong)?;
        files.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(files)
    }

    /// Removes a file from a drawer; absent is fine.
    pub(super) fn drop_from(&self, drawer: Drawer, name: &str) -> Result<(), DiskError> {
        let path = drawer.path(name)?;
        let removed = self
            .root
            .parent(&path)
            .and_then(|(folder, name)| unlinkat(folder, name, AtFlags::empty()));
        match removed {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(errno) => Err(failed("remove", &path, errno)),
        }
    }

    /// Remembers a folder whose names changed; flushes early when there are very many.
    pub(super) fn touch(&self, folder: &RelPath) {
        let mut touched = self.touched.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.file_system.flushes_names && touched.len() < TOUCHED_MAX {
            touched.insert(folder.clone());
        } else if !touched.contains(folder) && !self.file_system.flushes_names {
            // Best effort: what fails here fails again, and is said, at the flush itself.
            let _ = self.root.folder(folder, Purpose::List).map(fsync);
        }
    }

    /// Remembers the folder of a path whose name changed.
    pub(super) fn touch_parent(&self, path: &RelPath) {
        self.touch(&path.parent().unwrap_or_else(RelPath::root));
    }

    /// Flushes the folders remembered, where flushing the file system does not reach them.
    pub(super) fn flush_touched(&self) -> Result<(), DiskError> {
        let folders: Vec<_> = {
            let touched = self.touched.lock().unwrap_or_else(PoisonError::into_inner);
            touched.iter().cloned().collect()
        };
        for folder in &folders {
            flush_folder(&self.root, folder)?;
        }
        let mut touched = self.touched.lock().unwrap_or_else(PoisonError::into_inner);
        folders.iter().for_each(|folder| {
            touched.remove(folder);
        });
        Ok(())
    }
}

/// Flushes the names in one folder; one that is gone or cannot be flushed apart has nothing to lose.
pub(super) fn flush_folder(root: &RootFolder, folder: &RelPath) -> Result<(), DiskError> {
    flush_names(root, folder).map_err(|errno| failed("flush", folder, errno))
}

/// The same, with the system's own error.
pub(super) fn flush_names(root: &RootFolder, folder: &RelPath) -> rustix::io::Result<()> {
    #[cfg(test)]
    FLUSHED.with_borrow_mut(|flushed| flushed.push(folder.clone()));
    match root.folder(folder, Purpose::List).and_then(fsync) {
        Err(Errno::NOENT | Errno::NOTDIR | Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => Ok(()),
        flushed => flushed,
    }
}

fn make_folder_if_absent(folder: impl AsFd, name: &[u8]) -> rustix::io::Result<()> {
    match mkdirat(folder, name, Mode::from_bits_truncate(0o777)) {
        Err(Errno::EXIST) => Ok(()),
        done => done,
    }
}

fn is_same(folder: &OwnedFd, name: &CStr, seen: &Sight) -> bool {
    see(folder, name).is_ok_and(|other| other.is_same_as(seen))
}

/// Looks at the archive's folder itself.
pub(super) fn see_root(root: &RootFolder) -> Result<Sight, DiskError> {
    see_open(root.handle()).map_err(|errno| failed("look at the archive's folder", &RelPath::root(), errno))
}
