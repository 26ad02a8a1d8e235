//! Sealing: what leaves a drive can be read and made by the members of its archive alone.
//!
//! Every object is bound to its archive and its name: moved, renamed, cut or changed, it no
//! longer opens. Nothing is decompressed before it is authentic, and nothing grows beyond its
//! declared size. Nonces come from outside; a nonce must never be used twice.

mod handover;
mod signing;

use std::fmt;
use std::io::Read;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use crate::ids::{ArchiveId, ChunkId, Digest};
use crate::limits::BODY_BYTES_MAX;
use crate::object_name::ObjectName;

pub use handover::{HANDED_BYTES, hand_over, take_over};
pub use signing::{SIGNATURE_BYTES, SigningKey, sign, verify};

/// The newest version of sealed objects that this Offsync reads.
pub const FORMAT_VERSION: u8 = LATER_VERSION;
/// Bytes that sealing adds at most to a body that does not shrink.
pub const SEAL_BYTES: usize = HEADER_BYTES + KEY_NAME_BYTES + TAG_BYTES + FRAME_BYTES;

/// What is sealed with the key that the archive began with.
const FIRST_VERSION: u8 = 1;
/// What is sealed with a later key, which its header names.
const LATER_VERSION: u8 = 2;
const KEY_NAME_BYTES: usize = 8;

const MAGIC: &[u8; 4] = b"OFSY";
const HEADER_BYTES: usize = 30;
const NONCE_AT: usize = 6;
const TAG_BYTES: usize = 16;
const FRAME_BYTES: usize = 9;
const STORED: u8 = 0;
const ZSTD: u8 = 1;
const ZSTD_LEVEL: i32 = 3;
/// Largest window that a reader grants, as a power of two of bytes.
const ZSTD_WINDOW_LOG_MAX: u32 = 23;

const SEAL_CONTEXT: &str = "offsync v1 object seal key";
const CONTENT_CONTEXT: &str = "offsync v1 content hash key";
const NAME_CONTEXT: &str = "offsync v1 name of an archive key";

/// Why a sealed object does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// It ends before a seal could be complete.
    #[error("the object is too short to be whole")]
    TooShort,
    /// It does not begin as an object of Offsync does.
    #[error("this is not an object of Offsync")]
    NotOffsync,
    /// It was written by a newer Offsync, or its version byte is damaged.
    #[error("a newer Offsync is needed to read this (format {version})")]
    Newer {
        /// The version that it claims.
        version: u8,
    },
    /// It was sealed with a later key of the archive that was not handed over here yet.
    #[error("the object was sealed with a key of the archive that has not come here yet")]
    UnknownKey(KeyName),
    /// Another key, another name, or changed bytes.
    #[error("the object was not sealed with this archive's key under this name")]
    NotAuthentic,
    /// It declares more than a body may hold.
    #[error("the object declares more than {BODY_BYTES_MAX} bytes")]
    TooLarge,
    /// It was sealed by a member, but makes no sense.
    #[error("the object's content is damaged")]
    Damaged,
}

/// The secret that all members of an archive share; wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct ArchiveKey(Zeroizing<[u8; 32]>);

impl ArchiveKey {
    /// Wraps 32 random bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Gives the raw bytes, for a keystore or an invitation.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for ArchiveKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ArchiveKey(..)")
    }
}

/// What tells one of an archive's keys from the others, in clear.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct KeyName([u8; KEY_NAME_BYTES]);

impl KeyName {
    /// Wraps the bytes that a header or statement tells.
    pub fn new(bytes: [u8; KEY_NAME_BYTES]) -> Self {
        Self(bytes)
    }

    /// Gives the raw bytes.
    pub fn as_bytes(&self) -> &[u8; KEY_NAME_BYTES] {
        &self.0
    }
}

/// A key that took the place of the one before it.
#[derive(Clone)]
struct LaterKey {
    name: KeyName,
    seal: Zeroizing<[u8; 32]>,
}

