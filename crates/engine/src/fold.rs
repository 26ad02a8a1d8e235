//! Folding: a changeset's entries join the siblings, in one transaction with the vector.

use std::collections::{BTreeMap, BTreeSet};

use offsync_core::dot::Dot;
use offsync_core::entry::{Content, Value, Version};
use offsync_core::format::{Manifest, PostedEntry};
use offsync_core::ids::{LocationId, ManifestHash};
use offsync_core::local_change::LocalChange;
use offsync_core::ports::IndexWrite;
use offsync_core::present::{copy_name, strongest};
use offsync_core::rel_path::{PathKey, RelPath};
use offsync_core::siblings::Siblings;
use offsync_core::version_vector::VersionVector;

use crate::change_counts::ChangeCounts;
use crate::engine::Engine;
use crate::error::Result;
use crate::fate::Moves;
use crate::memory::{self, CONFIRMED, LAST_FOLDED, LOG, LastFolded, LogRecord, VECTOR};

/// A state that is merged, by key.
pub(crate) type StateEntries = BTreeMap<PathKey, Siblings>;

impl Engine<'_> {
    /// Gives the writes that fold a manifest; `hash` names it for its successor.
    pub(crate) fn fold_writes(
        &self,
        manifest: &Manifest,
        hash: ManifestHash,
        size_bytes: u64,
    ) -> Result<(VersionVector, Vec<IndexWrite>)> {
        let mut touched: BTreeMap<PathKey, Siblings> = BTreeMap::new();
        let mut record = LogRecord {
            author: manifest.author,
            sequence: manifest.sequence,
            created_ns: manifest.created_ns,
            entries: manifest.entries.len() as u64,
            bytes: size_bytes + manifest.packs.iter().map(|pack| pack.size_bytes).sum::<u64>(),
            counts: ChangeCounts::default(),
            example: None,
        };
        for entry in &manifest.entries {
            let origin = entry.origin();
            let siblings = self.index.entry(&origin)?;
            touched.insert(origin, siblings);
        }
        let shown = manifest.entries.iter().find(|entry| entry.value.content.is_live());
        record.example = shown.or(manifest.entries.first()).map(|entry| {
            let before = touched.get(&entry.origin());
            before
                .and_then(|before| dropped_copy(&entry.value, &entry.replaces, before))
                .unwrap_or_else(|| entry.value.path.clone())
        });
        let moves = Moves::of(manifest, &touched);
        let fates = self.note_fates(manifest, &touched, &moves)?;
        for (i, entry) in manifest.entries.iter().enumerate() {
            let siblings = touched.entry(entry.origin()).or_default();
            match moves.renamed.contains(&i) {
                true => record.counts.renamed += 1,
                false => count_change(&mut record.counts, entry, siblings),
            }
            let version = Version {
                value: entry.value.clone(),
                history: manifest.history(),
            };
            siblings.fold(manifest.dot(i), version, &entry.replaces);
        }
        let counts = &mut record.counts;
        counts.deleted = counts.deleted.saturating_sub(counts.renamed);
        if counts.all() == 0 {
            counts.metadata = record.entries;
        }
        let mut vector = self.vector.clone();
        vector.raise(manifest.author, manifest.sequence);
        let last = LastFolded {
            sequence: manifest.sequence,
            hash,
            size_bytes,
        };
        let mut writes = vec![
            memory::write(VECTOR, &vector),
            memory::write(format!("{LAST_FOLDED}{}", manifest.author), &last),
            memory::write(log_name(&record), &record),
        ];
        writes.extend(fates);
        if manifest.author == self.me() {
            let entries = manifest.entries.iter();
            writes.extend(self.end_refusals(entries.map(|entry| (entry.origin(), &entry.replaces[..])))?);
        }
        // Whose drive was stolen did not confirm anything by it: what is many is asked about here.
        if manifest.deletions_confirmed && !self.is_removed(&manifest.author)? {
            let mut confirmed: BTreeSet<(LocationId, u64)> = memory::read(self.index, CONFIRMED)?.unwrap_or_default();
            confirmed.insert((manifest.author, manifest.sequence));
            writes.push(memory::write(CONFIRMED, &confirmed));
        }
        let folders: BTreeSet<PathKey> = touched.keys().filter_map(PathKey::parent).collect();
        writes.extend(folders.iter().map(memory::unsettle));
        writes.extend(
            touched
                .into_iter()
                .map(|(key, siblings)| IndexWrite::Entry(key, siblings)),
        );
        Ok((vector, writes))
    }

    /// Gives the path at which an own deletion takes something away: that of the conflict copy, where it is one that goes.
    pub(crate) fn removed_path(&self, change: &LocalChange) -> Result<RelPath> {
        let siblings = self.index.entry(&change.origin())?;
        let copy = dropped_copy(&change.value, &change.replaces, &siblings);
        Ok(copy.unwrap_or_else(|| change.value.path.clone()))
    }

    /// Gives the own deletions that only give way to an edit in their place, as an edited conflict copy does, with that place.
    pub(crate) fn give_way_to_edits(&self, changes: &[&LocalChange]) -> Result<BTreeMap<usize, PathKey>> {
        let (live, deletions): (Vec<_>, Vec<_>) = changes
            .iter()
            .enumerate()
            .partition(|(_, change)| change.value.content.is_live());
        if deletions.is_empty() {
            return Ok(BTreeMap::new());
        }
        let written: BTreeSet<PathKey> = live.iter().map(|(_, change)| change.origin()).collect();
        let mut edited = BTreeMap::new();
        for (i, change) in deletions {
            let key = self.removed_path(change)?.key();
            if written.contains(&key) {
                edited.insert(i, key);
            }
        }
        Ok(edited)
    }

    /// Merges another location's state into this one: keeps a dot if both have it or the other has not seen it.
    pub(crate) fn merge_state(&mut self, their_vector: &VersionVector, theirs: StateEntries) -> Result<()> {
        let mut writes = Vec::new();
        let mut after: Option<PathKey> = None;
        let mut theirs = theirs;
        loop {
            let page = self
                .index
                .entries_after(after.as_ref(), offsync_core::limits::INDEX_PAGE_ROWS)?;
            let Some((last, _)) = page.last() else { break };
            after = Some(last.clone());
            for (key, mine) in page {
                let other = theirs.remove(&key).unwrap_or_default();
                let merged = mine.merge(&self.vector, &other, their_vector);
                if merged != mine {
                    writes.extend(key.parent().as_ref().map(memory::unsettle));
                    writes.push(IndexWrite::Entry(key, merged));
                }
            }
        }
        for (key, other) in theirs {
            let merged = Siblings::default().merge(&self.vector, &other, their_vector);
            if !merged.is_empty() {
                writes.extend(key.parent().as_ref().map(memory::unsettle));
                writes.push(IndexWrite::Entry(key, merged));
            }
        }
        let mut vector = self.vector.clone();
        vector.join(their_vector);
        writes.push(memory::write(VECTOR, &vector));
        self.commit(writes)?;
        self.vector = vector;
        Ok(())
    }
}

