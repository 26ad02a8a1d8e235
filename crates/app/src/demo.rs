//! The demo: Pep's story with three homes on this machine, on real files, checked at each step.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use offsync_engine::size;

use crate::app::{App, AppOptions};
use crate::copy::CopyRequest;
use crate::failure::{AppError, Result};
use crate::init::InitRequest;
use crate::join::JoinRequest;
use crate::keystore::KeystoreKind;
use crate::narration::{Narrator, Tone};
use crate::photos::landscape;
use crate::reports::SyncReport;
use crate::sync::SyncRequest;

/// One home of the story: a computer and a drive.
struct Home {
    who: &'static str,
    app: App,
    drive: PathBuf,
}

impl Home {
    fn new(base: &Path, who: &'static str) -> Result<Self> {
        let config_dir = base.join("computers").join(who);
        let app = App::new(&AppOptions {
            config_dir: Some(config_dir),
            keystore: KeystoreKind::Plain,
        })?;
        let drive = base.join("drives").join(who);
        make_folder(&drive)?;
        Ok(Self {
            who,
            app,
            drive: drive.join("Photos"),
        })
    }

    fn sync(&self, yes: bool) -> Result<SyncReport> {
        let request = SyncRequest {
            folders: vec![self.drive.clone()],
            yes,
            ..SyncRequest::default()
        };
        let report = self
            .app
            .sync(&request)?
            .pop()
            .ok_or_else(|| broken("a sync gave no report"))?;
        match report.failure {
            Some(failure) => Err(failure),
            None => Ok(report),
        }
    }

    fn write(&self, path: &str, bytes: &[u8]) -> Result<()> {
        let file = self.drive.join(path);
        if let Some(folder) = file.parent() {
            make_folder(folder)?;
        }
        fs::write(&file, bytes).map_err(|error| trouble(&file, &error))
    }
}

/// Plays the whole story below `base`, which must be empty.
pub fn play(base: &Path, narrator: &mut dyn Narrator) -> std::result::Result<(), AppError> {
    let [pep, grandma, anna] = ["pep", "grandma", "anna"].map(|who| Home::new(base, who));
    let (pep, grandma, anna) = (pep?, grandma?, anna?);
    let mailbox = base.join("mailbox");
    begin(&pep, &mailbox, narrator)?;
    for (home, label) in [(&grandma, "Grandma's home"), (&anna, "Anna's home")] {
        give_copy(&pep, home, label, narrator)?;
    }
    for home in [&pep, &grandma, &anna] {
        home.sync(false)?;
    }
    check_equal(&[&pep, &grandma, &anna], narrator)?;
    two_weeks(&pep, narrator)?;
    let waiting = waiting_bytes(&mailbox)?;
    narrator.say(
        Tone::Figure,
        &format!("The mailbox holds {} for Anna and Grandma.", size(waiting)),
    );
    catch_up(&pep, &anna, "Anna", narrator)?;
    let waiting = waiting_bytes(&mailbox)?;
    if waiting == 0 {
        return Err(broken("the mailbox forgot Grandma"));
    }
    narrator.say(
        Tone::Proof,
        &format!("Grandma was away: the mailbox still keeps {} for her.", size(waiting)),
    );
    catch_up(&pep, &grandma, "Grandma", narrator)?;
    expect_empty(&mailbox, narrator)?;
    conflict(&pep, &anna, &grandma, narrator)?;
    expect_empty(&mailbox, narrator)?;
    narrator.say(
        Tone::Chapter,
        "That is all. Three homes, one small mailbox, nobody ever online at the same time.",
    );
    narrator.say(
        Tone::Story,
        "To begin with your own files: offsync init --help, then offsync copy --help.",
    );
    Ok(())
}

