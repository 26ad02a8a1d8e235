//! What is not there was not deleted: empty mount points, lost markers, lost indexes, lost folders.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::machine::{SmallDrive, give_to_nobody, without_rights};
use crate::output::Output;
use crate::story::{expect_applied, noise};
use crate::tree;
use crate::world::{Home, World, settle};

fn fill(pep: &Home) {
    for number in 0..10 {
        pep.write(&format!("folder/{number}.bin"), noise(number, 8_000));
    }
    pep.write("a.txt", "a");
}

/// Whatever is said, nothing is deleted and nothing is sent.
fn expect_no_deletion(world: &World, pep: &Home, others: &[&Home], code: &str) {
    let mail = world.mail();
    for more in [&[][..], &["--yes"], &["--deep"], &["--dry-run"]] {
        let arguments = ["sync", pep.at()].into_iter().chain(more.iter().copied());
        pep.json(arguments).expect_failure(1, code, &[]);
    }
    assert_eq!(mail, world.mail(), "nothing is said to the others");
    for other in others {
        let before = other.tree();
        expect_applied(&other.sync(), [0; 5]);
        before.expect_same(&other.tree(), "the others");
    }
}

#[test]
fn an_empty_mount_point_is_no_deletion() {
    let world = World::new();
    let Some(drive) = SmallDrive::mount(&world.path("drives/pep"), 8 << 20) else {
        return;
    };
    let [pep, anna] = world.pair(fill);
    drive.pull();
    expect_no_deletion(&world, &pep, &[&anna], "no_such_folder");
    let status = pep.json(["status"]).expect_code(0).document();
    assert_eq!(status[0]["drive"]["present"], false, "{status:#}");
    fs::create_dir(&pep.folder).expect("an empty folder of the same name can be made");
    expect_no_deletion(&world, &pep, &[&anna], "not_an_archive");
    assert!(
        tree::of(&pep.folder).is_empty(),
        "nothing is written where the drive was"
    );
    assert!(!pep.private().exists());
}

#[test]
fn another_mount_over_a_folder_of_the_archive_is_no_deletion() {
    let world = World::new();
    let [pep, anna] = world.pair(fill);
    let Some(cover) = SmallDrive::mount(&pep.folder.join("folder"), 1 << 20) else {
        return;
    };
    let report = pep.json(["sync", pep.at(), "--yes"]).expect_code(5).only_report();
    assert_eq!(report["skipped"][0]["path"], "folder", "{report:#}");
    expect_applied(&anna.sync(), [0; 5]);
    assert!(anna.has("folder/9.bin"));
    cover.pull();
    settle(&[&pep, &anna]);
}

#[test]
fn a_missing_marker_is_no_deletion() {
    let world = World::new();
    let [pep, anna] = world.pair(fill);
    fs::remove_file(pep.private().join("location.toml")).expect("there was a marker");
    pep.remove("folder");
    expect_no_deletion(&world, &pep, &[&anna], "not_an_archive");
}

#[test]
fn a_missing_index_is_no_deletion_and_says_how_it_heals() {
    let world = World::new();
    let [pep, anna] = world.pair(fill);
    fs::remove_file(pep.private().join("index.sqlite")).expect("there was an index");
    pep.remove("folder");
    expect_no_deletion(&world, &pep, &[&anna], "index_lost");
    pep.json(["sync", pep.at()])
        .expect_failure(1, "index_lost", &["untouched", "join", "--as"]);
    heal(&world, &pep, &anna, true);
}

#[test]
fn a_lost_offsync_folder_heals_without_sending_content_again() {
    let world = World::new();
    let [pep, anna] = world.pair(fill);
    fs::remove_dir_all(pep.private()).expect("there was a folder");
    expect_no_deletion(&world, &pep, &[&anna], "not_an_archive");
    // Its files stand there: that is no drive in a drawer, and whoever names no folder hears of it, too.
    pep.json(["sync"])
        .expect_failure(1, "not_an_archive", &["holds files", "--as LOCATION"]);
    // However the folder is named.
    let parent = pep.folder.parent().expect("it lies somewhere");
    let name = pep.folder.strip_prefix(parent).expect("below it");
    let mut relative = pep.command(["sync", crate::world::text(name), "--json"]);
    Output::of(relative.current_dir(parent)).expect_failure(1, "not_an_archive", &["holds files", "--as LOCATION"]);
    let url = world.mailbox_url();
    pep.json(["init", pep.at(), "--name", "New", "--label", "New", "--mailbox", &url])
        .expect_failure(
            1,
            "known_home",
            &["is the folder of 'Pep's home'", "join FOLDER --as", "offsync forget"],
        );
    let status = pep.json(["status"]).expect_code(0).document();
    assert_eq!(status[0]["headline"]["kind"], "needs_you", "{status:#}");
    heal(&world, &pep, &anna, false);
}

