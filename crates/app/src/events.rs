//! Events: the engine's progress on its way to whoever listens, not too often.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use offsync_engine::{Monitor, Progress};

use crate::view::{Event, Phase};

/// Least time between two progress events.
const PROGRESS_EVERY: Duration = Duration::from_millis(100);

/// Hears events.
pub type EventSink = Arc<dyn Fn(Event) + Send + Sync>;

/// Turns the engine's progress into events, not too many of them.
pub(crate) struct EventMonitor<'a> {
    pub(crate) archive_id: String,
    pub(crate) folder: String,
    pub(crate) sink: &'a EventSink,
    pub(crate) cancel: &'a AtomicBool,
    last: Mutex<Option<(Instant, offsync_engine::Phase)>>,
}

impl<'a> EventMonitor<'a> {
    pub(crate) fn new(archive_id: String, folder: &Path, sink: &'a EventSink, cancel: &'a AtomicBool) -> Self {
        Self {
            archive_id,
            folder: folder.display().to_string(),
            sink,
            cancel,
            last: Mutex::new(None),
        }
    }
}

impl Monitor for EventMonitor<'_> {
    fn progress(&self, progress: &Progress) {
        let now = Instant::now();
        {
            let Ok(mut last) = self.last.lock() else { return };
            let is_soon = last.is_some_and(|(at, phase)| phase == progress.phase && now - at < PROGRESS_EVERY);
            if is_soon {
                return;
            }
            *last = Some((now, progress.phase));
        }
        (self.sink)(Event::Progress {
            archive_id: self.archive_id.clone(),
            folder: self.folder.clone(),
            phase: phase(progress.phase),
            done: progress.done,
            total: progress.total,
            done_bytes: progress.done_bytes,
            total_bytes: progress.total_bytes,
            path: progress.path.clone(),
        });
    }

    fn is_cancelled(&self) -> bool {
        self.cancel.load(Ordering::Relaxed)
    }
}

fn phase(phase: offsync_engine::Phase) -> Phase {
    match phase {
        offsync_engine::Phase::Scanning => Phase::Scanning,
        offsync_engine::Phase::Fetching => Phase::Fetching,
        offsync_engine::Phase::Applying => Phase::Applying,
        offsync_engine::Phase::Posting => Phase::Posting,
        offsync_engine::Phase::Pruning => Phase::Pruning,
        offsync_engine::Phase::Verifying => Phase::Verifying,
    }
}
