//! A line to a server that speaks FTP, once it has let us in.
//!
//! Guarantees that each wait ends, and that a line on which an answer is outstanding is used for nothing more.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use offsync_core::ports::MailboxErrorKind;
use suppaftp::tokio::{AsyncRustlsFtpStream, AsyncRustlsStream};
use suppaftp::types::{FileType, Response};
use suppaftp::{FtpError, FtpResult, Mode, Status};
use tokio::net::TcpStream;
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::timeout;

use super::super::address::CloudAddress;
use super::super::credential::Access;
use super::super::protocol::Protocol;
use super::super::socket::{ANSWER_WAIT, Listener};
use super::super::traffic::Traffic;
use super::super::trouble::Trouble;
use super::seal::{Refusal, connector};

/// Where servers listen if an address does not say.
const SERVER: Listener = Listener {
    speaks: "FTP",
    port: 21,
};
/// How long a server may take to let us in: small ones count long, and many make who failed once wait.
const GREETING_WAIT: Duration = Duration::from_secs(60);
/// How long one request, or one piece of a file, may take: a disk may have to wake up.
pub(super) const REQUEST_WAIT: Duration = Duration::from_secs(120);

pub(super) type Ftp = AsyncRustlsFtpStream;
/// A file or a list on its way.
pub(super) type Transfer = suppaftp::tokio::TransferStream<AsyncRustlsStream>;

/// An open line.
pub(crate) struct Line {
    ftp: Mutex<Ftp>,
    /// Whether the server lists in facts, and not as people read.
    pub(super) lists_in_facts: bool,
    /// The user's own folder.
    home: String,
    /// What goes over it goes as fast as that lets it.
    pub(super) traffic: Arc<Traffic>,
    refusal: Refusal,
    /// Whether an answer may be outstanding.
    is_spoilt: AtomicBool,
}

/// Why something was not done.
#[derive(Debug)]
pub(super) enum Wrong {
    /// The server refuses it, with this code, and the line is as good as before.
    Refused(u16),
    /// It cannot be known what was done.
    Lost(Trouble),
}

impl Line {
    /// Opens a line, and signs in.
    pub(crate) async fn to(address: &CloudAddress, access: &Access) -> Result<Self, Trouble> {
        let socket = SERVER.reach(address.place()).await?;
        let opened = timeout(GREETING_WAIT, Self::over(socket, address, access)).await;
        opened.unwrap_or_else(|_| Err(Trouble::silent()))
    }

    async fn over(socket: TcpStream, address: &CloudAddress, access: &Access) -> Result<Self, Trouble> {
        let has_long_addresses = socket.peer_addr().is_ok_and(|peer| peer.is_ipv6());
        let mut ftp = Ftp::connect_with_stream(socket)
            .await
            .map_err(|error| ungreeted(&error))?;
        if has_long_addresses {
            ftp.set_mode(Mode::ExtendedPassive);
        }
        // A server behind a router names an address that only its own network knows.
        ftp.set_passive_nat_workaround(true);
        let mut ftp = ftp.passive_stream_builder(|at| Box::pin(data_line(at)));
        let refusal = Refusal::default();
        if address.protocol() == Protocol::Ftps {
            let (host, _) = SERVER.host_and_port(address.place());
            let sealed = ftp.into_secure(connector(&refusal)?, host).await;
            ftp = sealed.map_err(|error| unsealed(&error, &refusal))?;
        }
        let credential = &access.credential;
        let let_in = ftp.login(credential.id(), credential.secret()).await;
        let_in.map_err(|error| not_let_in(&error, address.protocol()))?;
        let wrong = |error: FtpError| match told_by(error, &refusal) {
            Wrong::Refused(_) => Trouble::new(MailboxErrorKind::Broken, "it lets its user in, and gives it no files"),
            Wrong::Lost(trouble) => trouble,
        };
        ftp.transfer_type(FileType::Binary).await.map_err(wrong)?;
        let home = ftp.pwd().await.map_err(wrong)?;
        // Old ones do not know what they know; all that is asked of them is what all of them do.
        let knows = match ftp.feat().await {
            Ok(knows) => knows,
            Err(FtpError::UnexpectedResponse(_)) => Default::default(),
            Err(error) => return Err(wrong(error)),
        };
        if knows.contains_key("UTF8") {
            match ftp.opts("UTF8", Some("ON")).await {
                // Those that always write so take that for a question too many.
                Ok(()) | Err(FtpError::UnexpectedResponse(_)) => {}
                Err(error) => return Err(wrong(error)),
            }
        }
        Ok(Self {
            ftp: Mutex::new(ftp),
            lists_in_facts: knows.contains_key("MLST"),
            home,
            traffic: access.traffic.clone(),
            refusal,
            is_spoilt: AtomicBool::new(false),
        })
    }

