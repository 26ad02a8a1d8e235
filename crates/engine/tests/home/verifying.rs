//! What a home reads again, and what its person then says of it.

use offsync_core::ports::{IndexStore, IndexWrite};
use offsync_core::rel_path::RelPath;
use offsync_engine::{
    Engine, EngineError, NotKept, Ports, Silent, SyncOptions, SyncReport, VerifyOptions, VerifyReport,
};
use offsync_testkit::{Rng, RunState, Running, Stepper};

use super::{Homes, path};

impl Homes {
    /// Reads all files again, and asks for what is damaged.
    pub(crate) fn verify_repairing(&mut self, n: usize) -> VerifyReport {
        let options = VerifyOptions {
            budget_ns: None,
            repair: true,
        };
        self.with_engine(n, |engine| engine.verify(&options))
            .expect("a drive that is there")
    }

    /// Reads all files again, and asks for nothing.
    pub(crate) fn verify(&mut self, n: usize) -> VerifyReport {
        self.with_engine(n, |engine| engine.verify(&VerifyOptions::default()))
            .expect("a drive that is there")
    }

    /// Says of damaged files that what they read as now is wanted.
    pub(crate) fn keep(&mut self, n: usize, names: &[&str]) -> Result<Vec<RelPath>, NotKept> {
        let paths: Vec<RelPath> = names.iter().map(|name| path(name)).collect();
        self.with_engine(n, |engine| engine.keep_damaged(&paths))
            .expect("a drive that is there")
    }

    /// The same, until the power goes at a call; tells whether it got to its end.
    pub(crate) fn keep_until(&mut self, n: usize, name: &str, calls: u64, rng: &mut Rng) -> bool {
        let kept = self.run_until(n, calls, rng, |engine| engine.keep_damaged(&[path(name)]));
        kept.map(|kept| kept.expect("it is damaged")).is_some()
    }

    /// Reads all files again until the power goes at a call; tells whether it got to its end.
    pub(crate) fn verify_until(&mut self, n: usize, calls: u64, rng: &mut Rng) -> bool {
        let verified = self.run_until(n, calls, rng, |engine| engine.verify(&VerifyOptions::default()));
        verified.is_some()
    }

