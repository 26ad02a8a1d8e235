//! The want: what a location lacks, rewritten while it lasts and deleted when nothing is lacking.

use super::envelope::FormatError;
use super::wire::{Reader, WireError, Writer};
use crate::ids::{ChunkId, LocationId};
use crate::limits::MISSING_LISTED_MAX;
use crate::object_name::ObjectName;
use crate::seal::{ArchiveKeys, open, seal};
use crate::version_vector::VersionVector;

/// What a location asks the others for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Want {
    /// Who asks.
    pub location: LocationId,
    /// Its vector, if it needs state to get further.
    pub gap: Option<VersionVector>,
    /// The chunks that it lacks.
    pub chunks: Vec<ChunkId>,
    /// Names of listed objects that it found damaged.
    pub damaged: Vec<String>,
}

impl Want {
    /// Seals it.
    pub fn encode(&self, keys: &ArchiveKeys, nonce: [u8; 24]) -> Vec<u8> {
        let mut out = Writer::default();
        out.byte(u8::from(self.gap.is_some()));
        if let Some(vector) = &self.gap {
            out.vector(vector);
        }
        out.count(self.chunks.len());
        self.chunks.iter().for_each(|chunk| out.raw(chunk.as_bytes()));
        out.count(self.damaged.len());
        self.damaged.iter().for_each(|name| out.bytes(name.as_bytes()));
        seal(keys, &ObjectName::Want(self.location), nonce, &out.finish())
    }

    /// Opens it; its location is the one that the name tells.
    pub fn decode(keys: &ArchiveKeys, name: &ObjectName, sealed: &[u8]) -> Result<Self, FormatError> {
        let ObjectName::Want(location) = name else {
            return Err(FormatError::WrongKind);
        };
        Ok(read(*location, &open(keys, name, sealed)?)?)
    }
}

fn read(location: LocationId, content: &[u8]) -> Result<Want, WireError> {
    let mut read = Reader::new(content);
    let gap = read.option("gap", |read| read.vector("vector"))?;
    let chunks = read.list(32, "wanted chunks", |read| Ok(ChunkId::new(read.array("chunk")?)))?;
    let damaged = read.list(1, "damaged objects", |read| read.text("name of an object"))?;
    if chunks.len() > MISSING_LISTED_MAX || damaged.len() > MISSING_LISTED_MAX {
        return Err(WireError::new("list of what is wanted"));
    }
    read.finish("end of the want")?;
    Ok(Want {
        location,
        gap,
        chunks,
        damaged,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::format::samples::{NONCE, chunk_ids, keys, location, names, vectors};

    proptest! {
        #[test]
        fn a_want_survives(
            gap in prop::option::of(vectors()),
            chunks in prop::collection::vec(chunk_ids(), 0..5),
            damaged in prop::collection::vec("\\PC{0,9}", 0..4),
        ) {
            let want = Want { location: location(1), gap, chunks, damaged };
            let sealed = want.encode(&keys(), NONCE);
            prop_assert_eq!(Want::decode(&keys(), &names()[4], &sealed), Ok(want));
        }

        #[test]
        fn any_bytes_are_read_without_harm(content in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(location(1), &content);
        }
    }
}
