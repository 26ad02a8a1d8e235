//! Folders that something else took the place of, or that went, at a drive that is pulled in the middle of a sync: nothing
//! of them is left behind in the index.

use offsync_testkit::Rng;

use crate::home::{Homes, path};

fn two_homes() -> Homes {
    let mut homes = Homes::new(2);
    for folder in ["album", "album/deep"] {
        homes.hand(0).mkdir(&path(folder)).expect("fits");
    }
    for file in ["album/deep/photo.jpg", "other"] {
        homes
            .hand(0)
            .write(&path(file), format!("this is {file}"))
            .expect("fits");
    }
    homes.round(2);
    homes
}

/// Takes the folder away with all that is in it, as its name is spelled now.
fn take_away(homes: &Homes, n: usize) {
    let tree = homes.hand(n).tree();
    let album = tree.keys().find(|at| at.key() == path("album").key());
    homes.hand(n).remove(album.expect("is there")).expect("is there");
}

fn supplant(homes: &Homes) {
    take_away(homes, 0);
    homes.hand(0).write(&path("album"), "a list of photos").expect("fits");
}

/// Lets the folder be spelled anew elsewhere, so that an intent here names a folder with files in it.
fn respell_elsewhere(homes: &mut Homes) {
    homes.hand(1).rename(&path("album"), &path("Album")).expect("is there");
    homes.sync(1);
}

/// Plays a story with the power going at each call of a sync in turn, and gives what all have in the end.
#[track_caller]
fn check(before: impl Fn(&mut Homes), after: impl Fn(&mut Homes), ends: &[&[&str]]) {
    let mut rng = Rng::new(1);
    for calls in 1.. {
        let mut homes = two_homes();
        before(&mut homes);
        let is_whole = homes.sync_until(0, calls, &mut rng).1.is_some();
        after(&mut homes);
        for _ in 0..2 {
            homes.sync_confirmed(0);
            homes.sync_confirmed(1);
        }
        let report = homes.sync(0);
        assert!(
            report.up_to_date && report.skipped.is_empty(),
            "call {calls}: {report:?}"
        );
        homes.assert_all_equal();
        let tree: Vec<String> = homes.hand(0).tree().keys().map(ToString::to_string).collect();
        assert!(ends.iter().any(|end| *end == tree), "call {calls}: {tree:?}");
        if is_whole {
            return;
        }
    }
}

#[test]
fn a_file_in_a_folders_place_leaves_nothing_of_the_folder_behind() {
    check(|homes| supplant(homes), |_| (), &[&["album", "other"]]);
    // Seed 50003 of the profile `power`: it went elsewhere, too, and so nothing made the folder anew and looked into it.
    let after = |homes: &mut Homes| {
        take_away(homes, 1);
        homes.sync_confirmed(1);
    };
    check(|homes| supplant(homes), after, &[&["album", "other"]]);
}

#[test]
fn a_folder_that_went_while_a_sync_was_cut_off_in_it_leaves_nothing_behind() {
    // Nobody knows whether the person had seen its new name: it may come back, and is empty.
    check(
        respell_elsewhere,
        |homes| take_away(homes, 0),
        &[&["other"], &["Album", "other"]],
    );
}

#[test]
fn a_folder_that_went_everywhere_while_a_sync_was_cut_off_in_it_leaves_nothing_behind() {
    let after = |homes: &mut Homes| {
        take_away(homes, 0);
        take_away(homes, 1);
        homes.sync_confirmed(1);
    };
    check(respell_elsewhere, after, &[&["other"], &["Album", "other"]]);
}

#[test]
fn a_file_that_took_the_place_of_a_folder_that_went_everywhere_leaves_nothing_of_it_behind() {
    let after = |homes: &mut Homes| {
        supplant(homes);
        take_away(homes, 1);
        homes.sync_confirmed(1);
    };
    check(respell_elsewhere, after, &[&["album", "other"]]);
}
