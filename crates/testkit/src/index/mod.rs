//! A simulated index: in memory, atomic, durable at once, and strict about what is stored.
//!
//! A [`SimIndex`] is a handle: clones see the same index, so that it outlives the crash
//! of an engine. A commit is durable the moment it returns; names on the drive are not,
//! and an engine that commits first and flushes later is found out by a power cut.

mod rows;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex};

use offsync_core::dot::Dot;
use offsync_core::ids::ChunkId;
use offsync_core::place::{Observed, Place};
use offsync_core::ports::{DroppedRows, IndexError, IndexErrorKind as Kind, IndexStore, IndexWrite};
use offsync_core::rel_path::PathKey;
use offsync_core::siblings::Siblings;

use crate::disk::SimDisk;
use crate::lock::held;
use rows::Rows;

/// A simulated index; clones are the same index.
#[derive(Clone)]
pub struct SimIndex {
    disk: Option<SimDisk>,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    rows: Arc<Rows>,
    trouble: Option<Kind>,
    commits: u64,
}

/// An index as it was at one moment; cheap to take and to keep.
#[derive(Clone)]
pub struct IndexSnapshot(Arc<Rows>);

impl Default for SimIndex {
    fn default() -> Self {
        Self::new()
    }
}

impl SimIndex {
    /// Makes an empty index that hangs on no drive.
    pub fn new() -> Self {
        Self {
            disk: None,
            state: Arc::default(),
        }
    }

    /// Makes an empty index that lies on a drive: gone, full or write-protected with it.
    pub fn on(disk: &SimDisk) -> Self {
        Self {
            disk: Some(disk.clone()),
            ..Self::new()
        }
    }

    /// Gives a copy of all that is stored.
    pub fn snapshot(&self) -> IndexSnapshot {
        IndexSnapshot(held(&self.state).rows.clone())
    }

    /// Puts a copy back in place of all that is stored.
    pub fn restore(&self, snapshot: &IndexSnapshot) {
        held(&self.state).rows = snapshot.0.clone();
    }

    /// Loses all that is stored, as a pulled FAT drive can.
    pub fn lose(&self) {
        held(&self.state).rows = Arc::default();
    }

    /// Lets the row of an entry be another one than was written.
    pub fn spoil_entry(&self, key: &PathKey) {
        let mut state = held(&self.state);
        let rows = Arc::make_mut(&mut state.rows);
        assert!(rows.entries.contains_key(key), "{key:?} is no entry");
        rows.spoiled_entries.insert(key.clone());
    }

    /// Lets the row of a place be another one than was written.
    pub fn spoil_place(&self, key: &PathKey) {
        let mut state = held(&self.state);
        let rows = Arc::make_mut(&mut state.rows);
        assert!(rows.places.contains_key(key), "{key:?} is no place");
        rows.spoiled_places.insert(key.clone());
    }

    /// Lets a note be another one than was written.
    pub fn spoil_note(&self, name: &str) {
        let mut state = held(&self.state);
        let rows = Arc::make_mut(&mut state.rows);
        assert!(rows.notes.contains_key(name), "{name} is no note");
        rows.spoiled_notes.insert(name.to_owned());
    }

    /// Gives the names of all notes.
    pub fn all_notes(&self) -> Vec<String> {
        held(&self.state).rows.notes.keys().cloned().collect()
    }

    /// Makes every call fail that way, or none.
    pub fn set_trouble(&self, trouble: Option<Kind>) {
        held(&self.state).trouble = trouble;
    }

    /// Counts the commits so far.
    pub fn commits(&self) -> u64 {
        held(&self.state).commits
    }

    /// Gives all entries, for oracles; also while the drive is gone.
    pub fn all_entries(&self) -> Vec<(PathKey, Siblings)> {
        held(&self.state)
            .rows
            .entries
            .iter()
            .map(|(key, siblings)| (key.clone(), siblings.clone()))
            .collect()
    }

    /// Gives all places, for oracles; also while the drive is gone.
    pub fn all_places(&self) -> Vec<(PathKey, Place)> {
        held(&self.state)
            .rows
            .places
            .iter()
            .map(|(key, place)| (key.clone(), place.clone()))
            .collect()
    }

