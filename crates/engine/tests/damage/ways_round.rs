//! Ways round known damage: what was copied off a damaged file, sent and said, says nothing of the damaged file itself.

use offsync_engine::Keep;
use offsync_testkit::{DiskOptions, InodeNumbers, Rng, Seen};

use super::{HELD, said};
use crate::home::{Homes, path};

/// A drive that tells of a file its size and time alone.
pub(super) fn bare() -> DiskOptions {
    DiskOptions {
        inodes: InodeNumbers::Absent,
        ..DiskOptions::exfat()
    }
}

/// Three homes have a file, the first on a drive where it rots and is known to.
pub(super) fn rotten_on(drive: &DiskOptions) -> Homes {
    let mut homes = Homes::on(&[drive.clone(), DiskOptions::ext4(), DiskOptions::ext4()]);
    homes.hand(0).write(&path("another"), "another").expect("fits");
    homes.hand(0).write(&path("x"), HELD).expect("fits");
    homes.round(3);
    homes.hand(0).rot(&path("x")).expect("is there");
    assert_eq!(homes.verify(0).damaged.len(), 1);
    homes
}

/// Copies the damaged file as `cp` does, with a time of its own, and sends that.
fn copy_sent(homes: &mut Homes, to: &str) {
    let rotten = homes.read(0, "x");
    homes.hand(0).write(&path(to), rotten).expect("fits");
    let (facts, _) = said(&homes.sync(0));
    assert_eq!(facts, [(to.to_owned(), "x".to_owned(), true, 0)]);
}

/// Nothing of the damage goes on: it is named at its path, is whole in the other homes, and heals.
fn stays_damaged(homes: &mut Homes, name: &str, told: &str) {
    let report = homes.sync(0);
    assert_eq!(said(&report).0, [], "{told}");
    assert_eq!(homes.damaged(0), [path(name)], "{told}");
    homes.round(3);
    assert_eq!(
        (homes.read(1, name), homes.read(2, name)),
        (HELD.into(), HELD.into()),
        "{told}"
    );
    homes.verify_repairing(0);
    homes.round(4);
    assert_eq!(
        (homes.read(0, name), homes.damaged(0)),
        (HELD.into(), Vec::new()),
        "{told}"
    );
    homes.assert_all_equal();
    homes.assert_mailbox_holds_only_heads_and_people();
}

#[test]
fn a_damaged_file_of_which_a_copy_was_sent_stays_damaged_whatever_moves_or_touches_it() {
    for drive in [DiskOptions::ext4(), DiskOptions::fat(), bare()] {
        for way in [
            "touched",
            "saved anew",
            "moved",
            "moved and touched",
            "copied back",
            "moved back",
        ] {
            // Names before and after the damaged one: the scan meets the copy first, or last.
            for to in ["a copy", "z copy"] {
                let told = format!("{way} beside '{to}' on {:?}", drive.inodes);
                let mut homes = rotten_on(&drive);
                copy_sent(&mut homes, to);
                let rotten = homes.read(0, "x");
                let hand = homes.hand(0);
                let name = if way.starts_with("moved and") || way == "moved" {
                    "y"
                } else {
                    "x"
                };
                match way {
                    "touched" => hand.touch(&path("x"), 5_000_000_000),
                    "moved" => hand.rename(&path("x"), &path("y")),
                    "moved and touched" => hand
                        .rename(&path("x"), &path("y"))
                        .and_then(|()| hand.touch(&path("y"), 5_000_000_000)),
                    "moved back" => hand
                        .remove(&path("x"))
                        .and_then(|()| hand.rename(&path(to), &path("x"))),
                    // With an inode of its own.
                    _ => hand.remove(&path("x")).and_then(|()| hand.write(&path("x"), rotten)),
                }
                .expect("is there");
                stays_damaged(&mut homes, name, &told);
            }
        }
    }
}

#[test]
fn all_that_is_touched_at_once_says_nothing_of_the_damaged_one_among_it() {
    for to in ["a copy", "z copy"] {
        let mut homes = rotten_on(&bare());
        copy_sent(&mut homes, to);
        for name in [to, "x"] {
            homes.hand(0).touch(&path(name), 5_000_000_000).expect("is there");
        }
        stays_damaged(&mut homes, "x", to);
    }
}

