//! A stage: a copy of the index, and a drive, a mailbox and a host's memory that can be looked at and keep nothing.
//!
//! Rehearsals play there, and so does whoever looks at an archive whose drive has no room for a note.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use offsync_adapters::clock::SystemClock;
use offsync_adapters::disk::ArchiveDisk;
use offsync_adapters::entropy::OsEntropy;
use offsync_adapters::index::SqliteIndex;
use offsync_core::drive_profile::DriveProfile;
use offsync_core::entry::Meta;
use offsync_core::format::ObjectName;
use offsync_core::ids::{ArchiveId, LocationId};
use offsync_core::place::Stat;
use offsync_core::ports::{
    Disk, DiskEntry, DiskError, DiskErrorKind, DriveFacts, EntryKind, Mailbox, MailboxError, NewFile, ObjectInfo,
    OpenFile, StagedFile, StagedName, TrashName, Witness, WitnessError,
};
use offsync_core::rel_path::RelPath;
use offsync_engine::{Engine, EngineError, IGNORE_FILE, Monitor, Ports, mend_notes};

use crate::failure::{AppError, DRIVE_FULL, Result};
use crate::opened::Opened;

impl Opened {
    /// Runs something that only looks at the archive. What the engine notes on the way is kept where there is room for it, and
    /// elsewhere forgotten: a full drive can be looked at like any other.
    pub(crate) fn look<T>(
        &mut self,
        monitor: &dyn Monitor,
        mut run: impl FnMut(&mut Engine<'_>) -> std::result::Result<T, EngineError>,
    ) -> Result<T> {
        match self.with_engine(monitor, &mut run) {
            Err(error) if error.code == DRIVE_FULL => {
                self.is_full = true;
                self.rehearse(monitor, run)
            }
            looked => looked,
        }
    }

    /// Runs something on the engine of this archive that changes nothing anywhere.
    pub(crate) fn rehearse<T>(
        &self,
        monitor: &dyn Monitor,
        run: impl FnOnce(&mut Engine<'_>) -> std::result::Result<T, EngineError>,
    ) -> Result<T> {
        let stage = tempfile::tempdir().map_err(|error| {
            AppError::failed(
                "no_temporary_folder",
                format!("No temporary folder could be made: {error}."),
                "Set TMPDIR to a folder that can be written.",
            )
        })?;
        let path = stage.path().join("index.sqlite");
        self.index.snapshot_to(&path)?;
        let mut index = SqliteIndex::open(&path)?;
        mend_notes(&mut index, &self.disk)?;
        let disk = StageDisk {
            real: &self.disk,
            stage: stage.path().to_path_buf(),
            moved: Mutex::default(),
            displaced: Mutex::default(),
            rules: Mutex::default(),
            room: Mutex::new(Room::of(&self.disk)?),
        };
        let mailbox = self.mailbox.as_deref().map(|real| StageMailbox {
            real,
            changed: Mutex::default(),
        });
        let witness = StageWitness { real: &self.witness };
        let ports = Ports {
            disk: &disk,
            index: &mut index,
            mailbox: mailbox.as_ref().map(|mailbox| mailbox as &dyn Mailbox),
            clock: &SystemClock,
            entropy: &OsEntropy,
            witness: &witness,
        };
        let mut engine = Engine::open(ports, &self.keys, &self.signer, monitor)?;
        Ok(run(&mut engine)?)
    }
}

/// How the names of staged files begin, beside the rehearsed index.
const STAGED: &str = "staged-";

/// A drive that can be looked at, and forgets what is done to it.
struct StageDisk<'a> {
    real: &'a ArchiveDisk,
    stage: PathBuf,
    /// What was moved: where it would be, and where it really is.
    moved: Mutex<BTreeMap<RelPath, RelPath>>,
    /// What would lie in the trash: under which name, and where it really is.
    displaced: Mutex<BTreeMap<String, RelPath>>,
    /// What the rules would look like that would come: they hold in the very cycle that brings them.
    rules: Mutex<Option<Stat>>,
    /// What room would be taken and freed.
    room: Mutex<Room>,
}

/// What a rehearsal would take of a drive's room, and free.
#[derive(Debug, Default)]
struct Room {
    block_bytes: u64,
    taken_bytes: u64,
    freed_bytes: u64,
    /// Sizes of what is staged on the drive, but for what would be gone, or other files.
    staged: BTreeMap<String, u64>,
    /// Sizes of what lies in its trash, but for what would be gone.
    trashed: BTreeMap<String, u64>,
}

impl Room {
    /// Looks at what there is to be freed.
    fn of(disk: &ArchiveDisk) -> std::result::Result<Self, DiskError> {
        let sizes = |files: Vec<StagedFile>| files.into_iter().map(|file| (file.name, file.size_bytes)).collect();
        Ok(Self {
            block_bytes: disk.facts()?.block_bytes,
            staged: sizes(disk.staged()?),
            trashed: sizes(disk.trashed()?),
            ..Self::default()
        })
    }

