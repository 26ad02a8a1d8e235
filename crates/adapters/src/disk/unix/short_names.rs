//! The second, short names that FAT and NTFS give to files (`LONGFI~1.TXT` for `long file name.txt`).
//!
//! No listing has them, yet each is taken for its file. Guarantees that a file that is really called so finds its
//! place: the other keeps its name, and gets another short one. Never touches what a listing has under the name.

use offsync_core::rel_path::RelPath;
use rustix::io::{Errno, Result};

use super::RealDisk;
use super::moves::{Spot, move_free};
use super::sight::see;

impl RealDisk {
    /// Does once more what found its name taken, if that is but the short name of another: that gives it up meanwhile.
    pub(super) fn past_short_name(&self, path: &RelPath, doing: impl FnOnce() -> Result<()>) -> Result<()> {
        let behind = self.behind_short_name(path)?;
        // The drive chooses a short name with each name, and by then this one is taken.
        self.while_aside(&behind, |_| doing())
    }

    /// Moves to a name that is but the short one of another, or its own.
    pub(super) fn move_past_short_name(&self, from: &RelPath, to: &RelPath, spots: [Spot<'_>; 2]) -> Result<()> {
        let [from_spot, to_spot] = spots;
        if self.behind_short_name(to)? == *from {
            return self.respell(from, to_spot);
        }
        self.past_short_name(to, || move_free(from_spot, to_spot))
    }

    /// Finds what is met under a name that no listing has; says that something is there if it is anything else.
    fn behind_short_name(&self, path: &RelPath) -> Result<RelPath> {
        let taken = Err(Errno::EXIST);
        if !self.folds_names() {
            return taken;
        }
        let (folder, name) = self.root.parent(path)?;
        let Ok(seen) = see(&folder, name) else { return taken };
        let Ok(listed) = self.spelling(path, &seen) else {
            return taken;
        };
        let above = path.parent().unwrap_or_else(RelPath::root);
        match above.join(&listed) {
            Ok(behind) if behind.key() != path.key() => Ok(behind),
            _ => taken,
        }
    }
}
