//! Objects of released versions, kept for ever: they are read as what they were, and what is
//! written today has the same bytes inside the seal. A file in `golden/` is never edited.

use std::fmt::Debug;

use super::invitation::{Envelope, InvitedPerson};
use super::samples::{NONCE, key_of, keys, location, names, signer};
use super::*;
use crate::dot::Dot;
use crate::drive_profile::{DriveProfile, NameRule};
use crate::entry::{Chunk, Content, FileContent, Meta, Value, Version};
use crate::guard::Threshold;
use crate::ids::{ArchiveId, ChunkId, Digest, ManifestHash, Nonce, PublicKey, Root};
use crate::phrase::Phrase;
use crate::rel_path::{PathKey, RelPath};
use crate::seal::{ArchiveKey, ArchiveKeys, hand_over, open};
use crate::version_vector::VersionVector;

/// Checks that a golden object reads as `value`, and that `written` holds the same.
fn check<T: PartialEq + Debug, E: PartialEq + Debug>(
    golden: &str,
    name: &ObjectName,
    value: &T,
    written: &[u8],
    read: impl Fn(&[u8]) -> Result<T, E>,
) {
    let bytes = unhex(golden);
    assert_eq!(
        open(&keys(), name, &bytes),
        open(&keys(), name, written),
        "written now:\n{}",
        hex(written)
    );
    assert_eq!(read(&bytes).as_ref(), Ok(value));
}

fn hex(bytes: &[u8]) -> String {
    let lines = bytes
        .chunks(48)
        .map(|line| line.iter().map(|byte| format!("{byte:02x}")).collect());
    lines.collect::<Vec<String>>().join("\n")
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).expect("ASCII"), 16).expect("hex");
    digits.chunks(2).map(pair).collect()
}

fn vector() -> VersionVector {
    [(location(1), 3), (location(2), 300)].into_iter().collect()
}

fn dot(ordinal: u32) -> Dot {
    Dot {
        location: location(2),
        sequence: 299,
        ordinal,
    }
}

fn path(text: &str) -> RelPath {
    RelPath::new(text).expect("a good path")
}

fn file(id: u8) -> Content {
    Content::File(FileContent {
        digest: Digest::new([id; 32]),
        size_bytes: 1234,
        chunks: Vec::new(),
    })
}

/// One value of each kind.
fn values() -> Vec<Value> {
    let meta = Meta {
        mode: 0o640,
        mtime_ns: 1_700_000_000_123_456_789,
    };
    let chunk = |id, size_bytes| Chunk {
        id: ChunkId::new([id; 32]),
        size_bytes,
    };
    let chunks = vec![chunk(21, 300_000), chunk(22, 900_000)];
    let chunked = FileContent {
        digest: Digest::new([20; 32]),
        size_bytes: 1_200_000,
        chunks,
    };
    vec![
        Value::tombstone(path("a/gone.txt")),
        Value {
            path: path("a/new.txt"),
            content: file(11),
            meta,
        },
        Value {
            path: path("a/new.zip"),
            content: Content::File(chunked),
            meta: Meta {
                mode: 0o755,
                mtime_ns: -1,
            },
        },
        Value {
            path: path("b"),
            content: Content::Folder,
            meta: Meta {
                mode: 0o700,
                mtime_ns: 0,
            },
        },
        Value {
            path: path("b/link"),
            content: Content::Symlink(b"../a".to_vec()),
            meta: Meta::default(),
        },
        Value {
            path: path("b/moved.txt"),
            content: file(12),
            meta,
        },
        Value {
            path: path("b/touched.txt"),
            content: file(12),
            meta: Meta {
                mode: 0o600,
                mtime_ns: 1,
            },
        },
    ]
}

/// The version that the tombstone replaces: the moved file.
fn known(key: &PathKey, asked: &Dot) -> Option<Value> {
    let moved = values().remove(5);
    (*key == path("a/gone.txt").key() && *asked == dot(7)).then_some(moved)
}

