//! Files that are open: one that is read, one that is being made in staging.
//!
//! Guarantees that only regular files are read and that a finished file is flushed. Long runs of zeroes are never
//! written: they become holes where the file system has them, and read the same where it has not.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;

use offsync_core::place::Stat;
use offsync_core::ports::{DiskError, DiskErrorKind, EntryKind, NewFile, OpenFile};
use offsync_core::rel_path::RelPath;
use rustix::fd::OwnedFd;
use rustix::io::Errno;

use super::errors::failed;
use super::file_system::FileSystem;
use super::sight::see_open;

/// Zeroes that begin at a multiple of their length are passed over; file systems keep holes in blocks up to this size.
const HOLE_BYTES: usize = 64 << 10;
static ZEROES: [u8; HOLE_BYTES] = [0; HOLE_BYTES];

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
    /// Where the next bytes go.
    end: u64,
    /// Whether the last bytes were passed over, so that the file is still too short.
    ends_in_hole: bool,
}

impl RealNewFile {
    /// Takes the handle of a file that is `end` bytes long.
    pub(super) fn new(handle: OwnedFd, path: RelPath, file_system: FileSystem, end: u64) -> Self {
        Self {
            file: File::from(handle),
            path,
            file_system,
            end,
            ends_in_hole: false,
        }
    }
}

impl Write for RealNewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let (solid, hole) = until_hole(bytes, self.end);
        let taken = if solid > 0 {
            self.file.write_at(&bytes[..solid], self.end)?
        } else {
            hole
        };
        if taken > 0 {
            self.ends_in_hole = solid == 0;
        }
        self.end += taken as u64;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl NewFile for RealNewFile {
    fn finish(self: Box<Self>) -> Result<(), DiskError> {
        if self.ends_in_hole {
            let grown = self.file.set_len(self.end);
            grown.map_err(|error| from_io("write", &self.path, &error))?;
        }
        if self.file_system.flushes_contents {
            return Ok(());
        }
        self.file
            .sync_all()
            .map_err(|error| from_io("flush", &self.path, &error))
    }
}

/// Gives how many of some bytes that go to `at` are to be written, and how many after them may be a hole.
fn until_hole(bytes: &[u8], at: u64) -> (usize, usize) {
    let past_block = (at % HOLE_BYTES as u64) as usize;
    let first = (HOLE_BYTES - past_block) % HOLE_BYTES;
    let blocks = || bytes.get(first..).unwrap_or_default().chunks_exact(HOLE_BYTES);
    let is_hole = |block: &&[u8]| **block == ZEROES;
    let Some(solid) = blocks().position(|block| is_hole(&block)) else {
        return (bytes.len(), 0);
    };
    let hole = blocks().skip(solid).take_while(is_hole).count();
    (first + solid * HOLE_BYTES, hole * HOLE_BYTES)
}

/// Makes an error from one of the standard library's.
pub(super) fn from_io(doing: &str, path: &RelPath, error: &io::Error) -> DiskError {
    match Errno::from_io_error(error) {
        Some(errno) => failed(doing, path, errno),
        None => DiskError::new(DiskErrorKind::Other, path.clone(), format!("cannot {doing}: {error}")),
    }
}
