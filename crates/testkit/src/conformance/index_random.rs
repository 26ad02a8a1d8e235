//! Random writes to an index, each read back in every way and compared with the naive model.

use std::collections::BTreeMap;

use offsync_core::dot::Dot;
use offsync_core::entry::{Chunk, Content, FileContent, Meta, Value, Version};
use offsync_core::ids::{ChunkId, Digest, LocationId};
use offsync_core::place::{Place, Shown, ShownRef, Stat};
use offsync_core::ports::{IndexStore, IndexWrite};
use offsync_core::rel_path::{PathKey, RelPath};
use offsync_core::siblings::Siblings;

use super::index_model::IndexModel;
use crate::rng::Rng;

/// Commits in one sequence.
const COMMITS: usize = 30;
/// Different chunks in one sequence; few, so that they are shared.
const CHUNKS: u64 = 8;

pub(super) fn check(index: &mut dyn IndexStore, seed: u64) {
    let (mut rng, mut model) = (Rng::new(seed), IndexModel::default());
    for _ in 0..COMMITS {
        step(index, &mut model, &mut rng);
        compare(index, &model, &mut rng);
    }
}

pub(super) fn check_reopened<I: IndexStore>(open: &impl Fn() -> I) {
    let (mut rng, mut model) = (Rng::new(1), IndexModel::default());
    for _ in 0..COMMITS {
        let mut index = open();
        compare(&index, &model, &mut rng);
        step(&mut index, &mut model, &mut rng);
    }
    compare(&open(), &model, &mut rng);
}

fn step(index: &mut dyn IndexStore, model: &mut IndexModel, rng: &mut Rng) {
    let count = 1 + rng.index(12);
    let writes: Vec<_> = (0..count).map(|_| random_write(rng)).collect();
    index.commit(writes.clone()).expect("committed");
    writes.into_iter().for_each(|write| model.write(write));
}

/// Asks everything; the order of versions and places that hold a chunk is free.
fn compare(index: &dyn IndexStore, model: &IndexModel, rng: &mut Rng) {
    let asked: Vec<PathKey> = (0..6)
        .map(|_| random_path(rng).key())
        .chain([PathKey::root()])
        .collect();
    for key in &asked {
        let entry = model.entries.get(key).cloned().unwrap_or_default();
        assert_eq!(index.entry(key).expect("entry"), entry, "entry of {key:?}");
        assert_eq!(
            index.place(key).expect("place"),
            model.places.get(key).cloned(),
            "place of {key:?}"
        );
        assert_eq!(
            index.entries_in(key).expect("entries_in"),
            model.entries_in(key),
            "entries in {key:?}"
        );
        assert_eq!(
            index.places_in(key).expect("places_in"),
            model.places_in(key),
            "places in {key:?}"
        );
        assert_eq!(
            index.has_live_below(key).expect("asked"),
            model.has_live_below(key),
            "live below {key:?}"
        );
        assert_eq!(
            index.live_folders_in(key).expect("asked"),
            model.live_folders_in(key),
            "live folders in {key:?}"
        );
        let after = if key.is_root() { None } else { Some(key) };
        let limit = rng.index(7);
        assert_eq!(
            index.entries_after(after, limit).expect("asked"),
            model.entries_after(after, limit),
            "after {after:?}"
        );
        assert_eq!(
            index.places_after(after, limit).expect("asked"),
            model.places_after(after, limit),
            "after {after:?}"
        );
    }
    assert_eq!(
        index.entries_after(None, usize::MAX).expect("all"),
        model.entries_after(None, usize::MAX)
    );
    assert_eq!(
        index.places_after(None, 10_000).expect("all"),
        model.places_after(None, 10_000)
    );
    assert_eq!(
        index.entries_with_tombstones().expect("asked"),
        model.entries_with_tombstones(),
        "with tombstones"
    );
    assert_eq!(
        index.changed_places().expect("asked"),
        model.changed_places(),
        "changed places"
    );
    assert_eq!(index.count_files().expect("asked"), model.count_files(), "files");
    for chunk in (0..CHUNKS).map(chunk) {
        let (mut versions, mut places) = (
            index.versions_with_chunk(&chunk).expect("asked"),
            index.places_with_chunk(&chunk).expect("asked"),
        );
        versions.sort();
        places.sort();
        assert_eq!(versions, model.versions_with_chunk(&chunk), "versions with {chunk:?}");
        assert_eq!(places, model.places_with_chunk(&chunk), "places with {chunk:?}");
    }
    for prefix in ["", "a", "a.", "a%", "b_"] {
        assert_eq!(
            index.notes(prefix).expect("asked"),
            model.notes(prefix),
            "notes {prefix:?}"
        );
    }
    for name in NOTES {
        assert_eq!(
            index.note(name).expect("asked"),
            model.notes.get(*name).cloned(),
            "note {name:?}"
        );
    }
}

const NOTES: &[&str] = &[
    "a",
    "a.1",
    "a.2",
    "a%",
    "ab",
    "b_c",
    "bxc",
    "A.1",
    "\u{e9}",
    "a\u{10ffff}",
];

