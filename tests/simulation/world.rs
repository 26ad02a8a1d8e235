//! The world of one schedule: homes, one mailbox, and the scheduler that lets them take turns.

use std::collections::BTreeMap;

use offsync_core::format::ObjectName;
use offsync_core::ids::{ArchiveId, LocationId};
use offsync_core::rel_path::RelPath;
use offsync_core::seal::{ArchiveKey, ArchiveKeys};
use offsync_engine::SyncOptions;
use offsync_testkit::{MailboxOptions, Rng, RunState, Running, Seen, SimEntropy, SimMailbox, SimTime, TwoWriters};

use crate::guard::Off;
use crate::home::{Home, Outcome, Shared};
use crate::people::{Person, Values, value_of};
use crate::profile::{Profile, Step};
use crate::watch::{Watch, identity_of};

const MINUTE_NS: i64 = 60_000_000_000;
/// What heads and wants may grow by while a mailbox is too full for anything else.
const HEADS_BYTES: u64 = 16 << 10;
/// Most homes in one world.
pub(crate) const HOMES_MAX: usize = 6;

/// A broken promise, told in a sentence.
pub(crate) type Bad = String;

/// One world.
pub(crate) struct World {
    pub(crate) profile: Profile,
    pub(crate) rng: Rng,
    pub(crate) homes: Vec<Home>,
    pub(crate) mailbox: SimMailbox,
    pub(crate) shared: Shared,
    pub(crate) time: SimTime,
    pub(crate) values: Values,
    pub(crate) archive: ArchiveId,
    /// What the mailbox may hold now.
    pub(crate) quota_bytes: Option<u64>,
    /// What it held when that shrank, or when older objects came back: nobody put that there.
    pub(crate) excused_bytes: u64,
    pub(crate) off: Off,
    /// Whether what happened is kept for people to read.
    pub(crate) is_traced: bool,
    pub(crate) trace: Vec<String>,
}

impl World {
    /// Furnishes the world of a seed.
    pub(crate) fn new(seed: u64, profile: &Profile, off: Off, is_traced: bool) -> Self {
        let mut rng = Rng::new(seed);
        let time = SimTime::new();
        let archive = ArchiveId::new([1; 16]);
        let keys = ArchiveKeys::derive(&ArchiveKey::new([2; 32]), &archive);
        let options = MailboxOptions {
            two_writers: if profile.name == "clone" || profile.restores_computers {
                TwoWriters::Note
            } else {
                TwoWriters::Panic
            },
            capacity_bytes: profile.capacity_bytes.unwrap_or(u64::MAX),
        };
        let mailbox = SimMailbox::new(options, rng.next_u64());
        let watch = Watch::new(keys.clone(), mailbox.clone());
        let shared = Shared {
            keys,
            entropy: SimEntropy::new(rng.next_u64()),
            watch,
        };
        let count = rng.range(profile.homes.0..profile.homes.1 + 1);
        let mut world = Self {
            profile: profile.clone(),
            rng,
            homes: Vec::new(),
            mailbox,
            shared,
            time,
            values: Values::default(),
            archive,
            quota_bytes: profile.allowance_bytes,
            excused_bytes: 0,
            off,
            is_traced,
            trace: Vec::new(),
        };
        {
            let mut notes = world.shared.watch.notes();
            notes.park_after_ns = i64::from(profile.park_after_days) * 24 * 60 * MINUTE_NS;
            notes.judges_prunes = profile.is_fresh && profile.judges_prunes;
        }
        world.found();
        for _ in 0..world.rng.below(12) {
            world.person(0).expect("a sound world");
        }
        if world.rng.percent(50) {
            world.sync(0).expect("a sound world");
        }
        (1..count).for_each(|_| _ = world.invite(0));
        world
    }

    /// Notes what happened, if anybody reads it.
    pub(crate) fn say(&mut self, what: impl FnOnce(&Self) -> String) {
        if self.is_traced {
            let minutes = (self.time.true_ns() - SimTime::new().true_ns()) / MINUTE_NS;
            let line = format!("{minutes:>6} min  {}", what(self));
            self.trace.push(line);
        }
    }

