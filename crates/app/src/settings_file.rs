//! Settings in files: read whole, written whole, one program after the other.

use std::fs;
use std::io::Write;
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::failure::{AppError, Result};

/// Reads what a file says; nothing is said where there is none.
pub(crate) fn load<T: DeserializeOwned + Default>(path: &Path) -> Result<T> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(T::default()),
        Err(error) => return Err(unusable(path, &error.to_string())),
    };
    toml::from_str(&text).map_err(|error| unusable(path, error.message()))
}

/// Changes what a file says; two programs that change it at once do so one after the other.
pub(crate) fn change<T>(path: &Path, change: impl FnOnce(&mut T)) -> Result<()>
where
    T: Serialize + DeserializeOwned + Default + Clone + PartialEq,
{
    let wrong = |error: std::io::Error| unwritten(path, &error);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(wrong)?;
    }
    let turn = fs::File::create(path.with_extension("lock")).map_err(wrong)?;
    turn.lock().map_err(wrong)?;
    let before: T = load(path)?;
    let mut after = before.clone();
    change(&mut after);
    if after == before {
        return Ok(());
    }
    let text = toml::to_string(&after).map_err(|error| unusable(path, &error.to_string()))?;
    let unfinished = path.with_extension("new");
    let written = fs::File::create(&unfinished)
        .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&unfinished, path));
    written.map_err(wrong)
}

/// Says that the settings stay as they were: what cannot be written is no reason to remove them.
fn unwritten(path: &Path, error: &std::io::Error) -> AppError {
    use std::io::ErrorKind::{QuotaExceeded, StorageFull};
    let hint = match error.kind() {
        StorageFull | QuotaExceeded => "Make room where they lie, and try again.",
        _ => "Check that their folder can be written, and try again.",
    };
    let message = format!(
        "Offsync's settings at '{}' could not be written: {error}.",
        path.display()
    );
    AppError::failed("settings", message, hint)
}

fn unusable(path: &Path, why: &str) -> AppError {
    AppError::failed(
        "settings",
        format!("Offsync's settings at '{}' cannot be used: {why}.", path.display()),
        "Mend or remove that file; your archives and their drives are not touched by it.",
    )
}
