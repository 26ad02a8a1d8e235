//! A line to a server that speaks SSH, once it has shown that it is itself and let us in.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use offsync_core::ports::{MailboxError, MailboxErrorKind};
use russh::client::{AuthResult, Config, Handle, Handler};
use russh::keys::{Algorithm, EcdsaCurve, HashAlg, PublicKeyOrCertificate};
use russh::{ChannelMsg, Preferred};
use russh_sftp::client::{Config as FilesConfig, RawSftpSession};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::super::address::CloudAddress;
use super::super::credential::Access;
use super::super::socket::Listener;
use super::super::traffic::Traffic;
use super::super::trouble::Trouble;
use super::key;
use crate::waiting::wait_for;

/// Where servers listen if an address does not say.
const SERVER: Listener = Listener {
    speaks: "SFTP",
    port: 22,
};
/// How long a server may take to agree on keys and to let us in: small ones count long.
const GREETING_WAIT: Duration = Duration::from_secs(60);
/// How long one request may take: a disk may have to wake up, and a slow line to carry those before it.
const REQUEST_WAIT_SECONDS: u64 = 120;
/// How often it is looked whether a line is still there.
const LOOK_AGAIN: Duration = Duration::from_millis(250);
/// After how much silence it is asked whether the server is still there.
const SILENCE: Duration = Duration::from_secs(15);

/// An open line.
pub(crate) struct Line {
    pub(super) files: RawSftpSession,
    /// What the server can do beyond the least.
    pub(super) can: Extras,
    /// What goes over it goes as fast as that lets it.
    pub(super) traffic: Arc<Traffic>,
    /// The line ends with it.
    ssh: Handle<HostCheck>,
}

/// What a server can do beyond the least.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extras {
    /// Put a file in the place of another in one step.
    pub(super) replaces: bool,
    pub(super) flushes: bool,
    pub(super) tells_room: bool,
}

impl Line {
    /// Opens a line, and signs in.
    pub(crate) async fn to(address: &CloudAddress, access: &Access) -> Result<Self, Trouble> {
        let Some(agreed) = access.host_key.as_deref().or_else(|| address.option("hostkey")) else {
            let why = "nobody has said yet by which key its server is known";
            return Err(Trouble::new(MailboxErrorKind::Stranger, why));
        };
        let socket = SERVER.reach(address.place()).await?;
        let opened = timeout(GREETING_WAIT, Self::over(socket, address, access, agreed)).await;
        opened.unwrap_or_else(|_| Err(Trouble::silent()))
    }

    async fn over(socket: TcpStream, address: &CloudAddress, access: &Access, agreed: &str) -> Result<Self, Trouble> {
        let check = HostCheck::agreed(agreed);
        let shown = check.shown.clone();
        let mut ssh = match russh::client::connect_stream(config(), socket, check).await {
            Ok(ssh) => ssh,
            Err(error) => {
                let shown = shown.lock().unwrap_or_else(PoisonError::into_inner).take();
                return Err(match shown {
                    Some(shown) if shown != agreed => another_server(address, &shown, agreed),
                    Some(_) => from_ssh(&error),
                    None => unshown(&error),
                });
            }
        };
        let credential = &access.credential;
        let proof = key::proof(credential)?;
        let let_in = ssh.authenticate_publickey(credential.id(), proof).await;
        match let_in.map_err(|error| from_ssh(&error))? {
            AuthResult::Success => {}
            // So the library tells of a line that broke; a server that refuses names what it takes, keys among it.
            AuthResult::Failure { remaining_methods, .. } if remaining_methods.is_empty() => {
                return Err(Trouble::broke_off());
            }
            AuthResult::Failure { partial_success, .. } => {
                return Err(not_let_in(address, credential.id(), partial_success));
            }
        }
        let channel = ssh.channel_open_session().await;
        let mut channel = channel.map_err(|error| from_ssh(&error))?;
        let asked = channel.request_subsystem(true, "sftp").await;
        asked.map_err(|error| from_ssh(&error))?;
        loop {
            match channel.wait().await {
                Some(ChannelMsg::Success) => break,
                Some(ChannelMsg::Failure) => return Err(no_files(address)),
                Some(_) => {}
                None => return Err(Trouble::broke_off()),
            }
        }
        let settings = FilesConfig {
            request_timeout_secs: REQUEST_WAIT_SECONDS,
            ..FilesConfig::default()
        };
        let files = RawSftpSession::new_with_config(channel.into_stream(), settings);
        // A server without the program for it says yes first, and then nothing more.
        let version = tokio::select! {
            version = files.init() => version.map_err(|_| no_files(address))?,
            () = ended(&ssh) => return Err(Trouble::broke_off()),
        };
        let has = |name: &str| version.extensions.contains_key(name);
        Ok(Self {
            files,
            can: Extras {
                replaces: has("posix-rename@openssh.com"),
                flushes: has("fsync@openssh.com"),
                tells_room: has("statvfs@openssh.com"),
            },
            traffic: access.traffic.clone(),
            ssh,
        })
    }
}

