//! The engine's work, one piece at a time, for the window and the tray.
//!
//! Everything here but [`Desk::overview`] may take long and belongs on a thread of its own. An archive is locked while
//! it is worked on, so work takes turns, and what is asked meanwhile is answered from the [`Board`].

use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, TryLockError};
use std::time::{Duration, Instant};

use offsync_app::view::{ArchiveStatus, Failure, Overview, SetUpRequest};
use offsync_app::{App, AppError, SyncRequest, make_samples};

use crate::board::{Board, Running, Tell, held, sentence};
use crate::settings::Settings;

/// How many changes of each archive the window gets.
const ACTIVITY_LINES_MAX: usize = 200;
/// How long somebody else's Offsync may hold an archive before the window says so.
const BUSY_PATIENCE: Duration = Duration::from_secs(5);
const BUSY_RETRY: Duration = Duration::from_millis(200);
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

    /// Claims archives for [`Desk::sync`]: the one named, or all whose drive is here. Those under way are left out.
    pub(crate) fn claim(&self, archive_id: Option<&str>) -> Result<Vec<String>, Failure> {
        let overview = self.overview()?;
        let wanted = |archive: &&ArchiveStatus| match archive_id {
            Some(id) => archive.archive_id == id,
            None => archive.drive.present,
        };
        let ids = overview
            .archives
            .iter()
            .filter(wanted)
            .map(|one| one.archive_id.clone());
        let ids: Vec<String> = ids.collect();
        if archive_id.is_some() && ids.is_empty() {
            return Err(unknown_archive());
        }
        Ok(ids.into_iter().filter(|id| self.board.claim(id)).collect())
    }

    /// Syncs an archive that was claimed, and tells how it went.
    pub(crate) fn sync(&self, archive_id: &str, deletions: Deletions) {
        let turn = held(&self.turn);
        let failure = self.run_sync(archive_id, deletions).err();
        let changed = self.read().map_or_else(|_| Vec::new(), |(_, changed)| changed);
        drop(turn);
        self.board.end(archive_id, failure.as_ref());
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
            // Its many small syncs are nobody's news, so this one tells nothing.
            let quiet = App::new(&self.samples_settings.samples()).map_err(|error| error.to_failure())?;
            make_samples(&quiet, &self.samples_settings.samples_dir).map_err(|error| error.to_failure())?;
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

    /// Syncs with a person's answer to the deletions that are held.
    pub(crate) fn answer_held(&self, archive_id: &str, yes: bool) -> Result<(), Failure> {
        let deletions = if yes { Deletions::Confirm } else { Deletions::Refuse };
        let claimed = self.claim(Some(archive_id))?;
        if claimed.is_empty() {
            return Err(under_way());
        }
        for id in claimed {
            self.sync(&id, deletions);
        }
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
    fn run_sync(&self, archive_id: &str, deletions: Deletions) -> Result<(), Failure> {
        let overview = self.board.overview().ok_or_else(unknown_archive)?;
        let archive = overview.archives.iter().find(|one| one.archive_id == archive_id);
        let folder = PathBuf::from(&archive.ok_or_else(unknown_archive)?.folder);
        let is_sample = self.sample_folders()?.contains(&folder);
        let app = if is_sample { &self.samples } else { &self.own };
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
    fn read(&self) -> Result<(Overview, Vec<String>), Failure> {
        let began = Instant::now();
        let mut overview = loop {
            match self.read_both() {
                Err(error) if error.code == "busy" && began.elapsed() < BUSY_PATIENCE => {
                    std::thread::sleep(BUSY_RETRY);
                }
                read => break read.map_err(|error| error.to_failure())?,
            }
        };
        let changed = self.board.learn(&overview);
        overview.syncing = self.board.running().into_keys().collect();
        Ok((overview, changed))
    }

    fn read_both(&self) -> Result<Overview, AppError> {
        let mut overview = self.own.overview(ACTIVITY_LINES_MAX)?;
        let samples = self.samples.overview(ACTIVITY_LINES_MAX)?;
        overview.archives.extend(samples.archives);
        overview.activity.extend(samples.activity);
        Ok(overview)
    }

    fn sample_folders(&self) -> Result<Vec<PathBuf>, Failure> {
        self.samples.known_folders().map_err(|error| error.to_failure())
    }
}

fn unknown_archive() -> Failure {
    Failure {
        code: "unknown_archive".into(),
        message: "This computer does not know that archive any more.".into(),
        hint: "Close the window and open it again.".into(),
    }
}

fn under_way() -> Failure {
    Failure {
        code: "busy".into(),
        message: "This archive is syncing right now, so the answer was not taken.".into(),
        hint: "Answer again when the sync has ended.".into(),
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
        id: String,
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
            id: made.archive_id,
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
            for id in self.desk.claim(None).expect("it was read before") {
                self.desk.sync(&id, Deletions::Hold);
            }
        }
    }

    #[test]
    fn sample_homes_that_were_made_are_found_again() {
        let office = office();
        let again = office.desk.try_samples().expect("they are there");
        assert_eq!(again.archive_id, office.id);
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
            Some([office.id.clone()].as_slice())
        );
    }

    #[test]
    fn the_overview_answers_while_the_engine_works() {
        let office = office();
        let _turn = held(&office.desk.turn);
        let id = std::slice::from_ref(&office.id);
        assert_eq!(office.desk.claim(Some(&office.id)).expect("it is known"), id);
        assert!(
            office.desk.claim(None).expect("it is known").is_empty(),
            "nothing is synced twice at once"
        );
        assert_eq!(office.desk.overview().expect("at once").syncing, id);
        let refused = office
            .desk
            .answer_held(&office.id, true)
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
            office.desk.answer_held(&office.id, yes).expect("that is an answer");
            assert_eq!(office.status().held, None);
            let overview = office.desk.overview().expect("it was read before");
            let deleted: u64 = overview.activity[0].lines.iter().map(|line| line.summary.deleted).sum();
            assert_eq!(deleted, sent, "{:?}", office.status());
        }
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
