//! The line to a service: sends a request, and reads the answer as far as something has to be known of it.
//!
//! Guarantees that a request ends: each wait has a limit, and no answer is endless. Never prints an address or a header.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::Poll;
use std::time::Duration;

use ::opendal::raw::parse_content_length;
use ::opendal::{Buffer, HttpBody};
use http::{Request, Response, header};
use offsync_core::ports::MailboxErrorKind;
use tokio::time::Instant;

use super::dialect::Dialect;
use super::traffic::{LOOK, Traffic};
use super::trouble::{Trouble, Wait};

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(30);
/// How long an answer may take to begin, once nothing of what is asked moves any more.
const ANSWER: Duration = Duration::from_secs(90);
/// How long each part of an answer may take to follow.
const NEXT_PART: Duration = Duration::from_secs(60);
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
    traffic: Arc<Traffic>,
}

impl Line {
    pub(super) fn new(dialect: Dialect, root: &str, traffic: Arc<Traffic>) -> Result<Self, Trouble> {
        Ok(Self {
            dialect,
            client: client()?,
            root: root.to_owned(),
            traffic,
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
            let text = error_text(answer, &self.traffic).await;
            if let Some(trouble) = self.dialect.told_by(status, rebuilt.headers_ref(), &text) {
                return Err(trouble);
            }
            size_bytes = Some(text.len() as u64);
            said(text)
        } else if is_whole && method != http::Method::HEAD {
            let text =
                self.dialect
                    .in_its_words(&method, &uri, whole_text(answer, &self.traffic).await?, &self.root)?;
            size_bytes = Some(text.len() as u64);
            let headers = rebuilt.headers_mut().expect("no part of it can be wrong");
            headers.remove(header::CONTENT_ENCODING);
            headers.insert(header::CONTENT_LENGTH, text.len().into());
            said(text)
        } else {
            streamed(answer, self.traffic.clone())
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
                turn: None,
                moved: moved.clone(),
                traffic: self.traffic.clone(),
            }));
        }
        let answer = while_it_moves(&self.traffic, ANSWER, &moved, asked.send()).await?;
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
        let answer = while_it_moves(&self.traffic, ANSWER, &AtomicU64::new(0), self.client.get(url).send()).await?;
        answer.map_err(|error| unreached(&error))
    }

    /// Sends again what was asked to wait, a few times.
    pub(super) async fn patiently<T, F>(&self, send: impl Fn() -> F) -> Result<T, Trouble>
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
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                hindered = self.traffic.hindered() => return Err(hindered),
            }
            (waited, next) = (waited + pause, next * 2);
        }
        send().await
    }
}

