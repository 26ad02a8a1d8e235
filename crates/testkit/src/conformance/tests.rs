//! The fakes keep the contracts that the real adapters are held to, and a broken one is found out.

use offsync_core::escaped_disk::EscapedDisk;
use offsync_core::ports::{Mailbox, MailboxError, ObjectInfo};

use crate::disk::{DiskOptions, InodeNumbers, SimDisk};
use crate::{MailboxOptions, SimIndex, SimMailbox, SimTime, Stepper};

#[test]
fn every_simulated_drive_keeps_the_contract() {
    let no_inodes = DiskOptions {
        inodes: InodeNumbers::Absent,
        ..DiskOptions::ext4()
    };
    for options in [
        DiskOptions::ext4(),
        DiskOptions::fat(),
        DiskOptions::exfat(),
        DiskOptions::apfs(),
        no_inodes,
    ] {
        super::disk(|| SimDisk::new(options.clone(), SimTime::new().clock(0)));
        super::disk(|| EscapedDisk::over(SimDisk::new(options.clone(), SimTime::new().clock(0))));
    }
}

#[test]
fn the_simulated_index_keeps_the_contract() {
    super::index_store(SimIndex::new);
    let kept = SimIndex::new();
    super::index_store_reopened(|| kept.clone());
}

#[test]
fn the_simulated_mailbox_keeps_the_contract() {
    super::mailbox(|| SimMailbox::new(MailboxOptions::default(), 0).handle("a"));
}

#[test]
fn a_gate_changes_no_contract() {
    let stepper = Stepper::new("a");
    super::disk(|| stepper.disk(SimDisk::new(DiskOptions::ext4(), SimTime::new().clock(0))));
    super::index_store_in(|| (stepper.index(SimIndex::new()), ()), 2);
    super::mailbox(|| stepper.mailbox(SimMailbox::new(MailboxOptions::default(), 0).handle("a")));
}

/// Forgets to delete.
#[derive(Debug)]
struct Hoarder<M>(M);

impl<M: Mailbox> Mailbox for Hoarder<M> {
    fn list(&self) -> Result<Vec<ObjectInfo>, MailboxError> {
        self.0.list()
    }
    fn get(&self, name: &str) -> Result<Option<Vec<u8>>, MailboxError> {
        self.0.get(name)
    }
    fn put(&self, name: &str, bytes: &[u8]) -> Result<(), MailboxError> {
        self.0.put(name, bytes)
    }
    fn delete(&self, _: &str) -> Result<(), MailboxError> {
        Ok(())
    }
}

#[test]
#[should_panic(expected = "the mailbox's contract is broken: deleting is idempotent and touches no other")]
fn a_broken_promise_is_named() {
    super::mailbox(|| Hoarder(SimMailbox::new(MailboxOptions::default(), 0).handle("a")));
}
