//! The contract of a drive: folders, renames, links, spelling and order.

use offsync_core::ports::{Disk, DiskErrorKind as Kind, EntryKind, StagedName, TrashName};
use offsync_core::rel_path::RelPath;

use super::disk_files::{Case, assert_kind, look, meta, names, path, put, read, stage, staged};

pub(super) const CASES: &[Case] = &[
    ("folders are made one by one and removed empty", |disk| {
        assert_kind(disk.make_folder(&path("a/b"), 0o755), Kind::NotFound);
        disk.make_folder(&path("a"), 0o755).expect("made");
        assert_eq!(
            disk.make_folder(&path("a/b"), 0o755).expect("made").size_bytes,
            0,
            "a folder has no size"
        );
        assert_kind(disk.make_folder(&path("a"), 0o755), Kind::Exists);
        assert_kind(disk.remove_folder(&path("a")), Kind::NotEmpty);
        disk.remove_folder(&path("a/b")).expect("removed");
        disk.remove_folder(&path("a")).expect("removed");
        assert_kind(disk.remove_folder(&path("a")), Kind::NotFound);
    }),
    ("a file is no folder", |disk| {
        put(disk, "f", b"x");
        assert_kind(disk.remove_folder(&path("f")), Kind::NotAFolder);
        assert_kind(disk.make_folder(&path("f"), 0o755), Kind::Exists);
        assert_kind(disk.make_folder(&path("f/d"), 0o755), Kind::NotAFolder);
        assert_kind(disk.list(&path("f")), Kind::NotAFolder);
        assert_kind(disk.look(&path("f/x")), Kind::NotAFolder);
        assert_kind(disk.open(&path("f/x")).map(drop), Kind::NotAFolder);
    }),
    (
        "nothing can be said of what stands in a folder that is not there",
        |disk| {
            assert_kind(disk.list(&path("none")), Kind::NotFound);
            assert_kind(disk.look(&path("none/f")), Kind::NotFound);
            assert_kind(
                disk.displace(&path("none/f"), &TrashName("t".to_owned())),
                Kind::NotFound,
            );
        },
    ),
    ("a listing is complete and in order of name bytes", |disk| {
        let mut made = ["b", "a", "c d", "a-b", "a.b", "caf\u{e9}", "0"]
            .map(str::to_owned)
            .to_vec();
        made.iter().for_each(|name| _ = put(disk, name, name.as_bytes()));
        disk.make_folder(&path("a0"), 0o755).expect("made");
        put(disk, "a0/inner", b"x");
        made.push("a0".to_owned());
        let mut listed = disk.list(&RelPath::root()).expect("listed");
        assert!(
            listed.is_sorted_by_key(|line| line.name.clone()),
            "in order: {listed:?}"
        );
        listed.iter().for_each(|line| {
            let seen = disk
                .look(&RelPath::new(&line.name).expect("a path"))
                .expect("looked")
                .expect("there");
            assert_eq!(&seen, line, "list and look agree");
        });
        assert_eq!(listed.len(), made.len());
        listed.retain(|line| line.kind == EntryKind::Folder);
        assert_eq!(listed.len(), 1);
        assert_eq!(names(disk, "a0"), ["inner"]);
    }),
    ("a rename moves a file, and a folder with all in it", |disk| {
        put(disk, "f", b"x");
        disk.make_folder(&path("d"), 0o755).expect("made");
        disk.make_folder(&path("e"), 0o755).expect("made");
        let stat = disk.rename(&path("f"), &path("d/g")).expect("moved");
        assert_eq!(look(disk, "d/g").expect("there").stat, stat);
        disk.rename(&path("d"), &path("e/d")).expect("moved");
        assert_eq!(read(&mut *disk.open(&path("e/d/g")).expect("opens")), b"x");
        assert_eq!(names(disk, ""), ["e"]);
    }),
    ("a rename never replaces", |disk| {
        put(disk, "f", b"f");
        put(disk, "g", b"g");
        ["d", "e"]
            .iter()
            .for_each(|name| _ = disk.make_folder(&path(name), 0o755).expect("made"));
        for (from, to) in [("f", "g"), ("f", "d"), ("d", "f"), ("d", "e")] {
            assert_kind(disk.rename(&path(from), &path(to)), Kind::Exists);
        }
        assert_eq!(names(disk, ""), ["d", "e", "f", "g"]);
        assert_eq!(read(&mut *disk.open(&path("g")).expect("opens")), b"g");
    }),
    ("a rename needs both ends", |disk| {
        put(disk, "f", b"f");
        disk.make_folder(&path("d"), 0o755).expect("made");
        assert_kind(disk.rename(&path("none"), &path("g")), Kind::NotFound);
        assert_kind(disk.rename(&path("f"), &path("none/g")), Kind::NotFound);
        assert_kind(disk.rename(&path("d"), &path("f/d")), Kind::NotAFolder);
        assert!(
            disk.rename(&path("d"), &path("d/inner")).is_err(),
            "a folder does not go into itself"
        );
        assert_eq!(names(disk, ""), ["d", "f"]);
    }),
    ("a change of case alone is a rename", |disk| {
        put(disk, "name", b"x");
        disk.rename(&path("name"), &path("NAME")).expect("renamed");
        assert_eq!(names(disk, ""), ["NAME"]);
        disk.make_folder(&path("d"), 0o755).expect("made");
        disk.rename(&path("d"), &path("D")).expect("renamed");
        assert_eq!(names(disk, ""), ["D", "NAME"]);
        assert_eq!(read(&mut *disk.open(&path("NAME")).expect("opens")), b"x");
    }),
    ("a name is given as the file system spells it", |disk| {
        put(disk, "Name", b"x");
        let Some(entry) = look(disk, "nAME") else {
            put(disk, "nAME", b"y");
            assert_eq!(names(disk, ""), ["Name", "nAME"], "where case counts, both can be");
            return;
        };
        assert_eq!(entry.name, b"Name", "the stored spelling, not the asked one");
        stage(disk, "s", b"y");
        assert_kind(
            disk.publish(&StagedName("s".to_owned()), &path("NAME"), &meta()),
            Kind::Exists,
        );
        assert_kind(disk.make_folder(&path("NAME"), 0o755), Kind::Exists);
    }),
    ("names that are refused are unstorable, and leave nothing", |disk| {
        for name in [&b"a:b"[..], b"a?b", b"end.", b"end ", b"caf\xe9", b"con"] {
            stage(disk, "s", b"x");
            let at = RelPath::new(name).expect("a path");
            match disk.publish(&StagedName("s".to_owned()), &at, &meta()) {
                Ok(_) => assert_eq!(
                    disk.look(&at).expect("looked").expect("there").name,
                    name,
                    "kept byte for byte"
                ),
                Err(error) => {
                    assert_eq!(error.kind(), Kind::Unstorable, "{error}");
                    assert_eq!(staged(disk), ["s"]);
                }
            }
        }
    }),
    ("a link is kept as data and never followed", |disk| {
        disk.make_folder(&path("d"), 0o755).expect("made");
        put(disk, "d/f", b"x");
        let Some(()) = make_link(disk, "link", b"d") else {
            return;
        };
        assert_eq!(disk.read_link(&path("link")).expect("read"), b"d");
        assert_eq!(look(disk, "link").expect("there").kind, EntryKind::Symlink);
        assert!(disk.open(&path("link")).is_err(), "a link is not opened");
        for error in [
            disk.list(&path("link")).map(drop),
            disk.look(&path("link/f")).map(drop),
            disk.open(&path("link/f")).map(drop),
            disk.make_folder(&path("link/g"), 0o755).map(drop),
            disk.rename(&path("d/f"), &path("link/g")).map(drop),
            disk.displace(&path("link/f"), &TrashName("t".to_owned())),
            disk.remove_folder(&path("link")),
        ] {
            assert_kind(error, Kind::NotAFolder);
        }
        stage(disk, "s", b"y");
        assert_kind(
            disk.publish(&StagedName("s".to_owned()), &path("link/g"), &meta()),
            Kind::NotAFolder,
        );
        assert_eq!(names(disk, "d"), ["f"], "nothing landed behind the link");
    }),
    ("a link that points outside or nowhere is as good as any", |disk| {
        for (name, target) in [
            ("out", &b"../../outside"[..]),
            ("abs", b"/etc"),
            ("nowhere", b"none"),
            ("self", b"self"),
        ] {
            let Some(()) = make_link(disk, name, target) else {
                return;
            };
            assert_eq!(disk.read_link(&path(name)).expect("read"), target);
            assert!(disk.open(&path(name)).is_err(), "{name} is not opened");
            assert_kind(disk.look(&path(name).join("x").expect("a path")), Kind::NotAFolder);
        }
        assert_kind(disk.make_symlink(&path("out"), b"x"), Kind::Exists);
        disk.rename(&path("out"), &path("moved")).expect("renamed");
        assert_eq!(
            disk.read_link(&path("moved")).expect("read"),
            b"../../outside",
            "the link moved, not its target"
        );
    }),
    ("times are set on a link itself, never behind it", |disk| {
        let before = put(disk, "f", b"x");
        let Some(()) = make_link(disk, "link", b"f") else {
            return;
        };
        _ = disk.set_meta(
            &path("link"),
            &offsync_core::entry::Meta {
                mode: 0o600,
                mtime_ns: 0,
            },
        );
        let after = look(disk, "f").expect("there").stat;
        assert_eq!((after.mtime_ns, after.mode), (before.mtime_ns, before.mode));
    }),
];

/// Makes a link; `None` where the file system has none.
fn make_link(disk: &dyn Disk, at: &str, target: &[u8]) -> Option<()> {
    match disk.make_symlink(&path(at), target) {
        Ok(stat) => {
            assert_eq!(look(disk, at).expect("there").stat, stat);
            Some(())
        }
        Err(error) => {
            assert_eq!(error.kind(), Kind::Unstorable, "{error}");
            assert!(look(disk, at).is_none());
            None
        }
    }
}
