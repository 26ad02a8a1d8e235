//! Watching archives: syncs when files change, when drives come, and now and then; ends when it is told to.
//!
//! The thin hand of [`crate::schedule`]: it holds watches, looks for drives, runs one cycle at a time. Nobody is asked
//! anything: what waits for a person is said once. Files that are still being written are left until they have settled.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use offsync_adapters::clock::SystemClock;
use offsync_adapters::disk::find_archive_root;
use offsync_adapters::drives::{Mount, list_mounts};
use offsync_adapters::watching::Watch;
use offsync_core::limits::DRIVES_MS;
use offsync_core::place::Stat;
use offsync_core::ports::Clock;
use offsync_core::rel_path::RelPath;
use offsync_engine::Silent;

use crate::app::App;
use crate::elsewhere::{find_elsewhere, marker_ids};
use crate::failure::{AppError, ExitClass, Result, sentence};
use crate::notices::{Told, troubles};
use crate::opened::{archive_root, is_silent, unreadable};
use crate::schedule::{Ended, Turn};
use crate::sync::{CycleOptions, Finished, SyncRequest};
use crate::unfinished::{Leaves, Leaving, Now, ask};
use crate::view::Event;
use crate::watch_line::{DriveEvent, SyncEvent, WatchEvent, WatchLine};
use crate::watched::{BeginWatch, Here, Watched};

/// How soon it is noticed that somebody wants this to end.
const STOP_WITHIN: Duration = Duration::from_millis(500);

/// Hears lines.
pub(crate) type WatchSink<'a> = &'a dyn Fn(WatchLine);

/// What is watched: some folders, or all that this computer knows.
enum Extent {
    Folders,
    All,
}

/// The world around the hand.
struct Surroundings<'a> {
    now: &'a (dyn Fn() -> Now + Sync),
    begin_watch: BeginWatch<'a>,
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
        in_this_world(|world| Hand::new(self, tell, Extent::Folders, world).run(roots))
    }

    /// Watches all archives that this computer knows, as their drives come and go, until it is cancelled.
    pub fn run(&self, tell: WatchSink<'_>) -> std::result::Result<(), AppError> {
        in_this_world(|world| Hand::new(self, tell, Extent::All, world).run(Vec::new()))
    }

    /// Gives a number that stands for what a person changed since it was posted; `None` if nothing.
    fn own_changes(&self, folder: &Path, leaves: Leaves<'_>) -> Result<Option<u64>> {
        let mut archive = self.open_archive(folder)?;
        let options = archive.options();
        let monitor = Leaving::new(&Silent, leaves);
        let (lines, _) = archive.look(&monitor, |engine| engine.differences(&options))?;
        let mut hasher = DefaultHasher::new();
        for line in &lines {
            (&line.path, line.change as u8, line.bytes).hash(&mut hasher);
        }
        Ok((!lines.is_empty()).then(|| hasher.finish()))
    }
}

/// Runs something with the clocks of this computer and the watches of its system.
fn in_this_world<T>(run: impl FnOnce(Surroundings<'_>) -> T) -> T {
    let began = Instant::now();
    run(Surroundings {
        now: &|| Now {
            ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
            wall_ns: SystemClock.now_ns(),
        },
        begin_watch: &|folder, ear| Ok(Box::new(Watch::begin(folder, ear)?)),
    })
}

/// Holds what is watched.
struct Hand<'a> {
    app: &'a App,
    tell: WatchSink<'a>,
    extent: Extent,
    world: Surroundings<'a>,
    archives: BTreeMap<PathBuf, Watched>,
    mounts: Vec<Mount>,
    /// When to look for drives.
    drives_ms: u64,
    /// Wakes whoever waits; what was noticed stands with each archive.
    bell: Receiver<()>,
    ringer: SyncSender<()>,
    /// Troubles that are of no one archive.
    told: Told,
}

impl<'a> Hand<'a> {
    fn new(app: &'a App, tell: WatchSink<'a>, extent: Extent, world: Surroundings<'a>) -> Self {
        let (ringer, bell) = sync_channel(1);
        Self {
            app,
            tell,
            extent,
            world,
            archives: BTreeMap::new(),
            mounts: Vec::new(),
            drives_ms: 0,
            bell,
            ringer,
            told: Told::default(),
        }
    }

    fn run(mut self, roots: Vec<PathBuf>) -> Result<()> {
        self.take_up(roots);
        while !self.is_over() {
            let next_ms = self.step();
            let wait = Duration::from_millis(next_ms.saturating_sub(self.now_ms())).min(STOP_WITHIN);
            // Woken or not, the next step takes up whatever was noticed.
            let _ = self.bell.recv_timeout(wait);
        }
        Ok(())
    }

    fn take_up(&mut self, roots: Vec<PathBuf>) {
        for root in roots {
            let archive_id = marker_ids(&root).map(|(archive_id, _)| archive_id).unwrap_or_default();
            self.add(root, archive_id);
        }
    }

    /// Does all that is due now; gives when the next is.
    fn step(&mut self) -> u64 {
        let now_ms = self.now_ms();
        for here in self.archives.values_mut().filter_map(|watched| watched.here.as_mut()) {
            here.take_notice(now_ms);
        }
        if now_ms >= self.drives_ms {
            self.look_for_drives();
            self.drives_ms = now_ms + DRIVES_MS;
        }
        self.take_turns().min(self.drives_ms)
    }

    fn is_over(&self) -> bool {
        let is_nothing_left = matches!(self.extent, Extent::Folders) && self.archives.is_empty();
        is_nothing_left || self.app.cancel().load(Ordering::Relaxed)
    }

    fn now_ms(&self) -> u64 {
        (self.world.now)().ms
    }

