//! The gate: one mutex and one condition by which an engine and its scheduler take turns.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

use crate::lock::held;

/// Calls remembered for messages.
const TRACE: usize = 64;
/// Calls to a crashed machine after which its engine is taken to loop for ever.
const CALLS_AFTER_CRASH_MAX: u64 = 100_000;

/// A call that must not happen: the machine has crashed, or this call is to fail.
pub(super) struct Refused;

/// The gate of one location.
pub(super) struct Gate {
    location: String,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    calls: u64,
    crash_at: Option<u64>,
    fail_at: Option<u64>,
    is_crashed: bool,
    calls_after_crash: u64,
    foreign_calls: u64,
    trace: VecDeque<String>,
    cycle: Option<Cycle>,
}

/// A cycle that waits for turns.
#[derive(Default)]
struct Cycle {
    turns: u64,
    waiting: usize,
    is_finished: bool,
    thread: Option<ThreadId>,
}

impl Gate {
    pub(super) fn new(location: String) -> Self {
        Self {
            location,
            state: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    pub(super) fn location(&self) -> &str {
        &self.location
    }

    /// Lets one call pass when its turn has come.
    pub(super) fn pass(&self, what: impl FnOnce() -> String) -> Result<(), Refused> {
        let mut state = self.wait_for_turn(held(&self.state));
        if state.crash_at == Some(state.calls) {
            state.is_crashed = true;
        }
        if state.is_crashed {
            state.calls_after_crash += 1;
            assert!(
                state.calls_after_crash < CALLS_AFTER_CRASH_MAX,
                "{} goes on calling a dead machine",
                self.location
            );
            return Err(Refused);
        }
        state.calls += 1;
        let is_foreign = state
            .cycle
            .as_ref()
            .is_some_and(|cycle| cycle.thread != Some(thread::current().id()));
        state.foreign_calls += u64::from(is_foreign);
        if let Some(cycle) = &mut state.cycle {
            cycle.turns = cycle.turns.saturating_sub(1);
        }
        if state.trace.len() == TRACE {
            state.trace.pop_front();
        }
        let line = format!("{} {}", state.calls, what());
        state.trace.push_back(line);
        if state.fail_at == Some(state.calls) {
            Err(Refused)
        } else {
            Ok(())
        }
    }

    fn wait_for_turn<'a>(&'a self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        let must_wait = |state: &State| !state.is_crashed && state.cycle.as_ref().is_some_and(|cycle| cycle.turns == 0);
        if !must_wait(&state) {
            return state;
        }
        if let Some(cycle) = &mut state.cycle {
            cycle.waiting += 1;
        }
        self.changed.notify_all();
        while must_wait(&state) {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if let Some(cycle) = &mut state.cycle {
            cycle.waiting -= 1;
        }
        state
    }

    /// Begins a cycle that waits before its first call.
    pub(super) fn begin(&self) {
        let mut state = held(&self.state);
        assert!(state.cycle.is_none(), "{}: one cycle at a time", self.location);
        state.cycle = Some(Cycle::default());
    }

    /// Waits, in the cycle's own thread, until the first turn is given.
    pub(super) fn await_start(&self) {
        let mut state = held(&self.state);
        if let Some(cycle) = &mut state.cycle {
            cycle.thread = Some(thread::current().id());
        }
        drop(self.wait_for_turn(state));
    }

    /// Gives turns and waits until they are used up or the cycle is over; tells whether it is over.
    pub(super) fn give(&self, turns: u64) -> bool {
        let mut state = held(&self.state);
        if let Some(cycle) = &mut state.cycle {
            cycle.turns = cycle.turns.saturating_add(turns);
        }
        self.changed.notify_all();
        loop {
            match &state.cycle {
                None => return true,
                Some(cycle) if cycle.is_finished => return true,
                Some(cycle) if cycle.turns == 0 && cycle.waiting > 0 && !state.is_crashed => return false,
                Some(_) => state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }

    /// Says, in the cycle's own thread, that it is over.
    pub(super) fn finish(&self) {
        if let Some(cycle) = &mut held(&self.state).cycle {
            cycle.is_finished = true;
        }
        self.changed.notify_all();
    }

    /// Opens the gate again after a cycle was joined.
    pub(super) fn end(&self) {
        held(&self.state).cycle = None;
    }

    pub(super) fn crash(&self) {
        held(&self.state).is_crashed = true;
        self.changed.notify_all();
    }

    pub(super) fn crash_after(&self, calls: u64) {
        let mut state = held(&self.state);
        state.crash_at = Some(state.calls + calls);
    }

    pub(super) fn fail_call(&self, nth: u64) {
        let mut state = held(&self.state);
        state.fail_at = Some(state.calls + nth);
    }

    pub(super) fn is_crashed(&self) -> bool {
        held(&self.state).is_crashed
    }

    pub(super) fn reboot(&self) {
        let mut state = held(&self.state);
        assert!(
            state.cycle.is_none(),
            "{}: a machine reboots when its cycle is over",
            self.location
        );
        *state = State::default();
    }

    pub(super) fn calls(&self) -> u64 {
        held(&self.state).calls
    }

    pub(super) fn foreign_calls(&self) -> u64 {
        held(&self.state).foreign_calls
    }

    pub(super) fn trace(&self) -> Vec<String> {
        held(&self.state).trace.iter().cloned().collect()
    }
}
