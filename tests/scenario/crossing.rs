//! Changes of one file that cross: the home that hears of both says so, once, and what it says is true.

use serde_json::{Value, json};

use crate::world::{Home, World, settle};

const KEEP: &str = "Keep which you want: delete what is too much, and the next sync tells everybody.";
const DELETE: &str = "Delete what nobody needs, and the next sync tells everybody.";

fn said<const N: usize>(lines: [(&str, String); N]) -> Value {
    Value::Array(
        lines
            .map(|(path, reason)| json!({"path": path, "reason": reason}))
            .into(),
    )
}

/// Three homes with a letter and folders of photos.
fn family(world: &World) -> [Home; 3] {
    world.trio(|pep| {
        pep.write("letter.txt", "a letter");
        pep.write("notes.txt", "notes");
        for name in ["photos/one.jpg", "photos/trip/two.jpg", "songs/a.mp3", "songs/b.mp3"] {
            pep.write(name, name);
        }
    })
}

/// Who only watches hears of both, and is told nothing; nobody hears it twice.
fn settle_in_silence(homes: [&Home; 3]) {
    for home in [homes[2], homes[0], homes[1], homes[2]] {
        assert_eq!(home.sync()["warnings"], json!([]), "{}", home.at());
    }
    settle(&homes);
}

#[test]
fn a_file_that_was_renamed_otherwise_in_two_homes_is_said_by_the_one_that_hears_of_both() {
    let world = World::new();
    let [pep, anna] = world.pair(|pep| {
        pep.write("letter.txt", "a letter");
        pep.write("other.txt", "another");
        pep.write("photos/one.jpg", "one");
        pep.write("photos/two.jpg", "two");
    });
    anna.rename("letter.txt", "to Anna.txt");
    pep.rename("letter.txt", "to Pep.txt");
    // The same name in both is one rename; and what only one renamed is no matter of both.
    anna.rename("other.txt", "alike.txt");
    pep.rename("other.txt", "alike.txt");
    anna.rename("photos", "pictures");
    pep.rename("photos", "images");
    assert_eq!(anna.sync()["warnings"], json!([]));
    let end = "Both stay, with the same content: delete what is too much, and the next sync tells everybody.";
    let said = [
        (
            "to Pep.txt",
            format!(
                "it was 'letter.txt' before, and 'anna's home' renamed that to 'to Anna.txt' at the same time. {end}"
            ),
        ),
        (
            "images",
            format!(
                "2 files in it were in 'photos' before, and 'anna's home' moved them to 'pictures' at the same time. {end}"
            ),
        ),
    ];
    assert_eq!(
        pep.sync()["warnings"],
        json!(said.map(|(path, reason)| json!({"path": path, "reason": reason})))
    );
    settle(&[&pep, &anna]);
    for home in [&pep, &anna] {
        assert!(home.has("to Anna.txt") && home.has("to Pep.txt") && home.has("alike.txt"));
        assert!(home.has("pictures/two.jpg") && home.has("images/two.jpg"));
        assert_eq!(home.sync()["warnings"], json!([]), "said once");
    }
    anna.remove("to Pep.txt");
    settle(&[&pep, &anna]);
    assert!(
        !pep.has("to Pep.txt") && pep.has("to Anna.txt"),
        "one of them is deleted everywhere"
    );
}

#[test]
fn files_that_two_homes_moved_out_of_the_top_of_the_archive_or_to_it_are_said_with_that_place() {
    let world = World::new();
    let [pep, anna] = world.pair(|pep| {
        for name in ["one.jpg", "two.jpg", "deep/three.jpg", "deep/four.jpg"] {
            pep.write(name, name);
        }
    });
    for name in ["one.jpg", "two.jpg"] {
        anna.rename(name, &format!("pictures/{name}"));
        pep.rename(name, &format!("images/{name}"));
    }
    for name in ["three.jpg", "four.jpg"] {
        anna.rename(&format!("deep/{name}"), name);
        pep.rename(&format!("deep/{name}"), &format!("other/{name}"));
    }
    anna.sync();
    let end = "Both stay, with the same content: delete what is too much, and the next sync tells everybody.";
    let said = [
        (
            "images",
            "2 files in it were at the top of the archive before, and 'anna's home' moved them to 'pictures' at the same time.",
        ),
        (
            "other",
            "2 files in it were in 'deep' before, and 'anna's home' moved them to the top of the archive at the same time.",
        ),
    ];
    assert_eq!(
        pep.sync()["warnings"],
        json!(said.map(|(path, reason)| json!({"path": path, "reason": format!("{reason} {end}")})))
    );
}

