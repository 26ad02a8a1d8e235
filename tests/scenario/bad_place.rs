//! Folders, mailboxes and drives that do not fit: a clear sentence, the right code, nothing changed.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::machine::{SmallDrive, give_to_nobody, without_rights};
use crate::output::Output;
use crate::tree;
use crate::world::{Home, World, settle, text};

fn init(home: &Home, folder: &Path, mailbox: &str) -> Output {
    init_with(home, folder, mailbox, [])
}

fn init_with<const N: usize>(home: &Home, folder: &Path, mailbox: &str, more: [&str; N]) -> Output {
    let arguments = [
        "init",
        text(folder),
        "--name",
        "N",
        "--label",
        "L",
        "--mailbox",
        mailbox,
    ];
    home.json(arguments.into_iter().chain(more))
}

#[test]
fn a_folder_that_is_not_there_is_never_made() {
    let world = World::new();
    let pep = world.home("pep");
    let url = world.mailbox_url();
    fs::create_dir(world.mailbox()).expect("a mailbox can be made");
    let gone = world.path("gone");
    init(&pep, &gone, &url).expect_failure(1, "no_such_folder", &["gone", "plug in"]);
    for command in ["sync", "status", "diff", "log", "locations"] {
        let output = pep.json([command, text(&gone)]);
        output.expect_failure(1, "no_such_folder", &["gone", "lug"]);
    }
    assert!(!gone.exists() && world.mail().is_empty() && tree::of(&world.mailbox()).is_empty());
}

#[test]
fn a_file_is_no_folder() {
    let world = World::new();
    let pep = world.home("pep");
    fs::create_dir(world.mailbox()).expect("a mailbox can be made");
    let file = world.path("file.txt");
    fs::write(&file, "x").expect("a file can be written");
    init(&pep, &file, &world.mailbox_url()).expect_failure(1, "not_a_folder", &["file.txt"]);
    init(&pep, &pep.folder, &format!("fs://{}", file.display())).expect_failure(6, "mailbox_broken", &["file.txt"]);
    assert!(!pep.private().exists(), "nothing was begun");
    pep.write("a.txt", "a");
    world.init(&pep);
    pep.json(["copy", pep.at(), text(&file), "--label", "L", "--person", "P"])
        .expect_failure(1, "not_a_folder", &["file.txt"]);
    assert_eq!(fs::read(&file).expect("it is there"), b"x");
}

#[test]
fn an_archive_does_not_begin_inside_another_or_twice() {
    let world = World::new();
    let [pep, _anna] = world.pair(|pep| pep.write("below/a.txt", "a"));
    let (before, mail) = (pep.tree(), world.mail());
    let url = world.mailbox_url();
    init(&pep, &pep.folder.join("below"), &url).expect_failure(1, "inside_an_archive", &["inside the archive"]);
    init(&pep, &pep.folder, &url).expect_failure(1, "inside_an_archive", &["already", "offsync sync"]);
    let inside = pep.folder.join("copy");
    pep.json(["copy", pep.at(), text(&inside), "--label", "L", "--person", "P"])
        .expect_failure(1, "inside_an_archive", &["copy"]);
    before.expect_same(&pep.tree(), "refused commands");
    assert_eq!(mail, world.mail());
    pep.sync();
}

#[test]
fn an_archive_around_another_never_takes_the_inner_ones_own_folder() {
    let world = World::new();
    let [pep, _anna] = world.pair(|pep| pep.write("a.txt", "a"));
    let outer = pep.folder.parent().expect("a drive").to_path_buf();
    let url = world.mailbox_url();
    let refused = init(&pep, &outer, &url);
    if refused.code == 0 {
        let to = world.path("outer copy");
        pep.json(["copy", text(&outer), text(&to), "--label", "L", "--person", "P"]);
        assert!(
            !to.join("Photos/.offsync").exists(),
            "an archive's own folder never travels"
        );
    } else {
        refused.expect_failure(1, "holds_an_archive", &["Photos"]);
        assert!(!outer.join(".offsync").exists());
    }
}

