//! Settling: the drive is brought to show what the siblings say.

use std::collections::{BTreeMap, BTreeSet};

use offsync_core::dot::Dot;
use offsync_core::entry::Value;
use offsync_core::guard;
use offsync_core::place::{Place, Shown, Stat};
use offsync_core::ports::{DiskEntry, IndexWrite};
use offsync_core::rel_path::{PathKey, RelPath};
use offsync_core::similar::Candidates;
use offsync_core::taken_over::Turns;

use crate::consent::{Consent, HELD_SAMPLE_PATHS};
use crate::content::Stores;
use crate::engine::Engine;
use crate::error::{Result, is_fatal};
use crate::fate::{Changeset, End, changeset};
use crate::memory::{self, CONFIRMED, GONE, Gone, UNSETTLED};
use crate::overlay::Overlay;
use crate::plan::{Action, Plan, StepAside};
use crate::refused::to_come_back;
use crate::report::{Held, HeldDirection};
use crate::touched::{CHANGED_SINCE, as_trusted, looks_same, was_left_alone};
use crate::turns::{Arriving, turns_of};

/// Rounds of settling in one go; each finished round leaves less to do.
const ROUNDS_MAX: u32 = 64;

impl Engine<'_> {
    /// Brings all unsettled folders to what they should show; gives the chunks that are missing for it.
    pub(crate) fn settle(&mut self, consent: &Consent) -> Result<BTreeSet<offsync_core::ids::ChunkId>> {
        let mut missing = BTreeSet::new();
        for _ in 0..ROUNDS_MAX {
            self.forget_dead_deletions(consent)?;
            let overlay = Overlay::new(self.index, self.local_changes()?)?;
            let mut stores = self.stores()?;
            let mut plan = self.plan(&overlay, &stores)?;
            if !plan.step_asides.is_empty() {
                let step_asides = std::mem::take(&mut plan.step_asides);
                let moved = self.step_aside(step_asides, &mut plan.unfinished)?;
                if moved {
                    continue;
                }
            }
            missing = std::mem::take(&mut plan.missing);
            if self.hold_many_removals(&mut plan, consent)? {
                continue;
            }
            let (respelled, actions) = split_respellings(std::mem::take(&mut plan.actions));
            if !respelled.is_empty() {
                // What could not be renamed keeps its name for now, and what lies in it is planned below that one.
                self.respell(respelled, &mut stores)?;
                continue;
            }
            let rebound = self.rebind(&mut plan)?;
            let acted = rebound || !actions.is_empty();
            let failed = self.act(actions, &mut stores)?;
            let is_done = failed.is_empty();
            plan.unfinished.extend(failed);
            self.mark_settled(&plan)?;
            missing.extend(self.unreadable.iter().copied());
            if !acted || !is_done {
                break;
            }
        }
        Ok(missing)
    }

    /// Gives folders their new spelling, and remembers those that did not get it.
    fn respell(&mut self, actions: Vec<Action>, stores: &mut Stores) -> Result<()> {
        let names: Vec<(PathKey, RelPath)> = actions
            .iter()
            .filter_map(|action| Some((action.key.clone(), action.after.as_ref()?.value.path.clone())))
            .collect();
        self.act(actions, stores)?;
        for (key, path) in names {
            let place = self.index.place(&key)?;
            if place.as_ref().and_then(Place::path).map(RelPath::name) != Some(path.name()) {
                self.stuck_spellings.insert(key);
            }
        }
        Ok(())
    }

    /// Forgets deletions of what nobody has any more, and those that a person undid.
    fn forget_dead_deletions(&mut self, consent: &Consent) -> Result<()> {
        let mut writes = Vec::new();
        // What waits for a yes is nobody's word yet.
        let unanswered = match consent.is_given() {
            true => BTreeSet::new(),
            false => self.unanswered()?,
        };
        let (mut left, mut dead) = (BTreeMap::new(), Vec::new());
        for (_, mut gone) in memory::read_all::<Gone>(self.index, GONE)? {
            let key = gone.path.key();
            let siblings = self.index.entry(&key)?;
            let before = gone.shown.clone();
            gone.shown
                .retain(|dots| siblings.live().any(|(dot, _)| dots.contains(dot)));
            let is_answered = |dots: &&Vec<Dot>| dots.iter().all(|dot| !unanswered.contains(dot));
            let now_dead = before.difference(&gone.shown).filter(is_answered);
            dead.extend(now_dead.map(|dots| (key.clone(), dots.clone())));
            if let Some(Place { shown: None, observed }) = self.index.place(&key)? {
                let place = Place { shown: None, observed };
                let there = place.on_disk().cloned();
                let undone = gone.shown.iter().find_map(|dots| {
                    let mut live = siblings.live().filter(|(dot, _)| dots.contains(dot));
                    let (_, version) =
                        live.find(|(_, version)| there.as_ref().is_some_and(|t| t.same_content(&version.value)))?;
                    Some((dots.clone(), version.value.clone()))
                });
                if let Some((dots, value)) = undone {
                    gone.shown.remove(&dots);
                    let refs = vec![offsync_core::place::ShownRef {
                        origin: key.clone(),
                        dots,
                    }];
                    let shown = offsync_core::place::Shown { refs, value };
                    writes.push(IndexWrite::Place(
                        key.clone(),
                        Place::new(Some(shown), place.into_parts().1),
                    ));
                    writes.push(memory::unsettle(&key.parent().unwrap_or_else(PathKey::root)));
                }
            }
            if gone.shown != before {
                left.insert(key, gone);
            }
        }
        writes.extend(memory::gone_writes(left));
        if !dead.is_empty() {
            // Others deleted what was deleted here again, whatever was said of it before.
            writes.extend(self.end_refusals(dead.iter().map(|(key, dots)| (key.clone(), &dots[..])))?);
        }
        self.commit(writes)
    }

    /// Moves unposted files out of a folder's way; tells whether anything moved.
    fn step_aside(&mut self, moves: Vec<StepAside>, unfinished: &mut BTreeSet<PathKey>) -> Result<bool> {
        let mut moved = false;
        for StepAside { from, to } in moves {
            let Some(place) = self.index.place(&from)? else {
                continue;
            };
            let Some(value) = place.on_disk().cloned() else {
                continue;
            };
            let before = place.stat().copied().unwrap_or_default();
            let Some(stat) = self.give_way(&value.path, &before, &to.value.path)? else {
                unfinished.extend(from.parent());
                continue;
            };
            self.disk.flush()?;
            let mut gone = BTreeMap::new();
            for shown in place.shown.map(|shown| shown.refs).unwrap_or_default() {
                if !shown.dots.is_empty() {
                    self.remember_gone(&shown.origin, shown.dots, &mut gone)?;
                }
            }
            let value = Value {
                path: to.value.path.clone(),
                ..value
            };
            let key = value.path.key();
            let mut writes = memory::gone_writes(gone);
            writes.push(IndexWrite::Place(from.clone(), None));
            writes.push(IndexWrite::Place(key.clone(), Place::new(None, Some((value, stat)))));
            writes.push(memory::unsettle(&key.parent().unwrap_or_else(PathKey::root)));
            self.commit(writes)?;
            moved = true;
        }
        Ok(moved)
    }

    /// Moves a file that is as the scan saw it to the name that stands for its content; gives its stat there.
    ///
    /// A file that was saved since has another content, and may not go under that name: somebody else's file that gives way
    /// to the same folder may bear it by right. It stays where it is until the next scan has read it.
    fn give_way(&mut self, from: &RelPath, before: &Stat, to: &RelPath) -> Result<Option<Stat>> {
        let is_as_seen = |entry: Option<DiskEntry>| entry.is_some_and(|entry| looks_same(before, &entry));
        let looks = self
            .disk
            .look(from)
            .and_then(|entry| Ok((is_as_seen(entry), self.disk.look(to)?)));
        match looks {
            Ok((true, None)) => {}
            Ok((false, _)) => {
                self.skip(from, CHANGED_SINCE);
                return Ok(None);
            }
            Ok((true, Some(_))) => return Ok(None),
            Err(error) if is_fatal(&error) => return Err(error.into()),
            // Its folder went away since the scan: the next one finds out.
            Err(_) => return Ok(None),
        }
        match self.disk.rename(from, to) {
            // Some drives make inode numbers up, and give another one under another name.
            Ok(stat) if was_left_alone(before, &stat) => Ok(Some(as_trusted(before, stat))),
            // Somebody saved between the look and the move.
            Ok(stat) => match self.disk.rename(to, from) {
                Ok(_) => {
                    self.skip(from, CHANGED_SINCE);
                    Ok(None)
                }
                Err(error) if is_fatal(&error) => Err(error.into()),
                // Something stands there again: the next scan finds out.
                Err(_) => Ok(Some(as_trusted(before, stat))),
            },
            Err(error) if is_fatal(&error) => Err(error.into()),
            Err(error) => {
                let reason = error.reason();
                self.skip(
                    from,
                    format!("a folder of this name arrived and it could not be moved aside ({reason})"),
                );
                Ok(None)
            }
        }
    }

    /// Lets places stand for other versions; their folders are looked at once more, since own changes may be settled by it.
    fn rebind(&mut self, plan: &mut Plan) -> Result<bool> {
        let any = !plan.rebinds.is_empty();
        let mut writes = Vec::new();
        for (key, shown) in std::mem::take(&mut plan.rebinds) {
            plan.unfinished.extend(key.parent());
            let there = self.index.place(&key)?.and_then(|place| place.into_parts().1);
            writes.push(IndexWrite::Place(key, Place::new(Some(shown), there)));
        }
        self.commit(writes)?;
        Ok(any)
    }

    /// Leaves many removals of files that others asked for until a person says yes; tells whether one said no at once, and
    /// they stay as this location's own word.
    fn hold_many_removals(&mut self, plan: &mut Plan, consent: &Consent) -> Result<bool> {
        let ends = self.ends(plan)?;
        let turns = turns_of(plan, goes_on(plan, &ends));
        let mut claimed: BTreeSet<&Dot> = ends.iter().filter_map(End::lives_on).flatten().collect();
        // What is known to be another file from before is none that moved there; nor is what comes back to be asked about.
        let returning = to_come_back(self.index)?;
        claimed.extend(returning.iter().map(|(_, dot, _)| dot));
        let is_claimed = |shown: &Shown| {
            shown
                .refs
                .iter()
                .flat_map(|shown| &shown.dots)
                .any(|dot| claimed.contains(dot))
        };
        let after = plan.actions.iter().zip(turns.all());
        let after = after.filter_map(|(action, turn)| Some((action.after.as_ref()?, turn)));
        let after = after.filter(|(after, _)| !is_claimed(after));
        let mut arriving = Arriving::of(after.map(|(after, turn)| (&after.value.content, turn)));
        let confirmed: BTreeSet<Changeset> = memory::read(self.index, CONFIRMED)?.unwrap_or_default();
        let is_confirmed = |by: &Changeset| confirmed.contains(by);
        let mut removed = BTreeSet::new();
        let mut came_here: Option<Candidates<BTreeSet<Changeset>>> = None;
        // A deletion is forgotten as soon as every home has heard of it, while here it waits for a yes.
        let shown = self.shown_held()?;
        let mut known = self.held.iter().chain(&shown);
        let told = known.find(|set| set.held.direction == HeldDirection::Remote);
        let told = told.and_then(|set| set.held.by);
        let refused = self.refused()?;
        self.end_refused(plan, consent)?;
        let mut kept: BTreeSet<PathKey> = BTreeSet::new();
        let is_refused = |action: &Action| action.before.as_ref().is_some_and(|before| refused.has(&before.shown));
        let (mut authors, mut links, mut answered) = (BTreeMap::new(), BTreeSet::new(), 0);
        for (action, end) in plan
            .actions
            .iter()
            .zip(&ends)
            .filter(|(action, _)| is_file_removal(action))
        {
            let by: Vec<Changeset> = match end {
                End::LivesOn(_) => continue,
                End::Deleted(by) => by.iter().copied().collect(),
                End::Unknown => self.taken_away_by(action)?.iter().map(changeset).collect(),
            };
            let is_kept = is_refused(action);
            let is_meant = !is_kept && by.iter().any(is_confirmed) || consent.covers_arrived(&action.key);
            let content = action.before.as_ref().map(|before| &before.shown.value.content);
            let mut lives_on = content.is_some_and(|content| arriving.take(content));
            if !is_meant && !lives_on && *end == End::Unknown {
                lives_on = is_among(action, &by, came_here.get_or_insert_with(|| came(plan, is_claimed)));
            }
            // What somebody said yes to makes what is left no smaller a part of all.
            answered += u64::from(is_meant && !lives_on && content.is_some_and(|content| content.is_file()));
            if !is_meant && !lives_on {
                removed.insert(action.key.clone());
                kept.extend(is_kept.then(|| action.key.clone()));
                let is_link = content.is_some_and(|content| !content.is_file());
                links.extend(is_link.then(|| action.key.clone()));
                authors.insert(action.key.clone(), by.first().map(|by| by.0).or(told));
            }
        }
        let mut taken_over = BTreeSet::new();
        let mut over = self.taken_over_by_others(plan, &turns)?;
        // What a person here said no to losing is lost also where only another file comes to stand.
        let is_lost = |(i, action): &(usize, &Action)| {
            matches!(ends[*i], End::Deleted(_)) && is_refused(action) && has_other_content(action)
        };
        over.extend(plan.actions.iter().enumerate().filter(is_lost).map(|(i, _)| i));
        for i in over {
            let mut by: Vec<Changeset> = match &ends[i] {
                End::LivesOn(_) => continue,
                End::Deleted(by) => by.iter().copied().collect(),
                End::Unknown => self.taken_away_by(&plan.actions[i])?.iter().map(changeset).collect(),
            };
            let author = by.first().map(|by| by.0).or(told);
            if ends[i] == End::Unknown {
                for source in turns.sources(i) {
                    by.extend(self.taken_away_by(&plan.actions[source])?.iter().map(changeset));
                }
            }
            let key = &plan.actions[i].key;
            let is_kept = is_refused(&plan.actions[i]);
            if !is_kept && by.iter().any(is_confirmed) || consent.covers_arrived(key) {
                answered += 1;
            } else {
                removed.insert(key.clone());
                kept.extend(is_kept.then(|| key.clone()));
                authors.insert(key.clone(), author);
                taken_over.insert(i);
            }
        }
        // A link that goes is counted, so it is one of those that there are.
        let files = self.index.count_files()?.saturating_sub(answered);
        let mut deletions = removed.len() as u64;
        let links = links.len() as u64;
        let of = (files + links).max(deletions);
        let others =
            (of - deletions) + plan.actions.iter().filter(|action| comes(action)).count() as u64 + plan.awaited;
        let all = guard::is_all(deletions - links, others);
        let others = removed.difference(&kept).cloned().collect();
        if !all && !self.threshold()?.is_many(deletions, of) && !self.stay_held(HeldDirection::Remote, &others)? {
            // The others go; what somebody here said no to is asked about, however little it is.
            removed.clone_from(&kept);
            authors.retain(|key, _| kept.contains(key));
            taken_over.retain(|i| kept.contains(&plan.actions[*i].key));
            deletions = removed.len() as u64;
        }
        if removed.is_empty() {
            self.let_go(HeldDirection::Remote);
            return Ok(false);
        }
        if *consent == Consent::RefusedUnasked {
            let writes = self.keep_places(&removed)?;
            self.commit(writes)?;
            return Ok(true);
        }
        let of_removed = plan.actions.iter().filter(|action| removed.contains(&action.key));
        let paths = of_removed.filter_map(|action| Some(action.before.as_ref()?.shown.value.path.clone()));
        let sample = paths.take(HELD_SAMPLE_PATHS).collect();
        let direction = HeldDirection::Remote;
        // Deletions of several homes are nobody's in particular.
        let mut authors: BTreeSet<_> = authors.into_values().collect();
        let by = authors.pop_first().flatten().filter(|_| authors.is_empty());
        self.hold(
            Held {
                direction,
                deletions,
                of,
                replaced: taken_over.len() as u64,
                sample,
                by,
                kept: kept.len() as u64,
            },
            removed.clone(),
            BTreeSet::new(),
            all,
        )?;
        // Folders above what stays must stay too, and nothing else may take their names, though a drive that tells case apart has
        // room for both: the files below would be beneath a file in the index. What took places over waits with all that is part of it.
        let is_removed = |i: &usize| removed.contains(&plan.actions[*i].key);
        let gone = (0..plan.actions.len()).filter(is_removed).collect();
        taken_over.extend(turns.instead_of_folders(&gone));
        let bound: BTreeSet<&PathKey> = turns
            .bound_to(&taken_over)
            .into_iter()
            .map(|i| &plan.actions[i].key)
            .collect();
        let kept: BTreeSet<&PathKey> = removed.iter().chain(bound).collect();
        let stays = |action: &Action| {
            let is_folder = |shown: &Shown| shown.value.content.is_folder();
            let is_above =
                !action.after.as_ref().is_some_and(is_folder) && kept.iter().any(|kept| kept.is_below(&action.key));
            kept.contains(&action.key) || is_above
        };
        let held: BTreeSet<PathKey> = plan
            .actions
            .iter()
            .filter(|action| stays(action))
            .map(|action| action.key.clone())
            .collect();
        plan.actions.retain(|action| !held.contains(&action.key));
        plan.unfinished.extend(held.iter().filter_map(PathKey::parent));
        Ok(false)
    }

    /// Ends a no to what others deleted where a yes is said to just that.
    fn end_refused(&mut self, plan: &Plan, consent: &Consent) -> Result<()> {
        let answered = plan.actions.iter().filter(|action| consent.covers_arrived(&action.key));
        let shown = answered.filter_map(|action| action.before.as_ref());
        let refs = shown.flat_map(|before| &before.shown.refs);
        let writes = self.end_refusals(refs.map(|shown| (shown.origin.clone(), &shown.dots[..])))?;
        self.commit(writes)
    }

    /// Follows what each action takes away to what became of it.
    fn ends(&self, plan: &Plan) -> Result<Vec<End>> {
        let fates = self.fates()?;
        let end = |action: &Action| match &action.before {
            Some(before) if !fates.is_empty() => self.end_of(&before.shown, &fates),
            _ => Ok(End::Unknown),
        };
        plan.actions.iter().map(end).collect()
    }

    /// Gives the actions that let something take over a place whose file goes nowhere.
    fn taken_over_by_others(&self, plan: &Plan, turns: &Turns) -> Result<BTreeSet<usize>> {
        turns.taken_over(|i| match &plan.actions[i].before {
            Some(before) => self.stands_in(&before.shown.value.content, |_| true),
            None => Ok(false),
        })
    }

    /// Gives the versions by which a file goes from its place: deletions, and what comes there instead.
    fn taken_away_by(&self, action: &Action) -> Result<Vec<Dot>> {
        // A conflict copy was deleted where the entry is that it is a version of.
        let shown = action.before.iter().flat_map(|before| &before.shown.refs);
        let origins: BTreeSet<&PathKey> = shown.map(|shown| &shown.origin).chain([&action.key]).collect();
        let instead = action.after.iter().flat_map(|after| &after.refs);
        let mut by: Vec<Dot> = instead.flat_map(|shown| &shown.dots).copied().collect();
        for origin in origins {
            by.extend(self.index.entry(origin)?.tombstones().map(|(dot, _)| *dot));
        }
        Ok(by)
    }

    fn mark_settled(&mut self, plan: &Plan) -> Result<()> {
        let mut writes = self.unfit_writes(&plan.folders, &plan.unfit)?;
        writes.extend(self.twin_writes(&plan.folders, &plan.twinned)?);
        let settled = plan.folders.iter().filter(|folder| !plan.unfinished.contains(folder));
        writes.extend(settled.map(|folder| memory::erase(memory::of_key(UNSETTLED, folder))));
        // A folder that was looked at for the sake of one inside is noted itself: that one may be done.
        let noted = memory::read_all::<PathKey>(self.index, UNSETTLED)?;
        let noted: BTreeSet<&PathKey> = noted.values().collect();
        let unnoted = plan.unfinished.iter().filter(|folder| !noted.contains(folder));
        writes.extend(unnoted.map(memory::unsettle));
        self.commit(writes)
    }
}

