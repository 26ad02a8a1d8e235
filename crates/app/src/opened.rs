//! An archive that is open for one command: the right drive, locked, with its keys and mailbox.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use offsync_adapters::clock::SystemClock;
use offsync_adapters::cloud::{Access, Asked, CloudAddress};
use offsync_adapters::disk::{ArchiveDisk, EngineLock, RealDisk, find_archive_root, is_empty_folder};
use offsync_adapters::entropy::OsEntropy;
use offsync_adapters::index::SqliteIndex;
use offsync_adapters::mailbox::{MailboxUrl, open_mailbox};
use offsync_adapters::witness::FileWitness;
use offsync_core::format::Marker;
use offsync_core::ports::{Disk, DiskErrorKind, Mailbox, MailboxError};
use offsync_core::seal::{ArchiveKeys, SigningKey};
use offsync_engine::{Engine, EngineError, Monitor, Ports, Silence, SyncOptions, mend_notes};

use crate::accounts::{AMBIGUOUS_ACCOUNT, Accounts};
use crate::address::{bad_mailbox, lies_at};
use crate::app::App;
use crate::archives::{Archives, KnownArchive};
use crate::exact_path::as_typed;
use crate::failure::{AppError, Result, lost_index, stranger_hint};
use crate::keystore::{KeyBundle, NO_KEY};
use crate::wrong_drive::wrong_drive;

/// How long a command waits for whoever holds the lock.
const LOCK_PATIENCE: Duration = Duration::from_secs(1);
const LOCK_PAUSE: Duration = Duration::from_millis(50);

/// How a sentence begins that names a place of which nobody but a drive says anything.
pub(crate) const DRIVE_SAYS: &str = "This drive says that its mailbox lies at";

/// A mailbox, or why it cannot be used now.
type MailboxNow = std::result::Result<Box<dyn Mailbox>, MailboxError>;

/// An open archive.
pub(crate) struct Opened {
    pub(crate) root: PathBuf,
    pub(crate) marker: Marker,
    pub(crate) disk: ArchiveDisk,
    pub(crate) index: SqliteIndex,
    pub(crate) mailbox: Option<Box<dyn Mailbox>>,
    pub(crate) mailbox_trouble: Option<MailboxError>,
    /// What opens the account that the mailbox is in.
    pub(crate) access: Option<Access>,
    /// What that account is called on this computer.
    pub(crate) account: Option<String>,
    /// Where that account's mailboxes go; `None` for one that this computer forgot.
    pub(crate) account_mailbox: Option<String>,
    /// Whether the file system that the mailbox was last seen on has no name to know it by.
    pub(crate) is_mailbox_nameless: bool,
    /// Whether the drive's file system is the one that the marker names.
    pub(crate) is_same_drive: bool,
    /// Whether the drive had no room for a note while this command looked at it.
    pub(crate) is_full: bool,
    pub(crate) bundle: KeyBundle,
    pub(crate) keys: ArchiveKeys,
    pub(crate) signer: SigningKey,
    pub(crate) witness: FileWitness,
    /// What happens to homes that do not come.
    silence: Silence,
    _lock: EngineLock,
}

/// Finds the archive that a folder is or lies in.
pub(crate) fn archive_root(folder: &Path) -> Result<PathBuf> {
    if let Some(root) = find_archive_root(folder) {
        return Ok(root);
    }
    refuse_closed(folder)?;
    let shown = folder.display();
    if !folder.exists() {
        return Err(AppError::failed(
            "no_such_folder",
            format!(
                "There is no folder '{shown}'. If it is on a drive, the drive is not plugged in; nothing was deleted anywhere."
            ),
            "Plug the drive in, or check the path.",
        ));
    }
    Err(AppError::failed(
        "not_an_archive",
        format!("'{shown}' is not an Offsync archive, or its drive is not plugged in. Nothing was deleted anywhere."),
        "Plug the right drive in; or run `offsync init` to begin an archive, `offsync join` to make this folder a copy of one.",
    ))
}

/// Refuses a folder of which nobody may see whether it is an archive or lies in one.
pub(crate) fn refuse_closed(folder: &Path) -> Result<()> {
    let Some(closed) = closed_folder(folder) else {
        return Ok(());
    };
    Err(AppError::failed(
        "not_allowed",
        format!(
            "Offsync may not look into '{}': you have no permission for it. Nothing was deleted anywhere.",
            closed.display()
        ),
        "Give yourself the permission to read and write it, or let whoever owns it run Offsync; then try again.",
    ))
}

