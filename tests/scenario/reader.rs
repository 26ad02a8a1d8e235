//! A reader in another language rebuilds an archive from a mailbox and a key.
//!
//! That is how `docs/format.md` is known to be complete: `tests/reader/` uses nothing that does not stand there, and
//! shares no line with the program. A mailbox still holds everything while somebody is waited for who never comes.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::odd_names::write_odd;
use crate::output::Output;
use crate::story::noise;
use crate::tree;
use crate::world::{Home, World, check_alike, text};

/// The most that the reader may take, all of its own files together.
const READER_LINES_MAX: usize = 1_000;

fn reader() -> PathBuf {
    offsync_tests::repository().join("tests/reader")
}

/// Where the reader finds the key.
pub(crate) enum Key {
    Invitation { file: PathBuf, words: PathBuf },
    Raw(PathBuf),
}

impl World {
    /// Makes an invitation for somebody who is waited for from now on.
    fn invite(&self, pep: &Home, who: &str) -> Key {
        let (file, words) = (
            self.path(&format!("{who}.invitation")),
            self.path(&format!("{who}.words")),
        );
        let label = format!("{who}'s home");
        let invited = pep.json([
            "invite",
            pep.at(),
            "--label",
            &label,
            "--person",
            who,
            "--out",
            text(&file),
        ]);
        let document = invited.expect_code(0).document();
        fs::write(&words, document["phrase"].as_str().expect("six words")).expect("words can be written");
        Key::Invitation { file, words }
    }

    /// Lets somebody who was invited begin with an empty folder.
    fn join(&self, who: &str, key: &Key) -> Home {
        let home = self.home(who);
        let Key::Invitation { file, words } = key else {
            panic!("nobody joins with a raw key");
        };
        let arguments = [
            "join",
            home.at(),
            "--invitation",
            text(file),
            "--phrase-file",
            text(words),
        ];
        home.run(arguments).expect_code(0);
        home
    }

    /// Gives the folder of the one archive in the mailbox.
    fn archive(&self) -> PathBuf {
        let mut folders = fs::read_dir(self.mailbox()).expect("a mailbox can be listed");
        folders
            .next()
            .expect("an archive was begun")
            .expect("it can be listed")
            .path()
    }

    /// Gives the objects whose names are wanted.
    fn objects(&self, wanted: impl Fn(&str) -> bool) -> Vec<PathBuf> {
        let is_wanted = |path: &PathBuf| wanted(&path.file_name().unwrap_or_default().to_string_lossy());
        self.mail().into_keys().filter(is_wanted).collect()
    }

    /// Rebuilds an archive below the world's folder.
    pub(crate) fn rebuild(&self, archive: &Path, key: &Key) -> (Output, PathBuf) {
        let mut output = self.path("rebuilt");
        while output.exists() {
            output.set_extension(format!("{}x", output.extension().unwrap_or_default().to_string_lossy()));
        }
        assert!(
            reader().join("node_modules").is_dir(),
            "the reader's packages are missing: `.ci/setup test` installs them"
        );
        let mut command = Command::new("node");
        command.arg(reader().join("main.js")).args([archive, &output]);
        match key {
            Key::Invitation { file, words } => command.arg("--invitation").arg(file).arg("--words").arg(words),
            Key::Raw(file) => command.arg("--key").arg(file),
        };
        (Output::of(&mut command), output)
    }

    /// Expects that the reader makes just the tree of `home`.
    fn expect_rebuilt(&self, key: &Key, home: &Home) {
        let (said, rebuilt) = self.rebuild(&self.archive(), key);
        said.expect_code(0);
        assert_eq!(said.stderr, "", "{said}");
        home.tree()
            .expect_same(&tree::of(&rebuilt), "what the reader makes and the living copy");
    }
}

impl Home {
    fn dress(&self, path: &str, mode: u32, modified: SystemTime) {
        let path = self.folder.join(path);
        let file = fs::File::options()
            .append(true)
            .open(&path)
            .expect("a file can be opened");
        file.set_modified(modified).expect("a time can be set");
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("a mode can be set");
    }

