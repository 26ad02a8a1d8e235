//! Lost content: what every home that counts lacks, and nothing in the mailbox holds. It is named, people are asked, and
//! life goes on.
//!
//! Until a person gives it up, nothing hangs on it but what people are told: it goes on being wanted, so that a home
//! which was silent, or somebody who puts the file back from elsewhere, heals it. It is derived anew in each cycle, from
//! the lists in the heads.

use std::collections::{BTreeMap, BTreeSet};

use offsync_core::dot::Dot;
use offsync_core::drive_profile::{DriveProfile, Fit};
use offsync_core::entry::{Content, Version};
use offsync_core::format::ObjectName;
use offsync_core::ids::{ChunkId, LocationId};
use offsync_core::limits::MISSING_LISTED_MAX;
use offsync_core::place::Place;
use offsync_core::ports::IndexWrite;
use offsync_core::rel_path::PathKey;
use serde::{Deserialize, Serialize};

use crate::counted::{Counted, Standing};
use crate::engine::Engine;
use crate::error::Result;
use crate::memory::{self, Damage, GONE, Gone};
use crate::options::SyncOptions;
use crate::report::LostFile;
use crate::view::View;

/// What was found lost in the last cycle that saw the mailbox, by dot.
const LOST: &str = "lost";
/// The dots that a person gave up and whose deletion is not posted yet.
const GIVEN_UP: &str = "given-up";

/// What is noted of one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct LostNote {
    key: PathKey,
    dot: Dot,
}

