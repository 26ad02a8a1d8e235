//! Names that no program should stumble over, and things that are no files.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixListener;
use std::path::Path;

use rustix::fs::{CWD, FileType, Mode, mknodat};
use serde_json::Value;

use crate::output::Output;
use crate::world::{Home, World, check_alike, settle, text};

/// Makes a named pipe.
pub(crate) fn make_pipe(at: &Path) {
    mknodat(CWD, at, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).expect("a pipe can be made");
}

/// Every odd name, none of them alike but for case or accents' form.
fn odd() -> Vec<Vec<u8>> {
    let plain = [
        "new\nline",
        "tab\tand\rreturn",
        "bell\u{7}",
        "escape\u{1b}[31m",
        "a|b",
        "p -> q",
        "-rf",
        "--yes",
        " before",
        "after ",
        "dot.",
        "...",
        ".hidden",
        "back\\slash",
        "q\"uote",
        "it's",
        "star*",
        "what?",
        "<x>",
        "c:",
        "con",
        "AUX.txt",
        "emoji 👩‍👩‍👧‍👦",
        "Ünïcödé",
        "e\u{301}clair",
        "日本語",
        "right\u{202e}left",
        "$HOME",
        "%2e%2e",
        "#1;2",
        "{a,b}",
        "~",
        "~$lock",
        "offsync",
        ".Offsync",
        ".offsyncx",
        "a (other version 00000000).txt",
        "x.conflict",
    ];
    let mut names: Vec<Vec<u8>> = plain.iter().map(|name| name.as_bytes().to_vec()).collect();
    names.push(b"not utf-8 \xff\xfe.txt".to_vec());
    names.push(b"latin1 caf\xe9".to_vec());
    names.push(vec![b'n'; 255]);
    names.push([&"ü".as_bytes().repeat(127)[..], b"x"].concat());
    names
}

pub(crate) fn write_odd(pep: &Home, suffix: &str) {
    for name in odd() {
        let at = pep.folder.join("odd").join(OsStr::from_bytes(&name));
        fs::create_dir_all(at.parent().expect("a folder")).expect("a folder can be made");
        fs::write(at, [&name, suffix.as_bytes()].concat()).expect("Linux holds every name");
        let folder = pep.folder.join("folders").join(OsStr::from_bytes(&name));
        fs::create_dir_all(&folder).expect("Linux holds every name");
        fs::write(folder.join(OsStr::from_bytes(&name)), &name).expect("Linux holds every name");
    }
}

#[test]
fn odd_names_are_copied_sent_edited_renamed_and_deleted() {
    let world = World::new();
    let [pep, anna] = world.pair(|pep| write_odd(pep, " copied"));
    let count = 4 * odd().len() - odd().len() + 2;
    assert_eq!(anna.tree().len(), count, "the copy holds all");
    write_odd(&pep, " and edited");
    settle(&[&pep, &anna]);
    pep.rename("folders", "renamed");
    assert_eq!(pep.sync()["posted"]["payload_bytes"], 0, "a rename sends no content");
    settle(&[&anna, &pep]);
    pep.remove("odd");
    pep.sync_yes();
    settle(&[&anna, &pep]);
    assert!(!anna.has("odd") && anna.has("renamed"));
}

#[test]
fn odd_names_arrive_at_a_home_that_never_had_them() {
    let world = World::new();
    let [pep, anna] = world.pair(|pep| pep.write("a.txt", "a"));
    write_odd(&pep, "");
    let report = pep.sync();
    assert_eq!(report["skipped"], Value::Array(Vec::new()), "{report:#}");
    settle(&[&anna, &pep]);
}

#[test]
fn a_name_that_is_not_utf8_is_told_exactly() {
    let world = World::new();
    let [pep, _anna] = world.pair(|pep| pep.write("a.txt", "a"));
    make_pipe(&pep.folder.join(OsStr::from_bytes(b"caf\xe9")));
    let report = pep.json(["sync", pep.at()]);
    let skipped = &report.expect_code(5).only_report()["skipped"][0];
    assert_eq!(skipped["path"], "caf\u{fffd}");
    assert_eq!(skipped["path_base64"], "Y2Fm6Q==");
    fs::write(pep.folder.join(OsStr::from_bytes(b"\xff.txt")), "x").expect("Linux holds every name");
    let diff = pep.json(["diff", pep.at()]).document();
    assert_eq!(diff[0]["path_base64"], "/y50eHQ=", "{diff:#}");
}

