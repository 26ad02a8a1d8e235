//! Conflicts one of whose versions a drive cannot show: they are listed and answered there as everywhere else.

use offsync_core::rel_path::RelPath;
use offsync_engine::{ConflictLine, Keep, Side, SyncOptions};
use offsync_testkit::{DiskOptions, Seen};

use crate::home::{Homes, path};

/// The home whose drive shows no links.
const FAT: usize = 1;

/// Who made what, and what stood there before.
#[derive(Clone, Copy, Debug)]
struct Shape {
    /// Whether the link has the name, and the file stands beside it.
    link_wins: bool,
    /// Whether a file stood there before.
    had_file: bool,
    /// The home that wrote the file.
    author: usize,
}

fn shapes() -> impl Iterator<Item = Shape> {
    let shape = |n: usize| Shape {
        link_wins: n & 1 == 0,
        had_file: n & 2 == 0,
        author: if n & 4 == 0 { FAT } else { 2 },
    };
    (0..8).map(shape)
}

/// Lets home 0 make a link and another home a file, of the same path, and everybody hear of both.
fn in_conflict(shape: Shape) -> Homes {
    let mut homes = Homes::on(&[DiskOptions::ext4(), DiskOptions::fat(), DiskOptions::ext4()]);
    homes.hand(0).write(&path("beside"), "beside").expect("fits");
    if shape.had_file {
        homes.hand(0).write(&path("a"), "before").expect("fits");
    }
    homes.round(3);
    if shape.had_file {
        homes.hand(0).remove(&path("a")).expect("is there");
    }
    homes.hand(0).symlink(&path("a"), b"beside").expect("fits");
    homes.hand(shape.author).write(&path("a"), "content").expect("fits");
    // Who posts later knows more of the others, and wins.
    if shape.link_wins {
        homes.sync(shape.author);
    }
    homes.round(4);
    homes
}

fn look(homes: &mut Homes, n: usize) -> Vec<ConflictLine> {
    let looked = homes.with_engine(n, |engine| engine.look_for_conflicts(&SyncOptions::default()));
    looked.expect("a drive that can be read")
}

fn sides(homes: &mut Homes, n: usize, line: &ConflictLine) -> [Side; 2] {
    homes.with_engine(n, |engine| engine.sides(line)).expect("it is known")
}

fn resolve(homes: &mut Homes, n: usize, line: &ConflictLine, keep: Keep) -> Option<RelPath> {
    homes.hand(n);
    homes
        .with_engine(n, |engine| engine.resolve(line, keep))
        .expect("it can be")
}

/// Gives what stands at a home, but for what makes no difference here.
fn stands(homes: &Homes, n: usize) -> Vec<(String, String)> {
    let tree = homes.hand(n).tree();
    let seen = |(path, seen): (&RelPath, &Seen)| match seen {
        Seen::File(bytes) => Some((path.to_string(), String::from_utf8_lossy(bytes).into_owned())),
        Seen::Symlink(to) => Some((path.to_string(), format!("-> {}", String::from_utf8_lossy(to)))),
        Seen::Folder | Seen::Other => None,
    };
    let all = tree.iter().filter_map(seen);
    all.filter(|(path, _)| path != "beside").collect()
}

/// Checks that one decision is enough: everybody has the same then, and nothing is left to be said.
fn check(homes: &mut Homes, kept: &[(&str, &str)], shown: &[(&str, &str)], context: &str) {
    assert_eq!(look(homes, FAT), [], "{context}: it is decided");
    homes.round(1);
    homes.round(2);
    let expected = |all: &[(&str, &str)]| -> Vec<(String, String)> {
        all.iter()
            .map(|(at, what)| ((*at).to_owned(), (*what).to_owned()))
            .collect()
    };
    for n in [0, 2] {
        assert_eq!(stands(homes, n), expected(kept), "{context}: home {n}");
    }
    assert_eq!(stands(homes, FAT), expected(shown), "{context}");
    for n in 0..3 {
        assert_eq!(look(homes, n), [], "{context}: home {n}");
        let report = homes.sync(n);
        assert_eq!(
            (report.posted_changesets, report.fetched_changesets),
            (0, 0),
            "{context}"
        );
    }
    homes.assert_mailbox_holds_only_heads_and_people();
}

