//! File content on this drive: reading it once, and finding chunks again.
//!
//! A chunk may stand in a file of the archive, in staging or in the trash; wherever it
//! is read from, its hash is checked.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use offsync_core::chunking::Cutter;
use offsync_core::entry::{Chunk, Content, FileContent};
use offsync_core::ids::{ChunkId, Digest};
use offsync_core::limits::{SINGLE_CHUNK_BYTES_MAX, TORN_READS_MAX};
use offsync_core::place::Stat;
use offsync_core::ports::{DiskError, DiskErrorKind, OpenFile, StagedName, TrashName};
use offsync_core::rel_path::RelPath;

use crate::engine::Engine;
use crate::error::Result;
use crate::load::Load;
use crate::memory::{self, GROWN, Grown, STAGED, StagedChunks, TRASH, TrashRecord};

const READ_BYTES: usize = 256 << 10;

/// Where chunks lie outside the tree: in staging and in the trash.
#[derive(Debug, Default)]
pub(crate) struct Stores {
    pub(crate) staged: BTreeMap<ChunkId, (String, u64, u32)>,
    /// Staged files that hold one chunk and nothing else: they go once it stands elsewhere.
    pub(crate) singles: BTreeSet<String>,
    /// Files that are being put together, by content: their names in staging, and how much of them is there.
    pub(crate) grown: BTreeMap<Digest, (String, u64)>,
    /// The names of those of which something is noted.
    pub(crate) noted: BTreeSet<String>,
    /// What they hold that still stands beside them.
    pub(crate) gathered: Gathered,
    pub(crate) trashed: BTreeMap<ChunkId, (String, u64, u64)>,
    /// What staging takes, while chunks are only added to it; `None` if that has to be counted anew.
    pub(crate) load: Option<Load>,
    /// Files that left their places in this settling, by content: what wants the same takes them.
    pub(crate) moved: BTreeMap<Digest, Vec<(TrashName, FileContent)>>,
}

/// What files in the making hold that still stands beside them, too.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    pub(crate) files: BTreeMap<String, GatheredFile>,
    /// Staged files whose chunks stand in the tree by now.
    pub(crate) spent: BTreeSet<String>,
    pub(crate) bytes: u64,
}

/// A file in the making.
#[derive(Debug)]
pub(crate) struct GatheredFile {
    pub(crate) digest: Digest,
    /// All its chunks with their places, if nothing is noted of it yet.
    pub(crate) chunks: Option<Vec<(ChunkId, u64, u32)>>,
    /// Those that were written since something was noted.
    pub(crate) new: Vec<(ChunkId, u64, u32)>,
    /// Staged files whose chunks it holds.
    pub(crate) spent: BTreeSet<String>,
}

impl Stores {
    pub(crate) fn holds(&self, chunk: &ChunkId) -> bool {
        self.staged.contains_key(chunk) || self.trashed.contains_key(chunk)
    }

    /// Gives the staged file that holds a chunk and nothing else, with its length.
    pub(crate) fn alone(&self, chunk: &ChunkId) -> Option<(&str, u64)> {
        let (name, _, len) = self.staged.get(chunk)?;
        self.singles.contains(name).then_some((name.as_str(), u64::from(*len)))
    }

    pub(crate) fn add_staged(&mut self, file: &str, chunks: &StagedChunks) {
        if chunks.chunks.len() == 1 && !self.noted.contains(file) {
            self.singles.insert(file.to_owned());
        }
        self.load = None;
        for (id, offset, len) in &chunks.chunks {
            self.staged.insert(*id, (file.to_owned(), *offset, *len));
        }
    }

    pub(crate) fn add_displaced(&mut self, name: &TrashName, record: &TrashRecord, moves: bool) {
        self.add_trashed(&name.0, record);
        if moves && let Some(content) = &record.content {
            let alike = self.moved.entry(content.digest).or_default();
            alike.push((name.clone(), content.clone()));
        }
    }

    pub(crate) fn add_trashed(&mut self, name: &str, record: &TrashRecord) {
        for (id, offset, len) in record.content.iter().flat_map(FileContent::pieces) {
            self.trashed.insert(id, (name.to_owned(), offset, len));
        }
    }
}