    fn blocks(&self, size_bytes: u64) -> u64 {
        let block = self.block_bytes.max(1);
        size_bytes.div_ceil(block) * block
    }

    fn take(&mut self, size_bytes: u64) {
        self.taken_bytes += self.blocks(size_bytes);
    }

    fn take_folder(&mut self) {
        self.taken_bytes += if self.block_bytes > 1 { self.block_bytes } else { 0 };
    }

    fn unstage(&mut self, name: &StagedName) {
        let size_bytes = self.staged.remove(&name.0).unwrap_or_default();
        self.freed_bytes += self.blocks(size_bytes);
    }

    fn untrash(&mut self, name: &TrashName) {
        let size_bytes = self.trashed.remove(&name.0).unwrap_or_default();
        self.freed_bytes += self.blocks(size_bytes);
    }
}

impl StageDisk<'_> {
    fn staged_path(&self, name: &StagedName) -> PathBuf {
        self.stage.join(format!("{STAGED}{}", name.0))
    }

    fn room(&self) -> MutexGuard<'_, Room> {
        self.room.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives how much of the drive would be free by now.
    fn free_bytes(&self, really_free_bytes: u64) -> std::result::Result<u64, DiskError> {
        let wrong = |error: std::io::Error| stage_error(&error);
        let mut staged_bytes = 0;
        for file in std::fs::read_dir(&self.stage).map_err(wrong)? {
            let file = file.map_err(wrong)?;
            if file.file_name().to_string_lossy().starts_with(STAGED) {
                staged_bytes += self.room().blocks(file.metadata().map_err(wrong)?.len());
            }
        }
        let room = self.room();
        let there = really_free_bytes.saturating_add(room.freed_bytes);
        Ok(there.saturating_sub(room.taken_bytes + staged_bytes))
    }

    /// Gives how a path would look where the rules that would come are to stand.
    fn new_rules(&self, path: &RelPath) -> Option<Stat> {
        let rules = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        rules.filter(|_| path.as_bytes() == IGNORE_FILE.as_bytes())
    }

    fn now(&self, path: &RelPath) -> std::result::Result<Stat, DiskError> {
        Ok(self.look(path)?.map(|entry| entry.stat).unwrap_or_default())
    }

    /// Gives where that really lies which a rehearsed move brought to a path.
    fn origin(&self, path: &RelPath) -> RelPath {
        let moved = self.moved.lock().ok();
        moved
            .and_then(|moved| moved.get(path).cloned())
            .unwrap_or_else(|| path.clone())
    }
}

