//! Guards: many deletions at once wait for a person's yes.

use crate::limits::{HELD_DELETIONS_MAX, HELD_DELETIONS_MIN, HELD_DELETIONS_PART};

/// Tells whether deleting `deletions` of `files` files must wait for a yes.
///
/// Renames and folders do not count. Held: at least 5 files and more than a quarter of
/// the archive, or more than 1,000.
pub fn is_held(deletions: u64, files: u64) -> bool {
    let many = deletions >= HELD_DELETIONS_MIN && deletions.saturating_mul(HELD_DELETIONS_PART) > files;
    many || deletions > HELD_DELETIONS_MAX
}

/// Tells whether deletions that were held and shown go on waiting, though they may not be many any more beside all files.
///
/// Few never wait: somebody brought the others back.
pub fn stays_held(deletions: u64) -> bool {
    deletions >= HELD_DELETIONS_MIN
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
            assert_eq!(is_held(deletions, files), held, "{deletions} of {files}");
        }
    }
}
