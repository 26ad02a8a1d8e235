//! New keys: when somebody is taken out, those who stay get another archive key, and write with it from then on.
//!
//! Level-triggered: whoever sees that somebody who was taken out has the key in force makes another one and hands it to all
//! who live; whoever sees that one who lives lacks a key hands it to them. All of it is statements, so that a home which was
//! away for years finds its keys in the mailbox. What was sent before stays readable to who was taken out.

use offsync_core::format::Statement;
use offsync_core::ids::PublicKey;
use offsync_core::limits::KEY_CYCLES;
use offsync_core::ports::IndexWrite;
use offsync_core::seal::{ArchiveKey, ArchiveKeys, hand_over};

use crate::engine::Engine;
use crate::error::Result;
use crate::keyring::{Handed, KEYS_TO_READ_MAX, Known, TO_READ_ALONE, keys_known, own_keys};
use crate::memory::{self, UNKEYED};

impl Engine<'_> {
    /// Takes up what was handed over since this cycle began.
    pub(crate) fn take_up_keys(&mut self) -> Result<()> {
        self.keys = keys_known(self.index, &self.keys, self.signer)?;
        Ok(())
    }

    /// Makes another key where somebody has the one in force who was taken out, and hands keys to those who live and lack them.
    ///
    /// Who said that somebody is out does so at once, the others after some cycles: that one may never sync again.
    pub(crate) fn hand_over_keys(&mut self) -> Result<()> {
        if self.awaits_state()? {
            // Who is out may not have been heard yet, or not again.
            return Ok(());
        }
        let known = Known::read(self.index)?;
        if known.silenced.is_empty() && known.handed.is_empty() {
            return Ok(());
        }
        let in_force = known.in_force();
        let is_due = !known.is_clean(in_force.map(|(_, key)| key));
        let before = memory::read::<u32>(self.index, UNKEYED)?.unwrap_or(0);
        let cycles = if is_due {
            before.saturating_add(1).min(KEY_CYCLES)
        } else {
            0
        };
        if cycles != before {
            self.commit(vec![memory::write(UNKEYED, &cycles)])?;
        }
        if is_due && (cycles >= KEY_CYCLES || self.said_who_is_out()?) {
            let key = ArchiveKey::new(self.random_seed());
            let revision = in_force.map_or(0, |(revision, _)| revision).saturating_add(1);
            self.hand_to(revision, &key, known.living.iter())?;
        }
        let mine = own_keys(&known, self.signer, self.keys.archive());
        let mut to_read_alone = 0;
        for (name, key) in mine {
            let revision = known.revision(name);
            to_read_alone += usize::from(revision == TO_READ_ALONE);
            if revision == TO_READ_ALONE && to_read_alone > KEYS_TO_READ_MAX {
                continue;
            }
            self.hand_to(revision, &key, known.living.iter().filter(|who| !known.has(name, who)))?;
        }
        self.take_up_keys()
    }

    /// Makes the notes by which a newcomer's index knows the keys that this location has.
    pub(crate) fn handed_to_newcomer(&self, to: &PublicKey) -> Result<Vec<IndexWrite>> {
        let (known, archive) = (Known::read(self.index)?, *self.keys.archive());
        let mut writes = Vec::new();
        for (name, key) in own_keys(&known, self.signer, &archive) {
            let Some(handed) = hand_over(&key, to, &archive, self.random_seed()) else {
                continue;
            };
            let handed = Handed {
                revision: known.revision(name),
                key: name,
                to: *to,
                author: self.me(),
                handed: handed.to_vec(),
            };
            writes.push(memory::write(handed.note(), &handed));
        }
        Ok(writes)
    }

    fn random_seed(&self) -> [u8; 32] {
        let mut seed = [0; 32];
        self.entropy.fill(&mut seed);
        seed
    }

    fn hand_to<'p>(&mut self, revision: u64, key: &ArchiveKey, to: impl Iterator<Item = &'p PublicKey>) -> Result<()> {
        let archive = *self.keys.archive();
        let people = self.people()?;
        for to in to {
            let Some((subject, _)) = people.iter().find(|(_, person)| person.key == *to) else {
                continue;
            };
            let Some(handed) = hand_over(key, to, &archive, self.random_seed()) else {
                continue;
            };
            let statement = Statement::Keyed {
                revision,
                key: ArchiveKeys::name_of(key, &archive),
                to: *to,
                handed,
                created_ns: self.clock.now_ns(),
            };
            self.say(*subject, statement)?;
        }
        Ok(())
    }
}
