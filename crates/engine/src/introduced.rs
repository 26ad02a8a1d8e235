//! Statements: what people and homes say is taken up in whatever order it is listed, from those whose key is known; and who is
//! introduced by them.
//!
//! Once somebody was taken out, nobody is brought in by the word of one who is out, or by its own: whoever has the first key could
//! say that. It takes a word, or a key that was handed over, of somebody who is in.

use std::collections::{BTreeMap, BTreeSet};

use offsync_core::format::{Membership, ObjectName, People, Statement};
use offsync_core::ids::{LocationId, PublicKey};
use offsync_core::ports::{IndexWrite, Mailbox};
use offsync_core::version_vector::VersionVector;

use crate::engine::Engine;
use crate::error::Result;
use crate::keyring::Handed;
use crate::memory::{self, CachedPerson, HEARD, KEYED, PERSON, STATEMENT};
use crate::taken_out::TakenOut;
use crate::view::View;

/// A statement that was not taken up yet, and as what it is sealed.
type Unheard = (People, Vec<u8>);

/// By what statements are judged that were not taken up yet.
struct Hearing {
    /// Whether nobody else is known here: then nobody can be told from anybody, and whoever speaks is believed.
    knows_nobody: bool,
    /// Keys of ids that nobody brought in here, as the listed statements tell them; `None` where two tell different ones.
    ///
    /// They make nobody known. But who is let in by a word may have been introduced by one whom nobody knows any more.
    doubted: BTreeMap<LocationId, Option<PublicKey>>,
}

