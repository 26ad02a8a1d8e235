//! Look-alikes: files of one size and time, on drives whose inode numbers and change times tell nothing.
//!
//! Where two such files swap their names, no stat tells: they are read. Where a file reads as another known file does,
//! somebody renamed it; a drive that fails never gives the content of another file.

use offsync_core::entry::Content;
use offsync_core::limits::INDEX_PAGE_ROWS;
use offsync_core::place::{Place, Stat};

use crate::engine::Engine;
use crate::error::Result;

/// What cannot be told apart: length in bytes, and time in nanoseconds.
type Looks = (u64, i64);

/// The sizes and times that several known files of different content have.
#[derive(Default)]
pub(crate) struct Lookalikes(Option<Vec<Looks>>);

/// Tells whether nothing but size and time tells of a file.
fn is_bare(stat: &Stat) -> bool {
    stat.inode == 0 && stat.size_bytes > 0
}

impl Lookalikes {
    /// Tells whether a file looks as another one does that holds something else. Asks the index once, and only on drives
    /// without inode numbers.
    pub(crate) fn has(&mut self, engine: &Engine<'_>, stat: &Stat) -> Result<bool> {
        if !is_bare(stat) {
            return Ok(false);
        }
        let known = match self.0.take() {
            Some(known) => known,
            None => engine.lookalikes()?,
        };
        let has = known.binary_search(&(stat.size_bytes, stat.mtime_ns)).is_ok();
        self.0 = Some(known);
        Ok(has)
    }
}

impl Engine<'_> {
    /// Gives what files of different content have in common, in order.
    fn lookalikes(&self) -> Result<Vec<Looks>> {
        // Eight bytes of the digest do: who takes two contents for one misses a rename among files that look alike.
        let mut all: Vec<(Looks, [u8; 8])> = Vec::new();
        let mut after = None;
        loop {
            let page = self.index.places_after(after.as_ref(), INDEX_PAGE_ROWS)?;
            let Some((last, _)) = page.last() else { break };
            after = Some(last.clone());
            for (_, place) in &page {
                let content = place.on_disk().map(|value| &value.content);
                if let (Some(Content::File(file)), Some(stat)) = (content, place.stat().filter(|stat| is_bare(stat))) {
                    let mut digest = [0; 8];
                    digest.copy_from_slice(&file.digest.as_bytes()[..8]);
                    all.push(((stat.size_bytes, stat.mtime_ns), digest));
                }
            }
        }
        all.sort_unstable();
        let differ = |two: &[(Looks, [u8; 8])]| two[0].0 == two[1].0 && two[0].1 != two[1].1;
        let mut several: Vec<Looks> = all.windows(2).filter(|two| differ(two)).map(|two| two[0].0).collect();
        several.dedup();
        Ok(several)
    }

    /// Tells whether a content is that of another file that is known, here or in the archive.
    pub(crate) fn is_known_content(&self, content: &Content) -> Result<bool> {
        let Some(first) = content.chunk_ids().into_iter().next() else {
            return Ok(false);
        };
        for key in self.index.places_with_chunk(&first)? {
            let place = self.index.place(&key)?;
            let there = place.as_ref().and_then(Place::on_disk);
            if there.is_some_and(|value| value.content.same_as(content)) {
                return Ok(true);
            }
        }
        for (key, dot) in self.index.versions_with_chunk(&first)? {
            let siblings = self.index.entry(&key)?;
            if siblings
                .get(&dot)
                .is_some_and(|version| version.value.content.same_as(content))
            {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
