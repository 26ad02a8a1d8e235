//! Pace: how long what waits for room in the mailbox will take, by how it went so far.
//!
//! Room comes when others fetch. So what one cycle could send is what the visits of the others since the last one freed, and
//! what still waits takes as many visits as it is times that much.

use offsync_core::ids::LocationId;
use serde::{Deserialize, Serialize};

use crate::counted::Counted;
use crate::engine::Engine;
use crate::error::Result;
use crate::memory;
use crate::report::Outlook;
use crate::room::room_at_best;

/// What the cycles that sent as much as there was room for have sent, the last ones.
const PACE: &str = "pace";
/// How things stood at the end of the last cycle.
const OUTLOOK: &str = "outlook";
/// Cycles that are looked back at.
const CYCLES_MAX: usize = 8;

/// Bytes of content that cycles sent which left something waiting.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Pace(Vec<u64>);

impl Pace {
    fn push(&mut self, bytes: u64) {
        self.0.push(bytes);
        if self.0.len() > CYCLES_MAX {
            self.0.remove(0);
        }
    }

    /// Gives what a visit frees, if enough is known to tell.
    fn per_visit(&self) -> Option<u64> {
        let sum: u64 = self.0.iter().sum();
        sum.checked_div(self.0.len() as u64).filter(|bytes| *bytes > 0)
    }
}

impl Engine<'_> {
    /// Notes what this cycle sent, and how much longer the rest takes.
    pub(crate) fn note_pace(&mut self, counted: &Counted, allowance_bytes: Option<u64>) -> Result<()> {
        let (entries, bytes) = (self.report.waiting_entries, self.report.waiting_bytes);
        let before = memory::read::<Option<Outlook>>(self.index, OUTLOOK)?.flatten();
        let mut writes = Vec::new();
        let mut pace = memory::read::<Pace>(self.index, PACE)?.unwrap_or_default();
        // The first of such cycles found room that no visit had freed.
        if entries > 0 && before.is_some() && self.report.payload_bytes > 0 {
            pace.push(self.report.payload_bytes);
            writes.push(memory::write(PACE, &pace));
        }
        let outlook = match entries {
            0 => None,
            _ => {
                let waits_on = self.slowest(counted)?;
                let locations = counted.0.len() as u64;
                let at_best = allowance_bytes.map(|allowance| room_at_best(allowance, locations));
                let per_visit = pace.per_visit().or(at_best);
                let visits = per_visit.map(|per_visit| bytes.div_ceil(per_visit.max(1)).max(1));
                Some(Outlook {
                    entries,
                    bytes,
                    visits: visits.filter(|_| waits_on.is_some()),
                    waits_on,
                })
            }
        };
        if outlook != before {
            writes.push(memory::write(OUTLOOK, &outlook));
        }
        self.report.outlook = outlook;
        self.commit(writes)
    }

    /// Tells what waited for room when the last cycle ended, and how long that may take.
    pub fn outlook(&self) -> Result<Option<Outlook>> {
        Ok(memory::read::<Option<Outlook>>(self.index, OUTLOOK)?.flatten())
    }

    /// Gives whose next visit frees the most: who counts and has the most to fetch.
    fn slowest(&self, counted: &Counted) -> Result<Option<LocationId>> {
        let mut slowest = None;
        for (location, standing) in counted.others(self.me()) {
            let (changesets, bytes) = self.behind(&standing.vector)?;
            let behind = (bytes, changesets, standing.missing.len());
            if behind > (0, 0, 0) && slowest.as_ref().is_none_or(|(most, _)| behind > *most) {
                slowest = Some((behind, *location));
            }
        }
        Ok(slowest.map(|(_, location)| location))
    }
}
