//! `watch` and `run`: what changes is sent once it has settled, drives come and go, and nothing is said twice.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::process::Child;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::foreign_drive::ForeignDrive;
use crate::schema::check;
use crate::world::{Home, World, settle, text};

/// A busy machine with two cores takes its time.
const PATIENCE: Duration = Duration::from_secs(60);

/// The program at work, with the lines that it has told so far.
struct Watcher {
    child: Child,
    lines: Receiver<String>,
    seen: Vec<Value>,
}

impl Watcher {
    fn start(home: &Home, arguments: &[&str]) -> Self {
        let mut command = home.command(["--json"].into_iter().chain(arguments.iter().copied()));
        let mut child = command.spawn().expect("the program can be started");
        let out = BufReader::new(child.stdout.take().expect("its output is ours"));
        let (tell, lines) = channel();
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                if tell.send(line).is_err() {
                    return;
                }
            }
        });
        Self {
            child,
            lines,
            seen: Vec::new(),
        }
    }

    /// Reads lines until one of this event is told of this folder; gives it.
    #[track_caller]
    fn until(&mut self, event: &str, folder: &str) -> Value {
        let began = Instant::now();
        while let Ok(line) = self.lines.recv_timeout(PATIENCE.saturating_sub(began.elapsed())) {
            let line: Value = serde_json::from_str(&line).expect("each line is a document");
            check_line(&line);
            self.seen.push(line.clone());
            if line["event"] == event && line["folder"] == folder {
                return line;
            }
        }
        panic!(
            "no {event} of {folder} in {} s; seen: {:#?}",
            PATIENCE.as_secs(),
            self.seen
        );
    }

    fn count(&self, event: &str, folder: &str) -> usize {
        let is_meant = |line: &&Value| line["event"] == event && line["folder"] == folder;
        self.seen.iter().filter(is_meant).count()
    }

    /// Ends it as a person or a service would, and expects it to be done.
    fn stop(mut self, signal: Signal) {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, signal).expect("it is still at work");
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("a child can be asked") {
                assert_eq!(status.code(), Some(0), "{signal:?} ends it well");
                return;
            }
            assert!(began.elapsed() < PATIENCE, "{signal:?} does not end it");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Somebody who goes on writing a file, until it is told to end.
struct Writer {
    end: Sender<()>,
    /// Gives its longest pause.
    hand: JoinHandle<Duration>,
}

impl Writer {
    /// Begins; there is something in the file when this returns.
    fn start(home: &Home, name: &str) -> Self {
        let (end, ended) = channel();
        let mut file = File::create(home.folder.join(name)).expect("a file can be made");
        file.write_all(b"begun").expect("it can be written");
        let hand = std::thread::spawn(move || {
            let (mut last, mut longest) = (Instant::now(), Duration::ZERO);
            // The pace of whoever saves it; nothing is waited for.
            while ended.recv_timeout(Duration::from_millis(5)).is_err() {
                file.write_all(b"more").expect("it can be written");
                longest = longest.max(last.elapsed());
                last = Instant::now();
            }
            longest
        });
        Self { end, hand }
    }

    /// Ends; gives the longest pause between two writes.
    fn end(self) -> Duration {
        self.end.send(()).expect("it is still writing");
        self.hand.join().expect("it could write")
    }
}

