//! Carrying over: what a mailbox holds is put into another one, as it lies there, so that an archive moves without waiting
//! for anybody.
//!
//! Objects say themselves whose they are, so a copy in another place is as good. What is taken out of only one of the two is
//! pruned from the other as soon as somebody looks there.

use offsync_core::format::ObjectName;
use offsync_core::ports::Mailbox;

use crate::engine::Engine;
use crate::error::Result;
use crate::monitor::Phase;

/// What was put into another mailbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CarriedOver {
    /// Objects.
    pub objects: u64,
    /// Their size in bytes.
    pub bytes: u64,
}

impl Engine<'_> {
    /// Puts what the mailbox holds, and another one lacks, into that one. Nothing is deleted anywhere, and what was cut off is
    /// continued by the next call.
    ///
    /// What lies there already stays, heads too: an older one than everybody has seen tells nobody anything, and its author
    /// writes it anew.
    ///
    /// Fails if one of the two cannot be reached, or the other has no room.
    pub fn carry_over(&mut self, to: &dyn Mailbox) -> Result<CarriedOver> {
        let mut carried = CarriedOver::default();
        let Some(from) = self.mailbox else { return Ok(carried) };
        let (here, mut there) = (self.list(from)?, self.list(to)?);
        let mut names: Vec<ObjectName> = here.names().cloned().collect();
        names.sort_by_key(comes_late);
        let total = names.len() as u64;
        for (done, name) in names.into_iter().enumerate() {
            self.tell(Phase::Posting, done as u64, Some(total), None)?;
            if there.contains(&name) {
                continue;
            }
            // Somebody may have pruned it since it was listed.
            if let Some(bytes) = self.get(from, &name)? {
                self.put_object(to, &mut there, &name, &bytes)?;
                carried.objects += 1;
                carried.bytes += bytes.len() as u64;
            }
        }
        Ok(carried)
    }
}

/// Orders objects so that whoever looks in between finds nothing that names what is not there yet.
fn comes_late(name: &ObjectName) -> u8 {
    match name {
        ObjectName::People { .. } => 0,
        ObjectName::Pack { .. } | ObjectName::ServedPack { .. } | ObjectName::ServedState { .. } => 1,
        ObjectName::Manifest { .. } | ObjectName::Want(_) => 2,
        ObjectName::Head(_) => 3,
    }
}
