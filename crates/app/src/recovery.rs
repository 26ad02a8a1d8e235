//! The recovery sheet: written by one command, and what `join --recovery` makes of it.
//!
//! The sheet holds the keys openly, and says so. It is never overwritten, never written into an archive or a mailbox,
//! and readable by its owner alone. Joining with it changes no file, and keeps no key before it fits.

use std::io::Write;
use std::path::{Path, PathBuf};

use offsync_adapters::clock::SystemClock;
use offsync_adapters::disk::{RealDisk, find_archive_root};
use offsync_adapters::entropy::OsEntropy;
use offsync_adapters::index::SqliteIndex;
use offsync_adapters::mailbox::MailboxUrl;
use offsync_core::format::{Marker, RecoverySheet, SheetError};
use offsync_core::ports::{Clock, Disk};
use offsync_core::seal::ArchiveKeys;
use offsync_engine::{Engine, Ports, Silent};
use serde::Serialize;
use zeroize::Zeroizing;

use crate::app::App;
use crate::failure::{AppError, Result};
use crate::init::usable_folder;
use crate::invite::not_written;
use crate::join::{JoinReport, JoinRequest};
use crate::keystore::KeyBundle;
use crate::opened::{Opened, index_path, lock_patiently, read_marker, refuse_closed};
use crate::outside::refuse_travelling;
use crate::times::rfc3339;

/// A longer file is no sheet.
const SHEET_BYTES_MAX: u64 = 1 << 20;
/// Longer names and addresses are not worth typing; the mailbox can be said with `--mailbox` then.
const NAME_CHARS_MAX: usize = 100;
const ADDRESS_BYTES_MAX: usize = 300;

/// What `recovery` wrote.
#[derive(Clone, Debug, Serialize)]
pub struct RecoveryReport {
    /// Hexadecimal archive id.
    pub archive_id: String,
    /// Hexadecimal id of the location that the sheet brings back.
    pub location_id: String,
    /// The archive's folder.
    pub folder: String,
    /// The sheet.
    pub file: String,
}

impl App {
    /// Writes the recovery sheet of the location in a folder.
    pub fn write_recovery_sheet(&self, folder: &Path, out: &Path) -> std::result::Result<RecoveryReport, AppError> {
        let mut archive = self.open_archive(folder)?;
        refuse_travelling(
            out,
            archive.marker.mailbox.as_deref(),
            "the recovery sheet",
            "The sheet holds the keys.",
        )?;
        let text = sheet_text(&mut archive)?;
        write_private(out, text.as_bytes())?;
        self.remember_sheet(&archive.root)?;
        let file = std::fs::canonicalize(out).unwrap_or_else(|_| out.to_path_buf());
        Ok(RecoveryReport {
            archive_id: archive.marker.archive_id.to_string(),
            location_id: archive.marker.location.to_string(),
            folder: archive.root.display().to_string(),
            file: file.display().to_string(),
        })
    }

    /// Hands the recovery sheet of the location in a folder to whoever prints it.
    pub fn print_recovery_sheet(&self, folder: &Path, out: &mut dyn Write) -> std::result::Result<(), AppError> {
        let mut archive = self.open_archive(folder)?;
        let text = sheet_text(&mut archive)?;
        out.write_all(text.as_bytes())
            .and_then(|()| out.flush())
            .map_err(|error| {
                AppError::failed(
                    "not_allowed",
                    format!("The recovery sheet could not be written to standard output: {error}."),
                    "Name a file with --out.",
                )
            })?;
        self.remember_sheet(&archive.root)
    }

    /// Lets a folder be the location of a recovery sheet again.
    pub(crate) fn join_recovered(&self, request: &JoinRequest, file: &Path) -> Result<JoinReport> {
        let mut sheet = read_sheet(file)?;
        refuse_closed(&request.folder)?;
        if !request.folder.is_dir() {
            return Err(AppError::failed(
                "no_such_folder",
                format!("There is no folder '{}'.", request.folder.display()),
                "Check the path, or plug in the drive that it is on.",
            ));
        }
        let mut account = None;
        if let Some(address) = &request.mailbox {
            let place = self.mailbox_place(address)?.around(&sheet.archive_id);
            self.find_mailbox(&place, &sheet.archive_id)?;
            sheet.mailbox = place.url.to_string();
            account = place.account;
        }
        self.refuse_place(&request.folder, &sheet.mailbox, &sheet.archive_id)?;
        let bundle = KeyBundle {
            archive_key: sheet.archive_key.clone(),
            signing_seed: sheet.signing_seed.clone(),
            exchange_seed: sheet.exchange_seed.clone(),
        };
        let root = find_archive_root(&request.folder);
        match &root {
            Some(root) if index_path(root).exists() => {
                let mut marker = fitting_marker(root, &sheet, &bundle)?;
                self.keep_keys(&bundle, &marker.key_name)?;
                if request.mailbox.is_some() {
                    marker.mailbox = Some(sheet.mailbox.clone());
                    RealDisk::open(root)?.write_marker(marker.to_toml().as_bytes())?;
                }
                self.remember_archive(root, &marker)?;
                self.remember_sheet(root)?;
                self.remember_account(root, account)?;
                self.adopt(root)
            }
            root => {
                let root = match root {
                    Some(root) => marker_without_index(root, &sheet).map(|()| root.clone())?,
                    None => usable_folder(&request.folder)?,
                };
                let marker = marker_of(&sheet);
                self.keep_keys(&bundle, &marker.key_name)?;
                let report = self.begin_again(&root, marker, &bundle.signer().public())?;
                self.remember_sheet(&root)?;
                self.remember_account(&root, account)?;
                Ok(report)
            }
        }
    }
}

