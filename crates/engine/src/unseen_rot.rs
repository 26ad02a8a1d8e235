//! Known files that may have rotted unseen to what a damaged one reads as: none of these is taken for that one.
//!
//! A failing drive gives zeros for more than one file. What went, or still has its inode, and reads as a damaged one does by
//! now, is not that one, whose content would be put in its place and called healed.

use std::collections::BTreeSet;

use offsync_core::entry::{Content, FileContent, Value};
use offsync_core::limits::INDEX_PAGE_ROWS;
use offsync_core::place::Stat;
use offsync_core::rel_path::{PathKey, RelPath};

use crate::damaged_reading::{DamagedReading, is_time_of};
use crate::engine::Engine;
use crate::error::Result;

/// A known file: where it stands, and how it looked.
pub(crate) type KnownFile = (PathKey, Stat);

impl Engine<'_> {
    /// Gives the known files, by their size.
    pub(crate) fn known_files(&self) -> Result<Vec<KnownFile>> {
        let mut all = Vec::new();
        let mut after = None;
        loop {
            let page = self.index.places_after(after.as_ref(), INDEX_PAGE_ROWS)?;
            let Some((last, _)) = page.last() else { break };
            after = Some(last.clone());
            for (key, place) in page {
                let is_file = matches!(place.on_disk().map(|value| &value.content), Some(Content::File(_)));
                if let Some(stat) = place.stat().filter(|stat| is_file && stat.size_bytes > 0) {
                    all.push((key, *stat));
                }
            }
        }
        all.sort_by_key(|(_, stat)| stat.size_bytes);
        Ok(all)
    }

    /// Gives those of some known files, none of which is known to be damaged, that a file may be which reads as a damaged one does:
    /// those with its inode, those with its time or name whose place was left or taken, and the one at its own place.
    pub(crate) fn rotted_unseen(
        &self,
        known: &[KnownFile],
        damaged: &BTreeSet<PathKey>,
        (seen, stat): (&Value, &Stat),
        read: &FileContent,
        has_local_times: bool,
    ) -> Result<Vec<DamagedReading>> {
        let mut found = Vec::new();
        for (key, then) in of_size(known, stat.size_bytes) {
            let (has_inode, is_here) = (stat.inode != 0 && then.inode == stat.inode, *key == seen.path.key());
            let has_name = key.name() == seen.path.key().name();
            let may_be = has_inode || is_here || has_name || is_time_of(stat, then.mtime_ns, has_local_times);
            if damaged.contains(key) || !may_be {
                continue;
            }
            let place = self.index.place(key)?;
            let Some(Value {
                path,
                content: Content::File(meant),
                ..
            }) = place.and_then(|place| place.on_disk().cloned())
            else {
                continue;
            };
            let one = DamagedReading::unseen(path, *then, meant, read);
            // Where inodes tell, nothing is read anew at its own place that looks as it did.
            let is_it = has_inode || is_here && stat.inode != 0 || self.has_left(&one, has_local_times)?;
            if one.meant.digest != read.digest && is_it {
                found.push(one);
            }
        }
        Ok(found)
    }

    /// Gives those of some known files that are gone, none of which is known to be damaged, and were as large as a file is.
    pub(crate) fn gone_of_size(
        &self,
        known: &[KnownFile],
        damaged: &BTreeSet<PathKey>,
        stat: &Stat,
    ) -> Result<Vec<RelPath>> {
        let mut gone = Vec::new();
        for (key, _) in of_size(known, stat.size_bytes).filter(|(key, _)| !damaged.contains(key)) {
            if let Some(place) = self.index.place(key)?
                && let Some(Value { path, .. }) = place.on_disk()
                && self.is_gone(path)?
            {
                gone.push(path.clone());
            }
        }
        Ok(gone)
    }
}

/// Gives those of some known files, by their size, that have one size.
fn of_size(known: &[KnownFile], size_bytes: u64) -> impl Iterator<Item = &KnownFile> {
    let from = known.partition_point(|(_, known)| known.size_bytes < size_bytes);
    known[from..]
        .iter()
        .take_while(move |(_, then)| then.size_bytes == size_bytes)
}