    /// Takes the archive's key out of the file in which this computer keeps its keys.
    fn raw_key(&self, at: &Path) -> Key {
        let kept = fs::read(self.settings().join("keys")).expect("keys are kept in a file");
        let secrets = kept.strip_prefix(b"offsync secrets 1\n").expect("a file of secrets");
        let secrets: BTreeMap<String, Vec<u8>> = postcard::from_bytes(secrets).expect("secrets by name");
        let bundle = secrets.values().next().expect("one archive's keys");
        let digits: String = bundle[..32].iter().map(|byte| format!("{byte:02x}")).collect();
        fs::write(at, digits).expect("a key can be written");
        Key::Raw(at.to_owned())
    }
}

/// Everything that an archive can hold, as it is posted first.
fn fill(pep: &Home) {
    for i in 0..300_u32 {
        let line = format!("page {i} of many that lie in one pack\n");
        pep.write(&format!("book/{}/{i}.txt", i % 7), line.repeat(20));
    }
    pep.write("large/noise.bin", noise(1, 5 << 20));
    pep.write(
        "large/lines.txt",
        (0..400_000).map(|i| format!("{i}\n")).collect::<String>(),
    );
    pep.write("empty.txt", "");
    pep.write("conflict.txt", "first");
    pep.write("edited or deleted.txt", "first");
    pep.write("moved/from.bin", noise(2, 90_000));
    pep.write("half/gone.txt", "goes");
    pep.write("goes.txt", "goes");
    fs::create_dir_all(pep.folder.join("empty folder/below")).expect("folders can be made");
    symlink("../book/none", pep.folder.join("large/link")).expect("links can be made");
    symlink("conflict.txt", pep.folder.join("link")).expect("links can be made");
    write_odd(pep, "");
    let day = Duration::from_secs(86_400);
    pep.dress("conflict.txt", 0o640, UNIX_EPOCH - day + Duration::from_nanos(1));
    pep.dress(
        "large/noise.bin",
        0o755,
        UNIX_EPOCH + 30_000 * day + Duration::from_nanos(123_456_789),
    );
    let private = fs::Permissions::from_mode(0o750);
    fs::set_permissions(pep.folder.join("book/3"), private).expect("a mode can be set");
}

/// Changes at both homes, none of which the other knows yet.
fn change(pep: &Home, anna: &Home) {
    let mut noise = noise(1, 5 << 20);
    noise.splice(2_000_000..2_000_010, *b"another content, not as long as before");
    pep.write("large/noise.bin", noise);
    pep.rename("moved/from.bin", "moved/to.bin");
    pep.rename("book/5", "chapter five");
    pep.remove("goes.txt");
    pep.remove("half");
    anna.write("half/stays.txt", "keeps the folder");
    for (home, mine) in [(pep, "Pep's"), (anna, "Anna's own")] {
        home.write("conflict.txt", mine);
        home.write("both.d/alike.txt", "alike");
        home.write("both.tar.gz", mine);
    }
    pep.write("Stra\u{df}e/Caf\u{e9}.TXT", "Pep's");
    anna.write("STRASSE/cafe\u{301}.txt", "Anna's");
    pep.write("thing", "a file");
    anna.write("thing/below.txt", "in a folder");
    symlink("here", pep.folder.join("pointer")).expect("links can be made");
    symlink("there", anna.folder.join("pointer")).expect("links can be made");
    pep.remove("edited or deleted.txt");
    anna.write("edited or deleted.txt", "edited");
    fs::remove_file(anna.folder.join("link")).expect("a link can be removed");
}

