//! The documents of `sync` and `diff`, field by field as scripts rely on them.

use offsync_adapters::clock::SystemClock;
use offsync_core::ports::Clock;
use offsync_core::rel_path::RelPath;
use offsync_engine::{ChangeCounts, Difference, DifferenceKind, Held, HeldDirection as Direction, SkippedPath};
use serde::Serialize;

use crate::alarm::alarm_sentence;
use crate::exact_path::exact;
use crate::failure::{AppError, without_error_numbers};
use crate::headline::visits_to_come;
use crate::left_open::{DamagedReport, LeftOpen, ServedReport, damage_sentence};
use crate::lost::{LostView, lost_sentence};
use crate::threshold::threshold_changed;
use crate::view::{Failure, ForeignView, HeldDirection, HeldView, Lacking, SilentView};

/// Files seen and read.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ScannedReport {
    /// Files on the drive.
    pub files: u64,
    /// Files that had to be read.
    pub hashed_files: u64,
    /// Bytes that were read.
    pub hashed_bytes: u64,
}

/// What went into the mailbox.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PostedReport {
    /// Changesets, parts included.
    pub changesets: u64,
    /// Entries.
    pub entries: u64,
    /// File content alone, after compression.
    pub payload_bytes: u64,
    /// Everything.
    pub uploaded_bytes: u64,
    /// What went of content alone, for changes that wait for room, in bytes.
    pub part_bytes: u64,
    /// What the entries are to a person, as `log` counts them: a move is one; absent where nobody knows any more.
    pub summary: Option<ChangeCounts>,
}

/// What is not posted for lack of room.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct WaitingReport {
    /// Entries.
    pub entries: u64,
    /// Their content in bytes.
    pub bytes: u64,
    /// About how many visits of `waits_on` it takes, as visits went so far.
    pub visits: Option<u64>,
    /// What to call the home whose visit frees the most room; absent beside `visits` where several must come first.
    pub waits_on: Option<String>,
    /// Whether each of the other homes must come so often as `visits` says, `waits_on` first.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub of_each: bool,
    /// What takes that room and is not Offsync's; absent where nothing does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub foreign: Option<ForeignView>,
}

impl WaitingReport {
    /// Says how long it takes, to be put behind that it waits.
    pub fn visits_to_come(&self) -> String {
        visits_to_come(self.entries, self.visits, self.waits_on.as_deref(), self.of_each)
    }
}

/// What came out of the mailbox.
#[derive(Clone, Debug, Default, Serialize)]
pub struct FetchedReport {
    /// Changesets.
    pub changesets: u64,
    /// Everything that was read.
    pub downloaded_bytes: u64,
    /// What came of content alone, for changes that are still to come, in bytes.
    pub part_bytes: u64,
}

/// What left the mailbox.
#[derive(Clone, Debug, Default, Serialize)]
pub struct PrunedReport {
    /// Objects.
    pub objects: u64,
    /// Bytes.
    pub bytes: u64,
}

/// A conflict copy that is shown.
#[derive(Clone, Debug, Serialize)]
pub struct ConflictReport {
    /// The path that both versions are of.
    pub path: String,
    /// Where the losing version stands.
    pub copy: String,
    /// The path exactly, if it is not UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path_base64: Option<String>,
    /// The copy's path exactly, if it is not UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub copy_base64: Option<String>,
}

/// A path that was left alone.
#[derive(Clone, Debug, Serialize)]
pub struct SkippedReport {
    /// The path, lossily if it is not UTF-8.
    pub path: String,
    /// The path exactly, if it is not UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path_base64: Option<String>,
    /// Why.
    pub reason: String,
    /// What tells more to who knows what lies in a mailbox; not of all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl SkippedReport {
    pub(crate) fn new(path: &RelPath, reason: impl Into<String>) -> Self {
        Self {
            path: path.to_string(),
            path_base64: exact(path),
            reason: without_error_numbers(&reason.into()),
            detail: None,
        }
    }
}

