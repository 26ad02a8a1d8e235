//! Faults: what happens to drives, clocks and the mailbox besides what people mean.

use std::collections::{BTreeMap, BTreeSet};

use offsync_core::format::Membership;
use offsync_core::guard::Threshold;
use offsync_core::ids::LocationId;
use offsync_core::rel_path::RelPath;
use offsync_testkit::{MailboxFaults, SimDisk, SimIndex, SimWitness, Stepper};

use crate::guard::Off;
use crate::home::{Backup, Home};
use crate::people::value_of;
use crate::profile::Step;
use crate::watch::{identity_of, vector_of};
use crate::world::{Bad, HOMES_MAX, World, short};

const MINUTE_NS: i64 = 60_000_000_000;
/// What accounts may hold: the least takes one chunk of the largest size beside the reserves.
const QUOTAS_BYTES: [u64; 4] = [6 << 20, 8 << 20, 16 << 20, 64 << 20];
/// Before how many deletions people let all homes ask: each file, few, many, none but all there are.
pub(crate) const THRESHOLDS: [(u64, u8, u64); 4] = [(1, 0, 1), (2, 10, 3), (8, 60, 40), (1_000, 100, 1_000)];
/// Steps of a clone's life beside its original.
const CLONE_STEPS: usize = 20;

impl World {
    /// Lets one fault happen at a home.
    pub(crate) fn fault(&mut self, step: Step, at: usize) -> Result<(), Bad> {
        match step {
            Step::FailCall => self.fail_call(),
            Step::Flake => self.flake(),
            Step::Sleep => self.sleep(at),
            Step::Absence => self.be_absent(at),
            Step::Quota => self.change_quota(),
            Step::Replace => self.replace(at),
            Step::SetAside => self.set_aside(at),
            Step::Ask => self.ask(at),
            Step::Regret => return self.regret(at),
            Step::DeleteRefused => return self.delete_refused(at),
            Step::TakeBack => return self.take_back(at),
            Step::Resolve => return self.resolve(at),
            Step::Join => self.join(at),
            Step::Snapshot => self.back_up(at),
            Step::Restore => drop(self.restore(at)),
            Step::Fire => self.burn(at),
            Step::Wipe => {
                self.mailbox.wipe();
                self.say(|_| "the mailbox is WIPED".into());
            }
            Step::RollBack => {
                let changes = 1 + self.rng.index(6);
                self.mailbox.roll_back(changes);
                self.excuse_occupancy();
                self.say(|_| format!("the mailbox is ROLLED BACK by {changes}"));
            }
            Step::LoseObject | Step::Damage => self.lose_object(step),
            Step::LosePrivate => {
                self.homes[at].disk.true_hand().clear_private();
                self.say(|_| format!("home {at} loses staging and trash"));
            }
            Step::Deny => self.deny(at),
            Step::Plug => self.plug(at),
            Step::ClockJump => {
                let hours = i64::try_from(self.rng.below(400)).expect("few") - 200;
                self.homes[at].clock.jump_ns(hours * 60 * MINUTE_NS);
                self.say(|_| format!("home {at}: the clock jumps by {hours} hours"));
            }
            Step::Replug => self.replug(at),
            Step::Spoil => self.spoil(at),
            Step::Rot => return self.rot(at),
            Step::Keep => return self.keep_damaged(at),
            Step::Squeeze => {
                let free_bytes = *self
                    .rng
                    .choose(&[None, Some(0), Some(300), Some(90_000), Some(1_500_000)])
                    .expect("some");
                self.homes[at].disk.leave_free(free_bytes);
                self.say(|_| format!("home {at}: the drive has {free_bytes:?} bytes left"));
            }
            Step::Person | Step::Sync | Step::Advance | Step::Crash => {}
        }
        Ok(())
    }

    fn fail_call(&mut self) {
        let running: Vec<usize> = self
            .homes
            .iter()
            .filter(|home| home.running.is_some())
            .map(|home| home.at)
            .collect();
        if let Some(at) = self.rng.choose(&running).copied() {
            let nth = 1 + self.rng.below(60);
            self.homes[at].stepper.fail_call(nth);
            self.say(|_| format!("home {at}: call {nth} from now fails"));
        }
    }

    fn flake(&mut self) {
        let percent = *self.rng.choose(&[0, 30, 60]).expect("some");
        let faults = MailboxFaults {
            stale_list: percent,
            partial_list: percent,
            stale_get: percent / 3,
            fails: if self.rng.percent(30) { percent / 6 } else { 0 },
            lies: percent / 6,
            loses: if self.rng.percent(10) { percent / 10 } else { 0 },
        };
        self.mailbox.set_faults(faults);
        self.say(|_| format!("the mailbox: {faults:?}"));
    }

