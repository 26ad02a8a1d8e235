//! The trash: what lost its place, until it expires.
//!
//! What a place still waits for is never dropped, whoever asks. Age is counted by a
//! clock of its own, which no wrong date can hurry: it goes on by a week at most from one
//! cycle to the next. What is not young any more gives way to files that arrive and have no room.

use std::collections::{BTreeMap, BTreeSet};

use offsync_core::entry::FileContent;
use offsync_core::format::ObjectName;
use offsync_core::ids::{ChunkId, LocationId};
use offsync_core::limits::{DAY_NS, TRASH_DAYS, TRASH_DAYS_MIN, TRASH_FREE_PERCENT};
use offsync_core::ports::{DiskError, DiskErrorKind, EntryKind, IndexWrite, Mailbox, TrashName};
use offsync_core::rel_path::RelPath;

use crate::engine::Engine;
use crate::error::{EngineError, Result};
use crate::made_of_damage::restored_damage;
use crate::memory::{self, TRASH, TRASH_CLOCK, TrashClock, TrashRecord};
use crate::view::View;

/// The most that one cycle lets the trash age.
const AGE_A_CYCLE_NS: i64 = 7 * DAY_NS;
/// Names tried for what comes back to a place that is taken.
const NAMES_MAX: u32 = 1_000;

/// A file in the trash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrashLine {
    /// Its name there.
    pub name: String,
    /// Where it stood.
    pub path: RelPath,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// When it was displaced, in nanoseconds since 1970.
    pub displaced_ns: i64,
    /// Whose change displaced it, if that is known.
    pub by: Option<LocationId>,
    /// When it expires if the drive is synced now and then, in nanoseconds since 1970.
    pub expires_ns: i64,
}

/// What emptying the trash did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Emptied {
    /// Files that are gone for good.
    pub files: u64,
    /// Their size in bytes.
    pub bytes: u64,
    /// Files that stayed since a place still waits for what they hold.
    pub kept: u64,
}

