//! What people make of damaged files: edits and copies, which are sent as anybody's word, and never without a word.
//!
//! Who adds to a damaged file, or copies it, mostly knows nothing of the damage. What that is stays noted until a sync
//! has sent it and said so, with where the version from before is: whatever looks at the drive in between forgets nothing.

use std::collections::{BTreeMap, BTreeSet};

use offsync_core::dot::Dot;
use offsync_core::entry::{Content, FileContent, Value};
use offsync_core::ids::Digest;
use offsync_core::place::{Place, Stat};
use offsync_core::ports::IndexWrite;
use offsync_core::rel_path::{PathKey, RelPath};
use serde::{Deserialize, Serialize};

use crate::alike::doubt_writes;
use crate::damaged_reading::{DamagedReadings, Likeness};
use crate::engine::Engine;
use crate::error::Result;
use crate::memory::{self, DAMAGED, Damage, MADE_OF_DAMAGE, WasDamaged, WentTo};
use crate::read_as::ReadAs;
use crate::report::MadeOfDamage;
use crate::scan::{Depth, READS_DIFFERENTLY};
use crate::silent::{Left, once_they_sync};

/// Damaged files that are named of one that may be any of them.
const MAY_BE_NAMED: usize = 3;

/// Why a file is left alone that nobody knew to be damaged, and that reads as a damaged one.
const READS_AS_DAMAGED: &str = "it reads just as a damaged file of this drive does or did, and no longer as it should: it is taken for damaged as well; the other copies are not touched; if it is meant to be so, `offsync verify FOLDER --keep PATH` lets it stay as it is now";

/// How a file came to be that holds damage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Making {
    /// The damaged file was written into, or over.
    Edited,
    /// It is a copy, byte for byte, where nothing was before.
    Copied,
    /// Somebody had the damaged file back from the trash.
    Restored,
    /// It holds a damaged piece: a copy that was changed.
    Reworked,
    /// It reads just as a file did that was damaged: somebody has it back from elsewhere.
    Returned,
    /// It is one of several that read alike, or a copy of one: nothing tells which.
    Doubtful,
    /// It reads just as a damaged file does or did, and replaces a version of its own.
    Replaced,
    /// It was known to read so, and may since be the damaged one, which is gone.
    PutOver,
}

/// What somebody made of a damaged file, as long as nobody was told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Made {
    path: RelPath,
    of: RelPath,
    making: Making,
    /// The versions that the damaged file stood for.
    dots: Vec<Dot>,
    /// What it should have read like.
    was: FileContent,
    is_sent: bool,
    /// What it reads as, by which it is found under another name.
    #[serde(deserialize_with = "memory::or_default")]
    reads: Option<Digest>,
    /// The damaged files that it may be, the first of them, where nothing tells which; and how many there are.
    #[serde(deserialize_with = "memory::or_default")]
    may_be: (Vec<RelPath>, usize),
}

/// Makes the write that notes that somebody has a damaged file back from the trash.
pub(crate) fn restored_damage(to: &RelPath, from: &RelPath, damaged: WasDamaged) -> IndexWrite {
    let WasDamaged { was, dots, reads } = damaged;
    let made = Made {
        path: to.clone(),
        of: from.clone(),
        making: Making::Restored,
        dots,
        was,
        is_sent: false,
        reads,
        may_be: Default::default(),
    };
    made.write()
}

