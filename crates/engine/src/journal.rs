//! The journal: actions are named in the index before the drive shows them.
//!
//! Batch by batch: content is staged and verified, intents are committed, the drive is
//! changed, flushed, and the index follows. Pull the cable at any instant: `recover`
//! looks at each place that an intent names and takes what it finds. A place that shows
//! neither old nor new has an unknown base, and stands for nothing.

use std::collections::{BTreeMap, BTreeSet};

use offsync_core::entry::Content;
use offsync_core::ids::LocationId;
use offsync_core::limits::{JOURNAL_BYTES_MAX, JOURNAL_INTENTS_MAX};
use offsync_core::place::{Observed, Place, Shown, Stat};
use offsync_core::ports::{DiskError, DiskErrorKind, EntryKind, IndexWrite, StagedName, TrashName};
use offsync_core::rel_path::{PathKey, RelPath};

use crate::content::Stores;
use crate::engine::Engine;
use crate::error::{EngineError, Result, is_fatal};
use crate::memory::{self, DAMAGED, Intent, JOURNAL, TRASH, TrashRecord};
use crate::monitor::Phase;
use crate::observe::UNTELLING_CTIME_NS;
use crate::plan::{Action, Before};
use crate::space::NotNow;
use crate::touched::{as_trusted, looks_same, retouched};

/// Bytes of a file's name that its name in the trash keeps, from the end.
const TRASH_NAME_BYTES: usize = 80;

/// Where the content of an action comes from.
pub(crate) enum Source {
    /// No content: a folder, a link, a removal, a retouch.
    None,
    /// A finished file in staging.
    Staged(StagedName),
    /// A file in the trash that holds just this content and moves.
    Trashed(TrashName),
}

/// An action that is ready to be done.
struct Ready {
    action: Action,
    source: Source,
    /// Where the old content goes, if any goes.
    trash: Option<(TrashName, TrashRecord)>,
}

/// What became of an action.
#[allow(clippy::large_enum_variant, reason = "lives for one action at a time")]
enum Outcome {
    /// Done; so the place looks now.
    Done(Option<Place>),
    /// Left alone; the sentence says why.
    Left(String),
    /// What stood there is in the trash, and nothing stands there: the next cycle puts there what belongs there.
    Vacant(String),
}

