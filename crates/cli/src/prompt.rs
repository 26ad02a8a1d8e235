//! Asking a person in the terminal. Where nobody is there, there is no answer.

use std::io::{BufRead, ErrorKind, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use zeroize::Zeroizing;

use crate::outcome::warn;

/// What a shell says of a program that Ctrl-C ended.
const ENDED_BY_CTRL_C: i32 = 130;

/// Whether an answer is waited for.
static WAITS: AtomicBool = AtomicBool::new(false);

/// Tells whether a person is asked for something just now.
pub(crate) fn waits() -> bool {
    WAITS.load(Ordering::Relaxed)
}

/// Ends the program at a question: nothing was begun that would have to be brought to an end.
pub(crate) fn stop() -> ! {
    show_what_is_typed();
    // What was typed has no end of its own.
    let before = if waits() { "\n" } else { "" };
    warn(&format!("{before}offsync: Stopped. Nothing is lost."));
    std::process::exit(ENDED_BY_CTRL_C)
}

/// Lets a terminal show again what is typed: Ctrl-C may come while it does not.
#[cfg(unix)]
fn show_what_is_typed() {
    use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
    let terminal = std::io::stdin();
    if let Ok(mut modes) = tcgetattr(&terminal) {
        modes.local_modes |= LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG;
        // Where it cannot be set, nobody typed there.
        let _ = tcsetattr(&terminal, OptionalActions::Now, &modes);
    }
}

/// The console of Windows is as before when a program ends.
#[cfg(not(unix))]
fn show_what_is_typed() {}

/// Asks; from before the question stands there, Ctrl-C ends the program.
fn waiting<T>(ask: impl FnOnce() -> T) -> T {
    WAITS.store(true, Ordering::Relaxed);
    let answer = ask();
    WAITS.store(false, Ordering::Relaxed);
    answer
}

/// Asks for one line; `None` if standard input is no terminal.
pub(crate) fn line(question: &str) -> Option<String> {
    if !std::io::stdin().is_terminal() {
        return None;
    }
    waiting(|| {
        let mut out = std::io::stderr();
        write!(out, "{question}").and_then(|()| out.flush()).ok()?;
        let mut answer = String::new();
        std::io::stdin().lock().read_line(&mut answer).ok()?;
        Some(answer.trim().to_owned())
    })
}

/// Asks for a yes; `None` if standard input is no terminal.
pub(crate) fn yes(question: &str) -> Option<bool> {
    let answer = line(&format!("{question} [y/N] "))?;
    Some(matches!(answer.to_lowercase().as_str(), "y" | "yes"))
}

/// Tells whether there is somebody who can be asked.
pub(crate) fn is_possible() -> bool {
    std::io::stdin().is_terminal()
}

/// Asks for a secret without showing it; `None` if standard input is no terminal.
pub(crate) fn secret(question: &str) -> Option<Zeroizing<String>> {
    if !std::io::stdin().is_terminal() {
        return None;
    }
    match waiting(|| rpassword::prompt_password(question)) {
        Ok(secret) => Some(Zeroizing::new(secret)),
        Err(error) if error.kind() == ErrorKind::Interrupted => stop(),
        Err(_) => None,
    }
}
