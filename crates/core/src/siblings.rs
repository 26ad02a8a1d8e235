//! Siblings: the versions of one path that nobody has replaced yet.

use serde::{Deserialize, Serialize};

use crate::dot::Dot;
use crate::entry::Version;
use crate::version_vector::VersionVector;

/// The versions of one path, ordered by dot; normally one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Siblings(Vec<(Dot, Version)>);

impl Siblings {
    /// Folds one posted version in: `siblings = (siblings - replaces) + new`.
    pub fn fold(&mut self, dot: Dot, version: Version, replaces: &[Dot]) {
        self.0.retain(|(old, _)| !replaces.contains(old) && *old != dot);
        let at = self.0.partition_point(|(old, _)| *old < dot);
        self.0.insert(at, (dot, version));
    }

    /// Gives the version that a dot names.
    pub fn get(&self, dot: &Dot) -> Option<&Version> {
        self.0.iter().find(|(own, _)| own == dot).map(|(_, version)| version)
    }

    /// Goes through all versions in order of dot.
    pub fn iter(&self) -> impl Iterator<Item = &(Dot, Version)> {
        self.0.iter()
    }

    /// Goes through the versions that are no tombstones.
    pub fn live(&self) -> impl Iterator<Item = &(Dot, Version)> {
        self.0.iter().filter(|(_, version)| version.value.content.is_live())
    }

    /// Goes through the tombstones.
    pub fn tombstones(&self) -> impl Iterator<Item = &(Dot, Version)> {
        self.0.iter().filter(|(_, version)| !version.value.content.is_live())
    }

    /// Tells whether anything lives here.
    pub fn is_live(&self) -> bool {
        self.live().next().is_some()
    }

    /// Tells whether there is neither a version nor a tombstone.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Drops the tombstones that `known_by_all` names; correctness never depends on it.
    pub fn drop_tombstones(&mut self, known_by_all: impl Fn(&Dot) -> bool) {
        self.0
            .retain(|(dot, version)| version.value.content.is_live() || !known_by_all(dot));
    }

    /// Merges two states: keeps a dot if both have it, or the other side has not seen it.
    pub fn merge(&self, own: &VersionVector, theirs: &Self, their_vector: &VersionVector) -> Self {
        let kept = self
            .0
            .iter()
            .filter(|(dot, _)| theirs.get(dot).is_some() || !their_vector.covers_dot(dot));
        let new = theirs
            .0
            .iter()
            .filter(|(dot, _)| self.get(dot).is_none() && !own.covers_dot(dot));
        let mut merged: Vec<_> = kept.chain(new).cloned().collect();
        merged.sort_by_key(|(dot, _)| *dot);
        Self(merged)
    }
}

impl FromIterator<(Dot, Version)> for Siblings {
    fn from_iter<T: IntoIterator<Item = (Dot, Version)>>(versions: T) -> Self {
        let mut all: Vec<_> = versions.into_iter().collect();
        all.sort_by_key(|(dot, _)| *dot);
        Self(all)
    }
}
