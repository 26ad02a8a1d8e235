//! The contract of a drive: staging, trash, the marker, and the private folder that nobody sees.

use std::io::Write;

use offsync_core::ports::{DiskErrorKind as Kind, EntryKind, StagedName, TrashName};
use offsync_core::rel_path::{PRIVATE_FOLDER, RelPath};

use super::disk_files::{Case, assert_kind, look, meta, names, path, put, read, stage, staged};

pub(super) const CASES: &[Case] = &[
    ("staging keeps what was finished, by name and size", |disk| {
        stage(disk, "b-2.part", b"12345");
        stage(disk, "A1", b"");
        let mut lines = disk.staged().expect("listed");
        lines.sort_by(|a, b| a.name.cmp(&b.name));
        let seen: Vec<_> = lines.iter().map(|line| (line.name.as_str(), line.size_bytes)).collect();
        assert_eq!(seen, [("A1", 0), ("b-2.part", 5)]);
        assert_eq!(
            read(&mut *disk.open_staged(&StagedName("b-2.part".to_owned())).expect("opens")),
            b"12345"
        );
        disk.drop_staged(&StagedName("A1".to_owned())).expect("dropped");
        disk.drop_staged(&StagedName("A1".to_owned())).expect("absent is fine");
        assert_eq!(staged(disk), ["b-2.part"]);
        assert_kind(disk.open_staged(&StagedName("A1".to_owned())).map(drop), Kind::NotFound);
    }),
    ("staging again begins anew", |disk| {
        stage(disk, "s", b"a long first version");
        stage(disk, "s", b"short");
        assert_eq!(
            read(&mut *disk.open_staged(&StagedName("s".to_owned())).expect("opens")),
            b"short"
        );
        assert_eq!(staged(disk).len(), 1);
    }),
    ("staging goes on behind what it keeps", |disk| {
        stage(disk, "s", b"kept and cut");
        let name = StagedName("s".to_owned());
        for (keep_bytes, more) in [(4, &b" on"[..]), (7, b""), (7, b" and on")] {
            let mut file = disk.stage(&name, keep_bytes).expect("goes on");
            file.write_all(more).expect("written");
            file.finish().expect("finished");
        }
        let bytes = read(&mut *disk.open_staged(&name).expect("opens"));
        assert_eq!(bytes, b"kept on and on");
        assert_kind(disk.stage(&name, 15).map(drop), Kind::Other);
        assert_eq!(disk.staged().expect("listed")[0].size_bytes, 14);
        assert_kind(disk.stage(&StagedName("none".to_owned()), 1).map(drop), Kind::NotFound);
    }),
    ("content is written in pieces", |disk| {
        let mut file = disk.stage(&StagedName("s".to_owned()), 0).expect("staged");
        (0..10_u8).for_each(|i| file.write_all(&[i; 1000]).expect("written"));
        file.finish().expect("finished");
        let bytes = read(&mut *disk.open_staged(&StagedName("s".to_owned())).expect("opens"));
        assert!(bytes.len() == 10_000 && bytes.chunks(1000).zip(0..).all(|(part, i)| part == [i; 1000]));
    }),
    ("an unfinished file is never in the archive", |disk| {
        let mut file = disk.stage(&StagedName("s".to_owned()), 0).expect("staged");
        file.write_all(b"half").expect("written");
        drop(file);
        assert_eq!(names(disk, ""), [""; 0]);
        stage(disk, "s", b"whole");
        assert_eq!(
            read(&mut *disk.open_staged(&StagedName("s".to_owned())).expect("opens")),
            b"whole"
        );
    }),
    ("names in staging and trash stay in there", |disk| {
        put(disk, "f", b"x");
        for bad in ["", ".", "..", "../f", "a/b", "/f", "a b", "\u{e9}", "a\0b"] {
            assert!(
                disk.stage(&StagedName(bad.to_owned()), 0).is_err(),
                "{bad:?} is refused for staging"
            );
            assert!(
                disk.open_staged(&StagedName(bad.to_owned())).is_err(),
                "{bad:?} is not opened"
            );
            assert!(
                disk.open_trashed(&TrashName(bad.to_owned())).is_err(),
                "{bad:?} is not opened"
            );
            assert!(
                disk.displace(&path("f"), &TrashName(bad.to_owned())).is_err(),
                "{bad:?} is refused for trash"
            );
            assert!(
                disk.restore(&TrashName(bad.to_owned()), &path("g")).is_err(),
                "{bad:?} is not restored"
            );
            _ = disk.drop_staged(&StagedName(bad.to_owned()));
            _ = disk.drop_trashed(&TrashName(bad.to_owned()));
        }
        assert_eq!(names(disk, ""), ["f"]);
    }),
    ("a displaced file lies in the trash and comes back", |disk| {
        let before = put(disk, "f", b"old");
        disk.displace(&path("f"), &TrashName("t-1".to_owned()))
            .expect("displaced");
        assert!(look(disk, "f").is_none());
        let lines = disk.trashed().expect("listed");
        assert_eq!(
            lines
                .iter()
                .map(|line| (line.name.as_str(), line.size_bytes))
                .collect::<Vec<_>>(),
            [("t-1", 3)]
        );
        assert_eq!(
            read(&mut *disk.open_trashed(&TrashName("t-1".to_owned())).expect("opens")),
            b"old"
        );
        let after = disk
            .restore(&TrashName("t-1".to_owned()), &path("g"))
            .expect("restored");
        assert_eq!(
            (after.size_bytes, after.mtime_ns),
            (before.size_bytes, before.mtime_ns),
            "as it was"
        );
        assert_eq!(look(disk, "g").expect("there").stat, after);
        assert!(disk.trashed().expect("listed").is_empty());
    }),
    ("the trash never replaces, and is never replaced", |disk| {
        put(disk, "f", b"one");
        disk.displace(&path("f"), &TrashName("t".to_owned()))
            .expect("displaced");
        put(disk, "f", b"two");
        assert_kind(disk.displace(&path("f"), &TrashName("t".to_owned())), Kind::Exists);
        assert_kind(disk.restore(&TrashName("t".to_owned()), &path("f")), Kind::Exists);
        assert_eq!(read(&mut *disk.open(&path("f")).expect("opens")), b"two");
        assert_eq!(
            read(&mut *disk.open_trashed(&TrashName("t".to_owned())).expect("opens")),
            b"one"
        );
        assert_kind(
            disk.restore(&TrashName("t".to_owned()), &path("none/f")),
            Kind::NotFound,
        );
        assert_kind(disk.restore(&TrashName("none".to_owned()), &path("g")), Kind::NotFound);
        assert_kind(
            disk.open_trashed(&TrashName("none".to_owned())).map(drop),
            Kind::NotFound,
        );
        disk.drop_trashed(&TrashName("t".to_owned())).expect("dropped");
        disk.drop_trashed(&TrashName("t".to_owned())).expect("absent is fine");
        assert!(disk.trashed().expect("listed").is_empty());
    }),
    ("a folder is not displaced", |disk| {
        disk.make_folder(&path("d"), 0o755).expect("made");
        assert!(disk.displace(&path("d"), &TrashName("t".to_owned())).is_err());
        assert_eq!(names(disk, ""), ["d"]);
        assert_kind(disk.displace(&path("none"), &TrashName("t".to_owned())), Kind::NotFound);
    }),
    ("a link is displaced itself and comes back a link", |disk| {
        put(disk, "f", b"x");
        if disk.make_symlink(&path("link"), b"f").is_err() {
            return;
        }
        disk.displace(&path("link"), &TrashName("t".to_owned()))
            .expect("displaced");
        assert_eq!(names(disk, ""), ["f"], "its target stays");
        assert!(
            disk.open_trashed(&TrashName("t".to_owned())).is_err(),
            "a link is not opened in the trash either"
        );
        disk.restore(&TrashName("t".to_owned()), &path("back"))
            .expect("restored");
        assert_eq!(look(disk, "back").expect("there").kind, EntryKind::Symlink);
        assert_eq!(disk.read_link(&path("back")).expect("read"), b"f");
    }),
    ("the marker is absent, then the last one written", |disk| {
        assert_eq!(disk.read_marker().expect("read"), None);
        disk.write_marker(b"one, and longer").expect("written");
        disk.write_marker(b"two").expect("written");
        assert_eq!(disk.read_marker().expect("read").as_deref(), Some(&b"two"[..]));
        assert_eq!(names(disk, ""), [""; 0], "it is no entry of the archive");
    }),
    ("the private folder is hidden and never touched", |disk| {
        disk.write_marker(b"m").expect("written");
        stage(disk, "s", b"x");
        put(disk, "f", b"x");
        disk.make_folder(&path("d"), 0o755).expect("made");
        for spelling in [PRIVATE_FOLDER.to_owned(), PRIVATE_FOLDER.to_uppercase()] {
            let at = path(&spelling);
            let inner = at.join("x").expect("a path");
            assert!(disk.list(&at).is_err(), "{at} is not listed");
            for path_in in [&at, &inner] {
                assert!(
                    disk.look(path_in).map_or(true, |seen| seen.is_none()),
                    "{path_in} is not shown"
                );
                assert!(disk.open(path_in).is_err() && disk.read_link(path_in).is_err());
                assert!(disk.make_folder(path_in, 0o755).is_err() && disk.remove_folder(path_in).is_err());
                assert!(disk.make_symlink(path_in, b"x").is_err());
                assert!(disk.rename(path_in, &path("g")).is_err() && disk.rename(&path("f"), path_in).is_err());
                assert!(disk.set_meta(path_in, &meta()).is_err());
                assert!(disk.publish(&StagedName("s".to_owned()), path_in, &meta()).is_err());
                assert!(disk.displace(path_in, &TrashName("t".to_owned())).is_err());
            }
        }
        assert_eq!(disk.read_marker().expect("read").as_deref(), Some(&b"m"[..]));
        let listed = disk.list(&RelPath::root()).expect("listed");
        assert_eq!(
            listed.iter().map(|line| &line.name[..]).collect::<Vec<_>>(),
            [&b"d"[..], b"f"]
        );
        disk.make_folder(&path("d").join(PRIVATE_FOLDER).expect("a path"), 0o755)
            .expect("deeper it is a name like any");
    }),
];
