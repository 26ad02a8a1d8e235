//! Who am I: a drive that is a copy, or was restored, notices and takes a new location id.
//!
//! No dot is ever minted twice: any sign that somebody knows more of this id than this
//! index does means that the id is somebody else's past.

use std::collections::BTreeMap;

use offsync_core::format::head::Head;
use offsync_core::format::{Manifest, Marker, ObjectName, People, Statement};
use offsync_core::ids::{LocationId, PublicKey};
use offsync_core::limits::HEADS_COUNTED_ON_MAX;
use offsync_core::ports::{IndexWrite, Mailbox};
use offsync_core::version_vector::VersionVector;
use serde::{Deserialize, Serialize};

use crate::begin::Beginning;
use crate::engine::Engine;
use crate::error::Result;
use crate::introduced::introduction_of;
use crate::memory::{
    self, CARRIED, CachedHead, CachedPerson, HEAD, HOLDS, IDENTITY, LEAPT, MAY_HAVE_FORGOTTEN,
    MAY_HAVE_LIVED_ELSEWHERE, MINE, NEEDS_NEW_ID, OUTBOX, PERSON, SENT, STATEMENT,
};
use crate::twice::SAID_TWICE;
use crate::view::View;

/// What the host computer remembers of a drive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct HostNote {
    counter: u64,
    sequence: u64,
    /// Nonces that its head may carry; none if this copy never wrote under that id, which another one has.
    nonces: Vec<Option<offsync_core::ids::Nonce>>,
    /// The id that the drive took after this one.
    became: Option<LocationId>,
    /// Where on this computer the copy lies that goes by this id.
    place: Vec<u8>,
}

/// The last id that a drive had before it takes another.
struct LastLife {
    location: LocationId,
    /// The highest counter of its heads.
    counter: u64,
    /// Ids between that this index knows nothing of: whom each succeeded, with the counter of that one's last head, and the id.
    untold: Vec<(LocationId, u64, LocationId)>,
}

/// Ids in a row that one drive is followed through.
const LIVES_MAX: usize = 256;

