//! Files that are followed from one path to another by their identity, so that one that was moved and edited is no deletion.
//!
//! A file keeps its inode number and the time at which it came to be, wherever it is moved and whatever is written into it.
//! Numbers are dealt again as soon as they are free, but not to what came to be before the last sync: that had its own then.
//! Where a drive has no steady numbers, the name must do instead.

use std::collections::{BTreeMap, VecDeque};

use offsync_core::entry::{Content, Value};
use offsync_core::place::Place;
use offsync_core::rel_path::{PathKey, RelPath};

use crate::engine::Engine;
use crate::error::{Result, is_fatal};
use crate::memory::{self, GONE, Gone, LAST_SYNC};

impl Engine<'_> {
    /// Finds where the files of absent places stand now, among those that were not posted yet.
    pub(crate) fn follow(&self, absent: &[(PathKey, Place)]) -> Result<BTreeMap<PathKey, RelPath>> {
        let mut found = BTreeMap::new();
        let since: Option<i64> = memory::read(self.index, LAST_SYNC)?;
        let (Some(since_ns), false) = (since, absent.is_empty()) else {
            return Ok(found);
        };
        let (mut by_inode, mut by_name) = (BTreeMap::new(), BTreeMap::<_, VecDeque<_>>::new());
        for (key, place) in self.index.changed_places()? {
            let (Some(value), Some(stat)) = (place.on_disk().filter(|value| is_file(value)), place.stat()) else {
                continue;
            };
            match stat.inode {
                // What was known at its path may have been edited there.
                0 if place.shown.is_none() => by_name
                    .entry(key.name().to_vec())
                    .or_default()
                    .push_back(value.path.clone()),
                0 => {}
                inode => drop(by_inode.insert(inode, value.path.clone())),
            }
        }
        for (key, place) in absent {
            let Some(stat) = place.stat().filter(|_| place.on_disk().is_some_and(is_file)) else {
                continue;
            };
            let went_to = match stat.inode {
                0 => by_name.get_mut(key.name()).and_then(VecDeque::pop_front),
                inode => by_inode.remove(&inode),
            };
            if let Some(path) = went_to
                && self.was_there(&path, since_ns)?
            {
                found.insert(key.clone(), path);
            }
        }
        Ok(found)
    }

    /// Tells whether what stands at a path came to be before a moment.
    fn was_there(&self, path: &RelPath, since_ns: i64) -> Result<bool> {
        match self.disk.look(path) {
            Ok(entry) => Ok(entry
                .and_then(|entry| entry.born_ns)
                .is_some_and(|born_ns| born_ns <= since_ns)),
            Err(error) if is_fatal(&error) => Err(error.into()),
            Err(_) => Ok(false),
        }
    }

    /// Lets what went to some paths have gone on to others.
    pub(crate) fn follow_on(
        &self,
        moved_on: &BTreeMap<PathKey, RelPath>,
        gone: &mut BTreeMap<PathKey, Gone>,
    ) -> Result<()> {
        if moved_on.is_empty() {
            return Ok(());
        }
        for noted in memory::read_all::<Gone>(self.index, GONE)?.into_values() {
            if let Some(to) = noted.went_to.as_ref().and_then(|path| moved_on.get(&path.key())) {
                let noted = gone.entry(noted.path.key()).or_insert(noted);
                noted.went_to = Some(to.clone());
            }
        }
        Ok(())
    }

    /// Gives where a file stands now that went from an origin and was not posted since.
    pub(crate) fn stands_now(&self, origin: &PathKey) -> Result<Option<PathKey>> {
        let gone: Option<Gone> = memory::read(self.index, &memory::of_key(GONE, origin))?;
        let Some(key) = gone.and_then(|gone| gone.went_to).map(|path| path.key()) else {
            return Ok(None);
        };
        let place = self.index.place(&key)?;
        let is_there = place.is_some_and(|place| place.is_changed() && place.on_disk().is_some_and(is_file));
        Ok(is_there.then_some(key))
    }
}

fn is_file(value: &Value) -> bool {
    matches!(value.content, Content::File(_))
}
