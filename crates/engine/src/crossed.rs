//! Changes that crossed: what was renamed here was renamed otherwise, edited or taken away in another home at the same
//! time, or the other way round.
//!
//! Only tells, since the rule stays: no name goes that one of them knew nothing of. Only where both are known: the home
//! that syncs second finds its own change not posted yet when the other one arrives. Of files that are alike nobody knows
//! which is which, and nothing is said; nor of one that seems to live on elsewhere, edited, that it was taken away.

use std::collections::{BTreeMap, BTreeSet};

use offsync_core::dot::Dot;
use offsync_core::entry::{Content, Value};
use offsync_core::format::{Manifest, PostedEntry};
use offsync_core::ids::LocationId;
use offsync_core::place::{Observed, Place};
use offsync_core::rel_path::RelPath;
use offsync_core::similar::Candidates;

use crate::engine::Engine;
use crate::error::Result;
use crate::memory::{self, GONE, Gone};

/// How two changes of one file crossed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    /// Renamed here, and otherwise there.
    RenamedTwice,
    /// Renamed here, edited there.
    EditedThere,
    /// Edited here, renamed there.
    EditedHere,
    /// Renamed here, taken away there.
    GoneThere,
    /// Taken away here, renamed there.
    GoneHere,
}

/// A file that was renamed, and something else besides.
pub(crate) struct Crossed {
    way: Way,
    from: RelPath,
    /// What it is called here, where it was renamed here; else where it was.
    ours: RelPath,
    /// What the other home calls it, where that one renamed it; else where it was.
    theirs: RelPath,
}

/// A file that both changed: what it held before, and how it went.
struct Both {
    from: RelPath,
    dot: Dot,
    before: Value,
    is_gone_here: bool,
    is_gone_there: bool,
}

/// What is not as it was on this drive, as far as the changesets of one fetch asked for it: nothing of it changes meanwhile.
#[derive(Default)]
pub(crate) enum Ours {
    #[default]
    Unasked,
    /// Nothing waits to be posted, which is nearly always so: nothing can cross.
    Nothing,
    /// There is something that waits.
    Something,
    /// It was gathered, since something crosses.
    Gathered(Box<OurChanges>),
}

/// The own changes, by content.
pub(crate) struct OurChanges {
    /// What left its path here, and what was edited here, as it was before.
    left: BTreeSet<[u8; 32]>,
    /// What is new here, at paths that showed nothing.
    new: Alike,
    /// All that is not as it was here.
    any: Alike,
    /// New files here, in which one that left its path may live on.
    came: Candidates<()>,
}

/// The changes of a changeset, by content.
struct TheirChanges {
    left: BTreeSet<[u8; 32]>,
    new: Alike,
    came: Candidates<()>,
}

