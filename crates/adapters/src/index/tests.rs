//! The index keeps its promises over commits, reopening, damage and versions.

use std::fs;
use std::path::Path;

use offsync_core::dot::Dot;
use offsync_core::entry::{Content, FileContent, Meta, Value, Version};
use offsync_core::ids::{ChunkId, Digest, LocationId};
use offsync_core::place::{Place, Shown, ShownRef, Stat};
use offsync_core::ports::{IndexErrorKind, IndexStore, IndexWrite};
use offsync_core::rel_path::{PathKey, RelPath};
use offsync_core::siblings::Siblings;
use tempfile::TempDir;

use super::SqliteIndex;

mod damaged_rows;

fn path(text: &str) -> RelPath {
    RelPath::new(text).expect("a good path")
}

fn key(text: &str) -> PathKey {
    path(text).key()
}

fn dot(sequence: u64) -> Dot {
    Dot {
        location: LocationId::new([1; 16]),
        sequence,
        ordinal: 0,
    }
}

fn file(text: &str, byte: u8) -> Value {
    let content = FileContent {
        digest: Digest::new([byte; 32]),
        size_bytes: 10,
        chunks: Vec::new(),
    };
    Value {
        path: path(text),
        content: Content::File(content),
        meta: Meta {
            mode: 0o644,
            mtime_ns: 5,
        },
    }
}

fn live(text: &str, byte: u8) -> IndexWrite {
    let version = Version {
        value: file(text, byte),
        history: 1,
    };
    IndexWrite::Entry(key(text), [(dot(u64::from(byte)), version)].into_iter().collect())
}

fn gone(text: &str) -> IndexWrite {
    let version = Version {
        value: Value::tombstone(path(text)),
        history: 1,
    };
    IndexWrite::Entry(key(text), [(dot(9), version)].into_iter().collect())
}

fn shown(text: &str, byte: u8) -> Place {
    let shown = Shown {
        refs: vec![ShownRef {
            origin: key(text),
            dots: vec![dot(1)],
        }],
        value: file(text, byte),
    };
    Place::new(Some(shown), Some((file(text, byte), Stat::default()))).expect("something")
}

fn fresh() -> (TempDir, SqliteIndex) {
    let top = tempfile::tempdir().expect("a folder");
    let index = SqliteIndex::create(&top.path().join("index.sqlite")).expect("an index");
    (top, index)
}

fn names(keys: impl IntoIterator<Item = PathKey>) -> Vec<String> {
    keys.into_iter()
        .map(|key| String::from_utf8_lossy(key.as_bytes()).replace('\0', "/"))
        .collect()
}

#[test]
fn folders_give_their_own_rows_in_order() {
    let (_top, mut index) = fresh();
    let all = ["a", "a/b", "a/b/c", "a/d", "a-b", "a b/x", "z"];
    index.commit(all.iter().map(|text| live(text, 1)).collect()).unwrap();
    index
        .commit(
            all.iter()
                .map(|text| IndexWrite::Place(key(text), Some(shown(text, 1))))
                .collect(),
        )
        .unwrap();
    let inside = |folder: &PathKey| {
        let entries = names(index.entries_in(folder).unwrap().into_iter().map(|(key, _)| key));
        let places = names(index.places_in(folder).unwrap().into_iter().map(|(key, _)| key));
        assert_eq!(entries, places);
        entries
    };
    assert_eq!(inside(&PathKey::root()), ["a", "a-b", "z"]);
    assert_eq!(inside(&key("a")), ["a/b", "a/d"]);
    assert_eq!(inside(&key("a/b")), ["a/b/c"]);
    assert_eq!(inside(&key("a b")), ["a b/x"]);
    assert!(inside(&key("nothing")).is_empty());
    let mut paged = Vec::new();
    while let Some(page) = Some(index.entries_after(paged.last(), 2).unwrap()).filter(|page| !page.is_empty()) {
        paged.extend(page.into_iter().map(|(key, _)| key));
    }
    assert_eq!(names(paged), ["a", "a/b", "a/b/c", "a/d", "a b/x", "a-b", "z"]);
    assert_eq!(index.places_after(Some(&key("a/d")), 100).unwrap().len(), 3);
}

