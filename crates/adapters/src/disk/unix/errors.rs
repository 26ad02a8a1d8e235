//! What the system's error numbers mean to the engine.
//!
//! Never loses the path, and never the system's own words.

use offsync_core::ports::{DiskError, DiskErrorKind};
use offsync_core::rel_path::RelPath;
use rustix::io::Errno;

/// Makes an error from what was being done, to what, and how it failed.
pub(super) fn failed(doing: &str, path: &RelPath, errno: Errno) -> DiskError {
    DiskError::new(kind_of(errno), path.clone(), words(doing, errno))
}

/// The same where a new name was to be made: then the file system's "invalid" is about that name.
pub(super) fn failed_to_name(doing: &str, path: &RelPath, errno: Errno) -> DiskError {
    let kind = match errno {
        Errno::INVAL | Errno::OPNOTSUPP | Errno::NOSYS | Errno::MLINK => DiskErrorKind::Unstorable,
        _ => kind_of(errno),
    };
    DiskError::new(kind, path.clone(), words(doing, errno))
}

fn words(doing: &str, errno: Errno) -> String {
    format!("cannot {doing}: {}", std::io::Error::from(errno))
}

fn kind_of(errno: Errno) -> DiskErrorKind {
    match errno {
        Errno::NOSPC | Errno::DQUOT => DiskErrorKind::Full,
        Errno::ROFS => DiskErrorKind::ReadOnly,
        Errno::ACCESS | Errno::PERM => DiskErrorKind::Denied,
        Errno::NOENT => DiskErrorKind::NotFound,
        Errno::EXIST => DiskErrorKind::Exists,
        Errno::NOTEMPTY => DiskErrorKind::NotEmpty,
        // XDEV: another file system is mounted there, and that is never entered.
        Errno::LOOP | Errno::NOTDIR | Errno::XDEV => DiskErrorKind::NotAFolder,
        Errno::IO | Errno::NODEV | Errno::NXIO | Errno::NOTCONN | Errno::STALE => DiskErrorKind::Gone,
        #[cfg(target_os = "linux")]
        Errno::SHUTDOWN | Errno::NOMEDIUM | Errno::UCLEAN => DiskErrorKind::Gone,
        Errno::NAMETOOLONG | Errno::ILSEQ | Errno::FBIG => DiskErrorKind::Unstorable,
        _ => DiskErrorKind::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_number_that_matters_has_its_kind() {
        let path = RelPath::new("a").expect("valid");
        let pairs = [
            (Errno::NOSPC, DiskErrorKind::Full),
            (Errno::DQUOT, DiskErrorKind::Full),
            (Errno::ROFS, DiskErrorKind::ReadOnly),
            (Errno::ACCESS, DiskErrorKind::Denied),
            (Errno::NOENT, DiskErrorKind::NotFound),
            (Errno::EXIST, DiskErrorKind::Exists),
            (Errno::NOTEMPTY, DiskErrorKind::NotEmpty),
            (Errno::LOOP, DiskErrorKind::NotAFolder),
            (Errno::XDEV, DiskErrorKind::NotAFolder),
            (Errno::IO, DiskErrorKind::Gone),
            (Errno::NOTCONN, DiskErrorKind::Gone),
            (Errno::STALE, DiskErrorKind::Gone),
            (Errno::NAMETOOLONG, DiskErrorKind::Unstorable),
            (Errno::FBIG, DiskErrorKind::Unstorable),
            (Errno::INVAL, DiskErrorKind::Other),
        ];
        for (errno, kind) in pairs {
            assert_eq!(failed("try", &path, errno).kind(), kind, "{errno:?}");
        }
        assert_eq!(
            failed_to_name("try", &path, Errno::INVAL).kind(),
            DiskErrorKind::Unstorable
        );
    }
}
