//! Names that are set aside for a moment: a change of spelling passes another name, and a short name makes way.
//!
//! Guarantees that each is written down in Offsync's own folder before it is set aside, until a flush after it was given
//! back. Where a cable was pulled in between, whoever locks the archive next puts the name back, before anybody looks:
//! so a name between is never taken for one that a person gave.

use std::io::Write;
use std::sync::PoisonError;

use offsync_core::ports::{Disk, DiskError};
use offsync_core::rel_path::RelPath;
use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, Mode, OFlags, openat, renameat, unlinkat};
use rustix::io::{Errno, Result, retry_on_intr};

use super::RealDisk;
use super::errors::failed;
use super::moves::{Aside, Spot, move_free};
use super::root_folder::Purpose;
use super::sight::see;
use crate::disk::names::{ASIDE, ASIDE_NEW, private};

/// The version of what is written down.
const FORMAT: u8 = 1;
/// Largest note that is read; a real one names one path, or a few.
const NOTE_BYTES_MAX: u64 = 1 << 20;
/// How many names are tried for what is set aside, or cannot have its own back.
const TRIES_MAX: u32 = 100;

impl RealDisk {
    /// Changes the spelling of a name that the file system takes for the same: by a name between, as `rename` on the
    /// same file does nothing.
    pub(super) fn respell(&self, from: &RelPath, to: Spot<'_>) -> Result<()> {
        self.while_aside(from, |between| move_free(between, to))
    }

    /// Does something while a name is set aside, and gives it back to what had it, unless that has another by then.
    pub(super) fn while_aside<T>(&self, path: &RelPath, doing: impl FnOnce(Spot<'_>) -> Result<T>) -> Result<T> {
        let (folder, name) = self.root.parent(path)?;
        let own = Spot { folder: &folder, name };
        let between = self.set_aside(path, own)?;
        let between = own.beside(&between);
        let done = doing(between);
        let given_back = match see(&folder, between.name) {
            Err(Errno::NOENT) => Ok(()),
            _ => move_free(between, own),
        };
        done.and_then(|done| given_back.map(|()| done))
    }

    /// Moves what has a name to a free one beside it, written down before, and gives that.
    fn set_aside(&self, path: &RelPath, own: Spot<'_>) -> Result<Vec<u8>> {
        for number in 0..TRIES_MAX {
            // Short, beside the file, and telling: without Offsync a person finds the file under it.
            let between = format!("offsync-renames-this-{number}").into_bytes();
            if !matches!(see(own.folder, &between), Err(Errno::NOENT)) {
                continue;
            }
            self.note_aside(path, &between)?;
            match move_free(own, own.beside(&between)) {
                Err(Errno::EXIST) => continue,
                done => return done.map(|()| between),
            }
        }
        Err(Errno::EXIST)
    }

    fn note_aside(&self, path: &RelPath, between: &[u8]) -> Result<()> {
        let mut asides = self.asides.lock().unwrap_or_else(PoisonError::into_inner);
        asides.push(Aside {
            path: path.clone(),
            between: between.to_vec(),
        });
        let own = self.own_folder()?;
        let written = write_note(&own, &asides);
        written.map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))
    }

    /// Forgets, after a flush, what was given back before it.
    pub(super) fn forget_asides(&self) {
        let mut asides = self.asides.lock().unwrap_or_else(PoisonError::into_inner);
        if asides.is_empty() {
            return;
        }
        asides.retain(|aside| self.is_aside(aside));
        if asides.is_empty()
            && let Ok(own) = self.own_folder()
        {
            // A note that stays names nothing that is there any more.
            let _ = unlinkat(own, ASIDE, AtFlags::empty());
        }
    }

    /// Puts back what is still set aside since a cable was pulled.
    pub(super) fn put_back_asides(&self) -> std::result::Result<(), DiskError> {
        let Ok(own) = self.own_folder() else { return Ok(()) };
        let asides = read_note(&own);
        for aside in asides.iter().filter(|aside| self.is_aside(aside)) {
            self.put_back(aside)
                .map_err(|errno| failed("put back the name of", &aside.path, errno))?;
            self.touch_parent(&aside.path);
        }
        if !asides.is_empty() {
            self.flush()?;
            let _ = unlinkat(own, ASIDE, AtFlags::empty());
        }
        Ok(())
    }

    fn put_back(&self, aside: &Aside) -> Result<()> {
        let (folder, name) = self.root.parent(&aside.path)?;
        let own = Spot { folder: &folder, name };
        let mut put = move_free(own.beside(&aside.between), own);
        for number in 0..TRIES_MAX {
            if put != Err(Errno::EXIST) {
                break;
            }
            // Somebody used the name meanwhile: both stay, and the names say which is which.
            put = move_free(own.beside(&aside.between), own.beside(&set_aside_name(name, number)));
        }
        put
    }

    /// Tells whether something stands under the name between. A folder that is gone holds nothing.
    fn is_aside(&self, aside: &Aside) -> bool {
        let parent = self.root.parent(&aside.path);
        parent.is_ok_and(|(folder, _)| see(&folder, &aside.between).is_ok())
    }

    fn own_folder(&self) -> Result<OwnedFd> {
        let own = private(ASIDE).parent().unwrap_or_else(RelPath::root);
        self.root.folder(&own, Purpose::Pass)
    }
}

/// Makes the name of what cannot have its own back: `long name (set aside).txt`.
fn set_aside_name(name: &[u8], number: u32) -> Vec<u8> {
    let dot = name.iter().rposition(|byte| *byte == b'.').filter(|at| *at > 0);
    let (stem, extension) = name.split_at(dot.unwrap_or(name.len()));
    let sign = match number {
        0 => " (set aside)".to_owned(),
        number => format!(" (set aside {})", number + 1),
    };
    [stem, sign.as_bytes(), extension].concat()
}

fn read_note(own: &OwnedFd) -> Vec<Aside> {
    use std::io::Read;
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let Ok(file) = openat(own, ASIDE, flags, Mode::empty()) else {
        return Vec::new();
    };
    let mut bytes = Vec::new();
    let read = std::fs::File::from(file).take(NOTE_BYTES_MAX).read_to_end(&mut bytes);
    match (read, postcard::from_bytes::<(u8, Vec<Aside>)>(&bytes)) {
        (Ok(_), Ok((FORMAT, asides))) => asides,
        // It was torn while it was written: nothing was set aside yet.
        _ => Vec::new(),
    }
}

fn write_note(own: &OwnedFd, asides: &[Aside]) -> std::io::Result<()> {
    let bytes = postcard::to_allocvec(&(FORMAT, asides)).map_err(std::io::Error::other)?;
    let _ = unlinkat(own, ASIDE_NEW, AtFlags::empty());
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = retry_on_intr(|| openat(own, ASIDE_NEW, flags, Mode::from_bits_truncate(0o600)))?;
    let mut file = std::fs::File::from(file);
    file.write_all(&bytes)?;
    file.sync_all()?;
    renameat(own, ASIDE_NEW, own, ASIDE)?;
    Ok(())
}
