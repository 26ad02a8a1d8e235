//! The shape of the tree and of its files: what lies at the top, how long a file is, how it begins, what it never holds.

use std::collections::BTreeSet;

use crate::tree::{self, TreeFile};

/// What may lie at the top, beside dotfiles.
const TOP: [&str; 17] = [
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "Makefile",
    "README.md",
    "clippy.toml",
    "crates",
    "deny.toml",
    "docs",
    "icons",
    "rustfmt.toml",
    "src-tauri",
    "tests",
    "ui",
];

const RUST_LINES_MAX: usize = 600;
const RUST_LINES_SMELL: usize = 400;
const SVELTE_LINES_MAX: usize = 250;
const SCRIPT_LINES_MAX: usize = 400;

/// Macros that mark what is not done or was only looked at.
const UNFINISHED: [&str; 3] = ["todo", "unimplemented", "dbg"];

#[test]
fn the_top_of_the_tree_holds_what_the_house_names() {
    crate::none("nothing else lies at the top", &strangers(&tree::paths()));
}

#[test]
fn no_file_is_too_long() {
    let files = tree::texts();
    let long: Vec<String> = files.iter().filter_map(smell).collect();
    if !long.is_empty() {
        println!(
            "warning: these files are longer than {RUST_LINES_SMELL} lines, a smell:\n  {}",
            long.join("\n  ")
        );
    }
    let offences: Vec<String> = files.iter().filter_map(too_long).collect();
    crate::none("a file fits into one head", &offences);
}

#[test]
fn every_rust_file_opens_with_what_it_guarantees() {
    let offences: Vec<String> = tree::rust().iter().filter_map(silent).collect();
    crate::none(
        "a file opens with `//!`: what it guarantees, what it never does",
        &offences,
    );
}

#[test]
fn nothing_is_left_unfinished() {
    let offences: Vec<String> = tree::rust().iter().flat_map(unfinished).collect();
    crate::none("no todo!, unimplemented! or dbg!", &offences);
}

fn strangers(paths: &[String]) -> Vec<String> {
    let tops: BTreeSet<&str> = paths.iter().filter_map(|path| path.split('/').next()).collect();
    tops.into_iter()
        .filter(|top| !top.starts_with('.') && !TOP.contains(top))
        .map(str::to_owned)
        .collect()
}

/// Counts the lines of a file that has a limit, and names the limit.
fn lines(file: &TreeFile) -> Option<(usize, usize)> {
    match tree::extension(&file.path)? {
        "rs" => Some((file.source().lines_without_tests(), RUST_LINES_MAX)),
        "svelte" => Some((file.text.lines().count(), SVELTE_LINES_MAX)),
        "ts" | "js" | "mjs" => Some((file.text.lines().count(), SCRIPT_LINES_MAX)),
        _ => None,
    }
}

fn too_long(file: &TreeFile) -> Option<String> {
    let (lines, max) = lines(file)?;
    (lines > max).then(|| format!("{}: {lines} lines, {max} at the most", file.path))
}

fn smell(file: &TreeFile) -> Option<String> {
    let (lines, max) = lines(file)?;
    (max == RUST_LINES_MAX && lines > RUST_LINES_SMELL).then(|| format!("{}: {lines}", file.path))
}

fn silent(file: &TreeFile) -> Option<String> {
    (!file.text.starts_with("//! ")).then(|| file.path.clone())
}

fn unfinished(file: &TreeFile) -> Vec<String> {
    let tokens = file.source().tokens();
    let marks = tokens
        .windows(2)
        .filter(|pair| UNFINISHED.contains(&pair[0].text.as_str()) && pair[1].text == "!");
    marks
        .map(|pair| format!("{}:{}: {}!", file.path, pair[0].line, pair[0].text))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stranger_at_the_top_is_seen() {
        let paths = [
            "Cargo.toml",
            ".ci/run",
            "crates/core/Cargo.toml",
            "notes.txt",
            "scripts/x",
        ]
        .map(str::to_owned);
        assert_eq!(strangers(&paths), ["notes.txt", "scripts"]);
    }

    #[test]
    fn a_long_file_is_seen_without_its_tests() {
        let long = |path: &str, lines: usize| TreeFile::new(path, &"a\n".repeat(lines));
        assert!(too_long(&long("x.rs", 600)).is_none() && too_long(&long("x.rs", 601)).is_some());
        assert!(too_long(&long("x.svelte", 250)).is_none() && too_long(&long("x.svelte", 251)).is_some());
        assert!(too_long(&long("x.svelte.ts", 400)).is_none() && too_long(&long("x.ts", 401)).is_some());
        assert!(too_long(&long("x.md", 9000)).is_none());
        let tests = format!(
            "{}#[cfg(test)]\nmod tests {{\n{}}}\n",
            "a\n".repeat(399),
            "a\n".repeat(900)
        );
        let tested = TreeFile::new("x.rs", &tests);
        assert!(too_long(&tested).is_none() && smell(&tested).is_none());
        assert_eq!(smell(&long("x.rs", 401)).as_deref(), Some("x.rs: 401"));
    }

    #[test]
    fn a_file_without_an_opening_is_seen() {
        assert!(silent(&TreeFile::new("x.rs", "//! Guarantees much.\n")).is_none());
        assert_eq!(
            silent(&TreeFile::new("x.rs", "use a;\n//! Late.\n")).as_deref(),
            Some("x.rs")
        );
    }

    #[test]
    fn an_unfinished_place_is_seen_in_code_alone() {
        // Put together here, so that this file holds no unfinished place itself.
        let text = [
            "// todo#()",
            "let todo = \"dbg#\";",
            "unimplemented#(\"x\");",
            "dbg#(x);\n",
        ]
        .join("\n");
        let file = TreeFile::new("x.rs", &text.replace('#', "!"));
        assert_eq!(unfinished(&file), ["x.rs:3: unimplemented!", "x.rs:4: dbg!"]);
    }
}
