//! Conflicts: which files are kept in two versions, also where this drive can show only one of the two, or neither.

use std::collections::{BTreeMap, BTreeSet};

use offsync_core::dot::Dot;
use offsync_core::entry::{Content, Value};
use offsync_core::ids::LocationId;
use offsync_core::limits::INDEX_PAGE_ROWS;
use offsync_core::place::{Place, Shown};
use offsync_core::present::{copied_from, strongest};
use offsync_core::rel_path::{PathKey, RelPath};

use crate::engine::Engine;
use crate::error::Result;
use crate::fit::{Unfitting, why};
use crate::memory::{self, GONE, Gone};
use crate::report::ConflictLine;

/// One side of a conflict.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Side {
    /// Who made it, if that is known.
    pub by: Option<LocationId>,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// Whether it is a folder.
    pub is_folder: bool,
    /// Whether it is a link.
    pub is_link: bool,
    /// Why this drive does not show it, if it cannot.
    pub not_shown: Option<String>,
}

impl Engine<'_> {
    /// Gives the conflict copies that this drive shows, or would if it could store them, in order of path.
    ///
    /// Not those about which a person has decided since, though nobody was told yet: a copy that was taken away or got
    /// another name, or whose winner is gone. Who edits a copy has not decided.
    pub fn conflicts(&self) -> Result<Vec<ConflictLine>> {
        let unfitting = self.unfitting()?;
        let mut lines = self.held_copies(&unfitting)?;
        let mut after: Option<PathKey> = None;
        loop {
            let page = self.index.places_after(after.as_ref(), INDEX_PAGE_ROWS)?;
            let Some((last, _)) = page.last() else { break };
            after = Some(last.clone());
            for (key, place) in page {
                if let Some(path) = self.stands_beside(&key, &place)? {
                    let copy = place.on_disk().map_or_else(|| path.clone(), |value| value.path.clone());
                    lines.push(ConflictLine { path, copy });
                    continue;
                }
                let Some(shown) = &place.shown else { continue };
                let is_there = |value: &Value| value.content.same_as(&shown.value.content);
                let origins = shown.refs.iter().map(|shown| &shown.origin);
                for origin in origins.filter(|origin| **origin != key) {
                    // A person may have spelled it in another way since.
                    let there = place.on_disk().filter(|value| is_there(value));
                    if let Some(there) = there
                        && !self.is_taken_away(origin, &unfitting)?
                    {
                        lines.push(ConflictLine {
                            path: self.spelled_now(origin)?,
                            copy: there.path.clone(),
                        });
                    }
                }
            }
        }
        lines.sort_by_key(|line| (line.copy.key(), line.path.key()));
        lines.dedup();
        Ok(lines)
    }

    /// Gives who made each of the two versions, what it is, and whether this drive shows it: first the one that has the name.
    pub fn sides(&self, line: &ConflictLine) -> Result<[Side; 2]> {
        let [winner, loser] = self.held_sides(line)?;
        Ok([self.side(&line.path, winner)?, self.side(&line.copy, loser)?])
    }

    fn side(&self, path: &RelPath, held: Option<Unfitting>) -> Result<Side> {
        let (dots, value, not_shown): (Vec<Dot>, _, _) = match held {
            Some(held) => {
                let reason = format!("{}: this drive cannot store it", why(held.unfit));
                (held.dots, Some(held.value), Some(reason))
            }
            None => match self.index.place(&path.key())? {
                Some(place) => {
                    let refs = place.shown.iter().flat_map(|shown| &shown.refs);
                    let dots = refs.flat_map(|shown| &shown.dots).copied().collect();
                    (dots, place.on_disk().cloned(), None)
                }
                // It is still to come.
                None => match strongest(self.index.entry(&path.key())?.live()) {
                    Some((dot, version)) => (vec![*dot], Some(version.value.clone()), None),
                    None => return Ok(Side::default()),
                },
            },
        };
        let content = value.map(|value| value.content);
        Ok(Side {
            by: dots.iter().max().map(|dot| dot.location),
            size_bytes: content.as_ref().map_or(0, Content::size_bytes),
            is_folder: content.as_ref().is_some_and(Content::is_folder),
            is_link: matches!(content, Some(Content::Symlink(_))),
            not_shown,
        })
    }

    /// Gives the versions of a conflict that this drive cannot show, each with its dots at the conflict's path alone.
    pub(crate) fn held_sides(&self, line: &ConflictLine) -> Result<[Option<Unfitting>; 2]> {
        let unfitting = self.unfitting()?;
        let origin = line.path.key();
        let live = self.live_dots(&origin)?;
        let held = |key: &PathKey| {
            let mut held = unfitting.get(key)?.clone();
            held.dots.retain(|dot| live.contains(dot));
            (!held.dots.is_empty()).then_some(held)
        };
        // What a person wrote there since has the name, whatever had it when the drive was last settled.
        let place = self.index.place(&origin)?;
        let is_own = place.is_some_and(|place| place.is_changed() && place.on_disk().is_some());
        let winner = (!is_own).then(|| held(&origin)).flatten();
        Ok([winner, held(&line.copy.key()).filter(|_| line.copy.key() != origin)])
    }

    /// Gives the conflict copies that this drive cannot show, and about which nobody has decided.
    fn held_copies(&self, unfitting: &BTreeMap<PathKey, Unfitting>) -> Result<Vec<ConflictLine>> {
        let mut lines = Vec::new();
        for (key, held) in unfitting.iter().filter(|(_, held)| !held.value.content.is_folder()) {
            let own = self.live_dots(key)?;
            if held.dots.iter().all(|dot| own.contains(dot)) {
                continue;
            }
            for (origin, siblings) in self.index.entries_in(&key.parent().unwrap_or_else(PathKey::root))? {
                let dots: Vec<Dot> = siblings.live().map(|(dot, _)| *dot).collect();
                let dots: Vec<Dot> = dots.into_iter().filter(|dot| held.dots.contains(dot)).collect();
                let is_its = origin != *key && !dots.is_empty();
                if is_its && !self.is_let_go(&origin, &dots)? && !self.is_taken_away(&origin, unfitting)? {
                    lines.push(ConflictLine {
                        path: self.spelled_now(&origin)?,
                        copy: held.value.path.clone(),
                    });
                }
            }
        }
        Ok(lines)
    }

    /// Gives a path as it is spelled on this drive, where a person may have changed its case since, or else in the archive.
    fn spelled_now(&self, origin: &PathKey) -> Result<RelPath> {
        let place = self.index.place(origin)?;
        match place.as_ref().and_then(Place::on_disk) {
            Some(there) => Ok(there.path.clone()),
            None => self.spelled(origin),
        }
    }

    fn live_dots(&self, key: &PathKey) -> Result<BTreeSet<Dot>> {
        Ok(self.index.entry(key)?.live().map(|(dot, _)| *dot).collect())
    }

    /// Gives what a file stands beside under the name of a conflict copy, though it has an entry of its own: it gave way to
    /// a folder before anybody had heard of it, or was edited, and is one of two versions all the same.
    fn stands_beside(&self, key: &PathKey, place: &Place) -> Result<Option<RelPath>> {
        let Some(value) = place.on_disk().filter(|value| !value.content.is_folder()) else {
            return Ok(None);
        };
        let Some(name) = copied_from(value.path.name()) else {
            return Ok(None);
        };
        let is_copy = |shown: &Shown| {
            let is_anothers = shown.refs.iter().any(|shown| shown.origin != *key);
            is_anothers && value.content.same_as(&shown.value.content)
        };
        if place.shown.as_ref().is_some_and(is_copy) {
            return Ok(None);
        }
        let Ok(path) = value.path.parent().unwrap_or_else(RelPath::root).join(&name) else {
            return Ok(None);
        };
        let there = self.index.place(&path.key())?;
        Ok(there.as_ref().and_then(Place::on_disk).map(|there| there.path.clone()))
    }

    /// Tells whether a person took away what has the name at a place, and it was not posted yet.
    ///
    /// Of what this drive cannot show there is nothing to take away; that it is to go is said by its dots alone.
    fn is_taken_away(&self, key: &PathKey, unfitting: &BTreeMap<PathKey, Unfitting>) -> Result<bool> {
        let live = self.live_dots(key)?;
        let held = unfitting.get(key).into_iter().flat_map(|held| &held.dots);
        let held: Vec<Dot> = held.filter(|dot| live.contains(dot)).copied().collect();
        if !held.is_empty() {
            return self.is_let_go(key, &held);
        }
        let place = self.index.place(key)?;
        let is_there = place.is_some_and(|place| place.on_disk().is_some());
        Ok(!is_there && memory::read::<Gone>(self.index, &memory::of_key(GONE, key))?.is_some())
    }

    /// Tells whether versions of an origin are to go, though nobody was told yet.
    pub(crate) fn is_let_go(&self, origin: &PathKey, dots: &[Dot]) -> Result<bool> {
        let gone: Option<Gone> = memory::read(self.index, &memory::of_key(GONE, origin))?;
        let gone: BTreeSet<Dot> = gone.into_iter().flat_map(|gone| gone.shown).flatten().collect();
        Ok(dots.iter().all(|dot| gone.contains(dot)))
    }
}
