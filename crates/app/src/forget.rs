//! Forgetting: this computer lets go of an archive's keys and of what it knows of it.
//!
//! The drive and its files are never touched, and need not be there. Keys that nothing else is known to bring back
//! go on a yes alone.

use std::path::Path;

use offsync_adapters::disk::{RealDisk, find_archive_root};
use offsync_core::ports::Witness;
use serde::Serialize;

use crate::app::App;
use crate::archives::{Archives, KnownArchive};
use crate::failure::{AppError, Result};
use crate::join::INVITATION_ON_DRIVE;
use crate::naming::{Named, meant_by, too_short};
use crate::opened::lock_patiently;
use crate::view::{Headline, WayBack};

/// What `forget` did.
#[derive(Clone, Debug, Serialize)]
pub struct ForgetReport {
    /// Hexadecimal archive id.
    pub archive_id: String,
    /// Hexadecimal id of the location.
    pub location_id: String,
    /// Its folder, as this computer knew it.
    pub folder: String,
    /// The archive's name.
    pub name: String,
    /// What people call the location.
    pub label: String,
    /// Whether a recovery sheet brings its keys back.
    pub has_sheet: bool,
    /// Whether the six words of an invitation do: the founder of an archive has none.
    pub was_invited: bool,
    /// Whether the invitation that these words open is known to lie on the drive: elsewhere, its file is needed.
    #[serde(skip)]
    pub has_invitation: bool,
    /// Whether it is forgotten now.
    pub forgotten: bool,
    /// Why it waits for a yes, if it does.
    pub held: Option<ForgetHeld>,
}

/// Why forgetting waits for a yes.
#[derive(Clone, Debug, Serialize)]
pub struct ForgetHeld {
    /// Always `no_recovery_sheet` for now.
    pub reason: String,
}

impl App {
    /// Tells what would be forgotten, which may have been named by a folder in it; changes nothing.
    pub fn would_forget(&self, folder: &Path) -> std::result::Result<ForgetReport, AppError> {
        Ok(what(&self.known_archive(folder)?))
    }

    /// Forgets an archive, named by its folder, its location's label or the beginning of an id.
    pub fn forget(&self, folder: &Path, is_meant: bool) -> std::result::Result<ForgetReport, AppError> {
        let known = self.known_archive(folder)?;
        let is_here = find_archive_root(&known.folder).as_ref() == Some(&known.folder);
        let disk = is_here.then(|| RealDisk::open(&known.folder)).transpose()?;
        let _lock = disk.as_ref().map(lock_patiently).transpose()?;
        let archives = self.archives()?;
        let others = || archives.all.iter().filter(|other| other.folder != known.folder);
        let keeps_keys = others().any(|other| other.key_name == known.key_name);
        let report = |forgotten: bool| ForgetReport {
            forgotten,
            held: (!forgotten).then(|| ForgetHeld {
                reason: "no_recovery_sheet".into(),
            }),
            ..what(&known)
        };
        if !keeps_keys && !known.has_sheet && !is_meant {
            return Ok(report(false));
        }
        // Keys first: what is cut off here is still known, and can be forgotten again.
        if !keeps_keys {
            self.secrets().delete(&known.key_name)?;
        }
        let is_twin =
            |other: &KnownArchive| other.archive_id == known.archive_id && other.location_id == known.location_id;
        if !others().any(is_twin)
            && let (Ok(archive), Ok(location)) = (known.archive_id.parse(), known.location_id.parse())
        {
            self.witness().forget(&archive, &location)?;
        }
        Archives::change(self.config_dir(), |archives| {
            archives.all.retain(|other| other.folder != known.folder);
        })?;
        // What an invitation brought along for this archive alone goes with it.
        if !others().any(|other| other.archive_id == known.archive_id) {
            self.forget_accounts_of(&known.archive_id)?;
        }
        Ok(report(true))
    }

    /// Forgets a copy that was taken out of its archive, if it still is, and comes back as a person was told.
    pub fn forget_removed(&self, folder: &Path, told: WayBack) -> std::result::Result<ForgetReport, AppError> {
        // What was shown may be of another day.
        let status = self.status(&[folder.to_path_buf()])?;
        match status.first().map(|one| &one.headline) {
            Some(Headline::Removed { way_back, .. }) if *way_back == told => self.forget(folder, true),
            Some(Headline::Removed { .. }) => Err(AppError::failed(
                "way_back_changed",
                "What it needs to take part again is not what you were told, so this copy was not forgotten.",
                "Look at it again.",
            )),
            _ => Err(AppError::failed(
                "takes_part",
                "This copy takes part in its archive, so it was not forgotten.",
                "Look at it again.",
            )),
        }
    }

    /// Finds an archive that this computer knows: by folder, or where that names none, by label, name, id or the beginning of one.
    fn known_archive(&self, folder: &Path) -> Result<KnownArchive> {
        let archives = self.archives()?;
        let root = find_archive_root(folder);
        let absolute = std::path::absolute(folder).unwrap_or_else(|_| folder.to_path_buf());
        let by_folder = root.iter().chain([&absolute]).find_map(|folder| archives.at(folder));
        if let Some(known) = by_folder {
            return Ok(known.clone());
        }
        let said = folder.to_string_lossy();
        let named = |known: KnownArchive| Named {
            labels: vec![known.label.clone(), known.name.clone()],
            ids: vec![known.location_id.clone(), known.archive_id.clone()],
            meant: known,
        };
        let mut meant = meant_by(&said, archives.all.into_iter().map(named));
        match (meant.len(), meant.pop()) {
            (1, Some(one)) => Ok(one),
            (0, _) | (_, None) => Err(AppError::failed(
                "unknown_archive",
                format!(
                    "This computer knows no archive at '{}'.{}",
                    folder.display(),
                    too_short(&said)
                ),
                "See which it knows with `offsync status`; name the folder, or the label or id of its location, or at least four characters of that id.",
            )),
            (_, Some(last)) => {
                meant.push(last);
                let folders: Vec<String> = meant.iter().map(|known| known.folder.display().to_string()).collect();
                Err(AppError::failed(
                    "ambiguous_archive",
                    format!("'{said}' may mean several archives: {}.", folders.join(", ")),
                    "Name the folder.",
                ))
            }
        }
    }
}

/// Tells what brings the keys of a known location back.
pub(crate) fn way_back(known: &KnownArchive) -> WayBack {
    let report = what(known);
    match (report.has_sheet, report.was_invited) {
        (true, true) => WayBack::SheetOrWords,
        (true, false) => WayBack::Sheet,
        (false, true) => WayBack::Words,
        (false, false) => WayBack::Nothing,
    }
}

fn what(known: &KnownArchive) -> ForgetReport {
    let has_invitation = known.folder.join(INVITATION_ON_DRIVE).is_file();
    ForgetReport {
        archive_id: known.archive_id.clone(),
        location_id: known.location_id.clone(),
        folder: known.folder.display().to_string(),
        name: known.name.clone(),
        label: known.label.clone(),
        has_sheet: known.has_sheet,
        // Whoever joined before that was kept has the invitation on the drive.
        was_invited: known.was_invited || has_invitation,
        has_invitation,
        forgotten: false,
        held: None,
    }
}
