//! What damaged files read as: such a file is told from an edit under another name, with another time, and as a copy.
//!
//! It outlives the damage by one scan. The rest of a sync puts files together again, or takes them away, while somebody
//! copies or moves them; the next scan would find nothing damaged, and what rotted would look like new.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use offsync_core::entry::{Content, FileContent, Value};
use offsync_core::ids::{ChunkId, Digest};
use offsync_core::limits::{DAY_NS, TRASH_DAYS};
use offsync_core::place::{Place, Shown, Stat};
use offsync_core::ports::IndexWrite;
use offsync_core::rel_path::{PathKey, RelPath};
use serde::{Deserialize, Serialize};

use crate::engine::Engine;
use crate::error::Result;
use crate::memory::{self, DAMAGED, DAMAGED_BEFORE, Damage, FORMER_DAMAGED_BEFORE, READ_AS};
use crate::observe::is_zone_shift;
use crate::read_as::{Anothers, ReadAs};

/// Versions of a damaged file that are remembered while it is moved and touched: the first ones, which most homes had.
const FORMER_DOTS_MAX: usize = 16;

/// For how long it is remembered what a damaged file read as, by the clock of the trash.
const READ_AS_DAYS: i64 = TRASH_DAYS + 7;

/// What one damaged file reads as, and how the drive told of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct DamagedReading {
    pub(crate) reads: Digest,
    pub(crate) stat: Stat,
    /// What it should read like.
    pub(crate) meant: FileContent,
    pub(crate) damage: Damage,
}

/// What files read as that are known to be damaged, or were when the last scan ended.
///
/// What reads just so is such a file: the very one, whatever its time is by now, since nobody who saves a file writes just
/// what it rotted to; or a copy that has its time. A copy with a time of its own may be anybody's word.
#[derive(Default)]
pub(crate) struct DamagedReadings {
    known: Vec<DamagedReading>,
    /// Those of the scan before that are not known any more.
    before: Vec<DamagedReading>,
    /// Where damaged files stand, those among them that cannot be read at all.
    keys: BTreeSet<PathKey>,
    /// What of that a sound file held before the damage was known: a drive may give one file's content for another one.
    anothers: BTreeSet<Digest>,
    /// The known files when they were first asked for, by their size.
    files: OnceCell<Vec<(PathKey, Stat)>>,
}

