//! Copying an archive onto another drive, for somebody: verified, with the invitation on it.
//!
//! Works offline. Interrupted, it goes on where it was. What is copied is what was
//! posted; the rest reaches the new location through the mailbox.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use offsync_adapters::clock::SystemClock;
use offsync_adapters::disk::{ArchiveDisk, RealDisk, find_archive_root};
use offsync_adapters::entropy::OsEntropy;
use offsync_adapters::index::SqliteIndex;
use offsync_core::drive_profile::{DriveProfile, Fit};
use offsync_core::entry::{Content, Value};
use offsync_core::format::Marker;
use offsync_core::ids::LocationId;
use offsync_core::ports::{Disk, Entropy, IndexStore};
use offsync_core::rel_path::RelPath;
use offsync_engine::{Adoption, Engine, Ports, Silent, Suggestions, is_clutter, reason_elsewhere};
use serde::{Deserialize, Serialize};

use crate::apart::{there, will_lie};
use crate::app::App;
use crate::carried::{
    COPY_BYTES, LeftOut, Taken, is_sound, is_the_end, set_aside_differing, sort_out, take, take_away,
};
use crate::events::EventMonitor;
use crate::failure::{AppError, DRIVE_FULL, Result};
use crate::init::{check_name, forget_attempt, lies_inside, unwritable, usable_folder};
use crate::invite::{Guest, Words, write_new};
use crate::join::INVITATION_ON_DRIVE;
use crate::naming::refuse_same_label;
use crate::opened::{Opened, drive_identity, index_path, refuse_closed};
use crate::reports::SkippedReport;
use crate::view::{Event, Phase};
use offsync_engine::size;

const IN_PROGRESS: &str = ".offsync/copy-in-progress.toml";

/// What `copy` asks for.
#[derive(Clone, Debug, Default)]
pub struct CopyRequest {
    /// The archive's folder.
    pub folder: PathBuf,
    /// The empty folder on the other drive.
    pub to: PathBuf,
    /// What to call the new location.
    pub label: String,
    /// Who will look after it.
    pub person: String,
    /// Another account, or a place in one, by which the new home is to reach the mailbox; this home's own if none is named.
    pub account: Option<String>,
}

/// What `copy` made.
#[derive(Clone, Debug, Serialize)]
pub struct CopyReport {
    /// Hexadecimal archive id.
    pub archive_id: String,
    /// Hexadecimal id of the new location.
    pub location_id: String,
    /// What people call the new location.
    pub label: String,
    /// Who will look after it.
    pub person: String,
    /// The new location's folder.
    pub folder: String,
    /// The six words.
    pub phrase: String,
    /// Files on the new drive.
    pub files: u64,
    /// Their size in bytes.
    pub bytes: u64,
    /// New or changed files that were not sent yet: they come to the copy by sync.
    pub not_sent_yet: u64,
    /// Files that were left out since their deletion waits for an answer here.
    pub held_files: u64,
    /// Files that are damaged on this drive and were left out, each with what helps.
    pub damaged: Vec<SkippedReport>,
    /// Other paths that were left out, each with why.
    pub skipped: Vec<SkippedReport>,
    /// Paths that the new drive holds under another name, or cannot hold at all.
    pub warnings: Vec<SkippedReport>,
    /// The account that the invitation on it opens, as this computer calls it; absent where the mailbox is in none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
}

/// What a copy remembers of itself while it is under way.
#[derive(Serialize, Deserialize)]
struct InProgress {
    archive_id: String,
    location_id: String,
}

impl App {
    /// Copies an archive onto another drive and prepares it for somebody.
    pub fn copy(&self, request: &CopyRequest) -> std::result::Result<CopyReport, AppError> {
        self.copy_for(request, None)
    }

    /// Makes a copy, in the place of a location if one is named: then it may bear the same label.
    pub(crate) fn copy_for(&self, request: &CopyRequest, replaced: Option<LocationId>) -> Result<CopyReport> {
        self.copy_once(request, replaced).map_err(|error| match error.code {
            // No sync goes on with it.
            "cancelled" => AppError {
                hint: "Say the same command again when you like; it goes on from here.".into(),
                ..error
            },
            _ => error,
        })
    }

