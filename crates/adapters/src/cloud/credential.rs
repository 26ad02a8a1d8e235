//! What opens an account: kept in the keystore, and handed on inside an invitation.
//!
//! Guarantees that it is wiped from memory when dropped. Never prints itself.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// The first byte of a packed credential.
const VERSION: u8 = 1;

/// A user and a password, or what else a protocol asks for in their place.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub struct Credential {
    id: String,
    secret: String,
}

impl Credential {
    /// Makes a credential of what a person said.
    pub fn new(id: impl Into<String>, secret: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            secret: secret.into(),
        }
    }

    /// Gives what names the account; no secret.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Gives what opens it.
    #[must_use]
    pub fn secret(&self) -> &str {
        &self.secret
    }

    /// Lays it out as it is kept: a byte for the version, then both texts as postcard writes them.
    #[must_use]
    pub fn pack(&self) -> Zeroizing<Vec<u8>> {
        // Room for all of it at once, so that no copy stays behind where a smaller buffer was.
        let mut packed = Zeroizing::new(Vec::with_capacity(self.id.len() + self.secret.len() + 21));
        packed.push(VERSION);
        let room = self.id.len() + self.secret.len() + 20;
        packed.resize(1 + room, 0);
        let used = postcard::to_slice(self, &mut packed[1..])
            .expect("two texts and their lengths fit")
            .len();
        packed.truncate(1 + used);
        packed
    }

    /// Reads one that was packed; `None` for what a newer Offsync wrote, or what makes no sense.
    #[must_use]
    pub fn unpack(bytes: &[u8]) -> Option<Self> {
        let (version, rest) = bytes.split_first()?;
        (*version == VERSION).then(|| postcard::from_bytes(rest).ok()).flatten()
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credential(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_as_it_was_packed_and_never_shown() {
        let long = "x".repeat(3000);
        for (id, secret) in [("anna", "hunter2"), ("", ""), ("é", long.as_str())] {
            let credential = Credential::new(id, secret);
            assert_eq!(Credential::unpack(&credential.pack()), Some(credential.clone()));
            assert_eq!(format!("{credential:?}"), "Credential(..)");
        }
        let packed = Credential::new("anna", "hunter2").pack();
        assert_eq!(packed.as_slice(), b"\x01\x04anna\x07hunter2");
        assert_eq!(Credential::unpack(b"\x02\x04anna\x07hunter2"), None);
        assert_eq!(Credential::unpack(&packed[..8]), None);
        assert_eq!(Credential::unpack(b""), None);
    }
}
