//! Handing a new archive key to one location, so that nobody else can open it.
//!
//! X25519 between a key made for this once and the location's own key, by which it signs, in its Montgomery form; that both
//! uses of one key are safe together is shown in <https://eprint.iacr.org/2021/509>. A second key for each location was
//! weighed: homes that are silent could not announce it, and would get no new key while they are away.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use super::{ArchiveKey, SigningKey};
use crate::ids::{ArchiveId, PublicKey};

/// Bytes of a key that was handed over: the public key made for it, the sealed key and its tag.
pub const HANDED_BYTES: usize = 32 + 32 + 16;

const HANDOVER_CONTEXT: &str = "offsync v1 archive key handover";

/// Seals a new archive key for one location; `seed` is random and used once. `None` if the location's key is none.
pub fn hand_over(key: &ArchiveKey, to: &PublicKey, archive: &ArchiveId, seed: [u8; 32]) -> Option<[u8; HANDED_BYTES]> {
    let (once, receiver) = (SigningKey::from_seed(seed), to_montgomery(to)?);
    let shared = Zeroizing::new(x25519_dalek::x25519(once.scalar(), receiver));
    let made = to_montgomery(&once.public())?;
    let (cipher, associated) = cipher(&shared, &made, &receiver, archive);
    let payload = Payload {
        msg: key.as_bytes(),
        aad: &associated,
    };
    let sealed = cipher.encrypt(&XNonce::from([0; 24]), payload).ok()?;
    [&made[..], &sealed].concat().try_into().ok()
}

/// Opens what was handed over to the location that signs so; `None` if it was handed to another one, or changed.
pub fn take_over(handed: &[u8; HANDED_BYTES], signer: &SigningKey, archive: &ArchiveId) -> Option<ArchiveKey> {
    let (made, sealed) = handed.split_first_chunk::<32>()?;
    let receiver = to_montgomery(&signer.public())?;
    let shared = Zeroizing::new(x25519_dalek::x25519(signer.scalar(), *made));
    let (cipher, associated) = cipher(&shared, made, &receiver, archive);
    let payload = Payload {
        msg: sealed,
        aad: &associated,
    };
    let key = Zeroizing::new(cipher.decrypt(&XNonce::from([0; 24]), payload).ok()?);
    Some(ArchiveKey::new(key.as_slice().try_into().ok()?))
}

fn to_montgomery(key: &PublicKey) -> Option<[u8; 32]> {
    let key = ed25519_dalek::VerifyingKey::from_bytes(key.as_bytes()).ok()?;
    (!key.is_weak()).then(|| key.to_montgomery().to_bytes())
}

/// Gives the cipher of one handover, whose key is used for nothing else, and what it is bound to.
fn cipher(
    shared: &[u8; 32],
    made: &[u8; 32],
    receiver: &[u8; 32],
    archive: &ArchiveId,
) -> (XChaCha20Poly1305, Vec<u8>) {
    let bound = [&made[..], receiver, archive.as_bytes()].concat();
    let material = Zeroizing::new([&shared[..], &bound].concat());
    let key = Zeroizing::new(blake3::derive_key(HANDOVER_CONTEXT, &material));
    (XChaCha20Poly1305::new(&Key::from(*key)), bound)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signer(n: u8) -> SigningKey {
        SigningKey::from_seed([n; 32])
    }

    #[test]
    fn only_who_a_key_was_handed_to_can_take_it_over() {
        let (key, archive) = (ArchiveKey::new([9; 32]), ArchiveId::new([1; 16]));
        let handed = hand_over(&key, &signer(1).public(), &archive, [5; 32]).expect("a sound key");
        assert_eq!(take_over(&handed, &signer(1), &archive), Some(key));
        assert_eq!(take_over(&handed, &signer(2), &archive), None);
        assert_eq!(take_over(&handed, &signer(1), &ArchiveId::new([2; 16])), None);
    }

    #[test]
    fn a_changed_byte_hands_over_nothing() {
        let (key, archive) = (ArchiveKey::new([9; 32]), ArchiveId::new([1; 16]));
        let handed = hand_over(&key, &signer(1).public(), &archive, [5; 32]).expect("a sound key");
        for at in 0..HANDED_BYTES {
            let mut changed = handed;
            changed[at] ^= 1;
            assert_eq!(take_over(&changed, &signer(1), &archive), None, "byte {at}");
        }
    }

    #[test]
    fn nothing_is_handed_to_a_weak_key() {
        let (key, archive) = (ArchiveKey::new([9; 32]), ArchiveId::new([1; 16]));
        let mut identity = [0; 32];
        identity[0] = 1;
        assert_eq!(hand_over(&key, &PublicKey::new(identity), &archive, [5; 32]), None);
    }
}
