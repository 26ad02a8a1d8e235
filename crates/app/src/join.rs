//! Joining: a folder becomes a location, with an invitation and six words.
//!
//! What is there is adopted. What lacks is wanted, never deleted; what differs stands
//! beside what the others have.

use std::path::{Path, PathBuf};

use offsync_adapters::clock::SystemClock;
use offsync_adapters::cloud::{Access, Credential};
use offsync_adapters::disk::{RealDisk, find_archive_root};
use offsync_adapters::mailbox::{MailboxUrl, open_mailbox};
use offsync_core::format::{Invitation, InvitationError, Marker, ObjectName, check_invitation, open_invitation};
use offsync_core::ids::{ArchiveId, LocationId, PublicKey};
use offsync_core::phrase::Phrase;
use offsync_core::ports::{Disk, Mailbox};
use offsync_core::rel_path::RelPath;
use offsync_core::seal::SigningKey;
use offsync_engine::{Adoption, Beginning, Companion};
use serde::Serialize;

use crate::accounts::MailboxPlace;
use crate::apart::there;
use crate::app::App;
use crate::archives::KnownArchive;
use crate::events::EventMonitor;
use crate::failure::{AppError, Result};
use crate::init::{refuse_around, usable_folder};
use crate::invite::write_new;
use crate::keystore::KeyBundle;
use crate::naming::{Named, meant_by, short_id, too_short};
use crate::opened::{index_path, read_marker, refuse_closed};

/// Where an invitation lies on a drive that was prepared for somebody.
pub(crate) const INVITATION_ON_DRIVE: &str = ".offsync/invitation";

/// What `join` asks for.
#[derive(Clone, Debug, Default)]
pub struct JoinRequest {
    /// The folder.
    pub folder: PathBuf,
    /// A file with an invitation; the one on the drive if none is named.
    pub invitation: Option<PathBuf>,
    /// The six words.
    pub phrase: Option<String>,
    /// The location that the folder was, after `.offsync` was lost.
    pub as_location: Option<String>,
    /// A file with the recovery sheet of the location that the folder was.
    pub recovery: Option<PathBuf>,
    /// Where this computer finds the mailbox, if not where the one who invited does: a URL.
    pub mailbox: Option<String>,
}

/// What `join` found.
#[derive(Clone, Debug, Serialize)]
pub struct JoinReport {
    /// Hexadecimal archive id.
    pub archive_id: String,
    /// The archive's name.
    pub name: String,
    /// Hexadecimal id of this location.
    pub location_id: String,
    /// What people call it.
    pub label: String,
    /// The folder.
    pub folder: String,
    /// Files that are there as they should be.
    pub adopted_files: u64,
    /// Files that are wanted.
    pub missing_files: Vec<String>,
    /// Files that differ or are extra.
    pub differing_files: Vec<String>,
    /// Whether this location has yet to hear from the others what the archive holds: until then all files count as extra.
    pub awaits_state: bool,
    /// Whether the invitation had made another home before: if that one lives on, this is a second one of its name.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub second_home: bool,
}

impl App {
    /// Lets a folder become a location.
    pub fn join(&self, request: &JoinRequest) -> std::result::Result<JoinReport, AppError> {
        match (&request.as_location, &request.recovery) {
            (Some(location), _) => self.join_again(&request.folder, location),
            (None, Some(sheet)) => self.join_recovered(request, sheet),
            (None, None) => self.join_invited(request),
        }
    }

    /// Tells whether a folder carries an invitation, and for whom it cannot say without the words.
    pub fn has_invitation(&self, folder: &Path) -> bool {
        folder.join(INVITATION_ON_DRIVE).is_file()
    }

    /// Looks whether there is an invitation to join with, before anybody types its words.
    pub fn look_for_invitation(&self, request: &JoinRequest) -> std::result::Result<(), AppError> {
        find_invitation(request).map(|_| ())
    }

