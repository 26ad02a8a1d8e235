//! What people make of damaged files: edits and copies, which are sent as anybody's word, and never without a word.
//!
//! Who adds to a damaged file, or copies it, mostly knows nothing of the damage. What that is stays noted until a sync
//! has sent it and said so, with where the version from before is: whatever looks at the drive in between forgets nothing.

use std::collections::BTreeSet;

use offsync_core::dot::Dot;
use offsync_core::entry::{Content, FileContent, Value};
use offsync_core::place::{Place, Stat};
use offsync_core::ports::IndexWrite;
use offsync_core::rel_path::{PathKey, RelPath};
use serde::{Deserialize, Serialize};

use crate::damaged_reading::{DamagedReadings, Likeness};
use crate::engine::Engine;
use crate::error::Result;
use crate::memory::{self, DAMAGED, MADE_OF_DAMAGE, WentTo};
use crate::report::MadeOfDamage;
use crate::silent::{Left, once_they_sync};

/// What somebody made of a damaged file, as long as nobody was told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Made {
    path: RelPath,
    of: RelPath,
    is_copy: bool,
    /// The versions that the damaged file stood for.
    dots: Vec<Dot>,
    /// What it should have read like.
    was: FileContent,
    is_sent: bool,
}

impl Engine<'_> {
    /// Puts what a file should read like in the place of what it reads as, if that is known damage; gives the writes that name
    /// it as damaged, or that note what somebody made of a damaged file.
    pub(crate) fn heed_damage(
        &self,
        damaged: &DamagedReadings,
        place: Option<&Place>,
        seen: &mut (Value, Stat),
        has_local_times: bool,
    ) -> Result<Vec<IndexWrite>> {
        let path = seen.0.path.clone();
        let likeness = damaged.see_through(self, &mut seen.0, &seen.1, has_local_times)?;
        if let Likeness::Itself(damage) = likeness {
            return Ok(vec![
                memory::write(memory::of_key(DAMAGED, &path.key()), &damage),
                memory::erase(memory::of_key(MADE_OF_DAMAGE, &path.key())),
            ]);
        }
        let Content::File(read) = &seen.0.content else {
            return Ok(damaged.forget(&path.key()).into_iter().collect());
        };
        if let Some(forgotten) = damaged.forget(&path.key()) {
            // What another file holds was put there on purpose, unless that is what a damaged one reads as.
            let is_anothers = matches!(likeness, Likeness::None) && self.is_known_content(read)?;
            let made = place
                .filter(|_| !is_anothers)
                .and_then(|place| edited(place, read, &path));
            return Ok(made.map(|made| made.write()).into_iter().chain([forgotten]).collect());
        }
        let Likeness::Copy { of, meant } = likeness else {
            return Ok(Vec::new());
        };
        let made = Made {
            path,
            of,
            is_copy: true,
            dots: Vec::new(),
            was: meant,
            is_sent: false,
        };
        Ok(vec![made.write()])
    }

    /// Makes the write that notes an edit of a damaged file which went to another place.
    pub(crate) fn heed_moved_damage(
        &self,
        damaged: &DamagedReadings,
        (key, place): (&PathKey, &Place),
        went_to: Option<&WentTo>,
    ) -> Result<Option<IndexWrite>> {
        let Some(to) = went_to.filter(|_| damaged.is_at(key)) else {
            return Ok(None);
        };
        let to_key = to.path.key();
        if self.index.note(&memory::of_key(DAMAGED, &to_key))?.is_some() {
            return Ok(None);
        }
        let there = self.index.place(&to_key)?;
        let made = match there.as_ref().and_then(Place::on_disk).map(|value| &value.content) {
            Some(Content::File(read)) => edited(place, read, &to.path),
            _ => None,
        };
        Ok(made.map(|made| made.write()))
    }

    /// Makes the writes that note as sent what was made of damaged files at some places.
    pub(crate) fn sent_of_damage(&self, places: &BTreeSet<PathKey>) -> Result<Vec<IndexWrite>> {
        let mut writes = Vec::new();
        for made in memory::read_all::<Made>(self.index, MADE_OF_DAMAGE)?.into_values() {
            let key = made.path.key();
            let there = self.index.place(&key)?;
            let content = there.as_ref().and_then(Place::on_disk).map(|value| &value.content);
            // Whoever put back what it held gave it a new time at most.
            let is_whole = matches!(content, Some(Content::File(file)) if file.digest == made.was.digest);
            if places.contains(&key) && !is_whole {
                writes.push(Made { is_sent: true, ..made }.write());
            }
        }
        Ok(writes)
    }

    /// Names in the report what was sent although it was made of damaged files; gives the writes by which that is said once.
    pub(crate) fn tell_made_of_damage(&mut self) -> Result<Vec<IndexWrite>> {
        let mut told = Vec::new();
        for made in memory::read_all::<Made>(self.index, MADE_OF_DAMAGE)?.into_values() {
            let key = made.path.key();
            if made.is_sent {
                let had_by = self.had_by(&made)?;
                let said = made.sentence(&had_by);
                self.warn(&made.path, said.clone());
                self.report.made_of_damage.push(MadeOfDamage {
                    said,
                    path: made.path,
                    of: made.of,
                    is_copy: made.is_copy,
                    had_by,
                });
            } else if self.index.place(&key)?.is_some_and(|place| place.is_changed()) {
                continue;
            }
            told.push(memory::erase(memory::of_key(MADE_OF_DAMAGE, &key)));
        }
        Ok(told)
    }

    fn had_by(&self, made: &Made) -> Result<Vec<String>> {
        let chunks: BTreeSet<_> = made.was.pieces().into_iter().map(|(chunk, _, _)| chunk).collect();
        let left = made.dots.iter().map(|dot| (*dot, made.was.digest, chunks.clone()));
        self.others_with(&left.collect::<Vec<Left>>())
    }
}

impl Made {
    fn write(&self) -> IndexWrite {
        memory::write(memory::of_key(MADE_OF_DAMAGE, &self.path.key()), self)
    }

    /// Says what was sent, and what brings the version from before back.
    fn sentence(&self, had_by: &[String]) -> String {
        let of = &self.of;
        if self.is_copy {
            return format!(
                "it is a copy of '{of}', which was damaged on this drive when it was copied, and goes to the others as it reads. \
                 `offsync verify FOLDER --repair` heals '{of}'; copy it once more then, and delete this one"
            );
        }
        let what = match self.of == self.path {
            true => "it was damaged on this drive and was then changed".to_owned(),
            false => format!("it was '{of}', was damaged on this drive, and was then changed"),
        };
        match once_they_sync(had_by) {
            Some(who) => format!(
                "{what}: what it reads as now goes to the others as an edit. The version from before goes to the trash of {who}; \
                 `offsync trash restore FOLDER '{of}'` there brings it back"
            ),
            None => format!(
                "{what}: what it reads as now counts as an edit. No other home is known to have had the version from before: \
                 put it back from elsewhere if you have it"
            ),
        }
    }
}

/// Gives what a damaged file became by an edit, unless that put back what it held.
fn edited(place: &Place, read: &FileContent, path: &RelPath) -> Option<Made> {
    let known = place.on_disk()?;
    let Content::File(was) = &known.content else {
        return None;
    };
    let shown = place.shown.iter().flat_map(|shown| &shown.refs);
    (was.digest != read.digest).then(|| Made {
        path: path.clone(),
        of: known.path.clone(),
        is_copy: false,
        dots: shown.flat_map(|shown| shown.dots.clone()).collect(),
        was: was.clone(),
        is_sent: false,
    })
}
