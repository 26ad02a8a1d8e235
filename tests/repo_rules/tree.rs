//! The files of the repository: what git tracks or would track, else whatever lies there and is not built.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::source::Source;

/// A file by its path from the repository's root, with `/` between its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TreeFile {
    pub(crate) path: String,
    pub(crate) text: String,
}

impl TreeFile {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        Self {
            path: path.to_owned(),
            text: text.to_owned(),
        }
    }

    pub(crate) fn source(&self) -> Source<'_> {
        Source::new(&self.text)
    }

    pub(crate) fn has_extension(&self, extensions: &[&str]) -> bool {
        extension(&self.path).is_some_and(|found| extensions.contains(&found))
    }
}

pub(crate) fn extension(path: &str) -> Option<&str> {
    path.rsplit('/')
        .next()?
        .rsplit_once('.')
        .map(|(_, extension)| extension)
}

/// Lists the paths of all files, ordered.
pub(crate) fn paths() -> Vec<String> {
    let root = offsync_tests::repository();
    let mut paths = tracked(&root).unwrap_or_else(|| walked(&root));
    paths.retain(|path| root.join(path).is_file());
    paths.sort();
    paths.dedup();
    paths
}

/// Reads all text files; what is not UTF-8 is a picture or the like and is left out.
pub(crate) fn texts() -> Vec<TreeFile> {
    let root = offsync_tests::repository();
    let read = |path: String| {
        fs::read_to_string(root.join(&path))
            .ok()
            .map(|text| TreeFile { path, text })
    };
    paths().into_iter().filter_map(read).collect()
}

/// Reads all Rust files.
pub(crate) fn rust() -> Vec<TreeFile> {
    texts().into_iter().filter(|file| file.has_extension(&["rs"])).collect()
}

fn tracked(root: &Path) -> Option<Vec<String>> {
    let listed = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output()
        .ok()?;
    let text = String::from_utf8(listed.stdout).ok()?;
    let paths: Vec<String> = text
        .split('\0')
        .filter(|path| !path.is_empty())
        .map(str::to_owned)
        .collect();
    (listed.status.success() && paths.iter().any(|path| path == "Cargo.toml")).then_some(paths)
}

fn walked(root: &Path) -> Vec<String> {
    const BUILT: [&str; 5] = [".git", "target", "node_modules", "dist", "gen"];
    let mut paths = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        let listed = fs::read_dir(root.join(&folder)).expect("a folder of the repository can be listed");
        for entry in listed.map(|entry| entry.expect("an entry of the repository can be read")) {
            let path = folder.join(entry.file_name());
            if !entry.path().is_dir() {
                paths.push(path.to_string_lossy().replace('\\', "/"));
            } else if !BUILT.contains(&entry.file_name().to_string_lossy().as_ref()) {
                folders.push(path);
            }
        }
    }
    paths
}

#[test]
fn the_tree_is_seen_with_and_without_git() {
    let walked = walked(&offsync_tests::repository());
    for path in [
        "Cargo.toml",
        "tests/repo_rules/tree.rs",
        "crates/core/Cargo.toml",
        ".ci/run",
    ] {
        assert!(walked.iter().any(|seen| seen == path), "a walk sees {path}");
        assert!(paths().iter().any(|seen| seen == path), "the tree has {path}");
    }
}
