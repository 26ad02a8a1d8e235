//! The table of hashes of an object: each stands there once, all else refers to it.
//!
//! Chunks that travel inside come first and are not written at all: a reader hashes them. A
//! reference is the distance from the place behind the last one, so that files and packs in
//! the table's own order cost nothing once compressed.

use std::collections::BTreeMap;

use super::wire::{Reader, WireError, Writer};
use crate::ids::ChunkId;

/// Collects hashes in order of first use.
#[derive(Debug, Default)]
pub(super) struct HashWriter {
    places: BTreeMap<ChunkId, usize>,
    listed: Writer,
    listed_count: usize,
}

impl HashWriter {
    /// Begins with the hashes that a reader finds by itself.
    pub(super) fn new(found: impl IntoIterator<Item = ChunkId>) -> Self {
        let mut places = BTreeMap::new();
        for (place, id) in found.into_iter().enumerate() {
            places.entry(id).or_insert(place);
        }
        Self {
            places,
            ..Self::default()
        }
    }

    /// Gives the place of a hash, adding it if it is new; `found` of them are not listed.
    pub(super) fn place(&mut self, id: &ChunkId, found: usize) -> usize {
        let next = found + self.listed_count;
        let place = *self.places.entry(*id).or_insert(next);
        if place == next {
            self.listed.raw(id.as_bytes());
            self.listed_count += 1;
        }
        place
    }

    /// Writes how many are listed, and them.
    pub(super) fn finish(self, out: &mut Writer) {
        out.count(self.listed_count);
        out.raw(&self.listed.finish());
    }
}

/// Reads the listed hashes behind those that were found.
pub(super) fn read_hashes(read: &mut Reader<'_>, mut found: Vec<ChunkId>) -> Result<Vec<ChunkId>, WireError> {
    let listed = read.list(32, "table of hashes", |read| Ok(ChunkId::new(read.array("hash")?)))?;
    found.extend(listed);
    Ok(found)
}

/// Counts on from the last reference.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cursor {
    next: usize,
}

impl Cursor {
    /// Gives the place that costs least to write next.
    pub(super) fn expected(&self) -> usize {
        self.next
    }

    /// Writes a reference.
    pub(super) fn write(&mut self, out: &mut Writer, place: usize) {
        out.int(place as i64 - self.next as i64);
        self.next = place + 1;
    }

    /// Reads a reference to one of `count`.
    pub(super) fn read(&mut self, read: &mut Reader<'_>, count: usize, what: &'static str) -> Result<usize, WireError> {
        let distance = read.int(what)?;
        self.step(distance, count, what)
    }

    /// Follows a distance to one of `count`.
    pub(super) fn step(&mut self, distance: i64, count: usize, what: &'static str) -> Result<usize, WireError> {
        let place = i64::try_from(self.next)
            .ok()
            .and_then(|next| next.checked_add(distance));
        let place = place
            .and_then(|place| usize::try_from(place).ok())
            .filter(|place| *place < count);
        let place = place.ok_or(WireError::new(what))?;
        self.next = place + 1;
        Ok(place)
    }
}
