//! Conflicts one of whose versions an exFAT or FAT drive cannot store: listed there, and answered there, as everywhere else.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::foreign::{Pair, fill, pair};
use crate::schema;
use crate::story::noise;
use crate::world::{Home, World};

const CONFLICTS_MORE: [&str; 7] = [
    "[].path_base64",
    "[].winner.label",
    "[].loser.label",
    "[].winner.kind",
    "[].loser.kind",
    "[].winner.not_shown",
    "[].loser.not_shown",
];

const NO_LINKS: &str = "it is a link: this drive cannot store it";

fn make_link(home: &Home, at: &str) {
    symlink("plain.txt", home.folder.join(at)).expect("a link can be made");
}

/// Lets Pep make links and Anna files of the same names; who syncs first loses the names.
fn in_conflict(pair: &Pair, names: &[&str], first: &Home) {
    for name in names {
        make_link(&pair.pep, name);
        pair.anna.write(name, format!("Anna's {name}"));
    }
    first.sync();
    pair.anna.sync();
    pair.pep.sync();
    pair.anna.sync();
}

fn conflicts(home: &Home) -> Vec<Value> {
    let list = home.json(["conflicts", home.at()]).expect_code(0).document();
    schema::check(&list, &schema::conflicts(), &CONFLICTS_MORE);
    list.as_array().expect("a list").clone()
}

fn resolve(home: &Home, path: &str, keep: &str) -> String {
    let done = home.run(["resolve", home.at(), path, "--keep", keep]);
    done.expect_code(0).stdout.clone()
}

/// Gives what has a name at a home: a link's target, or a file's content.
fn stands(home: &Home, name: &str) -> Option<String> {
    let at = home.folder.join(name);
    let link = fs::read_link(&at).ok().map(|to| format!("-> {}", to.display()));
    link.or_else(|| fs::read_to_string(&at).ok())
}

#[test]
fn a_conflict_with_a_link_is_listed_and_answered_where_the_link_cannot_be_shown() {
    let world = World::new();
    let Some(mut pair) = pair(&world, fill) else { return };
    in_conflict(&pair, &["loses-1", "loses-2", "loses-3"], &pair.pep);
    in_conflict(&pair, &["wins-1", "wins-2", "wins-3"], &pair.anna);
    let (all, seen) = (conflicts(&pair.anna), conflicts(&pair.pep));
    assert_eq!((all.len(), seen.len()), (6, 6), "{all:#?}");
    for (line, seen) in all.iter().zip(&seen) {
        let is_link = |side: &str| seen[side]["kind"] == "link";
        let wins = line["path"].as_str().expect("a path").starts_with("wins");
        assert_eq!(is_link("winner"), wins, "{seen:#}");
        for side in ["winner", "loser"] {
            for field in ["kind", "label", "location", "size_bytes"] {
                assert_eq!(line[side][field], seen[side][field], "{line:#}");
            }
            let reason = if is_link(side) { json!(NO_LINKS) } else { Value::Null };
            assert_eq!(
                (&line[side]["not_shown"], &seen[side]["not_shown"]),
                (&reason, &Value::Null)
            );
        }
    }
    pair.anna
        .run(["conflicts", pair.anna.at()])
        .expect_out(&format!(" by Pep's home (a link), not shown here ({NO_LINKS})\n"));
    let status = pair.anna.json(["status", pair.anna.at()]).document();
    assert_eq!(status[0]["conflicts"], 6, "{status:#}");

    let elsewhere = "stays; the other, which this drive cannot store, goes to the trash of the homes that have it.\n";
    let here = "stays; the other is in the trash. This drive cannot store the one that stays; other homes keep it.\n";
    for (path, keep, said) in [
        ("loses-1", "winner", elsewhere),
        ("loses-2", "copy", here),
        ("wins-1", "winner", here),
        ("wins-2", "copy", elsewhere),
    ] {
        let told = resolve(&pair.anna, path, keep);
        assert!(told.contains(&format!("One version of {path} {said}")), "{told}");
    }
    for path in ["loses-3", "wins-3"] {
        let told = resolve(&pair.anna, path, "both");
        let said = format!(
            "One version is {path} (kept) now; the other stays {path} in the homes whose drives can store it, which this one cannot.\n"
        );
        assert!(told.contains(&said), "{told}");
    }
    assert_eq!(conflicts(&pair.anna), [Value::Null; 0]);
    let diff = pair.anna.json(["diff", pair.anna.at()]).document();
    let change_of = |path: &Value| {
        let mut lines = diff.as_array().expect("a list").iter();
        lines
            .find(|line| line["path"] == *path)
            .map_or(Value::Null, |line| line["change"].clone())
    };
    for line in &all {
        let path = line["path"].as_str().expect("a path");
        let (of_name, of_copy) = match path.split_once('-').expect("one of six").1 {
            "1" => (json!(null), json!("deleted")),
            "2" => (json!("modified"), json!(null)),
            _ => continue,
        };
        assert_eq!(
            (change_of(&line["path"]), change_of(&line["copy"])),
            (of_name, of_copy),
            "{path}: {diff:#}"
        );
    }
    pair.settle();
    pair.drive.replug(None);
    pair.check_quiet();

    assert!(world.waiting().is_empty(), "{:?}", world.waiting());
    assert_eq!(conflicts(&pair.pep), [Value::Null; 0]);
    for (name, kept) in [
        ("loses-1", "Anna's loses-1"),
        ("loses-2", "-> plain.txt"),
        ("loses-3", "-> plain.txt"),
        ("loses-3 (kept)", "Anna's loses-3"),
        ("wins-1", "-> plain.txt"),
        ("wins-2", "Anna's wins-2"),
        ("wins-3", "-> plain.txt"),
        ("wins-3 (kept)", "Anna's wins-3"),
    ] {
        assert_eq!(stands(&pair.pep, name).as_deref(), Some(kept), "{name}");
        let shown = (!kept.starts_with("->")).then(|| kept.to_owned());
        assert_eq!(stands(&pair.anna, name), shown, "{name}");
    }
    for content in ["Anna's loses-2", "Anna's wins-1"] {
        assert!(
            pair.anna.keeps(content.as_bytes()) && pair.pep.keeps(content.as_bytes()),
            "{content}"
        );
    }
}

