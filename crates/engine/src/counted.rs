//! Who counts: the locations that a changeset waits for, with what each is known to hold.
//!
//! Not who was succeeded, removed or parked: by a statement, or by silence. A new head ends a parking.

use std::collections::{BTreeMap, BTreeSet};

use offsync_core::dot::Dot;
use offsync_core::format::head::Head;
use offsync_core::format::{FormatError, ObjectName};
use offsync_core::ids::{ChunkId, LocationId};
use offsync_core::limits::MISSING_LISTED_MAX;
use offsync_core::ports::Mailbox;
use offsync_core::version_vector::VersionVector;

use crate::engine::Engine;
use crate::error::Result;
use crate::memory::{self, CachedHead, CachedPerson, HEAD, LEAPT};
use crate::options::Patience;
use crate::view::View;

/// One location that counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Standing {
    /// What it folded.
    pub(crate) vector: VersionVector,
    /// Chunks that it says it lacks.
    pub(crate) missing: BTreeSet<ChunkId>,
    /// Whether it may lack more than it lists.
    pub(crate) lacks_more: bool,
}

/// The locations that count, this one among them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counted(pub(crate) BTreeMap<LocationId, Standing>);

impl Counted {
    /// Goes through all but one.
    pub(crate) fn others(&self, me: LocationId) -> impl Iterator<Item = (&LocationId, &Standing)> {
        self.0.iter().filter(move |(location, _)| **location != me)
    }

    /// Tells whether all hold a dot.
    pub(crate) fn all_cover(&self, dot: &Dot) -> bool {
        self.0.values().all(|standing| standing.vector.covers_dot(dot))
    }

    /// Tells whether all folded an author's sequence.
    pub(crate) fn all_folded(&self, author: &LocationId, sequence: u64) -> bool {
        self.0.values().all(|standing| standing.vector.get(author) >= sequence)
    }

    /// Tells whether somebody may lack more than is listed: then nothing with content may go.
    pub(crate) fn anyone_lacks_more(&self) -> bool {
        self.0.values().any(|standing| standing.lacks_more)
    }

    /// Gives all chunks that anyone lacks.
    pub(crate) fn lacking(&self) -> BTreeSet<ChunkId> {
        self.0
            .values()
            .flat_map(|standing| standing.missing.iter().copied())
            .collect()
    }
}