fn random_write(rng: &mut Rng) -> IndexWrite {
    match rng.below(10) {
        0..5 => {
            let path = random_path(rng);
            let count = [0, 1, 1, 1, 2, 3][rng.index(6)];
            // By dot, for no dot names two versions.
            let versions: BTreeMap<_, _> = (0..count).map(|_| random_version(rng, &path)).collect();
            IndexWrite::Entry(path.key(), versions.into_iter().collect())
        }
        5..9 => {
            let path = random_path(rng);
            IndexWrite::Place(path.key(), random_place(rng, &path))
        }
        _ => {
            let name = (*rng.choose(NOTES).expect("there are names")).to_owned();
            let len = rng.index(5);
            let note = if rng.percent(30) { None } else { Some(rng.bytes(len)) };
            IndexWrite::Note(name, note)
        }
    }
}

/// Gives paths whose keys are near each other, with bytes that sort around the separator.
pub(super) fn random_path(rng: &mut Rng) -> RelPath {
    const NAMES: &[&[u8]] = &[
        b"a",
        b"A",
        b"b",
        b"a b",
        b"a-b",
        b"ab",
        b"a\x01",
        b"a%b",
        b"caf\xc3\xa9",
        b"\xff\xff",
        b"\xf0\x9f\x98\x80",
    ];
    let depth = 1 + rng.index(4);
    (0..depth).fold(RelPath::root(), |path, _| {
        let name = rng.choose(NAMES).expect("there are names");
        path.join(name).expect("good names")
    })
}

fn random_version(rng: &mut Rng, path: &RelPath) -> (Dot, Version) {
    let location = LocationId::new([u8::try_from(rng.below(4)).expect("small"); 16]);
    let large = rng.percent(5);
    let sequence = if large { u64::MAX - 1 } else { 1 + rng.below(1000) };
    let ordinal = if large {
        u32::MAX
    } else {
        u32::try_from(rng.below(1000)).expect("small")
    };
    let content = if rng.percent(25) {
        Content::Tombstone
    } else {
        random_content(rng)
    };
    let history = if large { u64::MAX } else { rng.below(100) };
    (
        Dot {
            location,
            sequence,
            ordinal,
        },
        Version {
            value: Value {
                path: path.clone(),
                content,
                meta: random_meta(rng),
            },
            history,
        },
    )
}

fn random_content(rng: &mut Rng) -> Content {
    match rng.below(8) {
        0 => Content::Folder,
        1 => Content::Symlink(rng.bytes(6)),
        2 => Content::File(FileContent {
            digest: Digest::new([0xee; 32]),
            size_bytes: 0,
            chunks: Vec::new(),
        }),
        3..6 => {
            let digest = Digest::new(*chunk(rng.below(CHUNKS)).as_bytes());
            Content::File(FileContent {
                digest,
                size_bytes: 1 + rng.below(1 << 20),
                chunks: Vec::new(),
            })
        }
        _ => {
            let count = 2 + rng.index(3);
            let chunks: Vec<_> = (0..count)
                .map(|_| Chunk {
                    id: chunk(rng.below(CHUNKS)),
                    size_bytes: 7,
                })
                .collect();
            let digest = Digest::new([u8::try_from(rng.below(200)).expect("small") + 50; 32]);
            Content::File(FileContent {
                digest,
                size_bytes: 7 * chunks.len() as u64,
                chunks,
            })
        }
    }
}

fn random_place(rng: &mut Rng, path: &RelPath) -> Option<Place> {
    let value = |rng: &mut Rng| Value {
        path: path.clone(),
        content: random_content(rng),
        meta: random_meta(rng),
    };
    let shown = rng.percent(80).then(|| {
        let count = 1 + rng.index(2);
        let refs = (0..count).map(|_| ShownRef {
            origin: random_path(rng).key(),
            dots: (0..rng.index(3)).map(|_| random_version(rng, path).0).collect(),
        });
        Shown {
            refs: refs.collect(),
            value: value(rng),
        }
    });
    let stat = Stat {
        size_bytes: rng.next_u64() >> 1,
        mtime_ns: i64::from_le_bytes(rng.next_u64().to_le_bytes()),
        ctime_ns: 0,
        inode: rng.next_u64(),
        mode: 0o644,
    };
    let there = match (&shown, rng.below(10)) {
        (_, 0 | 1) => None,
        (Some(shown), 2..8) => Some((shown.value.clone(), stat)),
        _ => Some((value(rng), stat)),
    };
    Place::new(shown, there)
}

fn random_meta(rng: &mut Rng) -> Meta {
    let mtime_ns = if rng.percent(10) { -1 } else { 1_700_000_000_000_000_000 };
    Meta {
        mode: if rng.percent(50) { 0o644 } else { 0o755 },
        mtime_ns,
    }
}

pub(super) fn chunk(number: u64) -> ChunkId {
    ChunkId::new([u8::try_from(number).expect("few chunks"); 32])
}

pub(super) fn file(path: &RelPath, number: u64) -> Value {
    let content = FileContent {
        digest: Digest::new(*chunk(number).as_bytes()),
        size_bytes: 9,
        chunks: Vec::new(),
    };
    Value {
        path: path.clone(),
        content: Content::File(content),
        meta: Meta::default(),
    }
}

pub(super) fn one(path: &RelPath, sequence: u64, value: Value) -> IndexWrite {
    let dot = Dot {
        location: LocationId::new([1; 16]),
        sequence,
        ordinal: 0,
    };
    IndexWrite::Entry(
        path.key(),
        Siblings::from_iter([(
            dot,
            Version {
                value,
                history: sequence,
            },
        )]),
    )
}
