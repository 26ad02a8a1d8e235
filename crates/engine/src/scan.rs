//! Scanning: the drive against the index, folder by folder.
//!
//! Reads only what looks different. Deletions are taken down at the very end, and only
//! if every folder above them could be read and the marker still stands: an unreadable
//! folder, an error or a pulled drive is never a deletion.

use std::collections::{BTreeMap, BTreeSet};

use offsync_core::dot::Dot;
use offsync_core::entry::{Content, Value, Version};
use offsync_core::limits::{IGNORED_LISTED_MAX, INDEX_PAGE_ROWS};
use offsync_core::place::{Place, Stat};
use offsync_core::ports::{DiskEntry, DiskErrorKind, EntryKind, IndexWrite};
use offsync_core::rel_path::{PathKey, RelPath};

use crate::damaged_reading::DamagedReadings;
use crate::engine::Engine;
use crate::error::{EngineError, Result, is_fatal};
use crate::ignore::Rules;
use crate::lookalike::Lookalikes;
use crate::memory::{self, GONE, Gone};
use crate::monitor::Phase;
use crate::observe::{UNTELLING_CTIME_NS, is_zone_shift, kind_of, looks_unread};
use crate::report::{IgnoreRule, IgnoredPath};

/// Writes that are gathered before they are committed.
const SCAN_WRITES_MAX: usize = 2_000;

/// Why a file is left alone that is damaged.
pub(crate) const READS_DIFFERENTLY: &str = "it reads differently from before although nobody changed it: the drive may be failing; the other copies are not touched";

/// How thorough a scan is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Depth {
    /// Believes sizes, times and inodes.
    #[default]
    Quick,
    /// Reads every file.
    Deep,
}

/// What a difference between drive and index means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Trust {
    /// A person changed or deleted something here.
    #[default]
    Own,
    /// The folder was adopted, or lies on another drive than it did: what is absent was
    /// never here, and what differs has an unknown base.
    Adopted,
}

/// What a scan gathers on its way.
struct Walk {
    depth: Depth,
    trust: Trust,
    rules: Rules,
    damaged: DamagedReadings,
    lookalikes: Lookalikes,
    writes: Vec<IndexWrite>,
    absent: Vec<(PathKey, Place)>,
    /// What stood in folders that something else took the place of.
    replaced: Vec<(PathKey, Place)>,
    /// What took the place of folders: known no sooner than what stood in them is taken down, or nobody would look for that again.
    replacing: Vec<IndexWrite>,
    /// A folder that could not be read: what is missing elsewhere may have moved there.
    unread: Option<RelPath>,
    /// Files that a rule leaves out: one may be a kept file under a new name.
    left_out: Vec<(RelPath, DiskEntry)>,
    /// Folders that one of the archive's own rules leaves out.
    left_out_folders: Vec<(RelPath, IgnoreRule)>,
    /// Inodes of files that are left, since nobody may read them or somebody is still writing: what is missing may be one of them.
    left_files: BTreeSet<u64>,
    /// Sizes and times of those without an inode number that nobody may read.
    left_looks: BTreeSet<(u64, i64)>,
    /// Whether one without an inode number is being written: any file that is missing may be that one.
    has_nameless: bool,
    /// Names that stand beside the one that is kept of them.
    twinned: BTreeSet<(PathKey, Vec<u8>)>,
}

impl Walk {
    /// Notes a file that is left as it is for now, since it is being written.
    fn leave(&mut self, entry: &DiskEntry) {
        if entry.kind == EntryKind::File {
            self.left_files.insert(entry.stat.inode);
            self.has_nameless |= entry.stat.inode == 0;
        }
    }

    /// Notes a file that is left since nobody may read it: it may never be, and still looks as it did under another name.
    fn leave_unread(&mut self, entry: &DiskEntry) {
        match entry.kind {
            EntryKind::File if entry.stat.inode == 0 => {
                self.left_looks.insert((entry.stat.size_bytes, entry.stat.mtime_ns));
            }
            _ => self.leave(entry),
        }
    }
}

