//! The invitation: all that a new copy needs, sealed under six words.
//!
//! The envelope says how hard the words are to try (Argon2id); a reader refuses costs that would
//! exhaust it. Without the words nothing inside can be read or changed.

use std::fmt;

use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use super::wire::{Reader, WireError, Writer};
use crate::ids::{ArchiveId, LocationId, PublicKey};
use crate::phrase::Phrase;

const MAGIC: &[u8; 4] = b"OFSI";
const VERSION: u8 = 1;
const HEADER_BYTES: usize = 57;
const SALT_BYTES: usize = 16;
const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;
/// Largest envelope that is opened: names, keys and a mailbox's secret, with room to spare.
const ENVELOPE_BYTES_MAX: usize = 1 << 20;

/// How hard it is to try words: the parameters of Argon2id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KdfCost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

impl KdfCost {
    /// What a person waits for once: 64 MiB, three passes.
    pub const INTERACTIVE: Self = Self {
        memory_kib: 64 << 10,
        passes: 3,
        lanes: 1,
    };
    /// The least that Argon2id allows; for tests alone.
    pub const MINIMUM: Self = Self {
        memory_kib: 8,
        passes: 1,
        lanes: 1,
    };
    /// The most that a reader takes upon itself.
    pub const MAXIMUM: Self = Self {
        memory_kib: 256 << 10,
        passes: 16,
        lanes: 4,
    };

    fn is_bearable(&self) -> bool {
        let most = Self::MAXIMUM;
        self.memory_kib <= most.memory_kib && self.passes <= most.passes && self.lanes <= most.lanes
    }
}

/// A location that the newcomer will know from the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvitedPerson {
    /// Its id.
    pub location: LocationId,
    /// What the copy is called.
    pub label: String,
    /// Who looks after it.
    pub person: String,
    /// The key by which its objects are verified.
    pub key: PublicKey,
}

/// All that a new copy needs. Its secrets are wiped when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Invitation {
    /// Which archive.
    pub archive_id: ArchiveId,
    /// What the archive is called.
    pub archive_name: String,
    /// The secret that all members share.
    pub archive_key: Zeroizing<[u8; 32]>,
    /// The new copy's id.
    pub location: LocationId,
    /// What the new copy is called.
    pub label: String,
    /// Who looks after it.
    pub person: String,
    /// The seed of the new copy's signing key.
    pub signing_seed: Zeroizing<[u8; 32]>,
    /// The seed of the new copy's key for exchanging keys.
    pub exchange_seed: Zeroizing<[u8; 32]>,
    /// Where the mailbox is, as a URL without secrets.
    pub mailbox: String,
    /// What opens the mailbox's account, if anything is needed.
    pub mailbox_secret: Option<Zeroizing<Vec<u8>>>,
    /// How much the mailbox may hold, in bytes; `None` for no limit.
    pub allowance_bytes: Option<u64>,
    /// Days of silence after which a location is parked.
    pub park_after_days: u32,
    /// Who invites, and the key by which the inviter's objects are verified.
    pub inviter: (LocationId, PublicKey),
    /// Who is there already.
    pub people: Vec<InvitedPerson>,
}

impl fmt::Debug for Invitation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Invitation({:?} to {:?}, ..)", self.location, self.archive_id)
    }
}

/// Why an invitation does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvitationError {
    /// It is no invitation, or cut short.
    #[error("this is not an invitation of Offsync")]
    NotAnInvitation,
    /// It was made by a newer Offsync.
    #[error("a newer Offsync is needed to open this invitation (format {version})")]
    Newer {
        /// The version that it claims.
        version: u8,
    },
    /// It asks for more memory or time than a reader grants.
    #[error("the invitation asks for more work than is safe")]
    TooCostly,
    /// Other words, or changed bytes.
    #[error("these are not the words of this invitation, or it is damaged")]
    WrongWords,
    /// The words are right, but what is inside makes no sense.
    #[error("the invitation is damaged: {0}")]
    Damaged(#[from] WireError),
}

