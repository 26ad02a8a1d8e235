//! Furnishing: how homes come into the world, the first as a founder, the others as copies.

use std::collections::BTreeSet;

use offsync_core::format::Membership;
use offsync_core::ids::LocationId;
use offsync_core::ports::Entropy;
use offsync_core::seal::SigningKey;
use offsync_core::version_vector::VersionVector;
use offsync_engine::Companion;
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

    /// Begins a location from nothing in the place of one whose drive died, as `helper` says.
    pub(crate) fn begin_anew(&mut self, at: usize, helper: usize, old: LocationId) {
        let mut home = self.new_home_at(at);
        let beginning = beginning_of(at, self.archive, self.new_location());
        // Keys of its own: those of the old drive are gone with it, and who signs by the key of one who is out is out as well.
        let seed = [*beginning.location.as_bytes(); 2].concat();
        home.signer = SigningKey::from_seed(seed.try_into().expect("twice sixteen"));
        mark(&home.disk, self.archive, &beginning);
        let public = home.signer.public();
        let said = beginning.clone();
        let invite = self.homes[helper].with_engine(&self.shared, move |engine| {
            engine
                .invite(&said, public, VersionVector::default())
                .expect("a sound index");
            engine.set_membership(old, Membership::Removed).expect("a sound index");
            let me = engine.identity().location;
            let living = engine.living().expect("a sound index").into_iter();
            let own = living.filter(|(location, _)| *location == me);
            own.map(|(location, person)| Companion {
                location,
                label: person.label,
                person: person.person,
                key: person.key,
            })
            .collect::<Vec<_>>()
        });
        let companions = invite().expect("a home that has begun");
        let mut index = self.watched(&home);
        beginning
            .join(&mut index, &public, &companions, &home.clock)
            .expect("an empty index");
        home.index = index.inner;
        home.was_restored = true;
        self.shared.watch.notes().homes[at] = (home.index.clone(), true);
        self.homes[at] = home;
    }

    fn new_home(&mut self) -> Home {
        self.new_home_at(self.homes.len())
    }

    fn new_home_at(&mut self, at: usize) -> Home {
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
