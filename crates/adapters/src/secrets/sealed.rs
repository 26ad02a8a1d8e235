//! Secrets in a file sealed under a passphrase, for servers without a keyring.
//!
//! Guarantees that a changed byte anywhere is noticed (XChaCha20-Poly1305, the header as
//! associated data) and that each writing has a fresh nonce. The key comes of the
//! passphrase by Argon2id, once a process. Never keeps the opened secrets in memory.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use offsync_core::ports::{SecretError, SecretErrorKind, Secrets};
use zeroize::Zeroizing;

use super::bundle::{Bundle, lock_beside, unwritten, wrong};
use super::plain::read_private;
use crate::atomic_file::replace;

/// What the file begins with.
const MAGIC: &[u8; 17] = b"offsync sealed 1\n";
const SALT_BYTES: usize = 16;
const NONCE_BYTES: usize = 24;
/// Magic, memory, passes, salt, nonce.
const HEADER_BYTES: usize = MAGIC.len() + 4 + 4 + SALT_BYTES + NONCE_BYTES;
/// Memory that a guess costs, in KiB.
const MEMORY_KIB: u32 = 64 << 10;
/// Passes over that memory.
const PASSES: u32 = 3;
/// The most that a file may ask for: it might come from somebody else.
const MEMORY_KIB_MAX: u32 = 1 << 20;
const PASSES_MAX: u32 = 16;

/// How a passphrase becomes a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stretch {
    memory_kib: u32,
    passes: u32,
    salt: [u8; SALT_BYTES],
}

struct StretchedKey {
    stretch: Stretch,
    key: Zeroizing<[u8; 32]>,
}

/// Keeps secrets in one file, sealed under a passphrase.
pub struct SealedSecrets {
    path: PathBuf,
    passphrase: Zeroizing<Vec<u8>>,
    key: Mutex<Option<StretchedKey>>,
}

impl fmt::Debug for SealedSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealedSecrets({})", self.path.display())
    }
}

impl SealedSecrets {
    /// Keeps secrets in the file given, which is made when the first one is kept.
    pub fn new(path: impl Into<PathBuf>, passphrase: Zeroizing<Vec<u8>>) -> Self {
        Self {
            path: path.into(),
            passphrase,
            key: Mutex::new(None),
        }
    }

    /// Makes the cipher, stretching the passphrase only if that was not done before.
    fn cipher(&self, held: &mut Option<StretchedKey>, stretch: Stretch) -> Result<XChaCha20Poly1305, SecretError> {
        if held.as_ref().is_none_or(|held| held.stretch != stretch) {
            *held = Some(StretchedKey {
                stretch,
                key: self.stretch(stretch)?,
            });
        }
        let key = &held.as_ref().expect("just set").key;
        Ok(XChaCha20Poly1305::new(&Key::from(**key)))
    }

    fn stretch(&self, stretch: Stretch) -> Result<Zeroizing<[u8; 32]>, SecretError> {
        let unfit = |error| wrong(format!("{}: {error}", self.path.display()));
        let params = Params::new(stretch.memory_kib, stretch.passes, 1, Some(32)).map_err(unfit)?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let mut key = Zeroizing::new([0; 32]);
        argon2
            .hash_password_into(&self.passphrase, &stretch.salt, &mut *key)
            .map_err(unfit)?;
        Ok(key)
    }

    fn read(&self, held: &mut Option<StretchedKey>) -> Result<Option<Bundle>, SecretError> {
        let Some(bytes) = read_private(&self.path)? else {
            return Ok(None);
        };
        let Some((stretch, nonce)) = parse_header(&bytes) else {
            return Err(wrong(format!(
                "{} is no sealed file, or of a newer Offsync",
                self.path.display()
            )));
        };
        let (header, sealed) = bytes.split_at(HEADER_BYTES);
        let opened = self.cipher(held, stretch)?.decrypt(
            &XNonce::from(nonce),
            Payload {
                msg: sealed,
                aad: header,
            },
        );
        let opened = opened.map(Zeroizing::new).map_err(|_| {
            let reason = format!("the passphrase does not open {}", self.path.display());
            SecretError::new(SecretErrorKind::Locked, reason)
        })?;
        Bundle::unpack(&opened, &self.path).map(Some)
    }