#[test]
fn heads_of_the_first_version_are_read_for_ever() {
    let head = Head {
        location: location(1),
        vector: vector(),
        missing: vec![ChunkId::new([9; 32])],
        counter: 1000,
        nonce: Nonce::new([4; 16]),
        root: Root::new([5; 32]),
        counts: vec![location(1), location(2)],
        checked_ns: Some(1_700_000_000_000_000_000),
        free_bytes: 1 << 40,
        written_ns: 1_700_000_000_000_000_001,
        seen: vec![(location(2), 77)],
        reads_version: 1,
        unshown: 3,
        drive: DriveProfile {
            names: NameRule::Windows,
            folds_case: true,
            folds_form: false,
            has_links: false,
            has_modes: false,
            name_bytes_max: 255,
            file_bytes_max: u64::from(u32::MAX),
            time_step_ns: 2_000_000_000,
        },
        waits_for_room: false,
    };
    let written = head.encode(&keys(), &signer(), NONCE);
    let read = |bytes: &[u8]| Head::decode(&keys(), &names()[0], bytes, key_of);
    check(include_str!("golden/v1/head.hex"), &names()[0], &head, &written, read);
    let waiting = Head {
        waits_for_room: true,
        ..head
    };
    let written = waiting.encode(&keys(), &signer(), NONCE);
    check(
        include_str!("golden/v1/head-waits.hex"),
        &names()[0],
        &waiting,
        &written,
        read,
    );
}

#[test]
fn wants_of_the_first_version_are_read_for_ever() {
    let (chunks, damaged) = (vec![ChunkId::new([9; 32])], vec![names()[2].to_string()]);
    let want = Want {
        location: location(1),
        gap: Some(vector()),
        chunks,
        damaged,
    };
    let written = want.encode(&keys(), NONCE);
    let read = |bytes: &[u8]| Want::decode(&keys(), &names()[4], bytes);
    check(include_str!("golden/v1/want.hex"), &names()[4], &want, &written, read);
}

#[test]
fn statements_of_the_first_version_are_read_for_ever() {
    let (label, person, key, created_ns) = ("Drive".to_owned(), "Mum".to_owned(), PublicKey::new([6; 32]), 1_700);
    let joined = Statement::Joined {
        label: label.clone(),
        person: person.clone(),
        key,
        created_ns,
        holds: vector(),
    };
    let named = Statement::Named {
        revision: 300,
        label: label.clone(),
        person: person.clone(),
        created_ns,
    };
    let stands = Statement::Stands {
        membership: Membership::Removed,
        revision: 2,
        head_counter: 300,
        created_ns,
    };
    let asks = Statement::Asks {
        revision: 300,
        threshold: Threshold::new(2, 10, 500).expect("a threshold"),
        created_ns,
    };
    let handed_over = ArchiveKey::new([8; 32]);
    let archive = *keys().archive();
    let keyed = Statement::Keyed {
        revision: 300,
        key: ArchiveKeys::name_of(&handed_over, &archive),
        to: signer().public(),
        handed: hand_over(&handed_over, &signer().public(), &archive, [7; 32]).expect("a sound key"),
        created_ns,
    };
    let succeeds = Statement::Succeeds {
        old: location(3),
        old_counter: 500,
        label,
        person,
        key,
        created_ns,
    };
    for (golden, statement) in [
        (include_str!("golden/v1/joined.hex"), joined),
        (include_str!("golden/v1/succeeds.hex"), succeeds),
        (include_str!("golden/v1/named.hex"), named),
        (include_str!("golden/v1/stands.hex"), stands),
        (include_str!("golden/v1/asks.hex"), asks),
        (include_str!("golden/v1/keyed.hex"), keyed),
    ] {
        let author_key = signer().public();
        let people = People {
            subject: location(1),
            author: location(2),
            number: 3,
            author_key,
            statement,
        };
        let written = people.encode(&keys(), &signer(), NONCE);
        check(golden, &names()[1], &people, &written, |bytes| {
            People::decode(&keys(), &names()[1], bytes)
        });
    }
}

