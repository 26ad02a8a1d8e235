//! The journal of a simulated drive: names in order, and what a power cut leaves of them.
//!
//! As on ext4, a power cut keeps a prefix of what was named since the last flush, never
//! a later name without an earlier one. Contents that were never flushed come back torn.

use super::volume::{Body, NodeId, Slot, Undo, Volume};
use crate::rng::Rng;

impl Volume {
    pub(super) fn link(&mut self, slot: Slot, id: NodeId, now_ns: i64) {
        self.attach(&slot, id);
        self.touch_folder(slot.folder, now_ns);
        self.log.push(Undo::Linked(slot));
    }

    pub(super) fn unlink(&mut self, slot: Slot, now_ns: i64) {
        let slot = self.spelled(slot);
        let id = self.detach(&slot);
        self.touch_folder(slot.folder, now_ns);
        self.log.push(Undo::Unlinked(slot, id));
    }

    pub(super) fn shift(&mut self, from: Slot, to: Slot, now_ns: i64) {
        let from = self.spelled(from);
        let id = self.detach(&from);
        self.attach(&to, id);
        self.node_mut(id).ctime_ns = now_ns;
        self.touch_folder(from.folder, now_ns);
        self.touch_folder(to.folder, now_ns);
        self.log.push(Undo::Moved { from, to });
    }

    pub(super) fn set_meta(&mut self, id: NodeId, mtime_ns: i64, mode: u32, now_ns: i64) {
        let node = self.node_mut(id);
        let old = Undo::Meta {
            node: id,
            mtime_ns: node.mtime_ns,
            mode: node.mode,
        };
        (node.mtime_ns, node.mode, node.ctime_ns) = (mtime_ns, mode, now_ns);
        self.log.push(old);
    }

    /// Makes all names so far durable, as the journal does before a person's flushed save; contents stay as they are.
    pub(super) fn settle(&mut self) {
        let contents = std::mem::take(&mut self.unflushed_contents);
        self.flush();
        self.unflushed_contents = contents.into_iter().filter(|(id, _)| self.has(*id)).collect();
    }

    /// Makes all that was done so far survive a power cut.
    pub(super) fn flush(&mut self) {
        self.log.clear();
        self.unflushed_contents.clear();
        self.sweep();
    }

    /// Counts the names that a power cut could still take back.
    pub(super) fn unflushed(&self) -> usize {
        self.log.len()
    }

    /// Takes back all names behind a random point, and tears contents that were not flushed.
    pub(super) fn power_cut(&mut self, rng: &mut Rng) {
        let kept = rng.index(self.log.len() + 1);
        for undo in self.log.split_off(kept).into_iter().rev() {
            self.undo(undo);
        }
        for (id, durable) in std::mem::take(&mut self.unflushed_contents) {
            self.tear(id, durable, rng);
        }
        self.close_all();
        self.flush();
    }

    fn undo(&mut self, undo: Undo) {
        match undo {
            Undo::Linked(slot) => {
                self.detach(&slot);
            }
            Undo::Unlinked(slot, id) => self.attach(&slot, id),
            Undo::Moved { from, to } => {
                let id = self.detach(&to);
                self.attach(&from, id);
            }
            Undo::Meta { node, mtime_ns, mode } => {
                let node = self.node_mut(node);
                (node.mtime_ns, node.mode) = (mtime_ns, mode);
            }
        }
    }

    /// Leaves a part of what was not flushed of a content, or zeros where bytes should be: what drives do.
    fn tear(&mut self, id: NodeId, durable: usize, rng: &mut Rng) {
        if !self.has(id) {
            return;
        }
        let Body::File(bytes) = &self.node(id).body else {
            return;
        };
        let mut torn = bytes.to_vec();
        let durable = durable.min(torn.len());
        let from = durable + rng.index(torn.len() - durable + 1);
        if rng.percent(50) {
            torn.truncate(from);
        } else {
            torn[from..].fill(0);
        }
        self.replace_content(id, torn);
    }
}
