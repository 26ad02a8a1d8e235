//! How fast goes what goes to accounts and comes from them, and whether it is to stop.
//!
//! Guarantees that what goes over the line in a time is no more than was said, but for what goes at once. Never decides what
//! goes first.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use offsync_core::ports::MailboxErrorKind;
use tokio::time::Instant;

use super::trouble::Trouble;

/// The least that a line may be told to carry, in bytes a second: with less, services end a call before it is done.
pub const BYTES_PER_SECOND_MIN: u64 = 16_000;
/// How often is looked whether somebody does not want to wait any more.
pub(super) const LOOK: Duration = Duration::from_millis(100);
/// What of a body goes on its way at once: a line that still takes one of these in time is slow, and not dead.
const FRAME_BYTES: usize = 64 << 10;
/// So often in a second goes what goes at once, on a line that is told to be slow.
const FRAMES_PER_SECOND: u64 = 8;

/// The line of this computer to all accounts of an application.
#[derive(Debug, Default)]
pub struct Traffic {
    up: Lane,
    down: Lane,
    stop: Arc<AtomicBool>,
    paused_until: Mutex<Option<SystemTime>>,
}

/// How much a line carries at most, in bytes a second; all that it can where nothing is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bandwidth {
    /// To accounts.
    pub up: Option<u64>,
    /// From accounts.
    pub down: Option<u64>,
}

impl Traffic {
    /// Lets all that moves end as soon as the switch is on.
    #[must_use]
    pub fn stopped_by(stop: Arc<AtomicBool>) -> Self {
        Self {
            stop,
            ..Self::default()
        }
    }

    /// Says how much the line carries from now on.
    pub fn limit(&self, bandwidth: Bandwidth) {
        self.up.limit(bandwidth.up);
        self.down.limit(bandwidth.down);
    }

    /// Lets nothing go or come until then, what is on its way included; nothing is said of it by `None`.
    pub fn pause(&self, until: Option<SystemTime>) {
        *self.paused_until.lock().unwrap_or_else(PoisonError::into_inner) = until;
    }

    /// Gives why nothing may go or come now.
    pub(super) fn hindrance(&self) -> Option<Trouble> {
        if self.stop.load(Ordering::Relaxed) {
            return Some(Trouble::stopped());
        }
        let paused_until = *self.paused_until.lock().unwrap_or_else(PoisonError::into_inner);
        let left = paused_until?.duration_since(SystemTime::now()).ok()?;
        let why = format!(
            "this computer was told to leave accounts alone for another {}",
            in_words(left)
        );
        Some(Trouble::new(MailboxErrorKind::Paused, why).lasting())
    }

    /// Gives how much of a body goes at once.
    pub(super) fn frame_bytes(&self) -> usize {
        let rate = self.up.state().rate.unwrap_or(u64::MAX);
        FRAME_BYTES.min(usize::try_from(rate / FRAMES_PER_SECOND).unwrap_or(FRAME_BYTES))
    }

    /// Gives how long it is until so much may go.
    pub(super) fn until_it_goes(&self, bytes: usize) -> Duration {
        self.up.take(bytes, Instant::now())
    }

    /// Waits until so much may go.
    pub(super) async fn goes(&self, bytes: usize) {
        rest(self.until_it_goes(bytes)).await;
    }

    /// Waits until so much may come. Where it has come already, what follows it stays with who sends it meanwhile.
    pub(super) async fn comes(&self, bytes: usize) {
        rest(self.down.take(bytes, Instant::now())).await;
    }

