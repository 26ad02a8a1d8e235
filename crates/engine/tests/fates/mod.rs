//! Where files went is known from the changesets that moved them, however late a home looks and whatever happened to them since.

use offsync_core::rel_path::RelPath;
use offsync_engine::HeldDirection;
use offsync_testkit::{DiskOptions, Rng};

use crate::home::{Homes, noise, path};

/// So many files are moved: by default that would be many deletions.
const FILES: usize = 8;

/// Homes with files in one folder, and one more beside it.
fn filled(count: usize) -> Homes {
    let mut homes = Homes::on(&vec![DiskOptions::ext4(); count]);
    for n in 0..FILES {
        write(&homes, 0, &at("d", n), &format!("content {n}"));
    }
    write(&homes, 0, "one more", "stays");
    homes.round(2);
    homes.pass_days(1);
    homes
}

fn at(folder: &str, n: usize) -> String {
    format!("{folder}/{n}")
}

fn write(homes: &Homes, n: usize, at: &str, content: &str) {
    homes.hand(n).write(&path(at), content).expect("fits");
}

fn rename(homes: &Homes, n: usize, from: &str, to: &str) {
    homes.hand(n).rename(&path(from), &path(to)).expect("is free");
}

fn edit_all(homes: &Homes, n: usize, folder: &str, word: &str) {
    for file in 0..FILES {
        let edited = format!("{word} {file}");
        let to = path(&at(folder, file));
        homes.hand(n).write_in_place(&to, edited).expect("fits");
    }
}

/// Deletes the files of a folder a few at a time, which are not many where they are deleted.
fn delete_in_halves(homes: &mut Homes, n: usize, folder: &str) {
    for half in [0..4, 4..FILES] {
        for file in half {
            homes.hand(n).remove(&path(&at(folder, file))).expect("is there");
        }
        assert_eq!(homes.sync(n).held, None);
    }
}

fn held(homes: &mut Homes, n: usize) -> Option<(HeldDirection, u64, u64)> {
    let held = homes.sync(n).held?;
    Some((held.direction, held.deletions, held.of))
}

fn files_in(homes: &Homes, n: usize, folder: &str) -> usize {
    let is_in = |at: &RelPath| at.key().is_below(&path(folder).key());
    homes.hand(n).tree().keys().filter(|at| is_in(at)).count()
}

/// What somebody does with a folder between two syncs: the syncs of the others come after all of it.
type Story = fn(&mut Homes) -> &'static str;

fn renamed_and_edited(homes: &mut Homes) -> &'static str {
    rename(homes, 0, "d", "e");
    homes.sync(0);
    edit_all(homes, 0, "e", "edited");
    homes.sync(0);
    "e"
}

fn edited_and_renamed_twice(homes: &mut Homes) -> &'static str {
    edit_all(homes, 0, "d", "edited");
    homes.sync(0);
    rename(homes, 0, "d", "e");
    homes.sync(0);
    edit_all(homes, 0, "e", "edited again");
    homes.sync(0);
    rename(homes, 0, "e", "f");
    homes.sync(0);
    edit_all(homes, 0, "f", "edited at last");
    homes.sync(0);
    "f"
}

fn renamed_and_edited_at_once_and_edited_again(homes: &mut Homes) -> &'static str {
    rename(homes, 0, "d", "e");
    edit_all(homes, 0, "e", "edited");
    homes.sync(0);
    edit_all(homes, 0, "e", "edited again");
    homes.sync(0);
    "e"
}

fn renamed_by_one_and_edited_by_another(homes: &mut Homes) -> &'static str {
    rename(homes, 0, "d", "e");
    homes.sync(0);
    homes.sync(1);
    edit_all(homes, 1, "e", "edited");
    homes.sync(1);
    "e"
}

const STORIES: [Story; 4] = [
    renamed_and_edited,
    edited_and_renamed_twice,
    renamed_and_edited_at_once_and_edited_again,
    renamed_by_one_and_edited_by_another,
];

#[test]
fn whoever_looks_after_a_folder_was_renamed_and_edited_is_asked_nothing() {
    for (n, story) in STORIES.iter().enumerate() {
        let mut homes = filled(3);
        let to = story(&mut homes);
        assert_eq!(held(&mut homes, 2), None, "story {n}");
        assert_eq!((files_in(&homes, 2, "d"), files_in(&homes, 2, to)), (0, FILES));
        assert_eq!(homes.notes(2, "fate/"), 0, "what is shown needs no note");
        homes.round(2);
        homes.assert_all_equal();
    }
}

