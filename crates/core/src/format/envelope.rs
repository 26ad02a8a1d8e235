//! What all signed objects share: a signature before the content, both inside the seal.

use super::wire::WireError;
use crate::dot::Dot;
use crate::ids::{LocationId, PublicKey};
use crate::object_name::ObjectName;
use crate::seal::{ArchiveKeys, KeyName, OpenError, SIGNATURE_BYTES, SigningKey, open, seal, sign, verify};

/// Why a sent object cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// Its seal does not open.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Its bytes are not what the format says.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// Its name is that of another kind of object.
    #[error("the name is that of another kind of object")]
    WrongKind,
    /// Nobody knows the key of its author.
    #[error("the key of location {0} is not known")]
    UnknownAuthor(LocationId),
    /// The signature is not its author's.
    #[error("the object was not signed by location {0}")]
    NotSigned(LocationId),
    /// A moved content refers to a version that is not at hand.
    #[error("the object refers to a version that is not at hand: {0:?}")]
    Unresolved(Dot),
}

impl FormatError {
    /// Tells whether it may be sound, and only a newer Offsync can read it, or who has a key that has not come here yet.
    pub fn is_newer(&self) -> bool {
        matches!(self, Self::Open(OpenError::Newer { .. })) || self.lacks_key()
    }

    /// Tells whether it was sealed with a key that has not come here yet.
    pub fn lacks_key(&self) -> bool {
        self.lacking_key().is_some()
    }

    /// Gives the name of the key that it was sealed with, if that has not come here yet.
    pub fn lacking_key(&self) -> Option<KeyName> {
        match self {
            Self::Open(OpenError::UnknownKey(name)) => Some(*name),
            _ => None,
        }
    }
}

/// Signs a content and seals both.
pub(super) fn seal_signed(
    keys: &ArchiveKeys,
    name: &ObjectName,
    signer: &SigningKey,
    nonce: [u8; 24],
    content: &[u8],
) -> Vec<u8> {
    let signature = sign(signer, keys.archive(), name, content);
    seal(keys, name, nonce, &[&signature[..], content].concat())
}

/// What a sealed object holds: its signature, to be verified, and its content.
pub(super) struct Signed {
    name: ObjectName,
    body: Vec<u8>,
}

impl Signed {
    /// Opens the seal.
    pub(super) fn open(keys: &ArchiveKeys, name: &ObjectName, sealed: &[u8]) -> Result<Self, FormatError> {
        let body = open(keys, name, sealed)?;
        if body.len() < SIGNATURE_BYTES {
            return Err(WireError::new("signature").into());
        }
        Ok(Self {
            name: name.clone(),
            body,
        })
    }

    /// Gives the content once the writer's signature holds.
    pub(super) fn verified(
        &self,
        keys: &ArchiveKeys,
        author_key: impl Fn(&LocationId) -> Option<PublicKey>,
    ) -> Result<&[u8], FormatError> {
        let author = self.name.writer();
        let key = author_key(author).ok_or(FormatError::UnknownAuthor(*author))?;
        let (signature, content) = self
            .body
            .split_first_chunk::<SIGNATURE_BYTES>()
            .ok_or(WireError::new("signature"))?;
        if !verify(&key, keys.archive(), &self.name, content, signature) {
            return Err(FormatError::NotSigned(*author));
        }
        Ok(content)
    }

    /// Gives the content unverified, for what holds its own key.
    pub(super) fn unverified(&self) -> &[u8] {
        self.body.get(SIGNATURE_BYTES..).unwrap_or_default()
    }
}
