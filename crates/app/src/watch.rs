//! Watching archives: syncs when files change, when drives come, and now and then; ends when it is told to.
//!
//! The thin hand of [`crate::schedule`]: it holds watches, looks for drives, runs one cycle at a time. Nobody is asked
//! anything: what waits for a person is said once.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use offsync_adapters::clock::SystemClock;
use offsync_adapters::disk::{RealDisk, find_archive_root};
use offsync_adapters::drives::{Mount, list_mounts};
use offsync_adapters::watching::{Noticed, Watch};
use offsync_core::limits::DRIVES_MS;
use offsync_core::ports::Clock;
use offsync_engine::Silent;
use serde::Serialize;

use crate::app::App;
use crate::archives::KnownArchive;
use crate::failure::{AppError, ExitClass, Result};
use crate::notices::{failure, troubles};
use crate::opened::{archive_root, read_marker};
use crate::reports::SyncReport;
use crate::schedule::{Ended, Found, Schedule, Told, Turn};
use crate::sync::SyncRequest;
use crate::times::rfc3339;
use crate::view::Event;

/// How soon it is noticed that somebody wants this to end.
const STOP_WITHIN: Duration = Duration::from_millis(500);

/// One line that `watch` and `run` tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WatchLine {
    /// When, RFC 3339.
    pub time: String,
    /// What happened.
    #[serde(flatten)]
    pub what: WatchEvent,
}

/// What can happen while archives are watched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum WatchEvent {
    /// A drive came or went.
    Drive(DriveEvent),
    /// Something that every cycle tells.
    Cycle(Event),
}

/// A drive that came or went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum DriveEvent {
    /// The archive's folder is there.
    DriveAttached {
        /// Hexadecimal archive id.
        archive_id: String,
        /// The archive's folder.
        folder: String,
    },
    /// The archive's folder is gone.
    DriveDetached {
        /// Hexadecimal archive id.
        archive_id: String,
        /// The archive's folder.
        folder: String,
    },
}

impl WatchLine {
    /// Dates what happened.
    pub fn now(what: WatchEvent) -> Self {
        let now_ns = Clock::now_ns(&SystemClock);
        Self {
            time: rfc3339(now_ns),
            what,
        }
    }
}

/// Hears lines.
pub(crate) type WatchSink<'a> = &'a dyn Fn(WatchLine);

/// An archive whose drive may be here.
struct Watched {
    archive_id: String,
    /// What is here of it: none while its drive is away.
    here: Option<Here>,
    told: Told,
}

struct Here {
    schedule: Schedule,
    /// The changes that the last look found, as far as the cycle after it could not send all of them.
    left: Option<u64>,
    heard: Arc<Heard>,
    /// Held for as long as the drive is here.
    _watch: Option<Watch>,
}

/// What a watch noticed since it was asked last, however often.
#[derive(Default)]
struct Heard {
    changed: AtomicBool,
    missed: AtomicBool,
}

/// What is watched: some folders, or all that this computer knows.
enum Extent {
    Folders,
    All,
}

impl App {
    /// Watches some archives in the foreground until it is cancelled.
    pub fn watch(&self, folders: &[PathBuf], tell: WatchSink<'_>) -> std::result::Result<(), AppError> {
        let mut roots = Vec::new();
        for folder in folders {
            let root = archive_root(folder)?;
            // Whatever will not mend by itself is said at once, and not as one notice among many.
            match self.open_archive(&root) {
                Err(error) if error.class != ExitClass::Busy => return Err(error),
                _ => roots.push(root),
            }
        }
        Hand::new(self, tell, Extent::Folders).run(roots)
    }

    /// Watches all archives that this computer knows, as their drives come and go, until it is cancelled.
    pub fn run(&self, tell: WatchSink<'_>) -> std::result::Result<(), AppError> {
        Hand::new(self, tell, Extent::All).run(Vec::new())
    }

    /// Gives a number that stands for what a person changed since it was posted; `None` if nothing.
    fn own_changes(&self, folder: &Path) -> Result<Option<u64>> {
        let mut archive = self.open_archive(folder)?;
        let options = archive.options();
        let (lines, _) = archive.with_engine(&Silent, |engine| engine.differences(&options))?;
        let mut hasher = DefaultHasher::new();
        for line in &lines {
            (&line.path, line.change as u8, line.bytes).hash(&mut hasher);
        }
        Ok((!lines.is_empty()).then(|| hasher.finish()))
    }
}