impl Engine<'_> {
    /// Gathers what staging and the trash hold.
    pub(crate) fn stores(&self) -> Result<Stores> {
        let mut stores = Stores::default();
        for (file, grown) in memory::read_all::<Grown>(self.index, GROWN)? {
            stores.noted.insert(file.clone());
            stores.grown.insert(grown.digest, (file, grown.len_bytes));
        }
        for (file, chunks) in self.staged_chunks()? {
            stores.add_staged(&file, &chunks);
        }
        for (name, record) in memory::read_all::<TrashRecord>(self.index, TRASH)? {
            stores.add_trashed(&name, &record);
        }
        Ok(stores)
    }

    /// Gives what is noted of staged files, by name.
    pub(crate) fn staged_chunks(&self) -> Result<BTreeMap<String, StagedChunks>> {
        let mut staged = memory::read_all::<StagedChunks>(self.index, STAGED)?;
        for (file, grown) in memory::read_all::<Grown>(self.index, GROWN)? {
            if let Some(staged) = staged.get_mut(&file) {
                let is_there = |(_, offset, len): &(ChunkId, u64, u32)| offset + u64::from(*len) <= grown.len_bytes;
                staged.chunks.retain(is_there);
            }
        }
        Ok(staged)
    }

    /// Gives those of some chunks that cannot be had on this drive.
    pub(crate) fn missing_of(&self, chunks: &[ChunkId], extra: &Stores) -> Result<Vec<ChunkId>> {
        let mut missing = Vec::new();
        for chunk in chunks {
            // What could not be read, neither where it should stand nor in the trash, is only had where it came anew.
            let is_old = !self.unreadable.contains(chunk)
                && (extra.trashed.contains_key(chunk) || !self.index.places_with_chunk(chunk)?.is_empty());
            if !extra.staged.contains_key(chunk) && !is_old {
                missing.push(*chunk);
            }
        }
        Ok(missing)
    }

    /// Reads a file once and names its content; `None` if it keeps changing while it is read.
    pub(crate) fn read_content(&self, path: &RelPath) -> Result<Option<(FileContent, Stat)>> {
        for _ in 0..TORN_READS_MAX {
            let mut file = self.disk.open(path)?;
            let before = file.stat()?;
            let content = self.digest_file(path, file.as_mut(), before.size_bytes)?;
            let after = self.disk.look(path)?.map(|entry| entry.stat);
            if file.stat()? == before && after == Some(before) && content.size_bytes == before.size_bytes {
                return Ok(Some((content, before)));
            }
        }
        Ok(None)
    }

    fn digest_file(&self, path: &RelPath, file: &mut dyn OpenFile, size_bytes: u64) -> Result<FileContent> {
        let mut whole = self.keys.digest_hasher();
        let mut cutter = (size_bytes > SINGLE_CHUNK_BYTES_MAX).then(Cutter::new);
        let mut chunks = Vec::new();
        let mut buffer = vec![0; READ_BYTES.min(size_bytes as usize + 1)];
        let mut total = 0;
        loop {
            let read = file.read(&mut buffer).map_err(|error| read_error(path, &error))?;
            if read == 0 {
                break;
            }
            total += read as u64;
            // Somebody writes faster than this reads: it would never end, and is no content of that size anyway.
            if total > size_bytes {
                break;
            }
            whole.update(&buffer[..read]);
            if let Some(cutter) = &mut cutter {
                cutter.push(&buffer[..read], |piece| chunks.push(self.name_chunk(&piece)));
            }
        }
        if let Some(cutter) = cutter {
            cutter.finish(|piece| chunks.push(self.name_chunk(&piece)));
        }
        if chunks.len() < 2 {
            chunks.clear();
        }
        Ok(FileContent {
            digest: whole.finish(),
            size_bytes: total,
            chunks,
        })
    }

    fn name_chunk(&self, piece: &[u8]) -> Chunk {
        Chunk {
            id: self.keys.chunk_id(piece),
            size_bytes: piece.len() as u32,
        }
    }

    /// Reads one chunk from wherever it stands and checks it; `None` if no place really has it.
    pub(crate) fn read_chunk(&self, chunk: &ChunkId, stores: &Stores) -> Result<Option<Vec<u8>>> {
        for key in self.index.places_with_chunk(chunk)? {
            let place = self.index.place(&key)?;
            let Some(value) = place.as_ref().and_then(|place| place.on_disk()) else {
                continue;
            };
            let Content::File(file) = &value.content else { continue };
            for (id, offset, len) in file.pieces() {
                if id == *chunk
                    && let Some(bytes) = self.checked(chunk, self.disk.open(&value.path), offset, len)?
                {
                    return Ok(Some(bytes));
                }
            }
        }
        if let Some((name, offset, len)) = stores.staged.get(chunk) {
            let file = self.disk.open_staged(&StagedName(name.clone()));
            if let Some(bytes) = self.checked(chunk, file, *offset, u64::from(*len))? {
                return Ok(Some(bytes));
            }
        }
        if let Some((name, offset, len)) = stores.trashed.get(chunk) {
            return self.checked(chunk, self.disk.open_trashed(&TrashName(name.clone())), *offset, *len);
        }
        Ok(None)
    }

    pub(crate) fn checked(
        &self,
        chunk: &ChunkId,
        file: std::result::Result<Box<dyn OpenFile>, DiskError>,
        offset: u64,
        len: u64,
    ) -> Result<Option<Vec<u8>>> {
        let mut file = match file {
            Ok(file) => file,
            Err(error) if error.kind() == DiskErrorKind::Gone => return Err(error.into()),
            Err(_) => return Ok(None),
        };
        let mut bytes = vec![0; len as usize];
        if file.seek_to(offset).is_err() || file.read_exact(&mut bytes).is_err() {
            return Ok(None);
        }
        Ok((self.keys.chunk_id(&bytes) == *chunk).then_some(bytes))
    }
}

/// Tells a failed read in the port's terms.
pub(crate) fn read_error(path: &RelPath, error: &std::io::Error) -> DiskError {
    let kind = match error.kind() {
        std::io::ErrorKind::PermissionDenied => DiskErrorKind::Denied,
        std::io::ErrorKind::StorageFull => DiskErrorKind::Full,
        std::io::ErrorKind::NotFound => DiskErrorKind::NotFound,
        // An error in the middle of a file that opened well: the drive is failing or was pulled.
        _ => DiskErrorKind::Gone,
    };
    DiskError::new(kind, path.clone(), error.to_string())
}
