//! The one HTTP transport under all services.
//!
//! Guarantees that a request ends: each wait has a limit. Tells asking to wait, a full account, a refused sign-in and a
//! permission that lacks apart, and answers with that in place of what a service would make of it. Never prints an address
//! or a header.

use std::future::Future;
use std::sync::OnceLock;
use std::time::Duration;

use ::opendal::raw::parse_content_length;
use ::opendal::{Buffer, Error, ErrorKind, HttpBody, HttpTransport};
use futures::StreamExt;
use http::{Request, Response, StatusCode, header};
use offsync_core::ports::MailboxErrorKind;

use super::protocol::Protocol;
use super::trouble::{Trouble, Wait};

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(30);
/// How long an answer may take to begin, beside the time to send what is asked.
const ANSWER: Duration = Duration::from_secs(90);
/// How long each part of an answer may take to follow.
const NEXT_PART: Duration = Duration::from_secs(60);
/// The slowest line on which an object still arrives.
const SLOWEST_BYTES_A_SECOND: u64 = 4096;
/// How often a request is sent again because the service asked to wait.
const WAITS: u32 = 4;
/// The longest that is waited for one answer, all waits together; whoever is asked to wait longer tries again later.
const WAIT_ALL: Duration = Duration::from_secs(60);
/// The shortest wait, also where a service says that there is none.
const WAIT_LEAST: Duration = Duration::from_millis(100);
/// The first wait where a service does not say how long; each next one is twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(500);
/// As much of an error's text is looked at.
const ERROR_BYTES_MAX: usize = 64 << 10;

/// Sends requests for one account.
#[derive(Clone, Debug)]
pub(super) struct Transport {
    protocol: Protocol,
    client: reqwest::Client,
}

impl Transport {
    pub(super) fn new(protocol: Protocol) -> Result<Self, Trouble> {
        let client = client()?;
        Ok(Self { protocol, client })
    }

    /// Sends a request of our own, and reads the whole answer.
    pub(super) async fn ask(&self, request: Request<Buffer>) -> Result<Response<Vec<u8>>, Trouble> {
        let (parts, mut body) = self.exchange(request).await?.into_parts();
        let bytes = body.to_buffer().await.map_err(|error| match Trouble::inside(&error) {
            Some(trouble) => trouble.clone(),
            None => half_an_answer(),
        })?;
        Ok(Response::from_parts(parts, bytes.to_vec()))
    }

    async fn exchange(&self, request: Request<Buffer>) -> Result<Response<HttpBody>, Trouble> {
        let (mut waited, mut next) = (Duration::ZERO, FIRST_WAIT);
        for _ in 0..WAITS {
            let trouble = match self.send(request.clone()).await {
                Err(trouble) if trouble.wait != Wait::Unasked => trouble,
                done => return done,
            };
            let pause = match trouble.wait {
                Wait::For(said) => said.max(WAIT_LEAST),
                _ => next,
            };
            if waited + pause > WAIT_ALL {
                return Err(trouble);
            }
            tokio::time::sleep(pause).await;
            (waited, next) = (waited + pause, next * 2);
        }
        self.send(request).await
    }

