//! What the reader in another language makes of contents that a manifest only names.
//!
//! The format has them and no location posts them today, so this mailbox is sealed by hand.

use std::fs;

use offsync_core::dot::Dot;
use offsync_core::entry::{Content, FileContent, Meta, Value};
use offsync_core::format::{Manifest, ObjectName, People, PostedEntry, Statement};
use offsync_core::ids::{ArchiveId, LocationId};
use offsync_core::rel_path::RelPath;
use offsync_core::seal::{ArchiveKey, ArchiveKeys, SigningKey};
use offsync_core::version_vector::VersionVector;

use crate::reader::Key;
use crate::tree;
use crate::world::World;

#[test]
fn moved_contents_are_found_where_they_stood() {
    let world = World::in_memory();
    let (archive, author) = (ArchiveId::new([7; 16]), LocationId::new([8; 16]));
    let (keys, signer) = (
        ArchiveKeys::derive(&ArchiveKey::new([1; 32]), &archive),
        SigningKey::from_seed([2; 32]),
    );
    let folder = world.path(&format!("offsync-v1-{archive}"));
    fs::create_dir(&folder).expect("a mailbox can be made");
    let put = |name: &ObjectName, sealed: Vec<u8>| {
        fs::write(folder.join(name.to_string()), sealed).expect("an object can be put");
    };
    let statement = Statement::Joined {
        label: "Drive".into(),
        person: "Pep".into(),
        key: signer.public(),
        created_ns: 0,
        holds: VersionVector::default(),
    };
    let people = People {
        subject: author,
        author,
        number: 1,
        author_key: signer.public(),
        statement,
    };
    put(&people.name(), people.encode(&keys, &signer, [0; 24]));

    let file = |path: &str, content: &[u8], mode| Value {
        path: RelPath::new(path).expect("a good path"),
        content: Content::File(FileContent {
            digest: keys.digest(content),
            size_bytes: content.len() as u64,
            chunks: Vec::new(),
        }),
        meta: Meta {
            mode,
            mtime_ns: 1_700_000_000_123_456_789,
        },
    };
    let gone = |path: &str| Value::tombstone(RelPath::new(path).expect("a good path"));
    let old = [file("old/a.txt", b"one", 0o640), file("old/b.txt", b"two", 0o600)];
    let dot = |ordinal| Dot {
        location: author,
        sequence: 1,
        ordinal,
    };
    let entry = |value: Value, replaces: Vec<Dot>| PostedEntry { value, replaces };
    let manifest = |sequence, predecessor, entries, inline| Manifest {
        author,
        sequence,
        predecessor,
        context: [(author, sequence - 1)].into_iter().filter(|(_, n)| *n > 0).collect(),
        created_ns: 0,
        deletions_confirmed: false,
        entries,
        packs: Vec::new(),
        inline,
    };
    let entries = old.iter().map(|value| entry(value.clone(), Vec::new())).collect();
    let first = manifest(1, None, entries, vec![b"one".to_vec(), b"two".to_vec()]);
    let sealed = first.encode(&keys, &signer, [1; 24]);
    let entries = vec![
        entry(gone("old/a.txt"), vec![dot(0)]),
        entry(gone("old/b.txt"), vec![dot(1)]),
        entry(file("new/a.txt", b"one", 0o640), Vec::new()),
        entry(file("new/b.txt", b"two", 0o604), Vec::new()),
    ];
    let second = manifest(2, Some(Manifest::hash(&sealed)), entries, Vec::new());
    put(&first.name(), sealed);
    let known = |_: &_, asked: &Dot| Some(old[asked.ordinal as usize].clone());
    let moved = second.encode_against(&keys, &signer, [2; 24], known);
    let whole = second.encode(&keys, &signer, [2; 24]);
    assert!(moved.len() < whole.len(), "contents are named, not repeated");
    put(&second.name(), moved);

    fs::write(world.path("key"), "01".repeat(32)).expect("a key can be written");
    let (said, rebuilt) = world.rebuild(&folder, &Key::Raw(world.path("key")));
    said.expect_code(0);
    let rebuilt = tree::of(&rebuilt);
    let looks = |path| format!("{:?}", rebuilt.get(path).expect("it was rebuilt"));
    assert_eq!(looks("new/a.txt"), "file of 3 bytes \"one\" 640 1700000000123456789");
    assert_eq!(looks("new/b.txt"), "file of 3 bytes \"two\" 604 1700000000123456789");
    assert_eq!(rebuilt.len(), 3, "and no longer where they stood: {rebuilt:?}");
}
