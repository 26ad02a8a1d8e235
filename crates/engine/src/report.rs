//! What a cycle did, in figures and names.

use std::collections::{BTreeMap, BTreeSet};

use offsync_core::dot::Dot;
use offsync_core::guard::Threshold;
use offsync_core::ids::{LocationId, Root};
use offsync_core::rel_path::{PathKey, RelPath};
use serde::{Deserialize, Serialize};

use crate::change_counts::ChangeCounts;

/// A file whose content no home that counts has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LostFile {
    /// Where it belongs.
    pub path: RelPath,
    /// Who made this version.
    pub by: LocationId,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// Whether a damaged file stands here in its place.
    pub is_damaged_here: bool,
    /// Which version.
    pub dot: Dot,
}

/// What waits for room in the mailbox, and how long that may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outlook {
    /// Changes that wait.
    pub entries: u64,
    /// Their content in bytes.
    pub bytes: u64,
    /// About how many visits of `waits_on` it takes, as visits went so far; `None` where nobody can tell.
    pub visits: Option<u64>,
    /// Whose visit frees the most room.
    pub waits_on: Option<LocationId>,
}

/// What lies in the mailbox's folder and is not Offsync's: it takes room there, and nobody here reads or deletes it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Foreign {
    /// Files.
    pub files: u64,
    /// Their size in bytes.
    pub bytes: u64,
}

/// A path that was left alone, and why.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SkippedPath {
    /// Which path.
    pub path: RelPath,
    /// A sentence for people.
    pub reason: String,
    /// What tells more than people need; not of all.
    pub detail: Option<String>,
}

impl SkippedPath {
    /// Gives a path with all that is to be said of it.
    pub fn new(path: RelPath, reason: String) -> Self {
        Self {
            path,
            reason,
            detail: None,
        }
    }
}

/// The rule by which a path is not taken in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IgnoreRule {
    /// The pattern as it is written.
    pub pattern: String,
    /// Its line in `.offsyncignore`, from 1; `None` for clutter of systems.
    pub line: Option<u64>,
}

/// A path that is not taken in, and why; what lies below it is not listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IgnoredPath {
    /// Which path.
    pub path: RelPath,
    /// By which rule.
    pub rule: IgnoreRule,
}

/// Where held deletions come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum HeldDirection {
    /// Found on this drive.
    Local,
    /// Arrived from another location.
    Remote,
}

/// Many deletions at once that wait for a yes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Where they come from.
    pub direction: HeldDirection,
    /// How many files would go.
    pub deletions: u64,
    /// How many files there are.
    pub of: u64,
    /// In the places of how many of them something else stands now, or would.
    pub replaced: u64,
    /// Some of their paths.
    pub sample: Vec<RelPath>,
    /// Who deleted them, if it was somebody else.
    pub by: Option<LocationId>,
    /// How many of them somebody here had said no to losing; derived, and kept nowhere.
    #[serde(skip)]
    pub kept: u64,
}

/// A conflict copy that is shown.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConflictLine {
    /// The path that both versions are of.
    pub path: RelPath,
    /// Where the losing version stands.
    pub copy: RelPath,
}

/// What was put into the mailbox for one location that asked for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Served {
    /// The files that the content is of.
    pub files: BTreeSet<PathKey>,
    /// The content in bytes.
    pub bytes: u64,
    /// Whether it was told what the archive holds.
    pub has_state: bool,
}

/// A file that was sent although it was made of a damaged one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MadeOfDamage {
    /// Which.
    pub path: RelPath,
    /// The damaged file: itself under the name that it had, or the one that it is a copy of.
    pub of: RelPath,
    /// Whether it is a file of its own: a copy, one that was made with a piece of the damaged one, or what came back from the trash.
    pub is_copy: bool,
    /// What people call the homes that are known to have had the version from before.
    pub had_by: Vec<String>,
    /// What is said of it: what was sent, and what brings the version from before back.
    pub said: String,
}

/// A threshold that another home said since a person was last told of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeardThreshold {
    /// What people call who said so.
    pub by: String,
    /// From when on deletions are many now.
    pub threshold: Threshold,
}

/// A home that has not come for longer than the archive waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SilentHome {
    /// Its id.
    pub location: LocationId,
    /// What people call it.
    pub label: String,
    /// Who looks after it.
    pub person: String,
    /// When this location last heard something new of it, by this location's own clock.
    pub since_ns: i64,
    /// Whether it ever came: else it was invited then.
    pub has_come: bool,
}

