//! What no sound mailbox and no sound drive shows: it is said or refused, it heals, and nothing is lost by it.

use std::fs;
use std::path::PathBuf;

use crate::restored::clone_drive;
use crate::world::{Home, World, check_alike, settle, text};

const WENT_BACK: &str =
    "  The mailbox went back to an earlier state. Nothing is lost: everything is sent again where it lacks.\n";
const NOT_ALL: &str = "  Not all is here yet. What lacks arrives as the others sync and you sync after them.\n";
const NEW_ID: &str = "  This drive was restored, or is a copy of another: it goes on under a new id, [";

fn fill(pep: &Home) {
    for name in ["a.txt", "b.txt", "folder/c.txt"] {
        pep.write(name, format!("{name} as it was"));
    }
}

/// Gives the changesets of a home that lie in the mailbox, the first one first.
fn changesets(world: &World, of: &Home) -> Vec<PathBuf> {
    let start = format!("/out.{}.", of.noted("location"));
    let all = world.mail().into_keys();
    let mut all: Vec<_> = all
        .filter(|path| text(path).contains(&start) && text(path).ends_with(".manifest"))
        .collect();
    all.sort_by_key(|path| sequence(path));
    all
}

fn sequence(changeset: &std::path::Path) -> u64 {
    let mut parts = text(changeset).rsplit('.');
    parts.nth(1).and_then(|number| number.parse().ok()).expect("a number")
}

/// Gives where a home's head lies.
fn head(world: &World, of: &Home) -> PathBuf {
    let name = format!("/head.{}", of.noted("location"));
    let mut all = world.mail().into_keys();
    all.find(|path| text(path).ends_with(&name)).expect("it has a head")
}

/// Lets Pep say three things, one after the other.
fn say_three(pep: &Home) {
    pep.write("first.txt", "first");
    pep.sync();
    pep.write("second.txt", "second");
    pep.remove("b.txt");
    pep.sync();
    pep.rename("folder", "renamed");
    pep.write("third.txt", "third");
    pep.sync();
}

fn assert_three_were_heard(home: &Home) {
    for (path, content) in [("first.txt", "first"), ("second.txt", "second"), ("third.txt", "third")] {
        assert_eq!(home.read(path), content.as_bytes());
    }
    assert!(home.has("renamed/c.txt") && !home.has("folder") && !home.has("b.txt"));
}

/// Lets everybody sync in turn, whatever they say, until nobody says that something is wrong; gives all that was said.
fn heal(homes: &[&Home]) -> String {
    let mut said = String::new();
    for _ in 0..10 {
        let mut is_quiet = true;
        for home in homes {
            let told = home.run(["sync", home.at()]);
            assert!(matches!(told.code, 0 | 5), "{told}");
            is_quiet &= told.code == 0;
            said.push_str(&told.stdout);
        }
        if is_quiet {
            settle(homes);
            return said;
        }
    }
    panic!("it does not heal: {said}");
}

#[test]
fn who_hears_a_changeset_that_does_not_follow_on_the_last_one_waits_for_what_leads_there() {
    let world = World::new();
    let homes @ [pep, anna] = &world.pair(fill);
    say_three(pep);
    let sent = changesets(&world, pep);
    assert_eq!(sent.len(), 3);
    fs::remove_file(&sent[1]).expect("an object can be lost");
    let told = anna.run(["sync", anna.at()]);
    told.expect_code(0)
        .expect_out("  received: 1 added\n")
        .expect_out(NOT_ALL);
    assert!(anna.has("first.txt") && anna.has("b.txt") && !anna.has("third.txt"));
    // What no sync here brings is not said to wait for one.
    anna.run(["status", anna.at()]).expect_code(0).expect_out(
        "What the others have is not all here yet. Sync here, let another home sync, then sync here again.",
    );
    anna.sync();
    anna.run(["status", anna.at()])
        .expect_out("What the others have is not all here yet, and was asked for. The next sync of 'Pep's home' tells it; sync here after that.");
    anna.run(["locations", anna.at()])
        .expect_out(": has something new, last seen ")
        .expect_out("No receipt: not all that the other homes have is here yet.\n");
    for home in [pep, anna, pep, anna, pep] {
        home.sync();
    }
    settle(&homes.each_ref());
    assert_three_were_heard(anna);
}

#[test]
fn an_older_changeset_under_the_name_of_a_newer_one_is_refused_and_what_lacks_comes_another_way() {
    let world = World::new();
    let homes @ [pep, anna] = &world.pair(fill);
    say_three(pep);
    let sent = changesets(&world, pep);
    fs::copy(&sent[0], &sent[1]).expect("an object can be put");
    let refused =
        "  not done: a change in the mailbox is damaged; it arrives another way once the others have synced\n";
    let told = anna.run(["sync", anna.at()]);
    told.expect_code(5)
        .expect_out("  received: 1 added\n")
        .expect_out(refused);
    assert!(anna.has("first.txt") && anna.has("b.txt") && !anna.has("third.txt"));
    for _ in 0..3 {
        pep.sync();
        anna.json(["sync", anna.at()]);
    }
    settle(&homes.each_ref());
    assert_three_were_heard(anna);
}

#[test]
fn an_older_changeset_under_a_number_that_nobody_used_makes_its_author_go_on_under_a_new_id_and_nothing_more() {
    let world = World::new();
    let homes @ [pep, anna] = &world.pair(fill);
    say_three(pep);
    let sent = changesets(&world, pep);
    let beyond = text(&sent[0]).replace(&format!(".{}.manifest", sequence(&sent[0])), ".99.manifest");
    fs::copy(&sent[0], beyond).expect("an object can be put");
    anna.run(["sync", anna.at()]).expect_code(0);
    assert_three_were_heard(anna);
    pep.run(["sync", pep.at()]).expect_code(0).expect_out(NEW_ID);
    // What nobody can open is asked for, and taken away.
    for home in [anna, pep, anna, pep] {
        home.sync();
    }
    settle(&homes.each_ref());
    assert_three_were_heard(pep);
    for home in homes {
        home.run(["status", home.at()])
            .expect_out("Everything is safe in 2 homes.");
    }
}

