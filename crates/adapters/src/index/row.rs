//! What one row holds, as bytes.
//!
//! Every body begins with the number of its format. Never panics on bytes that make no sense.

use offsync_core::ids::ChunkId;
use offsync_core::place::Place;
use offsync_core::ports::{IndexError, IndexErrorKind};
use offsync_core::siblings::Siblings;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::errors::damaged;
use super::schema::{ENTRY_LIVE, ENTRY_TOMBSTONE, PLACE_CHANGED, PLACE_FILE};

/// The first byte of every body written now.
const FORMAT: u8 = 1;

/// Lays out the siblings of an entry.
pub(super) fn pack_siblings(siblings: &Siblings) -> Result<Vec<u8>, IndexError> {
    pack(siblings)
}

/// Reads the siblings of an entry.
pub(super) fn unpack_siblings(body: &[u8]) -> Result<Siblings, IndexError> {
    unpack(body)
}

/// Lays out a place.
pub(super) fn pack_place(place: &Place) -> Result<Vec<u8>, IndexError> {
    pack(place)
}

/// Reads a place.
pub(super) fn unpack_place(body: &[u8]) -> Result<Place, IndexError> {
    unpack(body)
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

fn pack<T: Serialize>(value: &T) -> Result<Vec<u8>, IndexError> {
    let failed = |error| IndexError::new(IndexErrorKind::Other, format!("a row cannot be laid out: {error}"));
    postcard::to_extend(value, vec![FORMAT]).map_err(failed)
}

fn unpack<T: DeserializeOwned>(body: &[u8]) -> Result<T, IndexError> {
    match body.split_first() {
        Some((&FORMAT, rest)) => postcard::from_bytes(rest).map_err(|_| damaged("a row cannot be read")),
        Some((number, _)) if *number > FORMAT => Err(IndexError::new(
            IndexErrorKind::Newer,
            "a row was written by a newer Offsync",
        )),
        _ => Err(damaged("a row is empty")),
    }
}
