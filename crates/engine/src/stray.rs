//! Strays: changesets of ids that were given up, which nobody can fold any more, since what they build on is nowhere.
//!
//! Whoever finds one says anew what it holds, under dots of its own, and takes it away once all who count have heard that
//! and lack none of its content. The stray itself is never folded: no vector ever claims a dot that was not seen.

use std::collections::{BTreeMap, BTreeSet};

use offsync_core::dot::Dot;
use offsync_core::format::{Manifest, ObjectName, PostedEntry};
use offsync_core::ids::ChunkId;
use offsync_core::limits::GAP_CYCLES;
use offsync_core::ports::Mailbox;
use offsync_core::rel_path::RelPath;
use offsync_core::version_vector::VersionVector;
use serde::{Deserialize, Serialize};

use crate::content::Stores;
use crate::counted::Counted;
use crate::engine::Engine;
use crate::error::Result;
use crate::keyring::Known;
use crate::memory::{self, LogRecord, STRAY};
use crate::options::SyncOptions;
use crate::serve::{is_overfull, reserve_left};
use crate::view::View;

/// What this location knows of a stray.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Stray {
    /// Cycles in a row in which nothing led to it: a listing may lag.
    cycles: u32,
    /// A vector that covers all that it holds, said anew; `None` if that was not done yet.
    said: Option<VersionVector>,
}

/// All strays of a listing that can be read, and what one entry says of another.
struct Strays(BTreeMap<ObjectName, Manifest>);

impl Strays {
    /// Gives the entries of one that no other stray replaced, each with all that it replaces through those it replaced.
    fn entries_of<'s>(&'s self, name: &ObjectName) -> Vec<(&'s PostedEntry, BTreeSet<Dot>)> {
        let mut by_dot: BTreeMap<Dot, &PostedEntry> = BTreeMap::new();
        for manifest in self.0.values() {
            by_dot.extend(
                manifest
                    .entries
                    .iter()
                    .enumerate()
                    .map(|(i, entry)| (manifest.dot(i), entry)),
            );
        }
        let replaced: BTreeSet<&Dot> = by_dot.values().flat_map(|entry| &entry.replaces).collect();
        let Some(manifest) = self.0.get(name) else {
            return Vec::new();
        };
        let all = manifest.entries.iter().enumerate();
        all.filter(|(i, _)| !replaced.contains(&manifest.dot(*i)))
            .map(|(_, entry)| {
                let mut before = BTreeSet::new();
                let mut todo = entry.replaces.clone();
                while let Some(dot) = todo.pop() {
                    if before.insert(dot) {
                        todo.extend(by_dot.get(&dot).into_iter().flat_map(|entry| &entry.replaces));
                    }
                }
                (entry, before)
            })
            .collect()
    }
}

