//! One file of a copy after another: what the source reads now is compared with what the archive says of it.
//!
//! A source that rots reads otherwise than it did, and nothing but that tells. The copy would take it for a change of its
//! own, and the rot would go to all homes as somebody's edit.

use offsync_adapters::disk::ArchiveDisk;
use offsync_adapters::entropy::OsEntropy;
use offsync_core::entry::{Content, FileContent, Value};
use offsync_core::ports::{Disk, DiskError, DiskErrorKind, Entropy, EntryKind, OpenFile, StagedName, TrashName};
use offsync_core::rel_path::RelPath;
use offsync_core::seal::ArchiveKeys;
use offsync_engine::{Monitor, Reread};

use crate::failure::Result;
use crate::opened::{Opened, hex};
use crate::reports::SkippedReport;

pub(crate) const COPY_BYTES: usize = 1 << 20;

/// What is said of a file that is damaged at the source.
const NOT_TAKEN_ALONG: &str = "it is damaged on this drive and not on the copy, which asks the other homes for it with its first sync; `offsync verify FOLDER --repair` has it healed here";

/// What is said of a file that reads otherwise than it did, and nothing tells why.
const IN_DOUBT: &str =
    "it reads otherwise than it did and is not on the copy: sync here, and it comes to the copy by sync";

/// What a copy does not take along.
#[derive(Default)]
pub(crate) struct LeftOut {
    /// Paths, each with why.
    pub(crate) skipped: Vec<SkippedReport>,
    /// Files that are damaged at the source.
    pub(crate) damaged: Vec<SkippedReport>,
}

impl LeftOut {
    pub(crate) fn skip(&mut self, path: &RelPath, reason: impl Into<String>) {
        self.skipped.push(SkippedReport::new(path, reason));
    }
}

/// What became of a value that was to be copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// It stands on the copy.
    Whole,
    /// The source reads otherwise than the archive says: it is not there.
    ReadsOtherwise,
}

/// Takes a value along, unless the source reads otherwise than the archive says.
pub(crate) fn take(source: &Opened, target: &ArchiveDisk, value: &Value) -> std::result::Result<Taken, DiskError> {
    let there = target.look(&value.path)?;
    let done = match (&value.content, there) {
        (Content::Tombstone, _) => Ok(()),
        (Content::Folder, Some(_)) | (Content::Symlink(_), Some(_)) => Ok(()),
        (Content::Folder, None) => target.make_folder(&value.path, value.meta.mode).map(drop),
        (Content::Symlink(link), None) => target.make_symlink(&value.path, link).map(drop),
        // Of an attempt that was interrupted; what differed was set aside.
        (Content::File(_), Some(_)) => Ok(()),
        (Content::File(file), None) => return copy_file(source, target, value, Some(file)),
    };
    done.map(|()| Taken::Whole)
}

/// Leaves out those that are damaged of the files that read otherwise than the archive says, and notes them as damaged at the
/// source; what somebody is writing there is taken along as it reads. Gives the bytes that were taken.
pub(crate) fn sort_out(
    source: &mut Opened,
    target: &ArchiveDisk,
    otherwise: &[&Value],
    monitor: &dyn Monitor,
    left_out: &mut LeftOut,
) -> Result<u64> {
    let mut taken_bytes = 0;
    let reread = read_again(source, otherwise, monitor)?;
    for value in otherwise {
        if reread.damaged.contains(&value.path) {
            left_out.damaged.push(SkippedReport::new(&value.path, NOT_TAKEN_ALONG));
            continue;
        }
        if reread.in_doubt.contains(&value.path) {
            left_out.skip(&value.path, IN_DOUBT);
            continue;
        }
        match copy_file(source, target, value, None) {
            Ok(_) => taken_bytes += value.content.size_bytes(),
            Err(error) if is_the_end(&error) => return Err(error.into()),
            Err(error) => left_out.skip(&value.path, error.reason()),
        }
    }
    Ok(taken_bytes)
}

/// Tells whether no other file can be copied either.
pub(crate) fn is_the_end(error: &DiskError) -> bool {
    matches!(error.kind(), DiskErrorKind::Gone | DiskErrorKind::Full)
}

/// Tells what some files of the source are that do not read as the archive says.
fn read_again(source: &mut Opened, values: &[&Value], monitor: &dyn Monitor) -> Result<Reread> {
    let paths: Vec<&RelPath> = values.iter().map(|value| &value.path).collect();
    match paths.is_empty() {
        true => Ok(Reread::default()),
        false => source.with_engine(monitor, |engine| engine.verify_files(&paths)),
    }
}

