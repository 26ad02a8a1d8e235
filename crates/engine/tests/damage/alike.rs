//! Damaged files that read alike, though they should not.

use offsync_testkit::{DiskOptions, Hand, Rng, Seen};

use super::said;
use super::ways_round::bare;
use crate::home::{Homes, path};

/// What both of them read as: a drive that lost its blocks.
pub(super) const ZEROS: &str = "0000000";

/// Two homes with two pictures, which rot to the same bytes in the first one; they have one time, or two.
fn rotten_alike(drive: &DiskOptions, has_one_time: bool) -> Homes {
    let mut homes = Homes::on(&[drive.clone(), DiskOptions::ext4()]);
    homes.hand(0).write(&path("p/1"), "first 1").expect("fits");
    homes.hand(0).write(&path("p/2"), "other 2").expect("fits");
    homes.hand(0).write(&path("another"), "another").expect("fits");
    for name in ["p/1", "p/2"] {
        if has_one_time {
            homes.hand(0).touch(&path(name), 5_000_000_000).expect("is there");
        }
    }
    homes.round(2);
    for name in ["p/1", "p/2"] {
        homes.hand(0).lose_write(&path(name), ZEROS).expect("is there");
    }
    assert_eq!(homes.verify(0).damaged.len(), 2);
    homes
}

/// Gives the files that a home has besides the other one, each as `path=content`.
pub(super) fn files(homes: &Homes, n: usize) -> Vec<String> {
    let file = |(at, seen)| match seen {
        Seen::File(bytes) if at != path("another") => Some(format!("{at}={}", String::from_utf8_lossy(&bytes))),
        _ => None,
    };
    homes.disk(n).hand().tree().into_iter().filter_map(file).collect()
}

/// Heals what is damaged; gives what both homes have in the end.
pub(super) fn healed(homes: &mut Homes) -> Vec<String> {
    homes.round(3);
    homes.verify_repairing(0);
    homes.round(4);
    homes.assert_all_equal();
    assert_eq!(homes.damaged(0), []);
    homes.assert_mailbox_holds_only_heads_and_people();
    files(homes, 0)
}

pub(super) fn shift(hand: &Hand, from: &str, to: &str) {
    hand.rename(&path(from), &path(to)).expect("is there");
}

/// What a person does with them on the first drive, by name.
pub(super) fn act(hand: &Hand, way: &str) {
    match way {
        "the folder moves" => shift(hand, "p", "q"),
        "one moves" => shift(hand, "p/2", "p/x"),
        "one moves away" => shift(hand, "p/2", "a/x"),
        "one moves and is touched" => {
            shift(hand, "p/2", "p/x");
            hand.touch(&path("p/x"), 9_000_000_000).expect("is there");
        }
        "one is copied and deleted" => {
            hand.copy(&path("p/2"), &path("p/x")).expect("fits");
            hand.remove(&path("p/2")).expect("is there");
        }
        "the folder is copied and deleted" => {
            for name in ["1", "2"] {
                hand.copy(&path(&format!("p/{name}")), &path(&format!("q/{name}")))
                    .expect("fits");
            }
            hand.remove(&path("p")).expect("is there");
        }
        "the folder moves and one in it" => {
            shift(hand, "p", "q");
            shift(hand, "q/2", "q/0");
        }
        "one moves to the other's place" => {
            shift(hand, "p/2", "p/3");
            shift(hand, "p/1", "p/2");
        }
        "they change places" => hand.swap(&path("p/1"), &path("p/2")).expect("are there"),
        "both get other names" => {
            shift(hand, "p/1", "a/x");
            shift(hand, "p/2", "b/y");
        }
        way => panic!("{way}"),
    }
}

