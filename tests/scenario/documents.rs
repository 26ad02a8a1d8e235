//! The documents of `--json`, field by field: scripts rely on them.

use serde_json::Value;

use crate::schema::{self, check};
use crate::world::{World, settle, text};

#[test]
fn init_copy_invite_and_join_tell_what_they_made() {
    let world = World::new();
    let pep = world.home("pep");
    pep.write("a.txt", "a");
    let url = world.mailbox_url();
    let init = pep.json([
        "init",
        pep.at(),
        "--name",
        "Photos",
        "--label",
        "Pep",
        "--mailbox",
        &url,
    ]);
    check(&init.expect_code(0).document(), &schema::init(), &["made_mailbox"]);
    assert!(
        init.document()["made_mailbox"]
            .as_str()
            .is_some_and(|made| made.ends_with("mailbox"))
    );
    let anna = world.home_without_folder("anna");
    let copy = pep.json(["copy", pep.at(), anna.at(), "--label", "Anna", "--person", "Anna"]);
    check(&copy.expect_code(0).document(), &schema::copy(), &schema::COPY_MORE);
    let file = world.path("anna.words");
    std::fs::write(&file, copy.document()["phrase"].as_str().expect("words")).expect("words can be written");
    let join = anna.json(["join", anna.at(), "--phrase-file", text(&file)]);
    let document = join.expect_code(0).document();
    check(&document, &schema::join(), &["name", "label", "awaits_state"]);
    assert_eq!(document["location_id"], copy.document()["location_id"]);
    assert_eq!(document["archive_id"], init.document()["archive_id"]);
    assert_eq!(
        (document["adopted_files"].as_u64(), document["missing_files"].as_array()),
        (Some(1), Some(&vec![]))
    );
    let out = world.path("grandma.invitation");
    let invite = pep.json([
        "invite",
        pep.at(),
        "--label",
        "G",
        "--person",
        "Grandma",
        "--out",
        text(&out),
    ]);
    check(&invite.expect_code(0).document(), &schema::invite(), &[]);
    assert!(out.is_file(), "the invitation is in its file");
}

#[test]
fn sync_status_locations_log_and_diff_tell_how_things_stand() {
    let world = World::new();
    let [pep, anna] = world.pair(|pep| pep.write("a.txt", "a"));
    pep.write("b.txt", "b");
    let diff = pep.json(["diff", pep.at()]).expect_code(0).document();
    check(&diff, &schema::diff(), &[]);
    assert_eq!(diff.as_array().map(Vec::len), Some(1));
    assert_eq!(
        (&diff[0]["path"], &diff[0]["change"]),
        (&"b.txt".into(), &"created".into())
    );
    let sync = pep.json(["sync", pep.at()]).expect_code(0).document();
    check(&sync, &schema::sync(), &schema::SYNC_MORE);
    assert_eq!((&sync[0]["held"], &sync[0]["up_to_date"]), (&Value::Null, &true.into()));
    let status = pep.json(["status", pep.at()]).expect_code(0).document();
    check(&status, &schema::status(), &schema::STATUS_MORE);
    let other = of_label(&status[0]["locations"], "anna's home");
    assert_eq!(
        (&other["state"], &other["behind"]["changesets"]),
        (&"behind".into(), &1.into())
    );
    let locations = pep.json(["locations", pep.at()]).expect_code(0).document();
    check(&locations, &schema::locations(), &[]);
    assert_eq!(locations, status[0]["locations"]);
    let log = pep.json(["log", pep.at()]).expect_code(0).document();
    check(&log, &schema::log(), &schema::LOG_MORE);
    assert_eq!((&log[0]["entries"], &log[0]["pruned"]), (&1.into(), &false.into()));
    let incoming = anna.json(["status", anna.at()]).expect_code(0).document();
    assert_eq!(incoming[0]["incoming"]["changesets"], 1, "{incoming:#}");
    settle(&[&anna, &pep]);
    let log = pep.json(["log", pep.at(), "--limit", "1"]).expect_code(0).document();
    assert_eq!(log.as_array().map(Vec::len), Some(1));
    assert_eq!(log[0]["pruned"], true, "everybody has it: {log:#}");
    assert_eq!(log[0]["applied_by"].as_array().map(Vec::len), Some(2));
}