impl Engine<'_> {
    /// Takes up statements about locations that are new in the listing.
    pub(crate) fn learn_people(&mut self, mailbox: &dyn Mailbox, view: &View) -> Result<()> {
        let mut unheard = Vec::new();
        let all_read = self.read_statements(mailbox, view, &mut unheard);
        let hearing = Hearing {
            knows_nobody: self.knows_nobody_else()?,
            doubted: self.doubted_keys(&unheard)?,
        };
        const OUT: Membership = Membership::Removed;
        let takes_out = |people: &People| matches!(people.statement, Statement::Stands { membership: OUT, .. });
        let said_out = unheard.iter().filter(|(people, _)| takes_out(people));
        let said_out: BTreeSet<LocationId> = said_out.map(|(people, _)| people.subject).collect();
        // A statement may be signed by somebody whom a later one introduces, and so on: a drive that was restored
        // again and again has a chain of ids. Who is said to be out, or speaks for itself where somebody is, comes last: all
        // that may stand against it is heard by then.
        let is_doubted = |people: &People| {
            let is_own_word = people.author == people.subject || matches!(people.statement, Statement::Succeeds { .. });
            people.statement.introduced_key().is_some()
                && (said_out.contains(&people.author) || is_own_word && !said_out.is_empty())
        };
        loop {
            let before = unheard.len();
            let mut left = Vec::new();
            for (people, sealed) in unheard {
                if is_doubted(&people) || !self.learn_person(&people, &sealed, &hearing)? {
                    left.push((people, sealed));
                }
            }
            unheard = left;
            if unheard.len() < before {
                continue;
            }
            let mut taken_up = None;
            for (place, (people, sealed)) in unheard.iter().enumerate() {
                if is_doubted(people) && self.learn_person(people, sealed, &hearing)? {
                    taken_up = Some(place);
                    break;
                }
            }
            match taken_up {
                Some(place) => drop(unheard.remove(place)),
                None => return all_read,
            }
        }
    }

    /// Reads the listed statements that were not taken up yet, as far as they can be read.
    fn read_statements(&mut self, mailbox: &dyn Mailbox, view: &View, unheard: &mut Vec<Unheard>) -> Result<()> {
        for name in view.names().filter(|name| matches!(name, ObjectName::People { .. })) {
            // What an older Offsync left alone, since it did not know its kind, is read once more by a newer one.
            let known_then = memory::read::<u8>(self.index, &format!("{HEARD}{name}"))?;
            if known_then.is_some_and(|kind| kind >= Statement::NEWEST_KIND) {
                continue;
            }
            let Some(sealed) = self.get(mailbox, name)? else {
                continue;
            };
            match People::decode(&self.keys, name, &sealed) {
                Ok(people) => unheard.push((people, sealed)),
                Err(error) => self.note_unreadable(name, &error),
            }
        }
        Ok(())
    }

    /// Gives the keys that unheard introductions tell, each signed by its author's key as far as that is known or told.
    fn doubted_keys(&self, unheard: &[Unheard]) -> Result<BTreeMap<LocationId, Option<PublicKey>>> {
        let mut doubted: BTreeMap<LocationId, Option<PublicKey>> = BTreeMap::new();
        loop {
            let before = doubted.clone();
            for (people, _) in unheard {
                let Some(key) = people.statement.introduced_key() else {
                    continue;
                };
                let told = doubted.get(&people.author).copied().flatten();
                let author_key = self.key_of(&people.author)?.or(told);
                let is_signed = author_key.unwrap_or(people.author_key) == people.author_key;
                let speaks = author_key.is_some() || self.is_of_one_drive(people)?;
                if is_signed && speaks && self.key_of(&people.subject)?.is_none() {
                    let known = doubted.entry(people.subject).or_insert(Some(*key));
                    *known = known.filter(|known| known == key);
                }
            }
            if doubted == before {
                return Ok(doubted);
            }
        }
    }

    /// Takes up one statement; tells whether it is believed, and need not be read again.
    fn learn_person(&mut self, people: &People, sealed: &[u8], hearing: &Hearing) -> Result<bool> {
        let is_done = self.take_up(people, sealed, hearing)?;
        if is_done {
            let heard = format!("{HEARD}{}", people.name());
            self.commit(vec![memory::write(heard, &Statement::NEWEST_KIND)])?;
        }
        Ok(is_done)
    }

    fn take_up(&mut self, people: &People, sealed: &[u8], hearing: &Hearing) -> Result<bool> {
        let author_key = self.key_of(&people.author)?;
        let speaks_for_itself = author_key.is_none() && self.is_of_one_drive(people)?;
        let is_of_doubted = author_key.is_none()
            && matches!(people.statement, Statement::Joined { .. })
            && hearing.doubted.get(&people.author) == Some(&Some(people.author_key));
        if author_key != Some(people.author_key) && !speaks_for_itself && !is_of_doubted {
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
            if self.hear(people, sealed)?
                && matches!(people.statement, Statement::Keyed { .. } | Statement::Stands { .. })
            {
                self.take_up_keys()?;
            }
            return Ok(true);
        }
        if !(hearing.knows_nobody && (author_key.is_some() || speaks_for_itself))
            && !self.may_bring_in(people, author_key.is_some(), hearing)?
        {
            return Ok(false);
        }
        // Whoever said it may be gone with it, and others have yet to hear it: an id that lives on though it was succeeded,
        // who does not know yet whose words to believe, and whoever joins after a removal.
        let kept = memory::write(format!("{STATEMENT}{}", people.name()), &sealed);
        let heard_ns = self.clock.now_ns();
        let person = match people.statement.clone() {
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
            // Nobody but the old id itself says who takes over from it, and it is the same drive: that has one key.
            Statement::Succeeds { old, .. } if old != people.author || !self.is_of_one_drive(people)? => {
                return Ok(true);
            }
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

    /// Tells whether a statement may bring somebody in who is not known here.
    ///
    /// As long as nobody is out, whoever has the archive's key may; who takes over from somebody is in or out as that one is.
    fn may_bring_in(&self, people: &People, has_known_author: bool, hearing: &Hearing) -> Result<bool> {
        let key = match &people.statement {
            Statement::Joined { key, .. } => key,
            Statement::Succeeds { key, .. } if !has_known_author => key,
            _ => return Ok(true),
        };
        if self.key_of(&people.subject)?.is_some() {
            return Ok(true);
        }
        let taken_out = self.taken_out()?;
        if taken_out.all().is_empty() || has_known_author && !taken_out.contains(&people.author) {
            return Ok(true);
        }
        // Who is taken back is in, and who was taken out is out whoever introduces it; what it said against others is to be heard.
        // Of two that claim one id, no word tells which is meant.
        let is_claimed_twice = hearing.doubted.get(&people.subject) == Some(&None);
        let is_spoken_of = taken_out.holding().contains_key(&people.subject) && !is_claimed_twice;
        Ok(is_spoken_of || self.is_key_of_who_is_in(key, people.author_key == *key, &taken_out)?)
    }

    /// Tells whether somebody who is in signs by a key, or was handed one of the archive's keys for it by somebody who is.
    ///
    /// The key of who is known is taken from its own word alone: anybody could tell it of an id that nobody has.
    fn is_key_of_who_is_in(&self, key: &PublicKey, is_own_word: bool, taken_out: &TakenOut) -> Result<bool> {
        let people = self.people()?;
        let mut with_key = people.iter().filter(|(_, person)| person.key == *key).peekable();
        if with_key.peek().is_some() && !is_own_word {
            return Ok(false);
        }
        if with_key.any(|(location, _)| !taken_out.contains(location)) {
            return Ok(true);
        }
        let handed = memory::read_all::<Handed>(self.index, KEYED)?;
        Ok(handed
            .values()
            .any(|handed| handed.to == *key && !taken_out.contains(&handed.author)))
    }

    /// Tells whether this location knows no other one: then nobody can be told from anybody, and whoever speaks is believed.
    fn knows_nobody_else(&self) -> Result<bool> {
        let me = self.signer.public();
        Ok(self.people()?.values().all(|person| person.key == me))
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
