//! Two words by one name: a drive that went back to a backup with nothing left that could tell it so used numbers again
//! that it had used before.
//!
//! Whoever folded the first meaning keeps it, folds nothing that follows on the second, and says so in its head. The
//! location that said both hears it there and begins again: it lets go of what it noted, takes a new id, asks the others
//! what there is, and says anew what stands on its drive beside that. Not a byte leaves any drive.

use std::collections::{BTreeMap, BTreeSet};

use offsync_core::dot::Dot;
use offsync_core::entry::Version;
use offsync_core::format::head::Head;
use offsync_core::format::{Manifest, ObjectName, State};
use offsync_core::ids::{LocationId, Root};
use offsync_core::limits::INDEX_PAGE_ROWS;
use offsync_core::place::Place;
use offsync_core::ports::{IndexWrite, Mailbox};
use offsync_core::rel_path::PathKey;
use offsync_core::siblings::Siblings;
use offsync_core::version_vector::VersionVector;

use crate::engine::Engine;
use crate::error::Result;
use crate::memory::{
    self, AWAITS_STATE, BEGINS_AGAIN, CARRIED, CONFIRMED, DIVERGED, FATES, GAP_CYCLES, GONE, LAST_FOLDED, LEAPT,
    LastFolded, MAY_HAVE_LIVED_ELSEWHERE, NEEDS_NEW_ID, OUTBOX, STRAY, TWICE, UNKEPT, VECTOR,
};
use crate::report::{Alarm, AlarmKind};
use crate::view::View;

/// What a head says that it has seen of a location that used a number twice: higher than any counter.
pub(crate) const SAID_TWICE: u64 = u64::MAX;