impl Engine<'_> {
    /// Finds the own changes that cross those of a changeset which is about to be folded.
    pub(crate) fn find_crossed(&self, manifest: &Manifest, ours: &mut Ours) -> Result<Vec<Crossed>> {
        match manifest.author == self.me() {
            true => Ok(Vec::new()),
            false => self.crossed(manifest, ours),
        }
    }

    /// Names in the report what crossed what one home did, once all is folded that it did: what it renamed and took away since
    /// stands nowhere.
    pub(crate) fn tell_crossed(&mut self, author: LocationId, found: Vec<Crossed>) -> Result<()> {
        let mut folders: BTreeMap<(Way, [RelPath; 3]), Vec<Crossed>> = BTreeMap::new();
        for crossed in found {
            if crossed.way == Way::GoneThere || self.index.entry(&crossed.theirs.key())?.is_live() {
                folders.entry((crossed.way, crossed.roots())).or_default().push(crossed);
            }
        }
        if folders.is_empty() {
            return Ok(());
        }
        let people = self.people()?;
        let who = people
            .get(&author)
            .map_or_else(|| "another home".to_owned(), |person| format!("'{}'", person.label));
        for ((way, roots), files) in folders {
            let [from, ours, theirs] = &roots;
            let at = way.path_told(from, ours, theirs);
            let is_moved = match way {
                Way::RenamedTwice => from != ours && from != theirs,
                Way::EditedThere | Way::GoneThere => from != ours,
                Way::EditedHere | Way::GoneHere => from != theirs,
            };
            if is_moved && files.len() > 1 && !at.is_root() {
                let reason = way.of_folder(files.len(), &who, from, ours, theirs);
                self.warn(at, reason);
                continue;
            }
            for Crossed { from, ours, theirs, .. } in files {
                let reason = way.of_file(&who, &from, &ours, &theirs);
                self.warn(way.path_told(&from, &ours, &theirs), reason);
            }
        }
        Ok(())
    }

    fn crossed(&self, manifest: &Manifest, ours: &mut Ours) -> Result<Vec<Crossed>> {
        if matches!(ours, Ours::Unasked) && !manifest.entries.is_empty() {
            let is_any = !self.index.notes(GONE)?.is_empty() || !self.index.changed_places()?.is_empty();
            *ours = if is_any { Ours::Something } else { Ours::Nothing };
        }
        let mut both = Vec::new();
        if matches!(ours, Ours::Something | Ours::Gathered(_)) {
            for entry in &manifest.entries {
                both.extend(self.changed_by_both(entry)?);
            }
        }
        if both.is_empty() {
            return Ok(Vec::new());
        }
        let mut gathered = match std::mem::take(ours) {
            Ours::Gathered(gathered) => gathered,
            Ours::Unasked | Ours::Nothing | Ours::Something => Box::new(self.our_changes()?),
        };
        let mut theirs = self.their_changes(manifest)?;
        let mut found = Vec::new();
        for file in both {
            if !self.stands_in(&file.before.content, |dot| *dot != file.dot)?
                && let Some(crossed) = crossed(&file, &gathered, &theirs)
                && !self.lives_on(&file, crossed.way, &mut gathered, &mut theirs)?
            {
                found.push(crossed);
            }
        }
        *ours = Ours::Gathered(gathered);
        Ok(found)
    }

    /// Gives the file that an entry takes away or edits, where it was taken away or edited here, too.
    fn changed_by_both(&self, entry: &PostedEntry) -> Result<Option<Both>> {
        let is_gone_there = !entry.value.content.is_live();
        if !is_gone_there && !matches!(entry.value.content, Content::File(_)) {
            return Ok(None);
        }
        let origin = entry.origin();
        let gone = memory::read::<Gone>(self.index, &memory::of_key(GONE, &origin))?;
        let place = self.index.place(&origin)?;
        if gone.is_none() && place.as_ref().is_none_or(|place| !place.is_changed()) {
            return Ok(None);
        }
        let siblings = self.index.entry(&origin)?;
        let mut live = siblings.live();
        // Of two versions that stand beside each other, one bears a name of its own.
        let (Some((dot, version)), None) = (live.next(), live.next()) else {
            return Ok(None);
        };
        let before = version.value.clone();
        let is_edit = |content: &Content| matches!(content, Content::File(_)) && !content.same_as(&before.content);
        if !entry.replaces.contains(dot) || !holds_something(&before.content) {
            return Ok(None);
        }
        if !is_gone_there && !is_edit(&entry.value.content) {
            return Ok(None);
        }
        let both = |from: RelPath, is_gone_here| Both {
            from,
            dot: *dot,
            before: before.clone(),
            is_gone_here,
            is_gone_there,
        };
        Ok(match (gone, place) {
            (Some(gone), None) if gone.shown.iter().flatten().any(|shown| shown == dot) => Some(both(gone.path, true)),
            (None, Some(place)) => edited(&place)
                .filter(|(dots, content)| dots.contains(dot) && is_edit(content))
                .map(|_| both(before.path.clone(), false)),
            _ => None,
        })
    }

    fn our_changes(&self) -> Result<OurChanges> {
        let mut left = BTreeSet::new();
        for gone in memory::read_all::<Gone>(self.index, GONE)?.into_values() {
            let siblings = self.index.entry(&gone.path.key())?;
            let shown = gone.shown.iter().flatten();
            if let Some(before) = shown.into_iter().find_map(|dot| siblings.get(dot)) {
                left.insert(before.value.content.tag());
            }
        }
        let changed = self.index.changed_places()?;
        let (mut new, mut any) = (Alike::default(), Alike::default());
        for (_, place) in &changed {
            if let (Some(shown), Observed::Other(value, _)) = (&place.shown, &place.observed)
                && !shown.value.same_content(value)
            {
                left.insert(shown.value.content.tag());
            }
            let Some(value) = place.on_disk() else { continue };
            any.add(&value.content, &value.path);
            if place.shown.is_none() {
                new.add(&value.content, &value.path);
            }
        }
        let unshown = changed.iter().filter(|(_, place)| place.shown.is_none());
        let came = unshown.filter_map(|(_, place)| Some((place.on_disk()?, ())));
        let came = Candidates::new(came, |tag| left.contains(tag));
        Ok(OurChanges { left, new, any, came })
    }

    fn their_changes(&self, manifest: &Manifest) -> Result<TheirChanges> {
        let (mut left, mut new, mut came) = (BTreeSet::new(), Alike::default(), Vec::new());
        for entry in &manifest.entries {
            let content = &entry.value.content;
            let siblings = self.index.entry(&entry.origin())?;
            let before = entry.replaces.iter().find_map(|dot| siblings.get(dot));
            if let Some(before) = before.filter(|before| !before.value.content.same_as(content)) {
                left.insert(before.value.content.tag());
            }
            if holds_something(content) {
                new.add(content, &entry.value.path);
            }
            if entry.is_new_to(&siblings) {
                came.push((&entry.value, ()));
            }
        }
        let came = Candidates::new(came, |tag| left.contains(tag));
        Ok(TheirChanges { left, new, came })
    }

    /// Tells whether a file that is gone lives on under another path, edited: then nobody took it away.
    fn lives_on(&self, file: &Both, way: Way, ours: &mut OurChanges, theirs: &mut TheirChanges) -> Result<bool> {
        let came = match way {
            // Here the very file is known, where the drive tells it.
            Way::GoneHere if self.stands_now(&file.from.key())?.is_some() => return Ok(true),
            Way::GoneHere => &mut ours.came,
            Way::GoneThere => &mut theirs.came,
            Way::RenamedTwice | Way::EditedThere | Way::EditedHere => return Ok(false),
        };
        Ok(came.take_like(&file.before, |()| true).is_some())
    }
}

