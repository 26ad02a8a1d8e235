//! Lock files say what is used, never from which host: they are the same on every machine.

use toml::{Table, Value};

use crate::tree::{self, TreeFile};

/// The one registry that cargo writes down, whatever host stands in for it.
const CRATES_IO: &str = concat!("registry+https://github.com/rust-lang/crates", ".io-index");

#[test]
fn rust_packages_come_from_one_registry() {
    let offences: Vec<String> = locks("Cargo.lock").iter().flat_map(strange_sources).collect();
    crate::none("Cargo.lock knows crates.io and the workspace alone", &offences);
}

#[test]
fn npm_packages_are_locked_without_a_host() {
    let offences: Vec<String> = locks("package-lock.json").iter().flat_map(resolved_hosts).collect();
    crate::none(
        "package-lock.json has no hosts (npm's omit-lockfile-registry-resolved)",
        &offences,
    );
}

fn locks(name: &str) -> Vec<TreeFile> {
    tree::texts()
        .into_iter()
        .filter(|file| file.path.rsplit('/').next() == Some(name))
        .collect()
}

fn strange_sources(file: &TreeFile) -> Vec<String> {
    let lock: Table = file
        .text
        .parse()
        .unwrap_or_else(|error| panic!("{} is no TOML: {error}", file.path));
    let packages = lock.get("package").and_then(Value::as_array).into_iter().flatten();
    let sources = packages.filter_map(|package| Some((package.get("name")?, package.get("source")?.as_str()?)));
    let strange = sources.filter(|(_, source)| *source != CRATES_IO);
    strange
        .map(|(name, source)| format!("{}: {name} comes from {source}", file.path))
        .collect()
}

fn resolved_hosts(file: &TreeFile) -> Vec<String> {
    let lines = file
        .text
        .lines()
        .enumerate()
        .filter(|(_, line)| line.contains("\"resolved\": \"http"));
    lines
        .map(|(at, _)| format!("{}:{}: a host", file.path, at + 1))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_from_elsewhere_is_seen() {
        let text = format!(
            "[[package]]\nname = \"a\"\nsource = \"{CRATES_IO}\"\n[[package]]\nname = \"b\"\n\
             [[package]]\nname = \"c\"\nsource = \"git+https://example.org/c\"\n"
        );
        let seen = ["Cargo.lock: \"c\" comes from git+https://example.org/c"];
        assert_eq!(strange_sources(&TreeFile::new("Cargo.lock", &text)), seen);
    }

    #[test]
    fn a_host_in_the_npm_lock_is_seen() {
        let file = TreeFile::new(
            "l",
            "{\n  \"resolved\": \"https://example.org/a.tgz\",\n  \"resolved\": \"../a\"\n}",
        );
        assert_eq!(resolved_hosts(&file), ["l:2: a host"]);
    }
}
