//! The real program on real folders: what people and scripts are promised, from outside.
//!
//! Each computer has its own settings, home and temporary folder; the mailbox is a folder. Needs the program beside
//! the suite (`cargo build -p offsync-cli`). Linux only: mounts, signals and odd names are tried for real.
#![cfg(target_os = "linux")]
#![allow(
    clippy::print_stdout,
    reason = "figures and reasons for skipping are printed for whoever reads the log"
)]

mod at_a_terminal;
mod bad_place;
mod bad_words;
mod beside;
mod catching_up;
mod changes;
mod clock;
mod cloud;
mod copying;
mod copying_damage;
mod crossing;
mod cut_short;
mod damaged_index;
mod deletions;
mod delta;
mod documents;
mod exit_codes;
mod fat;
mod foreign;
mod foreign_changes;
mod foreign_conflicts;
mod foreign_drive;
mod foreign_edits;
mod foreign_names;
mod foreign_room;
mod foreign_times;
mod forgetting;
mod full_drive;
mod guest;
mod ignoring;
mod interrupted;
mod joining;
mod kinds;
mod large;
mod lateness;
mod lives;
mod lost;
mod machine;
mod mailboxes;
mod matrix;
mod matrix_copies;
mod matrix_folders;
mod matrix_inside;
mod membership;
mod moving_mailbox;
mod namesakes;
mod narrow;
mod newer;
mod odd_changes;
mod odd_names;
mod output;
mod pacing;
mod pressure;
mod provider_copies;
mod read_only;
mod reader;
mod reader_moves;
mod recovery;
mod rehearsal;
mod resolving;
mod restored;
mod rotting;
mod schema;
mod silence;
mod stick;
mod story;
mod strangers;
mod suspicion;
mod taken_over;
mod threshold;
mod told;
mod trash;
mod tree;
mod twice;
mod twins;
mod unsent;
mod vanished;
mod verifying;
mod watching;
mod wiped;
mod world;
mod wrong_drive;
mod years;
