//! Where keys and account secrets live, behind the `Secrets` port.
//!
//! Guarantees that no error and no debug text holds a secret. Never moves from the keyring
//! to a file by itself: files are chosen on purpose.

mod bundle;
mod keyring;
mod plain;
mod sealed;

pub use self::keyring::KeyringSecrets;
pub use self::plain::PlainSecrets;
pub use self::sealed::SealedSecrets;
