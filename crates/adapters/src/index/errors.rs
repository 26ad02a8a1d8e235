//! What SQLite's errors mean to the engine.
//!
//! Never hides what SQLite said.

use offsync_core::ports::{IndexError, IndexErrorKind};
use rusqlite::{Error, ErrorCode, ffi};

/// Makes an error of the port from one of SQLite.
pub(super) fn from_sqlite(error: Error) -> IndexError {
    IndexError::new(kind_of(&error), error.to_string())
}

/// Makes the error of an index that makes no sense.
pub(super) fn damaged(what: &str) -> IndexError {
    IndexError::new(IndexErrorKind::Damaged, what)
}

/// Makes the error of a row that is not as it was written, in an index that is sound otherwise.
pub(super) fn damaged_row(what: &str) -> IndexError {
    IndexError::new(IndexErrorKind::DamagedRow, what)
}

fn kind_of(error: &Error) -> IndexErrorKind {
    let Error::SqliteFailure(failure, _) = error else {
        return match error {
            // A column of another type than the one that we wrote.
            Error::InvalidColumnType(..) | Error::FromSqlConversionFailure(..) => IndexErrorKind::Damaged,
            _ => IndexErrorKind::Other,
        };
    };
    match failure.code {
        ErrorCode::DiskFull => IndexErrorKind::Full,
        // The file was moved or removed under us.
        ErrorCode::ReadOnly if failure.extended_code == ffi::SQLITE_READONLY_DBMOVED => IndexErrorKind::Gone,
        ErrorCode::ReadOnly | ErrorCode::PermissionDenied => IndexErrorKind::ReadOnly,
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => IndexErrorKind::Damaged,
        // The file is shorter than its own header says.
        ErrorCode::SystemIoFailure if failure.extended_code == ffi::SQLITE_IOERR_SHORT_READ => IndexErrorKind::Damaged,
        ErrorCode::SystemIoFailure | ErrorCode::CannotOpen => IndexErrorKind::Gone,
        // "no such table": the file is sound and is no index.
        ErrorCode::Unknown if failure.extended_code == ffi::SQLITE_ERROR => IndexErrorKind::Damaged,
        _ => IndexErrorKind::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_that_matters_has_its_kind() {
        let pairs = [
            (ffi::SQLITE_FULL, IndexErrorKind::Full),
            (ffi::SQLITE_READONLY, IndexErrorKind::ReadOnly),
            (ffi::SQLITE_READONLY_DBMOVED, IndexErrorKind::Gone),
            (ffi::SQLITE_CORRUPT, IndexErrorKind::Damaged),
            (ffi::SQLITE_NOTADB, IndexErrorKind::Damaged),
            (ffi::SQLITE_IOERR_WRITE, IndexErrorKind::Gone),
            (ffi::SQLITE_IOERR_SHORT_READ, IndexErrorKind::Damaged),
            (ffi::SQLITE_BUSY, IndexErrorKind::Other),
        ];
        for (code, kind) in pairs {
            let error = Error::SqliteFailure(ffi::Error::new(code), None);
            assert_eq!(from_sqlite(error).kind(), kind, "{code}");
        }
    }
}
