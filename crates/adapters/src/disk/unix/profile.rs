//! What a drive can hold, found out by trying in Offsync's own folder.
//!
//! Small, cheap, and cleaned up: a few empty files, for the blink of an eye. What was found is kept in
//! that folder together with the drive that it was found on, so that it is tried once for a drive. A
//! drive that cannot be written now is judged by what trying would need no writing for.

use offsync_core::drive_profile::{DriveProfile, NameRule};
use offsync_core::limits::NAME_BYTES_MAX;
use offsync_core::ports::{Disk, DiskError};
use rustix::fd::OwnedFd;
use rustix::fs::{
    AtFlags, Mode, OFlags, SeekFrom, Timespec, Timestamps, fchmod, fstatvfs, futimens, openat, seek, symlinkat,
    unlinkat,
};
use rustix::io::{Errno, Result, retry_on_intr};
use serde::{Deserialize, Serialize};

use super::RealDisk;
use super::own_file::OwnFile;
use super::root_folder::Purpose;
use super::sight::{see, see_open};
use crate::disk::names::{PROFILE, PROFILE_NEW, private};

/// The version of what is kept.
const FORMAT: u8 = 1;
/// Largest file that is read for it; a real one has less than a hundred bytes.
const PROFILE_BYTES_MAX: usize = 4 << 10;
/// The file that is tried on, and a link to it.
const TRIED: &str = "try";
const TRIED_LINK: &str = "try-link";
/// Names that only some drives take; all would be escaped.
const BANNED_NAMES: [&[u8]; 3] = [b"try:", b"try?", b"try\xff"];
/// The same name in another case, and two normal forms of one.
const SHOUTED: &str = "TRY";
const COMPOSED: &str = "try-\u{e9}";
const DECOMPOSED: &str = "try-e\u{301}";
/// A time that shows by how it is kept in which steps a drive counts: an odd second, and no two digits alike.
const TRIED_TIME: (i64, i64) = (1_700_000_001, 123_456_789);
const SECOND_NS: i64 = 1_000_000_000;

/// A profile, and which drive it is of.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    format: u8,
    identity: Vec<u8>,
    total_bytes: u64,
    profile: DriveProfile,
}

impl RealDisk {
    /// Gives what is kept of this drive; finds it out first if that is of another one, or nothing.
    pub(super) fn find_profile(&self) -> std::result::Result<DriveProfile, DiskError> {
        let facts = self.facts()?;
        let Ok(own) = self
            .root
            .folder(&private(PROFILE).parent().expect("it lies in a folder"), Purpose::Pass)
        else {
            return Ok(self.guess_profile());
        };
        let is_of_this = |kept: &Kept| kept.identity == facts.identity && kept.total_bytes == facts.total_bytes;
        let kept = read_kept(&own);
        if let Some(kept) = kept.as_ref().filter(|kept| is_of_this(kept)) {
            return Ok(DriveProfile {
                names: self.names_at_least(kept.profile.names),
                ..kept.profile
            });
        }
        let before = kept.map(|kept| kept.profile.names);
        let tried = self.try_out(&own);
        clean_up(&own);
        let Ok(profile) = tried else {
            return Ok(self.guess_profile());
        };
        let profile = DriveProfile {
            names: self.names_at_least(before.map_or(profile.names, |before| sticky(before, profile.names))),
            ..profile
        };
        let kept = Kept {
            format: FORMAT,
            identity: facts.identity,
            total_bytes: facts.total_bytes,
            profile,
        };
        // What cannot be kept is found out again.
        let _ = self.write_kept(&kept);
        Ok(profile)
    }

    fn write_kept(&self, kept: &Kept) -> Result<()> {
        let file = OwnFile {
            name: PROFILE,
            new: PROFILE_NEW,
        };
        self.replace_own(file, kept)
    }

    fn try_out(&self, own: &OwnedFd) -> Result<DriveProfile> {
        clean_up(own);
        let file = make(own, TRIED.as_bytes())?;
        let mut takes_all = true;
        for name in BANNED_NAMES {
            takes_all &= takes(own, name)?;
        }
        Ok(DriveProfile {
            names: if takes_all { NameRule::Any } else { NameRule::Windows },
            folds_case: see(own, SHOUTED).is_ok(),
            folds_form: makes(make(own, COMPOSED.as_bytes()))? && see(own, DECOMPOSED).is_ok(),
            has_links: makes(symlinkat(TRIED, own, TRIED_LINK))?,
            has_modes: keeps_mode(&file, 0o640)? && keeps_mode(&file, 0o600)?,
            time_step_ns: time_step_ns(&file)?,
            ..self.unwritten_profile(Some(&file))
        })
    }

