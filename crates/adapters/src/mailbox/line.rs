//! The lines over which the files of a server are reached, and what is asked on each alike.
//!
//! Guarantees that a mailbox is the same whatever is spoken. Decides nothing itself.

use crate::cloud::{Access, CloudAddress, Found, FtpLine, Protocol, SshLine, Trouble};

/// An open line.
pub(super) enum Line {
    Ssh(Box<SshLine>),
    Ftp(Box<FtpLine>),
}

/// Asks the same of whatever line it is.
macro_rules! ask {
    ($line:expr, $asked:ident($($with:expr),*)) => {
        match $line {
            Line::Ssh(line) => line.$asked($($with),*).await,
            Line::Ftp(line) => line.$asked($($with),*).await,
        }
    };
}

impl Line {
    /// Opens a line, and signs in.
    pub(super) async fn to(address: &CloudAddress, access: &Access) -> Result<Self, Trouble> {
        Ok(match address.protocol() {
            Protocol::Ftp | Protocol::Ftps => Self::Ftp(Box::new(FtpLine::to(address, access).await?)),
            _ => Self::Ssh(Box::new(SshLine::to(address, access).await?)),
        })
    }

    /// Tells whether more can be asked on it.
    pub(super) fn is_usable(&self) -> bool {
        match self {
            // What is asked has a number, and one that was given up does not pass for another.
            Self::Ssh(_) => true,
            Self::Ftp(line) => line.is_usable(),
        }
    }

    /// Waits until the line has broken, where that is not noticed by what is asked on it.
    pub(super) async fn broken(&self) -> Trouble {
        match self {
            Self::Ssh(line) => line.broken().await,
            Self::Ftp(_) => std::future::pending().await,
        }
    }

    /// Lists the files of a folder; `None` if it is not there.
    pub(super) async fn list(&self, folder: &str) -> Result<Option<Vec<Found>>, Trouble> {
        ask!(self, list(folder))
    }

    /// Reads a file of at most so many bytes; `None` if it is not there.
    pub(super) async fn read(&self, path: &str, bytes_max: u64) -> Result<Option<Vec<u8>>, Trouble> {
        ask!(self, read(path, bytes_max))
    }

    /// Writes a file beside, and puts it in its place; `false` if its folder is not there.
    pub(super) async fn write(&self, path: &str, beside: &str, bytes: &[u8]) -> Result<bool, Trouble> {
        ask!(self, write(path, beside, bytes))
    }

    /// Deletes a file; `false` if it is not there.
    pub(super) async fn delete(&self, path: &str) -> Result<bool, Trouble> {
        ask!(self, delete(path))
    }

    /// Tells whether a folder is there.
    pub(super) async fn has_folder(&self, path: &str) -> Result<bool, Trouble> {
        ask!(self, has_folder(path))
    }

    /// Makes a folder and those around it that are missing; one that is there is taken as it is.
    pub(super) async fn make_folder(&self, path: &str) -> Result<(), Trouble> {
        ask!(self, make_folder(path))
    }

    /// Makes a folder in one that is there.
    pub(super) async fn make_one_folder(&self, path: &str) -> Result<(), Trouble> {
        ask!(self, make_one_folder(path))
    }

    /// Takes a folder away if nothing is in it.
    pub(super) async fn remove_folder(&self, path: &str) {
        ask!(self, remove_folder(path));
    }
}
