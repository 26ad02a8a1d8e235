//! What services say in ways of their own: what is wrong, and what a request comes to that OpenDAL makes otherwise.

use ::opendal::{Buffer, HttpBody};
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use offsync_core::ports::MailboxErrorKind as Kind;
use serde_json::Value;

use super::protocol::Protocol;
use super::trouble::{Trouble, Wait};

/// Services that compare times refuse what seems to be of another day.
const WRONG_CLOCK: &str = "this computer's clock is wrong: set it to the time that it is";
const WRONG_ACCESS_KEY: &str = "the access key or its secret is not accepted";
const WRONG_AZURE_KEY: &str = "the storage account or its access key is not accepted";

/// Who is talked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// A service.
    Of(Protocol),
    /// Who gives tokens: what it refuses is an answer.
    Tokens,
}

impl Dialect {
    /// Gives the request that is meant, and the answer to give where it is not the one that was asked for.
    pub(super) fn meant(self, mut request: Request<Buffer>) -> (Request<Buffer>, Option<Response<HttpBody>>) {
        match self {
            // What lies in the trash counts as used: a mailbox deletes for good.
            Self::Of(Protocol::Gdrive) if is_trashing(&request) => {
                *request.method_mut() = Method::DELETE;
                *request.body_mut() = Buffer::new();
                request.headers_mut().remove(header::CONTENT_LENGTH);
                let body = HttpBody::new(futures::stream::iter([Ok(Buffer::from("{}"))]), Some(2));
                (request, Some(Response::new(body)))
            }
            // An app's own folder is all that is asked for, and not the whole drive.
            Self::Of(Protocol::Onedrive) => {
                const DRIVE: &str = "/v1.0/me/drive/root";
                const OWN: &str = "/v1.0/me/drive/special/approot";
                let uri = request.uri().to_string();
                if uri.contains(DRIVE)
                    && let Ok(own) = uri.replacen(DRIVE, OWN, 1).parse()
                {
                    *request.uri_mut() = own;
                }
                (request, None)
            }
            _ => (request, None),
        }
    }

    /// Tells whether an answer leads to where an object is: of all services, one does.
    pub(super) fn leads_on(self, method: &Method, status: StatusCode) -> bool {
        self == Self::Of(Protocol::Onedrive) && *method == Method::GET && status == StatusCode::FOUND
    }

    /// Tells by what an answer looks like that it is none of the service's: a network's sign-in page, a page for people.
    pub(super) fn is_somebody_else(self, method: &Method, status: StatusCode, headers: &HeaderMap) -> Option<Trouble> {
        let Self::Of(protocol) = self else { return None };
        let is_page = headers
            .get(header::CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok())
            .is_some_and(|kind| kind.starts_with("text/html"));
        if status.is_redirection() && status != StatusCode::NOT_MODIFIED {
            return Some(moved(headers));
        }
        let is_list = protocol.is_webdav() && method.as_str() == "PROPFIND";
        let is_strange = match status {
            StatusCode::NETWORK_AUTHENTICATION_REQUIRED => true,
            StatusCode::MULTI_STATUS => false,
            status if status.is_success() => {
                // Stores of objects say what they took or give by a tag, whatever they call it.
                is_list || is_page && status == StatusCode::OK && !headers.contains_key(header::ETAG)
            }
            _ => false,
        };
        is_strange.then(|| {
            Trouble::new(
                Kind::Away,
                "something else answers in its place: the sign-in page of this network, or a page for people",
            )
            .lasting()
        })
    }

    /// Gives the status that OpenDAL's code for the service waits for, where there are several that say the same.
    pub(super) fn as_expected(self, method: &Method, status: StatusCode) -> StatusCode {
        let is_gone = *method == Method::DELETE && [StatusCode::OK, StatusCode::ACCEPTED].contains(&status);
        match self {
            Self::Of(Protocol::S3 | Protocol::Webdav | Protocol::WebdavPlain) if is_gone => StatusCode::NO_CONTENT,
            _ => status,
        }
    }

