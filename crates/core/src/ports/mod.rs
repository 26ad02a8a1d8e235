//! The world as the engine sees it: traits that `adapters` and `testkit` stand behind.

mod clock;
mod disk;
mod entropy;
mod index_store;
mod mailbox;
mod secrets;
mod witness;

pub use clock::Clock;
pub use disk::{
    Disk, DiskEntry, DiskError, DiskErrorKind, DriveFacts, EntryKind, NewFile, OpenFile, StagedFile, StagedName,
    TrashName,
};
pub use entropy::Entropy;
pub use index_store::{DroppedRows, IndexError, IndexErrorKind, IndexStore, IndexWrite};
pub use mailbox::{Mailbox, MailboxError, MailboxErrorKind, ObjectInfo};
pub use secrets::{SecretError, SecretErrorKind, Secrets};
pub use witness::{Witness, WitnessError};
