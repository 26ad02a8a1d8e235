//! The real drive keeps the promises of the `Disk` port against people, links and odd names.
#![cfg(unix)]
#![allow(missing_docs, clippy::unwrap_used)]

use std::ffi::OsStr;
use std::fs;
use std::io::{Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, symlink};

use offsync_adapters::disk::RealDisk;
use offsync_core::entry::Meta;
use offsync_core::ports::{Disk, DiskErrorKind, EntryKind, OpenFile, StagedName, TrashName};
use offsync_core::rel_path::RelPath;
use tempfile::TempDir;

const META: Meta = Meta {
    mode: 0o640,
    mtime_ns: 1_234_567_890_123_456_789,
};

fn path(text: impl AsRef<[u8]>) -> RelPath {
    RelPath::new(text).expect("a good path")
}

fn fresh() -> (TempDir, RealDisk) {
    let top = tempfile::tempdir().expect("a folder");
    let disk = RealDisk::create(top.path()).expect("a disk");
    (top, disk)
}

fn staged(name: &str) -> StagedName {
    StagedName(name.to_owned())
}

fn trash(name: &str) -> TrashName {
    TrashName(name.to_owned())
}

fn stage(disk: &RealDisk, name: &str, content: &[u8]) {
    let mut file = disk.stage(&staged(name), 0).unwrap();
    file.write_all(content).unwrap();
    file.finish().unwrap();
}

fn text(mut file: Box<dyn OpenFile>) -> String {
    let mut text = String::new();
    file.read_to_string(&mut text).unwrap();
    text
}

fn kind<T>(result: Result<T, offsync_core::ports::DiskError>) -> Option<DiskErrorKind> {
    result.err().map(|error| error.kind())
}

#[test]
fn what_is_named_as_our_own_folder_is_listed_beside_it_alone_and_reached_by_no_call() {
    let (top, disk) = fresh();
    fs::create_dir(top.path().join(".OFFSYNC")).unwrap();
    let listed = |folder: &RelPath| disk.list(folder).unwrap().into_iter().map(|entry| entry.name);
    assert_eq!(listed(&RelPath::root()).collect::<Vec<_>>(), [b".OFFSYNC"]);
    assert_eq!(disk.look(&path(b".OFFSYNC")).unwrap(), None);
    assert_eq!(kind(disk.list(&path(b".OFFSYNC"))), Some(DiskErrorKind::Unstorable));
    // A drive that folds case may spell our own so.
    fs::rename(top.path().join(".offsync"), top.path().join("away")).unwrap();
    assert_eq!(listed(&RelPath::root()).collect::<Vec<_>>(), [b"away"]);
}

#[test]
fn a_folder_is_listed_in_order_with_stats_and_without_our_own() {
    let (top, disk) = fresh();
    for name in ["b", "B", "a-b", "a"] {
        fs::write(top.path().join(name), name).unwrap();
    }
    fs::create_dir(top.path().join("folder")).unwrap();
    symlink("nowhere", top.path().join("link")).unwrap();
    let listed = disk.list(&RelPath::root()).unwrap();
    let names: Vec<_> = listed
        .iter()
        .map(|entry| String::from_utf8_lossy(&entry.name).into_owned())
        .collect();
    assert_eq!(names, ["B", "a", "a-b", "b", "folder", "link"]);
    let kinds: Vec<_> = listed.iter().map(|entry| entry.kind).collect();
    assert_eq!(kinds[3..], [EntryKind::File, EntryKind::Folder, EntryKind::Symlink]);
    let meta = fs::metadata(top.path().join("a-b")).unwrap();
    assert_eq!(listed[2].stat.size_bytes, 3);
    assert_eq!(listed[2].stat.inode, meta.ino());
    assert_eq!(
        listed[2].stat.mtime_ns,
        meta.mtime() * 1_000_000_000 + meta.mtime_nsec()
    );
    assert_eq!(listed[4].stat.size_bytes, 0, "a folder has no size");
    for entry in &listed {
        assert_eq!(disk.look(&path(&entry.name)).unwrap().as_ref(), Some(entry));
    }
}

#[test]
fn looking_tells_absent_from_unreadable() {
    let (top, disk) = fresh();
    fs::write(top.path().join("file"), "x").unwrap();
    assert_eq!(disk.look(&path("gone")).unwrap(), None);
    assert_eq!(kind(disk.look(&path("gone/too"))), Some(DiskErrorKind::NotFound));
    assert_eq!(kind(disk.look(&path("file/below"))), Some(DiskErrorKind::NotAFolder));
    assert_eq!(disk.look(&RelPath::root()).unwrap().unwrap().kind, EntryKind::Folder);
    assert_eq!(disk.look(&path(".offsync/lock")).unwrap(), None);
}

