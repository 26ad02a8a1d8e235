//! Refused deletions: the versions that a person here said no to losing, and what others' deletions of them wait for.
//!
//! A no to what was deleted here is said to nobody, since its versions live on. So it is noted, by version: another home's
//! deletion of one of them is asked about here, whatever yes came with it. What is gone already when it arrives comes back first.

use std::collections::{BTreeMap, BTreeSet};

use offsync_core::dot::Dot;
use offsync_core::entry::Value;
use offsync_core::place::{Place, Shown};
use offsync_core::ports::{IndexStore, IndexWrite};
use offsync_core::rel_path::PathKey;
use offsync_core::version_vector::VersionVector;
use serde::{Deserialize, Serialize};

use crate::engine::Engine;
use crate::error::Result;
use crate::fate::fates_of;
use crate::memory::{self, REFUSED, VECTOR};

/// A note: the versions of one path that are not to go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Noted {
    key: PathKey,
    versions: BTreeMap<Dot, Value>,
    /// Since when, by the clock of the trash, they were deleted elsewhere and on their way back here: a drive that lay in a drawer
    /// asked nobody in that time.
    returns_since_ns: Option<i64>,
}

/// Why a file does not come back that was to stay.
const NOBODY_SENT_IT: &str = "somebody here said no to its deletion, and another home deleted it: it was asked for again and again, and none sent it. It does not come back by itself; look for it in the trash of the other homes";

/// Why a file does not come back that was to stay, though somebody has it.
const ITS_PLACE_IS_TAKEN: &str = "somebody here said no to the deletion of the file that stood here before; another home deleted it before it was back, and something else stands here now. What it held is in the trash of the other homes: restore it there if it is wanted";

/// The versions that a person here said no to losing, by origin.
#[derive(Debug, Default)]
pub(crate) struct Refused(BTreeMap<PathKey, BTreeSet<Dot>>);

impl Refused {
    /// Tells whether what a place shows is among them.
    pub(crate) fn has(&self, shown: &Shown) -> bool {
        let is_one = |origin: &PathKey, dot: &Dot| self.0.get(origin).is_some_and(|dots| dots.contains(dot));
        let mut refs = shown.refs.iter();
        refs.any(|shown| shown.dots.iter().any(|dot| is_one(&shown.origin, dot)))
    }
}

/// Gives the versions that others deleted while they were on their way back here: they come first, and then it is asked.
pub(crate) fn to_come_back(index: &dyn IndexStore) -> Result<Vec<(PathKey, Dot, Value)>> {
    let noted = all_noted(index)?;
    if noted.is_empty() {
        return Ok(Vec::new());
    }
    // Who begins again has heard of nothing yet, and of no deletion.
    let vector: VersionVector = memory::read(index, VECTOR)?.unwrap_or_default();
    let (fates, mut all) = (fates_of(index)?, Vec::new());
    for Noted { key, versions, .. } in noted {
        if index.entry(&key)?.is_live() || index.place(&key)?.is_some() {
            continue;
        }
        let is_deleted = |dot: &Dot| vector.covers_dot(dot) && !fates.goes_on(dot);
        let deleted = versions.into_iter().filter(|(dot, _)| is_deleted(dot));
        all.extend(deleted.map(|(dot, value)| (key.clone(), dot, value)));
    }
    Ok(all)
}

