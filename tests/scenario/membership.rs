//! Renamed, parked, back again, removed: everybody agrees, nobody waits in vain, no file goes.

use serde_json::Value;

use crate::at_a_terminal::typed;
use crate::schema::{self, check};
use crate::world::{Home, World, check_alike, invited, settle};

pub(crate) fn fill(pep: &Home) {
    for number in 0..4 {
        pep.write(&format!("{number}.txt"), format!("number {number}"));
    }
}

/// Says something of a location and gives how it stands then.
pub(crate) fn say(home: &Home, what: &[&str]) -> Value {
    let arguments = ["location", what[0], home.at()];
    let view = home.json(arguments.into_iter().chain(what[1..].iter().copied()));
    let view = view.expect_code(0).document();
    check(&serde_json::json!([view]), &schema::locations(), &[]);
    view
}

pub(crate) fn labels(home: &Home) -> Vec<String> {
    let all = home.json(["locations", home.at()]).expect_code(0).document();
    let label = |location: &Value| location["label"].as_str().unwrap_or_default().to_owned();
    let mut labels: Vec<String> = all.as_array().into_iter().flatten().map(label).collect();
    labels.sort();
    labels
}

fn location_of(home: &Home, label: &str) -> Value {
    let all = home.json(["locations", home.at()]).expect_code(0).document();
    let mut all = all.as_array().into_iter().flatten();
    all.find(|location| location["label"] == label)
        .cloned()
        .unwrap_or_default()
}

fn state_of(home: &Home, label: &str) -> Value {
    location_of(home, label)["state"].clone()
}

#[test]
fn a_new_name_reaches_everybody_and_the_drive_itself() {
    let world = World::new();
    let [pep, anna, grandma] = world.trio(fill);
    let view = say(&pep, &["rename", "anna", "--label", "Anna's flat"]);
    assert_eq!(
        (&view["label"], &view["person"]),
        (&"Anna's flat".into(), &"anna".into())
    );
    let told = pep.run(["location", "rename", pep.at(), "Pep's home", "--label", "Pep's boat"]);
    assert!(
        told.expect_code(0)
            .stdout
            .contains("'Pep's home' is called 'Pep's boat' now"),
        "{told}"
    );
    settle(&[&pep, &anna, &grandma]);
    let wanted = ["Anna's flat", "Pep's boat", "grandma's home"];
    for home in [&pep, &anna, &grandma] {
        assert_eq!(labels(home), wanted);
    }
    assert_eq!(anna.json(["status"]).document()[0]["label"], "Anna's flat");
    let marker = std::fs::read_to_string(anna.private().join("location.toml")).expect("there is a marker");
    assert!(marker.contains("Anna's flat"), "{marker}");
    // A copy that is made now knows it offline.
    let tia = world.give_copy(&grandma, "tia");
    assert!(labels(&tia).contains(&"Pep's boat".to_owned()));
}

#[test]
fn two_names_at_once_become_one_everywhere() {
    let world = World::new();
    let [pep, anna, grandma] = world.trio(fill);
    say(&pep, &["rename", "grandma", "--label", "Granny"]);
    say(&anna, &["rename", "grandma", "--label", "Nana"]);
    settle(&[&pep, &anna, &grandma]);
    settle(&[&grandma, &anna, &pep]);
    assert_eq!(labels(&pep), labels(&anna));
    assert_eq!(labels(&pep), labels(&grandma));
    assert!(labels(&pep).iter().any(|label| label == "Granny" || label == "Nana"));
    say(&grandma, &["rename", "pep", "--label", "The son"]);
    settle(&[&grandma, &anna, &pep]);
    say(&pep, &["rename", "The son", "--label", "Pep"]);
    settle(&[&pep, &grandma, &anna]);
    assert!(
        labels(&anna).contains(&"Pep".to_owned()),
        "the later word holds: {:?}",
        labels(&anna)
    );
}

#[test]
fn a_parked_location_counts_again_when_it_syncs_though_it_has_nothing_to_say() {
    let world = World::new();
    let [pep, anna] = world.pair(fill);
    say(&pep, &["park", "anna"]);
    pep.sync();
    assert_eq!(state_of(&pep, "anna's home"), "parked");
    anna.sync();
    pep.sync();
    assert_eq!(state_of(&pep, "anna's home"), "up_to_date");
    pep.write("new.txt", "new");
    assert_eq!(pep.sync()["posted"]["changesets"], 1, "it is sent for her again");
    settle(&[&anna, &pep]);
}