#[test]
fn a_mailbox_that_cannot_be_one_is_refused_and_nothing_begins() {
    let world = World::new();
    let pep = world.home("pep");
    pep.write("a.txt", "a");
    let inside = format!("fs://{}/mailbox", pep.folder.display());
    let around = format!("fs://{}/../Photos/mailbox", pep.folder.display());
    let gone = format!("fs://{}/no/such", world.base().display());
    let wrong = [
        ("", 2, "bad_mailbox"),
        ("mailbox", 2, "bad_mailbox"),
        ("fs://relative/folder", 2, "bad_mailbox"),
        ("fs:///percent%zz", 2, "bad_mailbox"),
        ("gopher://server/folder", 2, "bad_mailbox"),
        ("s3://bucket", 6, "sign_in_needed"),
        ("nobodys-account", 2, "bad_mailbox"),
        ("memory://", 2, "bad_mailbox"),
        (inside.as_str(), 1, "mailbox_inside"),
        (around.as_str(), 1, "mailbox_inside"),
        (gone.as_str(), 6, "mailbox_away"),
    ];
    let before = pep.tree();
    for (url, exit, code) in wrong {
        init(&pep, &pep.folder, url).expect_failure(exit, code, &[]);
        assert!(!pep.private().exists(), "nothing was begun for {url:?}");
        assert!(tree::of(&pep.settings()).is_empty(), "no key is kept for {url:?}");
    }
    before.expect_same(&pep.tree(), "refused mailboxes");
}

#[test]
fn names_that_nobody_could_read_are_refused() {
    let world = World::new();
    let pep = world.home("pep");
    let url = world.mailbox_url();
    fs::create_dir(world.mailbox()).expect("a mailbox can be made");
    let long = "x".repeat(101);
    for bad in ["", "  ", "two\nlines", long.as_str()] {
        pep.json(["init", pep.at(), "--name", bad, "--label", "L", "--mailbox", &url])
            .expect_failure(2, "bad_name", &["--name"]);
        pep.json(["init", pep.at(), "--name", "N", "--label", bad, "--mailbox", &url])
            .expect_failure(2, "bad_name", &["--label"]);
    }
    init_with(&pep, &pep.folder, &url, ["--allowance", "1MB"]).expect_failure(2, "allowance_too_small", &["16 MiB"]);
    assert!(!pep.private().exists() && world.mail().is_empty());
}

#[test]
fn a_mailbox_folder_that_is_not_this_archives_is_6_and_stays_untouched() {
    let world = World::new();
    let [pep, anna] = world.pair(|pep| pep.write("a.txt", "a"));
    let other = world.home("other");
    let away = world.path("away");
    fs::rename(world.mailbox(), &away).expect("a mailbox can be moved");
    world.init(&other);
    pep.write("b.txt", "b");
    let (before, mail) = (pep.tree(), world.mail());
    pep.json(["sync", pep.at()])
        .expect_failure(6, "mailbox_missing", &["no mailbox of this archive"]);
    before.expect_same(&pep.tree(), "a sync with a stranger's mailbox");
    assert_eq!(mail, world.mail(), "the stranger's mailbox is as it was");
    fs::remove_dir_all(world.mailbox()).expect("the other can go");
    fs::rename(&away, world.mailbox()).expect("the right one can come back");
    settle(&[&pep, &anna]);
}

#[test]
fn another_drive_at_the_mailboxs_place_is_6() {
    let world = World::new();
    let [pep, _anna] = world.pair(|pep| pep.write("a.txt", "a"));
    let mail = world.mail();
    let Some(stick) = SmallDrive::mount(&world.mailbox(), 1 << 20) else {
        return;
    };
    pep.write("b.txt", "b");
    pep.json(["sync", pep.at()])
        .expect_failure(6, "mailbox_away", &["another drive"]);
    assert!(
        tree::of(&world.mailbox()).is_empty(),
        "nothing is put on a strange drive"
    );
    stick.pull();
    assert_eq!(mail, world.mail());
    pep.sync();
}

/// Runs as somebody whose permissions count.
fn run_plainly(home: &Home, arguments: &[&str]) -> Output {
    let mut command = home.command(["--json"].into_iter().chain(arguments.iter().copied()));
    Output::of(without_rights(&mut command))
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode can be set");
}