    async fn send(&self, request: Request<Buffer>) -> Result<Response<HttpBody>, Trouble> {
        let (parts, body) = request.into_parts();
        let is_head = parts.method == http::Method::HEAD;
        let patience = ANSWER + Duration::from_secs(body.len() as u64 / SLOWEST_BYTES_A_SECOND);
        let url = reqwest::Url::parse(&parts.uri.to_string())
            .map_err(|_| Trouble::new(MailboxErrorKind::Broken, "its address cannot be used"))?;
        let mut asked = self.client.request(parts.method, url).headers(parts.headers);
        if !body.is_empty() {
            asked = asked.body(reqwest::Body::wrap(SizedBody(body)));
        }
        let answer = within(patience, asked.send())
            .await?
            .map_err(|error| unreached(&error))?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        // Of what is packed on the way nobody knows how long it will be.
        let is_packed = headers.contains_key(header::CONTENT_ENCODING);
        let size_bytes = match is_head || is_packed {
            true => None,
            false => parse_content_length(&headers).ok().flatten(),
        };
        let mut rebuilt = Response::builder().status(status).extension(parts.uri);
        *rebuilt.headers_mut().expect("no part of it can be wrong") = headers;
        let body = match needs_a_look(self.protocol, status) && !is_head {
            false => streamed(answer, size_bytes),
            true => {
                let text = error_text(answer).await;
                if let Some(trouble) = told_by(status, rebuilt.headers_ref(), &text) {
                    return Err(trouble);
                }
                let size_bytes = Some(text.len() as u64);
                let text = futures::stream::iter([Ok(Buffer::from(text))]);
                HttpBody::new(text, size_bytes)
            }
        };
        Ok(rebuilt.body(body).expect("no part of it can be wrong"))
    }
}

impl HttpTransport for Transport {
    async fn fetch(&self, request: Request<Buffer>) -> ::opendal::Result<Response<HttpBody>> {
        self.exchange(request).await.map_err(carried)
    }
}

/// Wraps trouble as OpenDAL passes it on.
fn carried(trouble: Trouble) -> Error {
    Error::new(ErrorKind::Unexpected, trouble.why.clone()).set_source(trouble)
}

/// Gives the one client of this process: connections are kept for all accounts.
fn client() -> Result<reqwest::Client, Trouble> {
    static CLIENT: OnceLock<reqwest::Client> = OnceLock::new();
    if let Some(client) = CLIENT.get() {
        return Ok(client.clone());
    }
    // Whoever was first is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let follow = reqwest::redirect::Policy::custom(|attempt| {
        let was_sealed = attempt.previous().iter().any(|url| url.scheme() == "https");
        match attempt.previous().len() > 5 || was_sealed && attempt.url().scheme() != "https" {
            true => attempt.stop(),
            false => attempt.follow(),
        }
    });
    let made = reqwest::Client::builder()
        .user_agent(concat!("offsync/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT)
        .redirect(follow)
        .build()
        .map_err(|_| {
            Trouble::new(
                MailboxErrorKind::Broken,
                "this computer's list of trusted certificates cannot be used",
            )
        })?;
    Ok(CLIENT.get_or_init(|| made).clone())
}

/// Ends a wait that takes too long.
async fn within<T>(limit: Duration, future: impl Future<Output = T>) -> Result<T, Trouble> {
    let ended = tokio::time::timeout(limit, future).await;
    ended.map_err(|_| Trouble::new(MailboxErrorKind::Away, "it does not answer"))
}

fn half_an_answer() -> Trouble {
    Trouble::new(MailboxErrorKind::Away, "the connection broke off")
}

/// Says why there is no answer, without the address that the library would name.
fn unreached(error: &reqwest::Error) -> Trouble {
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        if inner.downcast_ref::<rustls::Error>().is_some() {
            return Trouble::new(
                MailboxErrorKind::Denied,
                "its certificate is not one that this computer trusts",
            );
        }
        let io = inner.downcast_ref::<std::io::Error>();
        // An error inside an I/O error is no source of it.
        if io
            .and_then(std::io::Error::get_ref)
            .is_some_and(|inner| inner.is::<rustls::Error>())
        {
            return Trouble::new(
                MailboxErrorKind::Denied,
                "its certificate is not one that this computer trusts",
            );
        }
        cause = inner.source();
    }
    let why = match error.is_connect() || error.is_timeout() {
        true => "it cannot be reached now",
        false => "the connection broke off",
    };
    Trouble::new(MailboxErrorKind::Away, why)
}