#[test]
fn of_two_that_read_alike_none_is_taken_for_the_other_however_they_move() {
    for drive in [DiskOptions::ext4(), DiskOptions::fat(), bare()] {
        for has_one_time in [false, true] {
            for is_looked_at in [false, true] {
                let tells = !has_one_time || drive.inodes != bare().inodes;
                for (way, whole) in [
                    ("the folder moves", ["q/1=first 1", "q/2=other 2"]),
                    ("one moves", ["p/1=first 1", "p/x=other 2"]),
                    ("one moves away", ["a/x=other 2", "p/1=first 1"]),
                    ("one moves and is touched", ["p/1=first 1", "p/x=other 2"]),
                    ("one is copied and deleted", ["p/1=first 1", "p/x=other 2"]),
                    ("the folder is copied and deleted", ["q/1=first 1", "q/2=other 2"]),
                    ("the folder moves and one in it", ["q/0=other 2", "q/1=first 1"]),
                    ("one moves to the other's place", ["p/2=first 1", "p/3=other 2"]),
                    ("they change places", ["p/1=other 2", "p/2=first 1"]),
                    ("both get other names", ["a/x=first 1", "b/y=other 2"]),
                ] {
                    // Then nothing on the drive has changed for whoever cannot ask the person.
                    let whole = match (way, tells) {
                        ("they change places", false) => ["p/1=first 1", "p/2=other 2"],
                        ("one moves to the other's place", false) => ["p/2=other 2", "p/3=first 1"],
                        ("both get other names", false) => continue,
                        _ => whole,
                    };
                    let told = format!("{way} on {:?}, one time: {has_one_time}", drive.inodes);
                    let mut homes = rotten_alike(&drive, has_one_time);
                    act(&homes.hand(0), way);
                    if is_looked_at {
                        homes.survey(0);
                    }
                    let report = homes.sync(0);
                    assert_eq!(said(&report).0, [], "{told}");
                    assert_eq!(homes.damaged(0).len(), 2, "{told}");
                    assert_eq!(healed(&mut homes), whole, "{told}");
                }
            }
        }
    }
}

#[test]
fn where_nothing_tells_which_of_them_it_is_each_comes_back_under_its_name_and_that_is_said() {
    for is_looked_at in [false, true] {
        let mut homes = rotten_alike(&bare(), true);
        act(&homes.hand(0), "both get other names");
        if is_looked_at {
            homes.survey(0);
            homes.sync_offline(0);
        }

        let (facts, sentences) = said(&homes.sync(0));

        let made = |name: &str| (name.to_owned(), "p/1".to_owned(), true, 0);
        assert_eq!(facts, [made("a/x"), made("b/y")]);
        let sentence = "it reads just as 'p/1' and 'p/2' do, which were damaged on this drive, and nothing tells which of them it is or is a copy of. It goes to the others as it reads, and each of those stays, or comes back, under its own name: `offsync verify FOLDER --repair` heals those that are damaged still. Move the right one here then, in place of this one";
        assert_eq!(sentences, [sentence, sentence]);
        assert_eq!(said(&homes.sync(0)).0, [], "said once");
        let whole = ["a/x=0000000", "b/y=0000000", "p/1=first 1", "p/2=other 2"];
        assert_eq!(healed(&mut homes), whole);
        // As the sentence says.
        for (from, to) in [("p/1", "a/x"), ("p/2", "b/y")] {
            shift(&homes.hand(0), from, to);
        }
        assert_eq!(said(&homes.sync(0)).0, []);
        assert_eq!(healed(&mut homes), ["a/x=first 1", "b/y=other 2"]);
    }
}

#[test]
fn a_copy_of_one_of_them_is_said_where_nothing_tells_of_which() {
    let mut homes = rotten_alike(&bare(), true);
    homes.hand(0).copy(&path("p/2"), &path("copy")).expect("fits");
    let (facts, _) = said(&homes.sync(0));
    assert_eq!(facts, [("copy".to_owned(), "p/1".to_owned(), true, 0)]);
    assert_eq!(homes.damaged(0), [path("p/1"), path("p/2")]);
    assert_eq!(healed(&mut homes), ["copy=0000000", "p/1=first 1", "p/2=other 2"]);

    let mut homes = rotten_alike(&bare(), false);
    homes.hand(0).copy(&path("p/2"), &path("copy")).expect("fits");
    assert_eq!(said(&homes.sync(0)).0, [], "its time tells");
    assert_eq!(healed(&mut homes), ["copy=other 2", "p/1=first 1", "p/2=other 2"]);
}

