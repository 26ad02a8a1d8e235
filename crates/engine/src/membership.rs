//! What locations are called, and whether they count, as people said it: parked, removed, or back; and how anything that
//! people say is heard.
//!
//! Of several statements about one location, or about the archive, the one with the highest revision holds, wherever it is read and in
//! whatever order; nothing compares times.

use std::collections::{BTreeMap, BTreeSet};

use offsync_core::format::{Membership, ObjectName, People, Statement};
use offsync_core::guard::Threshold;
use offsync_core::ids::LocationId;
use offsync_core::ports::IndexWrite;
use offsync_core::rel_path::RelPath;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::engine::Engine;
use crate::error::{EngineError, Result};
use crate::keyring::Handed;
use crate::memory::{self, ASKS, COUNTS_SINCE, MEMBERSHIP, NAMED, Rank, STATEMENT, STRANGERS, SaidMembership};
use crate::taken_out::TakenOut;
use crate::view::View;

/// Cycles in a row after which a location that nobody introduced is named.
const STRANGER_CYCLES: u32 = 3;

/// The last name of a location.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SaidName {
    rank: Rank,
    pub(crate) label: String,
    pub(crate) person: String,
}

/// What was last said of before how many deletions homes ask.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SaidThreshold {
    pub(crate) rank: Rank,
    pub(crate) threshold: Threshold,
}

