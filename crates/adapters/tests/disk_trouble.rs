//! The real drive in trouble: full, locked, mounted over, not to be read.
#![cfg(target_os = "linux")]
#![allow(missing_docs, clippy::unwrap_used)]

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use offsync_adapters::disk::RealDisk;
use offsync_core::ports::{Disk, DiskErrorKind, EntryKind, StagedName};
use offsync_core::rel_path::RelPath;
use tempfile::TempDir;

fn path(text: impl AsRef<[u8]>) -> RelPath {
    RelPath::new(text).expect("a good path")
}

fn fresh() -> (TempDir, RealDisk) {
    let top = tempfile::tempdir().expect("a folder");
    let disk = RealDisk::create(top.path()).expect("a disk");
    (top, disk)
}

fn staged(name: &str) -> StagedName {
    StagedName(name.to_owned())
}

fn kind<T>(result: Result<T, offsync_core::ports::DiskError>) -> Option<DiskErrorKind> {
    result.err().map(|error| error.kind())
}

/// Mounts a small file system of the test's own, where that is allowed.
struct Mounted(TempDir);

impl Mounted {
    fn tmpfs(options: &str) -> Option<Self> {
        let top = tempfile::tempdir().ok()?;
        let mut run = std::process::Command::new("mount");
        run.args(["-t", "tmpfs", "-o", options, "tmpfs"])
            .arg(top.path())
            .stderr(std::process::Stdio::null());
        let mounted = run.status().is_ok_and(|status| status.success());
        mounted.then_some(Self(top))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn again(&self, options: &str) {
        let mut run = std::process::Command::new("mount");
        assert!(run.args(["-o", options]).arg(self.path()).status().unwrap().success());
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount")
            .arg("-l")
            .arg(self.0.path())
            .status();
    }
}

#[test]
fn a_full_and_a_locked_drive_are_told_apart() {
    let Some(mounted) = Mounted::tmpfs("size=1m") else {
        return;
    };
    let disk = RealDisk::create(mounted.path()).unwrap();
    let mut file = disk.stage(&staged("s"), 0).unwrap();
    let full = file.write_all(&vec![1; 2 << 20]).unwrap_err();
    assert_eq!(full.kind(), std::io::ErrorKind::StorageFull);
    drop(file);
    mounted.again("remount,ro");
    assert_eq!(kind(disk.stage(&staged("s"), 0)), Some(DiskErrorKind::ReadOnly));
    assert_eq!(kind(disk.make_folder(&path("a"), 0o755)), Some(DiskErrorKind::ReadOnly));
    assert_eq!(kind(disk.write_marker(b"x")), Some(DiskErrorKind::ReadOnly));
    assert_eq!(kind(disk.list(&RelPath::root())), None);
}

#[test]
fn what_is_mounted_inside_is_named_and_not_entered() {
    let (top, disk) = fresh();
    let Some(mounted) = Mounted::tmpfs("size=1m") else {
        return;
    };
    fs::create_dir(top.path().join("inside")).unwrap();
    let bound = |from: &Path, to: &Path| {
        std::process::Command::new("mount")
            .arg("--bind")
            .args([from, to])
            .status()
            .unwrap()
            .success()
    };
    assert!(bound(mounted.path(), &top.path().join("inside")));
    let listed = disk.list(&RelPath::root()).unwrap();
    let entered = kind(disk.list(&path("inside")));
    let made = kind(disk.make_folder(&path("inside/x"), 0o755));
    let _ = std::process::Command::new("umount")
        .arg(top.path().join("inside"))
        .status();
    assert_eq!(listed[0].kind, EntryKind::Other);
    assert_eq!(
        (entered, made),
        (Some(DiskErrorKind::NotAFolder), Some(DiskErrorKind::NotAFolder))
    );
}

#[test]
fn an_unreadable_folder_is_an_error_and_not_empty() {
    if rustix::process::geteuid().is_root() {
        return;
    }
    let (top, disk) = fresh();
    fs::create_dir(top.path().join("shut")).unwrap();
    fs::set_permissions(top.path().join("shut"), fs::Permissions::from_mode(0o000)).unwrap();
    let listed = kind(disk.list(&path("shut")));
    fs::set_permissions(top.path().join("shut"), fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(listed, Some(DiskErrorKind::Denied));
}
