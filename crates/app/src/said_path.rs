//! Paths as people type them: from the folder they are in, as the archive lists them, or in full.

use std::path::{Component, Path, PathBuf};

use crate::failure::{AppError, Result};

/// Gives the paths in an archive that a typed one may mean, likeliest first.
///
/// As everywhere, a path is one from the present folder first, and what stands there alone is meant. What stands nowhere may
/// be one that a list shows, which is from the archive's top: what lies in the trash is not there to be looked at.
pub(crate) fn inside(root: &Path, said: &str) -> Result<Vec<String>> {
    let typed = Path::new(said);
    let absolute = std::path::absolute(typed).unwrap_or_else(|_| typed.to_path_buf());
    meant(root, said, &absolute)
}

/// Gives what a typed path means among what is listed: of the paths that it may mean, those that the likeliest one names
/// which names any.
pub(crate) fn among<T: Clone>(
    root: &Path,
    said: &str,
    listed: &[T],
    is_named: impl Fn(&T, &str) -> bool,
) -> Result<Vec<T>> {
    let candidates = inside(root, said)?;
    let of = |path: &String| -> Vec<T> { listed.iter().filter(|one| is_named(one, path)).cloned().collect() };
    Ok(candidates
        .iter()
        .map(of)
        .find(|meant| !meant.is_empty())
        .unwrap_or_default())
}

/// Gives what a typed path may mean that is `absolute` from the present folder.
fn meant(root: &Path, said: &str, absolute: &Path) -> Result<Vec<String>> {
    let typed = Path::new(said);
    let from_here = below(root, absolute);
    if let Some(from_here) = &from_here
        && absolute.symlink_metadata().is_ok()
    {
        return Ok(vec![from_here.clone()]);
    }
    let from_top = below(root, &root.join(typed)).filter(|_| typed.is_relative());
    let as_listed = (typed.is_relative() && !climbs(typed)).then(|| said.to_owned());
    let mut candidates: Vec<String> = Vec::new();
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
        format!("'{said}' lies outside of the archive '{}'.", root.display()),
        "Name a path that lies in it: from the folder you are in, from its top or in full.",
    ))
}

/// Gives a path from a folder, if it lies strictly below it; links on the way to it are followed, a link itself is not.
fn below(root: &Path, path: &Path) -> Option<String> {
    let plain = without_dots(path);
    let above = plain.ancestors().skip(1).find_map(|folder| {
        let there = std::fs::canonicalize(folder).ok()?;
        Some(there.join(plain.strip_prefix(folder).ok()?))
    });
    let inner = above.as_deref().unwrap_or(&plain).strip_prefix(root).ok()?;
    let names: Vec<_> = inner
        .components()
        .map(|name| name.as_os_str().to_string_lossy())
        .collect();
    (!names.is_empty()).then(|| names.join("/"))
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
            let candidates = inside(&root, said).expect("it lies inside");
            assert!(candidates.iter().any(|path| path == meant), "{said:?}: {candidates:?}");
        };
        let full = |path: &str| root.join(path).display().to_string();
        check("2024/a.jpg", "2024/a.jpg");
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
        let from_here = |said: &str| meant(&root, said, &here.join(said)).expect("it lies inside");
        assert_eq!(
            from_here("a.jpg"),
            ["2024/a.jpg", "a.jpg"],
            "here first, then as a list has it"
        );
        let listed = [full("2024/a.jpg"), full("a.jpg")];
        let is_named = |one: &String, path: &str| *one == full(path);
        let of = |said: &str| among(&root, said, &listed, is_named).expect("it lies inside");
        assert_eq!(of("2024/a.jpg"), listed[..1]);
        assert_eq!(of("b.jpg"), [""; 0], "nothing by that name is listed");
        std::fs::write(here.join("a.jpg"), "a").expect("a file can be written");
        assert_eq!(from_here("a.jpg"), ["2024/a.jpg"], "what stands here is meant");
        for said in [full(""), full("../a.jpg"), "/a.jpg".to_owned(), "../a.jpg".to_owned()] {
            let refused = inside(&root, &said).expect_err("it lies outside");
            assert_eq!(refused.code, "outside_the_archive", "{said}");
        }
    }
}