#[test]
fn what_lives_below_is_counted_through_every_change() {
    let (_top, mut index) = fresh();
    let below = |index: &SqliteIndex, folder: &PathKey| names(index.live_folders_in(folder).unwrap());
    index
        .commit(vec![live("a", 1), live("b/c/d", 2), gone("e/f"), live("g/h", 3)])
        .unwrap();
    assert_eq!(below(&index, &PathKey::root()), ["b", "g"]);
    assert_eq!(below(&index, &key("b")), ["b/c"]);
    assert!(index.has_live_below(&PathKey::root()).unwrap() && !index.has_live_below(&key("a")).unwrap());
    index
        .commit(vec![gone("b/c/d"), live("e/f", 4), live("g/h", 5)])
        .unwrap();
    assert_eq!(below(&index, &PathKey::root()), ["e", "g"]);
    index
        .commit(vec![
            IndexWrite::Entry(key("g/h"), Siblings::default()),
            gone("e/f"),
            gone("a"),
        ])
        .unwrap();
    assert!(!index.has_live_below(&PathKey::root()).unwrap());
    assert!(index.entry(&key("g/h")).unwrap().is_empty());
    // Twice in one batch, the last word counts.
    index.commit(vec![live("x/y", 1), gone("x/y"), live("x/y", 2)]).unwrap();
    index.commit(vec![gone("x/y")]).unwrap();
    assert!(!index.has_live_below(&key("x")).unwrap());
    let with = names(index.entries_with_tombstones().unwrap().into_iter().map(|(key, _)| key));
    assert_eq!(with, ["a", "b/c/d", "e/f", "x/y"]);
}

#[test]
fn chunks_are_found_where_they_are_and_nowhere_else() {
    let (_top, mut index) = fresh();
    let chunk = |byte| ChunkId::new([byte; 32]);
    index.commit(vec![live("a", 1), live("b", 1), gone("c")]).unwrap();
    index
        .commit(vec![IndexWrite::Place(key("a"), Some(shown("a", 1)))])
        .unwrap();
    let found = index.versions_with_chunk(&chunk(1)).unwrap();
    assert_eq!(found, [(key("a"), dot(1)), (key("b"), dot(1))]);
    assert_eq!(names(index.places_with_chunk(&chunk(1)).unwrap()), ["a"]);
    // The same first eight bytes, and another chunk all the same.
    let mut near = [1; 32];
    near[31] = 2;
    assert!(index.versions_with_chunk(&ChunkId::new(near)).unwrap().is_empty());
    assert!(index.places_with_chunk(&ChunkId::new(near)).unwrap().is_empty());
    index
        .commit(vec![
            live("a", 2),
            gone("b"),
            IndexWrite::Place(key("a"), Some(shown("a", 2))),
        ])
        .unwrap();
    assert!(index.versions_with_chunk(&chunk(1)).unwrap().is_empty());
    assert!(index.places_with_chunk(&chunk(1)).unwrap().is_empty());
    assert_eq!(names(index.places_with_chunk(&chunk(2)).unwrap()), ["a"]);
}

#[test]
fn chunks_are_found_before_and_after_they_settle() {
    let (_top, mut index) = fresh();
    index.commit(vec![live("first", 1)]).unwrap();
    let many = (0..20_000_u32).map(|n| {
        let digest = Digest::new(*blake3::hash(&n.to_le_bytes()).as_bytes());
        let content = Content::File(FileContent {
            digest,
            size_bytes: 1,
            chunks: Vec::new(),
        });
        let value = Value {
            path: path(&format!("f{n}")),
            content,
            meta: Meta::default(),
        };
        let key = value.path.key();
        IndexWrite::Entry(key, [(dot(1), Version { value, history: 1 })].into_iter().collect())
    });
    index.commit(many.collect()).unwrap();
    index.commit(vec![live("last", 1), gone("f7")]).unwrap();
    let found = index.versions_with_chunk(&ChunkId::new([1; 32])).unwrap();
    assert_eq!(names(found.into_iter().map(|(key, _)| key)), ["first", "last"]);
    let with = |n: u32| {
        index
            .versions_with_chunk(&ChunkId::new(*blake3::hash(&n.to_le_bytes()).as_bytes()))
            .unwrap()
    };
    assert_eq!((with(19_999).len(), with(7).len()), (1, 0));
}

