//! What people do to a conflict copy, in one home or in two at the same time, is done in every home.

use crate::matrix::{check_rest, to_rest};
use crate::matrix_folders::{ORDERS, Row, Spot, nothing, play};

/// Rows that begin with a file kept in two versions: `first` and `second`.
fn rows_of_copies() -> Vec<Row> {
    let row = |name, by, contents, conflicts| Row {
        name,
        fill: |at| at.write("notes.txt", "before"),
        by,
        contents,
        there: &["notes.txt"],
        gone: &[],
        conflicts,
    };
    // Which of the two has the name depends on nothing that people see; so rows write what they need.
    vec![
        row("copy left alone", [nothing, nothing], &["first", "second"], &[1]),
        row(
            "copy deleted in one home",
            [
                |at| {
                    at.write("notes.txt", "kept");
                    at.remove(&at.copy());
                },
                nothing,
            ],
            &["kept"],
            &[0],
        ),
        row(
            "copy deleted in both homes",
            [
                |at| at.remove(&at.copy()),
                |at| {
                    at.remove(&at.copy());
                    at.write("notes.txt", "kept");
                },
            ],
            &["kept"],
            &[0],
        ),
        row(
            "copy renamed in one home",
            [|at| at.rename(&at.copy(), "mine.txt"), nothing],
            &["first", "second"],
            &[0],
        ),
        row(
            "copy edited in one home",
            [
                |at| {
                    at.write("notes.txt", "kept");
                    at.write(&at.copy(), "edited");
                },
                nothing,
            ],
            &["edited", "kept"],
            &[1],
        ),
        row(
            "copy edited in both homes",
            [
                |at| {
                    at.write("notes.txt", "kept");
                    at.write(&at.copy(), "edited here");
                },
                |at| at.write(&at.copy(), "edited there"),
            ],
            &["edited here", "edited there", "kept"],
            &[2],
        ),
        row(
            "copy edited here and deleted there",
            [
                |at| {
                    at.write("notes.txt", "kept");
                    at.write(&at.copy(), "edited");
                },
                |at| at.remove(&at.copy()),
            ],
            &["edited", "kept"],
            &[1],
        ),
        row(
            "copy edited here and renamed there",
            [
                |at| {
                    at.write("notes.txt", "kept");
                    at.write(&at.copy(), "edited");
                },
                |at| {
                    at.write(&at.copy(), "mine");
                    at.rename(&at.copy(), "mine.txt");
                },
            ],
            &["edited", "kept", "mine"],
            &[1],
        ),
    ]
}

#[test]
fn what_is_done_to_a_conflict_copy_is_done_everywhere() {
    let rows = rows_of_copies();
    for order in ORDERS {
        play(&rows, order, |homes| {
            for row in &rows {
                for (home, text) in homes.iter().zip(["first", "second"]) {
                    Spot { home, row: row.name }.write("notes.txt", text);
                }
            }
            to_rest(homes, order);
            assert_eq!(check_rest(homes, order).len(), rows.len());
        });
    }
}