/// What a folder turned out to hold, at any depth.
#[derive(Clone, Copy, Debug, Default)]
struct Holds {
    /// Something that is kept, or that nobody could look at.
    kept: bool,
    /// Something that is ignored, or left alone for its kind.
    ignored: bool,
}

impl Engine<'_> {
    /// Brings the index's picture of the drive up to date; gives the folders that rules leave out.
    pub(crate) fn scan(&mut self, depth: Depth, trust: Trust) -> Result<Vec<(RelPath, IgnoreRule)>> {
        let marker = self.disk.read_marker()?;
        if marker.is_none() {
            return Err(EngineError::DriveChanged);
        }
        let mut walk = Walk {
            depth,
            trust,
            rules: self.load_rules()?,
            damaged: self.damaged_readings()?,
            lookalikes: Lookalikes::default(),
            writes: Vec::new(),
            absent: Vec::new(),
            replaced: Vec::new(),
            replacing: Vec::new(),
            unread: None,
            left_out: Vec::new(),
            left_out_folders: Vec::new(),
            left_files: BTreeSet::new(),
            left_looks: BTreeSet::new(),
            has_nameless: false,
            twinned: BTreeSet::new(),
        };
        self.stuck_spellings.clear();
        self.scan_folder(&RelPath::root(), None, &mut walk)?;
        if self.disk.read_marker()? != marker {
            return Err(EngineError::DriveChanged);
        }
        self.take_in_renamed(&mut walk)?;
        let has_seen_all = walk.unread.is_none() && walk.left_files.is_empty() && walk.left_looks.is_empty();
        self.take_down_absent(&mut walk)?;
        walk.writes.extend(self.part_from_twins(&walk.twinned)?);
        self.commit(walk.writes)?;
        let readings = self.keep_readings(&walk.damaged, has_seen_all)?;
        self.commit(readings)?;
        Ok(walk.left_out_folders)
    }

    /// Looks at a folder and all below it; `ignored_by` is the rule of an ignored folder above what is kept in it.
    fn scan_folder(&mut self, folder: &RelPath, ignored_by: Option<&IgnoreRule>, walk: &mut Walk) -> Result<Holds> {
        self.tell_bytes(
            Phase::Scanning,
            self.report.scanned_files,
            None,
            self.report.hashed_bytes,
            Some(folder),
        )?;
        let listing = match self.disk.list(folder) {
            Ok(listing) => self.without_private(folder, listing),
            Err(error) if is_fatal(&error) => return Err(error.into()),
            // Made and gone again since the folder above was read: nobody knows of anything in it.
            Err(error) if error.kind() == DiskErrorKind::NotFound && !self.is_known_folder(&folder.key())? => {
                return Ok(Holds {
                    kept: false,
                    ignored: true,
                });
            }
            Err(error) => {
                self.skip(
                    folder,
                    format!(
                        "this folder could not be read ({}); nothing in it was changed",
                        error.reason()
                    ),
                );
                self.unread_paths += 1;
                walk.unread.get_or_insert_with(|| folder.clone());
                return Ok(Holds {
                    kept: true,
                    ignored: false,
                });
            }
        };
        let mut places: BTreeMap<PathKey, Place> = self.index.places_in(&folder.key())?.into_iter().collect();
        let mut seen = BTreeSet::new();
        let mut below = Vec::new();
        let mut holds = Holds::default();
        for (path, entry) in self.choose_spellings(folder, listing, &places, &mut walk.twinned)? {
            let key = path.key();
            seen.insert(key.clone());
            let place = places.remove(&key);
            let is_folder = entry.kind == EntryKind::Folder;
            let rule = ignored_by.cloned().or_else(|| walk.rules.ignores(&path, entry.kind));
            if let Some(rule) = &rule
                && !self.is_kept(&key, place.as_ref())?
            {
                holds.ignored = true;
                self.leave_out(&key, place, walk)?;
                self.note_ignored(&path, rule);
                match entry.kind {
                    EntryKind::File => walk.left_out.push((path, entry)),
                    // What systems put aside, as a trash of their own, is no place that a person moves files to.
                    EntryKind::Folder if rule.line.is_some() => walk.left_out_folders.push((path, rule.clone())),
                    _ => {}
                }
            } else if is_folder && !self.is_entry(&key, place.as_ref())? {
                below.push((path, rule, Some((entry, place))));
            } else {
                // A pipe or device is named and left alone: it makes no folder an entry.
                let is_left_alone = entry.kind == EntryKind::Other;
                holds.kept |= !is_left_alone;
                holds.ignored |= is_left_alone;
                self.scan_entry(&path, &entry, place, walk)?;
                if is_folder {
                    below.push((path, rule, None));
                }
            }
        }
        for (key, place) in places {
            // A name that is there but was passed over is no deletion.
            if !seen.contains(&key) {
                self.find_absent(key, place, walk)?;
            }
        }
        self.commit_if_many(walk)?;
        for (path, rule, new) in below {
            let inside = self.scan_folder(&path, rule.as_ref(), walk)?;
            let Some((entry, place)) = new else { continue };
            // A new folder that lives only by what is ignored is no entry, nor is what is left of one that others deleted.
            let is_entry = inside.kept || (!inside.ignored && !self.is_leftover(&path.key())?);
            if is_entry {
                self.scan_entry(&path, &entry, place, walk)?;
            } else {
                self.leave_out(&path.key(), place, walk)?;
            }
            holds.kept |= is_entry;
            holds.ignored |= inside.ignored;
        }
        Ok(holds)
    }

    /// Leaves out what is named as Offsync's own folder is, but for its case, and says so: it would be that folder on other drives.
    fn without_private(&mut self, folder: &RelPath, mut listing: Vec<DiskEntry>) -> Vec<DiskEntry> {
        if folder.is_root() {
            listing.retain(|entry| {
                let path = folder.join(&entry.name).ok().filter(RelPath::is_private);
                if let Some(path) = &path {
                    self.skip(
                        path,
                        "its name is that of Offsync's own folder: give it another one, and the next sync takes it",
                    );
                }
                path.is_none()
            });
        }
        listing
    }

    /// Tells whether what stands under a known file's name, and looks as it did, is another file that looked just so.
    fn was_renamed_here(&self, seen: &(Value, Stat), walk: &mut Walk) -> Result<bool> {
        match &seen.0.content {
            Content::File(read) => Ok(walk.lookalikes.explains(self, &seen.1, read)?
                || self.damage_was_put_here(&walk.damaged, &seen.0.path, &seen.1, read)?),
            _ => Ok(false),
        }
    }

    /// Tells whether a path, or anything below it, is in the archive: rules are not asked about that.
    ///
    /// A file that stands where a folder of the archive belongs is taken in too, so that it can step aside.
    pub(crate) fn is_kept(&self, key: &PathKey, place: Option<&Place>) -> Result<bool> {
        let shows = |(_, place): &(PathKey, Place)| place.shown.is_some();
        Ok(self.is_entry(key, place)?
            || self.index.has_live_below(key)?
            || self.places_below(key)?.iter().any(shows)
            || self.is_moved_here(place)?)
    }

    /// Tells whether a folder or anything in it was ever shown here, or lives in the archive.
    fn is_known_folder(&self, key: &PathKey) -> Result<bool> {
        let place = self.index.place(key)?;
        Ok(*key == PathKey::root() || self.is_kept(key, place.as_ref())?)
    }

    /// Tells whether a new file is one that was kept under another name, and is not posted under this one yet.
    fn is_moved_here(&self, place: Option<&Place>) -> Result<bool> {
        let Some(value) = place.and_then(Place::on_disk) else {
            return Ok(false);
        };
        for gone in memory::read_all::<Gone>(self.index, GONE)?.into_values() {
            let siblings = self.index.entry(&gone.path.key())?;
            let is_it = |(dot, version): &(Dot, Version)| {
                version.value.same_content(value) && gone.shown.iter().any(|dots| dots.contains(dot))
            };
            if siblings.live().any(is_it) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Takes in kept files that got a name which a rule leaves out: a rename deletes nothing.
    fn take_in_renamed(&mut self, walk: &mut Walk) -> Result<()> {
        let absent: BTreeSet<_> = walk
            .absent
            .iter()
            .filter(|(_, place)| matches!(place.on_disk().map(|value| &value.content), Some(Content::File(_))))
            .filter_map(|(_, place)| place.stat().map(looks_and_inode))
            .collect();
        for (path, entry) in std::mem::take(&mut walk.left_out) {
            if absent.contains(&looks_and_inode(&entry.stat)) {
                self.report.ignored.retain(|ignored| ignored.path != path);
                self.report.ignored_paths -= 1;
                self.scan_entry(&path, &entry, None, walk)?;
            }
        }
        Ok(())
    }

    /// Tells whether a path is in the archive, or was when this drive last showed it.
    fn is_entry(&self, key: &PathKey, place: Option<&Place>) -> Result<bool> {
        Ok(place.is_some_and(|place| place.shown.is_some()) || self.index.entry(key)?.is_live())
    }

    /// Forgets what was seen at a place, and below it, before a rule left it out; nothing of it was ever posted.
    fn leave_out(&mut self, key: &PathKey, place: Option<Place>, walk: &mut Walk) -> Result<()> {
        let below = self.places_below(key)?.into_iter().map(|(key, _)| key);
        let seen = below.chain(place.map(|_| key.clone()));
        walk.writes.extend(seen.map(|key| IndexWrite::Place(key, None)));
        self.commit_if_many(walk)
    }

    fn note_ignored(&mut self, path: &RelPath, rule: &IgnoreRule) {
        self.report.ignored_paths += 1;
        if self.report.ignored.len() < IGNORED_LISTED_MAX {
            self.report.ignored.push(IgnoredPath {
                path: path.clone(),
                rule: rule.clone(),
            });
        }
    }

    fn scan_entry(&mut self, path: &RelPath, entry: &DiskEntry, place: Option<Place>, walk: &mut Walk) -> Result<()> {
        let is_file = entry.kind == EntryKind::File;
        self.report.scanned_files += u64::from(is_file);
        let known = place.as_ref().and_then(|place| Some((place.on_disk()?, place.stat()?)));
        let looks_known = known.is_some_and(|(value, stat)| {
            kind_of(&value.content) == Some(entry.kind) && looks_unread(stat, &entry.stat, entry.kind)
        });
        if looks_known && known.is_some_and(|(value, _)| value.path == *path) {
            let is_read = is_file && (walk.depth == Depth::Deep || walk.lookalikes.has(self, &entry.stat)?);
            if !is_read {
                return Ok(());
            }
        }
        // What was read too soon after a write is read again, and nobody is asked about it.
        let is_racy = known.is_some_and(|(_, stat)| {
            stat.ctime_ns == UNTELLING_CTIME_NS && looks_and_inode(stat) == looks_and_inode(&entry.stat)
        });
        if is_file && !is_racy && !looks_known && self.monitor.leaves(path, &entry.stat) {
            self.report.unfinished.push(path.clone());
            self.unread_paths += 1;
            walk.leave(entry);
            return Ok(());
        }
        let mut seen = match self.observe(path, entry, place.as_ref()) {
            Ok(Some(seen)) => seen,
            Ok(None) => {
                walk.leave(entry);
                return Ok(());
            }
            Err(EngineError::Disk(error)) if !is_fatal(&error) => {
                self.skip(path, format!("it could not be read ({})", error.reason()));
                self.unread_paths += 1;
                walk.leave_unread(entry);
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        if let Some((value, stat)) = known
            && kind_of(&value.content) == Some(entry.kind)
            && looks_unread(stat, &entry.stat, entry.kind)
            && !value.same_content(&seen.0)
            && !self.was_renamed_here(&seen, walk)?
        {
            if let (Content::File(file), Content::File(read)) = (&value.content, &seen.0.content) {
                let note = self.note_damage(path, file, read)?;
                walk.damaged.heed_found(self, read)?;
                walk.writes.extend(note);
            }
            self.skip(path, READS_DIFFERENTLY);
            return Ok(());
        }
        // A damaged file that got another name is that file, and never posted as an edit.
        let has_local_times = !walk.damaged.is_empty() && self.disk.profile()?.has_local_times();
        // What is known to read so was said to be right, though another file that is damaged reads just so.
        let is_known_so = known.is_some_and(|(value, _)| value.same_content(&seen.0));
        walk.writes.extend(match is_known_so {
            true => walk.damaged.forget(&path.key()).into_iter().collect(),
            false => self.heed_damage(walk.depth, &walk.damaged, place.as_ref(), &mut seen, has_local_times)?,
        });
        // A folder whose row was damaged is not known any more, and what lay in it is.
        let may_replace = known.is_none_or(|(value, _)| value.content.is_folder()) && !seen.0.content.is_folder();
        let below = match may_replace {
            true => self.places_below(&path.key())?,
            false => Vec::new(),
        };
        let replaces_folder = !below.is_empty();
        walk.replaced.extend(below);
        let (shown, _) = place.clone().map_or((None, None), Place::into_parts);
        let mut new = Place::new(shown, Some(seen.clone()));
        if walk.trust == Trust::Adopted && new.as_ref().is_some_and(Place::is_changed) {
            new = Place::new(None, Some(seen));
        }
        if new == place {
            return Ok(());
        }
        let was_clean = place.as_ref().is_some_and(|place| !place.is_changed());
        let is_clean = new.as_ref().is_some_and(|place| !place.is_changed());
        if !(was_clean && is_clean) {
            walk.writes
                .push(memory::unsettle(&path.key().parent().unwrap_or_else(PathKey::root)));
        }
        let write = IndexWrite::Place(path.key(), new);
        match replaces_folder {
            true => walk.replacing.push(write),
            false => walk.writes.push(write),
        }
        self.commit_if_many(walk)
    }

    fn find_absent(&mut self, key: PathKey, place: Place, walk: &mut Walk) -> Result<()> {
        let below = self.places_below(&key)?;
        walk.absent.extend(below);
        walk.absent.push((key, place));
        Ok(())
    }

    pub(crate) fn places_below(&self, key: &PathKey) -> Result<Vec<(PathKey, Place)>> {
        let (mut after, mut rows) = (key.clone(), 1);
        let mut found = Vec::new();
        loop {
            let page = self.index.places_after(Some(&after), rows)?;
            // Most of what is absent are files, with nothing below: one row tells.
            rows = INDEX_PAGE_ROWS;
            let Some((last, _)) = page.last() else { return Ok(found) };
            after = last.clone();
            for (below, place) in page {
                if !below.is_below(key) {
                    return Ok(found);
                }
                found.push((below, place));
            }
        }
    }

    /// Takes down what stood in folders, in one with what took their place.
    ///
    /// Were the cable pulled in between, the next scan would see a file that it knows and look for nothing below it.
    fn take_down_replaced(&self, walk: &mut Walk, gone: &mut BTreeMap<PathKey, Gone>) -> Result<()> {
        // What may have moved where nobody can look was deleted by nobody.
        let is_gone = walk.trust == Trust::Own && walk.unread.is_none();
        for (key, place) in &walk.replaced {
            walk.writes
                .push(memory::unsettle(&key.parent().unwrap_or_else(PathKey::root)));
            walk.writes.push(IndexWrite::Place(key.clone(), None));
            let shown = place.shown.iter().flat_map(|shown| &shown.refs);
            for shown in shown.filter(|shown| is_gone && !shown.dots.is_empty()) {
                self.remember_gone(&shown.origin, shown.dots.clone(), gone)?;
            }
        }
        walk.writes.append(&mut walk.replacing);
        walk.writes.extend(memory::gone_writes(gone.clone()));
        Ok(())
    }

    /// Remembers what is gone by the dots that it showed.
    fn take_down_absent(&mut self, walk: &mut Walk) -> Result<()> {
        let mut gone: BTreeMap<PathKey, Gone> = BTreeMap::new();
        self.take_down_replaced(walk, &mut gone)?;
        // A file that was renamed and is being written goes as one change, when it is finished.
        let (left_files, left_looks) = (
            std::mem::take(&mut walk.left_files),
            std::mem::take(&mut walk.left_looks),
        );
        let shifts = !left_looks.is_empty() && self.disk.profile()?.has_local_times();
        let is_its_time = |now_ns: i64, then_ns: i64| now_ns == then_ns || shifts && is_zone_shift(now_ns, then_ns);
        let is_left = |stat: &Stat| match stat.inode {
            0 => left_looks
                .iter()
                .any(|(size_bytes, mtime_ns)| *size_bytes == stat.size_bytes && is_its_time(*mtime_ns, stat.mtime_ns)),
            inode => left_files.contains(&inode),
        };
        // What is known of a drive that is taken over has the inodes of another one.
        if walk.trust == Trust::Own {
            walk.absent.retain(|(_, place)| !place.stat().is_some_and(is_left));
            if walk.has_nameless {
                walk.absent.clear();
            }
        }
        let mut absent = std::mem::take(&mut walk.replaced);
        let replaced = absent.len();
        match &walk.unread {
            Some(unread) if walk.trust == Trust::Own && !walk.absent.is_empty() => {
                let reason = format!(
                    "{} missing paths are not taken for deleted: they may have moved into '{unread}', which could not be read",
                    walk.absent.len()
                );
                self.skip(&RelPath::root(), reason);
            }
            _ => absent.append(&mut walk.absent),
        }
        let mut moved_on = BTreeMap::new();
        // What stands where it did not must be in the index to be found there.
        self.commit(std::mem::take(&mut walk.writes))?;
        let mut went_to = match walk.trust {
            Trust::Own => self.follow(&absent)?,
            Trust::Adopted => BTreeMap::new(),
        };
        let (in_doubt, told) = self.absent_in_doubt(&walk.damaged, &absent, &went_to)?;
        walk.writes.extend(told);
        for (at, (key, place)) in absent.into_iter().enumerate() {
            // What stood in a folder that something else took the place of may have moved where nobody can look; and a damaged file
            // may be one that reads as others do.
            let may_have_moved = at < replaced && walk.unread.is_some() || in_doubt.contains(&key);
            walk.writes
                .push(memory::unsettle(&key.parent().unwrap_or_else(PathKey::root)));
            walk.writes.push(IndexWrite::Place(key.clone(), None));
            if walk.trust == Trust::Adopted || may_have_moved {
                continue;
            }
            let went_to = went_to.remove(&key);
            let made = self.heed_moved_damage(&walk.damaged, (&key, &place), went_to.as_ref())?;
            walk.writes.extend(made);
            if place.shown.is_none() {
                moved_on.insert(key, went_to.clone());
            }
            for shown in place.shown.map(|shown| shown.refs).unwrap_or_default() {
                if !shown.dots.is_empty() {
                    self.remember_gone(&shown.origin, shown.dots, &mut gone)?;
                    gone.entry(shown.origin)
                        .and_modify(|known| known.went_to.clone_from(&went_to));
                }
            }
        }
        self.follow_on(&moved_on, &mut gone)?;
        walk.writes.extend(memory::gone_writes(gone));
        Ok(())
    }

    /// Adds dots to what is remembered as deleted at an origin.
    pub(crate) fn remember_gone(
        &self,
        origin: &PathKey,
        dots: Vec<offsync_core::dot::Dot>,
        gone: &mut BTreeMap<PathKey, Gone>,
    ) -> Result<()> {
        if !gone.contains_key(origin) {
            let kept = memory::read(self.index, &memory::of_key(GONE, origin))?;
            let path = self.spelled(origin)?;
            gone.insert(
                origin.clone(),
                kept.unwrap_or(Gone {
                    path,
                    shown: BTreeSet::new(),
                    went_to: None,
                }),
            );
        }
        gone.entry(origin.clone()).and_modify(|known| {
            known.shown.insert(dots);
        });
        Ok(())
    }

    fn commit_if_many(&mut self, walk: &mut Walk) -> Result<()> {
        if walk.writes.len() < SCAN_WRITES_MAX {
            return Ok(());
        }
        self.commit(std::mem::take(&mut walk.writes))
    }
}

/// Gives what a rename leaves as it is.
fn looks_and_inode(stat: &Stat) -> (u64, i64, u64) {
    (stat.size_bytes, stat.mtime_ns, stat.inode)
}
