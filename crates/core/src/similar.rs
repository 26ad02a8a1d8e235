//! Similar files: in which new file one that went lives on, though it was edited too.
//!
//! As git finds renames: by the name, or by what two contents share. It guesses; it only ever decides what is asked and
//! told, never what happens to a file.

use std::collections::{BTreeMap, BTreeSet};

use crate::entry::{Content, FileContent, Value};
use crate::ids::ChunkId;
use crate::rel_path::PathKey;

/// So many hundredths of a file that went must be in one that came, for that to be the same to a person.
const SHARED_PERCENT_MIN: u64 = 25;

/// A piece that is in more files than this, as one of zeros may be, says of none that it is another.
const FILES_WITH_PIECE_MAX: usize = 64;

/// New files, each with what else is known of it, that may go on with others: each with one.
#[derive(Clone, Debug)]
pub struct Candidates<T> {
    files: Vec<(Value, T)>,
    by_path: BTreeMap<PathKey, usize>,
    /// Those that are free, as below.
    by_name: BTreeMap<Vec<u8>, BTreeSet<usize>>,
    by_chunk: BTreeMap<ChunkId, BTreeSet<usize>>,
}

impl<T> Candidates<T> {
    /// Gathers files that are new at their paths, without those whose content left another: what was only moved is not what
    /// another file became. Anything but files is left out.
    pub fn new<'v>(new: impl IntoIterator<Item = (&'v Value, T)>, has_left: impl Fn(&[u8; 32]) -> bool) -> Self {
        let mut all = Self {
            files: Vec::new(),
            by_path: BTreeMap::new(),
            by_name: BTreeMap::new(),
            by_chunk: BTreeMap::new(),
        };
        for (value, known) in new {
            if !has_left(&value.content.tag()) {
                all.add(value, known);
            }
        }
        all
    }

    fn add(&mut self, value: &Value, known: T) {
        let Content::File(file) = &value.content else { return };
        let at = self.files.len();
        let key = value.path.key();
        self.by_name.entry(key.name().to_vec()).or_default().insert(at);
        self.by_path.insert(key, at);
        for chunk in &file.chunks {
            self.by_chunk.entry(chunk.id).or_default().insert(at);
        }
        self.files.push((value.clone(), known));
    }

    /// Takes the one at a path.
    pub fn take_at(&mut self, path: &PathKey) -> Option<&T> {
        let at = *self.by_path.get(path)?;
        self.by_name.get(path.name()).filter(|alike| alike.contains(&at))?;
        self.take(at)
    }

    /// Takes one that a file that went may have become, by its name or else by what they share, and of which `may` is true.
    pub fn take_like(&mut self, gone: &Value, may: impl Fn(&T) -> bool) -> Option<&T> {
        let at = self.named(gone, &may).or_else(|| self.similar(gone, &may))?;
        self.take(at)
    }

    /// Takes the one that shares most with a file that went, and a quarter of it at least.
    pub fn take_similar(&mut self, gone: &Value) -> Option<&T> {
        let at = self.similar(gone, &|_| true)?;
        self.take(at)
    }

    fn named(&self, gone: &Value, may: &impl Fn(&T) -> bool) -> Option<usize> {
        let alike = self
            .by_name
            .get(gone.path.key().name())
            .filter(|_| gone.content.is_file())?;
        alike.iter().copied().find(|at| may(&self.files[*at].1))
    }

    fn similar(&self, gone: &Value, may: &impl Fn(&T) -> bool) -> Option<usize> {
        let Content::File(FileContent { chunks, size_bytes, .. }) = &gone.content else {
            return None;
        };
        let pieces: BTreeMap<ChunkId, u64> = chunks.iter().map(|chunk| (chunk.id, chunk.size_bytes.into())).collect();
        let mut shared: BTreeMap<usize, u64> = BTreeMap::new();
        for (id, bytes) in pieces {
            let with = self.by_chunk.get(&id);
            for at in with
                .filter(|with| with.len() <= FILES_WITH_PIECE_MAX)
                .into_iter()
                .flatten()
            {
                *shared.entry(*at).or_default() += bytes;
            }
        }
        shared
            .into_iter()
            .filter(|(at, bytes)| is_enough(*bytes, *size_bytes) && may(&self.files[*at].1))
            .max_by_key(|(at, bytes)| (*bytes, std::cmp::Reverse(*at)))
            .map(|(at, _)| at)
    }

    fn take(&mut self, at: usize) -> Option<&T> {
        let (value, known) = self.files.get(at)?;
        if let Some(alike) = self.by_name.get_mut(value.path.key().name()) {
            alike.remove(&at);
        }
        for id in value.content.chunk_ids() {
            if let Some(with) = self.by_chunk.get_mut(&id) {
                with.remove(&at);
            }
        }
        Some(known)
    }
}

/// Tells whether everybody who knows both takes a new file for one that went: by its name, or by what they share.
pub fn is_like(gone: &Value, new: &Value) -> bool {
    let (Content::File(old), Content::File(file)) = (&gone.content, &new.content) else {
        return false;
    };
    let there: BTreeSet<ChunkId> = file.chunks.iter().map(|chunk| chunk.id).collect();
    let pieces = old.chunks.iter().map(|chunk| (chunk.id, u64::from(chunk.size_bytes)));
    let shared: BTreeMap<ChunkId, u64> = pieces.filter(|(id, _)| there.contains(id)).collect();
    let is_similar = !shared.is_empty() && is_enough(shared.values().sum(), old.size_bytes);
    gone.path.key().name() == new.path.key().name() || is_similar
}

