//! The siblings with this drive's own unposted changes on top, under provisional dots.

use std::collections::{BTreeMap, BTreeSet};

use offsync_core::dot::Dot;
use offsync_core::entry::Version;
use offsync_core::limits::INDEX_PAGE_ROWS;
use offsync_core::local_change::{LocalChange, changes_at, deletion_of};
use offsync_core::ports::IndexStore;
use offsync_core::present::{Child, strongest};
use offsync_core::rel_path::{PathKey, RelPath};
use offsync_core::siblings::Siblings;

use crate::engine::Engine;
use crate::error::Result;
use crate::memory::{self, GONE, Gone};
use crate::refused::to_come_back;

/// Siblings as a person at this drive means them.
pub(crate) struct Overlay {
    /// Own changes; the ordinal of a provisional dot is the place in this list.
    pub(crate) changes: Vec<LocalChange>,
    changed: BTreeMap<PathKey, Siblings>,
    /// The entries that others deleted and that come back before a person is asked about that.
    pub(crate) returning: BTreeSet<PathKey>,
}

impl Overlay {
    pub(crate) fn new(index: &dyn IndexStore, changes: Vec<LocalChange>) -> Result<Self> {
        let mut changed: BTreeMap<PathKey, Siblings> = BTreeMap::new();
        for (ordinal, change) in changes.iter().enumerate() {
            let origin = change.origin();
            if !changed.contains_key(&origin) {
                changed.insert(origin.clone(), index.entry(&origin)?);
            }
            let version = Version {
                value: change.value.clone(),
                history: u64::MAX,
            };
            let dot = Dot::provisional(ordinal as u32);
            changed
                .entry(origin)
                .and_modify(|siblings| siblings.fold(dot, version, &change.replaces));
        }
        let mut returning = BTreeSet::new();
        for (key, dot, value) in to_come_back(index)? {
            if changed.get(&key).is_some_and(Siblings::is_live) {
                continue;
            }
            if !changed.contains_key(&key) {
                changed.insert(key.clone(), index.entry(&key)?);
            }
            let version = Version { value, history: 0 };
            returning.insert(key.clone());
            changed
                .entry(key)
                .and_modify(|siblings| siblings.fold(dot, version, &[]));
        }
        Ok(Self {
            changes,
            changed,
            returning,
        })
    }

    /// Gives the change that a provisional dot stands for.
    pub(crate) fn change(&self, dot: &Dot) -> Option<&LocalChange> {
        dot.is_provisional()
            .then(|| self.changes.get(dot.ordinal as usize))
            .flatten()
    }

    /// Gives the children of a folder, ready to be presented.
    pub(crate) fn children(&self, index: &dyn IndexStore, folder: &PathKey) -> Result<Vec<Child>> {
        let mut children: BTreeMap<PathKey, Siblings> = index.entries_in(folder)?.into_iter().collect();
        for (key, siblings) in self
            .range_below(folder)
            .filter(|(key, _)| key.parent().as_ref() == Some(folder))
        {
            children.insert(key.clone(), siblings.clone());
        }
        let mut folders: BTreeSet<PathKey> = index.live_folders_in(folder)?.into_iter().collect();
        folders.extend(
            self.range_below(folder)
                .filter_map(|(key, _)| child_on_the_way(folder, key)),
        );
        for key in &folders {
            children.entry(key.clone()).or_default();
        }
        let complete = |(key, siblings): (PathKey, Siblings)| {
            let implied = if folders.contains(&key) {
                self.first_below(index, &key)?
            } else {
                None
            };
            let implied = implied.and_then(|path| prefix_of(&path, key.depth()));
            Ok(Child { key, siblings, implied })
        };
        children.into_iter().map(complete).collect()
    }

    /// Tells whether a key is shown as a folder.
    pub(crate) fn is_folder(&self, index: &dyn IndexStore, key: &PathKey) -> Result<bool> {
        if key.is_root() {
            return Ok(true);
        }
        let siblings = match self.changed.get(key) {
            Some(siblings) => siblings.clone(),
            None => index.entry(key)?,
        };
        let is_listed = siblings.live().any(|(_, version)| version.value.content.is_folder());
        Ok(is_listed || self.first_below(index, key)?.is_some())
    }