impl Engine<'_> {
    /// Looks for signs that this drive is a copy or was restored; takes a new id if so.
    pub(crate) fn check_identity(&mut self, view: &View, own: Option<&Head>) -> Result<()> {
        let me = self.me();
        let mine = self.vector.get(&me);
        let outbox = memory::read_all::<Vec<u8>>(self.index, OUTBOX)?;
        let is_beyond = |name: &ObjectName| match name {
            ObjectName::Manifest { author, sequence } => {
                *author == me && *sequence > mine && !outbox.contains_key(&name.to_string())
            }
            _ => false,
        };
        let heads = self.heads()?;
        let covered_by_other = heads.values().any(|cached| cached.head.vector.get(&me) > mine);
        let ahead =
            covered_by_other || own.is_some_and(|own| own.vector.get(&me) > mine) || view.names().any(is_beyond);
        let is_unknown = !self.identity.nonces.contains(&own.map(|own| own.nonce));
        // Absent or older, and nobody covers more of me: the mailbox lost something, the id stays.
        let is_older = own.is_none_or(|own| own.counter < self.identity.counter);
        let is_new_here = self.is_new_here()?;
        if self.is_brought_back()? || ahead || (is_unknown && !is_older) || is_new_here || self.host_knows_more()? {
            if let Some(own) = own {
                // What the id says of its successors is to be heard: one that it denies is another drive's, which lives.
                self.cache_head(own.clone())?;
            }
            if is_new_here {
                self.report.was_new_here = true;
                let mut writes = vec![memory::write(MAY_HAVE_LIVED_ELSEWHERE, &true)];
                writes.extend((!is_unknown).then(|| memory::write(CARRIED, &me)));
                self.commit(writes)?;
            }
            return self.take_new_id(own.map_or(0, |own| own.counter));
        }
        self.count_on(own, &heads)
    }

    /// Lets the own heads count on from the highest that others have heard, which may be of before the mailbox and all here were
    /// put back: until one counts beyond it, they would wait for what that one names and nobody can send.
    fn count_on(&mut self, own: Option<&Head>, heads: &BTreeMap<LocationId, CachedHead>) -> Result<()> {
        let (me, departed) = (self.me(), self.departed()?);
        let seen = heads
            .iter()
            .filter(|(location, _)| !departed.contains(location))
            .flat_map(|(_, cached)| &cached.head.seen);
        let of_me = seen.filter(|(location, counter)| *location == me && *counter != SAID_TWICE);
        let highest = of_me
            .map(|(_, counter)| *counter)
            .chain(own.map(|own| own.counter))
            .max();
        // Whoever counts may say anything: not even many lies bring the counter to its end.
        let bound = self.identity.counter.saturating_add(HEADS_COUNTED_ON_MAX);
        let counter = highest.map_or(0, |highest| highest.min(bound));
        if counter > self.identity.counter {
            self.identity.counter = counter;
            let identity = memory::write(IDENTITY, &self.identity);
            self.commit(vec![identity])?;
        }
        Ok(())
    }

    /// Gives the key by which the others verify what this location says; `None` if it knows none of itself.
    pub fn own_key(&self) -> Result<Option<PublicKey>> {
        self.key_of(&self.me())
    }

    /// Tells whether a person brought this location back without what it had noted: it takes a new id with its next head.
    pub fn is_brought_back(&self) -> Result<bool> {
        Ok(memory::read::<bool>(self.index, NEEDS_NEW_ID)?.unwrap_or(false))
    }

    /// Looks for the host's sign alone, where no mailbox can be asked; tells whether dots may be minted.
    ///
    /// Without any note of the host, a drive that has spoken may have been restored: it waits for the mailbox.
    pub(crate) fn check_identity_offline(&mut self) -> Result<bool> {
        if self.host_knows_more()? {
            self.take_new_id(0)?;
            return Ok(true);
        }
        Ok(!self.is_brought_back()? && !self.is_new_here()?)
    }

    /// Gives who this location is by its marker, where the note of that was damaged and nobody was heard since.
    fn as_marked(&self) -> Result<Option<CachedPerson>> {
        let Some(bytes) = self.disk.read_marker()? else {
            return Ok(None);
        };
        let marker = Marker::parse(&String::from_utf8_lossy(&bytes)).ok();
        Ok(marker.map(|marker| CachedPerson {
            label: marker.label,
            person: marker.person,
            key: self.signer.public(),
            holds: VersionVector::default(),
            heard_ns: self.clock.now_ns(),
            succeeds: Vec::new(),
        }))
    }

    /// Tells whether this location has spoken, and never at this computer.
    ///
    /// Nobody can say then what its id has said since: a mailbox that remembers just this drive may have been put back
    /// to the same night's backup, while other homes have folded what came after it.
    fn is_new_here(&self) -> Result<bool> {
        Ok(self.has_spoken() && !self.is_remembered_here()? && !self.was_known_here()?)
    }

    /// Tells whether anybody may know anything by this id.
    fn has_spoken(&self) -> bool {
        self.identity.counter > 0 || self.vector.get(&self.me()) > 0
    }

    /// Tells whether this computer knows the drive by an id that it had before: one that is carried between two computers
    /// takes an id at the second, and not at each visit.
    fn was_known_here(&self) -> Result<bool> {
        let lives = self.lives()?;
        for old in &lives[1..] {
            let is_this_drive =
                |note: &HostNote| !note.nonces.is_empty() && note.became.is_none_or(|became| lives.contains(&became));
            if self.host_note(old)?.as_ref().is_some_and(is_this_drive) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Gives this location's id and those that it has had, as far as it knows, the last first.
    fn lives(&self) -> Result<Vec<LocationId>> {
        let people = self.people()?;
        let mut lives = vec![self.me()];
        let mut next = 0;
        while let Some(life) = lives.get(next).copied() {
            for (old, _) in people.get(&life).into_iter().flat_map(|person| &person.succeeds) {
                if !lives.contains(old) && lives.len() < LIVES_MAX {
                    lives.push(*old);
                }
            }
            next += 1;
        }
        Ok(lives)
    }

    /// Succeeds ids that took over from one of this drive's own, of which its index knew nothing: it was put back twice, each
    /// time at a computer that did not know it, and the one between is nobody any more. A copy that lives says so by its heads.
    fn succeed_lives_between(&mut self) -> Result<()> {
        if memory::read::<bool>(self.index, MAY_HAVE_LIVED_ELSEWHERE)?.is_none() {
            return Ok(());
        }
        let (people, lives, departed) = (self.people()?, self.lives()?, self.departed()?);
        let key = self.signer.public();
        let who = people.get(&self.me());
        for (life, person) in &people {
            let is_between = person.key == key && lives.iter().skip(1).any(|old| person.follows(old));
            if !is_between || lives.contains(life) || departed.contains(life) {
                continue;
            }
            let cached = memory::read::<CachedHead>(self.index, &format!("{HEAD}{life}"))?;
            let counter = cached.map_or(0, |cached| cached.head.counter);
            let writes = self.succession(self.me(), (*life, counter), 1, who)?;
            self.commit(writes.into())?;
        }
        Ok(())
    }

    /// Tells whether the host remembers this drive: what it notes of another copy by this id says nothing of this one.
    fn is_remembered_here(&self) -> Result<bool> {
        let is_noted = self.witness.recall(&self.archive(), &self.me())?.is_some();
        Ok(match self.host_note(&self.me())? {
            Some(note) if note.nonces.is_empty() => note.place == self.disk.facts()?.place,
            _ => is_noted,
        })
    }

    pub(crate) fn host_knows_more(&self) -> Result<bool> {
        if !self.is_remembered_here()? {
            return Ok(false);
        }
        let note = match self.host_note(&self.me())? {
            // Another version wrote it: what it knows cannot be told, and a dot must not be minted twice.
            None => return Ok(true),
            Some(note) => note,
        };
        let is_other =
            note.counter == self.identity.counter && !note.nonces.iter().any(|n| self.identity.nonces.contains(n));
        let is_behind = note.counter > self.identity.counter || note.sequence > self.vector.get(&self.me());
        Ok(is_behind || is_other || note.became.is_some())
    }

    /// Tells whether the host's note of this drive is just what the drive says of itself.
    pub(crate) fn host_agrees(&self) -> Result<bool> {
        let note = self.host_note(&self.me())?;
        let is_same = note.is_some_and(|note| note.counter == self.identity.counter);
        Ok(is_same && self.is_remembered_here()? && !self.host_knows_more()?)
    }

    fn host_note(&self, location: &LocationId) -> Result<Option<HostNote>> {
        let bytes = self.witness.recall(&self.archive(), location)?;
        Ok(bytes.and_then(|bytes| postcard::from_bytes(&bytes).ok()))
    }

    /// Gives the last id that this drive is known to have had.
    ///
    /// A drive that is restored twice from one backup comes back as the first id both times. Were only that one
    /// succeeded, the id of the time between would count for ever, and nothing would be pruned until it is parked.
    fn last_life(&self, seen_counter: u64) -> Result<LastLife> {
        let (mut life, mut counter) = (self.me(), seen_counter.max(self.identity.counter));
        let place = self.disk.facts()?.place;
        let mut untold = Vec::new();
        for _ in 0..LIVES_MAX {
            let Some(note) = self.host_note(&life)? else { break };
            if note.place != place {
                // Another copy on this computer goes by that id: it lives on, and is nobody's to succeed.
                break;
            }
            counter = counter.max(note.counter);
            let Some(next) = note.became else { break };
            // Some may have heard of that id, though this index went back to before it: all must hear whom it succeeded.
            if !note.nonces.is_empty()
                && memory::read::<CachedPerson>(self.index, &format!("{PERSON}{next}"))?.is_none()
            {
                untold.push((life, note.counter, next));
            }
            life = next;
        }
        if self.is_brought_back()? {
            // Brought back before: who came back then is the last life, unless it turns out to live and writes again.
            // A word that the old id has denied since is another drive's, which lives.
            let successions = self.successions()?;
            for _ in 0..LIVES_MAX {
                let Some((_, next)) = successions.iter().find(|(old, _)| *old == life) else {
                    break;
                };
                life = *next;
                counter = 0;
            }
        }
        let cached = memory::read::<CachedHead>(self.index, &format!("{HEAD}{life}"))?;
        Ok(LastLife {
            location: life,
            counter: cached.map_or(counter, |cached| counter.max(cached.head.counter)),
            untold,
        })
    }

    /// Tells the host what this drive wrote, before anybody else can see it.
    pub(crate) fn remember_on_host(&self) -> Result<()> {
        let note = HostNote {
            counter: self.identity.counter,
            sequence: self.vector.get(&self.me()),
            nonces: self.identity.nonces.clone(),
            became: None,
            place: self.disk.facts()?.place,
        };
        self.tell_host(&self.me(), &note)
    }

    fn tell_host(&self, location: &LocationId, note: &HostNote) -> Result<()> {
        let bytes = postcard::to_stdvec(note).expect("notes are plain data");
        Ok(self.witness.remember(&self.archive(), location, &bytes)?)
    }

    /// Tells whether another copy goes by this id and lives on: this one has never spoken under it, and its host does not
    /// remember that it did. Both were begun by one invitation, and nobody's past is to be succeeded.
    fn is_a_second_use(&self) -> Result<bool> {
        if self.has_spoken() || self.is_brought_back()? {
            return Ok(false);
        }
        if self.witness.recall(&self.archive(), &self.me())?.is_none() {
            return Ok(true);
        }
        let (note, place) = (self.host_note(&self.me())?, self.disk.facts()?.place);
        Ok(note.is_some_and(|note| note.place != place))
    }

    fn take_new_id(&mut self, seen_counter: u64) -> Result<()> {
        if self.is_a_second_use()? {
            return self.begin_beside();
        }
        let LastLife {
            location: old,
            counter: old_counter,
            untold,
        } = self.last_life(seen_counter)?;
        let location = LocationId::new(self.entropy.sixteen());
        // Written at the last life, so that the way from the first to it is kept.
        let (known, place) = (self.host_note(&old)?, self.disk.facts()?.place);
        if known.as_ref().is_none_or(|known| known.place == place) {
            let note = HostNote {
                counter: old_counter,
                sequence: known
                    .as_ref()
                    .map_or(0, |known| known.sequence)
                    .max(self.vector.get(&old)),
                nonces: known.map_or_else(|| self.identity.nonces.clone(), |known| known.nonces),
                became: Some(location),
                place,
            };
            self.tell_host(&old, &note)?;
        }
        let people = self.people()?;
        let who = match people.get(&old).or_else(|| people.get(&self.me())) {
            Some(person) => Some(person.clone()),
            None => self.as_marked()?,
        };
        self.identity.location = location;
        self.identity.succeeds = Some((old, old_counter));
        self.identity.counter = old_counter;
        self.identity.nonces = vec![None];
        self.identity.predecessor = None;
        let mut writes = vec![
            memory::erase(NEEDS_NEW_ID),
            memory::erase(LEAPT),
            memory::write(IDENTITY, &self.identity),
        ];
        for (old, old_counter, next) in untold {
            // It was said before, and the number that was used then may be there still.
            let number = self.random_number();
            writes.extend(self.succession(next, (old, old_counter), number, who.as_ref())?);
        }
        writes.extend(self.succession(location, (old, old_counter), 1, who.as_ref())?);
        self.go_on(writes)
    }

    /// Takes an id of its own beside the one that another copy goes by, which counts as before.
    fn begin_beside(&mut self) -> Result<()> {
        let (other, location) = (self.me(), LocationId::new(self.entropy.sixteen()));
        let who = self.people()?.remove(&other);
        let (label, person) = who.map_or_else(Default::default, |who| (who.label, who.person));
        let beginning = Beginning {
            archive: self.archive(),
            location,
            label,
            person,
        };
        // In the other's name: its key is known to all whom the invitation reached.
        let mut writes = self.introduction(&beginning, self.signer.public(), self.vector.clone());
        self.identity.location = location;
        self.identity.succeeds = None;
        self.identity.nonces = vec![None];
        self.identity.predecessor = None;
        writes.push(memory::write(IDENTITY, &self.identity));
        self.go_on(writes)?;
        if self.witness.recall(&self.archive(), &other)?.is_some() {
            // That is what the other copy, on this computer, is known by.
            return Ok(());
        }
        let note = HostNote {
            counter: 0,
            sequence: 0,
            nonces: Vec::new(),
            became: Some(location),
            place: self.disk.facts()?.place,
        };
        self.tell_host(&other, &note)
    }

    /// Goes on as who it is from now on.
    fn go_on(&mut self, mut writes: Vec<IndexWrite>) -> Result<()> {
        for prefix in [SENT, MINE, HOLDS] {
            writes.extend(
                self.index
                    .notes(prefix)?
                    .into_iter()
                    .map(|(name, _)| memory::erase(name)),
            );
        }
        self.commit(writes)?;
        self.report.took_new_id = true;
        self.match_marker()
    }

    /// Succeeds all ids in the mailbox that nobody introduced and that this drive's key opens: it had them, and forgot them
    /// together with what others had heard of them.
    ///
    /// For who came back without an index, until a listing shows no stranger: it may lag, and a cable may be pulled. If a clone
    /// of the drive lives on under one of them, it says so by its heads.
    pub(crate) fn succeed_forgotten(&mut self, mailbox: &dyn Mailbox, view: &View) -> Result<()> {
        self.succeed_lives_between()?;
        let may_have_forgotten = memory::read::<bool>(self.index, MAY_HAVE_FORGOTTEN)?.unwrap_or(false);
        if !may_have_forgotten || self.is_brought_back()? {
            return Ok(());
        }
        if !self.sees_strangers {
            return self.commit(vec![memory::erase(MAY_HAVE_FORGOTTEN)]);
        }
        let key = Some(self.signer.public());
        for name in view.names().cloned().collect::<Vec<_>>() {
            let old = *name.writer();
            if !matches!(name, ObjectName::Head(_) | ObjectName::Manifest { .. }) || self.key_of(&old)?.is_some() {
                continue;
            }
            let Some(sealed) = self.get(mailbox, &name)? else {
                continue;
            };
            let counter = match name {
                ObjectName::Head(_) => Head::decode(&self.keys, &name, &sealed, |_| key).map(|head| head.counter),
                _ => Manifest::decode(&self.keys, &name, &sealed, |_| key).map(|_| 0),
            };
            let (Ok(counter), Some(who)) = (counter, self.people()?.remove(&self.me())) else {
                continue;
            };
            let mut writes = vec![introduction_of(old, &who)];
            writes.extend(self.succession(self.me(), (old, counter), 1, Some(&who))?);
            self.commit(writes)?;
        }
        Ok(())
    }

    /// Makes the writes that tell everybody that an id of this drive succeeds another, with the counter of that one's last head.
    fn succession(
        &self,
        location: LocationId,
        (old, old_counter): (LocationId, u64),
        number: u64,
        who: Option<&CachedPerson>,
    ) -> Result<[IndexWrite; 3]> {
        let (label, person) = who.map_or_else(Default::default, |who| (who.label.clone(), who.person.clone()));
        let statement = Statement::Succeeds {
            old,
            old_counter,
            label: label.clone(),
            person: person.clone(),
            key: self.signer.public(),
            created_ns: self.clock.now_ns(),
        };
        let people = People {
            subject: location,
            author: old,
            number,
            author_key: self.signer.public(),
            statement,
        };
        let sealed = people.encode(&self.keys, self.signer, self.seal_nonce());
        let known = memory::read::<CachedPerson>(self.index, &format!("{PERSON}{location}"))?;
        let mut cached = known.unwrap_or_else(|| CachedPerson {
            label,
            person,
            key: self.signer.public(),
            holds: Default::default(),
            heard_ns: self.clock.now_ns(),
            succeeds: Vec::new(),
        });
        cached.succeeds.push((old, old_counter));
        Ok([
            memory::write(format!("{OUTBOX}{}", people.name()), &sealed),
            memory::write(format!("{STATEMENT}{}", people.name()), &sealed),
            memory::write(format!("{PERSON}{location}"), &cached),
        ])
    }

    /// Lets the marker name this location as it is known, in case a renewal was cut off before it did or somebody renamed it.
    pub(crate) fn match_marker(&self) -> Result<()> {
        let Some(bytes) = self.disk.read_marker()? else {
            return Ok(());
        };
        let text = String::from_utf8_lossy(&bytes);
        let Ok(mut marker) = Marker::parse(&text) else {
            return Ok(());
        };
        let before = marker.clone();
        marker.location = self.me();
        if let Some(person) = self.people()?.remove(&self.me()) {
            (marker.label, marker.person) = (person.label, person.person);
        }
        if marker != before {
            self.disk.write_marker(marker.to_toml().as_bytes())?;
        }
        Ok(())
    }
}
