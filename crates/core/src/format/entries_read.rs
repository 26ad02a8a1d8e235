//! Reads values from their columns, each only as far as its bytes go.

use super::entries::{
    CHUNKED, FILE, FOLDER, MODE_MAX, MOVED, MOVED_AND_TOUCHED, Moved, Row, RowContent, SYMLINK, TOMBSTONE,
};
use super::hashes::Cursor;
use super::times::read_times;
use super::wire::{Reader, WireError};
use crate::entry::{Chunk, Content, FileContent, Meta};
use crate::ids::{ChunkId, Digest};
use crate::rel_path::RelPath;

/// Chunks that all files of one object may name together.
const CHUNKS_MAX: usize = 1 << 20;

/// The columns of rows, taken apart but not read.
#[derive(Clone, Debug)]
pub(super) struct Columns<'a>([&'a [u8]; 10]);

impl<'a> Columns<'a> {
    /// Takes the columns out.
    pub(super) fn read(read: &mut Reader<'a>) -> Result<Self, WireError> {
        let mut columns = [&[][..]; 10];
        for column in &mut columns {
            *column = read.bytes("column")?;
        }
        Ok(Self(columns))
    }

    /// Tells how many rows there are.
    pub(super) fn rows(&self) -> usize {
        self.0[0].len()
    }

    /// Reads all rows.
    ///
    /// `hashes` is the table; `replaced` tells for each replaced dot which row replaces it.
    pub(super) fn into_rows(self, hashes: &[ChunkId], replaced: &[usize]) -> Result<Vec<Row>, WireError> {
        let [
            kinds,
            shared,
            dropped,
            tails,
            moves,
            modes,
            sizes,
            references,
            texts,
            times,
        ] = self.0;
        let timed = kinds
            .iter()
            .filter(|kind| matches!(**kind, FILE | CHUNKED | MOVED_AND_TOUCHED))
            .count();
        let times_ns = read_times(Reader::new(times), timed)?.into_iter();
        let column = Reader::new;
        let mut rows = RowsReader {
            hashes,
            replaced,
            times_ns,
            chunks: 0,
            shared: column(shared),
            dropped: column(dropped),
            tails: column(tails),
            moves: column(moves),
            modes: column(modes),
            sizes: column(sizes),
            references: column(references),
            texts: column(texts),
            hash_cursor: Cursor::default(),
            move_cursor: Cursor::default(),
            rows: Vec::new(),
        };
        for kind in kinds {
            let row = rows.row(*kind)?;
            rows.rows.push(row);
        }
        let rest = [
            rows.shared,
            rows.dropped,
            rows.tails,
            rows.moves,
            rows.modes,
            rows.sizes,
            rows.references,
            rows.texts,
        ];
        rest.into_iter()
            .try_for_each(|column| column.finish("end of a column"))?;
        Ok(rows.rows)
    }
}

struct RowsReader<'a> {
    hashes: &'a [ChunkId],
    replaced: &'a [usize],
    times_ns: std::vec::IntoIter<i64>,
    chunks: usize,
    shared: Reader<'a>,
    dropped: Reader<'a>,
    tails: Reader<'a>,
    moves: Reader<'a>,
    modes: Reader<'a>,
    sizes: Reader<'a>,
    references: Reader<'a>,
    texts: Reader<'a>,
    hash_cursor: Cursor,
    move_cursor: Cursor,
    rows: Vec<Row>,
}

impl RowsReader<'_> {
    fn row(&mut self, kind: u8) -> Result<Row, WireError> {
        if matches!(kind, MOVED | MOVED_AND_TOUCHED) {
            let place = self
                .move_cursor
                .read(&mut self.moves, self.replaced.len(), "moved content")?;
            let path = self.path(Some(self.replaced[place]))?;
            let meta = if kind == MOVED { Meta::default() } else { self.meta()? };
            return Ok(Row {
                path,
                content: RowContent::Moved(Moved {
                    place,
                    meta_too: kind == MOVED,
                }),
                meta,
            });
        }
        let path = self.path(None)?;
        let (content, meta) = match kind {
            TOMBSTONE => (Content::Tombstone, Meta::default()),
            FOLDER => (
                Content::Folder,
                Meta {
                    mode: self.mode()?,
                    mtime_ns: 0,
                },
            ),
            FILE | CHUNKED => {
                let meta = self.meta()?;
                (Content::File(self.file(kind)?), meta)
            }
            SYMLINK => {
                let len = self.sizes.uint("length of a link")?;
                let len = usize::try_from(len).map_err(|_| WireError::new("length of a link"))?;
                (
                    Content::Symlink(self.texts.raw(len, "target of a link")?.to_vec()),
                    Meta::default(),
                )
            }
            _ => return Err(WireError::new("kind of an entry")),
        };
        Ok(Row {
            path,
            content: RowContent::Here(content),
            meta,
        })
    }

    fn path(&mut self, beside: Option<usize>) -> Result<RelPath, WireError> {
        const WRONG: WireError = WireError::new("path");
        let length = |number: u64| usize::try_from(number).map_err(|_| WRONG);
        let last = self.rows.last().map_or(&[][..], |row| row.path.as_bytes());
        let shared = last.get(..length(self.shared.uint("path")?)?).ok_or(WRONG)?;
        let tail = self.texts.raw(length(self.tails.uint("path")?)?, "path")?;
        let alike = match beside {
            Some(row) => {
                let beside = self.rows.get(row).map_or(&[][..], |row| row.path.as_bytes());
                beside.get(length(self.dropped.uint("path")?)?..).ok_or(WRONG)?
            }
            None => &[],
        };
        let path = RelPath::new([shared, tail, alike].concat()).map_err(|_| WRONG)?;
        if path.is_root() || path.is_private() {
            Err(WRONG)
        } else {
            Ok(path)
        }
    }

    fn file(&mut self, kind: u8) -> Result<FileContent, WireError> {
        const WRONG: WireError = WireError::new("size of a file");
        let digest = Digest::new(*self.hash()?.as_bytes());
        let number = self.sizes.uint("size of a file")?;
        if kind == FILE {
            return Ok(FileContent {
                digest,
                size_bytes: number,
                chunks: Vec::new(),
            });
        }
        let count = usize::try_from(number).map_err(|_| WRONG)?;
        self.chunks = self.chunks.saturating_add(count);
        if count == 0 || count > self.sizes.left() || self.chunks > CHUNKS_MAX {
            return Err(WireError::new("number of chunks"));
        }
        let (mut chunks, mut total_bytes) = (Vec::with_capacity(count), 0u64);
        for _ in 0..count {
            let size_bytes = self.sizes.uint32("size of a chunk")?;
            total_bytes += u64::from(size_bytes);
            chunks.push(Chunk {
                id: self.hash()?,
                size_bytes,
            });
        }
        Ok(FileContent {
            digest,
            size_bytes: total_bytes,
            chunks,
        })
    }

    fn hash(&mut self) -> Result<ChunkId, WireError> {
        Ok(self.hashes[self.hash_cursor.read(&mut self.references, self.hashes.len(), "hash")?])
    }

    fn mode(&mut self) -> Result<u32, WireError> {
        self.modes.uint32("mode").and_then(|mode| {
            if mode > MODE_MAX {
                Err(WireError::new("mode"))
            } else {
                Ok(mode)
            }
        })
    }

    fn meta(&mut self) -> Result<Meta, WireError> {
        let mode = self.mode()?;
        Ok(Meta {
            mode,
            mtime_ns: self.times_ns.next().ok_or(WireError::new("column of times"))?,
        })
    }
}
