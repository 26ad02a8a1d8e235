//! Sample homes: three folders and a folder mailbox, made on the spot, to try the window with.

use std::fs;
use std::path::{Path, PathBuf};

use crate::app::{App, AppOptions};
use crate::copy::CopyRequest;
use crate::failure::{AppError, Result};
use crate::init::InitRequest;
use crate::join::JoinRequest;
use crate::keystore::KeystoreKind;
use crate::photos::landscape;
use crate::sync::SyncRequest;

/// Says that a folder holds sample homes; only what stands beside it is ever removed.
const MARK: &str = "Offsync sample homes.txt";
const MARK_SAYS: &str = "The folders beside this file are Offsync's sample homes. \
Remove them in Offsync's window, or delete this whole folder: nothing else needs them.\n";
const MAILBOX: &str = "Mailbox";
const PHOTOS: &str = "Family photos";
/// Whose home this computer plays.
const HOST: &str = "Pep";
/// Whose homes are only acted out.
const GUESTS: [&str; 2] = ["Anna", "Grandma"];

/// Makes sample homes below `base` with this computer as Pep's; gives the folder of Pep's copy.
///
/// Afterwards Anna has everything, Grandma has her drive and has not synced yet, and Pep has one new photo to send.
pub fn make_samples(app: &App, base: &Path) -> std::result::Result<PathBuf, AppError> {
    if let Some(taken) = parts(base).into_iter().find(|part| part.exists()) {
        return Err(AppError::failed(
            "samples_exist",
            format!("The sample homes need a place that is taken: '{}'.", taken.display()),
            "Open them in the window, or remove that folder to begin again.",
        ));
    }
    make_folder(base)?;
    let mark = base.join(MARK);
    fs::write(&mark, MARK_SAYS).map_err(|error| trouble(&mark, &error))?;
    let photos = copy_of(base, HOST);
    let mailbox = base.join(MAILBOX);
    make_folder(&mailbox)?;
    for number in 0..9 {
        let folder = ["2024/Summer", "2025/Pyrenees", "2025/Birthday"][number as usize / 3];
        paint(&photos.join(folder), number)?;
    }
    app.init(&InitRequest {
        folder: photos.clone(),
        name: PHOTOS.into(),
        label: format!("{HOST}’s home"),
        person: Some(HOST.into()),
        mailbox: offsync_adapters::mailbox::MailboxUrl::Folder(mailbox).to_string(),
        ..InitRequest::default()
    })?;
    sync(app, &photos)?;
    for who in GUESTS {
        give_a_copy(app, base, who)?;
    }
    let (anna, annas) = (computer_of(base, GUESTS[0])?, copy_of(base, GUESTS[0]));
    sync(&anna, &annas)?;
    sync(app, &photos)?;
    paint(&photos.join("2025/Birthday"), 20)?;
    sync(app, &photos)?;
    let renamed = photos.join("2024/Summer at the sea");
    fs::rename(photos.join("2024/Summer"), &renamed).map_err(|error| trouble(&renamed, &error))?;
    sync(app, &photos)?;
    sync(&anna, &annas)?;
    sync(app, &photos)?;
    paint(&photos.join("2025/Birthday"), 21)?;
    Ok(photos)
}

/// Acts out that somebody plugs their drive in and syncs: the sample home with this location id.
pub fn plug_in_sample(base: &Path, location_id: &str) -> std::result::Result<(), AppError> {
    for who in GUESTS {
        let computer = computer_of(base, who)?;
        let archives = computer.archives()?.all;
        if let Some(copy) = archives.into_iter().find(|copy| copy.location_id == location_id) {
            return sync(&computer, &copy.folder);
        }
    }
    Err(AppError::failed(
        "no_such_sample",
        "That is not one of the sample homes.",
        "Close the window and open it again.",
    ))
}

/// Tells whether sample homes were made below `base`, be it only in part.
pub fn are_samples(base: &Path) -> bool {
    base.join(MARK).is_file()
}

/// Removes the sample homes below `base`, and nothing else that lies there.
///
/// Without their mark nothing is removed.
pub fn remove_samples(base: &Path) -> std::result::Result<(), AppError> {
    if !are_samples(base) {
        return Err(AppError::failed(
            "no_samples",
            format!("There are no sample homes in '{}'.", base.display()),
            "Nothing needs to be done.",
        ));
    }
    for part in parts(base) {
        match fs::remove_dir_all(&part) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(trouble(&part, &error)),
            _ => {}
        }
    }
    // A drive's folder and the place of all of them go only if nobody put anything else there.
    for who in everybody() {
        let _ = fs::remove_dir(drive_of(base, who));
    }
    // The mark last: what is left of an attempt that was cut off can be removed again.
    let mark = base.join(MARK);
    fs::remove_file(&mark).map_err(|error| trouble(&mark, &error))?;
    let _ = fs::remove_dir(base);
    Ok(())
}

fn everybody() -> impl Iterator<Item = &'static str> {
    std::iter::once(HOST).chain(GUESTS)
}

/// Everything that sample homes are made of: computers first, so that half a removal leaves no home that is known.
fn parts(base: &Path) -> Vec<PathBuf> {
    let computers = everybody().map(|who| base.join(format!("{who}'s computer")));
    let copies = everybody().map(|who| copy_of(base, who));
    computers.chain(copies).chain([base.join(MAILBOX)]).collect()
}

fn drive_of(base: &Path, who: &str) -> PathBuf {
    base.join(format!("{who}'s drive"))
}

fn copy_of(base: &Path, who: &str) -> PathBuf {
    drive_of(base, who).join(PHOTOS)
}

