//! What a person is told who is invited and joins.

use crate::world::{World, invited, settle, text};

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
        .expect_out("3 files are here and stay as they are. What the others have alike is not sent again; what differs is kept in both versions.")
        .expect_out("then they are compared, and what lacks arrives.");
    for untrue in ["new or different", "0 files were found", "a.txt"] {
        assert!(!told.stdout.contains(untrue), "{untrue:?} is not so: {told}");
    }
    let told = pep.run(["sync", pep.at()]);
    told.expect_code(0)
        .expect_out("  You brought this location back, so it goes on under a new id, [")
        .expect_out("]: nobody here can say what it has sent under the old one. There is nothing to do about it.\n");
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

#[test]
fn who_is_invited_is_told_how_to_join_and_the_words_are_in_a_file_too() {
    let world = World::new();
    let [pep, _anna] = world.pair(|pep| pep.write("a.txt", "a"));
    let [out, words] = ["tia.invitation", "tia.words"].map(|name| world.path(name));
    let invite = [
        "invite",
        pep.at(),
        "--label",
        "Tia's home",
        "--person",
        "Tia",
        "--out",
        text(&out),
    ];
    let told = pep.run(invite.into_iter().chain(["--phrase-file", text(&words)]));
    told.expect_code(0)
        .expect_out("Tell Tia these six words: ")
        .expect_out("on Tia's computer: offsync join FOLDER --invitation FILE\n");
    let written = std::fs::read_to_string(&words).expect("they are written");
    assert!(told.stdout.contains(written.trim_end()), "{told}");
    let tia = world.home("tia");
    let join = [
        "join",
        tia.at(),
        "--invitation",
        text(&out),
        "--phrase-file",
        text(&words),
    ];
    tia.run(join).expect_code(0);
    // Where the words cannot be written, nobody is invited.
    let nowhere = world.path("no/such/words");
    let other = world.path("other.invitation");
    let invite = [
        "invite",
        pep.at(),
        "--label",
        "L",
        "--person",
        "P",
        "--out",
        text(&other),
    ];
    pep.json(invite.into_iter().chain(["--phrase-file", text(&nowhere)]))
        .expect_failure(2, "usage", &["six words could not be written"]);
    let inside = pep.folder.join("words");
    pep.json(invite.into_iter().chain(["--phrase-file", text(&inside)]))
        .expect_failure(1, "inside_an_archive", &["six words open the archive"]);
    assert!(!other.exists() && !inside.exists());
}

#[test]
fn an_invitation_that_is_used_again_says_that_it_makes_a_second_home() {
    let world = World::new();
    let [pep, anna] = world.pair(|pep| pep.write("a.txt", "a"));
    let invitation = invited(&world, &pep, "Tia");
    let join = |home: &crate::world::Home, folder: &std::path::Path, more: &[&str]| {
        let [file, words] = &invitation;
        let folder = text(folder);
        let arguments = ["join", folder, "--invitation", text(file), "--phrase-file", text(words)];
        home.run(more.iter().copied().chain(arguments))
    };
    let tia = world.home("tia");
    let once = join(&tia, &tia.folder, &[]);
    assert!(!once.expect_code(0).stdout.contains("used before"), "{once}");
    // The same folder once more is the same home.
    let again = join(&tia, &tia.folder, &["--json"]).expect_code(0).document();
    assert!(again.get("second_home").is_none(), "{again:#}");
    let second = tia.computer.join("second");
    std::fs::create_dir(&second).expect("a folder can be made");
    join(&tia, &second, &[])
        .expect_code(0)
        .expect_out("This invitation was used before.")
        .expect_out("a second one of the same name: both are counted and waited for")
        .expect_out("`offsync location rename`")
        .expect_out("`offsync invite`");
    tia.sync();
    // Another computer knows it from the mailbox.
    let uncle = world.home("uncle");
    let told = join(&uncle, &uncle.folder, &["--json"]).expect_code(0).document();
    assert_eq!(told["second_home"], true, "{told:#}");
    drop(anna);
}
