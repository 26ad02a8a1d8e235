//! Reconciling: what is to be done at one place, decided before anything is done.
//!
//! `decide` is total: every pairing of what is shown, what is there and what is wanted
//! has an arm. It never touches a person's unposted change; what arrives is shown
//! beside it.

use crate::place::{Observed, Place, Shown, ShownRef};
use crate::rel_path::PathKey;

/// What is to be done at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing.
    Keep,
    /// Nothing on the disk; it stands for other versions from now on.
    Rebind(Shown),
    /// Take away what is shown.
    Remove,
    /// Put something where nothing stands.
    Put(Shown),
    /// Put something in the place of what is shown.
    Replace(Shown),
    /// Change name, times or mode of what is shown.
    Retouch(Shown),
    /// The content is not at hand yet; what is shown stays.
    Wait,
}

/// Whether the content that is wanted can be put together here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AtHand {
    /// All chunks are on this drive.
    Yes,
    /// Some are missing.
    No,
}

/// Decides what is to be done at the place of `key`.
///
/// `want` is what [`crate::present`] shows there, own changes under provisional dots.
pub fn decide(key: &PathKey, place: Option<&Place>, want: Option<&Shown>, at_hand: AtHand) -> Step {
    let Some(want) = want else {
        return match place {
            Some(Place {
                shown: Some(_),
                observed: Observed::AsShown(_),
            }) => Step::Remove,
            // Nothing stands there, or a person's own change that the next cycle takes up.
            None | Some(_) => Step::Keep,
        };
    };
    let is_local = want
        .refs
        .iter()
        .flat_map(|shown| &shown.dots)
        .any(|dot| dot.is_provisional());
    let there = place.and_then(|place| place.on_disk());
    if there.is_some_and(|there| looks_wanted(there, want)) {
        let was = place.and_then(|place| place.shown.as_ref());
        return if is_local {
            adopt_beside_own(key, was, want)
        } else {
            rebind(was, want)
        };
    }
    match (is_local, at_hand, place) {
        (true, _, _) => Step::Keep,
        (false, AtHand::No, _) => Step::Wait,
        (false, AtHand::Yes, None) => Step::Put(want.clone()),
        (
            false,
            AtHand::Yes,
            Some(Place {
                shown: Some(shown),
                observed: Observed::AsShown(_),
            }),
        ) => match shown.value.same_content(&want.value) {
            true => Step::Retouch(want.clone()),
            false => Step::Replace(want.clone()),
        },
        // Deleted here and wanted again: the deletion is remembered by dot, so nothing is shown any more.
        (
            false,
            AtHand::Yes,
            Some(Place {
                observed: Observed::Absent,
                ..
            }),
        ) => Step::Put(want.clone()),
        (
            false,
            AtHand::Yes,
            Some(Place {
                observed: Observed::Other(..),
                ..
            }),
        ) => Step::Keep,
        (
            false,
            AtHand::Yes,
            Some(Place {
                shown: None,
                observed: Observed::AsShown(_),
            }),
        ) => Step::Keep,
    }
}

/// Gives the refs without provisional dots; those that are left empty only where an implied folder has none.
fn posted_refs(want: &Shown) -> Vec<ShownRef> {
    let posted = |shown: &ShownRef| {
        let dots = shown.dots.iter().copied().filter(|dot| !dot.is_provisional()).collect();
        ShownRef {
            origin: shown.origin.clone(),
            dots,
        }
    };
    want.refs.iter().map(posted).collect()
}

fn looks_wanted(there: &crate::entry::Value, want: &Shown) -> bool {
    let is_implied = want.value.content.is_folder() && want.refs.iter().all(|shown| shown.dots.is_empty());
    let same_name = there.path.name() == want.value.path.name();
    there.looks_like(&want.value) || (is_implied && there.content.is_folder() && same_name)
}

fn rebind(was: Option<&Shown>, want: &Shown) -> Step {
    match was {
        Some(was) if was.refs == want.refs && was.value.looks_like(&want.value) => Step::Keep,
        _ => Step::Rebind(want.clone()),
    }
}

