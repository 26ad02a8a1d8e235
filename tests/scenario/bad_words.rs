//! Phrases and invitations that do not fit: nothing is guessed, nothing is changed.

use std::fs;

use crate::tree;
use crate::world::{Home, World, text};

struct Prepared {
    world: World,
    pep: Home,
    anna: Home,
    words: Vec<String>,
}

/// Pep has made a copy for Anna, who has not joined yet.
fn prepared() -> Prepared {
    let world = World::new();
    let pep = world.home("pep");
    pep.write("a.txt", "a");
    world.init(&pep);
    let anna = world.home_without_folder("anna");
    let copy = pep.json(["copy", pep.at(), anna.at(), "--label", "Anna", "--person", "Anna"]);
    let document = copy.expect_code(0).document();
    let words = document["phrase"]
        .as_str()
        .expect("words")
        .split(' ')
        .map(str::to_owned)
        .collect();
    Prepared {
        world,
        pep,
        anna,
        words,
    }
}

impl Prepared {
    fn join(&self, words: &str) -> crate::output::Output {
        let file = self.world.path("words");
        fs::write(&file, words).expect("words can be written");
        self.anna.json(["join", self.anna.at(), "--phrase-file", text(&file)])
    }

    fn refuse_quietly(&self, words: &str) {
        self.join(words).expect_failure(1, "bad_phrase", &["ord 1"]);
    }

    /// Joins with words that do not fit; nothing may change for that.
    fn refuse(&self, words: &str, said: &[&str]) {
        let before = (self.anna.tree(), tree::of(&self.anna.private()), self.world.mail());
        self.join(words).expect_failure(1, "bad_phrase", said);
        assert!(
            tree::of(&self.anna.settings()).is_empty(),
            "no key is kept for {words:?}"
        );
        let after = (self.anna.tree(), tree::of(&self.anna.private()), self.world.mail());
        assert_eq!(before, after, "nothing changes for {words:?}");
    }
}

#[test]
fn wrong_and_malformed_words_open_nothing_and_say_what_is_wrong() {
    let prepared = prepared();
    let words = &prepared.words;
    prepared.refuse("", &["these are 0", "person who invited you"]);
    prepared.refuse(&words[..5].join(" "), &["these are 5"]);
    prepared.refuse(&[words.join(" "), words[0].clone()].join(" "), &["these are 7"]);
    prepared.refuse("xxxxx yyyyy zzzzz xxxxx yyyyy zzzzz", &["ord 1"]);
    let other = if words[0] == "abacus" { "abdomen" } else { "abacus" };
    let wrong = [&[other.to_owned()], &words[1..]].concat().join(" ");
    prepared.refuse(&wrong, &["words"]);
    let swapped = [words[1].clone(), words[0].clone()]
        .into_iter()
        .chain(words[2..].iter().cloned());
    prepared.refuse(&swapped.collect::<Vec<_>>().join(" "), &["words"]);
    prepared.join(&words.join(" ")).expect_code(0);
}

#[test]
fn one_slip_case_hyphens_and_line_breaks_are_forgiven() {
    let prepared = prepared();
    let shouted: Vec<String> = prepared
        .words
        .iter()
        .map(|word| format!("{}\n", word.to_uppercase()))
        .collect();
    prepared.join(&shouted.join("  - ")).expect_code(0);
    prepared.join(&prepared.words.join(",")).expect_code(0);
    let mut forgiven = 0;
    for number in 0..6 {
        let mut typed = prepared.words.clone();
        typed[number].push('q');
        let joined = prepared.join(&typed.join(" "));
        if joined.code == 0 {
            forgiven += 1;
        } else {
            // Near to two words of the list, which is never guessed.
            joined.expect_failure(1, "bad_phrase", &[&format!("ord {}", number + 1)]);
        }
    }
    assert!(forgiven >= 4, "a slip in a word is forgiven: {forgiven} of 6");
    let slips: Vec<String> = prepared.words.iter().map(|word| format!("{word}qq")).collect();
    prepared.refuse_quietly(&slips.join(" "));
}