fn streamed(answer: reqwest::Response, size_bytes: Option<u64>) -> HttpBody {
    let parts = answer.bytes_stream().filter(|part| {
        let is_empty = part.as_ref().is_ok_and(|bytes| bytes.is_empty());
        futures::future::ready(!is_empty)
    });
    let limited = futures::stream::unfold(Some(Box::pin(parts)), |parts| async move {
        let mut parts = parts?;
        match within(NEXT_PART, parts.next()).await {
            Ok(None) => None,
            Ok(Some(Ok(bytes))) => Some((Ok(Buffer::from(bytes)), Some(parts))),
            Ok(Some(Err(_))) => Some((Err(carried(half_an_answer())), None)),
            Err(trouble) => Some((Err(carried(trouble)), None)),
        }
    });
    HttpBody::new(Box::pin(limited), size_bytes)
}

/// Reads the beginning of what an error says.
async fn error_text(answer: reqwest::Response) -> Vec<u8> {
    let mut text = Vec::new();
    let mut parts = Box::pin(answer.bytes_stream());
    while let Ok(Some(Ok(part))) = within(NEXT_PART, parts.next()).await {
        text.extend_from_slice(&part);
        if text.len() > ERROR_BYTES_MAX {
            text.truncate(ERROR_BYTES_MAX);
            break;
        }
    }
    text
}

/// Tells whether an answer may be trouble that the service's own code would take for something else.
fn needs_a_look(protocol: Protocol, status: StatusCode) -> bool {
    match status {
        // A bucket that is not there is no object that is not there.
        StatusCode::NOT_FOUND => protocol == Protocol::S3,
        // A folder that is missing on the way, or there already.
        StatusCode::CONFLICT | StatusCode::METHOD_NOT_ALLOWED | StatusCode::PRECONDITION_FAILED => false,
        status => status.is_client_error() || status.is_server_error(),
    }
}

/// Tells what an answer says is wrong; `None` if the service's own code knows better.
fn told_by(status: StatusCode, headers: Option<&http::HeaderMap>, text: &[u8]) -> Option<Trouble> {
    let code = xml_code(text);
    let trouble = |kind, why: &str| Some(Trouble::new(kind, why));
    let wait = headers.and_then(retry_after);
    match (status, code.as_deref()) {
        (_, Some("RequestTimeTooSkewed" | "RequestExpired")) => trouble(
            MailboxErrorKind::Denied,
            "this computer's clock is wrong: set it to the time that it is",
        ),
        (_, Some("InvalidAccessKeyId" | "SignatureDoesNotMatch" | "InvalidSecurity" | "ExpiredToken")) => {
            trouble(MailboxErrorKind::SignIn, "the access key or its secret is not accepted")
        }
        (_, Some("NoSuchBucket")) => trouble(MailboxErrorKind::Missing, "there is no bucket of that name"),
        (_, Some("AuthorizationHeaderMalformed" | "PermanentRedirect" | "IllegalLocationConstraintException")) => {
            trouble(
                MailboxErrorKind::Denied,
                "the bucket lies in another region: its address has to name that one, as region=...",
            )
        }
        (_, Some("QuotaExceeded" | "XMinioStorageFull")) | (StatusCode::INSUFFICIENT_STORAGE, _) => {
            trouble(MailboxErrorKind::NoRoom, "there is no room left")
        }
        (_, Some("SlowDown" | "Throttling" | "RequestLimitExceeded")) | (StatusCode::TOO_MANY_REQUESTS, _) => {
            Some(Trouble {
                wait: wait.unwrap_or(Wait::AWhile),
                ..Trouble::new(
                    MailboxErrorKind::Away,
                    "it asks to wait, since there were too many requests",
                )
            })
        }
        (StatusCode::SERVICE_UNAVAILABLE, _) => Some(Trouble {
            wait: wait.unwrap_or(Wait::Unasked),
            ..Trouble::new(MailboxErrorKind::Away, "it is out of service for a while")
        }),
        (StatusCode::UNAUTHORIZED, _) => trouble(MailboxErrorKind::SignIn, "the user or the password is not accepted"),
        (StatusCode::PROXY_AUTHENTICATION_REQUIRED, _) => {
            trouble(MailboxErrorKind::Denied, "the proxy of this network asks for a sign-in")
        }
        (StatusCode::FORBIDDEN, _) => trouble(MailboxErrorKind::Denied, "this sign-in may not do that there"),
        (StatusCode::PAYLOAD_TOO_LARGE, _) => trouble(MailboxErrorKind::Denied, "it takes no objects of 4 MiB"),
        (StatusCode::LOCKED | StatusCode::REQUEST_TIMEOUT, _) => {
            trouble(MailboxErrorKind::Away, "it is busy with something else")
        }
        (StatusCode::NOT_FOUND, _) => None,
        (status, _) if status.is_server_error() => trouble(MailboxErrorKind::Away, "it has trouble of its own"),
        _ => None,
    }
}

