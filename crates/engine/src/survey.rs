//! Surveys: how things stand, for people, without changing the drive or the mailbox.

use std::collections::{BTreeMap, BTreeSet};

use offsync_core::dot::Dot;
use offsync_core::entry::{Content, Value};
use offsync_core::format::{Manifest, ObjectName, PostedEntry};
use offsync_core::ids::LocationId;
use offsync_core::limits::INDEX_PAGE_ROWS;
use offsync_core::local_change::LocalChange;
use offsync_core::place::Place;
use offsync_core::ports::{Mailbox, MailboxErrorKind};
use offsync_core::present::strongest;
use offsync_core::rel_path::{PathKey, RelPath};
use offsync_core::version_vector::VersionVector;

use crate::engine::Engine;
use crate::error::Result;
use crate::memory::{self, CachedHead, CachedPerson, LAST_SYNC, LOG, LogRecord, OUTBOX, SENT};
use crate::options::SyncOptions;
use crate::report::{Foreign, Held, IgnoredPath, LostFile, Outlook, SilentHome, SkippedPath};
use crate::scan::Depth;
use crate::standing::{LocationStanding, LocationState};
use crate::trash::TrashLine;
use crate::unshown::Unshown;
use crate::verify::DamagedFile;

/// The mailbox in a survey.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MailboxStanding {
    /// Why it did not answer; `None` if it did.
    pub trouble: Option<(MailboxErrorKind, String)>,
    /// Bytes in it.
    pub used_bytes: u64,
    /// What of it is not Offsync's.
    pub foreign: Foreign,
    /// Changesets that the next sync takes in.
    pub incoming_changesets: u64,
    /// Their objects in bytes.
    pub incoming_bytes: u64,
    /// Changesets that wait for one before them, which is not there any more or cannot be read: others have to sync first.
    pub stuck_changesets: u64,
    /// Whether this location's want lies there.
    pub is_asked: bool,
    /// Whether content lies there that was served to this location, and of which no sync has taken in all that it lacks.
    pub is_served: bool,
    /// Whether state lies there that was served to this location.
    pub is_told: bool,
}

/// How things stand at one location.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Survey {
    /// Every location that is known, this one first, then by label.
    pub locations: Vec<LocationStanding>,
    /// Those that have been silent for longer than the archive waits and are waited for still; nobody can tell while the
    /// mailbox does not answer.
    pub silent: Vec<SilentHome>,
    /// The mailbox.
    pub mailbox: MailboxStanding,
    /// Own changes that are not in the mailbox, with those that a sync has made up and could not put there; a move counts once.
    pub unposted_changes: u64,
    /// Their content in bytes.
    pub unposted_bytes: u64,
    /// What waited for room in the mailbox when the last cycle ended.
    pub outlook: Option<Outlook>,
    /// Files on the drive.
    pub files: u64,
    /// Conflict copies that are shown.
    pub conflicts: u64,
    /// Deletions that the last cycle held.
    pub held: Option<Held>,
    /// Those of the other direction that it held as well.
    pub also_held: Option<Held>,
    /// Folders and files that could not be read: nobody knows what was changed in them.
    pub unread: u64,
    /// Files that stand here alone and are not kept: their names fold to those of others.
    pub twins: Vec<RelPath>,
    /// What stands here alone and is not kept, since its name or path is too long.
    pub too_long: Vec<String>,
    /// Files that are known here and not on this drive yet.
    pub unshown: Unshown,
    /// Files whose content no home that counts has, as far as the last cycle could tell.
    pub lost: Vec<LostFile>,
    /// When the last cycle ended, by this location's clock.
    pub last_sync_ns: Option<i64>,
    /// Files that are known to be damaged on this drive.
    pub damaged: Vec<DamagedFile>,
    /// Whether others seal under a key that this location lacks: what they say since is unknown here, their word of it among that.
    pub lacks_key: bool,
    /// Paths that were passed over.
    pub skipped: Vec<SkippedPath>,
    /// What the scan has to say of paths that it took in: lines of rules that are none.
    pub warnings: Vec<SkippedPath>,
    /// Paths that are not taken in, in order of the scan; the first 1,000.
    pub ignored: Vec<IgnoredPath>,
    /// How many paths are not taken in; a folder counts once.
    pub ignored_paths: u64,
}

/// What happened to one path since it was last posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Which path.
    pub path: RelPath,
    /// What happened.
    pub change: DifferenceKind,
    /// Where it was before, if it moved.
    pub from: Option<RelPath>,
    /// Whether it was edited, too, if it moved.
    pub is_edited: bool,
    /// Size of the file in bytes.
    pub bytes: u64,
}