    /// Lets all of the schedule happen, lets the world come to rest, and judges it.
    pub(crate) fn run(&mut self) -> Result<(), Bad> {
        for _ in 0..self.profile.steps {
            self.step()?;
        }
        if self.profile.name == "clone" {
            self.live_with_a_clone()?;
        }
        self.rest()?;
        self.judge()
    }

    fn step(&mut self) -> Result<(), Bad> {
        self.pass_time();
        let step = *self.rng.weighted(self.profile.weights).expect("some steps");
        let at = self.rng.index(self.homes.len());
        match step {
            Step::Person => {
                for _ in 0..1 + self.rng.below(3) {
                    self.person(at)?;
                }
            }
            Step::Sync => self.start(at)?,
            Step::Advance => self.advance()?,
            Step::Crash => self.crash()?,
            other => self.fault(other, at)?,
        }
        self.check()
    }

    pub(crate) fn pass_time(&mut self) {
        let minutes = 1 + self.rng.below(self.profile.step_minutes);
        self.time.pass_ns(i64::try_from(minutes).expect("few") * MINUTE_NS);
        self.shared.watch.notes().now_ns = self.time.true_ns();
    }

    /// Lets a person do something at one drive.
    pub(crate) fn person(&mut self, at: usize) -> Result<(), Bad> {
        if !self.homes[at].is_at_hand() {
            return Ok(());
        }
        let before = self.before_hand(at)?;
        let home = &self.homes[at];
        let mut person = Person {
            home: at,
            hand: home.disk.true_hand(),
            has_symlinks: home.disk.options().has_symlinks,
            rng: &mut self.rng,
            values: &mut self.values,
            profile: &self.profile,
        };
        let (old, done, new) = (person.hand.tree(), person.act(), person.hand.tree());
        let changed = new.iter().filter(|(path, seen)| old.get(*path) != Some(seen));
        self.values.touched.extend(changed.map(|(path, _)| path.key()));
        self.say(|_| format!("person {at}: {done}"));
        self.after_hand(at, &before);
        Ok(())
    }

    /// Notes which values a person made and took away.
    pub(crate) fn note_taken(&self, at: usize, before: &BTreeMap<RelPath, Seen>, after: &BTreeMap<RelPath, Seen>) {
        let mut notes = self.shared.watch.notes();
        for (_, seen) in after.iter().filter(|(path, seen)| before.get(*path) != Some(seen)) {
            if let (Seen::File(bytes), Some(value)) = (seen, value_of(seen)) {
                let digest = self.shared.keys.digest(bytes);
                notes.values.insert(digest, value);
            }
        }
        let taken = before.iter().filter(|(path, seen)| after.get(*path) != Some(seen));
        notes
            .taken
            .extend(taken.filter_map(|(_, seen)| Some((at, value_of(seen)?))));
    }

    /// Starts a cycle, or lets one run to its end at once.
    fn start(&mut self, at: usize) -> Result<(), Bad> {
        let is_asleep = self.homes[at].asleep_until_ns > self.time.true_ns();
        if is_asleep {
            return Ok(());
        }
        if self.homes[at].running.is_none() {
            if self.profile.is_sequential || self.rng.percent(60) {
                return self.sync(at);
            }
            let options = self.options();
            self.note_refusal(at, &options);
            let home = &mut self.homes[at];
            let cycle = home.cycle(&self.shared, options);
            home.running = Some(Running::start(&home.stepper, cycle));
            self.say(|_| format!("home {at} starts a cycle"));
        } else if self.rng.percent(60) {
            self.finish_running(at)?;
        }
        Ok(())
    }

    /// Gives options, with what a person says to many deletions.
    pub(crate) fn options(&mut self) -> SyncOptions {
        let (yes, no) = self.profile.answers_percent;
        let confirm_deletions = self.rng.percent(yes);
        SyncOptions {
            confirm_deletions,
            // Where nobody ever says no, nothing is drawn for it: schedules stay what they were.
            refuse_deletions: !confirm_deletions && no > 0 && self.rng.percent(no),
            allowance_bytes: self.allowance_bytes(),
            park_after_days: self.profile.park_after_days,
            ..SyncOptions::default()
        }
    }