#[test]
fn what_was_renamed_here_and_edited_in_another_home_is_said_by_the_one_that_hears_of_both() {
    let world = World::new();
    let [pep, anna, grandma] = family(&world);
    anna.write("letter.txt", "a better letter");
    for name in ["photos/one.jpg", "photos/trip/two.jpg", "songs/a.mp3"] {
        anna.write(name, format!("{name}, edited"));
    }
    pep.rename("letter.txt", "to Pep.txt");
    pep.rename("photos", "images");
    pep.rename("songs", "music");
    assert_eq!(anna.sync()["warnings"], json!([]));
    let expected = [
        (
            "music/a.mp3",
            format!(
                "it was 'songs/a.mp3' before, and 'anna's home' edited that at the same time. Both stay: 'songs/a.mp3' as \
                 it was edited, 'music/a.mp3' as it was before. {KEEP}"
            ),
        ),
        (
            "to Pep.txt",
            format!(
                "it was 'letter.txt' before, and 'anna's home' edited that at the same time. Both stay: 'letter.txt' as it \
                 was edited, 'to Pep.txt' as it was before. {KEEP}"
            ),
        ),
        (
            "images",
            format!(
                "2 files in it were in 'photos' before, and 'anna's home' edited them there at the same time. Both stay: \
                 those in 'photos' as they were edited, those in 'images' as they were before. {KEEP}"
            ),
        ),
    ];
    expect_lines(&pep, said(expected));
    settle_in_silence([&pep, &anna, &grandma]);
    for home in [&pep, &anna, &grandma] {
        assert_eq!(home.read("letter.txt"), b"a better letter");
        assert_eq!(home.read("to Pep.txt"), b"a letter");
        assert_eq!(home.read("photos/trip/two.jpg"), b"photos/trip/two.jpg, edited");
        assert_eq!(home.read("images/trip/two.jpg"), b"photos/trip/two.jpg");
        assert!(home.has("music/b.mp3") && !home.has("songs/b.mp3"));
    }
    // The next step that it names does what it says.
    pep.remove("to Pep.txt");
    settle(&[&pep, &anna, &grandma]);
    assert!(!grandma.has("to Pep.txt") && grandma.has("letter.txt"));
}

#[test]
fn what_was_edited_here_and_renamed_in_another_home_is_said_by_the_one_that_hears_of_both() {
    let world = World::new();
    let [pep, anna, grandma] = family(&world);
    pep.write("letter.txt", "a better letter");
    for name in ["photos/one.jpg", "photos/trip/two.jpg", "songs/a.mp3"] {
        pep.write(name, format!("{name}, edited"));
    }
    anna.rename("letter.txt", "to Anna.txt");
    anna.rename("photos", "images");
    anna.rename("songs", "music");
    assert_eq!(anna.sync()["warnings"], json!([]));
    let expected = [
        (
            "letter.txt",
            format!(
                "it was edited here, and 'anna's home' renamed it to 'to Anna.txt' at the same time. Both stay: \
                 'letter.txt' as it was edited, 'to Anna.txt' as it was before. {KEEP}"
            ),
        ),
        (
            "songs/a.mp3",
            format!(
                "it was edited here, and 'anna's home' renamed it to 'music/a.mp3' at the same time. Both stay: \
                 'songs/a.mp3' as it was edited, 'music/a.mp3' as it was before. {KEEP}"
            ),
        ),
        (
            "photos",
            format!(
                "2 files in it were edited here, and 'anna's home' moved them to 'images' at the same time. Both stay: \
                 those in 'photos' as they were edited, those in 'images' as they were before. {KEEP}"
            ),
        ),
    ];
    expect_lines(&pep, said(expected));
    settle_in_silence([&pep, &anna, &grandma]);
    for home in [&pep, &anna, &grandma] {
        assert_eq!(home.read("letter.txt"), b"a better letter");
        assert_eq!(home.read("to Anna.txt"), b"a letter");
        assert_eq!(home.read("photos/one.jpg"), b"photos/one.jpg, edited");
        assert_eq!(home.read("images/one.jpg"), b"photos/one.jpg");
    }
}

