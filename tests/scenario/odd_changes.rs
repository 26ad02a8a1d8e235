//! Changes that are hard to see or hard to carry out: beside what is not kept, in secret, without rest.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::odd_names::make_pipe;
use crate::output::Output;
use crate::story::{expect_applied, noise};
use crate::world::{World, settle};

#[test]
fn a_folder_that_holds_what_is_not_kept_moves_with_it_and_without_it_elsewhere() {
    let world = World::in_memory();
    let [pep, anna] = world.pair(|pep| {
        pep.write("folder/a.txt", "a");
        pep.write("folder/deep/b.txt", "b");
    });
    make_pipe(&pep.folder.join("folder/deep/pipe"));
    for (from, to) in [("folder", "renamed"), ("renamed", "other/again")] {
        pep.rename(from, to);
        let report = pep.json(["sync", pep.at()]).expect_code(5).only_report();
        assert_eq!(report["posted"]["payload_bytes"], 0, "{report:#}");
        assert_eq!(report["skipped"][0]["path"], format!("{to}/deep/pipe"), "{report:#}");
        expect_applied(&anna.sync(), [0, 0, 0, 2, 0]);
        let kept = pep.tree().without_others();
        kept.expect_same(&anna.tree(), "all that is kept");
        assert!(pep.has(&format!("{to}/deep/pipe")) && !anna.has(from));
    }
}

#[test]
fn a_moved_folder_leaves_behind_what_is_not_kept_in_the_other_home() {
    let world = World::in_memory();
    let [pep, anna] = world.pair(|pep| {
        pep.write("folder/a.txt", "a");
        pep.write("folder/deep/b.txt", "b");
    });
    make_pipe(&anna.folder.join("folder/deep/pipe"));
    pep.rename("folder", "renamed");
    assert_eq!(pep.sync()["posted"]["payload_bytes"], 0);
    let report = anna.json(["sync", anna.at()]).expect_code(5).only_report();
    expect_applied(&report, [0, 0, 0, 2, 0]);
    assert!(anna.has("folder/deep/pipe") && anna.has("renamed/deep/b.txt"));
    assert!(!anna.has("folder/a.txt"));
    let again = anna.json(["sync", anna.at()]).expect_code(5).only_report();
    assert_eq!(again["posted"]["changesets"], 0, "{again:#}");
    anna.remove("folder/deep/pipe");
    settle(&[&anna, &pep]);
    assert!(!anna.has("folder") && !pep.has("folder"));
}

fn set_modified(at: &Path, time: SystemTime) {
    let file = fs::File::options().append(true).open(at).expect("it is there");
    file.set_modified(time).expect("a time can be set");
}

/// Writes as many bytes as there were and puts the time back.
fn change_in_secret(at: &Path, bytes: &[u8]) {
    let meta = fs::metadata(at).expect("it is there");
    assert_eq!(meta.len(), bytes.len() as u64);
    let mut file = fs::File::options().write(true).open(at).expect("it is there");
    file.write_all(bytes).expect("it can be written");
    file.set_modified(meta.modified().expect("it has a time"))
        .expect("a time can be set");
}

#[test]
fn a_change_that_keeps_size_and_time_is_found_by_quick_and_deep_looks() {
    let world = World::in_memory();
    let [pep, anna] = world.pair(|pep| {
        pep.write("a.txt", "one");
        pep.write("b.txt", "one");
    });
    change_in_secret(&pep.folder.join("a.txt"), b"two");
    let report = pep.sync();
    // A failing drive would look the same.
    let warnings = report["warnings"].as_array().expect("a list");
    assert_eq!(
        (warnings.len(), &warnings[0]["path"]),
        (1, &json!("a.txt")),
        "{report:#}"
    );
    let reason = warnings[0]["reason"].as_str().unwrap_or_default();
    assert!(
        reason.starts_with("its content changed while its size and time stayed."),
        "{reason}"
    );
    assert!(
        reason.contains("the version before goes to the trash of 'anna's home' once it syncs"),
        "{reason}"
    );
    expect_applied(&anna.sync(), [0, 1, 0, 0, 0]);
    assert_eq!(pep.sync()["warnings"], json!([]), "it is said once");
    change_in_secret(&anna.folder.join("b.txt"), b"two");
    let report = anna.json(["sync", anna.at(), "--deep"]).expect_code(0).only_report();
    assert_eq!(
        report["scanned"]["hashed_files"], 2,
        "a deep look reads all: {report:#}"
    );
    expect_applied(&pep.sync(), [0, 1, 0, 0, 0]);
    settle(&[&pep, &anna]);
    assert_eq!([pep.read("a.txt"), pep.read("b.txt")], [b"two", b"two"]);
}

#[test]
fn files_of_one_size_and_time_may_come_and_go_and_no_drive_is_said_to_fail() {
    let world = World::in_memory();
    let taken = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let [pep, anna] = world.pair(|pep| {
        for (name, content) in [("1.jpg", "AAA"), ("2.jpg", "BBB")] {
            pep.write(name, content);
            set_modified(&pep.folder.join(name), taken);
        }
    });
    // One of a burst of pictures goes, and a copy of another comes.
    pep.remove("1.jpg");
    pep.write("3.jpg", "BBB");
    set_modified(&pep.folder.join("3.jpg"), taken);
    assert_eq!(pep.sync()["warnings"], json!([]));
    anna.sync();
    // Both homes rename what the other one does, too.
    pep.rename("2.jpg", "two.jpg");
    anna.rename("2.jpg", "second.jpg");
    anna.rename("3.jpg", "third.jpg");
    assert_eq!(
        [pep.sync()["warnings"].clone(), anna.sync()["warnings"].clone()],
        [json!([]), json!([])]
    );
}