/// A kind of change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DifferenceKind {
    /// New.
    Created,
    /// New content.
    Modified,
    /// Gone.
    Deleted,
    /// Elsewhere.
    Renamed,
    /// Times, permissions or spelling.
    Metadata,
}

impl Engine<'_> {
    /// Looks at the drive and the mailbox and tells how things stand.
    pub fn survey(&mut self, options: &SyncOptions) -> Result<Survey> {
        self.recover()?;
        (self.unread_paths, self.lacks_key) = (0, false);
        let left_out = self.scan(Depth::Quick, options.trust())?;
        self.tell_moved_out(&left_out)?;
        let mut heads = self.heads()?;
        let mailbox = match self.mailbox {
            Some(mailbox) => self.survey_mailbox(mailbox, &mut heads)?,
            None => MailboxStanding::default(),
        };
        self.leave_open_who_is_out();
        let changes = self.local_changes()?;
        let in_outbox = self.differences_in_outbox(&changes)?;
        let in_outbox_bytes: u64 = in_outbox.iter().map(|line| line.bytes).sum();
        let outbox_changes: u64 = self.outbox()?.iter().map(|(record, _)| record.counts.all()).sum();
        let unshown = self.unshown()?;
        let never_held = self.never_held(&heads)?;
        let silent = self.aside_for_silence(&heads, options.patience())?;
        let mut locations = Vec::new();
        for (location, person) in self.living()? {
            let mut standing = self.standing_of(location, &person, heads.get(&location), &never_held, &silent)?;
            if standing.is_this && standing.state == LocationState::UpToDate {
                standing.state = match unshown.files {
                    _ if mailbox.incoming_changesets + mailbox.stuck_changesets > 0 => LocationState::Behind,
                    0 => LocationState::UpToDate,
                    files if files == unshown.unfit => LocationState::Unfit,
                    _ => LocationState::Behind,
                };
                if standing.state == LocationState::Unfit {
                    standing.unfit = unshown.unfit;
                }
            }
            if standing.is_this {
                standing.root = Some(self.root()?);
            }
            locations.push(standing);
        }
        locations.sort_by_key(|standing| (!standing.is_this, standing.label.to_lowercase(), standing.location));
        let silent = match mailbox.trouble {
            None => self.silent_homes(&heads, options.patience())?,
            Some(_) => Vec::new(),
        };
        let mut held = self.still_held()?.into_iter();
        Ok(Survey {
            locations,
            silent,
            mailbox,
            unposted_changes: self.count_told(&changes)? + outbox_changes.min(in_outbox.len() as u64),
            unposted_bytes: changes
                .iter()
                .map(|change| change.value.content.size_bytes())
                .sum::<u64>()
                + in_outbox_bytes,
            outlook: self.outlook()?,
            files: self.index.count_files()?,
            conflicts: self.conflicts()?.len() as u64,
            held: held.next(),
            also_held: held.next(),
            unread: self.unread_paths,
            twins: std::mem::take(&mut self.report.twins),
            too_long: std::mem::take(&mut self.report.too_long),
            unshown,
            damaged: self.damaged()?,
            lost: self.lost()?,
            last_sync_ns: memory::read(self.index, LAST_SYNC)?,
            lacks_key: self.lacks_key,
            skipped: std::mem::take(&mut self.report.skipped),
            warnings: std::mem::take(&mut self.report.warnings),
            ignored: std::mem::take(&mut self.report.ignored),
            ignored_paths: self.report.ignored_paths,
        })
    }

    /// Gives the locations that are known and were not succeeded by another id, removed ones among them.
    pub fn living(&self) -> Result<Vec<(LocationId, CachedPerson)>> {
        let succeeded = self.succeeded()?;
        let people = self.people()?.into_iter();
        Ok(people.filter(|(location, _)| !succeeded.contains(location)).collect())
    }

    fn survey_mailbox(
        &mut self,
        mailbox: &dyn Mailbox,
        heads: &mut BTreeMap<LocationId, CachedHead>,
    ) -> Result<MailboxStanding> {
        let view = match self.list(mailbox) {
            Ok(view) => view,
            Err(crate::error::EngineError::Mailbox(error)) => {
                return Ok(MailboxStanding {
                    trouble: Some((error.kind(), error.to_string())),
                    ..Default::default()
                });
            }
            Err(error) => return Err(error),
        };
        let mut standing = MailboxStanding {
            used_bytes: view.used_bytes(),
            foreign: view.foreign(),
            is_served: self.has_been_served(&view)?,
            ..MailboxStanding::default()
        };
        let me = self.me();
        let stuck = self.stuck(mailbox, &view)?;
        standing.stuck_changesets = stuck.len() as u64;
        for name in view.names().cloned().collect::<Vec<_>>() {
            match &name {
                ObjectName::Head(location) if *location != me => {
                    if let Some(head) = self.read_head(mailbox, &name, location)? {
                        // One that says what was known says nothing of when it came.
                        let known = heads.get(location).map(|known| &known.head);
                        if known.is_none_or(|known| *known != head && known.counter <= head.counter) {
                            let changed_ns = self.clock.now_ns();
                            heads.insert(*location, CachedHead { head, changed_ns });
                        }
                    }
                }
                ObjectName::Want(location) => standing.is_asked |= *location == me,
                ObjectName::ServedState { reader, .. } => standing.is_told |= *reader == me,
                ObjectName::Manifest { author, sequence } | ObjectName::Pack { author, sequence, .. }
                    if stuck.contains(&(*author, *sequence)) => {}
                ObjectName::Manifest { author, sequence } if self.vector.get(author) < *sequence => {
                    standing.incoming_changesets += 1;
                    standing.incoming_bytes += view.size_of(&name);
                }
                ObjectName::Pack { author, sequence, .. } if self.vector.get(author) < *sequence => {
                    standing.incoming_bytes += view.size_of(&name);
                }
                _ => {}
            }
        }
        Ok(standing)
    }

    /// Gives the history of folded changesets, oldest first.
    pub fn log(&self) -> Result<Vec<LogRecord>> {
        Ok(memory::read_all::<LogRecord>(self.index, LOG)?.into_values().collect())
    }

    /// Gives, for each location that lacks content, the changesets that the content is of.
    pub fn incomplete(&self) -> Result<BTreeMap<LocationId, BTreeSet<(LocationId, u64)>>> {
        let me = self.me();
        let of = |dot: &Dot| (dot.location, dot.sequence);
        let mut all = BTreeMap::new();
        for (location, cached) in self.heads()? {
            let mut lacking = BTreeSet::new();
            for chunk in cached.head.missing.iter().filter(|_| location != me) {
                lacking.extend(self.index.versions_with_chunk(chunk)?.iter().map(|(_, dot)| of(dot)));
            }
            all.insert(location, lacking);
        }
        all.insert(me, self.unshown()?.dots.iter().map(of).collect());
        Ok(all)
    }

    /// Gives, for each location that is known, what it is known to have folded.
    pub fn known_vectors(&self) -> Result<Vec<(LocationId, CachedPerson, VersionVector)>> {
        let heads = self.heads()?;
        let one = |(location, person): (LocationId, CachedPerson)| {
            let vector = match heads.get(&location) {
                _ if location == self.me() => self.vector.clone(),
                Some(cached) => cached.head.vector.clone(),
                None => person.holds.clone(),
            };
            (location, person, vector)
        };
        Ok(self.people()?.into_iter().map(one).collect())
    }

    /// Tells whether all versions that a place shows are still live: not held, replaced or waiting.
    pub(crate) fn is_still_said(&self, place: &Place) -> Result<bool> {
        for shown in place.shown.iter().flat_map(|shown| &shown.refs) {
            let siblings = self.index.entry(&shown.origin)?;
            let is_live = |dot: &Dot| siblings.live().any(|(live, _)| live == dot);
            if !shown.dots.iter().all(is_live) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Tells whether this location still waits to learn what the archive holds.
    pub fn awaits_state(&self) -> Result<bool> {
        Ok(memory::read(self.index, memory::AWAITS_STATE)?.unwrap_or(false))
    }

    /// Tells whether this location has ever finished a cycle.
    pub fn has_synced(&self) -> Result<bool> {
        Ok(memory::read::<i64>(self.index, LAST_SYNC)?.is_some())
    }

    /// Gives what this drive shows and a person has not touched, in order of key: folders before what is in them.
    pub fn clean_values(&self) -> Result<Vec<Value>> {
        let mut values = Vec::new();
        let mut after: Option<PathKey> = None;
        loop {
            let page = self.index.places_after(after.as_ref(), INDEX_PAGE_ROWS)?;
            let Some((last, _)) = page.last() else {
                return Ok(values);
            };
            after = Some(last.clone());
            for (_, place) in page.iter().filter(|(_, place)| !place.is_changed()) {
                if self.is_still_said(place)? {
                    values.extend(place.on_disk().cloned());
                }
            }
        }
    }

    /// Counts what was made or changed here and is not posted yet.
    pub fn unposted(&self) -> Result<u64> {
        Ok(self.index.changed_places()?.len() as u64)
    }

    /// Counts own changes as people do: what moved once, and an edited conflict copy once.
    fn count_told(&self, changes: &[LocalChange]) -> Result<u64> {
        let mut untold = left_by(&self.moves(changes)?);
        untold.extend(self.give_way_to_edits(&changes.iter().collect::<Vec<_>>())?.into_keys());
        Ok((changes.len() - untold.len()) as u64)
    }

    /// Looks at the drive and tells what differs from what was posted, by path.
    pub fn differences(&mut self, options: &SyncOptions) -> Result<(Vec<Difference>, Vec<SkippedPath>)> {
        self.recover()?;
        self.scan(Depth::Quick, options.trust())?;
        let changes = self.local_changes()?;
        let moves = self.moves(&changes)?;
        let left = left_by(&moves);
        let all: Vec<&LocalChange> = changes.iter().collect();
        let (edited, found) = (self.give_way_to_edits(&all)?, self.deletions_of(&all)?);
        let mut lines = Vec::new();
        let is_told = |i: &usize| !left.contains(i) && !edited.contains_key(i);
        for (i, change) in changes.iter().enumerate().filter(|(i, _)| is_told(i)) {
            let old = self.posted_before(change)?.map(|value| value.content);
            let mut line = difference(change, old.as_ref());
            if !matches!(change.value.content, Content::File(_)) && found.deleted.contains(&i) {
                // Something else stands in the file's place.
                line.change = DifferenceKind::Deleted;
                line.bytes = old.as_ref().map_or(0, Content::size_bytes);
            }
            if line.change == DifferenceKind::Deleted {
                line.path = self.removed_path(change)?;
                if let Some(left) = self.takes_its_name(&changes, change, &line.path)? {
                    (line.change, line.bytes) = (DifferenceKind::Modified, left.size_bytes());
                }
            }
            if let Some(from) = moves.get(&i) {
                let before = self.posted_before(&changes[*from])?;
                line.is_edited = before.is_some_and(|before| !before.content.same_as(&change.value.content));
                line.change = DifferenceKind::Renamed;
                line.from = Some(changes[*from].value.path.clone());
            }
            lines.push(line);
        }
        let places: BTreeSet<&PathKey> = edited.values().collect();
        let of_copies = lines.iter_mut().filter(|line| places.contains(&line.path.key()));
        of_copies.for_each(|line| line.change = DifferenceKind::Modified);
        lines.extend(self.differences_in_outbox(&changes)?);
        lines.sort_by(|a, b| a.path.cmp(&b.path));
        Ok((lines, std::mem::take(&mut self.report.skipped)))
    }

    /// Gives the version of a conflict that will have the name which an own deletion takes from the other one.
    fn takes_its_name(
        &self,
        changes: &[LocalChange],
        deletion: &LocalChange,
        path: &RelPath,
    ) -> Result<Option<Content>> {
        let origin = deletion.origin();
        let is_folder = |value: Value| value.content.is_folder();
        if path.key() != origin || self.posted_before(deletion)?.is_some_and(is_folder) {
            return Ok(None);
        }
        let own = changes.iter().filter(|change| change.origin() == origin);
        let replaced: BTreeSet<&Dot> = own.flat_map(|change| &change.replaces).collect();
        let siblings = self.index.entry(&origin)?;
        let left = strongest(siblings.live().filter(|(dot, _)| !replaced.contains(dot)));
        Ok(left.map(|(_, version)| version.value.content.clone()))
    }

    /// Gives the own changesets that a sync made up and could not put into the mailbox, each with its content in bytes.
    pub fn outbox(&self) -> Result<Vec<(LogRecord, u64)>> {
        let waiting = self.manifests_in_outbox()?;
        if waiting.is_empty() {
            return Ok(Vec::new());
        }
        let own = |record: &LogRecord| record.author == self.me();
        let records = self.log()?.into_iter().filter(own);
        let of = |record: LogRecord| waiting.get(&record.sequence).map(|(_, bytes)| (record, *bytes));
        Ok(records.filter_map(of).collect())
    }

    /// Gives what the own changesets in the outbox carry, by sequence: their entries, and their content in bytes.
    fn manifests_in_outbox(&self) -> Result<BTreeMap<u64, (Vec<PostedEntry>, u64)>> {
        let mut all = BTreeMap::new();
        for (name, sealed) in memory::read_all::<Vec<u8>>(self.index, OUTBOX)? {
            let Ok(name) = name.parse::<ObjectName>() else {
                continue;
            };
            let ObjectName::Manifest { author, sequence } = name else {
                continue;
            };
            let key = |_: &LocationId| Some(self.signer.public());
            if author != self.me() {
                continue;
            }
            // One that cannot be read here again is counted all the same: it waits, whatever it says.
            let manifest = Manifest::decode(&self.keys, &name, &sealed, key).ok();
            let bytes = manifest.as_ref().map_or(0, |manifest| {
                let inline: usize = manifest.inline.iter().map(Vec::len).sum();
                manifest.packs.iter().map(|pack| pack.size_bytes).sum::<u64>() + inline.min(sealed.len()) as u64
            });
            all.insert(
                sequence,
                (manifest.map(|manifest| manifest.entries).unwrap_or_default(), bytes),
            );
        }
        Ok(all)
    }

    /// Gives what waits in the outbox, by path, without what was changed once more since.
    ///
    /// What a version replaced is gone from the index by then: a move is told as what it is made of.
    fn differences_in_outbox(&self, since: &[LocalChange]) -> Result<Vec<Difference>> {
        let mut by_key: BTreeMap<PathKey, Difference> = BTreeMap::new();
        for (entries, _) in self.manifests_in_outbox()?.into_values() {
            for PostedEntry { value, replaces } in entries {
                let change = match &value.content {
                    Content::Tombstone => DifferenceKind::Deleted,
                    _ if replaces.is_empty() => DifferenceKind::Created,
                    _ => DifferenceKind::Modified,
                };
                let line = Difference {
                    change,
                    from: None,
                    is_edited: false,
                    bytes: value.content.size_bytes(),
                    path: value.path,
                };
                by_key.insert(line.path.key(), line);
            }
        }
        for change in since {
            by_key.remove(&change.origin());
        }
        Ok(by_key.into_values().collect())
    }

    /// Gives what this location has folded.
    pub fn folded(&self) -> VersionVector {
        self.vector.clone()
    }

    /// Gives what came and went since of content alone, for changes that still waited for room, in bytes: what others
    /// sent, and what was sent here.
    pub fn parts_since(&self, before: &VersionVector) -> Result<(u64, u64)> {
        let (mut received, mut sent) = (0, 0);
        if self.vector == *before {
            return Ok((received, sent));
        }
        // Parts whose entry has gone or come, too, are no parts any more.
        let ahead: BTreeSet<u64> = memory::read_all(self.index, SENT)?.into_values().collect();
        let awaits = self.awaits_entries()?;
        let is_ahead = |record: &LogRecord| match record.author == self.me() {
            true => ahead.contains(&record.sequence),
            false => awaits,
        };
        for record in self.log()?.into_iter().filter(is_ahead) {
            if record.entries == 0 && record.sequence > before.get(&record.author) {
                match record.author == self.me() {
                    true => sent += record.bytes,
                    false => received += record.bytes,
                }
            }
        }
        Ok((received, sent))
    }

    /// Gives the files that came into the trash since, for another home's deletion: nothing stands at their places.
    pub fn deleted_since(&self, before: &BTreeSet<String>) -> Result<Vec<TrashLine>> {
        let mut lines = self.trash()?;
        lines.retain(|line| !before.contains(&line.name) && line.by.is_some_and(|by| by != self.me()));
        let mut deleted = Vec::new();
        for line in lines {
            if self.index.place(&line.path.key())?.is_none() {
                deleted.push(line);
            }
        }
        Ok(deleted)
    }
}

/// Gives the changes that only say where something moved from: in a round, each says where it moved to as well.
fn left_by(moves: &BTreeMap<usize, usize>) -> BTreeSet<usize> {
    moves
        .values()
        .filter(|from| !moves.contains_key(from))
        .copied()
        .collect()
}

fn difference(change: &LocalChange, old: Option<&Content>) -> Difference {
    let content = &change.value.content;
    let (kind, of) = match old {
        _ if !content.is_live() => (DifferenceKind::Deleted, old.unwrap_or(content)),
        None => (DifferenceKind::Created, content),
        Some(old) if old.same_as(content) => (DifferenceKind::Metadata, content),
        Some(_) => (DifferenceKind::Modified, content),
    };
    Difference {
        path: change.value.path.clone(),
        change: kind,
        from: None,
        is_edited: false,
        bytes: of.size_bytes(),
    }
}
