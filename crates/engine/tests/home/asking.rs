//! What a home is asked: for an answer to what is held, and how the others stand, with what it costs to tell.

use offsync_core::format::Membership;
use offsync_core::ports::{Clock, IndexStore};
use offsync_engine::{Engine, Ports, Silence, Silent, Survey, SyncOptions, SyncReport};
use offsync_testkit::Stepper;

use super::Homes;

/// Where a person can be asked.
const ASKING: SyncOptions = SyncOptions {
    deep: false,
    confirm_deletions: false,
    refuse_deletions: false,
    allowance_bytes: None,
    park_after_days: 180,
    silence: Silence::Ask,
    trust_absence: true,
};

impl Homes {
    /// Syncs where a person is asked before a silent home is set aside.
    pub(crate) fn sync_asking(&mut self, n: usize) -> SyncReport {
        self.sync_with(n, &ASKING)
    }

    /// Looks how all stand where a person is asked before a silent home is set aside.
    pub(crate) fn survey_asking(&mut self, n: usize) -> Survey {
        self.with_engine(n, |engine| engine.survey(&ASKING).expect("the simulated ports answer"))
    }

    /// Says at a home that another one, which does not come, is to be waited for still.
    pub(crate) fn keep_waiting(&mut self, n: usize, other: usize) {
        let other = self.location(other);
        let said = self.with_engine(n, |engine| engine.keep_waiting(other));
        said.expect("a sound index");
    }

    /// Says at a home that nothing is to wait for another one until it comes.
    pub(crate) fn park(&mut self, n: usize, other: usize) {
        let other = self.location(other);
        let said = self.with_engine(n, |engine| engine.set_membership(other, Membership::Parked));
        said.expect("a sound world");
    }

    /// Tells what time it is at a home.
    pub(crate) fn now_ns(&self, n: usize) -> i64 {
        self.homes[n].clock.now_ns()
    }

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