#[test]
fn nothing_waits_for_a_parked_location_until_it_syncs_again() {
    let world = World::new();
    let [pep, anna, grandma] = world.trio(fill);
    let view = say(&pep, &["park", "grandma"]);
    assert_eq!(view["state"], "parked");
    pep.write("while she is away.txt", "news");
    pep.remove("0.txt");
    for home in [&pep, &anna, &pep] {
        home.sync();
    }
    assert_eq!(world.waiting(), Vec::<String>::new(), "nobody waits for her");
    assert_eq!(state_of(&anna, "grandma's home"), "parked", "everybody knows");
    let told = anna.run(["location", "unpark", anna.at(), "grandma"]);
    assert!(told.expect_code(0).stdout.contains("counts again"), "{told}");
    anna.sync();
    pep.sync();
    assert_eq!(state_of(&pep, "grandma's home"), "behind");
    say(&pep, &["park", "grandma"]);
    pep.sync();
    grandma.write("hers.txt", "made while she was away");
    for _ in 0..4 {
        for home in [&grandma, &pep, &anna] {
            home.json(["sync", home.at()]);
        }
    }
    settle(&[&pep, &anna, &grandma]);
    assert!(grandma.has("while she is away.txt") && !grandma.has("0.txt") && pep.has("hers.txt"));
    assert_eq!(state_of(&pep, "grandma's home"), "up_to_date", "her new head ended it");
    assert_eq!(world.waiting(), Vec::<String>::new());
}

#[test]
fn a_removed_location_neither_sends_nor_gets_and_comes_back_on_a_word() {
    let world = World::new();
    let [pep, anna, grandma] = world.trio(fill);
    grandma.write("before.txt", "sent before she was removed");
    grandma.sync();
    let told = pep.run(["location", "remove", pep.at(), "grandma", "--yes"]);
    for said in [
        "no longer takes part",
        "stay on its drive",
        "under a new key, which it does not get",
        "it goes on seeing who takes part",
        "unpark",
    ] {
        assert!(told.expect_code(0).stdout.contains(said), "{told}");
    }
    pep.json(["location", "park", pep.at(), "grandma"]).expect_failure(
        1,
        "removed",
        &["was taken out of the archive", "location unpark"],
    );
    pep.write("after.txt", "not for her");
    for home in [&pep, &anna, &pep] {
        assert_eq!(home.sync()["up_to_date"], true);
    }
    assert_eq!(world.waiting(), Vec::<String>::new(), "nobody waits for her");
    assert!(anna.has("before.txt"), "what she sent is kept");
    assert_eq!(state_of(&anna, "grandma's home"), "removed");
    let status = anna.json(["status", anna.at()]).document();
    assert_eq!(
        (&status[0]["headline"]["kind"], &status[0]["headline"]["homes"]),
        (&"all_safe".into(), &2.into()),
        "{status:#}"
    );
    grandma.write("hers.txt", "kept on her drive");
    let (before, mail) = (grandma.tree(), world.mail());
    for _ in 0..2 {
        let refused = grandma.json(["sync", grandma.at()]);
        refused.expect_failure(
            1,
            "removed",
            &["'Pep's home' took this copy out", "files stay", "location unpark"],
        );
    }
    before.expect_same(&grandma.tree(), "a sync of a removed location");
    assert_eq!(mail, world.mail(), "she puts nothing into the mailbox");
    let status = grandma.run(["status", grandma.at()]);
    for said in [
        "'Pep's home' took this copy out of the archive.",
        "nothing is sent or received any more",
        "`offsync location unpark` at another home",
        "on this drive alone: 1 change\n",
    ] {
        status.expect_code(0).expect_out(said);
    }
    let document = grandma.json(["status", grandma.at()]).document();
    assert_eq!(
        (&document[0]["headline"]["kind"], &document[0]["headline"]["by"]),
        (&"removed".into(), &"Pep's home".into()),
        "{document:#}"
    );
    assert!(
        !status.stdout.contains("next sync"),
        "none sends or gets anything: {status}"
    );
    let away = world.path("away");
    std::fs::rename(world.mailbox(), &away).expect("a mailbox can go away");
    let refused = grandma.json(["sync", grandma.at()]);
    refused.expect_failure(1, "removed", &["took this copy out"]);
    std::fs::rename(&away, world.mailbox()).expect("a mailbox can come back");
    assert_eq!(say(&anna, &["unpark", "grandma"])["state"], "behind");
    anna.sync();
    for _ in 0..4 {
        for home in [&grandma, &pep, &anna] {
            home.json(["sync", home.at()]);
        }
    }
    settle(&[&pep, &anna, &grandma]);
    check_alike(&[&pep, &anna, &grandma]);
    assert!(grandma.has("after.txt") && pep.has("hers.txt"));
}

