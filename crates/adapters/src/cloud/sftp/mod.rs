//! Files over SSH, spoken by ourselves: no other program is started, and none of its settings have a say.
//!
//! Guarantees that nothing is sent to a server before it showed the host key that was agreed on. The private key is in memory
//! alone, never in a file or an argument.

mod files;
mod key;
mod line;

pub use self::key::{authorized_line, new_key};
pub use self::line::host_key;

pub(super) use self::files::Room;

pub(crate) use self::files::Found;
pub(crate) use self::line::Line;

use russh_sftp::client::error::Error;
use russh_sftp::protocol::StatusCode;

use super::address::CloudAddress;
use super::credential::Access;
use super::trouble::Trouble;

/// Asks how full the disk behind an address is; `None` where its server does not tell.
pub(super) async fn room(address: &CloudAddress, access: &Access) -> Result<Option<Room>, Trouble> {
    let line = Line::to(address, access).await?;
    Ok(line.room(&folder_of(address)).await)
}

/// Gives the folder of an address as its server reads it: from the top on, or from the user's own folder on after `/~/`.
pub(crate) fn folder_of(address: &CloudAddress) -> String {
    match address.root().strip_prefix('~') {
        Some("") => ".".into(),
        Some(rest) if rest.starts_with('/') => rest[1..].to_owned(),
        _ => format!("/{}", address.root()),
    }
}

/// Gives the code with which a server refused; `None` where it said nothing.
fn refusal(error: &Error) -> Option<StatusCode> {
    match error {
        Error::Status(status) => Some(status.status_code),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::Protocol;

    #[test]
    fn a_folder_is_counted_from_the_top_or_from_home() {
        for (said, meant) in [
            ("sftp://anna@nas.local/mailbox/a", "/mailbox/a"),
            ("sftp://anna@nas.local", "/"),
            ("sftp://anna@nas.local/~", "."),
            ("sftp://anna@nas.local/~/a b/c", "a b/c"),
            ("sftp://anna@nas.local/~pep/a", "/~pep/a"),
        ] {
            let address = CloudAddress::parse(Protocol::Sftp, said).expect(said);
            assert_eq!(folder_of(&address), meant, "{said}");
        }
    }
}