    /// Waits until nothing may go or come any more, and gives why.
    pub(crate) async fn hindered(&self) -> Trouble {
        loop {
            if let Some(trouble) = self.hindrance() {
                return trouble;
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

/// Says a time that is left, and never less.
fn in_words(left: Duration) -> String {
    const MINUTES_AN_HOUR: u64 = 60;
    match left.as_secs().div_ceil(60) {
        0 | 1 => "minute".to_owned(),
        minutes if minutes <= 2 * MINUTES_AN_HOUR => format!("{minutes} minutes"),
        minutes => format!("{} hours", minutes.div_ceil(MINUTES_AN_HOUR)),
    }
}

async fn rest(wait: Duration) {
    if !wait.is_zero() {
        tokio::time::sleep(wait).await;
    }
}

/// One direction of the line.
#[derive(Debug, Default)]
struct Lane {
    state: Mutex<LaneState>,
}

#[derive(Debug, Default)]
struct LaneState {
    rate: Option<u64>,
    /// When all that was let through has gone, at this rate.
    free_at: Option<Instant>,
}

impl Lane {
    fn state(&self) -> std::sync::MutexGuard<'_, LaneState> {
        // A number is as good after a panic elsewhere.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn limit(&self, rate: Option<u64>) {
        let rate = rate.map(|rate| rate.max(BYTES_PER_SECOND_MIN));
        let mut state = self.state();
        if state.rate != rate {
            *state = LaneState { rate, free_at: None };
        }
    }

    /// Takes a place in the row for so many bytes, and gives how long it is until their turn.
    fn take(&self, bytes: usize, now: Instant) -> Duration {
        let mut state = self.state();
        let Some(rate) = state.rate else {
            return Duration::ZERO;
        };
        let turn = state.free_at.map_or(now, |free_at| free_at.max(now));
        state.free_at = Some(turn + Duration::from_secs_f64(bytes as f64 / rate as f64));
        turn - now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn lane(rate: u64) -> Lane {
        let lane = Lane::default();
        lane.limit(Some(rate));
        lane
    }

    #[test]
    fn what_goes_waits_for_what_went_before_it() {
        let (lane, now) = (lane(100_000), Instant::now());
        assert_eq!(lane.take(100_000, now), Duration::ZERO);
        assert_eq!(lane.take(50_000, now), SECOND);
        assert_eq!(lane.take(1, now + SECOND), SECOND / 2);
    }

    #[test]
    fn a_line_that_rested_carries_no_more_than_one_that_did_not() {
        let (lane, now) = (lane(100_000), Instant::now());
        assert_eq!(lane.take(100_000, now + 3600 * SECOND), Duration::ZERO);
        assert_eq!(lane.take(100_000, now + 3600 * SECOND), SECOND);
    }

    #[test]
    fn a_line_without_a_limit_waits_for_nothing_and_one_that_is_lifted_forgets_its_row() {
        let (lane, now) = (lane(20_000), Instant::now());
        lane.take(1_000_000, now);
        lane.limit(Some(20_000));
        assert_eq!(
            lane.take(1, now),
            50 * SECOND,
            "the same limit said again lets nobody pass"
        );
        lane.limit(None);
        assert_eq!(lane.take(usize::MAX, now), Duration::ZERO);
        assert_eq!(lane.take(1, now), Duration::ZERO);
    }

    #[tokio::test(flavor = "current_thread")]
    async fn nothing_goes_while_it_is_paused_and_all_goes_after_that() {
        let traffic = Traffic::default();
        let paused_for = |seconds| traffic.pause(Some(SystemTime::now() + seconds * SECOND));
        for (seconds, told) in [(50, "minute"), (3_000, "50 minutes"), (90_000, "25 hours")] {
            paused_for(seconds);
            let trouble = traffic.hindered().await;
            assert_eq!(trouble.kind, MailboxErrorKind::Paused);
            assert!(trouble.why.ends_with(&format!("for another {told}")), "{}", trouble.why);
            assert!(!trouble.is_worth_another());
        }
        traffic.pause(Some(SystemTime::now() - SECOND));
        assert_eq!(traffic.hindrance(), None, "that is over");
        paused_for(50);
        traffic.pause(None);
        assert_eq!(traffic.hindrance(), None);
        traffic.stop.store(true, Ordering::Relaxed);
        assert_eq!(traffic.hindrance(), Some(Trouble::stopped()));
    }

    #[test]
    fn what_goes_at_once_is_a_part_of_what_goes_in_a_second() {
        let traffic = Traffic::default();
        let frame = |up| {
            traffic.limit(Bandwidth { up, down: None });
            traffic.frame_bytes()
        };
        assert_eq!(frame(None), FRAME_BYTES);
        assert_eq!(frame(Some(80_000)), 10_000);
        assert_eq!(frame(Some(1)), 2_000, "less than the least is the least");
        assert_eq!(frame(Some(u64::MAX)), FRAME_BYTES);
    }
}
