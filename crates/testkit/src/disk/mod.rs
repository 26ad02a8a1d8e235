//! A simulated drive: strict, case-folding on demand, full on demand, and honest about power cuts.
//!
//! A [`SimDisk`] is a handle: clones see the same drive, so that it outlives the crash of
//! an engine. People reach it through [`SimDisk::hand`], engines through the `Disk` port.

mod hand;
mod handles;
mod journal;
mod options;
mod port;
#[cfg(test)]
mod tests;
mod volume;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};

use offsync_core::place::Stat;
use offsync_core::ports::{Clock, DiskError, DiskErrorKind};
use offsync_core::rel_path::RelPath;

pub use hand::{Hand, Seen};
pub use options::{DiskOptions, InodeNumbers, NameFolding};

use crate::clock::SimClock;
use crate::lock::held;
use crate::rng::Rng;
use hand::HandNames;
use volume::{Node, NodeId, Volume};

/// A simulated drive; clones are the same drive.
#[derive(Clone)]
pub struct SimDisk {
    shared: Arc<Shared>,
}

struct Shared {
    options: DiskOptions,
    clock: SimClock,
    state: Mutex<State>,
}

struct State {
    volume: Volume,
    is_gone: bool,
    is_read_only: bool,
    denied: BTreeSet<RelPath>,
    unreadable: BTreeSet<NodeId>,
    /// What is on the drive while its mount point stands empty.
    mounted: Option<Volume>,
    /// Counts restores: a handle that was opened before is dead.
    era: u64,
    /// What other things than the archive take of the drive.
    ballast_bytes: u64,
}

/// A drive as it was at one moment: its files, staging, trash and marker.
#[derive(Clone)]
pub struct DiskSnapshot(Volume);

impl fmt::Debug for SimDisk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SimDisk({})", String::from_utf8_lossy(&self.shared.options.identity))
    }
}

impl SimDisk {
    /// Makes an empty drive; `clock` is that of the computer it is plugged into.
    pub fn new(options: DiskOptions, clock: SimClock) -> Self {
        let volume = Volume::new(options.names, options.block_bytes, clock.now_ns());
        Self::of(volume, options, clock)
    }

    /// Gives the drive to a person.
    pub fn hand(&self) -> Hand {
        Hand::new(self.clone(), HandNames::Spelled)
    }

    /// Gives the drive to a person who calls everything by its true name, whatever the drive can spell.
    pub fn true_hand(&self) -> Hand {
        Hand::new(self.clone(), HandNames::True)
    }

    /// Shows all times so much later, as a drive with local times does when the zone or the season changes.
    pub fn shift_times(&self, by_ns: i64) {
        self.state().volume.shift_times(by_ns);
    }

    /// Unplugs it, or plugs it in again: while it is gone, every call fails.
    pub fn set_gone(&self, is_gone: bool) {
        self.state().is_gone = is_gone;
    }

    /// Tells whether it is unplugged.
    pub fn is_gone(&self) -> bool {
        self.state().is_gone
    }

    /// Takes the drive away and leaves its mount point: an empty folder of the computer's own, without a marker.
    pub fn unmount(&self) {
        let mut state = self.state();
        if state.mounted.is_none() {
            let empty = Volume::new(
                self.shared.options.names,
                self.shared.options.block_bytes,
                self.now_ns(),
            );
            state.mounted = Some(std::mem::replace(&mut state.volume, empty));
            state.era += 1;
        }
    }

    /// Brings the drive back to its mount point; what was put there meanwhile is hidden under it.
    pub fn mount(&self) {
        let mut state = self.state();
        if let Some(volume) = state.mounted.take() {
            state.volume = volume;
            state.era += 1;
        }
    }

    /// Tells whether only the empty mount point is there.
    pub fn is_unmounted(&self) -> bool {
        self.state().mounted.is_some()
    }

    /// Turns the write protection on or off.
    pub fn set_read_only(&self, is_read_only: bool) {
        self.state().is_read_only = is_read_only;
    }

    /// Tells whether it is write-protected.
    pub fn is_read_only(&self) -> bool {
        self.state().is_read_only
    }

    /// Forbids to read or change a path and all below; it can still be looked at.
    pub fn deny(&self, path: &RelPath) {
        self.state().denied.insert(path.clone());
    }

    /// Allows again what [`SimDisk::deny`] forbade.
    pub fn allow(&self, path: &RelPath) {
        self.state().denied.remove(path);
    }

    /// Makes a file's content unreadable from its middle on, as a bad sector does.
    pub fn spoil(&self, path: &RelPath) {
        let mut state = self.state();
        if let Ok((_, id)) = state.volume.find(path) {
            state.unreadable.insert(id);
        }
    }

    /// Changes one bit of a file's content and nothing else, as silent decay does.
    pub fn decay(&self, path: &RelPath, rng: &mut Rng) {
        let mut state = self.state();
        let Ok((_, id)) = state.volume.find(path) else { return };
        let volume::Body::File(bytes) = &state.volume.node(id).body else {
            return;
        };
        let mut bytes = bytes.to_vec();
        let at = rng.index(bytes.len());
        if let Some(byte) = bytes.get_mut(at) {
            *byte ^= 1 << rng.below(8);
        }
        state.volume.replace_content(id, bytes);
    }

