//! A home whose head says of another what is not so.

use offsync_core::format::ObjectName;
use offsync_core::format::head::Head;
use offsync_core::ids::LocationId;

use super::Homes;

impl Homes {
    /// Gives a home's head, as it lies in the mailbox.
    pub(crate) fn head(&self, n: usize) -> Head {
        let name = ObjectName::Head(self.location(n));
        let key = self.homes[n].signer.public();
        let head = Head::decode(&self.keys, &name, &self.object(&name.to_string()), |_| Some(key));
        head.expect("its home wrote it")
    }

    /// Lets a home's head in the mailbox say that it has heard another's head of a number.
    pub(crate) fn let_claim_to_have_seen(&self, n: usize, of: LocationId, counter: u64) {
        let mut head = self.head(n);
        head.counter += 1;
        head.seen.retain(|(location, _)| *location != of);
        head.seen.push((of, counter));
        head.seen.sort();
        let sealed = head.encode(&self.keys, &self.homes[n].signer, [9; 24]);
        self.forge(&ObjectName::Head(head.location).to_string(), sealed);
    }
}
