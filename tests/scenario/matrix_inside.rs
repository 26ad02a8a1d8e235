//! Every change of a folder against every change of a file in it, whoever syncs first, with somebody who only watches.
//!
//! As with the pairs of `matrix`: each has a folder of its own, and all of an order share one world.

use std::os::unix::fs::symlink;

use crate::matrix::{check_rest, contents, to_rest};
use crate::tree::Tree;
use crate::world::{Home, World};

/// What one person does to the folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Folder {
    Deleted,
    Renamed,
    Moved,
    Respelled,
    ToFile,
    ToLink,
}

const FOLDERS: [Folder; 6] = [
    Folder::Deleted,
    Folder::Renamed,
    Folder::Moved,
    Folder::Respelled,
    Folder::ToFile,
    Folder::ToLink,
];

/// What the other does to the file in it, or beside that file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Inside {
    Left,
    Added,
    AddedDeep,
    Edited,
    Deleted,
    Renamed,
    MovedOut,
    MovedDeep,
    Respelled,
    ToFolder,
    ToLink,
}

const INSIDES: [Inside; 11] = [
    Inside::Left,
    Inside::Added,
    Inside::AddedDeep,
    Inside::Edited,
    Inside::Deleted,
    Inside::Renamed,
    Inside::MovedOut,
    Inside::MovedDeep,
    Inside::Respelled,
    Inside::ToFolder,
    Inside::ToLink,
];

/// Both, and who of the first two homes does the first.
#[derive(Clone, Copy, Debug)]
struct Cell {
    folder: Folder,
    inside: Inside,
    by: usize,
}

fn cells(by: usize) -> Vec<Cell> {
    let row = |folder| INSIDES.map(|inside| Cell { folder, inside, by });
    FOLDERS.into_iter().flat_map(row).collect()
}

impl Cell {
    fn name(self) -> String {
        format!("folder {:?} and file {:?}, {}", self.folder, self.inside, self.by)
    }

    fn at(self, name: &str) -> String {
        format!("{}/{name}", self.name())
    }

    fn text(self, what: &str) -> String {
        format!("{what} in {}", self.name())
    }

    fn fill(self, home: &Home) {
        home.write(&self.at("d/f.txt"), self.text("given"));
        home.write(&self.at("d/stays.txt"), self.text("stays"));
        home.write(&self.at("d/deep/below.txt"), self.text("below"));
    }

    fn change_folder(self, home: &Home) {
        let d = self.at("d");
        match self.folder {
            Folder::Deleted => home.remove(&d),
            Folder::Renamed => home.rename(&d, &self.at("e")),
            Folder::Moved => home.rename(&d, &self.at("x/d")),
            Folder::Respelled => home.rename(&d, &self.at("D")),
            Folder::ToFile => {
                home.remove(&d);
                home.write(&d, self.text("file"));
            }
            Folder::ToLink => {
                home.remove(&d);
                link(home, &self.text("link"), &d);
            }
        }
    }

    fn change_inside(self, home: &Home) {
        let (f, new) = (self.at("d/f.txt"), self.text("new"));
        match self.inside {
            Inside::Left => {}
            Inside::Added => home.write(&self.at("d/added.txt"), new),
            Inside::AddedDeep => home.write(&self.at("d/deep/er/added.txt"), new),
            Inside::Edited => home.write(&f, new),
            Inside::Deleted => home.remove(&f),
            Inside::Renamed => home.rename(&f, &self.at("d/g.txt")),
            Inside::MovedOut => home.rename(&f, &self.at("out/f.txt")),
            Inside::MovedDeep => home.rename(&f, &self.at("d/deep/f.txt")),
            Inside::Respelled => home.rename(&f, &self.at("d/F.txt")),
            Inside::ToFolder => {
                home.remove(&f);
                home.write(&self.at("d/f.txt/inside.txt"), new);
            }
            Inside::ToLink => {
                home.remove(&f);
                link(home, &new, &f);
            }
        }
    }

    /// What all files must hold, and where all links must point.
    fn wanted(self) -> Vec<String> {
        let mut wanted = Vec::new();
        let is_new = matches!(
            self.inside,
            Inside::Added | Inside::AddedDeep | Inside::Edited | Inside::ToFolder
        );
        wanted.extend(is_new.then(|| self.text("new")));
        wanted.extend((self.inside == Inside::ToLink).then(|| format!("-> {}", self.text("new"))));
        wanted.extend((self.folder == Folder::ToFile).then(|| self.text("file")));
        wanted.extend((self.folder == Folder::ToLink).then(|| format!("-> {}", self.text("link"))));
        let is_elsewhere = matches!(
            self.inside,
            Inside::Renamed | Inside::MovedOut | Inside::MovedDeep | Inside::Respelled
        );
        let is_untouched = matches!(self.inside, Inside::Left | Inside::Added | Inside::AddedDeep);
        // A moved folder takes along what it had; a respelled one is where it was.
        let (others, given) = match self.folder {
            Folder::Renamed | Folder::Moved => (1, 1 + usize::from(is_elsewhere)),
            Folder::Respelled => (1, usize::from(is_elsewhere || is_untouched)),
            Folder::Deleted | Folder::ToFile | Folder::ToLink => (0, usize::from(is_elsewhere)),
        };
        for (text, times) in [("given", given), ("stays", others), ("below", others)] {
            wanted.extend((0..times).map(|_| self.text(text)));
        }
        wanted.sort();
        wanted
    }

    fn check(self, shown: &Tree, told: &[String]) {
        let tree = shown.below(&self.name());
        assert_eq!(contents(&tree), self.wanted(), "{}: {tree:#?}", self.name());
        let below = format!("{}/", self.name());
        let count = told.iter().filter(|path| path.starts_with(&below)).count();
        let most = usize::from(matches!(self.folder, Folder::ToFile | Folder::ToLink));
        assert!(count <= most, "{} told {count}: {tree:#?}", self.name());
        let is_respelled = self.folder == Folder::Respelled;
        assert!(!is_respelled || tree.get(&self.at("d")).is_none(), "{tree:#?}");
    }
}

fn link(home: &Home, target: &str, at: &str) {
    symlink(target, home.folder.join(at)).expect("a link can be made");
}

fn play(by: usize, order: &[usize]) {
    let world = World::in_memory();
    let cells = cells(by);
    let homes = world.trio(|pep| {
        cells.iter().for_each(|cell| cell.fill(pep));
        // So few of all files are deleted that nobody is asked.
        (0..300).for_each(|number| pep.write(&format!("other/{number}.txt"), format!("other {number}")));
    });
    for cell in &cells {
        cell.change_folder(&homes[cell.by]);
        cell.change_inside(&homes[1 - cell.by]);
    }
    to_rest(&homes, order);
    let told = check_rest(&homes, order);
    let shown = homes[0].tree();
    cells.iter().for_each(|cell| cell.check(&shown, &told));
    assert_eq!(world.waiting(), Vec::<String>::new());
}

#[test]
fn changes_of_a_folder_and_in_it_end_alike_where_the_folder_comes_first() {
    play(0, &[0, 1, 2]);
}

#[test]
fn changes_of_a_folder_and_in_it_end_alike_where_the_file_comes_first() {
    play(1, &[0, 1, 2]);
}

#[test]
fn changes_of_a_folder_and_in_it_end_alike_where_a_third_watches_in_between() {
    play(0, &[2, 1, 2, 0]);
}
