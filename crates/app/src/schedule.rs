//! When an archive is looked at and synced: a pure machine over what happened and a clock reading.
//!
//! Time is milliseconds of a clock that never goes back. A sync follows a person's changes once they have settled, and
//! a regular cycle fetches what others sent, often while there is news, seldom while there is none. Own writes lead to
//! a look at most, which finds nothing.

use offsync_core::limits::{
    BUSY_RETRY_MS, CYCLE_MS_FIRST, CYCLE_MS_MAX, CYCLE_MS_MIN, FAILURE_RETRY_MS, LOOK_MS_MAX, LOOK_MS_MIN,
    POSTPONED_MS_MAX, SETTLED_MS, UNFINISHED_MS_MAX,
};

/// Says for people how often is looked, and for what.
pub fn rhythm() -> String {
    format!(
        "Each drive is synced as it comes. What changes after that is sent once nothing has changed for {}; where changes go on without a pause, what has settled is sent after {} at the latest, and a file that is still being written is sent as it is after {}. What others sent is looked for after {} at first, up to every {} while there is news, and down to every {} while there is none.",
        span(SETTLED_MS),
        span(POSTPONED_MS_MAX),
        span(UNFINISHED_MS_MAX),
        span(CYCLE_MS_FIRST),
        span(CYCLE_MS_MIN),
        span(CYCLE_MS_MAX),
    )
}

/// Puts a time into words, in the largest unit that it is a whole number of.
fn span(ms: u64) -> String {
    let units = [(3_600_000, "hour"), (60_000, "minute"), (1_000, "second")];
    let fits = |(unit, _): &&(u64, &str)| ms.is_multiple_of(*unit);
    match units.iter().find(fits) {
        Some((unit, name)) if ms == *unit => (*name).to_owned(),
        Some((unit, name)) => format!("{} {name}s", ms / unit),
        None => format!("{ms} milliseconds"),
    }
}

/// What is to be done with an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// One whole cycle.
    Sync,
    /// Only find out whether a person changed something.
    Look,
    /// Nothing before this moment.
    Wait {
        /// When to ask again, at the latest.
        until_ms: u64,
    },
}

/// What a look found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// A person changed something.
    Changes,
    /// All is as it was posted.
    Nothing,
    /// It could not be looked at now.
    NotNow,
}

/// How a cycle ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// Something of others arrived.
    News,
    /// Nothing of others was there.
    NoNews,
    /// Another engine uses the archive.
    Busy,
    /// It failed.
    Failed,
}

/// The schedule of one archive whose drive is here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Schedule {
    /// When the changes that have not settled began, and when the last one was noticed.
    settling: Option<(u64, u64)>,
    sync_ms: u64,
    every_ms: u64,
    failures: u32,
    /// When to look without having been told, where the system does not tell everything; and how often.
    look: Option<(u64, u64)>,
    /// When to look again for files that were left because they are still being written; and after how long.
    again: Option<(u64, u64)>,
    /// Whether nothing was begun yet.
    is_new: bool,
}

impl Schedule {
    /// Begins when the drive is here: with a sync.
    pub(crate) fn new(now_ms: u64) -> Self {
        Self {
            settling: None,
            sync_ms: now_ms,
            every_ms: CYCLE_MS_FIRST,
            failures: 0,
            look: None,
            again: None,
            is_new: true,
        }
    }

    /// Something changed below the folder, by whomever.
    pub(crate) fn changed(&mut self, now_ms: u64) {
        let since = self.settling.map_or(now_ms, |(since, _)| since);
        self.settling = Some((since, now_ms));
    }

    /// The system told less than happened, or cannot watch the folder: it is looked at now and then from here on.
    pub(crate) fn missed(&mut self, now_ms: u64) {
        if self.look.is_none() {
            self.look = Some((now_ms + LOOK_MS_MIN, LOOK_MS_MIN));
        }
    }

