//! Times and permissions, set without following a link, as far as the file system has them.
//!
//! Guarantees that a file system without permissions (FAT) is no error; never sets the
//! time of a folder or anything of a link.

use offsync_core::entry::Meta;
use offsync_core::ports::EntryKind;
use rustix::fd::OwnedFd;
use rustix::fs::{
    AtFlags, Mode, OFlags, Stat, Timespec, Timestamps, fchmod, fstat, futimens, openat, statat, utimensat,
};
use rustix::io::{Errno, Result};

use super::sight::{Sight, see};

/// Sets the mode and times of an open, fresh file of our own.
pub(super) fn dress(file: &OwnedFd, meta: &Meta) -> Result<()> {
    if let Some(mode) = mode_of(meta) {
        forgive_unable(fchmod(file, mode))?;
    }
    let read_at = fstat(file)?;
    forgive_unable(futimens(file, &times_of(meta, &read_at)))
}

/// Sets the mode of a file or folder and the times of a file; a link is left alone.
pub(super) fn set(folder: &OwnedFd, name: &[u8], seen: &Sight, meta: &Meta) -> Result<()> {
    if !matches!(seen.kind, EntryKind::File | EntryKind::Folder) {
        return Ok(());
    }
    if mode_of(meta).is_some() && seen.stat.mode != meta.mode & 0o777 {
        forgive(set_mode(folder, name, meta), seen)?;
    }
    if seen.kind == EntryKind::File && seen.stat.mtime_ns != meta.mtime_ns {
        let before = statat(folder, name, AtFlags::SYMLINK_NOFOLLOW)?;
        let done = utimensat(folder, name, &times_of(meta, &before), AtFlags::SYMLINK_NOFOLLOW);
        forgive(done, seen)?;
    }
    Ok(())
}

/// Sets the mode of a fresh folder, which the process's mask may have narrowed.
pub(super) fn widen(folder: &OwnedFd, name: &[u8], mode: u32) -> Result<()> {
    let meta = Meta { mode, mtime_ns: 0 };
    set(folder, name, &see(folder, name)?, &meta)
}

/// Gives the permission bits; none given (as drives without permissions do) means "leave what the system gave".
pub(super) fn mode_of(meta: &Meta) -> Option<Mode> {
    match meta.mode & 0o777 {
        0 => None,
        bits => Some(Mode::from_bits_truncate(bits as _)),
    }
}

fn set_mode(folder: &OwnedFd, name: &[u8], meta: &Meta) -> Result<()> {
    let Some(mode) = mode_of(meta) else { return Ok(()) };
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    match openat(folder, name, flags, Mode::empty()) {
        Ok(file) => fchmod(&file, mode),
        #[cfg(target_os = "linux")]
        Err(Errno::ACCESS) => set_mode_unread(folder, name, mode),
        Err(errno) => Err(errno),
    }
}

/// Sets the mode of what we own and may not read: by a handle that pins it, so that no link slips in between.
#[cfg(target_os = "linux")]
fn set_mode_unread(folder: &OwnedFd, name: &[u8], mode: Mode) -> Result<()> {
    use rustix::fd::{AsFd, AsRawFd};
    let pinned = openat(
        folder,
        name,
        OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC,
        Mode::empty(),
    )?;
    if super::sight::see_open(&pinned)?.kind == EntryKind::Symlink {
        return Err(Errno::LOOP);
    }
    rustix::fs::chmod(format!("/proc/self/fd/{}", pinned.as_fd().as_raw_fd()), mode)
}

/// Gives both times: FUSE drives (exFAT among them) drop the one that is set without the other.
fn times_of(meta: &Meta, before: &Stat) -> Timestamps {
    let last_access = Timespec {
        tv_sec: before.st_atime as _,
        tv_nsec: before.st_atime_nsec as _,
    };
    Timestamps {
        last_access,
        last_modification: timespec(meta.mtime_ns),
    }
}

fn timespec(nanoseconds: i64) -> Timespec {
    Timespec {
        tv_sec: nanoseconds.div_euclid(1_000_000_000),
        tv_nsec: nanoseconds.rem_euclid(1_000_000_000) as _,
    }
}

/// Takes "not possible" on what we own as a word of the file system about itself.
fn forgive(done: Result<()>, seen: &Sight) -> Result<()> {
    let me = rustix::process::geteuid();
    match done {
        Err(Errno::PERM) if !me.is_root() && me.as_raw() != seen.owner => Err(Errno::PERM),
        done => forgive_unable(done),
    }
}

fn forgive_unable(done: Result<()>) -> Result<()> {
    match done {
        Err(Errno::PERM | Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL) => Ok(()),
        done => done,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_before_1970_are_kept() {
        let time = timespec(-1);
        assert_eq!((time.tv_sec, time.tv_nsec), (-1, 999_999_999));
    }

    #[test]
    fn no_mode_at_all_means_the_usual_one() {
        assert_eq!(mode_of(&Meta::default()), None);
        assert_eq!(
            mode_of(&Meta {
                mode: 0o4755,
                mtime_ns: 0
            }),
            Some(Mode::from_bits_truncate(0o755))
        );
    }
}
