//! What `.offsyncignore` leaves out, and that no rule ever deletes anything.

use std::fs;

use serde_json::{Value, json};

use crate::world::{Home, World, settle};

fn ignored(home: &Home) -> Value {
    let output = home.json(["status", home.at()]);
    output.expect_code(0);
    output.document()[0]["ignored"].clone()
}

#[test]
fn what_a_rule_leaves_out_stays_at_home_and_status_says_why() {
    let world = World::new();
    let [pep, anna] = world.pair(|pep| pep.write("a.txt", "a"));
    pep.write(".offsyncignore", "# ours\n*.tmp\n/build/\n");
    pep.write("x.tmp", "x");
    pep.write("build/deep/out.bin", "b");
    pep.write("sub/build/kept.bin", "k");
    pep.sync();
    anna.sync();
    assert!(anna.has(".offsyncignore") && anna.has("sub/build/kept.bin"));
    assert!(!anna.has("x.tmp") && !anna.has("build"));
    assert_eq!(
        ignored(&pep),
        json!([{"path": "build", "rule": "/build/", "line": 3}, {"path": "x.tmp", "rule": "*.tmp", "line": 2}])
    );
    pep.run(["status", pep.at()])
        .expect_code(0)
        .expect_out("  ignored: 1 path by '*.tmp' in line 2 of .offsyncignore\n");
    pep.run(["status", "-v", pep.at()])
        .expect_code(0)
        .expect_out("  ignored: x.tmp ('*.tmp' in line 2 of .offsyncignore)\n");
    let diff = pep.json(["diff", pep.at()]);
    assert_eq!(diff.document(), json!([]), "what is left out is no change");
}

