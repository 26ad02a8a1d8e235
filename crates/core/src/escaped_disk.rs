//! A drive behind true names: what its file system cannot spell is escaped on the way down and read back on the way up.
//!
//! Guarantees that whoever works through it sees and gives true names alone, so that a name
//! that this drive cannot hold is no change of anybody's. On a drive that takes all names it
//! adds nothing. Decides by what the drive says of itself, never by what one name happens to
//! do, so that a drive reads alike on every computer.
//!
//! A file that a person put there under a name that [`escape`](fn@escape) would have spelled otherwise (some
//! systems let them) has just that name, as long as nothing stands under the escaped one.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::OnceLock;

use crate::drive_profile::{DriveProfile, NameRule};
use crate::entry::Meta;
use crate::escape::{escape, true_name};
use crate::place::Stat;
use crate::ports::{
    Disk, DiskEntry, DiskError, DiskErrorKind, DriveFacts, NewFile, OpenFile, StagedFile, StagedName, TrashName,
};
use crate::rel_path::RelPath;

type Result<T> = std::result::Result<T, DiskError>;

/// A drive whose names are the true ones.
#[derive(Debug)]
pub struct EscapedDisk<D> {
    inner: D,
    rule: OnceLock<NameRule>,
}

impl<D: Disk> EscapedDisk<D> {
    /// Wraps a drive.
    pub fn over(inner: D) -> Self {
        Self {
            inner,
            rule: OnceLock::new(),
        }
    }

    /// Gives how a path is spelled on the drive, whether something stands there or not.
    pub fn on_drive(&self, path: &RelPath) -> Result<RelPath> {
        self.spell(path).map_err(|error| renamed(error, path))
    }

    fn escapes(&self) -> Result<bool> {
        if let Some(rule) = self.rule.get() {
            return Ok(*rule == NameRule::Windows);
        }
        let names = self.inner.profile()?.names;
        Ok(*self.rule.get_or_init(|| names) == NameRule::Windows)
    }

    fn spell(&self, path: &RelPath) -> Result<RelPath> {
        if !self.escapes()? || path.names().all(|name| *escape(name) == *name) {
            return Ok(path.clone());
        }
        let mut spelled = RelPath::root();
        for name in path.names() {
            spelled = self.spell_name(&spelled, name, path)?;
        }
        Ok(spelled)
    }

    fn spell_name(&self, folder: &RelPath, name: &[u8], path: &RelPath) -> Result<RelPath> {
        let too_long = |_| {
            DiskError::new(
                DiskErrorKind::Unstorable,
                path.clone(),
                "its name is too long for this drive",
            )
        };
        let escaped = escape(name);
        let usual = folder.join(&escaped);
        if *escaped == *name || matches!(&usual, Ok(usual) if self.stands(usual)?) {
            return usual.map_err(too_long);
        }
        let literal = folder.join(name).map_err(too_long)?;
        if *true_name(name) == *name && self.stands(&literal)? {
            return Ok(literal);
        }
        usual.map_err(too_long)
    }

    /// Tells whether something stands under just this spelling, or one that differs in case or form alone.
    fn stands(&self, spelled: &RelPath) -> Result<bool> {
        match self.inner.look(spelled) {
            Ok(entry) => Ok(entry.is_some_and(|entry| is_spelling_of(&entry.name, spelled))),
            Err(error) if error.kind() == DiskErrorKind::Gone => Err(error),
            // A name that the drive refuses, or a folder that is not there: nothing stands there.
            Err(_) => Ok(false),
        }
    }

    fn at<T>(&self, path: &RelPath, act: impl FnOnce(&RelPath) -> Result<T>) -> Result<T> {
        self.spell(path)
            .and_then(|spelled| act(&spelled))
            .map_err(|error| renamed(error, path))
    }
}

impl<D> Deref for EscapedDisk<D> {
    type Target = D;

    fn deref(&self) -> &D {
        &self.inner
    }
}

impl<D: Disk> Disk for EscapedDisk<D> {
    fn list(&self, folder: &RelPath) -> Result<Vec<DiskEntry>> {
        let entries = self.at(folder, |spelled| self.inner.list(spelled))?;
        if !self.escapes()? {
            return Ok(entries);
        }
        Ok(with_true_names(entries))
    }

    fn look(&self, path: &RelPath) -> Result<Option<DiskEntry>> {
        let entry = self.at(path, |spelled| self.inner.look(spelled))?;
        if !self.escapes()? {
            return Ok(entry);
        }
        Ok(entry.map(|entry| DiskEntry {
            name: true_name(&entry.name).into_owned(),
            ..entry
        }))
    }

