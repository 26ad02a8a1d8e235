//! What is known here and not shown on the drive yet: for lack of content, of room, or of leave to write.
//!
//! Only folders that are not settled are looked at, and what does not fit on the drive. What a person took away here and
//! what an own change stands over is not lacking.

use std::collections::BTreeSet;

use offsync_core::dot::Dot;
use offsync_core::entry::Content;
use offsync_core::rel_path::PathKey;

use crate::engine::Engine;
use crate::error::Result;
use crate::memory::{self, GONE, Gone, UNSETTLED};

/// Files that are not on this drive yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unshown {
    /// How many.
    pub files: u64,
    /// Their size in bytes.
    pub bytes: u64,
    /// Their versions.
    pub dots: BTreeSet<Dot>,
}

impl Engine<'_> {
    /// Gives the files that are known here and not on this drive.
    pub fn unshown(&self) -> Result<Unshown> {
        let mut unshown = Unshown::default();
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
                    let Content::File(file) = &version.value.content else {
                        continue;
                    };
                    if !there.contains(dot) && !is_gone(dot) {
                        unshown.files += 1;
                        unshown.bytes += file.size_bytes;
                        unshown.dots.insert(*dot);
                    }
                }
            }
        }
        for unfitting in self.unfitting()?.into_values() {
            if let Content::File(file) = &unfitting.value.content
                && !unfitting.dots.iter().any(|dot| unshown.dots.contains(dot))
            {
                unshown.files += 1;
                unshown.bytes += file.size_bytes;
                unshown.dots.extend(unfitting.dots);
            }
        }
        Ok(unshown)
    }
}