#[test]
fn changes_and_files_are_counted() {
    let (_top, mut index) = fresh();
    let shown_only = shown("a", 1).into_parts().0;
    let absent = Place::new(shown_only.clone(), None);
    let edited = Place::new(shown_only, Some((file("a", 2), Stat::default())));
    let changed = |index: &SqliteIndex| names(index.changed_places().unwrap().into_iter().map(|(key, _)| key));
    index
        .commit(vec![
            IndexWrite::Place(key("a"), Some(shown("a", 1))),
            IndexWrite::Place(key("b"), Some(shown("b", 1))),
        ])
        .unwrap();
    assert_eq!((changed(&index).len(), index.count_files().unwrap()), (0, 2));
    index.commit(vec![IndexWrite::Place(key("a"), edited.clone())]).unwrap();
    assert_eq!(
        (changed(&index), index.count_files().unwrap()),
        (vec!["a".to_owned()], 2)
    );
    assert_eq!(index.place(&key("a")).unwrap(), edited);
    index.commit(vec![IndexWrite::Place(key("a"), absent)]).unwrap();
    assert_eq!((changed(&index).len(), index.count_files().unwrap()), (1, 1));
    index
        .commit(vec![
            IndexWrite::Place(key("a"), None),
            IndexWrite::Place(key("b"), None),
        ])
        .unwrap();
    assert_eq!((changed(&index).len(), index.count_files().unwrap()), (0, 0));
}

#[test]
fn notes_are_found_by_name_and_prefix() {
    let (_top, mut index) = fresh();
    let note = |name: &str, value: Option<&[u8]>| IndexWrite::Note(name.to_owned(), value.map(<[u8]>::to_vec));
    let all = ["head.b", "head.a", "heads", "he", "z"];
    index
        .commit(all.iter().map(|name| note(name, Some(name.as_bytes()))).collect())
        .unwrap();
    assert_eq!(index.note("he").unwrap().as_deref(), Some(&b"he"[..]));
    assert_eq!(index.note("none").unwrap(), None);
    let found: Vec<_> = index
        .notes("head.")
        .unwrap()
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    assert_eq!(found, ["head.a", "head.b"]);
    assert_eq!(index.notes("").unwrap().len(), 5);
    index.commit(vec![note("he", None), note("z", Some(b""))]).unwrap();
    assert_eq!(index.note("he").unwrap(), None);
    assert_eq!(index.note("z").unwrap(), Some(Vec::new()));
}

#[test]
fn commits_survive_reopening_and_snapshots_hold_them() {
    let (top, mut index) = fresh();
    let at = top.path().join("index.sqlite");
    index.commit(vec![live("a/b", 1)]).unwrap();
    let snapshot = top.path().join("snapshot");
    fs::write(&snapshot, "an older one").unwrap();
    index.snapshot_to(&snapshot).unwrap();
    index.commit(vec![live("c", 2)]).unwrap();
    drop(index);
    assert_eq!(SqliteIndex::open(&at).unwrap().entries_after(None, 9).unwrap().len(), 2);
    let copy = SqliteIndex::open(&snapshot).unwrap();
    assert_eq!(copy.entries_after(None, 9).unwrap().len(), 1);
    assert!(copy.has_live_below(&key("a")).unwrap());
    assert_eq!(
        SqliteIndex::create(&at).err().map(|error| error.kind()),
        Some(IndexErrorKind::Other)
    );
}

fn kind_of_opening(at: &Path) -> Option<IndexErrorKind> {
    SqliteIndex::open(at)
        .and_then(|index| index.entries_after(None, 1000))
        .err()
        .map(|error| error.kind())
}

#[test]
fn what_is_no_sound_index_is_said_to_be_damaged() {
    let top = tempfile::tempdir().unwrap();
    let at = top.path().join("index.sqlite");
    assert_eq!(kind_of_opening(&at), Some(IndexErrorKind::Damaged));
    assert!(!at.exists(), "opening makes nothing");
    for content in [
        &b""[..],
        b"no database, whatever it says it is and however long it goes on about it, on and on and on",
    ] {
        fs::write(&at, content).unwrap();
        assert_eq!(kind_of_opening(&at), Some(IndexErrorKind::Damaged), "{content:?}");
        assert_eq!(fs::read(&at).unwrap(), content, "and it is left as it is");
    }
}

#[test]
fn a_torn_page_is_damage() {
    let (top, mut index) = fresh();
    let at = top.path().join("index.sqlite");
    index
        .commit((0..500).map(|n| live(&format!("folder/file-{n}"), 1)).collect())
        .unwrap();
    drop(index);
    let mut bytes = fs::read(&at).unwrap();
    bytes[4096..].fill(0x5a);
    fs::write(&at, &bytes).unwrap();
    assert_eq!(kind_of_opening(&at), Some(IndexErrorKind::Damaged));
    bytes.truncate(4096);
    fs::write(&at, &bytes).unwrap();
    assert_eq!(kind_of_opening(&at), Some(IndexErrorKind::Damaged));
}

