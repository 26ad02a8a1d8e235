//! A simulated mailbox: a room that many locations reach, and all that clouds do to it.
//!
//! Strict about its callers: short ASCII names, no empty or oversized object, and one
//! writer for each object; who breaks that panics. Dishonest where clouds are: listings
//! may be stale or partial, a put may work and say that it failed.

mod fail_nth;
mod handle;
mod record;
mod room;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};

use offsync_core::ports::{MailboxErrorKind, ObjectInfo};

pub use fail_nth::FailNth;
pub use handle::MailboxHandle;
pub use record::{CallKind, RecordedCall, RecordingMailbox};

use crate::lock::held;
use crate::rng::Rng;
use room::Room;

/// What a mailbox does when two writers put different bytes under one immutable name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TwoWriters {
    /// It panics: the engine has a bug.
    #[default]
    Panic,
    /// It notes it: the test runs two clones of one drive at the same time.
    Note,
}

/// What kind of mailbox it is.
#[derive(Clone, Copy, Debug)]
pub struct MailboxOptions {
    /// Room in bytes.
    pub capacity_bytes: u64,
    /// What happens when an object has two writers.
    pub two_writers: TwoWriters,
}

impl Default for MailboxOptions {
    fn default() -> Self {
        Self {
            capacity_bytes: 1 << 40,
            two_writers: TwoWriters::Panic,
        }
    }
}

/// How often, in percent, the mailbox misbehaves; all zero means that it is sound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MailboxFaults {
    /// A listing shows an earlier state; the caller's own head is always fresh.
    pub stale_list: u32,
    /// A listing lacks some objects; never the caller's own head.
    pub partial_list: u32,
    /// A head or want of somebody else is read as it was before.
    pub stale_get: u32,
    /// A call fails and did nothing.
    pub fails: u32,
    /// A put or delete works and says that it failed.
    pub lies: u32,
    /// A put says that it worked and keeps nothing.
    pub loses: u32,
}

/// How often a mailbox was called, and how many bytes went through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MailboxCalls {
    /// Listings.
    pub lists: u64,
    /// Reads of one object.
    pub gets: u64,
    /// Writes of one object.
    pub puts: u64,
    /// Deletions of one object.
    pub deletes: u64,
    /// Bytes of objects that were put.
    pub bytes_put: u64,
    /// Bytes of objects that were got.
    pub bytes_got: u64,
}

impl MailboxCalls {
    /// Counts all calls together.
    pub fn all(&self) -> u64 {
        self.lists + self.gets + self.puts + self.deletes
    }
}

/// A simulated mailbox; clones are the same mailbox.
#[derive(Clone)]
pub struct SimMailbox {
    room: Arc<Mutex<Room>>,
}

impl fmt::Debug for SimMailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SimMailbox({:?})", self.names())
    }
}

impl SimMailbox {
    /// Makes an empty, sound mailbox; `seed` drives its faults.
    pub fn new(options: MailboxOptions, seed: u64) -> Self {
        Self {
            room: Arc::new(Mutex::new(Room::new(options, Rng::new(seed ^ 0x0a11_b0c5)))),
        }
    }

    /// Gives a location's way in; `location` names it in messages and counts.
    pub fn handle(&self, location: impl Into<String>) -> MailboxHandle {
        MailboxHandle::new(self.clone(), location.into())
    }

    /// Sets how often it misbehaves.
    pub fn set_faults(&self, faults: MailboxFaults) {
        self.room().faults = faults;
    }

    /// Makes every call fail that way, or none: away, missing, signed out.
    pub fn set_trouble(&self, trouble: Option<MailboxErrorKind>) {
        self.room().trouble = trouble;
    }

    /// Sets the room in bytes; what is there stays.
    pub fn set_capacity_bytes(&self, capacity_bytes: u64) {
        self.room().options.capacity_bytes = capacity_bytes;
    }

    /// Deletes all objects, as a person who tidies up does. Listings may still show them if stale.
    pub fn wipe(&self) {
        self.room().change(|objects| objects.clear());
    }

    /// Goes back to how it was so many changes ago, at most as far as it remembers; tells how far it went.
    pub fn roll_back(&self, changes: usize) -> usize {
        self.room().roll_back(changes)
    }

    /// Loses one object; tells whether it was there.
    pub fn lose(&self, name: &str) -> bool {
        let mut room = self.room();
        let was_there = room.object(name).is_some();
        room.change(|objects| _ = objects.remove(name));
        was_there
    }

    /// Changes one bit of an object, or cuts it short; tells whether it was there.
    pub fn damage(&self, name: &str, rng: &mut Rng) -> bool {
        let Some(mut bytes) = self.object(name).map(|bytes| bytes.to_vec()) else {
            return false;
        };
        if rng.percent(30) && bytes.len() > 1 {
            bytes.truncate(1 + rng.index(bytes.len() - 1));
        } else {
            let at = rng.index(bytes.len());
            bytes[at] ^= 1 << rng.below(8);
        }
        self.forge(name, bytes);
        true
    }

    /// Puts bytes under a name past all rules, as somebody who has the account can.
    pub fn forge(&self, name: &str, bytes: impl Into<Vec<u8>>) {
        let bytes = Arc::new(bytes.into());
        self.room().change(|objects| _ = objects.insert(name.to_owned(), bytes));
    }

    /// Gives an object past all faults and counts.
    pub fn object(&self, name: &str) -> Option<Arc<Vec<u8>>> {
        self.room().object(name)
    }

    /// Gives all names, in order, past all faults and counts.
    pub fn names(&self) -> Vec<String> {
        self.room().objects().keys().cloned().collect()
    }

    /// Gives the true listing, past all faults and counts.
    pub fn listing(&self) -> Vec<ObjectInfo> {
        self.room().objects().iter().map(room::info).collect()
    }

    /// Gives how many bytes its objects take.
    pub fn used_bytes(&self) -> u64 {
        self.room().used_bytes()
    }

    /// Gives the most bytes that its objects ever took.
    pub fn peak_bytes(&self) -> u64 {
        self.room().peak_bytes
    }

    /// Forgets the peak: from here on it is measured anew.
    pub fn reset_peak(&self) {
        let mut room = self.room();
        room.peak_bytes = room.used_bytes();
    }

    /// Counts the calls of all locations.
    pub fn calls(&self) -> MailboxCalls {
        self.room().calls
    }

    /// Gives what was noted under [`TwoWriters::Note`], one sentence each.
    pub fn violations(&self) -> Vec<String> {
        self.room().violations.clone()
    }

    fn room(&self) -> MutexGuard<'_, Room> {
        held(&self.room)
    }
}
