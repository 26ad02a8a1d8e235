//! Two homes of which one has a real drive that is not Linux's own: exFAT, and FAT in a guest.
//!
//! The tests stand in the files `foreign_*.rs`; `fat.rs` runs all of them once more. Whatever is done at either home, true
//! names and contents are alike, and nothing is posted that nobody did.

use std::collections::BTreeMap;
use std::fs::{self, File, FileTimes};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use offsync_core::escape::{escape, true_name};
use serde_json::Value;

use crate::foreign_drive::{ForeignDrive, Kind};
use crate::world::{Home, World};

/// Pep on Linux, Anna on exFAT or FAT.
pub(crate) struct Pair {
    pub(crate) pep: Home,
    pub(crate) anna: Home,
    pub(crate) drive: ForeignDrive,
}

/// Gives a world in which Anna's drive is such a one; `None` where this machine has none.
pub(crate) fn pair(world: &World, fill: impl FnOnce(&Home)) -> Option<Pair> {
    let (_, drive) = ForeignDrive::home(world, "anna")?;
    let pep = world.home("pep");
    fill(&pep);
    world.init(&pep);
    let anna = world.give_copy(&pep, "anna");
    let pair = Pair { pep, anna, drive };
    pair.settle();
    Some(pair)
}

impl Pair {
    /// Syncs both until nobody has anything to say; the homes must then be alike.
    pub(crate) fn settle(&self) {
        for _ in 0..6 {
            let reports = [&self.pep, &self.anna].map(Home::sync);
            if reports.iter().all(is_quiet) {
                return self.check_alike();
            }
        }
        panic!("the homes have not come to rest after six rounds");
    }

    fn check_alike(&self) {
        let (pep, anna) = (truth(&self.pep), truth(&self.anna));
        assert_eq!(pep.keys().collect::<Vec<_>>(), anna.keys().collect::<Vec<_>>());
        assert!(pep == anna, "contents differ");
    }

    /// Nothing was done: nothing is posted, read wrongly, or left over.
    pub(crate) fn check_quiet(&self) {
        for home in [&self.pep, &self.anna, &self.pep] {
            let report = home.sync();
            assert!(is_quiet(&report), "{report:#}");
            assert_eq!(report["skipped"], Value::Array(Vec::new()), "{report:#}");
            let diff = home.json(["diff", home.at()]);
            assert_eq!(diff.expect_code(0).document(), Value::Array(Vec::new()));
        }
        self.check_alike();
    }
}

fn is_quiet(report: &Value) -> bool {
    let did = report["posted"]["changesets"] != 0 || report["fetched"]["changesets"] != 0;
    !did && report["up_to_date"] == true
}

/// What an archive holds by true names: contents of files, nothing for folders. Links are not compared.
pub(crate) fn truth(home: &Home) -> BTreeMap<String, Option<Vec<u8>>> {
    let mut all = BTreeMap::new();
    let is_foreign = home.computer.ends_with("anna");
    walk(&home.folder, "", is_foreign, &mut all);
    all
}

fn walk(folder: &Path, above: &str, is_foreign: bool, all: &mut BTreeMap<String, Option<Vec<u8>>>) {
    for entry in fs::read_dir(folder).expect("a folder can be listed").flatten() {
        let kind = entry.file_type().expect("it has a kind");
        let name = entry.file_name();
        let name = if is_foreign {
            true_name(name.as_bytes())
        } else {
            name.as_bytes().into()
        };
        let path = format!("{above}{}", name.escape_ascii());
        if path == ".offsync" || kind.is_symlink() {
            continue;
        }
        if kind.is_dir() {
            walk(&entry.path(), &format!("{path}/"), is_foreign, all);
            all.insert(path, None);
        } else {
            all.insert(path, Some(fs::read(entry.path()).expect("a file can be read")));
        }
    }
}

/// Changes the case of a name as people must where it does not count: Linux takes both names for one file, and leaves it.
pub(crate) fn respell(home: &Home, from: &str, to: &str) {
    home.rename(from, "between");
    home.rename("between", to);
}

/// Gives how reports call Anna's home.
pub(crate) fn of_anna() -> String {
    format!("anna's home ({})", Kind::here().name())
}

/// Gives how Anna's drive spells a name.
pub(crate) fn spelled(name: &str) -> String {
    String::from_utf8(escape(name.as_bytes()).into_owned()).expect("text")
}

pub(crate) fn fill(pep: &Home) {
    pep.write("plain.txt", "plain");
    pep.write("Folder/inside.txt", "inside");
    pep.write("Folder/Deeper/deep.txt", "deep");
    pep.write("empty.txt", "");
}

/// Makes all files look as old as they should be, so that no stat is too young to be believed.
pub(crate) fn age(home: &Home, seconds_ago: u64) {
    let time = SystemTime::now() - Duration::from_secs(seconds_ago);
    let odd = time + Duration::from_nanos(123_456_789);
    for path in truth(home).keys().filter(|path| home.folder.join(path).is_file()) {
        let file = File::options()
            .write(true)
            .open(home.folder.join(path))
            .expect("it is there");
        set_time(&file, odd);
    }
}

/// Sets the time of a file, and looks that it is so: through FUSE, one that is set without the other is dropped.
pub(crate) fn set_time(file: &File, time: SystemTime) {
    let times = FileTimes::new().set_accessed(time).set_modified(time);
    file.set_times(times).expect("a time can be set");
    let kept = file.metadata().and_then(|meta| meta.modified()).expect("it has a time");
    let difference = kept.max(time).duration_since(kept.min(time)).expect("in order");
    assert!(difference <= Duration::from_secs(2), "the time was not taken");
}