#[test]
fn what_moved_is_one_change_wherever_it_is_counted() {
    let world = World::new();
    let [pep, anna] = world.pair(|pep| {
        pep.write("a.txt", "a");
        pep.write("twin.txt", "a");
        pep.write("2024/b.txt", "b");
        pep.write("2024/trip/c.txt", "c");
        pep.write("stays.txt", "stays");
    });
    let count = |changes: u64| {
        let status = pep.json(["status", pep.at()]).document();
        assert_eq!(status[0]["local_changes"]["entries"], changes, "{status:#}");
        let lines = pep.json(["diff", pep.at()]).document();
        assert_eq!(lines.as_array().map(|all| all.len() as u64), Some(changes), "{lines:#}");
    };
    count(0);
    pep.rename("a.txt", "moved.txt");
    count(1);
    pep.run(["status", pep.at()])
        .expect_out("1 change is not sent yet. Sync to send it.");
    pep.run(["diff", pep.at()])
        .expect_out("renamed   moved.txt (was a.txt)\n");
    // Two that are alike, and one that came beside them.
    pep.rename("twin.txt", "other.txt");
    pep.write("copy.txt", "a");
    count(3);
    // A folder moves with what is in it.
    pep.rename("2024", "2025");
    count(7);
    pep.run(["diff", pep.at()])
        .expect_out("renamed   2025 (was 2024)\n")
        .expect_out("renamed   2025/trip (was 2024/trip)\n");
    let told = pep.run(["sync", pep.at()]);
    told.expect_code(0)
        .expect_out("  sent: 1 added, 4 moved (0 bytes of content)\n");
    anna.run(["sync", anna.at()])
        .expect_out("  received: 1 added, 4 moved\n");
    settle(&[&pep, &anna]);
    count(0);
    // A folder that goes while what was in it moves elsewhere is gone, and moved nowhere.
    pep.rename("2025/b.txt", "b.txt");
    pep.remove("2025");
    pep.run(["diff", pep.at()])
        .expect_out("renamed   b.txt (was 2025/b.txt)\n")
        .expect_out("deleted   2025\n");
    count(4);
}

#[test]
fn a_file_that_was_renamed_and_edited_is_said_to_be_both() {
    let world = World::new();
    let lines: String = (0..200).map(|n| format!("{n} times\n")).collect();
    let [pep, _anna] = world.pair(|pep| pep.write("a.txt", &lines));
    pep.rename("a.txt", "moved.txt");
    pep.run(["diff", pep.at()])
        .expect_out("renamed   moved.txt (was a.txt)\n");
    pep.write("moved.txt", format!("{lines}and more"));
    pep.run(["diff", pep.at()])
        .expect_out("renamed   moved.txt (was a.txt), and edited\n");
    let diff = pep.json(["diff", pep.at()]).document();
    check(&diff, &schema::diff(), &["[].edited"]);
    assert_eq!(
        (diff.as_array().map(Vec::len), &diff[0]["edited"]),
        (Some(1), &true.into())
    );
}

#[test]
fn files_that_changed_places_are_renamed_each() {
    let world = World::new();
    let [pep, _anna] = world.pair(|pep| {
        for name in ["a", "b", "c", "d"] {
            pep.write(&format!("{name}.txt"), format!("{name} is its content"));
        }
    });
    let swap = |one: &str, other: &str| {
        pep.rename(one, "aside");
        pep.rename(other, one);
        pep.rename("aside", other);
    };
    swap("a.txt", "b.txt");
    let diff = pep.run(["diff", pep.at()]);
    assert_eq!(
        diff.stdout,
        "renamed   a.txt (was b.txt)\nrenamed   b.txt (was a.txt)\n"
    );
    swap("b.txt", "c.txt");
    let diff = pep.json(["diff", pep.at()]).document();
    let from: Vec<[&Value; 2]> = diff
        .as_array()
        .expect("a list")
        .iter()
        .map(|line| [&line["path"], &line["from"]])
        .collect();
    assert_eq!(from, [["a.txt", "b.txt"], ["b.txt", "c.txt"], ["c.txt", "a.txt"]]);
    let status = pep.json(["status", pep.at()]).document();
    assert_eq!(status[0]["local_changes"]["entries"], 3, "{status:#}");
    // What stood at the end of a row is nowhere any more: it was replaced.
    pep.sync();
    swap("a.txt", "b.txt");
    pep.write("b.txt", "another");
    pep.run(["diff", pep.at()])
        .expect_out("modified  a.txt\n")
        .expect_out("modified  b.txt\n");
}

