//! Reads the bytes of a manifest.

use super::dots::{DotsReader, Table};
use super::entries::{Moved, Row, RowContent};
use super::entries_read::Columns;
use super::envelope::{FormatError, Signed};
use super::hashes::{Cursor, read_hashes};
use super::manifest::{Manifest, PackRef, PostedEntry};
use super::manifest_write::{CONFIRMED, HAS_PREDECESSOR, OTHER_PACK, OWN_PACK};
use super::wire::{Reader, WireError};
use crate::dot::Dot;
use crate::entry::{Content, Value};
use crate::ids::{ChunkId, LocationId, ManifestHash, PublicKey};
use crate::limits::CHANGESET_ENTRIES_MAX;
use crate::object_name::ObjectName;
use crate::rel_path::PathKey;
use crate::seal::ArchiveKeys;

impl Manifest {
    /// Opens and verifies one that was made by [`Self::encode`].
    pub fn decode(
        keys: &ArchiveKeys,
        name: &ObjectName,
        sealed: &[u8],
        author_key: impl Fn(&LocationId) -> Option<PublicKey>,
    ) -> Result<Self, FormatError> {
        Self::decode_against(keys, name, sealed, author_key, |_, _| None)
    }

    /// Opens and verifies one; contents that are only named are looked up in `known`.
    ///
    /// [`FormatError::Unresolved`] if one is not at hand: such a manifest counts as absent.
    pub fn decode_against(
        keys: &ArchiveKeys,
        name: &ObjectName,
        sealed: &[u8],
        author_key: impl Fn(&LocationId) -> Option<PublicKey>,
        known: impl Fn(&PathKey, &Dot) -> Option<Value>,
    ) -> Result<Self, FormatError> {
        let ObjectName::Manifest { author, sequence } = *name else {
            return Err(FormatError::WrongKind);
        };
        let signed = Signed::open(keys, name, sealed)?;
        let parts = read(author, sequence, signed.verified(keys, author_key)?, keys)?;
        parts.resolve(known)
    }

    /// Opens and verifies one without its entries: all that pruning needs, and no version at hand.
    pub fn decode_outline(
        keys: &ArchiveKeys,
        name: &ObjectName,
        sealed: &[u8],
        author_key: impl Fn(&LocationId) -> Option<PublicKey>,
    ) -> Result<Self, FormatError> {
        let ObjectName::Manifest { author, sequence } = *name else {
            return Err(FormatError::WrongKind);
        };
        let signed = Signed::open(keys, name, sealed)?;
        Ok(read(author, sequence, signed.verified(keys, author_key)?, keys)?.outline)
    }
}

/// A manifest whose moved contents are not looked up yet.
pub(super) struct Parts {
    /// All but the entries.
    pub(super) outline: Manifest,
    rows: Vec<Row>,
    replaced: Vec<(usize, Dot)>,
}

impl Parts {
    /// Looks up what is only named.
    pub(super) fn resolve(self, known: impl Fn(&PathKey, &Dot) -> Option<Value>) -> Result<Manifest, FormatError> {
        let Self {
            outline,
            rows,
            replaced,
        } = self;
        let mut values = Vec::with_capacity(rows.len());
        for row in &rows {
            values.push(match &row.content {
                RowContent::Here(content) => Value {
                    path: row.path.clone(),
                    content: content.clone(),
                    meta: row.meta,
                },
                RowContent::Moved(moved) => find_moved(row, moved, &rows, &replaced, &known)?,
            });
        }
        let mut entries: Vec<_> = values
            .into_iter()
            .map(|value| PostedEntry {
                value,
                replaces: Vec::new(),
            })
            .collect();
        replaced
            .into_iter()
            .for_each(|(row, dot)| entries[row].replaces.push(dot));
        Ok(Manifest { entries, ..outline })
    }
}

fn find_moved(
    row: &Row,
    moved: &Moved,
    rows: &[Row],
    replaced: &[(usize, Dot)],
    known: impl Fn(&PathKey, &Dot) -> Option<Value>,
) -> Result<Value, FormatError> {
    let (owner, dot) = &replaced[moved.place];
    let version = known(&rows[*owner].path.key(), dot).filter(|value| matches!(value.content, Content::File(_)));
    let Value { content, meta, .. } = version.ok_or(FormatError::Unresolved(*dot))?;
    Ok(Value {
        path: row.path.clone(),
        content,
        meta: if moved.meta_too { meta } else { row.meta },
    })
}

