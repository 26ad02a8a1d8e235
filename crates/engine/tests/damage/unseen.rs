//! Files that rot unseen to what a damaged one is known to read as, or to what a sound one holds.

use offsync_engine::SkippedPath;
use offsync_testkit::DiskOptions;

use super::alike::{ZEROS, act, files, healed, shift};
use super::said;
use super::ways_round::bare;
use crate::home::{Homes, path};

/// What a sentence ends in about a file that is taken for damaged as another one is.
const WAY_OUT: &str = "; if it is meant to be so, `offsync verify FOLDER --keep PATH` lets it stay as it is now";

/// Two homes with two pictures, of which the first one is known to be damaged, and the second one rotted to the same bytes since.
fn one_known_and_one_unseen(drive: &DiskOptions, has_one_time: bool, is_healed: bool) -> Homes {
    one_known_and_one_unseen_later(drive, has_one_time, is_healed.then_some(0))
}

/// The same; the first one was healed before that, and some more syncs went by.
fn one_known_and_one_unseen_later(drive: &DiskOptions, has_one_time: bool, healed: Option<u32>) -> Homes {
    let mut homes = Homes::on(&[drive.clone(), DiskOptions::ext4()]);
    for (name, bytes) in [("p/1", "first 1"), ("p/2", "other 2"), ("another", "another")] {
        homes.hand(0).write(&path(name), bytes).expect("fits");
        if has_one_time {
            homes.hand(0).touch(&path(name), 5_000_000_000).expect("is there");
        }
    }
    homes.round(2);
    homes.hand(0).lose_write(&path("p/1"), ZEROS).expect("is there");
    assert_eq!(homes.verify_repairing(0).damaged.len(), 1);
    if let Some(more_syncs) = healed {
        homes.sync(0);
        homes.sync(1);
        assert_eq!(homes.sync(0).repaired, [path("p/1")]);
        for _ in 0..more_syncs {
            homes.sync(0);
        }
    }
    homes.hand(0).lose_write(&path("p/2"), ZEROS).expect("is there");
    homes
}

#[test]
fn what_rotted_unseen_to_the_same_is_not_healed_with_the_content_of_the_one_that_is_known() {
    for drive in [DiskOptions::ext4(), DiskOptions::fat(), bare()] {
        for has_one_time in [false, true] {
            for is_healed in [false, true] {
                for (way, whole) in [
                    ("the folder moves", ["q/1=first 1", "q/2=other 2"]),
                    ("one moves", ["p/1=first 1", "p/x=other 2"]),
                    ("one moves away", ["a/x=other 2", "p/1=first 1"]),
                ] {
                    let told = format!(
                        "{way} on {:?}, one time: {has_one_time}, healed: {is_healed}",
                        drive.inodes
                    );
                    let mut homes = one_known_and_one_unseen(&drive, has_one_time, is_healed);
                    act(&homes.hand(0), way);
                    let report = homes.sync(0);
                    let to = path(
                        whole
                            .iter()
                            .find_map(|file| file.strip_suffix("=other 2"))
                            .expect("one is"),
                    );
                    assert!(
                        homes.damaged(0).contains(&to),
                        "{told}: {:?} {:?}",
                        report.skipped,
                        report.made_of_damage
                    );
                    assert!(
                        report.skipped.iter().any(|skipped| skipped.path == to),
                        "{told}: {:?}",
                        report.skipped
                    );
                    assert_eq!(healed(&mut homes), whole, "{told}");
                }
            }
        }
    }
}

#[test]
fn what_rotted_unseen_and_takes_the_place_of_the_damaged_one_is_itself() {
    for drive in [DiskOptions::ext4(), DiskOptions::fat()] {
        let mut homes = one_known_and_one_unseen(&drive, true, false);
        shift(&homes.hand(0), "p/1", "p/0");
        shift(&homes.hand(0), "p/2", "p/1");
        homes.sync(0);
        assert_eq!(healed(&mut homes), ["p/0=first 1", "p/1=other 2"]);
    }
}

