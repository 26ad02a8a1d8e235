//! Looking at one name in a folder, in one call, without following a link.
//!
//! Gives the raw numbers of the system; what is steady enough to be kept is for
//! [`super::file_system`] to say.

use offsync_core::place::Stat;
use offsync_core::ports::EntryKind;
use rustix::fd::AsFd;
use rustix::fs::{AtFlags, FileType};
use rustix::io::Result;
use rustix::path::Arg;

/// What one look shows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sight {
    /// The kind, as the file system has it.
    pub(super) kind: EntryKind,
    /// Size, times, inode, mode.
    pub(super) stat: Stat,
    /// The file system that it is on.
    pub(super) device: u64,
    /// Whether another file system, or another part of one, is mounted right there.
    pub(super) is_mount_root: bool,
    /// Who owns it.
    pub(super) owner: u32,
    /// When it came to be, in nanoseconds since 1970, if the file system says so.
    pub(super) born_ns: Option<i64>,
}

impl Sight {
    /// Tells whether two looks met the same thing.
    pub(super) fn is_same_as(&self, other: &Self) -> bool {
        self.device == other.device && self.stat.inode == other.stat.inode
    }
}

/// Looks at a name in an open folder.
pub(super) fn see(folder: impl AsFd, name: impl Arg) -> Result<Sight> {
    look_at(folder, name, AtFlags::SYMLINK_NOFOLLOW)
}

#[cfg(target_os = "linux")]
fn look_at(folder: impl AsFd, name: impl Arg, flags: AtFlags) -> Result<Sight> {
    use rustix::fs::{StatxAttributes, StatxFlags, makedev, statx};
    let wanted = StatxFlags::TYPE
        | StatxFlags::MODE
        | StatxFlags::UID
        | StatxFlags::INO
        | StatxFlags::SIZE
        | StatxFlags::MTIME
        | StatxFlags::CTIME
        | StatxFlags::BTIME;
    let seen = statx(folder, name, flags | AtFlags::NO_AUTOMOUNT, wanted)?;
    let kind = kind_of(FileType::from_raw_mode(u32::from(seen.stx_mode)));
    let stat = Stat {
        size_bytes: size_of(kind, seen.stx_size),
        mtime_ns: nanoseconds(seen.stx_mtime.tv_sec, i64::from(seen.stx_mtime.tv_nsec)),
        ctime_ns: nanoseconds(seen.stx_ctime.tv_sec, i64::from(seen.stx_ctime.tv_nsec)),
        inode: seen.stx_ino,
        mode: u32::from(seen.stx_mode) & 0o777,
    };
    Ok(Sight {
        kind,
        stat,
        device: makedev(seen.stx_dev_major, seen.stx_dev_minor),
        is_mount_root: seen.stx_attributes.contains(StatxAttributes::MOUNT_ROOT),
        owner: seen.stx_uid,
        born_ns: StatxFlags::from_bits_retain(seen.stx_mask)
            .contains(StatxFlags::BTIME)
            .then(|| nanoseconds(seen.stx_btime.tv_sec, i64::from(seen.stx_btime.tv_nsec))),
    })
}

/// Looks at what an open handle holds.
#[cfg(target_os = "linux")]
pub(super) fn see_open(handle: impl AsFd) -> Result<Sight> {
    look_at(handle, c"", AtFlags::EMPTY_PATH)
}

#[cfg(not(target_os = "linux"))]
fn look_at(folder: impl AsFd, name: impl Arg, flags: AtFlags) -> Result<Sight> {
    Ok(from_stat(&rustix::fs::statat(folder, name, flags)?))
}

/// Looks at what an open handle holds.
#[cfg(not(target_os = "linux"))]
pub(super) fn see_open(handle: impl AsFd) -> Result<Sight> {
    Ok(from_stat(&rustix::fs::fstat(handle)?))
}

#[cfg(not(target_os = "linux"))]
fn from_stat(seen: &rustix::fs::Stat) -> Sight {
    let kind = kind_of(FileType::from_raw_mode(seen.st_mode));
    let stat = Stat {
        size_bytes: size_of(kind, u64::try_from(seen.st_size).unwrap_or(0)),
        mtime_ns: nanoseconds(seen.st_mtime as i64, seen.st_mtime_nsec as i64),
        ctime_ns: nanoseconds(seen.st_ctime as i64, seen.st_ctime_nsec as i64),
        inode: seen.st_ino as u64,
        mode: u32::from(seen.st_mode) & 0o777,
    };
    Sight {
        kind,
        stat,
        device: seen.st_dev as u64,
        is_mount_root: false,
        owner: seen.st_uid,
        born_ns: born_ns(seen),
    }
}

#[cfg(target_vendor = "apple")]
fn born_ns(seen: &rustix::fs::Stat) -> Option<i64> {
    Some(nanoseconds(seen.st_birthtime, seen.st_birthtime_nsec))
}

#[cfg(not(any(target_os = "linux", target_vendor = "apple")))]
fn born_ns(_: &rustix::fs::Stat) -> Option<i64> {
    None
}

fn kind_of(file_type: FileType) -> EntryKind {
    match file_type {
        FileType::RegularFile => EntryKind::File,
        FileType::Directory => EntryKind::Folder,
        FileType::Symlink => EntryKind::Symlink,
        _ => EntryKind::Other,
    }
}

fn size_of(kind: EntryKind, size_bytes: u64) -> u64 {
    match kind {
        EntryKind::File | EntryKind::Symlink => size_bytes,
        EntryKind::Folder | EntryKind::Other => 0,
    }
}

fn nanoseconds(seconds: i64, rest: i64) -> i64 {
    seconds.saturating_mul(1_000_000_000).saturating_add(rest)
}
