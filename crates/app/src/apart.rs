//! Archives and mailboxes lie apart: neither is the other, lies in it or holds it.
//!
//! What lies in an archive travels with its files, and what lies in a mailbox's folder is seen unsealed by whoever sees
//! that folder. One rule for all that begins an archive, a copy or a mailbox.

use std::path::{Component, Path, PathBuf};

use offsync_adapters::disk::find_archive_root;
use offsync_adapters::mailbox::MailboxUrl;

use crate::app::App;
use crate::failure::{AppError, Result};

impl App {
    /// Refuses a folder for an archive and one for its mailbox that do not lie apart from each other, or from the
    /// archives and mailboxes that this computer knows and that are here now.
    pub(crate) fn refuse_overlap(&self, archive: &Path, mailbox: Option<&MailboxUrl>) -> Result<()> {
        let archive = will_lie(archive);
        let own = mailbox.and_then(folder_of).map(will_lie);
        let known = self.archives()?.all;
        // Of this very archive, what is said now counts: that may be the way out of an overlap.
        let others = || known.iter().filter(|known| known.folder != archive);
        let other_mailboxes = others().filter_map(|known| there(known.mailbox.as_deref()?));
        for mailbox in own
            .iter()
            .cloned()
            .chain(other_mailboxes.filter_map(|url| Some(will_lie(folder_of(&url)?))))
        {
            refuse_pair(&archive, &mailbox)?;
        }
        let Some(mailbox) = own else { return Ok(()) };
        let around = mailbox.ancestors().find(|folder| folder.exists());
        let around = around.and_then(find_archive_root).filter(|around| *around != archive);
        let other_archives = others().filter_map(|known| std::fs::canonicalize(&known.folder).ok());
        around
            .into_iter()
            .chain(other_archives)
            .try_for_each(|archive| refuse_pair(&archive, &mailbox))
    }
}

fn refuse_pair(archive: &Path, mailbox: &Path) -> Result<()> {
    const HINT: &str = "Choose two folders beside each other, neither inside the other.";
    let (archive_shown, mailbox_shown) = (archive.display(), mailbox.display());
    if mailbox.starts_with(archive) {
        return Err(AppError::failed(
            "mailbox_inside",
            format!(
                "The mailbox '{mailbox_shown}' would lie inside the archive '{archive_shown}', and be sent with its files."
            ),
            HINT,
        ));
    }
    if archive.starts_with(mailbox) {
        return Err(AppError::failed(
            "inside_a_mailbox",
            format!(
                "The archive '{archive_shown}' would lie inside the mailbox '{mailbox_shown}', and its files would not be sealed there."
            ),
            HINT,
        ));
    }
    Ok(())
}

/// Gives where a path lies, or will lie once it is made: links above it are followed as far as there are folders.
pub(crate) fn will_lie(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let there = path
        .ancestors()
        .find_map(|above| Some((above, std::fs::canonicalize(above).ok()?)));
    let Some((above, mut lies)) = there else { return path };
    for part in path.strip_prefix(above).into_iter().flat_map(Path::components) {
        match part {
            Component::ParentDir => {
                lies.pop();
            }
            part => lies.push(part),
        }
    }
    lies
}

/// Gives the address of a mailbox if its folder is here now: what an absent drive held at this path may lie elsewhere.
pub(crate) fn there(url: &str) -> Option<MailboxUrl> {
    let url: MailboxUrl = url.parse().ok()?;
    folder_of(&url).is_some_and(Path::exists).then_some(url)
}

fn folder_of(url: &MailboxUrl) -> Option<&Path> {
    match url {
        MailboxUrl::Folder(folder) => Some(folder),
        MailboxUrl::Memory => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(archive: &str, mailbox: &str, code: Option<&str>) {
        let refused = refuse_pair(Path::new(archive), Path::new(mailbox)).map_err(|error| error.code);
        assert_eq!(refused.err(), code, "{archive} and {mailbox}");
    }

    #[test]
    fn an_archive_and_a_mailbox_lie_apart() {
        check("/a/photos", "/a/mailbox", None);
        check("/a/photos", "/a/photos too", None);
        check("/a", "/a", Some("mailbox_inside"));
        check("/a", "/a/b/mailbox", Some("mailbox_inside"));
        check("/a/b/photos", "/a", Some("inside_a_mailbox"));
    }

    #[test]
    fn what_is_not_there_yet_will_lie_where_its_links_lead() {
        let place = tempfile::tempdir().expect("there is a place for temporary files");
        let place = std::fs::canonicalize(place.path()).expect("it is there");
        std::fs::create_dir(place.join("real")).expect("a folder can be made");
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(place.join("real"), place.join("link")).expect("a link can be made");
            assert_eq!(will_lie(&place.join("link/new/deep")), place.join("real/new/deep"));
        }
        assert_eq!(will_lie(&place.join("gone/../real/./new")), place.join("real/new"));
    }
}
