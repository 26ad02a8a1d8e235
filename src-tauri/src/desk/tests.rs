//! The desk at work on sample homes: what it answers, and what it tells.

use std::fs;
use std::sync::OnceLock;

use offsync_app::view::{Event, LocationState, Phase};
use offsync_app::{AppOptions, ExitClass, KeystoreKind, asks_to_type};
use tempfile::TempDir;

use super::*;

/// An event, and the overview that its hearer saw.
type Told = (Event, Option<Overview>);

/// A desk in a folder of its own, with the sample homes on it, and what it told.
struct Office {
    desk: Arc<Desk>,
    told: Arc<Mutex<Vec<Told>>>,
    folder: String,
    copy: PathBuf,
    _place: TempDir,
}

fn office() -> Office {
    let place = tempfile::tempdir().expect("there is a place for temporary files");
    let settings = Settings {
        config_dir: Some(place.path().join("config")),
        keystore: KeystoreKind::Plain,
        samples_dir: place.path().join("samples"),
    };
    let told = Arc::new(Mutex::new(Vec::new()));
    let desk = Arc::new(OnceLock::<Arc<Desk>>::new());
    let (listener, looked_at) = (told.clone(), desk.clone());
    let tell: Tell = Arc::new(move |event| {
        let seen = looked_at.get().and_then(|desk| desk.shown().0);
        held(&listener).push((event, seen));
    });
    let opened = Arc::new(Desk::new(&settings, tell).expect("folders were named"));
    assert!(desk.set(opened.clone()).is_ok());
    assert!(opened.overview().expect("nothing is known yet").archives.is_empty());
    let made = opened.try_samples().expect("there is room for them");
    Office {
        desk: opened,
        told,
        folder: made.folder.clone(),
        copy: PathBuf::from(made.folder),
        _place: place,
    }
}

impl Office {
    /// Lets Anna take Pep's copy out of the archive.
    fn remove_pep(&self) {
        let (anna, folder) = self.anna();
        let pep = self.status().location_id;
        anna.remove_location(&folder, &pep).expect("anybody may say it");
        anna.sync(&SyncRequest::default()).expect("it syncs");
    }

    /// Lets Anna take it in again, and another Offsync than this desk sync it.
    fn take_pep_in(&self) {
        let (anna, folder) = self.anna();
        let pep = App::new(&self.desk.samples_settings.samples()).expect("a folder was named");
        anna.unpark_location(&folder, &self.status().location_id)
            .expect("anybody may say it");
        for _ in 0..2 {
            for app in [&anna, &pep] {
                app.sync(&SyncRequest::default()).expect("it syncs");
            }
        }
    }

    fn anna(&self) -> (App, PathBuf) {
        let samples = &self.desk.samples_settings.samples_dir;
        let options = AppOptions {
            config_dir: Some(samples.join("Anna's computer")),
            keystore: KeystoreKind::Plain,
        };
        let anna = App::new(&options).expect("a folder was named");
        let folder = anna.known_folders().expect("it is known").remove(0);
        (anna, folder)
    }

    fn status(&self) -> ArchiveStatus {
        let overview = self.desk.overview().expect("it was read before");
        overview.archives.into_iter().next().expect("there is one archive")
    }

    fn sync(&self) {
        for folder in self.desk.claim(None).expect("it was read before") {
            self.desk.sync(&folder, Deletions::Hold);
        }
    }
}

#[test]
fn sample_homes_that_were_made_are_found_again() {
    let office = office();
    let again = office.desk.try_samples().expect("they are there");
    assert_eq!(again.folder, office.folder);
    assert_eq!(again.locations.len(), 3);
    assert!(matches!(again.headline, Headline::Unsent { .. }));
}

#[test]
fn who_hears_that_a_sync_ended_sees_what_it_changed() {
    let office = office();
    office.sync();
    let told = held(&office.told);
    let mut ends = told
        .iter()
        .filter(|(event, _)| matches!(event, Event::SyncFinished { error: None, .. }));
    let (_, seen) = ends.next().expect("the end is told");
    assert!(ends.next().is_none(), "once");
    let seen = seen.as_ref().expect("something is known");
    assert!(seen.syncing.is_empty() && seen.archives[0].local_changes.entries == 0);
    let begun = told
        .iter()
        .find(|(event, _)| matches!(event, Event::SyncStarted { .. }));
    let (_, seen) = begun.expect("the beginning is told");
    assert_eq!(
        seen.as_ref().map(|seen| seen.syncing.as_slice()),
        Some([office.folder.clone()].as_slice())
    );
}