    /// Tells whether more can be asked on it.
    pub(crate) fn is_usable(&self) -> bool {
        !self.is_spoilt.load(Ordering::Relaxed)
    }

    /// Gives a path from the top on.
    pub(super) fn whole(&self, path: &str) -> String {
        match path {
            path if path.starts_with('/') => path.to_owned(),
            "." => self.home.clone(),
            path => format!("{}/{path}", self.home.trim_end_matches('/')),
        }
    }

    /// Waits for what others ask on it.
    pub(super) async fn turn(&self) -> Turn<'_> {
        Turn {
            ftp: self.ftp.lock().await,
            line: self,
            is_over: false,
        }
    }
}

/// The line, while something is asked on it. One that is dropped before it is over leaves a spoilt line behind.
pub(super) struct Turn<'l> {
    pub(super) ftp: MutexGuard<'l, Ftp>,
    pub(super) line: &'l Line,
    is_over: bool,
}

impl Turn<'_> {
    /// Ends it with what came of it; `refused` says what a code means that was not expected.
    pub(super) fn end<T>(mut self, done: Result<T, Wrong>, refused: impl Fn(u16) -> Trouble) -> Result<T, Trouble> {
        self.is_over = !matches!(done, Err(Wrong::Lost(_)));
        done.map_err(|wrong| match wrong {
            Wrong::Refused(code) => refused(code),
            Wrong::Lost(trouble) => trouble,
        })
    }

    /// Waits for an answer, and not for ever.
    pub(super) async fn answer<T>(refusal: &Refusal, asked: impl Future<Output = FtpResult<T>>) -> Result<T, Wrong> {
        match timeout(REQUEST_WAIT, asked).await {
            Ok(answer) => answer.map_err(|error| told_by(error, refusal)),
            Err(_) => Err(Wrong::Lost(Trouble::silent())),
        }
    }

    /// Gives what remembers refused certificates.
    pub(super) fn refusal(&self) -> Refusal {
        self.line.refusal.clone()
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if !self.is_over {
            self.line.is_spoilt.store(true, Ordering::Relaxed);
        }
    }
}

/// Tells a refusal from a line that is gone.
fn told_by(error: FtpError, refusal: &Refusal) -> Wrong {
    Wrong::Lost(match error {
        FtpError::UnexpectedResponse(answer) if answer.status == Status::NotAvailable => crowded(),
        FtpError::UnexpectedResponse(answer) => return Wrong::Refused(code_of(&answer)),
        FtpError::SecureError(_) => refusal.told().unwrap_or_else(Trouble::broke_off),
        FtpError::ConnectionError(error) if error.kind() == io::ErrorKind::AddrNotAvailable => Trouble::new(
            MailboxErrorKind::Away,
            "the port that it names for a file cannot be reached: a firewall in between may not let it pass",
        ),
        FtpError::BadResponse => Trouble::new(MailboxErrorKind::Broken, "the answer makes no sense"),
        _ => Trouble::broke_off(),
    })
}

/// Gives an answer's code: the library knows some of them alone.
fn code_of(answer: &Response) -> u16 {
    let said = answer.body.get(..3).and_then(|digits| std::str::from_utf8(digits).ok());
    said.and_then(|digits| digits.parse().ok()).unwrap_or_default()
}

async fn data_line(at: SocketAddr) -> FtpResult<TcpStream> {
    match timeout(ANSWER_WAIT, TcpStream::connect(at)).await {
        Ok(Ok(socket)) => Ok(socket),
        _ => Err(FtpError::ConnectionError(io::ErrorKind::AddrNotAvailable.into())),
    }
}

fn crowded() -> Trouble {
    Trouble::new(
        MailboxErrorKind::Away,
        "it hangs up: too many may be there already, or it is about to stop",
    )
}

/// Says why a server does not even greet.
fn ungreeted(error: &FtpError) -> Trouble {
    match error {
        FtpError::UnexpectedResponse(answer) if answer.status == Status::NotAvailable => crowded(),
        _ => Trouble::new(
            MailboxErrorKind::Away,
            "it does not greet as servers do that speak FTP: it may be busy, or something else listens at that port",
        ),
    }
}

