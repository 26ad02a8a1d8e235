//! The trash of a location, for both shells.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use offsync_core::ports::{Disk, DiskErrorKind};
use offsync_core::rel_path::RelPath;
use offsync_engine::{Emptied, Silent, TrashLine};
use serde::Serialize;

use crate::app::App;
use crate::exact_path::exact;
use crate::failure::{AppError, DRIVE_FULL, Result};
use crate::naming::label_of;
use crate::opened::Opened;
use crate::said_path;
use crate::times::rfc3339;

/// A file in the trash.
#[derive(Clone, Debug, Serialize)]
pub struct TrashView {
    /// Where it stood, lossily if that is not UTF-8.
    pub path: String,
    /// The path exactly, if it is not UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path_base64: Option<String>,
    /// When it was displaced, RFC 3339.
    pub displaced: String,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// The label of the home whose change displaced it, if that is known.
    pub by: Option<String>,
    /// When it expires if the drive is synced now and then, RFC 3339.
    pub expires: String,
}

/// A file that came back, or stayed in the trash.
#[derive(Clone, Debug, Serialize)]
pub struct RestoredView {
    /// Where it stood, lossily if that is not UTF-8.
    pub path: String,
    /// The path exactly, if it is not UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path_base64: Option<String>,
    /// Where it stands now; `None` if it stayed, since its folder was named and something stands at its place.
    pub to: Option<String>,
    /// That path exactly, if it is not UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to_base64: Option<String>,
}

/// What emptying did.
#[derive(Clone, Debug, Default, Serialize)]
pub struct EmptiedReport {
    /// Files that are gone for good.
    pub files: u64,
    /// Their size in bytes.
    pub bytes: u64,
    /// Files that stayed since the archive still waits for what they hold.
    pub kept: u64,
    /// What waits for a yes, if anything does: then nothing was dropped.
    pub held: Option<EmptyingHeld>,
}

/// What would be dropped on a yes.
#[derive(Clone, Debug, Serialize)]
pub struct EmptyingHeld {
    /// Always `gone_for_good` for now.
    pub reason: String,
    /// Files that would be gone for good.
    pub files: u64,
    /// Their size in bytes.
    pub bytes: u64,
}

impl App {
    /// Lists what lies in the trash, the newest first.
    pub fn trash(&self, folder: &Path) -> std::result::Result<Vec<TrashView>, AppError> {
        let mut archive = self.open_archive(folder)?;
        let lines = archive.with_engine(&Silent, |engine| engine.trash())?;
        let people = archive.with_engine(&Silent, |engine| engine.known_vectors())?;
        let view = |line: &TrashLine| TrashView {
            path: line.path.to_string(),
            path_base64: exact(&line.path),
            displaced: rfc3339(line.displaced_ns),
            size_bytes: line.size_bytes,
            by: line.by.and_then(|by| label_of(&people, by)),
            expires: rfc3339(line.expires_ns),
        };
        Ok(lines.iter().map(view).collect())
    }

    /// Puts files of the trash back, the newest of each path; nothing is overwritten.
    ///
    /// A file that is named gets a name beside what stands at its place. Of a folder that is named, what stands there stays.
    pub fn restore_from_trash(
        &self,
        folder: &Path,
        paths: &[PathBuf],
    ) -> std::result::Result<Vec<RestoredView>, AppError> {
        let mut archive = self.open_archive(folder)?;
        archive.refuse_if_full()?;
        let all = archive.with_engine(&Silent, |engine| engine.trash())?;
        let mut lines: Vec<(&TrashLine, Return)> = Vec::new();
        let mut known: BTreeSet<&RelPath> = BTreeSet::new();
        for path in paths {
            let (found, named) = chosen(&archive.root, &all, path)?;
            // The list begins with the newest.
            for line in found.into_iter().filter(|line| known.insert(&line.path)) {
                let is_taken = named == Named::Folder && stands(&archive.disk, &line.path)?;
                lines.push((line, if is_taken { Return::Not } else { Return::Now }));
            }
        }
        archive.with_engine(&Silent, |engine| {
            let restore = |(line, whether): &(&TrashLine, Return)| {
                let to = match whether {
                    Return::Now => Some(engine.restore_trashed(line)?),
                    Return::Not => None,
                };
                Ok(RestoredView {
                    path: line.path.to_string(),
                    path_base64: exact(&line.path),
                    to: to.as_ref().map(ToString::to_string),
                    to_base64: to.as_ref().and_then(exact),
                })
            };
            lines.iter().map(restore).collect()
        })
    }