impl From<&SkippedPath> for SkippedReport {
    fn from(skipped: &SkippedPath) -> Self {
        Self {
            detail: skipped.detail.clone(),
            ..Self::new(&skipped.path, skipped.reason.clone())
        }
    }
}

/// A file that was sent although it was made of a damaged one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MadeOfDamageReport {
    /// The path, lossily if it is not UTF-8.
    pub path: String,
    /// The path exactly, if it is not UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path_base64: Option<String>,
    /// The damaged file: itself under the name that it had, or the one that it is a copy of.
    pub of: String,
    /// Whether it is a file of its own: a copy, one that was made with a piece of the damaged one, or what came back from the trash.
    pub copied: bool,
    /// The labels of the homes that are known to have had the version from before.
    pub had_by: Vec<String>,
    /// What was sent, and what brings the version from before back.
    pub said: String,
}

impl From<&offsync_engine::MadeOfDamage> for MadeOfDamageReport {
    fn from(made: &offsync_engine::MadeOfDamage) -> Self {
        Self {
            path: made.path.to_string(),
            path_base64: exact(&made.path),
            of: made.of.to_string(),
            copied: made.is_copy,
            had_by: made.had_by.clone(),
            said: made.said.clone(),
        }
    }
}

/// Files that went to the trash here although a person said that they are to stay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TooLateReport {
    /// How many.
    pub files: u64,
    /// The path of one of them.
    pub example: String,
    /// What people call the homes that deleted them.
    pub by: Vec<String>,
    /// Whether somebody confirmed it there; else they were too few to wait for a yes.
    pub confirmed: bool,
}

/// One archive in the document of `sync`.
#[derive(Clone, Debug, Serialize)]
pub struct SyncReport {
    /// Hexadecimal archive id; empty if the archive could not be opened.
    pub archive_id: String,
    /// Hexadecimal id of this location after the cycle; empty if the archive could not be opened.
    pub location_id: String,
    /// Its folder.
    pub folder: String,
    /// Files seen and read.
    pub scanned: ScannedReport,
    /// What went into the mailbox.
    pub posted: PostedReport,
    /// What is not posted for lack of room.
    pub waiting: WaitingReport,
    /// What came out of the mailbox.
    pub fetched: FetchedReport,
    /// What was written to the drive.
    pub applied: ChangeCounts,
    /// What left the mailbox.
    pub pruned: PrunedReport,
    /// Conflict copies that are shown.
    pub conflicts: Vec<ConflictReport>,
    /// Paths that were left alone.
    pub skipped: Vec<SkippedReport>,
    /// Files that somebody is still writing: who watches leaves them for a later cycle.
    #[serde(skip)]
    pub unfinished: Vec<String>,
    /// Paths that this drive cannot show, and new ones that another location's drive cannot hold as they are.
    pub warnings: Vec<SkippedReport>,
    /// Deletions that wait for a yes.
    pub held: Option<HeldView>,
    /// Deletions of the other direction that wait for a yes as well.
    pub also_held: Option<HeldView>,
    /// What `--keep-files` came too late for.
    pub too_late: Option<TooLateReport>,
    /// Homes that this sync was the first to set aside for their silence: nothing waits for them until they sync again.
    pub set_aside: Vec<SilentView>,
    /// Location ids of copies that should be equal to this one and are not, or that used numbers twice: an alarm.
    pub diverged: Vec<String>,
    /// What is to be said and done about these.
    pub alarms: Vec<String>,
    /// The Merkle root, hexadecimal.
    pub root: String,
    /// Whether nothing is left to do here.
    pub up_to_date: bool,
    /// Whether this drive took a new location id: it is a copy of another, was restored, or is new at this computer.
    pub took_new_id: bool,
    /// Whether it did so because a person brought it back, with `join --as`, or to a computer that had never synced it.
    pub came_back: bool,
    /// Whether notes in the index on this drive were damaged, so that they are made anew.
    pub mended_index: bool,
    /// Whether the mailbox went back to an earlier state, or was emptied, since this home wrote to it; said once.
    pub mailbox_went_back: bool,
    /// Pieces of content that are wanted and not here yet.
    pub missing_chunks: u64,
    /// Whether this location still waits to hear from the others what the archive holds.
    pub awaits_state: bool,
    /// What was put into the mailbox for locations that asked for it.
    pub served: Vec<ServedReport>,
    /// Files that are known here and not on this drive yet.
    pub lacking: Lacking,
    /// How many of them wait for room on this drive; each is among `skipped`.
    pub no_room_files: u64,
    /// What people call the homes whose next sync brings what lacks, as far as that is known.
    pub waits_for: Vec<String>,
    /// Files that are known to be damaged on this drive.
    pub damaged: Vec<DamagedReport>,
    /// Files whose content no home that takes part has any more.
    pub lost: Vec<LostView>,
    /// What was sent although it was made of damaged files; each has a sentence among the warnings, too.
    pub made_of_damage: Vec<MadeOfDamageReport>,
    /// Damaged files that were put together again.
    pub repaired: Vec<String>,
    /// The sentence among the warnings that says before how many deletions another home lets all homes ask from now on.
    #[serde(skip)]
    pub threshold_heard: Option<String>,
    /// Whether its drive is here; all figures are nought where it is not.
    pub drive_present: bool,
    /// Why it could not be done, in place of the figures.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
    /// The error's exit class, for the command line.
    #[serde(skip)]
    pub failure: Option<AppError>,
}

