//! The host's memory of drives: one small file for each archive and location.
//!
//! Guarantees that a note is flushed before it counts as kept. Never lies on the drive.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use offsync_core::ids::{ArchiveId, LocationId};
use offsync_core::ports::{Witness, WitnessError};

use crate::atomic_file::{flush_folder_of, read, replace, with_path};

/// Keeps notes in a folder of the host.
#[derive(Clone, Debug)]
pub struct FileWitness {
    folder: PathBuf,
}

impl FileWitness {
    /// Keeps notes in the folder given, which is made when the first one is kept.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    fn path(&self, archive: &ArchiveId, location: &LocationId) -> PathBuf {
        self.folder.join(format!("{archive}.{location}"))
    }
}

impl Witness for FileWitness {
    fn recall(&self, archive: &ArchiveId, location: &LocationId) -> Result<Option<Vec<u8>>, WitnessError> {
        read(&self.path(archive, location)).map_err(wrong)
    }

    fn remember(&self, archive: &ArchiveId, location: &LocationId, note: &[u8]) -> Result<(), WitnessError> {
        fs::create_dir_all(&self.folder).map_err(|error| wrong(with_path(&self.folder, &error)))?;
        replace(&self.path(archive, location), note).map_err(wrong)
    }

    fn forget(&self, archive: &ArchiveId, location: &LocationId) -> Result<(), WitnessError> {
        remove(&self.path(archive, location)).map_err(wrong)
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Ok(()) => flush_folder_of(path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(with_path(path, &error)),
    }
}

fn wrong(error: io::Error) -> WitnessError {
    WitnessError {
        reason: error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_kept_replaced_and_forgotten() {
        let folder = tempfile::tempdir().expect("a folder");
        let witness = FileWitness::new(folder.path().join("deep/notes"));
        let (archive, location) = (ArchiveId::new([1; 16]), LocationId::new([2; 16]));
        assert_eq!(witness.recall(&archive, &location).unwrap(), None);
        witness.forget(&archive, &location).unwrap();
        witness.remember(&archive, &location, b"one").unwrap();
        witness.remember(&archive, &location, b"two").unwrap();
        assert_eq!(
            witness.recall(&archive, &location).unwrap().as_deref(),
            Some(&b"two"[..])
        );
        assert_eq!(witness.recall(&archive, &LocationId::new([3; 16])).unwrap(), None);
        witness.forget(&archive, &location).unwrap();
        assert_eq!(witness.recall(&archive, &location).unwrap(), None);
    }

    #[test]
    fn a_folder_that_cannot_be_used_is_said_with_its_path() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let witness = FileWitness::new(file.path());
        let error = witness
            .remember(&ArchiveId::new([1; 16]), &LocationId::new([2; 16]), b"x")
            .unwrap_err();
        assert!(error.reason.contains(&*file.path().to_string_lossy()), "{error}");
    }
}