/// Every line has the fields of its event, and no others.
fn check_line(line: &Value) {
    let mut sample = match line["event"].as_str().expect("each line names its event") {
        "drive_attached" | "drive_detached" | "sync_started" => json!({}),
        "sync_finished" => {
            let figures = |sample: Value| if line["error"].is_null() { sample } else { Value::Null };
            json!({
                "error": null,
                "safe_to_unplug": true,
                "posted": figures(json!({"changesets": 0, "entries": 0, "payload_bytes": 0, "uploaded_bytes": 0})),
                "waiting": figures(json!({"entries": 0, "bytes": 0})),
                "applied": figures(json!({"created": 0, "modified": 0, "deleted": 0, "renamed": 0, "metadata": 0})),
            })
        }
        "progress" => {
            json!({"phase": "", "done": 0, "total": null, "done_bytes": 0, "total_bytes": null, "path": null})
        }
        "notice" => json!({"message": ""}),
        event => panic!("{event} is not in the contract: {line:#}"),
    };
    let whole = [
        ("time", "TIME"),
        ("event", ""),
        ("archive_id", "ID"),
        ("folder", "FOLDER"),
    ];
    for (name, like) in whole.into_iter().filter(|(name, _)| !line[*name].is_null()) {
        sample[name] = like.into();
    }
    let more = [
        "archive_id",
        "folder",
        "posted.summary",
        "posted.part_bytes",
        "waiting.visits",
        "waiting.waits_on",
        "waiting.of_each",
    ];
    check(line, &sample, &more);
    assert!(line["time"].is_string(), "{line:#}");
}

fn many(pep: &Home) {
    for number in 0..12 {
        pep.write(&format!("{number}.txt"), format!("number {number}"));
    }
}

/// Begins another archive on the same computer; its cycles tell how far the watcher is.
fn second(world: &World, pep: &Home) -> Home {
    let other = Home {
        computer: pep.computer.clone(),
        folder: world.path("drives/second"),
    };
    fs::create_dir_all(&other.folder).expect("a folder can be made");
    let url = world.mailbox_url();
    pep.run([
        "init",
        other.at(),
        "--name",
        "Second",
        "--label",
        "Second",
        "--mailbox",
        &url,
    ])
    .expect_code(0);
    other
}

#[test]
fn a_change_is_sent_when_it_has_settled_in_new_folders_too() {
    let world = World::new();
    let [pep, anna] = world.pair(many);
    let mut watcher = Watcher::start(&pep, &["watch", pep.at()]);
    watcher.until("drive_attached", pep.at());
    watcher.until("sync_finished", pep.at());
    pep.write("new/deep/file.txt", "made while it was watched");
    watcher.until("sync_started", pep.at());
    let finished = watcher.until("sync_finished", pep.at());
    assert_eq!(finished["error"], Value::Null);
    assert!(!world.waiting().is_empty(), "it was sent");
    // What is there and gone again a hundred times does not upset it.
    for _ in 0..100 {
        fs::create_dir(pep.folder.join("x")).expect("a folder can be made");
        fs::remove_dir(pep.folder.join("x")).expect("a folder can go");
    }
    pep.write("new/after.txt", "after");
    pep.remove("0.txt");
    watcher.until("sync_finished", pep.at());
    watcher.stop(Signal::TERM);
    anna.sync();
    assert_eq!(anna.read("new/deep/file.txt"), b"made while it was watched");
    assert!(anna.has("new/after.txt"));
    settle(&[&pep, &anna]);
    assert!(!anna.has("0.txt"));
}

#[test]
fn what_arrives_starts_no_second_cycle() {
    let world = World::new();
    let [pep, anna] = world.pair(many);
    let other = second(&world, &pep);
    anna.write("from anna/1.txt", "hers");
    anna.rename("3.txt", "from anna/3.txt");
    anna.remove("4.txt");
    anna.sync();
    let mut watcher = Watcher::start(&pep, &["watch", pep.at(), other.at()]);
    watcher.until("sync_finished", pep.at());
    assert!(
        pep.has("from anna/1.txt") && !pep.has("4.txt"),
        "it wrote into its own folder"
    );
    // Two rounds of the other archive: by then what was written here has settled and was looked at.
    for round in 0..3 {
        other.write("clock.txt", format!("round {round}"));
        watcher.until("sync_started", other.at());
        watcher.until("sync_finished", other.at());
    }
    assert_eq!(watcher.count("sync_started", pep.at()), 1, "{:#?}", watcher.seen);
    watcher.stop(Signal::INT);
}

