//! Accounts: which services a mailbox can lie with, how they are reached, and what is wrong when they are not.
//!
//! Guarantees that no secret is in an address, in an error or in a log. Never decides what people are told.

mod address;
mod credential;
mod protocol;
mod store;
mod transport;
mod trouble;
mod usage;

pub use self::address::{AddressError, CloudAddress};
pub use self::credential::Credential;
pub use self::protocol::{Asked, Protocol};
pub(crate) use self::store::store;
pub(crate) use self::trouble::{Trouble, Wait};
pub use self::usage::{Usage, usage};