/// Gives the dots that a place showed as its own, and what a person made of it.
fn edited(place: &Place) -> Option<(&[Dot], &Content)> {
    let (Some(shown), Observed::Other(value, _)) = (&place.shown, &place.observed) else {
        return None;
    };
    let [main] = shown.refs.as_slice() else { return None };
    (main.origin == value.path.key()).then_some((main.dots.as_slice(), &value.content))
}

/// Tells how the changes of a file crossed; `None` if they did not, or nobody knows.
fn crossed(file: &Both, here: &OurChanges, there: &TheirChanges) -> Option<Crossed> {
    let tag = file.before.content.tag();
    let (ours, theirs) = (here.new.only(&tag), there.new.only(&tag));
    let is_here = here.any.has(&tag);
    let is_there = there.new.has(&tag);
    let from = &file.from;
    let (way, ours, theirs) = match (file.is_gone_here, file.is_gone_there, ours, theirs) {
        (true, true, Some(ours), Some(theirs)) if theirs.key() != ours.key() => (Way::RenamedTwice, ours, theirs),
        (true, true, Some(ours), None) if !is_there => (Way::GoneThere, ours, from),
        (true, true, None, Some(theirs)) if !is_here => (Way::GoneHere, from, theirs),
        (true, false, Some(ours), None) if !is_there => (Way::EditedThere, ours, from),
        (false, true, None, Some(theirs)) if !is_here => (Way::EditedHere, from, theirs),
        _ => return None,
    };
    // What came from another path was no edit.
    let came_from_elsewhere = match way {
        Way::EditedThere => there.new.came_to(from, &there.left),
        Way::EditedHere => here.any.came_to(from, &here.left),
        Way::RenamedTwice | Way::GoneThere | Way::GoneHere => false,
    };
    (!came_from_elsewhere).then(|| Crossed {
        way,
        from: from.clone(),
        ours: ours.clone(),
        theirs: theirs.clone(),
    })
}

impl Crossed {
    /// Gives the folders that changed their names, or those in which the files lie.
    fn roots(&self) -> [RelPath; 3] {
        let mut paths = [self.from.clone(), self.ours.clone(), self.theirs.clone()];
        // What was not renamed lies where it was, whatever the other one is called.
        let [from, ours, theirs] = &paths;
        let moved: Vec<RelPath> = [ours, theirs]
            .into_iter()
            .filter(|path| *path != from)
            .cloned()
            .collect();
        let has_same_name = |paths: &[RelPath; 3]| {
            let is_alike = |path: &RelPath| path == &paths[0] || path.name() == paths[0].name();
            !paths.iter().any(RelPath::is_root) && paths.iter().all(is_alike)
        };
        let above = |path: &RelPath| path.parent().unwrap_or_else(RelPath::root);
        if moved.iter().any(|path| path.name() != self.from.name()) {
            return paths.map(|path| above(&path));
        }
        paths = paths.map(|path| above(&path));
        // Of a folder that moved with all that is in it, the folder is told; never the top of the archive for it.
        while has_same_name(&paths) && paths.iter().all(|path| path.depth() > 1) {
            paths = paths.map(|path| above(&path));
        }
        paths
    }
}