    /// Decides; while files are being written nothing is read, but not for ever.
    pub(crate) fn turn(&self, now_ms: u64) -> Turn {
        let settled_ms = self
            .settling
            .map(|(since, last)| (last + SETTLED_MS).min(since + POSTPONED_MS_MAX));
        let again_ms = self.again.map(|(at_ms, _)| at_ms);
        if let Some(settled_ms) = settled_ms {
            // What has settled does not wait for a file that never rests.
            let due_ms = again_ms.map_or(settled_ms, |again_ms| again_ms.min(settled_ms));
            return match () {
                () if now_ms < due_ms => Turn::Wait { until_ms: due_ms },
                () if now_ms >= self.sync_ms => Turn::Sync,
                () => Turn::Look,
            };
        }
        let look_ms = self.look.map(|(at_ms, _)| at_ms).into_iter().chain(again_ms).min();
        match look_ms {
            _ if now_ms >= self.sync_ms => Turn::Sync,
            Some(at_ms) if now_ms >= at_ms => Turn::Look,
            Some(at_ms) => Turn::Wait {
                until_ms: at_ms.min(self.sync_ms),
            },
            None => Turn::Wait { until_ms: self.sync_ms },
        }
    }

    /// A look or a cycle begins: what is noticed from now on is new.
    ///
    /// Tells whether whatever changed in the folder is known to have been left alone since. What a drive brings along
    /// was written before anybody could watch.
    pub(crate) fn begins(&mut self, now_ms: u64) -> bool {
        let settling = self.settling.take();
        let is_new = std::mem::take(&mut self.is_new);
        match settling {
            Some((_, last_ms)) => now_ms >= last_ms + SETTLED_MS,
            None => is_new || self.look.is_none(),
        }
    }

    /// A look or a cycle saw everything; some files were left because they are still being written, or none.
    pub(crate) fn left(&mut self, now_ms: u64, is_left: bool) {
        self.again = is_left.then(|| {
            let every_ms = self
                .again
                .map_or(SETTLED_MS, |(_, every_ms)| (every_ms * 2).min(POSTPONED_MS_MAX));
            (now_ms + every_ms, every_ms)
        });
    }

    /// A look ended.
    pub(crate) fn looked(&mut self, now_ms: u64, found: Found) {
        match found {
            Found::Changes => self.sync_ms = self.sync_ms.min(now_ms),
            Found::Nothing => {}
            Found::NotNow => self.sync_ms = self.sync_ms.min(now_ms + BUSY_RETRY_MS),
        }
        self.look = self.look.map(|(_, every)| {
            let every = match found {
                Found::Changes => (every / 2).max(LOOK_MS_MIN),
                _ => (every * 2).min(LOOK_MS_MAX),
            };
            (now_ms + every, every)
        });
    }

