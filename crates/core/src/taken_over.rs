//! Places that something else took over: what stood there counts as deleted where its content goes nowhere.
//!
//! A file is edited by writing it anew, in place or by renaming a new file over it: that takes nothing over. A folder or a
//! link in its place does, and so does a file that left another path for this one. Of files that moved over others in a row, as
//! where they are numbered anew, each path that is left empty at one end stands for one content that is gone at the other.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::entry::Content;
use crate::rel_path::PathKey;

/// What stands at a place, as far as it matters to what is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stands {
    /// Nothing.
    Nothing,
    /// A folder.
    Folder,
    /// A file with nothing in it: nobody can tell one from another.
    EmptyFile,
    /// A file, by the tag of its content.
    File([u8; 32]),
    /// A link, by the tag of its target.
    Link([u8; 32]),
}

/// One place, before some changes and after them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Where it is.
    pub path: PathKey,
    /// The entry that it is a version of: conflict copies stand at another path.
    pub origin: PathKey,
    /// What stood there.
    pub before: Stands,
    /// What stands there now.
    pub after: Stands,
}

/// Places that change at once.
#[derive(Clone, Debug, Default)]
pub struct Turns {
    all: Vec<Turn>,
    leaving: BTreeMap<[u8; 32], Vec<usize>>,
    arriving: BTreeMap<[u8; 32], Vec<usize>>,
    by_path: BTreeMap<PathKey, Vec<usize>>,
    by_origin: BTreeMap<PathKey, Vec<usize>>,
    /// In which one a file lives on, edited, that another one takes away.
    goes_on: BTreeMap<usize, usize>,
    comes_from: BTreeMap<usize, usize>,
}

impl Stands {
    /// Tells what a content is.
    pub fn of(content: &Content) -> Self {
        match content {
            Content::Tombstone => Self::Nothing,
            Content::Folder => Self::Folder,
            Content::File(file) if file.size_bytes == 0 => Self::EmptyFile,
            Content::File(_) => Self::File(content.tag()),
            Content::Symlink(_) => Self::Link(content.tag()),
        }
    }

    fn is_file(self) -> bool {
        matches!(self, Self::File(_) | Self::EmptyFile)
    }

    fn tag(self) -> Option<[u8; 32]> {
        match self {
            Self::File(tag) | Self::Link(tag) => Some(tag),
            Self::Nothing | Self::Folder | Self::EmptyFile => None,
        }
    }
}

impl Turn {
    /// Tells whether a file is gone from there, and no other one stands there.
    pub fn takes_file(&self) -> bool {
        self.before.is_file() && !self.after.is_file()
    }

    /// Tells whether a file stands there, and none did.
    pub fn brings_file(&self) -> bool {
        self.after.is_file() && !self.before.is_file()
    }

    /// Tells whether a folder or a link stands where a file did.
    pub fn changes_kind(&self) -> bool {
        self.takes_file() && self.after != Stands::Nothing
    }

    fn makes_folder(&self) -> bool {
        self.before != Stands::Folder && self.after == Stands::Folder
    }

    fn ends_folder(&self) -> bool {
        self.before == Stands::Folder && self.after != Stands::Folder
    }
}

impl Turns {
    /// Gathers places that change at once; `goes_on` says of those whose files live on, edited, in which others.
    pub fn new(all: Vec<Turn>, goes_on: BTreeMap<usize, usize>) -> Self {
        let comes_from = goes_on.iter().map(|(from, to)| (*to, *from)).collect();
        let mut turns = Self {
            goes_on,
            comes_from,
            ..Self::default()
        };
        for (i, turn) in all.iter().enumerate() {
            turns.by_path.entry(turn.path.clone()).or_default().push(i);
            turns.by_origin.entry(turn.origin.clone()).or_default().push(i);
            if turn.before == turn.after {
                continue;
            }
            if let Some(tag) = turn.before.tag() {
                turns.leaving.entry(tag).or_default().push(i);
            }
            if let Some(tag) = turn.after.tag() {
                turns.arriving.entry(tag).or_default().push(i);
            }
        }
        turns.all = all;
        turns
    }

