//! The window's set-up: begins an archive and gets to know its files, in one go.

use std::path::PathBuf;

use offsync_adapters::mailbox::MailboxUrl;

use crate::app::App;
use crate::failure::AppError;
use crate::init::InitRequest;
use crate::opened::bad_mailbox;
use crate::sync::SyncRequest;
use crate::view::{ArchiveStatus, SetUpRequest};

impl App {
    /// Begins an archive in a folder with a folder as mailbox, syncs it once, and tells how it stands.
    ///
    /// If the first sync fails, the archive is there all the same, and the next sync goes on.
    pub fn set_up(&self, request: &SetUpRequest) -> std::result::Result<ArchiveStatus, AppError> {
        let mailbox = MailboxUrl::for_folder(request.mailbox_folder.as_ref()).map_err(|error| bad_mailbox(&error))?;
        let made = self.init(&InitRequest {
            folder: PathBuf::from(&request.folder),
            name: request.name.clone(),
            label: request.label.clone(),
            person: Some(request.person.clone()),
            mailbox: mailbox.to_string(),
            ..InitRequest::default()
        })?;
        let folders = vec![PathBuf::from(made.folder)];
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
}