/// Takes out the folders that only change their spelling, without those below others: what lies in them is planned again
/// once their names are as they will be.
fn split_respellings(actions: Vec<Action>) -> (Vec<Action>, Vec<Action>) {
    let all: BTreeSet<PathKey> = actions
        .iter()
        .filter(|action| action.respells_folder())
        .map(|action| action.key.clone())
        .collect();
    let is_below_another =
        |action: &Action| std::iter::successors(action.key.parent(), PathKey::parent).any(|above| all.contains(&above));
    actions
        .into_iter()
        .partition(|action| action.respells_folder() && !is_below_another(action))
}

/// Tells whether a file comes to stand where none did.
fn comes(action: &Action) -> bool {
    let was_file = action
        .before
        .as_ref()
        .is_some_and(|before| before.shown.value.content.is_file());
    !was_file && action.after.as_ref().is_some_and(|after| after.value.content.is_file())
}

/// Gives the files that come to stand now where none did, with the changesets that they came by, and without those that
/// `is_claimed` names.
fn came(plan: &Plan, is_claimed: impl Fn(&Shown) -> bool) -> Candidates<BTreeSet<Changeset>> {
    let gone = plan.actions.iter().filter(|action| is_file_removal(action));
    let leaving: BTreeSet<[u8; 32]> = gone
        .filter_map(|action| Some(action.before.as_ref()?.shown.value.content.tag()))
        .collect();
    let now = plan.actions.iter().filter(|action| comes(action));
    let came = now
        .filter_map(|action| action.after.as_ref())
        .filter(|shown| !is_claimed(shown));
    let came = came.map(|shown| {
        let dots = shown.refs.iter().flat_map(|shown| &shown.dots);
        (&shown.value, dots.map(changeset).collect())
    });
    Candidates::new(came, |tag| leaving.contains(tag))
}

