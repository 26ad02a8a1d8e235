//! What somebody puts into the mailbox who has the key that the archive began with, and software of its own: a member that was
//! taken out.

use offsync_core::format::head::Head;
use offsync_core::format::{Membership, ObjectName, People, Statement, Want};
use offsync_core::ids::{ChunkId, LocationId, PublicKey};
use offsync_core::seal::SigningKey;
use offsync_core::version_vector::VersionVector;
use offsync_engine::{EngineError, SyncOptions};

use super::Homes;

impl Homes {
    /// Gives the key by which a home signs.
    pub(crate) fn signer(&self, n: usize) -> SigningKey {
        self.homes[n].signer.clone()
    }

    /// Puts a statement into the mailbox that no home made.
    pub(crate) fn forge_statement(
        &self,
        subject: LocationId,
        (author, signer): (LocationId, &SigningKey),
        number: u64,
        statement: Statement,
    ) {
        let people = People {
            subject,
            author,
            number,
            author_key: signer.public(),
            statement,
        };
        let sealed = people.encode(&self.keys, signer, [9; 24]);
        self.forge(&people.name().to_string(), sealed);
    }

    /// Says by somebody's software how a location stands.
    pub(crate) fn forge_word(&self, subject: LocationId, by: usize, membership: Membership, revision: u64) {
        let statement = Statement::Stands {
            membership,
            revision,
            head_counter: 0,
            created_ns: 0,
        };
        let author = (self.location(by), &self.signer(by));
        self.forge_statement(subject, author, revision.wrapping_add(1_000), statement);
    }

    /// Writes a head by another id, as one that knows all that there is, counts all, and heard of everybody.
    pub(crate) fn forge_head(&mut self, like: usize, location: LocationId, signer: &SigningKey) {
        let head = Head {
            location,
            counter: 1_000,
            ..self.head(like)
        };
        let sealed = head.encode(&self.keys, signer, [9; 24]);
        self.forge(&ObjectName::Head(location).to_string(), sealed);
    }

    /// Asks in the mailbox for all that there is, and for a content.
    pub(crate) fn forge_want(&self, location: LocationId, content: &[u8]) {
        let chunks: Vec<ChunkId> = vec![self.keys.chunk_id(content)];
        let want = Want {
            location,
            gap: Some(VersionVector::default()),
            chunks,
            damaged: Vec::new(),
        };
        self.forge(
            &ObjectName::Want(location).to_string(),
            want.encode(&self.keys, [9; 24]),
        );
    }

    /// Tells whether the mailbox hands a key of the archive to somebody.
    pub(crate) fn is_handed_a_key(&self, who: &PublicKey) -> bool {
        self.mail()
            .into_iter()
            .filter(|name| name.starts_with("people."))
            .any(|name| {
                let people = People::decode(&self.keys, &name.parse().expect("a name"), &self.object(&name));
                matches!(people.expect("sealed").statement, Statement::Keyed { to, .. } if to == *who)
            })
    }

    /// Gives the locations that count at a home.
    pub(crate) fn counting(&mut self, n: usize) -> Vec<LocationId> {
        let counting = self.with_engine(n, |engine| engine.counting(&SyncOptions::default()));
        counting.expect("a sound index").into_iter().collect()
    }

    /// Tells of each location that a home knows and nobody succeeded whether it is out.
    pub(crate) fn outs(&mut self, n: usize) -> Vec<(LocationId, bool)> {
        let aside = self.with_engine(n, |engine| engine.set_aside()).expect("a sound index");
        let is_out = |location: &LocationId| aside.get(location) == Some(&Membership::Removed);
        let living = self.living(n).into_iter();
        living.map(|location| (location, is_out(&location))).collect()
    }

    /// Says of a location that it is out, where the mailbox cannot be reached.
    pub(crate) fn remove_offline(&mut self, by: usize, location: LocationId) {
        let said = self.with_engine_offline(by, |engine| engine.set_membership(location, Membership::Removed));
        said.expect("a sound index");
    }

    /// Syncs a home that is out; gives by whose word.
    pub(crate) fn sync_refused(&mut self, n: usize) -> String {
        self.time.pass_ns(60_000_000_000);
        match self.with_engine(n, |engine| engine.sync(&SyncOptions::default())) {
            Err(EngineError::Removed { by }) => by,
            other => panic!("it is out: {other:?}"),
        }
    }
}
