//! The host computer's own memory of a drive: the second witness against using a dot twice.

use crate::ids::{ArchiveId, LocationId};

/// The host's memory could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("this computer's own notes about the drive cannot be used: {reason}")]
pub struct WitnessError {
    /// What the system said.
    pub reason: String,
}

/// Remembers, per archive and location, a small opaque note on the host and not on the drive.
pub trait Witness: Send + Sync {
    /// Gives the note kept for a location; `None` on a computer that never saw it.
    fn recall(&self, archive: &ArchiveId, location: &LocationId) -> Result<Option<Vec<u8>>, WitnessError>;
    /// Replaces the note, durably, before it returns.
    fn remember(&self, archive: &ArchiveId, location: &LocationId, note: &[u8]) -> Result<(), WitnessError>;
    /// Drops the note.
    fn forget(&self, archive: &ArchiveId, location: &LocationId) -> Result<(), WitnessError>;
}