/// What an invitation is sealed in: the key that its words are worth. To make that takes the memory of its cost for a moment;
/// to seal with it takes none, so whoever is about to need much makes it before.
pub struct Envelope {
    cost: KdfCost,
    salt: [u8; 16],
    cipher: XChaCha20Poly1305,
}

impl std::fmt::Debug for Envelope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Envelope(..)")
    }
}

impl Envelope {
    /// Makes the key of a phrase at the cost of [`KdfCost::INTERACTIVE`].
    pub fn under(phrase: &Phrase, salt: [u8; 16]) -> Self {
        Self::at(KdfCost::INTERACTIVE, phrase, salt)
    }

    /// Makes the key of a phrase at a given cost; beyond [`KdfCost::MAXIMUM`] the maximum is taken.
    pub fn at(cost: KdfCost, phrase: &Phrase, salt: [u8; 16]) -> Self {
        let most = KdfCost::MAXIMUM;
        let lanes = cost.lanes.clamp(1, most.lanes);
        let cost = KdfCost {
            memory_kib: cost.memory_kib.clamp(8 * lanes, most.memory_kib),
            passes: cost.passes.clamp(1, most.passes),
            lanes,
        };
        let cipher = cipher(cost, phrase, &salt).expect("the cost was clamped to what Argon2id allows");
        Self { cost, salt, cipher }
    }

    /// Seals an invitation; a nonce is used once.
    #[must_use]
    pub fn seal(&self, invitation: &Invitation, nonce: [u8; 24]) -> Vec<u8> {
        let mut sealed = MAGIC.to_vec();
        sealed.push(VERSION);
        for number in [self.cost.memory_kib, self.cost.passes, self.cost.lanes] {
            sealed.extend_from_slice(&number.to_le_bytes());
        }
        sealed.extend_from_slice(&self.salt);
        sealed.extend_from_slice(&nonce);
        let content = Zeroizing::new(write(invitation));
        let payload = Payload {
            msg: &content,
            aad: &sealed,
        };
        let ciphertext = self
            .cipher
            .encrypt(&XNonce::from(nonce), payload)
            .expect("far below the cipher's limit");
        sealed.extend_from_slice(&ciphertext);
        sealed
    }
}

/// Opens an invitation with its words.
pub fn open_invitation(sealed: &[u8], phrase: &Phrase) -> Result<Invitation, InvitationError> {
    check_invitation(sealed)?;
    let (header, ciphertext) = sealed.split_at(HEADER_BYTES);
    let (cost, salt, nonce) = read_header(header)?;
    let cipher = cipher(cost, phrase, &salt).ok_or(InvitationError::TooCostly)?;
    let payload = Payload {
        msg: ciphertext,
        aad: header,
    };
    let content = cipher
        .decrypt(&XNonce::from(nonce), payload)
        .map_err(|_| InvitationError::WrongWords)?;
    Ok(read(&Zeroizing::new(content))?)
}

/// Tells whether something is an invitation that this Offsync can read, as far as that is seen without the words.
pub fn check_invitation(sealed: &[u8]) -> Result<(), InvitationError> {
    let (header, ciphertext) = sealed
        .split_at_checked(HEADER_BYTES)
        .ok_or(InvitationError::NotAnInvitation)?;
    read_header(header)?;
    match ciphertext.len() < TAG_BYTES || sealed.len() > ENVELOPE_BYTES_MAX {
        true => Err(InvitationError::NotAnInvitation),
        false => Ok(()),
    }
}