impl Engine<'_> {
    /// Puts what a file should read like in the place of what it reads as, if that is known damage; gives the writes that name
    /// it as damaged, or that note what somebody made of a damaged file.
    pub(crate) fn heed_damage(
        &mut self,
        depth: Depth,
        damaged: &DamagedReadings,
        place: Option<&Place>,
        seen: &mut (Value, Stat),
        has_local_times: bool,
    ) -> Result<Vec<IndexWrite>> {
        let path = seen.0.path.clone();
        let key = path.key();
        let likeness = damaged.see_through(self, &mut seen.0, &seen.1, has_local_times)?;
        if let Likeness::Itself {
            damage,
            may_be,
            is_unseen,
        } = likeness
        {
            if is_unseen {
                self.skip(&path, READS_AS_DAMAGED);
            } else if depth == Depth::Deep {
                // Who has all files read again hears of each that is damaged, those too that somebody touched.
                self.skip(&path, READS_DIFFERENTLY);
            }
            let mut writes = doubt_writes(&may_be);
            writes.push(memory::write(memory::of_key(DAMAGED, &key), &damage));
            writes.push(memory::erase(memory::of_key(MADE_OF_DAMAGE, &key)));
            return Ok(writes);
        }
        let doubted = match &likeness {
            Likeness::Doubtful { may_be, .. } => doubt_writes(may_be),
            _ => Vec::new(),
        };
        let forgotten = damaged.forget(&key);
        let Content::File(read) = &seen.0.content else {
            return Ok(forgotten.into_iter().collect());
        };
        let made = match (&forgotten, likeness) {
            // What another file holds was put there on purpose, unless that is what a damaged one reads as.
            (Some(_), Likeness::None | Likeness::Sound) if self.is_known_content(read)? => None,
            (Some(_), _) => self.edited(place, read, &path)?,
            (None, Likeness::Sound) => None,
            (None, Likeness::Copy { of, meant }) => {
                Some(Made::copied(path, of, meant).over(place, place.and_then(Place::on_disk)))
            }
            (None, Likeness::Doubtful { may_be, meant }) => Some(Made {
                path,
                of: may_be.first().cloned().unwrap_or_else(RelPath::root),
                making: Making::Doubtful,
                dots: Vec::new(),
                was: meant,
                is_sent: false,
                reads: None,
                may_be: (may_be.clone(), may_be.len()),
            }),
            (None, _) => match self.unsaid(&key)? {
                Some(made) => Some(made),
                None => self.reworked(damaged, place, seen, has_local_times)?,
            },
        };
        let reads = Some(read.digest);
        let made = made.map(|made| Made { reads, ..made }.write());
        Ok(made.into_iter().chain(forgotten).chain(doubted).collect())
    }

    /// Makes the write that notes an edit of a damaged file which went to another place.
    pub(crate) fn heed_moved_damage(
        &self,
        damaged: &DamagedReadings,
        (key, place): (&PathKey, &Place),
        went_to: Option<&WentTo>,
    ) -> Result<Option<IndexWrite>> {
        let Some(to) = went_to.filter(|_| damaged.is_at(key)) else {
            return Ok(None);
        };
        let to_key = to.path.key();
        if self.index.note(&memory::of_key(DAMAGED, &to_key))?.is_some() {
            return Ok(None);
        }
        let there = self.index.place(&to_key)?;
        let made = match there.as_ref().and_then(Place::on_disk).map(|value| &value.content) {
            Some(Content::File(read)) => self.edited(Some(place), read, &to.path)?,
            _ => None,
        };
        Ok(made.map(|made| made.write()))
    }

    /// Gives the places of damaged files that may be elsewhere though they are gone, and makes the writes that note what is to be said of it.
    ///
    /// Besides those that a scan met, these are what may have been put over a file that was kept as it reads, which shows no change then.
    /// Of those that a scan met, what stands elsewhere by now is in doubt no more: where all stands is known only when all was seen.
    pub(crate) fn absent_in_doubt(
        &self,
        damaged: &DamagedReadings,
        absent: &[(PathKey, Place)],
        went_to: &BTreeMap<PathKey, WentTo>,
    ) -> Result<(BTreeSet<PathKey>, Vec<IndexWrite>)> {
        let (mut in_doubt, mut writes) = (self.in_doubt()?, Vec::new());
        if !in_doubt.is_empty() {
            let mut elsewhere = self.stand_elsewhere(&in_doubt, absent, went_to)?;
            elsewhere.retain(|key| !damaged.is_at(key));
            in_doubt.retain(|key| !elsewhere.contains(key));
            writes.extend(self.told_apart(&elsewhere)?);
        }
        for one in absent.iter().filter_map(|(key, _)| damaged.known_at(key)) {
            let key = one.damage.path.key();
            if let Some(path) = self.put_over(damaged, one)?.filter(|_| in_doubt.insert(key)) {
                let made = Made {
                    making: Making::PutOver,
                    is_sent: true,
                    dots: one.damage.dots.clone(),
                    ..Made::copied(path, one.damage.path.clone(), one.meant.clone())
                };
                writes.push(made.write());
            }
        }
        Ok((in_doubt, writes))
    }

    /// Makes the writes by which of no file it is said that it may be one that stands elsewhere.
    fn told_apart(&self, elsewhere: &BTreeSet<PathKey>) -> Result<Vec<IndexWrite>> {
        let mut writes = Vec::new();
        for made in memory::read_all::<Made>(self.index, MADE_OF_DAMAGE)?.into_values() {
            if made.making == Making::Doubtful && !made.is_sent {
                let place = self.index.place(&made.path.key())?;
                writes.push(made.none_of(elsewhere, place.as_ref()).write());
            }
        }
        Ok(writes)
    }

    /// Gives what is to be remembered of a damaged file that is displaced.
    pub(crate) fn what_damage_was(&self, key: &PathKey) -> Result<Option<WasDamaged>> {
        let damage: Option<Damage> = memory::read(self.index, &memory::of_key(DAMAGED, key))?;
        let place = self.index.place(key)?;
        Ok(match (damage, place.as_ref().and_then(Place::on_disk)) {
            (
                Some(damage),
                Some(Value {
                    content: Content::File(was),
                    ..
                }),
            ) => Some(WasDamaged {
                was: was.clone(),
                dots: stood_for(place.as_ref(), damage.dots),
                reads: damage.reads,
            }),
            _ => None,
        })
    }

    /// Gives what a damaged file became by an edit, unless that put back what it held.
    fn edited(&self, place: Option<&Place>, read: &FileContent, path: &RelPath) -> Result<Option<Made>> {
        let Some(Value {
            path: of,
            content: Content::File(was),
            ..
        }) = place.and_then(Place::on_disk)
        else {
            return Ok(None);
        };
        let damage: Option<Damage> = memory::read(self.index, &memory::of_key(DAMAGED, &of.key()))?;
        Ok((was.digest != read.digest).then(|| Made {
            path: path.clone(),
            of: of.clone(),
            making: Making::Edited,
            dots: stood_for(place, damage.map(|damage| damage.dots).unwrap_or_default()),
            was: was.clone(),
            is_sent: false,
            reads: Some(read.digest),
            may_be: Default::default(),
        }))
    }

    /// Gives what a file is that holds a damaged piece of another one, or of itself under the name that it had, or reads as one did.
    fn reworked(
        &self,
        damaged: &DamagedReadings,
        place: Option<&Place>,
        seen: &(Value, Stat),
        has_local_times: bool,
    ) -> Result<Option<Made>> {
        let Some((damage, was)) = damaged.piece_in(self, place, seen, has_local_times)? else {
            let read_as = self.read_as_damage((&seen.0, &seen.1), has_local_times)?;
            return Ok(read_as.map(|ReadAs { of, was, dots, .. }| {
                let made = Made {
                    making: Making::Returned,
                    dots,
                    ..Made::copied(seen.0.path.clone(), of, was)
                };
                made.over(place, place.and_then(Place::on_disk))
            }));
        };
        let is_gone = matches!(self.disk.look(&damage.path), Ok(None));
        Ok(Some(Made {
            path: seen.0.path.clone(),
            of: damage.path.clone(),
            making: if is_gone { Making::Edited } else { Making::Reworked },
            dots: damage.dots.clone(),
            was: was.clone(),
            is_sent: false,
            reads: None,
            may_be: Default::default(),
        }))
    }

    /// Gives what is noted of a path and was not sent yet.
    fn unsaid(&self, key: &PathKey) -> Result<Option<Made>> {
        let made: Option<Made> = memory::read(self.index, &memory::of_key(MADE_OF_DAMAGE, key))?;
        Ok(made.filter(|made| !made.is_sent))
    }

    /// Makes the writes that note as sent what was made of damaged files at some places.
    pub(crate) fn sent_of_damage(&self, places: &BTreeSet<PathKey>) -> Result<Vec<IndexWrite>> {
        let mut writes = Vec::new();
        for (name, made) in memory::read_all::<Made>(self.index, MADE_OF_DAMAGE)? {
            let Some(there) = self.stands_now_as(&made)? else {
                continue;
            };
            // Whoever put back what it held gave it a new time at most.
            let is_whole = matches!(&there.content, Content::File(file) if file.digest == made.was.digest);
            if places.contains(&there.path.key()) && !is_whole {
                writes.push(memory::erase(format!("{MADE_OF_DAMAGE}{name}")));
                let path = there.path;
                writes.push(
                    Made {
                        path,
                        is_sent: true,
                        ..made
                    }
                    .write(),
                );
            }
        }
        Ok(writes)
    }

    /// Gives what stands where something was made of damage, or under the name that it got since.
    fn stands_now_as(&self, made: &Made) -> Result<Option<Value>> {
        let there = self.index.place(&made.path.key())?;
        if let Some(value) = there.as_ref().and_then(Place::on_disk) {
            return Ok(Some(value.clone()));
        }
        let is_it = |value: &&Value| matches!(&value.content, Content::File(file) if Some(file.digest) == made.reads);
        let changed = self.index.changed_places()?;
        Ok(changed
            .iter()
            .filter_map(|(_, place)| place.on_disk())
            .find(is_it)
            .cloned())
    }

    /// Names in the report what was sent although it was made of damaged files; gives the writes by which that is said once.
    pub(crate) fn tell_made_of_damage(&mut self) -> Result<Vec<IndexWrite>> {
        let mut told = Vec::new();
        for (name, made) in memory::read_all::<Made>(self.index, MADE_OF_DAMAGE)? {
            if made.is_sent {
                let had_by = self.had_by(&made)?;
                let said = made.sentence(&had_by, self.whole_here(&made)?.as_ref());
                self.warn(&made.path, said.clone());
                self.report.made_of_damage.push(MadeOfDamage {
                    said,
                    path: made.path,
                    of: made.of,
                    is_copy: made.making != Making::Edited,
                    had_by,
                });
            } else if self.may_be_sent_yet(&made)? {
                continue;
            }
            told.push(memory::erase(format!("{MADE_OF_DAMAGE}{name}")));
        }
        Ok(told)
    }

    /// Tells whether what was made of damage and was not sent is still to be, or nobody could look.
    fn may_be_sent_yet(&self, made: &Made) -> Result<bool> {
        Ok(match self.stands_now_as(made)? {
            Some(there) => {
                let place = self.index.place(&there.path.key())?;
                place.is_some_and(|place| place.is_changed())
            }
            None => self.unread_paths > 0,
        })
    }

    fn had_by(&self, made: &Made) -> Result<Vec<String>> {
        let chunks: BTreeSet<_> = made.was.pieces().into_iter().map(|(chunk, _, _)| chunk).collect();
        let left = made.dots.iter().map(|dot| (*dot, made.was.digest, chunks.clone()));
        match made.making {
            Making::Edited | Making::Restored | Making::Returned | Making::Replaced | Making::PutOver => {
                self.others_with(&left.collect::<Vec<Left>>())
            }
            Making::Copied | Making::Reworked | Making::Doubtful => Ok(Vec::new()),
        }
    }

    /// Gives where a file stands here that holds, undamaged, what a damaged one held.
    fn whole_here(&self, made: &Made) -> Result<Option<RelPath>> {
        for (path, _) in self.known_with(&made.was)? {
            if self.index.note(&memory::of_key(DAMAGED, &path.key()))?.is_none() {
                return Ok(Some(path));
            }
        }
        Ok(None)
    }
}

