//! Decay: files that rot, what people do to them then, and what must hold all the same.
//!
//! No drive ever gives up its last whole copy of a content but by the hand of somebody who sits at it, or because that
//! copy rots. What rotted never travels as an edit unless somebody copied it with another time, or touched what nobody had
//! verified; what a home was told of as damaged stays that whatever its time is. What is known to be damaged stays named until it is whole again.

use std::collections::{BTreeMap, BTreeSet};

use offsync_core::place::{Place, Stat};
use offsync_core::ports::{Disk, IndexStore};
use offsync_core::rel_path::RelPath;
use offsync_engine::{VerifyOptions, VerifyReport, WhyNotKept};
use offsync_testkit::Seen;

use crate::people::{Form, Kept, value_of};
use crate::world::{Bad, World};

/// In how many of a hundred times nobody verifies a drive after a file rotted on it.
const UNVERIFIED_PERCENT: u32 = 25;

/// How things stood at a drive before somebody's hand came.
pub(crate) struct Before {
    tree: BTreeMap<RelPath, Seen>,
    held: BTreeSet<Kept>,
    rotten: BTreeMap<RelPath, (u64, Stat)>,
}

impl World {
    /// Looks at a drive right before somebody does something at it.
    pub(crate) fn before_hand(&mut self, at: usize) -> Result<Before, Bad> {
        self.all_held_is_there(at)?;
        Ok(Before {
            tree: self.homes[at].disk.true_hand().tree(),
            held: self.held(at),
            rotten: self.rotten_at(at),
        })
    }

    /// Notes what somebody's hand did at a drive.
    pub(crate) fn after_hand(&mut self, at: usize, before: &Before) {
        let after = self.homes[at].disk.true_hand().tree();
        self.note_taken(at, &before.tree, &after);
        self.note_meant(at, before);
        self.note_held(at, before);
        let home = &mut self.homes[at];
        home.is_disturbed |= home.running.is_some();
    }

    /// Notes whose rotten form became somebody's word: it got another time and is not the very file that was found, or
    /// nobody knew that it was damaged, and it got another name or mode.
    fn note_meant(&mut self, at: usize, before: &Before) {
        for (path, (value, stat)) in self.rotten_at(at) {
            let is_unverified = self.values.unverified.contains(&(at, value));
            let is_told = is_unverified || self.values.told_times.contains(&(at, value, stat.mtime_ns));
            let mut known = before.rotten.values().filter(|(known, _)| *known == value && is_told);
            let is_itself = stat.inode != 0 && self.values.told.contains(&(at, value, stat.inode));
            let has_its_time = is_itself || known.any(|(_, then)| then.mtime_ns == stat.mtime_ns);
            let is_as_it_was = before
                .rotten
                .get(&path)
                .is_some_and(|(_, then)| then.ctime_ns == stat.ctime_ns);
            if has_its_time && (is_as_it_was || !is_unverified) {
                continue;
            }
            self.values.meant.insert(value);
            let digest = self.shared.keys.digest(&self.values.rotten_form(value));
            self.shared.watch.notes().meant.insert(digest);
            let there = self.rotten_at(at);
            let stays = |(path, it): (&RelPath, &(u64, Stat))| there.get(path).is_some_and(|now| now == it);
            if !before
                .rotten
                .iter()
                .filter(|(_, (known, _))| *known == value)
                .all(stays)
            {
                // It stands in the place of what it was: that is an edit.
                self.values.consumed.insert(value);
                self.shared.watch.notes().taken.insert((at, value));
            }
            self.say(|_| format!("person {at}: means {path} as it reads"));
        }
    }

    fn note_held(&mut self, at: usize, before: &Before) {
        let after = self.held(at);
        let home = &mut self.homes[at];
        home.holds.retain(|kept| after.contains(kept));
        home.holds.extend(after.difference(&before.held).copied());
    }