impl Default for SyncReport {
    fn default() -> Self {
        let nothing = offsync_engine::SyncReport::default();
        Self::from_engine(String::new(), String::new(), &nothing, LeftOpen::default())
    }
}

impl SyncReport {
    /// Names the homes that made deletions which wait for a yes here.
    pub(crate) fn name_authors(&mut self, label: impl Fn(&str) -> Option<String>) {
        for held in self.held.iter_mut().chain(&mut self.also_held) {
            held.by_label = held.by.as_deref().and_then(&label);
        }
    }

    /// Says what is lost, if anything is.
    pub fn lost_sentence(&self) -> Option<String> {
        lost_sentence(&self.lost)
    }

    /// Says what is damaged and what to do about it, if anything is.
    pub fn damage_sentence(&self) -> Option<String> {
        damage_sentence(&self.damaged, &self.waits_for, false)
    }

    pub(crate) fn from_engine(
        archive_id: String,
        folder: String,
        report: &offsync_engine::SyncReport,
        left_open: LeftOpen,
    ) -> Self {
        let waiting = left_open.waiting.unwrap_or_default();
        let threshold = report.threshold_heard.as_ref();
        let threshold = threshold.map(|heard| SkippedReport::new(&RelPath::root(), threshold_changed(heard)));
        let warnings = report.warnings.iter().map(SkippedReport::from);
        let held = |held: &Held| held_view(held, left_open.other_homes);
        Self {
            archive_id,
            location_id: left_open.location_id,
            folder,
            scanned: ScannedReport {
                files: report.scanned_files,
                hashed_files: report.hashed_files,
                hashed_bytes: report.hashed_bytes,
            },
            posted: PostedReport {
                changesets: report.posted_changesets,
                entries: report.posted_entries,
                payload_bytes: report.payload_bytes,
                uploaded_bytes: report.uploaded_bytes,
                summary: left_open.posted,
                part_bytes: 0,
            },
            waiting: WaitingReport {
                entries: report.waiting_entries,
                bytes: report.waiting_bytes,
                visits: waiting.visits,
                waits_on: waiting.waits_on,
                of_each: waiting.of_each,
                foreign: left_open.foreign,
            },
            fetched: FetchedReport {
                changesets: report.fetched_changesets,
                downloaded_bytes: report.downloaded_bytes,
                part_bytes: 0,
            },
            applied: report.applied,
            pruned: PrunedReport {
                objects: report.pruned_objects,
                bytes: report.pruned_bytes,
            },
            conflicts: report
                .conflicts
                .iter()
                .map(|line| ConflictReport {
                    path: line.path.to_string(),
                    copy: line.copy.to_string(),
                    path_base64: exact(&line.path),
                    copy_base64: exact(&line.copy),
                })
                .collect(),
            skipped: report.skipped.iter().map(SkippedReport::from).collect(),
            unfinished: report.unfinished.iter().map(ToString::to_string).collect(),
            warnings: threshold.iter().cloned().chain(warnings).collect(),
            threshold_heard: threshold.map(|line| line.reason),
            held: report.held.as_ref().map(held),
            also_held: report.also_held.as_ref().map(held),
            too_late: None,
            set_aside: report
                .set_aside
                .iter()
                .map(|home| SilentView::of(home, SystemClock.now_ns()))
                .collect(),
            diverged: report.alarms.iter().map(|alarm| alarm.location.to_string()).collect(),
            alarms: report.alarms.iter().map(alarm_sentence).collect(),
            root: report.root.map(|root| root.to_string()).unwrap_or_default(),
            // Who has heard of nobody yet covers all that it has seen.
            up_to_date: report.up_to_date && !report.awaits_state,
            took_new_id: report.took_new_id,
            came_back: report.took_new_id
                && !report.mended_index
                && (left_open.was_brought_back || report.was_new_here),
            mended_index: report.mended_index,
            mailbox_went_back: report.mailbox_went_back,
            missing_chunks: report.missing_chunks,
            awaits_state: report.awaits_state,
            served: left_open.served,
            lacking: left_open.lacking,
            no_room_files: report.no_room_files,
            waits_for: left_open.waits_for,
            damaged: left_open.damaged,
            lost: left_open.lost,
            made_of_damage: report.made_of_damage.iter().map(MadeOfDamageReport::from).collect(),
            repaired: report.repaired.iter().map(ToString::to_string).collect(),
            drive_present: true,
            error: None,
            failure: None,
        }
    }
}

