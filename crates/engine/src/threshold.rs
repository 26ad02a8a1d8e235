//! Before how many deletions an archive asks, as people said it: one word for all homes, whoever said it.
//!
//! Of all such statements the one with the highest revision holds, though its author was removed or succeeded since. It is
//! said about oneself, so that nobody speaks in another's name; a statement of that kind about somebody else says nothing.

use offsync_core::format::Statement;
use offsync_core::guard::Threshold;
use offsync_core::ids::LocationId;
use offsync_core::ports::IndexWrite;

use crate::engine::Engine;
use crate::error::Result;
use crate::membership::SaidThreshold;
use crate::memory::{self, ASKS, ASKS_TOLD};
use crate::report::HeardThreshold;

impl Engine<'_> {
    /// Tells from when on deletions are many in this archive, as far as this location has heard.
    pub fn threshold(&self) -> Result<Threshold> {
        let said = memory::read::<SaidThreshold>(self.index, ASKS)?;
        Ok(said.map(|said| said.threshold).unwrap_or_default())
    }

    /// Tells which location said so, by the id that it has now; `None` if nobody said anything.
    pub fn threshold_said_by(&self) -> Result<Option<LocationId>> {
        let Some(said) = memory::read::<SaidThreshold>(self.index, ASKS)? else {
            return Ok(None);
        };
        let successions = self.successions()?;
        let mut by = LocationId::new(said.rank.author);
        // Ids that succeed each other in a ring are none that anybody lives under.
        for _ in 0..successions.len() {
            match successions.iter().find(|(old, _)| *old == by) {
                Some((_, successor)) => by = *successor,
                None => break,
            }
        }
        Ok(Some(by))
    }

    /// Reports a threshold that another home said since a person was last told; gives the note that it was.
    ///
    /// Who is new in the archive is not told: nothing changed for it.
    pub(crate) fn tell_threshold(&mut self, is_new: bool) -> Result<Option<IndexWrite>> {
        let (told, threshold) = (memory::read::<Threshold>(self.index, ASKS_TOLD)?, self.threshold()?);
        if told.unwrap_or_default() == threshold {
            return Ok(None);
        }
        if let Some(by) = self.threshold_said_by()?.filter(|by| *by != self.me() && !is_new) {
            let person = self.people()?.remove(&by);
            let by = person.map_or_else(|| by.to_string(), |person| person.label);
            self.report.threshold_heard = Some(HeardThreshold { by, threshold });
        }
        Ok(Some(memory::write(ASKS_TOLD, &threshold)))
    }

    /// Says for all homes from when on deletions are many; the next cycle tells everybody.
    ///
    /// `change` gets what holds now, as others said it meanwhile, and its refusal is given back. What holds already is not
    /// said again; tells whether it was said.
    pub fn change_threshold<E>(
        &mut self,
        change: impl FnOnce(Threshold) -> std::result::Result<Threshold, E>,
    ) -> Result<std::result::Result<bool, E>> {
        self.may_speak()?;
        let before = self.threshold()?;
        match change(before) {
            Ok(threshold) if threshold == before => Ok(Ok(false)),
            Ok(threshold) => self.say_threshold(threshold).map(|()| Ok(true)),
            Err(refusal) => Ok(Err(refusal)),
        }
    }

    fn say_threshold(&mut self, threshold: Threshold) -> Result<()> {
        let known = memory::read::<SaidThreshold>(self.index, ASKS)?;
        let statement = Statement::Asks {
            revision: known.map_or(0, |known| known.rank.revision).saturating_add(1),
            threshold,
            created_ns: self.clock.now_ns(),
        };
        self.say(self.me(), statement)
    }
}
