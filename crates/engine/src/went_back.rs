//! A mailbox that went back to an earlier state: told from a drive that did, for the sentence that people read.
//!
//! Either is safe without that: who finds its own head older, or gone, while nobody knows more of it than it does itself, just
//! says all again. It is told once for each time.

use offsync_core::format::head::Head;
use offsync_core::ports::IndexWrite;
use serde::{Deserialize, Serialize};

use crate::engine::Engine;
use crate::error::Result;
use crate::memory::{self, CachedHead, HEAD, TURNED, WENT_BACK};

/// The last time that the mailbox was found to have gone back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct WentBack {
    /// Counter of the own head that it had held before.
    counter: u64,
    is_told: bool,
}

impl Engine<'_> {
    /// Notes that this location finds its mailbox elsewhere from now on: what lacks there was not lost.
    pub fn turned_to_another_mailbox(&mut self) -> Result<()> {
        self.commit(vec![memory::write(TURNED, &true)])
    }

    /// Tells whether that was so, and no sync has looked there since.
    pub(crate) fn has_turned(&self) -> Result<bool> {
        Ok(memory::read::<bool>(self.index, TURNED)?.is_some())
    }

    /// Looks whether the mailbox holds less of this location's than it did; `is_gone` tells that its head is not there any more.
    ///
    /// For who keeps its id: who took a new one has no head there that could be older.
    pub(crate) fn look_whether_it_went_back(&mut self, own: Option<&Head>, is_gone: bool) -> Result<()> {
        let has_turned = self.has_turned()?;
        let known = memory::read::<CachedHead>(self.index, &format!("{HEAD}{}", self.me()))?;
        let Some(CachedHead { head: known, .. }) = known else {
            return Ok(());
        };
        let is_older = own.is_some_and(|own| own.counter < known.counter);
        let before = memory::read::<WentBack>(self.index, WENT_BACK)?;
        // The head that is written next counts on: the same one is found older once, unless that did not find room.
        let is_news = before.is_none_or(|before| before.counter != known.counter);
        let mut writes = Vec::new();
        if (is_older || is_gone) && is_news {
            let went_back = WentBack {
                counter: known.counter,
                is_told: has_turned,
            };
            writes.push(memory::write(WENT_BACK, &went_back));
        }
        writes.extend(has_turned.then(|| memory::erase(TURNED)));
        self.commit(writes)
    }

    /// Says in the report that the mailbox went back, unless that was said; gives the note that it was.
    pub(crate) fn tell_that_it_went_back(&mut self) -> Result<Option<IndexWrite>> {
        let untold = memory::read::<WentBack>(self.index, WENT_BACK)?.filter(|went_back| !went_back.is_told);
        self.report.mailbox_went_back = untold.is_some();
        Ok(untold.map(|untold| {
            memory::write(
                WENT_BACK,
                &WentBack {
                    is_told: true,
                    ..untold
                },
            )
        }))
    }
}