#[test]
fn of_many_that_it_may_be_two_are_named() {
    let mut homes = rotten_alike(&bare(), true);
    for (name, bytes) in [("p/3", "third 3"), ("p/4", "more  4")] {
        homes.hand(0).write(&path(name), bytes).expect("fits");
        homes.hand(0).touch(&path(name), 5_000_000_000).expect("is there");
        homes.round(2);
        homes.hand(0).lose_write(&path(name), ZEROS).expect("is there");
        homes.verify(0);
    }
    homes.hand(0).copy(&path("p/2"), &path("copy")).expect("fits");
    let (_, sentences) = said(&homes.sync(0));
    assert!(
        sentences[0].starts_with("it reads just as 'p/1', 'p/2' and 2 others do"),
        "{sentences:?}"
    );
}

#[test]
fn whenever_the_power_goes_nothing_of_what_read_alike_is_lost() {
    let mut died = 0;
    for way in ["both get other names", "the folder moves"] {
        for calls in (0..).step_by(3) {
            let mut homes = rotten_alike(&bare(), true);
            act(&homes.hand(0), way);
            if homes.sync_until(0, calls, &mut Rng::new(calls)).1.is_some() {
                break;
            }
            let files = healed(&mut homes);
            for whole in ["first 1", "other 2"] {
                let is_there = files.iter().any(|file| file.ends_with(whole));
                assert!(is_there, "{way}, after {calls} calls: {files:?}");
            }
            died += 1;
        }
    }
    assert!(died > 20, "{died}");
}

#[test]
fn what_may_have_moved_comes_back_though_a_folder_could_not_be_read_just_then() {
    let mut homes = rotten_alike(&bare(), true);
    homes.hand(0).mkdir(&path("locked")).expect("is free");
    homes.round(2);
    act(&homes.hand(0), "both get other names");
    homes.disk(0).deny(&path("locked"));
    homes.sync(0);
    homes.disk(0).allow(&path("locked"));
    assert_eq!(
        healed(&mut homes),
        ["a/x=0000000", "b/y=0000000", "p/1=first 1", "p/2=other 2"]
    );
}

/// Two homes with two pictures of one size and time, of which one rots on the first drive, that tells nothing else of them.
fn one_rotten_of_two_that_look_alike() -> Homes {
    let mut homes = Homes::on(&[bare(), DiskOptions::ext4()]);
    for (name, bytes) in [("x", "first 1"), ("y", "other 2"), ("another", "another")] {
        homes.hand(0).write(&path(name), bytes).expect("fits");
        homes.hand(0).touch(&path(name), 5_000_000_000).expect("is there");
    }
    homes.round(2);
    homes.hand(0).lose_write(&path("x"), ZEROS).expect("is there");
    assert_eq!(homes.verify(0).damaged.len(), 1);
    homes
}

#[test]
fn a_damaged_file_that_gets_the_name_of_one_that_looks_alike_has_that_name() {
    for is_verified in [false, true] {
        for (way, names, whole) in [
            ("moved onto it", vec!["y"], vec!["y=first 1"]),
            ("swapped", vec!["y"], vec!["x=other 2", "y=first 1"]),
            ("moved on", vec!["y"], vec!["y=first 1", "z=other 2"]),
            ("moved on the other way", vec!["y"], vec!["a=other 2", "y=first 1"]),
            ("copied over it", vec!["x", "y"], vec!["x=first 1", "y=other 2"]),
        ] {
            let mut homes = one_rotten_of_two_that_look_alike();
            let hand = homes.hand(0);
            match way {
                "moved onto it" => shift(&hand, "x", "y"),
                "swapped" => hand.swap(&path("x"), &path("y")).expect("are there"),
                "moved on" => {
                    shift(&hand, "y", "z");
                    shift(&hand, "x", "y");
                }
                "moved on the other way" => {
                    shift(&hand, "y", "a");
                    shift(&hand, "x", "y");
                }
                // Where both read so, the one may have rotted to what the other did.
                _ => hand.copy(&path("x"), &path("y")).expect("fits"),
            }
            if is_verified {
                homes.verify_repairing(0);
            }
            let report = homes.sync(0);
            assert_eq!(said(&report).0, [], "{way}");
            let damaged: Vec<_> = names.into_iter().map(path).collect();
            assert_eq!(homes.damaged(0), damaged, "{way}, verified: {is_verified}");
            assert_eq!(healed(&mut homes), whole, "{way}, verified: {is_verified}");
        }
    }
}