#[test]
fn an_unreadable_folder_or_file_is_named_and_never_a_deletion() {
    let world = World::new();
    let [pep, anna] = world.pair(|pep| {
        for number in 0..8 {
            pep.write(&format!("secret/deep/{number}.txt"), format!("{number}"));
        }
        pep.write("closed.txt", "closed");
    });
    give_to_nobody(world.base());
    let (secret, closed) = (pep.folder.join("secret"), pep.folder.join("closed.txt"));
    pep.write("closed.txt", "changed while it is closed");
    set_mode(&closed, 0);
    set_mode(&secret, 0);
    pep.write("new.txt", "new");
    give_to_nobody(world.base());
    let output = run_plainly(&pep, &["sync", pep.at()]);
    let report = output.expect_code(5).only_report();
    let mut named: Vec<&str> = report["skipped"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|line| line["path"].as_str())
        .collect();
    named.sort_unstable();
    assert_eq!(named, ["closed.txt", "secret"], "{report:#}");
    // Another sync would not send it either: that is no change to be sent first.
    set_mode(&secret, 0o755);
    let output = run_plainly(&pep, &["verify", pep.at(), "--all"]);
    let verified = output.expect_code(5).document();
    assert_eq!(verified["skipped"][0]["path"], "closed.txt", "{verified:#}");
    set_mode(&secret, 0);
    let other = run_plainly(&anna, &["sync", anna.at()]).expect_code(0).only_report();
    assert_eq!(
        (&other["applied"]["deleted"], &other["applied"]["created"]),
        (&0.into(), &1.into()),
        "{other:#}"
    );
    assert!(anna.has("secret/deep/7.txt") && anna.read("closed.txt") == b"closed");
    set_mode(&closed, 0o644);
    set_mode(&secret, 0o755);
    run_plainly(&pep, &["sync", pep.at()]).expect_code(0);
    run_plainly(&anna, &["sync", anna.at()]).expect_code(0);
    assert_eq!(anna.read("closed.txt"), b"changed while it is closed");
}

#[test]
fn an_unreadable_archive_folder_is_a_failure_and_never_a_deletion() {
    let world = World::new();
    let [pep, anna] = world.pair(|pep| pep.write("a.txt", "a"));
    let (url, sheet) = (world.mailbox_url(), world.path("sheet"));
    pep.json(["recovery", pep.at(), "--out", text(&sheet)]).expect_code(0);
    give_to_nobody(world.base());
    let above = pep.folder.parent().expect("a drive").to_path_buf();
    for closed in [pep.folder.clone(), pep.private(), above] {
        set_mode(&closed, 0);
        let named = format!("may not look into '{}'", closed.display());
        let words = [
            named.as_str(),
            "no permission",
            "Nothing was deleted",
            "permission to read and write",
        ];
        for command in ["sync", "status"] {
            let output = run_plainly(&pep, &[command, pep.at()]);
            output.expect_failure(1, "not_allowed", &words);
            // And where it is not named: nobody takes it for a drive that is away, or for a lost one.
            let output = run_plainly(&pep, &[command]);
            assert!(output.stdout.contains(&named), "{output}");
            assert!(!output.stdout.contains("--as"), "{output}");
        }
        let others: [&[&str]; 5] = [
            &["join", pep.at()],
            &["join", pep.at(), "--as", "Pep's home"],
            &["join", pep.at(), "--recovery", text(&sheet)],
            &["init", pep.at(), "--name", "N", "--label", "L", "--mailbox", &url],
            &["copy", anna.at(), pep.at(), "--label", "L", "--person", "P"],
        ];
        for command in others {
            let home = if command[0] == "copy" { &anna } else { &pep };
            run_plainly(home, command).expect_failure(1, "not_allowed", &words);
        }
        set_mode(&closed, 0o755);
    }
    run_plainly(&pep, &["sync", pep.at()]).expect_code(0);
    run_plainly(&anna, &["sync", anna.at()]).expect_code(0);
    assert!(anna.has("a.txt"));
}

