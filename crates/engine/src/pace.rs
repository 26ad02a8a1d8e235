//! Pace: how long what waits for room in the mailbox will take, by how it went so far.
//!
//! Room comes when others fetch. So what could be sent after a visit of who has the most to fetch is what that visit freed, and
//! what still waits takes as many visits as it is times that much.

use offsync_core::ids::LocationId;
use serde::{Deserialize, Serialize};

use crate::counted::Counted;
use crate::engine::Engine;
use crate::error::Result;
use crate::memory;
use crate::report::Outlook;
use crate::room::room_at_best;

/// What was sent while something waited.
const PACE: &str = "pace";
/// How things stood at the end of the last cycle, if something waited then.
const OUTLOOK: &str = "forecast";
/// Visits that are looked back at.
const VISITS_MAX: usize = 8;

/// Bytes of content that were sent after each visit of who is waited for, while something waited.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Pace {
    sent: Vec<u64>,
    /// Who was waited for at the end of the last cycle, and the counter of its head.
    seen: Option<(LocationId, u64)>,
}

impl Pace {
    /// Adds what was sent: to what the visit before had freed, if there was none since.
    fn add(&mut self, bytes: u64, has_visited: bool) {
        match self.sent.last_mut() {
            _ if has_visited => self.sent.push(bytes),
            Some(last) => *last += bytes,
            // What is sent before any visit finds room that nobody had to free.
            None => {}
        }
        if self.sent.len() > VISITS_MAX {
            self.sent.remove(0);
        }
    }

    /// Gives what a visit frees, if enough is known to tell.
    fn per_visit(&self) -> Option<u64> {
        let sum: u64 = self.sent.iter().sum();
        sum.checked_div(self.sent.len() as u64).filter(|bytes| *bytes > 0)
    }
}

impl Engine<'_> {
    /// Notes what this cycle sent, and how much longer the rest takes.
    pub(crate) fn note_pace(&mut self, counted: &Counted, allowance_bytes: Option<u64>) -> Result<()> {
        let before = self.outlook()?;
        let mut writes = Vec::new();
        let outlook = match self.report.waiting_entries {
            // Whoever waits for nothing need not know for whom: to tell, the whole history is read.
            0 => None,
            _ => {
                let waits_on = self.slowest(counted)?;
                let known = memory::read::<Pace>(self.index, PACE)?.unwrap_or_default();
                let pace = self.pace_now(&known, waits_on, before.is_some())?;
                if pace != known {
                    writes.push(memory::write(PACE, &pace));
                }
                Some(self.look_ahead(&pace, waits_on, counted, allowance_bytes))
            }
        };
        if outlook != before {
            writes.push(match &outlook {
                Some(outlook) => memory::write(OUTLOOK, outlook),
                None => memory::erase(OUTLOOK),
            });
        }
        self.report.outlook = outlook;
        self.commit(writes)
    }

    /// Adds what this cycle sent, if something waited before it, too.
    fn pace_now(&self, known: &Pace, waits_on: Option<LocationId>, has_waited: bool) -> Result<Pace> {
        let heads = self.heads()?;
        let counter = |location: &LocationId| heads.get(location).map_or(0, |cached| cached.head.counter);
        let mut pace = known.clone();
        if has_waited {
            let has_visited = known.seen.is_some_and(|(location, seen)| counter(&location) > seen);
            pace.add(self.report.payload_bytes, has_visited);
        }
        pace.seen = waits_on.map(|location| (location, counter(&location)));
        Ok(pace)
    }

    fn look_ahead(
        &self,
        pace: &Pace,
        waits_on: Option<LocationId>,
        counted: &Counted,
        allowance_bytes: Option<u64>,
    ) -> Outlook {
        let (entries, bytes) = (self.report.waiting_entries, self.report.waiting_bytes);
        let locations = counted.0.len() as u64;
        let at_best = allowance_bytes.map(|allowance| room_at_best(allowance, locations));
        let per_visit = pace.per_visit().or(at_best);
        let visits = per_visit.map(|per_visit| bytes.div_ceil(per_visit.max(1)).max(1));
        Outlook {
            entries,
            bytes,
            visits: visits.filter(|_| waits_on.is_some()),
            waits_on,
        }
    }

    /// Tells what waited for room when the last cycle ended, and how long that may take.
    pub fn outlook(&self) -> Result<Option<Outlook>> {
        memory::read(self.index, OUTLOOK)
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
