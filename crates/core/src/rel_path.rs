//! Paths inside an archive, checked where they are made, and the folded keys that order them.
//!
//! A [`RelPath`] never leaves the archive: no empty, `.` or `..` part, no NUL, no
//! leading slash. Bytes, not text: names on Linux need not be UTF-8.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};
use unicode_normalization::UnicodeNormalization;

use crate::limits::{NAME_BYTES_MAX, PATH_BYTES_MAX, PATH_DEPTH_MAX};

/// The folder in which Offsync keeps its own files, at the top of an archive.
pub const PRIVATE_FOLDER: &str = ".offsync";

/// Why a path is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RelPathError {
    /// A part is empty, `.` or `..`.
    #[error("a part of the path is empty, '.' or '..'")]
    BadPart,
    /// It holds a NUL byte, or a slash inside a name.
    #[error("the name holds a character that no file system allows")]
    BadByte,
    /// A name is longer than 255 bytes.
    #[error("a name is longer than {NAME_BYTES_MAX} bytes")]
    NameTooLong,
    /// The whole path is too long or too deep.
    #[error("the path is longer than {PATH_BYTES_MAX} bytes or deeper than {PATH_DEPTH_MAX} folders")]
    TooLong,
}

/// A validated path inside an archive; the empty path is the archive's folder itself.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct RelPath(#[serde(with = "bytes")] Vec<u8>);

impl RelPath {
    /// Gives the archive's folder itself.
    pub fn root() -> Self {
        Self(Vec::new())
    }

    /// Checks a slash-separated path.
    pub fn new(path: impl AsRef<[u8]>) -> Result<Self, RelPathError> {
        let path = path.as_ref();
        if path.is_empty() {
            return Ok(Self::root());
        }
        if path.len() > PATH_BYTES_MAX || path.split(|b| *b == b'/').count() > PATH_DEPTH_MAX {
            return Err(RelPathError::TooLong);
        }
        path.split(|b| *b == b'/').try_for_each(check_name)?;
        Ok(Self(path.to_vec()))
    }

    /// Appends one name.
    pub fn join(&self, name: impl AsRef<[u8]>) -> Result<Self, RelPathError> {
        let name = name.as_ref();
        check_name(name)?;
        let mut path = Vec::with_capacity(self.0.len() + 1 + name.len());
        path.extend_from_slice(&self.0);
        if !path.is_empty() {
            path.push(b'/');
        }
        path.extend_from_slice(name);
        if path.len() > PATH_BYTES_MAX || path.split(|b| *b == b'/').count() > PATH_DEPTH_MAX {
            return Err(RelPathError::TooLong);
        }
        Ok(Self(path))
    }

    /// Gives the bytes, slash-separated.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Tells whether this is the archive's folder itself.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// Gives the names from the top down.
    pub fn names(&self) -> impl DoubleEndedIterator<Item = &[u8]> {
        self.0.split(|b| *b == b'/').filter(|name| !name.is_empty())
    }

    /// Gives the last name; empty for the root.
    pub fn name(&self) -> &[u8] {
        self.0.rsplit(|b| *b == b'/').next().unwrap_or_default()
    }

    /// Gives the folder that holds this path; `None` for the root.
    pub fn parent(&self) -> Option<Self> {
        if self.is_root() {
            return None;
        }
        let cut = self.0.iter().rposition(|b| *b == b'/').unwrap_or(0);
        Some(Self(self.0[..cut].to_vec()))
    }

    /// Gives how many names the path has.
    pub fn depth(&self) -> usize {
        self.names().count()
    }

    /// Gives the form by which entries are kept and compared: folded case, NFC.
    pub fn key(&self) -> PathKey {
        let mut key = Vec::with_capacity(self.0.len());
        for (i, name) in self.names().enumerate() {
            if i > 0 {
                key.push(0);
            }
            fold_name(name, &mut key);
        }
        PathKey(key)
    }

