//! What comes with the years: homes that nobody visits, checks that grow old, and what is there when somebody comes again.

use serde_json::Value;

use crate::beside::{LEAST_ALLOWANCE, Thimble};
use crate::clock;
use crate::story::noise;
use crate::world::{Home, World, check_alike, settle};

/// After so many days of silence a home is set aside.
const PATIENCE: &str = "90";
/// Two years.
const LATER: i32 = 730;
const FILM_BYTES: usize = 3 << 20;
/// More than heads and statements of people take.
const WORDS_BYTES: usize = 40_000;

/// Three homes that wait ninety days for each other, with the files that `fill` puts at Pep's, with nothing left to say.
fn patient_trio(world: &World, fill: impl FnOnce(&Home)) -> [Home; 3] {
    let pep = world.home("pep");
    fill(&pep);
    world.init_waiting(&pep, PATIENCE, "16MiB");
    let [anna, grandma] = ["anna", "grandma"].map(|who| world.give_copy(&pep, who));
    settle(&[&pep, &anna, &grandma]);
    // Her silence begins when the others hear her last word.
    for home in [&pep, &anna] {
        home.sync();
    }
    [pep, anna, grandma]
}

fn mail_bytes(world: &World) -> usize {
    world.mail().values().map(Vec::len).sum()
}

/// Gives how one home tells that another one stands.
fn state(home: &Home, of: &Home) -> Value {
    let id = of.noted("location");
    let all = home.json(["locations", home.at()]).expect_code(0).document();
    let mut all = all.as_array().into_iter().flatten();
    all.find(|location| location["location_id"] == *id)
        .expect("it is told of")["state"]
        .clone()
}

/// Gives whom a sync set aside, each with the days of its silence.
fn set_aside(report: &Value) -> Vec<(String, u64)> {
    let aside = report["set_aside"].as_array().expect("a list");
    let told = |one: &Value| {
        (
            one["label"].as_str().expect("a label").to_owned(),
            one["days"].as_u64().expect("days"),
        )
    };
    aside.iter().map(told).collect()
}

#[test]
fn a_program_that_is_started_days_later_finds_itself_there_and_times_of_files_are_what_they_were() {
    let world = World::new();
    if !clock::can_be_set() {
        return;
    }
    let homes @ [pep, anna] = &world.pair(|pep| pep.write("a.txt", "a"));
    let seen = || {
        pep.json(["status", pep.at()]).document()[0]["last_sync"]
            .as_str()
            .expect("a time")
            .to_owned()
    };
    let before = seen();
    pep.at_day(LATER).write("b.txt", "b");
    pep.sync();
    anna.at_day(LATER).sync();
    let year = |time: &str| time[..4].parse::<u32>().expect("a time begins with a year");
    let after = seen();
    assert!(year(&after) > year(&before), "{before}, and {after} two years later");
    check_alike(&homes.each_ref());
    let written = std::fs::metadata(anna.folder.join("b.txt")).and_then(|meta| meta.modified());
    let now = std::time::SystemTime::now();
    assert!(written.expect("it has a time") <= now, "its time travelled with it");
    settle(&homes.each_ref());
}

/// A home that is away for two years while the others go on, and what it made itself and never sent.
struct TwoYears {
    world: World,
    homes: [Home; 3],
}

impl TwoYears {
    fn begin() -> Self {
        let world = World::in_memory();
        let homes = patient_trio(&world, |pep| {
            for number in 0..20 {
                pep.write(&format!("album/{number}.jpg"), noise(number, 20_000));
            }
            for name in ["notes.txt", "plan.txt", "recipe.txt", "letter.txt"] {
                pep.write(name, format!("{name} as it was"));
            }
        });
        let grandma = &homes[2];
        grandma.write("hers.txt", "made while she was away");
        grandma.write("recipe.txt", "edited by her alone");
        grandma.write("notes.txt", "edited by her, too");
        grandma.write("plan.txt", "edited by her, deleted by others");
        Self { world, homes }
    }

    /// Lets the two who are there make, edit, rename and delete things on a day, and sync until they are alike.
    fn live(&self, day: i32) -> Vec<Value> {
        let [pep, anna, _] = &self.homes;
        let (writer, reader) = if day % 120 == 30 { (pep, anna) } else { (anna, pep) };
        writer.at_day(day);
        reader.at_day(day);
        writer.write(
            &format!("films/{day}.bin"),
            noise(1_000 + day.unsigned_abs(), FILM_BYTES),
        );
        writer.write("notes.txt", format!("edited on day {day}"));
        writer.write(&format!("made on day {day}.txt"), format!("of day {day}"));
        match day {
            30 => writer.remove("plan.txt"),
            60 => writer.remove("album/3.jpg"),
            150 => writer.rename("album", "album of those years"),
            210 => writer.remove("album of those years/4.jpg"),
            270 => writer.rename("letter.txt", "letters/first.txt"),
            330 => writer.remove("made on day 210.txt"),
            _ => {}
        }
        let reports = [writer, reader, writer].map(Home::sync);
        check_alike(&[pep, anna]);
        reports.to_vec()
    }
}

