//! Presentation: what a drive shows of the siblings, folder by folder.
//!
//! A pure function of the siblings, so that every location shows the same names with no
//! further traffic. Folders beat files, change beats delete, losers stand beside the
//! winner as conflict copies under a name made of path and content. Explored as
//! `present()` in the protocol's executable model.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::dot::Dot;
use crate::entry::{Content, Meta, Value, Version};
use crate::limits::NAME_BYTES_MAX;
use crate::place::{Shown, ShownRef};
use crate::rel_path::{PathKey, RelPath};
use crate::siblings::Siblings;

/// What begins the mark in the name of a conflict copy.
const COPY_MARK: &[u8] = b" (other version ";
/// Digits of the content's hash in it.
const HASH_DIGITS: usize = 8;

/// One child of a folder, before it is presented.
#[derive(Clone, Debug)]
pub struct Child {
    /// Its key.
    pub key: PathKey,
    /// Its versions, own unposted changes among them under provisional dots.
    pub siblings: Siblings,
    /// How the folder is spelled if something lives below it; `None` if nothing does.
    pub implied: Option<RelPath>,
}

/// Presents the children of one folder; `folder` is its path as this drive spells it.
///
/// What has no valid name under `folder` (its path would be too long) is left out.
pub fn present_folder(folder: &RelPath, children: &[Child]) -> BTreeMap<PathKey, Shown> {
    let mut shown = BTreeMap::new();
    let mut copies = Vec::new();
    for child in children {
        let is_folder = is_folder(child);
        if is_folder {
            shown.extend(present_as_folder(folder, child).map(|folder| (child.key.clone(), folder)));
        }
        let mut groups = groups_of_files(&child.siblings).into_iter();
        if !is_folder && let Some(winner) = groups.next() {
            shown.extend(
                winner
                    .shown_at(folder, &child.key, None)
                    .map(|main| (child.key.clone(), main)),
            );
        }
        copies.extend(groups.map(|loser| (child.key.clone(), loser)));
    }
    copies.sort_by(|(a_key, a), (b_key, b)| (a_key, a.tag()).cmp(&(b_key, b.tag())));
    for (origin, copy) in copies {
        show_copy(folder, &origin, &copy, &mut shown);
    }
    shown
}

/// Tells whether a child is shown as a folder: listed as one, or something lives below.
pub fn is_folder(child: &Child) -> bool {
    child.implied.is_some()
        || child
            .siblings
            .live()
            .any(|(_, version)| version.value.content.is_folder())
}

/// Gives the version that wins among some: own unposted change, then more history, then the higher dot.
pub fn strongest<'a>(versions: impl Iterator<Item = &'a (Dot, Version)>) -> Option<&'a (Dot, Version)> {
    versions.max_by_key(|(dot, version)| strength(dot, version))
}

/// Makes the name of a conflict copy: `STEM (other version HASH8).EXT`, cut to 255 bytes.
///
/// `attempt` counts from 1; a second attempt at a taken name adds its number.
pub fn copy_name(name: &[u8], tag: &[u8; 32], attempt: u32) -> Vec<u8> {
    let hash: String = tag[..HASH_DIGITS / 2]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let number = if attempt > 1 {
        format!(" {attempt}")
    } else {
        String::new()
    };
    let mark = format!(" (other version {hash}{number})");
    let dot = name
        .iter()
        .rposition(|b| *b == b'.')
        .filter(|at| *at > 0 && name.len() - at <= 32);
    let (stem, extension) = name.split_at(dot.unwrap_or(name.len()));
    let room = NAME_BYTES_MAX - mark.len() - extension.len();
    [cut_at_char(stem, room), mark.as_bytes(), extension].concat()
}

/// Gives the name that a conflict copy is named after, whatever it holds by now; `None` if `name` is not the name of one.
///
/// A name that was cut to fit is nobody's: what was cut off is not in it.
pub fn copied_from(name: &[u8]) -> Option<Vec<u8>> {
    // Of very many names nearly all are told apart by this.
    let at = name.windows(COPY_MARK.len()).rposition(|part| part == COPY_MARK)?;
    let (digits, rest) = name[at + COPY_MARK.len()..].split_at_checked(HASH_DIGITS)?;
    let mut tag = [0; 32];
    for (byte, digits) in tag.iter_mut().zip(digits.chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    let end = rest.iter().position(|byte| *byte == b')')?;
    let original = [&name[..at], &rest[end + 1..]].concat();
    let attempt = match rest[..end].strip_prefix(b" ") {
        None if end == 0 => 1,
        number => std::str::from_utf8(number?).ok()?.parse().ok()?,
    };
    (copy_name(&original, &tag, attempt) == name).then_some(original)
}

fn cut_at_char(stem: &[u8], room: usize) -> &[u8] {
    if stem.len() <= room {
        return stem;
    }
    let mut end = room;
    // A continuation byte of UTF-8 must not begin the part that is cut off.
    while end > 0 && stem[end] & 0xc0 == 0x80 {
        end -= 1;
    }
    &stem[..end]
}

fn strength(dot: &Dot, version: &Version) -> (bool, u64, Dot) {
    (dot.is_provisional(), version.history, *dot)
}

fn present_as_folder(folder: &RelPath, child: &Child) -> Option<Shown> {
    let listed: Vec<_> = child
        .siblings
        .live()
        .filter(|(_, version)| version.value.content.is_folder())
        .collect();
    let winner = strongest(listed.iter().copied());
    let spelled = winner
        .map(|(_, version)| &version.value.path)
        .or(child.implied.as_ref())?;
    let meta = winner.map_or(
        Meta {
            mode: 0o755,
            mtime_ns: 0,
        },
        |(_, version)| version.value.meta,
    );
    let path = folder.join(spelled.name()).ok()?;
    let refs = vec![ShownRef {
        origin: child.key.clone(),
        dots: listed.iter().map(|(dot, _)| *dot).collect(),
    }];
    Some(Shown {
        refs,
        value: Value {
            path,
            content: Content::Folder,
            meta,
        },
    })
}

/// Versions of one path that hold the same content.
struct Group<'a> {
    versions: Vec<&'a (Dot, Version)>,
}