/// Both of them rotted alike, and the first one was kept as it reads.
fn one_kept_of_two(drive: &DiskOptions, has_one_time: bool) -> Homes {
    let mut homes = rotten_alike(drive, has_one_time);
    homes.keep(0, &["p/1"]).expect("it is damaged");
    homes.round(2);
    homes.pass_a_second();
    homes.sync(0);
    assert_eq!(homes.damaged(0), [path("p/2")]);
    homes
}

#[test]
fn a_damaged_file_that_is_put_over_one_that_was_kept_so_comes_back_and_that_is_said() {
    for drive in [DiskOptions::ext4(), DiskOptions::fat(), bare()] {
        for has_one_time in [false, true] {
            for way in ["moved", "copied and deleted"] {
                for is_looked_at in [false, true] {
                    let told = format!("{way} on {:?}, one time: {has_one_time}", drive.inodes);
                    let mut homes = one_kept_of_two(&drive, has_one_time);
                    let hand = homes.hand(0);
                    if way == "moved" {
                        shift(&hand, "p/2", "p/1");
                    } else {
                        hand.remove(&path("p/1")).expect("is there");
                        hand.copy(&path("p/2"), &path("p/1")).expect("fits");
                        hand.remove(&path("p/2")).expect("is there");
                    }
                    if is_looked_at {
                        homes.survey(0);
                    }

                    let (facts, sentences) = said(&homes.sync(0));

                    assert_eq!(facts, [("p/1".to_owned(), "p/2".to_owned(), true, 1)], "{told}");
                    assert_eq!(
                        sentences,
                        [
                            "'p/2', which was damaged on this drive, is gone and may be what stands here now: both read alike. 'p/2' is deleted nowhere and comes back from another home; delete it then if you meant to"
                        ]
                    );
                    assert_eq!(said(&homes.sync(0)).0, [], "said once");
                    assert_eq!(healed(&mut homes), ["p/1=0000000", "p/2=other 2"], "{told}");
                    homes.hand(0).remove(&path("p/2")).expect("is there");
                    assert_eq!(said(&homes.sync(0)).0, [], "{told}");
                    assert_eq!(healed(&mut homes), ["p/1=0000000"], "{told}");
                }
            }
        }
    }
}

#[test]
fn a_damaged_file_that_is_deleted_or_moves_beside_one_that_was_kept_so_does_that() {
    for drive in [DiskOptions::ext4(), DiskOptions::fat(), bare()] {
        for has_one_time in [false, true] {
            for way in ["deleted", "moved"] {
                let told = format!("{way} on {:?}, one time: {has_one_time}", drive.inodes);
                let is_told_apart = !has_one_time || drive.inodes == DiskOptions::ext4().inodes;
                if way == "deleted" && !is_told_apart {
                    continue;
                }
                let mut homes = one_kept_of_two(&drive, has_one_time);
                match way {
                    "deleted" => homes.hand(0).remove(&path("p/2")).expect("is there"),
                    _ => shift(&homes.hand(0), "p/2", "p/x"),
                }
                assert_eq!(said(&homes.sync(0)).0, [], "{told}");
                let left = healed(&mut homes);
                match way {
                    "deleted" => assert_eq!(left, ["p/1=0000000"], "{told}"),
                    _ => assert_eq!(left, ["p/1=0000000", "p/x=other 2"], "{told}"),
                }
            }
        }
    }
}

