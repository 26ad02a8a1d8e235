//! Beginning an archive: this folder becomes its first location.

use std::path::{Path, PathBuf};

use offsync_adapters::clock::SystemClock;
use offsync_adapters::disk::{RealDisk, find_archive_root};
use offsync_adapters::entropy::OsEntropy;
use offsync_adapters::index::SqliteIndex;
use offsync_adapters::mailbox::{MailboxUrl, OpenedMailbox};
use offsync_core::format::Marker;
use offsync_core::ids::{ArchiveId, LocationId};
use offsync_core::limits::{ALLOWANCE_BYTES_MIN, PARK_AFTER_DAYS, PARK_AFTER_DAYS_MIN};
use offsync_core::ports::{Disk, DiskError, DiskErrorKind, Entropy, MailboxError};
use offsync_core::rel_path::RelPath;
use offsync_core::seal::ArchiveKeys;
use offsync_engine::Beginning;
use serde::Serialize;

use crate::app::App;
use crate::archives::{Archives, KnownArchive};
use crate::failure::{AppError, ExitClass, Result};
use crate::keystore::KeyBundle;
use crate::opened::{drive_identity, hex, index_path, refuse_closed};

/// What `init` asks for.
#[derive(Clone, Debug, Default)]
pub struct InitRequest {
    /// The folder with the files.
    pub folder: PathBuf,
    /// The archive's name.
    pub name: String,
    /// What to call this location.
    pub label: String,
    /// Who looks after it; the label if nobody is named.
    pub person: Option<String>,
    /// Where the mailbox is: a URL, or an account with or without a folder in it.
    pub mailbox: String,
    /// What the mailbox may hold in bytes.
    pub allowance_bytes: Option<u64>,
    /// Days of silence after which a location is parked.
    pub park_after_days: Option<u32>,
}

/// What `init` made.
#[derive(Clone, Debug, Serialize)]
pub struct InitReport {
    /// Hexadecimal archive id.
    pub archive_id: String,
    /// Hexadecimal id of this location.
    pub location_id: String,
    /// The archive's folder.
    pub folder: String,
    /// The mailbox's folder, if it was not there and was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub made_mailbox: Option<String>,
}

impl App {
    /// Begins an archive in a folder; its files stay where they are.
    pub fn init(&self, request: &InitRequest) -> std::result::Result<InitReport, AppError> {
        let root = usable_folder(&request.folder)?;
        self.refuse_known_home(&root)?;
        check_name("--name", &request.name)?;
        check_name("--label", &request.label)?;
        check_allowance(request.allowance_bytes)?;
        let place = self.mailbox_place(&request.mailbox)?;
        let url = &place.url;
        self.refuse_overlap(&root, Some(url))?;
        self.refuse_own_settings(&root)?;
        let entropy: &dyn Entropy = &OsEntropy;
        let archive = ArchiveId::new(entropy.sixteen());
        let location = LocationId::new(entropy.sixteen());
        let person = request.person.clone().unwrap_or_else(|| request.label.clone());
        let marker = Marker {
            archive_id: archive,
            archive_name: request.name.clone(),
            location,
            label: request.label.clone(),
            person: person.clone(),
            key_name: format!("{archive}.{location}"),
            mailbox: Some(url.to_string()),
            allowance_bytes: request.allowance_bytes,
            park_after_days: park_after(request.park_after_days)?,
            drive_identity: Vec::new(),
        };
        refuse_around(&root)?;
        // Whatever cannot be done is found before anything is kept anywhere else.
        self.secrets().get(&marker.key_name)?;
        RealDisk::create(&root)?;
        let bundle = KeyBundle::new(entropy);
        let made_mailbox = match url {
            MailboxUrl::Folder(folder) if !folder.exists() => Some(folder.display().to_string()),
            _ => None,
        };
        let mailbox = self
            .begin_mailbox(&place, &archive)
            .inspect_err(|_| forget_attempt(&root))?;
        self.keep_keys(&bundle, &marker.key_name)
            .inspect_err(|_| forget_attempt(&root))?;
        let beginning = Beginning {
            archive,
            location,
            label: request.label.clone(),
            person,
        };
        let keys = ArchiveKeys::derive(&bundle.archive_key(), &archive);
        let key_name = marker.key_name.clone();
        self.make_location(&root, marker, |index| {
            beginning.found(index, &keys, &bundle.signer(), &SystemClock, entropy)
        })
        .inspect_err(|_| self.forget_beginning(&root, &key_name, &mailbox))?;
        self.remember_mailbox(&root, mailbox.identity(), place.account.as_deref())?;
        Ok(InitReport {
            archive_id: archive.to_string(),
            location_id: location.to_string(),
            folder: root.display().to_string(),
            made_mailbox,
        })
    }