#[test]
fn no_lines_of_history_are_no_number_of_lines() {
    let world = World::new();
    let pep = world.home("pep");
    pep.write("a.txt", "a");
    world.init(&pep);
    let told = pep.run(["log", pep.at(), "--limit", "0"]);
    told.expect_code(2);
    let said = "'0' is no number of lines; write one like 10, or leave it out to see all";
    assert!(told.stderr.contains(said) && told.stdout.is_empty(), "{told}");
}

#[test]
fn status_and_sync_of_all_archives_name_each() {
    let world = World::new();
    let [pep, _anna] = world.pair(|pep| pep.write("a.txt", "a"));
    let second = world.path("second");
    std::fs::create_dir(&second).expect("a folder can be made");
    let url = world.mailbox_url();
    pep.run([
        "init",
        text(&second),
        "--name",
        "Second",
        "--label",
        "Pep",
        "--mailbox",
        &url,
    ])
    .expect_code(0);
    assert_eq!(pep.json(["status"]).document().as_array().map(Vec::len), Some(2));
    std::fs::remove_dir_all(&second).expect("a drive can go away");
    let status = pep.json(["status"]).expect_code(0).document();
    let present = |name: &str| {
        let mut all = status.as_array().into_iter().flatten();
        all.find(|archive| archive["name"] == name)
            .map(|archive| archive["drive"]["present"].clone())
    };
    assert_eq!(
        (present("Photos"), present("Second")),
        (Some(true.into()), Some(false.into()))
    );
    // Drives in drawers are how Offsync is used: all that are here are synced, and that is done.
    let sync = pep.json(["sync"]);
    let reports = sync.expect_code(0).document();
    let mut present: Vec<bool> = reports
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|report| report["drive_present"].as_bool())
        .collect();
    present.sort_unstable();
    assert_eq!(present, [false, true], "{reports:#}");
    let told = pep.run(["sync"]);
    assert!(told.expect_code(0).stdout.contains("the drive is not here"), "{told}");
    std::fs::rename(&pep.folder, pep.folder.with_extension("away")).expect("a drive can go away");
    // With all of them in drawers there is nothing to do, as `status` says too.
    let all = pep.json(["sync"]).expect_code(0).document();
    let is_away = |report: &serde_json::Value| report["drive_present"] == false && report["error"].is_null();
    assert!(
        all.as_array()
            .is_some_and(|all| all.len() == 2 && all.iter().all(is_away)),
        "{all:#}"
    );
    pep.json(["status"]).expect_code(0);
}

#[test]
fn status_without_any_archive_says_what_to_do() {
    let world = World::new();
    let pep = world.home("pep");
    let status = pep.run(["status"]);
    assert!(status.expect_code(0).stdout.contains("offsync init"), "{status}");
    assert_eq!(pep.json(["status"]).document(), serde_json::json!([]));
}

#[test]
fn a_folder_that_cannot_be_read_is_named_by_status_and_diff_too() {
    let world = World::new();
    let pep = world.home("pep");
    pep.write("closed/a.txt", "a");
    world.init(&pep);
    crate::odd_names::make_pipe(&pep.folder.join("pipe"));
    let status = pep.json(["status", pep.at()]);
    assert_eq!(status.expect_code(5).document()[0]["skipped"][0]["path"], "pipe");
    let told = pep.run(["status", pep.at()]);
    assert!(told.expect_code(5).stdout.contains("left alone: pipe"), "{told}");
    let diff = pep.run(["diff", pep.at()]);
    assert!(diff.expect_code(5).stderr.contains("left alone: pipe"), "{diff}");
}