#[test]
fn a_read_only_drive_is_said_and_nothing_changes_anywhere() {
    let world = World::new();
    let Some(drive) = SmallDrive::mount(&world.path("drives/pep"), 8 << 20) else {
        return;
    };
    let [pep, anna] = world.pair(|pep| pep.write("a.txt", "a"));
    pep.write("b.txt", "b");
    anna.write("c.txt", "c");
    anna.sync();
    let (before, mail) = (pep.tree(), world.mail());
    drive.set_read_only(true);
    pep.json(["sync", pep.at()])
        .expect_failure(1, "drive_read_only", &["writable"]);
    let status = pep.json(["status"]);
    assert!(status.code == 0, "{status}");
    before.expect_same(&pep.tree(), "a read-only drive");
    assert_eq!(mail, world.mail());
    drive.set_read_only(false);
    settle(&[&pep, &anna]);
    assert!(pep.has("c.txt") && anna.has("b.txt"));
}

#[test]
fn beginning_on_a_read_only_drive_leaves_no_mailbox_behind() {
    let world = World::new();
    let Some(drive) = SmallDrive::mount(&world.path("drives/pep"), 8 << 20) else {
        return;
    };
    let pep = world.home("pep");
    fs::create_dir(world.mailbox()).expect("a mailbox can be made");
    drive.set_read_only(true);
    let output = init(&pep, &pep.folder, &world.mailbox_url());
    output.expect_failure(1, "drive_read_only", &["writable"]);
    assert!(tree::of(&world.mailbox()).is_empty(), "the mailbox is as it was");
    assert!(tree::of(&pep.settings()).is_empty(), "no key is kept");
    let anna = world.home("anna");
    anna.write("a.txt", "a");
    world.init(&anna);
    let to = pep.folder.join("copy");
    anna.json(["copy", anna.at(), text(&to), "--label", "L", "--person", "P"])
        .expect_failure(1, "drive_read_only", &["writable"]);
}

#[test]
fn a_full_drive_keeps_what_it_has_and_takes_the_rest_when_there_is_room() {
    let world = World::new();
    let Some(_drive) = SmallDrive::mount(&world.path("drives/anna"), 3 << 20) else {
        return;
    };
    let [pep, anna] = world.pair(|pep| pep.write("a.txt", "a"));
    pep.write("big.bin", crate::story::noise(1, 5 << 20));
    pep.write("small.txt", "small");
    pep.sync();
    let output = anna.json(["sync", anna.at()]);
    assert!(matches!(output.code, 1 | 5), "{output}");
    assert!(output.stdout.contains("full"), "{output}");
    assert!(
        !anna.has("big.bin") && anna.read("a.txt") == b"a",
        "nothing half written is shown"
    );
    assert!(
        !world.waiting().is_empty(),
        "the mailbox keeps what could not be written"
    );
    pep.remove("big.bin");
    pep.sync();
    // What came before of the large file may still be in the way once.
    anna.json(["sync", anna.at()]);
    settle(&[&pep, &anna]);
    assert!(anna.has("small.txt"));
    anna.check_staging_is_empty();
}

#[test]
fn what_has_no_room_is_named_and_keeps_nothing_else_waiting() {
    let world = World::new();
    let Some(drive) = SmallDrive::mount(&world.path("drives/anna"), 12 << 20) else {
        return;
    };
    let [pep, anna] = world.pair(|pep| pep.write("a.txt", "a"));
    pep.write("film.bin", crate::story::noise(1, 14 << 20));
    for n in 0..8 {
        pep.write(&format!("photos/{n}.jpg"), crate::story::noise(n + 2, 1_000_000));
    }
    pep.sync();
    let output = anna.json(["sync", anna.at()]);
    output.expect_code(5);
    let skipped = &output.only_report()["skipped"];
    let reason = skipped[0]["reason"].as_str().expect("a reason");
    assert_eq!(
        (skipped[0]["path"].as_str(), skipped[1].is_null()),
        (Some("film.bin"), true),
        "{skipped:#}"
    );
    assert!(
        reason.starts_with("the drive is too full for it: it needs 18.8 MB while it is put together, and there are ")
    );
    for n in 0..8 {
        assert!(
            anna.has(&format!("photos/{n}.jpg")),
            "photo {n} came: all of them do not fit twice"
        );
    }
    anna.check_staging_is_empty();
    assert!(!world.waiting().is_empty(), "the film waits in the mailbox");
    let again = anna.json(["sync", anna.at()]).expect_code(5).only_report();
    let downloaded = again["fetched"]["downloaded_bytes"].as_u64().expect("a number");
    assert!(
        downloaded < 100_000,
        "what has no room is not fetched again and again: {downloaded}"
    );
    let objects = || -> Vec<(String, usize)> {
        let mail = world.mail().into_iter();
        let objects = mail.map(|(path, bytes)| (path.display().to_string(), bytes.len()));
        objects.filter(|(name, _)| !name.contains("head.")).collect()
    };
    let before = objects();
    assert!(!before.iter().any(|(name, _)| name.contains("want.")), "{before:?}");
    let served = pep.json(["sync", pep.at()]).expect_code(0).only_report();
    assert_eq!(served["served"], serde_json::json!([]), "{served:#}");
    assert_eq!(objects(), before, "what waits there is not put there twice");
    drive.resize(64 << 20);
    settle(&[&anna, &pep]);
    assert!(anna.has("film.bin") && world.waiting().is_empty(), "with room it comes");
}