#[test]
fn control_characters_never_reach_the_terminal() {
    let world = World::new();
    let [pep, anna] = world.pair(|pep| pep.write("a.txt", "a"));
    make_pipe(&pep.folder.join("pipe\u{1b}[2J\nnext"));
    pep.write("evil\u{1b}]0;x\u{7}.txt", "x");
    pep.write("Evil\u{1b}]0;X\u{7}.txt", "y");
    let runs = [
        pep.run(["diff", pep.at()]),
        pep.run(["sync", pep.at(), "--verbose"]),
        pep.run(["log", pep.at()]),
        anna.run(["sync", anna.at(), "--verbose"]),
        anna.run(["log", anna.at()]),
        pep.run(["sync", "/no/such/\u{1b}[2Jfolder"]),
    ];
    for output in runs {
        let said = format!("{}{}", output.stdout, output.stderr);
        let is_control = |c: char| c.is_control() && c != '\n';
        assert!(!said.contains(is_control), "{said:?}");
        assert!(!said.contains("\nnext"), "a name does not break a line: {said:?}");
    }
}

#[test]
fn pipes_and_sockets_are_named_left_alone_and_never_opened() {
    let world = World::new();
    let [pep, anna] = world.pair(|pep| pep.write("a.txt", "a"));
    make_pipe(&pep.folder.join("pipe"));
    let _socket = UnixListener::bind(pep.folder.join("sock")).expect("a socket can be made");
    pep.write("below/b.txt", "b");
    make_pipe(&pep.folder.join("below/pipe"));
    let before = pep.tree();
    let report = pep.json(["sync", pep.at()]).expect_code(5).only_report();
    let named: Vec<&str> = skipped_paths(&report);
    assert_eq!(named, ["below/pipe", "pipe", "sock"], "{report:#}");
    before.expect_same(&pep.tree(), "a sync that skips");
    anna.sync();
    let kept = pep.tree().without_others();
    kept.expect_same(&anna.tree(), "all that is kept");
}

#[test]
fn what_is_named_as_offsyncs_own_folder_is_named_and_goes_under_another_name() {
    let world = World::new();
    let [pep, anna] = world.pair(|pep| pep.write("a.txt", "a"));
    pep.write(".OffSync/diary", "dear");
    pep.write(".OFFSYNC", "a file");
    let report = pep.json(["sync", pep.at()]).expect_code(5).only_report();
    assert_eq!(skipped_paths(&report), [".OFFSYNC", ".OffSync"], "{report:#}");
    pep.run(["sync", pep.at()])
        .expect_code(5)
        .expect_out("its name is that of Offsync's own folder: give it another one, and the next sync takes it");
    pep.run(["status", pep.at()]).expect_out(".OffSync");
    pep.rename(".OffSync", "diaries");
    pep.remove(".OFFSYNC");
    settle(&[&pep, &anna]);
    assert_eq!(anna.read("diaries/diary"), b"dear");
}

#[test]
fn a_file_that_becomes_a_pipe_is_not_taken_for_deleted() {
    let world = World::new();
    let [pep, anna] = world.pair(|pep| pep.write("a.txt", "a"));
    pep.remove("a.txt");
    make_pipe(&pep.folder.join("a.txt"));
    pep.json(["sync", pep.at()]).expect_code(5);
    anna.sync();
    assert_eq!(
        anna.read("a.txt"),
        b"a",
        "nobody knows what the person meant, so nothing goes"
    );
}

#[test]
fn two_names_that_differ_in_case_alone_are_both_left_in_place_and_one_is_named() {
    let world = World::new();
    let [pep, anna] = world.pair(|pep| pep.write("a.txt", "a"));
    pep.write("README.md", "loud");
    pep.write("Readme.md", "calm");
    pep.write("caf\u{e9}", "composed");
    pep.write("cafe\u{301}", "decomposed");
    let before = pep.tree();
    let report = pep.json(["sync", pep.at()]).expect_code(5).only_report();
    assert_eq!(skipped_paths(&report).len(), 2, "{report:#}");
    before.expect_same(&pep.tree(), "a sync with twins");
    anna.sync();
    assert_eq!(anna.tree().len(), 3, "one of each arrives");
    let told = pep.run(["status", pep.at()]).expect_code(5).stdout.clone();
    let alone = "is on this drive alone: its name differs only in case or accents' form from another one here. Rename one of the two.";
    assert!(told.contains(alone) && !told.contains("Everything is safe"), "{told}");
    pep.rename("Readme.md", "Calm.md");
    pep.rename("cafe\u{301}", "another");
    pep.sync();
    settle(&[&anna, &pep]);
    check_alike(&[&pep, &anna]);
}