    /// Tells whether the answer to a request is to be read by [`Dialect::in_its_words`].
    pub(super) fn says_otherwise(self, method: &Method, uri: &http::Uri) -> bool {
        match self {
            Self::Of(Protocol::Onedrive) => uri.path().ends_with("/children"),
            Self::Of(Protocol::S3) => is_s3_list(method, uri),
            Self::Of(Protocol::Azblob) => is_azure_list(method, uri),
            _ => false,
        }
    }

    /// Puts an answer in the words that OpenDAL's code for the service understands, and refuses what is none.
    ///
    /// What OneDrive lists lies in the app's own folder, wherever that is on the drive and whatever way of many its path is
    /// told in: to OpenDAL, which looks for its root in it, that folder is the drive. Of S3 and Azure,
    /// it takes any XML for a list; of Azure's, one that does not say where it goes on would never end.
    pub(super) fn in_its_words(
        self,
        method: &Method,
        uri: &http::Uri,
        text: Vec<u8>,
        root: &str,
    ) -> Result<Vec<u8>, Trouble> {
        match self {
            Self::Of(Protocol::S3) if is_s3_list(method, uri) => {
                let is_list = String::from_utf8_lossy(&text).contains("<ListBucketResult");
                is_list
                    .then_some(text)
                    .ok_or_else(|| Trouble::new(Kind::Broken, "its address is none of a server that speaks S3"))
            }
            Self::Of(Protocol::Azblob) if is_azure_list(method, uri) => {
                let told = String::from_utf8_lossy(&text);
                let is_list = ["<EnumerationResults", "<NextMarker"]
                    .iter()
                    .all(|part| told.contains(part));
                is_list
                    .then_some(text)
                    .ok_or_else(|| Trouble::new(Kind::Broken, "its address is none of a storage account of Azure"))
            }
            Self::Of(Protocol::Onedrive) => {
                let Ok(mut told) = serde_json::from_slice::<Value>(&text) else {
                    return Ok(text);
                };
                for item in told["value"].as_array_mut().into_iter().flatten() {
                    item["parentReference"]["path"] = Value::String(format!("/drive/root:/{root}"));
                }
                Ok(told.to_string().into_bytes())
            }
            _ => Ok(text),
        }
    }

    /// Tells whether an answer may be trouble that the service's own code would take for something else.
    pub(super) fn needs_a_look(self, status: StatusCode) -> bool {
        match (self, status) {
            (Self::Tokens, status) => status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error(),
            // A bucket that is not there is no object that is not there.
            (Self::Of(protocol), StatusCode::NOT_FOUND) => protocol.is_store(),
            // Dropbox says most of what is wrong by this, and Azure what it is set to; elsewhere a folder is missing on the way, or
            // there already.
            (Self::Of(protocol), StatusCode::CONFLICT) => matches!(protocol, Protocol::Dropbox | Protocol::Azblob),
            (_, StatusCode::METHOD_NOT_ALLOWED | StatusCode::PRECONDITION_FAILED) => false,
            (_, status) => status.is_client_error() || status.is_server_error(),
        }
    }

    /// Tells what an answer says is wrong; `None` if the service's own code knows better.
    pub(super) fn told_by(self, status: StatusCode, headers: Option<&HeaderMap>, text: &[u8]) -> Option<Trouble> {
        let wait = headers.and_then(retry_after);
        match self {
            Self::Of(Protocol::S3) => by_xml_code(text),
            Self::Of(Protocol::Azblob) => by_azure_code(headers, text),
            Self::Of(Protocol::Gdrive) => by_google_reason(text),
            Self::Of(Protocol::Dropbox) => by_dropbox_summary(text),
            Self::Of(protocol) if protocol.is_webdav() && wants_another_kind(status, headers) => Some(Trouble::new(
                Kind::Denied,
                "it takes sign-ins only of a kind that Offsync does not speak: it asks for Digest, or for one of a company's network, and Basic over an encrypted line is needed",
            )),
            _ => None,
        }
        .map(|trouble| match (trouble.wait, wait) {
            (Wait::AWhile, Some(wait)) => Trouble { wait, ..trouble },
            _ => trouble,
        })
        .or_else(|| self.by_status(status, wait))
    }

