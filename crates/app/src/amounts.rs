//! Amounts as people read them.

/// Says how many files are deleted, of how many.
pub fn so_many_of(deletions: u64, of: u64) -> String {
    match of {
        1 if deletions == 1 => "the only file".into(),
        of if deletions == of => format!("all {of} files"),
        of => format!("{deletions} of {of} files"),
    }
}
