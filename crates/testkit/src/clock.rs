//! Simulated time: one true time for the world, and for each location a clock that may be wrong about it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::SeqCst};

use offsync_core::limits::DAY_NS;
use offsync_core::ports::Clock;

/// The start of every simulated world: 2026-01-01, UTC.
const START_NS: i64 = 1_767_225_600 * 1_000_000_000;

/// The world's true time; it moves only when told to.
#[derive(Clone, Debug)]
pub struct SimTime(Arc<AtomicI64>);

impl Default for SimTime {
    fn default() -> Self {
        Self(Arc::new(AtomicI64::new(START_NS)))
    }
}

impl SimTime {
    /// Makes a world at its start.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets time pass for all.
    pub fn pass_ns(&self, ns: i64) {
        self.0.fetch_add(ns, SeqCst);
    }

    /// Lets days pass for all.
    pub fn pass_days(&self, days: u32) {
        self.pass_ns(i64::from(days) * DAY_NS);
    }

    /// Tells the true time in nanoseconds since 1970.
    pub fn true_ns(&self) -> i64 {
        self.0.load(SeqCst)
    }

    /// Makes a location's clock, wrong by `skew_ns`.
    pub fn clock(&self, skew_ns: i64) -> SimClock {
        SimClock {
            time: self.clone(),
            skew_ns: Arc::new(AtomicI64::new(skew_ns)),
        }
    }
}

/// The clock of one location; clones share its skew.
#[derive(Clone, Debug)]
pub struct SimClock {
    time: SimTime,
    skew_ns: Arc<AtomicI64>,
}

impl SimClock {
    /// Sets this clock forward, or back, against all others.
    pub fn jump_ns(&self, ns: i64) {
        self.skew_ns.fetch_add(ns, SeqCst);
    }

    /// Gives the world's time behind it.
    pub fn time(&self) -> &SimTime {
        &self.time
    }
}

impl Clock for SimClock {
    fn now_ns(&self) -> i64 {
        self.time.true_ns().saturating_add(self.skew_ns.load(SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_shared_and_skew_is_not() {
        let time = SimTime::new();
        let (good, wrong) = (time.clock(0), time.clock(-5));
        time.pass_ns(100);
        assert_eq!(good.now_ns() - wrong.now_ns(), 5);
        wrong.jump_ns(50);
        assert_eq!(wrong.now_ns() - good.now_ns(), 45);
        assert_eq!(good.now_ns(), START_NS + 100);
    }
}
