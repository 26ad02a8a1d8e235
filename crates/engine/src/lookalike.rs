//! Look-alikes: files of one size and time, on drives whose inode numbers and change times tell nothing.
//!
//! Where two such files swap their names, no stat tells: they are read. Where a file reads as another known file does,
//! somebody renamed it; should it have rotted to that, the sync that sends it says so (`silent`).

use offsync_core::entry::{Content, FileContent};
use offsync_core::limits::INDEX_PAGE_ROWS;
use offsync_core::place::Stat;

use crate::engine::Engine;
use crate::error::Result;

/// What cannot be told apart: length in bytes, and time in nanoseconds.
type Looks = (u64, i64);

/// A known file: its looks, and the beginning of its digest.
type Known = (Looks, [u8; 8]);

/// The known files that share their size and time with one of other content, as they were when they were first asked for.
#[derive(Default)]
pub(crate) struct Lookalikes(Option<Vec<Known>>);

/// Tells whether nothing but size and time tells of a file.
fn is_bare(stat: &Stat) -> bool {
    stat.inode == 0 && stat.size_bytes > 0
}

fn looks(stat: &Stat) -> Looks {
    (stat.size_bytes, stat.mtime_ns)
}

fn beginning(file: &FileContent) -> [u8; 8] {
    let mut digest = [0; 8];
    // Eight bytes do: who takes two contents for one misses a rename among files that look alike.
    digest.copy_from_slice(&file.digest.as_bytes()[..8]);
    digest
}

impl Lookalikes {
    /// Tells whether a file looks as another one does that holds something else. Asks the index once, and only on drives
    /// without inode numbers.
    pub(crate) fn has(&mut self, engine: &Engine<'_>, stat: &Stat) -> Result<bool> {
        if !is_bare(stat) {
            return Ok(false);
        }
        let known = self.known(engine)?;
        let at = known.partition_point(|(known, _)| *known < looks(stat));
        Ok(known.get(at).is_some_and(|(known, _)| *known == looks(stat)))
    }

    /// Tells whether what a file reads as is what another one held that looks just so: then somebody renamed that one.
    pub(crate) fn explains(&mut self, engine: &Engine<'_>, stat: &Stat, read: &FileContent) -> Result<bool> {
        let is_known = |known: &[Known]| known.binary_search(&(looks(stat), beginning(read))).is_ok();
        Ok(is_bare(stat) && is_known(self.known(engine)?))
    }

    fn known(&mut self, engine: &Engine<'_>) -> Result<&[Known]> {
        let known = match self.0.take() {
            Some(known) => known,
            None => engine.lookalikes()?,
        };
        Ok(self.0.insert(known))
    }
}

impl Engine<'_> {
    /// Gives what files of different content have in common, in order.
    fn lookalikes(&self) -> Result<Vec<Known>> {
        let mut all: Vec<Known> = Vec::new();
        let mut after = None;
        loop {
            let page = self.index.places_after(after.as_ref(), INDEX_PAGE_ROWS)?;
            let Some((last, _)) = page.last() else { break };
            after = Some(last.clone());
            for (_, place) in &page {
                let content = place.on_disk().map(|value| &value.content);
                if let (Some(Content::File(file)), Some(stat)) = (content, place.stat().filter(|stat| is_bare(stat))) {
                    all.push((looks(stat), beginning(file)));
                }
            }
        }
        all.sort_unstable();
        all.dedup();
        let alike = all
            .chunk_by(|one, other| one.0 == other.0)
            .filter(|alike| alike.len() > 1);
        Ok(alike.flatten().copied().collect())
    }
}