#[test]
fn nasty_names_pass_unchanged() {
    let (top, disk) = fresh();
    let long = vec![b'x'; 255];
    let names: [&[u8]; 7] = [
        b"-rf",
        b"new\nline",
        b"caf\xe9",
        b" ",
        b"\x01\x7f",
        b"back\\slash:*?",
        &long,
    ];
    for (number, name) in names.iter().enumerate() {
        stage(&disk, &format!("s{number}"), name);
        let stat = disk
            .publish(&staged(&format!("s{number}")), &path(name), &META)
            .unwrap();
        assert_eq!(stat.size_bytes, name.len() as u64);
        assert_eq!(fs::read(top.path().join(OsStr::from_bytes(name))).unwrap(), *name);
    }
    let mut sorted = names.map(<[u8]>::to_vec);
    sorted.sort();
    let listed: Vec<_> = disk
        .list(&RelPath::root())
        .unwrap()
        .into_iter()
        .map(|entry| entry.name)
        .collect();
    assert_eq!(listed, sorted);
    for name in names {
        disk.displace(&path(name), &trash("t")).unwrap();
        disk.drop_trashed(&trash("t")).unwrap();
    }
    assert!(disk.list(&RelPath::root()).unwrap().is_empty());
}

#[test]
fn a_path_of_the_full_length_is_reached() {
    let (_top, disk) = fresh();
    let mut deep = RelPath::root();
    while deep.as_bytes().len() + 201 < 4096 {
        deep = if deep.is_root() {
            path([b'd'; 200])
        } else {
            deep.join([b'd'; 200]).unwrap()
        };
        disk.make_folder(&deep, 0o755).unwrap();
    }
    let file = deep.join(vec![b'f'; 4096 - deep.as_bytes().len() - 1]).unwrap();
    assert_eq!(file.as_bytes().len(), 4096);
    stage(&disk, "s", b"deep");
    disk.publish(&staged("s"), &file, &META).unwrap();
    assert_eq!(text(disk.open(&file).unwrap()), "deep");
}

#[test]
fn a_staged_file_is_published_with_its_times_and_mode() {
    let (top, disk) = fresh();
    stage(&disk, "one", b"content");
    assert_eq!(text(disk.open_staged(&staged("one")).unwrap()), "content");
    assert_eq!(disk.staged().unwrap()[0].size_bytes, 7);
    let stat = disk.publish(&staged("one"), &path("file"), &META).unwrap();
    assert_eq!(
        (stat.size_bytes, stat.mtime_ns, stat.mode),
        (7, META.mtime_ns, META.mode)
    );
    assert_eq!(
        disk.look(&path("file")).unwrap().unwrap().stat,
        stat,
        "the stat is what is really stored"
    );
    assert_eq!(disk.open(&path("file")).unwrap().stat().unwrap(), stat);
    assert!(disk.staged().unwrap().is_empty());
    assert_eq!(fs::read(top.path().join("file")).unwrap(), b"content");
}

#[test]
fn publishing_never_replaces() {
    let (top, disk) = fresh();
    fs::write(top.path().join("file"), "a person's").unwrap();
    fs::create_dir(top.path().join("folder")).unwrap();
    symlink("nowhere", top.path().join("link")).unwrap();
    stage(&disk, "one", b"ours");
    for taken in ["file", "folder", "link"] {
        assert_eq!(
            kind(disk.publish(&staged("one"), &path(taken), &META)),
            Some(DiskErrorKind::Exists),
            "{taken}"
        );
    }
    assert_eq!(fs::read(top.path().join("file")).unwrap(), b"a person's");
    assert_eq!(
        kind(disk.publish(&staged("one"), &path("no/where"), &META)),
        Some(DiskErrorKind::NotFound)
    );
    assert_eq!(
        kind(disk.publish(&staged("none"), &path("x"), &META)),
        Some(DiskErrorKind::NotFound)
    );
    disk.publish(&staged("one"), &path("free"), &META).unwrap();
}