    /// Takes away what was kept for an archive that could not begin; with its marker it has.
    fn forget_beginning(&self, root: &Path, key_name: &str, mailbox: &OpenedMailbox) {
        let own = root.join(".offsync");
        if own.join("location.toml").exists() {
            return;
        }
        // What cannot be taken away is in nobody's way.
        for file in ["index.sqlite", "index.sqlite-journal", "lock"] {
            let _ = std::fs::remove_file(own.join(file));
        }
        forget_attempt(root);
        let _ = self.secrets().delete(key_name);
        mailbox.forget_if_empty();
    }

    /// Makes Offsync's own folder, an index and the marker, the marker last: without it nothing is there.
    pub(crate) fn make_location(
        &self,
        root: &Path,
        mut marker: Marker,
        begin: impl FnOnce(&mut SqliteIndex) -> std::result::Result<(), offsync_engine::EngineError>,
    ) -> Result<()> {
        let disk = RealDisk::create(root)?;
        let _lock = disk.lock()?;
        let path = index_path(root);
        if path.exists() {
            // Left by an attempt that ended before its marker was written.
            std::fs::remove_file(&path).map_err(|error| unwritable(root, &error))?;
        }
        let mut index = SqliteIndex::create(&path)?;
        begin(&mut index)?;
        drop(index);
        marker.drive_identity = drive_identity(&disk)?;
        disk.write_marker(marker.to_toml().as_bytes())?;
        disk.flush()?;
        self.remember_archive(root, &marker)
    }

    /// Lets this computer know an archive.
    pub(crate) fn remember_archive(&self, root: &Path, marker: &Marker) -> Result<()> {
        let mut archive = KnownArchive {
            archive_id: marker.archive_id.to_string(),
            location_id: marker.location.to_string(),
            name: marker.archive_name.clone(),
            label: marker.label.clone(),
            person: marker.person.clone(),
            folder: root.to_path_buf(),
            key_name: marker.key_name.clone(),
            mailbox: marker.mailbox.clone(),
            allowance_bytes: marker.allowance_bytes,
            park_after_days: marker.park_after_days,
            has_sheet: false,
            was_invited: false,
            mailbox_identity: String::new(),
            account: None,
        };
        Archives::change(self.config_dir(), |archives| {
            if let Some(known) = archives.at(root).filter(|known| known.mailbox == archive.mailbox) {
                archive.mailbox_identity = known.mailbox_identity.clone();
                archive.account = known.account.clone();
            }
            archives.put(archive);
        })
    }

    /// Keeps that something brings the keys of a location back.
    pub(crate) fn remember_sheet(&self, root: &Path) -> Result<()> {
        self.remember(root, |known| known.has_sheet = true)
    }

    /// Keeps that a location joined with an invitation.
    pub(crate) fn remember_invitation(&self, root: &Path) -> Result<()> {
        self.remember(root, |known| known.was_invited = true)
    }

