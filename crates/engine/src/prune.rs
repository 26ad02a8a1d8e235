//! Pruning: what every counted location has applied leaves the mailbox.
//!
//! Heads are read again right before deleting. Nothing is pruned while only its author
//! counts. Anyone may delete; deleting twice is fine.

use std::collections::BTreeSet;

use offsync_core::format::{Manifest, ObjectName, decode_pack};
use offsync_core::ids::ChunkId;
use offsync_core::ports::{IndexWrite, Mailbox};

use crate::counted::Counted;
use crate::engine::Engine;
use crate::error::Result;
use crate::memory::{self, MINE};
use crate::monitor::Phase;
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
        park_after_ns: i64,
        missing: &BTreeSet<ChunkId>,
    ) -> Result<(View, Counted)> {
        let mut view = self.list(mailbox)?;
        self.learn_people(mailbox, &view)?;
        self.learn_heads(mailbox, &view)?;
        let counted = self.counted(park_after_ns, missing)?;
        if counted.others(self.me()).next().is_some() {
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

    fn dead_objects(
        &mut self,
        mailbox: &dyn Mailbox,
        view: &View,
        earlier: &View,
        counted: &Counted,
    ) -> Result<Vec<ObjectName>> {
        let lacking = counted.lacking();
        let keeps_content = counted.anyone_lacks_more();
        let succeeded = self.succeeded()?;
        let me = self.me();
        let mut dead = Vec::new();
        for name in view.names().cloned().collect::<Vec<_>>() {
            let is_dead = match &name {
                ObjectName::Manifest { .. } | ObjectName::Pack { .. } if keeps_content => false,
                ObjectName::Manifest { author, sequence } => {
                    counted.all_folded(author, *sequence) && !self.manifest_is_lacked(mailbox, &name, &lacking)?
                }
                ObjectName::Pack { author, sequence, .. } if counted.all_folded(author, *sequence) => {
                    !self.pack_is_lacked(mailbox, &name, &lacking)?
                }
                // An attempt of mine that was cut off before its manifest.
                ObjectName::Pack { author, sequence, .. } => {
                    let manifest = ObjectName::Manifest {
                        author: *author,
                        sequence: *sequence,
                    };
                    *author == me
                        && *sequence > self.vector.get(&me)
                        && !view.contains(&manifest)
                        && !earlier.contains(&manifest)
                }
                ObjectName::Want(location) => succeeded.contains(location),
                ObjectName::ServedPack { reader, server, .. } | ObjectName::ServedState { reader, server, .. } => {
                    succeeded.contains(reader) || succeeded.contains(server)
                }
                ObjectName::Head(_) | ObjectName::People { .. } => false,
            };
            if is_dead {
                dead.push(name);
            }
        }
        // Packs go before their manifests, so that a cut leaves no pack that nobody can place.
        dead.sort_by_key(|name| matches!(name, ObjectName::Manifest { .. }));
        Ok(dead)
    }

    fn manifest_is_lacked(
        &mut self,
        mailbox: &dyn Mailbox,
        name: &ObjectName,
        lacking: &BTreeSet<ChunkId>,
    ) -> Result<bool> {
        if lacking.is_empty() {
            return Ok(false);
        }
        let ObjectName::Manifest { author, .. } = name else {
            return Ok(false);
        };
        let (Some(key), Some(sealed)) = (self.key_of(author)?, self.get(mailbox, name)?) else {
            return Ok(false);
        };
        let Ok(manifest) = Manifest::decode(self.keys, name, &sealed, |_| Some(key)) else {
            return Ok(false);
        };
        let inline = manifest.inline.iter().map(|bytes| self.keys.chunk_id(bytes));
        let mut chunks = manifest
            .packs
            .iter()
            .flat_map(|pack| pack.chunks.iter().copied())
            .chain(inline);
        Ok(chunks.any(|chunk| lacking.contains(&chunk)))
    }

    fn pack_is_lacked(
        &mut self,
        mailbox: &dyn Mailbox,
        name: &ObjectName,
        lacking: &BTreeSet<ChunkId>,
    ) -> Result<bool> {
        if lacking.is_empty() {
            return Ok(false);
        }
        let Some(sealed) = self.get(mailbox, name)? else {
            return Ok(false);
        };
        let Ok(chunks) = decode_pack(self.keys, name, &sealed) else {
            return Ok(false);
        };
        Ok(chunks.iter().any(|(chunk, _)| lacking.contains(chunk)))
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
        let mut writes = Vec::new();
        for (name, _) in self.index.notes(MINE)? {
            let is_there = name[MINE.len()..].parse().is_ok_and(|name| view.contains(&name));
            if !is_there {
                writes.push(memory::erase(name));
            }
        }
        self.commit(writes)
    }
}
