//! The three-homes story on the simulated world: what one does, all have, and the mailbox is empty.

mod answers;
mod attempt;
mod crossing;
mod damage;
mod drives;
mod fates;
mod followed;
mod guards;
mod held;
mod home;
mod incoming;
mod keep;
mod keyed;
mod lives;
mod lost;
mod mended;
mod moving;
mod pace;
mod refused;
mod room;
mod rules;
mod silence;
mod stranded;
mod strangers;
mod stray;
mod superseded;
mod supplanted;
mod taken_out;
mod taken_over;
mod thimble;
mod threshold;
mod twice;
mod unfinished;
mod unfit;
mod unsent;
mod went_back;

use home::{Homes, path};
use offsync_testkit::{DiskOptions, InodeNumbers};

#[test]
fn what_one_adds_all_have_and_the_mailbox_is_empty() {
    let mut homes = Homes::new(3);
    homes.hand(0).mkdir(&path("2016")).expect("fits");
    homes.hand(0).write(&path("2016/a.jpg"), "first photo").expect("fits");
    homes
        .hand(0)
        .write(&path("2016/big.mov"), vec![7; 3_000_000])
        .expect("fits");
    homes.hand(0).symlink(&path("latest"), b"2016/a.jpg").expect("fits");
    homes.round(3);
    homes.assert_all_equal();
    homes.assert_mailbox_holds_only_heads_and_people();
}

#[test]
fn edits_renames_and_deletions_arrive() {
    let mut homes = Homes::new(3);
    for name in ["a", "b", "c", "d", "e", "f", "g", "h"] {
        homes
            .hand(0)
            .write(&path(name), format!("content of {name}"))
            .expect("fits");
    }
    homes.round(3);
    homes.hand(0).write(&path("a"), "edited").expect("fits");
    homes.hand(1).rename(&path("b"), &path("moved")).expect("is there");
    homes.hand(2).remove(&path("c")).expect("is there");
    homes.round(3);
    homes.assert_all_equal();
    assert_eq!(homes.read(2, "a"), "edited");
    assert_eq!(homes.read(0, "moved"), "content of b");
    assert!(homes.hand(0).read(&path("c")).is_err());
    homes.assert_mailbox_holds_only_heads_and_people();
}

#[test]
fn a_conflict_is_kept_on_both_sides_alike() {
    let mut homes = Homes::new(3);
    homes.hand(0).write(&path("a.txt"), "base").expect("fits");
    homes.round(3);
    homes.hand(0).write(&path("a.txt"), "pep").expect("fits");
    homes.hand(1).write(&path("a.txt"), "anna").expect("fits");
    homes.round(3);
    homes.assert_all_equal();
    let mut versions: Vec<String> = homes
        .hand(2)
        .tree()
        .keys()
        .map(|path| homes.read(2, &path.to_string()))
        .collect();
    versions.sort();
    assert_eq!(versions, ["anna", "pep"]);
    homes.assert_mailbox_holds_only_heads_and_people();
}

#[test]
fn a_rename_sends_no_content() {
    let mut homes = Homes::new(2);
    homes
        .hand(0)
        .write(&path("film.mov"), vec![9; 2_000_000])
        .expect("fits");
    homes.round(2);
    homes
        .hand(0)
        .rename(&path("film.mov"), &path("wedding.mov"))
        .expect("is there");
    let report = homes.sync(0);
    assert_eq!(report.payload_bytes, 0);
    let report = homes.sync(1);
    assert_eq!(
        (report.applied.renamed, report.applied.created, report.applied.deleted),
        (1, 0, 0)
    );
    homes.assert_all_equal();
}

#[test]
fn a_second_sync_posts_and_writes_nothing() {
    let mut homes = Homes::new(2);
    homes.hand(0).write(&path("a"), "a").expect("fits");
    homes.round(2);
    for home in 0..2 {
        let report = homes.sync(home);
        assert_eq!(
            (
                report.uploaded_bytes,
                report.posted_changesets,
                report.fetched_changesets
            ),
            (0, 0, 0)
        );
        assert!(report.up_to_date, "{report:?}");
    }
}

#[test]
fn a_folder_beats_a_file_of_its_name_and_the_file_stands_beside() {
    let mut homes = Homes::new(2);
    homes.hand(0).write(&path("z"), "z").expect("fits");
    homes.round(2);
    homes.hand(0).mkdir(&path("x")).expect("fits");
    homes.hand(0).write(&path("x/y"), "inside").expect("fits");
    homes.hand(1).write(&path("x"), "a file").expect("fits");
    homes.round(3);
    homes.assert_all_equal();
    assert_eq!(homes.read(1, "x/y"), "inside");
    assert_eq!(homes.hand(0).tree().len(), 4);
}

