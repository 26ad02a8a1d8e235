//! What folders, links and files from other paths take over counts as deleted where its content goes nowhere.

use offsync_core::guard::Threshold;
use offsync_core::rel_path::RelPath;
use offsync_engine::{DifferenceKind, HeldDirection, SyncOptions};
use offsync_testkit::{DiskOptions, Seen};

use crate::home::{Homes, path};

/// So many files lose their places: of all, that is more than a quarter.
const FILES: usize = 8;

/// How the places of files are taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// A folder stands there, with something in it, and something that moved into it.
    Folders,
    /// A link stands there.
    Links,
    /// Another file moved there.
    Moved,
    /// Another file moved there, and was edited before anybody looked.
    MovedAndEdited,
    /// All files were numbered anew, from the second half of them on.
    Numbered,
}

const WAYS: [Way; 5] = [Way::Folders, Way::Links, Way::Moved, Way::MovedAndEdited, Way::Numbered];

fn write(homes: &Homes, n: usize, at: &str, content: &str) {
    homes.hand(n).write(&path(at), content).expect("fits");
}

/// Gives homes where each file of one folder has one of the same name in another.
fn filled(count: usize) -> Homes {
    let mut homes = Homes::new(count);
    for file in 0..FILES {
        write(&homes, 0, &format!("d/{file}"), &format!("old {file}"));
        write(&homes, 0, &format!("s/{file}"), &format!("new {file}"));
    }
    write(&homes, 0, "one more", "stays");
    homes.round(2);
    homes.pass_days(1);
    homes
}

fn take_over(homes: &Homes, n: usize, way: Way, file: usize) {
    let (old, new) = (path(&format!("d/{file}")), path(&format!("s/{file}")));
    let hand = homes.hand(n);
    hand.remove(&old).expect("is there");
    match way {
        Way::Folders => {
            write(homes, n, &format!("d/{file}/inside"), "inside");
            let inside = path(&format!("d/{file}/moved"));
            hand.rename(&new, &inside).expect("is free");
        }
        Way::Links => hand.symlink(&old, b"elsewhere").expect("fits"),
        Way::Moved | Way::Numbered => hand.rename(&new, &old).expect("is free"),
        Way::MovedAndEdited => {
            hand.rename(&new, &old).expect("is free");
            hand.write_in_place(&old, format!("new {file}, edited")).expect("fits");
        }
    }
}

/// Takes over some places, one after the other or all of them at once.
fn take_over_all(homes: &Homes, n: usize, way: Way) {
    (0..FILES).for_each(|file| take_over(homes, n, way, file));
}

fn contents(homes: &Homes, n: usize) -> Vec<String> {
    let mut contents = Vec::new();
    for (_, seen) in homes.hand(n).tree() {
        match seen {
            Seen::File(bytes) => contents.push(String::from_utf8_lossy(&bytes).into_owned()),
            Seen::Symlink(_) => contents.push("link".to_owned()),
            Seen::Folder | Seen::Other => {}
        }
    }
    contents.sort();
    contents
}

/// What stands in the end where the old files stay, or do not.
fn wanted(way: Way, old_ones_stay: bool) -> Vec<String> {
    let mut all = vec!["stays".to_owned()];
    for file in 0..FILES {
        all.extend(old_ones_stay.then(|| format!("old {file}")));
        all.push(match way {
            Way::MovedAndEdited => format!("new {file}, edited"),
            _ => format!("new {file}"),
        });
        match way {
            Way::Folders => all.push("inside".to_owned()),
            Way::Links => all.push("link".to_owned()),
            _ => {}
        }
    }
    all.sort();
    all
}

fn held(homes: &mut Homes, n: usize) -> Option<(HeldDirection, u64, u64)> {
    let held = homes.sync(n).held?;
    Some((held.direction, held.deletions, held.of))
}