    /// Gives the path with each name in NFC: the same for paths that people cannot tell apart. Case is kept.
    pub fn composed(&self) -> Self {
        let mut composed = Vec::with_capacity(self.0.len());
        for (i, name) in self.names().enumerate() {
            if i > 0 {
                composed.push(b'/');
            }
            match std::str::from_utf8(name) {
                Ok(text) => composed.extend_from_slice(text.nfc().collect::<String>().as_bytes()),
                Err(_) => composed.extend_from_slice(name),
            }
        }
        Self(composed)
    }

    /// Tells whether the path is Offsync's own and never an entry.
    pub fn is_private(&self) -> bool {
        self.names()
            .next()
            .is_some_and(|name| name.eq_ignore_ascii_case(PRIVATE_FOLDER.as_bytes()))
    }

    /// Gives the path as text where it is UTF-8.
    pub fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }
}

impl fmt::Display for RelPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.0))
    }
}

impl fmt::Debug for RelPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", String::from_utf8_lossy(&self.0))
    }
}

impl<'de> Deserialize<'de> for RelPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let path = bytes::deserialize(deserializer)?;
        Self::new(path).map_err(serde::de::Error::custom)
    }
}

/// A folded path; its byte order is the order by path component.
///
/// Names are folded as Unicode's canonical caseless match (NFC of the case folding of
/// NFD) and joined by NUL, which sorts below every byte of a name, so that a folder's
/// descendants are one contiguous range. Names that are not UTF-8 stay as they are.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PathKey(#[serde(with = "bytes")] Vec<u8>);

impl PathKey {
    /// Gives the key of the archive's folder itself.
    pub fn root() -> Self {
        Self(Vec::new())
    }

    /// Wraps bytes that [`RelPath::key`] made and a store kept.
    pub fn from_bytes_unchecked(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// Gives the bytes, NUL-separated.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Tells whether this is the archive's folder itself.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// Gives the key of the folder that holds this one; `None` for the root.
    pub fn parent(&self) -> Option<Self> {
        if self.is_root() {
            return None;
        }
        let cut = self.0.iter().rposition(|b| *b == 0).unwrap_or(0);
        Some(Self(self.0[..cut].to_vec()))
    }

    /// Gives the last folded name.
    pub fn name(&self) -> &[u8] {
        self.0.rsplit(|b| *b == 0).next().unwrap_or_default()
    }

    /// Gives the bytes at which this folder's descendants begin; empty for the root.
    pub fn below_start(&self) -> Vec<u8> {
        if self.is_root() {
            return Vec::new();
        }
        let mut start = self.0.clone();
        start.push(0);
        start
    }

    /// Gives the bytes before which this folder's descendants end; `None` for the root.
    pub fn below_end(&self) -> Option<Vec<u8>> {
        if self.is_root() {
            return None;
        }
        let mut end = self.0.clone();
        end.push(1);
        Some(end)
    }

    /// Tells whether `self` lies somewhere below `folder`.
    pub fn is_below(&self, folder: &Self) -> bool {
        !self.is_root() && self.0.starts_with(&folder.below_start()) && self != folder
    }

    /// Gives how many names the key has.
    pub fn depth(&self) -> usize {
        if self.is_root() {
            0
        } else {
            self.0.iter().filter(|b| **b == 0).count() + 1
        }
    }
}

impl fmt::Debug for PathKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "key:{}", String::from_utf8_lossy(&self.0).replace('\0', "/"))
    }
}

fn check_name(name: &[u8]) -> Result<(), RelPathError> {
    match name {
        b"" | b"." | b".." => Err(RelPathError::BadPart),
        _ if name.iter().any(|b| matches!(b, 0 | b'/')) => Err(RelPathError::BadByte),
        _ if name.len() > NAME_BYTES_MAX => Err(RelPathError::NameTooLong),
        _ => Ok(()),
    }
}

