//! Moves among the own changes: what left one path and stands at another is one change to a person, though it is two entries.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use offsync_core::entry::Value;
use offsync_core::local_change::LocalChange;
use offsync_core::rel_path::RelPath;

use crate::engine::Engine;
use crate::error::Result;

impl Engine<'_> {
    /// Finds the moves among own changes: which change brought something to its path, and which one took it from another.
    ///
    /// A folder moved if something in it did, from where it is gone to where it is new.
    pub(crate) fn moves(&self, changes: &[LocalChange]) -> Result<BTreeMap<usize, usize>> {
        let mut left: BTreeMap<[u8; 32], VecDeque<usize>> = BTreeMap::new();
        let mut gone_folders: BTreeMap<&RelPath, usize> = BTreeMap::new();
        let mut replaced: BTreeMap<usize, [u8; 32]> = BTreeMap::new();
        for (i, change) in changes.iter().enumerate() {
            match self.posted_before(change)? {
                Some(old) if change.value.content.is_live() => {
                    let is_edit = !old.content.is_folder() && !old.content.same_as(&change.value.content);
                    replaced.extend(is_edit.then(|| (i, old.content.tag())));
                }
                Some(old) if old.content.is_folder() => drop(gone_folders.insert(&change.value.path, i)),
                Some(old) => left.entry(old.content.tag()).or_default().push_back(i),
                None => {}
            }
        }
        let mut moves = rounds(changes, &replaced);
        if left.is_empty() {
            return Ok(moves);
        }
        let mut new_folders: BTreeMap<&RelPath, usize> = BTreeMap::new();
        for (i, change) in changes.iter().enumerate() {
            let content = &change.value.content;
            if content.is_folder() {
                new_folders.insert(&change.value.path, i);
            }
            if content.is_folder() || !content.is_live() || !left.contains_key(&content.tag()) {
                continue;
            }
            // What had something at its path before was changed, and moved from nowhere but in a round.
            if self.posted_before(change)?.is_none()
                && let Some(from) = left.get_mut(&content.tag()).and_then(VecDeque::pop_front)
            {
                moves.insert(i, from);
            }
        }
        for (from, to) in self.follow_edited(&changes.iter().collect::<Vec<_>>())? {
            moves.entry(to.at).or_insert(from);
        }
        let files: Vec<(usize, usize)> = moves.iter().map(|(to, from)| (*to, *from)).collect();
        let mut taken = BTreeSet::new();
        for (to, from) in files {
            let above = |at: usize| std::iter::successors(changes[at].value.path.parent(), RelPath::parent);
            for (from, to) in above(from).zip(above(to)) {
                let (Some(from), Some(to)) = (gone_folders.get(&from), new_folders.get(&to)) else {
                    break;
                };
                if !moves.contains_key(to) && taken.insert(*from) {
                    moves.insert(*to, *from);
                }
            }
        }
        Ok(moves)
    }

    /// Gives what an own change takes the place of, if that was something.
    pub(crate) fn posted_before(&self, change: &LocalChange) -> Result<Option<Value>> {
        if change.replaces.is_empty() {
            return Ok(None);
        }
        let siblings = self.index.entry(&change.origin())?;
        let replaced = change.replaces.iter().find_map(|dot| siblings.get(dot)).cloned();
        Ok(replaced
            .filter(|version| version.value.content.is_live())
            .map(|version| version.value))
    }
}

/// Finds the files that changed places in rounds, as two do that swap their names: each has what another of them had.
///
/// `replaced` says by change what stood at its path before. Where anything of that is nowhere any more, it was replaced,
/// and the files before it in its chain were changed.
fn rounds(changes: &[LocalChange], replaced: &BTreeMap<usize, [u8; 32]>) -> BTreeMap<usize, usize> {
    let mut had: BTreeMap<[u8; 32], VecDeque<usize>> = BTreeMap::new();
    for (i, tag) in replaced {
        had.entry(*tag).or_default().push_back(*i);
    }
    let mut moves = BTreeMap::new();
    for to in replaced.keys() {
        let content = &changes[*to].value.content;
        if let Some(from) = had.get_mut(&content.tag()).and_then(VecDeque::pop_front) {
            moves.insert(*to, from);
        }
    }
    loop {
        let before = moves.len();
        let sources: BTreeSet<usize> = moves.values().copied().collect();
        let ends: BTreeSet<usize> = moves.keys().copied().collect();
        moves.retain(|to, from| sources.contains(to) && ends.contains(from));
        if moves.len() == before {
            return moves;
        }
    }
}