fn begin(pep: &Home, mailbox: &Path, narrator: &mut dyn Narrator) -> Result<()> {
    narrator.say(Tone::Chapter, "Pep keeps his photos on a drive at home.");
    for number in 0..12 {
        let folder = if number < 6 { "2024/Summer" } else { "2025/Pyrenees" };
        pep.write(&format!("{folder}/IMG_{number:04}.jpg"), &landscape(number)?)?;
    }
    pep.write("Notes.txt", b"Photos of the family.\n")?;
    make_folder(mailbox)?;
    pep.app.init(&InitRequest {
        folder: pep.drive.clone(),
        name: "Family photos".into(),
        label: "Pep's home".into(),
        person: Some("Pep".into()),
        mailbox: format!("fs://{}", mailbox.display()),
        ..InitRequest::default()
    })?;
    let report = pep.sync(false)?;
    let bytes: u64 = tree(&pep.drive)?.values().map(|content| content.len() as u64).sum();
    narrator.say(
        Tone::Figure,
        &format!(
            "{} files, {}. The mailbox is a folder; it is empty.",
            report.scanned.files,
            size(bytes)
        ),
    );
    Ok(())
}

fn give_copy(pep: &Home, home: &Home, label: &str, narrator: &mut dyn Narrator) -> Result<()> {
    let person = label.trim_end_matches("'s home");
    narrator.say(Tone::Story, &format!("Pep makes a copy for {person} on another drive."));
    let copied = pep.app.copy(&CopyRequest {
        folder: pep.drive.clone(),
        to: home.drive.clone(),
        label: label.into(),
        person: person.into(),
        account: None,
    })?;
    narrator.say(
        Tone::Figure,
        &format!(
            "{} files read back and verified. Six words to tell {person}: {}",
            copied.files, copied.phrase
        ),
    );
    let joined = home.app.join(&JoinRequest {
        folder: home.drive.clone(),
        phrase: Some(copied.phrase),
        ..JoinRequest::default()
    })?;
    if joined.adopted_files != copied.files || !joined.missing_files.is_empty() {
        return Err(broken("the copy did not hold what was copied"));
    }
    narrator.say(
        Tone::Story,
        &format!("{person} plugs it in at home and types the words. Nothing is copied again."),
    );
    Ok(())
}

fn two_weeks(pep: &Home, narrator: &mut dyn Narrator) -> Result<()> {
    narrator.say(Tone::Chapter, "Two weeks go by.");
    for number in 20..24 {
        pep.write(&format!("2025/Birthday/IMG_{number:04}.jpg"), &landscape(number)?)?;
    }
    pep.write("Notes.txt", b"Photos of the family.\nThe birthday was on Sunday.\n")?;
    let report = pep.sync(false)?;
    narrator.say(
        Tone::Story,
        "In the first week Pep adds 4 photos and edits a note, and syncs.",
    );
    narrator.say(
        Tone::Figure,
        &format!(
            "Sent {} of content, {} in all.",
            size(report.posted.payload_bytes),
            size(report.posted.uploaded_bytes)
        ),
    );
    let (from, to) = (pep.drive.join("2024/Summer"), pep.drive.join("2024/Summer at the sea"));
    fs::rename(&from, &to).map_err(|error| trouble(&from, &error))?;
    let gone = pep.drive.join("2025/Pyrenees/IMG_0006.jpg");
    fs::remove_file(&gone).map_err(|error| trouble(&gone, &error))?;
    let report = pep.sync(false)?;
    narrator.say(
        Tone::Story,
        "In the second week he renames a folder of 6 photos and deletes a blurred one, and syncs.",
    );
    if report.posted.payload_bytes != 0 {
        return Err(broken("a rename sent content"));
    }
    narrator.say(
        Tone::Proof,
        &format!(
            "A rename sends no content: 0 bytes of photos, {} in all.",
            size(report.posted.uploaded_bytes)
        ),
    );
    Ok(())
}

fn catch_up(pep: &Home, home: &Home, who: &str, narrator: &mut dyn Narrator) -> Result<()> {
    narrator.say(Tone::Chapter, &format!("{who} plugs in and presses Sync now."));
    let report = home.sync(false)?;
    let applied = &report.applied;
    narrator.say(
        Tone::Figure,
        &format!(
            "Fetched {}: {} added, {} changed, {} moved, {} deleted.",
            size(report.fetched.downloaded_bytes),
            applied.created,
            applied.modified,
            applied.renamed,
            applied.deleted
        ),
    );
    check_equal(&[pep, home], narrator)
}

