//! What a person does to files while nothing runs, each in one home, seen in the other after two syncs.

use std::fs;
use std::os::unix::fs::symlink;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::story::{expect_applied, noise};
use crate::tree::Thing;
use crate::world::{Home, World, check_alike, settle};

fn fill(pep: &Home) {
    pep.write("a.txt", "content of a");
    pep.write("b.txt", "content of b");
    pep.write("folder/c.txt", "content of c");
    pep.write("folder/deep/d.bin", noise(4, 100_000));
    pep.write("other/e.txt", "content of e");
}

/// Does something at Pep's and lets it reach Anna; gives what was sent and what was applied.
fn check(before: impl FnOnce(&Home), doing: impl FnOnce(&Home)) -> [Value; 2] {
    let world = World::new();
    let [pep, anna] = world.pair(|pep| {
        fill(pep);
        before(pep);
    });
    doing(&pep);
    let sent = pep.sync();
    let applied = anna.sync();
    check_alike(&[&pep, &anna]);
    assert_eq!(
        (&sent["conflicts"], &applied["conflicts"]),
        (&Value::Array(vec![]), &Value::Array(vec![]))
    );
    settle(&[&pep, &anna]);
    assert_eq!(world.waiting(), Vec::<String>::new());
    [sent, applied]
}

/// As [`check`], and no content was sent for it.
fn check_free(before: impl FnOnce(&Home), doing: impl FnOnce(&Home)) -> [Value; 2] {
    let [sent, applied] = check(before, doing);
    assert_eq!(sent["posted"]["payload_bytes"], 0, "{sent:#}");
    assert_ne!(sent["posted"]["entries"], 0, "{sent:#}");
    [sent, applied]
}

fn nothing(_: &Home) {}

#[test]
fn a_deletion_goes_to_the_trash_of_the_other_home() {
    let world = World::new();
    let [pep, anna] = world.pair(fill);
    pep.remove("a.txt");
    pep.sync();
    expect_applied(&anna.sync(), [0, 0, 1, 0, 0]);
    check_alike(&[&pep, &anna]);
    assert!(anna.keeps(b"content of a"), "it lies in the trash for a time");
}

#[test]
fn a_change_of_case_is_one_edit_without_content() {
    let [sent, _] = check_free(nothing, |pep| pep.rename("a.txt", "A.TXT"));
    assert_eq!(sent["posted"]["entries"], 1, "{sent:#}");
}

#[test]
fn a_change_of_case_of_a_folder_is_one_edit_without_content() {
    let [sent, _] = check_free(nothing, |pep| pep.rename("folder", "Folder"));
    assert_eq!(sent["posted"]["entries"], 1, "{sent:#}");
}

#[test]
fn another_time_sends_no_content_even_before_1970_and_far_ahead() {
    let times = [
        SystemTime::UNIX_EPOCH - Duration::new(86_400 * 365, 1),
        SystemTime::UNIX_EPOCH,
        SystemTime::UNIX_EPOCH + Duration::new(4_000_000_000, 123_456_789),
    ];
    let [_, applied] = check_free(nothing, |pep| {
        for (path, time) in ["a.txt", "b.txt", "folder/c.txt"].into_iter().zip(times) {
            let file = fs::File::options()
                .write(true)
                .open(pep.folder.join(path))
                .expect("it is there");
            file.set_modified(time).expect("a time can be set");
        }
    });
    expect_applied(&applied, [0, 0, 0, 0, 3]);
}

#[test]
fn an_edit_in_place_that_keeps_size_and_time_is_seen() {
    let [_, applied] = check(nothing, |pep| {
        let at = pep.folder.join("a.txt");
        let time = fs::metadata(&at)
            .and_then(|meta| meta.modified())
            .expect("it has a time");
        let mut file = fs::File::options().write(true).open(&at).expect("it is there");
        std::io::Write::write_all(&mut file, b"CONTENT").expect("it can be written");
        file.set_modified(time).expect("a time can be set");
    });
    expect_applied(&applied, [0, 1, 0, 0, 0]);
}