    fn add(&mut self, folder: PathBuf, archive_id: String) {
        self.archives.entry(folder).or_insert_with(|| Watched::new(archive_id));
    }

    fn look_for_drives(&mut self) {
        match self.extent {
            Extent::All => self.learn_archives(),
            Extent::Folders => self.let_go_of_forgotten(),
        }
        let folders: Vec<PathBuf> = self.archives.keys().cloned().collect();
        for folder in folders {
            let is_there = find_archive_root(&folder).as_ref() == Some(&folder) && !is_silent(&folder);
            let is_known_here = self.archives.get(&folder).is_some_and(|watched| watched.here.is_some());
            match (is_there, is_known_here) {
                (true, false) => self.attach(&folder),
                (true, true) => {}
                // What cannot be read is not away: whoever syncs it hears why.
                (false, true) if !is_silent(&folder) && unreadable(&folder).is_some() => {}
                (false, true) => self.detach(&folder),
                (false, false) => self.say_if_unreadable(&folder),
            }
        }
    }

    /// Says of an archive that is not taken up for another reason than that its drive is away what it is, once.
    fn say_if_unreadable(&mut self, folder: &Path) {
        let Some(watched) = self.archives.get_mut(folder) else {
            return;
        };
        let message = match unreadable(folder) {
            Some(error) => watched.told.failed(&error),
            None => {
                watched.told.mended();
                None
            }
        };
        if let Some(message) = message {
            self.notice(Some(folder), message);
        }
    }

    /// Gets to know what this computer knows now: archives come, are forgotten, and appear at other mount points.
    fn learn_archives(&mut self) {
        self.let_go_of_forgotten();
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
                    self.add(known.folder.clone(), known.archive_id);
                    if let Some(watched) = self.archives.get_mut(&known.folder) {
                        watched.is_known = true;
                    }
                }
            }
            Err(error) => drop(troubles.insert(error.code.to_owned(), format!("{} {}", error.message, error.hint))),
        }
        for message in self.told.news(troubles) {
            self.notice(None, message);
        }
    }

    /// Lets go of folders whose archives this computer has forgotten meanwhile, and says so: no sync of them comes to anything.
    fn let_go_of_forgotten(&mut self) {
        let Ok(archives) = self.app.archives() else { return };
        let mut forgotten = Vec::new();
        for (folder, watched) in &mut self.archives {
            let is_known = match (marker_ids(folder), &self.extent) {
                (Some((_, key_name)), _) => archives.all.iter().any(|known| known.key_name == key_name),
                // What is away was named by its folder.
                (None, Extent::All) => archives.all.iter().any(|known| known.archive_id == watched.archive_id),
                (None, Extent::Folders) => continue,
            };
            if watched.is_known && !is_known {
                forgotten.push(folder.clone());
            }
            watched.is_known = is_known;
        }
        for folder in forgotten {
            let said =
                "This computer has forgotten this archive, so it is not watched any more. Its files stay as they are.";
            self.notice(Some(&folder), said.to_owned());
            self.archives.remove(&folder);
        }
    }

    fn attach(&mut self, folder: &Path) {
        let now_ms = self.now_ms();
        let Some(watched) = self.archives.get_mut(folder) else {
            return;
        };
        let (here, trouble) = Here::begin(folder, now_ms, self.world.begin_watch, self.ringer.clone());
        watched.here = Some(here);
        let archive_id = watched.archive_id.clone();
        self.say(WatchEvent::Drive(DriveEvent::DriveAttached {
            archive_id,
            folder: folder.display().to_string(),
        }));
        if let Some(trouble) = trouble {
            let why = sentence(&trouble.to_string());
            self.notice(Some(folder), format!("{why}. It is looked at now and then instead."));
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
                Turn::Look | Turn::Sync => here.begins(now_ms),
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
        let Some(unfinished) = self.here(folder).map(|here| here.unfinished.clone()) else {
            return;
        };
        let now = self.world.now;
        let leaves = |path: &RelPath, stat: &Stat| ask(&unfinished, path, stat, now());
        let changes = self.app.own_changes(folder, &leaves);
        if let Some(here) = self.here(folder) {
            here.looked(now().ms, &changes);
        }
    }

    fn sync(&mut self, folder: &Path) {
        let Some(unfinished) = self.here(folder).map(|here| here.unfinished.clone()) else {
            return;
        };
        let (now, tell) = (self.world.now, self.tell);
        let outcome = self.app.sync_one(
            folder,
            &CycleOptions {
                request: &SyncRequest::default(),
                leaves: &|path, stat| ask(&unfinished, path, stat, now()),
                tell: &|finished: &Finished<'_>| tell(WatchLine::now(WatchEvent::Sync(SyncEvent::finished(finished)))),
            },
        );
        let is_over = self.is_over();
        if outcome.is_err() {
            // Before it is told as a trouble that somebody else forgot it.
            self.let_go_of_forgotten();
        }
        let Some(watched) = self.archives.get_mut(folder) else {
            return;
        };
        let ended = watched.here.as_mut().map(|here| here.synced(now().ms, &outcome));
        // What was stopped, or is another engine's turn, is no trouble.
        if is_over || ended == Some(Ended::Busy) {
            return;
        }
        let news = match &outcome {
            Ok(report) => watched.told.news(troubles(report)),
            Err(error) => watched.told.failed(error).into_iter().collect(),
        };
        for message in news {
            self.notice(Some(folder), message);
        }
    }

    fn here(&mut self, folder: &Path) -> Option<&mut Here> {
        self.archives.get_mut(folder).and_then(|watched| watched.here.as_mut())
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

#[cfg(test)]
mod tests;
