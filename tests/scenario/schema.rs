//! Documents against samples: every field of the contract is there with its type, and no field that nobody wrote down.

use serde_json::{Value, json};

/// What a field of a sample stands for: `null` there means "anything, null included".
#[track_caller]
pub(crate) fn check(document: &Value, sample: &Value, more: &[&str]) {
    let mut faults = Vec::new();
    compare("", document, sample, more, &mut faults);
    assert!(faults.is_empty(), "{}\nin {document:#}", faults.join("\n"));
}

fn compare(at: &str, document: &Value, sample: &Value, more: &[&str], faults: &mut Vec<String>) {
    match (document, sample) {
        (_, Value::Null) => {}
        (Value::Object(fields), Value::Object(wanted)) => {
            for (name, sample) in wanted {
                match fields.get(name) {
                    Some(value) => compare(&format!("{at}.{name}"), value, sample, more, faults),
                    None => faults.push(format!("{at}.{name} is missing")),
                }
            }
            let path = |name: &String| format!("{at}.{name}").trim_start_matches('.').to_owned();
            let strange = fields.keys().filter(|name| !wanted.contains_key(*name));
            let strange = strange.filter(|name| !more.contains(&path(name).as_str()));
            faults.extend(strange.map(|name| format!("{at}.{name} is not in the contract")));
        }
        (Value::Array(values), Value::Array(samples)) => {
            let Some(sample) = samples.first() else { return };
            for value in values {
                compare(&format!("{at}[]"), value, sample, more, faults);
            }
        }
        (Value::Number(number), Value::Number(_)) if number.is_u64() || number.is_f64() => {}
        (Value::String(text), Value::String(sample)) => check_text(at, text, sample, faults),
        (Value::Bool(_), Value::Bool(_)) => {}
        _ => faults.push(format!("{at} is {document}, and should be like {sample}")),
    }
}

/// Some samples say more than "a text": a time, an id, one of several words.
fn check_text(at: &str, text: &str, sample: &str, faults: &mut Vec<String>) {
    let is_hex = |text: &str| text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let holds = match sample {
        "TIME" => text.len() >= 20 && text.as_bytes()[10] == b'T' && text.ends_with('Z'),
        "ID" => text.len() == 32 && is_hex(text),
        "ROOT" => text.len() == 64 && is_hex(text),
        "WORDS" => text.split(' ').count() == 6,
        "FOLDER" => text.starts_with('/'),
        words if words.contains('|') => words.split('|').any(|word| word == text),
        _ => true,
    };
    if !holds {
        faults.push(format!("{at} is {text:?}, and should be {sample}"));
    }
}

/// `init` makes this.
pub(crate) fn init() -> Value {
    json!({"archive_id": "ID", "location_id": "ID", "folder": "FOLDER"})
}

/// `copy` makes this.
pub(crate) fn copy() -> Value {
    json!({"archive_id": "ID", "location_id": "ID", "folder": "FOLDER", "phrase": "WORDS"})
}

/// What `copy` tells beyond the contract.
pub(crate) const COPY_MORE: [&str; 9] = [
    "label",
    "person",
    "files",
    "bytes",
    "not_sent_yet",
    "held_files",
    "damaged",
    "skipped",
    "warnings",
];

/// `invite` makes this.
pub(crate) fn invite() -> Value {
    json!({"location_id": "ID", "file": "FOLDER", "phrase": "WORDS", "told": true})
}

/// `join` finds this.
pub(crate) fn join() -> Value {
    json!({"archive_id": "ID", "location_id": "ID", "folder": "FOLDER",
        "adopted_files": 0, "missing_files": [""], "differing_files": [""]})
}

/// `recovery` makes this.
pub(crate) fn recovery() -> Value {
    json!({"archive_id": "ID", "location_id": "ID", "folder": "FOLDER", "file": "FOLDER"})
}

/// `forget` tells this.
pub(crate) fn forget() -> Value {
    json!({"archive_id": "ID", "location_id": "ID", "folder": "FOLDER"})
}

/// What `forget` tells beyond the contract.
pub(crate) const FORGET_MORE: [&str; 6] = ["name", "label", "forgotten", "held", "has_sheet", "was_invited"];

/// `sync` tells this of each archive.
pub(crate) fn sync() -> Value {
    json!([{"archive_id": "ID", "folder": "FOLDER",
        "scanned": {"files": 0, "hashed_files": 0, "hashed_bytes": 0},
        "posted": {"changesets": 0, "entries": 0, "payload_bytes": 0, "uploaded_bytes": 0},
        "waiting": {"entries": 0, "bytes": 0},
        "fetched": {"changesets": 0, "downloaded_bytes": 0},
        "applied": {"created": 0, "modified": 0, "deleted": 0, "renamed": 0, "metadata": 0},
        "pruned": {"objects": 0, "bytes": 0},
        "conflicts": [{"path": "", "copy": ""}],
        "skipped": [{"path": "", "reason": ""}],
        "held": null, "root": "ROOT", "up_to_date": true}])
}

/// `verify` finds this.
pub(crate) fn verify() -> Value {
    json!({"checked_files": 0, "checked_bytes": 0, "damaged": [""], "repaired": [""], "wanted": [""],
        "coverage_percent": 0.0})
}

/// What `verify` tells beyond the contract.
pub(crate) const VERIFY_MORE: [&str; 10] = [
    "not_noted",
    "made_of_damage",
    "completed",
    "mailbox_trouble",
    "skipped",
    "uncompared_files",
    "fresh_files",
    "lost",
    "kept",
    "unsent",
];

