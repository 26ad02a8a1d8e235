//! The head: the one object that a location overwrites, saying what it posted, knows and lacks.

use super::envelope::{FormatError, Signed, seal_signed};
use super::wire::{Reader, WireError, Writer};
use crate::drive_profile::{DriveProfile, NameRule};
use crate::ids::{ChunkId, LocationId, Nonce, PublicKey, Root};
use crate::limits::MISSING_LISTED_MAX;
use crate::object_name::ObjectName;
use crate::seal::{ArchiveKeys, SigningKey};
use crate::version_vector::VersionVector;

/// What a location says of itself.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Head {
    /// Whose head this is.
    pub location: LocationId,
    /// What its index has folded.
    pub vector: VersionVector,
    /// Chunks of listed packs that it lacks; readers refuse more than [`MISSING_LISTED_MAX`].
    pub missing: Vec<ChunkId>,
    /// Counts its writings; never falls.
    pub counter: u64,
    /// Names this writing.
    pub nonce: Nonce,
    /// The Merkle root of its posted index.
    pub root: Root,
    /// Whom it counts when it prunes.
    pub counts: Vec<LocationId>,
    /// When its last check of the drive ended well, in nanoseconds since 1970; `None` if never.
    pub checked_ns: Option<i64>,
    /// Free space of its drive in bytes.
    pub free_bytes: u64,
    /// When it was written by its own clock, in nanoseconds since 1970.
    pub written_ns: i64,
    /// The highest head counter seen of every other location.
    pub seen: Vec<(LocationId, u64)>,
    /// The newest format version that it reads.
    pub reads_version: u8,
    /// How many files it knows of and cannot show on its drive yet: for lack of content, room or leave to write.
    pub unshown: u64,
    /// What its drive can hold.
    pub drive: DriveProfile,
    /// Whether content waits there for room in the mailbox: other authors leave it a share.
    pub waits_for_room: bool,
}

impl Head {
    /// Signs and seals it.
    pub fn encode(&self, keys: &ArchiveKeys, signer: &SigningKey, nonce: [u8; 24]) -> Vec<u8> {
        seal_signed(keys, &ObjectName::Head(self.location), signer, nonce, &self.write())
    }

    /// Opens and verifies it; its location is the one that the name tells.
    pub fn decode(
        keys: &ArchiveKeys,
        name: &ObjectName,
        sealed: &[u8],
        author_key: impl Fn(&LocationId) -> Option<PublicKey>,
    ) -> Result<Self, FormatError> {
        let ObjectName::Head(location) = name else {
            return Err(FormatError::WrongKind);
        };
        let signed = Signed::open(keys, name, sealed)?;
        Ok(read(*location, signed.verified(keys, author_key)?)?)
    }

    fn write(&self) -> Vec<u8> {
        let mut out = Writer::default();
        out.byte(self.reads_version);
        out.uint(self.counter);
        out.raw(self.nonce.as_bytes());
        out.raw(self.root.as_bytes());
        out.int(self.written_ns);
        out.byte(u8::from(self.checked_ns.is_some()));
        if let Some(checked_ns) = self.checked_ns {
            out.int(checked_ns);
        }
        out.uint(self.free_bytes);
        out.uint(self.unshown);
        write_profile(&mut out, &self.drive);
        out.vector(&self.vector);
        out.count(self.counts.len());
        self.counts.iter().for_each(|location| out.raw(location.as_bytes()));
        out.count(self.seen.len());
        for (location, counter) in &self.seen {
            out.raw(location.as_bytes());
            out.uint(*counter);
        }
        out.count(self.missing.len());
        self.missing.iter().for_each(|chunk| out.raw(chunk.as_bytes()));
        // Only where there is something to say: the heads of before ended here.
        if self.waits_for_room {
            out.byte(1);
        }
        out.finish()
    }
}

fn read(location: LocationId, content: &[u8]) -> Result<Head, WireError> {
    let mut read = Reader::new(content);
    let reads_version = read.byte("version")?;
    let counter = read.uint("counter")?;
    let nonce = Nonce::new(read.array("nonce")?);
    let root = Root::new(read.array("root")?);
    let written_ns = read.int("time of writing")?;
    let checked_ns = read.option("time of checking", |read| read.int("time of checking"))?;
    let free_bytes = read.uint("free space")?;
    let unshown = read.uint("number of files not shown")?;
    let drive = read_profile(&mut read)?;
    let vector = read.vector("vector")?;
    let counts = read.list(16, "counted locations", |read| {
        Ok(LocationId::new(read.array("location")?))
    })?;
    let seen = read.list(17, "seen heads", |read| {
        Ok((LocationId::new(read.array("location")?), read.uint("counter")?))
    })?;
    let missing = read.list(32, "missing chunks", |read| Ok(ChunkId::new(read.array("chunk")?)))?;
    if missing.len() > MISSING_LISTED_MAX {
        return Err(WireError::new("list of missing chunks"));
    }
    let waits_for_room = read.left() > 0;
    if waits_for_room && read.byte("waiting content")? != 1 {
        return Err(WireError::new("waiting content"));
    }
    read.finish("end of the head")?;
    Ok(Head {
        location,
        vector,
        missing,
        counter,
        nonce,
        root,
        counts,
        checked_ns,
        free_bytes,
        written_ns,
        seen,
        reads_version,
        unshown,
        drive,
        waits_for_room,
    })
}