    fn copy_once(&self, request: &CopyRequest, replaced: Option<LocationId>) -> Result<CopyReport> {
        check_name("--label", &request.label)?;
        check_name("--person", &request.person)?;
        let mut source = self.open_archive(&request.folder)?;
        source.with_engine(&Silent, |engine| engine.refuse_if_removed())?;
        refuse_closed(&request.to)?;
        let own = source.marker.mailbox.as_deref();
        let mailbox = own.and_then(|url| there(url, &source.marker.archive_id));
        self.refuse_overlap(&request.to, mailbox.as_ref())?;
        // One that goes on was looked at when it began, and may have said its label since.
        if begun(&source, &request.to).is_none() {
            // Whoever says the same command twice is told that the copy is there, not that its name is.
            if request.to.exists() {
                usable_folder(&request.to)?;
            }
            refuse_same_label(&mut source, &request.label, replaced)?;
        }
        if source.with_engine(&Silent, |engine| engine.awaits_state())? {
            return Err(AppError::failed(
                "not_ready",
                "This location has joined and does not know yet what the archive holds.",
                "Sync here, then at a home that has the files, then here again; after that it can be copied.",
            ));
        }
        let known = source.with_engine(&Silent, |engine| engine.known_vectors())?;
        let known: Vec<LocationId> = known.into_iter().map(|(location, _, _)| location).collect();
        // Before all that takes long: somebody may have to be there for it.
        let handed_on = self.handed_on(&source, request.account.as_deref())?;
        // Before this takes memory of its own.
        let words = Words::new();
        let is_resumed = request.to.join(IN_PROGRESS).exists();
        let was_there = request.to.exists();
        let (to, location) = prepare(&source, &request.to, &known).inspect_err(|error| {
            if error.code == DRIVE_FULL && !is_resumed {
                forget_copy(&request.to, !was_there);
            }
        })?;
        let archive_id = source.marker.archive_id.to_string();
        let monitor = EventMonitor::new(archive_id.clone(), &source.root, self.sink(), self.cancel());
        let options = source.options();
        // Offline: new files get their dots, and the drive is known to be as it was scanned.
        let mailbox = source.mailbox.take();
        source.mend_notes()?;
        let scanned = source.with_engine(&monitor, |engine| engine.sync(&options))?;
        source.mailbox = mailbox;
        let values = source.with_engine(&Silent, |engine| engine.clean_values())?;
        let target = ArchiveDisk::over(RealDisk::create(&to)?);
        let lock = target.lock()?;
        let drive = target.profile()?;
        let names = Suggestions::among(values.iter().map(|value| &value.path));
        let reason = |value: &Value| reason_elsewhere(&drive, value, &request.label, &names);
        let told = |value: &Value| Some(SkippedReport::new(&value.path, reason(value)?));
        let warnings = values.iter().filter_map(told).collect();
        let values: Vec<Value> = values.into_iter().filter(|value| !is_held(&drive, value)).collect();
        if let Err(error) = check_room(&target, &values, &to) {
            if !is_resumed {
                drop(lock);
                forget_copy(&to, !was_there);
            }
            return Err(error);
        }
        let mut left_out = LeftOut::default();
        if is_resumed {
            set_aside_differing(&mut source, &target, &values, &monitor, &mut left_out)?;
        }
        let bytes = self.copy_files(&mut source, &target, &values, &monitor, &mut left_out)?;
        target.flush()?;
        let guest = source.guest(location, &request.label, &request.person);
        let (mut marker, files) = self.verify_copy(&mut source, &target, &to, &guest, &values, &mut left_out)?;
        let not_sent_yet = source.with_engine(&Silent, |engine| engine.unposted())?;
        let holds = source.with_engine(&Silent, |engine| Ok(engine.vector().clone()))?;
        let sealed = source.seal_for(&guest, &handed_on, &words)?;
        write_new(&to.join(INVITATION_ON_DRIVE), &sealed)?;
        if !handed_on.mailbox.is_empty() {
            marker.mailbox = Some(handed_on.mailbox.clone());
        }
        target.write_marker(marker.to_toml().as_bytes())?;
        source.with_engine(&Silent, |engine| {
            engine.note_drive_of(&location, &drive)?;
            engine.invite(&guest.beginning, guest.bundle.signer().public(), holds)
        })?;
        fs::remove_file(to.join(IN_PROGRESS)).map_err(|error| unwritable(&to, &error))?;
        target.flush()?;
        drop(lock);
        let LeftOut { damaged, skipped } = left_out;
        let is_told = |line: &SkippedReport| damaged.iter().any(|told| told.path == line.path);
        let scanned_over = scanned.skipped.iter().map(SkippedReport::from);
        let skipped = scanned_over.filter(|line| !is_told(line)).chain(skipped).collect();
        Ok(CopyReport {
            archive_id,
            location_id: location.to_string(),
            label: request.label.clone(),
            person: request.person.clone(),
            folder: to.display().to_string(),
            phrase: words.phrase.to_string(),
            files,
            bytes,
            not_sent_yet,
            held_files: scanned
                .held
                .iter()
                .chain(&scanned.also_held)
                .map(|held| held.deletions)
                .sum(),
            damaged,
            skipped,
            warnings,
            account: handed_on.account,
        })
    }

