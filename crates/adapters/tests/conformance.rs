//! The real world keeps the contracts that the simulated one keeps.
#![allow(missing_docs)]

use std::fs::OpenOptions;
use std::io::Write;
use std::time::SystemTime;

use offsync_adapters::disk::RealDisk;
use offsync_adapters::index::SqliteIndex;
use offsync_adapters::mailbox::{FolderMailbox, MailboxUrl, OpendalMailbox};
use offsync_core::ids::ArchiveId;
use offsync_core::ports::Disk;
use offsync_core::rel_path::RelPath;
use offsync_testkit::conformance;

const ARCHIVE: ArchiveId = ArchiveId::new([7; 16]);

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

#[test]
fn the_real_drive_keeps_the_contract() {
    conformance::disk_in(|| {
        let top = folder();
        (RealDisk::create(top.path()).expect("a disk"), top)
    });
}

/// Elsewhere the drive's contract holds though nobody is told the time, and a file that was edited where it stood is taken for another.
#[test]
fn when_a_file_came_to_be_is_told_wherever_the_system_tells_it() {
    let top = folder();
    let disk = RealDisk::create(top.path()).expect("a disk");
    let at = |name: &str| top.path().join(name);
    let told = |name: &str| {
        let meta = at(name).metadata().expect("it is there");
        let time = meta.created().ok()?.duration_since(SystemTime::UNIX_EPOCH);
        Some(i64::try_from(time.expect("after 1970").as_nanos()).expect("before 2262"))
    };
    let born = |name: &str| {
        let path = RelPath::new(name).expect("a good path");
        let seen = disk.look(&path).expect("can be read").expect("is there");
        assert_eq!(seen.born_ns, told(name), "what the system tells");
        seen.born_ns
    };
    std::fs::write(at("a"), "1").expect("written");
    let first = born("a");
    if first.is_none() {
        eprintln!("skipped: this file system does not tell when a file came to be");
        return;
    }
    let mut file = OpenOptions::new().append(true).open(at("a")).expect("opened");
    file.write_all(b"2").expect("written");
    assert_eq!(born("a"), first, "an edit in place leaves it");
    std::fs::rename(at("a"), at("b")).expect("moved");
    assert_eq!(born("b"), first, "a move leaves it");
    // Clocks of file systems tick some hundred times a second.
    for _ in 0..100_000 {
        std::fs::write(at("a"), "3").expect("written");
        if born("a") > first {
            return;
        }
        std::fs::remove_file(at("a")).expect("removed");
    }
    panic!("a new file under a freed name came to be later");
}

/// Tries another file system: `OFFSYNC_TRY_ON=/mnt/stick cargo test -p offsync-adapters -- --ignored drive_at_hand`.
#[test]
#[ignore = "needs a drive"]
fn the_drive_at_hand_keeps_the_contract() {
    let at = std::env::var_os("OFFSYNC_TRY_ON").expect("OFFSYNC_TRY_ON names a folder on the drive");
    let folder = || tempfile::tempdir_in(&at).expect("a folder");
    conformance::disk_in(|| {
        let top = folder();
        (RealDisk::create(top.path()).expect("a disk"), top)
    });
    let make = || {
        let top = folder();
        (
            SqliteIndex::create(&top.path().join("index.sqlite")).expect("an index"),
            top,
        )
    };
    conformance::index_store_in(make, 1);
    conformance::mailbox_in(|| {
        let base = folder();
        (FolderMailbox::create(base.path(), &ARCHIVE).expect("a mailbox"), base)
    });
}

#[test]
fn the_index_keeps_the_contract() {
    let make = || {
        let top = folder();
        (
            SqliteIndex::create(&top.path().join("index.sqlite")).expect("an index"),
            top,
        )
    };
    conformance::index_store_in(make, 16);
    let top = folder();
    let at = top.path().join("index.sqlite");
    drop(SqliteIndex::create(&at).expect("an index"));
    conformance::index_store_reopened(|| SqliteIndex::open(&at).expect("the index"));
}

#[test]
fn a_mailbox_in_a_folder_keeps_the_contract() {
    conformance::mailbox_in(|| {
        let base = folder();
        (FolderMailbox::create(base.path(), &ARCHIVE).expect("a mailbox"), base)
    });
}

#[test]
fn a_mailbox_of_opendal_keeps_the_contract() {
    conformance::mailbox(|| OpendalMailbox::open(&MailboxUrl::Memory, &ARCHIVE).expect("a mailbox"));
    conformance::mailbox_in(|| {
        let base = folder();
        let url = MailboxUrl::for_folder(base.path()).expect("from the root on");
        (OpendalMailbox::open(&url, &ARCHIVE).expect("a mailbox"), base)
    });
}