#[test]
fn an_old_head_that_is_put_back_is_nobodys_last_word_and_its_owner_says_so_once() {
    let world = World::new();
    let homes @ [pep, anna, grandma] = &world.trio(fill);
    let place = head(&world, anna);
    let old = fs::read(&place).expect("it is there");
    say_three(pep);
    anna.write("anna's.txt", "anna's");
    for home in [anna, pep] {
        home.sync();
    }
    fs::write(&place, old).expect("an object can be put back");
    // What she said since is not asked for again, and nothing is sent twice.
    let report = pep.sync();
    assert_eq!(report["posted"]["uploaded_bytes"], 0, "{report:#}");
    assert_eq!(report["served"], serde_json::json!([]), "{report:#}");
    let told = pep.run(["locations", pep.at()]);
    let hers = told.stdout.lines().find(|line| line.starts_with("anna's home"));
    assert!(
        hers.is_some_and(|line| line.contains(": up to date, last seen ")),
        "{told}"
    );
    // She who has heard nothing since knows no better, and takes nothing away.
    grandma.sync();
    assert_three_were_heard(grandma);
    assert_eq!(grandma.read("anna's.txt"), b"anna's");
    anna.run(["sync", anna.at()]).expect_code(0).expect_out(WENT_BACK);
    let again = anna.run(["sync", anna.at()]);
    assert!(!again.expect_code(0).stdout.contains(WENT_BACK), "{again}");
    settle(&homes.each_ref());
    assert_three_were_heard(anna);
}

fn alarm(label: &str) -> String {
    format!(
        "ALARM: '{label}' has heard just what was heard here, and holds something else. Nothing was changed. Sync there and here in turn, a few times: one of the two then begins again from the other, and no file is lost.\n"
    )
}

/// An alarm is told by `sync`, by `status`, and instead of a receipt.
fn assert_alarm(home: &Home, of: &str) {
    home.run(["sync", home.at()]).expect_code(5).expect_out(&alarm(of));
    home.run(["status", home.at()]).expect_out(&alarm(of));
    home.run(["locations", home.at()])
        .expect_out("No receipt: `offsync status FOLDER` tells what is wrong.\n");
}

#[test]
fn two_homes_that_heard_the_same_and_hold_something_else_raise_an_alarm_and_come_together_again() {
    let world = World::new();
    let [pep, anna] = world.pair(fill);
    let night = ["drive", "mailbox", "settings"].map(|what| world.path(&format!("night's {what}")));
    let now = [pep.folder.clone(), world.mailbox(), pep.settings()];
    for (now, then) in now.iter().zip(&night) {
        clone_drive(now, then);
    }
    for name in ["photo.jpg", "second.jpg"] {
        pep.write(name, format!("{name} before the fire"));
        pep.sync();
    }
    anna.sync();
    for (now, then) in now.iter().zip(&night) {
        fs::remove_dir_all(now).expect("it can burn");
        clone_drive(then, now);
    }
    for name in ["letter.txt", "postcard.txt"] {
        pep.write(name, format!("{name} after the fire"));
        pep.sync();
    }
    // What would tell which of the two it is that went back.
    for changeset in changesets(&world, &pep) {
        fs::remove_file(changeset).expect("an object can be lost");
    }
    assert_alarm(&anna, "Pep's home");
    assert_alarm(&pep, "anna's home");
    let said = heal(&[&anna, &pep]);
    let begins_again = said.matches(NEW_ID).count();
    assert_eq!(begins_again, 1, "one of the two begins again: {said}");
    for name in ["photo.jpg", "second.jpg"] {
        assert_eq!(pep.read(name), format!("{name} before the fire").as_bytes());
    }
    for name in ["letter.txt", "postcard.txt"] {
        assert_eq!(anna.read(name), format!("{name} after the fire").as_bytes());
    }
}

/// Lets a home's index lose what it knows of one file, as a drive that fails does.
fn lose_row(home: &Home, path: &str) {
    let index = rusqlite::Connection::open(home.private().join("index.sqlite")).expect("there is an index");
    let lost = index.execute("DELETE FROM entry WHERE key = ?1", [path.as_bytes()]);
    assert_eq!(lost.expect("it can be changed"), 1);
}

#[test]
fn an_index_that_lost_a_row_raises_an_alarm_with_the_next_change_beside_it_and_all_come_together_again() {
    // Which of them begins again hangs on the archive's key.
    let mut who = Vec::new();
    for _ in 0..3 {
        let world = World::in_memory();
        let homes @ [pep, anna, grandma] = &world.trio(fill);
        lose_row(anna, "a.txt");
        pep.write("new.txt", "new");
        pep.sync();
        assert_alarm(anna, "Pep's home");
        assert!(anna.keeps(b"a.txt as it was"), "it is in the trash at the least");
        assert_alarm(grandma, "anna's home");
        let said = heal(&[pep, anna, grandma]);
        who.push(said.matches(NEW_ID).count());
        for home in homes {
            assert_eq!(home.read("a.txt"), b"a.txt as it was");
            assert_eq!(home.tree().len(), 5, "{:?}", home.tree());
            home.run(["status", home.at()])
                .expect_out("Everything is safe in 3 homes.");
        }
        check_alike(&homes.each_ref());
    }
    println!("{who:?} homes began again");
}