/// Gives the folder that keeps whoever asks from seeing whether another one is an archive or lies in one: the outermost.
fn closed_folder(folder: &Path) -> Option<PathBuf> {
    let is_denied = |path: &PathBuf| {
        let looked = std::fs::symlink_metadata(path);
        looked.is_err_and(|error| error.kind() == std::io::ErrorKind::PermissionDenied)
    };
    let folder = std::path::absolute(folder).ok()?;
    let marked = |above: &Path| [".offsync", ".offsync/location.toml"].map(|own| above.join(own));
    let denied = folder
        .ancestors()
        .filter_map(|above| marked(above).into_iter().find(is_denied));
    denied.last()?.parent().map(Path::to_path_buf)
}

/// Says why nobody can tell whether an archive is in its folder; nothing where it is there, or away.
pub(crate) fn unreadable(folder: &Path) -> Option<AppError> {
    if let Err(closed) = refuse_closed(folder) {
        return Some(closed);
    }
    let marker = folder.join(".offsync").join("location.toml");
    let error = match std::fs::symlink_metadata(&marker) {
        Err(error) if !tells_away(&error) => error,
        // Where the folder can be listed, a bad place under the marker may be all that is wrong.
        _ => std::fs::read(&marker)
            .err()
            .filter(|error| is_unplugged(error) && can_be_listed(folder))?,
    };
    Some(AppError::failed(
        "drive_error",
        format!(
            "'{}' cannot be read: {error}. Nothing was deleted anywhere.",
            folder.display()
        ),
        "Check the drive and its cable; plug it in again.",
    ))
}

/// Tells whether all that stands in a folder can be named, be it from what the system remembers.
fn can_be_listed(folder: &Path) -> bool {
    std::fs::read_dir(folder).is_ok_and(|mut entries| entries.all(|entry| entry.is_ok()))
}

/// Tells whether an archive's drive answers no call any more, though what the system remembers of it may still be shown.
pub(crate) fn is_silent(folder: &Path) -> bool {
    let read = std::fs::read(folder.join(".offsync").join("location.toml"));
    read.is_err_and(|error| is_unplugged(&error))
}

/// Tells whether what looking for an archive ended with says that it is away, as an absent drive is.
fn tells_away(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{NotADirectory, NotFound, PermissionDenied};
    // A path of which nobody may see a part was refused, unless it is gone by now.
    matches!(error.kind(), NotFound | NotADirectory | PermissionDenied) || is_unplugged(error)
}

/// Tells whether a drive is mounted still and answers no call any more: its cable was pulled, or its bridge hangs.
#[cfg(unix)]
fn is_unplugged(error: &std::io::Error) -> bool {
    const EIO: i32 = 5;
    const ENXIO: i32 = 6;
    const ENODEV: i32 = 19;
    error.kind() == std::io::ErrorKind::NotConnected
        || error
            .raw_os_error()
            .is_some_and(|code| [EIO, ENXIO, ENODEV].contains(&code))
}

#[cfg(not(unix))]
fn is_unplugged(_: &std::io::Error) -> bool {
    false
}

/// Tells whether an archive that this computer knows could not be opened because its drive is not here: its folder is
/// missing, or the empty mount point of it. Where anything stands in it, `.offsync` is lost, and people have to know.
pub(crate) fn is_away(error: &AppError, folder: &Path) -> bool {
    match error.code {
        "no_such_folder" => true,
        "not_an_archive" => is_empty_folder(folder).unwrap_or(false),
        _ => false,
    }
}

/// Gives the mailbox of an archive as its drive says, which may have been told of another place since this computer last synced
/// it; as this computer knows it where the drive is not there.
pub(crate) fn mailbox_by_drive(archive: &KnownArchive) -> Option<String> {
    let on_drive = RealDisk::open(&archive.folder).ok();
    let marker = on_drive.and_then(|disk| read_marker(&disk).ok());
    match marker.filter(|marker| marker.key_name == archive.key_name) {
        Some(marker) => marker.mailbox,
        None => archive.mailbox.clone(),
    }
}

/// Reads the marker of an archive.
pub(crate) fn read_marker(disk: &RealDisk) -> Result<Marker> {
    let bytes = disk.read_marker()?.ok_or_else(lost_index)?;
    let text = String::from_utf8_lossy(&bytes);
    Marker::parse(&text).map_err(|error| match error {
        offsync_core::format::marker::MarkerError::Newer { .. } => AppError::failed(
            "newer_version_needed",
            "This drive was last used by a newer Offsync, which this one cannot read. Nothing was changed.",
            "Install the newest Offsync on this computer.",
        ),
        error => AppError::failed(
            "marker_damaged",
            format!("Offsync's marker on this drive is damaged: {error}. Your files are untouched."),
            "Move the folder .offsync out of the archive and run `offsync join FOLDER --as LOCATION`.",
        ),
    })
}