impl Made {
    /// A file that reads just as a damaged one does which should read otherwise.
    fn copied(path: RelPath, of: RelPath, was: FileContent) -> Self {
        Self {
            path,
            of,
            making: Making::Copied,
            dots: Vec::new(),
            was,
            is_sent: false,
            reads: None,
            may_be: Default::default(),
        }
    }

    /// What it is once some of those that it may be are known to stand elsewhere: a copy where one is left, which is damaged.
    fn none_of(self, elsewhere: &BTreeSet<PathKey>, place: Option<&Place>) -> Self {
        let (named, count) = self.may_be.clone();
        let all = named.len();
        let mut left: Vec<RelPath> = named
            .into_iter()
            .filter(|path| !elsewhere.contains(&path.key()))
            .collect();
        let count = count.saturating_sub(all - left.len());
        if count == 1 && left.first() == Some(&self.of) {
            let shown = place.and_then(|place| place.shown.as_ref());
            let copied = Self::copied(self.path, self.of, self.was);
            let made = copied.over(place, shown.map(|shown| &shown.value));
            return Self {
                reads: self.reads,
                ..made
            };
        }
        left.truncate(MAY_BE_NAMED);
        Self {
            of: left.first().cloned().unwrap_or(self.of),
            may_be: (left, count),
            ..self
        }
    }

