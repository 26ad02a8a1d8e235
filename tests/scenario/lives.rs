//! Who is counted: ids that were given up, and homes that began with one invitation.

use std::fs;
use std::path::PathBuf;

use crate::restored::clone_drive;
use crate::world::{Home, World, invited, settle, text};

fn fill(pep: &Home) {
    pep.write("a.txt", "a");
    pep.write("2024/b.txt", "b");
}

fn id(home: &Home) -> String {
    let status = home.json(["status", home.at()]).document();
    status[0]["location_id"].as_str().expect("an id").to_owned()
}

/// The ids that a home lists, in order.
fn listed(home: &Home) -> Vec<String> {
    let locations = home.json(["locations", home.at()]).expect_code(0).document();
    let locations = locations.as_array().expect("a list").iter();
    let mut ids: Vec<String> = locations
        .map(|location| location["location_id"].as_str().expect("an id").to_owned())
        .collect();
    ids.sort();
    ids
}

fn assert_each_lists_all(homes: &[&Home]) {
    let mut ids: Vec<String> = homes.iter().map(|home| id(home)).collect();
    ids.sort();
    for home in homes {
        assert_eq!(listed(home), ids, "{}", home.at());
    }
}

fn head(world: &World, id: &str) -> PathBuf {
    let name = format!("head.{id}");
    let mut paths = world.mail().into_keys();
    paths.find(|path| path.ends_with(&name)).expect("it has spoken")
}

/// Anna's computer and her index are lost, and so is her head, or what it said.
fn come_back(is_damaged: bool) {
    let world = World::new();
    let [pep, anna] = world.pair(fill);
    let sheet = world.path("sheet");
    anna.run(["recovery", anna.at(), "--out", text(&sheet)]).expect_code(0);
    let old = head(&world, &id(&anna));
    fs::remove_dir_all(anna.private()).expect("it can be lost");
    fs::remove_dir_all(anna.settings()).expect("a computer can be lost");
    if is_damaged {
        let size = fs::metadata(&old).expect("it is there").len();
        fs::write(&old, vec![7; usize::try_from(size).expect("small")]).expect("it can be damaged");
    } else {
        fs::remove_file(&old).expect("it can be lost");
    }
    anna.run(["join", anna.at(), "--recovery", text(&sheet)]).expect_code(0);
    for home in [&anna, &pep, &anna, &pep] {
        home.json(["sync", home.at()]);
    }
    settle(&[&pep, &anna]);
    assert_each_lists_all(&[&pep, &anna]);
    assert!(!old.exists(), "nobody reads it any more");
    pep.write("new.txt", "new");
    settle(&[&pep, &anna]);
    pep.run(["status", pep.at()])
        .expect_code(0)
        .expect_out("Everything is safe in 2 homes. You can unplug.");
}

#[test]
fn who_comes_back_while_its_own_head_is_gone_is_one_home_to_everybody() {
    come_back(false);
}

#[test]
fn who_comes_back_while_its_own_head_is_damaged_is_one_home_and_the_damage_is_told_no_more() {
    come_back(true);
}

/// Two drives that were begun by one invitation, each at a computer of its own; neither has synced.
fn begun_twice(world: &World, pep: &Home, with_a_copy: bool) -> [Home; 2] {
    let [anna, twin] = [world.home_without_folder("anna"), world.home_without_folder("twin")];
    let words = if with_a_copy {
        let words = world.path("anna.words");
        let copy = ["copy", pep.at(), anna.at(), "--label", "Anna's", "--person", "Anna"];
        pep.run(copy.into_iter().chain(["--phrase-file", text(&words)]))
            .expect_code(0);
        clone_drive(&anna.folder, &twin.folder);
        for home in [&anna, &twin] {
            home.run(["join", home.at(), "--phrase-file", text(&words)])
                .expect_code(0);
        }
        words
    } else {
        let [invitation, words] = invited(world, pep, "Anna's");
        for home in [&anna, &twin] {
            fs::create_dir_all(&home.folder).expect("a drive can be made");
            let join = ["join", home.at(), "--invitation", text(&invitation)];
            home.run(join.into_iter().chain(["--phrase-file", text(&words)]))
                .expect_code(0);
        }
        words
    };
    assert!(words.exists());
    [anna, twin]
}

#[test]
fn one_invitation_on_two_drives_makes_two_homes_and_both_are_waited_for() {
    for with_a_copy in [true, false] {
        let world = World::new();
        let pep = world.home("pep");
        fill(&pep);
        world.init(&pep);
        let [anna, twin] = begun_twice(&world, &pep, with_a_copy);
        let first = id(&anna);
        anna.json(["sync", anna.at()]).expect_code(0);
        let told = twin.run(["sync", twin.at()]);
        let second = id(&twin);
        assert_ne!(first, second);
        told.expect_code(0)
            .expect_out(&format!("it goes on under a new id, [{second:.8}]."))
            .expect_out("`offsync location remove`");
        pep.json(["sync", pep.at()]).expect_code(0);
        // Anna's drive is in its drawer meanwhile.
        for home in [&twin, &pep, &twin, &pep] {
            home.json(["sync", home.at()]).expect_code(0);
        }
        assert!(
            listed(&pep).contains(&first) && listed(&pep).contains(&second),
            "with a copy: {with_a_copy}"
        );
        pep.write("new.txt", "new");
        for home in [&pep, &twin, &pep] {
            home.json(["sync", home.at()]).expect_code(0);
        }
        let waiting = world.waiting();
        assert!(
            waiting.iter().any(|name| name.starts_with("out.")),
            "Anna's drive is waited for: {waiting:?}"
        );
        anna.write("annas.txt", "of the first");
        for home in [&anna, &pep, &twin, &anna] {
            assert_eq!(home.json(["sync", home.at()]).only_report()["took_new_id"], false);
        }
        settle(&[&pep, &anna, &twin]);
        assert_eq!(id(&anna), first);
        assert_each_lists_all(&[&pep, &anna, &twin]);
        assert_eq!(twin.read("annas.txt"), b"of the first");
        assert_eq!(world.waiting(), Vec::<String>::new());
    }
}
