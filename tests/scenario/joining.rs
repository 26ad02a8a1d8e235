//! What a person is told who joins with a folder that nobody has compared with anything yet.

use crate::world::{World, settle};

#[test]
fn who_comes_back_with_as_is_not_told_that_everything_differs() {
    let world = World::new();
    let [pep, anna] = world.pair(|pep| {
        pep.write("a.txt", "a");
        pep.write("b.txt", "b");
    });
    std::fs::remove_dir_all(pep.private()).expect("it can be lost");
    pep.write("c.txt", "made since");
    let told = pep.run(["join", pep.at(), "--as", "Pep's home"]);
    told.expect_code(0)
        .expect_out(&format!("'{}' is now 'Pep's home' of 'Photos'.\n", pep.at()))
        .expect_out("3 files are here and stay as they are. What the others have alike is not sent again; what differs is kept beside theirs.")
        .expect_out("then they are compared, and what lacks arrives.");
    for untrue in ["new or different", "0 files were found", "a.txt"] {
        assert!(!told.stdout.contains(untrue), "{untrue:?} is not so: {told}");
    }
    let told = pep.run(["sync", pep.at()]);
    told.expect_code(0)
        .expect_out("  You brought this location back, so it goes on under a new id, [")
        .expect_out("]: what Offsync had noted under the old one is gone. There is nothing to do about it.\n");
    assert!(
        !told.stdout.contains("restored") && !told.stdout.contains("still in use"),
        "{told}"
    );
    // It is as it was said: what is alike is sent by nobody, and nothing stands twice.
    let mut payload = 0;
    for home in [&pep, &anna, &pep, &anna, &pep] {
        let report = home.json(["sync", home.at()]).only_report();
        payload += report["posted"]["payload_bytes"].as_u64().expect("a number");
    }
    assert_eq!(payload, 10, "the new file alone travels");
    settle(&[&pep, &anna]);
    assert_eq!(pep.tree().len(), 3);
}
