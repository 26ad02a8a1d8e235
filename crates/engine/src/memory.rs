//! What a location remembers in its index besides entries and places, as typed notes.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use offsync_core::dot::Dot;
use offsync_core::entry::FileContent;
use offsync_core::format::Membership;
use offsync_core::format::head::Head;
use offsync_core::ids::{ArchiveId, ChunkId, Digest, LocationId, ManifestHash, Nonce, PublicKey};
use offsync_core::place::{Shown, Stat};
use offsync_core::ports::{IndexStore, IndexWrite};
use offsync_core::rel_path::{PathKey, RelPath};
use offsync_core::version_vector::VersionVector;
use serde::de::{DeserializeOwned, Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::change_counts::ChangeCounts;
use crate::error::{EngineError, Result};
use crate::report::Held;

/// Who this copy is, and what it last wrote as its head.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The archive.
    pub archive: ArchiveId,
    /// This location's id now.
    pub location: LocationId,
    /// The id that it had before it turned out to be a copy, with that id's highest head counter seen.
    pub succeeds: Option<(LocationId, u64)>,
    /// Counter of its last head.
    pub counter: u64,
    /// Nonces that its head in the mailbox may carry: the last, and the intended one; `None` for no head.
    pub nonces: Vec<Option<Nonce>>,
    /// Hash of its last manifest.
    pub predecessor: Option<ManifestHash>,
}

impl Identity {
    /// Makes the identity of a location that has said nothing yet.
    pub(crate) fn new(archive: ArchiveId, location: LocationId) -> Self {
        Self {
            archive,
            location,
            succeeds: None,
            counter: 0,
            nonces: vec![None],
            predecessor: None,
        }
    }
}

/// A location as this one knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CachedPerson {
    /// What people call the location.
    pub label: String,
    /// Who looks after it.
    pub person: String,
    /// Its public key.
    pub key: PublicKey,
    /// What its copy held when it was made.
    pub holds: VersionVector,
    /// When this location first heard of it, by this location's own clock.
    pub heard_ns: i64,
    /// Whom it succeeds, each with the counter of that id's last head: a drive may have had ids that it forgot.
    pub succeeds: Vec<(LocationId, u64)>,
}

impl CachedPerson {
    /// Tells whether it takes over from a location.
    pub(crate) fn follows(&self, old: &LocationId) -> bool {
        self.succeeds.iter().any(|(location, _)| location == old)
    }
}

/// Which of two statements holds: the higher one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Rank {
    pub(crate) revision: u64,
    pub(crate) author: [u8; 16],
    pub(crate) number: u64,
}

/// What somebody said of whether a location counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SaidMembership {
    pub(crate) rank: Rank,
    pub(crate) membership: Membership,
    pub(crate) head_counter: u64,
}

impl SaidMembership {
    pub(crate) fn author(&self) -> LocationId {
        LocationId::new(self.rank.author)
    }

    pub(crate) fn takes_out(&self) -> bool {
        self.membership == Membership::Removed
    }
}

/// A head as this location last saw it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CachedHead {
    pub(crate) head: Head,
    /// When it last changed, by this location's own clock.
    pub(crate) changed_ns: i64,
}

/// A deletion that a person made here, remembered by dot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Gone {
    /// The origin as it is spelled.
    pub(crate) path: RelPath,
    /// The sets of dots that were shown there when it went.
    pub(crate) shown: BTreeSet<Vec<Dot>>,
    /// Where the very file stands now, whatever is in it by now, if it is still on the drive.
    pub(crate) went_to: Option<WentTo>,
}

/// Where a file went, and which one it is: something else may come to stand there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct WentTo {
    pub(crate) path: RelPath,
    /// Its inode number; 0 where the drive has no steady ones.
    pub(crate) inode: u64,
    /// When it came to be, in nanoseconds.
    pub(crate) born_ns: i64,
}

impl<'de> Deserialize<'de> for Gone {
    fn deserialize<D: Deserializer<'de>>(from: D) -> std::result::Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Gone;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a remembered deletion")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut fields: A) -> std::result::Result<Gone, A::Error> {
                let lacks = || A::Error::custom("a remembered deletion lacks a field");
                Ok(Gone {
                    path: fields.next_element()?.ok_or_else(lacks)?,
                    shown: fields.next_element()?.ok_or_else(lacks)?,
                    // What was noted before files were followed ends here.
                    went_to: fields.next_element().unwrap_or(None).flatten(),
                })
            }
        }
        from.deserialize_struct("Gone", &["path", "shown", "went_to"], InOrder)
    }
}