#[test]
fn a_swap_arrives() {
    let mut homes = Homes::new(2);
    homes.hand(0).write(&path("a"), "one").expect("fits");
    homes.hand(0).write(&path("b"), "two").expect("fits");
    homes.round(2);
    homes.hand(0).swap(&path("a"), &path("b")).expect("are there");
    homes.sync(0);
    let applied = homes.sync(1).applied;
    assert_eq!((applied.renamed, applied.modified, applied.deleted), (2, 0, 0));
    homes.round(2);
    homes.assert_all_equal();
    assert_eq!((homes.read(1, "a"), homes.read(1, "b")), ("two".into(), "one".into()));
}

#[test]
fn a_restored_drive_mints_no_dot_twice_even_offline() {
    let mut homes = Homes::new(1);
    homes.hand(0).write(&path("f1"), "one").expect("fits");
    homes.sync(0);
    let backup = homes.backup(0);
    homes.hand(0).write(&path("f2"), "two").expect("fits");
    homes.sync(0);
    homes.add_home();
    homes.hand(1).write(&path("f1"), "one").expect("fits");
    homes.hand(1).write(&path("f2"), "two").expect("fits");
    homes.round(2);
    homes.restore(0, &backup);
    homes.hand(0).write(&path("g2"), "another two").expect("fits");
    homes.sync_offline(0);
    homes.round(6);
    homes.assert_all_equal();
    assert_eq!(
        (homes.read(1, "f2"), homes.read(0, "g2")),
        ("two".into(), "another two".into())
    );
    for home in 0..2 {
        let report = homes.sync(home);
        assert!(report.up_to_date && report.alarms.is_empty(), "{report:?}");
    }
}

#[test]
fn a_copy_is_heard_though_whoever_made_it_forgot_it() {
    let mut homes = Homes::new(1);
    homes.hand(0).write(&path("a"), "a").expect("fits");
    homes.sync(0);
    let backup = homes.backup(0);
    homes.add_home();
    homes.restore(0, &backup);
    homes.hand(1).write(&path("a"), "a").expect("fits");
    homes.hand(1).write(&path("b"), "b").expect("fits");
    homes.sync(1);
    homes.round(5);
    homes.assert_all_equal();
    assert_eq!(homes.read(0, "b"), "b");
}

#[test]
fn on_a_drive_without_change_times_a_deep_look_names_what_changed_in_secret_and_posts_it_once_a_person_means_it() {
    let mut homes = Homes::on(&[DiskOptions::fat(), DiskOptions::ext4()]);
    homes.hand(0).write(&path("a"), "one").expect("fits");
    homes.round(2);
    homes.hand(0).write_keeping_time(&path("a"), "two").expect("fits");
    assert!(homes.sync(0).skipped.is_empty(), "nothing tells of it");
    let report = homes.sync_deep(0);
    assert_eq!(
        (report.hashed_files, report.skipped.len(), report.posted_entries),
        (1, 1, 0)
    );
    assert!(report.skipped[0].reason.contains("reads differently"));
    homes.round(2);
    assert_eq!(homes.read(1, "a"), "one", "it may be damage, which must not spread");
    homes.hand(0).write(&path("a"), "two").expect("fits");
    homes.round(2);
    assert_eq!(
        homes.read(1, "a"),
        "one",
        "whoever touches it may not know what it holds"
    );
    homes.keep(0, &["a"]).expect("it is damaged");
    homes.round(2);
    assert_eq!(homes.read(1, "a"), "two");
    homes.hand(0).write_keeping_time(&path("a"), "six").expect("fits");
    homes.sync_deep(0);
    homes.hand(0).write(&path("a"), "seven").expect("fits");
    homes.round(2);
    assert_eq!(homes.read(1, "a"), "seven", "what differs from it is an edit");
}

/// Three files of one size and time, at home 0 on a drive that keeps nothing else of them; all names move on by one.
fn names_move_on(homes: &mut Homes) {
    let hand = homes.hand(0);
    for n in 1..=3 {
        hand.write(&path(&format!("{n}")), format!("content {n}"))
            .expect("fits");
    }
    (1..=3).for_each(|n| hand.touch(&path(&format!("{n}")), 1 << 50).expect("is there"));
    homes.round(2);
    let hand = homes.hand(0);
    for n in (1..=3).rev() {
        hand.rename(&path(&format!("{n}")), &path(&format!("{}", n + 1)))
            .expect("is free");
    }
}