#[test]
fn a_location_that_was_never_seen_can_be_removed() {
    let world = World::new();
    let [pep, anna] = world.pair(fill);
    let out = world.path("invitation");
    let out = crate::world::text(&out);
    pep.json(["invite", pep.at(), "--label", "Tia", "--person", "Tia", "--out", out])
        .expect_code(0);
    pep.write("new.txt", "new");
    for home in [&pep, &anna, &pep] {
        home.sync();
    }
    assert!(!world.waiting().is_empty(), "it waits for Tia");
    say(&pep, &["remove", "Tia", "--yes"]);
    for home in [&pep, &anna, &pep] {
        home.sync();
    }
    assert_eq!(world.waiting(), Vec::<String>::new());
}

#[test]
fn a_location_is_named_by_label_id_or_a_unique_beginning() {
    let world = World::new();
    let [pep, anna, grandma] = world.trio(fill);
    let id = anna.json(["status", anna.at()]).document()[0]["location_id"].clone();
    let id = id.as_str().expect("an id");
    for (at, said) in [id, &id[..12], "ANNA", "anna's home"].into_iter().enumerate() {
        let label = format!("anna {at}");
        assert_eq!(say(&pep, &["rename", said, "--label", &label])["location_id"], id);
        say(&pep, &["rename", &label, "--label", "anna's home"]);
    }
    let unknown = |said: &str| pep.json(["location", "park", pep.at(), said]);
    unknown("nobody").expect_failure(1, "unknown_location", &["no location 'nobody'", "offsync locations"]);
    unknown("").expect_failure(1, "unknown_location", &["no location ''"]);
    say(&pep, &["rename", "grandma", "--label", "anna's mother"]);
    unknown("anna").expect_failure(
        1,
        "ambiguous_location",
        &["several locations", "'anna's home' [", "'anna's mother' ["],
    );
    let right: [(&str, &[&str]); 3] = [
        (
            "park",
            &["at another home", "after 180 days of silence", "as soon as it syncs"],
        ),
        ("unpark", &["Just sync here"]),
        ("remove", &["at another home", "offsync forget"]),
    ];
    for (what, words) in right {
        let refused = pep.json(["location", what, pep.at(), "Pep's home"]);
        refused.expect_failure(1, "this_location", &["location on this drive"]);
        refused.expect_failure(1, "this_location", words);
        assert_eq!(refused.stdout.contains("forget"), what == "remove", "{refused}");
    }
    pep.json(["location", "rename", pep.at(), "anna's home", "--label", "two\nlines"])
        .expect_failure(2, "bad_name", &["one line"]);
    let lock = pep.lock();
    unknown("anna's home").expect_failure(4, "busy", &["nother Offsync"]);
    drop(lock);
    settle(&[&pep, &anna, &grandma]);
}

