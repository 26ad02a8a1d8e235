//! Decisions that people make through the program: before how few deletions it asks, what comes back from the trash, and
//! which version of a conflict stays.

use std::collections::{BTreeMap, BTreeSet};

use offsync_core::dot::Dot;
use offsync_core::entry::{Content, Value};
use offsync_core::guard::Threshold;
use offsync_core::ports::IndexStore;
use offsync_core::rel_path::{PathKey, RelPath};
use offsync_engine::{ConflictLine, Engine, EngineError, Keep, SyncOptions, SyncReport};
use offsync_testkit::Seen;

use crate::fault::THRESHOLDS;
use crate::oracle::copied;
use crate::people::value_of;
use crate::world::{Bad, World};

/// A version that somebody said no to losing, with what it holds and its path.
pub(crate) type Refusal = (Dot, u64, RelPath);

impl World {
    /// Lets a person say before how few deletions all ask.
    pub(crate) fn ask(&mut self, at: usize) {
        if !self.can_decide(at) {
            return;
        }
        let (least, percent, most) = *self.rng.choose(&THRESHOLDS[..3]).expect("some");
        let said = self.homes[at].with_engine(&self.shared, move |engine| {
            engine.change_threshold(|_| Threshold::new(least, percent, most))
        })();
        self.say(|_| format!("home {at} asks before {least} deletions: {said:?}"));
    }

    /// Lets a person take something back from the trash: from then on it is there to stay.
    pub(crate) fn take_back(&mut self, at: usize) -> Result<(), Bad> {
        if !self.can_decide(at) {
            return Ok(());
        }
        let lines = self.homes[at].with_engine(&self.shared, |engine| engine.trash())()?;
        let lines = lines.map_err(|error| error.to_string())?;
        let Some(line) = self.rng.choose(&lines).cloned() else {
            return Ok(());
        };
        let before = self.before_hand(at)?;
        let path = line.path.clone();
        let to = self.homes[at].with_engine(&self.shared, move |engine| engine.restore_trashed(&line))()?;
        let to = to.map_err(|error| error.to_string())?;
        let tree = self.homes[at].disk.true_hand().tree();
        // A drive that knows no case shows it in the folder as that is spelled now.
        let Some(value) = tree
            .iter()
            .find(|(path, _)| path.key() == to.key())
            .map(|(_, seen)| value_of(seen))
        else {
            return Err(format!("what came back from the trash is not there: home {at}: {to}"));
        };
        // What stood there before it was looked at again, or what somebody made of that place before, is one version with
        // this, and goes as that goes; a copy's name stands for the path that it is a copy of.
        let keys = [Some(to.key()), copied(&to).map(|of| of.key())];
        let of_key = |key: &PathKey| self.shared.watch.notes().said_of(key);
        let mut said: Vec<Content> = keys.iter().flatten().flat_map(of_key).collect();
        let place = self.homes[at]
            .index
            .place(&to.key())
            .map_err(|error| error.to_string())?;
        said.extend(place.and_then(|place| place.shown).map(|shown| shown.value.content));
        let is_known = said.iter().any(|content| self.value_in(content) == value);
        let new = value.filter(|_| !is_known);
        new.iter().for_each(|value| _ = self.values.consumed.remove(value));
        self.values.touched.extend([path.key(), to.key()]);
        self.say(|_| format!("person {at}: takes {path} back from the trash, to {to}"));
        self.after_hand(at, &before);
        Ok(())
    }

