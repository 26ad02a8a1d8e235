//! The names of Offsync's own files below an archive, and the check of names handed in.
//!
//! Never touches the drive.

use offsync_core::ports::{DiskError, DiskErrorKind};
use offsync_core::rel_path::RelPath;

/// The folder of Offsync's own files.
pub(crate) const PRIVATE: &str = offsync_core::rel_path::PRIVATE_FOLDER;
/// New content on its way in, inside the private folder.
pub(crate) const STAGING: &str = "staging";
/// Displaced files, inside the private folder.
pub(crate) const TRASH: &str = "trash";
/// Who this copy is, inside the private folder.
pub(crate) const MARKER: &str = "location.toml";
/// The marker while it is written.
pub(crate) const MARKER_NEW: &str = "location.toml.new";
/// What the drive can hold, inside the private folder.
#[cfg(unix)]
pub(crate) const PROFILE: &str = "drive";
/// The same while it is written.
#[cfg(unix)]
pub(crate) const PROFILE_NEW: &str = "drive.new";
/// Names that are set aside for a moment, inside the private folder.
#[cfg(unix)]
pub(crate) const ASIDE: &str = "aside";
/// The same while it is written.
#[cfg(unix)]
pub(crate) const ASIDE_NEW: &str = "aside.new";
/// Folders whose mode is lifted for a moment, inside the private folder.
#[cfg(unix)]
pub(crate) const LIFTED: &str = "lifted";
/// The same while it is written.
#[cfg(unix)]
pub(crate) const LIFTED_NEW: &str = "lifted.new";
/// The file whose lock keeps a second engine out, inside the private folder.
pub(crate) const LOCK: &str = "lock";
/// Largest marker that is read; a real one has a few hundred bytes.
pub(crate) const MARKER_BYTES_MAX: u64 = 64 << 10;

/// Which of the two private folders for content is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Drawer {
    /// New content that has no place yet.
    Staging,
    /// Old content that lost its place.
    Trash,
}

impl Drawer {
    /// Gives the folder's name inside the private folder.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Staging => STAGING,
            Self::Trash => TRASH,
        }
    }

    /// Gives the path of a file inside it, once its name is checked: letters, digits, dots, dashes, no leading dot.
    pub(crate) fn path(self, name: &str) -> Result<RelPath, DiskError> {
        let folder = self.folder();
        let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
        if name.is_empty() || name.starts_with('.') || !name.bytes().all(is_plain) {
            let reason = format!("'{}' is no name for a file in {}", name.escape_debug(), self.name());
            return Err(DiskError::new(DiskErrorKind::Unstorable, folder, reason));
        }
        let refused = |error| DiskError::new(DiskErrorKind::Unstorable, self.folder(), format!("{error}"));
        folder.join(name).map_err(refused)
    }

    /// Gives the folder's path.
    pub(crate) fn folder(self) -> RelPath {
        private(self.name())
    }
}

/// Gives the path of one of Offsync's own files.
pub(crate) fn private(name: &str) -> RelPath {
    RelPath::new(format!("{PRIVATE}/{name}")).expect("our own names are valid")
}

/// Refuses paths that are Offsync's own: no entry of an archive lies there.
pub(crate) fn refuse_private(path: &RelPath) -> Result<(), DiskError> {
    if path.is_private() {
        let reason = "this folder is Offsync's own and holds no entries";
        return Err(DiskError::new(DiskErrorKind::Unstorable, path.clone(), reason));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drawer_takes_plain_names_only() {
        for bad in ["", ".", "..", ".hidden", "a/b", "a\0b", "ä", "a b", &"x".repeat(256)] {
            assert!(Drawer::Staging.path(bad).is_err(), "{bad:?}");
        }
        assert!(Drawer::Trash.path("0a-9.part").is_ok());
    }

    #[test]
    fn private_paths_are_refused_in_any_case() {
        assert!(refuse_private(&RelPath::new(".OffSync/lock").expect("valid")).is_err());
        assert!(refuse_private(&RelPath::new("a/.offsync").expect("valid")).is_ok());
    }
}
