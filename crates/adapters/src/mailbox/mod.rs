//! Mailboxes behind the `Mailbox` port: a folder, or whatever OpenDAL reaches.
//!
//! Guarantees that no mailbox comes into being by being looked for. Never renames an object,
//! never relies on conditional writes.

mod archive_folder;
mod folder;
mod opendal;
mod opened;
mod trial;
mod url;

pub use self::folder::FolderMailbox;
pub use self::opendal::OpendalMailbox;
pub use self::opened::{OpenedMailbox, create_mailbox, open_mailbox};
pub use self::trial::try_out;
pub use self::url::{KNOWN_SCHEMES, MailboxUrl, MailboxUrlError};