const WINDOWS_NAMES: u8 = 1;
const FOLDS_CASE: u8 = 2;
const FOLDS_FORM: u8 = 4;
const HAS_LINKS: u8 = 8;
const HAS_MODES: u8 = 16;

fn write_profile(out: &mut Writer, drive: &DriveProfile) {
    let flag = |is_set: bool, flag: u8| if is_set { flag } else { 0 };
    out.byte(
        flag(drive.names == NameRule::Windows, WINDOWS_NAMES)
            | flag(drive.folds_case, FOLDS_CASE)
            | flag(drive.folds_form, FOLDS_FORM)
            | flag(drive.has_links, HAS_LINKS)
            | flag(drive.has_modes, HAS_MODES),
    );
    out.uint(drive.name_bytes_max);
    out.uint(drive.file_bytes_max);
    out.uint(drive.time_step_ns);
}

fn read_profile(read: &mut Reader<'_>) -> Result<DriveProfile, WireError> {
    let flags = read.byte("abilities of the drive")?;
    if flags >= HAS_MODES << 1 {
        return Err(WireError::new("abilities of the drive"));
    }
    Ok(DriveProfile {
        names: if flags & WINDOWS_NAMES == 0 {
            NameRule::Any
        } else {
            NameRule::Windows
        },
        folds_case: flags & FOLDS_CASE != 0,
        folds_form: flags & FOLDS_FORM != 0,
        has_links: flags & HAS_LINKS != 0,
        has_modes: flags & HAS_MODES != 0,
        name_bytes_max: read.uint("longest name")?,
        file_bytes_max: read.uint("largest file")?,
        time_step_ns: read.uint("step of times")?,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::format::samples::{NONCE, chunk_ids, key_of, keys, location, locations, names, signer, vectors};

    fn drives() -> impl Strategy<Value = DriveProfile> {
        (any::<[bool; 5]>(), any::<[u64; 3]>()).prop_map(|(flags, numbers)| DriveProfile {
            names: if flags[0] { NameRule::Windows } else { NameRule::Any },
            folds_case: flags[1],
            folds_form: flags[2],
            has_links: flags[3],
            has_modes: flags[4],
            name_bytes_max: numbers[0],
            file_bytes_max: numbers[1],
            time_step_ns: numbers[2],
        })
    }

    fn heads() -> impl Strategy<Value = Head> {
        let lists = (
            vectors(),
            prop::collection::vec(chunk_ids(), 0..5),
            prop::collection::vec(locations(), 0..5),
            prop::collection::vec((locations(), any::<u64>()), 0..5),
        );
        let numbers = (
            any::<u64>(),
            any::<Option<i64>>(),
            any::<u64>(),
            any::<i64>(),
            any::<u8>(),
            any::<(u64, bool)>(),
        );
        (lists, numbers, any::<[u8; 16]>(), any::<[u8; 32]>(), drives()).prop_map(
            |(lists, numbers, nonce, root, drive)| {
                let (vector, missing, counts, seen) = lists;
                let (counter, checked_ns, free_bytes, written_ns, reads_version, (unshown, waits_for_room)) = numbers;
                let (nonce, root) = (Nonce::new(nonce), Root::new(root));
                Head {
                    location: location(1),
                    vector,
                    missing,
                    counter,
                    nonce,
                    root,
                    counts,
                    checked_ns,
                    free_bytes,
                    written_ns,
                    seen,
                    reads_version,
                    unshown,
                    drive,
                    waits_for_room,
                }
            },
        )
    }

    proptest! {
        #[test]
        fn a_head_survives(head in heads()) {
            let sealed = head.encode(&keys(), &signer(), NONCE);
            prop_assert_eq!(Head::decode(&keys(), &names()[0], &sealed, key_of), Ok(head));
        }

        #[test]
        fn mutated_bytes_are_read_without_harm(head in heads(), at: prop::sample::Index, byte: u8) {
            let mut content = head.write();
            let at = at.index(content.len());
            content[at] = byte;
            let _ = read(location(1), &content);
            let _ = read(location(1), &content[..at]);
        }

        #[test]
        fn any_bytes_are_read_without_harm(content in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(location(1), &content);
        }
    }

    #[test]
    fn a_head_under_another_name_or_key_is_refused() {
        let name = &names()[0];
        let sealed = seal_signed(&keys(), name, &SigningKey::from_seed([9; 32]), NONCE, b"");
        assert_eq!(
            Head::decode(&keys(), name, &sealed, key_of),
            Err(FormatError::NotSigned(location(1)))
        );
        assert_eq!(
            Head::decode(&keys(), &names()[4], &sealed, key_of),
            Err(FormatError::WrongKind)
        );
    }
}
