//! The window's types are those of `view`: generated into `ui/src/lib/types/`, committed, and never stale.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use ts_rs::{Config, TS};

use crate::account_card::{AccountCard, SignInRequest};
use crate::account_list::{ListedAccount, RemovedAccount};
use crate::key_sign_in::KeySignIn;
use crate::left_open::DamagedReport;
use crate::lost::LostReport;
use crate::offered::Offer;
use crate::own_keys::ShownHostKey;
use crate::set_up::SetUpRequest;
use crate::view::{Event, Failure, Overview};

const REGENERATE: &str = "cargo test -p offsync-app -- --ignored write_the_types_of_the_window";

#[test]
fn the_types_of_the_window_are_those_of_the_view() {
    let fresh = tempfile::tempdir().expect("there is a place for temporary files");
    export(fresh.path());
    let (fresh, kept) = (files(fresh.path()), files(&place()));
    let names = fresh.keys().chain(kept.keys());
    let stale: Vec<&String> = names.filter(|name| fresh.get(*name) != kept.get(*name)).collect();
    assert!(stale.is_empty(), "{stale:?} are stale; write them again: {REGENERATE}");
}

#[test]
#[ignore = "writes into ui/src/lib/types"]
fn write_the_types_of_the_window() {
    for name in files(&place()).keys() {
        fs::remove_file(place().join(name)).expect("a generated file can be removed");
    }
    export(&place());
}

fn place() -> PathBuf {
    // Asked of the runner first: a test that was built from another clone is reused by cargo.
    let package = std::env::var_os("CARGO_MANIFEST_DIR").map_or(env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    package.join("../../ui/src/lib/types")
}

/// Writes the types of everything that crosses between shell and page, one file each.
fn export(into: &Path) {
    let config = Config::new().with_out_dir(into).with_large_int("number");
    let exported = Overview::export_all(&config)
        .and_then(|()| Event::export_all(&config))
        .and_then(|()| SetUpRequest::export_all(&config))
        .and_then(|()| LostReport::export_all(&config))
        .and_then(|()| Offer::export_all(&config))
        .and_then(|()| AccountCard::export_all(&config))
        .and_then(|()| SignInRequest::export_all(&config))
        .and_then(|()| ListedAccount::export_all(&config))
        .and_then(|()| RemovedAccount::export_all(&config))
        .and_then(|()| ShownHostKey::export_all(&config))
        .and_then(|()| KeySignIn::export_all(&config))
        .and_then(|()| DamagedReport::export_all(&config))
        .and_then(|()| Failure::export_all(&config));
    exported.expect("types can be written");
}

fn files(folder: &Path) -> BTreeMap<String, String> {
    let entries = fs::read_dir(folder).expect("the folder is there");
    let read = |entry: fs::DirEntry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        (name, fs::read_to_string(entry.path()).expect("a type is text"))
    };
    entries
        .map(|entry| read(entry.expect("the folder can be listed")))
        .collect()
}
