//! Secrets in a plain file that only its owner can read, for computers without a keyring.
//!
//! Guarantees that a file which others can read is refused. Never makes its folder.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use offsync_core::ports::{SecretError, Secrets};
use zeroize::Zeroizing;

use super::bundle::{Bundle, lock_beside, unwritten, wrong};
use crate::atomic_file::replace;

/// What the file begins with.
const MAGIC: &[u8] = b"offsync secrets 1\n";

/// Keeps secrets in one file, readable by its owner alone.
pub struct PlainSecrets {
    path: PathBuf,
    changing: Mutex<()>,
}

impl fmt::Debug for PlainSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PlainSecrets({})", self.path.display())
    }
}

impl PlainSecrets {
    /// Keeps secrets in the file given, which is made when the first one is kept.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            changing: Mutex::new(()),
        }
    }

    fn read(&self) -> Result<Bundle, SecretError> {
        let Some(bytes) = read_private(&self.path)? else {
            return Ok(Bundle::default());
        };
        let Some(rest) = bytes.strip_prefix(MAGIC) else {
            return Err(wrong(format!(
                "{} is no file of secrets, or of a newer Offsync",
                self.path.display()
            )));
        };
        Bundle::unpack(rest, &self.path)
    }

    fn change(&self, name: &str, secret: Option<&[u8]>) -> Result<(), SecretError> {
        let _one_here = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let _one_everywhere = lock_beside(&self.path)?;
        let mut bundle = self.read()?;
        if secret.is_none() && !bundle.has(name) {
            return Ok(());
        }
        bundle.set(name, secret);
        let packed = bundle.pack()?;
        let mut bytes = Zeroizing::new(Vec::with_capacity(MAGIC.len() + packed.len()));
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&packed);
        replace(&self.path, &bytes).map_err(|error| unwritten(&error, error.to_string()))
    }
}

impl Secrets for PlainSecrets {
    fn get(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, SecretError> {
        Ok(self.read()?.get(name))
    }

    fn set(&self, name: &str, secret: &[u8]) -> Result<(), SecretError> {
        self.change(name, Some(secret))
    }

    fn delete(&self, name: &str) -> Result<(), SecretError> {
        self.change(name, None)
    }
}

/// Reads a file that must be readable by its owner alone; `None` if there is none.
pub(super) fn read_private(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, SecretError> {
    let with_path = |error: io::Error| wrong(format!("{}: {error}", path.display()));
    let mut file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file.map_err(with_path)?,
    };
    let meta = file.metadata().map_err(with_path)?;
    check_owner(path, &meta)?;
    let size = usize::try_from(meta.len()).unwrap_or(0);
    let mut bytes = Zeroizing::new(Vec::with_capacity(size + 1));
    file.read_to_end(&mut bytes).map_err(with_path)?;
    Ok(Some(bytes))
}

#[cfg(unix)]
fn check_owner(path: &Path, meta: &std::fs::Metadata) -> Result<(), SecretError> {
    use std::os::unix::fs::MetadataExt;
    if meta.mode() & 0o077 != 0 {
        let reason = format!(
            "others can read {}; run: chmod 600 '{}'",
            path.display(),
            path.display()
        );
        return Err(wrong(reason));
    }
    if meta.uid() != rustix::process::geteuid().as_raw() {
        return Err(wrong(format!("{} belongs to somebody else", path.display())));
    }
    Ok(())
}

#[cfg(not(unix))]
fn check_owner(_: &Path, _: &std::fs::Metadata) -> Result<(), SecretError> {
    // A file in the person's own folder inherits rights for that person alone.
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn secrets_are_kept_replaced_and_dropped() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("secrets");
        let secrets = PlainSecrets::new(&path);
        assert_eq!(secrets.get("a").unwrap(), None);
        secrets.delete("a").unwrap();
        secrets.set("a", b"\0one").unwrap();
        secrets.set("b", b"other").unwrap();
        secrets.set("a", b"two").unwrap();
        assert_eq!(PlainSecrets::new(&path).get("a").unwrap().unwrap().as_slice(), b"two");
        secrets.delete("a").unwrap();
        assert_eq!(secrets.get("a").unwrap(), None);
        assert_eq!(secrets.get("b").unwrap().unwrap().as_slice(), b"other");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_file_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("secrets");
        let secrets = PlainSecrets::new(&path);
        secrets.set("a", b"hunter2").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let told = secrets.get("a").unwrap_err().to_string();
        assert!(told.contains("chmod 600") && !told.contains("hunter2"), "{told}");
        assert!(secrets.set("b", b"x").is_err());
    }

    #[test]
    fn a_file_of_another_kind_is_left_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("secrets");
        fs::write(&path, "dear diary").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert!(PlainSecrets::new(&path).set("a", b"x").is_err());
        assert_eq!(fs::read(&path).unwrap(), b"dear diary");
    }
}