impl Disk for StageDisk<'_> {
    fn list(&self, folder: &RelPath) -> std::result::Result<Vec<DiskEntry>, DiskError> {
        self.real.list(folder)
    }

    fn look(&self, path: &RelPath) -> std::result::Result<Option<DiskEntry>, DiskError> {
        if let Some(stat) = self.new_rules(path) {
            return Ok(Some(DiskEntry {
                name: path.name().to_vec(),
                kind: EntryKind::File,
                stat,
                born_ns: None,
            }));
        }
        // Below a folder that was only rehearsed there is nothing yet.
        match self.real.look(&self.origin(path)) {
            Err(error) if matches!(error.kind(), DiskErrorKind::NotFound | DiskErrorKind::NotAFolder) => Ok(None),
            seen => seen,
        }
    }

    fn open(&self, path: &RelPath) -> std::result::Result<Box<dyn OpenFile>, DiskError> {
        if self.new_rules(path).is_some() {
            let rules = File::open(self.stage.join(IGNORE_FILE));
            return Ok(Box::new(StageFile(rules.map_err(|error| stage_error(&error))?)));
        }
        self.real.open(&self.origin(path))
    }

    fn read_link(&self, path: &RelPath) -> std::result::Result<Vec<u8>, DiskError> {
        self.real.read_link(&self.origin(path))
    }

    fn stage(&self, name: &StagedName, keep_bytes: u64) -> std::result::Result<Box<dyn NewFile>, DiskError> {
        let path = self.staged_path(name);
        self.room().unstage(name);
        if keep_bytes == 0 {
            let file = File::create(path).map_err(|error| stage_error(&error))?;
            return Ok(Box::new(StageFile(file)));
        }
        let wrong = |error: std::io::Error| stage_error(&error);
        let mut file = if path.exists() {
            File::options().write(true).open(path).map_err(wrong)?
        } else {
            // A sync that was cut off left its beginning on the drive, where it stays as it is.
            let mut beginning = self.real.open_staged(name)?.take(keep_bytes);
            let mut file = File::create(path).map_err(wrong)?;
            std::io::copy(&mut beginning, &mut file).map_err(wrong)?;
            file
        };
        file.set_len(keep_bytes).map_err(wrong)?;
        file.seek(SeekFrom::End(0)).map_err(wrong)?;
        Ok(Box::new(StageFile(file)))
    }

    fn open_staged(&self, name: &StagedName) -> std::result::Result<Box<dyn OpenFile>, DiskError> {
        match File::open(self.staged_path(name)) {
            Ok(file) => Ok(Box::new(StageFile(file))),
            Err(_) => self.real.open_staged(name),
        }
    }

    fn staged(&self) -> std::result::Result<Vec<StagedFile>, DiskError> {
        self.real.staged()
    }

    fn drop_staged(&self, name: &StagedName) -> std::result::Result<(), DiskError> {
        // What is not there need not go.
        let _ = std::fs::remove_file(self.staged_path(name));
        self.room().unstage(name);
        Ok(())
    }

    fn publish(&self, name: &StagedName, path: &RelPath, meta: &Meta) -> std::result::Result<Stat, DiskError> {
        let staged = self.staged_path(name);
        let size_bytes = std::fs::metadata(&staged).map(|found| found.len()).unwrap_or(0);
        let stat = Stat {
            size_bytes,
            mtime_ns: meta.mtime_ns,
            mode: meta.mode,
            ..Stat::default()
        };
        if path.as_bytes() == IGNORE_FILE.as_bytes() {
            std::fs::copy(&staged, self.stage.join(IGNORE_FILE)).map_err(|error| stage_error(&error))?;
            *self.rules.lock().unwrap_or_else(PoisonError::into_inner) = Some(stat);
        }
        self.drop_staged(name)?;
        self.room().take(size_bytes);
        Ok(stat)
    }

    fn make_folder(&self, _: &RelPath, mode: u32) -> std::result::Result<Stat, DiskError> {
        self.room().take_folder();
        Ok(Stat {
            mode,
            ..Stat::default()
        })
    }

    fn remove_folder(&self, _: &RelPath) -> std::result::Result<(), DiskError> {
        Ok(())
    }

    fn make_symlink(&self, _: &RelPath, _: &[u8]) -> std::result::Result<Stat, DiskError> {
        Ok(Stat::default())
    }

    fn rename(&self, from: &RelPath, to: &RelPath) -> std::result::Result<Stat, DiskError> {
        let (stat, origin) = (self.now(from)?, self.origin(from));
        if let Ok(mut moved) = self.moved.lock() {
            moved.insert(to.clone(), origin);
        }
        Ok(stat)
    }

    fn set_meta(&self, path: &RelPath, meta: &Meta) -> std::result::Result<Stat, DiskError> {
        Ok(Stat {
            mtime_ns: meta.mtime_ns,
            mode: meta.mode,
            ..self.now(path)?
        })
    }

    fn displace(&self, path: &RelPath, to: &TrashName) -> std::result::Result<(), DiskError> {
        if let Ok(mut displaced) = self.displaced.lock() {
            displaced.insert(to.0.clone(), self.origin(path));
        }
        Ok(())
    }

    fn restore(&self, _: &TrashName, _: &RelPath) -> std::result::Result<Stat, DiskError> {
        Ok(Stat::default())
    }

    fn open_trashed(&self, name: &TrashName) -> std::result::Result<Box<dyn OpenFile>, DiskError> {
        let displaced = self
            .displaced
            .lock()
            .ok()
            .and_then(|displaced| displaced.get(&name.0).cloned());
        match displaced {
            Some(path) => self.real.open(&path),
            None => self.real.open_trashed(name),
        }
    }

    fn trashed(&self) -> std::result::Result<Vec<StagedFile>, DiskError> {
        self.real.trashed()
    }

    fn drop_trashed(&self, name: &TrashName) -> std::result::Result<(), DiskError> {
        self.room().untrash(name);
        Ok(())
    }

    fn flush(&self) -> std::result::Result<(), DiskError> {
        Ok(())
    }

    fn facts(&self) -> std::result::Result<DriveFacts, DiskError> {
        let facts = self.real.facts()?;
        let free_bytes = self.free_bytes(facts.free_bytes)?;
        Ok(DriveFacts { free_bytes, ..facts })
    }

    fn profile(&self) -> std::result::Result<DriveProfile, DiskError> {
        self.real.profile()
    }

    fn read_marker(&self) -> std::result::Result<Option<Vec<u8>>, DiskError> {
        self.real.read_marker()
    }

    fn write_marker(&self, _: &[u8]) -> std::result::Result<(), DiskError> {
        Ok(())
    }
}