#[test]
fn what_is_taken_over_waits_for_a_yes_where_it_was_done() {
    for way in WAYS {
        for refused in [false, true] {
            let mut homes = filled(3);
            let before = contents(&homes, 1);
            take_over_all(&homes, 0, way);
            let shown = (HeldDirection::Local, FILES as u64, 2 * FILES as u64 + 1);
            for _ in 0..2 {
                assert_eq!(held(&mut homes, 0), Some(shown), "{way:?}");
                assert_eq!(held(&mut homes, 1), None, "{way:?}");
                assert_eq!(contents(&homes, 1), before, "{way:?}: neither half gets out");
            }
            match refused {
                true => homes.sync_refusing(0),
                false => homes.sync_confirmed(0),
            };
            for n in [1, 2, 0] {
                assert_eq!(held(&mut homes, n), None, "{way:?}, refused: {refused}");
            }
            homes.round(3);
            homes.assert_all_equal();
            assert_eq!(contents(&homes, 2), wanted(way, refused), "{way:?}");
            homes.assert_mailbox_holds_only_heads_and_people();
        }
    }
}

#[test]
fn what_is_taken_over_bit_by_bit_waits_for_a_yes_where_it_arrives() {
    // Where a file was edited, too, the others see that another one went, and an edit.
    for way in WAYS.into_iter().filter(|way| *way != Way::MovedAndEdited) {
        for refused in [false, true] {
            let mut homes = filled(3);
            let before = contents(&homes, 1);
            for file in 0..FILES {
                take_over(&homes, 0, way, file);
                assert_eq!(held(&mut homes, 0), None, "{way:?}: one by one");
            }
            let shown = (HeldDirection::Remote, FILES as u64, 2 * FILES as u64 + 1);
            for _ in 0..2 {
                assert_eq!(held(&mut homes, 1), Some(shown), "{way:?}");
                assert_eq!(contents(&homes, 1), before, "{way:?}: neither half is shown");
                homes.sync(0);
            }
            match refused {
                true => homes.sync_refusing(1),
                false => homes.sync_confirmed(1),
            };
            assert_eq!(held(&mut homes, 1), None, "{way:?}, refused: {refused}");
            // Who asks for each file asks again in each home.
            homes.sync(0);
            homes.sync_with_answer(2, refused);
            homes.round(3);
            homes.assert_all_equal();
            assert_eq!(contents(&homes, 0), wanted(way, refused), "{way:?}");
            homes.assert_mailbox_holds_only_heads_and_people();
        }
    }
}

#[test]
fn what_is_put_back_by_hand_asks_nobody_any_more() {
    for way in [Way::Folders, Way::Links, Way::Moved] {
        let mut homes = filled(2);
        let before = contents(&homes, 1);
        take_over_all(&homes, 0, way);
        assert!(held(&mut homes, 0).is_some());
        for file in 0..FILES {
            let (old, new) = (path(&format!("d/{file}")), path(&format!("s/{file}")));
            let hand = homes.hand(0);
            match way {
                Way::Folders => {
                    hand.rename(&path(&format!("d/{file}/moved")), &new).expect("is free");
                    hand.remove(&old).expect("is there");
                }
                Way::Moved => hand.rename(&old, &new).expect("is free"),
                _ => hand.remove(&old).expect("is there"),
            }
            write(&homes, 0, &format!("d/{file}"), &format!("old {file}"));
        }
        homes.round(2);
        homes.assert_all_equal();
        assert_eq!((held(&mut homes, 0), held(&mut homes, 1)), (None, None));
        assert_eq!(contents(&homes, 1), before);
    }
}

/// Puts a file into the place of the folder of the old files, which are gone already: a new one, or one that moves there.
fn put_instead_of_folder(homes: &Homes, n: usize, moved: bool) {
    let hand = homes.hand(n);
    hand.remove(&path("d")).expect("is empty");
    match moved {
        true => hand.rename(&path("one more"), &path("d")).expect("is free"),
        false => write(homes, n, "d", "instead"),
    }
}

