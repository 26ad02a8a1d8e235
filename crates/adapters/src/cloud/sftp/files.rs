//! What is done with files over a line.
//!
//! Guarantees that a file appears whole or not at all: it is written beside, flushed where the server can, and then takes its
//! place.

use futures::{StreamExt, TryStreamExt, stream};
use offsync_core::ports::MailboxErrorKind;
use russh_sftp::client::error::Error;
use russh_sftp::protocol::{FileAttributes, OpenFlags, Packet, StatusCode};

use super::super::trouble::Trouble;
use super::line::Line;
use super::refusal;

/// How much goes in one request: each server takes that.
const PIECE_BYTES: usize = 32 << 10;
/// So many files are listed at most: far more than a mailbox holds.
const LISTED_MAX: usize = 1 << 20;
/// What the name of a file ends with that goes as soon as another is in its place.
const ASIDE: &str = "0";
/// How many requests are under way at once.
const AT_ONCE: usize = 16;

/// A file in a folder.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) name: String,
    pub(crate) size_bytes: u64,
    /// When it was written last, by its server's clock, in seconds since 1970; `None` where that is not told.
    pub(crate) changed: Option<u64>,
}

/// How much room there is.
#[derive(Clone, Copy, Debug)]
pub(in crate::cloud) struct Room {
    pub(in crate::cloud) total_bytes: u64,
    pub(in crate::cloud) unused_bytes: u64,
    /// What of that this user may take.
    free_bytes: u64,
}

impl Line {
    /// Lists the files of a folder; `None` if it is not there.
    pub(crate) async fn list(&self, folder: &str) -> Result<Option<Vec<Found>>, Trouble> {
        let wrong = |error: &Error| troubled(error, "read", folder);
        let handle = match self.files.opendir(folder).await {
            Ok(handle) => handle.handle,
            Err(error) if is_absence(&error) => return Ok(None),
            Err(error) => return Err(wrong(&error)),
        };
        let mut found = Vec::new();
        let done = loop {
            match self.files.readdir(handle.as_str()).await {
                Ok(names) if names.files.is_empty() => break Err(broken("its list makes no sense")),
                Ok(_) if found.len() > LISTED_MAX => break Err(broken("its list has no end")),
                Ok(names) => found.extend(names.files),
                Err(error) if refusal(&error) == Some(StatusCode::Eof) => break Ok(()),
                Err(error) => break Err(wrong(&error)),
            }
        };
        // What was read was read.
        let _ = self.files.close(handle).await;
        done?;
        let is_file = |attrs: &FileAttributes| attrs.permissions.is_none() || attrs.file_type().is_file();
        let files = found.into_iter().filter(|file| is_file(&file.attrs));
        let files = files.map(|file| Found {
            size_bytes: file.attrs.len(),
            changed: file.attrs.mtime.map(u64::from),
            name: file.filename,
        });
        Ok(Some(files.collect()))
    }

    /// Reads a file of at most so many bytes; `None` if it is not there.
    pub(crate) async fn read(&self, path: &str, bytes_max: u64) -> Result<Option<Vec<u8>>, Trouble> {
        let opened = self.files.open(path, OpenFlags::READ, FileAttributes::empty()).await;
        let handle = match opened {
            Ok(handle) => handle.handle,
            Err(error) if is_absence(&error) => return Ok(None),
            Err(error) => return Err(troubled(&error, "read", path)),
        };
        let read = self.read_all(&handle, path, bytes_max).await;
        let _ = self.files.close(handle).await;
        read.map(Some)
    }

    async fn read_all(&self, handle: &str, path: &str, bytes_max: u64) -> Result<Vec<u8>, Trouble> {
        let attrs = self.files.fstat(handle).await;
        let size = attrs.map_err(|error| troubled(&error, "read", path))?.attrs.size;
        // No object is empty; a server that does not say how large one is would have it read as if it were.
        let Some(size) = size.filter(|size| *size > 0) else {
            return Err(broken("it does not say how large an object is"));
        };
        if size > bytes_max {
            return Err(broken("it is larger than any object of a mailbox"));
        }
        let pieces = (0..size).step_by(PIECE_BYTES).map(|from| {
            let wanted = PIECE_BYTES.min(usize::try_from(size - from).unwrap_or(PIECE_BYTES));
            self.read_piece(handle, path, from, wanted)
        });
        let pieces: Vec<Vec<u8>> = stream::iter(pieces).buffered(AT_ONCE).try_collect().await?;
        Ok(pieces.concat())
    }

