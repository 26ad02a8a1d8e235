//! Guards: many deletions at once wait for a person's yes.

use crate::limits::{HELD_DELETIONS_MAX, HELD_DELETIONS_MIN, HELD_DELETIONS_PART};

/// Tells whether deleting `deletions` of `files` files must wait for a yes, since it is many: at least 5 files and more
/// than a quarter of the archive, or more than 1,000. Renames and folders do not count.
pub fn is_many(deletions: u64, files: u64) -> bool {
    let is_much = deletions >= HELD_DELETIONS_MIN && deletions.saturating_mul(HELD_DELETIONS_PART) > files;
    is_much || deletions > HELD_DELETIONS_MAX
}

/// Tells whether deleting `deletions` files must wait for a yes, since it is all there is, however few: `others` stay or
/// take their places.
///
/// An archive that is emptied looks just like a drive that was.
pub fn is_all(deletions: u64, others: u64) -> bool {
    deletions > 0 && others == 0
}

/// Tells whether deletions that were held and shown go on waiting, though they may not be many any more beside all files.
///
/// Few of many never wait: somebody brought the others back. What was `all` there was does, whatever came to stand beside
/// it.
pub fn stays_held(deletions: u64, all: bool) -> bool {
    deletions >= HELD_DELETIONS_MIN || (deletions > 0 && all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_deletions_pass_and_many_wait() {
        for (deletions, files, held) in [
            (0, 0, false),
            (4, 4, false),
            (5, 19, true),
            (5, 20, false),
            (1_000, 9_000, false),
            (1_001, 1 << 20, true),
        ] {
            assert_eq!(is_many(deletions, files), held, "{deletions} of {files}");
        }
    }

    #[test]
    fn all_there_is_waits_and_goes_on_waiting() {
        for (deletions, others, held) in [(0, 0, false), (1, 0, true), (4, 0, true), (4, 1, false)] {
            assert_eq!(is_all(deletions, others), held, "{deletions} beside {others}");
        }
        for (deletions, all, stays) in [(0, true, false), (1, true, true), (4, false, false), (5, false, true)] {
            assert_eq!(stays_held(deletions, all), stays, "{deletions}, all: {all}");
        }
    }
}