    /// Does something without a mailbox until the power goes at a call; gives what came of it if it got to its end.
    fn run_until<T>(
        &mut self,
        n: usize,
        calls: u64,
        rng: &mut Rng,
        run: impl FnOnce(&mut Engine<'_>) -> Result<T, EngineError>,
    ) -> Option<T> {
        let home = &self.homes[n];
        let stepper = Stepper::new("home");
        let disk = stepper.disk(home.disk.clone());
        let (mut index, witness) = (stepper.index(home.index.clone()), stepper.witness(home.witness.clone()));
        let ports = Ports {
            disk: &disk,
            index: &mut index,
            mailbox: None,
            clock: &home.clock,
            entropy: &self.entropy,
            witness: &witness,
        };
        stepper.crash_after(calls);
        let done = Engine::open(ports, &self.keys, &home.signer, &Silent).and_then(|mut engine| run(&mut engine));
        if stepper.is_crashed() {
            home.disk.power_cut(rng);
            return None;
        }
        Some(done.expect("a sound world"))
    }

    /// The same, while something happens to the drive before each call from one on, so many times; `None` if it was done by then.
    pub(crate) fn keep_while(
        &mut self,
        n: usize,
        name: &str,
        calls: u64,
        times: u64,
        mut happens: impl FnMut(&mut Self),
    ) -> Option<Result<Result<Vec<RelPath>, NotKept>, EngineError>> {
        let name = path(name);
        let mut running = self.start(n, move |engine| engine.keep_damaged(&[name]));
        if calls > 0 && matches!(running.advance(calls), RunState::Finished(_)) {
            return None;
        }
        for _ in 0..times {
            happens(self);
            if let RunState::Finished(kept) = running.advance(1) {
                return Some(kept);
            }
        }
        Some(running.finish())
    }

    /// Syncs, while something happens to the drive before one call; `None` if it was done by then.
    pub(crate) fn sync_while(&mut self, n: usize, calls: u64, happens: impl FnOnce(&mut Self)) -> Option<SyncReport> {
        let mut running = self.start(n, |engine| engine.sync(&SyncOptions::default()));
        if calls > 0 && matches!(running.advance(calls), RunState::Finished(_)) {
            return None;
        }
        happens(self);
        Some(running.finish().expect("a drive that is there"))
    }

    /// Puts the clock of a computer forward, or back.
    pub(crate) fn jump_ns(&self, n: usize, ns: i64) {
        self.homes[n].clock.jump_ns(ns);
    }

    /// Starts what an engine does, to go on call by call.
    fn start<R: Send + 'static>(
        &self,
        n: usize,
        run: impl FnOnce(&mut Engine<'_>) -> Result<R, EngineError> + Send + 'static,
    ) -> Running<Result<R, EngineError>> {
        let home = &self.homes[n];
        let stepper = Stepper::new("home");
        let (disk, mailbox) = (stepper.disk(home.disk.clone()), stepper.mailbox(home.mailbox.clone()));
        let (mut index, witness) = (stepper.index(home.index.clone()), stepper.witness(home.witness.clone()));
        let (clock, entropy) = (home.clock.clone(), self.entropy.clone());
        let (keys, signer) = (self.keys.clone(), home.signer.clone());
        Running::start(&stepper, move || {
            let ports = Ports {
                disk: &disk,
                index: &mut index,
                mailbox: Some(&mailbox),
                clock: &clock,
                entropy: &entropy,
                witness: &witness,
            };
            Engine::open(ports, &keys, &signer, &Silent).and_then(|mut engine| run(&mut engine))
        })
    }

    /// Syncs while a drive lets nobody read a file, from one call on and for so many; `None` if it was done by then.
    pub(crate) fn sync_while_locked(&mut self, n: usize, name: &str, calls: u64, times: u64) -> Option<SyncReport> {
        let mut running = self.start(n, |engine| engine.sync(&SyncOptions::default()));
        if calls > 0 && matches!(running.advance(calls), RunState::Finished(_)) {
            return None;
        }
        self.disk(n).deny(&path(name));
        let state = running.advance(times);
        self.disk(n).allow(&path(name));
        let done = match state {
            RunState::Finished(done) => done,
            _ => running.finish(),
        };
        Some(done.expect("a drive that is there"))
    }

    /// Syncs; gives how often the index was asked or written.
    pub(crate) fn sync_counted(&mut self, n: usize) -> u64 {
        self.hand(n);
        let home = &mut self.homes[n];
        let stepper = Stepper::new("home");
        let mut index = stepper.index(home.index.clone());
        let ports = Ports {
            disk: &home.disk,
            index: &mut index,
            mailbox: Some(&home.mailbox),
            clock: &home.clock,
            entropy: &self.entropy,
            witness: &home.witness,
        };
        let mut engine = Engine::open(ports, &self.keys, &home.signer, &Silent).expect("begun");
        engine.sync(&SyncOptions::default()).expect("a sound world");
        stepper.calls()
    }

    /// Gives the files that a home knows as damaged.
    pub(crate) fn damaged(&mut self, n: usize) -> Vec<RelPath> {
        let damaged = self.with_engine(n, |engine| engine.damaged().expect("a sound index"));
        damaged.into_iter().map(|file| file.path).collect()
    }

    /// Lets the index of a home have a note of a name that nobody writes any more.
    pub(crate) fn note_as_before(&mut self, n: usize, name: &str) {
        let note = IndexWrite::Note(name.into(), Some(vec![0xff; 9]));
        self.homes[n].index.commit(vec![note]).expect("a sound index");
    }

    /// Tells whether the index of a home has notes whose names begin so.
    pub(crate) fn has_notes(&self, n: usize, prefix: &str) -> bool {
        !self.homes[n].index.notes(prefix).expect("a sound index").is_empty()
    }

    /// Lets a home remember of what damaged files read as not whether a sound one held that, as an older version may have noted it.
    pub(crate) fn forget_who_held_it(&mut self, n: usize) {
        let index = &mut self.homes[n].index;
        let notes = index.notes("read-as-damage/").expect("a sound index").into_iter();
        let forgotten = notes.map(|(name, mut bytes)| {
            // The last field holds no other file, and the one before it is a single byte.
            let [.., held, 0] = bytes.as_mut_slice() else {
                panic!("it is written otherwise by now");
            };
            *held = 0;
            IndexWrite::Note(name, Some(bytes))
        });
        let forgotten = forgotten.collect();
        index.commit(forgotten).expect("a sound index");
    }
}
