//! Where keys and account secrets live: the OS keyring, or a file on purpose.

use zeroize::Zeroizing;

/// What is wrong with the keystore.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretErrorKind {
    /// There is no keyring on this computer.
    NoKeystore,
    /// It is locked, or the passphrase is wrong.
    Locked,
    /// There is no room where they are kept.
    Full,
    /// Anything else.
    Other,
}

/// A secret could not be read or kept. Never holds the secret.
#[derive(Debug, thiserror::Error)]
#[error("{reason}")]
pub struct SecretError {
    kind: SecretErrorKind,
    reason: String,
}

impl SecretError {
    /// Makes an error from its kind and a sentence without secrets.
    pub fn new(kind: SecretErrorKind, reason: impl Into<String>) -> Self {
        Self {
            kind,
            reason: reason.into(),
        }
    }

    /// Tells what is wrong.
    pub fn kind(&self) -> SecretErrorKind {
        self.kind
    }
}

/// Keeps secrets by name.
pub trait Secrets: Send + Sync {
    /// Gives a secret; `None` if none is kept under that name.
    fn get(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, SecretError>;
    /// Keeps a secret, replacing what was there.
    fn set(&self, name: &str, secret: &[u8]) -> Result<(), SecretError>;
    /// Drops a secret; absent is fine.
    fn delete(&self, name: &str) -> Result<(), SecretError>;
}
