//! Which files of this drive are known to hold a content, and which of these are sound: what reads as one of those may be its copy.

use offsync_core::entry::{Content, FileContent, Value};
use offsync_core::ids::{ChunkId, Digest};
use offsync_core::place::Stat;
use offsync_core::rel_path::RelPath;

use crate::engine::Engine;
use crate::error::{EngineError, Result, is_fatal};
use crate::memory::{self, DAMAGED, READ_AS};
use crate::read_as::{Anothers, ReadAs};

impl Engine<'_> {
    /// Tells whether a sound file held just what a damaged one reads as, before the damage was known; looks now where that is not remembered.
    pub(crate) fn was_held_sound(&self, chunk: Option<&ChunkId>, reads: &Digest) -> Result<bool> {
        let read_as: Option<ReadAs> = memory::read(self.index, &format!("{READ_AS}{reads}"))?;
        Ok(match (read_as.map(|read_as| read_as.anothers), chunk) {
            (Some(Anothers::Yes), _) => true,
            (Some(Anothers::No), _) | (_, None) => false,
            (Some(Anothers::Unknown) | None, Some(chunk)) => self.is_held_sound(chunk, reads)?,
        })
    }

    /// Tells whether a file that is not known to be damaged holds just what a damaged one reads as, of which this is a piece.
    fn is_held_sound(&self, chunk: &ChunkId, reads: &Digest) -> Result<bool> {
        for (path, _) in self.known_with_chunk(chunk, reads)? {
            if self.index.note(&memory::of_key(DAMAGED, &path.key()))?.is_none() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Tells whether a sound file of this drive holds just this, and reads so.
    pub(crate) fn reads_sound(&self, read: &FileContent) -> Result<bool> {
        for (path, stat) in self.known_with(read)? {
            let is_sound = self.index.note(&memory::of_key(DAMAGED, &path.key()))?.is_none();
            if !is_sound || !self.looks_as_known(&path, &stat)? {
                continue;
            }
            match self.read_content(&path) {
                Ok(Some((there, _))) if there.digest == read.digest => return Ok(true),
                Err(EngineError::Disk(error)) if is_fatal(&error) => return Err(error.into()),
                Ok(_) | Err(EngineError::Disk(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }

    /// Tells whether a file of this drive is known to hold just this.
    pub(crate) fn is_known_content(&self, read: &FileContent) -> Result<bool> {
        Ok(!self.known_with(read)?.is_empty())
    }

    /// Gives the files of this drive that are known to hold just this, and how they looked.
    pub(crate) fn known_with(&self, read: &FileContent) -> Result<Vec<(RelPath, Stat)>> {
        match read.pieces().first() {
            Some((first, _, _)) => self.known_with_chunk(first, &read.digest),
            None => Ok(Vec::new()),
        }
    }

    /// Gives those of them that hold one of its pieces.
    pub(crate) fn known_with_chunk(&self, chunk: &ChunkId, whole: &Digest) -> Result<Vec<(RelPath, Stat)>> {
        let mut known = Vec::new();
        for key in self.index.places_with_chunk(chunk)? {
            let Some(place) = self.index.place(&key)? else { continue };
            if let (
                Some(Value {
                    path,
                    content: Content::File(file),
                    ..
                }),
                Some(stat),
            ) = (place.on_disk(), place.stat())
                && file.digest == *whole
            {
                known.push((path.clone(), *stat));
            }
        }
        Ok(known)
    }
}
