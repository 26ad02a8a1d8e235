//! Two homes of one name: refused where it is known, told with what parts them where it was given far apart.

use crate::membership::{fill, labels, say};
use crate::output::Output;
use crate::world::{Home, World};

#[test]
fn two_homes_never_get_one_name() {
    let world = World::new();
    let [pep, anna] = world.pair(fill);
    let taken = |refused: Output| {
        refused.expect_failure(
            1,
            "label_taken",
            &[
                "'anna's home' [",
                "is a location of this archive already",
                "another label",
                "location replace",
            ],
        );
    };
    let [to, out] = ["drives/another", "invitation"].map(|name| world.path(name));
    let [to, out] = [&to, &out].map(|path| crate::world::text(path));
    let label = " Anna's HOME ";
    taken(pep.json(["copy", pep.at(), to, "--label", label, "--person", "Anna"]));
    taken(pep.json(["invite", pep.at(), "--label", label, "--person", "Anna", "--out", out]));
    taken(pep.json(["location", "rename", pep.at(), "pep", "--label", label]));
    pep.json(["location", "replace", pep.at(), "anna", to, "--label", "Pep's home"])
        .expect_failure(1, "label_taken", &["'Pep's home' ["]);
    assert!(!std::path::Path::new(to).exists() && !std::path::Path::new(out).exists());
    assert_eq!(labels(&pep), ["Pep's home", "anna's home"]);
    // Its own name in other letters is fine, and a name is free again once its home has left.
    say(&pep, &["rename", "anna", "--label", "ANNA'S HOME"]);
    say(&pep, &["remove", "anna", "--yes"]);
    pep.json(["copy", pep.at(), to, "--label", "Anna's home", "--person", "Anna"])
        .expect_code(0);
    pep.sync();
    anna.json(["sync", anna.at()])
        .expect_failure(1, "removed", &["took this copy out"]);
}

#[test]
fn two_homes_that_got_one_name_far_apart_are_told_with_what_parts_them() {
    let world = World::new();
    let [pep, anna] = world.pair(fill);
    say(&pep, &["rename", "Pep's home", "--label", "At home"]);
    say(&anna, &["rename", "anna's home", "--label", "at Home"]);
    let all_hear = || [&pep, &anna, &pep].map(Home::sync);
    all_hear();
    let last = |home: &Home| {
        let list = home.json(["locations", home.at()]).document();
        let ids = list.as_array().expect("a list").iter();
        let ids = ids.map(|one| one["location_id"].as_str().expect("an id").to_owned());
        ids.max().expect("two of them")
    };
    let (id, labels_alike) = (last(&pep), "2 homes are called 'at home': ");
    let rename = format!("`offsync location rename FOLDER {id:.8} --label LABEL` gives one of them another name.");
    for home in [&pep, &anna] {
        for command in ["status", "locations"] {
            let told = home.run([command, home.at()]);
            told.expect_code(0).expect_out(&rename);
            assert!(told.stdout.to_lowercase().contains(labels_alike), "{told}");
        }
    }
    say(&pep, &["rename", &id[..8], "--label", "Elsewhere"]);
    all_hear();
    for home in [&pep, &anna] {
        for command in ["status", "locations"] {
            let told = home.run([command, home.at()]);
            assert!(!told.stdout.contains("homes are called"), "{told}");
        }
    }
}
