//! The contract of an index: single rules that random sequences might miss.

use offsync_core::entry::Value;
use offsync_core::ports::{IndexStore, IndexWrite};
use offsync_core::rel_path::{PathKey, RelPath};
use offsync_core::siblings::Siblings;

use super::index_random::{chunk, file, one};

/// A check of one promise.
pub(super) type Case = (&'static str, fn(&mut dyn IndexStore));

pub(super) const CASES: &[Case] = &[
    ("a new index is empty", |index| {
        let root = PathKey::root();
        assert!(index.entry(&path("a").key()).expect("asked").is_empty());
        assert!(
            index.entries_in(&root).expect("asked").is_empty() && index.places_in(&root).expect("asked").is_empty()
        );
        assert!(!index.has_live_below(&root).expect("asked"));
        assert_eq!(index.count_files().expect("asked"), 0);
        assert_eq!(index.note("n").expect("asked"), None);
        index.commit(Vec::new()).expect("nothing to do is fine");
    }),
    ("writes of one commit take effect in order", |index| {
        let at = path("a");
        let note = |bytes: &[u8]| IndexWrite::Note("n".to_owned(), Some(bytes.to_vec()));
        let drop_it = IndexWrite::Entry(at.key(), Siblings::default());
        let writes = vec![
            one(&at, 1, file(&at, 1)),
            drop_it,
            note(b"1"),
            one(&at, 2, file(&at, 2)),
            note(b"2"),
        ];
        index.commit(writes).expect("committed");
        assert_eq!(index.versions_with_chunk(&chunk(1)).expect("asked"), Vec::new());
        assert_eq!(index.versions_with_chunk(&chunk(2)).expect("asked").len(), 1);
        assert_eq!(index.note("n").expect("asked").as_deref(), Some(&b"2"[..]));
    }),
    ("a folder lives by what lies deeper, not by itself", |index| {
        let (deep, other) = (path("a/b/c/f"), path("a/x"));
        index
            .commit(vec![one(&deep, 1, file(&deep, 1)), one(&other, 2, file(&other, 2))])
            .expect("committed");
        assert_eq!(
            index.live_folders_in(&PathKey::root()).expect("asked"),
            [path("a").key()]
        );
        assert_eq!(
            index.live_folders_in(&path("a").key()).expect("asked"),
            [path("a/b").key()],
            "x is a file"
        );
        assert!(
            !index.has_live_below(&deep.key()).expect("asked"),
            "nothing lies below a file"
        );
        index
            .commit(vec![one(&deep, 3, Value::tombstone(deep.clone()))])
            .expect("committed");
        assert!(
            index.live_folders_in(&path("a").key()).expect("asked").is_empty(),
            "a tombstone does not live"
        );
        assert!(index.has_live_below(&path("a").key()).expect("asked"), "x still does");
        assert_eq!(index.entries_with_tombstones().expect("asked").len(), 1);
    }),
    ("a folder's neighbours are not in it", |index| {
        let all = ["a/f", "a b", "a-b/f", "a0", "a\u{1}/f"].map(path);
        index
            .commit(all.iter().map(|at| one(at, 1, file(at, 1))).collect())
            .expect("committed");
        let inside = index.entries_in(&path("A").key()).expect("asked");
        assert_eq!(
            inside.iter().map(|(key, _)| key.clone()).collect::<Vec<_>>(),
            [path("a/f").key()]
        );
        let mut folders = ["a", "a-b", "a\u{1}"].map(|name| path(name).key());
        folders.sort();
        assert_eq!(index.live_folders_in(&PathKey::root()).expect("asked"), folders);
    }),
    ("pages meet without gap or overlap", |index| {
        let all: Vec<_> = (0..100).map(|i| path(&format!("d{}/f{i}", i % 7))).collect();
        index
            .commit(all.iter().map(|at| one(at, 1, file(at, 1))).collect())
            .expect("committed");
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = index.entries_after(after.as_ref(), 9).expect("asked");
            let Some((last, _)) = page.last() else { break };
            after = Some(last.clone());
            seen.extend(page.into_iter().map(|(key, _)| key));
        }
        assert_eq!(seen.len(), 100);
        assert!(seen.is_sorted());
    }),
    ("a chunk that a file holds twice is one version", |index| {
        let at = path("a");
        let mut value = file(&at, 1);
        if let offsync_core::entry::Content::File(content) = &mut value.content {
            content.chunks = vec![
                offsync_core::entry::Chunk {
                    id: chunk(3),
                    size_bytes: 1
                };
                2
            ];
        }
        index.commit(vec![one(&at, 1, value)]).expect("committed");
        assert_eq!(index.versions_with_chunk(&chunk(3)).expect("asked").len(), 1);
        assert_eq!(
            index.versions_with_chunk(&chunk(1)).expect("asked").len(),
            0,
            "the digest of several chunks is none"
        );
    }),
    ("notes are kept byte for byte, the empty one too", |index| {
        let notes = [
            ("e", vec![]),
            ("b", (0..=255).collect::<Vec<u8>>()),
            ("long", vec![7; 200_000]),
        ];
        index
            .commit(
                notes
                    .iter()
                    .map(|(name, note)| IndexWrite::Note((*name).to_owned(), Some(note.clone())))
                    .collect(),
            )
            .expect("committed");
        for (name, note) in &notes {
            assert_eq!(index.note(name).expect("asked").as_ref(), Some(note), "{name}");
        }
        index
            .commit(vec![
                IndexWrite::Note("e".to_owned(), None),
                IndexWrite::Note("none".to_owned(), None),
            ])
            .expect("committed");
        assert_eq!(index.note("e").expect("asked"), None);
    }),
];

fn path(text: &str) -> RelPath {
    RelPath::new(text).expect("a good path")
}