/// Reads the whole of an answer.
pub(super) async fn whole(answer: Response<HttpBody>) -> Result<Response<Vec<u8>>, Trouble> {
    let (parts, mut body) = answer.into_parts();
    let bytes = body.to_buffer().await.map_err(|error| match Trouble::inside(&error) {
        Some(trouble) => trouble.clone(),
        None => Trouble::broke_off(),
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
        Box::pin(async move { whole(self.patiently(|| self.send(request.clone())).await?).await })
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

/// Waits as long as something moves, and a while after that; ends at once when all is to stop.
async fn while_it_moves<T>(
    traffic: &Traffic,
    limit: Duration,
    moved: &AtomicU64,
    future: impl Future<Output = T>,
) -> Result<T, Trouble> {
    let mut future = std::pin::pin!(future);
    let (mut before, mut since) = (moved.load(Ordering::Relaxed), Instant::now());
    loop {
        if let Some(trouble) = traffic.hindrance() {
            return Err(trouble);
        }
        if let Ok(done) = tokio::time::timeout(LOOK, &mut future).await {
            return Ok(done);
        }
        let now = moved.load(Ordering::Relaxed);
        if now > before {
            (before, since) = (now, Instant::now());
        } else if since.elapsed() >= limit {
            return Err(Trouble::silent());
        }
    }
}

/// Says why there is no answer, without the address that the library would name.
fn unreached(error: &reqwest::Error) -> Trouble {
    if let Some(tls) = inside(error, |cause| cause.downcast_ref::<rustls::Error>()) {
        return sealing_failed(tls);
    }
    if !error.is_connect() && !error.is_timeout() {
        return Trouble::broke_off();
    }
    let why = if inside(error, |cause| cause.to_string().starts_with("dns error").then_some(())).is_some() {
        "no host of that name is found: either the name is wrong, or this computer is not on the net"
    } else if inside(error, refusal).is_some() {
        "nothing answers at that host and port: either its address is wrong, or the server is not running"
    } else {
        "it cannot be reached now"
    };
    Trouble::new(MailboxErrorKind::Away, why).lasting()
}

/// Tells whether a host said that nothing listens where it was asked.
fn refusal(cause: &(dyn std::error::Error + 'static)) -> Option<()> {
    let cause: &std::io::Error = cause.downcast_ref()?;
    (cause.kind() == std::io::ErrorKind::ConnectionRefused).then_some(())
}

/// Finds what is looked for among an error and what caused it. An error inside an I/O error is no source of it, and may be it.
fn inside<'e, T>(
    error: &'e reqwest::Error,
    find: impl Fn(&'e (dyn std::error::Error + 'static)) -> Option<T>,
) -> Option<T> {
    let mut next: Option<&'e (dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = next {
        if let Some(found) = find(error) {
            return Some(found);
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
    let why = "the line to it cannot be encrypted; if it is one at home that does not do that, its address has to say so, by webdav+http:// or an endpoint of http://";
    mistrusted(error).unwrap_or_else(|| Trouble::new(MailboxErrorKind::Broken, why).lasting())
}

/// Says what is wrong with a certificate; `None` where it is something else.
pub(super) fn mistrusted(error: &rustls::Error) -> Option<Trouble> {
    use rustls::CertificateError::{
        Expired, ExpiredContext, NotValidForName, NotValidForNameContext, NotValidYet, NotValidYetContext, Other,
    };
    let why = match error {
        rustls::Error::InvalidCertificate(
            Expired | ExpiredContext { .. } | NotValidYet | NotValidYetContext { .. },
        ) => "its certificate is of another time: either that has run out, or this computer's clock is wrong",
        rustls::Error::InvalidCertificate(NotValidForName | NotValidForNameContext { .. }) => {
            "its certificate is for another name than the one in its address"
        }
        // The library has no name for it: what it wraps is said in its own words alone.
        rustls::Error::InvalidCertificate(Other(error)) if format!("{error:?}").contains("CaUsedAsEndEntity") => {
            "its certificate is one that signs others, and is taken for no server's own: it needs one that says CA:FALSE, which `openssl req -x509` makes with -addext basicConstraints=critical,CA:FALSE"
        }
        rustls::Error::InvalidCertificate(_) => "its certificate is not one that this computer trusts",
        _ => return None,
    };
    Some(Trouble::new(MailboxErrorKind::Untrusted, why).lasting())
}

type Bytes = <Buffer as Iterator>::Item;
type Parts = Pin<Box<dyn futures::Stream<Item = ::opendal::Result<Buffer>> + Send + Sync>>;

fn said(text: Vec<u8>) -> Parts {
    Box::pin(futures::stream::iter([Ok(Buffer::from(text))]))
}

/// Waits for what follows of an answer; an empty part would pass for its end.
async fn next_part(answer: &mut reqwest::Response, traffic: &Traffic) -> Result<Option<Bytes>, Trouble> {
    loop {
        let next = while_it_moves(traffic, NEXT_PART, &AtomicU64::new(0), answer.chunk()).await?;
        match next.map_err(|_| Trouble::broke_off())? {
            Some(part) if part.is_empty() => {}
            Some(part) => {
                traffic.comes(part.len()).await;
                return Ok(Some(part));
            }
            None => return Ok(None),
        }
    }
}

fn streamed(answer: reqwest::Response, traffic: Arc<Traffic>) -> Parts {
    Box::pin(futures::stream::unfold(Some((answer, traffic, 0)), |left| async move {
        let (mut answer, traffic, seen) = left?;
        match next_part(&mut answer, &traffic).await {
            Ok(None) => None,
            Ok(Some(part)) if seen + part.len() > ANSWER_BYTES_MAX => Some((Err(endless().carried()), None)),
            Ok(Some(part)) => {
                let seen = seen + part.len();
                Some((Ok(Buffer::from(part)), Some((answer, traffic, seen))))
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
async fn whole_text(mut answer: reqwest::Response, traffic: &Traffic) -> Result<Vec<u8>, Trouble> {
    let mut text = Vec::new();
    while let Some(part) = next_part(&mut answer, traffic).await? {
        text.extend_from_slice(&part);
        if text.len() > ANSWER_BYTES_MAX {
            return Err(endless());
        }
    }
    Ok(text)
}

/// Reads the beginning of what an error says.
async fn error_text(mut answer: reqwest::Response, traffic: &Traffic) -> Vec<u8> {
    let mut text = Vec::new();
    while let Ok(Some(part)) = next_part(&mut answer, traffic).await {
        text.extend_from_slice(&part);
        if text.len() > ERROR_BYTES_MAX {
            text.truncate(ERROR_BYTES_MAX);
            break;
        }
    }
    text
}

/// A body whose size is said beforehand, as some servers want it, that goes as fast as the line may carry, and that tells when
/// it moves.
struct SizedBody {
    left: Buffer,
    /// What goes next, and when.
    turn: Option<(usize, Option<Pin<Box<tokio::time::Sleep>>>)>,
    moved: Arc<AtomicU64>,
    traffic: Arc<Traffic>,
}

impl http_body::Body for SizedBody {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Self::Data>, Self::Error>>> {
        self.moved.fetch_add(1, Ordering::Relaxed);
        let (next, mut turn) = match self.turn.take() {
            Some(turn) => turn,
            None => {
                let next = self.left.len().min(self.traffic.frame_bytes());
                let wait = self.traffic.until_it_goes(next);
                (next, (!wait.is_zero()).then(|| Box::pin(tokio::time::sleep(wait))))
            }
        };
        if next == 0 {
            return Poll::Ready(None);
        }
        if turn
            .as_mut()
            .is_some_and(|turn| turn.as_mut().poll(context).is_pending())
        {
            self.turn = Some((next, turn));
            return Poll::Pending;
        }
        let frame = self.left.slice(..next).to_bytes();
        self.left = self.left.slice(next..);
        Poll::Ready(Some(Ok(http_body::Frame::data(frame))))
    }

    fn is_end_stream(&self) -> bool {
        self.left.is_empty()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        http_body::SizeHint::with_exact(self.left.len() as u64)
    }
}