    pub(crate) fn allowance_bytes(&self) -> Option<u64> {
        self.quota_bytes.filter(|_| self.off != Off::Allowance)
    }

    /// Runs one whole cycle.
    pub(crate) fn sync(&mut self, at: usize) -> Result<(), Bad> {
        let options = self.options();
        self.sync_with(at, options).map(drop)
    }

    /// Runs one whole cycle with options; the inner result is the cycle's own.
    pub(crate) fn sync_with(&mut self, at: usize, options: SyncOptions) -> Result<Outcome, Bad> {
        self.finish_running(at)?;
        let awaited = self.refused_at(at)?;
        let refused = match options.confirm_deletions {
            true => Vec::new(),
            false => self.refused_there(at)?,
        };
        self.note_refusal(at, &options);
        let outcome = self.homes[at].cycle(&self.shared, options)();
        self.after_cycle(at, &outcome)?;
        self.refused_stays(at, &refused)?;
        if let Ok(report) = &outcome {
            self.refused_is_nowhere(at, &awaited, report)?;
        }
        Ok(outcome)
    }

    pub(crate) fn finish_running(&mut self, at: usize) -> Result<(), Bad> {
        self.advance_by(at, u64::MAX)
    }

    fn advance(&mut self) -> Result<(), Bad> {
        let Some(at) = self.any_running() else { return Ok(()) };
        let calls = self.calls();
        self.advance_by(at, calls)
    }

    pub(crate) fn any_running(&mut self) -> Option<usize> {
        let running: Vec<usize> = self
            .homes
            .iter()
            .filter(|home| home.running.is_some())
            .map(|home| home.at)
            .collect();
        self.rng.choose(&running).copied()
    }

    /// Draws a number of calls: often few, now and then many.
    fn calls(&mut self) -> u64 {
        let most = *self.rng.choose(&[3, 20, 100, 400]).expect("some");
        1 + self.rng.below(most)
    }

    fn advance_by(&mut self, at: usize, calls: u64) -> Result<(), Bad> {
        let Some(running) = &mut self.homes[at].running else {
            return Ok(());
        };
        if let RunState::Finished(outcome) = running.advance(calls) {
            self.homes[at].running = None;
            self.after_cycle(at, &outcome)?;
        }
        Ok(())
    }

    fn after_cycle(&mut self, at: usize, outcome: &Outcome) -> Result<(), Bad> {
        self.say(|world| format!("home {at} {}", world.told(at, outcome)));
        self.homes[at].stepper.fail_call(0);
        if self.homes[at].stepper.is_crashed() {
            self.homes[at].kill();
        } else if let Ok(report) = outcome {
            if report.up_to_date && self.homes[at].is_at_hand() {
                self.shared.watch.spend_causes(at);
            }
            self.after_whole_cycle(at)?;
        } else if let Err(error) = outcome
            && self.is_sound(at)
            && !(self.profile.has_small_drives() && error.contains("no space left on the drive"))
        {
            return Err(format!("a cycle fails in a sound world: home {at}: {error}"));
        }
        Ok(())
    }

    fn is_sound(&self, at: usize) -> bool {
        let weights = self.profile.weights;
        let can_fail = |step| weights.iter().any(|(_, known)| *known == step);
        self.homes[at].is_at_hand() && !can_fail(Step::Flake) && !can_fail(Step::FailCall) && !can_fail(Step::Deny)
    }

