//! Edits of large files: what is sent and fetched follows what changed, not how large the file is.
//!
//! Every figure is printed and bounded: at most 1.1 times the changed bytes and two chunks of the largest size, since a
//! cut may fall anywhere. The file of two gigabytes goes with OFFSYNC_LARGE=1 only.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use offsync_core::limits::CHUNK_BYTES_MAX;
use serde_json::Value;

use crate::large::{expect_equal_files, measure, write_large};
use crate::story::noise;
use crate::world::{Home, World, check_alike, settle};

const FILE: &str = "film.bin";
/// What a manifest, heads and people may add to what is fetched, for each chunk of the file.
const DESCRIPTION_BYTES_PER_CHUNK: u64 = 80;
/// The most memory that a sync may hold.
const PEAK_BYTES_MAX: u64 = 48_000_000;

/// What a person does to a large file.
struct Edit {
    name: &'static str,
    /// How many bytes are new.
    changed_bytes: u64,
    doing: fn(&Home, u64),
}

/// Rewrites the file as many programs do: beside the old one, then in its place.
fn rewrite(home: &Home, from: &str, to: &str, write: impl FnOnce(&mut File, &mut File)) {
    let beside = home.computer.join("rewritten");
    let mut old = File::open(home.folder.join(from)).expect("it is there");
    let mut new = File::create(&beside).expect("a file can be made");
    write(&mut old, &mut new);
    drop((old, new));
    fs::rename(&beside, home.folder.join(to)).expect("it takes the name");
}

fn copy_bytes(from: &mut File, to: &mut File, bytes: u64) {
    let copied = std::io::copy(&mut from.take(bytes), to).expect("it can be copied");
    assert!(copied == bytes || bytes == u64::MAX);
}

fn insert(home: &Home, at: u64, new: &[u8]) {
    rewrite(home, FILE, FILE, |old, to| {
        copy_bytes(old, to, at);
        to.write_all(new).expect("it can be written");
        copy_bytes(old, to, u64::MAX);
    });
}

fn overwrite(home: &Home, path: &str, at: u64, new: &[u8]) {
    let mut file = open(home, path);
    file.seek(SeekFrom::Start(at)).expect("a place in it");
    file.write_all(new).expect("it can be written");
}

fn open(home: &Home, path: &str) -> File {
    let at = home.folder.join(path);
    File::options().write(true).open(at).expect("it is there")
}

const EDITS: [Edit; 8] = [
    Edit {
        name: "1 KiB inserted in the middle",
        changed_bytes: 1 << 10,
        doing: |home, size| insert(home, size / 2 + 12_345, &noise(1, 1 << 10)),
    },
    Edit {
        name: "1 KiB put before",
        changed_bytes: 1 << 10,
        doing: |home, _| insert(home, 0, &noise(2, 1 << 10)),
    },
    Edit {
        name: "1 MiB overwritten in place",
        changed_bytes: 1 << 20,
        doing: |home, size| overwrite(home, FILE, size / 3, &noise(3, 1 << 20)),
    },
    Edit {
        name: "1 MiB appended",
        changed_bytes: 1 << 20,
        doing: |home, _| {
            let mut file = File::options();
            let mut file = file.append(true).open(home.folder.join(FILE)).expect("it is there");
            file.write_all(&noise(4, 1 << 20)).expect("it can be written");
        },
    },
    Edit {
        name: "the last 5 MB cut off",
        changed_bytes: 0,
        doing: |home, size| open(home, FILE).set_len(size - 5_000_000).expect("it can be cut"),
    },
    Edit {
        name: "its second half copied to a new file",
        changed_bytes: 0,
        doing: |home, size| {
            rewrite(home, FILE, "half.bin", |old, to| {
                old.seek(SeekFrom::Start(size / 2)).expect("a place in it");
                copy_bytes(old, to, u64::MAX);
            });
        },
    },
    Edit {
        name: "moved, and 1 MiB overwritten",
        changed_bytes: 1 << 20,
        doing: |home, size| {
            home.rename(FILE, "folder/moved.bin");
            overwrite(home, "folder/moved.bin", size / 5, &noise(5, 1 << 20));
        },
    },
    Edit {
        name: "copied as it is",
        changed_bytes: 0,
        doing: |home, _| {
            rewrite(home, "folder/moved.bin", "whole copy.bin", |old, to| {
                copy_bytes(old, to, u64::MAX)
            })
        },
    },
];

fn figure(report: &Value, group: &str, name: &str) -> u64 {
    report[group][name].as_u64().expect("a figure")
}

