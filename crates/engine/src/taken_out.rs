//! Who is out: the locations that people took out of the archive, and all others that sign by the key of one of them.
//!
//! A pure function of what was said, in whatever order it is heard. Anybody's word takes somebody out, also that of one who is
//! out by now; but nobody comes back without a word of somebody who is in.

use std::collections::{BTreeMap, BTreeSet};

use offsync_core::ids::{LocationId, PublicKey};
use offsync_core::ports::IndexStore;

use crate::error::Result;
use crate::memory::{self, CachedPerson, MEMBERSHIP, PERSON, SaidMembership};

/// What was said of whether locations count, and what of it holds.
#[derive(Default)]
pub(crate) struct TakenOut {
    words: BTreeMap<LocationId, Vec<SaidMembership>>,
    keys: BTreeMap<LocationId, PublicKey>,
    /// All ids of a drive sign by one key.
    drives: BTreeMap<PublicKey, BTreeSet<LocationId>>,
    /// The word about each that holds.
    holding: BTreeMap<LocationId, SaidMembership>,
    /// Who is out, each with who said so of it, or of another id of its drive.
    out: BTreeMap<LocationId, LocationId>,
}

impl TakenOut {
    pub(crate) fn read(index: &dyn IndexStore) -> Result<Self> {
        let mut found = Self::default();
        for (note, said) in memory::read_all::<SaidMembership>(index, MEMBERSHIP)? {
            if let Ok(subject) = note.split('.').next().unwrap_or_default().parse() {
                found.words.entry(subject).or_default().push(said);
            }
        }
        if found.words.values().flatten().any(SaidMembership::takes_out) {
            for (id, person) in memory::read_all::<CachedPerson>(index, PERSON)? {
                let Ok(id) = id.parse() else { continue };
                found.keys.insert(id, person.key);
                found.drives.entry(person.key).or_default().insert(id);
            }
        }
        found.judge();
        Ok(found)
    }

    /// Gives who is out, whether or not anybody ever introduced it, each with who said so.
    pub(crate) fn all(&self) -> &BTreeMap<LocationId, LocationId> {
        &self.out
    }

    pub(crate) fn contains(&self, location: &LocationId) -> bool {
        self.out.contains_key(location)
    }

    /// Gives the words that hold, by whom they are about: of several the highest.
    pub(crate) fn holding(&self) -> &BTreeMap<LocationId, SaidMembership> {
        &self.holding
    }

    /// Gives all words about a location, also those that do not hold.
    pub(crate) fn words_about(&self, location: &LocationId) -> &[SaidMembership] {
        self.words.get(location).map_or(&[], Vec::as_slice)
    }

    /// Gives all ids of the drive that goes by one, as far as its key is known; that one at least.
    fn drive_of(&self, location: &LocationId) -> BTreeSet<LocationId> {
        let known = self.keys.get(location).and_then(|key| self.drives.get(key));
        known.cloned().unwrap_or_else(|| [*location].into())
    }

    fn judge(&mut self) {
        let all_in = self.who_is_in(&BTreeSet::new());
        let taken_out = self
            .words
            .iter()
            .filter(|(_, words)| words.iter().any(SaidMembership::takes_out));
        let drives: Vec<BTreeSet<LocationId>> = taken_out.map(|(location, _)| self.drive_of(location)).collect();
        for drive in &drives {
            // What it said against others makes no word void that brings it back: else whoever is taken back could never take
            // out the one who said so, though that drive dies.
            let is_sayer = |said: &SaidMembership| said.takes_out() && drive.contains(&said.author());
            let (without, nobody) = (self.words.values().flatten().any(is_sayer), BTreeSet::new());
            let others = match without {
                true => self.who_is_in(drive),
                false => all_in.clone(),
            };
            for location in drive {
                let word = self.word_about(location, &others, &nobody).cloned();
                let against = match &word {
                    Some(said) => said.takes_out().then(|| said.author()),
                    None => self.against_drive(location, &others, &nobody),
                };
                self.out.extend(against.map(|author| (*location, author)));
                self.holding.extend(word.map(|word| (*location, word)));
            }
        }
        let judged: BTreeSet<LocationId> = drives.into_iter().flatten().collect();
        for location in self.words.keys().filter(|location| !judged.contains(location)) {
            let words = self.words_about(location).iter();
            let word = words
                .filter(|said| !self.contains(&said.author()))
                .max_by_key(|said| said.rank);
            self.holding.extend(word.map(|word| (*location, word.clone())));
        }
    }

    /// Gives who is in if some ids had said nothing against anybody.
    ///
    /// None is in for words alone of such as are so in turn: it begins with those of whom nobody said that they are out.
    fn who_is_in(&self, unheard: &BTreeSet<LocationId>) -> BTreeSet<LocationId> {
        let authors = self.words.values().flatten().map(SaidMembership::author);
        let all: BTreeSet<LocationId> = self
            .words
            .keys()
            .chain(self.keys.keys())
            .copied()
            .chain(authors)
            .collect();
        let mut is_in = BTreeSet::new();
        loop {
            let before = is_in.len();
            for location in &all {
                let comes = !is_in.contains(location)
                    && match self.word_about(location, &is_in, unheard) {
                        Some(said) => !said.takes_out(),
                        None => self.against_drive(location, &is_in, unheard).is_none(),
                    };
                if comes {
                    is_in.insert(*location);
                }
            }
            if is_in.len() == before {
                return is_in;
            }
        }
    }

    /// Gives the highest word about a location: of those that take it out any, of others those alone of who is in.
    fn word_about(
        &self,
        location: &LocationId,
        is_in: &BTreeSet<LocationId>,
        unheard: &BTreeSet<LocationId>,
    ) -> Option<&SaidMembership> {
        let words = self.words_about(location).iter();
        let heard = words.filter(|said| match said.takes_out() {
            true => !unheard.contains(&said.author()),
            false => is_in.contains(&said.author()),
        });
        heard.max_by_key(|said| said.rank)
    }

    /// Tells who took out another id of the drive that goes by one. What the drive says of its own ids is of that one alone.
    fn against_drive(
        &self,
        location: &LocationId,
        is_in: &BTreeSet<LocationId>,
        unheard: &BTreeSet<LocationId>,
    ) -> Option<LocationId> {
        let drive = self.keys.get(location).and_then(|key| self.drives.get(key))?;
        let against = drive.iter().flat_map(|other| {
            let backs = |said: &&SaidMembership| !said.takes_out() && is_in.contains(&said.author());
            let back = self.words_about(other).iter().filter(backs).map(|said| said.rank).max();
            let words = self.words_about(other).iter().filter(|said| said.takes_out());
            words.filter(move |said| back.is_none_or(|back| said.rank > back))
        });
        let others = against.filter(|said| !unheard.contains(&said.author()) && !drive.contains(&said.author()));
        others.max_by_key(|said| said.rank).map(SaidMembership::author)
    }
}
