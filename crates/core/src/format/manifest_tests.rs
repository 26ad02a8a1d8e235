//! Manifests: what goes in comes out, small, and no bytes make a reader fall.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::entry::{FileContent, Meta};
use crate::format::manifest_write::write;
use crate::format::samples::{NONCE, chunk_ids, dots, key_of, keys, location, signer, values, vectors};
use crate::ids::Digest;
use crate::rel_path::RelPath;
use crate::seal::{SigningKey, seal};
use crate::version_vector::VersionVector;

fn empty(sequence: u64) -> Manifest {
    Manifest {
        author: location(1),
        sequence,
        predecessor: None,
        context: VersionVector::default(),
        created_ns: 1_700_000_000_000_000_000,
        deletions_confirmed: false,
        entries: Vec::new(),
        packs: Vec::new(),
        inline: Vec::new(),
    }
}

fn manifests() -> impl Strategy<Value = Manifest> {
    let entry =
        (values(), prop::collection::vec(dots(), 0..3)).prop_map(|(value, replaces)| PostedEntry { value, replaces });
    let pack = (
        any::<bool>(),
        any::<[u8; 8]>(),
        any::<u64>(),
        prop::collection::vec(chunk_ids(), 0..4),
    )
        .prop_map(|(own, random, size_bytes, chunks)| {
            let name = ObjectName::Pack {
                author: location(if own { 1 } else { 2 }),
                sequence: 5,
                random,
            };
            PackRef {
                name,
                size_bytes,
                chunks,
            }
        });
    let told = (any::<Option<[u8; 32]>>(), vectors(), any::<i64>(), any::<bool>());
    let held = (
        prop::collection::vec(entry, 0..6),
        prop::collection::vec(pack, 0..3),
        prop::collection::vec(prop::collection::vec(any::<u8>(), 0..20), 0..3),
    );
    (told, held).prop_map(
        |((predecessor, context, created_ns, deletions_confirmed), (entries, packs, inline))| {
            let predecessor = predecessor.map(ManifestHash::new);
            Manifest {
                predecessor,
                context,
                created_ns,
                deletions_confirmed,
                entries,
                packs,
                inline,
                ..empty(5)
            }
        },
    )
}

/// Gives a value for every dot, the same whenever asked.
fn known(manifest: &Manifest) -> impl Fn(&PathKey, &Dot) -> Option<Value> {
    let values: Vec<Value> = manifest.entries.iter().map(|entry| entry.value.clone()).collect();
    move |_, dot| values.get(dot.ordinal as usize % (values.len() + 1)).cloned()
}

proptest! {
    #[test]
    fn a_manifest_survives(manifest in manifests()) {
        let sealed = manifest.encode(&keys(), &signer(), NONCE);
        prop_assert_eq!(Manifest::decode(&keys(), &manifest.name(), &sealed, key_of), Ok(manifest));
    }

    #[test]
    fn a_manifest_that_names_moved_contents_survives(manifest in manifests()) {
        let sealed = manifest.encode_against(&keys(), &signer(), NONCE, known(&manifest));
        let read = Manifest::decode_against(&keys(), &manifest.name(), &sealed, key_of, known(&manifest));
        prop_assert_eq!(read, Ok(manifest));
    }

    #[test]
    fn the_outline_is_all_but_the_entries(manifest in manifests()) {
        let sealed = manifest.encode_against(&keys(), &signer(), NONCE, known(&manifest));
        let outline = Manifest::decode_outline(&keys(), &manifest.name(), &sealed, key_of);
        prop_assert_eq!(outline, Ok(Manifest { entries: Vec::new(), ..manifest }));
    }

    #[test]
    fn mutated_bytes_are_read_without_harm(manifest in manifests(), at: prop::sample::Index, byte: u8) {
        let mut content = write(&manifest, &keys(), known(&manifest));
        let at = at.index(content.len());
        content[at] = byte;
        if let Ok(parts) = read(location(1), 5, &content, &keys()) {
            let _ = parts.resolve(known(&manifest));
        }
        let _ = read(location(1), 5, &content[..at], &keys());
    }

    #[test]
    fn any_bytes_are_read_without_harm(content in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(location(1), 5, &content, &keys());
    }
}

#[test]
fn a_manifest_of_another_author_is_refused() {
    let manifest = empty(1);
    let sealed = manifest.encode(&keys(), &SigningKey::from_seed([9; 32]), NONCE);
    let read_with = |author_key: fn(&LocationId) -> Option<PublicKey>| {
        Manifest::decode(&keys(), &manifest.name(), &sealed, author_key)
    };
    assert_eq!(read_with(key_of), Err(FormatError::NotSigned(location(1))));
    assert_eq!(read_with(|_| None), Err(FormatError::UnknownAuthor(location(1))));
}

#[test]
fn a_moved_content_that_is_not_at_hand_is_said_so() {
    let (manifest, index) = renamed(1);
    let sealed = manifest.encode_against(&keys(), &signer(), NONCE, |_, dot| index.get(dot).cloned());
    let read = Manifest::decode(&keys(), &manifest.name(), &sealed, key_of);
    assert_eq!(read, Err(FormatError::Unresolved(*index.keys().next().expect("one"))));
}

