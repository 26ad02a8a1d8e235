//! Trying an account out: does it take, list, give back and delete as a mailbox needs it?

use offsync_core::ids::ArchiveId;
use offsync_core::ports::{Entropy, Mailbox, MailboxError, MailboxErrorKind};

use super::opened::{OpenedMailbox, create_mailbox, open_mailbox};
use super::url::MailboxUrl;
use crate::cloud::{Access, CloudAddress};
use crate::entropy::OsEntropy;

/// Size of what is put: enough that no service keeps it beside its list.
const TRIAL_BYTES: usize = 4096;

/// The same for an account that worked before. Its folder is not made anew where it is missing: a share that is not mounted would
/// hold a second mailbox from then on.
pub fn try_out_again(address: &CloudAddress, access: &Access) -> Result<(), MailboxError> {
    let url = MailboxUrl::Cloud(address.clone());
    let nobodys = ArchiveId::new((&OsEntropy as &dyn Entropy).sixteen());
    open_mailbox(&url, &nobodys, &[], Some(access))?.list()?;
    try_out(address, access)
}

/// Puts a small object, lists, reads and deletes it, all in a folder of its own; the error is what went wrong first.
pub fn try_out(address: &CloudAddress, access: &Access) -> Result<(), MailboxError> {
    let entropy: &dyn Entropy = &OsEntropy;
    let random = entropy.sixteen();
    let url = MailboxUrl::Cloud(address.clone());
    let mailbox = create_mailbox(&url, &ArchiveId::new(random), Some(access))?;
    let name = format!("trial.{}", ArchiveId::new(entropy.sixteen()));
    let bytes: Vec<u8> = (0..TRIAL_BYTES).map(|i| random[i % 16] ^ (i % 251) as u8).collect();
    mailbox.put(&name, &bytes)?;
    let tried = look(&mailbox, &name, &bytes);
    let deleted = mailbox.delete(&name);
    mailbox.forget_if_empty();
    tried.and(deleted)?;
    match mailbox.get(&name)? {
        None => Ok(()),
        Some(_) => Err(broken("what is deleted there stays")),
    }
}

fn look(mailbox: &OpenedMailbox, name: &str, bytes: &[u8]) -> Result<(), MailboxError> {
    let listed = mailbox.list()?;
    let is_listed = |size_bytes: u64| size_bytes == bytes.len() as u64;
    if !listed
        .iter()
        .any(|object| object.name == name && is_listed(object.size_bytes))
    {
        return Err(broken("what is put there is not listed"));
    }
    match mailbox.get(name)? {
        Some(read) if read == bytes => Ok(()),
        _ => Err(broken("what is put there is not given back as it was")),
    }
}

fn broken(why: &str) -> MailboxError {
    MailboxError::new(MailboxErrorKind::Broken, why)
}