#[test]
fn nor_is_anybody_wherever_the_power_goes_meanwhile() {
    for calls in (1..).step_by(3) {
        let mut homes = filled(2);
        edited_and_renamed_twice(&mut homes);
        let (_, report) = homes.sync_until(1, calls, &mut Rng::new(calls));
        assert_eq!(held(&mut homes, 1), None, "at {calls}");
        assert_eq!((files_in(&homes, 1, "d"), files_in(&homes, 1, "f")), (0, FILES));
        if report.is_some() {
            assert!(calls > 10, "{calls}");
            return;
        }
    }
}

#[test]
fn a_yes_to_the_deletion_of_what_was_moved_counts_where_it_had_not_arrived() {
    let mut homes = filled(2);
    rename(&homes, 0, "d", "e");
    homes.sync(0);
    homes.hand(0).remove(&path("e")).expect("is there");
    assert!(homes.sync(0).held.is_some());
    assert_eq!(homes.sync_confirmed(0).held, None);
    assert_eq!(held(&mut homes, 1), None);
    homes.assert_all_equal();
}

#[test]
fn what_was_moved_and_deleted_a_few_at_a_time_is_asked_about_once() {
    for is_edited in [false, true] {
        let mut homes = filled(2);
        rename(&homes, 0, "d", "e");
        homes.sync(0);
        if is_edited {
            edit_all(&homes, 0, "e", "edited");
            homes.sync(0);
        }
        delete_in_halves(&mut homes, 0, "e");
        let all = FILES as u64;
        for _ in 0..2 {
            let held = homes.sync(1).held.expect("they are many");
            assert_eq!(
                (held.direction, held.deletions, held.of),
                (HeldDirection::Remote, all, all + 1)
            );
            assert_eq!(held.by, Some(homes.location(0)));
            assert!(homes.notes(1, "fate/") > 0, "it is still to be shown");
            homes.sync(0);
        }
        assert_eq!(homes.sync_confirmed(1).held, None);
        assert_eq!(homes.notes(1, "fate/"), 0);
        homes.round(2);
        homes.assert_all_equal();
        assert_eq!(files_in(&homes, 1, "d"), 0);
    }
}

#[test]
fn who_copied_by_hand_what_another_home_moved_is_asked_nothing() {
    for is_posted in [false, true] {
        let mut homes = filled(2);
        rename(&homes, 0, "d", "e");
        homes.hand(1).mkdir(&path("e")).expect("made");
        for n in 0..FILES {
            homes
                .hand(1)
                .copy(&path(&at("d", n)), &path(&at("e", n)))
                .expect("fits");
        }
        if is_posted {
            homes.sync(1);
        }
        homes.sync(0);
        assert_eq!(held(&mut homes, 1), None, "posted: {is_posted}");
        homes.round(3);
        homes.assert_all_equal();
        assert_eq!((files_in(&homes, 0, "d"), files_in(&homes, 0, "e")), (0, FILES));
    }
}

#[test]
fn files_that_come_to_the_names_of_those_that_were_moved_there_and_deleted_excuse_nothing() {
    let mut homes = filled(2);
    rename(&homes, 0, "d", "e");
    homes.sync(0);
    delete_in_halves(&mut homes, 0, "e");
    for n in 0..FILES {
        write(&homes, 0, &at("e", n), &format!("another {n}"));
    }
    homes.sync(0);
    let all = FILES as u64;
    assert_eq!(held(&mut homes, 1), Some((HeldDirection::Remote, all, all + 1)));
}

#[test]
fn what_another_moved_over_is_a_deletion_though_that_one_was_edited_since() {
    let mut homes = filled(2);
    for n in 0..FILES {
        write(&homes, 0, &at("s", n), &format!("new {n}"));
    }
    homes.round(2);
    for half in [0..4, 4..FILES] {
        for n in half {
            homes.hand(0).remove(&path(&at("d", n))).expect("is there");
            rename(&homes, 0, &at("s", n), &at("d", n));
        }
        assert_eq!(homes.sync(0).held, None);
    }
    edit_all(&homes, 0, "d", "edited");
    homes.sync(0);
    let all = FILES as u64;
    assert_eq!(held(&mut homes, 1), Some((HeldDirection::Remote, all, 2 * all + 1)));
    assert_eq!(
        (files_in(&homes, 1, "d"), files_in(&homes, 1, "s")),
        (FILES, FILES),
        "both wait"
    );
    homes.sync_confirmed(1);
    homes.round(2);
    homes.assert_all_equal();
}

