//! Mailboxes in accounts, at real servers on this machine: each is started by its test, and ends with it.

mod accounts;
mod failing;
mod keyring;
mod proxy;
mod servers;
mod signing_in;
mod stories;
mod traffic;
