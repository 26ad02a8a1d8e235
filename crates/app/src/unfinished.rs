//! Which changed files are still being written: a pure machine over what they looked like, and two clocks.
//!
//! One clock never goes back and tells for how long a file has looked the same. The other is the computer's, and tells
//! by a file's own times whether it was written just now. Those times alone are believed only where the folder has been
//! quiet: they may be of another computer's clock. No file is left for ever.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use offsync_core::limits::{SETTLED_MS, UNFINISHED_FILES_MAX, UNFINISHED_MS_MAX, UNFINISHED_TAKEN_MS};
use offsync_core::place::Stat;
use offsync_core::rel_path::RelPath;
use offsync_engine::{Monitor, Progress};

/// A reading of both clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Now {
    /// Milliseconds of a clock that never goes back.
    pub(crate) ms: u64,
    /// Nanoseconds since 1970 by the computer's clock, which may jump.
    pub(crate) wall_ns: i64,
}

/// Tells whether a file that looks changed is to be left for a later cycle.
pub(crate) type Leaves<'a> = &'a (dyn Fn(&RelPath, &Stat) -> bool + Sync);

/// The files of one archive that are still being written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Unfinished {
    files: BTreeMap<RelPath, Seen>,
    /// Whether whatever changed in the folder is known to have been left alone since.
    is_calm: bool,
    left: u64,
}

/// What a file looked like.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    stat: Stat,
    /// Since when it has looked like this.
    same_ms: u64,
    /// Since when it is waited for.
    first_ms: u64,
    /// Since when it is taken as it is, after it was waited for long enough.
    taken_ms: Option<u64>,
    is_met: bool,
}

impl Unfinished {
    /// A look or a cycle begins; `is_calm` says that no change was noticed for as long as files take to settle.
    pub(crate) fn begin(&mut self, is_calm: bool) {
        (self.is_calm, self.left) = (is_calm, 0);
        self.files.values_mut().for_each(|seen| seen.is_met = false);
    }

    /// Decides about a file that looks changed.
    pub(crate) fn leaves(&mut self, path: &RelPath, stat: &Stat, now: Now) -> bool {
        let is_left = self.is_unfinished(path, stat, now);
        self.left += u64::from(is_left);
        is_left
    }

    /// Ends a look or a cycle that saw everything; tells whether a file was left.
    pub(crate) fn end(&mut self) -> bool {
        self.files.retain(|_, seen| seen.is_met);
        self.left > 0
    }

    fn is_unfinished(&mut self, path: &RelPath, stat: &Stat, now: Now) -> bool {
        let is_settled_by_times = self.is_calm && !is_fresh(stat, now.wall_ns);
        if !self.files.contains_key(path) {
            if is_settled_by_times {
                return false;
            }
            if self.files.len() >= UNFINISHED_FILES_MAX {
                return is_fresh(stat, now.wall_ns);
            }
        }
        let seen = self
            .files
            .entry(path.clone())
            .or_insert_with(|| Seen::new(*stat, now.ms));
        seen.is_met = true;
        if !looks_same(&seen.stat, stat) {
            (seen.stat, seen.same_ms) = (*stat, now.ms);
        }
        let is_still = now.ms - seen.same_ms >= SETTLED_MS;
        if is_still || is_settled_by_times {
            // Kept for the cycle that follows a look; if it is not asked about then, it is forgotten.
            (seen.first_ms, seen.taken_ms) = (now.ms, None);
            return false;
        }
        !seen.is_taken(now.ms)
    }
}

impl Seen {
    fn new(stat: Stat, now_ms: u64) -> Self {
        Self {
            stat,
            same_ms: now_ms,
            first_ms: now_ms,
            taken_ms: None,
            is_met: true,
        }
    }

    /// Tells whether it was waited for long enough; after a while of that it is waited for anew.
    fn is_taken(&mut self, now_ms: u64) -> bool {
        match self.taken_ms {
            None if now_ms - self.first_ms >= UNFINISHED_MS_MAX => self.taken_ms = Some(now_ms),
            Some(since_ms) if now_ms - since_ms >= UNFINISHED_TAKEN_MS => {
                (self.first_ms, self.taken_ms) = (now_ms, None);
            }
            _ => {}
        }
        self.taken_ms.is_some()
    }
}

