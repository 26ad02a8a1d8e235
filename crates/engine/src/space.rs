//! The room on the drive in one cycle: which waiting files get it, and what is said of the others.
//!
//! Files get room in order of their size, the small first, as long as all that got some can be put together beside each
//! other. What is fetched for those therefore always comes to its place, slice by slice, and nothing is fetched in vain.

use std::collections::{BTreeMap, BTreeSet};

use offsync_core::entry::FileContent;
use offsync_core::format::ObjectName;
use offsync_core::ids::ChunkId;
use offsync_core::limits::STAGED_TWICE_BYTES_MAX;
use offsync_core::rel_path::RelPath;

/// What a file takes beside its content at most, in its folder and in the index; where blocks are smaller, it is less.
const BESIDE_BYTES_MAX: u64 = 1 << 10;
/// How often files whose content does not come give way to larger ones, in one cycle.
const PASSES_MAX: u32 = 8;

/// The room on the drive at one moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DriveRoom {
    /// What may be taken.
    pub(crate) spare_bytes: u64,
    /// What a file takes is a multiple of this.
    pub(crate) block_bytes: u64,
}

impl DriveRoom {
    /// Gives what a file of some length takes.
    pub(crate) fn taken(&self, size_bytes: u64) -> u64 {
        let block = self.block_bytes.max(1);
        let beside = (block - 1).min(BESIDE_BYTES_MAX);
        size_bytes.saturating_add(beside).div_ceil(block).saturating_mul(block)
    }

    /// Gives what a folder takes.
    pub(crate) fn of_folder(&self) -> u64 {
        if self.block_bytes > 1 { self.block_bytes } else { 0 }
    }
}

/// Why a file cannot be put together now.
#[derive(Debug)]
pub(crate) enum NotNow {
    /// It needs so much, and there is so much.
    NoRoom(u64, u64),
    /// What the sentence says.
    Because(String),
}

impl<T: Into<String>> From<T> for NotNow {
    fn from(sentence: T) -> Self {
        Self::Because(sentence.into())
    }
}

/// A file that waits for content.
#[derive(Debug)]
struct Waiting {
    path: RelPath,
    chunks: Vec<ChunkId>,
    lacking: Vec<ChunkId>,
    size_bytes: u64,
    /// What may stand twice while it is put together.
    twice_bytes: u64,
}

/// What was found out about room in one cycle.
#[derive(Debug, Default)]
pub(crate) struct Space {
    /// Those that wait; once the room was shared, in the order of their turns.
    waiting: Vec<Waiting>,
    /// What room was shared, and how much there was for those that wait.
    shared: Option<(DriveRoom, u64)>,
    /// Chunks of the files that get room.
    admitted: BTreeSet<ChunkId>,
    /// Chunks of those that do not.
    refused: BTreeSet<ChunkId>,
    /// Those that do not: what each would need, and what there is for it.
    held: BTreeMap<RelPath, (u64, u64)>,
    /// Files whose content is here and that had no room when they were put together: the same of each.
    left_out: BTreeMap<RelPath, (u64, u64)>,
    /// What must be freed for all of them.
    to_free_bytes: u64,
    /// Chunks that did not come although there was room: whoever needs them comes last.
    absent: BTreeSet<ChunkId>,
    passes: u32,
    /// Chunks that were fetched in this cycle and had no room: who needs them waits for the next.
    put_away: BTreeSet<ChunkId>,
    /// Packs that were fetched: none is fetched twice.
    pub(crate) fetched: BTreeSet<ObjectName>,
    /// What packs hold, as their changesets say.
    pub(crate) packs: BTreeMap<ObjectName, Vec<ChunkId>>,
    /// What changesets themselves hold.
    pub(crate) inline: BTreeMap<ObjectName, Vec<ChunkId>>,
    /// Changesets of which that is known.
    pub(crate) learned: BTreeSet<ObjectName>,
    /// Whether something was not kept that somebody waits for, or will.
    pub(crate) is_tight: bool,
}

impl Space {
    /// Begins to gather anew what waits.
    pub(crate) fn begin_look(&mut self) {
        self.waiting.clear();
    }

