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
