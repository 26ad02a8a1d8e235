//! Writing a batch: rows, and all that is derived from them, in one transaction.
//!
//! Guarantees that counts and flags agree with the rows after each commit, and that every
//! chunk of a row can be found; chunks that a row lost stay as hints that lead nowhere.

use std::collections::{BTreeMap, BTreeSet};

use offsync_core::ids::ChunkId;
use offsync_core::place::Place;
use offsync_core::ports::{IndexError, IndexWrite};
use offsync_core::rel_path::PathKey;
use offsync_core::siblings::Siblings;
use rusqlite::{Connection, Params, Transaction};

use super::children::key_of;
use super::errors::from_sqlite;
use super::reads::{Table, one, siblings_of, tally};
use super::row::{NoteSums, chunk_column, entry_flags, pack_place, pack_siblings, place_flags, unpack_place};
use super::schema::{FILES, NEW_CHUNKS_MAX, NEW_ENTRY_CHUNKS, NEW_PLACE_CHUNKS, PLACE_FILE};

/// What a batch changes in the counts.
#[derive(Debug, Default)]
struct Counts {
    live_below: BTreeMap<PathKey, i64>,
    files: i64,
    new_entry_chunks: i64,
    new_place_chunks: i64,
}

/// Writes all or nothing.
pub(super) fn commit(connection: &mut Connection, writes: Vec<IndexWrite>, sums: NoteSums) -> Result<(), IndexError> {
    if writes.is_empty() {
        return Ok(());
    }
    let transaction = connection.transaction().map_err(from_sqlite)?;
    let mut counts = Counts::default();
    for write in writes {
        match write {
            IndexWrite::Entry(key, siblings) => write_entry(&transaction, &key, &siblings, &mut counts)?,
            IndexWrite::Place(key, place) => write_place(&transaction, &key, place.as_ref(), &mut counts)?,
            IndexWrite::Note(name, value) => write_note(&transaction, &name, value.as_deref(), sums)?,
        }
    }
    write_counts(&transaction, &counts)?;
    transaction.commit().map_err(from_sqlite)
}

/// Derives all counts anew from the rows that are there.
pub(super) fn recount(on: &Transaction<'_>) -> Result<(), IndexError> {
    let mut counts = Counts::default();
    let mut live = on
        .prepare_cached("SELECT key FROM entry WHERE flags & 1 ORDER BY key")
        .map_err(from_sqlite)?;
    let mut rows = live.query(()).map_err(from_sqlite)?;
    while let Some(row) = rows.next().map_err(from_sqlite)? {
        counts.raise_above(&PathKey::from_bytes_unchecked(key_of(row)?.to_vec()), 1);
    }
    run(on, "DELETE FROM folder", ())?;
    write_counts(on, &counts)?;
    let files = "INSERT OR REPLACE INTO tally SELECT ?1, count(*) FROM place WHERE flags & 1";
    run(on, files, (FILES,))
}

fn write_entry(on: &Transaction<'_>, key: &PathKey, new: &Siblings, counts: &mut Counts) -> Result<(), IndexError> {
    let old = siblings_of(on, key)?;
    let insert = "INSERT OR IGNORE INTO entry_chunk_new VALUES (?1, ?2)";
    counts.new_entry_chunks += write_chunks(on, insert, key, &chunks_of_siblings(&old), &chunks_of_siblings(new))?;
    let change = i64::from(new.is_live()) - i64::from(old.is_live());
    if change != 0 {
        counts.raise_above(key, change);
    }
    if new.is_empty() {
        return run(on, Table::Entry.delete(), (key.as_bytes(),));
    }
    let row = (key.as_bytes(), entry_flags(new), pack_siblings(key, new)?);
    run(on, "INSERT OR REPLACE INTO entry VALUES (?1, ?2, ?3)", row)
}

fn write_place(
    on: &Transaction<'_>,
    key: &PathKey,
    new: Option<&Place>,
    counts: &mut Counts,
) -> Result<(), IndexError> {
    let old = one(on, Table::Place, key, unpack_place)?;
    let insert = "INSERT OR IGNORE INTO place_chunk_new VALUES (?1, ?2)";
    counts.new_place_chunks += write_chunks(on, insert, key, &chunks_of_place(old.as_ref()), &chunks_of_place(new))?;
    let is_file = |place: Option<&Place>| i64::from(place.is_some_and(|place| place_flags(place) & PLACE_FILE != 0));
    counts.files += is_file(new) - is_file(old.as_ref());
    let Some(new) = new else {
        return run(on, Table::Place.delete(), (key.as_bytes(),));
    };
    let row = (key.as_bytes(), place_flags(new), pack_place(key, new)?);
    run(on, "INSERT OR REPLACE INTO place VALUES (?1, ?2, ?3)", row)
}

