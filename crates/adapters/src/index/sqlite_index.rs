//! The open index.
//!
//! Guarantees that a file of a newer version, or one that is no index, is refused and left
//! as it is. Never makes a file on opening.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use offsync_core::dot::Dot;
use offsync_core::ids::ChunkId;
use offsync_core::place::Place;
use offsync_core::ports::{DroppedRows, IndexError, IndexErrorKind, IndexStore, IndexWrite};
use offsync_core::rel_path::PathKey;
use offsync_core::siblings::Siblings;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::commit::commit;
use super::errors::{damaged, from_sqlite};
use super::mend::{check_notes, drop_damaged, drop_damaged_notes, sum_notes};
use super::reads::{self, Table};
use super::row::{NoteSums, unpack_place, unpack_siblings};
use super::schema::{APPLICATION, MANNERS, NOTES_WITHOUT_SUM, TABLES, VERSION};

/// Prepared statements kept; there are fewer kinds than that.
const STATEMENTS_KEPT: usize = 64;

/// The index of one archive at one location, in one SQLite file.
#[derive(Debug)]
pub struct SqliteIndex {
    connection: Connection,
    notes: NoteSums,
}

impl SqliteIndex {
    /// Opens an index that is there.
    pub fn open(path: &Path) -> Result<Self, IndexError> {
        match fs::metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let reason = format!("{} is not there", path.display());
                return Err(damaged(&reason));
            }
            _ => (),
        }
        let mut connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        let version: i64 = pragma(&connection, "user_version")?;
        match version {
            VERSION => Ok(Self {
                connection,
                notes: NoteSums::Carried,
            }),
            NOTES_WITHOUT_SUM => {
                let notes = match sum_notes(&mut connection) {
                    // It is looked at as it is: trash that is emptied may make room.
                    Err(error) if matches!(error.kind(), IndexErrorKind::Full | IndexErrorKind::ReadOnly) => {
                        NoteSums::Unknown
                    }
                    done => done.map(|()| NoteSums::Carried)?,
                };
                Ok(Self { connection, notes })
            }
            newer if newer > VERSION => {
                let reason = format!("{} was written by a newer Offsync", path.display());
                Err(IndexError::new(IndexErrorKind::Newer, reason))
            }
            _ => Err(damaged(&format!("{} is no index", path.display()))),
        }
    }

    /// Makes an empty index where no file is yet.
    pub fn create(path: &Path) -> Result<Self, IndexError> {
        if fs::metadata(path).is_ok_and(|meta| meta.len() > 0) {
            let reason = format!("{} is there already", path.display());
            return Err(IndexError::new(IndexErrorKind::Other, reason));
        }
        let mut connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
        let transaction = connection.transaction().map_err(from_sqlite)?;
        transaction.execute_batch(TABLES).map_err(from_sqlite)?;
        transaction
            .pragma_update(None, "application_id", APPLICATION)
            .map_err(from_sqlite)?;
        transaction
            .pragma_update(None, "user_version", VERSION)
            .map_err(from_sqlite)?;
        transaction.commit().map_err(from_sqlite)?;
        Ok(Self {
            connection,
            notes: NoteSums::Carried,
        })
    }

    /// Lets the file grow no further, as on a full drive.
    #[cfg(test)]
    pub(super) fn limit_pages(&self) {
        self.connection
            .pragma_update(None, "max_page_count", 40)
            .expect("a number");
    }

    /// Writes a sound copy of the whole index to a path elsewhere, replacing the one there atomically and flushed.
    pub fn snapshot_to(&self, path: &Path) -> Result<(), IndexError> {
        let mut new = path.as_os_str().to_owned();
        new.push(".new");
        let new = Path::new(&new);
        let wrong = |error: io::Error| {
            IndexError::new(
                IndexErrorKind::Other,
                format!("cannot write {}: {error}", path.display()),
            )
        };
        match fs::remove_file(new) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(wrong(error)),
            _ => (),
        }
        let Some(name) = new.to_str() else {
            return Err(wrong(io::Error::other("the path is not UTF-8")));
        };
        self.connection
            .execute("VACUUM INTO ?1", (name,))
            .map_err(from_sqlite)?;
        File::open(new).and_then(|file| file.sync_all()).map_err(wrong)?;
        crate::atomic_file::move_over(new, path).map_err(wrong)
    }
}

