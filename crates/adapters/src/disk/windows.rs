//! The drive on Windows, by paths that are checked name by name before each use.
//!
//! Guarantees that no link or junction is followed that was there when looked at; without
//! handles of folders a window between look and use remains. Never stores permissions,
//! never makes links, takes no name that Windows reads in a way of its own.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use offsync_core::drive_profile::{DriveProfile, NameRule};
use offsync_core::entry::Meta;
use offsync_core::place::Stat;
use offsync_core::ports::{
    Disk, DiskEntry, DiskError, DiskErrorKind, DriveFacts, EntryKind, NewFile, OpenFile, StagedFile, StagedName,
    TrashName,
};
use offsync_core::rel_path::RelPath;

use super::EngineLock;
use super::names::{Drawer, LOCK, MARKER, MARKER_BYTES_MAX, MARKER_NEW, PRIVATE, private, refuse_private};

/// The drive of one location, for real.
#[derive(Debug)]
pub struct RealDisk {
    root: PathBuf,
}

/// Gives the identity of the file system that a path lies on; the standard library tells none.
pub(crate) fn file_system_identity(path: &Path) -> io::Result<Vec<u8>> {
    fs::metadata(path).map(|_| Vec::new())
}

impl RealDisk {
    /// Opens the folder of an archive; nothing else needs to be there.
    pub fn open(root: &Path) -> Result<Self, DiskError> {
        // The canonical form begins with `\\?\`, which lifts the limit of 260 characters.
        let root_path = fs::canonicalize(root).map_err(|error| {
            let reason = format!("cannot open the folder {}: {error}", root.display());
            DiskError::new(kind_of(&error), RelPath::root(), reason)
        })?;
        Ok(Self { root: root_path })
    }

    /// Opens the folder of an archive and makes Offsync's own folders in it; the folder itself must exist.
    pub fn create(root: &Path) -> Result<Self, DiskError> {
        let disk = Self::open(root)?;
        for name in ["", "staging", "trash"] {
            disk.make_if_absent(&disk.root.join(PRIVATE).join(name))?;
        }
        Ok(disk)
    }

    /// Does nothing here: Windows takes no such advice.
    pub fn forget_cached(&self, _: &RelPath) -> Result<(), DiskError> {
        Ok(())
    }

    /// Keeps every other engine away until the lock is dropped; fails at once if one is at work.
    pub fn lock(&self) -> Result<EngineLock, DiskError> {
        let path = private(LOCK);
        let file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(self.own(&path));
        EngineLock::on(file.map_err(|error| failed("open the lock", &path, &error))?)
    }

