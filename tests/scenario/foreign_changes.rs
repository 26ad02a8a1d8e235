//! What people do at either of two homes, one of them on exFAT or FAT: it arrives at the other, and nothing else does.

use std::os::unix::fs::symlink;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::foreign::{Pair, age, fill, of_anna, pair, respell, truth};
use crate::foreign_drive::ForeignDrive;
use crate::foreign_names::ODD;
use crate::interrupted::{kill, start};
use crate::schema;
use crate::world::World;

/// Moments at which a sync is killed.
const KILLS: u32 = 6;

#[test]
fn ordinary_changes_travel_both_ways() {
    let world = World::new();
    let Some(pair) = pair(&world, fill) else { return };
    let Pair { pep, anna, .. } = &pair;
    for (one, other) in [(pep, anna), (anna, pep)] {
        one.write("new/from here.txt", "new");
        one.write("plain.txt", format!("edited {}", one.at()));
        one.rename("Folder/inside.txt", "Folder/moved.txt");
        pair.settle();
        other.rename("Folder", "Other folder");
        respell(other, "plain.txt", "PLAIN.txt");
        pair.settle();
        assert!(one.has("PLAIN.txt") && one.has("Other folder/Deeper/deep.txt"));
        assert!(truth(one).contains_key("PLAIN.txt") && !truth(one).contains_key("plain.txt"));
        respell(one, "Other folder", "other FOLDER");
        pair.settle();
        assert!(
            truth(other).contains_key("other FOLDER"),
            "a change of case alone travels"
        );
        one.remove("new");
        respell(one, "PLAIN.txt", "plain.txt");
        one.rename("other FOLDER/moved.txt", "Folder/inside.txt");
        one.rename("other FOLDER/Deeper", "Folder/Deeper");
        one.remove("other FOLDER");
        pair.settle();
        assert!(!other.has("new") && other.has("Folder/inside.txt"));
        pair.check_quiet();
    }
}

#[test]
fn files_that_were_moved_and_edited_are_deletions_only_where_the_drive_does_not_say_when_they_came_to_be() {
    let world = World::new();
    let made = pair(&world, |pep| {
        (1..=9).for_each(|n| pep.write(&format!("letters/{n}.txt"), format!("letter {n}")));
        age(pep, 86_400);
    });
    let Some(mut pair) = made else { return };
    pair.settle();
    pair.drive.replug(None);
    let Pair { pep, anna, .. } = &pair;
    anna.rename("letters", "answered");
    (1..=9).for_each(|n| anna.write(&format!("answered/{n}.txt"), format!("letter {n}, answered")));
    let told = anna
        .folder
        .join("answered/1.txt")
        .metadata()
        .expect("it is there")
        .created();

    if told.is_err() {
        anna.run(["sync", anna.at()])
            .expect_code(3)
            .expect_out("All 9 files that were in this folder are gone.");
        anna.run(["sync", anna.at(), "--yes"]).expect_code(0);
    }
    pair.settle();

    assert!(pep.has("answered/9.txt") && !pep.has("letters"));
    pair.check_quiet();
}

#[test]
fn names_that_move_on_among_files_that_look_alike_are_renames() {
    let world = World::new();
    let made = pair(&world, |pep| {
        (1..=3).for_each(|n| pep.write(&format!("IMG_{n}.raw"), format!("picture {n}")));
        age(pep, 86_400);
    });
    let Some(mut pair) = made else { return };
    pair.drive.replug(None);
    for n in (1..=3).rev() {
        pair.anna.rename(&format!("IMG_{n}.raw"), &format!("IMG_{}.raw", n + 1));
    }
    let verified = pair.anna.json(["verify", pair.anna.at(), "--all", "--repair"]);
    assert_eq!(verified.document()["damaged"], Value::Array(Vec::new()), "{verified}");
    pair.settle();
    for n in 1..=3 {
        let name = format!("IMG_{}.raw", n + 1);
        assert_eq!(String::from_utf8_lossy(&pair.pep.read(&name)), format!("picture {n}"));
    }
    assert!(!pair.pep.has("IMG_1.raw"));
    pair.check_quiet();
}

#[test]
fn a_folder_that_goes_leaves_the_links_in_it_and_says_so() {
    let world = World::new();
    let made = pair(&world, |pep| {
        fill(pep);
        symlink("inside.txt", pep.folder.join("Folder/link")).expect("a link can be made");
    });
    let Some(pair) = made else { return };
    let Pair { pep, anna, .. } = &pair;
    anna.rename("Folder", "Moved");
    let reason = "it stays where it is in the other homes, and 'Folder' with it, though that was renamed to 'Moved' here: what this drive cannot store does not go along with its folder. Move or delete it in a home whose drive can store it.";
    let diff = anna.json(["diff", anna.at()]).expect_code(0).document();
    schema::check(&diff, &schema::diff(), &["[].warnings"]);
    let lines = diff.as_array().expect("a list").iter();
    let warned: Vec<_> = lines.filter(|line| !line["warnings"].is_null()).collect();
    assert_eq!(warned.len(), 1, "{diff:#}");
    assert_eq!(
        (&warned[0]["path"], &warned[0]["from"], &warned[0]["warnings"]),
        (
            &json!("Moved"),
            &json!("Folder"),
            &json!([format!("in it lies 'Folder/link': {reason}")])
        )
    );
    anna.run(["diff", anna.at()])
        .expect_out(&format!("note: Moved: in it lies 'Folder/link': {reason}"));
    let warnings = anna.sync()["warnings"].clone();
    assert!(
        warnings
            .as_array()
            .is_some_and(|all| all.contains(&json!({"path": "Folder/link", "reason": reason}))),
        "{warnings:#}"
    );
    pair.settle();
    assert!(pep.folder.join("Folder/link").is_symlink() && pep.has("Moved/inside.txt"));
    pair.check_quiet();
}