    /// Keeps which file system the mailbox of an archive lies on, or which account was named for it.
    pub(crate) fn remember_mailbox(&self, root: &Path, identity: &[u8], account: Option<&str>) -> Result<()> {
        self.remember(root, |known| {
            known.mailbox_identity = hex(identity);
            known.account = account.map(str::to_owned);
        })
    }

    /// Keeps which account was named for the mailbox of an archive, if one was.
    pub(crate) fn remember_account(&self, root: &Path, account: Option<String>) -> Result<()> {
        match account {
            Some(account) => self.remember(root, |known| known.account = Some(account)),
            None => Ok(()),
        }
    }

    fn remember(&self, root: &Path, what: impl FnOnce(&mut KnownArchive)) -> Result<()> {
        Archives::change(self.config_dir(), |archives| {
            if let Some(known) = archives.all.iter_mut().find(|known| known.folder == root) {
                what(known);
            }
        })
    }

    /// Refuses the folder of a home that this computer knows, and whose own folder was lost: its keys would be forgotten.
    fn refuse_known_home(&self, root: &Path) -> Result<()> {
        let archives = self.archives()?;
        let Some(known) = archives.at(root) else {
            return Ok(());
        };
        Err(AppError::failed(
            "known_home",
            format!(
                "'{}' is the folder of '{}' with '{}', as far as this computer knows, and its folder .offsync is lost, or another drive is in its place. Nothing was changed.",
                root.display(),
                known.label,
                known.name
            ),
            "If these are its files, run `offsync join FOLDER --as LOCATION` to let it be that home again; if something new is to begin here, run `offsync forget FOLDER` first.",
        ))
    }

    /// Refuses a folder that holds this computer's settings: keys would travel with the files.
    pub(crate) fn refuse_own_settings(&self, root: &Path) -> Result<()> {
        let settings = std::path::absolute(self.config_dir()).unwrap_or_else(|_| self.config_dir().to_path_buf());
        let resolved = settings
            .ancestors()
            .find_map(|folder| std::fs::canonicalize(folder).ok());
        if resolved.is_some_and(|folder| folder.starts_with(root)) {
            return Err(AppError::failed(
                "settings_inside",
                format!(
                    "'{}' holds Offsync's own settings and keys ('{}'), which must not travel with the files.",
                    root.display(),
                    settings.display()
                ),
                "Choose a folder inside of it, or keep the settings elsewhere with --config-dir.",
            ));
        }
        Ok(())
    }
}

/// Checks that a folder can become a location and belongs to no archive yet.
pub(crate) fn usable_folder(folder: &Path) -> Result<PathBuf> {
    refuse_closed(folder)?;
    let shown = folder.display();
    let meta = std::fs::metadata(folder).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => AppError::failed(
            "no_such_folder",
            format!("There is no folder '{shown}'."),
            "Check the path, or plug in the drive that it is on.",
        ),
        _ => AppError::failed(
            "not_allowed",
            format!("'{shown}' cannot be used: {error}."),
            "Check its permissions.",
        ),
    })?;
    if !meta.is_dir() {
        return Err(AppError::failed(
            "not_a_folder",
            format!("'{shown}' is a file, not a folder."),
            "Name the folder that holds the files.",
        ));
    }
    let root = std::fs::canonicalize(folder).map_err(|error| {
        AppError::failed(
            "not_allowed",
            format!("'{shown}' cannot be used: {error}."),
            "Check its permissions.",
        )
    })?;
    if let Some(other) = find_archive_root(&root) {
        if other != root {
            return Err(lies_inside(folder, &other));
        }
        return Err(AppError::failed(
            "inside_an_archive",
            format!("'{shown}' is an Offsync archive already."),
            "Use `offsync sync` or `offsync status` there.",
        ));
    }
    Ok(root)
}

/// Says that a folder lies in an archive.
pub(crate) fn lies_inside(folder: &Path, archive: &Path) -> AppError {
    AppError::failed(
        "inside_an_archive",
        format!(
            "'{}' lies inside the archive '{}'.",
            folder.display(),
            archive.display()
        ),
        "Choose a folder outside of it; what is inside travels with that archive anyway.",
    )
}

