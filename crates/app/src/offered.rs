//! The services that a mailbox can lie with, as a window offers them: what each asks for, and what becomes of the answers.
//!
//! Never offers what can only fail: a service that this Offsync is not registered with is left out.

use std::collections::BTreeMap;

use offsync_adapters::cloud::{Asked, Offering, Protocol, is_at_home, offerings};
use offsync_adapters::mailbox::MailboxUrl;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::app::App;
use crate::clients::client_of;
use crate::failure::{AppError, ExitClass, Result, sentence};

/// The question whose answer names who the account is of.
const USER: &str = "user";
/// The question whose answer may say how the server is spoken to: `http://nas.local:5005`.
const SERVER: &str = "server";

/// A service that a person can choose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Offer {
    /// A short word for it.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// What a family gets for nothing.
    pub free: String,
    /// What to do at the service first.
    pub help: String,
    /// What is asked for it, before what opens it.
    pub asks: Vec<OfferedQuestion>,
    /// How people sign in to it.
    pub sign_in: SignInBy,
}

/// Something to type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct OfferedQuestion {
    /// What it is answered under.
    pub key: String,
    /// What people are asked for.
    pub label: String,
    /// What is to be known about it; empty where the label says all.
    pub hint: String,
    /// What it looks like.
    pub example: String,
}

/// How people sign in to an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum SignInBy {
    /// In their browser.
    Browser,
    /// By a key of this computer's, which its server has to let in.
    Key,
    /// By typing.
    Typed {
        /// What names the account: "User"; absent where the questions have it.
        id: Option<String>,
        /// What opens it: "Password".
        secret: String,
    },
}

impl App {
    /// Lists the services that people can sign in to here, those first that ask the least.
    pub fn offered_services(&self) -> Vec<Offer> {
        let all = offerings().iter();
        all.filter_map(|offering| {
            let protocol = protocol_of(offering)?;
            let is_open = match protocol.asks() {
                Asked::Browser { service } => client_of(self.config_dir(), protocol, service).is_ok(),
                Asked::Typed { .. } | Asked::Key { .. } => true,
            };
            is_open.then(|| offered(offering, protocol))
        })
        .collect()
    }
}

/// Gives how the service is reached; `None` for a folder.
fn protocol_of(offering: &Offering) -> Option<Protocol> {
    Protocol::of_scheme(offering.address.split("://").next()?)
}

fn offered(offering: &Offering, protocol: Protocol) -> Offer {
    let asks = offering.asks.iter().map(|question| {
        let (label, hint) = question.label.split_once(": ").unwrap_or((&question.label, ""));
        OfferedQuestion {
            key: question.key.clone(),
            label: label.to_owned(),
            hint: hint.to_owned(),
            example: question.example.clone(),
        }
    });
    Offer {
        id: offering.id.clone(),
        name: offering.name.clone(),
        free: offering.free.clone(),
        // The catalogue answers there what is to be done first.
        help: sentence(offering.help.strip_prefix("Nothing: ").unwrap_or(&offering.help)),
        asks: asks.collect(),
        sign_in: match sign_in_by(protocol) {
            SignInBy::Typed { secret, .. } if names_user(offering) => SignInBy::Typed { id: None, secret },
            other => other,
        },
    }
}

/// Gives how people sign in to an account.
pub(crate) fn sign_in_by(protocol: Protocol) -> SignInBy {
    match protocol.asks() {
        Asked::Browser { .. } => SignInBy::Browser,
        Asked::Key { .. } => SignInBy::Key,
        Asked::Typed { id, secret } => SignInBy::Typed {
            id: Some(id.to_owned()),
            secret: secret.to_owned(),
        },
    }
}

fn names_user(offering: &Offering) -> bool {
    offering.asks.iter().any(|question| question.key == USER)
}

/// Finds a service of the catalogue.
pub(crate) fn offering(id: &str) -> Result<&'static Offering> {
    let found = offerings().iter().find(|offering| offering.id == id);
    found.ok_or_else(|| {
        AppError::failed(
            "unknown_service",
            "Offsync does not know that service.",
            "Choose one of the list.",
        )
    })
}

/// Gives the service of the catalogue that alone speaks a protocol.
pub(crate) fn offering_of(protocol: Protocol) -> Option<&'static Offering> {
    let is_alone = protocol.is_signed_in();
    let mut all = offerings().iter();
    all.find(|offering| is_alone && protocol_of(offering) == Some(protocol))
}

/// Makes the address of an account of what was answered; gives also who it is of, where that was among the questions.
pub(crate) fn answered(
    offering: &Offering,
    answers: &BTreeMap<String, String>,
) -> Result<(MailboxUrl, Option<String>)> {
    let mut answers = answers.clone();
    let mut template = offering.clone();
    if let Some(server) = answers.get_mut(SERVER) {
        let (scheme, bare) = bare_server(server, protocol_of(offering));
        if let Some(protocol) = scheme {
            let rest = template.address.split_once("://").map_or("", |(_, rest)| rest);
            template.address = format!("{}://{rest}", protocol.scheme());
        }
        *server = bare;
    }
    let address = template.address_with(&answers).ok_or_else(|| {
        AppError::new(
            ExitClass::Usage,
            "account_needs",
            "Something is not filled in yet.",
            "Fill in all fields.",
        )
    })?;
    let url = address
        .parse()
        .map_err(|_| wrong_address("What is filled in makes no address."))?;
    let user = answers.get(USER).map(|user| user.trim().to_owned());
    Ok((url, user))
}

