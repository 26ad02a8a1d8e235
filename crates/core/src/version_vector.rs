//! Version vectors: what an index has folded in, per location.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::dot::Dot;
use crate::ids::LocationId;

/// Per location, the highest sequence that was folded; a location that is absent stands at 0.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct VersionVector(BTreeMap<LocationId, u64>);

impl VersionVector {
    /// Gives the highest sequence folded of a location.
    pub fn get(&self, location: &LocationId) -> u64 {
        self.0.get(location).copied().unwrap_or(0)
    }

    /// Raises a location's sequence; never lowers it.
    pub fn raise(&mut self, location: LocationId, sequence: u64) {
        if sequence > self.get(&location) {
            self.0.insert(location, sequence);
        }
    }

    /// Tells whether a dot's changeset was folded.
    pub fn covers_dot(&self, dot: &Dot) -> bool {
        !dot.is_provisional() && self.get(&dot.location) >= dot.sequence
    }

    /// Tells whether everything that `other` folded was folded here.
    pub fn covers(&self, other: &Self) -> bool {
        other
            .0
            .iter()
            .all(|(location, sequence)| self.get(location) >= *sequence)
    }

    /// Takes the higher sequence of each location.
    pub fn join(&mut self, other: &Self) {
        other
            .0
            .iter()
            .for_each(|(location, sequence)| self.raise(*location, *sequence));
    }

    /// Adds up all sequences: how much history stands behind a change made here.
    pub fn history(&self) -> u64 {
        self.0.values().fold(0, |sum, n| sum.saturating_add(*n))
    }

    /// Goes through the locations in order of id.
    pub fn iter(&self) -> impl Iterator<Item = (&LocationId, u64)> {
        self.0.iter().map(|(location, sequence)| (location, *sequence))
    }

    /// Gives the same without one location.
    pub fn without(&self, location: &LocationId) -> Self {
        let mut rest = self.clone();
        rest.0.remove(location);
        rest
    }

    /// Tells whether nothing was folded.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<(LocationId, u64)> for VersionVector {
    fn from_iter<T: IntoIterator<Item = (LocationId, u64)>>(pairs: T) -> Self {
        let mut vector = Self::default();
        pairs
            .into_iter()
            .for_each(|(location, sequence)| vector.raise(location, sequence));
        vector
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vector(pairs: &[(u8, u64)]) -> VersionVector {
        pairs.iter().map(|(id, n)| (LocationId::new([*id; 16]), *n)).collect()
    }

    #[test]
    fn covering_is_per_location() {
        assert!(vector(&[(1, 3), (2, 1)]).covers(&vector(&[(1, 2)])));
        assert!(!vector(&[(1, 3)]).covers(&vector(&[(2, 1)])));
        assert!(vector(&[]).covers(&vector(&[])));
    }

    #[test]
    fn joining_takes_the_higher() {
        let mut joined = vector(&[(1, 3), (2, 1)]);
        joined.join(&vector(&[(1, 1), (2, 4), (3, 1)]));
        assert_eq!(joined, vector(&[(1, 3), (2, 4), (3, 1)]));
        assert_eq!(joined.history(), 8);
    }

    #[test]
    fn zero_and_absent_are_the_same() {
        assert_eq!(vector(&[(1, 0)]), vector(&[]));
    }
}