#[test]
fn a_mailbox_and_six_words_are_enough_to_rebuild_an_archive_without_offsync() {
    let world = World::in_memory();
    let pep = world.home("pep");
    world.init(&pep);
    let anna = world.join("anna", &world.invite(&pep, "anna"));
    let waited_for = world.invite(&pep, "grandma");
    fill(&pep);
    pep.sync();
    world.expect_rebuilt(&waited_for, &pep);
    anna.sync();
    change(&pep, &anna);
    for home in [&pep, &anna, &pep, &anna] {
        home.sync();
    }
    check_alike(&[&pep, &anna]);
    let conflicts = pep.json(["conflicts", pep.at()]).document();
    assert!(conflicts.as_array().map(Vec::len) >= Some(4), "{conflicts:#}");
    world.expect_rebuilt(&waited_for, &anna);
    world.expect_rebuilt(&pep.raw_key(&world.path("key")), &pep);
}

#[test]
fn what_was_pruned_is_read_from_served_state_and_what_is_in_no_object_is_named() {
    let world = World::in_memory();
    let pep = world.home("pep");
    world.init(&pep);
    pep.write("a.txt", "a");
    pep.write("goes.txt", "goes");
    pep.write("large.bin", noise(3, 3 << 20));
    symlink("a.txt", pep.folder.join("link")).expect("links can be made");
    pep.sync();
    pep.remove("goes.txt");
    pep.sync();
    let invitation = world.invite(&pep, "anna");
    let anna = world.join("anna", &invitation);
    for home in [&anna, &anna] {
        home.json(["sync", home.at()]);
    }
    pep.sync();
    let states = world.objects(|name| name.ends_with(".state"));
    assert_eq!(states.len(), 1, "state is served to whoever lost the thread");
    let (said, rebuilt) = world.rebuild(&world.archive(), &invitation);
    said.expect_code(1);
    let lacking = [
        "a.txt: its content is not in this mailbox (1 of 1",
        "large.bin: its content is not",
    ];
    assert!(lacking.iter().all(|line| said.stderr.contains(line)), "{said}");
    assert_eq!(said.stderr.lines().count(), 3, "{said}");
    assert_eq!(tree::of(&rebuilt).len(), 1, "a link needs no content");

    let kept = fs::read(&states[0]).expect("an object can be read");
    anna.json(["sync", anna.at()]);
    pep.sync();
    fs::write(&states[0], kept).expect("an object can be brought back");
    world.expect_rebuilt(&invitation, &pep);
}

#[test]
fn a_damaged_or_missing_object_is_named_and_the_rest_is_rebuilt() {
    let world = World::in_memory();
    let pep = world.home("pep");
    world.init(&pep);
    let key = world.invite(&pep, "grandma");
    for (path, content) in [("a.txt", noise(1, 300_000)), ("b.txt", noise(2, 100))] {
        pep.write(path, content);
        pep.sync();
    }
    let pack = world.objects(|name| name.ends_with(".pack")).remove(0);
    let mut bytes = fs::read(&pack).expect("an object can be read");
    bytes[4_000] ^= 1;
    fs::write(&pack, bytes).expect("an object can be damaged");
    let (said, rebuilt) = world.rebuild(&world.archive(), &key);
    said.expect_code(1);
    let name = pack.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let told = format!("{name}: it was not sealed with this key under this name");
    assert!(
        said.stderr.contains(&told) && said.stderr.contains("a.txt: its content"),
        "{said}"
    );
    assert_eq!(tree::of(&rebuilt).get("b.txt"), pep.tree().get("b.txt"));

    let first = world.objects(|name| name.ends_with(".1.manifest")).remove(0);
    fs::remove_file(first).expect("an object can be lost");
    let (said, rebuilt) = world.rebuild(&world.archive(), &key);
    said.expect_code(1);
    let told = [
        ".2.manifest: it builds on changesets",
        "it knows of changesets that are not in this mailbox",
    ];
    assert!(told.iter().all(|line| said.stderr.contains(line)), "{said}");
    assert!(tree::of(&rebuilt).is_empty());
}

