//! Carrying over: what a mailbox holds is put into another one, as it lies there, so that an archive moves without waiting
//! for anybody.
//!
//! Objects say themselves whose they are, so a copy in another place is as good. What is taken out of only one of the two is
//! pruned from the other as soon as somebody looks there.

use offsync_core::format::ObjectName;
use offsync_core::ports::Mailbox;
use serde::Serialize;

use crate::engine::Engine;
use crate::error::Result;
use crate::monitor::Phase;

/// What was put into another mailbox; documents show it under these names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CarriedOver {
    /// Objects.
    pub objects: u64,
    /// Their size in bytes.
    pub bytes: u64,
    /// Objects that stayed behind, since they hold nothing, as a provider's unfinished write leaves them, or cannot be read:
    /// what they held is asked for where it is missed.
    pub left_behind: u64,
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
            // An empty one that lies there stands for nothing.
            if there.size_of(&name) > 0 {
                continue;
            }
            match self.get(from, &name)? {
                Some(bytes) if bytes.is_empty() => carried.left_behind += 1,
                Some(bytes) => {
                    self.put_object(to, &mut there, &name, &bytes)?;
                    carried.objects += 1;
                    carried.bytes += bytes.len() as u64;
                }
                None if self.unusable.contains(&name) => carried.left_behind += 1,
                // Somebody pruned it since it was listed.
                None => {}
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
