//! What sync programs of clouds put beside the objects of a mailbox: copies of them under other names, and files of their own.

use std::fs;
use std::path::Path;

use crate::world::{World, check_alike, settle};

/// Puts copies beside all objects, as the common programs name them where they think that two computers wrote one file.
fn copy_all(world: &World) -> usize {
    let mail = world.mail();
    let folder = mail
        .keys()
        .find_map(|path| path.parent())
        .expect("something lies there");
    let mut made = 0;
    for (path, bytes) in &mail {
        let name = name_of(path);
        if is_copy(&name) {
            continue;
        }
        let (stem, extension) = name.rsplit_once('.').unwrap_or((&name, ""));
        let copies = [
            format!("{stem} (Anna's conflicted copy 2026-11-20).{extension}"),
            format!("{stem} (conflicted copy 2026-11-20 101112).{extension}"),
            format!("{stem}-ANNAS-LAPTOP.{extension}"),
            format!("{stem} (1).{extension}"),
            format!("{stem} 2.{extension}"),
            format!("{stem}.sync-conflict-20261120-101112-ABCDEFG.{extension}"),
            format!("Copy of {name}"),
            format!("{name}.part"),
            format!(".{name}.Xy12"),
        ];
        for (n, copy) in copies.iter().enumerate() {
            // Some are cut short, as while they are on their way.
            let end = if n % 3 == 0 { bytes.len() / 2 } else { bytes.len() };
            fs::write(folder.join(copy), &bytes[..end]).expect("there is room");
            made += 1;
        }
    }
    for own in [".dropbox", "desktop.ini", ".DS_Store", "Icon\r", ".~lock.head#"] {
        fs::write(folder.join(own), "of a program").expect("there is room");
    }
    fs::create_dir_all(world.mailbox().join(".stfolder")).expect("there is room");
    made
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn is_copy(name: &str) -> bool {
    let marks = [" (", "-ANNAS", " 2.", ".sync-conflict-", "Copy of ", ".part"];
    name.starts_with('.') || ["desktop.ini", "Icon\r"].contains(&name) || marks.iter().any(|mark| name.contains(mark))
}

#[test]
fn copies_that_sync_programs_make_of_objects_are_nobodys_word_and_stay_where_they_are() {
    let world = World::new();
    let homes @ [pep, anna, grandma] = &world.trio(|pep| {
        pep.write("a.txt", "first");
        pep.write("film.bin", vec![7; 300_000]);
    });
    copy_all(&world);
    pep.write("a.txt", "second");
    pep.write("b.bin", vec![8; 300_000]);
    pep.sync();
    assert!(copy_all(&world) > 9 * 6, "heads, statements, a changeset and its pack");
    anna.sync();
    anna.remove("film.bin");
    anna.write("a.txt", "third");
    anna.sync();
    copy_all(&world);
    settle(&homes.each_ref());
    grandma.write("c.txt", "from the one who was away");
    settle(&homes.each_ref());
    check_alike(&homes.each_ref());
    assert_eq!(pep.read("a.txt"), b"third");
    assert!(!grandma.has("film.bin") && grandma.has("b.bin"));
    // None of the copies went away, and of the objects themselves what is left after all have all.
    let names: Vec<String> = world.mail().keys().map(|path| name_of(path)).collect();
    assert!(
        names.iter().any(|name| name.contains(".pack") && is_copy(name)),
        "{names:?}"
    );
    let own = names.iter().filter(|name| !is_copy(name));
    let left: Vec<_> = own
        .filter(|name| !name.starts_with("head.") && !name.starts_with("people."))
        .collect();
    assert!(left.is_empty(), "{left:?}");
    for home in homes {
        let report = home.sync();
        assert_eq!(report["warnings"], serde_json::json!([]), "{report:#}");
        assert_eq!(report["up_to_date"], true, "{report:#}");
    }
}
