//! The engine's work, one piece at a time, for the window and the tray.
//!
//! Everything here but [`Desk::overview`] may take long and belongs on a thread of its own. An archive is locked while
//! it is worked on, so work takes turns, and what is asked meanwhile is answered from the [`Board`].

mod accounts;

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, TryLockError};
use std::time::{Duration, Instant};

use offsync_app::SetUpRequest;
use offsync_app::view::{ArchiveStatus, Event, Failure, Headline, Overview, WayBack};
use offsync_app::{
    App, AppError, DamagedReport, LostReport, MailboxSought, SyncRequest, VerifyReport, VerifyRequest, are_samples,
    make_samples, plug_in_sample, remove_samples,
};

use crate::board::{Board, Running, Tell, Which, held, sentence};
use crate::browser::BrowserBeside;
use crate::refusals::{lost_changed, under_way, unknown_archive};
use crate::settings::Settings;
use crate::signing_in::SigningIn;

/// How many changes of each archive the window gets.
const ACTIVITY_LINES_MAX: usize = 200;
/// How long somebody else's Offsync may hold an archive before the window says so.
const BUSY_PATIENCE: Duration = Duration::from_secs(5);
const BUSY_RETRY: Duration = Duration::from_millis(200);
/// What tells a drive with an archive on it from an empty folder.
const MARKER: &str = ".offsync/location.toml";
const STOP_RETRY: Duration = Duration::from_millis(20);

/// What becomes of many deletions at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deletions {
    /// They are held until somebody answers.
    Hold,
    /// They are meant.
    Confirm,
    /// They are not meant: the files stay, or come back.
    Refuse,
}

/// Whether a home that does not come is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Waiting {
    /// Until it comes, or the question comes back.
    On,
    /// Not until it comes.
    NotNow,
}

/// This computer's archives and the sample homes, behind one door.
pub(crate) struct Desk {
    own: App,
    samples: App,
    samples_settings: Settings,
    turn: Mutex<()>,
    /// When all archives were last read.
    read_at: Mutex<Option<Instant>>,
    board: Arc<Board>,
    signing_in: SigningIn,
}

impl Desk {
    /// Opens the desk; looks at nothing yet.
    pub(crate) fn new(settings: &Settings, tell: Tell) -> Result<Self, String> {
        let browser = Arc::new(BrowserBeside::new(tell.clone()));
        let board = Arc::new(Board::new(tell));
        let open = |options| {
            let listener = board.clone();
            let app = App::new(&options).map_err(|error| sentence(&error.on_screen()))?;
            let app = app.with_events(Arc::new(move |event| listener.hear(event)));
            // Somebody sits here who can be asked.
            Ok::<_, String>(app.asking_about_silent_homes())
        };
        Ok(Self {
            own: open(settings.own())?.with_browser(browser.clone()),
            samples: open(settings.samples())?,
            samples_settings: settings.clone(),
            turn: Mutex::default(),
            read_at: Mutex::default(),
            board: board.clone(),
            signing_in: SigningIn::with(browser),
        })
    }

    /// Gives what was last learned at once; reads it if nothing was yet.
    pub(crate) fn overview(&self) -> Result<Overview, Failure> {
        if let Some(overview) = self.board.overview() {
            return Ok(overview);
        }
        let _turn = held(&self.turn);
        // Somebody may have read it while this waited.
        self.board
            .overview()
            .map_or_else(|| self.read().map(|(overview, _)| overview), Ok)
    }

    /// Gives what was last learned, if anything, and what runs.
    pub(crate) fn shown(&self) -> (Option<Overview>, Running) {
        (self.board.overview(), self.board.running())
    }

    /// Looks at all archives and tells what changed.
    pub(crate) fn refresh(&self) -> Result<Overview, Failure> {
        let turn = held(&self.turn);
        let (overview, changed) = self.read()?;
        drop(turn);
        self.board.tell_changed(changed);
        Ok(overview)
    }

    /// Tells whether anything is under way: it reads the archives itself when it ends.
    pub(crate) fn is_working(&self) -> bool {
        !self.board.running().is_empty() || matches!(self.turn.try_lock(), Err(TryLockError::WouldBlock))
    }

    /// Tells how long ago all archives were read; `None` if they never were.
    pub(crate) fn since_read(&self) -> Option<Duration> {
        held(&self.read_at).map(|at| at.elapsed())
    }

    /// Tells whether another Offsync worked on an archive when it was last looked at.
    pub(crate) fn waits_for_another(&self) -> bool {
        let archives = self.board.overview().map(|overview| overview.archives);
        archives.unwrap_or_default().iter().any(|archive| archive.busy)
    }

