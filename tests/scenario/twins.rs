//! Two names on one drive that differ only in case or accents' form: what others do to the one that is kept arrives, the
//! other is never touched, and whatever the person does to either of them ends it.

use crate::world::{Home, World, check_alike, settle};

/// Rounds of both homes after which nobody may have anything left to say.
const ROUNDS: usize = 4;

/// The name that is kept, the one that is left alone, and one more that folds to the same.
const NAMES: [[&str; 3]; 4] = [
    ["Ab", "ab", "AB"],
    ["ab", "Ab", "AB"],
    ["n\u{e9}", "ne\u{301}", "N\u{e9}"],
    ["ne\u{301}", "n\u{e9}", "Ne\u{301}"],
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    File,
    Folder,
    Link,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    Nothing,
    Edit,
    Recase,
    RecaseOther,
    RecaseAndEdit,
    EditAndRecaseLater,
    Move,
    MoveOver,
    Delete,
    OtherKind,
    OtherKindRecased,
    Conflict,
}

const CHANGES: [Change; 12] = [
    Change::Nothing,
    Change::Edit,
    Change::Recase,
    Change::RecaseOther,
    Change::RecaseAndEdit,
    Change::EditAndRecaseLater,
    Change::Move,
    Change::MoveOver,
    Change::Delete,
    Change::OtherKind,
    Change::OtherKindRecased,
    Change::Conflict,
];

/// What the person at the drive with both does about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    RenameTwin,
    DeleteTwin,
    RenameKept,
    DeleteKept,
}

const ANSWERS: [Answer; 4] = [
    Answer::RenameTwin,
    Answer::DeleteTwin,
    Answer::RenameKept,
    Answer::DeleteKept,
];

#[derive(Clone, Debug)]
struct Cell {
    names: [&'static str; 3],
    kind: Kind,
    change: Change,
    answer: Answer,
    at: String,
}

fn cells() -> Vec<Cell> {
    let mut all = Vec::new();
    for (n, names) in NAMES.into_iter().enumerate() {
        for (k, kind) in [Kind::File, Kind::Folder, Kind::Link].into_iter().enumerate() {
            for (c, change) in CHANGES.into_iter().enumerate() {
                // Each change of each kind meets each answer, under some names.
                let answer = ANSWERS[(n + k + c) % ANSWERS.len()];
                let at = format!("{change:?} of {kind:?}, then {answer:?}, {}", all.len());
                all.push(Cell {
                    names,
                    kind,
                    change,
                    answer,
                    at,
                });
            }
        }
    }
    all
}

impl Cell {
    fn path(&self, name: &str) -> String {
        format!("{}/{name}", self.at)
    }

    fn kept(&self) -> String {
        self.path(self.names[0])
    }

    fn twin(&self) -> String {
        self.path(self.names[1])
    }

    /// Makes something of this cell's kind that nobody else has.
    fn make(&self, home: &Home, at: &str, what: &str) {
        let content = format!("{what} of {}", self.at);
        match self.kind {
            Kind::File => home.write(at, content),
            Kind::Folder => {
                home.write(&format!("{at}/x"), &content);
                home.write(&format!("{at}/deep/{what}"), &content);
            }
            Kind::Link => link(home, at, &content),
        }
    }

    fn edit(&self, home: &Home, at: &str, what: &str) {
        let content = format!("{what} of {}", self.at);
        match self.kind {
            Kind::File => home.write(at, content),
            Kind::Folder => {
                home.write(&format!("{at}/x"), &content);
                home.write(&format!("{at}/{what}"), &content);
                home.write(&format!("{at}/deeper/{what}"), &content);
            }
            Kind::Link => {
                home.remove(at);
                link(home, at, &content);
            }
        }
    }

    /// What the other home does, in two visits.
    fn change(&self, anna: &Home, visit: usize) {
        let [kept, twin, other] = self.names.map(|name| self.path(name));
        match (self.change, visit) {
            (Change::Edit, 0) => self.edit(anna, &kept, "edit"),
            (Change::Recase, 0) => anna.rename(&kept, &twin),
            (Change::RecaseOther, 0) => anna.rename(&kept, &other),
            (Change::RecaseAndEdit, 0) => {
                anna.rename(&kept, &twin);
                self.edit(anna, &twin, "edit");
            }
            (Change::EditAndRecaseLater, 0) | (Change::Conflict, 0) => self.edit(anna, &kept, "edit"),
            (Change::EditAndRecaseLater, 1) => {
                anna.rename(&kept, &twin);
                self.edit(anna, &twin, "second edit");
            }
            (Change::Conflict, 1) => anna.rename(&kept, &twin),
            (Change::Move, 0) => anna.rename(&kept, &self.path("elsewhere/moved")),
            (Change::MoveOver, 0) => {
                anna.rename(&kept, &self.path("moved"));
                anna.rename(&self.path("beside"), &twin);
            }
            (Change::Delete, 0) => anna.remove(&kept),
            (Change::OtherKind, 0) => self.replace(anna, &kept),
            (Change::OtherKindRecased, 0) => {
                anna.remove(&kept);
                self.replace(anna, &twin);
            }
            _ => {}
        }
    }