#[test]
fn the_overview_answers_while_the_engine_works() {
    let office = office();
    let _turn = held(&office.desk.turn);
    let folder = std::slice::from_ref(&office.folder);
    assert_eq!(office.desk.claim(Some(&office.folder)).expect("it is known"), folder);
    assert!(
        office.desk.claim(None).expect("it is known").is_empty(),
        "nothing is synced twice at once"
    );
    assert_eq!(office.desk.overview().expect("at once").syncing, folder);
    assert!(office.desk.is_working());
    let refused = office
        .desk
        .answer_held(&office.folder, true)
        .expect_err("an answer is not lost in silence");
    assert_eq!(refused.code, "busy");
}

#[test]
fn a_sync_that_cannot_even_begin_is_told_as_ended() {
    let office = office();
    fs::rename(&office.copy, office.copy.with_extension("away")).expect("the drive goes");
    office.sync();
    let told = held(&office.told);
    let said = told.iter().find_map(|(event, _)| match event {
        Event::SyncFinished { error, .. } => error.clone(),
        _ => None,
    });
    assert!(said.is_some_and(|said| said.contains("not plugged in")));
    drop(told);
    assert_eq!(office.status().headline, Headline::DriveAway);
    assert!(office.desk.claim(None).expect("it is known").is_empty());
}

#[test]
fn held_deletions_go_on_after_a_yes_and_end_with_a_no() {
    for (yes, sent) in [(true, 7), (false, 0)] {
        let office = office();
        office.sync();
        for path in [
            "2025/Pyrenees/IMG_0003.jpg",
            "2025/Pyrenees/IMG_0004.jpg",
            "2025/Birthday",
        ] {
            let path = office.copy.join(path);
            let gone = if path.is_dir() {
                fs::remove_dir_all(path)
            } else {
                fs::remove_file(path)
            };
            gone.expect("a person may delete");
        }
        office.sync();
        assert!(matches!(office.status().headline, Headline::Held { .. }));
        office.desk.answer_held(&office.folder, yes).expect("that is an answer");
        assert_eq!(office.status().held, None);
        let overview = office.desk.overview().expect("it was read before");
        let deleted: u64 = overview.activity[0].lines.iter().map(|line| line.summary.deleted).sum();
        assert_eq!(deleted, sent, "{:?}", office.status());
    }
}

#[test]
fn a_drive_that_comes_or_goes_is_seen_without_a_lock() {
    let office = office();
    assert!(!office.desk.sees_other_drives());
    fs::rename(&office.copy, office.copy.with_extension("away")).expect("the drive goes");
    assert!(office.desk.sees_other_drives());
    office.desk.refresh().expect("it can be read");
    assert!(!office.desk.sees_other_drives() && !office.desk.is_working());
    fs::rename(office.copy.with_extension("away"), &office.copy).expect("the drive comes");
    assert!(office.desk.sees_other_drives());
}

#[test]
fn sample_homes_are_marked_and_catch_up_when_their_drive_is_plugged_in() {
    let office = office();
    let overview = office.desk.overview().expect("it was read before");
    assert_eq!(overview.samples, std::slice::from_ref(&office.folder));
    office.sync();
    let others = |status: ArchiveStatus| status.locations.into_iter().filter(|home| !home.this);
    for home in others(office.status()) {
        assert!(home.behind.changesets > 0, "{}", home.label);
        office.desk.plug_in_sample(&home.location_id).expect("it syncs");
    }
    assert!(matches!(office.status().headline, Headline::AllSafe { homes: 3 }));
}

#[test]
fn sample_homes_that_were_removed_are_gone_and_can_be_made_again() {
    let office = office();
    office.desk.remove_samples().expect("they were made here");
    let overview = office.desk.overview().expect("nothing is left");
    assert!(overview.archives.is_empty() && overview.samples.is_empty());
    assert!(!office.copy.exists());
    office.desk.try_samples().expect("there is room again");
}

