//! The index: entries, places and notes, persisted on the drive in atomic batches.

use crate::dot::Dot;
use crate::ids::ChunkId;
use crate::place::Place;
use crate::rel_path::PathKey;
use crate::siblings::Siblings;

/// What is wrong with the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IndexErrorKind {
    /// The drive went away under it.
    Gone,
    /// No space left on the drive.
    Full,
    /// It cannot be written.
    ReadOnly,
    /// What is stored makes no sense.
    Damaged,
    /// One row is not as it was written; [`IndexStore::drop_damaged`] lets go of it.
    DamagedRow,
    /// It was written by a newer Offsync.
    Newer,
    /// Anything else.
    Other,
}

/// The index could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("the archive's index cannot be used: {reason}")]
pub struct IndexError {
    kind: IndexErrorKind,
    reason: String,
}

impl IndexError {
    /// Makes an error from its kind and what the store said.
    pub fn new(kind: IndexErrorKind, reason: impl Into<String>) -> Self {
        Self {
            kind,
            reason: reason.into(),
        }
    }

    /// Tells what is wrong.
    pub fn kind(&self) -> IndexErrorKind {
        self.kind
    }
}

/// One change of the index.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(
    clippy::large_enum_variant,
    reason = "most are places; a box for each would cost more than the room"
)]
pub enum IndexWrite {
    /// Sets the siblings of a path; empty siblings remove the row.
    Entry(PathKey, Siblings),
    /// Sets or removes the place of a path.
    Place(PathKey, Option<Place>),
    /// Sets or removes a note: a small named value.
    Note(String, Option<Vec<u8>>),
}

/// What was let go of, since it was not as it was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DroppedRows {
    /// Entries.
    pub entries: u64,
    /// Places.
    pub places: u64,
}

/// Keeps the index of one archive at one location.
///
/// All reads see all commits. A commit is atomic and durable: after a power cut it is
/// there as a whole or not at all, and so are all before it. A row is given as it was written, or not at all: one that
/// is not fails whatever reads it with [`IndexErrorKind::DamagedRow`].
pub trait IndexStore: Send {
    /// Gives the siblings of a path; empty if unknown.
    fn entry(&self, key: &PathKey) -> Result<Siblings, IndexError>;
    /// Gives the entries directly in a folder, in order of key.
    fn entries_in(&self, folder: &PathKey) -> Result<Vec<(PathKey, Siblings)>, IndexError>;
    /// Gives up to `limit` entries (tombstones too) behind `after`, in order of key.
    fn entries_after(&self, after: Option<&PathKey>, limit: usize) -> Result<Vec<(PathKey, Siblings)>, IndexError>;
    /// Gives the direct children of a folder below which something lives at any depth, in order.
    ///
    /// A child counts for what lives strictly below it, not for itself.
    fn live_folders_in(&self, folder: &PathKey) -> Result<Vec<PathKey>, IndexError>;
    /// Tells whether anything lives strictly below a folder.
    fn has_live_below(&self, folder: &PathKey) -> Result<bool, IndexError>;
    /// Gives the entries that have a tombstone among their siblings, in order of key.
    fn entries_with_tombstones(&self) -> Result<Vec<(PathKey, Siblings)>, IndexError>;
    /// Gives the place of a path.
    fn place(&self, key: &PathKey) -> Result<Option<Place>, IndexError>;
    /// Gives the places directly in a folder, in order of key.
    fn places_in(&self, folder: &PathKey) -> Result<Vec<(PathKey, Place)>, IndexError>;
    /// Gives up to `limit` places behind `after`, in order of key.
    fn places_after(&self, after: Option<&PathKey>, limit: usize) -> Result<Vec<(PathKey, Place)>, IndexError>;
    /// Gives the places at which [`Place::is_changed`] holds, in order of key.
    fn changed_places(&self) -> Result<Vec<(PathKey, Place)>, IndexError>;
    /// Gives the live versions whose content holds a chunk.
    fn versions_with_chunk(&self, chunk: &ChunkId) -> Result<Vec<(PathKey, Dot)>, IndexError>;
    /// Gives the places whose content on the disk holds a chunk.
    fn places_with_chunk(&self, chunk: &ChunkId) -> Result<Vec<PathKey>, IndexError>;
    /// Gives a note.
    fn note(&self, name: &str) -> Result<Option<Vec<u8>>, IndexError>;
    /// Gives the notes whose names begin with `prefix`, in order of name.
    fn notes(&self, prefix: &str) -> Result<Vec<(String, Vec<u8>)>, IndexError>;
    /// Counts the places that hold a file on the disk.
    fn count_files(&self) -> Result<u64, IndexError>;
    /// Applies all writes, in order, or none.
    fn commit(&mut self, writes: Vec<IndexWrite>) -> Result<(), IndexError>;
    /// Reads all entries and places, and lets go of those that are not as they were written.
    fn drop_damaged(&mut self) -> Result<DroppedRows, IndexError>;
    /// Reads all notes; fails with [`IndexErrorKind::DamagedRow`] if one is not as it was written, or under another name.
    fn check_notes(&self) -> Result<(), IndexError>;
    /// Lets go of the notes that are not as they were written, and gives their names as they are now.
    fn drop_damaged_notes(&mut self) -> Result<Vec<String>, IndexError>;
}
