//! Signing in to a service in the browser: the authorisation code grant of RFC 6749 with PKCE (RFC 7636), and the way back
//! by an address of this computer (RFC 8252).
//!
//! Guarantees that an answer which this sign-in did not ask for is not taken. Never prints what it gets.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use oauth2::basic::BasicClient;
use oauth2::{
    AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl,
    Scope, TokenResponse, TokenUrl,
};
use offsync_core::ports::{MailboxError, MailboxErrorKind};

use super::credential::{Client, Credential};
use super::dialect::Dialect;
use super::line::{Line, redirected};
use super::protocol::Protocol;
use super::provider::{Provider, provider};
use super::token::refused;
use super::trouble::Trouble;
use crate::waiting::wait_for;

/// How often is looked whether the browser came, or somebody does not want to any more.
const LOOK: Duration = Duration::from_millis(50);
/// How long a browser may take to say what it came for.
const SAY: Duration = Duration::from_secs(5);
/// Longest first line of a request that is read.
const LINE_BYTES_MAX: u64 = 16 << 10;

/// A sign-in that has begun: the browser is to be sent to [`SignIn::url`].
pub struct SignIn {
    protocol: Protocol,
    provider: &'static Provider,
    client: Client,
    listener: TcpListener,
    back_to: String,
    state: CsrfToken,
    verifier: PkceCodeVerifier,
    url: String,
}

impl SignIn {
    /// Begins to wait for the browser at an address of this computer.
    pub fn begin(protocol: Protocol, client: Client) -> Result<Self, MailboxError> {
        let provider = provider(protocol).ok_or_else(|| broken("nobody signs in to it in a browser"))?;
        let listener = listen(provider.ports)?;
        let port = listener
            .local_addr()
            .map_err(|_| broken("no port of this computer is free"))?
            .port();
        let back_to = format!("http://{}:{port}/", provider.back_to);
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let asked = BasicClient::new(ClientId::new(client.id.clone()))
            .set_auth_uri(AuthUrl::new(provider.authorize.into()).expect("it is a URL"))
            .set_redirect_uri(RedirectUrl::new(back_to.clone()).expect("it is a URL"));
        let mut asked = asked.authorize_url(CsrfToken::new_random).set_pkce_challenge(challenge);
        for scope in provider.scopes {
            asked = asked.add_scope(Scope::new((*scope).into()));
        }
        for (name, value) in provider.more {
            asked = asked.add_extra_param(*name, *value);
        }
        let (url, state) = asked.url();
        Ok(Self {
            protocol,
            provider,
            client,
            listener,
            back_to,
            state,
            verifier,
            url: redirected(url.as_str()),
        })
    }

    /// Gives the address that the browser is to be sent to.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Waits until the browser comes back, or `pasted` gives the address that another one ended at; `is_over` ends the wait.
    pub fn wait(
        self,
        pasted: impl Fn() -> Option<String>,
        is_over: impl Fn() -> bool,
    ) -> Result<Credential, MailboxError> {
        self.listener
            .set_nonblocking(true)
            .map_err(|_| broken("this computer's network cannot be waited for"))?;
        let began = Instant::now();
        while !is_over() && began.elapsed() < Duration::from_secs(1800) {
            let answer = match pasted() {
                Some(address) => self.read_address(&address),
                None => match self.listener.accept() {
                    Ok((stream, _)) => self.greet(&stream).unwrap_or(Answer::NotOurs),
                    Err(_) => {
                        std::thread::sleep(LOOK);
                        continue;
                    }
                },
            };
            match answer {
                Answer::Code(code) => return self.exchange(code),
                Answer::Refused => {
                    return Err(MailboxError::new(
                        MailboxErrorKind::SignIn,
                        "the service was told no, or did not let the sign-in end",
                    ));
                }
                Answer::NotOurs => {}
            }
        }
        Err(MailboxError::new(
            MailboxErrorKind::SignIn,
            "nobody signed in in the browser",
        ))
    }

