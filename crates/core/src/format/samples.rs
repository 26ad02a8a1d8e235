//! Values for the tests of formats: keys, and any value that may stand in an archive.

use proptest::prelude::*;

use crate::dot::Dot;
use crate::entry::{Chunk, Content, FileContent, Meta, Value};
use crate::ids::{ArchiveId, ChunkId, Digest, LocationId, PublicKey};
use crate::object_name::ObjectName;
use crate::rel_path::RelPath;
use crate::seal::{ArchiveKey, ArchiveKeys, SigningKey};
use crate::version_vector::VersionVector;

pub(crate) const NONCE: [u8; 24] = [7; 24];

pub(crate) fn keys() -> ArchiveKeys {
    ArchiveKeys::derive(&ArchiveKey::new([1; 32]), &ArchiveId::new([2; 16]))
}

pub(crate) fn signer() -> SigningKey {
    SigningKey::from_seed([3; 32])
}

pub(crate) fn key_of(_: &LocationId) -> Option<PublicKey> {
    Some(signer().public())
}

pub(crate) fn location(id: u8) -> LocationId {
    LocationId::new([id; 16])
}

pub(crate) fn locations() -> impl Strategy<Value = LocationId> {
    (0u8..5).prop_map(location)
}

pub(crate) fn vectors() -> impl Strategy<Value = VersionVector> {
    prop::collection::vec((locations(), any::<u64>()), 0..5).prop_map(|pairs| pairs.into_iter().collect())
}

pub(crate) fn dots() -> impl Strategy<Value = Dot> {
    let sequence = prop_oneof![0u64..9, 0..u64::MAX];
    (locations(), sequence, prop_oneof![0u32..9, any::<u32>()]).prop_map(|(location, sequence, ordinal)| Dot {
        location,
        sequence,
        ordinal,
    })
}

pub(crate) fn chunk_ids() -> impl Strategy<Value = ChunkId> {
    (0u8..9).prop_map(|id| ChunkId::new([id; 32]))
}

pub(crate) fn paths() -> impl Strategy<Value = RelPath> {
    let name = prop_oneof!["[a-cA-C]{1,3}", "\\PC{1,4}", "[a-z]{4}-renamed"];
    prop::collection::vec(name, 1..4)
        .prop_filter_map("a path of an archive", |names| RelPath::new(names.join("/")).ok())
        .prop_filter("Offsync's own", |path| !path.is_private())
}

pub(crate) fn files() -> impl Strategy<Value = FileContent> {
    let chunk = (chunk_ids(), any::<u32>()).prop_map(|(id, size_bytes)| Chunk { id, size_bytes });
    let chunked = (chunk_ids(), prop::collection::vec(chunk, 1..4)).prop_map(|(id, chunks)| FileContent {
        digest: Digest::new(*id.as_bytes()),
        size_bytes: chunks.iter().map(|chunk| u64::from(chunk.size_bytes)).sum(),
        chunks,
    });
    let single = (chunk_ids(), any::<u64>()).prop_map(|(id, size_bytes)| FileContent {
        digest: Digest::new(*id.as_bytes()),
        size_bytes,
        chunks: Vec::new(),
    });
    prop_oneof![single, chunked]
}

pub(crate) fn values() -> impl Strategy<Value = Value> {
    let meta = (0u32..=0o777, any::<i64>()).prop_map(|(mode, mtime_ns)| Meta { mode, mtime_ns });
    let shape = prop_oneof![
        Just((Content::Tombstone, Meta::default())),
        (0u32..=0o777).prop_map(|mode| (Content::Folder, Meta { mode, mtime_ns: 0 })),
        (files(), meta).prop_map(|(file, meta)| (Content::File(file), meta)),
        prop::collection::vec(any::<u8>(), 0..9).prop_map(|to| (Content::Symlink(to), Meta::default())),
    ];
    (paths(), shape).prop_map(|(path, (content, meta))| Value { path, content, meta })
}

/// One name of each kind.
pub(crate) fn names() -> Vec<ObjectName> {
    let (a, b, random) = (location(1), location(2), *b"8 bytes!");
    vec![
        ObjectName::Head(a),
        ObjectName::People {
            subject: a,
            author: b,
            number: 3,
        },
        ObjectName::Pack {
            author: a,
            sequence: 4,
            random,
        },
        ObjectName::Manifest { author: a, sequence: 4 },
        ObjectName::Want(a),
        ObjectName::ServedPack {
            reader: a,
            server: b,
            random,
        },
        ObjectName::ServedState {
            reader: a,
            server: b,
            random,
        },
    ]
}
