//! The engine's work, one piece at a time, for the window and the tray.
//!
//! Everything here but [`Desk::overview`] may take long and belongs on a thread of its own. An archive is locked while
//! it is worked on, so work takes turns, and what is asked meanwhile is answered from the [`Board`].

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, TryLockError};
use std::time::{Duration, Instant};

use offsync_app::view::{ArchiveStatus, Failure, Overview, SetUpRequest};
use offsync_app::{App, AppError, LostReport, SyncRequest, are_samples, make_samples, plug_in_sample, remove_samples};

use crate::board::{Board, Running, Tell, Which, held, sentence};
use crate::refusals::{lost_changed, under_way, unknown_archive};
use crate::settings::Settings;

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

/// This computer's archives and the sample homes, behind one door.
pub(crate) struct Desk {
    own: App,
    samples: App,
    samples_settings: Settings,
    turn: Mutex<()>,
    /// When all archives were last read.
    read_at: Mutex<Option<Instant>>,
    board: Arc<Board>,
}

impl Desk {
    /// Opens the desk; looks at nothing yet.
    pub(crate) fn new(settings: &Settings, tell: Tell) -> Result<Self, String> {
        let board = Arc::new(Board::new(tell));
        let open = |options| {
            let listener = board.clone();
            let app = App::new(&options).map_err(|error| sentence(&error.to_failure()))?;
            Ok::<_, String>(app.with_events(Arc::new(move |event| listener.hear(event))))
        };
        Ok(Self {
            own: open(settings.own())?,
            samples: open(settings.samples())?,
            samples_settings: settings.clone(),
            turn: Mutex::default(),
            read_at: Mutex::default(),
            board: board.clone(),
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

    /// Claims archives for [`Desk::sync`]: the one in this folder, or all whose drive is here. Those under way are left out.
    pub(crate) fn claim(&self, folder: Option<&str>) -> Result<Vec<String>, Failure> {
        let overview = self.overview()?;
        let wanted = |archive: &&ArchiveStatus| match folder {
            Some(folder) => archive.folder == folder,
            None => archive.drive.present,
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
        let made = self.own.set_up(request);
        // Where it failed only half-way the archive is there, and is shown with what it needs.
        let read = self.read();
        drop(turn);
        for event in self.board.take_ended() {
            self.board.tell(event);
        }
        let changed = read.map_or_else(|_| Vec::new(), |(_, changed)| changed);
        self.board.tell_changed(changed);
        made.map_err(|error| error.to_failure())
    }

    /// Makes the sample homes, or finds those that were made before.
    pub(crate) fn try_samples(&self) -> Result<ArchiveStatus, Failure> {
        let turn = held(&self.turn);
        if self.sample_folders()?.is_empty() {
            let base = &self.samples_settings.samples_dir;
            if are_samples(base) {
                // Left by an attempt, to make or to remove them, that was cut off.
                remove_samples(base).map_err(|error| error.to_failure())?;
            }
            // Its many small syncs are nobody's news, so this one tells nothing.
            let quiet = App::new(&self.samples_settings.samples()).map_err(|error| error.to_failure())?;
            make_samples(&quiet, base).map_err(|error| error.to_failure())?;
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
        synced.map_err(|error| error.to_failure())
    }

    /// Removes the sample homes; the archives of this computer are another matter.
    pub(crate) fn remove_samples(&self) -> Result<(), Failure> {
        let turn = held(&self.turn);
        let removed = remove_samples(&self.samples_settings.samples_dir);
        let read = self.read();
        drop(turn);
        self.board.tell_changed(read?.1);
        removed.map_err(|error| error.to_failure())
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

    /// Lists the files whose content no home that takes part has any more.
    pub(crate) fn lost(&self, folder: &str) -> Result<LostReport, Failure> {
        let _turn = held(&self.turn);
        let folder = Path::new(folder);
        self.app_of(folder)?.lost(folder).map_err(|error| error.to_failure())
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
        let now = app.lost(folder).map_err(|error| error.to_failure())?.files;
        // What stands here damaged is not given up, and never was among those that a person was asked about.
        let now = now.iter().filter(|file| !file.damaged_here).map(|file| &file.path);
        if shown.is_empty() || !now.eq(shown) {
            return Err(lost_changed());
        }
        app.give_up(folder, &[]).map_err(|error| error.to_failure())?;
        Ok(())
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
        let reports = app.sync(&request).map_err(|error| error.to_failure())?;
        reports.into_iter().find_map(|report| report.error).map_or(Ok(()), Err)
    }

    /// Reads all archives; the caller holds the turn, and tells of those that changed once it let go.
    fn read(&self) -> Result<(Overview, Vec<Which>), Failure> {
        let began = Instant::now();
        let fresh = loop {
            match self.read_both() {
                Err(error) if error.code == "busy" && began.elapsed() < BUSY_PATIENCE => {
                    std::thread::sleep(BUSY_RETRY);
                }
                read => break read.map_err(|error| error.to_failure())?,
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
        Ok(overview)
    }

    fn app_of(&self, folder: &Path) -> Result<&App, Failure> {
        let is_sample = self.sample_folders()?.iter().any(|sample| sample == folder);
        Ok(if is_sample { &self.samples } else { &self.own })
    }

    fn sample_folders(&self) -> Result<Vec<PathBuf>, Failure> {
        self.samples.known_folders().map_err(|error| error.to_failure())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::sync::OnceLock;

    use offsync_app::KeystoreKind;
    use offsync_app::view::{Event, Headline};
    use tempfile::TempDir;

    use super::*;

    /// An event, and the overview that its hearer saw.
    type Told = (Event, Option<Overview>);

    /// A desk in a folder of its own, with the sample homes on it, and what it told.
    struct Office {
        desk: Arc<Desk>,
        told: Arc<Mutex<Vec<Told>>>,
        folder: String,
        copy: PathBuf,
        _place: TempDir,
    }

    fn office() -> Office {
        let place = tempfile::tempdir().expect("there is a place for temporary files");
        let settings = Settings {
            config_dir: Some(place.path().join("config")),
            keystore: KeystoreKind::Plain,
            samples_dir: place.path().join("samples"),
        };
        let told = Arc::new(Mutex::new(Vec::new()));
        let desk = Arc::new(OnceLock::<Arc<Desk>>::new());
        let (listener, looked_at) = (told.clone(), desk.clone());
        let tell: Tell = Arc::new(move |event| {
            let seen = looked_at.get().and_then(|desk| desk.shown().0);
            held(&listener).push((event, seen));
        });
        let opened = Arc::new(Desk::new(&settings, tell).expect("folders were named"));
        assert!(desk.set(opened.clone()).is_ok());
        assert!(opened.overview().expect("nothing is known yet").archives.is_empty());
        let made = opened.try_samples().expect("there is room for them");
        Office {
            desk: opened,
            told,
            folder: made.folder.clone(),
            copy: PathBuf::from(made.folder),
            _place: place,
        }
    }

    impl Office {
        fn status(&self) -> ArchiveStatus {
            let overview = self.desk.overview().expect("it was read before");
            overview.archives.into_iter().next().expect("there is one archive")
        }

        fn sync(&self) {
            for folder in self.desk.claim(None).expect("it was read before") {
                self.desk.sync(&folder, Deletions::Hold);
            }
        }
    }

    #[test]
    fn sample_homes_that_were_made_are_found_again() {
        let office = office();
        let again = office.desk.try_samples().expect("they are there");
        assert_eq!(again.folder, office.folder);
        assert_eq!(again.locations.len(), 3);
        assert!(matches!(again.headline, Headline::Unsent { .. }));
    }

    #[test]
    fn who_hears_that_a_sync_ended_sees_what_it_changed() {
        let office = office();
        office.sync();
        let told = held(&office.told);
        let mut ends = told
            .iter()
            .filter(|(event, _)| matches!(event, Event::SyncFinished { error: None, .. }));
        let (_, seen) = ends.next().expect("the end is told");
        assert!(ends.next().is_none(), "once");
        let seen = seen.as_ref().expect("something is known");
        assert!(seen.syncing.is_empty() && seen.archives[0].local_changes.entries == 0);
        let begun = told
            .iter()
            .find(|(event, _)| matches!(event, Event::SyncStarted { .. }));
        let (_, seen) = begun.expect("the beginning is told");
        assert_eq!(
            seen.as_ref().map(|seen| seen.syncing.as_slice()),
            Some([office.folder.clone()].as_slice())
        );
    }

    #[test]
    fn the_overview_answers_while_the_engine_works() {
        let office = office();
        let _turn = held(&office.desk.turn);
        let folder = std::slice::from_ref(&office.folder);
        assert_eq!(office.desk.claim(Some(&office.folder)).expect("it is known"), folder);
        assert!(
            office.desk.claim(None).expect("it is known").is_empty(),
            "nothing is synced twice at once"
        );
        assert_eq!(office.desk.overview().expect("at once").syncing, folder);
        assert!(office.desk.is_working());
        let refused = office
            .desk
            .answer_held(&office.folder, true)
            .expect_err("an answer is not lost in silence");
        assert_eq!(refused.code, "busy");
    }

    #[test]
    fn a_sync_that_cannot_even_begin_is_told_as_ended() {
        let office = office();
        fs::rename(&office.copy, office.copy.with_extension("away")).expect("the drive goes");
        office.sync();
        let told = held(&office.told);
        let said = told.iter().find_map(|(event, _)| match event {
            Event::SyncFinished { error, .. } => error.clone(),
            _ => None,
        });
        assert!(said.is_some_and(|said| said.contains("not plugged in")));
        drop(told);
        assert_eq!(office.status().headline, Headline::DriveAway);
        assert!(office.desk.claim(None).expect("it is known").is_empty());
    }

    #[test]
    fn held_deletions_go_on_after_a_yes_and_end_with_a_no() {
        for (yes, sent) in [(true, 7), (false, 0)] {
            let office = office();
            office.sync();
            for path in [
                "2025/Pyrenees/IMG_0003.jpg",
                "2025/Pyrenees/IMG_0004.jpg",
                "2025/Birthday",
            ] {
                let path = office.copy.join(path);
                let gone = if path.is_dir() {
                    fs::remove_dir_all(path)
                } else {
                    fs::remove_file(path)
                };
                gone.expect("a person may delete");
            }
            office.sync();
            assert!(matches!(office.status().headline, Headline::Held { .. }));
            office.desk.answer_held(&office.folder, yes).expect("that is an answer");
            assert_eq!(office.status().held, None);
            let overview = office.desk.overview().expect("it was read before");
            let deleted: u64 = overview.activity[0].lines.iter().map(|line| line.summary.deleted).sum();
            assert_eq!(deleted, sent, "{:?}", office.status());
        }
    }

    #[test]
    fn a_drive_that_comes_or_goes_is_seen_without_a_lock() {
        let office = office();
        assert!(!office.desk.sees_other_drives());
        fs::rename(&office.copy, office.copy.with_extension("away")).expect("the drive goes");
        assert!(office.desk.sees_other_drives());
        office.desk.refresh().expect("it can be read");
        assert!(!office.desk.sees_other_drives() && !office.desk.is_working());
        fs::rename(office.copy.with_extension("away"), &office.copy).expect("the drive comes");
        assert!(office.desk.sees_other_drives());
    }

    #[test]
    fn sample_homes_are_marked_and_catch_up_when_their_drive_is_plugged_in() {
        let office = office();
        let overview = office.desk.overview().expect("it was read before");
        assert_eq!(overview.samples, std::slice::from_ref(&office.folder));
        office.sync();
        let others = |status: ArchiveStatus| status.locations.into_iter().filter(|home| !home.this);
        for home in others(office.status()) {
            assert!(home.behind.changesets > 0, "{}", home.label);
            office.desk.plug_in_sample(&home.location_id).expect("it syncs");
        }
        assert!(matches!(office.status().headline, Headline::AllSafe { homes: 3 }));
    }

    #[test]
    fn sample_homes_that_were_removed_are_gone_and_can_be_made_again() {
        let office = office();
        office.desk.remove_samples().expect("they were made here");
        let overview = office.desk.overview().expect("nothing is left");
        assert!(overview.archives.is_empty() && overview.samples.is_empty());
        assert!(!office.copy.exists());
        office.desk.try_samples().expect("there is room again");
    }

    /// Loses a film in all homes: its packs in the mailbox, and Pep's drive, which is put together anew.
    fn lose_a_film(office: &Office) {
        let noise = (0..75_000_u32).map(|n| n.wrapping_mul(2_654_435_761) ^ n.rotate_left(13));
        let noise: Vec<u8> = noise.flat_map(u32::to_le_bytes).collect();
        fs::write(office.copy.join("film.mov"), noise).expect("there is room");
        office.sync();
        let mailbox = office.desk.samples_settings.samples_dir.join("Mailbox");
        for object in walk(&mailbox) {
            if object.extension().is_some_and(|ending| ending == "pack") {
                fs::remove_file(object).expect("a mailbox may lose it");
            }
        }
        let sync_all = || {
            office.sync();
            for home in office.status().locations.iter().filter(|home| !home.this) {
                office.desk.plug_in_sample(&home.location_id).expect("it syncs");
            }
        };
        sync_all();
        fs::remove_file(office.copy.join("film.mov")).expect("it was written");
        fs::remove_dir_all(office.copy.join(".offsync")).expect("it is there");
        let label = office.status().label;
        let request = offsync_app::JoinRequest {
            folder: office.copy.clone(),
            as_location: Some(label),
            ..offsync_app::JoinRequest::default()
        };
        office.desk.samples.join(&request).expect("it was that location");
        (0..3).for_each(|_| sync_all());
        office.sync();
    }

    fn walk(folder: &Path) -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).expect("it can be listed").flatten();
        entries
            .flat_map(|entry| {
                if entry.path().is_dir() {
                    walk(&entry.path())
                } else {
                    vec![entry.path()]
                }
            })
            .collect()
    }

    #[test]
    fn lost_files_are_listed_and_only_those_that_were_shown_are_given_up() {
        let office = office();
        lose_a_film(&office);
        let status = office.status();
        assert_eq!(status.lost_files, 1, "{status:?}");
        assert!(matches!(&status.headline, Headline::Lost { files: 1, example, .. } if example == "film.mov"));
        let report = office.desk.lost(&office.folder).expect("it is here");
        let paths: Vec<String> = report.files.iter().map(|file| file.path.clone()).collect();
        assert_eq!(paths, ["film.mov"]);
        for others in [&[] as &[String], &["another.mov".to_owned()]] {
            let refused = office.desk.give_up(&office.folder, others);
            assert_eq!(refused.map_err(|failure| failure.code), Err("lost_changed".to_owned()));
        }
        assert_eq!(office.status().lost_files, 1, "nothing was given up");
        office.desk.give_up(&office.folder, &paths).expect("they were shown");
        assert_eq!(office.status().lost_files, 0);
        assert!(office.desk.lost(&office.folder).expect("it is here").files.is_empty());
    }

    #[test]
    fn an_archive_that_nobody_knows_is_refused() {
        let refused = office().desk.claim(Some("no such archive"));
        assert_eq!(
            refused.map_err(|failure| failure.code),
            Err("unknown_archive".to_owned())
        );
    }
}
