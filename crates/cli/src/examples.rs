//! The examples in the help: each command has some, and each of them can be said just so.

use clap::{CommandFactory, Parser};

use crate::arguments::Arguments;

/// A command and those below it, each with its path and what its help says at the end.
fn commands(of: &clap::Command, path: &str) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for command in of.get_subcommands().filter(|command| command.get_name() != "help") {
        let path = format!("{path} {}", command.get_name());
        let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        all.extend(commands(command, &path));
        all.push((path, after));
    }
    all
}

/// Takes a line apart as a shell does, without what is said beside it or what a pipe does with it.
fn words(line: &str) -> Vec<String> {
    let line = line.split("      ").next().unwrap_or_default();
    let line = line.split(" | ").next().unwrap_or_default();
    let line = line.split(" > ").next().unwrap_or_default();
    let mut words = Vec::new();
    for (i, part) in line.split('"').enumerate() {
        match i % 2 {
            0 => words.extend(part.split_whitespace().map(str::to_owned)),
            _ => words.push(part.to_owned()),
        }
    }
    words
}

#[test]
fn each_command_has_an_example_and_each_example_can_be_said() {
    let all = commands(&Arguments::command(), "offsync");
    assert!(all.iter().any(|(path, _)| path == "offsync location remove"), "{all:?}");
    for (path, after) in all {
        let examples: Vec<&str> = after.lines().filter_map(|line| line.strip_prefix("  ")).collect();
        assert!(
            after.starts_with("Example") && examples.iter().all(|line| line.starts_with(&path)) && !examples.is_empty(),
            "the help of `{path}` has no example of its own: {after:?}"
        );
        for example in examples {
            let parsed = Arguments::try_parse_from(words(example));
            assert!(parsed.is_ok(), "{example:?}: {}", parsed.expect_err("it is refused"));
        }
    }
}