/// Holds what is watched.
struct Hand<'a> {
    app: &'a App,
    tell: WatchSink<'a>,
    extent: Extent,
    began: Instant,
    archives: BTreeMap<PathBuf, Watched>,
    mounts: Vec<Mount>,
    /// Wakes whoever waits; what was noticed stands in [`Heard`].
    bell: Receiver<()>,
    ringer: SyncSender<()>,
    /// Troubles that are of no one archive.
    told: Told,
}

impl<'a> Hand<'a> {
    fn new(app: &'a App, tell: WatchSink<'a>, extent: Extent) -> Self {
        let (ringer, bell) = sync_channel(1);
        Self {
            app,
            tell,
            extent,
            began: Instant::now(),
            archives: BTreeMap::new(),
            mounts: Vec::new(),
            bell,
            ringer,
            told: Told::default(),
        }
    }

    fn run(mut self, roots: Vec<PathBuf>) -> Result<()> {
        for root in roots {
            let archive_id = marker_ids(&root).map(|(archive_id, _)| archive_id).unwrap_or_default();
            self.add(root, archive_id);
        }
        let mut drives_ms = 0;
        while !self.is_over() {
            let now_ms = self.now_ms();
            if now_ms >= drives_ms {
                self.look_for_drives();
                drives_ms = now_ms + DRIVES_MS;
            }
            let next_ms = self.take_turns().min(drives_ms);
            let wait = Duration::from_millis(next_ms.saturating_sub(self.now_ms())).min(STOP_WITHIN);
            // Woken or not, whatever was noticed is taken up.
            let _ = self.bell.recv_timeout(wait);
            self.take_notice();
        }
        Ok(())
    }

