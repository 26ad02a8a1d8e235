//! Homes that sync rarely, and changes in two homes at once.

use crate::story::noise;
use crate::world::{Home, World, check_alike, settle};

fn fill(pep: &Home) {
    pep.write("a.txt", "a");
    pep.write("folder/b.txt", "b");
    pep.write("folder/c.bin", noise(6, 50_000));
}

#[test]
fn a_home_that_syncs_after_a_year_catches_up_in_one_visit() {
    let world = World::new();
    let [pep, anna, grandma] = world.trio(fill);
    let mut last_week = String::new();
    for week in 0..26_u32 {
        last_week = format!("{}/week {week}", if week % 2 == 0 { "even" } else { "odd" });
        let (writer, reader) = if week % 3 == 0 { (&anna, &pep) } else { (&pep, &anna) };
        writer.write(&format!("{last_week}/new.bin"), noise(week, 3_000));
        writer.write("a.txt", format!("edited in week {week}"));
        if week > 4 {
            writer.remove(&format!(
                "{}/week {}",
                if week % 2 == 0 { "even" } else { "odd" },
                week - 4
            ));
        }
        if week % 5 == 0 {
            let from = if week == 0 {
                "folder".to_owned()
            } else {
                format!("folder {}", week - 5)
            };
            writer.rename(&from, &format!("folder {week}"));
        }
        writer.sync();
        reader.sync();
    }
    assert!(world.waiting().len() >= 26, "the mailbox keeps all of it for Grandma");
    let report = grandma.sync();
    check_alike(&[&pep, &anna, &grandma]);
    assert!(report["fetched"]["changesets"].as_u64() >= Some(26), "{report:#}");
    assert_eq!(report["up_to_date"], true);
    assert!(grandma.has(&last_week));
    assert_eq!(world.waiting(), Vec::<String>::new(), "and then it is gone");
}

#[test]
fn a_film_that_is_cut_anew_each_week_fills_no_mailbox_and_is_fetched_once() {
    const FILM_BYTES: usize = 1_000_000;
    let film = |week: u32| noise(1_000 + week, FILM_BYTES);
    let mail_bytes = |world: &World| world.mail().values().map(Vec::len).sum::<usize>();
    let world = World::new();
    let [pep, anna, grandma] = world.trio(|pep| pep.write("film.bin", film(0)));
    for week in 1..=12 {
        pep.write("film.bin", film(week));
        pep.write(&format!("{week}.txt"), format!("{week}"));
        pep.sync();
        anna.sync();
        assert!(
            mail_bytes(&world) < 2 * FILM_BYTES + 100_000,
            "week {week}: {:?}",
            world.waiting()
        );
    }
    pep.sync();
    assert!(mail_bytes(&world) < FILM_BYTES + 100_000, "{:?}", world.waiting());
    let report = grandma.sync();
    assert_eq!(grandma.read("film.bin"), film(12));
    let fetched = report["fetched"]["downloaded_bytes"].as_u64().expect("a number");
    assert!(
        (FILM_BYTES as u64..FILM_BYTES as u64 + 100_000).contains(&fetched),
        "{report:#}"
    );
    check_alike(&[&pep, &anna, &grandma]);
    settle(&[&pep, &anna, &grandma]);
    assert_eq!(world.waiting(), Vec::<String>::new());
}

#[test]
fn a_home_that_changed_things_during_its_year_away_loses_none_of_them() {
    let world = World::new();
    let [pep, anna, grandma] = world.trio(fill);
    for week in 0..10 {
        pep.write("a.txt", format!("edited in week {week}"));
        pep.write(&format!("{week}.txt"), format!("{week}"));
        pep.sync();
        anna.sync();
    }
    pep.rename("folder", "renamed");
    pep.sync();
    grandma.write("a.txt", "Grandma's");
    grandma.write("folder/late.txt", "Grandma's addition");
    grandma.remove("folder/b.txt");
    grandma.sync();
    settle(&[&pep, &anna, &grandma]);
    let tree = pep.tree();
    for kept in [&b"Grandma's"[..], b"edited in week 9", b"Grandma's addition"] {
        assert!(tree.holds(kept), "{:?} in {tree:?}", String::from_utf8_lossy(kept));
    }
    assert_eq!(
        pep.read("folder/late.txt"),
        b"Grandma's addition",
        "an addition keeps the old folder"
    );
}

