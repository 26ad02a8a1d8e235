//! Which file system the archive lies on, how full it is, and what of its numbers is steady.
//!
//! Guarantees an identity that is the same after each plugging in, or none at all; never
//! one that merely names the socket that the drive was in.

use offsync_core::place::Stat;
use offsync_core::ports::DriveFacts;
use rustix::fd::AsFd;
use rustix::fs::fstatvfs;
use rustix::io::Result;

/// What the type of a file system says about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileSystem {
    /// Inode numbers and change times last from one mounting to the next.
    pub(super) is_steady: bool,
    /// Flushing all of it reaches the names in folders too.
    pub(super) flushes_names: bool,
    /// Flushing all of it reaches every content, and a content that has no room is refused when it is written.
    pub(super) flushes_contents: bool,
    /// Names lose the dots at their end without a word.
    pub(super) trims_names: bool,
    /// It is made for Windows and goes to such computers, whatever names it would take here.
    pub(super) is_for_windows: bool,
}

#[cfg(target_os = "linux")]
mod magic {
    pub(super) const EXT4: u64 = 0xef53;
    pub(super) const XFS: u64 = 0x5846_5342;
    pub(super) const BTRFS: u64 = 0x9123_683e;
    pub(super) const F2FS: u64 = 0xf2f5_2010;
    pub(super) const TMPFS: u64 = 0x0102_1994;
    pub(super) const FAT: u64 = 0x4d44;
    pub(super) const EXFAT: u64 = 0x2011_bab0;
    pub(super) const NTFS: u64 = 0x5346_544e;
    pub(super) const NTFS3: u64 = 0x7366_746e;
    pub(super) const FUSE: u64 = 0x6573_5546;
    pub(super) const HFS_PLUS: u64 = 0x482b;
    pub(super) const CIFS: u64 = 0xff53_4d42;
    pub(super) const SMB2: u64 = 0xfe53_4d42;
    /// Their `f_fsid` is a number of the device, which changes with the socket.
    pub(super) const NAMED_BY_DEVICE: [u64; 6] = [FAT, EXFAT, NTFS, NTFS3, FUSE, HFS_PLUS];
    /// Local drives, whose kernel writes everything back when asked, and says what failed.
    pub(super) const FLUSHED_AS_A_WHOLE: [u64; 8] = [EXT4, XFS, BTRFS, F2FS, FAT, EXFAT, NTFS3, TMPFS];
    /// Their inode numbers or change times are made up anew at each mounting.
    pub(super) const UNSTEADY: [u64; 5] = [FAT, EXFAT, FUSE, CIFS, SMB2];
    /// Drives of Windows.
    pub(super) const FOR_WINDOWS: [u64; 4] = [FAT, EXFAT, NTFS, NTFS3];
    /// They store `name.` as `name`.
    pub(super) const TRIMMING: [u64; 4] = [FAT, EXFAT, CIFS, SMB2];
}

impl FileSystem {
    /// Reads the type of the file system under a handle.
    #[cfg(target_os = "linux")]
    pub(super) fn under(handle: impl AsFd) -> Result<Self> {
        let magic = magic_under(&handle)?;
        let device = super::sight::see_open(&handle)?.device;
        Ok(Self {
            is_for_windows: is_for_windows(magic, device),
            is_steady: !magic::UNSTEADY.contains(&magic),
            flushes_names: magic != magic::FUSE,
            flushes_contents: magic::FLUSHED_AS_A_WHOLE.contains(&magic),
            trims_names: magic::TRIMMING.contains(&magic),
        })
    }

    /// Reads the type of the file system under a handle.
    #[cfg(not(target_os = "linux"))]
    pub(super) fn under(_: impl AsFd) -> Result<Self> {
        // macOS keeps inode numbers on APFS and HFS+; on FAT it makes them up, which costs one re-hash a plugging.
        Ok(Self {
            is_steady: true,
            flushes_names: false,
            flushes_contents: false,
            trims_names: false,
            is_for_windows: false,
        })
    }

