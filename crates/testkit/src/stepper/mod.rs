//! Steps: every call of one location's engine passes a gate that counts, crashes and hands on the turn.
//!
//! Between two calls nobody else moves: the scheduler runs while the engine waits at the
//! gate, the engine runs while the scheduler waits for it. So a schedule is a list of
//! numbers, and a seed replays it. After a crash every call fails and does nothing.

mod gate;
mod ports;
mod running;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use offsync_core::ports::{Disk, IndexStore, Mailbox, Witness};

use gate::Gate;
pub use ports::{SteppedDisk, SteppedIndex, SteppedMailbox, SteppedWitness};
pub use running::{RunState, Running};

/// The gate of one location; clones are the same gate.
#[derive(Clone)]
pub struct Stepper {
    gate: Arc<Gate>,
}

impl Stepper {
    /// Makes an open gate; `location` names it in messages.
    pub fn new(location: impl Into<String>) -> Self {
        Self {
            gate: Arc::new(Gate::new(location.into())),
        }
    }

    /// Puts the gate before a drive.
    pub fn disk(&self, disk: impl Disk + 'static) -> SteppedDisk {
        SteppedDisk::new(self.gate.clone(), Arc::new(disk))
    }

    /// Puts the gate before an index.
    pub fn index<I: IndexStore>(&self, index: I) -> SteppedIndex<I> {
        SteppedIndex::new(self.gate.clone(), index)
    }

    /// Puts the gate before a mailbox.
    pub fn mailbox(&self, mailbox: impl Mailbox + 'static) -> SteppedMailbox {
        SteppedMailbox::new(self.gate.clone(), Arc::new(mailbox))
    }

    /// Puts the gate before a computer's notes.
    pub fn witness(&self, witness: impl Witness + 'static) -> SteppedWitness {
        SteppedWitness::new(self.gate.clone(), Arc::new(witness))
    }

    /// Counts the calls that passed since the start, or since the last reboot.
    pub fn calls(&self) -> u64 {
        self.gate.calls()
    }

    /// Lets so many more calls pass and then crashes.
    pub fn crash_after(&self, calls: u64) {
        self.gate.crash_after(calls);
    }

    /// Fails one call, so many calls from now (1 is the next), and no other.
    pub fn fail_call(&self, nth: u64) {
        self.gate.fail_call(nth);
    }

    /// Crashes now.
    pub fn crash(&self) {
        self.gate.crash();
    }

    /// Tells whether it has crashed.
    pub fn is_crashed(&self) -> bool {
        self.gate.is_crashed()
    }

    /// Starts again after a crash; counts and planned faults begin anew.
    pub fn reboot(&self) {
        self.gate.reboot();
    }

    /// Gives the last calls that passed, oldest first, for messages.
    pub fn trace(&self) -> Vec<String> {
        self.gate.trace()
    }

    /// Counts the calls that came from a thread other than the cycle's own: their order does not replay.
    pub fn foreign_calls(&self) -> u64 {
        self.gate.foreign_calls()
    }
}