fn read_header(header: &[u8]) -> Result<(KdfCost, [u8; SALT_BYTES], [u8; NONCE_BYTES]), InvitationError> {
    let not_one = |_| InvitationError::NotAnInvitation;
    let mut header = Reader::new(header);
    let magic: [u8; 4] = header.array("magic").map_err(not_one)?;
    let version = header.byte("version").map_err(not_one)?;
    if magic != *MAGIC || version == 0 {
        return Err(InvitationError::NotAnInvitation);
    }
    if version > VERSION {
        return Err(InvitationError::Newer { version });
    }
    let mut number = || header.array("cost").map(u32::from_le_bytes).map_err(not_one);
    let cost = KdfCost {
        memory_kib: number()?,
        passes: number()?,
        lanes: number()?,
    };
    if !cost.is_bearable() {
        return Err(InvitationError::TooCostly);
    }
    Ok((
        cost,
        header.array("salt").map_err(not_one)?,
        header.array("nonce").map_err(not_one)?,
    ))
}

fn cipher(cost: KdfCost, phrase: &Phrase, salt: &[u8; SALT_BYTES]) -> Option<XChaCha20Poly1305> {
    let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, Some(32)).ok()?;
    let words = Zeroizing::new(phrase.to_string());
    let mut key = Zeroizing::new([0; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(words.as_bytes(), salt, &mut key[..])
        .ok()?;
    Some(XChaCha20Poly1305::new(&Key::from(*key)))
}

fn write(invitation: &Invitation) -> Vec<u8> {
    let mut out = Writer::default();
    out.raw(invitation.archive_id.as_bytes());
    out.bytes(invitation.archive_name.as_bytes());
    out.raw(&invitation.archive_key[..]);
    out.raw(invitation.location.as_bytes());
    out.bytes(invitation.label.as_bytes());
    out.bytes(invitation.person.as_bytes());
    out.raw(&invitation.signing_seed[..]);
    out.raw(&invitation.exchange_seed[..]);
    out.bytes(invitation.mailbox.as_bytes());
    out.byte(u8::from(invitation.mailbox_secret.is_some()));
    if let Some(secret) = &invitation.mailbox_secret {
        out.bytes(secret);
    }
    out.byte(u8::from(invitation.allowance_bytes.is_some()));
    if let Some(allowance_bytes) = invitation.allowance_bytes {
        out.uint(allowance_bytes);
    }
    out.uint(u64::from(invitation.park_after_days));
    out.raw(invitation.inviter.0.as_bytes());
    out.raw(invitation.inviter.1.as_bytes());
    out.count(invitation.people.len());
    for person in &invitation.people {
        out.raw(person.location.as_bytes());
        out.bytes(person.label.as_bytes());
        out.bytes(person.person.as_bytes());
        out.raw(person.key.as_bytes());
    }
    out.finish()
}

fn read(content: &[u8]) -> Result<Invitation, WireError> {
    let mut read = Reader::new(content);
    let invitation = Invitation {
        archive_id: ArchiveId::new(read.array("archive")?),
        archive_name: read.text("name of the archive")?,
        archive_key: Zeroizing::new(read.array("key of the archive")?),
        location: LocationId::new(read.array("location")?),
        label: read.text("label")?,
        person: read.text("person")?,
        signing_seed: Zeroizing::new(read.array("signing seed")?),
        exchange_seed: Zeroizing::new(read.array("exchange seed")?),
        mailbox: read.text("mailbox")?,
        mailbox_secret: read.option("secret of the mailbox", |read| {
            Ok(Zeroizing::new(read.bytes("secret of the mailbox")?.to_vec()))
        })?,
        allowance_bytes: read.option("allowance", |read| read.uint("allowance"))?,
        park_after_days: read.uint32("days until parking")?,
        inviter: (
            LocationId::new(read.array("inviter")?),
            PublicKey::new(read.array("key of the inviter")?),
        ),
        people: read.list(50, "people", |read| {
            Ok(InvitedPerson {
                location: LocationId::new(read.array("location")?),
                label: read.text("label")?,
                person: read.text("person")?,
                key: PublicKey::new(read.array("key")?),
            })
        })?,
    };
    read.finish("end of the invitation")?;
    Ok(invitation)
}

#[cfg(test)]
#[path = "invitation_tests.rs"]
mod tests;