#[test]
fn rules_that_arrive_hold_in_the_very_sync_that_brings_them() {
    let world = World::new();
    let [pep, anna] = world.pair(|pep| {
        pep.write("kept.tmp", "kept before there was a rule");
        pep.write("letter.txt", "Dear Anna");
        pep.write("draft.txt", "a first draft, of some length, that goes on for a while");
    });
    pep.write(".offsyncignore", "*.tmp\n/build/\n");
    pep.sync();
    anna.write("x.tmp", "x");
    anna.write("build/deep/out.bin", "b");
    anna.write("lone/only.tmp", "o");
    anna.write("both/one.tmp", "1");
    anna.write("both/two.txt", "2");
    anna.write("kept.tmp", "and edited since");
    anna.rename("letter.txt", "letter.tmp");
    anna.rename("draft.txt", "draft.tmp");
    anna.write(
        "draft.tmp",
        "a first draft, of some length, that goes on for a while more",
    );
    let rehearsed = anna.json(["sync", anna.at(), "--dry-run"]).only_report();
    let report = anna.sync();
    assert_eq!(report["posted"]["changesets"], 1, "{report:#}");
    assert_eq!(
        rehearsed["posted"]["entries"], report["posted"]["entries"],
        "{rehearsed:#}"
    );
    pep.sync();
    for path in ["x.tmp", "build", "lone", "both/one.tmp"] {
        assert!(anna.has(path) && !pep.has(path), "{path}");
    }
    assert_eq!(pep.read("both/two.txt"), b"2");
    assert_eq!(pep.read("kept.tmp"), b"and edited since", "no rule stops what is kept");
    // A rename deletes nothing, whatever the new name is, and an edit with it neither.
    assert!(pep.has("letter.tmp") && pep.has("draft.tmp") && !pep.has("letter.txt"));
    let report = anna.sync();
    assert_eq!(
        (&report["posted"]["changesets"], &report["up_to_date"]),
        (&json!(0), &json!(true)),
        "{report:#}"
    );
    let paths = |home: &Home| {
        ignored(home)
            .as_array()
            .expect("a list")
            .iter()
            .map(|one| one["path"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(paths(&anna), ["build", "x.tmp", "both/one.tmp", "lone/only.tmp"]);
}

#[test]
fn clutter_of_systems_is_left_out_without_a_word() {
    let world = World::new();
    let [pep, anna] = world.pair(|pep| pep.write("a.txt", "a"));
    for name in [
        ".DS_Store",
        "sub/._photo.jpg",
        "Thumbs.db",
        "$RECYCLE.BIN/x/y",
        "~$letter.docx",
    ] {
        pep.write(name, name);
    }
    let report = pep.sync();
    assert_eq!(report["posted"]["changesets"], 0, "{report:#}");
    assert_eq!(report["up_to_date"], true);
    anna.sync();
    assert_eq!(anna.tree().len(), 1, "{:?}", anna.tree().keys());
    assert!(ignored(&pep)[0]["line"].is_null());
    pep.run(["status", pep.at()])
        .expect_out("  ignored: 1 path by 'Thumbs.db', which systems put on drives\n");
    pep.write(".offsyncignore", "!Thumbs.db\n");
    pep.sync();
    anna.sync();
    assert!(
        anna.has("Thumbs.db") && !anna.has(".DS_Store"),
        "a rule of one's own takes it in"
    );
}

#[test]
fn ignoring_what_is_kept_deletes_nothing_and_goes_on_keeping_it() {
    let world = World::new();
    let [pep, anna] = world.pair(|pep| {
        pep.write("raw/one.raw", "1");
        pep.write("raw/two.raw", "2");
    });
    pep.write(".offsyncignore", "raw/\n");
    settle(&[&pep, &anna]);
    assert!(anna.has("raw/one.raw") && pep.has("raw/one.raw"));
    pep.write("raw/one.raw", "edited");
    settle(&[&pep, &anna]);
    assert_eq!(anna.read("raw/one.raw"), b"edited", "what is kept stays kept");
    pep.rename("raw/one.raw", "raw/best.raw");
    pep.json(["status", pep.at()]).expect_code(0);
    let moved = pep.sync();
    assert_eq!(
        (&moved["posted"]["entries"], &moved["posted"]["payload_bytes"]),
        (&json!(2), &json!(0)),
        "{moved:#}"
    );
    settle(&[&anna, &pep]);
    assert!(
        anna.has("raw/best.raw") && !anna.has("raw/one.raw"),
        "a rename deletes nothing"
    );
    pep.write("raw/three.raw", "3");
    pep.sync();
    anna.sync();
    assert!(!anna.has("raw/three.raw"), "what is new there is left out");
    pep.remove("raw/two.raw");
    pep.sync();
    anna.sync();
    assert!(!anna.has("raw/two.raw"), "a person's deletion is still one");
    pep.remove(".offsyncignore");
    settle(&[&pep, &anna]);
    assert!(anna.has("raw/three.raw"), "un-ignored, it is new");
}

#[test]
fn a_folder_that_others_deleted_stays_where_it_holds_what_is_left_out() {
    let world = World::new();
    let [pep, anna] = world.pair(|pep| {
        pep.write(".offsyncignore", "*.tmp\n");
        pep.write("album/photo.jpg", "p");
        pep.write("keep.txt", "k");
    });
    anna.write("album/own.tmp", "mine");
    anna.sync();
    pep.remove("album");
    pep.sync_yes();
    let report = anna.sync();
    assert_eq!(report["skipped"], json!([]), "{report:#}");
    assert!(anna.has("album/own.tmp") && !anna.has("album/photo.jpg"));
    for home in [&pep, &anna, &pep, &anna] {
        assert_eq!(home.sync()["posted"]["changesets"], 0);
    }
    assert!(
        !pep.has("album"),
        "a folder that lives only by what is left out is no entry"
    );
    assert!(anna.has("album/own.tmp"));
}

#[test]
fn a_file_that_arrives_where_one_is_left_out_is_kept_beside_it() {
    let world = World::new();
    let [pep, anna] = world.pair(|pep| pep.write("a.txt", "a"));
    anna.write(".offsyncignore", "*.tmp\n");
    anna.write("notes.tmp", "Anna's");
    pep.write("notes.tmp", "Pep's");
    pep.sync();
    anna.json(["sync", anna.at()]);
    settle(&[&anna, &pep]);
    for home in [&pep, &anna] {
        assert!(
            home.tree().holds(b"Anna's") && home.tree().holds(b"Pep's"),
            "{}",
            home.at()
        );
    }
}

#[test]
fn a_line_that_is_no_pattern_is_said_in_each_home_and_nothing_is_unfinished_for_it() {
    let world = World::new();
    let [pep, anna] = world.pair(|pep| {
        pep.write(".offsyncignore", "*.tmp\n");
        pep.write("kept.tmp2", "k");
    });
    pep.write(".offsyncignore", "*.tmp\n[broken\n*.tmp2\n");
    pep.write("x.tmp", "x");
    for home in [&pep, &anna] {
        home.sync();
    }
    for home in [&pep, &anna] {
        let output = home.json(["sync", home.at()]);
        let report = output.expect_code(0).only_report();
        assert_eq!((&report["skipped"], &report["up_to_date"]), (&json!([]), &json!(true)));
        let said = &report["warnings"][0];
        assert_eq!(said["path"], ".offsyncignore", "{report:#}");
        let reason = said["reason"].as_str().expect("a reason");
        assert!(
            reason.starts_with("line 2 is no pattern and ignores nothing ("),
            "{reason}"
        );
        let line = "  note: .offsyncignore: line 2 is no pattern and ignores nothing (";
        for command in ["sync", "status"] {
            home.run([command, home.at()]).expect_code(0).expect_out(line);
        }
    }
    assert!(!anna.has("x.tmp"), "the other lines stand");
    assert!(
        anna.has("kept.tmp2") && pep.has("kept.tmp2"),
        "what is kept stays kept, whatever the lines say"
    );
    pep.write(".offsyncignore", "*.tmp\n");
    pep.remove("x.tmp");
    settle(&[&pep, &anna]);
    assert_eq!(anna.sync()["warnings"], json!([]));
}

#[test]
fn rules_that_cannot_be_read_are_named_and_leave_out_no_less() {
    let world = World::new();
    let [pep, anna] = world.pair(|pep| pep.write(".offsyncignore", "*.tmp\n"));
    pep.write("x.tmp", "x");
    pep.write(".offsyncignore", "#".repeat(2 << 20));
    let report = pep.json(["sync", pep.at()]);
    report.expect_code(5);
    assert_eq!(
        report.only_report()["skipped"][0]["reason"],
        "its rules could not be read (it is larger than 1024 KiB); those of before stand"
    );
    anna.json(["sync", anna.at()]);
    assert!(!anna.has("x.tmp"));
}

#[test]
fn a_git_repositorys_own_rules_are_none_of_ours() {
    let world = World::new();
    let [pep, anna] = world.pair(|pep| {
        pep.write("project/.gitignore", "*.o\n");
        pep.write("project/main.o", "o");
        pep.write(".ignore", "*.o\n");
    });
    assert!(anna.has("project/main.o"));
    let home = pep.computer.join("home/.config/git");
    fs::create_dir_all(&home).expect("a folder can be made");
    fs::write(home.join("ignore"), "*.txt\n").expect("a file can be written");
    pep.write("project/more.txt", "t");
    let mut command = pep.command(["sync", pep.at()]);
    assert!(command.status().expect("it runs").success());
    anna.sync();
    assert!(anna.has("project/more.txt"));
    fs::remove_dir_all(pep.computer.join("home/.config")).expect("it can be removed");
}

#[test]
fn files_that_move_into_an_ignored_folder_are_said_to_leave_the_archive() {
    let world = World::new();
    let [pep, anna] = world.pair(|pep| {
        pep.write(".offsyncignore", "private/\n");
        pep.write("letter.txt", "a letter");
        pep.write("stays.txt", "stays");
        pep.write("old/diary.txt", "a diary");
        pep.write("b.txt", "b");
        pep.write("c.txt", "c");
    });
    pep.write("private/other.txt", "a letter");
    pep.rename("letter.txt", "private/letter.txt");
    pep.rename("old/diary.txt", "private/deep/diary.txt");
    let said = "2 files moved into it, and 'private/' in .offsyncignore leaves it out. They leave the archive: they stay here, and the other homes put theirs into the trash.";
    let status = pep.json(["status", pep.at()]).document();
    let line = json!([{"path": "private", "reason": said}]);
    assert_eq!(status[0]["warnings"], line, "before it is too late");
    assert_eq!(pep.sync()["warnings"], line);
    assert_eq!(pep.sync()["warnings"], json!([]), "said once");
    anna.sync();
    assert!(!anna.has("letter.txt") && anna.keeps(b"a letter") && anna.keeps(b"a diary"));
    assert!(pep.has("private/letter.txt"));
    // What is just deleted moved nowhere.
    pep.remove("b.txt");
    assert_eq!(pep.sync()["warnings"], json!([]));
}

#[test]
fn who_refused_that_files_leave_the_archive_is_not_told_that_they_do() {
    let world = World::new();
    let names: Vec<String> = (0..8).map(|n| format!("{n}.txt")).collect();
    let [pep, _] = world.pair(|pep| {
        pep.write(".offsyncignore", "private/\n");
        names.iter().for_each(|name| pep.write(name, name));
    });
    for name in &names[..7] {
        pep.rename(name, &format!("private/{name}"));
    }
    let held = pep.json(["sync", pep.at()]);
    let report = held.expect_code(3).only_report();
    assert_eq!(report["warnings"][0]["path"], "private", "{report:#}");
    let refused = pep.json(["sync", pep.at(), "--keep-files"]);
    let report = refused.expect_code(0).only_report();
    assert_eq!(
        (&report["held"], &report["warnings"]),
        (&Value::Null, &json!([])),
        "{report:#}"
    );
}

#[test]
fn what_is_just_renamed_and_has_a_backup_in_an_ignored_folder_does_not_leave_the_archive() {
    let world = World::new();
    let [pep, _] = world.pair(|pep| {
        pep.write(".offsyncignore", "Backup/\n");
        pep.write("a.jpg", "a photo");
    });
    // As `cp -a` has it: alike in name, size and time.
    pep.write("Backup/a.jpg", "a photo");
    let taken = fs::metadata(pep.folder.join("a.jpg")).and_then(|meta| meta.modified());
    let backup = fs::File::options().write(true).open(pep.folder.join("Backup/a.jpg"));
    let backup = backup.expect("it was written just now");
    backup
        .set_modified(taken.expect("it has a time"))
        .expect("a time can be set");
    pep.rename("a.jpg", "b.jpg");
    assert_eq!(pep.json(["status", pep.at()]).document()[0]["warnings"], json!([]));
    assert_eq!(pep.sync()["warnings"], json!([]));
    // And what is deleted and is left in the backup alone does leave it.
    pep.rename("b.jpg", "a.jpg");
    pep.sync();
    pep.remove("a.jpg");
    let said = "1 file moved into it, and 'Backup/' in .offsyncignore leaves it out. It leaves the archive: it stays here, and the other homes put its copy into the trash.";
    let line = json!([{"path": "Backup", "reason": said}]);
    assert_eq!(pep.json(["status", pep.at()]).document()[0]["warnings"], line);
}
