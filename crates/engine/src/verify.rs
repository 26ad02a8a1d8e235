//! Verifying: files are read again, piece by piece, and compared with what the index knows of them.
//!
//! A pass rolls on from visit to visit within the time it is given. A file that looks other than it did was edited and
//! is the next scan's business; one that looks the same and reads differently is damaged. A damaged file
//! is named, never posted, and stays where it is until its pieces have been had from elsewhere.

use std::collections::{BTreeMap, BTreeSet};

use offsync_core::entry::{Content, FileContent, Value};
use offsync_core::ids::ChunkId;
use offsync_core::limits::INDEX_PAGE_ROWS;
use offsync_core::place::{Place, Stat};
use offsync_core::ports::{DiskError, DiskErrorKind, IndexWrite};
use offsync_core::rel_path::{PathKey, RelPath};

use crate::engine::Engine;
use crate::error::{EngineError, Result, is_fatal};
use crate::lookalike::Lookalikes;
use crate::memory::{self, CHECK, CheckPass, DAMAGED, Damage, EDIT_LOST, LAST_CHECK};
use crate::monitor::Phase;
use crate::observe::UNTELLING_CTIME_NS;
use crate::report::SkippedPath;
use crate::touched::looks_same;

/// A file that was written this shortly ago is read again by the sync after next: the clock's grain, and the time to type.
const FRESH_NS: u64 = 3_000_000_000;

/// Why a file waits that could not be read when it was to be sent, and can be now.
const UNREADABLE_BEFORE: &str = "it could not be read a moment ago; the next sync sends it";

/// What is said of an edit that the drive does not hold any more.
const EDIT_GONE: &str = "an edit of it that waited to be sent was not on this drive any more when it was read again: it read as it did before that edit. \
     If nobody took the edit back, the drive lost it: make it once more";

/// How much is to be verified, and what is to be done about damage.
#[derive(Clone, Copy, Debug, Default)]
pub struct VerifyOptions {
    /// Time to stop after, in nanoseconds; at least one file is read. `None` reads a whole pass from its beginning.
    pub budget_ns: Option<i64>,
    /// Whether damaged files are to be had again from another location.
    pub repair: bool,
}

/// What a verification found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VerifyReport {
    /// Files read.
    pub checked_files: u64,
    /// Their bytes.
    pub checked_bytes: u64,
    /// Files that changed too shortly before to be compared: the next sync reads them.
    pub uncompared_files: u64,
    /// How many of them were written a moment ago, so that a sync right now could not compare them either.
    pub fresh_files: u64,
    /// Files that are damaged, from earlier visits too.
    pub damaged: Vec<DamagedFile>,
    /// Files that could not be looked at: a pass that met any proves nothing.
    pub skipped: Vec<SkippedPath>,
    /// Files of this pass that were read, on this visit or an earlier one, in a hundred of all; 100 when it came to its end.
    pub coverage_percent: f64,
    /// When this pass began, if it came to its end and found all sound, in nanoseconds since 1970.
    pub completed_ns: Option<i64>,
}

/// A file that reads other than it did although nobody changed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DamagedFile {
    /// Which.
    pub path: RelPath,
    /// Whether it is to be put together again.
    pub is_wanted: bool,
    /// Whether it held a change that was never posted: no other home shows that.
    pub is_unsent: bool,
}

/// What files are that did not read as they should, among them none that somebody changed in plain sight.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reread {
    /// Those that are known to be damaged.
    pub damaged: BTreeSet<RelPath>,
    /// Others that look as they did: nothing tells yet what they are.
    pub in_doubt: BTreeSet<RelPath>,
}

/// Why a file that was to be posted did not read as it should.
pub(crate) enum Unsent {
    /// Somebody was at it since: the next scan reads it.
    Touched,
    /// It reads differently though nothing tells of it, and is named as damaged from now on.
    Damaged,
    /// It could not be read, with the sentence that says so: nobody knows what it holds.
    Unreadable(String),
}