    fn join_invited(&self, request: &JoinRequest) -> Result<JoinReport> {
        let (folder, sealed) = find_invitation(request)?;
        let phrase = request.phrase.as_deref().ok_or_else(|| {
            AppError::new(
                crate::failure::ExitClass::Usage,
                "phrase_needed",
                "The six words are needed to open this invitation.",
                "Give them with --phrase-file, or type them when asked.",
            )
        })?;
        let phrase = Phrase::parse(phrase).map_err(|error| {
            AppError::failed(
                "bad_phrase",
                format!("{error}."),
                "Check the six words with the person who invited you.",
            )
        })?;
        let invitation = open_invitation(&sealed, &phrase).map_err(invitation_failure)?;
        let bundle = KeyBundle {
            archive_key: invitation.archive_key.clone(),
            signing_seed: invitation.signing_seed.clone(),
            exchange_seed: invitation.exchange_seed.clone(),
        };
        let (mut invitation, mut account) = (invitation, None);
        if let Some(address) = &request.mailbox {
            let place = self.mailbox_place(address)?.around(&invitation.archive_id);
            // Said once more, it is as if it had not been: the invitation has what opens it.
            if !is_same_place(&place, &invitation.mailbox) {
                self.find_mailbox(&place, &invitation.archive_id)?;
                invitation.mailbox = place.url.to_string();
                account = place.account;
                invitation.mailbox_secret = None;
            }
        }
        self.refuse_place(&folder, &invitation.mailbox, &invitation.archive_id)?;
        let key_name = format!("{}.{}", invitation.archive_id, invitation.location);
        let mut was_used = false;
        let root = match find_archive_root(&folder) {
            Some(root) => {
                self.check_prepared(&root, &invitation, &key_name)?;
                self.keep_keys(&bundle, &key_name)?;
                let disk = RealDisk::open(&root)?;
                let mut marker = read_marker(&disk)?;
                if request.mailbox.is_some() {
                    marker.mailbox = Some(invitation.mailbox.clone());
                    disk.write_marker(marker.to_toml().as_bytes())?;
                }
                self.remember_archive(&root, &marker)?;
                root
            }
            None => {
                let root = usable_folder(&folder)?;
                refuse_around(&root)?;
                was_used = self.was_used(&invitation, &key_name)?;
                self.keep_keys(&bundle, &key_name)?;
                self.begin_invited(&root, &invitation, key_name)?;
                root
            }
        };
        // The same words open it here on another computer, too. A drive that takes it not still is a location.
        let envelope = root.join(INVITATION_ON_DRIVE);
        if !envelope.exists() {
            let _ = write_new(&envelope, &sealed);
        }
        if account.is_none() {
            let before = self
                .archives()?
                .account_of(&root, &read_marker(&RealDisk::open(&root)?)?.key_name);
            account = self.take_account(&invitation, before)?;
        }
        self.remember_account(&root, account)?;
        self.remember_invitation(&root)?;
        Ok(JoinReport {
            second_home: was_used,
            ..self.adopt(&root)?
        })
    }

    /// Tells whether an invitation has made a home already, as far as this computer and the mailbox know.
    fn was_used(&self, invitation: &Invitation, key_name: &str) -> Result<bool> {
        if self.archives()?.all.iter().any(|known| known.key_name == key_name) {
            return Ok(true);
        }
        let head = ObjectName::Head(invitation.location).to_string();
        // A mailbox that is elsewhere for this computer, or away, knows nothing.
        let listed = invitation.mailbox.parse().ok();
        let packed = invitation.mailbox_secret.as_ref();
        let access = packed.and_then(|packed| Credential::unpack(packed)).map(Access::from);
        let line = self.traffic()?;
        let access = access.map(|access| access.over(line));
        let listed = listed.and_then(|url| {
            let mailbox = open_mailbox(&url, &invitation.archive_id, &[], access.as_ref());
            mailbox.ok()?.list().ok()
        });
        Ok(listed.is_some_and(|objects| objects.iter().any(|object| object.name == head)))
    }

    /// Refuses a folder that this computer's settings lie in, or that does not lie apart from a mailbox.
    pub(crate) fn refuse_place(&self, folder: &Path, mailbox: &str, archive: &ArchiveId) -> Result<()> {
        if let Ok(root) = std::fs::canonicalize(folder) {
            self.refuse_own_settings(&root)?;
        }
        let root = find_archive_root(folder).unwrap_or_else(|| folder.to_path_buf());
        // The address is another computer's: here anything may lie at it.
        let mailbox = there(mailbox, archive);
        self.refuse_overlap(&root, mailbox.as_ref())
    }

    fn check_prepared(&self, root: &Path, invitation: &Invitation, key_name: &str) -> Result<()> {
        let marker = read_marker(&RealDisk::open(root)?)?;
        if marker.archive_id != invitation.archive_id {
            return Err(AppError::failed(
                "another_archive",
                format!(
                    "This folder is a copy of '{}', and the invitation is for '{}'.",
                    marker.archive_name, invitation.archive_name
                ),
                "Choose the folder that the invitation is for, or an empty one.",
            ));
        }
        // Whatever id the drive has taken since, it kept its keys.
        if marker.key_name != key_name {
            return Err(AppError::failed(
                "another_location",
                format!(
                    "This drive is '{}', and the invitation is for '{}'.",
                    marker.label, invitation.label
                ),
                format!(
                    "Use the six words or the recovery sheet of this drive. If it should become '{}', move the folder .offsync out of the archive and try again; the files stay.",
                    invitation.label
                ),
            ));
        }
        Ok(())
    }

