//! Seals: what was changed, renamed or moved to another archive does not open.

use proptest::prelude::*;

use super::*;
use crate::ids::LocationId;

const NONCE: [u8; 24] = [7; 24];

fn keys() -> ArchiveKeys {
    ArchiveKeys::derive(&ArchiveKey::new([1; 32]), &ArchiveId::new([2; 16]))
}

fn signer() -> SigningKey {
    SigningKey::from_seed([3; 32])
}

fn names() -> Vec<ObjectName> {
    let (a, b, random) = (LocationId::new([1; 16]), LocationId::new([2; 16]), *b"8 bytes!");
    vec![
        ObjectName::Head(a),
        ObjectName::Head(b),
        ObjectName::People {
            subject: a,
            author: b,
            number: 3,
        },
        ObjectName::Pack {
            author: a,
            sequence: 4,
            random,
        },
        ObjectName::Manifest { author: a, sequence: 4 },
        ObjectName::Want(a),
        ObjectName::ServedPack {
            reader: a,
            server: b,
            random,
        },
        ObjectName::ServedState {
            reader: a,
            server: b,
            random,
        },
    ]
}

fn other_keys() -> ArchiveKeys {
    ArchiveKeys::derive(&ArchiveKey::new([1; 32]), &ArchiveId::new([9; 16]))
}

/// Seals a frame that `seal` would never make.
fn seal_frame(name: &ObjectName, frame: &[u8]) -> Vec<u8> {
    let mut sealed = [&MAGIC[..], &[FIRST_VERSION, name.kind()], &NONCE].concat();
    let payload = Payload {
        msg: frame,
        aad: &associated_data(&sealed, &keys(), name),
    };
    let cipher = XChaCha20Poly1305::new(&Key::from(*keys().seal));
    sealed.extend(cipher.encrypt(&XNonce::from(NONCE), payload).expect("seals"));
    sealed
}

fn frame_of(tag: u8, declared_bytes: u64, bytes: &[u8]) -> Vec<u8> {
    [&[tag][..], &declared_bytes.to_le_bytes(), bytes].concat()
}

#[test]
fn a_seal_opens_for_its_own_archive_and_name_alone() {
    let sealed = seal(&keys(), &names()[0], NONCE, b"body");
    assert_eq!(open(&keys(), &names()[0], &sealed).as_deref(), Ok(&b"body"[..]));
    assert_eq!(open(&other_keys(), &names()[0], &sealed), Err(OpenError::NotAuthentic));
    for name in &names()[1..] {
        assert_eq!(open(&keys(), name, &sealed), Err(OpenError::NotAuthentic), "{name}");
    }
}

#[test]
fn every_flipped_bit_is_noticed() {
    let sealed = seal(&keys(), &names()[3], NONCE, b"body");
    for at in 0..sealed.len() * 8 {
        let mut changed = sealed.clone();
        changed[at / 8] ^= 1 << (at % 8);
        assert!(open(&keys(), &names()[3], &changed).is_err(), "bit {at}");
    }
}

#[test]
fn every_cut_is_noticed() {
    let sealed = seal(&keys(), &names()[3], NONCE, b"body");
    for len in 0..sealed.len() {
        assert!(open(&keys(), &names()[3], &sealed[..len]).is_err(), "{len} bytes");
    }
    assert_eq!(open(&keys(), &names()[3], &sealed[..40]), Err(OpenError::TooShort));
}

#[test]
fn what_is_newer_or_foreign_is_told_apart() {
    let mut sealed = seal(&keys(), &names()[0], NONCE, b"body");
    sealed[4] = 3;
    let damaged = Err(OpenError::NotAuthentic);
    assert_eq!(
        open(&keys(), &names()[0], &sealed),
        damaged,
        "but for one byte it is ours"
    );
    *sealed.last_mut().expect("a tag") ^= 1;
    assert_eq!(
        open(&keys(), &names()[0], &sealed),
        Err(OpenError::Newer { version: 3 })
    );
    sealed[0] = b'X';
    assert_eq!(open(&keys(), &names()[0], &sealed), Err(OpenError::NotOffsync));
}

