//! Finding the archive that a folder belongs to.
//!
//! Reads names and kinds only; never changes anything, never follows a link named `.offsync`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::names::{MARKER, PRIVATE};

/// Finds the archive's folder that is or holds `start`: the nearest one above with a marker file.
pub fn find_archive_root(start: &Path) -> Option<PathBuf> {
    let start = fs::canonicalize(start).ok()?;
    start
        .ancestors()
        .find(|folder| holds_marker(folder))
        .map(Path::to_path_buf)
}

/// Tells whether a folder has no entries at all.
pub fn is_empty_folder(folder: &Path) -> io::Result<bool> {
    let with_path = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", folder.display()));
    match fs::read_dir(folder).map_err(with_path)?.next() {
        None => Ok(true),
        Some(first) => first.map(|_| false).map_err(with_path),
    }
}

fn holds_marker(folder: &Path) -> bool {
    let private = folder.join(PRIVATE);
    let is_real_folder = fs::symlink_metadata(&private).is_ok_and(|meta| meta.is_dir());
    is_real_folder && fs::symlink_metadata(private.join(MARKER)).is_ok_and(|meta| meta.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_archive_is_found_from_any_depth() {
        let top = tempfile::tempdir().expect("a folder");
        let deep = top.path().join("a/b");
        fs::create_dir_all(&deep).unwrap();
        assert_eq!(find_archive_root(&deep), None);
        fs::create_dir(top.path().join(PRIVATE)).unwrap();
        assert_eq!(
            find_archive_root(&deep),
            None,
            "a private folder without a marker says nothing"
        );
        fs::write(top.path().join(PRIVATE).join(MARKER), "x").unwrap();
        assert_eq!(find_archive_root(&deep), Some(fs::canonicalize(top.path()).unwrap()));
        assert_eq!(find_archive_root(&top.path().join("gone")), None);
    }

    #[test]
    fn an_empty_folder_is_told_from_a_full_and_an_absent_one() {
        let top = tempfile::tempdir().expect("a folder");
        assert!(is_empty_folder(top.path()).unwrap());
        fs::write(top.path().join("x"), "").unwrap();
        assert!(!is_empty_folder(top.path()).unwrap());
        let error = is_empty_folder(&top.path().join("gone")).unwrap_err();
        assert!(error.to_string().contains("gone"), "{error}");
    }
}
