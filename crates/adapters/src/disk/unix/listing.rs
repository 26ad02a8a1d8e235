//! The names in an open folder, as the kernel hands them out.
//!
//! Never gives `.` and `..`; the order is the file system's.

use std::ffi::CStr;

use rustix::fd::OwnedFd;
use rustix::io::Result;

/// Bytes of names asked for at a time.
#[cfg(target_os = "linux")]
const BUFFER_BYTES: usize = 32 << 10;

/// Calls `each` with every name in the folder until one call fails.
#[cfg(target_os = "linux")]
pub(super) fn for_each_name(folder: &OwnedFd, mut each: impl FnMut(&CStr) -> Result<()>) -> Result<()> {
    let mut buffer = Vec::with_capacity(BUFFER_BYTES);
    let mut names = rustix::fs::RawDir::new(folder, buffer.spare_capacity_mut());
    while let Some(entry) = names.next() {
        let entry = entry?;
        if !matches!(entry.file_name().to_bytes(), b"." | b"..") {
            each(entry.file_name())?;
        }
    }
    Ok(())
}

/// Calls `each` with every name in the folder until one call fails.
#[cfg(not(target_os = "linux"))]
pub(super) fn for_each_name(folder: &OwnedFd, mut each: impl FnMut(&CStr) -> Result<()>) -> Result<()> {
    for entry in rustix::fs::Dir::read_from(folder)? {
        let entry = entry?;
        if !matches!(entry.file_name().to_bytes(), b"." | b"..") {
            each(entry.file_name())?;
        }
    }
    Ok(())
}
