//! What is remembered of a file that was damaged, for as long as somebody may have back what it read as.

use offsync_core::dot::Dot;
use offsync_core::entry::FileContent;
use offsync_core::rel_path::RelPath;
use serde::{Deserialize, Serialize};

use crate::memory;

/// Files that are remembered of those that read alike.
const READ_ALIKE_MAX: usize = 63;

/// Whether a sound file held just what a damaged one reads as before the damage was known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Anothers {
    /// Nobody knows: so it was noted, too, of what a scan itself found.
    #[default]
    Unknown,
    /// One did.
    Yes,
    /// None did: what holds it since is a copy of the damaged one.
    No,
}

/// What is remembered of a file that was damaged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct ReadAs {
    /// The damaged file.
    pub(crate) of: RelPath,
    /// What it should have read like.
    pub(crate) was: FileContent,
    /// The versions that it stood for.
    pub(crate) dots: Vec<Dot>,
    /// How old the trash was when it was last damaged.
    pub(crate) age_ns: i64,
    /// Whether a sound file held just that.
    #[serde(deserialize_with = "memory::or_default")]
    pub(crate) anothers: Anothers,
    /// Others that read just so: where each was, what it should have read like, and its versions.
    #[serde(deserialize_with = "memory::or_default")]
    pub(crate) others: Vec<(RelPath, FileContent, Vec<Dot>)>,
}

impl ReadAs {
    /// Remembers other files, too, that read just so.
    pub(crate) fn add(&mut self, more: &Self) {
        let first = (more.of.clone(), more.was.clone(), more.dots.clone());
        for other in [first].iter().chain(&more.others) {
            let is_known = self.of == other.0 || self.others.iter().any(|known| known.0 == other.0);
            if !is_known && self.others.len() < READ_ALIKE_MAX {
                self.others.push(other.clone());
            }
        }
    }

    /// Puts the one first that was at a path, if that is one of them: which version is to come back there is known then.
    pub(crate) fn of_path(mut self, path: &RelPath) -> Self {
        if self.of != *path
            && let Some(at) = self.others.iter().position(|other| other.0 == *path)
        {
            (self.of, self.was, self.dots) = self.others.swap_remove(at);
        }
        self
    }

    /// Tells whether as much is remembered here as there, but for when.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let age_ns = self.age_ns;
        *self
            == Self {
                age_ns,
                ..other.clone()
            }
    }
}

#[cfg(test)]
mod tests {
    use offsync_core::ids::Digest;

    use super::*;

    #[test]
    fn of_what_was_noted_before_it_is_not_known_that_no_sound_file_held_it() {
        let path = RelPath::new("a").expect("a path");
        let was = FileContent {
            digest: Digest::new([2; 32]),
            size_bytes: 0,
            chunks: Vec::new(),
        };
        for (is_anothers, anothers) in [(false, Anothers::Unknown), (true, Anothers::Yes)] {
            let others: Vec<(RelPath, FileContent, Vec<Dot>)> = Vec::new();
            let old = (path.clone(), was.clone(), Vec::<Dot>::new(), 7_i64, is_anothers, others);
            let old = postcard::to_stdvec(&old).expect("plain data");
            let read: ReadAs = postcard::from_bytes(&old).expect("an old note");
            assert_eq!((&read.of, read.age_ns, read.anothers), (&path, 7, anothers));
        }
    }
}