fn bare_fat() -> DiskOptions {
    DiskOptions {
        inodes: InodeNumbers::Absent,
        ..DiskOptions::fat()
    }
}

#[test]
fn names_that_move_on_among_files_that_look_alike_are_renames() {
    let mut homes = Homes::on(&[bare_fat(), DiskOptions::ext4()]);
    names_move_on(&mut homes);

    let report = homes.sync(0);

    assert_eq!((report.skipped.as_slice(), report.payload_bytes), (&[][..], 0));
    homes.round(2);
    for n in 1..=3 {
        assert_eq!(homes.read(1, &format!("{}", n + 1)), format!("content {n}"));
    }
    let report = homes.sync(0);
    assert_eq!(
        (report.posted_entries, report.hashed_files),
        (0, 3),
        "they still look alike"
    );
}

#[test]
fn a_file_under_another_ones_name_is_never_called_damaged() {
    let mut homes = Homes::on(&[bare_fat(), DiskOptions::ext4()]);
    names_move_on(&mut homes);

    let report = homes.verify_repairing(0);

    assert_eq!((report.damaged.as_slice(), report.completed_ns), (&[][..], None));
    homes.round(2);
    let report = homes.verify_repairing(0);
    assert_eq!((report.damaged.as_slice(), report.checked_files), (&[][..], 3));
    for n in 1..=3 {
        assert_eq!(homes.read(1, &format!("{}", n + 1)), format!("content {n}"));
    }
}

#[test]
fn damage_that_reads_as_another_file_is_damage_where_inodes_tell() {
    let mut homes = Homes::new(2);
    homes.hand(0).write(&path("rots"), "count 0").expect("fits");
    homes.hand(0).write(&path("alike"), "count 1").expect("fits");
    homes.round(2);
    // Its last byte turns into that of the other.
    homes.hand(1).rot(&path("rots")).expect("is there");

    let report = homes.verify_repairing(1);

    let damaged: Vec<_> = report.damaged.iter().map(|damaged| damaged.path.clone()).collect();
    assert_eq!(damaged, [path("rots")]);
    homes.round(3);
    assert_eq!(
        (homes.read(0, "rots").as_str(), homes.read(1, "rots").as_str()),
        ("count 0", "count 0")
    );
}

#[test]
fn a_file_that_rotted_unseen_and_was_renamed_is_told_of_when_it_is_posted() {
    let mut homes = Homes::new(2);
    for name in ["rots", "moves"] {
        homes
            .hand(0)
            .write(&path(name), format!("content {name}"))
            .expect("fits");
    }
    homes.round(2);
    homes.hand(1).rot(&path("rots")).expect("is there");
    homes.hand(1).rename(&path("rots"), &path("renamed")).expect("is there");
    homes.hand(1).rename(&path("moves"), &path("moved")).expect("is there");

    let report = homes.sync(1);

    let told: Vec<_> = report.warnings.iter().map(|line| line.path.clone()).collect();
    assert_eq!(told, [path("renamed")]);
    homes.round(2);
    let kept: Vec<_> = homes.trash(0).into_iter().map(|line| line.path).collect();
    assert_eq!(kept, [path("rots")]);
}

#[test]
fn a_file_with_a_bad_place_is_damaged_and_ends_no_verification() {
    let mut homes = Homes::new(2);
    for name in ["a", "b", "c"] {
        homes
            .hand(0)
            .write(&path(name), format!("content {name}"))
            .expect("fits");
    }
    homes.round(2);
    homes.hand(1);
    homes.disk(1).spoil(&path("b"));

    let report = homes.verify_repairing(1);

    let damaged: Vec<_> = report.damaged.iter().map(|damaged| damaged.path.clone()).collect();
    assert_eq!((damaged, report.checked_files), (vec![path("b")], 3));
}

#[test]
fn kept_hashes_that_are_wrong_are_found_by_whoever_would_raise_the_alarm() {
    let mut homes = Homes::new(2);
    homes.hand(0).write(&path("album/one.jpg"), "one").expect("fits");
    homes.round(2);
    homes.spoil_kept_hashes(1);

    let report = homes.sync(1);

    assert_eq!((report.alarms.as_slice(), report.up_to_date), (&[][..], true));
    homes.sync(1);
    assert_eq!(homes.sync(0).alarms, [], "its head is true again");
}

