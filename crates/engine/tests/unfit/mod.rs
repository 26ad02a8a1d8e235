//! What a drive can never hold is told from what is still to come, at every home.

use offsync_engine::LocationState;
use offsync_testkit::DiskOptions;

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
    let other = "it is a link: this drive cannot store it. Another version stands here, and the other copies keep it.";
    assert_eq!(said, other);
    assert_eq!(homes.read(1, "a"), "edited");
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