    /// Puts something of another kind in the place of what may be there.
    fn replace(&self, home: &Home, at: &str) {
        if home.has(at) {
            home.remove(at);
        }
        match self.kind {
            Kind::Folder => home.write(at, format!("a file now, {}", self.at)),
            Kind::File | Kind::Link => home.write(&format!("{at}/inside"), format!("a folder now, {}", self.at)),
        }
    }

    /// Tells whether the twin is alone in the end, so that it is kept.
    fn leaves_twin_alone(&self) -> bool {
        matches!(self.change, Change::Move | Change::Delete)
    }

    fn answer(&self, pep: &Home) {
        if self.leaves_twin_alone() {
            return;
        }
        // A change of the other home may have come here under a name of its own.
        let kept = self.names.map(|name| self.path(name));
        let kept = kept.iter().filter(|at| **at != self.twin()).find(|at| pep.has(at));
        let kept = kept.unwrap_or_else(|| panic!("{self:?}: what is kept is there"));
        match self.answer {
            Answer::RenameTwin => pep.rename(&self.twin(), &self.path("another")),
            Answer::DeleteTwin => pep.remove(&self.twin()),
            Answer::RenameKept => pep.rename(kept, &self.path("another")),
            Answer::DeleteKept => pep.remove(kept),
        }
    }
}

fn link(home: &Home, at: &str, target: &str) {
    let at = home.folder.join(at);
    std::fs::create_dir_all(at.parent().expect("a link lies in a folder")).expect("a folder can be made");
    std::os::unix::fs::symlink(target, at).expect("a link can be made");
}

fn sync_any(home: &Home) -> serde_json::Value {
    let output = home.json(["sync", home.at(), "--yes"]);
    assert!([0, 5].contains(&output.code), "{output}");
    output.only_report()
}

#[test]
fn what_others_do_to_the_kept_one_of_two_arrives_and_whatever_is_done_to_either_ends_it() {
    let world = World::in_memory();
    let cells = cells();
    let [pep, anna] = world.pair(|pep| {
        for cell in &cells {
            cell.make(pep, &cell.kept(), "kept");
            cell.make(pep, &cell.path("beside"), "beside");
        }
    });
    for cell in &cells {
        cell.make(&pep, &cell.twin(), "twin");
    }
    pep.json(["sync", pep.at()]).expect_code(5);
    for cell in cells.iter().filter(|cell| cell.change == Change::Conflict) {
        cell.edit(&pep, &cell.kept(), "own edit");
    }
    let twins = |home: &Home| {
        cells
            .iter()
            .map(|cell| home.tree().below(&cell.twin()))
            .collect::<Vec<_>>()
    };
    let before = twins(&pep);
    for visit in 0..2 {
        cells.iter().for_each(|cell| cell.change(&anna, visit));
        sync_any(&anna);
        for _ in 0..ROUNDS {
            sync_any(&pep);
            sync_any(&anna);
        }
    }
    assert!(before == twins(&pep), "a twin was touched");
    let report = pep.json(["sync", pep.at()]).expect_code(5).only_report();
    let left: Vec<String> = cells
        .iter()
        .filter(|cell| !cell.leaves_twin_alone())
        .map(Cell::twin)
        .collect();
    let mut said: Vec<String> = Vec::new();
    for line in report["skipped"].as_array().into_iter().flatten() {
        let reason = line["reason"].as_str().unwrap_or_default();
        assert!(reason.contains("differs only in case"), "{line:#}");
        said.push(line["path"].as_str().unwrap_or_default().to_owned());
    }
    said.sort();
    let mut expected = left.clone();
    expected.sort();
    assert_eq!(said, expected);
    assert_eq!(
        (&report["posted"]["changesets"], &report["fetched"]["changesets"]),
        (&0.into(), &0.into())
    );
    let (here, there) = (pep.tree().without(&left).folded(), anna.tree().folded());
    here.expect_same(&there, "what is kept");
    let status = pep.json(["status", pep.at()]).document().to_string();
    assert!(!status.contains("not on this drive yet"), "{status}");
    for cell in &cells {
        cell.answer(&pep);
    }
    for _ in 0..ROUNDS {
        sync_any(&pep);
        sync_any(&anna);
    }
    for home in [&pep, &anna] {
        let report = home.sync();
        assert_eq!(report["posted"]["changesets"], 0, "{report:#}");
    }
    check_alike(&[&pep, &anna]);
}

/// Gives two homes with a few names for one key at Pep's, of which the first is kept.
fn with_names(world: &World, names: &[&str]) -> [Home; 2] {
    let [pep, anna] = world.pair(|pep| pep.write(names[0], "kept"));
    for name in &names[1..] {
        pep.write(name, format!("{name} alone"));
    }
    sync_any(&pep);
    [pep, anna]
}

#[test]
fn each_of_several_twins_is_told_which_one_is_kept_and_what_the_others_call_it() {
    let world = World::in_memory();
    let [pep, anna] = with_names(&world, &["ab", "AB", "Ab"]);
    let reasons = |twins: usize, words: &str| {
        let report = pep.json(["sync", pep.at()]).expect_code(5).only_report();
        let lines = report["skipped"].as_array().cloned().unwrap_or_default();
        assert_eq!(lines.len(), twins, "{report:#}");
        for line in lines {
            let reason = line["reason"].as_str().unwrap_or_default();
            assert!(reason.contains(words), "{reason}");
        }
    };
    reasons(2, "from 'ab', which is kept; rename or delete one of the two");
    anna.rename("ab", "AB");
    anna.sync();
    sync_any(&pep);
    reasons(
        2,
        "from 'ab', which is kept (the other homes call it 'AB'); rename or delete one of the two",
    );
    pep.remove("AB");
    sync_any(&pep);
    assert!(pep.has("AB") && !pep.has("ab"), "what waited for its name has it");
    assert_eq!(pep.read("AB"), b"kept");
    reasons(1, "from 'AB', which is kept; rename or delete one of the two");
    pep.remove("Ab");
    settle(&[&pep, &anna]);
}

#[test]
fn what_a_person_does_to_the_kept_one_arrives_though_it_waits_for_its_name() {
    let world = World::in_memory();
    let [pep, anna] = with_names(&world, &["ab/x", "AB/x"]);
    anna.rename("ab", "AB");
    anna.sync();
    sync_any(&pep);
    pep.write("ab/x", "edited here");
    pep.write("ab/y", "new here");
    let report = sync_any(&pep);
    assert_eq!(report["posted"]["entries"], 2, "{report:#}");
    anna.sync();
    assert_eq!(
        (anna.read("AB/x"), anna.read("AB/y")),
        (b"edited here".into(), b"new here".into())
    );
    anna.write("AB/z", "new there");
    anna.remove("AB/y");
    anna.sync();
    sync_any(&pep);
    assert_eq!((pep.read("ab/z"), pep.has("ab/y")), (b"new there".into(), false));
    assert_eq!(
        (pep.read("AB/x"), pep.tree().below("AB").len()),
        (b"AB/x alone".into(), 2)
    );
    pep.rename("AB", "Other");
    settle(&[&pep, &anna]);
    assert_eq!(anna.read("Other/x"), b"AB/x alone");
}

#[test]
fn files_that_are_renamed_as_they_move_beside_a_twin_are_said_to_leave_the_archive() {
    let world = World::new();
    let [pep, _] = world.pair(|pep| {
        for file in 0..12 {
            pep.write(&format!("letters/{file}"), format!("letter {file:02}"));
        }
        pep.write("Photos/one", "a photo");
    });
    pep.rename("letters/1", "photos/first");
    pep.rename("letters/2", "photos/2");
    let said = "2 files moved into it, and it is left alone for its name. They leave the archive: they stay here, and the other homes put theirs into the trash. \
                Give the folder another name, and they come back with the next sync.";
    let line = serde_json::json!([{"path": "photos", "reason": said}]);
    assert_eq!(pep.json(["status", pep.at()]).document()[0]["warnings"], line);
    assert_eq!(sync_any(&pep)["warnings"], line);
    assert_eq!(sync_any(&pep)["warnings"], serde_json::json!([]), "said once");
}
