//! A full drive: whether the index can be written at all, and what may go so that it can.
//!
//! Nothing goes that would not have gone anyway: what is old in the trash, by its own rules.

use offsync_core::ports::IndexErrorKind;

use crate::engine::Engine;
use crate::error::{EngineError, Result};
use crate::memory::{self, LAST_SYNC};

/// Where more than this is free, nobody need try whether a note can be kept.
const ROOM_FOR_NOTES_BYTES: u64 = 1 << 20;

impl Engine<'_> {
    /// Tells whether the drive has room for what a cycle notes. It is tried: what a file system calls free tells too little,
    /// since some keep a part for its owner alone.
    pub fn has_room_for_notes(&mut self) -> Result<bool> {
        if self.disk.facts()?.free_bytes > ROOM_FOR_NOTES_BYTES {
            return Ok(true);
        }
        let Some(last) = memory::read::<i64>(self.index, LAST_SYNC)? else {
            return Ok(true);
        };
        // What is written as it stands needs no room: a nanosecond more or less does, and tells nobody anything else.
        match self.commit(vec![memory::write(LAST_SYNC, &(last ^ 1))]) {
            Err(error) if is_full(&error) => Ok(false),
            done => done.map(|()| true),
        }
    }

    /// Lets go on a full drive what the trash's own rules let go at the end of a cycle that cannot get there; tells
    /// whether anything went.
    pub fn make_room_for_notes(&mut self) -> Result<bool> {
        let before = self.disk.trashed()?.len();
        let mut left = before;
        loop {
            match self.expire_trash() {
                // The file itself went; what is noted of it goes as soon as enough of them have.
                Err(error) if is_full(&error) => {}
                done => return done.and_then(|_| Ok(self.disk.trashed()?.len() < before)),
            }
            let there = self.disk.trashed()?.len();
            if there == left {
                return Ok(there < before);
            }
            left = there;
        }
    }
}

fn is_full(error: &EngineError) -> bool {
    matches!(error, EngineError::Index(error) if error.kind() == IndexErrorKind::Full)
}
