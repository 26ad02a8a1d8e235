//! A row of an index that says something else than was written: its home notices, and learns anew what it said; the sound
//! homes go on as before, and nobody calls a file lost.

use crate::world::{Home, World, assert_at_rest, check_alike};

const MENDED: &str = "  Offsync's index on this drive was damaged, and is made anew from the files here and from what the other homes know. No file is lost; what was deleted here and not sent yet may come back.\n";
const DAMAGED: &str = "A note in Offsync's index on this drive is damaged. Your files are untouched.";

/// Turns one bit of the digest that a home's index holds of a file.
fn turn_a_bit(home: &Home, path: &str) {
    let index = rusqlite::Connection::open(home.private().join("index.sqlite")).expect("there is an index");
    let key = path.as_bytes();
    let mut body: Vec<u8> = index
        .query_row("SELECT body FROM entry WHERE key = ?1", [key], |row| row.get(0))
        .expect("there is a row");
    let at = body.windows(key.len()).position(|bytes| bytes == key);
    // After the path stands which kind it is, then the digest.
    body[at.expect("it names its path") + key.len() + 1] ^= 1;
    index
        .execute("UPDATE entry SET body = ?1 WHERE key = ?2", (body, key))
        .expect("it can be changed");
}

fn fill(pep: &Home) {
    for name in ["a.txt", "b.txt"] {
        pep.write(name, format!("{name} as it was"));
    }
}

#[test]
fn an_index_with_a_row_that_says_another_content_heals_and_no_sound_home_begins_again() {
    // Who would begin again where nobody looked at his own index hangs on the archive's key.
    for world_number in 0..8 {
        let world = World::in_memory();
        let homes @ [pep, anna, grandma] = &world.trio(fill);
        let ids = homes.each_ref().map(|home| home.noted("location"));
        turn_a_bit(anna, "a.txt");
        pep.write("new.txt", "new");
        for _ in 0..4 {
            for home in homes {
                let told = home.run(["sync", home.at()]);
                assert!(!told.stdout.contains("no home has"), "world {world_number}: {told}");
                assert!(!told.stdout.contains("ALARM"), "world {world_number}: {told}");
            }
        }
        for home in homes {
            home.run(["sync", home.at()]).expect_code(0);
            assert_eq!(home.read("a.txt"), b"a.txt as it was");
            assert_eq!(home.tree().len(), 3, "{:?}", home.tree());
            home.run(["status", home.at()])
                .expect_out("Everything is safe in 3 homes.");
        }
        check_alike(&homes.each_ref());
        assert_ne!(anna.noted("location"), ids[1]);
        assert_eq!(
            [pep.noted("location"), grandma.noted("location")],
            [ids[0].clone(), ids[2].clone()]
        );
    }
}

#[test]
fn who_looks_at_a_damaged_index_is_told_to_sync_and_the_sync_says_what_it_does() {
    let world = World::in_memory();
    let [pep, anna] = &world.pair(fill);
    turn_a_bit(anna, "a.txt");
    anna.write("a.txt", "edited");
    for look in ["status", "diff"] {
        let looked = anna.run([look, anna.at()]);
        assert!(looked.expect_code(1).stderr.contains(DAMAGED), "{looked}");
    }
    let told = anna.run(["sync", anna.at()]);
    assert!(matches!(told.code, 0 | 5), "{told}");
    told.expect_out(MENDED)
        .expect_out("  This home goes on under a new id, [");
    assert!(!told.stdout.contains("restored"), "{told}");
    for home in [pep, anna, pep, anna, pep] {
        home.sync();
    }
    let again = anna.run(["sync", anna.at()]);
    assert!(!again.expect_code(0).stdout.contains("damaged"), "{again}");
    check_alike(&[pep, anna]);
    // What it had shown is known again once the other home has told what there is: an edit is an edit, and no conflict.
    for home in [pep, anna] {
        assert_eq!(home.read("a.txt"), b"edited", "{:?}", home.tree());
        assert!(
            !format!("{:?}", home.tree()).contains("other version"),
            "{:?}",
            home.tree()
        );
    }
}

/// Turns one bit of what a note holds, by its place in it, or of the note's name.
fn turn_a_bit_of_a_note(home: &Home, like: &str, of_its_name: bool) {
    let index = rusqlite::Connection::open(home.private().join("index.sqlite")).expect("there is an index");
    let select = "SELECT name, value FROM note WHERE name LIKE ?1 ORDER BY name LIMIT 1";
    let (name, mut value): (String, Vec<u8>) = index
        .query_row(select, [like], |row| Ok((row.get(0)?, row.get(1)?)))
        .expect("there is such a note");
    let mut new_name = name.clone();
    if of_its_name {
        new_name.replace_range(1..2, "!");
    } else {
        *value.last_mut().expect("it holds something") ^= 2;
    }
    let update = "UPDATE note SET name = ?2, value = ?3 WHERE name = ?1";
    let changed = index
        .execute(update, (name, new_name, value))
        .expect("it can be changed");
    assert_eq!(changed, 1);
}

#[test]
fn a_note_that_says_something_else_brings_back_nothing_and_holds_nobody_up() {
    let notes = [
        ("identity", true),
        ("vector", false),
        ("vector", true),
        ("identity", false),
        ("statement/%", true),
        ("person/%", false),
    ];
    for (note, of_its_name) in notes {
        let world = World::in_memory();
        let homes @ [pep, anna, grandma] = &world.trio(|pep| {
            fill(pep);
            pep.write("old.txt", "to be deleted");
        });
        let sound = [pep, grandma].map(|home| home.noted("location"));
        turn_a_bit_of_a_note(anna, note, of_its_name);
        pep.write("a.txt", "edited");
        pep.remove("old.txt");
        anna.write("new.txt", "new");
        pep.sync();
        let told = anna.run(["sync", anna.at()]);
        told.expect_out(MENDED);
        for _ in 0..4 {
            for home in homes {
                let told = home.run(["sync", home.at()]);
                assert!(
                    !told.stdout.contains("ALARM") && !told.stdout.contains("restored"),
                    "{note}: {told}"
                );
            }
        }
        for home in homes {
            let last = home.run(["sync", home.at()]);
            last.expect_code(0);
            assert_eq!(home.read("a.txt"), b"edited", "{note}");
            assert_eq!(home.tree().len(), 3, "{note}: {:?}", home.tree());
        }
        assert_at_rest(&homes.each_ref());
        assert_eq!([pep, grandma].map(|home| home.noted("location")), sound, "{note}");
    }
}
