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

/// Makes sample homes below `base` with this computer as Pep's; gives the folder of Pep's copy.
///
/// Afterwards Anna has everything, Grandma has been away for a while, and Pep has one new photo to send.
pub fn make_samples(app: &App, base: &Path) -> std::result::Result<PathBuf, AppError> {
    let photos = base.join("Pep's drive").join("Family photos");
    if photos.exists() {
        return Err(AppError::failed(
            "samples_exist",
            format!("The sample homes are there already, in {}.", base.display()),
            "Open them in the window, or remove that folder to begin again.",
        ));
    }
    let mailbox = base.join("Mailbox");
    make_folder(&mailbox)?;
    for number in 0..9 {
        let folder = ["2024/Summer", "2025/Pyrenees", "2025/Birthday"][number as usize / 3];
        paint(&photos.join(folder), number)?;
    }
    app.init(&InitRequest {
        folder: photos.clone(),
        name: "Family photos".into(),
        label: "Pep's home".into(),
        person: Some("Pep".into()),
        mailbox: offsync_adapters::mailbox::MailboxUrl::Folder(mailbox).to_string(),
        ..InitRequest::default()
    })?;
    sync(app, &photos)?;
    let anna = companion(app, base, &photos, "Anna")?;
    let grandma = companion(app, base, &photos, "Grandma")?;
    sync(app, &photos)?;
    sync(&grandma.0, &grandma.1)?;
    paint(&photos.join("2025/Birthday"), 20)?;
    sync(app, &photos)?;
    let renamed = photos.join("2024/Summer at the sea");
    fs::rename(photos.join("2024/Summer"), &renamed).map_err(|error| trouble(&renamed, &error))?;
    sync(app, &photos)?;
    sync(&anna.0, &anna.1)?;
    sync(app, &photos)?;
    paint(&photos.join("2025/Birthday"), 21)?;
    Ok(photos)
}

fn companion(app: &App, base: &Path, photos: &Path, who: &str) -> Result<(App, PathBuf)> {
    let config_dir = base.join(format!("{who}'s computer"));
    let other = App::new(&AppOptions {
        config_dir: Some(config_dir),
        keystore: KeystoreKind::Plain,
    })?;
    let drive = base.join(format!("{who}'s drive"));
    make_folder(&drive)?;
    let to = drive.join("Family photos");
    let copied = app.copy(&CopyRequest {
        folder: photos.to_path_buf(),
        to: to.clone(),
        label: format!("{who}'s home"),
        person: who.to_owned(),
    })?;
    other.join(&JoinRequest {
        folder: to.clone(),
        phrase: Some(copied.phrase),
        ..JoinRequest::default()
    })?;
    sync(&other, &to)?;
    Ok((other, to))
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
        format!("{} could not be used: {error}.", path.display()),
        "Make room and try again.",
    )
}
