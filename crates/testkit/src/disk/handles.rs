//! Open files of a simulated drive: they see what is written under them, and die with the power.

use std::io::{self, Read, Write};

use offsync_core::place::Stat;
use offsync_core::ports::{DiskError, DiskErrorKind, NewFile, OpenFile};
use offsync_core::rel_path::RelPath;

use super::volume::{Body, NodeId};
use super::{SimDisk, State, failed};

/// What an open file remembers of itself.
pub(super) struct Handle {
    disk: SimDisk,
    node: NodeId,
    era: u64,
    path: RelPath,
}

impl Handle {
    pub(super) fn open(disk: &SimDisk, state: &mut State, node: NodeId, path: &RelPath) -> Self {
        state.volume.hold_open(node);
        Self {
            disk: disk.clone(),
            node,
            era: state.era,
            path: path.clone(),
        }
    }

    fn with<T>(&self, act: impl FnOnce(&SimDisk, &mut State) -> Result<T, DiskErrorKind>) -> Result<T, DiskError> {
        let mut state = self.disk.state();
        let is_dead = state.is_gone || state.era != self.era;
        let result = if is_dead {
            Err(DiskErrorKind::Gone)
        } else {
            act(&self.disk, &mut state)
        };
        result.map_err(|kind| failed(kind, &self.path))
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        let mut state = self.disk.state();
        if state.era == self.era {
            state.volume.let_go(self.node);
        }
    }
}

/// A file that is being read; a write by somebody else shows at once.
pub(super) struct SimOpenFile {
    pub(super) handle: Handle,
    pub(super) offset: usize,
}

impl Read for SimOpenFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let (node, offset) = (self.handle.node, self.offset);
        let read = self.handle.with(|_, state| {
            let Body::File(bytes) = &state.volume.node(node).body else {
                return Err(DiskErrorKind::Other);
            };
            let is_spoilt = state.unreadable.contains(&node);
            let end = if is_spoilt { bytes.len() / 2 } else { bytes.len() };
            let rest = bytes.get(offset..end).unwrap_or_default();
            if is_spoilt && rest.is_empty() && !buffer.is_empty() {
                return Err(DiskErrorKind::Other);
            }
            let count = rest.len().min(buffer.len());
            buffer[..count].copy_from_slice(&rest[..count]);
            Ok(count)
        });
        let count = read.map_err(into_io)?;
        self.offset += count;
        Ok(count)
    }
}

impl OpenFile for SimOpenFile {
    fn stat(&self) -> Result<Stat, DiskError> {
        self.handle
            .with(|disk, state| Ok(disk.stat(state.volume.node(self.handle.node))))
    }

    fn seek_to(&mut self, offset: u64) -> Result<(), DiskError> {
        self.offset = usize::try_from(offset).unwrap_or(usize::MAX);
        self.handle.with(|_, _| Ok(()))
    }
}

/// A file in staging that is being written.
pub(super) struct SimNewFile(pub(super) Handle);

impl Write for SimNewFile {
    fn write(&mut self, more: &[u8]) -> io::Result<usize> {
        let node = self.0.node;
        let written = self.0.with(|disk, state| {
            if state.is_read_only {
                return Err(DiskErrorKind::ReadOnly);
            }
            let size_bytes = state.volume.node(node).size_bytes();
            let in_last_block = state.volume.taken(size_bytes) - size_bytes;
            let room = usize::try_from(disk.free(state) + in_last_block).unwrap_or(usize::MAX);
            if room == 0 && !more.is_empty() {
                return Err(DiskErrorKind::Full);
            }
            let count = more.len().min(room);
            if state.volume.node(node).size_bytes() + count as u64 > disk.shared.options.file_bytes_max {
                return Err(DiskErrorKind::Unstorable);
            }
            let now_ns = disk.now_ns();
            state.volume.append(node, &more[..count], now_ns);
            Ok(count)
        });
        written.map_err(into_io)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.with(|_, _| Ok(())).map_err(into_io)
    }
}

impl NewFile for SimNewFile {
    fn finish(self: Box<Self>) -> Result<(), DiskError> {
        // What it holds is durable with the next flush.
        self.0.with(|_, _| Ok(()))
    }
}

/// Wraps an error so that its source is the [`DiskError`] and its kind is what a system would say.
pub(super) fn into_io(error: DiskError) -> io::Error {
    let kind = match error.kind() {
        DiskErrorKind::Full => io::ErrorKind::StorageFull,
        DiskErrorKind::Denied => io::ErrorKind::PermissionDenied,
        DiskErrorKind::ReadOnly => io::ErrorKind::ReadOnlyFilesystem,
        DiskErrorKind::NotFound => io::ErrorKind::NotFound,
        DiskErrorKind::Unstorable => io::ErrorKind::FileTooLarge,
        _ => io::ErrorKind::Other,
    };
    io::Error::new(kind, error)
}
