//! What an index knows of an archive's keys: which were handed to whom, which of them open here, and which one is in force.

use std::collections::{BTreeMap, BTreeSet};

use offsync_core::ids::{ArchiveId, LocationId, PublicKey};
use offsync_core::ports::IndexStore;
use offsync_core::seal::{ArchiveKey, ArchiveKeys, HANDED_BYTES, KeyName, SigningKey, take_over};
use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::memory::{self, CachedPerson, KEYED, PERSON};
use crate::taken_out::TakenOut;

/// The revision of a key that nobody writes with: who was taken out may have made it up.
pub(crate) const TO_READ_ALONE: u64 = 0;
/// How many such keys are handed on at most: each is said to everybody who lives, and kept.
pub(crate) const KEYS_TO_READ_MAX: usize = 16;

/// A key that somebody was handed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Handed {
    pub(crate) revision: u64,
    pub(crate) key: KeyName,
    pub(crate) to: PublicKey,
    pub(crate) author: LocationId,
    pub(crate) handed: Vec<u8>,
}

impl Handed {
    /// Gives the note's name: of each key, one for each who can open it and each who says so.
    pub(crate) fn note(&self) -> String {
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let (key, to) = (hex(self.key.as_bytes()), hex(self.to.as_bytes()));
        format!("{KEYED}{key}.{to}.{}", self.author)
    }

    fn open(&self, signer: &SigningKey, archive: &ArchiveId) -> Option<ArchiveKey> {
        let handed: &[u8; HANDED_BYTES] = self.handed.as_slice().try_into().ok()?;
        let key = take_over(handed, signer, archive).filter(|_| self.to == signer.public())?;
        (ArchiveKeys::name_of(&key, archive) == self.key).then_some(key)
    }
}

/// What an index knows of an archive's keys.
pub(crate) struct Known {
    pub(crate) handed: Vec<Handed>,
    /// The public keys of those who live.
    pub(crate) living: BTreeSet<PublicKey>,
    /// The public keys of those who were taken out, and of nobody who lives.
    pub(crate) removed: BTreeSet<PublicKey>,
    /// Who was taken out, by id: a key that they alone tell of is not written with.
    pub(crate) silenced: BTreeSet<LocationId>,
    /// Whether somebody was taken out whom nobody introduced here: nobody knows by which key they sign.
    strangers_out: bool,
}

impl Known {
    pub(crate) fn read(index: &dyn IndexStore) -> Result<Self> {
        let handed: Vec<Handed> = memory::read_all::<Handed>(index, KEYED)?.into_values().collect();
        let people = memory::read_all::<CachedPerson>(index, PERSON)?;
        let silenced: BTreeSet<LocationId> = TakenOut::read(index)?.all().keys().copied().collect();
        let (mut living, mut removed) = (BTreeSet::new(), BTreeSet::new());
        let introduced: BTreeSet<LocationId> = people.keys().filter_map(|id| id.parse().ok()).collect();
        for (id, person) in people {
            let is_out = id.parse().is_ok_and(|id| silenced.contains(&id));
            if is_out { &mut removed } else { &mut living }.insert(person.key);
        }
        removed.retain(|key| !living.contains(key));
        let strangers_out = silenced.iter().any(|id| !introduced.contains(id));
        Ok(Self {
            handed,
            living,
            removed,
            silenced,
            strangers_out,
        })
    }

    /// Gives the key to write with: the highest of those that nobody has who was taken out, else the highest of all.
    ///
    /// `None` is the first one, which all had who ever took part.
    pub(crate) fn in_force(&self) -> Option<(u64, KeyName)> {
        self.best(|_| true)
    }

    /// Gives the key that would be in force if there were only some.
    fn best(&self, is_one: impl Fn(&KeyName) -> bool) -> Option<(u64, KeyName)> {
        let to_write = |handed: &&Handed| handed.revision > TO_READ_ALONE && !self.silenced.contains(&handed.author);
        let told = self.handed.iter().filter(to_write);
        let told = told.filter(|handed| is_one(&handed.key));
        told.map(|handed| (self.is_clean(Some(handed.key)), handed.revision, handed.key))
            .max()
            .map(|(_, revision, key)| (revision, key))
    }

    /// Gives the revision of a key, as those tell it who were not taken out.
    ///
    /// What only somebody told of who was taken out is handed on to be read with: what it had sent before is sealed so.
    pub(crate) fn revision(&self, key: KeyName) -> u64 {
        let told = self.handed.iter().filter(|handed| handed.key == key);
        told.filter(|handed| !self.silenced.contains(&handed.author))
            .map(|handed| handed.revision)
            .max()
            .unwrap_or(TO_READ_ALONE)
    }

    /// Tells whether nobody has a key who was taken out.
    pub(crate) fn is_clean(&self, key: Option<KeyName>) -> bool {
        match key {
            None => self.removed.is_empty() && !self.strangers_out,
            Some(key) => !self
                .handed
                .iter()
                .any(|handed| handed.key == key && self.removed.contains(&handed.to)),
        }
    }

    pub(crate) fn has(&self, key: KeyName, who: &PublicKey) -> bool {
        self.handed.iter().any(|handed| handed.key == key && handed.to == *who)
    }
}

/// Gives an archive's keys as an index knows them: the first one, and all that were handed to who signs so.
pub(crate) fn keys_known(index: &dyn IndexStore, first: &ArchiveKeys, signer: &SigningKey) -> Result<ArchiveKeys> {
    let known = Known::read(index)?;
    let opened = own_keys(&known, signer, first.archive());
    // Until the key in force has come here, the best that has: the first one all could read who ever took part.
    let in_force = known.best(|key| opened.contains_key(key)).map(|(_, key)| key);
    Ok(first.with_later(opened.values(), in_force))
}

pub(crate) fn own_keys(known: &Known, signer: &SigningKey, archive: &ArchiveId) -> BTreeMap<KeyName, ArchiveKey> {
    let me = signer.public();
    let mine = known.handed.iter().filter(|handed| handed.to == me);
    mine.filter_map(|handed| Some((handed.key, handed.open(signer, archive)?)))
        .collect()
}