impl Group<'_> {
    fn winner(&self) -> &(Dot, Version) {
        strongest(self.versions.iter().copied()).expect("a group has a version")
    }

    fn tag(&self) -> [u8; 32] {
        self.winner().1.value.content.tag()
    }

    fn refs(&self, origin: &PathKey) -> ShownRef {
        ShownRef {
            origin: origin.clone(),
            dots: self.versions.iter().map(|(dot, _)| *dot).collect(),
        }
    }

    fn shown_at(&self, folder: &RelPath, origin: &PathKey, name: Option<&[u8]>) -> Option<Shown> {
        let value = &self.winner().1.value;
        let path = folder.join(name.unwrap_or(value.path.name())).ok()?;
        Some(Shown {
            refs: vec![self.refs(origin)],
            value: Value { path, ..value.clone() },
        })
    }
}

/// Groups the live versions that are no folders by content, the strongest group first.
fn groups_of_files(siblings: &Siblings) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for sibling in siblings
        .live()
        .filter(|(_, version)| !version.value.content.is_folder())
    {
        let same = |group: &&mut Group<'_>| group.versions[0].1.value.same_content(&sibling.1.value);
        match groups.iter_mut().find(same) {
            Some(group) => group.versions.push(sibling),
            None => groups.push(Group {
                versions: vec![sibling],
            }),
        }
    }
    groups.sort_by_key(|group| {
        let (dot, version) = group.winner();
        Reverse(strength(dot, version))
    });
    groups
}