    fn set_aside(&mut self, at: usize) {
        if !self.can_decide(at) {
            return;
        }
        let home = &self.homes[at];
        let others: Vec<LocationId> = home.with_engine(&self.shared, |engine| {
            let living = engine.living().unwrap_or_default().into_iter();
            let me = engine.identity().location;
            living
                .map(|(location, _)| location)
                .filter(|location| *location != me)
                .collect()
        })()
        .unwrap_or_default();
        let Some(other) = self.rng.choose(&others).copied() else {
            return;
        };
        let membership = *self
            .rng
            .choose(&[None, Some(Membership::Parked), Some(Membership::Counts)])
            .expect("some");
        let number = self.rng.below(9);
        let threshold = THRESHOLDS.get(usize::try_from(number).expect("few"));
        let said = self.homes[at].with_engine(&self.shared, move |engine| match (membership, threshold) {
            (Some(membership), _) => engine.set_membership(other, membership),
            (None, Some((least, percent, most))) => engine
                .change_threshold(|_| Threshold::new(*least, *percent, *most))
                .map(|said| assert!(said.is_ok(), "a threshold")),
            (None, None) => engine.rename(other, &format!("label {number}"), "somebody"),
        })();
        self.say(|_| {
            format!(
                "home {at} says of {}: {membership:?} {threshold:?}: {said:?}",
                short(&other)
            )
        });
    }

    fn sleep(&mut self, at: usize) {
        let hours = *self.rng.choose(&[30, 90]).expect("some");
        if self.homes[at].running.is_some() {
            self.kill(at);
        }
        self.homes[at].asleep_until_ns = self.time.true_ns() + hours * 60 * MINUTE_NS;
        if self.rng.percent(50) {
            self.time.pass_ns(20 * 60 * MINUTE_NS);
            self.shared.watch.notes().now_ns = self.time.true_ns();
        }
        self.say(|_| format!("home {at} sleeps for {hours} hours"));
    }

    fn be_absent(&mut self, at: usize) {
        let days = *self.rng.choose(&[60, 190, 400, 730]).expect("some");
        if self.homes[at].running.is_some() {
            self.kill(at);
        }
        self.homes[at].asleep_until_ns = self.time.true_ns() + days * 24 * 60 * MINUTE_NS;
        self.say(|_| format!("home {at} is away for {days} days"));
    }

    fn change_quota(&mut self) {
        if self.any_running().is_some() {
            // Whoever is at work goes by what it read when it began.
            return;
        }
        let before = self.quota_bytes;
        self.quota_bytes = self.rng.choose(&QUOTAS_BYTES).copied();
        self.excuse_occupancy();
        self.say(|world| format!("the mailbox may hold {:?}, after {before:?}", world.quota_bytes));
    }

    /// Forgets how full the mailbox was: what it holds now nobody put there against the rules.
    fn excuse_occupancy(&mut self) {
        self.excused_bytes = self.mailbox.used_bytes();
        self.mailbox.reset_peak();
    }

    /// A drive dies; somebody else removes its location, and the home begins anew from nothing.
    fn replace(&mut self, at: usize) {
        let helpers: Vec<usize> = (0..self.homes.len())
            .filter(|other| *other != at && self.homes[*other].is_at_hand() && self.homes[*other].running.is_none())
            .collect();
        let (Some(helper), Some(identity)) = (self.rng.choose(&helpers).copied(), identity_of(&self.homes[at].index))
        else {
            return;
        };
        if self.homes[at].running.is_some() {
            self.kill(at);
        }
        let hand = self.homes[at].disk.true_hand();
        // What was being set aside when it died is in its trash alone.
        let lost = hand.tree().into_values().chain(hand.trash().into_values());
        self.values.excused.extend(lost.filter_map(|seen| value_of(&seen)));
        self.begin_anew(at, helper, identity.location);
        self.say(|_| {
            format!(
                "home {at} DIES for good, home {helper} replaces {}",
                short(&identity.location)
            )
        });
    }

    fn join(&mut self, from: usize) {
        if self.homes.len() >= HOMES_MAX || !self.homes[from].is_at_hand() {
            return;
        }
        if self.homes[from].running.is_some() {
            self.kill(from);
        }
        let at = self.invite(from);
        self.say(|_| format!("home {at} JOINS as a copy of home {from}"));
    }