impl Way {
    /// Gives the path that a sentence begins with.
    fn path_told<'a>(self, from: &'a RelPath, ours: &'a RelPath, theirs: &'a RelPath) -> &'a RelPath {
        match self {
            Self::RenamedTwice | Self::EditedThere | Self::GoneThere => ours,
            Self::EditedHere => from,
            Self::GoneHere => theirs,
        }
    }

    fn of_file(self, who: &str, from: &RelPath, ours: &RelPath, theirs: &RelPath) -> String {
        match self {
            Self::RenamedTwice => {
                format!("it was '{from}' before, and {who} renamed that to '{theirs}' at the same time. {BOTH_ALIKE}")
            }
            Self::EditedThere => format!(
                "it was '{from}' before, and {who} edited that at the same time. Both stay: '{from}' as it was edited, \
                 '{ours}' as it was before. {KEEP}"
            ),
            Self::EditedHere => format!(
                "it was edited here, and {who} renamed it to '{theirs}' at the same time. Both stay: '{from}' as it was \
                 edited, '{theirs}' as it was before. {KEEP}"
            ),
            Self::GoneThere => format!(
                "it was '{from}' before, and {who} took that away at the same time. It stays under its new name. {DELETE}"
            ),
            Self::GoneHere => format!(
                "it was '{from}' before, which was taken away here, and {who} renamed it at the same time. It stays under \
                 its new name. {DELETE}"
            ),
        }
    }

    fn of_folder(self, files: usize, who: &str, from: &RelPath, ours: &RelPath, theirs: &RelPath) -> String {
        let (were, those, to) = (lying(from), those(from), named(theirs));
        match self {
            Self::RenamedTwice => format!(
                "{files} files in it were {were} before, and {who} moved them to {to} at the same time. {BOTH_ALIKE}"
            ),
            Self::EditedThere => format!(
                "{files} files in it were {were} before, and {who} edited them there at the same time. Both stay: {those} \
                 as they were edited, those in '{ours}' as they were before. {KEEP}"
            ),
            Self::EditedHere => format!(
                "{files} files in it were edited here, and {who} moved them to {to} at the same time. Both stay: {those} as \
                 they were edited, {} as they were before. {KEEP}",
                self::those(theirs)
            ),
            Self::GoneThere => format!(
                "{files} files in it were {were} before, and {who} took them away there at the same time. They stay in \
                 '{ours}'. {DELETE}"
            ),
            Self::GoneHere => format!(
                "{files} files in it were {were} before, which were taken away here, and {who} moved them at the same time. \
                 They stay in '{theirs}'. {DELETE}"
            ),
        }
    }
}

const BOTH_ALIKE: &str =
    "Both stay, with the same content: delete what is too much, and the next sync tells everybody.";
const KEEP: &str = "Keep which you want: delete what is too much, and the next sync tells everybody.";
const DELETE: &str = "Delete what nobody needs, and the next sync tells everybody.";

fn lying(folder: &RelPath) -> String {
    match folder.is_root() {
        true => "at the top of the archive".to_owned(),
        false => format!("in '{folder}'"),
    }
}

fn those(folder: &RelPath) -> String {
    format!("those {}", lying(folder))
}

fn named(folder: &RelPath) -> String {
    match folder.is_root() {
        true => "the top of the archive".to_owned(),
        false => format!("'{folder}'"),
    }
}

/// Paths by what stands there.
#[derive(Default)]
struct Alike(BTreeMap<[u8; 32], Vec<RelPath>>);

impl Alike {
    fn add(&mut self, content: &Content, path: &RelPath) {
        self.0.entry(content.tag()).or_default().push(path.clone());
    }

    /// Gives the path of a content that stands at just one.
    fn only(&self, tag: &[u8; 32]) -> Option<&RelPath> {
        match self.0.get(tag).map(Vec::as_slice) {
            Some([one]) => Some(one),
            _ => None,
        }
    }

    fn has(&self, tag: &[u8; 32]) -> bool {
        self.0.contains_key(tag)
    }

    /// Tells whether what stands at a path now is something that left another.
    fn came_to(&self, path: &RelPath, left: &BTreeSet<[u8; 32]>) -> bool {
        let is_there = |paths: &Vec<RelPath>| paths.iter().any(|there| there.key() == path.key());
        self.0.iter().any(|(tag, paths)| is_there(paths) && left.contains(tag))
    }
}

fn holds_something(content: &Content) -> bool {
    matches!(content, Content::File(file) if file.size_bytes > 0)
}