    fn open(&self, path: &RelPath) -> Result<Box<dyn OpenFile>> {
        self.at(path, |spelled| self.inner.open(spelled))
    }

    fn read_link(&self, path: &RelPath) -> Result<Vec<u8>> {
        self.at(path, |spelled| self.inner.read_link(spelled))
    }

    fn stage(&self, name: &StagedName, keep_bytes: u64) -> Result<Box<dyn NewFile>> {
        self.inner.stage(name, keep_bytes)
    }

    fn open_staged(&self, name: &StagedName) -> Result<Box<dyn OpenFile>> {
        self.inner.open_staged(name)
    }

    fn staged(&self) -> Result<Vec<StagedFile>> {
        self.inner.staged()
    }

    fn drop_staged(&self, name: &StagedName) -> Result<()> {
        self.inner.drop_staged(name)
    }

    fn publish(&self, name: &StagedName, to: &RelPath, meta: &Meta) -> Result<Stat> {
        self.at(to, |spelled| self.inner.publish(name, spelled, meta))
    }

    fn make_folder(&self, path: &RelPath, mode: u32) -> Result<Stat> {
        self.at(path, |spelled| self.inner.make_folder(spelled, mode))
    }

    fn remove_folder(&self, path: &RelPath) -> Result<()> {
        self.at(path, |spelled| self.inner.remove_folder(spelled))
    }

    fn make_symlink(&self, path: &RelPath, target: &[u8]) -> Result<Stat> {
        self.at(path, |spelled| self.inner.make_symlink(spelled, target))
    }

    fn rename(&self, from: &RelPath, to: &RelPath) -> Result<Stat> {
        self.at(from, |from| {
            let to = self.spell(to)?;
            self.inner.rename(from, &to)
        })
    }

    fn set_meta(&self, path: &RelPath, meta: &Meta) -> Result<Stat> {
        self.at(path, |spelled| self.inner.set_meta(spelled, meta))
    }

    fn displace(&self, path: &RelPath, to: &TrashName) -> Result<()> {
        self.at(path, |spelled| self.inner.displace(spelled, to))
    }

    fn restore(&self, name: &TrashName, to: &RelPath) -> Result<Stat> {
        self.at(to, |spelled| self.inner.restore(name, spelled))
    }

    fn open_trashed(&self, name: &TrashName) -> Result<Box<dyn OpenFile>> {
        self.inner.open_trashed(name)
    }

    fn trashed(&self) -> Result<Vec<StagedFile>> {
        self.inner.trashed()
    }

    fn drop_trashed(&self, name: &TrashName) -> Result<()> {
        self.inner.drop_trashed(name)
    }

    fn flush(&self) -> Result<()> {
        self.inner.flush()
    }

    fn facts(&self) -> Result<DriveFacts> {
        self.inner.facts()
    }

    fn profile(&self) -> Result<DriveProfile> {
        self.inner.profile()
    }

    fn read_marker(&self) -> Result<Option<Vec<u8>>> {
        self.inner.read_marker()
    }

    fn write_marker(&self, bytes: &[u8]) -> Result<()> {
        self.inner.write_marker(bytes)
    }
}

/// Gives a listing its true names, in their order.
///
/// Where an escaped and a literal name mean the same, both lines are that of the escaped one: so all else of this
/// drive takes it, and whoever reads the listing sees the name twice and can say so.
fn with_true_names(entries: Vec<DiskEntry>) -> Vec<DiskEntry> {
    let known: BTreeMap<Vec<u8>, DiskEntry> = entries
        .iter()
        .filter(|entry| *true_name(&entry.name) != *entry.name)
        .map(|entry| (entry.name.clone(), entry.clone()))
        .collect();
    let truly = |entry: DiskEntry| {
        let name = true_name(&entry.name).into_owned();
        let usual = known.get(&*escape(&name)).unwrap_or(&entry);
        DiskEntry { name, ..usual.clone() }
    };
    let mut entries: Vec<DiskEntry> = entries.into_iter().map(truly).collect();
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    entries
}

fn is_spelling_of(name: &[u8], path: &RelPath) -> bool {
    let key = |name: &[u8]| RelPath::root().join(name).map(|path| path.key());
    matches!((key(name), key(path.name())), (Ok(one), Ok(two)) if one == two)
}

fn renamed(error: DiskError, path: &RelPath) -> DiskError {
    DiskError::new(error.kind(), path.clone(), error.reason())
}
