//! Conflicts: which files are kept in two versions, and what a person decides about them.

use std::path::Path;

use offsync_core::ports::{Disk, EntryKind};
use offsync_core::rel_path::RelPath;
use offsync_engine::{ConflictLine, Keep, Side, Silent};
use serde::Serialize;

use crate::app::App;
use crate::exact_path::exact;
use crate::failure::AppError;
use crate::naming::label_of;
use crate::said_path;

/// One side of a conflict.
#[derive(Clone, Debug, Serialize)]
pub struct SideView {
    /// Hexadecimal id of the location that made it; empty if unknown.
    pub location: String,
    /// What people call that location.
    pub label: String,
    /// Its size in bytes; 0 for a folder or link.
    pub size_bytes: u64,
    /// What it is.
    pub kind: SideKind,
}

/// What stands on one side of a conflict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SideKind {
    /// A file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link.
    Link,
}

/// A file that is kept in two versions.
#[derive(Clone, Debug, Serialize)]
pub struct ConflictView {
    /// The path, with the version that has the name.
    pub path: String,
    /// The path exactly, if it is not UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path_base64: Option<String>,
    /// Where the other version stands.
    pub copy: String,
    /// That path exactly, if it is not UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub copy_base64: Option<String>,
    /// The version that has the name.
    pub winner: SideView,
    /// The version that stands beside it.
    pub loser: SideView,
}

/// What a decision did.
#[derive(Clone, Debug, Serialize)]
pub struct ResolvedReport {
    /// The path.
    pub path: String,
    /// The path exactly, if it is not UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path_base64: Option<String>,
    /// Where the copy stands now, if it stays.
    pub copy: Option<String>,
    /// That path exactly, if it is not UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub copy_base64: Option<String>,
}

impl App {
    /// Lists the files that are kept in two versions.
    pub fn conflicts(&self, folder: &Path) -> std::result::Result<Vec<ConflictView>, AppError> {
        let mut archive = self.open_archive(folder)?;
        let options = archive.options();
        let (people, found) = archive.with_engine(&Silent, |engine| {
            let mut found = Vec::new();
            for line in engine.look_for_conflicts(&options)? {
                let sides = [engine.side(&line.path)?, engine.side(&line.copy)?];
                found.push((line, sides));
            }
            Ok((engine.known_vectors()?, found))
        })?;
        let side = |path: &RelPath, side: &Side| SideView {
            location: side.by.map(|by| by.to_string()).unwrap_or_default(),
            label: side.by.and_then(|by| label_of(&people, by)).unwrap_or_default(),
            size_bytes: side.size_bytes,
            kind: match archive.disk.look(path).ok().flatten().map(|entry| entry.kind) {
                Some(EntryKind::Folder) => SideKind::Folder,
                Some(EntryKind::Symlink) => SideKind::Link,
                _ => SideKind::File,
            },
        };
        let view = |(line, [winner, loser]): &(ConflictLine, [Side; 2])| ConflictView {
            path: line.path.to_string(),
            path_base64: exact(&line.path),
            copy: line.copy.to_string(),
            copy_base64: exact(&line.copy),
            winner: side(&line.path, winner),
            loser: side(&line.copy, loser),
        };
        Ok(found.iter().map(view).collect())
    }

    /// Does what a person decided about a path or one of its copies; what is not kept goes to the trash.
    pub fn resolve(
        &self,
        folder: &Path,
        path: &Path,
        keep: Keep,
    ) -> std::result::Result<Vec<ResolvedReport>, AppError> {
        let mut archive = self.open_archive(folder)?;
        let options = archive.options();
        let all = archive.with_engine(&Silent, |engine| engine.look_for_conflicts(&options))?;
        let meant = said_path::among(&archive.root, path, &all, |line| vec![&line.path, &line.copy])?;
        if meant.is_empty() {
            return Err(AppError::failed(
                "no_conflict",
                format!("'{}' is not kept in two versions on this drive.", path.display()),
                "See which files are with `offsync conflicts`; sync first if that is older than your changes.",
            ));
        }
        if meant.len() > 1 && keep == Keep::Copy {
            return Err(AppError::failed(
                "ambiguous_path",
                format!("'{}' is kept in {} versions.", path.display(), meant.len() + 1),
                "Name the copy that is to stay, as `offsync conflicts` lists it.",
            ));
        }
        if let (Keep::Copy, Some(line)) = (keep, meant.first())
            && archive
                .with_engine(&Silent, |engine| engine.side(&line.path))?
                .is_folder
        {
            return Err(AppError::failed(
                "is_a_folder",
                format!("'{}' is a folder, which is not put away for a file.", line.path),
                format!(
                    "Keep both with `--keep both`, or the folder with `--keep winner`; or move the folder away yourself, sync, and rename '{}'.",
                    line.copy
                ),
            ));
        }
        archive.with_engine(&Silent, |engine| {
            let resolve = |line: &ConflictLine| {
                let copy = engine.resolve(line, keep)?;
                Ok(ResolvedReport {
                    path: line.path.to_string(),
                    path_base64: exact(&line.path),
                    copy: copy.as_ref().map(ToString::to_string),
                    copy_base64: copy.as_ref().and_then(exact),
                })
            };
            meant.iter().map(resolve).collect()
        })
    }
}
