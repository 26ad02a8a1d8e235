//! Pruning: what every counted location has applied leaves the mailbox.
//!
//! Heads are read again right before deleting. Nothing is pruned while only its author
//! counts. Anyone may delete; deleting twice is fine.

use std::collections::BTreeSet;

use offsync_core::format::head::Head;
use offsync_core::format::{FormatError, ObjectName, decode_pack};
use offsync_core::ids::{ChunkId, LocationId};
use offsync_core::limits::{DAY_NS, ORPHAN_PACK_DAYS};
use offsync_core::ports::{IndexWrite, Mailbox};

use crate::counted::{Counted, Standing};
use crate::engine::Engine;
use crate::error::Result;
use crate::memory::{self, ORPHAN};
use crate::monitor::Phase;
use crate::options::Patience;
use crate::view::View;

impl Engine<'_> {
    /// Deletes what all have applied; gives the listing as it is then, and who counted.
    ///
    /// `earlier` is another listing of this cycle: what it showed still counts as there. `missing` is what this
    /// location lacks itself.
    pub(crate) fn prune(
        &mut self,
        mailbox: &dyn Mailbox,
        earlier: &View,
        patience: Patience,
        missing: &BTreeSet<ChunkId>,
    ) -> Result<(View, Counted)> {
        let mut view = self.list(mailbox)?;
        let unusable = self.unusable.clone();
        self.learn_people(mailbox, &view)?;
        self.learn_heads(mailbox, &view)?;
        self.drop_damaged_heads(mailbox, &mut view, &unusable)?;
        self.tell_strangers(&view)?;
        let counted = self.counted(patience, missing)?;
        if counted.others(self.me()).next().is_some() && !self.knows_of_strangers()? {
            let dead = self.dead_objects(mailbox, &view, earlier, &counted)?;
            let total = dead.len() as u64;
            for (done, name) in dead.into_iter().enumerate() {
                self.tell(Phase::Pruning, done as u64, Some(total), None)?;
                self.report.pruned_objects += 1;
                self.report.pruned_bytes += view.size_of(&name);
                self.delete_object(mailbox, &mut view, &name)?;
            }
            self.drop_old_tombstones(&counted)?;
        }
        self.forget_what_left(&view)?;
        Ok((view, counted))
    }

    /// Takes away heads that nobody can read, of ids that were given up or that nobody knows: nobody writes them anew. Should
    /// such an id live after all, it writes its head with its next sync, whether or not a damaged one lies there.
    ///
    /// `unusable` is what was found so under an earlier listing. Whoever lives writes its own anew with its next sync, and
    /// what a newer Offsync wrote is of use to others.
    fn drop_damaged_heads(
        &mut self,
        mailbox: &dyn Mailbox,
        view: &mut View,
        unusable: &BTreeSet<ObjectName>,
    ) -> Result<()> {
        let mut given_up = self.departed()?;
        for name in unusable {
            if let ObjectName::Head(location) = name
                && *location != self.me()
                && self.key_of(location)?.is_none()
            {
                given_up.insert(*location);
            }
        }
        for location in given_up {
            let name = ObjectName::Head(location);
            let is_strange = self.key_of(&location)?.is_none();
            if !(is_strange || unusable.contains(&name)) || !view.contains(&name) {
                continue;
            }
            let Some(sealed) = self.get(mailbox, &name)? else {
                continue;
            };
            let is_whole = sealed.len() as u64 == view.size_of(&name);
            // One that was damaged when it was listed may have been written anew since, by somebody who lives.
            let is_taken_out = is_strange && self.is_removed(&location)?;
            let is_of_no_use = self.is_damaged(&name, &sealed)? || is_taken_out && self.is_a_strangers(&name, &sealed);
            if is_whole && is_of_no_use {
                self.delete_object(mailbox, view, &name)?;
                self.report.pruned_objects += 1;
            }
        }
        Ok(())
    }

    /// Tells whether a head is of somebody whom nobody introduced here.
    fn is_a_strangers(&self, name: &ObjectName, sealed: &[u8]) -> bool {
        let opened = Head::decode(&self.keys, name, sealed, |_| None);
        matches!(opened, Err(FormatError::UnknownAuthor(_)))
    }

    /// Tells whether somebody may count whose statement has not been seen yet: a listing may show a head before it.
    pub(crate) fn knows_of_strangers(&self) -> Result<bool> {
        Ok(self.sees_strangers || !self.counted_strangers()?.is_empty())
    }

    fn dead_objects(
        &mut self,
        mailbox: &dyn Mailbox,
        view: &View,
        earlier: &View,
        counted: &Counted,
    ) -> Result<Vec<ObjectName>> {
        let lacking = counted.lacking();
        let keeps_content = counted.anyone_lacks_more();
        let (departed, succeeded, people) = (self.departed()?, self.succeeded()?, self.people()?);
        let me = self.me();
        // Nobody introduced it and it has no head: it is forgotten. Wants are written anew each cycle, should it live.
        let is_forgotten = |location: &LocationId| {
            let head = ObjectName::Head(*location);
            *location != me && !people.contains_key(location) && !view.contains(&head) && !earlier.contains(&head)
        };
        let (mut dead, mut orphans) = (Vec::new(), BTreeSet::new());
        for name in view.names().cloned().collect::<Vec<_>>() {
            let is_dead = match &name {
                ObjectName::Manifest { .. } | ObjectName::Pack { .. } if keeps_content => false,
                ObjectName::Manifest { author, sequence } if counted.all_folded(author, *sequence) => {
                    !self.manifest_is_lacked(mailbox, view, &name, &lacking)?
                }
                ObjectName::Manifest { .. } => {
                    let is_closed = self.is_closed_for_ever(mailbox, &name)?;
                    if is_closed {
                        orphans.insert(name.to_string());
                    }
                    // Whoever has the key from a copy alone says so with their next sync.
                    is_closed && self.is_long_an_orphan(&name)? && self.all_spoke_since(&name, counted)?
                }
                ObjectName::Pack { author, sequence, .. } if counted.all_folded(author, *sequence) => {
                    !self.pack_is_lacked(mailbox, &name, &lacking)?
                }
                // An attempt that was cut off before its manifest.
                ObjectName::Pack { author, sequence, .. } => {
                    let manifest = ObjectName::Manifest {
                        author: *author,
                        sequence: *sequence,
                    };
                    let is_orphan = *sequence > self.vector.get(author)
                        && !view.contains(&manifest)
                        && !earlier.contains(&manifest);
                    if is_orphan && *author != me && !counted.0.contains_key(author) {
                        orphans.insert(name.to_string());
                    }
                    let may_leave = match *author == me {
                        // What the next post takes up, or takes away.
                        true => !self.is_noted_attempt(&name)?,
                        false => self.is_long_an_orphan(&name)?,
                    };
                    is_orphan && may_leave
                }
                ObjectName::Want(location) => departed.contains(location) || is_forgotten(location),
                ObjectName::ServedPack { reader, server, .. } | ObjectName::ServedState { reader, server, .. } => {
                    // A removed server never serves again: what it put there may be all that is left.
                    let want = ObjectName::Want(*reader);
                    let is_wanted = view.contains(&want) || earlier.contains(&want);
                    let is_given_up = departed.contains(server) || is_forgotten(server);
                    departed.contains(reader)
                        || is_forgotten(reader)
                        || succeeded.contains(server)
                        || is_given_up && (!is_wanted || *reader == me && self.is_spent(&name, counted.0.get(&me)))
                }
                ObjectName::Head(_) | ObjectName::People { .. } => false,
            };
            if is_dead {
                dead.push(name);
            }
        }
        // What lies beside a changeset that nobody can open leaves with it.
        let is_closed =
            |name: &&ObjectName| matches!(name, ObjectName::Manifest { .. }) && orphans.contains(&name.to_string());
        let closed: BTreeSet<_> = dead
            .iter()
            .filter(is_closed)
            .filter_map(ObjectName::changeset)
            .collect();
        let is_beside = |name: &&ObjectName| {
            matches!(name, ObjectName::Pack { .. }) && name.changeset().is_some_and(|of| closed.contains(&of))
        };
        let beside: Vec<_> = view
            .names()
            .filter(is_beside)
            .filter(|name| !dead.contains(name))
            .cloned()
            .collect();
        dead.extend(beside);
        self.note_orphans(&orphans)?;
        if !keeps_content {
            dead.extend(self.superseded_packs(view, earlier, counted)?);
        }
        // Packs go before their manifests, so that a cut leaves no pack that nobody can place.
        dead.sort_by_key(|name| matches!(name, ObjectName::Manifest { .. }));
        Ok(dead)
    }

    /// Tells whether a pack that was opened in this cycle holds nothing any more that lacks here.
    ///
    /// Its server takes back what is no longer wanted; where that one was given up, the reader does.
    fn is_spent(&self, name: &ObjectName, own: Option<&Standing>) -> bool {
        let (Some(own), Some(chunks)) = (own, self.space.packs.get(name)) else {
            return false;
        };
        // What opens to nothing is damaged, or was written by a newer Offsync.
        let is_read = !chunks.is_empty() || self.unusable.contains(name);
        is_read && !chunks.iter().any(|chunk| own.missing.contains(chunk))
    }

    /// Tells whether nobody came to end a pack's changeset, or to open one, for so long that nobody will.
    ///
    /// A listing may lag behind, and a clone of a drive may still be at work: hence the days.
    fn is_long_an_orphan(&self, name: &ObjectName) -> Result<bool> {
        let since_ns = memory::read::<i64>(self.index, &format!("{ORPHAN}{name}"))?;
        Ok(since_ns.is_some_and(|since_ns| self.clock.now_ns().saturating_sub(since_ns) > ORPHAN_PACK_DAYS * DAY_NS))
    }

    /// Tells whether all who count have spoken since an object was found to be of no use.
    fn all_spoke_since(&self, name: &ObjectName, counted: &Counted) -> Result<bool> {
        let since_ns = memory::read::<i64>(self.index, &format!("{ORPHAN}{name}"))?;
        let heads = self.heads()?;
        let spoke = |of: &LocationId| {
            heads
                .get(of)
                .zip(since_ns)
                .is_some_and(|(head, since_ns)| head.changed_ns > since_ns)
        };
        Ok(counted.others(self.me()).all(|(of, _)| spoke(of)))
    }

    /// Remembers since when objects are orphans, and forgets those that are none any more.
    fn note_orphans(&mut self, orphans: &BTreeSet<String>) -> Result<()> {
        let known = memory::read_all::<i64>(self.index, ORPHAN)?;
        let now_ns = self.clock.now_ns();
        let new = orphans.iter().filter(|name| !known.contains_key(*name));
        let mut writes: Vec<IndexWrite> = new
            .map(|name| memory::write(format!("{ORPHAN}{name}"), &now_ns))
            .collect();
        let gone = known.keys().filter(|name| !orphans.contains(*name));
        writes.extend(gone.map(|name| memory::erase(format!("{ORPHAN}{name}"))));
        self.commit(writes)
    }

    /// Tells whether a manifest is needed to find content that somebody lacks, and that is still there to be found.
    fn manifest_is_lacked(
        &mut self,
        mailbox: &dyn Mailbox,
        view: &View,
        name: &ObjectName,
        lacking: &BTreeSet<ChunkId>,
    ) -> Result<bool> {
        if lacking.is_empty() {
            return Ok(false);
        }
        let ObjectName::Manifest { author, .. } = name else {
            return Ok(false);
        };
        let Some(manifest) = self.read_manifest(mailbox, name, author)? else {
            return Ok(false);
        };
        let inline = manifest.inline.iter().map(|bytes| self.keys.chunk_id(bytes));
        let mut chunks = manifest
            .packs
            .iter()
            .filter(|pack| view.contains(&pack.name))
            .flat_map(|pack| pack.chunks.iter().copied())
            .chain(inline);
        Ok(chunks.any(|chunk| lacking.contains(&chunk)))
    }

    /// Tells whether a pack holds something of what somebody lacks.
    fn pack_is_lacked(
        &mut self,
        mailbox: &dyn Mailbox,
        name: &ObjectName,
        lacking: &BTreeSet<ChunkId>,
    ) -> Result<bool> {
        if lacking.is_empty() {
            return Ok(false);
        }
        let chunks = self.chunks_of_pack(mailbox, name)?.unwrap_or_default();
        Ok(chunks.iter().any(|chunk| lacking.contains(chunk)))
    }

    /// Gives what a pack holds; `None` if it cannot be read.
    pub(crate) fn chunks_of_pack(&mut self, mailbox: &dyn Mailbox, name: &ObjectName) -> Result<Option<Vec<ChunkId>>> {
        // Its changeset tells what it holds, and is small; a pack is fetched to be asked only where that is gone.
        if let Some(chunks) = self.chunks_by_manifest(mailbox, name)? {
            return Ok(Some(chunks));
        }
        let Some(sealed) = self.get(mailbox, name)? else {
            return Ok(None);
        };
        let chunks = decode_pack(&self.keys, name, &sealed).ok();
        Ok(chunks.map(|chunks| chunks.into_iter().map(|(id, _)| id).collect()))
    }

    /// Gives the chunks of a pack as its changeset tells them; `None` if that cannot be read.
    fn chunks_by_manifest(&mut self, mailbox: &dyn Mailbox, pack: &ObjectName) -> Result<Option<Vec<ChunkId>>> {
        let ObjectName::Pack { author, sequence, .. } = pack else {
            return Ok(None);
        };
        let name = ObjectName::Manifest {
            author: *author,
            sequence: *sequence,
        };
        let manifest = self.read_manifest(mailbox, &name, author)?;
        let listed = manifest.into_iter().flat_map(|manifest| manifest.packs);
        Ok(listed
            .into_iter()
            .find(|listed| listed.name == *pack)
            .map(|listed| listed.chunks))
    }

    fn drop_old_tombstones(&mut self, counted: &Counted) -> Result<()> {
        let mut writes = Vec::new();
        for (key, mut siblings) in self.index.entries_with_tombstones()? {
            let before = siblings.clone();
            siblings.drop_tombstones(|dot| counted.all_cover(dot));
            if siblings != before {
                writes.push(IndexWrite::Entry(key, siblings));
            }
        }
        self.commit(writes)
    }

    fn forget_what_left(&mut self, view: &View) -> Result<()> {
        let writes = self.forget_posted_writes(|name| !view.contains(name))?;
        self.commit(writes)
    }
}