#[test]
fn an_index_of_a_newer_version_is_left_alone() {
    let (top, index) = fresh();
    drop(index);
    let at = top.path().join("index.sqlite");
    let other = rusqlite::Connection::open(&at).unwrap();
    other.pragma_update(None, "user_version", 3).unwrap();
    drop(other);
    let before = fs::read(&at).unwrap();
    assert_eq!(kind_of_opening(&at), Some(IndexErrorKind::Newer));
    assert_eq!(fs::read(&at).unwrap(), before);
}

#[test]
fn a_row_of_a_newer_format_is_told_from_damage() {
    let (top, mut index) = fresh();
    index.commit(vec![live("a", 1)]).unwrap();
    drop(index);
    let at = top.path().join("index.sqlite");
    for (body, kind) in [
        (&[200_u8][..], IndexErrorKind::Newer),
        (&[1, 9], IndexErrorKind::DamagedRow),
        (&[2, 9], IndexErrorKind::DamagedRow),
        (&[], IndexErrorKind::DamagedRow),
    ] {
        let other = rusqlite::Connection::open(&at).unwrap();
        other.execute("UPDATE entry SET body = ?1", (body,)).unwrap();
        drop(other);
        assert_eq!(kind_of_opening(&at), Some(kind), "{body:?}");
    }
}

#[test]
fn a_batch_that_fails_leaves_nothing_behind() {
    let (_top, mut index) = fresh();
    index.commit(vec![live("a", 1)]).unwrap();
    index.limit_pages();
    let many: Vec<_> = (0..20_000).map(|n| live(&format!("folder/file-{n}"), 2)).collect();
    assert_eq!(index.commit(many).unwrap_err().kind(), IndexErrorKind::Full);
    assert_eq!(index.entries_after(None, 9).unwrap().len(), 1);
    assert!(!index.has_live_below(&key("folder")).unwrap());
    index.commit(vec![live("b", 1)]).unwrap();
}

#[test]
#[cfg(unix)]
fn an_index_on_a_drive_that_cannot_be_written_is_read_all_the_same() {
    use std::os::unix::fs::PermissionsExt;
    if rustix::process::geteuid().is_root() {
        return;
    }
    let (top, mut index) = fresh();
    index.commit(vec![live("a", 1)]).unwrap();
    drop(index);
    let at = top.path().join("index.sqlite");
    fs::set_permissions(&at, fs::Permissions::from_mode(0o400)).unwrap();
    let mut index = SqliteIndex::open(&at).unwrap();
    assert_eq!(index.entries_after(None, 9).unwrap().len(), 1);
    assert_eq!(
        index.commit(vec![live("b", 1)]).unwrap_err().kind(),
        IndexErrorKind::ReadOnly
    );
}

