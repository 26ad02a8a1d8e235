//! Letting go of rows that are not as they were written, in one transaction.
//!
//! Never changes a sound row; what is derived from rows is derived anew from those that are left.

use offsync_core::ports::{DroppedRows, IndexError, IndexErrorKind};
use rusqlite::{Connection, Transaction};

use super::children::key_of;
use super::commit::recount;
use super::errors::{damaged, damaged_row, from_sqlite};
use super::reads::{Table, Unpack, blob, note_name};
use super::row::{NoteSums, pack_note, unpack_place, unpack_siblings};
use super::schema::VERSION;

/// Reads all rows, and lets go of those that are not as they were written.
pub(super) fn drop_damaged(connection: &mut Connection) -> Result<DroppedRows, IndexError> {
    let transaction = connection.transaction().map_err(from_sqlite)?;
    let dropped = DroppedRows {
        entries: drop_from(&transaction, Table::Entry, unpack_siblings)?,
        places: drop_from(&transaction, Table::Place, unpack_place)?,
    };
    if dropped != DroppedRows::default() {
        recount(&transaction)?;
    }
    transaction.commit().map_err(from_sqlite)?;
    Ok(dropped)
}

/// Reads all notes, and fails if one is not as it was written.
pub(super) fn check_notes(connection: &Connection, sums: NoteSums) -> Result<(), IndexError> {
    match damaged_notes(connection, sums)?.is_empty() {
        true => Ok(()),
        false => Err(damaged_row("a note is not as it was written")),
    }
}

/// Lets go of the notes that are not as they were written; gives their names, as far as those are text.
pub(super) fn drop_damaged_notes(connection: &mut Connection, sums: NoteSums) -> Result<Vec<String>, IndexError> {
    let transaction = connection.transaction().map_err(from_sqlite)?;
    let found = damaged_notes(&transaction, sums)?;
    for name in &found {
        // A name that is no text any more is no parameter either.
        let delete = "DELETE FROM note WHERE CAST(name AS BLOB) = ?1";
        if transaction.execute(delete, (name,)).map_err(from_sqlite)? != 1 {
            return Err(damaged("a note cannot be found by its own name"));
        }
    }
    transaction.commit().map_err(from_sqlite)?;
    Ok(found
        .iter()
        .map(|name| String::from_utf8_lossy(name).into_owned())
        .collect())
}

fn damaged_notes(on: &Connection, sums: NoteSums) -> Result<Vec<Vec<u8>>, IndexError> {
    let mut statement = on.prepare_cached("SELECT name, value FROM note").map_err(from_sqlite)?;
    let mut rows = statement.query(()).map_err(from_sqlite)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next().map_err(from_sqlite)? {
        let name = note_name(row)?;
        if blob(row, 1).and_then(|body| sums.unpack(name, body)).is_err() {
            found.push(name.to_vec());
        }
    }
    Ok(found)
}

/// Gives each note its sum: those of an index that knew none are taken as they are.
pub(super) fn sum_notes(connection: &mut Connection) -> Result<(), IndexError> {
    let transaction = connection.transaction().map_err(from_sqlite)?;
    let mut notes: Vec<(String, Vec<u8>)> = Vec::new();
    {
        let mut statement = transaction
            .prepare("SELECT name, value FROM note")
            .map_err(from_sqlite)?;
        let rows = statement
            .query_map((), |row| Ok((row.get(0)?, row.get(1)?)))
            .map_err(from_sqlite)?;
        for row in rows {
            notes.push(row.map_err(from_sqlite)?);
        }
    }
    let update = "UPDATE note SET value = ?2 WHERE name = ?1";
    for (name, value) in notes {
        transaction
            .execute(update, (&name, pack_note(&name, &value)))
            .map_err(from_sqlite)?;
    }
    transaction
        .pragma_update(None, "user_version", VERSION)
        .map_err(from_sqlite)?;
    transaction.commit().map_err(from_sqlite)
}

fn drop_from<T>(on: &Transaction<'_>, table: Table, unpack: Unpack<T>) -> Result<u64, IndexError> {
    let found = damaged_keys(on, table, unpack)?;
    let mut delete = on.prepare_cached(table.delete()).map_err(from_sqlite)?;
    for key in &found {
        // A key that is wrong itself may stand where nobody looks for it.
        if delete.execute((key,)).map_err(from_sqlite)? != 1 {
            return Err(damaged("a row cannot be found by its own key"));
        }
    }
    Ok(found.len() as u64)
}

fn damaged_keys<T>(on: &Transaction<'_>, table: Table, unpack: Unpack<T>) -> Result<Vec<Vec<u8>>, IndexError> {
    let mut statement = on.prepare_cached(table.all()).map_err(from_sqlite)?;
    let mut rows = statement.query(()).map_err(from_sqlite)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next().map_err(from_sqlite)? {
        let key = key_of(row)?;
        match blob(row, 1).and_then(|body| unpack(key, body)) {
            Err(error) if error.kind() == IndexErrorKind::DamagedRow => found.push(key.to_vec()),
            read => drop(read?),
        }
    }
    Ok(found)
}
