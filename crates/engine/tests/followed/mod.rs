//! Files that are moved and edited between two syncs are no deletions to anybody, as long as they are those very files.

use std::sync::atomic::{AtomicBool, Ordering};

use offsync_engine::{ChangeCounts, Monitor, Phase, Progress, SyncOptions};
use offsync_testkit::{DiskOptions, Hand, InodeNumbers, SimTime};

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
fn a_deletion_beside_files_that_only_their_inodes_tell_makes_those_no_deletions() {
    let mut homes = filled(&[DiskOptions::ext4(), DiskOptions::ext4()]);
    for n in 0..2 * FILES {
        write(&homes, &at("bills", n), &format!("bill {n}"));
    }
    homes.round(2);
    homes.pass_days(1);
    for n in 0..FILES {
        let (old, new) = (path(&at("letters", n)), path(&format!("letters/IMG{n}")));
        homes.hand(0).rename(&old, &new).expect("is free");
        homes.hand(0).write_in_place(&new, noise(1_000 + n)).expect("fits");
    }
    homes.hand(0).remove(&path(&at("bills", 0))).expect("is there");

    assert_eq!(homes.sync(0).held, None);

    assert_eq!(homes.sync(1).held, None, "one file was deleted");
    homes.round(2);
    homes.assert_all_equal();

    // What nobody need be asked about is no word on what else was deleted.
    for n in 0..FILES {
        let (old, new) = (path(&format!("letters/IMG{n}")), path(&format!("letters/DSC{n}")));
        homes.hand(0).rename(&old, &new).expect("is free");
        homes.hand(0).write_in_place(&new, noise(2_000 + n)).expect("fits");
    }
    for n in 1..4 {
        homes.hand(0).remove(&path(&at("bills", n))).expect("is there");
    }
    assert_eq!(homes.sync(0).held, None, "few at a time");
    for n in 4..FILES {
        homes.hand(0).remove(&path(&at("bills", n))).expect("is there");
    }
    assert_eq!(homes.sync(0).held, None, "few at a time");
    let held = homes.sync(1).held.map(|held| held.deletions);
    assert_eq!(held, Some(FILES as u64 - 1));
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
    homes.sync(1);
    delete_in_halves(&mut homes);

    let report = homes.sync(2);

    assert_eq!(report.held.map(|held| held.deletions), Some(FILES as u64));
}

/// Takes the letters away four at a time, which are not many where they are deleted.
fn delete_in_halves(homes: &mut Homes) {
    for half in [0..4, 4..FILES] {
        for n in half {
            homes.hand(0).remove(&path(&at("letters", n))).expect("is there");
        }
        assert_eq!(homes.sync(0).held, None);
    }
}

#[test]
fn nor_is_one_that_brought_such_files_at_another_time() {
    let mut homes = filled(&[DiskOptions::ext4(), DiskOptions::ext4()]);
    for n in 0..FILES {
        write(&homes, &at("bills", n), &format!("bill {n}"));
    }
    homes.sync(0);
    delete_in_halves(&mut homes);

    let report = homes.sync(1);

    assert_eq!(report.held.map(|held| held.deletions), Some(FILES as u64));
}

#[test]
fn small_files_that_got_another_name_too_are_asked_about_nowhere() {
    let mut homes = filled(&[DiskOptions::ext4(), DiskOptions::ext4()]);
    for n in 0..FILES {
        write(&homes, &at("bills", n), &format!("bill {n}"));
    }
    homes.round(2);
    rewrite_under_other_names(&homes);
    assert_eq!(homes.sync(0).held, None);
    assert_eq!(
        homes.sync(1).held,
        None,
        "the changeset says that nobody needs to be asked"
    );
    homes.round(2);
    homes.assert_all_equal();
}

/// Gives each letter another name and another content, in place.
fn rewrite_under_other_names(homes: &Homes) {
    for n in 0..FILES {
        let (old, new) = (path(&at("letters", n)), path(&format!("letters/reply {n}")));
        homes.hand(0).rename(&old, &new).expect("is free");
        homes.hand(0).write_in_place(&new, format!("reply {n}")).expect("fits");
    }
}

