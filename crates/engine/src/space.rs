//! What is known of the room on the drive, in one cycle, and sizes in words.

use std::collections::BTreeSet;

use offsync_core::ids::ChunkId;
use offsync_core::rel_path::RelPath;

/// What was found out about room in one cycle.
#[derive(Debug, Default)]
pub(crate) struct Space {
    /// Chunks of files that could never be put together here.
    pub(crate) too_large: BTreeSet<ChunkId>,
    /// Lacking chunks of files that fit.
    pub(crate) fitting: BTreeSet<ChunkId>,
    /// Files of which it was said that they do not fit.
    pub(crate) named: BTreeSet<RelPath>,
    /// Files that wait for content and fit: what each needs in bytes, and its chunks.
    pub(crate) waiting: Vec<(u64, Vec<ChunkId>)>,
    /// The chunks of the one file that is fetched alone, since not all that wait fit at once.
    pub(crate) focus: Option<BTreeSet<ChunkId>>,
    /// The first chunks of files that were fetched alone before.
    pub(crate) tried: BTreeSet<ChunkId>,
    /// Whether something was not staged that may fit once what is staged stands in its place.
    pub(crate) is_tight: bool,
}

impl Space {
    /// Tells whether only files that do not fit want a chunk: it stays in the mailbox.
    pub(crate) fn refuses(&self, chunk: &ChunkId) -> bool {
        self.too_large.contains(chunk) && !self.fitting.contains(chunk)
    }
}

/// Gives a size as people read it: one decimal, powers of ten.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["bytes", "kB", "MB", "GB", "TB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1000.0 && unit < UNITS.len() - 1 {
        value /= 1000.0;
        unit += 1;
    }
    if unit == 0 {
        format!("{bytes} byte{}", if bytes == 1 { "" } else { "s" })
    } else {
        format!("{value:.1} {}", UNITS[unit])
    }
}