#[test]
fn the_mailbox_can_be_looked_at_and_found_at_another_path() {
    let world = World::new();
    let pep = world.home("pep");
    pep.write("a.txt", "a");
    world.init(&pep);
    let anna = world.home_without_folder("anna");
    let words = world.path("words");
    let arguments = [
        "copy",
        pep.at(),
        anna.at(),
        "--label",
        "Anna",
        "--person",
        "Anna",
        "--phrase-file",
    ];
    pep.run(arguments.into_iter().chain([text(&words)])).expect_code(0);
    pep.write("b.txt", "b");
    pep.sync();
    let show = pep.json(["mailbox", "show", pep.at()]).expect_code(0).document();
    assert_eq!(show["waiting_for"][0]["label"], "Anna");
    assert!(
        show["objects"].as_u64() > Some(2) && show["bytes"].as_u64() > Some(0),
        "{show:#}"
    );
    // The same stick is mounted elsewhere on Anna's computer.
    let elsewhere = world.path("stick of anna");
    std::fs::rename(world.mailbox(), &elsewhere).expect("a stick can be mounted elsewhere");
    let url = format!("fs://{}", text(&elsewhere)).replace(' ', "%20");
    let wrong = anna.json([
        "join",
        anna.at(),
        "--phrase-file",
        text(&words),
        "--mailbox",
        "fs:///nowhere/at/all",
    ]);
    wrong.expect_failure(6, "mailbox_away", &["is not there"]);
    anna.json(["join", anna.at(), "--phrase-file", text(&words), "--mailbox", &url])
        .expect_code(0);
    anna.sync();
    assert!(anna.has("b.txt"));
    // And now on Pep's as well.
    pep.json(["sync", pep.at()])
        .expect_failure(6, "mailbox_away", &["is not there"]);
    let empty = world.path("empty");
    std::fs::create_dir(&empty).expect("a folder can be made");
    let no_mailbox = pep.json(["mailbox", "use", pep.at(), &format!("fs://{}", text(&empty))]);
    no_mailbox.expect_failure(6, "mailbox_missing", &["holds no mailbox of this archive"]);
    pep.json(["mailbox", "use", pep.at(), &url]).expect_code(0);
    pep.sync();
    anna.sync();
    pep.sync();
    crate::world::check_alike(&[&pep, &anna]);
}

#[test]
fn the_demo_and_completions_are_one_document_or_one_script() {
    let world = World::new();
    let pep = world.home("pep");
    let demo = pep.json(["demo"]).expect_code(0).document();
    assert_eq!(demo["ok"], true);
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = pep.run(["completions", shell]);
        script.expect_code(0);
        assert!(
            script.stdout.contains("offsync") && script.stdout.contains("dry-run"),
            "{shell}: {script}"
        );
    }
    pep.json(["completions", "bash"])
        .expect_failure(2, "usage", &["no JSON document", "without --json"]);
    let help = pep.run(["sync", "--help"]);
    assert!(help.expect_code(0).stdout.contains("Example"), "{help}");
}

#[test]
fn every_command_explains_itself_with_an_example() {
    let world = World::new();
    let pep = world.home("pep");
    let commands = [
        "init",
        "copy",
        "invite",
        "join",
        "recovery",
        "forget",
        "sync",
        "status",
        "diff",
        "log",
        "locations",
        "location",
        "watch",
        "run",
        "demo",
        "completions",
    ];
    for command in commands {
        let help = pep.run([command, "--help"]);
        assert!(
            help.expect_code(0).stdout.contains(&format!("offsync {command}")),
            "{help}"
        );
    }
}

#[test]
fn a_failure_is_one_document_too() {
    let world = World::new();
    let pep = world.home("pep");
    for arguments in [
        vec!["sync", "/no/such/folder"],
        vec!["sync"],
        vec!["frobnicate"],
        vec!["init"],
    ] {
        let output = pep.json(arguments);
        assert_ne!(output.code, 0, "{output}");
        check(&output.document(), &schema::error(), &[]);
    }
}

fn of_label(locations: &Value, label: &str) -> Value {
    let mut all = locations.as_array().into_iter().flatten();
    all.find(|location| location["label"] == label)
        .cloned()
        .unwrap_or_default()
}

