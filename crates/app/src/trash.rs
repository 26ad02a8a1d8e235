//! The trash of a location, for both shells.

use std::path::Path;

use offsync_engine::{Silent, TrashLine};
use serde::Serialize;

use crate::app::App;
use crate::exact_path::exact;
use crate::failure::{AppError, Result};
use crate::opened::Opened;
use crate::said_path;
use crate::times::rfc3339;
use crate::views::label_of;

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

/// A file that came back.
#[derive(Clone, Debug, Serialize)]
pub struct RestoredView {
    /// Where it stood.
    pub path: String,
    /// Where it stands now.
    pub to: String,
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
    pub fn restore_from_trash(
        &self,
        folder: &Path,
        paths: &[String],
    ) -> std::result::Result<Vec<RestoredView>, AppError> {
        let mut archive = self.open_archive(folder)?;
        let lines = chosen(&mut archive, paths)?;
        archive.with_engine(&Silent, |engine| {
            let restore = |line: &TrashLine| {
                let to = engine.restore_trashed(line)?;
                Ok(RestoredView {
                    path: line.path.to_string(),
                    to: to.to_string(),
                })
            };
            lines.iter().map(restore).collect()
        })
    }

    /// Drops files of the trash for good: those named, or all. Nothing goes without a yes.
    pub fn empty_trash(
        &self,
        folder: &Path,
        paths: &[String],
        is_meant: bool,
    ) -> std::result::Result<EmptiedReport, AppError> {
        let mut archive = self.open_archive(folder)?;
        let lines = if paths.is_empty() {
            archive.with_engine(&Silent, |engine| engine.trash())?
        } else {
            chosen(&mut archive, paths)?
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
        let emptied = archive.with_engine(&Silent, |engine| engine.empty_trash(&lines))?;
        Ok(EmptiedReport {
            files: emptied.files,
            bytes: emptied.bytes,
            kept: emptied.kept,
            held: None,
        })
    }
}

/// Finds the newest file of each path; whatever is not there is said before anything is done.
fn chosen(archive: &mut Opened, paths: &[String]) -> Result<Vec<TrashLine>> {
    let all = archive.with_engine(&Silent, |engine| engine.trash())?;
    let find = |path: &String| {
        let candidates = said_path::inside(&archive.root, path)?;
        let named = |said: &String| all.iter().find(|line| line.path.to_string() == *said);
        let found = candidates.iter().find_map(named).cloned();
        found.ok_or_else(|| {
            AppError::failed(
                "not_in_trash",
                format!("'{path}' is not in the trash of this drive."),
                "See what is there with `offsync trash list`; paths are those that the files had.",
            )
        })
    };
    paths.iter().map(find).collect()
}
