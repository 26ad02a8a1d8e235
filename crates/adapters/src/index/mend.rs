//! Letting go of rows that are not as they were written, in one transaction.
//!
//! Never changes a sound row; what is derived from rows is derived anew from those that are left.

use offsync_core::ports::{DroppedRows, IndexError, IndexErrorKind};
use rusqlite::{Connection, Transaction};

use super::children::key_of;
use super::commit::recount;
use super::errors::{damaged, from_sqlite};
use super::reads::{Table, Unpack, blob};
use super::row::{unpack_place, unpack_siblings};

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
