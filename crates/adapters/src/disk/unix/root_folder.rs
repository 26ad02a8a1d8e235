//! The archive's folder as an open handle, and the only way from it to anything inside.
//!
//! Guarantees that no link is followed on the way, that `..` never leads out, and that no
//! other file system mounted inside is entered: by the kernel where it can (`openat2`),
//! else name by name. Never caches a resolved path.

use std::path::Path;

use offsync_core::ports::{DiskError, EntryKind};
use offsync_core::rel_path::RelPath;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::io::{Errno, Result};

use super::errors::failed;
use super::sight::{Sight, see_open};

/// How often a resolution is tried again when the kernel says that names moved under it.
#[cfg(target_os = "linux")]
const RACES_MAX: u32 = 64;

/// Who walks a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Walker {
    /// The kernel, in one call.
    #[cfg(target_os = "linux")]
    Kernel,
    /// We, one name at a time.
    Steps,
}

/// What a folder's handle is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To reach names in it.
    Pass,
    /// To list or flush it.
    List,
}

/// The open folder of one archive.
#[derive(Debug)]
pub(super) struct RootFolder {
    handle: OwnedFd,
    device: u64,
    walker: Walker,
}

impl RootFolder {
    /// Opens the folder; the way to it is the person's choice, so links there are followed.
    pub(super) fn open(path: &Path) -> std::result::Result<Self, DiskError> {
        let doing = format!("open the folder {}", path.display());
        let wrong = |errno| failed(&doing, &RelPath::root(), errno);
        let handle = openat(CWD, path, folder_flags(Purpose::List), Mode::empty()).map_err(wrong)?;
        let device = see_open(&handle).map_err(wrong)?.device;
        let walker = best_walker(&handle);
        Ok(Self { handle, device, walker })
    }

    /// The same with a given walker, to try the one that this kernel does not need.
    #[cfg(test)]
    pub(super) fn with_walker(mut self, walker: Walker) -> Self {
        self.walker = walker;
        self
    }

    /// Gives the handle itself.
    pub(super) fn handle(&self) -> BorrowedFd<'_> {
        self.handle.as_fd()
    }

    /// Opens a folder.
    pub(super) fn folder(&self, path: &RelPath, purpose: Purpose) -> Result<OwnedFd> {
        let flags = folder_flags(purpose);
        if path.is_root() {
            return openat(&self.handle, c".", flags, Mode::empty());
        }
        self.open_quietly(path, flags)
    }

    /// Opens the folder that holds a path, and gives the last name beside it.
    pub(super) fn parent<'p>(&self, path: &'p RelPath) -> Result<(OwnedFd, &'p [u8])> {
        let parent = path.parent().ok_or(Errno::BUSY)?;
        Ok((self.folder(&parent, Purpose::Pass)?, path.name()))
    }

    /// Opens a regular file for reading; a pipe or device is refused without waiting for it.
    pub(super) fn file(&self, path: &RelPath) -> Result<OwnedFd> {
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::NOCTTY | OFlags::CLOEXEC;
        self.open_quietly(path, flags)
    }

    /// Gives the kind of what was seen inside: where something else is mounted, that is none of ours.
    pub(super) fn kind_of(&self, seen: &Sight) -> EntryKind {
        let is_foreign_folder = seen.kind == EntryKind::Folder && seen.device != self.device;
        if seen.is_mount_root || is_foreign_folder {
            EntryKind::Other
        } else {
            seen.kind
        }
    }

    /// Opens without marking what is read as read, where the system lets us.
    fn open_quietly(&self, path: &RelPath, flags: OFlags) -> Result<OwnedFd> {
        #[cfg(target_os = "linux")]
        if !flags.contains(OFlags::PATH) {
            match self.walk(path, flags | OFlags::NOATIME) {
                Err(Errno::PERM) => (),
                opened => return opened,
            }
        }
        self.walk(path, flags)
    }

    fn walk(&self, path: &RelPath, flags: OFlags) -> Result<OwnedFd> {
        match self.walker {
            #[cfg(target_os = "linux")]
            Walker::Kernel => match walk_by_kernel(&self.handle, path.as_bytes(), flags) {
                // Paths may be as long as the kernel's limit, which counts the closing NUL.
                Err(Errno::NAMETOOLONG) => self.walk_by_steps(path, flags),
                opened => opened,
            },
            Walker::Steps => self.walk_by_steps(path, flags),
        }
    }

    fn walk_by_steps(&self, path: &RelPath, flags: OFlags) -> Result<OwnedFd> {
        let mut at: Option<OwnedFd> = None;
        let mut names = path.names().peekable();
        while let Some(name) = names.next() {
            let step = if names.peek().is_some() {
                folder_flags(Purpose::Pass)
            } else {
                flags
            };
            let here = at.as_ref().map_or(self.handle.as_fd(), OwnedFd::as_fd);
            let next = openat(here, name, step | OFlags::NOFOLLOW, Mode::empty())?;
            let seen = see_open(&next)?;
            if seen.kind == EntryKind::Folder && (seen.device != self.device || seen.is_mount_root) {
                return Err(Errno::XDEV);
            }
            at = Some(next);
        }
        at.ok_or(Errno::INVAL)
    }
}

fn folder_flags(purpose: Purpose) -> OFlags {
    let base = OFlags::DIRECTORY | OFlags::CLOEXEC;
    match purpose {
        #[cfg(target_os = "linux")]
        Purpose::Pass => base | OFlags::PATH,
        #[cfg(not(target_os = "linux"))]
        Purpose::Pass => base | OFlags::RDONLY,
        Purpose::List => base | OFlags::RDONLY,
    }
}

/// Asks the kernel once whether it walks for us: before Linux 5.6, and in some sandboxes, it does not.
#[cfg(target_os = "linux")]
fn best_walker(handle: &OwnedFd) -> Walker {
    match walk_by_kernel(handle, b".", folder_flags(Purpose::Pass)) {
        Ok(_) => Walker::Kernel,
        Err(_) => Walker::Steps,
    }
}

#[cfg(not(target_os = "linux"))]
fn best_walker(_: &OwnedFd) -> Walker {
    Walker::Steps
}

#[cfg(target_os = "linux")]
fn walk_by_kernel(handle: &OwnedFd, path: &[u8], flags: OFlags) -> Result<OwnedFd> {
    use rustix::fs::{ResolveFlags, openat2};
    let resolve =
        ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS | ResolveFlags::NO_XDEV;
    for _ in 0..RACES_MAX {
        match openat2(handle, path, flags, Mode::empty(), resolve) {
            Err(Errno::AGAIN | Errno::INTR) => (),
            opened => return opened,
        }
    }
    Err(Errno::AGAIN)
}
