//! What the shell last learned of the archives, for whoever looks while the engine works.
//!
//! Nobody waits here for the engine: every lock is held for a moment, and never while something is told.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use offsync_app::view::{ArchiveActivity, ArchiveStatus, Event, Failure, Overview, Phase};

/// Hears every event that the window and the tray hear.
pub(crate) type Tell = Arc<dyn Fn(Event) + Send + Sync>;

/// What runs now: folders of archives, each with what the engine is doing once it began.
///
/// Two copies of one archive may lie on one computer: what tells archives apart here is their folder, never their id.
pub(crate) type Running = BTreeMap<String, Option<Phase>>;

/// One copy of an archive, as events name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Which {
    pub(crate) archive_id: String,
    pub(crate) folder: String,
}

/// The last overview and the syncs under way.
pub(crate) struct Board {
    overview: Mutex<Option<Overview>>,
    running: Mutex<Running>,
    ended: Mutex<Vec<Event>>,
    tell: Tell,
}

impl Board {
    pub(crate) fn new(tell: Tell) -> Self {
        Self {
            overview: Mutex::default(),
            running: Mutex::default(),
            ended: Mutex::default(),
            tell,
        }
    }

    /// Gives the last overview, with the syncs under way in it.
    pub(crate) fn overview(&self) -> Option<Overview> {
        let mut overview = held(&self.overview).clone()?;
        overview.syncing = self.running().into_keys().collect();
        Some(overview)
    }

    pub(crate) fn running(&self) -> Running {
        held(&self.running).clone()
    }

    /// Notes that an archive is to be synced; false if that is under way already.
    pub(crate) fn claim(&self, folder: &str) -> bool {
        held(&self.running).insert(folder.to_owned(), None).is_none()
    }

    /// Takes an event of the engine.
    ///
    /// The end of a sync is kept back until the overview shows what it changed, so that nobody
    /// who hears of it reads what was true before.
    pub(crate) fn hear(&self, event: Event) {
        match &event {
            Event::SyncFinished { .. } => return held(&self.ended).push(event),
            Event::Progress { folder, phase, .. } => {
                if let Some(known) = held(&self.running).get_mut(folder) {
                    *known = Some(*phase);
                }
            }
            _ => {}
        }
        self.tell(event);
    }

    /// Keeps a new overview; gives the archives of which it says something new.
    ///
    /// Of those that another Offsync works on, or whose drive is away, what was known before stays.
    pub(crate) fn learn(&self, fresh: Overview) -> Vec<Which> {
        let mut kept = held(&self.overview);
        let overview = match kept.as_ref() {
            Some(before) => with_last_known(fresh, before),
            None => fresh,
        };
        let is_new = |archive: &&ArchiveStatus| {
            let before = kept.as_ref().map(|before| told(before, &archive.folder));
            before != Some(told(&overview, &archive.folder))
        };
        let before = kept
            .as_ref()
            .map(|before| before.archives.as_slice())
            .unwrap_or_default();
        // One that is not known any more is news as well: the tray still speaks of it.
        let gone = before.iter().filter(|old| told(&overview, &old.folder).0.is_none());
        let new = overview.archives.iter().filter(is_new).chain(gone).map(which).collect();
        *kept = Some(overview);
        new
    }

    /// Says that a sync ended. One that failed before the engine could say so is said here.
    pub(crate) fn end(&self, folder: &str, failure: Option<&Failure>) {
        held(&self.running).remove(folder);
        let ended = self.take_ended();
        if ended.is_empty() {
            let overview = self.overview();
            let archives = overview.map(|overview| overview.archives).unwrap_or_default();
            let archive = archives.into_iter().find(|archive| archive.folder == folder);
            self.tell(Event::SyncFinished {
                archive_id: archive.map(|archive| archive.archive_id).unwrap_or_default(),
                folder: folder.to_owned(),
                error: failure.map(sentence),
                safe_to_unplug: false,
            });
        }
        Self::in_words_of_a_screen(ended, failure)
            .into_iter()
            .for_each(|event| self.tell(event));
    }

    /// Tells the ends that were kept back, where nothing is said of those that failed before they began.
    pub(crate) fn tell_ended(&self, failure: Option<&Failure>) {
        Self::in_words_of_a_screen(self.take_ended(), failure)
            .into_iter()
            .for_each(|event| self.tell(event));
    }

    /// The engine says why a sync failed in the words of a terminal.
    fn in_words_of_a_screen(mut ended: Vec<Event>, failure: Option<&Failure>) -> Vec<Event> {
        for event in &mut ended {
            if let (Event::SyncFinished { error: Some(error), .. }, Some(failure)) = (event, failure) {
                *error = sentence(failure);
            }
        }
        ended
    }