#[test]
fn a_file_that_is_still_being_saved_is_not_sent_half() {
    let world = World::new();
    let [pep, anna] = world.pair(many);
    let mut watcher = Watcher::start(&pep, &["watch", pep.at()]);
    watcher.until("sync_finished", pep.at());
    let mut file = File::create(pep.folder.join("film.mkv")).expect("a file can be made");
    let (mut last, mut longest) = (Instant::now(), Duration::ZERO);
    for part in 0..25 {
        file.write_all(&[part; 20_000]).expect("it can be written");
        file.flush().expect("it can be written");
        // The pace of whoever saves it; nothing is waited for.
        std::thread::sleep(Duration::from_millis(200));
        longest = longest.max(last.elapsed());
        last = Instant::now();
    }
    drop(file);
    if longest > Duration::from_secs(1) {
        println!("skipped: this machine was too busy to save a file without a pause ({longest:?})");
        return;
    }
    watcher.until("sync_started", pep.at());
    watcher.until("sync_finished", pep.at());
    assert_eq!(
        watcher.count("sync_started", pep.at()),
        2,
        "it was sent once: {:#?}",
        watcher.seen
    );
    watcher.stop(Signal::INT);
    anna.sync();
    assert_eq!(anna.read("film.mkv"), pep.read("film.mkv"));
}

#[test]
fn run_takes_drives_as_they_come_and_says_each_trouble_once() {
    let world = World::new();
    let [pep, anna] = world.pair(many);
    let other = second(&world, &pep);
    let mut watcher = Watcher::start(&pep, &["run"]);
    watcher.until("sync_finished", pep.at());
    let away = world.path("away");
    fs::rename(&pep.folder, &away).expect("a drive can be pulled");
    watcher.until("drive_detached", pep.at());
    anna.write("meanwhile.txt", "meanwhile");
    anna.sync();
    fs::rename(&away, &pep.folder).expect("a drive can come back");
    watcher.until("drive_attached", pep.at());
    watcher.until("sync_finished", pep.at());
    assert_eq!(pep.read("meanwhile.txt"), b"meanwhile");
    for number in 0..6 {
        pep.remove(&format!("{number}.txt"));
    }
    let notice = watcher.until("notice", pep.at());
    let said = notice["message"].as_str().expect("a sentence");
    for part in ["6 of 13 files were deleted here", "--yes", "--keep-files"] {
        assert!(said.contains(part), "{said}");
    }
    pep.write("another.txt", "another");
    watcher.until("sync_finished", pep.at());
    other.write("clock.txt", "clock");
    watcher.until("sync_finished", other.at());
    assert_eq!(
        watcher.count("notice", pep.at()),
        1,
        "it is said once: {:#?}",
        watcher.seen
    );
    anna.sync();
    assert!(
        anna.has("0.txt") && anna.has("another.txt"),
        "nobody was asked, nothing was deleted"
    );
    // What is begun while it runs is taken up.
    let third = world.path("drives/third");
    fs::create_dir_all(&third).expect("a folder can be made");
    let url = world.mailbox_url();
    pep.run([
        "init",
        text(&third),
        "--name",
        "Third",
        "--label",
        "Third",
        "--mailbox",
        &url,
    ])
    .expect_code(0);
    watcher.until("sync_finished", text(&third));
    watcher.stop(Signal::TERM);
}

#[test]
fn an_archive_that_another_engine_uses_is_tried_again() {
    let world = World::new();
    let [pep, _anna] = world.pair(many);
    let lock = pep.lock();
    let mut watcher = Watcher::start(&pep, &["watch", pep.at()]);
    watcher.until("drive_attached", pep.at());
    drop(lock);
    watcher.until("sync_finished", pep.at());
    assert_eq!(watcher.count("notice", pep.at()), 0, "another engine is no trouble");
    watcher.stop(Signal::INT);
}

