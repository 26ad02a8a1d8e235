//! Turns: what own changes, or those that arrive, do to the places of files, so that both are judged by the same rule.

use std::collections::{BTreeMap, BTreeSet};

use offsync_core::dot::Dot;
use offsync_core::entry::{Content, Version};
use offsync_core::local_change::LocalChange;
use offsync_core::place::Shown;
use offsync_core::rel_path::PathKey;
use offsync_core::taken_over::{Stands, Turn, Turns};

use crate::engine::Engine;
use crate::error::Result;
use crate::plan::{Action, Plan};

impl Engine<'_> {
    /// Gives what own changes do to places; `is_settled` tells which of them are answered for, and take nothing away.
    ///
    /// A file that was edited where it went, over another one, is known by its identity.
    pub(crate) fn own_turns(&self, changes: &[&LocalChange], is_settled: impl Fn(usize) -> bool) -> Result<Turns> {
        let arriving: BTreeSet<[u8; 32]> = changes.iter().map(|change| change.value.content.tag()).collect();
        let mut all = Vec::new();
        for change in changes {
            let path = change.value.path.key();
            all.push(Turn {
                origin: path.clone(),
                path,
                before: self
                    .version_before(change)?
                    .map_or(Stands::Nothing, |version| Stands::of(&version.value.content)),
                after: Stands::of(&change.value.content),
            });
        }
        let is_over = |turn: &Turn| matches!((turn.before, turn.after), (Stands::File(_), Stands::File(_)));
        let over = all.iter().enumerate().filter(|(_, turn)| is_over(turn));
        let over: BTreeMap<PathKey, usize> = over.map(|(i, turn)| (turn.path.clone(), i)).collect();
        let mut goes_on = BTreeMap::new();
        for (i, turn) in all.iter().enumerate() {
            let Stands::File(tag) = turn.before else { continue };
            if over.is_empty() || turn.after != Stands::Nothing || arriving.contains(&tag) || is_settled(i) {
                continue;
            }
            let to = self.stands_now(&turn.origin)?.and_then(|path| over.get(&path).copied());
            goes_on.extend(to.map(|to| (i, to)));
        }
        Ok(Turns::new(all, goes_on))
    }

    /// Gives which own changes take over what goes nowhere.
    pub(crate) fn taken_over(&self, changes: &[&LocalChange], turns: &Turns) -> Result<BTreeSet<usize>> {
        let replaced = changes
            .iter()
            .flat_map(|change| change.replaces.iter().map(|dot| (*dot, *change)));
        let replaced: BTreeMap<Dot, &LocalChange> = replaced.collect();
        turns.taken_over(|i| {
            let Some(Version { value, .. }) = self.version_before(changes[i])? else {
                return Ok(false);
            };
            let stays = |dot: &Dot| {
                let by = replaced.get(dot);
                by.is_none_or(|change| change.value.content.same_as(&value.content))
            };
            self.stands_in(&value.content, stays)
        })
    }

    /// Gives the version of which an own change takes the place: of several, a file.
    fn version_before(&self, change: &LocalChange) -> Result<Option<Version>> {
        if change.replaces.is_empty() {
            return Ok(None);
        }
        let siblings = self.index.entry(&change.origin())?;
        let replaced = change.replaces.iter().filter_map(|dot| siblings.get(dot));
        let mut live = replaced.filter(|version| version.value.content.is_live());
        let first = live.clone().next();
        let file = live.find(|version| matches!(version.value.content, Content::File(_)));
        Ok(file.or(first).cloned())
    }

    /// Tells whether a content stands in the archive, in one of those versions that `may` be it.
    pub(crate) fn stands_in(&self, content: &Content, may: impl Fn(&Dot) -> bool) -> Result<bool> {
        let Some(first) = content.chunk_ids().first().copied() else {
            return Ok(false);
        };
        for (key, dot) in self.index.versions_with_chunk(&first)? {
            let siblings = self.index.entry(&key)?;
            let is_same = |version: &Version| version.value.content.same_as(content);
            if may(&dot) && siblings.get(&dot).is_some_and(is_same) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// The contents that come to stand where they did not, each as often as it does: so many that go were moved, and no more.
pub(crate) struct Arriving(BTreeMap<[u8; 32], usize>);

impl Arriving {
    /// Counts them, by what stands at each place afterwards.
    pub(crate) fn of<'a>(all: impl Iterator<Item = (&'a Content, &'a Turn)>) -> Self {
        let mut counts = BTreeMap::new();
        for (content, turn) in all {
            if turn.before != turn.after {
                *counts.entry(content.tag()).or_default() += 1;
            }
        }
        Self(counts)
    }

    /// Takes one of a content, if there is one left.
    pub(crate) fn take(&mut self, content: &Content) -> bool {
        let left = self.0.get_mut(&content.tag()).filter(|left| **left > 0);
        left.map(|left| *left -= 1).is_some()
    }
}

/// Gives what a plan does to places, action by action; `goes_on` says of those whose files live on, edited, in which others.
pub(crate) fn turns_of(plan: &Plan, goes_on: BTreeMap<usize, usize>) -> Turns {
    let turn = |action: &Action| {
        let before = action.before.as_ref().map(|before| &before.shown);
        let after = action.after.as_ref();
        let stands = |shown: Option<&Shown>| shown.map_or(Stands::Nothing, |shown| Stands::of(&shown.value.content));
        let main = after.or(before).and_then(|shown| shown.refs.first());
        Turn {
            path: action.key.clone(),
            origin: main.map_or_else(|| action.key.clone(), |main| main.origin.clone()),
            before: stands(before),
            after: stands(after),
        }
    };
    Turns::new(plan.actions.iter().map(turn).collect(), goes_on)
}