    /// Says that work on an archive begins which the engine does not call a sync.
    pub(crate) fn begin(&self, folder: &str) {
        let archives = self.overview().map(|overview| overview.archives).unwrap_or_default();
        let archive = archives.into_iter().find(|archive| archive.folder == folder);
        self.tell(Event::SyncStarted {
            archive_id: archive.map(|archive| archive.archive_id).unwrap_or_default(),
            folder: folder.to_owned(),
        });
    }

    /// Gives the ends of syncs that were kept back.
    fn take_ended(&self) -> Vec<Event> {
        std::mem::take(&mut *held(&self.ended))
    }

    pub(crate) fn tell(&self, event: Event) {
        (self.tell)(event);
    }

    pub(crate) fn tell_changed(&self, archives: Vec<Which>) {
        for Which { archive_id, folder } in archives {
            self.tell(Event::StatusChanged { archive_id, folder });
        }
    }
}

/// Gives all that an overview says of one archive.
fn told<'a>(overview: &'a Overview, folder: &str) -> (Option<&'a ArchiveStatus>, Option<&'a ArchiveActivity>) {
    (
        overview.archives.iter().find(|one| one.folder == folder),
        overview.activity.iter().find(|one| one.folder == folder),
    )
}

fn which(archive: &ArchiveStatus) -> Which {
    Which {
        archive_id: archive.archive_id.clone(),
        folder: archive.folder.clone(),
    }
}

/// Fills what could not be read now with what was known of it before: an archive that another Offsync works on stays as
/// it was, and one whose drive is away keeps what does not change by that.
fn with_last_known(mut fresh: Overview, before: &Overview) -> Overview {
    let is_unread = |one: &&mut ArchiveStatus| {
        one.busy || !one.drive.present || matches!(one.headline, offsync_app::view::Headline::NeedsYou { .. })
    };
    for now in fresh.archives.iter_mut().filter(is_unread) {
        let (Some(status), lines) = told(before, &now.folder) else {
            continue;
        };
        // Another archive may lie there by now; of that one nothing is known.
        if now.archive_id != status.archive_id {
            continue;
        }
        let last = status.clone();
        *now = if now.busy {
            ArchiveStatus { busy: true, ..last }
        } else {
            ArchiveStatus {
                mailbox: last.mailbox,
                files: last.files,
                last_sync: last.last_sync,
                locations: last.locations,
                ..now.clone()
            }
        };
        fresh.activity.retain(|one| one.folder != now.folder);
        fresh.activity.extend(lines.cloned());
    }
    fresh
}

/// Puts a failure into one line.
pub(crate) fn sentence(failure: &Failure) -> String {
    format!("{} {}", failure.message, failure.hint)
}

