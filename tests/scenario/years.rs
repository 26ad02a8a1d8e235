//! What comes with the years: checks that grow old.

use crate::clock;
use crate::world::{Home, World, check_alike, settle};

/// Two years.
const LATER: u32 = 730;

#[test]
fn a_program_that_is_started_days_later_finds_itself_there_and_times_of_files_are_what_they_were() {
    let world = World::new();
    if !clock::can_be_set() {
        return;
    }
    let homes @ [pep, anna] = &world.pair(|pep| pep.write("a.txt", "a"));
    let seen = || {
        pep.json(["status", pep.at()]).document()[0]["last_sync"]
            .as_str()
            .expect("a time")
            .to_owned()
    };
    let before = seen();
    pep.at_day(LATER).write("b.txt", "b");
    pep.sync();
    anna.at_day(LATER).sync();
    let year = |time: &str| time[..4].parse::<u32>().expect("a time begins with a year");
    let after = seen();
    assert!(year(&after) > year(&before), "{before}, and {after} two years later");
    check_alike(&homes.each_ref());
    let written = std::fs::metadata(anna.folder.join("b.txt")).and_then(|meta| meta.modified());
    let now = std::time::SystemTime::now();
    assert!(written.expect("it has a time") <= now, "its time travelled with it");
    settle(&homes.each_ref());
}

#[test]
fn the_receipt_tells_how_many_days_ago_the_oldest_check_was() {
    let world = World::new();
    if !clock::can_be_set() {
        return;
    }
    let [pep, anna] = &world.pair(|pep| {
        pep.write("a.txt", "aaa");
        pep.write("b.txt", "bbb");
        pep.age();
    });
    let read_again = |home: &Home| {
        home.run(["verify", home.at(), "--all"]).expect_code(0);
        home.sync();
    };
    let expect_at = |day: u32, said: &str| {
        let there = "2 files in 2 homes, verified by reading in each; oldest check";
        let told = pep.at_day(day).run(["locations", pep.at()]);
        told.expect_code(0).expect_out(&format!("\n{there} {said}.\n"));
        let status = pep.json(["status", pep.at()]).document();
        status[0]["receipt"]["oldest_check_days"].clone()
    };
    read_again(anna);
    read_again(pep);
    assert_eq!(expect_at(0, "today"), 0);
    assert_eq!(expect_at(1, "1 day ago"), 1);
    assert_eq!(expect_at(12, "12 days ago"), 12);
    // It is the oldest of them, whoever reads again.
    read_again(anna.at_day(12));
    pep.sync();
    assert_eq!(expect_at(12, "12 days ago"), 12);
    read_again(pep);
    assert_eq!(expect_at(12, "today"), 0);
    assert_eq!(expect_at(12 + 100, "100 days ago"), 100);
}
