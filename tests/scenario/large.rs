//! Many files and one very large file, in bounded memory. The largest run only with OFFSYNC_LARGE=1.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::output::Output;
use crate::story::noise;
use crate::world::{Home, World, check_alike};

/// A run with what it cost.
pub(crate) struct Cost {
    pub(crate) took: Duration,
    /// The most memory of its own that it was seen to hold at once. Pages of the program's file that the kernel mapped
    /// for it are not counted: they grow with the libraries that are linked in, never with anybody's archive.
    pub(crate) peak_bytes: u64,
    pub(crate) output: Output,
}

/// Runs the program and watches its memory.
pub(crate) fn measure(home: &Home, arguments: &[&str]) -> Cost {
    let mut command: Command = home.command(["--json"].into_iter().chain(arguments.iter().copied()));
    let began = Instant::now();
    let child = command.spawn().expect("the program can be started");
    let status = format!("/proc/{}/status", child.id());
    let watch = std::thread::spawn(move || {
        let mut peak = 0;
        // Gone once the program ended: its memory was given back.
        while let Some(now) = held_by(&status) {
            peak = peak.max(now);
            std::thread::sleep(Duration::from_millis(2));
        }
        peak
    });
    let output = child.wait_with_output().expect("a child can be waited for");
    let took = began.elapsed();
    let output = Output::new(&command, &output);
    output.expect_code(0);
    Cost {
        took,
        peak_bytes: watch.join().expect("watching ends"),
        output,
    }
}

fn held_by(status: &str) -> Option<u64> {
    let text = std::fs::read_to_string(status).ok()?;
    let line = text.lines().find(|line| line.starts_with("RssAnon:"))?;
    let kibibytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kibibytes << 10)
}

/// Begins an archive, copies it, syncs a change there and another back; gives each step's cost.
fn play(world: &World, pep: &Home, change: impl Fn(&Home), back: impl Fn(&Home)) -> Vec<(&'static str, Cost)> {
    world.init(pep);
    let anna = world.home_without_folder("anna");
    let copy = measure(
        pep,
        &["copy", pep.at(), anna.at(), "--label", "Anna", "--person", "Anna"],
    );
    let words = world.path("words");
    let phrase = copy.output.document()["phrase"].as_str().expect("words").to_owned();
    std::fs::write(&words, phrase).expect("words can be written");
    let join = measure(&anna, &["join", anna.at(), "--phrase-file", crate::world::text(&words)]);
    let mut costs = vec![("copy", copy), ("join", join)];
    costs.push(("first sync, pep", measure(pep, &["sync", pep.at()])));
    costs.push(("first sync, anna", measure(&anna, &["sync", anna.at()])));
    change(pep);
    costs.push(("post", measure(pep, &["sync", pep.at()])));
    costs.push(("receive", measure(&anna, &["sync", anna.at()])));
    back(&anna);
    costs.push(("post back", measure(&anna, &["sync", anna.at()])));
    costs.push(("receive back", measure(pep, &["sync", pep.at()])));
    costs.push(("nothing new", measure(pep, &["sync", pep.at()])));
    for (step, cost) in &costs {
        println!(
            "{step:>18}: {:>6.1} s, {:>5} MB at most",
            cost.took.as_secs_f64(),
            cost.peak_bytes / 1_000_000
        );
    }
    costs
}

/// Sealing or opening an invitation takes 64 MiB on purpose, so that guessing its words is dear; all else is lean.
fn expect_bounded(costs: &[(&str, Cost)]) {
    for (step, cost) in costs {
        assert!(cost.peak_bytes > 1_000_000, "{step} was not measured");
        let most = if matches!(*step, "copy" | "join") { 80 } else { 48 };
        let peak = cost.peak_bytes / 1_000_000;
        assert!(peak <= most, "{step} held {peak} MB, and {most} MB are the most");
    }
}

