//! Every bound in one place: sizes, counts, depths, with units last in their names.

/// Longest name of one file or folder.
pub const NAME_BYTES_MAX: usize = 255;
/// Longest path inside an archive.
pub const PATH_BYTES_MAX: usize = 4096;
/// Deepest path inside an archive, in names.
pub const PATH_DEPTH_MAX: usize = 256;

/// Largest object in a mailbox: the limit of one-shot uploads of the common clouds.
pub const OBJECT_BYTES_MAX: usize = 4 << 20;
/// Content in one pack before compression; leaves room for the frame and the seal.
pub const PACK_CONTENT_BYTES_MAX: usize = OBJECT_BYTES_MAX - (64 << 10);
/// A pack takes at most this part of the allowance.
pub const PACK_PART_OF_ALLOWANCE: u64 = 8;
/// Content up to this size, all of a changeset together, travels inside its manifest.
pub const INLINE_CONTENT_BYTES_MAX: usize = 64 << 10;
/// New content in one changeset; more goes with the next, so that a post that is cut off loses little.
pub const CHANGESET_CONTENT_BYTES_MAX: u64 = 128 << 20;
/// Entries in one changeset.
pub const CHANGESET_ENTRIES_MAX: usize = 20_000;
/// Rewritten files of one changeset that get packs of their own: a mailbox counts objects, too.
pub const REWRITTEN_APART_MAX: usize = 16;
/// Declared size of a decompressed object body.
pub const BODY_BYTES_MAX: usize = 64 << 20;

/// Files up to this size are one chunk.
pub const SINGLE_CHUNK_BYTES_MAX: u64 = 1 << 20;
/// Smallest content-defined chunk, but for the last.
pub const CHUNK_BYTES_MIN: usize = 256 << 10;
/// Chunk size aimed at.
pub const CHUNK_BYTES_AVERAGE: usize = 1 << 20;
/// Largest chunk.
pub const CHUNK_BYTES_MAX: usize = 3 << 20;

/// Missing chunks that one head or want lists.
pub const MISSING_LISTED_MAX: usize = 4096;

/// Intents journalled at a time.
pub const JOURNAL_INTENTS_MAX: usize = 256;
/// Content staged at a time before it is put into place.
pub const JOURNAL_BYTES_MAX: u64 = 64 << 20;

/// Staged content that may stand twice at a time: in a file that is put together, and beside it.
pub const STAGED_TWICE_BYTES_MAX: u64 = PACK_CONTENT_BYTES_MAX as u64;

/// Rows read from the index at a time.
pub const INDEX_PAGE_ROWS: usize = 4096;

/// Fewer deletions than this are not held, if an archive has no threshold of its own.
pub const HELD_DELETIONS_MIN: u64 = 5;
/// More of a hundred files than this deleted at once are held, if an archive has no threshold of its own.
pub const HELD_DELETIONS_PERCENT: u8 = 25;
/// More deletions than this are held, if an archive has no threshold of its own.
pub const HELD_DELETIONS_MAX: u64 = 1_000;
/// The highest number of files in a threshold.
pub const HELD_DELETIONS_HIGHEST: u64 = 1_000_000_000;

/// Smallest allowance that holds heads, wants and state.
pub const ALLOWANCE_BYTES_MIN: u64 = 16 << 20;
/// Percent of the allowance that is never exceeded.
pub const ALLOWANCE_PERCENT: u64 = 95;
/// Percent of the allowance kept for heads, wants, state and served packs.
pub const RESERVE_PERCENT: u64 = 10;

/// Days for which an author that has said that its content waits for room is left a share of it.
pub const SHARED_DAYS: i64 = 30;
/// A head that says nothing new is written again after this time.
pub const HEAD_REFRESH_NS: u64 = 24 * 3_600 * 1_000_000_000;
/// Heads that one cycle counts on from what others have heard: a head each minute of two years.
pub const HEADS_COUNTED_ON_MAX: u64 = 1 << 20;
/// Days of silence after which a location is parked, unless the archive says otherwise.
pub const PARK_AFTER_DAYS: u32 = 180;
/// Fewest days that an archive may say.
pub const PARK_AFTER_DAYS_MIN: u32 = 7;
/// A day.
pub const DAY_NS: i64 = 24 * 3_600 * 1_000_000_000;
/// Days that a pack without its manifest stays in the mailbox after its author stopped to count.
pub const ORPHAN_PACK_DAYS: i64 = 30;
/// Cycles that a gap must be seen before state is asked for.
pub const GAP_CYCLES: u32 = 2;
/// Cycles that a home waits for whoever took somebody out to make a new key, before it makes one itself.
pub const KEY_CYCLES: u32 = 3;
/// Days that displaced files stay in the trash.
pub const TRASH_DAYS: i64 = 30;
/// Days that they stay there even on a drive that is nearly full.
pub const TRASH_DAYS_MIN: i64 = 7;
/// Percent of a drive that are kept free by dropping the oldest of the trash before its time.
pub const TRASH_FREE_PERCENT: u64 = 5;
/// Largest `.offsyncignore` whose rules are read.
pub const IGNORE_FILE_BYTES_MAX: u64 = 1 << 20;
/// Ignored paths that are listed by name; more are only counted.
pub const IGNORED_LISTED_MAX: usize = 1_000;
/// Entries of ignored folders that a scan looks at to say that missing files moved there.
pub const MOVED_OUT_LOOKED_AT_MAX: usize = 10_000;
/// Times that a file is read again when it changes while it is read.
pub const TORN_READS_MAX: u32 = 3;

/// A watched folder has settled when nothing changed in it for this time: programs that save in several breaths pause
/// for less.
pub const SETTLED_MS: u64 = 5_000;
/// Changes that go on postpone a look for this time at most.
pub const POSTPONED_MS_MAX: u64 = 30_000;
/// A file that is written without an end is taken as it is after this time.
pub const UNFINISHED_MS_MAX: u64 = 900_000;
/// For this time it is taken then: a look, a cycle, and a second try of both.
pub const UNFINISHED_TAKEN_MS: u64 = 60_000;
/// Files that are still being written of which it is remembered how they looked; of more, only their times tell.
pub const UNFINISHED_FILES_MAX: usize = 10_000;
/// Time to the first regular cycle of a watched archive; news halves it, no news doubles it.
pub const CYCLE_MS_FIRST: u64 = 300_000;
/// Least time between two regular cycles.
pub const CYCLE_MS_MIN: u64 = 60_000;
/// Most time between two regular cycles.
pub const CYCLE_MS_MAX: u64 = 3_600_000;
/// How soon an archive that another engine uses is tried again.
pub const BUSY_RETRY_MS: u64 = 15_000;
/// How soon a cycle that failed is tried again; each further failure doubles it.
pub const FAILURE_RETRY_MS: u64 = 60_000;
/// Least time between two looks at a folder that cannot be watched.
pub const LOOK_MS_MIN: u64 = 10_000;
/// Most time between two looks at a folder that cannot be watched.
pub const LOOK_MS_MAX: u64 = 300_000;
/// How often it is looked whether drives came or went.
pub const DRIVES_MS: u64 = 2_000;