#[test]
fn where_most_files_got_other_names_and_contents_at_once_a_person_is_asked() {
    let mut homes = filled(&[DiskOptions::ext4(), DiskOptions::ext4()]);
    rewrite_under_other_names(&homes);

    let held = homes.sync(0).held;

    let shown = held.map(|held| (held.deletions, held.of));
    assert_eq!(shown, Some((FILES as u64, FILES as u64 + 1)));
    assert_eq!(homes.sync(1).held, None);
    assert_eq!(homes.read(1, "letters/0.txt"), "letter 0");
    homes.sync_confirmed(0);
    assert_eq!(homes.sync(1).held, None, "somebody said yes");
    homes.round(2);
    homes.assert_all_equal();
    assert!(homes.hand(1).read(&path("letters/0.txt")).is_err());
}

#[test]
fn where_another_file_came_to_stand_that_one_is_not_followed() {
    // Where the first ones stood in between is noted by whoever only looks.
    let looks: [fn(&mut Homes); 2] = [
        |homes| drop(homes.sync_offline(0)),
        |homes| {
            let looked = homes.with_engine(0, |engine| engine.differences(&SyncOptions::default()).map(drop));
            looked.expect("a drive that can be read");
        },
    ];
    for look in looks {
        let mut homes = filled(&[DiskOptions::ext4(), DiskOptions::ext4()]);
        homes
            .hand(0)
            .rename(&path("letters"), &path("import"))
            .expect("is free");
        look(&mut homes);
        for n in 0..FILES {
            homes.hand(0).remove(&path(&at("import", n))).expect("is there");
        }
        for n in 0..FILES {
            write(&homes, &at("import", n), &format!("bill {n}"));
        }
        let held = homes.sync(0).held;
        assert_eq!(held.map(|held| held.deletions), Some(FILES as u64));
        homes.sync(1);
        assert_eq!(homes.read(1, "letters/0.txt"), "letter 0");
    }
}

#[test]
fn times_of_a_clock_that_was_ahead_excuse_nothing() {
    let mut homes = filled(&[bare(), DiskOptions::ext4()]);
    let day_ns = 86_400_000_000_000;
    homes.jump_ns(0, day_ns);
    homes.sync(0);
    homes.jump_ns(0, -day_ns);
    homes.hand(0).remove(&path("letters")).expect("is there");
    for n in 0..FILES {
        write(&homes, &at("bills", n), &format!("bill {n}"));
    }
    let held = homes.sync(0).held;
    assert_eq!(held.map(|held| held.deletions), Some(FILES as u64));
}

#[test]
fn that_saying_covers_no_other_deletion() {
    let mut homes = filled(&[DiskOptions::ext4(), DiskOptions::ext4()]);
    let renamed = path("letters/reply");
    homes
        .hand(0)
        .rename(&path(&at("letters", 0)), &renamed)
        .expect("is free");
    homes.hand(0).write_in_place(&renamed, "reply").expect("fits");
    for n in 1..FILES {
        homes.hand(0).remove(&path(&at("letters", n))).expect("is there");
    }
    let report = homes.sync(0);
    assert_eq!(report.held.map(|held| held.deletions), Some(FILES as u64 - 1));
    assert!(homes.sync(1).held.is_none() && homes.hand(1).read(&path("letters/7.txt")).is_ok());
}

#[test]
fn both_halves_travel_together_through_a_mailbox_that_has_no_room_for_all() {
    let mut homes = Homes::new(2);
    let song = |n: usize, edit: u8| {
        let mut bytes = noise(700_000 + n);
        bytes[0] = edit;
        bytes
    };
    for n in 0..FILES {
        homes.hand(0).write(&path(&at("songs", n)), song(n, 1)).expect("fits");
    }
    homes.round(2);
    homes.pass_days(1);
    homes.hand(0).mkdir(&path("tagged")).expect("made");
    for n in 0..FILES {
        let to = path(&at("tagged", n));
        homes.hand(0).rename(&path(&at("songs", n)), &to).expect("is free");
        homes.hand(0).write_in_place(&to, song(n, 2)).expect("fits");
    }
    let mut visits = 0;
    while homes.hand(1).tree() != homes.hand(0).tree() {
        assert_eq!(homes.sync_allowing(0, 2_000_000).held, None);
        assert_eq!(homes.sync(1).held, None);
        let songs = homes.hand(1).tree().keys().filter(|path| path.depth() == 2).count();
        assert_eq!(songs, FILES, "none is gone whose new half is not here");
        visits += 1;
        assert!(visits < 20);
    }
    assert!(visits > 2, "{visits}");
}