#[test]
fn words_that_cannot_be_read_are_a_usage_error() {
    let prepared = prepared();
    let anna = &prepared.anna;
    anna.json(["join", anna.at(), "--phrase-file", "/no/such/words"])
        .expect_failure(2, "usage", &["/no/such/words"]);
    anna.json(["join", anna.at()])
        .expect_failure(2, "phrase_needed", &["--phrase-file"]);
}

#[test]
fn an_invitation_that_is_none_is_refused() {
    let prepared = prepared();
    let (anna, world) = (&prepared.anna, &prepared.world);
    let words = world.path("words");
    fs::write(&words, prepared.words.join(" ")).expect("words can be written");
    let empty = world.path("empty");
    fs::create_dir(&empty).expect("a folder can be made");
    let join = |folder: &str, invitation: Option<&str>| {
        let mut arguments = vec!["join", folder, "--phrase-file", text(&words)];
        arguments.extend(invitation.map(|file| ["--invitation", file]).into_iter().flatten());
        anna.json(arguments)
    };
    join(text(&empty), None).expect_failure(1, "no_invitation", &["--invitation"]);
    join(text(&empty), Some("/no/such/file")).expect_failure(1, "no_invitation", &["/no/such/file"]);
    let rubbish = world.path("rubbish");
    for bytes in [&b""[..], b"x", b"offsync", &[0; 4096], &[0xff; 100_000]] {
        fs::write(&rubbish, bytes).expect("rubbish can be written");
        let refused = join(text(&empty), Some(text(&rubbish)));
        refused.expect_failure(1, "no_invitation", &["is no invitation of Offsync, or was cut short"]);
        assert!(
            tree::of(&empty).is_empty() && !empty.join(".offsync").exists(),
            "nothing was begun"
        );
    }
    join("/no/such/folder", None).expect_failure(1, "no_such_folder", &["/no/such/folder"]);
}

#[test]
fn a_damaged_invitation_on_the_drive_opens_with_no_words() {
    let prepared = prepared();
    let file = prepared.anna.private().join("invitation");
    let sealed = fs::read(&file).expect("there is an invitation");
    for at in [0, 1, sealed.len() / 2, sealed.len() - 1] {
        let mut broken = sealed.clone();
        broken[at] ^= 0x40;
        fs::write(&file, &broken).expect("it can be damaged");
        let refused = prepared.join(&prepared.words.join(" "));
        assert_eq!(refused.code, 1, "byte {at}: {refused}");
        let (message, _) = (refused.document()["error"]["message"].clone(), ());
        assert!(
            message.as_str().is_some_and(|message| message.ends_with('.')),
            "{refused}"
        );
    }
    fs::write(&file, &sealed).expect("it can be mended");
    prepared.join(&prepared.words.join(" ")).expect_code(0);
    assert_eq!(prepared.pep.sync()["up_to_date"], true);
}

#[test]
fn an_invitation_for_another_archive_leaves_a_copy_alone() {
    let prepared = prepared();
    let (world, anna) = (&prepared.world, &prepared.anna);
    prepared.join(&prepared.words.join(" ")).expect_code(0);
    let other = world.home("other");
    let url = world.mailbox_url();
    other
        .run(["init", other.at(), "--name", "Films", "--label", "O", "--mailbox", &url])
        .expect_code(0);
    let out = world.path("films.invitation");
    let invite = other.json([
        "invite",
        other.at(),
        "--label",
        "A",
        "--person",
        "A",
        "--out",
        text(&out),
    ]);
    let words = world.path("film.words");
    fs::write(&words, invite.document()["phrase"].as_str().expect("words")).expect("words can be written");
    let before = (anna.tree(), tree::of(&anna.private()));
    anna.json([
        "join",
        anna.at(),
        "--invitation",
        text(&out),
        "--phrase-file",
        text(&words),
    ])
    .expect_failure(1, "another_archive", &["Photos", "Films"]);
    assert_eq!(before, (anna.tree(), tree::of(&anna.private())));
}
