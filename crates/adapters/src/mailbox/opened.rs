//! A mailbox of whatever kind, as an address leads to it.

use offsync_core::ids::{ArchiveId, LocationId};
use offsync_core::ports::{Mailbox, MailboxError, MailboxErrorKind, ObjectInfo};

use super::files::FilesMailbox;
use super::folder::FolderMailbox;
use super::opendal::OpendalMailbox;
use super::url::MailboxUrl;
use crate::cloud::Access;

/// The mailbox of an archive.
#[derive(Debug)]
pub enum OpenedMailbox {
    /// In a folder.
    Folder(Box<FolderMailbox>),
    /// In an account, or in memory.
    Store(Box<OpendalMailbox>),
    /// In an account whose files are reached over a line of their own.
    Files(Box<FilesMailbox>),
}

/// Opens the mailbox of an archive; `remembered` is what [`OpenedMailbox::identity`] gave before, or empty.
///
/// One in an account is not looked for yet: what is wrong with it is said by the first call.
pub fn open_mailbox(
    url: &MailboxUrl,
    archive: &ArchiveId,
    remembered: &[u8],
    access: Option<&Access>,
) -> Result<OpenedMailbox, MailboxError> {
    Ok(match url {
        MailboxUrl::Folder(folder) => {
            OpenedMailbox::Folder(Box::new(FolderMailbox::open(folder, archive, remembered)?))
        }
        MailboxUrl::Memory => OpenedMailbox::Store(Box::new(OpendalMailbox::open(url, archive)?)),
        MailboxUrl::Cloud(address) => {
            let access = access.ok_or_else(not_signed_in)?;
            if address.protocol().has_line() {
                return Ok(OpenedMailbox::Files(Box::new(FilesMailbox::open(
                    address, access, archive,
                ))));
            }
            OpenedMailbox::Store(Box::new(OpendalMailbox::in_cloud(address, access, archive)?))
        }
    })
}

/// Makes the mailbox of an archive, on purpose; one that is there is taken as it is.
pub fn create_mailbox(
    url: &MailboxUrl,
    archive: &ArchiveId,
    access: Option<&Access>,
) -> Result<OpenedMailbox, MailboxError> {
    if let MailboxUrl::Folder(folder) = url {
        return Ok(OpenedMailbox::Folder(Box::new(FolderMailbox::create(folder, archive)?)));
    }
    let opened = open_mailbox(url, archive, &[], access)?;
    match &opened {
        OpenedMailbox::Folder(_) => {}
        OpenedMailbox::Store(store) => store.make()?,
        OpenedMailbox::Files(files) => files.make()?,
    }
    Ok(opened)
}

fn not_signed_in() -> MailboxError {
    MailboxError::new(
        MailboxErrorKind::SignIn,
        "this computer is not signed in to its account",
    )
}

impl OpenedMailbox {
    /// Tells what the mailbox lies on from any other; empty if that has no identity.
    #[must_use]
    pub fn identity(&self) -> &[u8] {
        match self {
            Self::Folder(folder) => folder.identity(),
            Self::Store(_) | Self::Files(_) => &[],
        }
    }

    /// Removes what crashes of one writer left half written. Other accounts take an object whole or not at all.
    pub fn sweep_of(&self, writer: &LocationId) {
        match self {
            Self::Folder(folder) => folder.sweep_of(writer),
            Self::Store(_) => {}
            Self::Files(files) => files.sweep_of(writer),
        }
    }

    /// Takes the mailbox away again, if nothing was put into it: its archive did not come to be.
    pub fn forget_if_empty(&self) {
        match self {
            Self::Folder(folder) => folder.forget_if_empty(),
            Self::Store(store) => store.forget_if_empty(),
            Self::Files(files) => files.forget_if_empty(),
        }
    }

    fn port(&self) -> &dyn Mailbox {
        match self {
            Self::Folder(folder) => folder.as_ref(),
            Self::Store(store) => store.as_ref(),
            Self::Files(files) => files.as_ref(),
        }
    }
}

impl Mailbox for OpenedMailbox {
    fn list(&self) -> Result<Vec<ObjectInfo>, MailboxError> {
        self.port().list()
    }

    fn get(&self, name: &str) -> Result<Option<Vec<u8>>, MailboxError> {
        self.port().get(name)
    }

    fn put(&self, name: &str, bytes: &[u8]) -> Result<(), MailboxError> {
        self.port().put(name, bytes)
    }

    fn delete(&self, name: &str) -> Result<(), MailboxError> {
        self.port().delete(name)
    }
}
