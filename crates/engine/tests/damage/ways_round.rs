//! Ways round known damage: what was copied off a damaged file, sent and said, says nothing of the damaged file itself.

use offsync_testkit::{DiskOptions, InodeNumbers};

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
