//! `watch` and `run`: what happens, line by line, until somebody ends it.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use offsync_app::view::Event;
use offsync_app::{App, AppError, DriveEvent, EventSink, WatchEvent, WatchLine};

use crate::arguments::Everywhere;
use crate::documents;
use crate::text::safe;

/// Makes the listener that prints what cycles tell.
pub(crate) fn sink(everywhere: &Everywhere) -> EventSink {
    let print = printer(everywhere);
    Arc::new(move |event| print(&WatchLine::now(WatchEvent::Cycle(event))))
}

/// Watches some archives until it is stopped.
pub(crate) fn watch(app: &App, folders: &[PathBuf], everywhere: &Everywhere) -> Result<u8, AppError> {
    let print = printer(everywhere);
    app.watch(folders, &|line| print(&line)).map(|()| 0)
}

/// Watches all archives until it is stopped.
pub(crate) fn run(app: &App, everywhere: &Everywhere) -> Result<u8, AppError> {
    let print = printer(everywhere);
    app.run(&|line| print(&line)).map(|()| 0)
}

fn printer(everywhere: &Everywhere) -> impl Fn(&WatchLine) + Send + Sync + use<> {
    let (json, quiet, verbose) = (everywhere.json, everywhere.quiet, everywhere.verbose);
    move |line| {
        if json {
            documents::print(line);
            return;
        }
        let Some(told) = told(&line.what, verbose) else { return };
        let is_wanted = !quiet || matches!(line.what, WatchEvent::Cycle(Event::Notice { .. }));
        if is_wanted {
            // A closed pipe has nobody to be told.
            let _ = writeln!(std::io::stdout().lock(), "{}  {told}", line.time);
        }
    }
}

/// Puts an event into words; progress is for machines, or for who wants more.
fn told(what: &WatchEvent, verbose: bool) -> Option<String> {
    Some(match what {
        WatchEvent::Drive(DriveEvent::DriveAttached { folder, .. }) => format!("{} is here", safe(folder)),
        WatchEvent::Drive(DriveEvent::DriveDetached { folder, .. }) => format!("{} is away", safe(folder)),
        WatchEvent::Cycle(Event::SyncStarted { folder, .. }) => format!("{}: syncing", safe(folder)),
        WatchEvent::Cycle(Event::SyncFinished { folder, error, .. }) => match error {
            None => format!("{}: done", safe(folder)),
            Some(error) => format!("{}: not done: {}", safe(folder), safe(error)),
        },
        WatchEvent::Cycle(Event::Notice { folder, message, .. }) => match folder {
            Some(folder) => format!("{}: {}", safe(folder), safe(message)),
            None => safe(message),
        },
        WatchEvent::Cycle(Event::Progress {
            folder,
            path: Some(path),
            ..
        }) if verbose => {
            format!("{}: {}", safe(folder), safe(path))
        }
        WatchEvent::Cycle(Event::Progress { .. } | Event::StatusChanged { .. }) => return None,
    })
}
