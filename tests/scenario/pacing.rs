//! More than the mailbox holds: it goes bit by bit, and people are told how many visits it takes.

use serde_json::{Value, json};

use crate::story::noise;
use crate::world::{Home, World, settle};

const FILES: u32 = 40;
const FILE_BYTES: usize = 1 << 20;
const ALLOWANCE_BYTES: u64 = 16 << 20;

fn sync(home: &Home) -> Value {
    home.json(["sync", home.at()]).only_report()
}

#[test]
fn what_the_mailbox_cannot_hold_goes_in_about_as_many_visits_as_are_said() {
    let world = World::new();
    let pep = world.home("pep");
    pep.write("a.txt", "a");
    world.init_allowing(&pep, "16MiB");
    let anna = world.give_copy(&pep, "anna");
    settle(&[&pep, &anna]);
    for number in 0..FILES {
        pep.write(&format!("{number}.bin"), noise(number, FILE_BYTES));
    }
    let mut said = Vec::new();
    loop {
        let report = sync(&pep);
        let used: usize = world.mail().values().map(Vec::len).sum();
        assert!(used as u64 * 100 <= ALLOWANCE_BYTES * 95, "{used} bytes in the mailbox");
        if report["waiting"]["entries"] == 0 {
            break;
        }
        assert_eq!(report["waiting"]["waits_on"], "anna's home", "{report:#}");
        said.push(report["waiting"]["visits"].as_u64().expect("a number"));
        if said.len() == 2 {
            let visits = said[1];
            let sentence = format!("; about {visits} more visits of 'anna's home'");
            pep.run(["sync", pep.at()]).expect_code(0).expect_out(&sentence);
            pep.run(["status", pep.at()])
                .expect_out(&sentence)
                .expect_out("You can unplug.");
            let status = pep.json(["status", pep.at()]).document();
            assert_eq!(status[0]["waiting"]["visits"], json!(visits), "{status:#}");
            assert_eq!(status[0]["headline"]["newer"], 0, "{status:#}");
            pep.write("late.txt", "what was changed since is told apart");
            let later = pep.json(["status", pep.at()]).document();
            let counted = |status: &Value| status[0]["headline"]["entries"].clone();
            assert_eq!(
                (counted(&later), &later[0]["headline"]["newer"]),
                (counted(&status), &json!(1)),
                "{later:#}"
            );
        }
        sync(&anna);
    }
    for (at, visits) in said.iter().enumerate() {
        let took = (said.len() - at) as u64;
        assert!(
            visits.abs_diff(took) <= 1,
            "{visits} were said, and it took {took}: {said:?}"
        );
    }
    settle(&[&pep, &anna]);
    assert_eq!(pep.json(["status", pep.at()]).document()[0]["waiting"], json!(null));
}

#[test]
fn a_large_file_that_goes_and_comes_whole_in_one_sync_is_told_of_as_any_other() {
    let world = World::new();
    let [pep, anna] = world.pair(|pep| pep.write("a.txt", "a"));
    // More than one changeset carries.
    pep.write("film.bin", noise(1, 130 << 20));
    let sent = pep.run(["sync", pep.at()]);
    sent.expect_code(0).expect_out("  sent: 1 added (136.");
    assert!(!sent.stdout.contains("ahead"), "{sent}");
    let received = anna.run(["sync", anna.at()]);
    received.expect_code(0).expect_out("  received: 1 added\n");
    assert!(!received.stdout.contains("ahead"), "{received}");
}

#[test]
fn a_file_that_goes_in_parts_is_told_of_at_both_ends_and_how_often_each_home_must_come() {
    let world = World::new();
    let pep = world.home("pep");
    pep.write("a.txt", "a");
    world.init_allowing(&pep, "16MiB");
    let anna = world.give_copy(&pep, "anna");
    let grandma = world.give_copy(&pep, "grandma");
    settle(&[&pep, &anna, &grandma]);
    pep.write("film.bin", noise(1, 40 << 20));
    pep.write("hi.txt", "hi");
    let sent = pep.run(["sync", pep.at()]);
    sent.expect_code(0)
        .expect_out("  sent: 1 added (")
        .expect_out(" MB of content, with what goes ahead)\n")
        .expect_out(" MB of content ahead, for changes that wait for room\n")
        .expect_out("  1 change (34.0 MB) waits for room in the mailbox; about ")
        .expect_out(" more visits of each of the other homes\n");
    pep.run(["log", pep.at(), "--limit", "1"])
        .expect_out("  Pep's home: content for what comes later, ");
    pep.run(["mailbox", "show", pep.at()])
        .expect_out(" wait for anna's home\n");
    anna.run(["sync", anna.at()])
        .expect_code(0)
        .expect_out("  received ")
        .expect_out(" MB of content ahead, for changes that are still to come\n");
    let received = sync(&grandma);
    assert!(
        received["fetched"]["part_bytes"].as_u64() > Some(1 << 20),
        "{received:#}"
    );
    let sent = sync(&pep);
    assert!(sent["posted"]["part_bytes"].as_u64() > Some(1 << 20), "{sent:#}");
    let visits = sent["waiting"]["visits"].clone();
    assert_eq!(sent["waiting"]["waits_on"], json!(null));
    sync(&anna);
    let between = sync(&pep);
    assert_eq!(
        (&between["waiting"]["visits"], &between["waiting"]["waits_on"]),
        (&visits, &json!("grandma's home")),
        "grandma has not come: {between:#}"
    );
    assert_eq!(between["waiting"]["of_each"], true, "{between:#}");
    let status = pep.json(["status", pep.at()]).document()[0].clone();
    assert_eq!(status["waiting"]["waits_on"], "grandma's home", "{status:#}");
    let first = " of each of the other homes, of 'grandma's home' first. You can unplug.";
    pep.run(["status", pep.at()]).expect_out(first);
    sync(&grandma);
    for _ in 0..12 {
        for home in [&pep, &anna, &grandma] {
            sync(home);
        }
    }
    settle(&[&pep, &anna, &grandma]);
}
