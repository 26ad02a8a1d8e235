//! The archives that this computer knows: a small file in the settings folder, no secrets.

use std::path::{Path, PathBuf};

use offsync_adapters::disk::find_archive_root;
use serde::{Deserialize, Serialize};

use crate::failure::Result;
use crate::settings_file;

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
    /// The account that the mailbox is in, where one was named for it.
    #[serde(default)]
    pub(crate) account: Option<String>,
}

/// All of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Archives {
    #[serde(default, rename = "archive")]
    pub(crate) all: Vec<KnownArchive>,
}

impl Archives {
    pub(crate) fn load(config_dir: &Path) -> Result<Self> {
        settings_file::load(&file(config_dir))
    }

    /// Changes what is known; two programs that change it at once do so one after the other.
    pub(crate) fn change(config_dir: &Path, change: impl FnOnce(&mut Self)) -> Result<()> {
        settings_file::change(&file(config_dir), change)
    }

    /// Keeps an archive, replacing what was known of its folder, and of the place where its drive was plugged in before.
    pub(crate) fn put(&mut self, mut archive: KnownArchive) {
        for known in self.all.iter().filter(|known| known.key_name == archive.key_name) {
            archive.has_sheet |= known.has_sheet;
            archive.was_invited |= known.was_invited;
            if archive.account.is_none() && archive.mailbox == known.mailbox {
                archive.account = known.account.clone();
            }
        }
        let is_same =
            |known: &KnownArchive| known.archive_id == archive.archive_id && known.location_id == archive.location_id;
        let is_there = |known: &KnownArchive| find_archive_root(&known.folder).as_ref() == Some(&known.folder);
        self.all
            .retain(|known| known.folder != archive.folder && (!is_same(known) || is_there(known)));
        self.all.push(archive);
    }

    /// Gives the account that was named for the mailbox of an archive, wherever its drive was plugged in then.
    pub(crate) fn account_of(&self, folder: &Path, key_name: &str) -> Option<String> {
        let same_drive = self.all.iter().filter(|known| known.key_name == key_name);
        let mut known = self.at(folder).into_iter().chain(same_drive);
        known.find_map(|known| known.account.clone())
    }

    pub(crate) fn at(&self, folder: &Path) -> Option<&KnownArchive> {
        self.all.iter().find(|known| known.folder == folder)
    }
}

fn file(config_dir: &Path) -> PathBuf {
    config_dir.join("archives.toml")
}