#[test]
fn what_moved_away_before_something_else_came_to_its_place_is_no_deletion() {
    let mut homes = filled(2);
    for n in 0..FILES {
        write(&homes, 0, &at("s", n), &format!("new {n}"));
    }
    homes.round(2);
    rename(&homes, 0, "d", "e");
    homes.sync(0);
    edit_all(&homes, 0, "e", "edited");
    homes.sync(0);
    rename(&homes, 0, "s", "d");
    homes.sync(0);
    assert_eq!(held(&mut homes, 1), None);
    homes.round(2);
    homes.assert_all_equal();
}

#[test]
fn a_file_whose_copy_an_edit_made_is_deleted_all_the_same() {
    let mut homes = filled(2);
    for n in 0..FILES {
        write(&homes, 0, &at("s", n), &format!("new {n}"));
    }
    homes.round(2);
    edit_all(&homes, 0, "d", "new");
    homes.sync(0);
    delete_in_halves(&mut homes, 0, "s");
    let all = FILES as u64;
    assert_eq!(held(&mut homes, 1), Some((HeldDirection::Remote, all, 2 * all + 1)));
    assert_eq!(files_in(&homes, 1, "s"), FILES);
}

#[test]
fn a_yes_that_travelled_stands_though_the_files_could_not_be_taken_away_at_once() {
    for is_moved in [false, true] {
        let mut homes = filled(3);
        if is_moved {
            rename(&homes, 0, "d", "e");
            homes.sync(0);
        }
        let folder = if is_moved { "e" } else { "d" };
        homes.hand(0).remove(&path(folder)).expect("is there");
        homes.sync_confirmed(0);
        homes.disk(1).deny(&path("d"));
        // Every home hears of it, and forgets that there was anything.
        for _ in 0..3 {
            homes.round(1);
            assert_eq!(homes.sync(1).held, None, "moved before: {is_moved}");
        }
        homes.disk(1).allow(&path("d"));
        assert_eq!(homes.sync(1).held, None, "moved before: {is_moved}");
        homes.round(2);
        homes.assert_all_equal();
        assert_eq!(files_in(&homes, 1, "d"), 0);
        assert_eq!(homes.notes(1, "fate/"), 0);
    }
}

#[test]
fn a_folder_that_another_home_renamed_and_that_cannot_be_read_here_is_named_and_asked_about_by_nobody() {
    for is_edited in [false, true] {
        let mut homes = filled(2);
        homes.disk(1).deny(&path("d"));
        rename(&homes, 0, "d", "e");
        homes.sync(0);
        if is_edited {
            edit_all(&homes, 0, "e", "edited");
            homes.sync(0);
        }
        for _ in 0..2 {
            let report = homes.sync(1);
            assert_eq!(report.held, None, "edited: {is_edited}");
            let said: Vec<String> = report
                .skipped
                .iter()
                .map(|line| line.to_owned().path.to_string())
                .collect();
            assert!(said.iter().any(|at| at == "d"), "{:?}", report.skipped);
            homes.sync(0);
        }
        homes.disk(1).allow(&path("d"));
        assert_eq!(homes.sync(1).held, None);
        homes.round(2);
        homes.assert_all_equal();
        assert_eq!((files_in(&homes, 1, "d"), files_in(&homes, 1, "e")), (0, FILES));
    }
}

/// A home whose folder cannot be changed has what another one renamed and edited, and the old files besides.
fn with_both() -> Homes {
    let mut homes = filled(2);
    homes.disk(1).deny(&path("d"));
    rename(&homes, 0, "d", "e");
    edit_all(&homes, 0, "e", "edited");
    homes.sync(0);
    assert_eq!(homes.sync(1).held, None);
    assert_eq!((files_in(&homes, 1, "d"), files_in(&homes, 1, "e")), (FILES, FILES));
    homes
}