impl Engine<'_> {
    /// Reads files again from where the last visit stopped, and names those that are damaged.
    pub fn verify(&mut self, options: &VerifyOptions) -> Result<VerifyReport> {
        self.recover()?;
        self.match_marker()?;
        let began_ns = self.clock.now_ns();
        let new_pass = CheckPass {
            began_ns,
            after: None,
            files: 0,
            unread: 0,
        };
        let kept = memory::read(self.index, CHECK)?.filter(|_| options.budget_ns.is_some());
        let mut pass: CheckPass = kept.unwrap_or(new_pass);
        let mut report = VerifyReport::default();
        let mut lookalikes = Lookalikes::default();
        let total = self.index.count_files()?;
        let is_over = |report: &VerifyReport, now_ns: i64| {
            let is_late = options
                .budget_ns
                .is_some_and(|budget_ns| now_ns.saturating_sub(began_ns) >= budget_ns);
            report.checked_files > 0 && is_late
        };
        let is_complete = 'pass: loop {
            let page = self.index.places_after(pass.after.as_ref(), INDEX_PAGE_ROWS)?;
            if page.is_empty() {
                break 'pass true;
            }
            for (key, place) in page {
                if is_over(&report, self.clock.now_ns()) {
                    break 'pass false;
                }
                let unread = |report: &VerifyReport| report.skipped.len() as u64 + report.uncompared_files;
                let before = unread(&report);
                self.verify_place(&key, &place, &mut report, options, &mut lookalikes)?;
                pass.unread += unread(&report) - before;
                pass.files += u64::from(place.on_disk().is_some_and(|value| value.content.is_file()));
                pass.after = Some(key);
                let path = place.path();
                self.tell_bytes(Phase::Verifying, pass.files, Some(total), report.checked_bytes, path)?;
            }
            self.commit(vec![memory::write(CHECK, &pass)])?;
        };
        self.close_pass(&mut report, &pass, is_complete, total)?;
        Ok(report)
    }

    /// Reads some files again that did not read as they should, and notes those that are damaged as a pass does.
    pub fn verify_files(&mut self, paths: &[&RelPath]) -> Result<Reread> {
        self.match_marker()?;
        let (mut report, mut lookalikes) = (VerifyReport::default(), Lookalikes::default());
        for path in paths {
            let key = path.key();
            if let Some(place) = self.index.place(&key)? {
                self.verify_place(&key, &place, &mut report, &VerifyOptions::default(), &mut lookalikes)?;
            }
        }
        let damages = self.damages()?;
        let mut reread = Reread::default();
        for path in paths.iter().copied() {
            let key = path.key();
            if damages.contains_key(&key) {
                reread.damaged.insert(path.clone());
            } else if let Some(stat) = self.index.place(&key)?.as_ref().and_then(Place::stat)
                && self.looks_as_known(path, stat)?
            {
                reread.in_doubt.insert(path.clone());
            }
        }
        Ok(reread)
    }

    fn close_pass(&mut self, report: &mut VerifyReport, pass: &CheckPass, is_complete: bool, total: u64) -> Result<()> {
        let damages = self.damages()?;
        report.damaged = self.damaged()?;
        let mut writes = Vec::new();
        if is_complete {
            let read = total.saturating_sub(pass.unread);
            report.coverage_percent = 100.0 * read as f64 / total.max(1) as f64;
            writes.push(memory::erase(CHECK));
            if damages.is_empty() && pass.unread == 0 {
                report.completed_ns = Some(pass.began_ns);
                writes.push(memory::write(LAST_CHECK, &pass.began_ns));
            }
        } else {
            report.coverage_percent = 100.0 * pass.files.min(total) as f64 / total.max(1) as f64;
            writes.push(memory::write(CHECK, pass));
        }
        self.commit(writes)
    }

    fn verify_place(
        &mut self,
        key: &PathKey,
        place: &Place,
        report: &mut VerifyReport,
        options: &VerifyOptions,
        lookalikes: &mut Lookalikes,
    ) -> Result<()> {
        let (Some(value), Some(stat)) = (place.on_disk(), place.stat()) else {
            return Ok(());
        };
        let Content::File(file) = &value.content else {
            return Ok(());
        };
        // What was written too soon before it was looked at tells nothing, and what was changed since is to be sent first.
        let is_told = stat.ctime_ns != UNTELLING_CTIME_NS && self.looks_as_known(&value.path, stat)?;
        let opened = self.disk.open(&value.path).map(drop);
        // Nor would another sync send what nobody may read.
        let is_closed =
            |error: &DiskError| !matches!(error.kind(), DiskErrorKind::NotFound | DiskErrorKind::NotAFolder);
        if !is_told && !opened.as_ref().is_err_and(is_closed) {
            report.uncompared_files += 1;
            report.fresh_files += u64::from(self.is_fresh(&value.path)?);
            return match options.repair {
                true => self.want_known_damage(key, place),
                false => Ok(()),
            };
        }
        if let Err(error) = opened {
            if is_fatal(&error) {
                return Err(error.into());
            }
            report
                .skipped
                .push(SkippedPath::new(value.path.clone(), unreadable(&error)));
            return Ok(());
        }
        let bad = self.damaged_pieces(&value.path, file)?;
        // Only what nobody touched while it was read is damaged, on a drive that is still there.
        if !bad.is_empty() && !self.looks_as_known(&value.path, stat)? {
            return Ok(());
        }
        report.checked_files += 1;
        report.checked_bytes += file.size_bytes;
        let name = memory::of_key(DAMAGED, key);
        let known: Option<Damage> = memory::read(self.index, &name)?;
        if bad.is_empty() {
            return match known {
                Some(_) => self.commit(vec![memory::erase(name)]),
                None => Ok(()),
            };
        }
        // What a bad place keeps from being read is damaged all the same.
        let read = self.read_again(&value.path)?.ok().flatten();
        if let Some(undone) = read.as_ref().and_then(|read| undone(place, read)) {
            self.match_marker()?;
            return self.commit(vec![
                memory::erase(name),
                memory::unsettle(&key.parent().unwrap_or_else(PathKey::root)),
                IndexWrite::Place(key.clone(), Some(undone)),
                // A drive that lost what was written looks just like a hand that took it back.
                memory::write(memory::of_key(EDIT_LOST, key), &value.path),
            ]);
        }
        // What was found to read so stays damaged, though somebody said of a copy that it is right.
        let is_found = read
            .as_ref()
            .is_some_and(|read| known.as_ref().is_some_and(|known| known.reads == Some(read.digest)));
        if let Some(read) = read.as_ref().filter(|_| !is_found)
            && (lookalikes.explains(self, stat, read)? || self.has_damage_moved_here(&value.path, stat, read)?)
        {
            // It reads as another file does, or a damaged one: somebody gave that this name, and the drive keeps nothing that tells.
            report.uncompared_files += 1;
            let seen = (
                value.clone(),
                Stat {
                    ctime_ns: UNTELLING_CTIME_NS,
                    ..*stat
                },
            );
            let place = Place::new(place.shown.clone(), Some(seen));
            return self.commit(vec![IndexWrite::Place(key.clone(), place)]);
        }
        self.match_marker()?;
        let is_wanted = options.repair && !self.is_unsent(place, &bad)?;
        let damage = Damage {
            is_wanted: is_wanted || known.as_ref().is_some_and(|known| known.is_wanted),
            dots: known.map(|known| known.dots).unwrap_or_default(),
            ..Damage::found(value.path.clone(), bad, file, read.as_ref())
        };
        let mut writes = vec![memory::write(name, &damage)];
        if damage.is_wanted {
            writes.push(memory::unsettle(&key.parent().unwrap_or_else(PathKey::root)));
        }
        self.commit(writes)
    }

    /// Tells whether a file that is known to be damaged got this name since.
    fn has_damage_moved_here(&mut self, path: &RelPath, stat: &Stat, read: &FileContent) -> Result<bool> {
        let damaged = self.damaged_readings()?;
        self.damage_was_put_here(&damaged, path, stat, read)
    }

    /// Asks for what is known to be damaged and was touched since: whether it still is shows the next scan.
    fn want_known_damage(&mut self, key: &PathKey, place: &Place) -> Result<()> {
        let name = memory::of_key(DAMAGED, key);
        let Some(known) = memory::read::<Damage>(self.index, &name)?.filter(|known| !known.is_wanted) else {
            return Ok(());
        };
        if self.is_unsent(place, &known.bad)? {
            return Ok(());
        }
        let damage = Damage {
            is_wanted: true,
            ..known
        };
        self.commit(vec![
            memory::write(name, &damage),
            memory::unsettle(&key.parent().unwrap_or_else(PathKey::root)),
        ])
    }

    /// Tells whether damaged pieces of a place are of a change that was never posted: nobody could say what they should read like.
    ///
    /// What only has another name or time is shown by the others under the old one.
    fn is_unsent(&self, place: &Place, bad: &[ChunkId]) -> Result<bool> {
        let mut is_unsent = false;
        if place.is_changed() {
            for chunk in bad {
                is_unsent |= self.index.versions_with_chunk(chunk)?.is_empty();
            }
        }
        Ok(is_unsent)
    }

    /// Reads all of a file; the drive's word where a bad place keeps that from its end, `None` where somebody who writes does.
    fn read_again(&mut self, path: &RelPath) -> Result<std::result::Result<Option<FileContent>, DiskError>> {
        let read = match self.read_content(path) {
            Ok(read) => Ok(read.map(|(read, _)| read)),
            // A bad place on the drive reads as an error; whether the drive is still there is asked right after.
            Err(EngineError::Disk(error)) => Err(error),
            Err(error) => return Err(error),
        };
        if self.disk.read_marker()?.is_none() {
            return Err(EngineError::DriveChanged);
        }
        Ok(read)
    }

    /// Tells why a file that was to be posted did not read as it should, and names it as damaged if nothing tells of the change.
    ///
    /// No scan would read that one again: else it would wait without a word. What cannot be read may be sound.
    pub(crate) fn why_unsent(&mut self, key: &PathKey) -> Result<Unsent> {
        let place = self.index.place(key)?;
        let known = place.as_ref().and_then(|place| Some((place.on_disk()?, place.stat()?)));
        let Some((Value { path, content, .. }, stat)) = known else {
            return Ok(Unsent::Touched);
        };
        let Content::File(file) = content else {
            return Ok(Unsent::Touched);
        };
        if !self.looks_as_known(path, stat)? {
            return Ok(Unsent::Touched);
        }
        match self.disk.open(path) {
            Err(error) if is_fatal(&error) => return Err(error.into()),
            Err(error) => return Ok(Unsent::Unreadable(unreadable(&error))),
            Ok(_) if stat.ctime_ns == UNTELLING_CTIME_NS => return Ok(Unsent::Touched),
            Ok(_) => {}
        }
        let bad = self.damaged_pieces(path, file)?;
        if bad.is_empty() {
            return Ok(Unsent::Unreadable(UNREADABLE_BEFORE.to_owned()));
        }
        let reads = match self.read_again(path)? {
            Err(error) => return Ok(Unsent::Unreadable(unreadable(&error))),
            Ok(Some(read)) if read.digest == file.digest => {
                return Ok(Unsent::Unreadable(UNREADABLE_BEFORE.to_owned()));
            }
            Ok(Some(read)) => read,
            Ok(None) => return Ok(Unsent::Touched),
        };
        if !self.looks_as_known(path, stat)? {
            return Ok(Unsent::Touched);
        }
        self.match_marker()?;
        let damage = Damage::found(path.clone(), bad, file, Some(&reads));
        self.commit(vec![memory::write(memory::of_key(DAMAGED, key), &damage)])?;
        Ok(Unsent::Damaged)
    }

    /// Tells whether a file was written a moment ago.
    fn is_fresh(&self, path: &RelPath) -> Result<bool> {
        let now_ns = self.clock.now_ns();
        match self.disk.look(path) {
            Ok(entry) => Ok(entry.is_some_and(|entry| now_ns.abs_diff(entry.stat.mtime_ns) < FRESH_NS)),
            Err(error) if is_fatal(&error) => Err(error.into()),
            Err(_) => Ok(false),
        }
    }

    pub(crate) fn looks_as_known(&self, path: &RelPath, stat: &Stat) -> Result<bool> {
        match self.disk.look(path) {
            Ok(entry) => Ok(entry.is_some_and(|entry| looks_same(stat, &entry))),
            Err(error) if is_fatal(&error) => Err(error.into()),
            Err(_) => Ok(false),
        }
    }

    /// Gives the pieces of a file that do not read as they should.
    fn damaged_pieces(&self, path: &RelPath, file: &FileContent) -> Result<Vec<ChunkId>> {
        let mut bad = Vec::new();
        for (chunk, offset, len) in file.pieces() {
            if self.monitor.is_cancelled() {
                return Err(EngineError::Cancelled);
            }
            if self.checked(&chunk, self.disk.open(path), offset, len)?.is_none() {
                bad.push(chunk);
            }
        }
        Ok(bad)
    }

    /// Names in the report the files of which an edit that waited was found to be gone; gives the writes by which that is said once.
    pub(crate) fn tell_lost_edits(&mut self) -> Result<Vec<IndexWrite>> {
        let lost = memory::read_all::<RelPath>(self.index, EDIT_LOST)?;
        let told = lost.keys().map(|name| memory::erase(format!("{EDIT_LOST}{name}")));
        let told = told.collect();
        for path in lost.into_values() {
            self.warn(&path, EDIT_GONE.to_owned());
        }
        Ok(told)
    }

    /// Gives the files that are known to be damaged.
    pub fn damaged(&mut self) -> Result<Vec<DamagedFile>> {
        let mut files = Vec::new();
        for (key, damage) in self.damages()? {
            let place = self.index.place(&key)?;
            let is_unsent = place.map_or(Ok(false), |place| self.is_unsent(&place, &damage.bad))?;
            files.push(DamagedFile {
                path: damage.path,
                is_wanted: damage.is_wanted,
                is_unsent,
            });
        }
        Ok(files)
    }

    /// Gives the damages that are known, and forgets those of files that somebody edited or deleted since.
    pub(crate) fn damages(&mut self) -> Result<BTreeMap<PathKey, Damage>> {
        let mut damages = BTreeMap::new();
        let mut writes = Vec::new();
        for damage in memory::read_all::<Damage>(self.index, DAMAGED)?.into_values() {
            let key = damage.path.key();
            if self.is_still_damaged(&damage, &key)? {
                damages.insert(key, damage);
                continue;
            }
            writes.push(memory::erase(memory::of_key(DAMAGED, &key)));
            if let Some(path) = self.where_damaged_stepped(&damage, &damages)? {
                let damage = Damage { path, ..damage };
                let key = damage.path.key();
                writes.push(memory::write(memory::of_key(DAMAGED, &key), &damage));
                damages.insert(key, damage);
            }
        }
        self.commit(writes)?;
        Ok(damages)
    }

    /// Tells whether a place still shows a file with the pieces that are damaged.
    fn is_still_damaged(&self, damage: &Damage, key: &PathKey) -> Result<bool> {
        let place = self.index.place(key)?;
        let held = place.and_then(|place| Some(place.on_disk()?.content.chunk_ids()));
        Ok(held.is_some_and(|held| damage.bad.iter().all(|chunk| held.contains(chunk))))
    }

    /// Gives where Offsync itself put a damaged file, that had to step aside.
    fn where_damaged_stepped(&self, damage: &Damage, known: &BTreeMap<PathKey, Damage>) -> Result<Option<RelPath>> {
        let Some(first) = damage.bad.first() else {
            return Ok(None);
        };
        for key in self.index.places_with_chunk(first)? {
            if known.contains_key(&key) || self.index.note(&memory::of_key(DAMAGED, &key))?.is_some() {
                continue;
            }
            let place = self.index.place(&key)?;
            let there = place.and_then(|place| Some((place.on_disk()?.clone(), *place.stat()?)));
            if let Some((Value { path, content, .. }, stat)) = there
                && let Content::File(file) = &content
                // What cannot be opened says nothing of what it holds.
                && self.looks_as_known(&path, &stat)?
                && self.disk.open(&path).is_ok()
                && self.is_still_damaged(damage, &key)?
                // A sound file may hold the same.
                && self.damaged_pieces(&path, file)? == damage.bad
            {
                return Ok(Some(path));
            }
        }
        Ok(None)
    }

    /// Gives those bad pieces of a damaged file that can be read nowhere on this drive.
    pub(crate) fn lacking_for(
        &mut self,
        damage: &Damage,
        stores: &crate::content::Stores,
    ) -> Result<BTreeSet<ChunkId>> {
        let mut lacking = BTreeSet::new();
        for chunk in &damage.bad {
            if self.read_chunk(chunk, stores)?.is_none() {
                lacking.insert(*chunk);
            }
        }
        Ok(lacking)
    }

    /// Makes the write that names a file as damaged, of which a scan read all and knows no pieces.
    pub(crate) fn note_damage(
        &self,
        path: &RelPath,
        file: &FileContent,
        read: &FileContent,
    ) -> Result<Option<IndexWrite>> {
        let name = memory::of_key(DAMAGED, &path.key());
        if memory::read::<Damage>(self.index, &name)?.is_some() {
            return Ok(None);
        }
        let damage = Damage::found(path.clone(), self.damaged_pieces(path, file)?, file, Some(read));
        Ok((!damage.bad.is_empty()).then(|| memory::write(name, &damage)))
    }
}

/// Gives what a place is where a person's unposted edit was taken back without a sign: it reads as what was shown there.
fn undone(place: &Place, read: &FileContent) -> Option<Place> {
    let (Some(shown), true, Some(there)) = (&place.shown, place.is_changed(), place.on_disk()) else {
        return None;
    };
    let is_it = matches!(&shown.value.content, Content::File(file) if file.digest == read.digest);
    let value = Value {
        content: shown.value.content.clone(),
        ..there.clone()
    };
    is_it.then(|| Place::new(place.shown.clone(), Some((value, *place.stat()?))))?
}

/// Says why a file is left alone that the drive does not let anybody read.
fn unreadable(error: &DiskError) -> String {
    format!("it could not be read ({})", error.reason())
}
