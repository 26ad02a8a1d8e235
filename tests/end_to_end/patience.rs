//! Waiting for something to become true, never longer than its limit, and saying what did not happen.

use std::fmt::Debug;
use std::time::{Duration, Instant};

const LOOK_EVERY: Duration = Duration::from_millis(100);
/// A busy machine with two cores takes its time.
const PATIENCE: Duration = Duration::from_secs(45);

/// Gives what `look` finds as soon as it finds something.
///
/// # Panics
/// If that takes too long.
pub(crate) fn eventually<T>(promise: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        if let Some(found) = look() {
            return found;
        }
        std::thread::sleep(LOOK_EVERY);
    }
    panic!("waited {} s in vain: {promise}", PATIENCE.as_secs());
}

/// Gives what is seen as soon as it is as wanted; says what was seen last if it never is.
pub(crate) fn becomes<T: Debug>(promise: &str, mut look: impl FnMut() -> T, is_so: impl Fn(&T) -> bool) -> T {
    let mut last = None;
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        let seen = look();
        if is_so(&seen) {
            return seen;
        }
        last = Some(seen);
        std::thread::sleep(LOOK_EVERY);
    }
    panic!(
        "waited {} s in vain: {promise}; last seen: {last:?}",
        PATIENCE.as_secs()
    );
}
