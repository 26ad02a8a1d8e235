//! The hand on real folders, with a clock that the test moves and a watch that the test speaks for.

use std::cell::RefCell;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::rc::Rc;
use std::sync::atomic::AtomicU64;
use std::time::SystemTime;

use offsync_adapters::watching::Noticed;
use offsync_core::limits::{
    CYCLE_MS_FIRST, FAILURE_RETRY_MS, LOOK_MS_MIN, POSTPONED_MS_MAX, SETTLED_MS, UNFINISHED_MS_MAX,
};

use super::*;
use crate::app::AppOptions;
use crate::init::InitRequest;
use crate::invite::InviteRequest;
use crate::keystore::KeystoreKind;
use crate::watched::Ear;

const HOUR_NS: u64 = 3_600_000_000_000;

/// What the system's watch does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Watching {
    Works,
    CannotBeMade,
}

/// An archive that somebody else was invited to, and all that is told of it.
struct Stage {
    _place: tempfile::TempDir,
    root: PathBuf,
    mailbox: PathBuf,
    app: App,
    ms: AtomicU64,
    /// The computer's clock when the other one stood at nought: so much later than what it really says that the times
    /// at which the system changed a file, which nobody can set, are all long ago.
    wall_ns: u64,
    ear: RefCell<Option<Ear>>,
    told: Rc<RefCell<Vec<WatchEvent>>>,
}

impl Stage {
    fn new() -> Self {
        let place = tempfile::tempdir().expect("there is a place for temporary files");
        let path = fs::canonicalize(place.path()).expect("it is there");
        let app = App::new(&AppOptions {
            config_dir: Some(path.join("config")),
            keystore: KeystoreKind::Plain,
        });
        let stage = Self {
            root: path.join("archive"),
            mailbox: path.join("mailbox"),
            app: app.expect("a folder was named"),
            ms: AtomicU64::new(0),
            wall_ns: u64::try_from(SystemClock.now_ns()).expect("after 1970") + HOUR_NS,
            ear: RefCell::default(),
            told: Rc::default(),
            _place: place,
        };
        fs::create_dir(&stage.root).expect("a folder can be made");
        let init = InitRequest {
            folder: stage.root.clone(),
            name: "Photos".into(),
            label: "Home".into(),
            mailbox: format!("fs://{}", stage.mailbox.display()),
            ..InitRequest::default()
        };
        stage.app.init(&init).expect("nothing is in the way");
        let invite = InviteRequest {
            account: None,
            folder: stage.root.clone(),
            label: "Anna".into(),
            person: "Anna".into(),
            out: path.join("invitation"),
        };
        stage.app.invite(&invite).expect("nothing is in the way");
        stage.save("old.txt", "old");
        stage.pass(10_000);
        stage
    }

