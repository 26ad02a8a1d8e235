//! Files over FTP, with TLS around it or, for what stays at home, without.
//!
//! Guarantees that with TLS nothing of the account is said before the server has shown a certificate that this computer trusts,
//! and that what goes over the data line is sealed, too. Never takes a file for whole that its server did not get whole.

mod files;
mod line;
mod listing;
mod seal;

pub(crate) use self::line::Line;

use super::address::CloudAddress;
use super::credential::Access;
use super::trouble::Trouble;

/// Looks whether an account lets its user in: the protocol has no word for how full it is.
pub(super) async fn greet(address: &CloudAddress, access: &Access) -> Result<(), Trouble> {
    Line::to(address, access).await.map(|_| ())
}
