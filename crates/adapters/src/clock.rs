//! The computer's clock.
//!
//! Never claims to be right: it may jump either way.

use std::time::{SystemTime, UNIX_EPOCH};

use offsync_core::ports::Clock;

/// Tells the time by the computer's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now_ns(&self) -> i64 {
        let in_range = |nanoseconds: u128| i64::try_from(nanoseconds).unwrap_or(i64::MAX);
        match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(after) => in_range(after.as_nanos()),
            Err(before) => -in_range(before.duration().as_nanos()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_later_than_when_this_was_written() {
        assert!(SystemClock.now_ns() > 1_700_000_000_000_000_000);
    }
}
