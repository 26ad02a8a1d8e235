//! Folders that their owner may not write: archives have them too, such as pictures that were copied from a CD.
//!
//! Guarantees that what Offsync has to do in such a folder is done, and that the folder has its mode again afterwards. The
//! mode is for people and programs; what comes from another home was that home's person's doing. Each is written down before
//! it is lifted: where Offsync was killed in between, whoever locks the archive next puts the mode back, before anybody
//! takes it for one that a person gave.

use offsync_core::ports::{DiskError, DiskErrorKind};
use offsync_core::rel_path::RelPath;
use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, Mode, fchmod, fstat, unlinkat};
use rustix::io::Result;

use super::RealDisk;
use super::own_file::OwnFile;
use super::root_folder::Purpose;
use crate::disk::names::{LIFTED, LIFTED_NEW, private};

/// What an owner needs to change the names in a folder.
const CHANGES_NAMES: Mode = Mode::WUSR.union(Mode::XUSR);
/// The version of what is written down.
const FORMAT: u8 = 1;

/// A folder to be lifted, with the mode that it has.
struct Liftable {
    handle: OwnedFd,
    path: RelPath,
    mode: Mode,
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
        // A folder that moves elsewhere is itself changed by that, and is found under its new name then.
        let folders = paths.iter().flat_map(|path| [path.parent(), Some((*path).clone())]);
        let liftable: Vec<Liftable> = folders.flatten().filter_map(|folder| self.liftable(folder)).collect();
        if liftable.is_empty() || self.note_lifted(paths, &liftable).is_err() {
            return Err(refused);
        }
        for folder in &liftable {
            let _ = fchmod(&folder.handle, folder.mode | CHANGES_NAMES);
        }
        let done = doing();
        let put_back = liftable
            .iter()
            .all(|folder| fchmod(&folder.handle, folder.mode).is_ok());
        if put_back {
            self.forget_lifted();
        }
        done
    }

    /// Gives a folder whose mode keeps its owner from changing names in it.
    fn liftable(&self, path: RelPath) -> Option<Liftable> {
        let handle = self.root.folder(&path, Purpose::List).ok()?;
        let mode = Mode::from_raw_mode(fstat(&handle).ok()?.st_mode);
        let is_closed = !mode.contains(CHANGES_NAMES);
        is_closed.then_some(Liftable { handle, path, mode })
    }

    /// Writes down what is to be lifted; what moves, under both its names.
    fn note_lifted(&self, paths: &[&RelPath], liftable: &[Liftable]) -> Result<()> {
        let mut noted: Vec<(&RelPath, u32)> = Vec::new();
        for folder in liftable {
            noted.push((&folder.path, bits_of(folder.mode)));
            if let Some(to) = paths.last().filter(|_| paths.first() == Some(&&folder.path)) {
                noted.push((to, bits_of(folder.mode)));
            }
        }
        let file = OwnFile {
            name: LIFTED,
            new: LIFTED_NEW,
        };
        self.replace_own(file, &(FORMAT, noted))
    }

    /// Puts back the modes that were lifted when Offsync was killed. What is not as it was lifted is somebody's doing.
    pub(super) fn put_back_lifted(&self) {
        let Some((FORMAT, noted)) = self.read_own::<(u8, Vec<(RelPath, u32)>)>(LIFTED) else {
            return;
        };
        for (path, mode) in noted {
            let mode = Mode::from_bits_truncate(mode as _);
            let Ok(folder) = self.root.folder(&path, Purpose::List) else {
                continue;
            };
            let is_lifted = fstat(&folder).is_ok_and(|now| Mode::from_raw_mode(now.st_mode) == mode | CHANGES_NAMES);
            if is_lifted {
                let _ = fchmod(&folder, mode);
            }
        }
        self.forget_lifted();
    }

    /// A note that stays all the same names nothing that is lifted any more.
    fn forget_lifted(&self) {
        let own = private(LIFTED).parent().unwrap_or_else(RelPath::root);
        let folder = self.root.folder(&own, Purpose::Pass);
        let _ = folder.and_then(|folder| unlinkat(folder, LIFTED, AtFlags::empty()));
    }
}

/// Gives a mode as it is written down: its type differs from system to system.
fn bits_of(mode: Mode) -> u32 {
    mode.bits() as _
}
