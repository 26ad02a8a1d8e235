//! What does not fit: entries that this drive cannot show, and new ones that another's drive cannot hold as they are.
//!
//! What this drive cannot show is known, counted and kept by the others; it is noted here by path, its content
//! is not fetched, and its absence is nobody's deletion. An author hears of what does not fit elsewhere before it
//! is posted, and it is posted all the same.

use std::collections::{BTreeMap, BTreeSet};

use offsync_core::dot::Dot;
use offsync_core::drive_profile::{DriveProfile, Fit, NameRule, Unfit};
use offsync_core::entry::Value;
use offsync_core::escape::as_seen;
use offsync_core::ids::{LocationId, Root};
use offsync_core::limits::INDEX_PAGE_ROWS;
use offsync_core::local_change::LocalChange;
use offsync_core::place::{Place, Shown};
use offsync_core::ports::IndexWrite;
use offsync_core::present::present_folder;
use offsync_core::rel_path::{PathKey, RelPath};
use offsync_core::siblings::Siblings;
use serde::{Deserialize, Serialize};

use crate::counted::Counted;
use crate::engine::Engine;
use crate::error::Result;
use crate::memory::{self, CachedHead, DRIVE, DRIVE_OF, UNFIT};
use crate::options::SyncOptions;
use crate::overlay::Overlay;
use crate::report::SkippedPath;
use crate::suggested::Suggestions;

/// The note of the places whose other names on this drive a person was told of.
const ESCAPED_TOLD: &str = "escaped-told";

/// So many names that stand here otherwise are told one by one; an archive may have thousands.
const ESCAPED_NAMED_MAX: usize = 5;

/// The note of what was counted of other homes' drives, and under which root.
const NEVER_HELD: &str = "never-held";

/// How many files and links each of some drives can never hold.
pub(crate) type NeverHeld = Vec<(DriveProfile, u64)>;

/// An entry that this drive cannot show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Unfitting {
    pub(crate) value: Value,
    pub(crate) unfit: Unfit,
    pub(crate) dots: Vec<Dot>,
}

/// What stays in the other homes though the folder that it lies in went from here: this drive does not show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftBehind {
    /// The folder, as it was called here.
    pub folder: RelPath,
    /// What stays, and what to do about it.
    pub line: SkippedPath,
}

/// Tells why a drive cannot show what is wanted at a place; `None` if it can, or does.
pub(crate) fn unfit(drive: &DriveProfile, place: Option<&Place>, want: &Shown) -> Option<Unfitting> {
    let Fit::Held(unfit) = drive.fit(&want.value) else {
        return None;
    };
    let is_there = |there: &Value| there.same_content(&want.value) && there.path.name() == want.value.path.name();
    if place.and_then(Place::on_disk).is_some_and(is_there) {
        return None;
    }
    Some(Unfitting {
        value: want.value.clone(),
        unfit,
        dots: want.refs.iter().flat_map(|shown| shown.dots.iter().copied()).collect(),
    })
}

