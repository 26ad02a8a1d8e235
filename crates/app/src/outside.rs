//! Files that must not travel: what opens an archive is never written into one, or into its mailbox.

use std::path::Path;

use offsync_adapters::disk::find_archive_root;
use offsync_adapters::mailbox::MailboxUrl;

use crate::apart::will_lie;
use crate::app::App;
use crate::failure::{AppError, Result};

/// Refuses a place for a file that is there already, or where it would travel to the others.
///
/// `holds` says what would travel with it, as a sentence; `what` is what people call the file.
pub(crate) fn refuse_travelling(out: &Path, mailbox: Option<&str>, what: &str, holds: &str) -> Result<()> {
    if out.symlink_metadata().is_ok() {
        return Err(AppError::failed(
            "exists",
            format!("The file '{}' exists already.", out.display()),
            format!("Choose another name for {what}."),
        ));
    }
    refuse_inside_any(out, mailbox, holds)
}

impl App {
    /// Refuses a place for the six words where they would travel to the others.
    pub fn refuse_words_inside(&self, out: &Path) -> std::result::Result<(), AppError> {
        let archives = self.archives()?;
        let mailboxes = archives.all.iter().filter_map(|known| known.mailbox.as_deref());
        let holds = "The six words open the archive.";
        mailboxes
            .map(Some)
            .chain([None])
            .try_for_each(|mailbox| refuse_inside_any(out, mailbox, holds))
    }
}

fn refuse_inside_any(out: &Path, mailbox: Option<&str>, holds: &str) -> Result<()> {
    let lies = will_lie(out);
    let is_in_mailbox = match mailbox.and_then(|url| url.parse().ok()) {
        Some(MailboxUrl::Folder(folder)) => std::fs::canonicalize(folder).is_ok_and(|folder| lies.starts_with(folder)),
        _ => false,
    };
    let above = lies.ancestors().find(|folder| folder.exists());
    if is_in_mailbox || above.and_then(find_archive_root).is_some() {
        return Err(AppError::failed(
            "inside_an_archive",
            format!(
                "The file '{}' would travel to the others: it lies inside an archive or a mailbox. {holds}",
                out.display()
            ),
            "Choose a place outside of it, such as a stick in a drawer.",
        ));
    }
    Ok(())
}
