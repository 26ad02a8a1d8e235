//! The mailbox of an archive: where this location finds it, what it holds, for whom.

use std::path::Path;

use offsync_adapters::cloud::Access;
use offsync_adapters::mailbox::{MailboxUrl, OpenedMailbox, create_mailbox, open_mailbox};
use offsync_core::ids::ArchiveId;
use offsync_core::ports::{Disk, Mailbox, MailboxError, MailboxErrorKind};
use offsync_engine::{CarriedOver, LocationStanding, LocationState, Silent};
use serde::Serialize;

use crate::accounts::{Accounts, MailboxPlace};
use crate::address::{bad_mailbox, mailbox_url};
use crate::app::App;
use crate::failure::{AppError, ExitClass, Result};
use crate::init::no_mailbox;
use crate::naming::told_apart;
use crate::opened::{Opened, sign_in_hint};
use crate::view::ForeignView;

/// What a mailbox holds.
#[derive(Clone, Debug, Serialize)]
pub struct MailboxReport {
    /// Its address, without secrets.
    pub mailbox: String,
    /// Objects in it.
    pub objects: u64,
    /// Their size in bytes.
    pub bytes: u64,
    /// What of these is not Offsync's.
    pub foreign: ForeignView,
    /// What it may hold in bytes; `None` for whatever there is room for.
    pub allowance_bytes: Option<u64>,
    /// Locations that have not applied everything.
    pub waiting_for: Vec<WaitingLocation>,
    /// Other homes that take part or are invited, as far as this one knows: each finds the mailbox by an address of its own.
    pub other_homes: u64,
    /// Whether a new mailbox was begun just now; absent where nobody asked for one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub begun: Option<bool>,
    /// What was carried over from the mailbox before; absent where it was not moved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moved: Option<CarriedOver>,
    /// Where it was before; absent where it was not moved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moved_from: Option<String>,
}

/// What is to be at the address that a mailbox is looked for at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailboxSought {
    /// The mailbox of the archive: a folder without it may be an empty mount point.
    There,
    /// That one, or a new one where it is gone for good.
    ThereOrNew,
}

/// A location that changesets wait for.
#[derive(Clone, Debug, Serialize)]
pub struct WaitingLocation {
    /// Hexadecimal location id.
    pub location_id: String,
    /// What people call it.
    pub label: String,
    /// What waits for it in bytes, as far as this location remembers.
    pub bytes: u64,
}

impl App {
    /// Tells what the mailbox of an archive holds.
    pub fn mailbox(&self, folder: &Path) -> std::result::Result<MailboxReport, AppError> {
        let mut archive = self.open_archive(folder)?;
        if let Some(trouble) = archive.mailbox_trouble.take() {
            return Err(archive.explained(trouble.into()));
        }
        let options = archive.options();
        let objects = match &archive.mailbox {
            Some(mailbox) => mailbox.list().map_err(|error| archive.explained(error.into()))?,
            None => Vec::new(),
        };
        let survey = archive.look(&Silent, |engine| engine.survey(&options))?;
        let labels = told_apart(survey.locations.iter().map(|one| (one.location, one.label.as_str())));
        let is_other = |standing: &&LocationStanding| !standing.is_this && standing.state != LocationState::Removed;
        let others = survey.locations.iter().filter(is_other);
        let behind = survey
            .locations
            .iter()
            .filter(|standing| standing.behind_changesets > 0 && is_waited_for(standing.state));
        Ok(MailboxReport {
            mailbox: archive.marker.mailbox.clone().unwrap_or_default(),
            objects: objects.len() as u64,
            bytes: objects.iter().map(|object| object.size_bytes).sum(),
            foreign: survey.mailbox.foreign.into(),
            allowance_bytes: archive.marker.allowance_bytes,
            waiting_for: behind
                .map(|standing| WaitingLocation {
                    location_id: standing.location.to_string(),
                    label: labels.get(&standing.location).cloned().unwrap_or_default(),
                    bytes: standing.behind_bytes,
                })
                .collect(),
            other_homes: others.count() as u64,
            begun: None,
            moved: None,
            moved_from: None,
        })
    }

    /// Lets this location find the mailbox of its archive at another address: a stick has one on each computer.
    ///
    /// Where it was emptied or is lost, a new one is begun if that is sought: what nobody has of it, homes ask each
    /// other for.
    pub fn use_mailbox(
        &self,
        folder: &Path,
        address: &str,
        sought: MailboxSought,
    ) -> std::result::Result<MailboxReport, AppError> {
        let place = self.mailbox_place(address)?;
        self.use_place(folder, place, sought)
    }

    fn use_place(&self, folder: &Path, place: MailboxPlace, sought: MailboxSought) -> Result<MailboxReport> {
        let mut archive = self.open_archive(folder)?;
        let place = place.around(&archive.marker.archive_id);
        self.refuse_overlap(&archive.root, Some(&place.url))?;
        let (identity, begun) = match sought {
            MailboxSought::There => (self.find_mailbox(&place, &archive.marker.archive_id)?, None),
            MailboxSought::ThereOrNew => {
                let (identity, is_new) = self.find_or_begin_mailbox(&place, &archive.marker.archive_id)?;
                (identity, Some(is_new))
            }
        };
        self.turn_to(&mut archive, &place, &identity)?;
        drop(archive);
        Ok(MailboxReport {
            begun,
            ..self.mailbox(folder)?
        })
    }