/// Deletions that were held and shown, with all their paths.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct HeldSet {
    pub(crate) held: Held,
    pub(crate) keys: BTreeSet<PathKey>,
    /// Of what was deleted here: the versions that would go.
    pub(crate) dots: BTreeSet<Dot>,
    /// Those of them that a person was told of: a sync that fails has found more than it said.
    pub(crate) told: BTreeSet<Dot>,
    /// Whether they were all the files that there were when they were first held.
    pub(crate) all: bool,
    /// How many they were, and of how many files, when they were most; whether that is many decides whether they stay held.
    pub(crate) many: (u64, u64),
    /// Whether a person put some of them back since they were shown.
    pub(crate) put_back: bool,
}

/// One intent: the place of `key` is about to show something else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Intent {
    pub(crate) key: PathKey,
    /// Where it stands on the disk, old or new.
    pub(crate) path: RelPath,
    /// How the disk looked before; `None` if nothing stood there.
    pub(crate) old_stat: Option<Stat>,
    /// What is to be shown; `None` if nothing.
    pub(crate) new: Option<Shown>,
}

/// A displaced file or link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrashRecord {
    /// Where it stood.
    pub path: RelPath,
    /// Its content, if it was a file.
    pub content: Option<FileContent>,
    /// When it was displaced, in nanoseconds since 1970.
    pub displaced_ns: i64,
    /// Whose change displaced it, if that is known.
    pub by: Option<LocationId>,
    /// The age of the trash then, by its own clock.
    pub since_age_ns: i64,
    /// What it should have read like, if it was known to be damaged; nothing noted that before.
    #[serde(deserialize_with = "or_default")]
    pub(crate) was_damaged: Option<WasDamaged>,
}

/// What a damaged file in the trash stood for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct WasDamaged {
    /// What it should have read like.
    pub(crate) was: FileContent,
    /// The versions that it showed.
    pub(crate) dots: Vec<Dot>,
    /// What it reads as, if that is known.
    pub(crate) reads: Option<Digest>,
}

/// The trash's own clock, which no wrong date can hurry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TrashClock {
    /// How long the trash has been kept, counted from cycle to cycle.
    pub(crate) age_ns: i64,
    /// When it was counted last, in nanoseconds since 1970.
    pub(crate) last_ns: i64,
}

/// How long staged chunks stay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Keeps {
    /// As long as something shown waits for them.
    #[default]
    WhileWanted,
    /// Until the entry arrives that they are a part of.
    UntilEntry,
}

/// Where chunks lie in a staged file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StagedChunks {
    pub(crate) keeps: Keeps,
    /// When they were staged, by this location's clock.
    pub(crate) staged_ns: i64,
    /// Chunk, offset, length in bytes.
    pub(crate) chunks: Vec<(ChunkId, u64, u32)>,
}

/// How far a file came that is being put together in staging: of its chunks, those are there that end by then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Grown {
    /// The whole that it becomes.
    pub(crate) digest: Digest,
    /// What is there of it, flushed.
    pub(crate) len_bytes: u64,
}

/// A file that reads other than it did although nobody changed it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Damage {
    pub(crate) path: RelPath,
    /// Its pieces that do not read as they should.
    pub(crate) bad: Vec<ChunkId>,
    /// What it reads as, whole; `None` if it could not be read to its end.
    pub(crate) reads: Option<Digest>,
    /// Whether it is to be put together again.
    pub(crate) is_wanted: bool,
    /// The pieces that it reads as and should not: what holds one of them was made of this file.
    #[serde(deserialize_with = "or_default")]
    pub(crate) rotten: Vec<ChunkId>,
    /// Versions of what it should read like that it showed before it was moved or touched: other homes may have had no later ones.
    #[serde(deserialize_with = "or_default")]
    pub(crate) dots: Vec<Dot>,
}

impl Damage {
    /// Notes damage that was just found, of a file that should read like one content and reads as another.
    pub(crate) fn found(path: RelPath, bad: Vec<ChunkId>, meant: &FileContent, read: Option<&FileContent>) -> Self {
        let sound: BTreeSet<ChunkId> = meant.pieces().into_iter().map(|(chunk, _, _)| chunk).collect();
        let pieces = read.map(FileContent::pieces).unwrap_or_default().into_iter();
        Self {
            path,
            bad,
            reads: read.map(|read| read.digest),
            is_wanted: false,
            rotten: pieces
                .map(|(chunk, _, _)| chunk)
                .filter(|chunk| !sound.contains(chunk))
                .collect(),
            dots: Vec::new(),
        }
    }
}

