//! The head: the one object that this location overwrites, saying what it folded and lacks.

use std::collections::{BTreeMap, BTreeSet};

use offsync_core::format::ObjectName;
use offsync_core::format::head::Head;
use offsync_core::ids::{ChunkId, LocationId, Nonce};
use offsync_core::limits::HEAD_REFRESH_NS;
use offsync_core::ports::Mailbox;

use crate::counted::Counted;
use crate::engine::Engine;
use crate::error::Result;
use crate::lost::for_head;
use crate::memory::{self, CachedHead, DIVERGED, HEAD, IDENTITY, LAST_CHECK};
use crate::twice::SAID_TWICE;
use crate::view::View;

/// The version of stored formats that this Offsync reads.
const READS_VERSION: u8 = 2;

impl Engine<'_> {
    /// Writes this location's head if it would say something new, or has not spoken for a day.
    ///
    /// `listed` is the head that the mailbox holds now.
    pub(crate) fn write_head(
        &mut self,
        mailbox: &dyn Mailbox,
        view: &mut View,
        listed: Option<&Head>,
        missing: &BTreeSet<ChunkId>,
        counted: &Counted,
    ) -> Result<Head> {
        let me = self.me();
        let lacking = for_head(missing, &self.lost_pieces()?);
        let counts: Vec<_> = counted.0.keys().copied().collect();
        let now_ns = self.clock.now_ns();
        // What is known to be damaged is safe elsewhere, if anywhere.
        let unshown = self.unshown()?.files + self.damages()?.len() as u64;
        let drive = self.disk.profile()?;
        let waits_for_room = self.outlook()?.is_some_and(|outlook| outlook.bytes > 0);
        let twice = self.twice()?;
        let checked_ns = memory::read::<i64>(self.index, LAST_CHECK)?;
        if let Some(listed) = listed {
            let says_same = listed.vector == self.vector
                && listed.missing == lacking
                && listed.counts == counts
                && listed.unshown == unshown
                && listed.drive == drive
                && listed.waits_for_room == waits_for_room
                && listed.checked_ns == checked_ns
                && twice
                    .iter()
                    .all(|location| listed.seen.contains(&(*location, SAID_TWICE)));
            let is_fresh = now_ns.abs_diff(listed.written_ns) < HEAD_REFRESH_NS;
            let is_ours = self.identity.nonces.contains(&Some(listed.nonce));
            // Whoever holds something else though it folded the same waits to hear this root once more.
            let is_in_doubt = !self.index.notes(DIVERGED)?.is_empty();
            // Who was set aside and syncs again says so, by a head that is newer than the one that was seen then.
            let is_counted = !self.succeeded()?.contains(&me) && !self.set_aside()?.contains_key(&me);
            if says_same && is_fresh && is_ours && is_counted && !is_in_doubt {
                self.note_head(listed.clone())?;
                return Ok(listed.clone());
            }
        }
        let seen = self.heads_seen(&twice)?;
        let nonce = Nonce::new(self.entropy.sixteen());
        let head = Head {
            location: me,
            vector: self.vector.clone(),
            missing: lacking,
            counter: self.identity.counter + 1,
            nonce,
            root: self.root()?,
            counts,
            checked_ns,
            free_bytes: self.disk.facts()?.free_bytes,
            written_ns: now_ns,
            seen,
            reads_version: READS_VERSION,
            unshown,
            waits_for_room,
            drive,
        };
        // Until the put is known to have worked, the mailbox may hold either.
        self.identity.nonces = vec![listed.map(|listed| listed.nonce), Some(nonce)];
        self.identity.counter = head.counter;
        let identity = memory::write(IDENTITY, &self.identity);
        self.commit(vec![identity])?;
        self.remember_on_host()?;
        let sealed = head.encode(&self.keys, self.signer, self.seal_nonce());
        self.put_object(mailbox, view, &ObjectName::Head(me), &sealed)?;
        self.note_head(head.clone())?;
        Ok(head)
    }

    /// Gives the highest counter seen of every other location's heads.
    ///
    /// Who is said to succeed this id is named in any case, with none if need be: that this head knows of it is what tells
    /// the others that this id lives on. Who used a number twice hears of it here.
    fn heads_seen(&self, twice: &BTreeSet<LocationId>) -> Result<Vec<(LocationId, u64)>> {
        let me = self.me();
        let people = self.people()?.into_iter();
        let successors = people.filter(|(_, person)| person.follows(&me));
        let mut seen: BTreeMap<LocationId, u64> = successors.map(|(successor, _)| (successor, 0)).collect();
        let heads = self.heads()?.into_iter();
        seen.extend(heads.map(|(location, cached)| (location, cached.head.counter)));
        seen.extend(twice.iter().map(|location| (*location, SAID_TWICE)));
        seen.remove(&me);
        Ok(seen.into_iter().collect())
    }

    fn note_head(&mut self, head: Head) -> Result<()> {
        let nonces = vec![Some(head.nonce)];
        let name = format!("{HEAD}{}", head.location);
        let known = memory::read::<CachedHead>(self.index, &name)?;
        if self.identity.nonces == nonces && known.is_some_and(|known| known.head == head) {
            return Ok(());
        }
        self.identity.nonces = nonces;
        let changed_ns = self.clock.now_ns();
        let writes = vec![
            memory::write(IDENTITY, &self.identity),
            memory::write(name, &CachedHead { head, changed_ns }),
        ];
        self.commit(writes)
    }
}
