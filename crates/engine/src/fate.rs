//! Fates: what became of the versions that a changeset replaced, noted as it is folded, until this drive shows it.
//!
//! Where several changesets arrive at once, files that moved in one and were edited in the next look like deletions. The first
//! of them told that they were none: what leaves a path in it comes to another one.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use offsync_core::dot::Dot;
use offsync_core::entry::{Content, Version};
use offsync_core::format::{Manifest, PostedEntry};
use offsync_core::ids::LocationId;
use offsync_core::place::Shown;
use offsync_core::ports::{IndexStore, IndexWrite};
use offsync_core::rel_path::PathKey;
use offsync_core::siblings::Siblings;
use offsync_core::similar::Candidates;
use offsync_core::taken_over::{Stands, Turn, Turns};
use serde::{Deserialize, Serialize};

use crate::engine::Engine;
use crate::error::Result;
use crate::memory::{self, FATES, UNSETTLED};

/// A changeset, by its author and that one's number for it.
pub(crate) type Changeset = (LocationId, u64);

/// What a changeset moved from one path to another.
#[derive(Debug, Default)]
pub(crate) struct Moves {
    /// To which entry each version went.
    to: BTreeMap<Dot, usize>,
    /// The entries that are files under new names.
    pub(crate) renamed: BTreeSet<usize>,
    /// By the entry that took a file away: in which one it lives on, edited.
    edited: BTreeMap<usize, usize>,
}

/// A note: what became of the versions that one changeset replaced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Noted {
    by: Changeset,
    fates: Vec<(Dot, Fate)>,
}

/// What became of a version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Fate {
    /// It was deleted, or something else took its place over.
    Deleted,
    /// It lives on at a path, as the version with that ordinal of the changeset.
    LivesOn(PathKey, u32),
}

/// All that is noted of what became of versions.
#[derive(Debug, Default)]
pub(crate) struct Fates(BTreeMap<Dot, Vec<(Changeset, Fate)>>);

/// What became in the end of a version that this drive shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Nothing is noted of it, or not all.
    Unknown,
    /// It was deleted by those.
    Deleted(BTreeSet<Changeset>),
    /// It lives on in those.
    LivesOn(BTreeSet<Dot>),
}

impl Moves {
    /// Finds what a changeset moved, one to one where files are alike; `before` gives the versions of its paths.
    ///
    /// Files that were taken away go to new names first.
    pub(crate) fn of(manifest: &Manifest, before: &BTreeMap<PathKey, Siblings>) -> Self {
        let mut moves = Self::default();
        let is_new = |entry: &PostedEntry| before.get(&entry.origin()).is_none_or(|at| entry.is_new_to(at));
        let takes_away = |i: usize| !manifest.entries[i].value.content.is_file();
        let arriving: BTreeSet<[u8; 32]> = manifest.entries.iter().map(|entry| entry.value.content.tag()).collect();
        let mut leaving: Vec<(usize, Vec<Dot>, [u8; 32])> = Vec::new();
        for (i, entry) in manifest.entries.iter().enumerate() {
            let mut by_tag: BTreeMap<[u8; 32], Vec<Dot>> = BTreeMap::new();
            for (dot, version) in replaced(entry, before) {
                let content = &version.value.content;
                // What an edit replaced, and nothing else came to be, is no move.
                let may_move = takes_away(i) || arriving.contains(&content.tag());
                if may_move && content.is_live() && !content.is_folder() && !content.same_as(&entry.value.content) {
                    by_tag.entry(content.tag()).or_default().push(dot);
                }
            }
            leaving.extend(by_tag.into_iter().map(|(tag, dots)| (i, dots, tag)));
        }
        leaving.sort_by_key(|(i, ..)| (!takes_away(*i), *i));
        let tags: BTreeSet<[u8; 32]> = leaving.iter().map(|(_, _, tag)| *tag).collect();
        let (mut new, mut over) = (Targets::new(), Targets::new());
        for (i, entry) in manifest.entries.iter().enumerate() {
            let content = &entry.value.content;
            let had_it = || replaced(entry, before).any(|(_, version)| version.value.content.same_as(content));
            if content.is_live() && !content.is_folder() && tags.contains(&content.tag()) && !had_it() {
                let targets = if is_new(entry) { &mut new } else { &mut over };
                targets.entry(content.tag()).or_default().push_back(i);
            }
        }
        for (from, dots, tag) in &leaving {
            let to = take(&mut new, tag).inspect(|to| moves.renamed.extend(takes_away(*from).then_some(*to)));
            if let Some(to) = to.or_else(|| take(&mut over, tag)) {
                moves.to.extend(dots.iter().map(|dot| (*dot, to)));
            }
        }
        moves.find_edited(manifest, before, is_new, &tags, &arriving);
        moves
    }