fn computer_of(base: &Path, who: &str) -> Result<App> {
    App::new(&AppOptions {
        config_dir: Some(base.join(format!("{who}'s computer"))),
        keystore: KeystoreKind::Plain,
    })
}

/// Puts a copy onto somebody's drive and lets their computer know it; what they have is said once they sync.
fn give_a_copy(app: &App, base: &Path, who: &str) -> Result<()> {
    make_folder(&drive_of(base, who))?;
    let to = copy_of(base, who);
    let copied = app.copy(&CopyRequest {
        folder: copy_of(base, HOST),
        to: to.clone(),
        label: format!("{who}’s home"),
        person: who.to_owned(),
        account: None,
    })?;
    computer_of(base, who)?.join(&JoinRequest {
        folder: to,
        phrase: Some(copied.phrase),
        ..JoinRequest::default()
    })?;
    Ok(())
}

fn sync(app: &App, folder: &Path) -> Result<()> {
    let request = SyncRequest {
        folders: vec![folder.to_path_buf()],
        ..SyncRequest::default()
    };
    let mut reports = app.sync(&request)?;
    match reports.pop().and_then(|report| report.failure) {
        Some(failure) => Err(failure),
        None => Ok(()),
    }
}

fn paint(folder: &Path, number: u64) -> Result<()> {
    make_folder(folder)?;
    let path = folder.join(format!("IMG_{number:04}.jpg"));
    fs::write(&path, landscape(number)?).map_err(|error| trouble(&path, &error))
}

fn make_folder(path: &Path) -> Result<()> {
    fs::create_dir_all(path).map_err(|error| trouble(path, &error))
}

fn trouble(path: &Path, error: &std::io::Error) -> AppError {
    AppError::failed(
        "samples",
        format!("'{}' could not be used: {error}.", path.display()),
        "Make room and try again.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::{ArchiveStatus, LocationState};

    struct Street {
        place: tempfile::TempDir,
        pep: App,
        photos: PathBuf,
    }

    fn street() -> Street {
        let place = tempfile::tempdir().expect("there is a place for temporary files");
        let base = place.path().join("samples");
        let pep = computer_of(&base, HOST).expect("a folder was named");
        let photos = make_samples(&pep, &base).expect("there is room for them");
        Street { place, pep, photos }
    }

    impl Street {
        fn base(&self) -> PathBuf {
            self.place.path().join("samples")
        }

        fn status(&self) -> ArchiveStatus {
            let mut all = self.pep.status(&[]).expect("it can be read");
            all.pop().expect("there is one archive")
        }

        fn plug_in(&self, who: &str) {
            let status = self.status();
            let home = status.locations.iter().find(|home| home.person == who);
            let id = &home.expect("they have a home").location_id;
            plug_in_sample(&self.base(), id).expect("it syncs");
        }

        /// What lies in the mailbox besides what stays there.
        fn waiting(&self) -> Vec<String> {
            let folders = fs::read_dir(self.base().join(MAILBOX)).expect("it is there");
            let folders = folders.map(|folder| folder.expect("it can be listed").path());
            let names = folders.flat_map(|folder| fs::read_dir(folder).expect("it can be listed"));
            let names = names.map(|name| {
                name.expect("it can be listed")
                    .file_name()
                    .to_string_lossy()
                    .into_owned()
            });
            names
                .filter(|name| !name.starts_with("head.") && !name.starts_with("people."))
                .collect()
        }
    }

    #[test]
    fn nobody_was_seen_who_has_not_synced() {
        let status = street().status();
        let grandma = status.locations.iter().find(|home| home.person == "Grandma");
        let grandma = grandma.expect("she has a home");
        assert_eq!((grandma.state, &grandma.last_seen), (LocationState::Invited, &None));
        assert_eq!(grandma.behind.changesets, 2);
        let anna = status.locations.iter().find(|home| home.person == "Anna");
        assert_eq!(anna.map(|anna| anna.state), Some(LocationState::UpToDate));
    }

    #[test]
    fn the_mailbox_empties_once_everybody_plugged_in() {
        let street = street();
        sync(&street.pep, &street.photos).expect("it syncs");
        street.plug_in("Anna");
        assert!(!street.waiting().is_empty(), "Grandma has not been here");
        street.plug_in("Grandma");
        assert_eq!(street.waiting(), Vec::<String>::new());
        let homes = street.status().locations;
        assert!(homes.iter().all(|home| home.state == LocationState::UpToDate));
        assert!(plug_in_sample(&street.base(), "nobody").is_err());
    }

    #[test]
    fn only_what_was_made_is_removed() {
        let street = street();
        let own = street.base().join("Pep's drive").join("Own notes.txt");
        fs::write(&own, "mine").expect("a file can be written");
        remove_samples(&street.base()).expect("they are marked");
        let left = fs::read_dir(street.base()).expect("it is still there").count();
        assert!(own.is_file() && left == 1, "{left}");
        assert!(street.pep.known_folders().expect("it can be read").is_empty());
        assert!(remove_samples(&street.base()).is_err(), "the mark is gone");
    }

    #[test]
    fn a_place_that_is_taken_is_never_used() {
        let place = tempfile::tempdir().expect("there is a place for temporary files");
        let mailbox = place.path().join(MAILBOX);
        make_folder(&mailbox).expect("a folder can be made");
        let pep = computer_of(place.path(), HOST).expect("a folder was named");
        assert!(make_samples(&pep, place.path()).is_err());
        assert!(remove_samples(place.path()).is_err() && mailbox.is_dir());
    }
}
