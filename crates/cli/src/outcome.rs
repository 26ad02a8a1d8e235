//! What a command ends with, and how it is shown: a document, or lines for people.

use std::io::Write;

use offsync_app::AppError;

use crate::documents;

/// Done, or nothing to do.
pub(crate) const DONE: u8 = 0;
/// The command line cannot be followed.
pub(crate) const USAGE: u8 = 2;
/// Held: it wants a yes.
pub(crate) const HELD: u8 = 3;
/// Another engine is at it.
pub(crate) const BUSY: u8 = 4;
/// Done, but for what is named.
pub(crate) const PARTIAL: u8 = 5;

/// What a command ends with.
pub(crate) type Outcome = Result<u8, AppError>;

/// Prints a document as it is, or as lines for people.
pub(crate) fn show<T: serde::Serialize>(document: &T, json: bool, lines: impl FnOnce(&T) -> Vec<String>) -> Outcome {
    if json {
        documents::print(document);
    } else {
        print_lines(&lines(document));
    }
    Ok(DONE)
}

/// Prints lines for people.
pub(crate) fn print_lines(lines: &[String]) {
    let mut out = std::io::stdout().lock();
    for line in lines {
        // A closed pipe has nobody to be told.
        let _ = writeln!(out, "{line}");
    }
    let _ = out.flush();
}

/// Says something beside the document.
pub(crate) fn warn(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Says that a command line cannot be followed.
pub(crate) fn usage_error(message: impl Into<String>) -> AppError {
    AppError::usage(message)
}
