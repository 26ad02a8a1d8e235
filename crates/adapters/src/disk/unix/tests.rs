//! What can only be tried from inside: the ways that this kernel and file system do not need.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, symlink};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;

use offsync_core::ports::{Disk, DiskErrorKind, StagedName};
use offsync_core::rel_path::RelPath;
use rustix::fd::OwnedFd;
use rustix::io::Errno;

use super::RealDisk;
use super::moves::{Aside, Spot, move_free_by_look};
use super::real_disk::FLUSHED;
use super::root_folder::{RootFolder, Walker};

fn path(text: &str) -> RelPath {
    RelPath::new(text).expect("a good path")
}

fn stepping(root: &Path) -> RealDisk {
    let mut disk = RealDisk::create(root).unwrap();
    disk.root = RootFolder::open(root).unwrap().with_walker(Walker::Steps);
    disk
}

fn handle(folder: &Path) -> OwnedFd {
    fs::File::open(folder).unwrap().into()
}

#[test]
fn without_the_kernels_help_links_are_refused_all_the_same() {
    let (top, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    fs::write(outside.path().join("secret"), "x").unwrap();
    fs::create_dir_all(top.path().join("a/b")).unwrap();
    fs::write(top.path().join("a/b/file"), "content").unwrap();
    symlink(outside.path(), top.path().join("a/out")).unwrap();
    let disk = stepping(top.path());
    assert_eq!(disk.list(&path("a/b")).unwrap().len(), 1);
    assert!(disk.open(&path("a/b/file")).is_ok());
    for bad in ["a/out", "a/b/file"] {
        assert_eq!(
            disk.list(&path(bad)).unwrap_err().kind(),
            DiskErrorKind::NotAFolder,
            "{bad}"
        );
    }
    assert_eq!(
        disk.open(&path("a/out/secret")).err().map(|error| error.kind()),
        Some(DiskErrorKind::NotAFolder)
    );
    assert_eq!(
        disk.look(&path("a/out/secret")).unwrap_err().kind(),
        DiskErrorKind::NotAFolder
    );
    assert_eq!(
        disk.list(&path("no/where")).unwrap_err().kind(),
        DiskErrorKind::NotFound
    );
}

#[test]
fn without_the_kernels_help_nothing_is_replaced_either() {
    let top = tempfile::tempdir().unwrap();
    fs::write(top.path().join("a"), "a").unwrap();
    fs::write(top.path().join("b"), "b").unwrap();
    fs::create_dir(top.path().join("folder")).unwrap();
    fs::create_dir(top.path().join("empty")).unwrap();
    let folder = handle(top.path());
    let spot = |name: &'static str| Spot {
        folder: &folder,
        name: name.as_bytes(),
    };
    assert_eq!(move_free_by_look(spot("a"), spot("b")), Err(Errno::EXIST));
    assert_eq!(move_free_by_look(spot("folder"), spot("empty")), Err(Errno::EXIST));
    assert_eq!(move_free_by_look(spot("gone"), spot("c")), Err(Errno::NOENT));
    move_free_by_look(spot("a"), spot("c")).unwrap();
    move_free_by_look(spot("folder"), spot("moved")).unwrap();
    assert_eq!(fs::read(top.path().join("c")).unwrap(), b"a");
    assert!(!top.path().join("a").exists() && top.path().join("moved").is_dir());
}

#[test]
fn a_change_of_spelling_passes_a_free_name_and_leaves_nothing() {
    let top = tempfile::tempdir().unwrap();
    fs::write(top.path().join("photo"), "x").unwrap();
    fs::write(top.path().join("offsync-renames-this-0"), "taken").unwrap();
    let disk = RealDisk::create(top.path()).unwrap();
    let folder = handle(top.path());
    let spot = |name: &'static str| Spot {
        folder: &folder,
        name: name.as_bytes(),
    };
    disk.respell(&path("photo"), spot("Photo")).unwrap();
    assert_eq!(fs::read(top.path().join("Photo")).unwrap(), b"x");
    assert_eq!(fs::read(top.path().join("offsync-renames-this-0")).unwrap(), b"taken");
    assert_eq!(fs::read_dir(top.path()).unwrap().count(), 3, "those, and .offsync");
    // And back to where it was if the new spelling cannot be had.
    let taken = disk.respell(&path("Photo"), spot("offsync-renames-this-0"));
    assert_eq!(taken, Err(Errno::EXIST));
    assert!(top.path().join("Photo").exists());
}