impl Engine<'_> {
    /// Does all actions; gives the folders in which something was left alone.
    pub(crate) fn act(&mut self, actions: Vec<Action>, stores: &mut Stores) -> Result<BTreeSet<PathKey>> {
        let (first, second) = in_two_passes(actions);
        let total = (first.len() + second.len()) as u64;
        let mut done = 0;
        let mut left: BTreeSet<PathKey> = BTreeSet::new();
        for pass in [first, second] {
            let mut pass = pass.into_iter().peekable();
            while pass.peek().is_some() {
                let mut batch = Vec::new();
                let mut bytes = 0;
                while batch.len() < JOURNAL_INTENTS_MAX && bytes < JOURNAL_BYTES_MAX {
                    let Some(action) = pass.next() else { break };
                    if left.contains(&action.key) {
                        // What had to go first stayed. On a drive that tells `x` from `X` both would stand there.
                        continue;
                    }
                    let path = action_path(&action);
                    self.tell(Phase::Applying, done, Some(total), Some(&path))?;
                    done += 1;
                    bytes += action
                        .after
                        .as_ref()
                        .map_or(0, |after| after.value.content.size_bytes());
                    match self.make_ready(action, stores)? {
                        Ok(ready) => batch.push(ready),
                        Err((key, why)) => {
                            match why {
                                NotNow::NoRoom(needed, there) => self.space.leave_out(&path, needed, there),
                                NotNow::Because(reason) => self.skip(&path, reason),
                            }
                            left.insert(key);
                        }
                    }
                }
                let failed = self.do_batch(batch, stores, &left)?;
                left.extend(failed);
            }
        }
        Ok(left.iter().filter_map(PathKey::parent).collect())
    }

    fn make_ready(
        &mut self,
        action: Action,
        stores: &mut Stores,
    ) -> Result<std::result::Result<Ready, (PathKey, NotNow)>> {
        let source = match action.after.as_ref().map(|after| &after.value.content) {
            Some(Content::File(file)) if !action.is_retouch() => match self.source_of(file, stores)? {
                Ok(source) => source,
                Err(reason) => return Ok(Err((action.key, reason))),
            },
            _ => Source::None,
        };
        let displaces = action
            .before
            .as_ref()
            .filter(|before| !before.shown.value.content.is_folder() && !action.is_retouch());
        let trash = match displaces {
            Some(before) => {
                let shown = &before.shown;
                let by = match action.is_repair {
                    true => None,
                    false => self.displacer(shown, action.after.as_ref())?,
                };
                // What is damaged is kept, and stands for no content.
                let content = (!before.is_damaged).then_some(&shown.value.content);
                Some(self.to_trash(&shown.value.path, content, by)?)
            }
            None => None,
        };
        Ok(Ok(Ready { action, source, trash }))
    }

    /// Tells whose change takes away what is shown at a place, if that is known.
    fn displacer(&self, before: &Shown, after: Option<&Shown>) -> Result<Option<LocationId>> {
        if let Some(after) = after {
            let dots = after.refs.iter().flat_map(|shown| &shown.dots);
            return Ok(dots.max().map(|dot| dot.location));
        }
        let mut by = None;
        for shown in &before.refs {
            let siblings = self.index.entry(&shown.origin)?;
            by = siblings.tombstones().map(|(dot, _)| *dot).max().or(by);
        }
        Ok(by.map(|dot| dot.location))
    }

    /// Gives a name in the trash to what is about to be displaced, with what is to be remembered of it.
    pub(crate) fn to_trash(
        &self,
        path: &RelPath,
        content: Option<&Content>,
        by: Option<LocationId>,
    ) -> Result<(TrashName, TrashRecord)> {
        let record = TrashRecord {
            path: path.clone(),
            content: match content {
                Some(Content::File(file)) => Some(file.clone()),
                _ => None,
            },
            displaced_ns: self.clock.now_ns(),
            by,
            since_age_ns: self.trash_clock()?.age_ns,
            was_damaged: self.what_damage_was(&path.key())?,
        };
        Ok((trash_name(&self.entropy.sixteen(), path), record))
    }

    /// Does a batch; gives the places that were left alone, beside those of earlier batches.
    fn do_batch(
        &mut self,
        batch: Vec<Ready>,
        stores: &mut Stores,
        left: &BTreeSet<PathKey>,
    ) -> Result<BTreeSet<PathKey>> {
        let mut failed = BTreeSet::new();
        if batch.is_empty() {
            return Ok(failed);
        }
        if batch.iter().any(|ready| matches!(ready.source, Source::Staged(_))) {
            // A name that outlives a power cut must not outlive its content.
            self.disk.flush()?;
        }
        let intents: Vec<Intent> = batch.iter().map(|ready| intent_of(&ready.action)).collect();
        let mut writes = vec![memory::write(JOURNAL, &intents)];
        for (name, record) in batch.iter().filter_map(|ready| ready.trash.as_ref()) {
            writes.push(memory::write(format!("{TRASH}{}", name.0), record));
        }
        self.commit(writes)?;
        let mut writes = vec![memory::erase(JOURNAL)];
        for ready in batch {
            let stays_below = failed.iter().chain(left).any(|key| key.is_below(&ready.action.key));
            let outcome = match self.do_action(&ready, stays_below) {
                Err(EngineError::Disk(error)) if !is_fatal(&error) => Outcome::Left(plain_reason(&error)),
                outcome => outcome?,
            };
            match outcome {
                Outcome::Done(place) => {
                    self.count(&ready);
                    self.space.placed(&action_path(&ready.action));
                    let was = ready.action.before.as_ref().map(|before| &before.shown.value.path);
                    if let (Some(was), Some(place)) = (was, &place) {
                        writes.extend(self.respell_below(&ready.action.key, was, place)?);
                    }
                    writes.push(IndexWrite::Place(ready.action.key.clone(), place));
                    if ready.action.is_repair {
                        // What was found damaged and put together again in one cycle was not left alone.
                        let path = action_path(&ready.action);
                        self.report.skipped.retain(|line| line.path != path);
                        self.report.repaired.push(path);
                        writes.push(memory::erase(memory::of_key(DAMAGED, &ready.action.key)));
                    }
                    if let Some((name, record)) = &ready.trash {
                        let moves = ready.action.after.is_none();
                        stores.add_displaced(name, record, moves);
                    }
                    if let Source::Staged(name) = &ready.source
                        && stores.placed(name)
                    {
                        writes.extend(memory::forget_staged(&name.0));
                    }
                    if let Source::Trashed(name) = &ready.source {
                        if let Some(Content::File(file)) = ready.action.after.as_ref().map(|after| &after.value.content)
                        {
                            stores.forget_trashed(name, file);
                        }
                        writes.push(memory::erase(format!("{TRASH}{}", name.0)));
                    }
                }
                Outcome::Vacant(reason) => {
                    self.skip(&action_path(&ready.action), reason);
                    failed.insert(ready.action.key.clone());
                    writes.push(IndexWrite::Place(ready.action.key.clone(), None));
                    if let Source::Staged(name) = &ready.source {
                        self.give_up_staged(name, stores)?;
                    }
                }
                Outcome::Left(reason) => {
                    self.skip(&action_path(&ready.action), reason);
                    failed.insert(ready.action.key.clone());
                    if let Some((name, _)) = &ready.trash {
                        writes.push(memory::erase(format!("{TRASH}{}", name.0)));
                    }
                    if let Source::Staged(name) = &ready.source {
                        self.give_up_staged(name, stores)?;
                    }
                }
            }
        }
        self.disk.flush()?;
        self.commit(writes)?;
        Ok(failed)
    }

    fn do_action(&mut self, ready: &Ready, stays_below: bool) -> Result<Outcome> {
        let action = &ready.action;
        if action.after.is_none() && self.is_gone_with_its_folder(action)? {
            return Ok(Outcome::Done(None));
        }
        if let Some(before) = &action.before
            && !self.is_untouched(before)?
        {
            return Ok(Outcome::Left(
                "it was changed here meanwhile; the next sync looks at it again".into(),
            ));
        }
        if action.is_retouch() {
            return self.retouch(action);
        }
        if let Some(before) = &action.before {
            let path = &before.shown.value.path;
            match &ready.trash {
                Some((name, _)) => {
                    self.disk.displace(path, name)?;
                    if !self.is_what_was_planned(name, before) {
                        // Somebody saved between the look and the move: the save goes back to where it was made.
                        if self.disk.restore(name, path).is_err() {
                            return Ok(Outcome::Vacant(
                                "it was changed here meanwhile; it is in the trash".into(),
                            ));
                        }
                        return Ok(Outcome::Left(
                            "it was changed here meanwhile; the next sync looks at it again".into(),
                        ));
                    }
                }
                // What stayed may have been moved away by a person: its place would be left without a folder to be looked for in.
                None if stays_below => {
                    return Ok(Outcome::Left(
                        "the folder stays: something in it could not be taken away".into(),
                    ));
                }
                None => match self.disk.remove_folder(path) {
                    // It holds what is not kept, or what came since: it is no entry any more, or will be one again.
                    Err(error) if error.kind() == DiskErrorKind::NotEmpty => {
                        self.remember_leftover(&action.key, path)?;
                        return Ok(Outcome::Done(None));
                    }
                    removed => removed?,
                },
            }
        }
        let Some(after) = &action.after else {
            return Ok(Outcome::Done(None));
        };
        match self.put(after, &ready.source) {
            Ok(stat) => Ok(Outcome::Done(Some(Place {
                shown: Some(after.clone()),
                observed: Observed::AsShown(stat),
            }))),
            Err(EngineError::Disk(error)) if !is_fatal(&error) => {
                // Nothing new could be put there: what stood there comes back.
                if let (Some((name, _)), Some(before)) = (&ready.trash, &action.before)
                    && self.disk.restore(name, &before.shown.value.path).is_err()
                {
                    return Ok(Outcome::Vacant(plain_reason(&error)));
                }
                Ok(Outcome::Left(plain_reason(&error)))
            }
            Err(error) => Err(error),
        }
    }

    fn put(&mut self, after: &Shown, source: &Source) -> Result<Stat> {
        let (path, meta) = (&after.value.path, &after.value.meta);
        Ok(match (&after.value.content, source) {
            (Content::Folder, _) => match self.disk.make_folder(path, meta.mode) {
                // A folder that lived by what is not kept is an entry again.
                Err(error) if error.kind() == DiskErrorKind::Exists => match self.disk.look(path)? {
                    Some(entry) if entry.kind == EntryKind::Folder => self.disk.set_meta(path, meta)?,
                    _ => return Err(error.into()),
                },
                made => made?,
            },
            (Content::Symlink(target), _) => self.disk.make_symlink(path, target)?,
            (_, Source::Staged(name)) => self.disk.publish(name, path, meta)?,
            (_, Source::Trashed(name)) => {
                let restored = self.disk.restore(name, path)?;
                retouched(&restored, self.disk.set_meta(path, meta)?)
            }
            (Content::File(_) | Content::Tombstone, Source::None) => {
                let reason = "its content was not made ready";
                return Err(DiskError::new(DiskErrorKind::Other, path.clone(), reason).into());
            }
        })
    }

    fn retouch(&mut self, action: &Action) -> Result<Outcome> {
        let (Some(before), Some(after)) = (&action.before, &action.after) else {
            return Ok(Outcome::Left("there is nothing to change".into()));
        };
        let (old, new) = (&before.shown.value, &after.value);
        let mut stat = before.stat;
        if old.path.name() != new.path.name() {
            stat = as_trusted(&before.stat, self.disk.rename(&old.path, &new.path)?);
        }
        if old.meta != new.meta && !matches!(new.content, Content::Symlink(_)) {
            stat = retouched(&before.stat, self.disk.set_meta(&new.path, &new.meta)?);
        }
        Ok(Outcome::Done(Some(Place {
            shown: Some(after.clone()),
            observed: Observed::AsShown(stat),
        })))
    }

    /// Tells whether a place is only known because a file of its folder could not be read where that went: the folder is neither
    /// there nor known, so no scan would look for what is below.
    fn is_gone_with_its_folder(&self, action: &Action) -> Result<bool> {
        let (Some(before), Some(folder)) = (&action.before, action.key.parent()) else {
            return Ok(false);
        };
        let is_known = folder.is_root() || self.index.place(&folder)?.is_some();
        if is_known {
            return Ok(false);
        }
        let above = before.shown.value.path.parent().unwrap_or_else(RelPath::root);
        match self.disk.look(&above) {
            Err(error) if error.kind() == DiskErrorKind::NotFound => Ok(true),
            entry => Ok(entry?.is_none()),
        }
    }

    /// Tells whether a place still looks as it did when the action was planned.
    fn is_untouched(&self, before: &Before) -> Result<bool> {
        let entry = self.disk.look(&before.shown.value.path)?;
        Ok(entry.is_some_and(|entry| looks_same(&before.stat, &entry)))
    }

    /// Tells whether a displaced file is still the one that was looked at; a link cannot be told from another.
    fn is_what_was_planned(&self, name: &TrashName, before: &Before) -> bool {
        let Content::File(_) = before.shown.value.content else {
            // A file that somebody put in a link's place at the last moment can be opened.
            return self.disk.open_trashed(name).is_err();
        };
        let now = self.disk.open_trashed(name).and_then(|file| file.stat());
        now.is_ok_and(|now| as_trusted(&before.stat, now).ctime_ns != UNTELLING_CTIME_NS)
    }

    /// Gives the writes that follow a folder's new spelling down to all that lies in it.
    fn respell_below(&self, key: &PathKey, was: &RelPath, place: &Place) -> Result<Vec<IndexWrite>> {
        let (true, Some(path)) = (
            place.on_disk().is_some_and(|value| value.content.is_folder()),
            place.path(),
        ) else {
            return Ok(Vec::new());
        };
        if was == path {
            return Ok(Vec::new());
        }
        let mut writes = Vec::new();
        let mut after = key.clone();
        loop {
            let page = self
                .index
                .places_after(Some(&after), offsync_core::limits::INDEX_PAGE_ROWS)?;
            let Some((last, _)) = page.last() else {
                return Ok(writes);
            };
            after = last.clone();
            for (below, mut place) in page {
                if !below.is_below(key) {
                    return Ok(writes);
                }
                respell(&mut place, path);
                writes.push(IndexWrite::Place(below, Some(place)));
            }
        }
    }

    /// Counts files and links; folders come and go with them.
    fn count(&mut self, ready: &Ready) {
        let before = ready.action.before.as_ref().map(|before| &before.shown);
        let after = ready.action.after.as_ref();
        let is_file = |shown: &Shown| shown.value.content.is_file();
        let applied = &mut self.report.applied;
        if before.is_some_and(is_file) && after.is_some_and(|after| !is_file(after)) {
            applied.deleted += 1;
        }
        if after.or(before).is_some_and(|shown| shown.value.content.is_folder()) {
            return;
        }
        match (&ready.action.before, &ready.action.after, &ready.source) {
            // It moved over another one, which is not there any more, or is counted where it came to be.
            (Some(_), Some(_), Source::Trashed(_)) => applied.renamed += 1,
            (None, Some(_), Source::Trashed(_)) => {
                applied.renamed += 1;
                applied.deleted = applied.deleted.saturating_sub(1);
            }
            (Some(_), Some(_), _) if ready.action.is_retouch() => applied.metadata += 1,
            (Some(before), Some(after), _) if is_file(&before.shown) && !is_file(after) => applied.created += 1,
            (Some(_), Some(_), _) => applied.modified += 1,
            (Some(_), None, _) => applied.deleted += 1,
            (None, Some(_), _) => applied.created += 1,
            (None, None, _) => {}
        }
    }
}