#[test]
fn where_nothing_tells_whether_it_is_the_known_one_or_one_that_rotted_unseen_both_come_back() {
    let mut homes = one_known_and_one_unseen(&bare(), true, false);
    act(&homes.hand(0), "both get other names");
    let report = homes.sync(0);
    let made: Vec<_> = report.made_of_damage.iter().map(|made| made.path.to_string()).collect();
    assert_eq!(made, ["a/x", "b/y"]);
    assert_eq!(
        healed(&mut homes),
        ["a/x=0000000", "b/y=0000000", "p/1=first 1", "p/2=other 2"]
    );
}

#[test]
fn what_rotted_unseen_and_was_touched_is_not_the_damaged_one_that_was_deleted() {
    for drive in [DiskOptions::ext4(), DiskOptions::fat(), bare()] {
        let mut homes = one_known_and_one_unseen(&drive, true, false);
        homes.hand(0).touch(&path("p/2"), 9_000_000_000).expect("is there");
        homes.hand(0).remove(&path("p/1")).expect("is there");
        homes.sync(0);
        let left = files(&homes, 0);
        assert!(!left.contains(&"p/2=first 1".to_owned()), "{left:?}");
        let left = healed(&mut homes);
        assert!(left.contains(&"p/2=other 2".to_owned()), "{left:?}");
    }
}

#[test]
fn what_rotted_unseen_at_its_own_place_is_damaged_and_no_copy_of_the_one_that_is_known() {
    for drive in [DiskOptions::ext4(), DiskOptions::fat(), bare()] {
        for has_one_time in [false, true] {
            for when_healed in [None, Some(0), Some(2)] {
                for way in ["touched", "saved anew", "saved anew with its time"] {
                    let told = format!(
                        "{way} on {:?}, one time: {has_one_time}, syncs since healed: {when_healed:?}",
                        drive.inodes
                    );
                    if way == "saved anew with its time" && drive.inodes != DiskOptions::ext4().inodes {
                        // Nothing on the drive changed.
                        continue;
                    }
                    let mut homes = one_known_and_one_unseen_later(&drive, has_one_time, when_healed);
                    let hand = homes.hand(0);
                    match way {
                        "touched" => hand.touch(&path("p/2"), 9_000_000_000).expect("is there"),
                        "saved anew" => {
                            hand.write(&path("p/t"), ZEROS).expect("fits");
                            shift(&hand, "p/t", "p/2");
                        }
                        _ => {
                            hand.copy(&path("p/2"), &path("p/t")).expect("fits");
                            shift(&hand, "p/t", "p/2");
                        }
                    }

                    let report = homes.sync(0);

                    assert_eq!(said(&report).0, [], "{told}");
                    assert!(homes.damaged(0).contains(&path("p/2")), "{told}");
                    let skipped: Vec<_> = report.skipped.iter().map(|line| line.path.to_string()).collect();
                    assert!(skipped.contains(&"p/2".to_owned()), "{told}: {skipped:?}");
                    let says_way_out = |line: &SkippedPath| line.path == path("p/2") && line.reason.ends_with(WAY_OUT);
                    assert!(report.skipped.iter().any(says_way_out), "{told}: {:?}", report.skipped);
                    assert_eq!(healed(&mut homes), ["p/1=first 1", "p/2=other 2"], "{told}");
                }
            }
        }
    }
}

#[test]
fn what_moved_and_was_touched_while_one_of_its_size_went_is_not_said_to_be_a_copy_to_delete() {
    let mut homes = one_known_and_one_unseen(&bare(), false, false);
    shift(&homes.hand(0), "p/2", "p/x");
    homes.hand(0).touch(&path("p/x"), 9_000_000_000).expect("is there");

    let (facts, sentences) = said(&homes.sync(0));

    assert_eq!(facts, [("p/x".to_owned(), "p/1".to_owned(), true, 0)]);
    assert!(
        sentences[0].starts_with("it reads just as 'p/1' and 'p/2' do") && !sentences[0].contains("delete"),
        "{sentences:?}"
    );
    assert_eq!(healed(&mut homes), ["p/1=first 1", "p/2=other 2", "p/x=0000000"]);
}