fn check_put_instead(homes: &mut Homes, moved: bool, refused: bool) {
    homes.round(3);
    homes.assert_all_equal();
    let mut wanted = vec!["stays".to_owned()];
    wanted.extend((!moved).then(|| "instead".to_owned()));
    for file in 0..FILES {
        wanted.extend(refused.then(|| format!("old {file}")));
        wanted.push(format!("new {file}"));
    }
    wanted.sort();
    assert_eq!(contents(homes, 2), wanted, "moved: {moved}, refused: {refused}");
    assert!(homes.with_engine(2, |engine| engine.conflicts().expect("told").is_empty()) || refused);
    homes.assert_mailbox_holds_only_heads_and_people();
}

#[test]
fn a_file_in_the_place_of_a_folder_waits_with_what_that_held() {
    for moved in [false, true] {
        for refused in [false, true] {
            let mut homes = filled(3);
            let before = contents(&homes, 1);
            (0..FILES).for_each(|file| homes.hand(0).remove(&path(&format!("d/{file}"))).expect("is there"));
            put_instead_of_folder(&homes, 0, moved);
            for _ in 0..2 {
                assert_eq!(held(&mut homes, 0).map(|held| held.1), Some(FILES as u64));
                assert_eq!(held(&mut homes, 1), None);
                assert_eq!(contents(&homes, 1), before, "neither half gets out");
            }
            homes.sync_with_answer(0, refused);
            check_put_instead(&mut homes, moved, refused);
        }
    }
}

#[test]
fn a_file_in_the_place_of_a_folder_waits_where_it_arrives_with_what_that_held() {
    for moved in [false, true] {
        for refused in [false, true] {
            let mut homes = filled(3);
            let before = contents(&homes, 1);
            for file in 0..FILES {
                homes.hand(0).remove(&path(&format!("d/{file}"))).expect("is there");
                assert_eq!(held(&mut homes, 0), None, "one by one");
            }
            put_instead_of_folder(&homes, 0, moved);
            homes.sync(0);
            for _ in 0..2 {
                let shown = held(&mut homes, 1).map(|held| (held.0, held.1));
                assert_eq!(shown, Some((HeldDirection::Remote, FILES as u64)), "moved: {moved}");
                assert_eq!(contents(&homes, 1), before, "neither half is shown");
                homes.sync(0);
            }
            homes.sync_with_answer(1, refused);
            homes.sync(0);
            homes.sync_with_answer(2, refused);
            check_put_instead(&mut homes, moved, refused);
        }
    }
}

#[test]
fn an_edit_is_no_deletion_however_a_program_saves_it() {
    let saves: [fn(&Homes, usize); 4] = [
        // In place.
        |homes, file| {
            let at = path(&format!("d/{file}"));
            homes
                .hand(0)
                .write_in_place(&at, format!("edited {file}"))
                .expect("fits");
        },
        // Under a name of its own, which is put over the file.
        |homes, file| {
            let (new, at) = (path(&format!("d/.{file}.tmp")), path(&format!("d/{file}")));
            write(homes, 0, &format!("d/.{file}.tmp"), &format!("edited {file}"));
            homes.hand(0).remove(&at).expect("is there");
            homes.hand(0).rename(&new, &at).expect("is free");
        },
        // With the one before beside it, over the one before that, which everybody has.
        |homes, file| {
            let (at, backup) = (path(&format!("d/{file}")), path(&format!("s/{file}")));
            homes.hand(0).remove(&backup).expect("is there");
            homes.hand(0).rename(&at, &backup).expect("is free");
            write(homes, 0, &format!("d/{file}"), &format!("edited {file}"));
        },
        // As a copy of another file.
        |homes, file| write(homes, 0, &format!("d/{file}"), &format!("new {file}")),
    ];
    for save in saves {
        let mut homes = filled(2);
        (0..FILES).for_each(|file| save(&homes, file));
        homes.sync_offline(0);
        assert_eq!((held(&mut homes, 0), held(&mut homes, 1)), (None, None));
        homes.round(2);
        homes.assert_all_equal();
    }
}

