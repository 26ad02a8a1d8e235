//! The trash: what others deleted or replaced is listed, comes back as any change does, and goes for good only on a yes.

use crate::machine::SmallDrive;
use crate::schema::{self, check};
use crate::story::noise;
use crate::world::{World, check_alike, settle};

#[test]
fn what_anna_deleted_comes_back_from_peps_trash_and_travels_to_her() {
    let world = World::new();
    let [pep, anna] = world.pair(|pep| {
        pep.write("2024/beach.jpg", "the beach");
        pep.write("notes.txt", "first");
        pep.write("stays.txt", "stays");
    });
    anna.remove("2024/beach.jpg");
    anna.write("notes.txt", "second");
    anna.sync();
    pep.sync();
    let list = pep.json(["trash", "list", pep.at()]).expect_code(0).document();
    check(&list, &schema::trash(), &["[].path_base64"]);
    let lines: Vec<_> = list.as_array().into_iter().flatten().collect();
    assert_eq!(lines.len(), 2, "{list:#}");
    assert!(lines.iter().all(|line| line["by"] == "anna's home"), "{list:#}");
    let told = pep.run(["trash", "list", pep.at()]);
    assert!(
        told.expect_code(0)
            .stdout
            .contains("2024/beach.jpg (9 bytes), by anna's home"),
        "{told}"
    );
    let restored = pep.json(["trash", "restore", pep.at(), "2024/beach.jpg", "notes.txt"]);
    let restored = restored.expect_code(0).document();
    check(&restored, &schema::restored(), &[]);
    assert_eq!(
        restored,
        serde_json::json!([
            {"path": "2024/beach.jpg", "to": "2024/beach.jpg"},
            {"path": "notes.txt", "to": "notes (restored).txt"},
        ])
    );
    settle(&[&pep, &anna]);
    assert_eq!(anna.read("2024/beach.jpg"), b"the beach");
    assert_eq!(anna.read("notes (restored).txt"), b"first");
    assert_eq!(anna.read("notes.txt"), b"second");
    check_alike(&[&pep, &anna]);
}

#[test]
fn the_trash_is_emptied_on_a_yes_alone_and_names_what_it_does_not_know() {
    let world = World::new();
    let [pep, anna] = world.pair(|pep| {
        pep.write("a.txt", "a");
        pep.write("b.txt", "b");
        pep.write("stays.txt", "stays");
    });
    anna.remove("a.txt");
    anna.remove("b.txt");
    anna.sync();
    pep.sync();
    let held = pep.json(["trash", "empty", pep.at()]).expect_code(3).document();
    let waits = serde_json::json!({"reason": "gone_for_good", "files": 2, "bytes": 2});
    assert_eq!(
        held,
        serde_json::json!({"files": 0, "bytes": 0, "kept": 0, "held": waits})
    );
    let told = pep.run(["trash", "empty", pep.at()]);
    told.expect_code(3)
        .expect_out("Nothing was dropped. 2 files (2 bytes) would be gone for good; if that is meant, say --yes.");
    let unknown = pep.json(["trash", "restore", pep.at(), "a.txt", "never.txt"]);
    unknown.expect_failure(1, "not_in_trash", &["'never.txt' is not in the trash"]);
    assert!(!pep.has("a.txt"), "nothing was done");
    let one = pep
        .json(["trash", "empty", pep.at(), "a.txt", "--yes"])
        .expect_code(0)
        .document();
    assert_eq!(
        one,
        serde_json::json!({"files": 1, "bytes": 1, "kept": 0, "held": null})
    );
    let told = pep.run(["trash", "empty", pep.at(), "--yes"]);
    assert!(
        told.expect_code(0).stdout.contains("1 file is gone for good (1 byte)"),
        "{told}"
    );
    assert_eq!(pep.json(["trash", "list", pep.at()]).document(), serde_json::json!([]));
    pep.run(["trash", "empty", pep.at()])
        .expect_code(0)
        .expect_out("The trash of this drive is empty already.");
    assert_eq!(
        std::fs::read_dir(pep.private().join("trash"))
            .expect("it is there")
            .count(),
        0
    );
    settle(&[&pep, &anna]);
}

