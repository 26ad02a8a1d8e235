//! Files that are followed from one path to another by their identity, so that one that was moved and edited is no deletion.
//!
//! A file keeps its inode number and the time at which it came to be, wherever it is moved and whatever is written into it.
//! Numbers are dealt again as soon as they are free; but what came to be before the missing file was last seen is that file,
//! since it had the number then. Where a drive has no steady numbers, the name must do instead.

use std::collections::{BTreeMap, BTreeSet};

use offsync_core::entry::Version;
use offsync_core::local_change::LocalChange;
use offsync_core::place::{Place, Stat};
use offsync_core::rel_path::{PathKey, RelPath};
use offsync_core::similar::{Candidates, is_like};

use crate::engine::Engine;
use crate::error::{Result, is_fatal};
use crate::memory::{self, GONE, Gone, SCANNED, WentTo};
use crate::observe::UNTELLING_CTIME_NS;
use crate::unit::{Unit, units};

/// The own change in which a file lives on that another one deletes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LivesOn {
    /// Its place among the changes.
    pub(crate) at: usize,
    /// Whether its name or some of its content tell that it is the same file.
    pub(crate) is_alike: bool,
    /// Whether the other homes take it for that, too: they know names and contents alone, and only of what is new to them.
    pub(crate) is_plain: bool,
}

