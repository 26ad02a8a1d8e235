//! What can only be tried from inside: the ways that this kernel and file system do not need.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::Path;

use offsync_core::ports::{Disk, DiskErrorKind, StagedName};
use offsync_core::rel_path::RelPath;
use rustix::fd::OwnedFd;
use rustix::io::Errno;

use super::RealDisk;
use super::moves::{Spot, move_free_by_look, respell};
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
    let folder = handle(top.path());
    respell(
        Spot {
            folder: &folder,
            name: b"photo",
        },
        Spot {
            folder: &folder,
            name: b"Photo",
        },
    )
    .unwrap();
    assert_eq!(fs::read(top.path().join("Photo")).unwrap(), b"x");
    assert_eq!(fs::read(top.path().join("offsync-renames-this-0")).unwrap(), b"taken");
    assert_eq!(fs::read_dir(top.path()).unwrap().count(), 2);
    // And back to where it was if the new spelling cannot be had.
    let far = Spot {
        folder: &folder,
        name: b"offsync-renames-this-0",
    };
    assert_eq!(
        respell(
            Spot {
                folder: &folder,
                name: b"Photo"
            },
            far
        ),
        Err(Errno::EXIST)
    );
    assert!(top.path().join("Photo").exists());
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