#[test]
fn a_copy_of_damage_that_is_moved_is_that_copy_and_one_that_is_made_of_it_is_said() {
    for drive in [DiskOptions::ext4(), bare()] {
        let mut homes = rotten_on(&drive);
        copy_sent(&mut homes, "copy");
        let rotten = homes.read(0, "x");
        homes
            .hand(0)
            .rename(&path("copy"), &path("moved copy"))
            .expect("is there");
        assert_eq!(said(&homes.sync(0)).0, [], "of that it was said");
        homes.hand(0).copy(&path("moved copy"), &path("second")).expect("fits");
        let made = ("second".to_owned(), "x".to_owned(), true, 0);
        assert_eq!(said(&homes.sync(0)).0, [made]);
        homes.round(3);
        assert_eq!(homes.damaged(0), [path("x")]);
        for name in ["moved copy", "second"] {
            assert_eq!(homes.read(1, name), rotten, "{name}");
        }
    }
}

#[test]
fn damage_that_is_put_over_another_damaged_file_is_said() {
    for drive in [DiskOptions::ext4(), bare()] {
        let mut homes = rotten_on(&drive);
        copy_sent(&mut homes, "copy");
        homes.hand(0).rot(&path("another")).expect("is there");
        homes.verify(0);
        let rotten = homes.read(0, "x");
        homes.hand(0).write(&path("another"), rotten).expect("fits");

        let (facts, _) = said(&homes.sync(0));

        assert_eq!(facts, [("another".to_owned(), "another".to_owned(), false, 2)]);
    }
}

#[test]
fn a_copy_that_was_kept_says_nothing_of_the_damaged_file() {
    for drive in [DiskOptions::ext4(), DiskOptions::fat(), bare()] {
        for way in ["touched", "moved", "looked at", "both moved"] {
            let told = format!("{way} on {:?}", drive.inodes);
            let mut homes = rotten_on(&drive);
            let rotten = homes.read(0, "x");
            super::copy(&homes, "x", "copy");
            homes.sync(0);
            assert_eq!(homes.damaged(0), [path("copy"), path("x")], "{told}");
            homes.keep(0, &["copy"]).expect("it is damaged");
            homes.sync(0);
            let hand = homes.hand(0);
            let (name, kept) = match way {
                "moved" => ("y", "copy"),
                "both moved" => ("in/x", "in/copy"),
                _ => ("x", "copy"),
            };
            match way {
                "touched" => hand.touch(&path("x"), 5_000_000_000).expect("is there"),
                "moved" => hand.rename(&path("x"), &path("y")).expect("is there"),
                "both moved" => {
                    for name in ["copy", "x"] {
                        hand.rename(&path(name), &path(&format!("in/{name}")))
                            .expect("is there");
                    }
                }
                _ => drop(homes.verify(0)),
            }
            stays_damaged(&mut homes, name, &told);
            assert_eq!(
                (homes.read(0, kept), homes.read(1, kept)),
                (rotten.clone(), rotten),
                "{told}"
            );
        }
    }
}

/// Three homes have a file; it rotted at the first, is known to, and went to the trash there since another home's person
/// deleted it.
fn displaced(drive: &DiskOptions) -> Homes {
    let mut homes = rotten_on(drive);
    homes.hand(1).remove(&path("x")).expect("is there");
    homes.sync(1);
    homes.sync(2);
    homes.sync(0);
    assert!(homes.hand(0).read(&path("x")).is_err());
    homes
}

#[test]
fn damage_that_somebody_has_back_from_the_trash_is_sent_and_said_under_whatever_name() {
    for drive in [DiskOptions::ext4(), bare()] {
        for name in ["x", "moved"] {
            for is_looked_at in [false, true] {
                let mut homes = displaced(&drive);
                let line = homes.trash(0).remove(0);
                assert_eq!(homes.restore_trashed(0, &line), path("x"));
                let rotten = homes.read(0, "x");
                if is_looked_at {
                    homes.survey(0);
                    homes.sync_offline(0);
                }
                if name == "moved" {
                    homes.hand(0).rename(&path("x"), &path("moved")).expect("is there");
                }

                let (facts, sentences) = said(&homes.sync(0));

                assert_eq!(facts, [(name.to_owned(), "x".to_owned(), true, 2)], "{is_looked_at}");
                assert_eq!(
                    sentences,
                    [
                        "it was damaged on this drive when it went to the trash, and goes to the others as it reads. Unless somebody deleted it there by hand, the version from before is in the trash of 'home 1' and 'home 2' once they sync; `offsync trash restore FOLDER 'x'` there brings it back"
                    ]
                );
                assert_eq!(said(&homes.sync(0)).0, [], "said once");
                homes.round(3);
                assert_eq!((homes.read(1, name), homes.damaged(0)), (rotten, Vec::new()));
                let line = homes.trash(2).remove(0);
                let back = homes.restore_trashed(2, &line);
                assert_eq!(
                    homes.read(2, &back.to_string()),
                    HELD,
                    "it is back as the sentence says"
                );
                assert_eq!(said(&homes.sync(2)).0, [], "that one is sound");
            }
        }
    }
}