#[test]
fn staging_begins_anew_and_drops_quietly() {
    let (_top, disk) = fresh();
    stage(&disk, "one", b"a long first content");
    stage(&disk, "one", b"short");
    assert_eq!(text(disk.open_staged(&staged("one")).unwrap()), "short");
    disk.drop_staged(&staged("one")).unwrap();
    disk.drop_staged(&staged("one")).unwrap();
    for bad in ["../out", "", ".", "..", "a/b"] {
        assert_eq!(
            kind(disk.stage(&staged(bad), 0)),
            Some(DiskErrorKind::Unstorable),
            "{bad:?}"
        );
        assert_eq!(
            kind(disk.drop_trashed(&trash(bad))),
            Some(DiskErrorKind::Unstorable),
            "{bad:?}"
        );
    }
}

#[test]
fn the_trash_takes_files_and_links_and_gives_them_back() {
    let (top, disk) = fresh();
    fs::write(top.path().join("file"), "x").unwrap();
    fs::create_dir(top.path().join("folder")).unwrap();
    symlink("nowhere", top.path().join("link")).unwrap();
    disk.displace(&path("file"), &trash("t1")).unwrap();
    assert_eq!(
        kind(disk.displace(&path("link"), &trash("t1"))),
        Some(DiskErrorKind::Exists)
    );
    disk.displace(&path("link"), &trash("t2")).unwrap();
    assert!(kind(disk.displace(&path("folder"), &trash("t3"))).is_some());
    assert_eq!(
        kind(disk.displace(&path("gone"), &trash("t4"))),
        Some(DiskErrorKind::NotFound)
    );
    assert_eq!(text(disk.open_trashed(&trash("t1")).unwrap()), "x");
    assert!(
        kind(disk.open_trashed(&trash("t2"))).is_some(),
        "a link in the trash is not followed"
    );
    let names: Vec<_> = disk.trashed().unwrap().into_iter().map(|file| file.name).collect();
    assert_eq!(names, ["t1", "t2"]);
    assert_eq!(
        kind(disk.restore(&trash("t1"), &path("folder"))),
        Some(DiskErrorKind::Exists)
    );
    disk.restore(&trash("t1"), &path("folder/back")).unwrap();
    disk.restore(&trash("t2"), &path("link")).unwrap();
    assert_eq!(disk.read_link(&path("link")).unwrap(), b"nowhere");
}

#[test]
fn folders_are_made_with_their_mode_and_removed_when_empty() {
    let (top, disk) = fresh();
    let stat = disk.make_folder(&path("a"), 0o775).unwrap();
    assert_eq!(
        (stat.mode, stat.size_bytes),
        (0o775, 0),
        "the process's mask narrows nothing"
    );
    assert_eq!(kind(disk.make_folder(&path("a"), 0o755)), Some(DiskErrorKind::Exists));
    assert_eq!(
        kind(disk.make_folder(&path("x/y"), 0o755)),
        Some(DiskErrorKind::NotFound)
    );
    fs::write(top.path().join("a/file"), "x").unwrap();
    assert_eq!(kind(disk.remove_folder(&path("a"))), Some(DiskErrorKind::NotEmpty));
    assert_eq!(
        kind(disk.remove_folder(&path("a/file"))),
        Some(DiskErrorKind::NotAFolder)
    );
    fs::remove_file(top.path().join("a/file")).unwrap();
    disk.remove_folder(&path("a")).unwrap();
    assert_eq!(kind(disk.remove_folder(&path("a"))), Some(DiskErrorKind::NotFound));
}

#[test]
fn renaming_moves_to_free_places_only() {
    let (top, disk) = fresh();
    fs::create_dir_all(top.path().join("a/b")).unwrap();
    fs::write(top.path().join("file"), "x").unwrap();
    assert_eq!(
        kind(disk.rename(&path("file"), &path("a"))),
        Some(DiskErrorKind::Exists)
    );
    assert_eq!(
        kind(disk.rename(&path("gone"), &path("c"))),
        Some(DiskErrorKind::NotFound)
    );
    assert!(kind(disk.rename(&path("a"), &path("a/b/c"))).is_some());
    disk.rename(&path("file"), &path("a/b/File")).unwrap();
    disk.rename(&path("a/b/File"), &path("a/b/file")).unwrap();
    disk.rename(&path("a"), &path("z")).unwrap();
    assert_eq!(fs::read(top.path().join("z/b/file")).unwrap(), b"x");
    // Two names of one inode that differ by case are two files here, and none may vanish.
    fs::hard_link(top.path().join("z/b/file"), top.path().join("z/b/FILE")).unwrap();
    assert_eq!(
        kind(disk.rename(&path("z/b/file"), &path("z/b/FILE"))),
        Some(DiskErrorKind::Exists)
    );
    assert_eq!(fs::read_dir(top.path().join("z/b")).unwrap().count(), 2);
}