/// The keys that follow from an archive's keys, one for each purpose; wiped when dropped.
///
/// Content is named by the first key for ever, since versions and copies know it by those names, which nobody sees who
/// cannot open what tells them.
#[derive(Clone)]
pub struct ArchiveKeys {
    archive: ArchiveId,
    seal: Zeroizing<[u8; 32]>,
    content: Zeroizing<[u8; 32]>,
    /// Those that took its place.
    later: Vec<LaterKey>,
    /// The one of them that new objects are sealed with; the first key if none.
    in_force: Option<KeyName>,
}

impl ArchiveKeys {
    /// Derives them by BLAKE3 `derive_key` from the archive's key and id.
    pub fn derive(key: &ArchiveKey, archive: &ArchiveId) -> Self {
        let material = material(key, archive);
        Self {
            archive: *archive,
            seal: Zeroizing::new(blake3::derive_key(SEAL_CONTEXT, &material[..])),
            content: Zeroizing::new(blake3::derive_key(CONTENT_CONTEXT, &material[..])),
            later: Vec::new(),
            in_force: None,
        }
    }

    /// Gives the same keys with those that took the place of the first one, and which of them new objects are sealed with.
    #[must_use]
    pub fn with_later<'k>(&self, later: impl IntoIterator<Item = &'k ArchiveKey>, in_force: Option<KeyName>) -> Self {
        let one = |key: &ArchiveKey| LaterKey {
            name: Self::name_of(key, &self.archive),
            seal: Zeroizing::new(blake3::derive_key(SEAL_CONTEXT, &material(key, &self.archive)[..])),
        };
        Self {
            later: later.into_iter().map(one).collect(),
            in_force,
            ..self.clone()
        }
    }

    /// Gives the name of one of an archive's keys.
    pub fn name_of(key: &ArchiveKey, archive: &ArchiveId) -> KeyName {
        let whole = blake3::derive_key(NAME_CONTEXT, &material(key, archive)[..]);
        let (name, _) = whole.split_first_chunk().expect("eight of 32 bytes");
        KeyName(*name)
    }

    /// Gives the name of the key in force; `None` for the first one.
    pub fn in_force(&self) -> Option<KeyName> {
        self.in_force
    }

    fn later_key(&self, name: KeyName) -> Option<&LaterKey> {
        self.later.iter().find(|later| later.name == name)
    }

    /// Gives the archive that these keys belong to.
    pub fn archive(&self) -> &ArchiveId {
        &self.archive
    }

    /// Hashes a file's whole content.
    pub fn digest(&self, content: &[u8]) -> Digest {
        Digest::new(*blake3::keyed_hash(&self.content, content).as_bytes())
    }

    /// Begins the hash of a content that is read piece by piece.
    pub fn digest_hasher(&self) -> DigestHasher {
        DigestHasher(blake3::Hasher::new_keyed(&self.content))
    }

    /// Names a chunk: the same hash as [`Self::digest`].
    pub fn chunk_id(&self, content: &[u8]) -> ChunkId {
        self.digest(content).into()
    }
}

fn material(key: &ArchiveKey, archive: &ArchiveId) -> Zeroizing<[u8; 48]> {
    let mut material = Zeroizing::new([0; 48]);
    material[..32].copy_from_slice(key.as_bytes());
    material[32..].copy_from_slice(archive.as_bytes());
    material
}

impl fmt::Debug for ArchiveKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ArchiveKeys({:?}, ..)", self.archive)
    }
}

/// The hash of a content in the making.
#[derive(Clone)]
pub struct DigestHasher(blake3::Hasher);

impl DigestHasher {
    /// Adds the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Gives the digest of all bytes so far.
    pub fn finish(&self) -> Digest {
        Digest::new(*self.0.finalize().as_bytes())
    }
}

impl fmt::Debug for DigestHasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DigestHasher(..)")
    }
}