fn show_copy(folder: &RelPath, origin: &PathKey, copy: &Group<'_>, shown: &mut BTreeMap<PathKey, Shown>) {
    let value = &copy.winner().1.value;
    for attempt in 1.. {
        let name = copy_name(value.path.name(), &copy.tag(), attempt);
        let Some(new) = copy.shown_at(folder, origin, Some(&name)) else {
            return;
        };
        let key = new.value.path.key();
        match shown.get_mut(&key) {
            // A real file of that name and content absorbs the copy.
            Some(taken) if taken.value.same_content(value) => return taken.refs.push(copy.refs(origin)),
            Some(_) => {}
            None => {
                shown.insert(key, new);
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::FileContent;
    use crate::ids::{Digest, LocationId};

    fn dot(location: u8, sequence: u64) -> Dot {
        Dot {
            location: LocationId::new([location; 16]),
            sequence,
            ordinal: 0,
        }
    }

    fn path(text: &str) -> RelPath {
        RelPath::new(text).expect("a good path")
    }

    fn file(name: &str, content: u8, history: u64) -> Version {
        let content = Content::File(FileContent {
            digest: Digest::new([content; 32]),
            size_bytes: 1,
            chunks: Vec::new(),
        });
        Version {
            value: Value {
                path: path(name),
                content,
                meta: Meta::default(),
            },
            history,
        }
    }

    fn folder(name: &str, history: u64) -> Version {
        Version {
            value: Value {
                path: path(name),
                content: Content::Folder,
                meta: Meta::default(),
            },
            history,
        }
    }

    fn gone(name: &str, history: u64) -> Version {
        Version {
            value: Value::tombstone(path(name)),
            history,
        }
    }

    fn child(name: &str, versions: Vec<(Dot, Version)>) -> Child {
        Child {
            key: path(name).key(),
            siblings: versions.into_iter().collect(),
            implied: None,
        }
    }

    /// Presents children of the root and compares `name=dots` lines.
    fn check(children: &[Child], expected: &[&str]) {
        let lines: Vec<String> = present_folder(&RelPath::root(), children)
            .values()
            .map(|shown| {
                let dots: Vec<String> = shown.refs.iter().map(|r| format!("{:?}", r.dots)).collect();
                format!("{}={}", shown.value.path, dots.join("+"))
            })
            .collect();
        assert_eq!(lines, expected);
    }

    #[test]
    fn one_version_is_shown_under_its_name() {
        check(
            &[child("Photo.jpg", vec![(dot(1, 1), file("Photo.jpg", 1, 0))])],
            &["Photo.jpg=[0101:1.0]"],
        );
    }

    #[test]
    fn a_tombstone_shows_nothing() {
        check(&[child("a", vec![(dot(1, 1), gone("a", 9))])], &[]);
    }

    #[test]
    fn change_beats_delete() {
        check(
            &[child(
                "a",
                vec![(dot(1, 1), gone("a", 9)), (dot(2, 1), file("a", 1, 0))],
            )],
            &["a=[0202:1.0]"],
        );
    }

    #[test]
    fn more_history_wins_and_the_loser_stands_beside() {
        let versions = vec![(dot(1, 1), file("a.txt", 1, 5)), (dot(2, 1), file("a.txt", 2, 3))];
        check(
            &[child("a.txt", versions)],
            &["a (other version 02020202).txt=[0202:1.0]", "a.txt=[0101:1.0]"],
        );
    }

    #[test]
    fn an_own_unposted_change_keeps_its_name() {
        let versions = vec![(dot(1, 1), file("a", 1, 5)), (Dot::provisional(0), file("a", 2, 0))];
        check(
            &[child("a", versions)],
            &["a=[~0]", "a (other version 01010101)=[0101:1.0]"],
        );
    }

    #[test]
    fn identical_content_is_no_conflict() {
        let versions = vec![(dot(1, 1), file("a", 1, 5)), (dot(2, 1), file("A", 1, 3))];
        check(&[child("a", versions)], &["a=[0101:1.0, 0202:1.0]"]);
    }

    #[test]
    fn a_folder_beats_a_file() {
        let versions = vec![(dot(1, 1), folder("a", 0)), (dot(2, 1), file("a", 2, 3))];
        check(
            &[child("a", versions)],
            &["a=[0101:1.0]", "a (other version 02020202)=[0202:1.0]"],
        );
    }

    #[test]
    fn what_lives_below_keeps_a_deleted_folder_without_a_dot() {
        let implied = Child {
            implied: Some(path("Docs")),
            ..child("docs", vec![(dot(1, 1), gone("docs", 0))])
        };
        check(&[implied], &["Docs=[]"]);
    }

    #[test]
    fn a_real_file_absorbs_the_copy_of_its_name_and_content() {
        let conflict = vec![(dot(1, 1), file("a", 1, 5)), (dot(2, 1), file("a", 2, 3))];
        let real = child(
            "a (other version 02020202)",
            vec![(dot(3, 1), file("a (other version 02020202)", 2, 0))],
        );
        check(
            &[child("a", conflict), real],
            &["a=[0101:1.0]", "a (other version 02020202)=[0303:1.0]+[0202:1.0]"],
        );
    }

    #[test]
    fn a_taken_copy_name_gets_a_number() {
        let conflict = vec![(dot(1, 1), file("a", 1, 5)), (dot(2, 1), file("a", 2, 3))];
        let real = child(
            "a (other version 02020202)",
            vec![(dot(3, 1), file("a (other version 02020202)", 7, 0))],
        );
        check(
            &[child("a", conflict), real],
            &[
                "a=[0101:1.0]",
                "a (other version 02020202 2)=[0202:1.0]",
                "a (other version 02020202)=[0303:1.0]",
            ],
        );
    }

    #[test]
    fn copy_names_fit_every_file_system() {
        for name in [&b"x"[..], &[b'x'; 255], "é".repeat(127).as_bytes(), &[b'.'; 255]] {
            let copy = copy_name(name, &[0xab; 32], 12);
            assert!(copy.len() <= NAME_BYTES_MAX, "{}", copy.len());
            assert!(std::str::from_utf8(name).is_err() || std::str::from_utf8(&copy).is_ok());
        }
        assert_eq!(
            copy_name(b"a.tar.gz", &[0xab; 32], 1),
            b"a.tar (other version abababab).gz"
        );
        assert_eq!(
            copy_name(b".profile", &[0xab; 32], 1),
            b".profile (other version abababab)"
        );
    }

    #[test]
    fn what_a_copy_is_named_after_is_told_from_its_name() {
        let tag = [0xab; 32];
        for original in ["a.txt", "a", ".hidden", "a (other version abababab).txt", "né.tar.gz"] {
            for attempt in [1, 2, 13] {
                let name = copy_name(original.as_bytes(), &tag, attempt);
                let told = copied_from(&name);
                assert_eq!(told.as_deref(), Some(original.as_bytes()), "{original} {attempt}");
            }
        }
        for name in [
            "a.txt",
            "a (other version abababab",
            "a (other version ab).txt",
            "a (other version ABABABAB).txt",
            "a (other version +babab+b).txt",
            "a (other version somebody's).txt",
            "a (other version abababab x).txt",
            "a (other version abababab 1).txt",
        ] {
            assert_eq!(copied_from(name.as_bytes()), None, "{name}");
        }
    }
}
