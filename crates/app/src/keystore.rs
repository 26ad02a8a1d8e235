//! Where this computer keeps keys, and the bundle that it keeps for each archive.

use std::path::Path;

use offsync_adapters::secrets::{KeyringSecrets, PlainSecrets, SealedSecrets};
use offsync_core::ports::{Entropy, Secrets};
use offsync_core::seal::{ArchiveKey, SigningKey};
use zeroize::Zeroizing;

use crate::failure::{AppError, Result};

/// Which keystore.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum KeystoreKind {
    /// The operating system's keyring.
    #[default]
    Os,
    /// A file in the settings folder, sealed under a passphrase.
    File(Zeroizing<Vec<u8>>),
    /// A file that only its owner can read.
    Plain,
}

impl KeystoreKind {
    pub(crate) fn open(&self, config_dir: &Path) -> Box<dyn Secrets> {
        match self {
            Self::Os => Box::new(KeyringSecrets),
            Self::File(passphrase) => Box::new(SealedSecrets::new(config_dir.join("keys.sealed"), passphrase.clone())),
            Self::Plain => Box::new(PlainSecrets::new(config_dir.join("keys"))),
        }
    }
}

/// The secrets of one location.
pub(crate) struct KeyBundle {
    pub(crate) archive_key: Zeroizing<[u8; 32]>,
    pub(crate) signing_seed: Zeroizing<[u8; 32]>,
    pub(crate) exchange_seed: Zeroizing<[u8; 32]>,
}

impl KeyBundle {
    /// Makes the keys of an archive's first location.
    pub(crate) fn new(entropy: &dyn Entropy) -> Self {
        Self {
            archive_key: random(entropy),
            signing_seed: random(entropy),
            exchange_seed: random(entropy),
        }
    }

    /// Makes the keys of another location of the same archive.
    pub(crate) fn companion(&self, entropy: &dyn Entropy) -> Self {
        Self {
            archive_key: self.archive_key.clone(),
            ..Self::new(entropy)
        }
    }

    pub(crate) fn archive_key(&self) -> ArchiveKey {
        ArchiveKey::new(*self.archive_key)
    }

    pub(crate) fn signer(&self) -> SigningKey {
        SigningKey::from_seed(*self.signing_seed)
    }

    pub(crate) fn keep(&self, secrets: &dyn Secrets, name: &str) -> Result<()> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(96));
        bytes.extend_from_slice(&*self.archive_key);
        bytes.extend_from_slice(&*self.signing_seed);
        bytes.extend_from_slice(&*self.exchange_seed);
        Ok(secrets.set(name, &bytes)?)
    }

    pub(crate) fn is_kept(secrets: &dyn Secrets, name: &str) -> Result<bool> {
        Ok(secrets.get(name)?.is_some())
    }

    pub(crate) fn recall(secrets: &dyn Secrets, name: &str) -> Result<Self> {
        let bytes = secrets.get(name)?.ok_or_else(no_key)?;
        let part = |from: usize| -> Result<Zeroizing<[u8; 32]>> {
            let part = bytes.get(from..from + 32).and_then(|part| part.try_into().ok());
            Ok(Zeroizing::new(part.ok_or_else(no_key)?))
        };
        Ok(Self {
            archive_key: part(0)?,
            signing_seed: part(32)?,
            exchange_seed: part(64)?,
        })
    }
}

/// The code of an archive whose keys this computer does not have.
pub(crate) const NO_KEY: &str = "no_key";

fn no_key() -> AppError {
    AppError::failed(
        NO_KEY,
        "This computer has no key for this archive yet.",
        "Run `offsync join FOLDER` and type the six words that came with the drive, or `offsync join FOLDER --recovery FILE` with its recovery sheet.",
    )
}

fn random(entropy: &dyn Entropy) -> Zeroizing<[u8; 32]> {
    let mut bytes = Zeroizing::new([0; 32]);
    entropy.fill(&mut *bytes);
    bytes
}
