//! A mailbox in a folder: a NAS, a stick, a folder that another program synchronizes.
//!
//! Guarantees that an object is seen whole or not at all, and is flushed with its name
//! before `put` returns (OpenDAL's own `fs` never flushes the folder). Never makes its
//! folder by itself: an empty mount point must not become a second mailbox.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use offsync_core::ids::{ArchiveId, LocationId};
use offsync_core::ports::{Mailbox, MailboxError, MailboxErrorKind, ObjectInfo};

use super::archive_folder::{
    READ_BYTES_MAX, UNFINISHED, check_content, check_name, folder_name, object_of, unfinished_name,
};
use crate::atomic_file::move_over;
use crate::disk::file_system_identity;

/// Unfinished objects that nothing was written to for so long are a crash's leftovers, whoever made them.
const UNFINISHED_KEPT: Duration = Duration::from_secs(3600);

/// The mailbox of one archive in a folder.
#[derive(Debug)]
pub struct FolderMailbox {
    base: PathBuf,
    folder: PathBuf,
    identity: Vec<u8>,
}

impl FolderMailbox {
    /// Opens a mailbox that is there.
    ///
    /// `remembered` is the [`identity`](Self::identity) seen before, or empty: a folder of the same name on another
    /// file system is an empty mount point or another stick, and is not used.
    pub fn open(base: &Path, archive: &ArchiveId, remembered: &[u8]) -> Result<Self, MailboxError> {
        let folder = base.join(folder_name(archive));
        let mut mailbox = Self {
            base: base.to_path_buf(),
            folder,
            identity: remembered.to_vec(),
        };
        let identity = mailbox.check()?;
        mailbox.identity = identity;
        mailbox.sweep();
        Ok(mailbox)
    }

    /// Makes a mailbox, or opens the one that is there; the folder it goes into, or at least that one's parent, must exist.
    pub fn create(base: &Path, archive: &ArchiveId) -> Result<Self, MailboxError> {
        let folder = base.join(folder_name(archive));
        for path in [base, &folder] {
            match fs::create_dir(path) {
                Ok(()) => crate::atomic_file::flush_folder_of(path).map_err(|error| failed("flush", path, &error))?,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => (),
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(no_base(base)),
                Err(error) => return Err(failed("make", path, &error)),
            }
        }
        Self::open(base, archive, &[])
    }

    /// Takes the mailbox away again, if nothing was put into it: its archive did not come to be.
    pub fn forget_if_empty(&self) {
        // What is not empty stays.
        let _ = fs::remove_dir(&self.folder);
    }

    /// Tells the file system that the mailbox lies on from any other; empty if it has no identity.
    pub fn identity(&self) -> &[u8] {
        &self.identity
    }

    /// Looks whether the folder is there, and is the one that it was; gives the identity.
    fn check(&self) -> Result<Vec<u8>, MailboxError> {
        let identity = match file_system_identity(&self.base) {
            Ok(identity) => identity,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(no_base(&self.base)),
            Err(error) => return Err(failed("open", &self.base, &error)),
        };
        if !self.identity.is_empty() && !identity.is_empty() && self.identity != identity {
            let reason = format!(
                "another drive lies at {} than the one with the mailbox",
                self.base.display()
            );
            return Err(MailboxError::new(MailboxErrorKind::Away, reason));
        }
        match fs::metadata(&self.folder) {
            Ok(meta) if meta.is_dir() => Ok(identity),
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed("open", &self.folder, &error)),
            _ => {
                let reason = format!("{} holds no mailbox of this archive", self.base.display());
                Err(MailboxError::new(MailboxErrorKind::Missing, reason))
            }
        }
    }

    /// Explains why an object's folder was not found, or accepts that only the object is absent.
    fn absent(&self) -> Result<(), MailboxError> {
        self.check().map(|_| ())
    }

    /// Removes what crashes left long ago; nobody waits for it, so failures are nothing.
    fn sweep(&self) {
        self.remove_unfinished(|entry, _| {
            let changed = entry.metadata().and_then(|meta| meta.modified());
            let age = changed.map(|time| time.elapsed().unwrap_or_default());
            age.is_ok_and(|age| age > UNFINISHED_KEPT)
        });
    }

    /// Removes what crashes of one writer left, however young: it would take the room that what it belongs to needs.
    ///
    /// For who holds that location's drive, so that nobody else writes for it. A clone of it elsewhere puts its object once more.
    pub fn sweep_of(&self, writer: &LocationId) {
        self.remove_unfinished(|_, name| object_of(name).is_some_and(|object| object.writer() == writer));
    }

    fn remove_unfinished(&self, is_left: impl Fn(&fs::DirEntry, &str) -> bool) {
        let Ok(entries) = fs::read_dir(&self.folder) else {
            return;
        };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if name.starts_with(UNFINISHED) && is_left(&entry, &name) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    fn put_at(&self, path: &Path, unfinished: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).open(unfinished)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        drop(file);
        move_over(unfinished, path)
    }
}