#[test]
fn a_copy_whose_name_is_too_long_there_is_one_of_two_versions_all_the_same() {
    let world = World::new();
    let Some(pair) = pair(&world, fill) else { return };
    // Spelled as the drive can read it back it fits just so, and with the mark of a copy no more.
    for (letter, keep) in [("a", "winner"), ("b", "copy")] {
        let name = format!("{letter}{}", "?".repeat(79));
        pair.pep.write(&name, "Pep's");
        pair.anna.write(&crate::foreign::spelled(&name), "Anna's");
        for home in [&pair.pep, &pair.anna, &pair.pep, &pair.anna] {
            home.sync();
        }
        let (all, seen) = (conflicts(&pair.anna), conflicts(&pair.pep));
        assert_eq!((all.len(), &all[0]["copy"]), (1, &seen[0]["copy"]), "{all:#?}");
        assert_eq!(
            all[0]["loser"]["not_shown"], "the name is too long: this drive cannot store it",
            "{all:#?}"
        );
        let side = if keep == "winner" { "path" } else { "copy" };
        let kept = pair.pep.read(seen[0][side].as_str().expect("a path"));
        resolve(&pair.anna, all[0]["copy"].as_str().expect("a path"), keep);
        pair.settle();
        assert_eq!(pair.pep.read(&name), kept);
        assert_eq!(conflicts(&pair.pep), [Value::Null; 0]);
        pair.check_quiet();
    }
    // Where a link has the name, what cannot stand beside it stays where it was.
    let name = format!("c{}", "?".repeat(79));
    make_link(&pair.pep, &name);
    pair.anna.write(&crate::foreign::spelled(&name), "Anna's");
    pair.anna.sync();
    pair.pep.sync();
    let report = pair.anna.sync();
    let mut warnings = report["warnings"].as_array().expect("a list").iter();
    let said = warnings.find(|line| line["path"] == *name).expect("it is said");
    assert_eq!(
        said["reason"],
        format!("{NO_LINKS}. Another version stands here, and the other copies keep it."),
        "{report:#}"
    );
    assert_eq!(pair.anna.read(&crate::foreign::spelled(&name)), b"Anna's");
}

#[test]
fn what_cannot_be_decided_there_is_refused_and_says_where_it_can() {
    let world = World::new();
    let Some(pair) = pair(&world, fill) else { return };
    let grandma = world.give_copy(&pair.pep, "grandma");
    pair.settle();
    for home in [&grandma, &pair.pep, &pair.anna] {
        home.sync();
    }
    make_link(&pair.pep, "thing");
    pair.anna.write("thing/inside.txt", "inside");
    make_link(&pair.pep, "two");
    symlink("empty.txt", grandma.folder.join("two")).expect("a link can be made");
    for home in [&pair.pep, &pair.anna, &grandma, &pair.pep, &pair.anna] {
        home.sync();
    }
    let refuse = |path: &str, keep: &str, code: &str, said: &[&str]| {
        let before = pair.anna.tree();
        let refused = pair.anna.json(["resolve", pair.anna.at(), path, "--keep", keep]);
        refused.expect_failure(1, code, said);
        before.expect_same(&pair.anna.tree(), "a refused decision");
    };
    let no_name = [
        "cannot get a name of its own here: this drive cannot store it.",
        "Say `--keep both` in a home whose drive can store it",
    ];
    for path in ["thing", "two"] {
        refuse(path, "both", "not_shown", &no_name);
    }
    refuse("thing", "copy", "is_a_folder", &["'thing' is a folder"]);
    resolve(&pair.anna, "thing", "winner");
    resolve(&pair.anna, "two", "copy");
    for home in [&pair.anna, &pair.pep, &grandma] {
        home.sync();
    }
    assert_eq!(stands(&pair.pep, "thing/inside.txt").as_deref(), Some("inside"));
    assert_eq!(conflicts(&grandma), [Value::Null; 0]);

    // The one that has the name has not come: nothing here could give way to the other.
    make_link(&grandma, "film");
    grandma.sync();
    fs::write(pair.pep.folder.join("film"), noise(7, 3_000_000)).expect("a file can be written");
    pair.pep.sync();
    let is_pack = |at: &&PathBuf| at.extension().is_some_and(|kind| kind == "pack");
    for pack in world.mail().keys().filter(is_pack) {
        fs::remove_file(pack).expect("it is there");
    }
    pair.anna.json(["sync", pair.anna.at()]);
    assert_eq!(conflicts(&pair.anna).len(), 1);
    let not_yet = ["'film' is not on this drive yet", "Sync until it has come"];
    for keep in ["copy", "both"] {
        refuse("film", keep, "not_shown", &not_yet);
    }
}