/// Tells whether a file was written just now, by its own times; a time that lies ahead tells nothing.
fn is_fresh(stat: &Stat, wall_ns: i64) -> bool {
    let is_now = |time_ns: i64| time_ns.abs_diff(wall_ns) < SETTLED_MS * 1_000_000;
    is_now(stat.mtime_ns) || is_now(stat.ctime_ns)
}

fn looks_same(before: &Stat, now: &Stat) -> bool {
    let telling = |stat: &Stat| (stat.size_bytes, stat.mtime_ns, stat.ctime_ns);
    telling(before) == telling(now)
}

/// Listens to a cycle for somebody else, and has it leave files.
pub(crate) struct Leaving<'a> {
    listener: &'a dyn Monitor,
    leaves: Leaves<'a>,
}

impl<'a> Leaving<'a> {
    pub(crate) fn new(listener: &'a dyn Monitor, leaves: Leaves<'a>) -> Self {
        Self { listener, leaves }
    }
}

impl Monitor for Leaving<'_> {
    fn progress(&self, progress: &Progress) {
        self.listener.progress(progress);
    }

    fn is_cancelled(&self) -> bool {
        self.listener.is_cancelled()
    }

    fn leaves(&self, path: &RelPath, stat: &Stat) -> bool {
        (self.leaves)(path, stat)
    }
}