#[test]
fn a_large_file_comes_to_a_drive_that_holds_it_once() {
    let world = World::new();
    let Some(_drive) = SmallDrive::mount(&world.path("drives/anna"), 40 << 20) else {
        return;
    };
    let [pep, anna] = world.pair(|pep| pep.write("a.txt", "a"));
    let film = crate::story::noise(1, 26 << 20);
    pep.write("film.bin", &film);
    pep.sync();
    let report = anna.sync();
    assert!(report["skipped"].as_array().is_some_and(Vec::is_empty), "{report:#}");
    let downloaded = report["fetched"]["downloaded_bytes"].as_u64().expect("a number");
    assert!(downloaded < 28 << 20, "each pack is fetched once: {downloaded}");
    assert!(anna.read("film.bin") == film);
    settle(&[&anna, &pep]);
    anna.check_staging_is_empty();
    assert!(world.waiting().is_empty());
}

#[test]
fn what_a_full_mailbox_drive_cannot_hold_waits_and_says_so() {
    let world = World::new();
    let [pep, anna] = world.pair(|pep| pep.write("a.txt", "a"));
    let kept = world.path("kept");
    fs::rename(world.mailbox(), &kept).expect("a mailbox can be moved");
    let Some(_stick) = SmallDrive::mount(&world.mailbox(), 2 << 20) else {
        return;
    };
    copy_folder(&kept, &world.mailbox());
    fs::remove_file(pep.settings().join("archives.toml")).expect("this computer knew the archive");
    fs::remove_file(anna.settings().join("archives.toml")).expect("this computer knew the archive");
    pep.write("big.bin", crate::story::noise(2, 6 << 20));
    pep.write("small.txt", "small");
    let report = pep.sync();
    let waiting = [&report["waiting"]["entries"], &report["waiting"]["bytes"]].map(|figure| figure.as_u64());
    // What is small goes, and a first part of what is large, where nobody said how much there is room for.
    assert!(waiting[0] == Some(1) && waiting[1] >= Some(4 << 20), "{report:#}");
    assert_eq!(
        (&report["up_to_date"], &report["posted"]["entries"]),
        (&false.into(), &1.into())
    );
    let told = pep.run(["sync", pep.at()]);
    assert!(told.expect_code(0).stdout.contains("for room in the mailbox"), "{told}");
    anna.sync();
    assert!(anna.has("small.txt"), "nothing small waits behind something large");
    assert!(!anna.has("big.bin"), "what is incomplete is invisible");
    pep.remove("big.bin");
    settle(&[&pep, &anna]);
    assert!(anna.has("small.txt"));
}

fn copy_folder(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).expect("a folder can be listed") {
        let entry = entry.expect("a folder can be listed");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            fs::create_dir_all(&target).expect("a folder can be made");
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), &target).expect("a file can be copied");
        }
    }
}

#[test]
fn a_folder_with_offsyncs_own_settings_is_refused() {
    let world = World::new();
    let pep = world.home("pep");
    pep.write("a.txt", "a");
    let settings = pep.folder.join(".config/offsync");
    let settings_there = ["--config-dir", text(&settings)];
    let init = init_with(&pep, &pep.folder, &world.mailbox_url(), settings_there);
    init.expect_failure(1, "settings_inside", &["settings and keys", "must not travel"]);
    assert!(!pep.private().exists() && !settings.exists());
}