impl Engine<'_> {
    /// Reads all heads in the listing; gives this location's own, if it is there.
    pub(crate) fn learn_heads(&mut self, mailbox: &dyn Mailbox, view: &View) -> Result<Option<Head>> {
        let mut own = None;
        let names: Vec<ObjectName> = view
            .names()
            .filter(|name| matches!(name, ObjectName::Head(_)))
            .cloned()
            .collect();
        for name in names {
            let ObjectName::Head(location) = &name else { continue };
            let Some(head) = self.read_head(mailbox, &name, location)? else {
                continue;
            };
            if *location == self.me() {
                own = Some(head);
            } else {
                self.cache_head(head)?;
            }
        }
        Ok(own)
    }

    /// Reads one head; what cannot be opened or verified counts as absent.
    pub(crate) fn read_head(
        &mut self,
        mailbox: &dyn Mailbox,
        name: &ObjectName,
        location: &LocationId,
    ) -> Result<Option<Head>> {
        let Some(sealed) = self.get(mailbox, name)? else {
            return Ok(None);
        };
        let key = self.key_of(location)?;
        match Head::decode(&self.keys, name, &sealed, |_| key) {
            Ok(head) => Ok(Some(head)),
            // Sealed by somebody who has the archive's key, and whose statement was not seen yet.
            Err(FormatError::UnknownAuthor(_)) => {
                self.sees_strangers |= !self.is_removed(location)?;
                Ok(None)
            }
            // Its key may have gone with who was given up; nobody is waited for who has it.
            Err(error) if error.lacks_key() && self.departed()?.contains(location) => Ok(None),
            Err(error) => {
                self.note_unreadable(name, &error);
                Ok(None)
            }
        }
    }

    /// Keeps a head unless a newer one was seen already.
    pub(crate) fn cache_head(&mut self, head: Head) -> Result<()> {
        let name = format!("{HEAD}{}", head.location);
        let known = memory::read::<CachedHead>(self.index, &name)?;
        let is_old = known.as_ref().is_some_and(|known| head.counter < known.head.counter);
        let is_same = known.as_ref().is_some_and(|known| head == known.head);
        if is_old || is_same {
            return Ok(());
        }
        let leap = self.leap(known.as_ref().map(|known| &known.head), &head)?;
        let changed_ns = self.clock.now_ns();
        let mut writes = vec![memory::write(name, &CachedHead { head, changed_ns })];
        writes.extend(leap.map(|life| memory::write(LEAPT, &life)));
        self.commit(writes)
    }

    /// Gives every head that this location remembers.
    pub(crate) fn heads(&self) -> Result<BTreeMap<LocationId, CachedHead>> {
        let all = memory::read_all::<CachedHead>(self.index, HEAD)?;
        Ok(all.into_values().map(|cached| (cached.head.location, cached)).collect())
    }

    /// Tells which locations another id took over from, and which have not spoken since.
    ///
    /// Only a head that knows of its successor is known to be younger than the succession. A head that does not may be
    /// older, whatever it counts: who came back without an index could not tell how far its old id had counted.
    pub(crate) fn succeeded(&self) -> Result<BTreeSet<LocationId>> {
        Ok(self.successions()?.into_iter().map(|(old, _)| old).collect())
    }

    /// Gives the successions that hold: who was succeeded and has not spoken since, and by whom.
    pub(crate) fn successions(&self) -> Result<Vec<(LocationId, LocationId)>> {
        let heads = self.heads()?;
        let people = self.people()?.into_iter();
        let successions = people.flat_map(|(successor, person)| {
            let olds = person.succeeds.into_iter();
            olds.map(move |(old, _)| (old, successor))
        });
        let is_silent = |(old, successor): &(LocationId, LocationId)| {
            heads.get(old).is_none_or(|cached| !knows_of(&cached.head, successor))
        };
        Ok(successions.filter(is_silent).collect())
    }

    /// Gives the locations that count unless they are silent: known, not succeeded, and no word of people takes them out.
    pub(crate) fn not_set_aside(&self) -> Result<BTreeMap<LocationId, CachedPerson>> {
        let (mut people, succeeded, aside) = (self.people()?, self.succeeded()?, self.set_aside()?);
        people.retain(|location, _| {
            !succeeded.contains(location) && (*location == self.me() || !aside.contains_key(location))
        });
        Ok(people)
    }

    /// Gives the locations that count: known, not succeeded, not removed, not parked.
    ///
    /// `missing` is what this one lacks itself.
    pub(crate) fn counted(&self, patience: Patience, missing: &BTreeSet<ChunkId>) -> Result<Counted> {
        let (heads, mut people) = (self.heads()?, self.not_set_aside()?);
        let silent = self.silent_among(&people, &heads, patience)?;
        people.retain(|location, _| !silent.contains(location));
        let mut counted = BTreeMap::new();
        for (location, person) in people {
            let standing = match heads.get(&location) {
                _ if location == self.me() => Standing {
                    vector: self.vector.clone(),
                    missing: missing.clone(),
                    lacks_more: false,
                },
                Some(CachedHead { head, .. }) => Standing {
                    vector: head.vector.clone(),
                    missing: head.missing.iter().copied().collect(),
                    lacks_more: head.missing.len() >= MISSING_LISTED_MAX,
                },
                None => Standing {
                    vector: person.holds,
                    ..Standing::default()
                },
            };
            counted.insert(location, standing);
        }
        Ok(Counted(counted))
    }
}

/// Tells whether who wrote a head had heard of a location.
fn knows_of(head: &Head, location: &LocationId) -> bool {
    head.counts.contains(location) || head.seen.iter().any(|(seen, _)| seen == location)
}
