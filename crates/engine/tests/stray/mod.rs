//! Changesets of ids that were given up, which build on what nobody knows any more: strays.

use offsync_testkit::DiskOptions;

use crate::home::{Homes, path};
use crate::thimble::{ALLOWANCE_BYTES, film};

/// Two homes know an archive; the first posts something, and both come back without their indexes before it is read.
fn forgotten_by_both(post: impl FnOnce(&mut Homes)) -> Homes {
    let mut homes = Homes::new(2);
    homes.hand(0).write(&path("a.txt"), "a").expect("fits");
    homes.round(2);
    post(&mut homes);
    (0..2).for_each(|home| homes.come_back(home));
    homes
}

fn rounds(homes: &mut Homes, times: usize) {
    for _ in 0..times {
        (0..2).for_each(|home| drop(homes.sync_allowing(home, ALLOWANCE_BYTES)));
    }
}

/// Both are equal, nothing waits, and nobody says anything new.
fn assert_rest(homes: &mut Homes) {
    homes.assert_all_equal();
    homes.assert_mailbox_holds_only_heads_and_people();
    for home in 0..2 {
        let report = homes.sync(home);
        assert_eq!(report.uploaded_bytes, 0);
        assert!(report.up_to_date && report.skipped.is_empty(), "{report:?}");
    }
}

#[test]
fn parts_of_a_file_whose_author_forgot_them_leave_a_full_mailbox() {
    let mut homes = forgotten_by_both(|homes| {
        homes.hand(0).write(&path("film.mov"), film()).expect("fits");
        homes.sync_allowing(0, ALLOWANCE_BYTES);
        assert!(!homes.packs().is_empty());
    });
    homes.hand(1).write(&path("b.txt"), vec![7; 1_000_000]).expect("fits");
    rounds(&mut homes, 12);
    assert_eq!(homes.read(1, "film.mov"), String::from_utf8_lossy(&film()));
    assert_rest(&mut homes);
}

#[test]
fn what_only_a_stray_holds_is_said_anew_by_who_finds_it_and_its_content_is_sent_by_nobody() {
    let mut homes = forgotten_by_both(|homes| {
        homes.hand(0).write(&path("photo.jpg"), film()).expect("fits");
        homes.sync(0);
        // The drive breaks, too.
        homes.hand(0).remove(&path("photo.jpg")).expect("is there");
    });
    let before = homes.mail_bytes();
    let mut payload_bytes = 0;
    for _ in 0..8 {
        payload_bytes += homes.sync(0).payload_bytes + homes.sync(1).payload_bytes;
    }
    assert!(before > 6_000_000 && payload_bytes < 1_000, "{payload_bytes}");
    assert_eq!(homes.read(1, "photo.jpg"), String::from_utf8_lossy(&film()));
    assert_rest(&mut homes);
}

#[test]
fn a_stray_that_fills_an_account_which_shrank_is_taken_over_before_anybody_can_hear_it() {
    let mut homes = forgotten_by_both(|homes| {
        homes.hand(0).write(&path("photo.jpg"), film()).expect("fits");
        homes.sync(0);
        homes.hand(0).remove(&path("photo.jpg")).expect("is there");
    });
    let shrunk_bytes = homes.mail_bytes() / 2;
    for _ in 0..12 {
        (0..2).for_each(|home| drop(homes.sync_allowing(home, shrunk_bytes)));
    }
    assert_eq!(homes.read(1, "photo.jpg"), String::from_utf8_lossy(&film()));
    assert_rest(&mut homes);
}

#[test]
fn of_two_strays_the_later_word_holds() {
    let mut homes = forgotten_by_both(|homes| {
        homes.hand(0).write(&path("b.txt"), "first").expect("fits");
        homes.hand(0).write(&path("c.txt"), "c").expect("fits");
        homes.sync(0);
        homes.hand(0).write(&path("b.txt"), "second").expect("fits");
        homes.hand(0).remove(&path("c.txt")).expect("is there");
        homes.sync(0);
        homes.hand(0).remove(&path("b.txt")).expect("is there");
    });
    homes.round(8);
    assert_eq!(homes.read(1, "b.txt"), "second");
    assert_eq!(homes.hand(0).tree().len(), 2, "{:?}", homes.hand(0).tree());
    assert_rest(&mut homes);
}

#[test]
fn a_stray_that_follows_on_a_lost_changeset_moves_what_it_moved() {
    // The first drive is put back to before what it posted; the first of those changesets got lost.
    let mut homes = Homes::new(2);
    homes.hand(0).write(&path("a.txt"), "a").expect("fits");
    homes.hand(0).write(&path("b.txt"), "b").expect("fits");
    homes.round(2);
    let backup = homes.backup(0);
    post_after_a_lost_changeset(&mut homes, |homes| {
        let hand = homes.hand(0);
        hand.rename(&path("a.txt"), &path("moved.txt")).expect("is there");
        hand.write(&path("b.txt"), "edited").expect("fits");
    });
    homes.hand(0).write(&path("b.txt"), "edited again").expect("fits");
    homes.sync(0);
    homes.restore(0, &backup);
    assert!(homes.sync(0).took_new_id);
    homes.round(6);
    assert_eq!(
        (homes.read(1, "moved.txt"), homes.read(1, "b.txt")),
        ("a".into(), "edited again".into())
    );
    assert_eq!(homes.hand(0).tree().len(), 2, "{:?}", homes.hand(0).tree());
    assert_rest(&mut homes);
}