impl Engine<'_> {
    /// Looks again at what did not fit, if the drive is another than it was.
    pub(crate) fn learn_drive(&mut self) -> Result<()> {
        let drive = self.disk.profile()?;
        if memory::read::<DriveProfile>(self.index, DRIVE)? == Some(drive) {
            return Ok(());
        }
        let unfitting = self.unfitting()?;
        let above = unfitting.keys().map(|key| key.parent().unwrap_or_else(PathKey::root));
        let mut writes: Vec<IndexWrite> = above.map(|folder| memory::unsettle(&folder)).collect();
        writes.push(memory::write(DRIVE, &drive));
        self.commit(writes)
    }

    /// Gives what this drive cannot show, by place.
    pub(crate) fn unfitting(&self) -> Result<BTreeMap<PathKey, Unfitting>> {
        let notes = memory::read_all::<(PathKey, Unfitting)>(self.index, UNFIT)?;
        Ok(notes.into_values().collect())
    }

    /// Makes the writes that take down what was found not to fit in the folders that were planned.
    pub(crate) fn unfit_writes(
        &self,
        planned: &[PathKey],
        unfit: &BTreeMap<PathKey, Unfitting>,
    ) -> Result<Vec<IndexWrite>> {
        let known = self.unfitting()?;
        let is_planned = |key: &&PathKey| key.parent().is_some_and(|folder| planned.contains(&folder));
        let gone = known.keys().filter(is_planned).filter(|key| !unfit.contains_key(*key));
        let mut writes: Vec<IndexWrite> = gone.map(|key| memory::erase(memory::of_key(UNFIT, key))).collect();
        for (key, unfitting) in unfit {
            if known.get(key) != Some(unfitting) {
                writes.push(memory::write(memory::of_key(UNFIT, key), &(key, unfitting)));
            }
        }
        Ok(writes)
    }

    /// Counts, for the drive of each home that folded all that this one did and does not show all of it, what it can
    /// never hold, as its head counts it.
    ///
    /// What was counted of an archive is kept: it is the same until something is folded.
    pub(crate) fn never_held(&mut self, heads: &BTreeMap<LocationId, CachedHead>) -> Result<NeverHeld> {
        let me = self.me();
        let mut drives: Vec<DriveProfile> = Vec::new();
        for (_, cached) in heads.iter().filter(|(location, _)| **location != me) {
            let head = &cached.head;
            if head.unshown > 0 && self.is_level(head) && !drives.contains(&head.drive) {
                drives.push(head.drive);
            }
        }
        if drives.is_empty() {
            return Ok(NeverHeld::new());
        }
        let root = self.root()?;
        let kept: Option<(Root, NeverHeld)> = memory::read(self.index, NEVER_HELD)?;
        let mut counted = kept
            .filter(|(of, _)| *of == root)
            .map_or_else(NeverHeld::new, |kept| kept.1);
        drives.retain(|drive| counted.iter().all(|(known, _)| known != drive));
        if !drives.is_empty() {
            let counts = self.count_held(&drives)?;
            counted.extend(drives.into_iter().zip(counts));
            self.commit(vec![memory::write(NEVER_HELD, &(root, &counted))])?;
        }
        Ok(counted)
    }

    /// Counts what each of some drives can never hold, in one walk over what is posted.
    fn count_held(&self, drives: &[DriveProfile]) -> Result<Vec<u64>> {
        let is_held = |drive: &DriveProfile, value: &Value| matches!(drive.fit(value), Fit::Held(_));
        let by_any = |value: &Value| drives.iter().any(|drive| is_held(drive, value));
        let (mut folders, mut after) = (BTreeSet::new(), None);
        loop {
            let page = self.index.entries_after(after.as_ref(), INDEX_PAGE_ROWS)?;
            let Some((last, _)) = page.last() else { break };
            after = Some(last.clone());
            let of = |(key, siblings): &(PathKey, Siblings)| {
                let is_there = siblings.live().any(|(_, version)| by_any(&version.value));
                is_there.then(|| key.parent()).flatten()
            };
            folders.extend(page.iter().filter_map(of));
        }
        // They show what the siblings say, and nothing of what is unposted here.
        let posted = Overlay::new(self.index, Vec::new())?;
        let mut held = vec![BTreeSet::new(); drives.len()];
        for folder in folders {
            let shown = present_folder(&self.folder_path(&folder)?, &posted.children(self.index, &folder)?);
            for (key, shown) in shown {
                for (drive, held) in drives.iter().zip(&mut held) {
                    if is_held(drive, &shown.value) {
                        held.insert(key.clone());
                    }
                }
            }
        }
        let count = |held: &BTreeSet<PathKey>| held.iter().filter(|key| !has_below(held, key)).count() as u64;
        Ok(held.iter().map(count).collect())
    }

    /// Names in the report what this drive cannot show.
    pub(crate) fn tell_unfitting(&mut self) -> Result<()> {
        for (key, unfitting) in self.unfitting()? {
            let why = why(unfitting.unfit);
            let instead = match self.index.place(&key)? {
                Some(place) if self.is_replaced(&place)? => "What stands here is the version before it",
                Some(place) if place.on_disk().is_some() => "Another version stands here",
                _ => "It is not shown here",
            };
            let reason = format!("{why}: this drive cannot store it. {instead}, and the other copies keep it.");
            self.warn(&unfitting.value.path, reason);
        }
        Ok(())
    }

    /// Tells whether what stands at a place is what was shown there, and somebody has replaced it since.
    fn is_replaced(&self, place: &Place) -> Result<bool> {
        Ok(place.shown.is_some() && !place.is_changed() && !self.is_still_said(place)?)
    }

    /// Names in the report, once, what stands on this drive under another name than everywhere else.
    ///
    /// Walks the drive's places only where this cycle changed something, or nobody was ever told.
    pub(crate) fn tell_escaped(&mut self) -> Result<()> {
        let drive = self.disk.profile()?;
        let told: Option<BTreeSet<PathKey>> = memory::read(self.index, ESCAPED_TOLD)?;
        let is_idle = self.report.applied.all() == 0 && self.report.posted_entries == 0;
        if drive.names == NameRule::Any || (told.is_some() && is_idle) {
            return Ok(());
        }
        let is_told = |key: &PathKey| told.as_ref().is_some_and(|told| told.contains(key));
        let (mut escaped, mut after) = (BTreeSet::new(), None);
        let mut new: Vec<(RelPath, String)> = Vec::new();
        loop {
            let page = self.index.places_after(after.as_ref(), INDEX_PAGE_ROWS)?;
            let Some((last, _)) = page.last() else { break };
            after = Some(last.clone());
            for (key, place) in &page {
                let Some(value) = place.on_disk() else { continue };
                let Fit::Escaped(spelled) = drive.fit(value) else {
                    continue;
                };
                if !is_told(key) {
                    new.push((value.path.clone(), as_seen(&spelled)));
                }
                escaped.insert(key.clone());
            }
        }
        let others = new.len().saturating_sub(ESCAPED_NAMED_MAX);
        for (at, (path, seen)) in new.into_iter().take(ESCAPED_NAMED_MAX).enumerate() {
            let more = match others {
                n if n > 0 && at + 1 == ESCAPED_NAMED_MAX => format!(" So it is with {n} more."),
                _ => String::new(),
            };
            let reason = format!(
                "this drive cannot store that name: it stands here as '{seen}', and under its own name in the other homes.{more}"
            );
            self.warn(&path, reason);
        }
        match told {
            Some(told) if told == escaped => Ok(()),
            _ => self.commit(vec![memory::write(ESCAPED_TOLD, &escaped)]),
        }
    }

    /// Names in the report those of some own changes that another's drive cannot hold as they are.
    pub(crate) fn tell_unfit_elsewhere(&mut self, changes: &[&LocalChange], counted: &Counted) -> Result<()> {
        for line in self.unfit_elsewhere(changes, counted)? {
            self.warn(&line.path, line.reason);
        }
        Ok(())
    }

    /// Names what is not posted yet and another's drive cannot hold as it is, as the sync that posts it will.
    pub fn to_be_unfit_elsewhere(&self, options: &SyncOptions) -> Result<Vec<SkippedPath>> {
        let counted = self.counted(options.patience(), &BTreeSet::new())?;
        let changes = self.local_changes()?;
        self.unfit_elsewhere(&changes.iter().collect::<Vec<_>>(), &counted)
    }

    fn unfit_elsewhere(&self, changes: &[&LocalChange], counted: &Counted) -> Result<Vec<SkippedPath>> {
        let (heads, people) = (self.heads()?, self.people()?);
        let (mut names, mut folders) = (Suggestions::default(), BTreeSet::new());
        let mut lines = Vec::new();
        for (location, _) in counted.others(self.me()) {
            let said = heads.get(location).map(|cached| cached.head.drive);
            let Some(drive) = said.map_or_else(|| self.drive_of(location), |said| Ok(Some(said)))? else {
                continue;
            };
            let label = people.get(location).map_or("another location", |person| &person.label);
            for change in changes {
                let fit = drive.fit(&change.value);
                if fit == Fit::AsIs || !self.is_new_to(&drive, change)? {
                    continue;
                }
                let folder = change.value.path.parent().unwrap_or_else(RelPath::root);
                if matches!(fit, Fit::Escaped(_)) && folders.insert(folder.key()) {
                    names.extend(Suggestions::among(&self.names_in(&folder.key())?));
                }
                if let Some(reason) = reason_elsewhere(&drive, &change.value, label, &names) {
                    let path = change.value.path.clone();
                    lines.push(SkippedPath::new(path, reason));
                }
            }
        }
        Ok(lines)
    }

    /// Names in the report what does not go along with folders that went from here, with some of the own changes.
    pub(crate) fn tell_left_behind(&mut self, changes: &[LocalChange], going: &[usize]) -> Result<()> {
        for left in self.left_behind(changes, going)? {
            self.warn(&left.line.path, left.line.reason);
        }
        Ok(())
    }

    /// Gives what does not go along with folders that went from here, as the sync that posts that will.
    pub fn to_be_left_behind(&self) -> Result<Vec<LeftBehind>> {
        let changes = self.local_changes()?;
        self.left_behind(&changes, &(0..changes.len()).collect::<Vec<_>>())
    }

    /// Nobody who renames or deletes a folder can see what is held in it, so nothing is said of that but that it stays.
    fn left_behind(&self, changes: &[LocalChange], going: &[usize]) -> Result<Vec<LeftBehind>> {
        let (unfitting, mut gone) = (self.unfitting()?, BTreeMap::new());
        if unfitting.is_empty() {
            return Ok(Vec::new());
        }
        for at in going.iter().filter(|at| !changes[**at].value.content.is_live()) {
            let old = self.posted_before(&changes[*at])?;
            if old.is_some_and(|old| old.content.is_folder()) {
                gone.insert(changes[*at].origin(), *at);
            }
        }
        let mut left = Vec::new();
        if gone.is_empty() {
            return Ok(left);
        }
        let moved: BTreeMap<usize, usize> = self.moves(changes)?.into_iter().map(|(to, from)| (from, to)).collect();
        for (key, held) in unfitting {
            let mut above = std::iter::successors(key.parent(), PathKey::parent);
            let Some(at) = above.find_map(|folder| gone.get(&folder)) else {
                continue;
            };
            if self.is_let_go(&key, &held.dots)? {
                continue;
            }
            let folder = changes[*at].value.path.clone();
            let went = match moved.get(at) {
                Some(to) => format!("was renamed to '{}'", changes[*to].value.path),
                None => "is gone".to_owned(),
            };
            let reason = format!(
                "it stays where it is in the other homes, and '{folder}' with it, though that {went} here: what this drive cannot store does not go along with its folder. Move or delete it in a home whose drive can store it."
            );
            let path = held.value.path;
            let line = SkippedPath::new(path, reason);
            left.push(LeftBehind { folder, line });
        }
        Ok(left)
    }

    /// Remembers what the drive of a location can hold that has no head yet, as whoever made its copy saw it.
    pub fn note_drive_of(&mut self, location: &LocationId, drive: &DriveProfile) -> Result<()> {
        self.commit(vec![memory::write(format!("{DRIVE_OF}{location}"), drive)])
    }

    /// Gives the paths that stand directly in a folder; first those that were posted, for which names were suggested before.
    fn names_in(&self, folder: &PathKey) -> Result<Vec<RelPath>> {
        let mut names = Vec::new();
        for (_, siblings) in self.index.entries_in(folder)? {
            names.extend(siblings.live().map(|(_, version)| version.value.path.clone()));
        }
        let places = self.index.places_in(folder)?;
        let here = places.iter().filter_map(|(_, place)| place.on_disk());
        names.extend(here.map(|value| value.path.clone()));
        Ok(names)
    }

    fn drive_of(&self, location: &LocationId) -> Result<Option<DriveProfile>> {
        memory::read(self.index, &format!("{DRIVE_OF}{location}"))
    }

    /// Tells whether a change says something about fitting that what it replaces did not say.
    fn is_new_to(&self, drive: &DriveProfile, change: &LocalChange) -> Result<bool> {
        let siblings = self.index.entry(&change.origin())?;
        let fit = drive.fit(&change.value);
        let mut replaced = change.replaces.iter().filter_map(|dot| siblings.get(dot));
        let is_known = replaced.any(|old| old.value.path == change.value.path && drive.fit(&old.value) == fit);
        Ok(!is_known)
    }

    pub(crate) fn warn(&mut self, path: &RelPath, reason: String) {
        let line = SkippedPath::new(path.clone(), reason);
        if !self.report.warnings.contains(&line) {
            self.report.warnings.push(line);
        }
    }
}

