//! Mailboxes in accounts, at real servers on this machine: each is started by its test, and ends with it.

mod accounts;
mod cut;
mod failing;
mod ftp;
mod ftpd;
mod keyring;
mod proxy;
mod servers;
mod sftp;
mod signing_in;
mod sshd;
mod stories;
mod traffic;
mod way;
