//! Many deletions, and all there is, wait for a person's yes.

use offsync_core::rel_path::RelPath;
use offsync_engine::{Difference, DifferenceKind, SyncOptions};
use offsync_testkit::Rng;

use crate::home::{Homes, noise, path};

#[test]
fn what_was_held_once_waits_for_an_answer_though_there_is_less_of_it() {
    let mut homes = Homes::new(2);
    let names: Vec<String> = (0..20).map(|number| format!("{number}")).collect();
    for name in &names {
        homes
            .hand(0)
            .write(&path(name), format!("content of {name}"))
            .expect("fits");
    }
    homes.round(2);
    for name in &names[..6] {
        homes.hand(0).remove(&path(name)).expect("is there");
    }
    assert!(homes.sync(0).held.is_some());
    // Somebody's edit beats one of the six deletions: five of twenty would not be many.
    homes.hand(1).write(&path("0"), "edited").expect("fits");
    homes.sync(1);

    let report = homes.sync(0);

    assert_eq!(report.held.map(|held| held.deletions), Some(5));
    homes.round(2);
    assert_eq!(homes.hand(1).tree().len(), 20);
    homes.sync_confirmed(0);
    homes.round(2);
    assert_eq!((homes.hand(0).tree().len(), homes.hand(1).tree().len()), (15, 15));
}

#[test]
fn what_was_shown_waits_however_little_others_leave_of_it_and_goes_once_a_person_put_some_of_it_back() {
    let mut homes = Homes::new(2);
    let content = |name: &str| format!("content of {name}");
    for name in ["a", "b", "c", "d", "e", "f", "g", "h"] {
        homes.hand(0).write(&path(name), content(name)).expect("fits");
    }
    homes.round(2);
    for name in ["a", "b", "c", "d", "e"] {
        homes.hand(0).remove(&path(name)).expect("is there");
    }
    assert!(homes.sync(0).held.is_some());
    for (left, edited) in [(4, "a"), (3, "b")] {
        homes.hand(1).write(&path(edited), "edited").expect("fits");
        homes.sync(1);
        for _ in 0..2 {
            let report = homes.sync(0);
            assert_eq!(report.held.map(|held| held.deletions), Some(left));
            homes.sync(1);
            assert_eq!(homes.hand(1).tree().len(), 8);
        }
    }
    homes.hand(0).write(&path("c"), content("c")).expect("fits");
    assert_eq!(homes.sync(0).held, None, "two of eight are not many");
    homes.round(2);
    homes.assert_all_equal();
    assert_eq!(homes.hand(1).tree().len(), 6);
}

#[test]
fn what_was_shown_waits_whenever_the_power_goes_while_anothers_edit_arrives() {
    for calls in 1.. {
        let mut homes = Homes::new(2);
        for name in ["a", "b", "c", "d", "e", "f", "g", "h"] {
            homes.hand(0).write(&path(name), name.repeat(9)).expect("fits");
        }
        homes.round(2);
        for name in ["a", "b", "c", "d", "e"] {
            homes.hand(0).remove(&path(name)).expect("is there");
        }
        assert!(homes.sync(0).held.is_some());
        homes.hand(1).write(&path("a"), "edited").expect("fits");
        homes.sync(1);
        let (_, report) = homes.sync_until(0, calls, &mut Rng::new(calls));
        assert_eq!(homes.sync(0).held.map(|held| held.deletions), Some(4), "at {calls}");
        homes.sync(1);
        assert_eq!(homes.hand(1).tree().len(), 8, "at {calls}");
        if report.is_some() {
            assert!(calls > 10, "{calls}");
            return;
        }
    }
}

#[test]
fn many_deletions_wait_for_a_yes_where_they_were_made() {
    let mut homes = Homes::new(2);
    for name in ["a", "b", "c", "d", "e", "f", "g", "h"] {
        homes
            .hand(0)
            .write(&path(name), format!("content of {name}"))
            .expect("fits");
    }
    homes.round(2);
    for name in ["a", "b", "c", "d", "e"] {
        homes.hand(0).remove(&path(name)).expect("is there");
    }
    let report = homes.sync(0);
    assert_eq!(report.held.map(|held| (held.deletions, held.of)), Some((5, 8)));
    homes.sync(1);
    assert_eq!(homes.hand(1).tree().len(), 8);
    homes.sync_confirmed(0);
    let report = homes.sync(1);
    assert_eq!(report.held, None);
    assert_eq!(homes.hand(1).tree().len(), 3);
}

