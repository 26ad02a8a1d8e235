//! People: what they save, move and delete, and what of it may be gone at the end.

use std::collections::{BTreeMap, BTreeSet};

use offsync_core::rel_path::{PathKey, RelPath};
use offsync_testkit::{Hand, Rng, Seen};

use crate::profile::Profile;

const NAMES: [&str; 5] = ["x", "y.txt", "d", "e", "Foto.jpg"];
/// The same where some drives cannot hold every name.
const ODD_NAMES: [&str; 7] = ["x", "y.txt", "d:?", "e.", "Foto.jpg", "con.jpg", "x\u{f03a}y"];
const ACTS: [&str; 20] = [
    "create",
    "create",
    "create",
    "edit",
    "edit",
    "edit-in-place",
    "delete",
    "rmdir",
    "mkdir",
    "move",
    "move",
    "movedir",
    "copy",
    "swap",
    "type",
    "undo",
    "touch",
    "chmod",
    "recase",
    "rules",
];

/// In how many of a hundred acts at a drive with rotten files a person takes one of those in hand.
const ROTTEN_PERCENT: u32 = 30;
const ROTTEN_ACTS: [&str; 12] = [
    "touch",
    "copy",
    "copy anew",
    "move",
    "rename over",
    "rename onto",
    "chmod",
    "swap",
    "recase",
    "delete",
    "edit",
    "edit-in-place",
];

/// Rules that people write into `.offsyncignore`, over the names above.
const RULES: [&str; 6] = ["", "*.txt\n", "d/\n", "x\ne\n", "*\n!Foto.jpg\n", "/d/**\n!/d/e/\n"];

/// Whether a file is as a person wrote it, or as that rotted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Form {
    /// As it was written.
    Written,
    /// With another last byte.
    Rotten,
}

/// A content that a drive holds.
pub(crate) type Kept = (u64, Form);

/// Every value that a person ever wrote, and whether it may be gone.
#[derive(Default)]
pub(crate) struct Values {
    next: u64,
    /// Whole contents by value; a link's target is its content.
    pub(crate) written: BTreeMap<u64, (Vec<u8>, usize)>,
    /// Values that a person overwrote or deleted somewhere.
    pub(crate) consumed: BTreeSet<u64>,
    /// Values that a drive lost which went back to a backup.
    pub(crate) excused: BTreeSet<u64>,
    /// Values whose rotten form somebody made their own word.
    pub(crate) meant: BTreeSet<u64>,
    /// Values that rotted on a home's drive and nobody has verified since.
    pub(crate) unverified: BTreeSet<(usize, u64)>,
    /// Files that a home was told are damaged, by the value that rotted and the inode: they are that whatever their time is.
    pub(crate) told: BTreeSet<(usize, u64, u64)>,
    /// The times that such files had when a home looked at them: a copy that has one of these is damaged, too.
    pub(crate) told_times: BTreeSet<(usize, u64, i64)>,
    /// Places where a person did anything.
    pub(crate) touched: BTreeSet<PathKey>,
    /// Values that a person at a home deleted, and neither moved nor edited.
    pub(crate) deleted: BTreeSet<(usize, u64)>,
    /// What stood before a person's last change of a home.
    undo: BTreeMap<usize, (RelPath, Vec<u8>)>,
}

impl Values {
    fn new_content(&mut self, home: usize, rng: &mut Rng, profile: &Profile) -> Vec<u8> {
        self.next += 1;
        let len = match () {
            // More than the mailbox may hold: it travels in parts.
            () if profile.has_big_files && rng.percent(5) => 6_000_000 + rng.index(1_500_000),
            () if profile.has_big_files && rng.percent(20) => 300_000 + rng.index(600_000),
            // Too large to travel inside a manifest.
            () if rng.percent(4) => 66_000 + rng.index(6_000),
            () => rng.index(60),
        };
        let mut content = format!("v{} ", self.next).into_bytes();
        content.extend(rng.bytes(len));
        self.written.insert(self.next, (content.clone(), home));
        content
    }

    fn new_target(&mut self, home: usize) -> Vec<u8> {
        self.next += 1;
        let target = format!("v{} ", self.next).into_bytes();
        self.written.insert(self.next, (target.clone(), home));
        target
    }

    /// Tells whether a file or link holds just what a person wrote.
    pub(crate) fn is_sound(&self, seen: &Seen) -> bool {
        let written = value_of(seen).and_then(|value| self.written.get(&value));
        match (seen, written) {
            (Seen::File(bytes), Some((content, _))) => **bytes == *content,
            _ => false,
        }
    }

