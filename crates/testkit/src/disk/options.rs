//! What kind of file system a simulated drive has.

use offsync_core::drive_profile::{DriveProfile, NameRule};
use offsync_core::limits::NAME_BYTES_MAX;

/// Which spellings of a name are the same name to a file system.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NameFolding {
    /// Bytes alone (ext4).
    #[default]
    Exact,
    /// Case is kept and ignored (exFAT, NTFS).
    Case,
    /// Case and Unicode normal form are kept and ignored (APFS).
    CaseAndForm,
}

/// What a file system's inode numbers are worth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InodeNumbers {
    /// They stay with a file.
    #[default]
    Stable,
    /// There are none: 0.
    Absent,
    /// They look good and are dealt anew at each plugging in (FAT).
    DealtAtPlug,
}

/// The abilities of a simulated drive's file system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiskOptions {
    /// Tells this file system from any other.
    pub identity: Vec<u8>,
    /// Which names are the same.
    pub names: NameFolding,
    /// Steps in which modification times are stored, in nanoseconds.
    pub mtime_step_ns: i64,
    /// Whether there is a time of the inode's last change.
    pub has_ctime: bool,
    /// Whether it says when a file came to be.
    pub has_birth_time: bool,
    /// Whether permission bits are stored.
    pub has_modes: bool,
    /// Whether symbolic links can be stored.
    pub has_symlinks: bool,
    /// Whether names that Windows refuses, and names that are not UTF-8, are refused.
    pub bans_windows_names: bool,
    /// What inode numbers are worth.
    pub inodes: InodeNumbers,
    /// Largest file in bytes.
    pub file_bytes_max: u64,
    /// Room for contents in bytes.
    pub capacity_bytes: u64,
    /// What a file takes is rounded up to so many bytes, and a folder takes as many.
    pub block_bytes: u64,
}

impl Default for DiskOptions {
    fn default() -> Self {
        Self::ext4()
    }
}

impl DiskOptions {
    /// Describes a common Linux drive.
    pub fn ext4() -> Self {
        Self {
            identity: b"ext4".to_vec(),
            names: NameFolding::Exact,
            mtime_step_ns: 1,
            has_ctime: true,
            has_birth_time: true,
            has_modes: true,
            has_symlinks: true,
            bans_windows_names: false,
            inodes: InodeNumbers::Stable,
            file_bytes_max: u64::MAX,
            capacity_bytes: 1 << 40,
            block_bytes: 1,
        }
    }

    /// Describes a FAT stick.
    pub fn fat() -> Self {
        Self {
            identity: b"fat".to_vec(),
            names: NameFolding::Case,
            mtime_step_ns: 2_000_000_000,
            has_ctime: false,
            has_modes: false,
            has_symlinks: false,
            bans_windows_names: true,
            inodes: InodeNumbers::DealtAtPlug,
            file_bytes_max: u64::from(u32::MAX),
            ..Self::ext4()
        }
    }

    /// Describes an exFAT drive.
    pub fn exfat() -> Self {
        Self {
            identity: b"exfat".to_vec(),
            mtime_step_ns: 10_000_000,
            file_bytes_max: u64::MAX,
            ..Self::fat()
        }
    }

    /// Describes a Mac's drive.
    pub fn apfs() -> Self {
        Self {
            identity: b"apfs".to_vec(),
            names: NameFolding::CaseAndForm,
            ..Self::ext4()
        }
    }

    /// Gives the same with another identity.
    pub fn named(self, identity: impl Into<Vec<u8>>) -> Self {
        Self {
            identity: identity.into(),
            ..self
        }
    }

    /// Gives the same with so much room.
    pub fn sized(self, capacity_bytes: u64) -> Self {
        Self { capacity_bytes, ..self }
    }

    /// Gives the same with blocks of so many bytes.
    pub fn in_blocks(self, block_bytes: u64) -> Self {
        Self { block_bytes, ..self }
    }

    /// Gives the same as a location tells it to others.
    pub fn profile(&self) -> DriveProfile {
        DriveProfile {
            names: if self.bans_windows_names {
                NameRule::Windows
            } else {
                NameRule::Any
            },
            folds_case: self.names != NameFolding::Exact,
            folds_form: self.names == NameFolding::CaseAndForm,
            has_links: self.has_symlinks,
            has_modes: self.has_modes,
            name_bytes_max: NAME_BYTES_MAX as u64,
            file_bytes_max: self.file_bytes_max,
            time_step_ns: self.mtime_step_ns.unsigned_abs(),
        }
    }

    pub(super) fn can_hold(&self, name: &[u8]) -> bool {
        let Ok(text) = std::str::from_utf8(name) else {
            return !self.bans_windows_names;
        };
        !self.bans_windows_names || is_windows_name(text)
    }
}

fn is_windows_name(name: &str) -> bool {
    const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "com1", "lpt1"];
    let stem = name.split('.').next().unwrap_or_default().to_ascii_lowercase();
    !name.ends_with(['.', ' '])
        && !name.chars().any(|c| c.is_control() || "<>:\"|?*\\".contains(c))
        && !DEVICES.contains(&stem.as_str())
}
