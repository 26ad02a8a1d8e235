//! The manifest: one location's changeset, posted last, so that its presence completes it.

use crate::dot::Dot;
use crate::entry::Value;
use crate::ids::{ChunkId, LocationId, ManifestHash};
use crate::object_name::ObjectName;
use crate::rel_path::PathKey;
use crate::siblings::Siblings;
use crate::version_vector::VersionVector;

/// One change: a path's new version and the versions that it replaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostedEntry {
    /// What stands there now; its path is the origin as it is spelled.
    pub value: Value,
    /// The dots that the author's drive showed there.
    pub replaces: Vec<Dot>,
}

impl PostedEntry {
    /// Gives the key of the path that changed.
    pub fn origin(&self) -> PathKey {
        self.value.path.key()
    }

    /// Tells whether it takes the place of nothing that is there.
    pub fn is_new_to(&self, siblings: &Siblings) -> bool {
        !siblings.live().any(|(dot, _)| self.replaces.contains(dot))
    }
}

/// A pack of a changeset and what it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackRef {
    /// The pack's name.
    pub name: ObjectName,
    /// Its sealed size in bytes.
    pub size_bytes: u64,
    /// Its chunks, in order.
    pub chunks: Vec<ChunkId>,
}

/// One location's changes since its last changeset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// Who changed something.
    pub author: LocationId,
    /// The author's sequence, from 1.
    pub sequence: u64,
    /// The author's manifest before this one; `None` for the first.
    pub predecessor: Option<ManifestHash>,
    /// The author's vector before this changeset, its own last sequence included.
    pub context: VersionVector,
    /// When it was made by the author's clock, in nanoseconds since 1970.
    pub created_ns: i64,
    /// A person said yes to many deletions where they were made.
    pub deletions_confirmed: bool,
    /// The changes, in order of their dots.
    pub entries: Vec<PostedEntry>,
    /// The packs that were posted for it.
    pub packs: Vec<PackRef>,
    /// Contents of chunks that travel inside.
    pub inline: Vec<Vec<u8>>,
}

impl Manifest {
    /// Gives the name under which it is stored.
    pub fn name(&self) -> ObjectName {
        ObjectName::Manifest {
            author: self.author,
            sequence: self.sequence,
        }
    }

    /// Gives the dot of the entry at a place.
    pub fn dot(&self, i: usize) -> Dot {
        let ordinal = u32::try_from(i).expect("a changeset has fewer entries than 2^32");
        Dot {
            location: self.author,
            sequence: self.sequence,
            ordinal,
        }
    }

    /// Gives the history of its entries: the sum of the context.
    pub fn history(&self) -> u64 {
        let mut context = self.context.clone();
        context.raise(self.author, self.sequence.saturating_sub(1));
        context.history()
    }

    /// Names a sealed manifest, for its successor.
    pub fn hash(sealed: &[u8]) -> ManifestHash {
        ManifestHash::new(*blake3::hash(sealed).as_bytes())
    }
}