    /// What it is where it replaces another version of its own: who takes that for a copy, and deletes it, loses that one.
    fn over(self, place: Option<&Place>, own: Option<&Value>) -> Self {
        match own {
            Some(Value {
                path,
                content: Content::File(own),
                ..
            }) if own.digest != self.was.digest => Self {
                making: Making::Replaced,
                dots: stood_for(place, Vec::new()),
                was: own.clone(),
                may_be: (vec![path.clone()], 1),
                ..self
            },
            _ => self,
        }
    }

    /// Names its note: several that are gone may have been put over one file, of which more may be to be said.
    fn name(&self) -> String {
        match self.making {
            Making::PutOver => format!("{}/over", memory::of_key(MADE_OF_DAMAGE, &self.of.key())),
            _ => memory::of_key(MADE_OF_DAMAGE, &self.path.key()),
        }
    }

    fn write(&self) -> IndexWrite {
        memory::write(self.name(), self)
    }

    /// Names what it may be: all of two or three, else the first two.
    fn all_that_it_may_be(&self) -> String {
        let (named, count) = &self.may_be;
        match named.as_slice() {
            [one, two] => format!("'{one}' and '{two}'"),
            [one, two, three] if *count == 3 => format!("'{one}', '{two}' and '{three}'"),
            [one, two, ..] => format!("'{one}', '{two}' and {} others", count.saturating_sub(2)),
            _ => format!("'{}' and another one", self.of),
        }
    }