/// `held`, where something is held.
pub(crate) fn held() -> Value {
    json!({"reason": "many_deletions", "direction": "local|remote", "deletions": 0, "of": 0})
}

/// What `held` tells beyond the contract.
pub(crate) const HELD_MORE: [&str; 6] = ["replaced", "kept", "sample", "by", "by_label", "other_homes"];

/// What `sync` tells beyond the contract.
pub(crate) const SYNC_MORE: [&str; 31] = [
    "[].mailbox_went_back",
    "[].mended_index",
    "[].set_aside",
    "[].made_of_damage",
    "[].posted.part_bytes",
    "[].fetched.part_bytes",
    "[].too_late",
    "[].posted.summary",
    "[].came_back",
    "[].repaired",
    "[].location_id",
    "[].served",
    "[].lacking",
    "[].no_room_files",
    "[].waits_for",
    "[].damaged",
    "[].lost",
    "[].waiting.visits",
    "[].waiting.waits_on",
    "[].waiting.of_each",
    "[].waiting.foreign",
    "[].awaits_state",
    "[].warnings",
    "[].drive_present",
    "[].took_new_id",
    "[].missing_chunks",
    "[].skipped[].path_base64",
    "[].skipped[].detail",
    "[].also_held",
    "[].diverged",
    "[].alarms",
];

/// `sync` names homes that it set aside so, in `set_aside`; and `status`, in `silent`, those that a person is to be asked about.
pub(crate) fn silent() -> Value {
    json!({"location_id": "ID", "label": "", "person": "", "since": "TIME", "days": 0, "has_come": true})
}

/// `status` tells this of each archive.
pub(crate) fn status() -> Value {
    json!([{"archive_id": "ID", "name": "", "folder": "FOLDER", "location_id": "ID", "label": "",
        "drive": {"present": true, "free_bytes": 0},
        "mailbox": {"reachable": true, "used_bytes": 0, "allowance_bytes": null},
        "local_changes": {"entries": 0, "bytes": 0}, "incoming": {"changesets": 0, "bytes": 0},
        "conflicts": 0, "safe_to_unplug": true, "last_sync": "TIME", "locations": locations()}])
}

/// What `status` tells beyond the contract.
pub(crate) const STATUS_MORE: [&str; 21] = [
    "[].silent",
    "[].deletions",
    "[].receipt",
    "[].no_receipt",
    "[].warnings",
    "[].lacking",
    "[].lost_files",
    "[].damaged_files",
    "[].waiting",
    "[].skipped",
    "[].ignored",
    "[].ignored_paths",
    "[].busy",
    "[].person",
    "[].files",
    "[].held",
    "[].also_held",
    "[].headline",
    "[].drive.total_bytes",
    "[].mailbox.name",
    "[].mailbox.foreign",
];

/// `deletions` tells this.
pub(crate) fn deletions() -> Value {
    json!({"least": 0, "percent": 0, "most": 0, "set_by": null})
}

/// `trash list` lists these.
pub(crate) fn trash() -> Value {
    json!([{"path": "", "displaced": "TIME", "size_bytes": 0, "by": null, "expires": "TIME"}])
}

/// `trash restore` tells of these.
pub(crate) fn restored() -> Value {
    json!([{"path": "", "to": null}])
}

/// `lost` lists these, and tells of them once they are given up.
pub(crate) fn lost() -> Value {
    json!({"files": [{"path": "", "size_bytes": 0, "by": null, "damaged_here": false}],
        "may_be_at": [""], "given_up": false})
}

/// `conflicts` lists these.
pub(crate) fn conflicts() -> Value {
    json!([{"path": "", "copy": "", "winner": {"location": "ID", "size_bytes": 0}, "loser": {"location": "ID", "size_bytes": 0}}])
}

/// `locations` lists these.
pub(crate) fn locations() -> Value {
    json!([{"location_id": "ID", "label": "", "person": "", "this": false,
        "state": "up_to_date|behind|ahead|parked|invited|removed",
        "behind": {"changesets": 0, "bytes": 0}, "cannot_store": 0,
        "waits_for_room": false, "last_seen": null, "last_check": null, "root": null}])
}

/// `log` lists these.
pub(crate) fn log() -> Value {
    json!([{"author": "ID", "sequence": 0, "created": "TIME", "entries": 0, "bytes": 0,
        "applied_by": ["ID"], "pruned": false}])
}

/// What `log` tells beyond the contract.
pub(crate) const LOG_MORE: [&str; 2] = ["[].author_label", "[].summary"];

/// `diff` lists these.
pub(crate) fn diff() -> Value {
    json!([{"path": "", "change": "created|modified|deleted|renamed|metadata", "from": null, "bytes": 0}])
}

/// Any failure is told as this.
pub(crate) fn error() -> Value {
    json!({"error": {"code": "", "message": "", "hint": ""}})
}

#[test]
fn a_document_that_breaks_the_contract_is_seen() {
    let broken = [
        json!({"archive_id": "0", "location_id": "0", "folder": "/"}),
        json!({"archive_id": "0".repeat(32), "location_id": "0".repeat(32)}),
        json!({"archive_id": "0".repeat(32), "location_id": "0".repeat(32), "folder": 7}),
        json!({"archive_id": "0".repeat(32), "location_id": "0".repeat(32), "folder": "/", "surprise": 1}),
    ];
    for document in broken {
        let mut faults = Vec::new();
        compare("", &document, &init(), &[], &mut faults);
        assert_eq!(
            faults.len(),
            if document["archive_id"] == "0" { 2 } else { 1 },
            "{document}: {faults:?}"
        );
    }
}
