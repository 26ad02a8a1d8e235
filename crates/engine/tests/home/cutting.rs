//! Syncs that a power cut ends.

use offsync_engine::{Engine, Ports, Silent, SyncOptions, SyncReport};
use offsync_testkit::{CallKind, RecordingMailbox, Rng, Stepper};

use super::Homes;

impl Homes {
    /// Syncs until the power goes at a call; gives the packs that were fetched, and the report if it got to its end.
    pub(crate) fn sync_until(&mut self, n: usize, calls: u64, rng: &mut Rng) -> (Vec<String>, Option<SyncReport>) {
        self.sync_so_until(n, &SyncOptions::default(), calls, rng)
    }

    /// Syncs with a yes or a no until the power goes at a call; gives the report if it got to its end.
    pub(crate) fn sync_with_answer_until(&mut self, n: usize, is_no: bool, calls: u64) -> Option<SyncReport> {
        let options = SyncOptions {
            confirm_deletions: !is_no,
            refuse_deletions: is_no,
            ..SyncOptions::default()
        };
        self.sync_so_until(n, &options, calls, &mut Rng::new(calls)).1
    }

    fn sync_so_until(
        &mut self,
        n: usize,
        options: &SyncOptions,
        calls: u64,
        rng: &mut Rng,
    ) -> (Vec<String>, Option<SyncReport>) {
        self.time.pass_ns(60_000_000_000);
        let home = &self.homes[n];
        let stepper = Stepper::new("home");
        let recording = RecordingMailbox::new(home.mailbox.clone());
        let (disk, mailbox) = (stepper.disk(home.disk.clone()), stepper.mailbox(recording.clone()));
        let (mut index, witness) = (stepper.index(home.index.clone()), stepper.witness(home.witness.clone()));
        let ports = Ports {
            disk: &disk,
            index: &mut index,
            mailbox: Some(&mailbox),
            clock: &home.clock,
            entropy: &self.entropy,
            witness: &witness,
        };
        stepper.crash_after(calls);
        let report = Engine::open(ports, &self.keys, &home.signer, &Silent).and_then(|mut engine| engine.sync(options));
        let gets = recording.take().into_iter().filter(|call| call.kind == CallKind::Get);
        let packs = gets.map(|call| call.name).filter(|name| name.ends_with(".pack"));
        if stepper.is_crashed() {
            home.disk.power_cut(rng);
            return (packs.collect(), None);
        }
        (packs.collect(), Some(report.expect("a sound world")))
    }
}