    /// Finds the new files in which others live on that went, edited: also where nobody else need be asked about the changeset, or
    /// that would be a yes to what becomes of them later.
    fn find_edited(
        &mut self,
        manifest: &Manifest,
        before: &BTreeMap<PathKey, Siblings>,
        is_new: impl Fn(&PostedEntry) -> bool,
        leaving: &BTreeSet<[u8; 32]>,
        arriving: &BTreeSet<[u8; 32]>,
    ) {
        if leaving.is_empty() {
            return;
        }
        let new = manifest.entries.iter().enumerate().filter(|(_, entry)| is_new(entry));
        let mut came = Candidates::new(new.map(|(i, entry)| (&entry.value, i)), |tag| leaving.contains(tag));
        for (from, entry) in manifest.entries.iter().enumerate() {
            let Some((dot, old)) = replaced(entry, before)
                .next()
                .filter(|_| !entry.value.content.is_live())
            else {
                continue;
            };
            if arriving.contains(&old.value.content.tag()) {
                continue;
            }
            if let Some(to) = came.take_like(&old.value, |_| true) {
                self.to.insert(dot, *to);
                self.renamed.insert(*to);
                self.edited.insert(from, *to);
            }
        }
    }
}

impl End {
    /// Gives the versions in which it lives on.
    pub(crate) fn lives_on(&self) -> Option<&BTreeSet<Dot>> {
        match self {
            Self::LivesOn(dots) => Some(dots),
            Self::Unknown | Self::Deleted(_) => None,
        }
    }
}

type Targets = BTreeMap<[u8; 32], VecDeque<usize>>;

fn take(targets: &mut Targets, tag: &[u8; 32]) -> Option<usize> {
    targets.get_mut(tag)?.pop_front()
}

/// Gives the versions that an entry replaces, as far as they are known.
fn replaced<'a>(
    entry: &'a PostedEntry,
    before: &'a BTreeMap<PathKey, Siblings>,
) -> impl Iterator<Item = (Dot, &'a Version)> {
    let siblings = before.get(&entry.origin());
    let known = move |dot: &Dot| Some((*dot, siblings?.get(dot)?));
    entry.replaces.iter().filter_map(known)
}

impl Fates {
    fn of(noted: impl IntoIterator<Item = Noted>) -> Self {
        let mut all: BTreeMap<Dot, Vec<(Changeset, Fate)>> = BTreeMap::new();
        for Noted { by, fates } in noted {
            for (dot, fate) in fates {
                all.entry(dot).or_default().push((by, fate));
            }
        }
        Self(all)
    }

    /// Tells whether nothing is noted.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Tells whether it is noted of a version that somebody deleted it.
    pub(crate) fn is_deleted(&self, dot: &Dot) -> bool {
        let fates = self.0.get(dot);
        fates.is_some_and(|fates| fates.iter().any(|(_, fate)| *fate == Fate::Deleted))
    }

    /// Tells whether it is noted of a version that it lives on, edited or under another name, and nothing else is.
    pub(crate) fn goes_on(&self, dot: &Dot) -> bool {
        let fates = self.0.get(dot);
        fates.is_some_and(|fates| fates.iter().all(|(_, fate)| *fate != Fate::Deleted))
    }

