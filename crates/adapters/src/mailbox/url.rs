//! Where a mailbox is, as people write it: `fs:///media/stick/offsync`.
//!
//! Never holds a secret: those live in the keyring.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use offsync_core::ids::ArchiveId;

use super::archive_folder::folder_name;
use crate::cloud::{AddressError, CloudAddress, Protocol};
use crate::percent::{escape, unescape};

/// The schemes that this build can reach.
pub const KNOWN_SCHEMES: [&str; 12] = [
    "fs",
    "memory",
    "s3",
    "azblob",
    "webdav",
    "webdav+http",
    "sftp",
    "ftps",
    "ftp",
    "gdrive",
    "dropbox",
    "onedrive",
];

/// Why a mailbox's address is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailboxUrlError {
    /// There is no `scheme://`.
    #[error("'{0}' is no mailbox address; one looks like fs:///media/stick/offsync")]
    NoScheme(String),
    /// The scheme is not known.
    #[error(
        "'{scheme}' is no kind of mailbox that this Offsync knows; it knows folders (fs:///media/stick/offsync), webdav://, webdav+http://, s3://, azblob://, sftp://, ftps://, ftp://, gdrive://, dropbox:// and onedrive://"
    )]
    UnknownScheme {
        /// What was written.
        scheme: String,
    },
    /// The folder is not given from the root on.
    #[error("'{0}' names no whole folder; write fs:// and then the folder from the root on: fs:///media/stick/offsync")]
    NotAbsolute(String),
    /// A `%` is not followed by two hexadecimal digits, or stands for a NUL.
    #[error("'{0}' has a % that is not followed by two hexadecimal digits; write %25 for a plain %")]
    BadEscape(String),
    /// It names an account, and not as its protocol takes it.
    #[error(transparent)]
    Cloud(#[from] AddressError),
}

/// The address of a mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MailboxUrl {
    /// A folder: on a NAS, in a synchronized folder, on a stick.
    Folder(PathBuf),
    /// The memory of this process, for trying things out.
    Memory,
    /// A folder in an account.
    Cloud(CloudAddress),
}

impl FromStr for MailboxUrl {
    type Err = MailboxUrlError;

    fn from_str(text: &str) -> Result<Self, MailboxUrlError> {
        let (scheme, rest) = text
            .split_once("://")
            .ok_or_else(|| MailboxUrlError::NoScheme(text.to_owned()))?;
        match scheme.to_ascii_lowercase().as_str() {
            "fs" => folder(text, rest).map(Self::Folder),
            "memory" => Ok(Self::Memory),
            scheme => match Protocol::of_scheme(scheme) {
                Some(protocol) => Ok(Self::Cloud(CloudAddress::parse(protocol, text)?)),
                None => Err(MailboxUrlError::UnknownScheme {
                    scheme: scheme.to_owned(),
                }),
            },
        }
    }
}

impl MailboxUrl {
    /// Gives the address of a folder, which must be given from the root on.
    pub fn for_folder(folder: &Path) -> Result<Self, MailboxUrlError> {
        if !folder.is_absolute() {
            return Err(MailboxUrlError::NotAbsolute(folder.display().to_string()));
        }
        Ok(Self::Folder(folder.to_path_buf()))
    }

    /// Gives the folder that the mailbox of an archive lies in, where somebody named what lies there instead.
    ///
    /// Taken at their word, they would begin a second mailbox inside the first.
    #[must_use]
    pub fn around(self, archive: &ArchiveId) -> Self {
        match &self {
            Self::Folder(folder)
                if folder
                    .file_name()
                    .is_some_and(|name| name == folder_name(archive).as_str()) =>
            {
                folder
                    .parent()
                    .map_or_else(|| self.clone(), |base| Self::Folder(base.to_path_buf()))
            }
            Self::Cloud(address) => Self::Cloud(address.clone().around(&folder_name(archive))),
            _ => self,
        }
    }
}

impl fmt::Display for MailboxUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(folder) => write!(f, "fs://{}", escape(&path_bytes(folder))),
            Self::Memory => f.write_str("memory://"),
            Self::Cloud(address) => address.fmt(f),
        }
    }
}

fn folder(text: &str, rest: &str) -> Result<PathBuf, MailboxUrlError> {
    let bytes = unescape(rest).ok_or_else(|| MailboxUrlError::BadEscape(text.to_owned()))?;
    let path = path_of(bytes).ok_or_else(|| MailboxUrlError::BadEscape(text.to_owned()))?;
    if !path.is_absolute() {
        return Err(MailboxUrlError::NotAbsolute(text.to_owned()));
    }
    Ok(path)
}

#[cfg(unix)]
fn path_of(bytes: Vec<u8>) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStringExt;
    Some(std::ffi::OsString::from_vec(bytes).into())
}

#[cfg(unix)]
fn path_bytes(path: &Path) -> Vec<u8> {
    use std::os::unix::ffi::OsStrExt;
    path.as_os_str().as_bytes().to_vec()
}

/// `fs:///C:/folder` is `C:/folder` on Windows.
#[cfg(windows)]
fn path_of(bytes: Vec<u8>) -> Option<PathBuf> {
    let text = String::from_utf8(bytes).ok()?;
    Some(PathBuf::from(text.strip_prefix('/').unwrap_or(&text)))
}

#[cfg(windows)]
fn path_bytes(path: &Path) -> Vec<u8> {
    format!("/{}", path.to_string_lossy().replace('\\', "/")).into_bytes()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_read_and_written_alike() {
        for (text, folder) in [
            ("fs:///media/a%20b", "/media/a b"),
            ("fs:///x%25y", "/x%y"),
            ("fs:///%C3%A4", "/ä"),
        ] {
            let url: MailboxUrl = text.parse().unwrap();
            assert_eq!(url, MailboxUrl::Folder(folder.into()));
            assert_eq!(url.to_string(), text);
        }
        assert_eq!("FS:///a".parse(), Ok(MailboxUrl::Folder("/a".into())));
        assert_eq!(
            "fs:///caf%E9".parse::<MailboxUrl>().unwrap().to_string(),
            "fs:///caf%E9"
        );
    }

    #[test]
    fn the_folder_of_an_archive_in_a_mailbox_is_led_back_to_the_mailbox() {
        let archive = ArchiveId::new([0xab; 16]);
        let own = folder_name(&archive);
        let around = |path: &str| MailboxUrl::Folder(path.into()).around(&archive);
        for (said, meant) in [
            (format!("/nas/box/{own}"), "/nas/box".to_owned()),
            (format!("/nas/box/{own}/"), "/nas/box".to_owned()),
            (format!("/nas/{own}/inside"), format!("/nas/{own}/inside")),
            ("/nas/box".to_owned(), "/nas/box".to_owned()),
            ("/nas/offsync-v1-cd".to_owned(), "/nas/offsync-v1-cd".to_owned()),
        ] {
            assert_eq!(around(&said), MailboxUrl::Folder(meant.into()), "{said}");
        }
        assert_eq!(MailboxUrl::Memory.around(&archive), MailboxUrl::Memory);
    }

    #[test]
    fn what_is_no_address_is_refused_with_advice() {
        let error = |text: &str| text.parse::<MailboxUrl>().unwrap_err().to_string();
        assert!(error("/media/stick").contains("fs:///media/stick/offsync"));
        assert!(error("gopher://x").contains("fs:///media/stick/offsync"));
        assert!(error("fs://media/stick").contains("from the root on"));
        assert!(error("fs:///a%2").contains("%25"));
        assert!(error("fs:///a%+1").contains("%25"));
        assert!(error("fs:///a%00b").contains("%25"));
    }
}