#[test]
fn links_are_held_not_shown_and_never_deleted() {
    let world = World::new();
    let Some(mut pair) = pair(&world, |pep| {
        fill(pep);
        symlink("plain.txt", pep.folder.join("copied link")).expect("a link can be made");
    }) else {
        return;
    };
    symlink("plain.txt", pair.pep.folder.join("Folder/link")).expect("a link can be made");
    let sentence = format!(
        "it is a link: it cannot be stored at {} and will not appear there.",
        of_anna()
    );
    let diff = pair.pep.run(["diff", pair.pep.at()]);
    let told = format!("created   Folder/link\n  note: Folder/link: {sentence}\n");
    assert_eq!(diff.expect_code(0).stdout, told, "before it is sent");
    let report = pair.pep.sync();
    assert_eq!(report["warnings"][0]["path"], "Folder/link", "{report:#}");
    let said = report["warnings"][0]["reason"].as_str().expect("a sentence");
    assert!(said.contains("link") && said.contains(&of_anna()), "{said}");
    pair.settle();
    pair.anna.write("Folder/beside.txt", "beside");
    pair.settle();
    pair.drive.replug(None);
    pair.check_quiet();
    let report = pair.anna.sync();
    let held: Vec<_> = report["warnings"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|line| &line["path"])
        .collect();
    assert_eq!(held, ["copied link", "Folder/link"], "{report:#}");
    for link in ["Folder/link", "copied link"] {
        assert!(
            pair.pep.folder.join(link).is_symlink(),
            "{link} is still where it can be"
        );
        assert!(!pair.anna.has(link));
    }
    let status = pair.anna.json(["status", pair.anna.at()]).document();
    assert_eq!(status[0]["lacking"]["files"], 2, "{status:#}");
    assert_eq!(status[0]["headline"]["turn"], "nobody", "{status:#}");
    let told = pair.anna.run(["status", pair.anna.at()]);
    told.expect_out("The other homes keep them.\n  `offsync sync FOLDER` says which they are and why.\n");
    let state_of_anna = |pair: &Pair| {
        let status = pair.pep.json(["status", pair.pep.at()]).document();
        let others = status[0]["locations"].as_array().expect("a list").clone();
        let anna = others.iter().find(|one| one["this"] == false).expect("Anna's");
        (anna["state"].clone(), anna["cannot_store"].clone())
    };
    pair.settle();
    assert_eq!(
        state_of_anna(&pair),
        (json!("behind"), json!(2)),
        "nothing is safe with a copy that cannot have it, and no visit changes that"
    );
    let told = pair.pep.run(["status", pair.pep.at()]);
    let sentence = "2 files or links are in this home only: the drive of anna's home cannot store them. Make a copy on another kind of drive.";
    told.expect_out(sentence)
        .expect_out("]: its drive cannot store 2 files or links, last seen ");
    // Where a folder went, its link goes too; nothing is left to be held.
    pair.pep.remove("Folder/link");
    pair.pep.remove("copied link");
    pair.settle();
    assert_eq!(pair.anna.sync()["warnings"], Value::Array(Vec::new()));
    pair.settle();
    assert_eq!(state_of_anna(&pair), (json!("up_to_date"), json!(0)));
}

#[test]
fn a_sync_that_is_killed_and_a_drive_taken_out_end_at_the_same_state() {
    let world = World::new();
    let Some(mut pair) = pair(&world, fill) else { return };
    let mut span = Duration::from_secs(1);
    for round in 0..KILLS {
        for name in ODD {
            pair.pep
                .write(&format!("{round}: {name}/{name}"), format!("{name} {round}"));
            pair.pep.write(name, format!("{name} {round}"));
        }
        if round > 0 {
            pair.pep
                .rename(&format!("{}: CON", round - 1), &format!("moved? {round}"));
            pair.pep.remove(&format!("{}: aux", round - 1));
        }
        pair.pep.sync();
        let began = Instant::now();
        let mut child = start(&pair.anna, &["sync", pair.anna.at()]);
        std::thread::sleep(span * round / KILLS);
        kill(&mut child);
        pair.drive.replug(None);
        pair.anna.sync();
        span = span.min(began.elapsed());
        pair.settle();
    }
    let conflicts = truth(&pair.pep)
        .keys()
        .filter(|path| path.contains("(other version"))
        .count();
    assert_eq!(
        conflicts,
        (1 + KILLS as usize) + KILLS as usize,
        "none but those that are called so"
    );
    pair.check_quiet();
    pair.drive.replug(None);
}

#[test]
fn an_archive_that_begins_there_is_like_any_other() {
    let world = World::new();
    let Some((pep, drive)) = ForeignDrive::home(&world, "anna") else {
        return;
    };
    fill(&pep);
    pep.write("\u{f061}ux", "a true name from before");
    world.init(&pep);
    let other = world.give_copy(&pep, "grandma");
    let pair = Pair {
        pep: other,
        anna: pep,
        drive,
    };
    pair.settle();
    assert_eq!(pair.pep.read("aux"), b"a true name from before");
    pair.pep.write("from ext4: hello", "hello");
    pair.settle();
    pair.check_quiet();
}
