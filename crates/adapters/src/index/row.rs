//! What one row holds, as bytes.
//!
//! Every body begins with the number of its format and a sum over all that follows and the row's key, so that a row is read
//! as it was written or not at all. Never panics on bytes that make no sense.

use offsync_core::ids::ChunkId;
use offsync_core::place::Place;
use offsync_core::ports::{IndexError, IndexErrorKind};
use offsync_core::rel_path::PathKey;
use offsync_core::siblings::Siblings;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::errors::damaged_row;
use super::schema::{ENTRY_LIVE, ENTRY_TOMBSTONE, PLACE_CHANGED, PLACE_FILE};

/// The first byte of every body written now.
const FORMAT: u8 = 2;

/// The first byte of bodies that carry no sum: nothing tells of these whether they are as they were written.
const WITHOUT_SUM: u8 = 1;

/// How long a sum is in bytes. It stands against wear, not against anybody.
const SUM_BYTES: usize = 8;

/// Lays out the siblings of an entry.
pub(super) fn pack_siblings(key: &PathKey, siblings: &Siblings) -> Result<Vec<u8>, IndexError> {
    pack(key.as_bytes(), siblings)
}

/// Reads the siblings of an entry.
pub(super) fn unpack_siblings(key: &[u8], body: &[u8]) -> Result<Siblings, IndexError> {
    unpack(key, body)
}

/// Lays out a place.
pub(super) fn pack_place(key: &PathKey, place: &Place) -> Result<Vec<u8>, IndexError> {
    pack(key.as_bytes(), place)
}

/// Reads a place.
pub(super) fn unpack_place(key: &[u8], body: &[u8]) -> Result<Place, IndexError> {
    unpack(key, body)
}

/// Gives the flags of an entry's row.
pub(super) fn entry_flags(siblings: &Siblings) -> i64 {
    let live = if siblings.is_live() { ENTRY_LIVE } else { 0 };
    let tombstone = if siblings.tombstones().next().is_some() {
        ENTRY_TOMBSTONE
    } else {
        0
    };
    live | tombstone
}

/// Gives the flags of a place's row.
pub(super) fn place_flags(place: &Place) -> i64 {
    let is_file = place
        .on_disk()
        .is_some_and(|value| matches!(value.content, offsync_core::entry::Content::File(_)));
    let file = if is_file { PLACE_FILE } else { 0 };
    let changed = if place.is_changed() { PLACE_CHANGED } else { 0 };
    file | changed
}

/// Gives the column by which a chunk is found; other chunks may share it.
pub(super) fn chunk_column(chunk: &ChunkId) -> i64 {
    let (first, _) = chunk.as_bytes().split_first_chunk().expect("an id has 32 bytes");
    i64::from_be_bytes(*first)
}

/// Whether the notes of an index carry sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoteSums {
    Carried,
    /// As in an index of before, to which nothing can be written now that would change that.
    Unknown,
}

impl NoteSums {
    /// Lays out a note.
    pub(super) fn pack(self, name: &str, value: &[u8]) -> Vec<u8> {
        match self {
            Self::Carried => pack_note(name, value),
            Self::Unknown => value.to_vec(),
        }
    }

    /// Reads a note.
    pub(super) fn unpack<'b>(self, name: &[u8], body: &'b [u8]) -> Result<&'b [u8], IndexError> {
        match self {
            Self::Carried => unpack_note(name, body),
            Self::Unknown => Ok(body),
        }
    }
}

/// Lays out a note with its sum.
pub(super) fn pack_note(name: &str, value: &[u8]) -> Vec<u8> {
    let mut body = vec![FORMAT];
    body.extend(sum(name.as_bytes(), value));
    body.extend(value);
    body
}

/// Reads a note with its sum: gives what was laid out under just that name.
fn unpack_note<'b>(name: &[u8], body: &'b [u8]) -> Result<&'b [u8], IndexError> {
    let summed = body
        .split_first()
        .and_then(|(number, rest)| Some((*number, rest.split_first_chunk()?)));
    match summed {
        Some((FORMAT, (written, value))) if *written == sum(name, value) => Ok(value),
        _ => Err(damaged_row("a note is not as it was written")),
    }
}

fn pack<T: Serialize>(key: &[u8], value: &T) -> Result<Vec<u8>, IndexError> {
    let failed = |error| IndexError::new(IndexErrorKind::Other, format!("a row cannot be laid out: {error}"));
    let mut body = postcard::to_extend(value, vec![0; 1 + SUM_BYTES]).map_err(failed)?;
    let sum = sum(key, &body[1 + SUM_BYTES..]);
    body[0] = FORMAT;
    body[1..=SUM_BYTES].copy_from_slice(&sum);
    Ok(body)
}

fn unpack<T: DeserializeOwned>(key: &[u8], body: &[u8]) -> Result<T, IndexError> {
    let Some((number, rest)) = body.split_first() else {
        return Err(damaged_row("a row is empty"));
    };
    let summed = rest.split_first_chunk::<SUM_BYTES>();
    let sound = summed.filter(|(written, value)| **written == sum(key, value));
    let value = match (*number, sound) {
        (FORMAT, Some((_, value))) => value,
        (WITHOUT_SUM, _) => rest,
        // With a sum of ours the number alone is what is wrong.
        (newer, None) if newer > FORMAT => {
            return Err(IndexError::new(
                IndexErrorKind::Newer,
                "a row was written by a newer Offsync",
            ));
        }
        _ => return Err(damaged_row("a row is not as it was written")),
    };
    postcard::from_bytes(value).map_err(|_| damaged_row("a row cannot be read"))
}

fn sum(key: &[u8], value: &[u8]) -> [u8; SUM_BYTES] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&[FORMAT]);
    hasher.update(&(key.len() as u64).to_le_bytes());
    hasher.update(key).update(value);
    *hasher
        .finalize()
        .as_bytes()
        .first_chunk()
        .expect("a hash is longer than a sum")
}
