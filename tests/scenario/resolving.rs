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