/// Takes the engine lock; somebody who merely looks is done in a moment.
pub(crate) fn lock_patiently(disk: &RealDisk) -> Result<EngineLock> {
    let began = Instant::now();
    loop {
        match disk.lock() {
            Err(error) if error.kind() == DiskErrorKind::Locked && began.elapsed() < LOCK_PATIENCE => {
                std::thread::sleep(LOCK_PAUSE);
            }
            lock => return Ok(lock?),
        }
    }
}

/// Gives what a drive's file system calls itself.
///
/// One without a name has a mark of its own: a named drive and a nameless one are never the same, and what is absent
/// after a move between them was not deleted.
pub(crate) fn drive_identity(disk: &RealDisk) -> Result<Vec<u8>> {
    const NAMELESS: [u8; 1] = [0];
    let identity = disk.facts()?.identity;
    Ok(if identity.is_empty() {
        NAMELESS.to_vec()
    } else {
        identity
    })
}

/// Gives where the index of an archive lies.
pub(crate) fn index_path(root: &Path) -> PathBuf {
    root.join(".offsync").join("index.sqlite")
}

impl App {
    /// Opens the archive that a folder is or lies in.
    pub(crate) fn open_archive(&self, folder: &Path) -> Result<Opened> {
        let root = archive_root(folder).map_err(|error| self.known_and_away(folder, error))?;
        let disk = ArchiveDisk::over(RealDisk::open(&root)?);
        let marker = read_marker(&disk)?;
        let lock = lock_patiently(&disk)?;
        // Before all else that may be wrong with it: what would heal another's drive would make it ours.
        self.refuse_wrong_drive(&root, &marker)?;
        if !index_path(&root).exists() {
            return Err(lost_index());
        }
        let bundle = KeyBundle::recall(self.secrets(), &marker.key_name).map_err(|error| match error.code {
            NO_KEY if !self.has_invitation(&root) => AppError {
                hint: "Run `offsync join FOLDER --recovery FILE` with its recovery sheet, or `offsync join FOLDER --invitation FILE` with the file of its invitation and the six words. Who began the archive has no six words: without a sheet, move the folder .offsync out of the archive and join with a new invitation from another home, by `offsync invite` there.".into(),
                ..error
            },
            _ => error,
        })?;
        let index = SqliteIndex::open(&index_path(&root))?;
        let archives = self.archives()?;
        let named = archives.account_of(&root, &marker.key_name);
        let found = self.account_at(&marker, named.as_deref())?;
        let access = found.as_deref().map(|name| self.access(name)).transpose()?.flatten();
        let mailbox = self.open_mailbox(&root, &marker, &archives, access.as_ref())?;
        let accounts = Accounts::load(self.config_dir())?;
        // One that this computer forgot is asked for under the name that it had; one that is there, and holds another place than
        // the archive's, is not what lacks.
        let account = found.or(named.filter(|name| accounts.named(name).is_none()));
        let account_mailbox = account.as_deref().and_then(|name| accounts.named(name));
        let account_mailbox = account_mailbox.map(|known| known.mailbox.clone());
        let (mailbox, mailbox_trouble) = match mailbox {
            Some(Ok(mailbox)) => (Some(mailbox), None),
            Some(Err(trouble)) => (None, Some(trouble)),
            None => (None, None),
        };
        let archives = self.archives()?;
        let is_mailbox_nameless = archives
            .at(&root)
            .is_some_and(|known| known.mailbox_identity.is_empty());
        let is_same_drive = marker.drive_identity.is_empty() || drive_identity(&disk)? == marker.drive_identity;
        let keys = ArchiveKeys::derive(&bundle.archive_key(), &marker.archive_id);
        let signer = bundle.signer();
        let witness = self.witness();
        Ok(Opened {
            root,
            marker,
            disk,
            index,
            mailbox,
            mailbox_trouble,
            access,
            account,
            account_mailbox,
            is_mailbox_nameless,
            is_same_drive,
            is_full: false,
            bundle,
            keys,
            signer,
            witness,
            silence: self.silence(),
            _lock: lock,
        })
    }

    /// Refuses the drive of a location that this computer has no key of, where it knows another one.
    ///
    /// The key tells, and not the id: a drive keeps its key under whatever id it goes on. Who joins here has it first.
    fn refuse_wrong_drive(&self, root: &Path, marker: &Marker) -> Result<()> {
        let archives = self.archives()?;
        let Some(known) = archives.at(root).filter(|known| known.key_name != marker.key_name) else {
            return Ok(());
        };
        if KeyBundle::is_kept(self.secrets(), &marker.key_name)? {
            return Ok(());
        }
        Err(wrong_drive(known, marker))
    }

