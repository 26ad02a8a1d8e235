//! A home whose drive died and that nobody left has ever heard of: it is named by its id and can be taken out.

use std::fs;

use crate::world::{Home, World, text};

/// Gives the id by which a home goes.
fn id_of(home: &Home) -> String {
    let all = home.json(["locations", home.at()]).expect_code(0).document();
    let this = all
        .as_array()
        .into_iter()
        .flatten()
        .find(|location| location["this"] == true);
    this.expect("a home knows itself")["location_id"]
        .as_str()
        .expect("an id")
        .to_owned()
}

#[test]
fn a_home_that_only_the_mailbox_tells_of_is_named_and_taken_out_by_its_id() {
    let world = World::new();
    let [pep, anna] = world.pair(|pep| pep.write("a.txt", "a"));
    let dead = id_of(&anna);
    let sheet = world.path("sheet.txt");
    pep.json(["recovery", pep.at(), "--out", text(&sheet)]).expect_code(0);
    for path in world.mail().into_keys() {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with(&format!("people.{dead}")) {
            fs::remove_file(path).expect("an object can be lost");
        }
    }
    fs::remove_dir_all(pep.private()).expect("what was noted can be lost");
    fs::remove_dir_all(pep.settings()).expect("a computer can be lost");
    pep.json(["join", pep.at(), "--recovery", text(&sheet)]).expect_code(0);
    (0..3).for_each(|_| drop(pep.sync()));
    let told = pep.run(["sync", pep.at()]).expect_code(0).stdout.clone();
    assert!(told.contains("  note: the mailbox tells of a home ["), "{told}");
    assert!(
        told.contains(&format!("offsync location remove FOLDER {dead}")),
        "{told}"
    );
    let nobody = pep.json(["location", "remove", pep.at(), "0123456789abcdef", "--yes"]);
    nobody.expect_failure(1, "unknown_location", &["0123456789abcdef"]);
    let asked = pep.json(["location", "remove", pep.at(), &dead[..8]]);
    assert_eq!(asked.expect_code(3).document()["location_id"], *dead);
    let removed = pep.json(["location", "remove", pep.at(), &dead[..8], "--yes"]);
    assert_eq!(removed.expect_code(0).document()["state"], "removed");
    for _ in 0..2 {
        let report = pep.sync();
        assert_eq!(report["warnings"], serde_json::json!([]), "{report:#}");
        assert_eq!(report["up_to_date"], true, "{report:#}");
    }
    let back = pep.json(["location", "unpark", pep.at(), &dead[..8]]);
    assert_eq!(back.expect_code(0).document()["location_id"], *dead);
}