/// Seals a body under a name, compressed where that shrinks it, with the key in force; statements with the first one, for they
/// tell newcomers of the others.
///
/// The nonce must be random and never used before with the same archive.
pub fn seal(keys: &ArchiveKeys, name: &ObjectName, nonce: [u8; 24], body: &[u8]) -> Vec<u8> {
    let in_force = keys.in_force.filter(|_| !matches!(name, ObjectName::People { .. }));
    let later = in_force.and_then(|name| keys.later_key(name));
    let mut sealed = Vec::with_capacity(SEAL_BYTES + body.len());
    sealed.extend_from_slice(MAGIC);
    sealed.push(later.map_or(FIRST_VERSION, |_| LATER_VERSION));
    sealed.push(name.kind());
    sealed.extend_from_slice(&nonce);
    if let Some(later) = later {
        sealed.extend_from_slice(later.name.as_bytes());
    }
    let associated = associated_data(&sealed, keys, name);
    let payload = Payload {
        msg: &frame(body),
        aad: &associated,
    };
    let key = later.map_or(&keys.seal, |later| &later.seal);
    let cipher = XChaCha20Poly1305::new(&Key::from(**key));
    let ciphertext = cipher
        .encrypt(&XNonce::from(nonce), payload)
        .expect("a body is far below the cipher's limit");
    sealed.extend_from_slice(&ciphertext);
    sealed
}

/// Tells whether an object would open if its version were one that is known: then that byte alone is damaged, and no newer
/// Offsync will ever read it.
fn is_ours_but_for_the_version(keys: &ArchiveKeys, name: &ObjectName, sealed: &[u8]) -> bool {
    let mut others = [FIRST_VERSION, LATER_VERSION]
        .into_iter()
        .filter(|version| *version != sealed[4]);
    others.any(|version| {
        let mut ours = sealed.to_vec();
        ours[4] = version;
        open(keys, name, &ours).is_ok()
    })
}

/// Tells whether an object would open if it named one of the keys that are known: then that name alone is damaged, and no key
/// will ever come that opens it.
fn is_ours_but_for_the_key(keys: &ArchiveKeys, name: &ObjectName, sealed: &[u8]) -> bool {
    keys.later.iter().any(|later| {
        let mut ours = sealed.to_vec();
        ours[HEADER_BYTES..HEADER_BYTES + KEY_NAME_BYTES].copy_from_slice(later.name.as_bytes());
        open(keys, name, &ours).is_ok()
    })
}

/// Opens an object that was sealed under this name, and gives its body.
///
/// Authenticates first; decompresses a stream that ends at the declared size, which is capped
/// at [`BODY_BYTES_MAX`].
pub fn open(keys: &ArchiveKeys, name: &ObjectName, sealed: &[u8]) -> Result<Vec<u8>, OpenError> {
    let (begin, _) = sealed.split_at_checked(HEADER_BYTES).ok_or(OpenError::TooShort)?;
    if !begin.starts_with(MAGIC) || begin[4] == 0 {
        return Err(OpenError::NotOffsync);
    }
    let header_bytes = match begin[4] {
        FIRST_VERSION => HEADER_BYTES,
        LATER_VERSION => HEADER_BYTES + KEY_NAME_BYTES,
        _ if is_ours_but_for_the_version(keys, name, sealed) => return Err(OpenError::NotAuthentic),
        version => return Err(OpenError::Newer { version }),
    };
    let (header, ciphertext) = sealed.split_at_checked(header_bytes).ok_or(OpenError::TooShort)?;
    if ciphertext.len() < TAG_BYTES + FRAME_BYTES {
        return Err(OpenError::TooShort);
    }
    if header[5] != name.kind() {
        return Err(OpenError::NotAuthentic);
    }
    let key = key_of(keys, name, &header[HEADER_BYTES..]).map_err(|error| match error {
        OpenError::UnknownKey(_) if is_ours_but_for_the_version(keys, name, sealed) => OpenError::NotAuthentic,
        OpenError::UnknownKey(_) if is_ours_but_for_the_key(keys, name, sealed) => OpenError::NotAuthentic,
        error => error,
    })?;
    let nonce: [u8; 24] = header[NONCE_AT..HEADER_BYTES]
        .try_into()
        .map_err(|_| OpenError::TooShort)?;
    let payload = Payload {
        msg: ciphertext,
        aad: &associated_data(header, keys, name),
    };
    let cipher = XChaCha20Poly1305::new(&Key::from(**key));
    let framed = cipher
        .decrypt(&XNonce::from(nonce), payload)
        .map_err(|_| OpenError::NotAuthentic)?;
    unframe(framed)
}

