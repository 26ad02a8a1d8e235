//! The drive: one archive's folder, reached by checked paths alone.
//!
//! No operation follows a link, replaces anything, or touches what lies outside the
//! archive's folder. Names change at once; they survive a power cut only after
//! [`Disk::flush`].

use std::io::{Read, Write};

use crate::drive_profile::DriveProfile;
use crate::entry::Meta;
use crate::place::Stat;
use crate::rel_path::RelPath;

/// What is wrong with the drive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiskErrorKind {
    /// Nothing stands at that path.
    NotFound,
    /// Not allowed.
    Denied,
    /// No space left.
    Full,
    /// The drive cannot be written.
    ReadOnly,
    /// The drive went away or answers with errors.
    Gone,
    /// Something stands there already.
    Exists,
    /// A folder that was to be removed is not empty.
    NotEmpty,
    /// A part of the path is no folder, or is a link.
    NotAFolder,
    /// The drive cannot hold such a name or such a kind of entry.
    Unstorable,
    /// Another engine uses this archive.
    Locked,
    /// Anything else.
    Other,
}

/// A call to the drive failed.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {reason}")]
pub struct DiskError {
    kind: DiskErrorKind,
    path: RelPath,
    reason: String,
}

impl DiskError {
    /// Makes an error from its kind, the path in hand and what the system said.
    pub fn new(kind: DiskErrorKind, path: RelPath, reason: impl Into<String>) -> Self {
        Self {
            kind,
            path,
            reason: reason.into(),
        }
    }

    /// Tells what is wrong.
    pub fn kind(&self) -> DiskErrorKind {
        self.kind
    }

    /// Gives the path in hand.
    pub fn path(&self) -> &RelPath {
        &self.path
    }

    /// Gives what the system said.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

/// What kind of thing stands at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link.
    Symlink,
    /// A pipe, socket or device: skipped and named.
    Other,
}

/// One line of a folder's listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiskEntry {
    /// Its name, as the file system spells it.
    pub name: Vec<u8>,
    /// Its kind.
    pub kind: EntryKind,
    /// How it looks.
    pub stat: Stat,
    /// When it came to be, in nanoseconds since 1970; `None` where the file system does not say.
    ///
    /// A move and an edit in place leave it; another file that got the same inode number has its own.
    pub born_ns: Option<i64>,
}

/// What is known of the file system below the archive.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DriveFacts {
    /// Tells this file system from any other; empty if it has no identity.
    pub identity: Vec<u8>,
    /// Where the archive's folder lies on this computer, as bytes: tells two copies on one computer apart.
    pub place: Vec<u8>,
    /// Free space in bytes.
    pub free_bytes: u64,
    /// Size in bytes.
    pub total_bytes: u64,
    /// What a file takes is a multiple of so many bytes; 0 if that is not told.
    pub block_bytes: u64,
}

/// The name of a file in the staging folder: letters, digits, dots and dashes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StagedName(pub String);

/// The name of a file in the trash folder: letters, digits, dots and dashes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TrashName(pub String);

/// A file that is open for reading.
pub trait OpenFile: Read + Send {
    /// Looks at the open file again, to see whether it changed while it was read.
    fn stat(&self) -> Result<Stat, DiskError>;
    /// Goes on reading at `offset` bytes from the start.
    fn seek_to(&mut self, offset: u64) -> Result<(), DiskError>;
}

/// A file in staging that is being written.
pub trait NewFile: Write + Send {
    /// Closes the file. Its content survives a power cut from the next [`Disk::flush`] on; a drive without a flush of
    /// its own makes it survive at once.
    fn finish(self: Box<Self>) -> Result<(), DiskError>;
}

/// What stands in staging or in the trash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StagedFile {
    /// Its name there.
    pub name: String,
    /// Its length in bytes.
    pub size_bytes: u64,
}