impl Engine<'_> {
    /// Finds where the files of absent places stand now, among those that were not posted yet.
    pub(crate) fn follow(&self, absent: &[(PathKey, Place)]) -> Result<BTreeMap<PathKey, WentTo>> {
        let mut found = BTreeMap::new();
        if absent.is_empty() {
            return Ok(found);
        }
        let scanned_ns: i64 = memory::read(self.index, SCANNED)?.unwrap_or(i64::MIN);
        let now_ns = self.clock.now_ns();
        let (mut by_inode, mut by_name) = (BTreeMap::new(), BTreeMap::<_, Vec<_>>::new());
        for (key, place) in self.index.changed_places()? {
            let (Some(value), Some(stat)) = (place.on_disk().filter(|value| value.content.is_file()), place.stat())
            else {
                continue;
            };
            match stat.inode {
                // What was known at its path may have been edited there.
                0 if place.shown.is_none() => by_name.entry(key.name().to_vec()).or_default().push(value.path.clone()),
                0 => {}
                inode => drop(by_inode.insert(inode, value.path.clone())),
            }
        }
        for (key, place) in absent {
            let Some(stat) = place
                .stat()
                .filter(|_| place.on_disk().is_some_and(|value| value.content.is_file()))
            else {
                continue;
            };
            let until_ns = was_there_until_ns(stat, scanned_ns, now_ns);
            let mut alike: Vec<RelPath> = match stat.inode {
                0 => by_name.remove(key.name()).unwrap_or_default(),
                inode => by_inode.remove(&inode).into_iter().collect(),
            };
            let mut at = None;
            for (i, path) in alike.iter().enumerate() {
                if let Some(born_ns) = self.born_ns(path)?.filter(|born_ns| *born_ns <= until_ns) {
                    at = Some((i, born_ns));
                    break;
                }
            }
            if let Some((i, born_ns)) = at {
                let (path, inode) = (alike.swap_remove(i), stat.inode);
                found.insert(key.clone(), WentTo { path, inode, born_ns });
            }
            if stat.inode == 0 {
                by_name.insert(key.name().to_vec(), alike);
            }
        }
        Ok(found)
    }

    /// Gives when what stands at a path came to be, if the drive tells.
    fn born_ns(&self, path: &RelPath) -> Result<Option<i64>> {
        match self.disk.look(path) {
            Ok(entry) => Ok(entry.and_then(|entry| entry.born_ns)),
            Err(error) if is_fatal(&error) => Err(error.into()),
            Err(_) => Ok(None),
        }
    }

    /// Lets what went to some paths have gone on to others, or to nobody knows where.
    pub(crate) fn follow_on(
        &self,
        moved_on: &BTreeMap<PathKey, Option<WentTo>>,
        gone: &mut BTreeMap<PathKey, Gone>,
    ) -> Result<()> {
        if moved_on.is_empty() {
            return Ok(());
        }
        for noted in memory::read_all::<Gone>(self.index, GONE)?.into_values() {
            let Some(went) = &noted.went_to else { continue };
            if let Some(to) = moved_on.get(&went.path.key()) {
                let to = to
                    .clone()
                    .filter(|to| (to.inode, to.born_ns) == (went.inode, went.born_ns));
                let noted = gone.entry(noted.path.key()).or_insert(noted);
                noted.went_to = to;
            }
        }
        Ok(())
    }

    /// Finds the own deletions of files that live on under a new path, edited: the very file, by its identity, or one that
    /// holds much of it.
    pub(crate) fn follow_edited(&self, changes: &[&LocalChange]) -> Result<BTreeMap<usize, LivesOn>> {
        // A first sync brings very many that delete nothing.
        if changes.iter().all(|change| change.value.content.is_live()) {
            return Ok(BTreeMap::new());
        }
        let arriving: BTreeSet<[u8; 32]> = changes.iter().map(|change| change.value.content.tag()).collect();
        let edited = self.give_way_to_edits(changes)?;
        let (mut went, mut leaving) = (BTreeMap::new(), BTreeSet::new());
        for (i, change) in changes.iter().enumerate() {
            if change.value.content.is_live() {
                continue;
            }
            let siblings = self.index.entry(&change.origin())?;
            let replaced: Vec<_> = change.replaces.iter().filter_map(|dot| siblings.get(dot)).collect();
            let tags: Vec<[u8; 32]> = replaced.iter().map(|version| version.value.content.tag()).collect();
            let is_move = tags.iter().any(|tag| arriving.contains(tag));
            leaving.extend(tags);
            let file = replaced.iter().find(|version| version.value.content.is_file());
            if let Some(version) = file.filter(|_| !is_move && !edited.contains_key(&i)) {
                went.insert(i, version.value.clone());
            }
        }
        let mut moved = BTreeMap::new();
        if went.is_empty() {
            return Ok(moved);
        }
        let mut new = Vec::new();
        for (i, change) in changes.iter().enumerate() {
            // What took another's place is new to nobody.
            if change.value.content.is_live() && self.posted_before(change)?.is_none() {
                new.push((&change.value, i));
            }
        }
        let mut came = Candidates::new(new, |tag| leaving.contains(tag));
        for (i, old) in went {
            let very_file = self.stands_now(&changes[i].origin())?;
            let at = match very_file.and_then(|path| came.take_at(&path).copied()) {
                Some(at) => Some(at),
                None => came.take_similar(&old).copied(),
            };
            let Some(at) = at else { continue };
            let is_alike = is_like(&old, &changes[at].value);
            let is_plain = is_alike && !self.index.entry(&changes[at].origin())?.is_live();
            moved.insert(i, LivesOn { at, is_alike, is_plain });
        }
        Ok(moved)
    }

    /// Groups own changes into those that must travel together.
    pub(crate) fn units_of(&self, changes: &[LocalChange]) -> Result<Vec<Unit>> {
        let found = self.deletions_of(&changes.iter().collect::<Vec<_>>())?;
        let moved = found.live_on();
        Ok(units(changes, &self.leaving(changes)?, &moved))
    }

    /// Tells whether the very file that went from an origin stands somewhere as one of the versions that it was, for
    /// everybody: another home has put the same there, too.
    pub(crate) fn stands_unchanged(&self, origin: &PathKey, was: &[&Version]) -> Result<bool> {
        let gone: Option<Gone> = memory::read(self.index, &memory::of_key(GONE, origin))?;
        let Some(WentTo { path, inode, born_ns }) = gone.and_then(|gone| gone.went_to) else {
            return Ok(false);
        };
        let place = self.index.place(&path.key())?.filter(|place| !place.is_changed());
        let there = place.as_ref().and_then(|place| Some((place.on_disk()?, place.stat()?)));
        let is_it = there.is_some_and(|(value, stat)| {
            let mut contents = was.iter().map(|version| &version.value.content);
            stat.inode == inode && value.content.is_file() && contents.any(|content| content.same_as(&value.content))
        });
        Ok(is_it && self.born_ns(&path)? == Some(born_ns))
    }

    /// Gives where a file stands now that went from an origin and was not posted since.
    pub(crate) fn stands_now(&self, origin: &PathKey) -> Result<Option<PathKey>> {
        let gone: Option<Gone> = memory::read(self.index, &memory::of_key(GONE, origin))?;
        let Some(WentTo { path, inode, born_ns }) = gone.and_then(|gone| gone.went_to) else {
            return Ok(None);
        };
        let key = path.key();
        let place = self.index.place(&key)?.filter(Place::is_changed);
        let stat = place
            .as_ref()
            .filter(|place| place.on_disk().is_some_and(|value| value.content.is_file()));
        // Another file may have come to stand there since.
        let is_it = stat.and_then(Place::stat).is_some_and(|stat| stat.inode == inode);
        Ok((is_it && self.born_ns(&path)? == Some(born_ns)).then_some(key))
    }
}

/// Gives until when a file that is missing was there for certain: by the drive's own times or, where those tell nothing, by
/// when the last sync began to look. A clock that was ahead then says nothing.
fn was_there_until_ns(stat: &Stat, scanned_ns: i64, now_ns: i64) -> i64 {
    let until_ns = match stat.ctime_ns {
        // None, or one that was read just after the file was written.
        0 | UNTELLING_CTIME_NS => scanned_ns,
        // No file is younger than its last change.
        ctime_ns => ctime_ns,
    };
    if until_ns > now_ns { i64::MIN } else { until_ns }
}