    fn by_status(self, status: StatusCode, wait: Option<Wait>) -> Option<Trouble> {
        let (kind, why) = match status {
            StatusCode::NOT_FOUND | StatusCode::CONFLICT => return None,
            StatusCode::TOO_MANY_REQUESTS => {
                return Some(Trouble {
                    wait: wait.unwrap_or(Wait::AWhile),
                    ..too_many()
                });
            }
            StatusCode::SERVICE_UNAVAILABLE => {
                return Some(Trouble {
                    wait: wait.unwrap_or(Wait::Unasked),
                    ..Trouble::new(Kind::Away, "it is out of service for a while")
                });
            }
            StatusCode::UNAUTHORIZED => return Some(self.refused_sign_in()),
            StatusCode::PROXY_AUTHENTICATION_REQUIRED => (Kind::Denied, "the proxy of this network asks for a sign-in"),
            StatusCode::FORBIDDEN => (Kind::Denied, "this sign-in may not do that there"),
            StatusCode::PAYLOAD_TOO_LARGE => (Kind::Denied, "it takes no objects of 4 MiB"),
            StatusCode::INSUFFICIENT_STORAGE => return Some(Trouble::no_room()),
            StatusCode::LOCKED | StatusCode::REQUEST_TIMEOUT => (Kind::Away, "it is busy with something else"),
            status if status.is_server_error() => (Kind::Away, "it has trouble of its own"),
            _ => return None,
        };
        Some(Trouble::new(kind, why))
    }

    fn refused_sign_in(self) -> Trouble {
        match self {
            Self::Of(protocol) if protocol.is_signed_in() => Trouble::signed_out(),
            Self::Of(Protocol::S3) => Trouble::new(Kind::SignIn, WRONG_ACCESS_KEY),
            _ => Trouble::new(Kind::SignIn, "the user or the password is not accepted"),
        }
    }
}

/// Tells whether a server that refuses a sign-in names the kinds that it takes, and the one that was tried is none of them.
fn wants_another_kind(status: StatusCode, headers: Option<&HeaderMap>) -> bool {
    let offered = headers.map(|headers| headers.get_all(header::WWW_AUTHENTICATE));
    let kinds: Vec<String> = offered
        .into_iter()
        .flatten()
        .filter_map(|kind| Some(kind.to_str().ok()?.to_ascii_lowercase()))
        .collect();
    status == StatusCode::UNAUTHORIZED && !kinds.is_empty() && !kinds.iter().any(|kind| kind.contains("basic"))
}

/// Tells whether a request moves a file of Drive into its trash, as OpenDAL does to delete one.
fn is_trashing(request: &Request<Buffer>) -> bool {
    let is_patch = request.method() == Method::PATCH && request.uri().path().starts_with("/drive/v3/files/");
    let says = serde_json::from_slice::<Value>(&request.body().to_bytes());
    is_patch && says.is_ok_and(|says| says["trashed"] == Value::Bool(true))
}

fn is_azure_list(method: &Method, uri: &http::Uri) -> bool {
    *method == Method::GET && uri.query().is_some_and(|query| query.contains("comp=list"))
}

fn is_s3_list(method: &Method, uri: &http::Uri) -> bool {
    *method == Method::GET && uri.query().is_some_and(|query| query.contains("list-type="))
}