/// Refuses a folder with an archive somewhere in it: two engines would work on the same files.
pub(crate) fn refuse_around(root: &Path) -> Result<()> {
    let mut left = vec![root.to_path_buf()];
    while let Some(folder) = left.pop() {
        // What cannot be read is named by the first sync.
        let Ok(entries) = std::fs::read_dir(&folder) else {
            continue;
        };
        let folders = entries
            .flatten()
            .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        for inner in folders.map(|entry| entry.path()) {
            if find_archive_root(&inner).is_some_and(|found| found == inner) {
                return Err(AppError::failed(
                    "holds_an_archive",
                    format!("'{}' holds the archive '{}'.", root.display(), inner.display()),
                    "Choose a folder beside it, or move that archive out first.",
                ));
            }
            left.push(inner);
        }
    }
    Ok(())
}

/// Says why a mailbox could not be made. Its own folder is made, never the one above it: where that lacks, the drive that
/// it should be on is likelier not there than new.
pub(crate) fn no_mailbox(folder: &Path, error: MailboxError) -> AppError {
    let above = folder.parent().filter(|above| !above.exists());
    let Some(above) = above else { return error.into() };
    AppError {
        message: format!(
            "The mailbox cannot be made: there is no folder '{}' for '{}' to lie in.",
            above.display(),
            folder.file_name().unwrap_or_default().to_string_lossy()
        ),
        hint: format!(
            "Plug in the stick or connect the NAS that it is on, and begin again; or make it first, if it is to be new: `mkdir -p '{}'`.",
            above.display()
        ),
        ..error.into()
    }
}

/// Takes Offsync's own folder away again, if nothing was put into it.
pub(crate) fn forget_attempt(root: &Path) {
    let own = root.join(".offsync");
    for folder in [own.join("staging"), own.join("trash"), own] {
        // What is not empty is not ours to take.
        let _ = std::fs::remove_dir(folder);
    }
}

pub(crate) fn unwritable(root: &Path, error: &std::io::Error) -> AppError {
    let at = || RelPath::root();
    match error.kind() {
        std::io::ErrorKind::ReadOnlyFilesystem => return DiskError::new(DiskErrorKind::ReadOnly, at(), "").into(),
        std::io::ErrorKind::StorageFull => return DiskError::new(DiskErrorKind::Full, at(), "").into(),
        _ => {}
    }
    AppError::failed(
        "not_allowed",
        format!("'{}' cannot be written: {error}.", root.display()),
        "Check its permissions, or make the drive writable.",
    )
}

pub(crate) fn check_name(what: &str, name: &str) -> Result<()> {
    if name.trim().is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
        return Err(AppError::new(
            ExitClass::Usage,
            "bad_name",
            format!("{what} must be 1 to 100 characters on one line."),
            "Choose a short name that people know it by.",
        ));
    }
    Ok(())
}

fn check_allowance(allowance_bytes: Option<u64>) -> Result<()> {
    match allowance_bytes {
        Some(bytes) if bytes < ALLOWANCE_BYTES_MIN => Err(AppError::new(
            ExitClass::Usage,
            "allowance_too_small",
            format!(
                "An allowance of {bytes} bytes is too small; the least is {} MiB.",
                ALLOWANCE_BYTES_MIN >> 20
            ),
            "Give more room, or leave the allowance away.",
        )),
        _ => Ok(()),
    }
}

/// Checks after how many days of silence a location stops to count.
fn park_after(days: Option<u32>) -> Result<u32> {
    match days {
        None => Ok(PARK_AFTER_DAYS),
        Some(days) if days >= PARK_AFTER_DAYS_MIN => Ok(days),
        Some(days) => Err(AppError::usage(format!(
            "--park-after {days} would set people aside who are away for a week; it is at least {PARK_AFTER_DAYS_MIN} days."
        ))),
    }
}
