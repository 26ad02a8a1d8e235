//! Each exit code of the contract, reached, with what is then said.

use crate::odd_names::make_pipe;
use crate::world::{Home, World};

fn many(pep: &Home) {
    for number in 0..12 {
        pep.write(&format!("{number}.txt"), format!("number {number}"));
    }
}

#[test]
fn done_is_0_with_something_to_do_and_with_nothing() {
    let world = World::new();
    let [pep, _anna] = world.pair(many);
    pep.write("new.txt", "new");
    for words in ["sent: 1 added (3 bytes of content)", "up to date"] {
        let output = pep.run(["sync", pep.at()]);
        output.expect_code(0);
        assert!(output.stdout.contains(words), "{output}");
        assert_eq!(
            output.stderr, "",
            "a file of keys was chosen at the start, which was said once: {output}"
        );
    }
}

#[test]
fn failed_is_1_and_says_what_to_do() {
    let world = World::new();
    let pep = world.home("pep");
    pep.json(["sync", pep.at()])
        .expect_failure(1, "not_an_archive", &["offsync init", "offsync join"]);
    let told = pep.run(["sync", pep.at()]);
    assert_eq!(
        (told.code, told.stdout.as_str()),
        (1, ""),
        "errors go to standard error: {told}"
    );
    assert!(
        told.stderr.starts_with("offsync: ") && told.stderr.lines().count() == 2,
        "{told}"
    );
}

#[test]
fn wrong_usage_is_2_and_points_to_help() {
    let world = World::new();
    let pep = world.home("pep");
    let init = ["init", "x", "--name", "n", "--label", "l", "--mailbox", "fs:///m"];
    let init_with = |option: &'static str, said: &'static str| [&init[..], &[option, said]].concat();
    let wrong = [
        vec!["frobnicate"],
        vec!["sync", "--frobnicate"],
        vec!["init"],
        vec!["copy", "only-one"],
        vec!["log", "x", "--limit", "many"],
        vec!["log", "x", "--limit", "0"],
        vec!["log", "x", "--limit", "-1"],
        vec!["verify", "x", "--budget", "999999999999h"],
        vec!["join", "x", "--as", "y", "--invitation", "z"],
        init_with("--allowance", "1 apple"),
        init_with("--park-after", "-1"),
        vec!["completions", "klingon"],
    ];
    for arguments in wrong {
        pep.json(arguments.iter().copied())
            .expect_failure(2, "usage", &["offsync --help"]);
        let told = pep.run(arguments.iter().copied());
        assert_eq!((told.code, told.stdout.as_str()), (2, ""), "{told}");
        assert!(told.stderr.contains("--help"), "{told}");
    }
    let mut command = pep.command(["--json", "status"]);
    let odd_keystore = crate::output::Output::of(command.env("OFFSYNC_KEYSTORE", "shoe box"));
    odd_keystore.expect_failure(2, "usage", &["shoe box", "os, file or plain"]);
}

#[test]
fn held_is_3_and_a_yes_lets_go() {
    let world = World::new();
    let [pep, _anna] = world.pair(many);
    for number in 0..6 {
        pep.remove(&format!("{number}.txt"));
    }
    let held = pep.run(["sync", pep.at()]);
    held.expect_code(3);
    assert!(
        held.stdout.contains("6 of 12 files would be deleted") && held.stdout.contains("--yes"),
        "{held}"
    );
    let document = pep.json(["sync", pep.at()]);
    document.expect_code(3);
    crate::schema::check(
        &document.only_report()["held"],
        &crate::schema::held(),
        &crate::schema::HELD_MORE,
    );
    pep.run(["status", pep.at()])
        .expect_code(3)
        .expect_out("Nothing happens until you say yes.");
    assert!(pep.json(["status"]).expect_code(3).document()[0]["held"].is_object());
    pep.run(["sync", pep.at(), "--yes"]).expect_code(0);
    pep.run(["status", pep.at()]).expect_code(0);
    assert_eq!(pep.sync()["up_to_date"], true);
}

#[test]
fn a_second_engine_is_4_for_every_command_that_needs_the_drive() {
    let world = World::new();
    let [pep, _anna] = world.pair(many);
    let lock = pep.lock();
    let to = world.path("another");
    let out = world.path("invitation");
    let to = crate::world::text(&to);
    let commands: [&[&str]; 7] = [
        &["sync", pep.at()],
        &["sync", pep.at(), "--dry-run"],
        &["status", pep.at()],
        &["diff", pep.at()],
        &["locations", pep.at()],
        &["copy", pep.at(), to, "--label", "L", "--person", "P"],
        &[
            "invite",
            pep.at(),
            "--label",
            "L",
            "--person",
            "P",
            "--out",
            crate::world::text(&out),
        ],
    ];
    for command in commands {
        pep.json(command.iter().copied())
            .expect_failure(4, "busy", &["nother Offsync"]);
    }
    assert!(
        !out.exists() && crate::tree::of(&world.path("another")).is_empty(),
        "nothing was begun"
    );
    drop(lock);
    pep.sync();
}

