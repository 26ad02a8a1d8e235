//! Mailboxes behind the `Mailbox` port: a folder, or whatever OpenDAL reaches.
//!
//! Guarantees that no mailbox comes into being by being looked for. Never renames an object,
//! never relies on conditional writes.

mod archive_folder;
mod folder;
mod opendal;
mod url;

use offsync_core::ids::ArchiveId;
use offsync_core::ports::{Mailbox, MailboxError};

pub use self::folder::FolderMailbox;
pub use self::opendal::OpendalMailbox;
pub use self::url::{KNOWN_SCHEMES, MailboxUrl, MailboxUrlError};

/// Opens the mailbox of an archive; `remembered` is what [`FolderMailbox::identity`] gave before, or empty.
pub fn open_mailbox(
    url: &MailboxUrl,
    archive: &ArchiveId,
    remembered: &[u8],
) -> Result<Box<dyn Mailbox>, MailboxError> {
    Ok(match url {
        MailboxUrl::Folder(folder) => Box::new(FolderMailbox::open(folder, archive, remembered)?),
        MailboxUrl::Memory => Box::new(OpendalMailbox::open(url, archive)?),
    })
}

/// Makes the mailbox of an archive, on purpose; one that is there is taken as it is.
pub fn create_mailbox(url: &MailboxUrl, archive: &ArchiveId) -> Result<Box<dyn Mailbox>, MailboxError> {
    Ok(match url {
        MailboxUrl::Folder(folder) => Box::new(FolderMailbox::create(folder, archive)?),
        MailboxUrl::Memory => Box::new(OpendalMailbox::open(url, archive)?),
    })
}