#[test]
fn a_mailbox_that_is_away_is_said_once_and_changes_go_on_being_noticed() {
    let world = World::new();
    let [pep, anna] = world.pair(many);
    let away = world.path("mailbox that is away");
    fs::rename(world.mailbox(), &away).expect("a mailbox can go away");
    let mut watcher = Watcher::start(&pep, &["watch", pep.at()]);
    let notice = watcher.until("notice", pep.at());
    assert!(
        notice["message"].as_str().is_some_and(|said| said.contains("mailbox")),
        "{notice:#}"
    );
    pep.write("new.txt", "new");
    watcher.until("sync_finished", pep.at());
    fs::rename(&away, world.mailbox()).expect("a mailbox can come back");
    pep.write("newer.txt", "newer");
    let finished = watcher.until("sync_finished", pep.at());
    assert_eq!(finished["error"], Value::Null, "{finished:#}");
    assert_eq!(watcher.count("notice", pep.at()), 1, "{:#?}", watcher.seen);
    watcher.stop(Signal::INT);
    anna.sync();
    assert!(anna.has("new.txt") && anna.has("newer.txt"));
}

#[test]
fn what_cannot_be_watched_is_said_at_once() {
    let world = World::new();
    let [pep, _anna] = world.pair(many);
    let empty = world.path("empty");
    fs::create_dir(&empty).expect("a folder can be made");
    pep.json(["watch", text(&empty)])
        .expect_failure(1, "not_an_archive", &["is not an Offsync archive"]);
    pep.json(["watch"]).expect_failure(2, "usage", &["--help"]);
    fs::remove_dir_all(pep.settings()).expect("settings can be lost");
    pep.json(["watch", pep.at()])
        .expect_failure(1, "no_key", &["--recovery"]);
    let watcher = Watcher::start(&pep, &["run"]);
    let began = Instant::now();
    let notice = watcher.lines.recv_timeout(PATIENCE).expect("a line is told");
    assert!(
        notice.contains("knows no archive yet"),
        "{notice} after {:?}",
        began.elapsed()
    );
    watcher.stop(Signal::TERM);
}

/// The lines that people read, one after the other.
fn told(child: &mut Child) -> impl Iterator<Item = String> + use<> {
    let out = BufReader::new(child.stdout.take().expect("its output is ours"));
    out.lines().map_while(Result::ok)
}

/// How often is looked, as people read it.
const RHYTHM: &str = "Each drive is synced as it comes. What changes after that is sent once nothing has changed for 5 seconds; where changes go on without a pause, what has settled is sent after 30 seconds at the latest, and a file that is still being written is sent as it is after 15 minutes. What others sent is looked for after 5 minutes at first, up to every minute while there is news, and down to every hour while there is none.";

#[test]
fn people_read_one_line_for_each_sync() {
    let world = World::new();
    let [pep, anna] = world.pair(many);
    let nowhere = pep.run(["watch", "nowhere"]);
    assert_eq!(nowhere.expect_code(1).stdout, "", "nothing is watched: {nowhere}");
    anna.write("hers.txt", "hers");
    anna.sync();
    let mut child = pep
        .command(["watch", pep.at()])
        .spawn()
        .expect("the program can be started");
    let mut lines = told(&mut child);
    let rhythm = lines.next().expect("a line is told");
    assert!(rhythm.starts_with(RHYTHM), "{rhythm}");
    let mut next = |said: &str| {
        let line = lines.next().expect("a line is told");
        assert!(line.contains(said) && line.contains(pep.at()), "{said:?} in {line:?}");
    };
    next("is here");
    next(": received 1 added");
    pep.write("mine.txt", "mine");
    next(": sent 1 change (");
    kill_process(Pid::from_child(&child), Signal::INT).expect("it is at work");
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
    for command in ["watch", "run"] {
        let help = pep.run([command, "--help"]);
        assert!(
            help.expect_code(0).stdout.contains(&format!("offsync {command}")),
            "{help}"
        );
        let words: Vec<&str> = help.stdout.split_whitespace().collect();
        assert!(
            words.join(" ").contains(RHYTHM),
            "how often is looked is in the help: {help}"
        );
    }
}

