//! Files whose content no home has any more: what they are, who may still have them, and giving them up.

use std::path::{Path, PathBuf};

use offsync_engine::{Engine, EngineError, LostFile, Silent, SyncOptions};
use serde::Serialize;
use ts_rs::TS;

use crate::app::App;
use crate::exact_path::exact;
use crate::failure::AppError;
use crate::naming::{Known, label_of};
use crate::said_path;

/// A file whose content no home that takes part has any more.
#[derive(Clone, Debug, Serialize, TS)]
pub struct LostView {
    /// Where it belongs, lossily if that is not UTF-8.
    pub path: String,
    /// The path exactly, if it is not UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub path_base64: Option<String>,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// The label of the home that made this version, if that is known.
    pub by: Option<String>,
    /// Whether a damaged file stands here in its place.
    pub damaged_here: bool,
}

/// The lost files of an archive, as the last sync here could tell.
#[derive(Clone, Debug, Serialize, TS)]
pub struct LostReport {
    /// The files, in order of path.
    pub files: Vec<LostView>,
    /// The labels of homes that are not waited for, and may still have them: parked ones.
    pub may_be_at: Vec<String>,
    /// Whether they were given up just now.
    pub given_up: bool,
}

impl LostView {
    pub(crate) fn of(file: &LostFile, people: &[Known]) -> Self {
        Self {
            path: file.path.to_string(),
            path_base64: exact(&file.path),
            size_bytes: file.size_bytes,
            by: label_of(people, file.by),
            damaged_here: file.is_damaged_here,
        }
    }
}

/// Says that files are lost and where people read on; nothing where none is.
pub(crate) fn lost_sentence(files: &[LostView]) -> Option<String> {
    let first = files.first()?;
    let what = match files.len() {
        1 => format!(
            "'{}' is lost: no home that takes part has its content any more.",
            first.path
        ),
        n => format!(
            "'{}' and {} more are lost: no home that takes part has their content any more.",
            first.path,
            n - 1
        ),
    };
    Some(format!("{what} `offsync lost FOLDER` says what can be done."))
}

impl App {
    /// Lists the files whose content no home that takes part has any more.
    pub fn lost(&self, folder: &Path) -> Result<LostReport, AppError> {
        let mut archive = self.open_archive(folder)?;
        let options = archive.options();
        archive.with_engine(&Silent, |engine| {
            let files = engine.lost()?;
            report(engine, &files, &options, false)
        })
    }

    /// Gives up lost files: those named, or all of which nothing is left here. The next sync tells everybody.
    pub fn give_up(&self, folder: &Path, paths: &[PathBuf]) -> Result<LostReport, AppError> {
        let mut archive = self.open_archive(folder)?;
        let options = archive.options();
        let all = archive.with_engine(&Silent, |engine| engine.lost())?;
        let mut chosen: Vec<LostFile> = Vec::new();
        for path in paths {
            let meant = said_path::among(&archive.root, path, &all, |file| vec![&file.path])?;
            if meant.is_empty() {
                return Err(AppError::failed(
                    "not_lost",
                    format!("'{}' is not among the files that are lost.", path.display()),
                    "See which are with `offsync lost`; a sync finds out anew.",
                ));
            }
            if meant.iter().any(|file| file.is_damaged_here) {
                return Err(AppError::failed(
                    "damaged_here",
                    format!("What is left of '{}' stands on this drive, damaged.", path.display()),
                    "`offsync verify FOLDER --keep PATH` keeps what is left of it, or delete it; then sync.",
                ));
            }
            chosen.extend(meant);
        }
        if paths.is_empty() {
            chosen.extend(all.into_iter().filter(|file| !file.is_damaged_here));
        }
        archive.with_engine(&Silent, |engine| {
            engine.give_up(&chosen)?;
            report(engine, &chosen, &options, true)
        })
    }
}

fn report(
    engine: &Engine<'_>,
    files: &[LostFile],
    options: &SyncOptions,
    given_up: bool,
) -> Result<LostReport, EngineError> {
    let people = engine.known_vectors()?;
    let away = engine.may_still_hold(options)?.into_iter();
    Ok(LostReport {
        files: files.iter().map(|file| LostView::of(file, &people)).collect(),
        may_be_at: away.filter_map(|location| label_of(&people, location)).collect(),
        given_up,
    })
}