#[test]
fn several_changesets_before_another_syncs_arrive_in_order() {
    let world = World::new();
    let [pep, anna] = world.pair(fill);
    pep.rename("a.txt", "b.txt");
    pep.sync();
    pep.rename("b.txt", "c.txt");
    pep.write("a.txt", "a new a");
    pep.sync();
    pep.remove("a.txt");
    pep.write("a.txt/now a folder.txt", "x");
    pep.sync();
    let report = anna.sync();
    assert_eq!(report["fetched"]["changesets"], 3);
    check_alike(&[&pep, &anna]);
}

#[test]
fn a_change_and_a_deletion_at_once_keep_the_change() {
    let world = World::new();
    let [pep, anna] = world.pair(|pep| {
        fill(pep);
        pep.write("another.txt", "another");
    });
    pep.remove("a.txt");
    pep.remove("folder");
    anna.write("a.txt", "edited meanwhile");
    anna.write("folder/b.txt", "edited too");
    pep.sync();
    anna.sync();
    settle(&[&pep, &anna]);
    assert_eq!(
        (pep.read("a.txt"), pep.read("folder/b.txt")),
        (b"edited meanwhile".to_vec(), b"edited too".to_vec())
    );
    assert!(!pep.has("folder/c.bin"), "what nobody touched is gone");
}

#[test]
fn the_same_change_in_two_homes_is_no_conflict() {
    let world = World::new();
    let [pep, anna] = world.pair(fill);
    for home in [&pep, &anna] {
        home.write("a.txt", "the same");
        home.write("new.txt", "new in both");
        home.remove("folder/b.txt");
    }
    pep.sync();
    let report = anna.sync();
    assert_eq!(report["conflicts"].as_array().map(Vec::len), Some(0), "{report:#}");
    for home in [&pep, &anna, &pep] {
        home.sync();
    }
    settle(&[&pep, &anna]);
    assert_eq!(pep.tree().len(), 4, "{:?}", pep.tree());
}

#[test]
fn a_folder_renamed_in_one_home_and_added_to_in_another_keeps_both() {
    let world = World::new();
    let [pep, anna] = world.pair(fill);
    pep.rename("folder", "renamed");
    anna.write("folder/added.txt", "added");
    pep.sync();
    anna.sync();
    settle(&[&pep, &anna]);
    assert_eq!(anna.read("folder/added.txt"), b"added");
    assert!(
        anna.has("renamed/b.txt") && !anna.has("folder/b.txt"),
        "{:?}",
        anna.tree()
    );
}

#[test]
fn a_folder_renamed_differently_in_two_homes_loses_no_file() {
    let world = World::new();
    let [pep, anna] = world.pair(fill);
    pep.rename("folder", "pep's");
    anna.rename("folder", "anna's");
    pep.sync();
    anna.sync();
    settle(&[&pep, &anna]);
    assert!(pep.tree().holds(b"b") && pep.tree().holds(&noise(6, 50_000)));
}

#[test]
fn a_file_here_and_a_folder_there_are_both_kept() {
    let world = World::new();
    let [pep, anna] = world.pair(fill);
    pep.write("thing", "a file");
    anna.write("thing/inside.txt", "in a folder");
    pep.sync();
    anna.sync();
    settle(&[&pep, &anna]);
    assert_eq!(pep.read("thing/inside.txt"), b"in a folder", "a folder beats a file");
    assert!(pep.tree().holds(b"a file"));
}

#[test]
fn three_versions_of_one_file_are_all_kept_everywhere() {
    let world = World::new();
    let [pep, anna, grandma] = world.trio(fill);
    let homes = [&pep, &anna, &grandma];
    for (number, home) in homes.into_iter().enumerate() {
        home.write("a.txt", format!("version {number}"));
    }
    for home in homes {
        home.sync();
    }
    settle(&homes);
    let tree = pep.tree();
    for number in 0..3 {
        assert!(tree.holds(format!("version {number}").as_bytes()), "{tree:?}");
    }
    let copies = tree.paths(|path| path.starts_with(b"a (other version "));
    assert_eq!(copies.len(), 2, "{tree:?}");
    // A person settles it: takes one away, edits the other.
    anna.remove(copies[0].to_str().expect("plain"));
    anna.write("a.txt", "the final one");
    settle(&[&anna, &pep, &grandma]);
    assert_eq!(grandma.read("a.txt"), b"the final one");
    assert_eq!(
        grandma
            .tree()
            .paths(|path| path.starts_with(b"a (other version "))
            .len(),
        1
    );
}
