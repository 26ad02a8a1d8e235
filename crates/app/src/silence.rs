//! What a person says of a home that has not come for long: nothing is to wait for it for now, or all is to wait still.

use std::path::Path;

use offsync_core::format::Membership;
use offsync_engine::Silent;

use crate::app::App;
use crate::failure::{AppError, Result};
use crate::members::{find_other, view_of};
use crate::opened::Opened;
use crate::view::LocationView;

impl App {
    /// Lets nothing wait for a location that a person was asked about, until it syncs again; `said` is its label, its id or
    /// a unique beginning of one.
    ///
    /// Refused where it came meanwhile: whoever answered did not know that.
    pub fn stop_waiting(&self, folder: &Path, said: &str) -> std::result::Result<LocationView, AppError> {
        let mut archive = self.open_archive(folder)?;
        let (location, person) = find_other(&mut archive, said, Membership::Parked)?;
        let options = archive.options();
        let silent = archive.with_engine(&Silent, |engine| engine.silent(&options));
        let silent = silent.and_then(|silent| reached(&mut archive, silent))?;
        if !silent.iter().any(|home| home.location == location) {
            return Err(AppError::failed(
                "not_silent",
                format!(
                    "'{}' came meanwhile, or somebody else answered. Nothing was changed.",
                    person.label
                ),
                "Look again.",
            ));
        }
        archive.with_engine(&Silent, |engine| engine.set_membership(location, Membership::Parked))?;
        view_of(&mut archive, location)
    }

    /// Lets all go on waiting for a silent location: it is asked about, or set aside, only after as long a silence again.
    pub fn keep_waiting(&self, folder: &Path, said: &str) -> std::result::Result<LocationView, AppError> {
        let mut archive = self.open_archive(folder)?;
        let (location, person) = find_other(&mut archive, said, Membership::Counts)?;
        let aside = archive.with_engine(&Silent, |engine| engine.set_aside())?;
        if aside.contains_key(&location) {
            return Err(AppError::failed(
                "set_aside",
                format!(
                    "'{}' was parked or taken out of the archive: nothing waits for it.",
                    person.label
                ),
                "Bring it back first with `offsync location unpark`.",
            ));
        }
        archive.with_engine(&Silent, |engine| engine.keep_waiting(location))?;
        view_of(&mut archive, location)
    }
}