fn is_enough(shared_bytes: u64, size_bytes: u64) -> bool {
    u128::from(shared_bytes) * 100 >= u128::from(size_bytes) * u128::from(SHARED_PERCENT_MIN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::{Chunk, Meta};
    use crate::ids::Digest;
    use crate::rel_path::RelPath;

    /// A file of pieces of so many bytes, each named by a number.
    fn file(at: &str, pieces: &[(u8, u32)]) -> Value {
        let chunk = |(name, size_bytes): &(u8, u32)| Chunk {
            id: Digest::new([*name; 32]).into(),
            size_bytes: *size_bytes,
        };
        let whole: Vec<u8> = pieces.iter().map(|(name, _)| *name).chain([0; 32]).take(32).collect();
        let chunks = if pieces.len() > 1 {
            pieces.iter().map(chunk).collect()
        } else {
            Vec::new()
        };
        Value {
            path: RelPath::new(at).expect("a path"),
            content: Content::File(FileContent {
                digest: Digest::new(whole.try_into().expect("32 bytes")),
                size_bytes: pieces.iter().map(|(_, bytes)| u64::from(*bytes)).sum(),
                chunks,
            }),
            meta: Meta::default(),
        }
    }

    fn of(files: &[Value]) -> Candidates<String> {
        Candidates::new(files.iter().map(|file| (file, file.path.to_string())), |_| false)
    }

    fn any(_: &String) -> bool {
        true
    }

    #[test]
    fn a_name_is_found_in_another_folder_and_each_file_goes_on_with_one() {
        let mut all = of(&[file("b/Notes.txt", &[(1, 9)]), file("c/notes.txt", &[(2, 9)])]);
        let gone = file("a/notes.txt", &[(3, 9)]);
        assert_eq!(all.take_like(&file("a/other.txt", &[(1, 9)]), any), None);
        assert_eq!(
            all.take_like(&gone, |path| path.starts_with('c')),
            Some(&"c/notes.txt".to_owned())
        );
        assert_eq!(all.take_like(&gone, any), Some(&"b/Notes.txt".to_owned()));
        assert_eq!(all.take_like(&gone, any), None, "both are taken");
    }

    #[test]
    fn a_quarter_is_enough_and_the_most_wins() {
        let new = [
            file("less", &[(1, 24), (9, 900)]),
            file("some", &[(2, 25), (9, 900)]),
            file("most", &[(2, 25), (3, 51), (8, 900)]),
        ];
        let mut all = of(&new);
        let gone = file("gone", &[(1, 24), (2, 25), (3, 51)]);
        assert_eq!(new.each_ref().map(|new| is_like(&gone, new)), [false, true, true]);
        assert_eq!(all.take_similar(&gone), Some(&"most".to_owned()));
        assert_eq!(all.take_like(&gone, any), Some(&"some".to_owned()));
        assert_eq!(all.take_similar(&gone), None, "24 of 100 are too few");
    }

    #[test]
    fn the_one_at_a_path_is_taken_once() {
        let mut all = of(&[file("b/notes.txt", &[(1, 9)])]);
        let at = |path: &str| RelPath::new(path).expect("a path").key();
        assert_eq!(all.take_at(&at("b/nothing")), None);
        assert_eq!(all.take_at(&at("b/notes.txt")), Some(&"b/notes.txt".to_owned()));
        assert_eq!(all.take_at(&at("b/notes.txt")), None);
        assert_eq!(all.take_like(&file("a/notes.txt", &[(3, 9)]), any), None);
    }

    #[test]
    fn a_piece_that_is_in_very_many_says_nothing() {
        let images: Vec<Value> = (0..65).map(|n| file(&format!("{n}"), &[(7, 90), (8, 10)])).collect();
        let gone = file("gone", &[(7, 90), (1, 10)]);
        assert_eq!(of(&images).take_similar(&gone), None);
        assert!(of(&images[..64]).take_similar(&gone).is_some());
    }

    #[test]
    fn a_piece_that_comes_again_and_again_counts_once() {
        let new = file("holes", &[(7, 20), (9, 80)]);
        let gone = file("gone", &[(7, 20), (7, 20), (7, 20), (1, 40)]);
        assert!(of(std::slice::from_ref(&new)).take_similar(&gone).is_none() && !is_like(&gone, &new));
    }

    #[test]
    fn small_files_share_nothing_and_folders_are_no_files() {
        let folder = |at: &str| Value {
            content: Content::Folder,
            ..file(at, &[])
        };
        let new = [file("small", &[(1, 5)]), folder("folder")];
        let mut all = of(&new);
        let none = [file("gone", &[(1, 5)]), file("x/folder", &[(1, 5)]), folder("x/small")];
        for gone in none {
            assert_eq!(all.take_like(&gone, any), None);
            assert!(!new.iter().any(|new| is_like(&gone, new)));
        }
        assert!(is_like(&file("x/SMALL", &[(9, 1)]), &new[0]), "a name is enough");
    }
}