impl Line {
    /// Waits until the line has broken: what is asked on it just then may never be answered, nor fail.
    pub(crate) async fn broken(&self) -> Trouble {
        ended(&self.ssh).await;
        Trouble::broke_off()
    }
}

async fn ended(ssh: &Handle<HostCheck>) {
    while !ssh.is_closed() {
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// Asks a server for the fingerprint of its host key, and sends it nothing.
pub fn host_key(address: &CloudAddress) -> Result<String, MailboxError> {
    let address = address.clone();
    wait_for(async move {
        let socket = SERVER.reach(address.place()).await?;
        let check = HostCheck::none();
        let shown = check.shown.clone();
        let asked = timeout(GREETING_WAIT, russh::client::connect_stream(config(), socket, check)).await;
        let shown = shown.lock().unwrap_or_else(PoisonError::into_inner).take();
        match (shown, asked) {
            (Some(shown), _) => Ok(shown),
            (None, Ok(Err(error))) => Err(unshown(&error).into()),
            (None, _) => Err(Trouble::silent().into()),
        }
    })
}

/// Compares the key that a server shows with the one that was agreed on.
struct HostCheck {
    agreed: Option<String>,
    shown: Arc<Mutex<Option<String>>>,
}

impl HostCheck {
    fn agreed(fingerprint: &str) -> Self {
        Self {
            agreed: Some(fingerprint.to_owned()),
            ..Self::none()
        }
    }

    /// Lets no server pass.
    fn none() -> Self {
        Self {
            agreed: None,
            shown: Arc::default(),
        }
    }
}

impl Handler for HostCheck {
    type Error = russh::Error;

    async fn check_server_key(&mut self, shown: &PublicKeyOrCertificate) -> Result<bool, Self::Error> {
        let PublicKeyOrCertificate::PublicKey { key, .. } = shown else {
            return Ok(false);
        };
        let shown = key.fingerprint(HashAlg::Sha256).to_string();
        let is_agreed = self.agreed.as_ref() == Some(&shown);
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = Some(shown);
        Ok(is_agreed)
    }
}

fn config() -> Arc<Config> {
    Arc::new(Config {
        preferred: Preferred {
            // RSA, which each server of the last ten years has something beside, would bring code of its own with it.
            key: Cow::Borrowed(&[
                Algorithm::Ed25519,
                Algorithm::Ecdsa {
                    curve: EcdsaCurve::NistP256,
                },
                Algorithm::Ecdsa {
                    curve: EcdsaCurve::NistP384,
                },
                Algorithm::Ecdsa {
                    curve: EcdsaCurve::NistP521,
                },
            ]),
            ..Preferred::DEFAULT
        },
        keepalive_interval: Some(SILENCE),
        nodelay: true,
        ..Config::default()
    })
}

fn another_server(address: &CloudAddress, shown: &str, agreed: &str) -> Trouble {
    let (host, _) = SERVER.host_and_port(address.place());
    Trouble::new(
        MailboxErrorKind::Stranger,
        format!(
            "'{host}' shows the host key {shown}, and the one agreed on is {agreed}: somebody may be in between, the server was set up anew, or the one agreed on is another of its keys"
        ),
    )
}

fn not_let_in(address: &CloudAddress, user: &str, wants_more: bool) -> Trouble {
    let (host, _) = SERVER.host_and_port(address.place());
    let why = match wants_more {
        true => format!("'{host}' takes the key of '{user}', and asks for more than a key, which Offsync cannot give"),
        false => format!("'{host}' does not let '{user}' in with this account's key"),
    };
    Trouble::new(MailboxErrorKind::SignIn, why)
}

fn no_files(address: &CloudAddress) -> Trouble {
    let (host, _) = SERVER.host_and_port(address.place());
    let why = format!("'{host}' lets this account in, and gives it no files: SFTP is not switched on for it");
    Trouble::new(MailboxErrorKind::Denied, why)
}

/// Says what an error of the protocol means; its own words are for those who build such programs.
fn from_ssh(error: &russh::Error) -> Trouble {
    match error {
        russh::Error::NoCommonAlgo { .. } => Trouble::new(
            MailboxErrorKind::Broken,
            "it speaks old ciphers or keys alone, which are not safe any more: it needs newer software",
        ),
        russh::Error::KeepaliveTimeout | russh::Error::ConnectionTimeout => Trouble::silent(),
        _ => Trouble::broke_off(),
    }
}

/// The same of a server that did not come so far as to show its key.
fn unshown(error: &russh::Error) -> Trouble {
    match error {
        russh::Error::NoCommonAlgo { .. } | russh::Error::KeepaliveTimeout | russh::Error::ConnectionTimeout => {
            from_ssh(error)
        }
        _ => Trouble::new(
            MailboxErrorKind::Away,
            "it hangs up before it shows who it is: it may be busy, or something else than SFTP listens at that port",
        ),
    }
}
