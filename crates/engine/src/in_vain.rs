//! Waiting in vain: what a person here said no to losing, what another home deleted, and what no home has any more.
//!
//! No home says that it lacks what is deleted. That it has none shows by its silence: it synced again and again beside the want,
//! and served nothing.

use std::collections::BTreeSet;

use offsync_core::format::ObjectName;
use offsync_core::ids::{ChunkId, Digest, LocationId};
use offsync_core::limits::{CHUNK_BYTES_MAX, MISSING_LISTED_MAX, PACK_PART_OF_ALLOWANCE};
use serde::{Deserialize, Serialize};

use crate::counted::Counted;
use crate::engine::Engine;
use crate::error::Result;
use crate::memory;
use crate::options::SyncOptions;
use crate::refused::to_come_back;
use crate::serve::reserve_left;
use crate::twice::SAID_TWICE;
use crate::view::View;

/// How a want stands for what is to come back.
const ASKED_BACK: &str = "asked-back";

/// Rounds in which every home that counts has to say that it saw a head which is newer than the want. A head tells that a sync
/// came so far, and of the one before that it is over: it may have died before it served, it may have listed the mailbox right
/// before the want was put, and the last one may be about to serve.
const ROUNDS: u8 = 4;

/// What is noted of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Asked {
    /// Who asks: whoever takes a new id counts its heads anew.
    by: LocationId,
    /// The last own head when this round began.
    head: u64,
    /// Rounds that ended.
    rounds: u8,
    /// What was lacking then: while some of it arrives, others are at work.
    lacking: Digest,
}

impl Engine<'_> {
    /// Ends waiting for what was asked for in vain: in as many rounds as it takes every home synced beside the want, and served
    /// nothing while there was room for it. Tells whether something is waited for no longer.
    pub(crate) fn end_waiting_in_vain(
        &mut self,
        view: &View,
        missing: &BTreeSet<ChunkId>,
        counted: &Counted,
        options: &SyncOptions,
    ) -> Result<bool> {
        let Some(asked) = memory::read::<Asked>(self.index, ASKED_BACK)? else {
            return Ok(false);
        };
        let me = self.me();
        let is_for_me = |name: &ObjectName| matches!(name, ObjectName::ServedPack { reader, .. } if *reader == me);
        // Who serves leaves a pack of others free beside their own, and a pack holds a piece at least.
        let is_full = options.allowance_bytes.is_some_and(|allowance| {
            let pack_bytes = allowance / PACK_PART_OF_ALLOWANCE;
            let served_bytes = pack_bytes.max(CHUNK_BYTES_MAX as u64) + (64 << 10);
            reserve_left(view, options.allowance_bytes) < served_bytes + pack_bytes.min(served_bytes)
        });
        let is_same = asked.by == me && asked.lacking == self.digest_of(missing);
        let is_served = view.names().any(is_for_me);
        if !is_same || is_full || is_served || !self.all_saw(asked.head, counted)? || !self.knows_all(view)? {
            return Ok(false);
        }
        if asked.rounds + 1 < ROUNDS {
            let asked = Asked {
                head: self.identity.counter,
                rounds: asked.rounds + 1,
                ..asked
            };
            self.commit(vec![memory::write(ASKED_BACK, &asked)])?;
            return Ok(false);
        }
        // Who is only not waited for may come back with it, and is given the time that makes a home silent.
        if !self.may_still_hold(options)?.is_empty() {
            return Ok(false);
        }
        let refuses = |chunk: &ChunkId| self.space.refuses(chunk);
        let in_vain = to_come_back(self.index)?.into_iter().filter(|(_, _, value)| {
            let pieces = value.content.chunk_ids();
            pieces.iter().any(|piece| missing.contains(piece)) && !pieces.iter().any(refuses)
        });
        let dots = in_vain.map(|(_, dot, _)| dot).collect();
        let mut writes = self.wait_no_longer(&dots)?;
        writes.push(memory::erase(ASKED_BACK));
        self.commit(writes)?;
        Ok(!dots.is_empty())
    }

    /// Notes since when a want stands for what is to come back; `is_said` tells whether it does.
    pub(crate) fn note_asked_back(&mut self, missing: &BTreeSet<ChunkId>, is_said: bool) -> Result<()> {
        let returning = to_come_back(self.index)?;
        let mut pieces = returning.iter().flat_map(|(_, _, value)| value.content.chunk_ids());
        // Of a want that is cut off, nobody knows the rest.
        let is_asked = is_said && missing.len() <= MISSING_LISTED_MAX && pieces.any(|piece| missing.contains(&piece));
        let before: Option<Asked> = memory::read(self.index, ASKED_BACK)?;
        if !is_asked {
            return match before {
                Some(_) => self.commit(vec![memory::erase(ASKED_BACK)]),
                None => Ok(()),
            };
        }
        let asked = Asked {
            by: self.me(),
            head: self.identity.counter,
            rounds: 0,
            lacking: self.digest_of(missing),
        };
        match before {
            Some(before) if before.by == asked.by && before.lacking == asked.lacking => Ok(()),
            _ => self.commit(vec![memory::write(ASKED_BACK, &asked)]),
        }
    }

    /// Tells whether every other home that counts has seen a later head of this one.
    fn all_saw(&self, head: u64, counted: &Counted) -> Result<bool> {
        let (me, heads) = (self.me(), self.heads()?);
        let saw = |other: &LocationId| {
            let seen = heads.get(other).into_iter().flat_map(|cached| &cached.head.seen);
            seen.into_iter()
                .any(|(of, counter)| *of == me && *counter != SAID_TWICE && *counter > head)
        };
        Ok(counted.others(me).all(|(other, _)| saw(other)))
    }

    fn digest_of(&self, pieces: &BTreeSet<ChunkId>) -> Digest {
        let bytes: Vec<u8> = pieces.iter().flat_map(|piece| *piece.as_bytes()).collect();
        self.keys.digest(&bytes)
    }
}
