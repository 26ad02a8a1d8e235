//! Signing: heads, manifests and statements are made by their author alone.
//!
//! A signature covers what kind of object it stands in, its archive, its name and its body, so
//! that it never fits anything else. Verification is strict: weak keys and malleable
//! signatures are refused.

use std::fmt;

use ed25519_dalek::{Signature, Signer, VerifyingKey};
use zeroize::Zeroizing;

use crate::ids::{ArchiveId, PublicKey};
use crate::object_name::ObjectName;

/// Length of a signature in bytes.
pub const SIGNATURE_BYTES: usize = 64;

/// The secret by which one location signs; wiped when dropped.
#[derive(Clone)]
pub struct SigningKey(ed25519_dalek::SigningKey);

impl SigningKey {
    /// Makes the key of a seed of 32 random bytes.
    pub fn from_seed(seed: [u8; 32]) -> Self {
        let seed = Zeroizing::new(seed);
        Self(ed25519_dalek::SigningKey::from_bytes(&seed))
    }

    /// Gives the key by which others verify.
    pub fn public(&self) -> PublicKey {
        PublicKey::new(self.0.verifying_key().to_bytes())
    }

    /// Gives the secret for X25519 that belongs to the public key's Montgomery form.
    pub(super) fn scalar(&self) -> [u8; 32] {
        self.0.to_scalar_bytes()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({:?}, ..)", self.public())
    }
}

/// Signs the body of an object.
pub fn sign(signer: &SigningKey, archive: &ArchiveId, name: &ObjectName, body: &[u8]) -> [u8; SIGNATURE_BYTES] {
    signer.0.sign(&message(archive, name, body)).to_bytes()
}

/// Tells whether a signature is the key's over this body under this name.
pub fn verify(
    key: &PublicKey,
    archive: &ArchiveId,
    name: &ObjectName,
    body: &[u8],
    signature: &[u8; SIGNATURE_BYTES],
) -> bool {
    let signature = Signature::from_bytes(signature);
    VerifyingKey::from_bytes(key.as_bytes())
        .is_ok_and(|key| key.verify_strict(&message(archive, name, body), &signature).is_ok())
}

fn message(archive: &ArchiveId, name: &ObjectName, body: &[u8]) -> Vec<u8> {
    let (domain, name) = (name.domain(), name.to_string());
    let mut message = Vec::with_capacity(domain.len() + name.len() + body.len() + 19);
    message.extend_from_slice(domain.as_bytes());
    message.push(0);
    message.extend_from_slice(archive.as_bytes());
    message.extend_from_slice(name.as_bytes());
    message.push(0);
    message.extend_from_slice(body);
    message
}