    fn copy_files(
        &self,
        source: &mut Opened,
        target: &ArchiveDisk,
        values: &[Value],
        monitor: &EventMonitor<'_>,
        left_out: &mut LeftOut,
    ) -> Result<u64> {
        let archive_id = source.marker.archive_id.to_string();
        let mut otherwise = Vec::new();
        let total: u64 = values.iter().map(|value| value.content.size_bytes()).sum();
        let mut done_bytes = 0;
        for (done, value) in values.iter().enumerate() {
            if self.cancel().load(std::sync::atomic::Ordering::Relaxed) {
                return Err(offsync_engine::EngineError::Cancelled.into());
            }
            if done % 16 == 0 || value.content.size_bytes() > COPY_BYTES as u64 {
                (self.sink())(Event::Progress {
                    archive_id: archive_id.clone(),
                    folder: source.root.display().to_string(),
                    phase: Phase::Copying,
                    done: done as u64,
                    total: Some(values.len() as u64),
                    done_bytes,
                    total_bytes: Some(total),
                    path: Some(value.path.to_string()),
                });
            }
            match take(source, target, value) {
                Ok(Taken::Whole) => done_bytes += value.content.size_bytes(),
                Ok(Taken::ReadsOtherwise) => otherwise.push(value),
                Err(error) if is_the_end(&error) => return Err(error.into()),
                Err(error) => left_out.skip(&value.path, error.reason()),
            }
        }
        Ok(done_bytes + sort_out(source, target, &otherwise, monitor, left_out)?)
    }

    /// Reads everything back on the new drive; what is not sound is copied once more, then left to the mailbox.
    fn verify_copy(
        &self,
        source: &mut Opened,
        target: &ArchiveDisk,
        to: &Path,
        guest: &Guest,
        values: &[Value],
        left_out: &mut LeftOut,
    ) -> Result<(Marker, u64)> {
        for is_last in [false, true] {
            forget_cached(target, values);
            let marker = begin_copy(source, to, guest)?;
            let adoption = self.read_back(source, target, to, guest, &marker)?;
            let differing: BTreeSet<&RelPath> = adoption.differing.iter().collect();
            let suspects = values.iter().filter(|value| differing.contains(&value.path));
            let unsound: Vec<&Value> = suspects.filter(|value| !is_sound(source, target, value)).collect();
            if unsound.is_empty() {
                return Ok((marker, adoption.adopted_files));
            }
            let mut otherwise = Vec::new();
            for value in unsound {
                take_away(target, &value.path)?;
                if is_last {
                    left_out.skip(
                        &value.path,
                        "the new drive gives back other bytes than were written; it arrives by sync",
                    );
                    continue;
                }
                match take(source, target, value) {
                    Ok(Taken::Whole) => {}
                    Ok(Taken::ReadsOtherwise) => otherwise.push(value),
                    Err(error) => left_out.skip(&value.path, error.reason()),
                }
            }
            sort_out(source, target, &otherwise, &Silent, left_out)?;
            target.flush()?;
        }
        let marker = begin_copy(source, to, guest)?;
        let adoption = self.read_back(source, target, to, guest, &marker)?;
        Ok((marker, adoption.adopted_files))
    }

