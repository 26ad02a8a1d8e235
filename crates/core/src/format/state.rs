//! State: a whole index for merging, served to one location in parts.
//!
//! All parts of a state carry its random id, its vector and how many they are. Only together
//! may they be merged: a part alone would drop what the others hold.

use super::dots::{DotsReader, DotsWriter, Table};
use super::entries::{RowContent, RowsWriter};
use super::entries_read::Columns;
use super::envelope::FormatError;
use super::hashes::read_hashes;
use super::wire::{Reader, WireError, Writer};
use crate::dot::Dot;
use crate::entry::{Content, Value, Version};
use crate::object_name::ObjectName;
use crate::rel_path::PathKey;
use crate::seal::{ArchiveKeys, SEAL_BYTES, open, seal};
use crate::siblings::Siblings;
use crate::version_vector::VersionVector;

/// Versions in one part of a state.
pub const STATE_PART_VERSIONS_MAX: usize = 100_000;

/// Bytes that columns and their lengths take at most beside rows and vector.
const PART_BYTES: usize = 256;
/// Bytes that a version takes at most beside path, target and chunks.
const VERSION_BYTES: usize = 112;
/// Bytes that a chunk takes at most.
const CHUNK_BYTES: usize = 48;

/// One part of a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// Tells this state's parts from those of any other: 16 random bytes.
    pub id: [u8; 16],
    /// Which part this is, from 0.
    pub part: u32,
    /// How many parts there are.
    pub parts: u32,
    /// What the whole state covers; the same in every part.
    pub vector: VersionVector,
    /// The siblings in this part, in order of key; parts follow one another.
    pub siblings: Vec<(PathKey, Siblings)>,
}

impl State {
    /// Cuts a state into parts whose sealed size is at most `part_bytes_max`.
    ///
    /// A path whose siblings alone are larger gets a part of its own. There is at least one part.
    pub fn split(
        id: [u8; 16],
        vector: &VersionVector,
        siblings: Vec<(PathKey, Siblings)>,
        part_bytes_max: usize,
    ) -> Vec<Self> {
        let fixed_bytes = SEAL_BYTES + PART_BYTES + 26 * vector.iter().count();
        let (mut parts, mut rows, mut bytes, mut versions) = (Vec::new(), Vec::new(), fixed_bytes, 0);
        for (key, row) in siblings {
            let (row_bytes, row_versions) = (size_bytes_max(&row), row.iter().count());
            let is_full = bytes + row_bytes > part_bytes_max || versions + row_versions > STATE_PART_VERSIONS_MAX;
            if is_full && !rows.is_empty() {
                parts.push(std::mem::take(&mut rows));
                (bytes, versions) = (fixed_bytes, 0);
            }
            bytes += row_bytes;
            versions += row_versions;
            rows.push((key, row));
        }
        parts.push(rows);
        let count = u32::try_from(parts.len()).expect("fewer parts than 2^32 fit in memory");
        let part = |(part, siblings)| Self {
            id,
            part,
            parts: count,
            vector: vector.clone(),
            siblings,
        };
        (0..count).zip(parts).map(part).collect()
    }

    /// Puts all parts of one state together; `None` while one is missing or they do not belong together.
    pub fn join(mut parts: Vec<Self>) -> Option<Self> {
        parts.sort_by_key(|part| part.part);
        parts.dedup_by_key(|part| part.part);
        let first = parts.first()?;
        let (id, count, vector) = (first.id, first.parts, first.vector.clone());
        let belongs = |part: &Self| part.id == id && part.parts == count && part.vector == vector;
        if parts.len() as u64 != u64::from(count) || !parts.iter().all(belongs) {
            return None;
        }
        let siblings: Vec<_> = parts.into_iter().flat_map(|part| part.siblings).collect();
        let is_sorted = siblings.is_sorted_by(|(a, _), (b, _)| a < b);
        is_sorted.then_some(Self {
            id,
            part: 0,
            parts: 1,
            vector,
            siblings,
        })
    }

    /// Seals this part under the name of a served state. Paths without siblings are left out.
    pub fn encode(&self, keys: &ArchiveKeys, name: &ObjectName, nonce: [u8; 24]) -> Vec<u8> {
        seal(keys, name, nonce, &self.write())
    }

    /// Opens a part.
    pub fn decode(keys: &ArchiveKeys, name: &ObjectName, sealed: &[u8]) -> Result<Self, FormatError> {
        if !matches!(name, ObjectName::ServedState { .. }) {
            return Err(FormatError::WrongKind);
        }
        Ok(Self::read(&open(keys, name, sealed)?)?)
    }

