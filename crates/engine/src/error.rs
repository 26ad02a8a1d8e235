//! What ends a cycle. Everything smaller is named in the report and the cycle goes on.

use offsync_core::ports::{DiskError, DiskErrorKind, IndexError, MailboxError, WitnessError};

/// Why a cycle could not go on. Nothing is lost by any of them; the next cycle finishes the work.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The drive failed or went away.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// The index failed.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// The mailbox failed.
    #[error(transparent)]
    Mailbox(#[from] MailboxError),
    /// The host's own notes failed.
    #[error(transparent)]
    Witness(#[from] WitnessError),
    /// A person stopped it.
    #[error("stopped; the next sync goes on from here")]
    Cancelled,
    /// The index holds no identity: it is empty or of something else.
    #[error("the archive's index is empty; it was lost or replaced")]
    NoIdentity,
    /// A note in the index cannot be read.
    #[error("the archive's index is damaged at '{note}'")]
    DamagedNote {
        /// Which note.
        note: String,
    },
    /// Another home took this location out of the archive.
    #[error("'{by}' took this location out of the archive")]
    Removed {
        /// What people call who said so.
        by: String,
    },
    /// What was said already outranks all that could be said here.
    #[error("another home said it with the highest revision there is")]
    Outranked,
    /// The marker vanished or changed while the drive was looked at.
    #[error("the drive was changed or removed while it was being looked at")]
    DriveChanged,
}

/// The result of most steps.
pub(crate) type Result<T> = std::result::Result<T, EngineError>;

/// Tells whether an error means that the drive as a whole is not to be believed.
pub(crate) fn is_fatal(error: &DiskError) -> bool {
    matches!(error.kind(), DiskErrorKind::Gone)
}