#[test]
fn packs_of_the_first_version_are_read_for_ever() {
    let chunks: Vec<_> = [b"one".to_vec(), vec![0; 2000]]
        .into_iter()
        .map(|content| (keys().chunk_id(&content), content))
        .collect();
    let written = encode_pack(&keys(), &names()[2], NONCE, &chunks);
    let read = |bytes: &[u8]| decode_pack(&keys(), &names()[2], bytes);
    check(include_str!("golden/v1/pack.hex"), &names()[2], &chunks, &written, read);
}

#[test]
fn manifests_of_the_first_version_are_read_for_ever() {
    let replaces = |value: &Value| {
        if value.content.is_live() {
            vec![dot(1)]
        } else {
            vec![dot(7), dot(9)]
        }
    };
    let entries = values()
        .into_iter()
        .map(|value| PostedEntry {
            replaces: replaces(&value),
            value,
        })
        .collect();
    let ids = |ids: &[u8]| ids.iter().map(|id| ChunkId::new([*id; 32])).collect();
    let manifest = Manifest {
        author: location(1),
        sequence: 4,
        predecessor: Some(ManifestHash::new([8; 32])),
        context: vector(),
        created_ns: 1_700_000_000_000_000_000,
        deletions_confirmed: true,
        entries,
        packs: vec![
            PackRef {
                name: names().remove(2),
                size_bytes: 5000,
                chunks: ids(&[11, 21]),
            },
            PackRef {
                name: names().remove(5),
                size_bytes: 6000,
                chunks: ids(&[22, 33]),
            },
        ],
        inline: vec![b"inside".to_vec()],
    };
    let written = manifest.encode_against(&keys(), &signer(), NONCE, known);
    let read = |bytes: &[u8]| Manifest::decode_against(&keys(), &names()[3], bytes, key_of, known);
    check(
        include_str!("golden/v1/manifest.hex"),
        &names()[3],
        &manifest,
        &written,
        read,
    );
}

#[test]
fn states_of_the_first_version_are_read_for_ever() {
    let siblings = (0..).zip(values()).map(|(i, value)| {
        let key = value.path.key();
        (
            key,
            [(
                dot(i),
                Version {
                    value,
                    history: 300 - u64::from(i),
                },
            )]
            .into_iter()
            .collect(),
        )
    });
    let state = State {
        id: [7; 16],
        part: 1,
        parts: 3,
        vector: vector(),
        siblings: siblings.collect(),
    };
    let written = state.encode(&keys(), &names()[6], NONCE);
    let read = |bytes: &[u8]| State::decode(&keys(), &names()[6], bytes);
    check(include_str!("golden/v1/state.hex"), &names()[6], &state, &written, read);
}

#[test]
fn invitations_of_the_first_version_are_read_for_ever() {
    let invitation = Invitation {
        archive_id: ArchiveId::new([1; 16]),
        archive_name: "Photos".into(),
        archive_key: [2; 32].into(),
        location: location(3),
        label: "Drive".into(),
        person: "Mum".into(),
        signing_seed: [4; 32].into(),
        exchange_seed: [5; 32].into(),
        mailbox: "folder:///media/stick".into(),
        mailbox_secret: Some(b"token".to_vec().into()),
        allowance_bytes: Some(1 << 30),
        park_after_days: 180,
        inviter: (location(6), PublicKey::new([7; 32])),
        people: vec![InvitedPerson {
            location: location(6),
            label: "Home".into(),
            person: "Pep".into(),
            key: PublicKey::new([7; 32]),
        }],
    };
    let phrase = Phrase::parse("abacus drop-down zoom yo-yo t-shirt felt-tip").expect("six words");
    let written = Envelope::at(KdfCost::MINIMUM, &phrase, [8; 16]).seal(&invitation, [9; 24]);
    let golden = unhex(include_str!("golden/v1/invitation.hex"));
    assert_eq!(hex(&golden), hex(&written), "written now:\n{}", hex(&written));
    assert_eq!(open_invitation(&golden, &phrase), Ok(invitation));
}
