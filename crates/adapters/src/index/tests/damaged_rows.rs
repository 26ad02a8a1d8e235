//! A row that is not as it was written is given to nobody, and let go of without a trace.

use std::path::Path;

use offsync_core::ports::{DroppedRows, IndexErrorKind, IndexStore, IndexWrite};
use offsync_core::rel_path::PathKey;

use super::super::SqliteIndex;
use super::super::row::NoteSums;
use super::{fresh, gone, key, kind_of_opening, live, names, shown};

/// Lets a program that knows no sums change bodies.
fn meddle(at: &Path, sql: &str, parameters: impl rusqlite::Params) {
    let other = rusqlite::Connection::open(at).unwrap();
    assert_eq!(other.execute(sql, parameters).unwrap(), 1);
}

#[test]
fn a_row_of_which_any_bit_turned_is_given_to_nobody() {
    let (top, mut index) = fresh();
    index
        .commit(vec![live("a", 1), IndexWrite::Place(key("a"), Some(shown("a", 1)))])
        .unwrap();
    drop(index);
    let at = top.path().join("index.sqlite");
    for table in ["entry", "place"] {
        let other = rusqlite::Connection::open(&at).unwrap();
        let select = format!("SELECT body FROM {table}");
        let body: Vec<u8> = other.query_row(&select, (), |row| row.get(0)).unwrap();
        drop(other);
        let update = format!("UPDATE {table} SET body = ?1");
        for bit in 0..body.len() * 8 {
            let mut turned = body.clone();
            turned[bit / 8] ^= 1 << (bit % 8);
            meddle(&at, &update, (turned,));
            let index = SqliteIndex::open(&at).unwrap();
            let read = match table {
                "entry" => index.entry(&key("a")).map(drop),
                _ => index.place(&key("a")).map(drop),
            };
            let kind = read.err().map(|error| error.kind());
            assert_eq!(kind, Some(IndexErrorKind::DamagedRow), "{table}, bit {bit}");
        }
        meddle(&at, &update, (body,));
    }
    let index = SqliteIndex::open(&at).unwrap();
    assert!(index.entry(&key("a")).unwrap().is_live() && index.place(&key("a")).unwrap().is_some());
}

#[test]
fn a_row_under_another_key_is_given_to_nobody() {
    let (top, mut index) = fresh();
    index.commit(vec![live("a", 1)]).unwrap();
    drop(index);
    let at = top.path().join("index.sqlite");
    meddle(&at, "UPDATE entry SET key = ?1", (key("b").as_bytes(),));
    assert_eq!(kind_of_opening(&at), Some(IndexErrorKind::DamagedRow));
}

#[test]
fn damaged_rows_are_let_go_of_and_all_counts_agree_with_what_is_left() {
    let (top, mut index) = fresh();
    let place = |text: &str| IndexWrite::Place(key(text), Some(shown(text, 1)));
    index
        .commit(vec![
            live("a/b/c", 1),
            live("a/d", 1),
            live("e/f", 1),
            gone("g"),
            place("a/d"),
            place("e/f"),
        ])
        .unwrap();
    assert_eq!(index.drop_damaged().unwrap(), DroppedRows::default());
    assert_eq!(index.entries_after(None, 9).unwrap().len(), 4);
    drop(index);
    let at = top.path().join("index.sqlite");
    let spoil = |table: &str, text: &str| {
        let sql = format!(
            "UPDATE {table} SET body = CAST(substr(body, 1, length(body) - 1) || x'77' AS BLOB) WHERE key = ?1"
        );
        meddle(&at, &sql, (key(text).as_bytes(),));
    };
    spoil("entry", "a/b/c");
    spoil("entry", "e/f");
    spoil("place", "e/f");
    let mut index = SqliteIndex::open(&at).unwrap();
    let refused = index.commit(vec![live("e/f", 2)]).unwrap_err();
    assert_eq!(refused.kind(), IndexErrorKind::DamagedRow);
    let dropped = DroppedRows { entries: 2, places: 1 };
    assert_eq!(index.drop_damaged().unwrap(), dropped);
    assert_eq!(index.drop_damaged().unwrap(), DroppedRows::default());
    assert_eq!(
        names(index.entries_after(None, 9).unwrap().into_iter().map(|(key, _)| key)),
        ["a/d", "g"]
    );
    assert_eq!(names(index.live_folders_in(&PathKey::root()).unwrap()), ["a"]);
    assert!(!index.has_live_below(&key("a/b")).unwrap() && index.place(&key("e/f")).unwrap().is_none());
    assert_eq!(index.count_files().unwrap(), 1);
    index.commit(vec![live("e/f", 2), place("e/f")]).unwrap();
    assert!(index.has_live_below(&key("e")).unwrap());
    assert_eq!(index.count_files().unwrap(), 2);
}