    /// Tells which value a file holds, and in what form; `None` if it is neither what somebody wrote nor what that rots to.
    pub(crate) fn form_of(&self, seen: &Seen) -> Option<Kept> {
        let Seen::File(bytes) = seen else { return None };
        let value = value_of(seen)?;
        let (content, _) = self.written.get(&value)?;
        let (last, rest) = bytes.split_last()?;
        let (meant, before) = content.split_last()?;
        match rest == before {
            true if last == meant => Some((value, Form::Written)),
            true if *last == meant ^ 1 => Some((value, Form::Rotten)),
            _ => None,
        }
    }

    /// Gives what a value rots to.
    pub(crate) fn rotten_form(&self, value: u64) -> Vec<u8> {
        let mut content = self
            .written
            .get(&value)
            .map(|(content, _)| content.clone())
            .unwrap_or_default();
        content.iter_mut().last().into_iter().for_each(|last| *last ^= 1);
        content
    }

    fn consume(&mut self, seen: &Seen) {
        self.consumed.extend(value_of(seen));
    }
}

/// Reads which value something is.
pub(crate) fn value_of(seen: &Seen) -> Option<u64> {
    let bytes: &[u8] = match seen {
        Seen::File(bytes) => bytes,
        Seen::Symlink(target) => target,
        Seen::Folder | Seen::Other => return None,
    };
    let end = bytes.iter().position(|b| *b == b' ')?;
    std::str::from_utf8(bytes.get(1..end)?).ok()?.parse().ok()
}

/// One person's turn at one drive.
pub(crate) struct Person<'a> {
    pub(crate) home: usize,
    pub(crate) hand: Hand,
    pub(crate) has_symlinks: bool,
    pub(crate) rng: &'a mut Rng,
    pub(crate) values: &'a mut Values,
    pub(crate) profile: &'a Profile,
}