#[test]
fn a_copy_of_damage_over_a_file_of_another_size_is_an_edit_and_its_own_version_is_where_it_says() {
    for drive in [DiskOptions::ext4(), DiskOptions::fat(), bare()] {
        for when_healed in [None, Some(0), Some(2)] {
            let told = format!("on {:?}, syncs since healed: {when_healed:?}", drive.inodes);
            let mut homes = one_known_and_one_unseen_later(&drive, false, when_healed);
            homes.hand(0).write(&path("p/2"), "other 2").expect("fits");
            homes.hand(0).write(&path("long"), "a longer one").expect("fits");
            homes.round(1);
            if when_healed.is_none() {
                homes.verify(0);
            }
            homes.hand(0).write(&path("long"), ZEROS).expect("fits");

            let (facts, sentences) = said(&homes.sync(0));

            assert_eq!(facts, [("long".to_owned(), "p/1".to_owned(), true, 1)], "{told}");
            assert_eq!(
                sentences,
                [
                    "it reads just as 'p/1' does or did, which was damaged on this drive, and goes to the others as an edit. The version from before goes to the trash of 'home 1' once it syncs; `offsync trash restore FOLDER 'long'` there brings it back"
                ],
                "{told}"
            );
            homes.round(2);
            let line = homes.trash(1).into_iter().find(|line| line.path == path("long"));
            let back = homes.restore_trashed(1, &line.expect("it is there"));
            assert_eq!(homes.read(1, &back.to_string()), "a longer one", "{told}");
        }
    }
}

/// How damage is found that reads as a sound file does, whether it is healed, and how many syncs go by then.
fn ways_to_find() -> impl Iterator<Item = (&'static str, bool, u32)> {
    let found = ["verified", "deep sync", "noted before"].into_iter();
    let since = [(false, 0), (false, 2), (true, 0), (true, 2)];
    found.flat_map(move |found| since.map(|(is_healed, more_syncs)| (found, is_healed, more_syncs)))
}

#[test]
fn a_copy_of_a_sound_file_is_sound_though_a_damaged_one_reads_as_that_one() {
    for drive in [DiskOptions::ext4(), DiskOptions::fat(), bare()] {
        for has_one_time in [false, true] {
            if has_one_time && drive.inodes == bare().inodes {
                // There the damaged one is taken for the other one, under its name.
                continue;
            }
            for (found, is_healed, more_syncs) in ways_to_find() {
                for (way, to) in [
                    ("copied", "p/one"),
                    ("copied anew", "p/one"),
                    ("copied twice", "p/one"),
                    ("copied over another", "other"),
                ] {
                    let told = format!(
                        "{way} on {:?}, one time: {has_one_time}, {found}, healed: {is_healed}, {more_syncs} syncs",
                        drive.inodes
                    );
                    let mut homes = Homes::on(&[drive.clone(), DiskOptions::ext4()]);
                    for (name, bytes) in [("p/1", "first 1"), ("p/2", "other 2"), ("other", "third 3")] {
                        homes.hand(0).write(&path(name), bytes).expect("fits");
                        if has_one_time {
                            homes.hand(0).touch(&path(name), 5_000_000_000).expect("is there");
                        }
                    }
                    homes.round(2);
                    homes.hand(0).lose_write(&path("p/2"), "first 1").expect("is there");
                    match found {
                        "deep sync" => drop(homes.sync_deep(0)),
                        _ => drop(homes.verify(0)),
                    }
                    assert_eq!(homes.damaged(0), [path("p/2")], "{told}");
                    if is_healed {
                        homes.verify_repairing(0);
                        homes.sync(0);
                        homes.sync(1);
                        assert_eq!(homes.sync(0).repaired, [path("p/2")], "{told}");
                    }
                    for _ in 0..more_syncs {
                        homes.sync(0);
                    }
                    if found == "noted before" {
                        homes.forget_who_held_it(0);
                    }
                    let hand = homes.hand(0);
                    match way {
                        "copied" => hand.copy(&path("p/1"), &path(to)).expect("fits"),
                        "copied twice" => {
                            hand.copy(&path("p/1"), &path("p/0")).expect("fits");
                            hand.write(&path(to), "first 1").expect("fits");
                        }
                        _ => hand.write(&path(to), "first 1").expect("fits"),
                    }

                    let report = homes.sync(0);

                    assert_eq!(said(&report).0, [], "{told}");
                    let still = if is_healed { vec![] } else { vec![path("p/2")] };
                    assert_eq!(homes.damaged(0), still, "{told}");
                    let whole = healed(&mut homes);
                    assert!(whole.contains(&format!("{to}=first 1")), "{told}: {whole:?}");
                    assert!(whole.contains(&"p/2=other 2".to_owned()), "{told}: {whole:?}");
                }
            }
        }
    }
}

