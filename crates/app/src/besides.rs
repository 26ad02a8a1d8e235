//! What a sync did besides what its engine reports: what it sent of an earlier one, parts of what waits for room, whose
//! deletions wait, and files that went although a person said no.

use std::collections::{BTreeMap, BTreeSet};

use offsync_core::version_vector::VersionVector;
use offsync_engine::{Engine, EngineError, SyncOptions};

use crate::naming::told_apart;
use crate::reports::{SyncReport, TooLateReport};

/// How things stood before a sync, to tell afterwards what it did of what was there already.
pub(crate) struct Before {
    /// Own changesets that an earlier sync could not put into the mailbox, by sequence: entries, and content in bytes.
    unsent: BTreeMap<u64, (u64, u64)>,
    folded: VersionVector,
    /// What lay in the trash, where a person said no to deletions.
    trash: Option<BTreeSet<String>>,
}

impl Before {
    pub(crate) fn look(engine: &mut Engine<'_>, how: &SyncOptions) -> std::result::Result<Self, EngineError> {
        let outbox = engine.outbox()?;
        let trash = match how.refuse_deletions {
            true => Some(engine.trash()?.into_iter().map(|line| line.name).collect()),
            false => None,
        };
        let unsent = outbox
            .iter()
            .map(|(record, bytes)| (record.sequence, (record.entries, *bytes)));
        Ok(Self {
            unsent: unsent.collect(),
            folded: engine.folded(),
            trash,
        })
    }

    /// Adds what an earlier sync had made up and only this one put into the mailbox.
    pub(crate) fn complete(
        &self,
        engine: &mut Engine<'_>,
        report: &mut offsync_engine::SyncReport,
    ) -> std::result::Result<(), EngineError> {
        // Under a new id nobody can tell from the outbox whether it was sent or dropped.
        if self.unsent.is_empty() || report.took_new_id {
            return Ok(());
        }
        let left: BTreeSet<u64> = engine.outbox()?.iter().map(|(record, _)| record.sequence).collect();
        for (_, (entries, bytes)) in self.unsent.iter().filter(|(sequence, _)| !left.contains(sequence)) {
            report.posted_changesets += 1;
            report.posted_entries += entries;
            report.payload_bytes += bytes;
        }
        Ok(())
    }

    /// Looks for what else is to be told.
    pub(crate) fn besides(
        &self,
        engine: &Engine<'_>,
        report: &offsync_engine::SyncReport,
    ) -> std::result::Result<Besides, EngineError> {
        let people = engine.living()?;
        let labels = told_apart(
            people
                .iter()
                .map(|(location, person)| (*location, person.label.as_str())),
        );
        let labels = labels
            .into_iter()
            .map(|(location, label)| (location.to_string(), label));
        let labels: BTreeMap<String, String> = labels.collect();
        let (received_part_bytes, sent_part_bytes) = engine.parts_since(&self.folded)?;
        let deleted = match &self.trash {
            Some(trash) if report.applied.deleted > 0 => engine.deleted_since(trash)?,
            _ => Vec::new(),
        };
        let by: BTreeSet<String> = deleted
            .iter()
            .filter_map(|line| labels.get(&line.by?.to_string()).cloned())
            .collect();
        let (files, threshold) = (deleted.len() as u64, engine.threshold()?);
        let too_late = deleted.first().map(|first| TooLateReport {
            files,
            example: first.path.to_string(),
            by: by.into_iter().collect(),
            // A no was said, so many can only have gone since somebody else had said yes.
            confirmed: threshold.is_many(files, report.scanned_files),
        });
        Ok(Besides {
            labels,
            received_part_bytes,
            sent_part_bytes,
            too_late,
        })
    }
}

/// What a sync did besides what its engine reports.
pub(crate) struct Besides {
    labels: BTreeMap<String, String>,
    received_part_bytes: u64,
    sent_part_bytes: u64,
    too_late: Option<TooLateReport>,
}

impl Besides {
    pub(crate) fn tell(self, report: &mut SyncReport) {
        report.name_authors(|location| self.labels.get(location).cloned());
        report.fetched.part_bytes = self.received_part_bytes;
        report.posted.part_bytes = self.sent_part_bytes;
        report.too_late = self.too_late;
    }
}
