//! Own changes that are not posted yet, derived from what is shown and what is there.
//!
//! No queue: an edit that was undone before posting vanishes. `replaces` names exactly
//! the dots that this drive showed when the person changed it; naming the siblings of
//! the time of posting instead would lose other people's edits.

use crate::dot::Dot;
use crate::entry::Value;
use crate::place::{Observed, Place, ShownRef};
use crate::rel_path::{PathKey, RelPath};
use crate::siblings::Siblings;

/// A change that a person made here: the next version of one path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalChange {
    /// What it will say; a tombstone for a deletion. Its path's key is the entry's.
    pub value: Value,
    /// The dots that it replaces, in order.
    pub replaces: Vec<Dot>,
    /// The place on this drive that it was made at; `None` for a remembered deletion.
    pub place: Option<PathKey>,
}

impl LocalChange {
    /// Gives the key of the entry that it changes.
    pub fn origin(&self) -> PathKey {
        self.value.path.key()
    }
}

/// Derives the changes at one place.
///
/// `tombstones` are the tombstone dots among the siblings of `key`; `gone` the dots of
/// deletions remembered there. Both matter for a path that is new on this drive.
/// `spelled` gives the path as it is spelled for an origin.
pub fn changes_at(
    key: &PathKey,
    place: &Place,
    tombstones: &[Dot],
    gone: &[Dot],
    spelled: impl Fn(&PathKey) -> RelPath,
) -> Vec<LocalChange> {
    let delete = |shown: &ShownRef| LocalChange {
        value: Value::tombstone(spelled(&shown.origin)),
        replaces: shown.dots.clone(),
        place: Some(key.clone()),
    };
    let write = |value: &Value, replaces: Vec<Dot>| LocalChange {
        value: value.clone(),
        replaces,
        place: Some(key.clone()),
    };
    let refs = place.shown.as_ref().map_or(&[][..], |shown| &shown.refs);
    match (&place.observed, refs) {
        (Observed::AsShown(_), _) => Vec::new(),
        (Observed::Absent, refs) => refs.iter().filter(|shown| !shown.dots.is_empty()).map(delete).collect(),
        (Observed::Other(value, _), []) => {
            let mut replaces = [tombstones, gone].concat();
            replaces.sort();
            replaces.dedup();
            vec![write(value, replaces)]
        }
        // An edit in place replaces what was shown; copies that the place had absorbed are settled with it.
        (Observed::Other(value, _), [main, rest @ ..]) if main.origin == *key => {
            let mut changes = vec![write(value, main.dots.clone())];
            changes.extend(rest.iter().filter(|shown| !shown.dots.is_empty()).map(delete));
            changes
        }
        // An edited conflict copy becomes an entry of its own, and is settled at its origin.
        (Observed::Other(value, _), refs) => {
            let mut changes = vec![write(value, Vec::new())];
            changes.extend(refs.iter().filter(|shown| !shown.dots.is_empty()).map(delete));
            changes
        }
    }
}

/// Derives the deletion that is remembered at an origin, if anything it names still lives
/// and no other own change there (`others`, at the same origin) replaces it already.
pub fn deletion_of<'a>(
    origin: &RelPath,
    remembered: &[Dot],
    siblings: &Siblings,
    mut others: impl Iterator<Item = &'a LocalChange>,
) -> Option<LocalChange> {
    let live: Vec<Dot> = siblings
        .live()
        .map(|(dot, _)| *dot)
        .filter(|dot| remembered.contains(dot))
        .collect();
    let is_replaced = |change: &LocalChange| live.iter().all(|dot| change.replaces.contains(dot));
    if live.is_empty() || others.any(is_replaced) {
        return None;
    }
    Some(LocalChange {
        value: Value::tombstone(origin.clone()),
        replaces: live,
        place: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::{Content, Meta};
    use crate::ids::LocationId;
    use crate::place::{Shown, Stat};

    fn path(text: &str) -> RelPath {
        RelPath::new(text).expect("a good path")
    }

    fn dot(sequence: u64) -> Dot {
        Dot {
            location: LocationId::new([1; 16]),
            sequence,
            ordinal: 0,
        }
    }

    fn link(at: &str, target: &str) -> Value {
        Value {
            path: path(at),
            content: Content::Symlink(target.into()),
            meta: Meta::default(),
        }
    }

    fn shown(at: &str, refs: &[(&str, u64)]) -> Option<Shown> {
        let refs = refs
            .iter()
            .map(|(origin, n)| ShownRef {
                origin: path(origin).key(),
                dots: vec![dot(*n)],
            })
            .collect();
        Some(Shown {
            refs,
            value: link(at, "old"),
        })
    }

    fn check(at: &str, place: Place, expected: &[(&str, bool, &[u64])]) {
        let changes = changes_at(&path(at).key(), &place, &[dot(8)], &[dot(9)], |key| {
            RelPath::new(key.as_bytes()).expect("a good path")
        });
        let found: Vec<_> = changes
            .iter()
            .map(|c| {
                (
                    c.value.path.to_string(),
                    c.value.content.is_live(),
                    c.replaces.iter().map(|d| d.sequence).collect(),
                )
            })
            .collect();
        let expected: Vec<(String, bool, Vec<u64>)> = expected
            .iter()
            .map(|(p, live, dots)| ((*p).to_owned(), *live, dots.to_vec()))
            .collect();
        assert_eq!(found, expected);
    }

    fn other(at: &str) -> Observed {
        Observed::Other(link(at, "new"), Stat::default())
    }

    #[test]
    fn what_is_as_shown_is_no_change() {
        check(
            "a",
            Place {
                shown: shown("a", &[("a", 1)]),
                observed: Observed::AsShown(Stat::default()),
            },
            &[],
        );
    }

    #[test]
    fn an_edit_replaces_just_what_was_shown() {
        check(
            "a",
            Place {
                shown: shown("a", &[("a", 1)]),
                observed: other("a"),
            },
            &[("a", true, &[1])],
        );
    }

    #[test]
    fn a_new_file_replaces_tombstones_and_remembered_deletions() {
        check(
            "a",
            Place {
                shown: None,
                observed: other("a"),
            },
            &[("a", true, &[8, 9])],
        );
    }

    #[test]
    fn an_edited_copy_is_a_new_entry_and_settles_its_origin() {
        let place = Place {
            shown: shown("a-copy", &[("a", 1)]),
            observed: other("a-copy"),
        };
        check("a-copy", place, &[("a-copy", true, &[]), ("a", false, &[1])]);
    }

    #[test]
    fn a_deleted_copy_is_settled_at_its_origin() {
        let place = Place {
            shown: shown("a-copy", &[("a", 1)]),
            observed: Observed::Absent,
        };
        check("a-copy", place, &[("a", false, &[1])]);
    }

    #[test]
    fn an_edit_of_what_absorbed_a_copy_settles_the_copy_too() {
        let place = Place {
            shown: shown("b", &[("b", 1), ("a", 2)]),
            observed: other("b"),
        };
        check("b", place, &[("b", true, &[1]), ("a", false, &[2])]);
    }

    #[test]
    fn a_deletion_whose_dots_are_gone_is_forgotten() {
        assert_eq!(
            deletion_of(&path("a"), &[dot(1)], &Siblings::default(), [].iter()),
            None
        );
    }
}
