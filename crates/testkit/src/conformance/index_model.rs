//! A naive index: rows in maps, every question answered by going through all of them.

use std::collections::BTreeMap;

use offsync_core::dot::Dot;
use offsync_core::entry::Content;
use offsync_core::ids::ChunkId;
use offsync_core::place::Place;
use offsync_core::ports::IndexWrite;
use offsync_core::rel_path::PathKey;
use offsync_core::siblings::Siblings;

/// The naive index.
#[derive(Default)]
pub(super) struct IndexModel {
    pub(super) entries: BTreeMap<PathKey, Siblings>,
    pub(super) places: BTreeMap<PathKey, Place>,
    pub(super) notes: BTreeMap<String, Vec<u8>>,
}

impl IndexModel {
    pub(super) fn write(&mut self, write: IndexWrite) {
        match write {
            IndexWrite::Entry(key, siblings) if siblings.is_empty() => _ = self.entries.remove(&key),
            IndexWrite::Entry(key, siblings) => _ = self.entries.insert(key, siblings),
            IndexWrite::Place(key, Some(place)) => _ = self.places.insert(key, place),
            IndexWrite::Place(key, None) => _ = self.places.remove(&key),
            IndexWrite::Note(name, Some(note)) => _ = self.notes.insert(name, note),
            IndexWrite::Note(name, None) => _ = self.notes.remove(&name),
        }
    }

    pub(super) fn entries_in(&self, folder: &PathKey) -> Vec<(PathKey, Siblings)> {
        pick(&self.entries, |key, _| key.parent().as_ref() == Some(folder))
    }

    pub(super) fn places_in(&self, folder: &PathKey) -> Vec<(PathKey, Place)> {
        pick(&self.places, |key, _| key.parent().as_ref() == Some(folder))
    }

    pub(super) fn entries_after(&self, after: Option<&PathKey>, limit: usize) -> Vec<(PathKey, Siblings)> {
        let mut found = pick(&self.entries, |key, _| after.is_none_or(|after| key > after));
        found.truncate(limit);
        found
    }

    pub(super) fn places_after(&self, after: Option<&PathKey>, limit: usize) -> Vec<(PathKey, Place)> {
        let mut found = pick(&self.places, |key, _| after.is_none_or(|after| key > after));
        found.truncate(limit);
        found
    }

    pub(super) fn has_live_below(&self, folder: &PathKey) -> bool {
        self.entries
            .iter()
            .any(|(key, siblings)| siblings.is_live() && key.is_below(folder))
    }

    pub(super) fn live_folders_in(&self, folder: &PathKey) -> Vec<PathKey> {
        let mut found = Vec::new();
        for (key, _) in self.entries.iter().filter(|(_, siblings)| siblings.is_live()) {
            let mut above = key.parent();
            while let Some(at) = above {
                above = at.parent();
                if above.as_ref() == Some(folder) {
                    found.push(at);
                }
            }
        }
        found.sort();
        found.dedup();
        found
    }

    pub(super) fn entries_with_tombstones(&self) -> Vec<(PathKey, Siblings)> {
        pick(&self.entries, |_, siblings| siblings.tombstones().count() > 0)
    }

    pub(super) fn changed_places(&self) -> Vec<(PathKey, Place)> {
        pick(&self.places, |_, place| place.is_changed())
    }

    pub(super) fn versions_with_chunk(&self, chunk: &ChunkId) -> Vec<(PathKey, Dot)> {
        let all = self
            .entries
            .iter()
            .flat_map(|(key, siblings)| siblings.live().map(move |version| (key, version)));
        let mut found: Vec<_> = all
            .filter(|(_, (_, version))| version.value.content.chunk_ids().contains(chunk))
            .map(|(key, (dot, _))| (key.clone(), *dot))
            .collect();
        found.sort();
        found
    }

    pub(super) fn places_with_chunk(&self, chunk: &ChunkId) -> Vec<PathKey> {
        let holds = |place: &Place| {
            place
                .on_disk()
                .is_some_and(|value| value.content.chunk_ids().contains(chunk))
        };
        pick(&self.places, |_, place| holds(place))
            .into_iter()
            .map(|(key, _)| key)
            .collect()
    }

    pub(super) fn notes(&self, prefix: &str) -> Vec<(String, Vec<u8>)> {
        let all = self.notes.iter().filter(|(name, _)| name.starts_with(prefix));
        all.map(|(name, note)| (name.clone(), note.clone())).collect()
    }

    pub(super) fn count_files(&self) -> u64 {
        let is_file = |place: &Place| {
            place
                .on_disk()
                .is_some_and(|value| matches!(value.content, Content::File(_)))
        };
        self.places.values().filter(|place| is_file(place)).count() as u64
    }
}

fn pick<V: Clone>(rows: &BTreeMap<PathKey, V>, wanted: impl Fn(&PathKey, &V) -> bool) -> Vec<(PathKey, V)> {
    rows.iter()
        .filter(|(key, row)| wanted(key, row))
        .map(|(key, row)| (key.clone(), row.clone()))
        .collect()
}
