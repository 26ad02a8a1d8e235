//! What one path holds: content, metadata and spelling.

use serde::{Deserialize, Serialize};

use crate::ids::{ChunkId, Digest};
use crate::rel_path::{RelPath, bytes};

/// The content of a file, by hash.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FileContent {
    /// Hash of the whole content.
    pub digest: Digest,
    /// Length in bytes.
    pub size_bytes: u64,
    /// Pieces in order, when there are at least two; a smaller file is one chunk named by `digest`.
    pub chunks: Vec<Chunk>,
}

/// One content-defined piece of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Chunk {
    /// Hash of the piece.
    pub id: ChunkId,
    /// Length in bytes.
    pub size_bytes: u32,
}

impl FileContent {
    /// Gives all chunks in order as (id, offset, length); an empty file has none.
    pub fn pieces(&self) -> Vec<(ChunkId, u64, u64)> {
        if self.size_bytes == 0 {
            return Vec::new();
        }
        if self.chunks.is_empty() {
            return vec![(self.digest.into(), 0, self.size_bytes)];
        }
        let mut offset = 0;
        let place = |chunk: &Chunk| {
            let piece = (chunk.id, offset, u64::from(chunk.size_bytes));
            offset += u64::from(chunk.size_bytes);
            piece
        };
        self.chunks.iter().map(place).collect()
    }
}

/// What stands at a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Content {
    /// Nothing any more: a deletion.
    Tombstone,
    /// A folder that is listed for its own sake, empty or not.
    Folder,
    /// A file.
    File(FileContent),
    /// A symbolic link, kept as data: the bytes it points at.
    Symlink(#[serde(with = "bytes")] Vec<u8>),
}

impl Content {
    /// Tells whether something stands there.
    pub fn is_live(&self) -> bool {
        !matches!(self, Self::Tombstone)
    }

    /// Tells whether this is a file.
    pub fn is_file(&self) -> bool {
        matches!(self, Self::File(_))
    }

    /// Tells whether this is a folder.
    pub fn is_folder(&self) -> bool {
        matches!(self, Self::Folder)
    }

    /// Gives the chunks that must be at hand to show this.
    pub fn chunk_ids(&self) -> Vec<ChunkId> {
        match self {
            Self::File(file) => file.pieces().into_iter().map(|(id, _, _)| id).collect(),
            Self::Tombstone | Self::Folder | Self::Symlink(_) => Vec::new(),
        }
    }

    /// Gives the length in bytes of a file; 0 for all else.
    pub fn size_bytes(&self) -> u64 {
        match self {
            Self::File(file) => file.size_bytes,
            Self::Tombstone | Self::Folder | Self::Symlink(_) => 0,
        }
    }

    /// Gives a hash that tells contents apart, for names and order; the same everywhere.
    pub fn tag(&self) -> [u8; 32] {
        match self {
            Self::File(file) => *file.digest.as_bytes(),
            Self::Symlink(target) => blake3::derive_key("offsync v1 symlink tag", target),
            Self::Folder => [0; 32],
            Self::Tombstone => [0xff; 32],
        }
    }

    /// Tells whether two contents are the same thing to a person.
    pub fn same_as(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::File(a), Self::File(b)) => a.digest == b.digest && a.size_bytes == b.size_bytes,
            _ => self == other,
        }
    }
}

/// Times and permissions.
///
/// A folder has a mode and no time (its time changes whenever a child does);
/// a symlink and a tombstone have neither.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Meta {
    /// Unix permission bits, `0o777` at most.
    pub mode: u32,
    /// Last modification in nanoseconds since 1970, UTC.
    pub mtime_ns: i64,
}

/// What one path shows: spelling, content, metadata.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Value {
    /// The path as it is spelled.
    pub path: RelPath,
    /// What stands there.
    pub content: Content,
    /// Times and permissions.
    pub meta: Meta,
}

impl Value {
    /// Makes the value that says "nothing here any more".
    pub fn tombstone(path: RelPath) -> Self {
        Self {
            path,
            content: Content::Tombstone,
            meta: Meta::default(),
        }
    }

    /// Tells whether two values look alike in their folder: name, content, metadata.
    ///
    /// How the folders above are spelled is their own affair, so that changing the case of
    /// one folder's name changes one entry.
    pub fn looks_like(&self, other: &Self) -> bool {
        self.path.name() == other.path.name() && self.same_content(other) && self.meta == other.meta
    }

    /// Tells whether only times, permissions or spelling differ.
    pub fn same_content(&self, other: &Self) -> bool {
        self.content.same_as(&other.content)
    }
}

/// One version of a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Version {
    /// What it says.
    pub value: Value,
    /// Sum of the author's vector when it was made: the more history, the stronger.
    pub history: u64,
}
