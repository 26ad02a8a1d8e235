//! Posting: own changes become dots, and a changeset in the mailbox for those who count.
//!
//! Packs go first, then one index transaction that folds the own dots and keeps the
//! sealed manifest in the outbox, then the manifest. A restart puts the same bytes
//! again. While nobody else is counted, entries get dots and nothing is posted.

use std::collections::{BTreeMap, BTreeSet};

use offsync_core::format::{Manifest, ObjectName, PackRef, PostedEntry, encode_pack};
use offsync_core::ids::{ChunkId, ManifestHash};
use offsync_core::limits::{
    CHANGESET_CONTENT_BYTES_MAX, CHANGESET_ENTRIES_MAX, INLINE_CONTENT_BYTES_MAX, REWRITTEN_APART_MAX,
};
use offsync_core::local_change::LocalChange;
use offsync_core::place::{Place, Shown, ShownRef};
use offsync_core::ports::{IndexWrite, Mailbox};
use offsync_core::rel_path::PathKey;

use crate::consent::Consent;
use crate::content::Stores;
use crate::counted::Counted;
use crate::engine::Engine;
use crate::error::Result;
use crate::memory::{self, ATTEMPT, GONE, Gone, IDENTITY, MINE, OUTBOX, SENT};
use crate::monitor::Phase;
use crate::outgoing::Outgoing;
use crate::superseded::posted_pack_writes;
use crate::touched::CHANGED_SINCE;
use crate::unit::{Unit, manifest_bytes, units};
use crate::verify::Unsent;
use crate::view::View;

/// Why an edit waits that reads otherwise than it did, under the same size and time.
const CHANGED_UNSEEN: &str = "it reads differently from what was to be sent, though its size and time are the same: it waits until somebody says whether that is an edit";
/// Why an edit waits that is damaged here.
const DAMAGED_ALONE: &str = "it is damaged on this drive and no other home shows what it held: those that may have it in their trash are asked for it; \
     if it does not come and is good enough as it reads now, say that it is to stay so, or delete it";

/// What one call of `post` may use.
pub(crate) struct Posting<'p> {
    pub(crate) mailbox: Option<&'p dyn Mailbox>,
    pub(crate) counted: &'p Counted,
    pub(crate) consent: &'p Consent,
    pub(crate) allowance_bytes: Option<u64>,
}

/// What goes into one changeset.
struct Pick {
    changes: Vec<usize>,
    /// Chunks to be sent, in order; more than the changes need if this is a part.
    chunks: Vec<ChunkId>,
    /// Where among them packs end: who rewrites a file does it again, and what replaced it can leave the mailbox early only if
    /// nothing else lies in its packs.
    cuts: BTreeSet<usize>,
}