    fn make_if_absent(&self, folder: &Path) -> Result<(), DiskError> {
        match fs::create_dir(folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                Err(failed("make Offsync's own folder", &RelPath::root(), &error))
            }
            _ => Ok(()),
        }
    }

    fn own(&self, path: &RelPath) -> PathBuf {
        path.names().fold(self.root.clone(), |at, name| {
            at.join(String::from_utf8_lossy(name).as_ref())
        })
    }

    /// Checks every folder above a path and gives the path as Windows writes it.
    fn resolve(&self, path: &RelPath) -> Result<PathBuf, DiskError> {
        refuse_private(path)?;
        let mut at = self.root.clone();
        let mut names = path.names().peekable();
        while let Some(name) = names.next() {
            let name = std::str::from_utf8(name).ok().filter(|name| is_storable(name));
            let Some(name) = name else {
                let reason = "Windows cannot hold this name";
                return Err(DiskError::new(DiskErrorKind::Unstorable, path.clone(), reason));
            };
            at.push(name);
            if names.peek().is_none() {
                break;
            }
            let meta = fs::symlink_metadata(&at).map_err(|error| failed("pass", path, &error))?;
            if !meta.is_dir() {
                return Err(DiskError::new(
                    DiskErrorKind::NotAFolder,
                    path.clone(),
                    "a part of the path is no folder",
                ));
            }
        }
        Ok(at)
    }

    fn folder(&self, path: &RelPath) -> Result<PathBuf, DiskError> {
        let at = self.resolve(path)?;
        let meta = fs::symlink_metadata(&at).map_err(|error| failed("open", path, &error))?;
        if !meta.is_dir() {
            return Err(DiskError::new(
                DiskErrorKind::NotAFolder,
                path.clone(),
                "this is no folder",
            ));
        }
        Ok(at)
    }

    fn drawer(&self, drawer: Drawer, name: &str) -> Result<(RelPath, PathBuf), DiskError> {
        let path = drawer.path(name)?;
        let at = self.own(&path);
        Ok((path, at))
    }

    fn open_regular(&self, path: &RelPath, at: &Path) -> Result<Box<dyn OpenFile>, DiskError> {
        let meta = fs::symlink_metadata(at).map_err(|error| failed("open", path, &error))?;
        if !meta.is_file() {
            return Err(DiskError::new(
                DiskErrorKind::Other,
                path.clone(),
                "this is no file that could be read",
            ));
        }
        let file = File::open(at).map_err(|error| failed("open", path, &error))?;
        Ok(Box::new(WindowsFile {
            file,
            path: path.clone(),
        }))
    }

    fn stat_of(&self, path: &RelPath, at: &Path) -> Result<Stat, DiskError> {
        fs::symlink_metadata(at)
            .map(|meta| stat(&meta))
            .map_err(|error| failed("look at", path, &error))
    }

    /// Looks, then moves: a file by a hard link where there are some, which never replaces; else a file made by
    /// another program within microseconds would be replaced.
    fn move_free(&self, from: (&RelPath, &Path), to: (&RelPath, &Path)) -> Result<(), DiskError> {
        let meta = fs::symlink_metadata(from.1).map_err(|error| failed("move", from.0, &error))?;
        let is_respelling = from.0.key() == to.0.key();
        if !is_respelling && fs::symlink_metadata(to.1).is_ok() {
            return Err(DiskError::new(
                DiskErrorKind::Exists,
                to.0.clone(),
                "something stands there already",
            ));
        }
        if meta.is_file() && !is_respelling && fs::hard_link(from.1, to.1).is_ok() {
            return fs::remove_file(from.1).map_err(|error| failed("move", from.0, &error));
        }
        fs::rename(from.1, to.1).map_err(|error| failed("move to", to.0, &error))
    }

    fn list_drawer(&self, drawer: Drawer) -> Result<Vec<StagedFile>, DiskError> {
        let path = drawer.folder();
        let wrong = |error: io::Error| failed("list", &path, &error);
        let lines = match fs::read_dir(self.own(&path)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            lines => lines.map_err(wrong)?,
        };
        let mut files = Vec::new();
        for line in lines {
            let line = line.map_err(wrong)?;
            if let (Ok(name), Ok(meta)) = (line.file_name().into_string(), line.metadata()) {
                files.push(StagedFile {
                    name,
                    size_bytes: meta.len(),
                });
            }
        }
        files.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(files)
    }

    fn drop_from(&self, drawer: Drawer, name: &str) -> Result<(), DiskError> {
        let (path, at) = self.drawer(drawer, name)?;
        match fs::remove_file(at) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed("remove", &path, &error)),
            _ => Ok(()),
        }
    }
}

