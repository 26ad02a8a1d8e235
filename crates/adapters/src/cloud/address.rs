//! Where in an account a mailbox lies: `webdav://cloud.example.org/files/anna/offsync`.
//!
//! Never holds a secret: an address with a password in it is refused.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;

use url::Url;

use super::protocol::Protocol;
use crate::percent::{escape, unescape};

/// The option that says by which host key a server is known.
const HOST_KEY: &str = "hostkey";
/// What follows a storage account's name in its host.
pub(super) const BLOBS: &str = ".blob.core.windows.net";
/// What names end with that networks at home give.
const HOME_DOMAINS: [&str; 7] = [
    ".local",
    ".lan",
    ".home",
    ".home.arpa",
    ".internal",
    ".fritz.box",
    ".localhost",
];
/// How a fingerprint begins, and how long it is.
const FINGERPRINT: (&str, usize) = ("SHA256:", 50);

/// Why an address of an account is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// A password stands in it.
    #[error(
        "a password does not belong into an address: it would be shown in lists and logs; where one is needed, you are asked for it"
    )]
    Password,
    /// It names no server or bucket.
    #[error("'{said}' does not say where that is; such an address looks like {example}")]
    NoPlace {
        /// What was said, or its scheme.
        said: String,
        /// One that is right.
        example: &'static str,
    },
    /// A port that there is not.
    #[error("what follows the host after a colon is no port: a port is a number up to 65535")]
    BadPort,
    /// An option is unknown to the protocol.
    #[error("'{option}' is no option of {scheme}:// addresses; {known}")]
    UnknownOption {
        /// What was said.
        option: String,
        /// The protocol's scheme.
        scheme: &'static str,
        /// A clause that names the known ones.
        known: String,
    },
    /// An option does not have a value that it can have.
    #[error("'{value}' is no {option} that can be used; {wanted}")]
    BadOption {
        /// The option.
        option: &'static str,
        /// What was said.
        value: String,
        /// A clause that says what it can be.
        wanted: &'static str,
    },
    /// A folder on the way has a name that no service takes.
    #[error("'{0}' is no folder that every service can make: no control characters, and no name of dots alone")]
    BadFolder(String),
}

/// The address of a mailbox in an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloudAddress {
    protocol: Protocol,
    /// Host and port, bucket, or storage account and container.
    place: String,
    /// Folders from the top of the account on, without slashes at the ends.
    root: String,
    options: BTreeMap<&'static str, String>,
    /// Whose account it is, where one address leads each to something else; not said yet, or no part of it.
    id: Option<String>,
}

impl CloudAddress {
    /// Reads what a person wrote, in any spelling that names the same.
    pub fn parse(protocol: Protocol, text: &str) -> Result<Self, AddressError> {
        let no_place = || AddressError::NoPlace {
            said: text.split('?').next().unwrap_or(text).to_owned(),
            example: protocol.example(),
        };
        // What else it cannot be read for might show the password.
        let url = Url::parse(text).map_err(|error| match error {
            url::ParseError::InvalidPort => AddressError::BadPort,
            _ => AddressError::NoPlace {
                said: format!("{}://...", protocol.scheme()),
                example: protocol.example(),
            },
        })?;
        if url.password().is_some() {
            return Err(AddressError::Password);
        }
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(no_place)?;
        // Where there is one service alone, the first folder stands where others name a server.
        let (place, first) = match (protocol.is_signed_in(), url.port()) {
            (true, Some(_)) => return Err(no_place()),
            (true, None) => (String::new(), Some(host)),
            (false, Some(port)) => (format!("{}:{port}", host.to_ascii_lowercase()), None),
            (false, None) => (host.to_ascii_lowercase(), None),
        };
        let decoded = |text: &str| {
            unescape(text)
                .and_then(|bytes| String::from_utf8(bytes).ok())
                .filter(|text| !text.chars().any(char::is_control))
                .ok_or_else(|| AddressError::BadFolder(text.escape_debug().to_string()))
        };
        let folders = first.into_iter().chain(url.path().split('/'));
        let folders = folders.filter(|folder| !folder.is_empty()).map(|folder| {
            let name = decoded(folder)?;
            match name.chars().all(|c| c == '.') || name.contains('/') {
                true => Err(AddressError::BadFolder(name)),
                false => Ok(name),
            }
        });
        let mut folders = folders.collect::<Result<VecDeque<String>, _>>()?;
        let place = match protocol {
            Protocol::Azblob => container(&place, folders.pop_front()).ok_or_else(no_place)?,
            _ => place,
        };
        let root = Vec::from(folders).join("/");
        // What follows a slash in a password would be taken for a folder, and be shown.
        if url.path().contains('@') && url.port().is_some() && url.username().is_empty() {
            return Err(AddressError::Password);
        }
        if let Some(rest) = url.fragment() {
            return Err(AddressError::BadFolder(format!("#{rest}")));
        }
        let id = Some(url.username()).filter(|id| !id.is_empty() && protocol.is_personal());
        let id = id.map(decoded).transpose()?;
        let mut options = BTreeMap::new();
        for (name, value) in url.query_pairs() {
            let (name, value) = checked_option(protocol, &name, &value)?;
            options.insert(name, value);
        }
        Ok(Self {
            protocol,
            place,
            root,
            options,
            id,
        })
    }

