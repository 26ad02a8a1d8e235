//! What a folder holds, to be compared: kinds, bytes, modes, times, where links point. Never follows a link.

use std::collections::BTreeMap;
use std::collections::btree_map::Keys;
use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use offsync_core::rel_path::RelPath;

/// Everything below a folder, by path, without Offsync's own folder at its top.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tree(BTreeMap<PathBuf, Thing>);

/// What stands at one path. A folder has no time (it changes with every child), a link neither time nor mode.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Thing {
    File { bytes: Vec<u8>, mode: u32, mtime_ns: i128 },
    Folder { mode: u32 },
    Symlink(Vec<u8>),
    Other(&'static str),
}

impl std::fmt::Debug for Thing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File { bytes, mode, mtime_ns } => {
                let start = String::from_utf8_lossy(&bytes[..bytes.len().min(24)]);
                write!(f, "file of {} bytes {start:?} {mode:o} {mtime_ns}", bytes.len())
            }
            Self::Folder { mode } => write!(f, "folder {mode:o}"),
            Self::Symlink(target) => write!(f, "link to {:?}", String::from_utf8_lossy(target)),
            Self::Other(kind) => write!(f, "{kind}"),
        }
    }
}

/// Reads a folder; one that is not there holds nothing.
pub(crate) fn of(folder: &Path) -> Tree {
    let mut things = BTreeMap::new();
    read(folder, Path::new(""), &mut things);
    Tree(things)
}

fn read(top: &Path, below: &Path, things: &mut BTreeMap<PathBuf, Thing>) {
    let Ok(entries) = fs::read_dir(top.join(below)) else {
        return;
    };
    for entry in entries {
        let path = below.join(entry.expect("a folder can be listed").file_name());
        if path == Path::new(".offsync") {
            continue;
        }
        let thing = thing(&top.join(&path));
        let is_folder = matches!(thing, Thing::Folder { .. });
        things.insert(path.clone(), thing);
        if is_folder {
            read(top, &path, things);
        }
    }
}

fn thing(path: &Path) -> Thing {
    let meta = fs::symlink_metadata(path).expect("what is listed can be looked at");
    let kind = meta.file_type();
    let mode = meta.mode() & 0o777;
    if kind.is_file() {
        let bytes = fs::read(path).expect("a file can be read");
        let mtime_ns = i128::from(meta.mtime()) * 1_000_000_000 + i128::from(meta.mtime_nsec());
        Thing::File { bytes, mode, mtime_ns }
    } else if kind.is_dir() {
        Thing::Folder { mode }
    } else if kind.is_symlink() {
        let target = fs::read_link(path).expect("a link can be read");
        Thing::Symlink(target.into_os_string().into_vec())
    } else if kind.is_fifo() {
        Thing::Other("pipe")
    } else if kind.is_socket() {
        Thing::Other("socket")
    } else {
        Thing::Other("something else")
    }
}

impl Tree {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn keys(&self) -> Keys<'_, PathBuf, Thing> {
        self.0.keys()
    }

    pub(crate) fn get(&self, path: &str) -> Option<&Thing> {
        self.0.get(Path::new(path))
    }

    /// Gives the paths that `wanted` chooses.
    pub(crate) fn paths(&self, wanted: impl Fn(&[u8]) -> bool) -> Vec<PathBuf> {
        let keys = self.0.keys().filter(|path| wanted(path.as_os_str().as_bytes()));
        keys.cloned().collect()
    }

    /// Gives what lies below a folder.
    pub(crate) fn below(&self, folder: &str) -> Self {
        let below = self.0.iter().filter(|(path, _)| path.starts_with(folder));
        Self(below.map(|(path, thing)| (path.clone(), thing.clone())).collect())
    }

    /// Gives what every file holds, and an arrow to where every link points, in order of path.
    pub(crate) fn contents(&self) -> Vec<String> {
        let content = |thing: &Thing| match thing {
            Thing::File { bytes, .. } => Some(String::from_utf8_lossy(bytes).into_owned()),
            Thing::Symlink(target) => Some(format!("-> {}", String::from_utf8_lossy(target))),
            Thing::Folder { .. } | Thing::Other(_) => None,
        };
        self.0.values().filter_map(content).collect()
    }

    /// Tells whether some file has exactly these bytes.
    pub(crate) fn holds(&self, content: &[u8]) -> bool {
        let is_it = |thing: &Thing| matches!(thing, Thing::File { bytes, .. } if bytes == content);
        self.0.values().any(is_it)
    }

    /// Gives the tree without pipes and sockets, which stay where they are.
    pub(crate) fn without_others(mut self) -> Self {
        self.0.retain(|_, thing| !matches!(thing, Thing::Other(_)));
        self
    }

    /// Gives the tree without some paths and all that lies below them.
    pub(crate) fn without(mut self, gone: &[String]) -> Self {
        self.0
            .retain(|path, _| !gone.iter().any(|gone| path.starts_with(gone.as_str())));
        self
    }

    /// Gives the tree with each path in the form in which the archive tells two of them apart.
    pub(crate) fn folded(self) -> Self {
        let fold = |path: PathBuf| {
            let path = RelPath::new(path.into_os_string().into_vec()).expect("a path that the archive can hold");
            let folded: Vec<u8> = path
                .key()
                .as_bytes()
                .iter()
                .map(|b| if *b == 0 { b'/' } else { *b })
                .collect();
            PathBuf::from(OsString::from_vec(folded))
        };
        Self(self.0.into_iter().map(|(path, thing)| (fold(path), thing)).collect())
    }

    /// Compares two trees and names what differs.
    pub(crate) fn expect_same(&self, other: &Self, whose: &str) {
        let mut differing = Vec::new();
        for path in self
            .0
            .keys()
            .chain(other.0.keys().filter(|path| !self.0.contains_key(*path)))
        {
            let (one, two) = (self.0.get(path), other.0.get(path));
            if one != two {
                differing.push(format!("{path:?}: {one:?} against {two:?}"));
            }
        }
        assert!(differing.is_empty(), "{whose} differ:\n  {}", differing.join("\n  "));
    }
}