/// Sets aside what differs on a drive that a copy was begun on before, from the archive and from the source.
///
/// Somebody may have used the drive since: what they saved must not go, so it lies in the new copy's trash.
pub(crate) fn set_aside_differing(
    source: &mut Opened,
    target: &ArchiveDisk,
    values: &[Value],
    monitor: &dyn Monitor,
    left_out: &mut LeftOut,
) -> Result<()> {
    let entropy: &dyn Entropy = &OsEntropy;
    let mut aside = Vec::new();
    let mut as_source = Vec::new();
    for value in values {
        let there = target.look(&value.path).ok().flatten();
        let is_file = there.is_some_and(|entry| entry.kind == EntryKind::File);
        if !is_file || reads_as_said(&source.keys, target, value) {
            continue;
        }
        match reads_alike(source, target, value) {
            true => as_source.push(value),
            false => aside.push(value),
        }
    }
    // What rotted may have been taken along before anybody looked.
    let reread = read_again(source, &as_source, monitor)?;
    let is_edited = |value: &&Value| !reread.damaged.contains(&value.path) && !reread.in_doubt.contains(&value.path);
    aside.extend(as_source.into_iter().filter(|value| !is_edited(value)));
    for value in aside {
        let name = TrashName(format!("aside-{}", hex(&entropy.sixteen())));
        target.displace(&value.path, &name)?;
        left_out.skip(
            &value.path,
            format!("what stood there differed and lies in .offsync/trash/{} now", name.0),
        );
    }
    Ok(())
}

/// Tells whether a file of the copy reads as the archive says, or at least as the source does now; what cannot be read does not.
pub(crate) fn is_sound(source: &Opened, target: &ArchiveDisk, value: &Value) -> bool {
    reads_as_said(&source.keys, target, value) || reads_alike(source, target, value)
}

fn reads_as_said(keys: &ArchiveKeys, disk: &dyn Disk, value: &Value) -> bool {
    let Content::File(file) = &value.content else {
        return true;
    };
    let Ok(mut from) = disk.open(&value.path) else {
        return false;
    };
    let mut whole = keys.digest_hasher();
    let mut block = vec![0; COPY_BYTES];
    loop {
        match from.read(&mut block) {
            Err(_) => return false,
            Ok(0) => return whole.finish() == file.digest,
            Ok(read) => whole.update(&block[..read]),
        }
    }
}

/// Tells whether a file of the copy has the bytes that the source has now; what cannot be read has not.
fn reads_alike(source: &Opened, target: &ArchiveDisk, value: &Value) -> bool {
    let Content::File(_) = value.content else { return true };
    let (Ok(mut one), Ok(mut two)) = (source.disk.open(&value.path), target.open(&value.path)) else {
        return false;
    };
    let mut blocks = [vec![0; COPY_BYTES], vec![0; COPY_BYTES]];
    loop {
        let [first, second] = &mut blocks;
        let (Ok(read), Ok(other)) = (read_full(&mut one, first), read_full(&mut two, second)) else {
            return false;
        };
        if first[..read] != second[..other] {
            return false;
        }
        if read == 0 {
            return true;
        }
    }
}

fn read_full(from: &mut Box<dyn OpenFile>, block: &mut [u8]) -> std::io::Result<usize> {
    let mut filled = 0;
    while filled < block.len() {
        match from.read(&mut block[filled..])? {
            0 => break,
            read => filled += read,
        }
    }
    Ok(filled)
}

/// Takes away a file that this copy has just written and that is not what it should be.
pub(crate) fn take_away(target: &ArchiveDisk, path: &RelPath) -> std::result::Result<(), DiskError> {
    let unsound = TrashName("unsound".into());
    target.displace(path, &unsound)?;
    target.drop_trashed(&unsound)
}

/// Copies a file, if it reads as it is said to; with nothing said, as it reads.
fn copy_file(
    source: &Opened,
    target: &ArchiveDisk,
    value: &Value,
    said: Option<&FileContent>,
) -> std::result::Result<Taken, DiskError> {
    use std::io::{Read, Write};
    let staged = StagedName("copying".into());
    let mut from = source.disk.open(&value.path)?;
    let mut to = target.stage(&staged, 0)?;
    let mut whole = source.keys.digest_hasher();
    let mut buffer = vec![0; COPY_BYTES];
    let wrong = |path: &RelPath, error: std::io::Error| {
        let kind = match error.kind() {
            std::io::ErrorKind::StorageFull => DiskErrorKind::Full,
            _ => DiskErrorKind::Other,
        };
        DiskError::new(kind, path.clone(), error.to_string())
    };
    loop {
        let read = from.read(&mut buffer).map_err(|error| wrong(&value.path, error))?;
        if read == 0 {
            break;
        }
        whole.update(&buffer[..read]);
        to.write_all(&buffer[..read])
            .map_err(|error| wrong(&value.path, error))?;
    }
    if said.is_some_and(|said| said.digest != whole.finish()) {
        drop(to);
        target.drop_staged(&staged)?;
        return Ok(Taken::ReadsOtherwise);
    }
    to.finish()?;
    target.publish(&staged, &value.path, &value.meta)?;
    Ok(Taken::Whole)
}
