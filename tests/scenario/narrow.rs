//! A mailbox that holds less than what goes through it: what each home is told of it, between one sync and the next.

use offsync_engine::size;
use serde_json::Value;

use crate::story::noise;
use crate::world::{Home, World, invited, settle, text};

const FILM_BYTES: u64 = 30 << 20;

/// Two homes with a film that the mailbox does not hold, and one that has learned of it and has nothing of it.
fn with_a_newcomer(world: &World) -> [Home; 3] {
    let pep = world.home("pep");
    pep.write("film.bin", noise(1, FILM_BYTES as usize));
    world.init_allowing(&pep, "16MiB");
    let anna = world.give_copy(&pep, "anna");
    settle(&[&pep, &anna]);
    let [invitation, words] = invited(world, &pep, "Tia").map(|path| text(&path).to_owned());
    let tia = world.home("tia");
    let join = ["join", tia.at(), "--invitation", &invitation, "--phrase-file", &words];
    tia.run(join).expect_code(0);
    for home in [&tia, &pep, &tia] {
        home.sync();
    }
    [pep, anna, tia]
}

#[test]
fn what_was_taken_in_already_has_not_come_once_more() {
    let world = World::in_memory();
    let [pep, _, tia] = with_a_newcomer(&world);
    let asked = "1 file is not on this drive yet; what lacks was asked for. The next sync of 'anna's home' or of another home sends it; sync here after that.";
    let come = "1 file is not on this drive yet. What was asked for has come: sync here to take it in.";
    tia.run(["status", tia.at()]).expect_out(asked);
    pep.sync();
    tia.run(["status", tia.at()]).expect_out(come);
    tia.sync();
    // The packs lie there until Pep syncs, and hold nothing more.
    assert!(world.waiting().iter().any(|name| name.starts_with("for.")));
    tia.run(["status", tia.at()]).expect_out(asked);
    pep.sync();
    tia.run(["status", tia.at()]).expect_out(come);
    for home in [&tia, &pep, &tia] {
        home.sync();
    }
    assert!(tia.has("film.bin"));
}

#[test]
fn nothing_is_called_safe_while_another_home_has_more_to_send_than_the_mailbox_holds() {
    let world = World::in_memory();
    let pep = world.home("pep");
    pep.write("a.txt", "a");
    world.init_allowing(&pep, "16MiB");
    let anna = world.give_copy(&pep, "anna");
    let grandma = world.give_copy(&pep, "grandma");
    let homes = [&pep, &anna, &grandma];
    settle(&homes);
    anna.write("film.bin", noise(1, FILM_BYTES as usize));
    anna.sync();
    pep.sync();
    let until = "'anna's home' has changes to send that wait for room in the mailbox until 'grandma's home' syncs. You can unplug.";
    pep.run(["status", pep.at()]).expect_out(until);
    grandma.sync();
    let next = "'anna's home' has changes to send that wait for room in the mailbox; more of it comes as room is made: sync there and here in turn. You can unplug.";
    for home in [&pep, &grandma] {
        home.run(["status", home.at()]).expect_out(next);
        let said = home.json(["status", home.at()]).document();
        assert_eq!(said[0]["headline"]["kind"], "more_to_come", "{said:#}");
    }
    let listed = pep.json(["locations", pep.at()]).document();
    let waits = |home: &Value| home["label"] == "anna's home" && home["waits_for_room"] == true;
    assert!(listed.as_array().expect("a list").iter().any(waits), "{listed:#}");
    for home in homes.iter().cycle().take(24) {
        home.sync();
    }
    settle(&homes);
    for home in homes {
        home.run(["status", home.at()])
            .expect_out("Everything is safe in 3 homes.");
    }
}

#[test]
fn what_came_of_a_file_is_not_told_as_still_to_come() {
    let world = World::in_memory();
    let [pep, _, tia] = with_a_newcomer(&world);
    let lacking = || tia.json(["status", tia.at()]).document()[0]["lacking"]["bytes"].clone();
    assert_eq!(lacking(), FILM_BYTES);
    let served = pep.sync()["served"][0]["bytes"].as_u64().expect("a number");
    assert_eq!(lacking(), FILM_BYTES, "it lies in the mailbox");
    let told = tia.run(["sync", tia.at()]);
    let left = FILM_BYTES - served;
    assert_eq!(lacking(), left);
    told.expect_out(&format!(
        "  1 file is not here yet ({} to come) and was asked for.",
        size(left)
    ));
}