fn conflict(pep: &Home, anna: &Home, grandma: &Home, narrator: &mut dyn Narrator) -> Result<()> {
    narrator.say(Tone::Chapter, "Pep and Anna edit the same note, each at home.");
    pep.write("Notes.txt", b"Photos of the family.\nPep's ending.\n")?;
    anna.write("Notes.txt", b"Photos of the family.\nAnna's ending.\n")?;
    for home in [pep, anna, grandma, pep, anna, grandma] {
        home.sync(false)?;
    }
    let report = pep.sync(false)?;
    let [line] = report.conflicts.as_slice() else {
        return Err(broken("the conflict was not kept"));
    };
    for home in [pep, anna, grandma] {
        let all = tree(&home.drive)?;
        let both = [&line.path, &line.copy].map(|path| all.get(path).cloned().unwrap_or_default());
        let has = |ending: &str| {
            both.iter()
                .any(|content| String::from_utf8_lossy(content).contains(ending))
        };
        if !has("Pep's ending") || !has("Anna's ending") {
            return Err(broken("one of the two versions was lost"));
        }
    }
    narrator.say(
        Tone::Proof,
        &format!(
            "Both versions are kept in every home: '{}' and '{}'.",
            line.path, line.copy
        ),
    );
    check_equal(&[pep, anna, grandma], narrator)
}

fn check_equal(homes: &[&Home], narrator: &mut dyn Narrator) -> Result<()> {
    let first = tree(&homes[0].drive)?;
    for home in &homes[1..] {
        if tree(&home.drive)? != first {
            return Err(broken(&format!(
                "the copies of {} and {} differ",
                homes[0].who, home.who
            )));
        }
    }
    let names: Vec<String> = homes.iter().map(|home| person(home.who)).collect();
    narrator.say(
        Tone::Proof,
        &format!(
            "Compared byte by byte: {} files, the same in the homes of {}.",
            first.len(),
            names.join(", ")
        ),
    );
    Ok(())
}

fn expect_empty(mailbox: &Path, narrator: &mut dyn Narrator) -> Result<()> {
    let left = waiting_bytes(mailbox)?;
    if left != 0 {
        return Err(broken("something stayed in the mailbox that everybody has"));
    }
    narrator.say(Tone::Proof, "Everybody has everything: the mailbox is empty again.");
    Ok(())
}

/// Sums up what waits in a mailbox folder; heads and people do not wait for anybody.
fn waiting_bytes(mailbox: &Path) -> Result<u64> {
    let is_kept = |path: &String| {
        let name = path.rsplit('/').next().unwrap_or_default();
        name.starts_with("head.") || name.starts_with("people.")
    };
    let objects = tree(mailbox)?;
    Ok(objects
        .iter()
        .filter(|(path, _)| !is_kept(path))
        .map(|(_, content)| content.len() as u64)
        .sum())
}

/// Reads all files below a folder, without Offsync's own.
fn tree(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut all = BTreeMap::new();
    let mut todo = vec![folder.to_path_buf()];
    while let Some(next) = todo.pop() {
        for entry in fs::read_dir(&next).map_err(|error| trouble(&next, &error))? {
            let path = entry.map_err(|error| trouble(&next, &error))?.path();
            if path.ends_with(".offsync") {
                continue;
            }
            if path.is_dir() {
                todo.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap_or(&path).display().to_string();
                all.insert(name, fs::read(&path).map_err(|error| trouble(&path, &error))?);
            }
        }
    }
    Ok(all)
}

fn make_folder(path: &Path) -> Result<()> {
    fs::create_dir_all(path).map_err(|error| trouble(path, &error))
}

fn trouble(path: &Path, error: &std::io::Error) -> AppError {
    AppError::failed(
        "demo",
        format!("'{}' could not be used: {error}.", path.display()),
        "Choose another folder with --dir.",
    )
}

fn broken(what: &str) -> AppError {
    AppError::failed(
        "demo_failed",
        format!("The demo found a fault in Offsync: {what}."),
        "Please report it with the output above.",
    )
}

/// Gives the name of whoever has a home.
fn person(who: &str) -> String {
    let mut letters = who.chars();
    letters
        .next()
        .map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}
