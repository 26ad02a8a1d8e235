//! How a location begins: as the first of an archive, as a verified copy, or from nothing.

use offsync_core::format::{People, Statement};
use offsync_core::ids::{ArchiveId, LocationId, PublicKey};
use offsync_core::limits::INDEX_PAGE_ROWS;
use offsync_core::ports::{Clock, Entropy, IndexError, IndexErrorKind, IndexStore, IndexWrite};
use offsync_core::rel_path::PathKey;
use offsync_core::seal::{ArchiveKeys, SigningKey};
use offsync_core::version_vector::VersionVector;

use crate::engine::Engine;
use crate::error::Result;
use crate::memory::{
    self, ASKS, AWAITS_STATE, CachedPerson, FOLDER_HASHES_KEPT, IDENTITY, Identity, KEYED, MAY_HAVE_FORGOTTEN,
    MEMBERSHIP, MENDING, NAMED, NEEDS_NEW_ID, OUTBOX, PERSON, STATEMENT, VECTOR,
};

/// Who begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beginning {
    /// The archive.
    pub archive: ArchiveId,
    /// The new location.
    pub location: LocationId,
    /// What people call it.
    pub label: String,
    /// Who looks after it.
    pub person: String,
}

/// Another location that a beginning one knows from its invitation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Companion {
    /// Its id.
    pub location: LocationId,
    /// What people call it.
    pub label: String,
    /// Who looks after it.
    pub person: String,
    /// Its public key.
    pub key: PublicKey,
}

impl Beginning {
    /// Begins the first location of an archive in an empty index.
    pub fn found(
        &self,
        index: &mut dyn IndexStore,
        keys: &ArchiveKeys,
        signer: &SigningKey,
        clock: &dyn Clock,
        entropy: &dyn Entropy,
    ) -> Result<()> {
        let mut writes = self.identity_writes(clock, &signer.public(), &VersionVector::default());
        let statement = self.statement(signer.public(), VersionVector::default(), clock.now_ns());
        writes.extend(statement_writes(
            self.location,
            self.location,
            statement,
            keys,
            signer,
            entropy,
        ));
        Ok(index.commit(writes)?)
    }

    /// Begins a location in an empty index that knows nothing yet but who invited it.
    pub fn join(
        &self,
        index: &mut dyn IndexStore,
        key: &PublicKey,
        companions: &[Companion],
        clock: &dyn Clock,
    ) -> Result<()> {
        Ok(index.commit(self.joining_writes(key, companions, clock))?)
    }

    /// Begins a location once more that lost its index, or is brought back by its recovery sheet.
    ///
    /// Nobody can say what its id has said: it comes back under a new one, with the first head that it writes.
    pub fn join_again(&self, index: &mut dyn IndexStore, key: &PublicKey, clock: &dyn Clock) -> Result<()> {
        let mut writes = self.joining_writes(key, &[], clock);
        writes.push(memory::write(NEEDS_NEW_ID, &true));
        writes.push(memory::write(MAY_HAVE_FORGOTTEN, &true));
        Ok(index.commit(writes)?)
    }

    fn joining_writes(&self, key: &PublicKey, companions: &[Companion], clock: &dyn Clock) -> Vec<IndexWrite> {
        let mut writes = self.identity_writes(clock, key, &VersionVector::default());
        writes.push(memory::write(AWAITS_STATE, &true));
        writes.extend(companions.iter().map(|companion| {
            let person = CachedPerson {
                label: companion.label.clone(),
                person: companion.person.clone(),
                key: companion.key,
                holds: VersionVector::default(),
                heard_ns: clock.now_ns(),
                succeeds: Vec::new(),
            };
            memory::write(format!("{PERSON}{}", companion.location), &person)
        }));
        writes
    }

    fn identity_writes(&self, clock: &dyn Clock, key: &PublicKey, holds: &VersionVector) -> Vec<IndexWrite> {
        let identity = Identity::new(self.archive, self.location);
        let person = CachedPerson {
            label: self.label.clone(),
            person: self.person.clone(),
            key: *key,
            holds: holds.clone(),
            heard_ns: clock.now_ns(),
            succeeds: Vec::new(),
        };
        vec![
            memory::write(IDENTITY, &identity),
            memory::write(VECTOR, holds),
            memory::write(format!("{PERSON}{}", self.location), &person),
        ]
    }

