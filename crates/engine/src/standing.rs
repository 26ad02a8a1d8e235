//! Standings: how each location stands towards this one, as far as its head tells.

use std::collections::BTreeSet;

use offsync_core::format::Membership;
use offsync_core::format::head::Head;
use offsync_core::ids::{LocationId, Root};
use offsync_core::version_vector::VersionVector;

use crate::engine::Engine;
use crate::error::Result;
use crate::fit::NeverHeld;
use crate::memory::{self, CachedHead, CachedPerson, LAST_CHECK, LogRecord};
use crate::options::SyncOptions;

/// How a location stands towards this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LocationState {
    /// It folded all that this one folded and lacks nothing.
    UpToDate,
    /// It has not folded something, or lacks content.
    Behind,
    /// It has all but what its drive can never hold.
    Unfit,
    /// It folded something that this one has not.
    Ahead,
    /// It went silent for longer than the archive allows.
    Parked,
    /// It has not written a head yet.
    Invited,
    /// Somebody took it out of the archive.
    Removed,
}

/// One location in a survey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocationStanding {
    /// Its id.
    pub location: LocationId,
    /// What people call it.
    pub label: String,
    /// Who looks after it.
    pub person: String,
    /// Whether it is the one that surveys.
    pub is_this: bool,
    /// How it stands.
    pub state: LocationState,
    /// Changesets that it has not folded.
    pub behind_changesets: u64,
    /// Their objects in bytes, as far as this location remembers.
    pub behind_bytes: u64,
    /// Files and links that its drive can never hold, where it has all else.
    pub unfit: u64,
    /// Whether it said that it has more to send, for which the mailbox had no room; nobody knows of who is set aside.
    pub waits_for_room: bool,
    /// When it wrote its last head, by its own clock.
    pub last_seen_ns: Option<i64>,
    /// When it last read all its files, by its own clock.
    pub last_check_ns: Option<i64>,
    /// Merkle root in its last head; in a survey, of the one that surveys as it is now.
    pub root: Option<Root>,
}

impl Engine<'_> {
    /// Tells how locations stand as far as this one remembers; looks neither at the drive nor at the mailbox.
    pub fn standings(&mut self, options: &SyncOptions) -> Result<Vec<LocationStanding>> {
        let heads = self.heads()?;
        let never_held = self.never_held(&heads)?;
        let silent = self.aside_for_silence(&heads, options.patience())?;
        let people = self.living()?.into_iter();
        people
            .map(|(location, person)| self.standing_of(location, &person, heads.get(&location), &never_held, &silent))
            .collect()
    }

    /// Tells whether a home has folded just what this one has, and waits for no content.
    pub(crate) fn is_level(&self, head: &Head) -> bool {
        head.missing.is_empty() && head.vector.covers(&self.vector) && self.vector.covers(&head.vector)
    }

    pub(crate) fn standing_of(
        &self,
        location: LocationId,
        person: &CachedPerson,
        cached: Option<&CachedHead>,
        never_held: &NeverHeld,
        silent: &BTreeSet<LocationId>,
    ) -> Result<LocationStanding> {
        let head = cached.map(|cached| &cached.head);
        let is_this = location == self.me();
        let vector = match head {
            _ if is_this => &self.vector,
            Some(head) => &head.vector,
            None => &person.holds,
        };
        let (behind_changesets, behind_bytes) = self.behind(vector)?;
        let is_level = head.is_some_and(|head| self.is_level(head));
        let unshown = head.map_or(0, |head| head.unshown);
        let of_drive = |head: &Head| never_held.iter().find(|(drive, _)| *drive == head.drive);
        let unfit = head.and_then(of_drive).map_or(0, |(_, unfit)| *unfit);
        let aside = self.set_aside()?.remove(&location);
        let is_parked = silent.contains(&location) || aside == Some(Membership::Parked);
        let state = match head {
            _ if aside == Some(Membership::Removed) => LocationState::Removed,
            _ if is_this => LocationState::UpToDate,
            _ if is_parked => LocationState::Parked,
            None => LocationState::Invited,
            Some(head) if !self.vector.covers(&head.vector) => LocationState::Ahead,
            Some(_) if is_level && unshown == 0 => LocationState::UpToDate,
            // What lacks besides is still to come, or to be healed: nobody can tell which of them it is.
            Some(_) if is_level && unshown == unfit => LocationState::Unfit,
            Some(_) => LocationState::Behind,
        };
        Ok(LocationStanding {
            location,
            label: person.label.clone(),
            person: person.person.clone(),
            is_this,
            state,
            behind_changesets,
            behind_bytes,
            waits_for_room: !is_this
                && !matches!(state, LocationState::Parked | LocationState::Removed)
                && head.is_some_and(|head| head.waits_for_room),
            unfit: if state == LocationState::Unfit { unfit } else { 0 },
            last_seen_ns: head.map(|head| head.written_ns),
            last_check_ns: if is_this {
                memory::read(self.index, LAST_CHECK)?
            } else {
                head.and_then(|head| head.checked_ns)
            },
            root: head.map(|head| head.root),
        })
    }

    /// Counts what a vector lacks of this location's.
    pub(crate) fn behind(&self, vector: &VersionVector) -> Result<(u64, u64)> {
        let changesets = self
            .vector
            .iter()
            .map(|(author, n)| n.saturating_sub(vector.get(author)))
            .sum();
        if changesets == 0 {
            return Ok((0, 0));
        }
        let lacking = |record: &LogRecord| vector.get(&record.author) < record.sequence;
        let bytes = self
            .log()?
            .iter()
            .filter(|record| lacking(record))
            .map(|record| record.bytes)
            .sum();
        Ok((changesets, bytes))
    }

    /// Gives the locations that count: neither succeeded by another id nor parked.
    pub fn counting(&self, options: &SyncOptions) -> Result<BTreeSet<LocationId>> {
        let counted = self.counted(options.patience(), &BTreeSet::new())?;
        Ok(counted.0.into_keys().collect())
    }
}
