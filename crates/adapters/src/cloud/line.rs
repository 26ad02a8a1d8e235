//! The line to a service: sends a request, and reads the answer as far as something has to be known of it.
//!
//! Guarantees that a request ends: each wait has a limit, and no answer is endless. Never prints an address or a header.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use ::opendal::raw::parse_content_length;
use ::opendal::{Buffer, HttpBody};
use http::{Request, Response, header};
use offsync_core::ports::MailboxErrorKind;

use super::dialect::Dialect;
use super::trouble::{Trouble, Wait};

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(30);
/// How long an answer may take to begin, once nothing of what is asked moves any more.
const ANSWER: Duration = Duration::from_secs(90);
/// How long each part of an answer may take to follow.
const NEXT_PART: Duration = Duration::from_secs(60);
/// What of a body goes on its way at once: a line that still takes one of these in time is slow, and not dead.
const FRAME_BYTES: usize = 64 << 10;
/// The largest answer that is read: far more than an object, and a list of far more than a mailbox holds.
const ANSWER_BYTES_MAX: usize = 64 << 20;
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

/// Talks to a service, or to who gives tokens for it.
#[derive(Clone, Debug)]
pub(super) struct Line {
    dialect: Dialect,
    client: reqwest::Client,
    /// The folder in the account that all is about.
    root: String,
}

impl Line {
    pub(super) fn new(dialect: Dialect, root: &str) -> Result<Self, Trouble> {
        Ok(Self {
            dialect,
            client: client()?,
            root: root.to_owned(),
        })
    }

    /// Sends a request, and gives the answer once it is known to be one of the service's.
    pub(super) async fn send(&self, request: Request<Buffer>) -> Result<Response<HttpBody>, Trouble> {
        let (request, answers_as) = self.dialect.meant(request);
        let (method, uri) = (request.method().clone(), request.uri().clone());
        let mut answer = self.call(request).await?;
        if self.dialect.leads_on(&method, answer.status()) {
            answer = self.follow(&answer).await?;
        }
        let (status, headers) = (answer.status(), answer.headers().clone());
        if let Some(trouble) = self.dialect.is_somebody_else(&method, status, &headers) {
            return Err(trouble);
        }
        if let Some(answer) = answers_as.filter(|_| status.is_success()) {
            return Ok(answer);
        }
        // Of what is packed on the way nobody knows how long it will be.
        let is_packed = headers.contains_key(header::CONTENT_ENCODING);
        let mut size_bytes = match method == http::Method::HEAD || is_packed {
            true => None,
            false => parse_content_length(&headers).ok().flatten(),
        };
        let mut rebuilt = Response::builder().status(self.dialect.as_expected(&method, status));
        *rebuilt.headers_mut().expect("no part of it can be wrong") = headers;
        let is_whole = status.is_success() && (self.dialect.says_otherwise(&method, &uri) || size_bytes.is_none());
        let body = if self.dialect.needs_a_look(status) {
            let text = error_text(answer).await;
            if let Some(trouble) = self.dialect.told_by(status, rebuilt.headers_ref(), &text) {
                return Err(trouble);
            }
            size_bytes = Some(text.len() as u64);
            said(text)
        } else if is_whole && method != http::Method::HEAD {
            let text = self
                .dialect
                .in_its_words(&method, &uri, whole_text(answer).await?, &self.root)?;
            size_bytes = Some(text.len() as u64);
            let headers = rebuilt.headers_mut().expect("no part of it can be wrong");
            headers.remove(header::CONTENT_ENCODING);
            headers.insert(header::CONTENT_LENGTH, text.len().into());
            said(text)
        } else {
            streamed(answer)
        };
        let body = HttpBody::new(body, size_bytes);
        Ok(rebuilt.body(body).expect("no part of it can be wrong"))
    }

    /// Sends a request as it is, and waits as long as anything moves.
    async fn call(&self, request: Request<Buffer>) -> Result<reqwest::Response, Trouble> {
        let (parts, body) = request.into_parts();
        let url = reqwest::Url::parse(&redirected(&parts.uri.to_string()))
            .map_err(|_| Trouble::new(MailboxErrorKind::Broken, "its address cannot be used"))?;
        let mut asked = self.client.request(parts.method, url).headers(parts.headers);
        let moved = Arc::new(AtomicU64::new(0));
        if !body.is_empty() {
            asked = asked.body(reqwest::Body::wrap(SizedBody {
                left: body,
                moved: moved.clone(),
            }));
        }
        let answer = while_it_moves(&moved, asked.send()).await?;
        answer.map_err(|error| unreached(&error))
    }