/// Which of the damaged files that read alike a file is.
pub(crate) enum Which<'a> {
    /// This one.
    One(&'a DamagedReading),
    /// One of these, or a copy of one of them.
    Doubtful(Vec<&'a DamagedReading>),
    /// None.
    Neither,
}

/// What a file has to do with one that is damaged.
pub(crate) enum Likeness {
    /// It is that one, which is damaged under its path.
    Itself {
        /// Its damage.
        damage: Damage,
        /// Damaged ones that may have been put there as well.
        may_be: Vec<RelPath>,
        /// Whether nobody knew.
        is_unseen: bool,
    },
    /// It is one of several, or a copy of one of them, and nothing tells which.
    Doubtful {
        /// These.
        may_be: Vec<RelPath>,
        /// What the first of them should read like.
        meant: FileContent,
    },
    /// It reads just so, and so does a sound file, of which it may as well be a copy.
    Sound,
    /// It reads just so, and is a file of its own.
    Copy {
        /// The damaged one.
        of: RelPath,
        /// What that should read like.
        meant: FileContent,
    },
    /// Nothing.
    None,
}

impl Engine<'_> {
    /// Gives what the files read as that are known to be damaged, or were when the last scan ended.
    pub(crate) fn damaged_readings(&mut self) -> Result<DamagedReadings> {
        let mut readings = DamagedReadings::default();
        for (key, mut damage) in self.damages()? {
            let place = self.index.place(&key)?;
            readings.keys.insert(key);
            let known = place
                .as_ref()
                .and_then(|place| Some((&place.on_disk()?.content, place.stat()?)));
            let (Some(reads), Some((Content::File(meant), stat))) = (damage.reads, known) else {
                continue;
            };
            let shown = place.as_ref().and_then(|place| place.shown.as_ref());
            let is_it =
                |shown: &&Shown| matches!(&shown.value.content, Content::File(file) if file.digest == meant.digest);
            let refs = shown.filter(is_it).map(|shown| shown.refs.as_slice());
            for dot in refs.unwrap_or_default().iter().flat_map(|shown| &shown.dots) {
                if damage.dots.len() < FORMER_DOTS_MAX && !damage.dots.contains(dot) {
                    damage.dots.push(*dot);
                }
            }
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
        for one in readings.known.iter().chain(&readings.before) {
            if self.was_held_sound(one.damage.rotten.first(), &one.reads)? {
                readings.anothers.insert(one.reads);
            }
        }
        Ok(readings)
    }

    /// Makes the writes that keep for the next scan what is known to be damaged as this one ends; what the last one kept stays
    /// where this one did not see all of the drive. What it began with may be elsewhere by now, or gone.
    pub(crate) fn keep_readings(&mut self, begun: &DamagedReadings, has_seen_all: bool) -> Result<Vec<IndexWrite>> {
        let kept = self.index.note(DAMAGED_BEFORE)?;
        let DamagedReadings { mut known, before, .. } = self.damaged_readings()?;
        let mut writes = self.remember_readings(begun.known.iter().chain(&known), &begun.anothers)?;
        match has_seen_all {
            true => writes.extend(self.forget_doubt()?),
            false => known.extend(before),
        }
        // The note that was kept in its place when less was.
        let old = self.index.note(FORMER_DAMAGED_BEFORE)?;
        writes.extend(old.map(|_| memory::erase(FORMER_DAMAGED_BEFORE)));
        let new = (!known.is_empty()).then(|| memory::write(DAMAGED_BEFORE, &known));
        writes.extend(new.or_else(|| kept.map(|_| memory::erase(DAMAGED_BEFORE))));
        Ok(writes)
    }

    /// Makes the writes that remember what damaged files read as, and forget it when no trash would have it any more.
    ///
    /// Such a file may be brought back whenever that is: from the trash of a desktop, or from another drive.
    fn remember_readings<'a>(
        &self,
        found: impl Iterator<Item = &'a DamagedReading>,
        anothers: &BTreeSet<Digest>,
    ) -> Result<Vec<IndexWrite>> {
        let mut remembered = memory::read_all::<ReadAs>(self.index, READ_AS)?;
        let age_ns = self.trash_clock()?.age_ns;
        let mut new: BTreeMap<String, ReadAs> = BTreeMap::new();
        // Files without content are all alike.
        for one in found.filter(|one| one.stat.size_bytes > 0) {
            let read_as = ReadAs {
                of: one.damage.path.clone(),
                was: one.meant.clone(),
                dots: one.damage.dots.clone(),
                age_ns,
                anothers: match anothers.contains(&one.reads) {
                    true => Anothers::Yes,
                    false => Anothers::No,
                },
                others: Vec::new(),
            };
            new.entry(one.reads.to_string())
                .and_modify(|known| known.add(&read_as))
                .or_insert(read_as);
        }
        let mut writes = Vec::new();
        for (name, mut read_as) in new {
            let known = remembered.remove(&name);
            if let Some(known) = &known {
                read_as.add(known);
                // What was known before any copy came stays so.
                if known.anothers != Anothers::Unknown {
                    read_as.anothers = known.anothers;
                }
            }
            let is_fresh = |known: &ReadAs| age_ns - known.age_ns < DAY_NS;
            if !known.is_some_and(|known| is_fresh(&known) && known.is_same(&read_as)) {
                writes.push(memory::write(format!("{READ_AS}{name}"), &read_as));
            }
        }
        remembered.retain(|_, read_as| age_ns - read_as.age_ns > READ_AS_DAYS * DAY_NS);
        writes.extend(remembered.keys().map(|name| memory::erase(format!("{READ_AS}{name}"))));
        Ok(writes)
    }

    /// Gives what is remembered of damage that a file reads as, unless it is a known one that got another name.
    pub(crate) fn read_as_damage(
        &self,
        (seen, stat): (&Value, &Stat),
        has_local_times: bool,
    ) -> Result<Option<ReadAs>> {
        let Content::File(read) = &seen.content else {
            return Ok(None);
        };
        let read_as: Option<ReadAs> = memory::read(self.index, &format!("{READ_AS}{}", read.digest))?;
        let is_its_time = |then_ns: i64| is_time_of(stat, then_ns, has_local_times);
        Ok(match read_as {
            Some(ReadAs { anothers, .. }) if anothers != Anothers::No && self.reads_sound(read)? => None,
            Some(_) if self.is_moved_from_elsewhere(&[], seen, read, is_its_time)? => None,
            read_as => read_as.map(|read_as| read_as.of_path(&seen.path)),
        })
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

    /// Tells whether a file is a known one that reads as damaged ones do, is none of these, and got this name.
    ///
    /// A file keeps its time when it is moved, and stands at its old place no more. Where that is so of a damaged one, too, the name
    /// tells; and where that does not, it is the damaged one: a person who is asked loses nothing.
    fn is_moved_from_elsewhere(
        &self,
        damaged: &[&DamagedReading],
        seen: &Value,
        read: &FileContent,
        is_its_time: impl Fn(i64) -> bool,
    ) -> Result<bool> {
        let has_its_name = |path: &RelPath| path.name() == seen.path.name();
        let mut from = Vec::new();
        for (path, stat) in self.known_with(read)? {
            if is_its_time(stat.mtime_ns) && !self.looks_as_known(&path, &stat)? {
                from.push(path);
            }
        }
        if from.is_empty() {
            return Ok(false);
        }
        let (mut may_be_damaged, mut has_damaged_name) = (false, false);
        for one in damaged.iter().filter(|one| is_its_time(one.stat.mtime_ns)) {
            if !self.looks_as_known(&one.damage.path, &one.stat)? {
                may_be_damaged = true;
                has_damaged_name |= has_its_name(&one.damage.path);
            }
        }
        Ok(!may_be_damaged || from.iter().any(has_its_name) && !has_damaged_name)
    }
}

impl DamagedReadings {
    /// Gives the damaged file of which a file holds a piece that reads otherwise than it should, and what that should read like.
    ///
    /// A file that held the like before says nothing new, nor does a known one that got another name.
    pub(crate) fn piece_in(
        &self,
        engine: &Engine<'_>,
        place: Option<&Place>,
        (seen, stat): &(Value, Stat),
        has_local_times: bool,
    ) -> Result<Option<(&Damage, &FileContent)>> {
        let Content::File(read) = &seen.content else {
            return Ok(None);
        };
        let was = place.and_then(Place::on_disk).map(|value| value.content.chunk_ids());
        let was: BTreeSet<ChunkId> = was.into_iter().flatten().collect();
        let pieces = seen.content.chunk_ids().into_iter();
        let new: BTreeSet<ChunkId> = pieces.filter(|chunk| !was.contains(chunk)).collect();
        let mut all = self.known.iter().chain(&self.before);
        let found = all.find(|one| {
            let is_its_own = !self.anothers.contains(&one.reads);
            is_its_own && one.damage.rotten.iter().any(|chunk| new.contains(chunk))
        });
        let is_its_time = |then_ns: i64| is_time_of(stat, then_ns, has_local_times);
        match found {
            Some(one) if !engine.is_moved_from_elsewhere(&[], seen, read, is_its_time)? => {
                Ok(Some((&one.damage, &one.meant)))
            }
            _ => Ok(None),
        }
    }

    /// Gives the files that are known to be damaged and read just so.
    pub(crate) fn known_as(&self, read: &FileContent) -> impl Iterator<Item = &DamagedReading> {
        self.known.iter().filter(|known| known.reads == read.digest)
    }

    /// Gives the file at a place that is known to be damaged.
    pub(crate) fn known_at(&self, key: &PathKey) -> Option<&DamagedReading> {
        let mut known = self.known.iter();
        known.find(|known| self.is_at(key) && known.damage.path.key() == *key)
    }

    /// Notes whether a sound file held what one reads as that this scan found to be damaged: whatever comes later may be a copy of either.
    pub(crate) fn heed_found(&mut self, engine: &Engine<'_>, read: &FileContent) -> Result<()> {
        let is_known = self
            .known
            .iter()
            .chain(&self.before)
            .any(|one| one.reads == read.digest);
        let pieces = read.pieces();
        let chunk = pieces.first().map(|(chunk, _, _)| chunk);
        if !is_known && engine.was_held_sound(chunk, &read.digest)? {
            self.anothers.insert(read.digest);
        }
        Ok(())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.known.is_empty() && self.before.is_empty()
    }

    /// Puts what a file should read like in the place of what it reads as, if that is known damage; tells what it has to do with
    /// any.
    pub(crate) fn see_through(
        &self,
        engine: &Engine<'_>,
        seen: &mut Value,
        stat: &Stat,
        has_local_times: bool,
    ) -> Result<Likeness> {
        let Content::File(read) = &seen.content else {
            return Ok(Likeness::None);
        };
        let is_its_time = |then_ns: i64| is_time_of(stat, then_ns, has_local_times);
        let all = self.known.iter().chain(&self.before);
        let alike: Vec<_> = all.filter(|known| known.reads == read.digest).collect();
        let (key, looks) = (seen.path.key(), (&*seen, stat));
        let Some(first) = alike.first().copied() else {
            return Ok(match self.rotted_as_remembered(engine, looks, read, has_local_times)? {
                Some(itself) => itself.stands_as(seen, &[], true),
                None => Likeness::None,
            });
        };
        let found = |is_it: &dyn Fn(&DamagedReading) -> bool| alike.iter().find(|known| is_it(known)).copied();
        let has_inode = |known: &DamagedReading| stat.inode != 0 && known.stat.inode == stat.inode;
        // Who says of just these bytes that they are right says it of another file: this one was found to be damaged.
        if let Some(itself) = found(&has_inode) {
            return Ok(itself.stands_as(seen, &[], false));
        }
        let unseen = self.rotted_unseen(engine, &alike, looks, read, has_local_times)?;
        let all: Vec<_> = alike.iter().copied().chain(&unseen).collect();
        let itself = unseen
            .iter()
            .find(|one| has_inode(one) && is_its_time(one.stat.mtime_ns));
        let which = match (itself, found(&|known| known.damage.path.key() == key)) {
            (Some(itself), _) => Which::One(itself),
            (None, Some(own)) => match engine.moved_over(own, &all, looks, has_local_times)? {
                Which::Neither => Which::One(own),
                Which::Doubtful(may_be) => return Ok(own.stands_as(seen, &may_be, false)),
                moved => moved,
            },
            (None, None) if engine.is_moved_from_elsewhere(&all, seen, read, is_its_time)? => {
                return Ok(Likeness::None);
            }
            (None, None) => match engine.which_damaged(&all, looks, has_local_times)? {
                // It has neither the inode nor the time of that one, and another one's inode or place.
                Which::One(one) if !is_its_time(one.stat.mtime_ns) && !is_unseen(&unseen, one) => {
                    let others = unseen
                        .iter()
                        .filter(|other| has_inode(other) || other.damage.path.key() == key);
                    let may_be: Vec<_> = [one].into_iter().chain(others).collect();
                    match may_be.len() {
                        1 => Which::One(one),
                        _ => Which::Doubtful(may_be),
                    }
                }
                // That one stands where it was: nobody can have moved it.
                Which::Neither => match unseen.iter().find(|one| has_inode(one)) {
                    Some(one) => Which::One(one),
                    None => Which::Neither,
                },
                which => which,
            },
        };
        if self.anothers.contains(&read.digest) {
            let candidates: &[&DamagedReading] = match &which {
                Which::One(one) => &[*one],
                Which::Doubtful(may_be) => may_be,
                Which::Neither => &[],
            };
            let mut has_moved = false;
            for one in candidates {
                let is_it = has_inode(one) || one.damage.path.key() == key;
                has_moved |= is_it || engine.has_left(one, has_local_times)?;
            }
            if !has_moved && engine.reads_sound(read)? {
                return Ok(Likeness::Sound);
            }
        }
        // What had a version of its own at its place is damaged as well: that is what is to come back.
        if let Some(own) = unseen.iter().find(|one| one.damage.path.key() == key) {
            match which {
                Which::Doubtful(may_be) => return Ok(own.stands_as(seen, &may_be, true)),
                Which::Neither => return Ok(own.stands_as(seen, &[], true)),
                Which::One(_) => {}
            }
        }
        Ok(match which {
            Which::One(itself) => itself.stands_as(seen, &[], is_unseen(&unseen, itself)),
            Which::Doubtful(may_be) => Likeness::Doubtful {
                meant: may_be.first().map_or(first, |one| *one).meant.clone(),
                may_be: paths_of(&may_be),
            },
            Which::Neither => match (engine.choose(alike.clone(), &seen.path, has_local_times)?, first) {
                (Which::Doubtful(may_be), _) => Likeness::Doubtful {
                    meant: first.meant.clone(),
                    may_be: paths_of(&may_be),
                },
                (Which::One(one), _) | (Which::Neither, one) => {
                    // Where the drive tells of no other sign, one that went as it came may have rotted to just this.
                    let mut may_be = vec![one.damage.path.clone()];
                    may_be.extend(engine.gone_of_size(self.files(engine)?, &self.keys, stat)?);
                    match may_be.len() {
                        1 => one.copied(),
                        _ => Likeness::Doubtful {
                            meant: one.meant.clone(),
                            may_be,
                        },
                    }
                }
            },
        })
    }

    /// Gives the known files as they were when they were first asked for.
    fn files(&self, engine: &Engine<'_>) -> Result<&[(PathKey, Stat)]> {
        if let Some(files) = self.files.get() {
            return Ok(files);
        }
        let files = engine.known_files()?;
        Ok(self.files.get_or_init(|| files))
    }

    /// Gives the known files that may have rotted unseen to what these damaged ones read as, and be the one that was seen.
    fn rotted_unseen(
        &self,
        engine: &Engine<'_>,
        alike: &[&DamagedReading],
        looks: (&Value, &Stat),
        read: &FileContent,
        has_local_times: bool,
    ) -> Result<Vec<DamagedReading>> {
        let files = self.files(engine)?;
        let mut damaged = self.keys.clone();
        damaged.extend(alike.iter().map(|one| one.damage.path.key()));
        engine.rotted_unseen(files, &damaged, looks, read, has_local_times)
    }

    /// Gives the known file that a file is which rotted unseen to what another one once read as, by its inode and time, its place, or
    /// its time where it stands no more.
    fn rotted_as_remembered(
        &self,
        engine: &Engine<'_>,
        looks: (&Value, &Stat),
        read: &FileContent,
        has_local_times: bool,
    ) -> Result<Option<DamagedReading>> {
        let Some(was) = engine
            .read_as_damage((looks.0, looks.1), has_local_times)?
            .map(|read_as| read_as.was)
        else {
            return Ok(None);
        };
        let mut unseen = self.rotted_unseen(engine, &[], looks, read, has_local_times)?;
        // Who puts just these bytes over the file that once read so has them back from elsewhere.
        unseen.retain(|one| one.meant.digest != was.digest);
        let (key, stat) = (looks.0.path.key(), looks.1);
        let is_its_time = |one: &DamagedReading| is_time_of(stat, one.stat.mtime_ns, has_local_times);
        let has_inode = |one: &DamagedReading| stat.inode != 0 && one.stat.inode == stat.inode;
        let is_it = |one: &DamagedReading| has_inode(one) && is_its_time(one) || one.damage.path.key() == key;
        if let Some(at) = unseen.iter().position(is_it) {
            return Ok(Some(unseen.swap_remove(at)));
        }
        let which = match engine.which_damaged(&unseen.iter().collect::<Vec<_>>(), looks, has_local_times)? {
            Which::One(one) => Some(one.clone()),
            Which::Doubtful(_) | Which::Neither => None,
        };
        Ok(which)
    }

    /// Tells whether a damaged file stands at a place.
    pub(crate) fn is_at(&self, key: &PathKey) -> bool {
        self.keys.contains(key)
    }

    /// Gives the write that forgets the damage of a place where a file was read that is no damaged one: somebody put it there.
    pub(crate) fn forget(&self, key: &PathKey) -> Option<IndexWrite> {
        self.is_at(key).then(|| memory::erase(memory::of_key(DAMAGED, key)))
    }
}

impl DamagedReading {
    /// Gives a known file that may have rotted, though nobody saw it, to something that was read.
    pub(crate) fn unseen(path: RelPath, stat: Stat, meant: FileContent, read: &FileContent) -> Self {
        let there: BTreeSet<_> = read.pieces().into_iter().collect();
        let pieces = meant.pieces().into_iter();
        let bad = pieces
            .filter(|piece| !there.contains(piece))
            .map(|(chunk, _, _)| chunk)
            .collect();
        let damage = Damage::found(path, bad, &meant, Some(read));
        Self {
            reads: read.digest,
            stat,
            meant,
            damage,
        }
    }

    /// Puts what this file should read like in the place of what it reads as, under whatever path it was seen.
    fn stands_as(&self, seen: &mut Value, may_be: &[&Self], is_unseen: bool) -> Likeness {
        let damage = Damage {
            path: seen.path.clone(),
            ..self.damage.clone()
        };
        seen.content = Content::File(self.meant.clone());
        Likeness::Itself {
            damage,
            may_be: paths_of(may_be),
            is_unseen,
        }
    }

    fn copied(&self) -> Likeness {
        Likeness::Copy {
            of: self.damage.path.clone(),
            meant: self.meant.clone(),
        }
    }
}

fn is_unseen(unseen: &[DamagedReading], one: &DamagedReading) -> bool {
    unseen.iter().any(|unseen| unseen.damage.path == one.damage.path)
}

fn paths_of(readings: &[&DamagedReading]) -> Vec<RelPath> {
    readings.iter().map(|one| one.damage.path.clone()).collect()
}

/// Tells whether a file has a time that another look gave, on a drive that may have been carried to another zone.
pub(crate) fn is_time_of(stat: &Stat, then_ns: i64, has_local_times: bool) -> bool {
    stat.mtime_ns == then_ns || has_local_times && is_zone_shift(stat.mtime_ns, then_ns)
}