    /// Moves the mailbox of an archive to another address: what it holds goes along, and this location finds it there from
    /// now on.
    ///
    /// The old one stays as it is, since the others look there until they are told. Where it was moved by somebody else
    /// already, what this location's one holds is added to that.
    pub fn move_mailbox(&self, folder: &Path, address: &str) -> std::result::Result<MailboxReport, AppError> {
        let mut archive = self.open_archive(folder)?;
        let place = self.mailbox_place(address)?.around(&archive.marker.archive_id);
        let url = &place.url;
        self.refuse_overlap(&archive.root, Some(url))?;
        if archive.marker.mailbox.as_deref() == Some(url.to_string().as_str()) {
            return Err(AppError::failed(
                "same_mailbox",
                format!("The mailbox of '{}' is at {url} already.", archive.marker.archive_name),
                "Name another folder for it; `offsync mailbox show FOLDER` tells what it holds.",
            ));
        }
        if let Some(trouble) = archive.mailbox_trouble.take() {
            return Err(old_mailbox_is_away(trouble));
        }
        let to = self
            .begin_mailbox(&place, &archive.marker.archive_id)
            .map_err(|error| AppError {
                message: format!(
                    "The mailbox was not moved and is used where it was: {url} cannot take it. {}",
                    error.message
                ),
                ..error
            })?;
        let moved_from = archive.marker.mailbox.clone();
        let carried = archive.with_engine(&Silent, |engine| engine.carry_over(&to));
        let carried = carried.map_err(not_moved)?;
        let identity = to.identity().to_vec();
        self.turn_to(&mut archive, &place, &identity)
            .map_err(|error| AppError {
                message: format!("The mailbox was not moved and is used where it was. {}", error.message),
                ..error
            })?;
        drop(archive);
        Ok(MailboxReport {
            moved: Some(carried),
            moved_from,
            ..self.mailbox(folder)?
        })
    }

    /// Notes on the drive and at this computer where the mailbox is found from now on; on neither if one of them cannot be.
    fn turn_to(&self, archive: &mut Opened, place: &MailboxPlace, identity: &[u8]) -> Result<()> {
        let before = archive.marker.clone();
        archive.marker.mailbox = Some(place.url.to_string());
        archive.disk.write_marker(archive.marker.to_toml().as_bytes())?;
        let noted = self.remember_archive(&archive.root, &archive.marker);
        let noted = noted.and_then(|()| self.remember_mailbox(&archive.root, identity, place.account.as_deref()));
        if noted.is_err() {
            archive.disk.write_marker(before.to_toml().as_bytes())?;
            archive.marker = before;
        } else {
            // Where a drive has no room for it, the next sync says a sentence too many.
            let _ = archive.with_engine(&Silent, |engine| engine.turned_to_another_mailbox());
        }
        noted
    }
}

/// Says that the mailbox is where it was.
fn not_moved(error: AppError) -> AppError {
    let hint = match error.code {
        "mailbox_full" => "Make room where it is to go, or name another place.",
        "mailbox_away" => {
            "Try again once both can be reached, where it was and where it is to go; or name another place."
        }
        _ => error.hint.as_str(),
    };
    AppError {
        message: format!("The mailbox was not moved and is used where it was. {}", error.message),
        hint: format!("{hint} What got there is no loss: doing the same again goes on from there."),
        ..error
    }
}

/// Says that what is to be moved cannot be read.
fn old_mailbox_is_away(trouble: MailboxError) -> AppError {
    AppError {
        hint: "Moving takes along what the mailbox holds, so it has to be reachable: connect what it is on. Where it is lost for \
               good, begin a new one: `offsync mailbox use FOLDER MAILBOX --new`."
            .into(),
        ..trouble.into()
    }
}

impl App {
    /// The same for a folder; for none, where it was looked for so far.
    pub fn use_mailbox_folder(
        &self,
        folder: &Path,
        place: Option<&Path>,
        sought: MailboxSought,
    ) -> std::result::Result<MailboxReport, AppError> {
        if let Some(place) = place {
            return self.use_mailbox(folder, &address_of(place)?, sought);
        }
        let Opened { root, marker, .. } = self.open_archive(folder)?;
        let account = self.archives()?.account_of(&root, &marker.key_name);
        let url = mailbox_url(&marker.mailbox.unwrap_or_default())?;
        self.use_place(folder, MailboxPlace { url, account }, sought)
    }

    /// Moves the mailbox of an archive into a folder.
    pub fn move_mailbox_to_folder(&self, folder: &Path, place: &Path) -> std::result::Result<MailboxReport, AppError> {
        self.move_mailbox(folder, &address_of(place)?)
    }
}

fn address_of(place: &Path) -> Result<String> {
    let url = MailboxUrl::for_folder(place).map_err(|error| bad_mailbox(&error))?;
    Ok(url.to_string())
}

