//! Who counts: the locations that a changeset waits for, with what each is known to hold.
//!
//! Not who was succeeded, removed or parked: by a statement, or by silence. A new head ends a parking.

use std::collections::{BTreeMap, BTreeSet};

use offsync_core::dot::Dot;
use offsync_core::format::head::Head;
use offsync_core::format::{FormatError, ObjectName, People, Statement};
use offsync_core::ids::{ChunkId, LocationId};
use offsync_core::limits::MISSING_LISTED_MAX;
use offsync_core::ports::{IndexWrite, Mailbox};
use offsync_core::version_vector::VersionVector;

use crate::engine::Engine;
use crate::error::Result;
use crate::memory::{self, CachedHead, CachedPerson, HEAD, HEARD, LEAPT, PERSON, STATEMENT};
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
    /// Takes up statements about locations that are new in the listing.
    pub(crate) fn learn_people(&mut self, mailbox: &dyn Mailbox, view: &View) -> Result<()> {
        let names: Vec<ObjectName> = view
            .names()
            .filter(|name| matches!(name, ObjectName::People { .. }))
            .cloned()
            .collect();
        // A statement may be signed by somebody whom a later one introduces, and so on: a drive that was restored
        // again and again has a chain of ids.
        let mut unknown = names.len() + 1;
        loop {
            let mut left = 0;
            for name in &names {
                let heard = format!("{HEARD}{name}");
                // What an older Offsync left alone, since it did not know its kind, is read once more by a newer one.
                let known_then = memory::read::<u8>(self.index, &heard)?;
                if known_then.is_some_and(|kind| kind >= Statement::NEWEST_KIND) {
                    continue;
                }
                if self.learn_person(mailbox, name)? {
                    self.commit(vec![memory::write(heard, &Statement::NEWEST_KIND)])?;
                } else {
                    left += 1;
                }
            }
            if left == 0 || left >= unknown {
                return Ok(());
            }
            unknown = left;
        }
    }

    /// Takes up one statement; tells whether it could be read and believed.
    fn learn_person(&mut self, mailbox: &dyn Mailbox, name: &ObjectName) -> Result<bool> {
        let Some(sealed) = self.get(mailbox, name)? else {
            return Ok(false);
        };
        let people = match People::decode(&self.keys, name, &sealed) {
            Ok(people) => people,
            Err(error) => {
                self.note_unreadable(name, &error);
                return Ok(false);
            }
        };
        let author_key = self.key_of(&people.author)?;
        let speaks_for_itself = author_key.is_none() && self.is_of_one_drive(&people)?;
        if author_key != Some(people.author_key) && !speaks_for_itself {
            return Ok(false);
        }
        // Who speaks for itself can say no more than that it is there.
        if matches!(
            people.statement,
            Statement::Named { .. } | Statement::Stands { .. } | Statement::Asks { .. } | Statement::Keyed { .. }
        ) {
            if author_key.is_none() {
                return Ok(false);
            }
            if self.hear(&people, &sealed)?
                && matches!(people.statement, Statement::Keyed { .. } | Statement::Stands { .. })
            {
                self.take_up_keys()?;
            }
            return Ok(true);
        }
        // Whoever said it may be gone with it, and others have yet to hear it: an id that lives on though it was succeeded,
        // who does not know yet whose words to believe, and whoever joins after a removal.
        let kept = memory::write(format!("{STATEMENT}{name}"), &sealed);
        let heard_ns = self.clock.now_ns();
        let person = match people.statement {
            Statement::Joined {
                label,
                person,
                key,
                holds,
                ..
            } => CachedPerson {
                label,
                person,
                key,
                holds,
                heard_ns,
                succeeds: Vec::new(),
            },
            // Nobody but the old id itself says who takes over from it.
            Statement::Succeeds { old, .. } if old != people.author => return Ok(true),
            Statement::Succeeds {
                old,
                old_counter,
                label,
                person,
                key,
                ..
            } => {
                let new = CachedPerson {
                    label,
                    person,
                    key,
                    holds: VersionVector::default(),
                    heard_ns,
                    succeeds: vec![(old, old_counter)],
                };
                if author_key.is_none() {
                    self.commit(vec![introduction_of(old, &new)])?;
                }
                new
            }
            Statement::Named { .. }
            | Statement::Stands { .. }
            | Statement::Asks { .. }
            | Statement::Keyed { .. }
            | Statement::Unknown { .. } => {
                return Ok(true);
            }
        };
        let note = format!("{PERSON}{}", people.subject);
        // Whoever is known already, oneself after a lost index among them, may still have taken over from somebody.
        let person = match memory::read::<CachedPerson>(self.index, &note)? {
            Some(mut known) => {
                let new = person.succeeds.into_iter().filter(|(old, _)| !known.follows(old));
                let new: Vec<_> = new.collect();
                known.succeeds.extend(new);
                known
            }
            None => person,
        };
        self.commit(vec![memory::write(note, &person), kept])?;
        Ok(true)
    }

    /// Tells whether a statement is one drive's about itself: about its only name, or about a new one, by the same key.
    fn is_of_one_drive(&self, people: &People) -> Result<bool> {
        Ok(match &people.statement {
            Statement::Succeeds { key, .. } => {
                let known = self.key_of(&people.subject)?;
                *key == people.author_key && known.is_none_or(|known| known == *key)
            }
            _ => people.author == people.subject,
        })
    }

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

/// Gives the write that takes up an id of which nothing is left but what its successor says: its heads can be read by the
/// same key.
pub(crate) fn introduction_of(old: LocationId, successor: &CachedPerson) -> IndexWrite {
    let person = CachedPerson {
        succeeds: Vec::new(),
        ..successor.clone()
    };
    memory::write(format!("{PERSON}{old}"), &person)
}