    fn rows(&self) -> Result<Arc<Rows>, IndexError> {
        if self
            .disk
            .as_ref()
            .is_some_and(|disk| disk.is_gone() || disk.is_unmounted())
        {
            return Err(failed(Kind::Gone));
        }
        let state = held(&self.state);
        state
            .trouble
            .map_or_else(|| Ok(state.rows.clone()), |kind| Err(failed(kind)))
    }

    /// Fails as a commit would now: read-only, or full.
    pub fn check_write(&self) -> Result<(), IndexError> {
        let Some(disk) = &self.disk else { return Ok(()) };
        match (disk.is_read_only(), disk.free_bytes()) {
            (true, _) => Err(failed(Kind::ReadOnly)),
            (_, 0) => Err(failed(Kind::Full)),
            _ => Ok(()),
        }
    }
}

impl IndexStore for SimIndex {
    fn entry(&self, key: &PathKey) -> Result<Siblings, IndexError> {
        let rows = self.rows()?;
        rows.read_entries([key])?;
        Ok(rows.entries.get(key).cloned().unwrap_or_default())
    }

    fn entries_in(&self, folder: &PathKey) -> Result<Vec<(PathKey, Siblings)>, IndexError> {
        let rows = self.rows()?;
        let found = rows::in_folder(&rows.entries, folder);
        rows.read_entries(found.iter().map(|(key, _)| key))?;
        Ok(found)
    }

    fn entries_after(&self, after: Option<&PathKey>, limit: usize) -> Result<Vec<(PathKey, Siblings)>, IndexError> {
        let rows = self.rows()?;
        let found = rows::behind(&rows.entries, after, limit);
        rows.read_entries(found.iter().map(|(key, _)| key))?;
        Ok(found)
    }

    fn live_folders_in(&self, folder: &PathKey) -> Result<Vec<PathKey>, IndexError> {
        let rows = self.rows()?;
        let children = rows::children(&rows.live, folder);
        Ok(children
            .into_iter()
            .filter(|child| rows.has_live_below(child))
            .collect())
    }

    fn has_live_below(&self, folder: &PathKey) -> Result<bool, IndexError> {
        Ok(self.rows()?.has_live_below(folder))
    }

    fn entries_with_tombstones(&self) -> Result<Vec<(PathKey, Siblings)>, IndexError> {
        let rows = self.rows()?;
        rows.read_entries(rows.buried.keys())?;
        Ok(rows
            .buried
            .keys()
            .map(|key| (key.clone(), rows.entries[key].clone()))
            .collect())
    }

    fn place(&self, key: &PathKey) -> Result<Option<Place>, IndexError> {
        let rows = self.rows()?;
        rows.read_places([key])?;
        Ok(rows.places.get(key).cloned())
    }

    fn places_in(&self, folder: &PathKey) -> Result<Vec<(PathKey, Place)>, IndexError> {
        let rows = self.rows()?;
        let found = rows::in_folder(&rows.places, folder);
        rows.read_places(found.iter().map(|(key, _)| key))?;
        Ok(found)
    }

    fn places_after(&self, after: Option<&PathKey>, limit: usize) -> Result<Vec<(PathKey, Place)>, IndexError> {
        let rows = self.rows()?;
        let found = rows::behind(&rows.places, after, limit);
        rows.read_places(found.iter().map(|(key, _)| key))?;
        Ok(found)
    }

    fn changed_places(&self) -> Result<Vec<(PathKey, Place)>, IndexError> {
        let rows = self.rows()?;
        rows.read_places(&rows.changed)?;
        Ok(rows
            .changed
            .iter()
            .map(|key| (key.clone(), rows.places[key].clone()))
            .collect())
    }

    fn versions_with_chunk(&self, chunk: &ChunkId) -> Result<Vec<(PathKey, Dot)>, IndexError> {
        let rows = self.rows()?;
        let found: Vec<_> = rows.versions_of.get(chunk).into_iter().flatten().cloned().collect();
        rows.read_entries(found.iter().map(|(key, _)| key))?;
        Ok(found)
    }