    /// A cycle ended.
    pub(crate) fn synced(&mut self, now_ms: u64, ended: Ended) {
        self.failures = if ended == Ended::Failed {
            self.failures.saturating_add(1)
        } else {
            0
        };
        let wait_ms = match ended {
            Ended::News => {
                self.every_ms = (self.every_ms / 2).max(CYCLE_MS_MIN);
                self.every_ms
            }
            Ended::NoNews => {
                let wait_ms = self.every_ms;
                self.every_ms = (self.every_ms * 2).min(CYCLE_MS_MAX);
                wait_ms
            }
            Ended::Busy => BUSY_RETRY_MS,
            Ended::Failed => (FAILURE_RETRY_MS << self.failures.min(10).saturating_sub(1)).min(CYCLE_MS_MAX),
        };
        self.sync_ms = now_ms + wait_ms;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A schedule that has just synced at moment 0.
    fn at_rest() -> Schedule {
        let mut schedule = Schedule::new(0);
        assert_eq!(schedule.turn(0), Turn::Sync, "a drive that comes is synced");
        schedule.begins(0);
        schedule.synced(0, Ended::NoNews);
        schedule
    }

    fn until(schedule: &Schedule, now_ms: u64) -> u64 {
        match schedule.turn(now_ms) {
            Turn::Wait { until_ms } => until_ms,
            turn => panic!("{turn:?} at {now_ms}"),
        }
    }

    #[test]
    fn how_often_is_looked_is_said_in_whole_units() {
        assert_eq!(
            [
                SETTLED_MS,
                POSTPONED_MS_MAX,
                CYCLE_MS_FIRST,
                CYCLE_MS_MIN,
                CYCLE_MS_MAX,
                1_500
            ]
            .map(span),
            [
                "5 seconds",
                "30 seconds",
                "5 minutes",
                "minute",
                "hour",
                "1500 milliseconds"
            ]
        );
        let said = "for 5 seconds; where changes go on without a pause, what has settled is sent after 30 seconds at the latest, and a file that is still being written is sent as it is after 15 minutes. What others sent is looked for after 5 minutes at first, up to every minute while there is news, and down to every hour while there is none.";
        assert!(rhythm().ends_with(said), "{}", rhythm());
    }

    #[test]
    fn a_change_is_looked_at_when_it_has_settled_and_synced_if_it_is_one() {
        let mut schedule = at_rest();
        schedule.changed(1_000);
        schedule.changed(2_500);
        assert_eq!(until(&schedule, 2_600), 2_500 + SETTLED_MS);
        assert_eq!(schedule.turn(2_500 + SETTLED_MS), Turn::Look);
        assert!(schedule.begins(2_500 + SETTLED_MS), "all is quiet");
        schedule.looked(5_000, Found::Changes);
        assert_eq!(schedule.turn(5_000), Turn::Sync);
    }

    #[test]
    fn own_writes_lead_to_one_look_and_no_cycle() {
        let mut schedule = at_rest();
        schedule.changed(100);
        assert_eq!(schedule.turn(100 + SETTLED_MS), Turn::Look);
        schedule.begins(100 + SETTLED_MS);
        schedule.looked(3_000, Found::Nothing);
        assert_eq!(until(&schedule, 3_000), CYCLE_MS_FIRST);
    }

    #[test]
    fn who_never_stops_writing_is_not_waited_for_for_ever() {
        let mut schedule = at_rest();
        for now_ms in (0..POSTPONED_MS_MAX).step_by(500) {
            schedule.changed(now_ms);
            assert!(matches!(schedule.turn(now_ms), Turn::Wait { .. }), "{now_ms}");
        }
        assert_eq!(schedule.turn(POSTPONED_MS_MAX), Turn::Look);
        assert!(!schedule.begins(POSTPONED_MS_MAX), "somebody is at it");
    }

    #[test]
    fn a_regular_cycle_waits_for_a_file_that_is_being_written() {
        let mut schedule = at_rest();
        schedule.changed(CYCLE_MS_FIRST - 10);
        assert_eq!(until(&schedule, CYCLE_MS_FIRST), CYCLE_MS_FIRST - 10 + SETTLED_MS);
        assert_eq!(schedule.turn(CYCLE_MS_FIRST - 10 + SETTLED_MS), Turn::Sync);
    }

    #[test]
    fn cycles_become_seldom_without_news_and_frequent_with_it() {
        let mut schedule = at_rest();
        let mut waits = Vec::new();
        for _ in 0..6 {
            schedule.synced(0, Ended::NoNews);
            waits.push(until(&schedule, 0));
        }
        assert!(waits.windows(2).all(|two| two[0] <= two[1]), "{waits:?}");
        assert_eq!(waits.last(), Some(&CYCLE_MS_MAX));
        for _ in 0..9 {
            schedule.synced(0, Ended::News);
        }
        assert_eq!(until(&schedule, 0), CYCLE_MS_MIN);
    }

    #[test]
    fn trouble_is_tried_again_later_and_later_and_a_busy_archive_soon() {
        let mut schedule = at_rest();
        let mut fail = |ended| {
            schedule.synced(0, ended);
            until(&schedule, 0)
        };
        assert_eq!(fail(Ended::Failed), FAILURE_RETRY_MS);
        assert_eq!(fail(Ended::Failed), 2 * FAILURE_RETRY_MS);
        assert_eq!(fail(Ended::Busy), BUSY_RETRY_MS);
        assert_eq!(fail(Ended::Failed), FAILURE_RETRY_MS);
        for _ in 0..80 {
            assert!(fail(Ended::Failed) <= CYCLE_MS_MAX);
        }
    }

    #[test]
    fn what_the_system_does_not_tell_is_looked_for_now_and_then() {
        let mut schedule = at_rest();
        schedule.missed(0);
        schedule.missed(5);
        assert_eq!(until(&schedule, 0), LOOK_MS_MIN);
        let mut now_ms = LOOK_MS_MIN;
        for _ in 0..3 {
            assert_eq!(schedule.turn(now_ms), Turn::Look);
            schedule.looked(now_ms, Found::Nothing);
            let next = until(&schedule, now_ms);
            assert!(next - now_ms > LOOK_MS_MIN && next - now_ms <= LOOK_MS_MAX, "{next}");
            now_ms = next;
        }
        schedule.looked(now_ms, Found::NotNow);
        assert_eq!(schedule.turn(now_ms + BUSY_RETRY_MS), Turn::Sync);
    }

    #[test]
    fn a_folder_that_changes_is_looked_at_more_often_and_one_that_rests_seldom() {
        let mut schedule = at_rest();
        schedule.missed(0);
        let mut after = |found| {
            schedule.looked(0, found);
            schedule.sync_ms = u64::MAX;
            until(&schedule, 0)
        };
        let resting: Vec<u64> = (0..8).map(|_| after(Found::Nothing)).collect();
        assert!(
            resting.windows(2).all(|two| two[1] == (two[0] * 2).min(LOOK_MS_MAX)),
            "{resting:?}"
        );
        assert_eq!(resting.last(), Some(&LOOK_MS_MAX));
        let changing: Vec<u64> = (0..8).map(|_| after(Found::Changes)).collect();
        assert!(
            changing.windows(2).all(|two| two[1] == (two[0] / 2).max(LOOK_MS_MIN)),
            "{changing:?}"
        );
        assert_eq!((changing[0], changing.last()), (LOOK_MS_MAX / 2, Some(&LOOK_MS_MIN)));
    }

    #[test]
    fn what_is_still_being_written_is_looked_at_again_soon_and_then_less_often() {
        let mut schedule = at_rest();
        let mut waits = Vec::new();
        let mut now_ms = 0;
        for _ in 0..6 {
            schedule.left(now_ms, true);
            let next_ms = until(&schedule, now_ms);
            assert_eq!(schedule.turn(next_ms), Turn::Look);
            waits.push(next_ms - now_ms);
            now_ms = next_ms;
        }
        assert_eq!(waits[..3], [SETTLED_MS, 2 * SETTLED_MS, 4 * SETTLED_MS]);
        assert_eq!(waits[5], POSTPONED_MS_MAX);
        schedule.left(now_ms, false);
        assert_eq!(until(&schedule, now_ms), CYCLE_MS_FIRST, "nothing is left");
    }

    #[test]
    fn where_nobody_watches_nothing_is_known_to_be_quiet_but_what_a_drive_brought() {
        let mut schedule = Schedule::new(0);
        schedule.missed(0);
        assert!(schedule.begins(0));
        assert!(!schedule.begins(LOOK_MS_MIN));
        schedule.changed(LOOK_MS_MIN);
        assert!(!schedule.begins(LOOK_MS_MIN + SETTLED_MS - 1));
    }
}