    /// Reads what a browser asks for, and tells the person how it went.
    fn greet(&self, stream: &TcpStream) -> io::Result<Answer> {
        stream.set_nonblocking(false)?;
        stream.set_read_timeout(Some(SAY))?;
        stream.set_write_timeout(Some(SAY))?;
        let mut line = String::new();
        BufReader::new(stream.take(LINE_BYTES_MAX)).read_line(&mut line)?;
        let path = line.strip_prefix("GET ").and_then(|rest| rest.split(' ').next());
        let answer = path.map_or(Answer::NotOurs, |path| self.read_address(path));
        let (status, told) = match &answer {
            Answer::Code(_) => ("200 OK", "Signed in. You can close this page and go back to Offsync."),
            Answer::Refused => (
                "200 OK",
                "Not signed in. You can close this page; Offsync says what to do.",
            ),
            Answer::NotOurs => ("404 Not Found", "There is nothing here."),
        };
        let page = format!(
            "<!doctype html><meta charset=utf-8><title>Offsync</title><body style=\"font:1.2rem system-ui;margin:4rem auto;max-width:30rem\"><p>{told}</p>"
        );
        let mut to = stream;
        // A browser that has gone already brought what it came with.
        let _ = write!(
            to,
            "HTTP/1.1 {status}\r\nContent-Type: text/html\r\nContent-Length: {}\r\nReferrer-Policy: no-referrer\r\nConnection: close\r\n\r\n{page}",
            page.len()
        );
        Ok(answer)
    }

    /// Reads the address that a browser was sent back to, or that somebody copied from one.
    fn read_address(&self, address: &str) -> Answer {
        let base = url::Url::parse(&self.back_to).expect("it is made above");
        let Ok(url) = base.join(address.trim()) else {
            return Answer::NotOurs;
        };
        let said = |name: &str| {
            url.query_pairs()
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.into_owned())
        };
        // Anybody can send a browser to this address: only who knows what was asked for is answered.
        if said("state").as_deref() != Some(self.state.secret().as_str()) {
            return Answer::NotOurs;
        }
        match said("code") {
            Some(code) if said("error").is_none() => Answer::Code(AuthorizationCode::new(code)),
            _ => Answer::Refused,
        }
    }

    fn exchange(self, code: AuthorizationCode) -> Result<Credential, MailboxError> {
        wait_for(async move {
            let line = Line::new(Dialect::Tokens, "", Arc::default())?;
            let mut asked = BasicClient::new(ClientId::new(self.client.id.clone()))
                .set_token_uri(TokenUrl::new(self.provider.token.into()).expect("it is a URL"))
                .set_redirect_uri(RedirectUrl::new(self.back_to.clone()).expect("it is a URL"));
            if let Some(secret) = &self.client.secret {
                asked = asked.set_client_secret(ClientSecret::new(secret.clone()));
            }
            let asked = asked.set_auth_type(oauth2::AuthType::RequestBody);
            let got = asked
                .exchange_code(code)
                .set_pkce_verifier(self.verifier)
                .request_async(&line)
                .await
                .map_err(|error| refused(&error))?;
            let refresh = got.refresh_token().ok_or_else(|| {
                Trouble::new(
                    MailboxErrorKind::SignIn,
                    "the service gave a sign-in that ends within the hour",
                )
            })?;
            Ok(Credential::signed_in(
                "",
                refresh.secret().as_str(),
                self.client.clone(),
            ))
        })
    }
}

impl std::fmt::Debug for SignIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SignIn({:?})", self.protocol)
    }
}

enum Answer {
    Code(AuthorizationCode),
    Refused,
    NotOurs,
}

fn broken(why: &str) -> MailboxError {
    MailboxError::new(MailboxErrorKind::Broken, why)
}

/// Takes the first free one of these ports of this computer, or any if there are none to choose from.
fn listen(ports: &[u16]) -> Result<TcpListener, MailboxError> {
    let any = [0];
    let asked = if ports.is_empty() { &any } else { ports };
    let free = asked
        .iter()
        .find_map(|port| TcpListener::bind(("127.0.0.1", *port)).ok());
    free.ok_or_else(|| {
        let ports: Vec<String> = ports.iter().map(u16::to_string).collect();
        broken(&format!(
            "other programs, perhaps sign-ins that have not ended, hold the ports of this computer that the service sends the browser back to ({})",
            ports.join(", ")
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn port_of(listener: &TcpListener) -> u16 {
        listener.local_addr().expect("it listens").port()
    }

    #[test]
    fn a_port_that_somebody_holds_is_passed_over_and_all_of_them_are_named() {
        let [held, other] = [0, 0].map(|port| TcpListener::bind(("127.0.0.1", port)).expect("a port is free"));
        let [first, second] = [port_of(&held), port_of(&other)];
        let told = listen(&[first, second]).expect_err("both are held").to_string();
        assert!(told.contains(&format!("({first}, {second})")), "{told}");
        drop(other);
        assert_eq!(port_of(&listen(&[first, second]).expect("one is free")), second);
        assert_ne!(port_of(&listen(&[]).expect("any will do")), first);
    }
}