/// What leaves goes first, the deepest first; what comes goes second, from the top down.
///
/// A file that gives way to another and is wanted elsewhere leaves, too: a swap is two moves, and nothing is copied.
fn in_two_passes(actions: Vec<Action>) -> (Vec<Action>, Vec<Action>) {
    let mut lacking = contents_that_nothing_gives_up(&actions);
    let mut first = Vec::new();
    let mut second = Vec::new();
    for action in actions {
        if action.after.is_none() {
            first.push(action);
        } else if action.changes_kind() || gives_up(&action, &mut lacking) {
            first.push(Action {
                after: None,
                ..action.clone()
            });
            second.push(Action { before: None, ..action });
        } else {
            second.push(action);
        }
    }
    first.sort_by_key(|action| std::cmp::Reverse((action.key.depth(), action.key.clone())));
    second.sort_by_key(|action| (action.key.depth(), action.key.clone()));
    (first, second)
}

/// Gives how often each content of a file is wanted beyond what leaves its place anyway.
fn contents_that_nothing_gives_up(actions: &[Action]) -> BTreeMap<[u8; 32], usize> {
    let mut lacking: BTreeMap<[u8; 32], usize> = BTreeMap::new();
    let wanted = actions.iter().filter(|action| !action.is_retouch());
    for content in wanted.filter_map(|action| Some(&action.after.as_ref()?.value.content)) {
        if matches!(content, Content::File(file) if file.size_bytes > 0) {
            *lacking.entry(content.tag()).or_default() += 1;
        }
    }
    let leaving = actions
        .iter()
        .filter(|action| action.after.is_none() || action.changes_kind());
    for content in leaving.filter_map(|action| Some(&action.before.as_ref()?.shown.value.content)) {
        lacking
            .entry(content.tag())
            .and_modify(|times| *times = times.saturating_sub(1));
    }
    lacking
}