impl Engine<'_> {
    /// Gives the locations that are known to have used a number twice and have not begun again since.
    pub(crate) fn twice(&self) -> Result<BTreeSet<LocationId>> {
        let noted = memory::read_all::<LocationId>(self.index, TWICE)?;
        if noted.is_empty() {
            return Ok(BTreeSet::new());
        }
        let departed = self.departed()?;
        Ok(noted
            .into_values()
            .filter(|location| !departed.contains(location))
            .collect())
    }

    /// Gives the locations of which another home says that they used a number twice, and which have not begun again since.
    ///
    /// They will, once they hear it. Who folds what they say until then has the second meaning where others have the first.
    pub(crate) fn said_to_have_said_twice(&self) -> Result<BTreeSet<LocationId>> {
        let departed = self.departed()?;
        let heads = self.heads()?.into_values();
        let living = heads.filter(|cached| !departed.contains(&cached.head.location));
        let said = living.flat_map(|cached| cached.head.seen);
        let twice = said
            .filter(|(_, counter)| *counter == SAID_TWICE)
            .map(|(location, _)| location);
        Ok(twice.filter(|location| !departed.contains(location)).collect())
    }

    /// Notes who used a number twice; this location itself begins again with its next cycle.
    fn note_twice(&mut self, location: LocationId) -> Result<()> {
        self.commit(vec![match location == self.me() {
            true => memory::write(BEGINS_AGAIN, &true),
            false => memory::write(format!("{TWICE}{location}"), &location),
        }])
    }

    /// Tells whether a changeset may be folded: its author is not known to have used a number twice, and it builds on just
    /// the one before it that was folded here.
    pub(crate) fn follows_on(&mut self, manifest: &Manifest) -> Result<bool> {
        let author = manifest.author;
        if self.twice()?.contains(&author) {
            return Ok(false);
        }
        let last = memory::read::<LastFolded>(self.index, &format!("{LAST_FOLDED}{author}"))?;
        let is_other = |last: LastFolded| {
            last.sequence + 1 == manifest.sequence
                && manifest.predecessor.is_some_and(|predecessor| predecessor != last.hash)
        };
        if !last.is_some_and(is_other) || self.departed()?.contains(&author) {
            return Ok(true);
        }
        self.note_twice(author)?;
        Ok(false)
    }

    /// Tells whether a state may be merged: it says nothing by a name that stands for something else here, and covers
    /// nothing more of who is known to have used one twice.
    pub(crate) fn agrees_with(&mut self, state: &State) -> Result<bool> {
        let (twice, departed) = (self.twice()?, self.departed()?);
        let mut agrees = twice
            .iter()
            .all(|location| state.vector.get(location) <= self.vector.get(location));
        for location in self.other_meanings(state)?.difference(&departed) {
            agrees = false;
            self.note_twice(*location)?;
        }
        Ok(agrees)
    }

    /// Gives the locations that minted a dot which stands for one thing here and for another in a state.
    fn other_meanings(&self, state: &State) -> Result<BTreeSet<LocationId>> {
        let of_one = |(key, siblings): &'_ (PathKey, Siblings)| {
            let versions = siblings
                .iter()
                .map(|(dot, version)| (*dot, (key.clone(), version.clone())));
            versions.collect::<Vec<_>>()
        };
        let theirs: BTreeMap<Dot, (PathKey, Version)> = state.siblings.iter().flat_map(of_one).collect();
        let mut found = BTreeSet::new();
        let mut after: Option<PathKey> = None;
        loop {
            let page = self.index.entries_after(after.as_ref(), INDEX_PAGE_ROWS)?;
            let Some((last, _)) = page.last() else { return Ok(found) };
            after = Some(last.clone());
            for (key, mine) in &page {
                let is_other = |(dot, version): &&(Dot, Version)| {
                    let known = theirs.get(dot);
                    known.is_some_and(|(their_key, theirs)| their_key != key || theirs != version)
                };
                found.extend(mine.iter().filter(is_other).map(|(dot, _)| dot.location));
            }
        }
    }

    /// Gives the locations that folded just what this one did and hold something else.
    pub(crate) fn diverged(&self, root: Root) -> Result<Vec<LocationId>> {
        let (me, heads) = (self.me(), self.heads()?);
        let equal = heads.into_values().map(|cached| cached.head);
        let mut other = equal
            .filter(|head| head.location != me && head.vector == self.vector && head.root != root)
            .peekable();
        if other.peek().is_none() {
            return Ok(Vec::new());
        }
        let departed = self.departed()?;
        let living = other.filter(|head| !departed.contains(&head.location));
        Ok(living.map(|head| head.location).collect())
    }

    /// Gives what no sound world shows: who used a number twice, and who holds something else though it folded the same.
    pub fn alarms(&mut self) -> Result<Vec<Alarm>> {
        let (people, twice, root) = (self.people()?, self.twice()?, self.root()?);
        let diverged = self.diverged(root)?;
        let alarm = |location: LocationId, kind: AlarmKind| Alarm {
            location,
            label: people.get(&location).map(|who| who.label.clone()).unwrap_or_default(),
            kind,
        };
        let apart = diverged.into_iter().filter(|location| !twice.contains(location));
        let apart: Vec<_> = apart.map(|location| alarm(location, AlarmKind::Diverged)).collect();
        let twice = twice.iter().map(|location| alarm(*location, AlarmKind::SaidTwice));
        Ok(twice.chain(apart).collect())
    }

    /// Looks whether somebody folded just the same and holds something else, and by whom that is to be healed.
    ///
    /// An entry that is not as it was written ends the look, and the cycle is gone through again with a mended index. A changeset
    /// that is listed in other bytes than were folded here tells who used a number twice. Where nothing tells, those begin again
    /// who hold what fewer hold, and of as many the ones with the higher root, once one of the others has looked at its own and
    /// says the same.
    pub(crate) fn heed_divergence(&mut self, mailbox: &dyn Mailbox, view: &View) -> Result<()> {
        let noted = memory::read_all::<u64>(self.index, DIVERGED)?;
        let mut root = self.root()?;
        let mut apart = self.diverged(root)?;
        if !apart.is_empty() {
            // The hashes that were kept may be what is wrong.
            root = self.hash_all()?;
            apart = self.diverged(root)?;
        }
        if apart.is_empty() {
            let healed = noted.keys().map(|name| memory::erase(format!("{DIVERGED}{name}")));
            return self.commit(healed.collect());
        }
        self.find_who_said_twice(mailbox, view, |_, _| true)?;
        if !self.twice()?.is_empty() {
            return Ok(());
        }
        let (me, departed) = (self.me(), self.departed()?);
        let others = self.heads()?.into_values().map(|cached| cached.head);
        let level: Vec<Head> = others
            .filter(|head| head.location != me && head.vector == self.vector && !departed.contains(&head.location))
            .collect();
        let holders = |of: Root| level.iter().filter(|head| head.root == of).count() + usize::from(of == root);
        for head in level.iter().filter(|head| head.root != root) {
            let (theirs, mine) = (holders(head.root), holders(root));
            match noted.get(&head.location.to_string()) {
                None => self.commit(vec![memory::write(
                    format!("{DIVERGED}{}", head.location),
                    &head.counter,
                )])?,
                Some(first) if head.counter > *first && (theirs, root) > (mine, head.root) => {
                    self.commit(vec![memory::write(BEGINS_AGAIN, &true)])?;
                }
                Some(_) => {}
            }
        }
        Ok(())
    }

    /// Looks whether a number that was folded last stands for something else in the mailbox, where the listing tells another size.
    ///
    /// Whoever folded it reads it no more: without this what follows on the first meaning would reach its author, who would take
    /// it for an answer to the second.
    pub(crate) fn find_other_meanings(&mut self, mailbox: &dyn Mailbox, view: &View) -> Result<()> {
        self.find_who_said_twice(mailbox, view, |last, size_bytes| last.size_bytes != size_bytes)
    }

    fn find_who_said_twice(
        &mut self,
        mailbox: &dyn Mailbox,
        view: &View,
        may_differ: impl Fn(&LastFolded, u64) -> bool,
    ) -> Result<()> {
        let folded = memory::read_all::<LastFolded>(self.index, LAST_FOLDED)?;
        let departed = self.departed()?;
        let suspect = |name: &ObjectName| {
            let ObjectName::Manifest { author, sequence } = *name else {
                return None;
            };
            let last = folded
                .get(&author.to_string())
                .filter(|last| last.sequence == sequence)?;
            let is_it = may_differ(last, view.size_of(name)) && !departed.contains(&author);
            is_it.then_some((name.clone(), author, last.hash))
        };
        for (name, author, hash) in view.names().filter_map(suspect).collect::<Vec<_>>() {
            let (Some(key), Some(sealed)) = (self.key_of(&author)?, self.get(mailbox, &name)?) else {
                continue;
            };
            let is_sound = Manifest::decode(&self.keys, &name, &sealed, |_| Some(key)).is_ok();
            if !is_sound || Manifest::hash(&sealed) == hash {
                continue;
            }
            self.note_twice(author)?;
        }
        Ok(())
    }

    /// Gives an id of this location of which a home that had not covered all that is known here now covers more.
    ///
    /// Nobody gets there by folding what this one said. Either it was put back, and so was all that could tell it; then what
    /// it said since goes by numbers that mean something else to that home. Or its next cycle is the first after that.
    pub(crate) fn leap(&self, before: Option<&Head>, head: &Head) -> Result<Option<LocationId>> {
        let leaps = |life: &LocationId| {
            let mine = self.vector.get(life);
            let covered = before.map_or(0, |before| before.vector.get(life));
            covered < mine && mine < head.vector.get(life)
        };
        let carried = memory::read::<LocationId>(self.index, CARRIED)?;
        let Some(life) = std::iter::once(self.me()).chain(carried).find(leaps) else {
            return Ok(None);
        };
        // Whoever was taken out says nothing that anybody heeds.
        Ok((!self.departed()?.contains(&head.location)).then_some(life))
    }

    /// Tells whether somebody knows more of this location than it does itself, and perhaps other things by the same numbers.
    ///
    /// Not so where the drive alone was put back: then its computer knows more than it does, or has not kept up with it and the
    /// mailbox holds a head that it does not know. It has said nothing since, and takes in what it lacks. Nor where the id
    /// that it had lives on as a clone's, which says more.
    fn has_leapt(&mut self, own: Option<&Head>) -> Result<bool> {
        let Some(life) = memory::read::<LocationId>(self.index, LEAPT)? else {
            return Ok(false);
        };
        let is_unknown = own.is_some_and(|own| !self.identity.nonces.contains(&Some(own.nonce)));
        let is_false = match life == self.me() {
            true => self.host_knows_more()? || (is_unknown && !self.host_agrees()?),
            false => !self.succeeded()?.contains(&life),
        };
        if is_false {
            self.commit(vec![memory::erase(LEAPT)])?;
        }
        Ok(!is_false)
    }

    /// Begins again if another home says that this one used a number twice, if what another home covers shows it, or if
    /// that was decided before.
    ///
    /// Its changesets leave the mailbox where somebody refuses them, since nobody can tell which meaning who has folded. What
    /// they hold stands on this drive, and is said anew under the id that follows. Where others cover more, they are pruned as
    /// any are: they may be those of a clone, which lives.
    pub(crate) fn begin_again_if_needed(
        &mut self,
        mailbox: &dyn Mailbox,
        view: &mut View,
        own: Option<&Head>,
    ) -> Result<()> {
        let me = self.me();
        if self.is_brought_back()? {
            return Ok(());
        }
        let has_leapt = self.has_leapt(own)?;
        if !has_leapt && !self.is_to_begin_again()? {
            return Ok(());
        }
        self.commit(vec![memory::write(BEGINS_AGAIN, &true)])?;
        let is_mine = |name: &&ObjectName| match name {
            ObjectName::Manifest { author, .. } | ObjectName::Pack { author, .. } => *author == me,
            _ => false,
        };
        let refused = view.names().filter(is_mine).filter(|_| !has_leapt);
        for name in refused.cloned().collect::<Vec<_>>() {
            self.delete_object(mailbox, view, &name)?;
        }
        // Of a number that was used twice nobody can tell which of both is meant.
        self.forget_what_was_shown()?;
        self.let_go_of_all()
    }

    /// Lets go of what was noted of the archive, to come back under a new id and to be told by the others what there is.
    pub(crate) fn let_go_of_all(&mut self) -> Result<()> {
        self.forget_all_entries()?;
        let mut writes = vec![
            memory::write(VECTOR, &VersionVector::default()),
            memory::write(AWAITS_STATE, &true),
            memory::write(NEEDS_NEW_ID, &true),
            // It may have begun again before, and have been put back to before that.
            memory::write(MAY_HAVE_LIVED_ELSEWHERE, &true),
            memory::erase(CONFIRMED),
            memory::erase(GAP_CYCLES),
            memory::erase(BEGINS_AGAIN),
            memory::erase(LEAPT),
            memory::erase(CARRIED),
        ];
        for prefix in [GONE, FATES, LAST_FOLDED, DIVERGED, STRAY, UNKEPT] {
            let notes = self.index.notes(prefix)?.into_iter();
            writes.extend(notes.map(|(name, _)| memory::erase(name)));
        }
        let waiting = self.index.notes(OUTBOX)?.into_iter().map(|(name, _)| name);
        let is_changeset = |name: &String| matches!(name[OUTBOX.len()..].parse(), Ok(ObjectName::Manifest { .. }));
        writes.extend(waiting.filter(is_changeset).map(memory::erase));
        self.commit(writes)?;
        self.vector = VersionVector::default();
        Ok(())
    }

    fn is_to_begin_again(&self) -> Result<bool> {
        if memory::read::<bool>(self.index, BEGINS_AGAIN)?.unwrap_or(false) {
            return Ok(true);
        }
        let said = (self.me(), SAID_TWICE);
        let heads = self.heads()?;
        let mut telling = heads
            .values()
            .filter(|cached| cached.head.seen.contains(&said))
            .peekable();
        if telling.peek().is_none() {
            return Ok(false);
        }
        let departed = self.departed()?;
        Ok(telling.any(|cached| !departed.contains(&cached.head.location)))
    }

    /// Lets go of all entries; what stands on the drive stands for nothing any more, as if it had just been put there.
    pub(crate) fn forget_all_entries(&mut self) -> Result<()> {
        let mut after: Option<PathKey> = None;
        loop {
            let page = self.index.places_after(after.as_ref(), INDEX_PAGE_ROWS)?;
            let Some((last, _)) = page.last() else { break };
            after = Some(last.clone());
            let alone = |(key, place): (PathKey, Place)| IndexWrite::Place(key, Place::new(None, place.into_parts().1));
            self.commit(page.into_iter().map(alone).collect())?;
        }
        let mut after: Option<PathKey> = None;
        loop {
            let page = self.index.entries_after(after.as_ref(), INDEX_PAGE_ROWS)?;
            let Some((last, _)) = page.last() else { return Ok(()) };
            after = Some(last.clone());
            let empty = |(key, _): (PathKey, Siblings)| IndexWrite::Entry(key, Siblings::default());
            self.commit(page.into_iter().map(empty).collect())?;
        }
    }
}
