//! Dots: the names of versions.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ids::LocationId;

/// Names one version of one path: the changeset it came in and its place there.
///
/// No dot is ever minted twice.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Dot {
    /// Who minted it.
    pub location: LocationId,
    /// The sequence of the author's changeset, from 1.
    pub sequence: u64,
    /// Its place in that changeset, from 0.
    pub ordinal: u32,
}

impl Dot {
    /// Makes the dot of an own change that is not posted yet, which no vector covers.
    pub fn provisional(ordinal: u32) -> Self {
        Self {
            location: LocationId::new([0xff; 16]),
            sequence: u64::MAX,
            ordinal,
        }
    }

    /// Tells whether this is the dot of an own change that is not posted yet.
    pub fn is_provisional(&self) -> bool {
        self.sequence == u64::MAX
    }
}

impl fmt::Debug for Dot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_provisional() {
            return write!(f, "~{}", self.ordinal);
        }
        let short = &self.location.to_string()[..4];
        write!(f, "{short}:{}.{}", self.sequence, self.ordinal)
    }
}
