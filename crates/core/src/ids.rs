//! Identifiers: sixteen or thirty-two bytes that are never mistaken for one another.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A text that is not the hexadecimal form of an identifier.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{text}' is not {digits} hexadecimal digits")]
pub struct ParseIdError {
    text: String,
    digits: usize,
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $bytes:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name([u8; $bytes]);

        impl $name {
            /// Wraps raw bytes.
            pub const fn new(bytes: [u8; $bytes]) -> Self {
                Self(bytes)
            }

            /// Gives the raw bytes.
            pub const fn as_bytes(&self) -> &[u8; $bytes] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({:02x}{:02x}{:02x}{:02x})", stringify!($name), self.0[0], self.0[1], self.0[2], self.0[3])
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                let wrong = || ParseIdError { text: text.to_owned(), digits: $bytes * 2 };
                if text.len() != $bytes * 2 || !text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
                    return Err(wrong());
                }
                let mut bytes = [0; $bytes];
                for (i, byte) in bytes.iter_mut().enumerate() {
                    *byte = u8::from_str_radix(&text[2 * i..2 * i + 2], 16).map_err(|_| wrong())?;
                }
                Ok(Self(bytes))
            }
        }
    };
}

id!(
    /// Names an archive: 16 random bytes.
    ArchiveId,
    16
);
id!(
    /// Names one copy of an archive: 16 random bytes, renewed when a drive turns out to be a clone.
    LocationId,
    16
);
id!(
    /// Names one writing of a head, so that a drive notices when it is not the only one that writes it.
    Nonce,
    16
);
id!(
    /// The keyed BLAKE3 hash of a whole file's content.
    Digest,
    32
);
id!(
    /// The keyed BLAKE3 hash of one chunk. A file of one chunk has the same bytes here and in its [`Digest`].
    ChunkId,
    32
);
id!(
    /// The Merkle root of the live siblings of an index.
    Root,
    32
);
id!(
    /// The unkeyed BLAKE3 hash of a sealed manifest, by which its successor names it.
    ManifestHash,
    32
);
id!(
    /// An Ed25519 public key.
    PublicKey,
    32
);

impl From<Digest> for ChunkId {
    fn from(digest: Digest) -> Self {
        Self(digest.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_survives_its_text_form() {
        let id = LocationId::new(*b"0123456789abcdef");
        assert_eq!(id.to_string().parse(), Ok(id));
    }

    #[test]
    fn a_text_of_another_shape_is_refused() {
        for text in [
            "",
            "00",
            "zz23456789abcdef0123456789abcdef",
            "+123456789abcdef0123456789abcde",
            "0123456789ABCDEF0123456789ABCDEF",
        ] {
            assert!(text.parse::<LocationId>().is_err(), "{text}");
        }
    }
}
