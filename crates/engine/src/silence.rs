//! Silent homes: who has not come for longer than the archive waits, and what becomes of it.
//!
//! A home that is set aside for its silence counts no longer; where a person is asked first it goes on counting until somebody
//! parks it. Either way nothing leaves the mailbox unless another home that counts holds it, and whoever comes again gets all.

use std::collections::{BTreeMap, BTreeSet};

use offsync_core::ids::LocationId;
use offsync_core::ports::IndexWrite;

use crate::engine::Engine;
use crate::error::Result;
use crate::memory::{self, CachedHead, CachedPerson, SILENT, WAITS_SINCE};
use crate::options::{Patience, Silence, SyncOptions};
use crate::report::SilentHome;

impl Engine<'_> {
    /// Gives the time by which silences are measured: a machine that slept since it looked must not take its own sleep for
    /// others' silence.
    pub(crate) fn seen_ns(&self) -> i64 {
        self.listed_ns.unwrap_or_else(|| self.clock.now_ns())
    }

    /// Gives who counts no longer for its silence: it was too long, and nobody is to be asked, or nobody was.
    pub(crate) fn aside_for_silence(
        &self,
        heads: &BTreeMap<LocationId, CachedHead>,
        patience: Patience,
    ) -> Result<BTreeSet<LocationId>> {
        self.silent_among(&self.not_set_aside()?, heads, patience)
    }

    /// Gives who is set aside by silence among those who count otherwise.
    ///
    /// Where all others are silent, whoever was heard last goes on counting: without another one nothing leaves the mailbox,
    /// and nothing new would be sent to whoever comes first.
    pub(crate) fn silent_among(
        &self,
        people: &BTreeMap<LocationId, CachedPerson>,
        heads: &BTreeMap<LocationId, CachedHead>,
        patience: Patience,
    ) -> Result<BTreeSet<LocationId>> {
        let now_ns = self.seen_ns();
        let (mut aside, mut last, mut is_any_left) = (BTreeSet::new(), None, false);
        for (location, person) in people.iter().filter(|(location, _)| **location != self.me()) {
            let cached = heads.get(location);
            if self.is_silent(location, person, cached, now_ns, patience)? {
                aside.insert(*location);
                last = last.max(Some((last_heard_ns(person, cached), *location)));
            } else {
                is_any_left = true;
            }
        }
        if let (Some((_, location)), false) = (last, is_any_left) {
            aside.remove(&location);
        }
        Ok(aside)
    }

    fn is_silent(
        &self,
        location: &LocationId,
        person: &CachedPerson,
        cached: Option<&CachedHead>,
        now_ns: i64,
        patience: Patience,
    ) -> Result<bool> {
        let began_ns = self.silence_began_ns(location, person, cached)?;
        if now_ns.saturating_sub(began_ns) <= patience.after_ns {
            return Ok(false);
        }
        Ok(match patience.then {
            Silence::SetAside => true,
            // What another program did unasked is done: to wait anew for somebody whom nothing leads on would only fill the mailbox.
            Silence::Ask => memory::read(self.index, &format!("{SILENT}{location}"))? == Some(began_ns),
        })
    }

    /// Tells when the silence of a location began that people have not spoken of since, by this location's own clock.
    fn silence_began_ns(
        &self,
        location: &LocationId,
        person: &CachedPerson,
        cached: Option<&CachedHead>,
    ) -> Result<i64> {
        let counts_ns = self.counts_since_ns(location)?;
        let waits_ns = memory::read::<i64>(self.index, &format!("{WAITS_SINCE}{location}"))?;
        Ok([counts_ns, waits_ns]
            .into_iter()
            .flatten()
            .fold(last_heard_ns(person, cached), i64::max))
    }

    /// Says that a silent home is to be waited for still: its silence is too long again after as long a time.
    pub fn keep_waiting(&mut self, location: LocationId) -> Result<()> {
        let now_ns = self.clock.now_ns();
        self.commit(vec![
            memory::write(format!("{WAITS_SINCE}{location}"), &now_ns),
            memory::erase(format!("{SILENT}{location}")),
        ])
    }

    /// Hears who came, and gives the homes that are silent for too long and waited for still.
    pub fn silent(&mut self, options: &SyncOptions) -> Result<Vec<SilentHome>> {
        self.learn_all()?;
        self.silent_homes(&self.heads()?, options.patience())
    }

    /// Gives the homes that have been silent for too long and count all the same, where another one counts besides: without
    /// it nothing would leave the mailbox, whoever is set aside.
    ///
    /// None where the mailbox was not looked at: whoever came meanwhile said so there.
    pub(crate) fn silent_homes(
        &self,
        heads: &BTreeMap<LocationId, CachedHead>,
        patience: Patience,
    ) -> Result<Vec<SilentHome>> {
        let Some(now_ns) = self.listed_ns.filter(|_| patience.then == Silence::Ask) else {
            return Ok(Vec::new());
        };
        let counted = self.counted(patience, &BTreeSet::new())?;
        let others: BTreeSet<LocationId> = counted.others(self.me()).map(|(location, _)| *location).collect();
        let mut silent = Vec::new();
        if others.len() < 2 {
            return Ok(silent);
        }
        for (location, person) in self.people()?.into_iter().filter(|(one, _)| others.contains(one)) {
            let cached = heads.get(&location);
            let began_ns = self.silence_began_ns(&location, &person, cached)?;
            if now_ns.saturating_sub(began_ns) > patience.after_ns {
                silent.push(silent_home(location, person, cached));
            }
        }
        silent.sort_by_key(|home| (home.since_ns, home.location));
        Ok(silent)
    }

    /// Names in the report who is silent and waited for, and who is set aside from now on; gives the notes of the latter.
    pub(crate) fn tell_silence(&mut self, options: &SyncOptions) -> Result<Vec<IndexWrite>> {
        let (patience, heads) = (options.patience(), self.heads()?);
        self.report.silent = self.silent_homes(&heads, patience)?;
        if self.listed_ns.is_none() {
            return Ok(Vec::new());
        }
        let aside = self.aside_for_silence(&heads, patience)?;
        let mut known = memory::read_all::<i64>(self.index, SILENT)?;
        let mut writes = Vec::new();
        for (location, person) in self.people()?.into_iter().filter(|(one, _)| aside.contains(one)) {
            let cached = heads.get(&location);
            let began_ns = self.silence_began_ns(&location, &person, cached)?;
            if known.remove(&location.to_string()) != Some(began_ns) {
                writes.push(memory::write(format!("{SILENT}{location}"), &began_ns));
                self.report.set_aside.push(silent_home(location, person, cached));
            }
        }
        writes.extend(
            known
                .into_keys()
                .map(|location| memory::erase(format!("{SILENT}{location}"))),
        );
        Ok(writes)
    }
}

/// Tells when this location last heard something new of another, by its own clock.
fn last_heard_ns(person: &CachedPerson, cached: Option<&CachedHead>) -> i64 {
    cached.map_or(person.heard_ns, |cached| cached.changed_ns)
}

fn silent_home(location: LocationId, person: CachedPerson, cached: Option<&CachedHead>) -> SilentHome {
    SilentHome {
        location,
        since_ns: last_heard_ns(&person, cached),
        has_come: cached.is_some(),
        label: person.label,
        person: person.person,
    }
}
