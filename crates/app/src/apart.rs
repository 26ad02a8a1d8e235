//! Archives and mailboxes lie apart: neither is the other, lies in it or holds it.
//!
//! What lies in an archive travels with its files, and what lies in a mailbox's folder is seen unsealed by whoever sees
//! that folder. One rule for all that begins an archive, a copy or a mailbox.

use std::path::{Component, Path, PathBuf};

use offsync_adapters::disk::find_archive_root;
use offsync_adapters::mailbox::{FolderMailbox, MailboxUrl};
use offsync_core::ids::ArchiveId;
use offsync_core::ports::MailboxErrorKind;

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
        let other_mailboxes =
            others().filter_map(|known| there(known.mailbox.as_deref()?, &known.archive_id.parse().ok()?));
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
        // What lies at the place of one whose drive is away is no archive, or found as the one around.
        let other_archives = others().filter_map(|known| {
            let folder = std::fs::canonicalize(&known.folder).ok()?;
            (find_archive_root(&folder).as_ref() == Some(&folder)).then_some(folder)
        });
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

/// Gives the address of the mailbox of an archive if it is here now: what lies at its path may be another drive, or what
/// an absent one is mounted on. One that cannot be looked at counts as here.
pub(crate) fn there(url: &str, archive: &ArchiveId) -> Option<MailboxUrl> {
    let url: MailboxUrl = url.parse().ok()?;
    let is_absent = |kind| matches!(kind, MailboxErrorKind::Missing | MailboxErrorKind::Away);
    match FolderMailbox::open(folder_of(&url)?, archive, &[]) {
        Err(error) if is_absent(error.kind()) => None,
        _ => Some(url),
    }
}

fn folder_of(url: &MailboxUrl) -> Option<&Path> {
    match url {
        MailboxUrl::Folder(folder) => Some(folder),
        MailboxUrl::Memory | MailboxUrl::Cloud(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::AppOptions;
    use crate::init::InitRequest;
    use crate::keystore::KeystoreKind;

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

    #[test]
    fn what_lies_at_the_place_of_an_absent_drive_is_neither_its_archive_nor_its_mailbox() {
        let place = tempfile::tempdir().expect("there is a place for temporary files");
        let place = std::fs::canonicalize(place.path()).expect("it is there");
        let at = |name: &str| place.join(name);
        let app = App::new(&AppOptions {
            config_dir: Some(at("config")),
            keystore: KeystoreKind::Plain,
        });
        let app = app.expect("a folder was named");
        for folder in ["usb/Photos", "nas", "new"] {
            std::fs::create_dir_all(at(folder)).expect("a folder can be made");
        }
        let url = |name: &str| MailboxUrl::for_folder(&at(name)).expect("it is absolute");
        app.init(&InitRequest {
            folder: at("usb/Photos"),
            name: "Photos".into(),
            label: "Home".into(),
            mailbox: url("nas").to_string(),
            ..InitRequest::default()
        })
        .expect("nothing is in the way");
        let check = |archive: &str, mailbox: &str, code: Option<&str>| {
            let refused = app.refuse_overlap(&at(archive), Some(&url(mailbox)));
            assert_eq!(refused.err().map(|error| error.code), code, "{archive} and {mailbox}");
        };
        check("new", "usb/Photos/box", Some("mailbox_inside"));
        check("nas/new", "box", Some("inside_a_mailbox"));
        std::fs::rename(at("usb"), at("drawer")).expect("a drive is taken out");
        std::fs::rename(at("nas"), at("cellar")).expect("a drive is taken out");
        for folder in ["usb/Photos", "nas"] {
            std::fs::create_dir_all(at(folder)).expect("another drive has a folder of that name");
            std::fs::write(at(folder).join("own.txt"), "own").expect("a file can be written");
        }
        check("new", "usb/Photos/box", None);
        check("nas/new", "box", None);
    }
}