#[test]
fn a_thousand_equal_files_that_move_are_a_thousand_moves() {
    let mut homes = Homes::new(2);
    homes.hand(0).mkdir(&path("old")).expect("fits");
    for n in 0..300 {
        let content = if n % 2 == 0 { "" } else { "the same" };
        homes.hand(0).write(&path(&format!("old/{n}")), content).expect("fits");
    }
    homes.round(2);
    homes.hand(0).rename(&path("old"), &path("new")).expect("is there");
    let report = homes.sync(0);
    assert_eq!((report.payload_bytes, report.posted_entries), (0, 602));
    let report = homes.sync(1);
    assert_eq!(report.applied.renamed, 300);
    homes.assert_all_equal();
}

#[test]
fn a_folder_that_gave_way_to_a_link_takes_its_files_along_at_once() {
    let mut homes = Homes::new(2);
    homes.hand(0).mkdir(&path("d")).expect("fits");
    homes.hand(0).write(&path("d/x"), "x").expect("fits");
    homes.hand(0).write(&path("y"), "y").expect("fits");
    homes.round(2);
    homes.hand(0).remove(&path("d")).expect("is there");
    homes.hand(0).symlink(&path("d"), b"elsewhere").expect("fits");
    homes.round(2);
    homes.assert_all_equal();
    assert_eq!(homes.hand(1).tree().len(), 2);
}

#[test]
fn a_drive_that_is_restored_again_and_again_leaves_no_id_behind_that_still_counts() {
    let mut homes = Homes::new(3);
    homes.hand(0).write(&path("a"), "a").expect("fits");
    homes.round(2);
    let backup = homes.backup(1);
    for life in 0..3 {
        homes
            .hand(1)
            .write(&path("mine"), format!("in life {life}"))
            .expect("fits");
        homes.round(2);
        homes.restore(1, &backup);
    }
    homes.round(5);
    homes.assert_all_equal();
    homes.assert_mailbox_holds_only_heads_and_people();
}

#[test]
fn nothing_leaves_the_mailbox_while_somebody_may_count_who_is_not_known_yet() {
    let mut homes = Homes::new(3);
    homes.sync(0);
    homes.sync(2);
    homes.hand(1).write(&path("b"), "b").expect("fits");
    // The listing that home 1 sees shows the head of home 2 and not yet who that is.
    homes.lose_objects("people.");
    homes.sync(1);
    homes.sync(0);
    homes.lose_objects("people.");
    homes.sync(1);
    assert!(
        homes.mail().iter().any(|name| name.starts_with("out.")),
        "{:?}",
        homes.mail()
    );
    homes.round(4);
    homes.assert_all_equal();
    homes.assert_mailbox_holds_only_heads_and_people();
}

#[test]
fn a_host_whose_memory_cannot_be_read_lets_the_drive_take_a_new_id() {
    let mut homes = Homes::new(2);
    homes.hand(0).write(&path("a"), "a").expect("fits");
    homes.round(2);
    homes.muddle_host(0);
    homes.hand(0).write(&path("b"), "b").expect("fits");
    assert!(homes.sync(0).took_new_id);
    assert!(!homes.sync(0).took_new_id, "once");
    homes.round(3);
    homes.assert_all_equal();
    homes.assert_mailbox_holds_only_heads_and_people();
}

#[test]
fn what_was_deleted_elsewhere_lies_in_the_trash_comes_back_and_travels() {
    let mut homes = Homes::new(2);
    for name in ["folder/a.txt", "b.txt", "c.txt"] {
        homes.hand(0).write(&path(name), name).expect("fits");
    }
    homes.round(3);
    homes.hand(0).remove(&path("folder")).expect("there");
    homes.hand(0).write(&path("b.txt"), "another").expect("fits");
    homes.round(3);
    let trash = homes.trash(1);
    let paths: Vec<String> = trash.iter().map(|line| line.path.to_string()).collect();
    assert_eq!(paths, ["b.txt", "folder/a.txt"]);
    let back: Vec<String> = trash
        .iter()
        .map(|line| homes.restore_trashed(1, line).to_string())
        .collect();
    assert_eq!(back, ["b (restored).txt", "folder/a.txt"], "nothing is overwritten");
    assert!(homes.trash(1).is_empty());
    homes.round(3);
    homes.assert_all_equal();
    assert_eq!(homes.read(0, "folder/a.txt"), "folder/a.txt");
    assert_eq!(homes.read(0, "b (restored).txt"), "b.txt");
}