#[test]
fn a_conflict_with_a_link_is_listed_alike_where_it_cannot_be_shown() {
    for shape in shapes() {
        let mut homes = in_conflict(shape);
        let lines = look(&mut homes, 0);
        assert_eq!(lines.len(), 1, "{shape:?}");
        for n in [FAT, 2] {
            assert_eq!(look(&mut homes, n), lines, "{shape:?}");
            assert_eq!(homes.sync(n).conflicts, lines, "{shape:?}");
            assert_eq!(homes.survey(n).conflicts, 1, "{shape:?}");
        }
        let said = sides(&mut homes, FAT, &lines[0]);
        let [link, file] = if shape.link_wins { [0, 1] } else { [1, 0] };
        let seen = sides(&mut homes, 0, &lines[0]);
        let without_reason = said.clone().map(|side| Side {
            not_shown: None,
            ..side
        });
        assert_eq!(without_reason, seen, "{shape:?}");
        assert_eq!(
            (said[link].is_link, said[link].not_shown.as_deref()),
            (true, Some("it is a link: this drive cannot store it")),
        );
        assert_eq!((said[file].size_bytes, &said[file].not_shown), (7, &None));
    }
}

#[test]
fn either_version_can_be_kept_where_only_one_can_be_shown() {
    for shape in shapes() {
        for keep in [Keep::Winner, Keep::Copy, Keep::Both] {
            let mut homes = in_conflict(shape);
            let line = look(&mut homes, FAT).remove(0);
            // What stood there before a link that the drive cannot show stays, where it is no version of the two.
            let before = (shape.link_wins && shape.had_file && shape.author != FAT).then_some(("a", "before"));
            let (link, file, both) = (("a", "-> beside"), ("a", "content"), ("a (kept)", "content"));

            let renamed = resolve(&mut homes, FAT, &line, keep);

            assert_eq!(renamed, (keep == Keep::Both).then(|| path("a (kept)")), "{shape:?}");
            let context = format!("{shape:?} {keep:?}");
            match (keep, shape.link_wins) {
                (Keep::Both, _) => {
                    let shown: Vec<_> = before.into_iter().chain([both]).collect();
                    check(&mut homes, &[link, both], &shown, &context);
                }
                (Keep::Winner, true) | (Keep::Copy, false) => {
                    check(&mut homes, &[link], before.as_slice(), &context);
                    assert!(is_in_trash(&mut homes, FAT), "{context}");
                }
                (Keep::Winner, false) | (Keep::Copy, true) => check(&mut homes, &[file], &[file], &context),
            }
        }
    }
}

fn is_in_trash(homes: &mut Homes, n: usize) -> bool {
    let trash = homes.hand(n).trash();
    trash
        .values()
        .any(|seen| matches!(seen, Seen::File(bytes) if bytes.as_slice() == b"content"))
}

#[test]
fn of_two_links_either_is_kept_where_neither_can_be_shown() {
    for (keep, links) in [(Keep::Winner, 0), (Keep::Copy, 1)] {
        let mut homes = Homes::on(&[DiskOptions::ext4(), DiskOptions::fat(), DiskOptions::ext4()]);
        homes.hand(0).write(&path("beside"), "beside").expect("fits");
        homes.round(3);
        homes.hand(0).symlink(&path("a"), b"beside").expect("fits");
        homes.hand(2).symlink(&path("a"), b"elsewhere").expect("fits");
        homes.round(4);
        let line = look(&mut homes, FAT).remove(0);
        assert_eq!(look(&mut homes, 0), std::slice::from_ref(&line));
        let of_both = stands(&homes, 0);
        resolve(&mut homes, FAT, &line, keep);
        check(&mut homes, &[("a", &of_both[links].1)], &[], &format!("{keep:?}"));
    }
}