    fn begin_invited(&self, root: &Path, invitation: &Invitation, key_name: String) -> Result<()> {
        let marker = Marker {
            archive_id: invitation.archive_id,
            archive_name: invitation.archive_name.clone(),
            location: invitation.location,
            label: invitation.label.clone(),
            person: invitation.person.clone(),
            key_name,
            mailbox: (!invitation.mailbox.is_empty()).then(|| invitation.mailbox.clone()),
            allowance_bytes: invitation.allowance_bytes,
            park_after_days: invitation.park_after_days,
            drive_identity: Vec::new(),
        };
        let beginning = Beginning {
            archive: invitation.archive_id,
            location: invitation.location,
            label: invitation.label.clone(),
            person: invitation.person.clone(),
        };
        let companions: Vec<Companion> = invitation
            .people
            .iter()
            .map(|person| Companion {
                location: person.location,
                label: person.label.clone(),
                person: person.person.clone(),
                key: person.key,
            })
            .collect();
        let key = SigningKey::from_seed(*invitation.signing_seed).public();
        self.make_location(root, marker, |index| {
            beginning.join(index, &key, &companions, &SystemClock)
        })
    }

    /// Makes a folder again the location that it was; this computer still knows its keys.
    fn join_again(&self, folder: &Path, location: &str) -> Result<JoinReport> {
        refuse_closed(folder)?;
        let root = std::fs::canonicalize(folder).map_err(|_| {
            AppError::failed(
                "no_such_folder",
                format!("There is no folder '{}'.", folder.display()),
                "Check the path, or plug in the drive.",
            )
        })?;
        let known = self.known_location(&root, location)?;
        let has_index = index_path(&root).exists();
        if find_archive_root(&root).is_some_and(|found| found == root) && has_index {
            return Err(AppError::failed(
                "is_an_archive",
                format!("'{}' is an Offsync archive with its index in place.", root.display()),
                "Just sync it.",
            ));
        }
        let bundle = KeyBundle::recall(self.secrets(), &known.key_name)?;
        let bad = |_| {
            AppError::failed(
                "settings",
                "Offsync's settings name an archive that has no good id.",
                "Join with the six words or the recovery sheet instead.",
            )
        };
        let location: LocationId = known.location_id.parse().map_err(bad)?;
        let archive_id = known.archive_id.parse().map_err(bad)?;
        self.refuse_place(&root, known.mailbox.as_deref().unwrap_or_default(), &archive_id)?;
        let marker = Marker {
            archive_id,
            archive_name: known.name.clone(),
            location,
            label: known.label.clone(),
            person: known.person.clone(),
            key_name: known.key_name.clone(),
            mailbox: known.mailbox.clone(),
            allowance_bytes: known.allowance_bytes,
            park_after_days: known.park_after_days,
            drive_identity: Vec::new(),
        };
        self.begin_again(&root, marker, &bundle.signer().public())
    }

    /// Finds a location that this computer knows by its label, its id or a beginning of one; of several, the one that
    /// was in this folder.
    fn known_location(&self, root: &Path, said: &str) -> Result<KnownArchive> {
        let named = |known: KnownArchive| Named {
            labels: vec![known.label.clone()],
            ids: vec![known.location_id.clone()],
            meant: known,
        };
        let mut meant = meant_by(said, self.archives()?.all.into_iter().map(named));
        if let Some(here) = meant.iter().position(|known| known.folder == root) {
            return Ok(meant.swap_remove(here));
        }
        // One drive that was plugged in at two places is still one location.
        meant.dedup_by(|one, other| (&one.archive_id, &one.location_id) == (&other.archive_id, &other.location_id));
        match meant.as_slice() {
            [known] => Ok(known.clone()),
            [] => Err(AppError::failed(
                "unknown_location",
                format!("This computer knows no location '{said}'.{}", too_short(said)),
                "Use its label or id as `offsync locations` shows it, on the computer that synced it last; elsewhere, join with its recovery sheet: `offsync join FOLDER --recovery FILE`.",
            )),
            several => {
                let name = |known: &KnownArchive| {
                    let id = short_id(&known.location_id);
                    format!("'{}' of '{}' {id}", known.label, known.name)
                };
                let names: Vec<String> = several.iter().map(name).collect();
                Err(AppError::failed(
                    "ambiguous_location",
                    format!("'{said}' may mean several locations: {}.", names.join(", ")),
                    "Say more of the label, or the id.",
                ))
            }
        }
    }

