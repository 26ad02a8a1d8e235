//! Reading the index: single rows, pages, ranges.
//!
//! Never writes; memory grows with what is asked for.

use offsync_core::dot::Dot;
use offsync_core::ids::ChunkId;
use offsync_core::place::Place;
use offsync_core::ports::IndexError;
use offsync_core::rel_path::PathKey;
use offsync_core::siblings::Siblings;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Params, Row};

use super::children::{for_each_child, key_of};
use super::errors::{damaged, damaged_row, from_sqlite};
use super::row::{NoteSums, chunk_column, unpack_place, unpack_siblings};
use super::schema::FILES;

/// The two tables that map keys to bodies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Table {
    /// Siblings by key.
    Entry,
    /// Places by key.
    Place,
}

impl Table {
    /// Gives one body by key.
    pub(super) fn one(self) -> &'static str {
        match self {
            Self::Entry => "SELECT body FROM entry WHERE key = ?1",
            Self::Place => "SELECT body FROM place WHERE key = ?1",
        }
    }

    fn onward(self) -> &'static str {
        match self {
            Self::Entry => "SELECT key, body FROM entry WHERE key >= ?1 ORDER BY key",
            Self::Place => "SELECT key, body FROM place WHERE key >= ?1 ORDER BY key",
        }
    }

    /// Gives all keys and bodies.
    pub(super) fn all(self) -> &'static str {
        match self {
            Self::Entry => "SELECT key, body FROM entry ORDER BY key",
            Self::Place => "SELECT key, body FROM place ORDER BY key",
        }
    }

    /// Removes the row of a key.
    pub(super) fn delete(self) -> &'static str {
        match self {
            Self::Entry => "DELETE FROM entry WHERE key = ?1",
            Self::Place => "DELETE FROM place WHERE key = ?1",
        }
    }

    fn page(self) -> &'static str {
        match self {
            Self::Entry => "SELECT key, body FROM entry WHERE key > ?1 ORDER BY key LIMIT ?2",
            Self::Place => "SELECT key, body FROM place WHERE key > ?1 ORDER BY key LIMIT ?2",
        }
    }

    fn first_page(self) -> &'static str {
        match self {
            Self::Entry => "SELECT key, body FROM entry ORDER BY key LIMIT ?1",
            Self::Place => "SELECT key, body FROM place ORDER BY key LIMIT ?1",
        }
    }

    fn flagged(self) -> &'static str {
        match self {
            Self::Entry => "SELECT key, body FROM entry WHERE flags >= 2 ORDER BY key",
            Self::Place => "SELECT key, body FROM place WHERE flags >= 2 ORDER BY key",
        }
    }

    fn by_chunk(self) -> &'static str {
        match self {
            Self::Entry => {
                "SELECT key FROM entry_chunk WHERE chunk = ?1 UNION SELECT key FROM entry_chunk_new WHERE chunk = ?1
                 ORDER BY key"
            }
            Self::Place => {
                "SELECT key FROM place_chunk WHERE chunk = ?1 UNION SELECT key FROM place_chunk_new WHERE chunk = ?1
                 ORDER BY key"
            }
        }
    }
}

/// Reads what a row holds from its key and its body.
pub(super) type Unpack<T> = fn(&[u8], &[u8]) -> Result<T, IndexError>;

/// Gives one row.
pub(super) fn one<T>(on: &Connection, table: Table, key: &PathKey, unpack: Unpack<T>) -> Result<Option<T>, IndexError> {
    let mut statement = on.prepare_cached(table.one()).map_err(from_sqlite)?;
    let mut rows = statement.query((key.as_bytes(),)).map_err(from_sqlite)?;
    match rows.next().map_err(from_sqlite)? {
        Some(row) => unpack(key.as_bytes(), blob(row, 0)?).map(Some),
        None => Ok(None),
    }
}

/// Gives the rows directly in a folder.
pub(super) fn inside<T>(
    on: &Connection,
    table: Table,
    folder: &PathKey,
    unpack: Unpack<T>,
) -> Result<Vec<(PathKey, T)>, IndexError> {
    let mut found = Vec::new();
    for_each_child(on, table.onward(), folder, |key, row| {
        let value = unpack(key.as_bytes(), blob(row, 1)?)?;
        found.push((key, value));
        Ok(())
    })?;
    Ok(found)
}

/// Gives up to `limit` rows behind a key.
pub(super) fn page<T>(
    on: &Connection,
    table: Table,
    after: Option<&PathKey>,
    limit: usize,
    unpack: Unpack<T>,
) -> Result<Vec<(PathKey, T)>, IndexError> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    match after {
        Some(key) => pairs(on, table.page(), (key.as_bytes(), limit), unpack),
        None => pairs(on, table.first_page(), (limit,), unpack),
    }
}

/// Gives the rows with the higher flag: tombstones, changes.
pub(super) fn flagged<T>(on: &Connection, table: Table, unpack: Unpack<T>) -> Result<Vec<(PathKey, T)>, IndexError> {
    pairs(on, table.flagged(), (), unpack)
}

/// Gives the live versions that hold a chunk.
pub(super) fn versions_with(on: &Connection, chunk: &ChunkId) -> Result<Vec<(PathKey, Dot)>, IndexError> {
    let mut found = Vec::new();
    for key in keys_by_chunk(on, Table::Entry, chunk)? {
        let siblings = one(on, Table::Entry, &key, unpack_siblings)?.unwrap_or_default();
        let holding = siblings
            .live()
            .filter(|(_, version)| version.value.content.chunk_ids().contains(chunk));
        found.extend(holding.map(|(dot, _)| (key.clone(), *dot)));
    }
    Ok(found)
}

