//! Wants and serving: what I lack is said in one object; whoever has it puts it there for me.
//!
//! Level-triggered: a want is rewritten each cycle and deleted when empty, a server takes
//! back what is no longer wanted. Duplicates are harmless.

use std::collections::{BTreeMap, BTreeSet};

use offsync_core::format::{FormatError, Head, Manifest, ObjectName, People, State, Want, decode_pack, encode_pack};
use offsync_core::ids::{ChunkId, LocationId};
use offsync_core::limits::{
    ALLOWANCE_PERCENT, GAP_CYCLES, INDEX_PAGE_ROWS, MISSING_LISTED_MAX, OBJECT_BYTES_MAX, PACK_CONTENT_BYTES_MAX,
    PACK_PART_OF_ALLOWANCE,
};
use offsync_core::ports::Mailbox;
use offsync_core::rel_path::PathKey;
use offsync_core::version_vector::VersionVector;

use crate::counted::Counted;
use crate::engine::Engine;
use crate::error::Result;
use crate::lost::for_want;
use crate::memory::{self, GAP_CYCLES as GAP_NOTE, STATEMENT};
use crate::options::Patience;
use crate::room::room_at_best;
use crate::view::View;

/// What one call of `serve` may use.
pub(crate) struct Serving<'s> {
    pub(crate) mailbox: &'s dyn Mailbox,
    pub(crate) allowance_bytes: Option<u64>,
    pub(crate) patience: Patience,
    /// What this location lacks itself.
    pub(crate) lacking: &'s BTreeSet<ChunkId>,
    /// Who counts, as their heads said last.
    pub(crate) counted: &'s Counted,
    /// Whether the mailbox lost all that led others on.
    pub(crate) was_wiped: bool,
    /// Whether people let this location turn to this mailbox from another one since its last sync.
    pub(crate) has_turned: bool,
}

