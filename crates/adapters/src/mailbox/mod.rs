//! Mailboxes behind the `Mailbox` port: a folder, or whatever OpenDAL reaches, or files over SSH or FTP.
//!
//! Guarantees that no mailbox comes into being by being looked for. Never relies on conditional writes.

mod archive_folder;
mod files;
mod folder;
mod line;
mod opendal;
mod opened;
mod trial;
mod url;

pub use self::files::FilesMailbox;
pub use self::folder::FolderMailbox;
pub use self::opendal::OpendalMailbox;
pub use self::opened::{OpenedMailbox, create_mailbox, open_mailbox};
pub use self::trial::{try_out, try_out_again};
pub use self::url::{KNOWN_SCHEMES, MailboxUrl, MailboxUrlError};
