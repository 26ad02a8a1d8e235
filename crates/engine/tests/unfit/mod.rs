//! What a drive can never hold is told from what is still to come, at every home.

use offsync_engine::{LocationState, SyncOptions};
use offsync_testkit::{DiskOptions, Seen};

use crate::home::{Homes, path};

/// Tells how home `of` stands at home 0, and what its drive cannot hold as known there and as it finds itself.
fn stands(homes: &mut Homes, of: usize) -> (LocationState, u64, u64) {
    let location = homes.location(of);
    let survey = homes.survey(0);
    let mut standings = survey.locations.iter();
    let there = standings.find(|one| one.location == location).expect("it is known");
    let (state, unfit) = (there.state, there.unfit);
    (state, unfit, homes.survey(of).unshown.unfit)
}

#[test]
fn what_a_drive_can_never_hold_is_not_still_to_come() {
    let mut homes = Homes::on(&[DiskOptions::ext4(), DiskOptions::fat(), DiskOptions::ext4()]);
    homes.hand(0).write(&path("a"), "content").expect("fits");
    homes.hand(0).mkdir(&path("sub")).expect("fits");
    homes.hand(0).symlink(&path("sub/link"), b"../a").expect("fits");
    homes.sync(0);
    assert_eq!(stands(&mut homes, 1), (LocationState::Invited, 0, 0));
    homes.round(2);
    assert_eq!(stands(&mut homes, 1), (LocationState::Unfit, 1, 1));
    assert_eq!(stands(&mut homes, 2), (LocationState::UpToDate, 0, 0));

    // Spelled as that drive could read it back, such a name is too long for it, and so is all that lies below.
    let long = "?".repeat(100);
    homes.hand(2).mkdir(&path(&long)).expect("fits");
    homes.hand(2).write(&path(&format!("{long}/one")), "1").expect("fits");
    homes.hand(2).write(&path(&format!("{long}/two")), "2").expect("fits");
    homes.round(2);
    assert_eq!(stands(&mut homes, 1), (LocationState::Unfit, 3, 3));

    // Two links in conflict are two, and twice the same one is one.
    homes.hand(0).symlink(&path("both"), b"a").expect("fits");
    homes.hand(2).symlink(&path("both"), b"sub").expect("fits");
    homes.hand(0).symlink(&path("same"), b"a").expect("fits");
    homes.hand(2).symlink(&path("same"), b"a").expect("fits");
    homes.round(3);
    assert_eq!(stands(&mut homes, 1), (LocationState::Unfit, 6, 6));

    // What is changed here meanwhile is nothing that it knows of.
    homes.hand(0).symlink(&path("new"), b"a").expect("fits");
    assert_eq!(stands(&mut homes, 1), (LocationState::Unfit, 6, 6));
}

#[test]
fn what_drives_can_never_hold_is_counted_once_for_all_of_them_until_something_is_folded() {
    let mut homes = Homes::on(&[DiskOptions::ext4(), DiskOptions::fat(), DiskOptions::exfat()]);
    homes.hand(0).symlink(&path("link"), b"a").expect("fits");
    homes.round(3);
    assert_eq!(homes.pages_to_tell(0), 2, "one page, and the end");
    assert_eq!(homes.pages_to_tell(0), 0);
    homes.round(1);
    assert_eq!(homes.pages_to_tell(0), 0, "nothing is new");
    homes.hand(0).symlink(&path("more"), b"a").expect("fits");
    homes.round(3);
    assert_eq!(homes.pages_to_tell(0), 2);
    for of in [1, 2] {
        assert_eq!(stands(&mut homes, of), (LocationState::Unfit, 2, 2));
    }
}

#[test]
fn what_stood_there_before_stays_and_is_called_so() {
    let mut homes = Homes::on(&[DiskOptions::ext4(), DiskOptions::fat()]);
    homes.hand(0).write(&path("a"), "content").expect("fits");
    homes.hand(0).write(&path("other"), "stays").expect("fits");
    homes.round(2);
    let said = |homes: &mut Homes| homes.sync(1).warnings.remove(0).reason;
    homes.hand(0).remove(&path("a")).expect("is there");
    homes.hand(0).symlink(&path("a"), b"b").expect("fits");
    homes.sync(0);
    let instead = "it is a link: this drive cannot store it. What stands here is the version before it, and the other copies keep it.";
    assert_eq!(said(&mut homes), instead);
    assert_eq!(homes.read(1, "a"), "content");

    homes.hand(1).remove(&path("a")).expect("is there");
    homes.round(2);
    homes.hand(0).symlink(&path("b"), b"a").expect("fits");
    homes.sync(0);
    let gone = "it is a link: this drive cannot store it. It is not shown here, and the other copies keep it.";
    assert_eq!(said(&mut homes), gone);
}

