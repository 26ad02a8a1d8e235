//! Each kind of change, both ways: what is sent for it, what is applied, and that a move stays a move on the other drive.
//!
//! Each row has a folder of its own in one world and is synced by itself, so that its figures are its own. A file that
//! moves keeps its inode in the other home: it was not written again.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::time::{Duration, SystemTime};

use crate::story::{expect_applied, noise};
use crate::world::{Home, World, check_alike, settle};

/// A row's folder in one home.
struct Spot<'h> {
    home: &'h Home,
    folder: &'h str,
}

impl Spot<'_> {
    fn at(&self, name: &str) -> String {
        format!("{}/{name}", self.folder)
    }

    /// Writes a content that stands nowhere else.
    fn write(&self, name: &str, text: &str) {
        self.home.write(&self.at(name), format!("{text} in {}", self.folder));
    }

    /// Bytes that stand in no other row.
    fn noise(&self, seed: u32) -> Vec<u8> {
        noise(
            seed * 1_000 + u32::try_from(self.folder.len()).expect("a short name"),
            3_000,
        )
    }

    fn write_bytes(&self, name: &str, bytes: &[u8]) {
        self.home.write(&self.at(name), bytes);
    }

    fn copy(&self, from: &str, to: &str) {
        let bytes = self.home.read(&self.at(from));
        self.write_bytes(to, &bytes);
    }

    fn folder(&self, name: &str) {
        fs::create_dir_all(self.home.folder.join(self.at(name))).expect("a folder can be made");
    }

    fn link(&self, target: &str, name: &str) {
        symlink(target, self.home.folder.join(self.at(name))).expect("a link can be made");
    }

    fn remove(&self, name: &str) {
        self.home.remove(&self.at(name));
    }

    fn rename(&self, from: &str, to: &str) {
        self.home.rename(&self.at(from), &self.at(to));
    }

    /// Lets each name in turn stand for what the one before it stood for.
    fn turn(&self, names: &[&str]) {
        let last = names[names.len() - 1];
        self.rename(last, "aside");
        for two in names.windows(2).rev() {
            self.rename(two[0], two[1]);
        }
        self.rename("aside", names[0]);
    }

    fn mode(&self, name: &str, mode: u32) {
        let at = self.home.folder.join(self.at(name));
        fs::set_permissions(at, fs::Permissions::from_mode(mode)).expect("a mode can be set");
    }

    fn inode(&self, name: &str) -> u64 {
        let at = self.home.folder.join(self.at(name));
        fs::symlink_metadata(&at)
            .unwrap_or_else(|error| panic!("{}: {error}", at.display()))
            .ino()
    }
}