#[test]
fn rot_that_reads_as_another_file_does_is_said_all_the_same() {
    for drive in [DiskOptions::ext4(), DiskOptions::fat(), bare()] {
        for days in [0, 1] {
            let mut homes = Homes::on(&[drive.clone(), DiskOptions::ext4()]);
            homes.hand(0).write(&path("p/blank"), ZEROS).expect("fits");
            homes.pass_days(days);
            homes.hand(0).write(&path("p/2"), "other 2").expect("fits");
            homes.round(2);
            homes.hand(0).write_keeping_time(&path("p/2"), ZEROS).expect("is there");
            homes.hand(0).rename(&path("p/2"), &path("p/x")).expect("is free");
            let report = homes.sync(0);
            let said = |line: &SkippedPath| {
                line.reason
                    .contains("its content changed while its size and time stayed")
            };
            assert!(report.warnings.iter().any(said), "{days} days: {:#?}", report.warnings);
        }
    }
}

#[test]
fn who_moves_one_file_over_another_of_its_size_and_time_is_told_of_no_damage() {
    for drive in [DiskOptions::ext4(), DiskOptions::fat(), bare()] {
        let mut homes = Homes::on(&[drive.clone(), DiskOptions::ext4()]);
        homes.hand(0).write(&path("p/1"), "first 1").expect("fits");
        homes.hand(0).write(&path("p/2"), "other 2").expect("fits");
        let mtime_ns = homes.hand(0).mtime_ns(&path("p/1")).expect("is there");
        homes.hand(0).touch(&path("p/2"), mtime_ns).expect("is there");
        homes.round(2);
        homes.hand(0).rename(&path("p/1"), &path("p/2")).expect("is there");
        let report = homes.sync(0);
        assert_eq!(report.warnings, [], "{drive:?}");
        homes.round(2);
        assert_eq!(homes.read(1, "p/2"), "first 1");
    }
}

#[test]
fn a_copy_of_a_file_that_looks_as_one_that_goes_is_no_damage_where_inodes_tell() {
    for drive in [DiskOptions::ext4(), bare()] {
        let mut homes = Homes::on(&[drive.clone(), DiskOptions::ext4()]);
        homes.hand(0).write(&path("p/1"), "first 1").expect("fits");
        homes.hand(0).write(&path("p/2"), "other 2").expect("fits");
        let mtime_ns = homes.hand(0).mtime_ns(&path("p/1")).expect("is there");
        homes.hand(0).touch(&path("p/2"), mtime_ns).expect("is there");
        homes.round(2);
        homes.hand(0).remove(&path("p/1")).expect("is there");
        homes.hand(0).write(&path("p/3"), "other 2").expect("fits");
        homes.hand(0).touch(&path("p/3"), mtime_ns).expect("is there");
        let report = homes.sync(0);
        // Without inode numbers, it may be the first one that rotted to what the second one is.
        assert_eq!(
            report.warnings.len(),
            usize::from(drive == bare()),
            "{:#?}",
            report.warnings
        );
    }
}

#[test]
fn beside_what_rotted_at_its_place_a_copy_of_what_it_reads_as_is_not_said() {
    for drive in [DiskOptions::ext4(), bare()] {
        let mut homes = Homes::on(&[drive, DiskOptions::ext4()]);
        homes.hand(0).write(&path("p/1"), "first 1").expect("fits");
        homes.hand(0).write(&path("p/2"), "other 2").expect("fits");
        for name in ["p/1", "p/2"] {
            homes.hand(0).touch(&path(name), 5_000_000_000).expect("is there");
        }
        homes.round(2);
        homes
            .hand(0)
            .write_keeping_time(&path("p/2"), "first 1")
            .expect("is there");
        homes.hand(0).chmod(&path("p/2"), 0o600).expect("is there");
        homes.hand(0).write(&path("p/one"), "first 1").expect("fits");
        homes.hand(0).touch(&path("p/one"), 5_000_000_000).expect("is there");
        let report = homes.sync(0);
        let said: Vec<String> = report.warnings.iter().map(|line| line.path.to_string()).collect();
        assert_eq!(said, ["p/2"]);
    }
}

