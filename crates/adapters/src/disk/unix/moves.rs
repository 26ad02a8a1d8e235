//! Moving a name without ever replacing what stands at the new one.
//!
//! Guarantees that on every file system that can promise it (all of Linux's own but the
//! oldest); elsewhere a window between look and move remains and is described below.

use offsync_core::ports::EntryKind;
use offsync_core::rel_path::RelPath;
use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, RenameFlags, linkat, renameat, renameat_with, unlinkat};
use rustix::io::{Errno, Result};
use serde::{Deserialize, Serialize};

use super::sight::see;

/// A name in an open folder.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spot<'a> {
    /// The folder.
    pub(super) folder: &'a OwnedFd,
    /// The name in it.
    pub(super) name: &'a [u8],
}

impl<'a> Spot<'a> {
    /// Gives another name in the same folder.
    pub(super) fn beside(self, name: &'a [u8]) -> Self {
        Self { name, ..self }
    }
}

/// A name that is set aside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Aside {
    /// What has the name.
    pub(super) path: RelPath,
    /// Its name meanwhile, in the same folder.
    pub(super) between: Vec<u8>,
}

/// Moves a name to a free one.
pub(super) fn move_free(from: Spot<'_>, to: Spot<'_>) -> Result<()> {
    match renameat_with(from.folder, from.name, to.folder, to.name, RenameFlags::NOREPLACE) {
        // FUSE without rename2, and systems that have no such call.
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => move_free_by_look(from, to),
        done => done,
    }
}

/// Looks, then moves. A file goes by a hard link, which never replaces; where there are no hard links (exFAT and FAT
/// by FUSE) and for folders, something made by another program between look and move would be replaced: only a file
/// by a file or an empty folder by a folder, within microseconds.
pub(super) fn move_free_by_look(from: Spot<'_>, to: Spot<'_>) -> Result<()> {
    match see(to.folder, to.name) {
        Ok(_) => return Err(Errno::EXIST),
        Err(Errno::NOENT) => (),
        Err(errno) => return Err(errno),
    }
    if see(from.folder, from.name)?.kind == EntryKind::File {
        match linkat(from.folder, from.name, to.folder, to.name, AtFlags::empty()) {
            Ok(()) => return unlinkat(from.folder, from.name, AtFlags::empty()),
            Err(Errno::PERM | Errno::OPNOTSUPP | Errno::NOSYS | Errno::MLINK | Errno::INVAL) => (),
            Err(errno) => return Err(errno),
        }
    }
    renameat(from.folder, from.name, to.folder, to.name)
}
