//! `deletions`: before how many deletions a sync asks, said once for all homes.

use serde_json::{Value, json};

use crate::schema::{self, check};
use crate::story::expect_applied;
use crate::world::{Home, World, settle};

fn fill(pep: &Home) {
    for number in 0..20 {
        pep.write(&format!("{number}.txt"), format!("content {number}"));
    }
}

fn say(home: &Home, words: &[&str]) -> Value {
    let output = home.json(["deletions", home.at()].iter().chain(words).copied());
    let document = output.expect_code(0).document();
    check(&document, &schema::deletions(), &[]);
    document
}

#[track_caller]
fn expect(home: &Home, least: u64, percent: u64, most: u64, set_by: Option<&str>) {
    let wanted = json!({"least": least, "percent": percent, "most": most, "set_by": set_by});
    assert_eq!(say(home, &[]), wanted);
    let status = home.json(["status", home.at()]).expect_code(0).document();
    assert_eq!(status[0]["deletions"], wanted, "{status:#}");
}

fn remove(home: &Home, files: std::ops::Range<u32>) {
    files.for_each(|number| home.remove(&format!("{number}.txt")));
}

const USUAL: &str = "sync asks before it deletes 5 files or more that are more than 25 % of the archive, more than 1000 in any case, or all there are, with nothing new in their place.\n";
const EACH: &str = "sync asks before it deletes any file, or all there are, with nothing new in their place.\n";

#[test]
fn it_is_shown_in_plain_words_and_changed_for_all_homes() {
    let world = World::new();
    let [pep, anna] = world.pair(fill);
    expect(&pep, 5, 25, 1_000, None);
    let told = pep.run(["deletions", pep.at()]);
    assert_eq!(
        told.expect_code(0).stdout,
        format!("A {USUAL}Nobody has changed that.\n")
    );

    let told = pep.run(["deletions", pep.at(), "--least", "1", "--percent", "0"]);
    let next = "The next sync tells everybody; what was deleted here and waits for a yes is judged anew then.\n";
    assert_eq!(told.expect_code(0).stdout, format!("From now on a {EACH}{next}"));
    expect(&pep, 1, 0, 1_000, Some("Pep's home"));
    expect(&anna, 5, 25, 1_000, None);
    pep.sync();
    let changed = format!(
        "  note: 'Pep's home' changed, for all homes, before which deletions a sync asks. They are now: {}`offsync deletions FOLDER` changes it back\n",
        EACH.trim_start_matches("sync asks before it deletes ")
            .replace('\n', " ")
    );
    let once = anna
        .run(["sync", anna.at()])
        .expect_code(0)
        .stdout
        .matches(&changed)
        .count();
    assert_eq!(once, 1);
    let again = anna.run(["sync", anna.at()]).expect_code(0).stdout.clone();
    assert!(!again.contains("before which deletions"), "{again}");
    expect(&anna, 1, 0, 1_000, Some("Pep's home"));
    let told = anna.run(["deletions", anna.at()]);
    let by = "'Pep's home' said so, for all homes.\n";
    assert_eq!(told.expect_code(0).stdout, format!("A {EACH}{by}"));
    anna.run(["status", anna.at(), "--verbose"])
        .expect_out("  deletions that wait for a yes: any file, or all there are, with nothing new in their place\n");
    let told = anna.run(["deletions", anna.at(), "--percent", "0%"]);
    assert_eq!(told.expect_code(0).stdout, format!("It is so already: a {EACH}{by}"));

    // Only what is named changes.
    say(&anna, &["--most", "70"]);
    expect(&anna, 1, 0, 70, Some("anna's home"));
    let told = anna.run(["deletions", anna.at(), "--default"]);
    told.expect_code(0).expect_out(USUAL);
    settle(&[&anna, &pep]);
    expect(&pep, 5, 25, 1_000, Some("anna's home"));
    anna.run(["location", "rename", anna.at(), "anna's home", "--label", "Anna's flat"])
        .expect_code(0);
    settle(&[&anna, &pep]);
    expect(&pep, 5, 25, 1_000, Some("Anna's flat"));
}

#[test]
fn a_lower_one_asks_for_a_single_file_in_the_other_home_here_and_where_it_arrives() {
    let world = World::new();
    let [pep, anna] = world.pair(fill);
    say(&pep, &["--least", "1", "--percent", "0"]);
    // The mailbox tells the other home only now: what it deletes before is few.
    remove(&anna, 0..1);
    anna.sync();
    let held = pep.json(["sync", pep.at()]).expect_code(3).only_report();
    assert_eq!(
        (&held["held"]["direction"], &held["held"]["deletions"]),
        (&json!("remote"), &json!(1))
    );
    pep.sync_yes();
    assert!(!pep.has("0.txt"));

    anna.sync();
    remove(&anna, 1..2);
    let held = anna.json(["sync", anna.at()]).expect_code(3).only_report();
    assert_eq!(
        (&held["held"]["direction"], &held["held"]["deletions"]),
        (&json!("local"), &json!(1))
    );
    anna.sync_yes();
    expect_applied(&pep.sync(), [0, 0, 1, 0, 0]);
}

#[test]
fn a_higher_one_lets_go_what_waits_for_a_yes_with_the_next_sync() {
    let world = World::new();
    let [pep, anna] = world.pair(fill);
    remove(&pep, 0..6);
    pep.json(["sync", pep.at()]).expect_code(3);
    say(&pep, &["--percent", "50"]);
    let status = pep.json(["status", pep.at()]).document();
    assert_eq!(
        status[0]["held"],
        Value::Null,
        "nothing waits for an answer any more: {status:#}"
    );
    assert_eq!(pep.sync()["held"], Value::Null);
    expect_applied(&anna.sync(), [0, 0, 6, 0, 0]);
}

#[test]
fn it_is_said_where_the_mailbox_is_away_and_travels_with_the_next_sync() {
    let world = World::new();
    let [pep, anna] = world.pair(fill);
    let aside = world.path("mailbox aside");
    std::fs::rename(world.mailbox(), &aside).expect("a mailbox can be taken away");
    say(&pep, &["--least", "2"]);
    std::fs::rename(&aside, world.mailbox()).expect("a mailbox can be brought back");
    pep.sync();
    anna.sync();
    expect(&anna, 2, 25, 1_000, Some("Pep's home"));
}

#[test]
fn numbers_that_cannot_be_are_refused_and_change_nothing() {
    let world = World::new();
    let pep = world.home("pep");
    fill(&pep);
    world.init(&pep);
    for (words, told) in [
        (
            &["--least", "0"][..],
            "'0' is no number of files; write one from 1 to 1000000000",
        ),
        (&["--most", "many"], "'many' is no number of files"),
        (
            &["--percent", "101"],
            "'101' is no percentage; write a number from 0 to 100",
        ),
        (&["--percent", "-1"], "'-1' is no percentage"),
        (&["--default", "--least", "7"], "cannot be used with"),
    ] {
        let output = pep.json(["deletions", pep.at()].iter().chain(words).copied());
        output.expect_failure(2, "usage", &[told]);
    }
    let refused = "A sync cannot ask from 2000 files on at the earliest, and yet whenever there are more than 1000. Nothing was changed.";
    pep.json(["deletions", pep.at(), "--least", "2000"])
        .expect_failure(2, "bad_threshold", &[refused, "--most"]);
    expect(&pep, 5, 25, 1_000, None);
    say(&pep, &["--least", "2000", "--most", "3000"]);
    expect(&pep, 2_000, 25, 3_000, Some("Pep's home"));
}
