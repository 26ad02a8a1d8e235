//! Paths as people type them: from the folder they are in, as the archive lists them, or in full.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use offsync_core::escape::{as_seen, escape, true_name};
use offsync_core::rel_path::RelPath;

use crate::failure::{AppError, Result};

/// Gives what a typed path means: of the paths that it may mean, what the likeliest one is of which is of anything.
///
/// As everywhere, a path is one from the present folder first, and what stands there alone is meant. What stands nowhere may
/// be one that a list shows, which is from the archive's top: what lies in the trash is not there to be looked at.
/// Keyboards and systems write accents in two forms that look alike; what is listed in the other form alone is meant, too.
pub(crate) fn first<'a, T>(
    root: &Path,
    said: &Path,
    listed: impl Iterator<Item = &'a RelPath> + Clone,
    of: impl Fn(&[u8]) -> Option<T>,
) -> Result<Option<T>> {
    let candidates = inside(root, said)?;
    if let Some(meant) = candidates.iter().find_map(|path| of(path)) {
        return Ok(Some(meant));
    }
    // On a drive made for Windows a name may stand there that stands for another.
    if let Some(meant) = candidates.iter().find_map(|path| of(&true_path(path))) {
        return Ok(Some(meant));
    }
    for candidate in candidates.iter().filter(|path| !stands_as_spelled(root, path)) {
        let spelled = in_other_form(candidate, listed.clone());
        if let Some(one) = only(
            &spelled,
            said,
            "names that look alike, with their accents written in other ways",
        )? {
            return Ok(of(one));
        }
        let seen = seen_as(candidate, listed.clone());
        if let Some(one) = only(
            &seen,
            said,
            "names that differ only in characters that are shown as \u{25af} here",
        )? {
            return Ok(of(one));
        }
    }
    Ok(None)
}

/// Gives the one that is meant; refuses to guess between several.
fn only<'a>(all: &'a BTreeSet<Vec<u8>>, said: &Path, how: &str) -> Result<Option<&'a Vec<u8>>> {
    let mut all = all.iter();
    match (all.next(), all.next()) {
        (Some(_), Some(_)) => Err(AppError::failed(
            "ambiguous_path",
            format!("'{}' may mean several: {how}.", said.display()),
            "Copy the path from the list that shows it.",
        )),
        (one, _) => Ok(one),
    }
}

/// Gives the listed paths and folders above them that are shown just so where a drive spells their names in its own way: with
/// a box for each character that it cannot hold.
fn seen_as<'a>(path: &[u8], listed: impl Iterator<Item = &'a RelPath>) -> BTreeSet<Vec<u8>> {
    let boxed = as_seen(&escape(b":"));
    let is_boxed = std::str::from_utf8(path).is_ok_and(|path| path.contains(&boxed));
    let names = |path: &[u8]| -> Vec<String> {
        let name = |name: &[u8]| as_seen(&escape(name));
        path.split(|byte| *byte == b'/').map(name).collect()
    };
    let (seen, depth) = (names(path), path.split(|byte| *byte == b'/').count());
    let as_deep = |listed: &RelPath| listed.names().take(depth).collect::<Vec<_>>().join(&b'/');
    let all = listed.filter(|_| is_boxed).map(as_deep);
    all.filter(|listed| names(listed) == seen).collect()
}

/// Gives what a typed path means among what is listed, each under some paths.
pub(crate) fn among<T: Clone>(
    root: &Path,
    said: &Path,
    listed: &[T],
    paths: impl Fn(&T) -> Vec<&RelPath> + Clone,
) -> Result<Vec<T>> {
    let of = |path: &[u8]| -> Option<Vec<T>> {
        let is_named = |one: &&T| paths(one).iter().any(|listed| listed.as_bytes() == path);
        let meant: Vec<T> = listed.iter().filter(is_named).cloned().collect();
        (!meant.is_empty()).then_some(meant)
    };
    let all = listed.iter().flat_map(&paths);
    Ok(first(root, said, all, of)?.unwrap_or_default())
}

/// Gives the path that one stands for whose names are escaped.
fn true_path(path: &[u8]) -> Vec<u8> {
    let names: Vec<_> = path.split(|byte| *byte == b'/').map(true_name).collect();
    names.join(&b'/')
}