#[test]
fn what_leads_to_a_changeset_may_come_from_a_home_that_was_away() {
    let mut homes = Homes::new(3);
    homes.hand(0).write(&path("b.txt"), "b").expect("fits");
    homes.round(3);
    let backup = homes.backup(0);
    homes.hand(0).write(&path("b.txt"), "first").expect("fits");
    homes.sync(0);
    homes.sync(2);
    homes.lose_objects("out.");
    homes.hand(0).write(&path("b.txt"), "second").expect("fits");
    homes.sync(0);
    homes.restore(0, &backup);
    // The third home can fold it: it stays for that one, and is nobody else's to say.
    for _ in 0..6 {
        let said = homes.sync(0).posted_entries + homes.sync(1).posted_entries;
        assert_eq!(said, 0);
    }
    assert!(homes.mail().iter().any(|name| name.ends_with(".manifest")));
    homes.sync(2);
    homes.round(5);
    assert_eq!(homes.read(0, "b.txt"), "second");
    assert_eq!(homes.hand(1).tree().len(), 1);
    homes.assert_all_equal();
    homes.assert_mailbox_holds_only_heads_and_people();
}

#[test]
fn a_stray_stays_until_all_who_count_have_heard_what_it_holds_and_lack_nothing_of_it() {
    let mut homes = Homes::new(3);
    homes.round(3);
    let backup = homes.backup(0);
    post_after_a_lost_changeset(&mut homes, |homes| {
        homes.hand(0).write(&path("photo.jpg"), film()).expect("fits");
    });
    homes.restore(0, &backup);
    // The third home is away, and then has no room.
    for _ in 0..8 {
        (0..2).for_each(|home| drop(homes.sync(home)));
    }
    assert_eq!(homes.read(0, "photo.jpg"), homes.read(1, "photo.jpg"));
    assert!(has_packs_of_strays(&homes));
    homes.disk(2).leave_free(Some(100_000));
    homes.sync(2);
    (0..2).for_each(|home| drop(homes.sync(home)));
    assert!(has_packs_of_strays(&homes));
    homes.disk(2).leave_free(None);
    assert_eq!(homes.sync(2).missing_chunks, 0);
    homes.round(3);
    homes.assert_all_equal();
    homes.assert_mailbox_holds_only_heads_and_people();
}

fn has_packs_of_strays(homes: &Homes) -> bool {
    homes.packs().iter().any(|name| name.starts_with("out."))
}

/// The first home posts two changesets, of which the first gets lost before anybody reads it.
fn post_after_a_lost_changeset(homes: &mut Homes, change: impl FnOnce(&mut Homes)) {
    homes.hand(0).write(&path("lost.txt"), "lost").expect("fits");
    homes.sync(0);
    homes.lose_objects("out.");
    change(homes);
    homes.sync(0);
}

#[test]
fn a_damaged_stray_behind_one_that_was_lost_leaves_the_mailbox() {
    let mut homes = forgotten_by_both(|homes| {
        for (name, text) in [("b.txt", "b"), ("c.txt", "c")] {
            homes.hand(0).write(&path(name), text).expect("fits");
            homes.sync(0);
        }
        let posted: Vec<String> = homes
            .mail()
            .into_iter()
            .filter(|name| name.ends_with(".manifest"))
            .collect();
        let [first, second] = posted.as_slice() else {
            panic!("two changesets: {posted:?}");
        };
        homes.lose_objects(first);
        homes.damage(second);
    });
    homes.round(6);
    assert_rest(&mut homes);
}

#[test]
fn what_was_said_anew_and_deleted_since_is_not_said_once_more_by_who_comes_late() {
    let mut homes = forgotten_by_both(|homes| {
        homes.hand(0).write(&path("b.txt"), "b").expect("fits");
        homes.sync(0);
        homes.hand(0).remove(&path("b.txt")).expect("is there");
    });
    homes.round(1);
    // A copy that lies in a drawer from here on.
    homes.add_home();
    for _ in 0..5 {
        (0..2).for_each(|home| drop(homes.sync(home)));
    }
    assert_eq!(homes.read(1, "b.txt"), "b", "said anew");
    homes.hand(1).remove(&path("b.txt")).expect("is there");
    homes.hand(1).write(&path("c.txt"), "c").expect("fits");
    (0..2).for_each(|home| drop(homes.sync(home)));
    for _ in 0..3 {
        homes.sync(2);
    }
    homes.round(4);
    for home in 0..3 {
        assert!(homes.hand(home).read(&path("b.txt")).is_err(), "home {home}");
    }
    homes.assert_all_equal();
    homes.assert_mailbox_holds_only_heads_and_people();
}

#[test]
fn a_stray_stays_where_no_drive_can_hold_what_it_has() {
    let small = DiskOptions {
        file_bytes_max: 1 << 20,
        ..DiskOptions::fat()
    };
    let mut homes = Homes::on(&[DiskOptions::ext4(), small.clone(), small]);
    homes.hand(0).write(&path("a.txt"), "a").expect("fits");
    homes.round(2);
    let backup = homes.backup(0);
    homes.hand(0).write(&path("b.txt"), "b").expect("fits");
    homes.sync(0);
    let between = homes.mail();
    homes.hand(0).write(&path("film.mov"), film()).expect("fits");
    homes.sync(0);
    // The first changeset is lost, and with it all that knows of the film.
    let first = between
        .into_iter()
        .find(|name| name.ends_with(".manifest"))
        .expect("a changeset");
    homes.lose_objects(&first);
    homes.restore(0, &backup);
    assert!(homes.sync(0).took_new_id);
    let gone = homes.location(0);
    homes.remove(1, gone);
    for _ in 0..8 {
        (1..3).for_each(|home| drop(homes.sync(home)));
    }
    assert!(!homes.packs().is_empty(), "all that is left of it: {:?}", homes.mail());
}