#[test]
fn what_was_renamed_in_one_home_and_deleted_in_another_stays_and_the_one_that_hears_of_both_says_so() {
    let world = World::new();
    let [pep, anna, grandma] = family(&world);
    anna.remove("letter.txt");
    anna.rename("notes.txt", "noted.txt");
    anna.remove("songs");
    pep.rename("letter.txt", "to Pep.txt");
    pep.remove("notes.txt");
    pep.rename("songs", "music");
    assert_eq!(anna.sync()["warnings"], json!([]));
    let expected = [
        (
            "to Pep.txt",
            format!(
                "it was 'letter.txt' before, and 'anna's home' took that away at the same time. It stays under its new \
                 name. {DELETE}"
            ),
        ),
        (
            "music",
            format!(
                "2 files in it were in 'songs' before, and 'anna's home' took them away there at the same time. They stay \
                 in 'music'. {DELETE}"
            ),
        ),
        (
            "noted.txt",
            format!(
                "it was 'notes.txt' before, which was taken away here, and 'anna's home' renamed it at the same time. It \
                 stays under its new name. {DELETE}"
            ),
        ),
    ];
    expect_lines(&pep, said(expected));
    settle_in_silence([&pep, &anna, &grandma]);
    for home in [&pep, &anna, &grandma] {
        assert!(home.has("to Pep.txt") && home.has("noted.txt") && home.has("music/a.mp3"));
        assert!(!home.has("letter.txt") && !home.has("notes.txt") && !home.has("songs"));
    }
}

#[test]
fn a_folder_that_another_home_moved_while_it_was_taken_away_here_stays_and_is_said_in_one_sentence() {
    let world = World::new();
    let [pep, anna, grandma] = family(&world);
    anna.rename("songs", "music");
    pep.remove("songs");
    anna.sync();
    let reason = format!(
        "2 files in it were in 'songs' before, which were taken away here, and 'anna's home' moved them at the same time. \
         They stay in 'music'. {DELETE}"
    );
    expect_lines(&pep, said([("music", reason)]));
    settle_in_silence([&pep, &anna, &grandma]);
    assert!(pep.has("music/a.mp3") && pep.has("music/b.mp3"));
}

#[test]
fn what_was_moved_and_edited_in_one_home_was_not_taken_away_there_when_another_renamed_it() {
    let world = World::new();
    let large = |end: &str| {
        let line = |n: u32| format!("line {n} of a long story\n");
        (0..120_000).map(line).chain([end.to_owned()]).collect::<String>()
    };
    let [pep, anna] = world.pair(|pep| {
        for name in ["here.txt", "same.txt", "there.txt", "taken.txt", "removed.txt"] {
            pep.write(name, name);
        }
        pep.write("tale.txt", large("The end."));
        pep.write("story.txt", large("And so on."));
    });
    // Here: the very file under another name, a file of its name in another folder, and one that holds most of it.
    for (from, to) in [
        ("here.txt", "Pep's.txt"),
        ("same.txt", "deep/same.txt"),
        ("tale.txt", "Pep's tale.txt"),
    ] {
        pep.rename(from, to);
        anna.rename(from, &format!("Anna's {from}"));
    }
    pep.write("Pep's.txt", "here, edited");
    pep.write("deep/same.txt", "same, edited");
    pep.write("Pep's tale.txt", large("The end of Pep."));
    // There: what can be told of it from here.
    for (from, to) in [("there.txt", "deep/there.txt"), ("story.txt", "Anna's story.txt")] {
        pep.rename(from, &format!("Pep's {from}"));
        anna.rename(from, to);
    }
    anna.write("deep/there.txt", "there, edited");
    anna.write("Anna's story.txt", large("And so on, by Anna."));
    // What is really gone is said as ever, beside new files that are no part of it.
    pep.rename("taken.txt", "Pep's taken.txt");
    anna.remove("taken.txt");
    pep.remove("removed.txt");
    anna.rename("removed.txt", "Anna's removed.txt");
    anna.sync();
    let expected = [
        (
            "Pep's taken.txt",
            format!(
                "it was 'taken.txt' before, and 'anna's home' took that away at the same time. It stays under its new \
                 name. {DELETE}"
            ),
        ),
        (
            "Anna's removed.txt",
            format!(
                "it was 'removed.txt' before, which was taken away here, and 'anna's home' renamed it at the same time. It \
                 stays under its new name. {DELETE}"
            ),
        ),
    ];
    expect_lines(&pep, said(expected));
    settle(&[&pep, &anna]);
    for home in [&pep, &anna] {
        assert_eq!(home.read("Pep's.txt"), b"here, edited");
        assert!(home.has("Anna's here.txt") && home.has("deep/there.txt") && home.has("Pep's there.txt"));
    }
}

