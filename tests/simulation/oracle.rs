//! The oracle: faults stop, everybody syncs until nothing changes, and every promise is looked at.

use std::collections::{BTreeMap, BTreeSet};

use offsync_core::dot::Dot;
use offsync_core::entry::Content;
use offsync_core::format::{Manifest, Membership, ObjectName};
use offsync_core::ids::LocationId;
use offsync_core::merkle::RootBuilder;
use offsync_core::ports::IndexStore;
use offsync_core::rel_path::{PathKey, RelPath};
use offsync_core::version_vector::VersionVector;
use offsync_engine::{SkippedPath, SyncOptions, SyncReport};
use offsync_testkit::{MailboxFaults, Seen};

use crate::home::as_text;
use crate::people::value_of;
use crate::watch::{identity_of, vector_of};
use crate::world::{Bad, World};

/// Rounds in which all sync, before the world counts as never quiet.
const ROUNDS_MAX: usize = 60;
/// Rounds without a change that count as rest.
const QUIET_ROUNDS: usize = 3;

/// After so many rounds people have read what they are warned of.
const WARNED_ROUNDS: usize = 10;
/// Days after which has left the mailbox what nobody can end a changeset for, or open.
const ORPHAN_DAYS: u32 = 31;
/// Days after which a location has forgotten all that it kept for somebody else's sake.
const SILENCE_DAYS: u32 = 400;
/// What a conflict copy's name has before the digits of its version.
const COPY_MARK: &str = " (other version ";

/// What must not change any more for the world to be at rest.
type Standing = (Vec<String>, Vec<VersionVector>, Vec<BTreeMap<RelPath, Seen>>);

impl World {
    /// Ends all faults and lets everybody sync until nothing changes.
    pub(crate) fn rest(&mut self) -> Result<(), Bad> {
        self.say(|_| "-- faults stop --".into());
        self.mailbox.set_faults(MailboxFaults::default());
        for at in 0..self.homes.len() {
            self.allow_all(at);
            self.plug_in(at);
            self.finish_running(at)?;
            self.homes[at].asleep_until_ns = 0;
        }
        if self.profile.has_rot() {
            self.round()?;
            self.verify_all()?;
        }
        let (mut quiet, mut last, mut has_waited, mut has_verified) = (0, None, false, false);
        for round in 1..=ROUNDS_MAX {
            // Whoever syncs is told of homes that nobody introduced, whether or not others move something every day.
            if round % WARNED_ROUNDS == 0 {
                self.answer_for_strangers()?;
            }
            if self.awaits_answers()? {
                // That nobody has it shows by the heads of several days.
                self.time.pass_days(1);
            }
            self.round()?;
            let standing = Some(self.standing());
            quiet = if standing == last { quiet + 1 } else { 0 };
            last = standing;
            if quiet >= QUIET_ROUNDS
                && !self.awaits_answers()?
                && !self.give_up_lost()?
                && !self.remove_ghosts()?
                && !self.answer_for_strangers()?
            {
                if !has_verified && self.has_damage_to_ask_for()? {
                    // When they verified, what the file holds had not been sent to anybody who could heal it.
                    self.verify_all()?;
                    (quiet, has_verified) = (0, true);
                } else if !has_waited && self.nothing_waits().is_err() && self.has_orphans() {
                    self.say(|_| "-- a month passes: what waits for room has it once orphans leave --".into());
                    self.time.pass_days(ORPHAN_DAYS);
                    (quiet, has_waited) = (0, true);
                } else {
                    return Ok(());
                }
            }
        }
        Err(format!("never quiet: {:?}", self.mailbox.names()))
    }

    fn has_orphans(&self) -> bool {
        self.mailbox.names().iter().any(|name| self.waits_as_orphan(name))
    }