fn write_note(on: &Transaction<'_>, name: &str, value: Option<&[u8]>, sums: NoteSums) -> Result<(), IndexError> {
    match value {
        Some(value) => {
            let row = (name, sums.pack(name, value));
            run(on, "INSERT OR REPLACE INTO note VALUES (?1, ?2)", row)
        }
        None => run(on, "DELETE FROM note WHERE name = ?1", (name,)),
    }
}

/// Adds the chunks that are new to a row and gives how many; those that are no longer there stay as stale hints.
fn write_chunks(
    on: &Transaction<'_>,
    insert: &str,
    key: &PathKey,
    old: &BTreeSet<i64>,
    new: &BTreeSet<i64>,
) -> Result<i64, IndexError> {
    new.difference(old)
        .try_for_each(|chunk| run(on, insert, (chunk, key.as_bytes())))?;
    Ok(i64::try_from(new.difference(old).count()).unwrap_or(i64::MAX))
}

/// Moves new chunks over, in order, once enough of them have gathered.
fn settle_chunks(on: &Transaction<'_>, name: &str, added: i64, [copy, clear]: [&str; 2]) -> Result<(), IndexError> {
    if added == 0 {
        return Ok(());
    }
    if tally(on, name)? + added < NEW_CHUNKS_MAX {
        return raise_tally(on, name, added);
    }
    run(on, copy, ())?;
    run(on, clear, ())?;
    run(on, "DELETE FROM tally WHERE name = ?1", (name,))
}

fn write_counts(on: &Transaction<'_>, counts: &Counts) -> Result<(), IndexError> {
    for (folder, change) in counts.live_below.iter().filter(|(_, change)| **change != 0) {
        let sql = "INSERT INTO folder VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET live = live + ?2";
        run(on, sql, (folder.as_bytes(), change))?;
        if *change < 0 {
            run(
                on,
                "DELETE FROM folder WHERE key = ?1 AND live <= 0",
                (folder.as_bytes(),),
            )?;
        }
    }
    if counts.files != 0 {
        raise_tally(on, FILES, counts.files)?;
    }
    let entries = [
        "INSERT OR IGNORE INTO entry_chunk SELECT chunk, key FROM entry_chunk_new ORDER BY chunk, key",
        "DELETE FROM entry_chunk_new",
    ];
    settle_chunks(on, NEW_ENTRY_CHUNKS, counts.new_entry_chunks, entries)?;
    let places = [
        "INSERT OR IGNORE INTO place_chunk SELECT chunk, key FROM place_chunk_new ORDER BY chunk, key",
        "DELETE FROM place_chunk_new",
    ];
    settle_chunks(on, NEW_PLACE_CHUNKS, counts.new_place_chunks, places)
}

fn raise_tally(on: &Transaction<'_>, name: &str, change: i64) -> Result<(), IndexError> {
    let sql = "INSERT INTO tally VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET count = count + ?2";
    run(on, sql, (name, change))
}

impl Counts {
    fn raise_above(&mut self, key: &PathKey, change: i64) {
        let mut above = key.parent();
        while let Some(folder) = above {
            above = folder.parent();
            *self.live_below.entry(folder).or_default() += change;
        }
    }
}

fn chunks_of_siblings(siblings: &Siblings) -> BTreeSet<i64> {
    siblings
        .live()
        .flat_map(|(_, version)| columns(version.value.content.chunk_ids()))
        .collect()
}

fn chunks_of_place(place: Option<&Place>) -> BTreeSet<i64> {
    let on_disk = place.and_then(Place::on_disk);
    on_disk
        .map(|value| columns(value.content.chunk_ids()).collect())
        .unwrap_or_default()
}

fn columns(chunks: Vec<ChunkId>) -> impl Iterator<Item = i64> {
    chunks.into_iter().map(|chunk| chunk_column(&chunk))
}

fn run(on: &Transaction<'_>, sql: &str, parameters: impl Params) -> Result<(), IndexError> {
    let mut statement = on.prepare_cached(sql).map_err(from_sqlite)?;
    statement.execute(parameters).map(|_| ()).map_err(from_sqlite)
}
