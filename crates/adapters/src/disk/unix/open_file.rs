//! Files that are open: one that is read, one that is being made in staging.
//!
//! Guarantees that only regular files are read and that a finished file is flushed.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

use offsync_core::place::Stat;
use offsync_core::ports::{DiskError, DiskErrorKind, EntryKind, NewFile, OpenFile};
use offsync_core::rel_path::RelPath;
use rustix::fd::OwnedFd;
use rustix::io::Errno;

use super::errors::failed;
use super::file_system::FileSystem;
use super::sight::see_open;

/// A regular file that is open for reading.
#[derive(Debug)]
pub(super) struct RealOpenFile {
    file: File,
    path: RelPath,
    file_system: FileSystem,
}

impl RealOpenFile {
    /// Takes an open handle if it holds a regular file.
    pub(super) fn new(handle: OwnedFd, path: &RelPath, file_system: FileSystem) -> Result<Self, DiskError> {
        let seen = see_open(&handle).map_err(|errno| failed("look at the open file", path, errno))?;
        if seen.kind != EntryKind::File {
            let reason = "this is no file that could be read";
            return Err(DiskError::new(DiskErrorKind::Other, path.clone(), reason));
        }
        Ok(Self {
            file: File::from(handle),
            path: path.clone(),
            file_system,
        })
    }
}

impl RealOpenFile {
    /// Lets the system forget what it keeps of the file in memory, so that the next reading comes from the drive.
    pub(super) fn forget_cached(&self) {
        // Advice: where it is not taken, reading is no worse than before.
        #[cfg(target_os = "linux")]
        let _ = rustix::fs::fadvise(&self.file, 0, None, rustix::fs::Advice::DontNeed);
    }
}

impl Read for RealOpenFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.file.read(buffer)
    }
}

impl OpenFile for RealOpenFile {
    fn stat(&self) -> Result<Stat, DiskError> {
        let seen = see_open(&self.file).map_err(|errno| failed("look at the open file", &self.path, errno))?;
        Ok(self.file_system.steady(seen.stat))
    }

    fn seek_to(&mut self, offset: u64) -> Result<(), DiskError> {
        let done = self.file.seek(SeekFrom::Start(offset));
        done.map(|_| ()).map_err(|error| from_io("seek in", &self.path, &error))
    }
}

/// A file in staging that is being written.
#[derive(Debug)]
pub(super) struct RealNewFile {
    file: File,
    path: RelPath,
    file_system: FileSystem,
}

impl RealNewFile {
    /// Takes the handle of a fresh file.
    pub(super) fn new(handle: OwnedFd, path: RelPath, file_system: FileSystem) -> Self {
        Self {
            file: File::from(handle),
            path,
            file_system,
        }
    }
}

impl Write for RealNewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl NewFile for RealNewFile {
    fn finish(self: Box<Self>) -> Result<(), DiskError> {
        if self.file_system.flushes_contents {
            return Ok(());
        }
        self.file
            .sync_all()
            .map_err(|error| from_io("flush", &self.path, &error))
    }
}

/// Makes an error from one of the standard library's.
pub(super) fn from_io(doing: &str, path: &RelPath, error: &io::Error) -> DiskError {
    match Errno::from_io_error(error) {
        Some(errno) => failed(doing, path, errno),
        None => DiskError::new(DiskErrorKind::Other, path.clone(), format!("cannot {doing}: {error}")),
    }
}