fn later(n: u8) -> ArchiveKey {
    ArchiveKey::new([n; 32])
}

/// The archive's keys with two later ones, the second in force.
fn renewed_keys() -> ArchiveKeys {
    let in_force = ArchiveKeys::name_of(&later(2), keys().archive());
    keys().with_later(&[later(1), later(2)], Some(in_force))
}

#[test]
fn what_is_sealed_with_a_later_key_opens_for_who_has_it_alone() {
    let sealed = seal(&renewed_keys(), &names()[4], NONCE, b"body");
    assert_eq!(open(&renewed_keys(), &names()[4], &sealed).as_deref(), Ok(&b"body"[..]));
    let named = ArchiveKeys::name_of(&later(2), keys().archive());
    let unknown = Err(OpenError::UnknownKey(named));
    assert_eq!(open(&keys(), &names()[4], &sealed), unknown);
    let other = keys().with_later(&[later(1)], None);
    assert_eq!(open(&other, &names()[4], &sealed), unknown);
    let mut damaged = sealed.clone();
    damaged[HEADER_BYTES] ^= 1;
    let opened = open(&renewed_keys(), &names()[4], &damaged);
    assert_eq!(
        opened,
        Err(OpenError::NotAuthentic),
        "but for the key that it names it is ours"
    );
    let mut misnamed = named;
    misnamed.0[0] ^= 1;
    let unknown = Err(OpenError::UnknownKey(misnamed));
    assert_eq!(
        open(&other, &names()[4], &damaged),
        unknown,
        "what it says is all that is known"
    );
    for at in 0..sealed.len() * 8 {
        let mut changed = sealed.clone();
        changed[at / 8] ^= 1 << (at % 8);
        assert!(open(&renewed_keys(), &names()[4], &changed).is_err(), "bit {at}");
    }
    for len in 0..sealed.len() {
        assert!(
            open(&renewed_keys(), &names()[4], &sealed[..len]).is_err(),
            "{len} bytes"
        );
    }
}

#[test]
fn what_was_sealed_before_opens_still_but_for_states() {
    let with_first = keys().with_later(&[later(1)], Some(ArchiveKeys::name_of(&later(1), keys().archive())));
    for before in [keys(), with_first] {
        for name in names() {
            let sealed = seal(&before, &name, NONCE, b"body");
            let is_state = matches!(name, ObjectName::ServedState { .. });
            let opened = open(&renewed_keys(), &name, &sealed);
            assert_eq!(opened.is_ok(), !is_state, "{name}: {opened:?}");
        }
    }
}

#[test]
fn statements_open_with_the_first_key_whatever_is_in_force() {
    let sealed = seal(&renewed_keys(), &names()[2], NONCE, b"body");
    assert_eq!(open(&keys(), &names()[2], &sealed).as_deref(), Ok(&b"body"[..]));
}

#[test]
fn content_is_named_alike_under_all_keys() {
    assert_eq!(renewed_keys().digest(b"content"), keys().digest(b"content"));
}

#[test]
fn only_what_shrinks_is_compressed() {
    let blank = seal(&keys(), &names()[2], NONCE, &[0; 100_000]);
    assert!(blank.len() < 200);
    assert_eq!(open(&keys(), &names()[2], &blank), Ok(vec![0; 100_000]));
    let noise: Vec<u8> = (0u8..8).flat_map(|i| *blake3::hash(&[i]).as_bytes()).collect();
    assert_eq!(
        seal(&keys(), &names()[2], NONCE, &noise).len(),
        noise.len() + SEAL_BYTES - KEY_NAME_BYTES
    );
}

