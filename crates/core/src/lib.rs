//! The rules of Offsync: what a path holds, who wins, what is shown, what is to be sent.
//!
//! Everything here is pure and total: no input or output, no clock, no randomness.
//! The world stands behind the traits of [`ports`]; what is stored or sent is laid
//! out in [`mod@format`].

pub mod chunking;
pub mod dot;
pub mod drive_profile;
pub mod entry;
pub mod escape;
pub mod escaped_disk;
pub mod format;
pub mod guard;
pub mod ids;
pub mod limits;
pub mod local_change;
pub mod merkle;
pub mod object_name;
pub mod phrase;
pub mod place;
pub mod ports;
pub mod present;
pub mod reconcile;
pub mod rel_path;
pub mod seal;
pub mod siblings;
pub mod similar;
pub mod taken_over;
pub mod version_vector;
