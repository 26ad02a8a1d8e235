//! The real program on real folders: what people and scripts are promised, from outside.
//!
//! Each computer has its own settings, home and temporary folder; the mailbox is a folder. Needs the program beside
//! the suite (`cargo build -p offsync-cli`). Linux only: mounts, signals and odd names are tried for real.
#![cfg(target_os = "linux")]
#![allow(
    clippy::print_stdout,
    reason = "figures and reasons for skipping are printed for whoever reads the log"
)]

mod bad_place;
mod bad_words;
mod catching_up;
mod copying;
mod deletions;
mod documents;
mod exit_codes;
mod forgetting;
mod interrupted;
mod kinds;
mod large;
mod machine;
mod membership;
mod newer;
mod odd_names;
mod output;
mod recovery;
mod rehearsal;
mod resolving;
mod restored;
mod schema;
mod story;
mod trash;
mod tree;
mod vanished;
mod watching;
mod world;
