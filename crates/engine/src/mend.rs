//! An index in which a row is not as it was written is mended where it lies: before anything is planned from that row, and
//! before any head says a root of it.
//!
//! What such a row said is lost, and is not guessed. The other homes know what an entry was, so its home begins again and
//! is told; the drive knows what stands at a place, so that is looked at anew. Not a byte of a file is touched.

use offsync_core::ports::{IndexErrorKind, IndexWrite};

use crate::engine::Engine;
use crate::error::{EngineError, Result};
use crate::memory::{self, FOLDER_HASHES_KEPT, IDENTITY, JOURNAL, MENDED, MENDING, VECTOR};

impl Engine<'_> {
    /// Runs something that reads the index, and once more with a mended index if it finds a damaged row.
    pub fn mending<T>(&mut self, run: impl Fn(&mut Self) -> Result<T>) -> Result<T> {
        match run(self) {
            Err(EngineError::Index(error)) if error.kind() == IndexErrorKind::DamagedRow => {
                self.mend()?;
                run(self)
            }
            done => done,
        }
    }

    /// Ends what a pulled cable left half mended.
    pub(crate) fn mend_on(&mut self) -> Result<()> {
        if memory::read::<bool>(self.index, MENDING)?.is_none() {
            return Ok(());
        }
        // Which rows went before is not known any more, nor whether any did.
        self.index.drop_damaged()?;
        self.let_go_of_what_is_not_known()
    }

    /// Lets go of damaged rows, and of all entries if one of those was damaged.
    ///
    /// One alone cannot be asked for: who covers it and does not have it says that it was deleted.
    fn mend(&mut self) -> Result<()> {
        self.commit(vec![memory::write(MENDING, &true)])?;
        let dropped = self.index.drop_damaged()?;
        self.unreadable.clear();
        self.stuck_spellings.clear();
        if dropped.entries > 0 {
            return self.let_go_of_what_is_not_known();
        }
        // What stands at a place without a row is looked at as if it had just been put there.
        self.commit(vec![memory::erase(MENDING), memory::write(MENDED, &true)])?;
        self.take_up_what_is_noted()
    }

    fn let_go_of_what_is_not_known(&mut self) -> Result<()> {
        match self.is_alone()? {
            // Nobody else has heard of a number: those that follow are as good as new ones.
            true => self.forget_all_entries()?,
            false => self.let_go_of_all()?,
        }
        self.commit(vec![
            // What it names is looked at with all else.
            memory::erase(JOURNAL),
            memory::erase(FOLDER_HASHES_KEPT),
            memory::erase(MENDING),
            memory::write(MENDED, &true),
        ])?;
        self.take_up_what_is_noted()
    }

    fn is_alone(&self) -> Result<bool> {
        // Who is out may be taken back, and has what is let go of here: what a vector covers and no entry shows was deleted.
        let me = self.me();
        Ok(!self.awaits_state()? && self.people()?.keys().all(|location| *location == me))
    }

    /// Knows again what the index says: a cycle that ended early may have been ahead of it.
    fn take_up_what_is_noted(&mut self) -> Result<()> {
        self.identity = memory::read(self.index, IDENTITY)?.ok_or(EngineError::NoIdentity)?;
        self.vector = memory::read(self.index, VECTOR)?.unwrap_or_default();
        Ok(())
    }

    /// Says that the index was mended, until this home has gone on from there.
    pub(crate) fn tell_mended(&mut self) -> Result<Option<IndexWrite>> {
        self.report.mended_index = memory::read::<bool>(self.index, MENDED)?.is_some();
        let is_over = self.report.mended_index && !self.is_brought_back()?;
        Ok(is_over.then(|| memory::erase(MENDED)))
    }
}