#[test]
fn damage_that_is_had_back_beside_the_healed_file_is_said_with_that_one() {
    let mut homes = rotten_on(&bare());
    homes.verify_repairing(0);
    homes.sync(0);
    homes.sync(1);
    assert_eq!(homes.sync(0).repaired, [path("x")]);
    let line = homes.trash(0).remove(0);
    let back = homes.restore_trashed(0, &line).to_string();

    let (facts, sentences) = said(&homes.sync(0));

    assert_eq!(facts, [(back, "x".to_owned(), true, 2)]);
    assert_eq!(
        sentences,
        [
            "it was damaged on this drive when it went to the trash, and goes to the others as it reads. 'x' holds what it held before: delete this one if that is what you want"
        ]
    );
}

#[test]
fn what_is_had_back_and_deleted_again_is_not_said() {
    let mut homes = displaced(&bare());
    let line = homes.trash(0).remove(0);
    homes.restore_trashed(0, &line);
    homes.hand(0).remove(&path("x")).expect("is there");
    assert_eq!(said(&homes.sync(0)).0, []);
    homes.hand(0).write(&path("x"), "another file").expect("fits");
    assert_eq!(said(&homes.sync(0)).0, []);
}

#[test]
fn what_rotted_unseen_on_its_way_to_the_trash_is_said_once_that_was_found() {
    for is_whole_here in [true, false] {
        let mut homes = Homes::new(3);
        homes.hand(0).write(&path("another"), "another").expect("fits");
        homes.hand(0).write(&path("x"), HELD).expect("fits");
        homes.round(3);
        homes.hand(1).rot(&path("x")).expect("is there");
        homes.hand(2).rename(&path("x"), &path("y")).expect("is there");
        homes.hand(0).remove(&path("x")).expect("is there");
        homes.sync(0);
        homes.sync(1);
        homes.round(4);
        assert_eq!(homes.read(1, "y"), HELD);
        if !is_whole_here {
            homes.hand(1).remove(&path("y")).expect("is there");
            homes.sync(1);
        }
        let line = homes.trash(1).remove(0);
        homes.restore_trashed(1, &line);

        let (facts, sentences) = said(&homes.sync(1));

        assert_eq!(facts, [("x".to_owned(), "x".to_owned(), true, 0)]);
        let what = "it was damaged on this drive when it went to the trash, and goes to the others as it reads.";
        let next = match is_whole_here {
            true => "'y' holds what it held before: delete this one if that is what you want",
            false => {
                "`offsync trash list` at another home shows whether the version from before is there; else put it back from elsewhere if you have it"
            }
        };
        assert_eq!(sentences, [format!("{what} {next}")]);
    }
}

/// A file of many pieces, of which the last one's last byte rots.
fn long() -> Vec<u8> {
    crate::home::noise(6 << 20)
}

#[test]
fn a_damaged_file_that_is_moved_and_edited_or_copied_and_edited_is_said_where_its_pieces_tell() {
    for drive in [DiskOptions::ext4(), bare()] {
        for way in ["moved", "copied", "over another"] {
            let mut homes = Homes::on(&[drive.clone(), DiskOptions::ext4()]);
            homes.hand(0).write(&path("x"), long()).expect("fits");
            homes.hand(0).write(&path("another"), "another").expect("fits");
            homes.round(2);
            homes.hand(0).rot(&path("x")).expect("is there");
            assert_eq!(homes.verify(0).damaged.len(), 1);
            // What is put before it leaves its last piece as it is.
            let edited = [b"a new beginning".to_vec(), homes.read_bytes(0, "x")].concat();
            let name = if way == "over another" { "another" } else { "y" };
            if way == "moved" {
                homes.hand(0).remove(&path("x")).expect("is there");
            }
            homes.hand(0).write(&path(name), edited.clone()).expect("fits");

            let (facts, sentences) = said(&homes.sync(0));

            let told = format!("{way} on {:?}", drive.inodes);
            let had_by = usize::from(way == "moved");
            assert_eq!(
                facts,
                [(name.to_owned(), "x".to_owned(), way != "moved", had_by)],
                "{told}"
            );
            let begins = match way {
                "moved" => "it was 'x', was damaged on this drive, and was then changed: ",
                _ => {
                    "it holds a piece of 'x', which was damaged on this drive when it was copied, and goes to the others as it reads. `offsync verify FOLDER --repair` heals 'x'; make this one anew from it then"
                }
            };
            assert!(sentences[0].starts_with(begins), "{told}: {sentences:?}");
            // Of what is made of it once more, and of it under another name, it was said.
            let again = [edited, b"and more".to_vec()].concat();
            homes.hand(0).write(&path(name), again.clone()).expect("fits");
            assert_eq!(said(&homes.sync(0)).0, [], "{told}");
            homes.hand(0).rename(&path(name), &path("z")).expect("is there");
            assert_eq!(said(&homes.sync(0)).0, [], "{told}");
            homes.round(2);
            assert!(homes.read_bytes(1, "z") == again, "{told}");
        }
    }
}

