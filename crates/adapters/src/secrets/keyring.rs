//! The operating system's keyring.
//!
//! Never asks for anything itself: unlocking is between the person and the system.

use keyring::{Entry, Error};
use offsync_core::ports::{SecretError, SecretErrorKind, Secrets};
use zeroize::Zeroizing;

/// Under what all secrets are filed.
const SERVICE: &str = "offsync";

/// Keeps secrets in the operating system's keyring.
///
/// Calls wait for the keyring's service, so keep them off threads that must not wait.
#[derive(Clone, Copy, Debug, Default)]
pub struct KeyringSecrets;

impl Secrets for KeyringSecrets {
    fn get(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, SecretError> {
        match entry(name)?.get_secret() {
            Ok(secret) => Ok(Some(Zeroizing::new(secret))),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(from_keyring(&error)),
        }
    }

    fn set(&self, name: &str, secret: &[u8]) -> Result<(), SecretError> {
        entry(name)?.set_secret(secret).map_err(|error| from_keyring(&error))
    }

    fn delete(&self, name: &str) -> Result<(), SecretError> {
        match entry(name)?.delete_credential() {
            Ok(()) | Err(Error::NoEntry) => Ok(()),
            Err(error) => Err(from_keyring(&error)),
        }
    }
}

fn entry(name: &str) -> Result<Entry, SecretError> {
    Entry::new(SERVICE, name).map_err(|error| from_keyring(&error))
}

/// Says what is wrong in words of our own where the library's might hold what was stored.
fn from_keyring(error: &Error) -> SecretError {
    match error {
        Error::NoDefaultStore => SecretError::new(SecretErrorKind::NoKeystore, "there is no keyring on this computer"),
        Error::NoStorageAccess(_) => SecretError::new(SecretErrorKind::Locked, "the keyring is locked"),
        Error::BadEncoding(_) | Error::BadDataFormat(..) | Error::BadStoreFormat(_) => {
            SecretError::new(SecretErrorKind::Other, "what the keyring holds makes no sense")
        }
        Error::TooLong(_, limit) => SecretError::new(
            SecretErrorKind::Other,
            format!("the keyring takes no more than {limit} characters"),
        ),
        Error::Ambiguous(_) => SecretError::new(SecretErrorKind::Other, "the keyring holds that secret twice"),
        error => SecretError::new(SecretErrorKind::Other, format!("the keyring failed: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_trouble_of_the_keyring_has_its_kind() {
        let boxed = || Box::new(std::io::Error::other("x"));
        assert_eq!(from_keyring(&Error::NoDefaultStore).kind(), SecretErrorKind::NoKeystore);
        assert_eq!(
            from_keyring(&Error::NoStorageAccess(boxed())).kind(),
            SecretErrorKind::Locked
        );
        assert_eq!(
            from_keyring(&Error::PlatformFailure(boxed())).kind(),
            SecretErrorKind::Other
        );
        let told = from_keyring(&Error::BadEncoding(b"hunter2".to_vec())).to_string();
        assert!(!told.contains("hunter2") && !told.contains("104"), "{told}");
    }
}