#[test]
fn done_but_for_some_paths_is_5_and_each_is_named() {
    let world = World::new();
    let [pep, anna] = world.pair(many);
    make_pipe(&pep.folder.join("pipe"));
    pep.write("fine.txt", "fine");
    let output = pep.run(["sync", pep.at()]);
    output.expect_code(5);
    assert!(output.stdout.contains("left alone: pipe: it is a pipe"), "{output}");
    let report = pep.json(["sync", pep.at()]);
    assert_eq!(report.expect_code(5).only_report()["skipped"][0]["path"], "pipe");
    anna.sync();
    assert!(anna.has("fine.txt") && !anna.has("pipe"), "all else goes on");
}

#[test]
fn a_mailbox_that_is_not_there_is_6_and_the_next_sync_catches_up() {
    let world = World::new();
    let [pep, anna] = world.pair(many);
    let away = world.path("mailbox that is away");
    std::fs::rename(world.mailbox(), &away).expect("a mailbox can go away");
    pep.write("new.txt", "new");
    let before = pep.tree();
    pep.json(["sync", pep.at()])
        .expect_failure(6, "mailbox_away", &["not there", "connected"]);
    assert!(!world.mailbox().exists(), "only `init` makes a mailbox");
    before.expect_same(&pep.tree(), "a sync without its mailbox");
    let status = pep.json(["status", pep.at()]).expect_code(0).document();
    assert_eq!(status[0]["mailbox"]["reachable"], false);
    assert_eq!(status[0]["local_changes"]["entries"], 1, "{status:#}");
    std::fs::rename(&away, world.mailbox()).expect("a mailbox can come back");
    pep.sync();
    anna.sync();
    assert!(anna.has("new.txt"));
}

#[test]
fn a_name_that_means_nothing_or_several_is_1_for_every_command_that_takes_one() {
    let world = World::new();
    let [pep, _anna] = world.pair(many);
    let second = world.path("second");
    std::fs::create_dir(&second).expect("a folder can be made");
    let url = world.mailbox_url();
    let second = crate::world::text(&second);
    pep.run([
        "init",
        second,
        "--name",
        "Films",
        "--label",
        "Pep's boat",
        "--mailbox",
        &url,
    ])
    .expect_code(0);
    let empty = world.path("empty");
    std::fs::create_dir(&empty).expect("a folder can be made");
    let empty = crate::world::text(&empty);
    pep.json(["location", "rename", pep.at(), "anna", "--label", "Pep's sister"])
        .expect_code(0);
    let to = world.path("to");
    let to = crate::world::text(&to);
    let commands: [(&str, &[&str]); 7] = [
        ("archive", &["forget", "NAME", "--yes"]),
        ("location", &["join", empty, "--as", "NAME"]),
        ("location", &["location", "rename", pep.at(), "NAME", "--label", "L"]),
        ("location", &["location", "park", pep.at(), "NAME"]),
        ("location", &["location", "unpark", pep.at(), "NAME"]),
        ("location", &["location", "remove", pep.at(), "NAME"]),
        ("location", &["location", "replace", pep.at(), "NAME", to]),
    ];
    for (what, command) in commands {
        let with = |name: &'static str| {
            let named = command.iter().map(|word| if *word == "NAME" { name } else { *word });
            pep.json(named.collect::<Vec<_>>())
        };
        with("nobody").expect_failure(1, &format!("unknown_{what}"), &["offsync"]);
        with("00").expect_failure(1, &format!("unknown_{what}"), &["offsync"]);
        with("PEP'S").expect_failure(1, &format!("ambiguous_{what}"), &["'PEP'S' may mean several"]);
    }
    assert!(!std::path::Path::new(to).exists());
    let known = pep.json(["status"]).document();
    assert_eq!(known.as_array().map(Vec::len), Some(2), "nothing was forgotten");
    // The same words that a location command takes are taken everywhere.
    pep.json(["forget", "pep's b", "--yes"]).expect_code(0);
}

#[test]
fn a_drive_that_is_away_is_1_where_it_is_named_and_0_where_all_that_are_here_are_meant() {
    let world = World::new();
    let [pep, _anna] = world.pair(many);
    let drawer = world.path("drawer");
    std::fs::rename(&pep.folder, &drawer).expect("a drive can be put away");
    let check = || {
        for command in ["sync", "status", "verify"] {
            let named = pep.json([command, pep.at()]);
            named.expect_code(1);
            let error = &named.document()["error"];
            let code = error["code"].as_str().expect("a code");
            assert!(matches!(code, "no_such_folder" | "not_an_archive"), "{named}");
        }
        let told = pep.run(["sync"]);
        told.expect_code(0).expect_out("the drive is not here");
        assert_eq!(pep.json(["sync"]).only_report()["drive_present"], false);
        let told = pep.run(["status"]);
        told.expect_code(0).expect_out("The drive is not here.");
    };
    check();
    // The same where the mount point is left.
    std::fs::create_dir(&pep.folder).expect("a mount point can stay");
    check();
    std::fs::remove_dir(&pep.folder).expect("nothing was put there");
    std::fs::rename(&drawer, &pep.folder).expect("a drive can come back");
    pep.run(["sync"]).expect_code(0).expect_out("up to date");
}