impl Engine<'_> {
    /// Posts one changeset; tells whether there was something to post and room for it.
    pub(crate) fn post_one(&mut self, view: &mut View, posting: &Posting<'_>) -> Result<bool> {
        let changes = self.postable(posting.consent)?;
        if changes.is_empty() {
            return Ok(false);
        }
        let stores = self.stores()?;
        let is_alone = posting.counted.others(self.me()).next().is_none();
        let Some(pick) = self.pick(&changes, view, posting, is_alone)? else {
            return Ok(false);
        };
        match (is_alone, posting.mailbox) {
            (true, _) => self.mint(&changes, pick),
            (false, Some(mailbox)) => self.post_changeset(&changes, pick, mailbox, view, posting, &stores),
            (false, None) => Ok(false),
        }
    }

    /// Gives the contents that each change replaces.
    pub(crate) fn leaving(&self, changes: &[LocalChange]) -> Result<Vec<Vec<[u8; 32]>>> {
        let of_one = |change: &LocalChange| {
            let siblings = self.index.entry(&change.origin())?;
            let replaced = change.replaces.iter().filter_map(|dot| siblings.get(dot));
            let kept = replaced.filter(|version| version.value.content.is_live() && !version.value.content.is_folder());
            Ok(kept.map(|version| version.value.content.tag()).collect())
        };
        changes.iter().map(of_one).collect()
    }

    /// Chooses what goes next: what costs nothing first, then the small, then the large; or a part of a large one.
    fn pick(
        &mut self,
        changes: &[LocalChange],
        view: &View,
        posting: &Posting<'_>,
        is_alone: bool,
    ) -> Result<Option<Pick>> {
        let mut needs: Vec<Vec<(ChunkId, u64)>> = Vec::new();
        let lacking = self.lacking_elsewhere(posting.counted)?;
        for change in changes {
            needs.push(if is_alone {
                Vec::new()
            } else {
                self.needed_chunks(change, &lacking)?
            });
        }
        let cost = |unit: &Unit| -> u64 { unit.iter().flat_map(|i| &needs[*i]).map(|(_, len)| *len).sum() };
        let all_changes: Vec<&LocalChange> = changes.iter().collect();
        let found = self.deletions_of(&all_changes)?;
        let (answered, open) = found.answered_and_open(&all_changes, posting.consent);
        let asks = |unit: &Unit| match unit.iter().any(|i| open.contains(i)) {
            false => unit.iter().any(|i| answered.contains(i)).then_some(false),
            true => Some(true),
        };
        let mut all = units(changes, &self.leaving(changes)?, &found.live_on());
        let has_content = |unit: &Unit| unit.iter().any(|i| changes[*i].value.content.is_live());
        all.sort_by_cached_key(|unit| (has_content(unit), cost(unit), unit[0]));
        (self.report.waiting_entries, self.report.waiting_bytes) = (0, 0);
        self.replaced_unsaid.clear();
        let mut room = self.room(view, posting)?;
        let mut left = room.content_bytes.min(CHANGESET_CONTENT_BYTES_MAX);
        let mut manifest_left = MANIFEST_BYTES_GUESS_MAX;
        let mut picked = Pick {
            changes: Vec::new(),
            chunks: Vec::new(),
            cuts: BTreeSet::new(),
        };
        let mut known = BTreeSet::new();
        let (mut apart, mut picked_asks) = (0, None);
        for unit in &all {
            let in_manifest: u64 = unit.iter().map(|i| manifest_bytes(&changes[*i])).sum();
            let size = cost(unit) + in_manifest;
            let brings_content = cost(unit) > 0;
            let most = if brings_content {
                room.content_bytes
            } else {
                room.plain_bytes
            };
            if size > most {
                self.report.waiting_entries += unit.len() as u64;
                self.report.waiting_bytes += cost(unit);
                let replaced = unit.iter().flat_map(|i| &changes[*i].replaces);
                self.replaced_unsaid.extend(replaced);
                continue;
            }
            // What does not fit into this changeset goes with the next.
            let is_too_large = brings_content && size > left;
            let is_full = picked.changes.len() + unit.len() > CHANGESET_ENTRIES_MAX || manifest_left < in_manifest;
            if is_full && !picked.changes.is_empty() || is_too_large {
                continue;
            }
            // That nobody need be asked is said of a whole changeset: beside a deletion that may be asked about it could not be.
            picked_asks = picked_asks.or_else(|| asks(unit));
            if asks(unit).is_some_and(|asks| picked_asks != Some(asks)) {
                continue;
            }
            manifest_left = manifest_left.saturating_sub(in_manifest);
            room.content_bytes = room.content_bytes.saturating_sub(size);
            room.plain_bytes = room.plain_bytes.saturating_sub(size);
            left = left.saturating_sub(size);
            picked.changes.extend(unit);
            let is_rewritten = |i: &usize| !changes[*i].replaces.is_empty();
            let is_apart = apart < REWRITTEN_APART_MAX
                && cost(unit) > INLINE_CONTENT_BYTES_MAX as u64
                && unit.iter().any(is_rewritten);
            let begin = picked.chunks.len();
            let chunks = unit.iter().flat_map(|i| &needs[*i]).map(|(chunk, _)| *chunk);
            picked.chunks.extend(chunks.filter(|chunk| known.insert(*chunk)));
            if is_apart {
                apart += 1;
                picked.cuts.extend([begin, picked.chunks.len()]);
            }
        }
        if !picked.changes.is_empty() {
            return Ok(Some(picked));
        }
        // Nothing fits as a whole: carry as many chunks of the first as there is room for.
        let first = all.iter().find(|unit| cost(unit) > 0);
        for (chunk, len) in first.into_iter().flatten().flat_map(|i| &needs[*i]) {
            if *len + PART_BYTES_GUESS > left {
                break;
            }
            left -= *len;
            if known.insert(*chunk) {
                picked.chunks.push(*chunk);
            }
        }
        Ok((!picked.chunks.is_empty()).then_some(picked))
    }

    /// Gives what others lack and this location can send.
    pub(crate) fn lacking_elsewhere(&mut self, counted: &Counted) -> Result<BTreeSet<ChunkId>> {
        let mut lacking = counted.lacking();
        // What is damaged here cannot be sent from here: whoever lacks it asks for it.
        let damages = self.damages()?;
        let bad: BTreeSet<&ChunkId> = damages.values().flat_map(|damage| &damage.bad).collect();
        lacking.retain(|chunk| !bad.contains(chunk));
        Ok(lacking)
    }

    /// Gives the chunks of a change that not everybody has or is about to get.
    pub(crate) fn needed_chunks(
        &self,
        change: &LocalChange,
        lacking: &BTreeSet<ChunkId>,
    ) -> Result<Vec<(ChunkId, u64)>> {
        let offsync_core::entry::Content::File(file) = &change.value.content else {
            return Ok(Vec::new());
        };
        let mut needed = Vec::new();
        for (chunk, _, len) in file.pieces() {
            let is_sent = memory::read::<u64>(self.index, &format!("{SENT}{chunk}"))?.is_some();
            let is_known = !lacking.contains(&chunk) && !self.index.versions_with_chunk(&chunk)?.is_empty();
            if !is_sent && !is_known {
                needed.push((chunk, len));
            }
        }
        Ok(needed)
    }

    /// Gives dots to changes that nobody waits for.
    fn mint(&mut self, changes: &[LocalChange], pick: Pick) -> Result<bool> {
        let manifest = self.manifest_of(changes, &pick.changes, Vec::new(), Vec::new(), false);
        let bound = self.bind_writes(&manifest, changes, &pick.changes)?;
        self.fold_alone(&manifest, bound)?;
        Ok(true)
    }

    /// One transaction: own dots that nobody waits for, and what goes with them.
    pub(crate) fn fold_alone(&mut self, manifest: &Manifest, more: Vec<IndexWrite>) -> Result<()> {
        let (vector, mut writes) = self.fold_writes(manifest, ManifestHash::new([0; 32]), 0)?;
        writes.extend(more);
        self.identity.predecessor = None;
        writes.push(memory::write(IDENTITY, &self.identity));
        self.commit(writes)?;
        self.vector = vector;
        self.remember_on_host()
    }

    fn post_changeset(
        &mut self,
        changes: &[LocalChange],
        pick: Pick,
        mailbox: &dyn Mailbox,
        view: &mut View,
        posting: &Posting<'_>,
        stores: &Stores,
    ) -> Result<bool> {
        let sequence = self.vector.get(&self.me()) + 1;
        let mut content = Outgoing::new(posting.allowance_bytes);
        let mut unreadable = BTreeSet::new();
        let total = pick.chunks.len() as u64;
        let mut inline = Vec::new();
        for (done, chunk) in pick.chunks.iter().enumerate() {
            if pick.cuts.contains(&done) {
                inline.extend(content.take_inline());
                let rest = content.take_rest();
                if !self.put_pack(mailbox, view, posting, sequence, rest, &mut content)? {
                    return Ok(false);
                }
            }
            self.tell_bytes(Phase::Posting, done as u64, Some(total), content.bytes, None)?;
            match self.read_chunk(chunk, stores)? {
                Some(bytes) => content.add(*chunk, bytes),
                None => {
                    unreadable.insert(*chunk);
                }
            }
            let full = content.take_full();
            if !self.put_pack(mailbox, view, posting, sequence, full, &mut content)? {
                return Ok(false);
            }
        }
        inline.extend(content.take_inline());
        let rest = content.take_rest();
        if !self.put_pack(mailbox, view, posting, sequence, rest, &mut content)? {
            return Ok(false);
        }
        let kept = self.without_unreadable(changes, &pick.changes, &unreadable)?;
        let is_part = pick.changes.is_empty();
        if kept.is_empty() && !is_part || is_part && content.packs.is_empty() && inline.is_empty() {
            return Ok(false);
        }
        let going: Vec<&LocalChange> = kept.iter().map(|i| &changes[*i]).collect();
        self.tell_unfit_elsewhere(&going, posting.counted)?;
        self.tell_left_behind(changes, &kept)?;
        self.tell_silent_edits(&going)?;
        let is_confirmed = self.confirms_all(&going, posting.consent)?;
        let manifest = self.manifest_of(changes, &kept, content.packs, inline, is_confirmed);
        let sealed = manifest.encode(&self.keys, self.signer, self.seal_nonce());
        let inline_bytes: usize = manifest.inline.iter().map(Vec::len).sum();
        self.report.payload_bytes += content.payload_bytes + (inline_bytes as u64).min(sealed.len() as u64);
        self.fold_own(&manifest, &sealed, changes, &kept)?;
        self.clear_outbox(mailbox, view)?;
        self.report.posted_changesets += 1;
        self.report.posted_entries += kept.len() as u64;
        Ok(true)
    }

    /// One transaction: own dots, what the places show, the manifest in the outbox.
    pub(crate) fn fold_own(
        &mut self,
        manifest: &Manifest,
        sealed: &[u8],
        changes: &[LocalChange],
        kept: &[usize],
    ) -> Result<()> {
        let hash = Manifest::hash(sealed);
        let (vector, mut writes) = self.fold_writes(manifest, hash, sealed.len() as u64)?;
        writes.extend(self.bind_writes(manifest, changes, kept)?);
        writes.push(memory::write(format!("{OUTBOX}{}", manifest.name()), &sealed.to_vec()));
        let named = manifest.packs.iter();
        writes.extend(named.map(|pack| memory::erase(format!("{ATTEMPT}{}", pack.name))));
        let inline = manifest.inline.iter().map(|bytes| self.keys.chunk_id(bytes));
        let carried = manifest.packs.iter().flat_map(|pack| pack.chunks.iter().copied());
        if kept.is_empty() {
            let sent = |chunk: ChunkId| memory::write(format!("{SENT}{chunk}"), &manifest.sequence);
            writes.extend(carried.chain(inline).map(sent));
        } else {
            let posted = kept.iter().flat_map(|i| changes[*i].value.content.chunk_ids());
            writes.extend(posted.map(|chunk| memory::erase(format!("{SENT}{chunk}"))));
        }
        self.identity.predecessor = Some(hash);
        writes.push(memory::write(IDENTITY, &self.identity));
        self.commit(writes)?;
        self.vector = vector;
        self.remember_on_host()
    }

    /// Puts a pack, if there is anything for one; tells whether there still was room for it.
    fn put_pack(
        &mut self,
        mailbox: &dyn Mailbox,
        view: &mut View,
        posting: &Posting<'_>,
        sequence: u64,
        chunks: Option<Vec<(ChunkId, Vec<u8>)>>,
        content: &mut Outgoing,
    ) -> Result<bool> {
        let Some(chunks) = chunks else { return Ok(true) };
        let name = ObjectName::Pack {
            author: self.me(),
            sequence,
            random: self.random_eight(),
        };
        let sealed = encode_pack(&self.keys, &name, self.seal_nonce(), &chunks);
        let size_bytes = sealed.len() as u64;
        if !self.fits_now(mailbox, view, posting, size_bytes)? {
            return Ok(false);
        }
        let chunks: Vec<ChunkId> = chunks.into_iter().map(|(id, _)| id).collect();
        let mut writes = posted_pack_writes(&name, size_bytes, chunks.clone());
        writes.push(self.attempt_write(&name));
        self.commit(writes)?;
        self.put_object(mailbox, view, &name, &sealed)?;
        content.payload_bytes += size_bytes;
        content.packs.push(PackRef {
            name,
            size_bytes,
            chunks,
        });
        Ok(true)
    }

    /// Leaves out units with a file that is no longer what the scan saw.
    fn without_unreadable(
        &mut self,
        changes: &[LocalChange],
        picked: &[usize],
        bad: &BTreeSet<ChunkId>,
    ) -> Result<Vec<usize>> {
        if bad.is_empty() {
            return Ok(picked.to_vec());
        }
        let damages = self.damages()?;
        let all: Vec<LocalChange> = picked.iter().map(|i| changes[*i].clone()).collect();
        let mut kept = Vec::new();
        for unit in self.units_of(&all)? {
            let is_bad = |i: &usize| {
                all[*i]
                    .value
                    .content
                    .chunk_ids()
                    .iter()
                    .any(|chunk| bad.contains(chunk))
            };
            let waiting: Vec<usize> = unit.iter().copied().filter(is_bad).collect();
            if waiting.is_empty() {
                kept.extend(unit.iter().map(|i| picked[*i]));
            }
            for change in waiting.iter().map(|i| &all[*i]) {
                let path = &change.value.path;
                let unsent = match &change.place {
                    _ if damages.contains_key(&path.key()) => {
                        // What this very sync found was said just now.
                        if !self.report.skipped.iter().any(|line| line.path == *path) {
                            self.skip(path, DAMAGED_ALONE);
                        }
                        continue;
                    }
                    Some(place) => self.why_unsent(place)?,
                    None => Unsent::Touched,
                };
                match unsent {
                    Unsent::Touched => self.skip(path, CHANGED_SINCE),
                    Unsent::Damaged => self.skip(path, CHANGED_UNSEEN),
                    Unsent::Unreadable(why) => self.skip(path, why),
                }
            }
        }
        Ok(kept)
    }

    pub(crate) fn manifest_of(
        &self,
        changes: &[LocalChange],
        kept: &[usize],
        packs: Vec<PackRef>,
        inline: Vec<Vec<u8>>,
        is_confirmed: bool,
    ) -> Manifest {
        let entry = |i: &usize| {
            let change = &changes[*i];
            PostedEntry {
                value: change.value.clone(),
                replaces: change.replaces.clone(),
            }
        };
        Manifest {
            author: self.me(),
            sequence: self.vector.get(&self.me()) + 1,
            predecessor: self.identity.predecessor,
            context: self.vector.clone(),
            created_ns: self.clock.now_ns(),
            deletions_confirmed: is_confirmed,
            entries: kept.iter().map(entry).collect(),
            packs,
            inline,
        }
    }

    /// Lets places stand for the dots that their changes have just become.
    fn bind_writes(&mut self, manifest: &Manifest, changes: &[LocalChange], kept: &[usize]) -> Result<Vec<IndexWrite>> {
        let mut writes = Vec::new();
        let damages = self.damages()?;
        let mut gone: BTreeMap<_, Gone> = BTreeMap::new();
        for (at, i) in kept.iter().enumerate() {
            let change = &changes[*i];
            let origin = change.origin();
            let name = memory::of_key(GONE, &origin);
            if !gone.contains_key(&origin)
                && let Some(known) = memory::read::<Gone>(self.index, &name)?
            {
                gone.insert(origin.clone(), known);
            }
            if let Some(known) = gone.get_mut(&origin) {
                known
                    .shown
                    .retain(|dots| !dots.iter().any(|dot| change.replaces.contains(dot)));
            }
            if let (true, Some(key)) = (change.value.content.is_live(), &change.place) {
                let there = self.index.place(key)?.and_then(|place| place.into_parts().1);
                let refs = vec![ShownRef {
                    origin,
                    dots: vec![manifest.dot(at)],
                }];
                let shown = Shown {
                    refs,
                    value: change.value.clone(),
                };
                writes.push(IndexWrite::Place(key.clone(), Place::new(Some(shown), there)));
                if damages.get(key).is_some_and(|damage| damage.is_wanted) {
                    // A damaged file that was moved or touched can be put together again from now on.
                    writes.push(memory::unsettle(&key.parent().unwrap_or_else(PathKey::root)));
                }
            }
        }
        writes.extend(memory::gone_writes(gone));
        let places = kept.iter().filter_map(|i| changes[*i].place.clone()).collect();
        writes.extend(self.sent_of_damage(&places)?);
        writes.extend(self.forget_former_versions(&places)?);
        Ok(writes)
    }

    /// Tells how much waits.
    pub(crate) fn tell_what_waits(&mut self) -> Result<()> {
        let waiting = self.local_changes()?;
        self.report.waiting_entries = waiting.len() as u64;
        self.report.waiting_bytes = waiting.iter().map(|change| change.value.content.size_bytes()).sum();
        Ok(())
    }

    /// Puts what the outbox holds; safe to do again.
    pub(crate) fn clear_outbox(&mut self, mailbox: &dyn Mailbox, view: &mut View) -> Result<()> {
        for (name, sealed) in memory::read_all::<Vec<u8>>(self.index, OUTBOX)? {
            let mut writes = vec![memory::erase(format!("{OUTBOX}{name}"))];
            if let Ok(parsed) = name.parse::<ObjectName>() {
                self.put_object(mailbox, view, &parsed, &sealed)?;
                if matches!(parsed, ObjectName::Manifest { .. }) {
                    writes.push(memory::write(format!("{MINE}{name}"), &(sealed.len() as u64)));
                }
            }
            self.commit(writes)?;
        }
        Ok(())
    }
}

/// What the changes of one changeset may add to its manifest, by the guess of [`manifest_bytes`].
const MANIFEST_BYTES_GUESS_MAX: u64 = 3 << 20;
/// What a part of a file adds to its manifest, roughly, in bytes.
const PART_BYTES_GUESS: u64 = 160;
