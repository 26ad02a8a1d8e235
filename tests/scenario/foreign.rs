//! Two homes of which one has a real drive that is not Linux's own: exFAT, and FAT in a guest, where `fat.rs` runs them.
//!
//! Whatever is done at either, the true names and contents are alike, nothing is posted that nobody did, and
//! plugging, time zones and coarse times are no changes.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, File, FileTimes};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use offsync_core::escape::{escape, true_name};
use serde_json::Value;

use crate::foreign_drive::{ForeignDrive, Kind, Zone};
use crate::interrupted::{kill, start};
use crate::world::{Home, World};

const MEBI: u64 = 1 << 20;
/// Moments at which a sync is killed.
const KILLS: u32 = 6;

/// Pep on Linux, Anna on exFAT or FAT.
pub(crate) struct Pair {
    pub(crate) pep: Home,
    pub(crate) anna: Home,
    pub(crate) drive: ForeignDrive,
}

/// Names that such drives do not hold, or Windows does not.
const ODD: [&str; 20] = [
    "a:b.txt",
    "why?",
    "star*.jpg",
    "\"quoted\"",
    "<x>",
    "p|q",
    "back\\slash",
    "dot.",
    "...",
    "after ",
    "CON",
    "NUL.txt",
    "aux",
    "Lpt1.tar.gz",
    "new\nline",
    "looks\u{f03a}escaped",
    "\u{f02e}",
    "a:b (other version 00000000).txt",
    "e\u{301}t\u{e9}: hot?",
    "100%3A",
];

