//! Every pair of concurrent changes to one path, on drives of every kind: those that take `x` and `X` for one name,
//! those without links, inodes or change times, and all of them together.
//!
//! The scenario suite plays the same on real folders; here is what no folder of one system can show.

use offsync_core::guard::Threshold;
use offsync_testkit::{DiskOptions, Hand, Seen};

use crate::home::{Homes, path};

/// Rounds after which nobody may have anything left to post.
const ROUNDS_MAX: usize = 3;
/// How the file is spelled before: with an accent in one character.
const GIVEN: &str = "caf\u{e9}.txt";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    Edit,
    Delete,
    Rename,
    Move,
    ToFolder,
    ToLink,
    CaseRename,
    FormRename,
}

const CHANGES: [Change; 8] = [
    Change::Edit,
    Change::Delete,
    Change::Rename,
    Change::Move,
    Change::ToFolder,
    Change::CaseRename,
    Change::FormRename,
    Change::ToLink,
];

#[derive(Clone, Copy, Debug)]
struct Cell {
    by: [Change; 2],
}

impl Cell {
    fn folder(self) -> String {
        format!("{:?} against {:?}", self.by[0], self.by[1])
    }

    fn given(self) -> String {
        format!("given in {}", self.folder())
    }

    fn written(self, who: usize) -> String {
        format!("{:?} by {who} in {}", self.by[who], self.folder())
    }

    fn change(self, hand: &Hand, who: usize) {
        let at = |name: &str| path(&format!("{}/{name}", self.folder()));
        let (file, new) = (at(GIVEN), self.written(who));
        let done = match self.by[who] {
            Change::Edit => hand.write(&file, new),
            Change::Delete => hand.remove(&file),
            Change::Rename => hand.rename(&file, &at(&format!("renamed by {who}.txt"))),
            Change::Move => hand.rename(&file, &at(&format!("folder of {who}/{GIVEN}"))),
            Change::ToFolder => hand
                .remove(&file)
                .and_then(|()| hand.write(&at(&format!("{GIVEN}/inside {who}.txt")), new)),
            Change::ToLink => hand.remove(&file).and_then(|()| hand.symlink(&file, new.as_bytes())),
            Change::CaseRename => hand.rename(&file, &at(["Caf\u{e9}.txt", "CAF\u{c9}.txt"][who])),
            Change::FormRename => hand.rename(&file, &at(["cafe\u{301}.txt", "Cafe\u{301}.txt"][who])),
        };
        done.unwrap_or_else(|error| panic!("{}: {error}", self.folder()));
    }

    /// What all files must hold, and where all links must point.
    fn wanted(self) -> Vec<String> {
        let mut wanted = Vec::new();
        let (mut given, mut is_respelled) = (0, false);
        for (who, change) in self.by.iter().enumerate() {
            match change {
                Change::Edit | Change::ToFolder => wanted.push(self.written(who)),
                Change::ToLink => wanted.push(format!("-> {}", self.written(who))),
                Change::Delete => {}
                Change::Rename | Change::Move => given += 1,
                // One file, however it is spelled.
                Change::CaseRename | Change::FormRename => is_respelled = true,
            }
        }
        wanted.extend((0..given + usize::from(is_respelled)).map(|_| self.given()));
        wanted.sort();
        wanted
    }
}

fn contents(hand: &Hand, folder: &str) -> Vec<String> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut contents = Vec::new();
    for (path, seen) in hand.tree() {
        match seen {
            _ if path.names().next() != Some(folder.as_bytes()) => {}
            Seen::File(bytes) => contents.push(text(&bytes)),
            Seen::Symlink(target) => contents.push(format!("-> {}", text(&target))),
            Seen::Folder | Seen::Other => {}
        }
    }
    contents.sort();
    contents
}

fn check(drives: [DiskOptions; 3], order: [usize; 3]) {
    let has_links = drives.iter().all(|drive| drive.has_symlinks);
    let changes = if has_links { &CHANGES[..] } else { &CHANGES[..7] };
    let row = |a: &Change| changes.iter().map(|b| Cell { by: [*a, *b] }).collect::<Vec<_>>();
    let cells: Vec<Cell> = changes.iter().flat_map(row).collect();
    let mut homes = Homes::on(&drives);
    for cell in &cells {
        let given = path(&format!("{}/{GIVEN}", cell.folder()));
        homes.hand(0).write(&given, cell.given()).expect("fits");
    }
    // More than a quarter of the files are taken away or taken over, and nobody is to be asked.
    homes.ask_from(
        0,
        Threshold::new(cells.len() as u64, 100, cells.len() as u64).expect("a threshold"),
    );
    homes.round(3);
    homes.assert_all_equal();
    for cell in &cells {
        (0..2).for_each(|who| cell.change(&homes.hand(who), who));
    }
    let mut rounds = 0;
    loop {
        let mut posted = 0;
        for n in order {
            let report = homes.sync(n);
            assert!(report.skipped.is_empty() && report.held.is_none(), "{report:#?}");
            posted += report.posted_changesets;
        }
        if posted == 0 {
            break;
        }
        rounds += 1;
        assert!(rounds <= ROUNDS_MAX, "somebody always posts");
    }
    homes.assert_all_equal();
    for n in order {
        let report = homes.sync(n);
        let applied = report.applied;
        let touched = [
            applied.created,
            applied.modified,
            applied.deleted,
            applied.renamed,
            applied.metadata,
        ];
        assert_eq!(
            (touched, report.posted_changesets, report.up_to_date),
            ([0; 5], 0, true)
        );
    }
    for cell in &cells {
        assert_eq!(
            contents(&homes.hand(2), &cell.folder()),
            cell.wanted(),
            "{}",
            cell.folder()
        );
    }
}

fn check_all_orders(drives: &[DiskOptions; 3]) {
    for order in [[0, 1, 2], [1, 0, 2], [2, 0, 1]] {
        check(drives.clone(), order);
    }
}

#[test]
fn pairs_of_changes_end_alike_on_drives_that_tell_every_spelling() {
    check_all_orders(&[(); 3].map(|()| DiskOptions::ext4()));
}

#[test]
fn pairs_of_changes_end_alike_on_drives_that_fold_case_and_accents() {
    check_all_orders(&[(); 3].map(|()| DiskOptions::apfs()));
}

#[test]
fn pairs_of_changes_end_alike_on_sticks() {
    check_all_orders(&[(); 3].map(|()| DiskOptions::exfat()));
    check_all_orders(&[(); 3].map(|()| DiskOptions::fat()));
}

#[test]
fn pairs_of_changes_end_alike_between_drives_of_all_kinds() {
    let [ext4, apfs, exfat] = [DiskOptions::ext4(), DiskOptions::apfs(), DiskOptions::exfat()];
    check_all_orders(&[ext4.clone(), apfs.clone(), exfat.clone()]);
    check_all_orders(&[exfat.clone(), ext4.clone(), apfs.clone()]);
    check_all_orders(&[apfs, exfat, ext4]);
}
