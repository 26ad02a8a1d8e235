//! The one flat folder of an archive in a mailbox, and the names of objects in it.
//!
//! Never lets a name lead out of that folder.

use std::sync::atomic::{AtomicU64, Ordering};

use offsync_core::format::ObjectName;
use offsync_core::ids::ArchiveId;
use offsync_core::limits::OBJECT_BYTES_MAX;
use offsync_core::ports::{MailboxError, MailboxErrorKind};

/// Longest name of an object; real ones have about a hundred bytes.
const NAME_BYTES_MAX: usize = 200;

/// How the names of unfinished objects begin, before the object's own; nobody reads them, and they take room.
pub(super) const UNFINISHED: &str = ".tmp-";
/// Largest object that is read: what a mailbox holds, and some more for what later versions hold.
pub(super) const READ_BYTES_MAX: u64 = 4 * OBJECT_BYTES_MAX as u64;

static NEXT: AtomicU64 = AtomicU64::new(0);

/// Gives the name of an archive's folder.
pub(super) fn folder_name(archive: &ArchiveId) -> String {
    format!("offsync-v1-{archive}")
}

/// Tells whether a name can be an object's: short, ASCII, no slash, no leading dot.
pub(super) fn is_object_name(name: &str) -> bool {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
    !name.is_empty() && name.len() <= NAME_BYTES_MAX && !name.starts_with('.') && name.bytes().all(is_plain)
}

/// Gives a name of its own for what is to become an object.
pub(super) fn unfinished_name(object: &str) -> Result<String, MailboxError> {
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(|error| MailboxError::new(MailboxErrorKind::Broken, error.to_string()))?;
    Ok(format!(
        "{UNFINISHED}{object}-{:016x}-{number}",
        u64::from_ne_bytes(random)
    ))
}

/// Gives the object that an unfinished one was to become.
pub(super) fn object_of(unfinished: &str) -> Option<ObjectName> {
    let (named, _) = unfinished.strip_prefix(UNFINISHED)?.rsplit_once('-')?;
    named.rsplit_once('-')?.0.parse().ok()
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