/// Says where something has gone, as far as people have to know.
fn moved(headers: &HeaderMap) -> Trouble {
    let said = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let why = match (said("x-amz-bucket-region"), said("location")) {
        (Some(region), _) => format!("the bucket lies in another region: its address has to say region={region}"),
        (None, Some(place)) => match place.parse::<http::Uri>().ok().and_then(|uri| {
            let scheme = uri.scheme_str()?.to_owned();
            Some((scheme, uri.host()?.to_owned()))
        }) {
            Some((scheme, host)) => format!("it has moved to {scheme}://{host}: its address has to say so"),
            None => "its address leads elsewhere on that server: it may be that of a page for people".into(),
        },
        (None, None) => "its address leads elsewhere".into(),
    };
    Trouble::new(Kind::Denied, why)
}

fn too_many() -> Trouble {
    Trouble {
        wait: Wait::AWhile,
        ..Trouble::new(Kind::Away, "it asks to wait, since there were too many requests")
    }
}

/// Gives what an answer in XML says its trouble is called.
fn xml_code(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("<Code>")?;
    let (code, _) = rest.split_once("</Code>")?;
    Some(code.trim())
}

/// Azure's storage accounts. Where an answer has no text, as one about a single object, a header says it.
fn by_azure_code(headers: Option<&HeaderMap>, text: &[u8]) -> Option<Trouble> {
    let text = String::from_utf8_lossy(text);
    let said = || headers?.get("x-ms-error-code")?.to_str().ok();
    let (kind, why) = match xml_code(&text).or_else(said)? {
        // The same word for whatever does not fit about a signature.
        "AuthenticationFailed" if text.contains("date header too old") => (Kind::Denied, WRONG_CLOCK),
        "AuthenticationFailed" => (Kind::SignIn, WRONG_AZURE_KEY),
        // One that plays Azure on this computer says so; the service itself means where the request comes from.
        "AuthorizationFailure" if text.contains("failed to authenticate") => (Kind::SignIn, WRONG_AZURE_KEY),
        "AuthorizationFailure" => (
            Kind::Denied,
            "the storage account takes nothing from this network: its settings say so, under Networking",
        ),
        "KeyBasedAuthenticationNotPermitted" => (
            Kind::Denied,
            "the storage account takes no access keys: its settings say so, under Configuration",
        ),
        "AccountIsDisabled" => (Kind::Denied, "the storage account is disabled"),
        "ContainerNotFound" | "ContainerBeingDeleted" | "InvalidResourceName" | "OutOfRangeInput" => {
            (Kind::Missing, "there is no container of that name")
        }
        "ResourceNotFound" => (Kind::Missing, "there is no storage account of that name"),
        "BlobImmutableDueToPolicy" => (
            Kind::Denied,
            "the container keeps what is put there from being changed or deleted: a mailbox needs one without such a policy",
        ),
        "ServerBusy" => return Some(too_many()),
        _ => return None,
    };
    Some(Trouble::new(kind, why))
}

/// S3 and its kin.
fn by_xml_code(text: &[u8]) -> Option<Trouble> {
    let text = String::from_utf8_lossy(text);
    let (kind, why) = match xml_code(&text)? {
        "RequestTimeTooSkewed" | "RequestExpired" => (Kind::Denied, WRONG_CLOCK),
        "InvalidAccessKeyId" | "SignatureDoesNotMatch" | "InvalidSecurity" | "ExpiredToken" => {
            (Kind::SignIn, WRONG_ACCESS_KEY)
        }
        "NoSuchBucket" => (Kind::Missing, "there is no bucket of that name"),
        "AuthorizationHeaderMalformed" | "PermanentRedirect" | "IllegalLocationConstraintException" => (
            Kind::Denied,
            "the bucket lies in another region: its address has to name that one, as region=...",
        ),
        "QuotaExceeded" | "XMinioStorageFull" => return Some(Trouble::no_room()),
        "SlowDown" | "Throttling" | "RequestLimitExceeded" => return Some(too_many()),
        _ => return None,
    };
    Some(Trouble::new(kind, why))
}