/// Plays all edits one after the other on a file of so many bytes.
fn play(world: &World, size_bytes: u64) {
    let [pep, anna] = world.pair(|pep| {
        let mut file = File::create(pep.folder.join(FILE)).expect("a file can be made");
        write_large(&mut file, size_bytes, 7);
    });
    println!(
        "{FILE} of {size_bytes} bytes: edit, bytes changed, sent, fetched, memory here and there at most, seconds"
    );
    let mut beyond = Vec::new();
    for Edit {
        name,
        changed_bytes,
        doing,
    } in EDITS
    {
        doing(&pep, size_bytes);
        let [sent, fetched] = [&pep, &anna].map(|home| measure(home, &["sync", home.at()]));
        let payload = figure(&sent.output.only_report(), "posted", "payload_bytes");
        let downloaded = figure(&fetched.output.only_report(), "fetched", "downloaded_bytes");
        let peaks = [sent.peak_bytes, fetched.peak_bytes];
        println!(
            "{name:>38} {changed_bytes:>9} {payload:>9} {downloaded:>9} {:>4} MB {:>4} MB {:>5.1} s {:>5.1} s",
            peaks[0] / 1_000_000,
            peaks[1] / 1_000_000,
            sent.took.as_secs_f64(),
            fetched.took.as_secs_f64()
        );
        let most = changed_bytes * 11 / 10 + 2 * CHUNK_BYTES_MAX as u64;
        let described = 16_384 + size_bytes / 1_000_000 * DESCRIPTION_BYTES_PER_CHUNK;
        if payload > most || downloaded > most + described || peaks.iter().any(|peak| *peak > PEAK_BYTES_MAX) {
            beyond.push(name);
        }
        // What lies there could be taken for pieces, and takes as much room each time as the file is large.
        anna.run(["trash", "empty", anna.at(), "--yes"]).expect_code(0);
    }
    assert!(beyond.is_empty(), "too much was sent, fetched or held: {beyond:?}");
    for path in ["folder/moved.bin", "half.bin", "whole copy.bin"] {
        expect_equal_files(&pep, &anna, path);
    }
    let waiting = pep.sync();
    assert_eq!(waiting["up_to_date"], true, "{waiting:#}");
    assert!(!pep.has(FILE) && !anna.has(FILE));
    anna.check_staging_is_empty();
}

#[test]
fn edits_of_a_file_of_256_megabytes_send_what_changed() {
    play(&World::in_memory(), 256 << 20);
}

#[test]
fn edits_of_a_file_of_two_gigabytes_send_what_changed() {
    if std::env::var_os("OFFSYNC_LARGE").is_none() {
        println!("skipped: takes minutes and 15 GB of room; set OFFSYNC_LARGE=1 to run it");
        return;
    }
    play(&World::new(), 2_000_000_000);
}

#[test]
fn content_is_compressed_by_what_it_is_and_not_by_its_name() {
    let world = World::in_memory();
    let [pep, anna] = world.pair(|pep| pep.write("a.txt", "a"));
    let sent = |path: &str, content: &[u8]| {
        pep.write(path, content);
        let payload = figure(&pep.sync(), "posted", "payload_bytes");
        anna.sync();
        payload
    };
    let size = 2_000_000;
    let words: String = (0..size / 20)
        .map(|number| format!("line {number:>8} said\n"))
        .collect();
    let text = sent("film.jpg", words.as_bytes());
    assert!(text < words.len() as u64 / 3, "text shrinks under any name: {text}");
    let tight = sent("notes.txt", &noise(1, size));
    assert!(
        (size as u64..size as u64 + 1_000).contains(&tight),
        "what does not shrink is sent as it is: {tight}"
    );
    let both = sent("both.zip", &[words.to_uppercase().as_bytes(), &noise(2, size)].concat());
    assert!(
        both < (size + size / 3) as u64,
        "each part is taken for what it is: {both}"
    );
    let small = sent("small.bin", &noise(3, 1_000));
    assert!((1_000..1_100).contains(&small), "little content too: {small}");
    settle(&[&pep, &anna]);
}

fn allocated_bytes(at: &Path) -> u64 {
    fs::metadata(at).expect("it is there").blocks() * 512
}

#[test]
fn a_file_with_holes_is_copied_sent_and_edited_with_its_holes() {
    const SIZE: u64 = 100 << 20;
    let make = |home: &Home, path: &str, seed: u32| {
        let file = File::create(home.folder.join(path)).expect("a file can be made");
        file.set_len(SIZE).expect("a hole can be made");
        overwrite(home, path, SIZE / 2, &noise(seed, 1 << 20));
    };
    let world = World::in_memory();
    let [pep, anna] = world.pair(|pep| make(pep, "copied.img", 1));
    make(&pep, "sent.img", 2);
    let payload = figure(&pep.sync(), "posted", "payload_bytes");
    assert!(payload < 2 << 20, "a hole costs nothing on its way: {payload}");
    settle(&[&anna, &pep]);
    overwrite(&pep, "sent.img", SIZE / 4, &noise(3, 1 << 20));
    settle(&[&pep, &anna]);
    check_alike(&[&pep, &anna]);
    if allocated_bytes(&pep.folder.join("copied.img")) > SIZE / 2 {
        println!("skipped: there are no holes on this file system");
        return;
    }
    for path in ["copied.img", "sent.img"] {
        let allocated = allocated_bytes(&anna.folder.join(path));
        assert!(allocated < 10 << 20, "{path} takes {allocated} bytes of {SIZE}");
    }
}
