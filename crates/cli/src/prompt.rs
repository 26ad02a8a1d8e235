//! Asking a person in the terminal. Where nobody is there, there is no answer.

use std::io::{BufRead, IsTerminal, Write};

use zeroize::Zeroizing;

/// Asks for one line; `None` if standard input is no terminal.
pub(crate) fn line(question: &str) -> Option<String> {
    if !std::io::stdin().is_terminal() {
        return None;
    }
    let mut out = std::io::stderr();
    write!(out, "{question}").and_then(|()| out.flush()).ok()?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer).ok()?;
    Some(answer.trim().to_owned())
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
    rpassword::prompt_password(question).ok().map(Zeroizing::new)
}
