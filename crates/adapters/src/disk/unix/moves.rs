//! Moving a name without ever replacing what stands at the new one.
//!
//! Guarantees that on every file system that can promise it (all of Linux's own but the
//! oldest); elsewhere a window between look and move remains and is described below.

use offsync_core::ports::EntryKind;
use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, RenameFlags, linkat, renameat, renameat_with, unlinkat};
use rustix::io::{Errno, Result};

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
    fn beside(self, name: &'a [u8]) -> Self {
        Self { name, ..self }
    }
}

/// How many temporary names are tried for what is set aside.
const RESPELL_TRIES_MAX: u32 = 100;

/// Moves a name to a free one.
pub(super) fn move_free(from: Spot<'_>, to: Spot<'_>) -> Result<()> {
    match renameat_with(from.folder, from.name, to.folder, to.name, RenameFlags::NOREPLACE) {
        // FUSE without rename2, and systems that have no such call.
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => move_free_by_look(from, to),
        done => done,
    }
}

/// Changes the spelling of a name that the file system takes for the same: by a name between, as `rename` on the
/// same file does nothing.
pub(super) fn respell(from: Spot<'_>, to: Spot<'_>) -> Result<()> {
    let between = set_aside(from)?;
    move_free(from.beside(&between), to).inspect_err(|_| {
        // Best effort: the file must not stay under the name between.
        let _ = move_free(from.beside(&between), from);
    })
}

/// Does something while a name is set aside, and gives it back to what had it.
pub(super) fn while_aside<T>(from: Spot<'_>, doing: impl FnOnce() -> Result<T>) -> Result<T> {
    let between = set_aside(from)?;
    let done = doing();
    let given_back = move_free(from.beside(&between), from);
    done.and_then(|done| given_back.map(|()| done))
}

/// Moves what has a name to a free one beside it, and gives that.
fn set_aside(from: Spot<'_>) -> Result<Vec<u8>> {
    for number in 0..RESPELL_TRIES_MAX {
        // Short, beside the file, and telling: after a power cut right here a person finds the file under it.
        let between = format!("offsync-renames-this-{number}").into_bytes();
        match move_free(from, from.beside(&between)) {
            Err(Errno::EXIST) => continue,
            done => return done.map(|()| between),
        }
    }
    Err(Errno::EXIST)
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
