//! The contract of each port, as checks that every implementation must pass, simulated or real.
//!
//! Each function is given a maker of fresh, empty things and panics with the promise
//! that was broken. Cases that a file system cannot show (links, exact times) are
//! skipped by asking the port itself, never by knowing who stands behind it.
//! A maker may return `(thing, guard)` through the `_in` forms, so that a temporary
//! folder lives as long as what stands in it.

mod disk_files;
mod disk_names;
mod disk_private;
mod index_model;
mod index_random;
mod index_rules;
mod mailbox;
#[cfg(test)]
mod tests;

use offsync_core::ports::{Disk, IndexStore, Mailbox};

/// Checks the whole contract of a drive.
pub fn disk<D: Disk>(make: impl Fn() -> D) {
    disk_in(|| (make(), ()));
}

/// Checks the whole contract of a drive that needs a guard.
pub fn disk_in<D: Disk, G>(make: impl Fn() -> (D, G)) {
    for (promise, check) in disk_files::CASES
        .iter()
        .chain(disk_names::CASES)
        .chain(disk_private::CASES)
    {
        let (disk, _guard) = make();
        named("disk", promise, || check(&disk));
    }
}

/// Checks the whole contract of an index, with a few random sequences beside the rules.
pub fn index_store<I: IndexStore>(make: impl Fn() -> I) {
    index_store_in(|| (make(), ()), 16);
}

/// Checks the whole contract of an index that needs a guard, with `seeds` random sequences.
pub fn index_store_in<I: IndexStore, G>(make: impl Fn() -> (I, G), seeds: u64) {
    for (promise, check) in index_rules::CASES {
        let (mut index, _guard) = make();
        named("index", promise, || check(&mut index));
    }
    for seed in 0..seeds {
        let (mut index, _guard) = make();
        named(
            "index",
            &format!("random writes read back as from the naive model (seed {seed})"),
            || {
                index_random::check(&mut index, seed);
            },
        );
    }
}

/// Checks that an index keeps all when it is closed and opened; `open` opens the same one each time, empty at first.
pub fn index_store_reopened<I: IndexStore>(open: impl Fn() -> I) {
    named("index", "what was committed is there after it is opened again", || {
        index_random::check_reopened(&open)
    });
}

/// Checks the whole contract of a mailbox that is sound and fresh.
pub fn mailbox<M: Mailbox>(make: impl Fn() -> M) {
    mailbox_in(|| (make(), ()));
}

/// Checks the whole contract of a sound mailbox that needs a guard.
pub fn mailbox_in<M: Mailbox, G>(make: impl Fn() -> (M, G)) {
    for (promise, check) in mailbox::CASES {
        let (mailbox, _guard) = make();
        named("mailbox", promise, || check(&mailbox));
    }
}

/// Runs a check and, if it panics, says which promise was broken.
fn named(port: &str, promise: &str, check: impl FnOnce()) {
    if let Err(panic) = std::panic::catch_unwind(std::panic::AssertUnwindSafe(check)) {
        let said = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or(panic.downcast_ref::<&str>().copied());
        panic!(
            "the {port}'s contract is broken: {promise}: {}",
            said.unwrap_or("a panic")
        );
    }
}
