//! Folders that their owner may not write: archives have them too, such as pictures that were copied from a CD.
//!
//! Guarantees that what Offsync has to do in such a folder is done, and that the folder has its mode again afterwards. The
//! mode is for people and programs; what comes from another home was that home's person's doing.

use offsync_core::ports::{DiskError, DiskErrorKind};
use offsync_core::rel_path::RelPath;
use rustix::fd::OwnedFd;
use rustix::fs::{Mode, fchmod, fstat};
use rustix::io::Result;

use super::RealDisk;
use super::root_folder::Purpose;

/// What an owner needs to change the names in a folder.
const CHANGES_NAMES: Mode = Mode::WUSR.union(Mode::XUSR);

/// A folder whose mode was lifted, with the mode that it had.
struct Lifted(OwnedFd, Mode);

impl Drop for Lifted {
    /// What cannot be put back now (the drive is gone) is found as a change of mode by a later look, and does no harm.
    fn drop(&mut self) {
        let _ = fchmod(&self.0, self.1);
    }
}

impl RealDisk {
    /// Changes names at some paths; where that is refused, once more with the folders concerned lifted meanwhile.
    ///
    /// # Errors
    ///
    /// The first refusal, where no folder could be lifted: it is somebody else's, or its mode is not the reason.
    pub(super) fn lifting<T>(
        &self,
        paths: &[&RelPath],
        doing: impl Fn() -> std::result::Result<T, DiskError>,
    ) -> std::result::Result<T, DiskError> {
        let refused = match doing() {
            Err(error) if error.kind() == DiskErrorKind::Denied => error,
            done => return done,
        };
        // A folder that moves elsewhere is itself changed by that.
        let folders = paths.iter().flat_map(|path| [path.parent(), Some((*path).clone())]);
        let lifted: Vec<Lifted> = folders
            .flatten()
            .filter_map(|folder| self.lift(&folder).ok().flatten())
            .collect();
        if lifted.is_empty() {
            return Err(refused);
        }
        doing()
    }

    /// Lifts a folder's mode if that keeps its owner from changing names in it.
    fn lift(&self, folder: &RelPath) -> Result<Option<Lifted>> {
        let handle = self.root.folder(folder, Purpose::List)?;
        let mode = Mode::from_raw_mode(fstat(&handle)?.st_mode);
        if mode.contains(CHANGES_NAMES) {
            return Ok(None);
        }
        fchmod(&handle, mode | CHANGES_NAMES)?;
        Ok(Some(Lifted(handle, mode)))
    }
}
