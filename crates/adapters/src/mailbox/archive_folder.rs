//! The one flat folder of an archive in a mailbox, and the names of objects in it.
//!
//! Never lets a name lead out of that folder.

use offsync_core::ids::ArchiveId;
use offsync_core::ports::{MailboxError, MailboxErrorKind};

/// Longest name of an object; real ones have about a hundred bytes.
const NAME_BYTES_MAX: usize = 200;

/// Gives the name of an archive's folder.
pub(super) fn folder_name(archive: &ArchiveId) -> String {
    format!("offsync-v1-{archive}")
}

/// Tells whether a name can be an object's: short, ASCII, no slash, no leading dot.
pub(super) fn is_object_name(name: &str) -> bool {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
    !name.is_empty() && name.len() <= NAME_BYTES_MAX && !name.starts_with('.') && name.bytes().all(is_plain)
}

/// Refuses what cannot be an object's name.
pub(super) fn check_name(name: &str) -> Result<(), MailboxError> {
    if is_object_name(name) {
        return Ok(());
    }
    let reason = format!("'{}' is no name for an object in a mailbox", name.escape_debug());
    Err(MailboxError::new(MailboxErrorKind::Broken, reason))
}

/// Refuses empty objects, which several clouds cannot hold.
pub(super) fn check_content(name: &str, bytes: &[u8]) -> Result<(), MailboxError> {
    if bytes.is_empty() {
        let reason = format!("the object {name} is empty, and a mailbox holds no empty ones");
        return Err(MailboxError::new(MailboxErrorKind::Broken, reason));
    }
    Ok(())
}