impl Disk for RealDisk {
    fn list(&self, folder: &RelPath) -> Result<Vec<DiskEntry>, DiskError> {
        let wrong = |error: io::Error| failed("list", folder, &error);
        let mut entries = Vec::new();
        for line in fs::read_dir(self.folder(folder)?).map_err(wrong)? {
            let line = line.map_err(wrong)?;
            let name = line.file_name().into_encoded_bytes();
            if folder.is_root() && name.eq_ignore_ascii_case(PRIVATE.as_bytes()) {
                continue;
            }
            // The stats come with the listing, without a call of their own.
            let meta = line.metadata().map_err(wrong)?;
            entries.push(DiskEntry {
                name,
                kind: kind(&meta),
                stat: stat(&meta),
                born_ns: None,
            });
        }
        entries.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    fn look(&self, path: &RelPath) -> Result<Option<DiskEntry>, DiskError> {
        let at = match self.resolve(path) {
            Err(error) if error.kind() == DiskErrorKind::Unstorable => return Ok(None),
            at => at?,
        };
        let meta = match fs::symlink_metadata(&at) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.folder(&path.parent().unwrap_or_else(RelPath::root))?;
                return Ok(None);
            }
            meta => meta.map_err(|error| failed("look at", path, &error))?,
        };
        let spelled = fs::canonicalize(&at).ok().filter(|_| !meta.is_symlink());
        let name = spelled.and_then(|at| at.file_name().map(|name| name.as_encoded_bytes().to_vec()));
        let name = if path.is_root() {
            Vec::new()
        } else {
            name.unwrap_or_else(|| path.name().to_vec())
        };
        Ok(Some(DiskEntry {
            name,
            kind: kind(&meta),
            stat: stat(&meta),
            // It says when, but copying programs set that, too, and the standard library gives no number beside it.
            born_ns: None,
        }))
    }

    fn open(&self, path: &RelPath) -> Result<Box<dyn OpenFile>, DiskError> {
        self.open_regular(path, &self.resolve(path)?)
    }

    fn read_link(&self, path: &RelPath) -> Result<Vec<u8>, DiskError> {
        let target = fs::read_link(self.resolve(path)?).map_err(|error| failed("read the link", path, &error))?;
        Ok(target.into_os_string().into_encoded_bytes())
    }

    fn stage(&self, name: &StagedName, keep_bytes: u64) -> Result<Box<dyn NewFile>, DiskError> {
        let (path, at) = self.drawer(Drawer::Staging, &name.0)?;
        if keep_bytes > 0 {
            let wrong = |error: io::Error| failed("go on with", &path, &error);
            let meta = fs::symlink_metadata(&at).map_err(wrong)?;
            if !meta.is_file() || meta.len() < keep_bytes {
                return Err(DiskError::new(DiskErrorKind::Other, path, "it is shorter than it was"));
            }
            let mut file = File::options().write(true).open(&at).map_err(wrong)?;
            file.set_len(keep_bytes).map_err(wrong)?;
            file.seek(SeekFrom::End(0)).map_err(wrong)?;
            return Ok(Box::new(WindowsFile { file, path }));
        }
        self.drop_staged(name)?;
        let file = File::options().write(true).create_new(true).open(at);
        let file = file.map_err(|error| failed("make", &path, &error))?;
        Ok(Box::new(WindowsFile { file, path }))
    }

    fn open_staged(&self, name: &StagedName) -> Result<Box<dyn OpenFile>, DiskError> {
        let (path, at) = self.drawer(Drawer::Staging, &name.0)?;
        self.open_regular(&path, &at)
    }

    fn staged(&self) -> Result<Vec<StagedFile>, DiskError> {
        self.list_drawer(Drawer::Staging)
    }

    fn drop_staged(&self, name: &StagedName) -> Result<(), DiskError> {
        self.drop_from(Drawer::Staging, &name.0)
    }

    fn publish(&self, name: &StagedName, to: &RelPath, meta: &Meta) -> Result<Stat, DiskError> {
        let (staged, from) = self.drawer(Drawer::Staging, &name.0)?;
        let at = self.resolve(to)?;
        set_time(&from, meta.mtime_ns).map_err(|error| failed("set the time of", &staged, &error))?;
        self.move_free((&staged, &from), (to, &at))?;
        self.stat_of(to, &at)
    }

    fn make_folder(&self, path: &RelPath, _mode: u32) -> Result<Stat, DiskError> {
        let at = self.resolve(path)?;
        fs::create_dir(&at).map_err(|error| failed("make the folder", path, &error))?;
        self.stat_of(path, &at)
    }

    fn remove_folder(&self, path: &RelPath) -> Result<(), DiskError> {
        fs::remove_dir(self.folder(path)?).map_err(|error| failed("remove the folder", path, &error))
    }

    fn make_symlink(&self, path: &RelPath, _target: &[u8]) -> Result<Stat, DiskError> {
        let reason = "links are not made on Windows, which wants special rights for them";
        Err(DiskError::new(DiskErrorKind::Unstorable, path.clone(), reason))
    }

    fn rename(&self, from: &RelPath, to: &RelPath) -> Result<Stat, DiskError> {
        let (from_at, to_at) = (self.resolve(from)?, self.resolve(to)?);
        self.move_free((from, &from_at), (to, &to_at))?;
        self.stat_of(to, &to_at)
    }

    fn set_meta(&self, path: &RelPath, meta: &Meta) -> Result<Stat, DiskError> {
        let at = self.resolve(path)?;
        if fs::symlink_metadata(&at)
            .map_err(|error| failed("look at", path, &error))?
            .is_file()
        {
            set_time(&at, meta.mtime_ns).map_err(|error| failed("set the time of", path, &error))?;
        }
        self.stat_of(path, &at)
    }

    fn displace(&self, path: &RelPath, to: &TrashName) -> Result<(), DiskError> {
        let (trashed, to_at) = self.drawer(Drawer::Trash, &to.0)?;
        let at = self.resolve(path)?;
        if fs::symlink_metadata(&at)
            .map_err(|error| failed("look at", path, &error))?
            .is_dir()
        {
            return Err(DiskError::new(
                DiskErrorKind::Other,
                path.clone(),
                "only files and links go to the trash",
            ));
        }
        self.move_free((path, &at), (&trashed, &to_at))
    }

    fn restore(&self, name: &TrashName, to: &RelPath) -> Result<Stat, DiskError> {
        let (trashed, from) = self.drawer(Drawer::Trash, &name.0)?;
        let at = self.resolve(to)?;
        self.move_free((&trashed, &from), (to, &at))?;
        self.stat_of(to, &at)
    }

    fn open_trashed(&self, name: &TrashName) -> Result<Box<dyn OpenFile>, DiskError> {
        let (path, at) = self.drawer(Drawer::Trash, &name.0)?;
        self.open_regular(&path, &at)
    }

    fn trashed(&self) -> Result<Vec<StagedFile>, DiskError> {
        self.list_drawer(Drawer::Trash)
    }

    fn drop_trashed(&self, name: &TrashName) -> Result<(), DiskError> {
        self.drop_from(Drawer::Trash, &name.0)
    }

    fn flush(&self) -> Result<(), DiskError> {
        // Contents were flushed one by one; NTFS journals names, and flushing a whole volume is for administrators.
        Ok(())
    }

    fn facts(&self) -> Result<DriveFacts, DiskError> {
        // The standard library tells neither; "unknown" must not read as "full".
        Ok(DriveFacts {
            identity: Vec::new(),
            place: self.root.as_os_str().as_encoded_bytes().to_vec(),
            free_bytes: u64::MAX,
            total_bytes: u64::MAX,
            block_bytes: 0,
        })
    }

    fn profile(&self) -> Result<DriveProfile, DiskError> {
        // The system refuses the same names on every drive; which drive it is, the standard library does not tell.
        Ok(DriveProfile {
            names: NameRule::Windows,
            folds_case: true,
            has_modes: false,
            time_step_ns: 100,
            ..DriveProfile::default()
        })
    }

    fn read_marker(&self) -> Result<Option<Vec<u8>>, DiskError> {
        let path = private(MARKER);
        let file = match self.open_regular(&path, &self.own(&path)) {
            Err(error) if error.kind() == DiskErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        let mut bytes = Vec::new();
        file.take(MARKER_BYTES_MAX)
            .read_to_end(&mut bytes)
            .map_err(|error| failed("read", &path, &error))?;
        Ok(Some(bytes))
    }

    fn write_marker(&self, bytes: &[u8]) -> Result<(), DiskError> {
        let (path, new) = (private(MARKER), self.own(&private(MARKER_NEW)));
        self.make_if_absent(&self.root.join(PRIVATE))?;
        let write = || -> io::Result<()> {
            let mut file = File::create(&new)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            drop(file);
            fs::rename(&new, self.own(&path))
        };
        write().map_err(|error| failed("write", &path, &error))
    }
}