    /// Drops files of the trash for good: those named, or all. Nothing goes without a yes.
    pub fn empty_trash(
        &self,
        folder: &Path,
        paths: &[PathBuf],
        is_meant: bool,
    ) -> std::result::Result<EmptiedReport, AppError> {
        let mut archive = self.open_archive(folder)?;
        let lines = if paths.is_empty() {
            archive.with_engine(&Silent, |engine| engine.trash())?
        } else {
            let all = archive.with_engine(&Silent, |engine| engine.trash())?;
            let mut known: BTreeSet<&str> = BTreeSet::new();
            let mut named = Vec::new();
            for path in paths {
                let (found, _) = chosen(&archive.root, &all, path)?;
                named.extend(found.into_iter().filter(|line| known.insert(&line.name)).cloned());
            }
            named
        };
        if !is_meant && !lines.is_empty() {
            return Ok(EmptiedReport {
                held: Some(EmptyingHeld {
                    reason: "gone_for_good".into(),
                    files: lines.len() as u64,
                    bytes: lines.iter().map(|line| line.size_bytes).sum(),
                }),
                ..EmptiedReport::default()
            });
        }
        let emptied = drop_for_good(&mut archive, lines)?;
        Ok(EmptiedReport {
            files: emptied.files,
            bytes: emptied.bytes,
            kept: emptied.kept,
            held: None,
        })
    }
}

/// Drops files of the trash. On a full drive each goes before what is noted of it, and makes room for that.
fn drop_for_good(archive: &mut Opened, mut lines: Vec<TrashLine>) -> Result<Emptied> {
    let mut all = Emptied::default();
    loop {
        let error = match archive.with_engine(&Silent, |engine| engine.empty_trash(&lines)) {
            Err(error) if error.code == DRIVE_FULL => error,
            done => {
                let done = done?;
                all.files += done.files;
                all.bytes += done.bytes;
                all.kept = done.kept;
                return Ok(all);
            }
        };
        let there = archive.with_engine(&Silent, |engine| engine.trash())?.into_iter();
        let there: BTreeSet<String> = there.map(|line| line.name).collect();
        let (left, gone): (Vec<_>, Vec<_>) = lines.into_iter().partition(|line| there.contains(&line.name));
        if gone.is_empty() {
            return Err(error);
        }
        all.files += gone.len() as u64;
        all.bytes += gone.iter().map(|line| line.size_bytes).sum::<u64>();
        lines = left;
    }
}

/// Whether a file comes back out of the trash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Return {
    Now,
    Not,
}

/// Tells whether something stands at a path now.
fn stands(disk: &impl Disk, path: &RelPath) -> Result<bool> {
    match disk.look(path) {
        Ok(found) => Ok(found.is_some()),
        Err(error) if matches!(error.kind(), DiskErrorKind::NotFound | DiskErrorKind::NotAFolder) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// What a path in the trash is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Named {
    File,
    Folder,
}

/// Finds what a person names: all of a file's past, the newest first, or all that lay in a folder.
fn chosen<'a>(root: &Path, all: &'a [TrashLine], said: &Path) -> Result<(Vec<&'a TrashLine>, Named)> {
    let of = |path: &[u8]| {
        let is_file = |line: &&TrashLine| line.path.as_bytes() == path;
        let is_inside = |line: &&TrashLine| {
            let rest = line.path.as_bytes().strip_prefix(path);
            rest.is_some_and(|rest| rest.starts_with(b"/"))
        };
        let files: Vec<&TrashLine> = all.iter().filter(is_file).collect();
        let inside: Vec<&TrashLine> = all.iter().filter(is_inside).collect();
        match (files.is_empty(), inside.is_empty()) {
            (false, _) => Some((files, Named::File)),
            (true, false) => Some((inside, Named::Folder)),
            (true, true) => None,
        }
    };
    // The archive's folder itself is all that lay in it.
    let is_root = std::fs::canonicalize(said).is_ok_and(|folder| folder == root);
    let meant = match is_root {
        true => (!all.is_empty()).then(|| (all.iter().collect(), Named::Folder)),
        false => said_path::first(root, said, all.iter().map(|line| &line.path), of)?,
    };
    meant.ok_or_else(|| {
        AppError::failed(
            "not_in_trash",
            format!("'{}' is not in the trash of this drive.", said.display()),
            "See what is there with `offsync trash list`; paths are those that the files had, or of a folder that they were in.",
        )
    })
}
