//! What is known here and not shown on the drive yet: for lack of content, of room, or of leave to write.
//!
//! Only folders that are not settled are looked at, and what does not fit on the drive. What a person took away here and
//! what an own change stands over is not lacking.

use std::collections::BTreeSet;

use offsync_core::dot::Dot;
use offsync_core::entry::Content;
use offsync_core::ids::ChunkId;
use offsync_core::rel_path::PathKey;

use crate::engine::Engine;
use crate::error::Result;
use crate::fit::has_below;
use crate::memory::{self, GONE, Gone, UNSETTLED};
use crate::refused::to_come_back;

/// Files and links that are not on this drive yet, and empty folders that it cannot hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unshown {
    /// How many.
    pub files: u64,
    /// What is to come of their content in bytes: without what is in staging already.
    pub bytes: u64,
    /// How many of them this drive can never show: for their kind, their size or their name.
    pub unfit: u64,
    /// The size of those in bytes.
    pub unfit_bytes: u64,
    /// Their versions.
    pub dots: BTreeSet<Dot>,
}

impl Engine<'_> {
    /// Gives what is known here and not on this drive.
    pub fn unshown(&self) -> Result<Unshown> {
        let mut unshown = Unshown::default();
        let mut staged = None;
        let unfitting = self.unfitting()?;
        let never: BTreeSet<Dot> = unfitting.values().flat_map(|one| one.dots.iter().copied()).collect();
        for folder in memory::read_all::<PathKey>(self.index, UNSETTLED)?.into_values() {
            let places = self.index.places_in(&folder)?;
            let shown = places.iter().flat_map(|(_, place)| &place.shown);
            let refs = shown.flat_map(|shown| &shown.refs);
            let there: BTreeSet<Dot> = refs.flat_map(|shown| shown.dots.iter().copied()).collect();
            for (key, siblings) in self.index.entries_in(&folder)? {
                let gone = memory::read::<Gone>(self.index, &memory::of_key(GONE, &key))?;
                let is_gone = |dot: &Dot| {
                    gone.as_ref()
                        .is_some_and(|gone| gone.shown.iter().any(|dots| dots.contains(dot)))
                };
                for (dot, version) in siblings.live() {
                    let content = &version.value.content;
                    if !content.is_folder() && !there.contains(dot) && !is_gone(dot) {
                        unshown.files += 1;
                        let staged_bytes = self.staged_of(content, &mut staged)?;
                        unshown.bytes += content.size_bytes().saturating_sub(staged_bytes);
                        if never.contains(dot) {
                            unshown.unfit += 1;
                            unshown.unfit_bytes += content.size_bytes();
                        }
                        unshown.dots.insert(*dot);
                    }
                }
            }
        }
        // What others deleted and a person here is still to be asked about: it comes back first.
        for (_, dot, value) in to_come_back(self.index)? {
            unshown.files += 1;
            let staged_bytes = self.staged_of(&value.content, &mut staged)?;
            unshown.bytes += value.content.size_bytes().saturating_sub(staged_bytes);
            unshown.dots.insert(dot);
        }
        let keys: BTreeSet<PathKey> = unfitting.keys().cloned().collect();
        for (key, unfitting) in &unfitting {
            if has_below(&keys, key) || unfitting.dots.iter().any(|dot| unshown.dots.contains(dot)) {
                continue;
            }
            unshown.files += 1;
            unshown.unfit += 1;
            unshown.bytes += unfitting.value.content.size_bytes();
            unshown.unfit_bytes += unfitting.value.content.size_bytes();
            unshown.dots.extend(&unfitting.dots);
        }
        Ok(unshown)
    }
    /// Gives how much of a file's content is in staging; what is there is looked up once, and only if something lacks.
    fn staged_of(&self, content: &Content, staged: &mut Option<BTreeSet<ChunkId>>) -> Result<u64> {
        let Content::File(file) = content else { return Ok(0) };
        let staged = match staged {
            Some(staged) => staged,
            None => {
                let all = self.staged_chunks()?.into_values();
                let chunks = all.flat_map(|one| one.chunks.into_iter().map(|(chunk, _, _)| chunk));
                staged.insert(chunks.collect())
            }
        };
        let pieces = file.pieces().into_iter();
        let there = pieces.filter(|(chunk, _, _)| staged.contains(chunk));
        Ok(there.map(|(_, _, len)| len).sum())
    }
}