#[test]
fn times_and_modes_are_set_where_they_exist() {
    let (top, disk) = fresh();
    fs::write(top.path().join("file"), "x").unwrap();
    fs::create_dir(top.path().join("folder")).unwrap();
    fs::write(top.path().join("target"), "t").unwrap();
    symlink("target", top.path().join("link")).unwrap();
    let before = fs::metadata(top.path().join("target")).unwrap();
    let stat = disk
        .set_meta(
            &path("file"),
            &Meta {
                mode: 0o400,
                mtime_ns: -1,
            },
        )
        .unwrap();
    assert_eq!((stat.mode, stat.mtime_ns), (0o400, -1));
    let folder_time = disk.look(&path("folder")).unwrap().unwrap().stat.mtime_ns;
    let stat = disk
        .set_meta(
            &path("folder"),
            &Meta {
                mode: 0o700,
                mtime_ns: 5,
            },
        )
        .unwrap();
    assert_eq!(
        (stat.mode, stat.mtime_ns),
        (0o700, folder_time),
        "a folder keeps its time"
    );
    disk.set_meta(&path("link"), &META).unwrap();
    let after = fs::metadata(top.path().join("target")).unwrap();
    assert_eq!(
        (before.mode(), before.mtime()),
        (after.mode(), after.mtime()),
        "a link is not followed"
    );
    assert_eq!(kind(disk.set_meta(&path("gone"), &META)), Some(DiskErrorKind::NotFound));
}

#[test]
fn links_are_kept_as_data() {
    let (_top, disk) = fresh();
    disk.make_symlink(&path("link"), b"../../etc/passwd\xff").unwrap();
    assert_eq!(disk.read_link(&path("link")).unwrap(), b"../../etc/passwd\xff");
    assert_eq!(
        kind(disk.make_symlink(&path("link"), b"x")),
        Some(DiskErrorKind::Exists)
    );
    assert_eq!(
        kind(disk.make_symlink(&path("empty"), b"")),
        Some(DiskErrorKind::Unstorable)
    );
    assert!(kind(disk.open(&path("link"))).is_some(), "and are not opened");
    assert!(kind(disk.read_link(&RelPath::root())).is_some());
}

#[test]
fn a_folder_swapped_for_a_link_leads_nowhere() {
    let (top, disk) = fresh();
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("file"), "outside").unwrap();
    fs::create_dir(outside.path().join("sub")).unwrap();
    fs::create_dir(top.path().join("folder")).unwrap();
    fs::write(top.path().join("folder/file"), "inside").unwrap();
    assert_eq!(disk.list(&path("folder")).unwrap().len(), 1);
    fs::rename(top.path().join("folder"), top.path().join("moved")).unwrap();
    symlink(outside.path(), top.path().join("folder")).unwrap();

    stage(&disk, "s", b"x");
    let inside = |name: &str| path(format!("folder/{name}"));
    let refused = [
        kind(disk.list(&path("folder"))),
        kind(disk.look(&inside("file"))),
        kind(disk.open(&inside("file"))),
        kind(disk.publish(&staged("s"), &inside("new"), &META)),
        kind(disk.make_folder(&inside("new"), 0o755)),
        kind(disk.make_symlink(&inside("new"), b"x")),
        kind(disk.remove_folder(&inside("sub"))),
        kind(disk.rename(&inside("file"), &path("stolen"))),
        kind(disk.rename(&path("moved/file"), &inside("new"))),
        kind(disk.set_meta(&inside("file"), &META)),
        kind(disk.displace(&inside("file"), &trash("t"))),
    ];
    assert!(
        refused.iter().all(|kind| *kind == Some(DiskErrorKind::NotAFolder)),
        "{refused:?}"
    );
    let names: Vec<_> = fs::read_dir(outside.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names.len(), 2, "{names:?}");
    assert_eq!(fs::read(outside.path().join("file")).unwrap(), b"outside");
    assert_ne!(
        fs::metadata(outside.path().join("file")).unwrap().mtime(),
        META.mtime_ns / 1_000_000_000
    );
}

#[test]
fn staging_that_is_a_link_is_not_used() {
    let (top, disk) = fresh();
    let outside = tempfile::tempdir().unwrap();
    fs::remove_dir(top.path().join(".offsync/staging")).unwrap();
    symlink(outside.path(), top.path().join(".offsync/staging")).unwrap();
    assert_eq!(kind(disk.stage(&staged("s"), 0)), Some(DiskErrorKind::NotAFolder));
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
}

