//! The archives that this computer knows: a small file in the settings folder, no secrets.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use offsync_adapters::disk::find_archive_root;
use serde::{Deserialize, Serialize};

use crate::failure::{AppError, Result};

/// One archive on this computer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KnownArchive {
    pub(crate) archive_id: String,
    pub(crate) location_id: String,
    pub(crate) name: String,
    pub(crate) label: String,
    pub(crate) person: String,
    pub(crate) folder: PathBuf,
    pub(crate) key_name: String,
    /// The mailbox's address, without secrets.
    #[serde(default)]
    pub(crate) mailbox: Option<String>,
    #[serde(default)]
    pub(crate) allowance_bytes: Option<u64>,
    pub(crate) park_after_days: u32,
    /// Whether a recovery sheet was ever written, or used: then something brings its keys back.
    #[serde(default)]
    pub(crate) has_sheet: bool,
    /// Whether it joined with an invitation: then its six words bring its keys back.
    #[serde(default)]
    pub(crate) was_invited: bool,
    /// The mailbox's file system when it was last used, hexadecimal; empty if unknown.
    #[serde(default)]
    pub(crate) mailbox_identity: String,
}

/// All of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Archives {
    #[serde(default, rename = "archive")]
    pub(crate) all: Vec<KnownArchive>,
}

impl Archives {
    pub(crate) fn load(config_dir: &Path) -> Result<Self> {
        let path = file(config_dir);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(unusable(&path, &error.to_string())),
        };
        toml::from_str(&text).map_err(|error| unusable(&path, error.message()))
    }

    /// Changes what is known; two programs that change it at once do so one after the other.
    pub(crate) fn change(config_dir: &Path, change: impl FnOnce(&mut Self)) -> Result<()> {
        let path = file(config_dir);
        let wrong = |error: std::io::Error| unwritten(&path, &error);
        fs::create_dir_all(config_dir).map_err(wrong)?;
        let turn = fs::File::create(path.with_extension("lock")).map_err(wrong)?;
        turn.lock().map_err(wrong)?;
        let before = Self::load(config_dir)?;
        let mut after = before.clone();
        change(&mut after);
        if after == before {
            return Ok(());
        }
        let text = toml::to_string(&after).map_err(|error| unusable(&path, &error.to_string()))?;
        let unfinished = path.with_extension("new");
        let written = fs::File::create(&unfinished)
            .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
            .and_then(|()| fs::rename(&unfinished, &path));
        written.map_err(wrong)
    }

    /// Keeps an archive, replacing what was known of its folder, and of the place where its drive was plugged in before.
    pub(crate) fn put(&mut self, mut archive: KnownArchive) {
        for known in self.all.iter().filter(|known| known.key_name == archive.key_name) {
            archive.has_sheet |= known.has_sheet;
            archive.was_invited |= known.was_invited;
        }
        let is_same =
            |known: &KnownArchive| known.archive_id == archive.archive_id && known.location_id == archive.location_id;
        let is_there = |known: &KnownArchive| find_archive_root(&known.folder).as_ref() == Some(&known.folder);
        self.all
            .retain(|known| known.folder != archive.folder && (!is_same(known) || is_there(known)));
        self.all.push(archive);
    }

    pub(crate) fn at(&self, folder: &Path) -> Option<&KnownArchive> {
        self.all.iter().find(|known| known.folder == folder)
    }
}

fn file(config_dir: &Path) -> PathBuf {
    config_dir.join("archives.toml")
}

/// Says that the settings stay as they were: what cannot be written is no reason to remove them.
fn unwritten(path: &Path, error: &std::io::Error) -> AppError {
    use std::io::ErrorKind::{QuotaExceeded, StorageFull};
    let hint = match error.kind() {
        StorageFull | QuotaExceeded => "Make room where they lie, and try again.",
        _ => "Check that their folder can be written, and try again.",
    };
    let message = format!(
        "Offsync's settings at '{}' could not be written: {error}.",
        path.display()
    );
    AppError::failed("settings", message, hint)
}

fn unusable(path: &Path, why: &str) -> AppError {
    AppError::failed(
        "settings",
        format!("Offsync's settings at '{}' cannot be used: {why}.", path.display()),
        "Mend or remove that file; your archives and their drives are not touched by it.",
    )
}
