//! A home whose head says of another what is not so, and what somebody says who was taken out.

use offsync_core::format::head::Head;
use offsync_core::format::{Membership, ObjectName, People, State, Statement};
use offsync_core::ids::LocationId;
use offsync_core::seal::{ArchiveKey, ArchiveKeys, KeyName, hand_over, open};
use offsync_core::version_vector::VersionVector;

use super::Homes;

impl Homes {
    /// Gives a home's head, as it lies in the mailbox.
    pub(crate) fn head(&mut self, n: usize) -> Head {
        let name = ObjectName::Head(self.location(n));
        let key = self.homes[n].signer.public();
        let sealed = self.object(&name.to_string());
        let head = self.with_engine(n, |engine| Head::decode(engine.keys(), &name, &sealed, |_| Some(key)));
        head.expect("its home wrote it")
    }

    /// Lets a home's head in the mailbox say that it has heard another's head of a number.
    pub(crate) fn let_claim_to_have_seen(&mut self, n: usize, of: LocationId, counter: u64) {
        let mut head = self.head(n);
        head.counter += 1;
        head.seen.retain(|(location, _)| *location != of);
        head.seen.push((of, counter));
        head.seen.sort();
        let sealed = head.encode(&self.keys, &self.homes[n].signer, [9; 24]);
        self.forge(&ObjectName::Head(head.location).to_string(), sealed);
    }

    /// Tells whether who has no more than the key that the archive began with can open an object of the mailbox.
    pub(crate) fn first_key_opens(&self, name: &str) -> bool {
        let sealed = self.object(name);
        open(&self.keys, &name.parse().expect("a name"), &sealed).is_ok()
    }

    /// Puts an object into the mailbox as somebody would seal it who has no more than that key.
    pub(crate) fn forge_state_for(&self, reader: usize, server: usize, vector: VersionVector) {
        let name = ObjectName::ServedState {
            reader: self.location(reader),
            server: self.location(server),
            random: *b"8 bytes!",
        };
        for state in State::split([8; 16], &vector, Vec::new(), 1 << 20) {
            self.forge(&name.to_string(), state.encode(&self.keys, &name, [8; 24]));
        }
    }

    /// Puts into the mailbox what a home says to hand a key of its own choice to another one.
    pub(crate) fn forge_key(&self, author: usize, to: usize, revision: u64) {
        let archive = *self.keys.archive();
        let (key, public) = (ArchiveKey::new([66; 32]), self.homes[to].signer.public());
        let statement = Statement::Keyed {
            revision,
            key: ArchiveKeys::name_of(&key, &archive),
            to: public,
            handed: hand_over(&key, &public, &archive, [6; 32]).expect("a sound key"),
            created_ns: 0,
        };
        let people = People {
            subject: self.location(to),
            author: self.location(author),
            number: 66,
            author_key: self.homes[author].signer.public(),
            statement,
        };
        let sealed = people.encode(&self.keys, &self.homes[author].signer, [9; 24]);
        self.forge(&people.name().to_string(), sealed);
    }

    /// Tells whether a home writes with a key of somebody else's choice.
    pub(crate) fn writes_with_forged_key(&mut self, n: usize) -> bool {
        let forged = ArchiveKeys::name_of(&ArchiveKey::new([66; 32]), self.keys.archive());
        let head = self.object(&format!("head.{}", self.location(n)));
        head[30..38] == *forged.as_bytes()
    }

    /// Tells whether a statement hands somebody a key.
    pub(crate) fn is_key(&self, name: &str) -> bool {
        let people = People::decode(&self.keys, &name.parse().expect("a name"), &self.object(name));
        matches!(people.expect("sealed").statement, Statement::Keyed { .. })
    }

    /// Gives the name of the key that a home writes with; `None` for the first one.
    pub(crate) fn key_in_force(&mut self, n: usize) -> Option<KeyName> {
        self.with_engine(n, |engine| engine.keys().in_force())
    }

    /// Tells whether a home could open what another one writes now, if it read all that the mailbox holds.
    pub(crate) fn opens_key_in_force(&mut self, n: usize, of: usize) -> bool {
        let head = format!("head.{}", self.location(of));
        let sealed = self.object(&head);
        self.with_engine(n, |engine| {
            let _ = engine.set_membership(engine.identity().location, Membership::Parked);
            open(engine.keys(), &head.parse().expect("a name"), &sealed).is_ok()
        })
    }

    /// Lets a location that was taken out count again.
    pub(crate) fn take_back(&mut self, by: usize, location: LocationId) {
        self.with_engine(by, |engine| engine.set_membership(location, Membership::Counts))
            .expect("a sound world");
    }
}
