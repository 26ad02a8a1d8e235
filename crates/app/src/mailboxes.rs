//! The mailbox of an archive: where this location finds it, what it holds, for whom.

use std::path::Path;

use offsync_adapters::mailbox::{FolderMailbox, MailboxUrl};
use offsync_core::ids::ArchiveId;
use offsync_core::ports::Disk;
use offsync_engine::{LocationState, Silent};
use serde::Serialize;

use crate::app::App;
use crate::failure::{AppError, Result};
use crate::init::{mailbox_url, refuse_inside};
use crate::naming::told_apart;
use crate::opened::bad_mailbox;

/// What a mailbox holds.
#[derive(Clone, Debug, Serialize)]
pub struct MailboxReport {
    /// Its address, without secrets.
    pub mailbox: String,
    /// Objects in it.
    pub objects: u64,
    /// Their size in bytes.
    pub bytes: u64,
    /// What it may hold in bytes; `None` for whatever there is room for.
    pub allowance_bytes: Option<u64>,
    /// Locations that have not applied everything.
    pub waiting_for: Vec<WaitingLocation>,
}

/// A location that changesets wait for.
#[derive(Clone, Debug, Serialize)]
pub struct WaitingLocation {
    /// Hexadecimal location id.
    pub location_id: String,
    /// What people call it.
    pub label: String,
    /// What waits for it in bytes, as far as this location remembers.
    pub bytes: u64,
}

impl App {
    /// Tells what the mailbox of an archive holds.
    pub fn mailbox(&self, folder: &Path) -> std::result::Result<MailboxReport, AppError> {
        let mut archive = self.open_archive(folder)?;
        if let Some(trouble) = archive.mailbox_trouble.take() {
            return Err(trouble.into());
        }
        let options = archive.options();
        let objects = match &archive.mailbox {
            Some(mailbox) => mailbox.list()?,
            None => Vec::new(),
        };
        let survey = archive.with_engine(&Silent, |engine| engine.survey(&options))?;
        let labels = told_apart(survey.locations.iter().map(|one| (one.location, one.label.as_str())));
        let behind = survey
            .locations
            .iter()
            .filter(|standing| standing.behind_changesets > 0 && is_waited_for(standing.state));
        Ok(MailboxReport {
            mailbox: archive.marker.mailbox.clone().unwrap_or_default(),
            objects: objects.len() as u64,
            bytes: objects.iter().map(|object| object.size_bytes).sum(),
            allowance_bytes: archive.marker.allowance_bytes,
            waiting_for: behind
                .map(|standing| WaitingLocation {
                    location_id: standing.location.to_string(),
                    label: labels.get(&standing.location).cloned().unwrap_or_default(),
                    bytes: standing.behind_bytes,
                })
                .collect(),
        })
    }

    /// Lets this location find the mailbox of its archive at another address: a stick has one on each computer.
    pub fn use_mailbox(&self, folder: &Path, address: &str) -> std::result::Result<MailboxReport, AppError> {
        let mut archive = self.open_archive(folder)?;
        let url = mailbox_url(address)?;
        refuse_inside(&archive.root, &url)?;
        let identity = find_mailbox(&url, &archive.marker.archive_id)?;
        archive.marker.mailbox = Some(url.to_string());
        archive.disk.write_marker(archive.marker.to_toml().as_bytes())?;
        self.remember_archive(&archive.root, &archive.marker)?;
        self.remember_mailbox(&archive.root, &identity)?;
        drop(archive);
        self.mailbox(folder)
    }
}

/// Tells whether what is in the mailbox stays there until a location has it.
fn is_waited_for(state: LocationState) -> bool {
    !matches!(state, LocationState::Removed | LocationState::Parked)
}

/// Looks whether the mailbox of an archive is at an address; gives the identity of its file system.
pub(crate) fn find_mailbox(url: &MailboxUrl, archive: &ArchiveId) -> Result<Vec<u8>> {
    let MailboxUrl::Folder(folder) = url else {
        return Err(bad_mailbox(&"this kind of mailbox keeps nothing"));
    };
    Ok(FolderMailbox::open(folder, archive, &[])?.identity().to_vec())
}
