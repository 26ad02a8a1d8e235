//! The desk with a mailbox in an account: from the form of the set-up to a password that was changed.

use std::fs;
use std::sync::{Arc, Mutex};

use offsync_app::view::{Event, Headline};
use offsync_app::{KeystoreKind, MailboxSought, SetUpRequest, SignInBy, asks_to_type};
use tempfile::TempDir;

use super::files_over_http::Server;
use super::*;
use crate::board::held;
use crate::desk::Deletions;
use crate::settings::Settings;

pub(super) struct Office {
    pub(super) desk: Arc<Desk>,
    told: Arc<Mutex<Vec<Event>>>,
    pub(super) place: TempDir,
    server: Server,
}

pub(super) fn office() -> Office {
    let place = tempfile::tempdir().expect("there is a place for temporary files");
    let settings = Settings {
        config_dir: Some(place.path().join("config")),
        keystore: KeystoreKind::Plain,
        samples_dir: place.path().join("samples"),
    };
    let told = Arc::new(Mutex::new(Vec::new()));
    let listener = told.clone();
    let desk = Desk::new(&settings, Arc::new(move |event| held(&listener).push(event)));
    Office {
        desk: Arc::new(desk.expect("folders were named")),
        told,
        place,
        server: Server::start(),
    }
}

fn secret(typed: &str) -> Option<Secret> {
    Some(typed.to_owned().into())
}

impl Office {
    fn nas(&self) -> SignInRequest {
        let server = format!("http://127.0.0.1:{}/", self.server.port);
        SignInRequest {
            service: "nas".into(),
            answers: [("server", server), ("folder", "offsync".into())]
                .map(|(key, value)| (key.to_owned(), value))
                .into(),
            id: Some("anna".into()),
        }
    }

    pub(super) fn set_up(&self, account: Option<&AccountCard>) -> String {
        let folder = self.place.path().join("Photos");
        fs::create_dir(&folder).expect("a folder can be made");
        fs::write(folder.join("a.txt"), "a").expect("there is room");
        let request = SetUpRequest {
            folder: folder.display().to_string(),
            name: "Photos".into(),
            label: "Home".into(),
            person: "Anna".into(),
            mailbox_folder: self.place.path().join("Mailbox").display().to_string(),
            mailbox_account: account.map(|account| account.name.clone()),
        };
        self.desk.set_up(&request).expect("nothing is in the way").folder
    }

    pub(super) fn headline(&self) -> Headline {
        let overview = self.desk.refresh().expect("it can be read");
        overview.archives.into_iter().next().expect("it was set up").headline
    }

    /// Everything that was told and kept outside of the keystore.
    pub(super) fn all_that_is_shown(&self) -> String {
        let overview = self.desk.overview().expect("it was read");
        let accounts = fs::read_to_string(self.place.path().join("config/accounts.toml")).expect("it was kept");
        format!("{overview:?} {:?} {accounts}", held(&self.told))
    }
}

#[test]
fn a_mailbox_in_an_account_is_set_up_and_opened_again_after_a_new_password() {
    let office = office();
    let account = office
        .desk
        .sign_in(&office.nas(), secret("hunter2"))
        .expect("it is good");
    assert_eq!(
        (
            account.service.as_str(),
            account.whose.as_deref(),
            account.used_bytes,
            account.total_bytes
        ),
        ("A NAS that speaks WebDAV", Some("anna"), Some(3000), Some(10_000))
    );
    assert!(account.is_open && !account.readable_on_the_way);
    let can = account.handed_on.as_ref().map(|handed_on| handed_on.can.as_str());
    assert!(can.is_some_and(|can| can.contains("nobody reads")), "{can:?}");
    assert_eq!(office.desk.accounts().expect("it is kept").len(), 1);
    let again = office
        .desk
        .sign_in(&office.nas(), secret("hunter2"))
        .expect("it is good");
    assert_eq!(again.name, account.name, "it is the same one");
    let folder = office.set_up(Some(&account));
    assert!(
        held(&office.server.files)
            .keys()
            .any(|path| path.starts_with("/offsync/"))
    );
    let tried = office.desk.try_account(&folder).expect("it works");
    assert_eq!(tried, again);

    office.server.change_password();
    let Headline::NeedsYou { code, hint, .. } = office.headline() else {
        panic!("{:?}", office.headline());
    };
    assert!(code == "sign_in_needed" && !asks_to_type(&hint), "{code}: {hint}");
    let refused = office.desk.sign_in_again(&folder, None, secret("hunter2"));
    let failure = refused.expect_err("it was changed");
    assert_eq!(failure.code, "sign_in_needed");
    assert!(
        !asks_to_type(&failure.message) && !failure.message.contains("hunter"),
        "{failure:?}"
    );
    let card = office
        .desk
        .mailbox_account(&folder)
        .expect("it is known")
        .expect("it is in one");
    assert!(
        matches!(card.sign_in, SignInBy::Typed { id: None, .. }),
        "anna stays anna"
    );
    office
        .desk
        .sign_in_again(&folder, None, secret(" hunter3 "))
        .expect("it is good");
    for folder in office.desk.claim(Some(&folder)).expect("it is known") {
        office.desk.sync(&folder, Deletions::Hold);
    }
    assert_eq!(office.headline(), Headline::Alone);
    assert!(
        !office.all_that_is_shown().contains("hunter"),
        "what opens it is shown nowhere"
    );
}

