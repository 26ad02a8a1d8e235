//! `conflicts` and `resolve`: a person decides, the other version lies in the trash, and everybody hears of it.

use serde_json::Value;

use crate::schema::{self, check};
use crate::world::{Home, World, settle};

/// Pep and Anna edit the same note, each at home.
fn in_conflict(world: &World) -> ([Home; 2], Value) {
    let [pep, anna] = world.pair(|pep| {
        pep.write("notes.txt", "first");
        pep.write("stays.txt", "stays");
    });
    pep.write("notes.txt", "Pep's");
    anna.write("notes.txt", "Anna's own");
    settle(&[&pep, &anna]);
    let list = pep.json(["conflicts", pep.at()]).expect_code(0).document();
    check(
        &list,
        &schema::conflicts(),
        &["[].path_base64", "[].winner.label", "[].loser.label"],
    );
    assert_eq!(list.as_array().map(Vec::len), Some(1), "{list:#}");
    let line = list[0].clone();
    ([pep, anna], line)
}

fn content(home: &Home, path: &Value) -> Vec<u8> {
    home.read(path.as_str().expect("a path"))
}

fn expect_one_version(homes: [&Home; 2], kept: &[u8], dropped: &[u8]) {
    settle(&homes);
    for home in homes {
        assert_eq!(home.read("notes.txt"), kept);
        assert!(!home.tree().holds(dropped), "{:?}", home.tree());
        assert_eq!(home.json(["conflicts", home.at()]).document(), serde_json::json!([]));
    }
    assert!(
        crate::tree::of(&homes[0].private()).holds(dropped),
        "what was not kept lies in the trash"
    );
}

#[test]
fn the_version_that_has_the_name_stays() {
    let world = World::new();
    let ([pep, anna], line) = in_conflict(&world);
    let sizes = [&line["winner"]["size_bytes"], &line["loser"]["size_bytes"]];
    let (winner, loser) = (content(&pep, &line["path"]), content(&pep, &line["copy"]));
    assert_eq!(sizes, [&Value::from(winner.len()), &Value::from(loser.len())]);
    let told = pep.run(["conflicts", pep.at()]);
    assert!(
        told.stdout.contains("by Pep's home") && told.stdout.contains("by anna's home"),
        "{told}"
    );
    let done = pep.run(["resolve", pep.at(), "notes.txt", "--keep", "winner"]);
    assert!(
        done.expect_code(0).stdout.contains("the other is in the trash"),
        "{done}"
    );
    expect_one_version([&pep, &anna], &winner, &loser);
}

#[test]
fn the_version_beside_it_stays() {
    let world = World::new();
    let ([pep, anna], line) = in_conflict(&world);
    let (winner, loser) = (content(&pep, &line["path"]), content(&pep, &line["copy"]));
    let copy = line["copy"].as_str().expect("a path");
    pep.json(["resolve", pep.at(), copy, "--keep", "copy"]).expect_code(0);
    expect_one_version([&pep, &anna], &loser, &winner);
}

#[test]
fn both_stay_under_names_of_their_own() {
    let world = World::new();
    let ([pep, anna], line) = in_conflict(&world);
    let (winner, loser) = (content(&pep, &line["path"]), content(&pep, &line["copy"]));
    let done = pep
        .json(["resolve", pep.at(), "notes.txt", "--keep", "both"])
        .expect_code(0)
        .document();
    assert_eq!(
        done,
        serde_json::json!([{"path": "notes.txt", "copy": "notes (kept).txt"}])
    );
    settle(&[&pep, &anna]);
    for home in [&pep, &anna] {
        assert_eq!(
            (home.read("notes.txt"), home.read("notes (kept).txt")),
            (winner.clone(), loser.clone())
        );
        assert_eq!(home.json(["conflicts", home.at()]).document(), serde_json::json!([]));
    }
}

#[test]
fn what_is_in_no_conflict_is_refused() {
    let world = World::new();
    let ([pep, _], line) = in_conflict(&world);
    let before = pep.tree();
    let refused = pep.json(["resolve", pep.at(), "stays.txt", "--keep", "winner"]);
    refused.expect_failure(1, "no_conflict", &["'stays.txt' is not kept in two versions"]);
    let usage = pep.json(["resolve", pep.at(), "notes.txt", "--keep", "mine"]);
    usage.expect_failure(2, "usage", &["winner"]);
    before.expect_same(&pep.tree(), "nothing was decided");
    assert!(pep.has(line["copy"].as_str().expect("a path")));
}