/// Gives figures for 200,000 rows: `cargo test --release -p offsync-adapters -- --ignored --nocapture figures`.
#[test]
#[ignore = "takes seconds and gives figures, not a verdict"]
fn figures_for_two_hundred_thousand_rows() {
    let (top, mut index) = fresh();
    let text = |n: u32| format!("Photos/{:04}/Holiday {:03}/IMG_{n:06}.JPG", 1990 + n / 5000, n / 200);
    let value = |n: u32| {
        let digest = Digest::new(*blake3::hash(&n.to_le_bytes()).as_bytes());
        let content = Content::File(FileContent {
            digest,
            size_bytes: 3_000_000 + u64::from(n),
            chunks: Vec::new(),
        });
        let mtime_ns = 1_600_000_000_123_456_789 + i64::from(n) * 1_000_000_007;
        Value {
            path: path(&text(n)),
            content,
            meta: Meta { mode: 0o644, mtime_ns },
        }
    };
    let dot = |n: u32| Dot {
        location: LocationId::new([1; 16]),
        sequence: 1,
        ordinal: n,
    };
    let writes = |n: u32| {
        let (value, key) = (value(n), key(&text(n)));
        let size_bytes = value.content.size_bytes();
        let stat = Stat {
            size_bytes,
            mtime_ns: value.meta.mtime_ns,
            ctime_ns: 1_700_000_000_987_654_321,
            inode: 13_000_000 + u64::from(n),
            mode: 0o644,
        };
        let shown = Shown {
            refs: vec![ShownRef {
                origin: key.clone(),
                dots: vec![dot(n)],
            }],
            value: value.clone(),
        };
        let siblings = [(
            dot(n),
            Version {
                value: value.clone(),
                history: 7,
            },
        )]
        .into_iter()
        .collect();
        [
            IndexWrite::Entry(key.clone(), siblings),
            IndexWrite::Place(key, Place::new(Some(shown), Some((value, stat)))),
        ]
    };
    let timed = |what: &str, work: &mut dyn FnMut()| {
        let start = std::time::Instant::now();
        work();
        println!("{what}: {:.1} ms", start.elapsed().as_secs_f64() * 1e3);
    };
    let batches: Vec<Vec<_>> = (0..100)
        .map(|b| (b * 2000..(b + 1) * 2000).flat_map(writes).collect())
        .collect();
    let mut batches = Some(batches);
    timed("200k entries and places in 100 commits", &mut || {
        batches
            .take()
            .unwrap()
            .into_iter()
            .for_each(|batch| index.commit(batch).unwrap());
    });
    println!(
        "file: {} MB",
        fs::metadata(top.path().join("index.sqlite")).unwrap().len() >> 20
    );
    drop(index);
    let mut index = SqliteIndex::open(&top.path().join("index.sqlite")).unwrap();
    for round in ["first", "second"] {
        timed(&format!("places_after, all, {round}"), &mut || {
            let mut after = None;
            let mut count = 0;
            loop {
                let page = index
                    .places_after(after.as_ref(), offsync_core::limits::INDEX_PAGE_ROWS)
                    .unwrap();
                count += page.len();
                let Some((last, _)) = page.last() else { break };
                after = Some(last.clone());
            }
            assert_eq!(count, 200_000);
        });
    }
    timed("entries_after, all", &mut || {
        assert_eq!(index.entries_after(None, 1_000_000).unwrap().len(), 200_000)
    });
    timed("places_in, 1000 folders", &mut || {
        let all = (0..1000).map(|f| {
            index
                .places_in(&path(&text(f * 200)).parent().unwrap().key())
                .unwrap()
                .len()
        });
        assert_eq!(all.sum::<usize>(), 200_000);
    });
    timed("live_folders_in, root", &mut || {
        assert_eq!(index.live_folders_in(&PathKey::root()).unwrap().len(), 1)
    });
    let mut some = Some((0..1000).flat_map(|n| writes(n * 199)).collect::<Vec<_>>());
    timed("commit of 2,000 scattered rows, same content", &mut || {
        index.commit(some.take().unwrap()).unwrap()
    });
    let other = |n: u32| match writes(n * 197) {
        [IndexWrite::Entry(key, _), _] => live_at(key, n),
        _ => unreachable!("entry first"),
    };
    let mut some = Some((0..1000).flat_map(other).collect::<Vec<_>>());
    timed("commit of 2,000 scattered rows, new content", &mut || {
        index.commit(some.take().unwrap()).unwrap()
    });
    timed("snapshot", &mut || {
        index.snapshot_to(&top.path().join("snapshot")).unwrap()
    });
    println!(
        "snapshot: {} MB",
        fs::metadata(top.path().join("snapshot")).unwrap().len() >> 20
    );
}

fn live_at(key: PathKey, n: u32) -> [IndexWrite; 2] {
    let text = String::from_utf8_lossy(key.as_bytes()).replace('\0', "/");
    let digest = Digest::new(*blake3::hash(&(n + 1_000_000).to_le_bytes()).as_bytes());
    let content = Content::File(FileContent {
        digest,
        size_bytes: 5,
        chunks: Vec::new(),
    });
    let value = Value {
        path: path(&text),
        content,
        meta: Meta {
            mode: 0o644,
            mtime_ns: 9,
        },
    };
    let shown = Shown {
        refs: vec![ShownRef {
            origin: key.clone(),
            dots: vec![dot(2)],
        }],
        value: value.clone(),
    };
    let siblings = [(
        dot(2),
        Version {
            value: value.clone(),
            history: 8,
        },
    )]
    .into_iter()
    .collect();
    let place = Place::new(Some(shown), Some((value, Stat::default())));
    [IndexWrite::Entry(key.clone(), siblings), IndexWrite::Place(key, place)]
}
