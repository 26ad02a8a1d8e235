//! The real world behind Offsync's ports: drives, index, mailboxes, keyrings, time, randomness.
//!
//! Guarantees what the ports promise, and says so where a platform cannot. Never decides
//! anything: rules live in `core`, use cases in `engine`.

pub mod clock;
pub mod cloud;
pub mod disk;
pub mod drives;
pub mod entropy;
pub mod index;
pub mod mailbox;
pub mod secrets;
pub mod watching;
pub mod witness;

mod atomic_file;
mod percent;
mod waiting;
