//! Consent: a person's yes or no to many deletions covers just what was shown, and nothing that came since.

use std::collections::{BTreeMap, BTreeSet};

use offsync_core::dot::Dot;
use offsync_core::entry::Content;
use offsync_core::guard;
use offsync_core::local_change::LocalChange;
use offsync_core::place::{Observed, Place};
use offsync_core::ports::IndexWrite;
use offsync_core::rel_path::{PathKey, RelPath};
use offsync_core::taken_over::{Stands, Turns};

use crate::engine::Engine;
use crate::error::Result;
use crate::followed::LivesOn;
use crate::memory::{self, GONE, Gone, HELD, HeldSet};
use crate::options::SyncOptions;
use crate::overlay::Overlay;
use crate::report::{Held, HeldDirection};
use crate::turns::Arriving;

/// Paths that are named when many deletions are held.
pub(crate) const HELD_SAMPLE_PATHS: usize = 5;

/// Own changes that take something away, by their places among all.
#[derive(Default)]
pub(crate) struct Deletions {
    /// Those of files, for good.
    pub(crate) deleted: BTreeSet<usize>,
    /// Those of folders alone.
    folders: BTreeSet<usize>,
    /// Those of files that live on under new names, edited.
    moved: BTreeMap<usize, LivesOn>,
    /// Those of files that stand where another home has put the same: nobody else knows that they went there.
    met: BTreeSet<usize>,
    /// What all of them do to their places.
    turns: Turns,
}

impl Deletions {
    /// Gives in which change a file lives on, edited, that another one takes away.
    pub(crate) fn live_on(&self) -> BTreeMap<usize, usize> {
        let moved = self.moved.iter().map(|(from, to)| (*from, to.at));
        moved
            .chain(self.turns.goes_on().iter().map(|(from, to)| (*from, *to)))
            .collect()
    }

    /// Gives what a changeset tells the others that they need not be asked about: deletions with a yes, and what only this home
    /// knows to be none; and the deletions nobody answered for, which must not go with that word.
    pub(crate) fn answered_and_open(
        &self,
        changes: &[&LocalChange],
        consent: &Consent,
    ) -> (BTreeSet<usize>, BTreeSet<usize>) {
        let deleted = self.deleted.iter().copied();
        let (mut answered, open): (BTreeSet<usize>, _) = deleted.partition(|i| consent.covers(changes[*i]));
        let moved = self.moved.iter().filter(|(_, to)| !to.is_plain).map(|(from, _)| from);
        answered.extend(moved.chain(&self.met).chain(self.turns.goes_on().keys()));
        (answered, open)
    }
}

/// What a person said to many deletions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Consent {
    /// Nothing.
    #[default]
    None,
    /// Yes, to what was shown.
    Given(Vec<HeldSet>),
    /// Yes, before anything was shown: to what was deleted here. What others deleted is shown first.
    GivenUnasked,
    /// No: to all that was deleted here, be it few, and shown or not.
    Refused,
    /// No, before anything was shown: also to what others deleted, where that is much.
    RefusedUnasked,
}

impl Consent {
    /// Tells whether somebody said yes.
    pub(crate) fn is_given(&self) -> bool {
        matches!(self, Self::Given(_) | Self::GivenUnasked)
    }

    /// Tells whether somebody said no.
    fn is_refused(&self) -> bool {
        matches!(self, Self::Refused | Self::RefusedUnasked)
    }

    /// Tells whether the yes covers an own deletion: of versions that were shown, and not of what else is at that path.
    fn covers(&self, change: &LocalChange) -> bool {
        match self {
            Self::None | Self::Refused | Self::RefusedUnasked => false,
            Self::GivenUnasked => true,
            Self::Given(sets) => {
                let mut all = change.replaces.iter();
                all.all(|dot| sets.iter().any(|set| set.told.contains(dot)))
            }
        }
    }

    /// Tells whether the yes covers what others deleted at a place.
    pub(crate) fn covers_arrived(&self, key: &PathKey) -> bool {
        let is_it = |set: &HeldSet| set.held.direction == HeldDirection::Remote && set.keys.contains(key);
        matches!(self, Self::Given(sets) if sets.iter().any(is_it))
    }
}