impl Mailbox for FolderMailbox {
    fn list(&self) -> Result<Vec<ObjectInfo>, MailboxError> {
        self.check()?;
        let wrong = |error: io::Error| failed("list", &self.folder, &error);
        let mut objects = Vec::new();
        for entry in fs::read_dir(&self.folder).map_err(wrong)? {
            let entry = entry.map_err(wrong)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            match entry.metadata() {
                Ok(meta) if meta.is_file() => objects.push(ObjectInfo {
                    name,
                    size_bytes: meta.len(),
                }),
                Ok(_) => (),
                // Deleted since the folder was read.
                Err(error) if error.kind() == io::ErrorKind::NotFound => (),
                Err(error) => return Err(failed("look at", &entry.path(), &error)),
            }
        }
        Ok(objects)
    }

    fn get(&self, name: &str) -> Result<Option<Vec<u8>>, MailboxError> {
        check_name(name)?;
        let path = self.folder.join(name);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return self.absent().map(|()| None),
            Err(error) => return Err(failed("open", &path, &error)),
        };
        let mut bytes = Vec::new();
        let read = file.take(READ_BYTES_MAX + 1).read_to_end(&mut bytes);
        read.map_err(|error| failed("read", &path, &error))?;
        if bytes.len() as u64 > READ_BYTES_MAX {
            let reason = format!("{} is larger than any object of a mailbox", path.display());
            return Err(MailboxError::new(MailboxErrorKind::Broken, reason));
        }
        Ok(Some(bytes))
    }

    fn put(&self, name: &str, bytes: &[u8]) -> Result<(), MailboxError> {
        check_name(name)?;
        check_content(name, bytes)?;
        let path = self.folder.join(name);
        let unfinished = self.folder.join(unfinished_name(name)?);
        self.put_at(&path, &unfinished, bytes).map_err(|error| {
            // Best effort: what stays is swept later.
            let _ = fs::remove_file(&unfinished);
            match error.kind() {
                io::ErrorKind::NotFound => self.absent().err().unwrap_or_else(|| failed("write", &path, &error)),
                _ => failed("write", &path, &error),
            }
        })
    }

    fn delete(&self, name: &str) -> Result<(), MailboxError> {
        check_name(name)?;
        let path = self.folder.join(name);
        match fs::remove_file(&path) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.absent(),
            Err(error) => Err(failed("delete", &path, &error)),
        }
    }
}

fn no_base(base: &Path) -> MailboxError {
    let reason = format!(
        "the folder {} is not there; its drive or network share may not be connected",
        base.display()
    );
    MailboxError::new(MailboxErrorKind::Away, reason)
}

fn failed(doing: &str, path: &Path, error: &io::Error) -> MailboxError {
    MailboxError::new(kind_of(error), format!("cannot {doing} {}: {error}", path.display()))
}

fn kind_of(error: &io::Error) -> MailboxErrorKind {
    use io::ErrorKind as Io;
    match error.kind() {
        Io::StorageFull | Io::QuotaExceeded => MailboxErrorKind::NoRoom,
        Io::PermissionDenied | Io::ReadOnlyFilesystem => MailboxErrorKind::Denied,
        Io::TimedOut
        | Io::HostUnreachable
        | Io::NetworkUnreachable
        | Io::NetworkDown
        | Io::NotConnected
        | Io::ConnectionReset
        | Io::ConnectionAborted
        | Io::StaleNetworkFileHandle => MailboxErrorKind::Away,
        _ if is_drive_gone(error) => MailboxErrorKind::Away,
        _ => MailboxErrorKind::Broken,
    }
}

#[cfg(unix)]
fn is_drive_gone(error: &io::Error) -> bool {
    use rustix::io::Errno;
    matches!(
        Errno::from_io_error(error),
        Some(Errno::IO | Errno::NODEV | Errno::NXIO)
    )
}

#[cfg(windows)]
fn is_drive_gone(error: &io::Error) -> bool {
    // ERROR_NOT_READY, ERROR_GEN_FAILURE, ERROR_DEV_NOT_EXIST, ERROR_DEVICE_NOT_CONNECTED
    matches!(error.raw_os_error(), Some(21 | 31 | 55 | 1167))
}