#[test]
fn of_a_conflict_with_a_file_that_is_too_large_either_is_kept_where_it_cannot_be_shown() {
    let large = "x".repeat((1 << 20) + 1);
    for large_wins in [true, false] {
        for keep in [Keep::Winner, Keep::Copy, Keep::Both] {
            let small_drive = DiskOptions {
                file_bytes_max: 1 << 20,
                ..DiskOptions::ext4()
            };
            let mut homes = Homes::on(&[DiskOptions::ext4(), small_drive, DiskOptions::ext4()]);
            homes.hand(0).write(&path("beside"), "beside").expect("fits");
            homes.hand(0).write(&path("a"), "before").expect("fits");
            homes.round(3);
            homes.hand(0).write(&path("a"), large.as_str()).expect("fits");
            homes.hand(2).write(&path("a"), "content").expect("fits");
            if large_wins {
                homes.sync(2);
            }
            homes.round(4);
            let context = format!("the large one wins: {large_wins}, {keep:?}");
            let line = look(&mut homes, FAT).remove(0);
            assert_eq!(look(&mut homes, 0), std::slice::from_ref(&line), "{context}");
            let not_shown = sides(&mut homes, FAT, &line).map(|side| side.not_shown);
            let (of_large, of_small) = if large_wins { (0, 1) } else { (1, 0) };
            let why = not_shown[of_large].as_deref().expect(&context);
            assert!(why.contains("too large"), "{why}");
            assert_eq!(not_shown[of_small], None, "{context}");
            assert!(!stands(&homes, FAT).iter().any(|(_, what)| what == &large), "{context}");

            resolve(&mut homes, FAT, &line, keep);

            // What stood there before one that the drive cannot store stays.
            let before = ("a", "before");
            match (keep, large_wins) {
                (Keep::Both, _) => {
                    let both = ("a (kept)", "content");
                    let shown: Vec<_> = large_wins.then_some(before).into_iter().chain([both]).collect();
                    check(&mut homes, &[("a", &large), both], &shown, &context);
                }
                (Keep::Winner, true) => check(&mut homes, &[("a", &large)], &[before], &context),
                (Keep::Copy, false) => {
                    check(&mut homes, &[("a", &large)], &[], &context);
                    assert!(is_in_trash(&mut homes, FAT), "{context}");
                }
                (Keep::Winner, false) | (Keep::Copy, true) => {
                    check(&mut homes, &[("a", "content")], &[("a", "content")], &context);
                }
            }
        }
    }
}

/// Two homes on drives that know case, with a file in two versions; in the first somebody spelled both anew since.
fn recased() -> Homes {
    let mut homes = Homes::new(2);
    homes.hand(0).write(&path("a.txt"), "one").expect("fits");
    homes.hand(1).write(&path("a.txt"), "two").expect("fits");
    homes.round(3);
    let lines = look(&mut homes, 0);
    let [line] = lines.as_slice() else { panic!("{lines:?}") };
    let anew = |at: &RelPath| path(&at.to_string().replace('a', "A"));
    for at in [&line.path, &line.copy] {
        homes.hand(0).rename(at, &anew(at)).expect("another name");
    }
    homes
}

#[test]
fn a_conflict_whose_names_were_spelled_anew_is_listed_and_decided_by_what_stands_there() {
    for (keep, left) in [(Keep::Winner, 1), (Keep::Copy, 1), (Keep::Both, 2)] {
        let mut homes = recased();
        let lines = look(&mut homes, 0);
        let [line] = lines.as_slice() else { panic!("{lines:?}") };
        let before = stands(&homes, 0);
        let of = |at: &RelPath| before.iter().find(|(known, _)| *known == at.to_string());
        let (Some((_, winner)), Some((_, loser))) = (of(&line.path), of(&line.copy)) else {
            panic!("{keep:?}: {line:?} of {before:?}");
        };
        resolve(&mut homes, 0, line, keep);
        homes.round(3);
        let all: Vec<String> = stands(&homes, 1).into_iter().map(|(_, content)| content).collect();
        assert_eq!(all.len(), left, "{keep:?}: {all:?}");
        assert!(keep == Keep::Copy || all.contains(winner), "{keep:?}: {all:?}");
        assert!(keep == Keep::Winner || all.contains(loser), "{keep:?}: {all:?}");
        homes.assert_all_equal();
        assert_eq!(look(&mut homes, 0), [], "{keep:?}");
    }
}

#[test]
fn what_comes_back_from_the_trash_becomes_no_twin_of_what_was_spelled_anew() {
    let mut homes = Homes::new(2);
    homes.hand(0).write(&path("f/a.txt"), "one").expect("fits");
    homes.hand(0).write(&path("f/b.txt"), "b").expect("fits");
    homes.round(2);
    homes.hand(1).write(&path("f/a.txt"), "two").expect("fits");
    homes.hand(1).remove(&path("f/b.txt")).expect("is there");
    homes.sync(1);
    homes.sync(0);
    homes
        .hand(0)
        .rename(&path("f/a.txt"), &path("f/A.txt"))
        .expect("another name");
    homes.hand(0).rename(&path("f"), &path("F")).expect("another name");
    homes.sync(0);
    let mut back: Vec<String> = Vec::new();
    for line in homes.trash(0) {
        back.push(homes.restore_trashed(0, &line).to_string());
    }
    back.sort();
    assert_eq!(back, ["F/a (restored).txt", "F/b.txt"]);
    let report = homes.sync(0);
    assert_eq!(report.skipped, [], "nothing has a twin");
    homes.round(3);
    homes.assert_all_equal();
    assert_eq!(homes.read(1, "F/a (restored).txt"), "one");
}