#[test]
fn ten_thousand_small_files_travel_both_ways_in_bounded_memory() {
    let world = World::in_memory();
    let pep = world.home("pep");
    let write = |home: &Home, generation: u32| {
        for number in 0..10_000_u32 {
            let at = format!("{}/{}/{number}.txt", number % 10, number % 97);
            home.write(&at, format!("file {number} of generation {generation}"));
        }
    };
    write(&pep, 0);
    let costs = play(&world, &pep, |pep| write(pep, 1), |anna| anna.rename("3", "three"));
    let report = costs[4].1.output.only_report();
    assert_eq!(report["posted"]["entries"], 10_000, "{report:#}");
    let anna = world.home("anna");
    check_alike(&[&pep, &anna]);
    assert_eq!(world.waiting(), Vec::<String>::new());
    expect_bounded(&costs);
}

const LARGE_BYTES: u64 = 2_000_000_000;

/// Fills a file with bytes that do not compress and never repeat.
pub(crate) fn write_large(file: &mut File, bytes: u64, seed: u32) {
    let mut left = bytes;
    let mut block = noise(seed, 4 << 20);
    let mut number = 0_u64;
    while left > 0 {
        number += 1;
        for (at, chunk) in block.chunks_exact_mut(8).enumerate() {
            let mixed = number
                .wrapping_mul(0x9e37_79b9_7f4a_7c15)
                .rotate_left(u32::try_from(at % 63).unwrap_or(1));
            let word = u64::from_le_bytes(chunk.try_into().expect("eight bytes")) ^ mixed;
            chunk.copy_from_slice(&word.to_le_bytes());
        }
        let part = usize::try_from(left.min(block.len() as u64)).expect("a block's size");
        file.write_all(&block[..part]).expect("a file can be written");
        left -= part as u64;
    }
}

#[test]
fn a_file_of_two_gigabytes_travels_both_ways_in_bounded_memory() {
    if std::env::var_os("OFFSYNC_LARGE").is_none() {
        println!("skipped: takes minutes and 10 GB of room; set OFFSYNC_LARGE=1 to run it");
        return;
    }
    let world = World::new();
    let pep = world.home("pep");
    pep.write("small.txt", "small");
    let make = |pep: &Home| {
        let mut file = File::create(pep.folder.join("film.mp4")).expect("a file can be made");
        write_large(&mut file, LARGE_BYTES, 1);
    };
    let edit = |anna: &Home| {
        let mut file = File::options()
            .write(true)
            .open(anna.folder.join("film.mp4"))
            .expect("it is there");
        file.seek(SeekFrom::Start(LARGE_BYTES / 2)).expect("a place in it");
        file.write_all(b"edited in the middle").expect("it can be written");
    };
    let costs = play(&world, &pep, make, edit);
    let anna = world.home("anna");
    expect_equal_files(&pep, &anna, "film.mp4");
    let back = costs[6].1.output.only_report();
    let payload = back["posted"]["payload_bytes"].as_u64().expect("a figure");
    assert!(payload < 8_000_000, "of 2 GB only what changed is sent: {payload}");
    expect_bounded(&costs);
    let grandma = world.home_without_folder("grandma");
    let copy = measure(
        &pep,
        &[
            "copy",
            pep.at(),
            grandma.at(),
            "--label",
            "Grandma",
            "--person",
            "Grandma",
        ],
    );
    expect_equal_files(&pep, &grandma, "film.mp4");
    println!(
        "copy of 2 GB: {:.1} s, {} MB at most",
        copy.took.as_secs_f64(),
        copy.peak_bytes / 1_000_000
    );
    expect_bounded(&[("copy", copy)]);
}

pub(crate) fn expect_equal_files(one: &Home, two: &Home, path: &str) {
    let mut files = [one, two].map(|home| File::open(home.folder.join(path)).expect("it is there"));
    let mut blocks = [vec![0; 4 << 20], vec![0; 4 << 20]];
    loop {
        let mut lengths = [0; 2];
        for ((file, block), length) in files.iter_mut().zip(&mut blocks).zip(&mut lengths) {
            while *length < block.len() {
                match file.read(&mut block[*length..]).expect("it can be read") {
                    0 => break,
                    read => *length += read,
                }
            }
        }
        assert_eq!(lengths[0], lengths[1], "{path} has two lengths");
        assert!(blocks[0][..lengths[0]] == blocks[1][..lengths[1]], "{path} differs");
        if lengths[0] == 0 {
            return;
        }
    }
}