impl Engine<'_> {
    /// Says what this location lacks and the mailbox does not hold for all, or takes the want back.
    pub(crate) fn write_want(
        &mut self,
        mailbox: &dyn Mailbox,
        view: &mut View,
        missing: &BTreeSet<ChunkId>,
    ) -> Result<()> {
        let me = self.me();
        let is_gap = !self.covers_all_heads()?;
        let before = memory::read::<u32>(self.index, GAP_NOTE)?.unwrap_or(0);
        let cycles = if is_gap { before.saturating_add(1) } else { 0 };
        if cycles != before {
            self.commit(vec![memory::write(GAP_NOTE, &cycles)])?;
        }
        let gap = (cycles >= GAP_CYCLES).then(|| self.vector.clone());
        // What has no room here waits in the mailbox: to ask for it would put it there twice.
        let there = self.lying_there(mailbox, view, missing)?;
        let asked = missing.difference(&there).copied().collect();
        let chunks = for_want(&asked, &self.lost_pieces()?);
        let name = ObjectName::Want(me);
        let departed = match self.unusable.is_empty() {
            true => BTreeSet::new(),
            false => self.departed()?,
        };
        let is_asked_for = |name: &&ObjectName| match name {
            // What it held is only of interest to whoever lacks something.
            ObjectName::Pack { .. } => !chunks.is_empty(),
            // Whoever lives heals it by a state: its head covers it. An id that was given up says nothing more.
            ObjectName::Manifest { author, .. } => departed.contains(author),
            ObjectName::People { .. } => true,
            _ => false,
        };
        let listed = self.unusable.iter().filter(|name| view.contains(name));
        let damaged = listed.filter(is_asked_for).take(MISSING_LISTED_MAX);
        let damaged: Vec<String> = damaged.map(ToString::to_string).collect();
        if gap.is_none() && chunks.is_empty() && damaged.is_empty() {
            if view.contains(&name) {
                self.delete_object(mailbox, view, &name)?;
            }
            return Ok(());
        }
        let want = Want {
            location: me,
            gap,
            chunks,
            damaged,
        };
        let listed = if view.contains(&name) {
            self.read_want(mailbox, &name)?
        } else {
            None
        };
        if listed.as_ref() != Some(&want) {
            let sealed = want.encode(&self.keys, self.seal_nonce());
            self.put_object(mailbox, view, &name, &sealed)?;
        }
        Ok(())
    }

    fn read_want(&mut self, mailbox: &dyn Mailbox, name: &ObjectName) -> Result<Option<Want>> {
        let Some(sealed) = self.get(mailbox, name)? else {
            return Ok(None);
        };
        Ok(Want::decode(&self.keys, name, &sealed).ok())
    }

    /// Serves what others want and this location has; takes back what is no longer wanted.
    pub(crate) fn serve(&mut self, view: &mut View, serving: &Serving<'_>) -> Result<()> {
        let me = self.me();
        let (mailbox, allowance_bytes) = (serving.mailbox, serving.allowance_bytes);
        let mut wants: Vec<LocationId> = view
            .names()
            .filter_map(|name| match name {
                ObjectName::Want(location) if *location != me => Some(*location),
                _ => None,
            })
            .collect();
        let departed = match wants.is_empty() && self.unusable.is_empty() {
            true => BTreeSet::new(),
            false => self.departed()?,
        };
        wants.retain(|location| !departed.contains(location));
        let mut wanted = Vec::new();
        for location in wants {
            if let Some(want) = self.read_want(mailbox, &ObjectName::Want(location))? {
                wanted.push(want);
            }
        }
        // Who has not asked may not come for long: the room that wants and state need is not filled for it.
        let counted = serving.counted.0.len() as u64;
        let most_bytes = allowance_bytes.map_or(u64::MAX, |allowance| room_at_best(allowance, counted));
        let unasked = self.unasked(view, &wanted, most_bytes, serving)?;
        self.mend_damaged(mailbox, view, &wanted, &departed)?;
        if !wanted.is_empty() && !self.taken_out()?.all().is_empty() {
            // Whoever is out can write a want by any name: who is nobody yet is served once somebody has introduced it.
            let people = self.people()?;
            wanted.retain(|want| people.contains_key(&want.location));
        }
        self.take_back(mailbox, view, &[&wanted[..], &unasked].concat())?;
        let mut spare = None;
        self.make_room_for_own_state(view, (&wanted, &mut spare), serving)?;
        for want in &wanted {
            self.serve_state(view, want, Some((&wanted, &mut spare)), serving)?;
            self.serve_chunks(view, want, allowed(allowance_bytes), serving)?;
        }
        for want in &unasked {
            self.serve_state(view, want, None, serving)?;
            self.serve_chunks(view, want, most_bytes, serving)?;
        }
        Ok(())
    }

    fn take_back(&mut self, mailbox: &dyn Mailbox, view: &mut View, wanted: &[Want]) -> Result<()> {
        let me = self.me();
        for name in view.names().cloned().collect::<Vec<_>>() {
            let is_spent = match &name {
                ObjectName::ServedPack { reader, server, .. } if *server == me => {
                    let held = self.served_chunks(mailbox, &name)?;
                    let mut wanted = wanted.iter().filter(|want| want.location == *reader);
                    !wanted.any(|want| want.chunks.iter().any(|chunk| held.contains(chunk)))
                }
                ObjectName::ServedState { reader, server, .. } if *server == me => {
                    !wanted.iter().any(|want| want.location == *reader && want.gap.is_some())
                }
                _ => false,
            };
            if is_spent {
                self.delete_object(mailbox, view, &name)?;
            }
        }
        Ok(())
    }

    /// Looks at what readers could not use. Own packs that cannot be used here either are taken away: they only take the
    /// room that is needed to serve what they held. So are changesets and statements of ids that were given up, and own
    /// statements that a power cut let be forgotten: nobody folded or heard them, and nobody would ever take them away.
    /// Statements that this location has are put there again; where nobody may have one that introduced this location, it
    /// introduces itself instead.
    fn mend_damaged(
        &mut self,
        mailbox: &dyn Mailbox,
        view: &mut View,
        wanted: &[Want],
        departed: &BTreeSet<LocationId>,
    ) -> Result<()> {
        let me = self.me();
        let named = wanted.iter().flat_map(|want| &want.damaged);
        let mut names: BTreeSet<ObjectName> = named.filter_map(|name| name.parse().ok()).collect();
        let is_about_me = |name: &ObjectName| matches!(name, ObjectName::People { subject, .. } if *subject == me);
        let is_mine = |name: &ObjectName| matches!(name, ObjectName::People { author, .. } if *author == me);
        let own = self.unusable.iter().filter(|name| is_about_me(name) || is_mine(name));
        names.extend(own.cloned());
        for name in names.into_iter().filter(|name| view.contains(name)).collect::<Vec<_>>() {
            let heard: Option<Vec<u8>> = memory::read(self.index, &format!("{STATEMENT}{name}"))?;
            let may_go = match &name {
                ObjectName::Pack { author, .. } => *author == me,
                ObjectName::Manifest { author, .. } => departed.contains(author),
                ObjectName::People { author, .. } => departed.contains(author) || is_about_me(&name) || is_mine(&name),
                _ => false,
            };
            if !may_go && heard.is_none() {
                continue;
            }
            let Some(sealed) = self.get(mailbox, &name)? else {
                continue;
            };
            match heard {
                Some(heard) if heard != sealed => self.put_object(mailbox, view, &name, &heard)?,
                None if sealed.len() as u64 == view.size_of(&name) && self.is_damaged(&name, &sealed)? => {
                    if is_about_me(&name) {
                        self.say_who_i_am(mailbox, view)?;
                    }
                    self.delete_object(mailbox, view, &name)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Remembers an object as damaged, if nobody can use it.
    pub(crate) fn note_if_damaged(&mut self, mailbox: &dyn Mailbox, name: ObjectName) -> Result<()> {
        if let Some(sealed) = self.get(mailbox, &name)?
            && self.is_damaged(&name, &sealed)?
        {
            self.unusable.insert(name);
        }
        Ok(())
    }

    /// Tells whether nobody can use an object; what a newer Offsync wrote, others can.
    pub(crate) fn is_damaged(&self, name: &ObjectName, sealed: &[u8]) -> Result<bool> {
        let key = self.key_of(name.writer())?;
        let error = match name {
            ObjectName::Head(_) => Head::decode(&self.keys, name, sealed, |_| key).err(),
            ObjectName::Manifest { .. } => Manifest::decode(&self.keys, name, sealed, |_| key).err(),
            ObjectName::People { .. } => People::decode(&self.keys, name, sealed).err(),
            ObjectName::Want(_) => Want::decode(&self.keys, name, sealed).err(),
            ObjectName::ServedState { .. } => State::decode(&self.keys, name, sealed).err(),
            ObjectName::Pack { .. } | ObjectName::ServedPack { .. } => decode_pack(&self.keys, name, sealed).err(),
        };
        Ok(error.is_some_and(|error| match error {
            // What a stranger wrote, or names others' versions without repeating them, is sound, and only counts as absent.
            FormatError::UnknownAuthor(_) | FormatError::Unresolved(_) => false,
            error => !error.is_newer(),
        }))
    }

    fn served_chunks(&mut self, mailbox: &dyn Mailbox, name: &ObjectName) -> Result<BTreeSet<ChunkId>> {
        let chunks = self.chunks_of_pack(mailbox, name)?;
        Ok(chunks.into_iter().flatten().collect())
    }

    /// Serves the state to a reader with a gap; packs may give way to it that all of `spare` wait for, which keeps them once
    /// they were found out.
    fn serve_state(
        &mut self,
        view: &mut View,
        want: &Want,
        spare: Option<(&[Want], &mut Option<Vec<ObjectName>>)>,
        serving: &Serving<'_>,
    ) -> Result<()> {
        let (mailbox, allowance_bytes) = (serving.mailbox, serving.allowance_bytes);
        let Some(theirs) = &want.gap else { return Ok(()) };
        let reader = want.location;
        if theirs.covers(&self.vector) || self.is_state_listed(mailbox, view, &reader, theirs)? {
            return Ok(());
        }
        let mut siblings = Vec::new();
        let mut after: Option<PathKey> = None;
        loop {
            let page = self.index.entries_after(after.as_ref(), INDEX_PAGE_ROWS)?;
            let Some((last, _)) = page.last() else { break };
            after = Some(last.clone());
            siblings.extend(page);
        }
        let part = allowance_bytes.map_or(OBJECT_BYTES_MAX, |bytes| (bytes / PACK_PART_OF_ALLOWANCE) as usize);
        let parts = State::split(
            self.entropy.sixteen(),
            &self.vector,
            siblings,
            part.min(OBJECT_BYTES_MAX),
        );
        let mut sealed = Vec::new();
        for state in parts {
            let name = ObjectName::ServedState {
                reader,
                server: self.me(),
                random: self.random_eight(),
            };
            sealed.push((name.clone(), state.encode(&self.keys, &name, self.seal_nonce())));
        }
        let size: u64 = sealed.iter().map(|(_, bytes)| bytes.len() as u64).sum();
        if size > reserve_left(view, allowance_bytes) {
            let Some(spare) = spare else { return Ok(()) };
            if !self.make_room(view, size, spare, serving)? {
                return Ok(());
            }
        }
        for (name, bytes) in sealed {
            self.put_object(mailbox, view, &name, &bytes)?;
        }
        self.report.served.entry(reader).or_default().has_state = true;
        Ok(())
    }

    /// Tells whether a whole state for a reader is listed; own sets that were cut off are taken away.
    fn is_state_listed(
        &mut self,
        mailbox: &dyn Mailbox,
        view: &mut View,
        reader: &LocationId,
        theirs: &VersionVector,
    ) -> Result<bool> {
        let is_for = |name: &&ObjectName| matches!(name, ObjectName::ServedState { reader: r, .. } if r == reader);
        let names: Vec<ObjectName> = view.names().filter(is_for).cloned().collect();
        let mut sets: BTreeMap<[u8; 16], Vec<(ObjectName, State)>> = BTreeMap::new();
        for name in names {
            let Some(sealed) = self.get(mailbox, &name)? else {
                continue;
            };
            if let Ok(state) = State::decode(&self.keys, &name, &sealed) {
                sets.entry(state.id).or_default().push((name, state));
            }
        }
        let mut reached = theirs.clone();
        for parts in sets.into_values() {
            let is_whole = State::join(parts.iter().map(|(_, state)| state.clone()).collect()).is_some();
            if is_whole {
                parts.iter().for_each(|(_, state)| reached.join(&state.vector));
            }
            let me = self.me();
            for (name, _) in parts.iter().filter(|(name, _)| !is_whole && *name.writer() == me) {
                self.delete_object(mailbox, view, name)?;
            }
        }
        // Another server may know other things: what it serves is enough if it leads on to all that is folded here.
        Ok(reached.covers(&self.vector) || reached != *theirs && self.is_led_on(&reached, view))
    }

    /// Serves what lacks, as long as the mailbox holds no more than `most_bytes` with it.
    fn serve_chunks(&mut self, view: &mut View, want: &Want, most_bytes: u64, serving: &Serving<'_>) -> Result<()> {
        let reader = want.location;
        let mut served = BTreeSet::new();
        let names: Vec<ObjectName> = view
            .names()
            .filter(|name| matches!(name, ObjectName::ServedPack { reader: r, .. } if *r == reader))
            .cloned()
            .collect();
        for name in names {
            served.extend(self.served_chunks(serving.mailbox, &name)?);
        }
        let stores = self.stores()?;
        let pack_bytes = serving.allowance_bytes.map_or(PACK_CONTENT_BYTES_MAX, |bytes| {
            PACK_CONTENT_BYTES_MAX.min((bytes / PACK_PART_OF_ALLOWANCE) as usize)
        });
        let mut pack: Vec<(ChunkId, Vec<u8>)> = Vec::new();
        let mut bytes_in_pack = 0;
        for chunk in want.chunks.iter().filter(|chunk| !served.contains(*chunk)) {
            let Some(bytes) = self.read_chunk(chunk, &stores)? else {
                continue;
            };
            if !pack.is_empty() && bytes_in_pack + bytes.len() > pack_bytes {
                self.put_served(view, reader, std::mem::take(&mut pack), most_bytes, serving)?;
                bytes_in_pack = 0;
            }
            bytes_in_pack += bytes.len();
            pack.push((*chunk, bytes));
        }
        self.put_served(view, reader, pack, most_bytes, serving)
    }

    fn put_served(
        &mut self,
        view: &mut View,
        reader: LocationId,
        chunks: Vec<(ChunkId, Vec<u8>)>,
        most_bytes: u64,
        serving: &Serving<'_>,
    ) -> Result<()> {
        if chunks.is_empty() {
            return Ok(());
        }
        let name = ObjectName::ServedPack {
            reader,
            server: self.me(),
            random: self.random_eight(),
        };
        let sealed = encode_pack(&self.keys, &name, self.seal_nonce(), &chunks);
        // Others may serve the same reader at this moment: what is there now counts, and a pack more is left free.
        if let Some(allowance) = serving.allowance_bytes {
            let size = sealed.len() as u64;
            let now = self.list(serving.mailbox)?;
            if size + size.min(allowance / PACK_PART_OF_ALLOWANCE) > most_bytes.saturating_sub(now.used_bytes()) {
                return Ok(());
            }
        }
        self.put_object(serving.mailbox, view, &name, &sealed)?;
        self.report_served(reader, &chunks)
    }

    fn report_served(&mut self, reader: LocationId, chunks: &[(ChunkId, Vec<u8>)]) -> Result<()> {
        let served = self.report.served.entry(reader).or_default();
        for (chunk, bytes) in chunks {
            let files = self.index.versions_with_chunk(chunk)?.into_iter();
            served.files.extend(files.map(|(file, _)| file));
            served.bytes += bytes.len() as u64;
        }
        Ok(())
    }
}

/// Gives the room that repair may use: the reserve is there for it.
pub(crate) fn reserve_left(view: &View, allowance_bytes: Option<u64>) -> u64 {
    allowed(allowance_bytes).saturating_sub(view.used_bytes())
}

/// Tells whether the mailbox holds more than it may: its account shrank, or other things fill it. Nothing has room then.
pub(crate) fn is_overfull(view: &View, allowance_bytes: Option<u64>) -> bool {
    view.used_bytes() > allowed(allowance_bytes)
}

/// Gives what the mailbox may hold at most.
pub(crate) fn allowed(allowance_bytes: Option<u64>) -> u64 {
    allowance_bytes.map_or(u64::MAX, |allowance| allowance * ALLOWANCE_PERCENT / 100)
}
