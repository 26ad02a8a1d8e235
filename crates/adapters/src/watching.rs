//! Watching a folder: tells that something changed below it, never what.
//!
//! Offsync's own folder does not count, nor does whatever merely opens or reads files. Links are not followed: nothing
//! outside of the folder is watched. Whoever listens must look for itself; what the system missed is told as such.

use std::path::{Path, PathBuf};

use notify::{Config, ErrorKind, Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};

/// Offsync's own folder in an archive.
const PRIVATE: &str = ".offsync";

/// What a watch noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noticed {
    /// Something below the folder is not as it was.
    Changed,
    /// More happened than the system could tell, or a part could not be watched: nobody knows what changed.
    Missed,
}

/// A folder cannot be watched: the system has no more watches to give, or the file system tells nothing.
#[derive(Debug, thiserror::Error)]
#[error("{folder} cannot be watched: {reason}")]
pub struct WatchError {
    folder: String,
    reason: String,
}

/// A folder that is watched until this is dropped.
#[derive(Debug)]
pub struct Watch {
    _watcher: RecommendedWatcher,
}

impl Watch {
    /// Begins to watch a folder with all that is in it; `tell` is called on a thread of its own, often.
    pub fn begin(folder: &Path, tell: impl Fn(Noticed) + Send + 'static) -> Result<Self, WatchError> {
        let wrong = |error: notify::Error| WatchError {
            folder: folder.display().to_string(),
            reason: reason(&error),
        };
        let private: PathBuf = folder.join(PRIVATE);
        let hear = move |event: notify::Result<Event>| {
            if let Some(noticed) = noticed(&private, &event) {
                tell(noticed);
            }
        };
        let config = Config::default().with_follow_symlinks(false);
        let mut watcher = RecommendedWatcher::new(hear, config).map_err(wrong)?;
        watcher.watch(folder, RecursiveMode::Recursive).map_err(wrong)?;
        Ok(Self { _watcher: watcher })
    }
}

/// Says why, and what to do about it where that is known.
fn reason(error: &notify::Error) -> String {
    match &error.kind {
        ErrorKind::PathNotFound | ErrorKind::WatchNotFound => "it is not there".into(),
        ErrorKind::MaxFilesWatch => {
            "the system has no more watches to give (on Linux, fs.inotify.max_user_watches says how many)".into()
        }
        ErrorKind::Io(error) => error.to_string(),
        ErrorKind::Generic(said) => said.trim_end_matches('.').to_owned(),
        ErrorKind::InvalidConfig(_) => "the system does not watch that way".into(),
    }
}