/// Gives how listed paths and the folders above them are spelled that differ from a path in the form of accents alone.
fn in_other_form<'a>(path: &[u8], listed: impl Iterator<Item = &'a RelPath>) -> BTreeSet<Vec<u8>> {
    let Ok(path) = RelPath::new(path) else {
        return BTreeSet::new();
    };
    let (depth, composed) = (path.names().count(), path.composed());
    let as_deep = |listed: &RelPath| {
        let names: Vec<&[u8]> = listed.names().take(depth).collect();
        RelPath::new(names.join(&b'/')).ok()
    };
    listed
        .filter_map(as_deep)
        .filter(|listed| listed.composed() == composed)
        .map(|listed| listed.as_bytes().to_vec())
        .collect()
}

/// Tells whether something stands at a path under just these names: then nothing else is meant. Drives that take both
/// forms for one find it under the other, too.
fn stands_as_spelled(root: &Path, path: &[u8]) -> bool {
    let mut folder = root.to_path_buf();
    path.split(|byte| *byte == b'/').all(|name| {
        let listed = std::fs::read_dir(&folder).into_iter().flatten().flatten();
        let found = listed
            .map(|entry| entry.file_name())
            .find(|there| there.as_encoded_bytes() == name);
        found.is_some_and(|name| {
            folder.push(name);
            true
        })
    })
}

/// Gives the paths in an archive that a typed one may mean, likeliest first: the bytes of each, names parted by slashes.
fn inside(root: &Path, said: &Path) -> Result<Vec<Vec<u8>>> {
    let absolute = std::path::absolute(said).unwrap_or_else(|_| said.to_path_buf());
    meant(root, said, &absolute)
}

/// Gives what a typed path may mean that is `absolute` from the present folder.
fn meant(root: &Path, said: &Path, absolute: &Path) -> Result<Vec<Vec<u8>>> {
    let from_here = below(root, absolute);
    if let Some(from_here) = &from_here
        && absolute.symlink_metadata().is_ok()
    {
        return Ok(vec![from_here.clone()]);
    }
    let from_top = below(root, &root.join(said)).filter(|_| said.is_relative());
    let as_listed = (said.is_relative() && !climbs(said)).then(|| joined(said));
    let mut candidates: Vec<Vec<u8>> = Vec::new();
    for candidate in from_here.into_iter().chain(as_listed).chain(from_top) {
        if !candidates.contains(&candidate) {
            candidates.push(candidate);
        }
    }
    if !candidates.is_empty() {
        return Ok(candidates);
    }
    Err(AppError::failed(
        "outside_the_archive",
        format!("'{}' lies outside of the archive '{}'.", said.display(), root.display()),
        "Name a path that lies in it: from the folder you are in, from its top or in full.",
    ))
}

/// Gives a path from a folder, if it lies strictly below it; links on the way to it are followed, a link itself is not.
fn below(root: &Path, path: &Path) -> Option<Vec<u8>> {
    let plain = without_dots(path);
    let above = plain.ancestors().skip(1).find_map(|folder| {
        let there = std::fs::canonicalize(folder).ok()?;
        Some(there.join(plain.strip_prefix(folder).ok()?))
    });
    let inner = joined(above.as_deref().unwrap_or(&plain).strip_prefix(root).ok()?);
    (!inner.is_empty()).then_some(inner)
}

/// Gives the names of a path, parted as an archive parts them.
fn joined(path: &Path) -> Vec<u8> {
    let names: Vec<&[u8]> = path
        .components()
        .filter(|part| *part != Component::CurDir)
        .map(|part| part.as_os_str().as_encoded_bytes())
        .collect();
    names.join(&b'/')
}

fn climbs(path: &Path) -> bool {
    path.components().any(|part| part == Component::ParentDir)
}

