//! What is said where the drive has no room for what a sync notes on it, and what frees some.

use offsync_engine::{Silent, size};

use crate::failure::{AppError, DRIVE_FULL, Result};
use crate::opened::Opened;

impl Opened {
    /// Lets go what the trash's own rules let go, where a sync stopped since the drive is full; tells whether anything went.
    pub(crate) fn make_room(&mut self) -> bool {
        // Where that is impossible too, what stopped the sync is still all that there is to say.
        self.with_engine(&Silent, |engine| engine.make_room_for_notes())
            .unwrap_or(false)
    }

    /// Tells whether a sync would stop since the drive is full.
    pub(crate) fn would_stop(&mut self) -> bool {
        self.is_full
            || !self
                .with_engine(&Silent, |engine| engine.has_room_for_notes())
                .unwrap_or(true)
    }

    /// Refuses what would end halfway, since the drive has no room for a note of it.
    pub(crate) fn refuse_if_full(&mut self) -> Result<()> {
        match self.with_engine(&Silent, |engine| engine.has_room_for_notes())? {
            true => Ok(()),
            false => Err(AppError::failed(
                DRIVE_FULL,
                "The drive is full: Offsync cannot note on it what it does. Nothing was changed.",
                "Free at least 1 MB on the drive and try again.",
            )),
        }
    }

    /// Says that a sync stops since the drive is full, and what to free.
    pub(crate) fn stops_for_room(&mut self) -> AppError {
        let lines = self.with_engine(&Silent, |engine| engine.trash()).unwrap_or_default();
        let trash = match lines.iter().map(|line| line.size_bytes).sum() {
            0 => String::new(),
            bytes => format!(
                " The trash on it holds {}: `offsync trash empty FOLDER` frees that.",
                size(bytes)
            ),
        };
        AppError::failed(
            DRIVE_FULL,
            "The drive is full: a sync cannot note on it what comes and goes, and stops. Nothing is lost.",
            format!("Free at least 1 MB on it, then sync.{trash}"),
        )
    }
}