fn sheet_text(archive: &mut Opened) -> Result<Zeroizing<String>> {
    let others = archive.with_engine(&Silent, |engine| engine.known_vectors())?;
    let here = archive.marker.location;
    let others = others.into_iter().filter(|(location, _, _)| *location != here);
    let others: Vec<String> = others
        .map(|(_, person, _)| format!("{} ({})", person.label, person.person))
        .collect();
    let now_ns = Clock::now_ns(&SystemClock);
    Ok(printed(&sheet_of(archive), &others, &rfc3339(now_ns)[..10]))
}

fn sheet_of(archive: &Opened) -> RecoverySheet {
    let marker = &archive.marker;
    let short = |name: &String| name.chars().take(NAME_CHARS_MAX).collect();
    let mailbox = marker.mailbox.clone().filter(|url| url.len() <= ADDRESS_BYTES_MAX);
    RecoverySheet {
        archive_id: marker.archive_id,
        archive_name: short(&marker.archive_name),
        archive_key: archive.bundle.archive_key.clone(),
        location: marker.location,
        label: short(&marker.label),
        person: short(&marker.person),
        signing_seed: archive.bundle.signing_seed.clone(),
        exchange_seed: archive.bundle.exchange_seed.clone(),
        mailbox: mailbox.unwrap_or_default(),
        allowance_bytes: marker.allowance_bytes,
        park_after_days: marker.park_after_days,
    }
}

fn marker_of(sheet: &RecoverySheet) -> Marker {
    Marker {
        archive_id: sheet.archive_id,
        archive_name: sheet.archive_name.clone(),
        location: sheet.location,
        label: sheet.label.clone(),
        person: sheet.person.clone(),
        key_name: format!("{}.{}", sheet.archive_id, sheet.location),
        mailbox: (!sheet.mailbox.is_empty()).then(|| sheet.mailbox.clone()),
        allowance_bytes: sheet.allowance_bytes,
        park_after_days: sheet.park_after_days,
        drive_identity: Vec::new(),
    }
}

/// Gives the marker of a drive whose index is in place, if the sheet is this very location's.
///
/// The id may be another than on the sheet: a drive that was restored took a new one, and kept its keys.
fn fitting_marker(root: &Path, sheet: &RecoverySheet, bundle: &KeyBundle) -> Result<Marker> {
    let disk = RealDisk::open(root)?;
    let marker = read_marker(&disk)?;
    if marker.archive_id != sheet.archive_id {
        return Err(another_archive(&marker, sheet));
    }
    let _lock = lock_patiently(&disk)?;
    let mut index = SqliteIndex::open(&index_path(root))?;
    let keys = ArchiveKeys::derive(&bundle.archive_key(), &sheet.archive_id);
    let signer = bundle.signer();
    let witness = offsync_adapters::witness::FileWitness::new(PathBuf::new());
    let ports = Ports {
        disk: &disk,
        index: &mut index,
        mailbox: None,
        clock: &SystemClock,
        entropy: &OsEntropy,
        witness: &witness,
    };
    let own_key = Engine::open(ports, &keys, &signer, &Silent)?.own_key()?;
    let fits = own_key.map_or(marker.location == sheet.location, |key| key == signer.public());
    if fits {
        Ok(marker)
    } else {
        Err(another_location(&marker, sheet))
    }
}

/// Checks the marker of a drive whose index is lost: who it was can only be told by its id.
fn marker_without_index(root: &Path, sheet: &RecoverySheet) -> Result<()> {
    let marker = read_marker(&RealDisk::open(root)?)?;
    match () {
        () if marker.archive_id != sheet.archive_id => Err(another_archive(&marker, sheet)),
        () if marker.location != sheet.location => Err(another_location(&marker, sheet)),
        () => Ok(()),
    }
}

fn another_archive(marker: &Marker, sheet: &RecoverySheet) -> AppError {
    AppError::failed(
        "another_archive",
        format!(
            "This folder is a copy of '{}', and the recovery sheet is of '{}'.",
            marker.archive_name, sheet.archive_name
        ),
        "Choose the folder that the sheet is of, or an empty one.",
    )
}

fn another_location(marker: &Marker, sheet: &RecoverySheet) -> AppError {
    AppError::failed(
        "another_location",
        format!(
            "This drive is '{}', and the recovery sheet is of '{}'.",
            marker.label, sheet.label
        ),
        format!(
            "Use the sheet of this drive. If it should become '{}', move the folder .offsync out of the archive and try again.",
            sheet.label
        ),
    )
}

