//! Files that are moved and edited between two syncs are no deletions to anybody, as long as they are those very files.

use offsync_engine::ChangeCounts;
use offsync_testkit::{DiskOptions, InodeNumbers};

use crate::home::{Homes, noise, path};

/// So many files of one folder are moved: by default that would be many deletions.
const FILES: usize = 8;

fn filled(drives: &[DiskOptions]) -> Homes {
    let mut homes = Homes::on(drives);
    for n in 0..FILES {
        write(&homes, &at("letters", n), &format!("letter {n}"));
    }
    write(&homes, "one more", "stays");
    homes.round(2);
    homes.pass_days(1);
    homes
}

fn at(folder: &str, n: usize) -> String {
    format!("{folder}/{n}.txt")
}

fn write(homes: &Homes, at: &str, content: &str) {
    homes.hand(0).write(&path(at), content).expect("fits");
}

fn move_and_edit(homes: &Homes, from: &str, to: &str) {
    homes.hand(0).mkdir(&path(to)).expect("made");
    for n in 0..FILES {
        let (old, new) = (path(&at(from, n)), path(&at(to, n)));
        homes.hand(0).rename(&old, &new).expect("is free");
        let edited = format!("letter {n}, now in {to}");
        homes.hand(0).write_in_place(&new, edited).expect("fits");
    }
}

/// What the changeset that came last is told to have changed.
fn last_counts(homes: &mut Homes, n: usize) -> ChangeCounts {
    let log = homes.with_engine(n, |engine| engine.log().expect("a log"));
    log.last().expect("something came").counts
}

fn bare() -> DiskOptions {
    DiskOptions {
        inodes: InodeNumbers::Absent,
        ..DiskOptions::exfat()
    }
}

#[test]
fn files_that_were_moved_and_edited_are_deletions_in_no_home() {
    for drive in [DiskOptions::ext4(), DiskOptions::apfs(), bare()] {
        let mut homes = filled(&[drive, DiskOptions::ext4(), DiskOptions::ext4()]);
        move_and_edit(&homes, "letters", "answered");

        assert_eq!(homes.sync(0).held, None);

        for other in [1, 2] {
            assert_eq!(homes.sync(other).held, None);
            let counts = last_counts(&mut homes, other);
            assert_eq!((counts.renamed, counts.created, counts.deleted), (FILES as u64, 0, 0));
            assert_eq!(homes.read(other, "answered/3.txt"), "letter 3, now in answered");
        }
        homes.round(2);
        homes.assert_all_equal();
    }
}

#[test]
fn other_files_of_the_same_names_are_not_those_that_went() {
    for drive in [DiskOptions::ext4(), bare()] {
        let mut homes = filled(&[drive, DiskOptions::ext4()]);
        homes.hand(0).remove(&path("letters")).expect("is there");
        for n in 0..FILES {
            write(&homes, &at("bills", n), &format!("bill {n}"));
        }

        let report = homes.sync(0);

        assert_eq!(report.held.map(|held| held.deletions), Some(FILES as u64));
        assert!(homes.sync(1).held.is_none() && homes.hand(1).read(&path("letters/0.txt")).is_ok());
        homes.sync_confirmed(0);
        assert_eq!(homes.sync(1).held, None);
        let counts = last_counts(&mut homes, 1);
        assert_eq!((counts.renamed, counts.deleted), (0, FILES as u64), "as was said");
    }
}

#[test]
fn where_a_drive_does_not_say_when_files_came_to_be_a_person_is_asked() {
    let drive = DiskOptions {
        has_birth_time: false,
        ..DiskOptions::ext4()
    };
    let mut homes = filled(&[drive, DiskOptions::ext4()]);
    move_and_edit(&homes, "letters", "answered");

    assert!(homes.sync(0).held.is_some());

    homes.sync_confirmed(0);
    assert_eq!(homes.sync(1).held, None);
    homes.round(2);
    homes.assert_all_equal();
}

#[test]
fn a_file_is_followed_however_often_it_is_moved_and_edited_before_the_mailbox_is_there() {
    let mut homes = filled(&[DiskOptions::ext4(), DiskOptions::ext4()]);
    homes.hand(0).mkdir(&path("later")).expect("made");
    move_and_edit(&homes, "letters", "answered");
    homes.sync_offline(0);
    move_and_edit(&homes, "answered", "done");
    homes.sync_offline(0);
    // What was only moved when it was looked at may be edited after that.
    homes
        .hand(0)
        .rename(&path("done/0.txt"), &path("later/0.txt"))
        .expect("is free");
    homes.sync_offline(0);
    homes
        .hand(0)
        .write_in_place(&path("later/0.txt"), "edited")
        .expect("fits");

    assert_eq!(homes.sync(0).held, None);
    assert_eq!(homes.sync(1).held, None);
    homes.round(2);
    homes.assert_all_equal();
}

#[test]
fn what_was_renamed_and_edited_is_followed_by_what_is_left_of_it() {
    let mut homes = Homes::on(&[bare(), DiskOptions::ext4()]);
    let film = |n: usize, edit: usize| {
        let mut bytes = noise(6_000_000 + n * 4_096);
        bytes[..edit].fill(n as u8);
        bytes
    };
    for n in 0..5 {
        homes
            .hand(0)
            .write(&path(&format!("film {n}")), film(n, 1))
            .expect("fits");
    }
    homes.round(2);
    homes.pass_days(1);
    for n in 0..5 {
        homes.hand(0).remove(&path(&format!("film {n}"))).expect("is there");
        homes
            .hand(0)
            .write(&path(&format!("cut {n}")), film(n, 100_000))
            .expect("fits");
    }

    assert_eq!(homes.sync(0).held, None);
    assert_eq!(homes.sync(1).held, None);
    let counts = last_counts(&mut homes, 1);
    assert_eq!((counts.renamed, counts.created, counts.deleted), (5, 0, 0));
}

#[test]
fn a_home_that_deletes_is_not_excused_by_another_that_brings_files_of_the_same_names() {
    let mut homes = filled(&[DiskOptions::ext4(), DiskOptions::ext4(), DiskOptions::ext4()]);
    homes.hand(1).mkdir(&path("bills")).expect("made");
    for n in 0..FILES {
        let bill = format!("bill {n}");
        homes.hand(1).write(&path(&at("bills", n)), bill).expect("fits");
    }
    // Four at a time are not many where they are deleted.
    for half in [0..4, 4..FILES] {
        for n in half {
            homes.hand(0).remove(&path(&at("letters", n))).expect("is there");
        }
        assert_eq!(homes.sync(0).held, None);
    }
    homes.sync(1);

    let report = homes.sync(2);

    assert_eq!(report.held.map(|held| held.deletions), Some(FILES as u64));
}
