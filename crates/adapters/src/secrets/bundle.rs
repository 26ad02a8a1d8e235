//! Several secrets in one piece, as files keep them.
//!
//! Guarantees that they are wiped from memory when dropped. Never prints them.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::Path;

use offsync_core::ports::{SecretError, SecretErrorKind};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

/// Secrets by name.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Bundle {
    secrets: BTreeMap<String, Vec<u8>>,
}

impl Bundle {
    /// Gives a copy of one secret.
    pub(super) fn get(&self, name: &str) -> Option<Zeroizing<Vec<u8>>> {
        self.secrets.get(name).cloned().map(Zeroizing::new)
    }

    /// Sets or removes a secret.
    pub(super) fn set(&mut self, name: &str, secret: Option<&[u8]>) {
        let old = match secret {
            Some(secret) => self.secrets.insert(name.to_owned(), secret.to_vec()),
            None => self.secrets.remove(name),
        };
        if let Some(mut old) = old {
            old.zeroize();
        }
    }

    /// Tells whether a name is taken.
    pub(super) fn has(&self, name: &str) -> bool {
        self.secrets.contains_key(name)
    }

    /// Lays all secrets out.
    pub(super) fn pack(&self) -> Result<Zeroizing<Vec<u8>>, SecretError> {
        let size = self
            .secrets
            .iter()
            .map(|(name, secret)| name.len() + secret.len() + 20)
            .sum::<usize>()
            + 10;
        // Room for all of it at once, so that no copy stays behind where a smaller buffer was.
        let buffer = Zeroizing::new(Vec::with_capacity(size));
        let packed = postcard::to_extend(self, CopyInto(buffer));
        packed
            .map(|filled| filled.0)
            .map_err(|error| wrong(format!("secrets cannot be laid out: {error}")))
    }

    /// Reads secrets laid out before.
    pub(super) fn unpack(bytes: &[u8], path: &Path) -> Result<Self, SecretError> {
        postcard::from_bytes(bytes).map_err(|_| wrong(format!("{} makes no sense", path.display())))
    }
}

impl Drop for Bundle {
    fn drop(&mut self) {
        self.secrets.values_mut().for_each(Zeroize::zeroize);
    }
}

struct CopyInto(Zeroizing<Vec<u8>>);

impl Extend<u8> for CopyInto {
    fn extend<T: IntoIterator<Item = u8>>(&mut self, bytes: T) {
        self.0.extend(bytes);
    }
}

/// Keeps other processes from changing the same file until the lock is dropped.
pub(super) fn lock_beside(path: &Path) -> Result<File, SecretError> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".lock");
    let locked = File::options()
        .write(true)
        .create(true)
        .truncate(false)
        .open(&beside)
        .and_then(|file| {
            file.lock()?;
            Ok(file)
        });
    locked.map_err(|error| unwritten(&error, format!("{}: {error}", Path::new(&beside).display())))
}

/// Makes the error of a file that could not be written; nothing was changed then.
pub(super) fn unwritten(error: &io::Error, reason: String) -> SecretError {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => SecretError::new(SecretErrorKind::Full, reason),
        _ => wrong(reason),
    }
}

/// Makes the error of anything else that failed.
pub(super) fn wrong(reason: impl Into<String>) -> SecretError {
    SecretError::new(SecretErrorKind::Other, reason)
}