/// Keeps notes in two versions in each of some folders, alike in all homes; gives the lines of the conflicts by folder.
fn in_many_conflicts(world: &World, folders: &[String]) -> ([Home; 3], Vec<Value>) {
    let homes = world.trio(|pep| {
        let write = |folder: &String| pep.write(&format!("{folder}/notes.txt"), format!("first in {folder}"));
        folders.iter().for_each(write);
    });
    for (home, who) in homes.iter().zip(["Pep", "Anna"]) {
        let write = |folder: &String| home.write(&format!("{folder}/notes.txt"), format!("{who}'s in {folder}"));
        folders.iter().for_each(write);
    }
    settle(&homes.each_ref());
    let list = homes[0].json(["conflicts", homes[0].at()]).document();
    let lines = list.as_array().expect("a list").clone();
    let find = |folder: &String| {
        let is_its = |line: &&Value| line["path"].as_str() == Some(&format!("{folder}/notes.txt"));
        lines.iter().find(is_its).expect("each is in conflict").clone()
    };
    let lines = folders.iter().map(find).collect();
    (homes, lines)
}

#[test]
fn whatever_two_homes_decide_at_the_same_time_ends_alike() {
    const WAYS: [&str; 3] = ["winner", "copy", "both"];
    let pairs: Vec<[&str; 2]> = WAYS.iter().flat_map(|a| WAYS.map(|b| [*a, b])).collect();
    let folders: Vec<String> = pairs.iter().map(|[a, b]| format!("{a} and {b}")).collect();
    for is_anna_first in [false, true] {
        let world = World::in_memory();
        let (homes, lines) = in_many_conflicts(&world, &folders);
        let mut wanted = Vec::new();
        for (pair, line) in pairs.iter().zip(&lines) {
            let [winner, loser] = ["path", "copy"].map(|side| content(&homes[0], &line[side]));
            let has_name = if pair.contains(&"copy") { &loser } else { &winner };
            let kept = pair.contains(&"both").then(|| loser.clone());
            wanted.push((has_name.clone(), kept));
            for (home, keep) in homes.iter().zip(pair) {
                let path = line["path"].as_str().expect("a path");
                home.json(["resolve", home.at(), path, "--keep", keep]).expect_code(0);
            }
        }
        let [pep, anna, grandma] = homes.each_ref();
        let order = if is_anna_first {
            [anna, grandma, pep]
        } else {
            [pep, anna, grandma]
        };
        settle(&order);
        for (folder, (has_name, kept)) in folders.iter().zip(&wanted) {
            assert_eq!(grandma.read(&format!("{folder}/notes.txt")), *has_name, "{folder}");
            let beside = format!("{folder}/notes (kept).txt");
            let found = grandma.has(&beside).then(|| grandma.read(&beside));
            assert_eq!(found, *kept, "{folder}");
            let count = grandma.tree().below(folder).len();
            assert_eq!(count, 2 + usize::from(kept.is_some()), "nothing else in {folder}");
        }
        for home in order {
            assert_eq!(home.json(["conflicts", home.at()]).document(), serde_json::json!([]));
        }
    }
}

#[test]
fn where_the_version_that_has_the_name_is_deleted_the_other_takes_it_everywhere() {
    let world = World::in_memory();
    let (homes, lines) = in_many_conflicts(&world, &["one".to_owned(), "two".to_owned()]);
    let [pep, anna, grandma] = homes.each_ref();
    let losers = [0, 1].map(|n| content(pep, &lines[n]["copy"]));
    let winners = [0, 1].map(|n| content(pep, &lines[n]["path"]));
    pep.remove("one/notes.txt");
    anna.remove("two/notes.txt");
    settle(&[anna, grandma, pep]);
    assert_eq!([grandma.read("one/notes.txt"), grandma.read("two/notes.txt")], losers);
    assert_eq!(grandma.tree().len(), 4, "two folders with one file each");
    assert!(
        winners.iter().all(|winner| grandma.keeps(winner)),
        "the trash keeps them"
    );
    assert_eq!(pep.json(["conflicts", pep.at()]).document(), serde_json::json!([]));
}

#[test]
fn a_note_edited_in_three_homes_is_kept_three_times_until_somebody_decides() {
    let world = World::in_memory();
    let homes = world.trio(|pep| pep.write("notes.txt", "first"));
    for (number, home) in homes.iter().enumerate() {
        home.write("notes.txt", format!("edited by {number}"));
    }
    settle(&homes.each_ref());
    let [pep, anna, grandma] = homes.each_ref();
    let mut kept = grandma.tree().contents();
    kept.sort();
    assert_eq!(kept, ["edited by 0", "edited by 1", "edited by 2"]);
    let list = pep.json(["conflicts", pep.at()]).document();
    let copies: Vec<&str> = list
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|line| line["copy"].as_str())
        .collect();
    assert_eq!(copies.len(), 2, "{list:#}");
    let has_name = pep.read("notes.txt");
    let second = pep.read(copies[1]);
    // Each decides about another copy, at the same time.
    pep.remove(copies[0]);
    anna.rename(copies[1], "mine.txt");
    settle(&[grandma, anna, pep]);
    assert_eq!(
        (grandma.read("notes.txt"), grandma.read("mine.txt")),
        (has_name, second)
    );
    assert_eq!(grandma.tree().len(), 2);
    assert_eq!(
        grandma.json(["conflicts", grandma.at()]).document(),
        serde_json::json!([])
    );
}
