//! The rows of a simulated index, and what is derived from them at each write.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use offsync_core::dot::Dot;
use offsync_core::entry::Content;
use offsync_core::ids::ChunkId;
use offsync_core::place::Place;
use offsync_core::ports::{DroppedRows, IndexError, IndexErrorKind, IndexWrite};
use offsync_core::rel_path::PathKey;
use offsync_core::siblings::Siblings;

/// All rows; a clone is what a snapshot holds.
#[derive(Clone, Default)]
pub(super) struct Rows {
    pub(super) entries: BTreeMap<PathKey, Siblings>,
    pub(super) places: BTreeMap<PathKey, Place>,
    pub(super) notes: BTreeMap<String, Vec<u8>>,
    pub(super) live: BTreeMap<PathKey, ()>,
    pub(super) buried: BTreeMap<PathKey, ()>,
    pub(super) changed: BTreeSet<PathKey>,
    pub(super) versions_of: BTreeMap<ChunkId, BTreeSet<(PathKey, Dot)>>,
    pub(super) places_of: BTreeMap<ChunkId, BTreeSet<PathKey>>,
    pub(super) files: u64,
    /// Entries that are not as they were written.
    pub(super) spoiled_entries: BTreeSet<PathKey>,
    /// Places that are not as they were written.
    pub(super) spoiled_places: BTreeSet<PathKey>,
    /// Notes that are not as they were written.
    pub(super) spoiled_notes: BTreeSet<String>,
}

impl Rows {
    pub(super) fn write(&mut self, write: IndexWrite) {
        match write {
            IndexWrite::Entry(key, siblings) => self.set_entry(key, siblings),
            IndexWrite::Place(key, place) => self.set_place(key, place),
            IndexWrite::Note(name, note) => {
                self.spoiled_notes.remove(&name);
                match note {
                    Some(note) => _ = self.notes.insert(name, note),
                    None => _ = self.notes.remove(&name),
                }
            }
        }
    }

    /// Fails if one of the entries is not as it was written.
    pub(super) fn read_entries<'a>(&self, keys: impl IntoIterator<Item = &'a PathKey>) -> Result<(), IndexError> {
        read_sound(&self.spoiled_entries, keys)
    }

    /// Fails if one of the places is not as it was written.
    pub(super) fn read_places<'a>(&self, keys: impl IntoIterator<Item = &'a PathKey>) -> Result<(), IndexError> {
        read_sound(&self.spoiled_places, keys)
    }

    /// Fails if one of the notes whose names begin so is not as it was written.
    pub(super) fn read_notes(&self, prefix: &str) -> Result<(), IndexError> {
        let mut from = self.spoiled_notes.range(prefix.to_owned()..);
        match from.next().filter(|name| name.starts_with(prefix)) {
            Some(name) => Err(IndexError::new(
                IndexErrorKind::DamagedRow,
                format!("the note {name} is not as it was written"),
            )),
            None => Ok(()),
        }
    }

    /// Lets go of the notes that are not as they were written.
    pub(super) fn drop_spoiled_notes(&mut self) -> Vec<String> {
        let spoiled: Vec<String> = std::mem::take(&mut self.spoiled_notes).into_iter().collect();
        spoiled.iter().for_each(|name| _ = self.notes.remove(name));
        spoiled
    }

    /// Lets go of all rows that are not as they were written.
    pub(super) fn drop_spoiled(&mut self) -> DroppedRows {
        let entries = std::mem::take(&mut self.spoiled_entries);
        let places = std::mem::take(&mut self.spoiled_places);
        let dropped = DroppedRows {
            entries: entries.len() as u64,
            places: places.len() as u64,
        };
        entries
            .into_iter()
            .for_each(|key| self.set_entry(key, Siblings::default()));
        places.into_iter().for_each(|key| self.set_place(key, None));
        dropped
    }

    pub(super) fn has_live_below(&self, folder: &PathKey) -> bool {
        below(&self.live, folder).next().is_some()
    }

    fn set_entry(&mut self, key: PathKey, siblings: Siblings) {
        if let Some(old) = self.entries.remove(&key) {
            for (chunk, dot) in live_chunks(&old) {
                remove_from(&mut self.versions_of, &chunk, &(key.clone(), dot));
            }
            self.live.remove(&key);
            self.buried.remove(&key);
        }
        if siblings.is_empty() {
            return;
        }
        for (chunk, dot) in live_chunks(&siblings) {
            self.versions_of.entry(chunk).or_default().insert((key.clone(), dot));
        }
        if siblings.is_live() {
            self.live.insert(key.clone(), ());
        }
        if siblings.tombstones().next().is_some() {
            self.buried.insert(key.clone(), ());
        }
        self.entries.insert(key, siblings);
    }

    fn set_place(&mut self, key: PathKey, place: Option<Place>) {
        if let Some(old) = self.places.remove(&key) {
            for chunk in place_chunks(&old) {
                remove_from(&mut self.places_of, &chunk, &key);
            }
            self.files -= u64::from(holds_file(&old));
            self.changed.remove(&key);
        }
        let Some(place) = place else { return };
        for chunk in place_chunks(&place) {
            self.places_of.entry(chunk).or_default().insert(key.clone());
        }
        self.files += u64::from(holds_file(&place));
        if place.is_changed() {
            self.changed.insert(key.clone());
        }
        self.places.insert(key, place);
    }
}