#[test]
fn the_trash_expires_by_syncs_over_weeks_and_by_no_wrong_date() {
    let mut homes = Homes::new(2);
    for name in ["a.txt", "b.txt"] {
        homes.hand(0).write(&path(name), name).expect("fits");
    }
    homes.round(3);
    homes.hand(0).remove(&path("a.txt")).expect("there");
    homes.round(3);
    assert_eq!(homes.trash(1).len(), 1);
    homes.pass_days(20_000);
    homes.round(1);
    assert_eq!(homes.trash(1).len(), 1, "one look at a wrong date lets nothing expire");
    for _ in 0..3 {
        homes.pass_days(7);
        homes.round(1);
    }
    assert_eq!(homes.trash(1).len(), 1);
    homes.pass_days(7);
    homes.round(1);
    assert!(homes.trash(1).is_empty(), "after 30 days and more it is gone");
}

#[test]
fn a_file_of_any_date_is_taken_in_and_arrives() {
    let mut homes = Homes::new(2);
    homes.hand(0).write(&path("a"), "a").expect("fits");
    for mtime_ns in [i64::MIN, i64::MAX, -2_147_483_648_000_000_000, 0, i64::MIN] {
        homes.hand(0).touch(&path("a"), mtime_ns).expect("is there");
        homes.round(2);
        homes.assert_all_equal();
        assert_eq!(homes.sync_deep(1).skipped, []);
        assert_eq!(homes.verify_repairing(0).damaged, []);
    }
}

#[test]
fn a_file_that_was_edited_while_another_home_made_a_folder_of_it_is_a_conflict_in_each_home() {
    let mut homes = Homes::new(2);
    homes.hand(0).write(&path("c.txt"), "c").expect("fits");
    homes.round(2);
    homes.hand(0).remove(&path("c.txt")).expect("is there");
    homes.hand(0).write(&path("c.txt/in"), "in").expect("fits");
    homes.sync(0);
    homes.hand(1).write(&path("c.txt"), "edited").expect("fits");
    homes.sync(1);
    let beside = homes.hand(1).tree().into_keys().map(|path| path.to_string());
    let beside = beside.filter(|name| name.starts_with("c (other version "));
    let [beside] = <[String; 1]>::try_from(beside.collect::<Vec<_>>()).expect("one");
    homes.round(2);
    homes.assert_all_equal();
    assert_eq!(homes.read(0, &beside), "edited");
    for home in 0..2 {
        let report = homes.sync(home);
        let lines: Vec<_> = report
            .conflicts
            .iter()
            .map(|line| (line.path.clone(), line.copy.clone()))
            .collect();
        assert_eq!(lines, [(path("c.txt"), path(&beside))]);
    }
    homes
        .hand(0)
        .rename(&path(&beside), &path("mine.txt"))
        .expect("is there");
    homes.round(2);
    assert!((0..2).all(|home| homes.sync(home).conflicts.is_empty()));
}

#[test]
fn where_rules_are_kept_in_two_versions_taking_one_away_leaves_what_they_ignore_at_home() {
    let mut homes = Homes::new(2);
    homes
        .hand(0)
        .write(&path(".offsyncignore"), "*.secret\n")
        .expect("fits");
    homes.round(2);
    homes.hand(0).write(&path("my.secret"), "mine").expect("fits");
    for home in 0..2 {
        let rules = format!("*.secret\n# {home}\n");
        homes.hand(home).write(&path(".offsyncignore"), rules).expect("fits");
    }
    homes.round(2);
    assert_eq!(homes.sync(0).conflicts.len(), 1);
    homes.hand(0).remove(&path(".offsyncignore")).expect("is there");
    homes.round(3);
    assert!(
        homes.hand(1).read(&path("my.secret")).is_err(),
        "what was ignored by both versions"
    );
    assert!(homes.hand(0).read(&path(".offsyncignore")).is_ok());
    // Without any, nothing is ignored: that is what a person asked for.
    homes.hand(0).remove(&path(".offsyncignore")).expect("is there");
    homes.sync_confirmed(0);
    homes.round(2);
    assert!(homes.hand(1).read(&path("my.secret")).is_ok());
}