/// Makes the sentence about an entry that a drive does not hold as it is; `None` if it does.
///
/// `label` is what people call the location; the drive's kind is added. `names` are those to suggest.
pub fn reason_elsewhere(drive: &DriveProfile, value: &Value, label: &str, names: &Suggestions) -> Option<String> {
    let place = match drive.kind_name() {
        Some(kind) => format!("{label} ({kind})"),
        None => label.to_owned(),
    };
    let name = String::from_utf8_lossy(value.path.name());
    match drive.fit(value) {
        Fit::AsIs => None,
        Fit::Escaped(spelled) => Some(format!(
            "'{name}' cannot be stored as such at {place}: it will appear there as '{}'. Rename it to '{}' to have the same name everywhere.",
            as_seen(&spelled),
            names.of(&value.path),
        )),
        Fit::Held(unfit) => {
            let advice = match unfit {
                Unfit::NameTooLong => " Give it a shorter name to have it everywhere.",
                Unfit::Link | Unfit::TooLarge => "",
            };
            let why = why(unfit);
            Some(format!(
                "{why}: it cannot be stored at {place} and will not appear there.{advice}"
            ))
        }
    }
}

/// Tells whether some of what does not fit lies in a folder that does not fit either: that is what people miss.
pub(crate) fn has_below(unfit: &BTreeSet<PathKey>, key: &PathKey) -> bool {
    unfit.range(key..).nth(1).is_some_and(|next| next.is_below(key))
}

/// Says why a drive cannot show an entry, as the beginning of a sentence.
pub(crate) fn why(unfit: Unfit) -> &'static str {
    match unfit {
        Unfit::Link => "it is a link",
        Unfit::TooLarge => "the file is too large",
        Unfit::NameTooLong => "the name is too long",
    }
}
