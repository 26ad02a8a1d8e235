//! One location's way into a simulated mailbox.

use std::fmt;
use std::sync::{Arc, Mutex};

use offsync_core::ports::{Mailbox, MailboxError, MailboxErrorKind as Kind, ObjectInfo};

use super::room::{Room, check_name};
use super::{MailboxCalls, SimMailbox};
use crate::lock::held;

/// A location's way into a mailbox; clones are the same location.
#[derive(Clone)]
pub struct MailboxHandle {
    mailbox: SimMailbox,
    location: Arc<str>,
    calls: Arc<Mutex<MailboxCalls>>,
    is_cut_off: Arc<Mutex<bool>>,
}

impl fmt::Debug for MailboxHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MailboxHandle({})", self.location)
    }
}

impl MailboxHandle {
    pub(super) fn new(mailbox: SimMailbox, location: String) -> Self {
        Self {
            mailbox,
            location: location.into(),
            calls: Arc::default(),
            is_cut_off: Arc::default(),
        }
    }

    /// Takes this location's network away, or gives it back; others are not touched.
    pub fn set_cut_off(&self, is_cut_off: bool) {
        *held(&self.is_cut_off) = is_cut_off;
    }

    /// Counts this location's calls.
    pub fn calls(&self) -> MailboxCalls {
        *held(&self.calls)
    }

    /// Starts counting anew.
    pub fn reset_calls(&self) {
        *held(&self.calls) = MailboxCalls::default();
    }

    fn count(&self, room: &mut Room, count: impl Fn(&mut MailboxCalls)) {
        count(&mut room.calls);
        count(&mut held(&self.calls));
    }

    fn call<T>(
        &self,
        count: impl Fn(&mut MailboxCalls),
        act: impl FnOnce(&mut Room) -> Result<T, Kind>,
    ) -> Result<T, MailboxError> {
        let mut room = self.mailbox.room();
        self.count(&mut room, count);
        let trouble = if *held(&self.is_cut_off) {
            Some(Kind::Away)
        } else {
            room.trouble
        };
        let percent = room.faults.fails;
        let result = match trouble {
            Some(kind) => Err(kind),
            None if room.rng.percent(percent) => Err(Kind::Away),
            None => act(&mut room),
        };
        result.map_err(failed)
    }

    /// Says now and then that what was done has failed.
    fn confess(room: &mut Room) -> Result<(), Kind> {
        let percent = room.faults.lies;
        if room.rng.percent(percent) {
            Err(Kind::Away)
        } else {
            Ok(())
        }
    }
}

impl Mailbox for MailboxHandle {
    fn list(&self) -> Result<Vec<ObjectInfo>, MailboxError> {
        self.call(|calls| calls.lists += 1, |room| Ok(room.view(&self.location)))
    }

    fn get(&self, name: &str) -> Result<Option<Vec<u8>>, MailboxError> {
        check_name(name);
        let got = self.call(|calls| calls.gets += 1, |room| Ok(room.read(&self.location, name)))?;
        let bytes = got.map(|bytes| bytes.to_vec());
        let len = bytes.as_ref().map_or(0, Vec::len) as u64;
        self.count(&mut self.mailbox.room(), |calls| calls.bytes_got += len);
        Ok(bytes)
    }

    fn put(&self, name: &str, bytes: &[u8]) -> Result<(), MailboxError> {
        let len = bytes.len() as u64;
        let count = |calls: &mut MailboxCalls| {
            calls.puts += 1;
            calls.bytes_put += len;
        };
        self.call(count, |room| {
            let freed = room.object(name).map_or(0, |old| old.len() as u64);
            if room.used_bytes() - freed + len > room.options.capacity_bytes {
                return Err(Kind::NoRoom);
            }
            room.check_put(&self.location, name, bytes);
            let percent = room.faults.loses;
            if !room.rng.percent(percent) {
                room.change(|objects| _ = objects.insert(name.to_owned(), Arc::new(bytes.to_vec())));
            }
            Self::confess(room)
        })
    }

    fn delete(&self, name: &str) -> Result<(), MailboxError> {
        check_name(name);
        self.call(
            |calls| calls.deletes += 1,
            |room| {
                if room.object(name).is_some() {
                    room.change(|objects| _ = objects.remove(name));
                }
                Self::confess(room)
            },
        )
    }
}

fn failed(kind: Kind) -> MailboxError {
    let reason = match kind {
        Kind::Away => "the simulated mailbox cannot be reached",
        Kind::Paused => "the simulated mailbox is left alone",
        Kind::Missing => "the simulated mailbox is not there",
        Kind::NoRoom => "the simulated mailbox is full",
        Kind::SignIn => "the simulated sign-in is no longer good",
        Kind::Denied => "the simulated mailbox does not allow it",
        Kind::Stranger => "the simulated mailbox is another one's",
        Kind::Untrusted => "the simulated mailbox cannot prove who it is",
        Kind::Broken => "the simulated mailbox answers nonsense",
    };
    MailboxError::new(kind, reason)
}