fn read_sound<'a>(spoiled: &BTreeSet<PathKey>, keys: impl IntoIterator<Item = &'a PathKey>) -> Result<(), IndexError> {
    match keys.into_iter().find(|key| spoiled.contains(key)) {
        Some(key) => Err(IndexError::new(
            IndexErrorKind::DamagedRow,
            format!("{key:?} is not as it was written"),
        )),
        None => Ok(()),
    }
}

/// Gives the direct children of a folder that have a row or rows below them, in order.
pub(super) fn children<V>(rows: &BTreeMap<PathKey, V>, folder: &PathKey) -> Vec<PathKey> {
    let mut found = Vec::new();
    let mut from = Bound::Included(key_of(folder.below_start()));
    let end = end_of(folder);
    while let Some((key, _)) = rows.range((from, end.clone())).next() {
        let child = child_above(key, folder);
        from = Bound::Included(key_of(child.below_end().unwrap_or_else(|| vec![1])));
        if !child.is_root() {
            found.push(child);
        }
        if let (Bound::Included(from), Bound::Excluded(end)) = (&from, &end)
            && from >= end
        {
            break;
        }
    }
    found
}

/// Gives the rows directly in a folder, in order.
pub(super) fn in_folder<V: Clone>(rows: &BTreeMap<PathKey, V>, folder: &PathKey) -> Vec<(PathKey, V)> {
    let children = children(rows, folder).into_iter();
    children
        .filter_map(|key| rows.get(&key).cloned().map(|row| (key, row)))
        .collect()
}

/// Gives up to `limit` rows behind a key, in order.
pub(super) fn behind<V: Clone>(
    rows: &BTreeMap<PathKey, V>,
    after: Option<&PathKey>,
    limit: usize,
) -> Vec<(PathKey, V)> {
    let from = after.map_or(Bound::Unbounded, Bound::Excluded);
    rows.range::<PathKey, _>((from, Bound::Unbounded))
        .take(limit)
        .map(|(key, row)| (key.clone(), row.clone()))
        .collect()
}

fn below<'a, V>(rows: &'a BTreeMap<PathKey, V>, folder: &PathKey) -> impl Iterator<Item = &'a PathKey> {
    let range = (Bound::Included(key_of(folder.below_start())), end_of(folder));
    rows.range(range).map(|(key, _)| key).filter(|key| !key.is_root())
}

fn end_of(folder: &PathKey) -> Bound<PathKey> {
    folder
        .below_end()
        .map_or(Bound::Unbounded, |end| Bound::Excluded(key_of(end)))
}

fn key_of(bytes: Vec<u8>) -> PathKey {
    PathKey::from_bytes_unchecked(bytes)
}

/// Gives the child of `folder` that is `key` or lies above it.
fn child_above(key: &PathKey, folder: &PathKey) -> PathKey {
    let start = folder.below_start().len();
    let rest = &key.as_bytes()[start..];
    let len = rest.iter().position(|b| *b == 0).unwrap_or(rest.len());
    key_of(key.as_bytes()[..start + len].to_vec())
}

fn live_chunks(siblings: &Siblings) -> BTreeSet<(ChunkId, Dot)> {
    let chunks = |(dot, version): &(Dot, offsync_core::entry::Version)| {
        version
            .value
            .content
            .chunk_ids()
            .into_iter()
            .map(|chunk| (chunk, *dot))
            .collect::<Vec<_>>()
    };
    siblings.live().flat_map(chunks).collect()
}

fn place_chunks(place: &Place) -> BTreeSet<ChunkId> {
    place
        .on_disk()
        .map(|value| value.content.chunk_ids())
        .unwrap_or_default()
        .into_iter()
        .collect()
}

fn holds_file(place: &Place) -> bool {
    place
        .on_disk()
        .is_some_and(|value| matches!(value.content, Content::File(_)))
}

fn remove_from<T: Ord>(map: &mut BTreeMap<ChunkId, BTreeSet<T>>, chunk: &ChunkId, item: &T) {
    if let Some(set) = map.get_mut(chunk) {
        set.remove(item);
        if set.is_empty() {
            map.remove(chunk);
        }
    }
}