    /// Drops what would look like a change at the next mounting.
    pub(super) fn steady(&self, stat: Stat) -> Stat {
        if self.is_steady {
            stat
        } else {
            Stat {
                ctime_ns: 0,
                inode: 0,
                ..stat
            }
        }
    }
}

/// Tells which file system is under a handle and how full it is.
pub(super) fn facts_under(handle: impl AsFd, path: &std::path::Path) -> Result<DriveFacts> {
    let full = fstatvfs(&handle)?;
    Ok(DriveFacts {
        identity: identity_under(&handle)?,
        place: path.as_os_str().as_encoded_bytes().to_vec(),
        free_bytes: full.f_bavail.saturating_mul(full.f_frsize),
        total_bytes: full.f_blocks.saturating_mul(full.f_frsize),
        block_bytes: full.f_frsize,
    })
}

/// Gives the identity of the file system that a path lies on; empty if it has none.
pub(crate) fn file_system_identity(path: &std::path::Path) -> std::io::Result<Vec<u8>> {
    let folder = std::fs::File::open(path)?;
    Ok(identity_under(&folder)?)
}

#[cfg(target_os = "linux")]
fn identity_under(handle: impl AsFd) -> Result<Vec<u8>> {
    let magic = magic_under(&handle)?;
    if magic::NAMED_BY_DEVICE.contains(&magic) {
        let device = super::sight::see_open(&handle)?.device;
        return Ok(uuid_of(device).map_or_else(Vec::new, |uuid| [b"uuid:", &uuid[..]].concat()));
    }
    match fstatvfs(&handle)?.f_fsid {
        0 => Ok(Vec::new()),
        id => Ok(format!("fsid:{magic:x}:{id:x}").into_bytes()),
    }
}

#[cfg(not(target_os = "linux"))]
fn identity_under(_: impl AsFd) -> Result<Vec<u8>> {
    // The `f_fsid` of macOS names the device, not the volume: no identity is better than a false one.
    Ok(Vec::new())
}

/// Tells whether a file system is one of Windows, also behind FUSE, which hides the kind: what has a real block device
/// there is nearly always NTFS or exFAT. A drive for Linux that is read that way (`fuse2fs`) has one, too, and gets the
/// stricter rule for names: it escapes more than it would have to.
#[cfg(target_os = "linux")]
fn is_for_windows(magic: u64, device: u64) -> bool {
    magic::FOR_WINDOWS.contains(&magic) || magic == magic::FUSE && rustix::fs::major(device) != 0
}

#[cfg(target_os = "linux")]
fn magic_under(handle: impl AsFd) -> Result<u64> {
    let raw = rustix::fs::fstatfs(handle)?.f_type;
    // Signed on some machines, and 32 bits are what it has.
    Ok(u64::try_from(raw & 0xffff_ffff).unwrap_or(0))
}

/// Finds the UUID or serial number that udev read off a block device.
#[cfg(target_os = "linux")]
fn uuid_of(device: u64) -> Option<Vec<u8>> {
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::MetadataExt;
    let links = std::fs::read_dir("/dev/disk/by-uuid").ok()?;
    let mut own = links
        .flatten()
        .filter(|link| std::fs::metadata(link.path()).is_ok_and(|to| to.rdev() == device));
    own.next().map(|link| link.file_name().as_bytes().to_vec())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn drives_of_windows_are_known_by_their_kind() {
        let (disk, nameless) = (rustix::fs::makedev(8, 1), rustix::fs::makedev(0, 60));
        for magic in [magic::NTFS, magic::NTFS3, magic::EXFAT, magic::FAT, magic::FUSE] {
            assert!(is_for_windows(magic, disk), "{magic:x}");
        }
        // sshfs and its like have no device of their own.
        assert!(!is_for_windows(magic::FUSE, nameless));
        for magic in [magic::EXT4, magic::BTRFS, magic::TMPFS] {
            assert!(!is_for_windows(magic, disk), "{magic:x}");
        }
    }
}
