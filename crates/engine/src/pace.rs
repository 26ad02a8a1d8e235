//! Pace: how long what waits for room in the mailbox will take, by how it went so far.
//!
//! Room comes when all others have fetched. So what could be sent after each of them has come once is what that round of visits
//! freed, and what still waits takes as many rounds as it is times that much. One visit of several frees nothing alone.

use offsync_core::ids::LocationId;
use serde::{Deserialize, Serialize};

use crate::counted::Counted;
use crate::engine::Engine;
use crate::error::Result;
use crate::memory;
use crate::report::Outlook;
use crate::room::room_at_best;

/// What was sent while something waited.
const PACE: &str = "rounds";
/// How things stood at the end of the last cycle, if something waited then.
const OUTLOOK: &str = "forecast";
/// Rounds of visits that are looked back at.
const ROUNDS_MAX: usize = 8;

/// Bytes of content that were sent after each round of visits, while something waited.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Pace {
    sent: Vec<u64>,
    /// Who had something to fetch when this round began, each with the counter of its head then.
    round: Vec<(LocationId, u64)>,
}

impl Pace {
    /// Adds what was sent: to what the round before had freed, if none ended since.
    fn add(&mut self, bytes: u64, is_round_over: bool) {
        match self.sent.last_mut() {
            _ if is_round_over => self.sent.push(bytes),
            Some(last) => *last += bytes,
            // What is sent before any round finds room that nobody had to free.
            None => {}
        }
        if self.sent.len() > ROUNDS_MAX {
            self.sent.remove(0);
        }
    }

    /// Gives what a round frees, if enough is known to tell.
    fn per_round(&self) -> Option<u64> {
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
                let behind = self.with_something_to_fetch(counted)?;
                let known = memory::read::<Pace>(self.index, PACE)?.unwrap_or_default();
                let pace = self.pace_now(&known, &behind, counted, before.is_some())?;
                if pace != known {
                    writes.push(memory::write(PACE, &pace));
                }
                Some(self.look_ahead(&pace, behind.first().copied(), counted, allowance_bytes))
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
    fn pace_now(&self, known: &Pace, behind: &[LocationId], counted: &Counted, has_waited: bool) -> Result<Pace> {
        let heads = self.heads()?;
        let counter = |location: &LocationId| heads.get(location).map_or(0, |cached| cached.head.counter);
        let mut pace = known.clone();
        // Whoever was parked or taken out meanwhile is not waited for any more.
        pace.round.retain(|(location, _)| counted.0.contains_key(location));
        let has_come = |(location, seen): &(LocationId, u64)| counter(location) > *seen;
        let is_round_over = !pace.round.is_empty() && pace.round.iter().all(has_come);
        if has_waited {
            pace.add(self.report.payload_bytes, is_round_over);
        }
        if is_round_over || pace.round.is_empty() {
            pace.round = behind.iter().map(|location| (*location, counter(location))).collect();
        }
        Ok(pace)
    }

    fn look_ahead(
        &self,
        pace: &Pace,
        slowest: Option<LocationId>,
        counted: &Counted,
        allowance_bytes: Option<u64>,
    ) -> Outlook {
        let (entries, bytes) = (self.report.waiting_entries, self.report.waiting_bytes);
        let locations = counted.0.len() as u64;
        let at_best = allowance_bytes.map(|allowance| room_at_best(allowance, locations));
        let per_round = pace.per_round().or(at_best);
        let rounds = per_round.map(|per_round| bytes.div_ceil(per_round.max(1)).max(1));
        let visits = rounds.filter(|_| slowest.is_some());
        // Each of several has to come so often: to name one of them would let the others wait for it.
        let must_all_come = visits.is_some() && counted.others(self.me()).nth(1).is_some();
        Outlook {
            entries,
            bytes,
            visits,
            waits_on: slowest.filter(|_| !must_all_come),
        }
    }

    /// Tells what waited for room when the last cycle ended, and how long that may take.
    pub fn outlook(&self) -> Result<Option<Outlook>> {
        memory::read(self.index, OUTLOOK)
    }

    /// Gives who counts and has something to fetch, the one with the most first.
    fn with_something_to_fetch(&self, counted: &Counted) -> Result<Vec<LocationId>> {
        let mut all = Vec::new();
        for (location, standing) in counted.others(self.me()) {
            let (changesets, bytes) = self.behind(&standing.vector)?;
            let behind = (bytes, changesets, standing.missing.len());
            if behind > (0, 0, 0) {
                all.push((std::cmp::Reverse(behind), *location));
            }
        }
        all.sort_unstable();
        Ok(all.into_iter().map(|(_, location)| location).collect())
    }
}