#[test]
fn pipes_are_named_and_never_waited_for() {
    let (top, disk) = fresh();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        top.path().join("pipe"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from_bits_truncate(0o644),
        0,
    )
    .unwrap();
    assert_eq!(disk.list(&RelPath::root()).unwrap()[0].kind, EntryKind::Other);
    assert_eq!(kind(disk.open(&path("pipe"))), Some(DiskErrorKind::Other));
    assert!(kind(disk.displace(&path("pipe"), &trash("t"))).is_some());
}

#[test]
fn our_own_folder_is_no_place_for_entries() {
    let (_top, disk) = fresh();
    disk.write_marker(b"x").unwrap();
    stage(&disk, "s", b"x");
    for own in [".offsync/location.toml", ".OffSync/new"] {
        assert_eq!(kind(disk.open(&path(own))), Some(DiskErrorKind::Unstorable));
        assert_eq!(
            kind(disk.publish(&staged("s"), &path(own), &META)),
            Some(DiskErrorKind::Unstorable)
        );
        assert_eq!(
            kind(disk.displace(&path(own), &trash("t"))),
            Some(DiskErrorKind::Unstorable)
        );
    }
    assert_eq!(
        kind(disk.rename(&path(".offsync"), &path("x"))),
        Some(DiskErrorKind::Unstorable)
    );
}

#[test]
fn the_marker_is_replaced_whole() {
    let (top, disk) = fresh();
    assert_eq!(disk.read_marker().unwrap(), None);
    disk.write_marker(b"one, and longer").unwrap();
    fs::write(top.path().join(".offsync/location.toml.new"), "torn").unwrap();
    disk.write_marker(b"two").unwrap();
    assert_eq!(disk.read_marker().unwrap().as_deref(), Some(&b"two"[..]));
    assert!(!top.path().join(".offsync/location.toml.new").exists());
    fs::remove_dir_all(top.path().join(".offsync")).unwrap();
    assert_eq!(disk.read_marker().unwrap(), None);
    assert!(disk.staged().unwrap().is_empty() && disk.trashed().unwrap().is_empty());
    assert_eq!(
        kind(disk.stage(&staged("s"), 0)),
        Some(DiskErrorKind::NotFound),
        "nothing is made without a marker's folder"
    );
}

#[test]
fn a_second_engine_is_refused_until_the_first_ends() {
    let (top, disk) = fresh();
    fs::write(top.path().join(".offsync/lock"), "left by a crash").unwrap();
    let lock = disk.lock().unwrap();
    let refused = RealDisk::open(top.path()).unwrap().lock().unwrap_err();
    assert_eq!(refused.kind(), DiskErrorKind::Locked);
    assert!(refused.to_string().contains("another Offsync"), "{refused}");
    drop(lock);
    RealDisk::open(top.path()).unwrap().lock().unwrap();
}

#[test]
fn the_drive_tells_its_size_and_identity() {
    let (top, disk) = fresh();
    let facts = disk.facts().unwrap();
    assert!(facts.total_bytes > 0 && facts.free_bytes <= facts.total_bytes);
    assert_eq!(
        RealDisk::open(top.path()).unwrap().facts().unwrap().identity,
        facts.identity
    );
    disk.flush().unwrap();
}

#[test]
fn an_absent_folder_is_said_with_its_path() {
    let top = tempfile::tempdir().unwrap();
    let gone = top.path().join("no drive here");
    let error = RealDisk::open(&gone).unwrap_err();
    assert_eq!(error.kind(), DiskErrorKind::NotFound);
    assert!(error.to_string().contains("no drive here"), "{error}");
    assert!(RealDisk::create(&gone).is_err() && !gone.exists());
}

#[test]
fn reading_goes_on_where_it_is_told() {
    let (top, disk) = fresh();
    fs::write(top.path().join("file"), "0123456789").unwrap();
    let mut file = disk.open(&path("file")).unwrap();
    file.seek_to(7).unwrap();
    assert_eq!(text(file), "789");
}

#[test]
fn what_changes_while_it_is_read_shows() {
    let (top, disk) = fresh();
    fs::write(top.path().join("file"), "0123456789").unwrap();
    let file = disk.open(&path("file")).unwrap();
    let before = file.stat().unwrap();
    fs::OpenOptions::new()
        .append(true)
        .open(top.path().join("file"))
        .unwrap()
        .write_all(b"x")
        .unwrap();
    assert_ne!(file.stat().unwrap(), before);
}