#[test]
fn an_edit_in_the_middle_of_a_large_file_sends_a_piece_of_it() {
    let large = noise(5, 12 << 20);
    let [sent, _] = check(
        |pep| pep.write("large.bin", &large),
        |pep| {
            let mut edited = large.clone();
            edited.splice((6 << 20)..(6 << 20), *b"inserted");
            pep.write("large.bin", edited);
        },
    );
    let payload = sent["posted"]["payload_bytes"].as_u64().expect("a figure");
    assert!(payload < 7 << 20, "of 12 MiB only what changed is sent: {payload}");
}

#[test]
fn a_file_becomes_a_folder_and_a_folder_a_file() {
    check(nothing, |pep| {
        pep.remove("a.txt");
        pep.write("a.txt/now/inside.txt", "inside");
        pep.remove("other");
        pep.write("other", "a file now");
    });
}

#[test]
fn a_file_becomes_a_folder_and_back() {
    let world = World::new();
    let [pep, anna] = world.pair(fill);
    pep.remove("a.txt");
    pep.write("a.txt/inside.txt", "inside");
    settle(&[&pep, &anna]);
    anna.remove("a.txt");
    anna.write("a.txt", "a file again");
    settle(&[&anna, &pep]);
    assert_eq!(pep.read("a.txt"), b"a file again");
}

#[test]
fn a_file_becomes_a_link_and_a_link_a_file() {
    check(
        |pep| symlink("a.txt", pep.folder.join("link")).expect("a link can be made"),
        |pep| {
            pep.remove("b.txt");
            symlink("a.txt", pep.folder.join("b.txt")).expect("a link can be made");
            pep.remove("link");
            pep.write("link", "a file now");
        },
    );
}

#[test]
fn empty_folders_and_empty_files_travel_and_go() {
    let make = |pep: &Home| {
        fs::create_dir_all(pep.folder.join("empty/below/deep")).expect("a folder can be made");
        pep.write("nothing.txt", "");
        pep.write("other/nothing.txt", "");
    };
    check_free(nothing, make);
    check_free(make, |pep| {
        pep.remove("empty/below");
        pep.remove("nothing.txt");
    });
    check_free(make, |pep| pep.rename("empty", "still empty"));
}

#[test]
fn links_travel_as_data_and_are_never_followed() {
    let world = World::new();
    let outside = world.path("outside");
    fs::create_dir(&outside).expect("a folder can be made");
    fs::write(outside.join("secret.txt"), "secret").expect("a file can be written");
    let [pep, anna] = world.pair(fill);
    let targets = [
        "a.txt",
        "no/such/thing",
        "..",
        "/etc",
        "../../../outside",
        ".",
        "",
        "odd\nname \u{1b}",
    ];
    for (number, target) in targets.iter().enumerate() {
        // Linux refuses an empty link itself.
        let _ = symlink(target, pep.folder.join(format!("link {number}")));
    }
    symlink(&outside, pep.folder.join("to outside")).expect("a link can be made");
    let report = pep.sync();
    assert_eq!(report["posted"]["payload_bytes"], 0, "{report:#}");
    settle(&[&pep, &anna]);
    assert_eq!(
        anna.tree().get("link 1"),
        Some(&Thing::Symlink(b"no/such/thing".to_vec()))
    );
    assert!(!pep.tree().holds(b"secret"));
    // A link where a folder was: what lay in the folder is not looked for behind the link.
    fs::create_dir(outside.join("deep")).expect("a folder can be made");
    pep.remove("folder");
    symlink(&outside, pep.folder.join("folder")).expect("a link can be made");
    pep.sync();
    anna.write("folder/late.txt", "late");
    settle(&[&anna, &pep]);
    let left: Vec<_> = fs::read_dir(&outside)
        .expect("it is there")
        .flatten()
        .map(|entry| entry.file_name())
        .collect();
    assert_eq!(left.len(), 2, "nothing is written or deleted behind a link: {left:?}");
    assert_eq!(fs::read(outside.join("secret.txt")).expect("it is there"), b"secret");
    assert!(
        anna.keeps(b"late") && pep.keeps(b"late"),
        "what was added meanwhile is kept"
    );
}
