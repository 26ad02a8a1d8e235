//! Where a mailbox is, as people say it.

use std::path::Path;

use offsync_adapters::cloud::{Asked, CloudAddress};
use offsync_adapters::mailbox::MailboxUrl;

use crate::failure::{AppError, ExitClass, Result};

/// Reads what a person says for a mailbox: an address, or a folder's path as it stands, in which a `%` is just that.
pub(crate) fn mailbox_url(text: &str) -> Result<MailboxUrl> {
    let url = match Path::new(text).is_absolute() {
        true => MailboxUrl::for_folder(Path::new(text)),
        false => text.parse(),
    };
    let url = url.map_err(|error| bad_mailbox(&error))?;
    match &url {
        MailboxUrl::Folder(_) | MailboxUrl::Cloud(_) => Ok(url),
        MailboxUrl::Memory => Err(bad_mailbox(&"a mailbox in memory keeps nothing")),
    }
}

/// The same for the address of an account, as somebody types it who adds one.
pub(crate) fn account_url(text: &str) -> Result<MailboxUrl> {
    mailbox_url(text).map_err(|error| AppError {
        hint: "`offsync account services` shows how addresses look; a folder is fs:///full/path/of/the/folder.".into(),
        ..error
    })
}

/// Says where mailboxes go in an account as people read it. What decides comes first, so that nothing before it hides it: the
/// server that is called, or the service.
pub(crate) fn lies_at(address: &CloudAddress) -> String {
    let service = match address.protocol().asks() {
        Asked::Browser { service } => service,
        Asked::Typed { .. } | Asked::Key { .. } => "",
    };
    let endpoint = address.option("endpoint").unwrap_or_default();
    let server = endpoint.split_once("://").map_or(endpoint, |(_, server)| server);
    let parts = [service, server, address.place(), address.root()];
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join("/")
}

/// Says that a mailbox address is no good.
pub(crate) fn bad_mailbox(error: &dyn std::fmt::Display) -> AppError {
    AppError::new(
        ExitClass::Usage,
        "bad_mailbox",
        format!("{error}."),
        "Give a folder as fs:///full/path/of/the/folder, or the name of an account: `offsync account list`.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mailbox_is_named_by_its_address_or_by_its_folder_as_it_stands() {
        for (said, folder) in [
            ("fs:///mnt/My%20stick", Some("/mnt/My stick")),
            ("/mnt/My stick", Some("/mnt/My stick")),
            ("/mnt/100%20", Some("/mnt/100%20")),
            ("mnt/stick", None),
            ("memory://", None),
        ] {
            let url = mailbox_url(said).ok();
            assert_eq!(url, folder.map(|folder| MailboxUrl::Folder(folder.into())), "{said}");
        }
    }

    #[test]
    fn where_an_account_lies_begins_with_what_is_called() {
        for (url, told) in [
            (
                "webdav://anna@Cloud.example.org/dav/offsync",
                "cloud.example.org/dav/offsync",
            ),
            ("sftp://anna@nas.local:2222/~/offsync", "nas.local:2222/~/offsync"),
            ("s3://pep/x?endpoint=https://s3.example.org", "s3.example.org/pep/x"),
            ("s3://pep", "pep"),
            ("gdrive://anna%40x.org@Offsync", "Google Drive/Offsync"),
        ] {
            let Ok(MailboxUrl::Cloud(address)) = mailbox_url(url) else {
                panic!("{url} is no address");
            };
            assert_eq!(lies_at(&address), told);
        }
    }
}
