//! The plan of a settling: what each place needs, decided before anything is touched.

use std::collections::{BTreeMap, BTreeSet};

use offsync_core::dot::Dot;
use offsync_core::drive_profile::DriveProfile;
use offsync_core::entry::{Content, Value};
use offsync_core::ids::ChunkId;
use offsync_core::place::{Observed, Place, Shown, Stat};
use offsync_core::present::present_folder;
use offsync_core::reconcile::{AtHand, Step, decide};
use offsync_core::rel_path::{PathKey, RelPath};

use crate::content::Stores;
use crate::engine::Engine;
use crate::error::Result;
use crate::fit::{Unfitting, unfit};
use crate::memory::{self, Damage, UNSETTLED};
use crate::overlay::Overlay;
use crate::twin::{KeptName, Names};

/// What stands at a place before an action: checked again right before it.
#[derive(Clone, Debug)]
pub(crate) struct Before {
    pub(crate) shown: Shown,
    pub(crate) stat: Stat,
    /// Whether it reads other than it should.
    pub(crate) is_damaged: bool,
}

/// One thing to do to the drive.
#[derive(Clone, Debug)]
pub(crate) struct Action {
    pub(crate) key: PathKey,
    pub(crate) before: Option<Before>,
    /// What is to be shown; `None` to take away.
    pub(crate) after: Option<Shown>,
    /// Whether a damaged file is put together again.
    pub(crate) is_repair: bool,
}

impl Action {
    /// Tells whether only name, times or mode change.
    pub(crate) fn is_retouch(&self) -> bool {
        match (&self.before, &self.after) {
            (Some(before), Some(after)) => !self.is_repair && before.shown.value.same_content(&after.value),
            _ => false,
        }
    }

    /// Tells whether a folder gets another spelling of its name.
    pub(crate) fn respells_folder(&self) -> bool {
        match (&self.before, &self.after) {
            (Some(before), Some(after)) => {
                let (old, new) = (&before.shown.value, &after.value);
                old.content.is_folder() && new.content.is_folder() && old.path.name() != new.path.name()
            }
            _ => false,
        }
    }

    /// Tells whether a folder is made.
    fn makes_folder(&self) -> bool {
        let after = self.after.as_ref();
        self.before.is_none() && after.is_some_and(|after| after.value.content.is_folder())
    }

    /// Tells whether a folder gives way to something else or the other way round.
    pub(crate) fn changes_kind(&self) -> bool {
        match (&self.before, &self.after) {
            (Some(before), Some(after)) => before.shown.value.content.is_folder() != after.value.content.is_folder(),
            _ => false,
        }
    }
}

/// A person's unposted file that gives way to a folder.
#[derive(Clone, Debug)]
pub(crate) struct StepAside {
    pub(crate) from: PathKey,
    pub(crate) to: Shown,
}

/// What a settling is going to do.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub(crate) folders: Vec<PathKey>,
    pub(crate) rebinds: Vec<(PathKey, Shown)>,
    pub(crate) step_asides: Vec<StepAside>,
    pub(crate) actions: Vec<Action>,
    /// Folders that stay unsettled.
    pub(crate) unfinished: BTreeSet<PathKey>,
    /// Chunks that are wanted and not at hand.
    pub(crate) missing: BTreeSet<ChunkId>,
    /// Files that are damaged.
    pub(crate) damages: BTreeMap<PathKey, Damage>,
    /// What this drive cannot show.
    pub(crate) unfit: BTreeMap<PathKey, Unfitting>,
    /// Files that will stand where none does, once their content is here.
    pub(crate) awaited: u64,
    /// Versions whose content is to come.
    awaited_versions: BTreeSet<Dot>,
    /// What goes on under its old name because a twin has the new one.
    pub(crate) twinned: BTreeMap<PathKey, Vec<u8>>,
}