#[test]
fn what_is_too_deep_to_be_kept_is_not_called_safe() {
    let world = World::new();
    let [pep, anna] = world.pair(|pep| pep.write("a.txt", "a"));
    let deep = ["d"; 256].join("/");
    pep.write(&format!("{deep}/below.txt"), "on this drive alone");
    pep.write(&format!("{deep}/folder/below.txt"), "on this drive alone");
    let report = pep.json(["sync", pep.at()]).expect_code(5).only_report();
    let reasons = report["skipped"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|line| &line["reason"]);
    let reasons: Vec<_> = reasons.map(|reason| reason.as_str().expect("a sentence")).collect();
    let said = |what: &str, is: &str| {
        format!(
            "'{what}' has a name or path that is too long, so {is} on this drive alone; give it a shorter name, or put it higher up"
        )
    };
    let wanted = [
        said("below.txt", "it is"),
        said("folder", "it and all that is in it is"),
    ];
    assert_eq!(reasons, wanted);
    anna.sync();
    let told = pep.run(["status", pep.at()]).expect_code(5).stdout.clone();
    let alone = "'d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/…/d/d/d/d/d/d/d/d/d/d/below.txt' is on this drive alone: its name or path is too long. Give it a shorter name, or put it higher up.";
    assert!(told.contains(alone) && !told.contains("Everything is safe"), "{told}");
    pep.rename("d", "gone");
    pep.remove("gone");
    settle(&[&anna, &pep]);
    let told = pep.run(["status", pep.at()]).expect_code(0).stdout.clone();
    assert!(told.contains("Everything is safe in 2 homes."), "{told}");
}

fn skipped_paths(report: &Value) -> Vec<&str> {
    let mut paths: Vec<&str> = report["skipped"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|line| line["path"].as_str().expect("a path"))
        .collect();
    paths.sort_unstable();
    paths
}

#[test]
fn what_a_list_shows_of_a_path_can_be_typed_back_at_a_shell() {
    let names: [&[u8]; 9] = [
        b"plain.txt",
        b"$(touch here) & *?.txt",
        b"it's `this`",
        b"-rf",
        b"--yes",
        b"new\nline",
        b"it's\ta tab\\",
        b"caf\xe9",
        b"-\x1b[31m\xff1",
    ];
    let world = World::new();
    let [pep, anna] = world.pair(|pep| {
        for name in names {
            fs::write(pep.folder.join(OsStr::from_bytes(name)), name).expect("Linux holds every name");
        }
    });
    for name in names {
        fs::remove_file(anna.folder.join(OsStr::from_bytes(name))).expect("it came");
    }
    anna.sync_yes();
    pep.sync_yes();
    let list = pep.run(["trash", "list", pep.at()]).expect_code(0).stdout.clone();
    assert_eq!(list.lines().count(), names.len(), "{list}");
    for line in list.lines() {
        // The time, two spaces, the path, and in brackets its size.
        let (_, rest) = line.split_once("  ").expect("a time comes first");
        let (typed, _) = rest.rsplit_once(" (").expect("a size follows");
        let script = format!("exec \"$0\" \"$@\" {typed}");
        let program = offsync_tests::program("offsync");
        let mut shell = pep.command_of("bash", ["-c", &script, text(&program), "trash", "restore", pep.at()]);
        let told = Output::of(&mut shell).expect_code(0).stdout.clone();
        assert!(told.contains(&format!("{typed} is back.")), "{told}");
    }
    for name in names {
        let back = fs::read(pep.folder.join(OsStr::from_bytes(name)));
        assert_eq!(back.ok().as_deref(), Some(name), "{name:?}");
    }
}

#[test]
fn documents_tell_paths_that_are_not_utf8_exactly() {
    let world = World::new();
    let name = OsStr::from_bytes(b"caf\xe9");
    let [pep, anna] = world.pair(|pep| {
        fs::write(pep.folder.join(name), "one").expect("Linux holds every name");
    });
    for (home, text) in [(&pep, "pep's"), (&anna, "anna's")] {
        fs::write(home.folder.join(name), text).expect("it can be written");
    }
    settle(&[&pep, &anna]);
    let conflict = pep.json(["conflicts", pep.at()]).document()[0].clone();
    assert_eq!(conflict["path_base64"], "Y2Fm6Q==", "{conflict:#}");
    let copy = conflict["copy_base64"].as_str().expect("it has that name, too");
    assert!(copy.starts_with("Y2Fm6"), "{conflict:#}");
    let mut resolve = pep.command(["--json", "resolve", pep.at(), "--keep", "winner"]);
    resolve.arg(pep.folder.join(name));
    let resolved = Output::of(&mut resolve).expect_code(0).document();
    assert_eq!(resolved[0]["path_base64"], "Y2Fm6Q==", "{resolved:#}");
}
