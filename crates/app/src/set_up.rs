//! The window's set-up: begins an archive and gets to know its files, in one go.

use std::path::PathBuf;

use offsync_adapters::disk::find_archive_root;
use offsync_adapters::mailbox::MailboxUrl;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::address::bad_mailbox;
use crate::app::App;
use crate::archives::KnownArchive;
use crate::failure::{AppError, Result};
use crate::init::InitRequest;
use crate::sync::SyncRequest;
use crate::view::ArchiveStatus;

/// What the owner's set-up asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SetUpRequest {
    /// The folder with the files.
    pub folder: String,
    /// The archive's name.
    pub name: String,
    /// What to call this location.
    pub label: String,
    /// The owner's name.
    pub person: String,
    /// A folder that serves as mailbox.
    pub mailbox_folder: String,
    /// The account of this computer that holds the mailbox in its stead.
    #[serde(default)]
    pub mailbox_account: Option<String>,
}

impl App {
    /// Begins an archive in a folder with a folder or an account as mailbox, syncs it once, and tells how it stands.
    ///
    /// If the first sync fails, the archive is there all the same; asked once more with the same answers, it goes on.
    pub fn set_up(&self, request: &SetUpRequest) -> std::result::Result<ArchiveStatus, AppError> {
        let mailbox = match &request.mailbox_account {
            Some(account) => account.clone(),
            None => MailboxUrl::for_folder(request.mailbox_folder.as_ref())
                .map_err(|error| bad_mailbox(&error))?
                .to_string(),
        };
        let folder = match self.set_up_before(request)? {
            Some(folder) => folder,
            None => PathBuf::from(
                self.init(&InitRequest {
                    folder: PathBuf::from(&request.folder),
                    name: request.name.clone(),
                    label: request.label.clone(),
                    person: Some(request.person.clone()),
                    mailbox: mailbox.clone(),
                    ..InitRequest::default()
                })?
                .folder,
            ),
        };
        let folders = vec![folder];
        let reports = self.sync(&SyncRequest {
            folders: folders.clone(),
            ..SyncRequest::default()
        })?;
        match reports.into_iter().find_map(|report| report.failure) {
            Some(failure) => Err(failure),
            None => self.status(&folders)?.pop().ok_or_else(|| {
                AppError::failed(
                    "not_an_archive",
                    "The folder went away while it was set up. Nothing was deleted anywhere.",
                    "Plug the drive in and sync.",
                )
            }),
        }
    }

    /// Finds the archive that an earlier attempt with the same answers began.
    fn set_up_before(&self, request: &SetUpRequest) -> Result<Option<PathBuf>> {
        let Ok(folder) = std::fs::canonicalize(&request.folder) else {
            return Ok(None);
        };
        let archives = self.archives()?;
        let is_same = |known: &&KnownArchive| {
            (&known.name, &known.label, &known.person) == (&request.name, &request.label, &request.person)
        };
        let known = archives.at(&folder).filter(is_same);
        Ok(known
            .filter(|_| find_archive_root(&folder).as_ref() == Some(&folder))
            .map(|_| folder.clone()))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::app::AppOptions;
    use crate::keystore::KeystoreKind;

    #[test]
    fn a_set_up_that_was_cut_off_goes_on_with_the_same_answers() {
        let place = tempfile::tempdir().expect("there is a place for temporary files");
        let at = |name: &str| place.path().join(name);
        let app = App::new(&AppOptions {
            config_dir: Some(at("config")),
            keystore: KeystoreKind::Plain,
        });
        let app = app.expect("a folder was named");
        fs::create_dir(at("files")).expect("a folder can be made");
        let request = SetUpRequest {
            folder: at("files").display().to_string(),
            name: "Photos".into(),
            label: "Home".into(),
            person: "Pep".into(),
            mailbox_folder: at("mailbox").display().to_string(),
            mailbox_account: None,
        };
        let made = app.set_up(&request).expect("nothing is in the way");
        let again = app.set_up(&request).expect("it goes on");
        assert_eq!(again.location_id, made.location_id);
        let other = SetUpRequest {
            name: "Films".into(),
            ..request
        };
        let refused = app.set_up(&other).map_err(|error| error.code);
        assert_eq!(refused, Err("inside_an_archive"));
    }
}