fn log_name(record: &LogRecord) -> String {
    format!(
        "{LOG}{:020}.{}.{:020}",
        record.created_ns.max(0),
        record.author,
        record.sequence
    )
}

/// Gives the name under which the version stood beside another that an entry took away; `None` if it had the name.
///
/// The entry itself bears the name of the one that stays, of which nobody wants to read that it was deleted.
fn dropped_copy(value: &Value, replaces: &[Dot], before: &Siblings) -> Option<RelPath> {
    let dropped = replaces.iter().find_map(|dot| before.get(dot))?;
    let (_, winner) = strongest(before.live())?;
    let (content, path) = (&dropped.value.content, &dropped.value.path);
    let stood_beside = !value.content.is_live() && content.is_live() && !content.same_as(&winner.value.content);
    let name = copy_name(path.name(), &content.tag(), 1);
    stood_beside.then(|| path.parent()?.join(&name).ok()).flatten()
}

fn count_change(counts: &mut ChangeCounts, entry: &PostedEntry, before: &Siblings) {
    // What it replaces may be replaced already by what another home did at the same time.
    let is_concurrent = !entry.replaces.is_empty() && entry.replaces.iter().all(|dot| before.get(dot).is_none());
    let old = entry
        .replaces
        .iter()
        .find_map(|dot| before.get(dot))
        .filter(|old| old.value.content.is_live());
    if let Some(old) = old {
        counts.deleted +=
            u64::from(entry.value.content.is_live() && takes_away(&entry.value.content, &old.value.content));
    }
    match (&entry.value.content, old) {
        // Folders come and go with their files.
        (Content::Tombstone, Some(old)) if old.value.content.is_folder() => {}
        (Content::Folder, _) => {}
        (Content::Tombstone, _) => counts.deleted += 1,
        (content, Some(old)) if old.value.content.same_as(content) => counts.metadata += 1,
        (content, Some(old)) if takes_away(content, &old.value.content) => counts.created += 1,
        (_, Some(_)) => counts.modified += 1,
        (_, None) if is_concurrent => counts.modified += 1,
        (_, None) => counts.created += 1,
    }
}

/// Tells whether what comes to a place takes away what stood there: it is nothing, or stands where a file did and is none.
fn takes_away(new: &Content, old: &Content) -> bool {
    !new.is_live() || old.is_file() && !new.is_file()
}