/// Reads how many seconds a service asks to wait. A date is taken for a while: whose clock is right nobody knows.
fn retry_after(headers: &http::HeaderMap) -> Option<Wait> {
    let said = headers.get(header::RETRY_AFTER)?.to_str().ok()?;
    let seconds = said.trim().parse().map(Duration::from_secs);
    Some(seconds.map_or(Wait::AWhile, Wait::For))
}

/// Gives the code of an error as S3 and its kin say it.
fn xml_code(text: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(text);
    let (_, rest) = text.split_once("<Code>")?;
    let (code, _) = rest.split_once("</Code>")?;
    Some(code.trim().to_owned())
}

/// A body whose size is said beforehand: some servers take no other.
struct SizedBody(Buffer);

impl http_body::Body for SizedBody {
    type Data = <Buffer as Iterator>::Item;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<Self::Data>, Self::Error>>> {
        let next = Iterator::next(&mut self.0);
        std::task::Poll::Ready(next.map(|bytes| Ok(http_body::Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        http_body::SizeHint::with_exact(self.0.len() as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_answer_says_is_told_apart() {
        use MailboxErrorKind as Kind;
        let check = |status: u16, text: &str, kind: Option<Kind>, wait: Wait| {
            let mut headers = http::HeaderMap::new();
            if let Wait::For(said) = wait {
                headers.insert(header::RETRY_AFTER, said.as_secs().into());
            }
            let status = StatusCode::from_u16(status).expect("it is one");
            let told = told_by(status, Some(&headers), text.as_bytes());
            assert_eq!(told.as_ref().map(|trouble| trouble.kind), kind, "{status} {text}");
            let told = told.map_or(Wait::Unasked, |trouble| trouble.wait);
            assert_eq!(told, wait, "{status} {text}");
        };
        let s3 = |code: &str| format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Key>x</Key></Error>");
        check(401, "", Some(Kind::SignIn), Wait::Unasked);
        check(403, "", Some(Kind::Denied), Wait::Unasked);
        check(403, &s3("AccessDenied"), Some(Kind::Denied), Wait::Unasked);
        check(403, &s3("SignatureDoesNotMatch"), Some(Kind::SignIn), Wait::Unasked);
        check(403, &s3("RequestTimeTooSkewed"), Some(Kind::Denied), Wait::Unasked);
        check(403, &s3("QuotaExceeded"), Some(Kind::NoRoom), Wait::Unasked);
        check(404, &s3("NoSuchKey"), None, Wait::Unasked);
        check(404, &s3("NoSuchBucket"), Some(Kind::Missing), Wait::Unasked);
        check(
            400,
            &s3("AuthorizationHeaderMalformed"),
            Some(Kind::Denied),
            Wait::Unasked,
        );
        check(400, "", None, Wait::Unasked);
        check(423, "", Some(Kind::Away), Wait::Unasked);
        check(429, "", Some(Kind::Away), Wait::AWhile);
        check(429, "", Some(Kind::Away), Wait::For(Duration::from_secs(7)));
        check(500, "", Some(Kind::Away), Wait::Unasked);
        check(503, "", Some(Kind::Away), Wait::Unasked);
        check(503, "", Some(Kind::Away), Wait::For(Duration::from_secs(7)));
        check(503, &s3("SlowDown"), Some(Kind::Away), Wait::AWhile);
        check(507, "", Some(Kind::NoRoom), Wait::Unasked);
    }
}
