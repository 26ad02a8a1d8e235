//! Edits that keep size and time: a program that puts the time back makes them, and so does a drive that fails.
//!
//! A file that rotted and was never verified looks like that once somebody renames it or changes its mode, for its
//! change time tells no more. It is posted as what a person did, since a person may have done it; the version before
//! goes to the trash of the homes that had it, and whoever made it is told which these are, or that none is known.

use std::collections::{BTreeMap, BTreeSet};

use offsync_core::dot::Dot;
use offsync_core::entry::{Content, FileContent, Value};
use offsync_core::format::Membership;
use offsync_core::ids::{ChunkId, Digest};
use offsync_core::local_change::LocalChange;
use offsync_core::ports::IndexWrite;
use offsync_core::rel_path::PathKey;

use crate::engine::Engine;
use crate::error::Result;
use crate::memory::{self, KEPT};

/// What a drive tells of a file that keeps it: length in bytes, and time in nanoseconds.
type Looks = (u64, i64);

/// A version that a change replaces: which, and what it holds.
pub(crate) type Left = (Dot, Digest, BTreeSet<ChunkId>);

/// What some changes replace.
#[derive(Default)]
struct Went {
    /// The versions of what did not only move, by what they looked like.
    left: BTreeMap<Looks, Vec<Left>>,
    /// Where these files stand now, as far as their path or their identity tells.
    known: BTreeSet<PathKey>,
    /// What those looked like of which nothing tells where they stand now.
    astray: BTreeSet<Looks>,
    /// Where those stand that only moved or were touched, and how many moved nobody knows where.
    moved_to: BTreeSet<PathKey>,
    moved: BTreeMap<(Looks, Digest), usize>,
}

