//! Units: own changes that must travel together.
//!
//! All operations of one path, both sides of a move or a swap, the resolution of a
//! conflict: split apart, the half that arrives first would look like a loss.

use std::collections::BTreeMap;

use offsync_core::entry::Content;
use offsync_core::local_change::LocalChange;
use offsync_core::rel_path::PathKey;

/// Changes by their place in the list they were derived in.
pub(crate) type Unit = Vec<usize>;

/// What an entry adds to a manifest, roughly, in bytes.
const ENTRY_BYTES_GUESS: u64 = 160;
/// What a chunk of its content adds.
const CHUNK_REF_BYTES: u64 = 40;
/// A chain of moves is cut beyond this: a manifest has to stay an object that every mailbox takes.
const UNIT_MANIFEST_BYTES_MAX: u64 = 1 << 20;

/// Gives what a change adds to a manifest, roughly, in bytes; its content not counted.
pub(crate) fn manifest_bytes(change: &LocalChange) -> u64 {
    let chunks = match &change.value.content {
        Content::File(file) => file.chunks.len() as u64,
        _ => 0,
    };
    ENTRY_BYTES_GUESS + chunks * CHUNK_REF_BYTES
}

/// Groups changes into units; what is one path's stays together, and a chain of moves as long as it is not too long.
///
/// `leaving` gives, for each change, the contents that it replaces; `moved` in which change a file lives on that another one
/// deletes, though its content is another.
pub(crate) fn units(changes: &[LocalChange], leaving: &[Vec<[u8; 32]>], moved: &BTreeMap<usize, usize>) -> Vec<Unit> {
    let mut leader: Vec<usize> = (0..changes.len()).collect();
    let mut first_by_place: BTreeMap<&PathKey, usize> = BTreeMap::new();
    let mut first_by_origin: BTreeMap<PathKey, usize> = BTreeMap::new();
    let mut leaves_at: BTreeMap<[u8; 32], Vec<usize>> = BTreeMap::new();
    for (i, change) in changes.iter().enumerate() {
        if let Some(place) = &change.place {
            let first = *first_by_place.entry(place).or_insert(i);
            union(&mut leader, first, i);
        }
        let first = *first_by_origin.entry(change.origin()).or_insert(i);
        union(&mut leader, first, i);
        leaving[i]
            .iter()
            .for_each(|tag| leaves_at.entry(*tag).or_default().push(i));
    }
    let mut weight = vec![0; changes.len()];
    for (i, change) in changes.iter().enumerate() {
        weight[find(&mut leader, i)] += manifest_bytes(change);
    }
    let mut join = |leader: &mut [usize], a: usize, b: usize| {
        let (a, b) = (find(leader, a), find(leader, b));
        if a != b && weight[a] + weight[b] <= UNIT_MANIFEST_BYTES_MAX {
            weight[a.min(b)] = weight[a] + weight[b];
            union(leader, a, b);
        }
    };
    moved.iter().for_each(|(from, to)| join(&mut leader, *from, *to));
    for (i, change) in changes.iter().enumerate() {
        let content = &change.value.content;
        let is_empty = matches!(content, Content::File(file) if file.size_bytes == 0);
        if content.is_live() && !content.is_folder() && !is_empty {
            // One to one: a thousand copies of one picture that move are a thousand moves.
            if let Some(other) = leaves_at.get_mut(&content.tag()).and_then(Vec::pop) {
                join(&mut leader, other, i);
            }
        }
    }
    let mut grouped: BTreeMap<usize, Unit> = BTreeMap::new();
    for i in 0..changes.len() {
        grouped.entry(find(&mut leader, i)).or_default().push(i);
    }
    grouped.into_values().collect()
}

fn find(leader: &mut [usize], mut i: usize) -> usize {
    while leader[i] != i {
        leader[i] = leader[leader[i]];
        i = leader[i];
    }
    i
}

fn union(leader: &mut [usize], a: usize, b: usize) {
    let (a, b) = (find(leader, a), find(leader, b));
    leader[a.max(b)] = a.min(b);
}

#[cfg(test)]
mod tests {
    use super::*;
    use offsync_core::entry::{Meta, Value};
    use offsync_core::rel_path::RelPath;

    fn change(at: &str, target: Option<&str>) -> LocalChange {
        let path = RelPath::new(at).expect("a good path");
        let value = match target {
            Some(target) => Value {
                path,
                content: Content::Symlink(target.into()),
                meta: Meta::default(),
            },
            None => Value::tombstone(path),
        };
        LocalChange {
            value,
            replaces: Vec::new(),
            place: None,
        }
    }

    fn tag(target: &str) -> [u8; 32] {
        Content::Symlink(target.into()).tag()
    }

    #[test]
    fn both_sides_of_a_move_stay_together() {
        let changes = [
            change("old", None),
            change("other", Some("z")),
            change("new", Some("x")),
        ];
        assert_eq!(
            units(&changes, &[vec![tag("x")], vec![], vec![]], &BTreeMap::new()),
            [vec![0, 2], vec![1]]
        );
    }

    #[test]
    fn a_file_that_was_moved_and_edited_stays_together_with_what_it_left() {
        let changes = [change("old", None), change("other", None), change("new", Some("y"))];
        let leaving = [vec![tag("x")], vec![tag("z")], vec![]];
        assert_eq!(units(&changes, &leaving, &[(0, 2)].into()), [vec![0, 2], vec![1]]);
    }

    #[test]
    fn a_swap_stays_together() {
        let changes = [change("a", Some("y")), change("b", Some("x"))];
        assert_eq!(
            units(&changes, &[vec![tag("x")], vec![tag("y")]], &BTreeMap::new()),
            [vec![0, 1]]
        );
    }

    #[test]
    fn all_changes_of_one_path_stay_together() {
        let changes = [change("a", None), change("A", Some("x"))];
        assert_eq!(units(&changes, &[vec![], vec![]], &BTreeMap::new()), [vec![0, 1]]);
    }

    #[test]
    fn a_chain_of_very_many_moves_is_cut_and_no_path_is() {
        let count = 20_000;
        let name = |i: usize| format!("{i:06}");
        let changes: Vec<LocalChange> = (0..count).map(|i| change(&name(i + 1), Some(&name(i)))).collect();
        let leaving: Vec<Vec<[u8; 32]>> = (0..count).map(|i| vec![tag(&name(i + 1))]).collect();
        let cut = units(&changes, &leaving, &BTreeMap::new());
        assert!(cut.len() > 2, "{}", cut.len());
        let bytes = |unit: &Unit| unit.iter().map(|i| manifest_bytes(&changes[*i])).sum::<u64>();
        assert!(cut.iter().all(|unit| bytes(unit) <= UNIT_MANIFEST_BYTES_MAX));
        assert_eq!(cut.iter().map(Vec::len).sum::<usize>(), count);
    }
}