fn fold_name(name: &[u8], out: &mut Vec<u8>) {
    match std::str::from_utf8(name) {
        Ok(text) if text.is_ascii() => out.extend(name.iter().map(u8::to_ascii_lowercase)),
        Ok(text) => {
            let folded: String = caseless::default_case_fold_str(&text.nfd().collect::<String>())
                .nfc()
                .collect();
            out.extend_from_slice(folded.as_bytes());
        }
        Err(_) => out.extend_from_slice(name),
    }
}

/// Serde for byte strings: one length and the bytes, instead of a sequence of numbers.
pub(crate) mod bytes {
    use serde::de::{Deserializer, Error, Visitor};
    use serde::ser::Serializer;
    use std::fmt;

    pub(crate) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(bytes)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        struct Bytes;
        impl<'de> Visitor<'de> for Bytes {
            type Value = Vec<u8>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a byte string")
            }
            fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
                Ok(bytes.to_vec())
            }
            fn visit_byte_buf<E: Error>(self, bytes: Vec<u8>) -> Result<Vec<u8>, E> {
                Ok(bytes)
            }
        }
        deserializer.deserialize_byte_buf(Bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> RelPath {
        RelPath::new(text).expect("a good path")
    }

    #[test]
    fn a_path_never_leaves_the_archive() {
        for bad in ["/a", "a/", "a//b", "..", "a/../b", ".", "a/.", "a\0b"] {
            assert!(RelPath::new(bad).is_err(), "{bad:?}");
        }
        assert!(path("a").join("b/c").is_err());
        assert!(path("a").join("..").is_err());
        assert!(RelPath::new([b'x'; 256]).is_err());
        assert!(RelPath::new([b'x'; 255]).is_ok());
    }

    #[test]
    fn parents_and_names_are_found() {
        assert_eq!(path("a/b/c").parent(), Some(path("a/b")));
        assert_eq!(path("a").parent(), Some(RelPath::root()));
        assert_eq!(RelPath::root().parent(), None);
        assert_eq!(path("a/b").name(), b"b");
        assert_eq!(path("a/b").key().parent(), Some(path("A").key()));
        assert_eq!(path("a/b").key().name(), b"b");
    }

    #[test]
    fn keys_forget_case_and_normal_form() {
        assert_eq!(path("Caf\u{e9}/X").key(), path("CAFE\u{301}/x").key());
        assert_eq!(path("Stra\u{df}e").key(), path("STRASSE").key());
        assert_ne!(path("a").key(), path("b").key());
    }

    #[test]
    fn keys_are_ordered_by_component() {
        let mut keys = ["a-b", "a", "a/z", "a0", "a b", "a/b/c"].map(|text| path(text).key());
        keys.sort();
        let sorted = ["a", "a/b/c", "a/z", "a b", "a-b", "a0"].map(|text| path(text).key());
        assert_eq!(keys, sorted);
    }

    #[test]
    fn what_lies_below_is_one_range() {
        let (folder, inside, beside) = (path("a").key(), path("a/b").key(), path("a-b").key());
        assert!(inside.is_below(&folder) && !beside.is_below(&folder) && !folder.is_below(&folder));
        assert!(inside.is_below(&PathKey::root()));
        assert!(
            inside.as_bytes() >= &folder.below_start()[..]
                && inside.as_bytes() < &folder.below_end().expect("not root")[..]
        );
    }

    #[test]
    fn names_that_are_not_utf8_are_kept() {
        let odd = RelPath::new(b"caf\xe9").expect("allowed");
        assert_eq!(odd.key().name(), b"caf\xe9");
        assert_eq!(odd.as_str(), None);
    }

    #[test]
    fn the_private_folder_is_known_in_any_case() {
        assert!(path(".offsync/index.sqlite").is_private() && path(".OffSync").is_private());
        assert!(!path("a/.offsync").is_private() && !path(".offsyncignore").is_private());
    }
}