#[test]
fn nothing_is_called_safe_while_content_is_not_on_the_drive() {
    let world = World::new();
    let pep = world.home("pep");
    for number in 0..3 {
        pep.write(&format!("{number}.bin"), crate::story::noise(number, 200_000));
    }
    world.init(&pep);
    // While nobody else is there, nothing is put into the mailbox.
    pep.sync();
    let invitation = world.path("tia.invitation");
    let invite = pep.json([
        "invite",
        pep.at(),
        "--label",
        "Tia",
        "--person",
        "Tia",
        "--out",
        text(&invitation),
    ]);
    let words = world.path("words");
    std::fs::write(&words, invite.document()["phrase"].as_str().expect("words")).expect("words can be written");
    let tia = world.home("tia");
    let (file, words) = (text(&invitation), text(&words));
    tia.json(["join", tia.at(), "--invitation", file, "--phrase-file", words])
        .expect_code(0);
    let mut most_lacking = 0;
    for _ in 0..8 {
        tia.json(["sync", tia.at()]);
        let here = tia.tree().paths(|path| path.ends_with(b".bin")).len() as u64;
        let status = tia.json(["status", tia.at()]).document();
        let told = tia.run(["status", tia.at()]).stdout;
        if here < 3 {
            assert!(!told.contains("safe"), "{here} of 3 are here: {told}");
            let log = pep.json(["log", pep.at()]).document();
            let has = |line: &Value| line["applied_by"].as_array().map_or(0, Vec::len);
            assert!(
                log.as_array().into_iter().flatten().all(|line| has(line) < 2),
                "{log:#}"
            );
        }
        most_lacking = status[0]["lacking"]["files"].as_u64().unwrap_or(0).max(most_lacking);
        pep.sync();
    }
    assert_eq!(most_lacking, 3, "what is known and not here is counted");
    crate::world::settle(&[&pep, &tia]);
    let status = tia.json(["status", tia.at()]).document();
    assert_eq!(
        (&status[0]["lacking"]["files"], &status[0]["headline"]["kind"]),
        (&0.into(), &"all_safe".into())
    );
}

#[test]
fn where_there_is_nothing_people_read_so_in_a_sentence_and_scripts_get_an_empty_list() {
    let world = World::new();
    let pep = world.home("pep");
    world.init(&pep);
    for (command, sentence) in [
        (&["conflicts"][..], "No file is kept in two versions."),
        (&["trash", "list"], "The trash of this drive is empty."),
        (&["log"], "No change is known here yet."),
        (&["diff"], "Nothing has changed here since it was last sent."),
    ] {
        let arguments = || command.iter().copied().chain([pep.at()]);
        let told = pep.run(arguments());
        assert_eq!(told.expect_code(0).stdout, format!("{sentence}\n"));
        assert_eq!(pep.json(arguments()).expect_code(0).document(), serde_json::json!([]));
    }
    pep.write("a.txt", "a");
    pep.run(["diff", pep.at()]).expect_out("created   a.txt\n");
}

#[test]
fn the_help_of_each_command_and_of_those_below_it_ends_with_an_example() {
    let world = World::new();
    let pep = world.home("pep");
    let below = [
        ("location", &["rename", "replace", "park", "unpark", "remove"][..]),
        ("mailbox", &["show", "use"]),
        ("trash", &["list", "restore", "empty"]),
    ];
    for (command, commands) in below {
        for inner in commands {
            let told = pep.run([command, inner, "--help"]);
            let example = format!(":\n  offsync {command} {inner} /media/");
            told.expect_code(0).expect_out(&example).expect_out("\nExample");
        }
    }
}

#[test]
fn help_about_help_is_help() {
    let world = World::new();
    let pep = world.home("pep");
    let plain = pep.run(["help"]);
    plain.expect_code(0).expect_out("Commands:");
    for more in [&["help", "--help"][..], &["help", "-h"]] {
        let told = pep.run(more.iter().copied());
        assert_eq!(told.expect_code(0).stdout, plain.stdout);
    }
    let told = pep.run(["help", "location", "remove", "--help"]);
    told.expect_code(0).expect_out("offsync location remove");
    let told = pep.run(["location", "help", "--help"]);
    told.expect_code(0).expect_out("offsync location");
    pep.json(["help", "bogus", "--help"])
        .expect_failure(2, "usage", &["bogus"]);
    pep.json(["hlep", "--help"]).expect_failure(2, "usage", &["hlep"]);
}

#[test]
fn of_a_file_that_is_kept_in_three_versions_status_tells_of_two_others() {
    let world = World::new();
    let homes = world.trio(|pep| pep.write("notes.txt", "first"));
    for (home, text) in homes.iter().zip(["by Pep", "by Anna", "by Grandma"]) {
        home.write("notes.txt", text);
    }
    settle(&[&homes[0], &homes[1], &homes[2]]);
    let [pep, ..] = &homes;
    assert_eq!(pep.json(["status", pep.at()]).document()[0]["conflicts"], 2);
    pep.run(["status", pep.at()])
        .expect_out("  2 other versions of files are kept beside them; see `offsync conflicts`\n");
}
