//! Stranded homes: nothing that is listed leads them on to what is folded here, and they may not know it yet.
//!
//! Whoever sees that serves them at once, as if they had asked: a mailbox that was wiped, or a home that counted as
//! silent and is back, would else cost each of them two visits more. It is only a saving of visits: what is not seen
//! here, they ask for themselves.

use std::collections::BTreeSet;

use offsync_core::entry::Content;
use offsync_core::format::head::Head;
use offsync_core::format::{ObjectName, Want};
use offsync_core::ids::{ChunkId, LocationId};
use offsync_core::limits::{GAP_CYCLES, INDEX_PAGE_ROWS};
use offsync_core::ports::Mailbox;
use offsync_core::rel_path::PathKey;
use offsync_core::version_vector::VersionVector;

use crate::engine::Engine;
use crate::error::Result;
use crate::memory::{self, STRANDED};
use crate::serve::Serving;
use crate::view::View;

/// Noted in place of the cycles where the mailbox was wiped: then whoever is not led on is served, come here or not.
const WHEREVER: u32 = GAP_CYCLES + 1;

impl Engine<'_> {
    /// Tells whether the mailbox lost this location's head, by its listing and by its name: then it lost what led others on.
    pub(crate) fn was_wiped(&mut self, mailbox: &dyn Mailbox, view: &View, own: Option<&Head>) -> Result<bool> {
        let name = ObjectName::Head(self.me());
        let was_there = own.is_none() && !view.contains(&name) && self.heads()?.contains_key(&self.me());
        Ok(was_there && self.get(mailbox, &name)?.is_none())
    }

    /// Gives what homes would ask for that nothing listed leads on, as wants of theirs; not of those that ask for state.
    ///
    /// A listing may lag, so it takes two cycles to believe that; but not where the whole mailbox was wiped, or where what was
    /// folded since this location was here came by another one. Of content it is `most_bytes` for each at the most.
    pub(crate) fn unasked(
        &mut self,
        view: &View,
        asked: &[Want],
        most_bytes: u64,
        serving: &Serving<'_>,
    ) -> Result<Vec<Want>> {
        let mut known = memory::read_all::<u32>(self.index, STRANDED)?;
        let (mut due, mut writes) = (Vec::new(), Vec::new());
        for (location, needs) in self.stranded(view, serving)? {
            let before = known.remove(&location.to_string());
            // A home that does not come to this mailbox is not led on in it; but all are where it was wiped.
            let is_here = view.contains(&ObjectName::Head(location));
            let comes_here = is_here && needs.gap.is_some();
            let cycles = match before.unwrap_or(0) {
                _ if serving.was_wiped => WHEREVER,
                WHEREVER => WHEREVER,
                _ if serving.has_turned && comes_here => GAP_CYCLES,
                cycles if comes_here => cycles.saturating_add(1).min(GAP_CYCLES),
                cycles => cycles,
            };
            if cycles == 0 {
                continue;
            }
            if before != Some(cycles) {
                writes.push(memory::write(format!("{STRANDED}{location}"), &cycles));
            }
            let asks = asked.iter().any(|want| want.location == location && want.gap.is_some());
            let is_due = cycles == WHEREVER || comes_here && cycles == GAP_CYCLES;
            if is_due && !asks {
                due.push(needs);
            }
        }
        for location in self.gone_on_without(serving)? {
            let before = known.remove(&location.to_string());
            if before != Some(GAP_CYCLES - 1) {
                writes.push(memory::write(format!("{STRANDED}{location}"), &(GAP_CYCLES - 1)));
            }
        }
        let is_over = |(name, cycles): &(String, u32)| {
            let location = name.parse();
            *cycles == WHEREVER || location.is_ok_and(|location| !self.comes_elsewhere(view, &location, serving))
        };
        let over = known.into_iter().filter(is_over);
        writes.extend(over.map(|(name, _)| memory::erase(format!("{STRANDED}{name}"))));
        self.commit(writes)?;
        if due.is_empty() {
            return Ok(due);
        }
        let carried = self.carried_by_listed(view, serving.mailbox)?;
        for needs in &mut due {
            let location = needs.location;
            let said = asked.iter().filter(|want| want.location == location);
            let said: BTreeSet<ChunkId> = said.flat_map(|want| want.chunks.iter().copied()).collect();
            let carried: BTreeSet<ChunkId> = carried.union(&said).copied().collect();
            needs.chunks.retain(|chunk| !carried.contains(chunk));
            if let Some(theirs) = &needs.gap {
                needs.chunks.extend(self.unknown_to(theirs, carried, most_bytes)?);
            }
        }
        Ok(due)
    }

    /// Tells whether a location that counts comes to another mailbox: what leads it on here tells nothing.
    fn comes_elsewhere(&self, view: &View, location: &LocationId, serving: &Serving<'_>) -> bool {
        serving.counted.0.contains_key(location) && !view.contains(&ObjectName::Head(*location))
    }

    /// Gives those who have spoken and are set aside: once they are back, one look is enough to believe that nothing leads them
    /// on, since what they had not folded was not kept for them.
    fn gone_on_without(&self, serving: &Serving<'_>) -> Result<Vec<LocationId>> {
        let departed = self.departed()?;
        let is_aside =
            |location: &LocationId| !serving.counted.0.contains_key(location) && !departed.contains(location);
        Ok(self.heads()?.into_keys().filter(is_aside).collect())
    }

    /// Gives those who count and have spoken, of whom no row of changesets leads from what they folded to here, or who lack
    /// content.
    fn stranded(&self, view: &View, serving: &Serving<'_>) -> Result<Vec<(LocationId, Want)>> {
        let heads = self.heads()?;
        let mut left = Vec::new();
        for (location, standing) in serving.counted.others(self.me()) {
            let theirs = &standing.vector;
            // A drive that knows less of itself than others do was put back, and is about to take a new id.
            let was_put_back = self.vector.get(location) > theirs.get(location);
            let gap = (!was_put_back && !self.is_led_on(theirs, view)).then(|| theirs.clone());
            if heads.contains_key(location) && (gap.is_some() || !standing.missing.is_empty()) {
                let needs = Want {
                    location: *location,
                    gap,
                    chunks: standing.missing.iter().copied().collect(),
                    damaged: Vec::new(),
                };
                left.push((*location, needs));
            }
        }
        Ok(left)
    }

    /// Gives the chunks of what lives here beyond a vector, small files first, without some that are known.
    fn unknown_to(
        &self,
        theirs: &VersionVector,
        mut known: BTreeSet<ChunkId>,
        most_bytes: u64,
    ) -> Result<Vec<ChunkId>> {
        let mut beyond = BTreeSet::new();
        let mut after: Option<PathKey> = None;
        loop {
            let page = self.index.entries_after(after.as_ref(), INDEX_PAGE_ROWS)?;
            let Some((last, _)) = page.last() else { break };
            after = Some(last.clone());
            for (dot, version) in page.iter().flat_map(|(_, siblings)| siblings.live()) {
                let Content::File(content) = &version.value.content else {
                    continue;
                };
                let pieces = content.pieces().into_iter();
                match theirs.covers_dot(dot) {
                    true => known.extend(pieces.map(|(chunk, _, _)| chunk)),
                    false => beyond.extend(pieces.map(|(chunk, _, bytes)| (content.size_bytes, chunk, bytes))),
                }
            }
        }
        let mut left = most_bytes;
        let mut lacking = Vec::new();
        for (_, chunk, bytes) in beyond {
            if bytes > left {
                break;
            }
            if known.insert(chunk) {
                lacking.push(chunk);
                left -= bytes;
            }
        }
        Ok(lacking)
    }

    /// Gives the content of the changesets that are listed, as far as its packs are.
    fn carried_by_listed(&mut self, view: &View, mailbox: &dyn Mailbox) -> Result<BTreeSet<ChunkId>> {
        let is_manifest = |name: &&ObjectName| matches!(name, ObjectName::Manifest { .. });
        let mut carried = BTreeSet::new();
        for name in view.names().filter(is_manifest).cloned().collect::<Vec<_>>() {
            let Some(manifest) = self.read_manifest(mailbox, &name, name.writer())? else {
                continue;
            };
            let packs = manifest.packs.iter().filter(|pack| view.contains(&pack.name));
            carried.extend(packs.flat_map(|pack| pack.chunks.iter().copied()));
            carried.extend(manifest.inline.iter().map(|bytes| self.keys.chunk_id(bytes)));
        }
        Ok(carried)
    }
}
