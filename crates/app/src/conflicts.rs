//! Conflicts: which files are kept in two versions, and what a person decides about them.

use std::path::Path;

use offsync_core::ports::Disk;
use offsync_core::rel_path::RelPath;
use offsync_engine::{ConflictLine, Engine, Keep, Side, Silent};
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
    /// Why it is not shown here, where this drive cannot store it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_shown: Option<String>,
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
    /// Whether a version that stays is not shown here, since this drive cannot store it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub stays_elsewhere: bool,
    /// Whether the version that goes was not shown here: it is the other homes that put it into the trash.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub goes_elsewhere: bool,
}

impl App {
    /// Lists the files that are kept in two versions.
    pub fn conflicts(&self, folder: &Path) -> std::result::Result<Vec<ConflictView>, AppError> {
        let mut archive = self.open_archive(folder)?;
        let options = archive.options();
        let (people, found) = archive.look(&Silent, |engine| {
            let mut found = Vec::new();
            for line in engine.look_for_conflicts(&options)? {
                let sides = engine.sides(&line)?;
                found.push((line, sides));
            }
            Ok((engine.known_vectors()?, found))
        })?;
        let side = |side: &Side| SideView {
            location: side.by.map(|by| by.to_string()).unwrap_or_default(),
            label: side.by.and_then(|by| label_of(&people, by)).unwrap_or_default(),
            size_bytes: side.size_bytes,
            kind: match side {
                Side { is_folder: true, .. } => SideKind::Folder,
                Side { is_link: true, .. } => SideKind::Link,
                _ => SideKind::File,
            },
            not_shown: side.not_shown.clone(),
        };
        let view = |(line, [winner, loser]): &(ConflictLine, [Side; 2])| ConflictView {
            path: line.path.to_string(),
            path_base64: exact(&line.path),
            copy: line.copy.to_string(),
            copy_base64: exact(&line.copy),
            winner: side(winner),
            loser: side(loser),
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
        archive.refuse_if_full()?;
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
        refuse_if_of_two(&meant)?;
        if meant.len() > 1 && keep == Keep::Copy {
            return Err(AppError::failed(
                "ambiguous_path",
                format!("'{}' is kept in {} versions.", path.display(), meant.len() + 1),
                "Name the copy that is to stay, as `offsync conflicts` lists it.",
            ));
        }
        let of_all = |engine: &mut Engine<'_>| meant.iter().map(|line| engine.sides(line)).collect();
        let sides: Vec<[Side; 2]> = archive.with_engine(&Silent, of_all)?;
        let is_held = |(_, [_, loser]): &(&ConflictLine, &[Side; 2])| loser.not_shown.is_some();
        let held: Vec<&ConflictLine> = meant.iter().zip(&sides).filter(is_held).map(|(line, _)| line).collect();
        // One of them takes the name that another gives up; there is no second.
        if let (Keep::Both, [_, .., last]) = (keep, held.as_slice()) {
            return Err(no_name_here(last));
        }
        for (line, sides) in meant.iter().zip(&sides) {
            refuse_if_impossible(keep, line, sides, &archive.disk)?;
        }
        archive.with_engine(&Silent, |engine| {
            let resolve = |(line, sides): (&ConflictLine, &[Side; 2])| {
                let copy = engine.resolve(line, keep)?;
                let [winner, loser] = sides.each_ref().map(|side| side.not_shown.is_some());
                let (stays_elsewhere, goes_elsewhere) = match keep {
                    Keep::Winner => (winner, loser),
                    Keep::Copy => (loser, winner),
                    Keep::Both => (winner || loser, false),
                };
                Ok(ResolvedReport {
                    path: line.path.to_string(),
                    path_base64: exact(&line.path),
                    copy: copy.as_ref().map(ToString::to_string),
                    copy_base64: copy.as_ref().and_then(exact),
                    stays_elsewhere,
                    goes_elsewhere,
                })
            };
            meant.iter().zip(&sides).map(resolve).collect()
        })
    }
}

/// Refuses what is the copy of one conflict and has the name in another: a decision about one is none about the other.
fn refuse_if_of_two(meant: &[ConflictLine]) -> std::result::Result<(), AppError> {
    let has_the_name = |line: &&ConflictLine| meant.iter().any(|other| other.copy == line.path);
    let (own, of): (Vec<_>, Vec<_>) = meant.iter().partition(has_the_name);
    let Some(ConflictLine { path, .. }) = own.first() else {
        return Ok(());
    };
    let all = |paths: Vec<&RelPath>| {
        let quoted: Vec<String> = paths.iter().map(|path| format!("'{path}'")).collect();
        quoted.join(" and ")
    };
    let names = all(of.iter().map(|line| &line.path).collect());
    let copies = all(own.iter().map(|line| &line.copy).collect());
    let stand = if own.len() == 1 { "stands" } else { "stand" };
    Err(AppError::failed(
        "ambiguous_path",
        format!("'{path}' is in two conflicts: it stands beside {names}, and {copies} {stand} beside it."),
        format!(
            "Name {copies} to decide between these. Once that is done, '{path}' means the conflict with {names} alone."
        ),
    ))
}

/// Refuses a decision that cannot be carried out on this drive, and says what can be done instead.
fn refuse_if_impossible(
    keep: Keep,
    line: &ConflictLine,
    [winner, loser]: &[Side; 2],
    disk: &dyn Disk,
) -> std::result::Result<(), AppError> {
    if keep == Keep::Copy && winner.is_folder {
        return Err(AppError::failed(
            "is_a_folder",
            format!("'{}' is a folder, which is not put away for a file.", line.path),
            format!(
                "Keep both with `--keep both`, or the folder with `--keep winner`; or move the folder away yourself, sync, and rename '{}'.",
                line.copy
            ),
        ));
    }
    if loser.not_shown.is_none() || keep == Keep::Winner {
        return Ok(());
    }
    if keep == Keep::Both && (winner.not_shown.is_some() || winner.is_folder) {
        return Err(no_name_here(line));
    }
    if winner.not_shown.is_none() && disk.look(&line.path).ok().flatten().is_none() {
        return Err(AppError::failed(
            "not_shown",
            format!("'{}' is not on this drive yet, and cannot give way here.", line.path),
            "Sync until it has come, or decide in a home that has both versions.",
        ));
    }
    Ok(())
}

fn no_name_here(line: &ConflictLine) -> AppError {
    AppError::failed(
        "not_shown",
        format!(
            "'{}' cannot get a name of its own here: this drive cannot store it.",
            line.copy
        ),
        "Say `--keep both` in a home whose drive can store it; `offsync locations FOLDER` tells which homes there are.",
    )
}
