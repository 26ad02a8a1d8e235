//! States: parts make a whole, and only a whole.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::format::samples::{NONCE, dots, keys, location, names, values, vectors};
use crate::rel_path::RelPath;

fn served() -> ObjectName {
    names().remove(6)
}

fn states() -> impl Strategy<Value = State> {
    let versions = prop::collection::vec((dots(), values(), any::<u64>()), 0..12);
    (vectors(), versions).prop_map(|(vector, versions)| {
        let mut by_key = BTreeMap::<PathKey, BTreeMap<Dot, Version>>::new();
        for (dot, value, history) in versions {
            by_key
                .entry(value.path.key())
                .or_default()
                .insert(dot, Version { value, history });
        }
        let siblings = by_key
            .into_iter()
            .map(|(key, versions)| (key, versions.into_iter().collect()))
            .collect();
        State {
            id: [5; 16],
            part: 0,
            parts: 1,
            vector,
            siblings,
        }
    })
}

fn file_state(files: u32) -> State {
    let row = |i: u32| {
        let path = RelPath::new(format!("photos/{:03}/IMG_{i:06}.JPG", i / 100)).expect("a good path");
        let random = *blake3::hash(&i.to_le_bytes()).as_bytes();
        let content = Content::File(crate::entry::FileContent {
            digest: crate::ids::Digest::new(random),
            size_bytes: 3_000_000 + u64::from(random[0]) * 999,
            chunks: Vec::new(),
        });
        let mtime_ns = 1_600_000_000_000_000_000 + i64::from(i) * 7_777_777_777;
        let meta = crate::entry::Meta { mode: 0o644, mtime_ns };
        let dot = Dot {
            location: location(1),
            sequence: 1,
            ordinal: i,
        };
        let version = Version {
            value: Value {
                path: path.clone(),
                content,
                meta,
            },
            history: 0,
        };
        (path.key(), [(dot, version)].into_iter().collect())
    };
    let vector = [(location(1), 1)].into_iter().collect();
    State {
        id: [5; 16],
        part: 0,
        parts: 1,
        vector,
        siblings: (0..files).map(row).collect(),
    }
}

proptest! {
    #[test]
    fn a_state_survives(state in states()) {
        let sealed = state.encode(&keys(), &served(), NONCE);
        prop_assert_eq!(State::decode(&keys(), &served(), &sealed), Ok(state));
    }

    #[test]
    fn parts_make_the_whole_again_in_any_order(state in states(), part_bytes_max in 0usize..2000) {
        let mut parts = State::split(state.id, &state.vector, state.siblings.clone(), part_bytes_max);
        for part in &parts {
            let len = part.encode(&keys(), &served(), NONCE).len();
            prop_assert!(len <= part_bytes_max || part.siblings.len() <= 1, "{len} of {part_bytes_max}");
        }
        parts.reverse();
        prop_assert_eq!(State::join(parts), Some(state));
    }

    #[test]
    fn mutated_bytes_are_read_without_harm(state in states(), at: prop::sample::Index, byte: u8) {
        let mut body = state.write();
        let at = at.index(body.len());
        body[at] = byte;
        let _ = State::read(&body);
        let _ = State::read(&body[..at]);
    }

    #[test]
    fn any_bytes_are_read_without_harm(body in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = State::read(&body);
    }
}

#[test]
fn a_state_with_a_missing_or_foreign_part_is_not_joined() {
    let whole = file_state(50);
    let parts = State::split(whole.id, &whole.vector, whole.siblings.clone(), 2000);
    assert!(parts.len() > 2);
    assert_eq!(State::join(parts[1..].to_vec()), None);
    let mut foreign = parts.clone();
    foreign[1].id = [6; 16];
    assert_eq!(State::join(foreign), None);
    assert_eq!(State::join(Vec::new()), None);
    let twice = [&parts[..], &parts[..1]].concat();
    assert_eq!(State::join(twice), Some(whole));
}

#[test]
fn an_empty_state_is_one_part() {
    let parts = State::split([1; 16], &VersionVector::default(), Vec::new(), 1 << 20);
    assert_eq!(parts.len(), 1);
    assert!(State::join(parts).is_some());
}

#[test]
fn a_state_costs_little_beyond_its_hashes() {
    let sealed = file_state(10_000).encode(&keys(), &served(), NONCE);
    println!("state of 10,000 files: {} bytes", sealed.len());
    assert!(sealed.len() < 10_000 * 44, "{}", sealed.len());
}
