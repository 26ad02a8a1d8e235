//! Printing one JSON document, or the error in its place.

use std::io::Write;

use offsync_app::view::Failure;
use serde::Serialize;

/// Prints a document; what cannot be printed (a closed pipe) has nobody to be told.
pub(crate) fn print(document: &impl Serialize) {
    let mut out = std::io::stdout().lock();
    let _ = serde_json::to_writer(&mut out, document);
    let _ = writeln!(out);
}

/// Prints a failure as a document.
pub(crate) fn print_failure(failure: &Failure) {
    #[derive(Serialize)]
    struct Document<'a> {
        error: &'a Failure,
    }
    print(&Document { error: failure });
}