    /// Tells whether some home asked for what a person there said no to losing, and nobody may have it any more.
    fn awaits_answers(&self) -> Result<bool, Bad> {
        for home in &self.homes {
            let asked = home.index.notes("asked-back").map_err(|error| error.to_string())?;
            if !asked.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn round(&mut self) -> Result<u64, Bad> {
        let mut order: Vec<usize> = (0..self.homes.len()).collect();
        self.rng.shuffle(&mut order);
        let mut uploaded_bytes = 0;
        for at in order {
            self.part_twins(at)?;
            self.time.pass_ns(60_000_000_000);
            self.shared.watch.notes().now_ns = self.time.true_ns();
            let options = SyncOptions {
                confirm_deletions: true,
                allowance_bytes: self.allowance_bytes(),
                park_after_days: self.profile.park_after_days,
                ..SyncOptions::default()
            };
            match self.sync_with(at, options)? {
                Ok(report) => {
                    uploaded_bytes += report.uploaded_bytes;
                    self.give_up_damaged(at, &report)?;
                }
                Err(error) => return Err(format!("a cycle fails at rest: home {at}: {error}")),
            }
            self.check()?;
        }
        Ok(uploaded_bytes)
    }

    /// Does what people are asked to do where two names differ only in case: renames one of the two.
    fn part_twins(&mut self, at: usize) -> Result<(), Bad> {
        let before = self.before_hand(at)?;
        let hand = self.homes[at].disk.true_hand();
        let mut keys = BTreeSet::new();
        for path in hand.tree().into_keys().filter(|path| !keys.insert(path.key())) {
            let name = format!("twin of home {at} at {}", self.time.true_ns());
            let parent = path.parent().unwrap_or_else(RelPath::root);
            if let Ok(to) = parent.join(name)
                && hand.rename(&path, &to).is_ok()
            {
                self.say(|_| format!("person {at}: renames the twin {path} to {to}"));
            }
        }
        self.after_hand(at, &before);
        Ok(())
    }

    /// Does what people are asked to do where a damaged file is all that there is: deletes it.
    fn give_up_damaged(&mut self, at: usize, report: &SyncReport) -> Result<(), Bad> {
        let before = self.before_hand(at)?;
        let hand = self.homes[at].disk.true_hand();
        let tree = hand.tree();
        let is_asked = |skipped: &&SkippedPath| skipped.reason.contains("no other home shows what it held");
        for skipped in report.skipped.iter().filter(is_asked) {
            let value = tree.get(&skipped.path).and_then(value_of);
            if value.is_some_and(|value| self.is_whole_somewhere(value)) {
                // Whoever still has it is asked for it.
                continue;
            }
            if hand.remove(&skipped.path).is_ok() {
                self.values.consumed.extend(value);
                self.say(|_| format!("person {at}: deletes {}, which is damaged everywhere", skipped.path));
            }
        }
        self.after_hand(at, &before);
        Ok(())
    }

    fn standing(&self) -> Standing {
        let vectors = self.homes.iter().map(|home| vector_of(&home.index)).collect();
        let trees = self.homes.iter().map(|home| home.disk.true_hand().tree()).collect();
        (self.mailbox.names(), vectors, trees)
    }

    /// Looks at every promise.
    pub(crate) fn judge(&mut self) -> Result<(), Bad> {
        self.nothing_waits()?;
        self.all_are_equal()?;
        self.roots_are_exact()?;
        self.dots_are_exact()?;
        self.all_agree_on_people()?;
        self.indexes_are_true()?;
        self.no_value_is_lost()?;
        self.mailbox_is_empty(|world, name| world.waits_as_orphan(name))?;
        self.nothing_is_left_over()?;
        // A head is written again once a day: two rounds cannot both fall on that.
        if self.round()? > 0 && self.round()? > 0 {
            return Err("one more cycle puts something".into());
        }
        self.long_silence_changes_nothing()
    }

    /// What was said of locations is known alike everywhere, in whatever order it was read.
    fn all_agree_on_people(&self) -> Result<(), Bad> {
        let said = |at: usize| -> BTreeSet<(String, Vec<u8>)> {
            let all = ["named/", "membership/"].map(|prefix| self.homes[at].index.notes(prefix));
            let notes = all.into_iter().flat_map(|notes| notes.unwrap_or_default());
            let ask = self.homes[at].with_engine(&self.shared, |engine| (engine.living(), engine.set_aside()));
            let (living, aside) = ask().expect("nobody ends it");
            let (living, aside) = (living.expect("a sound index"), aside.expect("a sound index"));
            let is_in = |location: &LocationId| aside.get(location) != Some(&Membership::Removed);
            let living = living.into_iter().map(|(location, _)| location);
            let living = living
                .filter(is_in)
                .map(|location| (format!("lives/{location}"), Vec::new()));
            notes.chain(living).collect()
        };
        let first = said(0);
        for at in 1..self.homes.len() {
            let other = said(at);
            if first != other {
                let left: Vec<&str> = first
                    .symmetric_difference(&other)
                    .map(|(name, _)| name.as_str())
                    .collect();
                return Err(format!("homes 0 and {at} do not agree on people: {left:?}"));
            }
        }
        Ok(())
    }

    /// Staged parts of what never came are let go in time; nothing else moves.
    fn long_silence_changes_nothing(&mut self) -> Result<(), Bad> {
        let before: Vec<_> = self.homes.iter().map(|home| home.disk.true_hand().tree()).collect();
        self.time.pass_days(SILENCE_DAYS);
        self.round()?;
        self.round()?;
        for (home, before) in self.homes.iter().zip(before) {
            let staging = home.disk.true_hand().staging();
            if !staging.is_empty() {
                return Err(format!("staging is left over: home {}: {:?}", home.at, staging.keys()));
            }
            if home.disk.true_hand().tree() != before {
                return Err(format!("a long silence changes the drive of home {}", home.at));
            }
        }
        self.mailbox_is_empty(|_, _| false)
    }

    fn nothing_waits(&self) -> Result<(), Bad> {
        for home in &self.homes {
            let at = home.at;
            let changed = home.index.changed_places().map_err(|error| error.to_string())?;
            if let Some((key, place)) = changed.first() {
                return Err(format!("deadlock: home {at} has not posted {key:?}: {place:?}"));
            }
            let gone = home.index.notes("gone/").map_err(|error| error.to_string())?;
            if !gone.is_empty() {
                return Err(format!("deadlock: home {at} has not posted {} deletions", gone.len()));
            }
            let unsettled = home.index.notes("unsettled/").map_err(|error| error.to_string())?;
            if !unsettled.is_empty() {
                return Err(format!(
                    "deadlock: home {at} waits for content or room: {:?}",
                    names(&unsettled)
                ));
            }
        }
        Ok(())
    }

    /// The roots that are kept folder by folder are those of the entries, and tell where two homes differ.
    fn roots_are_exact(&self) -> Result<(), Bad> {
        for home in &self.homes {
            let kept = home.with_engine(&self.shared, |engine| engine.root())()?.map_err(|error| error.to_string())?;
            let mut builder = RootBuilder::default();
            let entries = home.index.all_entries();
            entries.iter().for_each(|(key, siblings)| builder.add(key, siblings));
            if builder.finish().0 != kept {
                return Err(format!("a kept root is wrong: home {}", home.at));
            }
        }
        Ok(())
    }

    fn all_are_equal(&self) -> Result<(), Bad> {
        let first = &self.homes[0];
        let (vector, entries) = (vector_of(&first.index), live_dots(&first.index.all_entries()));
        for home in &self.homes[1..] {
            if vector_of(&home.index) != vector {
                return Err(format!(
                    "vectors differ: home 0 {vector:?}, home {} {:?}",
                    home.at,
                    vector_of(&home.index)
                ));
            }
            let other = live_dots(&home.index.all_entries());
            if other != entries {
                let left: Vec<_> = entries.symmetric_difference(&other).take(3).collect();
                return Err(format!(
                    "equal vectors, entries differ: homes 0 and {}: {left:?}",
                    home.at
                ));
            }
        }
        let trees: Vec<_> = (0..self.homes.len()).map(|at| self.lines(at)).collect();
        for (at, tree) in trees.iter().enumerate().skip(1) {
            if *tree != trees[0] {
                let only = |one: &BTreeSet<String>, other: &BTreeSet<String>| {
                    one.difference(other).take(3).cloned().collect::<Vec<_>>()
                };
                return Err(format!(
                    "drives differ: only home 0 {:?}, only home {at} {:?}",
                    only(&trees[0], tree),
                    only(tree, &trees[0])
                ));
            }
        }
        Ok(())
    }

    /// Gives a drive's tree as lines, as far as every drive of this world can hold it.
    fn lines(&self, at: usize) -> BTreeSet<String> {
        let hand = self.homes[at].disk.true_hand();
        let is_plain = self.homes.iter().all(|home| home.disk.options().has_modes);
        let has_links = self.homes.iter().all(|home| home.disk.options().has_symlinks);
        // Where a drive cannot hold a link or so large a file, what stood there before stays.
        let unheld = self.unheld_keys();
        let index = &self.homes[at].index;
        let is_left_out = |path: &RelPath| {
            self.profile.has_ignore_rules && index.place(&path.key()).is_ok_and(|place| place.is_none())
        };
        let line = |(path, seen): (RelPath, Seen)| match seen {
            _ if is_left_out(&path) || unheld.contains(&path.key()) => None,
            Seen::File(bytes) if is_plain => {
                let mode = hand.mode(&path).unwrap_or_default();
                let mtime_ns = hand.mtime_ns(&path).unwrap_or_default();
                Some(format!("{path} = {} {mode:o} {mtime_ns}", as_text(&bytes)))
            }
            Seen::File(bytes) => Some(format!("{path} = {}", as_text(&bytes))),
            Seen::Folder => Some(format!("{path}/")),
            Seen::Symlink(target) if has_links => Some(format!("{path} -> {}", String::from_utf8_lossy(&target))),
            Seen::Symlink(_) | Seen::Other => None,
        };
        hand.tree().into_iter().filter_map(line).collect()
    }

    /// Gives the keys of what some drive of this world cannot hold.
    fn unheld_keys(&self) -> BTreeSet<PathKey> {
        let options = || self.homes.iter().map(|home| home.disk.options());
        let has_links = options().all(|options| options.has_symlinks);
        let largest = options()
            .map(|options| options.file_bytes_max)
            .min()
            .unwrap_or(u64::MAX);
        let trees = self.homes.iter().flat_map(|home| home.disk.true_hand().tree());
        let is_unheld = |(_, seen): &(RelPath, Seen)| match seen {
            Seen::Symlink(_) => !has_links,
            Seen::File(bytes) => bytes.len() as u64 > largest,
            Seen::Folder | Seen::Other => false,
        };
        trees.filter(is_unheld).map(|(path, _)| path.key()).collect()
    }

    /// Live dots everywhere are the minted dots without those that a minted entry replaced.
    fn dots_are_exact(&self) -> Result<(), Bad> {
        let index = &self.homes[0].index;
        let vector = vector_of(index);
        let notes = self.shared.watch.notes();
        let known: Vec<_> = notes.minted.iter().filter(|(dot, _)| vector.covers_dot(dot)).collect();
        let replaced: BTreeSet<&Dot> = known.iter().flat_map(|(_, minted)| &minted.replaced).collect();
        // Of what was said twice, what files hold is judged, and not by which dots they go; nor by which those do that it replaced.
        let by_two = known.iter().filter(|(dot, _)| notes.may_mean_two(dot));
        let by_two: BTreeSet<&Dot> = by_two.flat_map(|(_, minted)| &minted.replaced).collect();
        let is_judged = |(_, dot): &&(PathKey, Dot)| !notes.may_mean_two(dot) && !by_two.contains(dot);
        let truth: BTreeSet<(PathKey, Dot)> = known
            .iter()
            .filter(|(dot, minted)| minted.version.value.content.is_live() && !replaced.contains(dot))
            .map(|(dot, minted)| (minted.key.clone(), **dot))
            .collect();
        let live = live_dots(&index.all_entries());
        if let Some(lost) = truth.difference(&live).find(is_judged) {
            return Err(format!(
                "a live dot is lost: {lost:?} {:?}",
                notes.minted[&lost.1].version.value
            ));
        }
        if let Some(back) = live.difference(&truth).find(is_judged) {
            return Err(format!("a dot came back: {back:?}"));
        }
        Ok(())
    }

    fn no_value_is_lost(&self) -> Result<(), Bad> {
        let values = &self.values;
        // What rules leave out stays where it was made, and nowhere else.
        let everywhere: BTreeSet<u64> = match self.profile.has_ignore_rules {
            true => {
                let trees = self.homes.iter().flat_map(|home| home.disk.hand().tree().into_values());
                trees.filter_map(|seen| value_of(&seen)).collect()
            }
            false => BTreeSet::new(),
        };
        let is_said_twice = {
            let notes = self.shared.watch.notes();
            notes.minted.keys().any(|dot| notes.may_mean_two(dot))
        };
        let trees: Vec<_> = self.homes.iter().map(|home| home.disk.true_hand().tree()).collect();
        for home in self.homes.iter().filter(|home| home.disk.options().has_symlinks) {
            let tree = &trees[home.at];
            let mut there = BTreeSet::new();
            for (path, seen) in tree {
                let Some(value) = value_of(seen) else { continue };
                if !self.profile.has_rot() || !matches!(seen, Seen::File(_)) || values.is_sound(seen) {
                    there.insert(value);
                }
                let bytes: &[u8] = match seen {
                    Seen::File(bytes) => bytes,
                    Seen::Symlink(target) => target,
                    Seen::Folder | Seen::Other => continue,
                };
                if values.written.get(&value).is_none_or(|(content, _)| *content != bytes)
                    && !(self.profile.has_rot() && self.may_be_rotten(home.at, path, seen)?)
                {
                    return Err(format!("torn content: home {} at {path}", home.at));
                }
            }
            for (value, (_, writer)) in &values.written {
                let may_be_gone = values.consumed.contains(value) || values.excused.contains(value);
                if !may_be_gone && !there.contains(value) && !everywhere.contains(value) {
                    let holds = |at: &usize| self.held_whole(*at).contains(value);
                    let holders: Vec<usize> = (0..self.homes.len()).filter(holds).collect();
                    if is_said_twice && !holders.is_empty() {
                        // What another home replaced of the one meaning went for the other.
                        continue;
                    }
                    return Err(format!(
                        "a value is lost: v{value}, written at home {writer}, at home {}: in tree or trash of {holders:?}",
                        home.at
                    ));
                }
            }
            // A copy of a copy is somebody's doing: people edited that copy at two places, or took it back beside what stood there.
            let is_nobodys = |path: &&RelPath| {
                let of = copied(path).filter(|of| copied(of).is_some());
                of.is_some_and(|of| !values.touched.contains(&of.key()) && !values.touched.contains(&path.key()))
            };
            if let Some(path) = tree.keys().find(is_nobodys) {
                return Err(format!("conflict copies multiply: {path}"));
            }
        }
        Ok(())
    }

    /// Tells whether an object is of an id that no drive has any more: a pack without a changeset, or a changeset whose key no
    /// home was handed. It leaves after days.
    fn waits_as_orphan(&self, name: &str) -> bool {
        let Ok(parsed) = name.parse::<ObjectName>() else {
            return false;
        };
        let mut identities = self.homes.iter().filter_map(|home| identity_of(&home.index));
        let is_nobodys = identities.all(|identity| identity.location != *parsed.writer());
        is_nobodys
            && match parsed {
                ObjectName::Pack { author, sequence, .. } => {
                    let manifest = ObjectName::Manifest { author, sequence };
                    self.mailbox.object(&manifest.to_string()).is_none() || self.lacks_key_everywhere(&manifest)
                }
                ObjectName::Manifest { .. } => self.lacks_key_everywhere(&parsed),
                _ => false,
            }
    }

    fn lacks_key_everywhere(&self, name: &ObjectName) -> bool {
        let Some(sealed) = self.mailbox.object(&name.to_string()) else {
            return false;
        };
        let opened = Manifest::decode(&self.shared.keys, name, &sealed, |_| None);
        let key = opened.err().and_then(|error| error.lacking_key());
        key.is_some_and(|key| !self.homes.iter().any(|home| home.was_handed(key)))
    }

    fn mailbox_is_empty(&self, is_excused: impl Fn(&Self, &str) -> bool) -> Result<(), Bad> {
        let names = self.mailbox.names();
        let left: Vec<_> = names
            .iter()
            .filter(|name| !name.starts_with("head.") && !name.starts_with("people."))
            .filter(|name| !is_excused(self, name))
            .collect();
        if left.is_empty() {
            Ok(())
        } else {
            Err(format!("the mailbox never empties: {left:?}"))
        }
    }

    fn nothing_is_left_over(&self) -> Result<(), Bad> {
        for home in &self.homes {
            if home.stepper.foreign_calls() > 0 {
                return Err(format!("home {} called from a thread that is not its own", home.at));
            }
            for prefix in ["outbox/", "journal", "awaits-state"] {
                let left = home.index.notes(prefix).map_err(|error| error.to_string())?;
                let left: Vec<_> = names(&left)
                    .into_iter()
                    .filter(|name| !name.contains("people."))
                    .collect();
                if !left.is_empty() {
                    return Err(format!("notes are left over: home {}: {left:?}", home.at));
                }
            }
            if identity_of(&home.index).is_none() {
                return Err(format!("home {} does not know who it is", home.at));
            }
        }
        Ok(())
    }
}

fn names(notes: &[(String, Vec<u8>)]) -> Vec<String> {
    notes.iter().map(|(name, _)| name.clone()).collect()
}

fn live_dots(entries: &[(PathKey, offsync_core::siblings::Siblings)]) -> BTreeSet<(PathKey, Dot)> {
    let of_one = |(key, siblings): &(PathKey, offsync_core::siblings::Siblings)| {
        let live = siblings
            .live()
            .filter(|(_, version)| version.value.content != Content::Tombstone);
        live.map(|(dot, _)| (key.clone(), *dot)).collect::<Vec<_>>()
    };
    entries.iter().flat_map(of_one).collect()
}

/// Gives the path that a conflict copy is a copy of.
pub(crate) fn copied(path: &RelPath) -> Option<RelPath> {
    let name = String::from_utf8_lossy(path.name()).into_owned();
    let (stem, rest) = name.rsplit_once(COPY_MARK)?;
    let (_, ending) = rest.split_once(')')?;
    path.parent()?.join(format!("{stem}{ending}")).ok()
}