    /// Looks at a drive after its cycle came to an end.
    pub(crate) fn after_whole_cycle(&mut self, at: usize) -> Result<(), Bad> {
        self.all_held_is_there(at)?;
        if !self.profile.has_rot() {
            return Ok(());
        }
        self.homes[at].holds = self.held(at);
        if std::mem::take(&mut self.homes[at].is_disturbed) {
            return Ok(());
        }
        let named = self.named_as_damaged(at)?;
        let is_known =
            |value: &u64| !self.values.unverified.contains(&(at, *value)) && !self.values.meant.contains(value);
        let rotten = self.rotten_at(at);
        let mut unnamed = rotten
            .iter()
            .filter(|(path, (value, _))| is_known(value) && !named.contains(*path));
        if let Some((path, _)) = unnamed.next() {
            return Err(format!("known damage is not named any more: home {at}: {path}"));
        }
        let times = rotten.into_iter().filter(|(path, _)| named.contains(path));
        let times = times.map(|(_, (value, stat))| (at, value, stat.mtime_ns));
        self.values.told_times.extend(times);
        Ok(())
    }

    /// Every content that a drive held whole is still there: in its tree or in its trash.
    pub(crate) fn all_held_is_there(&self, at: usize) -> Result<(), Bad> {
        if !self.profile.has_rot() {
            return Ok(());
        }
        match self.homes[at].holds.difference(&self.held(at)).next() {
            Some((value, form)) => Err(format!(
                "a held content went without a hand: home {at}: v{value} ({form:?})"
            )),
            None => Ok(()),
        }
    }

    /// Gives what stands in a drive's tree or trash, as far as it is just what somebody wrote or meant.
    fn held(&self, at: usize) -> BTreeSet<Kept> {
        if !self.profile.has_rot() {
            return BTreeSet::new();
        }
        let hand = self.homes[at].disk.true_hand();
        let (tree, trash) = (hand.tree(), hand.trash());
        let kept = tree
            .values()
            .chain(trash.values())
            .filter_map(|seen| self.values.form_of(seen));
        let is_meant = |(value, form): &Kept| *form == Form::Written || self.values.meant.contains(value);
        kept.filter(is_meant).collect()
    }

    /// Tells whether any drive has a value as it was written, in its tree or in its trash.
    pub(crate) fn is_whole_somewhere(&self, value: u64) -> bool {
        self.whole_somewhere().contains(&value)
    }

    /// Gives the values that some drive has as they were written, in its tree or in its trash, where that is judged.
    pub(crate) fn whole_somewhere(&self) -> BTreeSet<u64> {
        let all = (0..self.homes.len()).flat_map(|at| self.held(at));
        all.filter(|(_, form)| *form == Form::Written)
            .map(|(value, _)| value)
            .collect()
    }

    /// Gives what stands rotten in a drive's tree.
    fn rotten_at(&self, at: usize) -> BTreeMap<RelPath, (u64, Stat)> {
        if !self.profile.has_rot() {
            return BTreeMap::new();
        }
        let disk = &self.homes[at].disk;
        let of_one = |(path, seen): (RelPath, Seen)| match self.values.form_of(&seen)? {
            (value, Form::Rotten) => Some((path.clone(), (value, disk.look(&path).ok()??.stat))),
            (_, Form::Written) => None,
        };
        disk.true_hand().tree().into_iter().filter_map(of_one).collect()
    }

    fn named_as_damaged(&self, at: usize) -> Result<BTreeSet<RelPath>, Bad> {
        let damaged = self.homes[at].with_engine(&self.shared, |engine| engine.damaged())()?;
        let damaged = damaged.map_err(|error| error.to_string())?;
        Ok(damaged.into_iter().map(|damaged| damaged.path).collect())
    }