#[test]
fn what_came_to_be_while_a_sync_ran_was_not_there_before_it() {
    struct Swap {
        hand: Hand,
        time: SimTime,
        is_done: AtomicBool,
    }
    impl Monitor for Swap {
        fn progress(&self, progress: &Progress) {
            if progress.phase == Phase::Posting && !self.is_done.swap(true, Ordering::Relaxed) {
                self.time.pass_ns(3_600_000_000_000);
                self.hand.remove(&path("letters")).expect("is there");
                for n in 0..FILES {
                    self.hand
                        .write(&path(&at("bills", n)), format!("bill {n}"))
                        .expect("fits");
                }
            }
        }

        fn is_cancelled(&self) -> bool {
            false
        }
    }
    let mut homes = filled(&[bare(), DiskOptions::ext4()]);
    write(&homes, "news", "to be posted");
    let swap = Swap {
        hand: homes.hand(0),
        time: homes.time.clone(),
        is_done: AtomicBool::new(false),
    };
    homes.sync_leaving(0, &swap);
    assert!(swap.is_done.into_inner());

    let report = homes.sync(0);

    assert_eq!(report.held.map(|held| held.deletions), Some(FILES as u64));
}

#[test]
fn who_goes_on_from_where_nothing_stands_any_more_is_followed_no_further() {
    let mut homes = filled(&[DiskOptions::ext4(), DiskOptions::ext4()]);
    move_and_edit(&homes, "letters", "answered");
    homes.sync_offline(0);
    homes.hand(0).remove(&path("answered")).expect("is there");
    homes.sync_offline(0);
    for n in 0..FILES {
        write(&homes, &at("answered", n), &format!("something else {n}"));
    }

    let report = homes.sync(0);

    assert_eq!(report.held.map(|held| held.deletions), Some(FILES as u64));
}

#[test]
fn what_took_the_place_of_another_file_is_asked_about_where_it_was_done() {
    let mut homes = filled(&[DiskOptions::ext4(), DiskOptions::ext4()]);
    for n in 0..FILES {
        write(&homes, &at("old", n), &format!("old {n}"));
    }
    homes.round(2);
    homes.pass_days(1);
    homes.hand(0).remove(&path("old")).expect("is there");
    move_and_edit(&homes, "letters", "old");

    assert_eq!(homes.sync(0).held.map(|held| held.deletions), Some(FILES as u64));
    homes.sync_confirmed(0);
    assert_eq!(homes.sync(1).held, None);
}

#[test]
fn new_files_make_no_deletions_fewer_in_any_home() {
    let mut homes = Homes::new(2);
    for n in 0..24 {
        write(&homes, &format!("{n}"), &format!("content {n}"));
    }
    homes.round(2);
    for n in 0..7 {
        homes.hand(0).remove(&path(&format!("{n}"))).expect("is there");
        write(&homes, &format!("new {n}"), &format!("new {n}"));
    }
    let held = homes.sync(0).held;
    assert_eq!(
        held.map(|held| (held.deletions, held.of)),
        Some((7, 24)),
        "where it was done"
    );
    assert_eq!(homes.sync(1).held, None);
    let held = homes.sync(0).held;
    assert_eq!(
        held.map(|held| (held.deletions, held.of)),
        Some((7, 24)),
        "and goes on being so"
    );
    homes.sync_confirmed(0);
    assert_eq!(homes.sync(1).held, None);
    homes.round(2);
    homes.assert_all_equal();
}