    /// Tells how it is reached.
    #[must_use]
    pub fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// Gives the server with its port, the bucket, or a storage account and its container with a slash in between.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Gives the server's own address.
    pub(super) fn server(&self) -> String {
        let scheme = if self.protocol.is_plain() { "http" } else { "https" };
        format!("{scheme}://{}", self.place)
    }

    /// Gives the folder in the account, without slashes at the ends; empty for its top.
    #[must_use]
    pub fn root(&self) -> &str {
        &self.root
    }

    /// Gives an option's value.
    #[must_use]
    pub fn option(&self, name: &str) -> Option<&str> {
        self.options.get(name).map(String::as_str)
    }

    /// Gives whose account it is, if that was said. A storage account is where it is, too.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        match self.protocol {
            Protocol::Azblob => self.place.split('/').next(),
            _ => self.id.as_deref(),
        }
    }

    /// Tells whether whoever is on the line can read what is sent there, the password among it. What stays in this computer or
    /// in a network at home does not count.
    #[must_use]
    pub fn is_readable_on_the_way(&self) -> bool {
        let endpoint = self
            .option("endpoint")
            .and_then(|endpoint| endpoint.strip_prefix("http://"));
        let place = if self.protocol.is_plain() {
            Some(self.place.as_str())
        } else {
            endpoint
        };
        place.is_some_and(|place| !is_at_home(place))
    }

    /// Gives the same with the host key by which its server is known, where its protocol has such.
    #[must_use]
    pub fn at_host_key(mut self, host_key: &str) -> Self {
        let known = self.protocol.options().iter().find(|option| **option == HOST_KEY);
        if let Some(option) = known {
            self.options.insert(option, host_key.to_owned());
        }
        self
    }

    /// Gives the same as people say it, who compare the host key apart from it.
    #[must_use]
    pub fn without_host_key(mut self) -> Self {
        self.options.remove(HOST_KEY);
        self
    }

    /// Gives the host key by which its server is known; `None` where nobody said that, or its protocol has none.
    #[must_use]
    pub fn host_key(&self) -> Option<&str> {
        self.option(HOST_KEY)
    }

    /// Gives what leads to an account: how its server proves itself changes when it is set up anew, and it stays the same.
    fn leading(&self) -> impl Iterator<Item = (&&'static str, &String)> {
        self.options.iter().filter(|(name, _)| **name != HOST_KEY)
    }

    /// Gives the same in the account of somebody; where all accounts lead to the same, nobody is named.
    #[must_use]
    pub fn of(self, id: &str) -> Self {
        let id = (self.protocol.is_personal() && !id.is_empty()).then(|| id.to_owned());
        Self { id, ..self }
    }

    /// Gives a folder in this one.
    pub fn folder(&self, name: &str) -> Result<Self, AddressError> {
        let is_bad = |part: &&str| part.chars().any(char::is_control) || part.chars().all(|c| c == '.');
        let parts: Vec<&str> = name.split('/').filter(|part| !part.is_empty()).collect();
        if let Some(bad) = parts.iter().find(|part| is_bad(part)) {
            return Err(AddressError::BadFolder(bad.escape_debug().to_string()));
        }
        let root = [&[self.root.as_str()][..], &parts].concat();
        let root: Vec<&str> = root.into_iter().filter(|part| !part.is_empty()).collect();
        Ok(Self {
            root: root.join("/"),
            ..self.clone()
        })
    }

    /// Gives the folder around one of that name; this one where it is called otherwise.
    #[must_use]
    pub fn around(mut self, name: &str) -> Self {
        let above = match self.root.rsplit_once('/') {
            Some((above, last)) => (last == name).then(|| above.to_owned()),
            None => (self.root == name).then(String::new),
        };
        self.root = above.unwrap_or(self.root);
        self
    }

    /// Gives all of its account: the top, in which every folder lies.
    #[must_use]
    pub fn around_all(self) -> Self {
        Self {
            root: String::new(),
            ..self
        }
    }

    /// Tells whether another address lies in the account of this one, in this folder or below. One that says of nobody whose
    /// account it is may be of this one.
    #[must_use]
    pub fn holds(&self, other: &Self) -> bool {
        let below = other.root.strip_prefix(&self.root);
        self.protocol == other.protocol
            && self.place == other.place
            && self.leading().eq(other.leading())
            && (self.id == other.id || other.id.is_none())
            && below.is_some_and(|rest| rest.is_empty() || self.root.is_empty() || rest.starts_with('/'))
    }
}

