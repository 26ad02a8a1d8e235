//! A home: a drive with its index, a computer, a way into the mailbox, and the cycle that may be under way.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use offsync_core::escaped_disk::EscapedDisk;
use offsync_core::format::Marker;
use offsync_core::ids::{ArchiveId, LocationId};
use offsync_core::ports::{Disk, IndexStore};
use offsync_core::rel_path::RelPath;
use offsync_core::seal::{ArchiveKeys, KeyName, SigningKey};
use offsync_engine::{Beginning, Engine, Ports, Silent, SyncOptions, SyncReport, mend_notes};
use offsync_testkit::{
    DiskSnapshot, IndexSnapshot, MailboxHandle, Running, SimClock, SimDisk, SimEntropy, SimIndex, SimWitness, Stepper,
};

use crate::broken_disk::BrokenDisk;
use crate::guard::Off;
use crate::people::Kept;
use crate::watch::Watch;
use crate::wrap::{WatchedIndex, WatchedMailbox};

/// How a cycle ended: its report, or what stopped it.
pub(crate) type Outcome = Result<SyncReport, String>;

/// What is there of one night.
#[derive(Clone)]
pub(crate) struct Backup {
    pub(crate) disk: DiskSnapshot,
    pub(crate) index: IndexSnapshot,
    /// The mailbox of that night, object by object; empty where no schedule puts it back.
    pub(crate) mail: BTreeMap<String, Arc<Vec<u8>>>,
    /// Whether it had ever written a head by then.
    pub(crate) has_spoken: bool,
    /// The computer's notes of that night.
    pub(crate) witness: SimWitness,
}

/// One location and all around it.
pub(crate) struct Home {
    pub(crate) at: usize,
    pub(crate) disk: SimDisk,
    pub(crate) index: SimIndex,
    pub(crate) mailbox: MailboxHandle,
    pub(crate) witness: SimWitness,
    pub(crate) clock: SimClock,
    pub(crate) signer: SigningKey,
    pub(crate) stepper: Stepper,
    pub(crate) running: Option<Running<Outcome>>,
    pub(crate) backup: Option<Backup>,
    pub(crate) was_restored: bool,
    /// No cycle starts before this true time.
    pub(crate) asleep_until_ns: i64,
    /// Paths that cannot be read now.
    pub(crate) denied: Vec<RelPath>,
    pub(crate) off: Off,
    /// What it is known to hold, where that is judged.
    pub(crate) holds: BTreeSet<Kept>,
    /// Whether somebody's hand came while a cycle ran.
    pub(crate) is_disturbed: bool,
}

/// What all homes share.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) keys: ArchiveKeys,
    pub(crate) entropy: SimEntropy,
    pub(crate) watch: Watch,
}

impl Home {
    /// Tells whether a key was handed to this home.
    pub(crate) fn was_handed(&self, key: KeyName) -> bool {
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let note = format!(
            "keyed/{}.{}.",
            hex(key.as_bytes()),
            hex(self.signer.public().as_bytes())
        );
        let notes = self.index.notes("keyed/").unwrap_or_default();
        notes.iter().any(|(name, _)| name.starts_with(&note))
    }

    /// Gives what starts one cycle of this home, behind its gate.
    pub(crate) fn cycle(&self, shared: &Shared, options: SyncOptions) -> impl FnOnce() -> Outcome + Send + use<> {
        let run = self.with_engine(shared, move |engine| {
            engine.sync(&options).map_err(|error| error.to_string())
        });
        move || run().and_then(|outcome| outcome)
    }

    /// Gives what opens this home's engine behind its gate and does something with it.
    pub(crate) fn with_engine<T, F>(
        &self,
        shared: &Shared,
        act: F,
    ) -> impl FnOnce() -> Result<T, String> + Send + use<T, F>
    where
        F: FnOnce(&mut Engine<'_>) -> T + Send,
    {
        let disk = EscapedDisk::over(self.stepper.disk(BrokenDisk {
            inner: self.disk.clone(),
            off: self.off,
        }));
        let mut index = self.stepper.index(WatchedIndex {
            inner: self.index.clone(),
            watch: shared.watch.clone(),
            home: self.at,
            off: self.off,
        });
        let mailbox = self.stepper.mailbox(WatchedMailbox {
            inner: self.mailbox.clone(),
            watch: shared.watch.clone(),
            home: self.at,
            signer: self.signer.clone(),
            off: self.off,
        });
        let remembered = if self.off == Off::Witness {
            SimWitness::new()
        } else {
            self.witness.clone()
        };
        let witness = self.stepper.witness(remembered);
        let (clock, entropy) = (self.clock.clone(), shared.entropy.clone());
        let (keys, signer) = (shared.keys.clone(), self.signer.clone());
        shared.watch.see_signer(&signer);
        move || {
            mend_notes(&mut index, &disk).map_err(|error| error.to_string())?;
            let ports = Ports {
                disk: &disk,
                index: &mut index,
                mailbox: Some(&mailbox),
                clock: &clock,
                entropy: &entropy,
                witness: &witness,
            };
            let mut engine = Engine::open(ports, &keys, &signer, &Silent).map_err(|error| error.to_string())?;
            Ok(act(&mut engine))
        }
    }

    /// Lets the machine die where it stands.
    pub(crate) fn kill(&mut self) {
        if let Some(running) = self.running.take() {
            running.crash();
        }
        self.stepper.reboot();
    }

    /// Tells whether the drive is there and can be written.
    pub(crate) fn is_at_hand(&self) -> bool {
        !self.disk.is_gone() && !self.disk.is_unmounted() && !self.disk.is_read_only()
    }
}

/// Puts the marker on a drive that says whose copy it is.
pub(crate) fn mark(disk: &SimDisk, archive: ArchiveId, beginning: &Beginning) {
    let marker = Marker {
        archive_id: archive,
        archive_name: "photos".into(),
        location: beginning.location,
        label: beginning.label.clone(),
        person: beginning.person.clone(),
        key_name: beginning.location.to_string(),
        mailbox: None,
        allowance_bytes: None,
        park_after_days: 180,
        drive_identity: Vec::new(),
    };
    disk.write_marker(marker.to_toml().as_bytes())
        .expect("a drive that is there");
}

/// Makes the beginning of a home.
pub(crate) fn beginning_of(at: usize, archive: ArchiveId, location: LocationId) -> Beginning {
    Beginning {
        archive,
        location,
        label: format!("home {at}"),
        person: format!("person {at}"),
    }
}

/// Makes a signer of a home's own.
pub(crate) fn signer_of(at: usize) -> SigningKey {
    SigningKey::from_seed([u8::try_from(at).expect("few homes") + 1; 32])
}

/// Gives a shared handle to bytes as text, for messages.
pub(crate) fn as_text(bytes: &Arc<Vec<u8>>) -> String {
    String::from_utf8_lossy(&bytes[..bytes.len().min(24)]).into_owned()
}
