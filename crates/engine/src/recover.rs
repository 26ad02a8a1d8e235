//! Recovery: what a pulled cable left half done is looked at, place by place, and taken as it is found.
//!
//! A place that shows neither old nor new has an unknown base, and stands for nothing.

use std::collections::{BTreeMap, BTreeSet};

use offsync_core::entry::{Content, Value};
use offsync_core::place::{Observed, Place, Shown, Stat};
use offsync_core::ports::{DiskEntry, EntryKind, IndexWrite, StagedName, TrashName};
use offsync_core::rel_path::{PathKey, RelPath};

use crate::engine::Engine;
use crate::error::{EngineError, Result, is_fatal};
use crate::memory::{self, DAMAGED, Damage, GROWN, Grown, Intent, JOURNAL, STAGED, StagedChunks, TRASH, TrashRecord};
use crate::scan::READS_DIFFERENTLY;
use crate::touched::{is_same_but_moved, looks_same};

impl Engine<'_> {
    /// Ends what a pulled cable left half done.
    pub(crate) fn recover(&mut self) -> Result<()> {
        if let Some(intents) = memory::read::<Vec<Intent>>(self.index, JOURNAL)? {
            let mut writes = vec![memory::erase(JOURNAL)];
            let displaced = self.last_displaced()?;
            for intent in intents {
                writes.extend(self.put_back_a_save(&intent, &displaced)?);
                writes.extend(self.recover_intent(&intent)?);
            }
            self.disk.flush()?;
            self.commit(writes)?;
        }
        self.tidy_private_folders()
    }

    /// Gives of each path what was displaced from there last: what a batch displaces is noted with its intents.
    fn last_displaced(&self) -> Result<BTreeMap<RelPath, TrashName>> {
        let mut records: Vec<(String, TrashRecord)> = memory::read_all::<TrashRecord>(self.index, TRASH)?
            .into_iter()
            .collect();
        records.sort_by_key(|(_, record)| (record.since_age_ns, record.displaced_ns));
        Ok(records
            .into_iter()
            .map(|(name, record)| (record.path, TrashName(name)))
            .collect())
    }

    /// Puts back what somebody saved between the last look at a file and its move to the trash, where the power was cut
    /// before that was seen: it is no version that anybody replaced.
    fn put_back_a_save(
        &mut self,
        intent: &Intent,
        displaced: &BTreeMap<RelPath, TrashName>,
    ) -> Result<Vec<IndexWrite>> {
        let place = self.index.place(&intent.key)?;
        let stood_at = place.as_ref().and_then(Place::path).unwrap_or(&intent.path).clone();
        let (Some(before), Some(name)) = (intent.old_stat, displaced.get(&stood_at)) else {
            return Ok(Vec::new());
        };
        let now = self.disk.open_trashed(name).and_then(|file| file.stat());
        let is_a_save = now.is_ok_and(|now| !is_same_but_moved(&before, &now));
        if !is_a_save || self.look_again(&stood_at)?.is_some() || self.disk.restore(name, &stood_at).is_err() {
            return Ok(Vec::new());
        }
        Ok(vec![memory::erase(format!("{TRASH}{}", name.0))])
    }

    fn recover_intent(&mut self, intent: &Intent) -> Result<Vec<IndexWrite>> {
        let mut writes = vec![memory::unsettle(&intent.key.parent().unwrap_or_else(PathKey::root))];
        let place = self.index.place(&intent.key)?;
        let mut at = intent.path.clone();
        let mut entry = self.look_again(&at)?;
        // It did not get its new spelling: a drive that tells case apart has it under the old one.
        let spelled = place.as_ref().and_then(Place::path).filter(|spelled| **spelled != at);
        if let (None, Some(spelled)) = (&entry, spelled) {
            at = spelled.clone();
            entry = self.look_again(&at)?;
        }
        let there = place
            .as_ref()
            .and_then(|place| Some((place.on_disk()?.clone(), *place.stat()?)));
        if let Some(folder) = there.filter(|(value, _)| value.content.is_folder())
            && entry.as_ref().is_none_or(|entry| entry.kind != EntryKind::Folder)
        {
            // It shows nothing any more, but the scan must find that it went: else nobody would look for what was in it.
            writes.push(IndexWrite::Place(intent.key.clone(), Place::new(None, Some(folder))));
            return Ok(writes);
        }
        let Some(entry) = entry else {
            // Taken away, or not put there yet. Either way nothing is shown, and nobody deleted anything.
            writes.push(IndexWrite::Place(intent.key.clone(), None));
            return Ok(writes);
        };
        if intent.old_stat.is_some_and(|old| looks_same(&old, &entry)) {
            return Ok(writes);
        }
        let path = at
            .parent()
            .and_then(|parent| parent.join(&entry.name).ok())
            .unwrap_or(at);
        let old = place.and_then(|place| place.into_parts().0);
        let Some((value, stat)) = self.observe_again(&path, &entry)? else {
            return Ok(writes);
        };
        // The damaged file that was to be replaced still stands there, and somebody touched it: the scan knows what that is.
        let damage: Option<Damage> = memory::read(self.index, &memory::of_key(DAMAGED, &intent.key))?;
        if let (Some(damage), Content::File(read)) = (damage, &value.content)
            && damage.reads == Some(read.digest)
        {
            return Ok(writes);
        }
        let place = match (&intent.new, old) {
            (Some(new), _) if new.value.same_content(&value) => {
                // A power cut may keep the content and take back its times: they are settled once more.
                let shown = Shown {
                    value: Value {
                        path,
                        meta: value.meta,
                        ..new.value.clone()
                    },
                    ..new.clone()
                };
                Some(Place {
                    shown: Some(shown),
                    observed: Observed::AsShown(stat),
                })
            }
            (_, Some(old)) if old.value.same_content(&value) => Place::new(Some(old), Some((value, stat))),
            // Only moved, away and back by the power cut, and yet it reads otherwise: the drive is to blame, and no person.
            (_, Some(old)) if intent.old_stat.is_some_and(|before| is_same_but_moved(&before, &stat)) => {
                if let (Content::File(file), Content::File(read)) = (&old.value.content, &value.content) {
                    writes.extend(self.note_damage(&path, file, read)?);
                    self.skip(&path, READS_DIFFERENTLY);
                }
                let there = Value {
                    path,
                    ..old.value.clone()
                };
                Place::new(Some(old), Some((there, stat)))
            }
            // Neither old nor new: nobody knows which of them the person saw. The scan reads a file as it does what is new there: it
            // may be a damaged one that got this name.
            _ if value.content.is_file() => None,
            _ => Place::new(None, Some((value, stat))),
        };
        writes.push(IndexWrite::Place(intent.key.clone(), place));
        Ok(writes)
    }

    fn look_again(&self, path: &RelPath) -> Result<Option<DiskEntry>> {
        match self.disk.look(path) {
            Err(error) if is_fatal(&error) => Err(error.into()),
            Err(_) => Ok(None),
            Ok(entry) => Ok(entry),
        }
    }

    fn observe_again(&mut self, path: &RelPath, entry: &DiskEntry) -> Result<Option<(Value, Stat)>> {
        match self.observe(path, entry, None) {
            Err(EngineError::Disk(error)) if !is_fatal(&error) => {
                self.skip(path, format!("it could not be read ({})", error.reason()));
                Ok(None)
            }
            seen => seen,
        }
    }

    /// Drops what staging and the trash hold without a note, and notes of what they do not hold.
    fn tidy_private_folders(&mut self) -> Result<()> {
        let staged = memory::read_all::<StagedChunks>(self.index, STAGED)?;
        let grown = memory::read_all::<Grown>(self.index, GROWN)?;
        let mut files = BTreeSet::new();
        for file in self.disk.staged()? {
            let name = StagedName(file.name.clone());
            if !staged.contains_key(&file.name) {
                self.disk.drop_staged(&name)?;
            } else if let Some(grown) = grown.get(&file.name)
                && file.size_bytes > grown.len_bytes
            {
                // What was written of a file since it was noted is nothing that counts, and takes room.
                self.disk.stage(&name, grown.len_bytes)?.finish()?;
            }
            files.insert(file.name);
        }
        let mut writes: Vec<IndexWrite> = staged
            .keys()
            .filter(|name| !files.contains(*name))
            .flat_map(|name| memory::forget_staged(name))
            .collect();
        let trashed: BTreeSet<String> = self.disk.trashed()?.into_iter().map(|file| file.name).collect();
        for name in memory::read_all::<TrashRecord>(self.index, TRASH)?.into_keys() {
            if !trashed.contains(&name) {
                writes.push(memory::erase(format!("{TRASH}{name}")));
            }
        }
        self.commit(writes)
    }
}