/// Loses a film in all homes: its packs in the mailbox, and Pep's drive, which is put together anew.
fn lose_a_film(office: &Office) {
    let noise = (0..75_000_u32).map(|n| n.wrapping_mul(2_654_435_761) ^ n.rotate_left(13));
    let noise: Vec<u8> = noise.flat_map(u32::to_le_bytes).collect();
    fs::write(office.copy.join("film.mov"), noise).expect("there is room");
    office.sync();
    let mailbox = office.desk.samples_settings.samples_dir.join("Mailbox");
    for object in walk(&mailbox) {
        if object.extension().is_some_and(|ending| ending == "pack") {
            fs::remove_file(object).expect("a mailbox may lose it");
        }
    }
    let sync_all = || {
        office.sync();
        for home in office.status().locations.iter().filter(|home| !home.this) {
            office.desk.plug_in_sample(&home.location_id).expect("it syncs");
        }
    };
    sync_all();
    fs::remove_file(office.copy.join("film.mov")).expect("it was written");
    fs::remove_dir_all(office.copy.join(".offsync")).expect("it is there");
    let label = office.status().label;
    let request = offsync_app::JoinRequest {
        folder: office.copy.clone(),
        as_location: Some(label),
        ..offsync_app::JoinRequest::default()
    };
    office.desk.samples.join(&request).expect("it was that location");
    (0..3).for_each(|_| sync_all());
    office.sync();
}

fn walk(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("it can be listed").flatten();
    entries
        .flat_map(|entry| {
            if entry.path().is_dir() {
                walk(&entry.path())
            } else {
                vec![entry.path()]
            }
        })
        .collect()
}

#[test]
fn lost_files_are_listed_and_only_those_that_were_shown_are_given_up() {
    let office = office();
    lose_a_film(&office);
    let status = office.status();
    assert_eq!(status.lost_files, 1, "{status:?}");
    assert!(matches!(&status.headline, Headline::Lost { files: 1, example, .. } if example == "film.mov"));
    let report = office.desk.lost(&office.folder).expect("it is here");
    let paths: Vec<String> = report.files.iter().map(|file| file.path.clone()).collect();
    assert_eq!(paths, ["film.mov"]);
    for others in [&[] as &[String], &["another.mov".to_owned()]] {
        let refused = office.desk.give_up(&office.folder, others);
        assert_eq!(refused.map_err(|failure| failure.code), Err("lost_changed".to_owned()));
    }
    assert_eq!(office.status().lost_files, 1, "nothing was given up");
    office.desk.give_up(&office.folder, &paths).expect("they were shown");
    assert_eq!(office.status().lost_files, 0);
    assert!(office.desk.lost(&office.folder).expect("it is here").files.is_empty());
}

#[test]
fn an_archive_that_nobody_knows_is_refused() {
    let refused = office().desk.claim(Some("no such archive"));
    assert_eq!(
        refused.map_err(|failure| failure.code),
        Err("unknown_archive".to_owned())
    );
}

#[test]
fn a_mailbox_that_was_emptied_is_begun_anew_after_one_question() {
    let office = office();
    office.sync();
    let mailbox = office.desk.samples_settings.samples_dir.join("Mailbox");
    for folder in fs::read_dir(&mailbox).expect("it can be listed").flatten() {
        fs::remove_dir_all(folder.path()).expect("somebody may empty it");
    }
    // What others put there keeps it from being an empty mount point.
    fs::write(mailbox.join("notes.txt"), "ours").expect("it can be written");
    office.desk.refresh().expect("it can be read");
    let said = office.status().headline;
    assert!(
        matches!(&said, Headline::NeedsYou { code, .. } if code == "mailbox_missing"),
        "{said:?}"
    );
    assert!(!asks_to_type(&said.sentence()), "{said:?}");
    let place = mailbox.display().to_string();
    let refused = office
        .desk
        .use_mailbox(&office.folder, Some(&place), MailboxSought::There)
        .expect_err("it is not there");
    assert_eq!(refused.code, "mailbox_missing");
    assert!(!asks_to_type(&refused.hint), "{refused:?}");
    office
        .desk
        .use_mailbox(&office.folder, None, MailboxSought::ThereOrNew)
        .expect("it may be begun anew");
    assert!(office.status().mailbox.reachable);
    office.sync();
    assert!(
        !matches!(office.status().headline, Headline::NeedsYou { .. }),
        "{:?}",
        office.status().headline
    );
}

