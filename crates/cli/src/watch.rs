//! `watch` and `run`: what happens, line by line, until somebody ends it.

use std::io::Write;
use std::path::PathBuf;
use std::sync::{Arc, Once};

use offsync_app::view::Event;
use offsync_app::{
    App, AppError, ChangeCounts, DriveEvent, EventSink, PostedReport, SyncEvent, WaitingReport, WatchEvent, WatchLine,
    rhythm, size,
};

use crate::arguments::Everywhere;
use crate::documents;
use crate::text::{self, safe};
use crate::units::count;

/// Makes the listener that prints what cycles tell.
pub(crate) fn sink(everywhere: &Everywhere) -> EventSink {
    let print = printer(everywhere);
    Arc::new(move |event| print(&WatchLine::now(WatchEvent::Cycle(event))))
}

/// Watches some archives until it is stopped.
pub(crate) fn watch(app: &App, folders: &[PathBuf], everywhere: &Everywhere) -> Result<u8, AppError> {
    let print = printer(everywhere);
    let begun = Once::new();
    let tell = |line: WatchLine| {
        // Not before it is known that the folders can be watched.
        begun.call_once(|| begin(everywhere));
        print(&line);
    };
    app.watch(folders, &tell).map(|()| 0)
}

/// Watches all archives until it is stopped.
pub(crate) fn run(app: &App, everywhere: &Everywhere) -> Result<u8, AppError> {
    let print = printer(everywhere);
    begin(everywhere);
    app.run(&|line| print(&line)).map(|()| 0)
}

/// Says once how often is looked, to people.
fn begin(everywhere: &Everywhere) {
    if !everywhere.json && !everywhere.quiet {
        // A closed pipe has nobody to be told.
        let _ = writeln!(std::io::stdout().lock(), "{}", rhythm());
    }
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

/// Puts an event into words: one line for each sync, when it has ended; more is for machines, or for who wants more.
fn told(what: &WatchEvent, verbose: bool) -> Option<String> {
    Some(match what {
        WatchEvent::Drive(DriveEvent::DriveAttached { folder, .. }) => format!("{} is here", safe(folder)),
        WatchEvent::Drive(DriveEvent::DriveDetached { folder, .. }) => format!("{} is away", safe(folder)),
        // A notice says why a sync failed, once.
        WatchEvent::Sync(SyncEvent::SyncFinished {
            folder,
            posted: Some(posted),
            waiting: Some(waiting),
            applied: Some(applied),
            ..
        }) => format!("{}: {}", safe(folder), done(posted, waiting, applied)),
        WatchEvent::Cycle(Event::Notice { folder, message, .. }) => match folder {
            Some(folder) => format!("{}: {}", safe(folder), safe(message)),
            None => safe(message),
        },
        WatchEvent::Cycle(Event::SyncStarted { folder, .. }) if verbose => format!("{}: syncing", safe(folder)),
        WatchEvent::Cycle(Event::Progress {
            folder,
            path: Some(path),
            ..
        }) if verbose => {
            format!("{}: {}", safe(folder), safe(path))
        }
        WatchEvent::Sync(_) | WatchEvent::Cycle(_) => return None,
    })
}

/// Says what a sync did.
fn done(posted: &PostedReport, waiting: &WaitingReport, applied: &ChangeCounts) -> String {
    let received = text::changes(applied, "to the trash");
    let mut said = Vec::new();
    if posted.entries > 0 {
        // A move is one change to a person, and two entries.
        let changes = posted.summary.as_ref().map_or(posted.entries, ChangeCounts::all);
        let changes = count(changes, "change", "changes");
        said.push(format!("sent {changes} ({} of content)", size(posted.payload_bytes)));
    } else if posted.changesets > 0 {
        said.push(format!("sent a part ({} of content)", size(posted.payload_bytes)));
    }
    if !received.is_empty() {
        said.push(format!("received {}", received.join(", ")));
    }
    if waiting.entries > 0 {
        let changes = count(waiting.entries, "change waits", "changes wait");
        said.push(format!("{changes} for room in the mailbox"));
    }
    if said.is_empty() {
        said.push("nothing new".into());
    }
    said.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sync_is_told_in_one_line() {
        let check = |posted: (u64, u64), waiting: u64, applied: (u64, u64), expected: &str| {
            let moved = ChangeCounts {
                renamed: 1,
                ..ChangeCounts::default()
            };
            let posted = PostedReport {
                summary: (posted.1 == 2).then_some(moved),
                changesets: posted.0,
                entries: posted.1,
                payload_bytes: 2_000_000,
                ..PostedReport::default()
            };
            let waiting = WaitingReport {
                entries: waiting,
                ..WaitingReport::default()
            };
            let applied = ChangeCounts {
                created: applied.0,
                deleted: applied.1,
                ..ChangeCounts::default()
            };
            assert_eq!(done(&posted, &waiting, &applied), expected);
        };
        check((0, 0), 0, (0, 0), "nothing new");
        check((1, 3), 0, (0, 0), "sent 3 changes (2.0 MB of content)");
        check((1, 2), 0, (0, 0), "sent 1 change (2.0 MB of content)");
        check(
            (1, 0),
            1,
            (0, 0),
            "sent a part (2.0 MB of content); 1 change waits for room in the mailbox",
        );
        check(
            (1, 1),
            0,
            (4, 1),
            "sent 1 change (2.0 MB of content); received 4 added, 1 to the trash",
        );
    }
}