impl Engine<'_> {
    /// Gives what this cycle's answer covers; `was_asked` says whether there was a question before a no took it away.
    pub(crate) fn consent(&self, options: &SyncOptions, was_asked: bool) -> Result<Consent> {
        let sets = self.shown_held()?;
        let was_told = |set: &HeldSet| set.held.direction == HeldDirection::Remote || !set.told.is_empty();
        Ok(match (options.confirm_deletions, options.refuse_deletions) {
            (true, _) if sets.iter().any(was_told) => Consent::Given(sets),
            (true, _) => Consent::GivenUnasked,
            (false, true) if was_asked => Consent::Refused,
            (false, true) => Consent::RefusedUnasked,
            (false, false) => Consent::None,
        })
    }

    /// Gives the deletions that the last cycle held.
    pub(crate) fn shown_held(&self) -> Result<Vec<HeldSet>> {
        Ok(memory::read(self.index, HELD)?.unwrap_or_default())
    }

    /// Gives the versions that were deleted here and of which a person was asked.
    pub(crate) fn unanswered(&self) -> Result<BTreeSet<Dot>> {
        let sets = self.shown_held()?.into_iter();
        let local = sets.filter(|set| set.held.direction == HeldDirection::Local);
        Ok(local.flat_map(|set| set.dots).collect())
    }

    /// Gives the deletions that the last cycle held and that wait still, as people said since from when on they are many.
    pub(crate) fn still_held(&self) -> Result<Vec<Held>> {
        let (sets, threshold) = (self.shown_held()?, self.threshold()?);
        let waits = |set: &HeldSet| {
            let is_many = threshold.is_many(set.held.deletions, set.held.of);
            is_many
                || set.held.direction == HeldDirection::Remote
                || threshold.stays_held(set.held.deletions, set.many, set.all, set.put_back)
        };
        let mut held = Vec::new();
        for set in sets.into_iter().filter(waits) {
            let kept = match set.held.direction {
                HeldDirection::Local => 0,
                HeldDirection::Remote => self.count_refused(&set.keys)?,
            };
            held.push(Held { kept, ..set.held });
        }
        Ok(held)
    }

    /// Tells whether some deletions were held and shown, and nobody answered: they wait for that, though others of them
    /// are none any more, since somebody edited those files.
    ///
    /// What others deleted waits whatever the threshold became: nobody's word lets go elsewhere what a person was shown there.
    pub(crate) fn stay_held(&self, direction: HeldDirection, keys: &BTreeSet<PathKey>) -> Result<bool> {
        let (shown, threshold) = (self.shown_held()?, self.threshold()?);
        let is_left = |set: &HeldSet| set.held.direction == direction && !set.keys.is_disjoint(keys);
        if direction == HeldDirection::Remote && shown.iter().any(is_left) {
            return Ok(true);
        }
        let mut alike = shown
            .iter()
            .chain(&self.held)
            .filter(|set| set.held.direction == direction);
        let deletions = keys.len() as u64;
        let stays = |set: &HeldSet| threshold.stays_held(deletions, set.many, set.all, set.put_back);
        Ok(alike.any(|set| stays(set) && !set.keys.is_disjoint(keys)))
    }

    /// Notes what this cycle holds in one direction, of which versions if they are its own deletions, and whether it is, or is
    /// left of, `all` there was.
    pub(crate) fn hold(
        &mut self,
        mut held: Held,
        keys: BTreeSet<PathKey>,
        dots: BTreeSet<Dot>,
        all: bool,
    ) -> Result<()> {
        let (shown, threshold) = (self.shown_held()?, self.threshold()?);
        let is_alike = |set: &&HeldSet| set.held.direction == held.direction && !set.keys.is_disjoint(&keys);
        let alike = shown.iter().chain(&self.held).filter(is_alike);
        let all = all || alike.clone().any(|set| set.all);
        // What came to stand beside them since they were shown makes them no fewer; of what came, some may be gone, too.
        let of = |set: &HeldSet| set.held.of + keys.difference(&set.keys).count() as u64;
        let of = alike.clone().map(of).min();
        held.of = of.map_or(held.of, |of| of.min(held.of)).max(held.deletions);
        let told = alike.clone().flat_map(|set| &set.told).copied();
        let told = told.filter(|dot| dots.contains(dot)).collect();
        let now = (held.deletions, held.of);
        let is_many = |many: &(u64, u64)| threshold.is_many(many.0, many.1);
        let many = alike.map(|set| set.many).chain([now]).filter(is_many).max();
        let many = many.unwrap_or(now);
        self.let_go(held.direction);
        self.held.push(HeldSet {
            held,
            keys,
            dots,
            told,
            all,
            many,
            put_back: false,
        });
        Ok(())
    }

    /// Forgets what this cycle held in one direction: what came since says that it need not wait.
    pub(crate) fn let_go(&mut self, direction: HeldDirection) {
        self.held.retain(|set| set.held.direction != direction);
    }

    /// Holds many deletions as the drive was found, before anything arrives from others: an emptied drive is not taken for
    /// a used one because a file came to stand on it, in this cycle or after one that was cut off.
    pub(crate) fn hold_what_was_found(&mut self, consent: &Consent) -> Result<()> {
        if self.index.notes(GONE)?.is_empty() && !self.local_changes()?.iter().any(may_take_away) {
            return Ok(());
        }
        self.heed_what_came_back()?;
        self.postable(consent)?;
        if self.held.is_empty() {
            return Ok(());
        }
        let mut sets = self.shown_held()?;
        sets.retain(|set| set.held.direction != HeldDirection::Local);
        sets.extend(self.held.iter().cloned());
        if sets != self.shown_held()? {
            self.commit(vec![memory::write(HELD, &sets)])?;
        }
        if consent.is_refused() {
            self.held.clear();
            self.refuse_held()?;
        }
        Ok(())
    }

    /// Takes what is left of what was shown for deletions like any others, once a person put some of it back by hand.
    ///
    /// What came back since somebody edited it elsewhere is nobody's answer here: the others go on waiting.
    fn heed_what_came_back(&mut self) -> Result<()> {
        let mut sets = self.shown_held()?;
        let is_own = |set: &&mut HeldSet| set.held.direction == HeldDirection::Local;
        let Some(set) = sets.iter_mut().find(is_own) else {
            return Ok(());
        };
        let changes = self.local_changes()?;
        let found = self.deletions_of(&changes.iter().collect::<Vec<_>>())?;
        let still: BTreeSet<Dot> = found
            .deleted
            .iter()
            .flat_map(|i| changes[*i].replaces.clone())
            .collect();
        let moved: BTreeSet<Dot> = found.moved.keys().flat_map(|i| changes[*i].replaces.clone()).collect();
        let mut put_back = false;
        for key in &set.keys {
            let siblings = self.index.entry(key)?;
            let mut wanted = siblings.live().filter(|(dot, _)| set.dots.contains(dot));
            put_back |= wanted.any(|(dot, _)| !still.contains(dot) && !moved.contains(dot));
        }
        if !put_back {
            return Ok(());
        }
        (set.all, set.put_back) = (false, true);
        self.commit(vec![memory::write(HELD, &sets)])
    }

    /// Gives the own changes that may go out: all, or all but deletions that wait for a yes.
    pub(crate) fn postable(&mut self, consent: &Consent) -> Result<Vec<LocalChange>> {
        let mut changes = self.local_changes()?;
        let found = self.deletions_of(&changes.iter().collect::<Vec<_>>())?;
        let mut deleted = found.deleted.clone();
        deleted.extend(self.rewritten_all_over(&found)?);
        let given_up = self.given_up()?;
        let is_given_up = |change: &LocalChange| change.replaces.iter().all(|dot| given_up.contains(dot));
        let is_answered = |i: &usize| consent.covers(&changes[*i]) || is_given_up(&changes[*i]);
        let answered: BTreeSet<usize> = deleted.extract_if(.., |i| is_answered(i)).collect();
        if deleted.is_empty() {
            self.let_go(HeldDirection::Local);
            return Ok(changes);
        }
        let (deletions, left) = (deleted.len() as u64, self.index.count_files()?);
        let of = self.count_before(&found, &answered)?.max(deletions);
        let keys: BTreeSet<PathKey> = deleted.iter().map(|i| changes[*i].origin()).collect();
        let taken_over: BTreeSet<usize> = deleted
            .iter()
            .copied()
            .filter(|i| changes[*i].value.content.is_live())
            .collect();
        let dots = deleted.iter().flat_map(|i| changes[*i].replaces.iter().copied());
        let dots = dots.collect();
        let mut files = 0;
        for i in &deleted {
            files += u64::from(self.was_file(&changes[*i])?);
        }
        let all = guard::is_all(files, left);
        let waits = all || self.threshold()?.is_many(deletions, of) || consent.is_refused();
        if !waits && !self.stay_held(HeldDirection::Local, &keys)? {
            self.let_go(HeldDirection::Local);
            return Ok(changes);
        }
        let sampled = deleted.iter().take(HELD_SAMPLE_PATHS);
        let sample = sampled
            .map(|i| self.removed_path(&changes[*i]))
            .collect::<Result<_>>()?;
        self.hold(
            Held {
                direction: HeldDirection::Local,
                deletions,
                of,
                replaced: taken_over.len() as u64,
                sample,
                by: None,
                kept: 0,
            },
            keys,
            dots,
            all,
        )?;
        // What took places over goes with all that came there, and went from there; folders stay with their files.
        let instead = found.turns.instead_of_folders(&deleted);
        let mut waiting = found.turns.bound_to(&taken_over.union(&instead).copied().collect());
        waiting.extend(deleted.iter().chain(&found.folders));
        // Both halves of what stands in the place of a conflict copy.
        let places: BTreeSet<&PathKey> = waiting.iter().filter_map(|i| changes[*i].place.as_ref()).collect();
        let is_there = |change: &LocalChange| change.place.as_ref().is_some_and(|place| places.contains(place));
        let beside: Vec<usize> = (0..changes.len()).filter(|i| is_there(&changes[*i])).collect();
        waiting.extend(beside);
        let mut i = 0;
        changes.retain(|_| {
            i += 1;
            !waiting.contains(&(i - 1))
        });
        Ok(changes)
    }

    /// Counts the files that there were before own changes, without those to whose deletion somebody answered: what is new
    /// besides makes no deletion smaller, here or in the other homes.
    fn count_before(&self, found: &Deletions, answered: &BTreeSet<usize>) -> Result<u64> {
        let (mut gone, mut new) = (0, 0);
        for (i, turn) in found.turns.all().iter().enumerate() {
            let is_link = matches!(turn.before, Stands::Link(_)) && found.deleted.contains(&i);
            gone += u64::from((turn.takes_file() || is_link) && !answered.contains(&i));
            new += u64::from(turn.brings_file());
        }
        Ok((self.index.count_files()? + gone).saturating_sub(new))
    }

    /// Gives the deletions of files that live on under new names with nothing in them of what they held, where nearly all do.
    fn rewritten_all_over(&self, found: &Deletions) -> Result<BTreeSet<usize>> {
        let moved = found.moved.iter();
        let rewritten: BTreeSet<usize> = moved.filter(|(_, to)| !to.is_alike).map(|(from, _)| *from).collect();
        if rewritten.is_empty() {
            return Ok(rewritten);
        }
        let files = self.count_before(found, &BTreeSet::new())?;
        let is_all_over = guard::is_all_over(rewritten.len() as u64, files, self.threshold()?);
        Ok(if is_all_over { rewritten } else { BTreeSet::new() })
    }

    /// Tells whether a deletion is of a file, and not of a link.
    fn was_file(&self, change: &LocalChange) -> Result<bool> {
        let siblings = self.index.entry(&change.origin())?;
        let mut replaced = change.replaces.iter().filter_map(|dot| siblings.get(dot));
        Ok(replaced.any(|version| version.value.content.is_file()))
    }

    /// Gives which of some changes delete a file for good, and which only take away folders; moves are neither, edited or not, and
    /// nor is what gives way to an edit in its place, as an edited conflict copy does. What something else takes over is deleted,
    /// where it goes nowhere.
    pub(crate) fn deletions_of(&self, changes: &[&LocalChange]) -> Result<Deletions> {
        if !changes.iter().any(|change| may_take_away(change)) {
            return Ok(Deletions::default());
        }
        let (mut edited, moved) = (self.give_way_to_edits(changes)?, self.follow_edited(changes)?);
        let files = changes.iter().filter(|change| change.value.content.is_file());
        let files: BTreeSet<PathKey> = files.map(|change| change.origin()).collect();
        // A folder or a link in its place is no edit.
        edited.retain(|_, key| files.contains(key));
        let turns = self.own_turns(changes, |i| edited.contains_key(&i) || moved.contains_key(&i))?;
        let mut arriving = Arriving::of(changes.iter().map(|change| &change.value.content).zip(turns.all()));
        let (mut deleted, mut folders) = (self.taken_over(changes, &turns)?, BTreeSet::new());
        let mut met = BTreeSet::new();
        for (i, change) in changes.iter().enumerate() {
            if change.value.content.is_live() {
                continue;
            }
            let siblings = self.index.entry(&change.origin())?;
            let replaced: Vec<_> = change.replaces.iter().filter_map(|dot| siblings.get(dot)).collect();
            let is_move = replaced.iter().any(|version| arriving.take(&version.value.content));
            let lives_on = is_move || moved.contains_key(&i) || turns.goes_on().contains_key(&i);
            let stays = lives_on || edited.contains_key(&i);
            if replaced.iter().all(|version| version.value.content.is_folder()) {
                folders.insert(i);
            } else if !stays && self.stands_unchanged(&change.origin(), &replaced)? {
                met.insert(i);
            } else if !stays {
                deleted.insert(i);
            }
        }
        Ok(Deletions {
            deleted,
            folders,
            moved,
            met,
            turns,
        })
    }

    /// Tells whether nobody else needs to be asked about the deletions of a changeset: a person said yes to every one, or the
    /// files live on in it under other names.
    ///
    /// A yes to something else must not travel with it. Where the others see for themselves that files live on, nothing is said.
    pub(crate) fn confirms_all(&self, changes: &[&LocalChange], consent: &Consent) -> Result<bool> {
        let (answered, open) = self.deletions_of(changes)?.answered_and_open(changes, consent);
        Ok(open.is_empty() && (consent.is_given() || !answered.is_empty()))
    }

    /// Takes back deletions that were held and shown: what others deleted stays, as this location's own word;
    /// what was deleted here is wanted again.
    pub(crate) fn refuse_held(&mut self) -> Result<()> {
        let (mut writes, mut refused) = (Vec::new(), Vec::new());
        for HeldSet { held, keys, dots, .. } in self.shown_held()? {
            match held.direction {
                HeldDirection::Local => {
                    refused.push((keys.clone(), dots));
                    writes.extend(self.forget_deletions(&keys)?);
                    writes.extend(self.stand_beside(&keys)?);
                }
                HeldDirection::Remote => writes.extend(self.keep_places(&keys)?),
            }
        }
        // What others' deletions end by a no is over, and not what is refused now.
        for (keys, dots) in refused {
            writes.extend(self.note_refused(&keys, &dots)?);
        }
        writes.push(memory::erase(HELD));
        self.commit(writes)
    }

    fn forget_deletions(&self, keys: &BTreeSet<PathKey>) -> Result<Vec<IndexWrite>> {
        let mut writes = Vec::new();
        for (name, gone) in memory::read_all::<Gone>(self.index, GONE)? {
            let key = gone.path.key();
            let is_folder_above = keys.iter().any(|held| held.is_below(&key));
            if keys.contains(&key) || is_folder_above {
                writes.push(memory::erase(format!("{GONE}{name}")));
                writes.extend(key.parent().as_ref().map(memory::unsettle));
            }
        }
        Ok(writes)
    }

    /// Lets what took places over stand beside what stood there, as if both had come at once.
    fn stand_beside(&self, keys: &BTreeSet<PathKey>) -> Result<Vec<IndexWrite>> {
        let mut writes = Vec::new();
        for key in keys {
            if let Some(Place {
                shown: Some(shown),
                observed: Observed::Other(value, stat),
            }) = self.index.place(key)?
                && shown.value.content.is_file()
                && !shown.value.same_content(&value)
            {
                writes.push(IndexWrite::Place(key.clone(), Place::new(None, Some((value, stat)))));
                writes.extend(key.parent().as_ref().map(memory::unsettle));
            }
        }
        Ok(writes)
    }

    /// Makes the writes that let what stands at some places, and the folders above it, be this location's own word.
    pub(crate) fn keep_places(&mut self, keys: &BTreeSet<PathKey>) -> Result<Vec<IndexWrite>> {
        let overlay = Overlay::new(self.index, self.local_changes()?)?;
        let plan = self.plan(&overlay, &self.stores()?)?;
        let mut writes = Vec::new();
        // From now on they are this location's own word, which all will hear.
        let before = plan.actions.iter().filter(|action| keys.contains(&action.key));
        let shown = before.filter_map(|action| action.before.as_ref());
        let refs = shown.flat_map(|before| &before.shown.refs);
        writes.extend(self.end_refusals(refs.map(|shown| (shown.origin.clone(), &shown.dots[..])))?);
        for action in plan.actions {
            let is_folder_above = action.after.is_none() && keys.iter().any(|held| held.is_below(&action.key));
            if keys.contains(&action.key) || is_folder_above {
                let stood = action.before.as_ref().map(|before| &before.shown.value.content);
                self.report.kept_files += u64::from(stood.is_some_and(Content::is_file));
                let there = self.index.place(&action.key)?.and_then(|place| place.into_parts().1);
                writes.push(IndexWrite::Place(action.key, Place::new(None, there)));
            }
        }
        Ok(writes)
    }

    /// Says how many files a person's no kept that others had deleted: they count as new where they are sent again.
    pub(crate) fn tell_kept(&mut self) {
        let said = match self.report.kept_files {
            0 => return,
            1 => "1 file that was deleted elsewhere stays, and comes back there: the sync that sends it counts it as added".into(),
            n => format!("{n} files that were deleted elsewhere stay, and come back there: the sync that sends them counts them as added"),
        };
        self.warn(&RelPath::root(), said);
    }
}

/// Tells whether an own change may take a file away: nothing stands there any more, or something else than a file.
///
/// A file that took another's place left its own, or something else stands there.
fn may_take_away(change: &LocalChange) -> bool {
    let content = &change.value.content;
    !content.is_live() || !content.is_file() && !change.replaces.is_empty()
}
