//! Homes that do not come for long: set aside where nobody can be asked, which is said once, and given all once they come.

use crate::membership::fill;
use crate::schema::{self, check};
use crate::world::{Home, World, settle};

/// Sets for how many days a home waits for another one; with none, each is silent for too long already.
fn wait_for(home: &Home, before: u32, days: u32) {
    let marker = home.private().join("location.toml");
    let text = std::fs::read_to_string(&marker).expect("there is a marker");
    let other = text.replace(
        &format!("park_after_days = {before}"),
        &format!("park_after_days = {days}"),
    );
    assert_ne!(other, text);
    std::fs::write(marker, other).expect("it can be written");
}

#[test]
fn who_is_silent_for_too_long_is_set_aside_in_words_and_data_once_and_gets_all_when_it_comes() {
    let world = World::new();
    let [pep, anna, grandma] = world.trio(fill);
    let sentence = "  'grandma's home' has not synced for 0 days, so nothing waits for it any more. Nothing of it is lost: it gets all that it missed once it syncs again.\n";
    // Grandma's last word is heard before anna's, who is the one heard last then.
    pep.sync();
    anna.write("hers.txt", "of hers");
    let first = anna.json(["sync", anna.at()]).only_report();
    pep.sync();
    assert_eq!(first["set_aside"], serde_json::json!([]));
    wait_for(&pep, 180, 0);
    let would = pep.run(["sync", "--dry-run", pep.at()]);
    would.expect_code(0).expect_out("so nothing would wait for it any more");
    let told = pep.run(["sync", pep.at()]);
    told.expect_code(0).expect_out(sentence);
    let again = pep.json(["sync", pep.at()]);
    check(&again.document(), &schema::sync(), &schema::SYNC_MORE);
    assert_eq!(again.only_report()["set_aside"], serde_json::json!([]), "once");
    let status = pep.json(["status", pep.at()]).expect_code(0).document();
    assert_eq!(status[0]["silent"], serde_json::json!([]), "nobody is asked here");
    let state = |document: &serde_json::Value| {
        let all = document[0]["locations"].as_array().cloned().unwrap_or_default();
        let mut hers = all.into_iter().filter(|one| one["label"] == "grandma's home");
        hers.next().expect("it is known")["state"].clone()
    };
    assert_eq!(state(&status), "parked");
    // The very same is told as data where it is the first time.
    wait_for(&anna, 180, 0);
    let data = anna.json(["sync", anna.at()]).expect_code(0).only_report();
    let aside: Vec<_> = data["set_aside"].as_array().cloned().unwrap_or_default();
    let sample = serde_json::json!([schema::silent()]);
    check(&serde_json::json!(aside), &sample, &[]);
    // Were all others set aside, there would be nobody to send to: who was heard last goes on counting.
    assert_eq!(
        (aside.len(), &aside[0]["label"]),
        (1, &"grandma's home".into()),
        "{data:#}"
    );
    wait_for(&pep, 0, 180);
    wait_for(&anna, 0, 180);
    pep.write("while she is away.txt", "news");
    grandma.write("grandmas.txt", "made while she was away");
    settle(&[&grandma, &pep, &anna]);
    assert_eq!(grandma.read("while she is away.txt"), b"news");
    assert_eq!(anna.read("grandmas.txt"), b"made while she was away");
}
