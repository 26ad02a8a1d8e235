//! What a home is asked: for an answer to what is held, and how the others stand, with what it costs to tell.

use offsync_core::ports::IndexStore;
use offsync_engine::{Engine, Ports, Silent, SyncOptions, SyncReport};
use offsync_testkit::Stepper;

use super::Homes;

impl Homes {
    /// Syncs with a no, or a yes, to what is held.
    pub(crate) fn sync_with_answer(&mut self, n: usize, is_no: bool) -> SyncReport {
        self.sync(n);
        match is_no {
            true => self.sync_refusing(n),
            false => self.sync_confirmed(n),
        }
    }

    /// Tells how many notes of a kind a home keeps.
    pub(crate) fn notes(&self, n: usize, prefix: &str) -> usize {
        self.homes[n].index.notes(prefix).expect("a sound index").len()
    }

    /// Asks a home how all stand; tells how many pages of the whole index it read for that.
    pub(crate) fn pages_to_tell(&mut self, n: usize) -> usize {
        let home = &self.homes[n];
        let stepper = Stepper::new("home");
        let mut index = stepper.index(home.index.clone());
        let ports = Ports {
            disk: &home.disk,
            index: &mut index,
            mailbox: None,
            clock: &home.clock,
            entropy: &self.entropy,
            witness: &home.witness,
        };
        let mut engine = Engine::open(ports, &self.keys, &home.signer, &Silent).expect("begun");
        engine.standings(&SyncOptions::default()).expect("a sound index");
        let calls = stepper.trace();
        assert_eq!(calls.len() as u64, stepper.calls(), "each call is seen");
        calls
            .iter()
            .filter(|call| call.ends_with("index.entries_after"))
            .count()
    }
}
