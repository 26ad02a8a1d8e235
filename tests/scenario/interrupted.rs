//! Stopped at any moment, by force or by Ctrl-C: a plain sync afterwards ends at the same state.

use std::fs;
use std::process::Child;
use std::time::{Duration, Instant};

use offsync_core::rel_path::RelPath;
use rustix::process::{Pid, Signal, kill_process};

use crate::output::Output;
use crate::story::noise;
use crate::world::{Home, World, check_alike, settle};

/// Moments tried on each side.
const MOMENTS: u32 = 50;
/// Syncs that Ctrl-C must have stopped.
const STOPS: u32 = 6;
/// The code of a process that ended by a signal.
const SIGNALLED: i32 = -1;
const FILES: u32 = 120;
/// Small files of a copy that Ctrl-C stops.
const COPIED_FILES: u32 = 1_500;

/// Starts the program and does not wait for it.
pub(crate) fn start(home: &Home, arguments: &[&str]) -> Child {
    let mut command = home.command(["--json"].into_iter().chain(arguments.iter().copied()));
    command.spawn().expect("the program can be started")
}

/// Ends it as a pulled plug would.
pub(crate) fn kill(child: &mut Child) {
    // It may have ended by itself.
    let _ = child.kill();
    let _ = child.wait();
}

#[test]
fn a_name_that_was_set_aside_when_the_cable_was_pulled_never_travels() {
    let world = World::new();
    let [pep, anna] = world.pair(|pep| pep.write("folder/a long name.txt", "long"));
    // As a drive looks that takes `LONGFI~1.TXT` for the file, if it is pulled while that makes way.
    let between = "offsync-renames-this-0";
    let path = RelPath::new("folder/a long name.txt").expect("a good path");
    let note = postcard::to_allocvec(&(1u8, vec![(path, between.as_bytes().to_vec())])).expect("plain data");
    fs::write(anna.private().join("aside"), note).expect("a note can be written");
    anna.rename("folder/a long name.txt", &format!("folder/{between}"));
    let report = anna.sync();
    assert_eq!(report["posted"]["changesets"], 0, "nobody renamed anything: {report:#}");
    assert_eq!(anna.read("folder/a long name.txt"), b"long");
    settle(&[&pep, &anna]);
    assert!(!pep.has(&format!("folder/{between}")));
}

/// Numbers that look drawn, the same in every run.
struct Draw(u64);

impl Draw {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

/// A few hundred files, some of them large enough for packs of several chunks.
fn fill(pep: &Home) {
    for number in 0..FILES {
        pep.write(&format!("{}/{number}.bin", number % 9), noise(number, 2_000));
    }
    pep.write("large.bin", noise(500, 3 << 20));
}

/// Changes a good part of them in every way, differently in each round.
fn change(pep: &Home, round: u32) {
    for number in 0..FILES {
        let at = format!("{}/{number}.bin", number % 9);
        match (number + round) % 6 {
            0 => pep.write(&at, noise(1_000 * (round + 1) + number, 3_000)),
            1 => pep.write(
                &format!("new {}/{number} {round}.bin", round % 3),
                noise(number * 7 + round, 1_500),
            ),
            _ => {}
        }
    }
    if round % 4 == 1 {
        let mut large = noise(500, 3 << 20);
        large[round as usize * 1_000..][..4].copy_from_slice(&round.to_le_bytes());
        pep.write("large.bin", large);
    }
    let (from, to) = (format!("moving {round}"), format!("moving {}", round + 1));
    if pep.has(&from) {
        pep.rename(&from, &to);
    } else {
        (0..20).for_each(|number| pep.write(&format!("{to}/{number}.txt"), format!("moved {number}")));
    }
    if round > 2 {
        for number in (0..FILES).filter(|number| (number + round - 2) % 6 == 1).take(6) {
            pep.remove(&format!("new {}/{number} {}.bin", (round - 2) % 3, round - 2));
        }
    }
}

/// Kills a sync at a moment drawn within the time that it took before; gives whether it was still running.
fn cut(home: &Home, draw: &mut Draw, span: Duration) -> (bool, Duration) {
    let moment = Duration::from_micros(draw.below(u64::try_from(span.as_micros()).unwrap_or(1_000_000).max(2_000)));
    let mut child = start(home, &["sync", home.at()]);
    std::thread::sleep(moment);
    let was_running = child.try_wait().expect("a child can be asked").is_none();
    kill(&mut child);
    (was_running, moment)
}

fn timed_sync(home: &Home) -> Duration {
    let began = Instant::now();
    home.sync();
    began.elapsed()
}

/// Which of the two is killed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Victim {
    Poster,
    Receiver,
}

fn kill_at_many_moments(victim: Victim) {
    let world = World::new();
    let [pep, anna] = world.pair(fill);
    let (mut draw, killed) = match victim {
        Victim::Poster => (Draw(11), &pep),
        Victim::Receiver => (Draw(12), &anna),
    };
    change(&pep, 0);
    let spans = [timed_sync(&pep), timed_sync(&anna)];
    let mut span = spans[if victim == Victim::Poster { 0 } else { 1 }];
    let (mut hits, mut round) = (0, 0);
    while hits < MOMENTS {
        round += 1;
        assert!(round <= 2 * MOMENTS, "only {hits} of {round} kills struck while it ran");
        change(&pep, round);
        let wanted = pep.tree();
        if victim == Victim::Receiver {
            pep.sync();
        }
        let (was_running, moment) = cut(killed, &mut draw, span);
        hits += u32::from(was_running);
        // Aims again at the whole of a sync, whatever else the machine is doing.
        span = if was_running {
            span.mul_f64(1.03)
        } else {
            span.mul_f64(0.7)
        };
        wanted.expect_same(&pep.tree(), &format!("killed at {moment:?}: what Pep made"));
        for home in [&pep, &anna] {
            home.sync();
            home.check_staging_is_empty();
        }
        check_alike(&[&pep, &anna]);
        wanted.expect_same(&anna.tree(), &format!("round {round}, killed at {moment:?}"));
    }
    settle(&[&pep, &anna]);
    // An object that was being written may be somebody else's at this moment: it is swept after a day.
    let left: Vec<String> = world
        .waiting()
        .into_iter()
        .filter(|name| !name.starts_with(".tmp-"))
        .collect();
    assert_eq!(
        left,
        Vec::<String>::new(),
        "nothing of all the kills is left in the mailbox"
    );
    println!("{hits} of {round} kills struck while it ran; a whole sync takes {spans:?}");
}

