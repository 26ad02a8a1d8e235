//! Which of several damaged files that read alike a file is, though they should not: zeros of one length tell nothing.
//!
//! An inode tells, or the place; else the time together with a place that was left, and the name. Where none of these does, nothing is
//! guessed: the file is sent as it reads, and what it may have been is no deletion but comes back, each under its name.

use std::collections::BTreeSet;

use offsync_core::entry::{Content, FileContent, Value};
use offsync_core::ids::Digest;
use offsync_core::place::{Place, Stat};
use offsync_core::ports::{DiskErrorKind, EntryKind, IndexWrite};
use offsync_core::rel_path::{PathKey, RelPath};

use crate::damaged_reading::{DamagedReading, DamagedReadings, Which, is_time_of};
use crate::engine::Engine;
use crate::error::{EngineError, Result, is_fatal};
use crate::memory::{self, DAMAGED, Damage, IN_DOUBT, SCANNED};

/// What stands where a damaged file was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Left {
    /// Nothing: it is elsewhere.
    Empty,
    /// Something that does not look as it did.
    Taken,
    /// What looks just as it did.
    Standing,
}

impl Engine<'_> {
    /// Tells which of some damaged files that read alike a file is that has neither the inode nor the place of any.
    ///
    /// What has the time of one is that one, or a copy of it; what has another time is one that is nowhere else.
    pub(crate) fn which_damaged<'a>(
        &self,
        alike: &[&'a DamagedReading],
        (seen, stat): (&Value, &Stat),
        has_local_times: bool,
    ) -> Result<Which<'a>> {
        let of_its_time = self.which_of_its_time(alike, (seen, stat), has_local_times, Left::Standing)?;
        if !matches!(of_its_time, Which::Neither) {
            return Ok(of_its_time);
        }
        let mut found = Vec::new();
        for one in alike {
            if self.may_have_been_touched(one, stat)? {
                found.push(*one);
            }
        }
        self.choose(found, &seen.path, has_local_times)
    }

    /// Tells which of some damaged files that read alike and have its time a file is, if what stands at their places is so, or less.
    fn which_of_its_time<'a>(
        &self,
        alike: &[&'a DamagedReading],
        (seen, stat): (&Value, &Stat),
        has_local_times: bool,
        at_most: Left,
    ) -> Result<Which<'a>> {
        let mut found = Vec::new();
        for one in alike {
            if is_time_of(stat, one.stat.mtime_ns, has_local_times) && self.left_by(one, has_local_times)? <= at_most {
                found.push(*one);
            }
        }
        self.choose(found, &seen.path, has_local_times)
    }

    /// Tells whether another damaged file than the one at a place has moved there: it has that one's time, and left its own place.
    pub(crate) fn moved_over<'a>(
        &self,
        own: &DamagedReading,
        alike: &[&'a DamagedReading],
        (seen, stat): (&Value, &Stat),
        has_local_times: bool,
    ) -> Result<Which<'a>> {
        if is_time_of(stat, own.stat.mtime_ns, has_local_times) {
            return Ok(Which::Neither);
        }
        self.which_of_its_time(alike, (seen, stat), has_local_times, Left::Taken)
    }

    /// Tells whether nothing stands at the place of a damaged file any more, or what has just this time by now; not where it was put
    /// together again meanwhile, since a copy of that is sound.
    fn may_have_been_touched(&self, one: &DamagedReading, stat: &Stat) -> Result<bool> {
        match self.disk.look(&one.damage.path) {
            Ok(None) => Ok(true),
            Ok(Some(entry)) if entry.stat.mtime_ns == stat.mtime_ns => {
                let name = memory::of_key(DAMAGED, &one.damage.path.key());
                Ok(self.index.note(&name)?.is_some())
            }
            Err(error) if is_fatal(&error) => Err(error.into()),
            // Its folder is gone.
            Err(error) if error.kind() == DiskErrorKind::NotFound => Ok(true),
            Ok(Some(_)) | Err(_) => Ok(false),
        }
    }

    /// Chooses among damaged files: those that are elsewhere, and of these those with the name.
    ///
    /// Which of several it is that should read alike, too, is all the same.
    pub(crate) fn choose<'a>(
        &self,
        found: Vec<&'a DamagedReading>,
        path: &RelPath,
        has_local_times: bool,
    ) -> Result<Which<'a>> {
        if let Some(one) = the_only(&found) {
            return Ok(Which::One(one));
        }
        let mut left = Vec::new();
        for one in &found {
            left.push((self.left_by(one, has_local_times)?, *one));
        }
        let Some(least) = left.iter().map(|(left, _)| *left).min() else {
            return Ok(Which::Neither);
        };
        let away = || left.iter().filter(|(left, _)| *left == least).map(|(_, one)| *one);
        let most = found.iter().map(|one| shared_names(&one.damage.path, path)).max();
        let named: Vec<_> = away()
            .filter(|one| Some(shared_names(&one.damage.path, path)) == most && most > Some(0))
            .collect();
        if let Some(one) = the_only(&named) {
            return Ok(Which::One(one));
        }
        if most > Some(0) {
            return Ok(Which::Doubtful(found));
        }
        // Where others of them moved to the same folder under their names, it is the one that is left.
        let mut nameless = Vec::new();
        for one in away() {
            if !self.has_moved_along(one, path, has_local_times)? {
                nameless.push(one);
            }
        }
        Ok(match the_only(&nameless) {
            Some(one) => Which::One(one),
            None => Which::Doubtful(found),
        })
    }

    /// Tells whether what looks as a file did stands at its place no more.
    pub(crate) fn has_left(&self, one: &DamagedReading, has_local_times: bool) -> Result<bool> {
        Ok(self.left_by(one, has_local_times)? != Left::Standing)
    }

    /// Tells whether nothing stands at a place any more.
    pub(crate) fn is_gone(&self, path: &RelPath) -> Result<bool> {
        match self.disk.look(path) {
            Ok(entry) => Ok(entry.is_none()),
            Err(error) if is_fatal(&error) => Err(error.into()),
            // Its folder is gone.
            Err(error) => Ok(error.kind() == DiskErrorKind::NotFound),
        }
    }

    /// Tells what stands where a damaged file was; where nobody may look it may stand.
    fn left_by(&self, one: &DamagedReading, has_local_times: bool) -> Result<Left> {
        Ok(match self.disk.look(&one.damage.path) {
            Ok(None) => Left::Empty,
            Ok(Some(entry)) if entry.kind == EntryKind::File => match looks_as(one, &entry.stat, has_local_times) {
                true => Left::Standing,
                false => Left::Taken,
            },
            Ok(Some(_)) => Left::Taken,
            Err(error) if is_fatal(&error) => return Err(error.into()),
            // Its folder is gone.
            Err(error) if error.kind() == DiskErrorKind::NotFound => Left::Empty,
            Err(_) => Left::Standing,
        })
    }

    /// Tells whether a file that looks as a damaged one did has its name beside a path.
    fn has_moved_along(&self, one: &DamagedReading, path: &RelPath, has_local_times: bool) -> Result<bool> {
        let beside = path
            .parent()
            .and_then(|folder| folder.join(one.damage.path.name()).ok());
        let Some(beside) = beside.filter(|beside| *beside != one.damage.path) else {
            return Ok(false);
        };
        match self.disk.look(&beside) {
            Ok(entry) => Ok(entry.is_some_and(|entry| looks_as(one, &entry.stat, has_local_times))),
            Err(error) if is_fatal(&error) => Err(error.into()),
            Err(_) => Ok(false),
        }
    }

    /// Tells whether a damaged file got the name of another one that looked just as it did, on a drive that tells nothing else: the
    /// place reads as that one does, and that one's place reads so no more.
    pub(crate) fn damage_was_put_here(
        &self,
        damaged: &DamagedReadings,
        path: &RelPath,
        stat: &Stat,
        read: &FileContent,
    ) -> Result<bool> {
        if stat.inode != 0 {
            return Ok(false);
        }
        for one in damaged.known_as(read) {
            let looks_so = (one.stat.size_bytes, one.stat.mtime_ns) == (stat.size_bytes, stat.mtime_ns);
            if one.damage.path.key() == path.key() || !looks_so {
                continue;
            }
            let reads_so_still = match self.read_content(&one.damage.path) {
                Ok(there) => there.is_none_or(|(there, _)| there.digest == read.digest),
                Err(EngineError::Disk(error)) if is_fatal(&error) => return Err(error.into()),
                Err(EngineError::Disk(error)) => error.kind() != DiskErrorKind::NotFound,
                Err(error) => return Err(error),
            };
            if !reads_so_still {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Gives the file over which a damaged one may have been put that is gone: one that is known to hold just what that reads as, and has
    /// its time; not where another place got that one, nor where nobody touched that file since.
    pub(crate) fn put_over(&self, damaged: &DamagedReadings, one: &DamagedReading) -> Result<Option<RelPath>> {
        let Some(chunk) = one.damage.rotten.first() else {
            return Ok(None);
        };
        let has_local_times = self.disk.profile()?.has_local_times();
        let scanned_ns = memory::read::<i64>(self.index, SCANNED)?.unwrap_or(i64::MAX);
        let mut onto = None;
        for (path, stat) in self.known_with_chunk(chunk, &one.reads)? {
            let is_itself = stat.inode != 0 && stat.inode == one.stat.inode;
            // Where a drive keeps no change time, or not yet, nothing tells that.
            let is_untouched = stat.inode != 0 && stat.ctime_ns > 0 && stat.ctime_ns < scanned_ns;
            let may_be = is_itself || is_time_of(&stat, one.stat.mtime_ns, has_local_times) && !is_untouched;
            if may_be && self.index.note(&memory::of_key(DAMAGED, &path.key()))?.is_none() {
                onto.get_or_insert(path);
            }
        }
        for (key, _) in self.index.notes(DAMAGED)?.iter().filter(|_| onto.is_some()) {
            let there: Option<Damage> = memory::read(self.index, key)?;
            let Some(there) = there.map(|damage| damage.path.key()).filter(|key| !damaged.is_at(key)) else {
                continue;
            };
            let place = self.index.place(&there)?;
            let content = place.as_ref().and_then(Place::on_disk).map(|value| &value.content);
            if matches!(content, Some(Content::File(file)) if file.digest == one.meant.digest) {
                return Ok(None);
            }
        }
        Ok(onto)
    }

    /// Gives the places of damaged files that a file which was seen may be, though nothing tells which.
    pub(crate) fn in_doubt(&self) -> Result<BTreeSet<PathKey>> {
        let doubted = memory::read_all::<RelPath>(self.index, IN_DOUBT)?;
        Ok(doubted.values().map(RelPath::key).collect())
    }

    /// Makes the writes that forget them, once a scan saw all of the drive and took down what is gone.
    pub(crate) fn forget_doubt(&self) -> Result<Vec<IndexWrite>> {
        let notes = self.index.notes(IN_DOUBT)?;
        Ok(notes.into_iter().map(|(name, _)| memory::erase(name)).collect())
    }
}

/// Makes the writes that note what a file may have been: none of these is deleted when it is found to be gone.
pub(crate) fn doubt_writes(may_be: &[RelPath]) -> Vec<IndexWrite> {
    may_be
        .iter()
        .map(|path| memory::write(memory::of_key(IN_DOUBT, &path.key()), path))
        .collect()
}

fn looks_as(one: &DamagedReading, stat: &Stat, has_local_times: bool) -> bool {
    stat.size_bytes == one.stat.size_bytes && is_time_of(stat, one.stat.mtime_ns, has_local_times)
}

/// Gives the first of some damaged files, if they all should read alike.
fn the_only<'a>(found: &[&'a DamagedReading]) -> Option<&'a DamagedReading> {
    let meant: BTreeSet<Digest> = found.iter().map(|one| one.meant.digest).collect();
    found.first().copied().filter(|_| meant.len() == 1)
}

/// Counts the names that two paths end in alike, from the last one up.
fn shared_names(one: &RelPath, other: &RelPath) -> usize {
    let (one, other) = (one.key(), other.key());
    let above = |byte: &u8| *byte == 0;
    let (one, other) = (one.as_bytes().rsplit(above), other.as_bytes().rsplit(above));
    one.zip(other).take_while(|(one, other)| one == other).count()
}