#[test]
fn what_is_taken_for_damaged_as_another_one_is_can_be_kept() {
    for drive in [DiskOptions::ext4(), DiskOptions::fat(), bare()] {
        let mut homes = one_known_and_one_unseen(&drive, false, false);
        homes.hand(0).write(&path("p/2"), ZEROS).expect("fits");
        homes.sync(0);
        assert_eq!(homes.damaged(0), [path("p/1"), path("p/2")]);

        homes.keep(0, &["p/2"]).expect("it is damaged");

        assert_eq!(healed(&mut homes), ["p/1=first 1", "p/2=0000000"]);
    }
}

#[test]
fn a_copy_that_came_with_the_sync_that_found_the_damage_is_no_sound_file() {
    for drive in [DiskOptions::ext4(), DiskOptions::fat(), bare()] {
        let mut homes = one_known_and_one_unseen(&drive, false, true);
        homes.hand(0).lose_write(&path("p/2"), "rotten2").expect("is there");
        homes.hand(0).write(&path("copy"), "rotten2").expect("fits");
        homes.sync_deep(0);
        assert_eq!(homes.damaged(0), [path("p/2")]);
        homes.hand(0).write(&path("p/copy"), "rotten2").expect("fits");

        let (facts, _) = said(&homes.sync(0));

        assert_eq!(facts, [("p/copy".to_owned(), "p/2".to_owned(), true, 0)]);
    }
}

#[test]
fn what_moves_while_a_damaged_file_of_its_size_is_copied_only_moves() {
    for drive in [DiskOptions::ext4(), DiskOptions::fat(), bare()] {
        for (name, had_by) in [("copy", 0), ("long", 1)] {
            for (way, is_looked_at) in [
                ("moved", false),
                ("moved", true),
                ("one deleted", false),
                ("one deleted", true),
            ] {
                let told = format!("{name}, {way} on {:?}, looked at: {is_looked_at}", drive.inodes);
                let mut homes = Homes::on(&[drive.clone(), DiskOptions::ext4()]);
                for (name, bytes) in [("p/1", "first 1"), ("j/1", "third 3"), ("j/2", "more  4")] {
                    homes.hand(0).write(&path(name), bytes).expect("fits");
                }
                homes.hand(0).write(&path("another"), "another").expect("fits");
                homes.hand(0).write(&path("long"), "a longer one").expect("fits");
                homes.round(2);
                homes.hand(0).lose_write(&path("p/1"), ZEROS).expect("is there");
                assert_eq!(homes.verify(0).damaged.len(), 1);
                homes.hand(0).write(&path(name), ZEROS).expect("fits");
                shift(&homes.hand(0), "j", "k");
                if way == "one deleted" {
                    homes.hand(0).remove(&path("k/2")).expect("is there");
                }
                if is_looked_at {
                    homes.survey(0);
                }

                let (facts, sentences) = said(&homes.sync(0));

                let is_told_apart = way == "moved";
                let had_by = if is_told_apart { had_by } else { 0 };
                assert_eq!(facts, [(name.to_owned(), "p/1".to_owned(), true, had_by)], "{told}");
                let begins = match (is_told_apart, name) {
                    (true, "copy") => "it is a copy of 'p/1', which was damaged",
                    (true, _) => {
                        "it reads just as 'p/1' does or did, which was damaged on this drive, and goes to the others as an edit"
                    }
                    (false, _) => "it reads just as 'p/1' and 'j/2' do, ",
                };
                assert!(sentences[0].starts_with(begins), "{told}: {sentences:?}");
                let mut whole = vec!["k/1=third 3", "p/1=first 1"];
                whole.push(if is_told_apart { "k/2=more  4" } else { "j/2=more  4" });
                whole.extend(match name {
                    "copy" => vec!["copy=0000000", "long=a longer one"],
                    _ => vec!["long=0000000"],
                });
                whole.sort_unstable();
                assert_eq!(healed(&mut homes), whole, "{told}");
            }
        }
    }
}
