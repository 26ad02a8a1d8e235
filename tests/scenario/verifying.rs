//! `verify`: files are read again, over several visits, and nothing that a person saved is taken for damage.

use serde_json::json;

use crate::schema;
use crate::world::{World, settle};

#[test]
fn a_whole_pass_reads_everything_and_says_when() {
    let world = World::new();
    let [pep, anna] = world.pair(|pep| {
        pep.write("a.txt", "aaa");
        pep.write("album/large.bin", vec![7; 3 << 20]);
        pep.age();
    });
    let output = anna.json(["verify", anna.at(), "--all"]);
    output.expect_code(0);
    let report = output.document();
    schema::check(&report, &schema::verify(), &schema::VERIFY_MORE);
    assert_eq!(
        (&report["checked_files"], &report["checked_bytes"]),
        (&json!(2), &json!(3 + (3 << 20)))
    );
    assert_eq!(
        (&report["damaged"], &report["coverage_percent"]),
        (&json!([]), &json!(100.0))
    );
    anna.sync();
    let locations = pep.json(["locations", pep.at()]).document();
    assert_eq!(locations[1]["last_check"], report["completed"], "{locations:#}");
    anna.run(["verify", anna.at()]).expect_code(0).expect_out(
        "2 files read again (3.1 MB); 100 % of this archive in this pass.\nEverything reads as it should.\n",
    );
}

#[test]
fn the_receipt_tells_on_how_many_drives_in_how_many_homes_all_stands_and_how_many_have_read_it_again() {
    let world = World::new();
    let [pep, anna] = world.pair(|pep| {
        pep.write("a.txt", "aaa");
        pep.write("b.txt", "bbb");
        pep.age();
    });
    let told = || {
        let output = pep.run(["locations", pep.at()]);
        output.expect_code(0);
        output.stdout.lines().nth(2).map(str::to_owned)
    };
    let receipt = || pep.json(["status", pep.at()]).document()[0]["receipt"].clone();
    let both = |verified: u64| {
        match verified {
        0 => "2 files on 2 drives in 2 homes; not verified by reading yet: `offsync verify FOLDER` does that, on each of them."
            .to_owned(),
        1 => "2 files on 2 drives in 2 homes, verified by reading on 1 of them; oldest check today.".to_owned(),
        _ => "2 files on 2 drives in 2 homes, verified by reading on each; oldest check today.".to_owned(),
    }
    };
    pep.sync();
    assert_eq!(told(), Some(both(0)));
    assert_eq!(
        receipt(),
        json!({"files": 2, "drives": 2, "homes": 2, "verified": 0, "oldest_check": null, "oldest_check_days": null})
    );
    anna.run(["verify", anna.at(), "--all"]).expect_code(0);
    anna.sync();
    pep.sync();
    assert_eq!(told(), Some(both(1)));
    pep.run(["verify", pep.at(), "--all"]).expect_code(0);
    pep.sync();
    assert_eq!(told(), Some(both(2)));
    assert_eq!(receipt()["verified"], 2);
    // What was not sent yet stands here alone, and what somebody lacks is not safe there.
    pep.write("new.txt", "new");
    let unsent = "No receipt: 1 change is not sent yet; `offsync sync FOLDER` does that.".to_owned();
    assert_eq!((told(), receipt()), (Some(unsent), json!(null)));
    let reason = pep.json(["status", pep.at()]).document()[0]["no_receipt"].clone();
    assert_eq!(reason, json!({"reason": "unsent", "changes": 1}));
    pep.sync();
    let status = pep.run(["status", pep.at()]);
    status.expect_out("Only this home is known to have everything. anna's home is 1 change behind.");
    assert_eq!(
        (told(), &receipt()["drives"]),
        (None, &json!(1)),
        "Anna is still to come"
    );
    anna.run(["locations", anna.at()])
        .expect_out("No receipt: not all that the other homes have is here yet.\n");
    anna.sync();
    pep.sync();
    assert_eq!(told(), Some(both(2).replace("2 files", "3 files")));
}

#[test]
fn where_one_person_has_two_drives_the_receipt_claims_no_two_homes() {
    let world = World::new();
    let pep = world.home("pep");
    pep.write("a.txt", "aaa");
    world.init(&pep);
    let [office, village] = ["office", "village"].map(|which| world.give_copy_of(&pep, which, "pep"));
    settle(&[&pep, &office, &village]);
    pep.run(["locations", pep.at()])
        .expect_code(0)
        .expect_out("\n1 file on 3 drives; not verified by reading yet:");
    let receipt = &pep.json(["status", pep.at()]).document()[0]["receipt"];
    assert_eq!((&receipt["drives"], &receipt["homes"]), (&json!(3), &json!(null)));
}

#[test]
fn a_pass_rolls_on_from_visit_to_visit() {
    let world = World::new();
    let [pep, _anna] = world.pair(|pep| {
        (0..5).for_each(|n| pep.write(&format!("{n}.txt"), format!("{n}")));
        pep.age();
    });
    let mut percents = Vec::new();
    for _ in 0..6 {
        let output = pep.json(["verify", pep.at(), "--budget", "0"]);
        output.expect_code(0);
        assert!(
            output.document()["checked_files"].as_u64() <= Some(1),
            "one file a visit"
        );
        percents.push(output.document()["coverage_percent"].as_f64().expect("a number"));
    }
    assert_eq!(percents[..5], [20.0, 40.0, 60.0, 80.0, 100.0]);
    pep.run(["verify", pep.at(), "--budget", "0"])
        .expect_out("So far everything reads as it should. The next time it goes on from there.\n");
}

