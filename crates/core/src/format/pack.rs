//! Packs: several chunks in one sealed object, compressed together where that shrinks them.
//!
//! A chunk's name is not stored: it is the keyed hash of what was read, so that a chunk can
//! never stand under a wrong name.

use super::envelope::FormatError;
use super::wire::{Reader, Writer};
use crate::ids::ChunkId;
use crate::object_name::ObjectName;
use crate::seal::{ArchiveKeys, open, seal};

/// Seals chunks, in this order, under the name of a pack or a served pack.
pub fn encode_pack(keys: &ArchiveKeys, name: &ObjectName, nonce: [u8; 24], chunks: &[(ChunkId, Vec<u8>)]) -> Vec<u8> {
    let mut out = Writer::default();
    out.count(chunks.len());
    chunks.iter().for_each(|(_, content)| out.count(content.len()));
    chunks.iter().for_each(|(_, content)| out.raw(content));
    seal(keys, name, nonce, &out.finish())
}

/// Opens a pack or a served pack; every chunk's id is the hash of the content that comes with it.
pub fn decode_pack(
    keys: &ArchiveKeys,
    name: &ObjectName,
    sealed: &[u8],
) -> Result<Vec<(ChunkId, Vec<u8>)>, FormatError> {
    if !matches!(name, ObjectName::Pack { .. } | ObjectName::ServedPack { .. }) {
        return Err(FormatError::WrongKind);
    }
    let body = open(keys, name, sealed)?;
    let mut read = Reader::new(&body);
    let lengths = read.list(1, "chunks of a pack", |read| read.uint32("length of a chunk"))?;
    let mut chunks = Vec::with_capacity(lengths.len());
    for len in lengths {
        let content = read.raw(len as usize, "chunk")?;
        chunks.push((keys.chunk_id(content), content.to_vec()));
    }
    read.finish("end of the pack")?;
    Ok(chunks)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::format::samples::{NONCE, keys, names};

    fn chunks(contents: &[Vec<u8>]) -> Vec<(ChunkId, Vec<u8>)> {
        contents
            .iter()
            .map(|content| (keys().chunk_id(content), content.clone()))
            .collect()
    }

    proptest! {
        #[test]
        fn a_pack_survives(contents in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..50), 0..6)) {
            let chunks = chunks(&contents);
            for name in [&names()[2], &names()[5]] {
                let sealed = encode_pack(&keys(), name, NONCE, &chunks);
                prop_assert_eq!(decode_pack(&keys(), name, &sealed), Ok(chunks.clone()));
            }
        }

        #[test]
        fn any_bytes_are_read_without_harm(body in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode_pack(&keys(), &names()[2], &seal(&keys(), &names()[2], NONCE, &body));
        }
    }

    #[test]
    fn a_chunk_never_stands_under_a_wrong_name() {
        let wrong = vec![(ChunkId::new([0; 32]), b"content".to_vec())];
        let sealed = encode_pack(&keys(), &names()[2], NONCE, &wrong);
        assert_eq!(
            decode_pack(&keys(), &names()[2], &sealed),
            Ok(chunks(&[b"content".to_vec()]))
        );
    }

    #[test]
    fn like_chunks_are_compressed_together() {
        let noise: Vec<u8> = (0u8..32).flat_map(|i| *blake3::hash(&[i]).as_bytes()).collect();
        let alike = vec![noise; 20];
        assert!(encode_pack(&keys(), &names()[2], NONCE, &chunks(&alike)).len() < 1_500);
    }
}
