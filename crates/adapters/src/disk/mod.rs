//! The drive for real: one folder of a mounted file system behind the `Disk` port.
//!
//! Guarantees that every path is resolved below a handle of the archive's folder, link
//! by link refused, and that nothing is ever replaced. Never enters a file system that
//! is mounted somewhere inside, never opens a pipe or device in a way that can hang.

mod archive_root;
mod engine_lock;
mod names;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

pub use archive_root::{find_archive_root, is_empty_folder};
pub use engine_lock::EngineLock;
/// The drive of one location, for real, behind true names.
pub type ArchiveDisk = offsync_core::escaped_disk::EscapedDisk<RealDisk>;

#[cfg(unix)]
pub use unix::RealDisk;
#[cfg(unix)]
pub(crate) use unix::file_system_identity;
#[cfg(windows)]
pub use windows::RealDisk;
#[cfg(windows)]
pub(crate) use windows::file_system_identity;
