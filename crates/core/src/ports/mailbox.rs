//! The mailbox: a dumb flat folder of small immutable objects.
//!
//! Nothing is built on conditional writes, on rename, or on listings being fresh.

use std::fmt;

/// What is wrong with the mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailboxErrorKind {
    /// Not reachable now; later may be better.
    Away,
    /// Not asked for now: this computer was told to leave it alone for a while.
    Paused,
    /// The folder that is the mailbox is not there, or is another one.
    Missing,
    /// No room left.
    NoRoom,
    /// The sign-in is no longer good.
    SignIn,
    /// Not allowed.
    Denied,
    /// What answers is not the server that was agreed on.
    Stranger,
    /// What answers cannot prove that it is the server of that name.
    Untrusted,
    /// An answer that makes no sense.
    Broken,
}

/// A call to the mailbox failed.
#[derive(Debug, thiserror::Error)]
#[error("{reason}")]
pub struct MailboxError {
    kind: MailboxErrorKind,
    reason: String,
}

impl MailboxError {
    /// Makes an error from its kind and a sentence without secrets.
    pub fn new(kind: MailboxErrorKind, reason: impl Into<String>) -> Self {
        Self {
            kind,
            reason: reason.into(),
        }
    }

    /// Tells what is wrong.
    pub fn kind(&self) -> MailboxErrorKind {
        self.kind
    }
}

/// One object as a listing shows it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObjectInfo {
    /// Its name: short ASCII, no slash; as the service has it, where somebody else put it there.
    pub name: String,
    /// Its size in bytes.
    pub size_bytes: u64,
}

/// The mailbox folder of one archive.
pub trait Mailbox: Send + Sync + fmt::Debug {
    /// Lists all that takes room in the folder, in any order, what is no object among it; may be stale or partial.
    fn list(&self) -> Result<Vec<ObjectInfo>, MailboxError>;
    /// Gives an object; `None` if there is none.
    fn get(&self, name: &str) -> Result<Option<Vec<u8>>, MailboxError>;
    /// Puts an object, replacing one of that name. Never empty. May have worked although it failed.
    fn put(&self, name: &str, bytes: &[u8]) -> Result<(), MailboxError>;
    /// Deletes an object; absent is fine.
    fn delete(&self, name: &str) -> Result<(), MailboxError>;
}
