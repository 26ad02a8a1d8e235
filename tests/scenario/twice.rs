//! A drive and the mailbox are put back to one night's backup, after another home took in what that drive said later.

use std::fs;
use std::path::PathBuf;

use crate::recovery::{lose_computer, recover, write_sheet};
use crate::restored::clone_drive;
use crate::world::{Home, World, check_alike, settle, text};

/// One night's backup of a drive, the mailbox and the computer's settings.
struct Night {
    drive: PathBuf,
    mailbox: PathBuf,
    settings: PathBuf,
}

impl Night {
    fn of(world: &World, home: &Home) -> Self {
        let night = Self {
            drive: world.path("night drive"),
            mailbox: world.path("night mailbox"),
            settings: world.path("night settings"),
        };
        clone_drive(&home.folder, &night.drive);
        clone_drive(&world.mailbox(), &night.mailbox);
        clone_drive(&home.settings(), &night.settings);
        night
    }

    fn put_back(&self, world: &World, home: &Home) {
        for (now, then) in [(&home.folder, &self.drive), (&world.mailbox(), &self.mailbox)] {
            fs::remove_dir_all(now).expect("it can burn");
            clone_drive(then, now);
        }
    }
}

/// Pep and Anna, of whom Anna has what Pep made after that night.
fn after_that_night() -> (World, Home, Home, Night, PathBuf) {
    let world = World::new();
    let [pep, anna] = world.pair(|pep| pep.write("old.txt", "old"));
    settle(&[&pep, &anna]);
    let sheet = write_sheet(&world, &pep, "sheet.txt");
    let night = Night::of(&world, &pep);
    pep.write("photo.jpg", "before the fire");
    pep.sync();
    anna.sync();
    (world, pep, anna, night, sheet)
}

fn assert_all_is_healed(pep: &Home, anna: &Home) {
    for _ in 0..5 {
        for home in [pep, anna] {
            home.json(["sync", home.at()]);
        }
    }
    settle(&[pep, anna]);
    check_alike(&[pep, anna]);
    for home in [pep, anna] {
        assert_eq!(home.read("photo.jpg"), b"before the fire");
        assert_eq!(home.read("letter.txt"), b"after the fire");
        let told = home.run(["status", home.at()]);
        assert!(told.stdout.contains("Everything is safe in 2 homes"), "{told}");
    }
}

#[test]
fn a_drive_and_the_mailbox_of_one_night_are_opened_at_a_new_computer_and_nothing_is_lost() {
    let (world, pep, anna, night, sheet) = after_that_night();
    night.put_back(&world, &pep);
    lose_computer(&pep);
    recover(&pep, text(&sheet)).expect_code(0);
    pep.write("letter.txt", "after the fire");
    pep.run(["sync", pep.at()])
        .expect_code(0)
        .expect_out("  You brought this location back, so it goes on under a new id, [");
    let told = anna.json(["sync", anna.at()]).expect_code(0).only_report();
    assert_eq!(told["alarms"], serde_json::json!([]), "{told:#}");
    assert_all_is_healed(&pep, &anna);
}

#[test]
fn a_computer_that_is_put_back_with_both_is_found_out_by_the_other_home_and_heals() {
    let (world, pep, anna, night, _) = after_that_night();
    night.put_back(&world, &pep);
    lose_computer(&pep);
    clone_drive(&night.settings, &pep.settings());
    pep.write("letter.txt", "after the fire");
    assert_eq!(pep.sync()["took_new_id"], false, "nothing there can tell it");
    let alarm = "ALARM: 'Pep's home' went back to a backup, the mailbox too, and now sends other changes";
    anna.run(["sync", anna.at()])
        .expect_code(5)
        .expect_out(alarm)
        .expect_out("Sync 'Pep's home' twice");
    anna.run(["status", anna.at()]).expect_out(alarm);
    assert_eq!(anna.read("photo.jpg"), b"before the fire");
    assert_eq!(pep.json(["sync", pep.at()]).only_report()["took_new_id"], true);
    assert_eq!(pep.read("letter.txt"), b"after the fire");
    assert_all_is_healed(&pep, &anna);
}

#[test]
fn a_computer_that_is_put_back_with_both_before_several_words_says_all_anew_once_it_hears_of_them() {
    let (world, pep, anna, night, _) = after_that_night();
    pep.write("second.jpg", "before the fire, too");
    pep.sync();
    anna.sync();
    night.put_back(&world, &pep);
    lose_computer(&pep);
    clone_drive(&night.settings, &pep.settings());
    pep.write("letter.txt", "after the fire");
    assert_eq!(pep.sync()["took_new_id"], false, "nothing there can tell it");
    // For Anna that number is one of those that she folded long ago.
    anna.sync();
    let told = pep.json(["sync", pep.at()]).only_report();
    assert_eq!(told["took_new_id"], true, "{told:#}");
    assert_eq!(pep.read("letter.txt"), b"after the fire", "nobody deleted it");
    assert_all_is_healed(&pep, &anna);
    assert_eq!(pep.read("second.jpg"), b"before the fire, too");
    assert_eq!(pep.json(["trash", "list", pep.at()]).document(), serde_json::json!([]));
}