    fn write(&self, held: &mut Option<StretchedKey>, bundle: &Bundle) -> Result<(), SecretError> {
        let stretch = match held {
            Some(held) => held.stretch,
            None => Stretch {
                memory_kib: MEMORY_KIB,
                passes: PASSES,
                salt: random()?,
            },
        };
        let nonce = random()?;
        let mut bytes = header(stretch, nonce);
        let packed = bundle.pack()?;
        let cipher = self.cipher(held, stretch)?;
        let sealed = cipher.encrypt(
            &XNonce::from(nonce),
            Payload {
                msg: &packed,
                aad: &bytes,
            },
        );
        bytes.extend(sealed.map_err(|_| wrong("the secrets cannot be sealed"))?);
        replace(&self.path, &bytes).map_err(|error| unwritten(&error, error.to_string()))
    }

    fn change(&self, name: &str, secret: Option<&[u8]>) -> Result<(), SecretError> {
        let mut held = self.key.lock().unwrap_or_else(PoisonError::into_inner);
        let _one_everywhere = lock_beside(&self.path)?;
        let mut bundle = self.read(&mut held)?.unwrap_or_default();
        if secret.is_none() && !bundle.has(name) {
            return Ok(());
        }
        bundle.set(name, secret);
        self.write(&mut held, &bundle)
    }
}

impl Secrets for SealedSecrets {
    fn get(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, SecretError> {
        let mut held = self.key.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(self.read(&mut held)?.and_then(|bundle| bundle.get(name)))
    }

    fn set(&self, name: &str, secret: &[u8]) -> Result<(), SecretError> {
        self.change(name, Some(secret))
    }

    fn delete(&self, name: &str) -> Result<(), SecretError> {
        self.change(name, None)
    }
}

fn header(stretch: Stretch, nonce: [u8; NONCE_BYTES]) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend(stretch.memory_kib.to_le_bytes());
    bytes.extend(stretch.passes.to_le_bytes());
    bytes.extend(stretch.salt);
    bytes.extend(nonce);
    bytes
}

fn parse_header(bytes: &[u8]) -> Option<(Stretch, [u8; NONCE_BYTES])> {
    let rest = bytes.strip_prefix(MAGIC)?;
    let (memory, rest) = rest.split_first_chunk()?;
    let (passes, rest) = rest.split_first_chunk()?;
    let (salt, rest) = rest.split_first_chunk()?;
    let (nonce, _) = rest.split_first_chunk()?;
    let (memory_kib, passes) = (u32::from_le_bytes(*memory), u32::from_le_bytes(*passes));
    let is_bearable = memory_kib <= MEMORY_KIB_MAX && passes <= PASSES_MAX;
    is_bearable.then_some((
        Stretch {
            memory_kib,
            passes,
            salt: *salt,
        },
        *nonce,
    ))
}

fn random<const N: usize>() -> Result<[u8; N], SecretError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| wrong(format!("no randomness: {error}")))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn sealed(path: &std::path::Path, passphrase: &str) -> SealedSecrets {
        SealedSecrets::new(path, Zeroizing::new(passphrase.as_bytes().to_vec()))
    }

    #[test]
    fn secrets_open_under_their_passphrase_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("sealed");
        let secrets = sealed(&path, "six plain words");
        assert_eq!(secrets.get("a").unwrap(), None);
        secrets.set("a", b"hunter2").unwrap();
        let stored = fs::read(&path).unwrap();
        assert!(!stored.windows(7).any(|seven| seven == b"hunter2"));
        assert_eq!(
            sealed(&path, "six plain words").get("a").unwrap().unwrap().as_slice(),
            b"hunter2"
        );
        let refused = sealed(&path, "six plain sword").get("a").unwrap_err();
        assert_eq!(refused.kind(), SecretErrorKind::Locked);
        secrets.delete("a").unwrap();
        assert_eq!(secrets.get("a").unwrap(), None);
    }

    #[test]
    fn a_changed_byte_anywhere_is_noticed() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("sealed");
        let secrets = sealed(&path, "x");
        secrets.set("a", b"y").unwrap();
        let sound = fs::read(&path).unwrap();
        // One in each field: magic, passes, nonce, content.
        for at in [0, 21, HEADER_BYTES - 1, sound.len() - 1] {
            let mut torn = sound.clone();
            torn[at] ^= 1;
            fs::write(&path, torn).unwrap();
            assert!(secrets.get("a").is_err(), "byte {at}");
        }
        fs::write(&path, &sound[..HEADER_BYTES - 1]).unwrap();
        assert!(secrets.get("a").is_err());
    }
}