/// Gives a world in which Anna's drive is such a one; `None` where this machine has none.
pub(crate) fn pair(world: &World, fill: impl FnOnce(&Home)) -> Option<Pair> {
    let pep = world.home("pep");
    let home = world.home_without_folder("anna");
    let at = home.folder.parent().expect("the folder lies on a drive");
    let drive = ForeignDrive::new(&world.path("anna.img"), 96 * MEBI, at)?;
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
fn of_anna() -> String {
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

fn fill_odd(pep: &Home) {
    fill(pep);
    for name in ODD {
        pep.write(name, name);
        pep.write(&format!("folder of {name}/{name}"), name);
    }
    let odd = pep.folder.join(OsStr::from_bytes(b"latin1 caf\xe9"));
    fs::write(odd, "latin").expect("Linux holds every name");
}

/// Makes all files look as old as they should be, so that no stat is too young to be believed.
fn age(home: &Home, seconds_ago: u64) {
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
fn set_time(file: &File, time: SystemTime) {
    let times = FileTimes::new().set_accessed(time).set_modified(time);
    file.set_times(times).expect("a time can be set");
    let kept = file.metadata().and_then(|meta| meta.modified()).expect("it has a time");
    let difference = kept.max(time).duration_since(kept.min(time)).expect("in order");
    assert!(difference <= Duration::from_secs(2), "the time was not taken");
}

#[test]
fn odd_names_are_copied_under_an_escape_that_travels_back() {
    let world = World::new();
    let Some(mut pair) = pair(&world, fill_odd) else { return };
    let on_drive = pair.anna.folder.join(spelled("a:b.txt"));
    assert_eq!(fs::read(on_drive).expect("it stands under its escape"), b"a:b.txt");
    pair.check_quiet();
    for name in ODD {
        // An edit, a new file beside it, and a rename from one odd name to another, all at the drive.
        pair.anna.write(&spelled(name), format!("{name} edited"));
        let folder = spelled(&format!("folder of {name}"));
        pair.anna.write(&format!("{folder}/{}", spelled("new: one")), name);
        pair.anna.rename(
            &format!("{folder}/{}", spelled(name)),
            &format!("{folder}/{}", spelled("moved? yes")),
        );
    }
    pair.settle();
    assert_eq!(pair.pep.read("a:b.txt"), b"a:b.txt edited");
    assert_eq!(pair.pep.read("folder of CON/moved? yes"), b"CON");
    // And back again: renames of folders, deletions.
    for name in ODD {
        pair.pep
            .rename(&format!("folder of {name}"), &format!("{name} is a folder?"));
    }
    let report = pair.pep.sync();
    assert_eq!(report["posted"]["payload_bytes"], 0, "{report:#}");
    pair.settle();
    for name in ODD {
        pair.anna.remove(&spelled(name));
    }
    pair.anna.sync_yes();
    pair.settle();
    assert!(!pair.pep.has("CON"));
    pair.check_quiet();
    pair.drive.replug(None);
    pair.check_quiet();
}

#[test]
fn odd_names_arrive_by_sync_and_are_said_before() {
    let world = World::new();
    let Some(pair) = pair(&world, fill) else { return };
    fill_odd(&pair.pep);
    let rehearsed = pair
        .pep
        .json(["sync", pair.pep.at(), "--dry-run"])
        .expect_code(0)
        .only_report();
    let told = pair
        .pep
        .run(["sync", pair.pep.at(), "--dry-run"])
        .expect_code(0)
        .stdout
        .clone();
    assert!(
        told.contains(&format!("note: CON: 'CON' cannot be stored as such at {}", of_anna())),
        "{told}"
    );
    let report = pair.pep.sync();
    let of = |report: &Value, path: &str| {
        let lines = report["warnings"].as_array().expect("a list");
        let line = lines.iter().find(|line| line["path"] == path);
        line.map(|line| line["reason"].as_str().expect("a sentence").to_owned())
    };
    let said = of(&report, "a:b.txt").expect("it is said");
    assert!(
        said.contains(&of_anna())
            && said.contains("Rename it to 'a-b.txt'")
            && said.contains("appear there as 'a\u{25af}b.txt'"),
        "{said}"
    );
    assert_eq!(of(&rehearsed, "a:b.txt"), Some(said), "a dry run says so too");
    assert_eq!(of(&report, "plain.txt"), None);
    let told = pair
        .pep
        .run(["sync", pair.pep.at(), "--dry-run"])
        .expect_code(0)
        .stdout
        .clone();
    assert!(!told.contains("note:"), "what was posted is not said again: {told}");
    assert!(of(&report, "looks\u{f03a}escaped").is_some());
    pair.settle();
    pair.pep.write("a:b.txt", "an edit is no news of its name");
    assert_eq!(of(&pair.pep.sync(), "a:b.txt"), None);
    pair.settle();
    pair.check_quiet();
}

#[test]
fn what_a_copy_cannot_hold_is_said_when_it_is_made_and_before_its_first_visit() {
    let world = World::new();
    let pep = world.home("pep");
    let anna = world.home_without_folder("anna");
    let at = anna.folder.parent().expect("the folder lies on a drive");
    let Some(_drive) = ForeignDrive::new(&world.path("anna.img"), 96 * MEBI, at) else {
        return;
    };
    fill(&pep);
    pep.write("old: one", "old");
    symlink("plain.txt", pep.folder.join("link")).expect("a link can be made");
    world.init(&pep);
    let words = ["--label", "Anna's", "--person", "Anna"];
    let copy = pep.json(["copy", pep.at(), anna.at()].into_iter().chain(words));
    let copy = copy.expect_code(0).document();
    let said: Vec<_> = copy["warnings"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|line| &line["path"])
        .collect();
    assert_eq!(said, ["link", "old: one"], "{copy:#}");
    pep.write("new: one", "new");
    let report = pep.sync();
    assert_eq!(report["warnings"][0]["path"], "new: one", "{report:#}");
}

#[test]
fn ordinary_changes_travel_both_ways() {
    let world = World::new();
    let Some(pair) = pair(&world, fill) else { return };
    let Pair { pep, anna, .. } = &pair;
    for (one, other) in [(pep, anna), (anna, pep)] {
        one.write("new/from here.txt", "new");
        one.write("plain.txt", format!("edited {}", one.at()));
        one.rename("Folder/inside.txt", "Folder/moved.txt");
        pair.settle();
        other.rename("Folder", "Other folder");
        respell(other, "plain.txt", "PLAIN.txt");
        pair.settle();
        assert!(one.has("PLAIN.txt") && one.has("Other folder/Deeper/deep.txt"));
        assert!(truth(one).contains_key("PLAIN.txt") && !truth(one).contains_key("plain.txt"));
        respell(one, "Other folder", "other FOLDER");
        pair.settle();
        assert!(
            truth(other).contains_key("other FOLDER"),
            "a change of case alone travels"
        );
        one.remove("new");
        respell(one, "PLAIN.txt", "plain.txt");
        one.rename("other FOLDER/moved.txt", "Folder/inside.txt");
        one.rename("other FOLDER/Deeper", "Folder/Deeper");
        one.remove("other FOLDER");
        pair.settle();
        assert!(!other.has("new") && other.has("Folder/inside.txt"));
        pair.check_quiet();
    }
}

#[test]
fn names_that_move_on_among_files_that_look_alike_are_renames() {
    let world = World::new();
    let made = pair(&world, |pep| {
        (1..=3).for_each(|n| pep.write(&format!("IMG_{n}.raw"), format!("picture {n}")));
        age(pep, 86_400);
    });
    let Some(mut pair) = made else { return };
    pair.drive.replug(None);
    for n in (1..=3).rev() {
        pair.anna.rename(&format!("IMG_{n}.raw"), &format!("IMG_{}.raw", n + 1));
    }
    let verified = pair.anna.json(["verify", pair.anna.at(), "--all", "--repair"]);
    assert_eq!(verified.document()["damaged"], Value::Array(Vec::new()), "{verified}");
    pair.settle();
    for n in 1..=3 {
        let name = format!("IMG_{}.raw", n + 1);
        assert_eq!(String::from_utf8_lossy(&pair.pep.read(&name)), format!("picture {n}"));
    }
    assert!(!pair.pep.has("IMG_1.raw"));
    pair.check_quiet();
}

#[test]
fn plugging_time_zones_and_coarse_times_are_no_changes() {
    let world = World::new();
    let Some(mut pair) = pair(&world, fill) else { return };
    // Times between two steps of the drive, an odd second among them.
    for (at, name) in ["plain.txt", "empty.txt", "Folder/inside.txt"].iter().enumerate() {
        let file = File::options()
            .write(true)
            .open(pair.pep.folder.join(name))
            .expect("it is there");
        let time = SystemTime::UNIX_EPOCH + Duration::new(1_500_000_000 + at as u64, 987_654_321);
        set_time(&file, time);
    }
    pair.settle();
    let meant = |home: &Home, name: &str| fs::metadata(home.folder.join(name)).and_then(|meta| meta.modified());
    let before = meant(&pair.pep, "plain.txt").expect("it has a time");
    let mut last = 0;
    for zone in [
        None,
        Some(Zone("America/New_York", -300)),
        Some(Zone("Canada/Atlantic", -240)),
        Some(Zone("Asia/Kathmandu", 345)),
        None,
    ] {
        pair.drive.replug(zone);
        // FAT counts by a clock on the wall: where that moved, each file is read once, and found to be the same.
        let ahead = zone.map_or(0, |zone| zone.1);
        let has_moved = Kind::here() == Kind::Fat && ahead != last;
        last = ahead;
        for read in [if has_moved { 4 } else { 0 }, 0] {
            let report = pair.anna.sync();
            assert_eq!(report["scanned"]["hashed_files"], read, "{zone:?}: {report:#}");
        }
        pair.check_quiet();
    }
    assert_eq!(meant(&pair.pep, "plain.txt").expect("it has a time"), before);
}

#[test]
fn a_clock_that_was_put_forward_an_hour_for_all_files_is_no_change() {
    let world = World::new();
    let Some(pair) = pair(&world, fill) else { return };
    age(&pair.anna, 100_000);
    pair.settle();
    let meant = |home: &Home| fs::metadata(home.folder.join("plain.txt")).and_then(|meta| meta.modified());
    let before = meant(&pair.pep).expect("it has a time");
    // What a drive with local times shows after summer time began, and in another zone.
    for shift_seconds in [3600_i64, -3600, 5 * 3600 + 2700] {
        for path in truth(&pair.anna).keys() {
            let path = pair.anna.folder.join(path);
            let Ok(file) = File::options().write(true).open(&path) else {
                continue;
            };
            let time = file.metadata().and_then(|meta| meta.modified()).expect("it has a time");
            let shift = Duration::from_secs(shift_seconds.unsigned_abs());
            let shifted = if shift_seconds > 0 { time + shift } else { time - shift };
            set_time(&file, shifted);
        }
        pair.check_quiet();
    }
    assert_eq!(meant(&pair.pep).expect("it has a time"), before);
    // A change at the same moment is one.
    pair.anna.write("plain.txt", "PLAIN");
    pair.settle();
    assert_eq!(pair.pep.read("plain.txt"), b"PLAIN");
}

#[test]
fn links_are_held_not_shown_and_never_deleted() {
    let world = World::new();
    let Some(mut pair) = pair(&world, |pep| {
        fill(pep);
        symlink("plain.txt", pep.folder.join("copied link")).expect("a link can be made");
    }) else {
        return;
    };
    symlink("plain.txt", pair.pep.folder.join("Folder/link")).expect("a link can be made");
    let report = pair.pep.sync();
    assert_eq!(report["warnings"][0]["path"], "Folder/link", "{report:#}");
    let said = report["warnings"][0]["reason"].as_str().expect("a sentence");
    assert!(said.contains("link") && said.contains(&of_anna()), "{said}");
    pair.settle();
    pair.anna.write("Folder/beside.txt", "beside");
    pair.settle();
    pair.drive.replug(None);
    pair.check_quiet();
    let report = pair.anna.sync();
    let held: Vec<_> = report["warnings"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|line| &line["path"])
        .collect();
    assert_eq!(held, ["copied link", "Folder/link"], "{report:#}");
    for link in ["Folder/link", "copied link"] {
        assert!(
            pair.pep.folder.join(link).is_symlink(),
            "{link} is still where it can be"
        );
        assert!(!pair.anna.has(link));
    }
    // Where a folder went, its link goes too; nothing is left to be held.
    pair.pep.remove("Folder/link");
    pair.pep.remove("copied link");
    pair.settle();
    assert_eq!(pair.anna.sync()["warnings"], Value::Array(Vec::new()));
}

#[test]
fn a_sync_that_is_killed_and_a_drive_taken_out_end_at_the_same_state() {
    let world = World::new();
    let Some(mut pair) = pair(&world, fill) else { return };
    let mut span = Duration::from_secs(1);
    for round in 0..KILLS {
        for name in ODD {
            pair.pep
                .write(&format!("{round}: {name}/{name}"), format!("{name} {round}"));
            pair.pep.write(name, format!("{name} {round}"));
        }
        if round > 0 {
            pair.pep
                .rename(&format!("{}: CON", round - 1), &format!("moved? {round}"));
            pair.pep.remove(&format!("{}: aux", round - 1));
        }
        pair.pep.sync();
        let began = Instant::now();
        let mut child = start(&pair.anna, &["sync", pair.anna.at()]);
        std::thread::sleep(span * round / KILLS);
        kill(&mut child);
        pair.drive.replug(None);
        pair.anna.sync();
        span = span.min(began.elapsed());
        pair.settle();
    }
    let conflicts = truth(&pair.pep)
        .keys()
        .filter(|path| path.contains("(other version"))
        .count();
    assert_eq!(
        conflicts,
        (1 + KILLS as usize) + KILLS as usize,
        "none but those that are called so"
    );
    pair.check_quiet();
    pair.drive.replug(None);
}

#[test]
fn what_people_there_name_oddly_themselves_travels_under_just_that_name() {
    let world = World::new();
    let Some(pair) = pair(&world, fill) else { return };
    // Linux lets people do this; on FAT it drops the dot at the end itself.
    let all = ["CON", "x\u{f061}y", "a \u{f02f} b", "dot."];
    let own = match Kind::here() {
        Kind::Exfat => &all[..],
        Kind::Fat => &all[..3],
    };
    for name in own {
        pair.anna.write(name, name);
        pair.anna.write(&format!("{name}.d./{name}"), name);
    }
    pair.settle();
    for name in own {
        assert_eq!(pair.pep.read(name), name.as_bytes());
        pair.pep.write(name, format!("{name} edited"));
    }
    pair.settle();
    for name in own {
        let edited = format!("{name} edited");
        assert_eq!(
            pair.anna.read(&spelled(name)),
            edited.as_bytes(),
            "what is put there anew is escaped"
        );
    }
    pair.pep.remove("CON");
    pair.pep.rename(own[own.len() - 1], "dots..");
    pair.settle();
    pair.check_quiet();
}

#[test]
fn a_copy_that_is_carried_from_there_to_another_drive_keeps_the_true_names() {
    let world = World::new();
    let Some(pair) = pair(&world, |pep| {
        fill_odd(pep);
        symlink("plain.txt", pep.folder.join("link")).expect("a link can be made");
    }) else {
        return;
    };
    let carried = Home {
        folder: world.path("another drive"),
        ..pair.anna.clone()
    };
    let copied = std::process::Command::new("cp")
        .arg("-a")
        .args([&pair.anna.folder, &carried.folder])
        .status();
    assert!(copied.expect("cp runs").success());
    let Pair { pep, drive, .. } = pair;
    let before = truth(&pep);
    let pair = Pair {
        pep,
        anna: carried,
        drive,
    };
    pair.settle();
    assert_eq!(truth(&pair.pep), before, "escaped names are nobody's new files");
    assert!(
        pair.anna.folder.join("link").is_symlink(),
        "what was held is shown where it fits"
    );
    pair.check_quiet();
}

#[test]
fn an_archive_that_begins_there_is_like_any_other() {
    let world = World::new();
    let pep = world.home_without_folder("anna");
    let at = pep.folder.parent().expect("the folder lies on a drive");
    let Some(drive) = ForeignDrive::new(&world.path("anna.img"), 96 * MEBI, at) else {
        return;
    };
    fill(&pep);
    pep.write("\u{f061}ux", "a true name from before");
    world.init(&pep);
    let other = world.give_copy(&pep, "grandma");
    let pair = Pair {
        pep: other,
        anna: pep,
        drive,
    };
    pair.settle();
    assert_eq!(pair.pep.read("aux"), b"a true name from before");
    pair.pep.write("from ext4: hello", "hello");
    pair.settle();
    pair.check_quiet();
}