    /// Reads a piece, for which a server may take several answers.
    async fn read_piece(&self, handle: &str, path: &str, from: u64, wanted: usize) -> Result<Vec<u8>, Trouble> {
        self.traffic.comes(wanted).await;
        let mut piece = Vec::with_capacity(wanted);
        while piece.len() < wanted {
            let left = u32::try_from(wanted - piece.len()).expect("a piece is small");
            match self.files.read(handle, from + piece.len() as u64, left).await {
                Ok(data) if !data.data.is_empty() && data.data.len() <= left as usize => piece.extend(data.data),
                Ok(_) => return Err(broken("the answer makes no sense")),
                // It became shorter while it was read: somebody else's doing.
                Err(error) if refusal(&error) == Some(StatusCode::Eof) => return Err(broken("it ends too early")),
                Err(error) => return Err(troubled(&error, "read", path)),
            }
        }
        Ok(piece)
    }

    /// Writes a file beside, and puts it in its place; `false` if its folder is not there.
    pub(crate) async fn write(&self, path: &str, beside: &str, bytes: &[u8]) -> Result<bool, Trouble> {
        let flags = OpenFlags::WRITE | OpenFlags::CREATE | OpenFlags::EXCLUDE;
        let opened = self.files.open(beside, flags, FileAttributes::empty()).await;
        let handle = match opened {
            Ok(handle) => handle.handle,
            Err(error) if is_absence(&error) => return Ok(false),
            Err(error) => return Err(self.unwritten(&error, path, bytes).await),
        };
        let written = self.write_all(&handle, bytes).await;
        // Some servers say first now that there is no room.
        let closed = self.files.close(handle).await.map(|_| ());
        let placed = match written.and(closed) {
            Ok(()) => self.replace(beside, path).await,
            wrong => wrong,
        };
        let Err(error) = placed else { return Ok(true) };
        let told = self.unwritten(&error, path, bytes).await;
        // What stays is swept later.
        let _ = self.files.remove(beside).await;
        Err(told)
    }

    async fn write_all(&self, handle: &str, bytes: &[u8]) -> Result<(), Error> {
        let mut from = 0;
        let mut pieces = Vec::new();
        for piece in bytes.chunks(PIECE_BYTES) {
            pieces.push(async move {
                self.traffic.goes(piece.len()).await;
                self.files.write(handle, from, piece.to_vec()).await
            });
            from += piece.len() as u64;
        }
        let written = stream::iter(pieces).buffer_unordered(AT_ONCE);
        written.try_for_each(|_| std::future::ready(Ok(()))).await?;
        if self.can.flushes {
            self.files.fsync(handle).await?;
        }
        Ok(())
    }

    /// Puts a file in the place of another, in one step where the server can.
    async fn replace(&self, beside: &str, path: &str) -> Result<(), Error> {
        if self.can.replaces {
            let mut both = Vec::new();
            for name in [beside, path] {
                both.extend(u32::try_from(name.len()).unwrap_or(u32::MAX).to_be_bytes());
                both.extend(name.as_bytes());
            }
            return match self.files.extended("posix-rename@openssh.com", both).await? {
                Packet::Status(status) if status.status_code == StatusCode::Ok => Ok(()),
                Packet::Status(status) => Err(Error::Status(status)),
                _ => Err(Error::UnexpectedPacket),
            };
        }
        let Err(error) = self.files.rename(beside, path).await else {
            return Ok(());
        };
        // The protocol itself knows no more than a rename to a name that is free, and one word for all that is in the way.
        if refusal(&error) != Some(StatusCode::Failure) || self.files.stat(beside).await.is_err() {
            return Err(error);
        }
        let aside = format!("{beside}{ASIDE}");
        self.files.rename(path, aside.as_str()).await.map_err(|_| error)?;
        if let Err(error) = self.files.rename(beside, path).await {
            // What was there is as good as before.
            let _ = self.files.rename(aside.as_str(), path).await;
            return Err(error);
        }
        // What stays is swept later.
        let _ = self.files.remove(aside).await;
        Ok(())
    }

