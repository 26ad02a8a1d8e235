//! What holds on exFAT holds on FAT, by the driver of the Linux kernel; and what is so on FAT alone.
//!
//! Each test runs in a guest of its own (`guest.rs`), with a home on ext4 and one on FAT.

use std::collections::BTreeSet;
use std::fs::File;

use crate::foreign::{self, Pair, fill, truth};
use crate::guest;

/// The first size of a file that FAT has no room to write down.
const TOO_LARGE: u64 = 1 << 32;

/// Runs tests of foreign drives, which are FAT in a guest.
macro_rules! once_more_on_fat {
    ($($module:ident::$test:ident)*) => {
        /// The tests that run once more.
        const AGAIN: &[&str] = &[$(concat!(stringify!($module), "::", stringify!($test))),*];

        mod again {
            $(
                #[test]
                fn $test() {
                    crate::guest::run(concat!(stringify!($module), "::", stringify!($test)));
                }
            )*
        }
    };
}

once_more_on_fat! {
    foreign_changes::a_sync_that_is_killed_and_a_drive_taken_out_end_at_the_same_state
    foreign_changes::a_folder_that_goes_leaves_the_links_in_it_and_says_so
    foreign_changes::an_archive_that_begins_there_is_like_any_other
    foreign_changes::files_that_were_moved_and_edited_are_deletions_only_where_the_drive_does_not_say_when_they_came_to_be
    foreign_changes::links_are_held_not_shown_and_never_deleted
    foreign_changes::names_that_move_on_among_files_that_look_alike_are_renames
    foreign_changes::ordinary_changes_travel_both_ways
    foreign_conflicts::a_conflict_with_a_link_is_listed_and_answered_where_the_link_cannot_be_shown
    foreign_conflicts::a_copy_whose_name_is_too_long_there_is_one_of_two_versions_all_the_same
    foreign_conflicts::what_cannot_be_decided_there_is_refused_and_says_where_it_can
    foreign_edits::a_kept_edit_that_is_edited_unseen_once_more_is_said_to_be_in_no_other_home
    foreign_edits::a_link_that_the_drive_cannot_show_is_asked_of_nobody_while_something_is_damaged
    foreign_edits::an_edit_of_another_home_stands_beside_what_is_kept_here
    foreign_edits::an_edit_that_keeps_size_and_time_is_sent_once_a_person_says_that_it_is_one
    foreign_edits::what_was_asked_for_already_is_kept_all_the_same
    foreign_names::a_copy_that_is_carried_from_there_to_another_drive_keeps_the_true_names
    foreign_names::odd_names_are_copied_under_an_escape_that_travels_back
    foreign_names::odd_names_arrive_by_sync_and_are_said_before
    foreign_names::of_many_names_that_stand_otherwise_the_first_are_told_and_the_others_are_counted
    foreign_names::what_a_copy_cannot_hold_is_said_when_it_is_made_and_before_its_first_visit
    foreign_names::what_people_there_name_oddly_themselves_travels_under_just_that_name
    foreign_room::hundreds_of_small_files_that_take_a_block_each_come_as_far_as_there_are_blocks
    foreign_room::what_fits_comes_at_once_the_small_first_and_a_film_without_room_is_named
    foreign_times::a_clock_that_was_put_forward_an_hour_for_all_files_is_no_change
    foreign_times::plugging_time_zones_and_coarse_times_are_no_changes
    foreign_times::times_that_a_drive_cannot_hold_stay_what_they_are_everywhere_else
}

/// Plays with a home on ext4 and one on FAT, with nothing left to say: in a guest, whose one test is the one that asks.
fn on_fat<F: FnOnce(Pair)>(play: F) {
    // What a closure's type is called begins with the test that it stands in.
    let name = std::any::type_name::<F>();
    let test = name
        .strip_prefix("scenario::")
        .and_then(|name| name.strip_suffix("::{{closure}}"));
    if let Some(world) = guest::world(test.expect("a closure in a test of this suite")) {
        play(foreign::pair(&world, fill).expect("a guest has such drives"));
    }
}

#[test]
fn every_test_of_foreign_drives_runs_on_fat_too() {
    let suite = std::env::current_exe().expect("a running suite has a path");
    let listed = std::process::Command::new(suite).args(["--list", "foreign"]).output();
    let listed = String::from_utf8(listed.expect("it runs").stdout).expect("text");
    let listed = listed.lines().filter_map(|line| line.strip_suffix(": test"));
    let of_foreign: BTreeSet<_> = listed.filter(|test| test.starts_with("foreign")).collect();
    assert_eq!(of_foreign, BTreeSet::from_iter(AGAIN.iter().copied()));
}

