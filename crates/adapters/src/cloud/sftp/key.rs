//! A key of our own for an account: made here, kept as what opens it.
//!
//! Never shows its private half.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use offsync_core::ports::{Entropy, MailboxErrorKind};
use russh::keys::ssh_key::private::Ed25519Keypair;
use russh::keys::{PrivateKey, PrivateKeyWithHashAlg};
use zeroize::Zeroizing;

use super::super::credential::Credential;
use super::super::trouble::Trouble;

/// What stands at the end of the public line, so that people know later whose it is.
const COMMENT: &str = "offsync";

/// Makes a key for a user of a server.
#[must_use]
pub fn new_key(user: &str, entropy: &dyn Entropy) -> Credential {
    let mut seed = Zeroizing::new([0; 32]);
    entropy.fill(seed.as_mut_slice());
    Credential::new(user, STANDARD.encode(seed.as_slice()))
}

/// Gives the line of the public half as it goes into `authorized_keys`, good for files alone; `None` if it is no such key.
#[must_use]
pub fn authorized_line(credential: &Credential) -> Option<String> {
    let mut public = pair(credential).ok()?.public_key().clone();
    public.set_comment(COMMENT);
    let line = public.to_openssh().ok()?;
    Some(format!("restrict,command=\"internal-sftp\" {line}"))
}

/// Gives what proves to a server that we are who we are.
pub(super) fn proof(credential: &Credential) -> Result<PrivateKeyWithHashAlg, Trouble> {
    Ok(PrivateKeyWithHashAlg::new(Arc::new(pair(credential)?), None))
}

fn pair(credential: &Credential) -> Result<PrivateKey, Trouble> {
    let no_key = || Trouble::new(MailboxErrorKind::SignIn, "what is kept for it is no key");
    let seed = Zeroizing::new(STANDARD.decode(credential.secret()).map_err(|_| no_key())?);
    let seed: &[u8; 32] = seed.as_slice().try_into().map_err(|_| no_key())?;
    Ok(PrivateKey::from(Ed25519Keypair::from_seed(seed)))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Sevens;

    impl Entropy for Sevens {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(7);
        }
    }

    /// By `openssl pkey -pubout` of the same seed.
    const LINE: &str = "restrict,command=\"internal-sftp\" ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOpKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs offsync";

    #[test]
    fn its_public_half_is_the_same_each_time_and_its_private_half_is_not_in_it() {
        let key = new_key("anna", &Sevens);
        assert_eq!(key.id(), "anna");
        assert_eq!(authorized_line(&key).as_deref(), Some(LINE));
        assert!(!LINE.contains(key.secret()));
        assert_eq!(authorized_line(&Credential::new("anna", "hunter2")), None);
        let told = proof(&Credential::new("anna", "hunter2")).expect_err("it is none");
        assert_eq!(told.to_string(), "what is kept for it is no key");
    }
}
