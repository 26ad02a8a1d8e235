//! What the environment asks of the desktop app: the same variables as the command line's, and where sample homes lie.

use std::path::{Path, PathBuf};

use offsync_app::{AppOptions, KeystoreKind};
use zeroize::Zeroizing;

/// How the app is started. It may hold a passphrase, so it is never printed.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) config_dir: Option<PathBuf>,
    pub(crate) keystore: KeystoreKind,
    pub(crate) samples_dir: PathBuf,
}

impl Settings {
    /// Reads `OFFSYNC_CONFIG_DIR`, `OFFSYNC_KEYSTORE`, `OFFSYNC_PASSPHRASE` and `OFFSYNC_SAMPLES_DIR`.
    pub(crate) fn from_environment(data_dir: Option<PathBuf>) -> Result<Self, String> {
        Self::read(|name| std::env::var(name).ok(), data_dir)
    }

    fn read(variable: impl Fn(&str) -> Option<String>, data_dir: Option<PathBuf>) -> Result<Self, String> {
        let folder = |name| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let keystore = match variable("OFFSYNC_KEYSTORE").unwrap_or_default().as_str() {
            "" | "os" => KeystoreKind::Os,
            "plain" => KeystoreKind::Plain,
            "file" => {
                let passphrase = variable("OFFSYNC_PASSPHRASE").ok_or(
                    "OFFSYNC_KEYSTORE=file needs a passphrase, and the window has no place to ask: set OFFSYNC_PASSPHRASE.",
                )?;
                KeystoreKind::File(Zeroizing::new(passphrase.into_bytes()))
            }
            other => return Err(format!("OFFSYNC_KEYSTORE is '{other}'; it can be os, file or plain.")),
        };
        let samples_dir = folder("OFFSYNC_SAMPLES_DIR")
            .or_else(|| data_dir.map(|data| data.join("Sample homes")))
            .ok_or("There is no home folder, so there is no place for Offsync's data; set HOME.")?;
        Ok(Self {
            config_dir: folder("OFFSYNC_CONFIG_DIR"),
            keystore,
            samples_dir,
        })
    }

    /// Gives how this computer's own archives are run.
    pub(crate) fn own(&self) -> AppOptions {
        AppOptions {
            config_dir: self.config_dir.clone(),
            keystore: self.keystore.clone(),
        }
    }

    /// Gives how the sample homes are run: as a computer of their own, beside Anna's and Grandma's.
    ///
    /// Their keys always lie in a plain file: they guard made-up pictures, trying Offsync out must
    /// work where there is no keyring, and whoever removes the folder removes everything of them.
    pub(crate) fn samples(&self) -> AppOptions {
        AppOptions {
            config_dir: Some(samples_computer(&self.samples_dir)),
            keystore: KeystoreKind::Plain,
        }
    }
}

fn samples_computer(samples_dir: &Path) -> PathBuf {
    samples_dir.join("Pep's computer")
}

/// Suggests what to call a person, by the name that they are logged in with; nothing for an administrator.
pub(crate) fn person(login: Option<String>) -> String {
    let login = login.unwrap_or_default();
    let is_nobody = ["root", "administrator", "admin", "user"].contains(&login.to_lowercase().as_str());
    let mut letters = login.chars();
    match letters.next() {
        Some(first) if !is_nobody => first.to_uppercase().chain(letters).collect(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)], data_dir: Option<&str>) -> Result<Settings, String> {
        let variable = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        Settings::read(variable, data_dir.map(PathBuf::from))
    }

    #[test]
    fn without_variables_the_platform_decides() {
        let settings = read(&[], Some("/data")).expect("that is enough");
        assert_eq!(settings.config_dir, None);
        assert_eq!(settings.keystore, KeystoreKind::Os);
        assert_eq!(settings.samples_dir, Path::new("/data/Sample homes"));
    }

    #[test]
    fn variables_win_and_empty_ones_do_not() {
        let variables = [
            ("OFFSYNC_CONFIG_DIR", "/config"),
            ("OFFSYNC_SAMPLES_DIR", ""),
            ("OFFSYNC_KEYSTORE", "plain"),
        ];
        let settings = read(&variables, Some("/data")).expect("they are fine");
        assert_eq!(settings.own().config_dir.as_deref(), Some(Path::new("/config")));
        assert_eq!(settings.own().keystore, KeystoreKind::Plain);
        assert_eq!(settings.samples_dir, Path::new("/data/Sample homes"));
    }

    #[test]
    fn sample_homes_need_no_keyring_and_lie_in_one_folder() {
        let samples = read(&[], Some("/data")).expect("that is enough").samples();
        assert_eq!(samples.keystore, KeystoreKind::Plain);
        let config_dir = samples.config_dir.expect("it is named");
        assert!(config_dir.starts_with("/data/Sample homes"));
    }

    #[test]
    fn a_wrong_keystore_is_said_and_so_is_a_missing_passphrase() {
        let wrong = read(&[("OFFSYNC_KEYSTORE", "vault")], Some("/data"));
        assert_eq!(
            wrong.err().as_deref(),
            Some("OFFSYNC_KEYSTORE is 'vault'; it can be os, file or plain.")
        );
        assert!(read(&[("OFFSYNC_KEYSTORE", "file")], Some("/data")).is_err());
        assert!(read(&[], None).is_err());
    }

    #[test]
    fn people_are_called_by_their_login_with_a_capital() {
        assert_eq!(person(Some("èlia".into())), "Èlia");
        assert_eq!(person(Some("root".into())), "");
        assert_eq!(person(None), "");
    }
}
