//! The `Disk` port, operation by operation.
//!
//! Each opens the folder that it works in anew, below the archive's folder; none follows a
//! link, none replaces anything.

use std::fs::File;
use std::io::{Read, Write};

use offsync_core::drive_profile::DriveProfile;
use offsync_core::entry::Meta;
use offsync_core::place::Stat;
use offsync_core::ports::{
    Disk, DiskEntry, DiskError, DiskErrorKind, DriveFacts, EntryKind, NewFile, OpenFile, StagedFile, StagedName,
    TrashName,
};
use offsync_core::rel_path::RelPath;
use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, Mode, OFlags, ftruncate, mkdirat, openat, readlinkat, renameat, symlinkat, unlinkat};
use rustix::io::Errno;

use super::RealDisk;
use super::errors::{failed, failed_to_name};
use super::file_system::facts_under;
use super::listing::for_each_name;
use super::meta;
use super::moves::{Spot, move_free};
use super::open_file::{RealNewFile, from_io};
use super::real_disk::{flush_folder, see_root};
use super::root_folder::Purpose;
use super::sight::{Sight, see, see_open};
use crate::disk::names::{Drawer, MARKER, MARKER_BYTES_MAX, MARKER_NEW, PRIVATE, private};

impl Disk for RealDisk {
    fn list(&self, folder: &RelPath) -> Result<Vec<DiskEntry>, DiskError> {
        self.guard(folder)?;
        let wrong = |errno| failed("list", folder, errno);
        let handle = self.root.folder(folder, Purpose::List).map_err(wrong)?;
        let mut entries = Vec::new();
        let mut has_own = false;
        for_each_name(&handle, |name| {
            if folder.is_root() && name.to_bytes() == PRIVATE.as_bytes() {
                has_own = true;
                return Ok(());
            }
            match see(&handle, name) {
                // Removed since the folder was read.
                Err(Errno::NOENT) => (),
                seen => entries.push(self.entry(name.to_bytes().to_vec(), &seen?)),
            }
            Ok(())
        })
        .map_err(wrong)?;
        // Where that one is spelled otherwise, it is the own folder: a drive that folds case may show it so.
        let is_other = |entry: &DiskEntry| has_own || !entry.name.eq_ignore_ascii_case(PRIVATE.as_bytes());
        entries.retain(|entry| !folder.is_root() || is_other(entry));
        entries.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    fn look(&self, path: &RelPath) -> Result<Option<DiskEntry>, DiskError> {
        if path.is_root() {
            let seen = see_root(&self.root)?;
            return Ok(Some(DiskEntry {
                kind: EntryKind::Folder,
                ..self.entry(Vec::new(), &seen)
            }));
        }
        if self.guard(path).is_err() {
            return Ok(None);
        }
        let (folder, name) = self.root.parent(path).map_err(|errno| failed("look at", path, errno))?;
        let seen = match see(&folder, name) {
            // A name that this file system cannot hold is not there.
            Err(Errno::NOENT | Errno::NAMETOOLONG | Errno::ILSEQ | Errno::INVAL) => return Ok(None),
            seen => seen.map_err(|errno| failed("look at", path, errno))?,
        };
        Ok(Some(self.entry(self.spelling(path, &seen)?, &seen)))
    }

    fn open(&self, path: &RelPath) -> Result<Box<dyn OpenFile>, DiskError> {
        self.guard(path)?;
        Ok(Box::new(self.open_regular(path)?))
    }

    fn read_link(&self, path: &RelPath) -> Result<Vec<u8>, DiskError> {
        self.guard(path)?;
        let read = self
            .root
            .parent(path)
            .and_then(|(folder, name)| readlinkat(folder, name, Vec::new()));
        read.map(|target| target.into_bytes())
            .map_err(|errno| failed("read the link", path, errno))
    }

    fn stage(&self, name: &StagedName, keep_bytes: u64) -> Result<Box<dyn NewFile>, DiskError> {
        let path = Drawer::Staging.path(&name.0)?;
        if keep_bytes > 0 {
            return Ok(Box::new(self.stage_on(path, keep_bytes)?));
        }
        self.drop_from(Drawer::Staging, &name.0)?;
        let folder = self.drawer(Drawer::Staging)?;
        let handle = make_file(&folder, path.name(), 0o600).map_err(|errno| failed("make", &path, errno))?;
        self.touch_parent(&path);
        Ok(Box::new(RealNewFile::new(handle, path, self.file_system, 0)))
    }

    fn open_staged(&self, name: &StagedName) -> Result<Box<dyn OpenFile>, DiskError> {
        Ok(Box::new(self.open_regular(&Drawer::Staging.path(&name.0)?)?))
    }

    fn staged(&self) -> Result<Vec<StagedFile>, DiskError> {
        self.list_drawer(Drawer::Staging)
    }

    fn drop_staged(&self, name: &StagedName) -> Result<(), DiskError> {
        self.drop_from(Drawer::Staging, &name.0)
    }

    fn publish(&self, name: &StagedName, to: &RelPath, meta: &Meta) -> Result<Stat, DiskError> {
        let staged = Drawer::Staging.path(&name.0)?;
        self.guard_new(to)?;
        let file = self
            .root
            .file(&staged)
            .map_err(|errno| failed("open", &staged, errno))?;
        if see_open(&file).map_err(|errno| failed("look at", &staged, errno))?.kind != EntryKind::File {
            return Err(DiskError::new(DiskErrorKind::Other, staged, "this is no file"));
        }
        meta::dress(&file, meta).map_err(|errno| failed("set times and mode of", &staged, errno))?;
        self.move_by_path(&staged, to)?;
        let seen = see_open(&file).map_err(|errno| failed("look at", to, errno))?;
        Ok(self.file_system.steady(seen.stat))
    }

    fn make_folder(&self, path: &RelPath, mode: u32) -> Result<Stat, DiskError> {
        self.guard_new(path)?;
        let wrong = |errno| failed_to_name("make the folder", path, errno);
        let (folder, name) = self.root.parent(path).map_err(wrong)?;
        let wrong = |errno| self.failed_below("make the folder", path, errno);
        let given = if mode & 0o777 == 0 { 0o777 } else { mode & 0o777 };
        let make = || mkdirat(&folder, name, Mode::from_bits_truncate(given as _));
        self.lifting(&[path], || {
            let made = match make() {
                Err(Errno::EXIST) => self.past_short_name(path, make),
                made => made,
            };
            made.map_err(wrong)
        })?;
        self.touch_parent(path);
        meta::widen(&folder, name, mode).map_err(wrong)?;
        self.stat_of(&folder, path)
    }

    fn remove_folder(&self, path: &RelPath) -> Result<(), DiskError> {
        self.guard(path)?;
        self.lifting(&[path], || {
            let removed = self
                .root
                .parent(path)
                .and_then(|(folder, name)| unlinkat(folder, name, AtFlags::REMOVEDIR));
            removed.map_err(|errno| match errno {
                Errno::EXIST => failed("remove the folder", path, Errno::NOTEMPTY),
                errno => failed("remove the folder", path, errno),
            })
        })?;
        self.touch_parent(path);
        Ok(())
    }

    fn make_symlink(&self, path: &RelPath, target: &[u8]) -> Result<Stat, DiskError> {
        self.guard_new(path)?;
        let wrong = |errno| match errno {
            // What FAT answers to any link.
            Errno::PERM => failed_to_name("make the link", path, Errno::OPNOTSUPP),
            errno => self.failed_below("make the link", path, errno),
        };
        if target.is_empty() || target.contains(&0) {
            return Err(DiskError::new(
                DiskErrorKind::Unstorable,
                path.clone(),
                "no link can point to that",
            ));
        }
        let (folder, name) = self.root.parent(path).map_err(wrong)?;
        self.lifting(&[path], || symlinkat(target, &folder, name).map_err(wrong))?;
        self.touch_parent(path);
        self.stat_of(&folder, path)
    }

    fn rename(&self, from: &RelPath, to: &RelPath) -> Result<Stat, DiskError> {
        self.guard(from)?;
        self.guard_new(to)?;
        self.see_ours(from)?;
        if from != to {
            self.move_by_path(from, to)?;
        }
        let (folder, _) = self.root.parent(to).map_err(|errno| failed("look at", to, errno))?;
        self.stat_of(&folder, to)
    }

    fn set_meta(&self, path: &RelPath, meta: &Meta) -> Result<Stat, DiskError> {
        self.guard(path)?;
        let wrong = |errno| failed("set times and mode of", path, errno);
        let seen = self.see_ours(path)?;
        let (folder, name) = self.root.parent(path).map_err(wrong)?;
        meta::set(&folder, name, &seen, meta).map_err(wrong)?;
        self.stat_of(&folder, path)
    }

    fn displace(&self, path: &RelPath, to: &TrashName) -> Result<(), DiskError> {
        self.guard(path)?;
        let trashed = Drawer::Trash.path(&to.0)?;
        if !matches!(self.see_ours(path)?.kind, EntryKind::File | EntryKind::Symlink) {
            return Err(DiskError::new(
                DiskErrorKind::Other,
                path.clone(),
                "only files and links go to the trash",
            ));
        }
        self.drawer(Drawer::Trash)?;
        self.move_by_path(path, &trashed)
    }

    fn restore(&self, name: &TrashName, to: &RelPath) -> Result<Stat, DiskError> {
        self.guard_new(to)?;
        self.move_by_path(&Drawer::Trash.path(&name.0)?, to)?;
        let (folder, _) = self.root.parent(to).map_err(|errno| failed("look at", to, errno))?;
        self.stat_of(&folder, to)
    }

    fn open_trashed(&self, name: &TrashName) -> Result<Box<dyn OpenFile>, DiskError> {
        Ok(Box::new(self.open_regular(&Drawer::Trash.path(&name.0)?)?))
    }

    fn trashed(&self) -> Result<Vec<StagedFile>, DiskError> {
        self.list_drawer(Drawer::Trash)
    }

    fn drop_trashed(&self, name: &TrashName) -> Result<(), DiskError> {
        self.drop_from(Drawer::Trash, &name.0)
    }

    fn flush(&self) -> Result<(), DiskError> {
        #[cfg(target_os = "linux")]
        rustix::fs::syncfs(self.root.handle()).map_err(|errno| failed("flush the drive", &RelPath::root(), errno))?;
        self.flush_touched()?;
        #[cfg(target_os = "macos")]
        rustix::fs::fcntl_fullfsync(self.root.handle())
            .map_err(|errno| failed("flush the drive", &RelPath::root(), errno))?;
        self.forget_asides();
        Ok(())
    }

    fn facts(&self) -> Result<DriveFacts, DiskError> {
        facts_under(self.root.handle(), &self.path)
            .map_err(|errno| failed("ask the drive about itself", &RelPath::root(), errno))
    }

    fn profile(&self) -> Result<DriveProfile, DiskError> {
        if let Some(known) = self.profile.get() {
            return Ok(*known);
        }
        let found = self.find_profile()?;
        Ok(*self.profile.get_or_init(|| found))
    }

    fn read_marker(&self) -> Result<Option<Vec<u8>>, DiskError> {
        let path = private(MARKER);
        let file = match self.open_regular(&path) {
            Err(error) if error.kind() == DiskErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        let mut bytes = Vec::new();
        file.take(MARKER_BYTES_MAX)
            .read_to_end(&mut bytes)
            .map_err(|error| from_io("read", &path, &error))?;
        Ok(Some(bytes))
    }

    fn write_marker(&self, bytes: &[u8]) -> Result<(), DiskError> {
        self.make_private()?;
        let (path, new) = (private(MARKER), private(MARKER_NEW));
        let wrong = |errno| failed("write", &path, errno);
        let (folder, name) = self.root.parent(&path).map_err(wrong)?;
        match unlinkat(&folder, new.name(), AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => (),
            Err(errno) => return Err(wrong(errno)),
        }
        let mut file = File::from(make_file(&folder, new.name(), 0o666).map_err(wrong)?);
        let written = file.write_all(bytes).and_then(|()| file.sync_all());
        written.map_err(|error| from_io("write", &path, &error))?;
        renameat(&folder, new.name(), &folder, name).map_err(wrong)?;
        flush_folder(&self.root, &path.parent().unwrap_or_else(RelPath::root))?;
        flush_folder(&self.root, &RelPath::root())
    }
}

impl RealDisk {
    /// Opens a staged file so that what is written follows on its first bytes.
    fn stage_on(&self, path: RelPath, keep_bytes: u64) -> Result<RealNewFile, DiskError> {
        let wrong = |errno| failed("go on with", &path, errno);
        let folder = self.drawer(Drawer::Staging)?;
        let flags = OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let handle = openat(&folder, path.name(), flags, Mode::empty()).map_err(wrong)?;
        let seen = see_open(&handle).map_err(wrong)?;
        if seen.kind != EntryKind::File || seen.stat.size_bytes < keep_bytes {
            return Err(DiskError::new(DiskErrorKind::Other, path, "it is shorter than it was"));
        }
        ftruncate(&handle, keep_bytes).map_err(wrong)?;
        Ok(RealNewFile::new(handle, path, self.file_system, keep_bytes))
    }

    /// Moves a name to a free one, or changes its spelling.
    fn move_by_path(&self, from: &RelPath, to: &RelPath) -> Result<(), DiskError> {
        self.lifting(&[from, to], || self.move_between(from, to))
    }

    fn move_between(&self, from: &RelPath, to: &RelPath) -> Result<(), DiskError> {
        if to.key().is_below(&from.key()) {
            return Err(DiskError::new(
                DiskErrorKind::Other,
                to.clone(),
                "a folder cannot move into itself",
            ));
        }
        let (from_folder, from_name) = self.root.parent(from).map_err(|errno| failed("move", from, errno))?;
        let (to_folder, to_name) = self.root.parent(to).map_err(|errno| failed("move to", to, errno))?;
        let from_spot = Spot {
            folder: &from_folder,
            name: from_name,
        };
        let to_spot = Spot {
            folder: &to_folder,
            name: to_name,
        };
        let moved = match move_free(from_spot, to_spot) {
            Err(Errno::EXIST) if self.is_respelling(from, to) => self.respell(from, to_spot),
            Err(Errno::EXIST) => self.move_past_short_name(from, to, [from_spot, to_spot]),
            moved => moved,
        };
        moved.map_err(|errno| match errno {
            Errno::NOENT if see(&from_folder, from_name).is_err() => failed("move", from, errno),
            errno => self.failed_below("move to", to, errno),
        })?;
        self.touch_parent(from);
        self.touch_parent(to);
        Ok(())
    }

    /// Makes the error of a name that could not be made in a folder: "not found" although the folder is there is how
    /// some FUSE drives refuse a name.
    fn failed_below(&self, doing: &str, path: &RelPath, errno: Errno) -> DiskError {
        match errno {
            Errno::NOENT if self.root.parent(path).is_ok() => failed_to_name(doing, path, Errno::INVAL),
            errno => failed_to_name(doing, path, errno),
        }
    }

    /// Tells whether what was found at the new name may be the thing itself under its old spelling.
    ///
    /// Inode numbers would not tell: hard links share one, FUSE makes up several. If this errs, the respelling
    /// itself finds the place taken.
    fn is_respelling(&self, from: &RelPath, to: &RelPath) -> bool {
        let is_new_spelling = || from.name() == to.name() || self.is_listed(to).is_ok_and(|listed| !listed);
        self.folds_names() && from.key() == to.key() && is_new_spelling()
    }

    /// Looks at a path and refuses what is mounted there.
    fn see_ours(&self, path: &RelPath) -> Result<Sight, DiskError> {
        let seen = self.root.parent(path).and_then(|(folder, name)| see(folder, name));
        let seen = seen.map_err(|errno| failed("look at", path, errno))?;
        if seen.is_mount_root {
            return Err(failed("touch", path, Errno::XDEV));
        }
        Ok(seen)
    }

    fn stat_of(&self, folder: &OwnedFd, path: &RelPath) -> Result<Stat, DiskError> {
        let seen = see(folder, path.name()).map_err(|errno| failed("look at", path, errno))?;
        Ok(self.file_system.steady(seen.stat))
    }
}

fn make_file(folder: &OwnedFd, name: &[u8], mode: u32) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    openat(folder, name, flags, Mode::from_bits_truncate(mode as _))
}
