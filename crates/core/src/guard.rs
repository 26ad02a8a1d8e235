//! Guards: many deletions at once wait for a person's yes.

use crate::limits::{HELD_DELETIONS_MAX, HELD_DELETIONS_MIN, HELD_DELETIONS_PART};

/// Tells whether deleting `deletions` of `files` files must wait for a yes, where `coming` files take their places.
///
/// Renames and folders do not count. Held: at least 5 files and more than a quarter of
/// the archive, or more than 1,000, or all that there are, however few, with none to come:
/// an archive that is emptied looks just like a drive that was.
pub fn is_held(deletions: u64, files: u64, coming: u64) -> bool {
    let all = deletions > 0 && deletions >= files.saturating_add(coming);
    let many = deletions >= HELD_DELETIONS_MIN && deletions.saturating_mul(HELD_DELETIONS_PART) > files;
    all || many || deletions > HELD_DELETIONS_MAX
}

/// Tells whether deletions that were held and shown go on waiting, though they may not be many any more beside all files:
/// `shown` of them were held.
///
/// Few of many never wait: somebody brought the others back. Few that were all there was do, whatever came to stand
/// beside them.
pub fn stays_held(deletions: u64, shown: u64) -> bool {
    deletions >= HELD_DELETIONS_MIN || (deletions > 0 && shown < HELD_DELETIONS_MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_deletions_pass_and_many_wait() {
        for (deletions, files, coming, held) in [
            (0, 0, 0, false),
            (1, 1, 0, true),
            (4, 4, 0, true),
            (4, 4, 1, false),
            (4, 5, 0, false),
            (5, 5, 9, true),
            (5, 19, 0, true),
            (5, 20, 0, false),
            (1_000, 9_000, 0, false),
            (1_001, 1 << 20, 0, true),
        ] {
            assert_eq!(is_held(deletions, files, coming), held, "{deletions} of {files}");
        }
    }

    #[test]
    fn few_that_were_held_as_all_there_was_go_on_waiting() {
        for (deletions, shown, stays) in [
            (0, 3, false),
            (1, 3, true),
            (4, 4, true),
            (4, 5, false),
            (5, 5, true),
            (0, 9, false),
        ] {
            assert_eq!(stays_held(deletions, shown), stays, "{deletions} of {shown}");
        }
    }
}
