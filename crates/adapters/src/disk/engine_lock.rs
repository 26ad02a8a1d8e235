//! The lock that keeps a second engine away from an archive.
//!
//! An operating system's lock on `.offsync/lock`: it ends with the process, however that
//! ends, so what a crash leaves behind never blocks anybody. The file itself is never
//! removed, and its content means nothing.

use std::fs::{File, TryLockError};

use offsync_core::ports::{DiskError, DiskErrorKind};

use super::names::{LOCK, private};

/// Holds an archive for one engine until it is dropped.
#[derive(Debug)]
pub struct EngineLock {
    _file: File,
}

impl EngineLock {
    /// Locks a file that is open already.
    pub(super) fn on(file: File) -> Result<Self, DiskError> {
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => {
                let reason = "another Offsync is at work on this archive; wait for it or end it";
                Err(DiskError::new(DiskErrorKind::Locked, private(LOCK), reason))
            }
            Err(TryLockError::Error(error)) => {
                let reason = format!("this drive cannot be locked: {error}");
                Err(DiskError::new(DiskErrorKind::Other, private(LOCK), reason))
            }
        }
    }
}