/// What no sound world shows of a location.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// Whose copy it is about.
    pub location: LocationId,
    /// What people call it.
    pub label: String,
    /// What is wrong.
    pub kind: AlarmKind,
}

/// A kind of alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlarmKind {
    /// It used numbers again that it had used before: what follows on the second meaning is not taken in.
    SaidTwice,
    /// It folded just the same, and holds something else.
    Diverged,
}

/// What one cycle did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SyncReport {
    /// Files seen on the drive.
    pub scanned_files: u64,
    /// Files that had to be read.
    pub hashed_files: u64,
    /// Bytes that were read.
    pub hashed_bytes: u64,
    /// Changesets posted, parts included.
    pub posted_changesets: u64,
    /// Entries in them.
    pub posted_entries: u64,
    /// File content in them, after compression, in bytes.
    pub payload_bytes: u64,
    /// Everything put into the mailbox, in bytes.
    pub uploaded_bytes: u64,
    /// What was put there for locations that asked for it.
    pub served: BTreeMap<LocationId, Served>,
    /// Changes that wait for room in the mailbox.
    pub waiting_entries: u64,
    /// Their content in bytes.
    pub waiting_bytes: u64,
    /// What lay in the mailbox when it was listed last, and is not Offsync's.
    pub foreign: Foreign,
    /// How long what waits may take; `None` if nothing does.
    pub outlook: Option<Outlook>,
    /// Changesets folded.
    pub fetched_changesets: u64,
    /// Everything read from the mailbox, in bytes.
    pub downloaded_bytes: u64,
    /// What was written to the drive.
    pub applied: ChangeCounts,
    /// Objects deleted from the mailbox.
    pub pruned_objects: u64,
    /// Their size in bytes.
    pub pruned_bytes: u64,
    /// Conflict copies that are shown now.
    pub conflicts: Vec<ConflictLine>,
    /// How many files wait for room on this drive; each is among `skipped`.
    pub no_room_files: u64,
    /// Files whose content no home that counts has.
    pub lost: Vec<LostFile>,
    /// Damaged files that were put together again.
    pub repaired: Vec<RelPath>,
    /// Paths left alone.
    pub skipped: Vec<SkippedPath>,
    /// Files that stand here alone and are not kept: their names fold to those of others.
    pub twins: Vec<RelPath>,
    /// What stands here alone and is not kept, since its name or path is too long; lossily where it is not UTF-8.
    pub too_long: Vec<String>,
    /// Files that somebody is still writing: they are left for a later cycle.
    pub unfinished: Vec<RelPath>,
    /// Paths that are not taken in, in order of the scan; the first 1,000.
    pub ignored: Vec<IgnoredPath>,
    /// How many paths are not taken in; a folder counts once.
    pub ignored_paths: u64,
    /// What this drive cannot show, and new paths that another location's drive cannot hold as they are.
    pub warnings: Vec<SkippedPath>,
    /// What was sent although it was made of damaged files, each with a sentence among the warnings.
    pub made_of_damage: Vec<MadeOfDamage>,
    /// Before how many deletions homes ask now, if another home changed that since the last cycle.
    pub threshold_heard: Option<HeardThreshold>,
    /// How many files a person's no kept that others had deleted.
    pub kept_files: u64,
    /// Deletions that wait for a yes.
    pub held: Option<Held>,
    /// Deletions of the other direction that wait for a yes as well.
    pub also_held: Option<Held>,
    /// Homes that have been silent for longer than the archive waits and are waited for still.
    pub silent: Vec<SilentHome>,
    /// Homes that this cycle was the first to set aside for their silence.
    pub set_aside: Vec<SilentHome>,
    /// What no sound world shows.
    pub alarms: Vec<Alarm>,
    /// Chunks that are wanted and not at hand.
    pub missing_chunks: u64,
    /// The Merkle root after the cycle.
    pub root: Option<Root>,
    /// Whether every head seen is covered, nothing lacks, waits, is held or unposted.
    pub up_to_date: bool,
    /// Whether this location joined with nothing, and the others have not told yet what the archive holds.
    pub awaits_state: bool,
    /// Whether this drive took a new location id: it is a copy, was restored, or came to a computer that does not know it.
    pub took_new_id: bool,
    /// Whether it did so at a computer that had never synced it under the id that it had.
    pub was_new_here: bool,
    /// Whether rows of the index were damaged, and what they said is learned anew; said until that is under way.
    pub mended_index: bool,
    /// Whether the mailbox went back to an earlier state, or was emptied, since this location wrote to it, and nobody was told yet.
    pub mailbox_went_back: bool,
}
