//! Concurrent changes of whole folders and of names, in both orders of syncing, with a third home that only watches.
//!
//! As with the pairs of `matrix`: each row has a folder of its own, and all rows of an order share one world.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::matrix::{check_rest, contents, to_rest};
use crate::world::{Home, World};

/// A row's folder in one home.
pub(crate) struct Spot<'h> {
    pub(crate) home: &'h Home,
    pub(crate) row: &'h str,
}

impl Spot<'_> {
    fn at(&self, name: &str) -> String {
        format!("{}/{name}", self.row)
    }

    /// What a file of this row holds: no row may lend its content to another.
    fn text(row: &str, text: &str) -> String {
        format!("{text} in {row}")
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        self.home.write(&self.at(name), Self::text(self.row, text));
    }

    fn folder(&self, name: &str) {
        fs::create_dir_all(self.home.folder.join(self.at(name))).expect("a folder can be made");
    }

    pub(crate) fn remove(&self, name: &str) {
        self.home.remove(&self.at(name));
    }

    pub(crate) fn rename(&self, from: &str, to: &str) {
        self.home.rename(&self.at(from), &self.at(to));
    }

    fn mode(&self, name: &str, mode: u32) {
        let at = self.home.folder.join(self.at(name));
        fs::set_permissions(at, fs::Permissions::from_mode(mode)).expect("a mode can be set");
    }

    /// The name of the row's only conflict copy.
    pub(crate) fn copy(&self) -> String {
        let tree = self.home.tree().below(self.row);
        let mut copies = tree.keys().filter_map(|path| path.file_name()?.to_str());
        let copy = copies.find(|name| name.contains("(other version "));
        copy.expect("there is a copy").to_owned()
    }
}

type Doing = fn(&Spot<'_>);

/// Two concurrent changes, and what every home must show in the end.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) fill: Doing,
    pub(crate) by: [Doing; 2],
    /// What all its files hold, without the row's name.
    pub(crate) contents: &'static [&'static str],
    /// Paths that must be there, spelled just so.
    pub(crate) there: &'static [&'static str],
    /// Paths that must not.
    pub(crate) gone: &'static [&'static str],
    /// How many conflict copies may be told of: an unposted file that gives way to a folder becomes a file of its own.
    pub(crate) conflicts: &'static [usize],
}

impl Row {
    fn check(&self, homes: &[Home], told: &[String]) {
        let tree = homes[0].tree().below(self.name);
        let mut wanted: Vec<_> = self.contents.iter().map(|text| Spot::text(self.name, text)).collect();
        wanted.sort();
        assert_eq!(contents(&tree), wanted, "{}: {tree:#?}", self.name);
        let at = |name: &str| tree.get(&format!("{}/{name}", self.name));
        for name in self.there {
            assert!(at(name).is_some(), "{} lacks {name}: {tree:#?}", self.name);
        }
        for name in self.gone {
            assert!(at(name).is_none(), "{} still has {name}: {tree:#?}", self.name);
        }
        let below = format!("{}/", self.name);
        let count = told.iter().filter(|path| path.starts_with(&below)).count();
        assert!(self.conflicts.contains(&count), "{} told {count}: {tree:#?}", self.name);
    }
}

/// A folder with two files, one of them deeper.
fn photos(at: &Spot<'_>) {
    at.write("photos/1.jpg", "one");
    at.write("photos/deep/2.jpg", "two");
}

fn two_files(at: &Spot<'_>) {
    at.write("a.txt", "a");
    at.write("b.txt", "b");
}

