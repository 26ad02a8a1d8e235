//! Furnishing: how homes come into the world, the first as a founder, the others as copies.

use std::collections::BTreeSet;

use offsync_core::ids::LocationId;
use offsync_core::ports::Entropy;
use offsync_testkit::{DiskOptions, SimDisk, SimIndex, SimWitness, Stepper};

use crate::home::{Home, beginning_of, mark, signer_of};
use crate::world::World;
use crate::wrap::WatchedIndex;

impl World {
    /// Founds the archive at the first home.
    pub(crate) fn found(&mut self) {
        let mut home = self.new_home();
        let beginning = beginning_of(0, self.archive, self.new_location());
        mark(&home.disk, self.archive, &beginning);
        let mut index = self.watched(&home);
        beginning
            .found(
                &mut index,
                &self.shared.keys,
                &home.signer,
                &home.clock,
                &self.shared.entropy,
            )
            .expect("an empty index");
        home.index = index.inner;
        self.move_in(home);
    }

    /// Begins a new location as a copy of `from`; gives its number.
    pub(crate) fn invite(&mut self, from: usize) -> usize {
        let home = self.new_home();
        self.homes[from].disk.true_hand().copy_all_to(&home.disk.true_hand());
        let beginning = beginning_of(home.at, self.archive, self.new_location());
        mark(&home.disk, self.archive, &beginning);
        let mut index = self.watched(&home);
        let public = home.signer.public();
        let invite = self.homes[from].with_engine(&self.shared, move |engine| {
            engine
                .begin_copy(&beginning, &public, &mut index)
                .expect("an empty index");
            let holds = engine.vector().clone();
            engine.invite(&beginning, public, holds).expect("a sound index");
        });
        invite().expect("a home that has begun");
        let at = home.at;
        self.move_in(home);
        at
    }

    fn new_home(&mut self) -> Home {
        let at = self.homes.len();
        let clock = self.time.clock(0);
        let options = match self.rng.below(4) {
            // No pack is as large as the largest file, here as there; the largest that people write is larger.
            0 if self.profile.has_foreign_drives && at > 0 => DiskOptions {
                file_bytes_max: 5 << 20,
                ..DiskOptions::fat()
            },
            1 if self.profile.has_foreign_drives && at > 0 => DiskOptions::exfat(),
            2 if self.profile.has_foreign_drives => DiskOptions::apfs(),
            _ => DiskOptions::ext4(),
        };
        let disk = SimDisk::new(options.named(format!("drive {at}")), clock.clone());
        Home {
            at,
            index: SimIndex::on(&disk),
            disk,
            mailbox: self.mailbox.handle(format!("home {at}")),
            witness: SimWitness::new(),
            clock,
            signer: signer_of(at),
            stepper: Stepper::new(format!("home {at}")),
            running: None,
            backup: None,
            was_restored: false,
            asleep_until_ns: 0,
            denied: Vec::new(),
            off: self.off,
            holds: BTreeSet::new(),
            is_disturbed: false,
        }
    }

    /// Lets a home join the world.
    pub(crate) fn move_in(&mut self, home: Home) {
        self.shared
            .watch
            .notes()
            .homes
            .push((home.index.clone(), home.was_restored));
        self.homes.push(home);
    }

    fn watched(&self, home: &Home) -> WatchedIndex {
        WatchedIndex {
            inner: home.index.clone(),
            watch: self.shared.watch.clone(),
            home: home.at,
            off: self.off,
        }
    }

    fn new_location(&self) -> LocationId {
        let entropy: &dyn Entropy = &self.shared.entropy;
        LocationId::new(entropy.sixteen())
    }
}
