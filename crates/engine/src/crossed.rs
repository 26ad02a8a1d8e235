//! Renames that crossed: what was renamed here got another name in another home at the same time, and both names stay.
//!
//! Only tells, and only where both are known: the home that syncs second finds its own rename not posted yet when the
//! other one arrives.

use std::collections::BTreeMap;

use offsync_core::entry::Content;
use offsync_core::format::Manifest;
use offsync_core::rel_path::RelPath;

use crate::engine::Engine;
use crate::error::Result;
use crate::memory::{self, GONE, Gone};

/// A file with two new names.
struct Crossed {
    from: RelPath,
    theirs: RelPath,
    ours: RelPath,
}

impl Engine<'_> {
    /// Names in the report the own renames that cross those of a changeset which is about to be folded.
    pub(crate) fn tell_crossed(&mut self, manifest: &Manifest) -> Result<()> {
        if manifest.author == self.me() {
            return Ok(());
        }
        let mut folders: BTreeMap<[RelPath; 3], Vec<Crossed>> = BTreeMap::new();
        for crossed in self.crossed(manifest)? {
            let above = |path: &RelPath| path.parent().unwrap_or_else(RelPath::root);
            let key = [above(&crossed.from), above(&crossed.theirs), above(&crossed.ours)];
            folders.entry(key).or_default().push(crossed);
        }
        if folders.is_empty() {
            return Ok(());
        }
        let people = self.people()?;
        let who = people
            .get(&manifest.author)
            .map_or_else(|| "another home".to_owned(), |person| format!("'{}'", person.label));
        let end = "Both stay, with the same content: delete what is too much, and the next sync tells everybody.";
        for ([from, theirs, ours], files) in folders {
            let is_moved = from != ours && from != theirs && !ours.is_root();
            if is_moved && files.len() > 1 {
                let (were, to) = match (from.is_root(), theirs.is_root()) {
                    (true, _) => ("at the top of the archive".to_owned(), format!("'{theirs}'")),
                    (_, true) => (format!("in '{from}'"), "the top of the archive".to_owned()),
                    _ => (format!("in '{from}'"), format!("'{theirs}'")),
                };
                let reason = format!(
                    "{} files in it were {were} before, and {who} moved them to {to} at the same time. {end}",
                    files.len()
                );
                self.warn(&ours, reason);
                continue;
            }
            for Crossed { from, theirs, ours } in files {
                let reason =
                    format!("it was '{from}' before, and {who} renamed that to '{theirs}' at the same time. {end}");
                self.warn(&ours, reason);
            }
        }
        Ok(())
    }

    /// Finds the files that a changeset renames and that were renamed here otherwise.
    ///
    /// Of several that are alike nobody knows which is which, and nothing is said.
    fn crossed(&self, manifest: &Manifest) -> Result<Vec<Crossed>> {
        let mut left = Alike::default();
        for entry in manifest.entries.iter().filter(|entry| !entry.value.content.is_live()) {
            let Some(gone) = memory::read::<Gone>(self.index, &memory::of_key(GONE, &entry.origin()))? else {
                continue;
            };
            let siblings = self.index.entry(&entry.origin())?;
            let mut shown = gone.shown.iter().flatten().filter(|dot| entry.replaces.contains(dot));
            if let Some(version) = shown.find_map(|dot| siblings.get(dot)) {
                left.add(&version.value.content, &gone.path);
            }
        }
        if left.0.is_empty() {
            return Ok(Vec::new());
        }
        let mut theirs = Alike::default();
        for entry in manifest
            .entries
            .iter()
            .filter(|entry| holds_something(&entry.value.content))
        {
            theirs.add(&entry.value.content, &entry.value.path);
        }
        left.0.retain(|tag, _| theirs.0.contains_key(tag));
        if left.0.is_empty() {
            return Ok(Vec::new());
        }
        let mut ours = Alike::default();
        for (_, place) in self.index.changed_places()? {
            if let Some(value) = place.on_disk().filter(|_| place.shown.is_none()) {
                ours.add(&value.content, &value.path);
            }
        }
        let one_of_each = |tag: &[u8; 32]| {
            let (from, theirs, ours) = (left.only(tag)?, theirs.only(tag)?, ours.only(tag)?);
            (theirs.key() != ours.key()).then_some(Crossed { from, theirs, ours })
        };
        Ok(left.0.keys().filter_map(one_of_each).collect())
    }
}

/// Paths by what stands there.
#[derive(Default)]
struct Alike(BTreeMap<[u8; 32], Vec<RelPath>>);

impl Alike {
    fn add(&mut self, content: &Content, path: &RelPath) {
        self.0.entry(content.tag()).or_default().push(path.clone());
    }

    /// Gives the path of a content that stands at just one.
    fn only(&self, tag: &[u8; 32]) -> Option<RelPath> {
        match self.0.get(tag).map(Vec::as_slice) {
            Some([one]) => Some(one.clone()),
            _ => None,
        }
    }
}

fn holds_something(content: &Content) -> bool {
    matches!(content, Content::File(file) if file.size_bytes > 0)
}
