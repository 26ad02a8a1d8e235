//! A cycle under way: it moves only when it is told to, call by call.

use std::sync::Arc;
use std::thread::{self, JoinHandle};

use super::Stepper;
use super::gate::Gate;

/// Where a cycle stands.
#[derive(Debug, PartialEq, Eq)]
pub enum RunState<T> {
    /// It waits before its next call.
    Paused,
    /// It is over; its result.
    Finished(T),
}

/// One cycle of one location, on a thread of its own that runs only in its turns.
///
/// Dropping it kills it like [`Running::crash`].
pub struct Running<T> {
    stepper: Stepper,
    thread: Option<JoinHandle<T>>,
}

/// Says that the cycle is over, also when it panics.
struct Bell(Arc<Gate>);

impl Drop for Bell {
    fn drop(&mut self) {
        self.0.finish();
    }
}

impl<T: Send + 'static> Running<T> {
    /// Starts a cycle whose ports stand behind `stepper`; it does nothing until it is advanced.
    pub fn start(stepper: &Stepper, cycle: impl FnOnce() -> T + Send + 'static) -> Self {
        let gate = stepper.gate.clone();
        gate.begin();
        let bell = Bell(gate.clone());
        let body = move || {
            let _bell = bell;
            gate.await_start();
            cycle()
        };
        // The gate decides who runs, never the operating system.
        let thread = thread::Builder::new()
            .name(stepper.gate.location().to_owned())
            .spawn(body);
        Self {
            stepper: stepper.clone(),
            thread: Some(thread.expect("a thread can be started")),
        }
    }

    /// Lets so many calls pass; a panic of the cycle goes on here.
    pub fn advance(&mut self, calls: u64) -> RunState<T> {
        if calls > 0 && self.stepper.gate.give(calls) {
            RunState::Finished(self.join())
        } else {
            RunState::Paused
        }
    }

    /// Lets the cycle run to its end.
    pub fn finish(mut self) -> T {
        loop {
            if let RunState::Finished(result) = self.advance(u64::MAX) {
                return result;
            }
        }
    }

    /// Kills it where it stands; the machine stays dead until it is rebooted.
    pub fn crash(mut self) {
        self.kill();
    }

    fn join(&mut self) -> T {
        let thread = self.thread.take().expect("a finished cycle is not advanced");
        let result = thread.join();
        self.stepper.gate.end();
        result.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

impl<T> Running<T> {
    fn kill(&mut self) {
        let Some(thread) = self.thread.take() else { return };
        self.stepper.gate.crash();
        let result = thread.join();
        self.stepper.gate.end();
        if let Err(panic) = result
            && !thread::panicking()
        {
            std::panic::resume_unwind(panic);
        }
    }
}

impl<T> Drop for Running<T> {
    fn drop(&mut self) {
        self.kill();
    }
}