    /// Scans the new drive against an index that holds what should be there.
    fn read_back(
        &self,
        source: &Opened,
        target: &ArchiveDisk,
        to: &Path,
        guest: &Guest,
        marker: &Marker,
    ) -> Result<Adoption> {
        let archive_id = marker.archive_id.to_string();
        (self.sink())(Event::Progress {
            archive_id: archive_id.clone(),
            folder: source.root.display().to_string(),
            phase: Phase::Verifying,
            done: 0,
            total: None,
            done_bytes: 0,
            total_bytes: None,
            path: None,
        });
        // The engine's scan looks for the marker: without it nothing is believed.
        target.write_marker(marker.to_toml().as_bytes())?;
        let mut index = SqliteIndex::open(&index_path(to))?;
        let signer = guest.bundle.signer();
        let ports = Ports {
            disk: target,
            index: &mut index,
            mailbox: None,
            clock: &SystemClock,
            entropy: &OsEntropy,
            witness: &source.witness,
        };
        let monitor = EventMonitor::new(archive_id, &source.root, self.sink(), self.cancel());
        let mut engine = Engine::open(ports, &source.keys, &signer, &monitor)?;
        Ok(engine.adopt()?)
    }
}

/// Tells whether a drive cannot hold a value at all.
fn is_held(drive: &DriveProfile, value: &Value) -> bool {
    matches!(drive.fit(value), Fit::Held(_))
}

/// Makes the verification read the drive and not the computer's memory of what was just written.
fn forget_cached(target: &ArchiveDisk, values: &[Value]) {
    let files = values.iter().filter(|value| matches!(value.content, Content::File(_)));
    for value in files {
        // A file that cannot be opened here cannot be verified either, and is named then.
        let _ = target.on_drive(&value.path).map(|path| target.forget_cached(&path));
    }
}

/// Tells whether an own folder holds nothing but its beginning: a copy was cut off before it could say so.
fn is_barely_begun(own: &Path) -> bool {
    let used = ["location.toml", "index.sqlite", "trash"];
    // It is made before it is written.
    let is_named = fs::metadata(own.join("copy-in-progress.toml")).is_ok_and(|note| note.len() > 0);
    !is_named && !used.iter().any(|name| own.join(name).exists())
}

/// Gives the location that a copy of this archive was begun for in a folder.
fn begun(source: &Opened, to: &Path) -> Option<LocationId> {
    let text = fs::read_to_string(to.join(IN_PROGRESS)).ok()?;
    let progress: InProgress = toml::from_str(&text).ok()?;
    let is_ours = progress.archive_id == source.marker.archive_id.to_string();
    is_ours.then(|| progress.location_id.parse().ok()).flatten()
}

/// Checks the folder that is copied to; gives it with the new location's id, the old one if a copy goes on.
fn prepare(source: &Opened, to: &Path, known: &[LocationId]) -> Result<(PathBuf, LocationId)> {
    if !to.exists() {
        refuse_inside(source, to)?;
        let parent = to
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        if !parent.is_dir() {
            return Err(AppError::failed(
                "no_such_folder",
                format!("There is no folder '{}'.", parent.display()),
                "Check the path, or plug in the drive that it is on.",
            ));
        }
        if let Some(other) = find_archive_root(parent) {
            return Err(lies_inside(to, &other));
        }
        fs::create_dir(to).map_err(|error| unwritable(to, &error))?;
    }
    if let Some(location) = begun(source, to) {
        let to = fs::canonicalize(to).map_err(|error| unwritable(to, &error))?;
        // Once it was invited its keys are known to others, and new keys need a new id.
        let is_invited = known.contains(&location);
        return Ok((to, if is_invited { new_location() } else { location }));
    }
    let to = usable_folder(to)?;
    refuse_inside(source, &to)?;
    if !is_free(source, &to)? {
        return Err(AppError::failed(
            "not_empty",
            format!("'{}' is not empty.", to.display()),
            "Choose an empty folder, so that nothing that is there is mixed with the copy.",
        ));
    }
    let location = new_location();
    let progress = InProgress {
        archive_id: source.marker.archive_id.to_string(),
        location_id: location.to_string(),
    };
    fs::create_dir_all(to.join(".offsync")).map_err(|error| unwritable(&to, &error))?;
    write_new(
        &to.join(IN_PROGRESS),
        toml::to_string(&progress).unwrap_or_default().as_bytes(),
    )?;
    Ok((to, location))
}