#[test]
fn too_short_a_silence_is_refused() {
    let world = World::new();
    let pep = world.home("pep");
    let init = init_with(&pep, &pep.folder, &world.mailbox_url(), ["--park-after", "0"]);
    init.expect_failure(2, "usage", &["at least 7 days"]);
    assert!(!pep.private().exists());
}

#[test]
fn what_opens_the_archive_is_never_written_where_it_would_travel() {
    let world = World::new();
    let [pep, anna] = world.pair(|pep| pep.write("2024/a.txt", "a"));
    let to = world.path("another");
    let inside = [
        pep.folder.join("file"),
        pep.folder.join("2024/file"),
        anna.folder.join("file"),
        world.mailbox().join("file"),
    ];
    for file in &inside {
        let invite = ["invite", pep.at(), "--label", "L", "--person", "P", "--out", text(file)];
        pep.json(invite).expect_failure(
            1,
            "inside_an_archive",
            &["would travel to the others", "opens the archive", "outside of it"],
        );
        let copy = ["copy", pep.at(), text(&to), "--label", "L", "--person", "P"];
        pep.json(copy.into_iter().chain(["--phrase-file", text(file)]))
            .expect_failure(
                1,
                "inside_an_archive",
                &["would travel to the others", "six words open the archive"],
            );
        assert!(!file.exists() && !to.exists(), "{}", file.display());
    }
    let locations = pep.json(["locations", pep.at()]).document();
    assert_eq!(locations.as_array().map(Vec::len), Some(2), "nobody was invited");
    let mut command = pep.command([
        "--json", "invite", ".", "--label", "L", "--person", "P", "--out", "here",
    ]);
    crate::output::Output::of(command.current_dir(&pep.folder)).expect_failure(
        1,
        "inside_an_archive",
        &["The file 'here' would travel"],
    );
    pep.json(["invite", pep.at(), "--label", "L", "--person", "P", "--out", "-"])
        .expect_failure(2, "usage", &["a file of its own"]);
}

#[test]
fn a_mailbox_that_has_no_place_to_lie_in_says_how_to_make_one() {
    let world = World::new();
    let pep = world.home("pep");
    let stick = world.path("STICK");
    let url = format!("fs://{}/offsync", text(&stick));
    let make = format!("`mkdir -p '{}'`", text(&stick));
    let said = [
        "no folder",
        text(&stick),
        "'offsync'",
        "Plug in the stick",
        make.as_str(),
    ];
    init(&pep, &pep.folder, &url).expect_failure(6, "mailbox_away", &said);
    assert!(!stick.exists() && !pep.private().exists(), "nothing was begun");
    fs::create_dir(&stick).expect("what it says can be done");
    init(&pep, &pep.folder, &url).expect_code(0);
}

#[test]
fn a_path_at_the_beginning_of_a_sentence_is_quoted_and_keeps_its_letters() {
    let world = World::new();
    let pep = world.home("pep");
    let [drive, other] = ["drive", "other"].map(|name| pep.computer.join(name));
    fs::create_dir(&drive).expect("a folder can be made");
    fs::create_dir(&other).expect("a folder can be made");
    fs::write(other.join("file.txt"), "x").expect("a file can be written");
    let url = world.mailbox_url();
    let begin = |folder: &str| pep.run(["init", folder, "--name", "N", "--label", "L", "--mailbox", &url]);
    let begun = begin("drive");
    begun
        .expect_code(0)
        .expect_out(&format!("'{}' is now the archive 'N'.", text(&drive)));
    let fails = |output: &Output, begins: &str| {
        output.expect_code(1);
        assert!(output.stderr.contains(&format!("offsync: {begins}")), "{output}");
    };
    fails(&begin("drive"), "'drive' is an Offsync archive already.");
    fails(&begin("other/file.txt"), "'other/file.txt' is a file, not a folder.");
    fails(&pep.run(["sync", "other"]), "'other' is not an Offsync archive");
    fails(&pep.run(["join", "drive", "--as", "L"]), "'");
    let copy = ["copy", "drive", "other", "--label", "O", "--person", "O"];
    fails(&pep.run(copy), &format!("'{}' is not empty.", text(&other)));
    fs::create_dir(drive.join("inside")).expect("a folder can be made");
    let copy = ["copy", "drive", "drive/inside", "--label", "O", "--person", "O"];
    fails(&pep.run(copy), "'drive/inside' lies inside the archive '");
}