#[test]
fn a_mailbox_is_moved_with_what_waits_in_it_and_the_old_one_stays() {
    let office = office();
    office.sync();
    let samples = &office.desk.samples_settings.samples_dir;
    let (old, place) = (samples.join("Mailbox"), samples.join("NAS"));
    fs::create_dir(&place).expect("a folder can be made");
    let names = |at: &Path| {
        let files = walk(at).into_iter().filter(|path| path.is_file());
        let names = files.map(|path| path.file_name().expect("it has a name").to_owned());
        names.collect::<std::collections::BTreeSet<_>>()
    };
    let before = names(&old);
    let moved = office.desk.move_mailbox(&office.folder, &place.display().to_string());
    assert_eq!(moved, Ok(0));
    assert_eq!((names(&old), names(&place)), (before.clone(), before));
    let seen = office.status().mailbox;
    assert!(seen.reachable && seen.name == "NAS", "{seen:?}");
    office.sync();
    assert!(!matches!(office.status().headline, Headline::NeedsYou { .. }));
    let again = office.desk.move_mailbox(&office.folder, &place.display().to_string());
    let refused = again.expect_err("it is there");
    assert_eq!(refused.code, "same_mailbox");
    assert!(
        !asks_to_type(&refused.message) && !asks_to_type(&refused.hint),
        "{refused:?}"
    );
    // What cannot be read cannot be taken along.
    fs::rename(&place, samples.join("away")).expect("it can go");
    let other = samples.join("Stick").display().to_string();
    let refused = office
        .desk
        .move_mailbox(&office.folder, &other)
        .expect_err("it is away");
    assert_eq!(refused.code, "mailbox_away");
    assert!(
        !asks_to_type(&refused.message) && !asks_to_type(&refused.hint),
        "{refused:?}"
    );
}