impl Engine<'_> {
    /// Decides what all unsettled folders need.
    pub(crate) fn plan(&mut self, overlay: &Overlay, stores: &Stores) -> Result<Plan> {
        let mut plan = Plan {
            folders: self.folders_to_settle(overlay)?,
            damages: self.damages()?,
            ..Plan::default()
        };
        self.space.begin_look();
        let drive = self.disk.profile()?;
        let mut paths: BTreeMap<PathKey, RelPath> = BTreeMap::new();
        for folder in plan.folders.clone() {
            let path = match paths.get(&folder) {
                Some(path) => path.clone(),
                None => self.folder_path(&folder)?,
            };
            let children = overlay.children(self.index, &folder)?;
            let mut wanted = present_folder(&path, &children);
            let mut places: BTreeMap<PathKey, Place> = self.index.places_in(&folder)?.into_iter().collect();
            let mut names = Names::default();
            for (key, shown) in &mut wanted {
                match self.keep_name(key, places.get(key), shown, &mut names)? {
                    Some(KeptName::Twin(name)) => drop(plan.twinned.insert(key.clone(), name)),
                    Some(KeptName::Stuck) => drop(plan.unfinished.insert(folder.clone())),
                    None => {}
                }
                if shown.value.content.is_folder() {
                    paths.insert(key.clone(), shown.value.path.clone());
                }
            }
            let beside = stand_beside(&drive, &wanted, &places);
            let keys: BTreeSet<PathKey> = wanted.keys().chain(places.keys()).cloned().collect();
            let first_new = plan.actions.len();
            let mut waiting: BTreeSet<PathKey> = BTreeSet::new();
            for key in keys {
                let (mut want, place) = (wanted.remove(&key), places.remove(&key));
                if let Some(unfitting) = want.as_ref().and_then(|want| unfit(&drive, place.as_ref(), want)) {
                    plan.unfit.insert(key.clone(), unfitting);
                    // What stood there before stays; but a folder goes, as all that was in it does, and a version that stands
                    // beside it from now on does not stand here twice.
                    let there = place
                        .as_ref()
                        .filter(|place| !place.is_changed())
                        .and_then(Place::on_disk);
                    let is_beside =
                        |there: &Value| beside.get(&key).is_some_and(|all| all.contains(&there.content.tag()));
                    let is_folder = |there: &Value| there.content.is_folder();
                    if !place.as_ref().and_then(Place::on_disk).is_some_and(is_folder) && !there.is_some_and(is_beside)
                    {
                        continue;
                    }
                    want = None;
                }
                self.plan_place(&folder, key, place, want, overlay, stores, &mut plan, &mut waiting)?;
            }
            keep_what_waits(&mut plan, first_new, &waiting, &folder);
        }
        // Once they are there, their going is to be decided.
        plan.unfinished
            .extend(overlay.returning.iter().filter_map(PathKey::parent));
        self.keep_what_lives_on_later(&mut plan)?;
        let new_folders = plan.actions.iter().filter(|action| action.makes_folder()).count();
        self.share_room(stores, new_folders as u64)?;
        Ok(plan)
    }

    /// Leaves what moved elsewhere and was edited there where it stands, and the folders above, until the content is here in which it
    /// lives on.
    fn keep_what_lives_on_later(&self, plan: &mut Plan) -> Result<()> {
        // Where files are damaged here, what rotted goes rather than stay: it could be sent once nobody knows what it was.
        if plan.awaited_versions.is_empty() || !plan.damages.is_empty() {
            return Ok(());
        }
        let fates = self.fates()?;
        let mut kept: BTreeSet<PathKey> = BTreeSet::new();
        for action in plan.actions.iter().filter(|action| action.after.is_none()) {
            let Some(before) = action
                .before
                .as_ref()
                .filter(|before| before.shown.value.content.is_file())
            else {
                continue;
            };
            let end = self.end_of(&before.shown, &fates)?;
            if end
                .lives_on()
                .is_some_and(|dots| !dots.is_disjoint(&plan.awaited_versions))
            {
                kept.extend(std::iter::successors(Some(action.key.clone()), PathKey::parent));
            }
        }
        plan.actions
            .retain(|action| action.after.is_some() || !kept.contains(&action.key));
        plan.unfinished.extend(kept.iter().filter_map(PathKey::parent));
        Ok(())
    }

    #[allow(
        clippy::too_many_arguments,
        reason = "one step of the loop above, split off for its length"
    )]
    fn plan_place(
        &mut self,
        folder: &PathKey,
        key: PathKey,
        place: Option<Place>,
        want: Option<Shown>,
        overlay: &Overlay,
        stores: &Stores,
        plan: &mut Plan,
        waiting: &mut BTreeSet<PathKey>,
    ) -> Result<()> {
        if let Some(want) = &want
            && let Some(from) = steps_aside(&key, want, overlay)
        {
            plan.step_asides.push(StepAside { from, to: want.clone() });
            return Ok(());
        }
        let want = match want {
            Some(want) if self.plan_repair(folder, &key, place.as_ref(), &want, stores, plan)? => return Ok(()),
            want => want,
        };
        let is_damaged = plan.damages.contains_key(&key);
        let missing = self.missing_for(place.as_ref(), want.as_ref(), stores)?;
        let at_hand = if missing.is_empty() { AtHand::Yes } else { AtHand::No };
        let before = |place: Option<Place>| {
            let place = place?;
            let stat = *place.stat()?;
            Some(Before {
                shown: place.shown?,
                stat,
                is_damaged,
            })
        };
        match decide(&key, place.as_ref(), want.as_ref(), at_hand) {
            Step::Keep => {}
            Step::Rebind(shown) => plan.rebinds.push((key, shown)),
            Step::Remove => plan.actions.push(Action {
                key,
                before: before(place),
                after: None,
                is_repair: false,
            }),
            Step::Put(shown) => plan.actions.push(Action {
                key,
                before: None,
                after: Some(shown),
                is_repair: false,
            }),
            Step::Replace(shown) | Step::Retouch(shown) => {
                plan.actions.push(Action {
                    key,
                    before: before(place),
                    after: Some(shown),
                    is_repair: false,
                });
            }
            Step::Wait => {
                if let Some(want) = &want
                    && let Content::File(file) = &want.value.content
                {
                    let stands = place.as_ref().and_then(Place::on_disk);
                    plan.awaited += u64::from(!stands.is_some_and(|value| value.content.is_file()));
                    self.space.add_waiting(&want.value.path, file, &missing);
                }
                plan.missing.extend(missing);
                plan.unfinished.insert(folder.clone());
                let dots = want.iter().flat_map(|want| &want.refs).flat_map(|shown| &shown.dots);
                plan.awaited_versions.extend(dots);
                waiting.extend(want.into_iter().flat_map(|want| want.refs).map(|shown| shown.origin));
            }
        }
        Ok(())
    }

    /// Plans to put a damaged file together again, if that is wanted; tells whether anything is decided by that.
    fn plan_repair(
        &mut self,
        folder: &PathKey,
        key: &PathKey,
        place: Option<&Place>,
        want: &Shown,
        stores: &Stores,
        plan: &mut Plan,
    ) -> Result<bool> {
        let (Some(damage), Some(place)) = (plan.damages.get(key), place) else {
            return Ok(false);
        };
        if place.is_changed() {
            // It cannot be sent from here if nobody shows what it held: those are asked who may have it in the trash.
            let mut unshown = BTreeSet::new();
            for chunk in &damage.bad {
                if self.index.versions_with_chunk(chunk)?.is_empty() {
                    unshown.insert(*chunk);
                }
            }
            if !unshown.is_empty() {
                plan.unfinished.insert(folder.clone());
                let lacking = self.lacking_for(damage, stores)?;
                let asked: Vec<ChunkId> = unshown.intersection(&lacking).copied().collect();
                self.unreadable.extend(asked.iter().copied());
                plan.missing.extend(asked);
            }
            return Ok(false);
        }
        let Place {
            shown: Some(shown),
            observed: Observed::AsShown(stat),
        } = place
        else {
            return Ok(false);
        };
        if !damage.is_wanted || !shown.value.same_content(&want.value) {
            return Ok(false);
        }
        let lacking = self.lacking_for(damage, stores)?;
        if lacking.is_empty() {
            let before = Before {
                shown: shown.clone(),
                stat: *stat,
                is_damaged: true,
            };
            plan.actions.push(Action {
                key: key.clone(),
                before: Some(before),
                after: Some(want.clone()),
                is_repair: true,
            });
        } else {
            // The index believes that they are in the tree: who looks for them must know better.
            self.unreadable.extend(lacking.iter().copied());
            plan.missing.extend(lacking);
            plan.unfinished.insert(folder.clone());
        }
        Ok(true)
    }

    fn missing_for(&self, place: Option<&Place>, want: Option<&Shown>, stores: &Stores) -> Result<Vec<ChunkId>> {
        let Some(want) = want else { return Ok(Vec::new()) };
        let there = place.and_then(Place::on_disk);
        if there.is_some_and(|there| there.same_content(&want.value)) {
            return Ok(Vec::new());
        }
        self.missing_of(&want.value.content.chunk_ids(), stores)
    }

    /// Gives the unsettled folders and those above whose being there depends on them, from the top down.
    fn folders_to_settle(&self, overlay: &Overlay) -> Result<Vec<PathKey>> {
        let mut all: BTreeSet<PathKey> = memory::read_all::<PathKey>(self.index, UNSETTLED)?
            .into_values()
            .collect();
        let mut todo: Vec<PathKey> = all.iter().cloned().collect();
        while let Some(folder) = todo.pop() {
            let Some(parent) = folder.parent() else { continue };
            let place = self.index.place(&folder)?;
            let shown = place.as_ref().and_then(|place| place.shown.as_ref());
            let is_shown = shown.is_some_and(|shown| shown.value.content.is_folder());
            // A file that somebody put in its place gives way to what others write inside.
            let is_there = place
                .as_ref()
                .and_then(Place::on_disk)
                .is_some_and(|there| there.content.is_folder());
            let is_folder = overlay.is_folder(self.index, &folder)?;
            // What spells it may have come, or have gone.
            let is_implied = shown.is_some_and(|shown| shown.refs.iter().all(|one| one.dots.is_empty()));
            if (is_shown != is_folder || is_there != is_folder || is_implied) && all.insert(parent.clone()) {
                todo.push(parent);
            }
        }
        let mut folders: Vec<PathKey> = all.into_iter().collect();
        folders.sort_by_key(|key| (key.depth(), key.clone()));
        Ok(folders)
    }

    /// Gives a folder's path as this drive spells it.
    pub(crate) fn folder_path(&self, folder: &PathKey) -> Result<RelPath> {
        let Some(parent) = folder.parent() else {
            return Ok(RelPath::root());
        };
        if let Some(place) = self.index.place(folder)?
            && let Some(path) = place.path()
        {
            return Ok(path.clone());
        }
        let parent = self.folder_path(&parent)?;
        let spelled = self.spelled(folder)?;
        Ok(parent.join(spelled.name()).unwrap_or(spelled))
    }
}