#[test]
fn what_lies_in_the_trash_is_named_from_the_top_from_here_or_in_full() {
    let world = World::new();
    let [pep, anna] = world.pair(|pep| {
        for name in ["2024/a.jpg", "2024/b.jpg", "2024/c.jpg", "stays.txt"] {
            pep.write(name, name);
        }
    });
    anna.remove("2024");
    anna.sync();
    pep.sync();
    assert!(!pep.has("2024"), "its folder is gone as well");
    let full = format!("{}/2024/a.jpg", pep.at());
    let drive = pep.folder.parent().expect("it lies on a drive");
    let mut from_here = pep.command(["--json", "trash", "restore", "Photos", "Photos/2024/b.jpg", &full]);
    let restored = crate::output::Output::of(from_here.current_dir(drive))
        .expect_code(0)
        .document();
    let back = |path: &str| serde_json::json!({"path": path, "to": path});
    assert_eq!(restored, serde_json::json!([back("2024/b.jpg"), back("2024/a.jpg")]));
    let outside = pep.json(["trash", "restore", pep.at(), "2024/c.jpg", "/etc/passwd"]);
    outside.expect_failure(1, "outside_the_archive", &["'/etc/passwd' lies outside", pep.at()]);
    let unknown = pep.json(["trash", "empty", pep.at(), &format!("{}/stays.txt", pep.at()), "--yes"]);
    unknown.expect_failure(1, "not_in_trash", &["stays.txt' is not in the trash"]);
    assert!(!pep.has("2024/c.jpg"), "nothing was done");
    settle(&[&pep, &anna]);
    assert_eq!(anna.read("2024/b.jpg"), b"2024/b.jpg");
}

#[test]
fn a_folder_that_was_deleted_comes_back_by_its_name_and_what_is_there_stays() {
    let world = World::new();
    let [pep, anna] = world.pair(|pep| {
        for name in ["2024/a.txt", "2024/b.txt", "2024/trip/c.txt", "2024.txt", "stays.txt"] {
            pep.write(name, "first");
        }
    });
    anna.write("2024/a.txt", "second");
    anna.sync();
    pep.sync();
    anna.remove("2024");
    anna.remove("2024.txt");
    anna.sync();
    pep.sync();
    pep.write("2024/b.txt", "mine");
    let told = pep.run(["trash", "restore", pep.at(), "2024"]);
    told.expect_code(5)
        .expect_out("2024/a.txt is back.\n")
        .expect_out("2024/trip/c.txt is back.\n")
        .expect_out("2024/b.txt is there and stays as it is; the one in the trash stays there.\n");
    assert_eq!(told.stdout.lines().count(), 3, "nothing else is: {told}");
    assert_eq!(pep.read("2024/a.txt"), b"second", "the newest of each");
    assert_eq!(pep.read("2024/b.txt"), b"mine");
    assert!(!pep.has("2024.txt") && !pep.has("2024/a (restored).txt"));
    pep.remove("2024/b.txt");
    let mut from_here = pep.command(["--json", "trash", "restore", ".", "trip", "b.txt"]);
    let none = crate::output::Output::of(from_here.current_dir(pep.folder.join("2024")));
    none.expect_failure(
        1,
        "not_in_trash",
        &["'trip' is not in the trash", "or of a folder that they were in"],
    );
    let restored = pep
        .json(["trash", "restore", pep.at(), "2024/"])
        .expect_code(5)
        .document();
    assert_eq!(
        restored,
        serde_json::json!([{"path": "2024/b.txt", "to": "2024/b.txt"}, {"path": "2024/a.txt", "to": null}]),
        "what is there stays, and an older one of it stays in the trash"
    );
    // For good goes all that a folder or a file had there.
    let one = pep.json(["trash", "empty", pep.at(), "2024", "2024.txt", "--yes"]);
    assert_eq!(one.expect_code(0).document()["files"], 2, "{one}");
    assert_eq!(pep.json(["trash", "list", pep.at()]).document(), serde_json::json!([]));
    settle(&[&pep, &anna]);
    assert_eq!(anna.read("2024/trip/c.txt"), b"first");
}

#[test]
fn all_of_the_trash_comes_back_by_the_name_of_the_archive() {
    let world = World::new();
    let [pep, anna] = world.pair(|pep| {
        for name in ["2024/a.txt", "b.txt", "stays.txt"] {
            pep.write(name, name);
        }
    });
    anna.remove("2024");
    anna.remove("b.txt");
    anna.sync();
    pep.sync();
    pep.run(["trash", "restore", pep.at(), pep.at()]).expect_code(0);
    assert!(pep.has("2024/a.txt") && pep.has("b.txt"));
    pep.json(["trash", "restore", pep.at(), pep.at()])
        .expect_failure(1, "not_in_trash", &["offsync trash list"]);
    settle(&[&pep, &anna]);
}

