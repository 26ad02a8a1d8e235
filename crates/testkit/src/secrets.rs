//! A simulated keystore: in memory, lockable, absent on demand.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use offsync_core::ports::{SecretError, SecretErrorKind, Secrets};
use zeroize::Zeroizing;

use crate::lock::held;

/// The keystore of one computer; clones share it.
#[derive(Clone, Default)]
pub struct SimSecrets(Arc<Mutex<Store>>);

#[derive(Default)]
struct Store {
    kept: BTreeMap<String, Vec<u8>>,
    trouble: Option<SecretErrorKind>,
}

impl SimSecrets {
    /// Makes an empty keystore.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes every call fail that way, or none.
    pub fn set_trouble(&self, trouble: Option<SecretErrorKind>) {
        held(&self.0).trouble = trouble;
    }

    /// Gives the names that are kept, in order.
    pub fn names(&self) -> Vec<String> {
        held(&self.0).kept.keys().cloned().collect()
    }

    fn with<T>(&self, act: impl FnOnce(&mut BTreeMap<String, Vec<u8>>) -> T) -> Result<T, SecretError> {
        let mut store = held(&self.0);
        match store.trouble {
            Some(kind) => Err(SecretError::new(kind, "the simulated keystore cannot be used")),
            None => Ok(act(&mut store.kept)),
        }
    }
}

impl Secrets for SimSecrets {
    fn get(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, SecretError> {
        self.with(|kept| kept.get(name).cloned().map(Zeroizing::new))
    }

    fn set(&self, name: &str, secret: &[u8]) -> Result<(), SecretError> {
        self.with(|kept| {
            kept.insert(name.to_owned(), secret.to_vec());
        })
    }

    fn delete(&self, name: &str) -> Result<(), SecretError> {
        self.with(|kept| {
            kept.remove(name);
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_kept_until_deleted_and_hidden_while_locked() {
        let secrets = SimSecrets::new();
        secrets.set("key", b"1").expect("kept");
        secrets.set_trouble(Some(SecretErrorKind::Locked));
        assert_eq!(secrets.get("key").expect_err("locked").kind(), SecretErrorKind::Locked);
        secrets.set_trouble(None);
        assert_eq!(secrets.get("key").expect("open").as_deref(), Some(&b"1".to_vec()));
        secrets.delete("key").expect("dropped");
        secrets.delete("key").expect("absent is fine");
        assert!(secrets.names().is_empty());
    }
}
