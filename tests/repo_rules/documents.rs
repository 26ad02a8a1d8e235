//! No file speaks of one machine: no absolute paths of one, no hosts from which packages come.

use crate::tree::{self, TreeFile};

/// Folders of single machines; written in two parts so that this file does not hold them.
const MACHINE: [&str; 3] = [concat!("/ho", "me/"), concat!("/ro", "ot/"), concat!("/wo", "rk/")];

/// Hosts of package registries: which one is used is each machine's own setting.
const REGISTRIES: [&str; 9] = [
    concat!("registry.", "npmjs.org"),
    concat!("registry.", "yarnpkg.com"),
    concat!("npm.", "pkg.github.com"),
    concat!("index.", "crates.io"),
    concat!("static.", "crates.io"),
    concat!("crates.io", "-index"),
    concat!("pypi", ".org"),
    concat!("pythonhosted", ".org"),
    concat!("deb.", "debian.org"),
];

#[test]
fn no_file_holds_a_path_of_one_machine() {
    let offences: Vec<String> = spoken().iter().flat_map(machine_paths).collect();
    crate::none(
        "paths are relative, or made at run time; /mnt and /media serve as examples",
        &offences,
    );
}

#[test]
fn no_file_holds_the_host_of_a_registry() {
    let offences: Vec<String> = spoken().iter().flat_map(registries).collect();
    crate::none("which registry is used is each machine's own setting", &offences);
}

/// Gives the files that people write; lock files have rules of their own.
fn spoken() -> Vec<TreeFile> {
    let mut files = tree::texts();
    files.retain(|file| !file.path.ends_with("Cargo.lock") && !file.path.ends_with("package-lock.json"));
    files
}

fn machine_paths(file: &TreeFile) -> Vec<String> {
    // A person who reads a document knows that the home folder in an example is not hers.
    let allowed = if file.has_extension(&["md"]) {
        &MACHINE[1..]
    } else {
        &MACHINE[..]
    };
    offences(file, |line| {
        allowed.iter().copied().find(|folder| begins_a_path(line, folder))
    })
}

fn registries(file: &TreeFile) -> Vec<String> {
    offences(file, |line| REGISTRIES.into_iter().find(|host| line.contains(host)))
}

fn offences(file: &TreeFile, find: impl Fn(&str) -> Option<&'static str>) -> Vec<String> {
    let lines = file.text.lines().enumerate();
    lines
        .filter_map(|(at, line)| Some(format!("{}:{}: {}", file.path, at + 1, find(line)?)))
        .collect()
}

/// Tells `/mnt/x` from the middle of `a/mnt/x`.
fn begins_a_path(line: &str, folder: &str) -> bool {
    let inside = |before: char| before.is_alphanumeric() || "_-.}*~".contains(before);
    line.match_indices(folder).any(|(at, _)| !line[..at].ends_with(inside))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_one_machine_is_seen() {
        let [people, root, work] = MACHINE;
        let text = format!("a\nb \"{people}pep\"\nc={root}x\n# {work}y\n${{X}}{people} a{work}b\n");
        let seen = [
            format!("x.toml:2: {people}"),
            format!("x.toml:3: {root}"),
            format!("x.toml:4: {work}"),
        ];
        assert_eq!(machine_paths(&TreeFile::new("x.toml", &text)), seen);
        assert_eq!(machine_paths(&TreeFile::new("x.md", &text)).len(), 2);
    }

    #[test]
    fn the_host_of_a_registry_is_seen() {
        let text = format!("a\nregistry=https://{}/\n", REGISTRIES[0]);
        assert_eq!(
            registries(&TreeFile::new(".npmrc", &text)),
            [format!(".npmrc:2: {}", REGISTRIES[0])]
        );
        assert!(registries(&TreeFile::new("x", "https://crates.io/crates/blake3")).is_empty());
    }
}