#[test]
fn held_deletions_that_are_refused_come_back() {
    let mut homes = Homes::new(2);
    for name in ["a", "b", "c", "d", "e", "f", "g", "h"] {
        homes
            .hand(0)
            .write(&path(name), format!("content of {name}"))
            .expect("fits");
    }
    homes.round(2);
    for name in ["a", "b", "c", "d", "e"] {
        homes.hand(0).remove(&path(name)).expect("is there");
    }
    assert!(homes.sync(0).held.is_some());
    assert_eq!(homes.sync_refusing(0).held, None);
    homes.round(3);
    homes.assert_all_equal();
    assert_eq!(homes.hand(0).tree().len(), 8);
    homes.assert_mailbox_holds_only_heads_and_people();
}

#[test]
fn deletions_of_others_that_are_refused_stay_everywhere() {
    let mut homes = Homes::new(3);
    for name in ["a", "b", "c", "d", "e", "f", "g", "h"] {
        homes
            .hand(0)
            .write(&path(name), format!("content of {name}"))
            .expect("fits");
    }
    homes.round(2);
    // Few enough each time where they are made, too many where they arrive at once.
    for name in ["a", "b", "c", "d", "e", "f"] {
        homes.hand(0).remove(&path(name)).expect("is there");
        homes.sync(0);
    }
    let held = homes.sync(1).held.expect("six of eight at once");
    assert_eq!((held.deletions, held.of, held.sample.len()), (6, 8, 5));
    assert!(held.by.is_some());
    assert_eq!(homes.sync_refusing(1).held, None);
    homes.round(3);
    homes.assert_all_equal();
    assert_eq!(homes.hand(0).tree().len(), 8);
}

#[test]
fn a_yes_covers_what_was_shown_and_nothing_that_came_since() {
    let mut homes = Homes::new(2);
    for n in 0..20 {
        homes
            .hand(0)
            .write(&path(&format!("f{n:02}")), format!("content {n}"))
            .expect("fits");
    }
    homes.round(2);
    for n in 0..6 {
        homes.hand(1).remove(&path(&format!("f{n:02}"))).expect("is there");
    }
    assert_eq!(homes.sync(1).held.map(|held| held.deletions), Some(6));
    for n in 10..18 {
        homes.hand(0).remove(&path(&format!("f{n:02}"))).expect("is there");
        homes.sync(0);
    }
    let held = homes.sync_confirmed(1).held.expect("eight that nobody saw");
    assert_eq!(held.deletions, 8);
    assert_eq!(homes.hand(1).tree().len(), 14);
    assert_eq!(homes.sync_confirmed(1).held, None);
    assert_eq!(homes.hand(1).tree().len(), 6);
}

/// Two homes have a few files.
fn with_a_few(names: &[&str]) -> Homes {
    let mut homes = Homes::new(2);
    for name in names {
        homes
            .hand(0)
            .write(&path(name), format!("content of {name}"))
            .expect("fits");
    }
    homes.round(2);
    homes
}

#[test]
fn all_there_is_waits_for_a_yes_however_few_files_it_is() {
    for names in [&["a"][..], &["a", "b", "c", "d"]] {
        let of = names.len() as u64;
        let mut homes = with_a_few(names);
        for name in names {
            homes.hand(0).remove(&path(name)).expect("is there");
        }
        for _ in 0..2 {
            let held = homes.sync(0).held;
            assert_eq!(held.map(|held| (held.deletions, held.of)), Some((of, of)));
        }
        assert_eq!(homes.sync(1).held, None);
        assert_eq!(homes.hand(1).tree().len(), names.len());
        assert_eq!(homes.sync_refusing(0).held, None);
        homes.round(2);
        assert_eq!(homes.hand(0).tree().len(), names.len());
        for name in names {
            homes.hand(0).remove(&path(name)).expect("is there");
        }
        assert_eq!(homes.sync_confirmed(0).held, None);
        assert_eq!(homes.sync(1).held, None, "who was asked once spoke for all");
        assert_eq!(homes.hand(1).tree().len(), 0);
    }
}