#[test]
fn a_file_that_lives_on_where_another_one_was_deleted_before_was_not_taken_away() {
    let world = World::new();
    let [pep, anna, _grandma] = world.trio(|pep| {
        pep.write("box/notes.txt", "notes");
        pep.write("desk/notes.txt", "older notes");
    });
    pep.remove("desk/notes.txt");
    // Grandma has not heard of it, so that it is remembered.
    settle(&[&pep, &anna]);
    pep.rename("box/notes.txt", "box/Pep's notes.txt");
    anna.rename("box/notes.txt", "desk/notes.txt");
    anna.write("desk/notes.txt", "notes, edited");
    anna.sync();
    expect_lines(&pep, json!([]));
    settle(&[&pep, &anna]);
    assert_eq!(pep.read("desk/notes.txt"), b"notes, edited");
    assert_eq!(anna.read("box/Pep's notes.txt"), b"notes");
}

#[test]
fn where_files_are_alike_nobody_knows_which_is_which_and_nothing_is_said() {
    let world = World::new();
    let [pep, anna] = world.pair(|pep| {
        // Pairs of files with one content; what is done to one of them might have been done to the other.
        for pair in ["a", "b", "c", "d", "e"] {
            for name in ["1", "2"] {
                pep.write(&format!("{pair}/{name}.txt"), pair);
            }
        }
        pep.write("f.txt", "f");
        pep.write("g.txt", "g");
        pep.write("h.txt", "h");
    });
    // One is renamed, or the other one copied and this one deleted.
    pep.rename("a/1.txt", "a/new.txt");
    anna.write("a/1.txt", "edited");
    pep.write("b/1.txt", "edited");
    anna.rename("b/1.txt", "b/new.txt");
    // Either may be what has the new name.
    pep.rename("c/1.txt", "c/new.txt");
    pep.remove("c/2.txt");
    anna.write("c/1.txt", "edited");
    pep.rename("d/1.txt", "d/Pep's.txt");
    anna.rename("d/1.txt", "d/Anna's.txt");
    anna.remove("d/2.txt");
    anna.remove("e/1.txt");
    pep.rename("e/1.txt", "e/new.txt");
    // Another file was put in the place of this one: that is no edit of it.
    pep.rename("f.txt", "renamed.txt");
    anna.rename("g.txt", "f.txt");
    // What only one touched, and what only its time tells apart, is no matter of both.
    pep.rename("h.txt", "moved.txt");
    anna.sync();
    expect_lines(&pep, json!([]));
    settle(&[&pep, &anna]);
}

/// A sync that ends well says just this, in any order.
fn expect_lines(home: &Home, mut expected: Value) {
    let mut warnings = home.sync()["warnings"].clone();
    for lines in [&mut warnings, &mut expected] {
        let lines = lines.as_array_mut().expect("a list");
        lines.sort_by_key(|line| line["path"].as_str().expect("a path").to_owned());
    }
    assert_eq!(warnings, expected);
}
