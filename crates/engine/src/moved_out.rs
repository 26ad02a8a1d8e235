//! Files that a person moved into a folder that a rule leaves out: they leave the archive, which is said before they do.
//!
//! Only tells: what is deleted, and where, is decided by others. Looks only where something is missing, and so far that
//! no folder of a million files makes a scan slow.

use std::collections::{BTreeMap, BTreeSet};

use offsync_core::entry::Content;
use offsync_core::limits::MOVED_OUT_LOOKED_AT_MAX;
use offsync_core::ports::EntryKind;
use offsync_core::rel_path::RelPath;

use crate::engine::Engine;
use crate::error::{Result, is_fatal};
use crate::memory::{self, GONE, Gone};
use crate::report::IgnoreRule;

/// Drives round times to no more than this, in nanoseconds.
const TIME_STEP_NS_MAX: u64 = 2_000_000_000;

/// What is missing, by name and size, with the times that the files had.
type Missing = BTreeMap<(Vec<u8>, u64), Vec<i64>>;

impl Engine<'_> {
    /// Names in the report the folders that a rule leaves out and that missing files moved into.
    pub(crate) fn tell_moved_out(&mut self, left_out: &[(RelPath, IgnoreRule)]) -> Result<()> {
        if left_out.is_empty() {
            return Ok(());
        }
        let mut missing = self.missing()?;
        let mut left = MOVED_OUT_LOOKED_AT_MAX;
        for (folder, rule) in left_out {
            let found = self.find_in(folder, &mut missing, &mut left)?;
            let (files, they_leave, theirs) = match found {
                0 => continue,
                1 => ("1 file".to_owned(), "It leaves the archive: it stays", "its copy"),
                n => (format!("{n} files"), "They leave the archive: they stay", "theirs"),
            };
            let reason = format!(
                "{files} moved into it, and '{}' in .offsyncignore leaves it out. {they_leave} here, and the other homes put {theirs} into the trash.",
                rule.pattern
            );
            self.warn(folder, reason);
        }
        Ok(())
    }

    /// Gives the files that a person took away and nobody was told of yet; what only has another name now is here.
    fn missing(&self) -> Result<Missing> {
        let mut missing = Missing::new();
        let gone = memory::read_all::<Gone>(self.index, GONE)?;
        if gone.is_empty() {
            return Ok(missing);
        }
        let arriving: BTreeSet<[u8; 32]> = self
            .local_changes()?
            .iter()
            .map(|change| change.value.content.tag())
            .collect();
        for gone in gone.into_values() {
            if self.stands_now(&gone.path.key())?.is_some() {
                continue;
            }
            let siblings = self.index.entry(&gone.path.key())?;
            let shown = gone.shown.iter().flatten().find_map(|dot| siblings.get(dot));
            if let Some(version) = shown
                && let Content::File(file) = &version.value.content
                && !arriving.contains(&version.value.content.tag())
            {
                let looks = (version.value.path.name().to_vec(), file.size_bytes);
                missing.entry(looks).or_default().push(version.value.meta.mtime_ns);
            }
        }
        Ok(missing)
    }

    /// Counts what is found of it in a folder, and takes it out of what is missing.
    fn find_in(&self, folder: &RelPath, missing: &mut Missing, left: &mut usize) -> Result<u64> {
        let mut found = 0;
        let mut open = vec![folder.clone()];
        while let Some(folder) = open.pop() {
            if missing.is_empty() || *left == 0 {
                break;
            }
            let listing = match self.disk.list(&folder) {
                Ok(listing) => listing,
                Err(error) if is_fatal(&error) => return Err(error.into()),
                // Whoever cannot be looked into is no part of the archive.
                Err(_) => continue,
            };
            for entry in listing {
                *left = left.saturating_sub(1);
                if entry.kind == EntryKind::Folder {
                    open.extend(folder.join(&entry.name));
                    continue;
                }
                let looks = (entry.name, entry.stat.size_bytes);
                let Some(times) = missing.get_mut(&looks) else { continue };
                let is_its = |time: &i64| time.abs_diff(entry.stat.mtime_ns) <= TIME_STEP_NS_MAX;
                if let Some(at) = times.iter().position(is_its) {
                    times.swap_remove(at);
                    found += 1;
                }
                if times.is_empty() {
                    missing.remove(&looks);
                }
            }
        }
        Ok(found)
    }
}