impl Engine<'_> {
    /// Gives the versions that are not to go, without those that were edited or renamed since: nobody said no to what they became.
    pub(crate) fn refused(&self) -> Result<Refused> {
        let noted = all_noted(self.index)?;
        if noted.is_empty() {
            return Ok(Refused::default());
        }
        let fates = self.fates()?;
        let stays = |versions: BTreeMap<Dot, Value>| versions.into_keys().filter(|dot| !fates.goes_on(dot)).collect();
        let all = noted.into_iter().map(|noted| (noted.key, stays(noted.versions)));
        Ok(Refused(all.collect()))
    }

    /// Makes the writes that note a no to the loss of those versions that live at some paths.
    pub(crate) fn note_refused(&self, keys: &BTreeSet<PathKey>, dots: &BTreeSet<Dot>) -> Result<Vec<IndexWrite>> {
        let mut writes = Vec::new();
        for key in keys {
            let name = memory::of_key(REFUSED, key);
            let noted: Option<Noted> = memory::read(self.index, &name)?;
            let mut versions = noted.map(|noted| noted.versions).unwrap_or_default();
            let siblings = self.index.entry(key)?;
            let lost = siblings.live().filter(|(dot, _)| dots.contains(dot));
            versions.extend(lost.map(|(dot, version)| (*dot, version.value.clone())));
            if !versions.is_empty() {
                let key = key.clone();
                let noted = Noted {
                    key,
                    versions,
                    returns_since_ns: None,
                };
                writes.push(memory::write(name, &noted));
            }
        }
        Ok(writes)
    }

    /// Makes the writes that end a no to the loss of some versions: a person here did something else with them since.
    pub(crate) fn end_refusals<'a>(
        &self,
        ended: impl IntoIterator<Item = (PathKey, &'a [Dot])>,
    ) -> Result<Vec<IndexWrite>> {
        let noted = all_noted(self.index)?.into_iter();
        let mut all: BTreeMap<PathKey, Noted> = noted.map(|noted| (noted.key.clone(), noted)).collect();
        if all.is_empty() {
            return Ok(Vec::new());
        }
        let mut changed = BTreeSet::new();
        for (key, dots) in ended {
            if let Some(noted) = all.get_mut(&key) {
                noted.versions.retain(|dot, _| !dots.contains(dot));
                changed.insert(key);
            }
        }
        let ended = changed.iter().filter_map(|key| all.remove(key));
        Ok(ended.flat_map(write_changed).collect())
    }

    /// Tells how many of some places show what somebody here said no to losing.
    pub(crate) fn count_refused(&self, keys: &BTreeSet<PathKey>) -> Result<u64> {
        let (refused, mut count) = (self.refused()?, 0);
        for key in keys {
            let shown = self.index.place(key)?.and_then(|place| place.shown);
            count += u64::from(shown.is_some_and(|shown| refused.has(&shown)));
        }
        Ok(count)
    }

    /// Makes the writes that end waiting for versions that no home has any more, and names them.
    pub(crate) fn wait_no_longer(&mut self, dots: &BTreeSet<Dot>) -> Result<Vec<IndexWrite>> {
        let mut writes = Vec::new();
        for mut noted in all_noted(self.index)? {
            let (left, ended): (BTreeMap<Dot, Value>, _) = std::mem::take(&mut noted.versions)
                .into_iter()
                .partition(|(dot, _)| !dots.contains(dot));
            for value in ended.values() {
                self.warn(&value.path, NOBODY_SENT_IT.to_owned());
            }
            noted.versions = left;
            if !ended.is_empty() {
                writes.extend(write_changed(noted));
            }
        }
        Ok(writes)
    }

    /// Makes the writes that forget a no to the loss of versions that nobody can lose here any more: they were edited or renamed
    /// since, or their deletion was asked about and answered. What nobody brings back for as long as a silent home counts is named.
    pub(crate) fn forget_refused(&mut self, park_after_ns: i64) -> Result<Vec<IndexWrite>> {
        let all = all_noted(self.index)?;
        if all.is_empty() {
            return Ok(Vec::new());
        }
        let (fates, age_ns, mut asked) = (self.fates()?, self.trash_clock()?.age_ns, BTreeSet::new());
        for key in self.held.iter().flat_map(|set| &set.keys) {
            asked.extend(self.index.place(key)?.into_iter().flat_map(|place| shown_dots(&place)));
        }
        let mut writes = Vec::new();
        for mut noted in all {
            let (siblings, place) = (self.index.entry(&noted.key)?, self.index.place(&noted.key)?);
            let before = (noted.versions.len(), noted.returns_since_ns);
            let mut displaced = None;
            noted.versions.retain(|dot, value| {
                let is_at_stake = || place.as_ref().is_none_or(|place| shown_dots(place).contains(dot));
                let is_deleted = || !siblings.is_live() && !fates.goes_on(dot) && is_at_stake();
                let is_unheard = || !self.vector.covers_dot(dot);
                let stays = siblings.get(dot).is_some() || asked.contains(dot) || is_unheard() || is_deleted();
                if !stays && fates.is_deleted(dot) {
                    displaced = Some(value.path.clone());
                }
                stays
            });
            if let Some(path) = displaced {
                self.warn(&path, ITS_PLACE_IS_TAKEN.to_owned());
            }
            let was_heard = noted.versions.keys().any(|dot| self.vector.covers_dot(dot));
            let is_returning = place.is_none() && !siblings.is_live() && was_heard;
            noted.returns_since_ns = is_returning.then(|| noted.returns_since_ns.unwrap_or(age_ns));
            if noted
                .returns_since_ns
                .is_some_and(|since_ns| age_ns.saturating_sub(since_ns) > park_after_ns)
            {
                for value in std::mem::take(&mut noted.versions).into_values() {
                    self.warn(&value.path, NOBODY_SENT_IT.to_owned());
                }
            }
            if before != (noted.versions.len(), noted.returns_since_ns) {
                writes.extend(write_changed(noted));
            }
        }
        Ok(writes)
    }
}

fn all_noted(index: &dyn IndexStore) -> Result<Vec<Noted>> {
    Ok(memory::read_all(index, REFUSED)?.into_values().collect())
}

fn write(noted: Noted) -> IndexWrite {
    let name = memory::of_key(REFUSED, &noted.key);
    match noted.versions.is_empty() {
        true => memory::erase(name),
        false => memory::write(name, &noted),
    }
}

/// Makes the writes that keep a note that changed: what another version left may come back to its folder now, or the folder may go,
/// since nothing comes back to it any more.
fn write_changed(noted: Noted) -> [IndexWrite; 2] {
    let folder = noted.key.parent().unwrap_or_else(PathKey::root);
    [write(noted), memory::unsettle(&folder)]
}

fn shown_dots(place: &Place) -> BTreeSet<Dot> {
    let refs = place.shown.iter().flat_map(|shown| &shown.refs);
    refs.flat_map(|shown| &shown.dots).copied().collect()
}