    /// Judges by what can be asked without writing.
    fn guess_profile(&self) -> DriveProfile {
        let is_foreign = self.file_system.trims_names;
        let names = if is_foreign { NameRule::Windows } else { NameRule::Any };
        DriveProfile {
            names: self.names_at_least(names),
            folds_case: self.folds_names(),
            has_links: !is_foreign,
            has_modes: !is_foreign,
            ..self.unwritten_profile(None)
        }
    }

    /// Gives the rule for names, or the stricter one of Windows on a drive that is made for it.
    ///
    /// Linux takes all names on NTFS, Windows does not, and what is escaped there must be read as such here. So the rule
    /// must not hang on what was tried where, nor on a note that may be lost. The other way round nothing is lost: a
    /// name that stands there unescaped is read as it is.
    fn names_at_least(&self, names: NameRule) -> NameRule {
        match self.file_system.is_for_windows {
            true => NameRule::Windows,
            false => names,
        }
    }

    /// Gives the longest name that the drive takes.
    pub(super) fn name_bytes_max(&self) -> usize {
        match fstatvfs(self.root.handle()).map_or(0, |found| found.f_namemax) {
            0 => NAME_BYTES_MAX,
            longest => usize::try_from(longest).map_or(NAME_BYTES_MAX, |longest| longest.min(NAME_BYTES_MAX)),
        }
    }

    fn unwritten_profile(&self, file: Option<&OwnedFd>) -> DriveProfile {
        let all = DriveProfile::default();
        // The kernel knows how far a file may reach, and says so before anything is written.
        let is_small = file.is_some_and(|file| seek(file, SeekFrom::Start(1 << 32)).is_err());
        DriveProfile {
            name_bytes_max: self.name_bytes_max() as u64,
            file_bytes_max: if is_small {
                u64::from(u32::MAX)
            } else {
                all.file_bytes_max
            },
            ..all
        }
    }
}

/// A copy that was carried here from a drive for Windows brought its escaped names: they go on standing for the true ones.
fn sticky(before: NameRule, now: NameRule) -> NameRule {
    match (before, now) {
        (NameRule::Any, NameRule::Any) => NameRule::Any,
        _ => NameRule::Windows,
    }
}

fn make(own: &OwnedFd, name: &[u8]) -> Result<OwnedFd> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    retry_on_intr(|| openat(own, name, flags, Mode::from_bits_truncate(0o600)))
}

/// Tells whether a name can be made, and is then there as it was given.
fn takes(own: &OwnedFd, name: &[u8]) -> Result<bool> {
    Ok(makes(make(own, name))? && see(own, name).is_ok())
}

/// Tells a drive that refuses such a thing from one that takes nothing now.
fn makes<T>(done: Result<T>) -> Result<bool> {
    match done {
        Ok(_) => Ok(true),
        Err(errno @ (Errno::NOSPC | Errno::DQUOT | Errno::ROFS | Errno::IO | Errno::NODEV | Errno::NOTCONN)) => {
            Err(errno)
        }
        Err(_) => Ok(false),
    }
}

fn keeps_mode(file: &OwnedFd, mode: u32) -> Result<bool> {
    let is_set = makes(fchmod(file, Mode::from_bits_truncate(mode as _)))?;
    Ok(is_set && see_open(file)?.stat.mode == mode)
}

/// Finds in which steps times are kept; one that keeps none at all is taken for the coarsest.
fn time_step_ns(file: &OwnedFd) -> Result<u64> {
    let (tv_sec, tv_nsec) = TRIED_TIME;
    let time = Timespec {
        tv_sec: tv_sec as _,
        tv_nsec: tv_nsec as _,
    };
    let times = Timestamps {
        last_access: time,
        last_modification: time,
    };
    makes(futimens(file, &times))?;
    let kept_ns = see_open(file)?.stat.mtime_ns;
    if kept_ns.div_euclid(SECOND_NS) != tv_sec {
        return Ok(2_000_000_000);
    }
    let steps = [1_000_000_000, 10_000_000, 1_000_000, 1_000, 100];
    let is_step = |step: &u64| kept_ns.rem_euclid(SECOND_NS).unsigned_abs().is_multiple_of(*step);
    Ok(steps.into_iter().find(is_step).unwrap_or(1))
}

fn clean_up(own: &OwnedFd) {
    let plain = [TRIED, TRIED_LINK, COMPOSED].map(str::as_bytes);
    for name in plain.into_iter().chain(BANNED_NAMES) {
        // What is not there need not go.
        let _ = unlinkat(own, name, AtFlags::empty());
    }
}

