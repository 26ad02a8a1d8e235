//! Names that exFAT, FAT or Windows do not hold: they stand there under an escape, and travel as what they are.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;

use serde_json::Value;

use crate::foreign::{Pair, fill, of_anna, pair, spelled, truth};
use crate::foreign_drive::{ForeignDrive, Kind};
use crate::schema;
use crate::world::{Home, World};

/// Names that such drives do not hold, or Windows does not.
pub(crate) const ODD: [&str; 20] = [
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

fn fill_odd(pep: &Home) {
    fill(pep);
    for name in ODD {
        pep.write(name, name);
        pep.write(&format!("folder of {name}/{name}"), name);
    }
    let odd = pep.folder.join(OsStr::from_bytes(b"latin1 caf\xe9"));
    fs::write(odd, "latin").expect("Linux holds every name");
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
    let diff = pair.pep.json(["diff", pair.pep.at()]).expect_code(0).document();
    schema::check(&diff, &schema::diff(), &["[].path_base64", "[].warnings"]);
    let sayings = |lines: &Value, reasons: fn(&Value) -> Vec<Value>| -> BTreeSet<String> {
        let lines = lines.as_array().expect("a list").iter();
        let one = |line: &Value| -> Vec<String> {
            let path = line.get("path_base64").unwrap_or(&line["path"]);
            reasons(line).iter().map(|reason| format!("{path}: {reason}")).collect()
        };
        lines.flat_map(one).collect()
    };
    let by_diff = sayings(&diff, |line| line["warnings"].as_array().cloned().unwrap_or_default());
    let by_rehearsal = sayings(&rehearsed["warnings"], |line| vec![line["reason"].clone()]);
    assert_eq!(by_diff, by_rehearsal, "before it is sent, as the dry run says it");
    pair.pep
        .run(["diff", pair.pep.at()])
        .expect_code(0)
        .expect_out("more; --json names them all\n");
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
    let arrived = pair.anna.sync();
    let named = "this drive cannot store that name: it stands here as 'a\u{25af}b.txt', and under its own name in the other homes.";
    assert!(
        of(&arrived, "a:b.txt").is_some_and(|reason| reason.starts_with(named)),
        "{arrived:#}"
    );
    assert_eq!(of(&arrived, "plain.txt"), None);
    assert_eq!(
        pair.anna.sync()["warnings"],
        Value::Array(Vec::new()),
        "it is told once"
    );
    pair.settle();
    pair.pep.write("a:b.txt", "an edit is no news of its name");
    assert_eq!(of(&pair.pep.sync(), "a:b.txt"), None);
    pair.settle();
    // As it is shown on that drive, it can be typed back.
    pair.anna.remove(&spelled("a:b.txt"));
    pair.settle();
    pair.pep
        .json(["trash", "restore", pair.pep.at(), "a\u{25af}b.txt"])
        .expect_code(0);
    assert!(pair.pep.has("a:b.txt"));
    pair.settle();
    pair.check_quiet();
}

#[test]
fn what_a_copy_cannot_hold_is_said_when_it_is_made_and_before_its_first_visit() {
    let world = World::new();
    let pep = world.home("pep");
    let Some((anna, _drive)) = ForeignDrive::home(&world, "anna") else {
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
fn what_people_there_name_oddly_themselves_travels_under_just_that_name() {
    let world = World::new();
    let Some(pair) = pair(&world, fill) else { return };
    // Linux lets people do this; on FAT it drops the dot at the end itself.
    let all = ["CON", "x\u{f061}y", "a \u{f02f} b", "dot."];
    let own = match Kind::here() {
        Kind::Exfat | Kind::Ext4 => &all[..],
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
fn of_many_names_that_stand_otherwise_the_first_are_told_and_the_others_are_counted() {
    let world = World::new();
    let Some(pair) = pair(&world, fill) else { return };
    for n in 0..8 {
        pair.pep.write(&format!("at 10:0{n}.txt"), "x");
    }
    pair.pep.sync();

    let report = pair.anna.sync();

    let told: Vec<&str> = report["warnings"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|line| line["reason"].as_str())
        .collect();
    assert_eq!(told.len(), 5, "{report:#}");
    assert!(told[..4].iter().all(|reason| !reason.contains("more")), "{report:#}");
    assert!(
        told[4].ends_with("in the other homes. So it is with 3 more."),
        "{report:#}"
    );
    assert_eq!(pair.anna.sync()["warnings"], Value::Array(Vec::new()), "once");
}
