//! What is stored and sent, apart from all logic, each with its version.
//!
//! `docs/format.md` describes every byte. Readers are total: whatever the bytes, they answer
//! with a value or an error, and never take more memory than the limits allow.

mod dots;
mod entries;
mod entries_read;
mod envelope;
#[cfg(test)]
mod golden_tests;
mod hashes;
pub mod head;
pub mod invitation;
pub mod manifest;
mod manifest_read;
mod manifest_write;
pub mod marker;
pub mod pack;
pub mod people;
pub mod recovery;
#[cfg(test)]
pub(crate) mod samples;
pub mod state;
mod times;
pub mod want;
pub mod wire;

pub use crate::object_name::ObjectName;
pub use envelope::FormatError;
pub use head::Head;
pub use invitation::{Envelope, Invitation, InvitationError, KdfCost, check_invitation, open_invitation};
pub use manifest::{Manifest, PackRef, PostedEntry};
pub use marker::Marker;
pub use pack::{decode_pack, encode_pack};
pub use people::{Membership, People, Statement};
pub use recovery::{RecoverySheet, SheetError};
pub use state::State;
pub use want::Want;