fn read_kept(own: &OwnedFd) -> Option<Kept> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = openat(own, PROFILE, flags, Mode::empty()).ok()?;
    let mut bytes = vec![0; PROFILE_BYTES_MAX];
    let read = retry_on_intr(|| rustix::io::read(&file, &mut bytes[..])).ok()?;
    let kept: Kept = postcard::from_bytes(&bytes[..read]).ok()?;
    (kept.format == FORMAT).then_some(kept)
}

#[cfg(test)]
mod tests {
    use super::*;
    use offsync_core::escaped_disk::EscapedDisk;
    use std::path::Path;

    fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).expect("it can be listed");
        let mut names: Vec<String> = entries
            .map(|entry| {
                entry
                    .expect("it can be listed")
                    .file_name()
                    .to_string_lossy()
                    .into_owned()
            })
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_drive_is_tried_once_and_left_clean() {
        let base = tempfile::tempdir().expect("a folder");
        let own = base.path().join(".offsync");
        let unknown = RealDisk::open(base.path())
            .expect("it is there")
            .profile()
            .expect("guessed");
        assert!(
            names(base.path()).is_empty(),
            "nothing is tried where nothing of ours is"
        );
        let found = RealDisk::create(base.path()).expect("made").profile().expect("tried");
        assert_eq!(names(&own), ["drive", "staging", "trash"]);
        assert!(
            found.has_links && found.has_modes && found.file_bytes_max > 1 << 40,
            "{found:?}"
        );
        assert_eq!((found.names, unknown.names), (NameRule::Any, NameRule::Any));
        let written = std::fs::metadata(own.join("drive"))
            .and_then(|meta| meta.modified())
            .expect("kept");
        assert_eq!(
            RealDisk::open(base.path()).expect("opened").profile().expect("kept"),
            found
        );
        let again = std::fs::metadata(own.join("drive"))
            .and_then(|meta| meta.modified())
            .expect("kept");
        assert_eq!(again, written, "what is known is not tried again");
    }

    #[test]
    fn another_drive_is_tried_anew_and_reads_the_escapes_that_it_got() {
        let base = tempfile::tempdir().expect("a folder");
        let kept = Kept {
            format: FORMAT,
            identity: b"some other drive".to_vec(),
            total_bytes: 1,
            profile: DriveProfile {
                names: NameRule::Windows,
                has_links: false,
                ..DriveProfile::default()
            },
        };
        let disk = RealDisk::create(base.path()).expect("made");
        disk.write_kept(&kept).expect("kept");
        let found = disk.profile().expect("tried");
        assert!(found.has_links && found.names == NameRule::Windows, "{found:?}");
    }

    #[test]
    fn a_drive_of_windows_keeps_its_rule_for_names_whatever_was_tried_and_noted() {
        let base = tempfile::tempdir().expect("a folder");
        let note = base.path().join(".offsync/drive");
        // Linux takes all names here, as it does on NTFS.
        let open = || {
            let mut disk = RealDisk::create(base.path()).expect("made");
            disk.file_system.is_for_windows = true;
            EscapedDisk::over(disk)
        };
        let plain = RealDisk::create(base.path()).expect("made");
        assert_eq!(plain.profile().expect("tried").names, NameRule::Any);
        std::fs::write(base.path().join("a\u{f03a}b"), "escaped by Windows").expect("written");
        std::fs::write(base.path().join("c:d"), "put there by Linux").expect("written");
        for _ in ["the note says that it takes all", "the note is lost"] {
            let disk = open();
            assert_eq!(disk.profile().expect("known").names, NameRule::Windows);
            let names: Vec<_> = disk
                .list(&offsync_core::rel_path::RelPath::root())
                .expect("listed")
                .into_iter()
                .map(|entry| String::from_utf8(entry.name).expect("text"))
                .collect();
            assert_eq!(names, ["a:b", "c:d"]);
            let _ = std::fs::remove_file(&note);
        }
    }

    #[test]
    fn what_is_kept_may_be_damaged() {
        let base = tempfile::tempdir().expect("a folder");
        let whole = RealDisk::create(base.path()).expect("made").profile().expect("tried");
        let kept = std::fs::read(base.path().join(".offsync/drive")).expect("kept");
        for bytes in [&kept[..0], &kept[..3], &[0xff; 40][..]] {
            std::fs::write(base.path().join(".offsync/drive"), bytes).expect("damaged");
            assert_eq!(
                RealDisk::open(base.path()).expect("opened").profile().expect("tried"),
                whole
            );
        }
    }
}