#[test]
fn what_a_home_said_under_ids_that_nobody_introduces_any_more_is_read_by_its_own_word() {
    let world = World::in_memory();
    let pep = world.home("pep");
    world.init(&pep);
    let sheet = world.path("sheet");
    pep.run(["recovery", pep.at(), "--out", text(&sheet)]).expect_code(0);
    pep.sync();
    let before = world.objects(|name| name.starts_with("people."));
    world.invite(&pep, "grandma");
    pep.sync();
    let invited = world.objects(|name| name.starts_with("people."));
    let invited: Vec<_> = invited.into_iter().filter(|name| !before.contains(name)).collect();
    assert_eq!(invited.len(), 1);
    pep.write("a.txt", "a");
    pep.sync();
    for _ in 0..2 {
        for statement in world.objects(|name| name.starts_with("people.")) {
            if !invited.contains(&statement) {
                fs::remove_file(statement).expect("an object can be lost");
            }
        }
        fs::remove_dir_all(pep.private()).expect("it can be lost");
        fs::remove_dir_all(pep.settings()).expect("a computer can be lost");
        pep.run(["join", pep.at(), "--recovery", text(&sheet)]).expect_code(0);
        (0..3).for_each(|_| drop(pep.json(["sync", pep.at()])));
    }
    assert_eq!(world.objects(|name| name.ends_with(".manifest")).len(), 1);
    world.expect_rebuilt(&pep.raw_key(&world.path("key")), &pep);
}

#[test]
fn another_key_and_other_words_open_nothing_and_are_told_in_one_sentence() {
    let world = World::in_memory();
    let pep = world.home("pep");
    world.init(&pep);
    let key = world.invite(&pep, "grandma");
    let other = world.path("other");
    fs::write(&other, "ab".repeat(32)).expect("a key can be written");
    let (said, _) = world.rebuild(&world.archive(), &Key::Raw(other.clone()));
    said.expect_code(1);
    assert!(said.stderr.ends_with("it is that of another archive.\n"), "{said}");
    let Key::Invitation { file, .. } = key else {
        panic!("an invitation")
    };
    fs::write(&other, "abacus abdomen abdominal abide abiding ability").expect("words can be written");
    let (said, _) = world.rebuild(&world.archive(), &Key::Invitation { file, words: other });
    said.expect_code(1);
    assert_eq!(
        said.stderr,
        "These are not the words of this invitation, or it is damaged.\n"
    );
}

#[test]
fn the_reader_is_short_enough_to_be_written_again() {
    let listed = fs::read_dir(reader()).expect("the reader can be listed");
    let files = listed.map(|entry| entry.expect("an entry can be read").path());
    let texts = files.filter(|path| path.extension().is_some_and(|end| end == "js"));
    let lines = |path: PathBuf| fs::read_to_string(path).expect("a file can be read").lines().count();
    let lines: usize = texts.map(lines).sum();
    assert!((1..=READER_LINES_MAX).contains(&lines), "the reader has {lines} lines");
}

#[test]
fn who_was_taken_out_reads_nothing_that_is_sent_from_then_on() {
    let world = World::in_memory();
    let pep = world.home("pep");
    world.init(&pep);
    let (out, stays) = (world.invite(&pep, "zoe"), world.invite(&pep, "grandma"));
    pep.write("before.txt", "before");
    pep.sync();
    pep.run(["location", "remove", pep.at(), "zoe's home", "--yes"])
        .expect_code(0);
    pep.write("after.txt", "after");
    pep.sync();
    let (said, rebuilt) = world.rebuild(&world.archive(), &out);
    assert_eq!(
        fs::read(rebuilt.join("before.txt")).ok().as_deref(),
        Some(&b"before"[..]),
        "{said}"
    );
    assert!(!rebuilt.join("after.txt").exists(), "{said}");
    assert!(said.stderr.contains("a newer Offsync is needed (format 2)"), "{said}");
    // Who was invited before and joins after it has all, by the words that were told then.
    let grandma = world.join("grandma", &stays);
    for home in [&grandma, &pep, &grandma, &pep, &grandma, &pep] {
        home.sync();
    }
    assert!(grandma.has("before.txt") && grandma.has("after.txt"));
    check_alike(&[&pep, &grandma]);
}
