//! The index behind the `IndexStore` port: one SQLite file on the drive.
//!
//! Guarantees that a commit is there as a whole or not at all, also after a pulled cable,
//! with a rollback journal, so that exFAT and FUSE will do. Never maps the file into
//! memory: a drive that goes away must be an error and not a crash.

mod children;
mod commit;
mod errors;
mod mend;
mod reads;
mod row;
mod schema;
mod sqlite_index;
#[cfg(test)]
mod tests;

pub use sqlite_index::SqliteIndex;