/// Tells whether an action displaces a content that another one still lacks, which then lacks it no more.
fn gives_up(action: &Action, lacking: &mut BTreeMap<[u8; 32], usize>) -> bool {
    // What is damaged gives up nothing.
    let displaced = action
        .before
        .as_ref()
        .filter(|before| !action.is_retouch() && !before.is_damaged);
    let tag = displaced.map(|before| before.shown.value.content.tag());
    match tag.and_then(|tag| lacking.get_mut(&tag)) {
        Some(times) if *times > 0 => {
            *times -= 1;
            true
        }
        _ => false,
    }
}

fn action_path(action: &Action) -> RelPath {
    let shown = action
        .after
        .as_ref()
        .or(action.before.as_ref().map(|before| &before.shown));
    shown.map_or_else(RelPath::root, |shown| shown.value.path.clone())
}

fn intent_of(action: &Action) -> Intent {
    Intent {
        key: action.key.clone(),
        path: action_path(action),
        old_stat: action.before.as_ref().map(|before| before.stat),
        new: action.after.clone(),
    }
}

fn respell(place: &mut Place, folder: &RelPath) {
    let depth = folder.depth();
    let again = |path: &RelPath| {
        path.names()
            .skip(depth)
            .try_fold(folder.clone(), |parent, name| parent.join(name))
            .unwrap_or_else(|_| path.clone())
    };
    if let Some(shown) = &mut place.shown {
        shown.value.path = again(&shown.value.path);
    }
    if let Observed::Other(value, _) = &mut place.observed {
        value.path = again(&value.path);
    }
}