#[test]
fn of_two_files_with_one_name_the_one_from_the_present_folder_comes_back() {
    let world = World::new();
    let [pep, anna] = world.pair(|pep| {
        for name in ["note.txt", "2024/note.txt", "2024/stays.txt", "list.txt"] {
            pep.write(name, name);
        }
    });
    for name in ["note.txt", "2024/note.txt", "list.txt"] {
        anna.remove(name);
    }
    anna.sync();
    pep.sync();
    let restore = |name: &str| {
        let mut here = pep.command(["--json", "trash", "restore", ".", name]);
        let output = crate::output::Output::of(here.current_dir(pep.folder.join("2024")));
        output.expect_code(0).document()[0]["to"].clone()
    };
    assert_eq!(restore("note.txt"), "2024/note.txt");
    assert!(!pep.has("note.txt"), "the one at the top stays where it is");
    assert_eq!(
        restore("list.txt"),
        "list.txt",
        "as the list has it, where none is here"
    );
    settle(&[&pep, &anna]);
}

#[test]
fn what_was_in_a_folder_comes_back_together_beside_a_file_that_took_its_name() {
    let world = World::new();
    let [pep, anna] = world.pair(|pep| {
        for name in ["2024/a.txt", "2024/trip/c.txt", "stays.txt"] {
            pep.write(name, "first");
        }
    });
    anna.write("2024/a.txt", "second");
    anna.sync();
    pep.sync();
    anna.remove("2024");
    anna.sync();
    pep.sync();
    pep.write("2024", "a file");
    let told = pep.run(["trash", "restore", pep.at(), "2024"]);
    told.expect_code(0)
        .expect_out("2024/a.txt is back as 2024 (restored)/a.txt.\n")
        .expect_out("2024/trip/c.txt is back as 2024 (restored)/trip/c.txt.\n");
    assert_eq!(pep.read("2024"), b"a file", "what took the name stays");
    assert_eq!(pep.read("2024 (restored)/a.txt"), b"second", "the newest of each");
    assert!(!pep.has("a.txt") && !pep.has("trip"), "nothing comes back at the top");
    // An older one goes where the rest of its folder is by now.
    let older = pep
        .json(["trash", "restore", pep.at(), "2024/a.txt"])
        .expect_code(0)
        .document();
    assert_eq!(
        older,
        serde_json::json!([{"path": "2024/a.txt", "to": "2024 (restored)/a (restored).txt"}])
    );
    settle(&[&pep, &anna]);
    assert_eq!(anna.read("2024 (restored)/trip/c.txt"), b"first");
    check_alike(&[&pep, &anna]);
}

#[test]
fn where_a_file_has_the_name_beside_too_the_next_one_is_taken() {
    let world = World::new();
    let [pep, anna] = world.pair(|pep| {
        for name in ["2024/a.txt", "2024/b.txt", "stays.txt"] {
            pep.write(name, name);
        }
    });
    anna.remove("2024");
    anna.sync();
    pep.sync();
    pep.write("2024", "a file");
    pep.write("2024 (restored)", "another");
    pep.run(["trash", "restore", pep.at(), "2024"]).expect_code(0);
    for name in ["a.txt", "b.txt"] {
        assert!(pep.has(&format!("2024 (restored 2)/{name}")), "{name}");
    }
    assert_eq!(pep.read("2024 (restored)"), b"another");
    settle(&[&pep, &anna]);
}

#[test]
fn a_trash_that_takes_the_room_is_named_with_what_empties_it() {
    let world = World::new();
    let Some(_drive) = SmallDrive::mount(&world.path("drives/anna"), 16 << 20) else {
        return;
    };
    let [pep, anna] = world.pair(|pep| {
        pep.write("a.txt", "a");
        pep.write("old.bin", noise(1, 8_000_000));
    });
    pep.remove("old.bin");
    settle(&[&pep, &anna]);
    pep.write("new.bin", noise(2, 7_000_000));
    pep.sync();
    let report = anna.json(["sync", anna.at()]).expect_code(5).only_report();
    let reason = report["skipped"][0]["reason"].as_str().expect("a reason");
    assert!(
        reason.starts_with("the drive is too full for it: it needs ")
            && reason.ends_with("; the trash on this drive holds 8.0 MB, which `offsync trash empty FOLDER` frees"),
        "{reason}"
    );
    let listed = anna.json(["trash", "list", anna.at()]).document();
    assert_eq!(
        listed[0]["path"], "old.bin",
        "what is young stays until somebody says so: {listed:#}"
    );
    anna.json(["trash", "empty", anna.at(), "--yes"]).expect_code(0);
    settle(&[&anna, &pep]);
    assert!(anna.has("new.bin") && world.waiting().is_empty(), "with room it comes");
}