pub(crate) fn nothing(_: &Spot<'_>) {}

fn rows_of_folders() -> Vec<Row> {
    vec![
        Row {
            name: "folder deleted and added to",
            fill: photos,
            by: [|at| at.remove("photos"), |at| at.write("photos/deep/new.jpg", "new")],
            contents: &["new"],
            there: &["photos/deep/new.jpg"],
            gone: &["photos/1.jpg", "photos/deep/2.jpg"],
            conflicts: &[0],
        },
        Row {
            name: "folder deleted and edited in",
            fill: photos,
            by: [|at| at.remove("photos"), |at| at.write("photos/1.jpg", "edited")],
            contents: &["edited"],
            there: &["photos/1.jpg"],
            gone: &["photos/deep"],
            conflicts: &[0],
        },
        Row {
            name: "folder deleted and renamed",
            fill: photos,
            by: [|at| at.remove("photos"), |at| at.rename("photos", "pictures")],
            contents: &["one", "two"],
            there: &["pictures/1.jpg", "pictures/deep/2.jpg"],
            gone: &["photos"],
            conflicts: &[0],
        },
        Row {
            name: "folder renamed and added to",
            fill: photos,
            by: [
                |at| at.rename("photos", "pictures"),
                |at| at.write("photos/deep/new.jpg", "new"),
            ],
            contents: &["new", "one", "two"],
            there: &["pictures/1.jpg", "pictures/deep/2.jpg", "photos/deep/new.jpg"],
            gone: &["photos/1.jpg"],
            conflicts: &[0],
        },
        Row {
            name: "folder renamed and edited in",
            fill: photos,
            by: [
                |at| at.rename("photos", "pictures"),
                |at| at.write("photos/1.jpg", "edited"),
            ],
            contents: &["edited", "one", "two"],
            there: &["pictures/1.jpg", "photos/1.jpg"],
            gone: &["photos/deep"],
            conflicts: &[0],
        },
        Row {
            name: "folder renamed twice",
            fill: photos,
            by: [|at| at.rename("photos", "pictures"), |at| at.rename("photos", "images")],
            contents: &["one", "one", "two", "two"],
            there: &["pictures/deep/2.jpg", "images/deep/2.jpg"],
            gone: &["photos"],
            conflicts: &[0],
        },
        Row {
            name: "folder renamed alike",
            fill: photos,
            by: [
                |at| at.rename("photos", "pictures"),
                |at| at.rename("photos", "pictures"),
            ],
            contents: &["one", "two"],
            there: &["pictures/1.jpg", "pictures/deep/2.jpg"],
            gone: &["photos"],
            conflicts: &[0],
        },
        Row {
            name: "folder respelled and added to",
            fill: photos,
            by: [
                |at| at.rename("photos", "Photos"),
                |at| at.write("photos/deep/new.jpg", "new"),
            ],
            contents: &["new", "one", "two"],
            there: &["Photos/1.jpg", "Photos/deep/new.jpg"],
            gone: &["photos"],
            conflicts: &[0],
        },
        Row {
            name: "folder respelled and edited in",
            fill: photos,
            by: [
                |at| at.rename("photos", "Photos"),
                |at| at.write("photos/1.jpg", "edited"),
            ],
            contents: &["edited", "two"],
            there: &["Photos/1.jpg", "Photos/deep/2.jpg"],
            gone: &["photos"],
            conflicts: &[0],
        },
        Row {
            name: "folder respelled twice and added to",
            fill: photos,
            by: [
                |at| {
                    at.rename("photos", "Photos");
                    at.write("Photos/here.jpg", "here");
                },
                |at| {
                    at.rename("photos", "PHOTOS");
                    at.write("PHOTOS/deep/there.jpg", "there");
                },
            ],
            contents: &["here", "one", "there", "two"],
            there: &[],
            gone: &["photos"],
            conflicts: &[0],
        },
        Row {
            name: "folder respelled and renamed",
            fill: photos,
            by: [|at| at.rename("photos", "Photos"), |at| at.rename("photos", "pictures")],
            contents: &["one", "two"],
            there: &["pictures/1.jpg", "pictures/deep/2.jpg"],
            gone: &["photos", "Photos/1.jpg"],
            conflicts: &[0],
        },
        Row {
            name: "folder and folder in it respelled, and edited in",
            fill: photos,
            by: [
                |at| {
                    at.rename("photos", "Photos");
                    at.rename("Photos/deep", "Photos/Deep");
                    at.rename("Photos/Deep/2.jpg", "Photos/Deep/2.JPG");
                },
                |at| {
                    at.write("photos/1.jpg", "edited");
                    at.write("photos/deep/er/3.jpg", "three");
                    at.rename("photos/deep", "photos/DEEP");
                },
            ],
            contents: &["edited", "three", "two"],
            there: &["Photos/1.jpg"],
            gone: &["photos", "Photos/deep"],
            conflicts: &[0],
        },
        Row {
            name: "folder becomes a file and is added to",
            fill: photos,
            by: [
                |at| {
                    at.remove("photos");
                    at.write("photos", "a file");
                },
                |at| at.write("photos/new.jpg", "new"),
            ],
            contents: &["a file", "new"],
            there: &["photos/new.jpg"],
            gone: &["photos/1.jpg", "photos/deep"],
            conflicts: &[0, 1],
        },
        Row {
            name: "folder and folder move into each other",
            fill: |at| {
                at.write("x/1.txt", "one");
                at.write("y/2.txt", "two");
            },
            by: [|at| at.rename("x", "y/x"), |at| at.rename("y", "x/y")],
            contents: &["one", "two"],
            there: &["y/x/1.txt", "x/y/2.txt"],
            gone: &["x/1.txt", "y/2.txt"],
            conflicts: &[0],
        },
        Row {
            name: "folder turned inside out and added to",
            fill: |at| {
                at.write("a/b/below.txt", "below");
                at.write("a/top.txt", "top");
            },
            by: [
                |at| {
                    at.rename("a/b", "b");
                    at.rename("a", "b/a");
                },
                |at| at.write("a/b/new.txt", "new"),
            ],
            contents: &["below", "new", "top"],
            there: &["b/below.txt", "b/a/top.txt", "a/b/new.txt"],
            gone: &["a/top.txt"],
            conflicts: &[0],
        },
        Row {
            name: "empty folder deleted and added to",
            fill: |at| at.folder("empty/below"),
            by: [|at| at.remove("empty"), |at| at.write("empty/below/new.txt", "new")],
            contents: &["new"],
            there: &["empty/below/new.txt"],
            gone: &[],
            conflicts: &[0],
        },
        Row {
            name: "folder and file of one name",
            fill: nothing,
            by: [|at| at.write("name", "a file"), |at| at.folder("name")],
            contents: &["a file"],
            there: &["name"],
            gone: &[],
            conflicts: &[0, 1],
        },
    ]
}

fn rows_of_names() -> Vec<Row> {
    vec![
        Row {
            name: "files renamed onto one name",
            fill: two_files,
            by: [|at| at.rename("a.txt", "x.txt"), |at| at.rename("b.txt", "x.txt")],
            contents: &["a", "b"],
            there: &["x.txt"],
            gone: &["a.txt", "b.txt"],
            conflicts: &[1],
        },
        Row {
            name: "folders renamed onto one name",
            fill: |at| {
                at.write("a/same.txt", "a");
                at.write("b/same.txt", "b");
                at.write("b/other.txt", "other");
            },
            by: [|at| at.rename("a", "x"), |at| at.rename("b", "x")],
            contents: &["a", "b", "other"],
            there: &["x/same.txt", "x/other.txt"],
            gone: &["a", "b"],
            conflicts: &[1],
        },
        Row {
            name: "files swapped and edited",
            fill: two_files,
            by: [
                |at| {
                    at.rename("a.txt", "swap");
                    at.rename("b.txt", "a.txt");
                    at.rename("swap", "b.txt");
                },
                |at| at.write("a.txt", "edited"),
            ],
            contents: &["a", "b", "edited"],
            there: &["a.txt", "b.txt"],
            gone: &["swap"],
            conflicts: &[1],
        },
        Row {
            name: "files swapped both ways alike",
            fill: two_files,
            by: [
                |at| {
                    at.rename("a.txt", "swap");
                    at.rename("b.txt", "a.txt");
                    at.rename("swap", "b.txt");
                },
                |at| {
                    at.rename("b.txt", "swap");
                    at.rename("a.txt", "b.txt");
                    at.rename("swap", "a.txt");
                },
            ],
            contents: &["a", "b"],
            there: &["a.txt", "b.txt"],
            gone: &["swap"],
            conflicts: &[0],
        },
        Row {
            name: "case variants",
            fill: nothing,
            by: [|at| at.write("New.txt", "one"), |at| at.write("NEW.txt", "two")],
            contents: &["one", "two"],
            there: &[],
            gone: &[],
            conflicts: &[1],
        },
        Row {
            name: "case variants that hold the same",
            fill: nothing,
            by: [|at| at.write("New.txt", "same"), |at| at.write("NEW.txt", "same")],
            contents: &["same"],
            there: &[],
            gone: &[],
            conflicts: &[0],
        },
        Row {
            name: "accents of two forms",
            fill: nothing,
            by: [|at| at.write("caf\u{e9}", "one"), |at| at.write("cafe\u{301}", "two")],
            contents: &["one", "two"],
            there: &[],
            gone: &[],
            conflicts: &[1],
        },
        Row {
            name: "folders that are case variants",
            fill: nothing,
            by: [
                |at| at.write("Trip/deep/1.jpg", "one"),
                |at| at.write("TRIP/Deep/2.jpg", "two"),
            ],
            contents: &["one", "two"],
            there: &[],
            gone: &[],
            conflicts: &[0],
        },
        Row {
            name: "folders with accents of two forms",
            fill: nothing,
            by: [
                |at| at.write("caf\u{e9}/1.jpg", "one"),
                |at| at.write("cafe\u{301}/1.jpg", "two"),
            ],
            contents: &["one", "two"],
            there: &[],
            gone: &[],
            conflicts: &[1],
        },
        Row {
            name: "edited alike",
            fill: two_files,
            by: [|at| at.write("a.txt", "same"), |at| at.write("a.txt", "same")],
            contents: &["b", "same"],
            there: &["a.txt"],
            gone: &[],
            conflicts: &[0],
        },
        Row {
            name: "renamed and its old name taken anew",
            fill: two_files,
            by: [
                |at| {
                    at.rename("a.txt", "old a.txt");
                    at.write("a.txt", "anew");
                },
                |at| at.remove("b.txt"),
            ],
            contents: &["a", "anew"],
            there: &["a.txt", "old a.txt"],
            gone: &["b.txt"],
            conflicts: &[0],
        },
        Row {
            name: "another mode and deleted",
            fill: two_files,
            by: [|at| at.mode("a.txt", 0o600), |at| at.remove("a.txt")],
            contents: &["a", "b"],
            there: &["a.txt"],
            gone: &[],
            conflicts: &[0],
        },
        Row {
            name: "two other modes",
            fill: two_files,
            by: [|at| at.mode("a.txt", 0o600), |at| at.mode("a.txt", 0o755)],
            contents: &["a", "b"],
            there: &["a.txt"],
            gone: &[],
            conflicts: &[0],
        },
    ]
}

/// Plays some rows at once.
pub(crate) fn play(rows: &[Row], order: &[usize], before: impl FnOnce(&[Home; 3])) {
    let world = World::in_memory();
    let homes = world.trio(|pep| {
        rows.iter().for_each(|row| {
            (row.fill)(&Spot {
                home: pep,
                row: row.name,
            })
        });
        (0..90).for_each(|number| pep.write(&format!("other/{number}.txt"), format!("other {number}")));
    });
    before(&homes);
    for row in rows {
        for (home, doing) in homes.iter().zip(row.by) {
            doing(&Spot { home, row: row.name });
        }
    }
    to_rest(&homes, order);
    let told = check_rest(&homes, order);
    rows.iter().for_each(|row| row.check(&homes, &told));
    assert_eq!(world.waiting(), Vec::<String>::new());
}

pub(crate) const ORDERS: [&[usize]; 3] = [&[0, 1, 2], &[1, 0, 2], &[2, 1, 2, 0]];

#[test]
fn concurrent_changes_of_folders_end_alike() {
    ORDERS.iter().for_each(|order| play(&rows_of_folders(), order, |_| {}));
}

#[test]
fn concurrent_changes_of_names_end_alike() {
    ORDERS.iter().for_each(|order| play(&rows_of_names(), order, |_| {}));
}