/// Tells whether a folder holds nothing that is anybody's: systems lay things onto a drive that is new, and the archive may
/// have none of their names.
fn is_free(source: &Opened, to: &Path) -> Result<bool> {
    let failed = |error: std::io::Error| unwritable(to, &error);
    for entry in fs::read_dir(to).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let is_folder = entry.file_type().map_err(failed)?.is_dir();
        let name = entry.file_name();
        if is_folder && name == ".offsync" && is_barely_begun(&entry.path()) {
            continue;
        }
        let name = name.to_str().and_then(|name| RelPath::new(name).ok());
        match name.filter(|name| is_clutter(name, is_folder)) {
            Some(name) if source.index.place(&name.key())?.is_none() => {}
            _ => return Ok(false),
        }
    }
    Ok(true)
}

fn refuse_inside(source: &Opened, to: &Path) -> Result<()> {
    let lies = will_lie(to);
    if lies.starts_with(&source.root) || source.root.starts_with(&lies) {
        return Err(AppError::failed(
            "inside_an_archive",
            format!(
                "'{}' lies inside the archive that is to be copied, or around it.",
                to.display()
            ),
            "Choose a folder on another drive.",
        ));
    }
    Ok(())
}

/// Takes away what a copy made that could not begin.
fn forget_copy(to: &Path, is_ours: bool) {
    for file in [to.join(IN_PROGRESS), to.join(".offsync/lock")] {
        let _ = fs::remove_file(file);
    }
    forget_attempt(to);
    if is_ours {
        // What is not empty is not ours to take.
        let _ = fs::remove_dir(to);
    }
}

fn new_location() -> LocationId {
    let entropy: &dyn Entropy = &OsEntropy;
    LocationId::new(entropy.sixteen())
}

fn check_room(target: &ArchiveDisk, values: &[Value], to: &Path) -> Result<()> {
    let needed: u64 = values.iter().map(|value| value.content.size_bytes() + 4096).sum();
    let free = target.facts()?.free_bytes;
    let mut there = 0;
    for value in values {
        there += target
            .look(&value.path)
            .ok()
            .flatten()
            .map_or(0, |entry| entry.stat.size_bytes);
    }
    if needed > free + there {
        return Err(AppError::failed(
            DRIVE_FULL,
            format!(
                "'{}' has {} free, and the copy needs {}.",
                to.display(),
                size(free),
                size(needed)
            ),
            "Choose a larger drive, or make room on this one.",
        ));
    }
    Ok(())
}

fn begin_copy(source: &mut Opened, to: &Path, guest: &Guest) -> Result<Marker> {
    let path = index_path(to);
    if path.exists() {
        fs::remove_file(&path).map_err(|error| unwritable(to, &error))?;
    }
    let mut index = SqliteIndex::create(&path)?;
    let key = guest.bundle.signer().public();
    source.with_engine(&Silent, |engine| engine.begin_copy(&guest.beginning, &key, &mut index))?;
    let identity = drive_identity(&RealDisk::open(to)?)?;
    let location = guest.beginning.location;
    Ok(Marker {
        location,
        label: guest.beginning.label.clone(),
        person: guest.beginning.person.clone(),
        key_name: format!("{}.{location}", source.marker.archive_id),
        drive_identity: identity,
        ..source.marker.clone()
    })
}
