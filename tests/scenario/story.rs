//! The demo's story, each step on its own: what is sent, what waits for whom, who has what.

use serde_json::Value;

use crate::world::{Home, World, check_alike, settle};

fn photos(pep: &Home) {
    for number in 0..12_u32 {
        let folder = if number < 6 { "2024/Summer" } else { "2025/Pyrenees" };
        pep.write(&format!("{folder}/IMG_{number:04}.jpg"), noise(number, 12_000));
    }
    pep.write("Notes.txt", "Photos of the family.\n");
}

/// Bytes that do not compress, the same for the same seed.
pub(crate) fn noise(seed: u32, length: usize) -> Vec<u8> {
    let mut state = u64::from(seed).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32
    };
    let mut bytes = Vec::with_capacity(length + 4);
    while bytes.len() < length {
        bytes.extend_from_slice(&u32::to_le_bytes(u32::try_from(next()).unwrap_or_default()));
    }
    bytes.truncate(length);
    bytes
}

#[track_caller]
pub(crate) fn expect_applied(report: &Value, wanted: [u64; 5]) {
    let names = ["created", "modified", "deleted", "renamed", "metadata"];
    let applied = names.map(|name| report["applied"][name].as_u64().expect("a figure"));
    assert_eq!(applied, wanted, "{names:?} in {report:#}");
}

#[test]
fn a_copy_is_verified_and_joins_without_copying_again() {
    let world = World::new();
    let pep = world.home("pep");
    photos(&pep);
    world.init(&pep);
    let grandma = world.give_copy(&pep, "grandma");
    check_alike(&[&pep, &grandma]);
    let before = grandma.tree();
    let first = pep.sync();
    assert_eq!(
        first["posted"]["payload_bytes"], 0,
        "the copy carries the content already: {first:#}"
    );
    let report = grandma.sync();
    assert_eq!(
        (&report["scanned"]["files"], &report["up_to_date"]),
        (&13.into(), &true.into()),
        "{report:#}"
    );
    expect_applied(&report, [0; 5]);
    before.expect_same(&grandma.tree(), "joining");
}

#[test]
fn changes_reach_each_home_when_it_syncs_and_then_leave_the_mailbox() {
    let world = World::new();
    let [pep, anna, grandma] = world.trio(photos);
    assert_eq!(world.waiting(), Vec::<String>::new());
    // First week: new photos, an edit.
    for number in 12..16 {
        pep.write(&format!("2025/Pyrenees/IMG_{number:04}.jpg"), noise(number, 12_000));
    }
    pep.write("Notes.txt", "Photos of the family.\nPyrenees are done.\n");
    let first = pep.sync();
    assert_eq!(
        (&first["posted"]["changesets"], &first["posted"]["entries"]),
        (&1.into(), &5.into())
    );
    let payload = first["posted"]["payload_bytes"].as_u64().expect("a figure");
    assert!(
        (48_000..50_000).contains(&payload),
        "four photos and a note were sent: {payload}"
    );
    // Second week: a folder gets another name, a photo goes.
    pep.rename("2024/Summer", "2024/Summer in Calella");
    pep.remove("2025/Pyrenees/IMG_0006.jpg");
    let second = pep.sync();
    assert_eq!(
        second["posted"]["payload_bytes"], 0,
        "a rename sends no content: {second:#}"
    );
    assert!(second["posted"]["uploaded_bytes"].as_u64() < Some(5_000), "{second:#}");
    // Anna: both weeks at once.
    let report = anna.sync();
    assert_eq!(report["fetched"]["changesets"], 2);
    expect_applied(&report, [4, 1, 1, 6, 0]);
    check_alike(&[&pep, &anna]);
    assert!(
        !world.waiting().is_empty(),
        "Grandma was away, so the mailbox keeps it for her"
    );
    // Grandma: the last one has it, so it goes.
    let report = grandma.sync();
    expect_applied(&report, [4, 1, 1, 6, 0]);
    assert!(report["pruned"]["objects"].as_u64() > Some(0), "{report:#}");
    check_alike(&[&pep, &grandma]);
    assert_eq!(world.waiting(), Vec::<String>::new(), "everybody has everything");
}

#[test]
fn a_note_edited_in_two_homes_is_kept_twice_in_every_home() {
    let world = World::new();
    let [pep, anna, grandma] = world.trio(photos);
    pep.write("Notes.txt", "Pep was here.\n");
    anna.write("Notes.txt", "Anna was here.\n");
    let sent = pep.sync();
    assert_eq!(sent["conflicts"], Value::Array(Vec::new()));
    let report = anna.sync();
    let conflicts = report["conflicts"].as_array().expect("a list");
    assert_eq!(conflicts.len(), 1, "{report:#}");
    assert_eq!(conflicts[0]["path"], "Notes.txt");
    let copy = conflicts[0]["copy"].as_str().expect("a path").to_owned();
    assert!(
        copy.starts_with("Notes (other version ") && copy.ends_with(").txt"),
        "{copy}"
    );
    settle(&[&pep, &anna, &grandma]);
    let mut kept = [grandma.read("Notes.txt"), grandma.read(&copy)];
    kept.sort();
    assert_eq!(kept, [b"Anna was here.\n".to_vec(), b"Pep was here.\n".to_vec()]);
    assert_eq!(world.waiting(), Vec::<String>::new(), "everybody has everything");
    assert_eq!(grandma.json(["status", grandma.at()]).document()[0]["conflicts"], 1);
}

#[test]
fn a_sync_with_nothing_new_puts_nothing_anywhere() {
    let world = World::new();
    let [pep, anna] = world.pair(photos);
    let mail = world.mail();
    for home in [&pep, &anna] {
        let report = home.sync();
        assert_eq!(report["posted"]["uploaded_bytes"], 0, "{report:#}");
        expect_applied(&report, [0; 5]);
    }
    assert_eq!(world.mail(), mail);
}
