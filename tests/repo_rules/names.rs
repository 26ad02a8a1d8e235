//! Names say what a thing is, in the glossary's words.

use crate::source::Token;
use crate::tree::{self, TreeFile};

/// Words that name no thing.
const EMPTY: [&str; 9] = [
    "common",
    "helper",
    "helpers",
    "manager",
    "processor",
    "service",
    "services",
    "util",
    "utils",
];

/// Words for which the glossary has another: what people say elsewhere, and what it is called here.
const FOREIGN: [(&str, &str); 16] = [
    ("replica", "Location"),
    ("node", "Location or Entry"),
    ("peer", "Location"),
    ("vault", "Archive"),
    ("repository", "Archive"),
    ("member", "Person"),
    ("relay", "Mailbox"),
    ("bucket", "Mailbox"),
    ("revision", "Dot"),
    ("delta", "Changeset"),
    ("patch", "Changeset"),
    ("blob", "Chunk or Pack"),
    ("wal", "Journal"),
    ("backup", "Trash"),
    ("pairing", "Invitation"),
    ("gc", "prune"),
];

/// A name that a crate gives: of a type or of a module.
struct Given {
    name: String,
    line: usize,
    is_public_type: bool,
}

#[test]
fn types_and_modules_are_named_for_what_they_are() {
    let files = tree::texts();
    let mut offences: Vec<String> = files.iter().filter_map(empty_file_name).collect();
    let rust = files.iter().filter(|file| file.has_extension(&["rs"]));
    offences.extend(rust.flat_map(empty_names));
    crate::none(
        "name the thing: no Manager, Service, Helper, Util, Processor or Common",
        &offences,
    );
}

#[test]
fn public_types_speak_the_words_of_the_glossary() {
    let files = tree::rust();
    let crates = files
        .iter()
        .filter(|file| file.path.starts_with("crates/") || file.path.starts_with("src-tauri/"));
    let offences: Vec<String> = crates.flat_map(foreign_names).collect();
    crate::none("one name for each thing, that of the glossary", &offences);
}

fn empty_file_name(file: &TreeFile) -> Option<String> {
    let code = file.has_extension(&["rs", "ts", "js", "svelte"]);
    let parts = file.path.split('/').map(|part| part.split('.').next().unwrap_or(part));
    let empty = code && parts.flat_map(words).any(|word| EMPTY.contains(&word.as_str()));
    empty.then(|| format!("{}: its name says nothing", file.path))
}

fn empty_names(file: &TreeFile) -> Vec<String> {
    let empty = |given: &Given| words(&given.name).iter().any(|word| EMPTY.contains(&word.as_str()));
    let found = given_names(&file.source().tokens()).into_iter().filter(empty);
    found
        .map(|given| format!("{}:{}: {}", file.path, given.line, given.name))
        .collect()
}

fn foreign_names(file: &TreeFile) -> Vec<String> {
    let mut offences = Vec::new();
    for given in given_names(&file.source().tokens_without_tests())
        .iter()
        .filter(|given| given.is_public_type)
    {
        for (foreign, ours) in FOREIGN {
            if words(&given.name).iter().any(|word| word == foreign) {
                offences.push(format!(
                    "{}:{}: {} (the glossary says {ours})",
                    file.path, given.line, given.name
                ));
            }
        }
    }
    offences
}

/// Finds what a file names by `struct`, `enum`, `trait`, `union`, `type` and `mod`.
fn given_names(tokens: &[Token]) -> Vec<Given> {
    let mut found = Vec::new();
    for (at, pair) in tokens.windows(2).enumerate() {
        let kind = pair[0].text.as_str();
        let names = ["struct", "enum", "trait", "union", "type", "mod"].contains(&kind) && pair[1].is_word();
        if names {
            let is_public_type = kind != "mod" && at > 0 && tokens[at - 1].text == "pub";
            found.push(Given {
                name: pair[1].text.clone(),
                line: pair[1].line,
                is_public_type,
            });
        }
    }
    found
}

/// Cuts `SyncPlan`, `sync_plan` and `sync-plan` into `sync` and `plan`.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut after_small = false;
    for letter in name.chars() {
        if !letter.is_alphanumeric() || (letter.is_uppercase() && after_small) {
            words.push(String::new());
        }
        if letter.is_alphanumeric() {
            words
                .last_mut()
                .expect("there is always a word")
                .extend(letter.to_lowercase());
        }
        after_small = letter.is_lowercase() || letter.is_numeric();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_name_is_seen_in_types_modules_and_files() {
        let file = TreeFile::new(
            "x.rs",
            "struct SyncManager;\nmod path_utils;\npub struct Commons; // struct Helper\n",
        );
        assert_eq!(empty_names(&file), ["x.rs:1: SyncManager", "x.rs:2: path_utils"]);
        assert!(empty_file_name(&TreeFile::new("crates/x/src/disk_helper.rs", "")).is_some());
        assert!(empty_file_name(&TreeFile::new("ui/src/lib/utils/sum.svelte.ts", "")).is_some());
        assert!(empty_file_name(&TreeFile::new("docs/service.md", "")).is_none());
    }

    #[test]
    fn a_foreign_word_is_seen_in_public_types_alone() {
        let file = TreeFile::new(
            "x.rs",
            "pub struct PeerId;\nstruct Node;\npub enum Denoted {}\npub fn delta() {}\n",
        );
        assert_eq!(foreign_names(&file), ["x.rs:1: PeerId (the glossary says Location)"]);
    }
}
