//! Folders that their owner may not write travel like any other, and what is in them arrives and changes.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::output::Output;
use crate::world::{Home, World, check_alike, text};

/// Rights by which root would pass over modes; without them it is an owner like any other.
const OVERRIDES: &str = "-dac_override,-dac_read_search";

impl Home {
    /// Runs the program as somebody for whom modes hold.
    fn run_bound<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Output {
        let arguments: Vec<&str> = arguments.into_iter().collect();
        if !rustix::process::geteuid().is_root() {
            return Output::of(&mut self.command(arguments));
        }
        let bounds = ["--bounding-set", "--inh-caps"].map(|set| format!("{set}={OVERRIDES}"));
        let program = offsync_tests::program("offsync");
        let before = bounds.iter().map(String::as_str).chain([text(&program)]);
        Output::of(&mut self.command_of("setpriv", before.chain(arguments)))
    }

    fn sync_bound(&self) {
        self.run_bound(["sync", self.at()]).expect_code(0);
    }

    fn chmod(&self, path: &str, mode: u32) {
        fs::set_permissions(self.folder.join(path), fs::Permissions::from_mode(mode)).expect("a mode can be set");
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("it is there").permissions().mode() & 0o777
}

fn burn(pep: &Home) {
    pep.write("cd/1.jpg", "one");
    pep.write("cd/sub/2.jpg", "two");
    pep.write("a.txt", "a");
    ["cd/sub", "cd"].iter().for_each(|folder| pep.chmod(folder, 0o555));
}

fn assert_read_only(homes: &[&Home], folders: &[&str]) {
    for (home, folder) in homes
        .iter()
        .flat_map(|home| folders.iter().map(move |folder| (home, folder)))
    {
        assert_eq!(mode(&home.folder.join(folder)), 0o555, "{folder} at {}", home.at());
    }
}

#[test]
fn what_is_in_folders_that_nobody_may_write_is_copied_whole() {
    let world = World::new();
    let pep = world.home("pep");
    world.init(&pep);
    burn(&pep);
    pep.sync_bound();
    let anna = world.home("anna");
    fs::remove_dir_all(&anna.folder).expect("it is empty");
    let copy = [
        "copy",
        pep.at(),
        anna.at(),
        "--label",
        "Anna's home",
        "--person",
        "Anna",
    ];
    let copied = pep.run_bound(copy);
    copied.expect_code(0);
    assert!(copied.stdout.contains("3 files"), "{copied}");
    check_alike(&[&pep, &anna]);
    assert_read_only(&[&pep, &anna], &["cd", "cd/sub"]);
}

#[test]
fn what_happens_in_folders_that_nobody_may_write_arrives_everywhere() {
    let world = World::new();
    let [pep, anna] = world.pair(|pep| pep.write("old.jpg", "old"));
    burn(&pep);
    for home in [&pep, &anna] {
        home.sync_bound();
    }
    assert_read_only(&[&pep, &anna], &["cd", "cd/sub"]);
    // A file comes, one is edited, one goes to the trash, a folder is made and one is removed: each in such a folder.
    ["cd", "cd/sub"].iter().for_each(|folder| pep.chmod(folder, 0o755));
    pep.rename("old.jpg", "cd/old.jpg");
    pep.write("cd/1.jpg", "one, edited");
    pep.write("cd/new/3.jpg", "three");
    pep.remove("cd/sub/2.jpg");
    std::os::unix::fs::symlink("1.jpg", pep.folder.join("cd/link")).expect("links can be made");
    ["cd/sub", "cd/new", "cd"]
        .iter()
        .for_each(|folder| pep.chmod(folder, 0o555));
    for home in [&pep, &anna] {
        home.sync_bound();
    }
    check_alike(&[&pep, &anna]);
    assert_read_only(&[&pep, &anna], &["cd", "cd/sub", "cd/new"]);
    // The folder itself moves, and then goes.
    fs::create_dir(pep.folder.join("archive")).expect("a folder can be made");
    pep.chmod("cd", 0o755);
    pep.rename("cd", "archive/disc");
    pep.chmod("archive/disc", 0o555);
    for home in [&pep, &anna] {
        home.sync_bound();
    }
    check_alike(&[&pep, &anna]);
    assert_read_only(&[&pep, &anna], &["archive/disc", "archive/disc/new"]);
    ["archive/disc", "archive/disc/sub", "archive/disc/new"]
        .iter()
        .for_each(|folder| pep.chmod(folder, 0o755));
    pep.remove("archive");
    for home in [&pep, &anna] {
        home.sync_bound();
    }
    check_alike(&[&pep, &anna]);
    assert!(!anna.folder.join("archive").exists());
}

#[test]
fn a_mode_that_was_lifted_when_offsync_was_killed_is_put_back_and_nobody_hears_of_it() {
    let world = World::new();
    let [pep, anna] = world.pair(burn);
    // As it stands between the note and the end of what it was lifted for.
    anna.chmod("cd", 0o755);
    let noted: (u8, Vec<(&str, u32)>) = (1, vec![("cd", 0o555)]);
    let note = postcard::to_allocvec(&noted).expect("plain data");
    fs::write(anna.private().join("lifted"), note).expect("a note can be written");
    for home in [&anna, &pep] {
        let report = home.sync();
        assert_eq!(report["posted"]["changesets"], 0, "{report:#}");
    }
    assert_read_only(&[&pep, &anna], &["cd", "cd/sub"]);
    assert!(!anna.private().join("lifted").exists());
    // Without a note it is somebody's doing.
    anna.chmod("cd", 0o755);
    anna.sync();
    pep.sync();
    assert_eq!(mode(&pep.folder.join("cd")), 0o755);
}

#[test]
fn a_file_that_nobody_may_read_is_not_taken_for_deleted_under_its_old_name() {
    let world = World::new();
    let [pep, anna] = world.pair(|pep| pep.write("q/b.txt", "b"));
    pep.rename("q/b.txt", "q/b2.txt");
    pep.chmod("q/b2.txt", 0);
    let said = pep.run_bound(["sync", pep.at()]);
    said.expect_code(5).expect_out("q/b2.txt: it could not be read");
    anna.sync();
    assert!(anna.has("q/b.txt"), "nobody deleted it");
    pep.chmod("q/b2.txt", 0o644);
    pep.sync_bound();
    anna.sync();
    assert!(anna.has("q/b2.txt") && !anna.has("q/b.txt"));
}