impl Engine<'_> {
    /// Says anew what strays hold; tells whether that changed what is to be shown.
    pub(crate) fn take_over_strays(
        &mut self,
        mailbox: &dyn Mailbox,
        view: &mut View,
        options: &SyncOptions,
    ) -> Result<bool> {
        let due = self.count_strays(view)?;
        if due.is_empty() {
            return Ok(false);
        }
        let counted = self.counted(options.patience(), &BTreeSet::new())?;
        if !self.may_post(&counted)? || !counted.0.contains_key(&self.me()) {
            return Ok(false);
        }
        let mut strays = BTreeMap::new();
        for name in self.strays(view)? {
            match self.read_manifest(mailbox, &name, name.writer())? {
                Some(mut manifest) => {
                    // Small content is read where it lies once somebody lacks it.
                    manifest.inline.clear();
                    strays.insert(name, manifest);
                }
                // Nobody comes to read it in its turn: named as damaged, somebody else takes it away.
                None => self.note_if_damaged(mailbox, name)?,
            }
        }
        let strays = Strays(strays);
        let heard = self.log()?;
        let mut has_said = false;
        for name in &due {
            let Some(stray) = strays.0.get(name) else { continue };
            if is_heard(stray, &heard) {
                continue;
            }
            let entries = self.lacking_entries(&strays, name)?;
            if entries.is_empty() {
                continue;
            }
            if !self.say_anew(mailbox, view, stray, entries, (options.allowance_bytes, &counted))? {
                return Ok(has_said);
            }
            has_said = true;
        }
        // All at one vector: a part among them may hold content of what another one says.
        let said = Stray {
            cycles: GAP_CYCLES,
            said: Some(self.vector.clone()),
        };
        let read = strays
            .0
            .keys()
            .filter(|name| due.contains(*name) || has_said && self.is_said(name));
        let writes = read.map(|name| memory::write(format!("{STRAY}{name}"), &said));
        let writes = writes.collect();
        self.commit(writes)?;
        Ok(has_said)
    }

    /// Takes away strays once all who count have heard anew what they hold, and have its content.
    ///
    /// In a mailbox that holds more than it may, nothing can be said to anybody before something leaves it: there it is enough
    /// that this location has said it anew and has the content, as its author has of anything that is new.
    pub(crate) fn drop_strays(
        &mut self,
        mailbox: &dyn Mailbox,
        view: &mut View,
        counted: &Counted,
        allowance_bytes: Option<u64>,
    ) -> Result<()> {
        let is_held_elsewhere = counted.others(self.me()).next().is_some();
        let listed = self.strays(view)?;
        if listed.is_empty() || !is_held_elsewhere || counted.anyone_lacks_more() || self.knows_of_strangers()? {
            return Ok(());
        }
        let (lacking, stores) = (counted.lacking(), self.stores()?);
        for name in listed {
            let stray = memory::read::<Stray>(self.index, &format!("{STRAY}{name}"))?;
            let Some(said) = stray.and_then(|stray| stray.said) else {
                continue;
            };
            let is_pressing = is_overfull(view, allowance_bytes);
            if !is_pressing && !counted.0.values().all(|standing| standing.vector.covers(&said)) {
                continue;
            }
            let Some(manifest) = self.read_manifest(mailbox, &name, name.writer())? else {
                continue;
            };
            let inline = manifest.inline.iter().map(|bytes| self.keys.chunk_id(bytes));
            let packed = manifest.packs.iter().flat_map(|pack| pack.chunks.iter().copied());
            let chunks: Vec<_> = packed.chain(inline).collect();
            let is_lacked = !is_pressing && chunks.iter().any(|chunk| lacking.contains(chunk));
            if is_lacked || !self.has_all_live(&chunks, &stores)? {
                continue;
            }
            // Packs go before their manifest, so that a cut leaves no pack that nobody can place.
            let packs = manifest.packs.into_iter().map(|pack| pack.name);
            for name in packs
                .chain([name])
                .filter(|name| view.contains(name))
                .collect::<Vec<_>>()
            {
                self.report.pruned_objects += 1;
                self.report.pruned_bytes += view.size_of(&name);
                self.delete_object(mailbox, view, &name)?;
            }
        }
        Ok(())
    }

    /// Tells whether this drive has all of some chunks that are of anything still. What a drive cannot hold at all, it does
    /// not lack; and of a stray there is no author any more who has it.
    fn has_all_live(&self, chunks: &[ChunkId], stores: &Stores) -> Result<bool> {
        for chunk in chunks {
            if !self.index.versions_with_chunk(chunk)?.is_empty() && !self.missing_of(&[*chunk], stores)?.is_empty() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Gives the listed changesets of ids that were given up, as far as they are not folded.
    fn strays(&self, view: &View) -> Result<Vec<ObjectName>> {
        let me = self.me();
        let is_beyond = |name: &&ObjectName| match name {
            ObjectName::Manifest { author, sequence } => *author != me && *sequence > self.vector.get(author),
            _ => false,
        };
        let mut beyond = view.names().filter(is_beyond).peekable();
        if beyond.peek().is_none() {
            return Ok(Vec::new());
        }
        let departed = self.departed()?;
        Ok(beyond
            .filter(|name| departed.contains(name.writer()))
            .cloned()
            .collect())
    }

    /// Counts for how long nothing has led to each stray; gives those that are to be said anew now.
    fn count_strays(&mut self, view: &View) -> Result<BTreeSet<ObjectName>> {
        let listed = self.strays(view)?;
        let mut known = memory::read_all::<Stray>(self.index, STRAY)?;
        let nothing_leads_there = !listed.is_empty() && self.knows_all_that_is_said()?;
        let (mut due, mut writes) = (BTreeSet::new(), Vec::new());
        for name in listed {
            let before = known.remove(&name.to_string());
            let mut stray = before.clone().unwrap_or_default();
            stray.cycles = match nothing_leads_there {
                true => stray.cycles.saturating_add(1).min(GAP_CYCLES),
                false => 0,
            };
            if before.as_ref() != Some(&stray) {
                writes.push(memory::write(format!("{STRAY}{name}"), &stray));
            }
            if stray.cycles >= GAP_CYCLES && stray.said.is_none() {
                due.insert(name);
            }
        }
        writes.extend(known.into_keys().map(|name| memory::erase(format!("{STRAY}{name}"))));
        self.commit(writes)?;
        Ok(due)
    }

    fn is_said(&self, name: &ObjectName) -> bool {
        let stray = memory::read::<Stray>(self.index, &format!("{STRAY}{name}"));
        matches!(stray, Ok(Some(Stray { said: Some(_), .. })))
    }

    /// Tells whether a stray is sealed with a key that nobody who lives was handed: nobody will ever read it.
    pub(crate) fn is_closed_for_ever(&mut self, mailbox: &dyn Mailbox, name: &ObjectName) -> Result<bool> {
        let note = memory::read::<Stray>(self.index, &format!("{STRAY}{name}"))?;
        // What was said anew was read.
        if note.is_none_or(|stray| stray.cycles < GAP_CYCLES || stray.said.is_some()) {
            return Ok(false);
        }
        let Some(Err(error)) = self.open_manifest(mailbox, name, name.writer())? else {
            return Ok(false);
        };
        let Some(key) = error.lacking_key() else {
            return Ok(false);
        };
        let known = Known::read(self.index)?;
        Ok(!known.living.iter().any(|who| known.has(key, who)))
    }

    /// Tells whether no living location is known to have folded or to hold anything that this one has not folded.
    ///
    /// Parked ones are among them: what leads to a stray may come back with them.
    fn knows_all_that_is_said(&self) -> Result<bool> {
        if self.knows_of_strangers()? || !self.covers_all_heads()? {
            return Ok(false);
        }
        let departed = self.departed()?;
        let people = self.people()?;
        let mut living = people.iter().filter(|(location, _)| !departed.contains(location));
        Ok(living.all(|(_, person)| self.vector.covers(&person.holds)))
    }

    /// Gives the entries of a stray that this location does not have; each replaces what it is known to have replaced.
    ///
    /// Only dots that live here are named: a dot that some have folded and others have not would go at the one place
    /// and come back at the other.
    fn lacking_entries(&self, strays: &Strays, name: &ObjectName) -> Result<Vec<PostedEntry>> {
        let mut lacking = Vec::new();
        for (entry, before) in strays.entries_of(name) {
            let siblings = self.index.entry(&entry.origin())?;
            let replaces: Vec<Dot> = before.into_iter().filter(|dot| siblings.get(dot).is_some()).collect();
            let content = &entry.value.content;
            let mut others = siblings.live().filter(|(dot, _)| !replaces.contains(dot));
            let is_lacking = match content.is_live() {
                true => !others.any(|(_, version)| version.value.content.same_as(content)),
                false => replaces
                    .iter()
                    .any(|dot| siblings.get(dot).is_some_and(|old| old.value.content.is_live())),
            };
            if is_lacking {
                lacking.push(PostedEntry {
                    value: entry.value.clone(),
                    replaces,
                });
            }
        }
        Ok(lacking)
    }

    /// Posts entries of a stray as this location's own word; tells whether there was room, or will be once the stray is gone.
    ///
    /// Their content is where it was: whoever lacks it fetches it from the stray's packs, which stay until then.
    fn say_anew(
        &mut self,
        mailbox: &dyn Mailbox,
        view: &mut View,
        stray: &Manifest,
        entries: Vec<PostedEntry>,
        (allowance_bytes, counted): (Option<u64>, &Counted),
    ) -> Result<bool> {
        let me = self.me();
        let own = Manifest {
            author: me,
            sequence: self.vector.get(&me) + 1,
            predecessor: self.identity.predecessor,
            context: self.vector.clone(),
            created_ns: stray.created_ns,
            deletions_confirmed: stray.deletions_confirmed && !self.is_removed(&stray.author)?,
            entries,
            packs: Vec::new(),
            inline: Vec::new(),
        };
        if counted.others(me).next().is_none() {
            self.fold_alone(&own, Vec::new())?;
            return Ok(true);
        }
        let sealed = own.encode(&self.keys, self.signer, self.seal_nonce());
        let is_pressing = is_overfull(view, allowance_bytes);
        if !is_pressing && sealed.len() as u64 > reserve_left(view, allowance_bytes) {
            return Ok(false);
        }
        self.fold_own(&own, &sealed, &[], &[])?;
        if is_pressing {
            return Ok(true);
        }
        self.clear_outbox(mailbox, view)?;
        self.report.posted_changesets += 1;
        self.report.posted_entries += own.entries.len() as u64;
        Ok(true)
    }
}

/// Tells whether somebody has said a stray anew already, and that was folded here.
///
/// What was said anew bears the stray's own time. To say it again, after somebody has deleted or edited what it holds, would
/// bring that back.
fn is_heard(stray: &Manifest, heard: &[LogRecord]) -> bool {
    let is_of_it = |record: &LogRecord| {
        let names_it = |example: &RelPath| stray.entries.iter().any(|entry| entry.value.path == *example);
        record.author != stray.author
            && record.created_ns == stray.created_ns
            && record.example.as_ref().is_none_or(names_it)
    };
    heard.iter().any(is_of_it)
}
