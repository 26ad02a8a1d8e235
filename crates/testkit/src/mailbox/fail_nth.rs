//! A mailbox whose n-th call fails, and no other.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use offsync_core::ports::{Mailbox, MailboxError, MailboxErrorKind, ObjectInfo};

/// Fails one call to another mailbox, before it reaches it; clones count together.
#[derive(Clone, Debug)]
pub struct FailNth<M> {
    inner: M,
    nth: u64,
    kind: MailboxErrorKind,
    calls: Arc<AtomicU64>,
}

impl<M> FailNth<M> {
    /// Wraps a mailbox; `nth` counts from 1, and 0 fails none.
    pub fn new(inner: M, nth: u64, kind: MailboxErrorKind) -> Self {
        Self {
            inner,
            nth,
            kind,
            calls: Arc::default(),
        }
    }

    /// Counts the calls so far, the failed one too.
    pub fn calls(&self) -> u64 {
        self.calls.load(SeqCst)
    }

    fn step(&self) -> Result<&M, MailboxError> {
        if self.calls.fetch_add(1, SeqCst) + 1 == self.nth {
            return Err(MailboxError::new(
                self.kind,
                format!("call {} fails on purpose", self.nth),
            ));
        }
        Ok(&self.inner)
    }
}

impl<M: Mailbox> Mailbox for FailNth<M> {
    fn list(&self) -> Result<Vec<ObjectInfo>, MailboxError> {
        self.step()?.list()
    }

    fn get(&self, name: &str) -> Result<Option<Vec<u8>>, MailboxError> {
        self.step()?.get(name)
    }

    fn put(&self, name: &str, bytes: &[u8]) -> Result<(), MailboxError> {
        self.step()?.put(name, bytes)
    }

    fn delete(&self, name: &str) -> Result<(), MailboxError> {
        self.step()?.delete(name)
    }
}