struct StageFile(File);

impl Read for StageFile {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for StageFile {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}

impl NewFile for StageFile {
    fn finish(self: Box<Self>) -> std::result::Result<(), DiskError> {
        Ok(())
    }
}

impl OpenFile for StageFile {
    fn stat(&self) -> std::result::Result<Stat, DiskError> {
        let size_bytes = self.0.metadata().map_err(|error| stage_error(&error))?.len();
        Ok(Stat {
            size_bytes,
            ..Stat::default()
        })
    }

    fn seek_to(&mut self, offset: u64) -> std::result::Result<(), DiskError> {
        self.0
            .seek(SeekFrom::Start(offset))
            .map(drop)
            .map_err(|error| stage_error(&error))
    }
}

fn stage_error(error: &std::io::Error) -> DiskError {
    DiskError::new(
        DiskErrorKind::Other,
        RelPath::root(),
        format!("the temporary folder cannot be used: {error}"),
    )
}

/// A mailbox that can be read, and forgets what is put there when it is dropped.
#[derive(Debug)]
struct StageMailbox<'a> {
    real: &'a dyn Mailbox,
    changed: Mutex<BTreeMap<String, Option<Staged>>>,
}

/// An object that a rehearsal would have put.
#[derive(Clone, Debug)]
struct Staged {
    size_bytes: u64,
    /// Its bytes; a pack's are not kept, since a rehearsal may post more than there is memory.
    bytes: Option<Vec<u8>>,
}

impl StageMailbox<'_> {
    fn change(&self, name: &str, to: Option<&[u8]>) {
        let is_pack = matches!(
            name.parse(),
            Ok(ObjectName::Pack { .. } | ObjectName::ServedPack { .. })
        );
        let staged = to.map(|bytes| Staged {
            size_bytes: bytes.len() as u64,
            bytes: (!is_pack).then(|| bytes.to_vec()),
        });
        if let Ok(mut changed) = self.changed.lock() {
            changed.insert(name.to_owned(), staged);
        }
    }
}

impl Mailbox for StageMailbox<'_> {
    fn list(&self) -> std::result::Result<Vec<ObjectInfo>, MailboxError> {
        let mut objects = self.real.list()?;
        let Ok(changed) = self.changed.lock() else {
            return Ok(objects);
        };
        objects.retain(|object| !changed.contains_key(&object.name));
        objects.extend(changed.iter().filter_map(|(name, staged)| {
            Some(ObjectInfo {
                name: name.clone(),
                size_bytes: staged.as_ref()?.size_bytes,
            })
        }));
        Ok(objects)
    }

    fn get(&self, name: &str) -> std::result::Result<Option<Vec<u8>>, MailboxError> {
        let staged = self.changed.lock().ok().and_then(|changed| changed.get(name).cloned());
        match staged {
            Some(staged) => Ok(staged.and_then(|staged| staged.bytes)),
            None => self.real.get(name),
        }
    }

    fn put(&self, name: &str, bytes: &[u8]) -> std::result::Result<(), MailboxError> {
        self.change(name, Some(bytes));
        Ok(())
    }

    fn delete(&self, name: &str) -> std::result::Result<(), MailboxError> {
        self.change(name, None);
        Ok(())
    }
}

/// A host's memory that can be read and learns nothing.
struct StageWitness<'a> {
    real: &'a dyn Witness,
}

impl Witness for StageWitness<'_> {
    fn recall(&self, archive: &ArchiveId, location: &LocationId) -> std::result::Result<Option<Vec<u8>>, WitnessError> {
        self.real.recall(archive, location)
    }

    fn remember(&self, _: &ArchiveId, _: &LocationId, _: &[u8]) -> std::result::Result<(), WitnessError> {
        Ok(())
    }

    fn forget(&self, _: &ArchiveId, _: &LocationId) -> std::result::Result<(), WitnessError> {
        Ok(())
    }
}
