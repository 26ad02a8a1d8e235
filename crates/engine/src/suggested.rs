//! Which name to suggest for one that some drive cannot hold: the nearest that can be held everywhere, that nothing beside
//! it has, and that is suggested for nothing else.

use std::collections::{BTreeMap, BTreeSet};

use offsync_core::escape::{escape, suggestion};
use offsync_core::rel_path::{PathKey, RelPath};

/// Names that are suggested, by the paths that they are for.
#[derive(Clone, Debug, Default)]
pub struct Suggestions(BTreeMap<RelPath, String>);

impl Suggestions {
    /// Finds a name for each path that needs one, among all that stand in the same folders; the first one chooses first.
    pub fn among<'a>(paths: impl IntoIterator<Item = &'a RelPath>) -> Self {
        let mut known = BTreeSet::new();
        let paths: Vec<&RelPath> = paths.into_iter().filter(|path| known.insert(*path)).collect();
        let mut taken: BTreeSet<PathKey> = paths.iter().map(|path| path.key()).collect();
        let mut found = BTreeMap::new();
        for path in paths.into_iter().filter(|path| *escape(path.name()) != *path.name()) {
            let folder = path.parent().unwrap_or_else(RelPath::root);
            let is_free = |name: &String| folder.join(name).is_ok_and(|there| taken.insert(there.key()));
            if let Some(name) = numbered(&suggestion(path.name())).find(is_free) {
                found.insert(path.clone(), name);
            }
        }
        Self(found)
    }

    /// Gives the name for a path.
    pub(crate) fn of(&self, path: &RelPath) -> String {
        self.0.get(path).cloned().unwrap_or_else(|| suggestion(path.name()))
    }

    /// Takes in what was found for other folders.
    pub(crate) fn extend(&mut self, more: Self) {
        self.0.extend(more.0);
    }
}

/// Gives a name, and then the same with numbers before its ending.
fn numbered(name: &str) -> impl Iterator<Item = String> {
    let ending_at = name.rfind('.').filter(|at| *at > 0).unwrap_or(name.len());
    let (stem, ending) = name.split_at(ending_at);
    std::iter::once(name.to_owned()).chain((2..=NUMBER_MAX).map(move |number| format!("{stem} ({number}){ending}")))
}

/// More alike names than this in one folder get the same suggestion.
const NUMBER_MAX: u64 = 1_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_suggested_name_is_free_and_is_suggested_once() {
        let paths: Vec<RelPath> = [
            "a:b.txt",
            "a?b.txt",
            "A-b (2).txt",
            "in/a:b.txt",
            "in/a-b.txt",
            "plain",
            "who?",
        ]
        .map(|path| RelPath::new(path).expect("a good path"))
        .to_vec();
        let found = Suggestions::among(&paths);
        let of = |path: usize| found.of(&paths[path]);
        assert_eq!(
            [of(0), of(1)],
            ["a-b.txt", "a-b (3).txt"],
            "one name in two cases is one"
        );
        assert_eq!(of(3), "a-b (2).txt");
        assert_eq!(of(6), "who-");
        assert_eq!(found.0.len(), 4, "{found:?}");
        let last_first = Suggestions::among(paths.iter().rev());
        assert_eq!(
            last_first.of(&paths[1]),
            "a-b.txt",
            "what was there before keeps its name"
        );
    }
}
