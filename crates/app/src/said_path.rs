//! Paths as people type them: from the folder they are in, as the archive lists them, or in full.

use std::path::{Component, Path, PathBuf};

use crate::failure::{AppError, Result};

/// Gives what a typed path means: of the paths that it may mean, what the likeliest one is of which is of anything.
///
/// As everywhere, a path is one from the present folder first, and what stands there alone is meant. What stands nowhere may
/// be one that a list shows, which is from the archive's top: what lies in the trash is not there to be looked at.
pub(crate) fn first<T>(root: &Path, said: &Path, of: impl Fn(&[u8]) -> Option<T>) -> Result<Option<T>> {
    Ok(inside(root, said)?.iter().find_map(|path| of(path)))
}

/// Gives what a typed path means among what is listed.
pub(crate) fn among<T: Clone>(
    root: &Path,
    said: &Path,
    listed: &[T],
    is_named: impl Fn(&T, &[u8]) -> bool,
) -> Result<Vec<T>> {
    let of = |path: &[u8]| -> Option<Vec<T>> {
        let meant: Vec<T> = listed.iter().filter(|one| is_named(one, path)).cloned().collect();
        (!meant.is_empty()).then_some(meant)
    };
    Ok(first(root, said, of)?.unwrap_or_default())
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
        let listed = [full("2024/a.jpg"), full("a.jpg")];
        let is_named = |one: &String, path: &[u8]| *one == full(&String::from_utf8_lossy(path));
        let of = |said: &str| among(&root, Path::new(said), &listed, is_named).expect("it lies inside");
        assert_eq!(of("2024/a.jpg"), listed[..1]);
        assert_eq!(of("b.jpg"), [""; 0], "nothing by that name is listed");
        std::fs::write(here.join("a.jpg"), "a").expect("a file can be written");
        assert_eq!(from_here("a.jpg"), [b"2024/a.jpg"], "what stands here is meant");
        for said in [full(""), full("../a.jpg"), "/a.jpg".to_owned(), "../a.jpg".to_owned()] {
            let refused = inside(&root, Path::new(&said)).expect_err("it lies outside");
            assert_eq!(refused.code, "outside_the_archive", "{said}");
        }
    }
}
