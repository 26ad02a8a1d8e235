//! An ocean through a thimble: whatever the size of a change, the mailbox is never filled, all of it arrives, and goes once.

use std::fs;

use crate::beside::{Carried, LEAST_ALLOWANCE, Thimble, figure};
use crate::story::noise;
use crate::world::{Home, World, assert_at_rest, check_alike, invited, settle, text};

const MIB: u64 = 1 << 20;

/// Two homes with a mailbox for so many MiB, with nothing left to say.
fn pair_allowing(world: &World, mib: u64) -> ([Home; 2], Thimble) {
    let pep = world.home("pep");
    pep.write("a.txt", "a");
    world.init_allowing(&pep, &format!("{mib}MiB"));
    let anna = world.give_copy(&pep, "anna");
    settle(&[&pep, &anna]);
    ([pep, anna], Thimble::of(world, mib * MIB))
}

/// All is there, byte for byte, and what was sent is hardly more than what there is to send.
fn expect_delivered(homes: &[&Home], carried: &Carried, payload_bytes: u64) {
    check_alike(homes);
    assert_at_rest(homes);
    let uploaded = carried.uploaded_bytes();
    println!(
        "{payload_bytes} bytes of payload, {uploaded} uploaded, {} rounds",
        carried.rounds()
    );
    assert!(uploaded >= payload_bytes, "noise does not shrink: {uploaded}");
    assert!(uploaded * 100 <= payload_bytes * 105, "{uploaded} for {payload_bytes}");
}

/// Sends files of 1 MiB, so many, through a mailbox for so many MiB.
fn send_files(mib: u64, files: u32) {
    let world = World::in_memory();
    let ([pep, anna], mut thimble) = pair_allowing(&world, mib);
    for number in 0..files {
        pep.write(&format!("{}/{number}.bin", number % 5), noise(number, MIB as usize));
    }
    let wanted = pep.tree();
    let carried = thimble.carry(&[&pep, &anna]);
    wanted.expect_same(&anna.tree(), "what Pep made");
    expect_delivered(&[&pep, &anna], &carried, u64::from(files) * MIB);
}

#[test]
fn half_of_what_the_mailbox_may_hold_goes_at_once() {
    send_files(16, 8);
}

#[test]
fn exactly_what_the_mailbox_may_hold_goes_in_parts_and_once() {
    send_files(16, 16);
}

#[test]
fn three_times_what_the_mailbox_may_hold_goes_in_parts_and_once() {
    send_files(16, 48);
}

#[test]
fn three_times_a_larger_mailbox_goes_in_parts_and_once() {
    send_files(64, 192);
}

#[test]
fn twenty_times_what_the_mailbox_may_hold_goes_in_parts_and_once() {
    send_files(16, 320);
}

#[test]
fn one_file_of_three_times_what_the_mailbox_may_hold_arrives_whole() {
    let world = World::in_memory();
    let ([pep, anna], mut thimble) = pair_allowing(&world, 16);
    let film = noise(7, 3 * LEAST_ALLOWANCE as usize);
    pep.write("film.bin", &film);
    let carried = thimble.carry(&[&pep, &anna]);
    assert_eq!(anna.read("film.bin"), film);
    expect_delivered(&[&pep, &anna], &carried, film.len() as u64);
}

#[test]
fn what_is_small_arrives_before_what_is_large() {
    const SMALL: u32 = 60;
    const SMALL_BYTES: usize = 30_000;
    const LARGE: u32 = 6;
    const LARGE_BYTES: usize = 8 << 20;
    let world = World::in_memory();
    let ([pep, anna], mut thimble) = pair_allowing(&world, 16);
    // By name and by when they were written the large ones are in front.
    for number in 0..LARGE {
        pep.write(&format!("a large one {number}.bin"), noise(number, LARGE_BYTES));
    }
    for number in 0..SMALL {
        pep.write(&format!("small/{number}.bin"), noise(1_000 + number, SMALL_BYTES));
    }
    pep.rename("a.txt", "z.txt");
    let first = thimble.sync(&pep);
    let mut sent_bytes = figure(&first, "posted", "uploaded_bytes");
    assert_ne!(first["waiting"]["entries"], 0, "{first:#}");
    sent_bytes += figure(&thimble.sync(&anna), "posted", "uploaded_bytes");
    for number in 0..SMALL {
        assert!(
            anna.has(&format!("small/{number}.bin")),
            "{number} waits behind something large"
        );
    }
    assert!(anna.has("z.txt") && !anna.has("a.txt"), "a rename takes no room");
    assert!(!anna.has(&format!("a large one {}.bin", LARGE - 1)));
    let carried = thimble.carry(&[&pep, &anna]);
    let payload = u64::from(SMALL) * SMALL_BYTES as u64 + u64::from(LARGE) * LARGE_BYTES as u64;
    check_alike(&[&pep, &anna]);
    assert_at_rest(&[&pep, &anna]);
    let uploaded = sent_bytes + carried.uploaded_bytes();
    assert!(uploaded * 100 <= payload * 105, "{uploaded} for {payload}");
}

/// Puts a file of somebody else's between the objects of the mailbox.
fn put_strange(world: &World, name: &str, bytes: usize) {
    let object = world.mail().into_keys().next().expect("something lies there");
    fs::write(object.with_file_name(name), noise(4_711, bytes)).expect("it can be written");
}

/// Everything but the strangers' files is as it is at rest.
fn remove_strange(world: &World, name: &str) {
    let object = world.mail().into_keys().next().expect("something lies there");
    fs::remove_file(object.with_file_name(name)).expect("it is there still");
}