#[test]
fn a_mailbox_is_moved_from_a_folder_into_an_account() {
    let office = office();
    let folder = office.set_up(None);
    let none = office.desk.mailbox_account(&folder).expect("it is known");
    assert_eq!(none, None, "a folder is in no account");
    let account = office
        .desk
        .sign_in(&office.nas(), secret("hunter2"))
        .expect("it is good");
    let left_behind = office.desk.move_mailbox_into(&folder, &account.name);
    assert_eq!(left_behind, Ok(0));
    let now = office.desk.mailbox_account(&folder).expect("it is known");
    assert_eq!(now.map(|card| card.name), Some(account.name.clone()));
    assert_eq!(office.headline(), Headline::Alone);
    let again = office.desk.move_mailbox_into(&folder, &account.name);
    let failure = again.expect_err("it is there");
    assert_eq!(failure.code, "same_mailbox");
    assert!(!asks_to_type(&failure.hint), "{failure:?}");
}

#[test]
fn a_mailbox_whose_account_is_at_another_address_now_is_found_there() {
    let office = office();
    let account = office
        .desk
        .sign_in(&office.nas(), secret("hunter2"))
        .expect("it is good");
    let folder = office.set_up(Some(&account));
    // The same disks answer at another port from now on.
    let moved = Server::start();
    *held(&moved.files) = held(&office.server.files).clone();
    let mut request = office.nas();
    let server = format!("http://127.0.0.1:{}/", moved.port);
    request.answers.insert("server".into(), server);
    let there = office.desk.sign_in(&request, secret("hunter2")).expect("it is good");
    assert_ne!(there.name, account.name, "it is another account");

    let found = office.desk.use_mailbox_in(&folder, &there.name, MailboxSought::There);
    assert_eq!(found, Ok(()));
    let now = office.desk.mailbox_account(&folder).expect("it is known");
    assert_eq!(now.map(|card| card.name), Some(there.name));
    office.server.change_password();
    assert_eq!(office.headline(), Headline::Alone, "the old one is called no more");
    let removed = office.desk.remove_account(&account.name);
    assert!(removed.is_ok(), "{removed:?}");
}

#[test]
fn a_mailbox_is_not_begun_anew_where_it_is_not_found() {
    let office = office();
    let folder = office.set_up(None);
    let account = office
        .desk
        .sign_in(&office.nas(), secret("hunter2"))
        .expect("it is good");
    let sought = |sought| office.desk.use_mailbox_in(&folder, &account.name, sought);
    let missing = sought(MailboxSought::There).map_err(|failure| failure.code);
    assert_eq!(missing, Err("mailbox_missing".into()));
    assert_eq!(office.desk.mailbox_account(&folder), Ok(None), "it is where it was");
    assert_eq!(sought(MailboxSought::ThereOrNew), Ok(()));
}

#[test]
fn an_account_is_removed_once_no_archive_has_its_mailbox_there() {
    let office = office();
    let account = office
        .desk
        .sign_in(&office.nas(), secret("hunter2"))
        .expect("it is good");
    let folder = office.set_up(Some(&account));
    let listed = office.desk.listed_accounts().expect("it is kept");
    let [one] = listed.as_slice() else { panic!("{listed:?}") };
    assert_eq!(
        (one.archives.as_slice(), one.waits),
        (&["Photos".to_owned()][..], false)
    );
    let refused = office.desk.remove_account(&account.name);
    let failure = refused.expect_err("an archive needs it");
    assert_eq!(failure.code, "account_in_use");
    assert!(
        failure.message.contains("Photos") && !asks_to_type(&failure.hint),
        "{failure:?}"
    );
    assert!(
        !failure.message.contains(&format!("'{}'", account.name)),
        "nobody gave it that name"
    );

    let elsewhere = office.place.path().join("Elsewhere").display().to_string();
    fs::create_dir(&elsewhere).expect("a folder can be made");
    office
        .desk
        .move_mailbox(&folder, &elsewhere)
        .expect("nothing is in the way");
    let removed = office.desk.remove_account(&account.name).expect("nobody needs it");
    assert_eq!(
        (removed.end.as_str(), removed.line),
        ("Delete that user on the NAS.", None)
    );
    assert_eq!(office.desk.listed_accounts(), Ok(Vec::new()));
    let again = office.desk.remove_account(&account.name);
    assert_eq!(again.map_err(|failure| failure.code), Err("no_such_account".into()));
    let kept = office.place.path().join("config");
    let all = fs::read_dir(&kept).expect("it is there").flatten();
    let texts = all.filter_map(|entry| fs::read_to_string(entry.path()).ok());
    assert!(
        !texts
            .into_iter()
            .any(|text| text.contains(&format!("account.{}", account.name))),
        "what opened it is gone"
    );
}