#[test]
fn what_was_written_meanwhile_is_not_called_the_version_before() {
    let mut homes = Homes::on(&[DiskOptions::ext4(), DiskOptions::fat()]);
    homes.hand(0).write(&path("a"), "content").expect("fits");
    homes.hand(0).write(&path("other"), "stays").expect("fits");
    homes.round(2);
    homes.hand(0).remove(&path("a")).expect("is there");
    homes.hand(0).symlink(&path("a"), b"b").expect("fits");
    homes.hand(1).write(&path("a"), "edited").expect("fits");
    homes.sync(1);
    homes.sync(0);
    let said = homes.sync(1).warnings.remove(0).reason;
    let beside = "it is a link: this drive cannot store it. It is not shown here, and the other copies keep it.";
    assert_eq!(said, beside);
    let tree = homes.hand(1).tree();
    let (stands, seen) = tree.first_key_value().expect("it stands beside");
    assert!(
        tree.len() == 2 && stands.to_string().starts_with("a (other version "),
        "{stands}"
    );
    assert_eq!(*seen, Seen::File(b"edited".to_vec().into()));
}

#[test]
fn who_lacks_something_else_besides_is_behind() {
    let mut homes = Homes::on(&[DiskOptions::ext4(), DiskOptions::fat()]);
    homes.hand(0).write(&path("a"), "content").expect("fits");
    homes.hand(0).symlink(&path("link"), b"a").expect("fits");
    homes.round(2);
    assert_eq!(stands(&mut homes, 1), (LocationState::Unfit, 1, 1));
    homes.hand(1).rot(&path("a")).expect("is there");
    homes.verify_repairing(1);
    homes.round(1);
    assert_eq!(stands(&mut homes, 1), (LocationState::Behind, 0, 1));
}

/// What stays where it is, and why, as `left` at some path; where `went` is what became of its folder.
fn stays(left: &str, folder: &str, went: &str) -> (String, String) {
    let reason = format!(
        "it stays where it is in the other homes, and '{folder}' with it, though that {went} here: what this drive cannot store does not go along with its folder. Move or delete it in a home whose drive can store it."
    );
    (left.to_owned(), reason)
}

#[test]
fn a_folder_that_goes_leaves_what_its_drive_cannot_show_and_that_is_said_in_that_sync_and_before() {
    let mut homes = Homes::on(&[DiskOptions::ext4(), DiskOptions::fat(), DiskOptions::ext4()]);
    for folder in ["moved", "deep/er", "deleted", "stays"] {
        let at = |name: &str| path(&format!("{folder}/{name}"));
        homes.hand(0).write(&at("a.txt"), format!("in {folder}")).expect("fits");
        homes.hand(0).symlink(&at("link"), b"a.txt").expect("fits");
    }
    homes.round(3);
    let hand = homes.hand(1);
    hand.rename(&path("moved"), &path("moved on")).expect("is there");
    hand.rename(&path("deep"), &path("deeper")).expect("is there");
    hand.remove(&path("deleted/a.txt")).expect("is there");
    hand.remove(&path("deleted")).expect("is there");
    let wanted = [
        stays("deep/er/link", "deep/er", "was renamed to 'deeper/er'"),
        stays("deleted/link", "deleted", "is gone"),
        stays("moved/link", "moved", "was renamed to 'moved on'"),
    ];
    let before = homes.with_engine(1, |engine| {
        engine.differences(&SyncOptions::default()).expect("a sound drive");
        engine.to_be_left_behind().expect("a sound index")
    });
    let said: Vec<_> = before
        .into_iter()
        .map(|left| (left.line.path.to_string(), left.line.reason))
        .collect();
    assert_eq!(said, wanted);
    let said = |homes: &mut Homes| -> Vec<_> {
        let lines = homes
            .sync(1)
            .warnings
            .into_iter()
            .filter(|line| line.reason.contains("though that"));
        lines.map(|line| (line.path.to_string(), line.reason)).collect()
    };
    assert_eq!(said(&mut homes), wanted);
    homes.round(3);
    assert!(said(&mut homes).is_empty(), "once");
    for home in [0, 2] {
        let tree = homes.hand(home).tree();
        for link in ["moved/link", "deep/er/link", "deleted/link", "stays/link"] {
            assert!(
                matches!(tree.get(&path(link)), Some(Seen::Symlink(_))),
                "{link}: {tree:?}"
            );
        }
        assert!(tree.contains_key(&path("moved on/a.txt")) && !tree.contains_key(&path("moved/a.txt")));
    }
    assert!(homes.hand(1).tree().contains_key(&path("moved")), "it holds something");
}

#[test]
fn a_version_that_gave_its_name_to_one_that_is_held_stands_once() {
    let mut homes = Homes::on(&[DiskOptions::ext4(), DiskOptions::fat()]);
    homes.hand(0).write(&path("a"), "content").expect("fits");
    homes.round(2);
    homes.hand(1).write(&path("thing"), "a file").expect("fits");
    homes.hand(0).symlink(&path("thing"), b"a").expect("fits");
    // Who has the longer history has the name.
    homes.sync(1);
    homes.hand(0).write(&path("b"), "one more").expect("fits");
    homes.sync(0);
    homes.round(3);
    let names = |home: usize| homes.hand(home).tree().into_keys().map(|path| path.to_string());
    let copies: Vec<_> = names(0).filter(|name| name.contains("(other version")).collect();
    assert!(matches!(
        homes.hand(0).tree().get(&path("thing")),
        Some(Seen::Symlink(_))
    ));
    assert_eq!(
        names(1).filter(|name| name != "a" && name != "b").collect::<Vec<_>>(),
        copies
    );
    assert_eq!(homes.read(1, &copies[0]), "a file");
    assert!(homes.trash(1).is_empty(), "it moved");
    assert_eq!(homes.sync(1).conflicts.len(), 1);
}