/// Drive: a rate limit, a full account and a lacking permission are all of them 403.
fn by_google_reason(text: &[u8]) -> Option<Trouble> {
    let told: Value = serde_json::from_slice(text).ok()?;
    let reason = told["error"]["errors"][0]["reason"].as_str()?;
    match reason {
        "rateLimitExceeded" | "userRateLimitExceeded" | "sharingRateLimitExceeded" => Some(too_many()),
        "dailyLimitExceeded" | "quotaExceeded" => Some(Trouble::new(Kind::Away, "it takes no more requests today")),
        "storageQuotaExceeded" | "activeItemCreationLimitExceeded" | "numChildrenInNonRootLimitExceeded" => {
            Some(Trouble::no_room())
        }
        "authError" | "invalidCredentials" => Some(Trouble::signed_out()),
        _ => None,
    }
}

/// Dropbox: what is wrong stands in a text with slashes.
fn by_dropbox_summary(text: &[u8]) -> Option<Trouble> {
    let told: Value = serde_json::from_slice(text).ok()?;
    let summary = told["error_summary"].as_str()?;
    if summary.contains("insufficient_space") {
        return Some(Trouble::no_room());
    }
    if summary.contains("too_many_write_operations") || summary.contains("too_many_requests") {
        return Some(too_many());
    }
    let is_refused = [
        "expired_access_token",
        "invalid_access_token",
        "user_suspended",
        "missing_scope",
    ];
    is_refused
        .iter()
        .any(|said| summary.contains(said))
        .then(Trouble::signed_out)
}

