//! What damaged files read as: such a file is told from an edit under another name, with another time, and as a copy.
//!
//! It outlives the damage by one scan. The rest of a sync puts files together again, or takes them away, while somebody
//! copies or moves them; the next scan would find nothing damaged, and what rotted would look like new.

use std::collections::BTreeSet;

use offsync_core::entry::{Content, FileContent, Value};
use offsync_core::ids::Digest;
use offsync_core::place::{Place, Stat};
use offsync_core::ports::IndexWrite;
use offsync_core::rel_path::PathKey;
use serde::{Deserialize, Serialize};

use crate::engine::Engine;
use crate::error::Result;
use crate::memory::{self, DAMAGED, DAMAGED_BEFORE, Damage};
use crate::observe::is_zone_shift;

/// What one damaged file reads as, and how the drive told of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct DamagedReading {
    reads: Digest,
    stat: Stat,
    /// What it should read like.
    meant: FileContent,
    damage: Damage,
}

/// What files read as that are known to be damaged, or were when the last scan ended.
///
/// What reads just so and has that time is such a file under another name, or a copy of it. With another time it is
/// somebody's word: who saves what is there means it.
#[derive(Default)]
pub(crate) struct DamagedReadings {
    known: Vec<DamagedReading>,
    /// Those of the scan before that are not known any more.
    before: Vec<DamagedReading>,
    /// Where damaged files stand, those among them that cannot be read at all.
    keys: BTreeSet<PathKey>,
}

impl Engine<'_> {
    /// Gives what the files read as that are known to be damaged, or were when the last scan ended.
    pub(crate) fn damaged_readings(&mut self) -> Result<DamagedReadings> {
        let mut readings = DamagedReadings::default();
        for (key, damage) in self.damages()? {
            let place = self.index.place(&key)?;
            readings.keys.insert(key);
            let known = place
                .as_ref()
                .and_then(|place| Some((&place.on_disk()?.content, place.stat()?)));
            let (Some(reads), Some((Content::File(meant), stat))) = (damage.reads, known) else {
                continue;
            };
            readings.known.push(DamagedReading {
                reads,
                stat: *stat,
                meant: meant.clone(),
                damage,
            });
        }
        let before: Vec<DamagedReading> = memory::read(self.index, DAMAGED_BEFORE)?.unwrap_or_default();
        let is_over = |before: &DamagedReading| !readings.known.contains(before);
        readings.before = before.into_iter().filter(is_over).collect();
        Ok(readings)
    }

    /// Makes the write that keeps for the next scan what is known to be damaged as this one ends; what the last one kept stays
    /// where this one did not see all of the drive.
    pub(crate) fn keep_readings(&mut self, has_seen_all: bool) -> Result<Option<IndexWrite>> {
        let kept = self.index.note(DAMAGED_BEFORE)?;
        let DamagedReadings { mut known, before, .. } = self.damaged_readings()?;
        if !has_seen_all {
            known.extend(before);
        }
        let new = (!known.is_empty()).then(|| memory::write(DAMAGED_BEFORE, &known));
        Ok(new.or_else(|| kept.map(|_| memory::erase(DAMAGED_BEFORE))))
    }

    /// Makes the write that forgets of the last scan what some files read as: a person wants those as they are.
    pub(crate) fn forget_readings(&self, is_wanted_so: impl Fn(&Damage) -> bool) -> Result<Option<IndexWrite>> {
        let Some(before) = memory::read::<Vec<DamagedReading>>(self.index, DAMAGED_BEFORE)? else {
            return Ok(None);
        };
        let (wanted, mut left): (Vec<_>, Vec<_>) = before.into_iter().partition(|one| is_wanted_so(&one.damage));
        left.retain(|one| wanted.iter().all(|wanted| wanted.reads != one.reads));
        Ok(Some(memory::write(DAMAGED_BEFORE, &left)))
    }

    /// Tells whether a file of this drive is known to hold just this.
    fn is_known_content(&self, read: &FileContent) -> Result<bool> {
        let Some((first, _, _)) = read.pieces().into_iter().next() else {
            return Ok(false);
        };
        for key in self.index.places_with_chunk(&first)? {
            let place = self.index.place(&key)?;
            let known = place.as_ref().and_then(Place::on_disk).map(|value| &value.content);
            if matches!(known, Some(Content::File(known)) if known.digest == read.digest) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl DamagedReadings {
    pub(crate) fn is_empty(&self) -> bool {
        self.known.is_empty() && self.before.is_empty()
    }

    /// Puts what a file should read like in the place of what it reads as, if that is known damage; gives the write
    /// that names it as damaged under its path.
    pub(crate) fn see_through(
        &self,
        engine: &Engine<'_>,
        seen: &mut Value,
        stat: &Stat,
        has_local_times: bool,
    ) -> Result<Option<IndexWrite>> {
        let Content::File(read) = &seen.content else {
            return Ok(None);
        };
        let is_its_time =
            |then_ns: i64| stat.mtime_ns == then_ns || has_local_times && is_zone_shift(stat.mtime_ns, then_ns);
        let reads_so = |known: &&DamagedReading| known.reads == read.digest && is_its_time(known.stat.mtime_ns);
        let is_its_inode = |known: &&DamagedReading| stat.inode != 0 && known.stat.inode == stat.inode;
        let mut known = self.known.iter().chain(&self.before).filter(reads_so);
        let found = match known.clone().find(is_its_inode) {
            Some(itself) => Some(itself),
            // What somebody said to be right is so under another name, too, though another file that is damaged reads just so.
            None if known.clone().next().is_some() && engine.is_known_content(read)? => None,
            None => known.next(),
        };
        let Some(DamagedReading { meant, damage, .. }) = found else {
            return Ok(None);
        };
        seen.content = Content::File(meant.clone());
        let damage = Damage {
            path: seen.path.clone(),
            ..damage.clone()
        };
        Ok(Some(memory::write(memory::of_key(DAMAGED, &seen.path.key()), &damage)))
    }

    /// Gives the write that forgets the damage of a place where a file was read that is no damaged one: somebody put it there.
    pub(crate) fn forget(&self, key: &PathKey) -> Option<IndexWrite> {
        self.keys
            .contains(key)
            .then(|| memory::erase(memory::of_key(DAMAGED, key)))
    }
}
