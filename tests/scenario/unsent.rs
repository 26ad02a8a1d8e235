//! What was changed here and is not in the mailbox is said to be unsent, whatever the reason, and never called safe.

use std::fs;
use std::path::PathBuf;

use serde_json::json;

use crate::world::{Home, World, settle};

#[test]
fn what_is_unsent_is_said_while_the_mailbox_is_away_too() {
    let world = World::new();
    let [pep, _anna] = world.pair(|pep| pep.write("a.txt", "a"));
    let away = world.path("mailbox in a drawer");
    let told = |unsent: &str, not: &str| {
        let told = pep.run(["status", pep.at()]);
        told.expect_code(0).expect_out(unsent);
        assert!(!told.stdout.contains(not), "{told}");
        told.stdout.clone()
    };
    fs::rename(world.mailbox(), &away).expect("a mailbox can go away");
    told(
        "  The mailbox cannot be reached, so nobody knows here whether the others sent something. Sync again later.\n",
        "safe",
    );
    pep.write("b.txt", "b");
    let said = told(
        "  The mailbox cannot be reached. 1 change is not sent yet: sync again later to send it.\n",
        "safe",
    );
    assert!(said.contains(": 1 change not sent yet, this one\n"), "{said}");
    let status = pep.json(["status", pep.at()]).document();
    assert_eq!(
        status[0]["headline"],
        json!({"kind": "mailbox_away", "unsent": 1}),
        "{status:#}"
    );
    fs::rename(&away, world.mailbox()).expect("it can come back");
    let said = told("  1 change is not sent yet. Sync to send it.\n", "safe");
    assert!(said.contains(": 1 change not sent yet, this one\n"), "{said}");
}

/// Lets the next changeset of a home find no way into the mailbox, until what is given is removed.
fn block_next_changeset(world: &World, home: &Home) -> PathBuf {
    home.sync();
    let last = world
        .mail()
        .into_keys()
        .find(|path| path.to_string_lossy().ends_with(".manifest"));
    let last = last.expect("one waits");
    let name = last.file_name().expect("a name").to_string_lossy().into_owned();
    let [out, author, sequence, end] = name.split('.').collect::<Vec<_>>()[..] else {
        panic!("{name}");
    };
    let next = sequence.parse::<u64>().expect("a number") + 1;
    let blocked = last.with_file_name(format!("{out}.{author}.{next}.{end}"));
    fs::create_dir(&blocked).expect("a folder can be made");
    blocked
}

#[test]
fn what_a_failed_sync_left_behind_is_unsent_until_a_later_one_sends_it() {
    let world = World::new();
    let [pep, anna] = world.pair(|pep| pep.write("a.txt", "a"));
    pep.write("first.txt", "first");
    let blocked = block_next_changeset(&world, &pep);
    pep.write("second.txt", "second");
    pep.write("a.txt", "edited");
    pep.run(["sync", pep.at()]).expect_code(6);
    let unsent = json!([
        {"path": "a.txt", "change": "modified", "from": null, "bytes": 6},
        {"path": "second.txt", "change": "created", "from": null, "bytes": 6},
    ]);
    assert_eq!(pep.json(["diff", pep.at()]).document(), unsent);
    pep.run(["status", pep.at()])
        .expect_out("  2 changes are not sent yet. Sync to send them.\n");
    let status = pep.json(["status", pep.at()]).document();
    assert_eq!(status[0]["local_changes"], json!({"entries": 2, "bytes": 12}));
    pep.write("second.txt", "once more");
    let lines = pep.json(["diff", pep.at()]).document();
    assert_eq!(lines.as_array().map(Vec::len), Some(2), "each path once: {lines:#}");
    pep.write("second.txt", "second");
    fs::remove_dir(&blocked).expect("it can go");
    pep.run(["sync", pep.at(), "--dry-run"])
        .expect_out("  would send: 1 added, 1 changed, 1 retouched (");
    pep.run(["sync", pep.at()])
        .expect_code(0)
        .expect_out("  sent: 1 added, 1 changed, 1 retouched (");
    pep.run(["diff", pep.at()])
        .expect_out("Nothing has changed here since it was last sent.\n");
    settle(&[&anna, &pep]);
    assert_eq!(
        (anna.read("a.txt"), anna.read("second.txt")),
        (b"edited".into(), b"second".into())
    );
}