/// Tells whether a server, with its port or without, is one of the home that this computer is in, as its name or address says.
#[must_use]
pub fn is_at_home(server: &str) -> bool {
    let server = server.split('/').next().unwrap_or_default();
    let url = Url::parse(&format!("http://{server}"));
    match url.as_ref().ok().and_then(Url::host) {
        Some(url::Host::Ipv4(at)) => at.is_loopback() || at.is_private() || at.is_link_local(),
        Some(url::Host::Ipv6(at)) => at.is_loopback() || at.is_unique_local() || at.is_unicast_link_local(),
        Some(url::Host::Domain(name)) => {
            !name.contains('.') || name == "fritz.box" || HOME_DOMAINS.iter().any(|end| name.ends_with(end))
        }
        None => false,
    }
}

impl fmt::Display for CloudAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://", self.protocol.scheme())?;
        if let Some(id) = &self.id {
            // Where a password or a folder would begin.
            write!(f, "{}@", escape(id.as_bytes()).replace('/', "%2F").replace(':', "%3A"))?;
        }
        f.write_str(&self.place)?;
        match (self.place.is_empty(), self.root.is_empty()) {
            (_, true) => {}
            (true, false) => write!(f, "{}", escape(self.root.as_bytes()))?,
            (false, false) => write!(f, "/{}", escape(self.root.as_bytes()))?,
        }
        for (i, (name, value)) in self.options.iter().enumerate() {
            write!(
                f,
                "{}{name}={}",
                if i == 0 { '?' } else { '&' },
                escape(value.as_bytes())
            )?;
        }
        Ok(())
    }
}

/// Gives a storage account and a container in it, also for who wrote the account's host; `None` where one of them is missing or
/// cannot be one.
fn container(account: &str, container: Option<String>) -> Option<String> {
    let account = account.strip_suffix(BLOBS).unwrap_or(account);
    let is_plain = |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let container = container.filter(|container| is_plain(account) && is_plain(container))?;
    Some(format!("{account}/{}", container.to_ascii_lowercase()))
}

fn checked_option(protocol: Protocol, name: &str, value: &str) -> Result<(&'static str, String), AddressError> {
    let known = protocol.options();
    let Some(option) = known.iter().copied().find(|known| *known == name) else {
        return Err(AddressError::UnknownOption {
            option: name.to_owned(),
            scheme: protocol.scheme(),
            known: match known {
                [] => "they have none".into(),
                known => format!("there are {}", known.join(", ")),
            },
        });
    };
    let bad = |wanted| AddressError::BadOption {
        option,
        value: value.to_owned(),
        wanted,
    };
    let value = match option {
        "endpoint" => checked_endpoint(protocol, value)?,
        "style" if !["path", "host"].contains(&value) => return Err(bad("it is path or host")),
        HOST_KEY if !is_fingerprint(value) => {
            return Err(bad(
                "it is a fingerprint as `ssh-keygen -lf` shows it: SHA256: and 43 letters, digits, + and /",
            ));
        }
        "region" if value.is_empty() => return Err(bad("leave it away, or name one such as eu-central-1")),
        _ => value.to_owned(),
    };
    Ok((option, value))
}

