//! The sample homes as the tests look at them: on disk, through the same programs as everybody.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use offsync_app::{App, AppOptions, KeystoreKind, make_samples};

use crate::desktop::Desktop;

/// The photo that Pep has taken and not sent yet, when the sample homes are new.
pub(crate) const NEW_PHOTO: &str = "2025/Birthday/IMG_0021.jpg";

/// Makes the sample homes where the desktop app looks for them.
pub(crate) fn make(desktop: &Desktop) {
    let options = AppOptions {
        config_dir: Some(computer(desktop, "Pep")),
        keystore: KeystoreKind::Plain,
    };
    let app = App::new(&options).expect("a folder for settings was named");
    make_samples(&app, &desktop.samples()).unwrap_or_else(|error| panic!("{} {}", error.message, error.hint));
}

/// Gives where somebody's copy lies.
pub(crate) fn copy(desktop: &Desktop, who: &str) -> PathBuf {
    desktop.samples().join(format!("{who}'s drive")).join("Family photos")
}

/// Syncs somebody's copy on their own computer, with the command line.
pub(crate) fn sync(desktop: &Desktop, who: &str) {
    let mut command = Command::new(offsync_tests::program("offsync"));
    command.arg("sync").arg(copy(desktop, who));
    desktop
        .furnish(&mut command)
        .env("OFFSYNC_CONFIG_DIR", computer(desktop, who));
    let told = command.output().expect("offsync can be started");
    assert!(
        told.status.success(),
        "{who} could not sync: {}",
        String::from_utf8_lossy(&told.stderr)
    );
}

/// Checks that the new photo lies in somebody's copy as it does in Pep's, or that it does not yet.
pub(crate) fn has_the_new_photo(desktop: &Desktop, who: &str) -> bool {
    let read = |who: &str| fs::read(copy(desktop, who).join(NEW_PHOTO));
    let taken = read("Pep").expect("Pep has the photo that he took");
    match read(who) {
        Ok(arrived) => {
            assert!(arrived == taken, "the photo arrived at {who}'s, but it is another one");
            true
        }
        Err(_) => false,
    }
}

fn computer(desktop: &Desktop, who: &str) -> PathBuf {
    Path::new(&desktop.samples()).join(format!("{who}'s computer"))
}