    /// Says what was sent, and what brings the version from before back.
    fn sentence(&self, had_by: &[String], whole_here: Option<&RelPath>) -> String {
        const LOST: &str =
            "No other home is known to have had the version from before: put it back from elsewhere if you have it";
        let of = &self.of;
        let what = match self.making {
            Making::Copied => {
                return format!(
                    "it is a copy of '{of}', which was damaged on this drive when it was copied, and goes to the others as it reads. \
                     `offsync verify FOLDER --repair` heals '{of}'; copy it once more then, and delete this one"
                );
            }
            Making::Reworked => {
                return format!(
                    "it holds a piece of '{of}', which was damaged on this drive when it was copied, and goes to the others as it reads. \
                     `offsync verify FOLDER --repair` heals '{of}'; make this one anew from it then"
                );
            }
            Making::Doubtful => {
                return format!(
                    "it reads just as {} do, which were damaged on this drive, and nothing tells which of them it is or is a copy of. It goes to the \
                     others as it reads, and each of those stays, or comes back, under its own name: `offsync verify FOLDER --repair` heals those that \
                     are damaged still. Move the right one here then, in place of this one",
                    self.all_that_it_may_be()
                );
            }
            Making::PutOver => {
                let what = format!(
                    "'{of}', which was damaged on this drive, is gone and may be what stands here now: both read alike"
                );
                return match had_by {
                    [] => format!("{what}. {LOST}"),
                    _ => format!(
                        "{what}. '{of}' is deleted nowhere and comes back from another home; delete it then if you meant to"
                    ),
                };
            }
            Making::Replaced => {
                let what = format!(
                    "it reads just as '{of}' does or did, which was damaged on this drive, and goes to the others as an edit"
                );
                let own = self.may_be.0.first().unwrap_or(&self.path);
                return match once_they_sync(had_by) {
                    Some(who) => format!(
                        "{what}. The version from before goes to the trash of {who}; \
                         `offsync trash restore FOLDER '{own}'` there brings it back"
                    ),
                    None => format!("{what}. {LOST}"),
                };
            }
            Making::Restored | Making::Returned => {
                let what = match self.making {
                    Making::Restored => "it was damaged on this drive when it went to the trash".to_owned(),
                    _ => format!("it reads just as '{of}' did when that was damaged on this drive"),
                };
                let what = format!("{what}, and goes to the others as it reads");
                return match (whole_here, once_they_sync(had_by)) {
                    (Some(whole), _) => {
                        format!("{what}. '{whole}' holds what it held before: delete this one if that is what you want")
                    }
                    (None, Some(who)) => format!(
                        "{what}. Unless somebody deleted it there by hand, the version from before is in the trash of {who}; \
                         `offsync trash restore FOLDER '{of}'` there brings it back"
                    ),
                    // Of what rotted unseen nobody noted who had it.
                    (None, None) => format!(
                        "{what}. `offsync trash list` at another home shows whether the version from before is there; \
                         else put it back from elsewhere if you have it"
                    ),
                };
            }
            Making::Edited if self.of == self.path => "it was damaged on this drive and was then changed".to_owned(),
            Making::Edited => format!("it was '{of}', was damaged on this drive, and was then changed"),
        };
        match once_they_sync(had_by) {
            Some(who) => format!(
                "{what}: what it reads as now goes to the others as an edit. The version from before goes to the trash of {who}; \
                 `offsync trash restore FOLDER '{of}'` there brings it back"
            ),
            None => format!("{what}: what it reads as now counts as an edit. {LOST}"),
        }
    }
}

/// Gives the versions that a place shows, and others that are known to hold the same.
fn stood_for(place: Option<&Place>, others: Vec<Dot>) -> Vec<Dot> {
    let shown = place.and_then(|place| place.shown.as_ref());
    let mut dots: Vec<Dot> = shown
        .iter()
        .flat_map(|shown| &shown.refs)
        .flat_map(|shown| shown.dots.clone())
        .collect();
    dots.extend(others);
    dots
}