    /// Tells whether an archive came or went since it was last read. Opens none, so no lock is taken.
    pub(crate) fn sees_other_drives(&self) -> bool {
        let archives = self.board.overview().map(|overview| overview.archives);
        let is_there = |folder: &str| Path::new(folder).join(MARKER).exists();
        archives
            .unwrap_or_default()
            .iter()
            .any(|archive| archive.drive.present != is_there(&archive.folder))
    }

    /// Claims archives for [`Desk::sync`]: the one in this folder, or all that may sync. Those under way are left out.
    pub(crate) fn claim(&self, folder: Option<&str>) -> Result<Vec<String>, Failure> {
        let overview = self.overview()?;
        let wanted = |archive: &&ArchiveStatus| match folder {
            Some(folder) => archive.folder == folder,
            None => may_sync(archive),
        };
        let found = overview.archives.iter().filter(wanted).map(|one| one.folder.clone());
        let found: Vec<String> = found.collect();
        if folder.is_some() && found.is_empty() {
            return Err(unknown_archive());
        }
        Ok(found.into_iter().filter(|folder| self.board.claim(folder)).collect())
    }

    /// Syncs an archive that was claimed, and tells how it went.
    pub(crate) fn sync(&self, folder: &str, deletions: Deletions) {
        let turn = held(&self.turn);
        let failure = self.run_sync(folder, deletions).err();
        let changed = self.read().map_or_else(|_| Vec::new(), |(_, changed)| changed);
        drop(turn);
        self.board.end(folder, failure.as_ref());
        self.board.tell_changed(changed);
    }

    /// Begins an archive in a folder and gets to know its files.
    pub(crate) fn set_up(&self, request: &SetUpRequest) -> Result<ArchiveStatus, Failure> {
        let turn = held(&self.turn);
        let made = self.own.set_up(request).map_err(|error| error.on_screen());
        // Where it failed only half-way the archive is there, and is shown with what it needs.
        let read = self.read();
        drop(turn);
        self.board.tell_ended(made.as_ref().err());
        let changed = read.map_or_else(|_| Vec::new(), |(_, changed)| changed);
        self.board.tell_changed(changed);
        made
    }

    /// Makes the sample homes, or finds those that were made before.
    pub(crate) fn try_samples(&self) -> Result<ArchiveStatus, Failure> {
        let turn = held(&self.turn);
        if self.sample_folders()?.is_empty() {
            let base = &self.samples_settings.samples_dir;
            if are_samples(base) {
                // Left by an attempt, to make or to remove them, that was cut off.
                remove_samples(base).map_err(|error| error.on_screen())?;
            }
            // Its many small syncs are nobody's news, so this one tells nothing.
            let quiet = App::new(&self.samples_settings.samples()).map_err(|error| error.on_screen())?;
            make_samples(&quiet, base).map_err(|error| error.on_screen())?;
        }
        let folders = self.sample_folders()?;
        let (overview, changed) = self.read()?;
        drop(turn);
        self.board.tell_changed(changed);
        let is_sample = |archive: &ArchiveStatus| folders.contains(&PathBuf::from(&archive.folder));
        overview
            .archives
            .into_iter()
            .find(is_sample)
            .ok_or_else(unknown_archive)
    }

    /// Acts out that somebody plugs a sample drive in, and looks at what it changed.
    pub(crate) fn plug_in_sample(&self, location_id: &str) -> Result<(), Failure> {
        let turn = held(&self.turn);
        let synced = plug_in_sample(&self.samples_settings.samples_dir, location_id);
        let changed = self.read().map_or_else(|_| Vec::new(), |(_, changed)| changed);
        drop(turn);
        self.board.tell_changed(changed);
        synced.map_err(|error| error.on_screen())
    }

    /// Removes the sample homes; the archives of this computer are another matter.
    pub(crate) fn remove_samples(&self) -> Result<(), Failure> {
        let turn = held(&self.turn);
        let removed = remove_samples(&self.samples_settings.samples_dir);
        let read = self.read();
        drop(turn);
        self.board.tell_changed(read?.1);
        removed.map_err(|error| error.on_screen())
    }

    /// Syncs with a person's answer to the deletions that are held.
    pub(crate) fn answer_held(&self, folder: &str, yes: bool) -> Result<(), Failure> {
        let deletions = if yes { Deletions::Confirm } else { Deletions::Refuse };
        let claimed = self.claim(Some(folder))?;
        if claimed.is_empty() {
            return Err(under_way());
        }
        for folder in claimed {
            self.sync(&folder, deletions);
        }
        Ok(())
    }

