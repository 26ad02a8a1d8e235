//! The engine of one location: its ports, its keys and what it knows of itself.

use std::collections::BTreeSet;

use offsync_core::dot::Dot;
use offsync_core::format::ObjectName;
use offsync_core::ids::{ArchiveId, ChunkId, LocationId};
use offsync_core::ports::{Clock, Disk, Entropy, IndexStore, IndexWrite, Mailbox, Witness};
use offsync_core::rel_path::RelPath;
use offsync_core::seal::{ArchiveKeys, SigningKey};
use offsync_core::version_vector::VersionVector;

use crate::error::{EngineError, Result};
use crate::keyring::keys_known;
use crate::memory::{self, HeldSet, IDENTITY, Identity, VECTOR};
use crate::monitor::{Monitor, Phase, Progress};
use crate::report::{SkippedPath, SyncReport};
use crate::space::Space;

/// The world of one location.
pub struct Ports<'a> {
    /// Its drive.
    pub disk: &'a dyn Disk,
    /// Its index, on the drive.
    pub index: &'a mut dyn IndexStore,
    /// The mailbox, if there is one to be had.
    pub mailbox: Option<&'a dyn Mailbox>,
    /// The time.
    pub clock: &'a dyn Clock,
    /// Randomness.
    pub entropy: &'a dyn Entropy,
    /// The host computer's memory.
    pub witness: &'a dyn Witness,
}

/// One location's engine, for the length of a cycle.
pub struct Engine<'a> {
    pub(crate) disk: &'a dyn Disk,
    pub(crate) index: &'a mut dyn IndexStore,
    pub(crate) mailbox: Option<&'a dyn Mailbox>,
    pub(crate) clock: &'a dyn Clock,
    pub(crate) entropy: &'a dyn Entropy,
    pub(crate) witness: &'a dyn Witness,
    /// The archive's keys, as far as they came here.
    pub(crate) keys: ArchiveKeys,
    pub(crate) signer: &'a SigningKey,
    pub(crate) monitor: &'a dyn Monitor,
    pub(crate) identity: Identity,
    pub(crate) vector: VersionVector,
    pub(crate) report: SyncReport,
    /// Deletions that this cycle holds.
    pub(crate) held: Vec<HeldSet>,
    /// Folders and files that could not be read in this cycle: nobody knows what was changed in them.
    pub(crate) unread_paths: u64,
    /// When the mailbox was listed last: a machine that slept since must not take its own sleep for others' silence.
    pub(crate) listed_ns: Option<i64>,
    /// Whether somebody in the mailbox cannot be verified, because nobody has introduced them yet.
    pub(crate) sees_strangers: bool,
    /// Whether something in the mailbox is sealed with a key that has yet to come.
    pub(crate) lacks_key: bool,
    /// Chunks that the index believes to be on this drive and that could not be read from it.
    pub(crate) unreadable: BTreeSet<ChunkId>,
    /// Folders that the drive would not rename in this cycle.
    pub(crate) stuck_spellings: BTreeSet<offsync_core::rel_path::PathKey>,
    /// Objects of the mailbox that were found to be not what they should be, in this cycle.
    pub(crate) unusable: BTreeSet<ObjectName>,
    /// What was found out about room on the drive in this cycle.
    pub(crate) space: Space,
    /// The smallest and the largest object in bytes that found no room in the mailbox since somebody last asked.
    pub(crate) found_no_room: Option<(u64, u64)>,
    /// The versions that changes of this drive replace which found no room in the mailbox.
    pub(crate) replaced_unsaid: BTreeSet<Dot>,
}

impl<'a> Engine<'a> {
    /// Opens the engine of a location that has begun.
    ///
    /// Fails with [`EngineError::NoIdentity`] if the index is empty.
    pub fn open(
        ports: Ports<'a>,
        keys: &ArchiveKeys,
        signer: &'a SigningKey,
        monitor: &'a dyn Monitor,
    ) -> std::result::Result<Self, EngineError> {
        let identity: Identity = memory::read(ports.index, IDENTITY)?.ok_or(EngineError::NoIdentity)?;
        if identity.archive != *keys.archive() {
            return Err(EngineError::NoIdentity);
        }
        let vector = memory::read(ports.index, VECTOR)?.unwrap_or_default();
        let keys = keys_known(ports.index, keys, signer)?;
        Ok(Self {
            disk: ports.disk,
            index: ports.index,
            mailbox: ports.mailbox,
            clock: ports.clock,
            entropy: ports.entropy,
            witness: ports.witness,
            keys,
            signer,
            monitor,
            identity,
            vector,
            report: SyncReport::default(),
            held: Vec::new(),
            unread_paths: 0,
            listed_ns: None,
            sees_strangers: false,
            lacks_key: false,
            unreadable: BTreeSet::new(),
            stuck_spellings: BTreeSet::new(),
            unusable: BTreeSet::new(),
            space: Space::default(),
            found_no_room: None,
            replaced_unsaid: BTreeSet::new(),
        })
    }

    /// Tells who this location is.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Gives the archive's keys, as far as they came here.
    pub fn keys(&self) -> &ArchiveKeys {
        &self.keys
    }

    /// Tells what is folded in.
    pub fn vector(&self) -> &VersionVector {
        &self.vector
    }

    pub(crate) fn me(&self) -> LocationId {
        self.identity.location
    }

    pub(crate) fn archive(&self) -> ArchiveId {
        self.identity.archive
    }

    pub(crate) fn commit(&mut self, mut writes: Vec<IndexWrite>) -> Result<()> {
        if writes.is_empty() {
            return Ok(());
        }
        writes.extend(memory::forget_hashes(&writes));
        Ok(self.index.commit(writes)?)
    }

    pub(crate) fn skip(&mut self, path: &RelPath, reason: impl Into<String>) {
        self.skip_in_detail(path, reason, None);
    }

    /// The same, with what tells more to who knows what lies in a mailbox.
    pub(crate) fn skip_in_detail(&mut self, path: &RelPath, reason: impl Into<String>, detail: Option<String>) {
        let line = SkippedPath {
            path: path.clone(),
            reason: reason.into(),
            detail,
        };
        if !self.report.skipped.contains(&line) {
            self.report.skipped.push(line);
        }
    }

    pub(crate) fn seal_nonce(&self) -> [u8; 24] {
        let mut nonce = [0; 24];
        self.entropy.fill(&mut nonce);
        nonce
    }

    pub(crate) fn random_eight(&self) -> [u8; 8] {
        let mut bytes = [0; 8];
        self.entropy.fill(&mut bytes);
        bytes
    }

    /// Gives a number for a statement: a drive that was restored does not know which it has used.
    pub(crate) fn random_number(&self) -> u64 {
        u64::from_le_bytes(self.random_eight())
    }

    pub(crate) fn tell(&self, phase: Phase, done: u64, total: Option<u64>, path: Option<&RelPath>) -> Result<()> {
        self.tell_bytes(phase, done, total, 0, path)
    }

    pub(crate) fn tell_bytes(
        &self,
        phase: Phase,
        done: u64,
        total: Option<u64>,
        done_bytes: u64,
        path: Option<&RelPath>,
    ) -> Result<()> {
        if self.monitor.is_cancelled() {
            return Err(EngineError::Cancelled);
        }
        let path = path.map(ToString::to_string);
        self.monitor.progress(&Progress {
            phase,
            done,
            total,
            done_bytes,
            total_bytes: None,
            path,
        });
        Ok(())
    }
}