/// Reads how many seconds a service asks to wait. A date is taken for a while: whose clock is right nobody knows.
fn retry_after(headers: &HeaderMap) -> Option<Wait> {
    let said = headers.get(header::RETRY_AFTER)?.to_str().ok()?;
    let seconds = said
        .trim()
        .parse()
        .map(|seconds: u64| std::time::Duration::from_secs(seconds.min(1 << 20)));
    Some(seconds.map_or(Wait::AWhile, Wait::For))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[track_caller]
    fn check(protocol: Protocol, status: u16, text: &str, kind: Option<Kind>, wait: Wait) {
        let mut headers = HeaderMap::new();
        if let Wait::For(said) = wait {
            headers.insert(header::RETRY_AFTER, said.as_secs().into());
        }
        let status = StatusCode::from_u16(status).expect("it is one");
        let told = Dialect::Of(protocol).told_by(status, Some(&headers), text.as_bytes());
        assert_eq!(told.as_ref().map(|trouble| trouble.kind), kind, "{status} {text}");
        let told = told.map_or(Wait::Unasked, |trouble| trouble.wait);
        assert_eq!(told, wait, "{status} {text}");
    }

    #[test]
    fn a_kind_of_sign_in_that_is_not_spoken_is_told_from_a_wrong_password() {
        let told = |offers: &[&str]| {
            let mut headers = HeaderMap::new();
            for offer in offers {
                headers.append(header::WWW_AUTHENTICATE, offer.parse().expect("it is a header"));
            }
            let told = Dialect::Of(Protocol::Webdav).told_by(StatusCode::UNAUTHORIZED, Some(&headers), b"");
            told.map(|trouble| trouble.kind)
        };
        assert_eq!(told(&["Digest realm=\"a\", qop=\"auth\""]), Some(Kind::Denied));
        assert_eq!(told(&["Negotiate", "NTLM"]), Some(Kind::Denied));
        for offers in [
            &[][..],
            &["Basic realm=\"a\""],
            &["Digest realm=\"a\"", "basic realm=\"a\""],
        ] {
            assert_eq!(told(offers), Some(Kind::SignIn), "{offers:?}");
        }
    }

    #[test]
    fn what_an_answer_says_is_told_apart() {
        let seven = Wait::For(Duration::from_secs(7));
        let plain = |status, kind, wait| check(Protocol::Webdav, status, "", kind, wait);
        plain(401, Some(Kind::SignIn), Wait::Unasked);
        plain(403, Some(Kind::Denied), Wait::Unasked);
        plain(400, None, Wait::Unasked);
        plain(423, Some(Kind::Away), Wait::Unasked);
        plain(429, Some(Kind::Away), Wait::AWhile);
        plain(429, Some(Kind::Away), seven);
        plain(500, Some(Kind::Away), Wait::Unasked);
        plain(503, Some(Kind::Away), Wait::Unasked);
        plain(503, Some(Kind::Away), seven);
        plain(507, Some(Kind::NoRoom), Wait::Unasked);
        for (status, code, kind, wait) in [
            (403, "AccessDenied", Some(Kind::Denied), Wait::Unasked),
            (403, "SignatureDoesNotMatch", Some(Kind::SignIn), Wait::Unasked),
            (403, "RequestTimeTooSkewed", Some(Kind::Denied), Wait::Unasked),
            (403, "QuotaExceeded", Some(Kind::NoRoom), Wait::Unasked),
            (404, "NoSuchKey", None, Wait::Unasked),
            (404, "NoSuchBucket", Some(Kind::Missing), Wait::Unasked),
            (400, "AuthorizationHeaderMalformed", Some(Kind::Denied), Wait::Unasked),
            (503, "SlowDown", Some(Kind::Away), Wait::AWhile),
            (503, "SlowDown", Some(Kind::Away), seven),
        ] {
            let text = format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Key>x</Key></Error>");
            check(Protocol::S3, status, &text, kind, wait);
        }
        for (status, code, kind, wait) in [
            (403, "AuthenticationFailed", Some(Kind::SignIn), Wait::Unasked),
            (403, "AuthorizationFailure", Some(Kind::Denied), Wait::Unasked),
            (
                403,
                "KeyBasedAuthenticationNotPermitted",
                Some(Kind::Denied),
                Wait::Unasked,
            ),
            (403, "AccountIsDisabled", Some(Kind::Denied), Wait::Unasked),
            (404, "BlobNotFound", None, Wait::Unasked),
            (404, "ContainerNotFound", Some(Kind::Missing), Wait::Unasked),
            (400, "InvalidResourceName", Some(Kind::Missing), Wait::Unasked),
            (404, "ResourceNotFound", Some(Kind::Missing), Wait::Unasked),
            (409, "ContainerBeingDeleted", Some(Kind::Missing), Wait::Unasked),
            (409, "BlobImmutableDueToPolicy", Some(Kind::Denied), Wait::Unasked),
            (409, "SnapshotsPresent", None, Wait::Unasked),
            (500, "OperationTimedOut", Some(Kind::Away), Wait::Unasked),
            (503, "ServerBusy", Some(Kind::Away), Wait::AWhile),
            (503, "ServerBusy", Some(Kind::Away), seven),
            (507, "", Some(Kind::NoRoom), Wait::Unasked),
        ] {
            let text = format!("\u{feff}<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>x</Message></Error>");
            check(Protocol::Azblob, status, &text, kind, wait);
            let mut headers = HeaderMap::new();
            headers.insert("x-ms-error-code", code.parse().expect("it is a header"));
            let status = StatusCode::from_u16(status).expect("it is one");
            let told = Dialect::Of(Protocol::Azblob).told_by(status, Some(&headers), b"");
            assert_eq!(
                told.map(|trouble| trouble.kind),
                kind,
                "{status} {code}, without a text"
            );
        }
        let skewed = "<Error><Code>AuthenticationFailed</Code><AuthenticationErrorDetail>Request date header too old: 'x'</AuthenticationErrorDetail></Error>";
        check(Protocol::Azblob, 403, skewed, Some(Kind::Denied), Wait::Unasked);
        for (status, reason, kind, wait) in [
            (403, "userRateLimitExceeded", Some(Kind::Away), Wait::AWhile),
            (403, "storageQuotaExceeded", Some(Kind::NoRoom), Wait::Unasked),
            (403, "insufficientFilePermissions", Some(Kind::Denied), Wait::Unasked),
            (403, "dailyLimitExceeded", Some(Kind::Away), Wait::Unasked),
            (401, "authError", Some(Kind::SignIn), Wait::Unasked),
        ] {
            let text = format!(r#"{{"error":{{"errors":[{{"reason":"{reason}"}}],"code":{status}}}}}"#);
            check(Protocol::Gdrive, status, &text, kind, wait);
        }
        for (status, summary, kind, wait) in [
            (409, "path/insufficient_space/..", Some(Kind::NoRoom), Wait::Unasked),
            (409, "path/not_found/..", None, Wait::Unasked),
            (429, "too_many_write_operations/..", Some(Kind::Away), Wait::AWhile),
            (401, "expired_access_token/..", Some(Kind::SignIn), Wait::Unasked),
        ] {
            let text = format!(r#"{{"error_summary":"{summary}"}}"#);
            check(Protocol::Dropbox, status, &text, kind, wait);
        }
    }

    #[test]
    fn what_azure_is_set_to_is_said_in_words() {
        for (code, told) in [
            ("AuthenticationFailed", "or its access key is not accepted"),
            ("AuthorizationFailure", "takes nothing from this network"),
            ("KeyBasedAuthenticationNotPermitted", "takes no access keys"),
            ("AccountIsDisabled", "the storage account is disabled"),
            ("BlobImmutableDueToPolicy", "a mailbox needs one without such a policy"),
        ] {
            let text = format!("<Error><Code>{code}</Code></Error>");
            let trouble = by_azure_code(None, text.as_bytes()).expect(code);
            assert!(trouble.why.contains(told), "{code}: {}", trouble.why);
        }
        let uri = "https://pep.blob.core.windows.net/box?restype=container&comp=list";
        let read = |text: &str| {
            let azure = Dialect::Of(Protocol::Azblob);
            let uri = uri.parse().expect("it is one");
            assert!(azure.says_otherwise(&Method::GET, &uri));
            azure.in_its_words(&Method::GET, &uri, text.into(), "")
        };
        assert!(read("<EnumerationResults><Blobs/><NextMarker /></EnumerationResults>").is_ok());
        for text in ["<EnumerationResults><Blobs/></EnumerationResults>", "<html/>"] {
            let trouble = read(text).expect_err("it would never end");
            assert_eq!(trouble.why, "its address is none of a storage account of Azure");
        }
    }

    #[test]
    fn a_file_of_drive_is_deleted_for_good_and_an_app_sees_its_own_folder_alone() {
        let request = |method: &str, uri: &str, body: &str| {
            let request = Request::builder().method(method).uri(uri);
            request.body(Buffer::from(body.to_owned())).expect("it is good")
        };
        let file = "https://www.googleapis.com/drive/v3/files/x";
        let drive = Dialect::Of(Protocol::Gdrive);
        let (meant, answer) = drive.meant(request("PATCH", file, r#"{"trashed":true}"#));
        assert_eq!(
            (meant.method(), meant.body().len(), answer.is_some()),
            (&Method::DELETE, 0, true)
        );
        let (meant, answer) = drive.meant(request("PATCH", file, r#"{"name":"y"}"#));
        assert_eq!((meant.method(), answer.is_none()), (&Method::PATCH, true));
        let (meant, _) = Dialect::Of(Protocol::Onedrive).meant(request(
            "GET",
            "https://graph.microsoft.com/v1.0/me/drive/root:/a/root:/children",
            "",
        ));
        assert_eq!(
            meant.uri(),
            "https://graph.microsoft.com/v1.0/me/drive/special/approot:/a/root:/children"
        );
    }
}
