//! A simulated host's memory of drives; it stays with the computer when the drive moves on or is restored.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use offsync_core::ids::{ArchiveId, LocationId};
use offsync_core::ports::{Witness, WitnessError};

use crate::lock::held;

/// The notes of one computer; clones share them, a new computer is a new one.
#[derive(Clone, Debug, Default)]
pub struct SimWitness(Arc<Mutex<Notes>>);

#[derive(Debug, Default)]
struct Notes {
    kept: BTreeMap<(ArchiveId, LocationId), Vec<u8>>,
    is_failing: bool,
}

impl SimWitness {
    /// Makes a computer that never saw a drive.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes every call fail, or none.
    pub fn set_failing(&self, is_failing: bool) {
        held(&self.0).is_failing = is_failing;
    }

    /// Forgets all, as a computer that was set up anew.
    pub fn forget_all(&self) {
        held(&self.0).kept.clear();
    }

    /// Gives a computer of its own that knows what this one knows now.
    pub fn copy(&self) -> Self {
        let kept = held(&self.0).kept.clone();
        Self(Arc::new(Mutex::new(Notes {
            kept,
            is_failing: false,
        })))
    }

    fn with<T>(
        &self,
        act: impl FnOnce(&mut BTreeMap<(ArchiveId, LocationId), Vec<u8>>) -> T,
    ) -> Result<T, WitnessError> {
        let mut notes = held(&self.0);
        if notes.is_failing {
            return Err(WitnessError {
                reason: "the simulated computer cannot read its notes".to_owned(),
            });
        }
        Ok(act(&mut notes.kept))
    }
}

impl Witness for SimWitness {
    fn recall(&self, archive: &ArchiveId, location: &LocationId) -> Result<Option<Vec<u8>>, WitnessError> {
        self.with(|kept| kept.get(&(*archive, *location)).cloned())
    }

    fn remember(&self, archive: &ArchiveId, location: &LocationId, note: &[u8]) -> Result<(), WitnessError> {
        self.with(|kept| {
            kept.insert((*archive, *location), note.to_vec());
        })
    }

    fn forget(&self, archive: &ArchiveId, location: &LocationId) -> Result<(), WitnessError> {
        self.with(|kept| {
            kept.remove(&(*archive, *location));
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_are_kept_for_each_location() {
        let (witness, archive) = (SimWitness::new(), ArchiveId::new([1; 16]));
        let (one, two) = (LocationId::new([1; 16]), LocationId::new([2; 16]));
        witness.remember(&archive, &one, b"n").expect("kept");
        assert_eq!(witness.recall(&archive, &one).expect("read"), Some(b"n".to_vec()));
        assert_eq!(witness.recall(&archive, &two).expect("read"), None);
        witness.set_failing(true);
        assert!(witness.recall(&archive, &one).is_err());
        witness.set_failing(false);
        witness.forget(&archive, &one).expect("dropped");
        assert_eq!(witness.recall(&archive, &one).expect("read"), None);
    }
}
