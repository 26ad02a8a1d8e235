//! Clocks of computers that are off by whole days: a program that is started there finds itself that much later, or earlier.
//!
//! Times that the kernel writes stay what they are, those of files among them, and so do stopwatches.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::machine;

/// The library that tells a program another time, for programs with threads.
const LIBRARY: &str = "libfaketimeMT.so.1";

/// Tells whether clocks can be set here, and says plainly where they cannot. Under CI they must be.
pub(crate) fn can_be_set() -> bool {
    if library().is_some() {
        return true;
    }
    machine::skip("what comes with the years", &format!("there is no {LIBRARY}"));
    false
}

/// Sets the clock of a computer to so many days from today.
pub(crate) fn set(computer: &Path, days: i32) {
    fs::write(clock(computer), format!("{days:+}")).expect("a clock can be set");
}

/// Lets a program see the clock of a computer.
pub(crate) fn show(command: &mut Command, computer: &Path) {
    let Ok(days) = fs::read_to_string(clock(computer)) else {
        return;
    };
    command
        .env(
            "LD_PRELOAD",
            library().expect("who sets a clock asks before whether it can be set"),
        )
        .env("FAKETIME", format!("{days}d"))
        .env("NO_FAKE_STAT", "1")
        .env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
}

fn clock(computer: &Path) -> PathBuf {
    computer.join("clock")
}

/// Finds the library, which Debian keeps in the folder of the architecture, and others do not.
fn library() -> Option<PathBuf> {
    let folders = ["/usr/lib", "/usr/lib64", "/usr/local/lib"].map(PathBuf::from);
    let below = folders.iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten();
    let below = below.filter_map(|entry| Some(entry.ok()?.path()));
    let all = folders.clone().into_iter().chain(below);
    let mut found = all.map(|folder| folder.join("faketime").join(LIBRARY));
    found.find(|path| path.is_file())
}