type Doing = fn(&Spot<'_>);

/// A change and what it may cost.
struct Row {
    name: &'static str,
    doing: Doing,
    /// What moved: from where to where, by the names before and after.
    moved: &'static [(&'static str, &'static str)],
    /// Files and links created, modified, deleted, renamed, and with other metadata.
    applied: [u64; 5],
    /// The most content that may be sent.
    payload_bytes: u64,
}

/// What every row begins with.
fn fill(at: &Spot<'_>) {
    at.write("a.txt", "a");
    at.write("b.txt", "b");
    at.write("c.txt", "c");
    at.write("folder/d.txt", "d");
    at.write("folder/deep/e.txt", "e");
    at.write("other/d.txt", "other d");
    at.write("third/d.txt", "third d");
    at.write_bytes("twins/1.bin", &noise(1, 5_000));
    at.write_bytes("twins/2.bin", &noise(1, 5_000));
    at.folder("empty/below");
    at.link("a.txt", "link");
}

const fn free(
    name: &'static str,
    doing: Doing,
    moved: &'static [(&'static str, &'static str)],
    applied: [u64; 5],
) -> Row {
    Row {
        name,
        doing,
        moved,
        applied,
        payload_bytes: 0,
    }
}

const MOVES: [Row; 22] = [
    free(
        "a file renamed",
        |at| at.rename("a.txt", "z.txt"),
        &[("a.txt", "z.txt")],
        [0, 0, 0, 1, 0],
    ),
    free(
        "a file moved to another folder",
        |at| at.rename("a.txt", "folder/deep/a.txt"),
        &[("a.txt", "folder/deep/a.txt")],
        [0, 0, 0, 1, 0],
    ),
    free(
        "a link renamed",
        |at| at.rename("link", "other/link"),
        &[],
        [1, 0, 1, 0, 0],
    ),
    free(
        "a folder renamed",
        |at| at.rename("folder", "renamed"),
        &[
            ("folder/d.txt", "renamed/d.txt"),
            ("folder/deep/e.txt", "renamed/deep/e.txt"),
        ],
        [0, 0, 0, 2, 0],
    ),
    free(
        "a folder moved into another",
        |at| at.rename("folder", "other/new/folder"),
        &[("folder/deep/e.txt", "other/new/folder/deep/e.txt")],
        [0, 0, 0, 2, 0],
    ),
    free(
        "an empty folder renamed",
        |at| at.rename("empty", "still empty"),
        &[],
        [0; 5],
    ),
    free(
        "two files swapped",
        |at| at.turn(&["a.txt", "b.txt"]),
        &[("a.txt", "b.txt"), ("b.txt", "a.txt")],
        [0, 0, 0, 2, 0],
    ),
    free(
        "three files in a cycle",
        |at| at.turn(&["a.txt", "b.txt", "c.txt"]),
        &[("a.txt", "b.txt"), ("b.txt", "c.txt"), ("c.txt", "a.txt")],
        [0, 0, 0, 3, 0],
    ),
    free(
        "two folders swapped",
        |at| at.turn(&["folder", "other"]),
        &[
            ("folder/d.txt", "other/d.txt"),
            ("other/d.txt", "folder/d.txt"),
            ("folder/deep/e.txt", "other/deep/e.txt"),
        ],
        [0, 0, 0, 3, 0],
    ),
    free(
        "three folders in a cycle",
        |at| at.turn(&["folder", "other", "third"]),
        &[
            ("folder/d.txt", "other/d.txt"),
            ("other/d.txt", "third/d.txt"),
            ("third/d.txt", "folder/d.txt"),
        ],
        [0, 0, 0, 4, 0],
    ),
    free(
        "files that move up one name each",
        |at| {
            at.rename("c.txt", "d.txt");
            at.rename("b.txt", "c.txt");
            at.rename("a.txt", "b.txt");
        },
        &[("a.txt", "b.txt"), ("b.txt", "c.txt"), ("c.txt", "d.txt")],
        [0, 0, 0, 3, 0],
    ),
    free(
        "a file moved over another",
        |at| at.rename("a.txt", "b.txt"),
        &[("a.txt", "b.txt")],
        // What it took over is gone.
        [0, 0, 1, 1, 0],
    ),
    free(
        "a folder turned inside out",
        |at| {
            at.rename("folder/deep", "aside");
            at.rename("folder", "aside/folder");
            at.rename("aside", "deep");
        },
        &[
            ("folder/d.txt", "deep/folder/d.txt"),
            ("folder/deep/e.txt", "deep/e.txt"),
        ],
        [0, 0, 0, 2, 0],
    ),
    free(
        "a file moved and its name taken by an empty one",
        |at| {
            at.rename("a.txt", "old a.txt");
            at.write_bytes("a.txt", b"");
        },
        &[("a.txt", "old a.txt")],
        [1, 0, 0, 1, 0],
    ),
    free(
        "a folder moved and its name taken by an empty one",
        |at| {
            at.rename("folder", "old folder");
            at.folder("folder");
        },
        &[("folder/d.txt", "old folder/d.txt")],
        [0, 0, 0, 2, 0],
    ),
    free(
        "twins renamed at once",
        |at| at.rename("twins", "gemini"),
        &[],
        [0, 0, 0, 2, 0],
    ),
    free(
        "a file that becomes a folder with itself inside",
        |at| {
            at.rename("a.txt", "aside");
            at.rename("aside", "a.txt/a.txt");
        },
        &[("a.txt", "a.txt/a.txt")],
        [0, 0, 0, 1, 0],
    ),
    free(
        "a file that takes the place of its folder",
        |at| {
            at.rename("third/d.txt", "aside");
            at.remove("third");
            at.rename("aside", "third");
        },
        &[("third/d.txt", "third")],
        [0, 0, 0, 1, 0],
    ),
    free(
        "a file moved and another deleted",
        |at| {
            at.rename("a.txt", "folder/a.txt");
            at.remove("b.txt");
        },
        &[("a.txt", "folder/a.txt")],
        [0, 0, 1, 1, 0],
    ),
    free(
        "a file's other spelling",
        |at| at.rename("a.txt", "A.TXT"),
        &[("a.txt", "A.TXT")],
        [0, 0, 0, 0, 1],
    ),
    free(
        "a folder's other spelling",
        |at| at.rename("folder", "FOLDER"),
        &[("folder", "FOLDER"), ("folder/deep/e.txt", "FOLDER/deep/e.txt")],
        [0; 5],
    ),
    free(
        "a folder and a file in it respelled, and another file of it moved",
        |at| {
            at.rename("folder", "Folder");
            at.rename("Folder/d.txt", "Folder/D.txt");
            at.rename("Folder/deep/e.txt", "e.txt");
        },
        &[("folder/d.txt", "Folder/D.txt"), ("folder/deep/e.txt", "e.txt")],
        [0, 0, 0, 1, 1],
    ),
];

const OTHERS: [Row; 14] = [
    free(
        "a file copied",
        |at| at.copy("a.txt", "folder/a.txt"),
        &[],
        [1, 0, 0, 0, 0],
    ),
    free(
        "a folder copied",
        |at| {
            at.copy("folder/d.txt", "copied/d.txt");
            at.copy("folder/deep/e.txt", "copied/deep/e.txt");
        },
        &[],
        [2, 0, 0, 0, 0],
    ),
    free(
        "a file copied over another",
        |at| at.copy("a.txt", "b.txt"),
        &[],
        [0, 1, 0, 0, 0],
    ),
    free(
        "a file copied, and moved",
        |at| {
            at.copy("a.txt", "copy.txt");
            at.rename("a.txt", "moved.txt");
        },
        &[],
        [1, 0, 0, 1, 0],
    ),
    free(
        "another mode",
        |at| at.mode("a.txt", 0o600),
        &[("a.txt", "a.txt")],
        [0, 0, 0, 0, 1],
    ),
    free(
        "another time",
        |at| {
            let file = fs::File::options()
                .write(true)
                .open(at.home.folder.join(at.at("a.txt")));
            let time = SystemTime::UNIX_EPOCH + Duration::new(1_000_000_000, 123_456_789);
            file.and_then(|file| file.set_modified(time))
                .expect("a time can be set");
        },
        &[("a.txt", "a.txt")],
        [0, 0, 0, 0, 1],
    ),
    free(
        "moved with another mode",
        |at| {
            at.mode("a.txt", 0o700);
            at.rename("a.txt", "folder/a.txt");
        },
        &[("a.txt", "folder/a.txt")],
        [0, 0, 0, 1, 0],
    ),
    free("a folder's other mode", |at| at.mode("folder", 0o700), &[], [0; 5]),
    free(
        "a link that points elsewhere",
        |at| {
            at.remove("link");
            at.link("b.txt", "link");
        },
        &[],
        [0, 1, 0, 0, 0],
    ),
    free(
        "a file emptied",
        |at| at.write_bytes("a.txt", b""),
        &[],
        [0, 1, 0, 0, 0],
    ),
    free(
        "files deleted",
        |at| {
            at.remove("folder");
            at.remove("link");
        },
        &[],
        [0, 0, 3, 0, 0],
    ),
    Row {
        name: "a file edited",
        doing: |at| at.write_bytes("a.txt", &at.noise(7)),
        moved: &[],
        applied: [0, 1, 0, 0, 0],
        payload_bytes: 3_000,
    },
    Row {
        name: "a file moved and edited",
        doing: |at| {
            at.rename("a.txt", "folder/a.txt");
            at.write_bytes("folder/a.txt", &at.noise(8));
        },
        moved: &[],
        applied: [1, 0, 1, 0, 0],
        payload_bytes: 3_000,
    },
    Row {
        name: "two new files that hold the same",
        doing: |at| {
            at.write_bytes("new 1.bin", &at.noise(9));
            at.write_bytes("new 2.bin", &at.noise(9));
        },
        moved: &[],
        applied: [2, 0, 0, 0, 0],
        payload_bytes: 3_000,
    },
];

fn play(rows: &[Row]) {
    let world = World::in_memory();
    let folders: [Vec<String>; 2] = ["here", "there"].map(|side| {
        let name = |row: &Row| format!("{side}/{}", row.name);
        rows.iter().map(name).collect()
    });
    let homes = world.pair(|home| {
        for folder in folders.iter().flatten() {
            fill(&Spot { home, folder });
        }
    });
    for (sender, receiver) in [(0, 1), (1, 0)] {
        for (row, folder) in rows.iter().zip(&folders[sender]) {
            check(row, folder, [&homes[sender], &homes[receiver]]);
        }
    }
    settle(&[&homes[0], &homes[1]]);
    assert_eq!(world.waiting(), Vec::<String>::new());
}

fn check(row: &Row, folder: &str, homes: [&Home; 2]) {
    let [here, there] = homes.map(|home| Spot { home, folder });
    let before: BTreeMap<&str, u64> = row.moved.iter().map(|(from, _)| (*from, there.inode(from))).collect();
    (row.doing)(&here);
    let report = here.home.sync();
    let payload = report["posted"]["payload_bytes"].as_u64().expect("a figure");
    let sealed = if row.payload_bytes > 0 { 200 } else { 0 };
    assert!(
        payload <= row.payload_bytes + sealed,
        "{folder} sent {payload} bytes: {report:#}"
    );
    assert_ne!(report["posted"]["entries"], 0, "{folder}: {report:#}");
    let report = there.home.sync();
    println!("{folder}: {payload} bytes sent, applied {}", report["applied"]);
    expect_applied(&report, row.applied);
    check_alike(&homes);
    for (from, to) in row.moved {
        assert_eq!(
            before[from],
            there.inode(to),
            "{folder}: {from} was written again as {to}"
        );
    }
}

#[test]
fn moves_and_renames_send_no_content_and_are_moves_in_the_other_home() {
    play(&MOVES);
}

#[test]
fn copies_edits_and_metadata_send_what_is_new_alone() {
    play(&OTHERS);
}