    /// Adds a file that waits for some of its chunks.
    pub(crate) fn add_waiting(&mut self, path: &RelPath, file: &FileContent, lacking: &[ChunkId]) {
        let pieces = file.pieces();
        let lacks: BTreeSet<&ChunkId> = lacking.iter().collect();
        let of_lacking = pieces.iter().filter(|(chunk, _, _)| lacks.contains(chunk));
        let lacking_bytes: u64 = of_lacking.map(|(_, _, len)| *len).sum();
        self.waiting.push(Waiting {
            path: path.clone(),
            chunks: pieces.into_iter().map(|(chunk, _, _)| chunk).collect(),
            lacking: lacking.to_vec(),
            size_bytes: file.size_bytes,
            twice_bytes: lacking_bytes.min(STAGED_TWICE_BYTES_MAX),
        });
    }

    /// Tells whether anything waits.
    pub(crate) fn has_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Gives so many bytes of room to those that wait.
    pub(crate) fn share(&mut self, room: &DriveRoom, there_bytes: u64) {
        let is_absent = |file: &Waiting| file.lacking.iter().any(|chunk| self.absent.contains(chunk));
        self.waiting
            .sort_by_cached_key(|file| (is_absent(file), file.size_bytes, file.path.clone()));
        self.admitted.clear();
        self.refused.clear();
        self.held.clear();
        let (mut given, mut twice, mut asked, mut asked_twice) = (0u64, 0, 0u64, 0);
        self.shared = Some((*room, there_bytes));
        for file in &self.waiting {
            let taken = room.taken(file.size_bytes);
            asked = asked.saturating_add(taken);
            asked_twice = file.twice_bytes.max(asked_twice);
            let needed = taken.saturating_add(room.taken(file.twice_bytes.max(twice)));
            let there = there_bytes.saturating_sub(given);
            let is_put_away = file.lacking.iter().any(|chunk| self.put_away.contains(chunk));
            let fits = needed <= there;
            if fits {
                (given, twice) = (given + taken, file.twice_bytes.max(twice));
            }
            if fits && !is_put_away {
                self.admitted.extend(&file.chunks);
            } else {
                self.refused.extend(&file.chunks);
                self.held.insert(file.path.clone(), (needed, there));
            }
        }
        self.to_free_bytes = asked
            .saturating_add(room.taken(asked_twice))
            .saturating_sub(there_bytes);
    }

    /// Tells whether some file got no room.
    pub(crate) fn is_short(&self) -> bool {
        !self.held.is_empty() || !self.left_out.is_empty()
    }

    /// Gives how much has to be freed so that more files have room, where so much can be; 0 if that is of no use.
    ///
    /// `comes` tells whether a chunk can be had: a file whose content is nowhere yet lets nothing give way.
    pub(crate) fn to_free(&self, can_free_bytes: u64, comes: impl Fn(&ChunkId) -> bool) -> u64 {
        let mut to_free = 0;
        if let Some((room, there_bytes)) = &self.shared {
            let (mut given, mut twice) = (0u64, 0);
            for file in &self.waiting {
                let is_held = self.held.contains_key(&file.path);
                let most_twice = file.twice_bytes.max(twice);
                let taken = room.taken(file.size_bytes);
                let lacking = given.saturating_add(taken).saturating_add(room.taken(most_twice));
                let lacking = lacking.saturating_sub(*there_bytes);
                if is_held && (lacking > can_free_bytes || !file.lacking.iter().all(&comes)) {
                    continue;
                }
                (given, twice) = (given.saturating_add(taken), most_twice);
                to_free = if is_held { lacking.max(to_free) } else { to_free };
            }
        }
        let left_out = self.left_out.iter().filter(|(path, _)| !self.held.contains_key(*path));
        let mut left_out: Vec<u64> = left_out
            .map(|(_, (needed, there))| needed.saturating_sub(*there))
            .collect();
        left_out.sort_unstable();
        for lacking in left_out {
            if to_free.saturating_add(lacking) <= can_free_bytes {
                to_free += lacking;
            }
        }
        to_free
    }

    /// Tells whether a chunk was fetched in this cycle and has no room.
    pub(crate) fn is_put_away(&self, chunk: &ChunkId) -> bool {
        self.put_away.contains(chunk)
    }

