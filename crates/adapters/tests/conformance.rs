//! The real world keeps the contracts that the simulated one keeps.
#![allow(missing_docs)]

use offsync_adapters::disk::RealDisk;
use offsync_adapters::index::SqliteIndex;
use offsync_adapters::mailbox::{FolderMailbox, MailboxUrl, OpendalMailbox};
use offsync_core::ids::ArchiveId;
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