impl Engine<'_> {
    /// Lists the trash, the newest first.
    pub fn trash(&self) -> Result<Vec<TrashLine>> {
        self.trash_at(self.trash_clock()?)
    }

    fn trash_at(&self, clock: TrashClock) -> Result<Vec<TrashLine>> {
        let records = memory::read_all::<TrashRecord>(self.index, TRASH)?;
        if records.is_empty() {
            return Ok(Vec::new());
        }
        let sizes: BTreeMap<String, u64> = self
            .disk
            .trashed()?
            .into_iter()
            .map(|file| (file.name, file.size_bytes))
            .collect();
        let line = |(name, record): (String, TrashRecord)| {
            let size_bytes = *sizes.get(&name)?;
            let left_ns = TRASH_DAYS * DAY_NS - (clock.age_ns - record.since_age_ns);
            Some(TrashLine {
                name,
                path: record.path,
                size_bytes,
                displaced_ns: record.displaced_ns,
                by: record.by,
                expires_ns: self.clock.now_ns().saturating_add(left_ns.max(0)),
            })
        };
        let mut lines: Vec<TrashLine> = records.into_iter().filter_map(line).collect();
        lines.sort_by_key(|line| (std::cmp::Reverse(line.displaced_ns), line.path.clone()));
        Ok(lines)
    }

    /// Puts a file of the trash back; gives where it stands now. The next cycle tells the others, as of any change.
    ///
    /// Nothing is overwritten: where its place is taken, it gets a name beside it, and so does its folder.
    pub fn restore_trashed(&mut self, line: &TrashLine) -> Result<RelPath> {
        let to = self.free_place(&line.path)?;
        let name = format!("{TRASH}{}", line.name);
        let was_damaged = memory::read::<TrashRecord>(self.index, &name)?.and_then(|record| record.was_damaged);
        self.disk.restore(&TrashName(line.name.clone()), &to)?;
        self.disk.flush()?;
        let mut writes = vec![memory::erase(name)];
        // The next sync sends it as their word, and says what it is.
        writes.extend(was_damaged.map(|damaged| restored_damage(&to, &line.path, damaged)));
        // What somebody has back from the trash they mean, though it reads as a damaged file did there.
        writes.extend(self.forget_readings(|damage| damage.path.key() == line.path.key())?);
        self.commit(writes)?;
        Ok(to)
    }

    /// Drops some files of the trash for good.
    pub fn empty_trash(&mut self, lines: &[TrashLine]) -> Result<Emptied> {
        let mut emptied = Emptied::default();
        for line in lines {
            if self.is_waited_for(&line.name)? {
                emptied.kept += 1;
                continue;
            }
            self.drop_from_trash(&line.name)?;
            emptied.files += 1;
            emptied.bytes += line.size_bytes;
        }
        Ok(emptied)
    }

    /// Lets the trash age, and drops what is old enough, and the oldest of it while the drive is nearly full.
    ///
    /// Gives the write that keeps its age.
    pub(crate) fn expire_trash(&mut self) -> Result<IndexWrite> {
        let clock = self.aged_clock()?;
        let aged = memory::write(TRASH_CLOCK, &clock);
        let lines = self.old_trash(clock)?;
        if lines.is_empty() {
            return Ok(aged);
        }
        let facts = self.disk.facts()?;
        let wanted = facts.total_bytes / 100 * TRASH_FREE_PERCENT;
        let mut lacking = wanted.saturating_sub(facts.free_bytes);
        for line in lines {
            if line.expires_ns > clock.last_ns && lacking == 0 {
                continue;
            }
            let emptied = self.empty_trash(std::slice::from_ref(&line))?;
            lacking = lacking.saturating_sub(emptied.bytes);
        }
        Ok(aged)
    }

    /// Lets the oldest of the trash give way to files that lie in the mailbox and have no room, as far as that makes them
    /// fit; tells whether any did.
    ///
    /// Not what was displaced within the last days, whatever arrives: a mistake that travels would else take away the
    /// versions that it replaced.
    pub(crate) fn let_trash_give_way(
        &mut self,
        mailbox: &dyn Mailbox,
        view: &View,
        missing: &BTreeSet<ChunkId>,
    ) -> Result<bool> {
        if !self.space.is_short() {
            return Ok(false);
        }
        let (lines, bytes) = self.spare_trash()?;
        if self.space.to_free(bytes, |_| true) == 0 {
            return Ok(false);
        }
        let there = self.lying_there(mailbox, view, missing)?;
        let me = self.me();
        // What was served to this location is what it asked for: what else it lacks, and the mailbox did not hold.
        let is_served = view
            .names()
            .any(|name| matches!(name, ObjectName::ServedPack { reader, .. } if *reader == me));
        let to_free = self.space.to_free(bytes, |chunk| is_served || there.contains(chunk));
        let gave_way = self.drop_oldest(lines, to_free)?;
        if gave_way {
            // What changesets themselves hold had no room when they were read.
            self.space.learned.clear();
        }
        Ok(gave_way)
    }

    /// Lets the oldest of the trash go until so much is freed, if there is so much; tells whether there was.
    pub(crate) fn free_by_trash(&mut self, bytes: u64) -> Result<bool> {
        let (lines, spare_bytes) = self.spare_trash()?;
        if spare_bytes < bytes {
            return Ok(false);
        }
        self.drop_oldest(lines, bytes)
    }

    /// Gives how much emptying the trash would free.
    pub(crate) fn trash_bytes(&mut self) -> Result<u64> {
        let mut bytes = 0;
        for line in self.trash()? {
            bytes += if self.is_waited_for(&line.name)? {
                0
            } else {
                line.size_bytes
            };
        }
        Ok(bytes)
    }

    /// Gives what of the trash may go before its time, the oldest first, and its size.
    fn spare_trash(&mut self) -> Result<(Vec<TrashLine>, u64)> {
        let mut spare = Vec::new();
        for line in self.old_trash(self.aged_clock()?)? {
            if !self.is_waited_for(&line.name)? {
                spare.push(line);
            }
        }
        let bytes = spare.iter().map(|line| line.size_bytes).sum();
        Ok((spare, bytes))
    }

    fn drop_oldest(&mut self, lines: Vec<TrashLine>, to_free_bytes: u64) -> Result<bool> {
        let mut freed = 0;
        for line in lines {
            if freed >= to_free_bytes {
                break;
            }
            freed += self.empty_trash(&[line])?.bytes;
        }
        Ok(freed > 0)
    }

    /// Gives what of the trash is not young any more, the oldest first.
    fn old_trash(&self, clock: TrashClock) -> Result<Vec<TrashLine>> {
        let mut lines = self.trash_at(clock)?;
        lines.reverse();
        let is_young = |line: &TrashLine| {
            let left_ns = line.expires_ns.saturating_sub(clock.last_ns);
            left_ns > (TRASH_DAYS - TRASH_DAYS_MIN) * DAY_NS
        };
        lines.retain(|line| !is_young(line));
        Ok(lines)
    }

    /// Gives the clock as this cycle leaves it.
    fn aged_clock(&self) -> Result<TrashClock> {
        let mut clock = self.trash_clock()?;
        let now_ns = self.clock.now_ns();
        clock.age_ns += now_ns.saturating_sub(clock.last_ns).clamp(0, AGE_A_CYCLE_NS);
        clock.last_ns = now_ns;
        Ok(clock)
    }

    /// Gives the age of the trash now, for what is displaced.
    pub(crate) fn trash_clock(&self) -> Result<TrashClock> {
        let known = memory::read(self.index, TRASH_CLOCK)?;
        Ok(known.unwrap_or(TrashClock {
            age_ns: 0,
            last_ns: self.clock.now_ns(),
        }))
    }

    /// Tells whether a place waits for what a file of the trash holds, and nothing else on this drive has it.
    fn is_waited_for(&mut self, name: &str) -> Result<bool> {
        let record = memory::read::<TrashRecord>(self.index, &format!("{TRASH}{name}"))?;
        let content = record.and_then(|record| record.content);
        let damages = self.damages()?;
        let is_damaged = |chunk: &ChunkId| damages.values().any(|damage| damage.bad.contains(chunk));
        for (chunk, _, _) in content.iter().flat_map(FileContent::pieces) {
            let is_wanted = !self.index.versions_with_chunk(&chunk)?.is_empty();
            let is_whole = !is_damaged(&chunk) && !self.index.places_with_chunk(&chunk)?.is_empty();
            if is_wanted && !is_whole {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn drop_from_trash(&mut self, name: &str) -> Result<()> {
        self.disk.drop_trashed(&TrashName(name.to_owned()))?;
        self.commit(vec![memory::erase(format!("{TRASH}{name}"))])
    }

    /// Finds a place where nothing stands, making the folders above it.
    fn free_place(&self, path: &RelPath) -> Result<RelPath> {
        let mut folder = RelPath::root();
        for name in path.parent().iter().flat_map(RelPath::names) {
            let Ok(below) = folder.join(name) else { break };
            // What took the folder's name stays; what was in the folder comes back together, beside it.
            let places = std::iter::once(below.clone()).chain(names_beside(&below, RESTORED));
            folder = self.folder_at_first(places)?.ok_or_else(|| all_taken(&below))?;
        }
        let to = folder.join(path.name()).unwrap_or_else(|_| path.clone());
        match self.standing_at(&to)? {
            None => Ok(to),
            Some(_) => self.free_name(&to, RESTORED),
        }
    }

    /// Gives the first of some places at which a folder stands or, as nothing does, is made.
    fn folder_at_first(&self, places: impl Iterator<Item = RelPath>) -> Result<Option<RelPath>> {
        for place in places {
            match self.standing_at(&place)? {
                Some((there, EntryKind::Folder)) => return Ok(Some(there)),
                Some(_) => {}
                None => {
                    self.disk.make_folder(&place, FOLDER_MODE)?;
                    return Ok(Some(place));
                }
            }
        }
        Ok(None)
    }

    /// Finds a name beside a path at which nothing stands: `name (word).txt`, `name (word 2).txt` and so on.
    pub(crate) fn free_name(&self, path: &RelPath, word: &str) -> Result<RelPath> {
        for to in names_beside(path, word) {
            if self.standing_at(&to)?.is_none() {
                return Ok(to);
            }
        }
        Err(all_taken(path))
    }

    /// Gives what stands at a place, also if somebody spelled it in other case: beside that, the same name would be its twin.
    fn standing_at(&self, path: &RelPath) -> Result<Option<(RelPath, EntryKind)>> {
        let mut there = path.clone();
        let mut entry = self.disk.look(path)?;
        if entry.is_none()
            && let Some(place) = self.index.place(&path.key())?
            && let Some(known) = place.path()
        {
            there.clone_from(known);
            entry = self.disk.look(known)?;
        }
        Ok(entry.map(|entry| (there, entry.kind)))
    }
}

/// Gives the names beside a path, as far as they are short enough: `name (word).txt`, `name (word 2).txt` and so on.
fn names_beside(path: &RelPath, word: &str) -> impl Iterator<Item = RelPath> {
    let folder = path.parent().unwrap_or_else(RelPath::root);
    let name = String::from_utf8_lossy(path.name()).into_owned();
    let ending_at = name.rfind('.').filter(|at| *at > 0).unwrap_or(name.len());
    (1..NAMES_MAX).map_while(move |number| {
        let (stem, ending) = name.split_at(ending_at);
        match number {
            1 => folder.join(format!("{stem} ({word}){ending}")).ok(),
            n => folder.join(format!("{stem} ({word} {n}){ending}")).ok(),
        }
    })
}

fn all_taken(path: &RelPath) -> EngineError {
    EngineError::Disk(DiskError::new(
        DiskErrorKind::Exists,
        path.clone(),
        "something stands at its place and at every name beside it",
    ))
}

/// What is put behind the name of what comes back beside its place.
const RESTORED: &str = "restored";
/// The mode of a folder that comes back only because a file in it does.
const FOLDER_MODE: u32 = 0o755;