#[test]
fn a_body_that_lies_about_its_size_is_refused() {
    let name = &names()[3];
    let small = zstd::bulk::compress(&[0; 1000], 3).expect("compresses");
    let bomb = zstd::bulk::compress(&vec![0; BODY_BYTES_MAX + 1], 3).expect("compresses");
    let refused = |frame: Vec<u8>| open(&keys(), name, &seal_frame(name, &frame));
    assert_eq!(refused(frame_of(ZSTD, 999, &small)), Err(OpenError::Damaged));
    assert_eq!(refused(frame_of(ZSTD, 1001, &small)), Err(OpenError::Damaged));
    assert_eq!(refused(frame_of(ZSTD, 10, &bomb)), Err(OpenError::Damaged));
    assert_eq!(
        refused(frame_of(ZSTD, BODY_BYTES_MAX as u64 + 1, &bomb)),
        Err(OpenError::TooLarge)
    );
    assert_eq!(refused(frame_of(ZSTD, u64::MAX, &bomb)), Err(OpenError::TooLarge));
    assert_eq!(refused(frame_of(ZSTD, 4, b"junk")), Err(OpenError::Damaged));
    assert_eq!(refused(frame_of(STORED, 5, b"four")), Err(OpenError::Damaged));
    assert_eq!(refused(frame_of(2, 4, b"four")), Err(OpenError::Damaged));
    assert_eq!(refused(frame_of(STORED, 4, b"four")), Ok(b"four".to_vec()));
}

#[test]
fn a_signature_fits_one_key_kind_archive_name_and_body() {
    let name = &names()[3];
    let signature = sign(&signer(), keys().archive(), name, b"body");
    let key = signer().public();
    assert!(verify(&key, keys().archive(), name, b"body", &signature));
    assert!(!verify(&key, keys().archive(), name, b"bodies", &signature));
    assert!(!verify(&key, other_keys().archive(), name, b"body", &signature));
    assert!(!verify(
        &SigningKey::from_seed([4; 32]).public(),
        keys().archive(),
        name,
        b"body",
        &signature
    ));
    assert!(names().iter().filter(|other| *other != name).all(|other| !verify(
        &key,
        keys().archive(),
        other,
        b"body",
        &signature
    )));
    assert!(!verify(
        &crate::ids::PublicKey::new([0; 32]),
        keys().archive(),
        name,
        b"body",
        &[0; 64]
    ));
}

#[test]
fn a_digest_is_the_same_in_pieces_and_differs_between_archives() {
    let mut hasher = keys().digest_hasher();
    hasher.update(b"bo");
    hasher.update(b"dy");
    assert_eq!(hasher.finish(), keys().digest(b"body"));
    assert_eq!(keys().chunk_id(b"body"), keys().digest(b"body").into());
    assert_ne!(other_keys().digest(b"body"), keys().digest(b"body"));
}

#[test]
fn the_digest_of_a_known_content_never_changes() {
    let digest = "75f1a75cef8ee9c7749f158cd9075454ac763a68d506f730f8f903d708d2ef73";
    assert_eq!(keys().digest(b"body").to_string(), digest);
}

#[test]
fn secrets_never_show_in_debug_output() {
    let shown = format!(
        "{:?} {:?} {:?}",
        ArchiveKey::new([0xaa; 32]),
        keys(),
        SigningKey::from_seed([0xaa; 32])
    );
    assert!(!shown.contains("aaaa") && !shown.contains("170"), "{shown}");
}

proptest! {
    #[test]
    fn a_body_survives_its_seal(body in prop::collection::vec(any::<u8>(), 0..300), nonce: [u8; 24], at in 0usize..7) {
        let name = &names()[at];
        prop_assert_eq!(open(&keys(), name, &seal(&keys(), name, nonce, &body)), Ok(body));
    }

    #[test]
    fn any_bytes_are_opened_without_harm(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(open(&keys(), &names()[0], &bytes).is_err());
        prop_assert!(open(&keys(), &names()[0], &[&b"OFSY\x01\x01"[..], &bytes].concat()).is_err());
    }

    #[test]
    fn any_frame_is_read_without_harm(
        tag in 0u8..3,
        declared in 0u64..2000,
        bytes in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let _ = unframe(frame_of(tag, declared, &bytes));
    }
}