    /// Lets a person decide about a conflict, one way or another.
    pub(crate) fn resolve(&mut self, at: usize) -> Result<(), Bad> {
        if !self.can_decide(at) {
            return Ok(());
        }
        let look = |engine: &mut Engine<'_>| {
            let lines = engine.look_for_conflicts(&SyncOptions::default())?;
            let both: Result<Vec<_>, EngineError> = lines.iter().map(|line| engine.sides(line)).collect();
            Ok::<_, EngineError>((lines, both?))
        };
        let found = self.homes[at].with_engine(&self.shared, look)()?;
        let (lines, sides) = found.map_err(|error| error.to_string())?;
        let tree = self.homes[at].disk.true_hand().tree();
        let keep = *self.rng.choose(&[Keep::Winner, Keep::Copy, Keep::Both]).expect("some");
        let possible = lines.iter().zip(&sides).filter(|(line, [winner, loser])| {
            // A name that is in two conflicts means neither.
            let is_one = !lines.iter().any(|other| other.path == line.copy);
            let is_file = keep != Keep::Copy || !winner.is_folder;
            let is_held = loser.not_shown.is_some();
            let is_nameless = keep == Keep::Both && is_held && (winner.not_shown.is_some() || winner.is_folder);
            let is_to_come = keep != Keep::Winner && is_held && !tree.contains_key(&line.path);
            is_one && is_file && !is_nameless && (!is_to_come || winner.not_shown.is_some())
        });
        let possible: Vec<ConflictLine> = possible.map(|(line, _)| line.clone()).collect();
        let Some(line) = self.rng.choose(&possible).cloned() else {
            return Ok(());
        };
        let before = self.before_hand(at)?;
        let ConflictLine { path, copy } = line.clone();
        let done = self.homes[at].with_engine(&self.shared, move |engine| engine.resolve(&line, keep))()?;
        let kept = done.map_err(|error| format!("a conflict is not resolved: home {at}: {path}: {error}"))?;
        self.say(|_| format!("person {at}: of {path} and {copy} keeps {keep:?}: {kept:?}"));
        let after = self.homes[at].disk.true_hand().tree();
        // What only got another name stays.
        let without = |all: &BTreeMap<RelPath, Seen>, other: &BTreeMap<RelPath, Seen>| -> BTreeSet<u64> {
            let mine = all.iter().filter(|(path, seen)| other.get(*path) != Some(seen));
            mine.filter_map(|(_, seen)| value_of(seen)).collect()
        };
        let (old, new) = (without(&tree, &after), without(&after, &tree));
        let mut let_go: BTreeSet<u64> = old.difference(&new).copied().collect();
        let there: BTreeSet<u64> = after.values().filter_map(value_of).collect();
        if keep != Keep::Both {
            let_go.extend(self.unshown_values(at, &path)?.difference(&there));
        }
        self.shared
            .watch
            .notes()
            .taken
            .extend(let_go.iter().map(|value| (at, *value)));
        self.values.consumed.extend(let_go);
        let paths = [Some(path), Some(copy), kept];
        self.values.touched.extend(paths.iter().flatten().map(RelPath::key));
        self.after_hand(at, &before);
        Ok(())
    }

    /// Notes that a person takes back what they deleted.
    pub(crate) fn note_refusal(&mut self, at: usize, options: &SyncOptions) {
        if options.refuse_deletions {
            self.values.deleted.retain(|(home, _)| *home != at);
        }
    }

    /// Gives the versions that a person at a home said no to losing, with what they hold.
    pub(crate) fn refused_at(&self, at: usize) -> Result<Vec<Refusal>, Bad> {
        if self.profile.answers_percent.1 == 0 {
            return Ok(Vec::new());
        }
        let home = &self.homes[at];
        let notes = home.index.notes("refused/").map_err(|error| error.to_string())?;
        let mut all = Vec::new();
        for (_, note) in notes {
            let noted: Result<(PathKey, BTreeMap<Dot, Value>), _> = postcard::from_bytes(&note);
            let (_, versions) = noted.map_err(|error| error.to_string())?;
            let refusal =
                |(dot, value): (&Dot, &Value)| Some((*dot, self.value_in(&value.content)?, value.path.clone()));
            all.extend(versions.iter().filter_map(refusal));
        }
        Ok(all)
    }

    /// Gives those of them that stand on its drive, where it shows them.
    pub(crate) fn refused_there(&self, at: usize) -> Result<Vec<Refusal>, Bad> {
        let refused = self.refused_at(at)?;
        let tree = self.homes[at].disk.true_hand().tree();
        let places = match refused.is_empty() {
            true => Vec::new(),
            false => self.homes[at].index.all_places(),
        };
        let stands = |(dot, value, _): &Refusal| {
            places.iter().any(|(_, place)| {
                let refs = place.shown.iter().flat_map(|shown| &shown.refs);
                let there = place.path().and_then(|path| tree.get(path)).and_then(value_of);
                there == Some(*value) && refs.into_iter().any(|shown| shown.dots.contains(dot))
            })
        };
        Ok(refused.into_iter().filter(stands).collect())
    }

    /// Nothing that a person said no to losing goes with a cycle that nobody said yes to, whatever yes was said elsewhere; what
    /// became another version there may take its place.
    pub(crate) fn refused_stays(&self, at: usize, before: &[Refusal]) -> Result<(), Bad> {
        let tree = self.homes[at].disk.true_hand().tree();
        let there: BTreeSet<u64> = tree.values().filter_map(value_of).collect();
        let notes = self.shared.watch.notes();
        match before.iter().find(|(dot, value, _)| {
            !there.contains(value)
                && notes.is_only_deleted(at, dot, |home| self.values.deleted.contains(&(home, *value)))
        }) {
            Some((dot, value, _)) => Err(format!("what was refused went unasked: home {at}: v{value} {dot:?}")),
            None => Ok(()),
        }
    }

    /// Who is told that nobody sent what they asked for has it from nobody.
    pub(crate) fn refused_is_nowhere(&self, at: usize, before: &[Refusal], report: &SyncReport) -> Result<(), Bad> {
        let told = report
            .warnings
            .iter()
            .filter(|line| line.reason.contains("none sent it"));
        let told: BTreeSet<&RelPath> = told.map(|line| &line.path).collect();
        if told.is_empty() {
            return Ok(());
        }
        let left: BTreeSet<Dot> = self.refused_at(at)?.into_iter().map(|(dot, ..)| dot).collect();
        let ended = before.iter().filter(|(dot, ..)| !left.contains(dot));
        for (_, value, path) in ended.filter(|(_, _, path)| told.contains(path)) {
            if let Some(other) = (0..self.homes.len()).find(|other| self.held_whole(*other).contains(value)) {
                return Err(format!(
                    "told that nobody sent it, and somebody has it: home {at}: v{value} at {path}, at home {other}"
                ));
            }
        }
        Ok(())
    }

    /// Lets a person lose a file by accident, and say no to that.
    pub(crate) fn regret(&mut self, at: usize) -> Result<(), Bad> {
        if !self.can_decide(at) || self.homes[at].asleep_until_ns > self.time.true_ns() {
            return Ok(());
        }
        let all = self.files_at(at);
        let Some((path, value)) = self.rng.choose(&all).cloned() else {
            return Ok(());
        };
        self.delete(at, &path, value)?;
        let options = SyncOptions {
            confirm_deletions: false,
            refuse_deletions: true,
            ..self.options()
        };
        self.sync_with(at, options).map(drop)
    }

    /// Lets a person delete what somebody in another home said no to losing.
    pub(crate) fn delete_refused(&mut self, at: usize) -> Result<(), Bad> {
        if !self.homes[at].is_at_hand() {
            return Ok(());
        }
        let mut refused = BTreeSet::new();
        for other in (0..self.homes.len()).filter(|other| *other != at) {
            refused.extend(self.refused_at(other)?.into_iter().map(|(_, value, _)| value));
        }
        let mut files = self.files_at(at);
        files.retain(|(_, value)| refused.contains(value));
        let Some((path, value)) = self.rng.choose(&files).cloned() else {
            return Ok(());
        };
        self.values.deleted.insert((at, value));
        self.delete(at, &path, value)
    }

    fn files_at(&self, at: usize) -> Vec<(RelPath, u64)> {
        let tree = self.homes[at].disk.true_hand().tree().into_iter();
        tree.filter_map(|(path, seen)| Some((path, value_of(&seen)?))).collect()
    }

    fn delete(&mut self, at: usize, path: &RelPath, value: u64) -> Result<(), Bad> {
        let before = self.before_hand(at)?;
        if self.homes[at].disk.true_hand().remove(path).is_ok() {
            self.values.consumed.insert(value);
            self.values.touched.insert(path.key());
            self.say(|_| format!("person {at}: deletes {path}"));
        }
        self.after_hand(at, &before);
        Ok(())
    }

    /// Tells whether the program can be used at a home: its drive is there, and no cycle runs.
    pub(crate) fn can_decide(&self, at: usize) -> bool {
        self.homes[at].running.is_none() && self.homes[at].is_at_hand()
    }

    /// Gives the values of all versions of a path, shown at a drive or not.
    fn unshown_values(&self, at: usize, path: &RelPath) -> Result<BTreeSet<u64>, Bad> {
        let siblings = self.homes[at]
            .index
            .entry(&path.key())
            .map_err(|error| error.to_string())?;
        let live = siblings.live();
        Ok(live
            .filter_map(|(_, version)| self.value_in(&version.value.content))
            .collect())
    }

    fn value_in(&self, content: &Content) -> Option<u64> {
        match content {
            Content::File(file) => self.shared.watch.notes().values.get(&file.digest).copied(),
            Content::Symlink(target) => value_of(&Seen::Symlink(target.clone())),
            _ => None,
        }
    }
}