    /// Gives in which versions one lives on, of those that are noted.
    fn next(&self, dot: &Dot) -> impl Iterator<Item = Dot> {
        self.0
            .get(dot)
            .into_iter()
            .flatten()
            .filter_map(|(by, fate)| match fate {
                Fate::LivesOn(_, ordinal) => Some(named(by, *ordinal)),
                Fate::Deleted => None,
            })
    }

    /// Gives some versions and all in which they live on.
    fn reached_from(&self, first: impl IntoIterator<Item = Dot>) -> BTreeSet<Dot> {
        let mut todo: Vec<Dot> = first.into_iter().collect();
        let mut reached = BTreeSet::new();
        while let Some(dot) = todo.pop() {
            if reached.insert(dot) {
                todo.extend(self.next(&dot));
            }
        }
        reached
    }
}

impl Engine<'_> {
    /// Gives all that is noted of what became of versions.
    pub(crate) fn fates(&self) -> Result<Fates> {
        fates_of(self.index)
    }

    /// Makes the write that notes what a changeset made of what it replaced.
    ///
    /// Of an own one, only what others moved before: all else stands on this drive as it is.
    pub(crate) fn note_fates(
        &self,
        manifest: &Manifest,
        before: &BTreeMap<PathKey, Siblings>,
        moves: &Moves,
    ) -> Result<Option<IndexWrite>> {
        if manifest.entries.iter().all(|entry| entry.replaces.is_empty()) {
            return Ok(None);
        }
        let known = match manifest.author == self.me() {
            true => Some(self.fates()?),
            false => None,
        };
        if known.as_ref().is_some_and(Fates::is_empty) {
            return Ok(None);
        }
        let by = (manifest.author, manifest.sequence);
        let taken_over = self.taken_over_in(manifest, before, moves)?;
        let mut fates = Vec::new();
        for (i, entry) in manifest.entries.iter().enumerate() {
            let content = &entry.value.content;
            let lives_on = |at: usize| Fate::LivesOn(manifest.entries[at].origin(), manifest.dot(at).ordinal);
            for (dot, version) in replaced(entry, before) {
                let old = &version.value.content;
                if !old.is_live() || old.is_folder() {
                    continue;
                }
                let fate = match moves.to.get(&dot) {
                    Some(to) => lives_on(*to),
                    None if old.same_as(content) => lives_on(i),
                    None if !content.is_live() || taken_over.contains(&i) => Fate::Deleted,
                    None => lives_on(i),
                };
                fates.push((dot, fate));
            }
        }
        if let Some(known) = known {
            let ends: BTreeSet<Dot> = known.0.keys().flat_map(|dot| known.next(dot)).collect();
            fates.retain(|(dot, _)| ends.contains(dot));
        }
        Ok((!fates.is_empty()).then(|| memory::write(note_name(by), &Noted { by, fates })))
    }

    /// Gives the entries of a changeset that took over places whose files went nowhere.
    fn taken_over_in(
        &self,
        manifest: &Manifest,
        before: &BTreeMap<PathKey, Siblings>,
        moves: &Moves,
    ) -> Result<BTreeSet<usize>> {
        let mut all = Vec::new();
        for entry in &manifest.entries {
            let contents = replaced(entry, before).map(|(_, version)| &version.value.content);
            let live: Vec<&Content> = contents.filter(|content| content.is_live()).collect();
            let stood = live.iter().find(|content| content.is_file()).or(live.first());
            all.push(Turn {
                path: entry.origin(),
                origin: entry.origin(),
                before: stood.map_or(Stands::Nothing, |content| Stands::of(content)),
                after: Stands::of(&entry.value.content),
            });
        }
        let by_dot: BTreeMap<Dot, &PostedEntry> = manifest
            .entries
            .iter()
            .flat_map(|entry| entry.replaces.iter().map(move |dot| (*dot, entry)))
            .collect();
        let turns = Turns::new(all, moves.edited.clone());
        turns.taken_over(|i| {
            let mut files = replaced(&manifest.entries[i], before).map(|(_, version)| &version.value.content);
            let Some(content) = files.find(|content| matches!(content, Content::File(_))) else {
                return Ok(false);
            };
            let stays = |dot: &Dot| by_dot.get(dot).is_none_or(|entry| entry.value.content.same_as(content));
            self.stands_in(content, stays)
        })
    }

    /// Follows what a place shows to what became of it in the end: it lives, here or elsewhere, or was deleted where it went.
    pub(crate) fn end_of(&self, shown: &Shown, fates: &Fates) -> Result<End> {
        let (mut lives, mut deleted, mut is_known) = (BTreeSet::new(), BTreeSet::new(), true);
        let first = shown.refs.iter().flat_map(|shown| &shown.dots).copied();
        let mut todo: Vec<Dot> = first.clone().collect();
        is_known &= todo.iter().all(|dot| fates.0.contains_key(dot));
        let mut seen: BTreeSet<Dot> = first.collect();
        while let Some(dot) = todo.pop() {
            for (by, fate) in fates.0.get(&dot).into_iter().flatten() {
                let Fate::LivesOn(key, ordinal) = fate else {
                    deleted.insert(*by);
                    continue;
                };
                let to = named(by, *ordinal);
                if self.shows(key, &to)? {
                    // What is to become of it is judged where it stands.
                    lives.insert(to);
                } else if fates.0.contains_key(&to) {
                    todo.extend(seen.insert(to).then_some(to));
                } else if self.index.entry(key)?.get(&to).is_some() {
                    lives.insert(to);
                } else {
                    is_known = false;
                }
            }
        }
        Ok(match (lives.is_empty(), is_known && !deleted.is_empty()) {
            (false, _) => End::LivesOn(lives),
            (true, true) => End::Deleted(deleted),
            (true, false) => End::Unknown,
        })
    }

    fn shows(&self, key: &PathKey, dot: &Dot) -> Result<bool> {
        let shown = self.index.place(key)?.and_then(|place| place.shown);
        Ok(shown.is_some_and(|shown| shown.refs.iter().any(|shown| shown.dots.contains(dot))))
    }

    /// Makes the writes that forget what became of versions which no place stands for any more that is still to be settled.
    pub(crate) fn forget_fates(&self) -> Result<Vec<IndexWrite>> {
        let noted = all_noted(self.index)?;
        if noted.is_empty() {
            return Ok(Vec::new());
        }
        let mut shown = Vec::new();
        for folder in memory::read_all::<PathKey>(self.index, UNSETTLED)?.into_values() {
            let places = self.index.places_in(&folder)?.into_iter();
            let refs = places.filter_map(|(_, place)| place.shown).flat_map(|shown| shown.refs);
            shown.extend(refs.flat_map(|shown| shown.dots));
        }
        let wanted = Fates::of(noted.values().cloned()).reached_from(shown);
        let mut writes = Vec::new();
        for (name, mut noted) in noted {
            let before = noted.fates.len();
            noted.fates.retain(|(dot, _)| wanted.contains(dot));
            match noted.fates.len() {
                0 => writes.push(memory::erase(format!("{FATES}{name}"))),
                left if left < before => writes.push(memory::write(format!("{FATES}{name}"), &noted)),
                _ => {}
            }
        }
        Ok(writes)
    }
}

/// Gives all that is noted in an index of what became of versions.
pub(crate) fn fates_of(index: &dyn IndexStore) -> Result<Fates> {
    Ok(Fates::of(all_noted(index)?.into_values()))
}

fn all_noted(index: &dyn IndexStore) -> Result<BTreeMap<String, Noted>> {
    memory::read_all(index, FATES)
}

fn note_name((author, sequence): Changeset) -> String {
    format!("{FATES}{author}.{sequence:020}")
}

fn named((location, sequence): &Changeset, ordinal: u32) -> Dot {
    Dot {
        location: *location,
        sequence: *sequence,
        ordinal,
    }
}

/// Gives the changeset that a version came by.
pub(crate) fn changeset(dot: &Dot) -> Changeset {
    (dot.location, dot.sequence)
}