#[test]
fn a_dead_drive_is_replaced_by_a_new_one_and_nobody_waits_for_it() {
    let world = World::new();
    let [pep, anna, grandma] = world.trio(fill);
    pep.write("new.txt", "made after she was here last");
    pep.sync();
    anna.sync();
    std::fs::remove_dir_all(&grandma.folder).expect("a drive can die");
    let fresh = world.home_without_folder("grandma again");
    let words = world.path("words");
    let words = crate::world::text(&words);
    let replace =
        |to: &str, location: &str| pep.json(["location", "replace", pep.at(), location, to, "--phrase-file", words]);
    replace(fresh.at(), "Pep's home").expect_failure(1, "this_location", &["location on this drive"]);
    replace(fresh.at(), "nobody").expect_failure(1, "unknown_location", &["no location 'nobody'"]);
    replace(anna.at(), "grandma").expect_failure(1, "inside_an_archive", &["is an Offsync archive already"]);
    assert_eq!(state_of(&pep, "grandma's home"), "behind", "nothing was said yet");
    let copy = replace(fresh.at(), "grandma").expect_code(0).document();
    check(&copy, &schema::copy(), &schema::COPY_MORE);
    assert_eq!(
        (&copy["label"], &copy["person"]),
        (&"grandma's home".into(), &"grandma".into())
    );
    fresh.run(["join", fresh.at(), "--phrase-file", words]).expect_code(0);
    settle(&[&pep, &anna, &fresh]);
    assert!(fresh.has("new.txt"));
    assert_eq!(world.waiting(), Vec::<String>::new());
    assert_eq!(labels(&anna).len(), 4, "the old one is still told of");
    let again = world.path("drives/third");
    let told = pep.run([
        "location",
        "replace",
        pep.at(),
        "grandma's home",
        crate::world::text(&again),
        "--label",
        "Granny",
    ]);
    for said in ["six words", "The one before no longer takes part"] {
        assert!(told.expect_code(0).stdout.contains(said), "{told}");
    }
    say(&pep, &["unpark", copy["location_id"].as_str().expect("an id")]);
    settle(&[&pep, &anna, &fresh]);
    let view = say(&anna, &["rename", "grandma's home", "--label", "Grandma"]);
    assert_eq!(view["location_id"], copy["location_id"], "the living one is meant");
}

#[test]
fn who_joins_by_an_invitation_is_known_before_the_home_that_made_it_syncs_though_somebody_is_out() {
    let world = World::new();
    let [pep, anna, _] = world.trio(fill);
    say(&pep, &["remove", "grandma's home", "--yes"]);
    settle(&[&pep, &anna]);
    let zoe = world.home("zoe");
    let [file, words] = invited(&world, &pep, "Zoe").map(|path| crate::world::text(&path).to_owned());
    let join = ["join", zoe.at(), "--invitation", &file, "--phrase-file", &words];
    zoe.json(join).expect_code(0);
    // Who invited her does not come.
    for _ in 0..4 {
        for home in [&zoe, &anna] {
            home.json(["sync", home.at()]);
        }
    }
    assert!(zoe.has("0.txt"), "{:?}", zoe.tree());
    // Where the mailbox cannot be reached, the maker is told what it takes.
    std::fs::rename(world.mailbox(), world.path("away")).expect("it can go");
    let out = world.path("tom");
    let arguments = [
        "invite",
        pep.at(),
        "--label",
        "Tom",
        "--person",
        "Tom",
        "--out",
        crate::world::text(&out),
    ];
    let told = pep.run(arguments).expect_code(0).stdout.clone();
    assert!(told.contains("sync here before Tom does"), "{told}");
}

