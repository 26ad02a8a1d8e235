//! Replacing a small file so that a crash leaves the old or the new one.
//!
//! Guarantees that both the content and the name are flushed before it returns. Never
//! follows a link in place of the temporary file.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

/// Replaces the content of a file that is for its owner's eyes alone; the error names the path.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut new = path.as_os_str().to_owned();
    new.push(".new");
    let new = Path::new(&new);
    let write = || -> io::Result<()> {
        match fs::remove_file(new) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => (),
        }
        let mut file = owner_only().open(new)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        drop(file);
        move_over(new, path)
    };
    write().map_err(|error| with_path(path, &error))
}

/// Moves a flushed file over another and flushes the name.
pub(crate) fn move_over(new: &Path, path: &Path) -> io::Result<()> {
    fs::rename(new, path)?;
    flush_folder_of(path)
}

/// Reads a file; `None` if there is none; the error names the path.
pub(crate) fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(with_path(path, &error)),
    }
}

/// Flushes the folder that holds a path, where the system can.
pub(crate) fn flush_folder_of(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) if cfg!(unix) => match File::open(folder)?.sync_all() {
            // Some network shares and FUSE drives flush no folders.
            Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => Ok(()),
            done => done,
        },
        _ => Ok(()),
    }
}

/// Names the path in an error.
pub(crate) fn with_path(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

fn owner_only() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    // On Windows a file in the person's own folder inherits its owner-only rights.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}
