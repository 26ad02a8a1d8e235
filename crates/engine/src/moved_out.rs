//! Files that a person moved into a folder that a rule leaves out, or that is left alone for its twin: they leave the archive,
//! which is said before they do.
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
const TIME_STEP_NS_MAX: i64 = 2_000_000_000;

/// A time of whole seconds, as it is where nothing finer is kept, tells too little.
const TELLING_TIME_NS: i64 = 1_000_000_000;

/// What is missing.
#[derive(Default)]
struct Missing {
    /// How many there are, with those that were found since.
    files: usize,
    /// By name, size and time; the last is which one, for both.
    by_name: BTreeSet<(Vec<u8>, u64, i64, usize)>,
    /// By size and time, where that tells files from each other.
    by_time: BTreeMap<(u64, i64, usize), Vec<u8>>,
}

impl Missing {
    fn add(&mut self, name: &[u8], size_bytes: u64, mtime_ns: i64) {
        self.by_name.insert((name.to_vec(), size_bytes, mtime_ns, self.files));
        if mtime_ns % TELLING_TIME_NS != 0 {
            self.by_time.insert((size_bytes, mtime_ns, self.files), name.to_vec());
        }
        self.files += 1;
    }

    /// Takes the one that a file looks like: by its name, or else since just that time tells that it was renamed as it was moved.
    fn take(&mut self, name: &[u8], size_bytes: u64, mtime_ns: i64) -> bool {
        let (from, to) = (
            mtime_ns.saturating_sub(TIME_STEP_NS_MAX),
            mtime_ns.saturating_add(TIME_STEP_NS_MAX),
        );
        let named = (name.to_vec(), size_bytes, from, 0)..=(name.to_vec(), size_bytes, to, usize::MAX);
        let timed = (size_bytes, mtime_ns, 0)..=(size_bytes, mtime_ns, usize::MAX);
        let found = self.by_name.range(named).next().cloned().or_else(|| {
            let ((_, _, which), name) = self.by_time.range(timed).next()?;
            Some((name.clone(), size_bytes, mtime_ns, *which))
        });
        found.is_some_and(|found| {
            self.by_time.remove(&(found.1, found.2, found.3));
            self.by_name.remove(&found)
        })
    }
}

impl Engine<'_> {
    /// Names in the report the folders that a rule leaves out, or that are left alone for their names, and that missing files
    /// moved into.
    pub(crate) fn tell_moved_out(&mut self, left_out: &[(RelPath, IgnoreRule)]) -> Result<()> {
        let by_rule = left_out.iter().map(|(folder, rule)| (folder.clone(), Some(rule)));
        let twins = self.report.twins.iter().map(|twin| (twin.clone(), None));
        let folders: Vec<(RelPath, Option<&IgnoreRule>)> = by_rule.chain(twins).collect();
        if folders.is_empty() {
            return Ok(());
        }
        let mut missing = self.missing()?;
        let mut left = MOVED_OUT_LOOKED_AT_MAX;
        for (folder, rule) in folders {
            let found = self.find_in(&folder, &mut missing, &mut left)?;
            let (files, they_leave, theirs, they_come) = match found {
                0 => continue,
                1 => (
                    "1 file".to_owned(),
                    "It leaves the archive: it stays",
                    "its copy",
                    "it comes",
                ),
                n => (
                    format!("{n} files"),
                    "They leave the archive: they stay",
                    "theirs",
                    "they come",
                ),
            };
            let (why, way_back) = match rule {
                Some(rule) => (
                    format!("'{}' in .offsyncignore leaves it out", rule.pattern),
                    String::new(),
                ),
                None => (
                    "it is left alone for its name".to_owned(),
                    format!(" Give the folder another name, and {they_come} back with the next sync."),
                ),
            };
            let reason = format!(
                "{files} moved into it, and {why}. {they_leave} here, and the other homes put {theirs} into the trash.{way_back}"
            );
            self.warn(&folder, reason);
        }
        Ok(())
    }

    /// Gives the files that a person took away and nobody was told of yet; what only has another name now is here.
    fn missing(&self) -> Result<Missing> {
        let mut missing = Missing::default();
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
                let (name, mtime_ns) = (version.value.path.name(), version.value.meta.mtime_ns);
                missing.add(name, file.size_bytes, mtime_ns);
            }
        }
        Ok(missing)
    }

    /// Counts what is found of it in a folder, and takes it out of what is missing.
    fn find_in(&self, folder: &RelPath, missing: &mut Missing, left: &mut usize) -> Result<u64> {
        let mut found = 0;
        let mut open = vec![folder.clone()];
        while let Some(folder) = open.pop() {
            if missing.by_name.is_empty() || *left == 0 {
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
                let stat = &entry.stat;
                found += u64::from(missing.take(&entry.name, stat.size_bytes, stat.mtime_ns));
            }
        }
        Ok(found)
    }
}
