//! Progress bars on standard error, for what takes over a second.

use std::io::{IsTerminal, Write};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use offsync_app::EventSink;
use offsync_app::view::{Event, Phase};

use crate::arguments::When;
use crate::units::size;

const QUIET_FOR: Duration = Duration::from_secs(1);
const TICK: Duration = Duration::from_millis(200);

struct Shown {
    since: Instant,
    /// When the last plain line was written, where there is no terminal to draw on.
    told: Option<(Phase, Instant)>,
    is_terminal: bool,
    bar: Option<(Phase, bool, ProgressBar)>,
    is_eager: bool,
    /// What was last told while nothing was shown yet; somebody waits to show it.
    held: Option<Event>,
}

/// Makes the listener that draws progress; one that does nothing if it is not wanted.
pub(crate) fn sink(when: When, is_quiet: bool) -> EventSink {
    let is_wanted = match when {
        When::Always => true,
        When::Never => false,
        When::Auto => !is_quiet && std::io::stderr().is_terminal(),
    };
    if !is_wanted {
        return Arc::new(|_| {});
    }
    let shown = Mutex::new(Shown {
        since: Instant::now(),
        told: None,
        is_terminal: std::io::stderr().is_terminal(),
        bar: None,
        is_eager: when == When::Always,
        held: None,
    });
    let shown = Arc::new(shown);
    Arc::new(move |event| {
        let Ok(mut now) = shown.lock() else { return };
        let had_none = now.held.is_none();
        now.hear(&event);
        if had_none && now.held.is_some() {
            let left = QUIET_FOR.saturating_sub(now.since.elapsed());
            drop(now);
            show_later(shown.clone(), left);
        }
    })
}

/// Shows what was last told once it has taken long enough: one large file may be all that there is to tell of.
fn show_later(shown: Arc<Mutex<Shown>>, left: Duration) {
    std::thread::spawn(move || {
        std::thread::sleep(left);
        let Ok(mut now) = shown.lock() else { return };
        if let Some(event) = now.held.take() {
            now.hear(&event);
        }
    });
}

impl Shown {
    fn hear(&mut self, event: &Event) {
        match event {
            Event::Progress {
                phase,
                done,
                total,
                done_bytes,
                total_bytes,
                path,
                ..
            } => {
                if !self.is_eager && self.since.elapsed() < QUIET_FOR {
                    self.held = Some(event.clone());
                    return;
                }
                self.held = None;
                let is_bytes = total_bytes.is_some();
                let (done, total) = if is_bytes {
                    (*done_bytes, *total_bytes)
                } else {
                    (*done, *total)
                };
                if !self.is_terminal {
                    self.tell(*phase, is_bytes, done, total);
                    return;
                }
                let bar = self.bar(*phase, is_bytes, total);
                bar.set_position(done);
                bar.set_message(path.clone().unwrap_or_default());
            }
            Event::SyncStarted { .. } => (self.since, self.held) = (Instant::now(), None),
            Event::SyncFinished { .. } => self.clear(),
            Event::StatusChanged { .. } | Event::Notice { .. } | Event::SigningIn { .. } => {}
        }
    }

    fn bar(&mut self, phase: Phase, is_bytes: bool, total: Option<u64>) -> &ProgressBar {
        let is_same = matches!(&self.bar, Some((old, bytes, _)) if *old == phase && *bytes == is_bytes);
        if !is_same {
            self.clear();
            let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr());
            bar.set_style(style(is_bytes, total.is_some()));
            bar.set_prefix(word(phase));
            // Also where nothing new is told for a while, something moves.
            bar.enable_steady_tick(TICK);
            self.bar = Some((phase, is_bytes, bar));
        }
        let Some((_, _, bar)) = &self.bar else {
            unreachable!("just set")
        };
        if let Some(total) = total {
            bar.set_length(total);
        }
        bar
    }

    /// Writes a plain line, once a second at most: for logs, which cannot be drawn over.
    fn tell(&mut self, phase: Phase, is_bytes: bool, done: u64, total: Option<u64>) {
        let is_due = !matches!(self.told, Some((old, at)) if old == phase && at.elapsed() < QUIET_FOR);
        if !is_due {
            return;
        }
        self.told = Some((phase, Instant::now()));
        let shown = |n: u64| if is_bytes { size(n) } else { n.to_string() };
        let of = total.map(|total| format!(" of {}", shown(total))).unwrap_or_default();
        let _ = writeln!(std::io::stderr(), "{}: {}{of}", word(phase), shown(done));
    }

    fn clear(&mut self) {
        self.held = None;
        if let Some((_, _, bar)) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

fn style(is_bytes: bool, has_total: bool) -> ProgressStyle {
    let template = match (is_bytes, has_total) {
        (true, _) => "{spinner} {prefix:>10} {bar:24} {bytes}/{total_bytes} {bytes_per_sec} {eta} {wide_msg}",
        (false, true) => "{spinner} {prefix:>10} {bar:24} {pos} of {len} files {elapsed} {wide_msg}",
        (false, false) => "{spinner} {prefix:>10} {pos} {wide_msg}",
    };
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

fn word(phase: Phase) -> &'static str {
    match phase {
        Phase::Scanning => "looking",
        Phase::Fetching => "fetching",
        Phase::Applying => "writing",
        Phase::Posting => "sending",
        Phase::Copying => "copying",
        Phase::Verifying => "checking",
        Phase::Pruning => "tidying",
    }
}
