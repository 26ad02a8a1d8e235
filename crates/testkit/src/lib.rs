//! The simulated world behind Offsync's ports: a year of five friends replays from one seed.
//!
//! Every fake is stricter than the thing it stands for. What is wrong in the caller (an
//! empty object, two writers of one name) panics with a sentence; what the world may do
//! (a full drive, a stale listing, a power cut) comes as an error or silently, as it
//! does outside. Nothing here reads a clock, a disk or ambient randomness.

mod clock;
pub mod conformance;
mod disk;
mod entropy;
mod index;
mod lock;
mod mailbox;
mod rng;
mod secrets;
mod stepper;
mod witness;

pub use clock::{SimClock, SimTime};
pub use disk::{DiskOptions, DiskSnapshot, Hand, InodeNumbers, NameFolding, Seen, SimDisk};
pub use entropy::SimEntropy;
pub use index::{IndexSnapshot, SimIndex};
pub use mailbox::{
    CallKind, FailNth, MailboxCalls, MailboxFaults, MailboxHandle, MailboxOptions, RecordedCall, RecordingMailbox,
    SimMailbox, TwoWriters,
};
pub use rng::Rng;
pub use secrets::SimSecrets;
pub use stepper::{RunState, Running, SteppedDisk, SteppedIndex, SteppedMailbox, SteppedWitness, Stepper};
pub use witness::SimWitness;