#[test]
fn swaps_and_what_stands_elsewhere_ask_nobody() {
    let moves: [fn(&Homes, usize); 3] = [
        |homes, file| {
            let [a, b, between] = [format!("d/{file}"), format!("s/{file}"), format!("x{file}")].map(|at| path(&at));
            for (from, to) in [(&a, &between), (&b, &a), (&between, &b)] {
                homes.hand(0).rename(from, to).expect("is free");
            }
        },
        // The old ones have another name before the new ones come.
        |homes, file| {
            let [a, b] = [format!("d/{file}"), format!("s/{file}")].map(|at| path(&at));
            homes
                .hand(0)
                .rename(&a, &path(&format!("old/{file}")))
                .expect("is free");
            homes.hand(0).rename(&b, &a).expect("is free");
        },
        // The old ones were copied long ago.
        |homes, file| take_over(homes, 0, Way::Moved, file),
    ];
    for (i, change) in moves.into_iter().enumerate() {
        let mut homes = filled(2);
        homes.hand(0).mkdir(&path("old")).expect("made");
        for file in (0..FILES).filter(|_| i == 2) {
            write(&homes, 0, &format!("copies/{file}"), &format!("old {file}"));
        }
        homes.round(2);
        (0..FILES).for_each(|file| change(&homes, file));
        assert_eq!((held(&mut homes, 0), held(&mut homes, 1)), (None, None), "{i}");
        homes.round(2);
        homes.assert_all_equal();
    }
}

#[test]
fn files_that_are_numbered_anew_are_deletions_as_far_as_there_are_fewer() {
    let mut homes = Homes::new(2);
    for file in 0..2 * FILES {
        write(&homes, 0, &format!("{file:02}"), &format!("content {file}"));
    }
    homes.round(2);
    for file in 0..FILES {
        let (from, to) = (path(&format!("{:02}", file + FILES)), path(&format!("{file:02}")));
        homes.hand(0).remove(&to).expect("is there");
        homes.hand(0).rename(&from, &to).expect("is free");
    }
    let shown = (HeldDirection::Local, FILES as u64, 2 * FILES as u64);
    assert_eq!(held(&mut homes, 0), Some(shown));
    homes.sync(1);
    assert_eq!(homes.hand(1).tree().len(), 2 * FILES);
    homes.sync_confirmed(0);
    let applied = homes.sync(1).applied;
    assert_eq!(
        (applied.renamed, applied.deleted, applied.modified),
        (FILES as u64, FILES as u64, 0)
    );
    homes.assert_all_equal();

    // One is taken out of a row, and those after it move up.
    let mut homes = Homes::new(2);
    for file in 0..2 * FILES {
        write(&homes, 0, &format!("{file:02}"), &format!("content {file}"));
    }
    homes.ask_from(0, Threshold::new(1, 0, 1).expect("a threshold"));
    homes.round(2);
    homes.hand(0).remove(&path("00")).expect("is there");
    for file in 1..2 * FILES {
        let [from, to] = [file, file - 1].map(|file| path(&format!("{file:02}")));
        homes.hand(0).rename(&from, &to).expect("is free");
    }
    let shown = (HeldDirection::Local, 1, 2 * FILES as u64);
    assert_eq!(held(&mut homes, 0), Some(shown));
    homes.sync(1);
    assert_eq!(homes.read(1, "05"), "content 5", "the whole row waits");
    homes.sync_refusing(0);
    homes.round(3);
    homes.assert_all_equal();
    let wanted = (0..2 * FILES).map(|file| format!("content {file}"));
    let mut wanted: Vec<String> = wanted.collect();
    wanted.sort();
    assert_eq!(contents(&homes, 1), wanted);
}