impl Engine<'_> {
    /// Gives a location another name, for everybody.
    pub fn rename(&mut self, location: LocationId, label: &str, person: &str) -> Result<()> {
        self.may_speak()?;
        let known = memory::read::<SaidName>(self.index, &format!("{NAMED}{location}"))?;
        let statement = Statement::Named {
            revision: known.map_or(0, |known| known.rank.revision).saturating_add(1),
            label: label.to_owned(),
            person: person.to_owned(),
            created_ns: self.clock.now_ns(),
        };
        self.say(location, statement)?;
        self.match_marker()
    }

    /// Says for everybody whether a location counts.
    ///
    /// Its last head is looked for first, where the mailbox can be reached: one that was written before must not end a
    /// parking that is said now.
    pub fn set_membership(&mut self, location: LocationId, membership: Membership) -> Result<()> {
        self.may_speak()?;
        let besides = match membership {
            Membership::Removed => self.what_stays_without(location)?,
            Membership::Counts => self.what_comes_back_with(location)?,
            Membership::Parked => Vec::new(),
        };
        for (other, membership, head_counter) in besides {
            match self.say_membership(other, membership, head_counter) {
                // What holds about that one without this word goes on holding.
                Err(EngineError::Outranked) => {}
                said => said?,
            }
        }
        let head_counter = self.heads()?.get(&location).map_or(0, |cached| cached.head.counter);
        self.say_membership(location, membership, head_counter)
    }

    fn say_membership(&mut self, location: LocationId, membership: Membership, head_counter: u64) -> Result<()> {
        let taken_out = self.taken_out()?;
        let known = taken_out.words_about(&location).iter().map(|said| said.rank.revision);
        let revision = known.max().unwrap_or(0).saturating_add(1);
        // Nobody stays in by its own word.
        let is_own = |said: &&SaidMembership| membership == Membership::Removed && said.author() == location;
        let holding = taken_out.holding().get(&location).filter(|said| !is_own(said));
        let holding = holding.map(|said| said.rank);
        if holding.is_some_and(|rank| (rank.revision, rank.author) >= (revision, *self.me().as_bytes())) {
            return Err(EngineError::Outranked);
        }
        let statement = Statement::Stands {
            membership,
            revision,
            head_counter,
            created_ns: self.clock.now_ns(),
        };
        self.say(location, statement)
    }

    /// Gives what is to be said besides when a location is taken out, so that nothing else changes by it.
    ///
    /// What it said of others is said again by who takes it out: the word of somebody who is out brings nobody back. And so is
    /// that other homes stay which sign by its key: drives that were copied, each of which people see as a home of its own.
    fn what_stays_without(&self, location: LocationId) -> Result<Vec<(LocationId, Membership, u64)>> {
        let (me, people, taken_out, succeeded) = (self.me(), self.people()?, self.taken_out()?, self.succeeded()?);
        let key = people.get(&location).map(|person| person.key);
        let is_of_drive = |other: &LocationId| {
            *other == location || key.is_some() && people.get(other).map(|person| person.key) == key
        };
        let words = taken_out.holding().iter();
        // Of whom nobody has introduced, it may have spoken to bring in later what it makes up.
        let is_known = |other: &LocationId, said: &SaidMembership| said.takes_out() || people.contains_key(other);
        let said_by_it =
            words.filter(|(other, said)| is_of_drive(&said.author()) && !is_of_drive(other) && is_known(other, said));
        let mut besides: Vec<_> = said_by_it
            .map(|(other, said)| (*other, said.membership, said.head_counter))
            .collect();
        if !succeeded.contains(&location) && !is_of_drive(&me) {
            let has_no_word = |other: &LocationId| !taken_out.holding().contains_key(other);
            let homes = people.keys().filter(|other| **other != location && is_of_drive(other));
            let staying = homes.filter(|other| !succeeded.contains(other) && !taken_out.contains(other));
            besides.extend(
                staying
                    .filter(|other| has_no_word(other))
                    .map(|other| (*other, Membership::Counts, 0)),
            );
        }
        besides.retain(|(other, _, _)| *other != me);
        Ok(besides)
    }

    /// Gives the ids that a location had before and that were taken out: they are taken back with it, or else the id that
    /// it takes next would be out for theirs.
    fn what_comes_back_with(&self, location: LocationId) -> Result<Vec<(LocationId, Membership, u64)>> {
        let (people, taken_out, succeeded) = (self.people()?, self.taken_out()?, self.succeeded()?);
        let Some(key) = people.get(&location).map(|person| person.key) else {
            return Ok(Vec::new());
        };
        let ids = people
            .iter()
            .filter(|(other, person)| **other != location && person.key == key);
        let before = ids.filter(|(other, _)| succeeded.contains(other) && taken_out.contains(other));
        Ok(before.map(|(other, _)| (*other, Membership::Counts, 0)).collect())
    }

    /// Hears what others said, where the mailbox can be reached; refuses if they took this location out.
    ///
    /// What a removed location says would never leave its drive.
    pub(crate) fn may_speak(&mut self) -> Result<()> {
        match self.learn_all() {
            Ok(()) | Err(EngineError::Mailbox(_)) => self.refuse_if_removed(),
            Err(error) => Err(error),
        }
    }

    pub(crate) fn learn_all(&mut self) -> Result<()> {
        let Some(mailbox) = self.mailbox else { return Ok(()) };
        let view = self.list(mailbox)?;
        self.learn_people(mailbox, &view)?;
        self.learn_heads(mailbox, &view).map(drop)
    }

    /// Gives what people say of a location that does not count; what silence makes of others is not in it.
    pub fn set_aside(&self) -> Result<BTreeMap<LocationId, Membership>> {
        let (heads, taken_out) = (self.heads()?, self.taken_out()?);
        let is_parked = |(location, said): &(&LocationId, &SaidMembership)| {
            said.membership == Membership::Parked
                && heads
                    .get(location)
                    .is_none_or(|cached| cached.head.counter <= said.head_counter)
        };
        let parked = taken_out.holding().iter().filter(is_parked);
        let parked = parked.map(|(location, _)| (*location, Membership::Parked));
        let out = taken_out.all().keys().map(|location| (*location, Membership::Removed));
        Ok(parked.chain(out).collect())
    }

    /// Tells who was taken out.
    pub(crate) fn taken_out(&self) -> Result<TakenOut> {
        TakenOut::read(self.index)
    }

    /// Tells whether this location said of anybody that they were taken out, and that holds.
    pub(crate) fn said_who_is_out(&self) -> Result<bool> {
        let me = self.me();
        Ok(self.taken_out()?.all().values().any(|author| *author == me))
    }

    /// Tells when this location heard that another one counts again, by its own clock: its silence before is over.
    pub(crate) fn counts_since_ns(&self, location: &LocationId) -> Result<Option<i64>> {
        memory::read(self.index, &format!("{COUNTS_SINCE}{location}"))
    }

    /// Gives the locations that will not come back under their ids: succeeded by another one, or removed.
    pub(crate) fn departed(&self) -> Result<BTreeSet<LocationId>> {
        let mut departed = self.succeeded()?;
        departed.extend(self.taken_out()?.all().keys());
        Ok(departed)
    }

    /// Tells whether people took a location out of the archive, whether or not anybody ever introduced it.
    pub(crate) fn is_removed(&self, location: &LocationId) -> Result<bool> {
        Ok(self.taken_out()?.contains(location))
    }

    /// Gives the ids that nobody introduced here and that may be somebody's: their objects lie in the mailbox, or a head counts
    /// them. Nothing is pruned while there is one.
    pub fn strangers(&mut self) -> Result<BTreeSet<LocationId>> {
        let Some(mailbox) = self.mailbox else {
            return self.strangers_in(&View::default());
        };
        let view = self.list(mailbox)?;
        self.learn_people(mailbox, &view)?;
        self.learn_heads(mailbox, &view)?;
        self.strangers_in(&view)
    }

    fn strangers_in(&self, view: &View) -> Result<BTreeSet<LocationId>> {
        let (mut strangers, people) = (self.counted_strangers()?, self.people()?);
        let speaks = |name: &&ObjectName| matches!(name, ObjectName::Head(_) | ObjectName::Manifest { .. });
        let names = view.names().filter(speaks).filter(|name| !self.unusable.contains(name));
        let unknown = names.map(ObjectName::writer).filter(|id| !people.contains_key(id));
        let unknown: BTreeSet<LocationId> = unknown.copied().collect();
        if !unknown.is_empty() {
            let taken_out = self.taken_out()?;
            strangers.extend(unknown.into_iter().filter(|id| !taken_out.contains(id)));
        }
        Ok(strangers)
    }

    /// Gives the locations that heads count and nobody introduced here; what an id counted that was given up says nothing.
    pub(crate) fn counted_strangers(&self) -> Result<BTreeSet<LocationId>> {
        let (people, departed) = (self.people()?, self.departed()?);
        let heads = self.heads()?.into_iter();
        let heads = heads.filter(|(location, _)| !departed.contains(location));
        let counts = heads.flat_map(|(_, cached)| cached.head.counts);
        Ok(counts
            .filter(|location| !people.contains_key(location) && !departed.contains(location))
            .collect())
    }

    /// Names the strangers that several cycles in a row have seen: a statement that a listing shows late has come by then.
    pub(crate) fn tell_strangers(&mut self, view: &View) -> Result<()> {
        let strangers = self.strangers_in(view)?;
        let known: BTreeMap<LocationId, u32> = memory::read(self.index, STRANGERS)?.unwrap_or_default();
        let again = |id: LocationId| (id, known.get(&id).map_or(1, |cycles| (cycles + 1).min(STRANGER_CYCLES)));
        let seen: BTreeMap<LocationId, u32> = strangers.into_iter().map(again).collect();
        for (id, _) in seen.iter().filter(|(_, cycles)| **cycles >= STRANGER_CYCLES) {
            // Whoever was taken out could bring in what it made up: it takes a word.
            let else_let_in = match !self.taken_out()?.all().is_empty() {
                true => format!(", and the one that invited it; or let it in: offsync location unpark FOLDER {id}"),
                false => String::new(),
            };
            let reason = format!(
                "the mailbox tells of a home [{:.8}] that nobody introduced here, and nothing leaves the mailbox because of it. Sync that home{else_let_in}; if its drive is gone for good, take it out: offsync location remove FOLDER {id}",
                id.to_string()
            );
            self.warn(&RelPath::root(), reason);
        }
        if seen == known {
            return Ok(());
        }
        let note = match seen.is_empty() {
            true => memory::erase(STRANGERS),
            false => memory::write(STRANGERS, &seen),
        };
        self.commit(vec![note])
    }

    /// Refuses where others took this location out, as far as it has heard: it sends nothing and takes nothing.
    pub fn refuse_if_removed(&self) -> Result<()> {
        let Some(author) = self.taken_out()?.all().get(&self.me()).copied() else {
            return Ok(());
        };
        let by = self.people()?.remove(&author);
        let by = by.map_or_else(|| author.to_string(), |person| person.label);
        Err(EngineError::Removed { by })
    }

    /// Gives the last names of locations that were renamed, by hexadecimal id.
    pub(crate) fn names(&self) -> Result<BTreeMap<String, SaidName>> {
        memory::read_all(self.index, NAMED)
    }

    /// Takes up a statement whose author is known, unless a higher one was heard; tells whether it holds now.
    ///
    /// What holds is kept as it was sealed, in one commit: nobody goes by what would not be put again where it lacks.
    pub(crate) fn hear(&mut self, people: &People, sealed: &[u8]) -> Result<bool> {
        let rank = |revision: u64| Rank {
            revision,
            author: *people.author.as_bytes(),
            number: people.number,
        };
        let subject = people.subject;
        let (write, outranked) = match &people.statement {
            Statement::Named {
                revision,
                label,
                person,
                ..
            } => {
                let said = SaidName {
                    rank: rank(*revision),
                    label: label.clone(),
                    person: person.clone(),
                };
                self.outrank(format!("{NAMED}{subject}"), &said, |said| said.rank)?
            }
            Statement::Stands {
                membership,
                revision,
                head_counter,
                ..
            } => {
                let said = SaidMembership {
                    rank: rank(*revision),
                    membership: *membership,
                    head_counter: *head_counter,
                };
                // One word of either kind is kept of each who says one: which of them holds is told by who is in.
                let kind = if said.takes_out() { "out" } else { "in" };
                let note = format!("{MEMBERSHIP}{subject}.{}.{kind}", people.author);
                self.outrank(note, &said, |said| said.rank)?
            }
            Statement::Asks {
                revision, threshold, ..
            } if subject == people.author => {
                let said = SaidThreshold {
                    rank: rank(*revision),
                    threshold: *threshold,
                };
                self.outrank(ASKS.to_owned(), &said, |said| said.rank)?
            }
            Statement::Keyed {
                revision,
                key,
                to,
                handed,
                ..
            } => {
                let said = Handed {
                    revision: *revision,
                    key: *key,
                    to: *to,
                    author: people.author,
                    handed: handed.to_vec(),
                };
                let is_new = memory::read::<Handed>(self.index, &said.note())?.is_none();
                (is_new.then(|| memory::write(said.note(), &said)), None)
            }
            _ => (None, None),
        };
        let Some(write) = write else { return Ok(false) };
        let kept = memory::write(format!("{STATEMENT}{}", people.name()), &sealed);
        let mut writes = vec![write, kept];
        if let Some(rank) = outranked {
            // What nobody goes by any more need not be put again where it lacks.
            let author = LocationId::new(rank.author);
            let is_of_archive = matches!(people.statement, Statement::Asks { .. });
            let name = ObjectName::People {
                subject: if is_of_archive { author } else { subject },
                author,
                number: rank.number,
            };
            writes.push(memory::erase(format!("{STATEMENT}{name}")));
        }
        if let Statement::Stands {
            membership: Membership::Counts,
            revision,
            ..
        } = &people.statement
            && self.is_highest_about(&subject, &rank(*revision))?
        {
            let now_ns = self.clock.now_ns();
            writes.push(memory::write(format!("{COUNTS_SINCE}{subject}"), &now_ns));
        }
        self.commit(writes)?;
        Ok(true)
    }

    /// Tells whether nothing higher was heard of whether a location counts.
    fn is_highest_about(&self, location: &LocationId, rank: &Rank) -> Result<bool> {
        let taken_out = self.taken_out()?;
        Ok(taken_out.words_about(location).iter().all(|said| said.rank <= *rank))
    }

    /// Makes the note of what is said, unless something higher was heard; gives the rank of what it takes the place of, too.
    fn outrank<T: Serialize + DeserializeOwned>(
        &self,
        note: String,
        said: &T,
        rank: impl Fn(&T) -> Rank,
    ) -> Result<(Option<IndexWrite>, Option<Rank>)> {
        let known = memory::read::<T>(self.index, &note)?.map(|known| rank(&known));
        let holds = known.is_none_or(|known| known < rank(said));
        Ok((holds.then(|| memory::write(note, said)), known))
    }

    /// Makes a statement of this location's, and seals it.
    ///
    /// Its number is random: a drive that was restored does not know which it has used.
    pub(crate) fn word(&self, subject: LocationId, statement: Statement) -> (People, Vec<u8>) {
        let people = People {
            subject,
            author: self.me(),
            number: self.random_number(),
            author_key: self.signer.public(),
            statement,
        };
        let sealed = people.encode(&self.keys, self.signer, self.seal_nonce());
        (people, sealed)
    }

    /// Makes a statement and holds to it; the next cycle puts it into the mailbox.
    ///
    /// Refuses where nothing that is said here outranks what was heard: somebody said it with the highest revision there is.
    pub(crate) fn say(&mut self, subject: LocationId, statement: Statement) -> Result<()> {
        let (people, sealed) = self.word(subject, statement);
        match self.hear(&people, &sealed)? {
            true => Ok(()),
            false => Err(EngineError::Outranked),
        }
    }
}