    /// Says of a folder that this computer knows as an archive that its drive is away, or what stands in its place.
    fn known_and_away(&self, folder: &Path, error: AppError) -> AppError {
        // Archives are known by their full paths.
        let folder = &std::fs::canonicalize(folder).unwrap_or_else(|_| folder.to_path_buf());
        let is_known = self.archives().is_ok_and(|archives| archives.at(folder).is_some());
        if !is_known || error.code != "not_an_archive" {
            return error;
        }
        if !is_away(&error, folder) {
            return AppError::failed(
                "not_an_archive",
                format!(
                    "'{}' holds files, and its folder .offsync is lost, or another drive is in its place. Nothing was deleted anywhere.",
                    folder.display()
                ),
                "If these are the files of this archive, run `offsync join FOLDER --as LOCATION`; if not, plug in the right drive.",
            );
        }
        AppError::failed(
            "not_an_archive",
            format!(
                "'{}' is empty of Offsync: the drive with this archive is not plugged in. Nothing was deleted anywhere.",
                folder.display()
            ),
            "Plug the drive in and sync again.",
        )
    }

    /// Gives the account that the mailbox of an archive is in, as far as this computer knows.
    fn account_at(&self, marker: &Marker, named: Option<&str>) -> Result<Option<String>> {
        let Some(Ok(MailboxUrl::Cloud(address))) = marker.mailbox.as_ref().map(|url| url.parse()) else {
            return Ok(None);
        };
        match self.account_of(&address, named) {
            // Which one is meant, nobody said at this computer: it is as if there were none.
            Err(error) if error.code == AMBIGUOUS_ACCOUNT => Ok(None),
            account => account,
        }
    }

    /// Opens the mailbox; the inner error says why it cannot be used now, and is no reason not to look at the drive.
    fn open_mailbox(
        &self,
        root: &Path,
        marker: &Marker,
        archives: &Archives,
        access: Option<&Access>,
    ) -> Result<Option<MailboxNow>> {
        let Some(url) = &marker.mailbox else {
            return Ok(None);
        };
        let url: MailboxUrl = url.parse().map_err(|error| bad_mailbox(&error))?;
        let known = archives.at(root);
        let account = archives.account_of(root, &marker.key_name);
        let known = known.map(|known| known.mailbox_identity.clone()).unwrap_or_default();
        match open_mailbox(&url, &marker.archive_id, &unhex(&known), access) {
            Ok(mailbox) => {
                // Whoever opens an archive holds its drive.
                mailbox.sweep_of(&marker.location);
                let identity = hex(mailbox.identity());
                if known != identity {
                    self.remember_mailbox(root, mailbox.identity(), account.as_deref())?;
                }
                Ok(Some(Ok(Box::new(mailbox))))
            }
            Err(error) => Ok(Some(Err(error))),
        }
    }
}

impl Opened {
    /// Lets go of what is damaged in the notes of the index, before a sync begins on them.
    pub(crate) fn mend_notes(&mut self) -> Result<()> {
        Ok(mend_notes(&mut self.index, &self.disk)?)
    }