impl Engine<'_> {
    /// Names in the report those of some own changes whose content changed and whose size and time did not.
    ///
    /// What stands elsewhere by now was moved, and what it reads as there is no news. That a file reads as another one
    /// does, which stays where it is, excuses only what is no file that was known: a copy. Drives without inode numbers
    /// do not tell a copy from what rotted and was renamed; there both are said.
    pub(crate) fn tell_silent_edits(&mut self, changes: &[&LocalChange]) -> Result<()> {
        let mut went = self.what_went(changes)?;
        for change in changes {
            let (Some((looks, file)), Some(place)) = (looks_of(&change.value), &change.place) else {
                continue;
            };
            let versions = went.left.get(&looks).filter(|_| !went.moved_to.contains(place));
            let Some(versions) = versions else { continue };
            if let Some(others) = went.moved.get_mut(&(looks, file.digest)).filter(|others| **others > 0) {
                *others -= 1;
                continue;
            }
            let stat = self.index.place(place)?.and_then(|place| place.stat().copied());
            let tells_copies = !went.astray.contains(&looks) || stat.is_some_and(|stat| stat.inode != 0);
            let may_be_copy = tells_copies && !went.known.contains(place);
            if !(may_be_copy && self.is_held_anyway(file)?) {
                let who = self.others_with(versions)?;
                self.warn(&change.value.path, sentence(&who));
            }
        }
        Ok(())
    }

    /// Finds what some own changes replace, and what of that only moved.
    fn what_went(&self, changes: &[&LocalChange]) -> Result<Went> {
        let mut came: BTreeMap<Digest, usize> = BTreeMap::new();
        for (_, file) in changes.iter().filter_map(|change| looks_of(&change.value)) {
            *came.entry(file.digest).or_default() += 1;
        }
        let mut went = Went::default();
        for change in changes {
            let is_live = change.value.content.is_live();
            let siblings = self.index.entry(&change.origin())?;
            let replaced = change.replaces.iter().filter_map(|dot| Some((dot, siblings.get(dot)?)));
            for (dot, version) in replaced {
                let Some((looks, file)) = looks_of(&version.value) else {
                    continue;
                };
                if is_live && change.value.content.same_as(&version.value.content) {
                    went.moved_to.extend(change.place.clone());
                    continue;
                }
                let stands_at = match is_live {
                    true => change.place.clone(),
                    false => self.stands_now(&change.origin())?,
                };
                if let Some(others) = came.get_mut(&file.digest).filter(|others| **others > 0) {
                    *others -= 1;
                    match &stands_at {
                        Some(place) if !is_live => drop(went.moved_to.insert(place.clone())),
                        _ => *went.moved.entry((looks, file.digest)).or_default() += 1,
                    }
                    // What stands elsewhere now is not what another one was before.
                    if !is_live {
                        continue;
                    }
                }
                match stands_at {
                    Some(place) => drop(went.known.insert(place)),
                    None => drop(went.astray.insert(looks)),
                }
                let chunks: BTreeSet<ChunkId> = file.pieces().into_iter().map(|(chunk, _, _)| chunk).collect();
                let former = self.former_versions(change)?.into_iter();
                let versions = former.chain([*dot]).map(|dot| (dot, file.digest, chunks.clone()));
                went.left.entry(looks).or_default().extend(versions);
            }
        }
        Ok(went)
    }

    /// Gives versions of the same content that a damaged file showed before it was moved or touched, and then kept.
    fn former_versions(&self, change: &LocalChange) -> Result<Vec<Dot>> {
        let Some(key) = &change.place else {
            return Ok(Vec::new());
        };
        Ok(memory::read(self.index, &memory::of_key(KEPT, key))?.unwrap_or_default())
    }

    /// Makes the writes that forget these, once what was kept is sent or is no change any more.
    pub(crate) fn forget_former_versions(&self, sent: &BTreeSet<PathKey>) -> Result<Vec<IndexWrite>> {
        let notes = self.index.notes(KEPT)?;
        if notes.is_empty() {
            return Ok(Vec::new());
        }
        let changed = self.index.changed_places()?.into_iter().map(|(key, _)| key);
        let waiting: BTreeSet<String> = changed
            .filter(|key| !sent.contains(key))
            .map(|key| memory::of_key(KEPT, &key))
            .collect();
        let names = notes.into_iter().map(|(name, _)| name);
        Ok(names
            .filter(|name| !waiting.contains(name))
            .map(memory::erase)
            .collect())
    }

    /// Tells whether the archive holds a content under some path: then a file that is new may be a copy.
    fn is_held_anyway(&self, file: &FileContent) -> Result<bool> {
        let Some((first, _, _)) = file.pieces().into_iter().next() else {
            return Ok(false);
        };
        for (key, dot) in self.index.versions_with_chunk(&first)? {
            let siblings = self.index.entry(&key)?;
            let held = siblings.get(&dot).map(|version| &version.value.content);
            if matches!(held, Some(Content::File(held)) if held.digest == file.digest) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Gives what people call the other homes that are known to have had one of some versions.
    pub(crate) fn others_with(&self, versions: &[Left]) -> Result<Vec<String>> {
        let (heads, aside) = (self.heads()?, self.set_aside()?);
        let mut who = Vec::new();
        for (location, person) in self.living()? {
            if location == self.me() || aside.get(&location) == Some(&Membership::Removed) {
                continue;
            }
            let has = |(dot, _, chunks): &Left| match heads.get(&location) {
                Some(cached) => {
                    cached.head.vector.covers_dot(dot)
                        && !cached.head.missing.iter().any(|chunk| chunks.contains(chunk))
                }
                None => person.holds.covers_dot(dot),
            };
            if versions.iter().any(has) {
                who.push(person.label);
            }
        }
        who.sort_by_key(|label| label.to_lowercase());
        Ok(who)
    }
}

/// Says what it may mean, and where the version before is.
fn sentence(who: &[String]) -> String {
    const WHAT: &str =
        "its content changed while its size and time stayed. If nobody edited it, this drive may be failing";
    let Some(trash) = once_they_sync(who) else {
        return format!(
            "{WHAT}, and no other home is known to have had the version before: put it back from elsewhere if you have it. \
             `offsync verify` looks for more"
        );
    };
    format!(
        "{WHAT}: the version before goes to the trash of {trash} (`offsync trash list` there), and `offsync verify` looks for more"
    )
}

/// Names homes, and when what they are about to do is done; `None` if there are none.
pub(crate) fn once_they_sync(who: &[String]) -> Option<String> {
    match who {
        [] => None,
        [one] => Some(format!("'{one}' once it syncs")),
        [one, two] => Some(format!("'{one}' and '{two}' once they sync")),
        [one, rest @ ..] => Some(format!("'{one}' and {} other homes once they sync", rest.len())),
    }
}

/// Gives a file's size and time, if it has content.
fn looks_of(value: &Value) -> Option<(Looks, &FileContent)> {
    match &value.content {
        Content::File(file) if file.size_bytes > 0 => Some(((file.size_bytes, value.meta.mtime_ns), file)),
        _ => None,
    }
}