    /// Lets a bit turn in a row of an index: of an entry, or of a place.
    fn spoil(&mut self, at: usize) {
        let home = &self.homes[at];
        if home.running.is_some() {
            return;
        }
        let entries: Vec<_> = home.index.all_entries().into_iter().map(|(key, _)| key).collect();
        let places: Vec<_> = home.index.all_places().into_iter().map(|(key, _)| key).collect();
        let notes = home.index.all_notes();
        if self.rng.percent(25) {
            if let Some(name) = self.rng.choose(&notes) {
                self.homes[at].index.spoil_note(name);
                self.homes[at].was_restored = true;
                self.shared.watch.notes().homes[at].1 = true;
                self.shared.watch.expect_new_id(at);
                self.say(|_| format!("home {at}: the note {name} is DAMAGED"));
            }
        } else if self.rng.percent(30) {
            if let Some(key) = self.rng.choose(&places) {
                self.homes[at].index.spoil_place(key);
                self.say(|_| format!("home {at}: the place {key:?} is DAMAGED"));
            }
        } else if let Some(key) = self.rng.choose(&entries) {
            self.homes[at].index.spoil_entry(key);
            self.homes[at].was_restored = true;
            self.shared.watch.notes().homes[at].1 = true;
            self.shared.watch.expect_new_id(at);
            self.say(|_| format!("home {at}: the entry {key:?} is DAMAGED"));
        }
    }

    fn back_up(&mut self, at: usize) {
        let mut mail = BTreeMap::new();
        if self.profile.has(Step::Fire) {
            let names = self.mailbox.names().into_iter();
            mail.extend(names.filter_map(|name| Some((name.clone(), self.mailbox.object(&name)?))));
        }
        let home = &mut self.homes[at];
        if home.is_at_hand() {
            home.backup = Some(Backup {
                disk: home.disk.snapshot(),
                index: home.index.snapshot(),
                mail,
                has_spoken: identity_of(&home.index).is_some_and(|identity| identity.counter > 0),
                witness: home.witness.copy(),
            });
            self.say(|_| format!("home {at} is backed up"));
        }
    }

    /// Tells whether it was.
    fn restore(&mut self, at: usize) -> bool {
        let is_allowed =
            self.profile.restores_many || self.homes.iter().all(|home| home.at == at || !home.was_restored);
        let Some(backup) = self.homes[at].backup.clone().filter(|_| is_allowed) else {
            return false;
        };
        if self.homes[at].running.is_some() {
            self.kill(at);
        }
        let home = &mut self.homes[at];
        let lost: Vec<u64> = home.disk.true_hand().tree().values().filter_map(value_of).collect();
        self.values.excused.extend(lost);
        home.disk.restore_snapshot(&backup.disk);
        home.index.restore(&backup.index);
        home.was_restored = true;
        self.shared.watch.notes().homes[at].1 = true;
        self.shared.watch.expect_new_id(at);
        self.say(|_| format!("home {at} is RESTORED from its backup"));
        true
    }

    /// A drive, the mailbox and a computer go; the first two come back as they were in one night, and in some worlds the
    /// computer. Nothing that is left there can say that more was said since, and others may have folded it.
    fn burn(&mut self, at: usize) {
        // One that had never spoken cannot be told from one that was just prepared: whoever opens it holds its invitation.
        let Some(backup) = self.homes[at].backup.clone().filter(|backup| backup.has_spoken) else {
            return;
        };
        let is_put_back = self.restore(at);
        self.mailbox.wipe();
        for (name, bytes) in backup.mail {
            self.mailbox.forge(&name, bytes.to_vec());
        }
        self.excuse_occupancy();
        let remembers = self.profile.restores_computers || self.off == Off::NewHere;
        self.homes[at].witness = if remembers {
            backup.witness.copy()
        } else {
            SimWitness::new()
        };
        if is_put_back && remembers {
            let index = &self.homes[at].index;
            if let Some(identity) = identity_of(index) {
                let known = vector_of(index).get(&identity.location);
                self.shared.watch.notes().let_say_twice(identity.location, known);
            }
        }
        self.shared.watch.note_burn();
        self.say(|_| {
            let memory = if remembers { "with" } else { "without" };
            format!("home {at} BURNS with its computer and the mailbox; all comes back as it was one night, {memory} what the computer remembered")
        });
    }