/// The drive of one location.
pub trait Disk: Send + Sync {
    /// Lists a folder with the stats of its entries, in order of name bytes; without Offsync's own folder. What stands beside
    /// that under the same name but for its case is listed, and no other call reaches it.
    fn list(&self, folder: &RelPath) -> Result<Vec<DiskEntry>, DiskError>;
    /// Looks at one path without following a link; `None` if its parent can be read and it is not there.
    ///
    /// The name in the answer is the one that the file system spells.
    fn look(&self, path: &RelPath) -> Result<Option<DiskEntry>, DiskError>;
    /// Opens a file for reading; a link or folder is refused.
    fn open(&self, path: &RelPath) -> Result<Box<dyn OpenFile>, DiskError>;
    /// Reads where a symbolic link points.
    fn read_link(&self, path: &RelPath) -> Result<Vec<u8>, DiskError>;

    /// Goes on with a file in staging: its first `keep_bytes` stay, what lies behind them goes, and what is written
    /// follows on them. With 0 it begins anew, replacing one of that name; else a file that is shorter is refused.
    fn stage(&self, name: &StagedName, keep_bytes: u64) -> Result<Box<dyn NewFile>, DiskError>;
    /// Opens a finished file in staging.
    fn open_staged(&self, name: &StagedName) -> Result<Box<dyn OpenFile>, DiskError>;
    /// Lists staging.
    fn staged(&self) -> Result<Vec<StagedFile>, DiskError>;
    /// Removes a file from staging; absent is fine.
    fn drop_staged(&self, name: &StagedName) -> Result<(), DiskError>;
    /// Moves a staged file to its place with its times and mode; refuses if something stands there.
    fn publish(&self, name: &StagedName, to: &RelPath, meta: &Meta) -> Result<Stat, DiskError>;

    /// Makes a folder; its parent must exist.
    fn make_folder(&self, path: &RelPath, mode: u32) -> Result<Stat, DiskError>;
    /// Removes an empty folder.
    fn remove_folder(&self, path: &RelPath) -> Result<(), DiskError>;
    /// Makes a symbolic link; refuses if something stands there.
    fn make_symlink(&self, path: &RelPath, target: &[u8]) -> Result<Stat, DiskError>;
    /// Renames a file, link or folder; refuses if something else stands at `to`.
    ///
    /// A change of case or normal form alone is allowed.
    fn rename(&self, from: &RelPath, to: &RelPath) -> Result<Stat, DiskError>;
    /// Sets times and mode without following a link.
    fn set_meta(&self, path: &RelPath, meta: &Meta) -> Result<Stat, DiskError>;

    /// Moves a file or link into the trash; refuses if that trash name is taken.
    fn displace(&self, path: &RelPath, to: &TrashName) -> Result<(), DiskError>;
    /// Moves a file or link out of the trash to a free place.
    fn restore(&self, name: &TrashName, to: &RelPath) -> Result<Stat, DiskError>;
    /// Opens a file in the trash.
    fn open_trashed(&self, name: &TrashName) -> Result<Box<dyn OpenFile>, DiskError>;
    /// Lists the trash.
    fn trashed(&self) -> Result<Vec<StagedFile>, DiskError>;
    /// Removes a file from the trash for good; absent is fine.
    fn drop_trashed(&self, name: &TrashName) -> Result<(), DiskError>;

    /// Makes all names and contents so far survive a power cut.
    fn flush(&self) -> Result<(), DiskError>;
    /// Tells which file system this is and how full.
    fn facts(&self) -> Result<DriveFacts, DiskError>;
    /// Tells what it can hold: found out by trying, once for a drive.
    fn profile(&self) -> Result<DriveProfile, DiskError>;
    /// Reads the marker file that says who this copy is; `None` if there is none.
    fn read_marker(&self) -> Result<Option<Vec<u8>>, DiskError>;
    /// Replaces the marker file, atomically and flushed.
    fn write_marker(&self, bytes: &[u8]) -> Result<(), DiskError>;
}