fn noticed(private: &Path, event: &notify::Result<Event>) -> Option<Noticed> {
    let Ok(event) = event else { return Some(Noticed::Missed) };
    if event.need_rescan() {
        return Some(Noticed::Missed);
    }
    let is_own = !event.paths.is_empty() && event.paths.iter().all(|path| path.starts_with(private));
    let is_look = matches!(event.kind, EventKind::Access(_));
    (!is_own && !is_look).then_some(Noticed::Changed)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::sync::mpsc::{Receiver, channel};
    use std::time::Duration;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(20);

    fn watched() -> (tempfile::TempDir, Watch, Receiver<Noticed>) {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join(PRIVATE)).expect("a folder can be made");
        fs::write(folder.path().join("old.txt"), "old").expect("a file can be written");
        let (tell, hear) = channel();
        let send = move |noticed| tell.send(noticed).unwrap_or_default();
        let watch = Watch::begin(folder.path(), send).expect("it can be watched");
        (folder, watch, hear)
    }

    #[test]
    fn what_changes_is_told_in_new_folders_too() {
        let (folder, _watch, hear) = watched();
        fs::create_dir_all(folder.path().join("a/b")).expect("a folder can be made");
        assert_eq!(hear.recv_timeout(PATIENCE), Ok(Noticed::Changed));
        for _ in 0..100 {
            fs::create_dir(folder.path().join("x")).expect("a folder can be made");
            fs::remove_dir(folder.path().join("x")).expect("a folder can go");
        }
        let pause = Duration::from_millis(300);
        while let Ok(noticed) = hear.recv_timeout(pause) {
            assert_eq!(noticed, Noticed::Changed, "nothing was missed");
        }
        fs::write(folder.path().join("old.txt"), "new").expect("a file can be written");
        assert_eq!(hear.recv_timeout(PATIENCE), Ok(Noticed::Changed), "it has survived");
        // A folder of that name that stays is watched as any other.
        fs::create_dir(folder.path().join("x")).expect("a folder can be made");
        while hear.recv_timeout(pause).is_ok() {}
        fs::write(folder.path().join("x/in it.txt"), "new").expect("a file can be written");
        assert_eq!(
            hear.recv_timeout(PATIENCE),
            Ok(Noticed::Changed),
            "in the new folder, too"
        );
    }

    /// The kernel's queue of events is let to overflow while whoever listens is at something else.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_real_overflow_is_told_and_the_watch_goes_on() {
        use std::sync::{Arc, Mutex};

        let queue = fs::read_to_string("/proc/sys/fs/inotify/max_queued_events").expect("inotify has a bound");
        let queue: usize = queue.trim().parse().expect("a number");
        if queue > 1 << 17 {
            println!("skipped: this machine's queue of events is too long to overflow ({queue})");
            return;
        }
        let folder = tempfile::tempdir().expect("a folder");
        let gate = Arc::new(Mutex::new(()));
        let (tell, hear) = channel();
        let at_gate = gate.clone();
        let send = move |noticed| {
            drop(at_gate.lock());
            tell.send(noticed).unwrap_or_default();
        };
        let _watch = Watch::begin(folder.path(), send).expect("it can be watched");
        let closed = gate.lock().expect("nobody fails there");
        // Each makes two events; what the watch holds in its hand comes on top of the queue.
        let names = [folder.path().join("a"), folder.path().join("b")];
        fs::write(&names[0], "x").expect("a file can be written");
        for number in 0..queue {
            let (from, to) = (number % 2, (number + 1) % 2);
            fs::rename(&names[from], &names[to]).expect("a file can be renamed");
        }
        drop(closed);
        while hear.recv_timeout(PATIENCE).expect("an overflow is told") != Noticed::Missed {}
        fs::write(folder.path().join("after"), "x").expect("a file can be written");
        assert_eq!(hear.recv_timeout(PATIENCE), Ok(Noticed::Changed), "it goes on");
    }

    #[test]
    fn reading_and_offsyncs_own_folder_are_no_change() {
        let (folder, _watch, hear) = watched();
        fs::write(folder.path().join(PRIVATE).join("index"), "x").expect("a file can be written");
        fs::read(folder.path().join("old.txt")).expect("a file can be read");
        fs::read_dir(folder.path()).expect("a folder can be listed").count();
        // What comes first is the change that follows.
        fs::write(folder.path().join("new.txt"), "new").expect("a file can be written");
        assert_eq!(hear.recv_timeout(PATIENCE), Ok(Noticed::Changed));
        let kinds = [
            (EventKind::Access(notify::event::AccessKind::Any), "old.txt", None),
            (EventKind::Any, ".offsync/index", None),
            (EventKind::Any, ".offsync", None),
            (EventKind::Any, "a.txt", Some(Noticed::Changed)),
            (EventKind::Any, ".offsyncignore", Some(Noticed::Changed)),
        ];
        for (kind, path, expected) in kinds {
            let event = Ok(Event::new(kind).add_path(folder.path().join(path)));
            assert_eq!(noticed(&folder.path().join(PRIVATE), &event), expected, "{path}");
        }
        let missed = Ok(Event::new(EventKind::Other).set_flag(notify::event::Flag::Rescan));
        assert_eq!(noticed(&folder.path().join(PRIVATE), &missed), Some(Noticed::Missed));
        let broken = Err(notify::Error::generic("broken"));
        assert_eq!(noticed(&folder.path().join(PRIVATE), &broken), Some(Noticed::Missed));
    }

    #[test]
    fn a_folder_that_is_not_there_cannot_be_watched() {
        let error = Watch::begin(Path::new("/no/such/folder"), |_| {}).expect_err("there is none");
        assert!(
            error
                .to_string()
                .contains("/no/such/folder cannot be watched: it is not there"),
            "{error}"
        );
        let none_left = reason(&notify::Error::new(ErrorKind::MaxFilesWatch));
        assert!(none_left.contains("fs.inotify.max_user_watches"), "{none_left}");
    }
}
