//! The drive on Linux and macOS, by handles of folders.
//!
//! Guarantees that a path is resolved below the archive's folder at the moment of each
//! call; never trusts a path that was checked earlier.

mod aside;
mod errors;
mod file_system;
mod lifted;
mod listing;
mod meta;
mod moves;
mod open_file;
mod own_file;
mod port;
mod profile;
mod real_disk;
mod root_folder;
mod short_names;
mod sight;
#[cfg(test)]
mod tests;

pub(crate) use file_system::file_system_identity;
pub use real_disk::RealDisk;
