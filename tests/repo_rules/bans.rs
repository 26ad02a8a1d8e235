//! The bans below the ports bite: clippy reads each crate's own list, and every line of it turns a call into an error.
//!
//! A scratch workspace gets the real lists and a sample that breaks every ban of the standard library; bans of other
//! crates cannot be tried without the network and are left out.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use toml::{Table, Value};

use crate::source::Token;
use crate::tree::{self, TreeFile};

/// Crates that see the world through ports alone.
const BELOW_THE_PORTS: [&str; 2] = ["crates/core/", "crates/engine/"];

/// Modules of the standard library that reach the world; clippy bans calls and types, not what else they hold.
const WORLD: [&str; 4] = ["env", "fs", "net", "process"];

/// Calls everything that is banned.
const SAMPLE: &str = include_str!("banned_calls.txt");

#[test]
fn clippy_reads_the_bans_of_each_crate_and_every_ban_bites() {
    let Some(seen) = lint_scratch_workspace() else {
        println!("warning: cargo clippy is not installed, the bans were not tried");
        return;
    };
    for name in ["core", "engine", "testkit"] {
        let banned = banned(name);
        assert!(banned.len() > 5, "{name} has bans");
        let tame: Vec<&String> = banned.difference(&seen[name]).collect();
        assert!(
            tame.is_empty(),
            "these bans of {name} do not bite, or banned_calls.txt misses them: {tame:#?}"
        );
    }
    assert!(
        seen["free"].is_empty(),
        "a crate without a list is free: {:?}",
        seen["free"]
    );
}

#[test]
fn core_and_engine_have_the_same_bans() {
    let [core, engine] = ["core", "engine"].map(|name| fs::read_to_string(list(name)).expect("the list can be read"));
    assert!(
        core == engine,
        "crates/core/clippy.toml and crates/engine/clippy.toml differ"
    );
}

#[test]
fn code_below_the_ports_never_names_the_world() {
    let files = tree::rust();
    let below = files
        .iter()
        .filter(|file| BELOW_THE_PORTS.iter().any(|folder| file.path.starts_with(folder)));
    let offences: Vec<String> = below.flat_map(names_of_the_world).collect();
    crate::none("core and engine touch the world through ports alone", &offences);
}

fn names_of_the_world(file: &TreeFile) -> Vec<String> {
    let tokens = file.source().tokens();
    let mut offences = Vec::new();
    for at in 0..tokens.len() {
        let follows = |back: usize, text: &str| at >= back && tokens[at - back].text == text;
        let in_std = follows(1, ":") && follows(2, ":") && follows(3, "std");
        if WORLD.contains(&tokens[at].text.as_str()) && (in_std || is_in_braces_of_std(&tokens, at)) {
            offences.push(format!("{}:{}: std::{}", file.path, tokens[at].line, tokens[at].text));
        }
    }
    offences
}

/// Tells `use std::{fs, …}`, with the name at the braces' own depth.
fn is_in_braces_of_std(tokens: &[Token], at: usize) -> bool {
    let mut depth = 0;
    let opening = tokens[..at].iter().rposition(|token| {
        depth += i32::from(token.text == "{") - i32::from(token.text == "}");
        depth == 1 || token.text == ";"
    });
    let starts = opening.is_some_and(|opening| {
        opening >= 3
            && tokens[opening].text == "{"
            && tokens[opening - 3].text == "std"
            && tokens[opening - 1].text == ":"
    });
    starts && [",", "{"].contains(&tokens[at - 1].text.as_str())
}

#[test]
fn a_name_of_the_world_is_seen() {
    let file = TreeFile::new(
        "x.rs",
        "// std::fs\nuse std::net::IpAddr;\nuse std::fmt;\nlet a = std::env::consts::OS;\nuse std::{fmt::{self}, fs};\n\
         use core::{fs, net};\nuse std::{fmt, io::{fs}};\n",
    );
    assert_eq!(
        names_of_the_world(&file),
        ["x.rs:2: std::net", "x.rs:4: std::env", "x.rs:5: std::fs"]
    );
}

fn list(name: &str) -> PathBuf {
    offsync_tests::repository()
        .join("crates")
        .join(name)
        .join("clippy.toml")
}

/// Reads which types and methods of the standard library a crate bans.
fn banned(name: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(list(name)).expect("the list can be read");
    let list: Table = text.parse().expect("the list is TOML");
    let entries = ["disallowed-types", "disallowed-methods"].map(|key| list.get(key).and_then(Value::as_array));
    let mut paths = BTreeSet::new();
    for entry in entries.into_iter().flatten().flatten() {
        let of = |key: &str| entry.get(key).and_then(Value::as_str);
        let path = of("path").expect("a ban has a path");
        assert!(
            of("reason").is_some_and(|reason| !reason.is_empty()),
            "the ban of {path} has no reason"
        );
        paths.extend(path.starts_with("std::").then(|| path.to_owned()));
    }
    paths
}

/// Runs clippy over the sample under each list and under none, and gives what it complained of.
fn lint_scratch_workspace() -> Option<BTreeMap<String, BTreeSet<String>>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let installed = Command::new(&cargo).args(["clippy", "--version"]).output();
    if !installed.is_ok_and(|version| version.status.success()) {
        return None;
    }
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bans");
    write_scratch_workspace(&scratch);
    let linted = Command::new(&cargo)
        .args([
            "clippy",
            "--offline",
            "--message-format=short",
            "--target-dir",
            "target",
        ])
        .current_dir(&scratch)
        .env_remove("CARGO_TARGET_DIR")
        .env_remove("CLIPPY_CONF_DIR")
        .env_remove("RUSTFLAGS")
        .output()
        .expect("clippy runs");
    let told = String::from_utf8_lossy(&linted.stderr);
    assert!(
        linted.status.success(),
        "the scratch workspace cannot be linted:\n{told}"
    );
    let complaints = |name: &str| {
        let lines = told
            .lines()
            .filter(|line| line.starts_with(&format!("{name}/")) && line.contains("disallowed"));
        lines
            .filter_map(|line| Some(line.split('`').nth(1)?.to_owned()))
            .collect()
    };
    Some(
        ["core", "engine", "testkit", "free"]
            .iter()
            .map(|&name| (name.to_owned(), complaints(name)))
            .collect(),
    )
}

fn write_scratch_workspace(scratch: &Path) {
    let write = |path: PathBuf, text: &str| {
        fs::create_dir_all(path.parent().expect("it lies in a folder")).expect("a folder can be made");
        fs::write(path, text).expect("a file can be written");
    };
    let root_list = fs::read_to_string(offsync_tests::repository().join("clippy.toml")).expect("the list can be read");
    write(scratch.join("clippy.toml"), &root_list);
    write(
        scratch.join("Cargo.toml"),
        "[workspace]\nresolver = \"3\"\nmembers = [\"core\", \"engine\", \"testkit\", \"free\"]\n",
    );
    for name in ["core", "engine", "testkit", "free"] {
        let folder = scratch.join(name);
        let manifest = format!("[package]\nname = \"banned-{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n");
        write(folder.join("Cargo.toml"), &manifest);
        write(folder.join("src/lib.rs"), SAMPLE);
        if name != "free" {
            write(
                folder.join("clippy.toml"),
                &fs::read_to_string(list(name)).expect("the list can be read"),
            );
        }
    }
}