    /// Runs something on the engine of this archive.
    pub(crate) fn with_engine<T>(
        &mut self,
        monitor: &dyn Monitor,
        run: impl FnOnce(&mut Engine<'_>) -> std::result::Result<T, offsync_engine::EngineError>,
    ) -> Result<T> {
        let ports = Ports {
            disk: &self.disk,
            index: &mut self.index,
            mailbox: self.mailbox.as_deref(),
            clock: &SystemClock,
            entropy: &OsEntropy,
            witness: &self.witness,
        };
        let mut engine = Engine::open(ports, &self.keys, &self.signer, monitor)?;
        let done = run(&mut engine);
        drop(engine);
        done.map_err(|error| match error {
            // A call to an account is not waited for any more once somebody wants all to stop.
            EngineError::Mailbox(_) if monitor.is_cancelled() => EngineError::Cancelled.into(),
            error => self.explained(error.into()),
        })
    }

    /// Says which account is to be signed in to, where that is what lacks.
    pub(crate) fn explained(&self, error: AppError) -> AppError {
        let mailbox = self.marker.mailbox.as_deref().unwrap_or_default();
        let address = match mailbox.parse() {
            Ok(MailboxUrl::Cloud(address)) => Some(address),
            _ => None,
        };
        let is_account = address.is_some();
        let asks = address.as_ref().map(|address| address.protocol().asks());
        let by_key = matches!(asks, Some(Asked::Key { .. }));
        let hint = match error.code {
            "sign_in_needed" if by_key && self.access.is_some() => format!(
                "On that server, put the line that `offsync account key {}` shows into the file .ssh/authorized_keys of its user again; or ask whoever looks after it.",
                self.account.as_deref().unwrap_or("NAME")
            ),
            "sign_in_needed" => match (&self.account_mailbox, &address) {
                (None, Some(address)) => first_sign_in_hint(self.account.as_deref(), address),
                (known, _) => sign_in_hint(self.account.as_deref(), known.as_deref().unwrap_or(mailbox)),
            },
            "mailbox_stranger" => stranger_hint(&compare_command(
                self.account.as_deref().unwrap_or("NAME"),
                self.account_mailbox.as_deref().unwrap_or(mailbox),
            )),
            "mailbox_away" if is_account => "Try again later. Nothing is lost.".into(),
            "mailbox_missing" if is_account => "Look at the service whether it was moved or renamed, or a share there is not mounted. If it is lost for good, begin a new one: `offsync mailbox use FOLDER MAILBOX --new`.".into(),
            "mailbox_denied" if is_account => "Mend that at the service or in the address; `offsync account test NAME` tries it out.".into(),
            _ => return error,
        };
        AppError { hint, ..error }
    }

    /// Gives how cycles of this archive go.
    pub(crate) fn options(&self) -> SyncOptions {
        SyncOptions {
            allowance_bytes: self.marker.allowance_bytes,
            park_after_days: self.marker.park_after_days,
            silence: self.silence,
            trust_absence: self.is_same_drive,
            ..SyncOptions::default()
        }
    }

    /// Lets the marker name the file system that the archive lies on now.
    pub(crate) fn adopt_drive(&mut self) -> Result<()> {
        let identity = drive_identity(&self.disk)?;
        // The engine may have renewed the location; what stands there now is what counts.
        self.marker = read_marker(&self.disk)?;
        if self.marker.drive_identity != identity {
            self.marker.drive_identity = identity;
            self.disk.write_marker(self.marker.to_toml().as_bytes())?;
        }
        self.is_same_drive = true;
        Ok(())
    }
}

/// Says how this computer signs in to the account of a mailbox.
pub(crate) fn sign_in_hint(account: Option<&str>, mailbox: &str) -> String {
    format!(
        "Sign in: {}. If the account is somebody else's, ask them what opens it now.",
        sign_in_command(account.unwrap_or("NAME"), mailbox)
    )
}

/// The same where this computer was never signed in: a drive alone says where its mailbox lies, and anybody may have written
/// that. What it says of the server's key counts for nothing.
pub(crate) fn first_sign_in_hint(account: Option<&str>, address: &CloudAddress) -> String {
    let address = address.clone().without_host_key();
    let readable = match address.is_readable_on_the_way() {
        true => " The line to it is not encrypted: whoever is on the way can read what you type.",
        false => "",
    };
    format!(
        "{DRIVE_SAYS} {}.{readable} Sign in only if you know it. The command is {}. If the account is somebody else's, ask them what opens it now.",
        lies_at(&address),
        sign_in_command(account.unwrap_or("NAME"), &address.to_string())
    )
}

/// Gives the command that signs in to an account, as a shell takes it.
pub(crate) fn sign_in_command(name: &str, mailbox: &str) -> String {
    format!("`offsync account add {name} {}`", as_typed(mailbox, None))
}

/// The same for a server whose key is to be compared again: the one that an address brings along is not what it shows now.
pub(crate) fn compare_command(name: &str, mailbox: &str) -> String {
    match mailbox.parse() {
        Ok(MailboxUrl::Cloud(address)) => sign_in_command(name, &address.without_host_key().to_string()),
        _ => sign_in_command(name, mailbox),
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    let digits = text.as_bytes().chunks_exact(2);
    digits
        .filter_map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_drive_that_answers_no_call_any_more_is_away() {
        let check = |code: i32, is_told_away: bool| {
            let error = std::io::Error::from_raw_os_error(code);
            assert_eq!(tells_away(&error), is_told_away, "{error}");
        };
        let (no_such_file, failing_call, no_such_device, gone_device) = (2, 5, 6, 19);
        for code in [no_such_file, failing_call, no_such_device, gone_device] {
            check(code, true);
        }
        let (out_of_memory, too_many_files) = (12, 24);
        check(out_of_memory, false);
        check(too_many_files, false);
    }
}
