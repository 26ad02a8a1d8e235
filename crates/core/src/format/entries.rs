//! Values in columns: what stands at many paths, small enough to send.
//!
//! Paths are cut against the one before; like columns lie together, so that compression finds
//! what repeats. A content that stood in a version that the same object replaces is only
//! named: a renamed file costs a few bytes.

use super::hashes::{Cursor, HashWriter};
use super::times::write_times;
use super::wire::Writer;
use crate::entry::{Content, FileContent, Meta, Value};
use crate::ids::ChunkId;
use crate::rel_path::RelPath;

/// A deletion: path.
pub(super) const TOMBSTONE: u8 = 0;
/// A folder: path, mode.
pub(super) const FOLDER: u8 = 1;
/// A file of one chunk: path, mode, time, hash, size.
pub(super) const FILE: u8 = 2;
/// A file of several: path, mode, time, hash, number of chunks, then size and hash of each.
pub(super) const CHUNKED: u8 = 3;
/// A link: path, length of the target, target.
pub(super) const SYMLINK: u8 = 4;
/// A file as it stood in a replaced version: place of that, path.
pub(super) const MOVED: u8 = 5;
/// The same with times and permissions of its own.
pub(super) const MOVED_AND_TOUCHED: u8 = 6;

/// The permission bits that travel.
pub(super) const MODE_MAX: u32 = 0o777;

/// A file's content that is named by the version it stood in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moved {
    /// The place of that version among all dots that the object replaces.
    pub(super) place: usize,
    /// Whether times and permissions are that version's too.
    pub(super) meta_too: bool,
}

/// What a row says of its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RowContent {
    /// All of it.
    Here(Content),
    /// Where it stood.
    Moved(Moved),
}

/// One row: a value whose content may have to be looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// The path as it is spelled.
    pub(super) path: RelPath,
    /// What stands there.
    pub(super) content: RowContent,
    /// Times and permissions, unless they moved too.
    pub(super) meta: Meta,
}

/// Writes values into columns.
#[derive(Debug, Default)]
pub(super) struct RowsWriter {
    hashes: HashWriter,
    hashes_found: usize,
    kinds: Writer,
    shared: Writer,
    dropped: Writer,
    tails: Writer,
    moves: Writer,
    modes: Writer,
    sizes: Writer,
    references: Writer,
    texts: Writer,
    times_ns: Vec<i64>,
    last_path: Vec<u8>,
    hash_cursor: Cursor,
    move_cursor: Cursor,
}

impl RowsWriter {
    /// Begins with the hashes of what travels inside.
    pub(super) fn new(found: Vec<ChunkId>) -> Self {
        Self {
            hashes_found: found.len(),
            hashes: HashWriter::new(found),
            ..Self::default()
        }
    }

    /// Gives the move that costs least to write next.
    pub(super) fn expected_move(&self) -> usize {
        self.move_cursor.expected()
    }

    /// Writes a value in full.
    pub(super) fn push(&mut self, value: &Value) {
        let kind = match &value.content {
            Content::Tombstone => TOMBSTONE,
            Content::Folder => FOLDER,
            Content::File(file) if file.chunks.is_empty() => FILE,
            Content::File(_) => CHUNKED,
            Content::Symlink(_) => SYMLINK,
        };
        self.kinds.byte(kind);
        self.path(value.path.as_bytes(), None);
        match &value.content {
            Content::Tombstone => {}
            Content::Folder => self.modes.uint(u64::from(value.meta.mode & MODE_MAX)),
            Content::File(file) => self.file(file, &value.meta),
            Content::Symlink(target) => {
                self.sizes.count(target.len());
                self.texts.raw(target);
            }
        }
    }

    /// Writes a value whose content is named.
    ///
    /// `beside` is the path of the row that replaces it, if that row comes before.
    pub(super) fn push_moved(&mut self, value: &Value, moved: Moved, beside: Option<&RelPath>) {
        self.kinds.byte(if moved.meta_too { MOVED } else { MOVED_AND_TOUCHED });
        self.move_cursor.write(&mut self.moves, moved.place);
        self.path(value.path.as_bytes(), Some(beside.map_or(&[][..], RelPath::as_bytes)));
        if !moved.meta_too {
            self.meta(&value.meta);
        }
    }

    /// Refers to hashes beside the rows: how many, then each.
    pub(super) fn refer(&mut self, out: &mut Writer, cursor: &mut Cursor, ids: &[ChunkId]) {
        out.count(ids.len());
        ids.iter()
            .for_each(|id| cursor.write(out, self.hashes.place(id, self.hashes_found)));
    }

    /// Writes the columns, each with its length, to the first, and the table of hashes to the second.
    pub(super) fn finish(self, columns: &mut Writer, hashes: &mut Writer) {
        let mut times = Writer::default();
        write_times(&mut times, &self.times_ns);
        let all = [
            self.kinds,
            self.shared,
            self.dropped,
            self.tails,
            self.moves,
            self.modes,
            self.sizes,
            self.references,
            self.texts,
            times,
        ];
        all.into_iter().for_each(|column| columns.bytes(&column.finish()));
        self.hashes.finish(hashes);
    }

    fn path(&mut self, path: &[u8], beside: Option<&[u8]>) {
        let mut end = path.len();
        if let Some(beside) = beside {
            let alike = common(path.iter().rev(), beside.iter().rev());
            self.dropped.count(beside.len() - alike);
            end -= alike;
        }
        let shared = common(path[..end].iter(), self.last_path.iter());
        self.shared.count(shared);
        self.tails.count(end - shared);
        self.texts.raw(&path[shared..end]);
        self.last_path = path.to_vec();
    }

    fn file(&mut self, file: &FileContent, meta: &Meta) {
        self.meta(meta);
        self.hash(&file.digest.into());
        if file.chunks.is_empty() {
            self.sizes.uint(file.size_bytes);
            return;
        }
        self.sizes.count(file.chunks.len());
        for chunk in &file.chunks {
            self.sizes.uint(u64::from(chunk.size_bytes));
            self.hash(&chunk.id);
        }
    }

    fn hash(&mut self, id: &ChunkId) {
        let place = self.hashes.place(id, self.hashes_found);
        self.hash_cursor.write(&mut self.references, place);
    }

    fn meta(&mut self, meta: &Meta) {
        self.modes.uint(u64::from(meta.mode & MODE_MAX));
        self.times_ns.push(meta.mtime_ns);
    }
}

fn common<'a>(a: impl Iterator<Item = &'a u8>, b: impl Iterator<Item = &'a u8>) -> usize {
    a.zip(b).take_while(|(a, b)| a == b).count()
}
