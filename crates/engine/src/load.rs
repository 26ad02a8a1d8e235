//! What staging takes on the drive, with what is about to be staged and what stands twice while files are put together.

use offsync_core::limits::{CHUNK_BYTES_MIN, STAGED_TWICE_BYTES_MAX};

use crate::memory::Keeps;
use crate::space::DriveRoom;

/// What staging takes, with what is about to be staged, and what stands twice while files are put together of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Load {
    new_packed_bytes: u64,
    new_single_bytes: u64,
    /// What the small chunks take that share files with others, once more in files of their own.
    packed_bytes: u64,
    /// What the large ones take, which leave staging one by one.
    single_bytes: u64,
    largest_bytes: u64,
}

impl Load {
    /// Takes up a staged file that is there by now, by the lengths of its chunks.
    pub(crate) fn add_file(&mut self, lens: &[u32], room: &DriveRoom) {
        match lens {
            [len] => self.add_there(u64::from(*len), true, room),
            lens => lens.iter().for_each(|len| self.add_there(u64::from(*len), false, room)),
        }
    }

    /// Takes up a chunk that is there already, in a file of its own or beside others.
    pub(crate) fn add_there(&mut self, len: u64, is_single: bool, room: &DriveRoom) {
        let taken = room.taken(len);
        if is_single {
            self.single_bytes += taken;
            self.largest_bytes = self.largest_bytes.max(taken);
        } else {
            self.packed_bytes += taken;
        }
    }

    /// Takes up a chunk that is about to be staged.
    pub(crate) fn add(&mut self, len: u64, room: &DriveRoom) {
        if stands_alone(len) {
            self.add_single(len, room);
        } else {
            self.new_packed_bytes += len;
            self.packed_bytes += room.taken(len);
        }
    }

    pub(crate) fn add_single(&mut self, len: u64, room: &DriveRoom) {
        let taken = room.taken(len);
        self.new_single_bytes += taken;
        self.single_bytes += taken;
        self.largest_bytes = self.largest_bytes.max(taken);
    }

    /// Tells whether there is room for it.
    pub(crate) fn fits(&self, keeps: Keeps, room: &DriveRoom) -> bool {
        self.lacks_bytes(keeps, room) == 0
    }

    /// Gives how much room it lacks. Beside parts more stays free than beside what is wanted now: nobody knows
    /// when their entry comes.
    pub(crate) fn lacks_bytes(&self, keeps: Keeps, room: &DriveRoom) -> u64 {
        let free = match keeps {
            Keeps::WhileWanted => self.packed_bytes + self.largest_bytes,
            Keeps::UntilEntry => (self.packed_bytes + self.single_bytes.min(STAGED_TWICE_BYTES_MAX)) * 2,
        };
        let new_bytes = match self.new_packed_bytes {
            0 => self.new_single_bytes,
            packed => self.new_single_bytes + room.taken(packed),
        };
        (new_bytes + free).saturating_sub(room.spare_bytes)
    }
}

/// Tells whether a chunk is so large that it is staged in a file of its own.
pub(crate) fn stands_alone(len: u64) -> bool {
    len >= CHUNK_BYTES_MIN as u64
}