#[test]
fn who_was_silent_for_two_years_is_set_aside_and_once_it_comes_gives_and_gets_all_bit_by_bit() {
    if !clock::can_be_set() {
        return;
    }
    let story = TwoYears::begin();
    let (world, [pep, anna, grandma]) = (&story.world, &story.homes);
    for day in [30, 60, 89] {
        for report in story.live(day) {
            assert_eq!(set_aside(&report), [], "day {day}: {report:#}");
        }
    }
    let waiting = (world.waiting().len(), mail_bytes(world));
    assert!(waiting.0 >= 6 && waiting.1 > 3 * FILM_BYTES, "{waiting:?} wait for her");
    pep.at_day(91);
    pep.run(["sync", pep.at()]).expect_code(0).expect_out(
        "  'grandma's home' has not synced for 91 days, so nothing waits for it any more. Nothing of it is lost: it gets all that it missed once it syncs again.\n",
    );
    assert_eq!(set_aside(&pep.sync()), [], "once");
    assert_eq!(state(pep, grandma), "parked");
    assert_eq!(set_aside(&anna.at_day(92).sync()), [("grandma's home".to_owned(), 92)]);
    assert_eq!(world.waiting(), Vec::<String>::new(), "the room is free again");
    assert!(mail_bytes(world) < WORDS_BYTES, "{} bytes", mail_bytes(world));
    for day in (150..LATER).step_by(60) {
        for report in story.live(day) {
            assert_eq!(set_aside(&report), [], "day {day}: {report:#}");
        }
        assert_eq!(world.waiting(), Vec::<String>::new(), "day {day}");
    }
    let there = pep.tree();

    let homes = [grandma, pep, anna];
    for home in homes {
        home.at_day(LATER);
    }
    let mut thimble = Thimble::of(world, LEAST_ALLOWANCE);
    let carried = thimble.carry(&homes);
    let content = there.paths(|path| path.starts_with(b"films/")).len() * FILM_BYTES;
    println!(
        "{} visits each for {content} bytes; at most {} in the mailbox",
        carried.rounds(),
        thimble.highest_bytes
    );
    assert!(
        content as u64 > 2 * LEAST_ALLOWANCE && carried.rounds() < 12,
        "{} rounds",
        carried.rounds()
    );
    settle(&homes);
    assert_eq!(state(pep, grandma), "up_to_date");

    let tree = grandma.tree();
    for deleted in [
        noise(3, 20_000),
        noise(4, 20_000),
        b"of day 210".to_vec(),
        b"plan.txt as it was".to_vec(),
    ] {
        assert!(!tree.holds(&deleted), "what was deleted came back: {tree:?}");
    }
    for (path, content) in [
        ("hers.txt", "made while she was away"),
        ("recipe.txt", "edited by her alone"),
        ("plan.txt", "edited by her, deleted by others"),
        ("letters/first.txt", "letter.txt as it was"),
        ("made on day 89.txt", "of day 89"),
        ("made on day 690.txt", "of day 690"),
    ] {
        assert_eq!(anna.read(path), content.as_bytes(), "{path}");
    }
    assert!(
        !tree.paths(|path| path.starts_with(b"album/")).iter().any(|_| true),
        "{tree:?}"
    );
    for both in ["edited by her, too", "edited on day 690"] {
        assert!(tree.holds(both.as_bytes()), "{both} in {tree:?}");
    }
    for film in there.paths(|path| path.starts_with(b"films/")) {
        assert!(grandma.folder.join(film).is_file());
    }
}