/// Says why a line is not sealed.
fn unsealed(error: &FtpError, refusal: &Refusal) -> Trouble {
    match error {
        FtpError::UnexpectedResponse(answer) if answer.status == Status::NotAvailable => crowded(),
        FtpError::UnexpectedResponse(_) => Trouble::new(
            MailboxErrorKind::Broken,
            "it does not encrypt its lines; if it is one at home that cannot do that, its address begins with ftp://",
        )
        .lasting(),
        FtpError::SecureError(said) if refusal.told().is_none() && is_disagreement(said) => Trouble::new(
            MailboxErrorKind::Broken,
            "it encrypts in old ways alone, which are not safe any more: it needs newer software",
        ),
        _ => refusal.told().unwrap_or_else(Trouble::broke_off),
    }
}

/// Tells whether both sides found no way of encrypting that they share: the library gives what went wrong as a text alone.
fn is_disagreement(said: &str) -> bool {
    let alerts = ["ProtocolVersion", "HandshakeFailure", "InsufficientSecurity"];
    let is_alert = said.contains("received fatal alert") && alerts.iter().any(|alert| said.contains(alert));
    said.contains("peer is incompatible") || is_alert
}

fn not_let_in(error: &FtpError, protocol: Protocol) -> Trouble {
    let FtpError::UnexpectedResponse(answer) = error else {
        return Trouble::broke_off();
    };
    let is_plain = protocol == Protocol::Ftp;
    let (kind, why) = match code_of(answer) {
        421 => return crowded(),
        // Each server has another code for what it wants sealed.
        503 | 522 | 534 | 550 if is_plain => (
            MailboxErrorKind::Denied,
            "it takes sign-ins over an encrypted line alone: its address begins with ftps://",
        ),
        530 if is_plain => (
            MailboxErrorKind::SignIn,
            "the user or the password is not accepted; some servers take them over an encrypted line alone, with an address that begins with ftps://",
        ),
        332 => (MailboxErrorKind::Denied, "it asks for more than a user and a password"),
        _ => (MailboxErrorKind::SignIn, "the user or the password is not accepted"),
    };
    Trouble::new(kind, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(code: u16) -> FtpError {
        let body = format!("{code} no\r\n").into_bytes();
        FtpError::UnexpectedResponse(Response::new(Status::from(u32::from(code)), body))
    }

    #[test]
    fn what_keeps_us_out_is_said() {
        for (code, told) in [
            (332, "it asks for more than a user and a password"),
            (421, "too many may be there already"),
            (430, "the user or the password is not accepted"),
            (530, "some servers take them over an encrypted line alone"),
            (550, "its address begins with ftps://"),
        ] {
            let why = not_let_in(&answered(code), Protocol::Ftp).why;
            assert!(why.contains(told), "{code}: {why}");
        }
        assert!(ungreeted(&answered(421)).why.contains("too many may be there already"));
        assert!(unsealed(&answered(421), &Refusal::default()).why.contains("too many"));
        for disagreed in [
            rustls::Error::AlertReceived(rustls::AlertDescription::ProtocolVersion),
            rustls::Error::PeerIncompatible(rustls::PeerIncompatible::ServerDoesNotSupportTls12Or13),
        ] {
            let error = FtpError::SecureError(disagreed.to_string());
            assert!(
                unsealed(&error, &Refusal::default()).why.contains("in old ways alone"),
                "{error}"
            );
        }
        let asks_for_more = rustls::Error::AlertReceived(rustls::AlertDescription::CertificateRequired);
        let error = FtpError::SecureError(asks_for_more.to_string());
        assert_eq!(unsealed(&error, &Refusal::default()).why, "the connection broke off");
        let cut_off = FtpError::SecureError("tls handshake eof".into());
        assert_eq!(unsealed(&cut_off, &Refusal::default()).why, "the connection broke off");
        let lost = |error| match told_by(error, &Refusal::default()) {
            Wrong::Lost(trouble) => trouble.why,
            Wrong::Refused(code) => panic!("{code} is refused"),
        };
        let no_port = FtpError::ConnectionError(io::ErrorKind::AddrNotAvailable.into());
        assert!(lost(no_port).contains("a firewall in between may not let it pass"));
        assert!(lost(answered(421)).contains("too many"));
        assert_eq!(lost(FtpError::BadResponse), "the answer makes no sense");
        // A code that the library has no name for.
        assert!(matches!(
            told_by(answered(522), &Refusal::default()),
            Wrong::Refused(522)
        ));
    }
}