    /// Begins a location once more in a folder that lost its index, as the one that the marker names.
    pub(crate) fn begin_again(&self, root: &Path, marker: Marker, key: &PublicKey) -> Result<JoinReport> {
        let beginning = Beginning {
            archive: marker.archive_id,
            location: marker.location,
            label: marker.label.clone(),
            person: marker.person.clone(),
        };
        self.make_location(root, marker, |index| beginning.join_again(index, key, &SystemClock))?;
        self.adopt(root)
    }

    pub(crate) fn adopt(&self, root: &Path) -> Result<JoinReport> {
        let mut archive = self.open_archive(root)?;
        let archive_id = archive.marker.archive_id.to_string();
        let monitor = EventMonitor::new(archive_id.clone(), root, self.sink(), self.cancel());
        // A location that has synced before keeps what it knows: the words only bring its keys to this computer.
        let has_synced = archive.with_engine(&monitor, |engine| engine.has_synced())?;
        let adoption = if has_synced && archive.is_same_drive {
            let options = archive.options();
            let survey = archive.with_engine(&monitor, |engine| engine.survey(&options))?;
            Adoption {
                adopted_files: survey.files,
                ..Adoption::default()
            }
        } else {
            archive.with_engine(&monitor, |engine| engine.adopt())?
        };
        archive.adopt_drive()?;
        let awaits_state = archive.with_engine(&monitor, |engine| engine.awaits_state())?;
        let names = |paths: Vec<RelPath>| paths.iter().map(ToString::to_string).collect();
        Ok(JoinReport {
            archive_id,
            name: archive.marker.archive_name.clone(),
            location_id: archive.marker.location.to_string(),
            label: archive.marker.label.clone(),
            folder: root.display().to_string(),
            adopted_files: adoption.adopted_files,
            missing_files: names(adoption.missing),
            differing_files: names(adoption.differing),
            awaits_state,
            second_home: false,
        })
    }
}

/// Tells whether a place is the one that an invitation names, where no account of this computer is meant by it.
fn is_same_place(place: &MailboxPlace, invited: &str) -> bool {
    match (&place.url, invited.parse()) {
        (MailboxUrl::Cloud(said), Ok(MailboxUrl::Cloud(invited))) => {
            place.account.is_none() && invited.holds(said) && invited.root() == said.root()
        }
        _ => false,
    }
}

fn find_invitation(request: &JoinRequest) -> Result<(PathBuf, Vec<u8>)> {
    let folder = request.folder.clone();
    refuse_closed(&folder)?;
    if !folder.is_dir() {
        return Err(AppError::failed(
            "no_such_folder",
            format!("There is no folder '{}'.", folder.display()),
            "Check the path, or plug in the drive that it is on.",
        ));
    }
    let file = match &request.invitation {
        Some(file) => file.clone(),
        None => find_archive_root(&folder)
            .unwrap_or_else(|| folder.clone())
            .join(INVITATION_ON_DRIVE),
    };
    match std::fs::read(&file) {
        Ok(sealed) => check_invitation(&sealed)
            .map_err(invitation_failure)
            .map(|()| (folder, sealed)),
        Err(_) if request.invitation.is_none() => Err(AppError::failed(
            "no_invitation",
            format!("There is no invitation on '{}'.", folder.display()),
            "Use the drive that was prepared for you, name the invitation with --invitation, or your recovery sheet with --recovery.",
        )),
        Err(error) => Err(AppError::failed(
            "no_invitation",
            format!("The invitation '{}' cannot be read: {error}.", file.display()),
            "Check the path of the invitation.",
        )),
    }
}

fn invitation_failure(error: InvitationError) -> AppError {
    match error {
        InvitationError::Newer { .. } => AppError::failed(
            "newer_version_needed",
            "This invitation was made by a newer Offsync. Nothing was changed.",
            "Install the newest Offsync on this computer.",
        ),
        InvitationError::NotAnInvitation => AppError::failed(
            "no_invitation",
            "That file is no invitation of Offsync, or was cut short.",
            "Choose the file that the invitation came as, or ask whoever invited you for another one.",
        ),
        error => AppError::failed(
            "bad_phrase",
            format!("{error}."),
            "Check the six words with the person who invited you.",
        ),
    }
}
