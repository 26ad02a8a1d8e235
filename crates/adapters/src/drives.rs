//! The drives that are mounted now.
//!
//! Only reads what the kernel says; never mounts, never guesses what a drive is for: that
//! is told by the marker file on it.

use std::path::PathBuf;

/// A mounted file system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// Where it is mounted.
    pub point: PathBuf,
    /// What is mounted, as the kernel names it: `/dev/sdb1`.
    pub source: String,
    /// The type of the file system.
    pub file_system: String,
    /// Whether the kernel takes the drive for removable; USB disks often say no.
    pub is_removable: bool,
}

/// Lists what is mounted from a block device or by FUSE; empty where the system does not tell.
#[cfg(target_os = "linux")]
pub fn list_mounts() -> Vec<Mount> {
    let table = std::fs::read("/proc/self/mountinfo").unwrap_or_default();
    table.split(|b| *b == b'\n').filter_map(parse).collect()
}

/// Lists what is mounted; empty where the system does not tell.
#[cfg(not(target_os = "linux"))]
pub fn list_mounts() -> Vec<Mount> {
    Vec::new()
}

#[cfg(target_os = "linux")]
fn parse(line: &[u8]) -> Option<Mount> {
    use std::os::unix::ffi::OsStringExt;
    let mut fields = line.split(|b| *b == b' ');
    let device = fields.nth(2)?;
    let point = unescape(fields.nth(1)?);
    let mut behind = fields.skip_while(|field| *field != b"-").skip(1);
    let file_system = String::from_utf8_lossy(behind.next()?).into_owned();
    let source = String::from_utf8_lossy(&unescape(behind.next()?)).into_owned();
    if !source.starts_with("/dev/") && !file_system.starts_with("fuse") {
        return None;
    }
    let is_removable = is_removable(std::str::from_utf8(device).ok()?);
    Some(Mount {
        point: std::ffi::OsString::from_vec(point).into(),
        source,
        file_system,
        is_removable,
    })
}

/// A partition's folder in sysfs lies in that of its disk, which alone says whether it can be removed.
#[cfg(target_os = "linux")]
fn is_removable(device: &str) -> bool {
    let Ok(folder) = std::fs::canonicalize(format!("/sys/dev/block/{device}")) else {
        return false;
    };
    let says_so =
        |folder: &std::path::Path| std::fs::read(folder.join("removable")).is_ok_and(|flag| flag.starts_with(b"1"));
    folder.ancestors().take(2).any(says_so)
}

/// Undoes the kernel's `\040` for a blank.
#[cfg(target_os = "linux")]
fn unescape(field: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((&first, tail)) = rest.split_first() {
        let octal = tail
            .get(..3)
            .filter(|_| first == b'\\')
            .and_then(|three| std::str::from_utf8(three).ok());
        match octal.and_then(|three| u8::from_str_radix(three, 8).ok()) {
            Some(byte) => {
                plain.push(byte);
                rest = &tail[3..];
            }
            None => {
                plain.push(first);
                rest = tail;
            }
        }
    }
    plain
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_mount_table_is_read() {
        let line = b"36 35 98:0 / /media/Pep\\040s\\134drive rw,noatime shared:1 - ext4 /dev/sdz9 rw";
        let mount = parse(line).expect("a mount");
        assert_eq!(mount.point, PathBuf::from("/media/Pep s\\drive"));
        assert_eq!(
            (mount.source.as_str(), mount.file_system.as_str()),
            ("/dev/sdz9", "ext4")
        );
    }

    #[test]
    fn what_is_no_drive_is_left_out() {
        assert_eq!(parse(b"22 1 0:20 / /proc rw - proc proc rw"), None);
        assert_eq!(parse(b""), None);
    }
}
