//! Replacing one of Offsync's own small files on the drive so that a crash leaves the old or the new one.
//!
//! Guarantees that both the content and the name are flushed before it returns, where the drive flushes folders at all.
//! Never follows a link in place of the temporary file.

use std::fs::File;
use std::io::{Read, Write};

use offsync_core::rel_path::RelPath;
use rustix::fs::{AtFlags, Mode, OFlags, openat, renameat, unlinkat};
use rustix::io::{Errno, Result, retry_on_intr};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::RealDisk;
use super::real_disk::flush_names;
use super::root_folder::Purpose;
use crate::disk::names::private;

/// A file in Offsync's own folder.
#[derive(Clone, Copy, Debug)]
pub(super) struct OwnFile {
    /// Its name.
    pub(super) name: &'static str,
    /// Its name while it is written.
    pub(super) new: &'static str,
}

/// Largest of these files that is read; a real one names a few paths.
const OWN_BYTES_MAX: u64 = 1 << 20;

impl RealDisk {
    /// Reads one of our own files; `None` if it is not there, was torn, or is not what was asked for.
    pub(super) fn read_own<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        let folder = private(name).parent().unwrap_or_else(RelPath::root);
        let own = self.root.folder(&folder, Purpose::Pass).ok()?;
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = openat(own, name, flags, Mode::empty()).ok()?;
        let mut bytes = Vec::new();
        File::from(file).take(OWN_BYTES_MAX).read_to_end(&mut bytes).ok()?;
        postcard::from_bytes(&bytes).ok()
    }

    /// Replaces the content of one of our own files that is for its owner's eyes alone.
    pub(super) fn replace_own(&self, file: OwnFile, content: &impl Serialize) -> Result<()> {
        let bytes = postcard::to_allocvec(content).map_err(|_| Errno::INVAL)?;
        let folder = private(file.name).parent().unwrap_or_else(RelPath::root);
        let own = self.root.folder(&folder, Purpose::Pass)?;
        let _ = unlinkat(&own, file.new, AtFlags::empty());
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let handle = retry_on_intr(|| openat(&own, file.new, flags, Mode::from_bits_truncate(0o600)))?;
        let mut handle = File::from(handle);
        let written = handle.write_all(&bytes).and_then(|()| handle.sync_all());
        written.map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
        renameat(&own, file.new, &own, file.name)?;
        // FAT keeps no order between the blocks of two folders: what is done next must not reach the drive before this.
        flush_names(&self.root, &folder)
    }
}