pub(crate) fn plain_reason(error: &DiskError) -> String {
    match error.kind() {
        DiskErrorKind::Full => "the drive is full; make room and sync again. Nothing is lost".into(),
        DiskErrorKind::ReadOnly => "the drive cannot be written".into(),
        DiskErrorKind::Exists => "something else stands there meanwhile; the next sync looks at it again".into(),
        DiskErrorKind::Unstorable => format!("this drive cannot hold it ({})", error.reason()),
        _ => format!("it could not be written ({})", error.reason()),
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Names a file in the trash so that people find it there without any program: something of its own, then its name.
fn trash_name(random: &[u8; 16], path: &RelPath) -> TrashName {
    let plain = |byte: &u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' => char::from(*byte),
        _ => '-',
    };
    let name: String = path.name().iter().map(plain).collect();
    let kept = name.len().saturating_sub(TRASH_NAME_BYTES);
    // The end tells what kind of file it is; a dot there is more than some drives can hold.
    TrashName(format!("{}-{}", hex(&random[..8]), name[kept..].trim_end_matches('.')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &[u8], trashed: &str) {
        let path = RelPath::new("folder")
            .expect("a good path")
            .join(name)
            .expect("a good name");
        assert_eq!(trash_name(&[0xab; 16], &path).0, format!("abababababababab-{trashed}"));
    }

    #[test]
    fn what_lies_in_the_trash_is_told_by_its_name() {
        check(b"Beach 2026.JPG", "Beach-2026.JPG");
        check("Übermut.txt".as_bytes(), "--bermut.txt");
        check(b"a\n\xff..", "a--");
        let long = format!("{}.jpeg", "n".repeat(200));
        check(long.as_bytes(), &format!("{}.jpeg", "n".repeat(75)));
    }
}
