//! When archives are looked at without being asked for: seldom, since looking opens them and keeps their drives awake.
//!
//! While nobody is at the window only the system's own table of drives is watched, which wakes no drive.

#[cfg(not(target_os = "linux"))]
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tauri::{AppHandle, Manager};

use crate::desk::Desk;
use crate::window;

const TICK: Duration = Duration::from_secs(2);
/// How old what a person looks at may become, or what is shown in place of what another Offsync works on.
const WATCHED_AGE_MAX: Duration = Duration::from_secs(60);
/// How soon an archive that another Offsync works on is asked for again while somebody looks.
const BUSY_AGE_MAX: Duration = Duration::from_secs(5);

/// What decides whether to look.
#[derive(Clone, Copy, Debug)]
struct Moment {
    /// How old the last look is; `None` if there was none.
    age: Option<Duration>,
    /// Somebody is at the window.
    is_watched: bool,
    /// A sync or another piece of work is under way; it looks itself when it ends.
    is_working: bool,
    /// Another Offsync worked on an archive at the last look.
    is_busy: bool,
    /// An archive's drive came or went.
    drives_changed: bool,
}

impl Moment {
    fn is_due(&self) -> bool {
        let Some(age) = self.age else { return !self.is_working };
        let age_max = match (self.is_watched, self.is_busy) {
            (true, true) => Some(BUSY_AGE_MAX),
            (true, false) | (false, true) => Some(WATCHED_AGE_MAX),
            (false, false) => None,
        };
        !self.is_working && (self.drives_changed || age_max.is_some_and(|age_max| age >= age_max))
    }
}

/// Lets a thread look out, and look once to begin with.
pub(crate) fn begin(handle: &AppHandle) -> std::io::Result<()> {
    let handle = handle.clone();
    let desk = handle.state::<Arc<Desk>>().inner().clone();
    let watch = move || {
        let mut before = drives();
        let mut drives_changed = false;
        loop {
            let now = drives();
            // What could not be looked at because of other work is looked at after it.
            drives_changed |= now != before && desk.sees_other_drives();
            before = now;
            let moment = Moment {
                age: desk.since_read(),
                is_watched: window::is_watched(&handle),
                is_working: desk.is_working(),
                is_busy: desk.waits_for_another(),
                drives_changed,
            };
            if moment.is_due() {
                // What it finds is told as events; a failure is said to whoever asks for the overview.
                let _ = desk.refresh();
                drives_changed = false;
            }
            std::thread::sleep(TICK);
        }
    };
    std::thread::Builder::new().name("lookout".into()).spawn(watch)?;
    Ok(())
}

/// Reads the system's table of drives, in whatever form: it is only compared.
#[cfg(target_os = "linux")]
fn drives() -> Vec<u8> {
    std::fs::read("/proc/self/mountinfo").unwrap_or_default()
}

/// Lists what is mounted where macOS mounts drives, or which letters Windows has given away.
#[cfg(not(target_os = "linux"))]
fn drives() -> Vec<u8> {
    let volumes = std::fs::read_dir("/Volumes").into_iter().flatten().flatten();
    let mut names: Vec<_> = volumes.map(|volume| volume.file_name().into_encoded_bytes()).collect();
    names.sort();
    let letters = (b'A'..=b'Z').filter(|letter| Path::new(&format!("{}:\\", char::from(*letter))).exists());
    names.concat().into_iter().chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT_REST: Moment = Moment {
        age: Some(Duration::from_secs(3600)),
        is_watched: false,
        is_working: false,
        is_busy: false,
        drives_changed: false,
    };

    fn check(moment: Moment, expected: bool) {
        assert_eq!(moment.is_due(), expected, "{moment:?}");
    }

    #[test]
    fn nothing_is_looked_at_while_nobody_looks() {
        check(AT_REST, false);
        check(Moment { age: None, ..AT_REST }, true);
    }

    #[test]
    fn what_is_looked_at_never_grows_old() {
        let watched = Moment {
            is_watched: true,
            ..AT_REST
        };
        check(watched, true);
        let age = Some(WATCHED_AGE_MAX / 2);
        check(Moment { age, ..watched }, false);
    }

    #[test]
    fn a_drive_that_comes_is_looked_at_even_if_nobody_looks() {
        let age = Some(Duration::ZERO);
        let comes = Moment {
            age,
            drives_changed: true,
            ..AT_REST
        };
        check(comes, true);
        let is_working = true;
        check(Moment { is_working, ..comes }, false);
    }

    #[test]
    fn what_another_offsync_works_on_is_asked_for_again_soon() {
        let busy = Moment {
            age: Some(BUSY_AGE_MAX),
            is_busy: true,
            ..AT_REST
        };
        check(busy, false);
        let is_watched = true;
        check(Moment { is_watched, ..busy }, true);
        let age = Some(WATCHED_AGE_MAX);
        check(Moment { age, ..busy }, true);
    }
}
