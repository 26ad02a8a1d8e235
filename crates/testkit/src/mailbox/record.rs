//! A mailbox that notes every call that goes through it.

use std::sync::{Arc, Mutex};

use offsync_core::ports::{Mailbox, MailboxError, ObjectInfo};

use crate::lock::held;

/// Which call it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CallKind {
    /// A listing.
    List,
    /// A read.
    Get,
    /// A write.
    Put,
    /// A deletion.
    Delete,
}

/// One call that was noted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedCall {
    /// Which call.
    pub kind: CallKind,
    /// The object; empty for a listing.
    pub name: String,
    /// Bytes that were put or got; objects that were listed.
    pub size: u64,
    /// Whether it succeeded.
    pub is_ok: bool,
}

/// Notes the calls to another mailbox; clones share the notes.
#[derive(Clone, Debug)]
pub struct RecordingMailbox<M> {
    inner: M,
    calls: Arc<Mutex<Vec<RecordedCall>>>,
}

impl<M> RecordingMailbox<M> {
    /// Wraps a mailbox.
    pub fn new(inner: M) -> Self {
        Self {
            inner,
            calls: Arc::default(),
        }
    }

    /// Takes the notes so far and starts anew.
    pub fn take(&self) -> Vec<RecordedCall> {
        std::mem::take(&mut held(&self.calls))
    }

    fn note<T>(
        &self,
        kind: CallKind,
        name: &str,
        result: Result<T, MailboxError>,
        size: impl FnOnce(&T) -> usize,
    ) -> Result<T, MailboxError> {
        let size = result.as_ref().map_or(0, size) as u64;
        held(&self.calls).push(RecordedCall {
            kind,
            name: name.to_owned(),
            size,
            is_ok: result.is_ok(),
        });
        result
    }
}

impl<M: Mailbox> Mailbox for RecordingMailbox<M> {
    fn list(&self) -> Result<Vec<ObjectInfo>, MailboxError> {
        self.note(CallKind::List, "", self.inner.list(), Vec::len)
    }

    fn get(&self, name: &str) -> Result<Option<Vec<u8>>, MailboxError> {
        self.note(CallKind::Get, name, self.inner.get(name), |got| {
            got.as_ref().map_or(0, Vec::len)
        })
    }

    fn put(&self, name: &str, bytes: &[u8]) -> Result<(), MailboxError> {
        self.note(CallKind::Put, name, self.inner.put(name, bytes), |()| bytes.len())
    }

    fn delete(&self, name: &str) -> Result<(), MailboxError> {
        self.note(CallKind::Delete, name, self.inner.delete(name), |()| 0)
    }
}