    fn lose_object(&mut self, step: Step) {
        let Some(name) = self.rng.choose(&self.mailbox.names()).cloned() else {
            return;
        };
        if step == Step::Damage {
            self.mailbox.damage(&name, &mut self.rng);
        } else {
            self.mailbox.lose(&name);
        }
        self.say(|_| format!("{step:?}: {name}"));
    }

    fn deny(&mut self, at: usize) {
        let tree: Vec<RelPath> = self.homes[at].disk.true_hand().tree().into_keys().collect();
        let is_end = self.rng.percent(40);
        let path = self.rng.choose(&tree).cloned();
        match path {
            Some(path) if !is_end => {
                self.homes[at].disk.deny(&path);
                self.homes[at].denied.push(path.clone());
                self.say(|_| format!("home {at}: {path} cannot be read"));
            }
            _ => {
                self.allow_all(at);
                self.say(|_| format!("home {at}: all can be read again"));
            }
        }
    }

    /// Ends all that keeps a drive from being read.
    pub(crate) fn allow_all(&mut self, at: usize) {
        let home = &mut self.homes[at];
        home.denied.drain(..).for_each(|path| home.disk.allow(&path));
    }

    fn plug(&mut self, at: usize) {
        let disk = &self.homes[at].disk;
        let what = match self.rng.below(6) {
            0 => {
                disk.set_gone(true);
                "is pulled"
            }
            1 => {
                disk.unmount();
                "leaves its mount point"
            }
            2 => {
                disk.set_read_only(true);
                "is write-protected"
            }
            _ => {
                self.plug_in(at);
                "is plugged in"
            }
        };
        self.say(|_| format!("home {at}: the drive {what}"));
    }

    /// Brings a drive back in all ways.
    pub(crate) fn plug_in(&mut self, at: usize) {
        if self.homes[at].disk.is_unmounted() && self.homes[at].running.is_some() {
            self.kill(at);
        }
        let disk = &self.homes[at].disk;
        disk.mount();
        disk.set_gone(false);
        disk.set_read_only(false);
        disk.leave_free(None);
    }

    fn replug(&mut self, at: usize) {
        if self.homes[at].running.is_some() {
            self.kill(at);
        }
        let home = &self.homes[at];
        home.disk.replug(&mut self.rng);
        if home.disk.options().profile().has_local_times() {
            // Summer time began or ended meanwhile, or the computer is in another zone.
        }
        self.say(|_| format!("home {at}: the drive is plugged in again"));
    }

    /// A drive is cloned, and both are used, one after the other.
    pub(crate) fn live_with_a_clone(&mut self) -> Result<(), Bad> {
        for _ in 0..12 {
            self.turn()?;
        }
        let clone = self.clone_of(0);
        self.move_in(clone);
        let last = self.homes.len() - 1;
        for at in [0, last] {
            self.shared.watch.expect_new_id(at);
        }
        // Two drives with one head: nobody can tell which of them has folded something.
        self.shared.watch.notes().homes[0].1 = true;
        self.say(|_| "home 0 is CLONED".into());
        for _ in 0..CLONE_STEPS {
            self.turn()?;
        }
        Ok(())
    }

    pub(crate) fn turn(&mut self) -> Result<(), Bad> {
        self.pass_time();
        let at = self.rng.index(self.homes.len());
        self.person(at)?;
        let at = self.rng.index(self.homes.len());
        self.sync(at)?;
        self.check()
    }

    fn clone_of(&mut self, from: usize) -> Home {
        let at = self.homes.len();
        {
            let mut notes = self.shared.watch.notes();
            let inherited: Vec<_> = notes
                .taken
                .iter()
                .filter(|(home, _)| *home == from)
                .map(|(_, value)| (at, *value))
                .collect();
            notes.taken.extend(inherited);
        }
        let home = &self.homes[from];
        let clock = self.time.clock(0);
        let options = home.disk.options().clone().named(format!("drive {at}"));
        let disk = SimDisk::from_snapshot(&home.disk.snapshot(), options, clock.clone());
        let index = SimIndex::on(&disk);
        index.restore(&home.index.snapshot());
        Home {
            at,
            index,
            disk,
            mailbox: self.mailbox.handle(format!("home {at}")),
            witness: SimWitness::new(),
            clock,
            signer: home.signer.clone(),
            stepper: Stepper::new(format!("home {at}")),
            running: None,
            backup: None,
            was_restored: true,
            asleep_until_ns: 0,
            denied: Vec::new(),
            off: self.off,
            holds: BTreeSet::new(),
            is_disturbed: false,
        }
    }
}
