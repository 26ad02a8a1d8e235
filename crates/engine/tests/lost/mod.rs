//! Content that no home has any more: it is named, and people decide.

use std::collections::BTreeSet;

use offsync_core::limits::MISSING_LISTED_MAX;
use offsync_engine::SyncReport;

use crate::home::{Homes, noise, path};

const FILM_BYTES: usize = 300_000;

fn film() -> Vec<u8> {
    noise(FILM_BYTES)
}

/// Three homes know a film; its pack was lost, and then the only file.
fn with_a_lost_film() -> Homes {
    let mut homes = Homes::new(3);
    homes.round(2);
    lose_a_film(&mut homes);
    homes.round(2);
    homes
}

fn lose_a_film(homes: &mut Homes) {
    homes.hand(0).write(&path("film.mov"), film()).expect("fits");
    homes.sync(0);
    homes.packs().iter().for_each(|pack| homes.lose_objects(pack));
    homes.hand(0).rot(&path("film.mov")).expect("is there");
    assert_eq!(homes.verify_repairing(0).damaged.len(), 1);
}

fn names(report: &SyncReport) -> Vec<String> {
    report.lost.iter().map(|file| file.path.to_string()).collect()
}

fn assert_at_rest(homes: &mut Homes) {
    homes.assert_all_equal();
    homes.assert_mailbox_holds_only_heads_and_people();
    for home in 0..3 {
        let report = homes.sync(home);
        assert_eq!((report.lost.len(), report.missing_chunks), (0, 0));
        assert!(report.up_to_date);
    }
}

#[test]
fn what_no_home_has_is_named_at_all_and_asked_for_all_the_same() {
    let mut homes = with_a_lost_film();
    for home in 0..3 {
        let report = homes.sync(home);
        assert_eq!(names(&report), ["film.mov"], "home {home}");
        assert_eq!(report.lost[0].is_damaged_here, home == 0);
        assert_eq!(report.lost[0].size_bytes, FILM_BYTES as u64);
        assert!(!report.up_to_date);
    }
    let wants = homes.mail().into_iter().filter(|name| name.starts_with("want."));
    assert_eq!(wants.count(), 3);
    // Life goes on.
    homes.hand(1).write(&path("b.txt"), "b").expect("fits");
    homes.round(2);
    assert_eq!(homes.read(2, "b.txt"), "b");
}

#[test]
fn nothing_is_called_lost_before_all_have_said_that_they_lack_it() {
    let mut homes = Homes::new(3);
    homes.round(2);
    lose_a_film(&mut homes);
    assert_eq!(names(&homes.sync(0)), [""; 0]);
    assert_eq!(names(&homes.sync(1)), [""; 0], "home 2 has not looked yet");
    assert_eq!(names(&homes.sync(2)), ["film.mov"]);
    assert_eq!(names(&homes.sync(0)), ["film.mov"]);
}

#[test]
fn whoever_puts_it_back_heals_it_everywhere() {
    let mut homes = with_a_lost_film();
    homes.hand(2).write(&path("from a backup.mov"), film()).expect("fits");
    homes.round(4);
    homes.hand(2).remove(&path("from a backup.mov")).expect("is there");
    homes.round(3);
    for home in 0..3 {
        assert_eq!(homes.read_bytes(home, "film.mov"), film());
    }
    assert_at_rest(&mut homes);
}

#[test]
fn what_a_person_gives_up_is_gone_everywhere_and_nobody_is_asked_again() {
    let mut homes = with_a_lost_film();
    homes.hand(2).write(&path("another"), "another").expect("fits");
    homes.round(2);
    homes.give_up(1);
    homes.give_up(1);
    let report = homes.sync(1);
    assert_eq!((names(&report), report.posted_entries), (vec![], 1));
    homes.round(3);
    assert!(homes.hand(0).read(&path("film.mov")).is_err());
    assert_eq!(homes.trash(0).len(), 1, "what is left of it");
    assert_at_rest(&mut homes);
}

#[test]
fn of_a_file_that_is_damaged_here_nothing_is_given_up() {
    let mut homes = with_a_lost_film();
    homes.give_up(0);
    let report = homes.sync(0);
    assert_eq!((names(&report), report.posted_entries), (vec!["film.mov".into()], 0));
    // What a person saved is their word.
    homes.hand(0).write(&path("film.mov"), "what is left").expect("fits");
    homes.round(3);
    assert_eq!(homes.read(1, "film.mov"), "what is left");
    assert_at_rest(&mut homes);
}

/// Both read alike, and one of them stepped aside for a folder: at its path there is nothing to be saved.
#[test]
fn what_is_left_of_one_file_is_not_taken_for_what_is_left_of_another_that_read_alike() {
    let mut homes = Homes::new(3);
    homes.round(2);
    homes.hand(0).write(&path("y"), film()).expect("fits");
    homes.hand(1).mkdir(&path("y")).expect("fits");
    homes.hand(1).write(&path("y/new"), "new").expect("fits");
    homes.hand(0).write(&path("film.mov"), film()).expect("fits");
    homes.sync(0);
    homes.packs().iter().for_each(|pack| homes.lose_objects(pack));
    for name in ["film.mov", "y"] {
        homes.hand(0).rot(&path(name)).expect("is there");
    }
    assert_eq!(homes.verify_repairing(0).damaged.len(), 2);
    homes.round(3);
    let report = homes.sync(0);
    let lost = report
        .lost
        .iter()
        .map(|file| (file.path.to_string(), file.is_damaged_here));
    let lost: Vec<_> = lost.collect();
    let there = homes.hand(0).tree();
    assert_eq!(
        lost,
        [("film.mov".to_owned(), true), ("y".to_owned(), false)],
        "{there:?}"
    );
    homes.give_up(0);
    homes.round(3);
    assert_eq!(names(&homes.sync(0)), ["film.mov"]);
    for home in 0..3 {
        assert_eq!(homes.read(home, "y/new"), "new");
    }
}