/// Refuses where the mailbox could not be asked who came.
fn reached<T>(archive: &mut Opened, found: T) -> Result<T> {
    match archive.mailbox_trouble.take() {
        Some(trouble) => Err(archive.explained(trouble.into())),
        None => Ok(found),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use tempfile::TempDir;

    use super::*;
    use crate::app::AppOptions;
    use crate::keystore::KeystoreKind;
    use crate::reports::SyncReport;
    use crate::samples::make_samples;
    use crate::sync::SyncRequest;
    use crate::view::{ArchiveStatus, LocationState};

    /// Pep's computer, with an archive that Anna has a copy of, and Grandma never came for.
    struct World {
        place: TempDir,
        folder: PathBuf,
    }

    impl World {
        fn new() -> Self {
            let place = tempfile::tempdir().expect("there is a place for temporary files");
            let made = make_samples(&pep(&place), &place.path().join("samples")).expect("there is room for them");
            let world = Self { folder: made, place };
            world.sync(&pep(&world.place));
            // No time is too short for somebody to have been silent.
            let marker = world.folder.join(".offsync").join("location.toml");
            let text = std::fs::read_to_string(&marker).expect("a marker");
            let none = text.replace("park_after_days = 180", "park_after_days = 0");
            assert_ne!(none, text);
            std::fs::write(&marker, none).expect("there is room for it");
            world
        }

        fn unasked(&self) -> App {
            pep(&self.place)
        }

        fn asking(&self) -> App {
            pep(&self.place).asking_about_silent_homes()
        }

        fn sync(&self, app: &App) -> SyncReport {
            let request = SyncRequest {
                folders: vec![self.folder.clone()],
                ..SyncRequest::default()
            };
            let report = app.sync(&request).expect("it is known").remove(0);
            assert_eq!(report.failure.as_ref().map(|failure| &failure.message), None);
            report
        }

        fn status(&self, app: &App) -> ArchiveStatus {
            let mut all = app.status(std::slice::from_ref(&self.folder)).expect("it is known");
            all.remove(0)
        }

        fn state(&self, app: &App, label: &str) -> LocationState {
            let locations = self.status(app).locations;
            let found = locations.iter().find(|one| one.label == label);
            found.expect("it is known").state
        }
    }

    fn pep(place: &TempDir) -> App {
        let options = AppOptions {
            config_dir: Some(place.path().join("config")),
            keystore: KeystoreKind::Plain,
        };
        App::new(&options).expect("a folder was named")
    }

    fn asked(status: &ArchiveStatus) -> Vec<(&str, bool)> {
        let mut asked: Vec<_> = status
            .silent
            .iter()
            .map(|home| (home.label.as_str(), home.has_come))
            .collect();
        asked.sort_unstable();
        asked
    }

    const ANNA: &str = "Anna’s home";
    const GRANDMA: &str = "Grandma’s home";

    #[test]
    fn an_app_that_asks_sets_nobody_aside_before_an_answer() {
        let world = World::new();
        let app = world.asking();
        assert!(world.sync(&app).set_aside.is_empty());
        let status = world.status(&app);
        assert_eq!(asked(&status), [(ANNA, true), (GRANDMA, false)]);
        assert_eq!(world.state(&app, GRANDMA), LocationState::Invited);
        assert!(status.silent.iter().all(|home| home.days == 0));

        let parked = app.stop_waiting(&world.folder, &status.silent[0].location_id);
        assert_eq!(parked.expect("it is silent").state, LocationState::Parked);
        // Nobody else would hold what waits for the other one.
        assert_eq!(asked(&world.status(&app)), []);
        assert!(world.sync(&app).set_aside.is_empty());
    }

    #[test]
    fn who_is_not_asked_about_any_more_is_not_set_aside_by_a_late_answer() {
        let world = World::new();
        let app = world.asking();
        app.stop_waiting(&world.folder, GRANDMA).expect("it is silent");
        let late = app
            .stop_waiting(&world.folder, ANNA)
            .expect_err("nobody else would hold it");
        assert_eq!(late.code, "not_silent");
        assert_eq!(world.state(&app, ANNA), LocationState::Behind);
        // What a person parked is not waited for by a word that the time goes on.
        let aside = app.keep_waiting(&world.folder, GRANDMA).expect_err("it was parked");
        assert_eq!(aside.code, "set_aside");
        app.keep_waiting(&world.folder, ANNA).expect("it counts");
    }

    #[test]
    fn without_the_mailbox_nobody_is_asked_about_and_nobody_set_aside() {
        let world = World::new();
        let app = world.asking();
        let mailbox = world.place.path().join("samples").join("Mailbox");
        assert!(mailbox.is_dir(), "{mailbox:?}");
        std::fs::rename(&mailbox, mailbox.with_extension("away")).expect("it can go");
        assert_eq!(asked(&world.status(&app)), []);
        let refused = app.stop_waiting(&world.folder, GRANDMA).expect_err("nobody can tell");
        assert_eq!(refused.code, "mailbox_away");
        let keeps = app.keep_waiting(&world.folder, GRANDMA);
        assert!(keeps.is_ok(), "that is nobody else's matter");
    }

    #[test]
    fn an_app_that_does_not_ask_sets_silent_homes_aside_and_says_so_once() {
        let world = World::new();
        let app = world.unasked();
        let aside: Vec<_> = world.sync(&app).set_aside.into_iter().map(|home| home.label).collect();
        assert_eq!(
            aside,
            [GRANDMA],
            "Anna was heard last: without her there is nobody to send to"
        );
        assert!(world.sync(&app).set_aside.is_empty(), "once");
        assert_eq!(asked(&world.status(&app)), []);
        assert_eq!(world.state(&app, GRANDMA), LocationState::Parked);
        // What was done is not undone by a program that asks.
        assert_eq!(asked(&world.status(&world.asking())), []);
        assert_eq!(world.state(&world.asking(), GRANDMA), LocationState::Parked);
    }
}