    fn is_over(&self) -> bool {
        self.app.cancel().load(Ordering::Relaxed)
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn add(&mut self, folder: PathBuf, archive_id: String) {
        self.archives.entry(folder).or_insert_with(|| Watched {
            archive_id,
            here: None,
            told: Told::default(),
        });
    }

    /// Takes up what the watches noticed.
    fn take_notice(&mut self) {
        let now_ms = self.now_ms();
        for here in self.archives.values_mut().filter_map(|watched| watched.here.as_mut()) {
            if here.heard.changed.swap(false, Ordering::Relaxed) {
                here.schedule.changed(now_ms);
            }
            if here.heard.missed.swap(false, Ordering::Relaxed) {
                here.schedule.missed(now_ms);
            }
        }
    }

    fn look_for_drives(&mut self) {
        if matches!(self.extent, Extent::All) {
            self.learn_archives();
        }
        let folders: Vec<PathBuf> = self.archives.keys().cloned().collect();
        for folder in folders {
            let is_there = find_archive_root(&folder).as_ref() == Some(&folder);
            let is_known_here = self.archives.get(&folder).is_some_and(|watched| watched.here.is_some());
            match (is_there, is_known_here) {
                (true, false) => self.attach(&folder),
                (false, true) => self.detach(&folder),
                _ => {}
            }
        }
    }

    /// Gets to know what this computer knows now: archives come, are forgotten, and appear at other mount points.
    fn learn_archives(&mut self) {
        let mut troubles = BTreeMap::new();
        match self.app.archives() {
            Ok(archives) => {
                if archives.all.is_empty() {
                    let said = "This computer knows no archive yet. They are taken up as they are begun or joined.";
                    troubles.insert("none".to_owned(), said.to_owned());
                }
                let mounts = list_mounts();
                if mounts != self.mounts {
                    for (folder, archive_id) in find_elsewhere(&mounts, &archives.all) {
                        self.add(folder, archive_id);
                    }
                    self.mounts = mounts;
                }
                let is_known = |folder: &PathBuf, watched: &Watched| {
                    archives.at(folder).is_some()
                        || archives.all.iter().any(|known| known.archive_id == watched.archive_id)
                            && watched.here.is_some()
                };
                self.archives.retain(|folder, watched| is_known(folder, watched));
                for known in archives.all {
                    self.add(known.folder, known.archive_id);
                }
            }
            Err(error) => drop(troubles.insert(error.code.to_owned(), format!("{} {}", error.message, error.hint))),
        }
        for message in self.told.news(troubles) {
            self.notice(None, message);
        }
    }

    fn attach(&mut self, folder: &Path) {
        let Some(watched) = self.archives.get_mut(folder) else {
            return;
        };
        let now_ms = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let mut schedule = Schedule::new(now_ms);
        let heard = Arc::new(Heard::default());
        let (ringer, ear) = (self.ringer.clone(), heard.clone());
        let begun = Watch::begin(folder, move |noticed| {
            let flag = match noticed {
                Noticed::Changed => &ear.changed,
                Noticed::Missed => &ear.missed,
            };
            flag.store(true, Ordering::Relaxed);
            // A bell that rings already is enough.
            let _ = ringer.try_send(());
        });
        let trouble = begun.as_ref().err().map(ToString::to_string);
        if trouble.is_some() {
            schedule.missed(now_ms);
        }
        watched.here = Some(Here {
            schedule,
            left: None,
            heard,
            _watch: begun.ok(),
        });
        let archive_id = watched.archive_id.clone();
        self.say(WatchEvent::Drive(DriveEvent::DriveAttached {
            archive_id,
            folder: folder.display().to_string(),
        }));
        if let Some(trouble) = trouble {
            self.notice(
                Some(folder),
                format!(
                    "{}. It is looked at now and then instead.",
                    crate::failure::sentence(&trouble)
                ),
            );
        }
    }

    fn detach(&mut self, folder: &Path) {
        let Some(watched) = self.archives.get_mut(folder) else {
            return;
        };
        watched.here = None;
        let archive_id = watched.archive_id.clone();
        self.say(WatchEvent::Drive(DriveEvent::DriveDetached {
            archive_id,
            folder: folder.display().to_string(),
        }));
    }

    /// Does what is due, one archive after the other; gives when the next is.
    fn take_turns(&mut self) -> u64 {
        let folders: Vec<PathBuf> = self.archives.keys().cloned().collect();
        let mut next_ms = u64::MAX;
        for folder in folders {
            if self.is_over() {
                break;
            }
            let now_ms = self.now_ms();
            let Some(here) = self.archives.get_mut(&folder).and_then(|watched| watched.here.as_mut()) else {
                continue;
            };
            let turn = here.schedule.turn(now_ms);
            match turn {
                Turn::Wait { until_ms } => {
                    next_ms = next_ms.min(until_ms);
                    continue;
                }
                Turn::Look | Turn::Sync => here.schedule.begins(),
            }
            match turn {
                Turn::Look => self.look(&folder),
                _ => self.sync(&folder),
            }
            next_ms = 0;
        }
        next_ms
    }

    fn look(&mut self, folder: &Path) {
        let changes = self.app.own_changes(folder);
        let now_ms = self.now_ms();
        let Some(here) = self.archives.get_mut(folder).and_then(|watched| watched.here.as_mut()) else {
            return;
        };
        let found = match changes {
            // What could not be sent, or waits for a yes, does not start one cycle after the other.
            Ok(Some(changes)) if here.left == Some(changes) => Found::Nothing,
            Ok(Some(changes)) => {
                here.left = Some(changes);
                Found::Changes
            }
            Ok(None) => Found::Nothing,
            Err(_) => Found::NotNow,
        };
        here.schedule.looked(now_ms, found);
    }

    fn sync(&mut self, folder: &Path) {
        let request = SyncRequest {
            folders: vec![folder.to_path_buf()],
            ..SyncRequest::default()
        };
        let outcome = self
            .app
            .sync(&request)
            .map(|mut reports| reports.pop().unwrap_or_default());
        let (ended, troubles) = match &outcome {
            Ok(report) => (ended(report), troubles(report)),
            Err(error) => (Ended::Failed, [failure(error)].into()),
        };
        let now_ms = self.now_ms();
        let is_over = self.is_over();
        let Some(watched) = self.archives.get_mut(folder) else {
            return;
        };
        if let Some(here) = &mut watched.here {
            here.schedule.synced(now_ms, ended);
            if outcome.as_ref().is_ok_and(|report| report.up_to_date) {
                here.left = None;
            }
        }
        // What was stopped, or is another engine's turn, is no trouble.
        if is_over || ended == Ended::Busy {
            return;
        }
        for message in watched.told.news(troubles) {
            self.notice(Some(folder), message);
        }
    }

    fn notice(&self, folder: Option<&Path>, message: String) {
        let archive_id = folder
            .and_then(|folder| self.archives.get(folder))
            .map(|watched| watched.archive_id.clone());
        self.say(WatchEvent::Cycle(Event::Notice {
            archive_id,
            folder: folder.map(|folder| folder.display().to_string()),
            message,
        }));
    }

    fn say(&self, what: WatchEvent) {
        (self.tell)(WatchLine::now(what));
    }
}

fn ended(report: &SyncReport) -> Ended {
    let applied = &report.applied;
    let is_news = report.fetched.changesets > 0
        || applied.created + applied.modified + applied.deleted + applied.renamed + applied.metadata > 0;
    match &report.failure {
        Some(failure) if failure.class == ExitClass::Busy => Ended::Busy,
        Some(_) => Ended::Failed,
        None if is_news => Ended::News,
        None => Ended::NoNews,
    }
}

/// Reads whose copy lies in a folder.
fn marker_ids(folder: &Path) -> Option<(String, String)> {
    let marker = read_marker(&RealDisk::open(folder).ok()?).ok()?;
    Some((marker.archive_id.to_string(), marker.key_name))
}

/// Finds known copies at the top of mounted drives, or one folder down, where they were not before.
fn find_elsewhere(mounts: &[Mount], known: &[KnownArchive]) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for mount in mounts.iter().filter(|mount| mount.point != Path::new("/")) {
        let inner = std::fs::read_dir(&mount.point).into_iter().flatten().flatten();
        let folders = std::iter::once(mount.point.clone()).chain(inner.map(|entry| entry.path()));
        for folder in folders.filter(|folder| find_archive_root(folder).as_ref() == Some(folder)) {
            let ids = marker_ids(&folder);
            let is_ours = |(_, key_name): &(String, String)| known.iter().any(|archive| archive.key_name == *key_name);
            found.extend(ids.filter(is_ours).map(|(archive_id, _)| (folder, archive_id)));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::AppOptions;
    use crate::init::InitRequest;
    use crate::keystore::KeystoreKind;

    #[test]
    fn a_known_drive_is_found_at_another_mount_point() {
        let place = tempfile::tempdir().expect("there is a place for temporary files");
        let place = std::fs::canonicalize(place.path()).expect("it is there");
        let at = |name: &str| place.join(name);
        let app = App::new(&AppOptions {
            config_dir: Some(at("config")),
            keystore: KeystoreKind::Plain,
        });
        let app = app.expect("a folder was named");
        for name in ["usb1/Photos", "usb2/Music"] {
            std::fs::create_dir_all(at(name)).expect("a folder can be made");
        }
        let made = app.init(&InitRequest {
            folder: at("usb1/Photos"),
            name: "Photos".into(),
            label: "Home".into(),
            mailbox: format!("fs://{}", at("mailbox").display()),
            ..InitRequest::default()
        });
        let made = made.expect("nothing is in the way");
        std::fs::rename(at("usb1/Photos"), at("usb2/Photos")).expect("a drive can be mounted elsewhere");
        let known = app.archives().expect("it is known").all;
        let mount = |point: PathBuf| Mount {
            point,
            source: "sdb1".into(),
            file_system: "ext4".into(),
            is_removable: true,
        };
        for point in [at("usb2"), at("usb2/Photos")] {
            let found = find_elsewhere(&[mount(point)], &known);
            assert_eq!(found, [(at("usb2/Photos"), made.archive_id.clone())]);
        }
        assert_eq!(find_elsewhere(&[mount(at("usb1"))], &known), []);
        assert_eq!(
            find_elsewhere(&[mount(at("usb2"))], &[]),
            [],
            "what is not known is left alone"
        );
    }
}