impl Engine<'_> {
    /// Notes which files are lost, as far as this cycle can tell.
    ///
    /// `missing` is what this location lacks, after all was fetched that is listed.
    pub(crate) fn note_lost(&mut self, view: &View, missing: &BTreeSet<ChunkId>, counted: &Counted) -> Result<()> {
        let lost = match self.knows_all(view)? {
            true => self.lost_versions(missing, counted)?,
            false => Vec::new(),
        };
        let mut writes = Vec::new();
        if lost != self.lost_notes()? {
            writes.push(match lost.is_empty() {
                true => memory::erase(LOST),
                false => memory::write(LOST, &lost),
            });
        }
        writes.extend(self.forget_given_up()?);
        self.commit(writes)
    }

    /// Tells whether all that anybody who lives has said is folded here: what is not may hold what lacks.
    pub(crate) fn knows_all(&self, view: &View) -> Result<bool> {
        let departed = self.departed()?;
        let is_unfolded = |name: &ObjectName| match name {
            ObjectName::Manifest { author, sequence } => {
                self.vector.get(author) < *sequence && !departed.contains(author)
            }
            _ => false,
        };
        Ok(!view.names().any(is_unfolded) && !self.knows_of_strangers()? && self.covers_all_heads()?)
    }

    fn lost_versions(&self, missing: &BTreeSet<ChunkId>, counted: &Counted) -> Result<Vec<LostNote>> {
        let (me, heads) = (self.me(), self.heads()?);
        let mut lost = BTreeSet::new();
        // What has no room here was not fetched: it may well be there.
        for chunk in missing.iter().filter(|chunk| !self.space.refuses(chunk)) {
            let versions = self.index.versions_with_chunk(chunk)?;
            let mut is_lost = true;
            for (other, standing) in counted.others(me) {
                // What its drive cannot hold it neither has nor asks for.
                let drive = heads.get(other).map(|cached| cached.head.drive);
                is_lost = is_lost && (standing.missing.contains(chunk) || self.none_fits(drive.as_ref(), &versions)?);
            }
            if is_lost {
                lost.extend(versions);
            }
        }
        let note = |(key, dot)| LostNote { key, dot };
        Ok(lost.into_iter().map(note).collect())
    }

    fn none_fits(&self, drive: Option<&DriveProfile>, versions: &[(PathKey, Dot)]) -> Result<bool> {
        let Some(drive) = drive else { return Ok(false) };
        for (key, dot) in versions {
            let siblings = self.index.entry(key)?;
            if !siblings.get(dot).is_some_and(|version| cannot_hold(drive, version)) {
                return Ok(false);
            }
        }
        Ok(!versions.is_empty())
    }

    fn lost_notes(&self) -> Result<Vec<LostNote>> {
        Ok(memory::read(self.index, LOST)?.unwrap_or_default())
    }

    /// Gives the pieces of each file that the last cycle found lost.
    pub(crate) fn lost_pieces(&self) -> Result<Vec<Vec<ChunkId>>> {
        let mut pieces = Vec::new();
        for LostNote { key, dot } in self.lost_notes()? {
            let siblings = self.index.entry(&key)?;
            pieces.extend(siblings.get(&dot).map(|version| version.value.content.chunk_ids()));
        }
        Ok(pieces)
    }

    /// Gives the files whose content no home that counts has, in order of path.
    pub fn lost(&mut self) -> Result<Vec<LostFile>> {
        let notes = self.lost_notes()?;
        if notes.is_empty() {
            return Ok(Vec::new());
        }
        let (stores, damages) = (self.stores()?, self.damages()?);
        let mut lost = Vec::new();
        for LostNote { key, dot } in notes {
            let siblings = self.index.entry(&key)?;
            let gone: Option<Gone> = memory::read(self.index, &memory::of_key(GONE, &key))?;
            let is_gone = gone.is_some_and(|gone| gone.shown.iter().any(|dots| dots.contains(&dot)));
            let (Some(version), false) = (siblings.get(&dot), is_gone) else {
                continue;
            };
            let Content::File(file) = &version.value.content else {
                continue;
            };
            let chunks = version.value.content.chunk_ids();
            let is_of_these = |damage: &Damage| damage.bad.iter().any(|bad| chunks.contains(bad));
            let (mut is_damaged, mut is_damaged_here) = (false, false);
            for (at, damage) in damages.iter().filter(|(_, damage)| is_of_these(damage)) {
                is_damaged = true;
                is_damaged_here |= self.is_left_of(&dot, at, damage)?;
            }
            // Since the last cycle somebody may have put it back.
            if is_damaged || !self.missing_of(&chunks, &stores)?.is_empty() {
                lost.push(LostFile {
                    path: version.value.path.clone(),
                    by: dot.location,
                    size_bytes: file.size_bytes,
                    is_damaged_here,
                    dot,
                });
            }
        }
        lost.sort_by(|a, b| (&a.path, a.dot).cmp(&(&b.path, b.dot)));
        Ok(lost)
    }

    /// Tells whether a damaged file of this drive is what is left of a version; one that only should read alike is left of another.
    fn is_left_of(&self, dot: &Dot, key: &PathKey, damage: &Damage) -> Result<bool> {
        let place = self.index.place(key)?;
        let shown = place.iter().filter_map(|place| place.shown.as_ref());
        let mut shown = shown.flat_map(|shown| &shown.refs).flat_map(|shown| &shown.dots);
        Ok(damage.dots.contains(dot) || shown.any(|shown| shown == dot))
    }

    /// Gives the locations that do not count and may bring back what is lost: those that are parked.
    pub fn may_still_hold(&self, options: &SyncOptions) -> Result<Vec<LocationId>> {
        let counting = self.counting(options)?;
        let departed = self.departed()?;
        let living = self.living()?.into_iter().map(|(location, _)| location);
        Ok(living
            .filter(|location| !counting.contains(location) && !departed.contains(location))
            .collect())
    }

    /// Gives lost files up, as a person decided: their versions are deleted everywhere by the next sync. Where an
    /// older version still stands on this drive, that one stays, for everybody.
    ///
    /// Of a file that is damaged here something is left: that is for a person to save or to delete, and nothing is done.
    pub fn give_up(&mut self, files: &[LostFile]) -> Result<()> {
        let mut given_up = self.given_up()?;
        let (mut gone, mut writes) = (BTreeMap::new(), Vec::new());
        for file in files.iter().filter(|file| !file.is_damaged_here) {
            let key = file.path.key();
            self.remember_gone(&key, vec![file.dot], &mut gone)?;
            given_up.insert(file.dot);
            let place = self.index.place(&key)?;
            if let Some(place) = place
                && place.shown.is_some()
                && !self.is_still_said(&place)?
            {
                writes.push(IndexWrite::Place(key.clone(), Place::new(None, place.into_parts().1)));
            }
            writes.extend(key.parent().as_ref().map(memory::unsettle));
        }
        writes.extend(memory::gone_writes(gone));
        writes.push(memory::write(GIVEN_UP, &given_up));
        self.commit(writes)
    }

    /// Takes back what was given up and is somewhere after all: the yes was given before anybody here could know.
    ///
    /// It is somewhere if a head that covers it does not list it as lacking, or if it is at hand here by now.
    pub(crate) fn keep_what_came_back(&mut self, counted: &Counted) -> Result<bool> {
        let mut given_up = self.given_up()?;
        if given_up.is_empty() {
            return Ok(false);
        }
        let (stores, heads, asked) = (self.stores()?, self.heads()?, given_up.clone());
        let (mut left, mut writes) = (BTreeMap::new(), Vec::new());
        for (_, mut gone) in memory::read_all::<Gone>(self.index, GONE)? {
            let key = gone.path.key();
            let siblings = self.index.entry(&key)?;
            let before = gone.shown.len();
            for (dot, version) in siblings.live().filter(|(dot, _)| asked.contains(dot)) {
                let chunks = version.value.content.chunk_ids();
                let has = |(location, standing): (&LocationId, &Standing)| {
                    let head = heads.get(location).map(|cached| &cached.head);
                    head.is_some_and(|head| !cannot_hold(&head.drive, version))
                        && standing.vector.covers_dot(dot)
                        && !chunks.iter().any(|chunk| standing.missing.contains(chunk))
                };
                if counted.others(self.me()).any(has) || self.missing_of(&chunks, &stores)?.is_empty() {
                    given_up.remove(dot);
                    gone.shown.retain(|dots| !dots.contains(dot));
                }
            }
            if gone.shown.len() < before {
                writes.extend(key.parent().as_ref().map(memory::unsettle));
                left.insert(key, gone);
            }
        }
        if left.is_empty() {
            return Ok(false);
        }
        writes.extend(memory::gone_writes(left));
        writes.push(memory::write(GIVEN_UP, &given_up));
        self.commit(writes)?;
        Ok(true)
    }

    /// Gives what a person gave up: that was a yes, path by path.
    pub(crate) fn given_up(&self) -> Result<BTreeSet<Dot>> {
        Ok(memory::read(self.index, GIVEN_UP)?.unwrap_or_default())
    }

    /// Makes the write that forgets what was given up and is gone from the archive by now.
    fn forget_given_up(&self) -> Result<Option<IndexWrite>> {
        let before = self.given_up()?;
        if before.is_empty() {
            return Ok(None);
        }
        let remembered: BTreeSet<Dot> = memory::read_all::<Gone>(self.index, GONE)?
            .into_values()
            .flat_map(|gone| gone.shown.into_iter().flatten())
            .collect();
        let left: BTreeSet<Dot> = before.intersection(&remembered).copied().collect();
        Ok((left != before).then(|| match left.is_empty() {
            true => memory::erase(GIVEN_UP),
            false => memory::write(GIVEN_UP, &left),
        }))
    }
}