impl Person<'_> {
    /// Does one thing; tells what.
    pub(crate) fn act(&mut self) -> String {
        let tree = self.hand.tree();
        let files: Vec<RelPath> = of_kind(&tree, |seen| !matches!(seen, Seen::Folder));
        let folders: Vec<RelPath> = of_kind(&tree, |seen| matches!(seen, Seen::Folder));
        let can = |act: &str| match act {
            "create" | "mkdir" => true,
            "rules" => self.profile.has_ignore_rules,
            "rmdir" | "movedir" => !folders.is_empty(),
            "undo" => self.values.undo.contains_key(&self.home),
            "swap" => files.len() > 1,
            "type" => !tree.is_empty(),
            _ => !files.is_empty(),
        };
        let rotten = of_kind(&tree, |seen| {
            matches!(self.values.form_of(seen), Some((_, Form::Rotten)))
        });
        if self.profile.has_rot() && !rotten.is_empty() && self.rng.percent(ROTTEN_PERCENT) {
            return self.act_on_rotten(&rotten, &tree, &files, &folders);
        }
        let acts: Vec<&str> = ACTS.iter().filter(|act| can(act)).copied().collect();
        let act = *self.rng.choose(&acts).expect("something can always be made");
        let at = match act {
            "create" | "mkdir" => self.place(&tree, &folders),
            "rmdir" | "movedir" => self.rng.choose(&folders).cloned(),
            "type" => {
                let all: Vec<RelPath> = tree.keys().cloned().collect();
                self.rng.choose(&all).cloned()
            }
            "undo" => self.values.undo.get(&self.home).map(|(path, _)| path.clone()),
            "rules" => RelPath::new(".offsyncignore").ok(),
            _ => self.rng.choose(&files).cloned(),
        };
        let Some(at) = at else {
            return format!("{act}: nothing there");
        };
        self.values.touched.insert(at.key());
        let to = self.place(&tree, &folders);
        let done = self.do_act(act, &at, to.as_ref(), &tree, &files);
        let to = to
            .filter(|_| matches!(act, "move" | "movedir" | "copy"))
            .map(|to| format!(" to {to}"));
        format!(
            "{act} {at}{}{}",
            to.unwrap_or_default(),
            if done { "" } else { " (not done)" }
        )
    }

    /// Does something to a file that rotted, as somebody does who does not know, or who knows better.
    fn act_on_rotten(
        &mut self,
        rotten: &[RelPath],
        tree: &BTreeMap<RelPath, Seen>,
        files: &[RelPath],
        folders: &[RelPath],
    ) -> String {
        let at = self.rng.choose(rotten).cloned().expect("something rotted");
        let act = *self.rng.choose(&ROTTEN_ACTS).expect("some acts");
        let other = self.rng.choose(files).cloned().expect("what rotted is a file");
        let (from, to) = match act {
            "rename over" => (at, Some(other)),
            "rename onto" => (other, Some(at)),
            _ => (at, self.place(tree, folders)),
        };
        self.values.touched.insert(from.key());
        self.values.touched.extend(to.as_ref().map(RelPath::key));
        let done = match act {
            "rename over" | "rename onto" => self.move_to(&from, to.as_ref(), tree),
            "copy anew" => to.as_ref().is_some_and(|to| self.copy_anew(&from, to, tree)),
            act => self.do_act(act, &from, to.as_ref(), tree, files),
        };
        let to = to.map_or_else(String::new, |to| format!(" ({to})"));
        format!("{act} the rotten {from}{to}{}", if done { "" } else { " (not done)" })
    }

    /// Copies a file over what stands at `to`, as programs do that keep no times.
    fn copy_anew(&mut self, from: &RelPath, to: &RelPath, tree: &BTreeMap<RelPath, Seen>) -> bool {
        let (Some(Seen::File(bytes)), old) = (tree.get(from), tree.get(to)) else {
            return false;
        };
        if from == to || matches!(old, Some(Seen::Folder)) {
            return false;
        }
        let is_done = self.hand.write(to, bytes.to_vec()).is_ok();
        is_done.then(|| old.into_iter().for_each(|old| self.values.consume(old)));
        is_done
    }

    fn do_act(
        &mut self,
        act: &str,
        at: &RelPath,
        to: Option<&RelPath>,
        tree: &BTreeMap<RelPath, Seen>,
        files: &[RelPath],
    ) -> bool {
        match act {
            "create" | "edit" => self.save(at, tree.get(at)),
            "rules" => self.save_rules(at, tree.get(at)),
            "edit-in-place" => self.save_in_place(at, tree.get(at)),
            "delete" | "rmdir" => self.delete(at, tree),
            "mkdir" => !tree.contains_key(at) && self.hand.mkdir(at).is_ok(),
            "move" => self.move_to(at, to, tree),
            "movedir" => to.is_some_and(|to| {
                let is_inside = to.key().is_below(&at.key()) || to.key() == at.key();
                !is_inside && !tree.contains_key(to) && self.hand.rename(at, to).is_ok()
            }),
            "copy" => to.is_some_and(|to| {
                let old = tree.get(to);
                if to == at || matches!(old, Some(Seen::Folder)) || !matches!(tree.get(at), Some(Seen::File(_))) {
                    return false;
                }
                let is_done = self.hand.copy(at, to).is_ok();
                is_done.then(|| old.into_iter().for_each(|old| self.values.consume(old)));
                is_done
            }),
            "swap" => {
                let other = self.rng.choose(files).cloned();
                other.is_some_and(|other| other != *at && self.hand.swap(at, &other).is_ok())
            }
            "type" => self.change_kind(at, tree),
            "undo" => self.undo(tree),
            "touch" => {
                let back_ns = i64::try_from(self.rng.below(1 << 50)).expect("small");
                let now_ns = self.hand.mtime_ns(at).unwrap_or_default();
                matches!(tree.get(at), Some(Seen::File(_))) && self.hand.touch(at, now_ns - back_ns).is_ok()
            }
            "chmod" => {
                let mode = *self.rng.choose(&[0o644, 0o600, 0o755]).expect("some modes");
                matches!(tree.get(at), Some(Seen::File(_))) && self.hand.chmod(at, mode).is_ok()
            }
            "recase" => {
                let to = recased(at);
                to != *at && !tree.contains_key(&to) && self.hand.rename(at, &to).is_ok()
            }
            _ => false,
        }
    }

    /// Chooses a place that no other spelling of its name takes.
    fn place(&mut self, tree: &BTreeMap<RelPath, Seen>, folders: &[RelPath]) -> Option<RelPath> {
        let mut parents = vec![RelPath::root()];
        parents.extend(folders.iter().filter(|folder| folder.depth() < 3).cloned());
        let parent = self.rng.choose(&parents).cloned().unwrap_or_else(RelPath::root);
        let names: &[&str] = if self.profile.has_foreign_drives {
            &ODD_NAMES
        } else {
            &NAMES
        };
        let name = self.rng.choose(names).expect("some names");
        let path = parent.join(name).ok()?;
        let key = path.key();
        let taken = tree.keys().find(|other| other.key() == key);
        Some(taken.cloned().unwrap_or(path))
    }

    fn save(&mut self, at: &RelPath, old: Option<&Seen>) -> bool {
        if matches!(old, Some(Seen::Folder)) {
            return false;
        }
        let is_link = self.has_symlinks && self.rng.percent(8);
        let is_done = if is_link {
            let target = self.values.new_target(self.home);
            self.hand.symlink(at, &target)
        } else {
            let content = self.values.new_content(self.home, self.rng, self.profile);
            self.hand.write(at, content)
        };
        self.after_save(at, old, is_done.is_ok())
    }

    fn save_rules(&mut self, at: &RelPath, old: Option<&Seen>) -> bool {
        if matches!(old, Some(Seen::Folder)) {
            return false;
        }
        self.values.next += 1;
        let rules = self.rng.choose(&RULES).expect("some rules");
        // The first line tells which value it is, and as a rule it means nothing.
        let content = format!("v{} \n{rules}", self.values.next).into_bytes();
        self.values
            .written
            .insert(self.values.next, (content.clone(), self.home));
        let is_done = self.hand.write(at, content);
        self.after_save(at, old, is_done.is_ok())
    }

    fn save_in_place(&mut self, at: &RelPath, old: Option<&Seen>) -> bool {
        if !matches!(old, Some(Seen::File(_))) {
            return false;
        }
        let content = self.values.new_content(self.home, self.rng, self.profile);
        let is_done = self.hand.write_in_place(at, content).is_ok();
        self.after_save(at, old, is_done)
    }

    /// A save that failed wrote nothing; one that worked overwrote what stood there.
    fn after_save(&mut self, at: &RelPath, old: Option<&Seen>, is_done: bool) -> bool {
        if !is_done {
            let last = self.values.next;
            self.values.written.remove(&last);
        } else if let Some(old) = old {
            self.values.consume(old);
            if let Seen::File(bytes) = old
                && self.values.is_sound(old)
            {
                self.values.undo.insert(self.home, (at.clone(), bytes.to_vec()));
            }
        }
        is_done
    }

    fn undo(&mut self, tree: &BTreeMap<RelPath, Seen>) -> bool {
        let Some((at, old)) = self.values.undo.remove(&self.home) else {
            return false;
        };
        let Some(Seen::File(_)) = tree.get(&at) else {
            return false;
        };
        let is_done = self.hand.write(&at, old).is_ok();
        is_done.then(|| self.values.consume(&tree[&at]));
        is_done
    }

    fn delete(&mut self, at: &RelPath, tree: &BTreeMap<RelPath, Seen>) -> bool {
        let is_done = self.hand.remove(at).is_ok();
        let key = at.key();
        let gone = tree.iter().filter(|(path, _)| *path == at || path.key().is_below(&key));
        is_done.then(|| gone.for_each(|(_, seen)| self.values.consume(seen)));
        is_done
    }

    fn move_to(&mut self, at: &RelPath, to: Option<&RelPath>, tree: &BTreeMap<RelPath, Seen>) -> bool {
        let Some(to) = to.filter(|to| *to != at && !matches!(tree.get(to), Some(Seen::Folder))) else {
            return false;
        };
        let is_done = self.hand.rename(at, to).is_ok();
        is_done.then(|| tree.get(to).into_iter().for_each(|old| self.values.consume(old)));
        is_done
    }

    fn change_kind(&mut self, at: &RelPath, tree: &BTreeMap<RelPath, Seen>) -> bool {
        let was_folder = matches!(tree.get(at), Some(Seen::Folder));
        if !self.delete(at, tree) {
            return false;
        }
        if was_folder {
            self.save(at, None)
        } else {
            self.hand.mkdir(at).is_ok()
        }
    }
}

fn of_kind(tree: &BTreeMap<RelPath, Seen>, is_meant: impl Fn(&Seen) -> bool) -> Vec<RelPath> {
    tree.iter()
        .filter(|(_, seen)| is_meant(seen))
        .map(|(path, _)| path.clone())
        .collect()
}

/// Gives a path whose last name is spelled in the other case.
fn recased(at: &RelPath) -> RelPath {
    let name = String::from_utf8_lossy(at.name()).into_owned();
    let upper = name.to_uppercase();
    let other = if upper == name { name.to_lowercase() } else { upper };
    let parent = at.parent().unwrap_or_else(RelPath::root);
    parent.join(other).unwrap_or_else(|_| at.clone())
}