#[test]
fn what_its_author_alone_holds_stays_in_the_mailbox_however_long_all_others_are_silent() {
    let world = World::in_memory();
    if !clock::can_be_set() {
        return;
    }
    let [pep, anna, grandma] = patient_trio(&world, |pep| pep.write("a.txt", "a"));
    pep.write("film.bin", noise(1, FILM_BYTES));
    // She is the one who was heard last.
    anna.at_day(1).sync();
    pep.at_day(1).sync();
    let waiting = world.waiting();
    assert!(waiting.len() >= 2, "{waiting:?}");
    for day in [92, LATER] {
        pep.at_day(day).write("note.txt", format!("of day {day}"));
        let aside = set_aside(&pep.sync())
            .into_iter()
            .map(|(label, _)| label)
            .collect::<Vec<_>>();
        // Were both set aside, there would be nobody to send to: who was heard last goes on counting.
        let named = if day == LATER { &[][..] } else { &["grandma's home"][..] };
        assert_eq!(aside, named, "day {day}");
        let now = world.waiting();
        assert!(waiting.iter().all(|name| now.contains(name)), "day {day}: {now:?}");
    }
    anna.at_day(LATER).sync();
    assert_eq!(anna.read("film.bin"), noise(1, FILM_BYTES));
    assert_eq!(
        anna.read("note.txt"),
        format!("of day {LATER}").as_bytes(),
        "with her first visit"
    );
    // Now another one holds it, and she who is silent still gets it from them.
    settle(&[&pep, &anna]);
    assert_eq!(world.waiting(), Vec::<String>::new());
    assert_eq!(state(&pep, &grandma), "parked");
    grandma.at_day(LATER).sync();
    for home in [&pep, &anna, &pep] {
        home.sync();
    }
    let report = grandma.sync();
    assert_eq!(report["up_to_date"], true, "her second visit brings all: {report:#}");
    assert_eq!(grandma.read("note.txt"), format!("of day {LATER}").as_bytes());
    settle(&[&pep, &anna, &grandma]);
}

#[test]
fn who_is_waited_for_by_a_word_counts_again_and_is_set_aside_only_after_as_long_a_silence_again() {
    if !clock::can_be_set() {
        return;
    }
    let world = World::new();
    let [pep, anna, grandma] = &patient_trio(&world, |pep| pep.write("a.txt", "a"));
    let aside_at = |day: i32| {
        anna.at_day(day).sync();
        set_aside(&pep.at_day(day).sync())
    };
    let hers = |days: u64| [("grandma's home".to_owned(), days)];
    assert_eq!(aside_at(60), []);
    assert_eq!(aside_at(91), hers(91));
    assert_eq!(state(pep, grandma), "parked");
    // Whom silence alone set aside counts again.
    let wait = ["location", "wait", pep.at(), "grandma's home"];
    pep.run(wait).expect_code(0).expect_out(
        "'grandma's home' is waited for: its silence counts from now on. The other homes decide for themselves.\n",
    );
    assert_eq!(state(pep, grandma), "up_to_date");
    pep.write("news.txt", "for her");
    assert_eq!(aside_at(92), []);
    assert_eq!(state(pep, grandma), "behind");
    assert_eq!(aside_at(180), []);
    // So does she who was not set aside yet.
    let said = pep.json(wait).expect_code(0).document();
    assert_eq!(
        (&said["label"], &said["state"]),
        (&"grandma's home".into(), &"behind".into())
    );
    assert_eq!(aside_at(269), []);
    assert_eq!(aside_at(271), hers(271), "as long a silence again");
    // A person's word that nothing waits for her is not undone by it.
    pep.run(["location", "park", pep.at(), "grandma's home"]).expect_code(0);
    pep.json(wait)
        .expect_failure(1, "set_aside", &["offsync location unpark"]);
    let homes @ [_, _, grandma] = [pep, anna, grandma].map(|home| home.at_day(272));
    settle(&homes);
    assert_eq!(grandma.read("news.txt"), b"for her");
}

#[test]
fn the_receipt_tells_how_many_days_ago_the_oldest_check_was() {
    let world = World::new();
    if !clock::can_be_set() {
        return;
    }
    let [pep, anna] = &world.pair(|pep| {
        pep.write("a.txt", "aaa");
        pep.write("b.txt", "bbb");
        pep.age();
    });
    let read_again = |home: &Home| {
        home.run(["verify", home.at(), "--all"]).expect_code(0);
        home.sync();
    };
    let expect_at = |day: i32, said: &str| {
        let there = "2 files on 2 drives in 2 homes, verified by reading on each; oldest check";
        let told = pep.at_day(day).run(["locations", pep.at()]);
        told.expect_code(0).expect_out(&format!("\n{there} {said}.\n"));
        let status = pep.json(["status", pep.at()]).document();
        status[0]["receipt"]["oldest_check_days"].clone()
    };
    read_again(anna);
    read_again(pep);
    assert_eq!(expect_at(0, "today"), 0);
    assert_eq!(expect_at(1, "1 day ago"), 1);
    assert_eq!(expect_at(12, "12 days ago"), 12);
    // It is the oldest of them, whoever reads again.
    read_again(anna.at_day(12));
    pep.sync();
    assert_eq!(expect_at(12, "12 days ago"), 12);
    read_again(pep);
    assert_eq!(expect_at(12, "today"), 0);
    assert_eq!(expect_at(12 + 100, "100 days ago"), 100);
}