/// Tells whether a drive cannot hold a version: then it neither has it nor asks for it.
fn cannot_hold(drive: &DriveProfile, version: &Version) -> bool {
    matches!(drive.fit(&version.value), Fit::Held(_))
}

/// Chooses what a head lists of what lacks: all, or, where that is too much, of each lost file one piece and no more of them
/// than half.
///
/// What is lost stays lacking; were a list full for that alone, it would be believed that more lacks, and nothing would be
/// pruned any more.
pub(crate) fn for_head(missing: &BTreeSet<ChunkId>, lost: &[Vec<ChunkId>]) -> Vec<ChunkId> {
    if missing.len() < MISSING_LISTED_MAX {
        return missing.iter().copied().collect();
    }
    let mut listed = still_to_come(missing, lost);
    let room = MISSING_LISTED_MAX
        .saturating_sub(listed.len() + 1)
        .min(MISSING_LISTED_MAX / 2);
    let of_each = lost
        .iter()
        .filter_map(|pieces| pieces.iter().filter(|piece| missing.contains(piece)).min());
    let of_each: BTreeSet<&ChunkId> = of_each.collect();
    listed.extend(of_each.into_iter().take(room));
    listed.truncate(MISSING_LISTED_MAX);
    listed
}

/// Chooses what a want asks for: what is lost comes last.
pub(crate) fn for_want(missing: &BTreeSet<ChunkId>, lost: &[Vec<ChunkId>]) -> Vec<ChunkId> {
    let mut asked = still_to_come(missing, lost);
    let known: BTreeSet<ChunkId> = asked.iter().copied().collect();
    asked.extend(missing.iter().filter(|chunk| !known.contains(chunk)));
    asked.truncate(MISSING_LISTED_MAX);
    asked
}

fn still_to_come(missing: &BTreeSet<ChunkId>, lost: &[Vec<ChunkId>]) -> Vec<ChunkId> {
    let lost: BTreeSet<&ChunkId> = lost.iter().flatten().collect();
    missing.iter().filter(|chunk| !lost.contains(chunk)).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(number: usize) -> ChunkId {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&(number as u64).to_be_bytes());
        ChunkId::new(bytes)
    }

    fn chunks(numbers: std::ops::Range<usize>) -> BTreeSet<ChunkId> {
        numbers.map(chunk).collect()
    }

    /// Files of ten pieces each.
    fn files(numbers: std::ops::Range<usize>) -> Vec<Vec<ChunkId>> {
        numbers
            .map(|file| (file * 10..file * 10 + 10).map(chunk).collect())
            .collect()
    }

    #[test]
    fn few_are_all_listed_lost_or_not() {
        let few: Vec<ChunkId> = (0..40).map(chunk).collect();
        assert_eq!(for_head(&chunks(0..40), &files(0..3)), few);
    }

    #[test]
    fn what_is_lost_never_fills_a_list() {
        let listed = for_head(&chunks(0..100_000), &files(0..10_000));
        assert_eq!(listed.len(), MISSING_LISTED_MAX / 2);
        // What may still come is listed before it, and fills the list if it is that much.
        let listed = for_head(&chunks(0..10_000), &files(0..990));
        assert_eq!(
            (listed.len(), &listed[0], listed[100]),
            (100 + 990, &chunk(9_900), chunk(0))
        );
        let listed = for_head(&chunks(0..10_000), &files(0..400));
        assert_eq!(listed.len(), MISSING_LISTED_MAX);
        let listed = for_head(&chunks(0..MISSING_LISTED_MAX + 4), &files(0..1));
        assert_eq!(listed.len(), MISSING_LISTED_MAX - 5);
    }

    #[test]
    fn what_may_still_come_is_asked_for_first() {
        let asked = for_want(&chunks(0..100_000), &files(0..9_999));
        assert_eq!(
            (asked.len(), asked[0], asked[10]),
            (MISSING_LISTED_MAX, chunk(99_990), chunk(0))
        );
    }
}
