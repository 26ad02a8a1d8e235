//! Changes of files and links, counted by kind as people count them: what moved counts once, folders not at all.

use std::ops::{Add, AddAssign};

use serde::{Deserialize, Serialize};

/// Changes, counted by kind.
///
/// Notes keep them one number after the other, and documents show them under these names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeCounts {
    /// New paths.
    pub created: u64,
    /// New content.
    pub modified: u64,
    /// Gone, to the trash where they were received.
    pub deleted: u64,
    /// Moved.
    pub renamed: u64,
    /// Times, permissions, spelling.
    pub metadata: u64,
}

impl ChangeCounts {
    /// Gives how many changes there are.
    pub fn all(&self) -> u64 {
        self.created + self.modified + self.deleted + self.renamed + self.metadata
    }
}

impl AddAssign for ChangeCounts {
    fn add_assign(&mut self, more: Self) {
        self.created += more.created;
        self.modified += more.modified;
        self.deleted += more.deleted;
        self.renamed += more.renamed;
        self.metadata += more.metadata;
    }
}

impl Add for ChangeCounts {
    type Output = Self;

    fn add(mut self, more: Self) -> Self {
        self += more;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE_OF_EACH: ChangeCounts = ChangeCounts {
        created: 1,
        modified: 2,
        deleted: 4,
        renamed: 8,
        metadata: 16,
    };

    #[test]
    fn each_kind_is_added_to_its_own() {
        let twice = ONE_OF_EACH + ONE_OF_EACH;
        assert_eq!(postcard::to_stdvec(&twice), Ok(vec![2, 4, 8, 16, 32]));
        assert_eq!((ONE_OF_EACH.all(), twice.all()), (31, 62));
    }
}