/// One line of `diff`.
#[derive(Clone, Debug, Serialize)]
pub struct DiffLine {
    /// The path, lossily if it is not UTF-8.
    pub path: String,
    /// The path exactly, if it is not UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path_base64: Option<String>,
    /// `created`, `modified`, `deleted`, `renamed` or `metadata`.
    pub change: &'static str,
    /// Where it was before, if it moved.
    pub from: Option<String>,
    /// That path exactly, if it is not UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from_base64: Option<String>,
    /// Whether it was edited, too, if it moved.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub edited: bool,
    /// Size in bytes.
    pub bytes: u64,
    /// What to know before it is sent: of which homes the drives cannot store it as it is, and what helps;
    /// that it is damaged here.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

impl From<&Difference> for DiffLine {
    fn from(difference: &Difference) -> Self {
        Self {
            path: difference.path.to_string(),
            path_base64: exact(&difference.path),
            change: match difference.change {
                DifferenceKind::Created => "created",
                DifferenceKind::Modified => "modified",
                DifferenceKind::Deleted => "deleted",
                DifferenceKind::Renamed => "renamed",
                DifferenceKind::Metadata => "metadata",
            },
            from: difference.from.as_ref().map(ToString::to_string),
            from_base64: difference.from.as_ref().and_then(exact),
            edited: difference.is_edited,
            bytes: difference.bytes,
            warnings: Vec::new(),
        }
    }
}

/// Gives held deletions as data; who made them is added by whoever knows the labels.
pub(crate) fn held_view(held: &Held, other_homes: u64) -> HeldView {
    HeldView {
        reason: "many_deletions".into(),
        direction: direction(held.direction),
        deletions: held.deletions,
        of: held.of,
        replaced: held.replaced,
        kept: held.kept,
        sample: held.sample.iter().map(ToString::to_string).collect(),
        by: held.by.map(|location| location.to_string()),
        by_label: None,
        other_homes,
    }
}

fn direction(direction: Direction) -> HeldDirection {
    match direction {
        Direction::Local => HeldDirection::Local,
        Direction::Remote => HeldDirection::Remote,
    }
}