#[test]
fn what_shares_sound_pieces_with_a_damaged_file_is_not_said() {
    let mut homes = Homes::on(&[bare(), DiskOptions::ext4()]);
    homes.hand(0).write(&path("x"), long()).expect("fits");
    homes.round(2);
    let sound = [b"a new beginning".to_vec(), homes.read_bytes(0, "x")].concat();
    homes.hand(0).rot(&path("x")).expect("is there");
    assert_eq!(homes.verify(0).damaged.len(), 1);
    homes.hand(0).write(&path("made before"), sound).expect("fits");
    assert_eq!(said(&homes.sync(0)).0, []);
}

#[test]
fn an_edit_after_a_touch_is_said_with_who_had_the_version_from_before_the_touch() {
    for drive in [DiskOptions::ext4(), bare()] {
        for name in ["x", "y"] {
            let mut homes = rotten_on(&drive);
            homes.hand(0).rename(&path("x"), &path(name)).expect("is there");
            for time_s in [5, 6] {
                homes
                    .hand(0)
                    .touch(&path(name), time_s * 1_000_000_000)
                    .expect("is there");
                homes.sync(0);
            }
            homes.hand(0).write_in_place(&path(name), "edited").expect("fits");

            let (facts, _) = said(&homes.sync(0));

            assert_eq!(
                facts,
                [(name.to_owned(), name.to_owned(), false, 2)],
                "{:?}",
                drive.inodes
            );
        }
    }
}

#[test]
fn an_edit_that_got_another_name_before_it_was_sent_is_said() {
    for drive in [DiskOptions::ext4(), bare()] {
        let mut homes = rotten_on(&drive);
        homes.hand(0).write_in_place(&path("x"), "edited").expect("fits");
        homes.survey(0);
        homes.hand(0).rename(&path("x"), &path("y")).expect("is there");
        homes.survey(0);
        assert_eq!(said(&homes.sync(0)).0, [("y".to_owned(), "x".to_owned(), false, 2)]);
    }
}

#[test]
fn who_reads_all_again_hears_of_a_damaged_file_that_was_touched() {
    let mut homes = rotten_on(&bare());
    let checked_before = homes.survey(0).locations[0].last_check_ns;
    homes.hand(0).touch(&path("x"), 5_000_000_000).expect("is there");
    let report = homes.sync_deep(0);
    let skipped: Vec<_> = report.skipped.iter().map(|line| line.path.clone()).collect();
    assert_eq!((skipped, homes.damaged(0)), (vec![path("x")], vec![path("x")]));
    assert_eq!(
        homes.survey(0).locations[0].last_check_ns,
        checked_before,
        "not all was found sound"
    );
}

#[test]
fn another_homes_edit_comes_to_a_damaged_file_that_was_touched_and_that_one_heals_beside_it() {
    for drive in [DiskOptions::ext4(), bare()] {
        for is_sent_first in [false, true] {
            let told = format!("sent first: {is_sent_first}, on {:?}", drive.inodes);
            let mut homes = rotten_on(&drive);
            homes.hand(0).touch(&path("x"), 5_000_000_000).expect("is there");
            homes.hand(1).write(&path("x"), "the good edit").expect("fits");
            homes.sync(usize::from(!is_sent_first));
            homes.sync(usize::from(is_sent_first));
            homes.round(3);
            let here = homes.disk(0).hand().tree();
            let is_whole = here
                .values()
                .any(|seen| *seen == Seen::File(HELD.as_bytes().to_vec().into()));
            assert!(
                is_whole || homes.damaged(0).len() == 1,
                "{told}: it is named, or healed"
            );

            homes.verify_repairing(0);
            homes.round(4);

            homes.assert_all_equal();
            assert_eq!(homes.damaged(0), [], "{told}");
            let conflicts = homes.sync(0).conflicts;
            assert_eq!(conflicts.len(), 1, "{told}");
            let mut held = [&conflicts[0].path, &conflicts[0].copy].map(|path| homes.read(0, &path.to_string()));
            held.sort();
            assert_eq!(held, ["the good edit", HELD], "{told}");
        }
    }
}