    fn places_with_chunk(&self, chunk: &ChunkId) -> Result<Vec<PathKey>, IndexError> {
        let rows = self.rows()?;
        let found: Vec<_> = rows.places_of.get(chunk).into_iter().flatten().cloned().collect();
        rows.read_places(&found)?;
        Ok(found)
    }

    fn note(&self, name: &str) -> Result<Option<Vec<u8>>, IndexError> {
        let rows = self.rows()?;
        if rows.spoiled_notes.contains(name) {
            rows.read_notes(name)?;
        }
        Ok(rows.notes.get(name).cloned())
    }

    fn notes(&self, prefix: &str) -> Result<Vec<(String, Vec<u8>)>, IndexError> {
        let rows = self.rows()?;
        rows.read_notes(prefix)?;
        let from = rows.notes.range(prefix.to_owned()..);
        Ok(from
            .take_while(|(name, _)| name.starts_with(prefix))
            .map(|(name, note)| (name.clone(), note.clone()))
            .collect())
    }

    fn count_files(&self) -> Result<u64, IndexError> {
        Ok(self.rows()?.files)
    }

    fn commit(&mut self, writes: Vec<IndexWrite>) -> Result<(), IndexError> {
        // What a row held before tells what hangs on it.
        let rows = self.rows()?;
        for write in &writes {
            match write {
                IndexWrite::Entry(key, _) => rows.read_entries([key])?,
                IndexWrite::Place(key, _) => rows.read_places([key])?,
                IndexWrite::Note(..) => {}
            }
        }
        drop(rows);
        self.check_write()?;
        writes.iter().for_each(check);
        let mut state = held(&self.state);
        let rows = Arc::make_mut(&mut state.rows);
        writes.into_iter().for_each(|write| rows.write(write));
        state.commits += 1;
        Ok(())
    }

    fn drop_damaged(&mut self) -> Result<DroppedRows, IndexError> {
        drop(self.rows()?);
        self.check_write()?;
        let mut state = held(&self.state);
        Ok(Arc::make_mut(&mut state.rows).drop_spoiled())
    }

    fn check_notes(&self) -> Result<(), IndexError> {
        self.rows()?.read_notes("")
    }

    fn drop_damaged_notes(&mut self) -> Result<Vec<String>, IndexError> {
        drop(self.rows()?);
        self.check_write()?;
        let mut state = held(&self.state);
        Ok(Arc::make_mut(&mut state.rows).drop_spoiled_notes())
    }
}

/// Refuses what no engine may store.
fn check(write: &IndexWrite) {
    match write {
        IndexWrite::Entry(key, siblings) => {
            assert!(!key.is_root(), "the archive's folder itself is no entry");
            for (dot, version) in siblings.iter() {
                assert!(
                    !dot.is_provisional(),
                    "{key:?}: a provisional dot is stored as an entry"
                );
                assert_eq!(
                    version.value.path.key(),
                    *key,
                    "{key:?}: the version {dot:?} is spelled for another path"
                );
            }
        }
        IndexWrite::Place(key, Some(place)) => {
            assert!(!key.is_root(), "the archive's folder itself is no place");
            let shown = place.shown.as_ref();
            assert!(
                shown.is_some() || matches!(place.observed, Observed::Other(..)),
                "{key:?}: a place that shows nothing must hold a person's change"
            );
            assert!(
                place.on_disk().is_none_or(|value| value.content.is_live()),
                "{key:?}: a tombstone stands on the disk"
            );
            let dots = shown
                .into_iter()
                .flat_map(|shown| &shown.refs)
                .flat_map(|origin| &origin.dots);
            assert!(
                dots.clone().all(|dot| !dot.is_provisional()),
                "{key:?}: a provisional dot is stored as shown"
            );
        }
        IndexWrite::Place(_, None) | IndexWrite::Note(..) => {}
    }
}

fn failed(kind: Kind) -> IndexError {
    let reason = match kind {
        Kind::Gone => "the drive is gone",
        Kind::Full => "no space left on the drive",
        Kind::ReadOnly => "the drive is write-protected",
        Kind::Damaged => "what is stored makes no sense",
        Kind::DamagedRow => "a row is not as it was written",
        Kind::Newer => "a newer Offsync wrote it",
        Kind::Other => "this cannot be done",
    };
    IndexError::new(kind, reason)
}