#[test]
fn what_stands_in_two_places_here_since_one_could_not_be_taken_away_is_one_deletion() {
    let mut homes = with_both();
    delete_in_halves(&mut homes, 0, "e");
    let told = homes.sync(1).held.expect("they are many");
    assert_eq!(told.deletions, FILES as u64);
    assert!(
        told.sample.iter().all(|at| at.to_string().starts_with("e/")),
        "{told:?}"
    );
    homes.disk(1).allow(&path("d"));
    assert_eq!(homes.sync(1).held.map(|held| held.deletions), Some(FILES as u64));
    assert_eq!((files_in(&homes, 1, "d"), files_in(&homes, 1, "e")), (0, FILES));
    homes.sync_confirmed(1);
    homes.round(2);
    homes.assert_all_equal();
}

#[test]
fn what_was_moved_here_goes_from_where_it_was_though_it_was_edited_here_since() {
    let mut homes = with_both();
    edit_all(&homes, 1, "e", "edited here");
    assert_eq!(homes.sync(1).held, None);
    assert_eq!(homes.sync(1).held, None);
    homes.disk(1).allow(&path("d"));
    assert_eq!(homes.sync(1).held, None);
    homes.round(2);
    homes.assert_all_equal();
    assert_eq!(files_in(&homes, 1, "d"), 0);
}

#[test]
fn what_was_moved_and_edited_stays_where_it_was_until_its_content_is_here() {
    for at_once in [true, false] {
        let mut homes = Homes::new(2);
        let of = |file: usize, word: &str| [noise(100_000 + file), word.into()].concat();
        for file in 0..FILES {
            homes
                .hand(0)
                .write(&path(&at("d", file)), of(file, "old"))
                .expect("fits");
        }
        write(&homes, 0, "one more", "stays");
        homes.round(2);
        rename(&homes, 0, "d", "e");
        if !at_once {
            homes.sync(0);
        }
        for file in 0..FILES {
            let to = path(&at("e", file));
            homes.hand(0).write_in_place(&to, of(file, "new")).expect("fits");
        }
        homes.sync(0);
        homes.packs().iter().for_each(|pack| homes.lose_objects(pack));
        assert_eq!(held(&mut homes, 1), None);
        assert_eq!(
            (files_in(&homes, 1, "d"), files_in(&homes, 1, "e")),
            (FILES, 0),
            "at once: {at_once}"
        );
        homes.round(3);
        homes.assert_all_equal();
        assert_eq!((files_in(&homes, 1, "d"), files_in(&homes, 1, "e")), (0, FILES));
        homes.assert_mailbox_holds_only_heads_and_people();
    }
}

#[test]
fn a_yes_to_what_was_moved_and_edited_is_none_to_what_becomes_of_it_later() {
    for is_renamed in [true, false] {
        let mut homes = filled(2);
        rename(&homes, 0, "d", "e");
        edit_all(&homes, 0, "e", "content, edited,");
        if is_renamed {
            // Its content tells nothing, its inode does: the others are told that they need not ask.
            rename(&homes, 0, "e/0", "e/another name");
            write(&homes, 0, "one more", "edited");
        }
        assert_eq!(homes.sync_confirmed(0).held, None);
        let left = if is_renamed { 1..FILES } else { 0..FILES };
        for file in left.clone() {
            homes.hand(0).remove(&path(&at("e", file))).expect("is there");
            assert_eq!(homes.sync(0).held, None, "few at a time");
        }
        let (direction, deletions, _) = held(&mut homes, 1).expect("nobody was asked about these");
        assert_eq!((direction, deletions), (HeldDirection::Remote, left.len() as u64));
        assert_eq!(files_in(&homes, 1, "d"), left.len());
    }
}

#[test]
fn what_somebody_said_yes_to_makes_what_is_left_no_smaller_a_part() {
    let mut homes = Homes::new(2);
    for n in 0..60 {
        write(&homes, 0, &at("gone", n), &format!("gone {n}"));
    }
    for n in 0..20 {
        write(&homes, 0, &at("left", n), &format!("left {n}"));
    }
    homes.round(2);
    for n in 0..60 {
        homes.hand(0).remove(&path(&at("gone", n))).expect("is there");
    }
    homes.sync_confirmed(0);
    for n in 0..19 {
        homes.hand(0).remove(&path(&at("left", n))).expect("is there");
        assert_eq!(homes.sync(0).held, None, "one at a time");
    }
    assert_eq!(held(&mut homes, 1), Some((HeldDirection::Remote, 19, 20)));
    assert_eq!((files_in(&homes, 1, "gone"), files_in(&homes, 1, "left")), (0, 20));
}
