//! `offsync`, the command line: parses, calls the application, prints. It decides nothing.

mod arguments;
mod documents;
#[cfg(test)]
mod examples;
mod keystore;
mod progress;
mod prompt;
mod run;
mod secret_file;
mod text;
mod units;
mod watch;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let arguments = match arguments::Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return run::usage(&error),
    };
    run::run(&arguments)
}