#[test]
fn an_emptied_drive_is_none_the_less_one_because_a_file_arrives() {
    let mut homes = with_a_few(&["a", "b", "c"]);
    for name in ["a", "b", "c"] {
        homes.hand(0).remove(&path(name)).expect("is there");
    }
    homes.hand(1).write(&path("new"), "from elsewhere").expect("fits");
    homes.sync(1);
    for _ in 0..2 {
        let held = homes.sync(0).held;
        assert_eq!(held.map(|held| (held.deletions, held.of)), Some((3, 3)));
    }
    homes.sync(1);
    assert_eq!(homes.hand(1).tree().len(), 4);
    homes.sync_refusing(0);
    homes.round(2);
    homes.assert_all_equal();
    assert_eq!(homes.hand(0).tree().len(), 4);
}

#[test]
fn few_files_that_give_way_to_others_ask_nobody() {
    // The second travels in a pack: when its changeset is folded, it is still to come.
    for together in [noise(10), noise(300_000)] {
        let mut homes = with_a_few(&["a", "b", "c"]);
        for name in ["a", "b", "c"] {
            homes.hand(0).remove(&path(name)).expect("is there");
        }
        homes.hand(0).write(&path("all in one"), together).expect("fits");
        assert_eq!(homes.sync(0).held, None);
        assert_eq!(homes.sync(1).held, None);
        homes.round(2);
        homes.assert_all_equal();
        assert_eq!(homes.hand(1).tree().len(), 1);
    }
}