    /// Lets a file rot that another drive holds soundly; mostly all of this drive's files are read again then.
    pub(crate) fn rot(&mut self, at: usize) -> Result<(), Bad> {
        if self.homes[at].running.is_some() {
            self.kill(at);
        }
        self.all_held_is_there(at)?;
        let trees: Vec<_> = self.homes.iter().map(|home| home.disk.hand().tree()).collect();
        let is_clean = |path: &RelPath| {
            let place = self.homes[at].index.place(&path.key()).ok().flatten();
            let entry = self.homes[at].disk.look(path).ok().flatten();
            let is_known = |place: &Place| !place.is_changed() && place.path() == Some(path);
            place.filter(is_known).and_then(|place| place.stat().copied()) == entry.map(|entry| entry.stat)
        };
        let others = || (0..trees.len()).filter(|other| *other != at);
        let files = trees[at].iter().filter(|(path, seen)| {
            let is_held = others().any(|other| trees[other].values().any(|theirs| theirs == *seen));
            // One value rots on one drive: to lose all copies at once is more than any program mends.
            let is_rotten = |theirs: &Seen| value_of(theirs) == value_of(seen) && theirs != *seen;
            let rots_elsewhere = trees.iter().any(|tree| tree.values().any(is_rotten));
            // The last byte rots; which value it was must still be told.
            let has_rest = matches!(seen, Seen::File(bytes) if bytes.last() != Some(&b' '));
            let is_meant = value_of(seen).is_some_and(|value| self.values.meant.contains(&value));
            self.values.is_sound(seen) && has_rest && is_held && !is_meant && !rots_elsewhere && is_clean(path)
        });
        let files: Vec<RelPath> = files.map(|(path, _)| path.clone()).collect();
        let Some(path) = self.rng.choose(&files).cloned() else {
            return Ok(());
        };
        let value = value_of(&trees[at][&path]).expect("what is sound has a value");
        let before = self.before_hand(at)?;
        self.homes[at]
            .disk
            .hand()
            .rot(&path)
            .map_err(|error| error.to_string())?;
        self.note_held(at, &before);
        let digest = self.shared.keys.digest(&self.values.rotten_form(value));
        self.shared.watch.notes().rotten.insert(digest, value);
        if self.rng.percent(UNVERIFIED_PERCENT) {
            self.values.unverified.insert((at, value));
            self.say(|_| format!("home {at}: {path} ROTS, and nobody looks"));
            return Ok(());
        }
        let found = self.verify(at)?;
        self.say(|_| format!("home {at}: {path} ROTS; damaged now: {:?}", found.damaged));
        match found.damaged.iter().any(|damaged| damaged.path == path) {
            true => Ok(()),
            false => Err(format!("rot is not found: home {at}: {path}")),
        }
    }

    /// Reads all of a drive's files again, and asks for what is damaged.
    fn verify(&mut self, at: usize) -> Result<VerifyReport, Bad> {
        let verify = VerifyOptions {
            budget_ns: None,
            repair: true,
        };
        let found = self.homes[at].with_engine(&self.shared, move |engine| engine.verify(&verify))()?;
        let found = found.map_err(|error| error.to_string())?;
        for (path, (value, stat)) in self.rotten_at(at) {
            if found.damaged.iter().any(|damaged| damaged.path == path) {
                self.values.unverified.remove(&(at, value));
                self.values.told.insert((at, value, stat.inode));
                self.values.told_times.insert((at, value, stat.mtime_ns));
            }
        }
        Ok(found)
    }

    /// Lets a person say of a file that is known to be damaged that it is right as it is: from then on it is their word.
    pub(crate) fn keep_damaged(&mut self, at: usize) -> Result<(), Bad> {
        if self.homes[at].running.is_some() {
            self.kill(at);
        }
        let named = self.named_as_damaged(at)?;
        let rotten = self.rotten_at(at).into_iter();
        let known: Vec<_> = rotten.filter(|(path, _)| named.contains(path)).collect();
        let Some((path, (value, _))) = self.rng.choose(&known).cloned() else {
            return Ok(());
        };
        let before = self.before_hand(at)?;
        let chosen = vec![path.clone()];
        let kept = self.homes[at].with_engine(&self.shared, move |engine| engine.keep_damaged(&chosen))()?;
        let kept = kept.map_err(|error| error.to_string())?;
        self.say(|_| format!("person {at}: keeps {path} as it reads: {kept:?}"));
        if let Err(refused) = kept {
            // A name that a damaged file got from another one, and no cycle has seen yet.
            let is_anothers = !self.is_known_as_written(at, &path, value)?;
            if refused.why == WhyNotKept::Changed && is_anothers {
                return Ok(());
            }
            return Err(format!(
                "what is known to be damaged is not kept: home {at}: {refused:?}"
            ));
        }
        let named = self.named_as_damaged(at)?;
        if named.contains(&path) || !self.is_as_known(at, &path, &before.tree[&path])? {
            return Err(format!("what was kept is damaged still: home {at}: {path}"));
        }
        let digest = self.shared.keys.digest(&self.values.rotten_form(value));
        self.values.meant.insert(value);
        self.values.consumed.insert(value);
        self.values.touched.insert(path.key());
        let mut notes = self.shared.watch.notes();
        notes.meant.insert(digest);
        notes.taken.insert((at, value));
        drop(notes);
        self.note_held(at, &before);
        Ok(())
    }

