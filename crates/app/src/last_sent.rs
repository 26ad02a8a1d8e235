//! What a location sent last, as people count changes.

use offsync_core::ids::LocationId;
use offsync_engine::{ChangeCounts, LogRecord};

/// Counts the last entries of a location as its history does; nothing if that does not tell.
pub(crate) fn last_sent(mut log: Vec<LogRecord>, author: &LocationId, entries: u64) -> Option<ChangeCounts> {
    log.retain(|record| record.author == *author);
    log.sort_by_key(|record| std::cmp::Reverse(record.sequence));
    let (mut counts, mut left) = (ChangeCounts::default(), entries);
    for record in log {
        if left == 0 {
            break;
        }
        left = left.checked_sub(record.entries)?;
        counts += record.counts;
    }
    (left == 0).then_some(counts)
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
            counts: ChangeCounts {
                created: 1,
                renamed,
                ..ChangeCounts::default()
            },
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
        let of_two = last_sent(log(), &me, 8).expect("two tell of it");
        assert_eq!((of_two.created, of_two.renamed, of_two.all()), (2, 3, 5));
        assert_eq!(last_sent(log(), &me, 6), None, "not a whole number of changesets");
        assert_eq!(last_sent(log(), &me, 99), None, "more than is known");
    }
}