    /// Takes a person's answer about a home that does not come: nothing waits for it for now, which the sync that follows
    /// tells everybody and makes room by; or all goes on waiting.
    pub(crate) fn answer_silent(&self, folder: &str, location_id: &str, answer: Waiting) -> Result<(), Failure> {
        match answer {
            Waiting::On => self.change(folder, |app, folder| app.keep_waiting(folder, location_id).map(drop)),
            Waiting::NotNow => {
                self.change(folder, |app, folder| app.stop_waiting(folder, location_id).map(drop))?;
                // One that began meanwhile does just that.
                for folder in self.claim(Some(folder))? {
                    self.sync(&folder, Deletions::Hold);
                }
                Ok(())
            }
        }
    }

    /// Lists the files whose content no home that takes part has any more.
    pub(crate) fn lost(&self, folder: &str) -> Result<LostReport, Failure> {
        let _turn = held(&self.turn);
        let folder = Path::new(folder);
        self.app_of(folder)?.lost(folder).map_err(|error| error.on_screen())
    }

    /// Gives up lost files: all that can be, if these are the ones that a person was shown. The next sync tells everybody.
    pub(crate) fn give_up(&self, folder: &str, shown: &[String]) -> Result<(), Failure> {
        // Who waited for a sync to end would answer about another list than they saw.
        if self.board.running().contains_key(folder) {
            return Err(under_way());
        }
        let turn = held(&self.turn);
        let given_up = self.give_up_shown(Path::new(folder), shown);
        let changed = self.read().map_or_else(|_| Vec::new(), |(_, changed)| changed);
        drop(turn);
        self.board.tell_changed(changed);
        given_up
    }

    /// The caller holds the turn.
    fn give_up_shown(&self, folder: &Path, shown: &[String]) -> Result<(), Failure> {
        let app = self.app_of(folder)?;
        let now = app.lost(folder).map_err(|error| error.on_screen())?.files;
        // What stands here damaged is not given up, and never was among those that a person was asked about.
        let now = now.iter().filter(|file| !file.damaged_here).map(|file| &file.path);
        if shown.is_empty() || !now.eq(shown) {
            return Err(lost_changed());
        }
        app.give_up(folder, &[]).map_err(|error| error.on_screen())?;
        Ok(())
    }

    /// Lists the files that are known to be damaged on this drive.
    pub(crate) fn damaged(&self, folder: &str) -> Result<Vec<DamagedReport>, Failure> {
        let _turn = held(&self.turn);
        let folder = Path::new(folder);
        self.app_of(folder)?.damaged(folder).map_err(|error| error.on_screen())
    }

    /// Takes a damaged file for an edit, as it reads now. The next sync sends it.
    pub(crate) fn keep_damaged(&self, folder: &str, file: &DamagedReport) -> Result<(), Failure> {
        self.change(folder, |app, folder| app.keep_listed(folder, file).map(|_| ()))
    }

    /// Reads all files of an archive again, asks for what is damaged, and puts together what has come.
    pub(crate) fn repair(&self, folder: &str) -> Result<(), Failure> {
        if self.claim(Some(folder))?.is_empty() {
            return Err(under_way());
        }
        let turn = held(&self.turn);
        self.board.begin(folder);
        let request = VerifyRequest {
            folder: PathBuf::from(folder),
            budget: None,
            repair: true,
        };
        let app = self.app_of(&request.folder);
        let repaired = app.and_then(|app| {
            let report = app.verify(&request).map_err(|error| error.on_screen())?;
            was_asked_for(report)
        });
        let changed = self.read().map_or_else(|_| Vec::new(), |(_, changed)| changed);
        drop(turn);
        self.board.end(folder, repaired.as_ref().err());
        self.board.tell_changed(changed);
        repaired
    }

    /// Lets an archive find its mailbox in another folder, or begin a new one there; in none, where it was.
    pub(crate) fn use_mailbox(&self, folder: &str, place: Option<&str>, sought: MailboxSought) -> Result<(), Failure> {
        self.change(folder, |app, folder| {
            app.use_mailbox_folder(folder, place.map(Path::new), sought).map(|_| ())
        })
    }

    /// The same in an account of this computer.
    pub(crate) fn use_mailbox_in(&self, folder: &str, account: &str, sought: MailboxSought) -> Result<(), Failure> {
        self.change(folder, |app, folder| {
            app.use_mailbox(folder, account, sought).map(|_| ())
        })
    }

    /// Moves the mailbox of an archive into a folder, with what it holds; gives how many objects nobody can use and stayed
    /// behind.
    pub(crate) fn move_mailbox(&self, folder: &str, place: &str) -> Result<u64, Failure> {
        let mut left_behind = 0;
        self.change(folder, |app, folder| {
            let moved = app.move_mailbox_to_folder(folder, Path::new(place))?.moved;
            left_behind = moved.map_or(0, |moved| moved.left_behind);
            Ok(())
        })?;
        Ok(left_behind)
    }