/// The same content arrived that a person put here, where nothing was: it stands for both from now on.
///
/// What a person changed or touched is said as their own version all the same, for it replaces what stood there. To say
/// only that this is gone, since another version holds what the person wants, is wrong: the author of that one may give
/// it up at the same moment for the sake of this one, and nobody has it any more.
fn adopt_beside_own(key: &PathKey, was: Option<&Shown>, want: &Shown) -> Step {
    let mut refs = posted_refs(want);
    let is_kept = |old: &ShownRef| {
        refs.iter()
            .any(|new| new.origin == old.origin && old.dots.iter().all(|dot| new.dots.contains(dot)))
    };
    let mut old = was.iter().flat_map(|was| &was.refs).filter(|old| !old.dots.is_empty());
    if refs.iter().all(|shown| shown.dots.is_empty()) || !old.all(is_kept) {
        return Step::Keep;
    }
    refs.retain(|shown| !shown.dots.is_empty() || shown.origin == *key);
    Step::Rebind(Shown {
        refs,
        value: want.value.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dot::Dot;
    use crate::entry::{Content, Meta, Value};
    use crate::ids::LocationId;
    use crate::place::Stat;
    use crate::rel_path::RelPath;

    fn key() -> PathKey {
        RelPath::new("a").expect("a good path").key()
    }

    fn dot(sequence: u64) -> Dot {
        Dot {
            location: LocationId::new([1; 16]),
            sequence,
            ordinal: 0,
        }
    }

    fn value(target: &str) -> Value {
        let path = RelPath::new("a").expect("a good path");
        Value {
            path,
            content: Content::Symlink(target.into()),
            meta: Meta::default(),
        }
    }

    fn shown(target: &str, dots: &[Dot]) -> Shown {
        Shown {
            refs: vec![ShownRef {
                origin: key(),
                dots: dots.to_vec(),
            }],
            value: value(target),
        }
    }

    fn clean(target: &str, dots: &[Dot]) -> Place {
        Place {
            shown: Some(shown(target, dots)),
            observed: Observed::AsShown(Stat::default()),
        }
    }

    fn dirty(was: Option<Shown>, target: &str) -> Place {
        Place {
            shown: was,
            observed: Observed::Other(value(target), Stat::default()),
        }
    }

    fn check(place: Option<Place>, want: Option<Shown>, expected: Step) {
        assert_eq!(decide(&key(), place.as_ref(), want.as_ref(), AtHand::Yes), expected);
    }

    #[test]
    fn what_is_no_longer_wanted_is_removed_only_if_untouched() {
        check(Some(clean("x", &[dot(1)])), None, Step::Remove);
        check(Some(dirty(Some(shown("x", &[dot(1)])), "y")), None, Step::Keep);
        check(None, None, Step::Keep);
    }

    #[test]
    fn what_is_new_is_put_and_what_is_old_is_replaced() {
        check(None, Some(shown("x", &[dot(1)])), Step::Put(shown("x", &[dot(1)])));
        check(
            Some(clean("x", &[dot(1)])),
            Some(shown("y", &[dot(2)])),
            Step::Replace(shown("y", &[dot(2)])),
        );
    }

    #[test]
    fn an_unposted_change_is_never_overwritten() {
        check(Some(dirty(None, "mine")), Some(shown("theirs", &[dot(2)])), Step::Keep);
        check(
            Some(dirty(None, "mine")),
            Some(shown("mine", &[Dot::provisional(0)])),
            Step::Keep,
        );
    }

    #[test]
    fn what_looks_as_wanted_is_adopted() {
        let rebound = Step::Rebind(shown("x", &[dot(2)]));
        check(
            Some(clean("x", &[dot(1)])),
            Some(shown("x", &[dot(2)])),
            rebound.clone(),
        );
        check(Some(dirty(None, "x")), Some(shown("x", &[dot(2)])), rebound);
        check(Some(clean("x", &[dot(1)])), Some(shown("x", &[dot(1)])), Step::Keep);
    }

    #[test]
    fn what_a_person_made_and_arrives_from_elsewhere_too_is_one() {
        let want = shown("x", &[dot(2), Dot::provisional(0)]);
        check(Some(dirty(None, "x")), Some(want), Step::Rebind(shown("x", &[dot(2)])));
    }

    #[test]
    fn what_a_person_changed_is_said_though_it_arrives_from_elsewhere_too() {
        let want = shown("x", &[dot(2), Dot::provisional(0)]);
        for before in ["old", "x"] {
            let place = dirty(Some(shown(before, &[dot(1)])), "x");
            check(Some(place), Some(want.clone()), Step::Keep);
        }
    }

    #[test]
    fn missing_content_leaves_what_is_shown() {
        let (place, want) = (clean("x", &[dot(1)]), shown("y", &[dot(2)]));
        assert_eq!(decide(&key(), Some(&place), Some(&want), AtHand::No), Step::Wait);
    }
}
