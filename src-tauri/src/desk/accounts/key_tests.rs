//! The desk with a mailbox at a server that knows this computer by a key: the server is compared, the line is shown, and a
//! server that was set up anew is asked about again.

use offsync_app::view::Headline;
use offsync_app::{KeySignIn, asks_to_type};

use super::files_over_ssh::{SshServer, user};
use super::tests::{Office, office};
use super::*;
use crate::desk::Deletions;

fn at(server: &SshServer) -> SignInRequest {
    let answers = [
        ("user", user()),
        ("server", format!("127.0.0.1:{}", server.port)),
        ("folder", format!("{}/offsync", server.kept_in().display())),
    ];
    SignInRequest {
        service: "sftp".into(),
        answers: answers.map(|(key, value)| (key.to_owned(), value)).into(),
        id: None,
    }
}

/// Signs in as people do: the server is compared, told of the key, and tried.
fn signed_in(office: &Office, server: &SshServer) -> AccountCard {
    let stands = office.desk.sign_in_by_key(&at(server), &server.fingerprint());
    server.let_in(&stands.expect("the server is the right one").line);
    let stands = office.desk.sign_in_by_key(&at(server), &server.fingerprint());
    stands.ok().and_then(|stands| stands.account).expect("it is let in")
}

fn synced(office: &Office, folder: &str) -> Headline {
    for folder in office.desk.claim(Some(folder)).expect("it is known") {
        office.desk.sync(&folder, Deletions::Hold);
    }
    office.headline()
}

/// What a private half is kept as: 32 bytes in base64.
const SEED_LETTERS: usize = 44;

fn is_seed(part: &[u8]) -> bool {
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/".contains(byte);
    part.split_last()
        .is_some_and(|(last, letters)| *last == b'=' && letters.iter().all(is_letter))
}

#[test]
fn a_server_is_compared_and_told_of_a_key_that_never_leaves_this_computer() {
    let Some(server) = SshServer::start() else { return };
    let office = office();
    let shown = office.desk.shown_server(&at(&server)).expect("it answers");
    assert_eq!((shown.fingerprint.clone(), shown.agreed), (server.fingerprint(), None));
    let KeySignIn {
        account,
        user: whose,
        line,
        refused,
        ..
    } = office
        .desk
        .sign_in_by_key(&at(&server), &shown.fingerprint)
        .expect("the server is the right one");
    assert_eq!((account, whose), (None, user()));
    assert!(line.contains("ssh-ed25519 "), "{line}");
    assert!(refused.ends_with('.') && !asks_to_type(&refused), "{refused}");
    let none = office.desk.accounts().expect("they can be read");
    assert_eq!(none, [], "no mailbox can be put there yet");

    server.let_in(&line);
    let again = office.desk.sign_in_by_key(&at(&server), &shown.fingerprint);
    let again = again.expect("the server is the right one");
    assert_eq!(again.line, line, "the key stays the same one");
    let account = again.account.expect("it is let in");
    assert_eq!(account.service, "A NAS or a server that speaks SFTP");
    assert_eq!(
        account.lies_at,
        format!("127.0.0.1:{}{}/offsync", server.port, server.kept_in().display())
    );
    let known = office.desk.shown_server(&at(&server)).expect("it answers");
    assert_eq!(known.agreed, Some(known.fingerprint), "it is not compared twice");

    let folder = office.set_up(Some(&account));
    assert_eq!(synced(&office, &folder), Headline::Alone);
    let shown = format!("{} {again:?}", office.all_that_is_shown(), again = account);
    let kept = std::fs::read(office.place.path().join("config/keys")).expect("it is kept there");
    let private = kept.windows(SEED_LETTERS).find(|part| is_seed(part));
    let private = String::from_utf8_lossy(private.expect("its private half is there")).into_owned();
    assert!(!shown.contains(&private), "its private half is shown nowhere");
}

#[test]
fn a_server_that_is_another_one_or_away_keeps_nothing() {
    let Some(server) = SshServer::start() else { return };
    let office = office();
    let other = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let check = |done: Result<KeySignIn, Failure>, code: &str| {
        let failure = done.expect_err("it is wrong");
        assert_eq!(failure.code, code, "{failure:?}");
        for text in [&failure.message, &failure.hint] {
            assert!(
                !text.is_empty() && !asks_to_type(text) && !text.contains("''"),
                "{failure:?}"
            );
        }
    };
    check(office.desk.sign_in_by_key(&at(&server), other), "mailbox_stranger");
    check(
        office.desk.sign_in_by_key(&at(&server), "no fingerprint"),
        "bad_host_key",
    );
    let mut nowhere = at(&server);
    nowhere.answers.insert("server".into(), "127.0.0.1:1".into());
    check(office.desk.sign_in_by_key(&nowhere, other), "mailbox_away");
    let away = office.desk.shown_server(&nowhere).expect_err("nobody is there");
    assert_eq!(away.code, "mailbox_away");
    assert!(
        !office.place.path().join("config/accounts.toml").exists(),
        "nothing was kept"
    );
}

#[test]
fn a_server_that_was_set_up_anew_is_compared_again_and_all_goes_on() {
    let Some(mut server) = SshServer::start() else { return };
    let office = office();
    let account = signed_in(&office, &server);
    let folder = office.set_up(Some(&account));
    let before = server.fingerprint();
    server.set_up_anew();

    let Headline::NeedsYou { code, hint, .. } = synced(&office, &folder) else {
        panic!("{:?}", office.headline());
    };
    assert_eq!(code, "mailbox_stranger");
    assert!(!asks_to_type(&hint), "{hint}");
    let shown = office.desk.shown_server_again(&folder).expect("it answers");
    assert_eq!(
        (shown.fingerprint.clone(), shown.agreed),
        (server.fingerprint(), Some(before))
    );
    let stands = office.desk.sign_in_again_by_key(&folder, &shown.fingerprint);
    let account = stands.expect("the new key was agreed on").account;
    assert!(account.is_some(), "the key of this computer is known there as before");
    assert_eq!(synced(&office, &folder), Headline::Alone);

    // Whoever looks after it took the line out.
    server.let_in("");
    let stands = office.desk.sign_in_again_by_key(&folder, &shown.fingerprint);
    let stands = stands.expect("the server is the right one");
    assert_eq!(stands.account, None);
    server.let_in(&stands.line);
    let stands = office.desk.sign_in_again_by_key(&folder, &shown.fingerprint);
    assert!(stands.is_ok_and(|stands| stands.account.is_some()));
}
