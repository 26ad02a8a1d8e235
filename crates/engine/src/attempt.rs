//! A post that was cut off: packs that lie in the mailbox before any changeset names them. The next sync posts them as a
//! part, so that what arrived is not sent again; what is of no use any more leaves the mailbox.

use std::collections::{BTreeMap, BTreeSet};

use offsync_core::format::{ObjectName, PackRef};
use offsync_core::ports::{IndexWrite, Mailbox};
use offsync_core::seal::KeyName;

use crate::engine::Engine;
use crate::error::Result;
use crate::memory::{self, ATTEMPT, MINE};
use crate::post::Posting;
use crate::superseded::posted_chunks;
use crate::view::View;

impl Engine<'_> {
    /// Makes the write that notes a pack of a changeset which is not there yet.
    pub(crate) fn attempt_write(&self, name: &ObjectName) -> IndexWrite {
        memory::write(format!("{ATTEMPT}{name}"), &self.keys.in_force())
    }

    /// Posts what is left of a post that was cut off as a part: others keep its content until the entries come. What nobody
    /// needs any more leaves the mailbox. Tells whether anything was posted.
    pub(crate) fn finish_attempt(
        &mut self,
        mailbox: &dyn Mailbox,
        view: &mut View,
        posting: &Posting<'_>,
    ) -> Result<bool> {
        let noted = self.noted_attempt()?;
        let left = self.attempt_in(view, &noted);
        if left.is_empty() {
            return Ok(false);
        }
        let packs = self.usable_attempt(view, &left, &noted, posting)?;
        let used: BTreeSet<&ObjectName> = packs.iter().map(|pack| &pack.name).collect();
        let useless: BTreeSet<ObjectName> = left.iter().filter(|name| !used.contains(name)).cloned().collect();
        self.take_away(mailbox, view, &useless)?;
        self.forget_attempt(&useless)?;
        if packs.is_empty() {
            return Ok(false);
        }
        let manifest = self.manifest_of(&[], &[], packs, Vec::new(), false);
        let sealed = manifest.encode(&self.keys, self.signer, self.seal_nonce());
        if sealed.len() as u64 > self.room(view, posting)?.plain_bytes {
            return Ok(false);
        }
        self.fold_own(&manifest, &sealed, &[], &[])?;
        self.clear_outbox(mailbox, view)?;
        self.report.posted_changesets += 1;
        Ok(true)
    }

    /// Gives those packs, of what is left of a post that was cut off, which hold nothing but what is needed now.
    ///
    /// Only what is listed with its whole size counts as there, and only what is sealed with the key in force: somebody may
    /// have been taken out since.
    fn usable_attempt(
        &mut self,
        view: &View,
        left: &BTreeSet<ObjectName>,
        noted: &BTreeMap<String, Option<KeyName>>,
        posting: &Posting<'_>,
    ) -> Result<Vec<PackRef>> {
        let mut usable = Vec::new();
        if posting.counted.others(self.me()).next().is_none() {
            return Ok(usable);
        }
        let lacking = self.lacking_elsewhere(posting.counted)?;
        let (mut needed, mut known) = (BTreeSet::new(), BTreeSet::new());
        for change in self.postable(posting.consent)? {
            needed.extend(
                self.needed_chunks(&change, &lacking)?
                    .into_iter()
                    .map(|(chunk, _)| chunk),
            );
        }
        let next = self.vector.get(&self.me()) + 1;
        for name in left {
            let is_next = matches!(name, ObjectName::Pack { sequence, .. } if *sequence == next);
            let is_in_force = noted.get(&name.to_string()) == Some(&self.keys.in_force());
            let posted_bytes = memory::read::<u64>(self.index, &format!("{MINE}{name}"))?;
            let size_bytes = view.size_of(name);
            let chunks = posted_chunks(self.index, name)?.unwrap_or_default();
            let is_of_use =
                chunks.iter().all(|chunk| needed.contains(chunk)) && chunks.iter().any(|chunk| !known.contains(chunk));
            if is_next && is_in_force && posted_bytes == Some(size_bytes) && is_of_use {
                known.extend(chunks.iter().copied());
                usable.push(PackRef {
                    name: name.clone(),
                    size_bytes,
                    chunks,
                });
            }
        }
        Ok(usable)
    }

    /// Takes away the packs of a post that came to nothing.
    pub(crate) fn take_back_attempt(&mut self, mailbox: &dyn Mailbox, view: &mut View) -> Result<()> {
        let noted = self.noted_attempt()?;
        let mut gone = self.attempt_in(view, &noted);
        self.take_away(mailbox, view, &gone)?;
        // What did not fit is noted all the same, and must not count as if it were there.
        gone.extend(noted.keys().filter_map(|name| name.parse().ok()));
        self.forget_attempt(&gone)
    }

    /// Takes own packs that no changeset names out of the mailbox.
    fn take_away(&mut self, mailbox: &dyn Mailbox, view: &mut View, names: &BTreeSet<ObjectName>) -> Result<()> {
        for name in names {
            self.delete_object(mailbox, view, name)?;
        }
        Ok(())
    }

    /// Forgets packs that were put, or were about to be, and are not there.
    fn forget_attempt(&mut self, names: &BTreeSet<ObjectName>) -> Result<()> {
        if names.is_empty() {
            return Ok(());
        }
        let mut writes = self.forget_posted_writes(|name| names.contains(name))?;
        writes.extend(names.iter().map(|name| memory::erase(format!("{ATTEMPT}{name}"))));
        self.commit(writes)
    }

    /// Tells whether the next post may have a use for a pack.
    pub(crate) fn is_noted_attempt(&self, name: &ObjectName) -> Result<bool> {
        Ok(self.index.note(&format!("{ATTEMPT}{name}"))?.is_some())
    }

    fn noted_attempt(&self) -> Result<BTreeMap<String, Option<KeyName>>> {
        memory::read_all(self.index, ATTEMPT)
    }

    /// Gives the own packs of a listing whose changesets were never posted.
    fn attempt_in(&self, view: &View, noted: &BTreeMap<String, Option<KeyName>>) -> BTreeSet<ObjectName> {
        let (me, mine) = (self.me(), self.vector.get(&self.me()));
        let is_left = |name: &&ObjectName| match name {
            ObjectName::Pack { author, sequence, .. } if *author == me => {
                *sequence > mine || noted.contains_key(&name.to_string())
            }
            _ => false,
        };
        view.names().filter(is_left).cloned().collect()
    }
}