    /// Deletes a file; `false` if it is not there.
    pub(crate) async fn delete(&self, path: &str) -> Result<bool, Trouble> {
        match self.files.remove(path).await {
            Ok(_) => Ok(true),
            Err(error) if is_absence(&error) => Ok(false),
            Err(error) => Err(troubled(&error, "delete", path)),
        }
    }

    /// Tells whether a folder is there.
    pub(crate) async fn has_folder(&self, path: &str) -> Result<bool, Trouble> {
        match self.files.stat(path).await {
            Ok(told) => Ok(told.attrs.permissions.is_none() || told.attrs.is_dir()),
            Err(error) if is_absence(&error) => Ok(false),
            Err(error) => Err(troubled(&error, "look at", path)),
        }
    }

    /// Makes a folder and those around it that are missing; one that is there is taken as it is.
    pub(crate) async fn make_folder(&self, path: &str) -> Result<(), Trouble> {
        let mut missing = Vec::new();
        let mut at = path;
        while !at.is_empty() && !self.has_folder(at).await? {
            missing.push(at);
            at = at.rsplit_once('/').map_or("", |(above, _)| above);
        }
        for folder in missing.into_iter().rev() {
            self.make_one_folder(folder).await?;
        }
        Ok(())
    }

    /// Makes a folder in one that is there.
    pub(crate) async fn make_one_folder(&self, path: &str) -> Result<(), Trouble> {
        match self.files.mkdir(path, FileAttributes::empty()).await {
            Ok(_) => Ok(()),
            // Somebody else may have made it just now.
            Err(_) if self.has_folder(path).await? => Ok(()),
            Err(error) => Err(self.unwritten(&error, path, &[]).await),
        }
    }

    /// Takes a folder away if nothing is in it.
    pub(crate) async fn remove_folder(&self, path: &str) {
        // What is not empty stays.
        let _ = self.files.rmdir(path).await;
    }

    /// Asks how much room there is where a folder lies; `None` where the server does not tell.
    pub(super) async fn room(&self, path: &str) -> Option<Room> {
        if !self.can.tells_room {
            return None;
        }
        let told = self.files.statvfs(path).await.ok()?;
        let unit = told.fragment_size;
        Some(Room {
            total_bytes: told.blocks.checked_mul(unit)?,
            unused_bytes: told.blocks_free.checked_mul(unit)?,
            free_bytes: told.blocks_avail.checked_mul(unit)?,
        })
    }

    /// Says why something could not be written: the protocol has no word for a full disk.
    async fn unwritten(&self, error: &Error, path: &str, bytes: &[u8]) -> Trouble {
        if refusal(error) == Some(StatusCode::Failure) {
            let folder = path.rsplit_once('/').map_or(".", |(folder, _)| folder);
            let room = self.room(folder).await;
            if room.is_some_and(|room| room.free_bytes < (bytes.len() + PIECE_BYTES) as u64) {
                return Trouble::no_room();
            }
        }
        troubled(error, "write", path)
    }
}

fn is_absence(error: &Error) -> bool {
    refusal(error) == Some(StatusCode::NoSuchFile)
}

fn broken(why: &str) -> Trouble {
    Trouble::new(MailboxErrorKind::Broken, why)
}

/// Says why something was not done.
fn troubled(error: &Error, doing: &str, path: &str) -> Trouble {
    match refusal(error) {
        Some(StatusCode::PermissionDenied) => Trouble::new(
            MailboxErrorKind::Denied,
            format!("its user may not {doing} '{path}' there"),
        ),
        // One that was silent so long is so the next time, too.
        None if matches!(error, Error::Timeout) => Trouble::new(MailboxErrorKind::Away, "it does not answer").lasting(),
        Some(StatusCode::ConnectionLost | StatusCode::NoConnection) | None => Trouble::broke_off(),
        Some(_) => Trouble::new(MailboxErrorKind::Broken, format!("its server cannot {doing} '{path}'")),
    }
}