    /// Gives the path of the first live entry strictly below a folder.
    fn first_below(&self, index: &dyn IndexStore, folder: &PathKey) -> Result<Option<RelPath>> {
        let own = self.range_below(folder).find(|(_, siblings)| siblings.is_live());
        let mut after = folder.clone();
        // The first few rows tell for most folders; only what was deleted here by the thousand asks for more.
        let mut limit = 16;
        loop {
            let page = index.entries_after(Some(&after), limit)?;
            limit = INDEX_PAGE_ROWS.min(limit * 4);
            for (key, siblings) in &page {
                let is_past_own = own.is_some_and(|(own, _)| own <= key);
                if !key.is_below(folder) || is_past_own {
                    return Ok(own.and_then(|(_, siblings)| spelling(siblings)));
                }
                if siblings.is_live() && !self.changed.contains_key(key) {
                    return Ok(spelling(siblings));
                }
            }
            match page.last() {
                Some((last, _)) => after = last.clone(),
                None => return Ok(own.and_then(|(_, siblings)| spelling(siblings))),
            }
        }
    }

    fn range_below(&self, folder: &PathKey) -> impl Iterator<Item = (&PathKey, &Siblings)> {
        let folder = folder.clone();
        self.changed
            .range(folder.clone()..)
            .skip_while({
                let folder = folder.clone();
                move |(key, _)| **key == folder
            })
            .take_while(move |(key, _)| key.is_below(&folder))
    }
}

impl Engine<'_> {
    /// Derives all own changes that are not posted yet.
    pub(crate) fn local_changes(&self) -> Result<Vec<LocalChange>> {
        let gone: BTreeMap<PathKey, Gone> = memory::read_all::<Gone>(self.index, GONE)?
            .into_values()
            .map(|gone| (gone.path.key(), gone))
            .collect();
        let mut changes = Vec::new();
        for (key, place) in self.index.changed_places()? {
            let siblings = self.index.entry(&key)?;
            let tombstones: Vec<Dot> = siblings.tombstones().map(|(dot, _)| *dot).collect();
            let remembered: Vec<Dot> = gone
                .get(&key)
                .iter()
                .flat_map(|gone| gone.shown.iter().flatten())
                .copied()
                .collect();
            let mut spelled = BTreeMap::new();
            for shown in place.shown.iter().flat_map(|shown| &shown.refs) {
                spelled.insert(shown.origin.clone(), self.spelled(&shown.origin)?);
            }
            let spell = |origin: &PathKey| spelled.get(origin).cloned().expect("every origin was spelled just now");
            changes.extend(changes_at(&key, &place, &tombstones, &remembered, spell));
        }
        let mut by_origin: BTreeMap<PathKey, Vec<LocalChange>> = BTreeMap::new();
        for change in &changes {
            let origin = change.origin();
            if gone.contains_key(&origin) {
                by_origin.entry(origin).or_default().push(change.clone());
            }
        }
        for (key, gone) in &gone {
            let siblings = self.index.entry(key)?;
            let others = by_origin.entry(key.clone()).or_default();
            for dots in &gone.shown {
                let deletion = deletion_of(&gone.path, dots, &siblings, others.iter());
                others.extend(deletion.clone());
                changes.extend(deletion);
            }
        }
        Ok(changes)
    }

    /// Gives an origin's path as its strongest version spells it.
    pub(crate) fn spelled(&self, origin: &PathKey) -> Result<RelPath> {
        let siblings = self.index.entry(origin)?;
        if let Some((_, version)) = strongest(siblings.iter()) {
            return Ok(version.value.path.clone());
        }
        if let Some(place) = self.index.place(origin)?
            && let Some(path) = place.path()
        {
            return Ok(path.clone());
        }
        // Nothing spells it any more: the folded form is a good path with the same key.
        let folded: Vec<u8> = origin
            .as_bytes()
            .iter()
            .map(|byte| if *byte == 0 { b'/' } else { *byte })
            .collect();
        Ok(RelPath::new(folded).unwrap_or_else(|_| RelPath::root()))
    }
}

fn spelling(siblings: &Siblings) -> Option<RelPath> {
    strongest(siblings.live()).map(|(_, version)| version.value.path.clone())
}

fn prefix_of(path: &RelPath, depth: usize) -> Option<RelPath> {
    let mut prefix = path.clone();
    while prefix.depth() > depth {
        prefix = prefix.parent()?;
    }
    Some(prefix)
}

/// Gives the child of `folder` on the way to something further down; `None` for a direct child.
fn child_on_the_way(folder: &PathKey, key: &PathKey) -> Option<PathKey> {
    let mut child = key.parent()?;
    if child == *folder {
        return None;
    }
    while child.parent().as_ref() != Some(folder) {
        child = child.parent()?;
    }
    Some(child)
}
