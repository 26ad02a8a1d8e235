//! `offsync`, the command line: parses, calls the application, prints. It decides nothing.

mod accounts;
mod arguments;
mod bandwidth;
mod browser;
mod deletions;
mod documents;
#[cfg(test)]
mod examples;
mod homes;
mod keystore;
mod mailboxes;
mod outcome;
mod progress;
mod prompt;
mod run;
mod secret_file;
mod text;
mod units;
mod watch;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

/// Reads what was said. Clap takes all that follows `help` for the name of a command, `--help` too: there it says
/// nothing more.
fn said(words: &[OsString]) -> Result<arguments::Arguments, clap::Error> {
    let is_plain = |word: &&OsString| *word != "--help" && *word != "-h";
    arguments::Arguments::try_parse_from(words).or_else(|refused| {
        let plain: Vec<&OsString> = words.iter().filter(is_plain).collect();
        let asks_twice = plain.len() < words.len() && plain.iter().any(|word| *word == "help");
        match refused.kind() {
            ErrorKind::InvalidSubcommand if asks_twice => arguments::Arguments::try_parse_from(plain),
            _ => Err(refused),
        }
    })
}

fn main() -> ExitCode {
    let words: Vec<OsString> = std::env::args_os().collect();
    let arguments = match said(&words) {
        Ok(arguments) => arguments,
        Err(error) => return run::usage(&error),
    };
    run::run(&arguments)
}
