//! The tables, and their version.
//!
//! Never changes a file of another version.

/// The version of the tables, kept in SQLite's `user_version`.
pub(super) const VERSION: i64 = 2;

/// The version whose notes carry no sum; one that is opened becomes one of today.
pub(super) const NOTES_WITHOUT_SUM: i64 = 1;

/// Says that a file is an index of Offsync, in SQLite's `application_id`.
pub(super) const APPLICATION: i64 = 0x0ff5_59c1;

/// Makes the tables.
///
/// Keys are the bytes of path keys, so that their order is the order by path component and
/// what lies below a folder is one range. `folder` counts what lives strictly below each
/// folder. `*_chunk` finds rows by the first eight bytes of a chunk's id; what it names is a
/// hint that is checked against the row, so a row's end need not be written there. Hashes
/// land on pages at random, so new ones gather in the small `*_chunk_new` and move over in
/// order, many at a time: else every commit would write most of the large table.
pub(super) const TABLES: &str = "
    CREATE TABLE entry (key BLOB PRIMARY KEY, flags INTEGER NOT NULL, body BLOB NOT NULL) WITHOUT ROWID;
    CREATE INDEX entry_tombstone ON entry (key) WHERE flags >= 2;
    CREATE TABLE place (key BLOB PRIMARY KEY, flags INTEGER NOT NULL, body BLOB NOT NULL) WITHOUT ROWID;
    CREATE INDEX place_changed ON place (key) WHERE flags >= 2;
    CREATE TABLE entry_chunk (chunk INTEGER, key BLOB, PRIMARY KEY (chunk, key)) WITHOUT ROWID;
    CREATE TABLE place_chunk (chunk INTEGER, key BLOB, PRIMARY KEY (chunk, key)) WITHOUT ROWID;
    CREATE TABLE entry_chunk_new (chunk INTEGER, key BLOB, PRIMARY KEY (chunk, key)) WITHOUT ROWID;
    CREATE TABLE place_chunk_new (chunk INTEGER, key BLOB, PRIMARY KEY (chunk, key)) WITHOUT ROWID;
    CREATE TABLE folder (key BLOB PRIMARY KEY, live INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE note (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
    CREATE TABLE tally (name TEXT PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID;
";

/// How the file is written.
///
/// A truncated journal is flushed in full mode, so a commit survives a power cut without a
/// flush of the folder. The lock is kept, because locks are slow or absent on some drives.
pub(super) const MANNERS: &str = "
    PRAGMA locking_mode = EXCLUSIVE;
    PRAGMA journal_mode = TRUNCATE;
    PRAGMA synchronous = FULL;
    PRAGMA fullfsync = ON;
    PRAGMA temp_store = MEMORY;
    PRAGMA mmap_size = 0;
    PRAGMA cache_size = -16384;
    PRAGMA cell_size_check = ON;
    PRAGMA trusted_schema = OFF;
";

/// In `entry.flags`: a version lives.
pub(super) const ENTRY_LIVE: i64 = 1;
/// In `entry.flags`: there is a tombstone; the highest bit, so that an index can ask for it.
pub(super) const ENTRY_TOMBSTONE: i64 = 2;
/// In `place.flags`: a file stands there.
pub(super) const PLACE_FILE: i64 = 1;
/// In `place.flags`: a change is not posted yet; the highest bit, so that an index can ask for it.
pub(super) const PLACE_CHANGED: i64 = 2;
/// In `tally.name`: places that hold a file.
pub(super) const FILES: &str = "files";
/// In `tally.name`: rows in `entry_chunk_new`.
pub(super) const NEW_ENTRY_CHUNKS: &str = "new entry chunks";
/// In `tally.name`: rows in `place_chunk_new`.
pub(super) const NEW_PLACE_CHUNKS: &str = "new place chunks";
/// Rows gathered before they move over.
pub(super) const NEW_CHUNKS_MAX: i64 = 16_384;
