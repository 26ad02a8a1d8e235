//! What both shells show of an archive: status, locations, log, differences, the overview.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use offsync_adapters::clock::SystemClock;
use offsync_adapters::cloud::Asked;
use offsync_adapters::disk::is_empty_folder;
use offsync_adapters::mailbox::MailboxUrl;
use offsync_core::ids::LocationId;
use offsync_core::ports::{Clock, Disk, MailboxError, MailboxErrorKind};
use offsync_core::rel_path::RelPath;
use offsync_engine::{
    Difference, EngineError, Held, IgnoredPath, LeftBehind, LocationStanding, LocationState as Standing, LogRecord,
    Silent, SilentHome, Survey,
};

use crate::alarm::alarm_words;
use crate::app::App;
use crate::archives::KnownArchive;
use crate::exact_path::exact;
use crate::failure::{AppError, Result};
use crate::forget::way_back;
use crate::headline::{Awaited, headline};
use crate::left_open::{Damaged, DamagedReport, damage, other_homes, still_waiting, waiting, who_can_help};
use crate::lost::{LostView, lost_sentence};
use crate::naming::{Known, told_apart};
use crate::opened::{Opened, is_away};
use crate::receipt::{NoReceipt, Receipt};
use crate::reports::{DiffLine, SkippedReport, held_view};
use crate::times::rfc3339;
use crate::view::{
    ArchiveActivity, ArchiveStatus, Behind, ChangeSummary, DeletionsView, DriveView, ForeignView, Headline, HeldView,
    IgnoredView, Lacking, LocalChanges, LocationState, LocationView, LogLine, MailboxView, Overview, SilentView,
    SkippedView, WayBack,
};
use crate::wrong_drive::WRONG_DRIVE;

/// What is said of a change of a file that is damaged.
const DAMAGED_CHANGE: &str = "it is damaged on this drive: its name and time are sent, and what it reads as is not. \
     `offsync verify FOLDER` says what can be done";

impl App {
    /// Tells how archives stand: those named, or all that this computer knows.
    pub fn status(&self, folders: &[PathBuf]) -> std::result::Result<Vec<ArchiveStatus>, AppError> {
        if folders.is_empty() {
            return self
                .archives()?
                .all
                .iter()
                .map(|known| self.status_of_known(known))
                .collect();
        }
        folders.iter().map(|folder| self.status_of(folder)).collect()
    }