    /// The same into an account of this computer.
    pub(crate) fn move_mailbox_into(&self, folder: &str, account: &str) -> Result<u64, Failure> {
        let mut left_behind = 0;
        self.change(folder, |app, folder| {
            let moved = app.move_mailbox(folder, account)?.moved;
            left_behind = moved.map_or(0, |moved| moved.left_behind);
            Ok(())
        })?;
        Ok(left_behind)
    }

    /// Lets this computer forget a copy that takes part no longer, of which a person was told how it comes back; its
    /// files stay.
    pub(crate) fn forget(&self, folder: &str, told: WayBack) -> Result<(), Failure> {
        self.change(folder, |app, folder| app.forget_removed(folder, told).map(|_| ()))
    }

    /// Changes something about an archive at once, and tells what became of it.
    fn change(&self, folder: &str, change: impl FnOnce(&App, &Path) -> Result<(), AppError>) -> Result<(), Failure> {
        if self.board.running().contains_key(folder) {
            return Err(under_way());
        }
        let turn = held(&self.turn);
        let folder = Path::new(folder);
        let app = self.app_of(folder);
        let changed = app.and_then(|app| change(app, folder).map_err(|error| error.on_screen()));
        let news = self.read().map_or_else(|_| Vec::new(), |(_, changed)| changed);
        drop(turn);
        self.board.tell_changed(news);
        changed
    }

    /// Asks what runs to stop at its next safe point, and waits for that, but not for ever.
    pub(crate) fn stop(&self, patience: Duration) {
        for app in [&self.own, &self.samples] {
            app.cancel_switch().store(true, Ordering::Relaxed);
        }
        let began = Instant::now();
        while matches!(self.turn.try_lock(), Err(TryLockError::WouldBlock)) && began.elapsed() < patience {
            std::thread::sleep(STOP_RETRY);
        }
    }

    /// Runs a cycle; the caller holds the turn.
    fn run_sync(&self, folder: &str, deletions: Deletions) -> Result<(), Failure> {
        let folder = PathBuf::from(folder);
        let app = self.app_of(&folder)?;
        let request = SyncRequest {
            folders: vec![folder],
            yes: deletions == Deletions::Confirm,
            keep_files: deletions == Deletions::Refuse,
            ..SyncRequest::default()
        };
        let reports = app.sync(&request).map_err(|error| error.on_screen())?;
        for report in &reports {
            for said in report.went_back_on_screen() {
                self.board.hear(Event::Notice {
                    archive_id: Some(report.archive_id.clone()),
                    folder: Some(report.folder.clone()),
                    message: said.into(),
                });
            }
        }
        let failure = reports.into_iter().find_map(|report| report.failure);
        failure.map_or(Ok(()), |error| Err(error.on_screen()))
    }

    /// Reads all archives; the caller holds the turn, and tells of those that changed once it let go.
    fn read(&self) -> Result<(Overview, Vec<Which>), Failure> {
        let began = Instant::now();
        let fresh = loop {
            match self.read_both() {
                Err(error) if error.code == "busy" && began.elapsed() < BUSY_PATIENCE => {
                    std::thread::sleep(BUSY_RETRY);
                }
                read => break read.map_err(|error| error.on_screen())?,
            }
        };
        *held(&self.read_at) = Some(Instant::now());
        let changed = self.board.learn(fresh);
        let overview = self.board.overview().ok_or_else(unknown_archive)?;
        Ok((overview, changed))
    }

    fn read_both(&self) -> Result<Overview, AppError> {
        let mut overview = self.own.overview(ACTIVITY_LINES_MAX)?;
        let samples = self.samples.overview(ACTIVITY_LINES_MAX)?;
        overview.samples = samples.archives.iter().map(|one| one.folder.clone()).collect();
        overview.archives.extend(samples.archives);
        overview.activity.extend(samples.activity);
        for archive in &mut overview.archives {
            archive.headline = std::mem::take(&mut archive.headline).on_screen();
        }
        Ok(overview)
    }

    fn app_of(&self, folder: &Path) -> Result<&App, Failure> {
        let is_sample = self.sample_folders()?.iter().any(|sample| sample == folder);
        Ok(if is_sample { &self.samples } else { &self.own })
    }

    fn sample_folders(&self) -> Result<Vec<PathBuf>, Failure> {
        self.samples.known_folders().map_err(|error| error.on_screen())
    }
}

/// Refuses a check whose damaged files could not even be asked for: whoever pressed the button would wait in vain.
fn was_asked_for(report: VerifyReport) -> Result<(), Failure> {
    report.mailbox_failure.map_or(Ok(()), |error| Err(error.on_screen()))
}

/// Tells whether a sync of an archive can do anything: its drive is here, and it takes part.
pub(crate) fn may_sync(archive: &ArchiveStatus) -> bool {
    archive.drive.present && !matches!(archive.headline, Headline::Removed { .. })
}

#[cfg(test)]
mod tests;