/// Gives, by origin, the contents of the conflict copies that a drive can show, each by its tag.
fn stand_beside(
    drive: &DriveProfile,
    wanted: &BTreeMap<PathKey, Shown>,
    places: &BTreeMap<PathKey, Place>,
) -> BTreeMap<PathKey, BTreeSet<[u8; 32]>> {
    let mut beside: BTreeMap<PathKey, BTreeSet<[u8; 32]>> = BTreeMap::new();
    for (key, shown) in wanted {
        let mut origins = shown
            .refs
            .iter()
            .map(|shown| &shown.origin)
            .filter(|origin| *origin != key)
            .peekable();
        if origins.peek().is_some() && unfit(drive, places.get(key), shown).is_none() {
            for origin in origins {
                beside
                    .entry(origin.clone())
                    .or_default()
                    .insert(shown.value.content.tag());
            }
        }
    }
    beside
}

/// What stands for an origin that still waits for content is not taken away before that content is there.
fn keep_what_waits(plan: &mut Plan, from: usize, waiting: &BTreeSet<PathKey>, folder: &PathKey) {
    if waiting.is_empty() {
        return;
    }
    let is_kept = |action: &Action| {
        let refs = action.before.iter().flat_map(|before| &before.shown.refs);
        action.after.is_none() && refs.map(|shown| &shown.origin).any(|origin| waiting.contains(origin))
    };
    let new = plan.actions.split_off(from);
    plan.actions.extend(new.into_iter().filter(|action| !is_kept(action)));
    plan.unfinished.insert(folder.clone());
}

/// Finds the place of a person's unposted file that is to be shown elsewhere, because a folder took its name.
fn steps_aside(key: &PathKey, want: &Shown, overlay: &Overlay) -> Option<PathKey> {
    if matches!(want.value.content, Content::Folder | Content::Tombstone) {
        return None;
    }
    let changes = want
        .refs
        .iter()
        .flat_map(|shown| &shown.dots)
        .filter_map(|dot| overlay.change(dot));
    changes
        .filter_map(|change| change.place.clone())
        .find(|place| place != key)
}
