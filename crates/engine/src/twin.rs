//! Twins: names in one folder that differ only in case or accents' form. One of them is kept, the others are left alone.
//!
//! Which one is kept never changes by itself. A twin is somebody's file that no home has a copy of, so nothing ever takes its
//! name: where others gave just that name to the one that is kept, that one goes on under its old name here until the twin
//! is renamed or deleted. All else that others do to it arrives.

use std::collections::{BTreeMap, BTreeSet};

use offsync_core::place::{Place, Shown};
use offsync_core::ports::{DiskEntry, EntryKind, IndexWrite};
use offsync_core::present::strongest;
use offsync_core::rel_path::{PathKey, RelPath};

use crate::engine::Engine;
use crate::error::{Result, is_fatal};
use crate::memory::{self, TWINNED};

/// A name in a folder: where it is kept, and its spelling.
type Spelling = (PathKey, Vec<u8>);

/// The names that stand in one folder of the drive, listed when somebody first asks.
#[derive(Default)]
pub(crate) struct Names(Option<BTreeSet<Vec<u8>>>);

/// Why something goes on under its old name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum KeptName {
    /// Something else on this drive has the new one, which is this.
    Twin(Vec<u8>),
    /// The drive would not give it the new one; the next cycle tries again.
    Stuck,
}