#[test]
fn what_was_not_compared_is_counted_and_never_called_sound() {
    let world = World::new();
    let pep = world.home("pep");
    pep.write("a.txt", "a");
    pep.write("b.txt", "b");
    world.init(&pep);
    pep.json(["sync", pep.at()]);
    pep.age();
    let output = pep.json(["verify", pep.at(), "--all"]);
    let report = output.expect_code(0).document();
    assert_eq!(
        (
            &report["checked_files"],
            &report["uncompared_files"],
            &report["fresh_files"]
        ),
        (&json!(0), &json!(2), &json!(0)),
        "{report:#}"
    );
    assert_eq!(
        (&report["coverage_percent"], &report["completed"]),
        (&json!(0.0), &json!(null))
    );
    pep.run(["verify", pep.at(), "--all"]).expect_out(
        "2 files have changed during the last sync or since and can be compared after the next: sync, then verify again.\n",
    );
    assert!(
        !pep.run(["verify", pep.at()]).stdout.contains("reads as it should"),
        "nothing was read"
    );
}

#[test]
fn what_was_written_a_moment_ago_is_told_so_and_when_it_can_be_compared() {
    let world = World::new();
    let pep = world.home("pep");
    pep.write("a.txt", "a");
    world.init(&pep);
    pep.sync();
    pep.write("a.txt", "another");
    let told = pep.run(["verify", pep.at(), "--all"]);
    told.expect_code(0).expect_out(
        "1 file was written a moment ago and can be compared in a few seconds: sync then, and verify again.\n",
    );
    pep.age();
    pep.sync();
    pep.run(["verify", pep.at(), "--all"])
        .expect_out("Everything reads as it should.\n");
}

#[test]
fn an_edit_is_no_damage() {
    let world = World::new();
    let [pep, anna] = world.pair(|pep| {
        pep.write("a.txt", "aaa");
        pep.age();
    });
    anna.write("a.txt", "bbb");
    let report = anna.json(["verify", anna.at(), "--all", "--repair"]);
    report.expect_code(0);
    assert_eq!(report.document()["damaged"], json!([]));
    anna.sync();
    pep.sync();
    assert_eq!(pep.read("a.txt"), b"bbb", "it travels like any other");
}

#[test]
fn what_is_no_duration_is_refused_with_an_example() {
    let world = World::new();
    let [pep, _anna] = world.pair(|pep| pep.write("a.txt", "a"));
    let output = pep.run(["verify", pep.at(), "--budget", "soon"]);
    output.expect_code(2);
    assert!(
        output
            .stderr
            .contains("'soon' is no duration; write one like 90s, 10m, 2h or 1d"),
        "{output}"
    );
    let output = pep.run(["verify", pep.at(), "--budget", "999999999999h"]);
    output.expect_code(2);
    let said =
        "'999999999999h' is longer than a year; write one like 90s, 10m, 2h or 1d, or say --all to read everything";
    assert!(output.stderr.contains(said), "{output}");
    let output = pep.run(["verify", pep.at(), "--budget", "-5"]);
    output.expect_code(2);
    assert!(
        output.stderr.contains("'-5' is no duration; write one like"),
        "{output}"
    );
    assert_eq!(output.stdout, "", "nothing was read");
    let help = pep.run(["verify", "--help"]);
    help.expect_out("90s, 10m, 2h, or a number of seconds; 0 reads one file");
}

#[test]
fn who_has_nothing_to_read_is_not_told_that_it_reads_as_it_should() {
    let world = World::new();
    let pep = world.home("pep");
    world.init(&pep);
    pep.sync();
    pep.run(["verify", pep.at(), "--all"])
        .expect_code(0)
        .expect_out("There is no file here yet that could be read.\n");
}

#[test]
fn only_what_is_known_to_be_damaged_is_kept_and_every_word_that_does_not_fit_is_refused() {
    let world = World::new();
    let [pep, _anna] = world.pair(|pep| pep.write("a.txt", "a"));
    for path in ["a.txt", "nothing.txt"] {
        let refused = pep.json(["verify", pep.at(), "--keep", path]);
        refused.expect_failure(
            1,
            "not_damaged",
            &[
                "is not known to be damaged on this drive",
                "offsync verify FOLDER",
                path,
            ],
        );
    }
    pep.json(["verify", pep.at(), "--keep", "/etc/passwd"])
        .expect_failure(1, "outside_the_archive", &["/etc/passwd"]);
    for other in [&["--all"][..], &["--repair"], &["--budget", "2h"]] {
        let words = ["verify", pep.at(), "--keep", "a.txt"];
        let refused = pep.run(words.iter().chain(other).copied());
        refused.expect_code(2);
        assert_eq!(refused.stdout, "", "nothing was read");
    }
    pep.run(["verify", pep.at(), "--keep"]).expect_code(2);
    pep.run(["verify", "--help"])
        .expect_out("--keep 2024/beach.jpg      (you edited it: a sync sends it)")
        .expect_out("such an edit cannot be told from damage.");
}