    /// Lets everybody verify, once the world is sound.
    pub(crate) fn verify_all(&mut self) -> Result<(), Bad> {
        for at in 0..self.homes.len() {
            let found = self.verify(at)?;
            self.say(|_| format!("home {at} verifies: {:?}", found.damaged));
        }
        Ok(())
    }

    /// Tells whether a home names damage that it has not asked for, and could by now.
    pub(crate) fn has_damage_to_ask_for(&self) -> Result<bool, Bad> {
        for home in self.homes.iter().filter(|_| self.profile.has_rot()) {
            let damaged = home.with_engine(&self.shared, |engine| engine.damaged())()?;
            let mut damaged = damaged.map_err(|error| error.to_string())?.into_iter();
            if damaged.any(|one| !one.is_wanted && !one.is_unsent) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Tells whether a file that holds what nobody wrote may stand there in the end: it is what somebody meant, as the
    /// index knows; or it is named as damaged, and nobody has it whole any more since people took it away.
    pub(crate) fn may_be_rotten(&self, at: usize, path: &RelPath, seen: &Seen) -> Result<bool, Bad> {
        let Some((value, Form::Rotten)) = self.values.form_of(seen) else {
            return Ok(false);
        };
        if self.values.meant.contains(&value) && self.is_as_known(at, path, seen)? {
            return Ok(true);
        }
        let is_nowhere = self.values.consumed.contains(&value) && !self.is_whole_somewhere(value);
        Ok(is_nowhere && self.named_as_damaged(at)?.contains(path))
    }

    /// Tells whether the index knows a file as what it reads like.
    pub(crate) fn is_as_known(&self, at: usize, path: &RelPath, seen: &Seen) -> Result<bool, Bad> {
        let place = self.homes[at]
            .index
            .place(&path.key())
            .map_err(|error| error.to_string())?;
        let known = place.and_then(|place| Some(place.on_disk()?.content.clone()));
        Ok(match (known, seen) {
            (Some(offsync_core::entry::Content::File(file)), Seen::File(bytes)) => {
                file.digest == self.shared.keys.digest(bytes)
            }
            (known, _) => known.is_none(),
        })
    }

    /// Tells whether the index knows a path as a value that is whole.
    fn is_known_as_written(&self, at: usize, path: &RelPath, value: u64) -> Result<bool, Bad> {
        let written = self.values.written.get(&value).map(|(content, _)| content.clone());
        let whole = |content: Vec<u8>| self.is_as_known(at, path, &Seen::File(content.into()));
        written.map_or(Ok(false), whole)
    }

    /// Every drive's index tells what its files hold, but for those that are named as damaged.
    pub(crate) fn indexes_are_true(&self) -> Result<(), Bad> {
        if !self.profile.has_rot() {
            return Ok(());
        }
        for home in &self.homes {
            for (path, seen) in home.disk.true_hand().tree() {
                let is_file = matches!(seen, Seen::File(_));
                if is_file
                    && !self.is_as_known(home.at, &path, &seen)?
                    && !self.named_as_damaged(home.at)?.contains(&path)
                {
                    return Err(format!("the index is wrong about a file: home {}: {path}", home.at));
                }
            }
        }
        Ok(())
    }
}
