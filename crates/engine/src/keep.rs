//! Keeping: a person says of files that are noted as damaged here that what stands there now is how they want it.
//!
//! One commit forgets the damage and takes down what each file reads as, as this person's edit. So whenever the cable is pulled, a
//! file is damaged still or an edit that waits to be sent, and never sound in silence. Nothing on the drive is touched.

use offsync_core::entry::Content;
use offsync_core::place::Place;
use offsync_core::ports::{EntryKind, IndexWrite};
use offsync_core::rel_path::{PathKey, RelPath};

use crate::engine::Engine;
use crate::error::{EngineError, Result};
use crate::memory::{self, DAMAGED, Damage, KEPT, READ_AS};

/// A file that is not kept as it is now, and why: then none of those that were named together is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotKept {
    /// Which.
    pub path: RelPath,
    /// Why.
    pub why: WhyNotKept,
}

/// Why a file is not kept as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WhyNotKept {
    /// Nothing is noted of damage to it here.
    NotDamaged,
    /// No file stands there any more.
    Gone,
    /// It reads as it should again.
    Sound,
    /// It does not read as it did when it was noted: it is not the file that a person was told of.
    Changed,
    /// It was being written while it was read.
    BeingWritten,
    /// It cannot be read, with what the drive says: nobody knows what it is that would be kept.
    Unreadable(String),
}

impl Engine<'_> {
    /// Takes files that are noted as damaged here for this person's edits, as they read now; gives them as they are spelled.
    ///
    /// The next cycle sends them as it does any edit. Where one cannot be taken, none is.
    pub fn keep_damaged(&mut self, paths: &[RelPath]) -> Result<std::result::Result<Vec<RelPath>, NotKept>> {
        self.recover()?;
        self.match_marker()?;
        let damages = self.damages()?;
        let (mut kept, mut writes) = (Vec::new(), Vec::new());
        for path in paths {
            let key = path.key();
            let Some(damage) = damages.get(&key) else {
                return Ok(Err(not_kept(path, WhyNotKept::NotDamaged)));
            };
            if kept.contains(&damage.path) {
                continue;
            }
            match self.as_edit(&key, damage)? {
                Ok(place) => {
                    writes.push(memory::erase(memory::of_key(DAMAGED, &key)));
                    writes.extend(damage.reads.map(|reads| memory::erase(format!("{READ_AS}{reads}"))));
                    writes.push(memory::unsettle(&key.parent().unwrap_or_else(PathKey::root)));
                    // Other homes may have had no later version than these: they are named as those who have it in their trash.
                    if !damage.dots.is_empty() {
                        writes.push(memory::write(memory::of_key(KEPT, &key), &damage.dots));
                    }
                    writes.push(IndexWrite::Place(key, Some(place)));
                    kept.push(damage.path.clone());
                }
                Err(why) => return Ok(Err(not_kept(&damage.path, why))),
            }
        }
        // A drive that went while it was read may have read as anything.
        if self.disk.read_marker()?.is_none() {
            return Err(EngineError::DriveChanged);
        }
        self.match_marker()?;
        writes.extend(self.forget_readings(|damage| kept.contains(&damage.path))?);
        self.commit(writes)?;
        Ok(Ok(kept))
    }

    /// Gives what the place of a damaged file is once that reads as somebody wants it.
    fn as_edit(&mut self, key: &PathKey, damage: &Damage) -> Result<std::result::Result<Place, WhyNotKept>> {
        let entry = match self.disk.look(&damage.path) {
            Ok(entry) => entry.filter(|entry| entry.kind == EntryKind::File),
            Err(error) => return self.unreadable(error.into()),
        };
        let (Some(entry), Some(place)) = (entry, self.index.place(key)?) else {
            return Ok(Err(WhyNotKept::Gone));
        };
        let seen = match self.observe(&damage.path, &entry, Some(&place)) {
            Ok(Some(seen)) => seen,
            Ok(None) => return Ok(Err(WhyNotKept::BeingWritten)),
            Err(error) => return self.unreadable(error),
        };
        let Content::File(read) = &seen.0.content else {
            return Ok(Err(WhyNotKept::Gone));
        };
        if place.on_disk().is_some_and(|value| value.same_content(&seen.0)) {
            return Ok(Err(WhyNotKept::Sound));
        }
        // Another damaged file may have got this name since, and what it reads as would be forgotten with the note.
        if damage.reads != Some(read.digest) {
            return Ok(Err(WhyNotKept::Changed));
        }
        let (shown, _) = place.into_parts();
        Ok(Place::new(shown, Some(seen)).ok_or(WhyNotKept::Gone))
    }

    /// Tells a file that cannot be read, which a bad place on the drive does, from a drive that is there no more.
    fn unreadable<T>(&self, error: EngineError) -> Result<std::result::Result<T, WhyNotKept>> {
        match error {
            EngineError::Disk(_) if self.disk.read_marker()?.is_none() => Err(EngineError::DriveChanged),
            EngineError::Disk(error) => Ok(Err(WhyNotKept::Unreadable(error.reason().to_owned()))),
            error => Err(error),
        }
    }
}

fn not_kept(path: &RelPath, why: WhyNotKept) -> NotKept {
    NotKept {
        path: path.clone(),
        why,
    }
}