/// Takes a lock; what a thread that panicked left behind is whole, every change here is one assignment.
pub(crate) fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use offsync_app::view::{DriveView, Headline, MailboxView};

    use super::*;

    fn archive(id: &str, folder: &str, headline: Headline) -> ArchiveStatus {
        ArchiveStatus {
            archive_id: id.into(),
            folder: folder.into(),
            drive: DriveView {
                present: true,
                ..DriveView::default()
            },
            mailbox: MailboxView {
                reachable: true,
                ..MailboxView::default()
            },
            safe_to_unplug: true,
            headline,
            ..ArchiveStatus::default()
        }
    }

    fn overview(archives: Vec<ArchiveStatus>) -> Overview {
        let lines = |archive: &ArchiveStatus| ArchiveActivity {
            archive_id: archive.archive_id.clone(),
            folder: archive.folder.clone(),
            lines: Vec::new(),
        };
        Overview {
            activity: archives.iter().map(lines).collect(),
            archives,
            syncing: Vec::new(),
            samples: Vec::new(),
            version: String::new(),
        }
    }

    fn board() -> Board {
        Board::new(Arc::new(|_| {}))
    }

    fn folders(new: Vec<Which>) -> Vec<String> {
        new.into_iter().map(|which| which.folder).collect()
    }

    /// What comes of an archive that is in use, before it is filled.
    fn busy(id: &str, folder: &str) -> ArchiveStatus {
        let message = "Another Offsync is using this archive right now.".into();
        let (code, hint) = ("busy".into(), String::new());
        ArchiveStatus {
            busy: true,
            ..archive(id, folder, Headline::NeedsYou { code, message, hint })
        }
    }

    #[test]
    fn two_copies_of_one_archive_are_told_apart() {
        let board = board();
        let both = |headline| {
            let copies = vec![archive("a", "/one", Headline::Alone), archive("a", "/two", headline)];
            overview(copies)
        };
        assert_eq!(folders(board.learn(both(Headline::Alone))), ["/one", "/two"]);
        assert_eq!(
            folders(board.learn(both(Headline::MailboxAway { unsent: 0 }))),
            ["/two"]
        );
        assert!(board.claim("/one") && board.claim("/two") && !board.claim("/one"));
        board.hear(Event::Progress {
            archive_id: "a".into(),
            folder: "/two".into(),
            phase: Phase::Posting,
            done: 0,
            total: None,
            done_bytes: 0,
            total_bytes: None,
            path: None,
        });
        let running = board.running();
        assert_eq!((running["/one"], running["/two"]), (None, Some(Phase::Posting)));
        board.end("/one", None);
        let seen = board.overview().expect("it was learned");
        assert_eq!(seen.syncing, ["/two"]);
    }

    #[test]
    fn an_archive_that_is_not_known_any_more_is_news() {
        let board = board();
        let one = || archive("a", "/one", Headline::Alone);
        board.learn(overview(vec![one(), archive("b", "/two", Headline::Alone)]));
        assert_eq!(folders(board.learn(overview(vec![one()]))), ["/two"]);
    }

    #[test]
    fn why_a_sync_failed_is_told_in_the_words_of_a_screen() {
        let told: Arc<Mutex<Vec<Event>>> = Arc::default();
        let ear = told.clone();
        let board = Board::new(Arc::new(move |event| held(&ear).push(event)));
        let failure = Failure {
            code: "removed".into(),
            message: "It was taken out.".into(),
            hint: "Look again.".into(),
        };
        for error in [Some("Ask for `offsync location unpark`.".to_owned()), None] {
            board.hear(Event::SyncFinished {
                archive_id: "a".into(),
                folder: "/one".into(),
                error,
                safe_to_unplug: false,
            });
        }
        board.end("/one", Some(&failure));
        let errors: Vec<Option<String>> = held(&told)
            .drain(..)
            .filter_map(|event| match event {
                Event::SyncFinished { error, .. } => Some(error),
                _ => None,
            })
            .collect();
        assert_eq!(errors, [Some("It was taken out. Look again.".to_owned()), None]);
    }

    #[test]
    fn what_another_offsync_works_on_keeps_its_last_known_state() {
        let board = board();
        let at_rest = archive("a", "/one", Headline::AllSafe { homes: 3 });
        board.learn(overview(vec![at_rest.clone(), archive("b", "/two", Headline::Alone)]));
        let mut fresh = overview(vec![
            busy("a", "/one"),
            archive("b", "/two", Headline::MailboxAway { unsent: 0 }),
        ]);
        fresh.activity.remove(0);
        let new = board.learn(fresh.clone());
        assert_eq!(folders(new), ["/one", "/two"], "that it is in use is news too");
        let seen = board.overview().expect("it was learned");
        let kept = ArchiveStatus { busy: true, ..at_rest };
        assert_eq!(seen.archives[0], kept);
        assert_eq!(seen.archives[1].headline, Headline::MailboxAway { unsent: 0 });
        assert!(seen.activity.iter().any(|one| one.folder == "/one"));
        assert_eq!(folders(board.learn(fresh)), Vec::<String>::new());
    }

    #[test]
    fn a_drive_that_goes_takes_nothing_with_it_that_is_known_of_the_others() {
        let board = board();
        let here = ArchiveStatus {
            files: 12,
            last_sync: Some("2026-11-20T15:00:00Z".into()),
            ..archive("a", "/one", Headline::AllSafe { homes: 3 })
        };
        board.learn(overview(vec![here]));
        let mut away = archive("a", "/one", Headline::DriveAway);
        away.drive.present = false;
        away.mailbox.reachable = false;
        let mut fresh = overview(vec![away]);
        fresh.activity.clear();
        board.learn(fresh);
        let seen = board.overview().expect("it was learned");
        let (status, lines) = told(&seen, "/one");
        let status = status.expect("it is known");
        assert_eq!((&status.headline, status.drive.present), (&Headline::DriveAway, false));
        assert_eq!((status.files, status.last_sync.is_some()), (12, true));
        assert!(status.mailbox.reachable && lines.is_some());
    }

    #[test]
    fn what_was_never_seen_is_shown_as_it_came() {
        let board = board();
        board.learn(overview(vec![busy("a", "/one")]));
        let first = |board: &Board| board.overview().expect("it was learned").archives.remove(0);
        assert_eq!(first(&board), busy("a", "/one"));
        board.learn(overview(vec![archive("a", "/one", Headline::Alone)]));
        board.learn(overview(vec![busy("b", "/one")]));
        assert_eq!(first(&board), busy("b", "/one"), "another archive lies there");
    }
}