/// A verification that is under way, over several visits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CheckPass {
    /// When it began, by this location's clock.
    pub(crate) began_ns: i64,
    /// The place up to which all was read.
    pub(crate) after: Option<PathKey>,
    /// Files up to there.
    pub(crate) files: u64,
    /// Files among them that could not be looked at.
    pub(crate) unread: u64,
}

/// A pack of a part that was folded and had no room here yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct UnkeptPack {
    /// The object's name.
    pub(crate) name: String,
    pub(crate) chunks: Vec<ChunkId>,
}

/// One folded changeset, for the history that people read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogRecord {
    /// Its author.
    pub author: LocationId,
    /// The author's sequence.
    pub sequence: u64,
    /// When it was made, by the author's clock, in nanoseconds since 1970.
    pub created_ns: i64,
    /// Entries.
    pub entries: u64,
    /// Size of its objects in bytes.
    pub bytes: u64,
    /// What they change; where they are folders alone, that counts as metadata.
    pub counts: ChangeCounts,
    /// One path that stands for the others.
    pub example: Option<RelPath>,
}

/// The last changeset of an author that was folded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LastFolded {
    pub(crate) sequence: u64,
    /// Hash of its object.
    pub(crate) hash: ManifestHash,
    /// Size of its object.
    pub(crate) size_bytes: u64,
}