    fn statement(&self, key: PublicKey, holds: VersionVector, created_ns: i64) -> Statement {
        Statement::Joined {
            label: self.label.clone(),
            person: self.person.clone(),
            key,
            created_ns,
            holds,
        }
    }
}

impl Engine<'_> {
    /// Begins `beginning` in an empty index as a copy of this one: same entries, same vector, own identity.
    ///
    /// Places are not copied: the new drive's scan finds its own, and so verifies them.
    pub fn begin_copy(&self, beginning: &Beginning, key: &PublicKey, index: &mut dyn IndexStore) -> Result<()> {
        if memory::read::<bool>(self.index, MENDING)?.is_some() {
            // The next sync ends that. A copy of half an index would say that the other half was deleted.
            let half = "the index is being mended";
            return Err(IndexError::new(IndexErrorKind::DamagedRow, half).into());
        }
        let mut writes = beginning.identity_writes(self.clock, key, &self.vector);
        writes.push(memory::erase(FOLDER_HASHES_KEPT));
        for prefix in [PERSON, STATEMENT, NAMED, MEMBERSHIP, ASKS, KEYED] {
            let notes = self.index.notes(prefix)?.into_iter();
            writes.extend(notes.map(|(name, bytes)| IndexWrite::Note(name, Some(bytes))));
        }
        // What its maker tells everybody with the next sync, it knows from the start. It also brings its maker's word for who it is:
        // that may be the last thing that anybody hears of its maker. Under a number of its own, since no object has two writers.
        let statement = beginning.statement(*key, self.vector.clone(), self.clock.now_ns());
        let (said, sealed) = self.word(beginning.location, statement);
        writes.push(memory::write(format!("{STATEMENT}{}", said.name()), &sealed));
        writes.extend(self.handed_to_newcomer(key)?);
        let mut after: Option<PathKey> = None;
        loop {
            index.commit(std::mem::take(&mut writes))?;
            let page = self.index.entries_after(after.as_ref(), INDEX_PAGE_ROWS)?;
            let Some((last, _)) = page.last() else { return Ok(()) };
            after = Some(last.clone());
            for (key, siblings) in page {
                writes.extend(key.parent().as_ref().map(memory::unsettle));
                writes.push(IndexWrite::Entry(key, siblings));
            }
        }
    }

    /// Lets a new location count from now on; `holds` is what its copy holds already.
    ///
    /// The statement waits in the outbox until the mailbox can be reached.
    pub fn invite(&mut self, beginning: &Beginning, key: PublicKey, holds: VersionVector) -> Result<()> {
        let writes = self.introduction(beginning, key, holds);
        self.commit(writes)?;
        self.hand_over_keys()
    }

    /// Makes the writes by which this location tells everybody of a new one.
    pub(crate) fn introduction(&self, beginning: &Beginning, key: PublicKey, holds: VersionVector) -> Vec<IndexWrite> {
        let statement = beginning.statement(key, holds.clone(), self.clock.now_ns());
        let mut writes = statement_writes(
            beginning.location,
            self.me(),
            statement,
            &self.keys,
            self.signer,
            self.entropy,
        );
        let person = CachedPerson {
            label: beginning.label.clone(),
            person: beginning.person.clone(),
            key,
            holds,
            heard_ns: self.clock.now_ns(),
            succeeds: Vec::new(),
        };
        writes.push(memory::write(format!("{PERSON}{}", beginning.location), &person));
        writes
    }
}

fn statement_writes(
    subject: LocationId,
    author: LocationId,
    statement: Statement,
    keys: &ArchiveKeys,
    signer: &SigningKey,
    entropy: &dyn Entropy,
) -> Vec<IndexWrite> {
    let people = People {
        subject,
        author,
        number: 1,
        author_key: signer.public(),
        statement,
    };
    let mut nonce = [0; 24];
    entropy.fill(&mut nonce);
    let sealed = people.encode(keys, signer, nonce);
    let name = people.name();
    vec![
        memory::write(format!("{OUTBOX}{name}"), &sealed),
        memory::write(format!("{STATEMENT}{name}"), &sealed),
    ]
}