    /// Gives the places whose files count as deleted since something else took them over; `stands_elsewhere` tells whether
    /// what stood at one stands at a place that does not change, too.
    ///
    /// Of files that are alike, those that came to new places moved there first: nobody counts more than is gone.
    pub fn taken_over<E>(&self, stands_elsewhere: impl Fn(usize) -> Result<bool, E>) -> Result<BTreeSet<usize>, E> {
        let mut taken = BTreeSet::new();
        let mut targets = Targets::of(self);
        let is_empty_one = |turn: &Turn| turn.after == Stands::EmptyFile && turn.before != Stands::EmptyFile;
        let has_empty = self.all.iter().any(is_empty_one);
        let arrives = |stands: Stands| match stands {
            Stands::EmptyFile => has_empty,
            _ => stands.tag().is_some_and(|tag| self.arriving.contains_key(&tag)),
        };
        for i in self.by_path.values().flatten().copied() {
            let turn = &self.all[i];
            if !turn.takes_file() {
                continue;
            }
            let is_gone = !arrives(turn.before) && !self.goes_on.contains_key(&i);
            if turn.changes_kind() && is_gone && !stands_elsewhere(i)? {
                taken.insert(i);
            }
            let mut from = i;
            while let Some(to) = targets.next(self, from) {
                let over = &self.all[to];
                if over.origin == self.all[i].origin {
                    // One of two versions of a file was put into the other's place: that is an answer to a conflict.
                    break;
                }
                let Stands::File(_) = over.before else { break };
                if !arrives(over.before) {
                    if !stands_elsewhere(to)? {
                        taken.insert(to);
                    }
                    break;
                }
                from = to;
            }
        }
        Ok(taken)
    }

    /// Gives what happens at each place, in the order in which they were given.
    pub fn all(&self) -> &[Turn] {
        &self.all
    }

    /// Gives the places whose files live on in others, edited, in which those are.
    pub fn goes_on(&self) -> &BTreeMap<usize, usize> {
        &self.goes_on
    }

    /// Gives the places from which files left for one: those that had what stands there now, or what was edited into it.
    pub fn sources(&self, to: usize) -> impl Iterator<Item = usize> {
        let tag = self.all[to].after.tag();
        let alike = tag.and_then(|tag| self.leaving.get(&tag)).into_iter().flatten();
        alike.chain(self.comes_from.get(&to)).copied()
    }

    /// Gives the places of folders above some places where a file or a link stands instead.
    pub fn instead_of_folders(&self, gone: &BTreeSet<usize>) -> BTreeSet<usize> {
        let mut instead = BTreeSet::new();
        for i in gone {
            for above in std::iter::successors(self.all[*i].path.parent(), PathKey::parent) {
                let at = self.by_path.get(&above).into_iter().flatten().copied();
                instead.extend(at.filter(|at| self.all[*at].ends_folder() && self.all[*at].after != Stands::Nothing));
            }
        }
        instead
    }

    /// Gives some places and all that cannot change without them: where the files came from that took them over and where those went that
    /// stood there before, what lies in a folder that was made of a file, and the folder that is above what stays.
    pub fn bound_to(&self, first: &BTreeSet<usize>) -> BTreeSet<usize> {
        let mut bound = BTreeSet::new();
        let mut todo: Vec<usize> = first.iter().copied().collect();
        while let Some(i) = todo.pop() {
            if !bound.insert(i) {
                continue;
            }
            let turn = &self.all[i];
            todo.extend(self.by_origin.get(&turn.origin).into_iter().flatten());
            todo.extend(self.sources(i));
            let went = turn.before.tag().filter(|_| turn.before != turn.after);
            todo.extend(went.and_then(|tag| self.arriving.get(&tag)).into_iter().flatten());
            todo.extend(self.goes_on.get(&i));
            if turn.makes_folder() {
                let inside = self.by_path.range(turn.path.clone()..);
                let inside = inside.take_while(|(path, _)| **path == turn.path || path.is_below(&turn.path));
                todo.extend(inside.flat_map(|(_, at)| at));
            }
            for above in std::iter::successors(turn.path.parent(), PathKey::parent) {
                let at = self.by_path.get(&above).into_iter().flatten();
                todo.extend(at.filter(|at| self.all[**at].ends_folder()));
            }
        }
        bound
    }
}

