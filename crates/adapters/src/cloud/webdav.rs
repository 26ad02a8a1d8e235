//! What is asked of WebDAV beside what OpenDAL asks.

use ::opendal::Buffer;
use base64::Engine as _;
use http::{Request, StatusCode, header};
use offsync_core::ports::MailboxErrorKind;
use zeroize::Zeroizing;

use super::address::CloudAddress;
use super::credential::Access;
use super::transport::Transport;
use super::trouble::Trouble;

/// The properties of RFC 4331.
const QUOTA_QUERY: &str = r#"<?xml version="1.0" encoding="utf-8"?><D:propfind xmlns:D="DAV:"><D:prop><D:quota-available-bytes/><D:quota-used-bytes/></D:prop></D:propfind>"#;

/// Asks what is known of the folder of an address; `None` if it is not there.
pub(super) async fn properties(address: &CloudAddress, access: &Access) -> Result<Option<String>, Trouble> {
    let mut url = url::Url::parse(&address.server()).map_err(|_| bad_address())?;
    url.path_segments_mut()
        .map_err(|()| bad_address())?
        .pop_if_empty()
        .extend(address.root().split('/').filter(|folder| !folder.is_empty()))
        .push("");
    let credential = access.credential();
    let both = Zeroizing::new(format!("{}:{}", credential.id(), credential.secret()));
    let basic = base64::engine::general_purpose::STANDARD.encode(both.as_bytes());
    let basic = Zeroizing::new(format!("Basic {basic}"));
    let request = Request::builder()
        .method("PROPFIND")
        .uri(url.as_str())
        .header("Depth", "0")
        .header(header::CONTENT_TYPE, "application/xml")
        .header(header::AUTHORIZATION, basic.as_str())
        .body(Buffer::from(QUOTA_QUERY))
        .map_err(|_| bad_address())?;
    let answer = Transport::new(address, access)?.ask(request).await?;
    let is_there = answer.status() != StatusCode::NOT_FOUND;
    Ok(is_there.then(|| String::from_utf8_lossy(answer.body()).into_owned()))
}

pub(super) fn bad_address() -> Trouble {
    Trouble::new(MailboxErrorKind::Broken, "its address cannot be used")
}

/// Fails if the folder of an address is not there: a share that is not mounted, a path that was renamed. What was emptied is
/// there.
pub(crate) async fn refuse_absent(address: &CloudAddress, access: &Access) -> Result<(), Trouble> {
    if !address.protocol().is_webdav() || properties(address, access).await?.is_some() {
        return Ok(());
    }
    Err(Trouble::no_folder(address.root()))
}