#[derive(Debug)]
struct WindowsFile {
    file: File,
    path: RelPath,
}

impl Read for WindowsFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.file.read(buffer)
    }
}

impl Write for WindowsFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl OpenFile for WindowsFile {
    fn stat(&self) -> Result<Stat, DiskError> {
        self.file
            .metadata()
            .map(|meta| stat(&meta))
            .map_err(|error| failed("look at", &self.path, &error))
    }

    fn seek_to(&mut self, offset: u64) -> Result<(), DiskError> {
        self.file
            .seek(SeekFrom::Start(offset))
            .map(|_| ())
            .map_err(|error| failed("seek in", &self.path, &error))
    }
}

impl NewFile for WindowsFile {
    fn finish(self: Box<Self>) -> Result<(), DiskError> {
        self.file
            .sync_all()
            .map_err(|error| failed("flush", &self.path, &error))
    }
}

fn kind(meta: &fs::Metadata) -> EntryKind {
    match meta.file_type() {
        // Junctions too: the standard library takes both for links.
        kind if kind.is_symlink() => EntryKind::Symlink,
        kind if kind.is_dir() => EntryKind::Folder,
        kind if kind.is_file() => EntryKind::File,
        _ => EntryKind::Other,
    }
}

fn stat(meta: &fs::Metadata) -> Stat {
    let size_bytes = if meta.is_file() { meta.len() } else { 0 };
    Stat {
        size_bytes,
        mtime_ns: meta.modified().map_or(0, nanoseconds),
        ..Stat::default()
    }
}