/// Where files may have gone, each to one place.
struct Targets {
    free: BTreeMap<[u8; 32], VecDeque<usize>>,
    taken: BTreeMap<[u8; 32], VecDeque<usize>>,
    used: BTreeSet<usize>,
}

impl Targets {
    fn of(turns: &Turns) -> Self {
        let (mut free, mut taken) = (BTreeMap::<_, VecDeque<_>>::new(), BTreeMap::<_, VecDeque<_>>::new());
        for i in turns.by_path.values().flatten().copied() {
            let turn = &turns.all[i];
            let Stands::File(tag) = turn.after else { continue };
            match turn.before {
                before if before == turn.after => {}
                Stands::File(_) => taken.entry(tag).or_default().push_back(i),
                _ => free.entry(tag).or_default().push_back(i),
            }
        }
        let used = BTreeSet::new();
        Self { free, taken, used }
    }

    /// Takes the place to which the file went that stood at one.
    fn next(&mut self, turns: &Turns, from: usize) -> Option<usize> {
        let mut to = None;
        if let Stands::File(tag) = turns.all[from].before {
            to = self.free.get_mut(&tag).and_then(VecDeque::pop_front);
            to = to.or_else(|| self.taken.get_mut(&tag).and_then(VecDeque::pop_front));
        }
        let to = to.or_else(|| turns.goes_on.get(&from).copied())?;
        self.used.insert(to).then_some(to)
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;
    use crate::rel_path::RelPath;

    fn key(at: &str) -> PathKey {
        RelPath::new(at).expect("a good path").key()
    }

    /// Nothing, a folder `/`, an empty file, a link `>x`, or a file of that content.
    fn stands(what: &str) -> Stands {
        let tag = |what: &str| *blake3::hash(what.as_bytes()).as_bytes();
        match what {
            "-" => Stands::Nothing,
            "/" => Stands::Folder,
            "0" => Stands::EmptyFile,
            link if link.starts_with('>') => Stands::Link(tag(link)),
            file => Stands::File(tag(file)),
        }
    }

    fn turn((at, before, after): &(&str, &str, &str)) -> Turn {
        Turn {
            path: key(at),
            origin: key(at),
            before: stands(before),
            after: stands(after),
        }
    }

    fn turns(all: &[(&str, &str, &str)]) -> Turns {
        Turns::new(all.iter().map(turn).collect(), BTreeMap::new())
    }

    #[track_caller]
    fn check(all: &[(&str, &str, &str)], taken: &[&str]) {
        let found = turns(all).taken_over(|_| Ok::<_, Infallible>(false));
        let Ok(found) = found;
        let found: Vec<&str> = found.into_iter().map(|i| all[i].0).collect();
        assert_eq!(found, taken, "{all:?}");
    }

    #[test]
    fn an_edit_takes_nothing_over_however_it_was_saved() {
        check(&[("a", "x", "y"), ("b", "y", "z")], &[]);
        check(&[("a", "x", "y"), ("b", "z", "-")], &[]);
        // An editor that keeps the version before beside the file, over the one before that.
        check(&[("a", "x", "new"), ("a~", "older", "x")], &[]);
        check(&[("log", "3", "-"), ("log.1", "2", "3"), ("log.2", "-", "2")], &[]);
        check(&[("log", "3", "4"), ("log.1", "2", "3"), ("log.2", "1", "2")], &[]);
    }

    #[test]
    fn a_folder_or_a_link_takes_over_what_goes_nowhere() {
        check(&[("a", "x", "/"), ("b", "y", ">a")], &["a", "b"]);
        check(&[("a", "0", "/")], &["a"]);
        check(&[("a", "x", "/"), ("a/a", "-", "x")], &[]);
        check(&[("a", "x", ">b"), ("b", "-", "x")], &[]);
        check(&[("a", "0", "/"), ("b", "-", "0")], &[]);
        check(&[("a", ">x", "/"), ("b", ">x", "y"), ("c", "/", "y")], &[]);
    }

    #[test]
    fn a_file_that_leaves_its_path_takes_over_where_it_goes() {
        check(&[("a", "x", "y"), ("b", "y", "-")], &["a"]);
        check(&[("a", "x", "y"), ("b", "y", "/")], &["a"]);
        check(&[("a", "x", "y"), ("b", "y", "-"), ("c", "-", "x")], &[]);
        check(
            &[("a", "x", "y"), ("b", "y", "-"), ("c", "x", "-"), ("d", "-", "x")],
            &[],
        );
        check(&[("a", "0", "y"), ("b", "y", "-")], &[]);
        check(&[("a", "x", "0"), ("b", "0", "-")], &[]);
        check(&[("a", "/", "y"), ("b", "y", "-")], &[]);
    }

    #[test]
    fn files_that_are_numbered_anew_take_over_as_many_as_there_are_fewer() {
        check(&[("1", "a", "b"), ("2", "b", "c"), ("3", "c", "-")], &["1"]);
        check(
            &[("1", "a", "c"), ("2", "b", "d"), ("3", "c", "-"), ("4", "d", "-")],
            &["1", "2"],
        );
        check(&[("1", "a", "new"), ("2", "b", "a"), ("3", "-", "b")], &[]);
    }

    #[test]
    fn swaps_and_rounds_take_nothing_over() {
        check(&[("a", "x", "y"), ("b", "y", "x")], &[]);
        check(&[("a", "x", "y"), ("b", "y", "z"), ("c", "z", "x")], &[]);
        check(&[("a", "x", "y"), ("b", "y", "x"), ("c", "x", "-")], &[]);
    }

    #[test]
    fn of_alike_files_those_at_new_places_moved_there() {
        check(&[("a", "x", "y"), ("b", "-", "y"), ("c", "y", "-")], &[]);
        check(
            &[("a", "x", "y"), ("b", "-", "y"), ("c", "y", "-"), ("d", "y", "-")],
            &["a"],
        );
    }

    #[test]
    fn what_stands_elsewhere_is_not_gone() {
        let all = turns(&[("a", "x", "/"), ("b", "y", "z"), ("c", "z", "-")]);
        let Ok(taken) = all.taken_over(|i| Ok::<_, Infallible>(i == 0));
        assert_eq!(taken, BTreeSet::from([1]));
        let Ok(taken) = all.taken_over(|i| Ok::<_, Infallible>(i == 1));
        assert_eq!(taken, BTreeSet::from([0]));
    }

    #[test]
    fn a_version_that_is_put_into_the_place_of_the_other_takes_nothing_over() {
        let mut all = [("a", "x", "y"), ("a (other)", "y", "-")].map(|one| turn(&one));
        all[1].origin = key("a");
        let Ok(taken) = Turns::new(all.to_vec(), BTreeMap::new()).taken_over(|_| Ok::<_, Infallible>(false));
        assert!(taken.is_empty());
    }

    #[test]
    fn a_file_that_was_edited_where_it_went_takes_over_too() {
        let all = [("a", "x", "y, edited"), ("b", "y", "-"), ("c", "z", "-")].map(|one| turn(&one));
        let all = Turns::new(all.to_vec(), BTreeMap::from([(1, 0)]));
        let Ok(taken) = all.taken_over(|_| Ok::<_, Infallible>(false));
        assert_eq!(taken, BTreeSet::from([0]));
        assert_eq!(all.bound_to(&taken), BTreeSet::from([0, 1]));
    }

    #[test]
    fn what_cannot_change_without_another_is_bound_to_it() {
        let all = turns(&[
            ("1", "a", "b"),
            ("2", "b", "c"),
            ("3", "c", "/"),
            ("3/in", "-", "new"),
            ("3/moved", "-", "d"),
            ("4", "d", "-"),
            ("5", "e", "f"),
            ("6", "g", "-"),
        ]);
        assert_eq!(all.bound_to(&BTreeSet::from([0])), (0..6).collect());
        let all = turns(&[("f", "/", "x"), ("f/a", "y", "-"), ("b", "z", "y"), ("c", "x", "-")]);
        assert_eq!(all.bound_to(&BTreeSet::from([2])), (0..4).collect());
        assert_eq!(all.instead_of_folders(&BTreeSet::from([1, 2])), BTreeSet::from([0]));
    }
}