#[test]
fn of_files_of_one_size_and_time_that_move_only_one_that_changed_is_said() {
    let world = World::in_memory();
    let taken = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let [pep, anna] = world.pair(|pep| {
        for (name, content) in [("1.txt", "A"), ("2.txt", "B"), ("3.txt", "C")] {
            pep.write(&format!("burst/{name}"), content);
            set_modified(&pep.folder.join("burst").join(name), taken);
        }
    });
    // What was moved here is no version of what another home edited at its old path, nor of the others that moved.
    anna.rename("burst", "moved");
    pep.write("burst/2.txt", "edited");
    pep.sync();
    let warnings = anna.sync()["warnings"].clone();
    let reason = warnings[0]["reason"].as_str().unwrap_or_default();
    assert!(reason.contains("edited that at the same time"), "{warnings}");
    assert_eq!(warnings.as_array().map(Vec::len), Some(1), "{warnings}");
    settle(&[&pep, &anna]);
    anna.rename("moved", "again");
    change_in_secret(&anna.folder.join("again/3.txt"), b"X");
    let warnings = anna.sync()["warnings"].clone();
    assert_eq!(warnings[0]["path"], json!("again/3.txt"), "{warnings}");
    assert_eq!(warnings.as_array().map(Vec::len), Some(1), "{warnings}");
}

#[test]
fn where_no_other_home_had_the_version_before_none_is_said_to_keep_it() {
    let world = World::in_memory();
    let [pep, anna, grandma] = world.trio(|pep| pep.write("a.txt", "one"));
    let reason = || {
        let report = pep.sync();
        report["warnings"][0]["reason"].as_str().unwrap_or_default().to_owned()
    };
    pep.write("new.txt", "one");
    pep.sync();
    change_in_secret(&pep.folder.join("new.txt"), b"two");
    let alone = reason();
    assert!(
        alone.contains("no other home is known to have had the version before"),
        "{alone}"
    );
    assert!(!alone.contains("trash"), "{alone}");
    anna.sync();
    change_in_secret(&pep.folder.join("new.txt"), b"six");
    let hers = reason();
    assert!(hers.contains("the trash of 'anna's home' once it syncs"), "{hers}");
    anna.sync();
    grandma.sync();
    assert_eq!(anna.json(["trash", "list", anna.at()]).document()[0]["path"], "new.txt");
    assert_eq!(grandma.json(["trash", "list", grandma.at()]).document(), json!([]));
    settle(&[&pep, &anna, &grandma]);
}

#[test]
fn a_file_that_never_rests_is_left_and_named_and_all_else_travels() {
    let world = World::in_memory();
    let [pep, anna] = world.pair(|pep| pep.write("log.bin", noise(1, 48 << 20)));
    pep.write("new.txt", "new");
    let at = pep.folder.join("log.bin");
    let stop = AtomicBool::new(false);
    let report = std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut file = fs::File::options().append(true).open(&at).expect("it is there");
            while !stop.load(Ordering::Relaxed) {
                file.write_all(b"one more line\n").expect("it can be written");
                std::thread::sleep(Duration::from_micros(200));
            }
        });
        let output = pep.json(["sync", pep.at()]);
        stop.store(true, Ordering::Relaxed);
        output.expect_code(5).only_report()
    });
    let skipped = report["skipped"].as_array().expect("a list");
    assert_eq!(skipped.len(), 1, "{report:#}");
    assert_eq!(skipped[0]["path"], "log.bin");
    let reason = skipped[0]["reason"].as_str().unwrap_or_default();
    assert!(reason.contains("being changed while it was read"), "{reason}");
    assert_eq!(
        (&report["posted"]["entries"], &report["up_to_date"]),
        (&1.into(), &Value::Bool(false)),
        "{report:#}"
    );
    assert_eq!(anna.sync()["applied"]["created"], 1);
    assert_eq!(anna.read("log.bin").len(), 48 << 20, "never torn");
    let report = pep.sync();
    assert_eq!(report["posted"]["entries"], 1, "at rest, it is taken: {report:#}");
    settle(&[&anna, &pep]);
}

#[test]
fn a_file_that_changes_once_while_it_is_read_is_read_again_and_sent_whole() {
    let world = World::in_memory();
    let [pep, anna] = world.pair(|pep| pep.write("small.txt", "small"));
    pep.write("film.bin", noise(1, 128 << 20));
    let at = pep.folder.join("film.bin");
    let mut command = pep.command(["--json", "sync", pep.at()]);
    let child = command.spawn().expect("the program can be started");
    let opened = Path::new("/proc").join(child.id().to_string()).join("fd");
    let is_open = || {
        let handles = fs::read_dir(&opened).into_iter().flatten().flatten();
        let mut targets = handles.filter_map(|handle| fs::read_link(handle.path()).ok());
        targets.any(|target| target == at)
    };
    // It is open for as long as it is read.
    while !is_open() {
        assert!(opened.exists(), "it ended without a look at the file");
    }
    let mut file = fs::File::options().append(true).open(&at).expect("it is there");
    file.write_all(b"the end").expect("it can be written");
    drop(file);
    let output = child.wait_with_output().expect("a child can be waited for");
    let output = Output::new(&command, &output);
    let report = output.expect_code(0).only_report();
    assert_eq!(report["up_to_date"], true, "{report:#}");
    anna.sync();
    assert!(anna.read("film.bin").ends_with(b"the end"), "all of it arrives");
    settle(&[&pep, &anna]);
}
