//! Known files that may have rotted unseen to what a damaged one reads as: none of these is taken for that one.
//!
//! A failing drive gives zeros for more than one file. What went, or still has its inode, and reads as a damaged one does by
//! now, is not that one, whose content would be put in its place and called healed.

use std::collections::{BTreeMap, BTreeSet};

use offsync_core::entry::{Content, FileContent, Value};
use offsync_core::ids::Digest;
use offsync_core::limits::INDEX_PAGE_ROWS;
use offsync_core::place::{Place, Stat};
use offsync_core::rel_path::{PathKey, RelPath};

use crate::damaged_reading::{DamagedReading, is_time_of};
use crate::engine::Engine;
use crate::error::Result;
use crate::memory::{self, DAMAGED, MADE_OF_DAMAGE, WentTo};

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

    /// Gives those of some absent places whose files stand elsewhere by now: none of these is what reads as a damaged one does.
    ///
    /// Their identity tells where the drive has one; else as many went elsewhere as files came that hold just what they held, and of several
    /// that held the same those first of which nobody is in doubt.
    pub(crate) fn stand_elsewhere(
        &self,
        in_doubt: &BTreeSet<PathKey>,
        absent: &[(PathKey, Place)],
        went_to: &BTreeMap<PathKey, WentTo>,
    ) -> Result<BTreeSet<PathKey>> {
        let mut came: BTreeMap<Digest, usize> = BTreeMap::new();
        for (key, place) in self.index.changed_places()? {
            let shown = place.shown.as_ref().and_then(|shown| digest_of(&shown.value));
            if let Some(digest) = place.on_disk().and_then(digest_of)
                && Some(digest) != shown
                && self.index.note(&memory::of_key(DAMAGED, &key))?.is_none()
            {
                *came.entry(digest).or_default() += 1;
            }
        }
        let (mut elsewhere, mut others) = (BTreeSet::new(), Vec::new());
        for (key, place) in absent {
            let Some(digest) = place.on_disk().and_then(digest_of) else {
                continue;
            };
            let to = went_to.get(key).filter(|to| to.inode != 0).map(|to| to.path.key());
            match to {
                Some(to) if !self.is_doubtful_at(&to)? => {
                    elsewhere.insert(key.clone());
                    let there = self.index.place(&to)?;
                    if there.as_ref().and_then(Place::on_disk).and_then(digest_of) == Some(digest) {
                        came.entry(digest).and_modify(|came| *came = came.saturating_sub(1));
                    }
                }
                _ => others.push((in_doubt.contains(key), key, digest)),
            }
        }
        others.sort_by_key(|(is_in_doubt, _, _)| *is_in_doubt);
        for (_, key, digest) in others {
            if let Some(left) = came.get_mut(&digest).filter(|left| **left > 0) {
                *left -= 1;
                elsewhere.insert(key.clone());
            }
        }
        Ok(elsewhere)
    }

    /// Tells whether a damaged file stands at a place, or something that was made of one.
    fn is_doubtful_at(&self, key: &PathKey) -> Result<bool> {
        let is_noted = |prefix: &str| -> Result<bool> { Ok(self.index.note(&memory::of_key(prefix, key))?.is_some()) };
        Ok(is_noted(DAMAGED)? || is_noted(MADE_OF_DAMAGE)?)
    }
}

/// Gives those of some known files, by their size, that have one size.
fn of_size(known: &[KnownFile], size_bytes: u64) -> impl Iterator<Item = &KnownFile> {
    let from = known.partition_point(|(_, known)| known.size_bytes < size_bytes);
    known[from..]
        .iter()
        .take_while(move |(_, then)| then.size_bytes == size_bytes)
}

fn digest_of(value: &Value) -> Option<Digest> {
    match &value.content {
        Content::File(file) => Some(file.digest),
        _ => None,
    }
}