#[test]
fn what_is_left_of_all_there_was_waits_though_somebody_edited_some_of_it() {
    for count in 2..8 {
        let names: Vec<String> = (0..count).map(|number| format!("{number}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut homes = with_a_few(&names);
        for name in &names {
            homes.hand(0).remove(&path(name)).expect("is there");
        }
        homes.hand(1).write(&path("0"), "edited meanwhile").expect("fits");
        homes.sync(1);
        for _ in 0..2 {
            let held = homes.sync(0).held.map(|held| held.deletions);
            assert_eq!(held, Some(count - 1), "of {count}");
        }
        homes.sync(1);
        assert_eq!(homes.hand(1).tree().len() as u64, count);
    }
}

#[test]
fn what_came_back_in_the_same_cycle_is_held_by_nobody() {
    let mut homes = with_a_few(&["a"]);
    homes.hand(0).remove(&path("a")).expect("is there");
    homes.hand(1).write(&path("a"), "edited meanwhile").expect("fits");
    homes.sync(1);
    assert_eq!(homes.sync(0).held, None);
    assert_eq!(homes.read(0, "a"), "edited meanwhile");
}

#[test]
fn one_link_of_several_is_not_all_there_is() {
    let mut homes = Homes::new(2);
    for name in ["k", "l", "m"] {
        homes.hand(0).symlink(&path(name), b"elsewhere").expect("fits");
    }
    homes.round(2);
    homes.hand(0).remove(&path("k")).expect("is there");
    assert_eq!(homes.sync(0).held, None);
    assert_eq!(homes.sync(1).held, None);
    assert_eq!(homes.hand(1).tree().len(), 2);
}

#[test]
fn deletions_that_several_homes_made_are_nobodys_in_particular() {
    let mut homes = Homes::new(3);
    let names: Vec<String> = (0..16).map(|number| format!("{number}")).collect();
    for name in &names {
        homes
            .hand(0)
            .write(&path(name), format!("content of {name}"))
            .expect("fits");
    }
    homes.round(2);
    for (home, names) in [(0, &names[..4]), (1, &names[4..8])] {
        for name in names {
            homes.hand(home).remove(&path(name)).expect("is there");
        }
        assert_eq!(homes.sync(home).held, None, "home {home} took away few");
    }
    for _ in 0..3 {
        let held = homes.sync(2).held.expect("eight of sixteen at once");
        assert_eq!((held.deletions, held.by), (8, None));
        homes.sync(0);
        homes.sync(1);
    }
}

#[test]
fn links_that_go_along_do_not_make_few_files_all_there_are() {
    let mut homes = with_a_few(&["a", "b", "c"]);
    homes.hand(0).symlink(&path("link"), b"a").expect("fits");
    homes.round(2);
    for name in ["a", "b", "link"] {
        homes.hand(0).remove(&path(name)).expect("is there");
    }
    assert_eq!(homes.sync(0).held, None);
    assert_eq!(homes.sync(1).held, None);
    assert_eq!(homes.hand(1).tree().len(), 1);
}

#[test]
fn a_file_that_takes_the_name_of_a_folder_waits_with_what_lies_in_it_however_it_is_spelled() {
    for name in ["album", "ALBUM"] {
        let mut homes = Homes::new(2);
        homes.hand(0).mkdir(&path("album")).expect("fits");
        let names: Vec<String> = (0..6).map(|number| format!("album/{number}")).collect();
        for name in names.iter().map(String::as_str).chain(["a", "b"]) {
            homes
                .hand(0)
                .write(&path(name), format!("content of {name}"))
                .expect("fits");
        }
        homes.round(2);
        let before = homes.hand(1).tree();
        for name in &names {
            homes.hand(0).remove(&path(name)).expect("is there");
            assert_eq!(homes.sync(0).held, None, "few at a time");
        }
        homes.hand(0).remove(&path("album")).expect("is there");
        homes.hand(0).write(&path(name), "all in one").expect("fits");
        homes.sync(0);
        for _ in 0..2 {
            let report = homes.sync(1);
            assert_eq!(report.held.map(|held| held.deletions), Some(6), "{name}");
            assert_eq!(
                (report.skipped, homes.hand(1).tree()),
                (Vec::new(), before.clone()),
                "{name}"
            );
        }
        assert_eq!(homes.sync_confirmed(1).held, None);
        homes.round(2);
        homes.assert_all_equal();
        assert_eq!(homes.read(1, name), "all in one");
    }
}

/// Two homes with as many files as names, each in two versions.
fn in_two_versions(names: &[&str]) -> Homes {
    let mut homes = Homes::new(2);
    for name in names {
        homes.hand(0).write(&path(name), format!("of {name}")).expect("fits");
    }
    homes.round(2);
    for (home, who) in ["one", "the other"].iter().enumerate() {
        for name in names {
            homes
                .hand(home)
                .write(&path(name), format!("{name} of {who}"))
                .expect("fits");
        }
    }
    homes.round(3);
    homes
}

/// Gives the conflict copies that stand on a home's drive.
fn copies(homes: &Homes, home: usize) -> Vec<RelPath> {
    let tree = homes.hand(home).tree().into_keys();
    tree.filter(|path| path.to_string().contains("other version")).collect()
}

#[test]
fn many_conflict_copies_that_are_deleted_are_named_as_they_are_called_and_asked_for_once() {
    let mut homes = in_two_versions(&["a", "b", "c", "d", "e", "f"]);
    let copies = copies(&homes, 0);
    assert_eq!(copies.len(), 6);
    for copy in &copies {
        homes.hand(0).remove(copy).expect("it is there");
    }
    let held = homes.sync(0).held.expect("they are many");
    assert_eq!(held.sample, copies[..held.sample.len()]);
    homes.sync_confirmed(0);
    assert_eq!(homes.sync(1).held, None, "somebody said yes");
    homes.round(2);
    homes.assert_all_equal();
    assert_eq!(homes.hand(1).tree().len(), 6);
}

#[test]
fn conflict_copies_that_are_edited_are_no_deletions() {
    let mut homes = in_two_versions(&["a", "b", "c", "d", "e", "f"]);
    let copies = copies(&homes, 0);
    for copy in &copies {
        homes.hand(0).write(copy, format!("edited {copy}")).expect("fits");
    }
    let (counted, lines) = homes.with_engine(0, |engine| {
        let options = SyncOptions::default();
        let counted = engine.survey(&options).expect("a sound index").unposted_changes;
        (counted, engine.differences(&options).expect("a sound index").0)
    });
    let is_edit = |line: &Difference| line.change == DifferenceKind::Modified && copies.contains(&line.path);
    assert!(
        counted == 6 && lines.len() == 6 && lines.iter().all(is_edit),
        "{counted}: {lines:#?}"
    );
    let report = homes.sync(0);
    assert_eq!(report.held, None);
    let told = homes.sync(1);
    assert_eq!(told.held, None, "{told:#?}");
    homes.round(2);
    homes.assert_all_equal();
    assert_eq!(homes.hand(1).tree().len(), 12);
    assert_eq!(homes.read(1, &copies[0].to_string()), format!("edited {}", copies[0]));
}