    /// Goes where a service says that an object is, without the account's token, which is none of that place's.
    async fn follow(&self, answer: &reqwest::Response) -> Result<reqwest::Response, Trouble> {
        let led = answer
            .headers()
            .get(header::LOCATION)
            .and_then(|place| place.to_str().ok());
        let url = led.and_then(|place| answer.url().join(place).ok());
        let is_safe = |url: &reqwest::Url| url.scheme() == "https" || url.scheme() == answer.url().scheme();
        let url = url
            .filter(is_safe)
            .ok_or_else(|| Trouble::new(MailboxErrorKind::Broken, "it leads to a place that cannot be used"))?;
        let answer = while_it_moves(&AtomicU64::new(0), self.client.get(url).send()).await?;
        answer.map_err(|error| unreached(&error))
    }
}

/// Sends again what was asked to wait, a few times.
pub(super) async fn patiently<T, F>(send: impl Fn() -> F) -> Result<T, Trouble>
where
    F: Future<Output = Result<T, Trouble>>,
{
    let (mut waited, mut next) = (Duration::ZERO, FIRST_WAIT);
    for _ in 0..WAITS {
        let trouble = match send().await {
            Err(trouble) if trouble.wait != Wait::Unasked => trouble,
            done => return done,
        };
        let pause = match trouble.wait {
            Wait::For(said) => said.max(WAIT_LEAST),
            _ => next,
        };
        if waited.saturating_add(pause) > WAIT_ALL {
            return Err(trouble);
        }
        tokio::time::sleep(pause).await;
        (waited, next) = (waited + pause, next * 2);
    }
    send().await
}

/// Reads the whole of an answer.
pub(super) async fn whole(answer: Response<HttpBody>) -> Result<Response<Vec<u8>>, Trouble> {
    let (parts, mut body) = answer.into_parts();
    let bytes = body.to_buffer().await.map_err(|error| match Trouble::inside(&error) {
        Some(trouble) => trouble.clone(),
        None => half_an_answer(),
    })?;
    Ok(Response::from_parts(parts, bytes.to_vec()))
}

/// Asks for tokens: a refusal is an answer as any other.
impl<'c> oauth2::AsyncHttpClient<'c> for Line {
    type Error = Trouble;
    // Of a type without a name, so that a request which asks for a token is not made of itself.
    type Future = Pin<Box<dyn Future<Output = Result<oauth2::HttpResponse, Trouble>> + Send + 'c>>;

    fn call(&'c self, request: oauth2::HttpRequest) -> Self::Future {
        let request = request.map(Buffer::from);
        Box::pin(async move { whole(patiently(|| self.send(request.clone())).await?).await })
    }
}

/// Leads requests to a service's double on this machine, in tests; what is shipped knows no doubles.
pub(super) fn redirected(url: &str) -> String {
    if !cfg!(debug_assertions) {
        return url.to_owned();
    }
    let doubles = std::env::var("OFFSYNC_TEST_DOUBLES").unwrap_or_default();
    let lead = |double: &str| {
        let (origin, to) = double.split_once('=')?;
        let rest = url.strip_prefix(origin)?;
        to.starts_with("http://127.0.0.1:").then(|| format!("{to}{rest}"))
    };
    doubles.split(',').find_map(lead).unwrap_or_else(|| url.to_owned())
}