#[test]
fn a_name_means_who_takes_part_but_to_bring_back_who_was_set_aside() {
    let world = World::new();
    let [pep, anna] = world.pair(fill);
    let old = location_of(&pep, "anna's home")["location_id"].clone();
    let old = old.as_str().expect("an id");
    say(&pep, &["remove", "anna", "--yes"]);
    let fresh = world.home_without_folder("fresh");
    pep.json([
        "copy",
        pep.at(),
        fresh.at(),
        "--label",
        "anna's home",
        "--person",
        "Anna",
    ])
    .expect_code(0);
    let back = |said: &str| pep.json(["location", "unpark", pep.at(), said]);
    let new = say(&pep, &["rename", "anna's home", "--label", "anna's home"])["location_id"].clone();
    let new = new.as_str().expect("an id");
    assert_ne!(old, new, "who takes part is meant");
    // The one that was removed is meant, and its name is another's now.
    for said in ["anna's home", "anna", old] {
        let rename = format!("`offsync location rename FOLDER {:.8} --label LABEL`", old);
        let unpark = format!("`offsync location unpark FOLDER {:.8}`", old);
        back(said).expect_failure(
            1,
            "label_taken",
            &["'anna's home' [", &new[..8], "another name first", &rename, &unpark],
        );
        assert_eq!(labels(&pep), ["Pep's home", "anna's home", "anna's home"]);
    }
    let view = back(new).expect_code(0).document();
    assert_eq!((&view["location_id"], &view["state"]), (&new.into(), &"invited".into()));
    pep.run(["location", "unpark", pep.at(), new])
        .expect_code(0)
        .expect_out("is neither parked nor removed")
        .expect_out("nothing was changed");
    assert_eq!(say(&pep, &["park", "anna's home"])["location_id"], new);
    let both = back("anna's home");
    both.expect_failure(1, "ambiguous_location", &["several locations", &old[..8], &new[..8]]);
    say(&pep, &["unpark", new]);
    say(&pep, &["rename", &old[..8], "--label", "anna's old drive"]);
    say(&pep, &["unpark", &old[..8]]);
    assert_eq!(labels(&pep), ["Pep's home", "anna's home", "anna's old drive"]);
    for home in [&pep, &anna, &pep] {
        home.json(["sync", home.at()]);
    }
    settle(&[&pep, &anna]);
}

#[test]
fn who_was_removed_says_nothing_more_of_anybody() {
    let world = World::new();
    let [pep, anna, grandma] = world.trio(fill);
    say(&pep, &["remove", "grandma", "--yes"]);
    pep.sync();
    let [to, out] = ["drives/another", "invitation"].map(|name| world.path(name));
    let [to, out] = [&to, &out].map(|path| crate::world::text(path));
    let commands: [&[&str]; 4] = [
        &["location", "rename", grandma.at(), "anna", "--label", "A"],
        &["location", "park", grandma.at(), "anna"],
        &["location", "unpark", grandma.at(), "anna"],
        &["location", "remove", grandma.at(), "anna"],
    ];
    // The first one hears of it; the others know.
    for command in commands {
        grandma.json(command.iter().copied()).expect_failure(
            1,
            "removed",
            &["'Pep's home' took this copy out", "location unpark"],
        );
    }
    let commands: [&[&str]; 3] = [
        &["copy", grandma.at(), to, "--label", "L", "--person", "P"],
        &["invite", grandma.at(), "--label", "L", "--person", "P", "--out", out],
        &["location", "replace", grandma.at(), "anna", to],
    ];
    for command in commands {
        grandma
            .json(command.iter().copied())
            .expect_failure(1, "removed", &["took this copy out"]);
    }
    assert!(!std::path::Path::new(to).exists() && !std::path::Path::new(out).exists());
    settle(&[&pep, &anna]);
    assert_eq!(labels(&anna), ["Pep's home", "anna's home", "grandma's home"]);
    assert_eq!(state_of(&anna, "anna's home"), "up_to_date");
}

#[test]
fn whoever_removes_a_home_is_asked_at_a_terminal_and_says_yes_in_a_script() {
    let world = World::new();
    let [pep, _anna] = world.pair(fill);
    let remove = format!("location remove {} anna", pep.at());
    let at_a_terminal = |answer: &str| typed(&pep, &pep.folder, &remove, &[("out of the archive?", answer)]);
    for no in ["n\n", "\n", "what?\n"] {
        let told = at_a_terminal(no);
        told.expect_code(3)
            .expect_out("Take 'anna's home' [")
            .expect_out("out of the archive?")
            .expect_out("Nothing was changed.");
        assert_eq!(state_of(&pep, "anna's home"), "up_to_date");
    }
    at_a_terminal("y\n").expect_code(0).expect_out("no longer takes part");
    assert_eq!(state_of(&pep, "anna's home"), "removed");
    say(&pep, &["unpark", "anna"]);
    say(&pep, &["remove", "anna", "--yes"]);
    say(&pep, &["unpark", "anna"]);
    let held = pep.json(["location", "remove", pep.at(), "anna"]);
    let view = held.expect_code(3).document();
    check(&serde_json::json!([view]), &schema::locations(), &[]);
    assert_eq!(
        (&view["label"], &view["state"]),
        (&"anna's home".into(), &"up_to_date".into())
    );
    let told = pep.run(["location", "remove", pep.at(), "anna"]);
    told.expect_code(3)
        .expect_out("'anna's home' [")
        .expect_out("was not taken out of the archive; if that is meant, say --yes.")
        .expect_out("nothing waits for it any more");
    assert_eq!(state_of(&pep, "anna's home"), "up_to_date");
}