#[test]
fn what_differs_tells_as_many_deletions_as_are_held() {
    for way in WAYS {
        let mut homes = filled(2);
        take_over_all(&homes, 0, way);
        let differences = homes.with_engine(0, |engine| engine.differences(&SyncOptions::default()));
        let (lines, _) = differences.expect("a drive that can be read");
        let deleted = lines.iter().filter(|line| line.change == DifferenceKind::Deleted);
        assert_eq!(deleted.count(), FILES, "{way:?}: {lines:#?}");
        homes.sync_confirmed(0);
        let applied = homes.sync(1).applied;
        assert_eq!(applied.deleted, FILES as u64, "{way:?}: {applied:?}");
        let log = homes.with_engine(1, |engine| engine.log().expect("a log"));
        let counts = log.last().expect("something came").counts;
        assert_eq!(counts.deleted, FILES as u64, "{way:?}: {counts:?}");
    }
}

#[test]
fn what_was_held_as_deleted_does_not_get_out_as_folders() {
    let mut homes = filled(2);
    for file in 0..FILES {
        homes.hand(0).remove(&path(&format!("d/{file}"))).expect("is there");
    }
    assert!(held(&mut homes, 0).is_some());
    for file in 0..FILES {
        homes.hand(0).mkdir(&path(&format!("d/{file}"))).expect("made");
    }
    for _ in 0..2 {
        let held = held(&mut homes, 0).map(|held| held.1);
        assert_eq!(held, Some(FILES as u64));
        homes.sync(1);
        assert_eq!(homes.read(1, "d/0"), "old 0");
    }
    homes.sync_refusing(0);
    homes.round(3);
    homes.assert_all_equal();
    assert!(contents(&homes, 1).contains(&"old 0".to_owned()));
}

#[test]
fn all_there_is_waits_though_links_stand_there() {
    let mut homes = Homes::new(2);
    write(&homes, 0, "a", "the only one");
    homes.round(2);
    homes.hand(0).remove(&path("a")).expect("is there");
    homes.hand(0).symlink(&path("a"), b"elsewhere").expect("fits");
    for _ in 0..2 {
        assert_eq!(held(&mut homes, 0), Some((HeldDirection::Local, 1, 1)));
    }
    homes.sync(1);
    assert_eq!(homes.read(1, "a"), "the only one");
}

#[test]
fn that_is_judged_as_the_drive_was_found_though_something_arrives() {
    let mut homes = Homes::new(2);
    write(&homes, 0, "a", "the only one");
    homes.round(2);
    homes.hand(0).remove(&path("a")).expect("is there");
    homes.hand(0).symlink(&path("a"), b"elsewhere").expect("fits");
    write(&homes, 1, "b", "new");
    homes.sync(1);
    for _ in 0..3 {
        assert_eq!(held(&mut homes, 0).map(|held| held.1), Some(1));
    }
    assert_eq!(
        (homes.sync(1).held, homes.read(1, "a")),
        (None, "the only one".to_owned())
    );
}

/// Gives two homes with a conflict about each old file, and the conflict copies.
fn conflicting() -> (Homes, Vec<RelPath>) {
    let mut homes = filled(2);
    for n in 0..2 {
        (0..FILES).for_each(|file| write(&homes, n, &format!("d/{file}"), &format!("of {n}: {file}")));
    }
    homes.round(3);
    let tree = homes.hand(0).tree().into_keys();
    let copies: Vec<RelPath> = tree.filter(|path| path.to_string().contains("other version")).collect();
    assert_eq!(copies.len(), FILES);
    (homes, copies)
}

#[test]
fn a_conflict_copy_is_taken_over_too() {
    let (mut homes, copies) = conflicting();
    for copy in &copies {
        homes.hand(0).remove(copy).expect("is there");
        homes.hand(0).mkdir(copy).expect("made");
    }
    assert_eq!(held(&mut homes, 0).map(|held| held.1), Some(FILES as u64));
}

