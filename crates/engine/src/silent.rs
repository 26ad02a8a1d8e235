//! Edits that keep size and time: a program that puts the time back makes them, and so does a drive that fails.
//!
//! A file that rotted and was never verified looks like that once somebody renames it or changes its mode, for its
//! change time tells no more. It is posted as what a person did, since a person may have done it; the version before
//! lies in the other homes' trash, and whoever made it is told while it still does.

use std::collections::BTreeMap;

use offsync_core::entry::{Content, FileContent, Value};
use offsync_core::ids::Digest;
use offsync_core::local_change::LocalChange;

use crate::engine::Engine;
use crate::error::Result;

const SILENT: &str = "its content changed while its size and time stayed. If nobody edited it, this drive may be failing: the version \
                      before is in the trash of the other homes (`offsync trash list` there), and `offsync verify` looks for more";

impl Engine<'_> {
    /// Names in the report those of some own changes whose content changed and whose size and time did not.
    pub(crate) fn tell_silent_edits(&mut self, changes: &[&LocalChange]) -> Result<()> {
        let mut leaving: BTreeMap<(u64, i64), Vec<Digest>> = BTreeMap::new();
        for change in changes {
            let siblings = self.index.entry(&change.origin())?;
            let replaced = change.replaces.iter().filter_map(|dot| siblings.get(dot));
            for (looks, file) in replaced.filter_map(|version| looks_of(&version.value)) {
                leaving.entry(looks).or_default().push(file.digest);
            }
        }
        for change in changes {
            if let Some((looks, file)) = looks_of(&change.value)
                && leaving.get(&looks).is_some_and(|left| !left.contains(&file.digest))
            {
                self.warn(&change.value.path, SILENT.to_owned());
            }
        }
        Ok(())
    }
}

/// Gives a file's size and time, if it has content.
fn looks_of(value: &Value) -> Option<((u64, i64), &FileContent)> {
    match &value.content {
        Content::File(file) if file.size_bytes > 0 => Some(((file.size_bytes, value.meta.mtime_ns), file)),
        _ => None,
    }
}