/// Gives a time in nanoseconds since 1970.
fn nanoseconds(time: SystemTime) -> i64 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_nanos()).unwrap_or(i64::MAX),
        Err(before) => -i64::try_from(before.duration().as_nanos()).unwrap_or(i64::MAX),
    }
}

fn set_time(at: &Path, mtime_ns: i64) -> io::Result<()> {
    let distance = Duration::from_nanos(mtime_ns.unsigned_abs());
    let time: Option<SystemTime> = if mtime_ns < 0 {
        UNIX_EPOCH.checked_sub(distance)
    } else {
        UNIX_EPOCH.checked_add(distance)
    };
    let time = time.ok_or(io::ErrorKind::InvalidInput)?;
    File::options().write(true).open(at)?.set_modified(time)
}

/// Refuses what Windows would change (`name.`), read as a stream (`a:b`) or as a device (`nul.txt`).
fn is_storable(name: &str) -> bool {
    let stem = name
        .split('.')
        .next()
        .unwrap_or_default()
        .trim_end()
        .to_ascii_lowercase();
    let is_numbered = |device: &str| stem.strip_prefix(device).is_some_and(|rest| rest.chars().count() == 1);
    let is_device = ["con", "prn", "aux", "nul"].contains(&stem.as_str()) || is_numbered("com") || is_numbered("lpt");
    !is_device && !name.ends_with(['.', ' ']) && !name.chars().any(|c| c < ' ' || "<>:\"/\\|?*".contains(c))
}

fn failed(doing: &str, path: &RelPath, error: &io::Error) -> DiskError {
    DiskError::new(kind_of(error), path.clone(), format!("cannot {doing}: {error}"))
}

fn kind_of(error: &io::Error) -> DiskErrorKind {
    use io::ErrorKind as Io;
    match error.kind() {
        Io::NotFound => DiskErrorKind::NotFound,
        Io::PermissionDenied => DiskErrorKind::Denied,
        Io::StorageFull | Io::QuotaExceeded => DiskErrorKind::Full,
        Io::ReadOnlyFilesystem => DiskErrorKind::ReadOnly,
        Io::AlreadyExists => DiskErrorKind::Exists,
        Io::DirectoryNotEmpty => DiskErrorKind::NotEmpty,
        Io::NotADirectory => DiskErrorKind::NotAFolder,
        Io::InvalidFilename | Io::FileTooLarge => DiskErrorKind::Unstorable,
        // ERROR_NOT_READY, ERROR_GEN_FAILURE, ERROR_DEV_NOT_EXIST, ERROR_DEVICE_NOT_CONNECTED
        _ if matches!(error.raw_os_error(), Some(21 | 31 | 55 | 1167)) => DiskErrorKind::Gone,
        _ => DiskErrorKind::Other,
    }
}