#[test]
fn kill_9_of_the_one_who_posts_loses_nothing_at_50_moments() {
    kill_at_many_moments(Victim::Poster);
}

#[test]
fn kill_9_of_the_one_who_receives_loses_nothing_at_50_moments() {
    kill_at_many_moments(Victim::Receiver);
}

#[test]
fn kill_9_of_both_again_and_again_without_a_rest_loses_nothing() {
    let world = World::new();
    let [pep, anna] = world.pair(fill);
    let mut draw = Draw(13);
    let mut spans = [Duration::from_millis(400); 2];
    for round in 0..8 {
        change(&pep, round);
        anna.write(&format!("anna/{round}.txt"), format!("Anna's {round}"));
        for _ in 0..3 {
            for (number, home) in [&pep, &anna].into_iter().enumerate() {
                cut(home, &mut draw, spans[number]);
            }
        }
        if round % 4 == 3 {
            spans = [timed_sync(&pep), timed_sync(&anna)];
        }
    }
    settle(&[&pep, &anna]);
    for round in 0..8 {
        assert_eq!(
            pep.read(&format!("anna/{round}.txt")),
            format!("Anna's {round}").as_bytes()
        );
    }
    let copies = pep
        .tree()
        .paths(|path| path.windows(13).any(|part| part == b"other version"));
    assert_eq!(
        copies,
        Vec::<std::path::PathBuf>::new(),
        "nobody edited the same file, so there is no conflict"
    );
}

#[test]
fn ctrl_c_stops_at_a_safe_point_and_says_so() {
    let world = World::new();
    let [pep, anna] = world.pair(fill);
    let mut draw = Draw(14);
    change(&pep, 0);
    let mut spans = [timed_sync(&pep), timed_sync(&anna)];
    let (mut stopped, mut round) = (0, 0);
    while stopped < STOPS {
        round += 1;
        assert!(
            round <= 20 * STOPS,
            "Ctrl-C came too late nearly always: {stopped} of {round}"
        );
        change(&pep, round);
        let wanted = pep.tree();
        for (home, span) in [&pep, &anna].into_iter().zip(&mut spans) {
            let (output, moment) = interrupt(home, &mut draw, *span);
            // A process that is told before it listens ends by the signal, as any program does.
            if output.code == SIGNALLED {
                println!("too early, after {moment:?}");
            } else if output.code == 0 {
                *span = span.mul_f64(0.8);
            } else {
                output.expect_failure(1, "cancelled", &["Stopped. Nothing is lost."]);
                stopped += 1;
                *span = span.mul_f64(1.1);
            }
            home.sync();
            home.check_staging_is_empty();
        }
        wanted.expect_same(&anna.tree(), "after Ctrl-C");
    }
    check_alike(&[&pep, &anna]);
    println!("{stopped} of {} syncs were stopped by Ctrl-C", 2 * round);
}

/// Starts a sync and tells it to stop at a moment drawn within a time; gives what it said.
fn interrupt(home: &Home, draw: &mut Draw, span: Duration) -> (Output, Duration) {
    let moment = Duration::from_micros(draw.below(u64::try_from(span.as_micros()).unwrap_or(1_000_000).max(2_000)));
    let child = start(home, &["sync", home.at()]);
    std::thread::sleep(moment);
    let pid = Pid::from_child(&child);
    kill_process(pid, Signal::INT).expect("a child that was not waited for can be told");
    let output = child.wait_with_output().expect("a child can be waited for");
    (Output::new(&home.command(["sync"]), &output), moment)
}

#[test]
fn ctrl_c_stops_a_copy_which_then_goes_on() {
    let world = World::new();
    let pep = world.home("pep");
    fill(&pep);
    // More than the program copies between the first file that is seen and the signal.
    (0..COPIED_FILES).for_each(|number| pep.write(&format!("many/{number}.txt"), number.to_string()));
    world.init(&pep);
    for attempt in 0..10_u64 {
        let anna = world.home_without_folder(&format!("anna {attempt}"));
        let arguments = ["copy", pep.at(), anna.at(), "--label", "Anna", "--person", "Anna"];
        let mut child = start(&pep, &arguments);
        // Not after a time, which depends on the machine: when it copies. By then it listens to signals.
        while !anna.has("many") && child.try_wait().expect("a child can be asked").is_none() {
            std::thread::sleep(Duration::from_millis(1));
        }
        // It may have ended by now.
        let _ = kill_process(Pid::from_child(&child), Signal::INT);
        let output = child.wait_with_output().expect("a child can be waited for");
        let output = Output::new(&pep.command(arguments), &output);
        if output.code == 0 {
            continue;
        }
        output.expect_failure(
            1,
            "cancelled",
            &[
                "Stopped. Nothing is lost.",
                "Say the same command again",
                "goes on from here",
            ],
        );
        pep.json(arguments).expect_code(0);
        check_alike(&[&pep, &anna]);
        return;
    }
    panic!("no copy was running when Ctrl-C came");
}
