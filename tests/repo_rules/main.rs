//! The rules of the repository, each one a test whose name is the promise, each with a sample that turns it red.
//!
//! Only reads the tree (tracked files, and new ones that are not ignored), and never changes it.

mod bans;
mod circles;
mod documents;
mod floors;
mod lock_files;
mod names;
mod shape;
mod source;
mod tree;
mod window;
mod workspace;

use std::fmt::Write as _;

/// Fails with one line for each offence, so that all of them are seen at once.
fn none(promise: &str, offences: &[String]) {
    let mut text = String::new();
    for offence in offences {
        writeln!(text, "  {offence}").expect("a string takes every text");
    }
    assert!(offences.is_empty(), "{promise}\n{text}");
}