/// Pulls the cable at the moment at which a name is set aside.
fn pull_while_aside(disk: &RealDisk, at: &str) {
    let pulled = catch_unwind(AssertUnwindSafe(|| {
        disk.while_aside(&path(at), |_| -> rustix::io::Result<()> {
            resume_unwind(Box::new("the cable"))
        })
    }));
    assert!(pulled.is_err());
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_name_that_was_set_aside_when_the_cable_was_pulled_is_put_back_before_anybody_looks() {
    let top = tempfile::tempdir().unwrap();
    let folder = top.path().join("folder");
    fs::create_dir(&folder).unwrap();
    for name in ["a long name.txt", "taken.txt", "kept.txt"] {
        fs::write(folder.join(name), name).unwrap();
    }
    fs::write(folder.join("offsync-renames-this-0"), "a person's").unwrap();
    let disk = RealDisk::create(top.path()).unwrap();
    pull_while_aside(&disk, "folder/a long name.txt");
    pull_while_aside(&disk, "folder/taken.txt");
    disk.while_aside(&path("folder/kept.txt"), |_| Ok(())).unwrap();
    assert_eq!(
        names(&folder),
        [
            "kept.txt",
            "offsync-renames-this-0",
            "offsync-renames-this-1",
            "offsync-renames-this-2"
        ],
        "that is how the drive looks then"
    );
    drop(disk);
    fs::write(folder.join("taken.txt"), "somebody's new one").unwrap();
    let disk = RealDisk::open(top.path()).unwrap();
    let lock = disk.lock().unwrap();
    let all = [
        "a long name.txt",
        "kept.txt",
        "offsync-renames-this-0",
        "taken (set aside).txt",
        "taken.txt",
    ];
    assert_eq!(names(&folder), all);
    for (name, content) in [
        ("a long name.txt", "a long name.txt"),
        ("taken (set aside).txt", "taken.txt"),
        ("taken.txt", "somebody's new one"),
        ("offsync-renames-this-0", "a person's"),
    ] {
        assert_eq!(fs::read_to_string(folder.join(name)).unwrap(), content);
    }
    drop(lock);
    assert!(!top.path().join(".offsync/aside").exists());
    // Done well, nothing is left to be put back once it was flushed.
    disk.while_aside(&path("folder/kept.txt"), |_| Ok(())).unwrap();
    assert!(
        top.path().join(".offsync/aside").exists(),
        "a power cut may take it back"
    );
    disk.flush().unwrap();
    assert!(!top.path().join(".offsync/aside").exists());
    // A note that was torn says that nothing was set aside yet.
    fs::write(top.path().join(".offsync/aside"), [1, 9, 9]).unwrap();
    let _lock = disk.lock().unwrap();
    assert_eq!(names(&folder), all);
}

#[test]
fn the_note_is_flushed_with_its_name_before_a_name_is_set_aside() {
    let top = tempfile::tempdir().unwrap();
    fs::write(top.path().join("photo"), "x").unwrap();
    let disk = RealDisk::create(top.path()).unwrap();
    FLUSHED.take();
    disk.while_aside(&path("photo"), |_| {
        assert_eq!(FLUSHED.take(), [path(".offsync")]);
        Ok(())
    })
    .unwrap();
}

/// Writes a note of names set aside, as a pulled cable may leave it, or somebody who means ill.
fn leave_note(top: &Path, notes: &[(&str, &str)]) {
    let asides: Vec<_> = notes
        .iter()
        .map(|(at, between)| Aside {
            path: path(at),
            between: between.as_bytes().to_vec(),
        })
        .collect();
    fs::write(
        top.join(".offsync/aside"),
        postcard::to_allocvec(&(1_u8, asides)).unwrap(),
    )
    .unwrap();
}

#[test]
fn a_forged_note_moves_nothing_that_was_not_set_aside() {
    let base = tempfile::tempdir().unwrap();
    let (top, outside) = (base.path().join("archive"), base.path().join("outside"));
    fs::create_dir(&outside).unwrap();
    fs::create_dir_all(top.join("folder")).unwrap();
    for at in [base.path(), &outside, &top] {
        fs::write(at.join("secret"), "the person's own").unwrap();
        fs::write(at.join("offsync-renames-this-0"), "the person's own").unwrap();
    }
    symlink(&outside, top.join("folder/link")).unwrap();
    let disk = RealDisk::create(&top).unwrap();
    for between in [
        "../../secret",
        "../../offsync-renames-this-0",
        "link/secret",
        "link/offsync-renames-this-0",
        "offsync-renames-this-0/../../../secret",
        "offsync-renames-this-/secret",
        "../secret",
        "link",
        "..",
        "",
    ] {
        leave_note(&top, &[("folder/moved in", between)]);
        let _lock = disk.lock().unwrap();
        assert_eq!(names(&top.join("folder")), ["link"], "{between:?}");
    }
    assert_eq!(names(&outside), ["offsync-renames-this-0", "secret"]);
    assert!(base.path().join("secret").exists() && top.join("secret").exists());
}

#[test]
fn a_long_name_that_cannot_have_its_own_back_is_shortened_at_a_whole_character() {
    let top = tempfile::tempdir().unwrap();
    let disk = RealDisk::create(top.path()).unwrap();
    let long = [
        format!("{}.txt", "x".repeat(251)),
        // The cut falls into a character.
        format!("{}y.txt", "\u{e9}".repeat(125)),
        format!("{}.txt", "\u{20ac}".repeat(83)),
        "z".repeat(255),
        // What is all but the whole name is no ending.
        format!("a.{}", "b".repeat(250)),
    ];
    for name in &long {
        fs::write(top.path().join(name), "aside").unwrap();
        pull_while_aside(&disk, name);
        fs::write(top.path().join(name), "somebody's new one").unwrap();
    }
    let _lock = disk.lock().unwrap();
    let found = names(top.path());
    for (name, expected) in long.iter().zip([
        format!("{} (set aside).txt", "x".repeat(239)),
        format!("{} (set aside).txt", "\u{e9}".repeat(119)),
        format!("{} (set aside).txt", "\u{20ac}".repeat(79)),
        format!("{} (set aside)", "z".repeat(243)),
        format!("a.{} (set aside)", "b".repeat(241)),
    ]) {
        assert!(found.contains(&expected), "{expected} is not in {found:?}");
        assert_eq!(fs::read_to_string(top.path().join(expected)).unwrap(), "aside");
        assert_eq!(fs::read_to_string(top.path().join(name)).unwrap(), "somebody's new one");
    }
    assert!(!top.path().join(".offsync/aside").exists());
}

#[test]
fn a_name_that_cannot_be_put_back_keeps_nobody_out_and_waits() {
    let top = tempfile::tempdir().unwrap();
    let disk = RealDisk::create(top.path()).unwrap();
    for name in ["stuck", "free"] {
        fs::write(top.path().join(name), name).unwrap();
        pull_while_aside(&disk, name);
    }
    drop(disk);
    let taken: Vec<_> = ["stuck".to_owned(), "stuck (set aside)".to_owned()]
        .into_iter()
        .chain((2..=100).map(|number| format!("stuck (set aside {number})")))
        .collect();
    for name in &taken {
        fs::write(top.path().join(name), "somebody's").unwrap();
    }
    for _ in ["once", "and at each start"] {
        let disk = RealDisk::open(top.path()).unwrap();
        let _lock = disk.lock().unwrap();
        assert_eq!(fs::read_to_string(top.path().join("free")).unwrap(), "free");
        assert!(top.path().join("offsync-renames-this-0").exists());
        // What is set aside meanwhile, and flushed, takes no note away from what waits.
        disk.while_aside(&path("free"), |_| Ok(())).unwrap();
        disk.flush().unwrap();
        assert!(top.path().join(".offsync/aside").exists());
    }
    // What is gone from the note by now is the person's own.
    fs::write(top.path().join("offsync-renames-this-1"), "a person's").unwrap();
    fs::remove_file(top.path().join("stuck")).unwrap();
    fs::remove_file(top.path().join("free")).unwrap();
    let _lock = RealDisk::open(top.path()).unwrap().lock().unwrap();
    assert_eq!(fs::read_to_string(top.path().join("stuck")).unwrap(), "stuck");
    assert!(top.path().join("offsync-renames-this-1").exists() && !top.path().join("free").exists());
    assert!(!top.path().join(".offsync/aside").exists());
}

#[test]
fn long_runs_of_zeroes_become_holes_and_read_as_they_were() {
    const BLOCK: usize = 64 << 10;
    let runs: [&[(u8, usize)]; 7] = [
        &[(0, 8 * BLOCK)],
        &[(1, 3), (0, 9 * BLOCK)],
        &[(0, 8 * BLOCK), (1, 5)],
        &[(1, BLOCK + 1), (0, 9 * BLOCK), (2, 7), (0, 8 * BLOCK + 11)],
        &[(1, 2 * BLOCK), (0, BLOCK - 1), (3, 1)],
        &[(1, 1), (0, 1)],
        &[],
    ];
    for (number, runs) in runs.iter().enumerate() {
        let content: Vec<u8> = runs.iter().flat_map(|(byte, len)| vec![*byte; *len]).collect();
        for step in [1000, BLOCK, 5 * BLOCK + 1, 1 << 20] {
            let top = tempfile::tempdir().unwrap();
            let disk = RealDisk::create(top.path()).unwrap();
            let name = StagedName("s".to_owned());
            let mut file = disk.stage(&name, 0).unwrap();
            content.chunks(step).for_each(|piece| file.write_all(piece).unwrap());
            file.write_all(&[]).unwrap();
            file.finish().unwrap();
            let at = top.path().join(".offsync/staging/s");
            assert!(fs::read(&at).unwrap() == content, "content {number} in steps of {step}");
            let solid: usize = runs
                .iter()
                .filter(|(byte, len)| *byte > 0 || *len < BLOCK)
                .map(|(_, len)| len)
                .sum();
            let allocated = fs::metadata(&at).unwrap().blocks() as usize * 512;
            if step > 4 * BLOCK && has_holes(top.path()) {
                let most = solid + (runs.len() + 1) * 2 * BLOCK;
                assert!(
                    allocated <= most,
                    "content {number} takes {allocated} bytes of {}",
                    content.len()
                );
            }
        }
    }
}

fn has_holes(folder: &Path) -> bool {
    let at = folder.join("hole");
    fs::File::create(&at).unwrap().set_len(1 << 20).unwrap();
    fs::metadata(&at).unwrap().blocks() == 0
}
