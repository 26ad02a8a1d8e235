//! Resolving: a person says which of two versions is to stay; what is not kept goes to the trash.
//!
//! Only the drive is touched, as a person's hand would: the next cycle finds it and tells the others.

use offsync_core::ids::LocationId;
use offsync_core::place::Place;
use offsync_core::ports::TrashName;
use offsync_core::rel_path::RelPath;

use crate::engine::Engine;
use crate::error::Result;
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
    /// Both: the copy gets a name of its own.
    Both,
}

/// One side of a conflict.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Side {
    /// Who made it, if that is known.
    pub by: Option<LocationId>,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// Whether it is a folder.
    pub is_folder: bool,
}

impl Engine<'_> {
    /// Looks at the drive and gives the conflict copies that it shows now, in order of path.
    pub fn look_for_conflicts(&mut self, options: &SyncOptions) -> Result<Vec<ConflictLine>> {
        self.recover()?;
        self.scan(Depth::Quick, options.trust())?;
        self.conflicts()
    }

    /// Gives who made the version at a path, and how large it is.
    pub fn side(&self, path: &RelPath) -> Result<Side> {
        let Some(place) = self.index.place(&path.key())? else {
            return Ok(Side::default());
        };
        let refs = place.shown.iter().flat_map(|shown| &shown.refs);
        let newest = refs.flat_map(|shown| &shown.dots).max();
        Ok(Side {
            by: newest.map(|dot| dot.location),
            size_bytes: place.on_disk().map_or(0, |value| value.content.size_bytes()),
            is_folder: place.on_disk().is_some_and(|value| value.content.is_folder()),
        })
    }

    /// Does what a person decided about a conflict; gives where the copy stands now, if it stays beside the other.
    pub fn resolve(&mut self, conflict: &ConflictLine, keep: Keep) -> Result<Option<RelPath>> {
        match keep {
            Keep::Winner => {
                self.put_away(&conflict.copy)?;
                Ok(None)
            }
            Keep::Copy => {
                self.put_away(&conflict.path)?;
                self.disk.rename(&conflict.copy, &conflict.path)?;
                self.disk.flush()?;
                Ok(None)
            }
            Keep::Both => {
                let to = self.free_name(&conflict.path, "kept")?;
                self.disk.rename(&conflict.copy, &to)?;
                self.disk.flush()?;
                Ok(Some(to))
            }
        }
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