#[test]
fn a_place_that_a_drive_alone_speaks_of_is_named_before_anybody_signs_in() {
    let office = office();
    let folder = office.set_up(None);
    let marker = Path::new(&folder).join(".offsync/location.toml");
    let text = fs::read_to_string(&marker).expect("it is there");
    let says = |url: &str| {
        let lines = text.lines().map(|line| match line.starts_with("mailbox =") {
            true => format!("mailbox = \"{url}\""),
            false => line.to_owned(),
        });
        fs::write(&marker, lines.collect::<Vec<_>>().join("\n")).expect("there is room");
        let card = || {
            office
                .desk
                .mailbox_account(&folder)
                .expect("it is known")
                .expect("it is in one")
        };
        (office.headline(), card())
    };
    let (headline, card) = says("webdav://anna@cloud.example.net/dav/offsync");
    let Headline::NeedsYou { code, hint, .. } = headline else {
        panic!("{headline:?}");
    };
    assert_eq!(code, "sign_in_needed");
    let said = "This drive says that its mailbox lies at cloud.example.net/dav/offsync. Sign in only if you know it.";
    assert!(hint.starts_with(said) && !asks_to_type(&hint), "{hint}");
    assert_eq!(
        (card.is_known, card.lies_at.as_str()),
        (false, "cloud.example.net/dav/offsync")
    );
    assert!(!card.is_open);

    let server = Server::start();
    let (_, card) = says(&format!(
        "sftp://anna@127.0.0.1:{}/x?hostkey=SHA256:{}",
        server.port,
        "A".repeat(43)
    ));
    assert!(!card.is_known && !card.lies_at.contains("SHA256"), "{card:?}");
}

#[test]
fn what_is_filled_in_wrongly_is_kept_nowhere_and_said_in_a_sentence() {
    let office = office();
    let check = |request: &SignInRequest, typed, code: &str| {
        let failure = office.desk.sign_in(request, secret(typed)).expect_err("it is wrong");
        assert_eq!(failure.code, code, "{failure:?}");
        for text in [&failure.message, &failure.hint] {
            assert!(
                !text.is_empty() && !asks_to_type(text) && !text.contains("''"),
                "{failure:?}"
            );
        }
        assert!(!failure.message.contains(typed), "{failure:?}");
    };
    check(&office.nas(), "hunter1", "sign_in_needed");
    let mut nobody = office.nas();
    nobody.id = None;
    check(&nobody, "hunter2", "account_needs");
    let mut nowhere = office.nas();
    nowhere.answers.insert("server".into(), "http://127.0.0.1:1".into());
    check(&nowhere, "hunter2", "mailbox_away");
    assert!(office.desk.accounts().expect("none is there").is_empty());
}

#[test]
fn who_gives_up_in_the_browser_is_waited_for_no_longer() {
    let office = office();
    let config = office.place.path().join("config");
    fs::create_dir_all(&config).expect("it can be made");
    fs::write(config.join("clients.toml"), "[gdrive]\nid = \"abc\"\n").expect("it can be written");
    let request = SignInRequest {
        service: "gdrive".into(),
        answers: [].into(),
        id: None,
    };
    let desk = office.desk.clone();
    let asked = std::thread::spawn(move || desk.sign_in(&request, None));
    let began = std::time::Instant::now();
    let is_open = || {
        held(&office.told)
            .iter()
            .any(|event| matches!(event, Event::SigningIn { url: Some(_) }))
    };
    while !is_open() {
        assert!(began.elapsed().as_secs() < 20, "the browser is sent nowhere");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    office
        .desk
        .paste("http://127.0.0.1:1/?code=of-another&state=guessed".into());
    office.desk.give_up_sign_in();
    let failure = asked.join().expect("it ends").expect_err("nobody signed in");
    assert_eq!(failure.code, "sign_in_needed");
    assert!(!asks_to_type(&failure.hint), "{failure:?}");
}