#[test]
fn what_other_programs_put_there_counts_and_the_rest_arrives_in_more_visits() {
    let world = World::in_memory();
    let ([pep, anna], mut thimble) = pair_allowing(&world, 16);
    put_strange(&world, "Holidays in Calella (2).mp4", 8 << 20);
    for number in 0..24 {
        pep.write(&format!("{number}.bin"), noise(number, MIB as usize));
    }
    let carried = thimble.carry(&[&pep, &anna]);
    // An empty one takes it in three visits.
    assert!(carried.rounds() > 5, "{} rounds", carried.rounds());
    remove_strange(&world, "Holidays in Calella (2).mp4");
    expect_delivered(&[&pep, &anna], &carried, 24 * MIB);
}

#[test]
fn a_mailbox_that_other_programs_fill_takes_a_rename_still_and_says_what_waits() {
    let world = World::in_memory();
    let ([pep, anna], mut thimble) = pair_allowing(&world, 16);
    // What is left is kept for others' packs and for what brings no content.
    put_strange(&world, "Holidays.mp4", 14 << 20);
    pep.write("film.bin", noise(1, 4 << 20));
    pep.rename("a.txt", "b.txt");
    let waits = "1 change (4.2 MB) waits for room in the mailbox; it goes as soon as there is room for it";
    for home in [&pep, &anna] {
        thimble.sync(home);
    }
    pep.run(["sync", pep.at()]).expect_code(0).expect_out(waits);
    assert!(anna.has("b.txt") && !anna.has("a.txt") && !anna.has("film.bin"));
    // Nearly to the last byte, and beyond.
    for (size, used) in [(15 << 20, "15.7"), (17 << 20, "17.8")] {
        put_strange(&world, "Holidays.mp4", size);
        anna.sync();
        pep.run(["sync", pep.at()]).expect_code(0).expect_out(waits);
        pep.run(["status", pep.at()])
            .expect_code(0)
            .expect_out(waits)
            .expect_out("You can unplug.")
            .expect_out(&format!("mailbox: {used} MB of 16.8 MB\n"));
    }
    remove_strange(&world, "Holidays.mp4");
    thimble.carry(&[&pep, &anna]);
    check_alike(&[&pep, &anna]);
    assert_at_rest(&[&pep, &anna]);
    assert!(anna.has("film.bin"));
}

/// Lets Pep and Anna, with so many MiB each, and Grandma, who has none, sync in turn, always in this order; gives what the two
/// have sent after each round.
fn both_send(order: [usize; 3], mib: [u32; 2]) -> Vec<[u64; 2]> {
    let world = World::in_memory();
    let ([pep, anna], mut thimble) = pair_allowing(&world, 16);
    let grandma = world.give_copy(&pep, "grandma");
    let homes = [&pep, &anna, &grandma];
    settle(&homes);
    for ((home, mib), seed) in homes.iter().zip(mib).zip([0, 1_000]) {
        for number in 0..mib {
            home.write(&format!("{seed}/{number}.bin"), noise(seed + number, MIB as usize));
        }
    }
    let carried = thimble.carry(&order.map(|at| homes[at]));
    expect_delivered(&homes, &carried, u64::from(mib[0] + mib[1]) * MIB);
    let mut sent = [0; 2];
    let rounds = (0..carried.rounds()).map(|round| {
        for (at, sent) in sent.iter_mut().enumerate() {
            let place = order.iter().position(|home| *home == at).expect("everybody comes");
            *sent += figure(&carried.reports[place][round], "posted", "payload_bytes");
        }
        sent
    });
    let rounds: Vec<[u64; 2]> = rounds.collect();
    println!("{order:?}, {mib:?} MiB: {rounds:?}");
    rounds
}

#[test]
fn two_who_send_more_than_fits_share_what_each_round_frees_though_one_always_comes_first() {
    // Who reads comes last, so that the first finds what was freed, always; and between the two.
    for (order, mib) in [([0, 1, 2], [32, 40]), ([1, 2, 0], [32, 40])] {
        let rounds = both_send(order, mib);
        for pair in rounds.windows(2) {
            let [before, after] = [pair[0], pair[1]];
            let is_waiting = (0..2).all(|at| after[at] < u64::from(mib[at]) * MIB);
            let [one, other] = [0, 1].map(|at| after[at] - before[at]);
            // Nobody knew in the first round that the other one has more than fits.
            assert!(
                !is_waiting || one.min(other) * 2 >= one.max(other),
                "{before:?}, {after:?}"
            );
        }
    }
}

#[test]
fn who_joins_from_a_file_gets_three_times_what_the_mailbox_may_hold_in_rounds() {
    let world = World::in_memory();
    let pep = world.home("pep");
    for number in 0..48 {
        pep.write(&format!("{}/{number}.bin", number % 5), noise(number, MIB as usize));
    }
    world.init_allowing(&pep, "16MiB");
    let anna = world.give_copy(&pep, "anna");
    settle(&[&pep, &anna]);
    let [invitation, words] = invited(&world, &pep, "Tia").map(|path| text(&path).to_owned());
    let tia = world.home("tia");
    let join = ["join", tia.at(), "--invitation", &invitation, "--phrase-file", &words];
    tia.run(join).expect_code(0);
    let homes = [&pep, &anna, &tia];
    let carried = Thimble::of(&world, LEAST_ALLOWANCE).carry(&homes);
    expect_delivered(&homes, &carried, 48 * MIB);
}
