//! Emptied: packs that were served to this location and hold nothing more that it lacks. Whoever served them takes them away with
//! its next sync; until then they lie there, and nothing new has come with them.

use std::collections::BTreeSet;

use offsync_core::format::ObjectName;
use offsync_core::ids::ChunkId;

use crate::engine::Engine;
use crate::error::Result;
use crate::memory;
use crate::view::View;

/// The packs that the last cycle left so, by name.
const EMPTIED: &str = "emptied-packs";

impl Engine<'_> {
    /// Notes which packs served to this location were read and hold nothing of what is missing now.
    pub(crate) fn note_emptied(&mut self, view: &View, missing: &BTreeSet<ChunkId>) -> Result<()> {
        let me = self.me();
        let is_for_me = |name: &&ObjectName| matches!(name, ObjectName::ServedPack { reader, .. } if *reader == me);
        let before = self.emptied()?;
        // A cycle that lacks nothing reads none of them.
        let is_emptied = |name: &&ObjectName| match self.space.packs.get(*name) {
            Some(held) => held.iter().all(|chunk| !missing.contains(chunk)),
            None => before.contains(&name.to_string()),
        };
        let served = view.names().filter(is_for_me);
        let emptied: BTreeSet<String> = served.filter(is_emptied).map(ToString::to_string).collect();
        if emptied == before {
            return Ok(());
        }
        self.commit(vec![match emptied.is_empty() {
            true => memory::erase(EMPTIED),
            false => memory::write(EMPTIED, &emptied),
        }])
    }

    /// Tells whether something lies in the mailbox that was served to this location and no cycle has read to its end.
    pub(crate) fn has_been_served(&self, view: &View) -> Result<bool> {
        let me = self.me();
        let is_for_me = |name: &&ObjectName| matches!(name, ObjectName::ServedPack { reader, .. } if *reader == me);
        let emptied = self.emptied()?;
        let mut served = view.names().filter(is_for_me);
        Ok(served.any(|name| !emptied.contains(&name.to_string())))
    }

    fn emptied(&self) -> Result<BTreeSet<String>> {
        Ok(memory::read(self.index, EMPTIED)?.unwrap_or_default())
    }
}