pub(crate) const IDENTITY: &str = "identity";
pub(crate) const VECTOR: &str = "vector";
pub(crate) const JOURNAL: &str = "journal";
pub(crate) const GAP_CYCLES: &str = "gap";
/// For how many cycles nothing that was listed has led a home on to what is folded here.
pub(crate) const STRANDED: &str = "stranded/";
pub(crate) const LAST_SYNC: &str = "last-sync";
/// When the last sync that saw all of the drive began to look at it.
pub(crate) const SCANNED: &str = "scanned";
pub(crate) const LAST_CHECK: &str = "last-check";
pub(crate) const HELD: &str = "held-deletions-shown";
pub(crate) const CONFIRMED: &str = "confirmed";
/// What became of versions that were replaced, by changeset, until this drive shows it.
pub(crate) const FATES: &str = "fate/";
pub(crate) const HEAD: &str = "head/";
pub(crate) const PERSON: &str = "person/";
pub(crate) const NAMED: &str = "named/";
/// What each one said of whether another counts: the last word that takes it out, and the last other one.
pub(crate) const MEMBERSHIP: &str = "membership/";
/// Before how many deletions all homes ask.
pub(crate) const ASKS: &str = "asks";
/// The threshold that people here were told of.
pub(crate) const ASKS_TOLD: &str = "told-asks";
/// The archive's later keys, by name, by who can open it, and by who said so.
pub(crate) const KEYED: &str = "keyed/";
/// For how many cycles somebody who was taken out has had the key in force.
pub(crate) const UNKEYED: &str = "unkeyed";
/// The statements that were read, each with the newest kind that was known then.
pub(crate) const HEARD: &str = "heard/";
pub(crate) const GONE: &str = "gone/";
/// The versions that a person here said no to losing.
pub(crate) const REFUSED: &str = "refused/";
pub(crate) const UNSETTLED: &str = "unsettled/";
pub(crate) const OUTBOX: &str = "outbox/";
pub(crate) const STAGED: &str = "staged/";
pub(crate) const GROWN: &str = "grown/";
pub(crate) const TRASH: &str = "trash/";
pub(crate) const TRASH_CLOCK: &str = "age-of-trash";
pub(crate) const SENT: &str = "sent/";
pub(crate) const MINE: &str = "mine/";
/// What own packs hold that lie in the mailbox.
pub(crate) const HOLDS: &str = "holds/";
/// Own packs whose changeset is not posted yet, each with the key that it is sealed with.
pub(crate) const ATTEMPT: &str = "attempt/";
pub(crate) const ORPHAN: &str = "orphan/";
/// The last changeset of each author that was folded as such.
pub(crate) const LAST_FOLDED: &str = "last-folded-object/";
/// The locations that were found to have used a number twice.
pub(crate) const TWICE: &str = "twice/";
/// The counter of the head by which each location was first seen to hold something else, though it folded the same.
pub(crate) const DIVERGED: &str = "diverged/";
/// An id of this location of which another home came to cover more than is known here, while it had covered less.
pub(crate) const LEAPT: &str = "leapt";
/// The id under which this drive came to a computer that did not know it, while the mailbox held just what it had said last.
pub(crate) const CARRIED: &str = "carried";
/// The last time that the mailbox was found to hold less than it had held.
pub(crate) const WENT_BACK: &str = "went-back";
/// That this location was told to find its mailbox elsewhere, and has not synced there yet.
pub(crate) const TURNED: &str = "turned-to-another-mailbox";
/// That this location lets go of what it noted, and comes back under a new id.
pub(crate) const BEGINS_AGAIN: &str = "begins-again";
/// That damaged rows are being let go of.
pub(crate) const MENDING: &str = "mending";
/// That the index was mended by letting go of what it said, and people have not been told that this is over.
pub(crate) const MENDED: &str = "mended";
/// What places showed before an index was mended, until others tell what became of it.
pub(crate) const WAS_SHOWN: &str = "was-shown/";
/// The deletions that waited to be sent before an index was mended, likewise.
pub(crate) const WAS_GONE: &str = "was-gone/";
pub(crate) const LOG: &str = "log/";
pub(crate) const STATEMENT: &str = "statement/";
pub(crate) const DRIVE: &str = "drive";
pub(crate) const DRIVE_OF: &str = "drive-of/";
pub(crate) const UNFIT: &str = "unfit/";
/// What goes on under its old name because a twin has the new one.
pub(crate) const TWINNED: &str = "twinned/";
pub(crate) const AWAITS_STATE: &str = "awaits-state";
pub(crate) const CHECK: &str = "check";
pub(crate) const DAMAGED: &str = "damaged/";
/// What damaged files read as, and how they looked, when the last scan ended.
pub(crate) const DAMAGED_BEFORE: &str = "damaged-readings";
/// The same as drives of before have it; nobody can read that.
pub(crate) const FORMER_DAMAGED_BEFORE: &str = "damaged-before";
/// What files read as that were known to be damaged, by that, for as long as trash is kept.
pub(crate) const READ_AS: &str = "read-as-damage/";
/// The damaged files that one which was seen may be, until this scan has taken down what is gone.
pub(crate) const IN_DOUBT: &str = "in-doubt/";
/// Versions of what kept files held that they showed before they were moved or touched, until what was kept is sent.
pub(crate) const KEPT: &str = "kept/";
/// What people made of damaged files, until it was sent and that was said.
pub(crate) const MADE_OF_DAMAGE: &str = "made-of-damage/";
/// The files of which an edit that waited was not on the drive any more; the next sync says so.
pub(crate) const EDIT_LOST: &str = "edit-lost/";
pub(crate) const FOLDER_HASH: &str = "hash/";
/// Of what the hashes are made is in the name: kept ones of another make are computed anew.
pub(crate) const FOLDER_HASHES_KEPT: &str = "hashes-kept/versions";
pub(crate) const NEEDS_NEW_ID: &str = "needs-new-id";
/// That this location came back without its index, and may have had ids that nobody can tell it of.
pub(crate) const MAY_HAVE_FORGOTTEN: &str = "may-have-forgotten-ids";
/// Ids that nobody introduced here, and for how many cycles in a row they were seen.
pub(crate) const STRANGERS: &str = "strangers";
/// That this location took its id at a computer that did not know it, and may have lived under others since its index was kept.
pub(crate) const MAY_HAVE_LIVED_ELSEWHERE: &str = "may-have-lived-elsewhere";
pub(crate) const COUNTS_SINCE: &str = "counts-since/";
/// When a person said here that a silent home is to be waited for still.
pub(crate) const WAITS_SINCE: &str = "waits-since/";
/// The homes that were set aside for their silence, each with when that silence began.
pub(crate) const SILENT: &str = "silent/";
pub(crate) const UNKEPT: &str = "unkept/";
pub(crate) const STRAY: &str = "stray/";
pub(crate) const LEFTOVER: &str = "leftover/";
pub(crate) const IGNORE: &str = "ignore";

/// Reads a note that must be readable if it is there.
pub(crate) fn read<T: DeserializeOwned>(index: &dyn IndexStore, name: &str) -> Result<Option<T>> {
    index.note(name)?.map(|bytes| decode(name, &bytes)).transpose()
}

/// Reads all notes below a prefix, by the rest of their names.
pub(crate) fn read_all<T: DeserializeOwned>(index: &dyn IndexStore, prefix: &str) -> Result<BTreeMap<String, T>> {
    let one = |(name, bytes): (String, Vec<u8>)| Ok((name[prefix.len()..].to_owned(), decode(&name, &bytes)?));
    index.notes(prefix)?.into_iter().map(one).collect()
}

/// Makes the write of a note.
pub(crate) fn write<T: Serialize>(name: impl Into<String>, value: &T) -> IndexWrite {
    let bytes = postcard::to_stdvec(value).expect("notes are plain data");
    IndexWrite::Note(name.into(), Some(bytes))
}