fn without_dots(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            part => plain.push(part),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_meant_from_the_top_from_here_or_in_full() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let root = std::fs::canonicalize(folder.path())
            .expect("it is there")
            .join("Photos");
        std::fs::create_dir_all(root.join("2024")).expect("a folder can be made");
        let check = |said: &str, meant: &str| {
            let candidates = inside(&root, Path::new(said)).expect("it lies inside");
            let is_there = candidates.iter().any(|path| path == meant.as_bytes());
            assert!(is_there, "{said:?}: {candidates:?}");
        };
        let full = |path: &str| root.join(path).display().to_string();
        check("2024/a.jpg", "2024/a.jpg");
        check("./-rf", "-rf");
        check("./2024//a.jpg", "2024/a.jpg");
        check("2024/../a.jpg", "a.jpg");
        check(&full("2024/a.jpg"), "2024/a.jpg");
        check(&full("gone/deep/a.jpg"), "gone/deep/a.jpg");
        check(&full("2024/../a.jpg"), "a.jpg");
        #[cfg(unix)]
        {
            let link = root.with_file_name("link");
            std::os::unix::fs::symlink(&root, &link).expect("a link can be made");
            check(&link.join("2024/a.jpg").display().to_string(), "2024/a.jpg");
        }
        let here = root.join("2024");
        let from_here = |said: &str| meant(&root, Path::new(said), &here.join(said)).expect("it lies inside");
        assert_eq!(
            from_here("a.jpg"),
            [&b"2024/a.jpg"[..], b"a.jpg"],
            "here first, then as a list has it"
        );
        let listed = ["2024/a.jpg", "a.jpg"].map(|path| RelPath::new(path).expect("a good path"));
        let of = |said: &str| among(&root, Path::new(said), &listed, |one| vec![one]).expect("it lies inside");
        assert_eq!(of("2024/a.jpg"), listed[..1]);
        assert_eq!(of("b.jpg"), [], "nothing by that name is listed");
        std::fs::write(here.join("a.jpg"), "a").expect("a file can be written");
        assert_eq!(from_here("a.jpg"), [b"2024/a.jpg"], "what stands here is meant");
        for said in [full(""), full("../a.jpg"), "/a.jpg".to_owned(), "../a.jpg".to_owned()] {
            let refused = inside(&root, Path::new(&said)).expect_err("it lies outside");
            assert_eq!(refused.code, "outside_the_archive", "{said}");
        }
    }

    #[test]
    fn accents_in_another_form_mean_what_is_listed_unless_that_is_a_guess() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let root = std::fs::canonicalize(folder.path()).expect("it is there");
        let check = |said: &str, listed: &[&str], meant: Option<&[&str]>| {
            let path = |path: &&str| RelPath::new(path).expect("a good path");
            let listed: Vec<RelPath> = listed.iter().map(path).collect();
            let found = among(&root, Path::new(said), &listed, |one| vec![one]);
            let found = found.map_err(|error| error.code);
            let meant = meant.map(|meant| meant.iter().map(path).collect());
            assert_eq!(found, meant.ok_or("ambiguous_path"), "{said:?} of {listed:?}");
        };
        let (composed, parted) = ("caf\u{e9}.txt", "cafe\u{301}.txt");
        check(composed, &[parted], Some(&[parted]));
        check(parted, &[composed], Some(&[composed]));
        check(composed, &[parted, composed], Some(&[composed]));
        check(composed, &["CAF\u{c9}.txt"], Some(&[]));
        check("10\u{f03a}30.txt", &["10:30.txt"], Some(&["10:30.txt"]));
        check("10\u{25af}30.txt", &["10:30.txt"], Some(&["10:30.txt"]));
        check("10\u{25af}30.txt", &["10:30.txt", "10?30.txt"], None);
        check("10\u{25af}30", &["10:30/a", "10:30/b"], Some(&[]));
        check("10\u{25af}30.txt", &["10-30.txt"], Some(&[]));
        let (two, both) = ("\u{e9}e\u{301}", ["e\u{301}\u{e9}", "\u{e9}\u{e9}"]);
        check(two, &both, None);
        check(two, &both[..1], Some(&both[..1]));
        let refused = |said: &str, listed: [&str; 2]| {
            let listed = listed.map(|path| RelPath::new(path).expect("a good path"));
            among(&root, Path::new(said), &listed, |one| vec![one])
                .expect_err("two of them")
                .message
        };
        assert_eq!(
            refused("10\u{25af}30.txt", ["10:30.txt", "10?30.txt"]),
            "'10\u{25af}30.txt' may mean several: names that differ only in characters that are shown as \u{25af} here."
        );
        assert_eq!(
            refused(two, both),
            format!("'{two}' may mean several: names that look alike, with their accents written in other ways.")
        );
        // What stands there under just this name is no slip.
        std::fs::write(root.join(composed), "another").expect("a file can be written");
        check(composed, &[parted], Some(&[]));
    }
}