#[test]
fn a_file_that_is_too_large_for_fat_is_held_and_said_and_everything_else_arrives() {
    on_fat(|mut pair| {
        let film = pair.pep.folder.join("film.mkv");
        let file = File::create(&film).expect("a file can be made");
        file.set_len(TOO_LARGE).expect("a file can be sparse");
        pair.pep.write("beside.txt", "beside");
        let report = pair.pep.sync();
        assert_eq!(report["warnings"][0]["path"], "film.mkv", "{report:#}");
        let said = report["warnings"][0]["reason"].as_str().expect("a sentence");
        assert!(
            said.contains("too large") && said.contains("anna's home (FAT)"),
            "{said}"
        );
        let report = pair.anna.sync();
        assert_eq!(report["warnings"][0]["path"], "film.mkv", "{report:#}");
        assert!(pair.anna.has("beside.txt") && !pair.anna.has("film.mkv"));
        pair.drive.replug(None);
        for home in [&pair.pep, &pair.anna, &pair.pep] {
            let report = home.sync();
            assert_eq!(
                report["posted"]["changesets"], 0,
                "its absence is no deletion: {report:#}"
            );
        }
        // Small enough, it comes.
        file.set_len(1 << 20).expect("a file can be cut");
        pair.settle();
        assert_eq!(pair.anna.read("film.mkv").len(), 1 << 20);
        pair.drive.replug(None);
        pair.check_quiet();
    });
}

#[test]
fn names_that_fat_takes_for_one_are_kept_apart_or_named() {
    on_fat(|mut pair| {
        let Pair { pep, anna, .. } = &pair;
        // At both homes at once: both versions are kept, under names that every drive keeps apart.
        pep.write("Tree.txt", "pep's");
        anna.write("TREE.TXT", "anna's");
        pep.write("\u{e9}t\u{e9}.txt", "composed");
        anna.write("e\u{301}te\u{301}.txt", "decomposed");
        for home in [pep, anna, pep] {
            home.sync();
        }
        assert_eq!(pep.sync()["conflicts"].as_array().map(Vec::len), Some(2));
        pair.settle();
        for content in ["pep's", "anna's", "composed", "decomposed"] {
            assert!(
                pep.keeps(content.as_bytes()) && anna.keeps(content.as_bytes()),
                "{content}"
            );
        }
        // At one home: one of them is the entry, the other is named and left where it is.
        pep.write("Twin.txt", "one");
        pep.write("twin.txt", "other");
        let report = pep.json(["sync", pep.at()]).expect_code(5).only_report();
        assert_eq!(report["skipped"][0]["path"], "twin.txt", "{report:#}");
        anna.sync();
        assert_eq!(anna.read("Twin.txt"), b"one");
        pep.rename("twin.txt", "third.txt");
        pair.settle();
        // Linux looks up another case of an accent in vain there, and lets nobody make it either.
        pep.write("\u{c9}COLE", "school");
        pair.settle();
        for (home, from, to) in [
            (pep, "\u{c9}COLE", "\u{e9}cole"),
            (anna, "\u{e9}cole", "\u{c9}cole"),
            (pep, "\u{c9}cole", "E\u{301}cole"),
        ] {
            foreign::respell(home, from, to);
            pair.settle();
        }
        pair.drive.replug(None);
        pair.check_quiet();
    });
}

#[test]
fn a_name_that_fat_takes_for_the_short_form_of_another_costs_neither() {
    on_fat(|mut pair| {
        let Pair { pep, anna, .. } = &pair;
        pep.write("long file name.txt", "long");
        pep.write("a long folder/inside.txt", "inside");
        pep.write("a third long name.txt", "third");
        pair.settle();
        assert_eq!(anna.read("LONGFI~1.TXT"), b"long", "FAT takes it so");
        assert_eq!(anna.read("ALONGF~1/inside.txt"), b"inside");
        // As a new file, as a new folder, by a rename, and as a file where the other is a folder.
        pep.write("LONGFI~1.TXT", "short");
        pep.write("ALONGF~1/deeper/inside.txt", "of the short one");
        pair.settle();
        assert_eq!(anna.read("LONGFI~1.TXT"), b"short");
        assert_eq!(anna.read("long file name.txt"), b"long");
        pep.rename("long file name.txt", "ATHIRD~1.TXT");
        pep.rename("a long folder", "ALONGF~2");
        pair.settle();
        pep.rename("a third long name.txt", "ATHIRD~2.TXT");
        anna.write("another long name.txt", "another");
        pair.settle();
        pep.rename("another long name.txt", "ANOTHE~1.TXT");
        pep.write("longfi~1.txt", "case");
        pep.remove("LONGFI~1.TXT");
        pair.settle();
        pair.check_quiet();
        assert!(truth(anna).keys().all(|path| !path.contains("offsync-renames")));
        pair.drive.replug(None);
        pair.check_quiet();
    });
}
