//! Changes as people count them: by kind, and what moved once.

use offsync_core::ids::LocationId;
use offsync_engine::LogRecord;
use serde::Serialize;

/// Changes, counted by kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
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
    /// Counts the last entries of a location as its history does; nothing if that does not tell.
    pub(crate) fn of_last(mut log: Vec<LogRecord>, author: &LocationId, entries: u64) -> Option<Self> {
        log.retain(|record| record.author == *author);
        log.sort_by_key(|record| std::cmp::Reverse(record.sequence));
        let (mut counts, mut left) = (Self::default(), entries);
        for record in log {
            if left == 0 {
                break;
            }
            left = left.checked_sub(record.entries)?;
            counts.created += record.created;
            counts.modified += record.modified;
            counts.deleted += record.deleted;
            counts.renamed += record.renamed;
            counts.metadata += record.metadata;
        }
        (left == 0).then_some(counts)
    }

    /// Gives how many changes there are.
    pub fn all(&self) -> u64 {
        self.created + self.modified + self.deleted + self.renamed + self.metadata
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(author: u8, sequence: u64, entries: u64, renamed: u64) -> LogRecord {
        LogRecord {
            author: LocationId::new([author; 16]),
            sequence,
            created_ns: 0,
            entries,
            bytes: 0,
            created: 1,
            modified: 0,
            deleted: 0,
            renamed,
            metadata: 0,
            example: None,
        }
    }

    #[test]
    fn what_was_posted_last_is_counted_and_what_history_does_not_tell_is_not_guessed() {
        let me = LocationId::new([1; 16]);
        let log = || {
            vec![
                record(1, 3, 5, 2),
                record(1, 1, 7, 3),
                record(1, 2, 3, 1),
                record(2, 9, 4, 1),
            ]
        };
        let of_two = ChangeCounts::of_last(log(), &me, 8).expect("two tell of it");
        assert_eq!((of_two.created, of_two.renamed, of_two.all()), (2, 3, 5));
        assert_eq!(
            ChangeCounts::of_last(log(), &me, 6),
            None,
            "not a whole number of changesets"
        );
        assert_eq!(ChangeCounts::of_last(log(), &me, 99), None, "more than is known");
    }
}