/// Reads a manifest's content.
pub(super) fn read(author: LocationId, sequence: u64, content: &[u8], keys: &ArchiveKeys) -> Result<Parts, WireError> {
    let mut read = Reader::new(content);
    let flags = read.byte("flags")?;
    if flags & !(HAS_PREDECESSOR | CONFIRMED) != 0 || sequence == 0 {
        return Err(WireError::new("flags or sequence of a manifest"));
    }
    let predecessor = if flags & HAS_PREDECESSOR == 0 {
        None
    } else {
        Some(ManifestHash::new(read.array("predecessor")?))
    };
    let created_ns = read.int("time")?;
    let (table, context) = Table::read(&mut read)?;
    let (counts, replaced) = read_replaced(&mut read, &table)?;
    let columns = Columns::read(&mut read)?;
    if columns.rows() > CHANGESET_ENTRIES_MAX || columns.rows() != counts {
        return Err(WireError::new("number of entries"));
    }
    let (packs, references) = read_packs(&mut read, author, sequence)?;
    let inline = read_inline(&mut read)?;
    let hashes = read_hashes(&mut read, inline.iter().map(|content| keys.chunk_id(content)).collect())?;
    read.finish("end of the manifest")?;
    let owners: Vec<usize> = replaced.iter().map(|(row, _)| *row).collect();
    let rows = columns.into_rows(&hashes, &owners)?;
    let packs = refer(packs, references, &hashes)?;
    let outline = Manifest {
        author,
        sequence,
        predecessor,
        context,
        created_ns,
        deletions_confirmed: flags & CONFIRMED != 0,
        entries: Vec::new(),
        packs,
        inline,
    };
    Ok(Parts {
        outline,
        rows,
        replaced,
    })
}

/// Reads how many entries there are, and each replaced dot with its entry.
fn read_replaced<'a>(read: &mut Reader<'a>, table: &'a Table) -> Result<(usize, Vec<(usize, Dot)>), WireError> {
    let mut counts = Reader::new(read.bytes("numbers of replaced dots")?);
    let mut dots = DotsReader::new(read, table)?;
    let (mut row, mut replaced) = (0, Vec::new());
    while counts.left() > 0 {
        let count = counts.uint("number of replaced dots")?;
        if count > dots.left() as u64 {
            return Err(WireError::new("number of replaced dots"));
        }
        for _ in 0..count {
            replaced.push((row, dots.next()?));
        }
        row += 1;
    }
    dots.finish()?;
    Ok((row, replaced))
}

type Distances = Vec<i64>;

/// Reads packs without their chunks, whose table comes later, and the distances to these.
fn read_packs(
    read: &mut Reader<'_>,
    author: LocationId,
    sequence: u64,
) -> Result<(Vec<PackRef>, Vec<Distances>), WireError> {
    let count = read.count(11, "packs")?;
    let (mut packs, mut references) = (Vec::new(), Vec::new());
    for _ in 0..count {
        let name = match read.byte("kind of a pack's name")? {
            OWN_PACK => ObjectName::Pack {
                author,
                sequence,
                random: read.array("name of a pack")?,
            },
            OTHER_PACK => read
                .text("name of a pack")?
                .parse()
                .map_err(|_| WireError::new("name of a pack"))?,
            _ => return Err(WireError::new("kind of a pack's name")),
        };
        packs.push(PackRef {
            name,
            size_bytes: read.uint("size of a pack")?,
            chunks: Vec::new(),
        });
        references.push(read.list(1, "chunks of a pack", |read| read.int("chunk of a pack"))?);
    }
    Ok((packs, references))
}

fn refer(mut packs: Vec<PackRef>, references: Vec<Distances>, hashes: &[ChunkId]) -> Result<Vec<PackRef>, WireError> {
    let mut cursor = Cursor::default();
    for (pack, distances) in packs.iter_mut().zip(references) {
        for distance in distances {
            pack.chunks
                .push(hashes[cursor.step(distance, hashes.len(), "chunk of a pack")?]);
        }
    }
    Ok(packs)
}

fn read_inline(read: &mut Reader<'_>) -> Result<Vec<Vec<u8>>, WireError> {
    let lengths = read.list(1, "contents inside", |read| read.uint32("length of a content"))?;
    lengths
        .into_iter()
        .map(|len| Ok(read.raw(len as usize, "content inside")?.to_vec()))
        .collect()
}

#[cfg(test)]
#[path = "manifest_tests.rs"]
mod tests;
