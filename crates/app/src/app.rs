//! The application: this computer's settings, keys and archives.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use offsync_adapters::cloud::Traffic;
use offsync_adapters::witness::FileWitness;
use offsync_core::ports::Secrets;
use offsync_engine::Silence;

use crate::archives::Archives;
use crate::browser::Browser;
use crate::events::EventSink;
use crate::failure::{AppError, Result};
use crate::keystore::{KeyBundle, KeystoreKind};

/// How the application is started.
#[derive(Clone, Debug, Default)]
pub struct AppOptions {
    /// Where settings live; `None` for the platform's folder. Two folders are two computers.
    pub config_dir: Option<PathBuf>,
    /// Where keys live.
    pub keystore: KeystoreKind,
}

/// One computer's Offsync.
pub struct App {
    config_dir: PathBuf,
    secrets: Arc<dyn Secrets>,
    sink: EventSink,
    cancel: Arc<AtomicBool>,
    traffic: Arc<Traffic>,
    silence: Silence,
    browser: Option<Arc<dyn Browser>>,
}

impl App {
    /// Starts the application; touches nothing yet.
    pub fn new(options: &AppOptions) -> std::result::Result<Self, AppError> {
        let config_dir = match &options.config_dir {
            Some(folder) => folder.clone(),
            None => default_config_dir()?,
        };
        let secrets = Arc::from(options.keystore.open(&config_dir));
        let cancel = Arc::new(AtomicBool::new(false));
        Ok(Self {
            config_dir,
            secrets,
            sink: Arc::new(|_| {}),
            traffic: Arc::new(Traffic::stopped_by(cancel.clone())),
            cancel,
            silence: Silence::SetAside,
            browser: None,
        })
    }

    /// Sends all events to `sink` from now on.
    #[must_use]
    pub fn with_events(mut self, sink: EventSink) -> Self {
        self.sink = sink;
        self
    }

    /// Lets silent homes count until a person was asked, from now on; without that they are set aside after the archive's time.
    #[must_use]
    pub fn asking_about_silent_homes(mut self) -> Self {
        self.silence = Silence::Ask;
        self
    }

    /// Leads people to services through this browser, from now on.
    #[must_use]
    pub fn with_browser(mut self, browser: Arc<dyn Browser>) -> Self {
        self.browser = Some(browser);
        self
    }

    pub(crate) fn browser(&self) -> Option<&dyn Browser> {
        self.browser.as_deref()
    }

    /// Gives the switch that stops what runs at the next safe point.
    pub fn cancel_switch(&self) -> Arc<AtomicBool> {
        self.cancel.clone()
    }

    pub(crate) fn sink(&self) -> &EventSink {
        &self.sink
    }

    pub(crate) fn cancel(&self) -> &AtomicBool {
        &self.cancel
    }

    /// Gives the line to all accounts, as it was when it was last used.
    pub(crate) fn line(&self) -> &Arc<Traffic> {
        &self.traffic
    }

    pub(crate) fn silence(&self) -> Silence {
        self.silence
    }

    pub(crate) fn config_dir(&self) -> &Path {
        &self.config_dir
    }

    pub(crate) fn secrets(&self) -> &dyn Secrets {
        self.secrets.as_ref()
    }

    /// Gives the keystore to whoever outlives this call.
    pub(crate) fn shared_secrets(&self) -> Arc<dyn Secrets> {
        self.secrets.clone()
    }

    /// Keeps the keys of a location.
    pub(crate) fn keep_keys(&self, bundle: &KeyBundle, name: &str) -> Result<()> {
        self.make_config_dir()?;
        bundle.keep(self.secrets(), name)
    }

    /// Makes the folder of this computer's settings, for its owner alone.
    pub(crate) fn make_config_dir(&self) -> Result<()> {
        make_private_folder(&self.config_dir).map_err(|error| {
            AppError::failed(
                "settings",
                format!(
                    "Offsync's settings folder {} cannot be made: {error}.",
                    self.config_dir.display()
                ),
                "Name another one with --config-dir or OFFSYNC_CONFIG_DIR.",
            )
        })
    }

    pub(crate) fn archives(&self) -> Result<Archives> {
        Archives::load(&self.config_dir)
    }

    pub(crate) fn witness(&self) -> FileWitness {
        FileWitness::new(self.config_dir.join("drives"))
    }

    /// Gives the folders of all archives that this computer knows.
    pub fn known_folders(&self) -> std::result::Result<Vec<PathBuf>, AppError> {
        Ok(self.archives()?.all.into_iter().map(|archive| archive.folder).collect())
    }
}

fn make_private_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn default_config_dir() -> Result<PathBuf> {
    let dirs = directories::ProjectDirs::from("", "", "offsync");
    dirs.map(|dirs| dirs.config_dir().to_path_buf()).ok_or_else(|| {
        AppError::failed(
            "settings",
            "Offsync found no folder for its settings: there is no home folder.",
            "Name one with --config-dir or OFFSYNC_CONFIG_DIR.",
        )
    })
}