#[test]
fn nothing_waits_for_who_was_parked_or_removed_and_both_are_told_as_what_they_are() {
    let world = World::new();
    let [pep, anna, grandma] = world.trio(fill);
    pep.write("new.txt", "new");
    pep.sync();
    let waits = |labels: &[&str]| {
        let mailbox = pep.json(["mailbox", "show", pep.at()]).expect_code(0).document();
        let mut ids: Vec<Value> = labels
            .iter()
            .map(|label| location_of(&pep, label)["location_id"].clone())
            .collect();
        ids.sort_by_key(ToString::to_string);
        let waiting = mailbox["waiting_for"].as_array().into_iter().flatten();
        let mut found: Vec<Value> = waiting.map(|one| one["location_id"].clone()).collect();
        found.sort_by_key(ToString::to_string);
        assert_eq!(found, ids, "{mailbox:#}");
    };
    waits(&["anna's home", "grandma's home"]);
    say(&pep, &["park", "anna"]);
    waits(&["grandma's home"]);
    say(&pep, &["remove", "grandma", "--yes"]);
    waits(&[]);
    for command in ["locations", "status"] {
        let told = pep.run([command, pep.at()]);
        told.expect_code(0)
            .expect_out("parked: nothing waits for it until it syncs")
            .expect_out("removed");
        assert!(!told.stdout.contains("away for long"), "{told}");
    }
    drop((anna, grandma));
}

#[test]
fn too_little_of_an_id_is_said_to_be_too_little() {
    let world = World::new();
    let [pep, _anna] = world.pair(fill);
    let words = ["'a1b' is too short", "at least 4 characters"];
    let rename = ["location", "rename", pep.at(), "a1b", "--label", "X"];
    pep.json(rename).expect_failure(1, "unknown_location", &words);
    pep.json(["forget", "a1b"]).expect_failure(1, "unknown_archive", &words);
    std::fs::remove_dir_all(pep.private()).expect("it can be lost");
    let again = pep.json(["join", pep.at(), "--as", "a1b"]);
    again.expect_failure(1, "unknown_location", &words);
    let told = pep.json(["join", pep.at(), "--as", "bob"]);
    assert!(!told.stdout.contains("too short"), "no id begins so: {told}");
}

#[test]
fn each_home_has_a_number_of_its_own_and_a_parked_one_none_in_the_summary() {
    let world = World::new();
    let [pep, anna, grandma] = world.trio(fill);
    pep.write("first.txt", "first");
    pep.sync();
    anna.sync();
    pep.write("second.txt", "second");
    pep.sync();
    let expect = |sentence: &str, grandmas: &str| {
        let told = pep.run(["status", pep.at()]);
        told.expect_code(0).expect_out(sentence);
        for told in [told, pep.run(["locations", pep.at()])] {
            let line = |label: &str| told.stdout.lines().find(|line| line.trim().starts_with(label));
            let line = |label: &str| line(label).unwrap_or_else(|| panic!("{label}: {told}"));
            assert!(line("anna's home [").contains("]: 1 change behind ("), "{told}");
            assert!(line("grandma's home [").contains(grandmas), "{told}");
        }
    };
    expect(
        "Only this home is known to have everything. anna's home and grandma's home are up to 2 changes behind. You can unplug.",
        "]: 2 changes behind (",
    );
    say(&pep, &["park", "grandma"]);
    let sentence = "Only this home is known to have everything. anna's home is 1 change behind. You can unplug.";
    expect(sentence, "]: parked: nothing waits");
    anna.sync();
    pep.run(["status", pep.at()])
        .expect_out("Everything is safe in 2 homes. You can unplug.");
    grandma.sync();
    pep.sync();
    pep.run(["status", pep.at()])
        .expect_out("Everything is safe in 3 homes. You can unplug.");
}
