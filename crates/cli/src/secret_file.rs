//! A file for the six words.
//!
//! Begun before anything is done, since words that cannot be written down would be lost;
//! in place at the end, since an older file may hold other words.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

/// A file that only its owner can read.
pub(crate) struct SecretFile {
    file: File,
    beside: PathBuf,
    to: PathBuf,
}

impl SecretFile {
    /// Begins the file, beside the one that it will replace; the error is a sentence.
    pub(crate) fn begin(to: &Path) -> Result<Self, String> {
        let mut name = to.as_os_str().to_owned();
        name.push(".part");
        let beside = PathBuf::from(name);
        let mut options = File::options();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let is_folder = to.is_dir();
        let file = options.open(&beside).map_err(|error| error.to_string());
        match file {
            Ok(file) if !is_folder => Ok(Self {
                file,
                beside,
                to: to.to_path_buf(),
            }),
            Ok(_) => {
                let _ = std::fs::remove_file(&beside);
                Err(format!(
                    "The six words could not be written to {}: it is a folder.",
                    to.display()
                ))
            }
            Err(error) => Err(format!(
                "The six words could not be written to {}: {error}.",
                to.display()
            )),
        }
    }

    /// Writes the words and puts the file in place.
    pub(crate) fn finish(mut self, phrase: &str) -> std::io::Result<()> {
        writeln!(self.file, "{phrase}")?;
        self.file.sync_all()?;
        std::fs::rename(&self.beside, &self.to)
    }
}

impl Drop for SecretFile {
    fn drop(&mut self) {
        // Gone already if all went well.
        let _ = std::fs::remove_file(&self.beside);
    }
}
