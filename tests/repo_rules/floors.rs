//! The floors of the house: an arrow only ever points down.

use crate::workspace::{self, Manifest, Use};

/// A crate and the crates below it that its programs may use.
const MAY_USE: [(&str, &[&str]); 8] = [
    ("core", &[]),
    ("engine", &["core"]),
    ("adapters", &["core"]),
    ("testkit", &["core", "engine"]),
    ("app", &["core", "engine", "adapters"]),
    ("cli", &["app", "core"]),
    ("desktop", &["app"]),
    ("tests", &["core", "engine", "adapters", "testkit", "app"]),
];

/// Crates that reach the world by themselves; below the ports only adapters and shells may have them.
const WORLDLY: [&str; 17] = [
    "directories",
    "dirs",
    "fs4",
    "getrandom",
    "keyring",
    "libc",
    "mio",
    "nix",
    "notify",
    "opendal",
    "rand",
    "reqwest",
    "rusqlite",
    "rustix",
    "sysinfo",
    "tempfile",
    "tokio",
];

#[test]
fn crates_depend_on_lower_floors_only() {
    let offences: Vec<String> = workspace::manifests().iter().flat_map(arrows_up).collect();
    crate::none("dependencies point down the floors of docs/architecture.md", &offences);
}

#[test]
fn rules_and_use_cases_depend_on_nothing_that_reaches_the_world() {
    let offences: Vec<String> = workspace::manifests().iter().flat_map(worldly).collect();
    crate::none("core, engine and testkit see the world through ports alone", &offences);
}

fn arrows_up(manifest: &Manifest) -> Vec<String> {
    let name = manifest.name();
    let Some((_, below)) = MAY_USE.iter().find(|(known, _)| *known == name) else {
        return vec![format!(
            "{}: {name} has no floor; give it one here and in docs/architecture.md",
            manifest.path
        )];
    };
    let dependencies = manifest.dependencies();
    let ours = dependencies
        .iter()
        .filter_map(|(used_by, name, _)| Some((used_by, name.strip_prefix("offsync-")?)));
    // The simulated world stands beside the real one; only tests see it.
    let allowed = |used_by: Use, used: &str| below.contains(&used) || (used == "testkit" && used_by == Use::Tests);
    ours.filter(|(used_by, used)| !allowed(**used_by, used))
        .map(|(_, used)| format!("{}: {name} may not depend on {used}", manifest.path))
        .collect()
}

fn worldly(manifest: &Manifest) -> Vec<String> {
    if !["core", "engine", "testkit"].contains(&manifest.name()) {
        return Vec::new();
    }
    let dependencies = manifest.dependencies();
    let found = dependencies
        .iter()
        .filter(|(used_by, used, _)| *used_by == Use::Program && WORLDLY.contains(used));
    found
        .map(|(_, used, _)| format!("{}: {used} reaches the world", manifest.path))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, dependencies: &str, expected: &[&str]) {
        let text = format!("package.name = \"offsync-{name}\"\n{dependencies}");
        assert_eq!(arrows_up(&Manifest::new("x", &text)), expected);
    }

    #[test]
    fn an_arrow_that_points_up_or_sideways_is_seen() {
        check(
            "engine",
            "dependencies.offsync-adapters.workspace = true",
            &["x: engine may not depend on adapters"],
        );
        check(
            "core",
            "dev-dependencies.offsync-engine.workspace = true",
            &["x: core may not depend on engine"],
        );
        check(
            "tests",
            "dependencies.offsync-cli.workspace = true",
            &["x: tests may not depend on cli"],
        );
        check(
            "app",
            "target.'cfg(unix)'.dependencies.offsync-desktop.workspace = true",
            &["x: app may not depend on desktop"],
        );
        check(
            "app",
            "dependencies.offsync-engine.workspace = true\ndependencies.serde = \"1\"",
            &[],
        );
    }

    #[test]
    fn the_simulated_world_in_a_program_is_seen() {
        check(
            "app",
            "dependencies.offsync-testkit.workspace = true",
            &["x: app may not depend on testkit"],
        );
        check("app", "dev-dependencies.offsync-testkit.workspace = true", &[]);
    }

    #[test]
    fn a_crate_without_a_floor_is_seen() {
        check(
            "attic",
            "",
            &["x: attic has no floor; give it one here and in docs/architecture.md"],
        );
    }

    #[test]
    fn a_worldly_crate_below_the_ports_is_seen() {
        let text =
            "package.name = \"offsync-core\"\n[dependencies]\ntokio = \"1\"\n[dev-dependencies]\ntempfile = \"3\"";
        assert_eq!(worldly(&Manifest::new("x", text)), ["x: tokio reaches the world"]);
        assert!(worldly(&Manifest::new("x", &text.replace("core", "adapters"))).is_empty());
    }
}
