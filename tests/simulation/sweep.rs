//! The sweep: one and the same schedule again and again, with a crash one call later each time.
//!
//! Where random crashes seldom fall between two calls of one action, the sweep falls between all of them.

use offsync_engine::SyncOptions;
use offsync_testkit::{RunState, Running};

use crate::guard::Off;
use crate::profile::Profile;
use crate::world::{Bad, World};

/// Turns before the cycle that dies.
const TURNS: usize = 10;
/// Calls between two crashes of one seed; the next seed begins one call later.
const STRIDE: u64 = 7;
/// More calls than a cycle of this small a world has.
const CALLS_MAX: u64 = 20_000;

/// Sweeps one seed; gives the first broken promise and the call that the crash came after.
pub(crate) fn sweep(seed: u64, profile: &Profile, off: Off) -> Result<(), (u64, Bad)> {
    for nth in (seed % STRIDE..CALLS_MAX).step_by(STRIDE as usize) {
        let mut world = World::new(seed / STRIDE, profile, off, false);
        match world.die_at(nth) {
            Ok(true) => {}
            Ok(false) => break,
            Err(what) => return Err((nth, what)),
        }
    }
    Ok(())
}

impl World {
    /// Lets a busy cycle die at its n-th call; tells whether it had that many.
    pub(crate) fn die_at(&mut self, nth: u64) -> Result<bool, Bad> {
        for _ in 0..TURNS {
            self.turn()?;
        }
        for at in 0..self.homes.len() {
            self.pass_time();
            for _ in 0..3 {
                self.person(at)?;
            }
        }
        for at in 1..self.homes.len() {
            self.pass_time();
            self.sync(at)?;
        }
        self.pass_time();
        let options = SyncOptions {
            confirm_deletions: true,
            ..self.options()
        };
        let home = &mut self.homes[0];
        let cycle = home.cycle(&self.shared, options);
        home.stepper.reboot();
        let mut running = Running::start(&home.stepper, cycle);
        let is_over = nth > 0 && matches!(running.advance(nth), RunState::Finished(_));
        if !is_over {
            home.running = Some(running);
            self.kill(0);
        }
        self.rest()?;
        self.judge()?;
        Ok(!is_over)
    }
}
