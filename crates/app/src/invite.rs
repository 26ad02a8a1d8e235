//! Invitations: what a new location needs, sealed under six words.

use std::path::{Path, PathBuf};

use offsync_adapters::entropy::OsEntropy;
use offsync_core::format::Envelope;
use offsync_core::format::Invitation;
use offsync_core::format::invitation::InvitedPerson;
use offsync_core::ids::LocationId;
use offsync_core::phrase::Phrase;
use offsync_core::ports::Entropy;
use offsync_core::version_vector::VersionVector;
use offsync_engine::{Beginning, Silent};
use serde::Serialize;
use zeroize::Zeroizing;

use crate::app::App;
use crate::failure::{AppError, DRIVE_FULL, Result};
use crate::init::check_name;
use crate::keystore::KeyBundle;
use crate::naming::refuse_same_label;
use crate::opened::Opened;
use crate::outside::refuse_travelling;
use crate::signing_in::HandedOn;

/// What `invite` asks for.
#[derive(Clone, Debug)]
pub struct InviteRequest {
    /// The archive's folder.
    pub folder: PathBuf,
    /// What to call the new location.
    pub label: String,
    /// Who will look after it.
    pub person: String,
    /// The file to write the invitation to.
    pub out: PathBuf,
    /// Another account, or a place in one, by which the new home is to reach the mailbox; this home's own if none is named.
    pub account: Option<String>,
}

/// What `invite` made.
#[derive(Clone, Debug, Serialize)]
pub struct InviteReport {
    /// Hexadecimal id of the new location.
    pub location_id: String,
    /// The file with the invitation.
    pub file: String,
    /// The six words.
    pub phrase: String,
    /// Whether the others can hear of the new home already: the mailbox could be reached.
    pub told: bool,
    /// The account that it opens, as this computer calls it; absent where the mailbox is in none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
}

/// A location that is about to be invited.
pub(crate) struct Guest {
    pub(crate) beginning: Beginning,
    pub(crate) bundle: KeyBundle,
}

impl App {
    /// Makes an invitation for a copy that exists already, or for none.
    pub fn invite(&self, request: &InviteRequest) -> std::result::Result<InviteReport, AppError> {
        check_name("--label", &request.label)?;
        check_name("--person", &request.person)?;
        if request.out == Path::new("-") {
            return Err(AppError::usage(
                "An invitation is written to a file of its own, not to standard output.",
            ));
        }
        let mut archive = self.open_archive(&request.folder)?;
        refuse_travelling(
            &request.out,
            archive.marker.mailbox.as_deref(),
            "the invitation",
            "With its six words an invitation opens the archive.",
        )?;
        archive.mend_notes()?;
        archive.with_engine(&Silent, |engine| engine.refuse_if_removed())?;
        refuse_same_label(&mut archive, &request.label, None)?;
        let entropy: &dyn Entropy = &OsEntropy;
        let location = LocationId::new(entropy.sixteen());
        let guest = archive.guest(location, &request.label, &request.person);
        let handed_on = self.handed_on(&archive, request.account.as_deref())?;
        let words = Words::new();
        let sealed = archive.seal_for(&guest, &handed_on, &words)?;
        write_new(&request.out, &sealed)?;
        let told = archive.with_engine(&Silent, |engine| {
            engine.invite(
                &guest.beginning,
                guest.bundle.signer().public(),
                VersionVector::default(),
            )?;
            engine.tell_people()
        })?;
        Ok(InviteReport {
            location_id: location.to_string(),
            file: request.out.display().to_string(),
            phrase: words.phrase.to_string(),
            told,
            account: handed_on.account,
        })
    }
}

impl Opened {
    /// Makes keys for a new location of this archive.
    pub(crate) fn guest(&self, location: LocationId, label: &str, person: &str) -> Guest {
        let beginning = Beginning {
            archive: self.marker.archive_id,
            location,
            label: label.to_owned(),
            person: person.to_owned(),
        };
        Guest {
            beginning,
            bundle: self.bundle.companion(&OsEntropy),
        }
    }

    /// Seals an invitation under new words.
    pub(crate) fn seal_for(&mut self, guest: &Guest, handed_on: &HandedOn, words: &Words) -> Result<Vec<u8>> {
        let known = self.with_engine(&Silent, |engine| engine.known_vectors())?;
        let people = known.into_iter().map(|(location, person, _)| InvitedPerson {
            location,
            label: person.label,
            person: person.person,
            key: person.key,
        });
        let invitation = Invitation {
            archive_id: self.marker.archive_id,
            archive_name: self.marker.archive_name.clone(),
            archive_key: guest.bundle.archive_key.clone(),
            location: guest.beginning.location,
            label: guest.beginning.label.clone(),
            person: guest.beginning.person.clone(),
            signing_seed: guest.bundle.signing_seed.clone(),
            exchange_seed: guest.bundle.exchange_seed.clone(),
            mailbox: handed_on.mailbox.clone(),
            mailbox_secret: handed_on.secret.clone(),
            allowance_bytes: self.marker.allowance_bytes,
            park_after_days: self.marker.park_after_days,
            inviter: (self.marker.location, self.signer.public()),
            people: people.collect(),
        };
        let mut nonce = [0; 24];
        let entropy: &dyn Entropy = &OsEntropy;
        entropy.fill(&mut nonce);
        Ok(words.envelope.seal(&invitation, nonce))
    }
}

/// Six new words, and the envelope that they open.
pub(crate) struct Words {
    pub(crate) phrase: Phrase,
    envelope: Envelope,
}

impl Words {
    /// Draws them. That takes 64 MiB for a moment.
    pub(crate) fn new() -> Self {
        let entropy: &dyn Entropy = &OsEntropy;
        let mut drawn = Zeroizing::new([0; 32]);
        entropy.fill(drawn.as_mut());
        let phrase = Phrase::from_entropy(&drawn);
        let envelope = Envelope::under(&phrase, entropy.sixteen());
        Self { phrase, envelope }
    }
}

pub(crate) fn write_new(path: &Path, bytes: &[u8]) -> Result<()> {
    use std::io::Write;
    let written = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .open(path)
        .and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        });
    written.map_err(|error| not_written(path, &error))
}

/// Says that a file of one's own could not be written, and what to do.
pub(crate) fn not_written(path: &Path, error: &std::io::Error) -> AppError {
    let path = path.display();
    if error.kind() == std::io::ErrorKind::StorageFull {
        return AppError::failed(
            DRIVE_FULL,
            format!("'{path}' could not be written: its drive is full."),
            "Make room there, or choose another place.",
        );
    }
    AppError::failed(
        "not_allowed",
        format!("'{path}' could not be written: {error}."),
        "Choose another place.",
    )
}
