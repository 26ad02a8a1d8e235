//! Places: what this drive shows at a path, and what the last scan saw there.

use serde::{Deserialize, Serialize};

use crate::dot::Dot;
use crate::entry::Value;
use crate::rel_path::{PathKey, RelPath};

/// What the disk says of a path without reading its content.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stat {
    /// Length in bytes; 0 for folders.
    pub size_bytes: u64,
    /// Last modification in nanoseconds since 1970, as the file system stored it.
    pub mtime_ns: i64,
    /// Last change of the inode in nanoseconds; 0 where there is none.
    pub ctime_ns: i64,
    /// Inode number; 0 where it is not stable.
    pub inode: u64,
    /// Unix permission bits.
    pub mode: u32,
}

/// The dots of one origin that are shown at a place.
///
/// An implied folder has an origin and no dots.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ShownRef {
    /// The entry that is shown.
    pub origin: PathKey,
    /// Its dots, in order.
    pub dots: Vec<Dot>,
}

/// What this drive shows at a place, and which versions that stands for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// Whom it shows; the first is the main one.
    pub refs: Vec<ShownRef>,
    /// What was put there. Its path is this place's, not always the origin's.
    pub value: Value,
}

/// What the last scan, or the last own write, left at a place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Observed {
    /// Nothing stands there.
    Absent,
    /// Just what is shown; so the disk looked.
    AsShown(Stat),
    /// Something else: a person's change that is not posted yet.
    Other(Value, Stat),
}

/// One path of the drive: shown and observed. Never neither.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// What this drive showed there.
    pub shown: Option<Shown>,
    /// What is there.
    pub observed: Observed,
}

impl Place {
    /// Gives the value that stands on the disk.
    pub fn on_disk(&self) -> Option<&Value> {
        match &self.observed {
            Observed::Absent => None,
            Observed::AsShown(_) => self.shown.as_ref().map(|shown| &shown.value),
            Observed::Other(value, _) => Some(value),
        }
    }

    /// Gives how the disk looked.
    pub fn stat(&self) -> Option<&Stat> {
        match &self.observed {
            Observed::Absent => None,
            Observed::AsShown(stat) | Observed::Other(_, stat) => Some(stat),
        }
    }

    /// Tells whether a person's change stands here that is not posted yet.
    pub fn is_changed(&self) -> bool {
        !matches!(self.observed, Observed::AsShown(_))
    }

    /// Gives the path as it is spelled on the disk, or as it was shown.
    pub fn path(&self) -> Option<&RelPath> {
        self.on_disk()
            .or(self.shown.as_ref().map(|shown| &shown.value))
            .map(|value| &value.path)
    }

    /// Makes a place from what is shown and what is there; `None` if neither.
    pub fn new(shown: Option<Shown>, there: Option<(Value, Stat)>) -> Option<Self> {
        let observed = match (&shown, &there) {
            (None, None) => return None,
            (_, None) => Observed::Absent,
            (Some(shown), Some((value, stat))) if shown.value.looks_like(value) => {
                let shown = Shown {
                    value: Value {
                        path: value.path.clone(),
                        ..shown.value.clone()
                    },
                    ..shown.clone()
                };
                return Some(Self {
                    shown: Some(shown),
                    observed: Observed::AsShown(*stat),
                });
            }
            (_, Some((value, stat))) => Observed::Other(value.clone(), *stat),
        };
        Some(Self { shown, observed })
    }

    /// Takes it apart into what is shown and what is there.
    pub fn into_parts(self) -> (Option<Shown>, Option<(Value, Stat)>) {
        let there = match self.observed {
            Observed::Absent => None,
            Observed::AsShown(stat) => self.shown.as_ref().map(|shown| (shown.value.clone(), stat)),
            Observed::Other(value, stat) => Some((value, stat)),
        };
        (self.shown, there)
    }
}
