//! Watching a folder: tells that something changed below it, never what.
//!
//! Offsync's own folder does not count, nor does whatever merely opens or reads files. Links are not followed: nothing
//! outside of the folder is watched. Whoever listens must look for itself; what the system missed is told as such.

use std::path::{Path, PathBuf};

use notify::{Config, Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};

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
            reason: error.to_string(),
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
        while hear.recv_timeout(Duration::from_millis(300)).is_ok() {}
        fs::write(folder.path().join("old.txt"), "new").expect("a file can be written");
        assert_eq!(hear.recv_timeout(PATIENCE), Ok(Noticed::Changed), "it has survived");
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
            error.to_string().contains("/no/such/folder cannot be watched"),
            "{error}"
        );
    }
}