/// Gives the one client of this process: connections are kept for all accounts.
fn client() -> Result<reqwest::Client, Trouble> {
    static CLIENT: OnceLock<reqwest::Client> = OnceLock::new();
    if let Some(client) = CLIENT.get() {
        return Ok(client.clone());
    }
    // Whoever was first is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let made = reqwest::Client::builder()
        .user_agent(concat!("offsync/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT)
        // What is asked for is asked of the address that people gave, and of no other.
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
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
    tokio::time::timeout(limit, future).await.map_err(|_| silent())
}

/// Waits for an answer as long as what is asked still moves, and a while after that.
async fn while_it_moves<T>(moved: &AtomicU64, future: impl Future<Output = T>) -> Result<T, Trouble> {
    let mut future = std::pin::pin!(future);
    loop {
        let before = moved.load(Ordering::Relaxed);
        match tokio::time::timeout(ANSWER, &mut future).await {
            Ok(done) => return Ok(done),
            Err(_) if moved.load(Ordering::Relaxed) > before => {}
            Err(_) => return Err(silent()),
        }
    }
}

fn silent() -> Trouble {
    Trouble::new(MailboxErrorKind::Away, "it does not answer").lasting()
}

fn half_an_answer() -> Trouble {
    Trouble::new(MailboxErrorKind::Away, "the connection broke off")
}

/// Says why there is no answer, without the address that the library would name.
fn unreached(error: &reqwest::Error) -> Trouble {
    if let Some(tls) = tls_inside(error) {
        return sealing_failed(tls);
    }
    match error.is_connect() || error.is_timeout() {
        true => Trouble::new(MailboxErrorKind::Away, "it cannot be reached now").lasting(),
        false => half_an_answer(),
    }
}

/// Finds what kept a line from being encrypted. An error inside an I/O error is no source of it, and may be one, too.
fn tls_inside(error: &reqwest::Error) -> Option<&rustls::Error> {
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = next {
        if let Some(tls) = error.downcast_ref() {
            return Some(tls);
        }
        let inside = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        next = match inside {
            Some(inside) => Some(inside),
            None => error.source(),
        };
    }
    None
}

fn sealing_failed(error: &rustls::Error) -> Trouble {
    use rustls::CertificateError::{Expired, ExpiredContext, NotValidYet, NotValidYetContext};
    let why = match error {
        rustls::Error::InvalidCertificate(
            Expired | ExpiredContext { .. } | NotValidYet | NotValidYetContext { .. },
        ) => "its certificate is of another time: either that has run out, or this computer's clock is wrong",
        rustls::Error::InvalidCertificate(_) => "its certificate is not one that this computer trusts",
        _ => {
            "the line to it cannot be encrypted; if it is one at home that does not do that, its address begins with webdav+http://"
        }
    };
    Trouble::new(MailboxErrorKind::Denied, why).lasting()
}

type Bytes = <Buffer as Iterator>::Item;
type Parts = Pin<Box<dyn futures::Stream<Item = ::opendal::Result<Buffer>> + Send + Sync>>;

fn said(text: Vec<u8>) -> Parts {
    Box::pin(futures::stream::iter([Ok(Buffer::from(text))]))
}

/// Waits for what follows of an answer; an empty part would pass for its end.
async fn next_part(answer: &mut reqwest::Response) -> Result<Option<Bytes>, Trouble> {
    loop {
        match within(NEXT_PART, answer.chunk()).await?.map_err(|_| half_an_answer())? {
            Some(part) if part.is_empty() => {}
            part => return Ok(part),
        }
    }
}

fn streamed(answer: reqwest::Response) -> Parts {
    Box::pin(futures::stream::unfold(Some((answer, 0)), |left| async move {
        let (mut answer, seen) = left?;
        match next_part(&mut answer).await {
            Ok(None) => None,
            Ok(Some(part)) if seen + part.len() > ANSWER_BYTES_MAX => Some((Err(endless().carried()), None)),
            Ok(Some(part)) => {
                let seen = seen + part.len();
                Some((Ok(Buffer::from(part)), Some((answer, seen))))
            }
            Err(trouble) => Some((Err(trouble.carried()), None)),
        }
    }))
}

fn endless() -> Trouble {
    Trouble::new(
        MailboxErrorKind::Broken,
        "its answer is larger than any that there can be",
    )
    .lasting()
}

/// Reads a whole answer of which something is to be known before it is passed on.
async fn whole_text(mut answer: reqwest::Response) -> Result<Vec<u8>, Trouble> {
    let mut text = Vec::new();
    while let Some(part) = next_part(&mut answer).await? {
        text.extend_from_slice(&part);
        if text.len() > ANSWER_BYTES_MAX {
            return Err(endless());
        }
    }
    Ok(text)
}

/// Reads the beginning of what an error says.
async fn error_text(mut answer: reqwest::Response) -> Vec<u8> {
    let mut text = Vec::new();
    while let Ok(Some(part)) = next_part(&mut answer).await {
        text.extend_from_slice(&part);
        if text.len() > ERROR_BYTES_MAX {
            text.truncate(ERROR_BYTES_MAX);
            break;
        }
    }
    text
}

/// A body whose size is said beforehand, as some servers want it, and that tells when it moves.
struct SizedBody {
    left: Buffer,
    moved: Arc<AtomicU64>,
}

impl http_body::Body for SizedBody {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<Self::Data>, Self::Error>>> {
        self.moved.fetch_add(1, Ordering::Relaxed);
        let next = self.left.len().min(FRAME_BYTES);
        if next == 0 {
            return std::task::Poll::Ready(None);
        }
        let frame = self.left.slice(..next).to_bytes();
        self.left = self.left.slice(next..);
        std::task::Poll::Ready(Some(Ok(http_body::Frame::data(frame))))
    }

    fn is_end_stream(&self) -> bool {
        self.left.is_empty()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        http_body::SizeHint::with_exact(self.left.len() as u64)
    }
}