#[test]
fn an_answer_to_a_conflict_takes_nothing_over() {
    let (mut homes, copies) = conflicting();
    for copy in &copies {
        let text = copy.to_string();
        let name = text.split(" (").next().expect("a name");
        homes.hand(0).remove(&path(name)).expect("is there");
        homes.hand(0).rename(copy, &path(name)).expect("is free");
    }
    assert_eq!((held(&mut homes, 0), held(&mut homes, 1)), (None, None));
    homes.round(2);
    homes.assert_all_equal();
}

#[test]
fn homes_that_ask_from_other_numbers_on_agree_in_the_end() {
    for way in [Way::Folders, Way::Links, Way::Moved] {
        for refused in [false, true] {
            let mut homes = filled(3);
            homes.ask_from(0, Threshold::new(100, 100, 100).expect("a threshold"));
            homes.round(2);
            // Home 2 says otherwise for all, and home 0 has not heard of it yet.
            homes.ask_from(2, Threshold::new(2, 0, 2).expect("a threshold"));
            take_over_all(&homes, 0, way);
            assert_eq!(held(&mut homes, 0), None);
            // Home 1 goes by what it knows, and home 2 by what it said.
            assert_eq!(held(&mut homes, 1), None, "{way:?}");
            assert_eq!(held(&mut homes, 2).map(|held| held.1), Some(FILES as u64), "{way:?}");
            homes.sync_with_answer(2, refused);
            homes.round(4);
            homes.assert_all_equal();
            assert_eq!(contents(&homes, 0), wanted(way, refused), "{way:?}");
        }
    }
}

#[test]
fn on_drives_without_numbers_it_is_the_same() {
    for way in [Way::Folders, Way::Moved] {
        let mut homes = Homes::on(&[DiskOptions::exfat(), DiskOptions::apfs()]);
        for file in 0..FILES {
            write(&homes, 0, &format!("d/{file}"), &format!("old {file}"));
            write(&homes, 0, &format!("s/{file}"), &format!("new {file}"));
        }
        homes.round(2);
        take_over_all(&homes, 0, way);
        assert_eq!(held(&mut homes, 0).map(|held| held.1), Some(FILES as u64), "{way:?}");
        homes.sync_confirmed(0);
        homes.round(2);
        homes.assert_all_equal();
    }
}

/// A home whose own file gives way to a folder that another one sends, before it hears of that.
fn about_to_step_aside(content: &str) -> Homes {
    let mut homes = Homes::new(2);
    write(&homes, 0, "z", "z");
    homes.round(2);
    write(&homes, 0, "x/y", "inside");
    homes.sync(0);
    write(&homes, 1, "x", content);
    homes
}

/// Gives the names under which a home's own file stands beside that folder in the end.
fn stands_aside(mut homes: Homes) -> Vec<String> {
    homes.round(3);
    homes.assert_all_equal();
    let tree = homes.hand(1).tree();
    let beside = tree.keys().map(ToString::to_string);
    beside.filter(|name| name.starts_with("x (")).collect()
}

#[test]
fn what_is_saved_while_it_steps_aside_never_bears_the_name_of_what_it_held_before() {
    let name_of = |content| stands_aside(about_to_step_aside(content));
    let (before, after) = (name_of("before"), name_of("saved meanwhile"));
    assert_ne!(before, after);
    for calls in 0.. {
        let mut homes = about_to_step_aside("before");
        let mut saved = false;
        let save = |homes: &mut Homes| {
            // Where it has gone, nobody saves it there.
            saved = homes
                .hand(1)
                .tree()
                .get(&path("x"))
                .is_some_and(|seen| matches!(seen, Seen::File { .. }))
                && homes.hand(1).write(&path("x"), "saved meanwhile").is_ok();
        };
        if homes.sync_while(1, calls, save).is_none() {
            assert!(calls > 20, "there are calls enough");
            return;
        }
        let expected = if saved { &after } else { &before };
        assert_eq!(&stands_aside(homes), expected, "before call {calls}");
    }
}