    /// Cuts the power: keeps a random prefix of the names since the last flush and tears contents that were not flushed.
    pub fn power_cut(&self, rng: &mut Rng) {
        let mut state = self.state();
        state.volume.power_cut(rng);
        state.era += 1;
    }

    /// Counts the names and times that a power cut could still take back.
    pub fn unflushed(&self) -> usize {
        self.state().volume.unflushed()
    }

    /// Takes it out and plugs it in again; some file systems deal new inode numbers then.
    pub fn replug(&self, rng: &mut Rng) {
        let mut state = self.state();
        state.volume.flush();
        state.is_gone = false;
        state.era += 1;
        if self.shared.options.inodes == InodeNumbers::DealtAtPlug {
            state.volume.deal_inodes(rng, None);
        }
    }

    /// Makes all files look as if they had been copied here one by one: times stay, inodes and their times do not.
    pub fn recopy(&self, rng: &mut Rng) {
        let now_ns = self.now_ns();
        self.state().volume.deal_inodes(rng, Some(now_ns));
    }

    /// Copies all that is on the drive, byte for byte with its inodes, as a backup of the whole does.
    pub fn snapshot(&self) -> DiskSnapshot {
        DiskSnapshot(self.state().volume.detached())
    }

    /// Puts a backup back in place of all that is on the drive.
    pub fn restore_snapshot(&self, snapshot: &DiskSnapshot) {
        let mut state = self.state();
        state.volume = snapshot.0.clone();
        state.unreadable.clear();
        state.era += 1;
    }

    /// Makes another drive with the same files, staging, trash and marker.
    pub fn from_snapshot(snapshot: &DiskSnapshot, options: DiskOptions, clock: SimClock) -> Self {
        assert_eq!(
            snapshot.0.names(),
            options.names,
            "a snapshot goes onto a file system that folds names alike; else copy file by file"
        );
        Self::of(snapshot.0.clone(), options, clock)
    }

    /// Gives what kind of drive it is.
    pub fn options(&self) -> &DiskOptions {
        &self.shared.options
    }

    /// Gives the room that is left in bytes.
    pub fn free_bytes(&self) -> u64 {
        self.free(&self.state())
    }

    /// Gives the most bytes that files took here at a time since this was last asked, staging and trash with them.
    pub fn take_peak_bytes(&self) -> u64 {
        let volume = &mut self.state().volume;
        let now = volume.used_bytes;
        std::mem::replace(&mut volume.peak_bytes, now).max(now)
    }

    /// Lets other things fill the drive but for so many bytes; `None` takes them away again.
    pub fn leave_free(&self, free_bytes: Option<u64>) {
        let mut state = self.state();
        let room = self.shared.options.capacity_bytes - state.volume.used_bytes;
        state.ballast_bytes = free_bytes.map_or(0, |free_bytes| room.saturating_sub(free_bytes));
    }

    fn of(volume: Volume, options: DiskOptions, clock: SimClock) -> Self {
        let state = State {
            volume,
            is_gone: false,
            is_read_only: false,
            denied: BTreeSet::new(),
            unreadable: BTreeSet::new(),
            mounted: None,
            era: 0,
            ballast_bytes: 0,
        };
        Self {
            shared: Arc::new(Shared {
                options,
                clock,
                state: Mutex::new(state),
            }),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        held(&self.shared.state)
    }

    fn now_ns(&self) -> i64 {
        self.shared.clock.now_ns()
    }

    fn free(&self, state: &State) -> u64 {
        self.shared
            .options
            .capacity_bytes
            .saturating_sub(state.volume.used_bytes + state.ballast_bytes)
    }

    /// Rounds a time down to what the file system stores.
    fn stored(&self, time_ns: i64) -> i64 {
        time_ns - time_ns.rem_euclid(self.shared.options.mtime_step_ns)
    }

    fn stat(&self, node: &Node) -> Stat {
        let options = &self.shared.options;
        let is_file = matches!(node.body, volume::Body::File(_) | volume::Body::Link(_));
        Stat {
            size_bytes: if is_file { node.size_bytes() } else { 0 },
            mtime_ns: self.stored(node.mtime_ns),
            ctime_ns: if options.has_ctime { node.ctime_ns } else { 0 },
            inode: if options.inodes == InodeNumbers::Absent {
                0
            } else {
                node.inode
            },
            mode: if options.has_modes { node.mode } else { 0o755 },
        }
    }
}

fn failed(kind: DiskErrorKind, path: &RelPath) -> DiskError {
    let reason = match kind {
        DiskErrorKind::NotFound => "nothing is there",
        DiskErrorKind::Denied => "not allowed",
        DiskErrorKind::Full => "no space left on the drive",
        DiskErrorKind::ReadOnly => "the drive is write-protected",
        DiskErrorKind::Gone => "the drive is gone",
        DiskErrorKind::Exists => "something is there already",
        DiskErrorKind::NotEmpty => "the folder is not empty",
        DiskErrorKind::NotAFolder => "a part of the path is no folder",
        DiskErrorKind::Unstorable => "the drive cannot hold this",
        DiskErrorKind::Locked => "another engine uses it",
        DiskErrorKind::Other => "this cannot be done",
    };
    DiskError::new(kind, path.clone(), reason)
}
