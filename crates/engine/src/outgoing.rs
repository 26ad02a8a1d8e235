//! Content on its way out: gathered into packs, or into the manifest if it is little.

use offsync_core::format::PackRef;
use offsync_core::ids::ChunkId;
use offsync_core::limits::{INLINE_CONTENT_BYTES_MAX, PACK_CONTENT_BYTES_MAX, PACK_PART_OF_ALLOWANCE};

/// Content on its way into packs, or into the manifest if it is little.
pub(crate) struct Outgoing {
    pending: Vec<(ChunkId, Vec<u8>)>,
    pending_bytes: usize,
    inlined_bytes: usize,
    pub(crate) bytes: u64,
    pack_bytes_max: usize,
    inline_bytes_max: usize,
    pub(crate) packs: Vec<PackRef>,
    pub(crate) payload_bytes: u64,
}

impl Outgoing {
    pub(crate) fn new(allowance_bytes: Option<u64>) -> Self {
        let part = allowance_bytes.map_or(usize::MAX, |bytes| (bytes / PACK_PART_OF_ALLOWANCE) as usize);
        Self {
            pending: Vec::new(),
            pending_bytes: 0,
            inlined_bytes: 0,
            bytes: 0,
            pack_bytes_max: PACK_CONTENT_BYTES_MAX.min(part),
            inline_bytes_max: INLINE_CONTENT_BYTES_MAX.min(part / 2),
            packs: Vec::new(),
            payload_bytes: 0,
        }
    }

    pub(crate) fn add(&mut self, chunk: ChunkId, bytes: Vec<u8>) {
        self.pending_bytes += bytes.len();
        self.bytes += bytes.len() as u64;
        self.pending.push((chunk, bytes));
    }

    /// Gives the chunks of a full pack; the last one that was added stays if it does not fit.
    pub(crate) fn take_full(&mut self) -> Option<Vec<(ChunkId, Vec<u8>)>> {
        if self.pending_bytes <= self.pack_bytes_max || self.pending.len() < 2 {
            return None;
        }
        let last = self.pending.pop()?;
        self.pending_bytes = last.1.len();
        Some(std::mem::replace(&mut self.pending, vec![last]))
    }

    /// Gives what lies ready if it is little enough to go inside the manifest with what goes there already.
    pub(crate) fn take_inline(&mut self) -> Vec<Vec<u8>> {
        if !self.packs.is_empty() || self.inlined_bytes + self.pending_bytes > self.inline_bytes_max {
            return Vec::new();
        }
        self.inlined_bytes += std::mem::take(&mut self.pending_bytes);
        std::mem::take(&mut self.pending)
            .into_iter()
            .map(|(_, bytes)| bytes)
            .collect()
    }

    pub(crate) fn take_rest(&mut self) -> Option<Vec<(ChunkId, Vec<u8>)>> {
        self.pending_bytes = 0;
        (!self.pending.is_empty()).then(|| std::mem::take(&mut self.pending))
    }
}
