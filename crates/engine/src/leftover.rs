//! Leftovers: folders that others deleted and that hold what is not kept here, so that they stay.
//!
//! They are no entries any more. Once nothing is left in one it goes, unless it has become an entry again.

use std::cmp::Reverse;

use offsync_core::ports::DiskErrorKind;
use offsync_core::rel_path::{PathKey, RelPath};

use crate::engine::Engine;
use crate::error::{Result, is_fatal};
use crate::memory::{self, LEFTOVER};

impl Engine<'_> {
    /// Remembers a folder that was to go and is not empty.
    pub(crate) fn remember_leftover(&mut self, key: &PathKey, path: &RelPath) -> Result<()> {
        self.commit(vec![memory::write(memory::of_key(LEFTOVER, key), path)])
    }

    /// Tells whether a folder is there only because of what is not kept.
    pub(crate) fn is_leftover(&self, key: &PathKey) -> Result<bool> {
        Ok(self.index.note(&memory::of_key(LEFTOVER, key))?.is_some())
    }

    /// Removes leftovers that are empty now, and forgets those that are entries again or gone.
    pub(crate) fn tidy_leftovers(&mut self) -> Result<()> {
        let mut leftovers: Vec<RelPath> = memory::read_all(self.index, LEFTOVER)?.into_values().collect();
        leftovers.sort_by_key(|path| Reverse(path.depth()));
        let mut writes = Vec::new();
        for path in leftovers {
            let key = path.key();
            let is_entry_again = self.index.place(&key)?.is_some() || self.index.entry(&key)?.is_live();
            if !is_entry_again {
                match self.disk.remove_folder(&path) {
                    Ok(()) => {}
                    Err(error) if error.kind() == DiskErrorKind::NotFound => {}
                    Err(error) if is_fatal(&error) => return Err(error.into()),
                    Err(_) => continue,
                }
            }
            writes.push(memory::erase(memory::of_key(LEFTOVER, &key)));
        }
        self.commit(writes)
    }
}