    /// Tells whether only files that get no room want a chunk: it stays in the mailbox.
    pub(crate) fn refuses(&self, chunk: &ChunkId) -> bool {
        self.refused.contains(chunk) && !self.admitted.contains(chunk)
    }

    /// Tells whether a file that gets room is made of a chunk.
    pub(crate) fn admits(&self, chunk: &ChunkId) -> bool {
        self.admitted.contains(chunk)
    }

    /// Gives up chunks that were fetched and have no room, and for this cycle the files that wait for them.
    pub(crate) fn put_away(&mut self, chunks: &[(ChunkId, Vec<u8>)]) {
        self.put_away.extend(chunks.iter().map(|(chunk, _)| chunk));
    }

    /// Gives up those of some fetched chunks for whose files there is no room.
    pub(crate) fn put_away_refused(&mut self, chunks: &[(ChunkId, Vec<u8>)]) {
        let all = chunks.iter().map(|(chunk, _)| *chunk);
        let refused: Vec<ChunkId> = all.filter(|chunk| self.refuses(chunk)).collect();
        self.put_away.extend(refused);
    }

    /// Remembers a file that had no room when it was put together.
    pub(crate) fn leave_out(&mut self, path: &RelPath, needed_bytes: u64, there_bytes: u64) {
        self.left_out.insert(path.clone(), (needed_bytes, there_bytes));
    }

    /// Notes that something stands in its place.
    pub(crate) fn placed(&mut self, path: &RelPath) {
        self.left_out.remove(path);
    }

    /// Lets files whose content did not come give way to the others; tells whether there are such and others.
    pub(crate) fn pass_over(&mut self, missing: &BTreeSet<ChunkId>) -> bool {
        if self.held.is_empty() || self.passes == PASSES_MAX {
            return false;
        }
        self.passes += 1;
        let before = self.absent.len();
        self.absent
            .extend(missing.iter().filter(|chunk| self.admitted.contains(chunk)));
        self.absent.len() > before
    }

    /// Makes the sentences about files that got no room, and about all together.
    ///
    /// `trash_bytes` is what emptying the trash would free.
    pub(crate) fn sentences(&self, trash_bytes: u64) -> Vec<(RelPath, String)> {
        let of_file = |(path, (needed, there)): (&RelPath, &(u64, u64))| (path.clone(), no_room(*needed, *there));
        let left_out = self.left_out.iter().filter(|(path, _)| !self.held.contains_key(path));
        let to_free = self.to_free_bytes + left_out.clone().map(|(_, (needed, _))| needed).sum::<u64>();
        let mut all: Vec<(RelPath, String)> = self.held.iter().chain(left_out).map(of_file).collect();
        if all.len() > 1 {
            let of_all = format!(
                "the drive is too full for {} files; free {} on it and sync again. Nothing is lost",
                all.len(),
                size(to_free)
            );
            all.push((RelPath::root(), of_all));
        } else if all.is_empty() && self.is_tight {
            let sentence = "the drive is too full to take everything in; make room and sync again. Nothing is lost";
            all.push((RelPath::root(), sentence.into()));
        }
        if let (Some((_, last)), 1..) = (all.last_mut(), trash_bytes) {
            let trash = size(trash_bytes);
            last.push_str(&format!(
                "; the trash on this drive holds {trash}, which `offsync trash empty FOLDER` frees"
            ));
        }
        all
    }
}

/// Says that there is no room for a file.
fn no_room(needed_bytes: u64, there_bytes: u64) -> String {
    if needed_bytes <= there_bytes {
        return "the drive had no room for it when it came; sync again. Nothing is lost".into();
    }
    format!(
        "the drive is too full for it: it needs {} while it is put together, and there are {}; free {} and sync again. Nothing is lost",
        size(needed_bytes),
        size(there_bytes),
        size(needed_bytes - there_bytes)
    )
}

/// Gives a size as people read it: one decimal, powers of ten.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["bytes", "kB", "MB", "GB", "TB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1000.0 && unit < UNITS.len() - 1 {
        value /= 1000.0;
        unit += 1;
    }
    if unit == 0 {
        format!("{bytes} byte{}", if bytes == 1 { "" } else { "s" })
    } else {
        format!("{value:.1} {}", UNITS[unit])
    }
}