/// Gives the key that a header names, the first one if none.
///
/// A state bears no signature: sealed with a key that is not in force any more, somebody who was taken out may have made it.
/// It is served anew by those who stay. A want is not signed either, and only costs traffic; who lacks the key asks by it for
/// what leads to that.
fn key_of<'k>(keys: &'k ArchiveKeys, name: &ObjectName, named: &[u8]) -> Result<&'k Zeroizing<[u8; 32]>, OpenError> {
    let named = match named {
        [] => None,
        named => Some(KeyName(named.try_into().map_err(|_| OpenError::TooShort)?)),
    };
    let key = match named {
        None => &keys.seal,
        Some(named) => &keys.later_key(named).ok_or(OpenError::UnknownKey(named))?.seal,
    };
    let is_in_force = named == keys.in_force;
    match name {
        ObjectName::ServedState { .. } if !is_in_force => Err(OpenError::NotAuthentic),
        _ => Ok(key),
    }
}

fn associated_data(header: &[u8], keys: &ArchiveKeys, name: &ObjectName) -> Vec<u8> {
    [header, keys.archive.as_bytes(), name.to_string().as_bytes()].concat()
}

fn frame(body: &[u8]) -> Zeroizing<Vec<u8>> {
    let compressed = zstd::bulk::compress(body, ZSTD_LEVEL)
        .ok()
        .filter(|small| small.len() < body.len());
    let (tag, bytes) = compressed.as_deref().map_or((STORED, body), |small| (ZSTD, small));
    let mut framed = Vec::with_capacity(FRAME_BYTES + bytes.len());
    framed.push(tag);
    framed.extend_from_slice(&(body.len() as u64).to_le_bytes());
    framed.extend_from_slice(bytes);
    Zeroizing::new(framed)
}

fn unframe(mut framed: Vec<u8>) -> Result<Vec<u8>, OpenError> {
    let (head, bytes) = framed.split_first_chunk::<FRAME_BYTES>().ok_or(OpenError::Damaged)?;
    let (tag, size) = head.split_first().ok_or(OpenError::Damaged)?;
    let declared_bytes = u64::from_le_bytes(size.try_into().map_err(|_| OpenError::Damaged)?);
    if declared_bytes > BODY_BYTES_MAX as u64 {
        return Err(OpenError::TooLarge);
    }
    match *tag {
        STORED if bytes.len() as u64 == declared_bytes => {
            framed.drain(..FRAME_BYTES);
            Ok(framed)
        }
        ZSTD => decompress(bytes, declared_bytes),
        _ => Err(OpenError::Damaged),
    }
}

fn decompress(bytes: &[u8], declared_bytes: u64) -> Result<Vec<u8>, OpenError> {
    let mut decoder = zstd::stream::read::Decoder::with_buffer(bytes).map_err(|_| OpenError::Damaged)?;
    decoder
        .window_log_max(ZSTD_WINDOW_LOG_MAX)
        .map_err(|_| OpenError::Damaged)?;
    let mut body = Vec::new();
    let read_bytes = decoder
        .take(declared_bytes + 1)
        .read_to_end(&mut body)
        .map_err(|_| OpenError::Damaged)?;
    if read_bytes as u64 != declared_bytes {
        return Err(OpenError::Damaged);
    }
    Ok(body)
}

#[cfg(test)]
mod tests;
