//! Accounts: which services a mailbox can lie with, how they are reached, and what is wrong when they are not.
//!
//! Guarantees that no secret is in an address, in an error or in a log. Never decides what people are told.

mod address;
mod catalogue;
mod credential;
mod dialect;
mod ftp;
mod line;
mod protocol;
mod provider;
mod sftp;
mod sign_in;
mod socket;
mod store;
mod token;
mod traffic;
mod transport;
mod trouble;
mod usage;
mod webdav;

pub use self::address::{AddressError, CloudAddress, is_at_home};
pub use self::catalogue::{Offering, Question, offerings};
pub use self::credential::{Access, Client, Credential, Keeper};
pub(crate) use self::ftp::Line as FtpLine;
pub use self::protocol::{Asked, Protocol};
pub(crate) use self::sftp::{Found, Line as SshLine, folder_of};
pub use self::sftp::{authorized_line, host_key, new_key};
pub use self::sign_in::SignIn;
pub(crate) use self::store::store;
pub use self::traffic::{BYTES_PER_SECOND_MIN, Bandwidth, Traffic};
pub(crate) use self::trouble::Trouble;
pub use self::usage::{Usage, usage};
pub(crate) use self::webdav::refuse_absent;