/// Gives the places whose content on the disk holds a chunk.
pub(super) fn places_with(on: &Connection, chunk: &ChunkId) -> Result<Vec<PathKey>, IndexError> {
    let mut found = keys_by_chunk(on, Table::Place, chunk)?;
    let mut failed = None;
    found.retain(|key| match one(on, Table::Place, key, unpack_place) {
        Ok(place) => place.is_some_and(|place: Place| {
            place
                .on_disk()
                .is_some_and(|value| value.content.chunk_ids().contains(chunk))
        }),
        Err(error) => {
            failed = Some(error);
            false
        }
    });
    failed.map_or(Ok(found), Err)
}

/// Gives the direct children of a folder below which something lives.
pub(super) fn live_folders(on: &Connection, folder: &PathKey) -> Result<Vec<PathKey>, IndexError> {
    let mut found = Vec::new();
    for_each_child(
        on,
        "SELECT key FROM folder WHERE key >= ?1 ORDER BY key",
        folder,
        |key, _| {
            found.push(key);
            Ok(())
        },
    )?;
    Ok(found)
}

/// Gives how many entries live strictly below a folder.
pub(super) fn live_below(on: &Connection, folder: &PathKey) -> Result<i64, IndexError> {
    number(on, "SELECT live FROM folder WHERE key = ?1", (folder.as_bytes(),))
}

/// Gives how many places hold a file.
pub(super) fn files(on: &Connection) -> Result<i64, IndexError> {
    tally(on, FILES)
}

/// Gives a count that is kept under a name.
pub(super) fn tally(on: &Connection, name: &str) -> Result<i64, IndexError> {
    number(on, "SELECT count FROM tally WHERE name = ?1", (name,))
}

/// Gives a note.
pub(super) fn note(on: &Connection, name: &str, sums: NoteSums) -> Result<Option<Vec<u8>>, IndexError> {
    let mut statement = on
        .prepare_cached("SELECT value FROM note WHERE name = ?1")
        .map_err(from_sqlite)?;
    let mut rows = statement.query((name,)).map_err(from_sqlite)?;
    let Some(row) = rows.next().map_err(from_sqlite)? else {
        return Ok(None);
    };
    Ok(Some(sums.unpack(name.as_bytes(), blob(row, 0)?)?.to_vec()))
}

/// Gives the notes whose names begin with `prefix`.
pub(super) fn notes(on: &Connection, prefix: &str, sums: NoteSums) -> Result<Vec<(String, Vec<u8>)>, IndexError> {
    let sql = "SELECT name, value FROM note WHERE name >= ?1 ORDER BY name";
    let mut statement = on.prepare_cached(sql).map_err(from_sqlite)?;
    let mut rows = statement.query((prefix,)).map_err(from_sqlite)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next().map_err(from_sqlite)? {
        let name = note_name(row)?;
        if !name.starts_with(prefix.as_bytes()) {
            break;
        }
        let value = sums.unpack(name, blob(row, 1)?)?.to_vec();
        let name = std::str::from_utf8(name).map_err(|_| damaged_row("a note's name is no text"))?;
        found.push((name.to_owned(), value));
    }
    Ok(found)
}

/// Gives the name of a note as it is stored, which may not be text any more.
pub(super) fn note_name<'r>(row: &'r Row<'_>) -> Result<&'r [u8], IndexError> {
    match row.get_ref(0).map_err(from_sqlite)? {
        ValueRef::Text(name) => Ok(name),
        _ => Err(damaged("a note's name is no text")),
    }
}

fn number(on: &Connection, sql: &str, parameters: impl Params) -> Result<i64, IndexError> {
    let mut statement = on.prepare_cached(sql).map_err(from_sqlite)?;
    let found = statement
        .query_row(parameters, |row| row.get(0))
        .optional()
        .map_err(from_sqlite)?;
    Ok(found.unwrap_or(0))
}

fn keys_by_chunk(on: &Connection, table: Table, chunk: &ChunkId) -> Result<Vec<PathKey>, IndexError> {
    let mut statement = on.prepare_cached(table.by_chunk()).map_err(from_sqlite)?;
    let mut rows = statement.query((chunk_column(chunk),)).map_err(from_sqlite)?;
    let mut keys = Vec::new();
    while let Some(row) = rows.next().map_err(from_sqlite)? {
        keys.push(PathKey::from_bytes_unchecked(key_of(row)?.to_vec()));
    }
    Ok(keys)
}

fn pairs<T>(
    on: &Connection,
    sql: &str,
    parameters: impl Params,
    unpack: Unpack<T>,
) -> Result<Vec<(PathKey, T)>, IndexError> {
    let mut statement = on.prepare_cached(sql).map_err(from_sqlite)?;
    let mut rows = statement.query(parameters).map_err(from_sqlite)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next().map_err(from_sqlite)? {
        found.push((
            PathKey::from_bytes_unchecked(key_of(row)?.to_vec()),
            unpack(key_of(row)?, blob(row, 1)?)?,
        ));
    }
    Ok(found)
}

pub(super) fn blob<'r>(row: &'r Row<'_>, column: usize) -> Result<&'r [u8], IndexError> {
    let value = row.get_ref(column).map_err(from_sqlite)?;
    value.as_blob().map_err(|_| damaged_row("a body is no blob"))
}

/// Gives the siblings of a key; empty if unknown.
pub(super) fn siblings_of(on: &Connection, key: &PathKey) -> Result<Siblings, IndexError> {
    Ok(one(on, Table::Entry, key, unpack_siblings)?.unwrap_or_default())
}