/// Says that the fields do not lead to a server.
fn wrong_address(message: &str) -> AppError {
    AppError::new(
        ExitClass::Usage,
        "bad_mailbox",
        message,
        "Compare each field with its example.",
    )
}

/// Takes what people copy from the line of their browser: `https://cloud.example.org/` names the same as its host.
///
/// Gives also what it says beyond that: whether the line is encrypted. It never makes another kind of service of it: what opens
/// one would be sent to the other.
fn bare_server(said: &str, offered: Option<Protocol>) -> (Option<Protocol>, String) {
    let said = said.trim();
    let (scheme, rest) = match said.split_once("://") {
        Some((scheme, rest)) => (Protocol::of_scheme(&scheme.to_lowercase()), rest),
        None => (None, said),
    };
    let rest = rest.trim_end_matches('/');
    let is_of_its_kind = |protocol: &Protocol| {
        let kinds: [&[Protocol]; 2] = [
            &[Protocol::Webdav, Protocol::WebdavPlain],
            &[Protocol::Ftps, Protocol::Ftp],
        ];
        kinds
            .iter()
            .any(|kind| kind.contains(protocol) && offered.is_some_and(|offered| kind.contains(&offered)))
    };
    // On the way to a server elsewhere many could read what opens it: there a line is encrypted, or there is none.
    let is_fit = |protocol: &Protocol| !protocol.is_plain() || is_at_home(rest);
    (scheme.filter(is_of_its_kind).filter(is_fit), rest.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::AppOptions;
    use crate::keystore::KeystoreKind;
    use crate::on_screen::asks_to_type;

    fn url(service: &str, answers: &[(&str, &str)]) -> Result<(String, Option<String>)> {
        let answers = answers.iter().map(|(key, value)| ((*key).into(), (*value).into()));
        let offering = offering(service).expect("it is in the catalogue");
        answered(offering, &answers.collect()).map(|(url, user)| (url.to_string(), user))
    }

    #[test]
    fn a_server_is_taken_as_people_copy_it() {
        for (server, address) in [
            ("cloud.example.org", "webdav://cloud.example.org/"),
            (" https://Cloud.example.org/ ", "webdav://cloud.example.org/"),
            ("http://nas.local:5005", "webdav+http://nas.local:5005/"),
            ("webdav+http://nas.local:5005", "webdav+http://nas.local:5005/"),
            ("http://192.168.1.7:5005", "webdav+http://192.168.1.7:5005/"),
            ("http://diskstation", "webdav+http://diskstation/"),
            ("http://cloud.example.org", "webdav://cloud.example.org/"),
            ("http://8.8.8.8:80", "webdav://8.8.8.8:80/"),
        ] {
            let (url, user) = url("nextcloud", &[("server", server), ("user", "anna")]).expect("all is answered");
            assert_eq!(url, format!("{address}remote.php/dav/files/anna/offsync"));
            assert_eq!(user.as_deref(), Some("anna"));
        }
        for (service, server, address) in [
            ("sftp", "http://diskstation", "sftp://anna@diskstation/x"),
            ("sftp", "https://nas.example.org", "sftp://anna@nas.example.org/x"),
            ("ftp", "ftp://fritz.box", "ftp://fritz.box/x"),
            ("ftp", "ftp://ftp.example.org", "ftps://ftp.example.org/x"),
            ("ftp", "https://nas.local", "ftps://nas.local/x"),
            ("nas", "ftp://nas.local", "webdav://nas.local/x"),
        ] {
            let answers = [("server", server), ("user", "anna"), ("folder", "x")];
            let (url, _) = url(service, &answers).expect("all is answered");
            assert_eq!(url, address, "{service} at {server}");
        }
        let lacking = url("nextcloud", &[("server", "x.org"), ("user", " ")]);
        assert_eq!(lacking.map_err(|error| error.code), Err("account_needs"));
        let wrong = url("nas", &[("server", "a b"), ("folder", "x")]);
        assert_eq!(wrong.map_err(|error| error.code), Err("bad_mailbox"));
    }

    #[test]
    fn what_can_only_fail_is_not_offered_and_nothing_asks_to_type_a_command() {
        let place = tempfile::tempdir().expect("there is a place for temporary files");
        let app = App::new(&AppOptions {
            config_dir: Some(place.path().into()),
            keystore: KeystoreKind::Plain,
        });
        let app = app.expect("a folder was named");
        let ids = || -> Vec<String> { app.offered_services().into_iter().map(|one| one.id).collect() };
        let offers = |id: &str| ids().iter().any(|one| one == id);
        // The environment of whoever runs this may register it.
        if std::env::var_os("OFFSYNC_CLIENT_DROPBOX").is_none() {
            assert!(!offers("dropbox"));
        }
        assert!(offers("nextcloud") && offers("sftp") && !offers("folder"));
        std::fs::write(place.path().join("clients.toml"), "[dropbox]\nid = \"abc\"\n").expect("it can be written");
        assert!(offers("dropbox"));
        for service in app.offered_services() {
            for text in [&service.name, &service.free, &service.help] {
                assert!(!asks_to_type(text), "{}: {text}", service.id);
            }
            let is_asked_twice = matches!(&service.sign_in, SignInBy::Typed { id: Some(_), .. })
                && service.asks.iter().any(|question| question.key == USER);
            assert!(!is_asked_twice, "{}", service.id);
        }
    }
}