/// Asks the machine from wherever the engine is at work.
pub(crate) fn ask(files: &Mutex<Unfinished>, path: &RelPath, stat: &Stat, now: Now) -> bool {
    let mut files = files.lock().unwrap_or_else(PoisonError::into_inner);
    files.leaves(path, stat, now)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The computer's clock when the other one stood at nought.
    const WALL_NS: i64 = 1_700_000_000_000_000_000;
    const HOUR_MS: u64 = 3_600_000;

    fn at(ms: u64) -> Now {
        Now {
            ms,
            wall_ns: WALL_NS + ns(ms),
        }
    }

    fn ns(ms: u64) -> i64 {
        i64::try_from(ms).expect("small") * 1_000_000
    }

    /// A file that was written at a moment, by a clock that goes some milliseconds before the computer's.
    fn written(ms: u64, ahead_ms: i64) -> Stat {
        let mtime_ns = WALL_NS + ns(ms) + ahead_ms * 1_000_000;
        Stat {
            size_bytes: ms,
            mtime_ns,
            ctime_ns: mtime_ns,
            inode: 7,
            mode: 0o644,
        }
    }

    /// One look at one file; tells whether it was left.
    fn look(files: &mut Unfinished, is_calm: bool, stat: &Stat, now_ms: u64) -> bool {
        let path = RelPath::new("film.mkv").expect("a good path");
        files.begin(is_calm);
        let is_left = files.leaves(&path, stat, at(now_ms));
        assert_eq!(files.end(), is_left);
        is_left
    }

    const CALM: bool = true;
    const NOISY: bool = false;

    #[test]
    fn a_file_that_was_written_just_now_is_left_until_it_has_settled() {
        let mut files = Unfinished::default();
        let stat = written(10_000, 0);
        assert!(look(&mut files, CALM, &stat, 10_500));
        assert!(look(&mut files, CALM, &stat, 10_000 + SETTLED_MS - 1));
        assert!(!look(&mut files, CALM, &stat, 10_000 + SETTLED_MS));
        files.begin(CALM);
        assert!(!files.end());
        assert!(files.files.is_empty(), "nothing is kept of it");
    }

    #[test]
    fn what_a_look_took_the_cycle_after_it_takes_too() {
        let mut files = Unfinished::default();
        let stat = written(0, 0);
        assert!(look(&mut files, NOISY, &stat, HOUR_MS));
        assert!(!look(&mut files, NOISY, &stat, HOUR_MS + SETTLED_MS));
        assert!(!look(&mut files, NOISY, &stat, HOUR_MS + SETTLED_MS + 1));
        assert!(
            look(&mut files, NOISY, &written(1, 0), HOUR_MS + SETTLED_MS + 2),
            "unless it has changed"
        );
    }

    #[test]
    fn an_old_file_is_taken_at_once_where_all_is_quiet() {
        assert!(!look(&mut Unfinished::default(), CALM, &written(0, 0), HOUR_MS));
    }

    #[test]
    fn times_that_lie_ahead_leave_no_file_for_ever() {
        for ahead_ms in [1_000, 1_900, 60_000, 1 << 40] {
            let mut files = Unfinished::default();
            let stat = written(1_000, ahead_ms);
            look(&mut files, CALM, &stat, 1_000);
            assert!(!look(&mut files, CALM, &stat, 1_000 + SETTLED_MS), "{ahead_ms}");
            assert!(!look(&mut Unfinished::default(), CALM, &stat, HOUR_MS), "{ahead_ms}");
        }
    }

    #[test]
    fn where_files_are_being_written_another_computers_clock_is_not_believed() {
        for ahead_ms in [-300_000, 300_000] {
            let mut files = Unfinished::default();
            for now_ms in (30_000..300_000).step_by(30_000) {
                assert!(
                    look(&mut files, NOISY, &written(now_ms - 10, ahead_ms), now_ms),
                    "{now_ms}"
                );
            }
            let last = written(300_000, ahead_ms);
            assert!(look(&mut files, NOISY, &last, 300_010), "it has changed again");
            assert!(
                !look(&mut files, NOISY, &last, 300_010 + SETTLED_MS),
                "it has looked the same since"
            );
        }
    }

    #[test]
    fn a_jump_of_the_computers_clock_leaves_no_file_for_ever() {
        let path = RelPath::new("film.mkv").expect("a good path");
        let mut files = Unfinished::default();
        let stat = written(10_000, 0);
        files.begin(CALM);
        assert!(files.leaves(&path, &stat, at(10_100)));
        assert!(files.end());
        let stuck = Now {
            ms: 10_100 + SETTLED_MS,
            wall_ns: at(10_100).wall_ns,
        };
        files.begin(CALM);
        assert!(
            !files.leaves(&path, &stat, stuck),
            "the clock was set back, the file did not change"
        );
    }

    #[test]
    fn who_never_stops_writing_is_taken_as_it_is_now_and_then() {
        let mut files = Unfinished::default();
        let mut taken = Vec::new();
        for now_ms in (0..4 * UNFINISHED_MS_MAX).step_by(30_000) {
            if !look(&mut files, NOISY, &written(now_ms, 0), now_ms) {
                taken.push(now_ms);
            }
        }
        let first = *taken.first().expect("it is not left for ever");
        assert_eq!(first, UNFINISHED_MS_MAX);
        let again = taken.iter().find(|at| **at > first + UNFINISHED_TAKEN_MS);
        let again = *again.expect("and then again");
        assert!(again - first >= UNFINISHED_MS_MAX, "but not all the time: {taken:?}");
        assert!(taken.len() <= 3 * 3, "{taken:?}");
    }

    #[test]
    fn what_is_gone_is_forgotten_and_more_than_can_be_remembered_goes_by_its_times() {
        let mut files = Unfinished::default();
        let path = |n: usize| RelPath::new(n.to_string()).expect("a good path");
        files.begin(NOISY);
        for n in 0..UNFINISHED_FILES_MAX {
            assert!(files.leaves(&path(n), &written(0, 0), at(HOUR_MS)));
        }
        let more = path(UNFINISHED_FILES_MAX);
        assert!(!files.leaves(&more, &written(0, 0), at(HOUR_MS)));
        assert!(files.leaves(&more, &written(HOUR_MS, 0), at(HOUR_MS)));
        assert!(files.end());
        assert_eq!(files.files.len(), UNFINISHED_FILES_MAX);
        files.begin(NOISY);
        assert!(!files.end());
        assert!(files.files.is_empty());
    }
}