    /// Gives everything that the window needs.
    pub fn overview(&self, lines: usize) -> std::result::Result<Overview, AppError> {
        let archives = self.status(&[])?;
        let mut activity = Vec::new();
        for archive in archives.iter().filter(|archive| archive.drive.present) {
            // Whatever keeps one archive from telling its history keeps nobody from seeing the others; its state says it.
            let lines = self.log(Path::new(&archive.folder), Some(lines)).unwrap_or_default();
            activity.push(ArchiveActivity {
                archive_id: archive.archive_id.clone(),
                folder: archive.folder.clone(),
                lines,
            });
        }
        Ok(Overview {
            archives,
            activity,
            syncing: Vec::new(),
            samples: Vec::new(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        })
    }

    /// Lists what was changed, newest first.
    pub fn log(&self, folder: &Path, limit: Option<usize>) -> std::result::Result<Vec<LogLine>, AppError> {
        let mut archive = self.open_archive(folder)?;
        let options = archive.options();
        let (records, vectors, incomplete, counting) = archive.with_engine(&Silent, |engine| {
            Ok((
                engine.log()?,
                engine.known_vectors()?,
                engine.incomplete()?,
                engine.counting(&options)?,
            ))
        })?;
        let labels = vectors
            .iter()
            .map(|(location, person, _)| (*location, person.label.as_str()));
        let labels = told_apart(labels);
        let lacks = |location: &LocationId, record: &LogRecord| {
            let lacking = incomplete.get(location);
            lacking.is_some_and(|lacking| lacking.contains(&(record.author, record.sequence)))
        };
        let line = |record: &LogRecord| {
            let has = vectors.iter().filter(|(location, _, vector)| {
                vector.get(&record.author) >= record.sequence && !lacks(location, record)
            });
            let has: BTreeSet<LocationId> = has.map(|(location, _, _)| *location).collect();
            let applied_by: Vec<String> = has.iter().map(ToString::to_string).collect();
            LogLine {
                author: record.author.to_string(),
                author_label: labels.get(&record.author).cloned().unwrap_or_default(),
                sequence: record.sequence,
                created: rfc3339(record.created_ns),
                entries: record.entries,
                bytes: record.bytes,
                summary: ChangeSummary {
                    created: record.counts.created,
                    modified: record.counts.modified,
                    deleted: record.counts.deleted,
                    renamed: record.counts.renamed,
                    metadata: record.counts.metadata,
                    example: record.example.as_ref().map(ToString::to_string),
                },
                pruned: counting.is_subset(&has),
                applied_by,
            }
        };
        Ok(records
            .iter()
            .rev()
            .take(limit.unwrap_or(usize::MAX))
            .map(line)
            .collect())
    }

    /// Lists what differs on the drive from what was posted, and what could not be looked at.
    pub fn diff(&self, folder: &Path) -> std::result::Result<(Vec<DiffLine>, Vec<SkippedReport>), AppError> {
        let mut archive = self.open_archive(folder)?;
        let options = archive.options();
        let (lines, skipped, unfit, left_behind, damaged) = archive.look(&Silent, |engine| {
            let (lines, skipped) = engine.differences(&options)?;
            let unfit = engine.to_be_unfit_elsewhere(&options)?;
            let (left_behind, damaged) = (engine.to_be_left_behind()?, engine.damaged()?);
            Ok((lines, skipped, unfit, left_behind, damaged))
        })?;
        let mut said: BTreeMap<RelPath, Vec<String>> = BTreeMap::new();
        for file in damaged {
            said.entry(file.path).or_default().push(DAMAGED_CHANGE.into());
        }
        for line in unfit {
            said.entry(line.path).or_default().push(line.reason);
        }
        // What is said of a folder that was renamed is said of the one that it was; of a file, of the one that it is.
        let mut said_of_folders: BTreeMap<RelPath, Vec<String>> = BTreeMap::new();
        for LeftBehind { folder, line } in left_behind {
            let reason = format!("in it lies '{}': {}", line.path, line.reason);
            said_of_folders.entry(folder).or_default().push(reason);
        }
        let mut line = |difference: &Difference| {
            let mut warnings = said.remove(&difference.path).unwrap_or_default();
            for path in [Some(&difference.path), difference.from.as_ref()].into_iter().flatten() {
                warnings.extend(said_of_folders.remove(path).unwrap_or_default());
            }
            DiffLine {
                warnings,
                ..DiffLine::from(difference)
            }
        };
        Ok((
            lines.iter().map(&mut line).collect(),
            skipped.iter().map(SkippedReport::from).collect(),
        ))
    }

    fn status_of_known(&self, known: &KnownArchive) -> Result<ArchiveStatus> {
        match self.status_of(&known.folder) {
            Err(error) if is_away(&error, &known.folder) => Ok(away(known)),
            Err(error) => Ok(ArchiveStatus {
                busy: error.code == "busy",
                drive: DriveView {
                    present: error.code != WRONG_DRIVE,
                    ..DriveView::default()
                },
                headline: told(&error),
                ..away(known)
            }),
            status => status,
        }
    }

    fn status_of(&self, folder: &Path) -> Result<ArchiveStatus> {
        let mut archive = self.open_archive(folder)?;
        let options = archive.options();
        let (survey, awaits_state, people, refused, alarms, deletions) = archive.look(&Silent, |engine| {
            let survey = engine.survey(&options)?;
            let refused = match engine.refuse_if_removed() {
                Err(EngineError::Removed { by }) => Some(by),
                sound => sound.map(|()| None)?,
            };
            let (alarms, deletions) = (engine.alarms()?, DeletionsView::of(engine)?);
            let (awaits_state, people) = (engine.awaits_state()?, engine.known_vectors()?);
            Ok((survey, awaits_state, people, refused, alarms, deletions))
        })?;
        let would_stop = archive.would_stop();
        let lost: Vec<LostView> = survey.lost.iter().map(|file| LostView::of(file, &people)).collect();
        let mut status = status_of_open(&archive, &survey, awaits_state, &people, &lost)?;
        status.deletions = Some(deletions);
        if let Some(alarm) = alarms.first() {
            let (message, hint) = alarm_words(alarm);
            status.headline = Headline::NeedsYou {
                code: "alarm".into(),
                message,
                hint,
            };
            (status.receipt, status.no_receipt) = (None, Some(NoReceipt::Trouble));
        }
        if would_stop {
            status.headline = told(&archive.stops_for_room());
        }
        // Nothing that goes or comes matters where nothing does: what a sync would answer is all there is to say.
        if let Some(by) = refused {
            let AppError { message, hint, .. } = EngineError::Removed { by: by.clone() }.into();
            (status.held, status.also_held) = (None, None);
            (status.waiting, status.silent) = (None, Vec::new());
            (status.receipt, status.no_receipt) = (None, Some(NoReceipt::Trouble));
            let archives = self.archives()?;
            status.headline = Headline::Removed {
                by,
                // Keys that are of no archive that this computer knows were brought by nothing that it knows.
                way_back: archives.at(&archive.root).map_or(WayBack::Nothing, way_back),
                message: format!("{message} {hint}"),
            };
        }
        Ok(status)
    }
}

/// Gives the homes that a person is asked about.
fn silent(survey: &Survey, labels: &BTreeMap<LocationId, String>) -> Vec<SilentView> {
    let one = |home: &SilentHome| SilentView {
        label: labels.get(&home.location).unwrap_or(&home.label).clone(),
        ..SilentView::of(home, Clock::now_ns(&SystemClock))
    };
    survey.silent.iter().map(one).collect()
}

fn status_of_open(
    archive: &Opened,
    survey: &Survey,
    awaits_state: bool,
    people: &[Known],
    lost: &[LostView],
) -> Result<ArchiveStatus> {
    let marker = &archive.marker;
    let facts = archive.disk.facts()?;
    let is_reachable = archive.mailbox.is_some() && survey.mailbox.trouble.is_none();
    let local_changes = LocalChanges {
        entries: survey.unposted_changes,
        bytes: survey.unposted_bytes,
    };
    let labels = told_apart(survey.locations.iter().map(|one| (one.location, one.label.as_str())));
    let outlook = survey.outlook.map(|outlook| waiting(&outlook, &survey.locations));
    let held = |held: &Held| HeldView {
        by_label: held.by.and_then(|by| labels.get(&by).cloned()),
        ..held_view(held, other_homes(&survey.locations, people))
    };
    let mut status = ArchiveStatus {
        archive_id: marker.archive_id.to_string(),
        name: marker.archive_name.clone(),
        folder: archive.root.display().to_string(),
        location_id: marker.location.to_string(),
        label: marker.label.clone(),
        person: marker.person.clone(),
        drive: DriveView {
            present: true,
            free_bytes: facts.free_bytes,
            total_bytes: facts.total_bytes,
        },
        mailbox: MailboxView {
            reachable: is_reachable,
            name: mailbox_name(marker.mailbox.as_deref()),
            used_bytes: survey.mailbox.used_bytes,
            allowance_bytes: marker.allowance_bytes,
            foreign: None,
        },
        local_changes,
        incoming: Behind {
            changesets: survey.mailbox.incoming_changesets,
            bytes: survey.mailbox.incoming_bytes,
        },
        lacking: Lacking {
            files: survey.unshown.files,
            bytes: survey.unshown.bytes,
        },
        waiting: outlook.and_then(|waiting| still_waiting(waiting, &local_changes)),
        conflicts: survey.conflicts,
        lost_files: lost.len() as u64,
        damaged_files: survey.damaged.len() as u64,
        skipped: survey.skipped.iter().map(skipped).collect(),
        warnings: survey.warnings.iter().map(skipped).collect(),
        ignored: survey.ignored.iter().map(ignored).collect(),
        ignored_paths: survey.ignored_paths,
        busy: false,
        files: survey.files,
        // Between two cycles everything that was written is flushed.
        safe_to_unplug: true,
        last_sync: survey.last_sync_ns.map(rfc3339),
        held: survey.held.as_ref().map(held),
        also_held: survey.also_held.as_ref().map(held),
        deletions: None,
        locations: survey.locations.iter().map(location_view).collect(),
        silent: silent(survey, &labels),
        receipt: None,
        no_receipt: None,
        headline: Headline::DriveAway,
    };
    let is_ahead = |location: &LocationView| location.state == LocationState::Ahead;
    if status.waiting.is_some() || status.locations.iter().any(|location| location.waits_for_room) {
        status.mailbox.foreign = ForeignView::in_the_way(survey.mailbox.foreign, marker.allowance_bytes);
    }
    // Under a key that lacks here others say what nobody here can know.
    if awaits_state || survey.lacks_key || status.locations.iter().any(is_ahead) {
        let mut own = status.locations.iter_mut().filter(|location| location.this);
        if let Some(own) = own.find(|own| own.state == LocationState::UpToDate || own.is_unfit()) {
            (own.state, own.cannot_store) = (LocationState::Behind, 0);
        }
    }
    match Receipt::of(&status, &survey.locations, survey.damaged.len() as u64, &SystemClock) {
        Ok(receipt) => status.receipt = Some(receipt),
        Err(reason) => status.no_receipt = Some(reason),
    }
    let damaged: Vec<DamagedReport> = survey.damaged.iter().map(|one| DamagedReport::of(one, lost)).collect();
    let awaited = awaited(survey, awaits_state, &damaged);
    status.headline = headline(&status, &awaited);
    // What is wrong with an account is known by the first call.
    let met = survey.mailbox.trouble.as_ref();
    let met = met.map(|(kind, why)| MailboxError::new(*kind, why.clone()));
    let trouble = archive.mailbox_trouble.as_ref().or(met.as_ref());
    let trouble = trouble.filter(|trouble| !comes_by_itself(archive, trouble.kind()));
    if let (Headline::MailboxAway { .. }, Some(trouble)) = (&status.headline, trouble) {
        status.headline = told(&archive.explained(trouble.into()));
    }
    let is_calm = !matches!(status.headline, Headline::Held { .. });
    if is_calm && let Some(Damaged { code, what, next }) = damage(&damaged, &awaited.waits_for, awaited.has_come) {
        status.headline = needs_you(code, what, next);
    }
    if let (true, Some(first), Some(message)) = (is_calm, lost.first(), lost_sentence(lost)) {
        status.headline = Headline::Lost {
            files: lost.len() as u64,
            example: first.path.clone(),
            message,
        };
    }
    if let (true, Some(long)) = (is_calm, survey.too_long.first()) {
        let what = format!(
            "'{}' is on this drive alone: its name or path is too long.",
            in_short(long)
        );
        status.headline = needs_you("name_too_long", what, "Give it a shorter name, or put it higher up.");
    }
    if let (true, Some(twin)) = (is_calm, survey.twins.first()) {
        let what = format!(
            "'{twin}' is on this drive alone: its name differs only in case or accents' form from another one here."
        );
        status.headline = needs_you("same_name", what, "Rename one of the two.");
    }
    if survey.unread > 0 && is_calm {
        let message = match (survey.unread, survey.skipped.first()) {
            (1, Some(one)) => format!(
                "'{}' could not be read here, so nobody knows what changed in it.",
                one.path
            ),
            (1, None) => "1 file or folder could not be read here, so nobody knows what changed in it.".into(),
            (n, _) => format!("{n} files or folders could not be read here, so nobody knows what changed in them."),
        };
        status.headline = needs_you("unread", message, "");
    }
    Ok(status)
}

/// Tells whether a mailbox that is not here comes back as its drive does: its folder is away, or is what its drive is
/// mounted on, empty. All else waits for somebody.
fn comes_by_itself(archive: &Opened, trouble: MailboxErrorKind) -> bool {
    let url = archive.marker.mailbox.as_deref().and_then(|url| url.parse().ok());
    let Some(MailboxUrl::Folder(folder)) = url else {
        return trouble == MailboxErrorKind::Away;
    };
    let is_mount_point = is_empty_folder(&folder).unwrap_or(false) && is_on_drive_above(&folder);
    match trouble {
        MailboxErrorKind::Away => is_mount_point || !folder.exists(),
        // On a file system without a name nobody can tell an empty mount point from a mailbox that was emptied.
        MailboxErrorKind::Missing => is_mount_point && archive.is_mailbox_nameless,
        _ => false,
    }
}

/// Tells whether nothing is mounted on a folder: it lies on the drive of the folder that it is in.
#[cfg(unix)]
fn is_on_drive_above(folder: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let drive = |path: &Path| std::fs::metadata(path).map(|meta| meta.dev()).ok();
    let above = folder.parent().and_then(drive);
    above.is_some() && above == drive(folder)
}

#[cfg(not(unix))]
fn is_on_drive_above(_folder: &Path) -> bool {
    false
}

/// Gives the beginning and the end of what is too long to be said.
fn in_short(text: &str) -> String {
    const SHOWN: usize = 30;
    let letters: Vec<char> = text.chars().collect();
    match letters.len() > 2 * SHOWN {
        true => letters[..SHOWN]
            .iter()
            .chain(&['…'])
            .chain(&letters[letters.len() - SHOWN..])
            .collect(),
        false => text.to_owned(),
    }
}

/// Makes a failure the thing to say.
fn told(error: &AppError) -> Headline {
    needs_you(error.code, &error.message, &error.hint)
}

fn needs_you(code: &str, message: impl Into<String>, hint: impl Into<String>) -> Headline {
    Headline::NeedsYou {
        code: code.to_owned(),
        message: message.into(),
        hint: hint.into(),
    }
}

/// Tells how far what lacks is on its way.
fn awaited(survey: &Survey, awaits_state: bool, damaged: &[DamagedReport]) -> Awaited {
    let is_ahead = |standing: &LocationStanding| standing.state == Standing::Ahead;
    let is_whole =
        !awaits_state && survey.unshown.files == 0 && damaged.is_empty() && !survey.locations.iter().any(is_ahead);
    if is_whole {
        return Awaited::default();
    }
    // Who has said more than this one has heard has to tell it first.
    let awaits_telling = awaits_state || survey.locations.iter().any(is_ahead);
    Awaited {
        is_unfit: !awaits_telling && damaged.is_empty() && survey.unshown.unfit == survey.unshown.files,
        is_asked: survey.mailbox.is_asked,
        has_come: survey.mailbox.is_served || (awaits_telling && survey.mailbox.is_told),
        waits_for: who_can_help(&survey.locations, awaits_telling),
    }
}

fn away(known: &KnownArchive) -> ArchiveStatus {
    ArchiveStatus {
        archive_id: known.archive_id.clone(),
        name: known.name.clone(),
        folder: known.folder.display().to_string(),
        location_id: known.location_id.clone(),
        label: known.label.clone(),
        person: known.person.clone(),
        mailbox: MailboxView {
            name: mailbox_name(known.mailbox.as_deref()),
            allowance_bytes: known.allowance_bytes,
            ..MailboxView::default()
        },
        safe_to_unplug: true,
        ..ArchiveStatus::default()
    }
}

fn skipped(skipped: &offsync_engine::SkippedPath) -> SkippedView {
    let report = SkippedReport::from(skipped);
    SkippedView {
        path: report.path,
        path_base64: report.path_base64,
        reason: report.reason,
        detail: report.detail,
    }
}

fn ignored(ignored: &IgnoredPath) -> IgnoredView {
    IgnoredView {
        path: ignored.path.to_string(),
        path_base64: exact(&ignored.path),
        rule: ignored.rule.pattern.clone(),
        line: ignored.rule.line,
    }
}

impl LocationView {
    /// Tells whether it has all but what its drive cannot store.
    pub fn is_unfit(&self) -> bool {
        self.cannot_store > 0
    }
}

/// Puts a location's standing into plain data.
pub(crate) fn location_view(standing: &LocationStanding) -> LocationView {
    LocationView {
        location_id: standing.location.to_string(),
        label: standing.label.clone(),
        person: standing.person.clone(),
        this: standing.is_this,
        state: match standing.state {
            Standing::UpToDate => LocationState::UpToDate,
            // Scripts know few words and no others; that nothing is to come is told beside them.
            Standing::Behind | Standing::Unfit => LocationState::Behind,
            Standing::Ahead => LocationState::Ahead,
            Standing::Parked => LocationState::Parked,
            Standing::Invited => LocationState::Invited,
            Standing::Removed => LocationState::Removed,
        },
        behind: Behind {
            changesets: standing.behind_changesets,
            bytes: standing.behind_bytes,
        },
        cannot_store: standing.unfit,
        waits_for_room: standing.waits_for_room,
        last_seen: standing.last_seen_ns.map(rfc3339),
        last_check: standing.last_check_ns.map(rfc3339),
        root: standing.root.map(|root| root.to_string()),
    }
}

/// Gives a mailbox's address as people know it: the name of its folder, or of its server.
fn mailbox_name(url: Option<&str>) -> String {
    let url = url.unwrap_or_default();
    match url.parse() {
        Ok(MailboxUrl::Folder(folder)) => {
            let name = folder.file_name().unwrap_or(folder.as_os_str());
            name.to_string_lossy().into_owned()
        }
        Ok(MailboxUrl::Cloud(address)) => match address.protocol().asks() {
            Asked::Browser { service } => service.to_owned(),
            Asked::Typed { .. } | Asked::Key { .. } => address.place().to_owned(),
        },
        _ => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mailbox_is_called_as_its_folder() {
        for (url, name) in [
            ("fs:///media/pep/My%20stick/100%25", "100%"),
            ("fs:///media/pep/My%20stick/", "My stick"),
            ("fs:///", "/"),
            ("webdav://cloud.example.org/dav/anna", "cloud.example.org"),
            ("gdrive://pep%40example.org@Offsync", "Google Drive"),
            ("", ""),
        ] {
            assert_eq!(mailbox_name(Some(url)), name, "{url}");
        }
    }
}