    fn told(&self, at: usize, outcome: &Outcome) -> String {
        let report = match outcome {
            Ok(report) => report,
            Err(error) => return format!("ends a cycle: {error}"),
        };
        let applied = &report.applied;
        let figures = [
            ("posted", report.posted_entries),
            ("fetched", report.fetched_changesets),
            ("created", applied.created),
            ("modified", applied.modified),
            ("deleted", applied.deleted),
            ("renamed", applied.renamed),
            ("retouched", applied.metadata),
            ("missing", report.missing_chunks),
            ("waiting", report.waiting_entries),
            ("pruned", report.pruned_objects),
        ];
        let figures: Vec<String> = figures
            .iter()
            .filter(|(_, n)| *n > 0)
            .map(|(what, n)| format!("{what} {n}"))
            .collect();
        let me = identity_of(&self.homes[at].index).map(|identity| short(&identity.location));
        format!(
            "ends a cycle: {} {{{}}} {}{}{} {:?}",
            me.unwrap_or_default(),
            told_vector(&crate::watch::vector_of(&self.homes[at].index)),
            figures.join(", "),
            if report.took_new_id { ", NEW ID" } else { "" },
            report.held.as_ref().map_or(String::new(), |held| format!(", {held:?}")),
            report.skipped,
        )
    }

    /// Lets a cycle die at its n-th call from here.
    fn crash(&mut self) -> Result<(), Bad> {
        let Some(at) = self.any_running() else { return Ok(()) };
        let calls = self.calls();
        self.advance_by(at, calls)?;
        if self.homes[at].running.is_some() {
            self.kill(at);
        }
        Ok(())
    }

    /// Lets a machine die; now and then the power goes too.
    pub(crate) fn kill(&mut self, at: usize) {
        let trace = self.homes[at].stepper.trace().pop().unwrap_or_default();
        self.homes[at].kill();
        let has_power_cut = self.rng.percent(self.profile.power_percent);
        if has_power_cut {
            self.homes[at].disk.power_cut(&mut self.rng);
        }
        self.say(|_| {
            format!(
                "home {at} DIES after '{trace}'{}",
                if has_power_cut { ", POWER CUT" } else { "" }
            )
        });
    }

    /// Gives the size of the largest object of a home whose cycle stands still: it may have been put by a listing that was fresh when
    /// it was read, and others have filled the mailbox between the two calls. No home could know. It takes it back once it does.
    fn in_flight_bytes(&self, largest_put: &BTreeMap<usize, u64>) -> u64 {
        let running = self.homes.iter().filter(|home| home.running.is_some());
        let put = running
            .clone()
            .filter_map(|home| largest_put.get(&home.at))
            .copied()
            .max();
        let ids: Vec<LocationId> = running
            .filter_map(|home| identity_of(&home.index))
            .map(|identity| identity.location)
            .collect();
        let is_theirs = |name: &str| match name.parse() {
            Ok(ObjectName::Pack { author, .. }) => ids.contains(&author),
            Ok(ObjectName::ServedPack { server, .. }) => ids.contains(&server),
            _ => false,
        };
        let listing = self.mailbox.listing().into_iter();
        let theirs = listing.filter(|object| is_theirs(&object.name));
        theirs.map(|object| object.size_bytes).chain(put).max().unwrap_or(0)
    }

    /// Judges what can be judged at any time.
    pub(crate) fn check(&mut self) -> Result<(), Bad> {
        if let Some(trouble) = self.shared.watch.notes().trouble.take() {
            return Err(trouble);
        }
        let largest_put = self.shared.watch.take_largest_put();
        if let (Some(allowance), true) = (self.quota_bytes, self.profile.is_fresh) {
            let peak = self.mailbox.peak_bytes();
            let is_over = |bytes: u64| bytes * 100 > allowance * 95;
            if is_over(peak) && peak > self.excused_bytes + HEADS_BYTES {
                if is_over(peak.saturating_sub(self.in_flight_bytes(&largest_put))) {
                    return Err(format!(
                        "occupancy: {peak} of {allowance} bytes, {:?}",
                        self.mailbox.listing()
                    ));
                }
                self.excused_bytes = peak;
            }
        }
        Ok(())
    }
}

/// Tells a location by the start of its id.
pub(crate) fn short(location: &LocationId) -> String {
    location.to_string().chars().take(4).collect()
}

/// Tells a vector in short.
pub(crate) fn told_vector(vector: &offsync_core::version_vector::VersionVector) -> String {
    let one = |(location, n): (&LocationId, u64)| format!("{}:{n}", short(location));
    vector.iter().map(one).collect::<Vec<_>>().join(" ")
}