#[test]
fn a_watch_ends_with_the_last_archive_that_this_computer_forgets() {
    let world = World::new();
    let [pep, anna] = world.pair(many);
    let mut child = anna
        .command(["watch", anna.at()])
        .spawn()
        .expect("the program can be started");
    let mut lines = told(&mut child).skip_while(|line| !line.contains(": nothing new"));
    assert!(lines.next().is_some(), "it is at rest");
    anna.run(["forget", anna.at(), "--yes"]).expect_code(0);
    let forgotten =
        "This computer has forgotten this archive, so it is not watched any more. Its files stay as they are.";
    let said = lines.next().expect("a line is told");
    assert!(said.ends_with(&format!("{}: {forgotten}", anna.at())), "{said}");
    assert_eq!(lines.next(), None, "nothing is left to watch");
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
    pep.tree().expect_same(&anna.tree(), "its files stay");
}

#[test]
fn the_daemon_says_that_an_archive_is_forgotten_and_waits_for_others() {
    let world = World::new();
    let [_pep, anna] = world.pair(many);
    let mut watcher = Watcher::start(&anna, &["run"]);
    watcher.until("sync_finished", anna.at());
    anna.run(["forget", anna.at(), "--yes"]).expect_code(0);
    let notice = watcher.until("notice", anna.at());
    assert_eq!(
        notice["message"],
        "This computer has forgotten this archive, so it is not watched any more. Its files stay as they are."
    );
    watcher.stop(Signal::TERM);
}

#[test]
fn people_read_a_failure_once() {
    let world = World::new();
    let [pep, _anna] = world.pair(many);
    let away = world.path("mailbox that is away");
    fs::rename(world.mailbox(), &away).expect("a mailbox can go away");
    let mut child = pep
        .command(["watch", pep.at()])
        .spawn()
        .expect("the program can be started");
    let mut lines = told(&mut child).skip_while(|line| line == RHYTHM);
    assert!(lines.next().is_some_and(|line| line.ends_with("is here")));
    let failure = lines.next().expect("a line is told");
    assert!(failure.contains("mailbox"), "{failure}");
    fs::rename(&away, world.mailbox()).expect("a mailbox can come back");
    pep.write("new.txt", "new");
    let next = lines.next().expect("a line is told");
    assert!(
        next.contains(": sent 1 change ("),
        "nothing stands between them: {next}"
    );
    kill_process(Pid::from_child(&child), Signal::INT).expect("it is at work");
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
}

#[test]
fn a_copy_that_is_under_way_when_the_watcher_starts_is_left_and_named() {
    let world = World::new();
    let [pep, anna] = world.pair(many);
    let writer = Writer::start(&pep, "film.mkv");
    let mut watcher = Watcher::start(&pep, &["watch", pep.at()]);
    let first = watcher.until("sync_finished", pep.at());
    let longest = writer.end();
    if longest > Duration::from_secs(1) {
        println!("skipped: this machine was too busy to write a file without a pause ({longest:?})");
        return;
    }
    assert_eq!(first["posted"]["entries"], 0, "no part of it was sent: {first:#}");
    assert_eq!(first["safe_to_unplug"], false, "{first:#}");
    let notice = watcher.until("notice", pep.at());
    let said = notice["message"].as_str().expect("a sentence");
    assert!(said.contains("'film.mkv' is still being written"), "{said}");
    let finished = watcher.until("sync_finished", pep.at());
    assert_eq!(finished["posted"]["entries"], 1, "{finished:#}");
    watcher.stop(Signal::TERM);
    anna.sync();
    assert_eq!(anna.read("film.mkv"), pep.read("film.mkv"));
}

#[test]
fn a_drive_whose_cable_was_pulled_is_told_as_detached_though_its_folders_are_still_shown() {
    let world = World::new();
    let Some((pep, drive)) = ForeignDrive::home(&world, "pep") else {
        return;
    };
    pep.write("a.txt", "a");
    world.init(&pep);
    let mut watcher = Watcher::start(&pep, &["watch", pep.at()]);
    watcher.until("sync_finished", pep.at());
    let marker = pep.private().join("location.toml");
    drive.pull_cable(&world.path("pep.image"), &marker);
    assert!(fs::read(&marker).is_err(), "nothing can be read");
    assert!(marker.metadata().is_ok(), "and yet it seems to be there");
    watcher.until("drive_detached", pep.at());
    watcher.stop(Signal::TERM);
}
