//! The contract of a drive: files, their content, their times, and what is refused.

use std::io::{Read, Write};

use offsync_core::entry::Meta;
use offsync_core::place::Stat;
use offsync_core::ports::{Disk, DiskEntry, DiskErrorKind as Kind, EntryKind, OpenFile, StagedName};
use offsync_core::rel_path::RelPath;

/// A check of one promise.
pub(super) type Case = (&'static str, fn(&dyn Disk));

/// An even second in the past, which every file system stores exactly.
pub(super) const TIME_NS: i64 = 1_600_000_000 * 1_000_000_000;

pub(super) const CASES: &[Case] = &[
    ("a new archive is empty", |disk| {
        assert_eq!(disk.list(&RelPath::root()).expect("the root is listed"), Vec::new());
        assert!(look(disk, "nothing").is_none(), "looking at nothing gives nothing");
        assert!(disk.facts().expect("facts").total_bytes >= disk.facts().expect("facts").free_bytes);
    }),
    ("a published file reads back, with its time", |disk| {
        let stat = put(disk, "f", b"hello");
        assert_eq!(stat.size_bytes, 5);
        assert_eq!(stat.mtime_ns, TIME_NS, "the time is stored");
        assert_eq!(read(&mut *disk.open(&path("f")).expect("opens")), b"hello");
        let entry = look(disk, "f").expect("it is there");
        assert_eq!((entry.kind, &entry.name[..]), (EntryKind::File, &b"f"[..]));
        assert_eq!(entry.stat, stat, "publish tells just what look tells");
        assert_eq!(
            disk.list(&RelPath::root()).expect("listed"),
            vec![entry],
            "and what list tells"
        );
        assert!(disk.staged().expect("listed").is_empty(), "it is no longer in staging");
    }),
    ("times are read back as stored and stay so", |disk| {
        stage(disk, "s", b"x");
        let odd = Meta {
            mode: 0o644,
            mtime_ns: TIME_NS + 1_234_567_891,
        };
        let stored = disk
            .publish(&StagedName("s".to_owned()), &path("f"), &odd)
            .expect("published");
        assert!(
            (stored.mtime_ns - odd.mtime_ns).abs() <= 2_000_000_000,
            "rounded by two seconds at most"
        );
        assert_eq!(look(disk, "f").expect("there").stat.mtime_ns, stored.mtime_ns);
        let again = Meta {
            mtime_ns: stored.mtime_ns,
            ..odd
        };
        assert_eq!(
            disk.set_meta(&path("f"), &again).expect("set").mtime_ns,
            stored.mtime_ns,
            "a stored time is exact"
        );
    }),
    ("times and modes are set", |disk| {
        put(disk, "f", b"x");
        let set = disk
            .set_meta(
                &path("f"),
                &Meta {
                    mode: 0o600,
                    mtime_ns: TIME_NS - 10_000_000_000,
                },
            )
            .expect("set");
        assert_eq!(set.mtime_ns, TIME_NS - 10_000_000_000);
        assert_eq!(look(disk, "f").expect("there").stat, set);
        assert_eq!(
            read(&mut *disk.open(&path("f")).expect("opens")),
            b"x",
            "the content is untouched"
        );
        assert_kind(disk.set_meta(&path("g"), &meta()), Kind::NotFound);
    }),
    ("times before 1970 and far ahead are no panic", |disk| {
        put(disk, "f", b"x");
        for mtime_ns in [-1_000_000_000, 4_102_444_800_000_000_000] {
            let meta = Meta { mode: 0o644, mtime_ns };
            if let Ok(stat) = disk.set_meta(&path("f"), &meta) {
                assert_eq!(look(disk, "f").expect("there").stat.mtime_ns, stat.mtime_ns);
            }
        }
    }),
    ("publishing never replaces", |disk| {
        put(disk, "f", b"old");
        disk.make_folder(&path("d"), 0o755).expect("made");
        stage(disk, "s", b"new");
        for taken in ["f", "d"] {
            assert_kind(
                disk.publish(&StagedName("s".to_owned()), &path(taken), &meta()),
                Kind::Exists,
            );
        }
        assert_eq!(read(&mut *disk.open(&path("f")).expect("opens")), b"old");
        assert_eq!(staged(disk), ["s"], "what was refused stays in staging");
    }),
    ("publishing needs the staged file and the folder", |disk| {
        assert_kind(
            disk.publish(&StagedName("none".to_owned()), &path("f"), &meta()),
            Kind::NotFound,
        );
        stage(disk, "s", b"x");
        assert_kind(
            disk.publish(&StagedName("s".to_owned()), &path("d/f"), &meta()),
            Kind::NotFound,
        );
        put(disk, "f", b"x");
        assert_kind(
            disk.publish(&StagedName("s".to_owned()), &path("f/g"), &meta()),
            Kind::NotAFolder,
        );
        assert_eq!(staged(disk), ["s"]);
    }),
    ("an empty file and a long one read back", |disk| {
        assert_eq!(put(disk, "empty", b"").size_bytes, 0);
        assert_eq!(read(&mut *disk.open(&path("empty")).expect("opens")), b"");
        let long: Vec<u8> = (0..1_000_003_u32).map(|i| (i * 7 % 251) as u8).collect();
        put(disk, "long", &long);
        assert!(
            read(&mut *disk.open(&path("long")).expect("opens")) == long,
            "every byte"
        );
    }),
    ("reading goes on where it is told to", |disk| {
        put(disk, "f", b"0123456789");
        let mut file = disk.open(&path("f")).expect("opens");
        let mut two = [0; 2];
        file.read_exact(&mut two).expect("read");
        file.seek_to(7).expect("sought");
        assert_eq!(read(&mut *file), b"789");
        file.seek_to(0).expect("sought");
        assert_eq!(read(&mut *file), b"0123456789");
        file.seek_to(100).expect("beyond the end");
        assert_eq!(read(&mut *file), b"");
        assert_eq!(
            file.stat().expect("stat"),
            look(disk, "f").expect("there").stat,
            "an open file is looked at again"
        );
    }),
    ("an open file is read to its end after it was displaced", |disk| {
        put(disk, "f", b"0123456789");
        let mut file = disk.open(&path("f")).expect("opens");
        let moved = disk.displace(&path("f"), &offsync_core::ports::TrashName("t".to_owned()));
        if moved.is_ok() {
            assert_eq!(read(&mut *file), b"0123456789");
        }
    }),
    ("only files are opened", |disk| {
        disk.make_folder(&path("d"), 0o755).expect("made");
        assert!(disk.open(&path("d")).is_err(), "a folder is refused");
        assert_kind(disk.open(&path("nothing")).map(drop), Kind::NotFound);
        assert_kind(disk.open(&path("d/nothing")).map(drop), Kind::NotFound);
        assert!(disk.read_link(&path("d")).is_err(), "a folder is no link");
        assert_kind(disk.read_link(&path("nothing")), Kind::NotFound);
    }),
    ("two files have two inodes, and a rename keeps one", |disk| {
        let (one, two) = (put(disk, "a", b"1"), put(disk, "b", b"2"));
        if one.inode != 0 {
            assert_ne!(one.inode, two.inode);
            assert_eq!(disk.rename(&path("a"), &path("c")).expect("renamed").inode, one.inode);
        }
    }),
    (
        "a file keeps the time at which it came to be when it is renamed",
        |disk| {
            put(disk, "a", b"1");
            let born_ns = look(disk, "a").expect("is there").born_ns;
            disk.rename(&path("a"), &path("b")).expect("renamed");
            assert_eq!(look(disk, "b").expect("is there").born_ns, born_ns);
        },
    ),
    ("flushing succeeds and changes nothing", |disk| {
        put(disk, "f", b"x");
        let before = disk.list(&RelPath::root()).expect("listed");
        disk.flush().expect("flushed");
        assert_eq!(disk.list(&RelPath::root()).expect("listed"), before);
    }),
];

pub(super) fn path(text: &str) -> RelPath {
    RelPath::new(text).expect("a good path")
}

pub(super) fn meta() -> Meta {
    Meta {
        mode: 0o644,
        mtime_ns: TIME_NS,
    }
}

pub(super) fn look(disk: &dyn Disk, at: &str) -> Option<DiskEntry> {
    disk.look(&path(at)).expect("its parent can be read")
}

pub(super) fn stage(disk: &dyn Disk, name: &str, bytes: &[u8]) {
    let mut file = disk.stage(&StagedName(name.to_owned()), 0).expect("staged");
    file.write_all(bytes).expect("written");
    file.finish().expect("finished");
}

pub(super) fn put(disk: &dyn Disk, at: &str, bytes: &[u8]) -> Stat {
    stage(disk, "conformance.put", bytes);
    disk.publish(&StagedName("conformance.put".to_owned()), &path(at), &meta())
        .expect("published")
}

pub(super) fn read(file: &mut dyn OpenFile) -> Vec<u8> {
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).expect("read");
    bytes
}

pub(super) fn staged(disk: &dyn Disk) -> Vec<String> {
    let mut names: Vec<_> = disk
        .staged()
        .expect("listed")
        .into_iter()
        .map(|file| file.name)
        .collect();
    names.sort();
    names
}

pub(super) fn names(disk: &dyn Disk, folder: &str) -> Vec<String> {
    let lines = disk.list(&path(folder)).expect("listed");
    lines
        .into_iter()
        .map(|line| String::from_utf8_lossy(&line.name).into_owned())
        .collect()
}

#[track_caller]
pub(super) fn assert_kind<T>(result: Result<T, offsync_core::ports::DiskError>, kind: Kind) {
    match result {
        Ok(_) => panic!("it worked, but {kind:?} was due"),
        Err(error) => assert_eq!(error.kind(), kind, "{error}"),
    }
}