/// Tells whether what is in the mailbox stays there until a location has it.
fn is_waited_for(state: LocationState) -> bool {
    !matches!(state, LocationState::Removed | LocationState::Parked)
}

impl App {
    /// Looks whether the mailbox of an archive is at a place; gives the identity of its file system.
    pub(crate) fn find_mailbox(&self, place: &MailboxPlace, archive: &ArchiveId) -> Result<Vec<u8>> {
        let mailbox = open_mailbox(&place.url, archive, &[], self.access_of(place)?.as_ref())?;
        // One in an account is called for the first time by this.
        if mailbox.list()?.is_empty() && matches!(place.url, MailboxUrl::Cloud(_)) {
            let reason = format!("{} holds no mailbox of this archive", place.url);
            return Err(MailboxError::new(MailboxErrorKind::Missing, reason).into());
        }
        Ok(mailbox.identity().to_vec())
    }

    /// Finds the mailbox of an archive at a place, or begins one there; gives the identity of its file system, and whether
    /// it is new.
    fn find_or_begin_mailbox(&self, place: &MailboxPlace, archive: &ArchiveId) -> Result<(Vec<u8>, bool)> {
        match self.find_mailbox(place, archive) {
            Ok(identity) => Ok((identity, false)),
            Err(error) if ["mailbox_missing", "mailbox_away"].contains(&error.code) => {
                Ok((self.begin_mailbox(place, archive)?.identity().to_vec(), true))
            }
            Err(error) => Err(error),
        }
    }

    /// Opens the mailbox of an archive at a place, or makes it there.
    pub(crate) fn begin_mailbox(&self, place: &MailboxPlace, archive: &ArchiveId) -> Result<OpenedMailbox> {
        let made = create_mailbox(&place.url, archive, self.access_of(place)?.as_ref());
        made.map_err(|error| match &place.url {
            MailboxUrl::Folder(folder) => no_mailbox(folder, error),
            _ => error.into(),
        })
    }

    /// Gives what opens the account of a place; one that this computer is not signed in to is refused.
    pub(crate) fn access_of(&self, place: &MailboxPlace) -> Result<Option<Access>> {
        let access = self.access_for(&place.url, place.account.as_deref())?;
        let (MailboxUrl::Cloud(address), None) = (&place.url, &access) else {
            return Ok(access);
        };
        let accounts = Accounts::load(self.config_dir())?;
        let known = place.account.as_deref().and_then(|name| accounts.named(name));
        let mailbox = known.map_or_else(|| address.to_string(), |known| known.mailbox.clone());
        Err(AppError::new(
            ExitClass::Mailbox,
            "sign_in_needed",
            format!("This computer is not signed in to {address}."),
            sign_in_hint(place.account.as_deref(), &mailbox),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::AppOptions;
    use crate::archives::Archives;
    use crate::init::InitRequest;
    use crate::keystore::KeystoreKind;
    use crate::view::Headline;

    #[test]
    fn an_empty_mount_point_asks_nobody_and_what_else_lies_there_does() {
        let place = tempfile::tempdir().expect("there is a place for temporary files");
        let place = std::fs::canonicalize(place.path()).expect("it is there");
        let at = |name: &str| place.join(name);
        let app = App::new(&AppOptions {
            config_dir: Some(at("config")),
            keystore: KeystoreKind::Plain,
        });
        let app = app.expect("a folder was named");
        std::fs::create_dir(at("Photos")).expect("a folder can be made");
        app.init(&InitRequest {
            folder: at("Photos"),
            name: "Photos".into(),
            label: "Home".into(),
            mailbox: format!("fs://{}", at("nas").display()),
            ..InitRequest::default()
        })
        .expect("nothing is in the way");
        // The file system that it is on, one that it was on, and one without a name.
        let own = app.archives().expect("it is known").all[0].mailbox_identity.clone();
        assert!(!own.is_empty(), "this test needs a file system with a name");
        std::fs::rename(at("nas"), at("elsewhere")).expect("it can be moved");
        std::fs::create_dir(at("nas")).expect("a folder can be made");
        let check = |identity: &str, says: Option<&str>| {
            Archives::change(app.config_dir(), |archives| {
                archives.all[0].mailbox_identity = identity.to_owned();
            })
            .expect("it can be written");
            let status = app.status(&[at("Photos")]).expect("it can be read").remove(0);
            match (&status.headline, says) {
                (Headline::MailboxAway { .. }, None) => {}
                (Headline::NeedsYou { code, .. }, Some(says)) => assert_eq!(code, says),
                (other, says) => panic!("{other:?}, and not {says:?}"),
            }
        };
        check("00ff", None);
        check("", None);
        check(&own, Some("mailbox_missing"));
        std::fs::write(at("nas/own.txt"), "own").expect("it can be written");
        check("00ff", Some("mailbox_away"));
        check("", Some("mailbox_missing"));
        check(&own, Some("mailbox_missing"));
        std::fs::remove_dir_all(at("nas")).expect("it can be removed");
        check(&own, None);
    }
}