    fn write(&self) -> Vec<u8> {
        let mut out = Writer::default();
        out.raw(&self.id);
        out.uint(u64::from(self.part));
        out.uint(u64::from(self.parts));
        let versions = || self.siblings.iter().flat_map(|(_, siblings)| siblings.iter());
        let table = Table::new(&self.vector, versions().map(|(dot, _)| dot));
        table.write(&mut out, &self.vector);
        let (mut counts, mut histories) = (Writer::default(), Writer::default());
        let (mut dots, mut rows, mut last) = (DotsWriter::default(), RowsWriter::default(), 0u64);
        for (_, siblings) in self.siblings.iter().filter(|(_, siblings)| !siblings.is_empty()) {
            counts.count(siblings.iter().count());
            for (dot, version) in siblings.iter() {
                dots.push(&table, dot);
                histories.int(version.history.wrapping_sub(last) as i64);
                last = version.history;
                rows.push(&version.value);
            }
        }
        out.bytes(&counts.finish());
        out.bytes(&histories.finish());
        dots.finish(&mut out);
        let mut hashes = Writer::default();
        rows.finish(&mut out, &mut hashes);
        out.raw(&hashes.finish());
        out.finish()
    }

    fn read(body: &[u8]) -> Result<Self, WireError> {
        let mut read = Reader::new(body);
        let (id, part, parts) = (
            read.array("id of a state")?,
            read.uint32("part")?,
            read.uint32("parts")?,
        );
        if part >= parts {
            return Err(WireError::new("number of parts"));
        }
        let (table, vector) = Table::read(&mut read)?;
        let counts = Reader::new(read.bytes("numbers of siblings")?);
        let histories = Reader::new(read.bytes("histories")?);
        let dots = DotsReader::new(&mut read, &table)?;
        let columns = Columns::read(&mut read)?;
        if columns.rows() > STATE_PART_VERSIONS_MAX {
            return Err(WireError::new("number of versions"));
        }
        let hashes = read_hashes(&mut read, Vec::new())?;
        read.finish("end of the state")?;
        let rows = columns.into_rows(&hashes, &[])?;
        let versions = rows.into_iter().map(|row| match row.content {
            RowContent::Here(content) => Ok(Value {
                path: row.path,
                content,
                meta: row.meta,
            }),
            RowContent::Moved(_) => Err(WireError::new("kind of an entry")),
        });
        let versions = read_versions(versions, histories, dots)?;
        Ok(Self {
            id,
            part,
            parts,
            vector,
            siblings: group(versions, counts)?,
        })
    }
}

fn read_versions(
    values: impl Iterator<Item = Result<Value, WireError>>,
    mut histories: Reader<'_>,
    mut dots: DotsReader<'_>,
) -> Result<Vec<(Dot, Version)>, WireError> {
    let (mut versions, mut history) = (Vec::new(), 0u64);
    for value in values {
        history = history.wrapping_add(histories.int("history")? as u64);
        versions.push((dots.next()?, Version { value: value?, history }));
    }
    dots.finish()?;
    histories.finish("end of the histories")?;
    Ok(versions)
}

fn group(versions: Vec<(Dot, Version)>, mut counts: Reader<'_>) -> Result<Vec<(PathKey, Siblings)>, WireError> {
    const WRONG: WireError = WireError::new("siblings of a path");
    let (mut groups, mut versions) = (Vec::<(PathKey, Siblings)>::new(), versions.into_iter());
    while counts.left() > 0 {
        let count = usize::try_from(counts.uint("number of siblings")?).map_err(|_| WRONG)?;
        let group: Vec<_> = versions.by_ref().take(count).collect();
        let key = group.first().ok_or(WRONG)?.1.value.path.key();
        let is_one_path = group.iter().all(|(_, version)| version.value.path.key() == key);
        let is_in_order = groups.last().is_none_or(|(last, _)| *last < key);
        if group.len() != count || !is_one_path || !is_in_order || !group.is_sorted_by(|a, b| a.0 < b.0) {
            return Err(WRONG);
        }
        groups.push((key, group.into_iter().collect()));
    }
    if versions.next().is_some() {
        Err(WRONG)
    } else {
        Ok(groups)
    }
}

fn size_bytes_max(siblings: &Siblings) -> usize {
    let version_bytes = |version: &Version| {
        let content_bytes = match &version.value.content {
            Content::File(file) => CHUNK_BYTES * file.chunks.len(),
            Content::Symlink(target) => target.len(),
            Content::Tombstone | Content::Folder => 0,
        };
        VERSION_BYTES + version.value.path.as_bytes().len() + content_bytes
    };
    siblings.iter().map(|(_, version)| version_bytes(version)).sum()
}

#[cfg(test)]
#[path = "state_tests.rs"]
mod tests;
