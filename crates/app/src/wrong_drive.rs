//! The drive of another home or archive where this computer keeps one: whose it is, and which one belongs there.

use offsync_core::format::Marker;

use crate::archives::KnownArchive;
use crate::failure::AppError;

/// The code of it.
pub(crate) const WRONG_DRIVE: &str = "wrong_drive";

/// Says whose drive is at the place of a known one.
pub(crate) fn wrong_drive(known: &KnownArchive, marker: &Marker) -> AppError {
    let location_id = marker.location.to_string();
    let is_other_archive = known.name != marker.archive_name;
    let is_same_name = !is_other_archive && known.label == marker.label;
    let called = |label: &str, archive: &str, id: &str| match label {
        _ if is_other_archive => format!("the drive of '{label}' with '{archive}'"),
        _ if is_same_name => format!("the drive of '{label}' [{id:.8}]"),
        _ => format!("the drive of '{label}'"),
    };
    let here = called(&marker.label, &marker.archive_name, &location_id);
    let right = called(&known.label, &known.name, &known.location_id);
    AppError::failed(
        WRONG_DRIVE,
        format!("This is {here}, and {right} belongs here."),
        format!("Plug in {right}. Nothing was changed or deleted anywhere."),
    )
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use offsync_core::ids::{ArchiveId, LocationId};

    use super::*;

    #[test]
    fn both_drives_are_told_apart() {
        let check = |label: &str, archive: &str, message: &str| {
            let known = KnownArchive {
                archive_id: "01".repeat(16),
                location_id: "02".repeat(16),
                name: "Photos".into(),
                label: "Pep's home".into(),
                person: String::new(),
                folder: PathBuf::new(),
                key_name: String::new(),
                mailbox: None,
                allowance_bytes: None,
                park_after_days: 0,
                has_sheet: false,
                was_invited: false,
                mailbox_identity: String::new(),
                account: None,
            };
            let marker = Marker {
                archive_id: ArchiveId::new([1; 16]),
                archive_name: archive.into(),
                location: LocationId::new([3; 16]),
                label: label.into(),
                person: String::new(),
                key_name: String::new(),
                mailbox: None,
                allowance_bytes: None,
                park_after_days: 0,
                drive_identity: Vec::new(),
            };
            assert_eq!(wrong_drive(&known, &marker).message, message);
        };
        check(
            "Grandma's home",
            "Photos",
            "This is the drive of 'Grandma's home', and the drive of 'Pep's home' belongs here.",
        );
        check(
            "Grandma's home",
            "Music",
            "This is the drive of 'Grandma's home' with 'Music', and the drive of 'Pep's home' with 'Photos' belongs here.",
        );
        check(
            "Pep's home",
            "Photos",
            "This is the drive of 'Pep's home' [03030303], and the drive of 'Pep's home' [02020202] belongs here.",
        );
    }
}