#[test]
fn a_row_that_was_written_without_a_sum_is_read_and_gets_one_with_its_next_change() {
    let (top, mut index) = fresh();
    index.commit(vec![live("a", 1)]).unwrap();
    let written = index.entry(&key("a")).unwrap();
    drop(index);
    let at = top.path().join("index.sqlite");
    meddle(
        &at,
        "UPDATE entry SET body = CAST(x'01' || substr(body, 10) AS BLOB)",
        (),
    );
    let mut index = SqliteIndex::open(&at).unwrap();
    assert_eq!(index.entry(&key("a")).unwrap(), written);
    assert_eq!(index.drop_damaged().unwrap(), DroppedRows::default());
    index.commit(vec![live("a", 2)]).unwrap();
    drop(index);
    meddle(
        &at,
        "UPDATE entry SET body = CAST(substr(body, 1, length(body) - 1) || x'77' AS BLOB)",
        (),
    );
    assert_eq!(kind_of_opening(&at), Some(IndexErrorKind::DamagedRow));
}

#[test]
fn a_note_of_which_any_bit_turned_or_under_another_name_is_given_to_nobody_and_let_go_of() {
    let (top, mut index) = fresh();
    let note = |name: &str| IndexWrite::Note(name.into(), Some(b"what it says".to_vec()));
    index.commit(vec![note("kept"), note("note/a")]).unwrap();
    drop(index);
    let at = top.path().join("index.sqlite");
    let other = rusqlite::Connection::open(&at).unwrap();
    let select = "SELECT value FROM note WHERE name = 'note/a'";
    let value: Vec<u8> = other.query_row(select, (), |row| row.get(0)).unwrap();
    drop(other);
    let update = "UPDATE note SET value = ?1 WHERE name = 'note/a'";
    for bit in 0..value.len() * 8 {
        let mut turned = value.clone();
        turned[bit / 8] ^= 1 << (bit % 8);
        meddle(&at, update, (turned,));
        let index = SqliteIndex::open(&at).unwrap();
        let reads = [
            index.note("note/a").map(drop),
            index.notes("note/").map(drop),
            index.check_notes(),
        ];
        for read in reads {
            assert_eq!(
                read.err().map(|error| error.kind()),
                Some(IndexErrorKind::DamagedRow),
                "bit {bit}"
            );
        }
    }
    meddle(&at, update, (value,));
    // A name may be no text any more.
    for name in [
        "CAST(x'6e6f74652f62' AS TEXT)",
        "CAST(x'6e6f7465ff62' AS TEXT)",
        "CAST(x'ff' AS TEXT)",
    ] {
        meddle(&at, &format!("UPDATE note SET name = {name} WHERE name <> 'kept'"), ());
        let index = SqliteIndex::open(&at).unwrap();
        assert_eq!(index.check_notes().unwrap_err().kind(), IndexErrorKind::DamagedRow);
        assert_eq!(index.note("note/a").unwrap(), None);
    }
    let mut index = SqliteIndex::open(&at).unwrap();
    assert_eq!(index.drop_damaged_notes().unwrap(), ["\u{fffd}"]);
    index.check_notes().unwrap();
    assert_eq!(
        index.notes("").unwrap(),
        [("kept".to_owned(), b"what it says".to_vec())]
    );
    assert!(index.drop_damaged_notes().unwrap().is_empty());
}

#[test]
fn notes_of_before_sums_are_read_and_carry_one_from_then_on() {
    let (top, index) = fresh();
    drop(index);
    let at = top.path().join("index.sqlite");
    meddle(&at, "INSERT INTO note VALUES ('a', x'0102')", ());
    let other = rusqlite::Connection::open(&at).unwrap();
    other.pragma_update(None, "user_version", 1).unwrap();
    drop(other);
    for _ in 0..2 {
        let index = SqliteIndex::open(&at).unwrap();
        assert_eq!(index.note("a").unwrap(), Some(vec![1, 2]));
        index.check_notes().unwrap();
    }
    meddle(&at, "UPDATE note SET value = x'0102' WHERE name = 'a'", ());
    assert!(SqliteIndex::open(&at).unwrap().check_notes().is_err());
}

#[test]
fn notes_of_before_sums_are_laid_out_and_read_as_they_are() {
    let (top, index) = fresh();
    drop(index);
    let at = top.path().join("index.sqlite");
    meddle(&at, "INSERT INTO note VALUES ('a', x'0102')", ());
    let other = rusqlite::Connection::open(&at).unwrap();
    other.pragma_update(None, "user_version", 1).unwrap();
    drop(other);
    let sums = [NoteSums::Unknown, NoteSums::Carried];
    assert_eq!(sums.map(|sums| sums.unpack(b"a", &[1, 2]).is_ok()), [true, false]);
    assert_eq!(sums.map(|sums| sums.pack("a", &[1, 2]).len()), [2, 11]);
    let index = SqliteIndex::open(&at).unwrap();
    assert_eq!(index.notes("").unwrap(), [("a".to_owned(), vec![1, 2])]);
}
