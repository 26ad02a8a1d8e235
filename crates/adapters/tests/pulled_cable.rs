//! A drive whose cable is pulled is gone: for the disk, the index and a mailbox on it; nothing hangs, nothing panics.
//!
//! Shuts an ext4 image down under its mount, which needs root and a loop device; without them nothing is tried.
#![cfg(target_os = "linux")]
#![allow(missing_docs, clippy::unwrap_used)]

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use offsync_adapters::disk::RealDisk;
use offsync_adapters::index::SqliteIndex;
use offsync_adapters::mailbox::FolderMailbox;
use offsync_core::entry::Meta;
use offsync_core::ids::ArchiveId;
use offsync_core::ports::{
    Disk, DiskErrorKind, IndexErrorKind, IndexStore, IndexWrite, Mailbox, MailboxErrorKind, StagedName,
};
use offsync_core::rel_path::RelPath;
use tempfile::TempDir;

const SHUT_DOWN: &str =
    "import fcntl, os, struct, sys; fcntl.ioctl(os.open(sys.argv[1], 0), 0x8004587d, struct.pack('I', 2))";

struct Drive {
    _top: TempDir,
    mounted: PathBuf,
}

impl Drive {
    fn new() -> Option<Self> {
        let top = tempfile::tempdir().ok()?;
        let (image, mounted) = (top.path().join("image"), top.path().join("mounted"));
        std::fs::File::create(&image).ok()?.set_len(32 << 20).ok()?;
        std::fs::create_dir(&mounted).ok()?;
        let is_ready = quietly(Command::new("mkfs.ext4").arg("-q").arg(&image))
            && quietly(Command::new("mount").args(["-o", "loop"]).args([&image, &mounted]));
        is_ready.then_some(Self { _top: top, mounted })
    }

    fn pull(&self) -> bool {
        quietly(Command::new("python3").args(["-c", SHUT_DOWN]).arg(&self.mounted))
    }
}

impl Drop for Drive {
    fn drop(&mut self) {
        quietly(Command::new("umount").arg(&self.mounted));
    }
}

fn quietly(command: &mut Command) -> bool {
    let run = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    run.is_ok_and(|status| status.success())
}

#[test]
fn everything_on_a_pulled_drive_is_gone() {
    let Some(drive) = Drive::new() else { return };
    let disk = RealDisk::create(&drive.mounted).unwrap();
    let mut index = SqliteIndex::create(&drive.mounted.join(".offsync/index.sqlite")).unwrap();
    let archive = ArchiveId::new([7; 16]);
    let mailbox = FolderMailbox::create(&drive.mounted, &archive).unwrap();
    let mut file = disk.stage(&StagedName("s".to_owned()), 0).unwrap();
    file.write_all(b"on its way").unwrap();
    disk.flush().unwrap();
    if !drive.pull() {
        return;
    }

    // Closing may be silent: the flush, which the engine asks before any name appears, tells.
    let _ = file.finish();
    let path = RelPath::new("new").unwrap();
    assert_eq!(disk.make_folder(&path, 0o755).unwrap_err().kind(), DiskErrorKind::Gone);
    assert_eq!(
        disk.stage(&StagedName("t".to_owned()), 0)
            .err()
            .map(|error| error.kind()),
        Some(DiskErrorKind::Gone)
    );
    let published = disk.publish(&StagedName("s".to_owned()), &path, &Meta::default());
    assert_eq!(published.unwrap_err().kind(), DiskErrorKind::Gone);
    assert_eq!(disk.write_marker(b"x").unwrap_err().kind(), DiskErrorKind::Gone);
    assert_eq!(disk.flush().err().map(|error| error.kind()), Some(DiskErrorKind::Gone));
    let committed = index.commit(vec![IndexWrite::Note("n".to_owned(), Some(vec![1]))]);
    assert_eq!(committed.unwrap_err().kind(), IndexErrorKind::Gone);
    assert_eq!(mailbox.put("head.a", b"x").unwrap_err().kind(), MailboxErrorKind::Away);
    assert_eq!(
        mailbox.get("head.a").err().map(|error| error.kind()),
        None,
        "what is cached may still answer"
    );
}