#[test]
fn a_lost_offsync_folder_and_lost_files_bring_the_files_back() {
    let world = World::new();
    let [pep, anna] = world.pair(fill);
    fs::remove_dir_all(pep.private()).expect("there was a folder");
    pep.remove("folder");
    pep.write("a.txt", "edited meanwhile");
    pep.write("new.txt", "new");
    heal(&world, &pep, &anna, true);
    for kept in [&b"a"[..], b"edited meanwhile", b"new"] {
        assert!(anna.tree().holds(kept), "{:?}", anna.tree());
    }
}

/// Joins again as what it was; all comes to be alike, and what both have is not sent again.
fn heal(world: &World, pep: &Home, anna: &Home, is_different: bool) {
    let before = pep.tree();
    pep.json(["join", pep.at(), "--as", "Nobody's home"])
        .expect_failure(1, "unknown_location", &["offsync locations"]);
    let joined = pep.json(["join", pep.at(), "--as", "Pep's home"]);
    joined.expect_code(0);
    before.expect_same(&pep.tree(), "joining again");
    let mut sent = 0;
    for _ in 0..5 {
        for home in [pep, anna] {
            let output = home.json(["sync", home.at()]);
            assert!(matches!(output.code, 0 | 5), "{output}");
            let report = output.only_report();
            sent += if home.at() == pep.at() {
                report["posted"]["payload_bytes"].as_u64().unwrap_or(0)
            } else {
                0
            };
            assert_eq!(report["applied"]["deleted"], 0, "{report:#}");
        }
    }
    settle(&[pep, anna]);
    assert!(anna.has("folder/9.bin") && pep.has("folder/9.bin"));
    assert!(
        sent < if is_different { 200 } else { 1 },
        "what the others hold is not sent again: {sent}"
    );
    assert_eq!(world.waiting(), Vec::<String>::new());
    pep.json(["join", pep.at(), "--as", "Pep's home"])
        .expect_failure(1, "is_an_archive", &["sync"]);
}

#[test]
fn a_wiped_mailbox_is_no_deletion_and_fills_again() {
    let world = World::new();
    let [pep, anna, grandma] = world.trio(fill);
    pep.write("new.txt", "new");
    pep.sync();
    for path in world.mail().keys() {
        fs::remove_file(path).expect("an object can be removed");
    }
    let homes = [&anna, &grandma, &pep];
    for _ in 0..5 {
        for home in homes {
            let output = home.json(["sync", home.at()]);
            assert!(matches!(output.code, 0 | 5), "{output}");
            assert_eq!(output.only_report()["applied"]["deleted"], 0, "{output}");
        }
    }
    settle(&homes);
    assert!(grandma.has("new.txt"));
}

#[test]
fn what_may_have_moved_into_a_folder_that_cannot_be_read_is_no_deletion() {
    let world = World::new();
    let [pep, anna] = world.pair(fill);
    fs::create_dir(pep.folder.join("new")).expect("a folder can be made");
    pep.rename("a.txt", "new/a.txt");
    give_to_nobody(&pep.computer);
    give_to_nobody(pep.folder.parent().expect("a drive"));
    give_to_nobody(&world.mailbox());
    fs::set_permissions(pep.folder.join("new"), fs::Permissions::from_mode(0o000)).expect("it can be closed");
    let sync = || Output::of(without_rights(&mut pep.command(["--json", "sync", pep.at()])));
    let output = sync();
    let document = output.expect_code(5).document();
    assert!(output.stdout.contains("they may have moved into 'new'"), "{output}");
    assert_eq!(document[0]["up_to_date"], false);
    let status = Output::of(without_rights(&mut pep.command(["status", pep.at()])));
    assert!(status.stdout.contains("could not be read here"), "{status}");
    anna.sync();
    assert!(anna.has("a.txt"), "nothing was deleted");
    give_to_nobody(&world.mailbox());
    fs::set_permissions(pep.folder.join("new"), fs::Permissions::from_mode(0o755)).expect("it can be opened");
    sync().expect_code(0);
    assert_eq!(anna.sync()["applied"]["renamed"], 1);
    assert!(anna.has("new/a.txt") && !anna.has("a.txt"));
}