/// Takes a damaged file out of the archive, lets some days pass, and brings it back under a name, as from a desktop's own trash.
fn bring_back(homes: &mut Homes, days: u32, to: &str) {
    let rotten = homes.read(0, "x");
    homes.hand(0).remove(&path("x")).expect("is there");
    homes.round(2);
    for _ in 0..days / 5 {
        homes.pass_days(5);
        homes.round(1);
    }
    homes.hand(0).write(&path(to), rotten).expect("fits");
}

#[test]
fn damage_that_comes_back_from_outside_is_said_as_long_as_a_trash_may_have_kept_it() {
    for drive in [DiskOptions::ext4(), bare()] {
        for (days, to) in [(0, "x"), (0, "y"), (25, "x"), (50, "x")] {
            let mut homes = rotten_on(&drive);
            bring_back(&mut homes, days, to);

            let (facts, sentences) = said(&homes.sync(0));

            if days == 50 {
                assert_eq!(facts, [], "nobody remembers");
                continue;
            }
            assert_eq!(facts, [(to.to_owned(), "x".to_owned(), true, 2)]);
            assert_eq!(
                sentences,
                [
                    "it reads just as 'x' did when that was damaged on this drive, and goes to the others as it reads. Unless somebody deleted it there by hand, the version from before is in the trash of 'home 1' and 'home 2' once they sync; `offsync trash restore FOLDER 'x'` there brings it back"
                ]
            );
            homes.hand(0).rename(&path(to), &path("z")).expect("is there");
            assert_eq!(said(&homes.sync(0)).0, [], "of that it was said");
            homes.round(2);
            homes.assert_all_equal();
        }
    }
}

#[test]
fn what_was_kept_and_comes_back_from_outside_is_not_said() {
    let mut homes = rotten_on(&bare());
    homes.sync(0);
    homes.keep(0, &["x"]).expect("it is damaged");
    homes.round(2);
    bring_back(&mut homes, 0, "x");
    assert_eq!(said(&homes.sync(0)).0, []);
}

#[test]
fn the_bytes_of_damage_over_a_healed_file_are_said() {
    let mut homes = rotten_on(&bare());
    let rotten = homes.read(0, "x");
    homes.verify_repairing(0);
    homes.round(4);
    assert_eq!(homes.read(0, "x"), HELD);
    homes.hand(0).write(&path("x"), rotten).expect("fits");
    assert_eq!(said(&homes.sync(0)).0, [("x".to_owned(), "x".to_owned(), true, 2)]);
}

#[test]
fn damage_that_a_decision_put_into_the_trash_is_said_when_it_comes_back() {
    let mut homes = rotten_on(&bare());
    homes.hand(0).touch(&path("x"), 5_000_000_000).expect("is there");
    homes.hand(1).write(&path("x"), "the good edit").expect("fits");
    homes.sync(1);
    let conflict = homes.sync(0).conflicts.remove(0);
    assert_eq!(homes.damaged(0), [path("x")]);
    homes
        .with_engine(0, |engine| engine.resolve(&conflict, Keep::Copy))
        .expect("a sound drive");
    homes.round(3);
    assert_eq!(
        (homes.read(0, "x"), homes.damaged(0)),
        ("the good edit".into(), Vec::new())
    );
    let line = homes.trash(0).remove(0);
    let back = homes.restore_trashed(0, &line).to_string();

    let (facts, _) = said(&homes.sync(0));

    assert_eq!(facts, [(back, "x".to_owned(), true, 2)]);
}

#[test]
fn a_damaged_file_that_gets_the_name_of_what_was_on_its_way_when_the_power_went_is_damaged_still() {
    for drive in [bare(), DiskOptions::ext4()] {
        let mut met = 0;
        for calls in 0.. {
            let mut homes = rotten_on(&drive);
            let rotten = homes.read(0, "x");
            homes.hand(1).write(&path("new"), "new").expect("fits");
            homes.sync(1);
            let (_, done) = homes.sync_until(0, calls, &mut Rng::new(calls));
            if done.is_some() {
                break;
            }
            if homes.hand(0).read(&path("new")).is_err() {
                homes.hand(0).rename(&path("x"), &path("new")).expect("is there");
                met += 1;
            }
            homes.round(3);
            for (home, name) in
                (1..3).flat_map(|home| homes.hand(home).tree().into_keys().map(move |name| (home, name)))
            {
                let read = homes.hand(home).read(&name).expect("it is a file");
                assert_ne!(*read, *rotten.as_bytes(), "'{name}' at {home} after {calls} calls");
            }
        }
        assert!(met > 10, "{met}");
    }
}
