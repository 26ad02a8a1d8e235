//! Resolving: a person says which of two versions is to stay; what is not kept goes to the trash.
//!
//! What this drive shows is touched as a person's hand would: the next cycle finds it and tells the others. What it cannot
//! show is let go by its dots, as if it had stood there and had been taken away.

use std::collections::BTreeMap;

use offsync_core::place::Place;
use offsync_core::ports::TrashName;
use offsync_core::rel_path::{PathKey, RelPath};

use crate::engine::Engine;
use crate::error::Result;
use crate::fit::Unfitting;
use crate::memory::{self, TRASH};
use crate::options::SyncOptions;
use crate::report::ConflictLine;
use crate::scan::Depth;

/// Which version of a conflict is to stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// The one that has the name.
    Winner,
    /// The one that stands beside it.
    Copy,
    /// Both: the copy gets a name of its own, or where this drive cannot store it, the other one.
    Both,
}

impl Engine<'_> {
    /// Looks at the drive and gives the conflict copies that it shows now, in order of path.
    pub fn look_for_conflicts(&mut self, options: &SyncOptions) -> Result<Vec<ConflictLine>> {
        self.recover()?;
        self.scan(Depth::Quick, options.trust())?;
        self.conflicts()
    }

    /// Does what a person decided about a conflict; gives where the one that got another name stands now, if both stay.
    ///
    /// Two versions neither of which this drive can show get no names of their own here.
    pub fn resolve(&mut self, conflict: &ConflictLine, keep: Keep) -> Result<Option<RelPath>> {
        let ConflictLine { path, copy } = conflict;
        let sides = self.held_sides(conflict)?;
        match (keep, sides) {
            (Keep::Winner, [_, Some(loser)]) => self.let_go_of(path, loser)?,
            (Keep::Winner, [_, None]) => self.put_away(copy)?,
            // The next cycle gives it the name.
            (Keep::Copy, [Some(winner), _]) => self.let_go_of(path, winner)?,
            (Keep::Copy, [None, Some(_)]) => self.put_away(path)?,
            (Keep::Copy, [None, None]) => {
                self.put_away(path)?;
                self.disk.rename(copy, path)?;
                self.disk.flush()?;
            }
            (Keep::Both, [_, held]) => {
                let to = self.free_name(path, "kept")?;
                let from = if held.is_some() { path } else { copy };
                self.disk.rename(from, &to)?;
                self.disk.flush()?;
                return Ok(Some(to));
            }
        }
        Ok(None)
    }

    /// Remembers that a version which this drive cannot show is to go.
    fn let_go_of(&mut self, path: &RelPath, held: Unfitting) -> Result<()> {
        let origin = path.key();
        let mut gone = BTreeMap::new();
        self.remember_gone(&origin, held.dots, &mut gone)?;
        let mut writes = memory::gone_writes(gone);
        writes.push(memory::unsettle(&origin.parent().unwrap_or_else(PathKey::root)));
        self.commit(writes)
    }

    /// Moves what stands at a path into the trash; nothing there is fine.
    fn put_away(&mut self, path: &RelPath) -> Result<()> {
        if self.disk.look(path)?.is_none() {
            return Ok(());
        }
        let place = self.index.place(&path.key())?;
        let content = place.as_ref().and_then(Place::on_disk).map(|value| &value.content);
        let (TrashName(name), record) = self.to_trash(path, content, Some(self.me()))?;
        self.commit(vec![memory::write(format!("{TRASH}{name}"), &record)])?;
        self.disk.displace(path, &TrashName(name))?;
        Ok(self.disk.flush()?)
    }
}