fn is_fingerprint(value: &str) -> bool {
    let (begin, length) = FINGERPRINT;
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/');
    value.len() == length && value.strip_prefix(begin).is_some_and(|rest| rest.bytes().all(is_plain))
}

/// Checks the address of a server, and spells it without a slash at its end.
fn checked_endpoint(protocol: Protocol, value: &str) -> Result<String, AddressError> {
    let bad = || AddressError::BadOption {
        option: "endpoint",
        value: value.to_owned(),
        wanted: match protocol {
            Protocol::Azblob => "it looks like https://myaccount.blob.core.windows.net",
            _ => "it looks like https://s3.example.org",
        },
    };
    let url = Url::parse(value).map_err(|_| bad())?;
    if url.password().is_some() {
        return Err(AddressError::Password);
    }
    let is_server = ["http", "https"].contains(&url.scheme()) && url.host_str().is_some() && url.query().is_none();
    is_server
        .then(|| url.as_str().trim_end_matches('/').to_owned())
        .ok_or_else(bad)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<CloudAddress, AddressError> {
        let scheme = text.split("://").next().expect("there is one").to_lowercase();
        CloudAddress::parse(Protocol::of_scheme(&scheme).expect("it is known"), text)
    }

    #[test]
    fn it_is_written_as_it_was_meant_in_whatever_spelling() {
        for (said, meant) in [
            ("webdav://Cloud.Example.org/dav//a/", "webdav://cloud.example.org/dav/a"),
            (
                "https://cloud.example.org/dav/a%20b",
                "webdav://cloud.example.org/dav/a%20b",
            ),
            (
                "davs://anna@cloud.example.org:443/x",
                "webdav://anna@cloud.example.org:443/x",
            ),
            (
                "webdav://a%40b.c@cloud.example.org/x",
                "webdav://a%40b.c@cloud.example.org/x",
            ),
            ("s3://key@box/x", "s3://box/x"),
            ("gdrive://anna%40x.org@Offsync", "gdrive://anna%40x.org@Offsync"),
            ("http://127.0.0.1:8080", "webdav+http://127.0.0.1:8080"),
            ("http://127.0.0.1:8080/a%40b", "webdav+http://127.0.0.1:8080/a%40b"),
            ("webdav://[::1]:81/é", "webdav://[::1]:81/%C3%A9"),
            ("s3://box", "s3://box"),
            (
                "s3://box/a/b?region=x&endpoint=https%3A%2F%2Fs3.example.org%2F",
                "s3://box/a/b?endpoint=https://s3.example.org&region=x",
            ),
            ("s3://box?style=host", "s3://box?style=host"),
            ("azblob://Pep/Box", "azblob://pep/box"),
            ("azblob://pep.blob.core.windows.net/box/a/b", "azblob://pep/box/a/b"),
            (
                "azblob://pep/box/a?endpoint=http://127.0.0.1:10000/pep/",
                "azblob://pep/box/a?endpoint=http://127.0.0.1:10000/pep",
            ),
            ("gdrive://Offsync/", "gdrive://Offsync"),
            ("GDRIVE://My%20Photos/for%20Anna", "gdrive://My%20Photos/for%20Anna"),
            ("onedrive://é", "onedrive://%C3%A9"),
            ("ssh://anna@NAS.local:2222/~/x/", "sftp://anna@nas.local:2222/~/x"),
            (
                "sftp://anna@n?hostkey=SHA256:AAAAAAAAAAAAAAAAAAAA/AAAAAAAAAAAAAAAAAAAA%2BA",
                "sftp://anna@n?hostkey=SHA256:AAAAAAAAAAAAAAAAAAAA/AAAAAAAAAAAAAAAAAAAA%2BA",
            ),
        ] {
            let address = parse(said).expect(said);
            assert_eq!(address.to_string(), meant);
            assert_eq!(parse(meant).expect(meant).to_string(), meant);
        }
        assert_eq!(parse("davs://anna%40x@c.org/").expect("is good").id(), Some("anna@x"));
        assert_eq!(parse("azblob://pep/box/a").expect("is good").id(), Some("pep"));
    }

    #[test]
    fn what_cannot_be_meant_is_refused_with_what_can_and_without_the_password() {
        for (said, told) in [
            ("webdav://anna:hunter2@c.org/x", "does not belong into an address"),
            ("webdav://anna:hunter2@:x/y", "such an address looks like webdav://"),
            ("webdav:///x", "such an address looks like webdav://"),
            ("webdav://anna:12/hunter2@c.org/x", "does not belong into an address"),
            ("webdav://c.org/a#b", "no folder"),
            ("s3://", "looks like s3://my-bucket"),
            ("azblob://pep", "looks like azblob://myaccount/my-container"),
            ("azblob://pep/a_b", "looks like azblob://myaccount/my-container"),
            (
                "azblob://pep.example.org/a",
                "looks like azblob://myaccount/my-container",
            ),
            ("azblob://pep:80/a", "looks like azblob://myaccount/my-container"),
            ("azblob://pep/a?region=x", "there are endpoint"),
            ("azblob://pep/a?endpoint=x", "it looks like https://myaccount.blob"),
            ("gdrive://", "looks like gdrive://Offsync"),
            ("gdrive://a:80/b", "looks like gdrive://Offsync"),
            ("webdav://c.org/x?endpoint=y", "they have none"),
            ("s3://box?endpont=y", "there are endpoint, region, style"),
            ("s3://box?endpoint=y", "it looks like https://s3.example.org"),
            (
                "s3://box?endpoint=https://a:hunter2@b",
                "does not belong into an address",
            ),
            ("s3://box?style=y", "it is path or host"),
            ("s3://box?region=", "such as eu-central-1"),
            ("webdav://c.org/a%00b", "control characters"),
            ("webdav://c.org/%2E%2E%2Fx", "no folder"),
            ("webdav://c.org/...", "no folder"),
        ] {
            let error = parse(said).expect_err(said).to_string();
            assert!(error.contains(told), "{said}: {error}");
            assert!(!error.contains("hunter2"), "{said}: {error}");
        }
    }

    #[test]
    fn an_account_holds_what_lies_in_its_folder() {
        let at = |text| parse(text).expect("is good");
        for (account, address, holds) in [
            ("webdav://c.org/a", "webdav://c.org/a", true),
            ("webdav://c.org/a", "webdav://c.org/a/b", true),
            ("webdav://c.org", "webdav://c.org/a/b", true),
            ("webdav://c.org/a", "webdav://c.org/ab", false),
            ("webdav://c.org/a", "webdav://c.org", false),
            ("webdav://c.org/a", "http://c.org/a", false),
            ("s3://box", "s3://box/a", true),
            ("azblob://pep/box", "azblob://pep/box/a", true),
            ("azblob://pep/box", "azblob://pep/boxes", false),
            ("azblob://pep/box", "azblob://anna/box", false),
            ("s3://box", "s3://box/a?region=x", false),
            ("webdav://anna@c.org/a", "webdav://c.org/a", true),
            ("webdav://anna@c.org/a", "webdav://anna@c.org/a", true),
            ("webdav://anna@c.org/a", "webdav://pep@c.org/a", false),
            ("webdav://c.org/a", "webdav://pep@c.org/a", false),
            (
                "sftp://anna@n?hostkey=SHA256:0000000000000000000000000000000000000000000",
                "sftp://anna@n/a",
                true,
            ),
            (
                "sftp://anna@n/a",
                "sftp://anna@n/a?hostkey=SHA256:0000000000000000000000000000000000000000000",
                true,
            ),
            ("sftp://anna@n/a", "sftp://anna@n:2222/a", false),
        ] {
            assert_eq!(at(account).holds(&at(address)), holds, "{account} and {address}");
        }
        let box_ = at("s3://box/a");
        assert_eq!(box_.folder("/b/c/").expect("is good").to_string(), "s3://box/a/b/c");
        assert_eq!(box_.folder("").expect("is good"), box_);
        assert!(box_.folder("../b").is_err());
        assert_eq!(at("s3://box/a/b").around("b").to_string(), "s3://box/a");
        assert_eq!(at("s3://box/a").around("a").to_string(), "s3://box");
        assert_eq!(at("s3://box/a").around("b").to_string(), "s3://box/a");
    }
}