fn connect(path: &Path, flags: OpenFlags) -> Result<Connection, IndexError> {
    // One owner, no threads at once: SQLite's own locks are not needed.
    // A link in the place of the index would lead writes out of the archive.
    let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let connection = Connection::open_with_flags(path, flags).map_err(from_sqlite)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    // The file came with the drive, and the drive may come from anywhere.
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)
        .map_err(from_sqlite)?;
    connection.execute_batch(MANNERS).map_err(from_sqlite)?;
    Ok(connection)
}

fn pragma(connection: &Connection, name: &str) -> Result<i64, IndexError> {
    connection
        .pragma_query_value(None, name, |row| row.get(0))
        .map_err(from_sqlite)
}

impl IndexStore for SqliteIndex {
    fn entry(&self, key: &PathKey) -> Result<Siblings, IndexError> {
        reads::siblings_of(&self.connection, key)
    }

    fn entries_in(&self, folder: &PathKey) -> Result<Vec<(PathKey, Siblings)>, IndexError> {
        reads::inside(&self.connection, Table::Entry, folder, unpack_siblings)
    }

    fn entries_after(&self, after: Option<&PathKey>, limit: usize) -> Result<Vec<(PathKey, Siblings)>, IndexError> {
        reads::page(&self.connection, Table::Entry, after, limit, unpack_siblings)
    }

    fn live_folders_in(&self, folder: &PathKey) -> Result<Vec<PathKey>, IndexError> {
        reads::live_folders(&self.connection, folder)
    }

    fn has_live_below(&self, folder: &PathKey) -> Result<bool, IndexError> {
        Ok(reads::live_below(&self.connection, folder)? > 0)
    }

    fn entries_with_tombstones(&self) -> Result<Vec<(PathKey, Siblings)>, IndexError> {
        reads::flagged(&self.connection, Table::Entry, unpack_siblings)
    }

    fn place(&self, key: &PathKey) -> Result<Option<Place>, IndexError> {
        reads::one(&self.connection, Table::Place, key, unpack_place)
    }

    fn places_in(&self, folder: &PathKey) -> Result<Vec<(PathKey, Place)>, IndexError> {
        reads::inside(&self.connection, Table::Place, folder, unpack_place)
    }

    fn places_after(&self, after: Option<&PathKey>, limit: usize) -> Result<Vec<(PathKey, Place)>, IndexError> {
        reads::page(&self.connection, Table::Place, after, limit, unpack_place)
    }

    fn changed_places(&self) -> Result<Vec<(PathKey, Place)>, IndexError> {
        reads::flagged(&self.connection, Table::Place, unpack_place)
    }

    fn versions_with_chunk(&self, chunk: &ChunkId) -> Result<Vec<(PathKey, Dot)>, IndexError> {
        reads::versions_with(&self.connection, chunk)
    }

    fn places_with_chunk(&self, chunk: &ChunkId) -> Result<Vec<PathKey>, IndexError> {
        reads::places_with(&self.connection, chunk)
    }

    fn note(&self, name: &str) -> Result<Option<Vec<u8>>, IndexError> {
        reads::note(&self.connection, name, self.notes)
    }

    fn notes(&self, prefix: &str) -> Result<Vec<(String, Vec<u8>)>, IndexError> {
        reads::notes(&self.connection, prefix, self.notes)
    }

    fn count_files(&self) -> Result<u64, IndexError> {
        Ok(u64::try_from(reads::files(&self.connection)?).unwrap_or(0))
    }

    fn commit(&mut self, writes: Vec<IndexWrite>) -> Result<(), IndexError> {
        commit(&mut self.connection, writes, self.notes)
    }

    fn drop_damaged(&mut self) -> Result<DroppedRows, IndexError> {
        drop_damaged(&mut self.connection)
    }

    fn check_notes(&self) -> Result<(), IndexError> {
        check_notes(&self.connection, self.notes)
    }

    fn drop_damaged_notes(&mut self) -> Result<Vec<String>, IndexError> {
        drop_damaged_notes(&mut self.connection, self.notes)
    }
}