#[test]
fn an_answer_about_a_silent_home_parks_it_with_a_sync_or_goes_on_waiting_without_one() {
    let office = office();
    office.sync();
    // No time is too short for somebody to have been silent.
    let marker = office.copy.join(MARKER);
    let text = fs::read_to_string(&marker).expect("there is a marker");
    let none = text.replace("park_after_days = 180", "park_after_days = 0");
    assert_ne!(none, text);
    fs::write(&marker, none).expect("it can be written");
    office.desk.refresh().expect("it can be read");
    let asked = |office: &Office| {
        let silent = office.status().silent.into_iter();
        silent.map(|home| home.label).collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(asked(&office).len(), 2, "{:?}", office.status().silent);
    let silent = office.status().silent;
    let of = |label: &str| {
        silent
            .iter()
            .find(|home| home.label == label)
            .expect("it is asked about")
    };
    let (anna, grandma) = (of("Anna’s home"), of("Grandma’s home"));
    let answer = |id: &str, answer| office.desk.answer_silent(&office.folder, id, answer);
    let ends = |office: &Office| {
        let told = held(&office.told);
        let ends = told
            .iter()
            .filter(|(event, _)| matches!(event, Event::SyncFinished { .. }));
        ends.count()
    };
    let state = |id: &str| {
        let all = office.status().locations;
        all.into_iter()
            .find(|one| one.location_id == id)
            .expect("it is known")
            .state
    };
    let before = ends(&office);
    assert_eq!(answer(&anna.location_id, Waiting::On), Ok(()));
    assert_eq!(ends(&office), before, "nothing is to be told to anybody");
    assert_ne!(state(&anna.location_id), LocationState::Parked);
    assert_eq!(answer(&grandma.location_id, Waiting::NotNow), Ok(()));
    assert_eq!(ends(&office), before + 1, "everybody is told");
    assert_eq!(state(&grandma.location_id), LocationState::Parked);
    assert_eq!(
        asked(&office).len(),
        0,
        "nobody else would hold what waits for the other one"
    );
    let late = answer(&anna.location_id, Waiting::NotNow).expect_err("nobody else would hold it");
    assert_eq!(late.code, "not_silent");
    let nobody = answer("00", Waiting::On).expect_err("there is no such home");
    assert!(
        !asks_to_type(&nobody.message) && !asks_to_type(&nobody.hint),
        "{nobody:?}"
    );
}

#[test]
fn a_check_of_all_files_is_told_like_a_sync_and_runs_once() {
    let office = office();
    office.sync();
    let before = held(&office.told).len();
    office.desk.repair(&office.folder).expect("all can be read");
    let told = held(&office.told);
    let is_of_it = |event: &Event| match event {
        Event::SyncStarted { folder, .. } => Some((true, folder.clone())),
        Event::SyncFinished {
            folder, error: None, ..
        } => Some((false, folder.clone())),
        _ => None,
    };
    let kinds: Vec<_> = told[before..].iter().filter_map(|(event, _)| is_of_it(event)).collect();
    let folder = || office.folder.clone();
    assert_eq!(kinds, [(true, folder()), (false, folder())]);
    let is_checking = |(event, _): &Told| {
        matches!(
            event,
            Event::Progress {
                phase: Phase::Verifying,
                ..
            }
        )
    };
    assert!(told[before..].iter().any(is_checking), "files are read");
    drop(told);
    office.desk.claim(Some(&office.folder)).expect("it is known");
    let refused = office.desk.repair(&office.folder).map_err(|failure| failure.code);
    assert_eq!(refused, Err("busy".to_owned()));
}

#[test]
fn a_check_that_could_ask_nobody_for_what_is_damaged_says_why() {
    let away = AppError {
        class: ExitClass::Mailbox,
        code: "mailbox_away",
        message: "The mailbox cannot be used.".into(),
        hint: "Say so: `offsync mailbox use FOLDER MAILBOX`.".into(),
    };
    let report = |mailbox_failure| VerifyReport {
        mailbox_failure,
        ..VerifyReport::default()
    };
    assert_eq!(was_asked_for(report(None)), Ok(()));
    let refused = was_asked_for(report(Some(away))).expect_err("nothing was asked for");
    assert_eq!(refused.code, "mailbox_away");
    assert!(!asks_to_type(&refused.hint), "{refused:?}");
}

#[test]
fn only_a_file_that_is_known_to_be_damaged_is_kept_as_it_is() {
    let office = office();
    office.sync();
    assert_eq!(office.desk.damaged(&office.folder).map(|all| all.len()), Ok(0));
    let file = DamagedReport {
        path: "whole.jpg".into(),
        path_base64: None,
        asked_for: false,
        unsent: false,
        lost: false,
    };
    let refused = office.desk.keep_damaged(&office.folder, &file);
    let refused = refused.expect_err("nothing is damaged here");
    assert_eq!(refused.code, "not_damaged");
    assert!(!asks_to_type(&refused.hint), "{refused:?}");
}

#[test]
fn only_a_copy_that_takes_part_no_longer_is_forgotten_and_its_files_stay() {
    let office = office();
    office.sync();
    let forget = |told| office.desk.forget(&office.folder, told).map_err(|refused| refused.code);
    let takes_part = Err("takes_part".to_owned());
    assert_eq!(forget(WayBack::Nothing), takes_part);
    let anna = office.status().locations[1].location_id.clone();
    office.desk.plug_in_sample(&anna).expect("it syncs");
    office.remove_pep();
    office.sync();
    let status = office.status();
    assert!(
        matches!(status.headline, Headline::Removed { .. }),
        "{:?}",
        status.headline
    );
    assert!(!asks_to_type(&status.headline.sentence()), "{:?}", status.headline);
    let claimed = office.desk.claim(None).expect("it is known");
    assert!(claimed.is_empty(), "nobody asks for a sync of it by asking for all");
    let photo = office.copy.join("2025/Pyrenees/IMG_0003.jpg");
    let Headline::Removed { way_back, .. } = status.headline else {
        panic!("it was taken out")
    };
    assert_eq!(
        way_back,
        WayBack::Nothing,
        "who began it has no words, and wrote no sheet"
    );
    assert_eq!(
        forget(WayBack::Words),
        Err("way_back_changed".to_owned()),
        "who was told that words bring it back did not say yes to this"
    );
    office.take_pep_in();
    assert!(
        matches!(office.status().headline, Headline::Removed { .. }),
        "what the window shows still"
    );
    assert_eq!(forget(WayBack::Nothing), takes_part, "it was taken in again meanwhile");
    office.remove_pep();
    office.sync();
    forget(WayBack::Nothing).expect("it takes part no longer");
    assert!(office.desk.overview().expect("it was read").archives.is_empty());
    assert!(photo.exists(), "its files stay");
}
