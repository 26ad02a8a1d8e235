//! The marker `.offsync/location.toml`: who this copy is. It holds no secrets.
//!
//! A person may read it; only Offsync writes it. Keys that a later version adds are ignored.

use serde::{Deserialize, Serialize};

use crate::ids::{ArchiveId, LocationId};

const FORMAT: u32 = 1;

/// Who a copy is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marker {
    /// Which archive this is a copy of.
    pub archive_id: ArchiveId,
    /// What the archive is called.
    pub archive_name: String,
    /// This copy's id.
    pub location: LocationId,
    /// What this copy is called.
    pub label: String,
    /// Who looks after it.
    pub person: String,
    /// The name under which the keystore keeps its secrets.
    pub key_name: String,
    /// Where the mailbox is, as a URL without secrets; `None` if there is none yet.
    pub mailbox: Option<String>,
    /// How much the mailbox may hold, in bytes; `None` for no limit.
    pub allowance_bytes: Option<u64>,
    /// Days of silence after which a location is parked.
    pub park_after_days: u32,
    /// Identity of the file system that it was made on; empty if that has none.
    pub drive_identity: Vec<u8>,
}

/// Why a marker cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MarkerError {
    /// It is not TOML, or something is missing or misspelled.
    #[error("the marker file cannot be read: {0}")]
    Unreadable(String),
    /// A newer Offsync wrote it.
    #[error("a newer Offsync is needed for this copy (format {format})")]
    Newer {
        /// The version that it names.
        format: u32,
    },
}

#[derive(Deserialize)]
struct Versioned {
    format: u32,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    format: u32,
    archive_id: String,
    archive_name: String,
    location: String,
    label: String,
    person: String,
    key_name: String,
    mailbox: Option<String>,
    allowance_bytes: Option<i64>,
    park_after_days: u32,
    drive_identity: String,
}

impl Marker {
    /// Writes it as TOML.
    pub fn to_toml(&self) -> String {
        let stored = Stored {
            format: FORMAT,
            archive_id: self.archive_id.to_string(),
            archive_name: self.archive_name.clone(),
            location: self.location.to_string(),
            label: self.label.clone(),
            person: self.person.clone(),
            key_name: self.key_name.clone(),
            mailbox: self.mailbox.clone(),
            allowance_bytes: self
                .allowance_bytes
                .map(|bytes| i64::try_from(bytes).unwrap_or(i64::MAX)),
            park_after_days: self.park_after_days,
            drive_identity: self.drive_identity.iter().map(|byte| format!("{byte:02x}")).collect(),
        };
        let text = toml::to_string(&stored).expect("texts and numbers always have a TOML form");
        format!("# Offsync keeps here who this copy is. Please leave this file alone.\n{text}")
    }

    /// Reads it.
    pub fn parse(text: &str) -> Result<Self, MarkerError> {
        let unreadable = |error: toml::de::Error| MarkerError::Unreadable(error.message().to_owned());
        let Versioned { format } = toml::from_str(text).map_err(unreadable)?;
        if format > FORMAT {
            return Err(MarkerError::Newer { format });
        }
        let stored: Stored = toml::from_str(text).map_err(unreadable)?;
        let wrong = |what: &str| MarkerError::Unreadable(format!("`{what}` makes no sense"));
        Ok(Self {
            archive_id: stored.archive_id.parse().map_err(|_| wrong("archive_id"))?,
            archive_name: stored.archive_name,
            location: stored.location.parse().map_err(|_| wrong("location"))?,
            label: stored.label,
            person: stored.person,
            key_name: stored.key_name,
            mailbox: stored.mailbox,
            allowance_bytes: stored
                .allowance_bytes
                .map(u64::try_from)
                .transpose()
                .map_err(|_| wrong("allowance_bytes"))?,
            park_after_days: stored.park_after_days,
            drive_identity: unhex(&stored.drive_identity).ok_or_else(|| wrong("drive_identity"))?,
        })
    }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text
        .chars()
        .map(|digit| digit.to_digit(16))
        .collect::<Option<Vec<u32>>>()?;
    let byte = |pair: &[u32]| u8::try_from(pair.iter().fold(0, |sum, digit| sum * 16 + digit)).ok();
    if digits.len() % 2 == 0 {
        digits.chunks(2).map(byte).collect()
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn marker() -> Marker {
        Marker {
            archive_id: ArchiveId::new([1; 16]),
            archive_name: "Family \"photos\"".into(),
            location: LocationId::new([2; 16]),
            label: "Drive at\nMum's".into(),
            person: "Mum".into(),
            key_name: "offsync-0202".into(),
            mailbox: Some("folder:///media/stick".into()),
            allowance_bytes: Some(1 << 30),
            park_after_days: 180,
            drive_identity: vec![0xab, 0x00],
        }
    }

    #[test]
    fn a_marker_survives() {
        assert_eq!(Marker::parse(&marker().to_toml()), Ok(marker()));
        let bare = Marker {
            mailbox: None,
            allowance_bytes: None,
            drive_identity: vec![],
            ..marker()
        };
        assert_eq!(Marker::parse(&bare.to_toml()), Ok(bare));
    }

    #[test]
    fn a_newer_marker_is_told_apart_whatever_else_it_says() {
        assert_eq!(
            Marker::parse("format = 2\nlocation = 7"),
            Err(MarkerError::Newer { format: 2 })
        );
    }

    #[test]
    fn what_a_later_version_adds_is_ignored() {
        assert_eq!(
            Marker::parse(&format!("{}\nadded = 1\n", marker().to_toml())),
            Ok(marker())
        );
    }

    #[test]
    fn a_marker_of_the_first_version_is_read_for_ever() {
        assert_eq!(Marker::parse(include_str!("golden/v1/location.toml")), Ok(marker()));
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_harm(text in "\\PC{0,80}", cut in 0usize..400) {
            let _ = Marker::parse(&text);
            let toml: String = marker().to_toml().chars().take(cut).collect();
            let _ = Marker::parse(&toml);
        }
    }
}