fn read_sheet(file: &Path) -> Result<RecoverySheet> {
    use std::io::Read;
    let unreadable = |why: String| {
        AppError::failed(
            "no_recovery_sheet",
            format!("The recovery sheet '{}' cannot be read: {why}.", file.display()),
            "Check the path of the sheet.",
        )
    };
    let mut bytes = Zeroizing::new(Vec::new());
    std::fs::File::open(file)
        .and_then(|opened| opened.take(SHEET_BYTES_MAX).read_to_end(&mut bytes))
        .map_err(|error| unreadable(error.to_string()))?;
    let text = Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned());
    RecoverySheet::parse(&text).map_err(|error| match error {
        SheetError::Newer { .. } => AppError::failed(
            "newer_version_needed",
            "This recovery sheet was written by a newer Offsync. Nothing was changed.",
            "Install the newest Offsync on this computer.",
        ),
        error => AppError::failed(
            "bad_recovery_sheet",
            format!("{error}."),
            "Compare what was typed with the printed sheet, line by line; capitals, blanks and dashes do not matter.",
        ),
    })
}

/// Writes a file that only its owner can read; one that is there is never touched.
fn write_private(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let unwritten = |error: std::io::Error| not_written(path, &error);
    let mut file = options.open(path).map_err(unwritten)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(|error| {
        // Half a sheet is worse than none.
        let _ = std::fs::remove_file(path);
        unwritten(error)
    })
}

/// Puts the sheet into words. No line but those of the sheet itself begins with a number.
fn printed(sheet: &RecoverySheet, others: &[String], date: &str) -> Zeroizing<String> {
    let plain = |text: &str| text.replace(char::is_control, " ");
    let mailbox = if sheet.mailbox.is_empty() {
        "none on this sheet; add --mailbox"
    } else {
        &sheet.mailbox
    };
    let others = if others.is_empty() {
        "none yet".to_owned()
    } else {
        others.join("; ")
    };
    let account = match sheet.mailbox.parse() {
        Ok(MailboxUrl::Cloud(_)) => {
            "The mailbox lies in an account. This sheet does not open that: have its sign-in at hand, too.\n\n"
        }
        _ => "",
    };
    let mut text = Zeroizing::new(format!(
        "OFFSYNC RECOVERY SHEET\n\n\
         Offsync keeps copies of the same files on drives in several homes, with nobody online at the same time.\n\
         The files on the drive are ordinary files: any computer can open and copy them, without Offsync\n\
         and without this sheet.\n\n\
         Archive:      {}\n\
         Location:     {} ({})\n\
         Written:      {date}\n\
         Mailbox:      {}\n\
         Other homes:  {}\n\
         Archive id:   {}\n\
         Location id:  {}\n\n\
         WHOEVER HAS THIS SHEET CAN READ EVERYTHING IN THIS ARCHIVE, and write to it as this location.\n\
         Keep it as you keep a passport. Do not send it, and do not keep it on the archive's own drive.\n\n\
         The sheet holds keys, not files. If the computer is lost, or forgot the\n\
         archive, the sheet and the drive bring this location back on any computer. Plug the drive in, and run\n\n\
         \x20   offsync join FOLDER --recovery FILE\n\n\
         FOLDER is the archive's folder on the drive; FILE is this file, or a text file with the numbered\n\
         lines below typed into it. Capitals, blanks and dashes do not matter; O counts as 0, I and L as 1.\n\
         If the drive is lost as well, take an empty folder: the files come from the other homes.\n\n{account}",
        plain(&sheet.archive_name),
        plain(&sheet.label),
        plain(&sheet.person),
        plain(mailbox),
        plain(&others),
        sheet.archive_id,
        sheet.location,
    ));
    for line in sheet.lines() {
        text.push_str(&line);
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_printed_sheet_reads_as_what_it_is_whatever_names_it_has() {
        let sheet = RecoverySheet {
            archive_id: offsync_core::ids::ArchiveId::new([1; 16]),
            archive_name: "2024\n07 ABCD EFGH JKMN PQRS TVWX YZ01 2345 6789 ABCD".into(),
            archive_key: [2; 32].into(),
            location: offsync_core::ids::LocationId::new([3; 16]),
            label: "1".into(),
            person: "Pep".into(),
            signing_seed: [4; 32].into(),
            exchange_seed: [5; 32].into(),
            mailbox: String::new(),
            allowance_bytes: None,
            park_after_days: 180,
        };
        let text = printed(&sheet, &["01 \r\n02 x".into()], "2026-11-20");
        assert!(!text.contains("lies in an account"));
        assert_eq!(RecoverySheet::parse(&text), Ok(sheet.clone()));
        let in_account = RecoverySheet {
            mailbox: "webdav://pep@cloud.example.org/offsync".into(),
            ..sheet
        };
        let text = printed(&in_account, &[], "2026-11-20");
        assert!(text.contains("This sheet does not open that: have its sign-in at hand, too."));
        assert_eq!(RecoverySheet::parse(&text), Ok(in_account));
    }
}