impl Engine<'_> {
    /// Picks one entry for each key: the spelling that this drive showed, else the archive's, else the first by bytes.
    pub(crate) fn choose_spellings(
        &mut self,
        folder: &RelPath,
        listing: Vec<DiskEntry>,
        places: &BTreeMap<PathKey, Place>,
        twinned: &mut BTreeSet<Spelling>,
    ) -> Result<Vec<(RelPath, DiskEntry)>> {
        let mut chosen: BTreeMap<PathKey, (RelPath, DiskEntry)> = BTreeMap::new();
        let mut twins: BTreeMap<PathKey, Vec<(RelPath, DiskEntry)>> = BTreeMap::new();
        for entry in listing {
            let Ok(path) = folder.join(&entry.name) else {
                let name = String::from_utf8_lossy(&entry.name);
                let what = match entry.kind {
                    EntryKind::Folder => "it and all that is in it is",
                    _ => "it is",
                };
                let reason = format!(
                    "'{name}' has a name or path that is too long, so {what} on this drive alone; give it a shorter name, or put it higher up"
                );
                self.skip(folder, reason);
                self.report.too_long.push(match *folder == RelPath::root() {
                    true => name.into_owned(),
                    false => format!("{folder}/{name}"),
                });
                continue;
            };
            let key = path.key();
            match chosen.get(&key) {
                Some(_) => twins.entry(key).or_default().push((path, entry)),
                None => drop(chosen.insert(key, (path, entry))),
            }
        }
        for (key, mut all) in twins {
            all.extend(chosen.remove(&key));
            let said = self.spelled_in_archive(&key)?;
            let known = places.get(&key).and_then(Place::path).cloned();
            let bears =
                |name: &Option<RelPath>, path: &RelPath| name.as_ref().is_some_and(|name| name.name() == path.name());
            // What is no kind that is kept gives way to what is.
            all.sort_by_key(|(path, entry)| {
                let is_kind = entry.kind != EntryKind::Other;
                (!bears(&known, path), !is_kind, !bears(&said, path), path.clone())
            });
            let mut all = all.into_iter();
            let Some((kept, entry)) = all.next() else { continue };
            for (twin, _) in all {
                self.skip(&twin, twin_reason(&kept, said.as_ref()));
                twinned.insert((key.clone(), twin.name().to_vec()));
                self.report.twins.push(twin);
            }
            chosen.insert(key, (kept, entry));
        }
        Ok(chosen.into_values().collect())
    }

    /// Gives the path as the archive spells what lives there.
    fn spelled_in_archive(&self, key: &PathKey) -> Result<Option<RelPath>> {
        let siblings = self.index.entry(key)?;
        Ok(strongest(siblings.live()).map(|(_, version)| version.value.path.clone()))
    }

    /// Makes the writes that let what kept its name because of a twin have its new one, now that nothing else has that.
    pub(crate) fn part_from_twins(&self, twinned: &BTreeSet<Spelling>) -> Result<Vec<IndexWrite>> {
        let parted = self.twinned()?.into_iter().filter(|name| !twinned.contains(name));
        let unsettled = parted.map(|(key, _)| memory::unsettle(&key.parent().unwrap_or_else(PathKey::root)));
        Ok(unsettled.collect())
    }

    /// Gives the names that wait for a twin to leave.
    fn twinned(&self) -> Result<BTreeMap<PathKey, Vec<u8>>> {
        let notes = memory::read_all::<Spelling>(self.index, TWINNED)?;
        Ok(notes.into_values().collect())
    }

    /// Lets what is wanted keep the name that it has on this drive, where the new one cannot be had; tells why.
    pub(crate) fn keep_name(
        &self,
        key: &PathKey,
        place: Option<&Place>,
        want: &mut Shown,
        names: &mut Names,
    ) -> Result<Option<KeptName>> {
        let Some(there) = place.and_then(Place::on_disk).map(|value| &value.path) else {
            return Ok(None);
        };
        if there.name() == want.value.path.name() {
            return Ok(None);
        }
        let why = if self.stuck_spellings.contains(key) {
            KeptName::Stuck
        } else if self.stand_both(there, &want.value.path, names)? {
            KeptName::Twin(want.value.path.name().to_vec())
        } else {
            return Ok(None);
        };
        let folder = want.value.path.parent().unwrap_or_else(RelPath::root);
        let Ok(kept) = folder.join(there.name()) else {
            return Ok(None);
        };
        want.value.path = kept;
        Ok(Some(why))
    }

    /// Tells whether two names of one key stand on the drive, side by side.
    fn stand_both(&self, there: &RelPath, new: &RelPath, names: &mut Names) -> Result<bool> {
        let listed = match names.0.take() {
            Some(listed) => listed,
            None => {
                let folder = there.parent().unwrap_or_else(RelPath::root);
                match self.disk.list(&folder) {
                    Ok(listing) => listing.into_iter().map(|entry| entry.name).collect(),
                    Err(error) if is_fatal(&error) => return Err(error.into()),
                    // It cannot be looked at: nothing can be renamed in it either.
                    Err(_) => BTreeSet::new(),
                }
            }
        };
        let listed = names.0.insert(listed);
        Ok(listed.contains(there.name()) && listed.contains(new.name()))
    }

    /// Makes the writes that take down which names wait for a twin to leave, in the folders that were planned.
    pub(crate) fn twin_writes(
        &self,
        planned: &[PathKey],
        kept: &BTreeMap<PathKey, Vec<u8>>,
    ) -> Result<Vec<IndexWrite>> {
        let known = self.twinned()?;
        let is_planned = |key: &&PathKey| key.parent().is_some_and(|folder| planned.contains(&folder));
        let gone = known.keys().filter(is_planned).filter(|key| !kept.contains_key(*key));
        let mut writes: Vec<IndexWrite> = gone.map(|key| memory::erase(memory::of_key(TWINNED, key))).collect();
        let new = kept.iter().filter(|(key, name)| known.get(*key) != Some(*name));
        writes.extend(new.map(|(key, name)| memory::write(memory::of_key(TWINNED, key), &(key, name))));
        Ok(writes)
    }
}

/// Says why a twin is left alone, and what to do about it.
fn twin_reason(kept: &RelPath, said: Option<&RelPath>) -> String {
    let name = |path: &RelPath| String::from_utf8_lossy(path.name()).into_owned();
    let elsewhere = said.filter(|said| said.name() != kept.name());
    let elsewhere = elsewhere.map_or_else(String::new, |said| {
        format!(" (the other homes call it '{}')", name(said))
    });
    format!(
        "its name differs only in case or accents' form from '{kept}', which is kept{elsewhere}; rename or delete one of the two"
    )
}