/// Tells whether a file that goes lives on in one that comes by the same changeset: then it was moved and edited.
fn is_among(action: &Action, deleted_by: &[Changeset], came: &mut Candidates<BTreeSet<Changeset>>) -> bool {
    let Some(before) = &action.before else { return false };
    let is_its = |by: &BTreeSet<Changeset>| deleted_by.iter().any(|one| by.contains(one));
    came.take_like(&before.shown.value, is_its).is_some()
}

/// Gives in which actions the files live on that others of a plan take away, as far as that is known.
fn goes_on(plan: &Plan, ends: &[End]) -> BTreeMap<usize, usize> {
    let mut by_dot = BTreeMap::new();
    for (i, action) in plan.actions.iter().enumerate() {
        let refs = action.after.iter().flat_map(|after| &after.refs);
        by_dot.extend(refs.flat_map(|shown| &shown.dots).map(|dot| (dot, i)));
    }
    let to = |end: &End| end.lives_on()?.iter().find_map(|dot| by_dot.get(dot)).copied();
    let all = ends.iter().enumerate().filter_map(|(from, end)| Some((from, to(end)?)));
    all.filter(|(from, to)| from != to).collect()
}

fn is_file_removal(action: &Action) -> bool {
    let was_folder = action
        .before
        .as_ref()
        .is_some_and(|before| before.shown.value.content.is_folder());
    action.after.is_none() && !was_folder
}

/// Tells whether something else comes to stand at a place.
fn has_other_content(action: &Action) -> bool {
    let after = action.after.as_ref().zip(action.before.as_ref());
    after.is_some_and(|(after, before)| !after.value.content.same_as(&before.shown.value.content))
}