#[test]
fn a_path_that_leaves_the_archive_or_is_private_is_refused() {
    for (good, bad) in [("aa/bb", "../bb"), ("aoffsync/x", ".Offsync/x")] {
        let value = Value::tombstone(RelPath::new(good).expect("a good path"));
        let manifest = Manifest {
            entries: vec![PostedEntry {
                value,
                replaces: Vec::new(),
            }],
            ..empty(1)
        };
        let mut content = write(&manifest, &keys(), |_, _| None);
        assert!(read(location(1), 1, &content, &keys()).is_ok());
        let at = content
            .windows(good.len())
            .position(|part| part == good.as_bytes())
            .expect("stands there");
        content[at..at + good.len()].copy_from_slice(bad.as_bytes());
        assert!(read(location(1), 1, &content, &keys()).is_err(), "{bad}");
    }
}

#[test]
fn an_unsigned_body_is_refused() {
    let sealed = seal(&keys(), &empty(1).name(), NONCE, b"short");
    assert!(matches!(
        Manifest::decode(&keys(), &empty(1).name(), &sealed, key_of),
        Err(FormatError::Wire(_))
    ));
}

#[test]
fn the_hash_of_a_known_manifest_never_changes() {
    let hash = "0be9c598ae63835518e7fb422dc3027f452d75f3dbdb94c90d843298b1180ad9";
    assert_eq!(Manifest::hash(b"body").to_string(), hash);
}

#[test]
fn history_is_the_sum_of_what_stood_before() {
    let context = [(location(1), 4), (location(2), 3)].into_iter().collect();
    let manifest = Manifest { context, ..empty(5) };
    assert_eq!(manifest.history(), 7);
    assert_eq!(
        manifest.dot(2),
        Dot {
            location: location(1),
            sequence: 5,
            ordinal: 2
        }
    );
}

/// Mixes numbers so that they look random, the same in every run.
fn mixed(seed: u64) -> [u8; 32] {
    *blake3::hash(&seed.to_le_bytes()).as_bytes()
}

fn file(seed: u64, path: &str) -> Value {
    let random = mixed(seed);
    let number = |at: usize| u64::from_le_bytes(random[at..at + 8].try_into().expect("eight"));
    Value {
        path: RelPath::new(path).expect("a good path"),
        content: Content::File(FileContent {
            digest: Digest::new(random),
            size_bytes: number(0) % 8192,
            chunks: vec![],
        }),
        meta: Meta {
            mode: 0o644,
            mtime_ns: 1_420_070_400_000_000_000 + (number(8) % 283_824_000_000_000_000) as i64,
        },
    }
}

/// A folder of files that gets another name: the changeset, and what the index knows.
fn renamed(files: u64) -> (Manifest, BTreeMap<Dot, Value>) {
    let mut seeds: Vec<u64> = (0..files)
        .map(|i| u64::from(mixed(i)[0]) << 32 | u64::from(mixed(i)[1]) << 16 | i)
        .collect();
    seeds.sort_unstable();
    let path = |folder: &str, seed: u64| {
        format!(
            "{folder}/sub-{}/{:02}/f{:06}.txt",
            seed >> 36,
            seed >> 32 & 15,
            seed * 31 % 200_000
        )
    };
    let (mut index, mut entries) = (BTreeMap::new(), Vec::new());
    for (ordinal, seed) in (0u32..).zip(&seeds) {
        let dot = Dot {
            location: location(1),
            sequence: 1,
            ordinal: 100 + ordinal,
        };
        let old = file(*seed, &path("projects", *seed));
        entries.push(PostedEntry {
            value: Value::tombstone(old.path.clone()),
            replaces: vec![dot],
        });
        index.insert(dot, old);
    }
    entries.extend(seeds.iter().map(|seed| PostedEntry {
        value: file(*seed, &path("projects-renamed", *seed)),
        replaces: vec![],
    }));
    let context = [(location(1), 1), (location(2), 1)].into_iter().collect();
    (
        Manifest {
            entries,
            context,
            ..empty(2)
        },
        index,
    )
}

#[test]
fn five_thousand_renamed_files_cost_few_bytes_each() {
    let (manifest, index) = renamed(5_000);
    let sealed = manifest.encode_against(&keys(), &signer(), NONCE, |_, dot| index.get(dot).cloned());
    let full = manifest.encode(&keys(), &signer(), NONCE);
    println!(
        "5,000 renamed files: {} bytes named, {} bytes in full",
        sealed.len(),
        full.len()
    );
    assert!(sealed.len() < 5_000 * 8, "{}", sealed.len());
    assert!(full.len() < 5_000 * 50, "{}", full.len());
}

#[test]
fn a_thousand_new_files_cost_little_beyond_their_hashes() {
    let mut values: Vec<Value> = (0..1_000)
        .map(|i| file(i, &format!("new/{:02}/new{i:05}.dat", i / 20)))
        .collect();
    values.sort_by_key(|value| value.path.key());
    let chunks = values.iter().flat_map(|value| value.content.chunk_ids()).collect();
    let name = ObjectName::Pack {
        author: location(1),
        sequence: 2,
        random: [1; 8],
    };
    let entries = values
        .into_iter()
        .map(|value| PostedEntry {
            value,
            replaces: vec![],
        })
        .collect();
    let packs = vec![PackRef {
        name,
        size_bytes: 3_000_000,
        chunks,
    }];
    let manifest = Manifest {
        entries,
        packs,
        ..empty(2)
    };
    let sealed = manifest.encode(&keys(), &signer(), NONCE);
    println!("1,000 new files: {} bytes", sealed.len());
    assert!(sealed.len() < 1_000 * 46, "{}", sealed.len());
}