#[test]
fn of_several_that_come_back_from_outside_each_is_said_with_its_own_name() {
    for drive in [DiskOptions::ext4(), bare()] {
        for has_one_time in [false, true] {
            let mut homes = rotten_alike(&drive, has_one_time);
            homes.sync(0);
            homes.hand(0).remove(&path("p")).expect("is there");
            homes.round(3);
            for name in ["p/2", "p/1"] {
                homes.hand(0).write(&path(name), ZEROS).expect("fits");
            }
            let (facts, sentences) = said(&homes.sync(0));
            let made = |name: &str| (name.to_owned(), name.to_owned(), true, 1);
            assert_eq!(facts, [made("p/1"), made("p/2")], "{:?}", drive.inodes);
            for (name, sentence) in ["p/1", "p/2"].into_iter().zip(sentences) {
                let step = format!("`offsync trash restore FOLDER '{name}'` there brings it back");
                assert!(sentence.ends_with(&step), "{sentence}");
            }
        }
    }
}

#[test]
fn of_several_that_are_put_over_one_that_was_kept_so_each_is_said() {
    for drive in [DiskOptions::ext4(), DiskOptions::fat(), bare()] {
        for is_looked_at in [false, true] {
            let mut homes = rotten_alike(&drive, true);
            homes.hand(0).write(&path("p/3"), "third 3").expect("fits");
            homes.hand(0).touch(&path("p/3"), 5_000_000_000).expect("is there");
            homes.round(2);
            homes.hand(0).lose_write(&path("p/3"), ZEROS).expect("is there");
            homes.verify(0);
            homes.keep(0, &["p/1"]).expect("it is damaged");
            homes.round(2);
            homes.pass_a_second();
            homes.sync(0);
            assert_eq!(homes.damaged(0), [path("p/2"), path("p/3")]);
            for from in ["p/2", "p/3"] {
                shift(&homes.hand(0), from, "p/1");
            }
            if is_looked_at {
                homes.survey(0);
            }

            let (facts, sentences) = said(&homes.sync(0));

            let made = |of: &str| ("p/1".to_owned(), of.to_owned(), true, 1);
            assert_eq!(facts, [made("p/2"), made("p/3")], "{:?}", drive.inodes);
            for (of, sentence) in ["p/2", "p/3"].into_iter().zip(sentences) {
                let ends = format!(
                    "'{of}' is deleted nowhere and comes back from another home; delete it then if you meant to"
                );
                assert!(sentence.ends_with(&ends), "{sentence}");
            }
            assert_eq!(said(&homes.sync(0)).0, [], "said once");
            let whole = ["p/1=0000000", "p/2=other 2", "p/3=third 3"];
            assert_eq!(healed(&mut homes), whole, "{:?}", drive.inodes);
        }
    }
}

#[test]
fn of_what_is_put_over_one_that_was_kept_so_and_no_other_home_had_that_is_said() {
    let mut homes = Homes::on(&[DiskOptions::ext4(), DiskOptions::ext4()]);
    homes.hand(0).write(&path("x"), "first 1").expect("fits");
    homes.round(2);
    homes.hand(0).lose_write(&path("x"), ZEROS).expect("is there");
    assert_eq!(homes.verify(0).damaged.len(), 1);
    homes.keep(0, &["x"]).expect("it is damaged");
    homes.round(2);
    homes.hand(0).write(&path("z"), "third 3").expect("fits");
    for _ in 0..5 {
        homes.pass_a_second();
    }
    homes.survey(0);
    homes.hand(0).lose_write(&path("z"), ZEROS).expect("is there");
    homes.verify(0);
    assert_eq!(homes.damaged(0), [path("z")]);
    shift(&homes.hand(0), "z", "x");

    let (facts, sentences) = said(&homes.sync(0));

    assert_eq!(facts, [("x".to_owned(), "z".to_owned(), true, 0)]);
    assert_eq!(
        sentences,
        [
            "'z', which was damaged on this drive, is gone and may be what stands here now: both read alike. No other home is known to have had the version from before: put it back from elsewhere if you have it"
        ]
    );
    assert_eq!(healed(&mut homes), ["x=0000000"]);
}