#[test]
fn an_older_version_that_still_stands_stays_where_the_new_one_is_given_up() {
    let mut homes = Homes::new(3);
    homes
        .hand(0)
        .write(&path("film.mov"), "as it was before")
        .expect("fits");
    homes.round(3);
    lose_a_film(&mut homes);
    homes.round(2);
    assert_eq!(homes.read(1, "film.mov"), "as it was before", "until content arrives");
    homes.give_up(1);
    homes.round(4);
    for home in 0..3 {
        assert_eq!(homes.read(home, "film.mov"), "as it was before");
    }
    assert_at_rest(&mut homes);
}

#[test]
fn giving_up_many_is_a_yes_of_its_own() {
    let mut homes = Homes::new(3);
    homes.round(2);
    for name in 0..9 {
        let content = noise(FILM_BYTES + name);
        homes
            .hand(0)
            .write(&path(&format!("{name}.mov")), content)
            .expect("fits");
    }
    homes.sync(0);
    homes.packs().iter().for_each(|pack| homes.lose_objects(pack));
    for name in 0..9 {
        homes.hand(0).rot(&path(&format!("{name}.mov"))).expect("is there");
    }
    homes.verify_repairing(0);
    homes.round(2);
    assert_eq!(homes.sync(1).lost.len(), 9);
    homes.give_up(1);
    let report = homes.sync(1);
    assert_eq!((report.held, report.posted_entries), (None, 9));
}

#[test]
fn a_drive_that_lacks_what_it_posted_takes_it_from_the_mailbox_again() {
    let mut homes = Homes::new(3);
    homes.round(2);
    homes.hand(0).write(&path("film.mov"), film()).expect("fits");
    homes.sync(0);
    homes.hand(0).rot(&path("film.mov")).expect("is there");
    homes.verify_repairing(0);
    let report = homes.sync(0);
    assert_eq!(report.repaired, [path("film.mov")]);
    assert_eq!(homes.read_bytes(0, "film.mov"), film());
}

#[test]
fn what_somebody_put_back_meanwhile_is_not_given_up() {
    let mut homes = with_a_lost_film();
    homes.hand(2).write(&path("film.mov"), film()).expect("fits");
    homes.sync(2);
    // Said by somebody who has not heard of it.
    homes.give_up(1);
    homes.round(4);
    for home in 0..3 {
        assert_eq!(homes.read_bytes(home, "film.mov"), film(), "home {home}");
    }
    assert_at_rest(&mut homes);
}

#[test]
fn more_is_lost_than_a_head_can_list_and_it_is_named_by_and_by_and_given_up_and_fills_no_mailbox() {
    const FILES: usize = MISSING_LISTED_MAX + 104;
    let mut homes = Homes::new(2);
    homes.round(2);
    lose_notes(&mut homes, FILES);
    homes.round(1);
    let mut named = [(); 2].map(|()| BTreeSet::new());
    for _ in 0..3 {
        for (home, named) in named.iter_mut().enumerate() {
            let report = homes.sync(home);
            assert!(report.lost.len() >= MISSING_LISTED_MAX / 2 - 1, "{}", report.lost.len());
            named.extend(names(&report));
        }
    }
    assert_eq!(named.map(|named| named.len()), [FILES; 2], "each sync named some");
    // Who lists all that it can might lack more, and nothing would be pruned any more.
    homes.hand(1).write(&path("film.mov"), film()).expect("fits");
    homes.round(2);
    assert_eq!(homes.read_bytes(0, "film.mov"), film());
    assert_eq!(homes.packs(), [""; 0], "all have it");
    let mut times = 0;
    while (0..2).any(|home| !homes.sync(home).lost.is_empty()) {
        homes.give_up(1);
        homes.sync(1);
        times += 1;
        assert!(times < 5, "some are always left");
    }
    assert_eq!(homes.hand(1).tree().len(), 1, "the film alone");
    assert!(homes.sync(1).up_to_date);
    let held = homes
        .sync(0)
        .held
        .expect("what is left of so many is not taken away unasked");
    assert_eq!(held.deletions, FILES as u64);
    homes.assert_mailbox_holds_only_heads_and_people();
}

/// All homes know many small files; their packs were lost, and then the only ones.
fn lose_notes(homes: &mut Homes, files: usize) {
    let name = |n: usize| path(&format!("{n}.txt"));
    for n in 0..files {
        let content = format!("What is noted as number {n} is noted nowhere else.");
        homes.hand(0).write(&name(n), content).expect("fits");
    }
    homes.sync(0);
    homes.packs().iter().for_each(|pack| homes.lose_objects(pack));
    for n in 0..files {
        homes.hand(0).rot(&name(n)).expect("is there");
    }
    assert_eq!(homes.verify_repairing(0).damaged.len(), files);
}
