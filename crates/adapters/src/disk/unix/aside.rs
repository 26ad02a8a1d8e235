//! Names that are set aside for a moment: a change of spelling passes another name, and a short name makes way.
//!
//! Guarantees that each is written down in Offsync's own folder before it is set aside, until a flush after it was given
//! back. Where a cable was pulled in between, whoever locks the archive next puts the name back, before anybody looks:
//! so a name between is not taken for one that a person gave, unless the drive refuses to give it back. Then it waits
//! for the next time. Never moves what such a note cannot have been about.

use std::sync::PoisonError;

use offsync_core::ports::{Disk, DiskError, DiskErrorKind};
use offsync_core::rel_path::RelPath;
use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, Mode, OFlags, openat, unlinkat};
use rustix::io::{Errno, Result};

use super::RealDisk;
use super::errors::failed;
use super::moves::{Aside, Spot, move_free};
use super::own_file::OwnFile;
use super::root_folder::Purpose;
use super::sight::see;
use crate::disk::names::{ASIDE, ASIDE_NEW, private};

/// The version of what is written down.
const FORMAT: u8 = 1;
/// Largest note that is read; a real one names one path, or a few.
const NOTE_BYTES_MAX: u64 = 1 << 20;
/// How many names are tried for what is set aside, or cannot have its own back.
const TRIES_MAX: u32 = 100;
/// How each name between begins; a number follows. Short, beside the file, and telling: without Offsync a person finds
/// the file under it.
const BETWEEN: &str = "offsync-renames-this-";

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
            let between = name_between(number);
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
        self.write_note(&asides)
    }

    /// Forgets, after a flush, what was given back before it.
    pub(super) fn forget_asides(&self) {
        let mut asides = self.asides.lock().unwrap_or_else(PoisonError::into_inner);
        let before = asides.len();
        asides.retain(|aside| self.is_aside(aside));
        if asides.len() == before {
            return;
        }
        // A note that stays all the same names nothing that is there any more.
        let _ = match asides.is_empty() {
            true => self.own_folder().and_then(|own| unlinkat(own, ASIDE, AtFlags::empty())),
            false => self.write_note(&asides),
        };
    }

    /// Puts back what is still set aside since a cable was pulled.
    ///
    /// What cannot have its name back stays noted for the next time: one name never keeps anybody out of the archive.
    pub(super) fn put_back_asides(&self) -> std::result::Result<(), DiskError> {
        let Ok(own) = self.own_folder() else { return Ok(()) };
        let noted = read_note(&own);
        if noted.is_empty() {
            return Ok(());
        }
        for aside in noted.iter().filter(|aside| self.is_aside(aside)) {
            match self.put_back(aside) {
                Ok(()) => self.touch_parent(&aside.path),
                Err(errno) => {
                    let error = failed("put back the name of", &aside.path, errno);
                    if error.kind() == DiskErrorKind::Gone {
                        return Err(error);
                    }
                }
            }
        }
        // The note holds all that is known here, too: it is written before anything is set aside.
        *self.asides.lock().unwrap_or_else(PoisonError::into_inner) = noted;
        self.flush()
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
            let other = set_aside_name(name, number, self.name_bytes_max());
            put = move_free(own.beside(&aside.between), own.beside(&other));
        }
        put
    }

    /// Tells whether something stands under the name between, or may: what cannot be looked at is not forgotten. A
    /// folder that is gone holds nothing.
    fn is_aside(&self, aside: &Aside) -> bool {
        let parent = self.root.parent(&aside.path);
        let seen = parent.and_then(|(folder, _)| see(&folder, &aside.between));
        !matches!(seen, Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP))
    }

    fn write_note(&self, asides: &[Aside]) -> Result<()> {
        let file = OwnFile {
            name: ASIDE,
            new: ASIDE_NEW,
        };
        self.replace_own(file, &(FORMAT, asides))
    }

    fn own_folder(&self) -> Result<OwnedFd> {
        let own = private(ASIDE).parent().unwrap_or_else(RelPath::root);
        self.root.folder(&own, Purpose::Pass)
    }
}

fn name_between(number: u32) -> Vec<u8> {
    format!("{BETWEEN}{number}").into_bytes()
}

/// Tells whether a note may be one of ours. The drive comes from elsewhere: a name that leads to another folder would
/// reach out of the archive.
fn is_ours(aside: &Aside) -> bool {
    !aside.path.is_root() && (0..TRIES_MAX).any(|number| aside.between == name_between(number))
}

/// Makes the name of what cannot have its own back: `long name (set aside).txt`. One that is too long loses the end of
/// what is before the sign, by whole characters.
fn set_aside_name(name: &[u8], number: u32, bytes_max: usize) -> Vec<u8> {
    let sign = match number {
        0 => " (set aside)".to_owned(),
        number => format!(" (set aside {})", number + 1),
    };
    let room = bytes_max.saturating_sub(sign.len());
    // What leaves nothing of the name is no ending.
    let is_ending = |at: &usize| *at > 0 && name.len() - at < room;
    let dot = name.iter().rposition(|byte| *byte == b'.').filter(is_ending);
    let (stem, extension) = name.split_at(dot.unwrap_or(name.len()));
    [cut(stem, room - extension.len()), sign.as_bytes(), extension].concat()
}

/// Gives the first bytes of a name, and no part of a character of a text.
fn cut(name: &[u8], bytes_max: usize) -> &[u8] {
    let len = name.len().min(bytes_max);
    match std::str::from_utf8(name) {
        Ok(text) => {
            let whole = (0..=len).rev().find(|at| text.is_char_boundary(*at));
            &name[..whole.unwrap_or(0)]
        }
        Err(_) => &name[..len],
    }
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
        (Ok(_), Ok((FORMAT, asides))) => asides.into_iter().filter(is_ours).collect(),
        // It was torn while it was written: nothing was set aside yet.
        _ => Vec::new(),
    }
}