/// Makes the removal of a note.
pub(crate) fn erase(name: impl Into<String>) -> IndexWrite {
    IndexWrite::Note(name.into(), None)
}

/// Names the note of a path, so that notes sort as keys do.
pub(crate) fn of_key(prefix: &str, key: &PathKey) -> String {
    let hex: String = key.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{prefix}{hex}")
}

/// Makes the writes that let the folders above changed entries forget their hashes.
pub(crate) fn forget_hashes(writes: &[IndexWrite]) -> Vec<IndexWrite> {
    let mut folders: BTreeSet<PathKey> = BTreeSet::new();
    for write in writes {
        let IndexWrite::Entry(key, _) = write else { continue };
        let mut above = key.parent();
        while let Some(folder) = above {
            above = folder.parent();
            if !folders.insert(folder) {
                break;
            }
        }
    }
    folders
        .iter()
        .map(|folder| erase(of_key(FOLDER_HASH, folder)))
        .collect()
}

/// Makes the writes that forget what is noted of a staged file.
pub(crate) fn forget_staged(name: &str) -> Vec<IndexWrite> {
    vec![erase(format!("{STAGED}{name}")), erase(format!("{GROWN}{name}"))]
}

/// Makes the writes of what is remembered as deleted.
pub(crate) fn gone_writes(gone: BTreeMap<PathKey, Gone>) -> Vec<IndexWrite> {
    let write = |(key, known): (PathKey, Gone)| {
        let name = of_key(GONE, &key);
        if known.shown.is_empty() {
            erase(name)
        } else {
            write(name, &known)
        }
    };
    gone.into_iter().map(write).collect()
}

/// Makes the write that marks a folder as not settled.
pub(crate) fn unsettle(folder: &PathKey) -> IndexWrite {
    write(of_key(UNSETTLED, folder), folder)
}

/// Reads the last fields of a note that were not there when older ones were written.
pub(crate) fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    from: D,
) -> std::result::Result<T, D::Error> {
    Ok(T::deserialize(from).unwrap_or_default())
}

fn decode<T: DeserializeOwned>(name: &str, bytes: &[u8]) -> Result<T> {
    postcard::from_bytes(bytes).map_err(|_| EngineError::DamagedNote { note: name.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_remembered_before_files_were_followed_is_read() {
        #[derive(Serialize)]
        struct Before(RelPath, BTreeSet<Vec<Dot>>);
        let path = |at: &str| RelPath::new(at).expect("a path");
        let dot = Dot::provisional(7);
        let old = postcard::to_stdvec(&Before(path("a/b"), [vec![dot]].into())).expect("plain data");
        let read: Gone = decode("gone", &old).expect("an old note");
        assert_eq!((&read.path, read.shown.len(), &read.went_to), (&path("a/b"), 1, &None));
        let new = Gone {
            went_to: Some(WentTo {
                path: path("c"),
                inode: 7,
                born_ns: -1,
            }),
            ..read
        };
        let bytes = postcard::to_stdvec(&new).expect("plain data");
        assert_eq!(decode::<Gone>("gone", &bytes).expect("a note"), new);
        assert!(decode::<Gone>("gone", &old[..3]).is_err());
    }

    #[test]
    fn what_was_noted_of_damage_and_of_the_trash_before_more_was_is_read() {
        #[derive(Serialize)]
        struct Before(RelPath, Vec<ChunkId>, Option<Digest>, bool);
        let path = RelPath::new("a").expect("a path");
        let (chunk, digest) = (ChunkId::new([1; 32]), Digest::new([2; 32]));
        let old = Before(path.clone(), vec![chunk], Some(digest), true);
        let old = postcard::to_stdvec(&old).expect("plain data");
        let read: Damage = decode("damaged", &old).expect("an old note");
        assert_eq!(
            (&read.bad, read.reads, read.is_wanted),
            (&vec![chunk], Some(digest), true)
        );
        assert_eq!((&read.rotten, &read.dots), (&Vec::new(), &Vec::new()));
        let new = Damage {
            rotten: vec![chunk],
            dots: vec![Dot::provisional(3)],
            ..read
        };
        let bytes = postcard::to_stdvec(&new).expect("plain data");
        assert_eq!(decode::<Damage>("damaged", &bytes).expect("a note"), new);

        let old: (RelPath, Option<FileContent>, i64, Option<LocationId>, i64) = (path.clone(), None, 1, None, 2);
        let old = postcard::to_stdvec(&old).expect("plain data");
        let read: TrashRecord = decode("trash", &old).expect("an old note");
        assert_eq!((read.path, read.since_age_ns, read.was_damaged), (path, 2, None));
    }
}