    /// Plays with the hand of `watch`.
    fn play(&self, watching: Watching, play: impl FnOnce(&mut Hand<'_>)) {
        let told = self.told.clone();
        let tell = move |line: WatchLine| told.borrow_mut().push(line.what);
        // The clocks alone cross to the engine.
        let (ms, wall_ns) = (&self.ms, self.wall_ns);
        let now = || {
            let ms = ms.load(Ordering::Relaxed);
            let wall_ns = i64::try_from(wall_ns + ms * 1_000_000).expect("before 2262");
            Now { ms, wall_ns }
        };
        let begin_watch = |folder: &Path, ear: Ear| match watching {
            Watching::Works => {
                *self.ear.borrow_mut() = Some(ear);
                Ok(Box::new(()) as Box<dyn std::any::Any>)
            }
            Watching::CannotBeMade => Err(Watch::begin(&folder.join("no such folder"), |_| {}).expect_err("none")),
        };
        let world = Surroundings {
            now: &now,
            begin_watch: &begin_watch,
        };
        let mut hand = Hand::new(&self.app, &tell, Extent::Folders, world);
        hand.take_up(vec![self.root.clone()]);
        play(&mut hand);
    }

    /// Saves a file now, by the clock of this test.
    fn save(&self, name: &str, text: &str) {
        let mut file = OpenOptions::new();
        let file = file.create(true).append(true).open(self.root.join(name));
        let mut file = file.expect("it can be opened");
        file.write_all(text.as_bytes()).expect("it can be written");
        let now_ns = self.wall_ns + self.ms.load(Ordering::Relaxed) * 1_000_000;
        let saved = SystemTime::UNIX_EPOCH + Duration::from_nanos(now_ns);
        file.set_modified(saved).expect("a time can be set");
    }

    fn pass(&self, ms: u64) {
        self.ms.fetch_add(ms, Ordering::Relaxed);
    }

    /// What the system's watch would tell.
    fn notice(&self, noticed: Noticed) {
        self.ear.borrow().as_ref().expect("it is watched")(noticed);
    }

    /// Lets time pass, up to the next moment at which something is due, until a sync has ended; gives what it sent.
    fn sent(&self, hand: &mut Hand<'_>) -> u64 {
        for _ in 0..10_000 {
            let before = self.syncs().len();
            let next_ms = hand.step();
            if let [sent] = self.syncs()[before..] {
                return sent;
            }
            let ms = self.ms.load(Ordering::Relaxed);
            self.pass(next_ms.saturating_sub(ms));
        }
        panic!("no sync: {:#?}", self.told.borrow());
    }

    /// Does all that is due now.
    fn rest(&self, hand: &mut Hand<'_>) {
        for _ in 0..10 {
            if hand.step() > self.ms.load(Ordering::Relaxed) {
                return;
            }
        }
        panic!("there is no rest: {:#?}", self.told.borrow());
    }

    /// What each sync that ended sent; nothing where it failed.
    fn syncs(&self) -> Vec<u64> {
        let told = self.told.borrow();
        let ended = told.iter().filter_map(|what| match what {
            WatchEvent::Sync(SyncEvent::SyncFinished { posted, .. }) => Some(posted.as_ref().map_or(0, |p| p.entries)),
            _ => None,
        });
        ended.collect()
    }

    fn notices(&self) -> Vec<String> {
        let told = self.told.borrow();
        let said = told.iter().filter_map(|what| match what {
            WatchEvent::Cycle(Event::Notice { message, .. }) => Some(message.clone()),
            _ => None,
        });
        said.collect()
    }
}

#[test]
fn a_file_that_is_being_written_when_its_drive_comes_is_left_named_and_sent_when_it_has_settled() {
    let stage = Stage::new();
    stage.save("film.mkv", "half");
    stage.play(Watching::Works, |hand| {
        assert_eq!(stage.sent(hand), 1, "what is old goes");
        assert_eq!(stage.notices().len(), 1, "{:?}", stage.notices());
        assert!(stage.notices()[0].contains("'film.mkv' is still being written"));
        let is_safe = stage.told.borrow().iter().any(
            |what| matches!(what, WatchEvent::Sync(SyncEvent::SyncFinished { safe_to_unplug, .. }) if *safe_to_unplug),
        );
        assert!(!is_safe, "nothing is safe while somebody writes");
        assert_eq!(stage.sent(hand), 1, "it has settled");
        let waited_ms = stage.ms.load(Ordering::Relaxed) - 10_000;
        assert!((SETTLED_MS..2 * SETTLED_MS).contains(&waited_ms), "{waited_ms}");
        assert_eq!(stage.notices().len(), 1);
    });
}

#[test]
fn a_long_copy_is_not_sent_half_while_other_files_go() {
    let stage = Stage::new();
    stage.play(Watching::Works, |hand| {
        assert_eq!(stage.sent(hand), 1);
        stage.save("other.txt", "other");
        for second in 0..100 {
            stage.save("film.mkv", "part");
            stage.notice(Noticed::Changed);
            stage.rest(hand);
            stage.pass(1_000);
            let (waited_ms, syncs) = (second * 1_000, stage.syncs().len());
            assert!(
                waited_ms > POSTPONED_MS_MAX || syncs == 1,
                "nobody looks while it is noisy"
            );
            assert!(
                waited_ms < POSTPONED_MS_MAX + 2 * SETTLED_MS || syncs == 2,
                "the other file waits for the film"
            );
        }
        assert_eq!(stage.syncs(), [1, 1], "the other file alone went");
        assert_eq!(stage.sent(hand), 1, "then the film");
        assert_eq!(stage.syncs().len(), 3);
    });
}

#[test]
fn a_file_that_is_saved_in_several_breaths_is_not_sent_half() {
    let stage = Stage::new();
    stage.play(Watching::Works, |hand| {
        assert_eq!(stage.sent(hand), 1);
        for _ in 0..5 {
            stage.save("album.zip", "part");
            stage.notice(Noticed::Changed);
            for _ in 0..6 {
                stage.rest(hand);
                stage.pass(500);
            }
            assert_eq!(stage.syncs().len(), 1);
        }
        assert_eq!(stage.sent(hand), 1, "the whole file, once");
    });
}

#[test]
fn a_file_that_is_written_without_an_end_goes_at_some_time() {
    let stage = Stage::new();
    stage.play(Watching::Works, |hand| {
        assert_eq!(stage.sent(hand), 1);
        let began_ms = stage.ms.load(Ordering::Relaxed);
        while stage.syncs().iter().sum::<u64>() < 2 {
            stage.save("log", "line\n");
            stage.notice(Noticed::Changed);
            stage.rest(hand);
            stage.pass(1_500);
            let waited_ms = stage.ms.load(Ordering::Relaxed) - began_ms;
            assert!(waited_ms <= UNFINISHED_MS_MAX + 3 * POSTPONED_MS_MAX, "it starves");
        }
        let waited_ms = stage.ms.load(Ordering::Relaxed) - began_ms;
        assert!(waited_ms >= UNFINISHED_MS_MAX, "{waited_ms}");
    });
}

#[test]
fn own_writes_start_no_cycle() {
    let stage = Stage::new();
    stage.play(Watching::Works, |hand| {
        stage.sent(hand);
        let synced_ms = stage.ms.load(Ordering::Relaxed);
        for _ in 0..5 {
            // What a cycle writes is noticed as anybody's writing is.
            stage.notice(Noticed::Changed);
            stage.rest(hand);
            stage.pass(SETTLED_MS);
            stage.rest(hand);
        }
        assert_eq!(stage.syncs().len(), 1, "{:#?}", stage.told.borrow());
        stage.sent(hand);
        let waited_ms = stage.ms.load(Ordering::Relaxed) - synced_ms;
        assert!(waited_ms >= CYCLE_MS_FIRST, "only the regular one: {waited_ms}");
    });
}

#[test]
fn what_an_overflowing_watch_does_not_tell_is_found_by_looks() {
    let stage = Stage::new();
    stage.play(Watching::Works, |hand| {
        assert_eq!(stage.sent(hand), 1);
        stage.notice(Noticed::Missed);
        stage.rest(hand);
        stage.save("untold.txt", "untold");
        let began_ms = stage.ms.load(Ordering::Relaxed);
        assert_eq!(stage.sent(hand), 1);
        let waited_ms = stage.ms.load(Ordering::Relaxed) - began_ms;
        assert!(
            waited_ms <= LOOK_MS_MIN + 2 * SETTLED_MS,
            "long before a regular cycle: {waited_ms}"
        );
    });
}

#[test]
fn a_folder_that_cannot_be_watched_is_said_once_and_looked_at_instead() {
    let stage = Stage::new();
    stage.play(Watching::CannotBeMade, |hand| {
        assert_eq!(stage.sent(hand), 1, "what the drive brought goes at once");
        assert_eq!(stage.notices().len(), 1);
        assert!(
            stage.notices()[0].contains("looked at now and then instead"),
            "{:?}",
            stage.notices()
        );
        for name in ["one", "two"] {
            stage.save(name, "nobody tells of it");
            let began_ms = stage.ms.load(Ordering::Relaxed);
            assert_eq!(stage.sent(hand), 1, "{name}");
            let waited_ms = stage.ms.load(Ordering::Relaxed) - began_ms;
            assert!(waited_ms <= 2 * LOOK_MS_MIN, "{waited_ms}");
        }
        assert_eq!(stage.notices().len(), 1, "{:?}", stage.notices());
    });
}

#[test]
fn where_nobody_watches_a_file_that_goes_on_being_written_is_not_sent_half() {
    let stage = Stage::new();
    stage.play(Watching::CannotBeMade, |hand| {
        assert_eq!(stage.sent(hand), 1);
        for _ in 0..100 {
            stage.save("film.mkv", "part");
            stage.rest(hand);
            stage.pass(1_000);
        }
        assert_eq!(stage.syncs(), [1], "no part of it");
        assert_eq!(stage.sent(hand), 1);
    });
}

#[test]
fn a_failure_is_said_once_until_it_has_gone() {
    let stage = Stage::new();
    let away = stage.mailbox.with_file_name("away");
    fs::rename(&stage.mailbox, &away).expect("a mailbox can go away");
    stage.play(Watching::Works, |hand| {
        for _ in 0..4 {
            assert_eq!(stage.sent(hand), 0);
        }
        let waited_ms = stage.ms.load(Ordering::Relaxed) - 10_000;
        assert!(waited_ms >= 7 * FAILURE_RETRY_MS, "later and later: {waited_ms}");
        assert_eq!(stage.notices().len(), 1, "{:?}", stage.notices());
        fs::rename(&away, &stage.mailbox).expect("a mailbox can come back");
        assert_eq!(stage.sent(hand), 1);
        fs::rename(&stage.mailbox, &away).expect("a mailbox can go away");
        stage.sent(hand);
        assert_eq!(stage.notices().len(), 2, "{:?}", stage.notices());
    });
}

#[test]
fn the_same_change_made_again_is_sent_again_while_something_else_is_left() {
    let stage = Stage::new();
    stage.play(Watching::Works, |hand| {
        stage.sent(hand);
        let mut sent = Vec::new();
        for text in ["one", "two"] {
            stage.save("log", "line\n");
            fs::write(stage.root.join("old.txt"), text).expect("it can be written");
            stage.notice(Noticed::Changed);
            for _ in 0..3 * POSTPONED_MS_MAX / 1_000 {
                stage.rest(hand);
                stage.pass(1_000);
                stage.save("log", "line\n");
                stage.notice(Noticed::Changed);
            }
            stage.rest(hand);
            sent.push(stage.syncs().iter().sum::<u64>());
        }
        assert!(sent[1] > sent[0], "the second was sent, too: {sent:?}");
    });
}

#[cfg(unix)]
#[test]
fn an_archive_that_cannot_be_read_is_said_and_not_called_away() {
    let stage = Stage::new();
    let own = stage.root.join(".offsync");
    let kept = stage.root.join("kept aside");
    let spoil = || {
        fs::rename(&own, &kept).expect("it can be moved");
        // It leads to itself: whoever looks behind it gets an error, and not that there is nothing.
        std::os::unix::fs::symlink(&own, &own).expect("a link can be made");
    };
    let mend = || {
        fs::remove_file(&own).expect("it is a link");
        fs::rename(&kept, &own).expect("it can be moved");
    };
    let is_detached = || {
        let told = stage.told.borrow();
        let is_away = |what: &WatchEvent| matches!(what, WatchEvent::Drive(DriveEvent::DriveDetached { .. }));
        told.iter().any(is_away)
    };
    let look = |hand: &mut Hand<'_>| {
        stage.pass(DRIVES_MS);
        hand.look_for_drives();
    };
    stage.play(Watching::Works, |hand| {
        spoil();
        look(hand);
        look(hand);
        assert_eq!(stage.notices().len(), 1, "{:?}", stage.notices());
        assert!(stage.notices()[0].contains("cannot be read"), "{:?}", stage.notices());
        mend();
        stage.sent(hand);
        spoil();
        look(hand);
        assert!(!is_detached(), "it is here, and cannot be read");
        mend();
        fs::rename(&own, &kept).expect("it can be moved");
        look(hand);
        assert!(is_detached(), "now it is away");
    });
}

#[cfg(target_os = "linux")]
#[test]
fn a_marker_that_alone_cannot_be_read_is_said_and_no_silence() {
    let stage = Stage::new();
    let marker = stage.root.join(".offsync").join("location.toml");
    let kept = stage.root.join("kept aside");
    let look = |hand: &mut Hand<'_>| {
        stage.pass(DRIVES_MS);
        hand.look_for_drives();
    };
    stage.play(Watching::Works, |hand| {
        stage.sent(hand);
        fs::rename(&marker, &kept).expect("it can be moved");
        // Its first byte is never there: whoever reads it gets what a bad place of a drive gives.
        std::os::unix::fs::symlink("/proc/self/mem", &marker).expect("a link can be made");
        for _ in 0..3 {
            look(hand);
        }
        assert_eq!(stage.notices().len(), 1, "{:?}", stage.notices());
        assert!(
            stage.notices()[0].contains("cannot be read: Input/output error"),
            "{:?}",
            stage.notices()
        );
    });
}
