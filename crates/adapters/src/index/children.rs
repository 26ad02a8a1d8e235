//! The rows directly in a folder, without a column for the parent.
//!
//! Keys of one folder's descendants are one range; where it dips into a subfolder, the rest
//! of that subfolder is skipped with one seek. So a folder costs its own rows and one seek
//! for each subfolder, whatever lies in those.

use offsync_core::rel_path::PathKey;
use rusqlite::{Connection, Row};

use super::errors::from_sqlite;
use offsync_core::ports::IndexError;

/// Calls `each` for the rows directly in a folder, in order; `sql` gives rows from key `?1` on, in order, the key first.
pub(super) fn for_each_child(
    connection: &Connection,
    sql: &str,
    folder: &PathKey,
    mut each: impl FnMut(PathKey, &Row<'_>) -> Result<(), IndexError>,
) -> Result<(), IndexError> {
    let prefix = folder.below_start();
    let mut from = prefix.clone();
    let mut statement = connection.prepare_cached(sql).map_err(from_sqlite)?;
    'seek: loop {
        let mut rows = statement.query((&from,)).map_err(from_sqlite)?;
        while let Some(row) = rows.next().map_err(from_sqlite)? {
            let key = key_of(row)?;
            let Some(rest) = key.strip_prefix(&prefix[..]) else {
                return Ok(());
            };
            if rest.is_empty() {
                continue;
            }
            match rest.iter().position(|b| *b == 0) {
                None => each(PathKey::from_bytes_unchecked(key.to_vec()), row)?,
                Some(cut) => {
                    let next = [&key[..prefix.len() + cut], &[1]].concat();
                    drop(rows);
                    from = next;
                    continue 'seek;
                }
            }
        }
        return Ok(());
    }
}

/// Gives the key of a row, which stands in its first column.
pub(super) fn key_of<'r>(row: &'r Row<'_>) -> Result<&'r [u8], IndexError> {
    let column = row.get_ref(0).map_err(from_sqlite)?;
    column.as_blob().map_err(|_| super::errors::damaged("a key is no blob"))
}
