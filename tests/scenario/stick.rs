//! A stick as the mailbox, carried from home to home: each finds it at a path of its own, and nobody else has it meanwhile.

use std::fs;
use std::path::{Path, PathBuf};

use rustix::mount::{UnmountFlags, mount_bind, unmount};
use serde_json::Value;

use crate::beside::figure;
use crate::machine::SmallDrive;
use crate::story::noise;
use crate::world::{Home, World, assert_at_rest, check_alike, invited, text};

/// The stick in somebody's computer, until it is pulled.
struct Plugged(PathBuf);

impl Plugged {
    fn at(stick: &Path, place: &Path) -> Self {
        mount_bind(stick, place).expect("who may mount a drive may mount it twice");
        Self(place.to_path_buf())
    }
}

impl Drop for Plugged {
    fn drop(&mut self) {
        let _ = unmount(&self.0, UnmountFlags::DETACH);
    }
}

/// Gives where a stick appears at somebody's computer.
fn port(home: &Home) -> PathBuf {
    let port = home.computer.join("media/STICK");
    fs::create_dir_all(&port).expect("a folder can be made");
    port
}

fn url(home: &Home) -> String {
    format!("fs://{}", text(&port(home)))
}

/// Brings the stick to somebody, who syncs and gives it away; the next one is at the door, and cannot sync yet.
fn visit(stick: &Path, home: &Home, next: &Home) -> Value {
    let plugged = Plugged::at(stick, &port(home));
    let report = home.sync();
    let away = next.json(["sync", next.at()]);
    away.expect_failure(6, "mailbox_away", &[]);
    drop(plugged);
    let away = home.json(["sync", home.at()]);
    away.expect_failure(6, "mailbox_away", &[]);
    report
}

#[test]
fn a_stick_that_goes_from_home_to_home_and_is_full_once_carries_everything() {
    let world = World::in_memory();
    let place = world.path("stick");
    let Some(drive) = SmallDrive::mount(&place, 16 << 20) else {
        return;
    };
    let [pep, anna, grandma] = ["pep", "anna", "grandma"].map(|who| world.home(who));
    pep.write("a.txt", "a");
    let plugged = Plugged::at(&place, &port(&pep));
    let at_pep = url(&pep);
    let words = ["--name", "Photos", "--label", "Pep's home", "--mailbox", &at_pep];
    pep.run(["init", pep.at()].into_iter().chain(words)).expect_code(0);
    pep.sync();
    for (home, label) in [(&anna, "Anna's home"), (&grandma, "Grandma's home")] {
        let [invitation, words] = invited(&world, &pep, label);
        let plugged = Plugged::at(&place, &port(home));
        let url = url(home);
        let join = [
            "join",
            home.at(),
            "--invitation",
            text(&invitation),
            "--phrase-file",
            text(&words),
        ];
        home.run(join.into_iter().chain(["--mailbox", &url])).expect_code(0);
        drop(plugged);
    }
    drop(plugged);
    let homes = [&pep, &anna, &grandma];
    let round = || {
        let reports = [(0, 1), (1, 2), (2, 0)].map(|(at, next)| visit(&place, homes[at], homes[next]));
        let waits = reports.iter().any(|report| figure(report, "waiting", "entries") > 0);
        let is_quiet = reports.iter().all(|report| {
            let did = [
                ("posted", "changesets"),
                ("fetched", "changesets"),
                ("pruned", "objects"),
            ];
            report["up_to_date"] == true && did.iter().all(|(part, name)| figure(report, part, name) == 0)
        });
        (waits, is_quiet)
    };
    for _ in 0..4 {
        round();
    }
    check_alike(&homes);
    // More than it holds: from two homes, and one of them takes something away meanwhile.
    let film = noise(1, 20 << 20);
    pep.write("film.bin", &film);
    pep.write("note.txt", "small");
    for number in 0..12 {
        anna.write(&format!("photos/{number}.bin"), noise(100 + number, 1 << 20));
    }
    grandma.rename("a.txt", "b.txt");
    let (mut was_full, mut rounds) = (false, 0);
    loop {
        let (waits, is_quiet) = round();
        was_full |= waits;
        rounds += 1;
        assert!(rounds < 20, "something waits after {rounds} rounds");
        if is_quiet && !waits {
            break;
        }
    }
    println!("{rounds} rounds; full: {was_full}");
    assert!(was_full, "it held all at once");
    check_alike(&homes);
    for home in homes {
        assert_eq!(home.read("film.bin"), film);
        assert!(home.has("photos/11.bin") && home.has("note.txt") && home.has("b.txt") && !home.has("a.txt"));
    }
    let _all: Vec<Plugged> = homes.iter().map(|home| Plugged::at(&place, &port(home))).collect();
    assert_at_rest(&homes);
    drop(drive);
}
