//! Wrappers around ports: the watch looks on, and a guard that is switched off on purpose is switched off here.

use std::fmt;

use offsync_core::dot::Dot;
use offsync_core::ids::ChunkId;
use offsync_core::place::Place;
use offsync_core::ports::{DroppedRows, IndexError, IndexStore, IndexWrite, Mailbox, MailboxError, ObjectInfo};
use offsync_core::rel_path::PathKey;
use offsync_core::seal::SigningKey;
use offsync_core::siblings::Siblings;
use offsync_testkit::{MailboxHandle, SimIndex};

use crate::guard::{Off, Put};
use crate::watch::Watch;

/// An index that is watched.
pub(crate) struct WatchedIndex {
    pub(crate) inner: SimIndex,
    pub(crate) watch: Watch,
    pub(crate) home: usize,
    pub(crate) off: Off,
}

impl IndexStore for WatchedIndex {
    fn entry(&self, key: &PathKey) -> Result<Siblings, IndexError> {
        self.inner.entry(key)
    }

    fn entries_in(&self, folder: &PathKey) -> Result<Vec<(PathKey, Siblings)>, IndexError> {
        self.inner.entries_in(folder)
    }

    fn entries_after(&self, after: Option<&PathKey>, limit: usize) -> Result<Vec<(PathKey, Siblings)>, IndexError> {
        self.inner.entries_after(after, limit)
    }

    fn live_folders_in(&self, folder: &PathKey) -> Result<Vec<PathKey>, IndexError> {
        self.inner.live_folders_in(folder)
    }

    fn has_live_below(&self, folder: &PathKey) -> Result<bool, IndexError> {
        self.inner.has_live_below(folder)
    }

    fn entries_with_tombstones(&self) -> Result<Vec<(PathKey, Siblings)>, IndexError> {
        self.inner.entries_with_tombstones()
    }

    fn place(&self, key: &PathKey) -> Result<Option<Place>, IndexError> {
        self.inner.place(key)
    }

    fn places_in(&self, folder: &PathKey) -> Result<Vec<(PathKey, Place)>, IndexError> {
        self.inner.places_in(folder)
    }

    fn places_after(&self, after: Option<&PathKey>, limit: usize) -> Result<Vec<(PathKey, Place)>, IndexError> {
        self.inner.places_after(after, limit)
    }

    fn changed_places(&self) -> Result<Vec<(PathKey, Place)>, IndexError> {
        self.inner.changed_places()
    }

    fn versions_with_chunk(&self, chunk: &ChunkId) -> Result<Vec<(PathKey, Dot)>, IndexError> {
        self.inner.versions_with_chunk(chunk)
    }

    fn places_with_chunk(&self, chunk: &ChunkId) -> Result<Vec<PathKey>, IndexError> {
        self.inner.places_with_chunk(chunk)
    }

    fn note(&self, name: &str) -> Result<Option<Vec<u8>>, IndexError> {
        self.inner.note(name)
    }

    fn notes(&self, prefix: &str) -> Result<Vec<(String, Vec<u8>)>, IndexError> {
        match self.off {
            Off::Refusals if prefix.starts_with("refused/") => Ok(Vec::new()),
            _ => self.inner.notes(prefix),
        }
    }

    fn count_files(&self) -> Result<u64, IndexError> {
        self.inner.count_files()
    }

    fn commit(&mut self, writes: Vec<IndexWrite>) -> Result<(), IndexError> {
        // What fails was never committed, and is nobody's word.
        self.inner.note("")?;
        self.inner.check_write()?;
        let writes = self.off.change_commit(&self.inner, writes);
        self.watch.see_commit(self.home, &self.inner, &writes);
        self.inner.commit(writes)
    }

    fn drop_damaged(&mut self) -> Result<DroppedRows, IndexError> {
        self.inner.drop_damaged()
    }

    fn check_notes(&self) -> Result<(), IndexError> {
        self.inner.check_notes()
    }

    fn drop_damaged_notes(&mut self) -> Result<Vec<String>, IndexError> {
        self.inner.drop_damaged_notes()
    }
}

/// A way into the mailbox that is watched.
pub(crate) struct WatchedMailbox {
    pub(crate) inner: MailboxHandle,
    pub(crate) watch: Watch,
    pub(crate) home: usize,
    pub(crate) signer: SigningKey,
    pub(crate) off: Off,
}

impl fmt::Debug for WatchedMailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl Mailbox for WatchedMailbox {
    fn list(&self) -> Result<Vec<ObjectInfo>, MailboxError> {
        self.watch.see_list(self.home);
        self.inner.list()
    }

    fn get(&self, name: &str) -> Result<Option<Vec<u8>>, MailboxError> {
        self.inner.get(name)
    }

    fn put(&self, name: &str, bytes: &[u8]) -> Result<(), MailboxError> {
        match self.watch.change_put(self.off, &self.signer, name, bytes) {
            Put::Dropped => Ok(()),
            Put::Bytes(bytes) => {
                self.watch.see_put(self.home, &self.signer.public(), name, &bytes);
                self.inner.put(name, &bytes)
            }
        }
    }

    fn delete(&self, name: &str) -> Result<(), MailboxError> {
        self.watch.see_delete(self.home, name);
        self.inner.delete(name)
    }
}
