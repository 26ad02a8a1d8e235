//! What the members' manifests may say: everything that members share stands once, in the root.

use std::collections::BTreeSet;

use toml::{Table, Value};

use crate::tree;

/// A member's `Cargo.toml`.
pub(crate) struct Manifest {
    pub(crate) path: String,
    pub(crate) table: Table,
}

/// Which builds a dependency belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Use {
    Program,
    Tests,
}

impl Manifest {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let table = text
            .parse()
            .unwrap_or_else(|error| panic!("{path} is no TOML: {error}"));
        Self {
            path: path.to_owned(),
            table,
        }
    }

    /// Gives the package's name without `offsync-`.
    pub(crate) fn name(&self) -> &str {
        let name = self
            .table
            .get("package")
            .and_then(|package| package.get("name"))
            .and_then(Value::as_str);
        let name = name.unwrap_or_else(|| panic!("{} has no name", self.path));
        name.strip_prefix("offsync-").unwrap_or(name)
    }

    /// Gives all dependencies, those of single platforms included.
    pub(crate) fn dependencies(&self) -> Vec<(Use, &str, &Value)> {
        let targets = self.table.get("target").and_then(Value::as_table);
        let tables = std::iter::once(&self.table).chain(
            targets
                .into_iter()
                .flat_map(|targets| targets.values().filter_map(Value::as_table)),
        );
        let kinds = [
            ("dependencies", Use::Program),
            ("build-dependencies", Use::Program),
            ("dev-dependencies", Use::Tests),
        ];
        let mut found = Vec::new();
        for table in tables {
            for (key, used_by) in kinds {
                let dependencies = table.get(key).and_then(Value::as_table).into_iter().flatten();
                found.extend(dependencies.map(|(name, value)| (used_by, name.as_str(), value)));
            }
        }
        found
    }
}

/// Reads the manifests of all members.
pub(crate) fn manifests() -> Vec<Manifest> {
    let files = tree::texts();
    let members = files.iter().filter(|file| file.path.ends_with("/Cargo.toml"));
    members.map(|file| Manifest::new(&file.path, &file.text)).collect()
}

#[test]
fn members_take_version_edition_and_lints_from_the_workspace() {
    let offences: Vec<String> = manifests().iter().flat_map(not_inherited).collect();
    crate::none("what members share stands once, in the root Cargo.toml", &offences);
}

#[test]
fn versions_of_dependencies_stand_in_the_root_alone() {
    let offences: Vec<String> = manifests().iter().flat_map(own_versions).collect();
    crate::none("a member says `workspace = true` for each dependency", &offences);
}

#[test]
fn every_package_of_the_tree_is_a_member() {
    let root = std::fs::read_to_string(offsync_tests::repository().join("Cargo.toml")).expect("the root can be read");
    crate::none("`members` names every package", &strangers(&root, &manifests()));
}

fn not_inherited(manifest: &Manifest) -> Vec<String> {
    let inherits =
        |value: Option<&Value>| value.and_then(|value| value.get("workspace")).and_then(Value::as_bool) == Some(true);
    let package = manifest.table.get("package");
    let mut offences: Vec<String> = ["version", "edition", "rust-version", "license", "publish"]
        .iter()
        .filter(|key| !inherits(package.and_then(|package| package.get(**key))))
        .map(|key| format!("{}: write `{key}.workspace = true`", manifest.path))
        .collect();
    if !inherits(manifest.table.get("lints")) {
        offences.push(format!("{}: write `[lints]` and `workspace = true`", manifest.path));
    }
    offences
}

fn own_versions(manifest: &Manifest) -> Vec<String> {
    let own = |value: &Value| value.get("workspace").and_then(Value::as_bool) != Some(true);
    let dependencies = manifest.dependencies().into_iter().filter(|(_, _, value)| own(value));
    dependencies
        .map(|(_, name, _)| format!("{}: {name} has a version or path of its own", manifest.path))
        .collect()
}

fn strangers(root: &str, manifests: &[Manifest]) -> Vec<String> {
    let root = Manifest::new("Cargo.toml", root);
    let members = root
        .table
        .get("workspace")
        .and_then(|workspace| workspace.get("members"))
        .and_then(Value::as_array);
    let members: BTreeSet<&str> = members.into_iter().flatten().filter_map(Value::as_str).collect();
    let folder = |manifest: &Manifest| manifest.path.trim_end_matches("/Cargo.toml").to_owned();
    manifests
        .iter()
        .map(folder)
        .filter(|folder| !members.contains(folder.as_str()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "package = { name = \"offsync-x\", version.workspace = true, edition.workspace = true, \
        rust-version.workspace = true, license.workspace = true, publish.workspace = true }\nlints.workspace = true\n";

    #[test]
    fn a_version_edition_or_lints_of_its_own_is_seen() {
        assert_eq!(not_inherited(&Manifest::new("x", GOOD)), [""; 0]);
        let bad = GOOD
            .replace("edition.workspace = true", "edition = \"2021\"")
            .replace("lints.workspace", "a.workspace");
        assert_eq!(
            not_inherited(&Manifest::new("x", &bad)),
            [
                "x: write `edition.workspace = true`",
                "x: write `[lints]` and `workspace = true`"
            ]
        );
    }

    #[test]
    fn a_version_of_a_dependency_is_seen_wherever_it_stands() {
        let text = "[dependencies]\na = { workspace = true, optional = true }\nb = \"1\"\n\
            [target.'cfg(unix)'.dependencies]\nc = { version = \"1\" }\n[dev-dependencies]\nd = { path = \"../d\" }\n";
        let offences = own_versions(&Manifest::new("x", text));
        let names: Vec<&str> = offences.iter().map(|offence| &offence[3..4]).collect();
        assert_eq!(names, ["b", "d", "c"]);
    }

    #[test]
    fn a_package_that_is_no_member_is_seen() {
        let manifests = [
            Manifest::new("crates/a/Cargo.toml", GOOD),
            Manifest::new("crates/b/Cargo.toml", GOOD),
        ];
        assert_eq!(
            strangers("workspace.members = [\"crates/a\"]", &manifests),
            ["crates/b"]
        );
    }
}
